//! What a database says of its migrations: the history, read the way Flyway reads it.

use std::collections::BTreeMap;

use super::files::{REPEATABLE, Version};
use super::history::{DELETE, Entry, SCHEMA};
use super::journal::{Attempt, Direction, Journal};

/// What a database says of its migrations.
#[derive(Debug, Default, Clone)]
pub struct Observed {
    /// Flyway's table; none where it does not exist.
    pub history: Option<Vec<Entry>>,
    /// The statement journal; none where it does not exist.
    pub journal: Option<Journal>,
}

/// The history, read the way Flyway reads it.
#[derive(Debug, Default)]
pub struct Applied<'a> {
    /// What is applied, by version.
    pub versions: BTreeMap<Version, &'a Entry>,
    /// What failed half-way.
    pub failed: BTreeMap<Version, &'a Entry>,
    /// What was applied and no longer counts: `repair` found its file gone, or Flyway undid it.
    pub deleted: BTreeMap<Version, &'a Entry>,
    /// The version that the database was adopted at; what is not above it never runs.
    pub baseline: Option<Version>,
    /// The row that says so.
    pub baseline_row: Option<&'a Entry>,
    /// Versions that no file of caredb's could have, as they stand in the table.
    pub foreign: Vec<&'a Entry>,
    /// The rows of R files, oldest first, by description.
    repeatables: BTreeMap<&'a str, Vec<&'a Entry>>,
}

impl Observed {
    /// Reads the history in the order of its ranks.
    #[must_use]
    pub fn applied(&self) -> Applied<'_> {
        let mut applied = Applied::default();
        for entry in self.history.iter().flatten() {
            applied.read(entry);
        }
        applied
    }

    /// The attempt that did not reach its end: the history has it not yet, or still. All of its statements may have run.
    #[must_use]
    pub fn under_way(&self, version: Version) -> Option<&Attempt> {
        let applied = self.applied();
        let last = self.journal.as_ref()?.get(&version)?;
        let is_applied = applied.versions.contains_key(&version);
        let is_done = last.done() == last.total;
        let open = match last.direction {
            // it had reached its end before its row was taken back
            Direction::Up => !(is_applied || is_done && applied.deleted.contains_key(&version)),
            // the rollback of a part has no row in the history to show that it is open
            Direction::Down => is_applied || !is_done,
        };
        open.then_some(last)
    }

    /// The versions that are applied in part, and those whose part is being rolled back.
    #[must_use]
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = (Version, &Attempt)> {
        let applied = self.applied();
        let open =
            move |version| self.under_way(version).filter(|last| last.direction == Direction::Down || last.done() > 0);
        let versions = self.journal.iter().flat_map(|journal| journal.keys().copied());
        versions
            .filter(move |version| *version != REPEATABLE && !applied.versions.contains_key(version))
            .filter_map(move |version| Some((version, open(version)?)))
    }

    /// The version that the schema is at: the highest that is applied, or the baseline; 0 for none.
    #[must_use]
    pub fn version(&self) -> Version {
        let applied = self.applied();
        applied.versions.last_key_value().map(|(&version, _)| version).max(applied.baseline).unwrap_or(0)
    }
}

impl<'a> Applied<'a> {
    /// Takes the next row (flyway-core, `MigrationInfoServiceImpl.getAppliedVersionedMigrations`).
    fn read(&mut self, entry: &'a Entry) {
        if entry.kind == SCHEMA {
            return;
        }
        if entry.version.is_none() {
            self.repeatables.entry(&entry.description).or_default().push(entry);
            return;
        }
        let Some(version) = entry.number() else {
            self.foreign.push(entry);
            return;
        };
        match entry.kind.as_str() {
            // also `SQL_BASELINE`, and of several the highest
            kind if kind.ends_with("BASELINE") => {
                if self.baseline.is_none_or(|baseline| version > baseline) {
                    (self.baseline, self.baseline_row) = (Some(version), Some(entry));
                }
            }
            // the latter are of Flyway's paid editions
            kind if kind == DELETE || kind.starts_with("UNDO_") => {
                self.deleted.extend(self.versions.remove(&version).map(|entry| (version, entry)));
            }
            _ if entry.success => {
                self.failed.remove(&version);
                self.deleted.remove(&version);
                self.versions.insert(version, entry);
            }
            _ => {
                self.failed.insert(version, entry);
            }
        }
    }

    /// Whether a V file of this version is still to run.
    #[must_use]
    pub fn is_pending(&self, version: Version) -> bool {
        !self.versions.contains_key(&version) && self.baseline.is_none_or(|baseline| version > baseline)
    }

    /// The last row of every R file that counts, by description. A row of type `DELETE` says that none does.
    #[must_use]
    pub fn repeatables(&self) -> impl DoubleEndedIterator<Item = &'a Entry> {
        self.repeatables.values().filter_map(|rows| rows.last().copied()).filter(|entry| entry.kind != DELETE)
    }

    /// The last row of an R file, where it counts.
    #[must_use]
    pub fn repeatable(&self, description: &str) -> Option<&'a Entry> {
        self.repeatable_rows(description).last().copied().filter(|entry| entry.kind != DELETE)
    }

    /// All rows of an R file, oldest first.
    #[must_use]
    pub fn repeatable_rows(&self, description: &str) -> &[&'a Entry] {
        self.repeatables.get(description).map_or(&[], Vec::as_slice)
    }

    /// The descriptions of all R files of which there are rows.
    pub fn descriptions(&self) -> impl Iterator<Item = &'a str> {
        self.repeatables.keys().copied()
    }
}
