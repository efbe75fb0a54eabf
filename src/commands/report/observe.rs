//! What a page shows: read from the dictionary, the history, the ledger, and from what checks left here.

use chrono::NaiveDateTime;
use sqlx::mysql::MySqlConnection;

use crate::cli::FileArgs;
use crate::commands::{Context, diagram, status};
use crate::db::clock;
use crate::db::connect::Session;
use crate::db::error::{DbError, or_why};
use crate::db::ident::Ident;
use crate::db::size::{self, TableSize};
use crate::migrate::history::{DELETE, Entry, SCHEMA};
use crate::migrate::plan::{self, Observed};
use crate::migrate::{apply, files::Files, repeatable};
use crate::output::html::anchor;
use crate::partition::month::Month;
use crate::partition::observe;
use crate::partition::{Managed, Range, Table};
use crate::report::last::{Check, Last};
use crate::report::months::{Months, Partition, When};
use crate::report::timeline::{Event, What};
use crate::report::{Backlog, Migrations, Report, Run, Size};
use crate::retention::backlog;
use crate::retention::ledger::{self, Which};
use crate::schema::diagram as drawing;
use crate::schema::dictionary::Dictionary;

/// So many runs of the ledger are shown.
const RUNS: u32 = 300;

/// Looks at all that there is to see. Reads definitions, the dictionary's numbers and ends of indexes; no table of patients
/// from end to end.
pub async fn report(context: &Context, session: &mut Session, files: &FileArgs) -> anyhow::Result<Report> {
    let files = context.files(files)?;
    // from here on, times are in UTC, and nothing waits for a lock
    backlog::prepare(&mut session.conn).await?;
    let now = clock::now(&mut session.conn).await?;
    let observed = apply::observe(&mut session.conn).await?;
    let project = context.project(&session.target);
    let (mut runs, runs_unseen) = or_why(runs(&mut session.conn).await)?;
    let more_runs = runs.len() > RUNS as usize;
    runs.truncate(RUNS as usize);
    let size =
        |size: TableSize| Size { table: size.table, rows: size.rows, data: size.data_bytes, indexes: size.index_bytes };
    let sizes = size::sizes(&mut session.conn).await?.into_iter().map(size).collect();
    let partitioned = partitioned(context, &mut session.conn, Month::of(now.date())).await?;
    let (backlog, backlog_unseen) =
        or_why(backlog::backlog(&mut session.conn, context.config.retention(), now.date()).await)?;
    let (dictionary, dictionary_unseen) = match diagram::observe(session).await {
        Ok(dictionary) => (dictionary, None),
        Err(error) if error.downcast_ref().is_some_and(|error: &DbError| error.lost) => return Err(error),
        Err(error) => (Dictionary::default(), Some(format!("{error:#}"))),
    };
    Ok(Report {
        database: session.database.as_str().to_owned(),
        server: session.version.clone(),
        made_at: now.to_string(),
        migrations: migrations(&files, &observed),
        partitioned,
        backlog: backlog.into_iter().map(before_it).collect(),
        backlog_unseen,
        runs,
        more_runs,
        runs_unseen,
        drift: Last::read(Check::Drift, &project),
        lint: Last::read(Check::Lint, &project),
        sizes,
        diagram: drawing::svg(&dictionary, Some(&|table: &str| format!("#t-{}", anchor(table)))),
        dictionary,
        dictionary_unseen,
    })
}

fn migrations(files: &Files, observed: &Observed) -> Migrations {
    let version = |version, description: &str| format!("V{version} {description}");
    let pending = status::pending(files, observed).map(|file| version(file.version, &file.up.description));
    let mut pending: Vec<String> = pending.collect();
    let versions = pending.len();
    let repeatables = repeatable::steps_up(files, observed);
    pending.extend(repeatables.iter().map(|step| format!("R {}", step.script.description)));
    Migrations {
        version: status::version(files, observed, versions, repeatables.len()),
        events: observed.history.iter().flatten().filter(|entry| entry.kind != SCHEMA).map(event).collect(),
        pending,
        findings: plan::check(files, observed).iter().map(ToString::to_string).collect(),
    }
}

