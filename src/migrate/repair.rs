//! Mends the history where files and rows disagree, as Flyway's `repair` does (flyway-core, `DbRepair`): rows of failures
//! go, rows whose file is gone no longer count, rows say what the files say. The schema is not touched.

use std::fmt;

use sqlx::Connection as _;
use sqlx::mysql::MySqlConnection;

use super::applied::Observed;
use super::files::{Files, Script};
use super::history::{self, DELETE, Entry, SQL, abbreviate};
use super::journal::{self, Direction, State};
use crate::db::error::DbError;

/// One row to mend.
#[derive(Debug, PartialEq, Eq)]
pub enum Mend<'a> {
    /// The row of a failure goes.
    Remove {
        /// The row.
        entry: &'a Entry,
        /// Whether the journal says what the file did; without it, nobody knows what is left of it.
        journalled: bool,
    },
    /// A row of type `DELETE` says that this one, whose file is gone, no longer counts.
    Delete(&'a Entry),
    /// Description, type and checksum become the file's.
    Align {
        /// The row.
        entry: &'a Entry,
        /// The file.
        script: &'a Script,
    },
    /// The row of a failure stays, since part of the file has run.
    Keep {
        /// The row.
        entry: &'a Entry,
        /// How many statements have run.
        done: usize,
    },
}

impl fmt::Display for Mend<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remove { entry, journalled: true } => {
                write!(f, "remove the row of `{}`, which failed; nothing of it has run", entry.script)
            }
            Self::Remove { entry, journalled: false } => write!(
                f,
                "remove the row of `{}`, which failed; there is no journal of it, so look what it left in the schema",
                entry.script
            ),
            Self::Delete(entry) => {
                write!(f, "mark `{}` as deleted: the file is gone, what it did stays in the schema", entry.script)
            }
            Self::Align { entry, script } => {
                write!(f, "align `{}`: {}", script.name, differences(entry, script).join(", "))
            }
            Self::Keep { entry, done } => write!(
                f,
                "keep the row of `{}`: {} of its statements took effect or may have; `caredb migrate` continues it",
                entry.script, done
            ),
        }
    }
}

impl Mend<'_> {
    /// Whether the history changes.
    #[must_use]
    pub fn writes(&self) -> bool {
        !matches!(self, Self::Keep { .. })
    }
}

fn differences(entry: &Entry, script: &Script) -> Vec<String> {
    let description = abbreviate(&script.description);
    let mut differences = Vec::new();
    if entry.checksum != Some(script.checksum) {
        let applied = entry.checksum.map_or("none".to_owned(), |checksum| checksum.to_string());
        differences.push(format!("checksum {applied} becomes {}", script.checksum));
    }
    if entry.description != description {
        differences.push(format!("description `{}` becomes `{description}`", entry.description));
    }
    if entry.kind != SQL {
        differences.push(format!("type {} becomes {SQL}", entry.kind));
    }
    differences
}

/// What `repair` would do, in the order in which it does it.
#[must_use]
pub fn plan<'a>(files: &'a Files, observed: &'a Observed) -> Vec<Mend<'a>> {
    let applied = observed.applied();
    let mut mends: Vec<Mend<'a>> =
        observed.history.iter().flatten().filter(|entry| !entry.success).map(|entry| failed(observed, entry)).collect();
    for (&version, &entry) in &applied.versions {
        match files.migration(version) {
            Some(migration) if !differences(entry, &migration.up).is_empty() => {
                mends.push(Mend::Align { entry, script: &migration.up });
            }
            // above the newest file: applied by a newer release, see `plan::check`
            None if version < files.newest() => mends.push(Mend::Delete(entry)),
            _ => {}
        }
    }
    for description in applied.descriptions() {
        // failed rows go, so the last of the others counts
        let mut rows = applied.repeatable_rows(description).iter().copied();
        let Some(entry) = rows.rfind(|entry| entry.success).filter(|entry| entry.kind != DELETE) else {
            continue;
        };
        match files.repeatable(description) {
            None => mends.push(Mend::Delete(entry)),
            // the same text, whose checksum was taken before placeholders were replaced
            Some(file) if file.matches(entry.checksum) && !differences(entry, &file.up).is_empty() => {
                mends.push(Mend::Align { entry, script: &file.up });
            }
            Some(_) => {}
        }
    }
    mends
}

/// An R file is begun anew, whatever has run; a V file is continued, so its row stays where part of it has run or may have.
fn failed<'a>(observed: &Observed, entry: &'a Entry) -> Mend<'a> {
    let attempt = entry.number().and_then(|version| observed.under_way(version));
    let attempt = attempt.filter(|attempt| attempt.direction == Direction::Up);
    let ran = |row: &&journal::Entry| matches!(row.state, State::Done | State::Begun);
    let done = attempt.map_or(0, |attempt| attempt.statements.iter().filter(ran).count());
    match done {
        0 => Mend::Remove { entry, journalled: attempt.is_some() },
        done => Mend::Keep { entry, done },
    }
}

/// Mends the rows in one transaction; the lock must be held.
pub async fn apply(conn: &mut MySqlConnection, mends: &[Mend<'_>]) -> Result<(), DbError> {
    let failed =
        |error: sqlx::Error| DbError::new(format!("could not mend the migration history `{}`", history::TABLE), &error);
    let mut transaction = conn.begin().await.map_err(failed)?;
    for mend in mends {
        let mended = match mend {
            Mend::Remove { entry, .. } => history::delete(&mut transaction, entry.rank).await,
            Mend::Delete(entry) => history::insert_delete(&mut transaction, entry).await,
            Mend::Align { entry, script } => history::align(&mut transaction, entry.rank, script).await,
            Mend::Keep { .. } => Ok(()),
        };
        mended.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}
