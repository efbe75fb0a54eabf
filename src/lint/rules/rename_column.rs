//! `rename-column`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A column has another name.
pub const RULE: Rule = Rule {
    code: "rename-column",
    level: Level::Error,
    why: "a release that knows the old name and one that knows the new can't run beside each other",
    better: "add a column of the new name, write both for a release, fill it, read it, then drop the old one",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let renamed = scene.renamed_columns();
    let mut hits = Vec::new();
    for table in scene.changed() {
        let here = renamed.iter().filter(|(from, to)| {
            table.before.column(from.as_str()).is_some() && table.after.column(to.as_str()).is_some()
        });
        hits.extend(here.map(|(from, to)| Hit::on(table.name, format!("renames column {from} to {to}"))));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn another_name_breaks_who_knows_the_old() {
        for sql in [
            "ALTER TABLE t RENAME COLUMN x TO `y`",
            "ALTER TABLE t CHANGE COLUMN x y INT",
            "alter table t change x y int",
        ] {
            assert_eq!(alter(sql, "`x` int", "`y` int").finds(&RULE), ["t: renames column `x` to `y`"], "{sql}");
        }
        for sql in
            ["ALTER TABLE t CHANGE x x BIGINT", "ALTER TABLE t RENAME INDEX a TO b", "ALTER TABLE t MODIFY x BIGINT"]
        {
            assert!(alter(sql, "`x` int", "`x` bigint").finds(&RULE).is_empty(), "{sql}");
        }
    }
}
