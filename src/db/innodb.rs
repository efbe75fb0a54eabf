//! InnoDB's own list of its tables: which ids they have, and how often they were changed INSTANT-ly. Nobody sees it without PROCESS.

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Error, MySql, Row as _};

use super::error::{DbError, server_error};
use super::ident::Ident;

/// So often the list is asked for: the query looks at all tables of the server, and waits for DDL of any of them that waits itself
/// (measured on 9.7.4). Each time it does so for the session's `lock_wait_timeout`, which is 5 s beside DDL.
const ATTEMPTS: u32 = 12;

/// Asks the list. `names`: what is bound.
async fn ask(conn: &mut MySqlConnection, sql: &'static str, names: &[&str]) -> Result<Vec<MySqlRow>, Error> {
    let mut attempt = 1;
    loop {
        let query = names.iter().fold(sqlx::query::<MySql>(sql), |query, name| query.bind(*name));
        match query.fetch_all(&mut *conn).await {
            Err(error) if attempt < ATTEMPTS && matches!(server_error(&error), Some((1205, _))) => attempt += 1,
            asked => return asked,
        }
    }
}

// InnoDB names a table `database/table` and a partition `database/table#p#partition`.
// A column that comes or goes INSTANT-ly leaves the id and counts the row versions (in the table since 8.0.29).
const TABLE_IDS: &str = "
    SELECT CAST(TABLE_ID * 1024 + TOTAL_ROW_VERSIONS AS UNSIGNED) FROM information_schema.INNODB_TABLES
    WHERE NAME = ? OR NAME LIKE ? ORDER BY NAME";

/// InnoDB's ids of a table and its partitions, each with its row versions, by name; none where they may not be seen (PROCESS
/// privilege), or the table's name has characters that InnoDB encodes.
pub async fn table_ids(
    conn: &mut MySqlConnection,
    database: &Ident,
    table: &Ident,
) -> Result<Option<Vec<u64>>, DbError> {
    let name = format!("{}/{}", database.as_str(), table.as_str());
    // other characters are encoded in InnoDB's names
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'/') {
        return Ok(None);
    }
    let partitions = format!("{}#p#%", name.replace('_', "\\_"));
    let failed = |error: Error| DbError::new(format!("could not read the table ids of {table}"), &error);
    match ask(conn, TABLE_IDS, &[&name, &partitions]).await {
        Ok(rows) => rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map(Some).map_err(failed),
        // without PROCESS
        Err(error) if matches!(server_error(&error), Some((1227, _))) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

const ROW_VERSIONS: &str = "
    SELECT SUBSTRING_INDEX(SUBSTRING_INDEX(LOWER(NAME), '#p#', 1), '/', -1), CAST(MAX(TOTAL_ROW_VERSIONS) AS UNSIGNED)
    FROM information_schema.INNODB_TABLES
    WHERE SUBSTRING_INDEX(NAME, '/', 1) = DATABASE() AND TOTAL_ROW_VERSIONS > 0
    GROUP BY 1 ORDER BY 1";

async fn versions(conn: &mut MySqlConnection, what: &str) -> Result<Vec<(String, u64)>, DbError> {
    let failed = |error: Error| DbError::new(what, &error);
    let rows = ask(conn, ROW_VERSIONS, &[]).await.map_err(failed)?;
    let read = |row: &MySqlRow| Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?));
    rows.iter().map(read).collect::<Result<_, Error>>().map_err(failed)
}

/// The tables of the session's database that have INSTANT row versions, by name in lower case, with their number; partitions count as
/// the table's highest. Errors: among others, the account lacks PROCESS.
pub async fn row_versions(conn: &mut MySqlConnection) -> Result<Vec<(String, u64)>, DbError> {
    versions(conn, "could not read the tables' row versions").await
}

/// How many INSTANT changes of columns a table's rows may be behind (MySQL manual, "The `INFORMATION_SCHEMA` `INNODB_TABLES` Table").
/// All partitions have the same number, also those made since, and REBUILD PARTITION keeps it (measured on 9.7). Errors: no PROCESS.
pub async fn row_versions_of(conn: &mut MySqlConnection, table: &Ident) -> Result<u64, DbError> {
    let versions = versions(conn, &format!("could not read the row versions of table {table}")).await?;
    let name = table.as_str().to_lowercase();
    Ok(versions.into_iter().find(|(table, _)| *table == name).map_or(0, |(_, number)| number))
}
