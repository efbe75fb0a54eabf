//! Rows of a CSV or TSV file.

use std::sync::Arc;

use memchr::{memchr, memchr_iter, memchr2, memchr3};

use super::MOST_ROW_BYTES;
use super::dialect::{Dialect, Ending, Found, Splitter, simple};
use super::error::ReadError;
use super::record::{Record, Words};
use super::text::Text;
use super::window::{Window, line_ends};
use crate::import::source::{Format, Source};

/// A CSV file, from some row on.
pub(super) struct Csv {
    window: Window,
    dialect: Dialect,
    splitter: Splitter,
    words: Arc<Words>,
    /// The number of fields that a row has to have; none while the header is read.
    columns: Option<usize>,
    row: u64,
    /// How the first row ended: by `\r` alone or not.
    returns: Option<bool>,
    /// The last row ended by the other kind, so this one may be its other half.
    torn: bool,
}

impl Csv {
    /// Opens the file, and reads the header where there is one; the columns' names come with it.
    pub(super) fn open(
        text: Text,
        source: &Source,
        format: Format,
        words: &Arc<Words>,
    ) -> Result<(Self, Vec<String>), ReadError> {
        let dialect = Dialect::of(source, format, &text.input.name)?;
        let mut csv = Self {
            window: Window::new(text),
            dialect,
            splitter: Splitter::default(),
            words: Arc::clone(words),
            columns: None,
            row: 0,
            returns: None,
            torn: false,
        };
        for _ in 0..source.skip_lines {
            if !csv.window.skip_line(true)? {
                break;
            }
        }
        let names = if source.header { csv.header()? } else { source.columns.clone() };
        csv.columns = Some(names.len());
        csv.row = 0;
        Ok((csv, names))
    }

    fn header(&mut self) -> Result<Vec<String>, ReadError> {
        let mut record = Record::new();
        if !self.read(&mut record)? {
            let cure = "add one, or say `header = false` and `columns`";
            return Err(self.fail("no-header", format!("there is no header row; {cure}")));
        }
        if let Some(fault) = record.faults().first() {
            let column = fault.column.map(|column| format!(" in column {}", column + 1)).unwrap_or_default();
            let detail = format!("the header has `{}`{column}: {}", fault.code, fault.detail);
            return Err(self.fail("bad-header", detail).at(record.line()));
        }
        // a name is never NULL
        let name = |column| String::from_utf8_lossy(record.raw(column)).into_owned();
        Ok((0..record.len()).map(name).map(|name| self.words.trimmed(&name).to_owned()).collect())
    }

