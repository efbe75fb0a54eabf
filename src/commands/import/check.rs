//! `caredb import check`: what is wrong with the files.

use std::time::Instant;

use serde_json::json;

use super::numbers::Numbers;
use super::page;
use super::{examine, findings, findings_json, findings_table, mapping, sources, told, write_rejects};
use crate::cli::ImportCheckArgs;
use crate::commands::Context;
use crate::output::{Exit, Outcome, count};

pub async fn run(context: &Context, args: &ImportCheckArgs) -> anyhow::Result<Outcome> {
    let mapping = mapping(context, &args.files, Some(&args.findings.rejects)).await?;
    let mut session = if context.config.target.is_some() { Some(context.open().await?) } else { None };
    let begun = Instant::now();
    let report =
        examine(context, &mapping, session.as_mut().map(|session| &mut session.conn), findings(&args.findings)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let written = write_rejects(&mapping, &report, &args.findings.rejects)?;
    let (rows, rejected) = (report.rows(&mapping), report.rejected());
    let numbers = Numbers::Checked(&report.tables);
    let mut parts = vec![numbers.table()];
    parts.extend(findings_table(&report.findings));
    parts.push(format!(
        "checked {} of {}: {}",
        count(rows, "row"),
        count(sources(&mapping), "file"),
        told(rejected, &written)
    ));
    let fields = json!({
        "rows": rows, "rejected": rejected, "tables": report.tables, "findings": findings_json(&report.findings),
        "rejects": written, "seconds": seconds,
    });
    let exit = if rejected > 0 { Exit::Found } else { Exit::Done };
    let outcome = Outcome::new(exit, parts.join("\n\n"), fields);
    let page = args.findings.page.as_deref();
    page::write(page, ("import check", &mapping.system), &outcome, numbers, &report.findings, &written)?;
    Ok(outcome)
}
