//! What is to run: a pure function of the files and of what the database says of them.

pub use super::applied::{Applied, Observed};
use super::classify::Class;
pub use super::files::Version;
use super::files::{Files, REPEATABLE, Script};
use super::history::abbreviate;
use super::journal::{self, Attempt, Direction, State};
use super::repeatable;

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
        "version {version} (`{script}`) is applied, but its file is missing; put it back into the migrations folder, or say `caredb repair` if it is gone for good"
    )]
    Missing {
        /// The version.
        version: Version,
        /// The file's name in the history.
        script: String,
    },
    /// An applied R file is gone.
    #[error(
        "`{script}` is applied, but the file is missing; put it back into the migrations folder, or drop what it created and say `caredb repair`"
    )]
    MissingRepeatable {
        /// The file's name in the history.
        script: String,
    },
    /// The name of an applied version's file was changed.
    #[error(
        "`{script}` was applied with the description `{applied}`; give the file its old name, or say `caredb repair` to take the new one over"
    )]
    Renamed {
        /// The file.
        script: String,
        /// The description in the history.
        applied: String,
    },
    /// A file that was not applied although a later one was.
    #[error(
        "`{script}` is not applied, but version {applied}, which is higher, is; give the file a version above {applied}, or say `caredb migrate --out-of-order`"
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
        "version {version} (`{script}`) failed half-way and there is no journal of it; bring the schema to the state before it, then say `caredb repair`"
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
    /// The rollback of a part by a file that changes rows.
    #[error(
        "version {version} is applied in part, and `{script}` changes rows: which of them belong to the part can't be known; finish the version with `caredb migrate`, then roll it back"
    )]
    PartChangesRows {
        /// The U file.
        script: String,
        /// Its version.
        version: Version,
    },
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
    /// An R file whose applied text is not there any more.
    #[error(
        "`{script}` was edited after it was applied, so what it created is not known and can't be dropped before the rollback; say `caredb migrate` first, or put the old text back"
    )]
    Outdated {
        /// The R file.
        script: String,
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
    /// The migration's version; `REPEATABLE` for an R file.
    pub version: Version,
    /// The V, U or R file, or what drops what an R file created.
    pub script: &'a Script,
    /// The attempt's number in the journal.
    pub attempt: i32,
    /// How many of the statements are done already.
    pub done: usize,
    /// The ranks of the history rows that this step replaces or removes.
    pub replaces: Vec<i32>,
    /// The attempt whose part this step undoes: statements whose objects never came to be are passed over, and the end is compared
    /// with what the objects were before that attempt.
    pub undoes_part: Option<i32>,
}

impl Step<'_> {
    /// The version for people; none for an R file.
    #[must_use]
    pub fn label(&self) -> Option<Version> {
        (self.version != REPEATABLE).then_some(self.version)
    }
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
pub fn check(files: &Files, observed: &Observed) -> Vec<Finding> {
    let applied = observed.applied();
    let newest_applied = observed.version();
    let mut findings = Vec::new();
    for entry in &applied.foreign {
        findings.push(Finding::Foreign {
            version: entry.version.clone().unwrap_or_default(),
            script: entry.script.clone(),
        });
    }
    for (&version, entry) in &applied.versions {
        let Some(migration) = files.migration(version) else {
            // above the newest file: applied by a newer release, which Flyway passes over, too
            if version < files.newest() {
                findings.push(Finding::Missing { version, script: entry.script.clone() });
            }
            continue;
        };
        let script = migration.up.name.clone();
        match entry.checksum {
            Some(applied) if applied != migration.up.checksum => {
                findings.push(Finding::Edited { script, applied, file: migration.up.checksum });
            }
            _ if entry.description != abbreviate(&migration.up.description) => {
                findings.push(Finding::Renamed { script, applied: entry.description.clone() });
            }
            _ => {}
        }
    }
    for migration in &files.migrations {
        let version = migration.version;
        let pending = applied.is_pending(version);
        if pending && version < newest_applied {
            findings.push(Finding::OutOfOrder { script: migration.up.name.clone(), applied: newest_applied });
        }
        if pending && applied.failed.contains_key(&version) && observed.under_way(version).is_none() {
            findings.push(Finding::Failed { version, script: migration.up.name.clone() });
        }
    }
    // an R file is begun anew, whatever has run of it
    for &version in observed.journal.iter().flat_map(|journal| journal.keys()).filter(|&&version| version != REPEATABLE)
    {
        findings.extend(observed.under_way(version).and_then(|attempt| under_way(files, &applied, version, attempt)));
    }
    for (&version, entry) in applied.failed.iter().filter(|&(&version, _)| files.migration(version).is_none()) {
        findings.push(Finding::Missing { version, script: entry.script.clone() });
    }
    let missing = applied.repeatables().filter(|entry| files.repeatable(&entry.description).is_none());
    findings.extend(missing.map(|entry| Finding::MissingRepeatable { script: entry.script.clone() }));
    findings
}

