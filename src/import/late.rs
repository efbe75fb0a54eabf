//! References of rows to others of their own table: they come last, since a row may refer to one that comes later in the file.

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::accepted::{Accepted, Without};
use super::load::{LoadError, Refused, is_of_rows};
use super::mapping::{Entity, Mapping};
use super::row::Row;
use super::transform::Transform;
use super::{map, target};
use crate::db::crash::crash_point;
use crate::db::error::DbError;

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
    crash_point();
    let refused = if late.is_empty() { Vec::new() } else { fill_all(conn, mapping, number, without, &late).await? };
    crash_point();
    Ok(refused)
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
    let mut refused = Vec::new();
    while accepted.advance()? {
        let Accepted { record, row, transform, .. } = &accepted;
        for column in late.iter().filter(|column| row.value(**column).is_some()) {
            match set(conn, transform, &origin, row, *column).await {
                Ok(()) => {}
                Err(LoadError::Db(DbError { number: Some(number), .. })) if is_of_rows(number) => {
                    refused.push(Refused { row: record.row(), line: record.line(), number });
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(refused)
}

/// Sets a reference of a row whose target is there.
async fn set(
    conn: &mut MySqlConnection,
    transform: &Transform,
    origin: &str,
    row: &Row,
    column: usize,
) -> Result<(), LoadError> {
    let (table, name) = (&transform.into, &transform.columns[column].name);
    let Some(target) = row.value(column) else { return Ok(()) };
    let kept = if target::tables()[table].column("updated_at").is_some() { ", updated_at = updated_at" } else { "" };
    let sql = format!(
        "UPDATE {table} SET {name} = ?{kept} WHERE id = ? AND {name} IS NULL
         AND EXISTS (SELECT 1 FROM caredb_import_map WHERE origin = ? AND legacy_id = ? AND hash = ?)"
    );
    let id = row.id.hyphenated().to_string();
    let query = sqlx::query(AssertSqlSafe(sql)).bind(target).bind(id).bind(origin);
    let set = query.bind(row.legacy_id.as_bytes()).bind(row.hash()).execute(conn).await;
    let failed =
        |error: sqlx::Error| DbError::new(format!("could not fill column `{name}` of table `{table}`"), &error);
    Ok(set.map(drop).map_err(failed)?)
}
