//! Runs a plan, statement by statement, with its journal.
//!
//! A statement that the server may commit by itself is journalled before (begun) and after (done); the done of
//! one and the begun of the next are one commit, and so is a version's row in the history. A statement that
//! changes rows only commits together with its done. So what the journal says is never ahead of the
//! schema, and behind it by one statement at the most.

use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::mysql::MySqlConnection;

use super::classify::Class;
use super::expect;
use super::explain::{statement_error, stopped};
use super::files::Statement;
use super::fingerprint::{self, Fingerprint};
use super::journal::{self, Direction, State};
use super::plan::{Observed, Plan, Step};
use super::session::FileSession;
use super::{history, settle};
use crate::db::connect::Session;
use crate::db::crash::crash_point;
use crate::db::ddl::{self, Patience, run_ddl};
use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;
use crate::db::lock::{self, Holder, LockError};
use crate::db::split::{Token, tokens};
use crate::output::{Event, ms};

/// Why a plan was not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The server refused a statement.
    #[error("{error}; {applied}")]
    Statement {
        /// File, line, statement, and what the server said.
        error: DbError,
        /// What is in the database now.
        applied: String,
    },
    /// Rows are in the way that the file expects not to be there.
    #[error("{error}; {applied}")]
    Refused {
        /// File, line, statement, and the rows.
        error: DbError,
        /// What is in the database now.
        applied: String,
    },
    /// The journal or the history could not be written.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Reads what the database says of its migrations. Writes nothing.
pub async fn observe(conn: &mut MySqlConnection) -> Result<Observed, DbError> {
    Ok(Observed { history: history::read(conn).await?, journal: journal::read(conn).await? })
}

/// Makes this run the only one that migrates the database, for as long as the connection lives. Flyway's own
/// lock is taken, too, so that the two never run at once.
pub async fn lock(
    session: &mut Session,
    timeout: Duration,
    on_wait: impl FnMut(&str, &Holder),
) -> Result<(), LockError> {
    let locks = [lock::name("migrate", &session.database), history::flyway_lock(&session.database)];
    lock::acquire(&mut session.conn, &locks, timeout, on_wait).await
}

/// What has happened and is not in the journal yet; written in one commit with the next intent.
#[derive(Default)]
struct Unwritten<'a> {
    done: Vec<(journal::Row<'a>, u64)>,
    finished: Option<Finished<'a>>,
}

/// A step whose last statement is done.
struct Finished<'a> {
    direction: Direction,
    step: &'a Step<'a>,
    duration_ms: u64,
}

impl Finished<'_> {
    /// Puts the version into the history, or takes it out.
    async fn write(&self, conn: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let step = self.step;
        for &rank in &step.replaces {
            history::delete(conn, rank).await?;
        }
        if step.done > 0 || step.undoes_part.is_some() {
            // a file that goes on may have been shortened
            journal::trim(conn, step.version, step.attempt, step.script.statements.len()).await?;
        }
        match self.direction {
            Direction::Up => history::insert(conn, step.version, step.script, self.duration_ms, true).await,
            Direction::Down => Ok(()),
        }
    }

    fn event(&self) -> Event {
        Event::Migration {
            direction: self.direction,
            version: self.step.label(),
            description: self.step.script.description.clone(),
            statements: self.step.script.statements.len() - self.step.done,
            duration_ms: self.duration_ms,
        }
    }
}

/// Runs the plan; the lock must be held. `on_event` hears of each migration once it is in the history.
/// Errors: a statement that the server refuses ends the run; what came before it stays, and the next run
/// goes on there.
pub async fn apply(
    session: &mut Session,
    observed: &Observed,
    plan: &Plan<'_>,
    patience: Patience,
    on_event: impl FnMut(Event),
) -> Result<(), ApplyError> {
    let conn = &mut session.conn;
    if observed.history.is_none() {
        history::create(conn).await?;
    }
    crash_point();
    if observed.journal.is_none() {
        journal::create(conn).await?;
    }
    ddl::limit_waits(conn).await?;
    let home = session.database.clone();
    let mut run = Run { conn, home, plan, unwritten: Unwritten::default(), unsafe_tables: None, patience, on_event };
    if plan.direction == Direction::Down {
        run.look_ahead().await?;
    }
    for index in 0..plan.steps.len() {
        run.step(index).await?;
    }
    run.write(None).await?;
    Ok(())
}

