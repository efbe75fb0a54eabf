//! Deletes notifications that are old enough. What is destroyed is counted and summed on the way, in the transaction that
//! deletes it.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use futures_util::future::join_all;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::sync::Mutex;

use super::batch::BatchSize;
use super::hold;
use super::job::Pace;
use super::ledger::Run;
use super::pieces::{self, Way};
use super::rows::{Columns, Sum};
use super::walk::Walk;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::throttle::Throttle;
use crate::db::transaction::in_transaction;
use crate::output::Event;

/// The table.
pub const TABLE: &str = "notifications";

/// Which notifications go.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Those from before this day, in UTC.
    pub cut_off: NaiveDate,
    /// But not those that nobody has read.
    pub keep_unread: bool,
}

/// No row stays.
const NONE: &str = "NULL";

impl Wish {
    /// Why a row stays, as SQL: `hold`, `unread`, or NULL where it goes. `holds`: whether there is a table of them.
    fn kept(self, holds: bool) -> String {
        let hold = holds.then(|| format!("WHEN {} THEN 'hold'", hold::covers_user("n.user_id")));
        let unread = self.keep_unread.then(|| "WHEN NOT COALESCE(n.is_read, FALSE) THEN 'unread'".to_owned());
        let cases: Vec<String> = hold.into_iter().chain(unread).collect();
        if cases.is_empty() { NONE.to_owned() } else { format!("CASE {} END", cases.join(" ")) }
    }
}

/// Rows that stay though they are old enough, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Kept {
    /// Nobody has read them.
    pub unread: u64,
    /// Their user is a patient under legal hold.
    pub hold: u64,
}

impl Kept {
    fn add(&mut self, reason: &str, rows: u64) {
        match reason {
            "hold" => self.hold += rows,
            _ => self.unread += rows,
        }
    }
}

/// What a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// The rows that it deleted.
    pub gone: Sum,
    /// Those that it passed over.
    pub kept: Kept,
    /// How long it took.
    pub took: Duration,
    /// Whether it came to the cut-off.
    pub complete: bool,
}

/// Deletes them over these connections, in batches that each take about `batch`. Ends early where the throttle says that it is
/// over. `expected`: how many rows are old enough. What an error leaves behind is in the ledger.
pub async fn purge(
    lanes: &mut [&mut MySqlConnection],
    throttle: &mut Throttle,
    run: &Run,
    (wish, batch): (Wish, Duration),
    expected: u64,
    on_event: &mut impl FnMut(Event),
) -> Result<Purged, DbError> {
    let first = lanes.first_mut().ok_or_else(missing)?;
    let crc = columns(first).await?.crc();
    let mut way = pieces::way(first, expected).await?;
    let mut work = Work {
        throttle,
        on_event,
        pieces: VecDeque::new(),
        size: BatchSize::new(batch),
        pace: Pace::new(TABLE, Some(expected)),
        purged: Purged { complete: true, ..Purged::default() },
        failed: None,
    };
    loop {
        work.pieces = pieces::cut(lanes.first_mut().ok_or_else(missing)?, way, wish.cut_off).await?;
        let batches = Batches { wish, crc: &crc, index: way.path().index };
        let shared = Mutex::new(work);
        // to its end whatever the others meet: a connection in the middle of a statement is of no use any more
        join_all(lanes.iter_mut().enumerate().map(|(number, conn)| lane(conn, number, run, &batches, &shared))).await;
        work = shared.into_inner();
        match work.failed.take() {
            // somebody has kept a young row for long, which is not in the way of time
            Some(error) if way == Way::Id && error.number == Some(1205) => {
                way = Way::Time;
                // it comes by them again, and by what the other lane has left
                work.purged.kept = Kept::default();
                work.purged.complete = true;
            }
            Some(error) => return Err(error),
            None => break,
        }
    }
    let Work { mut purged, pace, .. } = work;
    purged.took = pace.elapsed();
    if purged.complete {
        run.set_state(lanes.first_mut().ok_or_else(missing)?, TABLE, "purge", "done").await?;
    }
    Ok(purged)
}

