//! A file that is whole or not there: written under another name beside its place, for its owner alone.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::{ExportError, Exported, NULL_WORD};
use crate::db::crash::crash_point;
use crate::import::manifest::{Column, hex};
use crate::import::source::{Compression, Format, Source, compression};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    is_csv: bool,
    compression: Option<Compression>,
}

impl Kind {
    /// What the name's extension says: `.csv` or `.ndjson`, `.gz` or `.zst` behind it. None where it says something else.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let format = Source::default().format_of(path)?;
        let is_csv = format == Format::Csv;
        (is_csv || format == Format::Ndjson).then(|| Self { is_csv, compression: compression(path) })
    }

    /// CSV, not compressed.
    pub const CSV: Self = Self { is_csv: true, compression: None };

    /// What stands for NULL in it, where the format has no sign of its own.
    #[must_use]
    pub fn null_word(self) -> Option<&'static str> {
        self.is_csv.then_some(NULL_WORD)
    }
}

/// A file under its temporary name; removed where it does not get its own.
pub struct Part {
    path: PathBuf,
    temporary: PathBuf,
    /// Locked, so that no other run writes to it.
    file: File,
}

impl Part {
    /// Begins a file for `path`, in the place of what a killed run left.
    fn create(path: &Path) -> Result<Self, ExportError> {
        let failed = |error: io::Error| ExportError::write(path, &error);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.part"));
        loop {
            let mut options = OpenOptions::new();
            options.write(true).create(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
            let file = options.open(&temporary).map_err(failed)?;
            if let Err(error) = file.try_lock() {
                return Err(match error {
                    fs::TryLockError::WouldBlock => ExportError::Busy(path.display().to_string()),
                    fs::TryLockError::Error(error) => failed(error),
                });
            }
            // another run may have given it its name between the two
            let is_same = fs::metadata(&temporary).is_ok_and(|found| {
                file.metadata().is_ok_and(|own| (own.dev(), own.ino()) == (found.dev(), found.ino()))
            });
            if is_same {
                // somebody else's file gives an error here
                file.set_permissions(Permissions::from_mode(0o600)).and_then(|()| file.set_len(0)).map_err(failed)?;
                return Ok(Self { path: path.to_owned(), temporary, file });
            }
        }
    }

    /// Gives the file its name.
    pub(super) fn publish(mut self) -> Result<(), ExportError> {
        fs::rename(&self.temporary, &self.path).map_err(|error| ExportError::write(&self.path, &error))?;
        // another run may use it from now on
        self.temporary.clear();
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Rows on their way into a file.
pub(super) struct Rows {
    part: Part,
    encoder: Encoder,
}

enum Encoder {
    Csv(Box<csv::Writer<Packed>>),
    Ndjson {
        out: Box<Packed>,
        /// Before each value, the first one's with a brace.
        keys: Vec<String>,
        /// The column that comes next.
        next: usize,
        /// Lines that are not written yet.
        text: Vec<u8>,
    },
}

/// So many bytes are written at once.
const AT_ONCE: usize = 1 << 16;

impl Rows {
    /// Begins the file for `path`; in CSV with its header.
    pub(super) fn create(path: &Path, kind: Kind, columns: &[Column]) -> Result<Self, ExportError> {
        let failed = |error: io::Error| ExportError::write(path, &error);
        let part = Part::create(path)?;
        let hashed = Hashed { file: part.file.try_clone().map_err(failed)?, hash: Sha256::new(), bytes: 0 };
        let out = Packed::new(hashed, kind.compression).map_err(failed)?;
        let names = columns.iter().map(|column| &column.name);
        let encoder = if kind.is_csv {
            let mut builder = csv::WriterBuilder::new();
            let builder = builder.terminator(csv::Terminator::CRLF).buffer_capacity(AT_ONCE);
            let mut writer = builder.from_writer(out);
            writer.write_record(names).map_err(|error| ExportError::write(path, &error))?;
            Encoder::Csv(Box::new(writer))
        } else {
            let key = |(number, name): (usize, &String)| {
                format!("{}{}:", if number == 0 { '{' } else { ',' }, serde_json::Value::from(name.as_str()))
            };
            Encoder::Ndjson {
                out: Box::new(out),
                keys: names.enumerate().map(key).collect(),
                next: 0,
                text: Vec::new(),
            }
        };
        Ok(Self { part, encoder })
    }

    /// NULL is a word, which no text may be.
    pub(super) fn has_null_word(&self) -> bool {
        matches!(self.encoder, Encoder::Csv(_))
    }

    /// Writes the row's next value; None is NULL.
    pub(super) fn field(&mut self, value: Option<&str>) -> Result<(), ExportError> {
        let written = match &mut self.encoder {
            Encoder::Csv(writer) => writer.write_field(value.unwrap_or(NULL_WORD)).map_err(io::Error::other),
            Encoder::Ndjson { keys, next, text, .. } => {
                text.extend_from_slice(keys[*next].as_bytes());
                *next += 1;
                serde_json::to_writer(text, &value).map_err(io::Error::other)
            }
        };
        written.map_err(|error| self.failed(&error))
    }

    /// Ends the row.
    pub(super) fn end_row(&mut self) -> Result<(), ExportError> {
        let written = match &mut self.encoder {
            Encoder::Csv(writer) => writer.write_record(None::<&[u8]>).map_err(io::Error::other),
            Encoder::Ndjson { out, next, text, .. } => {
                *next = 0;
                text.extend_from_slice(b"}\n");
                if text.len() < AT_ONCE { Ok(()) } else { out.write_all(text).map(|()| text.clear()) }
            }
        };
        written.map_err(|error| self.failed(&error))
    }

    /// Ends the file, which is on disk then. Returns it, its length in bytes and its SHA-256.
    pub(super) fn end(self) -> Result<(Part, u64, String), ExportError> {
        let Self { part, encoder } = self;
        let end = || -> io::Result<(u64, String)> {
            let out = match encoder {
                Encoder::Csv(writer) => writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?,
                Encoder::Ndjson { mut out, text, .. } => {
                    out.write_all(&text)?;
                    *out
                }
            };
            let Hashed { file, hash, bytes } = out.finish()?;
            file.sync_all()?;
            Ok((bytes, hex(&hash.finalize())))
        };
        match end() {
            Ok((bytes, sha256)) => Ok((part, bytes, sha256)),
            Err(error) => Err(ExportError::write(&part.path, &error)),
        }
    }

    fn failed(&self, error: &io::Error) -> ExportError {
        ExportError::write(&self.part.path, error)
    }
}

/// A file that knows its length and SHA-256.
struct Hashed {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Packed {
    Plain(Hashed),
    Gzip(GzEncoder<Hashed>),
    Zstd(zstd::stream::write::Encoder<'static, Hashed>),
}

impl Packed {
    fn new(out: Hashed, compression: Option<Compression>) -> io::Result<Self> {
        Ok(match compression {
            None => Self::Plain(out),
            Some(Compression::Gzip) => Self::Gzip(GzEncoder::new(out, flate2::Compression::default())),
            Some(Compression::Zstd) => Self::Zstd(zstd::stream::write::Encoder::new(out, 0)?),
        })
    }

    fn finish(self) -> io::Result<Hashed> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }

    fn out(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(out) => out,
            Self::Gzip(encoder) => encoder,
            Self::Zstd(encoder) => encoder,
        }
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out().flush()
    }
}

/// Gives all files their names, then writes the manifest, which is the last to be there. Files of an earlier export that are
/// in the way go first, so that no two of different moments are beside each other.
pub fn publish(exported: Exported, manifest: &Path) -> Result<(), ExportError> {
    let Exported { manifest: content, parts } = exported;
    remove(manifest)?;
    crash_point();
    if parts.len() > 1 {
        for part in &parts {
            remove(&part.path)?;
            crash_point();
        }
    }
    for part in parts {
        part.publish()?;
        crash_point();
    }
    let failed = |error: io::Error| ExportError::write(manifest, &error);
    let mut part = Part::create(manifest)?;
    part.file.write_all(content.to_json().as_bytes()).and_then(|()| part.file.sync_all()).map_err(failed)?;
    part.publish()?;
    // the names are on disk, too
    let folder = manifest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn remove(path: &Path) -> Result<(), ExportError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ExportError::write(path, &error)),
        _ => Ok(()),
    }
}
