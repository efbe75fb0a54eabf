//! `caredb lint`: what is dangerous or can't be undone in migration files, and what each ALTER costs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::migrate::Costs;
use super::{Context, missing_database, scratch};
use crate::cli::{FileArgs, LintArgs, LockArgs, ScratchArgs};
use crate::db::connect::{ConnectError, Session};
use crate::db::target::Target;
use crate::lint::cost::{Alter, Way};
use crate::lint::file::{File, Pair, Project, natural, plain};
use crate::lint::live::{self, BIG, Live, Rates};
use crate::lint::observe::{Observed, Observer};
use crate::lint::{Finding, Level, Priced, Report, judge, since};
use crate::migrate::apply;
use crate::migrate::files::Location;
use crate::migrate::plan::Plan;
use crate::migrate::scratch::{Scratch, ScratchError};
use crate::output::github::annotation;
use crate::output::table::{Align, bytes, render};
use crate::output::{Exit, Format, Outcome, count, ms};
use crate::report::last::{self, Check, Last};

/// What is linted.
struct Selection {
    project: Project,
    /// Names of the project's files; none for those that are pending.
    wanted: Option<BTreeSet<String>>,
    /// Files that are none of the project's, in the order in which they run.
    plain: Vec<File>,
    /// What is wrong with versions, by `--since`.
    versions: Vec<Finding>,
}

pub async fn run(context: &Context, args: &LintArgs) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let selection = select(context, args)?;
    let target = context.target()?;
    let mut database = open_database(context, &target).await?;
    let live = match &mut database {
        Some(session) => Some(Live::observe(session).await?),
        None => None,
    };
    let wanted = match (&selection.wanted, &mut database) {
        (Some(names), _) => names.clone(),
        (None, Some(session)) => pending(session, &selection.project).await?,
        (None, None) => selection.project.files().map(|file| file.script.name.clone()).collect(),
    };
    let mut report = Report::default();
    let mut live = live;
    if !wanted.is_empty() || !selection.plain.is_empty() {
        let session = context.open_server().await?;
        let (mut scratch, others) = scratch::open_unchecked(context, session, &args.scratch, &args.lock).await?;
        let tried = try_all(&mut scratch, &others, &selection, &wanted, live.as_mut()).await;
        // dropped whatever came of the trial; of two errors, the trial's is the cause
        let removed = scratch.remove().await;
        let tried = tried?;
        removed?;
        report = judge(&tried, live.as_ref());
    }
    report.findings.splice(..0, selection.versions);
    if report.files == 0 && report.findings.is_empty() {
        let why = args
            .since
            .as_ref()
            .map_or("no version is pending".to_owned(), |since| format!("no file is new or changed since `{since}`"));
        let nothing = outcome(&report, None, args.strict, context.output.format(), begun.elapsed());
        return Ok(keep(context, &target, Outcome { text: format!("nothing to lint: {why}"), ..nothing }, &report));
    }
    let rates = live.and_then(|live| live.rates);
    let outcome = outcome(&report, rates, args.strict, context.output.format(), begun.elapsed());
    Ok(keep(context, &target, outcome, &report))
}

/// Keeps what was found, for the page of `report`.
fn keep(context: &Context, target: &Target, outcome: Outcome, report: &Report) -> Outcome {
    let finding = |Finding { code, level, file, line, object, what, better, .. }: &Finding| {
        let object = if object.is_empty() { String::new() } else { format!("`{object}` ") };
        let what = vec![format!("{object}{what}"), format!("better: {better}")];
        last::Finding { state: level.word().to_owned(), place: format!("{code} in `{file}` line {line}"), what }
    };
    let summary = outcome.text.rsplit("\n\n").next().unwrap_or_default();
    let last = Last::now(outcome.exit == Exit::Found, summary, report.findings.iter().map(finding));
    last.keep(Check::Lint, &context.project(target));
    outcome
}

/// The database that the files are meant for; none where it is not there yet.
async fn open_database(context: &Context, target: &Target) -> anyhow::Result<Option<Session>> {
    match context.connect(target).await {
        Ok(session) => Ok(Some(session)),
        Err(ConnectError::MissingDatabase(_)) => Ok(None),
        Err(error) => Err(missing_database(error)),
    }
}

/// The pending V files with their U files, and all R files, which are applied again behind them.
async fn pending(session: &mut Session, project: &Project) -> anyhow::Result<BTreeSet<String>> {
    let observed = apply::observe(&mut session.conn).await?;
    let applied = observed.applied();
    let pairs = project.pairs.iter().filter(|pair| applied.is_pending(pair.version));
    let files = pairs.flat_map(Pair::files).chain(&project.repeatables);
    Ok(files.map(|file| file.script.name.clone()).collect())
}

