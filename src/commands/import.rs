//! `caredb import`: files of another system, checked, loaded, compared.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;

use super::Context;
use crate::cli::{FindingArgs, ImportAction, ImportArgs, ImportCheckArgs, ImportFileArgs, ImportRunArgs};
use crate::db::bulk;
use crate::db::connect::{Session, connect};
use crate::db::lock;
use crate::import::check::{self, Checked, Report};
use crate::import::finding::{Example, Findings, Found, Place};
use crate::import::keys::Keys;
use crate::import::load::{self, Loaded};
use crate::import::mapping::Mapping;
use crate::import::verify::{self, Compared};
use crate::import::{late, map, rejects, runs};
use crate::output::table::{Align, render};
use crate::output::{Event, Exit, Outcome, count};

pub async fn run(context: &Context, args: &ImportArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        ImportAction::Check(args) => check(context, args).await,
        ImportAction::Run(args) => import(context, args, false).await,
        ImportAction::Resume(args) => import(context, args, true).await,
        ImportAction::Verify(args) => verify(context, args).await,
    }
}

fn mapping(args: &ImportFileArgs) -> anyhow::Result<Mapping> {
    let mut mapping = Mapping::read(&args.mapping)?;
    if let Some(folder) = &args.mended {
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
    let mut known: BTreeMap<String, Keys> = BTreeMap::new();
    if let Some(conn) = conn {
        for entity in &mapping.tables {
            known.insert(entity.name().to_owned(), map::ids(conn, &mapping.system, entity.name()).await?);
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
    Ok(check::check(mapping, known, findings, &mut on_rows)?)
}

async fn check(context: &Context, args: &ImportCheckArgs) -> anyhow::Result<Outcome> {
    let mapping = mapping(&args.files)?;
    let mut session = if context.config.target.is_some() { Some(context.open().await?) } else { None };
    let begun = Instant::now();
    let report =
        examine(context, &mapping, session.as_mut().map(|session| &mut session.conn), findings(&args.findings)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let written = write_rejects(&mapping, &report, &args.findings.rejects)?;
    let (rows, rejected) = (report.rows(&mapping), report.rejected());
    let mut parts = vec![checked_table(&report.tables)];
    parts.extend(findings_table(&report.findings));
    parts.push(format!(
        "checked {} of {}: {}",
        count(rows, "row"),
        count(sources(&mapping), "file"),
        told(rejected, &written)
    ));
    let fields = json!({
        "rows": rows, "rejected": rejected, "tables": report.tables, "findings": findings_json(&report.findings),
        "rejects": written, "seconds": seconds,
    });
    let exit = if rejected > 0 { Exit::Found } else { Exit::Done };
    Ok(Outcome::new(exit, parts.join("\n\n"), fields))
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

fn checked_table(tables: &[Checked]) -> String {
    let numbers = |table: &Checked| [table.rows, table.accepted, table.skipped, table.rejected.len() as u64];
    let lines = tables.iter().map(|table| (table.name.as_str(), numbers(table)));
    numbers_table(["rows", "accepted", "passed over", "rejected"], lines)
}

/// A line a `[[table]]`.
fn numbers_table<'a, const N: usize>(names: [&str; N], lines: impl Iterator<Item = (&'a str, [u64; N])>) -> String {
    let columns: Vec<_> = [("table", Align::Left)].into_iter().chain(names.map(|name| (name, Align::Right))).collect();
    let line = |(name, numbers): (&str, [u64; N])| {
        [name.to_owned()].into_iter().chain(numbers.map(|number| number.to_string())).collect()
    };
    render(&columns, &lines.map(line).collect::<Vec<Vec<String>>>())
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
            vec![(*code).to_owned(), place(at), found.rows.to_string(), first.join(", ")]
        })
        .collect();
    (!lines.is_empty()).then(|| render(&columns, &lines))
}

fn findings_json(findings: &Findings) -> Value {
    let one = |((code, place), Found { rows, examples }): (&(&'static str, Place), &Found)| json!({ "code": code, "source": place.source, "table": place.table, "column": place.column, "rows": rows, "examples": examples });
    findings.found.iter().map(one).collect()
}

const TASK: &str = "import";
/// How many connections load.
const WORKERS: usize = 2;

async fn import(context: &Context, args: &ImportRunArgs, resume: bool) -> anyhow::Result<Outcome> {
    let mapping = Arc::new(mapping(&args.files)?);
    let mut session = context.open().await?;
    let timeout = Duration::from_secs(args.lock.lock_timeout.into());
    take(context, &mut session.conn, &lock::name(TASK, &session.database), timeout).await?;
    map::create(&mut session.conn).await?;
    runs::create(&mut session.conn).await?;
    let run = begin(context, &mut session, &mapping, &args.files.mapping, resume).await?;
    let begun = Instant::now();
    let mut report = examine(context, &mapping, Some(&mut session.conn), findings(&args.findings)).await?;
    let (rows, rejected) = (report.rows(&mapping), report.rejected());
    if args.max_errors.is_passed(rejected, rows) {
        let written = write_rejects(&mapping, &report, &args.findings.rejects)?;
        runs::end(&mut session.conn, run).await?;
        let parts = [Some(checked_table(&report.tables)), findings_table(&report.findings)];
        let last = format!(
            "nothing was loaded: of {}, {}; mend them, or say by `--max-errors` how many may be left out",
            count(rows, "row"),
            told(rejected, &written)
        );
        let text = parts.into_iter().flatten().chain([last]).collect::<Vec<_>>().join("\n\n");
        let fields = json!({
            "run": run, "rows": rows, "rejected": rejected, "loaded": [], "findings": findings_json(&report.findings),
            "rejects": written,
        });
        return Ok(Outcome::new(Exit::Found, text, fields));
    }
    let loaded = load(context, &mut session, &mapping, &mut report, args, timeout).await?;
    runs::end(&mut session.conn, run).await?;
    let written = write_rejects(&mapping, &report, &args.findings.rejects)?;
    Ok(imported(&mapping, &report, run, &loaded, &written, begun.elapsed()))
}

async fn take(context: &Context, conn: &mut MySqlConnection, name: &str, timeout: Duration) -> anyhow::Result<()> {
    Ok(lock::acquire(conn, &[name.to_owned()], timeout, context.on_wait()).await?)
}

/// Begins a run, or goes on with one of the same files.
async fn begin(
    context: &Context,
    session: &mut Session,
    mapping: &Mapping,
    file: &Path,
    resume: bool,
) -> anyhow::Result<u64> {
    let fingerprint = runs::fingerprint(mapping, file);
    let fingerprint = fingerprint.map_err(|(path, error)| anyhow::anyhow!("could not read `{path}`: {error}"))?;
    match runs::open(&mut session.conn, &mapping.system).await? {
        Some(open) if open.fingerprint == fingerprint => {
            let text = format!("run {} did not reach its end; this one loads the rest", open.id);
            context.output.event(&Event::Note { text });
            Ok(open.id)
        }
        Some(open) if resume => bail!(
            "run {} had other files, or another mapping, than there are now; put them back, or load what there is by `caredb import run`",
            open.id
        ),
        None if resume => bail!("no import of `{}` is half-way; begin one by `caredb import run`", mapping.system),
        open => {
            if let Some(open) = open {
                let text = format!(
                    "run {} did not reach its end, and had other files; rows that it loaded count as imported",
                    open.id
                );
                context.output.event(&Event::Note { text });
                runs::end(&mut session.conn, open.id).await?;
            }
            Ok(runs::begin(&mut session.conn, &mapping.system, &fingerprint).await?)
        }
    }
}

/// Loads what was accepted. Rows that the server refuses are added to the report.
async fn load(
    context: &Context,
    session: &mut Session,
    mapping: &Arc<Mapping>,
    report: &mut Report,
    args: &ImportRunArgs,
    timeout: Duration,
) -> anyhow::Result<Vec<Loaded>> {
    let mut workers = Vec::new();
    for number in 0..WORKERS {
        let mut conn = connect(&session.target).await?.conn;
        // it dies with the connection, but not before the server has ended its last statement: once this run has it, no
        // batch of a killed run is under way
        take(context, &mut conn, &lock::name(&format!("import worker {number}"), &session.database), timeout).await?;
        bulk::prepare(&mut conn).await?;
        workers.push(conn);
    }
    let mut all = Vec::new();
    for number in 0..mapping.tables.len() {
        let entity = &mapping.tables[number];
        if mapping.left_out.contains(&entity.from) {
            continue;
        }
        let (begun, accepted) = (Instant::now(), report.tables[number].accepted);
        let mut on_rows = |rows: u64| {
            let percent = (rows * 100 / accepted.max(1)).min(100);
            context.output.event(&Event::Progress {
                place: format!("{}: {}", entity.name(), count(rows, "row")),
                elapsed_s: begun.elapsed().as_secs(),
                percent: Some(percent),
                left_s: crate::db::progress::left_s(begun.elapsed(), percent),
            });
        };
        let without = report.tables[number].without();
        let loaded = load::load(&mut workers, mapping, number, without, args.on_conflict, &mut on_rows).await?;
        for refused in &loaded.refused {
            report.refuse(&entity.from, number, refused);
        }
        if let Some(conn) = workers.first_mut() {
            for refused in late::fill(conn, mapping, number, &report.tables[number].without()).await? {
                report.refuse(&entity.from, number, &refused);
            }
        }
        all.push(loaded);
    }
    Ok(all)
}

fn imported(
    mapping: &Mapping,
    report: &Report,
    run: u64,
    loaded: &[Loaded],
    written: &[String],
    took: Duration,
) -> Outcome {
    let numbers =
        |table: &Loaded| [table.inserted, table.equal, table.different, table.updated, table.refused.len() as u64];
    let lines = loaded.iter().map(|table| (table.name.as_str(), numbers(table)));
    let table = numbers_table(["inserted", "equal", "different", "updated", "refused"], lines);
    let (rows, rejected) = (report.rows(mapping), report.rejected());
    let inserted: u64 = loaded.iter().map(|table| table.inserted).sum();
    let mut parts = vec![table];
    parts.extend(findings_table(&report.findings));
    parts.push(format!(
        "imported {} from {} of `{}` in {:.2} s; {}; run {run}",
        count(inserted, "row"),
        count(rows, "row"),
        mapping.system,
        took.as_secs_f64(),
        told(rejected, written)
    ));
    let fields = json!({
        "run": run, "rows": rows, "rejected": rejected, "loaded": loaded, "findings": findings_json(&report.findings),
        "rejects": written, "seconds": took.as_secs_f64(),
    });
    let exit = if rejected > 0 { Exit::Found } else { Exit::Done };
    Outcome::new(exit, parts.join("\n\n"), fields)
}

async fn verify(context: &Context, args: &ImportFileArgs) -> anyhow::Result<Outcome> {
    let mapping = mapping(args)?;
    let mut session = context.open().await?;
    bulk::prepare(&mut session.conn).await?;
    let report = examine(context, &mapping, Some(&mut session.conn), Findings::default()).await?;
    let mut all = Vec::new();
    for (number, entity) in mapping.tables.iter().enumerate() {
        if !mapping.left_out.contains(&entity.from) {
            let without = report.tables[number].without();
            all.push(verify::verify(&mut session.conn, &mapping, number, &without).await?);
        }
    }
    Ok(verified(&all, report.rejected()))
}

fn verified(all: &[Compared], rejected: u64) -> Outcome {
    let columns =
        [("table", Align::Left), ("rows", Align::Right), ("missing", Align::Right), ("different", Align::Left)];
    let rows_of = |rows: &[u64]| rows.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let lines: Vec<Vec<String>> = all
        .iter()
        .map(|table| {
            let different = table.different.iter().map(|(column, difference)| {
                format!("{column}: {} (row {})", difference.rows, rows_of(&difference.examples))
            });
            let different: Vec<String> = different.collect();
            let missing = match table.missing.rows {
                0 => "0".to_owned(),
                rows => format!("{rows} (row {})", rows_of(&table.missing.examples)),
            };
            let different = if different.is_empty() { "-".to_owned() } else { different.join("; ") };
            vec![table.name.clone(), table.rows.to_string(), missing, different]
        })
        .collect();
    let rows: u64 = all.iter().map(|table| table.rows).sum();
    let same = all.iter().all(Compared::is_same);
    let rest = if rejected > 0 {
        format!("; {rejected} rows of the files are rejected, and not looked for")
    } else {
        String::new()
    };
    let last = if same {
        format!("the database has all {} as the files have them{rest}", count(rows, "row"))
    } else {
        format!("the database differs from the files, rows as the files count them{rest}")
    };
    let exit = if same { Exit::Done } else { Exit::Found };
    Outcome::new(
        exit,
        format!("{}\n\n{last}", render(&columns, &lines)),
        json!({ "rows": rows, "tables": all, "rejected": rejected }),
    )
}
