//! The appointments of a cell: who books which slot when, and how it ends.

use uuid::Uuid;

use super::desk::{Desk, Panel};
use super::outcome::{self, Payment, Treatment};
use super::people::{self, Doctor};
use super::rng::{Random, Stream};
use super::schedule::{FULL_WEIGHT, Kind, LEADS, Schedule, Slot, weekday};
use super::words::{DOCTOR_CANCELS, PATIENT_CANCELS, SPECIALTIES, STAFF_CANCELS, Specialty};
use super::{Clinic, DAY, code};

/// How an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Booked.
    Scheduled,
    /// Booked and confirmed.
    Confirmed,
    /// The patient came.
    Completed,
    /// Called off.
    Cancelled,
    /// The patient did not come.
    NoShow,
}

impl Status {
    /// As the schema has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Confirmed => "CONFIRMED",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::NoShow => "NO_SHOW",
        }
    }
}

/// Who called an appointment off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The patient.
    Patient,
    /// The doctor.
    Doctor,
    /// The desk; which member of staff.
    Staff(u64),
}

/// How an appointment was called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled {
    /// By whom.
    pub by: By,
    /// When, in seconds.
    pub at: i64,
    /// Why.
    pub reason: &'static str,
}

/// An appointment, as far as other tables need to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Its number in the cell.
    pub number: u64,
    /// Who comes.
    pub patient: u64,
    /// When.
    pub slot: Slot,
    /// How.
    pub kind: Kind,
    /// An index into the topics of the doctor's specialty.
    pub topic: usize,
    /// How it stands.
    pub status: Status,
    /// When it was booked, in seconds.
    pub created: i64,
    /// How many days before.
    pub lead: i64,
    /// Whether the patient sees the doctor for the first time.
    pub is_first: bool,
    /// `REGULAR`, `URGENT`, `EMERGENCY`.
    pub priority: &'static str,
    /// In cents.
    pub fee: i64,
    /// When it was confirmed.
    pub confirmed: Option<i64>,
    /// How it was called off.
    pub cancelled: Option<Cancelled>,
    /// The one that it replaces: its number and when that was booked.
    pub moved_from: Option<(u64, i64)>,
    /// What was paid.
    pub payment: Option<Payment>,
    /// What was done; of completed ones only.
    pub treatment: Option<Treatment>,
}

impl Visit {
    /// When it begins, in seconds.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.slot.day * DAY + self.slot.start * 60
    }

    /// When it ends, in seconds.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.slot.day * DAY + self.slot.end * 60
    }
}

/// A doctor in a month.
pub struct Cell<'a> {
    /// Where it is.
    pub clinic: &'a Clinic,
    /// Its number.
    pub number: u64,
    /// The doctor's number.
    pub doctor_number: u64,
    /// The doctor.
    pub doctor: Doctor,
    /// The doctor's schedule.
    pub schedule: Schedule,
    /// An index into the clinic's months.
    pub month: usize,
    /// In the order in which they were booked.
    pub visits: Vec<Visit>,
}

impl<'a> Cell<'a> {
    /// The appointments of a cell.
    #[must_use]
    pub fn of(clinic: &'a Clinic, number: u64) -> Self {
        let (doctor_number, month) = clinic.cell(number);
        let (doctor, _) = Doctor::of(clinic, doctor_number);
        let schedule = Schedule::of(clinic, doctor_number);
        let mut cell = Self { clinic, number, doctor_number, doctor, schedule, month, visits: Vec::new() };
        cell.book();
        cell
    }

