//! The reckoning: each row that there was, or that the clinic was told is there, against what is there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Months, NaiveDate};

use super::DATABASE;
use super::desk::{Booking, Desk};
use crate::fault::Victim;
use crate::retention_soak::whole::{self, Digest};

/// A table as it is read, and the column that says what its rows hang on: their appointment's day, their appointment, or nothing.
struct Table {
    name: &'static str,
    from: &'static str,
    parent: &'static str,
    /// What the clinic knows of its own rows.
    known: &'static str,
}

const TABLES: [Table; 10] = [
    Table {
        name: "appointments",
        from: "appointments_all",
        parent: "appointment_date",
        known: "CONCAT_WS(' ', fee, status, payment_status, COALESCE(notes, '-'), COALESCE(rescheduled_from, '-'))",
    },
    Table { name: "consultations", from: "consultations_all", parent: "appointment_id", known: "'seen'" },
    Table { name: "prescriptions", from: "prescriptions_all", parent: "consultation_id", known: "'written'" },
    Table {
        name: "payments",
        from: "payments_all",
        parent: "appointment_id",
        known: "CONCAT_WS(' ', amount, status, COALESCE(refund_amount, '-'))",
    },
    Table { name: "reviews", from: "reviews_all", parent: "appointment_id", known: "rating" },
    Table { name: "notifications", from: "notifications", parent: "DATE(created_at)", known: "'told'" },
    Table { name: "medical_records", from: "medical_records_all", parent: "record_date", known: "'brought'" },
    Table { name: "users", from: "users", parent: "'-'", known: "role" },
    Table { name: "patient_profiles", from: "patient_profiles", parent: "'-'", known: "first_name" },
    Table { name: "doctor_profiles", from: "doctor_profiles", parent: "'-'", known: "first_name" },
];

/// Rows of a table by id: what they hang on, and what they are.
type Rows = BTreeMap<String, (String, String)>;

/// What nobody but caredb touches.
pub struct Reckoning {
    /// As SQL, by table; of the columns that there were in the beginning.
    numbers: Vec<String>,
    rows: Vec<Rows>,
}

fn read(victim: &Victim, table: &Table, what: &str, of: &str, twice: &mut Vec<String>) -> Rows {
    let Table { name, from, parent, .. } = table;
    let sql = format!("USE {DATABASE}; SELECT id, {parent}, {what} FROM {from} d WHERE id {of} 'v%'");
    let mut rows = Rows::new();
    for row in victim.rows(&sql) {
        let mut columns = row.splitn(3, '|').map(str::to_owned);
        let [id, parent, what] = [0; 3].map(|_| columns.next().unwrap());
        if rows.insert(id.clone(), (parent, what)).is_some() {
            twice.push(format!("{name} {id} is in two places"));
        }
    }
    rows
}

impl Reckoning {
    pub fn new(victim: &Victim) -> Self {
        let rows = |sql: &str| victim.rows(&format!("USE {DATABASE}; {sql}"));
        let numbers = TABLES.iter().map(|table| whole::number(&rows, table.name, Digest::Crc)).collect();
        let mut new = Self { numbers, rows: TABLES.iter().map(|_| Rows::new()).collect() };
        new.add(victim);
        new
    }

    fn others(&self, victim: &Victim, twice: &mut Vec<String>) -> Vec<Rows> {
        let each = TABLES.iter().zip(&self.numbers);
        each.map(|(table, number)| read(victim, table, number, "NOT LIKE", twice)).collect()
    }

    /// What has come by other ways than the clinic's.
    pub fn add(&mut self, victim: &Victim) {
        let there = self.others(victim, &mut Vec::new());
        for (rows, there) in self.rows.iter_mut().zip(there) {
            for (id, row) in there {
                rows.entry(id).or_insert(row);
            }
        }
    }

