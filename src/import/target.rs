//! The tables that rows are imported into: columns, keys and rules, as V1 to V15 leave them. They are in `tables.json`, so that
//! files can be checked without a database; a test compares it with one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// A table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its stored columns, in order.
    pub columns: Vec<Column>,
    /// Its unique keys beside the primary key, which is always `id`.
    pub unique: Vec<Unique>,
    /// Which table a column refers to, by its `id`.
    pub references: BTreeMap<String, String>,
    /// Its CHECK rules on two columns.
    pub after: Vec<After>,
}

/// A column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as MySQL shows it.
    #[serde(rename = "type", deserialize_with = "kind")]
    pub kind: Kind,
    /// It may be NULL.
    pub null: bool,
    /// It has a default, so that it can be left out.
    pub default: bool,
    /// The least number that a CHECK allows, or that can be: no CHECK says so, but nobody has -1 years.
    #[serde(default)]
    pub least: Option<i64>,
    /// The greatest.
    #[serde(default)]
    pub most: Option<i64>,
    /// Its days have come: no CHECK says so, but nobody is born tomorrow.
    #[serde(default)]
    pub past: bool,
}

/// What values a column takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// So many characters at the most.
    Varchar(usize),
    /// So many bytes at the most.
    Text(usize),
    /// One of these words.
    Enum(Vec<String>),
    /// A number between these.
    Int(i64, i64),
    /// So many digits, so many of them behind the point.
    Decimal(usize, usize),
    /// True or false.
    Bool,
    /// A day.
    Date,
    /// A time of the day, in seconds.
    Time,
    /// A moment in UTC, in seconds, of the years 1970 to 2038.
    Timestamp,
    /// A JSON document.
    Json,
}

/// A unique key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unique {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Rows that it does not cover.
    #[serde(default)]
    pub unless: Option<Unless>,
}

/// Rows with one of these words in a column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unless {
    /// The column.
    pub column: String,
    /// The words.
    pub is: Vec<String>,
}

/// A column must be later than another one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The column.
    pub later: String,
    /// The other one.
    pub earlier: String,
    /// Or may be equal.
    pub or_equal: bool,
}

impl Table {
    /// The place of a column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

static TABLES: LazyLock<BTreeMap<String, Table>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is a part of the program, and a test reads it")]
    serde_json::from_str(include_str!("tables.json")).expect("`tables.json` is right")
});

/// All tables by name.
#[must_use]
pub fn tables() -> &'static BTreeMap<String, Table> {
    &TABLES
}

fn kind<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no type that can be imported into")))
}

/// A type as MySQL shows it.
fn parse(text: &str) -> Option<Kind> {
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')?),
        None => (text, ""),
    };
    Some(match (name, arguments) {
        ("tinyint", "1") => Kind::Bool,
        ("varchar", size) => Kind::Varchar(size.parse().ok()?),
        ("text", "") => Kind::Text(65_535),
        ("mediumtext", "") => Kind::Text(16_777_215),
        ("enum", words) => Kind::Enum(words.split(',').map(|word| word.trim_matches('\'').to_owned()).collect()),
        ("int", "") => Kind::Int(i32::MIN.into(), i32::MAX.into()),
        ("bigint", "") => Kind::Int(i64::MIN, i64::MAX),
        ("decimal", digits) => {
            let (digits, behind) = digits.split_once(',')?;
            Kind::Decimal(digits.parse().ok()?, behind.parse().ok()?)
        }
        ("date", "") => Kind::Date,
        ("time", "") => Kind::Time,
        ("timestamp", "") => Kind::Timestamp,
        ("json", "") => Kind::Json,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_right() {
        assert_eq!(tables().len(), 13);
        let appointments = &tables()["appointments"];
        assert_eq!(appointments.columns[appointments.column("fee").unwrap()].kind, Kind::Decimal(10, 2));
        for (name, table) in tables() {
            assert_eq!(table.columns[0].name, "id", "{name}");
            let keys = table.unique.iter().flat_map(|unique| &unique.columns);
            let rules = table.after.iter().flat_map(|after| [&after.later, &after.earlier]);
            for column in keys.chain(table.references.keys()).chain(rules) {
                assert!(table.column(column).is_some(), "{name}.{column}");
            }
            for other in table.references.values() {
                assert!(tables().contains_key(other), "{name}: {other}");
            }
        }
    }

    #[test]
    fn types_are_understood() {
        assert_eq!(parse("varchar(20)"), Some(Kind::Varchar(20)));
        assert_eq!(parse("enum('A','B_C')"), Some(Kind::Enum(vec!["A".to_owned(), "B_C".to_owned()])));
        assert_eq!(parse("decimal(10,2)"), Some(Kind::Decimal(10, 2)));
        assert_eq!(parse("geometry"), None);
    }
}
