//! `caredb validate`: do the applied versions still match their files?

use serde_json::json;

use super::Context;
use crate::cli::FileArgs;
use crate::migrate::{apply, plan};
use crate::output::{Exit, Outcome, count};

pub async fn run(context: &Context, args: &FileArgs) -> anyhow::Result<Outcome> {
    let files = context.files(args)?;
    let mut session = context.open().await?;
    let observed = apply::observe(&mut session.conn).await?;
    let findings = plan::check(&files, &observed);
    let database = session.database.as_str();
    let applied = observed.applied().versions.len();
    let fields = json!({ "database": database, "applied": applied, "findings": findings });
    if findings.is_empty() {
        let text = format!(
            "valid: {} applied to `{database}`, {} in all",
            count(applied, "version"),
            count(files.migrations.len() + files.repeatables.len(), "file")
        );
        return Ok(Outcome::done(text, fields));
    }
    let mut lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    lines.push(format!("invalid: {} in `{database}`", count(findings.len(), "finding")));
    Ok(Outcome::new(Exit::Found, lines.join("\n"), fields))
}