    /// Reads the next row; false at the end.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, ReadError> {
        loop {
            let rest = self.window.rest();
            let end = match self.dialect.quote {
                Some(quote) => memchr3(b'\n', b'\r', quote, rest),
                None => memchr2(b'\n', b'\r', rest),
            };
            let Some(end) = end.or_else(|| (self.window.last && !rest.is_empty()).then_some(rest.len())) else {
                if self.window.last {
                    return Ok(false);
                }
                if self.window.is_full() {
                    return self.pass_long(record).map(|()| true);
                }
                self.window.more()?;
                continue;
            };
            if end > MOST_ROW_BYTES {
                return self.pass_long(record).map(|()| true);
            }
            let escaped = |escape| memchr(escape, &rest[..end]).is_some();
            let (next, ending) = match (rest.get(end), rest.get(end + 1)) {
                (Some(b'\n' | b'\r') | None, _) if self.dialect.escape.is_some_and(escaped) => {
                    return self.split(record).map(|()| true);
                }
                (Some(b'\n'), _) => (end + 1, Ending::Newline),
                (Some(b'\r'), Some(b'\n')) => (end + 2, Ending::Newline),
                (Some(b'\r'), None) if !self.window.last && !self.window.is_full() => {
                    self.window.more()?;
                    continue;
                }
                (Some(b'\r'), None) if !self.window.last => return self.pass_long(record).map(|()| true),
                (Some(b'\r'), _) => (end + 1, Ending::Return),
                (None, _) => (end, Ending::File),
                (Some(_), _) => return self.split(record).map(|()| true),
            };
            if end == 0 {
                // an empty line is no row
                self.window.pass(next);
                self.window.line += 1;
                continue;
            }
            self.row += 1;
            record.begin(self.row, self.window.line, &self.words);
            record.take(&rest[..end]);
            let mut start = 0;
            for at in memchr_iter(self.dialect.delimiter, &rest[..end]) {
                record.field_at(start, at);
                start = at + 1;
            }
            record.field_at(start, end);
            self.window.pass(next);
            self.window.line += 1;
            self.finish(record, ending);
            return Ok(true);
        }
    }

    /// Reads a row that has quotes.
    fn split(&mut self, record: &mut Record) -> Result<(), ReadError> {
        let rest = self.window.rest();
        record.begin(self.row + 1, self.window.line, &self.words);
        let simple = simple(self.dialect, rest, |start, end| record.field_at(start, end));
        if let Some((end, next, ending)) = simple.filter(|(_, next, _)| *next <= MOST_ROW_BYTES) {
            self.row += 1;
            record.take(&rest[..end]);
            self.end_row(record, next, ending);
            return Ok(());
        }
        let (next, ending) = loop {
            self.splitter.begin();
            match self.splitter.run(self.dialect, self.window.rest(), self.window.last) {
                // so that a row's length alone decides, and not what else is in the window
                Found::Row(next, _) if next > MOST_ROW_BYTES => return self.pass_long(record),
                Found::Row(next, ending) => break (next, ending),
                Found::Unclosed => return Err(self.unclosed(self.window.line)),
                Found::More(_) if self.window.is_full() => return self.pass_long(record),
                Found::More(_) => self.window.more()?,
            }
        };
        self.row += 1;
        record.begin(self.row, self.window.line, &self.words);
        record.take(&self.splitter.bytes);
        for &(start, end) in &self.splitter.fields {
            record.field_at(start, end);
        }
        self.note_strays(record);
        self.end_row(record, next, ending);
        Ok(())
    }

    fn end_row(&mut self, record: &mut Record, next: usize, ending: Ending) {
        self.window.line += line_ends(&self.window.rest()[..next]);
        self.window.pass(next);
        self.finish(record, ending);
    }

    fn note_strays(&self, record: &mut Record) {
        for &column in &self.splitter.stray_quotes {
            let detail = "a quote stands inside an unquoted field, or text behind a closing one; quote the whole field, and \
                          double the quotes inside, or say `quote = \"\"`";
            record.fault("stray-quote", Some(column), detail);
        }
        for &column in &self.splitter.stray_escapes {
            // the word that means NULL is often `\N`
            if !self.words.is_null(record.raw(column)) {
                let detail = "the escape character stands outside quotes, or before something else than a quote or itself; \
                              say what it means in the file that is exported, or leave `escape` out";
                record.fault("bad-escape", Some(column), detail);
            }
        }
    }

    /// Passes a row that is longer than any may be, to its end, and keeps nothing of it.
    fn pass_long(&mut self, record: &mut Record) -> Result<(), ReadError> {
        self.row += 1;
        record.begin(self.row, self.window.line, &self.words);
        let begin = self.window.line;
        self.splitter.begin();
        let ending = loop {
            let rest = self.window.rest();
            let found = self.splitter.run(self.dialect, rest, self.window.last);
            self.splitter.forget();
            let (done, ending) = match found {
                Found::Row(next, ending) => (next, Some(ending)),
                Found::More(done) => (done, None),
                Found::Unclosed => return Err(self.unclosed(begin)),
            };
            // a pair of line ends that is cut in two would count twice
            let cut = ending.is_none() && done > 0 && rest[done - 1] == b'\r' && rest.get(done) != Some(&b'\n');
            self.window.line += line_ends(&rest[..done]) - u64::from(cut);
            self.window.pass(done);
            match ending {
                Some(ending) => break ending,
                None => self.window.more()?,
            }
        };
        let detail = "the row is longer than 16 MiB; look for a quote without its end, or shorten the row";
        record.fault("field-too-long", None, detail);
        self.note_ending(record, ending);
        Ok(())
    }

    fn finish(&mut self, record: &mut Record, ending: Ending) {
        self.note_ending(record, ending);
        if self.words.guarded {
            record.unguard();
        }
        record.check(self.window.text.encoding());
        let fields = record.len();
        if let Some(columns) = self.columns.filter(|&columns| columns != fields) {
            let detail = format!(
                "the row has {fields} field{}, the header {columns}; quote fields with a delimiter or a line end in them",
                if fields == 1 { "" } else { "s" }
            );
            record.fault("ragged-row", None, detail);
        }
    }

    /// A line end of another kind than the first may have been part of a field.
    fn note_ending(&mut self, record: &mut Record, ending: Ending) {
        let other = match ending {
            Ending::File => false,
            Ending::Newline => *self.returns.get_or_insert(false),
            Ending::Return => !*self.returns.get_or_insert(true),
        };
        if other || self.torn {
            let detail = "the row, or the one before it, ends by another kind of line end than the first; quote fields with \
                          a line end in them";
            record.fault("stray-return", None, detail);
        }
        self.torn = other;
    }

    fn unclosed(&self, line: u64) -> ReadError {
        let detail = "a quote of the row that begins here is never closed; close it, or say `quote = \"\"` where quotes \
                      mean nothing";
        self.fail("unclosed-quote", detail).at(line)
    }

    fn fail(&self, code: &'static str, detail: impl Into<String>) -> ReadError {
        self.window.text.input.fail(code, detail)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// A file of rows of a length each, in MiB; a row of 0 is a quote without its end, and 40 MiB behind it.
    fn long(rows: &[usize]) -> (Vec<String>, Option<ReadError>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(b"a,b\n").unwrap();
        let megabyte = "x\ny,".repeat(1 << 18);
        for &row in rows {
            file.write_all(b"\"").unwrap();
            (0..if row == 0 { 40 } else { row }).for_each(|_| file.write_all(megabyte.as_bytes()).unwrap());
            file.write_all(if row == 0 { b"" } else { b"\",2\r\n1,2\r\n" }).unwrap();
        }
        drop(file);
        let source = Source::default();
        let text = Text::open(&path, None).unwrap();
        let (mut csv, _) = Csv::open(text, &source, Format::Csv, &Arc::default()).unwrap();
        let mut record = Record::new();
        let mut lines = Vec::new();
        let error = loop {
            match csv.read(&mut record) {
                Ok(true) => {}
                Ok(false) => break None,
                Err(error) => break Some(error),
            }
            let fault = record.faults().first().map(|fault| (fault.code, fault.column));
            lines.push(format!("{}:{} {} {fault:?}", record.row(), record.line(), record.len()));
        };
        // whatever the file holds
        assert!(csv.window.room() <= 32 << 20);
        assert!(csv.splitter.bytes.capacity() <= 64 << 20);
        (lines, error)
    }

    #[test]
    fn a_row_without_end_does_not_fill_the_memory() {
        let lines = 1 << 18;
        let (read, error) = long(&[1, 2, 17, 40]);
        let expected = [
            "1:2 2 None".to_owned(),
            format!("2:{} 2 None", 3 + lines),
            format!("3:{} 2 Some((\"field-too-long\", Some(0)))", 4 + lines),
            format!("4:{} 2 None", 5 + 3 * lines),
            format!("5:{} 0 Some((\"field-too-long\", None))", 6 + 3 * lines),
            format!("6:{} 2 None", 7 + 20 * lines),
            format!("7:{} 0 Some((\"field-too-long\", None))", 8 + 20 * lines),
            format!("8:{} 2 None", 9 + 60 * lines),
        ];
        assert_eq!((read.as_slice(), error), (&expected[..], None));
        let (read, error) = long(&[0]);
        assert_eq!((read.len(), error.map(|error| (error.code(), error.line))), (0, Some(("unclosed-quote", Some(2)))));
    }
}
