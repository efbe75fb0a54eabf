//! `caredb info`: the versions and their states.

use serde_json::json;

use super::Context;
use crate::cli::FileArgs;
use crate::migrate::{apply, info};
use crate::output::Outcome;
use crate::output::table::{Align, render};

pub async fn run(context: &Context, args: &FileArgs) -> anyhow::Result<Outcome> {
    let files = context.files(args)?;
    let mut session = context.open().await?;
    let observed = apply::observe(&mut session.conn).await?;
    let lines = info::lines(&files, &observed);
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            vec![
                line.version.clone(),
                line.description.clone(),
                line.state.clone(),
                line.installed_on.clone().unwrap_or_default(),
                line.execution_ms.map(|ms| ms.to_string()).unwrap_or_default(),
                if line.undo { "yes" } else { "no" }.to_owned(),
            ]
        })
        .collect();
    let columns = [
        ("version", Align::Right),
        ("description", Align::Left),
        ("state", Align::Left),
        ("installed on", Align::Left),
        ("ms", Align::Right),
        ("undo", Align::Left),
    ];
    let version = observed.version();
    let text = format!("{}\n\n`{}` is at version {version}", render(&columns, &rows), session.database.as_str());
    Ok(Outcome::done(text, json!({ "database": session.database.as_str(), "version": version, "versions": lines })))
}
