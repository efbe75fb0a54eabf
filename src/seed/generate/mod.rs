//! Synthetic data of any size. What there is to generate follows from the parameters alone: a row is a pure function of them and
//! of where it stands, so a run can stop anywhere and go on, and two runs give the same rows.
//!
//! The unit of work behind a doctor's appointments is a cell, a doctor in a month: its bookings and all that follows from
//! them are made again by each table's turn, which is cheaper than to keep them.

pub mod checkpoint;
pub mod desk;
pub mod load;
pub mod outcome;
pub mod people;
pub mod reset;
pub mod rng;
pub mod rows;
pub mod schedule;
pub mod visits;
pub mod words;

use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use rng::{Random, Stream};
use schedule::Schedule;

use crate::output::count;

/// The version of the generator: with another one, the same parameters may give other rows.
pub const VERSION: u32 = 1;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// How many days ahead appointments are booked.
pub const BOOKED_AHEAD_DAYS: i64 = 60;

/// How ids are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Ids {
    /// Ordered by time: UUIDv7 of the row's `created_at`
    V7,
    /// Random: UUIDv4
    V4,
}

/// All that rows depend on, beside the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// How many patients.
    pub patients: u64,
    /// How many doctors.
    pub doctors: u64,
    /// How many months of history.
    pub months: u32,
    /// How many appointments.
    pub appointments: u64,
    /// The seed.
    pub seed: u64,
    /// The day that it is in the data: before it is the past, from it on the future.
    pub until: NaiveDate,
    /// How ids are made.
    pub ids: Ids,
}

/// Why there is nothing to generate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// A TIMESTAMP can't hold it.
    #[error(
        "`--until {until}` with `--months {months}` reaches beyond what a TIMESTAMP can hold; take days from {FIRST} to {LAST}"
    )]
    Calendar {
        /// The day.
        until: NaiveDate,
        /// The months before it.
        months: u32,
    },
    /// The doctors have no time.
    #[error(
        "{wanted} appointments do not fit: {} in {} have {}; say more `--doctors` or `--months`, or fewer `--appointments`",
        count(*doctors, "doctor"), count(*months, "month"), count(*capacity, "slot")
    )]
    Capacity {
        /// How many were asked for.
        wanted: u64,
        /// How many there can be.
        capacity: u64,
        /// How many doctors.
        doctors: u64,
        /// How many months.
        months: u32,
    },
}

/// The first day of history, so that patients registered before it lie within TIMESTAMP.
const FIRST: &str = "1985-01-01";
/// The last `--until`, so that what expires a year later lies within TIMESTAMP.
const LAST: &str = "2036-06-30";

/// A month's days that can be booked; days are counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: i64,
    /// The day after the last.
    pub to: i64,
}

/// What the parameters imply: the calendar, and how many appointments each cell has.
#[derive(Debug)]
pub struct Clinic {
    /// What it follows from.
    pub parameters: Parameters,
    /// The first day of history.
    pub first_day: i64,
    /// The day that it is.
    pub until_day: i64,
    /// The months, from the first of history to the last that can be booked.
    pub spans: Vec<Span>,
    /// Appointments of each cell, month by month, in a month doctor by doctor.
    quotas: Vec<u32>,
    /// What the seed puts into unique keys.
    pub tag: String,
}

impl Clinic {
    /// Plans the cells. `appointments`: none for as many as the patients would need.
    pub fn plan(
        (patients, doctors, months): (u64, u64, u32),
        appointments: Option<u64>,
        (seed, until, ids): (u64, NaiveDate, Ids),
    ) -> Result<Self, PlanError> {
        let calendar = PlanError::Calendar { until, months };
        let (Some(first), Some(last)) = (
            until.checked_sub_months(Months::new(months)),
            until.checked_add_days(Days::new(BOOKED_AHEAD_DAYS.unsigned_abs())),
        ) else {
            return Err(calendar);
        };
        if first.to_string().as_str() < FIRST || until.to_string().as_str() > LAST {
            return Err(calendar);
        }
        let parameters = Parameters { patients, doctors, months, appointments: 0, seed, until, ids };
        let tag = tag(seed);
        let (first_day, until_day) = (day(first), day(until));
        let mut clinic = Self { parameters, first_day, until_day, spans: spans(first, last), quotas: Vec::new(), tag };
        let cells = clinic.weigh();
        let capacity: u64 = cells.iter().map(|&(_, capacity)| u64::from(capacity)).sum();
        let wanted = appointments.unwrap_or_else(|| (patients * u64::from(months) * 2 / 5).min(capacity * 7 / 10));
        if wanted > capacity {
            return Err(PlanError::Capacity { wanted, capacity, doctors, months });
        }
        clinic.parameters.appointments = wanted;
        clinic.quotas = deal(wanted, &cells);
        Ok(clinic)
    }

