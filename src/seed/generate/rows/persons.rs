//! Rows of people and their hours: accounts, patients, doctors, time slots, absences.

use serde_json::{Value, json};

use super::Rows;
use crate::seed::generate::people::{self, Doctor, Patient};
use crate::seed::generate::rng::{Random, Stream};
use crate::seed::generate::schedule::Schedule;
use crate::seed::generate::visits::Cell;
use crate::seed::generate::words::{
    ALLERGIES, AWARDS, BIOS, CITIES, CONDITIONS, HOSPITALS, INSURERS, JOURNALS, SCHOOLS, SPECIALTIES, STREETS,
};
use crate::seed::generate::{Clinic, DAY, code, date};

pub const USERS: &str = "id, email, password_hash, role, is_active, email_verified, email_verified_at, last_login_at, created_at, updated_at";

/// The accounts: the desk first, then doctors, then patients.
pub fn user(clinic: &Clinic, number: u64, rows: &mut Rows) {
    let (staff, doctors) = (people::staff(clinic), clinic.parameters.doctors);
    let (stream, number, created, name, role) = if number < staff {
        let role = if number == 0 { "ADMIN" } else { "STAFF" };
        (Stream::Staff, number, people::staff_made(clinic, number), people::staff_name(clinic, number), role)
    } else if number < staff + doctors {
        let number = number - staff;
        let (doctor, _) = Doctor::of(clinic, number);
        (Stream::DoctorUser, number, doctor.created - 3600, doctor.name, "DOCTOR")
    } else {
        let number = number - staff - doctors;
        let (patient, _) = Patient::of(clinic, number);
        (Stream::PatientUser, number, people::account_made(clinic, number), patient.name, "PATIENT")
    };
    let mut random = clinic.random(stream, number, 1);
    let now = clinic.now();
    let is_patient = role == "PATIENT";
    let verified = (!is_patient || random.permille(940)).then(|| created + random.between(30, 150));
    let days = if is_patient { 120 } else { 3 };
    let login =
        (!is_patient || random.permille(900)).then(|| random.between((now - days * DAY).max(created + 200), now - 60));
    // names are shared by many, so the number stands behind; the role keeps numbers apart
    let letter = match role {
        "PATIENT" => "p",
        "DOCTOR" => "d",
        _ => "s",
    };
    let mail =
        format!("{}.{letter}{}{}@example.org", name.mail(), clinic.tag.to_lowercase(), code(number, 1).to_lowercase());
    rows.add(|row| {
        row.id(clinic.id(stream, (number, 0), created)).word(mail);
        let hash = hex(&mut random, 16);
        row.word(format_args!("$argon2id$v=19$m=19456,t=2,p=1$c2VlZGdlbmVyYXRl$PLACEHOLDERnotAhash{hash}"));
        row.word(role).bool(!is_patient || random.permille(985)).bool(verified.is_some());
        row.option(verified, |row, at| {
            row.moment(at);
        });
        row.option(login, |row, at| {
            row.moment(at);
        });
        row.moment(created).moment(login.or(verified).unwrap_or(created));
    });
}

fn hex(random: &mut Random, letters: usize) -> String {
    format!("{:016x}", random.bits()).chars().take(letters).collect()
}

pub const PATIENTS: &str = "id, user_id, first_name, last_name, date_of_birth, gender, phone_number, alternate_phone, blood_type, height, weight, \
     allergies, chronic_conditions, current_medications, emergency_contact, address, insurance_info, created_at, updated_at";

