//! `caredb import`: files of another system, checked, loaded, compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use anyhow::bail;
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;

use super::Context;
use crate::cli::{FindingArgs, ImportAction, ImportArgs, ImportFileArgs};
use crate::db::bulk;
use crate::import::check::{self as checking, Known, Report};
use crate::import::finding::{Example, Findings, Found, Place};
use crate::import::mapping::Mapping;
use crate::import::{map, rejects, taken};
use crate::output::plain::plain;
use crate::output::table::{Align, render};
use crate::output::{Event, Outcome, count};

mod check;
mod export;
mod init;
mod live;
mod load;
mod numbers;
mod page;
mod verify;

pub async fn run(context: &Context, args: &ImportArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        ImportAction::Init(args) => init::run(args),
        ImportAction::Check(args) => check::run(context, args).await,
        ImportAction::Run(args) => load::run(context, args, false).await,
        ImportAction::Resume(args) => load::run(context, args, true).await,
        ImportAction::Verify(args) => verify::run(context, args).await,
        ImportAction::Export(args) => export::run(context, args).await,
    }
}

/// The mapping, with files that can be read: those of live sources are written first. `rejects`: the folder that rejected rows are
/// to go to.
async fn mapping(context: &Context, args: &ImportFileArgs, rejects: Option<&Path>) -> anyhow::Result<Mapping> {
    let mut mapping = Mapping::read(&args.mapping)?;
    // this machine's clock, since a check needs no server; once, so that each pass over the rows finds the same
    mapping.today = Some(chrono::Utc::now().with_timezone(&mapping.zone()).date_naive());
    if let Some(folder) = rejects {
        rejects::check_folder(&mapping, folder)?;
    }
    // beside mended rows, only what is looked up is read
    let needed: BTreeSet<String> = match args.mended {
        Some(_) => mapping.looked_up().map(str::to_owned).collect(),
        None => mapping.sources.keys().cloned().collect(),
    };
    live::read(context, &mut mapping, &needed).await?;
    live::check_manifests(&mut mapping, &needed)?;
    if let Some(folder) = &args.mended {
        mapping.said.clear();
        rejects::read_from(&mut mapping, folder);
        if mapping.left_out.len() == mapping.sources.len() {
            bail!("there is no `SOURCE.csv` in `{}`; name the folder of `--rejects`", folder.display());
        }
    }
    Ok(mapping)
}

fn findings(args: &FindingArgs) -> Findings {
    Findings { show_values: args.show_values, examples: args.examples, ..Findings::default() }
}

/// Checks all rows, beside those that are in the database where there is one.
async fn examine(
    context: &Context,
    mapping: &Mapping,
    conn: Option<&mut MySqlConnection>,
    findings: Findings,
) -> anyhow::Result<Report> {
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    if let Some(conn) = conn {
        bulk::prepare(conn).await?;
        for entity in &mapping.tables {
            let ids = map::ids(conn, &mapping.system, entity.name()).await?;
            let taken = taken::taken(conn, mapping, entity).await?;
            known.insert(entity.name().to_owned(), Known { ids, taken });
        }
    }
    let begun = Instant::now();
    let mut on_rows = |table: &str, rows: u64| {
        context.output.event(&Event::Progress {
            place: format!("check of {table}: {}", count(rows, "row")),
            elapsed_s: begun.elapsed().as_secs(),
            percent: None,
            left_s: None,
        });
    };
    let report = checking::check(mapping, known, findings, &mut on_rows)?;
    for (entity, checked) in mapping.tables.iter().zip(&report.tables) {
        if let Some(said) = mapping.said.get(&entity.from) {
            said.check_rows(&mapping.path(&mapping.sources[&entity.from]), checked.rows)?;
        }
    }
    Ok(report)
}

fn sources(mapping: &Mapping) -> u64 {
    (mapping.sources.len() - mapping.left_out.len()) as u64
}

/// `nothing is rejected`
fn told(rejected: u64, written: &[String]) -> String {
    match rejected {
        0 => "none is rejected".to_owned(),
        rejected => format!("{rejected} rejected, in {}", written.join(", ")),
    }
}

fn write_rejects(mapping: &Mapping, report: &Report, folder: &Path) -> anyhow::Result<Vec<String>> {
    let written = rejects::write(mapping, &report.rejects, folder)?;
    Ok(written.iter().map(|path| format!("`{}`", path.display())).collect())
}

fn findings_table(findings: &Findings) -> Option<String> {
    let columns = [("code", Align::Left), ("where", Align::Left), ("rows", Align::Right), ("first", Align::Left)];
    let place = |place: &Place| {
        let parts = [&place.table, &place.column].map(String::as_str);
        let of = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
        if place.table.is_empty() { format!("{} {of}", place.source).trim_end().to_owned() } else { of }
    };
    let example = |example: &Example| match &example.value {
        Some(value) => format!("line {} `{value}`", example.line),
        None => format!("line {}", example.line),
    };
    let lines: Vec<Vec<String>> = findings
        .found
        .iter()
        .map(|((code, at), found)| {
            let first: Vec<String> = found.examples.iter().map(example).collect();
            vec![(*code).to_owned(), plain(&place(at)).into_owned(), found.rows.to_string(), first.join(", ")]
        })
        .collect();
    (!lines.is_empty()).then(|| render(&columns, &lines))
}

fn findings_json(findings: &Findings) -> Value {
    let one = |((code, place), Found { rows, examples }): (&(&'static str, Place), &Found)| json!({ "code": code, "source": place.source, "table": place.table, "column": place.column, "rows": rows, "examples": examples });
    findings.found.iter().map(one).collect()
}
