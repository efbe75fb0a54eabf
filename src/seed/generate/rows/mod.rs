//! Rows as SQL text: which tables there are, in which units their rows come, and the one place where values are written.

mod care;
mod events;
mod persons;
mod visits;

use std::fmt::Write as _;

use serde_json::Value;
use uuid::Uuid;

use super::visits::Cell;
use super::{Clinic, DAY, date, people};
use crate::db::bulk::push_text;

/// The tables, each after those that it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Accounts.
    Users,
    /// Patients.
    PatientProfiles,
    /// Doctors.
    DoctorProfiles,
    /// Their hours.
    TimeSlots,
    /// Their absences.
    DoctorUnavailability,
    /// Bookings.
    Appointments,
    /// Visits.
    Consultations,
    /// Prescriptions.
    Prescriptions,
    /// Files.
    MedicalRecords,
    /// Payments and refunds.
    Payments,
    /// Reviews.
    Reviews,
    /// Messages.
    Notifications,
    /// The trail.
    AuditLogs,
}

/// In the order in which they are loaded.
pub const TABLES: [Table; 13] = [
    Table::Users,
    Table::PatientProfiles,
    Table::DoctorProfiles,
    Table::TimeSlots,
    Table::DoctorUnavailability,
    Table::Appointments,
    Table::Consultations,
    Table::Prescriptions,
    Table::MedicalRecords,
    Table::Payments,
    Table::Reviews,
    Table::Notifications,
    Table::AuditLogs,
];

/// Patients and accounts a unit.
const PERSONS: u64 = 250;
/// Doctors a unit; a doctor's rating takes a walk over all appointments.
const DOCTORS: u64 = 8;

impl Table {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::PatientProfiles => "patient_profiles",
            Self::DoctorProfiles => "doctor_profiles",
            Self::TimeSlots => "time_slots",
            Self::DoctorUnavailability => "doctor_unavailability",
            Self::Appointments => "appointments",
            Self::Consultations => "consultations",
            Self::Prescriptions => "prescriptions",
            Self::MedicalRecords => "medical_records",
            Self::Payments => "payments",
            Self::Reviews => "reviews",
            Self::Notifications => "notifications",
            Self::AuditLogs => "audit_logs",
        }
    }

    /// The columns of its rows.
    #[must_use]
    pub fn columns(self) -> &'static str {
        match self {
            Self::Users => persons::USERS,
            Self::PatientProfiles => persons::PATIENTS,
            Self::DoctorProfiles => persons::DOCTORS,
            Self::TimeSlots => persons::SLOTS,
            Self::DoctorUnavailability => persons::AWAY,
            Self::Appointments => visits::APPOINTMENTS,
            Self::Consultations => care::CONSULTATIONS,
            Self::Prescriptions => care::PRESCRIPTIONS,
            Self::MedicalRecords => care::RECORDS,
            Self::Payments => visits::PAYMENTS,
            Self::Reviews => visits::REVIEWS_COLUMNS,
            Self::Notifications => events::NOTIFICATIONS,
            Self::AuditLogs => events::AUDIT,
        }
    }

    /// How many units its rows come in.
    #[must_use]
    pub fn units(self, clinic: &Clinic) -> u64 {
        let parameters = &clinic.parameters;
        match self {
            Self::Users => (people::staff(clinic) + parameters.doctors + parameters.patients).div_ceil(PERSONS),
            Self::PatientProfiles => parameters.patients.div_ceil(PERSONS),
            Self::DoctorProfiles | Self::TimeSlots | Self::DoctorUnavailability => parameters.doctors.div_ceil(DOCTORS),
            _ => clinic.cells(),
        }
    }

    /// Writes the rows of a unit.
    pub fn write(self, clinic: &Clinic, unit: u64, rows: &mut Rows) {
        let persons = |all: u64| unit * PERSONS..((unit + 1) * PERSONS).min(all);
        let doctors = unit * DOCTORS..((unit + 1) * DOCTORS).min(clinic.parameters.doctors);
        let cell = || Cell::of(clinic, unit);
        match self {
            Self::Users => {
                let all = people::staff(clinic) + clinic.parameters.doctors + clinic.parameters.patients;
                persons(all).for_each(|number| persons::user(clinic, number, rows));
            }
            Self::PatientProfiles => {
                persons(clinic.parameters.patients).for_each(|patient| persons::patient(clinic, patient, rows));
            }
            Self::DoctorProfiles => doctors.for_each(|doctor| persons::doctor(clinic, doctor, rows)),
            Self::TimeSlots => doctors.for_each(|doctor| persons::slots(clinic, doctor, rows)),
            Self::DoctorUnavailability => doctors.for_each(|doctor| persons::away(clinic, doctor, rows)),
            Self::Appointments => visits::appointments(&cell(), rows),
            Self::Consultations => care::consultations(&cell(), rows),
            Self::Prescriptions => care::prescriptions(&cell(), rows),
            Self::MedicalRecords => care::records(&cell(), rows),
            Self::Payments => visits::payments(&cell(), rows),
            Self::Reviews => visits::reviews(&cell(), rows),
            Self::Notifications => events::notifications(&cell(), rows),
            Self::AuditLogs => events::audit(&cell(), rows),
        }
    }
}

