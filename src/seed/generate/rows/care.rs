//! Rows of what was done: consultations, prescriptions, files.

use serde_json::{Value, json};

use super::Rows;
use crate::seed::generate::outcome::Treatment;
use crate::seed::generate::people;
use crate::seed::generate::rng::{Random, Stream};
use crate::seed::generate::schedule::Kind;
use crate::seed::generate::visits::{Cell, Visit};
use crate::seed::generate::words::{
    DOCTOR_NOTES, FEEDBACK, File, Medication, PAST_HISTORY, SPECIALTIES, Topic, Vitals,
};
use crate::seed::generate::{DAY, code};

pub const CONSULTATIONS: &str = "id, appointment_id, session_id, room_url, start_time, end_time, actual_duration, chief_complaint, \
     history_of_present_illness, past_medical_history, examination_findings, diagnosis, treatment_plan, follow_up_required, follow_up_date, \
     doctor_notes, patient_feedback, recording_url, prescription_issued, medical_certificate_issued, referrals, vital_signs, created_at, updated_at";

/// The visits that took place.
fn treated<'a>(cell: &'a Cell) -> impl Iterator<Item = (&'a Visit, Treatment, &'static Topic)> {
    let topics = cell.specialty().topics;
    cell.visits.iter().filter_map(|visit| Some((visit, visit.treatment?, &topics[visit.topic])))
}

/// The id of a visit's consultation.
fn consultation_id(cell: &Cell, visit: &Visit, treatment: &Treatment) -> uuid::Uuid {
    cell.id(Stream::Consultation, visit.number, treatment.start)
}

/// What the doctor found: the same whoever asks.
fn diagnoses(cell: &Cell, visit: &Visit, topic: &Topic) -> Vec<(&'static str, &'static str)> {
    let mut random = cell.clinic.random(Stream::Consultation, cell.number, visit.number | 1 << 32);
    let mut found = vec![topic.diagnosis];
    found.extend(random.permille(220).then_some(topic.also));
    found
}

pub fn consultations(cell: &Cell, rows: &mut Rows) {
    for (visit, treatment, topic) in treated(cell) {
        let mut random = cell.random(Stream::Consultation, visit);
        let is_video = visit.kind == Kind::Video;
        let reference = cell.reference("BK", visit).to_lowercase();
        rows.add(|row| {
            row.id(consultation_id(cell, visit, &treatment)).id(cell.appointment_id(visit));
            let session = format!(
                "session-{}-{}",
                cell.clinic.tag.to_lowercase(),
                code(cell.number << 10 | visit.number, 6).to_lowercase()
            );
            row.option(is_video.then_some(session), |row, session| {
                row.word(session);
            });
            row.option(is_video.then_some(&reference), |row, reference| {
                row.word(format_args!("https://files.example.com/rooms/{reference}"));
            });
            row.moment(treatment.start).moment(treatment.end).number((treatment.end - treatment.start) / 60);
            row.text(topic.complaint);
            let sentences = 2 + random.index(2);
            row.text(&random.some(topic.history, sentences).join(" "));
            row.option(random.permille(550).then(|| random.pick(&PAST_HISTORY)), |row, text| {
                row.text(text);
            });
            let seen = if is_video { "By video. " } else { "" };
            let sentences = 1 + random.index(3);
            row.text(&format!("{seen}{}", random.some(topic.findings, sentences).join(" ")));
            let found = diagnoses(cell, visit, topic);
            let found = found.iter().map(|(code, description)| json!({ "code": code, "description": description }));
            row.json(&Value::Array(found.collect()));
            let sentences = 2 + random.index(2);
            row.text(&random.some(topic.plan, sentences).join(" ")).bool(treatment.follow_up.is_some());
            row.option(treatment.follow_up, |row, day| {
                row.date(day);
            });
            row.option(random.permille(350).then(|| random.pick(&DOCTOR_NOTES)), |row, note| {
                row.text(note);
            });
            row.option(random.permille(250).then(|| feedback(cell, treatment, &mut random)), |row, value| {
                row.json(&value);
            });
            row.option((is_video && random.permille(400)).then_some(&reference), |row, reference| {
                row.word(format_args!("https://files.example.com/recordings/{reference}.mp4"));
            });
            row.bool(treatment.prescribed).bool(treatment.certificate);
            row.option(random.permille(110).then(|| referral(cell, topic, &mut random)), |row, value| {
                row.json(&value);
            });
            row.option((!is_video || random.permille(200)).then(|| vitals(topic.vitals, &mut random)), |row, value| {
                row.json(&value);
            });
            row.moment(treatment.start).moment(treatment.end + 180);
        });
    }
}

