//! Loads what is generated, table by table, over two connections: for each, a thread makes text ahead of what the server
//! takes. Units are dealt to the connections in turn, always the same way, and each commits in order.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;
use tokio::sync::mpsc;

use super::Clinic;
use super::checkpoint::{self, Part, Run, WORKERS};
use super::rows::{Rows, TABLES, Table};
use crate::db::bulk;
use crate::db::connect::{ConnectError, Session, connect};
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::lock::{self, Holder, LockError};
use crate::db::progress::left_s;
use crate::output::{Event, ms};

/// How many rows a batch has, about.
const ROWS_A_BATCH: u64 = 1000;
/// How many rows are committed together, about: a commit waits for the disk twice, on a busy one as long as for a batch.
const ROWS_A_COMMIT: u64 = 8000;
/// How many rows a statement has at the most.
const ROWS_A_STATEMENT: usize = 1500;
/// How much text a batch has, about, at the most.
const BYTES_A_BATCH: usize = 1 << 20;
/// How many batches a thread is ahead.
const BATCHES_AHEAD: usize = 2;

/// Why a run ended early. All that is committed stays, and `--resume` goes on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No connection for a worker.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A worker of another run is still at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What the server refuses.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A mistake in the generator.
    #[error("the generator stopped in table `{0}`; this is a mistake in caredb, please report it")]
    Stopped(&'static str),
}

/// What a run has made of a table.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Loaded {
    /// The table.
    pub table: &'static str,
    /// Its rows, with those of a run that this one went on with.
    pub rows: u64,
    /// How long this run worked on it.
    pub seconds: f64,
    /// Rows that this run made, by that time.
    pub rows_per_s: u64,
}

/// Loads what is missing of a run. Returns what there is of each table, and the checksum.
pub async fn load(
    session: &mut Session,
    clinic: Arc<Clinic>,
    run: &Run,
    lock_timeout: Duration,
    on_event: impl FnMut(Event),
) -> Result<(Vec<Loaded>, String), LoadError> {
    let on_event = RefCell::new(on_event);
    let mut workers = Vec::new();
    for number in 0..WORKERS {
        workers.push(open(session, number, lock_timeout, |event| (on_event.borrow_mut())(event)).await?);
    }
    let mut loaded = Vec::new();
    let mut checksum = 0_u128;
    for table in TABLES {
        let parts = checkpoint::parts(&mut session.conn, run.id, table.name()).await?;
        let progress = Progress::new(table, &clinic, &parts, &on_event);
        let work = workers.iter_mut().zip(&parts).enumerate().map(|(number, (conn, part))| {
            let worker =
                Worker { clinic: &clinic, run: run.id, table, number: number as u64, conn, progress: &progress };
            worker.work(*part)
        });
        let parts = futures_util::future::try_join_all(work).await?;
        checksum = parts.iter().fold(checksum, |sum, part| sum.wrapping_add(part.checksum));
        loaded.push(progress.end());
    }
    let checksum = checkpoint::hex(checksum);
    checkpoint::end(&mut session.conn, run.id, &checksum).await?;
    Ok((loaded, checksum))
}

/// A worker's connection. Its lock dies with it, but not before the server has ended its last statement: so once this run has
/// the lock, no batch of a killed run is under way.
async fn open(
    session: &Session,
    number: u64,
    lock_timeout: Duration,
    mut on_event: impl FnMut(Event),
) -> Result<MySqlConnection, LoadError> {
    let mut conn = connect(&session.target).await?.conn;
    let locks = [lock::name(&format!("seed worker {number}"), &session.database)];
    let on_wait = |lock: &str, holder: &Holder| {
        on_event(Event::Waiting { lock: lock.to_owned(), holder: holder.to_string() });
    };
    lock::acquire(&mut conn, &locks, lock_timeout, on_wait).await?;
    bulk::prepare(&mut conn).await?;
    Ok(conn)
}

/// Rows that are sent together: whole units.
struct Batch {
    statements: Vec<String>,
    part: Part,
    units: u64,
    rows: u64,
}

