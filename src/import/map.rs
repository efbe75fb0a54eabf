//! Which rows of another system are in the database: a row of `caredb_import_map` each, written in the transaction that writes the
//! row itself. It is also the checkpoint: what is in it is loaded, what is not is not.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::keys::Keys;
use super::transform;
use crate::db::bulk::push_text;
use crate::db::error::DbError;

/// How many bytes a legacy id may have.
pub const MOST_LEGACY_BYTES: usize = 255;

// the legacy ids of a file mostly come in order, so that rows are appended; a binary collation without padding, since `a` and `A`
// and `a ` are different rows elsewhere
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS caredb_import_map (
        origin VARCHAR(130) NOT NULL,
        legacy_id VARBINARY(255) NOT NULL,
        id CHAR(36) COLLATE utf8mb4_unicode_ci NOT NULL,
        hash BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (origin, legacy_id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

/// Makes the table where it is missing; belongs before a transaction, which it would commit.
pub async fn create(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let made = sqlx::raw_sql(TABLE).execute(conn).await;
    made.map(drop).map_err(|error| DbError::new("could not make table `caredb_import_map`", &error))
}

/// The name of an entity's rows in the table.
#[must_use]
pub fn origin(system: &str, entity: &str) -> String {
    format!("{system}/{entity}")
}

const IDS: &str = "SELECT legacy_id FROM caredb_import_map WHERE origin = ?";

/// The ids of all rows of an entity that are imported. None where there is no table.
pub async fn ids(conn: &mut MySqlConnection, system: &str, entity: &str) -> Result<Keys, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not read table `caredb_import_map`", &error);
    let mut keys = Keys::default();
    let origin = origin(system, entity);
    let mut rows = sqlx::query(IDS).bind(&origin).fetch(conn);
    loop {
        match rows.try_next().await {
            Ok(Some(row)) => {
                let legacy: Vec<u8> = row.try_get_unchecked(0).map_err(failed)?;
                keys.insert(transform::id(system, entity, &String::from_utf8_lossy(&legacy)).as_u128());
            }
            Ok(None) => return Ok(keys),
            // 1146: no such table
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42S02") => return Ok(keys),
            Err(error) => return Err(failed(error)),
        }
    }
}

const ANY: &str = "SELECT EXISTS (SELECT 1 FROM caredb_import_map WHERE origin = ?)";

/// Whether any row of an entity is imported.
pub async fn any(conn: &mut MySqlConnection, origin: &str) -> Result<bool, DbError> {
    let found: Result<i64, _> = sqlx::query_scalar(ANY).bind(origin).fetch_one(conn).await;
    Ok(found.map_err(|error| DbError::new("could not read table `caredb_import_map`", &error))? != 0)
}

/// The hashes of those of these rows that are imported, by legacy id.
pub async fn hashes(
    conn: &mut MySqlConnection,
    origin: &str,
    legacy_ids: impl Iterator<Item = &str>,
) -> Result<HashMap<Vec<u8>, u64>, sqlx::Error> {
    let mut sql = "SELECT legacy_id, hash FROM caredb_import_map WHERE origin = ".to_owned();
    push_text(&mut sql, origin);
    sql.push_str(" AND legacy_id IN (");
    for (number, legacy_id) in legacy_ids.enumerate() {
        sql.push_str(if number == 0 { "" } else { "," });
        push_text(&mut sql, legacy_id);
    }
    sql.push(')');
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?))).collect()
}
