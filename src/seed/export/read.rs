//! Reads the rows to export, and those that they refer to, at one moment.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlRow};
use sqlx::{Arguments as _, AssertSqlSafe, Row as _};

use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::seed::live::{Column, Columns, Reference};

/// Which rows.
#[derive(Debug)]
pub struct Wish {
    /// The tables that were named.
    pub tables: Vec<Ident>,
    /// A condition in SQL that holds for all of them.
    pub condition: Option<String>,
    /// The most rows a table.
    pub limit: Option<u64>,
    /// Also the rows that they refer to, and those which these refer to.
    pub parents: bool,
}

/// The rows of a table.
#[derive(Debug)]
pub struct Rows {
    /// Its columns but `id` and those that the server computes.
    pub columns: Vec<Column>,
    /// Their values as text, by the row's id.
    pub rows: BTreeMap<String, Vec<Option<String>>>,
    /// How many of them are there for others that refer to them.
    pub parents: usize,
}

/// Rows by table.
pub type Tables = BTreeMap<Ident, Rows>;

const SNAPSHOT: &str = "
    SET SESSION time_zone = '+00:00', TRANSACTION_ISOLATION = 'REPEATABLE-READ';
    START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// Reads what is wished. `references`: which column of a table refers to the ids of which.
pub async fn read(
    conn: &mut MySqlConnection,
    live: &Columns,
    references: &[Reference],
    wish: &Wish,
) -> Result<Tables, DbError> {
    let failed = |error| DbError::new("could not begin to read", &error);
    sqlx::raw_sql(SNAPSHOT).execute(&mut *conn).await.map_err(failed)?;
    let mut tables = Tables::new();
    let mut waiting: BTreeMap<Ident, BTreeSet<String>> = BTreeMap::new();
    for table in &wish.tables {
        let condition = wish.condition.as_ref().map(|it| format!(" WHERE ({it}\n)")).unwrap_or_default();
        let limit = wish.limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        let rest = format!("{condition} ORDER BY id{limit}");
        let rows = query(conn, live, table, &rest, &[]).await?;
        add(&mut tables, live, table, rows, false);
        wait_for_parents(&tables, references, table, &mut waiting);
    }
    if !wish.parents {
        waiting.clear();
    }
    while let Some((table, ids)) = waiting.pop_first() {
        let missing: Vec<String> =
            ids.into_iter().filter(|id| !tables.get(&table).is_some_and(|rows| rows.rows.contains_key(id))).collect();
        for ids in missing.chunks(1000) {
            let rest = format!(" WHERE id IN ({})", vec!["?"; ids.len()].join(", "));
            let rows = query(conn, live, &table, &rest, ids).await?;
            let found = !rows.is_empty();
            add(&mut tables, live, &table, rows, true);
            if found {
                wait_for_parents(&tables, references, &table, &mut waiting);
            }
        }
    }
    sqlx::raw_sql("ROLLBACK").execute(conn).await.map_err(|error| DbError::new("could not end to read", &error))?;
    Ok(tables)
}

/// The columns that leave: `id` is made anew, and what the server computes it computes again.
fn exported(live: &Columns, table: &Ident) -> Vec<Column> {
    let columns = live.get(table.as_str()).into_iter().flatten();
    columns.filter(|column| column.name != "id" && !column.generated).cloned().collect()
}

async fn query(
    conn: &mut MySqlConnection,
    live: &Columns,
    table: &Ident,
    rest: &str,
    ids: &[String],
) -> Result<Vec<MySqlRow>, DbError> {
    let what = || format!("could not read table {table}");
    let mut list = vec!["CAST(id AS CHAR)".to_owned()];
    for column in exported(live, table) {
        let name = Ident::new(&column.name).map_err(|error| DbError::because(what(), error.to_string()))?;
        list.push(match column.data_type.as_str() {
            // what they hold is replaced anyway, and need not be text
            "binary" | "varbinary" | "blob" | "tinyblob" | "mediumblob" | "longblob" | "bit" | "geometry" => {
                format!("SHA2({name}, 256)")
            }
            _ => format!("CAST({name} AS CHAR CHARACTER SET utf8mb4)"),
        });
    }
    let mut arguments = MySqlArguments::default();
    let bound = ids.iter().try_for_each(|id| arguments.add(id));
    debug_assert!(bound.is_ok());
    // prepared, so that a condition can't bring a second statement
    let sql = format!("SELECT {} FROM {table}{rest}", list.join(", "));
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(conn).await;
    rows.map_err(|error| match crate::db::error::server_error(&error) {
        Some((1054, _)) => {
            DbError::new(what(), &error).with_cure("the condition of `--where` holds for every table of `--tables`")
        }
        _ => DbError::new(what(), &error),
    })
}

fn add(tables: &mut Tables, live: &Columns, table: &Ident, rows: Vec<MySqlRow>, are_parents: bool) {
    let columns = exported(live, table);
    let width = columns.len();
    let of_table = tables.entry(table.clone()).or_insert_with(|| Rows { columns, rows: BTreeMap::new(), parents: 0 });
    for row in rows {
        let values = (1..=width).map(|index| row.try_get(index).unwrap_or_default()).collect();
        let id: String = row.try_get(0).unwrap_or_default();
        let is_new = of_table.rows.insert(id, values).is_none();
        of_table.parents += usize::from(is_new && are_parents);
    }
}

/// Notes the ids that the rows of a table refer to.
fn wait_for_parents(
    tables: &Tables,
    references: &[Reference],
    table: &Ident,
    waiting: &mut BTreeMap<Ident, BTreeSet<String>>,
) {
    let Some(rows) = tables.get(table) else { return };
    for reference in references.iter().filter(|reference| reference.table == *table) {
        let Some(index) = rows.columns.iter().position(|column| column.name == reference.column.as_str()) else {
            continue;
        };
        let there = tables.get(&reference.parent);
        let is_missing = |id: &&String| !there.is_some_and(|there| there.rows.contains_key(*id));
        let ids = rows.rows.values().filter_map(|values| values[index].as_ref()).filter(is_missing);
        waiting.entry(reference.parent.clone()).or_default().extend(ids.cloned());
    }
    waiting.retain(|_, ids| !ids.is_empty());
}
