//! Whether a column's new type takes every value of the old one. Where that is not known, it is not so. Pure.

use crate::schema::model::Column;

/// Whether each value of `from` is the same in `to`.
#[must_use]
pub fn keeps_values(from: &Column, to: &Column) -> bool {
    let same_texts = match (&from.character_set, &to.character_set) {
        (Some(from), Some(to)) => from == to || to == "utf8mb4" || from == "ascii" && to != "binary",
        (None, _) | (_, None) => true,
    };
    same_texts && widens(&from.data_type, &to.data_type)
}

/// A type in its parts: `decimal`, `10,2`, `unsigned`.
fn parts(data_type: &str) -> (&str, &str, bool) {
    let (name, rest) = data_type.split_at(data_type.find([' ', '(']).unwrap_or(data_type.len()));
    let arguments = rest.strip_prefix('(').and_then(|rest| rest.rsplit_once(')')).map_or("", |(inside, _)| inside);
    (name, arguments, rest.rsplit(')').next().unwrap_or_default().contains("unsigned"))
}

fn widens(from: &str, to: &str) -> bool {
    if from == to {
        return true;
    }
    let ((one, from, from_unsigned), (other, to, to_unsigned)) = (parts(from), parts(to));
    let rank = |names: &[&str], name: &str| names.iter().position(|known| *known == name);
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    let integers = ["tinyint", "smallint", "mediumint", "int", "bigint"];
    if let (Some(small), Some(large)) = (rank(&integers, one), rank(&integers, other)) {
        return match (from_unsigned, to_unsigned) {
            (true, false) => small < large,
            (false, true) => false,
            _ => small <= large,
        };
    }
    for texts in [["tinytext", "text", "mediumtext", "longtext"], ["tinyblob", "blob", "mediumblob", "longblob"]] {
        if let (Some(small), Some(large)) = (rank(&texts, one), rank(&texts, other)) {
            return small <= large;
        }
        // 16383 characters of four bytes at the most, and 65535 bytes
        let short: &[&str] = if texts[0] == "tinytext" { &["char", "varchar"] } else { &["varbinary"] };
        if short.contains(&one) && rank(&texts, other).is_some_and(|rank| rank > 0) {
            return true;
        }
    }
    match (one, other) {
        ("enum", "enum") | ("set", "set") => to.starts_with(&format!("{from},")) || to == from,
        ("decimal", "decimal") => {
            let digits = |text: &str| {
                let (precision, scale) = text.split_once(',').unwrap_or((text, "0"));
                (number(precision).saturating_sub(number(scale)), number(scale))
            };
            let (from, to) = (digits(from), digits(to));
            from.0 <= to.0 && from.1 <= to.1 && (from_unsigned || !to_unsigned)
        }
        ("float", "double") => from_unsigned || !to_unsigned,
        ("char" | "varchar", "varchar")
        | ("char", "char")
        | ("varbinary", "varbinary")
        | ("bit", "bit")
        | ("datetime" | "timestamp", "datetime")
        | ("timestamp", "timestamp")
        | ("time", "time") => number(from) <= number(to),
        ("date", "datetime") | ("json", "longtext") => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_takes_all_values_is_told_from_one_that_may_not() {
        for (small, large) in [
            ("tinyint", "int"),
            ("tinyint(1)", "smallint"),
            ("int unsigned", "bigint"),
            ("int", "bigint"),
            ("varchar(20)", "varchar(255)"),
            ("char(3)", "varchar(3)"),
            ("varchar(20)", "text"),
            ("text", "longtext"),
            ("decimal(8,2)", "decimal(10,2)"),
            ("decimal(8,2)", "decimal(10,4)"),
            ("enum('a','b')", "enum('a','b','c')"),
            ("datetime", "datetime(6)"),
            ("date", "datetime"),
            ("float", "double"),
            ("bit(1)", "bit(8)"),
            ("varbinary(20)", "blob"),
        ] {
            assert!(widens(small, large), "{small} {large}");
            assert!(!widens(large, small), "{large} {small}");
        }
        for (one, other) in [
            ("int", "int unsigned"),
            ("enum('a','b')", "enum('b','a')"),
            ("decimal(8,2)", "decimal(8,4)"),
            ("varchar(20)", "int"),
            ("set('a')", "set('ab')"),
        ] {
            assert!(!widens(one, other) && !widens(other, one), "{one} {other}");
        }
    }
}
