//! What the values of a file's column can be made into, as a rule says it.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::{names, quote};
use crate::import::target::{Column, Kind};
use crate::import::value::{self, Form};
use crate::output::count;

/// A rule, or a part of one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Guess {
    /// Its parts in TOML, behind `from`.
    pub parts: Vec<String>,
    /// What is not certain.
    pub doubts: Vec<String>,
    /// What has to be filled in.
    pub open: Option<String>,
    /// Most rows would be rejected: whatever the name says, it is another column.
    pub wrong: bool,
}

/// How days are written; none for ISO 8601.
const DAYS: [&str; 13] = [
    "",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d %b %Y",
    "%b %d, %Y",
];
/// How times of the day are.
const TIMES: [&str; 5] = ["", "%H:%M", "%H.%M", "%H%M", "%I:%M %p"];
/// What stands behind a day in a moment.
const BEHIND: [&str; 4] = ["", " %H:%M", " %H:%M:%S", " %I:%M %p"];

/// So many words are taken for words, and not for texts.
const MOST_WORDS: usize = 20;

/// What words often mean, in the form of [`names::plain`]; `1` and `0` are true and false.
const WORDS: &[(&str, &[&str])] = &[
    ("1", &["1", "y", "yes", "j", "ja", "t", "true", "x", "on", "active", "aktiv"]),
    ("0", &["0", "n", "no", "nein", "f", "false", "off", "inactive", "inaktiv"]),
    ("FEMALE", &["f", "w", "woman", "weiblich"]),
    ("MALE", &["m", "man", "maennlich"]),
    ("OTHER", &["d", "o", "diverse", "divers"]),
    ("IN_PERSON", &["p", "office", "clinic", "praxis"]),
    ("VIDEO", &["v", "online", "remote"]),
    ("SCHEDULED", &["planned", "booked", "open", "geplant"]),
    ("CONFIRMED", &["bestaetigt"]),
    ("COMPLETED", &["done", "finished", "attended", "erledigt"]),
    ("CANCELLED", &["canceled", "abgesagt", "storniert"]),
    ("NO_SHOW", &["missed", "nichtda"]),
    ("AVAILABLE", &["free", "here", "da"]),
    ("OFFLINE", &["away", "weg"]),
    ("CARD", &["creditcard", "debitcard", "ec"]),
    ("INSURANCE", &["insurer", "kasse"]),
    ("WALLET", &["paypal"]),
    ("URGENT", &["emergency", "notfall"]),
];

/// Guesses how the values become those of a column.
pub(super) fn guess<'a>(values: impl Iterator<Item = &'a str>, column: &Column) -> Guess {
    let values = counted(values);
    if values.is_empty() {
        let doubts = vec!["no row that was looked at has a value here".to_owned()];
        return Guess { doubts, ..Guess::default() };
    }
    match &column.kind {
        Kind::Enum(words) => in_words(&values, column, words),
        Kind::Bool => in_words(&values, column, &["1".to_owned(), "0".to_owned()]),
        Kind::Date => by_form(&values, column, "format", &DAYS.map(str::to_owned)),
        Kind::Time => by_form(&values, column, "format", &TIMES.map(str::to_owned)),
        Kind::Timestamp => {
            let moments = DAYS.iter().flat_map(|day| BEHIND.map(|behind| (day, behind)));
            // ISO 8601 says by itself whether there is a time
            let moments = moments.filter(|(day, behind)| !day.is_empty() || behind.is_empty());
            let moments: Vec<String> = moments.map(|(day, behind)| format!("{day}{behind}")).collect();
            by_form(&values, column, "format", &moments)
        }
        Kind::Decimal(..) => by_form(&values, column, "decimal", &["", ","].map(str::to_owned)),
        Kind::Varchar(_) | Kind::Text(_) | Kind::Int(..) | Kind::Json => {
            let mut guess = by_form(&values, column, "", &[String::new()]);
            if column.name == "email" && values.keys().filter(|value| value.contains('@')).count() * 2 > values.len() {
                guess.parts.push("pattern = \"email\"".to_owned());
            }
            guess
        }
    }
}

/// Whether most of the values are JSON.
pub(super) fn is_json<'a>(values: impl Iterator<Item = &'a str>, column: &Column) -> bool {
    let values = counted(values);
    results(&values, column, "", "").iter().flatten().count() * 2 > values.len()
}

