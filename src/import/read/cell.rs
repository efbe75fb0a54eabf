//! What stands in an XLSX cell, as text.

use chrono::{Days, NaiveDate};

/// What a number in a cell is, by the cell's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    Number,
    /// A day.
    Date,
    /// A day and a time of day.
    DateTime,
    /// A time of day.
    Time,
    /// Hours, which may be more than a day's.
    Duration,
}

impl Kind {
    /// Of a format that every workbook has (ECMA-376, 18.8.30).
    pub(super) fn of_id(id: &str) -> Self {
        match id.parse::<u32>().unwrap_or_default() {
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Date,
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Self::Time,
            22 => Self::DateTime,
            46 => Self::Duration,
            _ => Self::Number,
        }
    }

    /// Of a format's code, such as `dd/mm/yyyy hh:mm` or `[h]:mm`.
    pub(super) fn of_code(code: &str) -> Self {
        let (mut date, mut time, mut month, mut hours) = (false, false, false, false);
        let mut chars = code.chars();
        while let Some(c) = chars.next() {
            match c.to_ascii_lowercase() {
                // the format for numbers is the first
                ';' => break,
                '"' => _ = chars.by_ref().find(|&c| c == '"'),
                '\\' | '_' | '*' => _ = chars.next(),
                '[' => {
                    let inside: String = chars.by_ref().take_while(|&c| c != ']').collect();
                    let inside = inside.to_ascii_lowercase();
                    hours |=
                        !inside.is_empty() && ["h", "m", "s"].iter().any(|unit| inside.replace(unit, "").is_empty());
                }
                'y' | 'd' => date = true,
                'h' | 's' => time = true,
                'm' => month = true,
                _ => {}
            }
        }
        match (date, time) {
            _ if hours => Self::Duration,
            (_, _) if code.eq_ignore_ascii_case("general") => Self::Number,
            (true, true) => Self::DateTime,
            (true, false) => Self::Date,
            (false, true) => Self::Time,
            (false, false) if month => Self::Date,
            (false, false) => Self::Number,
        }
    }
}

/// Excel keeps 15 digits of a number; from here on it may have lost some.
const MOST_EXACT: f64 = 1e15;

/// A number's text: whole ones without a point, others as short as they are the same number. Or what is wrong, and the cure.
pub(super) fn number(text: &str, kind: Kind, since_1904: bool) -> Result<String, &'static str> {
    let number = match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => number,
        _ => return Err("the cell's number is malformed; enter it again"),
    };
    match kind {
        Kind::Number if number.abs() >= MOST_EXACT => {
            Err("the number has more digits than the 15 that Excel keeps; export the column as text")
        }
        // -0 is 0
        Kind::Number => Ok((number + 0.0).to_string()),
        _ => moment(number, kind, since_1904),
    }
}

const MS_A_DAY: i64 = 86_400_000;

/// The day or time that so many days stand for.
fn moment(days: f64, kind: Kind, since_1904: bool) -> Result<String, &'static str> {
    const OUTSIDE: &str = "the cell is formatted as a date, and its number is none; enter the date again";
    // the last day of 9999
    if !(0.0..2_958_466.0).contains(&days) {
        return Err(OUTSIDE);
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 2^48, by the line above")]
    let ms = (days * 86_400_000.0).round() as i64;
    let (day, in_day) = (ms / MS_A_DAY, ms % MS_A_DAY);
    let clock = |hours: i64| {
        let (minutes, seconds, rest) = (in_day / 60_000 % 60, in_day / 1000 % 60, in_day % 1000);
        let rest = if rest == 0 { String::new() } else { format!(".{rest:03}") };
        format!("{hours:02}:{minutes:02}:{seconds:02}{rest}")
    };
    let hours = in_day / 3_600_000;
    match kind {
        Kind::Duration => return Ok(clock(day * 24 + hours)),
        Kind::Time if day == 0 => return Ok(clock(hours)),
        _ => {}
    }
    // Excel has a 29 February 1900, which never was
    let (year, month, first, before) = match (since_1904, day) {
        (true, _) => (1904, 1, 1, 0),
        (false, 0 | 60) => return Err(OUTSIDE),
        (false, 1..60) => (1899, 12, 31, 0),
        (false, _) => (1899, 12, 31, 1),
    };
    let days = Days::new(u64::try_from(day - before).unwrap_or_default());
    let date =
        NaiveDate::from_ymd_opt(year, month, first).and_then(|first| first.checked_add_days(days)).ok_or(OUTSIDE)?;
    match kind {
        Kind::Date if in_day == 0 => Ok(date.to_string()),
        _ => Ok(format!("{date} {}", clock(hours))),
    }
}

