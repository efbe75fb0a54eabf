//! The state of every version, in Flyway's words.

use std::collections::BTreeSet;

use super::files::{Migration, Version};
use super::history::Entry;
use super::journal::Direction;
use super::plan::Observed;

/// One line of `info`.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// As a number, or as the history has it.
    pub version: String,
    /// What the file's name says.
    pub description: String,
    /// Flyway's word: `Pending`, `Success`, `Failed`, `Missing`, `Future`, `Undone`, `Baseline`, `Below Baseline`,
    /// `Out of Order`; or `Partial 3/7`.
    pub state: String,
    /// When it was applied, in the session's time zone.
    pub installed_on: Option<String>,
    /// How long it took, in milliseconds.
    pub execution_ms: Option<i32>,
    /// Whether a U file belongs to it.
    pub undo: bool,
}

/// One line a version, lowest first; what caredb can't order comes last.
#[must_use]
pub fn lines(migrations: &[Migration], observed: &Observed) -> Vec<Line> {
    let applied = observed.applied();
    let newest_file = migrations.last().map_or(0, |migration| migration.version);
    let mut versions: BTreeSet<Version> = migrations.iter().map(|migration| migration.version).collect();
    versions.extend(applied.versions.keys().chain(applied.failed.keys()).chain(&applied.baseline));
    let mut lines = Vec::new();
    for version in versions {
        let file = migrations.iter().find(|migration| migration.version == version);
        let entry = applied.versions.get(&version).or_else(|| applied.failed.get(&version)).copied();
        let state = state(version, file, observed, newest_file);
        let description =
            file.map(|file| file.up.description.clone()).or_else(|| entry.map(|entry| entry.description.clone()));
        lines.push(line(
            version.to_string(),
            description.unwrap_or_default(),
            state,
            entry,
            file.is_some_and(|file| file.down.is_some()),
        ));
    }
    for entry in applied.foreign {
        let version = entry.version.clone().unwrap_or_default();
        lines.push(line(version, entry.description.clone(), "Missing".to_owned(), Some(entry), false));
    }
    lines
}

fn line(version: String, description: String, state: String, entry: Option<&Entry>, undo: bool) -> Line {
    let installed_on = entry.map(|entry| entry.installed_on.clone());
    Line { version, description, state, installed_on, execution_ms: entry.map(|entry| entry.execution_ms), undo }
}

fn state(version: Version, file: Option<&Migration>, observed: &Observed, newest_file: Version) -> String {
    let applied = observed.applied();
    let attempt = observed.journal.as_ref().and_then(|journal| journal.get(&version));
    if let Some(attempt) = observed.under_way(version).filter(|attempt| attempt.done() > 0) {
        return format!("Partial {}/{}", attempt.done(), attempt.total);
    }
    let word = if let Some(entry) = applied.versions.get(&version) {
        let later_first =
            applied.versions.values().any(|other| other.rank < entry.rank && other.number() > Some(version));
        match file {
            None if version > newest_file => "Future",
            None => "Missing",
            Some(_) if later_first => "Out of Order",
            Some(_) => "Success",
        }
    } else if applied.failed.contains_key(&version) {
        "Failed"
    } else if applied.baseline == Some(version) {
        "Baseline"
    } else if applied.baseline.is_some_and(|baseline| version < baseline) {
        "Below Baseline"
    } else if attempt.is_some_and(|attempt| attempt.direction == Direction::Down) {
        "Undone"
    } else {
        "Pending"
    };
    word.to_owned()
}