    /// The plan of recorded parameters.
    pub fn again(parameters: &Parameters) -> Result<Self, PlanError> {
        let Parameters { patients, doctors, months, appointments, seed, until, ids } = *parameters;
        Self::plan((patients, doctors, months), Some(appointments), (seed, until, ids))
    }

    /// How much each cell is asked for, and how many appointments it can take, in the order of the cells.
    fn weigh(&self) -> Vec<(u64, u32)> {
        let schedules = (0..self.parameters.doctors).map(|doctor| Schedule::of(self, doctor)).collect::<Vec<_>>();
        let mut cells = Vec::new();
        for &span in &self.spans {
            for schedule in &schedules {
                let slots = schedule.slots(span, self.until_day);
                let weight = slots.iter().map(|slot| slot.weight).sum();
                let capacity = slots.iter().filter(|slot| slot.day < self.until_day).count();
                // future slots fill up as their day comes nearer
                let ahead: u64 = slots.iter().filter(|slot| slot.day >= self.until_day).map(|slot| slot.weight).sum();
                let capacity = capacity as u64 + ahead / schedule::FULL_WEIGHT;
                cells.push((weight, u32::try_from(capacity).unwrap_or(u32::MAX)));
            }
        }
        cells
    }

    /// How many cells there are.
    #[must_use]
    pub fn cells(&self) -> u64 {
        self.quotas.len() as u64
    }

    /// The doctor and the month of a cell.
    #[must_use]
    pub fn cell(&self, cell: u64) -> (u64, usize) {
        let month = cell / self.parameters.doctors;
        (cell % self.parameters.doctors, usize::try_from(month).unwrap_or(usize::MAX))
    }

    /// How many appointments a cell has.
    #[must_use]
    pub fn quota(&self, doctor: u64, month: usize) -> usize {
        let cell = month as u64 * self.parameters.doctors + doctor;
        usize::try_from(cell).ok().and_then(|cell| self.quotas.get(cell)).map_or(0, |&quota| quota as usize)
    }

    /// The moment that it is in the data, in seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.until_day * DAY
    }

    /// A stream of this clinic.
    #[must_use]
    pub fn random(&self, stream: Stream, a: u64, b: u64) -> Random {
        Random::new(self.parameters.seed, stream, a, b)
    }

    /// The id of thing (`a`, `b`), made at `created` seconds.
    #[must_use]
    pub fn id(&self, stream: Stream, (a, b): (u64, u64), created: i64) -> Uuid {
        // apart from the stream that tells what the thing is like
        let mut random = Random::new(self.parameters.seed ^ ID_KEY, stream, a, b);
        match self.parameters.ids {
            Ids::V7 => {
                let millis = u64::try_from(created * 1000).unwrap_or(0);
                uuid::Builder::from_unix_timestamp_millis(millis, &random.bytes()).into_uuid()
            }
            Ids::V4 => uuid::Builder::from_random_bytes(random.bytes()).into_uuid(),
        }
    }
}

const ID_KEY: u64 = 0x1d5e_ed0f_1d5e_ed0f;

/// A date as days from 1970.
#[must_use]
pub fn day(date: NaiveDate) -> i64 {
    i64::from(date.to_epoch_days())
}

/// The date of days from 1970; the first where there is none.
#[must_use]
pub fn date(day: i64) -> NaiveDate {
    i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days).unwrap_or_default()
}

/// The months from a date to the day before another, the first and the last cut off at them.
fn spans(first: NaiveDate, end: NaiveDate) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut from = first;
    while from < end {
        let next = from.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).unwrap_or(end).min(end);
        spans.push(Span { from: day(from), to: day(next) });
        from = next;
    }
    spans
}