fn event(entry: &Entry) -> Event {
    let what = match entry.kind.as_str() {
        kind if kind.ends_with("BASELINE") => What::Adopted,
        kind if kind == DELETE || kind.starts_with("UNDO_") => What::RolledBack,
        _ if entry.success => What::Applied,
        _ => What::Failed,
    };
    Event {
        at: entry.installed_on.clone(),
        what,
        name: entry.version.as_ref().map_or("R".to_owned(), |version| format!("V{version}")),
        description: entry.description.clone(),
        by: entry.installed_by.clone(),
        ms: entry.execution_ms,
    }
}

/// A time of the ledger, without what is less than a second.
fn second(time: &str) -> String {
    time.split('.').next().unwrap_or_default().to_owned()
}

fn before_it(backlog: backlog::Backlog) -> Backlog {
    Backlog {
        job: backlog.job.to_owned(),
        older_than: backlog.older_than.to_string(),
        cut_off: backlog.cut_off.to_string(),
        oldest: backlog.oldest,
        rows: backlog.rows,
        last_run_at: backlog.last_run.as_ref().map(|run| second(&run.started_at)),
        last_outcome: backlog.last_run.map(|run| run.outcome.unwrap_or_else(|| "under way or killed".to_owned())),
    }
}

/// The last runs, newest first, one more than are shown.
async fn runs(conn: &mut MySqlConnection) -> Result<Vec<Run>, DbError> {
    let mut runs = Vec::new();
    ledger::each(conn, Which::Last(RUNS + 1), |entry| {
        let time = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok();
        let took = entry.ended_at.as_deref().and_then(time).zip(time(&entry.started_at));
        runs.push(Run {
            id: entry.id,
            started_at: second(&entry.started_at),
            ms: took.and_then(|(end, start)| u64::try_from((end - start).num_milliseconds()).ok()),
            rows: entry.parts.iter().map(|part| part.total.rows).sum(),
            did: entry.did(),
            by: format!("{} on {}", entry.account, entry.host),
            command: entry.command,
            outcome: entry.outcome,
            cut_off: entry.cut_off,
        });
    })
    .await?;
    runs.reverse();
    Ok(runs)
}

/// The partitioned tables that are there.
async fn partitioned(context: &Context, conn: &mut MySqlConnection, today: Month) -> anyhow::Result<Vec<Months>> {
    let mut partitioned = Vec::new();
    for managed in context.config.partitioned() {
        let Some(table) = observe::managed(conn, &managed).await? else { continue };
        let archive = Ident::new(&format!("{}_archive", managed.table.as_str())).ok();
        let archived = match archive {
            Some(archive) => observe::managed(conn, &Managed { table: archive, ..managed.clone() }).await?,
            None => None,
        };
        let standing = table.standing(today);
        partitioned.push(Months {
            table: table.name.as_str().to_owned(),
            ahead: standing.ahead,
            standing: standing.to_string(),
            wanted: managed.ahead,
            partitions: partitions(&table, today),
            archived: archived
                .map(|archive| partitions(&archive, today).iter().map(|one| (one.label(), one.rows)).collect()),
        });
    }
    Ok(partitioned)
}

fn partitions(table: &Table, today: Month) -> Vec<Partition> {
    let partition = |(partition, range): (&crate::partition::Partition, Range)| {
        let (month, when) = match range {
            Range::Month(month) | Range::First(month) | Range::Months(_, month) => (Some(month), when(month, today)),
            Range::Rest(_) | Range::Crooked => (None, When::Rest),
        };
        Partition {
            name: partition.name.as_str().to_owned(),
            month: month.map(|month| month.to_string()),
            when,
            rows: partition.rows,
            bytes: partition.bytes,
        }
    };
    table.ranges().map(partition).collect()
}

fn when(month: Month, today: Month) -> When {
    match month.cmp(&today) {
        std::cmp::Ordering::Less => When::Past,
        std::cmp::Ordering::Equal => When::Now,
        std::cmp::Ordering::Greater => When::Ahead,
    }
}
