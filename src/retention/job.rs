//! What all jobs in batches have in common: their session, and how far they are.

use std::time::{Duration, Instant};

use sqlx::mysql::MySqlConnection;

use crate::db::error::DbError;
use crate::db::progress::left_s;
use crate::output::{Event, count};

// dates that a lax session wrote go along as they are; UTC, since checksums are over times as text; READ COMMITTED, so that what stays is not locked, nor the gaps; one second, since
// while a job waits, others wait for what it has locked; a year, since a job may be paused for a night
const SESSION: &str = "
    SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES', time_zone = '+00:00', transaction_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = 1,
        lock_wait_timeout = 5, wait_timeout = 31536000";

/// Prepares the connection of a job.
pub async fn prepare(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let set = sqlx::raw_sql(SESSION).execute(conn).await;
    set.map(drop).map_err(|error| DbError::new("could not prepare the session", &error))
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
