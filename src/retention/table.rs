//! The tables that retention keeps for itself, made on demand.

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use crate::db::error::{DbError, server_error};

/// Makes a table where it is missing; commits a transaction if it does. An account without CREATE gets by where the table
/// is there: the server would refuse it even `IF NOT EXISTS`.
pub(super) async fn make(conn: &mut MySqlConnection, name: &'static str, create: &'static str) -> Result<(), DbError> {
    if is_there(conn, name).await? {
        return Ok(());
    }
    let made = sqlx::raw_sql(create).execute(conn).await;
    made.map_err(|error| DbError::new(format!("could not create table `{name}`"), &error))?;
    Ok(())
}

/// Whether there is a table of caredb's own.
pub(super) async fn is_there(conn: &mut MySqlConnection, name: &'static str) -> Result<bool, DbError> {
    match sqlx::raw_sql(AssertSqlSafe(format!("SELECT 1 FROM {name} LIMIT 0"))).execute(conn).await {
        Ok(_) => Ok(true),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(DbError::new(format!("could not read table `{name}`"), &error)),
    }
}

/// Whether the server says that there is no such table.
pub(super) fn is_missing(error: &sqlx::Error) -> bool {
    server_error(error).is_some_and(|(number, _)| number == 1146)
}