fn select(context: &Context, args: &LintArgs) -> anyhow::Result<Selection> {
    let placeholders = context.config.placeholders(&args.files);
    let folders = [context.config.migrations(&args.files), context.config.rollbacks(&args.files)];
    let project = Project::read(&folders[0], &folders[1], &placeholders)?;
    let mut selection = Selection { project, wanted: None, plain: Vec::new(), versions: Vec::new() };
    if let Some(reference) = &args.since {
        let Location::Folder(migrations) = &folders[0] else {
            bail!("`--since` needs the files in a folder; name it by `--migrations` or in `caredb.toml`");
        };
        let since = since::look(migrations, reference)?;
        let names = selection.project.pairs.iter().map(|pair| (pair.up.script.name.as_str(), pair.up.path.as_str()));
        selection.versions = since.versions(&canonical(migrations), names);
        let changed = since.changed.iter().filter(|path| belongs(path, &folders)).filter_map(|path| name(path));
        let changed: BTreeSet<String> = changed.collect();
        let files = selection.project.files().map(|file| file.script.name.clone());
        selection.wanted = Some(files.filter(|name| changed.contains(name)).collect());
    } else if !args.paths.is_empty() {
        let mut wanted = BTreeSet::new();
        for path in expand(&args.paths)? {
            let own = |name: &String| selection.project.files().any(|file| file.script.name == *name);
            match name(&path).filter(|name| own(name) && belongs(&path, &folders)) {
                Some(name) => drop(wanted.insert(name)),
                None => selection
                    .plain
                    .push(plain(&path, &placeholders).with_context(|| format!("could not read `{}`", path.display()))?),
            }
        }
        selection.wanted = Some(wanted);
    }
    Ok(selection)
}

/// The files of these paths; a folder stands for the SQL files in it, by name, numbers in them counting as such.
fn expand(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = || format!("could not read folder `{}`", path.display());
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).with_context(failed)? {
            let file = entry.with_context(failed)?.path();
            if file.is_file() && file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql")) {
                inside.push(file);
            }
        }
        inside.sort_by_cached_key(|file| natural(&name(file).unwrap_or_default()));
        files.extend(inside);
    }
    Ok(files)
}

fn name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// Whether a file lies in one of the project's folders.
fn belongs(path: &Path, folders: &[Location; 2]) -> bool {
    let own = |location: &Location| {
        let Location::Folder(folder) = location else { return false };
        path.parent().is_some_and(|parent| canonical(parent) == canonical(folder))
    };
    folders.iter().any(own)
}