/// Excel writes a character that XML can't hold as `_x000D_`, and an underscore before such a text as `_x005F_`.
pub(super) fn unescape(text: String) -> String {
    if !text.contains("_x") {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        plain.push_str(&rest[..at]);
        let digits = rest.get(at + 2..at + 6).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let closed = rest.as_bytes().get(at + 6) == Some(&b'_');
        let code = digits.filter(|_| closed).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if let Some(c) = code.and_then(char::from_u32) {
            plain.push(c);
            rest = &rest[at + 7..];
        } else {
            plain.push_str("_x");
            rest = &rest[at + 2..];
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates() {
        let date = |text, kind| number(text, kind, false);
        for (text, kind, shown) in [
            ("5", Kind::Number, "5"),
            ("5.0", Kind::Number, "5"),
            ("-0", Kind::Number, "0"),
            ("36.600000000000001", Kind::Number, "36.6"),
            ("1.23456789012E+11", Kind::Number, "123456789012"),
            ("999999999999999", Kind::Number, "999999999999999"),
            ("1E-7", Kind::Number, "0.0000001"),
            ("45292", Kind::Date, "2024-01-01"),
            ("45292.5", Kind::Date, "2024-01-01 12:00:00"),
            ("45292", Kind::DateTime, "2024-01-01 00:00:00"),
            ("45943.541", Kind::DateTime, "2025-10-13 12:59:02.400"),
            ("0.99999999999", Kind::Date, "1900-01-01"),
            ("1", Kind::Date, "1900-01-01"),
            ("59", Kind::Date, "1900-02-28"),
            ("61", Kind::Date, "1900-03-01"),
            ("0.5", Kind::Time, "12:00:00"),
            ("1.5", Kind::Time, "1900-01-01 12:00:00"),
            ("1.25", Kind::Duration, "30:00:00"),
            ("2958465", Kind::Date, "9999-12-31"),
        ] {
            assert_eq!(date(text, kind).as_deref(), Ok(shown), "{text} {kind:?}");
        }
        assert_eq!(number("0", Kind::Date, true).as_deref(), Ok("1904-01-01"));
        for (text, kind) in [
            ("1234567890123456", Kind::Number),
            ("1.23456789012345E+15", Kind::Number),
            ("NaN", Kind::Number),
            ("1e999", Kind::Number),
            ("x", Kind::Number),
            ("60", Kind::Date),
            ("0", Kind::Date),
            ("-1", Kind::Date),
            ("2958466", Kind::Date),
        ] {
            assert!(date(text, kind).is_err(), "{text} {kind:?}");
        }
    }

    #[test]
    fn a_format_says_what_a_number_is() {
        for (code, kind) in [
            ("General", Kind::Number),
            ("0.00", Kind::Number),
            ("0.00E+00", Kind::Number),
            ("[Red]0;-0", Kind::Number),
            ("\"day\" 0", Kind::Number),
            ("0 \\d", Kind::Number),
            ("0;yyyy", Kind::Number),
            ("dd/mm/yyyy", Kind::Date),
            ("[$-409]mmmm", Kind::Date),
            ("yyyy-mm-dd hh:mm", Kind::DateTime),
            ("h:mm AM/PM", Kind::Time),
            ("[h]:mm:ss", Kind::Duration),
            ("[mm]", Kind::Duration),
        ] {
            assert_eq!(Kind::of_code(code), kind, "{code}");
        }
    }

    #[test]
    fn escaped_characters() {
        for (text, plain) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xZZZZ_", "_xZZZZ_"),
            ("_x00e9", "_x00e9"),
            ("_x_x0041_", "_xA"),
            ("_xé00D_", "_xé00D_"),
        ] {
            assert_eq!(unescape(text.to_owned()), plain);
        }
    }
}
