//! Fixture files: one TOML file a table, one TOML table a row, headed by the row's label.
//!
//! `id` is the UUIDv5 of table and label. `"@table.label"` is the id of another row. Dates may be relative to a day. A text that
//! begins with `=` is what follows it, to the letter. Arrays and inline tables become JSON.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use chrono::NaiveDate;
use include_dir::{Dir, include_dir};
use uuid::Uuid;

use super::relative::{NotRelative, resolve};
use crate::db::ident::{Ident, InvalidIdent, nearest};
use crate::migrate::files::Location;

static DEMO: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/demo");

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

/// What is wrong with a fixture; the message names file, row and column.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// The folder or a file can't be read.
    #[error("could not read `{path}`: {reason}; correct `--fixtures` or `caredb.toml`")]
    Unreadable {
        /// Folder or file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// Not one TOML file there.
    #[error("`{0}` holds no fixtures; put one `.toml` file a table there")]
    NoFiles(String),
    /// A file that is no TOML.
    #[error("`{file}` line {line}: {reason}")]
    Toml {
        /// The file.
        file: String,
        /// Where.
        line: usize,
        /// What.
        reason: String,
    },
    /// A file or column whose name can't be one.
    #[error("`{file}`: {error}")]
    Name {
        /// The file.
        file: String,
        /// Which, and why.
        error: InvalidIdent,
    },
    /// A row that is no table of columns.
    #[error("`{file}` row `{row}`: not a row; write `[{row}]` and its columns below")]
    NotARow {
        /// The file.
        file: String,
        /// The label.
        row: String,
    },
    /// `id` is given.
    #[error("`{file}` row `{row}`: `id` comes from the label; leave it out")]
    Id {
        /// The file.
        file: String,
        /// The label.
        row: String,
    },
    /// A reference to a row that there is not.
    #[error("`{file}` row `{row}` column `{column}`: there is no row `{reference}`{}; a text that is no reference is written `={reference}`", hint.as_ref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    Reference {
        /// The file.
        file: String,
        /// The label.
        row: String,
        /// The column.
        column: String,
        /// As it is written.
        reference: String,
        /// The nearest there is.
        hint: Option<String>,
    },
    /// A date that can't be resolved.
    #[error("`{file}` row `{row}` column `{column}`: {error}")]
    Date {
        /// The file.
        file: String,
        /// The label.
        row: String,
        /// The column.
        column: String,
        /// What is wrong.
        error: NotRelative,
    },
    /// A number that JSON does not have.
    #[error(
        "`{file}` row `{row}` column `{column}`: JSON has no number `{number}`; leave it out, or write it as a text"
    )]
    NotJson {
        /// The file.
        file: String,
        /// The label.
        row: String,
        /// The column.
        column: String,
        /// `nan`, `inf`.
        number: f64,
    },
    /// Rows or tables that refer to each other in a circle.
    #[error("{0} refer to each other in a circle, so none can be loaded first; leave one reference out")]
    Circle(String),
}

/// Reads the fixtures of a location and resolves labels and dates against `today`. Tables come in an order
/// in which each follows those that its rows refer to.
pub fn read(location: &Location, today: NaiveDate) -> Result<Vec<Table>, FixtureError> {
    let mut files = Vec::new();
    for (file, text) in texts(location)? {
        let parsed: toml::Table = toml::from_str(&text).map_err(|error| FixtureError::Toml {
            file: file.clone(),
            line: error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1),
            reason: error.message().replace('\n', " "),
        })?;
        let stem = Path::new(&file).file_stem().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        let name = Ident::new(stem).map_err(|error| FixtureError::Name { file: file.clone(), error })?;
        files.push((file, name, parsed));
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
            let toml::Value::Table(columns) = row else { return Err(FixtureError::NotARow { file, row: label }) };
            let mut reader =
                RowReader { file: &file, row: &label, column: "", labels: &labels, today, needs: Vec::new() };
            let row = reader.row(name.as_str(), columns)?;
            for (table, label) in reader.needs {
                if table == name.as_str() {
                    row_needs.entry(row.label.clone()).or_default().insert(label);
                } else {
                    needed_tables.insert(table);
                }
            }
            resolved.push(row);
        }
        let rows = order(resolved, |row| row.label.as_str(), &row_needs)?;
        tables.push(Table { file, name, rows });
    }
    order(tables, |table| table.name.as_str(), &table_needs)
}

fn texts(location: &Location) -> Result<BTreeMap<String, String>, FixtureError> {
    let mut texts = BTreeMap::new();
    let not_text =
        |path: &str| FixtureError::Unreadable { path: path.to_owned(), reason: "it is not UTF-8".to_owned() };
    match location {
        Location::Embedded => {
            for file in DEMO.files() {
                let name = file.path().to_string_lossy().into_owned();
                texts.insert(name.clone(), file.contents_utf8().ok_or_else(|| not_text(&name))?.to_owned());
            }
        }
        Location::Folder(folder) => {
            let shown = folder.display().to_string();
            let failed = |error: std::io::Error| FixtureError::Unreadable {
                path: shown.clone(),
                reason: error.to_string().to_lowercase(),
            };
            for entry in std::fs::read_dir(folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if path.extension().is_some_and(|extension| extension == "toml") && !name.starts_with('.') {
                    let bytes = std::fs::read(&path).map_err(failed)?;
                    let text = String::from_utf8(bytes).map_err(|_| not_text(&name))?;
                    texts.insert(name, text);
                }
            }
            if texts.is_empty() {
                return Err(FixtureError::NoFiles(shown));
            }
        }
    }
    Ok(texts)
}

