//! Whether a partitioned table's rows and the keys that triggers keep of them match, both ways, in chunks: each is one
//! query, so it sees one moment, and nothing is locked.

use sqlx::mysql::{MySqlArguments, MySqlConnection};
use sqlx::{Arguments as _, AssertSqlSafe, Row as _};

use super::Table;
use crate::db::error::DbError;
use crate::db::ident::Ident;

/// How many rows a query compares.
const CHUNK_ROWS: u64 = 10_000;

/// How many ids a finding names.
const NAMED: usize = 5;

/// What does not match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Rows without a key.
    pub no_key: Ids,
    /// Rows whose key says something else, or another month.
    pub differs: Ids,
    /// Keys without a row.
    pub no_row: Ids,
}

/// How many, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids {
    /// How many.
    pub count: u64,
    /// The first five.
    pub first: Vec<String>,
}

impl Ids {
    fn add(&mut self, id: String) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(id);
        }
    }
}

/// A keys table: its id, and what it repeats of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The table.
    pub table: Ident,
    /// Its primary key.
    id: Ident,
    /// Its other columns, all of them columns of the partitioned table.
    columns: Vec<Ident>,
    /// Whether it says of a key that its row is archived (V14).
    archives: bool,
}

/// The column that says so.
const ARCHIVED: &str = "archived";

const COLUMNS: &str = "
    SELECT CONVERT(COLUMN_NAME USING utf8mb4), COLUMN_KEY = 'PRI' FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION";

/// Reads which columns a keys table has; none where there is no such table.
pub async fn keys(conn: &mut MySqlConnection, table: &Ident) -> Result<Option<Keys>, DbError> {
    let what = format!("could not read the columns of table {table}");
    let rows = sqlx::query(COLUMNS).bind(table.as_str()).fetch_all(conn).await;
    let (mut id, mut columns) = (Vec::new(), Vec::new());
    for row in rows.map_err(|error| DbError::new(&what, &error))? {
        let failed = |error: sqlx::Error| DbError::new(&what, &error);
        let name: String = row.try_get_unchecked(0).map_err(failed)?;
        let name = Ident::new(&name).map_err(|error| DbError::because(&what, error.to_string()))?;
        let is_id = row.try_get_unchecked::<i64, _>(1).map_err(failed)? != 0;
        if is_id { id.push(name) } else { columns.push(name) }
    }
    let archives = columns.iter().any(|column| column.as_str() == ARCHIVED);
    columns.retain(|column| column.as_str() != ARCHIVED);
    match id.as_slice() {
        [id] => Ok(Some(Keys { table: table.clone(), id: id.clone(), columns, archives })),
        [] if columns.is_empty() => Ok(None),
        _ => Err(DbError::because(what, "its primary key is not one column")),
    }
}

/// Which table's rows are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The partitioned table itself.
    Live,
    /// Its archive: the keys that say so are compared.
    Archive,
}