pub fn patient(clinic: &Clinic, number: u64, rows: &mut Rows) {
    let (patient, mut random) = Patient::of(clinic, number);
    let created = people::registered(clinic, number);
    let age = (clinic.until_day - patient.born) / 365;
    let (city, state, postal, prefix) = CITIES[random.index(CITIES.len())];
    let phone = |random: &mut Random| format!("+1-{prefix}-{:04}", random.below(10_000));
    let (height, weight) = stature(&patient, age, &mut random);
    rows.add(|row| {
        row.id(people::patient_id(clinic, number)).id(people::patient_user(clinic, number));
        row.text(patient.name.first).text(patient.name.last).date(patient.born).word(patient.gender);
        row.word(phone(&mut random));
        row.option(random.permille(300).then(|| phone(&mut random)), |row, phone| {
            row.word(phone);
        });
        let blood = ["O+", "A+", "B+", "AB+", "O-", "A-", "B-", "AB-"][random.weighted(&[38, 34, 9, 3, 7, 6, 2, 1])];
        row.option(random.permille(800).then_some(blood), |row, blood| {
            row.word(blood);
        });
        row.option(height, |row, height| {
            row.cents(height);
        });
        row.option(weight, |row, weight| {
            row.cents(weight);
        });
        row.option(random.permille(260).then(|| allergies(&mut random)), |row, value| {
            row.json(&value);
        });
        let ill = match age {
            65.. => 650,
            40..65 => 350,
            _ => 90,
        };
        let conditions = if random.permille(ill) { random.between(1, if age >= 65 { 3 } else { 2 }) } else { 0 };
        let conditions = random.some(&CONDITIONS.each_ref(), usize::try_from(conditions).unwrap_or(0));
        let names: Vec<&str> = conditions.iter().map(|(name, ..)| *name).collect();
        let medicines: Vec<Value> = conditions
            .iter()
            .map(|(_, name, dosage, frequency)| json!({ "name": name, "dosage": dosage, "frequency": frequency }))
            .collect();
        row.json(&json!(names)).json(&Value::Array(medicines));
        let relation = contact(&patient, age, &mut random);
        row.json(&json!({ "name": relation.0, "relationship": relation.1, "phone": phone(&mut random) }));
        let street = format!("{} {}", random.between(1, 240), STREETS[random.index(STREETS.len())]);
        row.json(&json!({ "street": street, "city": city, "state": state, "postal_code": postal }));
        let insured = people::is_insured(number).then(|| insurance(age, &mut random));
        row.option(insured, |row, value| {
            row.json(&value);
        });
        row.moment(created).moment(random.between(created, clinic.now() - 1));
    });
}

/// Centimetres and kilograms in hundredths, as far as they were measured.
fn stature(patient: &Patient, age: i64, random: &mut Random) -> (Option<i64>, Option<i64>) {
    let height = match age {
        0..18 => 72 + age * 6 + random.between(-6, 6),
        _ if patient.gender == "FEMALE" => 165 + random.between(-14, 14),
        _ => 178 + random.between(-15, 16),
    };
    let mass_index = if age < 18 { random.between(145, 200) } else { random.between(195, 330) };
    let weight = height * height * mass_index / 1000; // in tenths of a gram per square centimetre
    (random.permille(850).then_some(height * 100), random.permille(830).then_some(weight))
}

fn allergies(random: &mut Random) -> Value {
    let number = if random.permille(250) { 2 } else { 1 };
    let found = random.some(&ALLERGIES.each_ref(), number);
    let of = |kind: &str| found.iter().filter(|(found, _)| *found == kind).map(|(_, what)| *what).collect::<Vec<_>>();
    let severity = found.iter().map(|(_, what)| {
        let severity = ["mild", "moderate", "severe"][random.weighted(&[5, 3, 2])];
        ((*what).to_owned(), json!(severity))
    });
    let severity: serde_json::Map<String, Value> = severity.collect();
    json!({ "food": of("food"), "medication": of("medication"), "environmental": of("environmental"), "severity": severity })
}

fn contact(patient: &Patient, age: i64, random: &mut Random) -> (String, &'static str) {
    let is_woman = random.permille(500);
    let relation = match (age, is_woman) {
        (0..18, true) => "mother",
        (0..18, false) => "father",
        (70.., true) => "daughter",
        (70.., false) => "son",
        (_, true) => random.pick(&["wife", "sister", "mother", "friend"]),
        (_, false) => random.pick(&["husband", "brother", "father", "neighbour"]),
    };
    let first = random.pick(if is_woman { patient.culture.women } else { patient.culture.men });
    let last = if matches!(relation, "friend" | "neighbour") {
        random.pick(patient.culture.families)
    } else {
        patient.name.last
    };
    (format!("{first} {last}"), relation)
}

fn insurance(age: i64, random: &mut Random) -> Value {
    let (provider, letters, plans) = INSURERS[random.index(INSURERS.len())];
    let plan = if age >= 65 && letters == "NW" { "Senior Plus" } else { plans[random.index(plans.len())] };
    json!({ "provider": provider, "policy_number": format!("{letters}-{:07}", random.below(10_000_000)), "plan": plan })
}

pub const DOCTORS: &str = "id, user_id, first_name, last_name, specialization, sub_specializations, qualification, experience_years, license_number, \
     license_expiry, consultation_fee, rating, total_reviews, languages, education, awards, publications, hospital_affiliations, \
     availability_status, bio, created_at, updated_at";

