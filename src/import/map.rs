//! Which rows of another system are in the database: a row of `caredb_import_map` each, written in the transaction that writes the
//! row itself. It is also the checkpoint: what is in it is loaded, what is not is not.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::id;
use super::sorter::{Keyed, Sorted, Sorter};
use crate::db::bulk::push_text;
use crate::db::error::{DbError, server_error};

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
pub async fn ids(conn: &mut MySqlConnection, system: &str, entity: &str) -> Result<Sorted, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not read table `caredb_import_map`", &error);
    let spilled = |error| DbError::because("could not sort the ids of imported rows", format!("{error}"));
    let mut ids = Sorter::default();
    let origin = origin(system, entity);
    let mut rows = sqlx::query(IDS).bind(&origin).fetch(conn);
    loop {
        match rows.try_next().await {
            Ok(Some(row)) => {
                let legacy: Vec<u8> = row.try_get_unchecked(0).map_err(failed)?;
                let id = id::id(system, entity, &String::from_utf8_lossy(&legacy));
                ids.extend(&[Keyed::new(id.as_u128(), 0)]).map_err(spilled)?;
            }
            Ok(None) => break,
            Err(error) if is_missing(&error) => break,
            Err(error) => return Err(failed(error)),
        }
    }
    ids.sorted().map_err(spilled)
}

const ANY: &str = "SELECT EXISTS (SELECT 1 FROM caredb_import_map WHERE origin = ?)";

/// Whether any row of an entity is imported; none is where there is no table.
pub async fn any(conn: &mut MySqlConnection, origin: &str) -> Result<bool, DbError> {
    let found: Result<i64, _> = sqlx::query_scalar(ANY).bind(origin).fetch_one(conn).await;
    match found {
        Ok(found) => Ok(found != 0),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(DbError::new("could not read table `caredb_import_map`", &error)),
    }
}

/// Whether the server says that there is no such table.
pub(super) fn is_missing(error: &sqlx::Error) -> bool {
    server_error(error).is_some_and(|(number, _)| number == 1146)
}

const ARCHIVES: &str = "
    SELECT EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'appointment_keys' AND column_name = 'archived')";

/// The condition that a row `m` of the table is still in `into`, and not in its archive.
pub async fn is_there(conn: &mut MySqlConnection, into: &str) -> Result<String, DbError> {
    // by its id alone an appointment is looked for in each partition; its key says the same, from V14 on also that it is archived
    if into == "appointments" {
        let archives: Result<i64, _> = sqlx::query_scalar(ARCHIVES).fetch_one(conn).await;
        let failed = |error| DbError::new("could not read the columns of table `appointment_keys`", &error);
        if archives.map_err(failed)? != 0 {
            return Ok("EXISTS (SELECT 1 FROM appointment_keys t WHERE t.id = m.id AND NOT t.archived)".to_owned());
        }
    }
    Ok(format!("EXISTS (SELECT 1 FROM {into} t WHERE t.id = m.id)"))
}

/// A row that is imported.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Of its values, as they were written.
    pub hash: u64,
    /// It is still in its table.
    pub is_there: bool,
}

/// Those of these rows that are imported, by legacy id. `is_there`: the condition of [`is_there`] for their table.
pub async fn written(
    conn: &mut MySqlConnection,
    origin: &str,
    is_there: &str,
    legacy_ids: impl Iterator<Item = &str>,
) -> Result<HashMap<Vec<u8>, Written>, sqlx::Error> {
    let mut sql = format!("SELECT m.legacy_id, m.hash, {is_there} FROM caredb_import_map m WHERE m.origin = ");
    push_text(&mut sql, origin);
    sql.push_str(" AND m.legacy_id IN (");
    for (number, legacy_id) in legacy_ids.enumerate() {
        sql.push_str(if number == 0 { "" } else { "," });
        push_text(&mut sql, legacy_id);
    }
    sql.push(')');
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await?;
    let written = |row: &sqlx::mysql::MySqlRow| {
        let is_there = row.try_get_unchecked::<i64, _>(2)? != 0;
        Ok((row.try_get_unchecked(0)?, Written { hash: row.try_get_unchecked(1)?, is_there }))
    };
    rows.iter().map(written).collect()
}
