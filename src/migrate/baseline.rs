//! Adopts a database that was made without migrations: what its history begins with.

use sqlx::mysql::MySqlConnection;

use super::applied::Observed;
use super::files::{Files, Version};
use super::history;
use crate::db::error::DbError;

/// Flyway's own description of the row, unless the user gives another.
pub const DESCRIPTION: &str = "<< Flyway Baseline >>";

/// Why a database is not adopted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BaselineError {
    /// It has a history.
    #[error("migrations were applied already, up to version {0}; there is nothing to adopt, `caredb info` lists them")]
    Migrated(Version),
    /// It was adopted at another version, or under another description.
    #[error(
        "the database is adopted already, at version {at} as `{description}`; keep that, or remove the row from `flyway_schema_history` if it is wrong"
    )]
    Baselined {
        /// The version.
        at: Version,
        /// The description of the row.
        description: String,
    },
    /// There is nothing in it.
    #[error("the database holds no table, so there is nothing to adopt; build it with `caredb migrate`")]
    Empty,
    /// No file comes after it.
    #[error("version {at} is above the newest file, {newest}; give the version that the schema is at")]
    AboveFiles {
        /// What was asked for.
        at: Version,
        /// The newest file's version.
        newest: Version,
    },
}

/// Whether a row is to be written; false where it is there already (flyway-core, `DbBaseline`). `tables`: whether
/// the database holds any but those of the migrations.
pub fn plan(
    files: &Files,
    observed: &Observed,
    tables: bool,
    at: Version,
    description: &str,
) -> Result<bool, BaselineError> {
    let applied = observed.applied();
    if let Some(row) = applied.baseline_row {
        let (version, was) = (applied.baseline.unwrap_or_default(), &row.description);
        if version == at && *was == history::abbreviate(description) {
            return Ok(false);
        }
        return Err(BaselineError::Baselined { at: version, description: was.clone() });
    }
    // a note that Flyway created the database is no migration
    if observed.history.iter().flatten().any(|entry| entry.kind != history::SCHEMA) {
        return Err(BaselineError::Migrated(observed.version()));
    }
    if !tables {
        return Err(BaselineError::Empty);
    }
    if at > files.newest() {
        return Err(BaselineError::AboveFiles { at, newest: files.newest() });
    }
    Ok(true)
}

const HAS_TABLES: &str = r"
    SELECT COUNT(*) FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> 'flyway_schema_history' AND TABLE_NAME NOT LIKE 'caredb\_%'";

/// Whether the database holds tables or views besides those of the migrations.
pub async fn has_tables(conn: &mut MySqlConnection) -> Result<bool, DbError> {
    let count: Result<i64, _> = sqlx::query_scalar(HAS_TABLES).fetch_one(conn).await;
    count.map(|count| count > 0).map_err(|error| DbError::new("could not look for tables", &error))
}

/// Writes the row, and makes the history where there is none; the lock must be held.
pub async fn apply(
    conn: &mut MySqlConnection,
    observed: &Observed,
    at: Version,
    description: &str,
) -> Result<(), DbError> {
    if observed.history.is_none() {
        history::create(conn).await?;
    }
    let inserted = history::insert_baseline(conn, at, description).await;
    inserted.map_err(|error| {
        DbError::new(format!("could not write the baseline into the migration history `{}`", history::TABLE), &error)
    })
}
