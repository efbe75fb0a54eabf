//! `caredb repair`: mends the history where files and rows disagree.

use anyhow::bail;
use serde_json::json;

use super::migrate::take_lock;
use super::{Context, Otherwise};
use crate::cli::RepairArgs;
use crate::db::connect::Session;
use crate::migrate::journal::State;
use crate::migrate::repair::{self, Mend};
use crate::migrate::{apply, settle};
use crate::output::{Outcome, count};

pub async fn run(context: &Context, args: &RepairArgs) -> anyhow::Result<Outcome> {
    let files = context.files(&args.files)?;
    let mut session = context.open().await?;
    let database = session.database.as_str().to_owned();
    if let Some((number, state)) =
        args.mark_done.map(|number| (number, State::Done)).or(args.mark_undone.map(|number| (number, State::Undone)))
    {
        context.confirm(
            Otherwise::Yes,
            &database,
            &format!("mark statement {number} in `{database}`?"),
            "nothing was marked",
        )?;
        take_lock(context, &mut session, args.lock.lock_timeout).await?;
        return mark(&mut session, number, state).await;
    }
    let observed = apply::observe(&mut session.conn).await?;
    let mends = repair::plan(&files, &observed);
    if args.dry_run || !mends.iter().any(Mend::writes) {
        return Ok(report(&database, &mends, args.dry_run));
    }
    let question = format!("mend the history of `{database}`?\n{}\n", lines(&mends));
    context.confirm(Otherwise::Yes, &database, &question, "nothing was repaired")?;
    take_lock(context, &mut session, args.lock.lock_timeout).await?;
    // what was seen before the lock is seen again, since another run may have been at work
    let observed = apply::observe(&mut session.conn).await?;
    let mends = repair::plan(&files, &observed);
    repair::apply(&mut session.conn, &mends).await?;
    Ok(report(&database, &mends, false))
}

/// Takes a person's word for a statement whose end nobody saw.
async fn mark(session: &mut Session, number: usize, state: State) -> anyhow::Result<Outcome> {
    let observed = apply::observe(&mut session.conn).await?;
    let database = session.database.as_str().to_owned();
    let Some(version) = settle::mark(session, &observed, number, state).await? else {
        bail!("no statement {number} of `{database}` waits to be settled; `caredb validate` says which one does");
    };
    let (word, next) = match state {
        State::Done => ("done", "goes on behind it"),
        _ => ("undone", "runs it again"),
    };
    let text = format!("statement {number} of version {version} is marked {word}; the next run {next}");
    Ok(Outcome::done(text, json!({ "database": database, "version": version, "statement": number, "state": word })))
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
