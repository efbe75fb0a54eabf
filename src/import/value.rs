//! Texts as values of a column's type, in the form in which MySQL shows them. Nothing is guessed, rounded or cut off.

use std::fmt::Write as _;

use chrono::format::{Fixed, Item, Numeric, Pad, ParseErrorKind, Parsed, StrftimeItems};
use chrono::{DateTime, Datelike as _, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use serde_json::Value;

use super::document;
use super::target::{Column, Kind};

/// How values are written in the source.
#[derive(Debug, Clone)]
pub struct Form {
    /// Formats of dates and times; none for ISO 8601.
    pub formats: Vec<Format>,
    /// What stands before the decimals.
    pub decimal: u8,
    /// The zone of moments that name none.
    pub zone: Tz,
    /// The day up to which a column has values that can't be of the future; none: any day will do.
    pub today: Option<NaiveDate>,
}

/// A format of dates and times.
#[derive(Debug, Clone)]
pub struct Format {
    items: Vec<Item<'static>>,
    /// `dd.mm.yyyy`, where it is of a day, a month and a year with their digits: most are, and read in a fifth of the time.
    digits: Option<Vec<u8>>,
}

/// What a value may be wrong with; the code.
type Wrong = &'static str;

/// The last moment that a TIMESTAMP can hold, 2038-01-19 03:14:07, in seconds (MySQL manual, 13.2.2).
const LAST_TIMESTAMP_S: i64 = i32::MAX as i64;

/// A format of dates and times, as chrono reads it, for values of a kind. Errors: what is wrong with it, to stand behind its text.
pub fn format(text: &str, kind: &Kind) -> Result<Format, &'static str> {
    let items = StrftimeItems::new(text).parse_to_owned();
    let items = items.map_err(|_| "is no format of dates; write it as chrono does, such as `%d.%m.%Y`")?;
    // chrono passes over a zone's name
    if items.contains(&Item::Fixed(Fixed::TimezoneName)) {
        return Err(
            "has a zone's name (`%Z`), which can't be read; read an offset by `%z`, or cut the name off by `split`",
        );
    }
    if matches!(kind, Kind::Time | Kind::Timestamp) && !is_time_whole(&items) {
        return Err("has a part of a time only; write `%H` or both `%I` and `%p`, and `%M`");
    }
    let mut digits = String::new();
    let is_fixed = items.iter().all(|item| {
        digits.push_str(match item {
            Item::Numeric(Numeric::Day, Pad::Zero) => "dd",
            Item::Numeric(Numeric::Month, Pad::Zero) => "mm",
            Item::Numeric(Numeric::Year, Pad::Zero) => "yyyy",
            Item::Literal(text) if text.bytes().all(|byte| byte.is_ascii_punctuation()) => text,
            Item::OwnedLiteral(text) if text.bytes().all(|byte| byte.is_ascii_punctuation()) => text,
            _ => return false,
        });
        true
    });
    let has = |part| digits.matches(part).count() == 1;
    let is_date = is_fixed && has("dd") && has("mm") && has("yyyy");
    Ok(Format { items, digits: is_date.then(|| digits.into_bytes()) })
}

