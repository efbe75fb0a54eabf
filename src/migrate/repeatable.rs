//! Repeatable migrations, `R__description.sql`: what such a file may hold, what it creates, and how that is dropped.
//!
//! The file is applied again whenever its text has changed, so each of its statements must be safe to repeat. That is
//! why an application or a drop that did not reach its end is begun anew and never resumed.

use super::applied::Observed;
use super::classify::{Change, Class, Target};
use super::files::{Files, REPEATABLE, Script, Statement, sha256};
use super::history::abbreviate;
use super::plan::{PlanError, Step};
use crate::db::split::{Token, tokens};
use crate::schema::introspect::Kind;

/// One R file.
#[derive(Debug, Clone)]
pub struct Repeatable {
    /// The file; its description is what the history knows it by.
    pub up: Script,
    /// Drops what the file creates, last first.
    pub drop: Script,
    /// Flyway's checksum of the text before placeholders are replaced.
    plain_checksum: i32,
}

/// A statement that can't stand in an R file. Lines count from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotRepeatable {
    /// It changes something that a rollback could not drop.
    #[error(
        "line {line}: `{statement}` can't stand in a repeatable migration, which creates only views, procedures, functions, triggers and events; make it a `V` file"
    )]
    Alters {
        /// Where the statement begins.
        line: usize,
        /// Its first words.
        statement: String,
    },
    /// It creates what is there already when the file is applied again.
    #[error(
        "line {line}: {} is created, but not replaced when the file is applied again; {}",
        shown(object),
        cure(object)
    )]
    Once {
        /// Where the statement begins.
        line: usize,
        /// What it creates.
        object: Target,
    },
}

/// Kind and name, as SQL writes them.
fn shown(object: &Target) -> String {
    let database = object.database.as_ref().map(|database| format!("{database}.")).unwrap_or_default();
    format!("{} {database}{}", object.kind.sql(), object.name)
}

/// The statement that drops the object where it is there.
fn drop_statement(object: &Target) -> String {
    // the kind is one word
    format!("DROP {}", shown(object).replacen(' ', " IF EXISTS ", 1))
}

fn cure(object: &Target) -> String {
    let before = format!("put {} before it", drop_statement(object));
    match object.kind {
        Kind::View => format!("write CREATE OR REPLACE VIEW, or {before}"),
        _ => before,
    }
}

impl Repeatable {
    /// `up`: the file as it was read; `plain_checksum`: see the field. Errors: its first statement that can't be
    /// repeated or undone.
    pub fn new(up: Script, plain_checksum: i32) -> Result<Self, NotRepeatable> {
        let mut dropped = Vec::new();
        let mut created: Vec<(usize, &Target)> = Vec::new();
        for statement in &up.statements {
            let line = statement.line;
            match act(statement) {
                Act::Drops(objects) => dropped.extend(objects),
                Act::Creates { object, replaces } => {
                    if !replaces && !dropped.contains(&object) {
                        return Err(NotRepeatable::Once { line, object: object.clone() });
                    }
                    created.push((line, object));
                }
                Act::Alters => {
                    let words: Vec<&str> = statement.text.split_whitespace().take(3).collect();
                    return Err(NotRepeatable::Alters { line, statement: words.join(" ") });
                }
                Act::Other => {}
            }
        }
        let mut statements: Vec<Statement> =
            created.iter().rev().map(|(line, object)| dropping(object, *line)).collect();
        if statements.is_empty() {
            // a file that only changes rows creates nothing, but its row must leave the history like any other's
            statements.push(written("DO 0".to_owned(), 1, Class::Rows));
        }
        let drop = Script { description: format!("drop {}", up.description), statements, ..up.clone() };
        Ok(Self { up, drop, plain_checksum })
    }

    /// Whether a checksum in the history is that of this file, its placeholders replaced or not.
    #[must_use]
    pub fn matches(&self, checksum: Option<i32>) -> bool {
        checksum == Some(self.up.checksum) || checksum == Some(self.plain_checksum)
    }
}

