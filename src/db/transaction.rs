//! A transaction that is tried again.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::crash::crash_point;
use super::error::DbError;

/// How often a batch is tried.
const TRIES: u32 = 5;
/// How long to step aside before the second try; doubled with each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// While a session holds what others wait for, the server ends it, and frees all, where nothing comes for so many seconds: this
/// process may be stopped, its host gone. A statement may take longer.
pub const SOON: &str = "SET SESSION wait_timeout = 10";
/// In between, where a job may be paused for a night.
pub const NOT_SOON: &str = "SET SESSION wait_timeout = 31536000";

/// An error that may come from a deadlock, or from a lock that was not to be had: both are the server's to solve.
pub trait MayPass: From<DbError> {
    /// MySQL's error number, where the server said one.
    fn number(&self) -> Option<u16>;
}

impl MayPass for DbError {
    fn number(&self) -> Option<u16> {
        self.number
    }
}

/// Runs `work` in a transaction of its own, and again where it met a deadlock or a lock that it did not get, or says by none
/// that rows changed under it. `what` is the clause of the error: "could not purge rows of table `x`".
pub async fn in_transaction<T, E: MayPass>(
    conn: &mut MySqlConnection,
    what: &str,
    mut work: impl AsyncFnMut(&mut MySqlConnection) -> Result<Option<T>, E>,
) -> Result<T, E> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match attempt(conn, what, &mut work).await {
            Ok(Some(done)) => return Ok(done),
            Ok(None) => {}
            // deadlock, lock wait timeout
            Err(error) if matches!(error.number(), Some(1205 | 1213)) => {}
            Err(error) => return Err(error),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    let done = attempt(conn, what, &mut work).await?;
    done.ok_or_else(|| {
        let error = DbError::because(what, format!("others changed its rows each of {TRIES} times"));
        error.with_cure("run again at a quieter time").into()
    })
}

async fn attempt<T, E: MayPass>(
    conn: &mut MySqlConnection,
    what: &str,
    work: &mut impl AsyncFnMut(&mut MySqlConnection) -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let failed = |error: sqlx::Error| DbError::new(what, &error);
    crash_point();
    // each in one packet
    let begin = format!("{SOON}; START TRANSACTION");
    sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *conn).await.map_err(failed)?;
    let done = work(conn).await;
    if !matches!(done, Ok(Some(_))) {
        // where this fails, the connection is gone, and with it the transaction
        let _ = sqlx::raw_sql(AssertSqlSafe(format!("ROLLBACK; {NOT_SOON}"))).execute(conn).await;
        return done;
    }
    crash_point();
    sqlx::raw_sql(AssertSqlSafe(format!("COMMIT; {NOT_SOON}"))).execute(conn).await.map_err(failed)?;
    crash_point();
    done
}
