//! One spelling for what servers of different version and statements of different hands write differently. Pure.

use super::cursor::{Cursor, outside_quotes};
use crate::db::split::quoted_length;

/// A type in lower case, without the display width of an integer, which went with MySQL 8.0.19 but for `tinyint(1)` and
/// ZEROFILL (release notes, "Deprecation and Removal Notes").
#[must_use]
pub fn data_type(text: &str) -> String {
    let (name, rest) = text.split_at(text.find([' ', '(']).unwrap_or(text.len()));
    let name = name.to_lowercase();
    let is_integer = matches!(name.as_str(), "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year");
    let mut after = Cursor::new(rest);
    match after.bracketed() {
        Some(width) if is_integer => {
            let attributes = after.rest().to_lowercase();
            let keeps = attributes.contains("zerofill") || name == "tinyint" && width == "1" && attributes.is_empty();
            let width = if keeps { format!("({width})") } else { String::new() };
            let space = if attributes.is_empty() { "" } else { " " };
            format!("{name}{width}{space}{attributes}")
        }
        // members of an ENUM keep their case
        Some(length) => {
            let attributes = after.rest().to_lowercase();
            let space = if attributes.is_empty() { "" } else { " " };
            format!("{name}({length}){space}{attributes}")
        }
        None => format!("{name}{}", rest.to_lowercase()),
    }
}

/// The name of a character set: `utf8` is `utf8mb3` (MySQL manual, "The utf8 Character Set").
#[must_use]
pub fn character_set(name: &str) -> String {
    let name = name.to_lowercase();
    if name == "utf8" { "utf8mb3".to_owned() } else { name }
}

/// The name of a collation; those of utf8mb3 were called `utf8_…` before MySQL 8.0.30.
#[must_use]
pub fn collation(name: &str) -> String {
    let name = name.to_lowercase();
    match name.strip_prefix("utf8_") {
        Some(rest) => format!("utf8mb3_{rest}"),
        None => name,
    }
}

/// The collation that a character set has if none is said (`SHOW CHARACTER SET` of MySQL 9.7).
#[must_use]
pub fn default_collation(character_set: &str) -> String {
    let rest = match character_set {
        "binary" => return "binary".to_owned(),
        "utf8mb4" => "0900_ai_ci",
        "big5" | "gb18030" | "gb2312" | "gbk" => "chinese_ci",
        "cp932" | "eucjpms" | "sjis" | "ujis" => "japanese_ci",
        "dec8" | "latin1" | "swe7" => "swedish_ci",
        "euckr" => "korean_ci",
        "hp8" => "english_ci",
        "latin5" => "turkish_ci",
        "tis620" => "thai_ci",
        _ => "general_ci",
    };
    format!("{character_set}_{rest}")
}

/// An expression without the brackets around it and without the character sets before its strings (`_utf8mb4'x'`), which are
/// those of the session that wrote it. `_binary` means something, as does another than Unicode's before what is not ASCII.
#[must_use]
pub fn expression(text: &str) -> String {
    let mut text = without_introducers(text.trim());
    loop {
        let mut cursor = Cursor::new(&text);
        match cursor.bracketed() {
            Some(inner) if cursor.is_done() => text = inner.trim().to_owned(),
            _ => return text,
        }
    }
}

/// See [`expression`].
#[must_use]
pub fn without_introducers(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, _) in outside_quotes(text).filter(|&(_, c)| c == '\'') {
        let before = &text[copied..at];
        let start = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let unicode = matches!(&before[start..], "_utf8mb4" | "_utf8mb3" | "_utf8");
        let literal = &text[at..at + quoted_length(&text[at..], '\'').unwrap_or(1)];
        let drops = unicode || before[start..].starts_with('_') && &before[start..] != "_binary" && literal.is_ascii();
        result.push_str(if drops { &before[..start] } else { before });
        copied = at;
    }
    result.push_str(&text[copied..]);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_lose_their_display_width() {
        for (text, normal) in [
            ("int(11)", "int"),
            ("INT", "int"),
            ("bigint(20) unsigned", "bigint unsigned"),
            ("tinyint(1)", "tinyint(1)"),
            ("tinyint(4)", "tinyint"),
            ("tinyint(1) unsigned", "tinyint unsigned"),
            ("int(5) unsigned zerofill", "int(5) unsigned zerofill"),
            ("year(4)", "year"),
            ("varchar(20)", "varchar(20)"),
            ("decimal(10,2) unsigned", "decimal(10,2) unsigned"),
            ("enum('A b','c)','it''s')", "enum('A b','c)','it''s')"),
            ("double unsigned", "double unsigned"),
        ] {
            assert_eq!(data_type(text), normal);
        }
    }

    #[test]
    fn expressions_lose_brackets_and_introducers() {
        for (text, normal) in [
            ("((`x` > 0))", "`x` > 0"),
            ("(`a`) or (`b`)", "(`a`) or (`b`)"),
            ("if((`s` in (_utf8mb4'A',_latin1'B')),NULL,1)", "if((`s` in ('A','B')),NULL,1)"),
            ("concat(_utf8mb4'é',_latin1'é',_binary'x')", "concat('é',_latin1'é',_binary'x')"),
            ("concat('_utf8mb4''x''',_utf8mb3'it''s',`_utf8mb4`)", "concat('_utf8mb4''x''','it''s',`_utf8mb4`)"),
            ("json_extract(`a`,_utf8mb4'$.x')", "json_extract(`a`,'$.x')"),
            ("concat(é'x',é_utf8mb4'y')", "concat(é'x',é'y')"),
        ] {
            assert_eq!(expression(text), normal);
        }
    }

    #[test]
    fn utf8_is_utf8mb3() {
        assert_eq!(character_set("utf8"), "utf8mb3");
        assert_eq!(collation("utf8_bin"), "utf8mb3_bin");
        assert_eq!(collation("utf8mb4_bin"), "utf8mb4_bin");
    }
}
