//! What follows from an appointment: payment and refund, treatment, review. Nothing of it lies in the future.

use super::people;
use super::rng::Random;
use super::schedule::Kind;
use super::visits::{By, Cell, Status, Visit};
use super::words::{DECLINES, OVERCHARGES};
use super::{Clinic, DAY};

/// What was paid for an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// When an attempt before it failed, and which of the words says why.
    pub failed: Option<(i64, usize)>,
    /// `PENDING`, `SUCCESS`, `REFUNDED`, `PARTIALLY_REFUNDED`.
    pub status: &'static str,
    /// When it was made, in seconds.
    pub at: i64,
    /// `CARD`, …
    pub method: &'static str,
    /// `STRIPE`, …
    pub gateway: &'static str,
    /// What went back.
    pub refund: Option<Refund>,
}

impl Payment {
    /// What the appointment says of it.
    #[must_use]
    pub fn of_appointment(&self) -> &'static str {
        match (self.status, self.refund) {
            ("PENDING", _) => "PENDING",
            // what is taken back after the visit leaves it paid
            (_, Some(refund)) if refund.of_cancellation => "REFUNDED",
            _ => "PAID",
        }
    }
}

/// What went back of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refund {
    /// In cents.
    pub amount: i64,
    /// When, in seconds.
    pub at: i64,
    /// Why.
    pub reason: &'static str,
    /// Whether the visit was called off.
    pub of_cancellation: bool,
}

/// What was done at a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Treatment {
    /// When it began, in seconds.
    pub start: i64,
    /// When it ended.
    pub end: i64,
    /// Whether there is a prescription.
    pub prescribed: bool,
    /// Whether there is a sick note.
    pub certificate: bool,
    /// The day to come again.
    pub follow_up: Option<i64>,
    /// The file that it left: when it was uploaded, and whether by the patient.
    pub file: Option<(i64, bool)>,
    /// What the patient says of it.
    pub review: Option<Review>,
}

/// A review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    /// 1 to 5 stars.
    pub rating: i64,
    /// When, in seconds.
    pub at: i64,
    /// `PENDING`, `APPROVED`, `REJECTED`.
    pub status: &'static str,
}

/// Adds what follows to a visit whose end is known.
pub fn follow(cell: &Cell, visit: &mut Visit, random: &mut Random) {
    if visit.status == Status::Completed {
        visit.treatment = Some(treatment(cell, visit, random));
    }
    visit.payment = payment(cell.clinic, visit, random);
}

fn treatment(cell: &Cell, visit: &Visit, random: &mut Random) -> Treatment {
    let now = cell.clinic.now();
    let start = visit.start() + random.between(-1, 8) * 60;
    let minutes = visit.slot.end - visit.slot.start;
    let end = (start + random.between(minutes * 6 / 10, minutes + 2) * 60).min(now - 1800);
    let follow_up = random.permille(if visit.is_first { 620 } else { 400 }).then(|| {
        let weeks = [1, 2, 4, 6, 12, 26][random.weighted(&[2, 4, 5, 4, 3, 2])];
        visit.slot.day + weeks * 7 + random.between(0, 4)
    });
    let uploaded = end + random.between(1800, 3 * DAY);
    let file = (random.permille(190) && uploaded < now).then(|| (uploaded, random.permille(140)));
    Treatment {
        start,
        end,
        prescribed: random.permille(560),
        certificate: random.permille(90),
        follow_up,
        file,
        review: review(cell, end, random),
    }
}