/// Whether a time can be made of what a format says of it, or it says nothing of one: chrono needs the hour of the day and the minute.
fn is_time_whole(items: &[Item<'_>]) -> bool {
    let has = |part: Numeric| items.iter().any(|item| matches!(item, Item::Numeric(found, _) if *found == part));
    let half = items.iter().any(|item| matches!(item, Item::Fixed(Fixed::LowerAmPm | Fixed::UpperAmPm)));
    let is_whole = (has(Numeric::Hour) || has(Numeric::Hour12) && half) && has(Numeric::Minute);
    let is_part = half || [Numeric::Hour, Numeric::Hour12, Numeric::Minute, Numeric::Second].into_iter().any(has);
    is_whole || !is_part
}

/// A date by its digits alone. None where it is not written just so: the format may allow it all the same.
fn fixed_date(text: &[u8], form: &[u8]) -> Option<Result<NaiveDate, Wrong>> {
    if text.len() != form.len() {
        return None;
    }
    let (mut year, mut month, mut day) = (0, 0, 0);
    for (byte, place) in text.iter().zip(form) {
        let part = match place {
            b'y' => &mut year,
            b'm' => &mut month,
            b'd' => &mut day,
            literal if literal == byte => continue,
            _ => return None,
        };
        if !byte.is_ascii_digit() {
            return None;
        }
        *part = *part * 10 + u32::from(byte - b'0');
    }
    Some(NaiveDate::from_ymd_opt(year.cast_signed(), month, day).ok_or("no-such-date"))
}

/// Appends a text as a value of a column.
pub fn write(out: &mut String, text: &str, column: &Column, form: &Form) -> Result<(), Wrong> {
    match &column.kind {
        Kind::Varchar(most) => sized(out, text, text.len() > *most && text.chars().count() > *most),
        Kind::Text(most) => sized(out, text, text.len() > *most),
        Kind::Enum(words) => {
            let word = words.iter().find(|word| word.as_str() == text).ok_or("unknown-word")?;
            out.push_str(word);
            Ok(())
        }
        Kind::Int(least, most) => {
            let number: i64 = integer(text)?;
            let (least, most) = (column.least.unwrap_or(*least), column.most.unwrap_or(*most));
            if !(least..=most).contains(&number) {
                return Err("out-of-range");
            }
            let _ = write!(out, "{number}");
            Ok(())
        }
        Kind::Decimal(digits, behind) => decimal(out, text, (*digits, *behind), form.decimal),
        Kind::Bool => {
            out.push_str(match text {
                "1" | "true" => "1",
                "0" | "false" => "0",
                _ => return Err("bad-boolean"),
            });
            Ok(())
        }
        Kind::Date => {
            let date = date(text, form)?;
            if column.past && form.today.is_some_and(|today| date > today) {
                return Err("in-future");
            }
            write_date(out, date);
            Ok(())
        }
        Kind::Time => {
            let time = time(text, form)?;
            write_time(out, time);
            Ok(())
        }
        Kind::Timestamp => moment(out, text, form),
        Kind::Json => {
            write_json(out, &document::read(text)?);
            Ok(())
        }
    }
}

fn sized(out: &mut String, text: &str, too_long: bool) -> Result<(), Wrong> {
    if too_long {
        return Err("too-long");
    }
    out.push_str(text);
    Ok(())
}

/// Digits with a sign before them: no spaces, no points between thousands, no exponent.
fn integer(text: &str) -> Result<i64, Wrong> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("bad-number");
    }
    text.parse().map_err(|_| "out-of-range")
}

fn decimal(out: &mut String, text: &str, (digits, behind): (usize, usize), point: u8) -> Result<(), Wrong> {
    let (minus, rest) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    let at = rest.iter().position(|byte| *byte == point).unwrap_or(rest.len());
    let (whole, fraction) = (&rest[..at], rest.get(at + 1..).unwrap_or_default());
    let all_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) || at + 1 == rest.len() {
        return Err("bad-number");
    }
    let first = whole.iter().position(|digit| *digit != b'0').unwrap_or(whole.len());
    let whole = &whole[first..];
    if whole.len() > digits - behind {
        return Err("out-of-range");
    }
    let (kept, lost) = fraction.split_at(fraction.len().min(behind));
    if lost.iter().any(|digit| *digit != b'0') {
        return Err("too-precise");
    }
    let is_zero = whole.is_empty() && kept.iter().all(|digit| *digit == b'0');
    if minus && !is_zero {
        out.push('-');
    }
    let push = |out: &mut String, part: &[u8]| part.iter().for_each(|digit| out.push(char::from(*digit)));
    push(out, if whole.is_empty() { b"0" } else { whole });
    if behind > 0 {
        out.push('.');
        push(out, kept);
        (kept.len()..behind).for_each(|_| out.push('0'));
    }
    Ok(())
}

/// The one reading of a text by the formats. Errors: none fits, or several with other results.
fn by_formats<T: PartialEq>(
    text: &str,
    form: &Form,
    (bad, none): (Wrong, Wrong),
    read: impl Fn(&Parsed) -> chrono::ParseResult<T>,
) -> Result<T, Wrong> {
    let mut found = None;
    let mut wrong = bad;
    for Format { items, .. } in &form.formats {
        let mut parsed = Parsed::new();
        let result = chrono::format::parse(&mut parsed, text, items.iter()).and_then(|()| read(&parsed));
        match result {
            Ok(value) if found.as_ref().is_some_and(|other| *other != value) => return Err("ambiguous-date"),
            Ok(value) => found = Some(value),
            // 30 February, 25 o'clock: written right, and none
            Err(error) if matches!(error.kind(), ParseErrorKind::OutOfRange | ParseErrorKind::Impossible) => {
                wrong = none;
            }
            Err(_) => {}
        }
    }
    found.ok_or(wrong)
}

