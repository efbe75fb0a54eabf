//! `mixed-ddl-dml`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::migrate::classify::Class;
use crate::migrate::files::Statement;

/// Definitions and rows in one file.
pub const RULE: Rule = Rule {
    code: "mixed-ddl-dml",
    level: Level::Warning,
    why: "each DDL statement commits, so the file is no transaction: where a later statement fails, the rows are changed already, and the U file must undo a part",
    better: "put the change of rows into a version of its own, behind or before it",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let (here, rows) = (scene.statement(), |statement: &Statement| changes_rows(statement));
    let earlier: Vec<&Statement> = scene.earlier().map(|(statement, _)| statement).collect();
    let mixed = earlier.iter().any(|one| rows(one)) && earlier.iter().any(|one| is_schema(one));
    let completes = rows(here) && earlier.iter().any(|one| is_schema(one))
        || is_schema(here) && earlier.iter().any(|one| rows(one));
    if completes && !mixed { vec![Hit::on("", "changes definitions and rows in one file")] } else { Vec::new() }
}

/// Whether it commits what came before it and changes tables; programs are dropped and made again without harm.
fn is_schema(statement: &Statement) -> bool {
    let Class::Schema(change) = &statement.class else { return false };
    change.targets.iter().any(|target| target.kind == crate::schema::introspect::Kind::Table)
}

fn changes_rows(statement: &Statement) -> bool {
    let word =
        statement.text.split(|c: char| !c.is_ascii_alphabetic()).find(|word| !word.is_empty()).unwrap_or_default();
    statement.class == Class::Rows
        && ["INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD"].iter().any(|one| word.eq_ignore_ascii_case(one))
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;

    #[test]
    fn a_file_does_one_or_the_other() {
        let found = [": changes definitions and rows in one file"];
        assert_eq!(file("ALTER TABLE t ADD x INT; UPDATE t SET x = 1; ALTER TABLE t MODIFY x INT").finds(&RULE), found);
        assert_eq!(file("DELETE FROM t WHERE x; DROP TABLE u; INSERT INTO t VALUES (1)").finds(&RULE), found);
        for sql in [
            "CREATE TABLE t (x INT); CREATE TABLE u (x INT)",
            "INSERT INTO t VALUES (1); UPDATE t SET x = 2 WHERE x = 1",
            "SELECT 1; ALTER TABLE t ADD x INT; SELECT 2",
            "DROP TRIGGER a; INSERT INTO t VALUES (1)",
        ] {
            assert!(file(sql).finds(&RULE).is_empty(), "{sql}");
        }
    }
}
