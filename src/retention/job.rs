//! What all jobs in batches have in common: their session, and a transaction that is tried again.

use std::time::{Duration, Instant};

use sqlx::mysql::MySqlConnection;

use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::progress::left_s;
use crate::output::{Event, count};

// UTC, since checksums are over times as text; READ COMMITTED, so that what stays is not locked, nor the gaps; one second, since
// while a job waits, others wait for what it has locked; a year, since a job may be paused for a night
const SESSION: &str = "
    SET SESSION time_zone = '+00:00', transaction_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = 1,
        lock_wait_timeout = 5, wait_timeout = 31536000";

/// Prepares the connection of a job.
pub async fn prepare(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let set = sqlx::raw_sql(SESSION).execute(conn).await;
    set.map(drop).map_err(|error| DbError::new("could not prepare the session", &error))
}

/// How often a batch is tried.
const TRIES: u32 = 5;
/// How long to step aside before the second try; doubled with each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

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
    sqlx::raw_sql("START TRANSACTION").execute(&mut *conn).await.map_err(failed)?;
    let done = work(conn).await;
    if !matches!(done, Ok(Some(_))) {
        // where this fails, the connection is gone, and with it the transaction
        let _ = sqlx::raw_sql("ROLLBACK").execute(conn).await;
        return done;
    }
    crash_point();
    sqlx::raw_sql("COMMIT").execute(conn).await.map_err(failed)?;
    crash_point();
    done
}

/// How far a job is, for the bar.
#[derive(Debug)]
pub struct Pace {
    place: String,
    /// All rows, where they were counted.
    expected: Option<u64>,
    begun: Instant,
    done: u64,
}

impl Pace {
    /// `place` names the job; `expected` rows are before it, where that is known.
    #[must_use]
    pub fn new(place: impl Into<String>, expected: Option<u64>) -> Self {
        Self { place: place.into(), expected, begun: Instant::now(), done: 0 }
    }

    /// Rows of a batch are done with.
    pub fn add(&mut self, rows: u64) -> Event {
        self.done += rows;
        let elapsed = self.begun.elapsed();
        let percent = self.expected.map(|expected| (self.done.saturating_mul(100) / expected.max(1)).min(100));
        let rows_per_s = rows_per_s(self.done, elapsed);
        Event::Progress {
            place: format!("{}: {}, {rows_per_s} rows/s", self.place, count(self.done, "row")),
            elapsed_s: elapsed.as_secs(),
            percent,
            left_s: percent.and_then(|percent| left_s(elapsed, percent)),
        }
    }

    /// Since the job began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// Rows by time.
#[must_use]
pub fn rows_per_s(rows: u64, elapsed: Duration) -> u64 {
    u64::try_from(u128::from(rows) * 1000 / elapsed.as_millis().max(1)).unwrap_or(u64::MAX)
}