    /// All that is not as it must be.
    pub fn lost(&self, victim: &Victim, desks: &[Desk], today: NaiveDate) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut found = self.others(victim, &mut wrong);
        for (table, found) in TABLES.iter().zip(&mut found) {
            found.extend(read(victim, table, table.known, "LIKE", &mut wrong));
        }
        let mut expected = self.rows.clone();
        for desk in desks {
            for (number, booking) in desk.bookings.iter().enumerate() {
                expect(&mut expected, desk, number, booking);
            }
        }
        let missing: Vec<Rows> = TABLES
            .iter()
            .zip(expected.iter().zip(&found))
            .map(|(table, (expected, found))| compare(table, expected, found, &mut wrong))
            .collect();
        judge(victim, &expected, &missing, today, &mut wrong);
        let rows = |sql: &str| victim.rows(&format!("USE {DATABASE}; {sql}"));
        let keys = whole::keys(&rows, "9999-12-31");
        if keys != "0|0|0" {
            wrong.push(format!("{keys} rows without their key, keys of another place, keys without their row"));
        }
        wrong.extend(whole::astray(&rows));
        wrong.extend(rows("SELECT CONCAT('run ', id, ' is open') FROM caredb_runs WHERE outcome IS NULL"));
        money(victim, desks, &missing[0], &mut wrong);
        wrong.truncate(40);
        wrong
    }
}

/// The rows that a booking makes, in the order of the tables.
fn expect(expected: &mut [Rows], desk: &Desk, number: usize, booking: &Booking) {
    let id = desk.id(number);
    let money = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
    let from = booking.moved_from.map_or("-".to_owned(), |from| desk.id(from));
    let note = if booking.is_noted { "late" } else { "-" };
    let Booking { date, made, cents, status, payment_status, .. } = booking;
    let refunded = *payment_status == "REFUNDED";
    let payment = if refunded { format!("REFUNDED {}", money(*cents)) } else { "SUCCESS -".to_owned() };
    let rows = [
        Some((date.to_string(), format!("{} {status} {payment_status} {note} {from}", money(*cents)))),
        (*status == "COMPLETED").then(|| (id.clone(), "seen".to_owned())),
        booking.has_prescription.then(|| (id.clone(), "written".to_owned())),
        (*payment_status != "PENDING").then(|| (id.clone(), format!("{} {payment}", money(*cents)))),
        booking.rating.map(|rating| (id.clone(), rating.to_string())),
        Some((made.to_string(), "told".to_owned())),
        booking.record.map(|day| (day.to_string(), "brought".to_owned())),
    ];
    for (table, row) in expected.iter_mut().zip(rows) {
        table.extend(row.map(|row| (id.clone(), row)));
    }
}

/// Rows that are not there; those that are otherwise, or too many, are wrong.
fn compare(table: &Table, expected: &Rows, found: &Rows, wrong: &mut Vec<String>) -> Rows {
    let name = table.name;
    // the desks' own people
    let is_known = |id: &str| !(id.starts_with('v') && table.parent == "'-'");
    wrong.extend(
        found
            .keys()
            .filter(|id| is_known(id) && !expected.contains_key(*id))
            .map(|id| format!("{name} {id} is of nobody")),
    );
    let mut missing = Rows::new();
    for (id, row) in expected {
        match found.get(id) {
            None => drop(missing.insert(id.clone(), row.clone())),
            Some(there) if there != row => wrong.push(format!("{name} {id}: {row:?} expected, {there:?} found")),
            Some(_) => {}
        }
    }
    missing
}

