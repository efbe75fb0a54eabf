//! `caredb repair`: mends the history where files and rows disagree.

use serde_json::json;

use super::Context;
use super::migrate::take_lock;
use crate::cli::RepairArgs;
use crate::migrate::apply;
use crate::migrate::repair::{self, Mend};
use crate::output::{Outcome, count};

pub async fn run(context: &Context, args: &RepairArgs) -> anyhow::Result<Outcome> {
    let files = context.files(&args.files)?;
    let mut session = context.open().await?;
    let database = session.database.as_str().to_owned();
    let observed = apply::observe(&mut session.conn).await?;
    let mends = repair::plan(&files, &observed);
    if args.dry_run || !mends.iter().any(Mend::writes) {
        return Ok(report(&database, &mends, args.dry_run));
    }
    let question = format!("mend the history of `{database}`?\n{}\n", lines(&mends));
    context.confirm(&database, args.confirm.as_deref(), &question, "nothing was repaired")?;
    take_lock(context, &mut session, args.lock.lock_timeout).await?;
    // what was seen before the lock is seen again, since another run may have been at work
    let observed = apply::observe(&mut session.conn).await?;
    let mends = repair::plan(&files, &observed);
    repair::apply(&mut session.conn, &mends).await?;
    Ok(report(&database, &mends, false))
}

fn lines(mends: &[Mend<'_>]) -> String {
    mends.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn report(database: &str, mends: &[Mend<'_>], dry_run: bool) -> Outcome {
    let rows = mends.iter().filter(|mend| mend.writes()).count();
    let last = match (rows, dry_run) {
        (0, _) => format!("nothing to repair in `{database}`"),
        (_, true) => format!("dry run, nothing was changed: {} of `{database}` would be mended", count(rows, "row")),
        (_, false) => format!("repaired `{database}`: {}", count(rows, "row")),
    };
    let text = if mends.is_empty() { last } else { format!("{}\n{last}", lines(mends)) };
    let mended: Vec<String> = mends.iter().map(ToString::to_string).collect();
    Outcome::done(text, json!({ "database": database, "dry_run": dry_run, "rows": rows, "mends": mended }))
}
