//! The state of every version and R file, in Flyway's words (flyway-core, `MigrationState`).

use std::collections::BTreeSet;

use super::applied::{Applied, Observed};
use super::files::{Files, Version};
use super::history::{DELETE, Entry, abbreviate};
use super::journal::Direction;

/// One line of `info`.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// As a number, or as the history has it; empty for an R file.
    pub version: String,
    /// What the file's name says.
    pub description: String,
    /// Flyway's word: `Pending`, `Success`, `Failed`, `Missing`, `Future`, `Undone`, `Baseline`, `Below Baseline`,
    /// `Out of Order`, `Ignored`, `Deleted`, of an R file also `Outdated` and `Superseded`; or caredb's `Partial 3/7`.
    pub state: String,
    /// When it was applied, in the session's time zone.
    pub installed_on: Option<String>,
    /// How long it took, in milliseconds.
    pub execution_ms: Option<i32>,
    /// Whether a U file belongs to it; what an R file creates, caredb drops by itself.
    pub undo: bool,
}

/// One line a version, lowest first; then what caredb can't order; then the R files by description, a line an application.
#[must_use]
pub fn lines(files: &Files, observed: &Observed) -> Vec<Line> {
    let applied = observed.applied();
    let mut versions: BTreeSet<Version> = files.migrations.iter().map(|migration| migration.version).collect();
    versions.extend(applied.versions.keys().chain(applied.failed.keys()).chain(applied.deleted.keys()));
    versions.extend(applied.baseline);
    let mut lines = Vec::new();
    for version in versions {
        let file = files.migration(version);
        let entry = [&applied.versions, &applied.failed, &applied.deleted].iter().find_map(|rows| rows.get(&version));
        let entry = entry.copied().filter(|_| file.is_none() || !applied.deleted.contains_key(&version));
        let entry = entry.or(applied.baseline_row.filter(|_| applied.baseline == Some(version)));
        let state = state(version, files, observed, &applied);
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
    for entry in &applied.foreign {
        let version = entry.version.clone().unwrap_or_default();
        lines.push(line(version, entry.description.clone(), "Missing".to_owned(), Some(entry), false));
    }
    lines.extend(repeatables(files, &applied));
    lines
}

fn line(version: String, description: String, state: String, entry: Option<&Entry>, undo: bool) -> Line {
    let installed_on = entry.map(|entry| entry.installed_on.clone());
    Line { version, description, state, installed_on, execution_ms: entry.map(|entry| entry.execution_ms), undo }
}

fn state(version: Version, files: &Files, observed: &Observed, applied: &Applied<'_>) -> String {
    let attempt = observed.journal.as_ref().and_then(|journal| journal.get(&version));
    if let Some(attempt) = observed.under_way(version).filter(|attempt| attempt.done() > 0) {
        return format!("Partial {}/{}", attempt.done(), attempt.total);
    }
    let file = files.migration(version);
    let word = if let Some(entry) = applied.versions.get(&version) {
        let later_first =
            applied.versions.values().any(|other| other.rank < entry.rank && other.number() > Some(version));
        match file {
            None if version > files.newest() => "Future",
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
    } else if file.is_none() {
        "Deleted"
    } else if attempt.is_some_and(|attempt| attempt.direction == Direction::Down) {
        "Undone"
    } else if version < observed.version() {
        "Ignored"
    } else {
        "Pending"
    };
    word.to_owned()
}

/// A line an application, oldest first, and one more for a file that is not applied.
fn repeatables(files: &Files, applied: &Applied<'_>) -> Vec<Line> {
    let mut descriptions: BTreeSet<String> = applied.descriptions().map(str::to_owned).collect();
    descriptions.extend(files.repeatables.iter().map(|file| abbreviate(&file.up.description)));
    let mut lines = Vec::new();
    for description in descriptions {
        let file = files.repeatable(&description);
        let rows = applied.repeatable_rows(&description);
        for (index, entry) in rows.iter().enumerate().filter(|(_, entry)| entry.kind != DELETE) {
            let word = match (rows.get(index + 1), file) {
                (Some(next), _) if next.kind == DELETE => "Deleted",
                _ if !entry.success => "Failed",
                (Some(_), _) => "Superseded",
                (None, None) => "Missing",
                (None, Some(file)) if file.matches(entry.checksum) => "Success",
                (None, Some(_)) => "Outdated",
            };
            lines.push(line(String::new(), description.clone(), word.to_owned(), Some(entry), file.is_some()));
        }
        if file.is_some() && applied.repeatable(&description).is_none() {
            lines.push(line(String::new(), description, "Pending".to_owned(), None, true));
        }
    }
    lines
}