/// What a statement of an R file does.
enum Act<'a> {
    Creates {
        object: &'a Target,
        replaces: bool,
    },
    Drops(&'a [Target]),
    /// It creates, alters or drops something else, or does not say what it does.
    Alters,
    /// It changes rows, privileges or the session.
    Other,
}

fn act(statement: &Statement) -> Act<'_> {
    match &statement.class {
        Class::Rows | Class::Session(_) | Class::Repeatable => Act::Other,
        Class::Opaque => Act::Alters,
        Class::Schema(change) => match change.targets.as_slice() {
            targets if change.declared || targets.iter().any(|target| target.kind == Kind::Table) => Act::Alters,
            targets if change.drops => Act::Drops(targets),
            [object] => match first_words(&statement.text).each_ref().map(String::as_str) {
                ["CREATE", "OR", "REPLACE"] => Act::Creates { object, replaces: true },
                ["CREATE", ..] => Act::Creates { object, replaces: false },
                _ => Act::Alters,
            },
            _ => Act::Alters,
        },
    }
}

/// The first three words in upper case, without the version of `/*!50003 CREATE`.
fn first_words(text: &str) -> [String; 3] {
    let tokens = tokens(text).unwrap_or_default(); // a statement that `split` gave has been read to its end already
    let mut words = tokens.iter().filter_map(|token| match token {
        Token::Word(word) if !word.starts_with(|c: char| c.is_ascii_digit()) => Some(word.to_ascii_uppercase()),
        _ => None,
    });
    std::array::from_fn(|_| words.next().unwrap_or_default())
}

fn dropping(object: &Target, line: usize) -> Statement {
    let change = Change { targets: vec![object.clone()], drops: true, ..Change::default() };
    written(drop_statement(object), line, Class::Schema(change))
}

/// A statement of caredb's own, at the line of the file's that it belongs to.
fn written(text: String, line: usize, class: Class) -> Statement {
    let sha256 = sha256(text.as_bytes());
    Statement { text, line, sha256, class, expects: None }
}

/// The R files that are not applied with the text that they have now, by description.
#[must_use]
pub fn steps_up<'a>(files: &'a Files, observed: &Observed) -> Vec<Step<'a>> {
    let applied = observed.applied();
    let mut steps = Vec::new();
    for file in &files.repeatables {
        let description = abbreviate(&file.up.description);
        let last = applied.repeatable(&description);
        if last.is_some_and(|entry| entry.success && file.matches(entry.checksum)) {
            continue;
        }
        let rows = applied.repeatable_rows(&description).iter();
        let replaces = rows.filter(|entry| !entry.success).map(|entry| entry.rank).collect();
        steps.push(step(&file.up, observed, steps.len(), replaces));
    }
    steps
}

/// Drops what the applied R files created, last first: what they stand on may go. Their rows leave the history, so that
/// they are pending again, for Flyway, too. Errors: a file whose applied text is gone.
pub fn steps_down<'a>(files: &'a Files, observed: &Observed) -> Result<Vec<Step<'a>>, PlanError> {
    let applied = observed.applied();
    let mut steps = Vec::new();
    for last in applied.repeatables().rev() {
        // that every applied R file is there, `check` has seen
        let Some(file) = files.repeatable(&last.description) else { continue };
        if last.success && !file.matches(last.checksum) {
            return Err(PlanError::Outdated { script: file.up.name.clone() });
        }
        let replaces = applied.repeatable_rows(&last.description).iter().map(|entry| entry.rank).collect();
        steps.push(step(&file.drop, observed, steps.len(), replaces));
    }
    Ok(steps)
}