/// A plan on its way.
struct Run<'a, F> {
    conn: &'a mut MySqlConnection,
    /// The database of the journal and the history.
    home: Ident,
    plan: &'a Plan<'a>,
    unwritten: Unwritten<'a>,
    /// Tables that take no part in transactions; asked for anew after each change of the schema.
    unsafe_tables: Option<Vec<(String, String)>>,
    /// How to run DDL.
    patience: Patience,
    on_event: F,
}

impl<'a, F: FnMut(Event)> Run<'a, F> {
    /// Asks, before anything is rolled back, the queries that the U files begin with: what would be refused half-way, with the views
    /// of R files dropped already, is refused now. A query that can't be asked yet is asked in its turn.
    async fn look_ahead(&mut self) -> Result<(), ApplyError> {
        for step in self.plan.steps.iter().filter(|step| step.done == 0) {
            let first = step.script.statements.iter().take_while(|statement| statement.expects.is_some());
            for (number, statement) in first.enumerate() {
                if let Err(error) = expect::run(self.conn, statement).await
                    && expect::Unexpected::of(&error).is_some()
                {
                    let error = statement_error(step.script, number, &error);
                    return Err(ApplyError::Refused { error, applied: "nothing was rolled back".to_owned() });
                }
            }
        }
        Ok(())
    }

    /// Runs the statements of one file that have not run yet.
    async fn step(&mut self, index: usize) -> Result<(), ApplyError> {
        let step = &self.plan.steps[index];
        let statements = &step.script.statements;
        let mut file = FileSession::replay(self.conn, &self.home, &statements[..step.done]).await?;
        if self.plan.direction == Direction::Down && step.label().is_none() {
            // from here on until its rows are gone, an R file is neither applied nor pending: `migrate` and
            // `rollback` begin it anew, and Flyway waits
            for &rank in &step.replaces {
                history::fail(self.conn, rank).await.map_err(|error| journal_error(&error))?;
            }
        }
        // until it is proved, the rollback of a part counts one statement more than its file has
        let total = statements.len() + usize::from(step.undoes_part.is_some());
        let mut duration_ms = 0;
        for (number, statement) in statements.iter().enumerate().skip(step.done) {
            let (version, attempt, direction) = (step.version, step.attempt, self.plan.direction);
            let row = journal::Row {
                version,
                attempt,
                direction,
                script: step.script,
                statement: number,
                statements: total,
                fingerprint: None,
            };
            let begun = Instant::now();
            let result = self.statement(&mut file, step, row, duration_ms).await;
            let ms = ms(begun.elapsed());
            let result = match result {
                Err(error) if step.undoes_part.is_some() && is_absent(statement, &error) => {
                    // what this statement undoes never came to be
                    file.leave(self.conn, &self.home).await.map_err(|error| journal_error(&error))?;
                    self.unwritten.done.push((row, ms));
                    Ok(())
                }
                result => result,
            };
            if let Err(error) = result {
                // where the connection is gone, so is the chance to write; the journal still says "begun"
                // what a CALL had done before it failed is not known, so it stays "begun", too
                if server_error(&error).is_some_and(|(number, _)| !may_leave_a_part(statement, number)) {
                    let _ = file.leave(self.conn, &self.home).await;
                    self.write(Some((row, State::Failed, Some(ms)))).await?;
                    record_failure(self.conn, direction, step, duration_ms + ms).await?;
                } else {
                    // what had run before is written where it can be; what it can't, the next run decides
                    let _ = self.write(None).await;
                }
                let in_the_way = self.patience.in_the_way.take();
                return Err(stopped(self.plan, index, number, &error, in_the_way));
            }
            crash_point();
            duration_ms += ms;
        }
        if let Some(part) = step.undoes_part {
            self.prove_undone(step, part).await?;
            self.unwritten.finished = Some(Finished { direction: self.plan.direction, step, duration_ms });
        }
        if step.done == statements.len() && step.undoes_part.is_none() {
            // all of it had run, and the run ended before the history said so
            self.write(None).await?;
            self.unwritten.finished = Some(Finished { direction: self.plan.direction, step, duration_ms });
        }
        file.restore(self.conn).await?;
        Ok(())
    }

    /// Compares the objects that a part touched with what they were before it. Errors: one differs; the rollback stays open.
    async fn prove_undone(&mut self, step: &'a Step<'a>, part: i32) -> Result<(), ApplyError> {
        for before in journal::first_seen(self.conn, step.version, part).await? {
            let before = Fingerprint(vec![before]);
            let now = fingerprint::read_again(self.conn, &before).await?;
            if before.defines_the_same(&now) {
                continue;
            }
            self.write(None).await?;
            let what = format!("`{}` ran, but version {} was applied in part", step.script.name, step.version);
            let reason = format!("{} `{}` is not what it was before", before.0[0].kind.sql(), before.0[0].name);
            let cure = format!(
                "undo the rest by hand and say `caredb rollback --to {}` again\n{}",
                self.plan.to,
                settle::both(&before, &now)
            );
            return Err(DbError::because(what, reason).with_cure(cure).into());
        }
        Ok(())
    }

