//! `caredb runs`: the ledger of what retention did, and the proof of it.

use std::fmt::Write as _;

use anyhow::bail;
use serde_json::{Value, json};

use super::{Context, Refusal};
use crate::cli::{RunsAction, RunsArgs};
use crate::db::connect::Session;
use crate::output::table::{Align, bytes, fact, render, terminal};
use crate::output::{Exit, Outcome, count};
use crate::retention::certificate::certify;
use crate::retention::ledger::{self, Entry, Which};

pub async fn run(context: &Context, args: &RunsArgs) -> anyhow::Result<Outcome> {
    let mut session = context.open().await?;
    match &args.action {
        RunsAction::List => list(&mut session).await,
        RunsAction::Show(args) => show(&mut session, args.id).await,
        RunsAction::Verify => verify(&mut session).await,
        RunsAction::Certificate(args) => certificate(&mut session, args.id).await,
    }
}

async fn list(session: &mut Session) -> anyhow::Result<Outcome> {
    let (mut rows, mut shown) = (Vec::new(), Vec::new());
    ledger::each(&mut session.conn, Which::All, |entry| {
        rows.push(vec![
            entry.id.to_string(),
            entry.command.clone(),
            second(&entry.started_at),
            entry.outcome.clone().unwrap_or_else(|| "under way or killed".to_owned()),
            entry.cut_off.clone().unwrap_or_default(),
            entry.did(),
            format!("{} on {}", entry.account, entry.host),
        ]);
        shown.push(in_json(&entry));
    })
    .await?;
    let columns = [
        ("run", Align::Right),
        ("command", Align::Left),
        ("started at", Align::Left),
        ("outcome", Align::Left),
        ("cut-off", Align::Left),
        ("did", Align::Left),
        ("by", Align::Left),
    ];
    let summary = format!("{} in the ledger", count(rows.len() as u64, "run"));
    let text = if rows.is_empty() { summary } else { format!("{}\n\n{summary}", render(&columns, &rows)) };
    Ok(Outcome::done(text, json!({ "runs": shown })))
}

async fn show(session: &mut Session, id: u64) -> anyhow::Result<Outcome> {
    let entry = find(session, id).await?;
    let mut text = String::new();
    let width = terminal().map(|(width, _)| width);
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{}", fact(name, value, width)); // writing into a String can't fail
    };
    line("run", &format!("{id}, {}", entry.command));
    line("by", &format!("{} on {}", entry.account, entry.host));
    line("started at", &second(&entry.started_at));
    line("ended at", &entry.ended_at.as_deref().map_or_else(|| "under way, or killed".to_owned(), second));
    for (name, value) in [
        ("outcome", &entry.outcome),
        ("cut-off", &entry.cut_off),
        ("policy", &Some(entry.policy.clone())),
        ("summary", &entry.summary),
        ("previous", &entry.previous),
        ("hash", &entry.hash),
    ] {
        if let Some(value) = value {
            line(name, value);
        }
    }
    if !entry.parts.is_empty() {
        let columns = [
            ("part", Align::Left),
            ("action", Align::Left),
            ("rows", Align::Right),
            ("checksum", Align::Right),
            ("size", Align::Right),
            ("state", Align::Left),
        ];
        let rows: Vec<Vec<String>> = entry
            .parts
            .iter()
            .map(|part| {
                vec![
                    part.part.clone(),
                    part.action.clone(),
                    part.total.rows.to_string(),
                    part.total.checksum.to_string(),
                    bytes(part.total.bytes),
                    part.state.clone(),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&render(&columns, &rows));
    }
    Ok(Outcome::done(text.trim_end(), in_json(&entry)))
}

async fn verify(session: &mut Session) -> anyhow::Result<Outcome> {
    let findings = ledger::verify(&mut session.conn).await?;
    let mut text: String = findings.iter().map(|finding| format!("{:<8} {finding}\n", finding.level.word())).collect();
    let (exit, end) = match findings.len() {
        0 => (Exit::Done, "the ledger is as it was written".to_owned()),
        found => (Exit::Found, format!("the ledger was changed: {}", count(found as u64, "finding"))),
    };
    if !text.is_empty() {
        text.push('\n');
    }
    Ok(Outcome::new(exit, text + &end, json!({ "findings": findings })))
}

async fn certificate(session: &mut Session, id: u64) -> anyhow::Result<Outcome> {
    let entry = find(session, id).await?;
    let certificate = certify(&entry, session.database.as_str()).map_err(|why| Refusal(why.to_string()))?;
    Ok(Outcome::done(certificate.text(), json!({ "certificate": certificate })))
}

async fn find(session: &mut Session, id: u64) -> anyhow::Result<Entry> {
    match ledger::find(&mut session.conn, id).await? {
        Some(entry) => Ok(entry),
        None => bail!("there is no run {id} in the ledger; `caredb runs list` shows them"),
    }
}

/// A time of the ledger without what is below a second.
fn second(time: &str) -> String {
    time.split('.').next().unwrap_or(time).to_owned()
}

fn in_json(entry: &Entry) -> Value {
    let parsed = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
    json!({
        "run": entry.id, "command": entry.command, "policy": parsed(&entry.policy), "cut_off": entry.cut_off,
        "account": entry.account, "host": entry.host, "started_at": entry.started_at, "ended_at": entry.ended_at,
        "ended": entry.outcome, "summary": entry.summary.as_ref().map(parsed), "totals": entry.totals(),
        "parts": entry.parts, "seal": entry.seal, "previous": entry.previous, "hash": entry.hash,
    })
}