/// The table's columns. Errors: it is not there.
async fn columns(conn: &mut MySqlConnection) -> Result<Columns, DbError> {
    Columns::read(conn, &Ident::known(TABLE)).await?.ok_or_else(missing)
}

fn missing() -> DbError {
    let error = DbError::because("could not purge notifications", format!("there is no table `{TABLE}`"));
    error.with_cure("apply the migrations by `caredb migrate`")
}

/// What the lanes share.
struct Work<'a, F> {
    throttle: &'a mut Throttle,
    on_event: &'a mut F,
    pieces: VecDeque<Walk>,
    size: BatchSize,
    pace: Pace,
    purged: Purged,
    failed: Option<DbError>,
}

impl<F: FnMut(Event)> Work<'_, F> {
    /// A piece that nobody works on: the first lane takes the oldest, the second the youngest, so that they meet but once. A
    /// range locks the row beyond its end too, and were the other lane at work there, they would take turns (measured: a lane
    /// waited for more than half of its time).
    fn piece(&mut self, lane: usize) -> Option<Walk> {
        if lane.is_multiple_of(2) { self.pieces.pop_front() } else { self.pieces.pop_back() }
    }

    /// The next stretch of a piece, once it may be worked on; none where the piece or the run is at its end.
    async fn next(&mut self, conn: &mut MySqlConnection, piece: &mut Walk) -> Result<Option<String>, DbError> {
        self.throttle.wait(self.on_event).await?;
        if self.is_over() { Ok(None) } else { piece.next(conn, "n", self.size.rows()).await }
    }

    fn is_over(&self) -> bool {
        self.failed.is_some() || self.throttle.is_over()
    }

    fn add(&mut self, gone: Sum, kept: Kept, took: Duration) {
        let passed = gone.rows + kept.unread + kept.hold;
        self.size.measured(passed, took);
        self.purged.gone += gone;
        self.purged.kept.unread += kept.unread;
        self.purged.kept.hold += kept.hold;
        (self.on_event)(self.pace.add(passed));
    }
}

/// Works off pieces until there are no more, or one of the lanes fails.
async fn lane<F: FnMut(Event)>(
    conn: &mut MySqlConnection,
    number: usize,
    run: &Run,
    batches: &Batches<'_>,
    work: &Mutex<Work<'_, F>>,
) {
    let worked = async {
        loop {
            // the lock must not live as long as the body
            let piece = work.lock().await.piece(number);
            let Some(mut piece) = piece else { return Ok(true) };
            loop {
                let stretch = work.lock().await.next(conn, &mut piece).await?;
                let Some(stretch) = stretch else { break };
                let begun = Instant::now();
                let (gone, kept) = batches.delete(conn, run, &stretch).await?;
                work.lock().await.add(gone, kept, begun.elapsed());
            }
            if work.lock().await.is_over() {
                return Ok(false);
            }
        }
    };
    let worked = worked.await;
    let mut work = work.lock().await;
    match worked {
        Ok(complete) => work.purged.complete &= complete,
        Err(error) => drop(work.failed.get_or_insert(error)),
    }
}

/// The statements of a batch.
struct Batches<'a> {
    wish: Wish,
    crc: &'a str,
    /// By which the rows are found.
    index: &'static str,
}

