//! What the server or the connection says, turned into what, why and the cure.

use std::fmt::Write as _;

/// A failure of a statement or of the connection.
///
/// Displays as one line: what was being done, on what; what the server said (with values masked, since
/// they may be a patient's); what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.line())]
pub struct DbError {
    what: String,
    reason: String,
    cure: Option<String>,
    /// MySQL's error number, where the server said one.
    pub number: Option<u16>,
    /// The connection is gone; what the server did last is not known.
    pub lost: bool,
}

impl DbError {
    /// `what` is the thing that failed, as a clause: "could not read the migration history".
    pub fn new(what: impl Into<String>, error: &sqlx::Error) -> Self {
        let what = what.into();
        let Some((number, message)) = server_error(error) else {
            let lost = matches!(error, sqlx::Error::Io(_));
            return Self { what, reason: transport(error), cure: None, number: None, lost };
        };
        Self {
            what,
            reason: format!("MySQL error {number}: {}", self::message(number, message)),
            cure: cure(number).map(str::to_owned),
            number: Some(number),
            lost: is_lost(number, message),
        }
    }

    /// What caredb itself finds wrong with an answer of the server.
    pub fn because(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { what: what.into(), reason: reason.into(), cure: None, number: None, lost: false }
    }

    /// Replaces the general cure by one that knows more.
    #[must_use]
    pub fn with_cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// Names the privilege that `sql` lacks, where the server says only that it refuses.
    #[must_use]
    pub fn naming_privilege(self, sql: &str) -> Self {
        if self.number == Some(1044) && sql.starts_with("LOCK TABLES ") {
            return self.with_cure(
                "ask for the missing privilege LOCK TABLES (`caredb grants cron` prints what is needed) and run again",
            );
        }
        self
    }

    /// What the server said, and the cure, without what failed.
    #[must_use]
    pub fn reason(&self) -> String {
        let mut reason = self.reason.clone();
        if let Some(cure) = &self.cure {
            let _ = write!(reason, "; {cure}"); // writing into a String can't fail
        }
        reason
    }

    fn line(&self) -> String {
        format!("{}: {}", self.what, self.reason())
    }
}

/// What was seen, or nothing and why: who may not look into a table, or finds it locked, still sees the rest of a page. Errors: the
/// connection is lost.
pub fn or_why<T: Default>(seen: Result<T, DbError>) -> Result<(T, Option<String>), DbError> {
    match seen {
        Ok(seen) => Ok((seen, None)),
        Err(error) if error.lost => Err(error),
        Err(error) => Ok((T::default(), Some(error.to_string()))),
    }
}

/// Whether another connection may do what this one can't any more: server shutdown, connection killed, session killed, idle for
/// too long; or the server is no primary any more, and its group may have taken the commit back (3100, 3101).
fn is_lost(number: u16, message: &str) -> bool {
    match number {
        1053 | 1836 | 1927 | 3100 | 3101 | 3169 | 4031 => true,
        // "running with the --super-read-only option"; other options have the same number
        1290 => message.contains("read-only"),
        _ => false,
    }
}

/// MySQL's error number and message, where `error` came from the server.
#[must_use]
pub fn server_error(error: &sqlx::Error) -> Option<(u16, &str)> {
    let error = error.as_database_error()?.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()?;
    Some((error.number(), error.message()))
}

fn transport(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(io) => io_reason(io),
        // what caredb itself says by way of the driver
        sqlx::Error::Configuration(reason) => reason.to_string(),
        other => other.to_string(),
    }
}

/// What became of a connection. How far the server's end is noticed makes no difference to a person.
#[must_use]
pub fn io_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error.kind() {
        UnexpectedEof | BrokenPipe | ConnectionReset | ConnectionAborted => {
            "the server closed the connection".to_owned()
        }
        _ => error.to_string().to_lowercase(),
    }
}

/// What the server says, on one line, without patients' values and without its advice to read its manual.
fn message(number: u16, message: &str) -> String {
    let message = message.trim_end().replace(['\n', '\r'], " ");
    match message.split_once("the right syntax to use ") {
        // what follows the first word or two may be a secret or a patient's
        Some((_, near)) if number == 1064 => format!("syntax error {}", until_quote(near)),
        _ => mask(number, &message),
    }
}

/// `near 'x = 'secret' …' at line 2` up to the quote that begins a string inside it.
fn until_quote(near: &str) -> String {
    let (text, line) = near.rsplit_once("' at line ").unwrap_or((near, ""));
    let start = text.find('\'').map_or(0, |start| start + 1);
    match text[start..].find(['\'', '"']) {
        Some(end) => format!("{}…' at line {line}", &text[..start + end]),
        None => near.to_owned(),
    }
}

/// Replaces the values that some of MySQL's messages repeat by `…`; names of keys and columns stay (MySQL Error Message Reference).
fn mask(number: u16, message: &str) -> String {
    // 1062-1586 duplicate entry, 1557 duplicate entry of a child, 1292-1366-1367-1411-1525 wrong value, 1300-3854 wrong
    // characters, 1690 out of range
    const IN_QUOTES: [u16; 11] = [1062, 1292, 1300, 1366, 1367, 1411, 1525, 1557, 1586, 1690, 3854];
    match number {
        1761 | 1762 => cut(message, "record "),
        // no quotes: no partition for value 7, a row in the wrong partition
        1526 => cut(message, "for value "),
        1863 => cut(message, "wrong partition"),
        _ if IN_QUOTES.contains(&number) => mask_quoted(message),
        _ => message.to_owned(),
    }
}

