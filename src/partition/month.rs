//! Months: pure arithmetic on MySQL's calendar, 0000-01 to 9999-12 (MySQL manual, "The DATE, DATETIME, and TIMESTAMP
//! Types"). A month is a number, so year ends and leap days need no care.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};

/// A month of a year. Displays as `2026-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(u32);

/// The last month that a DATE can be in.
const LAST: u32 = 9999 * 12 + 11;

impl Month {
    /// `month` from 1; none outside of MySQL's calendar.
    #[must_use]
    pub fn new(year: u32, month: u32) -> Option<Self> {
        ((1..=12).contains(&month) && year <= 9999).then(|| Self(year * 12 + month - 1))
    }

    /// The month of a date; years outside of MySQL's calendar count as its ends.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        match u32::try_from(date.year()) {
            Ok(year) => Self((year.min(10_000) * 12 + date.month0()).min(LAST)),
            Err(_) => Self(0),
        }
    }

    /// The year, 0 to 9999.
    #[must_use]
    pub fn year(self) -> u32 {
        self.0 / 12
    }

    /// The month of the year, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0 % 12 + 1
    }

    /// The month after; none after 9999-12.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        (self.0 < LAST).then(|| Self(self.0 + 1))
    }

    /// The month before; none before 0000-01.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// So many months later, at the most the last of the calendar.
    #[must_use]
    pub fn plus(self, months: u32) -> Self {
        Self(self.0.saturating_add(months).min(LAST))
    }

    /// So many months earlier, at the most the first of the calendar.
    #[must_use]
    pub fn minus(self, months: u32) -> Self {
        Self(self.0.saturating_sub(months))
    }

    /// How many months `later` comes after this one; negative where it comes before.
    #[must_use]
    pub fn until(self, later: Self) -> i64 {
        i64::from(later.0) - i64::from(self.0)
    }

    /// All months from this one to `last`, both included.
    pub fn to(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    /// What its partition is called: `p_2026_01`.
    #[must_use]
    pub fn partition(self) -> String {
        format!("p_{:04}_{:02}", self.year(), self.number())
    }

    /// Its first day as SQL writes it: `2026-01-01`.
    #[must_use]
    pub fn first_day(self) -> String {
        format!("{self}-01")
    }

    /// The month of a text that begins like a date, `2026-01-31…`; none for what is no month, such as `0000-00-00`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let (year, month) = (parts.next()?, parts.next()?);
        let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        (digits(year, 4) && digits(month, 2)).then_some(())?;
        Self::new(year.parse().ok()?, month.parse().ok()?)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

impl serde::Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn month(text: &str) -> Month {
        Month::read(text).unwrap()
    }

    #[test]
    fn years_end_and_leap_days_are_days_like_others() {
        for (date, of, next, previous) in [
            ("2025-12-31", "2025-12", "2026-01", "2025-11"),
            ("2026-01-01", "2026-01", "2026-02", "2025-12"),
            ("2024-02-29", "2024-02", "2024-03", "2024-01"),
            ("1900-02-28", "1900-02", "1900-03", "1900-01"),
            ("1969-12-31", "1969-12", "1970-01", "1969-11"),
            ("2100-02-28", "2100-02", "2100-03", "2100-01"),
            ("2399-12-01", "2399-12", "2400-01", "2399-11"),
        ] {
            let found = Month::of(date.parse().unwrap());
            assert_eq!(found.to_string(), of);
            assert_eq!((found.next(), found.previous()), (Some(month(next)), Some(month(previous))), "{date}");
        }
    }

    #[test]
    fn the_calendar_has_ends() {
        let (first, last) = (month("0000-01"), month("9999-12"));
        assert_eq!((first.previous(), last.next()), (None, None));
        assert_eq!((first.minus(1), last.plus(1)), (first, last));
        assert_eq!(Month::of(NaiveDate::MAX), last);
        assert_eq!(Month::of(NaiveDate::MIN), first);
        assert_eq!((first.plus(u32::MAX), last.minus(u32::MAX)), (last, first));
    }

    #[test]
    fn names_and_days_are_padded() {
        assert_eq!(month("0999-03").partition(), "p_0999_03");
        assert_eq!(month("2026-11").first_day(), "2026-11-01");
        assert_eq!(month("1969-11").until(month("2100-02")), 1563);
        assert_eq!(month("2100-02").until(month("1969-11")), -1563);
    }

    #[test]
    fn what_is_no_month_is_not_read() {
        for text in
            ["", "2026", "2026-00-01", "2026-13-01", "0000-00-00", "26-01-01", "2026-1-01", "+026-01", "٢٠٢٦-01"]
        {
            assert_eq!(Month::read(text), None, "{text}");
        }
        assert_eq!(Month::read("2026-01-31 23:59:59.999999"), Month::new(2026, 1));
    }

    proptest! {
        #[test]
        fn a_month_is_its_dates(days in -719_162i32..2_932_896) {
            let date = NaiveDate::from_num_days_from_ce_opt(days + 719_163).unwrap();
            let month = Month::of(date);
            prop_assert_eq!(Month::read(&date.to_string()), Some(month));
            prop_assert_eq!(Month::read(&month.first_day()), Some(month));
            prop_assert!(month.first_day() <= date.to_string());
            if let Some(next) = month.next() {
                prop_assert!(next.first_day() > date.to_string());
                prop_assert_eq!(next.previous(), Some(month));
                prop_assert_eq!(month.until(next), 1);
            }
        }
    }
}
