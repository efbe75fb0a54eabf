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
use crate::db::error::{DbError, server_error};

/// How many rows are compared at once.
const ROWS_AT_ONCE: usize = 1000;
/// How many rows are named of each difference.
const EXAMPLES: usize = 3;

/// How a `[[table]]` compares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Rows of the file that should be in the table.
    pub rows: u64,
    /// Rows of the file that are in its archive, or in compressed storage, and are not compared.
    pub archived: u64,
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
    /// Counts a row of the file that should be in the table, and its money.
    fn expect(&mut self, expected: &Expected) {
        self.rows += 1;
        for (name, day, amount) in &expected.money {
            let months = self.money.entry(name).or_default();
            money::add(months, day.as_deref(), amount, |sums| &mut sums.files);
        }
    }

    /// Nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.missing.rows == 0 && self.different.is_empty()
    }
}

/// A row of the file: its number, the day that its partition is known by, a checksum of each column, and its money with the day
/// that says the month, by column.
struct Expected {
    row: u64,
    day: Option<String>,
    sums: Vec<Sum>,
    money: Vec<(&'static str, Option<String>, String)>,
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
        let of_money = |&Money { name, column, day }: &Money| {
            let day = day.and_then(|day| row.value(day)).map(str::to_owned);
            row.value(column).map(|amount| (name, day, amount.to_owned()))
        };
        let money = money.iter().filter_map(of_money).collect();
        let sum = |column| match row.value(column) {
            Some(value) => Sum::Value(crc32fast::hash(value.as_bytes())),
            None if row.is_default(column) => Sum::Default,
            None => Sum::Null,
        };
        let sums = (0..transform.columns.len()).map(sum).collect();
        let day = day.and_then(|column| row.value(column)).map(str::to_owned);
        expected.insert(row.id.hyphenated().to_string(), Expected { row: record.row(), day, sums, money });
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
    for id in moved(conn, &transform.into, expected.keys()).await? {
        compared.archived += u64::from(expected.remove(&id).is_some());
    }
    let mut missing: Vec<Expected> = expected.drain().map(|(_, expected)| expected).collect();
    missing.sort_unstable_by_key(|expected| expected.row);
    for expected in missing {
        compared.expect(&expected);
        compared.missing.add(expected.row);
    }
    Ok(())
}

/// Those of these ids whose rows retention has moved out of the table.
async fn moved(
    conn: &mut MySqlConnection,
    into: &str,
    ids: impl Iterator<Item = &String>,
) -> Result<Vec<String>, LoadError> {
    let ids: Vec<String> = ids.map(|id| format!("'{id}'")).collect();
    let place = match into {
        // not by the archive: a month may be between two exchanges
        "appointments" => "appointment_keys WHERE archived AND",
        "consultations" => "consultations_archive WHERE",
        "prescriptions" => "prescriptions_archive WHERE",
        "payments" => "payments_archive WHERE",
        "reviews" => "reviews_archive WHERE",
        "medical_records" => "medical_records_compressed WHERE",
        _ => return Ok(Vec::new()),
    };
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT id FROM {place} id IN ({})", ids.join(", "));
    match sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(conn).await {
        Ok(moved) => Ok(moved),
        // no such table, no such column: before V14 and V15 nothing moves
        Err(error) if server_error(&error).is_some_and(|(number, _)| matches!(number, 1146 | 1054)) => Ok(Vec::new()),
        Err(error) => {
            Err(LoadError::Db(DbError::new(format!("could not look for archived rows of table `{into}`"), &error)))
        }
    }
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
        compared.expect(&expected);
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
