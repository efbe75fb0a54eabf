//! `long-lock`

use crate::lint::scene::{Scene, rows_of};
use crate::lint::{Hit, Level, Rule};

/// Writers wait as long as the table is large.
pub const RULE: Rule = Rule {
    code: "long-lock",
    level: Level::Warning,
    why: "who writes the table waits until the statement is done",
    better: "run it when few write; or go another way round: a column or table beside the old one, filled in batches",
    in_undo: true,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    if let Some(cost) = scene.cost().filter(|cost| cost.blocks_for_long() && scene.may_be_big(&cost.table))
        && scene.touched().next().is_some_and(|table| !table.is_new)
    {
        return vec![Hit::on(&cost.table, cost.text(scene.live))];
    }
    let all_rows = rows_of(&scene.words).map(|target| target.name.as_str().to_owned());
    let there =
        |name: &String| scene.touched().any(|table| table.name == *name && !table.is_new && table.before.is_some());
    let all_rows = all_rows.filter(|name| there(name) && scene.may_be_big(name));
    all_rows.map(|name| Hit::on(&name, "changes every row in one transaction")).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::case::{alter, file};
    use super::*;
    use crate::lint::cost::{Blocks, Way, Work};

    #[test]
    fn writers_that_wait_are_told() {
        let sql = "ALTER TABLE t MODIFY x BIGINT";
        let change = || alter(sql, "`x` int", "`x` bigint");
        assert_eq!(change().copies().finds(&RULE), ["t: copies the table and blocks writes"]);
        assert_eq!(change().copies().live(9 << 20).finds(&RULE), ["t: copies 9.0 MiB and blocks writes"]);
        assert!(change().copies().live(1 << 20).finds(&RULE).is_empty());
        for (way, work, blocks) in [
            (Way::Instant, Work::Definition, Blocks::Nobody),
            (Way::Inplace, Work::Rebuild, Blocks::Nobody),
            (Way::Inplace, Work::Definition, Blocks::All),
        ] {
            assert!(change().costs(way, work, blocks).finds(&RULE).is_empty());
        }
        assert_eq!(change().costs(Way::Inplace, Work::Index, Blocks::Writes).finds(&RULE).len(), 1);
        for (sql, hits) in [
            ("UPDATE t SET x = 1", 1),
            ("DELETE FROM t", 1),
            ("UPDATE t SET x = 1 WHERE y = 2", 0),
            ("DELETE FROM t LIMIT 9", 0),
            ("UPDATE t JOIN u SET x = 1", 0),
        ] {
            assert_eq!(alter(sql, "`x` int", "`x` int").finds(&RULE).len(), hits, "{sql}");
        }
        let own = file("CREATE TABLE t (x INT); UPDATE t SET x = 1").touches(0, "t", "", "`x` int");
        assert!(own.touches(1, "t", "`x` int", "`x` int").finds(&RULE).is_empty());
    }
}
