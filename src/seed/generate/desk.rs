//! Who books with a doctor: mostly people whom the doctor knows, and each month some for the first time.

use super::people;
use super::rng::{Random, Stream};
use super::visits::{Cell, Visit};
use super::words::Audience;

/// The order in which a doctor meets patients: a walk through all whom the doctor sees, by a step without a common divisor, so
/// nobody comes twice, and each month has its own new ones.
pub struct Panel {
    audience: Audience,
    /// How many the doctor sees.
    patients: u64,
    start: u64,
    step: u64,
    /// How many ranks were met before this month.
    known: u64,
    /// How many will be when it is over.
    known_after: u64,
    /// How many there are.
    size: u64,
}

impl Panel {
    /// The panel of a cell's doctor.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        let parameters = &cell.clinic.parameters;
        let mut audience = cell.specialty().audience;
        let mut patients = people::seen_of(audience, parameters.patients);
        if patients == 0 {
            // too few people for a specialty of its own
            (audience, patients) = (Audience::Everyone, parameters.patients);
        }
        let mut random = cell.clinic.random(Stream::Panel, cell.doctor_number, 0);
        let mut step = random.below(patients).max(1);
        while common_divisor(step, patients) > 1 {
            step = step % patients + 1;
        }
        let size = (parameters.appointments / parameters.doctors / 3).clamp(1, patients);
        let months = cell.clinic.spans.len() as u64;
        let known = |month: u64| (size * (month + 3) / (months + 3)).clamp(1, size);
        let (month, start) = (cell.month as u64, random.below(patients));
        Self { audience, patients, start, step, known: known(month), known_after: known(month + 1), size }
    }

    /// The patient of a rank.
    fn patient(&self, rank: u64) -> u64 {
        let wide = u128::from(self.start) + u128::from(rank) * u128::from(self.step);
        people::nth_seen(self.audience, u64::try_from(wide % u128::from(self.patients)).unwrap_or(0))
    }

    /// Whether the doctor meets a patient for the first time in this month or later.
    fn is_still_to_come(&self, patient: u64) -> bool {
        (self.known..self.size).any(|rank| self.patient(rank) == patient)
    }

    /// Anybody whom the doctor sees, of the first so many patients.
    fn anybody(&self, registered: u64, random: &mut Random) -> u64 {
        match people::seen_of(self.audience, registered) {
            0 => random.below(registered),
            seen => people::nth_seen(self.audience, random.below(seen)),
        }
    }
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Where the bookings of a cell come in.
pub struct Desk {
    panel: Panel,
    /// The next rank that is new; none before the first.
    next_new: Option<u64>,
    /// Visits that replace others and wait for a slot.
    pub moves: Vec<Visit>,
}

impl Desk {
    /// A desk where nobody has come yet.
    #[must_use]
    pub fn new(panel: Panel) -> Self {
        Self { panel, next_new: None, moves: Vec::new() }
    }

    /// Who books, and whether for the first time with this doctor: somebody who has registered, and whom the doctor sees.
    pub fn patient(&mut self, cell: &Cell, day: i64, created: i64, random: &mut Random) -> (u64, bool) {
        let registered = people::registered_before(cell.clinic, created);
        if random.permille(400) {
            let mut rank = self.next_new.unwrap_or(self.panel.known);
            while rank < self.panel.known_after {
                let patient = self.panel.patient(rank);
                rank += 1;
                self.next_new = Some(rank);
                if patient < registered {
                    return (patient, true);
                }
            }
        }
        let is_there = |patient: u64| cell.visits.iter().any(|visit| visit.slot.day == day && visit.patient == patient);
        for attempt in 0..24 {
            let patient = self.panel.patient(random.below(self.panel.known));
            if patient < registered && (attempt >= 16 || !is_there(patient)) {
                return (patient, false);
            }
        }
        for _ in 0..24 {
            let patient = self.panel.anybody(registered, random);
            if !self.panel.is_still_to_come(patient) {
                return (patient, false);
            }
        }
        (self.panel.anybody(registered, random), false)
    }
}
