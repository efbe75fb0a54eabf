//! Looks at a file: how it is written, and its first rows.

use std::path::Path;

use super::{Seen, list, quote};
use crate::import::read::{ReadError, Reader, Record};
use crate::import::source::{Format, Source};
use crate::output::count;

/// So many rows are looked at.
pub const MOST_ROWS: usize = 10_000;
/// And so many bytes of them, for rows may be long.
const MOST_BYTES: usize = 64 << 20;
/// So many of them for each way in which a file may be written.
const MOST_TRIED: usize = 1000;
/// Lines before the header, at the most.
const MOST_SKIPPED: u64 = 3;
/// Texts that often mean NULL, beside the empty one.
const NULLS: [&str; 8] = ["NULL", "null", "\\N", "N/A", "n/a", "#N/A", "(null)", "<null>"];

/// Looks at the file at `path`. `name` is that of its source, and `file` its path from the mapping file on.
pub fn look(path: &Path, name: String, file: String) -> Result<Seen, ReadError> {
    let mut seen = Seen { name, file, ..Seen::default() };
    let mut source = Source::new(path);
    if source.format_of(path).is_none() {
        source.format = Some(Format::Csv);
        seen.options.push(("format", quote("csv")));
        seen.doubts.push("the name does not say what kind of file it is; it is read as CSV".to_owned());
    }
    let format = source.format_of(path);
    if format != Some(Format::Xlsx) {
        encoding(path, &mut source, &mut seen);
    }
    if matches!(format, Some(Format::Csv | Format::Tsv)) {
        dialect(path, &mut source, &mut seen);
    }
    read(path, &source, &mut seen)?;
    Ok(seen)
}

/// Tries UTF-8, then what the file's first bytes say, then what reads any file.
fn encoding(path: &Path, source: &mut Source, seen: &mut Seen) {
    // each line is a row, so that a wrong delimiter does not matter
    let plain = Source {
        format: Some(Format::Csv),
        header: false,
        columns: vec!["line".to_owned()],
        quote: None,
        ..source.clone()
    };
    let label = match lines(path, &plain) {
        Ok((_, 0)) => return,
        Ok((wide, bad)) if wide > bad => {
            seen.doubts.push(format!("most of the text is UTF-8, but not that of {}", count(bad, "row")));
            return;
        }
        Ok(_) => {
            let doubt = "the text is no UTF-8; windows-1252 reads any, so see whether its letters are right";
            seen.doubts.push(doubt.to_owned());
            "windows-1252".to_owned()
        }
        // the error says which one it is
        Err(error) => match error.detail.split_once("encoding = \"").and_then(|(_, rest)| rest.split_once('"')) {
            Some((label, _)) => label.to_owned(),
            None => return,
        },
    };
    seen.options.push(("encoding", quote(&label)));
    source.encoding = Some(label);
}

/// How many lines have letters outside of ASCII, and how many have bytes that are no text.
fn lines(path: &Path, source: &Source) -> Result<(usize, usize), ReadError> {
    let (mut wide, mut bad, mut record) = (0, 0, Record::new());
    let mut reader = Reader::open(path, source)?;
    for _ in 0..MOST_ROWS {
        if !reader.read(&mut record)? {
            break;
        }
        let is_bad = record.faults().iter().any(|fault| fault.code == "bad-encoding");
        bad += usize::from(is_bad);
        wide += usize::from(!is_bad && (0..record.len()).any(|at| !record.raw(at).is_ascii()));
    }
    Ok((wide, bad))
}

