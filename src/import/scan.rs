//! Looks in the database for rows whose parent is not there, and for rows that break a rule of their table. The server lets none
//! in; but somebody may have switched its checks off, now or years ago.

use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::target;
use crate::db::error::DbError;

/// Rows that should not be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Astray {
    /// Their table.
    pub table: String,
    /// Their column.
    pub column: String,
    /// `no row in users`, `not later than start_time`
    pub what: String,
    /// How many.
    pub rows: u64,
}

/// Scans a table, one query a reference and a rule; each reads the table once.
pub async fn scan(conn: &mut MySqlConnection, name: &str) -> Result<Vec<Astray>, DbError> {
    let Some(table) = target::tables().get(name) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for (column, parent) in &table.references {
        // an archived appointment is still one; and by its id alone one is looked for in each partition
        let keys = if parent == "appointments" { "appointment_keys" } else { parent };
        let condition =
            format!("c.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {keys} p WHERE p.id = c.{column})");
        all.push((column, format!("no row in {parent}"), condition));
    }
    for target::After { later, earlier, or_equal } in &table.after {
        let sign = if *or_equal { "<" } else { "<=" };
        all.push((later, format!("not later than {earlier}"), format!("c.{later} {sign} c.{earlier}")));
    }
    let mut astray = Vec::new();
    for (column, what, condition) in all {
        let sql = format!("SELECT COUNT(*) FROM {name} c WHERE {condition}");
        let rows: Result<i64, _> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *conn).await;
        let rows = rows.map_err(|error| DbError::new(format!("could not scan table `{name}`"), &error))?.unsigned_abs();
        if rows > 0 {
            astray.push(Astray { table: name.to_owned(), column: column.clone(), what, rows });
        }
    }
    Ok(astray)
}