/// The rows of a unit as text: `(…),(…)`.
#[derive(Debug, Default)]
pub struct Rows {
    text: String,
    ends: Vec<usize>,
}

impl Rows {
    /// Adds a row.
    fn add(&mut self, write: impl FnOnce(&mut Row)) {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push('(');
        write(&mut Row(&mut self.text));
        // the comma behind the last value
        self.text.pop();
        self.text.push(')');
        self.ends.push(self.text.len());
    }

    /// All rows.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The rows in pieces of so many at the most, the first of `first`.
    pub fn pieces(&self, first: usize, most: usize) -> impl Iterator<Item = (&str, usize)> {
        let mut done = 0;
        let mut next = first.max(1);
        std::iter::from_fn(move || {
            let begin = if done == 0 { 0 } else { self.ends[done - 1] + 1 };
            let number = next.min(self.ends.len() - done);
            next = most;
            let end = self.ends.get((done + number).checked_sub(1)?).filter(|_| number > 0)?;
            done += number;
            Some((&self.text[begin..*end], number))
        })
    }

    /// Takes all rows out.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

/// A row that is being written, value by value in the order of the columns.
struct Row<'a>(&'a mut String);

// Writing into a String can't fail.
impl Row<'_> {
    fn null(&mut self) -> &mut Self {
        self.0.push_str("NULL,");
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        push_text(self.0, text);
        self.0.push(',');
        self
    }

    /// Text that needs no escape: words of the schema, codes, ids.
    fn word(&mut self, word: impl std::fmt::Display) -> &mut Self {
        let _ = write!(self.0, "'{word}',");
        self
    }

    fn id(&mut self, id: Uuid) -> &mut Self {
        let mut buffer = Uuid::encode_buffer();
        self.0.push('\'');
        self.0.push_str(id.hyphenated().encode_lower(&mut buffer));
        self.0.push_str("',");
        self
    }

    fn number(&mut self, number: i64) -> &mut Self {
        let _ = write!(self.0, "{number},");
        self
    }

    fn bool(&mut self, truth: bool) -> &mut Self {
        self.0.push_str(if truth { "1," } else { "0," });
        self
    }

    /// Hundredths: 12345 is 123.45.
    fn cents(&mut self, cents: i64) -> &mut Self {
        let _ = write!(self.0, "{}.{:02},", cents / 100, cents % 100);
        self
    }

    fn date(&mut self, day: i64) -> &mut Self {
        self.word(date(day))
    }

    /// Minutes of the day.
    fn time(&mut self, minutes: i64) -> &mut Self {
        let _ = write!(self.0, "'{:02}:{:02}:00',", minutes / 60, minutes % 60);
        self
    }

    /// Seconds since 1970.
    fn moment(&mut self, seconds: i64) -> &mut Self {
        let _ = write!(self.0, "'{}',", moment(seconds));
        self
    }

    fn json(&mut self, value: &Value) -> &mut Self {
        self.text(&value.to_string())
    }

    /// A value where there is one, NULL where not.
    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        match value {
            Some(value) => {
                write(self, value);
                self
            }
            None => self.null(),
        }
    }
}

/// `2026-11-01 09:30:00`
fn moment(seconds: i64) -> String {
    let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    format!("{} {:02}:{:02}:{:02}", date(day), second / 3600, second / 60 % 60, second % 60)
}

/// An amount as JSON and messages have it: `170.00`.
fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// A time as messages have it: `9:30`.
fn clock(minutes: i64) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_and_escaped() {
        let mut rows = Rows::default();
        rows.add(|row| {
            row.text("it's a \\ and \0, 伟 💚").null().number(-5).bool(true).cents(12_305);
            row.date(0).time(9 * 60 + 5).moment(-1).json(&serde_json::json!({ "a\"b": ["'", 1.5] }));
            row.option(Some(3), |row, three| {
                row.number(three);
            });
            row.option(None::<i64>, |_, _| {});
        });
        assert_eq!(
            rows.text(),
            r#"('it''s a \\ and \0, 伟 💚',NULL,-5,1,123.05,'1970-01-01','09:05:00','1969-12-31 23:59:59','{"a\\"b":["''",1.5]}',3,NULL)"#
        );
    }

    #[test]
    fn rows_come_in_pieces() {
        let mut rows = Rows::default();
        assert_eq!(rows.pieces(5, 5).count(), 0);
        for number in 0..5 {
            rows.add(|row| {
                row.number(number);
            });
        }
        assert_eq!(rows.pieces(1, 3).collect::<Vec<_>>(), [("(0)", 1), ("(1),(2),(3)", 3), ("(4)", 1)]);
        assert_eq!(rows.pieces(9, 3).collect::<Vec<_>>(), [("(0),(1),(2),(3),(4)", 5)]);
        rows.clear();
        assert_eq!((rows.count(), rows.text()), (0, ""));
    }
}
