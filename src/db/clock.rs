//! The clock that counts: the server's, never this machine's.

use chrono::{NaiveDate, NaiveDateTime};
use sqlx::mysql::MySqlConnection;

use super::error::DbError;

const TODAY: &str = "SELECT DATE_FORMAT(UTC_DATE(), '%Y-%m-%d')";

/// The server's date in UTC.
pub async fn today(conn: &mut MySqlConnection) -> Result<NaiveDate, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not ask the server for its date", &error);
    let text: String = sqlx::query_scalar(TODAY).fetch_one(conn).await.map_err(failed)?;
    text.parse().map_err(|_| failed(sqlx::Error::Protocol(format!("`{text}` is no date"))))
}

const NOW: &str = "SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:%i:%s')";

/// The server's date and time in UTC, to the second.
pub async fn now(conn: &mut MySqlConnection) -> Result<NaiveDateTime, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not ask the server for its time", &error);
    let text: String = sqlx::query_scalar(NOW).fetch_one(conn).await.map_err(failed)?;
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S")
        .map_err(|_| failed(sqlx::Error::Protocol(format!("`{text}` is no time"))))
}
