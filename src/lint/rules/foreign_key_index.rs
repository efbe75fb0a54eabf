//! `foreign-key-index`

use crate::db::ident::Ident;
use crate::db::split::Token;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::migrate::reader::Reader;
use crate::schema::model::{Index, IndexKind, Over};

/// A foreign key whose index the server makes.
pub const RULE: Rule = Rule {
    code: "foreign-key-index",
    level: Level::Warning,
    why: "the server makes one of its own name, and takes it away again when another index covers the columns (MySQL manual, \"FOREIGN KEY Constraints\"); nobody decided on it",
    better: "write the index beside the foreign key, with the columns behind it that queries ask for",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let written = written(&scene.words);
    let mut hits = Vec::new();
    for touched in scene.touched() {
        let Some(after) = &touched.after else { continue };
        let had = |index: &Index| touched.before.as_ref().is_some_and(|table| table.indexes.contains(index));
        for key in &after.foreign_keys {
            let old = touched.before.as_ref().is_some_and(|table| table.foreign_keys.contains(key));
            let is_made =
                |index: &&Index| index.kind == IndexKind::Plain && columns(index) == key.columns && !had(index);
            let made = after.indexes.iter().find(is_made);
            if let Some(index) = made.filter(|_| !old && !written.iter().any(|own| same(own, &key.columns))) {
                hits.push(Hit::on(
                    &touched.name,
                    format!("leaves the index of foreign key {} to the server: {}", key.name, index.name),
                ));
            }
        }
    }
    hits
}

fn columns(index: &Index) -> Vec<Ident> {
    let name = |over: &Over| if let Over::Column(name, None) = over { Some(name.clone()) } else { None };
    index.parts.iter().filter_map(|part| name(&part.over)).collect()
}

fn same(own: &[Ident], of_key: &[Ident]) -> bool {
    own.len() == of_key.len()
        && own.iter().zip(of_key).all(|(one, other)| one.as_str().eq_ignore_ascii_case(other.as_str()))
}

/// The columns of each index that the statement writes: `KEY name (a, b)`, `INDEX (a)`; and of each column that is a key itself.
fn written(words: &[Token<'_>]) -> Vec<Vec<Ident>> {
    let is = |at: usize, names: &[&str]| matches!(words.get(at), Some(Token::Word(word)) if names.iter().any(|name| word.eq_ignore_ascii_case(name)));
    let mut all = Vec::new();
    for at in 0..words.len() {
        let key = is(at, &["KEY", "INDEX", "UNIQUE", "PRIMARY"]) && !(at > 0 && is(at - 1, &["FOREIGN"]));
        if !key {
            continue;
        }
        let mut reader = Reader { tokens: &words[at + 1..] };
        // PRIMARY KEY, UNIQUE KEY, a name, ON t, USING BTREE
        while let [Token::Word(_) | Token::Quoted(_), rest @ ..] = reader.tokens {
            reader.tokens = rest;
        }
        let mut columns = Vec::new();
        while reader.symbol(if columns.is_empty() { '(' } else { ',' }) {
            columns.extend(reader.name());
        }
        all.push(columns);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn an_index_that_nobody_wrote_is_told() {
        let key = "CONSTRAINT `f` FOREIGN KEY (`x`) REFERENCES `p` (`id`)";
        let made = format!("`x` int,\nKEY `f` (`x`),\n{key}");
        for (sql, before) in [
            ("CREATE TABLE t (x INT, CONSTRAINT f FOREIGN KEY (x) REFERENCES p (id))", ""),
            ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES p (id)", "`x` int"),
        ] {
            assert_eq!(
                alter(sql, before, &made).finds(&RULE),
                ["t: leaves the index of foreign key `f` to the server: `f`"],
                "{sql}"
            );
        }
        for (sql, before) in [
            ("CREATE TABLE t (x INT, KEY f (x), CONSTRAINT f FOREIGN KEY (x) REFERENCES p (id))", ""),
            ("CREATE TABLE t (x INT, INDEX (x), FOREIGN KEY (x) REFERENCES p (id))", ""),
            ("ALTER TABLE t ADD INDEX `f` USING BTREE (`x`), ADD FOREIGN KEY (x) REFERENCES p (id)", "`x` int"),
            ("ALTER TABLE t ADD FOREIGN KEY (x) REFERENCES p (id)", "`x` int,\nKEY `f` (`x`)"),
            ("ALTER TABLE t COMMENT 'x'", made.as_str()),
        ] {
            assert!(alter(sql, before, &made).finds(&RULE).is_empty(), "{sql}");
        }
    }
}
