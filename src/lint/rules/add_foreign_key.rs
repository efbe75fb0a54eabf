//! `add-foreign-key`

use crate::db::ident::Ident;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A foreign key on a table that has rows.
pub const RULE: Rule = Rule {
    code: "add-foreign-key",
    level: Level::Warning,
    why: "with `foreign_key_checks` on, the server copies the table to check every row (1846 for anything less) while writes to it and to the parent wait, and fails at the first orphan",
    better: "look for orphans first (`-- caredb: expects no rows: …`), then add it under `SET SESSION foreign_key_checks = 0`, which works in place, and look again; V13 does so",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    // in place it is added without a look at the rows, which is what is better
    if scene.cost().is_some_and(|cost| !cost.blocks_for_long()) {
        return hits;
    }
    for table in scene.changed_big() {
        let had = |name: &Ident| table.before.foreign_keys.iter().any(|old| old.name == *name);
        let new = table.after.foreign_keys.iter().filter(|key| !had(&key.name));
        hits.extend(new.map(|key| Hit::on(table.name, format!("adds foreign key {} to {}", key.name, key.table))));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;
    use crate::lint::cost::{Blocks, Way, Work};

    #[test]
    fn rows_may_be_orphans() {
        let (none, key) = (
            "`x` int,\nKEY `x` (`x`)",
            "`x` int,\nKEY `x` (`x`),\nCONSTRAINT `f` FOREIGN KEY (`x`) REFERENCES `p` (`id`)",
        );
        let sql = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES p (id)";
        assert_eq!(alter(sql, none, key).finds(&RULE), ["t: adds foreign key `f` to `p`"]);
        assert_eq!(alter(sql, none, key).copies().finds(&RULE).len(), 1);
        assert!(alter(sql, none, key).costs(Way::Inplace, Work::Definition, Blocks::Nobody).finds(&RULE).is_empty());
        assert!(alter(sql, none, key).live(0).finds(&RULE).is_empty());
        assert!(alter("ALTER TABLE t DROP FOREIGN KEY f", key, none).finds(&RULE).is_empty());
        assert!(alter("CREATE TABLE t (x INT, FOREIGN KEY (x) REFERENCES p (id))", "", key).finds(&RULE).is_empty());
    }
}
