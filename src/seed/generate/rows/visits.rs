//! Rows of appointments, payments and reviews.

use serde_json::json;

use super::{Row, Rows};
use crate::seed::generate::DAY;
use crate::seed::generate::outcome::{Payment, Review};
use crate::seed::generate::people;
use crate::seed::generate::rng::{Random, Stream};
use crate::seed::generate::visits::{By, Cell, Visit};
use crate::seed::generate::words::{APOLOGIES, DECLINES, NOTES, REPORTS, REVIEWS, THANKS};

pub const APPOINTMENTS: &str = "id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, \
     reason_for_visit, symptoms, is_first_visit, priority, fee, payment_status, cancellation_reason, cancelled_by, cancelled_at, \
     rescheduled_from, notes, created_at, updated_at";

pub fn appointments(cell: &Cell, rows: &mut Rows) {
    let clinic = cell.clinic;
    let doctor_id = people::doctor_id(clinic, cell.doctor_number, &cell.doctor);
    for visit in &cell.visits {
        let mut random = cell.random(Stream::Appointment, visit);
        let topic = &cell.specialty().topics[visit.topic];
        rows.add(|row| {
            row.id(cell.appointment_id(visit)).word(cell.reference("BK", visit));
            row.id(people::patient_id(clinic, visit.patient)).id(doctor_id);
            row.date(visit.slot.day).time(visit.slot.start).time(visit.slot.end);
            row.word(visit.kind.word()).word(visit.status.word());
            row.text(random.pick(if visit.is_first { topic.reasons } else { topic.again }));
            let number = random.index(3) + 1;
            let symptoms = random.permille(820).then(|| random.some(topic.symptoms, number));
            row.option(symptoms, |row, symptoms| {
                row.json(&json!(symptoms));
            });
            row.bool(visit.is_first).word(visit.priority).cents(visit.fee);
            row.word(visit.payment.map_or("PENDING", |payment| payment.of_appointment()));
            row.option(visit.cancelled, |row, cancelled| {
                row.text(cancelled.reason).id(canceller(cell, visit, cancelled.by)).moment(cancelled.at);
            });
            if visit.cancelled.is_none() {
                // one NULL for each of the three
                row.null().null();
            }
            row.option(visit.moved_from, |row, (number, created)| {
                row.id(cell.id(Stream::Appointment, number, created));
            });
            row.option(random.permille(70).then(|| random.pick(&NOTES)), |row, note| {
                row.text(note);
            });
            row.moment(visit.created).moment(updated(visit));
        });
    }
}

/// The account of who called it off.
pub fn canceller(cell: &Cell, visit: &Visit, by: By) -> uuid::Uuid {
    match by {
        By::Patient => people::patient_user(cell.clinic, visit.patient),
        By::Doctor => people::doctor_user(cell.clinic, cell.doctor_number, &cell.doctor),
        By::Staff(number) => people::staff_user(cell.clinic, number),
    }
}

/// When its row changed last.
fn updated(visit: &Visit) -> i64 {
    let refunded = visit.payment.and_then(|payment| payment.refund).filter(|refund| refund.of_cancellation);
    let last = visit.cancelled.map(|cancelled| cancelled.at).max(refunded.map(|refund| refund.at));
    let seen = visit.treatment.map(|treatment| treatment.end + 240);
    let missed = (visit.status == crate::seed::generate::visits::Status::NoShow).then(|| visit.end());
    last.or(seen).or(missed).or(visit.confirmed).unwrap_or(visit.created)
}

pub const PAYMENTS: &str = "id, transaction_id, appointment_id, patient_id, amount, currency, payment_method, payment_gateway, gateway_transaction_id, \
     status, failure_reason, refund_amount, refund_reason, refunded_at, gateway_response, invoice_number, invoice_url, receipt_url, metadata, \
     created_at, updated_at";

