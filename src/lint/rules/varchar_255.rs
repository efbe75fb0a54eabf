//! `varchar-255`

use crate::lint::scene::Scene;
use crate::lint::{Hit, Level, Rule};
use crate::schema::model::Column;

/// A VARCHAR that needs a second byte for its length.
pub const RULE: Rule = Rule {
    code: "varchar-255",
    level: Level::Warning,
    why: "up to 255 bytes the length takes one byte, above it two (MySQL manual, \"Online DDL Operations\"), so every row is copied while writes wait",
    better: "give a column that may grow 256 bytes from the beginning: with utf8mb4 that is VARCHAR(64)",
    in_undo: false,
    find,
};

fn find(scene: &Scene<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for table in scene.changed_big() {
        for (before, after) in table.kept_columns(scene) {
            if let (Some(old), Some(new)) = (bytes(before), bytes(after))
                && crosses(before, after)
            {
                hits.push(Hit::on(
                    table.name,
                    format!("lets {} grow from {old} to {new} bytes, across 255", after.name),
                ));
            }
        }
    }
    hits
}

/// Whether a column's length takes one byte before, and two after.
pub fn crosses(before: &Column, after: &Column) -> bool {
    matches!((bytes(before), bytes(after)), (Some(..=255), Some(256..)))
}

/// The most bytes that a VARCHAR or VARBINARY takes; none for another type.
fn bytes(column: &Column) -> Option<u64> {
    let (name, length) = column.data_type.strip_suffix(')')?.split_once('(')?;
    let length: u64 = length.parse().ok()?;
    match name {
        "varbinary" => Some(length),
        "varchar" => Some(length * width(column.character_set.as_deref().unwrap_or_default())),
        _ => None,
    }
}

/// The bytes of the longest character (`SHOW CHARACTER SET` of MySQL 9.7).
fn width(character_set: &str) -> u64 {
    match character_set {
        "utf8mb4" | "utf16" | "utf16le" | "utf32" | "gb18030" => 4,
        "utf8mb3" | "utf8" | "ujis" | "eucjpms" => 3,
        "ucs2" | "big5" | "gbk" | "gb2312" | "sjis" | "cp932" | "euckr" => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::alter;
    use super::*;

    #[test]
    fn bytes_count_not_characters() {
        let change = |from: &str, to: &str| {
            alter("ALTER TABLE t MODIFY x VARCHAR(9)", &format!("`x` {from}"), &format!("`x` {to}")).finds(&RULE)
        };
        assert_eq!(change("varchar(63)", "varchar(64)"), ["t: lets `x` grow from 252 to 256 bytes, across 255"]);
        assert_eq!(
            change("varchar(255) CHARACTER SET latin1", "varchar(256) CHARACTER SET latin1"),
            ["t: lets `x` grow from 255 to 256 bytes, across 255"]
        );
        assert_eq!(change("varbinary(200)", "varbinary(300)").len(), 1);
        assert_eq!(change("varchar(85) CHARACTER SET utf8mb3", "varchar(86) CHARACTER SET utf8mb3").len(), 1);
        for (from, to) in [
            ("varchar(10)", "varchar(63)"),
            ("varchar(64)", "varchar(500)"),
            ("varchar(64)", "varchar(10)"),
            ("int", "bigint"),
        ] {
            assert!(change(from, to).is_empty(), "{from} {to}");
        }
    }
}
