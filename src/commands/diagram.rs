//! `caredb diagram`: the tables and how they refer to each other.

use anyhow::{Context as _, bail};
use serde_json::json;

use super::Context;
use crate::cli::{DiagramArgs, FormatArg};
use crate::db::connect::Session;
use crate::db::ident::nearest;
use crate::output::{Outcome, count};
use crate::schema::diagram;
use crate::schema::dictionary::Dictionary;
use crate::schema::introspect;
use crate::schema::model::Model;
use crate::schema::snapshot::write_whole;

pub async fn run(context: &Context, args: &DiagramArgs) -> anyhow::Result<Outcome> {
    let mut session = context.open().await?;
    let mut dictionary = observe(&mut session).await?;
    let database = session.database.as_str();
    some_tables(&dictionary, database)?;
    let names: Vec<String> = dictionary.tables.iter().map(|table| table.name.clone()).collect();
    if let Some(pattern) = dictionary.keep(&args.tables).first() {
        let near = nearest(pattern, names.iter().map(String::as_str));
        let near = near.map(|name| format!(", did you mean `{name}`?")).unwrap_or_default();
        bail!("`--tables {pattern}` names no table of `{database}`{near}");
    }
    let ending = args.file.as_ref().and_then(|file| file.extension()).and_then(|ending| ending.to_str());
    let is_mermaid = match args.format {
        Some(FormatArg::Mermaid) => true,
        Some(FormatArg::Svg) => false,
        // nothing was said, or how to print, and not what to draw
        _ => matches!(ending, Some("mmd" | "mermaid")),
    };
    let (form, text) =
        if is_mermaid { ("mermaid", diagram::mermaid(&dictionary)) } else { ("svg", diagram::svg(&dictionary, None)) };
    let tables = count(dictionary.tables.len(), "table");
    let mut fields =
        json!({ "form": form, "tables": dictionary.tables.iter().map(|table| &table.name).collect::<Vec<_>>() });
    let Some(file) = &args.file else {
        fields["diagram"] = json!(text);
        return Ok(Outcome::done(text.trim_end(), fields).code());
    };
    write_whole(file, &text).with_context(|| format!("could not write `{}`", file.display()))?;
    fields["file"] = json!(file.display().to_string());
    Ok(Outcome::done(format!("wrote `{}`: {tables} of `{database}`", file.display()), fields))
}

/// What is known of the tables of a session's database: one reading of all definitions.
pub async fn observe(session: &mut Session) -> anyhow::Result<Dictionary> {
    introspect::prepare(&mut session.conn).await?;
    let schema = introspect::schema(&mut session.conn, &session.database).await?;
    Ok(Dictionary::of(&Model::of(&schema)?))
}

/// Refuses an empty database.
pub fn some_tables(dictionary: &Dictionary, database: &str) -> anyhow::Result<()> {
    if dictionary.tables.is_empty() {
        bail!("`{database}` has no tables; `caredb migrate` makes them");
    }
    Ok(())
}
