//! The text of a file as UTF-8, from the encoding that its source declares.
//!
//! What is no text in that encoding is not replaced: it comes out as bytes that are no UTF-8 either, so that the row
//! with them is found.

use std::path::Path;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::error::ReadError;
use super::input::{Input, Stamp};

/// So much of the file is looked at for signs of its encoding, in bytes.
const HEAD_BYTES: usize = if cfg!(fuzzing) { 100 } else { 1 << 16 };

/// Room in the output that suffices for any one step, in bytes.
pub(super) const ROOM_BYTES: usize = 64;

/// The text of a file.
pub(super) struct Text {
    /// Where the bytes come from.
    pub input: Input,
    /// What was read for a look, from `at` on still to be given out.
    head: Vec<u8>,
    at: usize,
    decode: Option<Box<Decode>>,
    encoding: &'static Encoding,
    label: Option<String>,
}

struct Decode {
    decoder: encoding_rs::Decoder,
    /// In encodings of one byte a character: bytes that stand for none. The standard makes control characters of them.
    refused: Option<Box<[bool; 256]>>,
    /// In the same encodings: whether the file is UTF-8 after all.
    disguise: Option<Disguise>,
    raw: Vec<u8>,
    from: usize,
    to: usize,
    last: bool,
    done: bool,
}

/// What was read so far is UTF-8.
#[derive(Default)]
struct Disguise {
    /// There were characters outside of ASCII.
    wide: bool,
    /// The beginning of a character whose end is still to be read.
    open: Vec<u8>,
}

impl Text {
    /// Opens a file. `label` names its encoding, UTF-8 where it is none; a byte order mark must agree, and goes.
    pub(super) fn open(path: &Path, label: Option<&str>) -> Result<Self, ReadError> {
        let mut input = Input::open(path)?;
        let mut head = vec![0; HEAD_BYTES];
        let mut filled = 0;
        while filled < head.len() {
            match input.read(&mut head[filled..])? {
                0 => break,
                bytes => filled += bytes,
            }
        }
        head.truncate(filled);
        refuse_archive(&input, &head)?;
        let declared = find(&input, label)?;
        let (encoding, mark) = settle(&input, declared, label, &head)?;
        if head.len() == mark {
            return Err(input.fail("empty-file", "the file is empty; export it again"));
        }
        let decode = (encoding != UTF_8).then(|| Box::new(Decode::new(encoding)));
        Ok(Self { input, head, at: mark, decode, encoding, label: label.map(str::to_owned) })
    }

    /// The name of the encoding.
    pub(super) fn encoding(&self) -> &'static str {
        self.encoding.name()
    }

    /// The file's size and time when it was opened.
    pub(super) fn stamp(&self) -> Stamp {
        self.input.stamp()
    }

    /// Fills `into`, of at least [`ROOM_BYTES`], with the text that comes next; 0 at the end.
    pub(super) fn fill(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        let Some(mut decode) = self.decode.take() else { return self.bytes(into) };
        let filled = decode.fill(into, |raw| self.bytes(raw))?;
        if filled == 0 && decode.disguise.as_ref().is_some_and(Disguise::is_utf8) {
            return Err(wrong(&self.input, self.label.as_deref(), ITS_UTF_8));
        }
        self.decode = Some(decode);
        Ok(filled)
    }

    /// The file's own bytes.
    fn bytes(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        if self.at == self.head.len() {
            return self.input.read(into);
        }
        let bytes = into.len().min(self.head.len() - self.at);
        into[..bytes].copy_from_slice(&self.head[self.at..self.at + bytes]);
        self.at += bytes;
        Ok(bytes)
    }
}

