//! When a doctor works and when not: weekly time slots, absences, and the bookable times that they leave of a month.

use super::rng::Stream;
use super::words::SPECIALTIES;
use super::{BOOKED_AHEAD_DAYS, Clinic, DAY, Span, people};

/// How an appointment takes place, and what a block of time slots is open for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By video.
    Video,
    /// In the practice.
    InPerson,
    /// Either.
    Both,
}

impl Kind {
    /// As the schema has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Video => "VIDEO",
            Self::InPerson => "IN_PERSON",
            Self::Both => "BOTH",
        }
    }
}

/// Hours of a weekday that are booked in slots: a row of `time_slots`. Times are minutes of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// 0 for Monday.
    pub weekday: i64,
    /// When it begins.
    pub start: i64,
    /// When it ends.
    pub end: i64,
    /// How long a slot is.
    pub minutes: i64,
    /// What it is open for.
    pub kind: Kind,
    /// Whether it is in use.
    pub active: bool,
}

/// Days on which a doctor is away: a row of `doctor_unavailability`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away {
    /// The first day.
    pub first: i64,
    /// The last day.
    pub last: i64,
    /// Why.
    pub reason: &'static str,
    /// When it was entered, in seconds.
    pub created: i64,
}

/// A time that can be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The day.
    pub day: i64,
    /// From, in minutes of the day.
    pub start: i64,
    /// To, in minutes of the day.
    pub end: i64,
    /// What it is open for.
    pub kind: Kind,
    /// How much it is asked for, up to [`FULL_WEIGHT`].
    pub weight: u64,
}

/// A doctor's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// By weekday and time.
    pub blocks: Vec<Block>,
    /// By first day.
    pub away: Vec<Away>,
}

/// The weight of the slot that is asked for most.
pub const FULL_WEIGHT: u64 = 110 * 100;

/// How much each weekday is asked for, from Monday.
const WEEKDAYS: [u64; 7] = [110, 104, 100, 100, 90, 72, 40];

/// How long before the day appointments are booked: from and to a number of days, and how many of a thousand.
pub const LEADS: [(i64, i64, u64); 6] =
    [(0, 0, 80), (1, 2, 170), (3, 7, 260), (8, 14, 210), (15, 30, 180), (31, BOOKED_AHEAD_DAYS - 1, 100)];

/// Monday is 0; the first of 1970 was a Thursday.
#[must_use]
pub fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// How many of a thousand appointments on a day so far ahead are booked by now.
fn booked_by_now(days: i64) -> u64 {
    LEADS
        .iter()
        .map(|&(from, to, share)| {
            let later = (to - days.max(from - 1)).max(0).unsigned_abs();
            share * later / (to - from + 1).unsigned_abs()
        })
        .sum()
}

impl Schedule {
    /// The schedule of a doctor.
    #[must_use]
    pub fn of(clinic: &Clinic, doctor: u64) -> Self {
        Self { blocks: blocks(clinic, doctor), away: away(clinic, doctor) }
    }

    /// Whether the doctor is away on a day.
    #[must_use]
    pub fn is_away(&self, day: i64) -> bool {
        self.away.iter().any(|away| (away.first..=away.last).contains(&day))
    }

    /// The slots of a month, by day and time. Those from `until` on are weighed by how many would be booked by then.
    #[must_use]
    pub fn slots(&self, span: Span, until: i64) -> Vec<Slot> {
        let mut slots = Vec::new();
        for day in span.from..span.to {
            if self.is_away(day) {
                continue;
            }
            let weekday = weekday(day);
            let booked = if day < until { 1000 } else { booked_by_now(day - until) };
            for block in self.blocks.iter().filter(|block| block.active && block.weekday == weekday) {
                let mut start = block.start;
                while start + block.minutes <= block.end {
                    let hour = match start / 60 {
                        8..=11 => 100,
                        12 | 13 => 70,
                        14..=16 => 95,
                        _ => 80,
                    };
                    let weight = WEEKDAYS[usize::try_from(weekday).unwrap_or(0)] * hour * booked / 1000;
                    slots.push(Slot { day, start, end: start + block.minutes, kind: block.kind, weight });
                    start += block.minutes;
                }
            }
        }
        slots
    }
}

