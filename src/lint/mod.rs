//! What is dangerous or can't be undone in migration files, and what each ALTER costs. The server reads the SQL: `observe` runs the
//! files on a scratch schema, statement by statement, and `rules` look at what each has changed. Rules are pure.

use std::collections::BTreeMap;

use serde::Serialize;

use self::cost::Cost;
use self::live::Live;
use self::observe::{Observed, Ran};
use self::scene::Scene;

pub mod allow;
pub mod cost;
pub mod file;
pub mod live;
pub mod observe;
pub mod rules;
pub mod scene;
pub mod since;
mod trial;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It can wait, or has a better way.
    Warning,
    /// It loses data, breaks who uses the database, or is not what it looks like.
    Error,
}

impl Level {
    /// As it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's code.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The table or other object; empty where it is the file.
    pub object: String,
    /// What was found.
    pub what: String,
    /// Why that is bad.
    pub why: &'static str,
    /// What to do instead.
    pub better: &'static str,
}

/// A rule: one kind of thing that should not be, or not without a reason.
#[derive(Debug)]
pub struct Rule {
    /// What people quote; it never changes.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Why.
    pub why: &'static str,
    /// What to do instead.
    pub better: &'static str,
    /// Whether it holds for U files, too, whose business it is to take away what a V file made.
    pub in_undo: bool,
    /// Looks at one statement.
    pub find: fn(&Scene<'_>) -> Vec<Hit>,
}

impl Rule {
    /// A rule about files, not statements: what looks at them makes its findings.
    #[must_use]
    pub const fn of_files(code: &'static str, level: Level, why: &'static str, better: &'static str) -> Self {
        Self { code, level, why, better, in_undo: true, find: |_| Vec::new() }
    }

    /// A finding of this rule.
    #[must_use]
    pub fn finding(&self, file: &str, line: usize, object: String, what: String) -> Finding {
        let Self { code, level, why, better, .. } = self;
        Finding { code, level: *level, file: file.to_owned(), line, object, what, why, better }
    }
}

/// What a rule found in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The table or other object; empty where it is the file.
    pub object: String,
    /// What was found, as a clause: `drops column `x` with its values`.
    pub what: String,
}

impl Hit {
    /// On an object.
    #[must_use]
    pub fn on(object: &str, what: impl Into<String>) -> Self {
        Self { object: object.to_owned(), what: what.into() }
    }
}

/// What an ALTER costs, for the report.
#[derive(Debug, Serialize)]
pub struct Priced {
    /// The file.
    pub file: String,
    /// The statement's line.
    pub line: usize,
    /// The table.
    pub table: String,
    /// In words: `online, rebuilds 38.0 MiB, about 4 s`.
    pub cost: String,
    /// The same for programs.
    #[serde(flatten)]
    pub detail: Cost,
}

/// What came of a lint.
#[derive(Debug, Default)]
pub struct Report {
    /// By file and line.
    pub findings: Vec<Finding>,
    /// Of each ALTER, CREATE INDEX, DROP INDEX and OPTIMIZE TABLE that was tried.
    pub costs: Vec<Priced>,
    /// Files.
    pub files: usize,
    /// Statements in them.
    pub statements: usize,
    /// Those of them that were not run.
    pub not_tried: usize,
}

impl Report {
    /// How many findings are of a level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }

    /// How many findings each rule has.
    #[must_use]
    pub fn by_code(&self) -> BTreeMap<&'static str, usize> {
        let mut codes = BTreeMap::new();
        for finding in &self.findings {
            *codes.entry(finding.code).or_default() += 1;
        }
        codes
    }
}

/// Judges what was seen. `live`: the database that the files are meant for, where there is one.
#[must_use]
pub fn judge(observed: &[Observed], live: Option<&Live>) -> Report {
    let mut report = Report::default();
    for observed in observed {
        let file = &observed.file;
        let name = &file.path;
        report.files += 1;
        report.statements += file.script.statements.len();
        report.not_tried += observed.seen.iter().filter(|seen| matches!(seen.ran, Ran::Not(_))).count();
        let mut findings = Vec::new();
        if let Some(reason) = &file.unreadable {
            findings.push(rules::UNREADABLE.finding(name, 1, String::new(), reason.clone()));
        }
        for (at, seen) in observed.seen.iter().enumerate() {
            let scene = Scene::new(observed, at, live);
            let place = file.script.statements[at].line;
            for rule in rules::RULES.iter().filter(|rule| rule.in_undo || !scene.in_undo()) {
                let hits = (rule.find)(&scene).into_iter();
                findings.extend(hits.map(|Hit { object, what }| rule.finding(name, place, object, what)));
            }
            report.costs.extend(seen.cost.clone().map(|detail| Priced {
                file: name.clone(),
                line: place,
                table: detail.table.clone(),
                cost: detail.text(live),
                detail,
            }));
        }
        report.findings.extend(allow::apply(file, findings));
    }
    report
}
