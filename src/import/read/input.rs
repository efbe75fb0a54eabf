//! The bytes of a file, uncompressed, and whether the file stayed as it was meanwhile.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;
use std::time::SystemTime;

use flate2::read::MultiGzDecoder;

use super::error::ReadError;
use crate::import::source::{Compression, compression};

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
        let bytes: Box<dyn Read + Send> = match compression {
            None => Box::new(limited),
            Some(Compression::Gzip) => Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, limited))),
            Some(Compression::Zstd) => {
                let decoder = zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(1 << 16, limited));
                Box::new(decoder.map_err(io)?)
            }
        };
        Ok(Self { name, file, before, bytes, compression })
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
        Err(self.fail("file-changed", "the file was written to while it was read; wait for its writer, then run again"))
    }

    pub(super) fn fail(&self, code: &'static str, detail: impl Into<String>) -> ReadError {
        ReadError::new(code, &self.name, detail)
    }

    fn broken(&self, error: &io::Error) -> ReadError {
        let early = error.kind() == ErrorKind::UnexpectedEof;
        let (ends, kind) = match self.compression {
            Some(Compression::Gzip) if early => {
                return self.fail("truncated-gzip", "the gzip file ends too early; copy it again");
            }
            Some(Compression::Zstd) if early => {
                return self.fail("truncated-zstd", "the Zstandard file ends too early; copy it again");
            }
            Some(Compression::Gzip) => (".gz", "gzip"),
            Some(Compression::Zstd) => (".zst", "Zstandard"),
            None => return ReadError::io(&self.name, error),
        };
        // a disk that fails is not a file that is damaged
        if error.raw_os_error().is_some() {
            return ReadError::io(&self.name, error);
        }
        let detail = format!(
            "this is no {kind} file, is damaged, or has something behind its end; copy it again, or take `{ends}` off its name"
        );
        self.fail("bad-compression", detail)
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}
