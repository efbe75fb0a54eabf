//! Bulk inserts, which are sent as text, since a prepared statement has 65,535 values at most: their session, and the one place
//! where a text becomes a literal.

use sqlx::mysql::MySqlConnection;

use super::error::DbError;

// no NO_BACKSLASH_ESCAPES, since texts are escaped by backslashes; READ COMMITTED, since under REPEATABLE READ two connections
// wait for each other's gap locks on `appointment_keys` (measured: up to 4 s of 12); a year, since the session that holds the lock
// waits while others load
const SESSION: &str = "
    SET SESSION time_zone = '+00:00', transaction_isolation = 'READ-COMMITTED', wait_timeout = 31536000,
        sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/// Prepares a connection: strict, in UTC.
pub async fn prepare(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let set = sqlx::raw_sql(SESSION).execute(conn).await;
    set.map(drop).map_err(|error| DbError::new("could not prepare the session", &error))
}

/// Appends a text as a literal, in quotes, for the session that `prepare` makes.
pub fn push_text(sql: &mut String, text: &str) {
    sql.push('\'');
    let mut rest = text;
    while let Some(place) = rest.find(['\'', '\\', '\0']) {
        sql.push_str(&rest[..place]);
        sql.push_str(match rest.as_bytes()[place] {
            b'\'' => "''",
            b'\\' => "\\\\",
            _ => "\\0",
        });
        rest = &rest[place + 1..];
    }
    sql.push_str(rest);
    sql.push('\'');
}
