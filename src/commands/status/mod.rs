//! `caredb status`: one screen that says how the database is. It costs the server its dictionary, some look-ups in indexes and the
//! last rows of the ledger, so that it can run every minute.

use serde_json::{Value, json};

use super::{Context, partition};
use crate::cli::StatusArgs;
use crate::db::clock;
use crate::db::connect::Session;
use crate::db::error::or_why;
use crate::db::size::{self, TableSize};
use crate::migrate::files::{Files, Migration};
use crate::migrate::plan::{self, Observed};
use crate::migrate::{apply, info, repeatable};
use crate::output::table::{Align, bytes, fact, render, terminal};
use crate::output::{Outcome, count};
use crate::retention::backlog::{Backlog, LastRun, backlog, prepare};
use crate::retention::ledger::Ending;

mod watch;

pub async fn run(context: &Context, args: &StatusArgs) -> anyhow::Result<Outcome> {
    if let Some(seconds) = args.watch {
        return watch::run(context, args, seconds).await;
    }
    let mut session = context.open().await?;
    let (text, fields) = screen(context, args, &mut session).await?;
    Ok(Outcome::done(text, fields).coloured(colours))
}

/// The screen, and the same for JSON readers.
async fn screen(context: &Context, args: &StatusArgs, session: &mut Session) -> anyhow::Result<(String, Value)> {
    let files = context.files(&args.files)?;
    prepare(&mut session.conn).await?;
    let observed = apply::observe(&mut session.conn).await?;
    let today = clock::today(&mut session.conn).await?;
    let (retention, unseen) = or_why(backlog(&mut session.conn, context.config.retention(), today).await)?;
    let tables = size::sizes(&mut session.conn).await?;
    let standing = partition::standing(context, session).await?;
    let findings = plan::check(&files, &observed);
    let pending: Vec<_> = pending(&files, &observed).map(|migration| migration.version).collect();
    let repeatables: Vec<_> =
        repeatable::steps_up(&files, &observed).iter().map(|step| step.script.name.clone()).collect();

    let mut facts = vec![
        ("server", format!("MySQL {} at {}", session.version, session.target.host())),
        ("database", format!("{} as {}", session.database.as_str(), session.account)),
        ("version", version(&files, &observed, pending.len(), repeatables.len())),
    ];
    if let Some(last) = observed.history.iter().flatten().last() {
        let name = last.version.as_ref().map_or("R".to_owned(), |version| format!("V{version}"));
        let last = format!("{name} {}, {} by {}", last.description, last.installed_on, last.installed_by);
        facts.push(("last change", last));
    }
    facts.extend(standing.iter().map(|standing| ("partitions", standing.to_string())));
    let attention = findings.iter().map(ToString::to_string).chain(unseen.clone());
    let attention = attention.chain(retention.iter().filter_map(failure));
    facts.extend(attention.map(|text| (ATTENTION, text)));
    let width = terminal().map(|(width, _)| width);
    let lines = facts.iter().map(|(name, value)| fact(name, value, width));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    if !retention.is_empty() {
        text.push_str("\n\n");
        text.push_str(&retention_table(&retention));
    }
    if !tables.is_empty() {
        text.push_str("\n\n");
        text.push_str(&size_table(&tables));
    }
    let fields = json!({
        "server": session.version,
        "database": session.database.as_str(),
        "account": session.account,
        "version": observed.version(),
        "pending": pending,
        "pending_repeatables": repeatables,
        "findings": findings,
        "versions": info::lines(&files, &observed),
        "partitions": standing,
        "retention": retention,
        "retention_unseen": unseen,
        "tables": tables,
    });
    Ok((text, fields))
}

/// The name of what a person is to look at.
const ATTENTION: &str = "attention";

/// Yellow for what a person is to look at, to the end of its lines.
fn colours(line: &str, before: Option<u8>) -> Option<u8> {
    let goes_on = line.starts_with(' ') && before.is_some();
    (goes_on || line.split(' ').next() == Some(ATTENTION)).then_some(33)
}

/// What to say of a job whose last run on record failed.
fn failure(backlog: &Backlog) -> Option<String> {
    let last = backlog.last_run.as_ref()?;
    (last.outcome.as_deref() == Some(Ending::Failed.word()))
        .then(|| format!("the last run of `{}` failed; `caredb runs show {}` says why", backlog.job, last.run))
}

fn retention_table(retention: &[Backlog]) -> String {
    let row = |backlog: &Backlog| {
        let mut row = vec![backlog.job.to_owned()];
        row.extend(match &backlog.oldest {
            Some(oldest) => [oldest.clone(), backlog.rows.to_string()],
            None => ["nothing".to_owned(), String::new()],
        });
        row.extend(match &backlog.last_run {
            // to the minute
            Some(LastRun { started_at, outcome, rows, .. }) => [
                started_at.chars().take(16).collect(),
                outcome.clone().unwrap_or_else(|| "no end".to_owned()),
                rows.to_string(),
            ],
            None => ["none".to_owned(), String::new(), String::new()],
        });
        row
    };
    let columns = [
        ("job", Align::Left),
        ("due since", Align::Left),
        ("rows ~", Align::Right),
        ("last run", Align::Left),
        ("outcome", Align::Left),
        ("rows", Align::Right),
    ];
    render(&columns, &retention.iter().map(row).collect::<Vec<_>>())
}

fn size_table(tables: &[TableSize]) -> String {
    let row = |size: &TableSize| {
        vec![size.table.clone(), size.rows.to_string(), bytes(size.data_bytes), bytes(size.index_bytes)]
    };
    let columns = [("table", Align::Left), ("rows ~", Align::Right), ("data", Align::Right), ("indexes", Align::Right)];
    render(&columns, &tables.iter().map(row).collect::<Vec<_>>())
}

pub(super) fn pending<'a>(files: &'a Files, observed: &Observed) -> impl Iterator<Item = &'a Migration> {
    let version = observed.version();
    files.migrations.iter().filter(move |migration| migration.version > version)
}

pub(super) fn version(files: &Files, observed: &Observed, pending: usize, repeatables: usize) -> String {
    let newest = files.newest();
    let at = observed.version();
    if observed.history.is_none() {
        return format!("none of {newest}: nothing is applied yet, `caredb migrate` does it");
    }
    let pending = match (pending, repeatables) {
        (0, 0) => return format!("{at}, nothing pending"),
        (0, files) => count(files, "R file"),
        (versions, 0) => count(versions, "version"),
        (versions, files) => format!("{} and {}", count(versions, "version"), count(files, "R file")),
    };
    format!("{at} of {newest}, {pending} pending, `caredb migrate` applies them")
}
