//! How large the tables of a session's database are.

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Error, Row as _};

use super::error::DbError;

/// A table: rows as InnoDB estimates them, sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableSize {
    /// Its name.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// Its data.
    pub data_bytes: u64,
    /// Its indexes.
    pub index_bytes: u64,
}

impl TableSize {
    /// Data and indexes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.data_bytes + self.index_bytes
    }
}

// A number that is a day old may be of an empty table.
const FRESH: &str = "SET SESSION information_schema_stats_expiry = 0";
const SIZES: &str = "
    SELECT CONVERT(TABLE_NAME USING utf8mb4), CAST(COALESCE(TABLE_ROWS, 0) AS UNSIGNED),
           CAST(COALESCE(DATA_LENGTH, 0) AS UNSIGNED), CAST(COALESCE(INDEX_LENGTH, 0) AS UNSIGNED)
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME";

/// All tables, by name.
pub async fn sizes(conn: &mut MySqlConnection) -> Result<Vec<TableSize>, DbError> {
    let failed = |error: Error| DbError::new("could not read the sizes of the tables", &error);
    sqlx::raw_sql(FRESH).execute(&mut *conn).await.map_err(failed)?;
    let rows = sqlx::raw_sql(SIZES).fetch_all(conn).await.map_err(failed)?;
    let read = |row: &MySqlRow| {
        Ok(TableSize {
            table: row.try_get_unchecked(0)?,
            rows: row.try_get_unchecked(1)?,
            data_bytes: row.try_get_unchecked(2)?,
            index_bytes: row.try_get_unchecked(3)?,
        })
    };
    rows.iter().map(read).collect::<Result<_, Error>>().map_err(failed)
}

/// How many INSTANT column changes a table takes before it must be rebuilt (MySQL manual, "Online DDL Operations": 64,
/// and 255 from 9.1). `version`: as the server names it.
#[must_use]
pub fn row_version_limit(version: &str) -> u64 {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= (9, 1) { 255 } else { 64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_version_limit_is_the_servers() {
        for (version, limit) in
            [("8.0.29", 64), ("8.4.3-log", 64), ("9.0.1", 64), ("9.1.0", 255), ("9.7.4", 255), ("10.0.0", 255)]
        {
            assert_eq!(row_version_limit(version), limit, "{version}");
        }
    }
}