fn two(digits: &[u8]) -> Option<u32> {
    match digits {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0')),
        _ => None,
    }
}

/// `2026-11-24`
fn iso_date(text: &[u8]) -> Result<NaiveDate, Wrong> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return Err("bad-date") };
    let parts = (two(&[*y1, *y2]), two(&[*y3, *y4]), two(&[*m1, *m2]), two(&[*d1, *d2]));
    let (Some(century), Some(year), Some(month), Some(day)) = parts else { return Err("bad-date") };
    NaiveDate::from_ymd_opt((century * 100 + year).cast_signed(), month, day).ok_or("no-such-date")
}

/// `09:30` or `09:30:00`; with `.000` behind it, where these are zeros.
fn iso_time(text: &[u8]) -> Result<NaiveTime, Wrong> {
    let (text, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, [].as_slice()),
    };
    let parts = match text {
        [h1, h2, b':', m1, m2] => (two(&[*h1, *h2]), two(&[*m1, *m2]), Some(0)),
        [h1, h2, b':', m1, m2, b':', s1, s2] => (two(&[*h1, *h2]), two(&[*m1, *m2]), two(&[*s1, *s2])),
        _ => return Err("bad-time"),
    };
    let (Some(hour), Some(minute), Some(second)) = parts else { return Err("bad-time") };
    match fraction.iter().find(|digit| **digit != b'0') {
        None => NaiveTime::from_hms_opt(hour, minute, second).ok_or("no-such-time"),
        Some(digit) if digit.is_ascii_digit() => Err("too-precise"),
        Some(_) => Err("bad-time"),
    }
}

fn date(text: &str, form: &Form) -> Result<NaiveDate, Wrong> {
    let fixed = match form.formats.as_slice() {
        [Format { digits: Some(digits), .. }] => fixed_date(text.as_bytes(), digits),
        _ => None,
    };
    let date = if let Some(date) = fixed {
        date?
    } else if form.formats.is_empty() {
        iso_date(text.as_bytes())?
    } else {
        by_formats(text, form, ("bad-date", "no-such-date"), Parsed::to_naive_date)?
    };
    // MySQL manual, 13.2.2: '1000-01-01' to '9999-12-31'
    if (1000..=9999).contains(&date.year()) { Ok(date) } else { Err("out-of-range") }
}

fn time(text: &str, form: &Form) -> Result<NaiveTime, Wrong> {
    if form.formats.is_empty() {
        iso_time(text.as_bytes())
    } else {
        let time = by_formats(text, form, ("bad-time", "no-such-time"), Parsed::to_naive_time)?;
        if time.nanosecond() == 0 { Ok(time) } else { Err("too-precise") }
    }
}

fn write_date(out: &mut String, date: NaiveDate) {
    let year = date.year().unsigned_abs();
    push_two(out, year / 100);
    push_two(out, year % 100);
    out.push('-');
    push_two(out, date.month());
    out.push('-');
    push_two(out, date.day());
}

fn write_time(out: &mut String, time: NaiveTime) {
    push_two(out, time.hour());
    out.push(':');
    push_two(out, time.minute());
    out.push(':');
    push_two(out, time.second());
}

/// Two digits. `write!` takes ten times as long, which shows where a file has millions of dates.
fn push_two(out: &mut String, number: u32) {
    let digit = |number: u32| char::from(b'0' + u8::try_from(number % 10).unwrap_or(0));
    out.push(digit(number / 10));
    out.push(digit(number));
}

/// A moment, in UTC.
fn moment(out: &mut String, text: &str, form: &Form) -> Result<(), Wrong> {
    let (local, offset_s) = if form.formats.is_empty() {
        iso_moment(text)?
    } else {
        by_formats(text, form, ("bad-moment", "no-such-date"), |parsed| {
            // a day alone is its midnight, a part of a time is none
            let is_day = [parsed.hour_div_12(), parsed.hour_mod_12(), parsed.minute(), parsed.second()] == [None; 4];
            let time = if is_day { NaiveTime::MIN } else { parsed.to_naive_time()? };
            Ok((parsed.to_naive_date()?.and_time(time), parsed.offset()))
        })?
    };
    if local.nanosecond() != 0 {
        return Err("too-precise");
    }
    let seconds = match offset_s {
        Some(offset_s) => local.and_utc().timestamp() - i64::from(offset_s),
        None if form.zone == Tz::UTC => local.and_utc().timestamp(),
        None => match form.zone.from_local_datetime(&local) {
            LocalResult::Single(moment) => moment.timestamp(),
            // the hour that summer time begins or ends with
            LocalResult::Ambiguous(..) => return Err("ambiguous-time"),
            LocalResult::None => return Err("no-such-time"),
        },
    };
    if !(1..=LAST_TIMESTAMP_S).contains(&seconds) {
        return Err("out-of-range");
    }
    let moment = DateTime::from_timestamp(seconds, 0).ok_or("out-of-range")?.naive_utc();
    write_date(out, moment.date());
    out.push(' ');
    write_time(out, moment.time());
    Ok(())
}

