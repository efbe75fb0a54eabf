//! Dates relative to a day: `today-400d`, `monday-57w 09:30`.

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveTime, Weekday};

/// What can be wrong with a text that begins like a relative date.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is not a relative date; write `today-400d`, `today+2mo`, `monday-57w 09:30` (units d, w, mo, y), or for a text `={0}`"
)]
pub struct NotRelative(String);

const ANCHORS: [(&str, Option<Weekday>); 8] = [
    ("today", None),
    ("monday", Some(Weekday::Mon)),
    ("tuesday", Some(Weekday::Tue)),
    ("wednesday", Some(Weekday::Wed)),
    ("thursday", Some(Weekday::Thu)),
    ("friday", Some(Weekday::Fri)),
    ("saturday", Some(Weekday::Sat)),
    ("sunday", Some(Weekday::Sun)),
];

/// Resolves `text` where it is a relative date, to `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS`; none where it is any
/// other text. An anchor is `today` or a day of the ISO week that `today` lies in; an offset is a sign, a
/// number and a unit: days, weeks, months (a 31st becomes the month's last day) or years.
/// Errors: an anchor with something behind it that is no offset and no time; a date out of range.
pub fn resolve(text: &str, today: NaiveDate) -> Result<Option<String>, NotRelative> {
    let Some((name, weekday)) = ANCHORS.iter().find(|(name, _)| text.starts_with(name)) else { return Ok(None) };
    let rest = &text[name.len()..];
    // "monday morning" is a text like any other
    let Some(first) = rest.chars().next() else { return Ok(Some(anchor(*weekday, today).to_string())) };
    let timed = rest.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if !matches!(first, '+' | '-') && !timed {
        return Ok(None);
    }
    let wrong = || NotRelative(text.to_owned());
    let (offset, time) = rest.split_once(' ').map_or((rest, None), |(offset, time)| (offset, Some(time)));
    let mut date = anchor(*weekday, today);
    if !offset.is_empty() {
        date = shift(date, offset).ok_or_else(wrong)?;
    }
    let Some(time) = time else { return Ok(Some(date.to_string())) };
    let time = ["%H:%M", "%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(time, format).ok())
        .ok_or_else(wrong)?;
    Ok(Some(date.and_time(time).to_string()))
}

fn anchor(weekday: Option<Weekday>, today: NaiveDate) -> NaiveDate {
    // a day of the week of a valid date is out of chrono's range at its very ends only
    weekday
        .and_then(|weekday| NaiveDate::from_isoywd_opt(today.iso_week().year(), today.iso_week().week(), weekday))
        .unwrap_or(today)
}

fn shift(date: NaiveDate, offset: &str) -> Option<NaiveDate> {
    let (sign, rest) = (offset.chars().next()?, offset.get(1..)?);
    let unit = rest.find(|c: char| !c.is_ascii_digit())?;
    let number: u32 = rest[..unit].parse().ok()?;
    let (days, months) = match &rest[unit..] {
        "d" => (u64::from(number), 0),
        "w" => (u64::from(number) * 7, 0),
        "mo" => (0, number),
        "y" => (0, number.checked_mul(12)?),
        _ => return None,
    };
    match sign {
        '+' => date.checked_add_months(Months::new(months))?.checked_add_days(Days::new(days)),
        '-' => date.checked_sub_months(Months::new(months))?.checked_sub_days(Days::new(days)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves() {
        let monday = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        for (text, resolved) in [
            ("today", "2026-11-23"),
            ("today-400d", "2025-10-19"),
            ("today+1d 09:30", "2026-11-24 09:30:00"),
            ("today 23:59:59", "2026-11-23 23:59:59"),
            ("today+3mo", "2027-02-23"),
            ("today-1y", "2025-11-23"),
            ("monday-1w", "2026-11-16"),
            ("sunday", "2026-11-29"),
            ("friday+2w 08:00", "2026-12-11 08:00:00"),
        ] {
            assert_eq!(resolve(text, monday).unwrap().as_deref(), Some(resolved), "{text}");
        }
        let leap = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
        assert_eq!(resolve("today+1y", leap).unwrap().as_deref(), Some("2025-02-28"));
        let new_year = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
        assert_eq!(resolve("monday", new_year).unwrap().as_deref(), Some("2026-12-28"));
    }

    #[test]
    fn other_texts_stay_and_wrong_ones_are_named() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        for text in ["", "todays menu", "monday morning", "on monday-1w", "todayish"] {
            assert_eq!(resolve(text, today), Ok(None), "{text}");
        }
        for text in [
            "today-",
            "today-1",
            "today-1h",
            "today-1d noon",
            "today 25:00",
            "today+99999999999d",
            "today-4000000000d",
            "monday-1w-1d",
        ] {
            assert!(resolve(text, today).is_err(), "{text}");
        }
    }
}
