//! What is found wrong in files: by code, counted, with the first examples, without the values of patients.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::output::plain::is_hidden;

/// Codes of rows and values, with their meaning. Those of files and of a row's structure are [`super::read::CODES`].
pub const CODES: &[(&str, &str)] = &[
    ("ambiguous-date", "the date means one day by one of the formats and another by another"),
    ("ambiguous-time", "the hour comes twice on the day when summer time ends"),
    ("bad-boolean", "neither `1`, `0`, `true` nor `false`; say `words`"),
    ("bad-date", "not written as a date by any of the formats"),
    ("bad-email", "no address of e-mail"),
    ("bad-json-value", "no JSON"),
    ("bad-moment", "not written as a date with a time by any of the formats"),
    ("bad-number", "no number; spaces, points between thousands and exponents are none"),
    ("bad-phone", "no telephone number of 5 to 15 digits"),
    ("bad-time", "not written as a time by any of the formats"),
    ("double-booking", "another row has the doctor, the day and the time"),
    ("duplicate-id", "another row has the legacy id"),
    ("duplicate-value", "another row has the value, or the values, that no two rows may share"),
    ("in-future", "the day has not come yet, and must have; a year of two digits is taken for one of 1970 to 2069"),
    ("no-legacy-id", "a column of the legacy id is NULL"),
    ("no-such-date", "the date does not exist"),
    ("no-such-time", "the time does not exist, or is left out on the day when summer time begins"),
    ("not-after", "the value must be later than another one of the row"),
    ("out-of-range", "more or less than the column, or a rule of the table, allows"),
    ("refused", "the server refused the row; its error number is beside the code"),
    ("required", "there is no value, and there must be one"),
    (
        "taken",
        "a row of the database that this import has not made has the value, or the values, that no two rows may share",
    ),
    ("too-long", "more characters, or bytes, than the column has room for"),
    ("too-precise", "more decimals, digits of a number in JSON, or parts of a second, than the column keeps"),
    ("unknown-reference", "the row that it refers to is not there, or is rejected"),
    ("unknown-word", "none of the words that are allowed here"),
];

/// The columns that a finding is about: of which `[[table]]`, and the target's column, empty for the whole row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The source.
    pub source: String,
    /// The name of the `[[table]]`; empty where the row could not be read.
    pub table: String,
    /// The column.
    pub column: String,
}

/// One row with a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The row, from 1.
    pub row: u64,
    /// The line of the file on which it begins.
    pub line: u64,
    /// The value, masked unless it was asked for.
    pub value: Option<String>,
}

/// Findings of one code at one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// How many rows.
    pub rows: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// All findings.
#[derive(Debug, Default)]
pub struct Findings {
    /// By code and place.
    pub found: BTreeMap<(&'static str, Place), Found>,
    /// Values are shown as they are.
    pub show_values: bool,
    /// How many examples are kept of each.
    pub examples: usize,
}

impl Findings {
    /// Adds a finding on a row. Of all rows the first ones are kept, in whatever order they come.
    pub fn add(&mut self, code: &'static str, place: Place, (row, line): (u64, u64), value: Option<&str>) {
        let found = self.found.entry((code, place)).or_default();
        found.rows += 1;
        let at = found.examples.partition_point(|example| example.row <= row);
        if at < self.examples {
            let value = value.map(|value| if self.show_values { printable(value) } else { mask(value) });
            found.examples.insert(at, Example { row, line, value });
            found.examples.truncate(self.examples);
        }
    }
}

/// How many characters of a value are shown.
const SHOWN: usize = 40;

/// The form of a value without the value: letters are `x`, digits `9`.
#[must_use]
pub fn mask(value: &str) -> String {
    let hide = |letter: char| match letter {
        '0'..='9' => '9',
        letter if letter.is_alphanumeric() => 'x',
        letter if letter.is_ascii_graphic() || letter == ' ' => letter,
        _ => '?',
    };
    shorten(value.chars().map(hide))
}

/// A value that can't harm a terminal.
fn printable(value: &str) -> String {
    shorten(value.chars().map(|letter| if is_hidden(letter) { '?' } else { letter }))
}

fn shorten(letters: impl Iterator<Item = char>) -> String {
    let mut shown = String::new();
    for (number, letter) in letters.enumerate() {
        if number == SHOWN {
            shown.push('…');
            break;
        }
        shown.push(letter);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked() {
        for (value, masked) in [
            ("Jane.Roe@mail.example", "xxxx.xxx@xxxx.xxxxxxx"),
            ("31.02.1980", "99.99.9999"),
            ("Müller\u{1b}[31m", "xxxxxx?[99x"),
            ("", ""),
        ] {
            assert_eq!(mask(value), masked);
        }
        assert_eq!(mask(&"a".repeat(41)), format!("{}…", "x".repeat(40)));
        assert_eq!(printable("a\u{1b}b\u{202e}c"), "a?b?c");
    }

    #[test]
    fn the_documented_table_is_complete() {
        let line = |(code, meaning): &(&str, &str)| format!("| `{code}` | {} |\n", meaning.replace('|', "\\|"));
        let table = |codes: &[(&str, &str)]| codes.iter().map(line).collect::<String>();
        let expected = format!(
            "# Codes of findings\n\nWhat `import check` says of rows and values, in its table, in `--page`, in JSON, and behind rejected rows.\n\n\
             | code | meaning |\n|---|---|\n{}\nAnd of files, and of how a row is written:\n\n| code | meaning |\n|---|---|\n{}",
            table(CODES),
            table(super::super::read::CODES)
        );
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/legacy/codes.md");
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }

    #[test]
    fn codes_are_in_order_and_said_once() {
        assert!(CODES.is_sorted());
        assert!(CODES.iter().all(|(code, _)| super::super::read::CODES.iter().all(|(other, _)| other != code)));
    }
}
