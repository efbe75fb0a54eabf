//! What the server has: partitions, how old their rows are, which are empty. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::month::Month;
use super::plan::Content;
use super::scheme::Scheme;
use super::{Managed, Partition, Range, Table};
use crate::db::error::DbError;
use crate::db::ident::Ident;

/// Why a table is not managed.
#[derive(Debug, thiserror::Error)]
pub enum Unmanaged {
    /// There is none of this name.
    #[error("there is no table `{0}`; run `caredb migrate`, or correct `[[partitioned]]` in `caredb.toml`")]
    NoTable(String),
    /// It has no partitions.
    #[error("table `{0}` is not partitioned; a migration does that, for `appointments` it is V13 (`caredb migrate`)")]
    NotPartitioned(String),
    /// Its partitions have partitions.
    #[error("table `{0}` is subpartitioned, which caredb does not manage")]
    Subpartitioned(String),
    /// It is partitioned by something else.
    #[error(
        "table `{table}` is partitioned by {method} ({expression}), which caredb does not manage; partition it by RANGE COLUMNS ({column}), \
         which the server also prunes for `<`, `>=` and BETWEEN"
    )]
    Scheme {
        /// The table.
        table: String,
        /// `RANGE`, `LIST`, …
        method: String,
        /// As the server writes it.
        expression: String,
        /// The column that it should be partitioned by.
        column: Ident,
    },
    /// The server could not be asked.
    #[error(transparent)]
    Db(#[from] DbError),
}

// Otherwise sizes are up to a day old (MySQL manual, "Optimizing INFORMATION_SCHEMA Queries"); a TIMESTAMP is compared in UTC; and
// what is asked for at night would wait for a locked table for a year.
const SESSION: &str = "SET SESSION information_schema_stats_expiry = 0, time_zone = '+00:00', lock_wait_timeout = 5";

/// Prepares a session for what follows here.
pub async fn prepare(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let set = sqlx::raw_sql(SESSION).execute(conn).await;
    set.map(drop).map_err(|error| DbError::new("could not prepare the session", &error))
}

const PARTITIONS: &str = "
    SELECT CONVERT(PARTITION_NAME USING utf8mb4), CONVERT(PARTITION_METHOD USING utf8mb4),
           CONVERT(PARTITION_EXPRESSION USING utf8mb4), CONVERT(PARTITION_DESCRIPTION USING utf8mb4),
           CAST(COALESCE(TABLE_ROWS, 0) AS UNSIGNED), CAST(COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0) AS UNSIGNED),
           SUBPARTITION_NAME IS NOT NULL
    FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?
    ORDER BY PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION";

