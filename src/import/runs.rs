//! Runs of `import run`: which files each had, and whether it came to its end.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use super::manifest::hex;
use super::mapping::Mapping;
use crate::db::error::DbError;

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS caredb_import_runs (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
        origin VARCHAR(64) NOT NULL,
        fingerprint CHAR(64) NOT NULL,
        account VARCHAR(288) NOT NULL,
        started_at DATETIME NOT NULL,
        ended_at DATETIME NULL,
        PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

/// Makes the table where it is missing; belongs before a transaction, which it would commit.
pub async fn create(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let made = sqlx::raw_sql(TABLE).execute(conn).await;
    made.map(drop).map_err(|error| DbError::new("could not make table `caredb_import_runs`", &error))
}

/// A run that did not reach its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Its number.
    pub id: u64,
    /// What its files were.
    pub fingerprint: String,
}

const OPEN: &str = "
    SELECT id, fingerprint FROM caredb_import_runs WHERE origin = ? AND ended_at IS NULL ORDER BY id DESC LIMIT 1";

/// The last run of a system that did not reach its end.
pub async fn open(conn: &mut MySqlConnection, system: &str) -> Result<Option<Open>, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not read table `caredb_import_runs`", &error);
    let row = sqlx::query(OPEN).bind(system).fetch_optional(conn).await.map_err(failed)?;
    let open =
        |row: sqlx::mysql::MySqlRow| Ok(Open { id: row.try_get_unchecked(0)?, fingerprint: row.try_get_unchecked(1)? });
    row.map(open).transpose().map_err(failed)
}

const BEGIN: &str = "
    INSERT INTO caredb_import_runs (origin, fingerprint, account, started_at) VALUES (?, ?, CURRENT_USER(), UTC_TIMESTAMP())";

/// Writes that a run begins. Returns its number.
pub async fn begin(conn: &mut MySqlConnection, system: &str, fingerprint: &str) -> Result<u64, DbError> {
    let begun = sqlx::query(BEGIN).bind(system).bind(fingerprint).execute(conn).await;
    Ok(begun.map_err(|error| DbError::new("could not write to table `caredb_import_runs`", &error))?.last_insert_id())
}

const END: &str = "UPDATE caredb_import_runs SET ended_at = UTC_TIMESTAMP() WHERE id = ?";

/// Writes that a run came to its end.
pub async fn end(conn: &mut MySqlConnection, run: u64) -> Result<(), DbError> {
    let ended = sqlx::query(END).bind(run).execute(conn).await;
    ended.map(drop).map_err(|error| DbError::new("could not write to table `caredb_import_runs`", &error))
}

/// The SHA-256 of a mapping file and of all that it reads, in hexadecimal digits. Errors: the path that could not be read.
pub fn fingerprint(mapping: &Mapping, file: &Path) -> Result<String, (String, std::io::Error)> {
    let mut hash = Sha256::new();
    let sources = mapping.sources.iter().filter(|(name, _)| !mapping.left_out.contains(name));
    let paths = sources.map(|(name, source)| (name.as_str(), mapping.path(source)));
    for (name, path) in [("", file.to_owned())].into_iter().chain(paths) {
        let failed = |error| (path.display().to_string(), error);
        hash.update(name);
        let mut open = File::open(&path).map_err(failed)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = open.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
        }
        hash.update([0]);
    }
    Ok(hex(&hash.finalize()))
}