impl Decode {
    fn new(encoding: &'static Encoding) -> Self {
        let refused = encoding.is_single_byte().then(|| {
            let refused = |byte: usize| {
                let byte = u8::try_from(byte).unwrap_or_default();
                let text = encoding.decode_without_bom_handling_and_without_replacement(std::slice::from_ref(&byte));
                text.is_none_or(|text| text.chars().any(|c| ('\u{80}'..'\u{a0}').contains(&c)))
            };
            Box::new(std::array::from_fn(refused))
        });
        let disguise = refused.is_some().then(Disguise::default);
        let decoder = encoding.new_decoder_without_bom_handling();
        Self { decoder, refused, disguise, raw: vec![0; HEAD_BYTES], from: 0, to: 0, last: false, done: false }
    }

    fn fill(
        &mut self,
        into: &mut [u8],
        mut bytes: impl FnMut(&mut [u8]) -> Result<usize, ReadError>,
    ) -> Result<usize, ReadError> {
        let mut filled = 0;
        while !self.done && into.len() - filled >= ROOM_BYTES {
            if self.from == self.to && !self.last {
                self.from = 0;
                self.to = bytes(&mut self.raw)?;
                self.last = self.to == 0;
                self.disguise = self.disguise.take().and_then(|disguise| disguise.with(&self.raw[..self.to]));
            }
            let raw = &self.raw[self.from..self.to];
            let refused =
                self.refused.as_ref().and_then(|refused| raw.iter().position(|&byte| refused[usize::from(byte)]));
            if refused == Some(0) {
                into[filled..filled + 2].copy_from_slice(&[0xff, raw[0]]);
                (filled, self.from) = (filled + 2, self.from + 1);
                continue;
            }
            let run = &raw[..refused.unwrap_or(raw.len())];
            let room = &mut into[filled..];
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(run, room, self.last);
            (filled, self.from) = (filled + written, self.from + read);
            match result {
                DecoderResult::InputEmpty => self.done = self.last,
                DecoderResult::OutputFull => break,
                DecoderResult::Malformed(length, after) => {
                    let end = self.from.saturating_sub(usize::from(after));
                    let start = end.saturating_sub(usize::from(length));
                    // of what is ASCII a delimiter could be made, so it goes
                    let kept = self.raw[start..end].iter().filter(|byte| !byte.is_ascii());
                    for &byte in std::iter::once(&0xff).chain(kept) {
                        if let Some(place) = into.get_mut(filled) {
                            *place = byte;
                            filled += 1;
                        }
                    }
                }
            }
        }
        Ok(filled)
    }
}

impl Disguise {
    /// With the bytes that come next; none where they are no UTF-8.
    fn with(mut self, bytes: &[u8]) -> Option<Self> {
        if self.open.is_empty() && bytes.is_ascii() {
            return Some(self);
        }
        self.open.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.open) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return None,
        };
        self.wide |= !self.open[..whole].is_ascii();
        self.open.drain(..whole);
        Some(self)
    }

    /// At the end: nobody writes `Ã¼`, and nothing else.
    fn is_utf8(&self) -> bool {
        self.wide && self.open.is_empty()
    }
}

/// Formats that are no text, told by their first bytes.
fn refuse_archive(input: &Input, head: &[u8]) -> Result<(), ReadError> {
    let kind = match head {
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] if input.is_packed() => "packed twice; unpack it once",
        [0x1f, 0x8b, ..] => "gzip; end its name with `.gz`",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "Zstandard; end its name with `.zst`",
        [b'P', b'K', 3, 4, ..] => "ZIP or XLSX; unpack it, or say `format = \"xlsx\"`",
        _ => return Ok(()),
    };
    Err(input.fail("bad-compression", format!("the file is no text but {kind}")))
}

/// The encoding of a label.
fn find(input: &Input, label: Option<&str>) -> Result<&'static Encoding, ReadError> {
    let Some(label) = label else { return Ok(UTF_8) };
    let plain = label.trim().to_ascii_lowercase();
    // the standard knows `latin1`, and people write this
    let plain = plain.strip_prefix("latin-").map_or(plain.clone(), |number| format!("latin{number}"));
    let found = match plain.as_str() {
        "utf16" => Some(UTF_16LE),
        plain => Encoding::for_label_no_replacement(plain.as_bytes()),
    };
    found.filter(|encoding| *encoding != encoding_rs::X_USER_DEFINED).ok_or_else(|| {
        let detail = format!(
            "there is no encoding `{label}`; write `utf-8`, `windows-1252`, `utf-16le` or another of the WHATWG's"
        );
        input.fail("unknown-encoding", detail)
    })
}

