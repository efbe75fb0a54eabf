//! `caredb compress`: moves what is seldom read into compressed storage, and back.

use std::time::Duration;

use serde_json::json;

use super::retention::{self, Ended};
use super::{Context, partition};
use crate::cli::{CompressAction, CompressArgs, CompressRecordsArgs, WaitArgs};
use crate::db::error::DbError;
use crate::output::table::{Align, bytes, render};
use crate::output::{Outcome, count};
use crate::retention::compress::{self, Bytes, Moved, Wish};
use crate::retention::job::rows_per_s;
use crate::retention::ledger;

const COMMAND: &str = "compress medical-records";

pub async fn run(context: &Context, args: &CompressArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        CompressAction::MedicalRecords(args) => medical_records(context, args).await,
    }
}

async fn medical_records(context: &Context, args: &CompressRecordsArgs) -> anyhow::Result<Outcome> {
    let age = args.older_than.unwrap_or(context.config.retention().medical_records.older_than);
    let mut open = retention::open(context, age, &args.today).await?;
    let wish = if args.decompress { Wish::Back } else { Wish::Before(open.cut_off) };
    if args.dry_run {
        let months = compress::preview(&mut open.session.conn, wish).await?;
        let rows = months.values().sum();
        let shown = dry_run(wish, &months.into_iter().collect::<Vec<_>>());
        return retention::with_expected(&mut open.session.conn, COMMAND, rows, shown).await;
    }
    // no rollback of V15 meanwhile, which drops the table that rows go to
    let waits = WaitArgs { lock_timeout: args.lock_timeout, ..WaitArgs::default() };
    partition::lock(context, &mut open.session, &waits).await?;
    let mut throttle = retention::begin(context, &mut open, COMMAND, args.lock_timeout, &args.throttle).await?;
    let conn = &mut open.session.conn;
    let (policy, cut_off) = match wish {
        Wish::Before(day) => (json!({ "older_than": age }), Some(day)),
        Wish::Back => (json!({ "decompress": true }), None),
    };
    let run = retention::begin_run(context, conn, &ledger::Job { command: COMMAND, policy, cut_off }).await?;
    let shown = context.output.shows_progress();
    let expected = if shown { Some(compress::preview(conn, wish).await?.values().sum()) } else { None };
    let batch = Duration::from_millis(args.batch.batch_ms);
    let mut on_event = |event| context.output.event(&event);
    let work = async {
        let before = compress::bytes(conn).await?;
        let moved = compress::compress(conn, &mut throttle, &run, (wish, batch), expected, &mut on_event).await?;
        Ok::<_, DbError>((moved, before, compress::bytes(conn).await?))
    };
    let done = work.await;
    let summary = done.as_ref().map_or((false, json!({})), |(moved, before, after)| {
        (moved.complete, json!({ "bytes_before": before, "bytes_after": after }))
    });
    let ended = retention::end(conn, run, &throttle, done, summary).await?;
    Ok(report(&ended, wish))
}

/// `compressed 3 medical records from before 2024-01-01`
fn clause(wish: Wish, rows: u64) -> String {
    match wish {
        Wish::Before(day) => format!("{} from before {day}", count(rows, "medical record")),
        Wish::Back => count(rows, "medical record"),
    }
}

fn report(ended: &Ended<(Moved, Bytes, Bytes)>, wish: Wish) -> Outcome {
    let (Moved { rows, took, complete }, before, after) = ended.done;
    let (did, what) = if wish == Wish::Back { ("decompressed", "decompress") } else { ("compressed", "compress") };
    let rate = rows_per_s(rows.rows, took);
    let text = match rows.rows {
        0 if complete => format!("no {} to {what}", clause(wish, 0).trim_start_matches("0 ")),
        number => format!(
            "{did} {} in {:.2} s, {rate} rows/s\nmedical_records {} -> {}, medical_records_compressed {} -> {}",
            clause(wish, number),
            took.as_secs_f64(),
            bytes(before.plain),
            bytes(after.plain),
            bytes(before.compressed),
            bytes(after.compressed)
        ),
    };
    let fields = json!({
        "run": ended.run, "moved": rows.rows, "checksum": rows.checksum.to_string(), "bytes_before": before, "bytes_after": after,
        "seconds": took.as_secs_f64(), "rows_per_s": rate, "complete": complete,
    });
    ended.outcome(text, fields)
}

fn dry_run(wish: Wish, months: &[(String, u64)]) -> Outcome {
    let rows: u64 = months.iter().map(|(_, rows)| rows).sum();
    let lines: Vec<Vec<String>> = months.iter().map(|(month, rows)| vec![month.clone(), rows.to_string()]).collect();
    let last = format!("dry run, nothing was changed: {} would move", clause(wish, rows));
    let text = match lines.as_slice() {
        [] => last,
        lines => format!("{}\n{last}", render(&[("month", Align::Left), ("move", Align::Right)], lines)),
    };
    let months: serde_json::Map<_, _> = months.iter().map(|(month, rows)| (month.clone(), json!(rows))).collect();
    Outcome::done(text, json!({ "dry_run": true, "rows": rows, "months": months }))
}
