//! `definer`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::migrate::classify::Class;

/// A program or view under somebody's name.
pub const RULE: Rule = Rule {
    code: "definer",
    level: Level::Warning,
    why: "the account must exist on every server, and who migrates needs SET_ANY_DEFINER; once it is dropped, a trigger of it stops all writes (1449)",
    better: "leave DEFINER out: it is then who migrates; or SQL SECURITY INVOKER",
    in_undo: true,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let Class::Schema(change) = &scene.statement().class else { return Vec::new() };
    let mut reader = scene.reader();
    let Some(object) = change.targets.first().filter(|_| reader.skip_to("DEFINER") && reader.symbol('=')) else {
        return Vec::new();
    };
    if reader.at("CURRENT_USER") {
        return Vec::new();
    }
    vec![Hit::on(object.name.as_str(), format!("makes {} {} under another account's name", object.kind, object.name))]
}

#[cfg(test)]
mod tests {
    use super::super::case::file;
    use super::*;

    #[test]
    fn an_account_is_no_part_of_a_schema() {
        for (sql, what) in [
            ("CREATE DEFINER=`root`@`localhost` VIEW v AS SELECT 1", "v: makes view `v` under another account's name"),
            (
                "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW DO 0 */",
                "g: makes trigger `g` under another account's name",
            ),
            ("CREATE DEFINER = 'a' PROCEDURE p() DO 0", "p: makes procedure `p` under another account's name"),
        ] {
            assert_eq!(file(sql).finds(&RULE), [what], "{sql}");
        }
        for sql in [
            "CREATE DEFINER = CURRENT_USER VIEW v AS SELECT 1",
            "CREATE SQL SECURITY DEFINER VIEW v AS SELECT 1",
            "CREATE TABLE t (definer INT)",
        ] {
            assert!(file(sql).finds(&RULE).is_empty(), "{sql}");
        }
    }
}
