//! The record of runs: what was asked for, and how far each worker is with each table. A batch of rows and its checkpoint are one
//! commit, so the record is never ahead of the rows, nor behind them.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::rows::TABLES;
use super::{Parameters, VERSION};
use crate::db::error::DbError;

/// How many connections load a table: two are 1.6 times as fast as one, four no faster (measured).
pub const WORKERS: u64 = 2;

/// A run of the generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: u64,
    /// The version of the generator that began it.
    pub version: u32,
    /// What was asked for.
    pub parameters: Parameters,
    /// The checksum of its rows; none while it is not over.
    pub checksum: Option<String>,
}

/// How far a worker is with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The next unit.
    pub next: u64,
    /// How many rows there are.
    pub rows: u64,
    /// The sum over the units so far.
    pub checksum: u128,
}

const RUNS_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS caredb_generate_runs (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        version INT UNSIGNED NOT NULL,
        parameters VARCHAR(1000) NOT NULL,
        begun_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        ended_at TIMESTAMP NULL,
        checksum CHAR(32)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
const PARTS_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS caredb_generate_parts (
        run_id BIGINT UNSIGNED NOT NULL,
        table_name VARCHAR(64) NOT NULL,
        worker INT UNSIGNED NOT NULL,
        next_unit BIGINT UNSIGNED NOT NULL,
        row_count BIGINT UNSIGNED NOT NULL,
        checksum CHAR(32) NOT NULL,
        PRIMARY KEY (run_id, table_name, worker)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

fn failed(error: &sqlx::Error) -> DbError {
    DbError::new("could not keep the record of generated data", error)
}

const HAS_RECORD: &str = "
    SELECT COUNT(*) FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('caredb_generate_runs', 'caredb_generate_parts')";
const RUNS: &str = "SELECT id, version, parameters, checksum FROM caredb_generate_runs ORDER BY id";

/// All runs on record, the oldest first.
pub async fn runs(conn: &mut MySqlConnection) -> Result<Vec<Run>, DbError> {
    let tables: i64 = sqlx::query_scalar(HAS_RECORD).fetch_one(&mut *conn).await.map_err(|error| failed(&error))?;
    if tables < 2 {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(RUNS).fetch_all(conn).await.map_err(|error| failed(&error))?;
    let run = |row: &sqlx::mysql::MySqlRow| -> Result<Run, sqlx::Error> {
        let text: String = row.try_get(2)?;
        let parameters = serde_json::from_str(&text).map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        Ok(Run { id: row.try_get(0)?, version: row.try_get(1)?, parameters, checksum: row.try_get(3)? })
    };
    rows.iter().map(|row| run(row).map_err(|error| failed(&error))).collect()
}

/// Writes down a run before its first row.
pub async fn begin(conn: &mut MySqlConnection, parameters: &Parameters) -> Result<Run, DbError> {
    for sql in [RUNS_TABLE, PARTS_TABLE] {
        sqlx::raw_sql(sql).execute(&mut *conn).await.map_err(|error| failed(&error))?;
    }
    let text = serde_json::to_string(parameters).map_err(|error| failed(&sqlx::Error::Protocol(error.to_string())))?;
    let mut transaction = sqlx::Connection::begin(conn).await.map_err(|error| failed(&error))?;
    let insert = sqlx::query("INSERT INTO caredb_generate_runs (version, parameters) VALUES (?, ?)");
    let id = insert
        .bind(VERSION)
        .bind(&text)
        .execute(&mut *transaction)
        .await
        .map_err(|error| failed(&error))?
        .last_insert_id();
    let zero = hex(0);
    let parts: Vec<String> = TABLES
        .iter()
        .flat_map(|table| (0..WORKERS).map(move |worker| (table, worker)))
        .map(|(table, worker)| format!("({id}, '{}', {worker}, {worker}, 0, '{zero}')", table.name()))
        .collect();
    let sql = format!("INSERT INTO caredb_generate_parts VALUES {}", parts.join(", "));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await.map_err(|error| failed(&error))?;
    transaction.commit().await.map_err(|error| failed(&error))?;
    Ok(Run { id, version: VERSION, parameters: parameters.clone(), checksum: None })
}

const PART: &str = "
    SELECT next_unit, row_count, checksum FROM caredb_generate_parts WHERE run_id = ? AND table_name = ? ORDER BY worker";

/// How far the workers are with a table, by worker.
pub async fn parts(conn: &mut MySqlConnection, run: u64, table: &str) -> Result<Vec<Part>, DbError> {
    let rows = sqlx::query(PART).bind(run).bind(table).fetch_all(conn).await.map_err(|error| failed(&error))?;
    let part = |row: &sqlx::mysql::MySqlRow| -> Result<Part, sqlx::Error> {
        let checksum: String = row.try_get(2)?;
        let checksum = u128::from_str_radix(&checksum, 16).map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        Ok(Part { next: row.try_get(0)?, rows: row.try_get(1)?, checksum })
    };
    rows.iter().map(|row| part(row).map_err(|error| failed(&error))).collect()
}

const ROWS: &str = "SELECT CAST(COALESCE(SUM(row_count), 0) AS UNSIGNED) FROM caredb_generate_parts WHERE run_id = ?";

/// Forgets a run that has no rows. Returns whether it had none.
pub async fn forget_empty(conn: &mut MySqlConnection, run: u64) -> Result<bool, DbError> {
    let rows: u64 = sqlx::query_scalar(ROWS).bind(run).fetch_one(&mut *conn).await.map_err(|error| failed(&error))?;
    if rows > 0 {
        return Ok(false);
    }
    // the run last, so that a crash in between leaves one that is forgotten again
    for sql in ["DELETE FROM caredb_generate_parts WHERE run_id = ?", "DELETE FROM caredb_generate_runs WHERE id = ?"] {
        sqlx::query(sql).bind(run).execute(&mut *conn).await.map_err(|error| failed(&error))?;
    }
    Ok(true)
}

/// Ends the transaction of some batches with their checkpoint.
#[must_use]
pub fn commit(run: u64, table: &str, worker: u64, part: &Part) -> String {
    let Part { next, rows, checksum } = part;
    format!(
        "UPDATE caredb_generate_parts SET next_unit = {next}, row_count = {rows}, checksum = '{}'
         WHERE run_id = {run} AND table_name = '{table}' AND worker = {worker}; COMMIT",
        hex(*checksum)
    )
}

/// A checksum as it is stored and shown.
#[must_use]
pub fn hex(checksum: u128) -> String {
    format!("{checksum:032x}")
}

/// Writes down that a run is over.
pub async fn end(conn: &mut MySqlConnection, run: u64, checksum: &str) -> Result<(), DbError> {
    let sql = "UPDATE caredb_generate_runs SET ended_at = CURRENT_TIMESTAMP, checksum = ? WHERE id = ?";
    let done = sqlx::query(sql).bind(checksum).bind(run).execute(conn).await;
    done.map(drop).map_err(|error| failed(&error))
}

/// Forgets all runs, once their rows are gone.
pub async fn forget(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let sql = "DROP TABLE IF EXISTS caredb_generate_parts, caredb_generate_runs";
    sqlx::raw_sql(sql).execute(conn).await.map(drop).map_err(|error| failed(&error))
}
