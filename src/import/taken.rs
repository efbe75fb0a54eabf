//! Keys that rows of the database have which this import has not made: nothing of the files may have them.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::keys::key;
use super::map;
use super::mapping::{Entity, Mapping};
use super::sorter::{Keyed, Sorted, Sorter};
use super::target::{self, Unique};
use crate::db::bulk::push_text;
use crate::db::error::DbError;

/// By the name of the unique key.
pub type Taken = BTreeMap<&'static str, Sorted>;

/// The keys of the table of a `[[table]]`, those whose columns are all mapped. The session's time zone must be UTC. Each key reads
/// the table once.
pub async fn taken(conn: &mut MySqlConnection, mapping: &Mapping, entity: &Entity) -> Result<Taken, DbError> {
    let Some(table) = target::tables().get(&entity.into) else { return Ok(Taken::new()) };
    let origin = map::origin(&mapping.system, entity.name());
    let made = map::any(conn, &origin).await?.then_some(origin.as_str());
    let mut taken = Taken::new();
    for unique in &table.unique {
        if unique.columns.iter().all(|column| entity.columns.contains_key(column)) {
            let sql = keys(&entity.into, unique, made);
            taken.insert(unique.name.as_str(), read(conn, &entity.into, sql, unique.columns.len()).await?);
        }
    }
    Ok(taken)
}

/// The query for the columns of a key, without rows that an import of this origin made.
fn keys(table: &str, unique: &Unique, made: Option<&str>) -> String {
    let columns: Vec<String> = unique.columns.iter().map(|column| format!("CAST(t.{column} AS CHAR)")).collect();
    let mut conditions: Vec<String> = unique.columns.iter().map(|column| format!("t.{column} IS NOT NULL")).collect();
    if let Some(unless) = &unique.unless {
        conditions.push(format!("t.{} NOT IN ('{}')", unless.column, unless.is.join("', '")));
    }
    if let Some(origin) = made {
        let mut literal = String::new();
        push_text(&mut literal, origin);
        conditions
            .push(format!("NOT EXISTS (SELECT 1 FROM caredb_import_map m WHERE m.origin = {literal} AND m.id = t.id)"));
    }
    format!("SELECT {} FROM {table} t WHERE {}", columns.join(", "), conditions.join(" AND "))
}

async fn read(conn: &mut MySqlConnection, table: &str, sql: String, columns: usize) -> Result<Sorted, DbError> {
    let failed = |error: sqlx::Error| DbError::new(format!("could not read the keys of table `{table}`"), &error);
    let spilled = |error: std::io::Error| {
        DbError::because(format!("could not sort the keys of table `{table}`"), error.to_string())
    };
    let (mut sorter, mut text) = (Sorter::default(), String::new());
    let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(conn);
    loop {
        let row = match rows.try_next().await {
            Ok(Some(row)) => row,
            Ok(None) => break,
            // a database without migrations has no rows
            Err(error) if map::is_missing(&error) => break,
            Err(error) => return Err(failed(error)),
        };
        let values = (0..columns).map(|column| row.try_get_unchecked::<String, _>(column));
        let values: Vec<String> = values.collect::<Result<_, _>>().map_err(failed)?;
        sorter.extend(&[Keyed::new(key(values.iter().map(String::as_str), &mut text), 0)]).map_err(spilled)?;
    }
    sorter.sorted().map_err(spilled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_asked_for() {
        let slots = &target::tables()["appointments"].unique;
        let slot = slots.iter().find(|unique| unique.unless.is_some()).unwrap();
        assert_eq!(
            keys("appointments", slot, Some("old/visits")),
            "SELECT CAST(t.doctor_id AS CHAR), CAST(t.appointment_date AS CHAR), CAST(t.start_time AS CHAR) FROM appointments t \
             WHERE t.doctor_id IS NOT NULL AND t.appointment_date IS NOT NULL AND t.start_time IS NOT NULL \
             AND t.status NOT IN ('CANCELLED', 'NO_SHOW') \
             AND NOT EXISTS (SELECT 1 FROM caredb_import_map m WHERE m.origin = 'old/visits' AND m.id = t.id)"
        );
        let email = &target::tables()["users"].unique[0];
        assert_eq!(keys("users", email, None), "SELECT CAST(t.email AS CHAR) FROM users t WHERE t.email IS NOT NULL");
    }
}
