//! `caredb seed check`: what is wrong with fixtures, before they are loaded.

use serde_json::json;

use super::{Context, chosen};
use crate::cli::SeedCheckArgs;
use crate::output::{Event, Exit, Outcome, count};
use crate::seed::finding::Finding;
use crate::seed::fixtures::{self, Table};
use crate::seed::trial::{self, Trial};
use crate::seed::{check, live};

pub async fn run(context: &Context, args: &SeedCheckArgs) -> anyhow::Result<Outcome> {
    let target = context.target()?;
    let database = target.database.as_str();
    let is_protected = context.config.is_protected(database);
    let mut session = context.open_target(&target).await?;
    let (sets, today) = chosen(context, &mut session, &args.fixtures).await?;
    let live = live::columns(&mut session.conn).await?;
    let (mut findings, mut rows, mut files) = (Vec::new(), 0, 0);
    for set in &sets {
        let (tables, mut found) = fixtures::parse(set, today);
        found.extend(check::check(&live, &tables));
        if !is_protected {
            let Trial { findings: said, untried } = trial::run(&mut session.conn, &live, &tables).await?;
            let news: Vec<Finding> = said.into_iter().filter(|said| is_new(&found, said)).collect();
            found.extend(news);
            for table in untried {
                let text = format!("table `{table}` was not tried: its engine takes nothing back");
                context.output.event(&Event::Note { text });
            }
        }
        found.sort_by_key(|finding| position(&tables, finding));
        findings.extend(found);
        rows += tables.iter().map(|table| table.rows.len()).sum::<usize>();
        files += set.texts.len();
    }
    // the locks and triggers of a trial have no place in a protected database
    let how = if is_protected {
        "compared only, since the database is protected"
    } else {
        "compared and tried, all of it rolled back"
    };
    context.output.event(&Event::Note { text: format!("{} of {}: {how}", count(rows, "row"), count(files, "file")) });
    let names: Vec<String> = sets.iter().map(|set| format!("`{}`", set.name)).collect();
    let mut lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    lines.push(format!("{} against `{database}`: {}", names.join(", "), count(findings.len(), "finding")));
    let fields = json!({
        "database": database,
        "sets": sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>(),
        "today": today.to_string(),
        "rows": rows,
        "tried": !is_protected,
        "findings": findings,
    });
    let exit = if findings.is_empty() { Exit::Done } else { Exit::Found };
    Ok(Outcome::new(exit, lines.join("\n"), fields))
}

/// The server says no more than what was found already.
fn is_new(found: &[Finding], said: &Finding) -> bool {
    !found.iter().any(|found| {
        let (found, said) = (&found.place, &said.place);
        let is_same_row = found.file == said.file && found.row == said.row;
        is_same_row && !said.columns.is_empty() && said.columns.iter().all(|name| found.columns.contains(name))
    })
}

/// File by file, and in it row by row.
fn position(tables: &[Table], finding: &Finding) -> (String, usize) {
    let place = &finding.place;
    let row = place.row.as_ref().and_then(|label| {
        let table = tables.iter().find(|table| table.file == place.file)?;
        table.rows.iter().position(|row| row.label == *label).map(|index| index + 1)
    });
    (place.file.clone(), row.unwrap_or(0))
}
