//! `caredb seed export`: fixtures of what is in a database, without what is a person's.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::{Context, Refusal, keys};
use crate::cli::SeedExportArgs;
use crate::output::{Event, Outcome, count};
use crate::seed::export::read::Wish;
use crate::seed::export::{File, export};

pub async fn run(context: &Context, args: &SeedExportArgs) -> anyhow::Result<Outcome> {
    // before anything is read: a folder that holds fixtures would hold a mixture
    look_at(&args.to)?;
    let mut session = context.open().await?;
    let key = args.key.clone().unwrap_or_else(random_key);
    let wish =
        Wish { tables: Vec::new(), condition: args.condition.clone(), limit: args.limit, parents: !args.no_parents };
    let files = export(&mut session.conn, &args.tables, &keys(context), &key, wish).await?;
    std::fs::create_dir_all(&args.to).with_context(|| unusable(&args.to))?;
    for file in &files {
        write(&args.to, file)?;
        context.output.event(&Event::Exported { table: file.table.clone(), rows: file.rows, parents: file.parents });
    }
    for file in files.iter().filter(|file| file.loose > 0) {
        let (table, loose) = (&file.table, count(file.loose, "reference"));
        let text = format!("{loose} of `{table}` lead to rows that are not in the export; load those first");
        context.output.event(&Event::Note { text });
    }
    let rows: usize = files.iter().map(|file| file.rows).sum();
    let tables = count(files.len(), "table");
    let shown = args.to.display();
    let text = match rows {
        0 => format!("no rows are to be exported, `{shown}` stays empty"),
        rows => format!("exported {} of {tables} to `{shown}`, names and texts replaced", count(rows, "row")),
    };
    let fields = json!({
        "database": session.database.as_str(),
        "to": args.to,
        "rows": rows,
        "tables": files.iter().map(|file| file.table.as_str()).collect::<Vec<_>>(),
    });
    Ok(Outcome::done(text, fields))
}

fn unusable(folder: &Path) -> String {
    format!("could not use folder `{}` for the export; correct `--to`", folder.display())
}

/// Errors: it holds fixtures, or is no folder.
fn look_at(folder: &Path) -> anyhow::Result<()> {
    let failed = || unusable(folder);
    if !folder.try_exists().with_context(failed)? {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).with_context(failed)? {
        let path = entry.with_context(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = format!("`{}` is there already; name a folder without fixtures by `--to`", path.display());
            return Err(Refusal(text).into());
        }
    }
    Ok(())
}

fn write(folder: &Path, file: &File) -> anyhow::Result<()> {
    let path = folder.join(format!("{}.toml", file.table));
    std::fs::write(&path, &file.text).with_context(|| format!("could not write `{}`", path.display()))
}

/// A key that nobody knows, so that two exports can't be put side by side.
fn random_key() -> String {
    format!("{}{}", uuid::Uuid::new_v4(), uuid::Uuid::new_v4())
}
