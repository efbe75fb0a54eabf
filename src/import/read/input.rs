//! The bytes of a file, uncompressed, and whether the file stayed as it was meanwhile.

use std::fs::{File, Metadata};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read};
use std::path::Path;
use std::time::SystemTime;

use flate2::read::MultiGzDecoder;

use super::error::ReadError;
use crate::import::source::{Compression, compression};

/// How a gzip file begins (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file that is read once, from the beginning to the end.
pub(super) struct Input {
    /// The path, for messages.
    pub name: String,
    /// The same open file, to be asked for its state.
    file: File,
    before: Stamp,
    bytes: Box<dyn Read + Send>,
    compression: Option<Compression>,
}

/// What changes when somebody writes to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Input {
    /// Opens a regular file; its name says whether it is compressed.
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let name = path.display().to_string();
        let io = |error: io::Error| ReadError::io(&name, &error);
        // before opening, which would wait for the other end of a pipe
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(ReadError::new("not-a-file", &name, "the path is no regular file; name a file"));
        }
        let file = File::open(path).map_err(io)?;
        let before = Stamp::of(&file.metadata().map_err(io)?);
        let compression = compression(path);
        // not beyond the length at the beginning: a file that grows all the time would have no end
        let limited = file.try_clone().map_err(io)?.take(before.bytes);
        let mut packed = BufReader::with_capacity(1 << 16, limited);
        let bytes: Box<dyn Read + Send> = match compression {
            None => Box::new(packed.into_inner()),
            Some(Compression::Gzip) => {
                // a short text is no gzip file that ends too early
                let head = packed.fill_buf().map_err(io)?;
                if !head.is_empty() && !head.starts_with(&GZIP[..head.len().min(GZIP.len())]) {
                    return Err(damaged(&name, Compression::Gzip));
                }
                Box::new(MultiGzDecoder::new(packed))
            }
            Some(Compression::Zstd) => Box::new(zstd::stream::read::Decoder::with_buffer(packed).map_err(io)?),
        };
        Ok(Self { name, file, before, bytes, compression })
    }

    /// What is read was unpacked.
    pub(super) fn is_packed(&self) -> bool {
        self.compression.is_some()
    }

    /// Reads some bytes, 0 at the end. There the file must be as it was.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        loop {
            match self.bytes.read(into) {
                Ok(0) => return self.unchanged().map(|()| 0),
                Ok(bytes) => return Ok(bytes),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.unchanged()?;
                    return Err(self.broken(&error));
                }
            }
        }
    }

    /// The file's size and time when it was opened.
    pub(super) fn stamp(&self) -> Stamp {
        self.before
    }

    /// It fails where the file is not what it was.
    pub(super) fn unchanged(&self) -> Result<(), ReadError> {
        let now = self.file.metadata().map_err(|error| ReadError::io(&self.name, &error))?;
        if Stamp::of(&now) == self.before {
            return Ok(());
        }
        let detail = "the file was written to while it was read; wait for its writer, then run again";
        Err(self.fail("file-changed", detail))
    }

    pub(super) fn fail(&self, code: &'static str, detail: impl Into<String>) -> ReadError {
        ReadError::new(code, &self.name, detail)
    }

    fn broken(&self, error: &io::Error) -> ReadError {
        let early = error.kind() == ErrorKind::UnexpectedEof;
        match self.compression {
            Some(Compression::Gzip) if early => {
                self.fail("truncated-gzip", "the gzip file ends too early; copy it again")
            }
            Some(Compression::Zstd) if early => {
                self.fail("truncated-zstd", "the Zstandard file ends too early; copy it again")
            }
            // a disk that fails is not a file that is damaged
            Some(kind) if error.raw_os_error().is_none() => damaged(&self.name, kind),
            _ => ReadError::io(&self.name, error),
        }
    }
}

fn damaged(name: &str, kind: Compression) -> ReadError {
    let (ends, kind) = match kind {
        Compression::Gzip => (".gz", "gzip"),
        Compression::Zstd => (".zst", "Zstandard"),
    };
    let detail = format!(
        "this is no {kind} file, is damaged, or has something behind its end; copy it again, or take `{ends}` off its name"
    );
    ReadError::new("bad-compression", name, detail)
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}
