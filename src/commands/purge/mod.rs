//! `caredb purge`: deletes what has been kept for long enough.

use std::time::Duration;

use chrono::NaiveDate;
use serde_json::json;

use super::retention::{self, Ended, Open};
use super::{Context, Otherwise};
use crate::cli::{PurgeAction, PurgeArgs, PurgeNotificationsArgs};
use crate::output::table::{Align, bytes, render};
use crate::output::{Outcome, count};
use crate::retention::hold;
use crate::retention::job::rows_per_s;
use crate::retention::ledger;
use crate::retention::purge::{self, Kept, Month, Purged, Wish};

mod archive;

const COMMAND: &str = "purge notifications";

pub async fn run(context: &Context, args: &PurgeArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        PurgeAction::Notifications(args) => notifications(context, args).await,
        PurgeAction::Archive(args) => archive::run(context, args).await,
    }
}

async fn notifications(context: &Context, args: &PurgeNotificationsArgs) -> anyhow::Result<Outcome> {
    let policy = &context.config.retention().notifications;
    let (age, keep_unread) = (args.older_than.unwrap_or(policy.older_than), args.keep_unread || policy.keep_unread);
    let mut open = retention::open(context, age, &args.today).await?;
    let wish = Wish { cut_off: open.cut_off, keep_unread };
    if args.dry_run {
        return dry_run(&mut open, wish).await;
    }
    if wish.cut_off > policy.older_than.before(open.today) {
        let database = open.session.database.as_str();
        let question = format!(
            "delete notifications from before {} from `{database}`, which the policy of `caredb.toml` keeps until they are {}?",
            wish.cut_off, policy.older_than
        );
        context.confirm(Otherwise::Nothing, database, &question, "nothing was deleted")?;
    }
    let mut throttle = retention::begin(context, &mut open, COMMAND, args.lock_timeout, &args.throttle).await?;
    let mut second = retention::second(&open.session, COMMAND).await?;
    let conn = &mut open.session.conn;
    let policy = json!({ "older_than": age, "keep_unread": keep_unread });
    let job = ledger::Job { command: COMMAND, policy, cut_off: Some(wish.cut_off) };
    let run = retention::begin_run(context, conn, &job).await?;
    let expected = purge::expected(conn, wish).await?;
    let batch = Duration::from_millis(args.batch.batch_ms);
    let mut on_event = |event| context.output.event(&event);
    // two: one waits for its commit, or for a page, while the other works
    let mut lanes = [&mut *conn, &mut second.conn];
    let purged = purge::purge(&mut lanes, &mut throttle, &run, (wish, batch), expected, &mut on_event).await;
    let summary =
        purged.as_ref().map_or((false, json!({})), |purged| (purged.complete, json!({ "kept": purged.kept })));
    let ended = retention::end(conn, run, &throttle, purged, summary).await?;
    Ok(report(&ended, wish.cut_off))
}

fn report(ended: &Ended<Purged>, cut_off: NaiveDate) -> Outcome {
    let Purged { gone, kept, took, complete } = ended.done;
    let rate = rows_per_s(gone.rows, took);
    let text = match gone.rows {
        0 if complete => format!("no notifications from before {cut_off} to purge{}", stayed(kept)),
        rows => format!(
            "purged {} from before {cut_off} in {:.2} s, {rate} rows/s{}",
            count(rows, "notification"),
            took.as_secs_f64(),
            stayed(kept)
        ),
    };
    let fields = json!({
        "run": ended.run, "cut_off": cut_off, "purged": gone.rows, "checksum": gone.checksum.to_string(), "kept": kept,
        "seconds": took.as_secs_f64(), "rows_per_s": rate, "complete": complete,
    });
    ended.outcome(text, fields)
}

/// `; 3 unread and 2 under legal hold stay`
fn stayed(kept: Kept) -> String {
    let reasons: Vec<String> = [(kept.unread, "unread"), (kept.hold, "under legal hold")]
        .iter()
        .filter(|(rows, _)| *rows > 0)
        .map(|(rows, reason)| format!("{rows} {reason}"))
        .collect();
    if reasons.is_empty() { String::new() } else { format!("; stay: {}", reasons.join(", ")) }
}

async fn dry_run(open: &mut Open, wish: Wish) -> anyhow::Result<Outcome> {
    let conn = &mut open.session.conn;
    let holds = !hold::list(conn).await?.is_empty();
    let months = purge::preview(conn, wish, holds).await?;
    let lines: Vec<Vec<String>> = months
        .iter()
        .map(|(month, Month { rows, bytes: size, kept })| {
            vec![month.clone(), rows.to_string(), bytes(*size), kept.unread.to_string(), kept.hold.to_string()]
        })
        .collect();
    let columns = [
        ("month", Align::Left),
        ("go", Align::Right),
        ("bytes", Align::Right),
        ("stay: unread", Align::Right),
        ("on hold", Align::Right),
    ];
    let rows: u64 = months.values().map(|month| month.rows).sum();
    let last =
        format!("dry run, nothing was changed: {} from before {} would go", count(rows, "notification"), wish.cut_off);
    let text = if lines.is_empty() { last } else { format!("{}\n{last}", render(&columns, &lines)) };
    let fields = json!({ "dry_run": true, "cut_off": wish.cut_off, "rows": rows, "months": months });
    retention::with_expected(conn, COMMAND, rows, Outcome::done(text, fields)).await
}