/// A step of an R file, always from its first statement. The attempts of all R files are numbered through, as those of
/// version `REPEATABLE`.
fn step<'a>(script: &'a Script, observed: &Observed, before: usize, replaces: Vec<i32>) -> Step<'a> {
    let last = observed.journal.as_ref().and_then(|journal| journal.get(&REPEATABLE)).map_or(0, |last| last.number);
    let attempt = last.saturating_add(1).saturating_add(i32::try_from(before).unwrap_or(i32::MAX));
    Step { version: REPEATABLE, script, attempt, done: 0, replaces, undoes_part: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::classify::classify;

    fn repeatable(texts: &[&str]) -> Result<Repeatable, NotRepeatable> {
        let read = |text: &&str| written((*text).to_owned(), 1, classify(text).unwrap());
        let up = Script {
            name: "R__x.sql".to_owned(),
            description: "x".to_owned(),
            checksum: 1,
            sha256: String::new(),
            statements: texts.iter().map(read).collect(),
        };
        Repeatable::new(up, 2)
    }

    #[test]
    fn what_is_created_is_dropped_last_first() {
        let view = "CREATE OR REPLACE VIEW v AS SELECT 1";
        for (texts, drops) in [
            (
                &["DROP FUNCTION IF EXISTS f", "CREATE FUNCTION f() RETURNS INT RETURN 1", view][..],
                &["DROP VIEW IF EXISTS `v`", "DROP FUNCTION IF EXISTS `f`"][..],
            ),
            (
                &[
                    "create or replace algorithm = merge definer = `a`@`%` sql security definer view x.`my``v` as select 1",
                ],
                &["DROP VIEW IF EXISTS `x`.`my``v`"],
            ),
            (
                &["DROP TRIGGER t", "/*!50003 CREATE DEFINER=`a`@`%` TRIGGER t AFTER INSERT ON a FOR EACH ROW DO 0 */"],
                &["DROP TRIGGER IF EXISTS `t`"],
            ),
            (
                &["DROP EVENT IF EXISTS e", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DO 0"],
                &["DROP EVENT IF EXISTS `e`"],
            ),
            (
                &["DROP VIEW IF EXISTS a, old", view, "DELETE FROM t", "GRANT SELECT ON v TO x"],
                &["DROP VIEW IF EXISTS `v`"],
            ),
            (&["DELETE FROM t", "INSERT INTO t VALUES (1)"], &["DO 0"]),
        ] {
            let drop = repeatable(texts).unwrap().drop;
            assert_eq!(drop.statements.iter().map(|statement| statement.text.as_str()).collect::<Vec<_>>(), drops);
        }
    }

    #[test]
    fn what_a_rollback_could_not_drop_is_refused() {
        for sql in [
            "CREATE TABLE view (event INT)",
            "CREATE UNIQUE INDEX i ON t (x)",
            "CREATE USER event",
            "ALTER TABLE t ADD x INT",
            "ALTER VIEW v AS SELECT 1",
            "DROP TABLE t",
            "DROP DATABASE event",
            "RENAME TABLE a TO b",
            "TRUNCATE t",
            "CALL p()",
            "CREATE VIEW",
            "DROP VIEW IF EXISTS 'a'",
        ] {
            assert!(matches!(repeatable(&[sql]), Err(NotRepeatable::Alters { .. })), "{sql}");
        }
    }

    #[test]
    fn what_could_not_be_created_again_is_refused() {
        for (texts, message) in [
            (
                &["CREATE VIEW v AS SELECT 1"][..],
                "line 1: VIEW `v` is created, but not replaced when the file is applied again; write CREATE OR REPLACE VIEW, or put DROP VIEW IF EXISTS `v` before it",
            ),
            (
                &["DROP PROCEDURE IF EXISTS q", "CREATE PROCEDURE p() DO 0"],
                "line 1: PROCEDURE `p` is created, but not replaced when the file is applied again; put DROP PROCEDURE IF EXISTS `p` before it",
            ),
        ] {
            assert_eq!(repeatable(texts).unwrap_err().to_string(), message);
        }
    }
}
