//! `cannot-migrate`

use crate::lint::file::Kind;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A statement that a migration can't hold.
pub const RULE: Rule = Rule {
    code: "cannot-migrate",
    level: Level::Error,
    why: "its journal could not be kept true, so `migrate` refuses the file before it runs anything",
    better: "do as the message says",
    in_undo: true,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let refused = scene.observed.file.notes[scene.at].refused.as_ref();
    let refused = refused.filter(|_| scene.observed.file.kind != Kind::Plain);
    refused.map(|refused| Hit::on("", refused.to_string())).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;

    #[test]
    fn what_migrate_refuses_is_told() {
        let sql = "UPDATE t SET x = 1 WHERE y; COMMIT";
        assert_eq!(
            file(sql).finds(&RULE),
            [
                ": `COMMIT` can't stand in a migration: caredb commits each statement together with its journal; leave it out"
            ]
        );
        // no migration of ours
        assert!(file(sql).kind(Kind::Plain).finds(&RULE).is_empty());
        assert!(file("UPDATE t SET x = 1 WHERE y").finds(&RULE).is_empty());
    }
}
