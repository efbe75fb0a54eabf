//! `zero-date`

use crate::db::split::Token;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// The date that is none.
pub const RULE: Rule = Rule {
    code: "zero-date",
    level: Level::Error,
    why: "strict mode refuses it (NO_ZERO_DATE), most drivers can't read it, and it sorts before every date",
    better: "NULL, for a date that is not known",
    in_undo: true,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let writes = matches!(scene.reader().word().as_str(), "CREATE" | "ALTER" | "INSERT" | "REPLACE");
    let is_zero = |token: &&Token<'_>| matches!(token, Token::Quoted(text) if text[1..].starts_with("0000-00-00"));
    let found = scene.words.iter().filter(is_zero).count();
    let name = scene.touched().next().map_or(String::new(), |table| table.name.clone());
    if writes && found > 0 { vec![Hit::on(&name, "writes the date `0000-00-00`")] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;

    #[test]
    fn a_date_is_a_date() {
        for sql in
            ["CREATE TABLE t (d DATE NOT NULL DEFAULT '0000-00-00')", "insert into t values (\"0000-00-00 00:00:00\")"]
        {
            assert_eq!(file(sql).finds(&RULE), [": writes the date `0000-00-00`"], "{sql}");
        }
        for sql in [
            "UPDATE t SET d = NULL WHERE d = '0000-00-00'",
            "CREATE TABLE t (d DATE DEFAULT '2000-01-01')",
            "INSERT INTO t VALUES (0)",
        ] {
            assert!(file(sql).finds(&RULE).is_empty(), "{sql}");
        }
    }
}