/// A table that is as caredb has it; none where it is not migrated yet, or not so: `partition list` says why.
pub async fn managed(conn: &mut MySqlConnection, managed: &Managed) -> Result<Option<Table>, DbError> {
    match table(conn, managed).await {
        Ok(table) => Ok(Some(table)),
        Err(Unmanaged::Db(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Reads a table's partitions from the dictionary: one query. Errors: why it is not managed.
pub async fn table(conn: &mut MySqlConnection, managed: &Managed) -> Result<Table, Unmanaged> {
    let name = managed.table.as_str();
    let failed = |error: sqlx::Error| DbError::new(format!("could not read the partitions of table `{name}`"), &error);
    let rows = sqlx::query(PARTITIONS).bind(name).fetch_all(conn).await.map_err(failed)?;
    let Some(first) = rows.first() else { return Err(Unmanaged::NoTable(name.to_owned())) };
    let text = |row: &MySqlRow, index: usize| row.try_get_unchecked::<Option<String>, _>(index).map_err(failed);
    let (Some(method), Some(expression)) = (text(first, 1)?, text(first, 2)?) else {
        return Err(Unmanaged::NotPartitioned(name.to_owned()));
    };
    if first.try_get_unchecked::<i64, _>(6).map_err(failed)? != 0 {
        return Err(Unmanaged::Subpartitioned(name.to_owned()));
    }
    let Some(scheme) = Scheme::read(&method, &expression, &managed.column) else {
        let column = managed.column.clone();
        return Err(Unmanaged::Scheme { table: name.to_owned(), method, expression, column });
    };
    let mut partitions = Vec::new();
    for row in &rows {
        let partition = text(row, 0)?.unwrap_or_default();
        partitions.push(Partition {
            name: Ident::new(&partition)
                .map_err(|error| DbError::because("could not read a partition", error.to_string()))?,
            bound: scheme.bound(&text(row, 3)?.unwrap_or_default()),
            rows: row.try_get_unchecked(4).map_err(failed)?,
            bytes: row.try_get_unchecked(5).map_err(failed)?,
        });
    }
    Ok(Table { name: managed.table.clone(), column: managed.column.clone(), scheme, partitions })
}

/// What is in the partitions that take more than one month, and so may have to be split.
pub async fn contents(conn: &mut MySqlConnection, table: &Table) -> Result<BTreeMap<Ident, Content>, DbError> {
    let mut contents = BTreeMap::new();
    for (partition, range) in table.ranges() {
        if !matches!(range, Range::Month(_) | Range::Crooked) {
            let empty = is_empty(conn, table, &partition.name).await?;
            let months = if empty { None } else { months(conn, table, &partition.name).await? };
            contents.insert(partition.name.clone(), Content { empty, months });
        }
    }
    Ok(contents)
}

/// Whether a partition has no row. The dictionary's number can be 0 for 200,000 rows (facts.md).
pub async fn is_empty(conn: &mut MySqlConnection, table: &Table, partition: &Ident) -> Result<bool, DbError> {
    let sql = format!("SELECT 1 FROM {} PARTITION ({partition}) LIMIT 1", table.name);
    let found = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(conn).await;
    found.map(|row| row.is_none()).map_err(|error| unreadable(table, partition, &error))
}

/// The months of a partition's oldest and newest row; dates of year 0 do not count, whatever `sql_mode` let in. Fast where
/// the column has an index of its own.
async fn months(
    conn: &mut MySqlConnection,
    table: &Table,
    partition: &Ident,
) -> Result<Option<(Month, Month)>, DbError> {
    let column = &table.column;
    // in two, each of which reads one end of an index
    let real = if table.scheme == Scheme::UnixTime { String::new() } else { format!("WHERE {column} >= '0001-01-01'") };
    let ends = |end: &str| {
        format!("(SELECT CAST({end}({column}) AS CHAR) FROM {} PARTITION ({partition}) {real})", table.name)
    };
    let sql = format!("SELECT {}, {}", ends("MIN"), ends("MAX"));
    let failed = |error: sqlx::Error| unreadable(table, partition, &error);
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn).await.map_err(failed)?;
    let month = |index: usize| -> Result<Option<Month>, DbError> {
        let text: Option<String> = row.try_get_unchecked(index).map_err(failed)?;
        Ok(text.and_then(|text| Month::read(&text)))
    };
    Ok(month(0)?.zip(month(1)?))
}

/// How many rows a partition has, counted.
pub async fn count(conn: &mut MySqlConnection, table: &Table, partition: &Ident) -> Result<u64, DbError> {
    let sql = format!("SELECT CAST(COUNT(*) AS UNSIGNED) FROM {} PARTITION ({partition})", table.name);
    let counted = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await;
    counted.map_err(|error| unreadable(table, partition, &error))
}

fn unreadable(table: &Table, partition: &Ident, error: &sqlx::Error) -> DbError {
    DbError::new(format!("could not look into partition {partition} of table {}", table.name), error)
}

const ARCHIVED: &str = "
    SELECT CONVERT(PARTITION_NAME USING utf8mb4) FROM information_schema.PARTITIONS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = CONCAT(?, '_archive') AND PARTITION_NAME IS NOT NULL";

/// The partitions of a month that also has rows in the archive table, `<table>_archive`; none where there is no such table.
pub async fn archived(conn: &mut MySqlConnection, managed: &Managed) -> Result<Option<BTreeSet<Ident>>, DbError> {
    let failed =
        |error: sqlx::Error| DbError::new(format!("could not read the archive of table {}", managed.table), &error);
    let names: Vec<String> =
        sqlx::query_scalar(ARCHIVED).bind(managed.table.as_str()).fetch_all(&mut *conn).await.map_err(failed)?;
    if names.is_empty() {
        return Ok(None);
    }
    let mut archived = BTreeSet::new();
    for name in names {
        let ident = |name: &str| {
            Ident::new(name).map_err(|error| DbError::because("could not read the archive", error.to_string()))
        };
        let (archive, partition) = (ident(&format!("{}_archive", managed.table.as_str()))?, ident(&name)?);
        let sql = format!("SELECT 1 FROM {archive} PARTITION ({partition}) LIMIT 1");
        if sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(&mut *conn).await.map_err(failed)?.is_some() {
            archived.insert(partition);
        }
    }
    Ok(Some(archived))
}
