//! References of rows to others of their own table: they come last, since a row may refer to one that comes later in the file.

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::load::{LoadError, Refused, Without, is_of_rows};
use super::map;
use super::mapping::Mapping;
use super::read::{Reader, Record};
use super::row::Row;
use super::transform::{Transform, is_late};
use crate::db::crash::crash_point;
use crate::db::error::DbError;

/// The places of columns that refer to rows of the same table, which may not be there yet.
#[must_use]
pub fn places(transform: &Transform) -> Vec<usize> {
    let columns = transform.columns.iter().enumerate();
    columns.filter(|(_, column)| is_late(&transform.into, column)).map(|(place, _)| place).collect()
}

/// Fills the columns that refer to rows of the same table, now that all are there. Rows that are right already, or that an earlier
/// import wrote with other values, are left alone. Returns the rows that refer to one that the server has refused.
pub async fn fill(
    conn: &mut MySqlConnection,
    mapping: &Mapping,
    number: usize,
    without: &Without,
) -> Result<Vec<Refused>, LoadError> {
    let entity = &mapping.tables[number];
    let source = &mapping.sources[&entity.from];
    let mut reader = Reader::open(&mapping.path(source), source)?;
    let Some(transform) = Transform::again(mapping, entity, reader.header())? else { return Ok(Vec::new()) };
    let late = places(&transform);
    let origin = map::origin(&mapping.system, entity.name());
    let (mut record, mut row, mut refused) = (Record::new(), Row::default(), Vec::new());
    crash_point();
    while !late.is_empty() && reader.read(&mut record)? {
        let left_out = |rows: &[u64]| rows.binary_search(&record.row()).is_ok();
        if left_out(&without.rejected) || left_out(&without.repeated) || !transform.apply(&record, &mut row) {
            continue;
        }
        for column in late.iter().filter(|column| row.value(**column).is_some()) {
            match set(conn, &transform, &origin, &row, *column).await {
                Ok(()) => {}
                Err(LoadError::Db(DbError { number: Some(number), .. })) if is_of_rows(number) => {
                    refused.push(Refused { row: record.row(), line: record.line(), number });
                }
                Err(error) => return Err(error),
            }
        }
    }
    crash_point();
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
    let kept =
        if super::target::tables()[table].column("updated_at").is_some() { ", updated_at = updated_at" } else { "" };
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
