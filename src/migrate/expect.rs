//! A query that a file expects to find no rows, so that rows which would break a rule are named before anything is changed.
//! It is declared in the comment before it, `-- caredb: expects no rows: <what such rows are>`; each row's first column
//! names it. To Flyway it is a query like any other.

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Either, Row as _};

use super::files::Statement;
use crate::db::ddl::execute;

/// How many rows a message names.
const NAMED: usize = 5;

/// What a comment before a query says that its rows would be; none where it says nothing.
#[must_use]
pub fn declared(comments: &str) -> Option<&str> {
    comments.lines().rev().find_map(|line| line.trim().strip_prefix("-- caredb: expects no rows: ")).map(str::trim)
}

/// Rows that should not be there.
#[derive(Debug, thiserror::Error)]
#[error("expects no {what}, and found {}; settle them and run again", self.found())]
pub struct Unexpected {
    what: String,
    /// The first of them.
    named: Vec<String>,
    count: usize,
}

impl Unexpected {
    fn found(&self) -> String {
        let named = self.named.join(", ");
        match self.count - self.named.len() {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }

    /// The rows that a statement stopped at, where that is why it failed.
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Option<&Self> {
        match error {
            sqlx::Error::Configuration(reason) => reason.downcast_ref(),
            _ => None,
        }
    }
}

/// Runs a statement. Errors: what the server says, or [`Unexpected`] rows, in a `Configuration` error.
pub async fn run(conn: &mut MySqlConnection, statement: &Statement) -> Result<(), sqlx::Error> {
    let Some(what) = &statement.expects else { return execute(conn, &statement.text).await };
    // the text is the migration's own
    let mut results = sqlx::raw_sql(AssertSqlSafe(statement.text.as_str())).fetch_many(conn);
    let (mut named, mut count) = (Vec::new(), 0);
    while let Some(result) = results.try_next().await? {
        let Either::Right(row) = result else { continue };
        count += 1;
        if named.len() < NAMED {
            let name: Option<Vec<u8>> = row.try_get_unchecked(0)?;
            named.push(name.map_or("NULL".to_owned(), |name| String::from_utf8_lossy(&name).into_owned()));
        }
    }
    if count == 0 {
        return Ok(());
    }
    Err(sqlx::Error::Configuration(Box::new(Unexpected { what: what.clone(), named, count })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_declaration_before_the_query_counts() {
        for (comments, what) in [
            ("", None),
            ("-- a comment\n", None),
            ("-- caredb: expects no rows: orphans\n", Some("orphans")),
            ("; -- other\n  -- caredb: expects no rows: orphans \n-- more\n", Some("orphans")),
        ] {
            assert_eq!(declared(comments), what);
        }
    }

    #[test]
    fn five_rows_are_named() {
        let unexpected = |count: usize| Unexpected {
            what: "orphans".to_owned(),
            named: (0..count.min(NAMED)).map(|row| format!("a{row}")).collect(),
            count,
        };
        assert_eq!(unexpected(1).to_string(), "expects no orphans, and found a0; settle them and run again");
        assert_eq!(
            unexpected(7).to_string(),
            "expects no orphans, and found a0, a1, a2, a3, a4 and 2 more; settle them and run again"
        );
    }
}
