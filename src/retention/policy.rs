//! How long rows are kept: `[retention.…]` of `caredb.toml`, with this project's values where the file says nothing.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// How old a row must be: a whole number of days, weeks, months or years of the calendar. Written, and displayed, as `90d`,
/// `2w`, `6mo`, `1y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Age {
    number: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Days,
    Weeks,
    Months,
    Years,
}

const UNITS: [(&str, Unit); 4] = [("d", Unit::Days), ("w", Unit::Weeks), ("mo", Unit::Months), ("y", Unit::Years)];

/// The longest age, in the days of its unit at the most: dates before the year 1000 are none of MySQL's.
const MOST_DAYS: u64 = 366 * 500;

/// Why a text is no age.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AgeError {
    /// It can't be read.
    #[error("`{0}` is no age; write it as `90d`, `2w`, `6mo` or `1y`")]
    Malformed(String),
    /// Nothing is older than that, or everything is.
    #[error("an age of `{0}` would take rows that were made today; the least is `1d`")]
    Zero(String),
    /// Older than any row.
    #[error("an age of `{0}` is beyond 500 years, and no row is that old")]
    Long(String),
}

impl Age {
    /// So many years of the calendar.
    const fn years(number: u32) -> Self {
        Self { number, unit: Unit::Years }
    }

    /// So many months of the calendar.
    const fn months(number: u32) -> Self {
        Self { number, unit: Unit::Months }
    }

    /// The cut-off: what lies before this day is old enough. By the calendar: a month before 31 March is the last of
    /// February.
    #[must_use]
    pub fn before(self, today: NaiveDate) -> NaiveDate {
        let days = |days: u32| today.checked_sub_days(Days::new(days.into()));
        let months = |months: u32| today.checked_sub_months(Months::new(months));
        // an age has an upper limit, so that there is such a day
        match self.unit {
            Unit::Days => days(self.number),
            Unit::Weeks => days(self.number * 7),
            Unit::Months => months(self.number),
            Unit::Years => months(self.number * 12),
        }
        .unwrap_or(NaiveDate::MIN)
    }
}

impl FromStr for Age {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let malformed = || AgeError::Malformed(text.to_owned());
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(malformed)?;
        let (digits, name) = text.split_at(digits);
        let (_, unit) = *UNITS.iter().find(|(known, _)| *known == name).ok_or_else(malformed)?;
        if digits.is_empty() {
            return Err(malformed());
        }
        // digits alone fail only by being too many
        let number: u32 = digits.parse().map_err(|_| AgeError::Long(text.to_owned()))?;
        let days_a_unit = match unit {
            Unit::Days => 1,
            Unit::Weeks => 7,
            Unit::Months => 31,
            Unit::Years => 366,
        };
        match u64::from(number) * days_a_unit {
            0 => Err(AgeError::Zero(text.to_owned())),
            1..=MOST_DAYS => Ok(Self { number, unit }),
            _ => Err(AgeError::Long(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Age {
    type Error = AgeError;

    fn try_from(text: String) -> Result<Self, AgeError> {
        text.parse()
    }
}

impl From<Age> for String {
    fn from(age: Age) -> Self {
        age.to_string()
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = UNITS.iter().find(|(_, unit)| *unit == self.unit).map_or("", |(name, _)| name);
        write!(f, "{}{name}", self.number)
    }
}

/// A status in which an appointment is over, and may leave its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[clap(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// The visit has been.
    Completed,
    /// It was called off.
    Cancelled,
    /// The patient did not come.
    NoShow,
}

impl Status {
    /// As the column holds it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::NoShow => "NO_SHOW",
        }
    }
}

/// `[retention]`: what is kept how long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// What moves to `appointments_archive`.
    pub appointments: Appointments,
    /// What becomes of it there.
    pub appointments_archive: AppointmentsArchive,
    /// What is deleted.
    pub notifications: Notifications,
    /// What moves into compressed storage.
    pub medical_records: MedicalRecords,
}

/// `[retention.appointments]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Appointments {
    /// By `appointment_date`.
    pub older_than: Age,
    /// And in one of these.
    #[serde(deserialize_with = "at_least_one")]
    pub status: Vec<Status>,
}