pub fn payments(cell: &Cell, rows: &mut Rows) {
    for visit in &cell.visits {
        let Some(payment) = visit.payment else { continue };
        if let Some((at, why)) = payment.failed {
            let (code, reason) = DECLINES[why];
            rows.add(|row| {
                let mut random = cell.random(Stream::FailedPayment, visit);
                row.id(cell.id(Stream::FailedPayment, visit.number, at)).word(cell.reference("TXF", visit));
                money(cell, visit, &payment, &mut random, row);
                row.word("FAILED").text(reason).null().null().null();
                row.json(&json!({ "code": code })).null().null().null().null();
                row.moment(at).moment(at + 5);
            });
        }
        let mut random = cell.random(Stream::Payment, visit);
        rows.add(|row| {
            row.id(cell.id(Stream::Payment, visit.number, payment.at)).word(cell.reference("TXN", visit));
            money(cell, visit, &payment, &mut random, row);
            row.word(payment.status).null();
            row.option(payment.refund, |row, refund| {
                row.cents(refund.amount).text(refund.reason).moment(refund.at);
            });
            if payment.refund.is_none() {
                row.null().null();
            }
            let is_pending = payment.status == "PENDING";
            row.option((!is_pending).then(|| answer(&payment, &mut random)), |row, value| {
                row.json(&value);
            });
            let invoice = cell.reference("INV", visit);
            row.word(&invoice);
            row.option(random.permille(700).then_some(&invoice), |row, invoice| {
                row.word(format_args!("https://files.example.com/invoices/{invoice}.pdf"));
            });
            row.option((!is_pending && random.permille(500)).then_some(&invoice), |row, invoice| {
                row.word(format_args!("https://files.example.com/receipts/{invoice}.pdf"));
            });
            row.option(random.permille(400).then(|| random.pick(&["web", "app", "desk"])), |row, source| {
                row.json(&json!({ "source": source }));
            });
            row.moment(payment.at).moment(payment.refund.map_or(payment.at + 40, |refund| refund.at));
        });
    }
}

/// What a payment that failed has in common with one that went through.
fn money(cell: &Cell, visit: &Visit, payment: &Payment, random: &mut Random, row: &mut Row) {
    row.id(cell.appointment_id(visit)).id(people::patient_id(cell.clinic, visit.patient));
    row.cents(visit.fee).word("USD").word(payment.method).word(payment.gateway);
    let prefix = match payment.gateway {
        "STRIPE" => "pi",
        "RAZORPAY" => "pay",
        _ => "PAYID",
    };
    row.word(format_args!("{prefix}_{:016x}", random.bits()));
}

fn answer(payment: &Payment, random: &mut Random) -> serde_json::Value {
    match payment.method {
        "CARD" => {
            let network = random.pick(&["visa", "mastercard", "amex"]);
            json!({ "code": "approved", "network": network, "last4": format!("{:04}", random.below(10_000)) })
        }
        "INSURANCE" => json!({ "code": "approved", "claim": format!("CLM-{:08X}", random.below(1 << 32)) }),
        "UPI" => json!({ "code": "approved", "vpa": format!("patient{}@demo", random.below(100_000)) }),
        _ => json!({ "code": "approved" }),
    }
}

pub const REVIEWS_COLUMNS: &str = "id, appointment_id, patient_id, doctor_id, rating, review_text, is_anonymous, doctor_response, doctor_responded_at, \
     helpful_count, reported, report_reason, status, created_at, updated_at";

pub fn reviews(cell: &Cell, rows: &mut Rows) {
    let doctor_id = people::doctor_id(cell.clinic, cell.doctor_number, &cell.doctor);
    for visit in &cell.visits {
        let Some(review) = visit.treatment.and_then(|treatment| treatment.review) else { continue };
        let mut random = cell.random(Stream::Review, visit);
        rows.add(|row| {
            row.id(cell.id(Stream::Review, visit.number, review.at)).id(cell.appointment_id(visit));
            row.id(people::patient_id(cell.clinic, visit.patient)).id(doctor_id).number(review.rating);
            let texts = REVIEWS[usize::try_from(review.rating - 1).unwrap_or(0)];
            row.option(random.permille(850).then(|| random.pick(texts)), |row, text| {
                row.text(text);
            });
            row.bool(random.permille(220));
            let answer = answer_of(cell, &review, &mut random);
            row.option(answer, |row, (text, at)| {
                row.text(text).moment(at);
            });
            if answer.is_none() {
                row.null();
            }
            let shown = review.status == "APPROVED";
            row.number(if shown { random.between(0, 3) * random.between(0, 4) } else { 0 });
            let reason = (review.status == "REJECTED").then(|| random.pick(&REPORTS));
            row.bool(reason.is_some());
            row.option(reason, |row, reason| {
                row.text(reason);
            });
            row.word(review.status).moment(review.at);
            let read = (review.at + random.between(600, DAY)).min(cell.clinic.now() - 1);
            row.moment(answer.map_or(if review.status == "PENDING" { review.at } else { read }, |(_, at)| at));
        });
    }
}

/// What the doctor answers, to the very good and the bad, and when.
fn answer_of(cell: &Cell, review: &Review, random: &mut Random) -> Option<(&'static str, i64)> {
    let at = review.at + random.between(6 * 3600, 6 * DAY);
    let chance = match review.rating {
        5 => 350,
        1 | 2 => 450,
        _ => 100,
    };
    if review.status != "APPROVED" || at >= cell.clinic.now() || !random.permille(chance) {
        return None;
    }
    let answers: &[&str] = if review.rating <= 3 { &APOLOGIES } else { &THANKS };
    Some((random.pick(answers), at))
}
