//! `statement-fails`

use crate::lint::observe::Ran;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A statement that the server refuses.
pub const RULE: Rule = Rule {
    code: "statement-fails",
    level: Level::Error,
    why: "`migrate` would stop at it, with the statements before it done",
    better: "correct it; it was tried on a schema with nothing in it but what the files before it made",
    in_undo: true,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let object = scene.change().and_then(|change| change.targets.first()).map_or("", |target| target.name.as_str());
    match &scene.seen().ran {
        Ran::Failed(reason) => vec![Hit::on(object, reason.as_str())],
        Ran::FailedWithRow(reason) => vec![Hit::on(object, format!("where the table holds a row: {reason}"))],
        Ran::Done | Ran::Not(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;

    #[test]
    fn what_the_server_says_is_told() {
        let sql = "ALTER TABLE t ADD d DATE NOT NULL";
        let error = "MySQL error 1146: no such table".to_owned();
        assert_eq!(file(sql).ran(Ran::Failed(error.clone())).finds(&RULE), ["t: MySQL error 1146: no such table"]);
        assert_eq!(
            file(sql).ran(Ran::FailedWithRow(error)).finds(&RULE),
            ["t: where the table holds a row: MySQL error 1146: no such table"]
        );
        assert!(file(sql).finds(&RULE).is_empty());
    }
}
