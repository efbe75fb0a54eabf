//! How large the tables of a session's database are, and how often they were changed INSTANT-ly.

use std::collections::BTreeMap;

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Error, Row as _};

use super::error::DbError;

// A number that is a day old may be of an empty table.
const FRESH: &str = "SET SESSION information_schema_stats_expiry = 0";
const SIZES: &str = "
    SELECT CONVERT(TABLE_NAME USING utf8mb4), CAST(COALESCE(TABLE_ROWS, 0) AS UNSIGNED),
           CAST(COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0) AS UNSIGNED)
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'";

/// Rows and bytes (data and indexes) of each table, as InnoDB estimates them.
pub async fn sizes(conn: &mut MySqlConnection) -> Result<BTreeMap<String, (u64, u64)>, DbError> {
    let failed = |error: Error| DbError::new("could not read the sizes of the tables", &error);
    sqlx::raw_sql(FRESH).execute(&mut *conn).await.map_err(failed)?;
    let rows = sqlx::raw_sql(SIZES).fetch_all(conn).await.map_err(failed)?;
    let read = |row: &MySqlRow| Ok((row.try_get_unchecked(0)?, (row.try_get_unchecked(1)?, row.try_get_unchecked(2)?)));
    rows.iter().map(read).collect::<Result<_, Error>>().map_err(failed)
}

// A partition is `database/table#p#p0`. TOTAL_ROW_VERSIONS is there since 8.0.29.
const ROW_VERSIONS: &str = "
    SELECT SUBSTRING_INDEX(SUBSTRING_INDEX(LOWER(NAME), '#p#', 1), '/', -1), CAST(MAX(TOTAL_ROW_VERSIONS) AS UNSIGNED)
    FROM information_schema.INNODB_TABLES
    WHERE SUBSTRING_INDEX(NAME, '/', 1) = DATABASE() AND TOTAL_ROW_VERSIONS > 0
    GROUP BY 1 ORDER BY 1";

/// The tables that have INSTANT row versions, by name in lower case, with their number; partitions count as the table's highest.
/// Errors: among others, the account lacks PROCESS.
pub async fn row_versions(conn: &mut MySqlConnection) -> Result<Vec<(String, u64)>, DbError> {
    numbers(conn, ROW_VERSIONS, "could not read the tables' row versions").await
}

/// A query of names with a number; `what` failed where it fails.
pub async fn numbers(conn: &mut MySqlConnection, sql: &'static str, what: &str) -> Result<Vec<(String, u64)>, DbError> {
    let failed = |error: Error| DbError::new(what, &error);
    let rows = sqlx::raw_sql(sql).fetch_all(conn).await.map_err(failed)?;
    let read = |row: &MySqlRow| Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?));
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