/// One spelling of a path, however it was reached.
fn canonical(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

async fn try_all(
    scratch: &mut Scratch,
    others: &[String],
    selection: &Selection,
    wanted: &BTreeSet<String>,
    live: Option<&mut Live>,
) -> Result<Vec<Observed>, ScratchError> {
    let mut observer = Observer::new(others, true);
    let mut tried = observer.project(scratch, &selection.project, |file| wanted.contains(&file.script.name)).await?;
    if !selection.plain.is_empty() {
        if !tried.is_empty() {
            scratch.renew().await?;
        }
        tried.extend(observer.files(scratch, &selection.plain).await?);
    }
    measure(scratch, &tried, live).await?;
    Ok(tried)
}

/// Asks how fast the server copies, where a large table is worked on.
async fn measure(scratch: &mut Scratch, tried: &[Observed], live: Option<&mut Live>) -> Result<(), ScratchError> {
    let Some(live) = live else { return Ok(()) };
    let costs = tried.iter().flat_map(|observed| &observed.seen).filter_map(|seen| seen.cost.as_ref());
    let is_large = |table: &str| live.size(table).is_some_and(|size| size.bytes >= BIG);
    if costs.filter(|cost| cost.algorithm != Way::Instant || cost.adds_row_version).any(|cost| is_large(&cost.table)) {
        let database = scratch.database().clone();
        live.rates = Some(live::measure(scratch.control(), &database).await?);
    }
    Ok(())
}

/// What a plan's pending ALTERs cost, in words, by file and line. Errors: why that is not known, in one line; a dry run goes on without.
pub async fn costs(context: &Context, session: &mut Session, files: &FileArgs, plan: &Plan<'_>) -> Costs {
    let pending = plan.steps.iter().flat_map(|step| &step.script.statements[step.done..]);
    if !pending.into_iter().any(|statement| Alter::of(&statement.text).is_some()) {
        return Ok(BTreeMap::new());
    }
    let tried = async {
        let (migrations, rollbacks) = (context.config.migrations(files), context.config.rollbacks(files));
        let project = Project::read(&migrations, &rollbacks, &context.config.placeholders(files))?;
        let mut live = Live::observe(session).await?;
        let server = context.open_server().await?;
        let lock = LockArgs { lock_timeout: 2, ddl_retries: 0 };
        let (mut scratch, others) =
            scratch::open_unchecked(context, server, &ScratchArgs { name: None }, &lock).await?;
        let tried = async {
            let wanted = |file: &File| plan.steps.iter().any(|step| step.script.name == file.script.name);
            let tried = Observer::new(&others, false).project(&mut scratch, &project, wanted).await?;
            measure(&mut scratch, &tried, Some(&mut live)).await?;
            Ok::<_, ScratchError>(tried)
        };
        let tried = tried.await;
        let removed = scratch.remove().await;
        let tried = tried?;
        removed?;
        let mut costs = BTreeMap::new();
        for Observed { file: File { script, .. }, seen, .. } in &tried {
            let known = script
                .statements
                .iter()
                .zip(seen)
                .filter_map(|(statement, seen)| Some((statement, seen.cost.as_ref()?)));
            costs.extend(known.map(|(of, cost)| ((script.name.clone(), of.line), cost.text(Some(&live)))));
        }
        anyhow::Ok(costs)
    };
    tried.await.map_err(|error| format!("{error:#}"))
}

fn outcome(report: &Report, rates: Option<Rates>, strict: bool, format: Format, elapsed: Duration) -> Outcome {
    let (errors, warnings) = (report.count(Level::Error), report.count(Level::Warning));
    let exit = if errors > 0 || strict && warnings > 0 { Exit::Found } else { Exit::Done };
    let rates_json = rates.map(|rates| json!({ "copy": rates.copy, "rebuild": rates.rebuild }));
    let fields = json!({
        "files": report.files,
        "statements": report.statements,
        "not_tried": report.not_tried,
        "errors": errors,
        "warnings": warnings,
        "by_code": report.by_code(),
        "findings": report.findings,
        "costs": report.costs,
        "bytes_per_s": rates_json,
        "duration_ms": ms(elapsed),
    });
    let shown = if format == Format::Github { annotations(&report.findings) } else { findings(&report.findings) };
    let mut blocks = vec![shown, prices(&report.costs)];
    blocks.extend(rates.map(|Rates { copy, rebuild }| {
        format!(
            "times by a table of caredb's own, copied on this server: {}/s; in place: {}/s",
            bytes(copy),
            bytes(rebuild)
        )
    }));
    let not_tried = match report.not_tried {
        0 => String::new(),
        number => format!(", {number} of them not tried"),
    };
    blocks.push(format!(
        "{}, {} in {}, {}{not_tried}",
        count(errors, "error"),
        count(warnings, "warning"),
        count(report.files, "file"),
        count(report.statements, "statement")
    ));
    blocks.retain(|block| !block.is_empty());
    Outcome::new(exit, blocks.join("\n\n"), fields)
}

/// What each ALTER costs, as a table.
fn prices(costs: &[Priced]) -> String {
    let row =
        |priced: &Priced| vec![priced.file.clone(), priced.line.to_string(), priced.table.clone(), priced.cost.clone()];
    let rows: Vec<Vec<String>> = costs.iter().map(row).collect();
    let columns = [("file", Align::Left), ("line", Align::Right), ("table", Align::Left), ("cost", Align::Left)];
    if rows.is_empty() { String::new() } else { render(&columns, &rows) }
}

/// A line a finding; why and what is better once for each code.
fn findings(findings: &[Finding]) -> String {
    let mut told = BTreeSet::new();
    let mut lines = Vec::new();
    for Finding { code, level, file, line, object, what, why, better } in findings {
        let object = if object.is_empty() { String::new() } else { format!("`{object}` ") };
        lines.push(format!("{file}:{line}: {} {code}: {object}{what}", level.word()));
        if told.insert(code) {
            lines.push(format!("    why: {why}"));
            lines.push(format!("    better: {better}"));
        }
    }
    lines.join("\n")
}

/// A line a finding, as GitHub shows it beside the file.
fn annotations(findings: &[Finding]) -> String {
    let line = |Finding { code, level, file, line, object, what, why, better }: &Finding| {
        let object = if object.is_empty() { String::new() } else { format!("`{object}` ") };
        let message = format!("{object}{what}\nwhy: {why}\nbetter: {better}");
        annotation(level.word(), Some((file, *line)), code, &message)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
