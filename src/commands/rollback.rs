//! `caredb rollback`: applies U files, newest version first.

use std::collections::BTreeMap;

use super::migrate::{dry_run, run_planned};
use super::{Context, Otherwise, Refusal};
use crate::cli::RollbackArgs;
use crate::migrate::apply;
use crate::migrate::files::Version;
use crate::migrate::plan::{Back, Observed, Plan, plan_down};
use crate::output::Outcome;

pub async fn run(context: &Context, args: &RollbackArgs) -> anyhow::Result<Outcome> {
    let files = context.files(&args.files)?;
    let mut session = context.open().await?;
    let observed = apply::observe(&mut session.conn).await?;
    let plan = |observed: &Observed, to: Option<Version>| {
        plan_down(&files, observed, to.or(args.to).map_or(Back::Steps(args.steps as usize), Back::To))
    };
    if args.dry_run {
        return Ok(dry_run(&plan(&observed, None)?, &Ok(BTreeMap::new())));
    }
    confirm(context, session.database.as_str(), plan(&observed, None).ok().as_ref())?;
    run_planned(context, session, &files, &observed, &args.lock, &args.preflight, plan).await
}

/// `plan`: none where a statement must be settled first, which needs the lock; what is confirmed is the same.
fn confirm(context: &Context, database: &str, plan: Option<&Plan<'_>>) -> Result<(), Refusal> {
    let question = match plan {
        Some(plan) if plan.steps.is_empty() => return Ok(()),
        Some(plan) => {
            let scripts: Vec<&str> = plan.steps.iter().map(|step| step.script.name.as_str()).collect();
            format!("roll `{database}` back from version {} to {} by {}?", plan.from, plan.to, scripts.join(", "))
        }
        None => format!("roll `{database}` back, once the statement that was begun is settled?"),
    };
    context.confirm(Otherwise::Yes, database, &question, "nothing was rolled back")
}
