//! Rows that tell of the others: notifications to people, and the audit trail.

use serde_json::{Value, json};
use uuid::Uuid;

use super::visits::canceller;
use super::{Rows, care, clock, dollars};
use crate::seed::generate::people::{self, Patient};
use crate::seed::generate::rng::Stream;
use crate::seed::generate::schedule::{Kind, weekday};
use crate::seed::generate::visits::{By, Cell, Status, Visit};
use crate::seed::generate::words::{AGENTS, DECLINES};
use crate::seed::generate::{Clinic, DAY, date};

pub const NOTIFICATIONS: &str =
    "id, user_id, type, title, message, data, is_read, read_at, priority, action_url, expires_at, created_at";

/// A message, before it is known whether it was read.
struct Message {
    to: Uuid,
    kind: &'static str,
    title: String,
    text: String,
    data: Value,
    priority: &'static str,
    link: String,
    expires: Option<i64>,
    at: i64,
}

pub fn notifications(cell: &Cell, rows: &mut Rows) {
    let now = cell.clinic.now();
    for visit in &cell.visits {
        let mut messages = Vec::with_capacity(8);
        booked(cell, visit, &mut messages);
        paid(cell, visit, &mut messages);
        treated(cell, visit, &mut messages);
        let mut random = cell.random(Stream::Notification, visit);
        for (place, message) in messages.iter().enumerate() {
            let age = now - message.at;
            let read = random
                .permille(if age > 3 * DAY { 780 } else { 450 })
                .then(|| message.at + random.between(20, 2 * DAY));
            let read = read.filter(|&at| at < now);
            rows.add(|row| {
                // up to sixteen an appointment
                row.id(cell.id(Stream::Notification, visit.number << 4 | place as u64, message.at)).id(message.to);
                row.word(message.kind)
                    .text(&message.title)
                    .text(&message.text)
                    .json(&message.data)
                    .bool(read.is_some());
                row.option(read, |row, at| {
                    row.moment(at);
                });
                row.word(message.priority).word(&message.link);
                row.option(message.expires, |row, at| {
                    row.moment(at);
                });
                row.moment(message.at);
            });
        }
    }
}

/// Confirmed, moved, about to come, called off.
fn booked(cell: &Cell, visit: &Visit, messages: &mut Vec<Message>) {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let doctor = cell.doctor.name.last;
    let reference = cell.reference("BK", visit);
    let patient = people::patient_user(cell.clinic, visit.patient);
    let (time, day) = (clock(visit.slot.start), DAYS[usize::try_from(weekday(visit.slot.day)).unwrap_or(0)]);
    let place = if visit.kind == Kind::Video { "by video" } else { "in the practice" };
    let data = json!({ "appointment_id": cell.appointment_id(visit).to_string() });
    let message = |to, kind, title: String, text: String, at, priority| Message {
        to,
        kind,
        title,
        text,
        data: data.clone(),
        priority,
        link: format!("/appointments/{reference}"),
        expires: None,
        at,
    };
    let on = format!("{day}, {}, at {time}", date(visit.slot.day));
    if let Some(at) = visit.confirmed {
        let title = format!("Appointment {reference} is confirmed");
        messages.push(message(
            patient,
            "APPOINTMENT_CONFIRMED",
            title,
            format!("Dr {doctor} expects you on {on} {place}."),
            at,
            "MEDIUM",
        ));
    }
    if visit.moved_from.is_some() {
        let title = format!("Appointment moved to {on}");
        let text = format!("Your new appointment with Dr {doctor} has the reference {reference}.");
        messages.push(message(patient, "GENERAL", title, text, visit.created, "MEDIUM"));
    }
    // at five in the afternoon of the day before
    let reminder = (visit.slot.day - 1) * DAY + 17 * 3600;
    let is_off = visit.cancelled.is_some_and(|cancelled| cancelled.at <= reminder);
    if visit.created < reminder - 3600 && reminder < cell.clinic.now() && !is_off {
        let bring = if visit.kind == Kind::Video {
            "Please open the link five minutes early and have your medicines at hand."
        } else {
            "Please bring your insurance card and be here ten minutes early."
        };
        let title = format!("Tomorrow at {time}: Dr {doctor}");
        let tomorrow = message(patient, "APPOINTMENT_REMINDER", title, bring.to_owned(), reminder, "MEDIUM");
        messages.push(Message { expires: Some(visit.end()), ..tomorrow });
    }
    if let Some(cancelled) = visit.cancelled {
        let reason = cancelled.reason;
        if cancelled.by == By::Patient {
            let (name, _) = Patient::of(cell.clinic, visit.patient);
            let to = people::doctor_user(cell.clinic, cell.doctor_number, &cell.doctor);
            let title = format!("{} {} has cancelled {reference}", name.name.first, name.name.last);
            let text = format!("The slot on {on} is free again. Reason: {reason}.");
            messages.push(message(to, "APPOINTMENT_CANCELLED", title, text, cancelled.at + 1, "LOW"));
        } else {
            let title = format!("Appointment {reference} is cancelled");
            let text = format!("We are sorry: your appointment with Dr {doctor} on {on} can't take place. {reason}.");
            messages.push(message(patient, "APPOINTMENT_CANCELLED", title, text, cancelled.at + 1, "HIGH"));
        }
    }
}

