//! One row, used again for each.

use crate::import::guard;
use std::sync::Arc;

use super::MOST_FIELD_BYTES;
use crate::import::source::Source;

/// A row: its fields as text, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Record {
    row: u64,
    line: u64,
    /// The fields' text, with anything between them. Empty where `undecoded` is set.
    text: String,
    /// The row's bytes, where they are no text.
    bytes: Vec<u8>,
    undecoded: bool,
    spans: Vec<Span>,
    faults: Vec<Fault>,
    words: Arc<Words>,
}

/// Where a field stands in its row's text.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// There is no value: JSON's `null`, an absent key, an empty cell.
    const ABSENT: Self = Self { start: u32::MAX, end: u32::MAX };

    /// In a third of the room that places and a flag would take: a batch's rows stay in a core's cache. A row that is kept has at most
    /// 32 MiB of text.
    fn new(start: usize, end: usize) -> Self {
        let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX - 1);
        Self { start: place(start), end: place(end) }
    }

    fn is_absent(self) -> bool {
        self.start == u32::MAX
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What the source says about all fields.
#[derive(Debug, Default)]
pub(super) struct Words {
    null: Vec<String>,
    /// The length of the longest of `null`, in bytes: most fields are longer.
    longest: usize,
    trim: bool,
    /// A `'` before what would be a formula does not belong to the field.
    pub(super) guarded: bool,
}

impl Words {
    pub(super) fn of(source: &Source) -> Self {
        let longest = source.null.iter().map(String::len).max().unwrap_or_default();
        Self { null: source.null.clone(), longest, trim: source.trim, guarded: source.guarded }
    }

    /// The bytes are a text that means NULL.
    pub(super) fn is_null(&self, field: &[u8]) -> bool {
        field.len() <= self.longest && self.null.iter().any(|word| word.as_bytes() == field)
    }

    /// The text without what the source does not want around it.
    pub(super) fn trimmed<'a>(&self, text: &'a str) -> &'a str {
        if self.trim { text.trim() } else { text }
    }
}

/// What is wrong with a row's structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable code, one of [`CODES`](super::CODES).
    pub code: &'static str,
    /// The column, the first being 0; none where it is about the whole row.
    pub column: Option<usize>,
    /// What is wrong, and the cure; no value of the file.
    pub detail: String,
}

impl Record {
    /// An empty record, for [`Reader::read`](super::Reader::read) to fill.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The row's number among those with data, the first being 1.
    #[must_use]
    pub fn row(&self) -> u64 {
        self.row
    }

    /// The line of the file on which the row begins, the first being 1; in XLSX the sheet's row.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The field of a column, the first being 0. None for NULL: a word that means it, JSON's `null`, an absent key, an empty
    /// cell; and where there is no such field, or its bytes are no text, which is a fault of the row.
    #[must_use]
    pub fn field(&self, column: usize) -> Option<&str> {
        let span = self.spans.get(column).filter(|span| !span.is_absent())?;
        let text = if self.undecoded {
            std::str::from_utf8(self.bytes.get(span.range())?).ok()?
        } else {
            self.text.get(span.range())?
        };
        let text = self.words.trimmed(text);
        (!self.words.is_null(text.as_bytes())).then_some(text)
    }

    /// There is no value in the row, not even an empty text: JSON's `null`, an absent key, an empty cell.
    #[must_use]
    pub fn is_absent(&self, column: usize) -> bool {
        self.spans.get(column).is_some_and(|span| span.is_absent())
    }

    /// The number of the row's fields; the header's, where the row has no fault.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// The row has no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// What is wrong with the row; it is to be rejected where this is not empty.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// What stood in a field, before trimming and NULL: UTF-8, but for what could not be decoded. There the file's bytes stand
    /// as they are, in other encodings than UTF-8 each behind a byte 0xFF. A line that is no JSON object is column 0; nothing
    /// is kept of a row of more than 16 MiB.
    #[must_use]
    pub fn raw(&self, column: usize) -> &[u8] {
        let all = if self.undecoded { &self.bytes } else { self.text.as_bytes() };
        self.spans.get(column).and_then(|span| all.get(span.range())).unwrap_or_default()
    }

    /// Makes it a new row without fields.
    pub(super) fn begin(&mut self, row: u64, line: u64, words: &Arc<Words>) {
        (self.row, self.line) = (row, line);
        self.text.clear();
        self.bytes.clear();
        self.undecoded = false;
        self.spans.clear();
        self.faults.clear();
        if !Arc::ptr_eq(&self.words, words) {
            self.words = Arc::clone(words);
        }
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, code: &'static str, column: Option<usize>, detail: impl Into<String>) {
        // one of each kind a column says it all, and a hostile row does not fill the memory
        if !self.faults.iter().any(|fault| fault.code == code && fault.column == column) && self.faults.len() < 100 {
            self.faults.push(Fault { code, column, detail: detail.into() });
        }
    }

    /// Takes the row's bytes; the fields follow by [`Self::field_at`]. Bytes that are no text are kept as they are.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        if let Ok(text) = std::str::from_utf8(bytes) {
            self.text.push_str(text);
        } else {
            self.undecoded = true;
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The next field stands there in the bytes taken.
    pub(super) fn field_at(&mut self, start: usize, end: usize) {
        self.spans.push(Span::new(start, end));
    }

    /// Takes the guard away from fields that have one.
    pub(super) fn unguard(&mut self) {
        let all = if self.undecoded { &self.bytes } else { self.text.as_bytes() };
        for span in &mut self.spans {
            if all.get(span.range()).is_some_and(guard::is_guarded) {
                span.start += 1;
            }
        }
    }

    /// So many fields without a value.
    pub(super) fn blank(&mut self, columns: usize) {
        self.spans.resize(columns, Span::ABSENT);
    }

    /// Gives a column its value; false where it has one.
    pub(super) fn set(&mut self, column: usize, text: Option<&str>, filled: &mut [bool]) -> bool {
        let start = self.text.len();
        self.text.push_str(text.unwrap_or_default());
        self.spans[column] = if text.is_some() { Span::new(start, self.text.len()) } else { Span::ABSENT };
        !std::mem::replace(&mut filled[column], true)
    }

    /// How long the fields are together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len() + self.bytes.len()
    }

    /// Finds what is wrong with the fields by themselves: bytes that are no text, NUL, too long.
    pub(super) fn check(&mut self, encoding: &str) {
        let all = if self.undecoded { &self.bytes } else { self.text.as_bytes() };
        let long = all.len() > MOST_FIELD_BYTES;
        if !self.undecoded && !long && memchr::memchr(0, all).is_none() {
            return;
        }
        for column in 0..self.spans.len() {
            let raw = self.raw(column);
            let (bad, nul) = (std::str::from_utf8(raw).is_err(), memchr::memchr(0, raw).is_some());
            if raw.len() > MOST_FIELD_BYTES {
                self.fault("field-too-long", Some(column), "the field is longer than 1 MiB; shorten it");
            }
            if bad {
                let detail =
                    format!("the field is no text in {encoding}; correct it, or declare the file's `encoding`");
                self.fault("bad-encoding", Some(column), detail);
            }
            if nul {
                self.fault("nul-byte", Some(column), "the field has a NUL character; take it out");
            }
        }
    }
}
