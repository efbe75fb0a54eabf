//! Archives a month as a whole. The rows that stay are copied aside under a lock that keeps writers out, and take the month's
//! place; then the month, which is in `appointments_moving` now and which nobody writes to, takes the place of the archive's
//! empty partition.
//!
//! Where a run was killed is read off the tables: `appointments_staying` names the rows that stay before anything is copied, so
//! a row of `appointments_moving` that it does not name has left `appointments`.

use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::observe::by_reason;
use super::stays::{self, Reason, Rules, Stays};
use super::worker::turn;
use super::{ARCHIVE, ArchiveError, Content, KEYS, LIVE, MOVING, STAYING, Selection, definition};
use crate::db::crash::crash_point;
use crate::db::ddl::{Patience, run_ddl};
use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;
use crate::db::transaction::{NOT_SOON, SOON, in_transaction};
use crate::output::Event;
use crate::partition::month::Month;
use crate::retention::hold;
use crate::retention::ledger::Run;
use crate::retention::rows::{Columns, Sum, list, middle, sum};

/// The states of a month in the ledger: its rows may be on their way; they are counted, and may have arrived; they have.
pub const MOVING_STATE: &str = "moving";
/// See [`MOVING_STATE`].
pub const LANDING_STATE: &str = "landing";
/// See [`MOVING_STATE`].
pub const DONE_STATE: &str = "done";

const REASONS: &str = "SELECT reason, COUNT(*) FROM appointments_staying GROUP BY reason";
const MOVING_ROWS: &str = "SELECT COUNT(*) FROM appointments_moving";

const ON_ITS_WAY: &str = "the month is whole in `appointments_moving`, and `appointments_all` shows it: take the others out of the partition, then run again";

/// How many keys are turned in a transaction.
const KEYS_A_BATCH: u64 = 5000;

/// Exchanges months on one connection, and counts on a second.
pub struct Exchange<'a, F> {
    /// The columns of all three tables.
    pub columns: &'a Columns,
    /// Prepared by [`super::observe::prepare`].
    pub conn: &'a mut MySqlConnection,
    /// So is this: it counts one half of a month while the other counts the other.
    pub second: &'a mut MySqlConnection,
    /// How statements wait.
    pub patience: Patience,
    /// Hears of waits.
    pub on_event: F,
}

/// A month that has gone.
#[derive(Debug, Clone)]
pub struct Gone {
    /// What went.
    pub sum: Sum,
    /// What stayed, by reason.
    pub stays: Stays,
    /// How long writers were kept out.
    pub locked: Duration,
}