fn review(cell: &Cell, end: i64, random: &mut Random) -> Option<Review> {
    const STARS: [[u64; 5]; 3] = [[6, 9, 18, 34, 33], [3, 4, 11, 32, 50], [1, 2, 5, 24, 68]];
    let at = end + random.between(3 * 3600, 10 * DAY);
    let now = cell.clinic.now();
    if !random.permille(300) || at >= now {
        return None;
    }
    let rating = [1, 2, 3, 4, 5][random.weighted(&STARS[cell.doctor.charm])];
    // reviews are read before they are shown, the latest are not yet
    let status = match random.between(0, 99) {
        0..=59 if now - at < 3 * DAY => "PENDING",
        0..=3 => "REJECTED",
        4..=5 => "PENDING",
        _ => "APPROVED",
    };
    Some(Review { rating, at, status })
}

fn payment(clinic: &Clinic, visit: &Visit, random: &mut Random) -> Option<Payment> {
    let now = clinic.now();
    let (method, gateway) = method(visit, random);
    let failed = random.permille(45).then(|| random.index(DECLINES.len()));
    let pays_ahead = random.permille(if visit.kind == Kind::Video { 800 } else { 560 });
    let soon = visit.created + random.between(20, 900);
    let made = |at: i64, status| Payment {
        // the one that failed came shortly before
        failed: failed.map(|why| (at - 15, why)),
        status,
        at,
        method,
        gateway,
        refund: None,
    };
    match (visit.status, visit.cancelled) {
        (Status::Cancelled, Some(cancelled)) if pays_ahead && soon < cancelled.at => {
            let late = cancelled.by == By::Patient && visit.start() - cancelled.at < DAY;
            let at = (cancelled.at + random.between(300, 2 * DAY)).min(now - 60);
            let (status, amount, reason) = match cancelled.by {
                By::Patient if late => ("PARTIALLY_REFUNDED", visit.fee / 2, "Cancelled less than a day before"),
                By::Patient => ("REFUNDED", visit.fee, "Appointment cancelled by the patient in time"),
                By::Doctor => ("REFUNDED", visit.fee, "Appointment cancelled by the doctor"),
                By::Staff(_) => ("REFUNDED", visit.fee, "Appointment cancelled by the practice"),
            };
            let refund = Some(Refund { amount, at, reason, of_cancellation: true });
            Some(Payment { refund, ..made(soon, status) })
        }
        (Status::Cancelled, _) => None,
        (Status::Completed, _) => {
            let after = visit.treatment.map_or(visit.end(), |treatment| treatment.end) + random.between(120, 1500);
            let at = if pays_ahead { soon.min(after) } else { after };
            if random.permille(40) {
                return Some(Payment { failed: None, ..made(at, "PENDING") });
            }
            let back = at.max(visit.end()) + random.between(DAY, 9 * DAY);
            let refund = (random.permille(16) && back < now).then(|| {
                let amount = (visit.fee / 500 * random.between(100, 300) / 1000).max(1) * 500;
                Refund {
                    amount: amount.min(visit.fee - 100),
                    at: back,
                    reason: random.pick(&OVERCHARGES),
                    of_cancellation: false,
                }
            });
            let status = if refund.is_some() { "PARTIALLY_REFUNDED" } else { "SUCCESS" };
            Some(Payment { refund, ..made(at, status) })
        }
        (Status::NoShow, _) => pays_ahead.then(|| made(soon, "SUCCESS")),
        (Status::Scheduled | Status::Confirmed, _) => match (pays_ahead, soon < now) {
            (true, true) => Some(made(soon, "SUCCESS")),
            (false, true) if random.permille(150) => Some(Payment { failed: None, ..made(soon, "PENDING") }),
            _ => None,
        },
    }
}

fn method(visit: &Visit, random: &mut Random) -> (&'static str, &'static str) {
    match random.between(0, 99) {
        0..=21 if people::is_insured(visit.patient) => ("INSURANCE", "STRIPE"),
        22..=28 => ("UPI", "RAZORPAY"),
        29..=33 => ("NET_BANKING", "RAZORPAY"),
        34..=41 => ("WALLET", "PAYPAL"),
        42..=54 => ("CARD", "PAYPAL"),
        _ => ("CARD", "STRIPE"),
    }
}
