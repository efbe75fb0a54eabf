//! Fuzzes the splitter. From the project's folder, for ten minutes:
//!
//! ```text
//! dev/fuzz 600 split
//! ```
//!
//! which is `cargo fuzz run split` with the stable compiler. Input that breaks a rule below is left under
//! `fuzz/artifacts/split/`; it becomes a test in `src/db/split.rs`.
#![no_main]

use caredb::db::split::{Statement, split, tokens};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = tokens(text);
    let Ok(statements) = split(text) else { return };
    let mut gap = Gap { text, at: 0, delimiter: ";" };
    if text.starts_with('\u{feff}') {
        gap.at = '\u{feff}'.len_utf8();
    }
    for (index, statement) in statements.iter().enumerate() {
        // a slice of the text, behind the one before it
        assert_eq!(text.get(statement.offset..statement.offset + statement.text.len()), Some(statement.text));
        assert!(statement.offset >= gap.at, "statements overlap");
        assert_eq!(statement.line, 1 + text[..statement.offset].matches('\n').count());
        gap.cross(statement.offset, index > 0);
        gap.at = statement.offset + statement.text.len();
        once_again(statement, gap.delimiter);
    }
    gap.cross(text.len(), !statements.is_empty());
});

/// A statement is not empty, has tokens, and, where nothing in it could end it, is one statement of its own.
fn once_again(statement: &Statement<'_>, delimiter: &str) {
    // a byte order mark is dropped only at the head of a file; `--` is a comment only before white space or at the end;
    // `delimiter` is no command before a delimiter that begins with a letter; the delimiter `!` cuts `/*!`
    let text = statement.text;
    if text.contains(';')
        || text.starts_with('\u{feff}')
        || text.ends_with("--")
        || text.ends_with("/*")
        || text.eq_ignore_ascii_case("delimiter")
    {
        return;
    }
    assert!(!tokens(text).expect("what was split has tokens").is_empty());
    let again = split(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let again: Vec<_> = again.iter().map(|statement| statement.text).collect();
    assert_eq!(again, [text], "it was split at `{delimiter}`");
}

/// What stands between statements, read in another way than the splitter's.
struct Gap<'a> {
    text: &'a str,
    at: usize,
    delimiter: &'a str,
}

impl<'a> Gap<'a> {
    /// Passes to `end` over white space, comments, delimiters and `DELIMITER` lines; panics at anything else. `in_statement`:
    /// the delimiter of the statement before is still to come.
    fn cross(&mut self, end: usize, mut in_statement: bool) {
        while self.at < end {
            let rest = &self.text[self.at..end];
            let comment = comment(rest);
            if in_statement && rest.starts_with(self.delimiter) {
                self.at += self.delimiter.len();
                in_statement = false;
            } else if comment > 0 {
                self.at += comment;
            } else if let Some(space) = rest.chars().next().filter(|c| is_space(*c)) {
                self.at += space.len_utf8();
            } else if !in_statement && is_delimiter_command(rest) {
                let line = rest.lines().next().unwrap_or_default();
                self.delimiter = argument(&line[9..]);
                self.at += line.len();
            } else if rest.starts_with(self.delimiter) {
                self.at += self.delimiter.len();
            } else {
                // before a delimiter of the user's choice
                assert!(rest.starts_with(';'), "lost between statements: {rest:?}");
                self.at += 1;
                in_statement = true;
            }
        }
    }
}

/// `DELIMITER` and white space; without it the word may be the delimiter's own beginning.
fn is_delimiter_command(text: &str) -> bool {
    let (word, after) = text.split_at_checked("delimiter".len()).unwrap_or_default();
    word.eq_ignore_ascii_case("delimiter") && after.starts_with(is_space)
}

/// The argument of `DELIMITER`.
fn argument(text: &str) -> &str {
    let text = text.trim_start_matches(is_space);
    match text.chars().next() {
        Some(quote @ ('\'' | '"' | '`')) => text[1..].split(quote).next().unwrap_or_default(),
        _ => text.split(is_space).next().unwrap_or_default(),
    }
}

fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

/// The length of the comment that `text` begins with, or 0.
fn comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes {
        [b'#', ..] | [b'-', b'-'] => {}
        [b'-', b'-', after, ..] if *after == b' ' || after.is_ascii_control() => {}
        [b'/', b'*', b'!', ..] => return 0,
        [b'/', b'*', ..] => return text[2..].find("*/").map_or(0, |length| length + 4),
        _ => return 0,
    }
    text.find('\n').unwrap_or(text.len())
}
