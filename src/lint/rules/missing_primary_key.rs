//! `missing-primary-key`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A table without a primary key.
pub const RULE: Rule = Rule {
    code: "missing-primary-key",
    level: Level::Error,
    why: "a replica looks through the whole table for each row that is changed or deleted, Group Replication refuses to write it, and no tool can go through it in pieces",
    better: "give it one: a key of its own, or the columns that are unique",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    // it may get one at the end of the file
    let lacks = |name: &str| scene.in_the_end(name).is_some_and(|table| table.primary_key().is_none());
    for (name, _) in scene.created().filter(|(name, table)| table.primary_key().is_none() && lacks(name)) {
        hits.push(Hit::on(name, "makes the table without a primary key"));
    }
    for table in scene.changed().filter(|table| table.before.primary_key().is_some() && lacks(table.name)) {
        hits.push(Hit::on(table.name, "takes the primary key away"));
    }
    // one that is only renamed came without
    if scene.change().is_some_and(|change| change.targets.len() > 1) {
        hits.clear();
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::{alter, file};
    use super::*;

    #[test]
    fn every_table_has_a_primary_key() {
        let (none, key) = ("`x` int NOT NULL,\nUNIQUE KEY `x` (`x`)", "`x` int NOT NULL,\nPRIMARY KEY (`x`)");
        assert_eq!(alter("CREATE TABLE t (…)", "", none).finds(&RULE), ["t: makes the table without a primary key"]);
        assert_eq!(alter("ALTER TABLE t DROP PRIMARY KEY", key, none).finds(&RULE), ["t: takes the primary key away"]);
        assert!(alter("CREATE TABLE t (…)", "", key).finds(&RULE).is_empty());
        assert!(alter("ALTER TABLE t COMMENT 'x'", none, none).finds(&RULE).is_empty());
        let later = file("CREATE TABLE t (…); ALTER TABLE t ADD PRIMARY KEY (x)").touches(0, "t", "", none);
        assert!(later.touches(1, "t", none, key).finds(&RULE).is_empty());
        let renamed = file("RENAME TABLE t TO u").touches(0, "t", none, "").touches(0, "u", "", none);
        assert!(renamed.finds(&RULE).is_empty());
    }
}
