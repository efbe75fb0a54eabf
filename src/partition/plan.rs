//! Which months are missing, and the statements that make them. Pure: what was observed, the wish and the clock go in.

use std::collections::BTreeMap;
use std::fmt;

use super::month::Month;
use super::scheme::Bound;
use super::{Partition, Range, Table};
use crate::db::ident::Ident;
use crate::output::count;
use crate::output::table::bytes;

/// The most partitions that a table can have (MySQL manual, "Restrictions and Limitations on Partitioning").
const MOST: usize = 8192;

/// How many months one statement makes of an empty partition: each costs two files and some syncs, for which the table's
/// users wait.
const MONTHS_A_STATEMENT: usize = 3;

/// What the catch-all is called where it has to be made.
pub const CATCH_ALL: &str = "p_future";

/// What a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// No row.
    pub empty: bool,
    /// The months of the oldest and the newest row; none without a row, or with zero dates alone.
    pub months: Option<(Month, Month)>,
}

/// Which months there should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The month that it is.
    pub today: Month,
    /// How many months after it.
    pub ahead: u32,
    /// How many months before it, and no more; none for those since the oldest row.
    pub behind: Option<u32>,
}

/// A statement that makes months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The partition that is split; none where the months come behind the last one.
    pub source: Option<Ident>,
    /// The first and the last month that get a partition; none where only the catch-all is made.
    pub months: Option<(Month, Month)>,
    /// How many.
    pub count: usize,
    /// The rows that the server copies for it, while writes wait; none where the source is empty.
    pub copies: Option<Copies>,
    /// The statement.
    pub sql: String,
}

/// What a split copies, as InnoDB estimates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Copies {
    /// Rows.
    pub rows: u64,
    /// Bytes of data and indexes.
    pub bytes: u64,
}

impl fmt::Display for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, size) = (count(self.rows, "row"), bytes(self.bytes));
        write!(f, "copies about {rows} ({size}), and writes wait for that long")
    }
}

impl fmt::Display for Step {
    /// `split p_future for 2026-12 to 2027-02`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source, self.months) {
            (Some(source), Some((first, last))) if first == last => {
                write!(f, "split `{}` for {first}", source.as_str())
            }
            (Some(source), Some((first, last))) => write!(f, "split `{}` for {first} to {last}", source.as_str()),
            (_, Some((first, last))) if first == last => write!(f, "add {first} and `{CATCH_ALL}`"),
            (_, Some((first, last))) => write!(f, "add {first} to {last} and `{CATCH_ALL}`"),
            (_, None) => write!(f, "add `{CATCH_ALL}`"),
        }
    }
}

/// Why months can't be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// A partition that is no month.
    #[error(
        "partition `{partition}` of table `{table}` ends at {bound}, which is not the first of a month; reorganize it by hand first"
    )]
    Crooked {
        /// The table.
        table: String,
        /// The partition.
        partition: String,
        /// Its bound.
        bound: String,
    },
    /// Another partition has the name of a month that is missing.
    #[error(
        "table `{table}` needs a partition `{name}` for {month}, and has one of that name for other months; reorganize it under another name first"
    )]
    NameTaken {
        /// The table.
        table: String,
        /// The name.
        name: String,
        /// The month.
        month: Month,
    },
    /// More than MySQL can do.
    #[error(
        "table `{table}` would have {count} partitions from {first} on, and MySQL takes {MOST}; mend the oldest rows, or say by `--behind` how far back months are wanted"
    )]
    TooMany {
        /// The table.
        table: String,
        /// How many.
        count: usize,
        /// The first month.
        first: Month,
    },
}

/// Plans the missing months: from the oldest row, or as far back as is wished, to the month so many ahead. Every partition
/// that takes several months, but for the first and the catch-all beyond the wish, is split. `contents` is of those that
/// take more than one month.
pub fn plan(table: &Table, contents: &BTreeMap<Ident, Content>, wish: &Wish) -> Result<Vec<Step>, PlanError> {
    check_bounds(table)?;
    let (earliest, latest) = table.scheme.months();
    let until = wish.today.plus(wish.ahead).min(latest);
    let from = match wish.behind {
        Some(months) => wish.today.minus(months),
        None => oldest(table, contents).unwrap_or(wish.today),
    }
    .max(earliest)
    .min(until);
    let mut steps = Vec::new();
    for (partition, range) in table.ranges() {
        let missing = match range {
            Range::Month(_) | Range::Crooked => continue,
            // its own month stays its own
            Range::First(own) => own.previous().map(|last| (from, last)),
            Range::Months(first, own) => own.previous().map(|last| (first, last)),
            Range::Rest(first) => Some((first.unwrap_or(from), until)),
        };
        if let Some((first, last)) = missing.filter(|(first, last)| first <= last) {
            steps.extend(split(table, partition, contents, first, last));
        }
    }
    if table.catch_all().is_none() {
        steps.push(add(table, until));
    }
    let made: usize = steps.iter().map(|step| step.count).sum();
    let count = table.partitions.len() + made;
    if count > MOST {
        return Err(PlanError::TooMany { table: table.name.as_str().to_owned(), count, first: from });
    }
    check_names(table, &steps)?;
    Ok(steps)
}

