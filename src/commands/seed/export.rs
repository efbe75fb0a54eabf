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
    make_folder(&args.to)?;
    let mut session = context.open().await?;
    let key = args.key.clone().unwrap_or_else(random_key);
    let wish =
        Wish { tables: Vec::new(), condition: args.condition.clone(), limit: args.limit, parents: !args.no_parents };
    let files = export(&mut session.conn, &args.tables, &keys(context), &key, wish).await?;
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

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let failed = || format!("could not use folder `{}` for the export; correct `--to`", folder.display());
    std::fs::create_dir_all(folder).with_context(failed)?;
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
