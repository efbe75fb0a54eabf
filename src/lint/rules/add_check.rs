//! `add-check`

use crate::db::ident::Ident;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A CHECK on a table that has rows.
pub const RULE: Rule = Rule {
    code: "add-check",
    level: Level::Warning,
    why: "the server copies the table to check every row while writes wait, and fails at the first that breaks the rule",
    better: "look for such rows first (`-- caredb: expects no rows: …`); or add it NOT ENFORCED, which is instant, mend the rows, and enforce it when nobody writes",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for table in scene.changed_big() {
        let had = |name: &Ident| table.before.checks.iter().any(|old| old.name == *name && old.enforced);
        let new = table.after.checks.iter().filter(|check| check.enforced && !had(&check.name));
        hits.extend(new.map(|check| Hit::on(table.name, format!("enforces CHECK {}", check.name))));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn rows_may_break_the_rule() {
        let (none, check) = ("`x` int", "`x` int,\nCONSTRAINT `c` CHECK ((`x` > 0))");
        let off = "`x` int,\nCONSTRAINT `c` CHECK ((`x` > 0)) /*!80016 NOT ENFORCED */";
        assert_eq!(
            alter("ALTER TABLE t ADD CONSTRAINT c CHECK (x > 0)", none, check).finds(&RULE),
            ["t: enforces CHECK `c`"]
        );
        assert_eq!(alter("ALTER TABLE t ALTER CHECK c ENFORCED", off, check).finds(&RULE), ["t: enforces CHECK `c`"]);
        assert!(alter("ALTER TABLE t ADD CHECK (x > 0) NOT ENFORCED", none, off).finds(&RULE).is_empty());
        assert!(alter("ALTER TABLE t DROP CHECK c", check, none).finds(&RULE).is_empty());
        assert!(alter("CREATE TABLE t (x INT CHECK (x > 0))", "", check).finds(&RULE).is_empty());
    }
}
