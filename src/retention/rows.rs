//! Moves rows from one table to another of the same columns, inside the caller's transaction: pick (and lock), copy, compare,
//! delete. A row counts as moved only where count and checksum are the same on both sides.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

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

    /// The CRC-32 of a row, as SQL: of its values and of which of them are NULL, since `CONCAT_WS` passes over NULL. MySQL 9.6
    /// has no MD5 and SHA1 any more. The session's time zone must be UTC.
    #[must_use]
    pub fn crc(&self) -> String {
        let nulls = self.nullable.iter().map(|name| format!(", ISNULL({name})")).collect::<String>();
        format!("CRC32(CONCAT_WS('#', {}{nulls}))", self.list())
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
    use std::fmt::Write as _;
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

/// Rows are moved between these two. `from` and `to` may name a partition: `` `t` PARTITION (p)``.
#[derive(Debug, Clone)]
pub struct Move {
    /// Where they are.
    pub from: String,
    /// Where they go; an INSERT names the table without a partition.
    pub to: String,
    /// The columns of both.
    pub columns: Columns,
}

impl Move {
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
            self.from
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
        let table = self.to.split(" PARTITION ").next().unwrap_or(&self.to);
        let sql = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM {} WHERE id IN ({})",
            self.from,
            picked.list()
        );
        Ok(sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?.rows_affected())
    }

    /// What of the picked rows is where they go.
    pub async fn arrived(&self, conn: &mut MySqlConnection, picked: &Picked) -> Result<Sum, sqlx::Error> {
        sum(conn, &self.to, &self.columns, &format!("id IN ({})", picked.list())).await
    }

    /// Deletes the picked rows from where they were. Returns how many.
    pub async fn delete(&self, conn: &mut MySqlConnection, picked: &Picked) -> Result<u64, sqlx::Error> {
        let sql = format!("DELETE FROM {} WHERE id IN ({})", self.from, picked.list());
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

/// Deadlock, lock wait timeout: the transaction was, or is, rolled back, and may be tried again.
#[must_use]
pub fn may_try_again(error: &DbError) -> bool {
    matches!(error.number, Some(1205 | 1213))
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
    fn nulls_count() {
        let ident = |name| Ident::new(name).unwrap();
        let columns = Columns { names: vec![ident("id"), ident("a`b")], nullable: vec![ident("a`b")] };
        assert_eq!(columns.crc(), "CRC32(CONCAT_WS('#', `id`, `a``b`, ISNULL(`a``b`)))");
    }
}
