//! Who there is: staff, doctors and patients, each by number. What others need to know of them is told without a stream of
//! randomness where that can be, since every row of an appointment asks.

use uuid::Uuid;

use super::rng::{Random, Stream};
use super::words::{Audience, CULTURES, Culture, SPECIALTIES};
use super::{Clinic, DAY};

/// How long before the first day of history the first patient registered.
const REGISTERED_BEFORE_DAYS: i64 = 3 * 365;

/// A person's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// Given name.
    pub first: &'static str,
    /// Family name.
    pub last: &'static str,
}

impl Name {
    fn draw(random: &mut Random, culture: &Culture, is_woman: bool) -> Self {
        let first = random.pick(if is_woman { culture.women } else { culture.men });
        Self { first, last: random.pick(culture.families) }
    }

    /// What stands in an address of mail: `marta.oliveira`.
    #[must_use]
    pub fn mail(&self) -> String {
        let parts = [self.first, self.last].map(fold);
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { "mail".to_owned() } else { parts.join(".") }
    }
}

/// The letters of a name in ASCII; those of other scripts are left out.
fn fold(name: &str) -> String {
    let letter = |letter: char| match letter.to_lowercase().next().unwrap_or(letter) {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ą' | 'ă' => Some('a'),
        'é' | 'è' | 'ê' | 'ë' | 'ę' => Some('e'),
        'í' | 'ì' | 'î' | 'ï' | 'ı' => Some('i'),
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' => Some('o'),
        'ú' | 'ù' | 'û' | 'ü' => Some('u'),
        'ç' | 'ć' | 'č' => Some('c'),
        'ñ' | 'ń' => Some('n'),
        'ł' => Some('l'),
        'ś' | 'š' | 'ş' => Some('s'),
        'ź' | 'ż' | 'ž' => Some('z'),
        'ğ' => Some('g'),
        letter if letter.is_ascii_alphanumeric() => Some(letter),
        _ => None,
    };
    name.chars().filter_map(letter).collect()
}

/// Which patients are what: of ten, four are women, four men, one a girl, one a boy.
#[must_use]
pub fn is_child(patient: u64) -> bool {
    patient % 10 >= 8
}

/// See [`is_child`].
#[must_use]
pub fn is_female(patient: u64) -> bool {
    matches!(patient % 10, 0..=3 | 8)
}

/// Whether somebody else pays.
#[must_use]
pub fn is_insured(patient: u64) -> bool {
    patient % 7 != 3
}

/// Of ten patients, the first and the number of those that a specialty sees.
fn seen(audience: Audience) -> (u64, u64) {
    match audience {
        Audience::Everyone => (0, 10),
        Audience::Adults => (0, 8),
        Audience::Women => (0, 4),
        Audience::Children => (8, 2),
    }
}

/// How many of the first `patients` a specialty sees.
#[must_use]
pub fn seen_of(audience: Audience, patients: u64) -> u64 {
    let (first, number) = seen(audience);
    patients / 10 * number + (patients % 10).saturating_sub(first).min(number)
}

/// The patient with a number among those that a specialty sees.
#[must_use]
pub fn nth_seen(audience: Audience, nth: u64) -> u64 {
    let (first, number) = seen(audience);
    nth / number * 10 + first + nth % number
}

/// When a patient registered, in seconds; the higher the number, the later.
#[must_use]
pub fn registered(clinic: &Clinic, patient: u64) -> i64 {
    let base = (clinic.first_day - REGISTERED_BEFORE_DAYS) * DAY;
    let span = u128::from((clinic.now() - DAY - base).unsigned_abs());
    let patients = u128::from(clinic.parameters.patients);
    let step = u64::try_from(span / patients).unwrap_or(0).clamp(1, DAY.unsigned_abs());
    // somewhere in the day, without a stream
    let within = (patient.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24) % step;
    base + i64::try_from(span * u128::from(patient) / patients + u128::from(within)).unwrap_or(0)
}

