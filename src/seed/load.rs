//! Loads fixtures: what is not there is inserted, what is there stays as it is; all in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::mysql::{MySqlArguments, MySqlConnection};
use sqlx::query::Query;
use sqlx::{Arguments as _, AssertSqlSafe, Connection as _, MySql, Row as _};

use super::fixtures::{Row, Table, Value};
use crate::db::error::DbError;
use crate::db::ident::nearest;
use crate::output::Event;

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A file without a table.
    #[error(
        "`{file}`: there is no table `{table}` in the database{hint}; run `caredb migrate`, or correct the file's name"
    )]
    NoTable {
        /// The file.
        file: String,
        /// The table.
        table: String,
        /// The nearest there is.
        hint: String,
    },
    /// A table whose rows can't be named.
    #[error("`{file}`: table `{table}` has no column `id`, which the labels become; fixtures can't be loaded into it")]
    NoId {
        /// The file.
        file: String,
        /// The table.
        table: String,
    },
    /// A column that the table lacks.
    #[error("`{file}` row `{row}`: table `{table}` has no column `{column}`{hint}")]
    NoColumn {
        /// The file.
        file: String,
        /// The label.
        row: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The nearest there is.
        hint: String,
    },
    /// A row that the server refuses.
    #[error("nothing was loaded: {0}")]
    Row(DbError),
    /// Anything else the server refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// How many rows of a table are new, and how many were there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loaded {
    /// New rows.
    pub inserted: usize,
    /// Rows left as they are.
    pub kept: usize,
}

/// Loads `tables` in their order. Strict mode and UTC hold for the session, whatever the server's defaults.
/// Errors: the first row that the server refuses; then nothing is loaded.
pub async fn load(
    conn: &mut MySqlConnection,
    tables: &[Table],
    mut on_event: impl FnMut(Event),
) -> Result<Loaded, SeedError> {
    check_names(&columns(conn).await?, tables)?;
    let failed = |error: &sqlx::Error| DbError::new("could not load the fixtures", error);
    sqlx::raw_sql(SESSION).execute(&mut *conn).await.map_err(|error| failed(&error))?;
    let mut transaction = conn.begin().await.map_err(|error| failed(&error))?;
    let mut sum = Loaded::default();
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
    transaction.commit().await.map_err(|error| failed(&error))?;
    events.into_iter().for_each(&mut on_event);
    Ok(sum)
}

const SESSION: &str = "
    SET SESSION time_zone = '+00:00',
        sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

async fn load_table(conn: &mut MySqlConnection, table: &Table) -> Result<Loaded, SeedError> {
    let present = present(conn, table).await?;
    let mut loaded = Loaded::default();
    for row in &table.rows {
        if present.contains(&row.id) {
            loaded.kept += 1;
            continue;
        }
        let result = insert(table, row).execute(&mut *conn).await;
        result
            .map_err(|error| SeedError::Row(DbError::new(format!("`{}` row `{}`", table.file, row.label), &error)))?;
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

fn insert(table: &Table, row: &Row) -> Query<'static, MySql, MySqlArguments> {
    let columns: String = row.columns.iter().map(|(name, _)| format!(", {name}")).collect();
    let marks = ", ?".repeat(row.columns.len());
    let mut arguments = MySqlArguments::default();
    // `add` fails for values that can't be encoded; these can
    let mut bound = arguments.add(&row.id);
    for (_, value) in &row.columns {
        bound = bound.and(match value {
            Value::Text(text) => arguments.add(text),
            Value::Integer(number) => arguments.add(number),
            Value::Float(number) => arguments.add(number),
            Value::Bool(truth) => arguments.add(truth),
        });
    }
    debug_assert!(bound.is_ok());
    sqlx::query_with(AssertSqlSafe(format!("INSERT INTO {} (id{columns}) VALUES (?{marks})", table.name)), arguments)
}

const COLUMNS: &str = "
    SELECT CONVERT(TABLE_NAME USING utf8mb4), CONVERT(COLUMN_NAME USING utf8mb4)
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()";

async fn columns(conn: &mut MySqlConnection) -> Result<BTreeMap<String, BTreeSet<String>>, DbError> {
    let rows = sqlx::raw_sql(COLUMNS).fetch_all(conn).await;
    let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows.map_err(|error| DbError::new("could not read the columns of the tables", &error))? {
        columns.entry(row.get(0)).or_default().insert(row.get(1));
    }
    Ok(columns)
}

/// Every file has its table, and every row's columns are the table's.
fn check_names(live: &BTreeMap<String, BTreeSet<String>>, tables: &[Table]) -> Result<(), SeedError> {
    let hint = |near: Option<&str>| near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    for table in tables {
        let name = table.name.as_str();
        let Some(columns) = live.get(name) else {
            let hint = hint(nearest(name, live.keys().map(String::as_str)));
            return Err(SeedError::NoTable { file: table.file.clone(), table: name.to_owned(), hint });
        };
        if !columns.contains("id") {
            return Err(SeedError::NoId { file: table.file.clone(), table: name.to_owned() });
        }
        for row in &table.rows {
            if let Some((column, _)) = row.columns.iter().find(|(column, _)| !columns.contains(column.as_str())) {
                return Err(SeedError::NoColumn {
                    file: table.file.clone(),
                    row: row.label.clone(),
                    table: name.to_owned(),
                    column: column.as_str().to_owned(),
                    hint: hint(nearest(column.as_str(), columns.iter().map(String::as_str))),
                });
            }
        }
    }
    Ok(())
}
