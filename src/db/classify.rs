//! What kind of statement a text is: how far a migration can be trusted with it.

use super::split::SplitError;

/// How a statement meets transactions (MySQL manual, "Statements That Cause an Implicit Commit").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Changes rows only: commits together with its journal row.
    Dml,
    /// Everything else; the server may commit by itself.
    Ddl,
}

/// A statement that a migration can't hold, since its journal could not be kept true.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{statement}` {reason}")]
pub struct Refused {
    /// The statement's first words.
    pub statement: String,
    reason: &'static str,
}

const TRANSACTION: &str =
    "can't stand in a migration: caredb commits each statement together with its journal; leave it out";
const LOCKS: &str = "can't stand in a migration: it would take or free locks that caredb relies on; leave it out";

/// Classifies by the first words; `text` is one statement as `split` gives it.
pub fn classify(text: &str) -> Result<Kind, Refused> {
    let words = first_words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let refused = |length: usize, reason| Err(Refused { statement: words[..length].join(" "), reason });
    match words.as_slice() {
        ["START", "TRANSACTION", ..] | ["RELEASE", "SAVEPOINT", ..] => refused(2, TRANSACTION),
        ["BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "XA", ..] => refused(1, TRANSACTION),
        ["SET", rest @ ..] if rest.iter().take(3).any(|word| word.trim_start_matches('@').eq("AUTOCOMMIT")) => {
            Err(Refused { statement: "SET autocommit".to_owned(), reason: TRANSACTION })
        }
        ["LOCK" | "UNLOCK", ..] => refused(1, LOCKS),
        ["LOAD", "DATA" | "XML", ..] if words.contains(&"LOCAL") => Err(Refused {
            statement: "LOAD DATA LOCAL".to_owned(),
            reason: "can't stand in a migration: the file is not part of it; use INSERT",
        }),
        ["INSERT" | "UPDATE" | "DELETE" | "REPLACE", ..] => Ok(Kind::Dml),
        _ => Ok(Kind::Ddl),
    }
}

/// The number of leading words that classification looks at.
const WORDS: usize = 6;

/// The first words, upper case, without comments and with the version of `/*!80000` left out.
fn first_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let seen: Result<(), SplitError> = super::split::each_token(text, |token| {
        if let super::split::Token::Word(word) = token
            && words.len() < WORDS
            && !(words.is_empty() && word.starts_with(|c: char| c.is_ascii_digit()))
        {
            words.push(word.to_ascii_uppercase());
        }
    });
    // a statement that `split` gave has been read to its end already
    debug_assert!(seen.is_ok());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_commits_with_its_journal() {
        for (sql, kind) in [
            ("CREATE TABLE t (a INT)", Kind::Ddl),
            ("insert into t values (1)", Kind::Dml),
            ("/* x */ UPDATE t SET a = 1", Kind::Dml),
            ("/*!80000 DELETE FROM t */", Kind::Dml),
            ("CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN COMMIT; END", Kind::Ddl),
            ("SET SESSION sql_mode = ''", Kind::Ddl),
        ] {
            assert_eq!(classify(sql), Ok(kind), "{sql}");
        }
    }

    #[test]
    fn refuses_what_would_make_the_journal_lie() {
        for (sql, statement) in [
            ("BEGIN", "BEGIN"),
            ("start transaction read only", "START TRANSACTION"),
            ("commit", "COMMIT"),
            ("ROLLBACK TO x", "ROLLBACK"),
            ("SAVEPOINT x", "SAVEPOINT"),
            ("RELEASE SAVEPOINT x", "RELEASE SAVEPOINT"),
            ("XA START 'x'", "XA"),
            ("SET autocommit = 0", "SET autocommit"),
            ("SET @@session.autocommit = 0", "SET autocommit"),
            ("LOCK TABLES t WRITE", "LOCK"),
            ("UNLOCK TABLES", "UNLOCK"),
            ("LOAD DATA LOCAL INFILE 'x' INTO TABLE t", "LOAD DATA LOCAL"),
        ] {
            assert_eq!(classify(sql).unwrap_err().statement, statement, "{sql}");
        }
    }
}
