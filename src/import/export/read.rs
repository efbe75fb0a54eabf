//! The rows at one moment, in the text form that the server gives them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use futures_util::TryStreamExt as _;
use sqlx::mysql::{MySql, MySqlColumn, MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Column as _, Executor as _, Row as _, SqlSafeStr as _, Statement as _, Type, TypeInfo as _};

use super::write::Rows;
use super::{ExportError, NULL_WORD, Place, Watch, What};
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::split::{Token, tokens};
use crate::import::manifest::{Column, Form};
use crate::output::count;

/// A transaction that sees all tables of InnoDB as they were when it began, and writes nothing.
pub struct Snapshot<'a> {
    conn: &'a mut MySqlConnection,
    at: String,
}

/// A statement that gives rows, and its columns.
pub(super) struct Selection {
    pub columns: Vec<Column>,
    sql: String,
}

// under NO_ZERO_IN_DATE, a sort makes 0000-00-00 of 2026-02-00; the time of a statement counts until its last row is taken
const BEGIN: &str = "
    SET SESSION sql_mode = REPLACE(REPLACE(REPLACE(@@SESSION.sql_mode, 'NO_ZERO_IN_DATE', ''), 'NO_ZERO_DATE', ''), 'TRADITIONAL', '');
    SET SESSION time_zone = '+00:00', TRANSACTION_ISOLATION = 'REPEATABLE-READ', max_execution_time = 0, net_write_timeout = 3600;
    START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
const NOW: &str = "SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')";

impl<'a> Snapshot<'a> {
    /// Begins.
    pub async fn begin(conn: &'a mut MySqlConnection) -> Result<Self, DbError> {
        let failed = |error| DbError::new("could not begin to read", &error);
        sqlx::raw_sql(BEGIN).execute(&mut *conn).await.map_err(failed)?;
        let at = sqlx::query_scalar(NOW).fetch_one(&mut *conn).await.map_err(failed)?;
        Ok(Self { conn, at })
    }

    /// When it began, in UTC: `2026-11-25T08:00:00Z`.
    #[must_use]
    pub fn at(&self) -> &str {
        &self.at
    }

    /// Ends.
    pub async fn end(self) -> Result<(), DbError> {
        let ended = sqlx::raw_sql("ROLLBACK").execute(self.conn).await;
        ended.map(drop).map_err(|error| DbError::new("could not end to read", &error))
    }

    /// Asks the server for the columns of what is wished. Errors: a statement that is no query, or not right.
    pub(super) async fn select(&mut self, what: &What, watch: &mut impl Watch) -> Result<Selection, ExportError> {
        let sql = match what {
            What::Table(table) => select_table(self.conn, table, watch).await?,
            What::Query(_, sql) => {
                check_kind(what, sql)?;
                sql.clone()
            }
        };
        // prepared, so that there is no second statement behind the first one
        let prepared = self.conn.prepare(AssertSqlSafe(sql.as_str()).into_sql_str()).await;
        let prepared = prepared.map_err(|error| DbError::new(format!("could not read {what}"), &error))?;
        let columns: Vec<Column> = prepared.columns().iter().map(column).collect();
        check_names(what, &columns)?;
        for Column { name, .. } in columns.iter().filter(|column| column.form == Form::Hex) {
            watch.note(format!("{what}: column `{name}` holds bytes, written as `0x` and their hexadecimal digits"));
        }
        Ok(Selection { columns, sql })
    }

    /// Writes all rows, one after the other. Returns how many there are.
    pub(super) async fn copy(
        &mut self,
        what: &What,
        selection: &Selection,
        file: &mut Rows,
        watch: &mut impl Watch,
    ) -> Result<u64, ExportError> {
        let failed = |error: sqlx::Error| DbError::new(format!("could not read {what}"), &error);
        let mut rows = 0;
        // not prepared: what the server sends then is not text
        let mut stream = sqlx::raw_sql(AssertSqlSafe(selection.sql.as_str())).fetch(&mut *self.conn);
        while let Some(row) = stream.try_next().await.map_err(failed)? {
            rows += 1;
            if row.len() != selection.columns.len() {
                return Err(DbError::because(format!("could not read {what}"), "its columns changed; run again").into());
            }
            for (number, Column { name, form }) in selection.columns.iter().enumerate() {
                let bytes: Option<&[u8]> = row.try_get_unchecked(number).map_err(failed)?;
                let place = || Place { what: what.to_string(), row: rows, column: name.clone() };
                let text = bytes.map(|bytes| form.text(bytes).ok_or_else(|| ExportError::NoText(place())));
                let text = text.transpose()?;
                if file.has_null_word() && text.as_deref() == Some(NULL_WORD) {
                    return Err(ExportError::NullWord(place()));
                }
                file.field(text.as_deref())?;
            }
            file.end_row()?;
            if rows.is_multiple_of(16_384) {
                watch.rows(what, rows);
            }
        }
        drop(stream);
        crash_point();
        let warnings = sqlx::raw_sql(WARNINGS).fetch_one(&mut *self.conn).await.map_err(failed)?;
        match warnings.try_get_unchecked::<u64, _>(0).map_err(failed)? {
            0 => {}
            warnings => watch.note(format!(
                "{what}: the server gave {}; run it by hand, and look at SHOW WARNINGS",
                count(warnings, "warning")
            )),
        }
        Ok(rows)
    }
}

const WARNINGS: &str = "SELECT @@SESSION.warning_count";