/// What there is to say of an attempt that did not reach its end.
fn under_way(files: &Files, applied: &Applied<'_>, version: Version, attempt: &Attempt) -> Option<Finding> {
    let script = files.migration(version).and_then(|migration| match attempt.direction {
        Direction::Up => Some(&migration.up),
        Direction::Down => migration.down.as_ref(),
    });
    let (done, total) = (attempt.done(), attempt.total);
    match script {
        // a row of a failure in the history says so already, see `Missing`
        None if attempt.direction == Direction::Up && applied.failed.contains_key(&version) => None,
        None if attempt.direction == Direction::Up && done == 0 && attempt.begun().is_none() => None,
        None if attempt.direction == Direction::Up => Some(Finding::Missing { version, script: format!("V{version}") }),
        None => Some(Finding::HalfRolledBack { version, below: below(applied, version) }),
        Some(script) => resumable(script, &attempt.statements).or(match attempt.direction {
            Direction::Up if done == 0 => None,
            Direction::Up => Some(Finding::Partial { version, done, total }),
            // nothing has happened yet to a version that is applied as a whole
            Direction::Down if done == 0 && applied.versions.contains_key(&version) => None,
            Direction::Down => Some(Finding::HalfRolledBack { version, below: below(applied, version) }),
        }),
    }
}

/// The version that the database is at once `version` is gone.
fn below(applied: &Applied<'_>, version: Version) -> Version {
    applied.versions.range(..version).next_back().map(|(&below, _)| below).max(applied.baseline).unwrap_or(0)
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

/// How far forward `migrate` goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forward {
    /// To this version, and no further; none for all.
    pub to: Option<Version>,
    /// Also the versions below the highest that is applied.
    pub out_of_order: bool,
}

/// Plans `migrate`: all pending versions up to the target, and behind the last of all V files the R files.
pub fn plan_up<'a>(files: &'a Files, observed: &Observed, forward: Forward) -> Result<Plan<'a>, PlanError> {
    // what is to be gone on with does not stand in the way of going on
    let goes_on = |finding: &Finding| match finding {
        Finding::Partial { .. } => true,
        Finding::OutOfOrder { .. } => forward.out_of_order,
        _ => false,
    };
    if let Some(finding) = check(files, observed).into_iter().find(|finding| !goes_on(finding)) {
        return Err(finding.into());
    }
    let from = observed.version();
    let applied = observed.applied();
    if let Some(to) = forward.to {
        if to < from {
            return Err(PlanError::Backwards { at: from, to });
        }
        if to != from && files.migration(to).is_none() {
            return Err(PlanError::UnknownVersion(to));
        }
    }
    let to = forward.to.unwrap_or(Version::MAX);
    let mut steps: Vec<Step<'a>> = files
        .migrations
        .iter()
        .filter(|migration| applied.is_pending(migration.version) && migration.version <= to)
        .map(|migration| {
            let (attempt, done) = attempt(observed, migration.version, Direction::Up);
            let replaces = applied.failed.get(&migration.version).map(|entry| entry.rank).into_iter().collect();
            Step { version: migration.version, script: &migration.up, attempt, done, replaces, undoes_part: None }
        })
        .collect();
    let newest = files.newest();
    if to >= newest && from <= newest {
        steps.extend(repeatable::steps_up(files, observed));
    }
    refuse_empty(&steps)?;
    let to = steps.iter().map(|step| step.version).max().unwrap_or(from).max(from);
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

/// Plans `rollback`: what R files created goes first, then the U files of the versions above the target, highest first.
pub fn plan_down<'a>(files: &'a Files, observed: &Observed, back: Back) -> Result<Plan<'a>, PlanError> {
    // what is to be gone on with does not stand in the way of going on; a file that comes too late is applied in its order when
    // what is above it is gone
    let goes_on = |finding: &Finding| {
        matches!(finding, Finding::HalfRolledBack { .. } | Finding::Partial { .. } | Finding::OutOfOrder { .. })
    };
    if let Some(finding) = check(files, observed).into_iter().find(|finding| !goes_on(finding)) {
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
        let migration = files.migration(version);
        let script = migration.and_then(|migration| migration.down.as_ref());
        let name = migration.map_or_else(|| format!("version {version}"), |migration| migration.up.name.clone());
        let script = script.ok_or(PlanError::NoRollback { script: name, version })?;
        if script.statements.iter().any(|statement| statement.class == Class::Rows) {
            return Err(PlanError::PartChangesRows { script: script.name.clone(), version });
        }
        let (attempt, done, undone) = match part.direction {
            Direction::Up => (part.number + 1, 0, part.number),
            Direction::Down => (part.number, part.done(), part.number - 1),
        };
        let replaces = applied.failed.get(&version).map(|entry| entry.rank).into_iter().collect();
        steps.push(Step { version, script, attempt, done, replaces, undoes_part: Some(undone) });
    }
    for (&version, entry) in applied.versions.iter().rev().filter(|&(&version, _)| version > target) {
        let script = files.migration(version).and_then(|migration| migration.down.as_ref());
        let script = script.ok_or_else(|| PlanError::NoRollback { script: entry.script.clone(), version })?;
        let (attempt, done) = attempt(observed, version, Direction::Down);
        steps.push(Step { version, script, attempt, done, replaces: vec![entry.rank], undoes_part: None });
    }
    if !steps.is_empty() {
        steps.splice(0..0, repeatable::steps_down(files, observed)?);
    }
    refuse_empty(&steps)?;
    Ok(Plan { direction: Direction::Down, from, to: target, steps })
}
