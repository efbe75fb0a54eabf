//! `stored-generated`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::schema::model::Column;

/// A STORED column of a table that has rows.
pub const RULE: Rule = Rule {
    code: "stored-generated",
    level: Level::Warning,
    why: "each row is computed and copied while writes wait (MySQL manual, \"Online DDL Operations\")",
    better: "make it VIRTUAL, which is instant, and put an index over it where it is searched; or index the expression itself",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let stored = |column: &Column| column.generated.as_ref().is_some_and(|generated| generated.stored);
    let mut hits = Vec::new();
    for table in scene.changed_big() {
        let had = |name| table.before.column(name).is_some_and(stored);
        let new = table.after.columns.iter().filter(|column| stored(column) && !had(column.name.as_str()));
        hits.extend(new.map(|column| Hit::on(table.name, format!("stores the computed column {}", column.name))));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn every_row_is_computed() {
        let with = |kind: &str| format!("`x` int,\n`y` int GENERATED ALWAYS AS (`x` + 1) {kind}");
        let sql = "ALTER TABLE t ADD y INT AS (x + 1) STORED";
        assert_eq!(alter(sql, "`x` int", &with("STORED")).finds(&RULE), ["t: stores the computed column `y`"]);
        assert!(alter(sql, "`x` int", &with("VIRTUAL")).finds(&RULE).is_empty());
        assert!(alter("CREATE TABLE t (…)", "", &with("STORED")).finds(&RULE).is_empty());
        assert!(alter("ALTER TABLE t COMMENT 'x'", &with("STORED"), &with("STORED")).finds(&RULE).is_empty());
    }
}