/// `2026-11-24`, `2026-11-24 09:30:00`, `2026-11-24T09:30:00Z`, `…+01:00`; and the seconds of the offset.
fn iso_moment(text: &str) -> Result<(NaiveDateTime, Option<i32>), Wrong> {
    let bytes = text.as_bytes();
    let Some((date, rest)) = bytes.split_at_checked(10) else { return Err("bad-moment") };
    let date = iso_date(date).map_err(|wrong| if wrong == "bad-date" { "bad-moment" } else { wrong })?;
    let ([b' ' | b'T', rest @ ..] | rest @ []) = rest else { return Err("bad-moment") };
    if rest.is_empty() {
        return if text.len() == 10 { Ok((date.and_time(NaiveTime::MIN), None)) } else { Err("bad-moment") };
    }
    let (time, offset_s) = match rest.iter().position(|byte| matches!(byte, b'Z' | b'+' | b'-')) {
        None => (rest, None),
        Some(at) => (&rest[..at], Some(offset(&rest[at..]).ok_or("bad-moment")?)),
    };
    let time = iso_time(time).map_err(|wrong| if wrong == "bad-time" { "bad-moment" } else { wrong })?;
    Ok((date.and_time(time), offset_s))
}

/// `Z`, `+01:00`, `+0100` or `+01`, in seconds.
fn offset(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        [b'Z'] => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [h1, h2] => (two(&[*h1, *h2])?, 0),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => (two(&[*h1, *h2])?, two(&[*m1, *m2])?),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then(|| sign * (hours * 3600 + minutes * 60).cast_signed())
}

