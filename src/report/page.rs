//! A report as one HTML file.

use serde::Serialize;

use super::last::Last;
use super::months::{Bar, Done, Months, Year, bars, done, years};
use super::timeline::{Day, days, summary};
use super::{Backlog, Migrations, Report, Run, Size, health};
use crate::output::finding::Level;
use crate::output::html::Html;
use crate::schema::dictionary::Dictionary;

const PAGE: Html =
    Html { body: include_str!("page.html"), style: include_str!("page.css"), script: include_str!("page.js") };

/// So many runs are seen at once; the others unfold.
const RUNS: usize = 20;

#[derive(Serialize)]
struct Content<'a> {
    caredb: &'static str,
    database: &'a str,
    server: &'a str,
    made_at: &'a str,
    level: Level,
    health: String,
    migrations: &'a Migrations,
    days: Vec<Day>,
    days_told: String,
    today: &'a str,
    partitioned: Vec<Partitioned<'a>>,
    backlog: &'a [Backlog],
    backlog_unseen: Option<&'a str>,
    runs: &'a [Run],
    older_runs: &'a [Run],
    more_runs: bool,
    runs_unseen: Option<&'a str>,
    done: Vec<Done>,
    checks: [Check<'a>; 2],
    sizes: Vec<Sized<'a>>,
    bytes: u64,
    diagram: &'a str,
    dictionary: &'a Dictionary,
    dictionary_unseen: Option<&'a str>,
}

#[derive(Serialize)]
struct Partitioned<'a> {
    table: &'a str,
    /// Whether the dictionary has it.
    is_known: bool,
    standing: &'a str,
    ahead: u32,
    wanted: u32,
    has_archive: bool,
    rows: u64,
    archived: u64,
    most: u64,
    bars: Vec<Bar>,
    years: Vec<Year>,
}

#[derive(Serialize)]
struct Check<'a> {
    command: &'static str,
    about: &'static str,
    last: Option<&'a Last>,
}

#[derive(Serialize)]
struct Sized<'a> {
    #[serde(flatten)]
    size: &'a Size,
    /// Of the largest, in thousandths.
    share: u64,
    /// Whether the dictionary has it.
    is_known: bool,
}

/// The page's text. Errors: the template is wrong.
pub fn html(report: &Report) -> Result<String, minijinja::Error> {
    let today = report.made_at.split(' ').next().unwrap_or_default();
    let days = days(&report.migrations.events, today);
    let health::Health { level, text } = health::health(report);
    let (runs, older_runs) = report.runs.split_at(report.runs.len().min(RUNS));
    let content = Content {
        caredb: env!("CARGO_PKG_VERSION"),
        database: &report.database,
        server: &report.server,
        made_at: &report.made_at,
        level,
        health: text,
        migrations: &report.migrations,
        days_told: summary(&days),
        days,
        today,
        partitioned: report.partitioned.iter().map(|months| partitioned(report, months)).collect(),
        backlog: &report.backlog,
        backlog_unseen: report.backlog_unseen.as_deref(),
        runs,
        older_runs,
        more_runs: report.more_runs,
        runs_unseen: report.runs_unseen.as_deref(),
        done: done(&report.runs),
        checks: [
            Check { command: "drift", about: "the live schema against its files", last: report.drift.as_ref() },
            Check { command: "lint", about: "what is dangerous in the files", last: report.lint.as_ref() },
        ],
        sizes: sizes(report),
        bytes: report.sizes.iter().map(|size| size.data + size.indexes).sum(),
        diagram: &report.diagram,
        dictionary: &report.dictionary,
        dictionary_unseen: report.dictionary_unseen.as_deref(),
    };
    PAGE.render(&format!("{}: how it is", report.database), content)
}

fn partitioned<'a>(report: &Report, months: &'a Months) -> Partitioned<'a> {
    let bars = bars(months);
    Partitioned {
        table: &months.table,
        is_known: report.dictionary.table(&months.table).is_some(),
        standing: &months.standing,
        ahead: months.ahead,
        wanted: months.wanted,
        has_archive: months.archived.is_some(),
        rows: bars.iter().map(|bar| bar.rows).sum(),
        archived: bars.iter().filter_map(|bar| bar.archived).sum(),
        most: bars.iter().map(|bar| bar.rows + bar.archived.unwrap_or(0)).max().unwrap_or(0),
        years: years(&bars),
        bars,
    }
}

/// The largest first.
fn sizes(report: &Report) -> Vec<Sized<'_>> {
    let of = |size: &Size| size.data + size.indexes;
    let most = report.sizes.iter().map(of).max().unwrap_or(0).max(1);
    let mut sizes: Vec<Sized<'_>> = report
        .sizes
        .iter()
        .map(|size| Sized {
            size,
            share: of(size).saturating_mul(1000) / most,
            is_known: report.dictionary.table(&size.table).is_some(),
        })
        .collect();
    sizes.sort_by_key(|sized| (std::cmp::Reverse(of(sized.size)), sized.size.table.clone()));
    sizes
}

#[cfg(test)]
mod tests;
