//! `caredb import verify`: the database beside the files.

use serde_json::json;

use super::page::{self, Numbers};
use super::{examine, mapping};
use crate::cli::ImportVerifyArgs;
use crate::commands::Context;
use crate::db::bulk;
use crate::import::finding::Findings;
use crate::import::verify::{self, Compared};
use crate::output::table::{Align, render};
use crate::output::{Exit, Outcome, count};

pub async fn run(context: &Context, args: &ImportVerifyArgs) -> anyhow::Result<Outcome> {
    let mapping = mapping(&args.files)?;
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
    let outcome = verified(&all, report.rejected());
    let (page, numbers) = (args.page.as_deref(), Numbers::Compared(&all));
    page::write(page, ("import verify", &mapping.system), &outcome, numbers, &report.findings, &[])?;
    Ok(outcome)
}

fn verified(all: &[Compared], rejected: u64) -> Outcome {
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
    let rows: u64 = all.iter().map(|table| table.rows).sum();
    let same = all.iter().all(Compared::is_same);
    let rest = if rejected > 0 {
        format!("; {rejected} rows of the files are rejected, and not looked for")
    } else {
        String::new()
    };
    let last = if same {
        format!("the database has all {} as the files have them{rest}", count(rows, "row"))
    } else {
        format!("the database differs from the files, rows as the files count them{rest}")
    };
    let exit = if same { Exit::Done } else { Exit::Found };
    Outcome::new(
        exit,
        format!("{}\n\n{last}", render(&columns, &lines)),
        json!({ "rows": rows, "tables": all, "rejected": rejected }),
    )
}
