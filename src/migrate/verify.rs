//! Proves rollbacks on a scratch schema: each V, its U, and the V again; then each U once more, with rows in place.

use std::collections::BTreeMap;

use super::files::{Migration, Version};
use super::scratch::{Scratch, ScratchError};
use crate::output::Event;
use crate::schema::diff::{Difference, diff};
use crate::schema::introspect::Schema;

/// A rollback that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// There is no U file.
    #[error("V{version} has no rollback")]
    NoRollback {
        /// The version.
        version: Version,
    },
    /// After the U, the schema is another than before the V.
    #[error("U{version} does not restore the schema before V{version}")]
    NotRestored {
        /// The version.
        version: Version,
        /// `-` before the V, `+` after the U.
        differences: Vec<Difference>,
    },
    /// The V fails after its U, and did not before.
    #[error("V{version} does not run again after U{version}: {error}")]
    FailsAgain {
        /// The version.
        version: Version,
        /// File, line, statement, and what the server said.
        error: String,
    },
    /// The V makes another schema after its U than before.
    #[error("V{version} makes another schema after U{version} than the first time")]
    DiffersAgain {
        /// The version.
        version: Version,
        /// `-` the first time, `+` the second.
        differences: Vec<Difference>,
    },
    /// The U fails where the tables hold rows.
    #[error("with rows in place, U{version} fails: {error}")]
    FailsWithRows {
        /// The version.
        version: Version,
        /// File, line, statement, and what the server said.
        error: String,
    },
    /// The U restores the schema of empty tables only.
    #[error("with rows in place, U{version} does not restore the schema before V{version}")]
    NotRestoredWithRows {
        /// The version.
        version: Version,
        /// `-` before the V, `+` after the U.
        differences: Vec<Difference>,
    },
}

impl Finding {
    /// What differs, where the finding is a difference.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        match self {
            Self::NotRestored { differences, .. }
            | Self::DiffersAgain { differences, .. }
            | Self::NotRestoredWithRows { differences, .. } => differences,
            Self::NoRollback { .. } | Self::FailsAgain { .. } | Self::FailsWithRows { .. } => &[],
        }
    }
}

/// What the trial of empty tables showed.
#[derive(Debug, Default)]
pub struct Proof {
    /// The rollbacks that are not what they should be.
    pub findings: Vec<Finding>,
    /// The schema before each V that was tried.
    pub before: BTreeMap<Version, Schema>,
}

/// Applies every V to the empty scratch schema and tries the U of those from version `from` on; leaves all applied,
/// with findings or without. `on_event` hears of each version tried.
/// Errors: a V, or a U right after its V, that fails.
pub async fn prove(
    scratch: &mut Scratch,
    migrations: &[Migration],
    from: Version,
    mut on_event: impl FnMut(Event),
) -> Result<Proof, ScratchError> {
    let mut proof = Proof::default();
    for (index, migration) in migrations.iter().enumerate() {
        if migration.version < from {
            scratch.run(&migration.up).await?;
            continue;
        }
        let before = scratch.schema().await?;
        let finding = prove_one(scratch, migration, &before).await?;
        if finding.is_some() && migration.down.is_some() {
            // the U left the schema in an unknown state, and the next versions deserve a known one
            scratch.renew().await?;
            for migration in &migrations[..=index] {
                scratch.run(&migration.up).await?;
            }
        }
        on_event(Event::Rollback {
            version: migration.version,
            description: migration.up.description.clone(),
            proved: finding.is_none(),
        });
        proof.before.insert(migration.version, before);
        proof.findings.extend(finding);
    }
    Ok(proof)
}

