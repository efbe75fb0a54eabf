//! Reads the text of a definition from left to right. Pure.

use crate::db::ident::Ident;
use crate::db::split::quoted_length;

/// A place in a text. Every method passes over white space first, and over comments; what stands in a version comment
/// (`/*!80016 NOT ENFORCED */`) counts as if there were no comment.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// At the beginning of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What is left, from the next thing that counts.
    pub fn rest(&mut self) -> &'a str {
        loop {
            self.rest = self.rest.trim_start();
            self.rest = if let Some(version) = self.rest.strip_prefix("/*!") {
                version.trim_start_matches(|c: char| c.is_ascii_digit())
            } else if let Some(after) = self.rest.strip_prefix("*/") {
                after
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                comment.split_once("*/").map_or("", |(_, after)| after)
            } else if self.rest.starts_with("-- ") || self.rest.starts_with('#') {
                self.rest.split_once('\n').map_or("", |(_, after)| after)
            } else {
                return self.rest;
            };
        }
    }

    /// Whether nothing is left.
    pub fn is_done(&mut self) -> bool {
        self.rest().is_empty()
    }

    /// Takes these words where they are next, in any case.
    pub fn takes(&mut self, words: &str) -> bool {
        let mut ahead = *self;
        let found = words.split(' ').all(|word| ahead.word().eq_ignore_ascii_case(word));
        if found {
            *self = ahead;
        }
        found
    }

    /// Takes a symbol where it is next.
    pub fn symbol(&mut self, symbol: char) -> bool {
        let after = self.rest().strip_prefix(symbol);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Takes a word: letters, digits, `_`, `$` and what is not ASCII; empty where something else is next.
    pub fn word(&mut self) -> &'a str {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii();
        let rest = self.rest();
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        self.advance(length)
    }

    /// Takes a word; none where something else is next.
    pub fn some_word(&mut self) -> Option<&'a str> {
        Some(self.word()).filter(|word| !word.is_empty())
    }

    /// Takes a number.
    pub fn number(&mut self) -> Option<u32> {
        let mut ahead = *self;
        let number = ahead.word().parse().ok()?;
        *self = ahead;
        Some(number)
    }

    /// Takes a name, bare or quoted; a program of the mode `ANSI_QUOTES` is shown with double quotes.
    pub fn name(&mut self) -> Option<Ident> {
        let mut ahead = *self;
        let name = match ahead.quoted('`').or_else(|| ahead.quoted('"')) {
            Some(quoted) => Ident::new(&unquoted(quoted)),
            None => Ident::new(ahead.word()),
        };
        let name = name.ok()?;
        *self = ahead;
        Some(name)
    }

    /// Takes names in brackets, with commas between them.
    pub fn names(&mut self) -> Option<Vec<Ident>> {
        let mut inner = Self::new(self.bracketed()?);
        let mut names = vec![inner.name()?];
        while inner.symbol(',') {
            names.push(inner.name()?);
        }
        inner.is_done().then_some(names)
    }

    /// Takes a quoted piece, with its quotes.
    pub fn quoted(&mut self, quote: char) -> Option<&'a str> {
        let rest = self.rest();
        if !rest.starts_with(quote) {
            return None;
        }
        let length = quoted_length(rest, quote)?;
        Some(self.advance(length))
    }

    /// Takes a string, without its quotes and escapes.
    pub fn string(&mut self) -> Option<String> {
        self.quoted('\'').map(unquoted)
    }

    /// Takes what stands in brackets, without them; brackets in quotes do not count.
    pub fn bracketed(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let inner = rest.strip_prefix('(')?;
        let end = closing(inner)?;
        self.rest = &inner[end + 1..];
        Some(&inner[..end])
    }

    /// Takes all up to a comma or a closing bracket that no bracket or quote holds, trimmed.
    pub fn piece(&mut self) -> &'a str {
        let rest = self.rest();
        let mut depth = 0_usize;
        let end = outside_quotes(rest).find(|&(_, c)| {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' | ',' => return depth == 0,
                _ => {}
            }
            false
        });
        self.advance(end.map_or(rest.len(), |(at, _)| at)).trim_end()
    }

    fn advance(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

/// Where the bracket is that closes the one before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in outside_quotes(text) {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The characters that stand in no quotes, with their places; of a quoted piece, its first quote. A quote without its end
/// counts as any other character.
pub fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut skip_to = 0;
    text.char_indices().filter(move |&(at, c)| {
        if at < skip_to {
            return false;
        }
        if matches!(c, '\'' | '"' | '`') {
            skip_to = at + quoted_length(&text[at..], c).unwrap_or(1);
        }
        true
    })
}

/// The text of a quoted piece: a doubled quote is one, and in strings a backslash escapes (MySQL manual, "String Literals").
#[must_use]
pub fn unquoted(quoted: &str) -> String {
    let Some(quote) = quoted.chars().next() else { return String::new() };
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quote != '`' => text.push(match chars.next() {
                Some('0') => '\0',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('b') => '\u{8}',
                Some('Z') => '\u{1a}',
                Some(other) => other,
                None => '\\',
            }),
            c if c == quote => {
                chars.next();
                text.push(quote);
            }
            c => text.push(c),
        }
    }
    text
}

/// A text as a string of SQL.
#[must_use]
pub fn string_literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for c in text.chars() {
        match c {
            '\'' => literal.push_str("''"),
            '\\' => literal.push_str("\\\\"),
            '\0' => literal.push_str("\\0"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            c => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_quotes_do_not_count() {
        let mut cursor = Cursor::new(" /* x ( */ (a, ')', `)`, (b)) rest");
        assert_eq!(cursor.bracketed(), Some("a, ')', `)`, (b)"));
        assert_eq!(cursor.rest(), "rest");
        assert_eq!(Cursor::new("(a, (b)").bracketed(), None);
    }

    #[test]
    fn words_names_and_version_comments() {
        let mut cursor = Cursor::new("primary  KEY `a``b` /*!80016 NOT ENFORCED */, 12 x");
        assert!(!cursor.takes("PRIMARY KEYS"));
        assert!(cursor.takes("PRIMARY KEY"));
        assert_eq!(cursor.name().unwrap().as_str(), "a`b");
        assert!(cursor.takes("NOT ENFORCED"));
        assert!(cursor.symbol(','));
        assert_eq!(cursor.number(), Some(12));
        assert_eq!(cursor.number(), None);
        assert!(cursor.takes("x") && cursor.is_done());
    }

    #[test]
    fn a_literal_is_read_back() {
        for text in ["", "it's", "a\\b", "line\nend\r\0", "`\"`", "naïve 名"] {
            assert_eq!(unquoted(&string_literal(text)), text);
        }
        assert_eq!(unquoted("'a\\'b''c\\tZ'"), "a'b'c\tZ");
    }
}
