//! Turns the columns of one fixture into values.
//!
//! A text may stand for something else: `=…` for what follows, to the letter; `@table.label` for the id of another row;
//! `@null` for NULL; `@repeat 255 x` for a text as often; `today-400d` for a date.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::finding::{Finding, Place, hint};
use super::fixtures::{Row, Value, id};
use super::relative::resolve;
use crate::db::ident::{Ident, nearest};

/// The longest text that `@repeat` makes, in bytes: no column that a fixture could need takes more.
const MOST_BYTES: usize = 16 << 20;

/// Reads one row, and notes which rows it refers to.
pub(super) struct Reader<'a> {
    place: Place,
    /// The row without its columns' place.
    row: Place,
    labels: &'a BTreeSet<String>,
    today: NaiveDate,
    needs: Vec<(String, String)>,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        row: Place,
        labels: &'a BTreeSet<String>,
        today: NaiveDate,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        Self { place: row.clone(), row, labels, today, needs: Vec::new(), findings }
    }

    /// The row `label` of a table. What can't be read is a finding, and makes it a broken one.
    pub(super) fn row(mut self, table: &str, label: &str, columns: toml::Table) -> Row {
        let findings = self.findings.len();
        let mut values = Vec::new();
        for (column, value) in columns {
            self.place = self.row.column(&column);
            if column == "id" {
                let place = self.row.clone();
                self.findings.push(place.finding("`id` comes from the label; leave it out"));
                continue;
            }
            match Ident::new(&column) {
                Ok(name) => values.extend(self.value(value).map(|value| (name, value))),
                Err(error) => self.findings.push(self.row.clone().finding(error.to_string())),
            }
        }
        let broken = self.findings.len() > findings;
        Row { label: label.to_owned(), id: id(table, label), columns: values, needs: self.needs, broken }
    }

    /// None: there is a finding.
    fn value(&mut self, value: toml::Value) -> Option<Value> {
        Some(match value {
            toml::Value::Integer(number) => Value::Integer(number),
            toml::Value::Float(number) => Value::Float(number),
            toml::Value::Boolean(truth) => Value::Bool(truth),
            toml::Value::Array(_) | toml::Value::Table(_) => Value::Text(self.json(value)?.to_string()),
            toml::Value::String(text) => self.text(text)?.map_or(Value::Null, Value::Text),
            // MySQL takes offsets since 8.0.19, and no `Z`
            toml::Value::Datetime(datetime) => {
                Value::Text(datetime.to_string().replace('T', " ").replace('Z', "+00:00"))
            }
        })
    }

    fn json(&mut self, value: toml::Value) -> Option<serde_json::Value> {
        Some(match value {
            toml::Value::String(text) => self.text(text)?.into(),
            toml::Value::Integer(number) => number.into(),
            toml::Value::Float(number) => match serde_json::Number::from_f64(number) {
                Some(number) => number.into(),
                None => {
                    return self.wrong(format!("JSON has no number `{number}`; leave it out, or write it as a text"));
                }
            },
            toml::Value::Boolean(truth) => truth.into(),
            toml::Value::Datetime(datetime) => datetime.to_string().into(),
            toml::Value::Array(values) => {
                values.into_iter().map(|value| self.json(value)).collect::<Option<Vec<_>>>()?.into()
            }
            toml::Value::Table(members) => {
                let members = members.into_iter().map(|(name, value)| Some((name, self.json(value)?)));
                serde_json::Value::Object(members.collect::<Option<_>>()?)
            }
        })
    }

    /// What a text stands for; none inside for NULL, none outside for a finding.
    #[expect(clippy::option_option, reason = "the outer one is the finding, the inner one is NULL")]
    fn text(&mut self, text: String) -> Option<Option<String>> {
        if let Some(plain) = text.strip_prefix('=') {
            return Some(Some(plain.to_owned()));
        }
        if text == "@null" {
            return Some(None);
        }
        if let Some(rest) = text.strip_prefix("@repeat ") {
            return self.repeat(rest).map(Some);
        }
        if let Some(reference) = text.strip_prefix('@') {
            return self.reference(reference).map(Some);
        }
        match resolve(&text, self.today) {
            Ok(resolved) => Some(Some(resolved.unwrap_or(text))),
            Err(error) => self.wrong(error.to_string()),
        }
    }

    /// `255 x`: a number, a space, and what is repeated.
    fn repeat(&mut self, rest: &str) -> Option<String> {
        let parts = rest.split_once(' ').filter(|(_, text)| !text.is_empty());
        let times = parts.and_then(|(times, text)| Some((times.parse::<usize>().ok()?, text)));
        let fits = |&(times, text): &(usize, &str)| text.len().checked_mul(times).is_some_and(|all| all <= MOST_BYTES);
        match times.filter(fits) {
            Some((times, text)) => Some(text.repeat(times)),
            None => self.wrong(format!(
                "`@repeat {rest}` is no repetition of at most 16 MiB; write `@repeat 255 x`, or for a text `=@repeat {rest}`"
            )),
        }
    }

    fn reference(&mut self, reference: &str) -> Option<String> {
        match reference.split_once('.') {
            Some((table, label)) if self.labels.contains(reference) => {
                self.needs.push((table.to_owned(), label.to_owned()));
                Some(id(table, label))
            }
            _ => {
                let near = nearest(reference, self.labels.iter().map(String::as_str)).map(|near| format!("@{near}"));
                let hint = hint(near.as_deref());
                self.wrong(format!(
                    "there is no row `@{reference}`{hint}; a text that is no reference is written `=@{reference}`"
                ))
            }
        }
    }

    fn wrong<T>(&mut self, what: String) -> Option<T> {
        self.findings.push(self.place.clone().finding(what));
        None
    }
}
