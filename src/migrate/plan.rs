//! What is to run: a pure function of the files and of what the database says of them.

use std::collections::BTreeMap;

pub use super::files::Version;
use super::files::{Migration, Script};
use super::history::Entry;
use super::journal::{self, Attempt, Direction, Journal, State};

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
    /// The version that the database was adopted at; what is not above it never runs.
    pub baseline: Option<Version>,
    /// Versions that no file of caredb's could have, as they stand in the table.
    pub foreign: Vec<&'a Entry>,
}

impl Observed {
    /// Reads the history in the order of its ranks.
    #[must_use]
    pub fn applied(&self) -> Applied<'_> {
        let mut applied = Applied::default();
        for entry in self.history.iter().flatten() {
            let Some(version) = entry.number() else {
                // repeatable migrations and schema markers have no version and are no business of V files
                if entry.version.is_some() {
                    applied.foreign.push(entry);
                }
                continue;
            };
            match entry.kind.as_str() {
                "BASELINE" => applied.baseline = Some(version),
                "DELETE" => {
                    applied.versions.remove(&version);
                }
                _ if entry.success => {
                    applied.failed.remove(&version);
                    applied.versions.insert(version, entry);
                }
                _ => {
                    applied.failed.insert(version, entry);
                }
            }
        }
        applied
    }

    /// The attempt that did not reach its end: the history has it not yet, or still. All of its statements may have run.
    #[must_use]
    pub fn under_way(&self, version: Version) -> Option<&Attempt> {
        let applied = self.applied().versions.contains_key(&version);
        let last = self.journal.as_ref()?.get(&version)?;
        let open = match last.direction {
            Direction::Up => !applied,
            // the rollback of a part has no row in the history to show that it is open
            Direction::Down => applied || last.done() < last.total,
        };
        open.then_some(last)
    }

    /// The versions that are applied in part, and those whose part is being rolled back.
    fn parts(&self) -> impl DoubleEndedIterator<Item = (Version, &Attempt)> {
        let applied = self.applied();
        let open =
            move |version| self.under_way(version).filter(|last| last.direction == Direction::Down || last.done() > 0);
        let versions = self.journal.iter().flat_map(|journal| journal.keys().copied());
        versions
            .filter(move |version| !applied.versions.contains_key(version))
            .filter_map(move |version| Some((version, open(version)?)))
    }

    /// The version that the schema is at: the highest that is applied, or the baseline; 0 for none.
    #[must_use]
    pub fn version(&self) -> Version {
        let applied = self.applied();
        applied.versions.last_key_value().map(|(&version, _)| version).max(applied.baseline).unwrap_or(0)
    }
}

/// Where files and database disagree, or the database is not in a state to go on from.
#[derive(Debug, thiserror::Error, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The file of an applied version was changed.
    #[error(
        "`{script}` was edited after it was applied (checksum {applied}, file has {file}); put the old text back and make the change a new migration"
    )]
    Edited {
        /// The file.
        script: String,
        /// The checksum in the history.
        applied: i32,
        /// The checksum of the file.
        file: i32,
    },
    /// An applied version has no file.
    #[error(
        "version {version} (`{script}`) is applied, but its file is missing; put it back into the migrations folder"
    )]
    Missing {
        /// The version.
        version: Version,
        /// The file's name in the history.
        script: String,
    },
    /// A file that was not applied although a later one was.
    #[error(
        "`{script}` is not applied, but version {applied}, which is higher, is; give the file a version above {applied}"
    )]
    OutOfOrder {
        /// The file.
        script: String,
        /// The highest version applied.
        applied: Version,
    },
    /// A version that caredb can't order.
    #[error(
        "the history holds version `{version}` (`{script}`), and caredb's versions are whole numbers; it can't take this database over"
    )]
    Foreign {
        /// As it stands in the history.
        version: String,
        /// The file's name in the history.
        script: String,
    },
    /// A failure of another tool, which kept no journal.
    #[error(
        "version {version} (`{script}`) failed half-way and there is no journal of it; bring the schema to the state before it, then delete its row from `flyway_schema_history`"
    )]
    Failed {
        /// The version.
        version: Version,
        /// The file's name in the history.
        script: String,
    },
    /// A statement of which it is not known whether it took effect.
    #[error(
        "`{script}` statement {statement} was begun, and nobody saw its end; the next `migrate` or `rollback` decides it by its objects"
    )]
    Undecided {
        /// The file.
        script: String,
        /// Its number, from 1.
        statement: usize,
    },
    /// The part of a file that has run was changed before the rest did.
    #[error(
        "`{script}` statement {statement} has run already, with another text; put the old text back: only what follows the failed statement may change"
    )]
    ChangedBehind {
        /// The file.
        script: String,
        /// Its number, from 1.
        statement: usize,
    },
    /// A V file that is applied in part.
    #[error("version {version} is applied in part ({done} of {total} statements); `caredb migrate` goes on with it")]
    Partial {
        /// The version.
        version: Version,
        /// Statements done.
        done: usize,
        /// Statements of the file.
        total: usize,
    },
    /// A rollback that did not reach its end.
    #[error("the rollback of version {version} is half done; finish it with `caredb rollback --to {below}`")]
    HalfRolledBack {
        /// The version.
        version: Version,
        /// The one below.
        below: Version,
    },
}

