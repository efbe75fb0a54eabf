//! Fixture files: one TOML file a table, one TOML table a row, headed by the row's label.
//!
//! `id` is the UUIDv5 of table and label. What a column's text may stand for says `reader`. Arrays and inline tables become
//! JSON.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use chrono::NaiveDate;
use uuid::Uuid;

use super::finding::{Finding, Place};
use super::reader::Reader;
use super::sets::Set;
use crate::db::ident::Ident;
use crate::output::toml::wrong;

/// The namespace of all fixture ids; never changes, or every seeded row would get another id.
const NAMESPACE: Uuid = Uuid::from_u128(0x6b1f_5d1e_9a52_5c3e_8f0a_3a86_0c7d_b10e);

/// One row, ready to be bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its label.
    pub label: String,
    /// Its id.
    pub id: String,
    /// Columns besides `id`, in the order of the file.
    pub columns: Vec<(Ident, Value)>,
    /// The rows that it refers to: table and label.
    pub needs: Vec<(String, String)>,
    /// A column could not be read, so the row is not what its file means.
    pub broken: bool,
}

/// A value as it is bound.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, dates, decimals and JSON.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// NULL, which is not the same as leaving the column out: that gives its default.
    Null,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The file, for messages.
    pub file: String,
    /// The table.
    pub name: Ident,
    /// In an order in which each row comes after those that it refers to.
    pub rows: Vec<Row>,
}

impl Table {
    /// Where a row stands.
    #[must_use]
    pub fn place(&self, row: &Row) -> Place {
        Place::row(&self.file, &row.label)
    }
}

/// Reads a set and resolves labels and dates against `today`. Tables come in an order in which each follows those that
/// its rows refer to. Errors: the first thing that is wrong.
pub fn read(set: &Set, today: NaiveDate) -> Result<Vec<Table>, Finding> {
    let (tables, mut findings) = parse(set, today);
    if findings.is_empty() { Ok(tables) } else { Err(findings.swap_remove(0)) }
}

/// Like `read`, but goes on after a finding: what can be read comes back beside all that is wrong.
#[must_use]
pub fn parse(set: &Set, today: NaiveDate) -> (Vec<Table>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut files = Vec::new();
    for (file, text) in &set.texts {
        match parse_file(file, text) {
            Ok((name, rows)) => files.push((file, name, rows)),
            Err(finding) => findings.push(finding),
        }
    }
    let labels: BTreeSet<String> = files
        .iter()
        .flat_map(|(_, name, rows)| rows.keys().map(move |label| format!("{}.{label}", name.as_str())))
        .collect();
    let mut tables = Vec::new();
    let mut table_needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, name, rows) in files {
        let mut resolved = Vec::new();
        let mut row_needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let needed_tables = table_needs.entry(name.as_str().to_owned()).or_default();
        for (label, row) in rows {
            let place = Place::row(file, &label);
            let toml::Value::Table(columns) = row else {
                findings.push(place.finding(format!("not a row; write `[{label}]` and its columns below")));
                continue;
            };
            let row = Reader::new(place, &labels, today, &mut findings).row(name.as_str(), &label, columns);
            for (table, label) in &row.needs {
                if table == name.as_str() {
                    row_needs.entry(row.label.clone()).or_default().insert(label.clone());
                } else {
                    needed_tables.insert(table.clone());
                }
            }
            resolved.push(row);
        }
        let (rows, circle) = order(resolved, |row| row.label.as_str(), &row_needs);
        findings.extend(circle.map(|what| Place::file(file).finding(what)));
        tables.push(Table { file: file.clone(), name, rows });
    }
    let (tables, circle) = order(tables, |table| table.name.as_str(), &table_needs);
    findings.extend(circle.map(|what| Place::file(&tables[tables.len() - 1].file).finding(what)));
    (tables, findings)
}

fn parse_file(file: &str, text: &str) -> Result<(Ident, toml::Table), Finding> {
    let rows: toml::Table = toml::from_str(text).map_err(|error| {
        let (line, what) = wrong(text, &error);
        Place { line: Some(line), ..Place::file(file) }.finding(what)
    })?;
    let stem = Path::new(file).file_stem().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    let name = Ident::new(stem).map_err(|error| Place::file(file).finding(error.to_string()))?;
    Ok((name, rows))
}

/// The id of the row `label` of a table.
#[must_use]
pub fn id(table: &str, label: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{table}.{label}").as_bytes()).to_string()
}

/// Orders things so that each comes after those that it needs, and otherwise as they came. What refers to each other in
/// a circle comes last, and is named.
fn order<T>(
    things: Vec<T>,
    name: impl Fn(&T) -> &str,
    needs: &BTreeMap<String, BTreeSet<String>>,
) -> (Vec<T>, Option<String>) {
    let mut waiting = things;
    let mut ordered: Vec<T> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let open: HashSet<&str> = waiting.iter().map(&name).collect();
        let is_ready = |thing: &T| {
            needs.get(name(thing)).is_none_or(|needs| needs.iter().all(|need| !open.contains(need.as_str())))
        };
        let ready: Vec<bool> = waiting.iter().map(is_ready).collect();
        if !ready.contains(&true) {
            let names: Vec<String> = waiting.iter().map(|thing| format!("`{}`", name(thing))).collect();
            let circle = format!(
                "{} refer to each other in a circle, so none can be loaded first; leave one reference out",
                names.join(", ")
            );
            ordered.extend(waiting);
            return (ordered, Some(circle));
        }
        let mut ready = ready.into_iter();
        let (now, later): (Vec<T>, Vec<T>) = waiting.into_iter().partition(|_| ready.next() == Some(true));
        ordered.extend(now);
        waiting = later;
    }
    (ordered, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::files::Location;
    use crate::seed::sets;

    #[test]
    fn ids_never_change() {
        assert_eq!(id("users", "marta"), "7f4ce425-bc00-5d9c-a6ef-9afbb58037be");
    }

    #[test]
    fn order_follows_needs() {
        let needs = BTreeMap::from([
            ("a".to_owned(), BTreeSet::from(["c".to_owned()])),
            ("c".to_owned(), BTreeSet::from(["d".to_owned()])),
        ]);
        assert_eq!(order(vec!["a", "b", "c", "d"], |thing| thing, &needs), (vec!["b", "d", "c", "a"], None));
        let circle = BTreeMap::from([("a".to_owned(), BTreeSet::from(["a".to_owned()]))]);
        assert_eq!(
            order(vec!["a"], |thing| thing, &circle).1.unwrap(),
            "`a` refer to each other in a circle, so none can be loaded first; leave one reference out"
        );
    }

    #[test]
    fn the_sets_of_the_binary_are_whole() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let names = ["demo".to_owned(), "edge".to_owned()];
        for set in sets::choose(&Location::Embedded, &names).unwrap() {
            let tables = read(&set, today).unwrap();
            assert_eq!(tables.len(), 13, "{}", set.name);
            assert_eq!(tables[0].name.as_str(), "users");
        }
    }
}
