//! `primary-key-change`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::schema::model::{Index, Over};

/// Another primary key.
pub const RULE: Rule = Rule {
    code: "primary-key-change",
    level: Level::Warning,
    why: "InnoDB keeps the rows in the order of the primary key and repeats it in every index, so the table and all its indexes are made anew; without one, the table is copied while writes wait",
    better: "decide on it when the table is made; else change it in one ALTER (DROP and ADD together work in place), when few write",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let parts = |index: Option<&Index>| index.map(|index| index.parts.clone());
    let changed = scene.changed().filter(|table| parts(table.before.primary_key()) != parts(table.after.primary_key()));
    let shown = |index: Option<&Index>| index.map_or("none".to_owned(), |index| format!("({})", columns(index)));
    let what = |before, after| format!("changes the primary key from {} to {}", shown(before), shown(after));
    changed.map(|table| Hit::on(table.name, what(table.before.primary_key(), table.after.primary_key()))).collect()
}

fn columns(index: &Index) -> String {
    let part = |over: &Over| match over {
        Over::Column(name, _) => name.to_string(),
        Over::Expression(text) => format!("({text})"),
    };
    index.parts.iter().map(|of| part(&of.over)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn the_order_of_the_rows_changes() {
        let one = "`x` int NOT NULL,\n`y` int NOT NULL,\nPRIMARY KEY (`x`)";
        let two = "`x` int NOT NULL,\n`y` int NOT NULL,\nPRIMARY KEY (`x`,`y`)";
        let sql = "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (x, y)";
        assert_eq!(alter(sql, one, two).finds(&RULE), ["t: changes the primary key from (`x`) to (`x`, `y`)"]);
        let none = "`x` int NOT NULL,\n`y` int NOT NULL";
        assert_eq!(
            alter("ALTER TABLE t ADD PRIMARY KEY (x)", none, one).finds(&RULE),
            ["t: changes the primary key from none to (`x`)"]
        );
        assert!(alter("CREATE TABLE t (x INT PRIMARY KEY)", "", one).finds(&RULE).is_empty());
        assert!(alter("ALTER TABLE t COMMENT 'x'", one, one).finds(&RULE).is_empty());
    }
}
