//! Rows of one sheet of an XLSX file.

use std::path::Path;
use std::sync::Arc;

use super::cell::{Kind, number};
use super::error::ReadError;
use super::input::Input;
use super::record::{Record, Words};
use super::workbook::{Piece, Workbook, Xml, attribute};
use super::{MOST_FIELD_BYTES, MOST_ROW_BYTES};
use crate::import::source::Source;

/// The most columns of a sheet (ECMA-376).
const MOST_COLUMNS: usize = 16_384;

/// A sheet, from some row on.
pub(super) struct Xlsx {
    workbook: Workbook,
    sheet: Xml,
    words: Arc<Words>,
    columns: usize,
    row: u64,
    /// The sheet's row that was read last, the first being 1.
    line: u64,
    /// Rows up to this one are not read.
    skip_rows: u64,
    cells: Vec<Cell>,
    filled: Vec<bool>,
    input: Input,
}

/// A cell that is not empty.
struct Cell {
    column: usize,
    /// Its text, or what is wrong with it.
    text: Result<String, &'static str>,
}

impl Xlsx {
    /// Reads the file whole, and the header of its sheet; the columns' names come with it.
    pub(super) fn open(path: &Path, source: &Source, words: &Arc<Words>) -> Result<(Self, Vec<String>), ReadError> {
        let mut input = Input::open(path)?;
        let mut workbook = Workbook::open(&mut input)?;
        let part = choose(&workbook, source, &input)?;
        let sheet = workbook.part(&part)?.ok_or_else(|| workbook.missing(&part))?;
        let sheet = refuse_merged(sheet, &input)?;
        let words = Arc::clone(words);
        let (cells, filled) = (Vec::new(), Vec::new());
        let skip_rows = source.skip_lines;
        let mut xlsx = Self { workbook, sheet, words, columns: 0, row: 0, line: 0, skip_rows, cells, filled, input };
        let names = if source.header { xlsx.header()? } else { source.columns.clone() };
        xlsx.columns = names.len();
        xlsx.filled = vec![false; names.len()];
        Ok((xlsx, names))
    }

    fn header(&mut self) -> Result<Vec<String>, ReadError> {
        if !self.next_row()? {
            let cure = "add one, or say `header = false` and `columns`";
            return Err(self.input.fail("no-header", format!("there is no header row; {cure}")));
        }
        let columns = self.cells.iter().map(|cell| cell.column + 1).max().unwrap_or_default();
        let mut names = vec![String::new(); columns];
        for cell in &self.cells {
            let column = cell.column + 1;
            match &cell.text {
                Ok(text) if text.contains('\0') || text.len() > MOST_FIELD_BYTES => {
                    let detail =
                        format!("the header has a NUL character or a very long name in column {column}; rename it");
                    return Err(self.input.fail("bad-header", detail).at(self.line));
                }
                Ok(text) if self.words.trim => text.trim().clone_into(&mut names[cell.column]),
                Ok(text) => names[cell.column].clone_from(text),
                Err(what) => {
                    let detail = format!("the header has `bad-cell` in column {column}: {what}");
                    return Err(self.input.fail("bad-header", detail).at(self.line));
                }
            }
        }
        Ok(names)
    }

