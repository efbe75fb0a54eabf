//! Rows of an NDJSON file: an object a line, its keys the columns.
//!
//! The columns are the keys of the first 1,000 lines, in order of appearance, and the paths to members of objects inside
//! (`address.city`) behind the object itself. A later row with another key is rejected, since it would lose a value.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::error::ReadError;
use super::json::{self, Bad, Member};
use super::record::{Record, Words};
use super::text::Text;
use super::window::Window;
use super::{MOST_COLUMNS, MOST_FIELD_BYTES, MOST_ROW_BYTES};
use crate::import::source::Source;

/// So many lines are looked at for keys.
const HEADER_LINES: u64 = 1000;
/// So many columns may be members of inner objects, whose keys are sometimes data.
const MOST_INNER: usize = 1024;
/// The longest name of a column, in bytes.
const MOST_NAME_BYTES: usize = 1024;

/// An NDJSON file, from some line on.
pub(super) struct Ndjson {
    window: Window,
    words: Arc<Words>,
    columns: HashMap<String, usize>,
    filled: Vec<bool>,
    row: u64,
}

/// Where a line ends: so many bytes of it, and so many up to the next one.
enum Line {
    Whole(usize, usize),
    Long,
    None,
}

impl Ndjson {
    /// Looks at the first lines for the columns, which come with it, and opens the file again.
    pub(super) fn open(path: &Path, source: &Source, words: &Arc<Words>) -> Result<(Self, Vec<String>), ReadError> {
        let mut first = Self::begin(path, source, words)?;
        let names = first.names(source)?;
        let mut second = Self::begin(path, source, words)?;
        if first.window.text.stamp() != second.window.text.stamp() {
            let detail = "the file was written to while it was read; wait for its writer, then run again";
            return Err(first.window.text.input.fail("file-changed", detail));
        }
        second.columns = names.iter().enumerate().map(|(column, name)| (name.clone(), column)).collect();
        second.filled = vec![false; names.len()];
        Ok((second, names))
    }

    fn begin(path: &Path, source: &Source, words: &Arc<Words>) -> Result<Self, ReadError> {
        let mut window = Window::new(Text::open(path, source.encoding.as_deref())?);
        for _ in 0..source.skip_lines {
            if !window.skip_line(false)? {
                break;
            }
        }
        Ok(Self { window, words: Arc::clone(words), columns: HashMap::new(), filled: Vec::new(), row: 0 })
    }

    /// The columns' names: those of the source, then what the first lines have.
    fn names(&mut self, source: &Source) -> Result<Vec<String>, ReadError> {
        let mut names = Names::default();
        source.columns.iter().for_each(|name| names.add(name));
        let mut objects = 0;
        for _ in 0..HEADER_LINES {
            match self.line()? {
                Line::None => break,
                Line::Long => _ = self.window.skip_line(false)?,
                Line::Whole(line, next) => {
                    let text = std::str::from_utf8(&self.window.rest()[..line]).unwrap_or_default();
                    if json::check(text).and_then(|()| json::members(text, &mut |member| names.see(member))).is_ok() {
                        objects += 1;
                    }
                    self.window.pass(next);
                }
            }
        }
        if objects == 0 || names.list.is_empty() {
            let detail = "no line of the first 1,000 is a JSON object with keys; write one object a line, without brackets \
                          around them";
            return Err(self.window.text.input.fail("no-header", detail));
        }
        Ok(names.list)
    }

    /// The line that begins here, blank ones passed.
    fn line(&mut self) -> Result<Line, ReadError> {
        loop {
            let rest = self.window.rest();
            let end = memchr::memchr(b'\n', rest);
            match end.or_else(|| (self.window.last && !rest.is_empty()).then_some(rest.len())) {
                Some(end) => {
                    let next = rest.len().min(end + 1);
                    if !rest[..end].trim_ascii().is_empty() {
                        return Ok(if end > MOST_ROW_BYTES { Line::Long } else { Line::Whole(end, next) });
                    }
                    self.window.pass(next);
                    self.window.line += 1;
                }
                None if self.window.last => return Ok(Line::None),
                None if self.window.is_full() => return Ok(Line::Long),
                None => self.window.more()?,
            }
        }
    }

    /// Reads the next row; false at the end.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, ReadError> {
        let found = self.line()?;
        if matches!(found, Line::None) {
            return Ok(false);
        }
        self.row += 1;
        record.begin(self.row, self.window.line, &self.words);
        match found {
            Line::None => {}
            Line::Long => {
                record.fault("field-too-long", None, "the line is longer than 16 MiB; shorten it");
                self.window.skip_line(false)?;
            }
            Line::Whole(line, next) => {
                let line = &self.window.rest()[..line];
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                fill(record, line, &self.columns, &mut self.filled, self.window.text.encoding());
                self.window.pass(next);
                self.window.line += 1;
            }
        }
        Ok(true)
    }
}

/// Takes the row from its line. A line that is no object becomes its only field.
fn fill(record: &mut Record, line: &[u8], columns: &HashMap<String, usize>, filled: &mut [bool], encoding: &str) {
    let checked = match std::str::from_utf8(line) {
        Ok(_) if memchr::memchr(0, line).is_some() => {
            Err(Bad("nul-byte", "the line has a NUL character; take it out".to_owned()))
        }
        Ok(text) => json::check(text).map(|()| text),
        Err(_) => {
            let detail = format!("the line is no text in {encoding}; correct it, or declare the file's `encoding`");
            Err(Bad("bad-encoding", detail))
        }
    };
    let text = match checked {
        Ok(text) => text,
        Err(Bad(code, detail)) => {
            record.take(line);
            record.field_at(0, line.len());
            return record.fault(code, None, detail);
        }
    };
    record.blank(columns.len());
    filled.fill(false);
    let walked = json::members(text, &mut |member| match columns.get(member.path) {
        Some(&column) => set(record, column, member.text, filled),
        None if member.top => {
            let detail = "the row has a key that the first 1,000 lines do not have; add it to `columns` of the source";
            record.fault("unknown-key", None, detail);
        }
        // the object around it is a column
        None => {}
    });
    if let Err(Bad(code, detail)) = walked {
        record.fault(code, None, detail);
    }
    record.check(encoding);
}

fn set(record: &mut Record, column: usize, text: Option<&str>, filled: &mut [bool]) {
    let bytes = text.map_or(0, str::len);
    if bytes > MOST_FIELD_BYTES {
        record.fault("field-too-long", Some(column), "the value is longer than 1 MiB; shorten it");
    } else if record.bytes() + bytes > 2 * MOST_ROW_BYTES {
        // inner objects are there twice
        record.fault("field-too-long", None, "the row's values are longer than 32 MiB; flatten the object");
    } else if !record.set(column, text, filled) {
        let detail = "two keys make this column's name, one of them by a dot; rename one";
        record.fault("duplicate-key", Some(column), detail);
    }
}

#[derive(Default)]
struct Names {
    list: Vec<String>,
    known: HashSet<String>,
    inner: usize,
}

impl Names {
    fn see(&mut self, member: &Member<'_>) {
        // a row with a key that is left out here is rejected, and an inner one is in its object
        let room = if member.top { self.list.len() <= MOST_COLUMNS } else { self.inner < MOST_INNER };
        if room && member.path.len() <= MOST_NAME_BYTES && !self.known.contains(member.path) {
            self.inner += usize::from(!member.top);
            self.add(member.path);
        }
    }

    fn add(&mut self, name: &str) {
        self.known.insert(name.to_owned());
        self.list.push(name.to_owned());
    }
}
