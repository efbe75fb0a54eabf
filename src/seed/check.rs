//! What is wrong with fixtures, told from the columns' types alone. Pure.
//!
//! Only what is certain is a finding, and what the server would change without a word (a number that it rounds, a time
//! that a DATE loses). The rest is for the server to say: `trial`.

use chrono::{NaiveDate, NaiveDateTime};

use super::blame::{JSON_DEPTH, json_depth};
use super::finding::{Finding, hint};
use super::fixtures::{Table, Value};
use super::live::{Column, Columns, unknown_names};
use crate::db::ident::nearest;

/// All findings, in the order of the files.
#[must_use]
pub fn check(live: &Columns, tables: &[Table]) -> Vec<Finding> {
    let mut findings = unknown_names(live, tables);
    for table in tables {
        let columns = live.get(table.name.as_str());
        let Some(columns) = columns.filter(|columns| columns.iter().any(|column| column.name == "id")) else {
            continue;
        };
        for row in &table.rows {
            let place = table.place(row);
            let is_given = |column: &Column| row.columns.iter().any(|(name, _)| name.as_str() == column.name);
            // of a broken row it is not known what was to be there
            for column in columns.iter().filter(|column| !row.broken && column.name != "id") {
                if !column.may_be_left_out() && !is_given(column) {
                    findings.push(
                        place.column(&column.name).finding("it is missing, and has no default that could stand in"),
                    );
                }
            }
            for (name, value) in &row.columns {
                let column = columns.iter().find(|column| column.name == name.as_str());
                if let Some(what) = column.and_then(|column| judge(column, value)) {
                    findings.push(place.column(name.as_str()).finding(what));
                }
            }
        }
    }
    findings
}

/// What is wrong with a value in a column.
fn judge(column: &Column, value: &Value) -> Option<String> {
    if column.generated {
        return Some("the server computes it; leave it out".to_owned());
    }
    if *value == Value::Null {
        return (!column.nullable).then(|| "it may not be NULL".to_owned());
    }
    if let Some(values) = column.enum_values() {
        return enumerated(&values, value);
    }
    match column.data_type.as_str() {
        "tinyint" => whole(column, 8, value),
        "smallint" => whole(column, 16, value),
        "mediumint" => whole(column, 24, value),
        "int" => whole(column, 32, value),
        "bigint" => whole(column, 64, value),
        "decimal" => decimal(column, value),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => text(column, value),
        "date" => date(value),
        "timestamp" => timestamp(value),
        "json" => json(value),
        _ => None,
    }
}

fn enumerated(values: &[String], value: &Value) -> Option<String> {
    let list = || values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    let Value::Text(text) = value else { return Some(format!("it is none of {}", list())) };
    if values.iter().any(|value| value.eq_ignore_ascii_case(text)) {
        return None;
    }
    let near = nearest(text, values.iter().map(String::as_str));
    Some(format!("`{}` is none of {}{}", short(text), list(), hint(near)))
}

fn whole(column: &Column, bits: u32, value: &Value) -> Option<String> {
    let (low, high) = if column.column_type.contains("unsigned") {
        (0, (1_i128 << bits) - 1)
    } else {
        (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1)
    };
    let number = match value {
        Value::Integer(number) => i128::from(*number),
        Value::Bool(truth) => i128::from(*truth),
        Value::Float(number) => return (number.fract() != 0.0).then(|| format!("`{number}` would be rounded")),
        Value::Text(text) => match text.parse() {
            Ok(number) => number,
            Err(_) => return Some(format!("`{}` is no whole number", short(text))),
        },
        Value::Null => return None,
    };
    (!(low..=high).contains(&number)).then(|| format!("`{number}` is not between {low} and {high}"))
}

fn decimal(column: &Column, value: &Value) -> Option<String> {
    let (digits, scale) = column.digits?;
    let text = match value {
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bool(_) => return Some("a truth value is no amount".to_owned()),
        Value::Null => return None,
    };
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        // an exponent is a number as well
        return text.parse::<f64>().is_err().then(|| format!("`{}` is no number", short(&text)));
    }
    let length = |part: &str| part.len() as u64;
    if length(whole.trim_start_matches('0')) > digits - scale {
        return Some(format!("`{}` has more than {} digits before the point", short(&text), digits - scale));
    }
    (length(fraction.trim_end_matches('0')) > scale)
        .then(|| format!("`{}` would be rounded to {scale} digits behind the point", short(&text)))
}

fn text(column: &Column, value: &Value) -> Option<String> {
    let text = match value {
        Value::Text(text) => text,
        Value::Bool(truth) => return Some(format!("`{truth}` would become the text `{}`", u8::from(*truth))),
        _ => return None,
    };
    let characters = text.chars().count() as u64;
    if column.data_type == "char" || column.data_type == "varchar" {
        let most = column.characters.unwrap_or(u64::MAX);
        return (characters > most).then(|| format!("it is {characters} characters long, {most} are the most"));
    }
    let (bytes, most) = (text.len() as u64, column.bytes.unwrap_or(u64::MAX));
    (bytes > most).then(|| format!("it is {bytes} bytes long, {most} are the most"))
}

fn date(value: &Value) -> Option<String> {
    let Value::Text(text) = value else { return Some("it is no date; write `2026-11-23` in quotes".to_owned()) };
    if !looks_like_a_date(text) {
        return None;
    }
    let (day, rest) = text.split_at(10);
    match (day.parse::<NaiveDate>(), rest) {
        (Err(_), _) => Some(format!("`{day}` is no day of the calendar")),
        (Ok(_), "" | " 00:00:00") => None,
        (Ok(_), _) => Some(format!("`{}` has a time, which a DATE would lose", short(text))),
    }
}