/// Tries delimiters, lines before the header, and escapes; the way that leaves the most rows without a fault is taken.
fn dialect(path: &Path, source: &mut Source, seen: &mut Seen) {
    let default = if source.format_of(path) == Some(Format::Tsv) { '\t' } else { ',' };
    let delimiters = [default].into_iter().chain([',', ';', '\t', '|'].into_iter().filter(|one| *one != default));
    let (mut best, mut most) = (source.clone(), (0, 0));
    for delimiter in delimiters {
        for skip_lines in 0..=MOST_SKIPPED {
            for escape in [None, Some('\\')] {
                let tried = Source { delimiter: Some(delimiter), skip_lines, escape, ..source.clone() };
                let found = clean(path, &tried).unwrap_or_default();
                // the first of equals, which says the least
                if found > most {
                    (best, most) = (tried, found);
                }
            }
        }
    }
    *source = best;
    if let Some(delimiter) = source.delimiter.filter(|one| *one != default) {
        seen.options.push(("delimiter", quote(&delimiter.to_string())));
    }
    if source.escape.is_some() {
        seen.options.push(("escape", quote("\\")));
    }
    if source.skip_lines > 0 {
        seen.options.push(("skip_lines", source.skip_lines.to_string()));
        seen.doubts.push("what stands before the header is passed over".to_owned());
    }
}

/// How many rows have no fault, and how many columns there are; nothing where there is but one.
fn clean(path: &Path, source: &Source) -> Result<(usize, usize), ReadError> {
    let mut reader = Reader::open(path, source)?;
    let columns = reader.header().len();
    let (mut clean, mut record) = (0, Record::new());
    for _ in 0..MOST_TRIED {
        if !reader.read(&mut record)? {
            break;
        }
        clean += usize::from(record.faults().is_empty());
    }
    Ok(if columns > 1 { (clean, columns) } else { (0, 0) })
}

/// Reads the first rows.
fn read(path: &Path, source: &Source, seen: &mut Seen) -> Result<(), ReadError> {
    let mut reader = Reader::open(path, source)?;
    let values =
        |name: &String| name.contains('@') || name.chars().all(|one| one.is_ascii_digit() || " .,:/-".contains(one));
    if source.header && source.format_of(path) != Some(Format::Ndjson) && reader.header().iter().any(values) {
        let columns: Vec<String> = (1..=reader.header().len()).map(|number| format!("column_{number}")).collect();
        seen.options.push(("header", "false".to_owned()));
        seen.options.push(("columns", format!("[{}]", list(columns.iter().map(String::as_str)))));
        seen.doubts.push("there seems to be no header, since the first row has values; name the columns".to_owned());
        return read(path, &Source { header: false, columns, ..source.clone() }, seen);
    }
    reader.header().clone_into(&mut seen.header);
    let (mut record, mut faulty, mut bytes) = (Record::new(), 0, 0);
    loop {
        match reader.read(&mut record) {
            Ok(false) => break,
            Ok(true) if seen.rows.len() + faulty == MOST_ROWS || bytes > MOST_BYTES => {
                seen.more = true;
                break;
            }
            Ok(true) if !record.faults().is_empty() => faulty += 1,
            Ok(true) => {
                let row: Vec<_> = (0..record.len()).map(|at| record.field(at).map(str::to_owned)).collect();
                bytes += row.iter().flatten().map(String::len).sum::<usize>();
                seen.rows.push(row);
            }
            Err(error) => {
                let line = error.line.map(|line| format!(" at line {line}")).unwrap_or_default();
                seen.doubts.push(format!("it can't be read to its end: `{}`{line}", error.code()));
                seen.more = true;
                break;
            }
        }
    }
    if faulty > 0 {
        seen.doubts.push(format!("{} can't be read that way; `import check` says why", count(faulty, "row")));
    }
    seen.looked = seen.rows.len() + faulty;
    settle(seen);
    Ok(())
}

/// Takes white space off, and finds the words that mean NULL.
fn settle(seen: &mut Seen) {
    let values = || seen.rows.iter().flatten().flatten();
    let trim = values().any(|value| value.trim().len() < value.len());
    let nulls: Vec<&str> = NULLS.into_iter().filter(|null| values().any(|value| value.trim() == *null)).collect();
    for value in seen.rows.iter_mut().flatten() {
        if let Some(text) = value.take() {
            let text = text.trim();
            *value = (!text.is_empty() && !nulls.contains(&text)).then(|| text.to_owned());
        }
    }
    if trim {
        seen.options.push(("trim", "true".to_owned()));
        seen.doubts.push("white space around fields goes".to_owned());
    }
    if !nulls.is_empty() {
        seen.options.push(("null", format!("[{}]", list([""].into_iter().chain(nulls)))));
        seen.doubts.push("these texts are taken for no value".to_owned());
    }
}