/// Right after the visit, in the mood of the review where there is one.
fn feedback(cell: &Cell, treatment: Treatment, random: &mut Random) -> Value {
    const STARS: [[u64; 5]; 3] = [[1, 2, 4, 6, 6], [0, 1, 2, 5, 8], [0, 0, 1, 4, 10]];
    let drawn = 1 + i64::try_from(random.weighted(&STARS[cell.doctor.charm])).unwrap_or(0);
    let rating = treatment.review.map_or(drawn, |review| review.rating);
    let comment = random.pick(FEEDBACK[usize::try_from(rating - 1).unwrap_or(0)]);
    if random.permille(700) { json!({ "rating": rating, "comment": comment }) } else { json!({ "rating": rating }) }
}

fn referral(cell: &Cell, topic: &Topic, random: &mut Random) -> Value {
    let others =
        (0..SPECIALTIES.len()).filter(|&index| index != cell.doctor.specialty).map(|index| SPECIALTIES[index].name);
    let others: Vec<&str> = others.collect();
    json!([{ "specialization": random.pick(&others), "reason": topic.diagnosis.1 }])
}

fn vitals(kind: Vitals, random: &mut Random) -> Value {
    let mut between = |least: i64, most: i64| random.between(least, most);
    // JSON has numbers with a point; these have one digit behind it, which every machine prints the same
    let tenths = |tenths: i64| Value::Number(serde_json::Number::from_f64(tenths_of(tenths)).unwrap_or(0.into()));
    match kind {
        Vitals::Heart => json!({
            "blood_pressure": format!("{}/{}", between(112, 172), between(64, 102)),
            "heart_rate": between(56, 104), "spo2": between(95, 99), "weight_kg": tenths(between(520, 1180)),
        }),
        Vitals::Fever => json!({
            "temperature_c": tenths(between(362, 396)), "heart_rate": between(70, 118),
            "respiratory_rate": between(14, 26), "spo2": between(95, 99),
        }),
        Vitals::Pain => json!({ "pain_scale": between(1, 9) }),
        Vitals::Pressure => json!({
            "blood_pressure": format!("{}/{}", between(104, 148), between(62, 92)), "heart_rate": between(56, 92),
        }),
    }
}

/// A number with one digit behind the point; the nearest double is the same everywhere.
fn tenths_of(tenths: i64) -> f64 {
    i32::try_from(tenths).map_or(0.0, |tenths| f64::from(tenths) / 10.0)
}

pub const PRESCRIPTIONS: &str = "id, prescription_number, consultation_id, patient_id, doctor_id, diagnosis_summary, medications, lab_tests, advice, \
     diet_instructions, next_visit_date, is_draft, digital_signature, signed_at, pdf_url, qr_code, pharmacy_notes, dispensed, dispensed_at, \
     valid_until, created_at, updated_at";

/// When a visit's prescription was signed.
pub fn signed(treatment: &Treatment) -> i64 {
    treatment.end + 150
}

/// The id of a visit's prescription.
pub fn prescription_id(cell: &Cell, visit: &Visit, treatment: &Treatment) -> uuid::Uuid {
    cell.id(Stream::Prescription, visit.number, signed(treatment) - 120)
}

/// What is prescribed: the same whoever asks.
pub fn medicines(cell: &Cell, visit: &Visit) -> Vec<&'static Medication> {
    let topic = &cell.specialty().topics[visit.topic];
    let mut random = cell.clinic.random(Stream::Prescription, cell.number, visit.number | 1 << 32);
    let number = 1 + random.index(topic.medications.len());
    let all: Vec<&Medication> = topic.medications.iter().collect();
    random.some(&all, number)
}

