//! `missing-undo`

use crate::lint::observe::Undo;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A V file without its U file.
pub const RULE: Rule = Rule {
    code: "missing-undo",
    level: Level::Warning,
    why: "`rollback` stops before it, and everything below it stays as well",
    better: "write the U file of the same version; `caredb new` makes both",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let missing = scene.at == 0 && scene.observed.undo == Undo::Missing;
    if missing { vec![Hit::on("", "has no U file")] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;

    #[test]
    fn every_v_has_a_u() {
        assert_eq!(file("DO 0; DO 1").undo(Undo::Missing).finds(&RULE), [": has no U file"]);
        for undo in [Undo::NotMeant, Undo::NotTried, Undo::Restores(Vec::new())] {
            assert!(file("DO 0").undo(undo).finds(&RULE).is_empty());
        }
    }
}