impl<F: FnMut(Event)> Exchange<'_, F> {
    /// Archives a month. Errors: before the first exchange nothing has happened, and after it the next run goes on.
    pub async fn month(&mut self, selection: &Selection, content: &Content, run: &Run) -> Result<Gone, ArchiveError> {
        definition::same(self.conn, ARCHIVE).await?;
        definition::same(self.conn, MOVING).await?;
        let partition = &content.partition;
        if self.is_on_its_way().await? {
            return Err(ArchiveError::Strangers);
        }
        self.clear().await?;
        self.try_out(partition).await?;
        let rules = Rules { status: &selection.status, holds: true, archive: None };
        let reason = stays::case(&dated(content, selection, stays::all(&rules)));
        self.execute(&format!(
            "INSERT INTO {STAYING} (id, reason) SELECT id, reason FROM (
                 SELECT a.id, {reason} AS reason FROM {LIVE} PARTITION ({partition}) a) r WHERE reason IS NOT NULL"
        ))
        .await?;
        run.set_state(self.conn, partition.as_str(), "archive", MOVING_STATE).await?;
        crash_point();
        let begun = self.lock().await?;
        let away = self.away(selection, content).await;
        let unlocked = self.unlock().await;
        let locked = begun.elapsed();
        away?;
        unlocked?;
        crash_point();
        let failed = |error: sqlx::Error| DbError::new(format!("could not read table `{STAYING}`"), &error);
        let stays = by_reason(self.conn, REASONS.to_owned()).await.map_err(failed)?;
        let sum = self.land(partition, run).await?;
        Ok(Gone { sum, stays, locked })
    }

    /// Empties what a month goes through. Anew, not by DELETE: a transaction with an older snapshot then gets an error (1412)
    /// where it would miss the rows that stay.
    async fn clear(&mut self) -> Result<(), ArchiveError> {
        self.ddl(&format!("TRUNCATE TABLE {MOVING}")).await?;
        self.execute(&format!("DELETE FROM {STAYING}")).await?;
        Ok(())
    }

    /// Exchanges the archive's empty partition with the empty table, so that what the second exchange would be refused for shows
    /// before the first.
    async fn try_out(&mut self, partition: &Ident) -> Result<(), ArchiveError> {
        self.enter_archive(partition, "run again: its rows then go in batches").await?;
        self.ddl(&format!("TRUNCATE TABLE {MOVING}")).await
    }

    /// Exchanges what is in between with the archive's partition, which is seen to be empty under the lock: rows of it would be
    /// swapped out of the archive.
    async fn enter_archive(&mut self, partition: &Ident, cure: &'static str) -> Result<(), ArchiveError> {
        self.lock_tables(&format!("{ARCHIVE} WRITE, {MOVING} WRITE")).await?;
        let exchanged = match self.exists(&format!("{ARCHIVE} PARTITION ({partition})")).await {
            Ok(false) => self.exchange(ARCHIVE, partition).await,
            Ok(true) => Err(ArchiveError::Occupied { partition: partition.as_str().to_owned(), cure }),
            Err(error) => Err(error),
        };
        let unlocked = self.unlock().await;
        exchanged?;
        unlocked
    }

    /// Keeps writers out. The tables of the triggers are locked along by the server; an alias needs a lock of its own.
    async fn lock(&mut self) -> Result<Instant, ArchiveError> {
        let tables = format!(
            "{LIVE} WRITE, {LIVE} AS a WRITE, {MOVING} WRITE, {STAYING} WRITE, {STAYING} AS s WRITE, caredb_holds AS h READ"
        );
        self.lock_tables(&tables).await?;
        Ok(Instant::now())
    }

    /// Takes locks that others wait for. Where this process stops, or its host is gone, the server frees them soon.
    async fn lock_tables(&mut self, tables: &str) -> Result<(), ArchiveError> {
        self.execute(SOON).await?;
        self.ddl(&format!("LOCK TABLES {tables}")).await
    }

    async fn unlock(&mut self) -> Result<(), ArchiveError> {
        let unlocked = sqlx::raw_sql("UNLOCK TABLES").execute(&mut *self.conn).await;
        unlocked.map_err(|error| DbError::new("could not unlock the tables", &error))?;
        self.execute(NOT_SOON).await
    }

    /// Under the lock: looks again at the rows themselves and at the holds, copies what stays, and exchanges.
    async fn away(&mut self, selection: &Selection, content: &Content) -> Result<(), ArchiveError> {
        let partition = &content.partition;
        let rules = Rules { status: &selection.status, holds: true, archive: None };
        let own = stays::case(&dated(content, selection, stays::own(&rules)));
        let from = format!("{LIVE} PARTITION ({partition}) a");
        self.execute(&format!(
            "INSERT IGNORE INTO {STAYING} (id, reason) SELECT a.id, {own} FROM {from} WHERE {own} IS NOT NULL"
        ))
        .await?;
        for held in ["h.patient_id = a.patient_id", "h.appointment_id = a.id"] {
            self.execute(&format!(
                "INSERT IGNORE INTO {STAYING} (id, reason)
                 SELECT a.id, 'hold' FROM caredb_holds h JOIN {from} ON {held} WHERE {}",
                hold::IN_FORCE
            ))
            .await?;
        }
        crash_point();
        self.execute(&format!(
            "INSERT INTO {MOVING} ({}) SELECT {} FROM {STAYING} s STRAIGHT_JOIN {from} ON a.id = s.id",
            self.columns.list(),
            self.columns.list_of("a")
        ))
        .await?;
        crash_point();
        self.exchange(LIVE, partition).await?;
        crash_point();
        Ok(())
    }

    async fn exchange(&mut self, table: &'static str, partition: &Ident) -> Result<(), ArchiveError> {
        // both partitions have the same bounds, so no row needs a look
        self.ddl(&format!("ALTER TABLE {table} EXCHANGE PARTITION {partition} WITH TABLE {MOVING} WITHOUT VALIDATION"))
            .await
    }

    /// From the first exchange to the end: what stayed is deleted from the month, the month is counted, exchanged into the
    /// archive, counted again, and its keys are turned. May be begun again wherever it ended.
    async fn land(&mut self, partition: &Ident, run: &Run) -> Result<Sum, ArchiveError> {
        self.execute(&format!("DELETE m FROM {MOVING} m JOIN {STAYING} s ON s.id = m.id")).await?;
        crash_point();
        let before = self.count().await?;
        self.landing(partition, run, before).await?;
        crash_point();
        self.enter_archive(partition, ON_ITS_WAY).await?;
        crash_point();
        self.landed(partition, run, before).await?;
        Ok(before)
    }

    /// Writes what is about to arrive.
    async fn landing(&mut self, partition: &Ident, run: &Run, sum: Sum) -> Result<(), ArchiveError> {
        in_transaction(self.conn, "could not record what is archived", async |conn| {
            run.record(conn, "archive", partition.as_str(), sum.rows, sum.checksum, 0).await?;
            run.set_state(conn, partition.as_str(), "archive", LANDING_STATE).await?;
            Ok(Some(()))
        })
        .await
    }

    /// After the second exchange.
    async fn landed(&mut self, partition: &Ident, run: &Run, before: Sum) -> Result<(), ArchiveError> {
        let from = format!("{ARCHIVE} PARTITION ({partition})");
        let (low, high) = halves(self.conn, &from, before.rows).await?;
        let Self { conn, second, columns, .. } = self;
        // both to their end, whatever becomes of the other: a statement is not cut off
        let (low, high) = tokio::join!(arrive(conn, &from, columns, &low), arrive(second, &from, columns, &high));
        let ((mut after, turned), (high, turned_high)) = (low?, high?);
        after += high;
        let turned = turned + turned_high;
        if after != before {
            return Err(ArchiveError::Mismatch {
                what: format!("rows of partition `{}`", partition.as_str()),
                before: before.to_string(),
                after: after.to_string(),
                state: "all of them are in `appointments_archive`, and `caredb archive verify` looks at them one by one",
            });
        }
        if turned != after.rows {
            return Err(ArchiveError::Mismatch {
                what: format!("rows and keys of partition `{}`", partition.as_str()),
                before: format!("{} rows", after.rows),
                after: format!("{turned} keys"),
                state: "all rows are in `appointments_archive`, and `caredb archive verify` names those without a key",
            });
        }
        run.set_state(self.conn, partition.as_str(), "archive", DONE_STATE).await?;
        self.execute(&format!("DELETE FROM {STAYING}")).await?;
        Ok(())
    }

    /// Goes on with a month that a killed run left on its way. Returns what arrived; none where nothing had left.
    pub async fn resume(
        &mut self,
        partition: &Ident,
        (state, recorded): (&str, Sum),
        run: &Run,
    ) -> Result<Option<Sum>, ArchiveError> {
        let away = self.is_on_its_way().await?;
        if away && state == MOVING_STATE {
            return self.land(partition, run).await.map(Some);
        }
        if state == LANDING_STATE {
            if away {
                // counted, and not exchanged
                self.enter_archive(partition, ON_ITS_WAY).await?;
            }
            self.landed(partition, run, recorded).await?;
            return Ok(Some(recorded));
        }
        // nothing has left: what is in between are copies
        self.clear().await?;
        run.set_state(self.conn, partition.as_str(), "archive", DONE_STATE).await?;
        Ok(None)
    }

    /// Counts what is on its way, by both connections, each a half of the ids.
    async fn count(&mut self) -> Result<Sum, ArchiveError> {
        let failed = |error: sqlx::Error| DbError::new(format!("could not count table `{MOVING}`"), &error);
        let rows: i64 = sqlx::query_scalar(MOVING_ROWS).fetch_one(&mut *self.conn).await.map_err(failed)?;
        let (low, high) = halves(self.conn, MOVING, rows.unsigned_abs()).await?;
        let (low, high) =
            tokio::join!(sum(self.conn, MOVING, self.columns, &low), sum(self.second, MOVING, self.columns, &high));
        let mut all = low.map_err(failed)?;
        all += high.map_err(failed)?;
        Ok(all)
    }

    /// Whether a row has left `appointments` and is in between: what stays is there as copies alone.
    async fn is_on_its_way(&mut self) -> Result<bool, ArchiveError> {
        self.exists(&format!("{MOVING} m WHERE NOT EXISTS (SELECT 1 FROM {STAYING} s WHERE s.id = m.id)")).await
    }

    async fn exists(&mut self, what: &str) -> Result<bool, ArchiveError> {
        let sql = format!("SELECT 1 FROM {what} LIMIT 1");
        let found = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(&mut *self.conn).await;
        Ok(found.map_err(|error| DbError::new("could not look into the tables of a month", &error))?.is_some())
    }

    async fn execute(&mut self, sql: &str) -> Result<(), ArchiveError> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.conn).await;
        done.map(drop).map_err(|error| DbError::new("could not move a month", &error).into())
    }

    /// A statement that waits for the table's users, briefly, and tries again.
    async fn ddl(&mut self, sql: &str) -> Result<(), ArchiveError> {
        let done = run_ddl(self.conn, "moving a month", sql, &mut self.patience, &mut self.on_event).await;
        done.map_err(|error| {
            // that the definitions are the same has been seen
            if server_error(&error).is_some_and(|(number, _)| number == 1731) {
                return ArchiveError::Instant;
            }
            let failed = DbError::new("could not move a month", &error).naming_privilege(sql);
            match self.patience.in_the_way.take() {
                Some(cure) => ArchiveError::Blocked(failed.with_cure(cure)),
                None => failed.into(),
            }
        })
    }
}

