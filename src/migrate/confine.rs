//! Which files can be tried on a scratch schema: a statement that reaches beyond the database it runs in would change
//! another one, or the server, in earnest. Pure.

use super::explain::beginning;
use super::files::Script;
use crate::db::split::{Token, tokens};

/// A statement that must not run in a trial.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{script}` line {line} (`{statement}`) {reach}")]
pub struct Outside {
    /// Which statement of the file it is, from 0.
    pub index: usize,
    script: String,
    line: usize,
    statement: String,
    reach: Reach,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
enum Reach {
    #[error(
        "changes more than its database, so it can't be tried on a scratch schema; do such things apart from the migrations"
    )]
    Server,
    #[error("names database `{0}`, so it can't be tried on a scratch schema; leave the database's name out")]
    Database(String),
}

impl Outside {
    /// What it does, as a clause.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.reach {
            Reach::Server => "may change more than its database".to_owned(),
            Reach::Database(name) => format!("names database `{name}`"),
        }
    }
}

/// Sees that every statement stays within its database. `others`: the server's databases that a statement must not name.
/// Errors: the first statement that does not. What a program does when it is called is looked through for names only.
pub fn check<'a>(scripts: impl IntoIterator<Item = &'a Script>, others: &[String]) -> Result<(), Outside> {
    scripts.into_iter().flat_map(|script| outside(script, others)).next().map_or(Ok(()), Err)
}

/// The statements of a file that do not stay within their database.
#[must_use]
pub fn outside(script: &Script, others: &[String]) -> Vec<Outside> {
    // a statement that `split` gave has been read to its end already
    let read = |statement| tokens(statement).unwrap_or_default();
    let statements: Vec<Vec<Token<'_>>> =
        script.statements.iter().map(|statement| read(statement.text.as_str())).collect();
    // where text is made into statements, text counts
    let prepares = statements.iter().flatten().any(|token| is_word(token, "PREPARE"));
    let reach = |tokens: &[Token<'_>]| match named(tokens, others, prepares) {
        Some(name) => Some(Reach::Database(name.to_owned())),
        None => (!stays_within(tokens)).then_some(Reach::Server),
    };
    let found = script.statements.iter().zip(&statements).enumerate().filter_map(|(index, (statement, tokens))| {
        let (script, line, statement) = (script.name.clone(), statement.line, beginning(&statement.text));
        reach(tokens).map(|reach| Outside { index, script, line, statement, reach })
    });
    found.collect()
}

fn is_word(token: &Token<'_>, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
}

/// The database that a statement names, as `name.`; in a text that may become a statement, any mention counts.
fn named<'a>(tokens: &[Token<'_>], others: &'a [String], prepares: bool) -> Option<&'a str> {
    let known = |name: &str| others.iter().map(String::as_str).find(|other| other.eq_ignore_ascii_case(name));
    tokens.iter().enumerate().find_map(|(at, token)| {
        let qualifies = tokens.get(at + 1) == Some(&Token::Symbol('.'));
        match token {
            Token::Word(name) if qualifies => known(name),
            Token::Quoted(name) if qualifies => known(&name[1..name.len() - 1].replace("``", "`")),
            Token::Quoted(text) if prepares => others.iter().map(String::as_str).find(|other| mentions(text, other)),
            _ => None,
        }
    })
}

