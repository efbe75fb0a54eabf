//! Takes the rows of a set away, so that it can be loaded anew.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::fixtures::Table;
use super::live::Reference;
use super::record::{ids, present};
use crate::db::error::DbError;
use crate::db::ident::Ident;

/// What a reset would delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Tables and how many rows of them, children first.
    pub deletions: Vec<(String, usize)>,
    /// Rows that are not the set's and refer to rows that are; where there are any, nothing is deleted.
    pub foreign: Vec<Foreign>,
}

impl Plan {
    /// All rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.deletions.iter().map(|(_, rows)| rows).sum()
    }
}

/// Rows of other origin that refer to rows of the set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "table `{table}` has {rows} of other origin whose `{column}` refers to rows of `{parent}` that would go; delete them first, \
     or where `--only` left them out, name `{table}`, too"
)]
pub struct Foreign {
    /// Their table.
    pub table: String,
    /// The column that refers.
    pub column: String,
    /// The table that they refer to.
    pub parent: String,
    /// How many: "3 rows".
    pub rows: String,
}

/// The table that stands for another: keys of appointments are kept beside them by triggers.
pub type Keys = BTreeMap<Ident, Ident>;

/// What a reset of `tables` would do. `keys`: for each table of keys, the table whose keys they are. `locked`: looks at
/// what is there now, and keeps it so until the transaction ends.
pub async fn plan(
    conn: &mut MySqlConnection,
    tables: &[Table],
    references: &[Reference],
    keys: &Keys,
    locked: bool,
) -> Result<Plan, DbError> {
    let lock = if locked { " FOR SHARE" } else { "" };
    if locked {
        // who wants to refer to one of these rows waits from here on
        for table in tables.iter().filter(|table| !table.rows.is_empty()) {
            let sql = format!("SELECT id FROM {} WHERE id IN ({}) FOR UPDATE", table.name, ids(table));
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *conn).await;
            rows.map_err(|error| DbError::new(format!("could not lock the rows of table {}", table.name), &error))?;
        }
    }
    let counts = present(conn, tables).await?;
    let deletions =
        tables.iter().zip(counts).rev().map(|(table, rows)| (table.name.as_str().to_owned(), rows)).collect();
    let mut foreign = Vec::new();
    for reference in references {
        let meant = |name: &Ident| keys.get(name).unwrap_or(name).clone();
        let (child, parent) = (meant(&reference.table), meant(&reference.parent));
        let of_set = |name: &Ident| tables.iter().find(|table| table.name == *name && !table.rows.is_empty());
        let Some(parents) = of_set(&parent) else { continue };
        let own = of_set(&child).map(|own| format!(" AND id NOT IN ({})", ids(own))).unwrap_or_default();
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM {} WHERE {} IN ({}){own}{lock}) AS others",
            reference.table,
            reference.column,
            ids(parents)
        );
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *conn).await.map_err(|error| {
            DbError::new(format!("could not look for rows of table {} that refer to the set", reference.table), &error)
        })?;
        if count > 0 {
            foreign.push(Foreign {
                table: child.as_str().to_owned(),
                column: reference.column.as_str().to_owned(),
                parent: parent.as_str().to_owned(),
                rows: if count == 1 { "1 row".to_owned() } else { format!("{count} rows") },
            });
        }
    }
    Ok(Plan { deletions, foreign })
}

/// Deletes the rows of `tables`, children first: one by one, since rows of a table may refer to each other.
pub async fn delete(conn: &mut MySqlConnection, tables: &[Table]) -> Result<usize, DbError> {
    let mut deleted = 0;
    for table in tables.iter().rev() {
        let sql = format!("DELETE FROM {} WHERE id = ?", table.name);
        for row in table.rows.iter().rev() {
            let done = sqlx::query(AssertSqlSafe(sql.clone())).bind(&row.id).execute(&mut *conn).await;
            let done = done.map_err(|error| DbError::new(format!("could not delete {}", table.place(row)), &error))?;
            deleted += usize::try_from(done.rows_affected()).unwrap_or(0);
        }
    }
    Ok(deleted)
}
