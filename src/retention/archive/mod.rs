//! Moves old appointments to their archive and back: observe (what each month holds, and what of it must stay) → plan (pure:
//! which months go, and how) → apply.
//!
//! A month goes whole by EXCHANGE PARTITION, or row by row in batches. While it is between two exchanges it is in
//! `appointments_moving`, where the view `appointments_all` shows it and the next run finds it.

use std::fmt;

use chrono::NaiveDate;

use self::stays::Stays;
use super::policy::Status;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::transaction::MayPass;
use crate::partition::Managed;
use crate::partition::month::Month;

pub mod definition;
pub mod dependents;
pub mod destroy;
pub mod exchange;
pub mod observe;
pub mod plan;
pub mod restore;
pub mod stays;
pub mod verify;
pub mod worker;

/// The table whose rows are archived.
pub const LIVE: &str = "appointments";
/// Where they go.
pub const ARCHIVE: &str = "appointments_archive";
/// Where a month is between two exchanges.
pub const MOVING: &str = "appointments_moving";
/// Which of its rows stay.
pub const STAYING: &str = "appointments_staying";
/// The keys of both tables' rows.
pub const KEYS: &str = "appointment_keys";

/// The archive as a partitioned table.
#[must_use]
pub fn archive() -> Managed {
    Managed { table: Ident::known(ARCHIVE), keys: Some(Ident::known(KEYS)), ahead: 0, ..Managed::appointments() }
}

/// What a month holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Content {
    /// The month.
    pub month: Month,
    /// Its partition, of the same name in both tables.
    #[serde(serialize_with = "name")]
    pub partition: Ident,
    /// All its rows.
    pub rows: u64,
    /// Those that go.
    pub goes: u64,
    /// Those that are too young.
    pub young: u64,
    /// Those that stay though they are old enough, by reason.
    pub stays: Stays,
    /// Bytes of data and indexes of all its rows.
    pub bytes: u64,
    /// Whether the archive has rows of the month.
    pub archived: bool,
}

impl Content {
    /// Bytes of the rows that go, if all rows are of one size.
    #[must_use]
    pub fn bytes_that_go(&self) -> u64 {
        let bytes = u128::from(self.bytes) * u128::from(self.goes) / u128::from(self.rows.max(1));
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// How many stay though they are old enough.
    #[must_use]
    pub fn staying(&self) -> u64 {
        self.stays.values().sum()
    }
}

fn name<S: serde::Serializer>(name: &Ident, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_str())
}

/// How a month goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// As a whole.
    Exchange,
    /// Row by row, in batches.
    Rows,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exchange => "exchange",
            Self::Rows => "rows",
        })
    }
}

/// Which rows go.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Rows of this day and later are too young.
    pub cut_off: NaiveDate,
    /// The status that a row must have, one of these.
    pub status: Vec<Status>,
}

/// Why appointments were not archived or brought back. What was done before stays done.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The archives are not there.
    #[error("there is no table `{0}`; a migration makes it, V14 (`caredb migrate`)")]
    NoArchive(&'static str),
    /// The tables differ, so rows can't go from one to the other as they are.
    #[error(
        "tables `{LIVE}` and `{other}` differ: {what}; make them the same by a migration, nothing of the month was moved"
    )]
    Differs {
        /// The other table.
        other: String,
        /// Where.
        what: String,
    },
    /// Columns were added INSTANT, which EXCHANGE PARTITION refuses.
    #[error(
        "columns of `{LIVE}`, `{ARCHIVE}` or `{MOVING}` were changed INSTANT, so their months can't be exchanged; run `ALTER TABLE … FORCE, ALGORITHM=INPLACE, LOCK=NONE` for each, or say `--method rows`"
    )]
    Instant,
    /// A partition takes more than one month.
    #[error(
        "partition `{partition}` of table `{LIVE}` has rows older than {cut_off} and is not of one month; run `caredb partition ensure` first"
    )]
    NotAMonth {
        /// The partition.
        partition: String,
        /// Rows before it would go.
        cut_off: NaiveDate,
    },
    /// The archive's partition of the same name takes other rows.
    #[error(
        "partition `{0}` of table `{ARCHIVE}` has other bounds than that of `{LIVE}`; `caredb partition list` shows them, correct the archive's by REORGANIZE PARTITION"
    )]
    Bounds(String),
    /// The archive's partition has rows, which an exchange would swap out.
    #[error(
        "partition `{partition}` of table `{ARCHIVE}` has got rows since this run looked, which an exchange would swap out; {cure}"
    )]
    Occupied {
        /// The partition.
        partition: String,
        /// What to do, by where the month is.
        cure: &'static str,
    },
    /// Rows in between that no run has put there.
    #[error(
        "table `{MOVING}` has rows that belong to no run, and would be emptied; see where they come from, then move them to `{LIVE}` or `{ARCHIVE}`"
    )]
    Strangers,
    /// Count or checksum is not the same on both sides.
    #[error("{what} are not the same on both sides: {before} before, {after} after; {state}")]
    Mismatch {
        /// Which rows.
        what: String,
        /// Rows and checksum.
        before: String,
        /// Rows and checksum.
        after: String,
        /// Where they are.
        state: &'static str,
    },
    /// Other sessions hold the table; nothing of the month has happened.
    #[error("{0}")]
    Blocked(DbError),
    /// A row to be brought back that is not in the archive.
    #[error("{0}")]
    NotThere(String),
    /// The partitions could not be read.
    #[error(transparent)]
    Partitions(#[from] crate::partition::observe::Unmanaged),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] crate::db::connect::ConnectError),
    /// Anything else the server refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl MayPass for ArchiveError {
    fn number(&self) -> Option<u16> {
        match self {
            Self::Db(error) => error.number,
            _ => None,
        }
    }
}
