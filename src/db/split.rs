//! Splits the text of an SQL file into its statements, as the `mysql` client does, and besides knows where
//! a stored program ends without `DELIMITER`.

use super::program::Program;

/// One statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// From its first token to its last; without the delimiter and without comments before it.
    pub text: &'a str,
    /// Where `text` begins in the file, in bytes.
    pub offset: usize,
    /// The line of the file on which `text` begins, from 1.
    pub line: usize,
}

/// What can't be split. Lines count from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SplitError {
    /// A quote, a backtick or a comment without its end.
    #[error("line {line}: {what} is not closed; add its end")]
    Unclosed {
        /// `the string`, `the quoted name`, `the comment`.
        what: &'static str,
        /// Where it begins.
        line: usize,
    },
    /// `DELIMITER` without a delimiter, or with one that can't work.
    #[error(
        "line {line}: `DELIMITER` needs a delimiter without quotes and backslashes; write `DELIMITER ;` or `DELIMITER $$`"
    )]
    Delimiter {
        /// Where it stands.
        line: usize,
    },
    /// A `;` that would send several statements as one.
    #[error(
        "line {line}: several statements up to one `{delimiter}`; end each with its own, so that each can be journalled"
    )]
    Several {
        /// Where the second begins.
        line: usize,
        /// The delimiter in force.
        delimiter: String,
    },
    /// NUL in the text: the file is not SQL.
    #[error("line {line}: the file holds a NUL byte; it is not SQL text")]
    Nul {
        /// Where it stands.
        line: usize,
    },
}

/// A piece of SQL text, as far as splitting needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A word: keyword, name, number, variable.
    Word(&'a str),
    /// A quoted string or name, with its quotes.
    Quoted(&'a str),
    /// Any other character.
    Symbol(char),
}

/// Splits `text`. Comments between statements belong to none; a file of comments alone has no statement.
/// Quotes and `--` follow the MySQL manual, "Comments" and "String Literals"; a backslash escapes within
/// strings (`NO_BACKSLASH_ESCAPES` is not MySQL's default).
pub fn split(text: &str) -> Result<Vec<Statement<'_>>, SplitError> {
    split_with(text, false)
}

/// Like [`split`], but several statements up to one delimiter of the file's own are several: the `mysql` client sends them as one
/// text, and the server runs one after the other.
pub fn split_several(text: &str) -> Result<Vec<Statement<'_>>, SplitError> {
    split_with(text, true)
}

fn split_with(text: &str, several: bool) -> Result<Vec<Statement<'_>>, SplitError> {
    if let Some(at) = text.find('\0') {
        return Err(SplitError::Nul { line: Lines::new(text).of(at) });
    }
    let mut splitter = Splitter::new(text);
    let mut statements = Vec::new();
    let mut delimiter = ";";
    while let Some(start) = splitter.statement_start()? {
        if let Some(new) = splitter.delimiter_command(start)? {
            delimiter = new;
            continue;
        }
        let end = splitter.statement_end(delimiter, several)?;
        if end > start {
            statements.push(Statement { text: &text[start..end], offset: start, line: splitter.line.of(start) });
        }
    }
    Ok(statements)
}

/// The tokens of one statement, without comments and white space. Errors: those of [`split`], which a statement that
/// `split` gave does not have.
pub fn tokens(text: &str) -> Result<Vec<Token<'_>>, SplitError> {
    let mut splitter = Splitter::new(text);
    let mut tokens = Vec::new();
    while !splitter.rest().is_empty() {
        if !splitter.comment()? {
            tokens.extend(splitter.token("\n")?);
        }
    }
    Ok(tokens)
}

