//! `caredb import verify`: the database beside the files.

use std::collections::BTreeSet;

use serde_json::json;

use super::numbers::Numbers;
use super::{examine, mapping, page};
use crate::cli::ImportVerifyArgs;
use crate::commands::Context;
use crate::db::bulk;
use crate::import::finding::Findings;
use crate::import::money::{self, Sums};
use crate::import::scan::{self, Astray};
use crate::import::verify::{self, Compared};
use crate::output::table::{Align, render};
use crate::output::{Exit, Outcome, count};

pub async fn run(context: &Context, args: &ImportVerifyArgs) -> anyhow::Result<Outcome> {
    let mapping = mapping(context, &args.files, None).await?;
    let mut session = context.open().await?;
    bulk::prepare(&mut session.conn).await?;
    let report = examine(context, &mapping, Some(&mut session.conn), Findings::default()).await?;
    let mut all = Vec::new();
    for (number, entity) in mapping.tables.iter().enumerate() {
        if !mapping.left_out.contains(&entity.from) {
            let without = report.tables[number].without();
            all.push(verify::verify(&mut session.conn, &mapping, number, &without).await?);
        }
    }
    let mut astray = Vec::new();
    let tables: BTreeSet<&str> = mapping.tables.iter().map(|entity| entity.into.as_str()).collect();
    for table in tables {
        astray.extend(scan::scan(&mut session.conn, table).await?);
    }
    let outcome = verified(&all, &astray, report.rejected());
    let (page, numbers) = (args.page.as_deref(), Numbers::Compared(&all));
    page::write(page, ("import verify", &mapping.system), &outcome, numbers, &report.findings, &[])?;
    Ok(outcome)
}

/// The sums of money: of all months, and of those that differ.
fn money_table(all: &[Compared]) -> Option<String> {
    let columns = [("money", Align::Left), ("month", Align::Left), ("files", Align::Right), ("database", Align::Right)];
    let mut lines = Vec::new();
    for (table, (column, months)) in all.iter().flat_map(|table| table.money.iter().map(move |money| (table, money))) {
        let line = |month: &str, sums: &Sums| {
            vec![
                format!("{}.{column}", table.name),
                month.to_owned(),
                sums.files.to_string(),
                sums.database.to_string(),
            ]
        };
        lines.extend(
            months.iter().filter(|(_, sums)| sums.files != sums.database).map(|(month, sums)| line(month, sums)),
        );
        lines.push(line("all", &money::total(months)));
    }
    (!lines.is_empty()).then(|| render(&columns, &lines))
}

fn astray_table(astray: &[Astray]) -> Option<String> {
    let columns = [("astray", Align::Left), ("rows", Align::Right), ("why", Align::Left)];
    let line = |astray: &Astray| {
        vec![format!("{}.{}", astray.table, astray.column), astray.rows.to_string(), astray.what.clone()]
    };
    (!astray.is_empty()).then(|| render(&columns, &astray.iter().map(line).collect::<Vec<Vec<String>>>()))
}

fn verified(all: &[Compared], astray: &[Astray], rejected: u64) -> Outcome {
    let columns =
        [("table", Align::Left), ("rows", Align::Right), ("missing", Align::Right), ("different", Align::Left)];
    let rows_of = |rows: &[u64]| rows.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let lines: Vec<Vec<String>> = all
        .iter()
        .map(|table| {
            let different = table.different.iter().map(|(column, difference)| {
                format!("{column}: {} (row {})", difference.rows, rows_of(&difference.examples))
            });
            let different: Vec<String> = different.collect();
            let missing = match table.missing.rows {
                0 => "0".to_owned(),
                rows => format!("{rows} (row {})", rows_of(&table.missing.examples)),
            };
            let different = if different.is_empty() { "-".to_owned() } else { different.join("; ") };
            vec![table.name.clone(), table.rows.to_string(), missing, different]
        })
        .collect();
    let moved = all.iter().filter(|table| table.archived > 0).map(|table| {
        let archived = count(table.archived, "row");
        format!("{archived} of `{}`: archived or compressed since, and not compared", table.name)
    });
    let rows: u64 = all.iter().map(|table| table.rows).sum();
    let same = all.iter().all(Compared::is_same) && astray.is_empty();
    let rest = if rejected > 0 {
        format!("; {rejected} rows of the files are rejected, and not looked for")
    } else {
        String::new()
    };
    let last = if same {
        format!("the database has all {} as the files have them{rest}", count(rows, "row"))
    } else if astray.is_empty() {
        format!("the database differs from the files, rows as the files count them{rest}")
    } else {
        format!("the database has rows that it should not have{rest}")
    };
    let exit = if same { Exit::Done } else { Exit::Found };
    let tables = [Some(render(&columns, &lines)), money_table(all), astray_table(astray)];
    let parts = tables.into_iter().flatten().chain(moved).chain([last]);
    Outcome::new(
        exit,
        parts.collect::<Vec<_>>().join("\n\n"),
        json!({ "rows": rows, "tables": all, "astray": astray, "rejected": rejected }),
    )
}
