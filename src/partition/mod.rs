//! Monthly partitions: observe (what the server has) → plan (pure: which months are missing, what is wrong) → apply.
//!
//! A partition is a month where its bound is the first of the month after it; `p_future` takes what lies behind the last.

pub mod apply;
pub mod check;
pub mod keys;
pub mod month;
pub mod observe;
pub mod plan;
pub mod scheme;
pub mod triggers;

use crate::db::ident::Ident;
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
        #[expect(clippy::expect_used)]
        let name = |name| Ident::new(name).expect("plain words are names");
        Self {
            table: name("appointments"),
            column: name("appointment_date"),
            ahead: 3,
            keys: Some(name("appointment_keys")),
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
