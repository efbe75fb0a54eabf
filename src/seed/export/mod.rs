//! Fixtures of what is in a database, without what is a person's.

use std::collections::BTreeMap;

use sqlx::mysql::MySqlConnection;

use self::fake::Faker;
use self::read::Wish;
use super::live::{self, Columns, Reference};
use super::reset::Keys;
use crate::db::error::DbError;
use crate::db::ident::{Ident, InvalidIdent, nearest};
use crate::seed::finding::hint;

pub mod fake;
pub mod policy;
pub mod read;
mod write;

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A name that can't be a table's.
    #[error(transparent)]
    Name(#[from] InvalidIdent),
    /// There is no such table.
    #[error("there is no table `{table}` in the database{hint}; correct `--tables`")]
    NoTable {
        /// As it was named.
        table: String,
        /// The nearest there is.
        hint: String,
    },
    /// A table that follows from another, or is caredb's own.
    #[error("table `{table}` {why}, so it is not exported; leave it out of `--tables`")]
    NotForExport {
        /// The table.
        table: String,
        /// Why.
        why: String,
    },
    /// What the server refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A file of an export.
#[derive(Debug)]
pub struct File {
    /// The table.
    pub table: String,
    /// What is in it.
    pub text: String,
    /// Its rows.
    pub rows: usize,
    /// How many of them are there for others that refer to them.
    pub parents: usize,
    /// How many of its references lead to rows that are not exported.
    pub loose: usize,
}

/// Exports what is wished. `keys`: tables that triggers keep, and of which table.
pub async fn export(
    conn: &mut MySqlConnection,
    names: &[String],
    keys: &Keys,
    key: &str,
    mut wish: Wish,
) -> Result<Vec<File>, ExportError> {
    let live = live::columns(conn).await?;
    wish.tables = names.iter().map(|name| table(&live, keys, name)).collect::<Result<_, _>>()?;
    let references = through_keys(live::references(conn).await?, keys);
    let tables = read::read(conn, &live, &references, &wish).await?;
    let mut faker = Faker::new(key);
    for (table, rows) in &tables {
        rows.rows.keys().for_each(|id| faker.exports(table.as_str(), id));
    }
    let file = |(table, rows): (&Ident, &read::Rows)| {
        let (text, loose) = write::file(&faker, &tables, &references, table, rows);
        File { table: table.as_str().to_owned(), text, rows: rows.rows.len(), parents: rows.parents, loose }
    };
    Ok(tables.iter().filter(|(_, rows)| !rows.rows.is_empty()).map(file).collect())
}

/// A table that can be exported.
fn table(live: &Columns, keys: &BTreeMap<Ident, Ident>, name: &str) -> Result<Ident, ExportError> {
    let ident = Ident::new(name)?;
    let not = |why: String| Err(ExportError::NotForExport { table: name.to_owned(), why });
    if let Some(of) = keys.get(&ident) {
        return not(format!("is kept by the triggers of `{}`", of.as_str()));
    }
    if name == "flyway_schema_history" || name.starts_with("caredb_") {
        return not("is the record of migrations and runs".to_owned());
    }
    let Some(columns) = live.get(name) else {
        let hint = hint(nearest(name, live.keys().map(String::as_str)));
        return Err(ExportError::NoTable { table: name.to_owned(), hint });
    };
    let id = columns.iter().find(|column| column.name == "id");
    // the ids of fixtures are UUIDs
    match id.map(|id| id.characters.unwrap_or(0)) {
        Some(36..) => Ok(ident),
        Some(_) => not("has an `id` that can't be a UUID".to_owned()),
        None => not("has no column `id`".to_owned()),
    }
}

/// References to and from a table of keys are those of the table whose keys they are.
fn through_keys(references: Vec<Reference>, keys: &Keys) -> Vec<Reference> {
    let meant = |name: Ident| keys.get(&name).cloned().unwrap_or(name);
    let through = |it: Reference| Reference { table: meant(it.table), column: it.column, parent: meant(it.parent) };
    references.into_iter().map(through).collect()
}
