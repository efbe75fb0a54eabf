//! `drop-column`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A column goes with its values.
pub const RULE: Rule = Rule {
    code: "drop-column",
    level: Level::Error,
    why: "its values are gone, and every program that still names the column fails",
    better: "stop using it in a release of its own, then drop it by a later migration; INVISIBLE hides it from `SELECT *` meanwhile",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let renamed = scene.renamed_columns();
    let mut hits = Vec::new();
    for table in scene.changed() {
        let stays = |name: &str| {
            table.after.column(name).is_some()
                || renamed.iter().any(|(from, _)| from.as_str().eq_ignore_ascii_case(name))
        };
        // what is computed is not lost
        let lost =
            table.before.columns.iter().filter(|column| column.generated.is_none() && !stays(column.name.as_str()));
        hits.extend(lost.map(|column| Hit::on(table.name, format!("drops column {} with its values", column.name))));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::{alter, file};
    use super::*;

    #[test]
    fn a_column_with_values_is_missed() {
        let two = "`x` int,\n`y` int";
        assert_eq!(alter("ALTER TABLE t DROP y", two, "`x` int").finds(&RULE), ["t: drops column `y` with its values"]);
        assert!(alter("ALTER TABLE t RENAME COLUMN y TO z", two, "`x` int,\n`z` int").finds(&RULE).is_empty());
        assert!(alter("ALTER TABLE t CHANGE y `z` INT", two, "`x` int,\n`z` int").finds(&RULE).is_empty());
        let computed = "`x` int,\n`y` int GENERATED ALWAYS AS (`x` + 1) STORED";
        assert!(alter("ALTER TABLE t DROP y", computed, "`x` int").finds(&RULE).is_empty());
        let own = file("CREATE TABLE t (x INT, y INT); ALTER TABLE t DROP y").touches(0, "t", "", two);
        assert!(own.touches(1, "t", two, "`x` int").finds(&RULE).is_empty());
    }
}
