//! How rows and fields are told apart where there are quotes.
//!
//! Fields and rows end where the `csv` crate ends them. It takes quotes in the wrong place as they come, which changes
//! what is read; here each of them is noted.

use memchr::{memchr, memchr2, memchr3};

use super::error::ReadError;
use crate::import::source::{Format, Source};

/// The characters with a meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
}

impl Dialect {
    /// The dialect of a source, or what is wrong with it.
    pub(super) fn of(source: &Source, format: Format, file: &str) -> Result<Self, ReadError> {
        let default = if format == Format::Tsv { '\t' } else { ',' };
        let one = |name: &str, c: char| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() && !matches!(byte, b'\0' | b'\n' | b'\r') => Ok(byte),
            _ => {
                let detail = format!("`{name}` is one ASCII character that is no line end; correct it in the source");
                Err(ReadError::new("bad-option", file, detail))
            }
        };
        let dialect = Self {
            delimiter: one("delimiter", source.delimiter.unwrap_or(default))?,
            quote: source.quote.map(|c| one("quote", c)).transpose()?,
            escape: source.escape.map(|c| one("escape", c)).transpose()?,
        };
        let Self { delimiter, quote, escape } = dialect;
        let detail = match (quote, escape) {
            (None, Some(_)) => "`escape` means nothing without `quote`; give both or neither",
            _ if quote == Some(delimiter) || escape == Some(delimiter) || (quote == escape && quote.is_some()) => {
                "`delimiter`, `quote` and `escape` are three different characters; quotes are doubled where `escape` is left out"
            }
            _ => return Ok(dialect),
        };
        Err(ReadError::new("bad-option", file, detail))
    }
}

/// How a row ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// `\n` or `\r\n`.
    Newline,
    /// `\r` alone.
    Return,
    /// The end of the file.
    File,
}

/// What a look for a row's end came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The row ends, and the next one begins after so many bytes.
    Row(usize, Ending),
    /// It goes on; so many bytes are done with.
    More(usize),
    /// The text ends inside quotes.
    Unclosed,
}