const TABLE: &str = "
    SELECT * FROM (
        SELECT 'engine' AS kind, engine AS name, 0 AS place FROM information_schema.tables
            WHERE engine IS NOT NULL AND table_schema = DATABASE() AND table_name = ?
        UNION ALL SELECT 'invisible', column_name, ordinal_position FROM information_schema.columns
            WHERE extra LIKE '%INVISIBLE%' AND table_schema = DATABASE() AND table_name = ?
        UNION ALL SELECT 'key', column_name, seq_in_index FROM information_schema.statistics
            WHERE index_name = 'PRIMARY' AND table_schema = DATABASE() AND table_name = ?
    ) AS facts ORDER BY place";

/// The query of a whole table, in the order of its primary key where it has one.
async fn select_table(conn: &mut MySqlConnection, table: &Ident, watch: &mut impl Watch) -> Result<String, DbError> {
    let failed = |error: sqlx::Error| DbError::new(format!("could not read {}", What::Table(table.clone())), &error);
    let name = table.as_str();
    let rows = sqlx::query(TABLE).bind(name).bind(name).bind(name).fetch_all(conn).await.map_err(failed)?;
    let fact = |row: &MySqlRow| Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?));
    let facts: Vec<(String, String)> = rows.iter().map(fact).collect::<Result<_, _>>().map_err(failed)?;
    let all = |kind: &'static str| facts.iter().filter(move |fact| fact.0 == kind).map(|fact| fact.1.as_str());
    if let Some(engine) = all("engine").find(|engine| *engine != "InnoDB") {
        watch.note(format!(
            "table {table} is of {engine}, which knows no snapshot: rows that are written meanwhile may be in the file"
        ));
    }
    let quoted = |kind| all(kind).filter_map(|name| Ident::new(name).ok()).map(|name| name.to_string());
    // `*` passes over invisible columns; a list of all would pass over those that the user may not read
    let columns: Vec<String> = ["*".to_owned()].into_iter().chain(quoted("invisible")).collect();
    let key: Vec<String> = quoted("key").collect();
    let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
    Ok(format!("SELECT {} FROM {table}{order}", columns.join(", ")))
}

/// Only kinds of statement that give rows: others may end the snapshot.
fn check_kind(what: &What, sql: &str) -> Result<(), ExportError> {
    let tokens = tokens(sql).map_err(|error| ExportError::Split(what.to_string(), error))?;
    match tokens.first() {
        Some(Token::Symbol('(')) => Ok(()),
        Some(Token::Word(word))
            if ["SELECT", "WITH", "TABLE", "VALUES"].iter().any(|kind| word.eq_ignore_ascii_case(kind)) =>
        {
            Ok(())
        }
        _ => Err(ExportError::NoRows(what.to_string())),
    }
}

fn check_names(what: &What, columns: &[Column]) -> Result<(), ExportError> {
    if columns.is_empty() {
        return Err(ExportError::NoRows(what.to_string()));
    }
    let mut seen = HashSet::new();
    for Column { name, .. } in columns {
        let wrong = if name.trim().is_empty() {
            "a column without a name".to_owned()
        } else if !seen.insert(name) {
            format!("two columns `{name}`")
        } else {
            continue;
        };
        return Err(ExportError::Names { what: what.to_string(), columns: wrong });
    }
    Ok(())
}

fn column(column: &MySqlColumn) -> Column {
    let kind = column.type_info();
    let form = match kind.name() {
        "BIT" => Form::Bits,
        // the names are those of texts in a binary collation, too
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" | "GEOMETRY"
            if !<str as Type<MySql>>::compatible(kind) =>
        {
            Form::Hex
        }
        _ => Form::Text,
    };
    Column { name: column.name().to_owned(), form }
}

impl Form {
    /// A value as text. None where it should be one and is not.
    fn text(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Text => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
            // at most 64 of them
            Self::Bits => bytes.iter().fold(0, |bits: u64, byte| bits << 8 | u64::from(*byte)).to_string().into(),
            Self::Hex => {
                let mut text = String::with_capacity(2 + 2 * bytes.len());
                text.push_str("0x");
                for byte in bytes {
                    let _ = write!(text, "{byte:02X}"); // writing into a String can't fail
                }
                text.into()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_text() {
        for (form, bytes, text) in [
            (Form::Text, b"0000-00-00".as_slice(), Some("0000-00-00")),
            (Form::Text, b"\xff", None),
            (Form::Bits, b"\x01\x02", Some("258")),
            (Form::Bits, b"\xff\xff\xff\xff\xff\xff\xff\xff", Some("18446744073709551615")),
            (Form::Hex, b"\x00\xab", Some("0x00AB")),
            (Form::Hex, b"", Some("0x")),
        ] {
            assert_eq!(form.text(bytes).as_deref(), text, "{form:?} {bytes:?}");
        }
    }

    #[test]
    fn only_queries_are_run() {
        let check = |sql: &str| check_kind(&What::Query("the query".to_owned(), sql.to_owned()), sql);
        for sql in ["select 1", "-- why\nWITH a AS (SELECT 1) TABLE a", "(SELECT 1)", "/* x */ VALUES ROW(1)"] {
            assert!(check(sql).is_ok(), "{sql}");
        }
        for sql in ["", "ANALYZE TABLE t", "DELETE FROM t", "/*! ANALYZE */ TABLE t", "CALL p()", "selection"] {
            assert!(check(sql).is_err(), "{sql}");
        }
    }
}