/// A request that can't be planned although files and database agree.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// See the finding.
    #[error(transparent)]
    Finding(#[from] Finding),
    /// `--to` names a version that there is not.
    #[error("there is no version {0} to go to; `caredb info` lists them")]
    UnknownVersion(Version),
    /// `migrate --to` below what is applied.
    #[error("the database is at version {at}, above {to}; to go back, say `caredb rollback --to {to}`")]
    Backwards {
        /// Where the database is.
        at: Version,
        /// What was asked for.
        to: Version,
    },
    /// `rollback --to` above what is applied.
    #[error("the database is at version {at}, not above {to}; to go forward, say `caredb migrate --to {to}`")]
    Forwards {
        /// Where the database is.
        at: Version,
        /// What was asked for.
        to: Version,
    },
    /// Nothing to run.
    #[error("`{0}` holds no statement; write one or remove the file")]
    Empty(String),
    /// A V file without its U file.
    #[error(
        "`{script}` can't be rolled back: there is no `U{version}__….sql`; write it, or roll back to {version} at the lowest"
    )]
    NoRollback {
        /// The V file.
        script: String,
        /// Its version.
        version: Version,
    },
    /// Below the baseline nothing is known.
    #[error("the database was adopted at version {baseline}; what is below it can't be rolled back")]
    BelowBaseline {
        /// The baseline.
        baseline: Version,
    },
}

/// What will run, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Up for V files, down for U files.
    pub direction: Direction,
    /// The version before.
    pub from: Version,
    /// The version after.
    pub to: Version,
    /// One a file.
    pub steps: Vec<Step<'a>>,
}

/// One file to run, or to go on with.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// The migration's version.
    pub version: Version,
    /// The V or the U file.
    pub script: &'a Script,
    /// The attempt's number in the journal.
    pub attempt: i32,
    /// How many of the statements are done already.
    pub done: usize,
    /// The rank of the history row that this step replaces or removes.
    pub replaces: Option<i32>,
    /// The attempt whose part this step undoes: statements whose objects never came to be are passed over, and the end is compared
    /// with what the objects were before that attempt.
    pub undoes_part: Option<i32>,
}

impl Plan<'_> {
    /// The number of statements that will run.
    #[must_use]
    pub fn statements(&self) -> usize {
        self.steps.iter().map(|step| step.script.statements.len() - step.done).sum()
    }
}