pub fn prescriptions(cell: &Cell, rows: &mut Rows) {
    let doctor_id = people::doctor_id(cell.clinic, cell.doctor_number, &cell.doctor);
    for (visit, treatment, topic) in treated(cell).filter(|(_, treatment, _)| treatment.prescribed) {
        let mut random = cell.random(Stream::Prescription, visit);
        let reference = cell.reference("RX", visit);
        let medicines = medicines(cell, visit);
        let (signed, now) = (signed(&treatment), cell.clinic.now());
        let dispensed = signed + random.between(1800, 4 * DAY);
        let dispensed = (dispensed < now && random.permille(900)).then_some(dispensed);
        rows.add(|row| {
            row.id(prescription_id(cell, visit, &treatment)).word(&reference);
            row.id(consultation_id(cell, visit, &treatment)).id(people::patient_id(cell.clinic, visit.patient)).id(doctor_id);
            let summary = diagnoses(cell, visit, topic).iter().map(|(code, text)| format!("{text} ({code})")).collect::<Vec<_>>();
            row.text(&summary.join("; "));
            let list = medicines.iter().map(|medicine| {
                json!({
                    "name": medicine.name, "dosage": medicine.dosage, "frequency": medicine.frequency,
                    "duration": format!("{} days", medicine.days), "instructions": medicine.instructions, "quantity": medicine.quantity,
                })
            });
            row.json(&Value::Array(list.collect()));
            let number = 1 + random.index(topic.labs.len());
            row.option(random.permille(420).then(|| random.some(topic.labs, number)), |row, labs| {
                row.json(&json!(labs));
            });
            row.text(topic.advice);
            let diets = ["Less than 5 g of salt a day", "Drink two litres a day", "No alcohol with these tablets", "Light food for three days"];
            row.option(random.permille(180).then(|| random.pick(&diets)), |row, diet| {
                row.text(diet);
            });
            row.option(treatment.follow_up, |row, day| {
                row.date(day);
            });
            row.bool(false).word(format_args!("sig-{:016x}{:016x}", random.bits(), random.bits())).moment(signed);
            row.word(format_args!("https://files.example.com/rx/{reference}.pdf"));
            row.option(random.permille(600).then_some(&reference), |row, reference| {
                row.word(format_args!("https://rx.example.com/verify/{reference}"));
            });
            let notes = ["Generic is fine.", "Check interactions with over-the-counter painkillers.", "Explain the inhaler or the drops."];
            row.option(random.permille(120).then(|| random.pick(&notes)), |row, note| {
                row.text(note);
            });
            row.bool(dispensed.is_some());
            row.option(dispensed, |row, at| {
                row.moment(at);
            });
            let longest = medicines.iter().map(|medicine| medicine.days).max().unwrap_or(30);
            row.date(visit.slot.day + longest.max(28)).moment(signed - 120).moment(dispensed.unwrap_or(signed));
        });
    }
}

pub const RECORDS: &str = "id, patient_id, uploaded_by, record_type, title, description, file_url, file_size, mime_type, record_date, metadata, tags, \
     is_archived, shared_with, created_at, updated_at";

pub fn records(cell: &Cell, rows: &mut Rows) {
    let doctor_id = people::doctor_id(cell.clinic, cell.doctor_number, &cell.doctor);
    for (visit, treatment, topic) in treated(cell) {
        let Some((at, by_patient)) = treatment.file else { continue };
        let mut random = cell.random(Stream::Record, visit);
        let file = &topic.file;
        rows.add(|row| {
            row.id(record_id(cell, visit, at)).id(people::patient_id(cell.clinic, visit.patient));
            row.id(if by_patient {
                people::patient_user(cell.clinic, visit.patient)
            } else {
                people::doctor_user(cell.clinic, cell.doctor_number, &cell.doctor)
            });
            row.word(file.kind).text(file.title).text(random.pick(file.findings));
            let ending = file.mime.rsplit('/').next().unwrap_or_default();
            row.word(format_args!(
                "https://files.example.com/records/{}/{:016x}.{ending}",
                cell.clinic.tag.to_lowercase(),
                random.bits()
            ));
            let (least, most) =
                if matches!(ending, "zip" | "dicom" | "mp4") { (8_000_000, 190_000_000) } else { (60_000, 2_400_000) };
            row.number(random.between(least, most)).word(file.mime).date(visit.slot.day);
            row.json(&metadata(file, &mut random));
            let mut tags = vec![cell.specialty().name.to_lowercase()];
            tags.extend(random.permille(300).then(|| "follow-up".to_owned()));
            tags.extend(by_patient.then(|| "uploaded by patient".to_owned()));
            row.json(&json!(tags));
            let is_old = cell.clinic.until_day - visit.slot.day > 730;
            row.bool(is_old && random.permille(600));
            row.json(&json!([doctor_id.to_string()])).moment(at).moment(at);
        });
    }
}

/// The id of a visit's file.
pub fn record_id(cell: &Cell, visit: &Visit, at: i64) -> uuid::Uuid {
    cell.id(Stream::Record, visit.number, at)
}

fn metadata(file: &File, random: &mut Random) -> Value {
    let values = file.values.iter().map(|(name, least, most)| {
        let tenths = random.between(*least, *most);
        // counts are whole numbers
        let value = if *least >= 100 || tenths % 10 == 0 { json!(tenths / 10) } else { json!(tenths_of(tenths)) };
        ((*name).to_owned(), value)
    });
    Value::Object(values.collect())
}
