//! What is in the tables, and how it is taken out again.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::rows::TABLES;
use crate::db::error::DbError;

/// How many rows a statement deletes: few enough that others are not kept waiting.
const ROWS_A_STATEMENT: u64 = 5000;

/// The table of appointments' keys, where there is one; its rows outlive appointments that were archived.
const KEYS: &str = "appointment_keys";

const PRESENT: &str = "
    SELECT CONVERT(TABLE_NAME USING utf8mb4) FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'";

async fn present(conn: &mut MySqlConnection) -> Result<Vec<String>, DbError> {
    let names = sqlx::query_scalar(PRESENT).fetch_all(conn).await;
    names.map_err(|error| DbError::new("could not list the tables", &error))
}

/// The tables of the thirteen that the database lacks.
pub async fn missing(conn: &mut MySqlConnection) -> Result<Vec<&'static str>, DbError> {
    let present = present(conn).await?;
    Ok(TABLES.iter().map(|table| table.name()).filter(|name| !present.iter().any(|one| one == name)).collect())
}

/// The tables with rows; stops reading each at its first row.
pub async fn occupied(conn: &mut MySqlConnection) -> Result<Vec<&'static str>, DbError> {
    let mut occupied = Vec::new();
    for table in TABLES.map(super::rows::Table::name) {
        if has_rows(conn, table).await? {
            occupied.push(table);
        }
    }
    Ok(occupied)
}

/// Where retention puts rows of the thirteen, and how they come back. They hold keys and patients that a reset would delete.
const ELSEWHERE: [(&str, &str); 7] = [
    ("appointments_archive", "caredb archive restore --all"),
    ("appointments_moving", "caredb archive restore --all"),
    ("consultations_archive", "caredb archive restore --all"),
    ("prescriptions_archive", "caredb archive restore --all"),
    ("payments_archive", "caredb archive restore --all"),
    ("reviews_archive", "caredb archive restore --all"),
    ("medical_records_compressed", "caredb compress medical-records --decompress"),
];

/// The first of those tables with rows, and the command that brings them back.
pub async fn elsewhere(conn: &mut MySqlConnection) -> Result<Option<(&'static str, &'static str)>, DbError> {
    let present = present(conn).await?;
    for (table, back) in ELSEWHERE {
        if present.iter().any(|name| name == table) && has_rows(conn, table).await? {
            return Ok(Some((table, back)));
        }
    }
    Ok(None)
}

async fn has_rows(conn: &mut MySqlConnection, table: &str) -> Result<bool, DbError> {
    let row = sqlx::raw_sql(AssertSqlSafe(format!("SELECT 1 FROM {table} LIMIT 1"))).fetch_optional(conn).await;
    let row = row.map_err(|error| DbError::new(format!("could not read table `{table}`"), &error))?;
    Ok(row.is_some())
}

/// How many rows the tables have, those with rows alone, each before those that it refers to.
pub async fn count(conn: &mut MySqlConnection) -> Result<Vec<(&'static str, u64)>, DbError> {
    let mut counts = Vec::new();
    let has_keys = present(conn).await?.iter().any(|name| name == KEYS);
    let mut tables: Vec<&'static str> = TABLES.iter().rev().map(|table| table.name()).collect();
    if has_keys {
        let place = tables.iter().position(|&name| name == "appointments").map_or(0, |place| place + 1);
        tables.insert(place, KEYS);
    }
    for table in tables {
        let row = sqlx::raw_sql(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"))).fetch_one(&mut *conn).await;
        let rows = row.and_then(|row| row.try_get::<i64, _>(0));
        let rows =
            rows.map_err(|error| DbError::new(format!("could not count the rows of table `{table}`"), &error))?;
        if rows > 0 {
            counts.push((table, rows.unsigned_abs()));
        }
    }
    Ok(counts)
}

/// Deletes all rows of the tables, in the order of [`count`], in small transactions. `on_table` hears of each with what was
/// deleted of it.
pub async fn delete(
    conn: &mut MySqlConnection,
    counts: &[(&'static str, u64)],
    mut on_table: impl FnMut(&'static str, u64),
) -> Result<(), DbError> {
    for &(table, _) in counts {
        if matches!(table, "appointments" | KEYS) {
            // they refer to each other, and a statement would have to find the right order
            let sql = format!(
                "UPDATE {table} SET rescheduled_from = NULL WHERE rescheduled_from IS NOT NULL LIMIT {ROWS_A_STATEMENT}"
            );
            repeat(conn, table, &sql).await?;
        }
        let deleted = repeat(conn, table, &format!("DELETE FROM {table} LIMIT {ROWS_A_STATEMENT}")).await?;
        on_table(table, deleted);
    }
    Ok(())
}

/// Repeats a statement until it finds no more rows.
async fn repeat(conn: &mut MySqlConnection, table: &str, sql: &str) -> Result<u64, DbError> {
    let mut sum = 0;
    loop {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await;
        let rows =
            done.map_err(|error| DbError::new(format!("could not empty table `{table}`"), &error))?.rows_affected();
        sum += rows;
        if rows == 0 {
            return Ok(sum);
        }
    }
}
