//! `partitioning`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};

/// A table becomes partitioned, or otherwise, or no more.
pub const RULE: Rule = Rule {
    code: "partitioning",
    level: Level::Warning,
    why: "the table is copied while writes wait; a partitioned one takes no foreign key from it or to it (1506), no unique key without its column (1503), and a look-up without that column asks every partition",
    better: "partition a table while it is small; for a large one, fill a new table beside it and change places",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let changed = scene.changed().filter_map(|table| {
        let (before, after) = (scheme(table.before.partitions.as_deref()), scheme(table.after.partitions.as_deref()));
        let what = match (before, after) {
            (None, Some(after)) => format!("partitions the table, {after}"),
            (Some(before), None) => format!("takes the partitions away, {before}"),
            (Some(before), Some(after)) if before != after => format!("changes {before} to {after}"),
            _ => return None,
        };
        Some(Hit::on(table.name, what))
    });
    changed.collect()
}

/// `PARTITION BY …` without its partitions.
fn scheme(partitions: Option<&str>) -> Option<String> {
    let text = partitions?;
    let end = ["\n(", " (PARTITION "].iter().filter_map(|start| text.find(start)).min().unwrap_or(text.len());
    Some(text[..end].split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn another_scheme_is_told_and_other_partitions_are_not() {
        let by = |text: &str| format!("`x` int\n) ENGINE=InnoDB\n/*!50100 PARTITION BY {text} */");
        let (none, one) =
            ("`x` int\n) ENGINE=InnoDB", by("RANGE (`x`)\n(PARTITION p VALUES LESS THAN MAXVALUE ENGINE = InnoDB)"));
        let two = by(
            "RANGE (`x`)\n(PARTITION a VALUES LESS THAN (9) ENGINE = InnoDB,\n PARTITION p VALUES LESS THAN MAXVALUE ENGINE = InnoDB)",
        );
        assert_eq!(
            alter("ALTER TABLE t PARTITION BY RANGE (x) (…)", none, &one).finds(&RULE),
            ["t: partitions the table, PARTITION BY RANGE (`x`)"]
        );
        assert_eq!(
            alter("ALTER TABLE t REMOVE PARTITIONING", &one, none).finds(&RULE),
            ["t: takes the partitions away, PARTITION BY RANGE (`x`)"]
        );
        assert_eq!(
            alter("ALTER TABLE t PARTITION BY HASH (x)", &one, &by("HASH (`x`)\nPARTITIONS 4")).finds(&RULE),
            ["t: changes PARTITION BY RANGE (`x`) to PARTITION BY HASH (`x`) PARTITIONS 4"]
        );
        assert!(alter("ALTER TABLE t REORGANIZE PARTITION p INTO (…)", &one, &two).finds(&RULE).is_empty());
    }
}