/// The letters of [`code`]: no I, L, O and U, which are read as others (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A number in at least so many letters.
#[must_use]
pub fn code(number: u64, least: usize) -> String {
    let mut letters = Vec::new();
    let mut left = number;
    while left > 0 || letters.len() < least {
        letters.push(LETTERS[usize::try_from(left % 32).unwrap_or(0)]);
        left /= 32;
    }
    letters.iter().rev().map(|&letter| char::from(letter)).collect()
}

/// Five letters of the seed: seeds below 33,554,432 have their own, others may share them.
fn tag(seed: u64) -> String {
    const TAGS: u64 = 1 << 25;
    let number = if seed < TAGS { seed } else { Random::new(seed, Stream::Tag, 0, 0).below(TAGS) };
    code(number, 5)
}

/// Deals `wanted` to cells of (weight, capacity) by weight; what a full cell can't take goes to the others. `wanted` is not
/// more than all capacities.
fn deal(wanted: u64, cells: &[(u64, u32)]) -> Vec<u32> {
    let mut dealt = vec![0_u32; cells.len()];
    let mut left = wanted;
    while left > 0 {
        let is_open = |index: usize| dealt[index] < cells[index].1;
        let open: Vec<usize> = (0..cells.len()).filter(|&index| is_open(index)).collect();
        let weight: u128 = open.iter().map(|&index| u128::from(cells[index].0.max(1))).sum();
        if weight == 0 {
            break;
        }
        let (mut before, mut share, of) = (0_u128, 0_u128, u128::from(left));
        for index in open {
            // shares of sums, so that what is rounded off one goes to the next
            share += u128::from(cells[index].0.max(1)) * of;
            let upto = share / weight;
            let own = u32::try_from(upto - before).unwrap_or(u32::MAX).min(cells[index].1 - dealt[index]);
            before = upto;
            dealt[index] += own;
            left -= u64::from(own);
        }
    }
    dealt
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn until(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_cut_off_at_the_ends() {
        let shown = |first: &str, end: &str| {
            spans(until(first), until(end))
                .iter()
                .map(|span| format!("{}..{}", date(span.from), date(span.to)))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            shown("2024-01-31", "2024-03-02"),
            ["2024-01-31..2024-02-01", "2024-02-01..2024-03-01", "2024-03-01..2024-03-02"]
        );
        assert_eq!(shown("2025-12-01", "2026-01-01"), ["2025-12-01..2026-01-01"]);
    }

    #[test]
    fn codes_and_tags() {
        assert_eq!([code(0, 1), code(31, 2), code(1024, 2)], ["0", "0Z", "100"]);
        assert_eq!(tag(1), "00001");
        assert_eq!(tag(u64::MAX).len(), 5);
        assert_ne!(tag((1 << 25) + 1), tag(1));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let plan = |doctors, appointments, day: &str| {
            Clinic::plan((10, doctors, 2), appointments, (1, until(day), Ids::V7))
                .map(|clinic| clinic.parameters.appointments)
        };
        assert_eq!(plan(1, None, "2026-11-01"), Ok(8));
        assert!(matches!(plan(1, Some(100_000), "2026-11-01"), Err(PlanError::Capacity { .. })));
        for day in ["1984-01-01", "2037-01-01", "+262142-12-31"] {
            assert!(matches!(plan(1, None, day), Err(PlanError::Calendar { .. })), "{day}");
        }
    }

    proptest! {
        #[test]
        fn dealing_gives_all_and_never_too_much(
            cells in proptest::collection::vec((0_u64..10_000, 0_u32..300), 1..60), share in 0_u64..=1000,
        ) {
            let capacity: u64 = cells.iter().map(|&(_, capacity)| u64::from(capacity)).sum();
            let wanted = capacity * share / 1000;
            let dealt = deal(wanted, &cells);
            prop_assert_eq!(dealt.iter().map(|&own| u64::from(own)).sum::<u64>(), wanted);
            prop_assert!(dealt.iter().zip(&cells).all(|(&own, &(_, capacity))| own <= capacity));
        }
    }
}
