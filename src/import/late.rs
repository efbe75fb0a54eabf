//! References of rows to others of their own table: they come last, since a row may refer to one that comes later in the file.

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::accepted::{Accepted, Without};
use super::load::{LoadError, Refused, is_of_rows};
use super::mapping::{Entity, Mapping};
use super::{map, target};
use crate::db::error::DbError;
use crate::db::transaction::in_transaction;

/// The places, among an entity's columns, of those that refer to rows of its own table, which may not be there yet. A column that
/// may not be NULL can't wait.
#[must_use]
pub fn places(entity: &Entity) -> Vec<usize> {
    let table = &target::tables()[&entity.into];
    let is_late = |name: &String| {
        let may_wait = table.column(name).is_some_and(|place| table.columns[place].null);
        may_wait && table.references.get(name) == Some(&entity.into)
    };
    let columns = entity.columns.keys().enumerate();
    columns.filter(|(_, name)| is_late(name)).map(|(place, _)| place).collect()
}

/// Fills the columns that refer to rows of the same table, now that all are there. Rows that are right already, or that an earlier
/// import wrote with other values, are left alone. Returns the rows that refer to one that the server has refused.
pub async fn fill(
    conn: &mut MySqlConnection,
    mapping: &Mapping,
    number: usize,
    without: &Without,
) -> Result<Vec<Refused>, LoadError> {
    let late = places(&mapping.tables[number]);
    if late.is_empty() { Ok(Vec::new()) } else { fill_all(conn, mapping, number, without, &late).await }
}

/// How many references are committed at once.
const AT_ONCE: usize = 1000;

/// A reference to fill.
struct Reference {
    row: u64,
    line: u64,
    column: &'static str,
    target: String,
    id: String,
    legacy_id: String,
    hash: u64,
}

async fn fill_all(
    conn: &mut MySqlConnection,
    mapping: &Mapping,
    number: usize,
    without: &Without,
    late: &[usize],
) -> Result<Vec<Refused>, LoadError> {
    let mut accepted = Accepted::open(mapping, number, without)?;
    let origin = map::origin(&mapping.system, accepted.entity.name());
    let (mut some, mut refused) = (Vec::new(), Vec::new());
    loop {
        let is_end = !accepted.advance()?;
        let Accepted { record, row, transform, .. } = &accepted;
        for place in late.iter().filter(|_| !is_end) {
            let Some(target) = row.value(*place) else { continue };
            some.push(Reference {
                row: record.row(),
                line: record.line(),
                column: &transform.columns[*place].name,
                target: target.to_owned(),
                id: row.id.hyphenated().to_string(),
                legacy_id: row.legacy_id.clone(),
                hash: row.hash(),
            });
        }
        if is_end || some.len() >= AT_ONCE {
            refused.extend(fill_some(conn, &transform.into, &origin, &some).await?);
            some.clear();
        }
        if is_end {
            return Ok(refused);
        }
    }
}

/// Fills some in a transaction. Returns the rows whose target the server does not know.
async fn fill_some(
    conn: &mut MySqlConnection,
    table: &str,
    origin: &str,
    some: &[Reference],
) -> Result<Vec<Refused>, LoadError> {
    if some.is_empty() {
        return Ok(Vec::new());
    }
    let what = format!("could not fill references of table `{table}`");
    in_transaction(conn, &what, async |conn: &mut MySqlConnection| {
        let mut refused = Vec::new();
        for reference in some {
            match set(conn, table, origin, reference).await {
                Ok(()) => {}
                Err(DbError { number: Some(number), .. }) if is_of_rows(number) => {
                    refused.push(Refused { row: reference.row, line: reference.line, number });
                }
                Err(error) => return Err(LoadError::Db(error)),
            }
        }
        Ok(Some(refused))
    })
    .await
}

/// Sets a reference of a row whose target is there.
async fn set(conn: &mut MySqlConnection, table: &str, origin: &str, reference: &Reference) -> Result<(), DbError> {
    let Reference { column, target, id, legacy_id, hash, .. } = reference;
    let kept = if target::tables()[table].column("updated_at").is_some() { ", updated_at = updated_at" } else { "" };
    let sql = format!(
        "UPDATE {table} SET {column} = ?{kept} WHERE id = ? AND {column} IS NULL
         AND EXISTS (SELECT 1 FROM caredb_import_map WHERE origin = ? AND legacy_id = ? AND hash = ?)"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(target).bind(id).bind(origin);
    let set = query.bind(legacy_id.as_bytes()).bind(hash).execute(conn).await;
    let failed =
        |error: sqlx::Error| DbError::new(format!("could not fill column `{column}` of table `{table}`"), &error);
    set.map(drop).map_err(failed)
}
