//! Runs a plan, statement by statement, with its journal.
//!
//! A statement that the server may commit by itself is journalled before (begun) and after (done); the done of
//! one and the begun of the next are one commit, and so is a version's row in the history. A statement that
//! changes rows only commits together with its done. So what the journal says is never ahead of the
//! schema, and behind it by one statement at the most.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sqlx::Connection as _;
use sqlx::mysql::MySqlConnection;

use super::files::Statement;
use super::history;
use super::journal::{self, Direction, State};
use super::plan::{Observed, Plan, Step};
use crate::db::classify::Kind;
use crate::db::connect::Session;
use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;
use crate::db::lock::{self, Holder, LockError};
use crate::output::Event;

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
    let locks = [lock_name(&session.database), history::flyway_lock(&session.database)];
    lock::acquire(&mut session.conn, &locks, timeout, on_wait).await
}

/// A lock's name has 64 characters at the most, a database's name, too: a long one is cut and hashed.
fn lock_name(database: &Ident) -> String {
    let name = format!("caredb migrate {}", database.as_str());
    if name.chars().count() <= 64 {
        return name;
    }
    let cut: String = name.chars().take(55).collect();
    format!("{cut}-{:08x}", crc32fast::hash(name.as_bytes()))
}

/// What has happened and is not in the journal yet; written in one commit with the next intent.
#[derive(Default)]
struct Unwritten<'a> {
    done: Option<(journal::Row<'a>, u64)>,
    finished: Option<Finished<'a>>,
}

/// A step whose last statement is done.
struct Finished<'a> {
    direction: Direction,
    step: &'a Step<'a>,
    duration_ms: u64,
}

impl<'a> Finished<'a> {
    fn new(plan: &'a Plan<'a>, step: &'a Step<'a>, duration_ms: u64) -> Self {
        Self { direction: plan.direction, step, duration_ms }
    }

    /// Puts the version into the history, or takes it out.
    async fn write(&self, conn: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        if let Some(rank) = self.step.replaces {
            history::delete(conn, rank).await?;
        }
        match self.direction {
            Direction::Up => history::insert(conn, self.step.version, self.step.script, self.duration_ms, true).await,
            Direction::Down => Ok(()),
        }
    }