    /// What the doctor deals with.
    #[must_use]
    pub fn specialty(&self) -> &'static Specialty {
        SPECIALTIES[self.doctor.specialty]
    }

    /// The stream of one of the cell's things.
    #[must_use]
    pub fn random(&self, stream: Stream, visit: &Visit) -> Random {
        self.clinic.random(stream, self.number, visit.number)
    }

    /// The id of one of the cell's things, the only one of its stream that an appointment has.
    #[must_use]
    pub fn id(&self, stream: Stream, number: u64, created: i64) -> Uuid {
        self.clinic.id(stream, (self.number, number), created)
    }

    /// The id of an appointment.
    #[must_use]
    pub fn appointment_id(&self, visit: &Visit) -> Uuid {
        self.id(Stream::Appointment, visit.number, visit.created)
    }

    /// What stands in its unique keys: seed, cell and number.
    #[must_use]
    pub fn reference(&self, prefix: &str, visit: &Visit) -> String {
        // no doctor has a thousand slots a month
        format!("{prefix}-{}-{}", self.clinic.tag, code(self.number << 10 | visit.number, 6))
    }

    /// Chooses slots, and goes through them by day and time.
    fn book(&mut self) {
        let mut random = self.clinic.random(Stream::Cell, self.number, 0);
        let slots = self.choose(&mut random);
        let mut desk = Desk::new(Panel::of(self));
        let mut left = slots.len();
        for slot in slots {
            // a slot that was freed and given again took the turn of one that then stays free
            if left == 0 {
                break;
            }
            left -= 1;
            let visit = self.booking(slot, &mut desk, &mut random);
            let cancelled = visit.cancelled;
            let kind = visit.kind;
            self.visits.push(visit);
            let Some(cancelled) = cancelled else { continue };
            let days = slot.day - cancelled.at.div_euclid(DAY);
            if days >= 1 && left > 0 && random.permille(300) {
                left -= 1;
                let again = self.given_again(slot, kind, cancelled.at, &mut desk, &mut random);
                self.visits.push(again);
            }
        }
        self.visits.sort_by_key(|visit| (visit.created, visit.number));
    }

    /// As many slots as the cell has appointments, those that are asked for most the likelier, by day and time.
    fn choose(&self, random: &mut Random) -> Vec<Slot> {
        let mut open = self.schedule.slots(self.clinic.spans[self.month], self.clinic.until_day);
        let mut quota = self.clinic.quota(self.doctor_number, self.month).min(open.len());
        let mut chosen = Vec::with_capacity(quota);
        while quota > 0 {
            let place = random.index(open.len());
            if random.below(FULL_WEIGHT) < open[place].weight.max(FULL_WEIGHT / 200) {
                chosen.push(open.swap_remove(place));
                quota -= 1;
            }
        }
        chosen.sort_by_key(|slot| (slot.day, slot.start));
        chosen
    }

    /// A booking of a slot.
    fn booking(&self, slot: Slot, desk: &mut Desk, random: &mut Random) -> Visit {
        let kind = match slot.kind {
            Kind::Both if random.permille(280) => Kind::Video,
            Kind::Both => Kind::InPerson,
            only => only,
        };
        let start = slot.day * DAY + slot.start * 60;
        // two hours' notice at the least
        let moved = desk.moves.iter().position(|moved| moved.created < start - 7200 && moved.kind == kind);
        if let Some(moved) = moved.map(|place| desk.moves.swap_remove(place)) {
            let lead = slot.day - moved.created.div_euclid(DAY);
            return self.ended(Visit { number: self.visits.len() as u64, slot, lead, ..moved }, desk, random);
        }
        let lead = self.lead(slot, random);
        let created = booked_at(slot, lead, random);
        let (patient, is_first) = desk.patient(self, slot.day, created, random);
        let visit = self.visit(slot, kind, (patient, is_first), created, random);
        self.ended(visit, desk, random)
    }

    /// A booking of a slot that was freed at a moment.
    fn given_again(&self, slot: Slot, kind: Kind, freed: i64, desk: &mut Desk, random: &mut Random) -> Visit {
        let start = slot.day * DAY + slot.start * 60;
        let latest = (start - 3600).min(self.clinic.now() - 600);
        let created = random.between((freed + 60).min(latest), latest);
        let (patient, is_first) = desk.patient(self, slot.day, created, random);
        let visit = self.visit(slot, kind, (patient, is_first), created, random);
        self.ended(visit, desk, random)
    }

    fn visit(
        &self,
        slot: Slot,
        kind: Kind,
        (patient, is_first): (u64, bool),
        created: i64,
        random: &mut Random,
    ) -> Visit {
        let lead = slot.day - created.div_euclid(DAY);
        let priority = match random.between(0, 99) {
            0..=2 if lead == 0 => "EMERGENCY",
            0..=29 if lead <= 1 => "URGENT",
            _ => "REGULAR",
        };
        // to the next five dollars
        let fee = if is_first { self.doctor.fee } else { (self.doctor.fee * 85 / 100 + 499) / 500 * 500 };
        Visit {
            number: self.visits.len() as u64,
            patient,
            slot,
            kind,
            topic: random.index(self.specialty().topics.len()),
            status: Status::Scheduled,
            created,
            lead,
            is_first,
            priority,
            fee,
            confirmed: None,
            cancelled: None,
            moved_from: None,
            payment: None,
            treatment: None,
        }
    }

    /// How many days before it a slot is booked: more than the days that it lies ahead.
    fn lead(&self, slot: Slot, random: &mut Random) -> i64 {
        let ahead = slot.day - self.clinic.until_day;
        let shares = LEADS.map(|(_, _, share)| share);
        for _ in 0..16 {
            let (from, to, _) = LEADS[random.weighted(&shares)];
            let lead = random.between(from, to);
            if lead > ahead {
                return lead;
            }
        }
        ahead + 1 + random.between(0, 3)
    }

    /// A visit with its end, as far as it has come to one.
    fn ended(&self, mut visit: Visit, desk: &mut Desk, random: &mut Random) -> Visit {
        let now = self.clinic.now();
        let is_past = visit.slot.day < self.clinic.until_day;
        visit.status = if is_past { end_of(&visit, random) } else { Status::Scheduled };
        let confirmed = visit.created + random.between(60, 6 * 3600).min((visit.start() - visit.created) / 2).max(1);
        let stays_open = !is_past && random.permille(if visit.lead > 14 { 450 } else { 250 });
        if confirmed < now && !stays_open {
            visit.confirmed = Some(confirmed);
            if !is_past {
                visit.status = Status::Confirmed;
            }
        }
        if visit.status == Status::Cancelled {
            let cancelled = self.cancellation(&visit, random);
            if cancelled.at <= confirmed {
                visit.confirmed = None;
            }
            if cancelled.by == By::Patient && random.permille(380) {
                let created = cancelled.at + random.between(60, 1200);
                let moved_from = Some((visit.number, visit.created));
                let open = Visit { cancelled: None, confirmed: None, payment: None, treatment: None, ..visit.clone() };
                desk.moves.push(Visit { created, moved_from, ..open });
            }
            visit.cancelled = Some(cancelled);
        }
        outcome::follow(self, &mut visit, random);
        visit
    }

    fn cancellation(&self, visit: &Visit, random: &mut Random) -> Cancelled {
        let (by, reasons): (By, &[&str]) = match random.between(0, 99) {
            0..=71 => (By::Patient, &PATIENT_CANCELS),
            72..=86 => (By::Doctor, &DOCTOR_CANCELS),
            _ => (By::Staff(random.below(people::staff(self.clinic))), &STAFF_CANCELS),
        };
        let open = visit.start() - visit.created;
        let at = visit.created + (open * random.between(80, 970) / 1000).max(1);
        Cancelled { by, at, reason: random.pick(reasons) }
    }
}