struct Splitter<'a> {
    text: &'a str,
    at: usize,
    line: Lines<'a>,
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str) -> Self {
        // a byte order mark is not SQL; offsets stay those of the file
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, line: Lines::new(text) }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Passes over white space and comments; the position of the next statement, or none at the end.
    fn statement_start(&mut self) -> Result<Option<usize>, SplitError> {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(is_space).len();
            if self.rest().is_empty() {
                return Ok(None);
            }
            if !self.comment()? {
                return Ok(Some(self.at));
            }
        }
    }

    /// Passes over a comment that begins here, if one does. `/*! … */` is code; a hint, `/*+ … */`, ends as a comment does.
    fn comment(&mut self) -> Result<bool, SplitError> {
        let rest = self.rest();
        let dashes = rest
            .strip_prefix("--")
            .is_some_and(|after| after.chars().next().is_none_or(|c| is_space(c) || c.is_ascii_control()));
        if rest.starts_with('#') || dashes {
            self.at += rest.find('\n').unwrap_or(rest.len());
            return Ok(true);
        }
        if rest.starts_with("/*") && !rest.starts_with("/*!") {
            let length = rest[2..].find("*/").ok_or_else(|| self.unclosed("the comment"))?;
            self.at += length + 4;
            return Ok(true);
        }
        Ok(false)
    }

    fn unclosed(&self, what: &'static str) -> SplitError {
        SplitError::Unclosed { what, line: self.line.of(self.at) }
    }

    /// `DELIMITER x` is a command of the client, a line of its own that begins where a statement could.
    fn delimiter_command(&mut self, start: usize) -> Result<Option<&'a str>, SplitError> {
        let line = self.text[start..].lines().next().unwrap_or_default();
        let Some((name, after)) = line.split_at_checked("delimiter".len()) else { return Ok(None) };
        if !name.eq_ignore_ascii_case("delimiter") || after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return Ok(None);
        }
        let argument = after.trim_start_matches(is_space);
        // the client takes it in quotes, too
        let delimiter = match argument.chars().next() {
            Some(quote @ ('\'' | '"' | '`')) => argument[1..].split(quote).next(),
            _ => argument.split(is_space).next(),
        };
        let works = |delimiter: &&str| {
            after.starts_with(is_space) && !delimiter.is_empty() && !delimiter.contains(['\'', '"', '`', '\\'])
        };
        let delimiter = delimiter.filter(works);
        let delimiter = delimiter.ok_or_else(|| SplitError::Delimiter { line: self.line.of(start) })?;
        self.at = start + line.len();
        Ok(Some(delimiter))
    }

    /// From within a statement to its end; leaves the position behind the delimiter, or at the next of `several` before one.
    fn statement_end(&mut self, delimiter: &str, several: bool) -> Result<usize, SplitError> {
        let mut program = Program::default();
        let mut end = self.at;
        let mut ended = false;
        while !self.rest().is_empty() {
            // a delimiter of the user's choice ends a statement wherever it stands outside quotes
            if self.rest().starts_with(delimiter) && (delimiter != ";" || !program.holds_semicolon()) {
                self.at += delimiter.len();
                return Ok(end);
            }
            if self.comment()? {
                continue;
            }
            let begins = self.at;
            if let Some(token) = self.token(delimiter)? {
                if ended && token != Token::Symbol(';') {
                    if several {
                        self.at = begins;
                        return Ok(end);
                    }
                    let line = self.line.of(begins);
                    return Err(SplitError::Several { line, delimiter: delimiter.to_owned() });
                }
                // a `;` before the user's own delimiter is no part of the statement
                if token == Token::Symbol(';') && !program.holds_semicolon() {
                    ended = true;
                    continue;
                }
                program.see(token);
                end = self.at;
            }
        }
        Ok(end)
    }

    /// The token that begins here; none for white space. A word ends where the delimiter begins (`END$$`).
    fn token(&mut self, delimiter: &str) -> Result<Option<Token<'a>>, SplitError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let quoted = match first {
            '`' => Some(quoted_length(rest, first).ok_or_else(|| self.unclosed("the quoted name"))?),
            '\'' | '"' => Some(quoted_length(rest, first).ok_or_else(|| self.unclosed("the string"))?),
            '$' => dollar_quoted_length(rest),
            _ => None,
        };
        if let Some(length) = quoted {
            self.at += length;
            return Ok(Some(Token::Quoted(&rest[..length])));
        }
        let token = match first {
            c if is_space(c) => None,
            c if is_word(c) => {
                let ends = |&(at, c): &(usize, char)| !is_word(c) || rest[at..].starts_with(delimiter);
                // never nothing: a delimiter is looked for before a token
                let length = rest.char_indices().skip(1).find(ends).map_or(rest.len(), |(at, _)| at);
                self.at += length;
                return Ok(Some(Token::Word(&rest[..length])));
            }
            c => Some(Token::Symbol(c)),
        };
        self.at += first.len_utf8();
        Ok(token)
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '@') || c > '\u{7f}'
}

/// White space as MySQL has it: that of ASCII. A no-break space is part of a name.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