/// Takes a row apart whose quotes stand around whole fields, with none inside: most rows that have quotes. `field` is told where
/// each begins and ends in `text`; the row ends, and the next one begins, after so many bytes. None where the row is of another kind,
/// or may go on behind `text`.
pub(super) fn simple(
    dialect: Dialect,
    text: &[u8],
    mut field: impl FnMut(usize, usize),
) -> Option<(usize, usize, Ending)> {
    let Dialect { delimiter, quote: Some(quote), escape: None } = dialect else { return None };
    let mut i = 0;
    loop {
        let end = if *text.get(i)? == quote {
            let close = i + 1 + memchr(quote, &text[i + 1..])?;
            field(i + 1, close);
            close + 1
        } else {
            let special = |byte: &u8| *byte == delimiter || *byte == quote || *byte == b'\n' || *byte == b'\r';
            let end = i + text[i..].iter().position(special)?;
            field(i, end);
            end
        };
        match (*text.get(end)?, text.get(end + 1)) {
            (byte, _) if byte == delimiter => i = end + 1,
            (b'\n', _) => return Some((end, end + 1, Ending::Newline)),
            (b'\r', Some(b'\n')) => return Some((end, end + 2, Ending::Newline)),
            (b'\r', Some(_)) => return Some((end, end + 1, Ending::Return)),
            // a quote in a quoted field, or where none should be
            _ => return None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    #[default]
    Start,
    Plain,
    Quoted,
    Escaped,
    /// Behind a quote that may be the closing one.
    Closed,
}

/// Takes a row apart, byte by byte. It can go on where a text ended.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    at: At,
    /// The fields' bytes, without quotes, and a comma behind each, so that two halves of a character do not meet.
    pub bytes: Vec<u8>,
    /// Where the fields stand in `bytes`.
    pub fields: Vec<(usize, usize)>,
    /// Columns with a quote in the wrong place.
    pub stray_quotes: Vec<usize>,
    /// Columns with an escape character in the wrong place.
    pub stray_escapes: Vec<usize>,
    begin: usize,
}

impl Splitter {
    /// Forgets the row, so that another can begin.
    pub(super) fn begin(&mut self) {
        self.at = At::Start;
        self.forget();
    }

    /// Forgets what was read of the row, and stays where it is in it.
    pub(super) fn forget(&mut self) {
        self.bytes.clear();
        self.fields.clear();
        self.stray_quotes.clear();
        self.stray_escapes.clear();
        self.begin = 0;
    }

    /// Reads on in a row. `last`: there is nothing behind `text`.
    pub(super) fn run(&mut self, dialect: Dialect, text: &[u8], last: bool) -> Found {
        let mut i = 0;
        loop {
            match self.at {
                At::Start if i < text.len() && dialect.quote == Some(text[i]) => {
                    self.at = At::Quoted;
                    i += 1;
                }
                At::Start if i < text.len() => self.at = At::Plain,
                At::Quoted => {
                    let quote = dialect.quote.unwrap_or_default();
                    let end = memchr2(quote, dialect.escape.unwrap_or(quote), &text[i..]).map(|at| i + at);
                    self.bytes.extend_from_slice(&text[i..end.unwrap_or(text.len())]);
                    match end {
                        Some(end) => {
                            self.at = if text[end] == quote { At::Closed } else { At::Escaped };
                            i = end + 1;
                        }
                        None if last => return Found::Unclosed,
                        None => return Found::More(text.len()),
                    }
                }
                At::Escaped if i < text.len() => {
                    if dialect.quote != Some(text[i]) && dialect.escape != Some(text[i]) {
                        // `\n` may be a line end or an `n`: not for us to say
                        Self::note(&mut self.stray_escapes, self.fields.len());
                        self.bytes.extend(dialect.escape);
                    }
                    self.bytes.push(text[i]);
                    self.at = At::Quoted;
                    i += 1;
                }
                At::Closed if i < text.len() && dialect.quote == Some(text[i]) && dialect.escape.is_none() => {
                    self.bytes.push(text[i]);
                    self.at = At::Quoted;
                    i += 1;
                }
                At::Closed if i < text.len() && !is_end(dialect, text[i]) => {
                    Self::note(&mut self.stray_quotes, self.fields.len());
                    self.at = At::Plain;
                }
                At::Escaped if last => return Found::Unclosed,
                // the end of a plain or closed field, or of what there is to read
                At::Plain | At::Closed | At::Start | At::Escaped => {
                    let end = memchr3(dialect.delimiter, b'\n', b'\r', &text[i..]).map(|at| i + at);
                    self.plain(dialect, &text[i..end.unwrap_or(text.len())]);
                    match end {
                        Some(end) if text[end] == dialect.delimiter => {
                            self.end_field();
                            i = end + 1;
                        }
                        // whether the line end is a pair is not known yet
                        Some(end) if text[end] == b'\r' && end + 1 == text.len() && !last => return Found::More(end),
                        Some(end) => {
                            self.end_field();
                            let pair = text[end] == b'\r' && text.get(end + 1) == Some(&b'\n');
                            let lone = text[end] == b'\r' && !pair;
                            let ending = if lone { Ending::Return } else { Ending::Newline };
                            return Found::Row(end + 1 + usize::from(pair), ending);
                        }
                        None if last => {
                            self.end_field();
                            return Found::Row(text.len(), Ending::File);
                        }
                        None => return Found::More(text.len()),
                    }
                }
            }
        }
    }

    fn plain(&mut self, dialect: Dialect, piece: &[u8]) {
        if dialect.quote.is_some_and(|quote| memchr(quote, piece).is_some()) {
            Self::note(&mut self.stray_quotes, self.fields.len());
        }
        if dialect.escape.is_some_and(|escape| memchr(escape, piece).is_some()) {
            Self::note(&mut self.stray_escapes, self.fields.len());
        }
        self.bytes.extend_from_slice(piece);
    }

    fn end_field(&mut self) {
        self.fields.push((self.begin, self.bytes.len()));
        self.bytes.push(b',');
        self.begin = self.bytes.len();
        self.at = At::Start;
    }

    fn note(columns: &mut Vec<usize>, column: usize) {
        if columns.last() != Some(&column) {
            columns.push(column);
        }
    }
}

fn is_end(dialect: Dialect, byte: u8) -> bool {
    byte == dialect.delimiter || byte == b'\n' || byte == b'\r'
}