/// Different values, and how many rows have each.
type Values<'a> = BTreeMap<&'a str, usize>;

fn counted<'a>(values: impl Iterator<Item = &'a str>) -> Values<'a> {
    let mut counted = Values::new();
    values.for_each(|value| *counted.entry(value).or_default() += 1);
    counted
}

/// Looks for the one way to write that all values have. Where two of them fit and differ, both are written: what means two days is then
/// found by the check.
fn by_form(values: &Values<'_>, column: &Column, key: &str, ways: &[String]) -> Guess {
    let (mut most, mut best): (usize, Vec<(&str, Results)>) = (0, Vec::new());
    for way in ways {
        let read = results(values, column, key, way);
        let fit = read.iter().zip(values.values()).filter(|(read, _)| read.is_some()).map(|(_, rows)| rows).sum();
        if fit > most {
            (most, best) = (fit, Vec::new());
        }
        if fit > 0 && fit == most && best.iter().all(|(_, other)| *other != read) {
            best.push((way, read));
        }
    }
    let mut guess = Guess::default();
    let found: Vec<&str> = best.iter().map(|(way, _)| *way).collect();
    let all: usize = values.values().sum();
    if most < all {
        guess.doubts.push(format!("{} of {all} would be rejected", count(all - most, "row")));
    }
    // a few values may be wrong
    if most * 10 < all * 9 {
        guess.doubts.iter_mut().for_each(|doubt| doubt.push_str("; is this the right column?"));
        guess.wrong = most * 2 < all;
        return guess;
    }
    if found.len() > 1 {
        let ways: Vec<String> =
            found.iter().map(|way| if way.is_empty() { "ISO 8601".to_owned() } else { format!("`{way}`") }).collect();
        guess.doubts.push(format!("{} fit; keep the one that is meant", ways.join(" and ")));
    }
    if found.iter().any(|way| way.contains("%y")) {
        guess
            .doubts
            .push("a year has two digits: 00 to 69 are taken for 2000 to 2069, 70 to 99 for 1970 to 1999".to_owned());
    }
    match key {
        "format" if found != [""] => {
            guess.parts.push(format!("format = [{}]", super::list(found)));
        }
        "decimal" if found == [","] => guess.parts.push("decimal = \",\"".to_owned()),
        _ => {}
    }
    guess
}

/// What a column makes of values; none where it rejects them.
type Results = Vec<Option<String>>;

/// What the column makes of each value, written that way.
fn results(values: &Values<'_>, column: &Column, key: &str, way: &str) -> Results {
    let formats = if key == "format" && !way.is_empty() {
        value::format(way, &column.kind).into_iter().collect()
    } else {
        Vec::new()
    };
    let decimal = if key == "decimal" && !way.is_empty() { b',' } else { b'.' };
    let form = Form { formats, decimal, zone: Tz::UTC, today: None };
    let result = |text: &&str| {
        let mut out = String::new();
        value::write(&mut out, text, column, &form).ok().map(|()| out)
    };
    values.keys().map(result).collect()
}

/// Words, each with what it becomes where that can be guessed.
fn in_words(values: &Values<'_>, column: &Column, targets: &[String]) -> Guess {
    let mut guess = Guess::default();
    if results(values, column, "", "").iter().all(Option::is_some) {
        return guess;
    }
    if values.len() > MOST_WORDS || values.keys().any(|value| value.chars().count() > 40) {
        guess
            .doubts
            .push(format!("{} different values are too many for words; is this the right column?", values.len()));
        return guess;
    }
    let meant = |value: &str| {
        let plain = names::plain(value);
        let same = targets.iter().find(|target| names::plain(target) == plain);
        let known =
            |target: &&String| WORDS.iter().any(|(word, often)| word == target && often.contains(&plain.as_str()));
        same.or_else(|| targets.iter().find(known)).map_or("?", String::as_str)
    };
    let words: Vec<(&str, &str)> = values.keys().map(|value| (*value, meant(value))).collect();
    if words.iter().any(|(_, target)| *target == "?") {
        guess.open = Some(format!("what `?` is, of {}", targets.join(", ")));
    } else {
        guess.doubts.push("what the words mean is guessed".to_owned());
    }
    let words: Vec<String> =
        words.iter().map(|(word, target)| format!("{} = {}", quote(word), quote(target))).collect();
    guess.parts.push(format!("words = {{ {} }}", words.join(", ")));
    guess
}
