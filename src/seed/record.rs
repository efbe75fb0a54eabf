//! `caredb_seed`: which set was loaded when, and from which texts, so that a set that has not changed is passed over.

use chrono::NaiveDate;
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::fixtures::Table;
use crate::db::error::{DbError, server_error};

/// What is known of a set that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The set.
    pub set: String,
    /// Of its texts.
    pub sha256: String,
    /// The day that its relative dates count from.
    pub today: NaiveDate,
    /// How many rows it has.
    pub rows: usize,
}

const READ: &str = "SELECT sha256, DATE_FORMAT(today, '%Y-%m-%d'), row_count FROM caredb_seed WHERE set_name = ?";

/// What is known of a set; none where it was never loaded. Writes nothing.
pub async fn read(conn: &mut MySqlConnection, set: &str) -> Result<Option<Record>, DbError> {
    let what = "could not read table `caredb_seed`";
    let row = match sqlx::query_as::<_, (String, String, u64)>(READ).bind(set).fetch_optional(conn).await {
        Err(error) if server_error(&error).is_some_and(|(number, _)| number == 1146) => return Ok(None),
        row => row.map_err(|error| DbError::new(what, &error))?,
    };
    let record = |(sha256, today, rows): (String, String, u64)| {
        let today = today.parse().map_err(|_| DbError::because(what, format!("`{today}` is no date")))?;
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        Ok(Record { set: set.to_owned(), sha256, today, rows })
    };
    row.map(record).transpose()
}

const CREATE: &str = "
    CREATE TABLE IF NOT EXISTS caredb_seed (
        set_name VARCHAR(255) NOT NULL,
        sha256 CHAR(64) NOT NULL,
        today DATE NOT NULL,
        row_count BIGINT UNSIGNED NOT NULL,
        loaded_at TIMESTAMP NOT NULL,
        PRIMARY KEY (set_name)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

/// Makes the table where it is missing. False: this account may not, and does without.
pub async fn create(conn: &mut MySqlConnection) -> Result<bool, DbError> {
    match sqlx::raw_sql(CREATE).execute(conn).await {
        Ok(_) => Ok(true),
        Err(error) if server_error(&error).is_some_and(|(number, _)| matches!(number, 1044 | 1142)) => Ok(false),
        Err(error) => Err(DbError::new("could not create table `caredb_seed`", &error)),
    }
}

const WRITE: &str = "
    REPLACE INTO caredb_seed (set_name, sha256, today, row_count, loaded_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP())";

/// Writes what was loaded; belongs into the transaction of the load.
pub async fn write(conn: &mut MySqlConnection, record: &Record) -> Result<(), DbError> {
    let rows = u64::try_from(record.rows).unwrap_or(u64::MAX);
    let query = sqlx::query(WRITE).bind(&record.set).bind(&record.sha256).bind(record.today.to_string()).bind(rows);
    query.execute(conn).await.map_err(|error| DbError::new("could not write table `caredb_seed`", &error))?;
    Ok(())
}

/// Whether all fixtures of `tables` are in the database: one query. A table that is not there holds none.
pub async fn all_present(conn: &mut MySqlConnection, tables: &[Table]) -> Result<bool, DbError> {
    match present(conn, tables).await {
        Ok(present) => Ok(tables.iter().zip(present).all(|(table, present)| table.rows.len() == present)),
        Err(error) if error.number == Some(1146) => Ok(false),
        Err(error) => Err(error),
    }
}

/// How many of each table's fixtures are in the database, in the order of `tables`: one query.
pub async fn present(conn: &mut MySqlConnection, tables: &[Table]) -> Result<Vec<usize>, DbError> {
    let counts = tables.iter().enumerate().filter(|(_, table)| !table.rows.is_empty());
    let counts: Vec<String> = counts
        .map(|(index, table)| format!("SELECT {index}, COUNT(*) FROM {} WHERE id IN ({})", table.name, ids(table)))
        .collect();
    let mut present = vec![0; tables.len()];
    if counts.is_empty() {
        return Ok(present);
    }
    let query = sqlx::query_as::<_, (i64, i64)>(AssertSqlSafe(counts.join(" UNION ALL "))).fetch_all(conn).await;
    for (index, count) in query.map_err(|error| DbError::new("could not count the rows of the set", &error))? {
        if let (Ok(index), Ok(count)) = (usize::try_from(index), usize::try_from(count)) {
            present[index] = count;
        }
    }
    Ok(present)
}

/// The ids of a table's fixtures, for a list in SQL: they are UUIDs, so nothing in them needs an escape.
pub(super) fn ids(table: &Table) -> String {
    table.rows.iter().map(|row| format!("'{}'", row.id)).collect::<Vec<_>>().join(", ")
}