/// Paid, declined, paid back.
fn paid(cell: &Cell, visit: &Visit, messages: &mut Vec<Message>) {
    let Some(payment) = visit.payment else { return };
    let to = people::patient_user(cell.clinic, visit.patient);
    let invoice = cell.reference("INV", visit);
    let id = cell.id(Stream::Payment, visit.number, payment.at).to_string();
    let message = |kind, title: String, text: String, at, priority| Message {
        to,
        kind,
        title,
        text,
        data: json!({ "payment_id": id, "invoice_number": invoice }),
        priority,
        link: format!("/payments/{invoice}"),
        expires: None,
        at,
    };
    let amount = dollars(visit.fee);
    if let Some((at, why)) = payment.failed {
        let title = format!("Payment of {amount} USD did not go through");
        messages.push(message(
            "PAYMENT_FAILED",
            title,
            format!("{}. Please try again.", DECLINES[why].1),
            at + 2,
            "HIGH",
        ));
    }
    if payment.status != "PENDING" {
        let title = format!("Payment of {amount} USD received");
        let text =
            format!("Thank you. Your receipt for {} is attached to invoice {invoice}.", cell.reference("BK", visit));
        messages.push(message("PAYMENT_SUCCESS", title, text, payment.at + 45, "LOW"));
    }
    if let Some(refund) = payment.refund {
        let title = format!("{} USD are on their way back", dollars(refund.amount));
        messages.push(message(
            "GENERAL",
            title,
            format!("{}. It takes three to five days.", refund.reason),
            refund.at,
            "LOW",
        ));
    }
}

/// Prescription, result.
fn treated(cell: &Cell, visit: &Visit, messages: &mut Vec<Message>) {
    let Some(treatment) = visit.treatment else { return };
    let to = people::patient_user(cell.clinic, visit.patient);
    let doctor = cell.doctor.name.last;
    if treatment.prescribed {
        let number = cell.reference("RX", visit);
        let medicines: Vec<&str> = care::medicines(cell, visit).iter().map(|medicine| medicine.name).collect();
        let id = care::prescription_id(cell, visit, &treatment).to_string();
        messages.push(Message {
            to,
            kind: "PRESCRIPTION_READY",
            title: format!("Prescription {number} is ready"),
            text: format!("Dr {doctor} has signed your prescription: {}.", medicines.join(", ")),
            data: json!({ "prescription_id": id, "prescription_number": number }),
            priority: "MEDIUM",
            link: format!("/prescriptions/{number}"),
            expires: Some((visit.slot.day + 28) * DAY),
            at: care::signed(&treatment) + 60,
        });
    }
    if let Some((at, false)) = treatment.file {
        let file = &cell.specialty().topics[visit.topic].file;
        let id = care::record_id(cell, visit, at);
        messages.push(Message {
            to,
            kind: "TEST_RESULT",
            title: format!("New in your records: {}", file.title),
            text: format!("Dr {doctor} has added it. Please call us with any question."),
            data: json!({ "record_id": id.to_string() }),
            priority: "MEDIUM",
            link: format!("/records/{id}"),
            expires: None,
            at: at + 30,
        });
    }
}

pub const AUDIT: &str =
    "id, user_id, action, entity_type, entity_id, old_values, new_values, ip_address, user_agent, metadata, created_at";