/// What is missing was old enough, was not held, took all along that belongs to it, and stands in the ledger, by month.
fn judge(victim: &Victim, expected: &[Rows], missing: &[Rows], today: NaiveDate, wrong: &mut Vec<String>) {
    let [appointments, dependents @ .., notifications, records, users, patients, doctors] = missing else {
        unreachable!()
    };
    let is_old = |day: &str, months: u32| day.parse::<NaiveDate>().unwrap() < today - Months::new(months);
    let holds = format!("USE {DATABASE}; SELECT appointment_id FROM caredb_holds WHERE released_at IS NULL");
    let held: BTreeSet<String> = victim.rows(&holds).into_iter().collect();
    let month = |day: &str| format!("p_{}", day[..7].replace('-', "_"));
    let mut destroyed: BTreeMap<String, i128> = BTreeMap::new();
    for (id, (day, what)) in appointments {
        let may_go = !id.starts_with('v') || what.contains("COMPLETED");
        if !is_old(day, 18) || held.contains(id) || !may_go {
            wrong.push(format!("appointment {id} of {day} is lost: {what}"));
        }
        *destroyed.entry(month(day)).or_default() += 1;
    }
    let consultations = &expected[1];
    for (at, (table, rows)) in TABLES[1..].iter().zip(dependents).enumerate() {
        let name = table.name;
        let appointment =
            |parent: &String| if name == "prescriptions" { consultations[parent].0.clone() } else { parent.clone() };
        for (id, (parent, _)) in &expected[at + 1] {
            let of = appointment(parent);
            if rows.contains_key(id) != appointments.contains_key(&of) {
                wrong.push(format!("{name} {id}: not where its appointment {of} is"));
            }
            if rows.contains_key(id) {
                *destroyed.entry(format!("{name} {}", month(&expected[0][&of].0))).or_default() += 1;
            }
        }
    }
    for (id, (day, _)) in notifications {
        if !is_old(day, 6) {
            wrong.push(format!("notification {id} of {day} is lost"));
        }
    }
    if !notifications.is_empty() {
        destroyed.insert("notifications".to_owned(), i128::try_from(notifications.len()).unwrap());
    }
    for (table, rows) in TABLES[6..].iter().zip([records, users, patients, doctors]) {
        wrong.extend(rows.keys().map(|id| format!("{} {id} is lost", table.name)));
    }
    let rows = |sql: &str| victim.rows(&format!("USE {DATABASE}; {sql}"));
    let told: BTreeMap<String, i128> = whole::destroyed(&rows)
        .into_iter()
        .map(|(part, (count, _))| (part, count))
        .filter(|(_, count)| *count > 0)
        .collect();
    if told != destroyed {
        wrong.push(format!("destroyed are {destroyed:?}, and the ledger says {told:?}"));
    }
    // or the run was too short to tell
    if appointments.is_empty() || notifications.is_empty() {
        wrong.push("nothing was destroyed".to_owned());
    }
}

/// What was paid and not given back, by month of the appointment.
fn money(victim: &Victim, desks: &[Desk], missing: &Rows, wrong: &mut Vec<String>) {
    let mut cents: BTreeMap<String, u64> = BTreeMap::new();
    for desk in desks {
        for (number, booking) in desk.bookings.iter().enumerate() {
            if booking.payment_status == "PAID" && !missing.contains_key(&desk.id(number)) {
                *cents.entry(booking.date.format("%Y-%m").to_string()).or_default() += booking.cents;
            }
        }
    }
    let expected: Vec<String> =
        cents.iter().map(|(month, cents)| format!("{month}|{}.{:02}", cents / 100, cents % 100)).collect();
    let found = victim.rows(&format!(
        "USE {DATABASE}; SELECT DATE_FORMAT(k.appointment_date, '%Y-%m') AS month, CAST(SUM(p.amount - COALESCE(p.refund_amount, 0)) AS CHAR) AS sum
         FROM payments_all p JOIN appointment_keys k ON k.id = p.appointment_id WHERE p.id LIKE 'v%'
         GROUP BY 1 HAVING SUM(p.amount - COALESCE(p.refund_amount, 0)) > 0 ORDER BY 1"
    ));
    if found != expected {
        wrong.push(format!("paid by month: {expected:?} expected, {found:?} found"));
    }
}
