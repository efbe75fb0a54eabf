//! Walks a table a stretch at a time by one of its indexes: from its oldest rows to a cut-off, or by its ids. Rows that stay
//! lie behind and are not read again.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::rows::list;
use crate::db::error::DbError;

/// A table and the index that it is walked by.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    /// The table.
    pub table: &'static str,
    /// The column, a time or the id.
    pub column: &'static str,
    /// The index on it.
    pub index: &'static str,
}

/// How far a walk is.
#[derive(Debug)]
pub struct Walk {
    path: Path,
    /// Where it ends.
    cut_off: Option<String>,
    /// What else a row must be, as SQL.
    only: Option<String>,
    at: At,
}

/// What comes next. Times are as the server writes them in the session's time zone; ids, where it is walked by them, stand in
/// for them, and no two rows have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// All.
    Begin,
    /// The rows of this time and later ones.
    From(String),
    /// Of the many rows of this time, those with a higher id; then later ones.
    Within(String, String),
    /// The rows behind this time.
    Behind(String),
    End,
}

impl Walk {
    /// From the oldest row to those before `cut_off`, a date or a time as SQL writes it; to the last one without it.
    #[must_use]
    pub fn new(path: Path, cut_off: Option<String>) -> Self {
        Self::between(path, None, cut_off)
    }

    /// From the rows of the time `from` on, given likewise.
    #[must_use]
    pub fn between(path: Path, from: Option<String>, cut_off: Option<String>) -> Self {
        Self { path, cut_off, only: None, at: from.map_or(At::Begin, At::From) }
    }

    /// Of these rows those alone that meet a condition in SQL.
    #[must_use]
    pub fn only(self, condition: String) -> Self {
        Self { only: Some(condition), ..self }
    }

    /// The condition in SQL on the next rows, `rows` at the most but for what is written meanwhile, and passes them; none
    /// once there are no more. `alias` stands for the table.
    pub async fn next(
        &mut self,
        conn: &mut MySqlConnection,
        alias: &str,
        rows: u32,
    ) -> Result<Option<String>, DbError> {
        let table = self.path.table;
        let failed =
            |error: sqlx::Error| DbError::new(format!("could not read the next rows of table `{table}`"), &error);
        loop {
            if let At::Within(time, id) = &self.at {
                let last = self.last_id(conn, time, id, rows).await.map_err(failed)?;
                let stretch = self.tied(alias, time, id, last.as_deref());
                self.at = match last {
                    Some(last) => At::Within(time.clone(), last),
                    None => At::Behind(time.clone()),
                };
                return Ok(Some(stretch));
            }
            if self.at == At::End {
                return Ok(None);
            }
            let (first, next) = self.times(conn, rows).await.map_err(failed)?;
            let Some(first) = first else {
                self.at = At::End;
                return Ok(None);
            };
            let stretch = self.up_to(alias, next.as_deref());
            self.at = match next {
                // more rows of one time than a batch takes
                Some(next) if next == first => {
                    self.at = At::Within(next, String::new());
                    continue;
                }
                Some(next) => At::From(next),
                None => At::End,
            };
            return Ok(Some(stretch));
        }
    }

