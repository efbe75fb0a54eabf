//! `caredb verify`: proves on a scratch schema that every rollback restores the schema.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::json;

use super::{Context, scratch};
use crate::cli::VerifyArgs;
use crate::db::clock;
use crate::migrate::files::{Migration, Script, Version};
use crate::migrate::plan::PlanError;
use crate::migrate::scratch::Scratch;
use crate::migrate::verify::{self, Finding};
use crate::output::{Exit, Outcome, count, ms};
use crate::seed::sets::{self, Set};
use crate::seed::{fixtures, load};

/// What the trials showed.
struct Trial {
    proved: usize,
    findings: Vec<Finding>,
    /// The rows that the rollbacks dropped or deleted, where they were tried with rows in place.
    removed: Option<usize>,
}

pub async fn run(context: &Context, args: &VerifyArgs) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let migrations = context.files(&args.files)?.migrations;
    let from = args.from.unwrap_or(0);
    let newest = migrations.last().map_or(0, |migration| migration.version);
    if from > newest {
        bail!("there is no version {from} to begin with; the newest is {newest}");
    }
    let scripts: Vec<&Script> =
        migrations.iter().flat_map(|migration| [Some(&migration.up), migration.down.as_ref()]).flatten().collect();
    if let Some(empty) = scripts.iter().find(|script| script.statements.is_empty()) {
        return Err(PlanError::Empty(empty.name.clone()).into());
    }
    let sets =
        if args.with_rows { sets::choose(&context.config.fixtures(args.fixtures.as_ref()), &[])? } else { Vec::new() };
    let session = context.open_server().await?;
    let mut scratch = scratch::open(context, session, &args.scratch, &args.lock, &scripts).await?;
    let name = scratch.name().to_owned();
    let trial = try_all(context, &sets, &mut scratch, &migrations, from).await;
    // dropped whatever came of the trial; of two errors, the trial's is the cause
    let removed = scratch.remove().await;
    let trial = trial?;
    removed?;
    Ok(report(&name, from, args.with_rows, &trial, begun.elapsed()))
}

async fn try_all(
    context: &Context,
    sets: &[Set],
    scratch: &mut Scratch,
    migrations: &[Migration],
    from: Version,
) -> anyhow::Result<Trial> {
    let on_event = |event| context.output.event(&event);
    let proof = verify::prove(scratch, migrations, from, on_event).await?;
    let mut trial =
        Trial { proved: proof.before.len() - proof.findings.len(), findings: proof.findings, removed: None };
    // what fails on empty tables has to be mended first
    let all_restore = trial.findings.iter().all(|finding| matches!(finding, Finding::NoRollback { .. }));
    if !sets.is_empty() && all_restore {
        let mut session = scratch.connect().await?;
        let today = clock::today(&mut session.conn).await?;
        for set in sets {
            load::load(&mut session.conn, &fixtures::read(set, today)?, &load::Options::default(), |_| ()).await?;
        }
        let (removed, finding) = verify::roll_back(scratch, migrations, &proof.before, on_event).await?;
        trial.proved -= usize::from(finding.is_some());
        trial.findings.extend(finding);
        trial.removed = Some(removed);
    }
    Ok(trial)
}

fn report(scratch: &str, from: Version, with_rows: bool, trial: &Trial, elapsed: Duration) -> Outcome {
    let fields = json!({
        "scratch": scratch,
        "from": from,
        "proved": trial.proved,
        "rows_removed": trial.removed,
        "findings": trial.findings,
        "duration_ms": ms(elapsed),
    });
    let seconds = elapsed.as_secs_f64();
    let with_rows = match (with_rows, trial.removed) {
        (false, _) => String::new(),
        (true, None) => "; not tried with rows".to_owned(),
        (true, Some(removed)) => format!("; with the fixtures in place, they drop or delete {}", count(removed, "row")),
    };
    let proved = count(trial.proved, "rollback");
    if trial.findings.is_empty() {
        return Outcome::done(format!("proved: {proved} in {seconds:.2} s{with_rows}"), fields);
    }
    let mut lines = Vec::new();
    for finding in &trial.findings {
        lines.push(finding.to_string());
        lines.extend(finding.differences().iter().map(ToString::to_string));
    }
    let findings = count(trial.findings.len(), "finding");
    lines.push(format!("not proved: {findings}; {proved} proved in {seconds:.2} s{with_rows}"));
    Outcome::new(Exit::Found, lines.join("\n"), fields)
}
