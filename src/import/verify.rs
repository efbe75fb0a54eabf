//! Compares the database with the files, row by row and column by column, by a checksum of each value that the server computes.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::accepted::{Accepted, Without};
use super::load::LoadError;
use super::mapping::Mapping;
use super::money::{self, Money, Months};
use super::transform::Transform;
use crate::db::error::DbError;

/// How many rows are compared at once.
const ROWS_AT_ONCE: usize = 1000;
/// How many rows are named of each difference.
const EXAMPLES: usize = 3;

/// How a `[[table]]` compares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Rows of the file that should be in the database.
    pub rows: u64,
    /// Rows of those that are not there.
    pub missing: Difference,
    /// Rows with another value, by column.
    pub different: BTreeMap<String, Difference>,
    /// Sums of money by column.
    pub money: BTreeMap<&'static str, Months>,
}

/// Rows that differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// How many.
    pub rows: u64,
    /// The first ones, by their number in the source.
    pub examples: Vec<u64>,
}

impl Difference {
    fn add(&mut self, row: u64) {
        self.rows += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(row);
        }
    }
}

impl Compared {
    /// Nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.missing.rows == 0 && self.different.is_empty()
    }
}

/// A row of the file: its number, the day that its partition is known by, and a checksum of each column; none for NULL.
struct Expected {
    row: u64,
    day: Option<String>,
    sums: Vec<Sum>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sum {
    Value(u32),
    Null,
    /// The column's default, whatever it is.
    Default,
}

/// Compares the rows of the `[[table]]` of this number.
pub async fn verify(
    conn: &mut MySqlConnection,
    mapping: &Mapping,
    number: usize,
    without: &Without,
) -> Result<Compared, LoadError> {
    let mut accepted = Accepted::open(mapping, number, without)?;
    let entity = accepted.entity;
    let mut compared = Compared { name: entity.name().to_owned(), ..Compared::default() };
    // by its id alone a row is looked for in each partition
    let day = if entity.into == "appointments" { entity.columns.get_index_of("appointment_date") } else { None };
    let mut expected: HashMap<String, Expected> = HashMap::with_capacity(ROWS_AT_ONCE);
    let money = money::columns(&accepted.transform);
    while accepted.advance()? {
        let Accepted { record, row, transform, .. } = &accepted;
        compared.rows += 1;
        for &Money { name, column, day } in &money {
            if let Some(amount) = row.value(column) {
                let months = compared.money.entry(name).or_default();
                money::add(months, day.and_then(|day| row.value(day)), amount, |sums| &mut sums.files);
            }
        }
        let sum = |column| match row.value(column) {
            Some(value) => Sum::Value(crc32fast::hash(value.as_bytes())),
            None if row.is_default(column) => Sum::Default,
            None => Sum::Null,
        };
        let sums = (0..transform.columns.len()).map(sum).collect();
        let day = day.and_then(|column| row.value(column)).map(str::to_owned);
        expected.insert(row.id.hyphenated().to_string(), Expected { row: record.row(), day, sums });
        if expected.len() == ROWS_AT_ONCE {
            compare(conn, transform, &mut expected, &mut compared).await?;
        }
    }
    compare(conn, &accepted.transform, &mut expected, &mut compared).await?;
    Ok(compared)
}

async fn compare(
    conn: &mut MySqlConnection,
    transform: &Transform,
    expected: &mut HashMap<String, Expected>,
    compared: &mut Compared,
) -> Result<(), LoadError> {
    if expected.values().all(|expected| expected.day.is_some()) {
        find(conn, transform, expected, compared, true).await?;
    }
    // and those whose day has changed
    find(conn, transform, expected, compared, false).await?;
    let mut missing: Vec<u64> = expected.drain().map(|(_, expected)| expected.row).collect();
    missing.sort_unstable();
    for row in missing {
        compared.missing.add(row);
    }
    Ok(())
}

/// Takes out those that are there, with or without a look at the day, and notes how they differ.
async fn find(
    conn: &mut MySqlConnection,
    transform: &Transform,
    expected: &mut HashMap<String, Expected>,
    compared: &mut Compared,
    with_day: bool,
) -> Result<(), LoadError> {
    if expected.is_empty() {
        return Ok(());
    }
    let money = money::columns(transform);
    let text = |column: usize| format!("CAST(`{}` AS CHAR)", transform.columns[column].name);
    let mut sums: Vec<String> = (0..transform.columns.len()).map(|column| format!("CRC32({})", text(column))).collect();
    for Money { column, day, .. } in &money {
        sums.extend([text(*column), day.map_or("NULL".to_owned(), text)]);
    }
    let keys: Vec<String> = expected
        .iter()
        .map(|(id, expected)| match &expected.day {
            Some(day) if with_day => format!("('{id}', '{day}')"),
            _ => format!("'{id}'"),
        })
        .collect();
    let key = if with_day { "(id, appointment_date)" } else { "id" };
    let sql = format!("SELECT id, {} FROM {} WHERE {key} IN ({})", sums.join(", "), transform.into, keys.join(", "));
    let failed = |error: sqlx::Error| DbError::new(format!("could not read table `{}`", transform.into), &error);
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await.map_err(failed)?;
    for row in rows {
        let id: String = row.try_get_unchecked(0).map_err(failed)?;
        let Some(expected) = expected.remove(&id) else { continue };
        for (place, column) in transform.columns.iter().enumerate() {
            let found: Option<u32> = row.try_get_unchecked(place + 1).map_err(failed)?;
            let found = found.map_or(Sum::Null, Sum::Value);
            if expected.sums[place] != found && expected.sums[place] != Sum::Default {
                compared.different.entry(column.name.clone()).or_default().add(expected.row);
            }
        }
        for (number, Money { name, .. }) in money.iter().enumerate() {
            let text = |place: usize| row.try_get_unchecked::<Option<String>, _>(place).map_err(failed);
            let place = 1 + transform.columns.len() + number * 2;
            if let Some(amount) = text(place)? {
                let months = compared.money.entry(name).or_default();
                money::add(months, text(place + 1)?.as_deref(), &amount, |sums| &mut sums.database);
            }
        }
    }
    Ok(())
}