    /// The time of the next row, and that of the first one that a batch of so many rows has no room for.
    async fn times(
        &self,
        conn: &mut MySqlConnection,
        rows: u32,
    ) -> Result<(Option<String>, Option<String>), sqlx::Error> {
        let Path { table, column, index } = self.path;
        let from = format!("FROM {table} t FORCE INDEX ({index}) WHERE {}", self.up_to("t", None));
        let row = |offset| format!("(SELECT CAST({column} AS CHAR) {from} ORDER BY {column} LIMIT 1 OFFSET {offset})");
        let sql = format!("SELECT {}, {}", row(0), row(rows));
        let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn).await?;
        Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?))
    }

    /// The id that is so many rows on among those of a time; none where there are fewer.
    async fn last_id(
        &self,
        conn: &mut MySqlConnection,
        time: &str,
        id: &str,
        rows: u32,
    ) -> Result<Option<String>, sqlx::Error> {
        let Path { table, index, .. } = self.path;
        let sql = format!(
            "SELECT id FROM {table} t FORCE INDEX ({index}) WHERE {} ORDER BY id LIMIT 1 OFFSET {}",
            self.tied("t", time, id, None),
            rows.saturating_sub(1)
        );
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(conn).await
    }

    /// The rows from where the walk is up to a time, or to the cut-off.
    fn up_to(&self, alias: &str, before: Option<&str>) -> String {
        let column = self.path.column;
        let from = match &self.at {
            At::From(time) => format!("{alias}.{column} >= {} AND ", self.literal(time)),
            At::Within(time, _) | At::Behind(time) => format!("{alias}.{column} > {} AND ", self.literal(time)),
            At::Begin | At::End => String::new(),
        };
        let before = match before.or(self.cut_off.as_deref()) {
            Some(time) => format!("{alias}.{column} < {}", self.literal(time)),
            None => format!("{alias}.{column} IS NOT NULL"),
        };
        let only = self.only.as_ref().map(|only| format!(" AND {alias}.{only}")).unwrap_or_default();
        format!("{from}{before}{only}")
    }

    /// A value of the column.
    fn literal(&self, value: &str) -> String {
        // ids are anybody's text; times are the server's
        if self.path.column == "id" { list(&[value.to_owned()]) } else { format!("'{value}'") }
    }

    /// The rows of a time with an id above `id`, up to and with `last`.
    fn tied(&self, alias: &str, time: &str, id: &str, last: Option<&str>) -> String {
        // ids are anybody's text
        let literal = |id: &str| list(&[id.to_owned()]);
        let last = last.map(|last| format!(" AND {alias}.id <= {}", literal(last))).unwrap_or_default();
        format!("{alias}.{} = '{time}' AND {alias}.id > {}{last}", self.path.column, literal(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_meet_and_do_not_overlap() {
        let mut walk = Walk::new(Path { table: "n", column: "at", index: "i" }, Some("2026-01-01".to_owned()));
        for (at, all, some) in [
            (At::Begin, "t.at < '2026-01-01'", "t.at < '3'"),
            (At::From("2".to_owned()), "t.at >= '2' AND t.at < '2026-01-01'", "t.at >= '2' AND t.at < '3'"),
            (At::Behind("2".to_owned()), "t.at > '2' AND t.at < '2026-01-01'", "t.at > '2' AND t.at < '3'"),
        ] {
            walk.at = at;
            assert_eq!(walk.up_to("t", None), all);
            assert_eq!(walk.up_to("t", Some("3")), some);
        }
        assert_eq!(walk.tied("t", "2", "a", None), "t.at = '2' AND t.id > _utf8mb4 x'61'");
        assert_eq!(
            walk.tied("t", "2", "", Some("b'")),
            "t.at = '2' AND t.id > _utf8mb4 x'' AND t.id <= _utf8mb4 x'6227'"
        );
    }

    #[test]
    fn by_ids_the_rows_that_are_not_meant_are_passed_over() {
        let path = Path { table: "n", column: "id", index: "PRIMARY" };
        let mut walk = Walk::between(path, None, Some("b'".to_owned())).only("at < '2026-01-01'".to_owned());
        assert_eq!(walk.up_to("t", None), "t.id < _utf8mb4 x'6227' AND t.at < '2026-01-01'");
        walk.at = At::From("a".to_owned());
        assert_eq!(
            walk.up_to("t", Some("aa")),
            "t.id >= _utf8mb4 x'61' AND t.id < _utf8mb4 x'6161' AND t.at < '2026-01-01'"
        );
        walk.cut_off = None;
        assert_eq!(walk.up_to("t", None), "t.id >= _utf8mb4 x'61' AND t.id IS NOT NULL AND t.at < '2026-01-01'");
    }
}