fn check_bounds(table: &Table) -> Result<(), PlanError> {
    let crooked = table.partitions.iter().find_map(|partition| match &partition.bound {
        Bound::Other(text) => Some((partition, text.clone())),
        Bound::Before(month) if month.previous().is_none() => Some((partition, month.first_day())),
        Bound::Before(_) | Bound::Max => None,
    });
    match crooked {
        Some((partition, bound)) => Err(PlanError::Crooked {
            table: table.name.as_str().to_owned(),
            partition: partition.name.as_str().to_owned(),
            bound,
        }),
        None => Ok(()),
    }
}

fn check_names(table: &Table, steps: &[Step]) -> Result<(), PlanError> {
    let months = steps.iter().filter_map(|step| step.months).flat_map(|(first, last)| first.to(last));
    for month in months {
        let name = month.partition();
        if table.partitions.iter().any(|partition| partition.name.as_str().eq_ignore_ascii_case(&name)) {
            return Err(PlanError::NameTaken { table: table.name.as_str().to_owned(), name, month });
        }
    }
    Ok(())
}

/// The month of the oldest row; where the first partition is of one month and holds no older row, nothing is missing before it.
fn oldest(table: &Table, contents: &BTreeMap<Ident, Content>) -> Option<Month> {
    let first = table.partitions.first()?;
    contents.get(&first.name)?.months.map(|(oldest, _)| oldest)
}

/// The statements that split months off the front of a partition, which keeps its name and its end. A partition with rows is
/// copied whole by each, so it is split at once.
fn split(
    table: &Table,
    source: &Partition,
    contents: &BTreeMap<Ident, Content>,
    first: Month,
    last: Month,
) -> Vec<Step> {
    let months: Vec<Month> = first.to(last).collect();
    let empty = contents.get(&source.name).is_some_and(|content| content.empty);
    // the estimate can be 0 for a partition that has rows
    let copies = (!empty).then_some(Copies { rows: source.rows.max(1), bytes: source.bytes });
    let at_once = if empty { MONTHS_A_STATEMENT } else { months.len() };
    let step = |months: &[Month]| {
        let mut definitions: Vec<String> = months.iter().map(|&month| definition(table, month)).collect();
        definitions.push(format!("PARTITION {} VALUES LESS THAN {}", source.name, end(table, &source.bound)));
        Step {
            source: Some(source.name.clone()),
            months: months.first().copied().zip(months.last().copied()),
            count: months.len(),
            copies,
            sql: format!(
                "ALTER TABLE {} REORGANIZE PARTITION {} INTO (\n    {}\n)",
                table.name,
                source.name,
                definitions.join(",\n    ")
            ),
        }
    };
    months.chunks(at_once).map(step).collect()
}

/// The statement that adds months behind the last partition, and the catch-all that the table lacks.
fn add(table: &Table, until: Month) -> Step {
    let first = table.partitions.last().and_then(|last| match last.bound {
        Bound::Before(first) => Some(first),
        Bound::Max | Bound::Other(_) => None,
    });
    let months: Vec<Month> = first.into_iter().flat_map(|first| first.to(until)).collect();
    let mut definitions: Vec<String> = months.iter().map(|&month| definition(table, month)).collect();
    definitions.push(format!("PARTITION `{CATCH_ALL}` VALUES LESS THAN (MAXVALUE)"));
    Step {
        source: None,
        months: months.first().copied().zip(months.last().copied()),
        count: months.len() + 1,
        copies: None,
        sql: format!("ALTER TABLE {} ADD PARTITION (\n    {}\n)", table.name, definitions.join(",\n    ")),
    }
}

fn definition(table: &Table, month: Month) -> String {
    // a month that can be planned has one after it: `Scheme::months`
    let end = month.next().unwrap_or(month);
    format!("PARTITION `{}` VALUES LESS THAN ({})", month.partition(), table.scheme.literal(end))
}

fn end(table: &Table, bound: &Bound) -> String {
    match bound {
        Bound::Before(month) => format!("({})", table.scheme.literal(*month)),
        Bound::Max => "(MAXVALUE)".to_owned(),
        Bound::Other(text) => format!("({text})"),
    }
}

#[cfg(test)]
mod tests;
