//! `inline-references`

use crate::db::split::Token;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::migrate::reader::Reader;
use crate::schema::introspect::Kind;

/// `REFERENCES` behind a column.
pub const RULE: Rule = Rule {
    code: "inline-references",
    level: Level::Error,
    why: "before MySQL 9.0 it is read and forgotten, so that there is no foreign key and no message (MySQL manual, \"FOREIGN KEY Constraints\"); from 9.0 on there is one, under a name of the server's choice",
    better: "write `CONSTRAINT name FOREIGN KEY (column) REFERENCES …` behind the columns",
    in_undo: true,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut reader = scene.reader();
    if !matches!(reader.word().as_str(), "CREATE" | "ALTER") || !reader.takes("TABLE") {
        return Vec::new();
    }
    let name = scene.touched().next().map_or(String::new(), |table| table.name.clone());
    let words = &scene.words;
    let is_inline = |at: &usize| is(&words[*at], "REFERENCES") && !behind_a_key(&words[..*at]);
    let parent = |at: usize| {
        let parent = Reader { tokens: &words[at + 1..] }.qualified(Kind::Table);
        parent.map_or(String::new(), |parent| format!(" to {}", parent.name))
    };
    let found = (0..words.len()).filter(is_inline);
    found.map(|at| Hit::on(&name, format!("writes a reference{} behind a column", parent(at)))).collect()
}

fn is(token: &Token<'_>, word: &str) -> bool {
    matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word))
}

/// Whether the words end in `FOREIGN KEY [name] (columns)`.
fn behind_a_key(words: &[Token<'_>]) -> bool {
    let Some(open) = words.iter().rposition(|token| *token == Token::Symbol('(')) else { return false };
    let closes = words.last() == Some(&Token::Symbol(')'));
    let key = |behind: usize| {
        open >= behind + 2 && is(&words[open - behind - 2], "FOREIGN") && is(&words[open - behind - 1], "KEY")
    };
    closes && (key(0) || key(1))
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;

    #[test]
    fn a_reference_belongs_behind_the_columns() {
        for sql in [
            "CREATE TABLE t (x INT REFERENCES p (id), y INT)",
            "create table t (x decimal(9, 2) not null references p(id) on delete cascade)",
            "ALTER TABLE t ADD COLUMN x INT NOT NULL REFERENCES `p` (id)",
        ] {
            assert_eq!(file(sql).finds(&RULE), [": writes a reference to `p` behind a column"], "{sql}");
        }
        for sql in [
            "CREATE TABLE t (x INT, FOREIGN KEY (x) REFERENCES p (id), FOREIGN KEY k (x) REFERENCES p (id))",
            "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (x, y) REFERENCES p (id, d)",
            "CREATE TABLE t (x INT COMMENT 'REFERENCES p (id)')",
            "INSERT INTO t VALUES (1)",
        ] {
            assert!(file(sql).finds(&RULE).is_empty(), "{sql}");
        }
    }
}
