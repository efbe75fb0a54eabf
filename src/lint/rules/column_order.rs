//! `column-order`

use crate::lint::scene::{Changed, Scene};
use crate::lint::{Hit, Level, Rule};

/// A column changes its place, for which the server makes the table anew. A new column may stand anywhere: since MySQL 8.0.29, which is
/// the oldest that caredb knows, that is INSTANT (MySQL manual, "Online DDL Operations").
pub const RULE: Rule = Rule {
    code: "column-order",
    level: Level::Warning,
    why: "the order of the columns means nothing to a query that names them, and the whole table is made anew for it",
    better: "leave FIRST and AFTER out, and name the columns where their order matters",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let moved = scene.changed_big().filter(|table| !scene.is_instant() && moves(table, scene));
    moved.map(|table| Hit::on(table.name, "changes the order of the columns")).collect()
}

/// Whether columns that are before and after are in another order.
fn moves(table: &Changed<'_>, scene: &Scene<'_>) -> bool {
    let places = table
        .kept_columns(scene)
        .filter_map(|(old, _)| table.before.columns.iter().position(|column| column.name == old.name));
    !places.collect::<Vec<_>>().is_sorted()
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;
    use crate::lint::cost::{Blocks, Way, Work};

    #[test]
    fn a_column_that_moves_is_told_and_one_that_comes_is_not() {
        let sql = "ALTER TABLE t MODIFY y INT FIRST";
        let (xy, yx) = ("`x` int,\n`y` int", "`y` int,\n`x` int");
        let rebuilds =
            |sql, before, after| alter(sql, before, after).costs(Way::Inplace, Work::Rebuild, Blocks::Nobody);
        assert_eq!(rebuilds(sql, xy, yx).finds(&RULE), ["t: changes the order of the columns"]);
        assert!(rebuilds("ALTER TABLE t ADD z INT FIRST", xy, "`z` int,\n`x` int,\n`y` int").finds(&RULE).is_empty());
        assert!(rebuilds("ALTER TABLE t DROP x", xy, "`y` int").finds(&RULE).is_empty());
        // two that change names stay where they are
        let swap = "ALTER TABLE t RENAME COLUMN x TO y, RENAME COLUMN y TO x";
        assert!(alter(swap, xy, yx).costs(Way::Instant, Work::Definition, Blocks::Nobody).finds(&RULE).is_empty());
        assert!(rebuilds(swap, xy, yx).finds(&RULE).is_empty());
    }
}