    /// Runs one statement with its journal; `before_ms` is what those before it in the file took.
    async fn statement(
        &mut self,
        file: &mut FileSession,
        step: &'a Step<'a>,
        row: journal::Row<'a>,
        before_ms: u64,
    ) -> Result<(), sqlx::Error> {
        let statement = &row.script.statements[row.statement];
        // the rollback of a part ends with its proof, see `prove_undone`
        let is_last = row.statement + 1 == row.script.statements.len() && step.undoes_part.is_none();
        let finished = |ms| is_last.then(|| Finished { direction: row.direction, step, duration_ms: before_ms + ms });
        let begun = Instant::now();
        match &statement.class {
            Class::Rows => return self.rows_with_retries(file, row, finished).await,
            // nothing is left of it after a crash, so nothing needs to be known before it
            Class::Session(change) => file.run(self.conn, &self.home, change, &statement.text).await?,
            Class::Schema(change) => {
                let before = fingerprint::read(self.conn, file.database(&self.home), change).await;
                let before = before.map_err(|error| sqlx::Error::Configuration(error.into()))?;
                self.run(file, journal::Row { fingerprint: Some(&before), ..row }).await?;
            }
            Class::Repeatable | Class::Opaque => self.run(file, row).await?,
        }
        let ms = ms(begun.elapsed());
        self.unwritten.done.push((row, ms));
        self.unwritten.finished = finished(ms);
        Ok(())
    }

    /// Runs a statement that the server may commit by itself, after its intent.
    async fn run(&mut self, file: &FileSession, row: journal::Row<'_>) -> Result<(), sqlx::Error> {
        crash_point();
        self.commit(Some((row, State::Begun, None))).await?;
        crash_point();
        file.enter(self.conn).await?;
        let (statements, number) = (&row.script.statements, row.statement);
        let place = format!("{}, statement {} of {}", row.script.name, number + 1, statements.len());
        run_ddl(self.conn, &place, &statements[number].text, &mut self.patience, &mut self.on_event).await?;
        file.leave(self.conn, &self.home).await?;
        self.unsafe_tables = None;
        Ok(())
    }

