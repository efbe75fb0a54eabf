//! Which column of a row the server means when it refuses the row.

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::finding::Finding;
use super::fixtures::{Row, Table, Value};
use super::load::bind;
use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;

/// A finding for a row that the server refused, with the columns that it means, and for a duplicate the row that has the
/// same. Asks the server where its message names a key only.
pub async fn refused(conn: &mut MySqlConnection, table: &Table, row: &Row, error: &sqlx::Error) -> Finding {
    let mut place = table.place(row);
    let mut reason = DbError::new("", error);
    if let Some((number, message)) = server_error(error) {
        place.columns = match number {
            1062 => match key_columns(conn, message).await {
                Some((holder, columns)) => {
                    if let Some(twin) = twin(conn, table, row, &holder, &columns).await {
                        reason = reason.with_cure(twin);
                    }
                    columns
                }
                None => Vec::new(),
            },
            3819 => check_columns(conn, message).await,
            3157 => too_deep(row),
            _ => named(number, message),
        };
        if number == 1452
            && let Some(reference) = place.columns.first().and_then(|column| missing(row, column))
        {
            return place.finding(format!("`{reference}` is not in the database; load its table, too"));
        }
    }
    place.finding(reason.reason())
}

/// The columns that a message names by itself (MySQL Error Message Reference).
fn named(number: u16, message: &str) -> Vec<String> {
    let quoted = |text: &str, quote: char| {
        let (name, _) = text.split_once(quote)?;
        // `db`.`table`.`column` and 'table.column' name the table, too
        Some(name.rsplit('.').next().unwrap_or(name).to_owned())
    };
    let name = match number {
        // Column 'x' cannot be null; Field 'x' doesn't have a default value
        1048 | 1364 => message.split_once('\'').and_then(|(_, rest)| quoted(rest, '\'')),
        // … a foreign key constraint fails (…, CONSTRAINT `k` FOREIGN KEY (`a`, `b`) REFERENCES …
        1216 | 1452 => {
            let columns = message.rsplit_once(" FOREIGN KEY (").and_then(|(_, rest)| rest.split_once(')'));
            return columns.map(|(columns, _)| backticked(columns)).unwrap_or_default();
        }
        // … for column 'x' at row 1, and for values beyond the character set: for column `db`.`t`.`x` at row 1
        _ => match (message.rfind("column '"), message.rfind("column `")) {
            (Some(start), _) => quoted(&message[start + "column '".len()..], '\''),
            (None, Some(start)) => {
                let names = message[start + "column ".len()..].split(" at row").next().unwrap_or_default();
                return backticked(names).pop().into_iter().collect();
            }
            (None, None) => None,
        },
    };
    name.into_iter().collect()
}

