//! Fuzzes the reading of files to import. From the project's folder, for ten minutes:
//!
//! ```text
//! dev/fuzz 600 read
//! ```
//!
//! The first bytes of the input choose the format and the options of the source, the rest is the file; of an XLSX
//! file its sheet. Nothing may panic or go on for ever, and rows of CSV in UTF-8 are those of the `csv` crate, or have a
//! fault. Input that breaks this is left under `fuzz/artifacts/read/`; it becomes a test in `src/import/read/tests/`.
#![no_main]

use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::sync::LazyLock;

use caredb::import::read::{CODES, ReadError, Reader, Record};
use caredb::import::source::{Format, Source};
use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// In memory, where there is such a folder.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let shared = PathBuf::from("/dev/shm");
    let folder = if shared.is_dir() { shared } else { std::env::temp_dir() };
    let folder = folder.join(format!("caredb-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the file");
    folder
});

fuzz_target!(|input: &[u8]| {
    let Some((&[kind, options, more], data)) = input.split_first_chunk::<3>() else { return };
    let formats = [Format::Csv, Format::Tsv, Format::Ndjson, Format::Xlsx];
    let format = formats[usize::from(kind % 4)];
    let packing = usize::from(kind / 4 % 4);
    let source = source(format, options, more);
    let file = match format {
        Format::Xlsx => workbook(data),
        _ => data.to_vec(),
    };
    let (file, extension) = match packing {
        1 => (zstd::encode_all(file.as_slice(), 1).expect("packed"), "zst"),
        // as it comes: mostly no compressed file
        2 => (file, "gz"),
        3 => (file, "zst"),
        _ => (file, "x"),
    };
    let path = FOLDER.join(format!("file.{extension}"));
    std::fs::write(&path, &file).expect("a file");
    // what was packed may have more rows than it has bytes
    let most = if packing < 2 { input.len() } else { usize::MAX };
    let rows = match read(&path, &source, most) {
        Ok(rows) => rows,
        Err(error) => {
            assert!(CODES.iter().any(|(code, _)| *code == error.code()), "{error}");
            return;
        }
    };
    if matches!(format, Format::Csv | Format::Tsv) && source.encoding.is_none() && packing < 2 && source.skip_lines == 0 {
        compare(data, &source, format, &rows);
    }
});

/// A row without faults, or none.
type Row = Option<Vec<Vec<u8>>>;

fn read(path: &std::path::Path, source: &Source, most: usize) -> Result<Vec<Row>, ReadError> {
    let mut reader = Reader::open(path, source)?;
    let mut record = Record::new();
    let mut rows = Vec::new();
    let mut line = 0;
    while reader.read(&mut record)? {
        assert!(rows.len() <= most, "more rows than bytes");
        assert_eq!(record.row(), rows.len() as u64 + 1);
        assert!(record.line() > line || rows.is_empty(), "lines go on");
        line = record.line();
        for column in 0..=record.len() {
            let (field, raw) = (record.field(column), record.raw(column));
            let trimmed = field.is_none_or(|field| String::from_utf8_lossy(raw).contains(field));
            assert!(trimmed, "a field is what stood there");
        }
        for fault in record.faults() {
            assert!(CODES.iter().any(|(code, _)| *code == fault.code), "{fault:?}");
        }
        // `"\N"` with an escape is a word that may mean NULL, and to the csv crate an `N`
        let has_word = (0..record.len()).any(|column| record.field(column).is_none() && record.raw(column).contains(&b'\\'));
        if record.faults().is_empty() && !has_word {
            assert_eq!(record.len(), reader.header().len());
            let fields: Vec<_> = (0..record.len()).map(|column| record.raw(column).to_vec()).collect();
            assert!(fields.iter().all(|field| std::str::from_utf8(field).is_ok() && !field.contains(&0)));
            rows.push(Some(fields));
        } else {
            rows.push(None);
        }
    }
    Ok(rows)
}

/// The `csv` crate on its own finds as many rows, and the same fields in those without faults.
fn compare(data: &[u8], source: &Source, format: Format, rows: &[Row]) {
    let delimiter = source.delimiter.unwrap_or(if format == Format::Tsv { '\t' } else { ',' });
    let byte = |c: char| u8::try_from(c).expect("ASCII");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(source.header)
        .flexible(true)
        .delimiter(byte(delimiter))
        .quote(source.quote.map_or(b'"', byte))
        .quoting(source.quote.is_some())
        .escape(source.escape.map(byte))
        .double_quote(source.escape.is_none())
        .from_reader(data);
    let theirs: Vec<csv::ByteRecord> = reader.byte_records().map(|row| row.expect("no error in memory")).collect();
    assert_eq!(rows.len(), theirs.len(), "as many rows");
    for (ours, theirs) in rows.iter().zip(&theirs) {
        if let Some(ours) = ours {
            assert!(ours.iter().map(Vec::as_slice).eq(theirs), "{ours:?} {theirs:?}");
        }
    }
}

fn source(format: Format, options: u8, more: u8) -> Source {
    let csv = matches!(format, Format::Csv | Format::Tsv);
    let header = format == Format::Ndjson || options & 1 == 0;
    Source {
        format: Some(format),
        header,
        columns: if header && format != Format::Ndjson { Vec::new() } else { vec!["a".into(), "b.c".into()] },
        delimiter: if csv && options & 2 != 0 { Some(';') } else { None },
        quote: if csv { [Some('"'), Some('"'), Some('\''), None][usize::from(options >> 2 & 3)] } else { Some('"') },
        escape: if csv && options & 16 != 0 { Some('\\') } else { None },
        trim: options & 32 != 0,
        skip_lines: if options & 192 == 192 { 2 } else { 0 },
        null: if more & 8 == 0 { vec![String::new()] } else { vec!["NULL".into(), "\\N".into()] },
        encoding: match more & 7 {
            _ if format == Format::Xlsx => None,
            1 => Some("windows-1252".into()),
            2 => Some("utf-16".into()),
            3 => Some("utf-16be".into()),
            4 => Some("shift_jis".into()),
            5 => Some("iso-2022-jp".into()),
            6 => Some("gb18030".into()),
            _ => None,
        },
        ..Source::default()
    }
}

/// A workbook of one sheet; before a NUL in `data` stand its shared texts.
fn workbook(data: &[u8]) -> Vec<u8> {
    let kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |id: &str, kind: &str| format!("<Relationship Id='{id}' Type='{kinds}/{kind}' Target='{id}.xml'/>");
    let relations = [("s", "worksheet"), ("t", "sharedStrings"), ("f", "styles")].map(|(id, kind)| relation(id, kind));
    let relations = format!("<Relationships>{}</Relationships>", relations.concat());
    let at = data.iter().position(|&byte| byte == 0);
    let (shared, sheet) = at.map_or((&b"<sst/>"[..], data), |at| (&data[..at], &data[at + 1..]));
    let styles = b"<x><numFmt numFmtId='164' formatCode='[h]:mm'/><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/>\
                   <xf numFmtId='164'/><xf numFmtId='18'/><xf numFmtId='22'/></cellXfs></x>";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in [
        ("xl/workbook.xml", &b"<workbook><sheets><sheet name='a' id='s'/></sheets></workbook>"[..]),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/t.xml", shared),
        ("xl/f.xml", styles),
        ("xl/s.xml", sheet),
    ] {
        zip.start_file(name, stored).expect("a part");
        zip.write_all(bytes).expect("a part");
    }
    zip.finish().expect("a workbook").into_inner()
}
