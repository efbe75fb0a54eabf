//! `caredb partition`: the monthly partitions of `appointments`, and of the tables that `caredb.toml` names.

use std::time::Duration;

use anyhow::bail;

use super::{Context, Refusal};
use crate::cli::{PartitionAction, PartitionArgs, TableArgs, TodayArgs, WaitArgs};
use crate::db::clock;
use crate::db::connect::Session;
use crate::db::ident::nearest;
use crate::db::lock;
use crate::migrate::apply as migrations;
use crate::migrate::files::REPEATABLE;
use crate::output::{Event, Outcome};
pub use crate::partition::apply::ApplyError;
use crate::partition::apply::{Ddl, Waits};
use crate::partition::month::Month;
use crate::partition::observe;
use crate::partition::{Managed, Partition, Standing, Table};

mod change;
mod check;
mod ensure;
mod list;

pub use ensure::make_months;

pub async fn run(context: &Context, args: &PartitionArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        PartitionAction::List(args) => list::run(context, args).await,
        PartitionAction::Ensure(args) => ensure::run(context, args).await,
        PartitionAction::Check(args) => check::run(context, args).await,
        PartitionAction::Drop(args) => change::drop(context, args).await,
        PartitionAction::Rebuild(args) => change::rebuild(context, args).await,
    }
}

/// Connects, and reads the partitions of the tables that are meant, each of which must be there.
async fn open(context: &Context, args: &TableArgs) -> anyhow::Result<(Session, Vec<(Managed, Table)>)> {
    let managed = managed(context, args)?;
    let mut session = context.open().await?;
    observe::prepare(&mut session.conn).await?;
    let mut tables = Vec::new();
    for managed in managed {
        let table = observe::table(&mut session.conn, &managed).await?;
        tables.push((managed, table));
    }
    Ok((session, tables))
}

fn managed(context: &Context, args: &TableArgs) -> anyhow::Result<Vec<Managed>> {
    let mut managed = context.config.partitioned();
    if let Some(name) = &args.table {
        let known: Vec<String> = managed.iter().map(|managed| managed.table.as_str().to_owned()).collect();
        managed.retain(|managed| managed.table.as_str() == name);
        if managed.is_empty() {
            let hint = nearest(name, known.iter().map(String::as_str));
            let hint = hint.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            bail!(
                "`caredb.toml` names no table `{name}` under `[[partitioned]]`{hint}; add it there, or name one of: {}",
                known.join(", ")
            );
        }
    }
    Ok(managed)
}

/// The one table that a partition's name is meant of.
async fn open_partition(
    context: &Context,
    args: &TableArgs,
    name: &str,
) -> anyhow::Result<(Session, Table, Partition)> {
    let managed = managed(context, args)?;
    if managed.len() > 1 {
        let names: Vec<&str> = managed.iter().map(|managed| managed.table.as_str()).collect();
        bail!("several tables have partitions ({}); name one by `--table`", names.join(", "));
    }
    let (session, mut tables) = open(context, args).await?;
    // `managed` is one, and so is what it opens
    let Some((_, table)) = tables.pop() else { bail!("no table has partitions") };
    let Some(partition) = table.partitions.iter().find(|partition| partition.name.as_str() == name).cloned() else {
        let hint = nearest(name, table.partitions.iter().map(|partition| partition.name.as_str()));
        let hint = hint.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
        bail!("table `{}` has no partition `{name}`{hint}; `caredb partition list` shows them", table.name.as_str());
    };
    Ok((session, table, partition))
}

/// How the partitioned tables stand, as far as they are there: for `status`, and for `migrate` once it has made one.
pub async fn standing(context: &Context, session: &mut Session) -> anyhow::Result<Vec<Standing>> {
    let today = Month::of(clock::today(&mut session.conn).await?);
    let mut standing = Vec::new();
    for managed in context.config.partitioned() {
        let table = observe::managed(&mut session.conn, &managed).await?;
        standing.extend(table.map(|table| table.standing(today)));
    }
    Ok(standing)
}

/// The month that it is.
async fn today(session: &mut Session, args: &TodayArgs) -> anyhow::Result<Month> {
    Ok(Month::of(match args.today {
        Some(today) => today,
        None => clock::today(&mut session.conn).await?,
    }))
}

/// Makes this run the only one that changes the schema, for as long as the connection lives, and sees that no migration is
/// half-way: how it goes on, and whether it is undone, is decided by the tables' definitions, which partitions are part of.
pub(super) async fn lock(context: &Context, session: &mut Session, waits: &WaitArgs) -> anyhow::Result<()> {
    let locks = [lock::name("migrate", &session.database)];
    lock::acquire(&mut session.conn, &locks, Duration::from_secs(waits.lock_timeout.into()), context.on_wait()).await?;
    let observed = migrations::observe(&mut session.conn).await?;
    let half_way = observed.journal.iter().flat_map(|journal| journal.keys()).find(|&&version| {
        // an R file is begun anew, and makes no tables
        version != REPEATABLE
            && observed.under_way(version).is_some_and(|attempt| attempt.done() > 0 || attempt.begun().is_some())
    });
    match half_way {
        Some(version) => {
            let refusal = format!(
                "version {version} is half-way, and its table may be one of these; settle it first by `caredb migrate` or `caredb rollback`"
            );
            Err(Refusal(refusal).into())
        }
        None => Ok(()),
    }
}

/// DDL with the waits of the command.
pub(super) async fn ddl<'a>(
    context: &'a Context,
    session: &'a mut Session,
    waits: &WaitArgs,
) -> anyhow::Result<Ddl<'a, impl FnMut(Event) + use<'a>>> {
    let waits = Waits { lock_wait_timeout_s: waits.lock_wait_timeout, retries: waits.ddl_retries };
    let on_event = |event: Event| context.output.event(&event);
    Ok(Ddl::new(session, waits, context.output.shows_progress(), on_event).await?)
}
