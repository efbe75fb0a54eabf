//! What the commands of retention have in common: the cut-off, the lock, the ledger's begin and end.

use std::time::Duration;

use anyhow::bail;
use chrono::NaiveDate;
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;

use super::Context;
use crate::cli::{ThrottleArgs, TodayArgs};
use crate::db::clock;
use crate::db::connect::{Session, connect};
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::lock;
use crate::db::throttle::Throttle;
use crate::output::{Event, Exit, Outcome, duration};
use crate::retention::ledger::{self, Ending, Expected, Run};
use crate::retention::policy::Age;
use crate::retention::{hold, job};

/// A connection for a job, and from before which day rows are meant.
pub struct Open {
    pub session: Session,
    pub cut_off: NaiveDate,
    /// The server's day.
    pub today: NaiveDate,
}

/// Connects, and finds the cut-off. Errors: one that is in the future.
pub async fn open(context: &Context, age: Age, args: &TodayArgs) -> anyhow::Result<Open> {
    let mut session = context.open().await?;
    context.check_name(session.database.as_str())?;
    job::prepare(&mut session.conn).await?;
    let today = clock::today(&mut session.conn).await?;
    let cut_off = age.before(args.today.unwrap_or(today));
    if cut_off > today {
        bail!("the cut-off {cut_off} is in the future: it is {today} at the server; correct `--today`");
    }
    Ok(Open { session, cut_off, today })
}

/// Makes this run the only one of its command, ends in the ledger what a killed one left open, and waits for a moment to
/// begin.
pub async fn begin(
    context: &Context,
    open: &mut Open,
    command: &str,
    lock_timeout_s: u32,
    args: &ThrottleArgs,
) -> anyhow::Result<Throttle> {
    let Session { conn, database, target, .. } = &mut open.session;
    let timeout = Duration::from_secs(lock_timeout_s.into());
    lock::acquire(conn, &[lock::name(command, database)], timeout, context.on_wait()).await?;
    // a killed run may still be committing by its second connection
    lock::pass(conn, &second_lock(command, database), timeout, context.on_wait()).await?;
    ledger::create(conn).await?;
    hold::create(conn).await?;
    for run in ledger::close_interrupted(conn, command).await? {
        let text = format!("run {run} did not reach its end; what it did is in the ledger, and this run goes on");
        context.output.event(&Event::Note { text });
    }
    let mut throttle = context.throttle(target, args).await?;
    throttle.wait(&mut |event| context.output.event(&event)).await?;
    Ok(throttle)
}

/// Writes into the ledger that a run begins.
pub async fn begin_run(context: &Context, conn: &mut MySqlConnection, job: &ledger::Job) -> Result<Run, DbError> {
    let run = ledger::begin(conn, job).await?;
    context.output.record().in_ledger(run.id);
    Ok(run)
}

/// The lock of a job's second connection.
pub fn second_lock(command: &str, database: &Ident) -> String {
    lock::name(&format!("{command} second"), database)
}

/// A second connection like that of a job, which the next run waits for.
pub async fn second(session: &Session, command: &str) -> anyhow::Result<Session> {
    let mut second = connect(&session.target).await?;
    job::prepare(&mut second.conn).await?;
    let lock = second_lock(command, &session.database);
    // nobody has it, since `begin` has waited; but a connection of this run may have just been closed
    lock::acquire(&mut second.conn, &[lock], Duration::from_mins(1), |_, _| ()).await?;
    Ok(second)
}

/// A run that is in the ledger with its end.
pub struct Ended<T> {
    /// Its number.
    pub run: u64,
    ending: Ending,
    /// Whether a person stopped it.
    interrupted: bool,
    pub done: T,
}

/// Adds to what a dry run of a command says how long its rows would take.
pub async fn with_expected(
    conn: &mut MySqlConnection,
    command: &str,
    rows: u64,
    mut dry_run: Outcome,
) -> anyhow::Result<Outcome> {
    let expected = ledger::expected(conn, command, rows).await?;
    if rows > 0 {
        let expected = match expected {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of days, not of ages")]
            Some(Expected { run, seconds }) => {
                format!(", in about {} by the rate of run {run}", duration(seconds.ceil() as u64))
            }
            None => "; no run of 1000 rows yet that tells how long it takes".to_owned(),
        };
        dry_run.text.push_str(&expected);
    }
    dry_run.fields.insert("expected".to_owned(), json!(expected));
    Ok(dry_run)
}

/// Ends a run in the ledger, by whatever it came to, `complete` or not. Errors: its own before that of the ledger.
pub async fn end<T>(
    conn: &mut MySqlConnection,
    run: Run,
    throttle: &Throttle,
    done: Result<T, impl Into<anyhow::Error>>,
    (complete, summary): (bool, Value),
) -> anyhow::Result<Ended<T>> {
    let id = run.id;
    match done {
        Ok(done) => {
            let ending = if complete { Ending::Done } else { Ending::Stopped };
            run.end(conn, ending, &summary).await?;
            Ok(Ended { run: id, ending, interrupted: throttle.is_interrupted(), done })
        }
        Err(error) => {
            let error = error.into();
            // where this fails, too, the next run ends it
            let _ = run.end(conn, Ending::Failed, &json!({ "error": error.to_string() })).await;
            Err(error)
        }
    }
}

impl<T> Ended<T> {
    /// How the command ended; `text` says what it did.
    pub fn outcome(&self, text: String, fields: Value) -> Outcome {
        let (exit, why) =
            if self.interrupted { (Exit::Interrupted, "interrupted") } else { (Exit::Done, "`--max-runtime` is over") };
        match self.ending {
            Ending::Stopped => Outcome::new(exit, format!("{why}, and the next run goes on: {text}"), fields),
            _ => Outcome::new(exit, text, fields),
        }
    }
}