/// Reasons with one before them: rows that were not there when the month was planned, of another one (the first partition
/// takes all that is older) or too young.
fn dated(content: &Content, selection: &Selection, mut reasons: Vec<Reason>) -> Vec<Reason> {
    let next = content.month.next().map(Month::first_day).into_iter();
    let end = next.chain([selection.cut_off.to_string()]).min().unwrap_or_default();
    let first = content.month.first_day();
    reasons.insert(0, ("date", format!("NOT (a.appointment_date >= '{first}' AND a.appointment_date < '{end}')")));
    reasons
}

/// Two conditions on ids that halve so many rows.
async fn halves(conn: &mut MySqlConnection, from: &str, rows: u64) -> Result<(String, String), DbError> {
    let middle = middle(conn, from, rows).await;
    let middle = middle.map_err(|error| DbError::new(format!("could not read {from}"), &error))?;
    Ok(match middle.map(|id| list(&[id])) {
        Some(middle) => (format!("id <= {middle}"), format!("id > {middle}")),
        None => ("TRUE".to_owned(), "FALSE".to_owned()),
    })
}

/// Counts what has arrived of some ids, and turns their keys, of which it returns how many there are.
async fn arrive(conn: &mut MySqlConnection, from: &str, columns: &Columns, ids: &str) -> Result<(Sum, u64), DbError> {
    let failed = |error: sqlx::Error| DbError::new(format!("could not count {from}"), &error);
    let sum = sum(conn, from, columns, ids).await.map_err(failed)?;
    Ok((sum, turn_all(conn, from, ids).await?))
}

