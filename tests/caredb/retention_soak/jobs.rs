//! Which job comes next, with which arguments.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::{Clinic, UNTIL};
use crate::fault::Moments;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Rows,
    RowsWithDependents,
    Exchange,
    ExchangeWithDependents,
    RestoreMonth,
    RestoreAll,
    Purge,
    Compress,
    Decompress,
    Destroy,
}

impl Kind {
    pub fn is_exchange(self) -> bool {
        matches!(self, Exchange | ExchangeWithDependents)
    }
}

use Kind::{
    Compress, Decompress, Destroy, Exchange, ExchangeWithDependents, Purge, RestoreAll, RestoreMonth, Rows,
    RowsWithDependents,
};

/// All but the one that nothing comes back from.
pub const KINDS: [Kind; 9] =
    [Rows, RowsWithDependents, Exchange, ExchangeWithDependents, RestoreMonth, RestoreAll, Purge, Compress, Decompress];

#[derive(Debug, Clone)]
pub struct Job {
    pub kind: Kind,
    pub arguments: String,
    pub cut_off: NaiveDate,
    pub keeps_unread: bool,
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Archived months are brought back before there are more.
const ARCHIVED_MONTHS: usize = 3;

/// Where the rounds are.
pub struct Choice {
    /// Those of the round.
    pub moments: Moments,
    /// The first day of data.
    pub first: NaiveDate,
    /// Up to which day notifications are gone; and how much further the next purge goes, in days.
    purged: NaiveDate,
    purge_days: u64,
    destroyed: NaiveDate,
}

impl Choice {
    pub fn new(months: u32, purge_days: u64) -> Self {
        let first = date(UNTIL) - Months::new(months);
        Self { moments: Moments(0), first, purged: first, purge_days, destroyed: first }
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.moments.next(one_in) == 0
    }

    /// A job that has something to do, as far as can be told.
    pub fn next(&mut self, clinic: &Clinic) -> Job {
        let archived = months(
            clinic,
            "SELECT DISTINCT DATE_FORMAT(appointment_date, '%Y-%m-01') FROM appointments_archive ORDER BY 1",
        );
        let compressed = clinic.rows("SELECT COUNT(*) FROM medical_records_compressed") != ["0"];
        let is_possible = |kind: &Kind| match kind {
            Rows | RowsWithDependents | Exchange | ExchangeWithDependents => archived.len() < ARCHIVED_MONTHS,
            RestoreMonth => !archived.is_empty(),
            RestoreAll => (1..=2).contains(&archived.len()),
            Purge => self.purged < date(UNTIL),
            Compress => !compressed,
            Decompress => compressed,
            Destroy => false,
        };
        let possible: Vec<Kind> = KINDS.into_iter().filter(is_possible).collect();
        let kind = possible[usize::try_from(self.moments.next(possible.len() as u64)).unwrap()];
        match kind {
            Rows | RowsWithDependents | Exchange | ExchangeWithDependents => self.archive(kind, &archived),
            RestoreMonth => {
                let month = archived[usize::try_from(self.moments.next(archived.len() as u64)).unwrap()];
                job(kind, format!("archive restore --month {}", month.format("%Y-%m")), self.first)
            }
            RestoreAll => job(kind, "archive restore --all".to_owned(), self.first),
            Purge => self.purge(),
            Compress => {
                let cut_off = self.first + Days::new(60 + self.moments.next(60));
                job(kind, format!("compress medical-records {}", age(cut_off)), cut_off)
            }
            Decompress | Destroy => job(kind, "compress medical-records --decompress".to_owned(), self.first),
        }
    }

    /// The first month that is not archived goes; of rows also a part of it, or two.
    fn archive(&mut self, kind: Kind, archived: &[NaiveDate]) -> Job {
        let mut month = self.first;
        while archived.contains(&month) && month + Months::new(1) < date(UNTIL) {
            month = month + Months::new(1);
        }
        let is_exchange = kind.is_exchange();
        let cut_off = match self.moments.next(4) {
            0 if !is_exchange => month + Days::new(10 + self.moments.next(15)),
            1 if is_exchange && archived.is_empty() => month + Months::new(2),
            _ => month + Months::new(1),
        };
        let method = if is_exchange { "exchange" } else { "rows" };
        let dependents =
            if matches!(kind, RowsWithDependents | ExchangeWithDependents) { " --with-dependents" } else { "" };
        job(
            kind,
            format!("archive appointments --method {method}{dependents} {}{}", age(cut_off), self.batch()),
            cut_off,
        )
    }

    fn purge(&mut self) -> Job {
        self.purged = date(UNTIL).min(self.purged + Days::new(self.purge_days));
        let keeps_unread = self.chance(3);
        let unread = if keeps_unread { " --keep-unread" } else { "" };
        let arguments = format!("purge notifications{unread} {}{}", age(self.purged), self.batch());
        Job { keeps_unread, ..job(Purge, arguments, self.purged) }
    }

    /// The next days of the archive are destroyed; none once all of its first two months are.
    pub fn destroy(&mut self) -> Option<Job> {
        self.destroyed = self.destroyed + Days::new(4);
        let is_left = self.destroyed < self.first + Months::new(2);
        let arguments = format!("purge archive {}{}", age(self.destroyed), self.batch());
        is_left.then(|| job(Destroy, arguments, self.destroyed))
    }

    /// Short batches, now and then.
    fn batch(&mut self) -> String {
        if self.chance(2) { format!(" --batch-ms {}", 10 + self.moments.next(90)) } else { String::new() }
    }
}

fn job(kind: Kind, arguments: String, cut_off: NaiveDate) -> Job {
    Job { kind, arguments, cut_off, keeps_unread: false }
}

/// The options that give a cut-off.
pub fn age(cut_off: NaiveDate) -> String {
    format!("--older-than 1d --today {}", cut_off + Days::new(1))
}

fn months(clinic: &Clinic, sql: &str) -> Vec<NaiveDate> {
    clinic.rows(sql).iter().map(|month| date(month)).filter(|month| month.day() == 1).collect()
}
