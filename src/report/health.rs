//! How a database is, in a line.

use chrono::{Days, NaiveDate};

use super::{Backlog, Report, Run};
use crate::output::count;
use crate::output::finding::Level;

/// How it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Health {
    /// The worst of what there is to look at.
    pub level: Level,
    /// The line.
    pub text: String,
}

/// So long a job may rest before what it has left counts: jobs run every night, or every week.
const REST: Days = Days::new(8);

/// What there is to look at, worst first; or what is well.
#[must_use]
pub fn health(report: &Report) -> Health {
    let Report { migrations, partitioned, backlog, backlog_unseen, runs, runs_unseen, dictionary_unseen, .. } = report;
    let mut found: Vec<(Level, String)> = Vec::new();
    found.extend(migrations.findings.iter().map(|finding| (Level::Problem, finding.clone())));
    if migrations.events.is_empty() || !migrations.pending.is_empty() {
        found.push((Level::Warning, format!("version {}", migrations.version)));
    }
    for months in partitioned.iter().filter(|months| months.ahead < months.wanted) {
        let level = if months.ahead == 0 { Level::Problem } else { Level::Warning };
        found.push((level, format!("{}, of {} that should be", months.standing, months.wanted)));
    }
    found.extend(backlog.iter().filter_map(|backlog| behind(backlog, report)));
    // what was not seen is not well; one table may be why for both
    let runs_unseen = runs_unseen.iter().filter(|&why| Some(why) != backlog_unseen.as_ref());
    let unseen = backlog_unseen.iter().chain(runs_unseen).chain(dictionary_unseen);
    found.extend(unseen.map(|why| (Level::Warning, why.clone())));
    // the last run of all, and the last one of each job, which another job's success behind it does not mend
    let is_last = |at: usize, run: &Run| {
        let newer = runs.iter().take(at).any(|newer| newer.command == run.command);
        at == 0 || !newer && backlog.iter().any(|backlog| backlog.job == run.command)
    };
    let failed =
        runs.iter().enumerate().filter(|(at, run)| run.outcome.as_deref() == Some("failed") && is_last(*at, run));
    found.extend(failed.map(|(_, run)| (Level::Problem, format!("run {}, `{}`, failed", run.id, run.command))));
    for last in [&report.drift, &report.lint].into_iter().flatten().filter(|last| last.found) {
        found.push((Level::Warning, format!("{}, on {}", last.summary, day(&last.at))));
    }
    found.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let Some(&(level, _)) = found.first() else {
        let standing = partitioned.iter().map(|months| format!("; {}", months.standing));
        return Health {
            level: Level::Ok,
            text: format!("all is well: version {}{}", migrations.version, standing.collect::<String>()),
        };
    };
    let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    Health { level, text: format!("{} to look at: {}", count(texts.len() as u64, "thing"), texts.join("; ")) }
}

/// A job that leaves due rows for longer than jobs rest.
fn behind(backlog: &Backlog, report: &Report) -> Option<(Level, String)> {
    let Backlog { job, rows, oldest, last_run_at, .. } = backlog;
    oldest.as_ref()?;
    let rests = |since: &str| {
        let (since, now) = (day(since).parse::<NaiveDate>().ok()?, day(&report.made_at).parse::<NaiveDate>().ok()?);
        (since + REST < now).then_some(())
    };
    let since = match last_run_at {
        Some(at) => rests(at).map(|()| format!("has not run since {}", day(at)))?,
        // of a long ledger only the end was looked at
        None if report.more_runs => "has not run lately".to_owned(),
        None => "never ran".to_owned(),
    };
    Some((
        Level::Warning,
        format!("`{job}` {since}, and about {} {} due", count(*rows, "row"), if *rows == 1 { "is" } else { "are" }),
    ))
}