fn timestamp(value: &Value) -> Option<String> {
    let Value::Text(text) = value else { return Some("it is no time; write `2026-11-23 09:30` in quotes".to_owned()) };
    if !looks_like_a_date(text) {
        return None;
    }
    let day = &text[..10];
    if day.parse::<NaiveDate>().is_err() {
        return Some(format!("`{day}` is no day of the calendar"));
    }
    // with an offset, or in a form that only the server knows: it says
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?.and_utc().timestamp();
    (!(1..=i64::from(i32::MAX)).contains(&time)).then(|| {
        format!(
            "`{}` is not between 1970-01-01 00:00:01 and 2038-01-19 03:14:07, the range of a TIMESTAMP",
            short(text)
        )
    })
}

/// `2026-11-23…`
fn looks_like_a_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn json(value: &Value) -> Option<String> {
    let Value::Text(text) = value else { return None };
    let depth = json_depth(text);
    if depth > JSON_DEPTH {
        return Some(format!("the JSON is nested {depth} deep, {JSON_DEPTH} is the most"));
    }
    let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
    Some(format!("it is no JSON: {error}"))
}

/// A value as it is shown: the beginning of a long one.
fn short(text: &str) -> String {
    const MOST: usize = 40;
    let mut short: String = text.chars().take(MOST).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(kind: &str, value: &Value) -> String {
        let data_type = kind.split(['(', ' ']).next().unwrap().to_owned();
        let length = kind.split_once('(').and_then(|(_, rest)| rest.split([',', ')']).next()?.parse().ok());
        let scale = kind.split_once(',').and_then(|(_, rest)| rest.trim_end_matches(')').parse().ok());
        let column = Column {
            bytes: (data_type == "text").then_some(65_535),
            characters: length,
            digits: length.zip(scale),
            column_type: kind.to_owned(),
            data_type,
            ..Column::default()
        };
        judge(&column, value).unwrap_or_default()
    }

    #[test]
    fn what_fits_is_no_finding() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (kind, value) in [
            ("tinyint(1)", Value::Bool(true)),
            ("int", Value::Integer(-2_147_483_648)),
            ("int unsigned", Value::Integer(4_294_967_295)),
            ("bigint", Value::Integer(i64::MIN)),
            ("bigint unsigned", text("18446744073709551615")),
            ("int", Value::Float(2.0)),
            ("decimal(10,2)", text("99999999.99")),
            ("decimal(10,2)", text("-00099999999.9900")),
            ("decimal(10,2)", text("1e3")),
            ("decimal(10,2)", Value::Integer(5)),
            ("varchar(3)", text("🦀🦀🦀")),
            ("varchar(3)", Value::Integer(5)),
            ("enum('A','B''C')", text("b'c")),
            ("date", text("2024-02-29")),
            ("date", text("20240230")),
            ("timestamp", text("2038-01-19 03:14:07")),
            ("timestamp", text("2038-01-19 03:14:08+02:00")),
            ("time", text("25:00")),
            ("json", text("[1, {\"a\": null}]")),
            ("geometry", text("x")),
        ] {
            assert_eq!(judged(kind, &value), "", "{kind} {value:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (kind, value, what) in [
            ("tinyint(1)", Value::Integer(128), "`128` is not between -128 and 127"),
            ("int unsigned", Value::Integer(-1), "`-1` is not between 0 and 4294967295"),
            ("int", Value::Float(2.5), "`2.5` would be rounded"),
            ("int", text("many"), "`many` is no whole number"),
            ("int", Value::Null, "it may not be NULL"),
            ("decimal(5,2)", text("1000"), "`1000` has more than 3 digits before the point"),
            ("decimal(5,2)", text("1.001"), "`1.001` would be rounded to 2 digits behind the point"),
            ("decimal(5,2)", text("1,5"), "`1,5` is no number"),
            ("decimal(5,2)", Value::Bool(true), "a truth value is no amount"),
            ("varchar(3)", text("four"), "it is 4 characters long, 3 are the most"),
            ("varchar(3)", Value::Bool(true), "`true` would become the text `1`"),
            ("enum('CARD','CASH')", text("CRAD"), "`CRAD` is none of `CARD`, `CASH`, did you mean `CARD`?"),
            ("enum('CARD','CASH')", Value::Integer(1), "it is none of `CARD`, `CASH`"),
            ("date", text("2023-02-30"), "`2023-02-30` is no day of the calendar"),
            ("date", text("2023-02-03 10:00:00"), "`2023-02-03 10:00:00` has a time, which a DATE would lose"),
            ("date", Value::Integer(1), "it is no date; write `2026-11-23` in quotes"),
            ("timestamp", text("2023-13-01 00:00:00"), "`2023-13-01` is no day of the calendar"),
            (
                "timestamp",
                text("2038-01-19 03:14:08"),
                "`2038-01-19 03:14:08` is not between 1970-01-01 00:00:01 and 2038-01-19 03:14:07, the range of a TIMESTAMP",
            ),
            ("json", text("{a: 1}"), "it is no JSON: key must be a string at line 1 column 2"),
        ] {
            assert_eq!(judged(kind, &value), what, "{kind}");
        }
        assert_eq!(judged("text", &text(&"x".repeat(65_536))), "it is 65536 bytes long, 65535 are the most");
        let deep = format!("{}{}", "[".repeat(101), "]".repeat(101));
        assert_eq!(judged("json", &text(&deep)), "the JSON is nested 101 deep, 100 is the most");
    }
}
