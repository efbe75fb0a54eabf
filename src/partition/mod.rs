//! Monthly partitions: observe (what the server has) → plan (pure: which months are missing, what is wrong) → apply.
//!
//! A partition is a month where its bound is the first of the month after it; `p_future` takes what lies behind the last.

use std::fmt;

pub mod apply;
pub mod check;
pub mod keys;
pub mod month;
pub mod observe;
pub mod plan;
pub mod scheme;
pub mod triggers;

use crate::db::ident::Ident;
use crate::output::count;
use month::Month;
use scheme::{Bound, Scheme};

/// A table that `caredb.toml` names, or that is built in: which one it is, not how the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    /// The table.
    pub table: Ident,
    /// The column that says in which month a row is.
    pub column: Ident,
    /// How many months after this one are kept ready.
    pub ahead: u32,
    /// The table that triggers keep a row's key in, where there is one.
    pub keys: Option<Ident>,
}

impl Managed {
    /// The one table of this project that is partitioned, as V13 made it; three months are kept ready.
    #[must_use]
    pub fn appointments() -> Self {
        Self {
            table: Ident::known("appointments"),
            column: Ident::known("appointment_date"),
            ahead: 3,
            keys: Some(Ident::known("appointment_keys")),
        }
    }
}

/// A partitioned table as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The table.
    pub name: Ident,
    /// The column that says in which month a row is.
    pub column: Ident,
    /// How its bounds are written.
    pub scheme: Scheme,
    /// In the order of their ranges.
    pub partitions: Vec<Partition>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its name.
    pub name: Ident,
    /// Where it ends.
    pub bound: Bound,
    /// Rows, as InnoDB estimates them.
    pub rows: u64,
    /// Bytes of data and indexes.
    pub bytes: u64,
}

/// What a partition takes, seen together with the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// One month and no more.
    Month(Month),
    /// The first partition: its month, and all that is older.
    First(Month),
    /// Several months, from the first to the last: a gap before its own.
    Months(Month, Month),
    /// All from this month on; none where it takes everything.
    Rest(Option<Month>),
    /// It ends within a month.
    Crooked,
}

impl Table {
    /// The partitions with what each of them takes.
    pub fn ranges(&self) -> impl Iterator<Item = (&Partition, Range)> {
        self.partitions.iter().enumerate().map(|(index, partition)| {
            let before = index.checked_sub(1).map(|before| &self.partitions[before].bound);
            (partition, range(before, &partition.bound))
        })
    }

    /// The partition that takes what lies behind the last month.
    #[must_use]
    pub fn catch_all(&self) -> Option<&Partition> {
        self.partitions.last().filter(|last| last.bound == Bound::Max)
    }

    /// How many months after `today` have a partition of their own, without a gap.
    #[must_use]
    pub fn headroom(&self, today: Month) -> u32 {
        let own = |month| {
            self.ranges().any(|(_, range)| matches!(range, Range::Month(one) | Range::First(one) if one == month))
        };
        let mut months = 0;
        let mut month = today;
        while let Some(next) = month.next().filter(|&next| own(next)) {
            (months, month) = (months + 1, next);
        }
        months
    }
}

/// How a table stands at a moment. Displays as a clause: `` `appointments` is ready to 2027-02, 3 months ahead``.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// The table.
    pub table: String,
    /// How many months have a partition.
    pub months: usize,
    /// How many months after this one have one, without a gap.
    pub ahead: u32,
    /// The last of those; where there is none, the last month up to this one that has one; this month where none has.
    pub ready_to: Month,
}

impl Table {
    /// How many partitions are one month and no more, but for the first, which also takes what is older.
    #[must_use]
    pub fn months(&self) -> usize {
        self.ranges().filter(|(_, range)| matches!(range, Range::Month(_) | Range::First(_))).count()
    }

    /// How the table stands in the month `today`.
    #[must_use]
    pub fn standing(&self, today: Month) -> Standing {
        let ahead = self.headroom(today);
        let begun = self.ranges().filter_map(|(_, range)| match range {
            Range::Month(month) | Range::First(month) if month <= today => Some(month),
            _ => None,
        });
        let ready_to = if ahead == 0 { begun.max().unwrap_or(today) } else { today.plus(ahead) };
        Standing { table: self.name.as_str().to_owned(), months: self.months(), ahead, ready_to }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, months, ahead, ready_to } = self;
        if *months == 0 {
            return write!(f, "`{table}` has no months yet, `caredb partition ensure` makes them");
        }
        write!(f, "`{table}` is ready to {ready_to}, {} ahead", count(*ahead, "month"))
    }
}

fn range(before: Option<&Bound>, bound: &Bound) -> Range {
    match (before, bound) {
        (Some(Bound::Other(_)), _) | (_, Bound::Other(_)) => Range::Crooked,
        (Some(Bound::Before(from)), Bound::Max) => Range::Rest(Some(*from)),
        // behind MAXVALUE nothing can stand
        (None | Some(Bound::Max), Bound::Max) => Range::Rest(None),
        (before, Bound::Before(end)) => match (before, end.previous()) {
            // a bound that is no month's end
            (_, None) => Range::Crooked,
            (Some(Bound::Before(from)), Some(last)) if *from == last => Range::Month(last),
            (Some(Bound::Before(from)), Some(last)) => Range::Months(*from, last),
            (_, Some(last)) => Range::First(last),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_ready_as_far_as_it_has_months() {
        let month = |text: &str| Month::read(text).unwrap();
        let partition = |(number, end): (usize, &str)| Partition {
            name: Ident::new(&format!("p{number}")).unwrap(),
            bound: if end == "max" { Bound::Max } else { Bound::Before(month(end)) },
            rows: 0,
            bytes: 0,
        };
        for (ends, standing) in [
            ("2026-10 2026-11 2026-12 2027-01 max", "is ready to 2026-12, 1 month ahead"),
            ("2026-11 2026-12 max", "is ready to 2026-11, 0 months ahead"),
            // this month's rows go to the last partition
            ("2026-09 2026-10 max", "is ready to 2026-09, 0 months ahead"),
            ("max", "has no months yet, `caredb partition ensure` makes them"),
        ] {
            let table = Table {
                name: Ident::known("t"),
                column: Ident::known("d"),
                scheme: Scheme::Columns,
                partitions: ends.split(' ').enumerate().map(partition).collect(),
            };
            assert_eq!(table.standing(month("2026-11")).to_string(), format!("`t` {standing}"), "{ends}");
        }
    }
}
