//! `caredb archive`: old appointments go to their archive, and come back.

use std::time::Duration;

use super::Context;
use super::partition;
use super::retention::second_lock;
use crate::cli::{ArchiveAction, ArchiveArgs, WaitArgs};
use crate::db::connect::Session;
use crate::db::ddl::Patience;
use crate::db::ident::Ident;
use crate::db::lock;
use crate::output::{Event, Outcome, count};
use crate::partition::month::Month;
use crate::partition::plan::{Wish, plan as plan_months};
use crate::partition::{Table, observe as partitions};
pub use crate::retention::archive::ArchiveError;
use crate::retention::archive::exchange::{Exchange, LANDING_STATE, MOVING_STATE};
use crate::retention::archive::observe;
use crate::retention::hold;
use crate::retention::ledger::{self, Part, Run};
use crate::retention::rows::{Columns, Sum};

mod appointments;
mod restore;
mod verify;

pub async fn run(context: &Context, args: &ArchiveArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        ArchiveAction::Appointments(args) => appointments::run(context, args).await,
        ArchiveAction::Restore(args) => restore::run(context, args).await,
        ArchiveAction::Verify(_) => verify::run(context).await,
    }
}

/// The commands that move archived rows, as the ledger has them.
const ARCHIVE: &str = "archive appointments";
const RESTORE: &str = "archive restore";
/// See [`ARCHIVE`].
pub const DESTROY: &str = "purge archive";

/// Makes this run the only one that moves rows or changes the schema, makes caredb's own tables, and ends what killed runs left:
/// a month on its way first, then their rows in the ledger.
pub async fn begin(
    context: &Context,
    session: &mut Session,
    columns: &Columns,
    waits: &WaitArgs,
) -> anyhow::Result<()> {
    partition::lock(context, session, waits).await?;
    // a killed run may still be committing by its second connection
    let timeout = Duration::from_secs(waits.lock_timeout.into());
    lock::pass(&mut session.conn, &second_lock(ARCHIVE, &session.database), timeout, context.on_wait()).await?;
    ledger::create(&mut session.conn).await?;
    hold::create(&mut session.conn).await?;
    for run in ledger::unfinished(&mut session.conn, ARCHIVE).await? {
        for part in run.parts(&mut session.conn).await? {
            if !is_on_its_way(&part) {
                continue;
            }
            let partition = Ident::new(&part.part)?;
            let recorded = Sum { rows: part.total.rows, checksum: part.total.checksum };
            let mut second = second(session).await?;
            let mut exchange = exchange(context, session, &mut second, columns, waits);
            let arrived = exchange.resume(&partition, (&part.state, recorded), &run).await?;
            let text = match arrived {
                Some(sum) => format!(
                    "finished what run {} began: {} of partition `{}` archived",
                    run.id,
                    count(sum.rows, "row"),
                    part.part
                ),
                None => format!("run {} ended before it moved partition `{}`", run.id, part.part),
            };
            context.output.event(&Event::Note { text });
        }
    }
    for command in [ARCHIVE, RESTORE, DESTROY] {
        ledger::close_interrupted(&mut session.conn, command).await?;
    }
    Ok(())
}

/// A second connection to the same server, prepared for moving rows.
async fn second(session: &Session) -> anyhow::Result<Session> {
    let mut second = super::retention::second(session, ARCHIVE).await?;
    observe::prepare(&mut second.conn).await?;
    Ok(second)
}

/// What exchanges months.
fn exchange<'a>(
    context: &'a Context,
    session: &'a mut Session,
    second: &'a mut Session,
    columns: &'a Columns,
    waits: &WaitArgs,
) -> Exchange<'a, impl FnMut(Event) + use<'a>> {
    let mut patience = Patience::new(session, waits.ddl_retries, context.output.shows_progress());
    patience.all_waits = Some(Duration::from_secs(waits.lock_wait_timeout.into()));
    let on_event = |event: Event| context.output.event(&event);
    Exchange { columns, conn: &mut session.conn, second: &mut second.conn, patience, on_event }
}

/// Whether a part of a run is a month between two exchanges.
fn is_on_its_way(part: &Part) -> bool {
    part.state == MOVING_STATE || part.state == LANDING_STATE
}

/// Sees that a partitioned table has all months from the first to the last. Returns whether one had to be made.
async fn make_months(
    context: &Context,
    session: &mut Session,
    table: Table,
    (first, last): (Month, Month),
    waits: &WaitArgs,
) -> anyhow::Result<bool> {
    let contents = partitions::contents(&mut session.conn, &table).await?;
    let behind = u32::try_from(first.until(last)).unwrap_or(0);
    let steps = plan_months(&table, &contents, &Wish { today: last, ahead: 0, behind: Some(behind) })?;
    for step in &steps {
        partition::ddl(context, session, waits).await?.make(&table, step).await?;
    }
    Ok(!steps.is_empty())
}

/// Whether a run left a month between two exchanges: then it stays open in the ledger, and the next run goes on with it. Also
/// where that can't be told, for want of a connection.
async fn is_under_way(session: &mut Session, run: &Run) -> bool {
    match run.parts(&mut session.conn).await {
        Ok(parts) => parts.iter().any(is_on_its_way),
        Err(_) => true,
    }
}
