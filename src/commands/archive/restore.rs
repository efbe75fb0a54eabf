//! `caredb archive restore`

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::json;

use super::{RESTORE, begin};
use crate::cli::ArchiveRestoreArgs;
use crate::commands::{Context, retention};
use crate::db::connect::Session;
use crate::db::ident::Ident;
use crate::db::throttle::Throttle;
use crate::output::{Event, Outcome, count};
use crate::partition::{Table, observe as partitions};
use crate::retention::archive::dependents::Dependents;
use crate::retention::archive::observe;
use crate::retention::archive::restore::{self, Restore, Which};
use crate::retention::ledger::{Job, Run};
use crate::retention::rows::{Columns, Keyset, Sum};

pub async fn run(context: &Context, args: &ArchiveRestoreArgs) -> anyhow::Result<Outcome> {
    if !args.all && args.ids.is_empty() && args.bookings.is_empty() && args.months.is_empty() {
        bail!("say what to bring back: `--id`, `--booking`, `--month` or `--all`");
    }
    let target = context.target()?;
    let mut session = context.open_target(&target).await?;
    observe::prepare(&mut session.conn).await?;
    let columns = observe::columns(&mut session.conn).await?;
    begin(context, &mut session, &columns, &args.waits).await?;
    let (live, archive) = observe::partitions(&mut session.conn).await?;
    let wanted = wanted(&mut session, &archive, args).await?;
    if wanted.is_empty() {
        return Ok(Outcome::done("nothing to do: nothing of it is archived", json!({ "rows": 0 })));
    }
    let missing = wanted.keys().find(|&partition| !observe::same_bounds(&live, &archive, partition));
    if let Some(partition) = missing {
        bail!(
            "table `appointments` has no partition `{}` with the bounds of the archive's; run `caredb partition ensure --behind N` first",
            partition.as_str()
        );
    }
    let dependents = Dependents::read(&mut session.conn).await?;
    let policy = json!({ "ids": args.ids, "bookings": args.bookings, "months": args.months, "all": args.all });
    let run =
        retention::begin_run(context, &mut session.conn, &Job { command: RESTORE, policy, cut_off: None }).await?;
    let mut throttle = context.throttle(&target, &args.throttle).await?;
    let mut done = Done::default();
    let restoring = Restoring { context, args, columns: &columns, dependents: &dependents, run: &run };
    let result = restoring.apply(&mut session, &wanted, &mut throttle, &mut done).await;
    let summary = json!({ "rows": done.sum.rows, "dependents": done.dependents });
    let complete = matches!(result, Ok(true));
    let ended = retention::end(&mut session.conn, run, &throttle, result, (complete, summary)).await?;
    let text = format!(
        "brought back {}, and {} that belong to them; run {}",
        count(done.sum.rows, "appointment"),
        count(done.dependents, "row"),
        ended.run
    );
    let fields = json!({ "rows": done.sum.rows, "dependents": done.dependents, "run": ended.run });
    Ok(ended.outcome(text, fields))
}

/// What of the archive is meant, by partition. Errors: an appointment that is not archived.
async fn wanted(
    session: &mut Session,
    archive: &Table,
    args: &ArchiveRestoreArgs,
) -> anyhow::Result<BTreeMap<Ident, Which>> {
    let mut wanted: BTreeMap<Ident, Which> = BTreeMap::new();
    for partition in &archive.partitions {
        let is_wanted = args.all || args.months.iter().any(|month| month.partition() == partition.name.as_str());
        if is_wanted && !partitions::is_empty(&mut session.conn, archive, &partition.name).await? {
            wanted.insert(partition.name.clone(), Which::All);
        }
    }
    let by = |column: &'static str, values: &[String]| {
        values.iter().map(|value| (column, value.clone())).collect::<Vec<_>>()
    };
    for (column, value) in [by("id", &args.ids), by("booking_reference", &args.bookings)].concat() {
        let (id, month) = restore::find(&mut session.conn, column, &value).await?;
        match wanted.entry(Ident::new(&month.partition())?).or_insert_with(|| Which::Ids(Vec::new())) {
            Which::All => {}
            Which::Ids(ids) => ids.push(id),
        }
    }
    Ok(wanted)
}

#[derive(Debug, Default)]
struct Done {
    sum: Sum,
    dependents: u64,
}

struct Restoring<'a> {
    context: &'a Context,
    args: &'a ArchiveRestoreArgs,
    columns: &'a Columns,
    dependents: &'a Dependents,
    run: &'a Run,
}

impl Restoring<'_> {
    /// False: the run was to end before.
    async fn apply(
        &self,
        session: &mut Session,
        wanted: &BTreeMap<Ident, Which>,
        throttle: &mut Throttle,
        done: &mut Done,
    ) -> anyhow::Result<bool> {
        for (partition, which) in wanted {
            let begun = Instant::now();
            let mut rows = 0;
            let mut restore = Restore {
                conn: &mut session.conn,
                columns: self.columns,
                dependents: self.dependents,
                partition,
                which,
                run: self.run,
                way: Keyset::new(None, None, Duration::from_millis(self.args.batch.batch_ms)),
            };
            loop {
                throttle.wait(&mut |event| self.context.output.event(&event)).await?;
                if throttle.is_over() {
                    return Ok(false);
                }
                let Some((sum, dependents)) = restore.batch().await? else { break };
                rows += sum.rows;
                done.sum += sum;
                done.dependents += dependents;
            }
            let (partition, took) = (partition.as_str(), begun.elapsed().as_millis());
            let text = format!("{partition}  {:>16} back {took:>7} ms", count(rows, "row"));
            self.context.output.event(&Event::Note { text });
        }
        Ok(true)
    }
}
