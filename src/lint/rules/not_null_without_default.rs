//! `not-null-without-default`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A column that must have a value, of a table that has rows and writers.
pub const RULE: Rule = Rule {
    code: "not-null-without-default",
    level: Level::Error,
    why: "an INSERT that does not name the column fails, and so does every release that does not know it; rows that are there get a 0 or an empty text that nobody wrote",
    better: "give it a DEFAULT; or add it as NULL, fill it, and make it NOT NULL by a later migration, once everybody writes it",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for table in scene.changed() {
        let new = table.new_columns(scene).filter(|column| {
            !column.nullable && column.default.is_none() && column.generated.is_none() && !column.auto_increment
        });
        hits.extend(
            new.map(|column| Hit::on(table.name, format!("adds {} as NOT NULL without a default", column.name))),
        );
        let stricter = table.kept_columns(scene).filter(|(before, after)| {
            before.nullable && !after.nullable && after.default.is_none() && !after.auto_increment
        });
        hits.extend(stricter.map(|(_, column)| {
            Hit::on(
                table.name,
                format!("makes {} NOT NULL without a default, and fails where a row has NULL", column.name),
            )
        }));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::{alter, file};
    use super::*;

    #[test]
    fn writers_must_know_the_column() {
        let add = |column: &str| alter("ALTER TABLE t ADD y INT", "`x` int", &format!("`x` int,\n{column}"));
        assert_eq!(add("`y` int NOT NULL").finds(&RULE), ["t: adds `y` as NOT NULL without a default"]);
        for column in [
            "`y` int NOT NULL DEFAULT '0'",
            "`y` int DEFAULT NULL",
            "`y` int NOT NULL AUTO_INCREMENT",
            "`y` int GENERATED ALWAYS AS (`x` + 1) VIRTUAL NOT NULL",
        ] {
            assert!(add(column).finds(&RULE).is_empty(), "{column}");
        }
        let null = "`x` int DEFAULT NULL";
        assert_eq!(
            alter("ALTER TABLE t MODIFY x INT NOT NULL", null, "`x` int NOT NULL").finds(&RULE),
            ["t: makes `x` NOT NULL without a default, and fails where a row has NULL"]
        );
        assert!(alter("ALTER TABLE t MODIFY x INT", "`x` int NOT NULL", null).finds(&RULE).is_empty());
        let own = file("CREATE TABLE t (x INT); ALTER TABLE t ADD y INT NOT NULL").touches(0, "t", "", "`x` int");
        assert!(own.touches(1, "t", "`x` int", "`x` int,\n`y` int NOT NULL").finds(&RULE).is_empty());
    }
}