    fn event(&self) -> Event {
        Event::Migration {
            direction: self.direction,
            version: self.step.version,
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
    mut on_event: impl FnMut(Event),
) -> Result<(), ApplyError> {
    let conn = &mut session.conn;
    if observed.history.is_none() {
        history::create(conn).await?;
    }
    if observed.journal.is_none() {
        journal::create(conn).await?;
    }
    let mut unwritten = Unwritten::default();
    for (index, step) in plan.steps.iter().enumerate() {
        let total = step.script.statements.len();
        let mut duration_ms = 0;
        for number in step.done..total {
            let statement = &step.script.statements[number];
            let row = journal::Row {
                version: step.version,
                attempt: step.attempt,
                direction: plan.direction,
                script: step.script,
                statement: number,
            };
            let finish = |ms| (number + 1 == total).then(|| Finished::new(plan, step, duration_ms + ms));
            let begun = Instant::now();
            let result = match statement.kind {
                Kind::Ddl => {
                    write(conn, &mut unwritten, Some((row, State::Begun, None)), &mut on_event).await?;
                    run(conn, statement).await
                }
                Kind::Dml => run_with_journal(conn, &mut unwritten, row, finish, &mut on_event).await,
            };
            let ms = elapsed_ms(begun);
            match result {
                Ok(()) if statement.kind == Kind::Ddl => {
                    unwritten.done = Some((row, ms));
                    unwritten.finished = finish(ms);
                }
                Ok(()) => {}
                Err(error) => {
                    // where the connection is gone, so is the chance to write; the journal still says "begun"
                    if server_error(&error).is_some() {
                        write(conn, &mut unwritten, Some((row, State::Failed, Some(ms))), &mut on_event).await?;
                        record_failure(conn, plan.direction, step, duration_ms + ms).await?;
                    }
                    return Err(statement_error(plan, index, number, &error));
                }
            }
            duration_ms += ms;
        }
    }
    write(conn, &mut unwritten, None, &mut on_event).await?;
    Ok(())
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn journal_error(error: &sqlx::Error) -> DbError {
    DbError::new("could not write the statement journal", error)
}

/// Commits all that is unwritten together with `next`, the state of one more statement.
async fn write(
    conn: &mut MySqlConnection,
    unwritten: &mut Unwritten<'_>,
    next: Option<(journal::Row<'_>, State, Option<u64>)>,
    on_event: &mut impl FnMut(Event),
) -> Result<(), DbError> {
    let mut transaction = conn.begin().await.map_err(|error| journal_error(&error))?;
    let written = async {
        write_unwritten(&mut transaction, unwritten).await?;
        if let Some((row, state, ms)) = next {
            journal::write(&mut transaction, row, state, ms).await?;
        }
        Ok::<_, sqlx::Error>(())
    };
    written.await.map_err(|error| journal_error(&error))?;
    transaction.commit().await.map_err(|error| journal_error(&error))?;
    settle(unwritten, on_event);
    Ok(())
}

async fn write_unwritten(conn: &mut MySqlConnection, unwritten: &Unwritten<'_>) -> Result<(), sqlx::Error> {
    if let Some((row, ms)) = unwritten.done {
        journal::write(conn, row, State::Done, Some(ms)).await?;
    }
    match &unwritten.finished {
        Some(finished) => finished.write(conn).await,
        None => Ok(()),
    }
}

/// After a commit: what was unwritten is written.
fn settle(unwritten: &mut Unwritten<'_>, on_event: &mut impl FnMut(Event)) {
    if let Some(finished) = std::mem::take(unwritten).finished {
        on_event(finished.event());
    }
}

/// Runs a statement that the server may commit by itself; rows that it returns are read and dropped.
async fn run(conn: &mut MySqlConnection, statement: &Statement) -> Result<(), sqlx::Error> {
    // the text is the migration's own
    let mut results = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.text.as_str())).fetch_many(conn);
    while results.try_next().await?.is_some() {}
    Ok(())
}

/// Runs a statement that changes rows only, in one transaction with its journal row, and with the row of the
/// history where `finish` says, given the statement's milliseconds, that it is the file's last.
async fn run_with_journal<'a>(
    conn: &mut MySqlConnection,
    unwritten: &mut Unwritten<'a>,
    row: journal::Row<'_>,
    finish: impl FnOnce(u64) -> Option<Finished<'a>>,
    on_event: &mut impl FnMut(Event),
) -> Result<(), sqlx::Error> {
    let begun = Instant::now();
    let mut transaction = conn.begin().await?;
    write_unwritten(&mut transaction, unwritten).await?;
    run(&mut transaction, &row.script.statements[row.statement]).await?;
    let ms = elapsed_ms(begun);
    journal::write(&mut transaction, row, State::Done, Some(ms)).await?;
    let finished = finish(ms);
    if let Some(finished) = &finished {
        finished.write(&mut transaction).await?;
    }
    transaction.commit().await?;
    settle(unwritten, on_event);
    if let Some(finished) = finished {
        on_event(finished.event());
    }
    Ok(())
}

/// A failed V file gets its row in the history as Flyway writes it, so that Flyway stops there, too.
async fn record_failure(
    conn: &mut MySqlConnection,
    direction: Direction,
    step: &Step<'_>,
    duration_ms: u64,
) -> Result<(), DbError> {
    if direction == Direction::Up && step.replaces.is_none() {
        let inserted = history::insert(conn, step.version, step.script, duration_ms, false).await;
        inserted.map_err(|error| journal_error(&error))?;
    }
    Ok(())
}

fn statement_error(plan: &Plan<'_>, index: usize, number: usize, error: &sqlx::Error) -> ApplyError {
    let step = &plan.steps[index];
    let statement = &step.script.statements[number];
    let place = format!(
        "`{}` line {}, statement {} of {} (`{}`)",
        step.script.name,
        error_line(statement, error),
        number + 1,
        step.script.statements.len(),
        beginning(&statement.text)
    );
    let file = match number {
        0 => "nothing of this file".to_owned(),
        1 => "the first statement of this file".to_owned(),
        _ => format!("the first {number} statements of this file"),
    };
    let applied = match (plan.direction, plan.steps[..index].last()) {
        (Direction::Up, None) if plan.from == 0 => format!("applied so far: {file}"),
        (Direction::Up, before) => {
            format!("applied so far: all up to version {}, and {file}", before.map_or(plan.from, |step| step.version))
        }
        (Direction::Down, None) => format!("rolled back so far: {file}"),
        (Direction::Down, Some(before)) => {
            format!("rolled back so far: version {} down to {}, and {file}", plan.from, before.version)
        }
    };
    ApplyError::Statement { error: DbError::new(place, error), applied }
}

/// The file's line of an error: the server counts lines from the statement's first (1064: "… at line 3").
fn error_line(statement: &Statement, error: &sqlx::Error) -> usize {
    let within = server_error(error)
        .filter(|&(number, _)| number == 1064)
        .and_then(|(_, message)| message.rsplit_once(" at line ")?.1.trim().parse::<usize>().ok());
    statement.line + within.map_or(0, |line| line.saturating_sub(1))
}

/// How a statement begins: on one line, 60 characters at the most.
#[must_use]
pub fn beginning(text: &str) -> String {
    const LENGTH: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LENGTH {
        return line;
    }
    format!("{}…", line.chars().take(LENGTH - 1).collect::<String>().trim_end())
}