fn day(at: &str) -> &str {
    at.split(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Migrations;
    use crate::report::last::Last;
    use crate::report::months::Months;
    use crate::report::timeline::{Event, What};

    fn well() -> Report {
        let text = |text: &str| text.to_owned();
        let event = Event {
            at: text("2026-01-01 10:00:00"),
            what: What::Applied,
            name: text("V1"),
            description: text("d"),
            by: text("root"),
            ms: 7,
        };
        let backlog = Backlog {
            job: text("archive appointments"),
            older_than: text("1y"),
            cut_off: text("2025-11-27"),
            oldest: Some(text("2025-01-01")),
            rows: 1200,
            last_run_at: Some(text("2026-11-19 01:00:00.123")),
            last_outcome: Some(text("done")),
        };
        Report {
            made_at: text("2026-11-27 09:00:00"),
            migrations: Migrations {
                version: text("1, nothing pending"),
                events: vec![event],
                ..Migrations::default()
            },
            partitioned: vec![Months {
                standing: text("`a` is ready to 2027-02, 3 months ahead"),
                ahead: 3,
                wanted: 3,
                ..Months::default()
            }],
            backlog: vec![backlog],
            drift: Some(Last { at: text("2026-11-20 10:00:00"), ..Last::default() }),
            ..Report::default()
        }
    }

    fn said(report: &Report) -> String {
        let Health { level, text } = health(report);
        format!("{}: {text}", level.word())
    }

    #[test]
    fn health_is_a_line() {
        assert_eq!(
            said(&well()),
            "ok: all is well: version 1, nothing pending; `a` is ready to 2027-02, 3 months ahead"
        );
        let mut report = well();
        report.migrations.pending.push("V2 d".to_owned());
        report.migrations.version = "1 of 2, 1 version pending, `caredb migrate` applies them".to_owned();
        report.backlog[0].last_run_at = Some("2026-11-18 01:00:00".to_owned());
        assert_eq!(
            said(&report),
            "warning: 2 things to look at: version 1 of 2, 1 version pending, `caredb migrate` applies them; \
             `archive appointments` has not run since 2026-11-18, and about 1200 rows are due"
        );
        report.backlog[0].last_run_at = None;
        report.migrations = well().migrations;
        let (text, ms) = (|text: &str| text.to_owned(), Some(1));
        report.runs.push(Run {
            id: 7,
            command: text("purge notifications"),
            started_at: text("2026-11-27 01:00:00"),
            ms,
            outcome: Some(text("failed")),
            cut_off: None,
            rows: 0,
            did: String::new(),
            by: String::new(),
        });
        assert_eq!(
            said(&report),
            "problem: 2 things to look at: run 7, `purge notifications`, failed; \
             `archive appointments` never ran, and about 1200 rows are due"
        );
        report.more_runs = true;
        assert!(said(&report).contains("; `archive appointments` has not run lately, and about 1200 rows"));
    }

    #[test]
    fn a_job_that_failed_is_not_well_because_another_one_is() {
        let run = |id, command: &str, outcome: &str| Run {
            id,
            command: command.to_owned(),
            started_at: "2026-11-27 01:00:00".to_owned(),
            ms: None,
            outcome: Some(outcome.to_owned()),
            cut_off: None,
            rows: 0,
            did: String::new(),
            by: String::new(),
        };
        let of = |runs: &[(&str, &str)]| {
            let numbered = (1..).zip(runs.iter().rev());
            let mut runs: Vec<Run> = numbered.map(|(id, (command, outcome))| run(id, command, outcome)).collect();
            runs.reverse();
            said(&Report { runs, ..well() })
        };
        let failed = "problem: 1 thing to look at: run 1, `archive appointments`, failed";
        assert_eq!(of(&[("purge notifications", "done"), ("archive appointments", "failed")]), failed);
        assert_eq!(of(&[("archive appointments", "failed")]), failed);
        let ok = |runs: &[(&str, &str)]| of(runs).starts_with("ok: ");
        assert!(ok(&[("archive appointments", "done"), ("archive appointments", "failed")]));
        // no job of the night
        assert!(ok(&[("archive appointments", "done"), ("archive restore", "failed")]));
    }

    #[test]
    fn each_thing_is_said() {
        let mut report = well();
        report.partitioned[0].ahead = 2;
        assert_eq!(
            said(&report),
            "warning: 1 thing to look at: `a` is ready to 2027-02, 3 months ahead, of 3 that should be"
        );
        report.partitioned[0].ahead = 0;
        assert!(said(&report).starts_with("problem: 1 thing"));
        let mut report = well();
        report.drift = Some(Last {
            at: "2026-11-20 10:00:00".to_owned(),
            found: true,
            summary: "drift: 1 object of `c` differs".to_owned(),
            ..Last::default()
        });
        assert_eq!(said(&report), "warning: 1 thing to look at: drift: 1 object of `c` differs, on 2026-11-20");
        let mut report = well();
        report.migrations.findings.push("version 2 is applied in part".to_owned());
        assert_eq!(said(&report), "problem: 1 thing to look at: version 2 is applied in part");
        // nobody knows what is due
        let mut report = well();
        let why = || Some("could not read table `caredb_runs`: MySQL error 1142".to_owned());
        (report.backlog, report.backlog_unseen, report.runs_unseen) = (Vec::new(), why(), why());
        assert_eq!(said(&report), "warning: 1 thing to look at: could not read table `caredb_runs`: MySQL error 1142");
        // nothing is due: it need not have run
        let mut report = well();
        (report.backlog[0].oldest, report.backlog[0].last_run_at) = (None, None);
        assert!(said(&report).starts_with("ok: "));
        let mut report = well();
        report.migrations = Migrations { version: "none of 15".to_owned(), ..Migrations::default() };
        assert_eq!(said(&report), "warning: 1 thing to look at: version none of 15");
    }
}