fn at_least_one<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Status>, D::Error> {
    let status = Vec::deserialize(deserializer)?;
    if status.is_empty() {
        return Err(serde::de::Error::custom("no status: name one at least, such as `COMPLETED`"));
    }
    Ok(status)
}

impl Default for Appointments {
    fn default() -> Self {
        Self { older_than: Age::years(1), status: vec![Status::Completed] }
    }
}

/// `[retention.appointments_archive]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppointmentsArchive {
    /// By `appointment_date`; without it, archived rows stay for good.
    pub delete_after: Option<Age>,
}

/// `[retention.notifications]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notifications {
    /// By `created_at`.
    pub older_than: Age,
    /// Whether those that nobody has read stay.
    pub keep_unread: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { older_than: Age::months(6), keep_unread: false }
    }
}

/// `[retention.medical_records]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MedicalRecords {
    /// By `record_date`.
    pub older_than: Age,
}

impl Default for MedicalRecords {
    fn default() -> Self {
        Self { older_than: Age::years(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_go_by_the_calendar() {
        for (age, today, before) in [
            ("1d", "2026-03-01", "2026-02-28"),
            ("2w", "2026-11-24", "2026-11-10"),
            ("1mo", "2026-03-31", "2026-02-28"),
            ("1mo", "2024-03-31", "2024-02-29"),
            ("6mo", "2026-08-31", "2026-02-28"),
            ("1y", "2024-02-29", "2023-02-28"),
            ("4y", "2024-02-29", "2020-02-29"),
            ("90d", "2026-01-01", "2025-10-03"),
        ] {
            let parsed: Age = age.parse().unwrap();
            assert_eq!(parsed.before(today.parse().unwrap()).to_string(), before, "{age} before {today}");
            assert_eq!(parsed.to_string(), age);
        }
    }

    #[test]
    fn what_is_no_age_is_said() {
        let malformed = |text: &str| format!("`{text}` is no age; write it as `90d`, `2w`, `6mo` or `1y`");
        for text in ["", "6", "mo", "6 mo", "-1y", "1.5y", "6m", "1Y", "1y2mo", "ayear"] {
            assert_eq!(text.parse::<Age>().unwrap_err().to_string(), malformed(text));
        }
        for text in ["0d", "0y", "000mo"] {
            assert_eq!(text.parse::<Age>(), Err(AgeError::Zero(text.to_owned())));
        }
        for text in ["501y", "99999999999999999999d", "4294967295w"] {
            assert_eq!(text.parse::<Age>(), Err(AgeError::Long(text.to_owned())));
        }
        assert!("500y".parse::<Age>().is_ok());
    }

    #[test]
    fn the_file_changes_what_it_names() {
        let read = |text: &str| toml::from_str::<Retention>(text).map_err(|error| error.message().to_owned());
        assert_eq!(read(""), Ok(Retention::default()));
        let changed = read(
            "[appointments]\nstatus = [\"COMPLETED\", \"NO_SHOW\"]\n[notifications]\nkeep_unread = true\n\
             [appointments_archive]\ndelete_after = \"10y\"",
        )
        .unwrap();
        assert_eq!(changed.appointments.older_than.to_string(), "1y");
        assert_eq!(changed.appointments.status, [Status::Completed, Status::NoShow]);
        assert_eq!(
            (changed.notifications.older_than.to_string().as_str(), changed.notifications.keep_unread),
            ("6mo", true)
        );
        assert_eq!(changed.appointments_archive.delete_after, "10y".parse().ok());
        for (text, message) in [
            (
                "[notifications]\nolder_than = \"0d\"",
                "an age of `0d` would take rows that were made today; the least is `1d`",
            ),
            (
                "[appointments]\nstatus = [\"SCHEDULED\"]",
                "unknown variant `SCHEDULED`, expected one of `COMPLETED`, `CANCELLED`, `NO_SHOW`",
            ),
            ("[medical_records]\nkeep = true", "unknown field `keep`, expected `older_than`"),
        ] {
            assert_eq!(read(text).unwrap_err(), message, "{text}");
        }
    }
}
