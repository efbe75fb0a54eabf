//! A plan on paper: made by `migrate --dry-run --plan FILE`, read by people, applied by `migrate --plan FILE` only if the files, the
//! history and the journal are still what it was made for; changes of the schema by other hands it does not see.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::journal::Direction;
use super::plan::{Observed, Plan, Version};

/// A plan and what it was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// The version of caredb that made it.
    pub caredb: String,
    /// The database.
    pub database: String,
    /// Up or down.
    pub direction: Direction,
    /// The version before.
    pub from: Version,
    /// The version after.
    pub to: Version,
    /// SHA-256 of the history and the journal, in hex.
    pub state: String,
    /// One a file.
    pub steps: Vec<PlannedFile>,
}

/// A file that the plan runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFile {
    /// Its name.
    pub script: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// The statements that will run.
    pub statements: Vec<String>,
}

impl PlanFile {
    /// Puts a plan on paper; `observed` is what it was made from.
    #[must_use]
    pub fn of(database: &str, plan: &Plan<'_>, observed: &Observed) -> Self {
        let step = |step: &super::plan::Step<'_>| PlannedFile {
            script: step.script.name.clone(),
            sha256: step.script.sha256.clone(),
            statements: step.script.statements.iter().skip(step.done).map(|statement| statement.text.clone()).collect(),
        };
        Self {
            caredb: env!("CARGO_PKG_VERSION").to_owned(),
            database: database.to_owned(),
            direction: plan.direction,
            from: plan.from,
            to: plan.to,
            state: state(observed),
            steps: plan.steps.iter().map(step).collect(),
        }
    }

    /// What is no longer as it was when this plan was made, if anything is; `now` is the plan of this moment.
    #[must_use]
    pub fn outdated(&self, now: &Self) -> Option<String> {
        let changed = |what: &str, then: &str, now: &str| format!("{what} was `{then}` and is `{now}`");
        if self.caredb != now.caredb {
            return Some(changed("the version of caredb", &self.caredb, &now.caredb));
        }
        if self.database != now.database {
            return Some(changed("the database", &self.database, &now.database));
        }
        if (self.from, self.to) != (now.from, now.to) {
            let way = |plan: &Self| format!("{} to {}", plan.from, plan.to);
            return Some(changed("the way", &way(self), &way(now)));
        }
        let file =
            |(then, now): (&PlannedFile, &PlannedFile)| (then != now).then(|| format!("`{}` has changed", then.script));
        if let Some(file) = self.steps.iter().zip(&now.steps).find_map(file) {
            return Some(file);
        }
        if self.steps.len() != now.steps.len() {
            return Some("there are other files to run".to_owned());
        }
        (self.state != now.state).then(|| "another run has been at work on the database".to_owned())
    }
}

/// SHA-256 of what the history and the journal say, times and persons left out.
fn state(observed: &Observed) -> String {
    let mut hash = Sha256::new();
    for entry in observed.history.iter().flatten() {
        hash.update(format!(
            "{} {:?} {} {:?} {}\n",
            entry.rank, entry.version, entry.script, entry.checksum, entry.success
        ));
    }
    for (version, attempt) in observed.journal.iter().flatten() {
        hash.update(format!("{version} {} {} {}\n", attempt.number, attempt.direction, attempt.total));
        for entry in &attempt.statements {
            hash.update(format!("{:?} {}\n", entry.state, entry.sha256));
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
