//! Named locks: one run at a time on a database. A lock dies with its connection.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use super::error::{DbError, server_error};
use super::ident::{Ident, shortened};
use super::primary;

/// Who holds a lock, as far as the privileges of this session allow to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The server's connection id.
    pub connection: u64,
    /// Account, host and age, where the session may see them.
    pub who: Option<String>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "connection {}", self.connection)?;
        self.who.as_ref().map_or(Ok(()), |who| write!(f, " ({who})"))
    }
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error("another run holds lock `{lock}`: {}; waited {waited_s} s; run again when it has ended", holder.as_ref().map_or_else(|| "it has just ended".to_owned(), Holder::to_string))]
    Taken {
        /// The lock's name.
        lock: String,
        /// Who holds it.
        holder: Option<Holder>,
        /// How long this run waited, in seconds.
        waited_s: u64,
    },
    /// The server could not be asked.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The lock of a task on a database: `caredb migrate clinic`. A lock's name has 64 characters at the most, a
/// database's name, too: a long one is cut and hashed.
#[must_use]
pub fn name(task: &str, database: &Ident) -> String {
    shortened(&format!("caredb {task} {}", database.as_str()), 64, '-')
}

/// Takes the locks in order, waiting up to `timeout` for each; `on_wait` hears once for each lock that
/// another run holds.
pub async fn acquire(
    conn: &mut MySqlConnection,
    locks: &[String],
    timeout: Duration,
    on_wait: impl FnMut(&str, &Holder),
) -> Result<(), LockError> {
    let first = locks.first().map(String::as_str).unwrap_or_default();
    primary::require(conn, format!("could not take lock `{first}`: on this server it keeps nobody out")).await?;
    take(conn, locks, timeout, on_wait).await
}

async fn take(
    conn: &mut MySqlConnection,
    locks: &[String],
    timeout: Duration,
    mut on_wait: impl FnMut(&str, &Holder),
) -> Result<(), LockError> {
    for lock in locks {
        if get(conn, lock, 0).await? {
            continue;
        }
        if let Some(holder) = holder(conn, lock).await? {
            on_wait(lock, &holder);
        }
        let waited_s = timeout.as_secs();
        if !get(conn, lock, waited_s).await? {
            let holder = holder(conn, lock).await?;
            return Err(LockError::Taken { lock: lock.clone(), holder, waited_s });
        }
    }
    Ok(())
}

const RELEASE_LOCK: &str = "DO RELEASE_LOCK(?)";

/// Waits until nobody has a lock: takes it, and gives it back, in a session that has [acquired](acquire) another. A killed run's connections end one by one, each when the server has
/// ended its last statement.
pub async fn pass(
    conn: &mut MySqlConnection,
    lock: &str,
    timeout: Duration,
    on_wait: impl FnMut(&str, &Holder),
) -> Result<(), LockError> {
    take(conn, &[lock.to_owned()], timeout, on_wait).await?;
    let released = sqlx::query(RELEASE_LOCK).bind(lock).execute(conn).await;
    released.map_err(|error| DbError::new(format!("could not give lock `{lock}` back"), &error))?;
    Ok(())
}

const GET_LOCK: &str = "SELECT GET_LOCK(?, ?)";

async fn get(conn: &mut MySqlConnection, lock: &str, timeout_s: u64) -> Result<bool, DbError> {
    let taken: Option<i64> = sqlx::query_scalar(GET_LOCK)
        .bind(lock)
        .bind(timeout_s)
        .fetch_one(conn)
        .await
        .map_err(|error| DbError::new(format!("could not take lock `{lock}`"), &error))?;
    Ok(taken == Some(1))
}

const LOCK_HOLDER: &str = "SELECT IS_USED_LOCK(?)";
// that of information_schema fails as a whole (3854) where a statement of any session has a character beyond utf8mb3
const CONNECTION: &str = "
    SELECT CONCAT(USER, '@', SUBSTRING_INDEX(HOST, ':', 1), ', ', COALESCE(NULLIF(STATE, ''), COMMAND), ', for ', TIME, ' s')
    FROM performance_schema.processlist WHERE ID = ?";

async fn holder(conn: &mut MySqlConnection, lock: &str) -> Result<Option<Holder>, DbError> {
    let failed = |error: &sqlx::Error| DbError::new(format!("could not ask who holds lock `{lock}`"), error);
    let row = sqlx::query(LOCK_HOLDER).bind(lock).fetch_one(&mut *conn).await.map_err(|error| failed(&error))?;
    let Some(connection) = row.get::<Option<u64>, _>(0) else { return Ok(None) };
    let who: Option<Vec<u8>> = match sqlx::query_scalar(CONNECTION).bind(connection).fetch_optional(conn).await {
        // the account may not look there
        Err(error) if server_error(&error).is_some() => None,
        found => found.map_err(|error| failed(&error))?,
    };
    let who = who.map(|who| String::from_utf8_lossy(&who).into_owned());
    Ok(Some(Holder { connection, who }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_enough() {
        assert_eq!(name("migrate", &Ident::new("clinic").unwrap()), "caredb migrate clinic");
        let long = name("migrate", &Ident::new(&"x".repeat(64)).unwrap());
        assert!(long.len() <= 64 && long != name("migrate", &Ident::new(&"x".repeat(63)).unwrap()));
    }
}