impl Batches<'_> {
    /// Deletes the rows of a stretch in a transaction.
    async fn delete(&self, conn: &mut MySqlConnection, run: &Run, stretch: &str) -> Result<(Sum, Kept), DbError> {
        let what = "could not purge rows of table `notifications`";
        let failed = |error: sqlx::Error| DbError::new(what, &error);
        in_transaction(conn, what, async |conn: &mut MySqlConnection| {
            hold::gate(conn).await?;
            // behind the gate none can come, and where there is none, no row's user has to be looked at
            let kept = self.wish.kept(hold::any(conn).await?);
            let (gone, stays) = self.lock(conn, stretch, &kept).await.map_err(failed)?;
            let deleted =
                if gone.rows > 0 { self.delete_locked(conn, stretch, &kept).await.map_err(failed)? } else { 0 };
            // a row that was written behind the count
            if deleted != gone.rows {
                return Ok(None);
            }
            run.record(conn, "purge", TABLE, gone.rows, gone.checksum, 0).await?;
            Ok(Some((gone, stays)))
        })
        .await
    }

    /// Locks all rows of a stretch; what goes, and what stays.
    async fn lock(&self, conn: &mut MySqlConnection, stretch: &str, kept: &str) -> Result<(Sum, Kept), sqlx::Error> {
        let Self { crc, index, .. } = self;
        let sql = format!(
            "SELECT {kept} AS kept, COUNT(*), CAST(SUM({crc}) AS CHAR) FROM {TABLE} n FORCE INDEX ({index}) WHERE {stretch} \
             GROUP BY kept FOR UPDATE OF n"
        );
        let (mut gone, mut stays) = (Sum::default(), Kept::default());
        for row in sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await? {
            let rows = row.try_get_unchecked::<i64, _>(1)?.unsigned_abs();
            if let Some(reason) = row.try_get_unchecked::<Option<String>, _>(0)? {
                stays.add(&reason, rows);
            } else {
                let checksum: String = row.try_get_unchecked(2)?;
                let wrong = |_| sqlx::Error::Protocol(format!("`{checksum}` is no checksum"));
                gone = Sum { rows, checksum: checksum.parse().map_err(wrong)? };
            }
        }
        Ok((gone, stays))
    }

    async fn delete_locked(&self, conn: &mut MySqlConnection, stretch: &str, kept: &str) -> Result<u64, sqlx::Error> {
        let goes = if kept == NONE { String::new() } else { format!(" AND {kept} IS NULL") };
        let sql = format!("DELETE n FROM {TABLE} n FORCE INDEX ({}) WHERE {stretch}{goes}", self.index);
        Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?.rows_affected())
    }
}

/// What a run would do with the rows of a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Month {
    /// Rows that go.
    pub rows: u64,
    /// How large their values are, in bytes.
    pub bytes: u64,
    /// Rows that stay.
    pub kept: Kept,
}

/// What there is to purge, by month: `2026-01`.
pub async fn preview(conn: &mut MySqlConnection, wish: Wish, holds: bool) -> Result<BTreeMap<String, Month>, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not count the notifications to purge", &error);
    let columns = columns(conn).await?;
    let sql = format!(
        "SELECT DATE_FORMAT(n.created_at, '%Y-%m') AS month, {} AS kept, COUNT(*), CAST(SUM({}) AS UNSIGNED) FROM {TABLE} n \
         WHERE n.created_at < '{}' GROUP BY month, kept",
        wish.kept(holds),
        columns.bytes(),
        wish.cut_off
    );
    let mut months: BTreeMap<String, Month> = BTreeMap::new();
    for row in sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await.map_err(failed)? {
        let month: String = row.try_get_unchecked(0).map_err(failed)?;
        let reason: Option<String> = row.try_get_unchecked(1).map_err(failed)?;
        let rows = row.try_get_unchecked::<i64, _>(2).map_err(failed)?.unsigned_abs();
        let month = months.entry(month).or_default();
        if let Some(reason) = reason {
            month.kept.add(&reason, rows);
        } else {
            month.rows += rows;
            month.bytes += row.try_get_unchecked::<u64, _>(3).map_err(failed)?;
        }
    }
    Ok(months)
}

/// How many rows are old enough.
pub async fn expected(conn: &mut MySqlConnection, wish: Wish) -> Result<u64, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not count the notifications to purge", &error);
    let sql = format!("SELECT COUNT(*) FROM {TABLE} n WHERE n.created_at < '{}'", wish.cut_off);
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await.map_err(failed)?;
    Ok(rows.unsigned_abs())
}