fn blocks(clinic: &Clinic, doctor: u64) -> Vec<Block> {
    let mut random = clinic.random(Stream::Slots, doctor, 0);
    let minutes = SPECIALTIES[people::specialty(clinic, doctor)].slot_minutes;
    let free = random.between(0, 4); // the weekday off, or with Saturday instead
    let saturday = random.permille(350);
    let mut blocks = Vec::new();
    for weekday in 0..6 {
        if weekday == free || (weekday == 5 && !saturday) {
            continue;
        }
        let half_day = weekday == 5 || weekday == 4 && random.permille(500);
        let morning = random.between(16, 18) * 30;
        let kind = |random: &mut super::rng::Random| match random.between(0, 9) {
            0..=5 => Kind::Both,
            6..=7 => Kind::InPerson,
            _ => Kind::Video,
        };
        let mut add = |random: &mut super::rng::Random, start: i64, length: i64, active: bool| {
            let kind = kind(random);
            blocks.push(Block { weekday, start, end: start + length, minutes, kind, active });
        };
        let length = random.between(6, 8) * 30;
        add(&mut random, morning, length, true);
        if !half_day {
            let (start, length) = (random.between(27, 29) * 30, random.between(5, 7) * 30);
            add(&mut random, start, length, true);
            // evenings that were tried and given up
            if random.permille(80) {
                add(&mut random, 18 * 60 + 30, 120, false);
            }
        }
    }
    blocks
}

const LEAVE: [&str; 5] = ["Annual leave", "Family holiday", "Summer leave", "Parental leave", "Long weekend"];
const CONGRESS: [&str; 4] =
    ["Annual congress of the society", "Certification course", "Teaching at the medical school", "Congress abroad"];
const ILLNESS: [&str; 4] = ["Illness", "Child is ill", "Dental emergency", "Treatment room flooded"];

/// About every two months something, in the order of the days, never two at once.
fn away(clinic: &Clinic, doctor: u64) -> Vec<Away> {
    let mut random = clinic.random(Stream::Away, doctor, 0);
    let mut away = Vec::new();
    let mut day = clinic.first_day - random.between(0, 40);
    loop {
        let first = day + random.between(20, 90);
        if first >= clinic.until_day + BOOKED_AHEAD_DAYS {
            return away;
        }
        let (reasons, days, ahead): (&[&str], _, _) = match random.between(0, 9) {
            0..=3 => (&LEAVE, random.between(3, 14), random.between(40, 150)),
            4..=6 => (&CONGRESS, random.between(1, 4), random.between(60, 200)),
            _ => (&ILLNESS, random.between(1, 3), 0),
        };
        let reason = random.pick(reasons);
        let hour = if ahead == 0 { random.between(6 * 60, 7 * 60 + 45) } else { random.between(8 * 60, 19 * 60) };
        let created = (first - ahead) * DAY + hour * 60 + random.between(0, 59);
        day = first + days;
        // nobody falls ill in advance
        if created < clinic.now() && day > clinic.first_day {
            away.push(Away { first, last: first + days - 1, reason, created });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::generate::{Ids, day};

    fn clinic() -> Clinic {
        Clinic::plan((100, 40, 24), None, (3, "2026-11-01".parse().unwrap(), Ids::V7)).unwrap()
    }

    #[test]
    fn weekdays_are_those_of_the_calendar() {
        for (date, number) in [("1970-01-01", 3), ("1969-12-29", 0), ("2026-11-23", 0), ("2026-11-22", 6)] {
            assert_eq!(weekday(day(date.parse().unwrap())), number, "{date}");
        }
    }

    #[test]
    fn the_future_fills_up() {
        assert_eq!(LEADS.iter().map(|&(_, _, share)| share).sum::<u64>(), 1000);
        let booked: Vec<u64> = (-1..BOOKED_AHEAD_DAYS).map(booked_by_now).collect();
        assert_eq!((booked[0], booked[1], booked[8], booked.last()), (1000, 920, 490, Some(&0)));
        assert!(booked.is_sorted_by(|near, far| near >= far));
    }

    #[test]
    fn no_slot_is_in_an_absence_or_overlaps_another() {
        let clinic = clinic();
        for doctor in 0..40 {
            let schedule = Schedule::of(&clinic, doctor);
            assert!(schedule.away.iter().all(|away| away.first <= away.last && away.created < clinic.now()));
            assert!(schedule.away.is_sorted_by(|one, next| one.last < next.first));
            for &span in &clinic.spans {
                let slots = schedule.slots(span, clinic.until_day);
                assert!(slots.iter().all(|slot| slot.start < slot.end && !schedule.is_away(slot.day)));
                assert!(slots.is_sorted_by(|one, next| (one.day, one.end) <= (next.day, next.start)));
                assert!(slots.iter().all(|slot| slot.weight <= FULL_WEIGHT));
            }
        }
    }
}