/// Whether a text holds a name that is no part of a longer one.
fn mentions(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    text.match_indices(&name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

/// What belongs to one database, and what to the server (MySQL manual, "Data Definition Statements").
const WITHIN: [&str; 7] = ["TABLE", "INDEX", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"];
const BEYOND: [&str; 10] = [
    "DATABASE",
    "SCHEMA",
    "USER",
    "ROLE",
    "SERVER",
    "TABLESPACE",
    "LOGFILE",
    "INSTANCE",
    "RESOURCE",
    "REFERENCE", // CREATE SPATIAL REFERENCE SYSTEM
];

/// Whether the statement is of a kind that changes its own database only. Kinds that are not known do not.
fn stays_within(tokens: &[Token<'_>]) -> bool {
    let words: Vec<String> = tokens
        .iter()
        .filter_map(|token| if let Token::Word(word) = token { Some(word.to_ascii_uppercase()) } else { None })
        .skip_while(|word| word.starts_with(|c: char| c.is_ascii_digit())) // the version of `/*!80000`
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // it would write on the server's machine
    if words.iter().any(|word| matches!(*word, "OUTFILE" | "DUMPFILE")) {
        return false;
    }
    match words.as_slice() {
        ["DROP", "PREPARE", ..] | ["RENAME", "TABLE" | "TABLES", ..] => true,
        ["CREATE" | "ALTER" | "DROP", rest @ ..] => {
            let object = rest.iter().find(|word| WITHIN.contains(word) || BEYOND.contains(word));
            // a function of a shared library is the server's
            object.is_some_and(|object| WITHIN.contains(object) && !(*object == "FUNCTION" && rest.contains(&"SONAME")))
        }
        [] | ["SET", "DEFAULT", "ROLE", ..] | ["SET", "PASSWORD" | "RESOURCE", ..] => false,
        ["SET", ..] => !tokens.windows(2).any(|pair| sets_globally(&pair[0], &pair[1])),
        [first, ..] => matches!(
            *first,
            "TRUNCATE"
                | "INSERT"
                | "UPDATE"
                | "DELETE"
                | "REPLACE"
                | "WITH"
                | "SELECT"
                | "TABLE"
                | "VALUES"
                | "CALL"
                | "DO"
                | "PREPARE"
                | "EXECUTE"
                | "DEALLOCATE"
                | "ANALYZE"
                | "OPTIMIZE"
                | "CHECK"
                | "REPAIR"
                | "LOAD"
                | "SHOW"
                | "EXPLAIN"
                | "DESCRIBE"
                | "DESC"
        ),
    }
}

/// `SET GLOBAL`, `SET a = 1, @@PERSIST.b = 2`; to read `@@GLOBAL.b` is another thing.
fn sets_globally(before: &Token<'_>, token: &Token<'_>) -> bool {
    let global = ["GLOBAL", "PERSIST", "PERSIST_ONLY", "@@GLOBAL", "@@PERSIST", "@@PERSIST_ONLY"];
    (is_word(before, "SET") || *before == Token::Symbol(',')) && global.iter().any(|keyword| is_word(token, keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others() -> Vec<String> {
        vec!["clinic".to_owned(), "my`sql".to_owned(), "mysql".to_owned()]
    }

    #[test]
    fn what_stays_within_may_run() {
        for sql in [
            "CREATE TABLE user (role INT, clinic INT COMMENT 'see clinic.users')",
            "/*!80000 ALTER TABLE t ADD server INT */",
            "create or replace definer = root@localhost sql security invoker view v as select t.x from t",
            "CREATE UNIQUE INDEX i ON t (x)",
            "DROP INDEX i ON t",
            "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET NEW.x = @@GLOBAL.port",
            "INSERT INTO t SELECT clinic FROM information_schema.tables",
            "WITH x AS (SELECT 1) DELETE FROM t",
            "SET SESSION sql_mode = @@GLOBAL.sql_mode, foreign_key_checks = 0",
            "SET @global = 1",
            "RENAME TABLE a TO b",
            "CREATE SPATIAL INDEX i ON t (x)",
            "CALL p()",
            "SELECT 1 -- clinic.users",
        ] {
            assert!(stays_within(&tokens(sql).unwrap()), "{sql}");
            assert_eq!(named(&tokens(sql).unwrap(), &others(), false), None, "{sql}");
        }
    }

    #[test]
    fn what_changes_the_server_may_not() {
        for sql in [
            "USE clinic",
            "CREATE DATABASE x",
            "drop schema if exists x",
            "ALTER DATABASE CHARACTER SET latin1",
            "CREATE USER a",
            "DROP ROLE r",
            "RENAME USER a TO b",
            "GRANT ALL ON t TO a",
            "REVOKE ALL ON t FROM a",
            "SET GLOBAL max_connections = 1",
            "SET sql_mode = '', PERSIST event_scheduler = ON",
            "SET @@global.port = 1",
            "SET PASSWORD = 'x'",
            "SET DEFAULT ROLE r TO a",
            "CREATE FUNCTION f RETURNS STRING SONAME 'f.so'",
            "CREATE UNDO TABLESPACE x ADD DATAFILE 'x.ibu'",
            "CREATE SPATIAL REFERENCE SYSTEM 4120 NAME 'x'",
            "FLUSH TABLES",
            "KILL 7",
            "INSTALL COMPONENT 'file://x'",
            "ALTER INSTANCE ROTATE INNODB MASTER KEY",
            "SELECT * INTO OUTFILE '/tmp/x' FROM t",
        ] {
            assert!(!stays_within(&tokens(sql).unwrap()), "{sql}");
        }
    }

    #[test]
    fn another_database_may_not_be_named() {
        for (sql, name) in [
            ("DROP TABLE clinic.users", "clinic"),
            ("DROP TABLE `CLINIC` . `users`", "clinic"),
            ("UPDATE t SET x = 1 WHERE y IN (SELECT y FROM `my``sql`.t)", "my`sql"),
            ("DROP TRIGGER \"clinic\".t", "clinic"),
            ("CREATE PROCEDURE p() BEGIN DELETE FROM mysql.user; END", "mysql"),
        ] {
            assert_eq!(named(&tokens(sql).unwrap(), &others(), false), Some(name), "{sql}");
        }
        for sql in ["SET @sql = 'DROP TABLE clinic.users'", "SET @sql = CONCAT('DROP TABLE ', 'clinic', '.users')"] {
            assert_eq!(named(&tokens(sql).unwrap(), &others(), false), None, "{sql}");
            assert_eq!(named(&tokens(sql).unwrap(), &others(), true), Some("clinic"), "{sql}");
        }
        let longer = "PREPARE s FROM 'DROP TABLE clinic_rooms'";
        assert_eq!(named(&tokens(longer).unwrap(), &others(), true), None);
    }
}
