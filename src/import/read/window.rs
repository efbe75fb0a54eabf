//! The part of a file's text that is being looked at: it moves forward, and grows for a long row up to a limit.

use super::MOST_ROW_BYTES;
use super::error::ReadError;
use super::text::Text;

/// The window's size at first, in bytes.
const FIRST_BYTES: usize = if cfg!(fuzzing) { 200 } else { 1 << 16 };

/// Text from some place of the file on.
pub(super) struct Window {
    /// Where the text comes from.
    pub text: Text,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// There is nothing behind what is here.
    pub last: bool,
    /// The line on which it begins, the first being 1.
    pub line: u64,
}

impl Window {
    pub(super) fn new(text: Text) -> Self {
        Self { text, bytes: vec![0; FIRST_BYTES], start: 0, end: 0, last: false, line: 1 }
    }

    /// What is here.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Moves on by so many bytes.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Longer than any row may be.
    pub(super) fn is_full(&self) -> bool {
        self.end - self.start > MOST_ROW_BYTES
    }

    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.bytes.capacity()
    }

    /// Reads on. It doubles, so that looking anew from the start of a row costs a row's length, not its square.
    pub(super) fn more(&mut self) -> Result<(), ReadError> {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end > self.bytes.len() / 2 {
            self.bytes.resize((2 * self.bytes.len()).min(2 * MOST_ROW_BYTES), 0);
        }
        while self.bytes.len() - self.end >= super::text::ROOM_BYTES {
            match self.text.fill(&mut self.bytes[self.end..])? {
                0 => {
                    self.last = true;
                    break;
                }
                bytes => self.end += bytes,
            }
        }
        Ok(())
    }

    /// Passes the line that begins here, of any length; false where there is none. `returns`: a lone `\r` ends it, too.
    pub(super) fn skip_line(&mut self, returns: bool) -> Result<bool, ReadError> {
        let mut any = false;
        loop {
            let rest = self.rest();
            any |= !rest.is_empty();
            let end = if returns { memchr::memchr2(b'\n', b'\r', rest) } else { memchr::memchr(b'\n', rest) };
            match end {
                Some(at) if at + 1 < rest.len() || self.last => {
                    let both = rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n');
                    self.pass(at + 1 + usize::from(both));
                    self.line += 1;
                    return Ok(true);
                }
                // the line end itself stays, until it is known whether it is a pair
                Some(at) => self.pass(at),
                None if self.last => {
                    self.start = self.end;
                    return Ok(any);
                }
                None => self.start = self.end,
            }
            self.more()?;
        }
    }
}

/// The number of line ends in a text: `\n`, `\r\n` or a lone `\r`.
pub(super) fn line_ends(text: &[u8]) -> u64 {
    let ends = memchr::memchr2_iter(b'\n', b'\r', text);
    ends.map(|at| u64::from(text[at] == b'\r' || at == 0 || text[at - 1] != b'\r')).sum()
}
