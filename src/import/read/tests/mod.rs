//! Files as they come, and as they should not.

mod csv;
mod hostile;
mod ndjson;
mod speed;
mod xlsx;

use std::fmt::Write as _;
use std::path::PathBuf;

use tempfile::TempDir;

use super::{ReadError, Reader, Record};
use crate::import::source::Source;

/// A file of these bytes.
fn file(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// What is read, a line a row: the fields, NULL as `-`, then the faults' codes and columns.
fn rows(name: &str, bytes: impl AsRef<[u8]>, source: &Source) -> Result<Vec<String>, ReadError> {
    let (_folder, path) = file(name, bytes);
    let mut reader = Reader::open(&path, source).map_err(short)?;
    let mut lines = vec![reader.header().join("|")];
    let mut record = Record::new();
    while reader.read(&mut record).map_err(short)? {
        let fields: Vec<_> = (0..record.len()).map(|column| record.field(column).unwrap_or("-")).collect();
        let mut line = format!("{}:{} {}", record.row(), record.line(), fields.join("|"));
        for fault in record.faults() {
            let _ = write!(line, " !{}", fault.code);
            line += &fault.column.map(|column| format!("@{column}")).unwrap_or_default();
        }
        lines.push(line);
    }
    Ok(lines)
}

/// The error without the test's folder.
fn short(error: ReadError) -> ReadError {
    let mut error = error;
    error.file = error.file.rsplit('/').next().unwrap_or_default().to_owned();
    error
}

/// Compares what is read with lines.
#[track_caller]
fn reads(name: &str, bytes: impl AsRef<[u8]>, source: &Source, expected: &[&str]) {
    assert_eq!(rows(name, bytes, source).unwrap(), expected);
}

/// Compares an error's code and message.
#[track_caller]
fn fails(name: &str, bytes: impl AsRef<[u8]>, source: &Source, code: &str, message: &str) {
    let error = rows(name, bytes, source).unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, message));
    assert!(super::CODES.iter().any(|(known, _)| *known == code));
}

/// A source with nothing said.
fn plain() -> Source {
    Source::default()
}