/// Appends JSON as MySQL shows it: keys by length and then by bytes, a space behind `,` and `:` (manual, 13.5).
pub fn write_json(out: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                out.push_str(if number == 0 { "" } else { ", " });
                write_json(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| (key.len(), key.as_bytes()));
            out.push('{');
            for (number, (key, item)) in fields.into_iter().enumerate() {
                out.push_str(if number == 0 { "" } else { ", " });
                let _ = write!(out, "{}: ", Value::from(key.as_str()));
                write_json(out, item);
            }
            out.push('}');
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, formats: &[&str], text: &str) -> Result<String, Wrong> {
        read_past(kind, formats, text, false)
    }

    /// `past`: the column has no values of the future; it is 24 November 2026.
    fn read_past(kind: Kind, formats: &[&str], text: &str, past: bool) -> Result<String, Wrong> {
        let formats = formats.iter().map(|text| format(text, &kind).unwrap()).collect();
        let today = NaiveDate::from_ymd_opt(2026, 11, 24);
        let form = Form { formats, decimal: b',', zone: Tz::Europe__Berlin, today };
        let name = "c".to_owned();
        let column = Column { name, kind, null: true, default: false, least: None, most: None, past };
        let mut out = String::new();
        write(&mut out, text, &column, &form).map(|()| out)
    }

    #[test]
    fn numbers_are_neither_rounded_nor_guessed() {
        for (text, expected) in [
            ("12,5", Ok("12.50")),
            ("-0012", Ok("-12.00")),
            (",5", Ok("0.50")),
            ("-0,00", Ok("0.00")),
            ("1,500", Ok("1.50")),
            ("1,505", Err("too-precise")),
            ("12.5", Err("bad-number")),
            ("1.000,00", Err("bad-number")),
            ("1e3", Err("bad-number")),
            ("5,", Err("bad-number")),
            (",", Err("bad-number")),
            ("", Err("bad-number")),
            (" 5", Err("bad-number")),
            ("99999999,99", Ok("99999999.99")),
            ("100000000", Err("out-of-range")),
        ] {
            assert_eq!(read(Kind::Decimal(10, 2), &[], text), expected.map(str::to_owned), "{text}");
        }
        let int = Kind::Int(i32::MIN.into(), i32::MAX.into());
        for (text, expected) in [
            ("007", Ok("7")),
            ("-1", Ok("-1")),
            ("2147483648", Err("out-of-range")),
            ("99999999999999999999", Err("out-of-range")),
            ("1e3", Err("bad-number")),
            ("1.0", Err("bad-number")),
            ("-", Err("bad-number")),
        ] {
            assert_eq!(read(int.clone(), &[], text), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn dates_must_exist_and_mean_one_day() {
        for (formats, text, expected) in [
            (&[][..], "2026-02-28", Ok("2026-02-28")),
            (&[], "2026-02-30", Err("no-such-date")),
            (&[], "0000-00-00", Err("no-such-date")),
            (&[], "0999-01-01", Err("out-of-range")),
            (&[], "12026-01-01", Err("bad-date")),
            (&[], "2026-1-1", Err("bad-date")),
            (&["%d.%m.%Y"], "24.11.2026", Ok("2026-11-24")),
            (&["%d.%m.%Y"], "31.02.2026", Err("no-such-date")),
            (&["%d.%m.%Y"], "24.11.26", Err("out-of-range")),
            (&["%d.%m.%Y"], "24.11.12026", Err("bad-date")),
            (&["%d/%m/%Y", "%m/%d/%Y"], "24/11/2026", Ok("2026-11-24")),
            (&["%d/%m/%Y", "%m/%d/%Y"], "05/05/2026", Ok("2026-05-05")),
            (&["%d/%m/%Y", "%m/%d/%Y"], "05/06/2026", Err("ambiguous-date")),
        ] {
            assert_eq!(read(Kind::Date, formats, text), expected.map(str::to_owned), "{formats:?} {text}");
        }
        for (text, expected) in [
            ("09:30", Ok("09:30:00")),
            ("23:59:59.000", Ok("23:59:59")),
            ("23:59:59.5", Err("too-precise")),
            ("24:00", Err("no-such-time")),
            ("9:30", Err("bad-time")),
        ] {
            assert_eq!(read(Kind::Time, &[], text), expected.map(str::to_owned), "{text}");
        }
        for (text, expected) in [("9.30", Ok("09:30:00")), ("24.30", Err("no-such-time")), ("9h30", Err("bad-time"))] {
            assert_eq!(read(Kind::Time, &["%H.%M"], text), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn moments_are_in_utc() {
        for (formats, text, expected) in [
            (&[][..], "2026-11-24T09:30:00Z", Ok("2026-11-24 09:30:00")),
            (&[], "2026-11-24 09:30:00", Ok("2026-11-24 08:30:00")),
            (&[], "2026-07-24 09:30", Ok("2026-07-24 07:30:00")),
            (&[], "2026-11-24", Ok("2026-11-23 23:00:00")),
            (&[], "2026-11-24T09:30:00-05:30", Ok("2026-11-24 15:00:00")),
            (&[], "2026-03-29 02:30:00", Err("no-such-time")),
            (&[], "2026-10-25 02:30:00", Err("ambiguous-time")),
            (&[], "1969-12-31 00:00:00", Err("out-of-range")),
            (&[], "2038-01-19T03:14:07Z", Ok("2038-01-19 03:14:07")),
            (&[], "2038-01-19T03:14:08Z", Err("out-of-range")),
            (&[], "2026-11-24 ", Err("bad-moment")),
            (&[], "2026-11-24x09:30:00", Err("bad-moment")),
            (&[], "2026-02-30 09:30:00", Err("no-such-date")),
            (&["%d.%m.%Y %H:%M"], "24.11.2026 09:30", Ok("2026-11-24 08:30:00")),
            (&["%Y%m%d%H%M%S%z"], "20261124093000+0100", Ok("2026-11-24 08:30:00")),
            (&["%m/%d/%Y %I:%M %p"], "11/24/2026 09:30 PM", Ok("2026-11-24 20:30:00")),
            (&["%d.%m.%Y"], "24.11.2026", Ok("2026-11-23 23:00:00")),
            (&["%d.%m.%Y", "%d.%m.%Y %H:%M"], "24.11.2026 00:00", Ok("2026-11-23 23:00:00")),
        ] {
            assert_eq!(read(Kind::Timestamp, formats, text), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn formats_that_would_change_a_moment_are_refused() {
        const PART: &str = "has a part of a time only; write `%H` or both `%I` and `%p`, and `%M`";
        const ZONE: &str =
            "has a zone's name (`%Z`), which can't be read; read an offset by `%z`, or cut the name off by `split`";
        for (text, kind, expected) in [
            ("%m/%d/%Y %I:%M", Kind::Timestamp, Some(PART)),
            ("%m/%d/%Y %H", Kind::Timestamp, Some(PART)),
            ("%m/%d/%Y %I %p", Kind::Timestamp, Some(PART)),
            ("%m/%d/%Y %M:%S", Kind::Timestamp, Some(PART)),
            ("%I:%M", Kind::Time, Some(PART)),
            ("%m/%d/%Y %I:%M %p", Kind::Timestamp, None),
            ("%m/%d/%Y %r", Kind::Timestamp, None),
            ("%d.%m.%Y %T", Kind::Timestamp, None),
            ("%+", Kind::Timestamp, None),
            ("%d.%m.%Y", Kind::Timestamp, None),
            // its day is meant
            ("%m/%d/%Y %I:%M", Kind::Date, None),
            ("%m/%d/%Y %H:%M %Z", Kind::Timestamp, Some(ZONE)),
            ("%m/%d/%Y %H:%M %z", Kind::Timestamp, None),
            ("%Q", Kind::Date, Some("is no format of dates; write it as chrono does, such as `%d.%m.%Y`")),
        ] {
            assert_eq!(format(text, &kind).err(), expected, "{text} {kind:?}");
        }
    }

    #[test]
    fn years_of_two_digits_are_those_of_1970_to_2069_and_nobody_is_born_then() {
        for (text, any, past) in [
            ("12.05.69", "2069-05-12", Err("in-future")),
            ("12.05.70", "1970-05-12", Ok("1970-05-12")),
            ("12.05.99", "1999-05-12", Ok("1999-05-12")),
            ("24.11.26", "2026-11-24", Ok("2026-11-24")),
            ("25.11.26", "2026-11-25", Err("in-future")),
        ] {
            assert_eq!(read(Kind::Date, &["%d.%m.%y"], text), Ok(any.to_owned()), "{text}");
            assert_eq!(read_past(Kind::Date, &["%d.%m.%y"], text, true), past.map(str::to_owned), "{text}");
        }
        assert_eq!(read_past(Kind::Date, &[], "2026-11-25", true), Err("in-future"));
    }

    #[test]
    fn texts_words_and_json() {
        assert_eq!(read(Kind::Varchar(3), &[], "äöü"), Ok("äöü".to_owned()));
        assert_eq!(read(Kind::Varchar(3), &[], "äöüx"), Err("too-long"));
        assert_eq!(read(Kind::Text(4), &[], "äöü"), Err("too-long"));
        assert_eq!(read(Kind::Enum(vec!["A".to_owned()]), &[], "a"), Err("unknown-word"));
        assert_eq!(read(Kind::Bool, &[], "yes"), Err("bad-boolean"));
        let json = r#"{"bb":[1, null,"x"],"c":true,"aa":{}}"#;
        assert_eq!(read(Kind::Json, &[], json), Ok(r#"{"c": true, "aa": {}, "bb": [1, null, "x"]}"#.to_owned()));
        assert_eq!(read(Kind::Json, &[], "{"), Err("bad-json-value"));
    }

    #[test]
    fn fixed_dates_are_those_that_chrono_reads() {
        for (format_text, fixed) in [
            ("%d.%m.%Y", true),
            ("%Y%m%d", true),
            ("%m/%d/%Y", true),
            ("%d.%m.%y", false),
            ("%e.%m.%Y", false),
            ("%d %B %Y", false),
        ] {
            let format = format(format_text, &Kind::Date).unwrap();
            assert_eq!(format.digits.is_some(), fixed, "{format_text}");
            let quick = Form { formats: vec![format.clone()], decimal: b'.', zone: Tz::UTC, today: None };
            let slow = Form { formats: vec![Format { digits: None, ..format }], ..quick.clone() };
            for text in [
                "01.02.2025",
                "31.02.2025",
                "00.01.2025",
                "32.01.2025",
                "01.13.2025",
                "29.02.2024",
                "1.2.2025",
                " 01.02.2025",
                "01.02.0000",
                "01.02.9999",
                "01-02-2025",
                "20250201",
                "02/01/2025",
                "13/01/2025",
                "0a.02.2025",
                "01.02.+025",
                "01.02.2025 ",
                "",
                "01.02.202\u{e9}",
            ] {
                assert_eq!(date(text, &quick), date(text, &slow), "{format_text} {text}");
            }
        }
    }
}