/// Holds the declared encoding against the file's first bytes: the encoding, and the length of a byte order mark in bytes.
fn settle(
    input: &Input,
    declared: &'static Encoding,
    label: Option<&str>,
    head: &[u8],
) -> Result<(&'static Encoding, usize), ReadError> {
    let wrong = |sign: &str, cure: &str| Err(wrong(input, label, (sign, cure)));
    let other = |encoding: &str| format!("write `encoding = \"{}\"`", encoding.to_ascii_lowercase());
    let (marked, mark) = match head {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            return wrong("it is UTF-32 by its byte order mark", "convert it to UTF-8");
        }
        [0xef, 0xbb, 0xbf, ..] => (UTF_8, 3),
        [0xff, 0xfe, ..] => (UTF_16LE, 2),
        [0xfe, 0xff, ..] => (UTF_16BE, 2),
        _ => return unmarked(declared, head).map_or(Ok((declared, 0)), |(sign, cure)| wrong(sign, cure)),
    };
    // plain `utf-16` leaves the order to the mark
    let either =
        declared == UTF_16LE && marked == UTF_16BE && label.is_some_and(|label| !label.to_lowercase().ends_with("le"));
    if marked != declared && !either {
        return wrong(&format!("it is {} by its byte order mark", marked.name()), &other(marked.name()));
    }
    Ok((marked, mark))
}

/// Its text is UTF-8, and the cure.
const ITS_UTF_8: (&str, &str) = ("its text is UTF-8", "write `encoding = \"utf-8\"`");

/// The file is not in the encoding of its label, by a sign.
fn wrong(input: &Input, label: Option<&str>, (sign, cure): (&str, &str)) -> ReadError {
    let said =
        label.map_or("UTF-8 where no `encoding` is declared".to_owned(), |label| format!("declared as `{label}`"));
    input.fail("wrong-encoding", format!("the file is {said}, but {sign}; {cure}"))
}

/// Signs that a file without a byte order mark is not in its declared encoding, and the cure.
fn unmarked(declared: &'static Encoding, head: &[u8]) -> Option<(&'static str, &'static str)> {
    // a delimiter or a line end has its zero in the second byte in UTF-16LE, in the first in UTF-16BE
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|&&byte| byte == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let few = head.len() / 8;
    let wide = head.len() >= 8 && first.max(second) > few;
    if declared == UTF_16LE && first > 0 && second == 0 || declared == UTF_16BE && second > 0 && first == 0 {
        return Some(("its bytes are in the other order", "swap `utf-16le` and `utf-16be`"));
    }
    if declared == UTF_16LE || declared == UTF_16BE {
        let narrow = first + second == 0 && !head.is_empty() && is_utf8(head).is_some();
        return narrow.then_some(("it is no UTF-16", "write `encoding = \"utf-8\"`"));
    }
    if wide && first.min(second) == 0 {
        let little = second > first;
        let cure = if little { "write `encoding = \"utf-16le\"`" } else { "write `encoding = \"utf-16be\"`" };
        return Some(("it looks like UTF-16", cure));
    }
    // three characters of several bytes each that are UTF-8 by chance: nobody writes `Ã©`
    let utf8 = declared.is_single_byte() && is_utf8(head).is_some_and(|wide| wide >= 3);
    utf8.then_some(ITS_UTF_8)
}

/// The number of characters outside ASCII, where all is UTF-8; a character that is cut off at the end may be.
fn is_utf8(bytes: &[u8]) -> Option<usize> {
    let whole = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    Some(whole.chars().filter(|c| !c.is_ascii()).count())
}