/// The names in backticks.
fn backticked(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

const KEY: &str = "
    SELECT CONVERT(COLUMN_NAME USING utf8mb4) FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND INDEX_NAME = ? ORDER BY SEQ_IN_INDEX";

/// The table and the columns of the key in `Duplicate entry '…' for key 'users.uk_users_email'`; an expression in a key
/// has no column.
async fn key_columns(conn: &mut MySqlConnection, message: &str) -> Option<(Ident, Vec<String>)> {
    let key = message.trim_end_matches('\'').rsplit_once("for key '")?.1;
    let (table, index) = key.split_once('.')?;
    let columns = sqlx::query_scalar::<_, Option<String>>(KEY).bind(table).bind(index).fetch_all(conn).await.ok()?;
    Some((Ident::new(table).ok()?, columns.into_iter().flatten().collect()))
}

/// Who has the same key.
async fn twin(
    conn: &mut MySqlConnection,
    table: &Table,
    row: &Row,
    holder: &Ident,
    columns: &[String],
) -> Option<String> {
    let mut parts = Vec::new();
    let mut values = Vec::new();
    for column in columns {
        let (name, value) = row.columns.iter().find(|(name, _)| name.as_str() == column)?;
        parts.push(format!("{name} = ?"));
        values.push(value);
    }
    let sql = format!("SELECT id FROM {holder} WHERE {} LIMIT 1", parts.join(" AND "));
    let query = sqlx::query_scalar_with::<_, String, _>(AssertSqlSafe(sql), bind(None, values));
    let id = query.fetch_optional(conn).await.ok()??;
    Some(match table.rows.iter().find(|other| other.id == id) {
        Some(other) => format!("row `{}` has the same", other.label),
        None => format!("the row with id `{id}`, which is no fixture, has the same"),
    })
}

const CHECK: &str = "
    SELECT CONVERT(CHECK_CLAUSE USING utf8mb4) FROM information_schema.CHECK_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_NAME = ?";

/// The columns of `Check constraint 'chk' is violated.`
async fn check_columns(conn: &mut MySqlConnection, message: &str) -> Vec<String> {
    let Some(name) = message.split('\'').nth(1) else { return Vec::new() };
    let clause: Option<String> = sqlx::query_scalar(CHECK).bind(name).fetch_optional(conn).await.ok().flatten();
    let mut columns: Vec<String> = Vec::new();
    for column in backticked(&clause.unwrap_or_default()) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// The most that JSON may be nested (MySQL manual, "The JSON Data Type").
pub const JSON_DEPTH: usize = 100;

/// How deep arrays and objects are nested in a JSON text; a scalar has depth 1, as for `JSON_DEPTH()`.
#[must_use]
pub fn json_depth(text: &str) -> usize {
    let (mut depth, mut most, mut in_string, mut escaped, mut empty) = (0_usize, 0_usize, false, false, false);
    for c in text.chars() {
        if escaped {
            escaped = false;
        } else if in_string {
            (escaped, in_string) = (c == '\\', c != '"');
        } else if matches!(c, '[' | '{') {
            depth += 1;
            most = most.max(depth);
            empty = true;
        } else if matches!(c, ']' | '}') {
            depth = depth.saturating_sub(1);
            empty = false;
        } else if !c.is_whitespace() {
            in_string = c == '"';
            // something in this array or object is one deeper than it
            if empty {
                most = most.max(depth + 1);
                empty = false;
            }
        }
    }
    most.max(1)
}

/// The server does not say which JSON is nested too deep.
fn too_deep(row: &Row) -> Vec<String> {
    let is_too_deep = |value: &Value| matches!(value, Value::Text(text) if json_depth(text) > JSON_DEPTH);
    let deep = row.columns.iter().filter(|(_, value)| is_too_deep(value));
    deep.map(|(name, _)| name.as_str().to_owned()).collect()
}

/// The fixture, as it is written, that a column refers to.
fn missing(row: &Row, column: &str) -> Option<String> {
    let (_, value) = row.columns.iter().find(|(name, _)| name.as_str() == column)?;
    let is_it =
        |(of, label): &&(String, String)| matches!(value, Value::Text(id) if *id == super::fixtures::id(of, label));
    row.needs.iter().find(is_it).map(|(of, label)| format!("@{of}.{label}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_in_messages() {
        for (number, message, columns) in [
            (1048, "Column 'email' cannot be null", "email"),
            (1364, "Field 'password_hash' doesn't have a default value", "password_hash"),
            (1264, "Out of range value for column 'age' at row 1", "age"),
            (1366, "Incorrect integer value: 'for column 'x'' for column 'age' at row 1", "age"),
            (1366, "Incorrect string value: '\\xF0' for column `c`.`t`.`name` at row 1", "name"),
            (3140, "Invalid JSON text: \"Invalid value.\" at position 0 in value for column 't.data'.", "data"),
            (3105, "The value specified for generated column 'full' in table 't' is not allowed.", "full"),
            (
                1452,
                "a foreign key constraint fails (`c`.`t`, CONSTRAINT `k` FOREIGN KEY (`a`, `b`) REFERENCES `p` (`a`, `b`))",
                "a b",
            ),
            (1205, "Lock wait timeout exceeded", ""),
        ] {
            assert_eq!(named(number, message).join(" "), columns, "{message}");
        }
    }

    #[test]
    fn depth_is_that_of_the_server() {
        for (text, depth) in [
            ("1", 1),
            ("\"[[[[\"", 1),
            ("[]", 1),
            ("{}", 1),
            ("[1]", 2),
            ("[[]]", 2),
            ("{\"a\": 1}", 2),
            ("{\"a\": [1, {\"b\": \"\\\"]\"}]}", 4),
        ] {
            assert_eq!(json_depth(text), depth, "{text}");
        }
        assert_eq!(json_depth(&format!("{}{}", "[".repeat(100), "]".repeat(100))), 100);
    }
}
