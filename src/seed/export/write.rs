//! Fixture files as text, of rows whose values have been replaced. Pure.

use std::fmt::Write as _;

use chrono::NaiveDate;

use super::fake::Faker;
use super::policy::{How, known, unknown};
use super::read::{Rows, Tables};
use crate::db::ident::Ident;
use crate::seed::fixtures;
use crate::seed::live::{Column, Reference};
use crate::seed::relative::resolve;

/// The text of a table's file, and how many references lead to rows that are not exported.
#[must_use]
pub fn file(faker: &Faker, tables: &Tables, references: &[Reference], table: &Ident, rows: &Rows) -> (String, usize) {
    let mut text = "# Exported by `caredb seed export`: what could be a person's is replaced.\n".to_owned();
    let mut loose = 0;
    let name = table.as_str();
    // by label, so that the order says nothing of the ids
    let mut labelled: Vec<(String, &Vec<Option<String>>)> =
        rows.rows.iter().map(|(id, values)| (faker.label(name, id), values)).collect();
    labelled.sort();
    for (label, values) in labelled {
        let _ = write!(text, "\n[{label}]\n"); // writing into a String can't fail
        for (column, value) in rows.columns.iter().zip(values) {
            let parent = references.iter().find(|it| it.table == *table && it.column.as_str() == column.name);
            let written = match (value, parent) {
                // without the column, NULL would become the default
                (None, _) if column.has_default => string("@null"),
                (None, _) => continue,
                (Some(id), Some(Reference { parent, .. })) => {
                    let label = faker.label(parent.as_str(), id);
                    if tables.get(parent).is_some_and(|rows| rows.rows.contains_key(id)) {
                        string(&format!("@{}.{label}", parent.as_str()))
                    } else {
                        loose += 1;
                        // the id that the row has where it was exported with the same key
                        string(&fixtures::id(parent.as_str(), &label))
                    }
                }
                (Some(value), None) => of_column(faker, name, column, value),
            };
            let _ = writeln!(text, "{} = {written}", key(&column.name));
        }
    }
    (text, loose)
}

/// A value as TOML, replaced as its column demands.
fn of_column(faker: &Faker, table: &str, column: &Column, value: &str) -> String {
    let how = known(table, &column.name).unwrap_or_else(|| unknown(&column.data_type, &column.column_type));
    let is_text = column.characters.is_some();
    // the schema's own words are not a person's, whatever the column
    let how = if matches!(column.data_type.as_str(), "enum" | "set") { How::Keep } else { how };
    if column.data_type == "json" {
        let json = if how == How::Keep { serde_json::from_str(value).unwrap_or_default() } else { faker.json(value) };
        return match inline(&json, 0) {
            Some(inline) if json.is_array() || json.is_object() => inline,
            _ => string(&plain(&json.to_string())),
        };
    }
    let most = column.characters.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    let fake = faker.fake(how, value, most);
    if is_text {
        return string(&plain(&fake));
    }
    match column.data_type.as_str() {
        "tinyint" if column.column_type.starts_with("tinyint(1)") && (fake == "0" || fake == "1") => {
            (fake == "1").to_string()
        }
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" if fake.parse::<i64>().is_ok() => fake,
        _ => string(&plain(&fake)),
    }
}

/// A text as a fixture says it: with `=` where it would stand for something else.
fn plain(text: &str) -> String {
    let stands_for_another = text.starts_with(['=', '@']) || resolve(text, NaiveDate::MIN) != Ok(None);
    if stands_for_another { format!("={text}") } else { text.to_owned() }
}

/// How deep arrays and inline tables may lie in each other: readers of TOML have their limits.
const DEPTH: usize = 20;

/// JSON as TOML; none where TOML can't say it.
fn inline(json: &serde_json::Value, depth: usize) -> Option<String> {
    use serde_json::Value;
    if depth > DEPTH {
        return None;
    }
    Some(match json {
        Value::Null => string("@null"),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => match (number.as_i64(), number.is_f64()) {
            (Some(number), _) => number.to_string(),
            (None, true) => number.to_string(),
            (None, false) => return None,
        },
        Value::String(text) => string(&plain(text)),
        Value::Array(items) => {
            let items = items.iter().map(|item| inline(item, depth + 1)).collect::<Option<Vec<_>>>()?;
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members =
                members.iter().map(|(name, value)| Some(format!("{} = {}", key(name), inline(value, depth + 1)?)));
            format!("{{ {} }}", members.collect::<Option<Vec<_>>>()?.join(", "))
        }
    })
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if is_bare { name.to_owned() } else { string(name) }
}

/// A basic string of TOML.
fn string(text: &str) -> String {
    let mut string = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => string.push_str("\\\""),
            '\\' => string.push_str("\\\\"),
            '\n' => string.push_str("\\n"),
            '\r' => string.push_str("\\r"),
            '\t' => string.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(string, "\\u{:04X}", u32::from(c)); // writing into a String can't fail
            }
            c => string.push(c),
        }
    }
    string.push('"');
    string
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in
            ["", "a \"b\" \\c\\", "line\nline\r\n\t\0\u{7f}\u{85}", "🦀", "=x", "@users.a", "today-1d", "today-"]
        {
            let toml: toml::Table = toml::from_str(&format!("{} = {}", key(text), string(text))).unwrap();
            assert_eq!(toml[text].as_str(), Some(text));
        }
        assert_eq!(
            ["=x", "@users.a", "@null", "today-1d", "today-x", "monday morning"].map(plain),
            ["==x", "=@users.a", "=@null", "=today-1d", "=today-x", "monday morning"]
        );
        let json: serde_json::Value =
            serde_json::from_str(r#"{"a b": [1, -2.5, true, null, {}, []], "c": {"d": "=e"}}"#).unwrap();
        assert_eq!(inline(&json, 0).unwrap(), r#"{ "a b" = [1, -2.5, true, "@null", {}, []], c = { d = "==e" } }"#);
    }
}