    /// Runs a statement that changes rows only, again where another transaction stood in its way: it was rolled back whole.
    async fn rows_with_retries(
        &mut self,
        file: &FileSession,
        row: journal::Row<'a>,
        finished: impl Fn(u64) -> Option<Finished<'a>>,
    ) -> Result<(), sqlx::Error> {
        let mut pause = Duration::from_millis(100);
        for _ in 0..ROW_RETRIES {
            match self.rows(file, row, &finished).await {
                Err(error) if server_error(&error).is_some_and(|(number, _)| matches!(number, 1205 | 1213)) => {
                    file.leave(self.conn, &self.home).await?;
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                result => return result,
            }
        }
        self.rows(file, row, finished).await
    }

    /// Runs a statement that changes rows only, in one transaction with its journal row, and with the row of the
    /// history where `finished` says, given the statement's milliseconds, that it is the file's last.
    async fn rows(
        &mut self,
        file: &FileSession,
        row: journal::Row<'a>,
        finished: impl FnOnce(u64) -> Option<Finished<'a>>,
    ) -> Result<(), sqlx::Error> {
        // what came before must not wait for a long statement to be seen
        if self.unwritten.finished.is_some() {
            self.commit(None).await?;
        }
        let statement = &row.script.statements[row.statement];
        self.refuse_unsafe_tables(file, statement).await?;
        file.enter(self.conn).await?;
        let begun = Instant::now();
        let mut transaction = self.conn.begin().await?;
        expect::run(&mut transaction, statement).await?;
        let ms = ms(begun.elapsed());
        file.leave(&mut transaction, &self.home).await?;
        write_unwritten(&mut transaction, &self.unwritten).await?;
        journal::write(&mut transaction, row, State::Done, Some(ms)).await?;
        let finished = finished(ms);
        if let Some(finished) = &finished {
            finished.write(&mut transaction).await?;
        }
        crash_point();
        transaction.commit().await?;
        self.settle();
        if let Some(finished) = finished {
            (self.on_event)(finished.event());
        }
        Ok(())
    }

    /// A table without transactions would keep its changes where the journal row is rolled back.
    async fn refuse_unsafe_tables(&mut self, file: &FileSession, statement: &Statement) -> Result<(), sqlx::Error> {
        let tables = match &self.unsafe_tables {
            Some(tables) => tables,
            None => self.unsafe_tables.insert(sqlx::query_as(UNSAFE_TABLES).fetch_all(&mut *self.conn).await?),
        };
        let words = tokens(&statement.text).unwrap_or_default();
        let is_named = |name: &str| {
            words.iter().any(|token| {
                matches!(token, Token::Word(word) | Token::Quoted(word) if word.trim_matches('`').eq_ignore_ascii_case(name))
            })
        };
        let here = file.database(&self.home).as_str();
        let is_meant =
            |(database, table): &&(String, String)| is_named(table) && (database == here || is_named(database));
        match tables.iter().find(is_meant) {
            Some((_, table)) => Err(sqlx::Error::Configuration(
                format!("table `{table}` has an engine without transactions, so its rows can't change together with the journal; make it InnoDB first").into(),
            )),
            None => Ok(()),
        }
    }

    /// Commits all that is unwritten together with `next`, the state of one more statement.
    async fn write(&mut self, next: Option<(journal::Row<'_>, State, Option<u64>)>) -> Result<(), DbError> {
        self.commit(next).await.map_err(|error| journal_error(&error))
    }

    async fn commit(&mut self, next: Option<(journal::Row<'_>, State, Option<u64>)>) -> Result<(), sqlx::Error> {
        let mut transaction = self.conn.begin().await?;
        write_unwritten(&mut transaction, &self.unwritten).await?;
        if let Some((row, state, ms)) = next {
            journal::write(&mut transaction, row, state, ms).await?;
        }
        transaction.commit().await?;
        self.settle();
        Ok(())
    }

    /// After a commit: what was unwritten is written.
    fn settle(&mut self) {
        if let Some(finished) = std::mem::take(&mut self.unwritten).finished {
            (self.on_event)(finished.event());
        }
    }
}

/// How often a statement that changes rows is tried again after a deadlock or a lock wait time-out.
const ROW_RETRIES: u32 = 3;

const UNSAFE_TABLES: &str = "
    SELECT CONVERT(TABLE_SCHEMA USING utf8mb4), CONVERT(TABLE_NAME USING utf8mb4) FROM information_schema.TABLES
    WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
      AND TABLE_TYPE = 'BASE TABLE' AND ENGINE NOT IN ('InnoDB', 'ndbcluster')";

/// Whether a failure with this error may leave a part of the statement behind. A syntax error does not, unless it is of a text
/// inside a program that was called.
fn may_leave_a_part(statement: &Statement, error: u16) -> bool {
    let called = statement
        .text
        .split_whitespace()
        .next()
        .is_some_and(|word| ["CALL", "EXECUTE"].iter().any(|call| word.eq_ignore_ascii_case(call)));
    match &statement.class {
        Class::Schema(change) if change.declared => called || error != 1064,
        Class::Opaque => called || error != 1064,
        _ => false,
    }
}

/// Whether a statement failed because what it takes away is not there. A statement that takes away several things and misses one
/// may have left the others, so it does not count.
fn is_absent(statement: &Statement, error: &sqlx::Error) -> bool {
    // unknown table; no such column, key, CHECK, constraint to drop; no such table, trigger, routine, event
    const ABSENT: [u16; 8] = [1051, 1091, 3821, 3940, 1146, 1360, 1305, 1539];
    let one = !matches!(&statement.class, Class::Schema(change) if change.targets.len() > 1);
    one && server_error(error).is_some_and(|(number, _)| ABSENT.contains(&number))
}

fn journal_error(error: &sqlx::Error) -> DbError {
    DbError::new("could not write the statement journal", error)
}

async fn write_unwritten(conn: &mut MySqlConnection, unwritten: &Unwritten<'_>) -> Result<(), sqlx::Error> {
    for (row, ms) in &unwritten.done {
        journal::write(conn, *row, State::Done, Some(*ms)).await?;
    }
    match &unwritten.finished {
        Some(finished) => finished.write(conn).await,
        None => Ok(()),
    }
}

/// A failed V file gets its row in the history as Flyway writes it, so that Flyway stops there, too.
async fn record_failure(
    conn: &mut MySqlConnection,
    direction: Direction,
    step: &Step<'_>,
    duration_ms: u64,
) -> Result<(), DbError> {
    if direction == Direction::Up && step.replaces.is_empty() {
        let inserted = history::insert(conn, step.version, step.script, duration_ms, false).await;
        inserted.map_err(|error| journal_error(&error))?;
    }
    Ok(())
}