/// The length in bytes of the `$$ … $$` or `$tag$ … $tag$` that `text` begins with; none where it begins otherwise or has no
/// end, since before MySQL 9.0 these are names. Manual: "CREATE PROCEDURE and CREATE FUNCTION", on JavaScript.
fn dollar_quoted_length(text: &str) -> Option<usize> {
    let (tag, _) = text.strip_prefix('$')?.split_once('$')?;
    if !tag.chars().all(|c| is_word(c) && c != '@') {
        return None;
    }
    let quote = &text[..tag.len() + 2];
    let length = text[quote.len()..].find(quote)?;
    Some(length + 2 * quote.len())
}

/// The length in bytes of the quoted piece that `text` begins with, quotes included; none where it has no
/// end. A doubled quote stands for itself; a backslash escapes in strings, not in names.
#[must_use]
pub fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote != '`' {
            chars.next();
        } else if c == quote && chars.next_if(|&(_, next)| next == quote).is_none() {
            return Some(at + c.len_utf8());
        }
    }
    None
}

/// Line numbers of offsets, counted once as they rise.
struct Lines<'a> {
    text: &'a str,
    seen: std::cell::Cell<(usize, usize)>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, seen: std::cell::Cell::new((0, 1)) }
    }

    fn of(&self, offset: usize) -> usize {
        let (from, line) = if self.seen.get().0 <= offset { self.seen.get() } else { (0, 1) };
        let line = line + self.text[from..offset].matches('\n').count();
        self.seen.set((offset, line));
        line
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        split(sql).unwrap().into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn splits_outside_quotes_and_comments() {
        for (sql, statements) in [
            ("", vec![]),
            (" \n-- nothing\n# here\n/* at all; */ ;", vec![]),
            ("SELECT 1; SELECT 2", vec!["SELECT 1", "SELECT 2"]),
            (
                "SELECT ';', \";\", `;`; SELECT 'it''s; \\'; ok'",
                vec!["SELECT ';', \";\", `;`", "SELECT 'it''s; \\'; ok'"],
            ),
            ("SELECT `a\\`; SELECT 2;", vec!["SELECT `a\\`", "SELECT 2"]),
            ("SELECT 1 -- one; two\n, 2; SELECT 3 # four; five", vec!["SELECT 1 -- one; two\n, 2", "SELECT 3"]),
            ("SELECT 5--1; SELECT 2;", vec!["SELECT 5--1", "SELECT 2"]),
            ("SELECT 1--;SELECT 2--", vec!["SELECT 1--", "SELECT 2"]),
            ("SELECT /* ; */ 1; -- last", vec!["SELECT /* ; */ 1"]),
            (
                "/*!40101 SET NAMES utf8mb4 */; SELECT /*+ NO_ICP(t) */ 1;",
                vec!["/*!40101 SET NAMES utf8mb4 */", "SELECT /*+ NO_ICP(t) */ 1"],
            ),
            ("\u{feff}SELECT 1;", vec!["SELECT 1"]),
            ("SELECT 1;;;SELECT 2", vec!["SELECT 1", "SELECT 2"]),
            ("SELECT /*+ it's; */ 1; /*+ no; hint */ SELECT 2", vec!["SELECT /*+ it's; */ 1", "SELECT 2"]),
            // white space is ASCII's
            (
                "SELECT 1\u{a0}; SELECT 2 --\u{a0}3; \x0bSELECT 4\x0c;",
                vec!["SELECT 1\u{a0}", "SELECT 2 --\u{a0}3", "SELECT 4"],
            ),
            // a program in another language, from MySQL 9.0 on
            (
                "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ let a = \"it's\"; return 1; $$; SELECT $x$ ; $$ ; $x$; SELECT $a; SELECT a$$; SELECT 2$$",
                vec![
                    "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ let a = \"it's\"; return 1; $$",
                    "SELECT $x$ ; $$ ; $x$",
                    "SELECT $a",
                    "SELECT a$$",
                    "SELECT 2$$",
                ],
            ),
        ] {
            assert_eq!(texts(sql), statements, "{sql:?}");
        }
    }

    #[test]
    fn delimiter_is_the_clients() {
        let sql = "DELIMITER $$\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.x = 1; END$$\ndelimiter ;\nSELECT 1;";
        assert_eq!(
            texts(sql),
            ["CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.x = 1; END", "SELECT 1"]
        );
        assert_eq!(texts("delimiter //\nSELECT ';//'; //\nSELECT 2"), ["SELECT ';//'", "SELECT 2"]);
        assert_eq!(texts("delimiter \"@@\"\nSELECT 1@@\nSELECT a@@"), ["SELECT 1", "SELECT a"]);
        let both = split_several("DELIMITER //\nSELECT 1;\nCREATE PROCEDURE p() BEGIN SELECT 2; END; ;//\nSELECT 3//")
            .unwrap();
        let texts_and_lines: Vec<_> = both.iter().map(|statement| (statement.text, statement.line)).collect();
        assert_eq!(
            texts_and_lines,
            [("SELECT 1", 2), ("CREATE PROCEDURE p() BEGIN SELECT 2; END", 3), ("SELECT 3", 4)]
        );
        let several = SplitError::Several { line: 3, delimiter: "//".to_owned() };
        assert_eq!(split("DELIMITER //\nSELECT 1;\nCOMMIT//"), Err(several));
        // a word before it ends where all of it begins
        assert_eq!(
            texts("DELIMITER $$;\nSELECT END$$;\nSELECT a$$; SELECT '$$;'"),
            ["SELECT END", "SELECT a", "SELECT '$$;'"]
        );
        assert_eq!(texts("DELIMITER `a b`\nSELECT 1a b SELECT ab"), ["SELECT 1", "SELECT ab"]);
        for wrong in [
            "DELIMITER \n",
            "DELIMITER;\n",
            "DELIMITER''",
            "DELIMITER ''",
            "DELIMITER$$",
            "DELIMITER a\\b",
            "DELIMITER \u{a0}'",
        ] {
            assert_eq!(split(wrong), Err(SplitError::Delimiter { line: 1 }), "{wrong}");
        }
        assert_eq!(texts("delimiters; delimiter_of"), ["delimiters", "delimiter_of"]);
        // the fuzzer's: a delimiter that the command's own name begins or goes on with
        assert_eq!(texts("DELIMITER E\nSELECT 1 E delimiterE"), ["S", "L", "CT 1", "delimiter"]);
        assert_eq!(texts("DELIMITER delimiter2\nSELECT 1delimiter2delimiter2SELECT 2"), ["SELECT 1", "SELECT 2"]);
    }

    #[test]
    fn lines_and_offsets_are_the_files() {
        let sql = "-- head\n\nSELECT 1;\n  SELECT\n 2;";
        let found: Vec<_> = split(sql).unwrap().iter().map(|s| (s.line, s.offset)).collect();
        assert_eq!(found, [(3, 9), (4, 21)]);
        for (sql, what, line) in [
            ("SELECT 1;\nSELECT 'x", "the string", 2),
            ("SELECT `x", "the quoted name", 1),
            ("\n/* x", "the comment", 2),
        ] {
            assert_eq!(split(sql), Err(SplitError::Unclosed { what, line }));
        }
        assert_eq!(split("SELECT\n\0"), Err(SplitError::Nul { line: 2 }));
    }

    /// Pieces that hold semicolons, none of which ends a statement.
    fn piece() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[a-z]{1,8}",
            "[0-9]{1,4}",
            Just("';'".to_owned()),
            Just("'it''s; '".to_owned()),
            Just("'\\';'".to_owned()),
            Just("\"a;\"\"b\"".to_owned()),
            Just("`a;``b\\`".to_owned()),
            Just("/* ; ' */".to_owned()),
            Just("-- ; '\n".to_owned()),
            Just("# ; \"\n".to_owned()),
            Just("é名".to_owned()),
        ];
        prop::collection::vec(leaf, 1..8).prop_map(|pieces| pieces.join(" "))
    }

    proptest! {
        #[test]
        fn pieces_join_to_the_input(pieces in prop::collection::vec(piece(), 1..6)) {
            let sql = pieces.iter().map(|piece| format!("SELECT {piece}\n;")).collect::<String>();
            let found = split(&sql).unwrap();
            prop_assert_eq!(found.len(), pieces.len());
            let mut rebuilt = String::new();
            for statement in &found {
                // between statements there is nothing but delimiters, white space and comments
                rebuilt.push_str(&sql[rebuilt.len()..statement.offset]);
                rebuilt.push_str(statement.text);
                prop_assert!(statement.text.starts_with("SELECT"));
            }
            prop_assert!(sql.starts_with(&rebuilt));
        }

        #[test]
        fn never_panics_and_never_invents(sql in "(?s)([;'\"`\\\\/*#! \n-]|BEGIN|END|CASE|IF|DELIMITER|CREATE|TRIGGER|é|.){0,60}") {
            if let Ok(found) = split(&sql) {
                for statement in found {
                    prop_assert_eq!(&sql[statement.offset..statement.offset + statement.text.len()], statement.text);
                }
            }
        }
    }
}
