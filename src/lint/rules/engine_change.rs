//! `engine-change`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// Another engine.
pub const RULE: Rule = Rule {
    code: "engine-change",
    level: Level::Warning,
    why: "every row is copied while writes wait; and only InnoDB has transactions, foreign keys and rows that survive a crash",
    better: "make tables with ENGINE=InnoDB; to change an old one over, copy it when nobody writes",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for table in scene.changed() {
        if let (Some(old), Some(new)) = (table.before.option("ENGINE"), table.after.option("ENGINE"))
            && !old.eq_ignore_ascii_case(new)
        {
            hits.push(Hit::on(table.name, format!("moves the table from `{old}` to `{new}`")));
        }
    }
    let other = |engine: &&str| !engine.eq_ignore_ascii_case("InnoDB");
    let made = scene.created().filter_map(|(name, table)| Some((name, table.option("ENGINE").filter(other)?)));
    hits.extend(made.map(|(name, engine)| Hit::on(name, format!("makes the table in `{engine}`"))));
    hits
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn innodb_is_where_tables_are() {
        let (inno, isam) = ("`x` int", "`x` int\n) ENGINE=MyISAM");
        assert_eq!(
            alter("ALTER TABLE t ENGINE=InnoDB", isam, inno).finds(&RULE),
            ["t: moves the table from `MyISAM` to `InnoDB`"]
        );
        assert_eq!(
            alter("CREATE TABLE t (x INT) ENGINE=MyISAM", "", isam).finds(&RULE),
            ["t: makes the table in `MyISAM`"]
        );
        assert!(alter("ALTER TABLE t ENGINE=InnoDB", inno, inno).finds(&RULE).is_empty());
        assert!(alter("CREATE TABLE t (x INT)", "", inno).finds(&RULE).is_empty());
    }
}
