//! `redundant-index`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::schema::model::{Index, IndexKind, Table};

/// An index that another one begins with.
pub const RULE: Rule = Rule {
    code: "redundant-index",
    level: Level::Warning,
    why: "every write keeps both, and no query needs the shorter one",
    better: "leave the shorter one out",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for touched in scene.touched() {
        let Some(after) = &touched.after else { continue };
        let known: Vec<(&Index, &Index)> = touched.before.iter().flat_map(pairs).collect();
        let is_known = |short: &Index, long: &Index| {
            known.iter().any(|(old_short, old_long)| old_short.parts == short.parts && old_long.parts == long.parts)
        };
        // another name for the same table
        let moved = scene.touched().any(|other| other.after.is_none() && other.before.as_ref() == Some(after));
        for (short, long) in pairs(after).into_iter().filter(|(short, long)| !moved && !is_known(short, long)) {
            hits.push(Hit::on(&touched.name, format!("has key {}, which {} begins with", short.name, long.name)));
        }
    }
    hits
}

/// The keys that another one makes superfluous, each with that one. Of two equal ones, the later is.
fn pairs(table: &Table) -> Vec<(&Index, &Index)> {
    let ordered = |index: &Index| matches!(index.kind, IndexKind::Primary | IndexKind::Unique | IndexKind::Plain);
    let mut found = Vec::new();
    for (at, short) in table.indexes.iter().enumerate() {
        let covers = |(other, long): &(usize, &Index)| {
            if *other == at || !ordered(long) || long.invisible || !long.parts.starts_with(&short.parts) {
                return false;
            }
            let equal = long.parts.len() == short.parts.len();
            match short.kind {
                IndexKind::Plain => !(equal && long.kind == IndexKind::Plain && *other > at),
                // uniqueness of fewer columns is a rule of its own
                IndexKind::Unique => {
                    equal && (long.kind == IndexKind::Primary || long.kind == IndexKind::Unique && *other < at)
                }
                _ => false,
            }
        };
        found.extend(table.indexes.iter().enumerate().find(covers).map(|(_, long)| (short, long)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn the_shorter_one_is_superfluous() {
        let with = |keys: &str| format!("`x` int NOT NULL,\n`y` int,\n{keys}");
        for (keys, what) in [
            ("KEY `a` (`x`),\nKEY `b` (`x`,`y`)", "t: has key `a`, which `b` begins with"),
            ("UNIQUE KEY `u` (`x`),\nKEY `a` (`x`)", "t: has key `a`, which `u` begins with"),
            ("PRIMARY KEY (`x`),\nUNIQUE KEY `u` (`x`)", "t: has key `u`, which `PRIMARY` begins with"),
            ("KEY `a` (`x`),\nKEY `b` (`x`)", "t: has key `b`, which `a` begins with"),
        ] {
            assert_eq!(alter("CREATE TABLE t (…)", "", &with(keys)).finds(&RULE), [what], "{keys}");
            // it was so before
            assert!(alter("ALTER TABLE t COMMENT 'x'", &with(keys), &with(keys)).finds(&RULE).is_empty(), "{keys}");
        }
        for keys in [
            "KEY `a` (`y`),\nKEY `b` (`x`,`y`)",
            "UNIQUE KEY `u` (`x`),\nKEY `a` (`x`,`y`)",
            "KEY `a` (`x`),\nKEY `b` (`x` DESC,`y`)",
            "KEY `a` (`x`),\nKEY `b` (`x`,`y`) /*!80000 INVISIBLE */",
        ] {
            assert!(alter("CREATE TABLE t (…)", "", &with(keys)).finds(&RULE).is_empty(), "{keys}");
        }
    }
}