/// Compares all rows of a table with all keys of its side. `on_chunk` hears how many have been compared.
pub async fn compare(
    conn: &mut MySqlConnection,
    table: &Table,
    keys: &Keys,
    side: Side,
    mut on_chunk: impl FnMut(u64),
) -> Result<Mismatch, DbError> {
    let (name, id, date) = (&table.name, &keys.id, &table.column);
    // byte by byte: what a collation takes for equal is not the same
    let mut same: Vec<String> = [id]
        .into_iter()
        .chain(&keys.columns)
        .map(|column| format!("CAST(r.{column} AS BINARY) <=> CAST(k.{column} AS BINARY)"))
        .collect();
    // a key without a live row may be one whose row is archived, or on its way there: a killed run turns its keys when it goes on
    let mut gone = String::new();
    if keys.archives {
        same.push(format!("k.{ARCHIVED} = {}", side == Side::Archive));
        gone = match side {
            Side::Archive => format!(" AND k.{ARCHIVED}"),
            // the archive's side finds a key that does not say that its row is there
            Side::Live => {
                let elsewhere = |place: &str| {
                    let other = Ident::new(&format!("{}_{place}", name.as_str()));
                    let other =
                        other.map_err(|error| DbError::because("could not compare rows and keys", error.to_string()));
                    Ok::<_, DbError>(format!(
                        "NOT EXISTS (SELECT 1 FROM {} m WHERE m.{id} = k.{id} AND m.{date} = k.{date})",
                        other?
                    ))
                };
                format!(" AND NOT k.{ARCHIVED} AND {} AND {}", elsewhere("moving")?, elsewhere("archive")?)
            }
        };
    }
    let rows: Vec<Walk> = table
        .partitions
        .iter()
        .map(|partition| Walk {
            from: format!("{name} PARTITION ({}) r", partition.name),
            id: format!("r.{id}"),
            finding: format!("IF(k.{id} IS NULL, 'no_key', 'differs')"),
            join: format!("LEFT JOIN {} k ON k.{id} = r.{id}", keys.table),
            when: format!("(k.{id} IS NULL OR NOT ({}))", same.join(" AND ")),
        })
        .collect();
    // first in the one partition that the key names; only where it is not there, in all of them: then the row differs
    let keys_walk = Walk {
        from: format!("{} k", keys.table),
        id: format!("k.{id}"),
        finding: "'no_row'".to_owned(),
        join: format!("LEFT JOIN {name} r ON r.{id} = k.{id} AND r.{date} = k.{date}"),
        when: format!("r.{id} IS NULL AND NOT EXISTS (SELECT 1 FROM {name} o WHERE o.{id} = k.{id}){gone}"),
    };
    let mut mismatch = Mismatch::default();
    let mut compared = 0;
    for walk in rows.iter().chain([&keys_walk]) {
        let mut after = None;
        loop {
            let end = walk.end(conn, after.as_ref()).await?;
            walk.compare(conn, after.as_ref(), end.as_ref(), &mut mismatch).await?;
            let Some(end) = end else { break };
            compared += CHUNK_ROWS;
            on_chunk(compared);
            after = Some(end);
        }
    }
    Ok(mismatch)
}

/// One way through a table or a partition, in the order of its ids, as pieces of SQL.
struct Walk {
    from: String,
    id: String,
    /// The name of what is found.
    finding: String,
    join: String,
    when: String,
}

impl Walk {
    /// The id at which the chunk behind `after` ends; none where it is the last.
    async fn end(&self, conn: &mut MySqlConnection, after: Option<&String>) -> Result<Option<String>, DbError> {
        let Self { from, id, .. } = self;
        let range = range(id, after, None);
        let sql = format!("SELECT {id} FROM {from} WHERE {range} ORDER BY {id} LIMIT 1 OFFSET {}", CHUNK_ROWS - 1);
        let query = sqlx::query_scalar_with(AssertSqlSafe(sql), bounds(after, None));
        query.fetch_optional(conn).await.map_err(|error| self.failed(&error))
    }

    async fn compare(
        &self,
        conn: &mut MySqlConnection,
        after: Option<&String>,
        end: Option<&String>,
        mismatch: &mut Mismatch,
    ) -> Result<(), DbError> {
        let Self { from, id, finding, join, when } = self;
        let range = range(id, after, end);
        let sql = format!("SELECT {finding}, {id} FROM {from} {join} WHERE {range} AND {when}");
        let query = sqlx::query_as_with(AssertSqlSafe(sql), bounds(after, end));
        let found: Vec<(String, String)> = query.fetch_all(conn).await.map_err(|error| self.failed(&error))?;
        for (finding, id) in found {
            match finding.as_str() {
                "no_key" => mismatch.no_key.add(id),
                "no_row" => mismatch.no_row.add(id),
                _ => mismatch.differs.add(id),
            }
        }
        Ok(())
    }

    fn failed(&self, error: &sqlx::Error) -> DbError {
        DbError::new(format!("could not compare rows and keys of {}", self.from), error)
    }
}

fn range(id: &str, after: Option<&String>, end: Option<&String>) -> String {
    let after = after.map_or("TRUE".to_owned(), |_| format!("{id} > ?"));
    end.map_or(after.clone(), |_| format!("{after} AND {id} <= ?"))
}

/// The values of a range.
fn bounds(after: Option<&String>, end: Option<&String>) -> MySqlArguments {
    let mut arguments = MySqlArguments::default();
    for id in [after, end].into_iter().flatten() {
        // `add` fails for values that can't be encoded; a text can
        let added = arguments.add(id);
        debug_assert!(added.is_ok());
    }
    arguments
}
