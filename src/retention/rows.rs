//! Moves rows from one table to another of the same columns, inside the caller's transaction: pick (and lock), copy, compare,
//! delete. A row counts as moved only where count and checksum are the same on both sides.

use std::fmt::{self, Write as _};
use std::time::Duration;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::batch::BatchSize;
use crate::db::error::DbError;
use crate::db::ident::Ident;

/// The columns of a table that are stored, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    names: Vec<Ident>,
    nullable: Vec<Ident>,
}

// generated columns are made anew by the server, and can't be inserted (3105)
const COLUMNS: &str = "
    SELECT CONVERT(COLUMN_NAME USING utf8mb4), IS_NULLABLE = 'YES' FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND GENERATION_EXPRESSION = '' ORDER BY ORDINAL_POSITION";

impl Columns {
    /// Reads the columns of a table; none where there is no such table, or this account may not see it.
    pub async fn read(conn: &mut MySqlConnection, table: &Ident) -> Result<Option<Self>, DbError> {
        let what = || format!("could not read the columns of table {table}");
        let rows = sqlx::query(COLUMNS).bind(table.as_str()).fetch_all(conn).await;
        let (mut names, mut nullable) = (Vec::new(), Vec::new());
        for row in rows.map_err(|error| DbError::new(what(), &error))? {
            let failed = |error: sqlx::Error| DbError::new(what(), &error);
            let name: String = row.try_get_unchecked(0).map_err(failed)?;
            let name = Ident::new(&name).map_err(|error| DbError::because(what(), error.to_string()))?;
            if row.try_get_unchecked::<i64, _>(1).map_err(failed)? != 0 {
                nullable.push(name.clone());
            }
            names.push(name);
        }
        Ok((!names.is_empty()).then_some(Self { names, nullable }))
    }

    /// As SQL lists them.
    #[must_use]
    pub fn list(&self) -> String {
        self.names.iter().map(Ident::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The same, each with the alias of its table.
    #[must_use]
    pub fn list_of(&self, alias: &str) -> String {
        self.names.iter().map(|name| format!("{alias}.{name}")).collect::<Vec<_>>().join(", ")
    }

    /// How many bytes the values of a row have as text, as SQL. InnoDB's own figure is an estimate that may be of long ago.
    #[must_use]
    pub fn bytes(&self) -> String {
        format!("LENGTH(CONCAT_WS('', {}))", self.list())
    }

    /// The CRC-32 of a row, as SQL: of its values, with the column's name before one that may be NULL, since `CONCAT_WS` passes
    /// over NULL. So a column that a migration adds changes no sum of rows that have nothing in it, and what the ledger says of
    /// rows that went before is still true. MySQL 9.6 has no MD5 and SHA1 any more. The session's time zone must be UTC.
    #[must_use]
    pub fn crc(&self) -> String {
        let value = |name: &Ident| {
            if self.nullable.contains(name) {
                format!("CONCAT({}, {name})", list(&[format!("{}=", name.as_str())]))
            } else {
                name.to_string()
            }
        };
        format!("CRC32(CONCAT_WS('#', {}))", self.names.iter().map(value).collect::<Vec<_>>().join(", "))
    }
}

/// How many rows, and the sum of their CRC-32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub rows: u64,
    /// The sum.
    pub checksum: u128,
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows with checksum {}", self.rows, self.checksum)
    }
}

impl std::ops::AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.checksum += other.checksum;
    }
}

/// Rows that a transaction has locked.
#[derive(Debug, Default)]
pub struct Picked {
    /// Their ids, in order.
    pub ids: Vec<String>,
    /// What they are.
    pub sum: Sum,
}

impl Picked {
    /// As SQL lists them behind IN. In hexadecimal digits, so that nothing needs an escape.
    #[must_use]
    pub fn list(&self) -> String {
        list(&self.ids)
    }
}

/// Ids as SQL lists them behind IN.
#[must_use]
pub fn list(ids: &[String]) -> String {
    let mut list = String::with_capacity(ids.len() * 90);
    for id in ids {
        list.push_str(if list.is_empty() { "_utf8mb4 x'" } else { ", _utf8mb4 x'" });
        for byte in id.bytes() {
            // writing into a String can't fail
            let _ = write!(list, "{byte:02x}");
        }
        list.push('\'');
    }
    list
}

/// A way through rows in the order of their ids, batch by batch.
#[derive(Debug)]
pub struct Keyset {
    /// The last id that was passed; none at the beginning.
    after: Option<String>,
    /// The last id of the way; none for the last there is.
    until: Option<String>,
    size: BatchSize,
}

impl Keyset {
    /// From the first id behind `after` to `until`, in batches that each take about `batch`.
    #[must_use]
    pub fn new(after: Option<String>, until: Option<String>, batch: Duration) -> Self {
        Self { after, until, size: BatchSize::new(batch) }
    }

    /// How many rows the next batch takes at the most.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.size.rows().into()
    }

    /// The condition on what is left of the way, as SQL; `id` is the column.
    #[must_use]
    pub fn rest(&self, id: &str) -> String {
        let bounds = [(">", &self.after), ("<=", &self.until)];
        let bounds = bounds.into_iter().filter_map(|(sign, bound)| Some((sign, bound.clone()?)));
        let bounds: Vec<String> = bounds.map(|(sign, bound)| format!("{id} {sign} {}", list(&[bound]))).collect();
        if bounds.is_empty() { "TRUE".to_owned() } else { bounds.join(" AND ") }
    }

    /// Passes the ids of a batch, which are in order. False: there were none, and the way is at its end.
    pub fn pass(&mut self, ids: &[String], took: Duration) -> bool {
        let Some(last) = ids.last() else { return false };
        self.after = Some(last.clone());
        self.size.measured(ids.len() as u64, took);
        true
    }
}

