//! Loads fixtures: what is not there is inserted, what is there stays as it is; all in one transaction.

use std::collections::BTreeSet;

use sqlx::mysql::{MySqlArguments, MySqlConnection};
use sqlx::query::Query;
use sqlx::{Arguments as _, AssertSqlSafe, Connection as _, MySql};

use super::finding::Finding;
use super::fixtures::{Row, Table, Value};
use super::record::{self, Record};
use super::reset::{self, Foreign, Keys};
use super::{blame, live};
use crate::db::error::DbError;
use crate::output::Event;

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A file or a column that the database lacks.
    #[error(transparent)]
    Name(Finding),
    /// A row that the server refuses.
    #[error("nothing was loaded: {0}")]
    Row(Finding),
    /// Rows of other origin stand in the way of a reset.
    #[error("nothing was deleted: {0}")]
    Foreign(Foreign),
    /// Anything else the server refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// How many rows of a table are new, and how many were there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Rows that were deleted first.
    pub deleted: usize,
    /// New rows.
    pub inserted: usize,
    /// Rows left as they are.
    pub kept: usize,
}

/// What is done beside inserting what is missing.
#[derive(Debug, Default)]
pub struct Options<'a> {
    /// Delete the rows of the tables first; what stands for what among the tables that refer to them.
    pub reset: Option<&'a Keys>,
    /// What the rows come from. It is written where it is true of all of them, which is where all are new.
    pub record: Option<&'a Record>,
}

/// Loads `tables` in their order. Strict mode and UTC hold for the session, whatever the server's defaults.
/// Errors: the first row that the server refuses; then nothing is loaded.
pub async fn load(
    conn: &mut MySqlConnection,
    tables: &[Table],
    options: &Options<'_>,
    mut on_event: impl FnMut(Event),
) -> Result<Loaded, SeedError> {
    if let Some(finding) = live::unknown_names(&live::columns(conn).await?, tables).into_iter().next() {
        return Err(SeedError::Name(finding));
    }
    let failed = |error: &sqlx::Error| DbError::new("could not load the fixtures", error);
    set_session(conn).await?;
    // before the transaction, which a CREATE TABLE would commit
    let record = match options.record {
        Some(record) if record::create(conn).await? => Some(record),
        Some(_) => {
            let text = "this account may not create table `caredb_seed`, so the next `seed` looks at all rows again";
            on_event(Event::Note { text: text.to_owned() });
            None
        }
        None => None,
    };
    let mut transaction = conn.begin().await.map_err(|error| failed(&error))?;
    let mut sum = Loaded::default();
    if let Some(keys) = options.reset {
        let references = live::references(&mut transaction).await?;
        // a row may have come since it was planned
        let plan = reset::plan(&mut transaction, tables, &references, keys, true).await?;
        if let Some(foreign) = plan.foreign.into_iter().next() {
            return Err(SeedError::Foreign(foreign));
        }
        sum.deleted = reset::delete(&mut transaction, tables).await?;
    }
    let mut events = Vec::new();
    for table in tables {
        let loaded = load_table(&mut transaction, table).await?;
        sum.inserted += loaded.inserted;
        sum.kept += loaded.kept;
        events.push(Event::Seeded {
            table: table.name.as_str().to_owned(),
            inserted: loaded.inserted,
            kept: loaded.kept,
        });
    }
    if let Some(record) = record.filter(|_| sum.kept == 0) {
        record::write(&mut transaction, record).await?;
    }
    transaction.commit().await.map_err(|error| failed(&error))?;
    events.into_iter().for_each(&mut on_event);
    Ok(sum)
}

const SESSION: &str = "
    SET SESSION time_zone = '+00:00',
        sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/// Strict mode and UTC.
pub(super) async fn set_session(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let set = sqlx::raw_sql(SESSION).execute(conn).await;
    set.map_err(|error| DbError::new("could not set the session up for fixtures", &error))?;
    Ok(())
}

async fn load_table(conn: &mut MySqlConnection, table: &Table) -> Result<Loaded, SeedError> {
    let present = present(conn, table).await?;
    let mut loaded = Loaded::default();
    for row in &table.rows {
        if present.contains(&row.id) {
            loaded.kept += 1;
            continue;
        }
        if let Err(error) = insert(table, row).execute(&mut *conn).await {
            return Err(SeedError::Row(blame::refused(conn, table, row, &error).await));
        }
        loaded.inserted += 1;
    }
    Ok(loaded)
}

/// The ids of the table's fixtures that are in the database.
async fn present(conn: &mut MySqlConnection, table: &Table) -> Result<BTreeSet<String>, DbError> {
    const IDS_A_QUERY: usize = 1000;
    let mut present = BTreeSet::new();
    for rows in table.rows.chunks(IDS_A_QUERY) {
        let marks = vec!["?"; rows.len()].join(", ");
        let sql = format!("SELECT id FROM {} WHERE id IN ({marks})", table.name);
        let mut query = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql));
        for row in rows {
            query = query.bind(&row.id);
        }
        let found = query.fetch_all(&mut *conn).await;
        present.extend(found.map_err(|error| DbError::new(format!("could not read table {}", table.name), &error))?);
    }
    Ok(present)
}

/// The statement that inserts a row.
pub(super) fn insert(table: &Table, row: &Row) -> Query<'static, MySql, MySqlArguments> {
    let columns: String = row.columns.iter().map(|(name, _)| format!(", {name}")).collect();
    let marks = ", ?".repeat(row.columns.len());
    let arguments = bind(Some(&row.id), row.columns.iter().map(|(_, value)| value));
    sqlx::query_with(AssertSqlSafe(format!("INSERT INTO {} (id{columns}) VALUES (?{marks})", table.name)), arguments)
}

/// An id, where there is one, and values, for the marks of a statement.
pub(super) fn bind<'a>(id: Option<&str>, values: impl IntoIterator<Item = &'a Value>) -> MySqlArguments {
    let mut arguments = MySqlArguments::default();
    // `add` fails for values that can't be encoded; these can
    let mut bound = id.map_or(Ok(()), |id| arguments.add(id));
    for value in values {
        bound = bound.and(match value {
            Value::Text(text) => arguments.add(text),
            Value::Integer(number) => arguments.add(number),
            Value::Float(number) => arguments.add(number),
            Value::Bool(truth) => arguments.add(truth),
            Value::Null => arguments.add(None::<String>),
        });
    }
    debug_assert!(bound.is_ok());
    arguments
}
