//! The schema that the files make: which of them are applied, what they make on a scratch schema, and that from a cache while
//! neither they nor the server change.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sqlx::mysql::MySqlConnection;

use super::applied::Observed;
use super::classify::{Class, Target};
use super::files::{Files, Script, sha256};
use super::plan::{self, Finding};
use super::scratch::{Scratch, ScratchError};
use crate::db::error::DbError;
use crate::schema::introspect::{Kind, Schema};
use crate::schema::snapshot::{Snapshot, cached, write_whole};

/// The files that a database's schema follows from.
#[derive(Debug, Default)]
pub struct Applied<'a> {
    /// V files in the order of their versions, then R files.
    pub scripts: Vec<&'a Script>,
    /// R files that were applied with another text than they have now: what they create can't be known.
    pub outdated: Vec<&'a Script>,
    /// What those create.
    pub unknown: Vec<Target>,
}

/// The applied files. Errors: why the schema does not follow from files: a migration that is half-way, a file that is gone
/// or was edited.
pub fn applied<'a>(files: &'a Files, observed: &Observed) -> Result<Applied<'a>, Finding> {
    // what is merely pending or has another name is applied as it is
    let stops = |finding: &Finding| !matches!(finding, Finding::OutOfOrder { .. } | Finding::Renamed { .. });
    if let Some(finding) = plan::check(files, observed).into_iter().find(stops) {
        return Err(finding);
    }
    let history = observed.applied();
    let mut applied = Applied::default();
    applied
        .scripts
        .extend(files.migrations.iter().filter(|file| !history.is_pending(file.version)).map(|file| &file.up));
    for file in &files.repeatables {
        match history.repeatable(&super::history::abbreviate(&file.up.description)) {
            Some(entry) if entry.success && file.matches(entry.checksum) => applied.scripts.push(&file.up),
            Some(_) => {
                applied.outdated.push(&file.up);
                applied.unknown.extend(file.drop.statements.iter().flat_map(|statement| match &statement.class {
                    Class::Schema(change) => change.targets.clone(),
                    _ => Vec::new(),
                }));
            }
            None => {}
        }
    }
    Ok(applied)
}

/// All files, as if each were applied.
#[must_use]
pub fn all(files: &Files) -> Vec<&Script> {
    let repeatables = files.repeatables.iter().map(|file| &file.up);
    files.migrations.iter().map(|file| &file.up).chain(repeatables).collect()
}

/// The users who ran migrations; none where the database was adopted, and others may have made what is in it.
#[must_use]
pub fn migrators(observed: &Observed) -> Option<BTreeSet<String>> {
    if observed.applied().baseline.is_some() {
        return None;
    }
    observed.history.as_ref().map(|entries| entries.iter().map(|entry| entry.installed_by.clone()).collect())
}

/// Runs the files on an empty scratch schema. What they leave open stays open in the result: the definer of a program that
/// names none, and the time from which an event runs.
pub async fn build(scratch: &mut Scratch, scripts: &[&Script]) -> Result<Schema, ScratchError> {
    for script in scripts {
        scratch.run(script).await?;
    }
    let schema = scratch.schema().await?;
    let (definer, made) = (scratch.account(), scratch.made().await?);
    Ok(without_maker(schema, &definer, &made))
}

/// `definer`: who made it, as SQL writes it; `made`: when, as SQL writes it without quotes.
fn without_maker(mut schema: Schema, definer: &str, made: &str) -> Schema {
    // a program of the mode ANSI_QUOTES is shown with double quotes
    let written = [definer.to_owned(), definer.replace('`', "\"")].map(|definer| format!("CREATE DEFINER={definer} "));
    let of_view = format!(" DEFINER={definer} SQL SECURITY ");
    for ((kind, _), text) in &mut schema.definitions {
        match kind {
            Kind::Table => {}
            Kind::View => *text = text.replacen(&of_view, " SQL SECURITY ", 1),
            _ => written.iter().for_each(|definer| *text = text.replacen(definer, "CREATE ", 1)),
        }
        if *kind == Kind::Event {
            *text = text.replacen(&format!(" STARTS '{made}'"), "", 1);
        }
    }
    schema
}

// What a definition depends on beside its statement.
const SETTINGS: &str = "
    SELECT CONVERT(CONCAT_WS('|', VERSION(), @@GLOBAL.sql_mode, @@lower_case_table_names, @@default_storage_engine,
        @@explicit_defaults_for_timestamp, @@GLOBAL.time_zone, @@innodb_default_row_format, @@default_collation_for_utf8mb4,
        DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME) USING utf8mb4)
    FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()";

/// What `scripts` make here is the same as long as this is: SHA-256, in hex.
pub async fn key(conn: &mut MySqlConnection, scripts: &[&Script]) -> Result<String, DbError> {
    let settings: String = sqlx::query_scalar(SETTINGS)
        .fetch_one(conn)
        .await
        .map_err(|error| DbError::new("could not read the server's settings", &error))?;
    let mut text = format!("{} {}\n{settings}\n", env!("CARGO_PKG_VERSION"), 1);
    for script in scripts {
        let _ = writeln!(text, "{}", script.name); // writing into a String can't fail
        for statement in &script.statements {
            let _ = writeln!(text, "{}", statement.sha256);
        }
    }
    Ok(sha256(text.as_bytes()))
}

/// The file in the user's cache that keeps the schema of one project's files for one database.
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    key: String,
    schema: Snapshot,
}

impl Cache {
    /// `of`: what tells the project and the database from others. None where the system has no place for caches.
    #[must_use]
    pub fn of(of: &str) -> Option<Self> {
        Some(Self { path: cached("drift", of)? })
    }

    /// The schema for a key; none where the file is of another one, or damaged.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Schema> {
        let text = std::fs::read_to_string(&self.path).ok()?;
        let entry: Entry = serde_json::from_str(&text).ok()?;
        if entry.key != key {
            return None;
        }
        entry.schema.schema().ok()
    }

    /// Keeps a schema. A cache that can't be written is none.
    pub fn put(&self, key: &str, schema: &Schema, server: &str) {
        let entry = Entry { key: key.to_owned(), schema: Snapshot::of(schema, server, None) };
        let Ok(text) = serde_json::to_string(&entry) else { return };
        if let Some(folder) = self.path.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let _ = write_whole(&self.path, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ident::Ident;

    #[test]
    fn who_and_when_are_left_out_of_the_head_alone() {
        let name = Ident::new("e").unwrap();
        let text = "SET sql_mode = '', time_zone = 'SYSTEM';\nCREATE DEFINER=`r`@`%` EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 00:00:00' DO SELECT 'DEFINER=`r`@`%` '";
        let schema = Schema { definitions: [((Kind::Event, name.clone()), text.to_owned())].into() };
        let left = without_maker(schema, "`r`@`%`", "2026-01-01 00:00:00");
        assert_eq!(
            left.definitions[&(Kind::Event, name)],
            "SET sql_mode = '', time_zone = 'SYSTEM';\nCREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 'DEFINER=`r`@`%` '"
        );
    }
}