/// `…` for what follows `mark`, or for all where it is not there.
fn cut(message: &str, mark: &str) -> String {
    let kept = message.find(mark).map_or("", |start| &message[..start + mark.len()]);
    format!("{kept}…")
}

/// `…` for the value, which stands first, up to the quote that is followed by one of these.
fn mask_quoted(message: &str) -> String {
    let Some(start) = message.find('\'') else { return message.to_owned() };
    let end = ["' for ", "' in ", "' at ", "' from ", "' value "]
        .iter()
        .filter_map(|mark| message.rfind(mark))
        .filter(|&end| end > start)
        .min();
    match end {
        Some(end) => format!("{}…{}", &message[..=start], &message[end..]),
        None => format!("{}…'", &message[..=start]),
    }
}

/// The cure of an error, by MySQL's number (MySQL Error Message Reference).
fn cure(number: u16) -> Option<&'static str> {
    Some(match number {
        1040 => "wait until connections are closed, or raise `max_connections`",
        1022 | 1062 => "two rows would have the same key: find and settle them, then run again",
        1044 | 1142 | 1143 | 1227 | 1370 => {
            "ask for the missing privilege (`caredb grants` prints what each account needs) and run again"
        }
        1045 => "check the user and the password in the URL, or give the password by `CAREDB_PASSWORD_FILE`",
        1049 => "create the database, or correct its name in the URL",
        1064 => "correct the statement and run again",
        1205 => "another session holds the rows or the table: find it with `SHOW PROCESSLIST`, and run again",
        1213 => "a deadlock with another transaction: run again",
        1290 | 1836 => "this server takes no writes: connect to the primary",
        1419 => {
            "the binary log is on, so CREATE TRIGGER and CREATE FUNCTION need SUPER: have an administrator run \
             `SET PERSIST log_bin_trust_function_creators = 1`, or migrate as a user with SUPER"
        }
        1698 | 1251 => {
            "the account's authentication method can't be used here: use an account with caching_sha2_password"
        }
        3098 => "a replication group takes only InnoDB tables with a primary key: give the table one",
        3231 => "raise `group_replication_transaction_size_limit` for as long as this runs, and run again",
        3159 => "the server wants TLS: add `?ssl-mode=required` or stronger to the URL",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_has_one_name() {
        use std::io::{Error, ErrorKind};
        for kind in [ErrorKind::UnexpectedEof, ErrorKind::BrokenPipe, ErrorKind::ConnectionReset] {
            let lost = DbError::new("could not x", &sqlx::Error::Io(Error::new(kind, "expected to read 4 bytes")));
            assert_eq!(lost.to_string(), "could not x: the server closed the connection");
        }
        let refused =
            DbError::new("could not x", &sqlx::Error::Io(Error::new(ErrorKind::ConnectionRefused, "Refused")));
        assert_eq!(refused.to_string(), "could not x: refused");
    }

    #[test]
    fn values_are_masked_and_names_kept() {
        for (number, message, masked) in [
            (1062, "Duplicate entry 'marta@example.com' for key 'users.uk'", "Duplicate entry '…' for key 'users.uk'"),
            (1062, "Duplicate entry 'it's for key 'x' for key 'users.uk'", "Duplicate entry '…' for key 'users.uk'"),
            (
                1366,
                "Incorrect integer value: 'abc' for column 'age' at row 1",
                "Incorrect integer value: '…' for column 'age' at row 1",
            ),
            (1292, "Incorrect date value: '2023-02-30'", "Incorrect date value: '…'"),
            (
                1367,
                "Illegal double '1e999' value found during parsing",
                "Illegal double '…' value found during parsing",
            ),
            (1690, "BIGINT value is out of range in '(`c`.`t`.`a` + 5)'", "BIGINT value is out of range in '…'"),
            (1300, "Invalid utf8mb4 character string: 'M\\xFC'", "Invalid utf8mb4 character string: '…'"),
            (
                3854,
                "Cannot convert string 'Zo\\xC3' from utf8mb4 to ascii",
                "Cannot convert string '…' from utf8mb4 to ascii",
            ),
            (1526, "Table has no partition for value 19800101", "Table has no partition for value …"),
            (1526, "Table has no partition for value from column_list", "Table has no partition for value …"),
            (1863, "Found a row in wrong partition 1980 p0", "Found a row in wrong partition…"),
            (
                1761,
                "Foreign key constraint for table 'a', record 'Marta-7' would lead to a duplicate entry in table 'b', key 'k'",
                "Foreign key constraint for table 'a', record …",
            ),
            (
                1762,
                "Foreign key constraint for table 'a', record 'Marta' would lead to a duplicate entry in a child table",
                "Foreign key constraint for table 'a', record …",
            ),
            (1264, "Out of range value for column 'age' at row 1", "Out of range value for column 'age' at row 1"),
            (1146, "Table 'c.users' doesn't exist", "Table 'c.users' doesn't exist"),
        ] {
            assert_eq!(mask(number, message), masked);
        }
        let syntax = "You have an error; check the manual for the right syntax to use near 'BY 'hunter2' x' at line 3";
        assert_eq!(message(1064, syntax), "syntax error near 'BY …' at line 3");
        assert_eq!(
            message(1064, "the right syntax to use near 'INTEGERS' at line 2"),
            "syntax error near 'INTEGERS' at line 2"
        );
    }
}