/// An entry of the trail.
struct Entry {
    by: Uuid,
    action: &'static str,
    of: (&'static str, Uuid),
    before: Value,
    after: Value,
    at: i64,
}

pub fn audit(cell: &Cell, rows: &mut Rows) {
    for visit in &cell.visits {
        write(cell, (Stream::Audit, visit.number << 4), &entries(cell, visit), rows);
    }
    // absences belong to the month that they begin in
    let span = cell.clinic.spans[cell.month];
    for (place, away) in cell.schedule.away.iter().enumerate() {
        let is_here = (span.from..span.to).contains(&away.first) || (cell.month == 0 && away.first < span.from);
        if is_here {
            let id = cell.clinic.id(Stream::AwayId, (cell.doctor_number, place as u64), away.created);
            let after = json!({ "start_date": date(away.first).to_string(), "end_date": date(away.last).to_string(), "reason": away.reason });
            let by = people::doctor_user(cell.clinic, cell.doctor_number, &cell.doctor);
            let of = ("doctor_unavailability", id);
            let entry = Entry { by, action: "UNAVAILABILITY_ADDED", of, before: Value::Null, after, at: away.created };
            write(cell, (Stream::Audit, 1 << 32 | (place as u64) << 4), &[entry], rows);
        }
    }
}

fn write(cell: &Cell, (stream, number): (Stream, u64), entries: &[Entry], rows: &mut Rows) {
    let mut random = cell.clinic.random(stream, cell.number, number | 1 << 48);
    for (place, entry) in entries.iter().enumerate() {
        rows.add(|row| {
            row.id(cell.id(stream, number | place as u64, entry.at))
                .id(entry.by)
                .word(entry.action)
                .word(entry.of.0)
                .id(entry.of.1);
            row.option((!entry.before.is_null()).then_some(&entry.before), |row, value| {
                row.json(value);
            });
            row.json(&entry.after);
            // the ranges that are reserved for documentation
            let address = match random.between(0, 3) {
                0 => format!("192.0.2.{}", random.between(1, 254)),
                1 => format!("198.51.100.{}", random.between(1, 254)),
                2 => format!("203.0.113.{}", random.between(1, 254)),
                _ => format!("2001:db8::{:x}", random.between(1, 65_535)),
            };
            row.word(address);
            row.option(random.permille(600).then(|| random.pick(&AGENTS)), |row, agent| {
                row.word(agent);
            });
            row.option(random.permille(150).then(|| random.between(40, 900)), |row, took| {
                row.json(&json!({ "duration_ms": took }));
            });
            row.moment(entry.at);
        });
    }
}

fn entries(cell: &Cell, visit: &Visit) -> Vec<Entry> {
    let clinic = cell.clinic;
    let mut entries = Vec::new();
    let appointment = ("appointment", cell.appointment_id(visit));
    let doctor = people::doctor_user(clinic, cell.doctor_number, &cell.doctor);
    if let Some((number, created)) = visit.moved_from {
        let old = cell.id(Stream::Appointment, number, created);
        entries.push(Entry {
            by: people::patient_user(clinic, visit.patient),
            action: "APPOINTMENT_RESCHEDULED",
            of: appointment,
            before: json!({ "appointment_id": old.to_string() }),
            after: json!({
                "appointment_id": appointment.1.to_string(), "appointment_date": date(visit.slot.day).to_string(),
                "start_time": format!("{:0>5}:00", clock(visit.slot.start)),
            }),
            at: visit.created,
        });
    }
    let before = json!({ "status": if visit.confirmed.is_some() { "CONFIRMED" } else { "SCHEDULED" } });
    if let Some(cancelled) = visit.cancelled {
        entries.push(Entry {
            by: canceller(cell, visit, cancelled.by),
            action: "APPOINTMENT_CANCELLED",
            of: appointment,
            before: before.clone(),
            after: json!({ "status": "CANCELLED", "cancellation_reason": cancelled.reason }),
            at: cancelled.at,
        });
    }
    if visit.status == Status::NoShow {
        let after = json!({ "status": "NO_SHOW" });
        let by = desk(clinic, visit);
        entries.push(Entry {
            by,
            action: "APPOINTMENT_NO_SHOW",
            of: appointment,
            before: before.clone(),
            after,
            at: visit.end(),
        });
    }
    if let Some(treatment) = visit.treatment {
        let after = json!({ "status": "COMPLETED" });
        entries.push(Entry {
            by: doctor,
            action: "APPOINTMENT_COMPLETED",
            of: appointment,
            before,
            after,
            at: treatment.end + 240,
        });
        if treatment.prescribed {
            entries.push(Entry {
                by: doctor,
                action: "PRESCRIPTION_SIGNED",
                of: ("prescription", care::prescription_id(cell, visit, &treatment)),
                before: json!({ "is_draft": true }),
                after: json!({ "is_draft": false, "prescription_number": cell.reference("RX", visit) }),
                at: care::signed(&treatment),
            });
        }
        if let Some(review) = treatment.review.filter(|review| review.status == "REJECTED") {
            entries.push(Entry {
                by: desk(clinic, visit),
                action: "REVIEW_REJECTED",
                of: ("review", cell.id(Stream::Review, visit.number, review.at)),
                before: json!({ "status": "PENDING" }),
                after: json!({ "status": "REJECTED" }),
                at: (review.at + 3600).min(clinic.now() - 1),
            });
        }
    }
    if let Some((payment, refund)) = visit.payment.and_then(|payment| Some((payment, payment.refund?))) {
        let all = payment.status == "REFUNDED";
        entries.push(Entry {
            by: desk(clinic, visit),
            action: if all { "PAYMENT_REFUNDED" } else { "PAYMENT_PARTIALLY_REFUNDED" },
            of: ("payment", cell.id(Stream::Payment, visit.number, payment.at)),
            before: json!({ "status": "SUCCESS" }),
            after: json!({ "status": payment.status, "refund_amount": dollars(refund.amount) }),
            at: refund.at,
        });
    }
    entries
}

/// The member of staff who dealt with it.
fn desk(clinic: &Clinic, visit: &Visit) -> Uuid {
    people::staff_user(clinic, (visit.patient + visit.number) % people::staff(clinic))
}