/// Everything that `validate` reports and that stops `migrate`, lowest version first.
#[must_use]
pub fn check(migrations: &[Migration], observed: &Observed) -> Vec<Finding> {
    let applied = observed.applied();
    let files: BTreeMap<Version, &Migration> =
        migrations.iter().map(|migration| (migration.version, migration)).collect();
    let newest_file = files.last_key_value().map_or(0, |(&version, _)| version);
    let newest_applied = observed.version();
    let mut findings = Vec::new();
    for entry in &applied.foreign {
        findings.push(Finding::Foreign {
            version: entry.version.clone().unwrap_or_default(),
            script: entry.script.clone(),
        });
    }
    for (&version, entry) in &applied.versions {
        match (files.get(&version), entry.checksum) {
            (Some(migration), Some(checksum)) if checksum != migration.up.checksum => findings.push(Finding::Edited {
                script: migration.up.name.clone(),
                applied: checksum,
                file: migration.up.checksum,
            }),
            (Some(_), _) => {}
            // above the newest file: applied by a newer release, which Flyway passes over, too
            (None, _) if version > newest_file => {}
            (None, _) => findings.push(Finding::Missing { version, script: entry.script.clone() }),
        }
    }
    for migration in migrations {
        let version = migration.version;
        let pending =
            !applied.versions.contains_key(&version) && applied.baseline.is_none_or(|baseline| version > baseline);
        if pending && version < newest_applied {
            findings.push(Finding::OutOfOrder { script: migration.up.name.clone(), applied: newest_applied });
        }
        if pending && applied.failed.contains_key(&version) && observed.under_way(version).is_none() {
            findings.push(Finding::Failed { version, script: migration.up.name.clone() });
        }
    }
    for &version in observed.journal.iter().flat_map(|journal| journal.keys()) {
        findings.extend(observed.under_way(version).and_then(|attempt| under_way(&files, version, attempt)));
    }
    for (&version, entry) in applied.failed.iter().filter(|(version, _)| !files.contains_key(version)) {
        findings.push(Finding::Missing { version, script: entry.script.clone() });
    }
    findings
}

/// What there is to say of an attempt that did not reach its end.
fn under_way(files: &BTreeMap<Version, &Migration>, version: Version, attempt: &Attempt) -> Option<Finding> {
    let script = files.get(&version).and_then(|migration| match attempt.direction {
        Direction::Up => Some(&migration.up),
        Direction::Down => migration.down.as_ref(),
    });
    let (done, total) = (attempt.done(), attempt.total);
    match script {
        // its history row says so already, see `Missing`
        None if attempt.direction == Direction::Up => None,
        None => Some(Finding::HalfRolledBack { version, below: below(files, version) }),
        Some(script) => resumable(script, &attempt.statements).or(match attempt.direction {
            _ if done == 0 => None,
            Direction::Up => Some(Finding::Partial { version, done, total }),
            Direction::Down => Some(Finding::HalfRolledBack { version, below: below(files, version) }),
        }),
    }
}

fn below(files: &BTreeMap<Version, &Migration>, version: Version) -> Version {
    files.range(..version).next_back().map_or(0, |(&below, _)| below)
}

/// Whether the rest of a file can run on top of the statements that were begun.
fn resumable(script: &Script, begun: &[journal::Entry]) -> Option<Finding> {
    for (index, journal::Entry { state, sha256, .. }) in begun.iter().enumerate() {
        let name = script.name.clone();
        let statement = index + 1;
        match state {
            State::Begun => return Some(Finding::Undecided { script: name, statement }),
            State::Done if script.statements.get(index).is_none_or(|now| now.sha256 != *sha256) => {
                return Some(Finding::ChangedBehind { script: name, statement });
            }
            State::Done | State::Failed | State::Undone => {}
        }
    }
    None
}

/// The attempt with which to go on in `direction`, and how many of its statements are done.
fn attempt(observed: &Observed, version: Version, direction: Direction) -> (i32, usize) {
    if let Some(last) = observed.under_way(version) {
        return (last.number, if last.direction == direction { last.done() } else { 0 });
    }
    match observed.journal.as_ref().and_then(|journal| journal.get(&version)) {
        Some(last) => (last.number + 1, 0),
        None => (1, 0),
    }
}