/// Makes the batches of a worker from a part on. Ends early where nobody takes them any more.
fn generate(clinic: &Clinic, table: Table, mut part: Part, batches: &mpsc::Sender<Batch>) {
    let units = table.units(clinic);
    let head = format!("INSERT INTO {} ({}) VALUES ", table.name(), table.columns());
    let mut rows = Rows::default();
    while part.next < units {
        let mut batch = Batch { statements: Vec::new(), part, units: 0, rows: 0 };
        let (mut bytes, mut room) = (0, 0);
        while part.next < units && batch.rows < ROWS_A_BATCH && bytes < BYTES_A_BATCH {
            rows.clear();
            table.write(clinic, part.next, &mut rows);
            part.checksum = part.checksum.wrapping_add(digest(table, part.next, rows.text()));
            bytes += rows.text().len();
            let first = if room == 0 { ROWS_A_STATEMENT } else { room };
            for (text, number) in rows.pieces(first, ROWS_A_STATEMENT) {
                if let Some(statement) = batch.statements.last_mut().filter(|_| room > 0) {
                    statement.push(',');
                    statement.push_str(text);
                } else {
                    batch.statements.push(format!("{head}{text}"));
                    room = ROWS_A_STATEMENT;
                }
                room -= number;
            }
            batch.rows += rows.count() as u64;
            batch.units += 1;
            part.rows += rows.count() as u64;
            part.next += WORKERS;
        }
        batch.part = part;
        if batches.blocking_send(batch).is_err() {
            return;
        }
    }
}

/// What a unit adds to the checksum: a part of the SHA-256 of its rows. Sums do not ask for an order, so it is the same
/// however rows were batched and whoever loaded them.
fn digest(table: Table, unit: u64, text: &str) -> u128 {
    let mut hash = Sha256::new();
    hash.update(table.name());
    hash.update(unit.to_le_bytes());
    hash.update(text);
    let hash = hash.finalize();
    hash.iter().take(16).fold(0, |sum, &byte| sum << 8 | u128::from(byte))
}

/// Deadlock, lock wait timeout: the transaction may be tried again.
const TRY_AGAIN: [u16; 2] = [1205, 1213];
const TRIES: u32 = 5;

struct Worker<'a, F> {
    clinic: &'a Arc<Clinic>,
    run: u64,
    table: Table,
    number: u64,
    conn: &'a mut MySqlConnection,
    progress: &'a Progress<'a, F>,
}

impl<F: FnMut(Event)> Worker<'_, F> {
    /// Loads the rest of a part, and returns what it is then.
    async fn work(mut self, part: Part) -> Result<Part, LoadError> {
        let (sender, mut batches) = mpsc::channel(BATCHES_AHEAD);
        let (clinic, table) = (Arc::clone(self.clinic), self.table);
        // a thread of its own, since making text keeps a core busy while the server keeps the other
        std::thread::spawn(move || generate(&clinic, table, part, &sender));
        let units = self.table.units(self.clinic);
        let mut done = part;
        let mut open: Vec<Batch> = Vec::new();
        while let Some(batch) = batches.recv().await {
            let (rows, units_done) = (batch.rows, batch.units);
            done = batch.part;
            open.push(batch);
            let sum: u64 = open.iter().map(|batch| batch.rows).sum();
            let commits = sum >= ROWS_A_COMMIT || done.next >= units;
            self.send(&open, commits.then_some(&done)).await?;
            if commits {
                open.clear();
            }
            self.progress.add(rows, units_done);
        }
        // a thread that panics sends no more
        if done.next < units { Err(LoadError::Stopped(self.table.name())) } else { Ok(done) }
    }

    /// Sends the last of the batches that are open, those before it again where the server took them back, and commits where
    /// there is a checkpoint.
    async fn send(&mut self, open: &[Batch], checkpoint: Option<&Part>) -> Result<(), DbError> {
        let mut from = open.len() - 1;
        for attempt in 1.. {
            let Err(error) = self.try_send(open, from, checkpoint).await else { break };
            let failed = DbError::new(format!("could not load table `{}`", self.table.name()), &error);
            match failed.number {
                Some(number) if TRY_AGAIN.contains(&number) && attempt < TRIES => {
                    let undone = sqlx::raw_sql("ROLLBACK").execute(&mut *self.conn).await;
                    undone.map_err(|error| DbError::new("could not roll back", &error))?;
                    from = 0;
                }
                Some(1062) => {
                    return Err(failed.with_cure(
                        "rows of this seed, or of one with the same letters in its keys, are there already: name another `--seed`, or begin anew by `--reset`",
                    ));
                }
                _ => return Err(failed.with_cure("what is committed stays; mend the cause and go on by `--resume`")),
            }
        }
        Ok(())
    }

    async fn try_send(&mut self, open: &[Batch], from: usize, checkpoint: Option<&Part>) -> Result<(), sqlx::Error> {
        if from == 0 {
            crash_point();
            sqlx::raw_sql("START TRANSACTION").execute(&mut *self.conn).await?;
        }
        for statement in open[from..].iter().flat_map(|batch| &batch.statements) {
            sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut *self.conn).await?;
        }
        if let Some(part) = checkpoint {
            crash_point();
            let commit = checkpoint::commit(self.run, self.table.name(), self.number, part);
            sqlx::raw_sql(AssertSqlSafe(commit)).execute(&mut *self.conn).await?;
            crash_point();
        }
        Ok(())
    }
}

