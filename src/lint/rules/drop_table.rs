//! `drop-table`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A table goes with its rows.
pub const RULE: Rule = Rule {
    code: "drop-table",
    level: Level::Error,
    why: "its rows are gone: a U file makes the table again, but empty",
    better: "rename it first, and drop it by a later migration, once nobody has missed it and it is in a backup",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let drops = scene.change().is_some_and(|change| change.drops);
    let gone =
        scene.touched().filter(|table| drops && !table.is_new && table.before.is_some() && table.after.is_none());
    gone.map(|table| Hit::on(&table.name, "drops the table with its rows")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::case::{alter, file};
    use super::*;

    #[test]
    fn a_table_with_rows_is_missed() {
        assert_eq!(alter("DROP TABLE t", "`x` int", "").finds(&RULE), ["t: drops the table with its rows"]);
        // there is none; another name; one that the same file made
        assert!(alter("DROP TABLE IF EXISTS t", "", "").finds(&RULE).is_empty());
        assert!(alter("RENAME TABLE t TO u", "`x` int", "").touches(0, "u", "", "`x` int").finds(&RULE).is_empty());
        let own = file("CREATE TABLE t (x INT); DROP TABLE t").touches(0, "t", "", "`x` int");
        assert!(own.touches(1, "t", "`x` int", "").finds(&RULE).is_empty());
    }
}