/// How many patients had registered before a moment: those with lower numbers.
#[must_use]
pub fn registered_before(clinic: &Clinic, moment: i64) -> u64 {
    let base = (clinic.first_day - REGISTERED_BEFORE_DAYS) * DAY;
    let span = u128::from((clinic.now() - DAY - base).unsigned_abs());
    let since = u128::try_from(moment - base).unwrap_or(0);
    let patients = clinic.parameters.patients;
    let guess = u64::try_from(since * u128::from(patients) / span.max(1)).unwrap_or(u64::MAX);
    let mut number = guess.saturating_add(2).min(patients);
    while number > 0 && registered(clinic, number - 1) >= moment {
        number -= 1;
    }
    number
}

/// When a patient's account was made, some minutes before the profile.
#[must_use]
pub fn account_made(clinic: &Clinic, patient: u64) -> i64 {
    registered(clinic, patient) - 60 * i64::try_from(3 + patient % 40).unwrap_or(3)
}

/// The id of a patient's profile.
#[must_use]
pub fn patient_id(clinic: &Clinic, patient: u64) -> Uuid {
    clinic.id(Stream::Patient, (patient, 0), registered(clinic, patient))
}

/// The id of a patient's account.
#[must_use]
pub fn patient_user(clinic: &Clinic, patient: u64) -> Uuid {
    clinic.id(Stream::PatientUser, (patient, 0), account_made(clinic, patient))
}

/// A patient as far as names and birth go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// The name.
    pub name: Name,
    /// The culture that the name is from.
    pub culture: &'static Culture,
    /// `MALE`, `FEMALE`, `OTHER`.
    pub gender: &'static str,
    /// The day of birth.
    pub born: i64,
}

impl Patient {
    /// A patient, and the stream for the rest of them.
    #[must_use]
    pub fn of(clinic: &Clinic, patient: u64) -> (Self, Random) {
        let mut random = clinic.random(Stream::Patient, patient, 0);
        let culture = culture(&mut random);
        let name = Name::draw(&mut random, culture, is_female(patient));
        let gender = match is_female(patient) {
            _ if !is_child(patient) && random.permille(12) => "OTHER",
            true => "FEMALE",
            false => "MALE",
        };
        let (youngest, oldest) = if is_child(patient) { (1, 13) } else { (18, 88) };
        let years = random.between(youngest, oldest).min(random.between(youngest, oldest + 20)).min(oldest);
        let born = registered(clinic, patient) / DAY - years * 365 - random.between(0, 364);
        (Self { name, culture, gender, born }, random)
    }
}

fn culture(random: &mut Random) -> &'static Culture {
    const WEIGHTS: [u64; 8] = [40, 14, 10, 8, 8, 8, 6, 6];
    &CULTURES[random.weighted(&WEIGHTS).min(CULTURES.len() - 1)]
}

/// The specialty of a doctor, as an index: every one has its turn, whatever the number of doctors.
#[must_use]
pub fn specialty(clinic: &Clinic, doctor: u64) -> usize {
    let turn = clinic.parameters.seed.wrapping_add(doctor) % SPECIALTIES.len() as u64;
    usize::try_from(turn).unwrap_or(0)
}

/// A doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// The name.
    pub name: Name,
    /// The culture that the name is from.
    pub culture: &'static Culture,
    /// An index into the specialties.
    pub specialty: usize,
    /// The fee in cents.
    pub fee: i64,
    /// How satisfied patients are: 0, 1, 2.
    pub charm: usize,
    /// When the profile was made, in seconds.
    pub created: i64,
}

