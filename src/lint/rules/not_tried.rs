//! `not-tried`

use crate::lint::file::Kind;
use crate::lint::observe::Ran;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::migrate::explain::beginning;

/// A statement that was not run.
pub const RULE: Rule = Rule {
    code: "not-tried",
    level: Level::Warning,
    why: "it would reach beyond the scratch schema, so nothing is known of it, and what follows may fail for want of it",
    better: "do such things apart from the migrations, and leave the database's name out",
    in_undo: true,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    // `cannot-migrate` has said it
    let said = scene.observed.file.kind != Kind::Plain && scene.observed.file.notes[scene.at].refused.is_some();
    match &scene.seen().ran {
        Ran::Not(reason) if !said => vec![Hit::on("", format!("`{}` {reason}", beginning(&scene.statement().text)))],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;

    #[test]
    fn what_did_not_run_is_told() {
        let barred = || Ran::Not("names database `x`".to_owned());
        assert_eq!(file("DROP TABLE x.t").ran(barred()).finds(&RULE), [": `DROP TABLE x.t` names database `x`"]);
        assert!(file("COMMIT").ran(barred()).finds(&RULE).is_empty());
        assert_eq!(file("COMMIT").ran(barred()).kind(Kind::Plain).finds(&RULE).len(), 1);
        assert!(file("DROP TABLE t").finds(&RULE).is_empty());
    }
}
