//! `charset-change`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// Another character set or collation of texts that are there.
pub const RULE: Rule = Rule {
    code: "charset-change",
    level: Level::Warning,
    why: "texts are copied while writes wait; joins between columns of different collation use no index, and texts that were different may be equal afterwards",
    better: "change all tables that are joined in one go, when nobody writes, after looking for texts that a unique key would refuse",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for table in scene.changed() {
        let changed = table.kept_columns(scene).filter(|(before, after)| {
            before.collation.is_some() && after.collation.is_some() && before.collation != after.collation
        });
        let names: Vec<String> = changed.map(|(_, column)| column.name.to_string()).collect();
        let option = |name| table.before.option(name) != table.after.option(name);
        if !names.is_empty() {
            hits.push(Hit::on(table.name, format!("changes the collation of {}", names.join(", "))));
        } else if option("DEFAULT CHARSET") || option("COLLATE") {
            hits.push(Hit::on(table.name, "changes the collation of columns to come, and leaves that of those it has"));
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn texts_compare_otherwise() {
        let old = "`x` varchar(9),\n`y` int\n) ENGINE=InnoDB DEFAULT CHARSET=latin1";
        let new = "`x` varchar(9),\n`y` int\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";
        assert_eq!(
            alter("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", old, new).finds(&RULE),
            ["t: changes the collation of `x`"]
        );
        let only_default = "`x` varchar(9) CHARACTER SET latin1,\n`y` int\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";
        assert_eq!(
            alter("ALTER TABLE t CHARACTER SET utf8mb4", old, only_default).finds(&RULE),
            ["t: changes the collation of columns to come, and leaves that of those it has"]
        );
        assert!(alter("ALTER TABLE t ADD z INT", old, &old.replace("`y`", "`z` int,\n`y`")).finds(&RULE).is_empty());
    }
}
