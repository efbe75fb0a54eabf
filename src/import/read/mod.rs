//! Files of another system, row by row: CSV, TSV, NDJSON and XLSX.
//!
//! What is read is what stands in the file. Where that can't be known, the row has a [`Fault`]; where reading can't go
//! on, there is a [`ReadError`]. Memory is bounded whatever the file holds: by a row of 16 MiB, in XLSX by a file of
//! 256 MiB.

mod cell;
mod csv;
mod dialect;
mod error;
mod input;
mod json;
mod ndjson;
mod record;
mod text;
mod window;
mod workbook;
mod xlsx;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

pub use error::{CODES, ReadError};
pub use record::{Fault, Record};

use super::source::{Format, Source};
use record::Words;

// a fuzzer's files are small, and are to meet the limits and the buffers' ends

/// The longest field, in bytes of UTF-8.
const MOST_FIELD_BYTES: usize = if cfg!(fuzzing) { 1 << 9 } else { 1 << 20 };
/// The longest row, in bytes of UTF-8.
const MOST_ROW_BYTES: usize = if cfg!(fuzzing) { 1 << 11 } else { 16 << 20 };
/// The most columns.
const MOST_COLUMNS: usize = 4096;

/// A file, from some row on.
pub struct Reader {
    header: Vec<String>,
    rows: Rows,
}

enum Rows {
    Csv(Box<csv::Csv>),
    Ndjson(Box<ndjson::Ndjson>),
    Xlsx(Box<xlsx::Xlsx>),
}

impl Reader {
    /// Opens the file at `path`, which `source` describes, and reads its header.
    pub fn open(path: &Path, source: &Source) -> Result<Self, ReadError> {
        let file = path.display().to_string();
        let Some(format) = source.format_of(path) else {
            let detail =
                "the name does not say what kind of file it is; add `format`: `csv`, `tsv`, `ndjson` or `xlsx`";
            return Err(ReadError::new("unknown-format", &file, detail));
        };
        refuse_options(source, format, &file)?;
        let words = Arc::new(Words::of(source));
        let (rows, header) = match format {
            Format::Csv | Format::Tsv => {
                let text = text::Text::open(path, source.encoding.as_deref())?;
                let (csv, header) = csv::Csv::open(text, source, format, &words)?;
                (Rows::Csv(Box::new(csv)), header)
            }
            Format::Ndjson => {
                let (ndjson, header) = ndjson::Ndjson::open(path, source, &words)?;
                (Rows::Ndjson(Box::new(ndjson)), header)
            }
            Format::Xlsx => {
                let (xlsx, header) = xlsx::Xlsx::open(path, source, &words)?;
                (Rows::Xlsx(Box::new(xlsx)), header)
            }
        };
        check_names(&header, &file)?;
        Ok(Self { header, rows })
    }

    /// The columns' names, in the file's order.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Reads the next row into `record`; false at the end, where the file is also known to be unchanged.
    pub fn read(&mut self, record: &mut Record) -> Result<bool, ReadError> {
        match &mut self.rows {
            Rows::Csv(csv) => csv.read(record),
            Rows::Ndjson(ndjson) => ndjson.read(record),
            Rows::Xlsx(xlsx) => xlsx.read(record),
        }
    }
}

/// Options that the format does not have, so that none is without effect unnoticed.
fn refuse_options(source: &Source, format: Format, file: &str) -> Result<(), ReadError> {
    let csv = matches!(format, Format::Csv | Format::Tsv);
    let detail = match format {
        _ if !csv && (source.delimiter.is_some() || source.escape.is_some() || source.quote != Some('"')) => {
            "`delimiter`, `quote` and `escape` are for CSV and TSV; leave them out"
        }
        Format::Xlsx if source.encoding.is_some() => "an XLSX file says its encoding itself; leave `encoding` out",
        Format::Ndjson if !source.header => "an NDJSON file has no header row; leave `header` out",
        _ if format != Format::Xlsx && source.sheet.is_some() => "`sheet` is for XLSX; leave it out",
        _ if format != Format::Ndjson && source.header && !source.columns.is_empty() => {
            "`columns` are the names where there is no header; say `header = false`, or leave them out"
        }
        _ if format != Format::Ndjson && !source.header && source.columns.is_empty() => {
            let detail = "there is no header; give the columns' names in `columns`";
            return Err(ReadError::new("no-header", file, detail));
        }
        _ => return Ok(()),
    };
    Err(ReadError::new("bad-option", file, detail))
}

fn check_names(header: &[String], file: &str) -> Result<(), ReadError> {
    if header.len() > MOST_COLUMNS {
        let detail =
            format!("the file has {} columns, and {MOST_COLUMNS} are the most; check the delimiter", header.len());
        return Err(ReadError::new("too-many-columns", file, detail));
    }
    let mut names = HashMap::new();
    for (column, name) in header.iter().enumerate() {
        if name.trim().is_empty() {
            let detail = format!("column {} has no name; give it one", column + 1);
            return Err(ReadError::new("blank-header", file, detail));
        }
        if let Some(first) = names.insert(name, column) {
            // not the name: where there is no header after all, it is somebody's
            let detail = format!("columns {} and {} have one name; rename one of them", first + 1, column + 1);
            return Err(ReadError::new("duplicate-header", file, detail));
        }
    }
    Ok(())
}