impl Doctor {
    /// A doctor, and the stream for the rest of them.
    #[must_use]
    pub fn of(clinic: &Clinic, doctor: u64) -> (Self, Random) {
        let mut random = clinic.random(Stream::Doctor, doctor, 0);
        // before anybody books
        let created = (clinic.first_day - REGISTERED_BEFORE_DAYS - random.between(100, 1000)) * DAY
            + random.between(8 * 3600, 17 * 3600);
        let culture = culture(&mut random);
        let is_woman = random.permille(520);
        let name = Name::draw(&mut random, culture, is_woman);
        let specialty = specialty(clinic, doctor);
        let fee = (SPECIALTIES[specialty].fee + random.between(-4, 6) * 5).max(20) * 100;
        let charm = random.weighted(&[2, 5, 3]);
        (Self { name, culture, specialty, fee, charm, created }, random)
    }
}

/// The id of a doctor's profile.
#[must_use]
pub fn doctor_id(clinic: &Clinic, number: u64, doctor: &Doctor) -> Uuid {
    clinic.id(Stream::Doctor, (number, 0), doctor.created)
}

/// The id of a doctor's account, made an hour before the profile.
#[must_use]
pub fn doctor_user(clinic: &Clinic, number: u64, doctor: &Doctor) -> Uuid {
    clinic.id(Stream::DoctorUser, (number, 0), doctor.created - 3600)
}

/// How many work at the desk, the first of them as administrator.
#[must_use]
pub fn staff(clinic: &Clinic) -> u64 {
    2 + clinic.parameters.doctors / 4
}

/// When the account of a member of staff was made.
#[must_use]
pub fn staff_made(clinic: &Clinic, number: u64) -> i64 {
    let days = i64::try_from(number % 300).unwrap_or(0);
    (clinic.first_day - REGISTERED_BEFORE_DAYS - 1001 - days) * DAY + 9 * 3600
}

/// The id of the account of a member of staff.
#[must_use]
pub fn staff_user(clinic: &Clinic, number: u64) -> Uuid {
    clinic.id(Stream::Staff, (number, 0), staff_made(clinic, number))
}

/// The name of a member of staff.
#[must_use]
pub fn staff_name(clinic: &Clinic, number: u64) -> Name {
    let mut random = clinic.random(Stream::Staff, number, 0);
    let culture = culture(&mut random);
    let is_woman = random.permille(650);
    Name::draw(&mut random, culture, is_woman)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::generate::Ids;

    #[test]
    fn patients_register_one_after_the_other() {
        for patients in [1, 7, 1000] {
            let until = "2026-11-01".parse().unwrap();
            let clinic = Clinic::plan((patients, 2, 6), None, (1, until, Ids::V7)).unwrap();
            let moments: Vec<i64> = (0..patients).map(|patient| registered(&clinic, patient)).collect();
            assert!(moments.is_sorted_by(|one, next| one < next));
            assert!(moments.iter().all(|&moment| moment < clinic.now()));
            for moment in moments.iter().flat_map(|&moment| [moment, moment + 1]).chain([0, clinic.now()]) {
                let before = moments.iter().filter(|&&one| one < moment).count() as u64;
                assert_eq!(registered_before(&clinic, moment), before);
            }
        }
    }

    #[test]
    fn a_specialty_sees_some() {
        for audience in [Audience::Everyone, Audience::Adults, Audience::Women, Audience::Children] {
            let sees = |&patient: &u64| match audience {
                Audience::Everyone => true,
                Audience::Adults => !is_child(patient),
                Audience::Women => is_female(patient) && !is_child(patient),
                Audience::Children => is_child(patient),
            };
            for patients in 0..40 {
                let expected: Vec<u64> = (0..patients).filter(sees).collect();
                let found: Vec<u64> = (0..seen_of(audience, patients)).map(|nth| nth_seen(audience, nth)).collect();
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn names_become_addresses() {
        let name = |first, last| Name { first, last }.mail();
        assert_eq!(name("Zoë", "Wołyńska-Núñez"), "zoe.wolynskanunez");
        assert_eq!([name("伟", "李"), name("伟", "Li")], ["mail", "li"]);
    }
}