pub fn doctor(clinic: &Clinic, number: u64, rows: &mut Rows) {
    let (doctor, mut random) = Doctor::of(clinic, number);
    let specialty = SPECIALTIES[doctor.specialty];
    let (stars, reviews, latest) = rating(clinic, number);
    let years = random.between(4, 34);
    let year = |day: i64| i64::from(chrono::Datelike::year(&date(day)));
    let graduated = year(clinic.until_day) - years - random.between(3, 6);
    rows.add(|row| {
        row.id(people::doctor_id(clinic, number, &doctor)).id(people::doctor_user(clinic, number, &doctor));
        row.text(doctor.name.first).text(doctor.name.last).text(specialty.name);
        let number_of = random.index(2) + 1;
        let focus = random.some(specialty.focus, number_of);
        row.json(&json!(focus)).text(specialty.qualification).number(years);
        row.word(format_args!("MD-{}-{}-{}", specialty.code, clinic.tag, code(number, 4)));
        row.date(clinic.until_day + random.between(20, 1500)).cents(doctor.fee);
        // half up, as ROUND does
        row.cents(if reviews == 0 { 0 } else { (stars * 200 + reviews) / (reviews * 2) }).number(reviews);
        let mut languages = vec!["English"];
        languages.extend(Some(doctor.culture.language).filter(|language| !language.is_empty()));
        if random.permille(350) {
            let more = random.pick(&["French", "Spanish", "Portuguese", "German"]);
            languages.extend(Some(more).filter(|more| !languages.contains(more)));
        }
        row.json(&json!(languages));
        let mut education = vec![json!({ "degree": "MD", "institution": random.pick(&SCHOOLS), "year": graduated })];
        if random.permille(300) {
            let degree = if random.permille(500) { "PhD".to_owned() } else { format!("Fellowship, {}", specialty.name) };
            education.push(json!({ "degree": degree, "institution": random.pick(&SCHOOLS), "year": graduated + random.between(3, 6) }));
        }
        row.json(&json!(education));
        let award = random.permille(280).then(|| json!([{ "title": random.pick(&AWARDS), "year": graduated + random.between(2, years + 2) }]));
        row.option(award, |row, value| {
            row.json(&value);
        });
        let publication = random.permille(350).then(|| {
            let title = format!("{} in daily practice", capital(random.pick(specialty.focus)));
            json!([{ "title": title, "journal": random.pick(&JOURNALS), "year": graduated + random.between(2, years + 2) }])
        });
        row.option(publication, |row, value| {
            row.json(&value);
        });
        let hospitals = random.index(2) + 1;
        row.json(&json!(random.some(&HOSPITALS, hospitals)));
        row.word(["AVAILABLE", "BUSY", "OFFLINE"][random.weighted(&[5, 2, 3])]);
        row.text(&format!("{} with a focus on {}. {}", specialty.title, focus.join(" and "), random.pick(&BIOS)));
        let updated = latest.unwrap_or(doctor.created + DAY);
        row.moment(doctor.created).moment(updated);
    });
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Stars and number of the approved reviews, and when the latest of them was written.
fn rating(clinic: &Clinic, doctor: u64) -> (i64, i64, Option<i64>) {
    let months = clinic.cells() / clinic.parameters.doctors;
    let mut sum = (0, 0, None);
    for month in 0..months {
        let cell = Cell::of(clinic, month * clinic.parameters.doctors + doctor);
        let reviews = cell.visits.iter().filter_map(|visit| visit.treatment?.review);
        for review in reviews.filter(|review| review.status == "APPROVED") {
            sum = (sum.0 + review.rating, sum.1 + 1, sum.2.max(Some(review.at)));
        }
    }
    sum
}

pub const SLOTS: &str = "id, doctor_id, day_of_week, start_time, end_time, slot_duration, consultation_type, max_bookings, is_active, created_at, updated_at";

const WEEKDAYS: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

pub fn slots(clinic: &Clinic, number: u64, rows: &mut Rows) {
    let (doctor, _) = Doctor::of(clinic, number);
    let doctor_id = people::doctor_id(clinic, number, &doctor);
    for (place, block) in Schedule::of(clinic, number).blocks.iter().enumerate() {
        let created = doctor.created + 7200 + 60 * i64::try_from(place).unwrap_or(0);
        rows.add(|row| {
            row.id(clinic.id(Stream::SlotId, (number, place as u64), created)).id(doctor_id);
            row.word(WEEKDAYS[usize::try_from(block.weekday).unwrap_or(0)]).time(block.start).time(block.end);
            row.number(block.minutes).word(block.kind.word()).number(1).bool(block.active);
            row.moment(created).moment(if block.active { created } else { created + 90 * DAY });
        });
    }
}

pub const AWAY: &str = "id, doctor_id, start_date, end_date, reason, created_at";

pub fn away(clinic: &Clinic, number: u64, rows: &mut Rows) {
    let (doctor, _) = Doctor::of(clinic, number);
    let doctor_id = people::doctor_id(clinic, number, &doctor);
    for (place, away) in Schedule::of(clinic, number).away.iter().enumerate() {
        rows.add(|row| {
            row.id(clinic.id(Stream::AwayId, (number, place as u64), away.created)).id(doctor_id);
            row.date(away.first).date(away.last).text(away.reason).moment(away.created);
        });
    }
}