/// Plans `migrate`: all pending versions, up to `to` where it is given.
pub fn plan_up<'a>(
    migrations: &'a [Migration],
    observed: &Observed,
    to: Option<Version>,
) -> Result<Plan<'a>, PlanError> {
    // what is to be gone on with does not stand in the way of going on
    let goes_on = |finding: &Finding| matches!(finding, Finding::Partial { .. });
    if let Some(finding) = check(migrations, observed).into_iter().find(|finding| !goes_on(finding)) {
        return Err(finding.into());
    }
    let from = observed.version();
    let applied = observed.applied();
    if let Some(to) = to {
        if to < from {
            return Err(PlanError::Backwards { at: from, to });
        }
        if to != from && !migrations.iter().any(|migration| migration.version == to) {
            return Err(PlanError::UnknownVersion(to));
        }
    }
    let steps: Vec<Step<'a>> = migrations
        .iter()
        .filter(|migration| migration.version > from && to.is_none_or(|to| migration.version <= to))
        .map(|migration| {
            let (attempt, done) = attempt(observed, migration.version, Direction::Up);
            let replaces = applied.failed.get(&migration.version).map(|entry| entry.rank);
            Step { version: migration.version, script: &migration.up, attempt, done, replaces, undoes_part: None }
        })
        .collect();
    refuse_empty(&steps)?;
    let to = steps.last().map_or(from, |step| step.version);
    Ok(Plan { direction: Direction::Up, from, to, steps })
}

/// A file without statements is one that somebody has still to write.
fn refuse_empty(steps: &[Step<'_>]) -> Result<(), PlanError> {
    match steps.iter().find(|step| step.script.statements.is_empty()) {
        Some(step) => Err(PlanError::Empty(step.script.name.clone())),
        None => Ok(()),
    }
}

/// How far back `rollback` goes.
#[derive(Debug, Clone, Copy)]
pub enum Back {
    /// To a version, which stays applied; 0 empties the database.
    To(Version),
    /// By so many versions.
    Steps(usize),
}

/// Plans `rollback`: the U files of the versions above the target, highest first.
pub fn plan_down<'a>(migrations: &'a [Migration], observed: &Observed, back: Back) -> Result<Plan<'a>, PlanError> {
    let goes_on = |finding: &Finding| matches!(finding, Finding::HalfRolledBack { .. } | Finding::Partial { .. });
    if let Some(finding) = check(migrations, observed).into_iter().find(|finding| !goes_on(finding)) {
        return Err(finding.into());
    }
    let from = observed.version();
    let applied = observed.applied();
    let target = match back {
        Back::To(to) if to > from => return Err(PlanError::Forwards { at: from, to }),
        Back::To(to)
            if to != 0 && to != from && Some(to) != applied.baseline && !applied.versions.contains_key(&to) =>
        {
            return Err(PlanError::UnknownVersion(to));
        }
        Back::To(to) => to,
        // one below the last version that goes
        Back::Steps(steps) => applied.versions.keys().rev().nth(steps).copied().or(applied.baseline).unwrap_or(0),
    };
    if let Some(baseline) = applied.baseline.filter(|&baseline| target < baseline) {
        return Err(PlanError::BelowBaseline { baseline });
    }
    // what is applied in part lies above all else, and is one step back by itself
    let part = observed.parts().next_back().filter(|&(version, _)| version > target);
    let target = if part.is_some() && matches!(back, Back::Steps(1)) { from } else { target };
    let mut steps = Vec::new();
    if let Some((version, part)) = part {
        let migration = migrations.iter().find(|migration| migration.version == version);
        let script = migration.and_then(|migration| migration.down.as_ref());
        let name = migration.map_or_else(|| format!("version {version}"), |migration| migration.up.name.clone());
        let script = script.ok_or(PlanError::NoRollback { script: name, version })?;
        let (attempt, done, undone) = match part.direction {
            Direction::Up => (part.number + 1, 0, part.number),
            Direction::Down => (part.number, part.done(), part.number - 1),
        };
        let replaces = applied.failed.get(&version).map(|entry| entry.rank);
        steps.push(Step { version, script, attempt, done, replaces, undoes_part: Some(undone) });
    }
    for (&version, entry) in applied.versions.iter().rev().filter(|&(&version, _)| version > target) {
        let migration = migrations.iter().find(|migration| migration.version == version);
        let script = migration.and_then(|migration| migration.down.as_ref());
        let script = script.ok_or_else(|| PlanError::NoRollback { script: entry.script.clone(), version })?;
        let (attempt, done) = attempt(observed, version, Direction::Down);
        steps.push(Step { version, script, attempt, done, replaces: Some(entry.rank), undoes_part: None });
    }
    refuse_empty(&steps)?;
    Ok(Plan { direction: Direction::Down, from, to: target, steps })
}