/// When a slot is booked, so many days before.
fn booked_at(slot: Slot, lead: i64, random: &mut Random) -> i64 {
    let second = if lead == 0 {
        let latest = slot.start * 60 - 20 * 60;
        random.between((latest - 4 * 3600).max(6 * 3600).min(latest), latest)
    } else {
        // two of three by day
        let (from, to) = if random.permille(660) { (8, 18) } else { (6, 23) };
        random.between(from * 3600, to * 3600 - 1)
    };
    (slot.day - lead) * DAY + second
}

/// How a past appointment ended: the longer before it was booked the likelier it fell through; Mondays are missed most.
fn end_of(visit: &Visit, random: &mut Random) -> Status {
    let by_day = match weekday(visit.slot.day) {
        0 => 18,
        4 => 12,
        5 => 25,
        _ => 0,
    };
    let by_kind = if visit.kind == Kind::Video { -10 } else { 0 };
    let missed = if visit.lead == 0 { 15 } else { 30 + (visit.lead * 3).min(90) + by_day + by_kind };
    let cancelled = if visit.lead == 0 { 20 } else { 60 + (visit.lead * 4).min(140) + by_day / 2 };
    // who has moved an appointment comes
    let missed = if visit.moved_from.is_some() { missed / 2 } else { missed };
    match random.between(0, 999) {
        case if case < missed => Status::NoShow,
        case if case < missed + cancelled => Status::Cancelled,
        _ => Status::Completed,
    }
}