/// Turns the keys of the archive's rows with some ids. Returns how many there are.
async fn turn_all(conn: &mut MySqlConnection, from: &str, ids: &str) -> Result<u64, DbError> {
    let failed = |error: sqlx::Error| DbError::new(format!("could not turn the keys in table `{KEYS}`"), &error);
    let (mut turned, mut after) = (0, None::<String>);
    loop {
        let mut range = after.map_or(ids.to_owned(), |id| format!("{ids} AND id > {}", list(&[id])));
        let sql = format!("SELECT id FROM {from} WHERE {range} ORDER BY id LIMIT 1 OFFSET {}", KEYS_A_BATCH - 1);
        after = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(&mut *conn).await.map_err(failed)?;
        if let Some(id) = &after {
            range = format!("{range} AND id <= {}", list(std::slice::from_ref(id)));
        }
        let sql = format!(
            "UPDATE {KEYS} k JOIN (SELECT id FROM {from} WHERE {range}) r ON r.id = k.id SET k.archived = TRUE"
        );
        let what = format!("could not turn the keys in table `{KEYS}`");
        turned += in_transaction(conn, &what, async |conn: &mut MySqlConnection| {
            turn(conn, sql.clone()).await.map(Some).map_err(failed)
        })
        .await?;
        if after.is_none() {
            return Ok(turned);
        }
    }
}
