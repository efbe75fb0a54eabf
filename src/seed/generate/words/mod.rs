//! The words that rows are made of. They are part of every generated row: a change of one is a change of the generator.

mod places;
mod specialties;
mod talk;

pub use places::{CITIES, CULTURES, Culture, INSURERS, STREETS};
pub use specialties::SPECIALTIES;
pub use talk::*;

/// Whom a specialty sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Old and young.
    Everyone,
    /// From 18 on.
    Adults,
    /// Women from 18 on.
    Women,
    /// Below 18.
    Children,
}

/// A specialty, and what its doctors deal with.
#[derive(Debug)]
pub struct Specialty {
    /// `Cardiology`
    pub name: &'static str,
    /// The letters in licence numbers.
    pub code: &'static str,
    /// What a doctor of it calls himself: `Cardiologist`.
    pub title: &'static str,
    /// Behind the doctor's name.
    pub qualification: &'static str,
    /// What they are known for.
    pub focus: &'static [&'static str],
    /// The usual fee in dollars.
    pub fee: i64,
    /// How long an appointment is.
    pub slot_minutes: i64,
    /// Whom it sees.
    pub audience: Audience,
    /// What patients come with.
    pub topics: &'static [Topic],
}

/// What is measured at a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vitals {
    /// Blood pressure, pulse, oxygen, weight.
    Heart,
    /// Temperature, pulse, breath, oxygen.
    Fever,
    /// How much it hurts, 0 to 10.
    Pain,
    /// Blood pressure and pulse.
    Pressure,
}

/// A medicine as it is prescribed.
#[derive(Debug)]
pub struct Medication {
    /// Its name.
    pub name: &'static str,
    /// `5mg`
    pub dosage: &'static str,
    /// `twice daily`
    pub frequency: &'static str,
    /// For how many days.
    pub days: i64,
    /// How to take it.
    pub instructions: &'static str,
    /// How many pieces.
    pub quantity: i64,
}

/// A file that a visit leaves.
#[derive(Debug)]
pub struct File {
    /// `LAB_REPORT`, `XRAY`, …
    pub kind: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it says.
    pub findings: &'static [&'static str],
    /// What is measured in it, with its least and most in tenths.
    pub values: &'static [(&'static str, i64, i64)],
    /// Its type.
    pub mime: &'static str,
}

/// A reason to come, and what follows from it.
#[derive(Debug)]
pub struct Topic {
    /// What patients say when they book the first time.
    pub reasons: &'static [&'static str],
    /// What they say when they come again.
    pub again: &'static [&'static str],
    /// Symptoms.
    pub symptoms: &'static [&'static str],
    /// The complaint in the doctor's words.
    pub complaint: &'static str,
    /// How it came.
    pub history: &'static [&'static str],
    /// What the doctor finds.
    pub findings: &'static [&'static str],
    /// Code and description.
    pub diagnosis: (&'static str, &'static str),
    /// One that often comes with it.
    pub also: (&'static str, &'static str),
    /// What is done.
    pub plan: &'static [&'static str],
    /// What is prescribed.
    pub medications: &'static [Medication],
    /// What is sent to the laboratory.
    pub labs: &'static [&'static str],
    /// What the patient should do.
    pub advice: &'static str,
    /// The file that it may leave.
    pub file: File,
    /// What is measured.
    pub vitals: Vitals,
}

/// Shorthand for the tables.
const fn med(
    name: &'static str,
    dosage: &'static str,
    frequency: &'static str,
    days: i64,
    quantity: i64,
    instructions: &'static str,
) -> Medication {
    Medication { name, dosage, frequency, days, instructions, quantity }
}

/// Shorthand for the tables.
const fn file(
    kind: &'static str,
    title: &'static str,
    mime: &'static str,
    findings: &'static [&'static str],
    values: &'static [(&'static str, i64, i64)],
) -> File {
    File { kind, title, findings, values, mime }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_is_whole() {
        for specialty in SPECIALTIES {
            assert!(specialty.topics.len() >= 3, "{}", specialty.name);
            for topic in specialty.topics {
                for words in
                    [topic.reasons, topic.again, topic.symptoms, topic.history, topic.findings, topic.plan, topic.labs]
                {
                    assert!(words.len() >= 2, "{}: {words:?}", topic.complaint);
                }
                assert!(
                    !topic.medications.is_empty() && !topic.file.findings.is_empty() && !topic.file.values.is_empty()
                );
            }
        }
    }
}
