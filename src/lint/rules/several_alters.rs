//! `several-alters`

use crate::lint::cost::Alter;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// Several ALTERs of one table in one file.
pub const RULE: Rule = Rule {
    code: "several-alters",
    level: Level::Warning,
    why: "each waits for the table's lock with every new query behind it, and each that makes the table anew makes all of it anew",
    better: "write one ALTER TABLE with all changes",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let Some(table) = altered(&scene.statement().text) else { return Vec::new() };
    // one that the file made is empty
    if scene.touched().any(|touched| touched.is_new) {
        return Vec::new();
    }
    let before = scene.earlier().filter(|(statement, _)| altered(&statement.text).as_ref() == Some(&table)).count();
    if before == 1 { vec![Hit::on(&table, "alters the table once more")] } else { Vec::new() }
}

/// The table of an ALTER TABLE, CREATE INDEX or DROP INDEX, in lower case.
fn altered(text: &str) -> Option<String> {
    Alter::of(text).map(|alter| alter.table.name.as_str().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;

    #[test]
    fn one_alter_is_enough() {
        let three =
            "ALTER TABLE t ADD x INT; ALTER TABLE u ADD x INT; alter table `T` ADD y INT; CREATE INDEX i ON t (y)";
        assert_eq!(file(three).finds(&RULE), ["t: alters the table once more"]);
        assert!(file("ALTER TABLE t ADD x INT; ALTER TABLE u ADD x INT; UPDATE t SET x = 1").finds(&RULE).is_empty());
        let own = file("CREATE TABLE t (x INT); CREATE INDEX i ON t (x); CREATE INDEX j ON t (x)")
            .touches(0, "t", "", "`x` int");
        let own = own.touches(1, "t", "`x` int", "`x` int").touches(2, "t", "`x` int", "`x` int");
        assert!(own.finds(&RULE).is_empty());
    }
}
