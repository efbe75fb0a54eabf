//! `caredb archive`: old appointments go to their archive, and come back.

use std::time::Duration;

use serde_json::{Value, json};

use super::partition::lock;
use super::{Context, Interrupted};
use crate::cli::{ArchiveAction, ArchiveArgs, WaitArgs};
use crate::db::connect::{Session, connect};
use crate::db::ddl::Patience;
use crate::db::ident::Ident;
use crate::output::{Event, Exit, Outcome, count};
use crate::partition::month::Month;
use crate::partition::plan::{Wish, plan as plan_months};
use crate::partition::{Table, observe as partitions};
pub use crate::retention::archive::ArchiveError;
use crate::retention::archive::exchange::{Exchange, LANDING_STATE, MOVING_STATE};
use crate::retention::archive::{Tables, observe};
use crate::retention::hold;
use crate::retention::ledger::{self, Ending, Run};
use crate::retention::rows::Sum;

mod appointments;
mod restore;
mod verify;

pub async fn run(context: &Context, args: &ArchiveArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        ArchiveAction::Appointments(args) => appointments::run(context, args).await,
        ArchiveAction::Restore(args) => restore::run(context, args).await,
        ArchiveAction::Verify => verify::run(context).await,
    }
}

/// The commands as the ledger has them.
const ARCHIVE: &str = "archive appointments";
const RESTORE: &str = "archive restore";

/// Makes this run the only one that moves rows or changes the schema, makes caredb's own tables, and ends what killed runs left:
/// a month on its way first, then their rows in the ledger.
async fn begin(context: &Context, session: &mut Session, tables: &Tables, waits: &WaitArgs) -> anyhow::Result<()> {
    lock(context, session, waits).await?;
    ledger::create(&mut session.conn).await?;
    hold::create(&mut session.conn).await?;
    for run in ledger::unfinished(&mut session.conn, ARCHIVE).await? {
        for part in run.parts(&mut session.conn).await? {
            if part.state != MOVING_STATE && part.state != LANDING_STATE {
                continue;
            }
            let partition = Ident::new(&part.part)?;
            let recorded = Sum { rows: part.total.rows, checksum: part.total.checksum };
            let mut second = second(session).await?;
            let patience = patience(context, session, waits);
            let on_event = |event: Event| context.output.event(&event);
            let mut exchange = Exchange { conn: &mut session.conn, second: &mut second.conn, patience, on_event };
            let arrived = exchange.resume(tables, &partition, (&part.state, recorded), &run).await?;
            let text = match arrived {
                Some(sum) => format!(
                    "finished what run {} began: {} of partition `{}` archived",
                    run.id,
                    count(sum.rows, "row"),
                    part.part
                ),
                None => format!("run {} was killed before it moved partition `{}`", run.id, part.part),
            };
            context.output.event(&Event::Note { text });
        }
    }
    for command in [ARCHIVE, RESTORE] {
        ledger::close_interrupted(&mut session.conn, command).await?;
    }
    Ok(())
}

/// A second connection to the same server, prepared for moving rows.
async fn second(session: &Session) -> anyhow::Result<Session> {
    let mut second = connect(&session.target).await?;
    observe::prepare(&mut second.conn).await?;
    Ok(second)
}

/// How statements on tables in use wait.
fn patience(context: &Context, session: &Session, waits: &WaitArgs) -> Patience {
    let mut patience = Patience::new(session, waits.ddl_retries, context.output.shows_progress());
    patience.all_waits = Some(Duration::from_secs(waits.lock_wait_timeout.into()));
    patience
}

/// Sees that a partitioned table has all months from the first to the last.
async fn make_months(
    context: &Context,
    session: &mut Session,
    table: Table,
    (first, last): (Month, Month),
    waits: &WaitArgs,
) -> anyhow::Result<()> {
    let contents = partitions::contents(&mut session.conn, &table).await?;
    let behind = u32::try_from(first.until(last)).unwrap_or(0);
    let steps = plan_months(&table, &contents, &Wish { today: last, ahead: 0, behind: Some(behind) })?;
    for step in &steps {
        super::partition::ddl(context, session, waits).await?.make(&table, step).await?;
    }
    Ok(())
}

/// Ends a run in the ledger, as it went. A run that left a month on its way stays open: the next goes on with it.
async fn end(
    session: &mut Session,
    run: Run,
    result: anyhow::Result<bool>,
    summary: &Value,
) -> anyhow::Result<(bool, String)> {
    let under_way = match &result {
        Ok(_) => false,
        Err(_) => match run.parts(&mut session.conn).await {
            Ok(parts) => parts.iter().any(|part| part.state == MOVING_STATE || part.state == LANDING_STATE),
            // no connection, nothing to write
            Err(_) => true,
        },
    };
    if under_way {
        return result.map(|complete| (complete, String::new()));
    }
    let ending = match &result {
        Ok(true) => Ending::Done,
        Ok(false) => Ending::Stopped,
        Err(_) => Ending::Failed,
    };
    let hash = run.end(&mut session.conn, ending, summary).await;
    // the first error is the one that counts
    let complete = result?;
    Ok((complete, hash?))
}

/// How a run that moved rows ended.
fn outcome(context: &Context, complete: bool, text: String, fields: Value) -> anyhow::Result<Outcome> {
    if complete {
        return Ok(Outcome::done(text, fields));
    }
    if context.stop.is_set() {
        context.output.event(&Event::Note { text });
        return Err(Interrupted.into());
    }
    let mut fields = fields;
    fields["stopped"] = json!("max-runtime");
    Ok(Outcome::new(Exit::Done, format!("{text}; stopped by `--max-runtime`, the next run goes on"), fields))
}