/// How far a table is.
struct Progress<'a, F> {
    table: Table,
    units: u64,
    /// Rows that were there when this run took it up.
    rows_before: u64,
    begun: Instant,
    state: RefCell<State>,
    on_event: &'a RefCell<F>,
}

struct State {
    rows: u64,
    units: u64,
    told: Instant,
}

/// How often a bar moves.
const TELL_EVERY: Duration = Duration::from_millis(200);

impl<'a, F: FnMut(Event)> Progress<'a, F> {
    fn new(table: Table, clinic: &Clinic, parts: &[Part], on_event: &'a RefCell<F>) -> Self {
        let units = table.units(clinic);
        let left: u64 = parts.iter().map(|part| units.saturating_sub(part.next).div_ceil(WORKERS)).sum();
        let begun = Instant::now();
        let state = RefCell::new(State { rows: 0, units: 0, told: begun });
        let rows_before = parts.iter().map(|part| part.rows).sum();
        Self { table, units: left, rows_before, begun, state, on_event }
    }

    fn add(&self, rows: u64, units: u64) {
        let mut state = self.state.borrow_mut();
        state.rows += rows;
        state.units += units;
        if state.told.elapsed() < TELL_EVERY {
            return;
        }
        state.told = Instant::now();
        let elapsed = self.begun.elapsed();
        let percent = (state.units * 100 / self.units.max(1)).min(100);
        (self.on_event.borrow_mut())(Event::Progress {
            place: format!(
                "{}, {} rows, {} rows/s",
                self.table.name(),
                self.rows_before + state.rows,
                per_s(state.rows, elapsed)
            ),
            elapsed_s: elapsed.as_secs(),
            percent: Some(percent),
            left_s: left_s(elapsed, percent),
        });
    }

    fn end(&self) -> Loaded {
        let state = self.state.borrow();
        let elapsed = self.begun.elapsed();
        let loaded = Loaded {
            table: self.table.name(),
            rows: self.rows_before + state.rows,
            seconds: elapsed.as_secs_f64(),
            rows_per_s: per_s(state.rows, elapsed),
        };
        (self.on_event.borrow_mut())(Event::Generated {
            table: loaded.table.to_owned(),
            rows: loaded.rows,
            duration_ms: ms(elapsed),
            rows_per_s: loaded.rows_per_s,
        });
        loaded
    }
}

fn per_s(rows: u64, elapsed: Duration) -> u64 {
    let micros = elapsed.as_micros().max(1);
    u64::try_from(u128::from(rows) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::generate::Ids;

    fn clinic(seed: u64) -> Arc<Clinic> {
        let until = "2026-11-01".parse().unwrap();
        Arc::new(Clinic::plan((40, 3, 2), None, (seed, until, Ids::V7)).unwrap())
    }

    /// The checksum of all units, one by one.
    fn whole(clinic: &Clinic) -> u128 {
        let mut sum = 0_u128;
        for table in TABLES {
            for unit in 0..table.units(clinic) {
                let mut rows = Rows::default();
                table.write(clinic, unit, &mut rows);
                sum = sum.wrapping_add(digest(table, unit, rows.text()));
            }
        }
        sum
    }

    #[test]
    fn batches_hold_every_row_once_and_in_order() {
        let clinic = clinic(1);
        let mut sum = 0_u128;
        for table in TABLES {
            for worker in 0..WORKERS {
                let (sender, mut batches) = mpsc::channel(1000);
                generate(&clinic, table, Part { next: worker, rows: 0, checksum: 0 }, &sender);
                drop(sender);
                let (mut rows, mut last) = (0, Part { next: worker, rows: 0, checksum: 0 });
                while let Some(batch) = batches.blocking_recv() {
                    rows += batch.rows;
                    assert!(batch.statements.iter().all(|sql| sql.starts_with("INSERT INTO ") && sql.ends_with(')')));
                    last = batch.part;
                    assert_eq!(last.rows, rows);
                }
                sum = sum.wrapping_add(last.checksum);
            }
        }
        assert_eq!(sum, whole(&clinic));
    }

    #[test]
    fn rows_follow_from_the_parameters() {
        assert_eq!(whole(&clinic(1)), whole(&clinic(1)));
        assert_ne!(whole(&clinic(1)), whole(&clinic(2)));
    }
}
