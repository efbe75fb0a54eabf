//! `caredb import run` and `import resume`: checks the files, and loads what is right.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::json;
use sqlx::mysql::MySqlConnection;

use super::numbers::Numbers;
use super::page;
use super::{examine, findings, findings_json, findings_table, mapping, told, write_rejects};
use crate::cli::ImportRunArgs;
use crate::commands::{Context, Otherwise};
use crate::db::bulk;
use crate::db::connect::{Session, connect};
use crate::db::lock;
use crate::import::check::Report;
use crate::import::load::{self, Loaded, OnConflict};
use crate::import::mapping::Mapping;
use crate::import::{late, map, runs};
use crate::output::{Event, Exit, Outcome, count};

const TASK: &str = "import";
/// How many connections load.
const WORKERS: usize = 2;

pub async fn run(context: &Context, args: &ImportRunArgs, resume: bool) -> anyhow::Result<Outcome> {
    let mapping = Arc::new(mapping(context, &args.files, Some(&args.findings.rejects)).await?);
    let mut session = context.open().await?;
    if args.on_conflict == OnConflict::Update {
        let database = session.database.as_str();
        let question = format!("write over rows of `{database}` where an earlier import wrote other values?");
        context.confirm(Otherwise::Nothing, database, &question, "nothing was loaded")?;
    }
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
        let numbers = Numbers::Checked(&report.tables);
        let parts = [Some(numbers.table()), findings_table(&report.findings)];
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
        let outcome = Outcome::new(Exit::Found, text, fields);
        let page = args.findings.page.as_deref();
        page::write(page, ("import run", &mapping.system), &outcome, numbers, &report.findings, &written)?;
        return Ok(outcome);
    }
    let loaded = load(context, &mut session, &mapping, &mut report, args, timeout).await?;
    let is_whole = !args.max_errors.is_passed(report.rejected(), rows);
    // before the server is asked again, which may be gone: what it has refused stands nowhere else
    let written = write_rejects(&mapping, &report, &args.findings.rejects)?;
    if is_whole {
        runs::end(&mut session.conn, run).await?;
    }
    let outcome = imported(&mapping, &report, (run, is_whole), &loaded, &written, begun.elapsed());
    let (page, numbers) = (args.findings.page.as_deref(), Numbers::Loaded(&loaded));
    page::write(page, ("import run", &mapping.system), &outcome, numbers, &report.findings, &written)?;
    Ok(outcome)
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

/// Loads what was accepted. Rows that the server refuses are added to the report; once they are too many, no further table is
/// loaded.
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
        if args.max_errors.is_passed(report.rejected(), report.rows(mapping)) {
            break;
        }
    }
    Ok(all)
}

fn imported(
    mapping: &Mapping,
    report: &Report,
    (run, is_whole): (u64, bool),
    loaded: &[Loaded],
    written: &[String],
    took: Duration,
) -> Outcome {
    let (rows, rejected) = (report.rows(mapping), report.rejected());
    let inserted: u64 = loaded.iter().map(|table| table.inserted).sum();
    let mut parts = vec![Numbers::Loaded(loaded).table()];
    parts.extend(findings_table(&report.findings));
    let gone = loaded.iter().filter(|table| table.gone > 0).map(|table| {
        let gone = count(table.gone, "row");
        format!("{gone} of `{}` that an earlier import wrote: deleted or archived since, and left alone", table.name)
    });
    parts.extend(gone);
    if let Some(last) = loaded.last().filter(|_| !is_whole) {
        parts.push(format!(
            "stopped behind `{}`, since the server refused more rows than `--max-errors` allows; what is loaded stays: see why, then load the rest by `caredb import resume`",
            last.name
        ));
    }
    parts.push(format!(
        "imported {} from {} of `{}` in {:.2} s; {}; run {run}",
        count(inserted, "row"),
        count(rows, "row"),
        mapping.system,
        took.as_secs_f64(),
        told(rejected, written)
    ));
    let fields = json!({
        "run": run, "complete": is_whole, "rows": rows, "rejected": rejected, "loaded": loaded, "findings": findings_json(&report.findings),
        "rejects": written, "seconds": took.as_secs_f64(),
    });
    let exit = if rejected > 0 { Exit::Found } else { Exit::Done };
    Outcome::new(exit, parts.join("\n\n"), fields)
}
