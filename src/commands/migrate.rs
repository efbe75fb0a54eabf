//! `caredb migrate`: applies the pending V files, then the R files that are new or changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;

use super::{Context, Refusal, doctor, lint, partition};
use crate::cli::{LockArgs, MigrateArgs, PreflightArgs};
use crate::db::connect::{Session, connect_again};
use crate::db::ddl::Patience;
use crate::db::error::DbError;
use crate::db::lock::LockError;
use crate::migrate::apply::{self, ApplyError};
use crate::migrate::classify::destroys;
use crate::migrate::files::{Files, Script, Statement, Version};
use crate::migrate::journal::Direction;
use crate::migrate::plan::{Forward, Observed, Plan, PlanError, plan_up};
use crate::migrate::planfile::PlanFile;
use crate::migrate::settle::{SettleError, settle};
use crate::output::{Event, Outcome, count, ms};

pub async fn run(context: &Context, args: &MigrateArgs) -> anyhow::Result<Outcome> {
    let files = context.files(&args.files)?;
    let mut session =
        if args.dry_run { context.open().await? } else { context.open_or_create(args.create_database).await? };
    let observed = apply::observe(&mut session.conn).await?;
    let plan = |observed: &Observed, to: Option<Version>| {
        plan_up(&files, observed, Forward { to: to.or(args.to), out_of_order: args.out_of_order })
    };
    if args.dry_run {
        let plan = plan(&observed, None)?;
        if let Some(path) = &args.plan {
            let paper = serde_json::to_string_pretty(&PlanFile::of(session.database.as_str(), &plan, &observed))?;
            std::fs::write(path, paper + "\n")
                .with_context(|| format!("could not write the plan to `{}`", path.display()))?;
        }
        let costs = lint::costs(context, &mut session, &args.files, &plan).await;
        return Ok(dry_run(&plan, &costs));
    }
    if let Some(path) = &args.plan {
        // looked at under the lock, which stays until the end
        take_lock(context, &mut session, args.lock.lock_timeout).await?;
        let observed = apply::observe(&mut session.conn).await?;
        check_plan(path, &session, &plan(&observed, None)?, &observed)?;
    }
    run_planned(context, session, &files, &observed, &args.lock, &args.preflight, plan).await
}

/// Refuses where the plan on paper is not the one of this moment.
fn check_plan(path: &Path, session: &Session, plan: &Plan<'_>, observed: &Observed) -> anyhow::Result<()> {
    let text = crate::text::read(path).with_context(|| format!("could not read the plan `{}`", path.display()))?;
    let paper: PlanFile = serde_json::from_str(&text)
        .with_context(|| format!("`{}` is not a plan of `caredb migrate --dry-run --plan`", path.display()))?;
    match paper.outdated(&PlanFile::of(session.database.as_str(), plan, observed)) {
        None => Ok(()),
        Some(what) => {
            let path = path.display();
            let refusal = format!(
                "the plan `{path}` was made for another state: {what}; look at a new one with `caredb migrate --dry-run --plan {path}`"
            );
            Err(Refusal(refusal).into())
        }
    }
}

