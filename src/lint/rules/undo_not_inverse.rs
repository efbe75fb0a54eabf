//! `undo-not-inverse`

use crate::lint::observe::Undo;
use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::schema::diff::Difference;

/// A U file that does not restore what its V file changed.
pub const RULE: Rule = Rule {
    code: "undo-not-inverse",
    level: Level::Error,
    why: "after a rollback the schema is one that no version has, and the next `migrate` fails or makes another one",
    better: "let the U file take back each change, last first; `caredb verify` proves it",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    if scene.at > 0 {
        return Vec::new();
    }
    match &scene.observed.undo {
        Undo::Fails(reason) => vec![Hit::on("", format!("its U file fails, {reason}"))],
        Undo::Restores(differences) => {
            let lines = |Difference { lines, .. }: &Difference| {
                lines.iter().map(|line| format!("`{line}`")).collect::<Vec<_>>().join(", ")
            };
            let hit = |of: &Difference| {
                Hit::on(&of.name, format!("its U file leaves {} `{}` another: {}", of.kind, of.name, lines(of)))
            };
            differences.iter().map(hit).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;
    use crate::schema::introspect::Kind;

    #[test]
    fn a_u_file_takes_back_what_its_v_file_did() {
        let lines = vec!["+  KEY `i` (`x`)".to_owned()];
        let left = Difference { kind: Kind::Table, name: "t".to_owned(), lines };
        assert_eq!(
            file("CREATE INDEX i ON t (x)").undo(Undo::Restores(vec![left])).finds(&RULE),
            ["t: its U file leaves table `t` another: `+  KEY `i` (`x`)`"]
        );
        assert_eq!(
            file("DO 0").undo(Undo::Fails("line 1: MySQL error 1051: Unknown table".to_owned())).finds(&RULE),
            [": its U file fails, line 1: MySQL error 1051: Unknown table"]
        );
        for undo in [Undo::Restores(Vec::new()), Undo::Missing, Undo::NotTried] {
            assert!(file("DO 0").undo(undo).finds(&RULE).is_empty());
        }
    }
}
