//! `caredb purge archive`

use std::time::Duration;

use anyhow::bail;
use chrono::NaiveDate;
use serde_json::json;

use crate::cli::PurgeArchiveArgs;
use crate::commands::archive::{DESTROY, begin};
use crate::commands::retention::{self, Open};
use crate::commands::{Context, Otherwise};
use crate::db::connect::Session;
use crate::db::ident::Ident;
use crate::db::throttle::Throttle;
use crate::output::table::{Align, render};
use crate::output::{Event, Outcome, count};
use crate::retention::archive::dependents::Dependents;
use crate::retention::archive::destroy::{self, Destroy, Month};
use crate::retention::archive::{observe, stays};
use crate::retention::ledger::{Job, Run};
use crate::retention::rows::{Columns, Keyset};

pub async fn run(context: &Context, args: &PurgeArchiveArgs) -> anyhow::Result<Outcome> {
    let Some(age) = args.older_than.or(context.config.retention().appointments_archive.delete_after) else {
        bail!(
            "archived appointments have no term, so none is deleted; set `delete_after` under `[retention.appointments_archive]` in `caredb.toml`, or say `--older-than`"
        );
    };
    let Open { mut session, cut_off, .. } = retention::open(context, age, &args.today).await?;
    observe::prepare(&mut session.conn).await?;
    let columns = observe::columns(&mut session.conn).await?;
    let months = months(&mut session, cut_off).await?;
    let goes: u64 = months.iter().map(|month| month.goes).sum();
    if args.dry_run {
        let shown = dry_run(&months, goes, cut_off);
        return retention::with_expected(&mut session.conn, DESTROY, goes, shown).await;
    }
    if goes == 0 {
        // a run that was killed behind its last batch is still open in the ledger
        begin(context, &mut session, &columns, &args.waits).await?;
        let text = format!("nothing to do: no archived appointment from before {cut_off} can go{}", staying(&months));
        return Ok(Outcome::done(text, json!({ "cut_off": cut_off, "rows": 0, "months": months })));
    }
    let database = session.database.as_str().to_owned();
    let question = format!(
        "destroy {} from before {cut_off} in `{database}`, with all that belongs to them, for good?",
        count(goes, "archived appointment")
    );
    context.confirm(Otherwise::Yes, &database, &question, "nothing was destroyed")?;
    begin(context, &mut session, &columns, &args.waits).await?;
    let dependents = Dependents::read(&mut session.conn).await?;
    let policy = json!({ "delete_after": age });
    let run =
        retention::begin_run(context, &mut session.conn, &Job { command: DESTROY, policy, cut_off: Some(cut_off) })
            .await?;
    let mut throttle = context.throttle(&session.target, &args.throttle).await?;
    let mut done = Done::default();
    let destroying = Destroying { context, args, columns: &columns, cut_off, dependents: &dependents, run: &run };
    let result = destroying.apply(&mut session, &months, &mut throttle, &mut done).await;
    let state = (matches!(result, Ok(true)), json!({ "rows": done.rows, "dependents": done.dependents }));
    let ended = retention::end(&mut session.conn, run, &throttle, result, state).await?;
    let text = format!(
        "destroyed {} from before {cut_off}, and {} that belonged to them{}; `caredb runs certificate {}` proves it",
        count(done.rows, "archived appointment"),
        count(done.dependents, "row"),
        staying(&months),
        ended.run
    );
    let fields = json!({ "cut_off": cut_off, "rows": done.rows, "dependents": done.dependents, "run": ended.run, "months": months });
    Ok(ended.outcome(text, fields))
}

async fn months(session: &mut Session, cut_off: NaiveDate) -> anyhow::Result<Vec<Month>> {
    let (_, archive) = observe::partitions(&mut session.conn).await?;
    let holds = observe::has_holds(&mut session.conn).await?;
    Ok(destroy::contents(&mut session.conn, &archive, cut_off, holds).await?)
}

#[derive(Debug, Default)]
struct Done {
    rows: u64,
    dependents: u64,
}

struct Destroying<'a> {
    context: &'a Context,
    args: &'a PurgeArchiveArgs,
    columns: &'a Columns,
    cut_off: NaiveDate,
    dependents: &'a Dependents,
    run: &'a Run,
}

impl Destroying<'_> {
    /// False: the run was to end before.
    async fn apply(
        &self,
        session: &mut Session,
        months: &[Month],
        throttle: &mut Throttle,
        done: &mut Done,
    ) -> anyhow::Result<bool> {
        for month in months.iter().filter(|month| month.goes > 0) {
            let partition = Ident::new(&month.partition)?;
            let mut destroy = Destroy {
                conn: &mut session.conn,
                columns: self.columns,
                dependents: self.dependents,
                partition: &partition,
                cut_off: self.cut_off,
                run: self.run,
                way: Keyset::new(None, None, Duration::from_millis(self.args.batch.batch_ms)),
            };
            let mut rows = 0;
            loop {
                throttle.wait(&mut |event| self.context.output.event(&event)).await?;
                if throttle.is_over() {
                    return Ok(false);
                }
                let Some((sum, dependents)) = destroy.batch().await? else { break };
                rows += sum.rows;
                done.rows += sum.rows;
                done.dependents += dependents;
            }
            self.context
                .output
                .event(&Event::Deleted { table: format!("appointments_archive {}", month.partition), rows });
        }
        Ok(true)
    }
}

/// `; stay: 3 hold, 2 rescheduled`, over all months.
fn staying(months: &[Month]) -> String {
    let stays = stays::total(months.iter().map(|month| &month.stays));
    if stays.is_empty() { String::new() } else { format!("; stay: {}", stays::text(&stays)) }
}

fn dry_run(months: &[Month], goes: u64, cut_off: NaiveDate) -> Outcome {
    let line = |month: &Month| vec![month.partition.clone(), month.goes.to_string(), stays::text(&month.stays)];
    let lines: Vec<Vec<String>> = months.iter().map(line).collect();
    let table = render(&[("partition", Align::Left), ("goes", Align::Right), ("stays", Align::Left)], &lines);
    let text = format!(
        "{table}\n\ndry run, nothing was changed: {} from before {cut_off} would be destroyed",
        count(goes, "archived appointment")
    );
    Outcome::done(text, json!({ "dry_run": true, "cut_off": cut_off, "rows": goes, "months": months }))
}