/// Turns one row of a file into values, and notes which rows it refers to.
struct RowReader<'a> {
    file: &'a str,
    row: &'a str,
    column: &'a str,
    labels: &'a BTreeSet<String>,
    today: NaiveDate,
    needs: Vec<(String, String)>,
}

impl RowReader<'_> {
    fn row(&mut self, table: &str, columns: toml::Table) -> Result<Row, FixtureError> {
        let mut values = Vec::new();
        for (column, value) in columns {
            if column == "id" {
                return Err(FixtureError::Id { file: self.file.to_owned(), row: self.row.to_owned() });
            }
            let name = Ident::new(&column).map_err(|error| FixtureError::Name { file: self.file.to_owned(), error })?;
            let value =
                RowReader { column: &column, needs: std::mem::take(&mut self.needs), ..*self }.value_and_needs(value);
            let (value, needs) = value?;
            self.needs = needs;
            values.push((name, value));
        }
        Ok(Row { label: self.row.to_owned(), id: id(table, self.row), columns: values })
    }

    fn value_and_needs(mut self, value: toml::Value) -> Result<(Value, Vec<(String, String)>), FixtureError> {
        let value = match value {
            toml::Value::Integer(number) => Value::Integer(number),
            toml::Value::Float(number) => Value::Float(number),
            toml::Value::Boolean(truth) => Value::Bool(truth),
            toml::Value::Array(_) | toml::Value::Table(_) => Value::Text(self.json(value)?.to_string()),
            toml::Value::String(text) => Value::Text(self.text(text)?),
            // MySQL takes offsets since 8.0.19, and no `Z`
            toml::Value::Datetime(datetime) => {
                Value::Text(datetime.to_string().replace('T', " ").replace('Z', "+00:00"))
            }
        };
        Ok((value, self.needs))
    }

    fn json(&mut self, value: toml::Value) -> Result<serde_json::Value, FixtureError> {
        Ok(match value {
            toml::Value::String(text) => self.text(text)?.into(),
            toml::Value::Integer(number) => number.into(),
            toml::Value::Float(number) => {
                let json = serde_json::Number::from_f64(number).ok_or_else(|| FixtureError::NotJson {
                    file: self.file.to_owned(),
                    row: self.row.to_owned(),
                    column: self.column.to_owned(),
                    number,
                })?;
                json.into()
            }
            toml::Value::Boolean(truth) => truth.into(),
            toml::Value::Datetime(datetime) => datetime.to_string().into(),
            toml::Value::Array(values) => {
                values.into_iter().map(|value| self.json(value)).collect::<Result<Vec<_>, _>>()?.into()
            }
            toml::Value::Table(members) => {
                let members = members.into_iter().map(|(name, value)| Ok((name, self.json(value)?)));
                serde_json::Value::Object(members.collect::<Result<_, FixtureError>>()?)
            }
        })
    }

    /// A text with its reference or its relative date resolved.
    fn text(&mut self, text: String) -> Result<String, FixtureError> {
        if let Some(plain) = text.strip_prefix('=') {
            return Ok(plain.to_owned());
        }
        if let Some(reference) = text.strip_prefix('@') {
            return self.reference(reference);
        }
        let resolved = resolve(&text, self.today).map_err(|error| FixtureError::Date {
            file: self.file.to_owned(),
            row: self.row.to_owned(),
            column: self.column.to_owned(),
            error,
        })?;
        Ok(resolved.unwrap_or(text))
    }

    fn reference(&mut self, reference: &str) -> Result<String, FixtureError> {
        match reference.split_once('.') {
            Some((table, label)) if self.labels.contains(reference) => {
                self.needs.push((table.to_owned(), label.to_owned()));
                Ok(id(table, label))
            }
            _ => Err(FixtureError::Reference {
                file: self.file.to_owned(),
                row: self.row.to_owned(),
                column: self.column.to_owned(),
                reference: format!("@{reference}"),
                hint: nearest(reference, self.labels.iter().map(String::as_str)).map(|near| format!("@{near}")),
            }),
        }
    }
}

fn id(table: &str, label: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{table}.{label}").as_bytes()).to_string()
}

/// Orders things so that each comes after those that it needs, and otherwise as they came.
fn order<T>(
    things: Vec<T>,
    name: impl Fn(&T) -> &str,
    needs: &BTreeMap<String, BTreeSet<String>>,
) -> Result<Vec<T>, FixtureError> {
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
            return Err(FixtureError::Circle(names.join(", ")));
        }
        let mut ready = ready.into_iter();
        let (now, later): (Vec<T>, Vec<T>) = waiting.into_iter().partition(|_| ready.next() == Some(true));
        ordered.extend(now);
        waiting = later;
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(order(vec!["a", "b", "c", "d"], |thing| thing, &needs).unwrap(), ["b", "d", "c", "a"]);
        let circle = BTreeMap::from([("a".to_owned(), BTreeSet::from(["a".to_owned()]))]);
        assert_eq!(
            order(vec!["a"], |thing| thing, &circle).unwrap_err().to_string(),
            "`a` refer to each other in a circle, so none can be loaded first; leave one reference out"
        );
    }

    #[test]
    fn the_demo_data_are_whole() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let tables = read(&Location::Embedded, today).unwrap();
        assert_eq!(tables.len(), 13);
        assert_eq!(tables[0].name.as_str(), "users");
    }
}