/// The id in the middle of so many rows.
pub async fn middle(conn: &mut MySqlConnection, from: &str, rows: u64) -> Result<Option<String>, sqlx::Error> {
    let sql = format!("SELECT id FROM {from} ORDER BY id LIMIT 1 OFFSET {}", rows / 2);
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(conn).await
}

/// Rows are moved between two tables, or between their partitions of one name.
#[derive(Debug, Clone)]
pub struct Move {
    /// The table where they are.
    pub from: String,
    /// The table where they go.
    pub to: String,
    /// The partition of both.
    pub partition: Option<Ident>,
    /// The columns of both.
    pub columns: Columns,
}

impl Move {
    /// A table, or its partition, as SQL reads it.
    fn part_of(&self, table: &str) -> String {
        let partition = self.partition.as_ref().map(|partition| format!(" PARTITION ({partition})"));
        format!("{table}{}", partition.unwrap_or_default())
    }

    /// Picks the rows that a condition holds for, in the order of their ids, `limit` at the most, and locks them, and them
    /// alone, until the transaction ends (under READ COMMITTED). `alias` stands for the table.
    pub async fn pick(
        &self,
        conn: &mut MySqlConnection,
        alias: &str,
        condition: &str,
        limit: Option<u64>,
    ) -> Result<Picked, sqlx::Error> {
        let limit = limit.map(|rows| format!(" LIMIT {rows}")).unwrap_or_default();
        let sql = format!(
            "SELECT id, CAST({} AS UNSIGNED) FROM {} {alias} WHERE {condition} ORDER BY id{limit} FOR UPDATE OF {alias}",
            self.columns.crc(),
            self.part_of(&self.from)
        );
        let mut picked = Picked::default();
        for row in sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await? {
            picked.ids.push(row.try_get_unchecked(0)?);
            picked.sum += Sum { rows: 1, checksum: u128::from(row.try_get_unchecked::<u64, _>(1)?) };
        }
        Ok(picked)
    }

    /// Copies the picked rows. Returns how many.
    pub async fn copy(&self, conn: &mut MySqlConnection, picked: &Picked) -> Result<u64, sqlx::Error> {
        let columns = self.columns.list();
        let sql = format!(
            "INSERT INTO {} ({columns}) SELECT {columns} FROM {} WHERE id IN ({})",
            self.to,
            self.part_of(&self.from),
            picked.list()
        );
        Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?.rows_affected())
    }

    /// What of the picked rows is where they go.
    pub async fn arrived(&self, conn: &mut MySqlConnection, picked: &Picked) -> Result<Sum, sqlx::Error> {
        sum(conn, &self.part_of(&self.to), &self.columns, &format!("id IN ({})", picked.list())).await
    }

    /// Deletes the picked rows from where they were. Returns how many.
    pub async fn delete(&self, conn: &mut MySqlConnection, picked: &Picked) -> Result<u64, sqlx::Error> {
        let sql = format!("DELETE FROM {} WHERE id IN ({})", self.part_of(&self.from), picked.list());
        Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?.rows_affected())
    }
}

/// Counts and sums the rows of a table, or of a partition of it, that a condition holds for.
pub async fn sum(
    conn: &mut MySqlConnection,
    from: &str,
    columns: &Columns,
    condition: &str,
) -> Result<Sum, sqlx::Error> {
    let sql =
        format!("SELECT COUNT(*), CAST(COALESCE(SUM({}), 0) AS CHAR) FROM {from} WHERE {condition}", columns.crc());
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn).await?;
    let checksum: String = row.try_get_unchecked(1)?;
    let checksum = checksum.parse().map_err(|_| sqlx::Error::Protocol(format!("`{checksum}` is no checksum")))?;
    Ok(Sum { rows: row.try_get_unchecked::<i64, _>(0)?.unsigned_abs(), checksum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_need_no_escape() {
        let ids = ["a'1".to_owned(), "\\é".to_owned()];
        assert_eq!(list(&ids), "_utf8mb4 x'612731', _utf8mb4 x'5cc3a9'");
    }

    #[test]
    fn a_way_is_what_is_left_of_it() {
        let batch = Duration::from_millis(250);
        let mut way = Keyset::new(None, None, batch);
        assert_eq!(way.rest("a.id"), "TRUE");
        assert!(way.pass(&["a".to_owned(), "b".to_owned()], batch));
        assert_eq!(way.rest("a.id"), "a.id > _utf8mb4 x'62'");
        assert!(!way.pass(&[], batch));
        let way = Keyset::new(Some("a".to_owned()), Some("c".to_owned()), batch);
        assert_eq!(way.rest("id"), "id > _utf8mb4 x'61' AND id <= _utf8mb4 x'63'");
    }

    #[test]
    fn nulls_count() {
        let ident = |name| Ident::new(name).unwrap();
        let columns = Columns { names: vec![ident("id"), ident("a`b")], nullable: vec![ident("a`b")] };
        assert_eq!(columns.crc(), "CRC32(CONCAT_WS('#', `id`, CONCAT(_utf8mb4 x'6160623d', `a``b`)))");
    }
}
