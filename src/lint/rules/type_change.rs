//! `type-change`

use super::varchar_255;
use crate::lint::cost::Way;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// Another type, for which the server copies the table.
pub const RULE: Rule = Rule {
    code: "type-change",
    level: Level::Warning,
    why: "the server copies every row into a new table, and who writes waits until it is done",
    better: "add a column of the new type, fill it in batches, and let the application change over; or do it when nobody writes",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    if scene.cost().is_none_or(|cost| cost.algorithm != Way::Copy) {
        return Vec::new();
    }
    let mut hits = Vec::new();
    for table in scene.changed_big() {
        let changed = table
            .kept_columns(scene)
            .filter(|(before, after)| before.data_type != after.data_type && !varchar_255::crosses(before, after));
        hits.extend(changed.map(|(before, after)| {
            let what =
                format!("makes {} of type `{}`, where it is `{}`", after.name, after.data_type, before.data_type);
            Hit::on(table.name, what)
        }));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;
    use crate::lint::cost::{Blocks, Work};

    #[test]
    fn a_type_that_copies_is_told() {
        let change =
            |from: &str, to: &str| alter("ALTER TABLE t MODIFY x BIGINT", &format!("`x` {from}"), &format!("`x` {to}"));
        assert_eq!(change("int", "bigint").copies().finds(&RULE), ["t: makes `x` of type `bigint`, where it is `int`"]);
        // varchar-255 says it; another column is the cause; the server does it INSTANT-ly
        assert!(change("varchar(10)", "varchar(100)").copies().finds(&RULE).is_empty());
        assert!(change("int", "int NOT NULL").copies().finds(&RULE).is_empty());
        let instant = change("enum('a')", "enum('a','b')").costs(Way::Instant, Work::Definition, Blocks::Nobody);
        assert!(instant.finds(&RULE).is_empty());
        // a table that is known to be small
        assert!(change("int", "bigint").copies().live(1000).finds(&RULE).is_empty());
    }
}