/// What `migrate` and `rollback` share: nothing to do needs no lock; else the lock is taken, and what was seen before it is seen
/// again, since another run may have been at work. A connection that is lost on the way is made again, and the run goes on as the
/// next one would. `plan` is given the version to go to once that is known, so that "one back" stays the same one.
pub async fn run_planned<'a>(
    context: &Context,
    mut session: Session,
    files: &'a Files,
    observed: &Observed,
    lock: &LockArgs,
    preflight: &PreflightArgs,
    plan: impl Fn(&Observed, Option<Version>) -> Result<Plan<'a>, PlanError>,
) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let first = plan(observed, None);
    if let Ok(plan) = &first
        && plan.steps.is_empty()
    {
        return Ok(nothing_to_do(&session, plan));
    }
    let mut to = first.ok().map(|plan| plan.to);
    let mut losses = 0;
    loop {
        let run = async {
            take_lock(context, &mut session, lock.lock_timeout).await?;
            let mut observed = apply::observe(&mut session.conn).await?;
            if settle(&mut session, &files.migrations, &observed).await? {
                observed = apply::observe(&mut session.conn).await?;
            }
            let plan = plan(&observed, to)?;
            to = Some(plan.to);
            if !preflight.skip_doctor && !plan.steps.is_empty() {
                doctor::preflight(context, &mut session, &observed, &plan).await?;
            }
            let patience = Patience::new(&session, lock.ddl_retries, context.output.shows_progress());
            apply::apply(&mut session, &observed, &plan, patience, |event| context.output.event(&event)).await?;
            anyhow::Ok(plan)
        };
        match run.await {
            Ok(plan) if plan.steps.is_empty() => return Ok(nothing_to_do(&session, &plan)),
            Ok(plan) => {
                if plan.direction == Direction::Up {
                    say_what_has_no_months(context, &mut session).await;
                }
                return Ok(report(&session, &plan, begun.elapsed()));
            }
            Err(error) if is_lost(&error) && losses < LOSSES => {
                losses += 1;
                context.output.event(&Event::Reconnecting { reason: format!("{error:#}") });
                session = connect_again(&session.target).await.map_err(|_| error)?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// A migration makes a table partitioned, and `partition ensure` makes its months.
/// That it can't be asked is no failure of the run.
async fn say_what_has_no_months(context: &Context, session: &mut Session) {
    for standing in partition::standing(context, session).await.unwrap_or_default() {
        if standing.months == 0 {
            context.output.event(&Event::Note { text: standing.to_string() });
        }
    }
}

/// How often a run makes its connection again; more often, and something else is wrong.
const LOSSES: u32 = 5;

/// Whether the connection is gone, so that the journal decides what has happened.
fn is_lost(error: &anyhow::Error) -> bool {
    let apply = error.downcast_ref().map(|error| match error {
        ApplyError::Statement { error, .. } | ApplyError::Refused { error, .. } | ApplyError::Db(error) => error,
    });
    let settle = error.downcast_ref().and_then(|error| match error {
        SettleError::Db(error) => Some(error),
        SettleError::Undecided(_) => None,
    });
    let lock = error.downcast_ref().and_then(|error| match error {
        LockError::Db(error) => Some(error),
        LockError::Taken { .. } => None,
    });
    let error = apply.or(settle).or(lock).or_else(|| error.downcast_ref::<DbError>());
    error.is_some_and(|error| error.lost)
}

/// Takes the migrations' locks, waiting up to `lock_timeout_s` seconds, and says for whom it waits.
pub async fn take_lock(context: &Context, session: &mut Session, lock_timeout_s: u32) -> anyhow::Result<()> {
    Ok(apply::lock(session, Duration::from_secs(lock_timeout_s.into()), context.on_wait()).await?)
}

fn nothing_to_do(session: &Session, plan: &Plan<'_>) -> Outcome {
    let text = format!("nothing to do: `{}` is at version {}", session.database.as_str(), plan.from);
    Outcome::done(
        text,
        json!({ "database": session.database.as_str(), "from": plan.from, "to": plan.from, "migrations": 0 }),
    )
}

fn report(session: &Session, plan: &Plan<'_>, elapsed: Duration) -> Outcome {
    let verb = match plan.direction {
        Direction::Up => "migrated",
        Direction::Down => "rolled back",
    };
    let text = format!(
        "{verb} `{}` from version {} to {}: {}, {} in {:.2} s",
        session.database.as_str(),
        plan.from,
        plan.to,
        count(plan.steps.len(), "migration"),
        count(plan.statements(), "statement"),
        elapsed.as_secs_f64(),
    );
    Outcome::done(
        text,
        json!({
            "database": session.database.as_str(),
            "from": plan.from,
            "to": plan.to,
            "migrations": plan.steps.len(),
            "statements": plan.statements(),
            "duration_ms": ms(elapsed),
        }),
    )
}

/// What the ALTERs of a plan cost, by file and line; or why that is not known.
pub type Costs = Result<BTreeMap<(String, usize), String>, String>;

/// The SQL that the plan would run, and what its ALTERs cost.
pub fn dry_run(plan: &Plan<'_>, costs: &Costs) -> Outcome {
    let cost = |script: &Script, statement: &Statement| {
        costs.as_ref().ok()?.get(&(script.name.clone(), statement.line)).map(String::as_str)
    };
    let mut text = String::new();
    let mut statements = Vec::new();
    for step in &plan.steps {
        let total = step.script.statements.len();
        for (index, statement) in step.script.statements.iter().enumerate().skip(step.done) {
            let destroys = destroys(&statement.text);
            let warning = match (destroys, &statement.expects) {
                (Some(what), _) => format!(", DESTRUCTIVE: it {what}"),
                (None, Some(what)) => format!(", expects no {what}"),
                (None, None) => String::new(),
            };
            let (name, number) = (&step.script.name, index + 1);
            let cost = cost(step.script, statement);
            let told = cost.map(|cost| format!(", {cost}")).unwrap_or_default();
            // writing into a String can't fail
            let _ = writeln!(text, "-- {name} statement {number} of {total}{told}{warning}\n{};\n", statement.text);
            statements.push(json!({
                "script": name,
                "line": statement.line,
                "sql": statement.text,
                "destroys": destroys,
                "cost": cost,
            }));
        }
    }
    if let Err(reason) = costs {
        let _ = writeln!(text, "-- what the ALTERs cost is not known: {reason}\n");
    }
    let _ = write!(
        text,
        "-- dry run, nothing was changed: {}, {} would take version {} to {}",
        count(plan.steps.len(), "migration"),
        count(plan.statements(), "statement"),
        plan.from,
        plan.to
    );
    let fields = json!({
        "dry_run": true,
        "from": plan.from,
        "to": plan.to,
        "costs_unknown": costs.as_ref().err(),
        "statements": statements,
    });
    Outcome::done(text, fields)
}
