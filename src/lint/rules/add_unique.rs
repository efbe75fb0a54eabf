//! `add-unique`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::schema::model::IndexKind;

/// A unique key on a table that has rows.
pub const RULE: Rule = Rule {
    code: "add-unique",
    level: Level::Warning,
    why: "it fails at the first pair of rows that are equal, after the whole table was read; rows that come meanwhile can make it fail at the very end",
    better: "look for such pairs first, in the same file: `-- caredb: expects no rows: …` before a query that finds them",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for table in scene.changed_big() {
        let unique = |kind| kind == IndexKind::Unique;
        let had = |parts| table.before.indexes.iter().any(|old| unique(old.kind) && old.parts == parts);
        let new = table.after.indexes.iter().filter(|index| unique(index.kind) && !had(index.parts.clone()));
        hits.extend(new.map(|index| Hit::on(table.name, format!("adds unique key {}", index.name))));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn rows_may_be_equal() {
        let (none, unique) = ("`x` int", "`x` int,\nUNIQUE KEY `u` (`x`)");
        assert_eq!(alter("CREATE UNIQUE INDEX u ON t (x)", none, unique).finds(&RULE), ["t: adds unique key `u`"]);
        assert!(alter("CREATE UNIQUE INDEX u ON t (x)", none, unique).live(1 << 20).finds(&RULE).is_empty());
        assert_eq!(alter("CREATE UNIQUE INDEX u ON t (x)", none, unique).live(9 << 20).finds(&RULE).len(), 1);
        assert!(alter("CREATE TABLE t (x INT UNIQUE)", "", unique).finds(&RULE).is_empty());
        assert!(alter("CREATE INDEX u ON t (x)", none, "`x` int,\nKEY `u` (`x`)").finds(&RULE).is_empty());
        let renamed = "`x` int,\nUNIQUE KEY `v` (`x`)";
        assert!(alter("ALTER TABLE t RENAME INDEX u TO v", unique, renamed).finds(&RULE).is_empty());
    }
}
