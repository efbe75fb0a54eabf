//! `rename-table`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A table has another name.
pub const RULE: Rule = Rule {
    code: "rename-table",
    level: Level::Error,
    why: "a release that knows the old name and one that knows the new can't run beside each other; views and programs keep the old one",
    better: "leave a view of the old name in the same RENAME's file, and drop it once nobody asks for it",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let drops = scene.change().is_none_or(|change| change.drops);
    let appears = scene.touched().any(|table| table.before.is_none() && table.after.is_some());
    let gone = scene.touched().filter(|table| !table.is_new && table.before.is_some() && table.after.is_none());
    gone.filter(|_| appears && !drops).map(|table| Hit::on(&table.name, "gives the table another name")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::case::{alter, file};
    use super::*;

    #[test]
    fn another_name_breaks_who_knows_the_old() {
        for sql in ["RENAME TABLE t TO u", "ALTER TABLE t RENAME TO u"] {
            let case = alter(sql, "`x` int", "").touches(0, "u", "", "`x` int");
            assert_eq!(case.finds(&RULE), ["t: gives the table another name"], "{sql}");
        }
        assert!(alter("DROP TABLE t", "`x` int", "").finds(&RULE).is_empty());
        assert!(alter("ALTER TABLE t ADD y INT", "`x` int", "`x` int,\n`y` int").finds(&RULE).is_empty());
        // a new table takes the old one's place under a name that stays
        let swap = file("CREATE TABLE n (x INT); RENAME TABLE t TO o, n TO t, o TO n").touches(0, "n", "", "`x` int");
        let swap = swap.touches(1, "t", "`y` int", "`x` int").touches(1, "n", "`x` int", "`y` int");
        assert!(swap.finds(&RULE).is_empty());
    }
}
