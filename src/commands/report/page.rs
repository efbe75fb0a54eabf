//! `caredb report FILE.html`: one page.

use anyhow::Context as _;
use serde_json::json;

use super::observe;
use crate::cli::ReportArgs;
use crate::commands::Context;
use crate::output::Outcome;
use crate::output::table::bytes;
use crate::report::{health::health, page};
use crate::schema::snapshot::write_whole;

pub async fn run(context: &Context, args: &ReportArgs) -> anyhow::Result<Outcome> {
    let mut session = context.open().await?;
    let report = observe::report(context, &mut session, &args.files).await?;
    let html = page::html(&report).context("the page's template is wrong")?;
    let file = args.path.display().to_string();
    write_whole(&args.path, &html).with_context(|| format!("could not write `{file}`"))?;
    let health = health(&report);
    Ok(Outcome::done(
        format!("wrote `{file}`, {}; {}", bytes(html.len() as u64), health.text),
        json!({ "file": file, "bytes": html.len(), "level": health.level, "health": health.text }),
    ))
}