    /// Reads the next row that is not empty; false at the end.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, ReadError> {
        if !self.next_row()? {
            self.input.unchanged()?;
            return Ok(false);
        }
        self.row += 1;
        record.begin(self.row, self.line, &self.words);
        record.blank(self.columns);
        self.filled.fill(false);
        for cell in self.cells.drain(..) {
            let column = cell.column;
            if column >= self.columns {
                let detail = format!(
                    "the row has a value in column {}, the header {}; name the column, or clear it",
                    column + 1,
                    self.columns
                );
                record.fault("ragged-row", None, detail);
                continue;
            }
            match cell.text {
                Ok(text) if text.len() > MOST_FIELD_BYTES => {
                    record.fault("field-too-long", Some(column), "the cell is longer than 1 MiB; shorten it");
                }
                Ok(text) if record.bytes() + text.len() > MOST_ROW_BYTES => {
                    record.fault("field-too-long", None, "the row is longer than 16 MiB; shorten it");
                }
                Ok(text) if !record.set(column, Some(&text), &mut self.filled) => {
                    record.fault("bad-cell", Some(column), "the sheet has the cell twice; save the workbook again");
                }
                Ok(_) => {}
                Err(what) => record.fault("bad-cell", Some(column), what),
            }
        }
        record.check("UTF-8");
        Ok(true)
    }

    /// Reads the next row with a cell that is not empty into `cells`; false at the sheet's end.
    fn next_row(&mut self) -> Result<bool, ReadError> {
        self.cells.clear();
        let mut column = 0;
        loop {
            match self.sheet.next()? {
                Piece::Start(e) if e.local_name().as_ref() == "row" => {
                    let row = attribute(&e, "r").map_or(Some(self.line + 1), |row| row.parse().ok());
                    // rows stand in order, so that no line is told twice
                    self.line = row.filter(|&row| row > self.line).ok_or_else(|| self.sheet.bad())?;
                    column = 0;
                }
                Piece::Start(e) if e.local_name().as_ref() == "c" => {
                    let (place, kind, style) = (attribute(&e, "r"), attribute(&e, "t"), attribute(&e, "s"));
                    let place = place.map_or(Some(column), |place| column_of(&place));
                    let at = place.filter(|&at| at < MOST_COLUMNS).ok_or_else(|| self.sheet.bad())?;
                    column = at + 1;
                    let style = style.and_then(|style| self.workbook.kinds.get(style.parse::<usize>().ok()?).copied());
                    if let Some(text) = self.cell(kind.as_deref(), style.unwrap_or_default())? {
                        self.cells.push(Cell { column: at, text });
                    }
                }
                Piece::End(end) if end == "row" && self.line <= self.skip_rows => self.cells.clear(),
                Piece::End(end) if end == "row" && !self.cells.is_empty() => return Ok(true),
                Piece::File => return Ok(false),
                _ => {}
            }
        }
    }

    /// Reads a cell to its end. None where it is empty.
    fn cell(&mut self, kind: Option<&str>, style: Kind) -> Result<Option<Result<String, &'static str>>, ReadError> {
        let (mut value, mut formula) = (None, false);
        loop {
            match self.sheet.next()? {
                Piece::Start(e) if e.local_name().as_ref() == "v" && kind != Some("inlineStr") => {
                    value = Some(self.sheet.text("v", false)?);
                }
                Piece::Start(e) if e.local_name().as_ref() == "is" => value = Some(self.sheet.text("is", true)?),
                Piece::Start(e) if e.local_name().as_ref() == "f" => {
                    formula = true;
                    self.sheet.text("f", false)?;
                }
                Piece::End(end) if end == "c" => break,
                Piece::File => return Err(self.sheet.bad()),
                _ => {}
            }
        }
        let textual = matches!(kind, Some("str" | "inlineStr"));
        let value = match value {
            None if formula => {
                return Ok(Some(Err("the formula's value is not in the file; open it in Excel, and save it again")));
            }
            Some(value) if value.is_empty() && formula && !textual => {
                return Ok(Some(Err("the formula's value is not in the file; open it in Excel, and save it again")));
            }
            None => return Ok(None),
            Some(value) if value.is_empty() => return Ok(textual.then_some(Ok(value))),
            Some(value) => value,
        };
        let text = match kind {
            Some("s") => {
                let shared = value.trim().parse().ok().and_then(|index| self.workbook.shared.get(index));
                shared.map(str::to_owned).ok_or("the cell's text is not in the workbook; save it again")
            }
            Some("str" | "inlineStr") => Ok(value),
            Some("b") => match value.trim() {
                "0" | "false" => Ok("false".to_owned()),
                "1" | "true" => Ok("true".to_owned()),
                _ => Err("the cell's value is neither true nor false; enter it again"),
            },
            Some("e") => Err("the cell shows an error, such as `#N/A`; correct its formula"),
            // ISO 8601
            Some("d") => Ok(value.trim().replacen('T', " ", 1)),
            Some("n") | None => number(&value, style, self.workbook.since_1904),
            Some(_) => Err("the cell is of a kind that XLSX does not have; save the workbook again"),
        };
        Ok(Some(text))
    }
}

/// The part of the sheet that the source names, or of the only one.
fn choose(workbook: &Workbook, source: &Source, input: &Input) -> Result<String, ReadError> {
    let names: Vec<_> = workbook.sheets.iter().map(|(name, _)| format!("`{name}`")).collect();
    let names = names.join(", ");
    let detail = match (&source.sheet, workbook.sheets.as_slice()) {
        (_, []) => "the workbook has no worksheet; save it again".to_owned(),
        (None, [(_, part)]) => return Ok(part.clone()),
        (None, _) => format!("the workbook has several sheets: {names}; name one by `sheet`"),
        (Some(wanted), sheets) => match sheets.iter().find(|(name, _)| name == wanted) {
            Some((_, part)) => return Ok(part.clone()),
            None => format!("the workbook has no sheet `{wanted}`; it has {names}"),
        },
    };
    Err(input.fail("no-such-sheet", detail))
}

/// Reads a sheet through, and gives it back from its beginning.
fn refuse_merged(mut sheet: Xml, input: &Input) -> Result<Xml, ReadError> {
    loop {
        match sheet.next()? {
            Piece::Start(e) if e.local_name().as_ref() == "mergeCell" => {
                let place = attribute(&e, "ref").unwrap_or_default();
                let detail = format!(
                    "the sheet has merged cells at `{place}`, so it is not known which rows their value is of; unmerge them"
                );
                return Err(input.fail("merged-cells", detail));
            }
            Piece::File => return Ok(sheet.again()),
            _ => {}
        }
    }
}

/// The column of a place such as `AB12`, the first being 0.
fn column_of(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let column = letters.fold(0, |column, letter| column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    column.checked_sub(1)
}