/// V, U, V. Without a finding, or without a U, the V is applied at the end.
async fn prove_one(
    scratch: &mut Scratch,
    migration: &Migration,
    before: &Schema,
) -> Result<Option<Finding>, ScratchError> {
    let version = migration.version;
    scratch.run(&migration.up).await?;
    let Some(down) = &migration.down else { return Ok(Some(Finding::NoRollback { version })) };
    let after = scratch.schema().await?;
    scratch.run(down).await?;
    let differences = diff(before, &scratch.schema().await?);
    if !differences.is_empty() {
        return Ok(Some(Finding::NotRestored { version, differences }));
    }
    match scratch.run(&migration.up).await {
        Ok(()) => {}
        Err(ScratchError::Statement(error)) => {
            return Ok(Some(Finding::FailsAgain { version, error: error.to_string() }));
        }
        Err(error) => return Err(error),
    }
    let differences = diff(&after, &scratch.schema().await?);
    Ok((!differences.is_empty()).then_some(Finding::DiffersAgain { version, differences }))
}

/// A table whose rows a rollback changed in number.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowChange {
    /// The table.
    pub table: String,
    /// Its rows before; none where it was not there.
    pub before: Option<usize>,
    /// Its rows after; none where it is gone.
    pub after: Option<usize>,
}

impl RowChange {
    /// The rows that are gone from it.
    #[must_use]
    pub fn removed(&self) -> usize {
        self.before.unwrap_or(0).saturating_sub(self.after.unwrap_or(0))
    }
}

/// Rolls back from the newest version down to `from`, on a scratch schema with all applied and rows in place.
/// `before`: the schemas of the proof. `on_event` hears what each rollback did to the rows. Ends at a version without a U,
/// and at the first finding, since what lies below can't be reached then. Returns the rows that were dropped or deleted.
pub async fn roll_back(
    scratch: &mut Scratch,
    migrations: &[Migration],
    before: &BTreeMap<Version, Schema>,
    mut on_event: impl FnMut(Event),
) -> Result<(usize, Option<Finding>), ScratchError> {
    let mut removed = 0;
    let mut rows = scratch.rows().await?;
    for migration in migrations.iter().rev() {
        let version = migration.version;
        let (Some(down), Some(schema)) = (&migration.down, before.get(&version)) else { break };
        match scratch.run(down).await {
            Ok(()) => {}
            Err(ScratchError::Statement(error)) => {
                return Ok((removed, Some(Finding::FailsWithRows { version, error: error.to_string() })));
            }
            Err(error) => return Err(error),
        }
        let left = scratch.rows().await?;
        let changes = row_changes(&rows, &left);
        removed += changes.iter().map(RowChange::removed).sum::<usize>();
        on_event(Event::Rows { version, description: down.description.clone(), changes });
        let differences = diff(schema, &scratch.schema().await?);
        if !differences.is_empty() {
            return Ok((removed, Some(Finding::NotRestoredWithRows { version, differences })));
        }
        rows = left;
    }
    Ok((removed, None))
}

/// The tables that came, went, or changed their number of rows; an empty table that comes or goes is no change of rows.
fn row_changes(before: &BTreeMap<String, usize>, after: &BTreeMap<String, usize>) -> Vec<RowChange> {
    let mut tables: Vec<&String> = before.keys().chain(after.keys()).collect();
    tables.sort();
    tables.dedup();
    let change = |table: &String| RowChange {
        table: table.clone(),
        before: before.get(table).copied(),
        after: after.get(table).copied(),
    };
    let moved = |change: &RowChange| change.before.unwrap_or(0) != change.after.unwrap_or(0);
    tables.into_iter().map(change).filter(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_compared_table_by_table() {
        let counts = |rows: &[(&str, usize)]| rows.iter().map(|&(table, rows)| (table.to_owned(), rows)).collect();
        let changes = row_changes(
            &counts(&[("emptied", 4), ("fewer", 3), ("gone", 2), ("gone_empty", 0), ("same", 1)]),
            &counts(&[("emptied", 0), ("fewer", 1), ("new", 5), ("new_empty", 0), ("same", 1)]),
        );
        let shown: Vec<_> = changes
            .iter()
            .map(|change| (change.table.as_str(), change.before, change.after, change.removed()))
            .collect();
        assert_eq!(
            shown,
            [
                ("emptied", Some(4), Some(0), 4),
                ("fewer", Some(3), Some(1), 2),
                ("gone", Some(2), None, 2),
                ("new", None, Some(5), 0)
            ]
        );
    }
}
