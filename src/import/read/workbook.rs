//! The parts of an XLSX file around its sheets: which sheets there are, shared texts, formats.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::cell::{Kind, unescape};
use super::error::ReadError;
use super::input::Input;

/// The most that is unpacked, in bytes.
const MOST_BYTES: u64 = 256 << 20;

/// A workbook, its sheets still packed.
pub(super) struct Workbook {
    file: String,
    archive: ZipArchive<Cursor<Vec<u8>>>,
    /// So much may still be unpacked.
    left: u64,
    /// The worksheets in their order: name and part.
    pub sheets: Vec<(String, String)>,
    /// Days count from 1904, as on old Macs.
    pub since_1904: bool,
    /// The texts that cells refer to.
    pub shared: Shared,
    /// By a cell's style: what a number in it is.
    pub kinds: Vec<Kind>,
}

/// Texts, one behind the other.
#[derive(Default)]
pub(super) struct Shared {
    all: String,
    ends: Vec<usize>,
}

impl Shared {
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.all.get(start..*self.ends.get(index)?)
    }
}

/// A part's XML, one piece after the other.
pub(super) struct Xml {
    reader: Reader<Cursor<Vec<u8>>>,
    piece: Vec<u8>,
    file: String,
    part: String,
    /// Elements that are open.
    depth: usize,
}

/// A piece of XML.
pub(super) enum Piece<'a> {
    Start(BytesStart<'a>),
    End(String),
    Text(String),
    File,
}

impl Workbook {
    /// Reads the file whole, and everything but its sheets.
    pub(super) fn open(input: &mut Input) -> Result<Self, ReadError> {
        let mut bytes = Vec::new();
        let mut chunk = vec![0; 1 << 16];
        loop {
            match input.read(&mut chunk)? {
                0 => break,
                read => bytes.extend_from_slice(&chunk[..read]),
            }
            if bytes.len() as u64 > MOST_BYTES {
                return Err(too_large(&input.name));
            }
        }
        if bytes.is_empty() {
            return Err(input.fail("empty-file", "the file is empty; export it again"));
        }
        let Ok(archive) = ZipArchive::new(Cursor::new(bytes)) else {
            let detail = "the file is no XLSX workbook, is damaged or encrypted; save it as XLSX without a password";
            return Err(input.fail("bad-xlsx", detail));
        };
        let mut workbook = Self {
            file: input.name.clone(),
            archive,
            left: MOST_BYTES,
            sheets: Vec::new(),
            since_1904: false,
            shared: Shared::default(),
            kinds: Vec::new(),
        };
        workbook.read_parts()?;
        Ok(workbook)
    }

    fn read_parts(&mut self) -> Result<(), ReadError> {
        let roots = self.relations("_rels/.rels", "")?;
        let main = roots.values().find(|(kind, _)| kind.ends_with("/officeDocument"));
        let main = main.map_or("xl/workbook.xml", |(_, part)| part).to_owned();
        let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let relations = self.relations(&format!("{prefix}_rels/{name}.rels"), folder)?;
        let mut xml = self.part(&main)?.ok_or_else(|| self.missing(&main))?;
        loop {
            match xml.next()? {
                Piece::Start(e) if e.local_name().as_ref() == "workbookPr" => {
                    let [since_1904] = attributes(&e, ["date1904"]).ok_or_else(|| xml.bad())?;
                    self.since_1904 = matches!(since_1904.as_deref(), Some("1" | "true"));
                }
                Piece::Start(e) if e.local_name().as_ref() == "sheet" => {
                    let [id, name] = attributes(&e, ["id", "name"]).ok_or_else(|| xml.bad())?;
                    let relation = id.and_then(|id| relations.get(&id));
                    if let Some((_, part)) = relation.filter(|(kind, _)| kind.ends_with("/worksheet")) {
                        self.sheets.push((name.unwrap_or_default(), part.clone()));
                    }
                }
                Piece::File => break,
                _ => {}
            }
        }
        let part = |kind: &str| relations.values().find(|(of, _)| of.ends_with(kind)).map(|(_, part)| part);
        if let Some(mut xml) = part("/sharedStrings").map(|part| self.part(part)).transpose()?.flatten() {
            self.shared = shared(&mut xml)?;
        }
        if let Some(mut xml) = part("/styles").map(|part| self.part(part)).transpose()?.flatten() {
            self.kinds = kinds(&mut xml)?;
        }
        Ok(())
    }

    /// A part of the file; none where there is no such part.
    pub(super) fn part(&mut self, part: &str) -> Result<Option<Xml>, ReadError> {
        let unpacked = match self.archive.by_name(part) {
            Ok(entry) => {
                let mut bytes = Vec::new();
                // what an entry says of its size may be a lie
                entry.take(self.left + 1).read_to_end(&mut bytes).map(|_| bytes).ok()
            }
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(_) => None,
        };
        let Some(bytes) = unpacked else {
            let detail =
                format!("its part `{part}` can't be unpacked: it is damaged or encrypted; save the workbook again");
            return Err(ReadError::new("bad-xlsx", &self.file, detail));
        };
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| too_large(&self.file))?;
        Ok(Some(Xml::new(bytes, &self.file, part)))
    }

    /// What another part refers to, by id: the kind of reference and the part. Nothing where there is no such list.
    fn relations(&mut self, part: &str, folder: &str) -> Result<HashMap<String, (String, String)>, ReadError> {
        let mut relations = HashMap::new();
        let Some(mut xml) = self.part(part)? else { return Ok(relations) };
        loop {
            match xml.next()? {
                Piece::Start(e) if e.local_name().as_ref() == "Relationship" => {
                    let found = attributes(&e, ["Id", "Type", "Target"]).ok_or_else(|| xml.bad())?;
                    let [id, kind, target] = found.map(Option::unwrap_or_default);
                    relations.insert(id, (kind, resolve(folder, &target)));
                }
                Piece::File => return Ok(relations),
                _ => {}
            }
        }
    }

    pub(super) fn missing(&self, part: &str) -> ReadError {
        let detail = format!("its part `{part}` is missing, so it is no XLSX workbook; save it as XLSX");
        ReadError::new("bad-xlsx", &self.file, detail)
    }
}

fn too_large(file: &str) -> ReadError {
    let detail = "the workbook is larger than 256 MiB, unpacked; export it as CSV";
    ReadError::new("too-large", file, detail)
}

impl Xml {
    fn new(bytes: Vec<u8>, file: &str, part: &str) -> Self {
        let mut reader = Reader::from_reader(Cursor::new(bytes));
        reader.config_mut().expand_empty_elements = true;
        Self { reader, piece: Vec::new(), file: file.to_owned(), part: part.to_owned(), depth: 0 }
    }

    /// The part's bytes, to read it a second time.
    pub(super) fn again(self) -> Self {
        Self::new(self.reader.into_inner().into_inner(), &self.file, &self.part)
    }

    pub(super) fn bad(&self) -> ReadError {
        let detail = format!("its part `{}` is malformed; save the workbook again", self.part);
        ReadError::new("bad-xlsx", &self.file, detail)
    }

    /// The next piece; comments and the like are passed.
    pub(super) fn next(&mut self) -> Result<Piece<'_>, ReadError> {
        let bad = self.bad();
        self.piece.clear();
        let Ok(event) = self.reader.read_event_into(&mut self.piece) else { return Err(bad) };
        Ok(match event {
            Event::Start(start) | Event::Empty(start) => {
                self.depth += 1;
                Piece::Start(start)
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Piece::End(end.local_name().as_ref().to_owned())
            }
            Event::Text(text) => Piece::Text(text.xml10_content().into_owned()),
            Event::CData(text) => Piece::Text(text.xml10_content().into_owned()),
            Event::GeneralRef(reference) => match (reference.resolve_char_ref(), &*reference.xml10_content()) {
                (Ok(Some(c)), _) => Piece::Text(c.to_string()),
                (_, "lt") => Piece::Text("<".to_owned()),
                (_, "gt") => Piece::Text(">".to_owned()),
                (_, "amp") => Piece::Text("&".to_owned()),
                (_, "apos") => Piece::Text("'".to_owned()),
                (_, "quot") => Piece::Text("\"".to_owned()),
                _ => return Err(bad),
            },
            // cut off
            Event::Eof if self.depth > 0 => return Err(bad),
            Event::Eof => Piece::File,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => Piece::Text(String::new()),
        })
    }

    /// The text up to the end of the element `name`; where `inner`, only that of `t` elements, without how it is spoken.
    pub(super) fn text(&mut self, name: &str, inner: bool) -> Result<String, ReadError> {
        let mut text = String::new();
        let (mut in_text, mut spoken) = (!inner, false);
        loop {
            match self.next()? {
                Piece::End(end) if end == name => return Ok(unescape(text)),
                Piece::Start(e) if inner && e.local_name().as_ref() == "t" => in_text = true,
                Piece::End(end) if inner && end == "t" => in_text = false,
                Piece::Start(e) if e.local_name().as_ref() == "rPh" => spoken = true,
                Piece::End(end) if end == "rPh" => spoken = false,
                Piece::Text(more) if in_text && !spoken => text.push_str(&more),
                Piece::File => return Err(self.bad()),
                _ => {}
            }
        }
    }
}

/// Attributes by their names without a prefix, each where it is there. None where any of the element's is malformed.
pub(super) fn attributes<const N: usize>(element: &BytesStart<'_>, names: [&str; N]) -> Option<[Option<String>; N]> {
    let mut values = [const { None }; N];
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        let name = attribute.key.local_name();
        if let Some(at) = names.iter().position(|wanted| *wanted == name.as_ref()) {
            values[at] = Some(attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).ok()?.into_owned());
        }
    }
    Some(values)
}

/// The part that a reference from a folder means.
fn resolve(folder: &str, target: &str) -> String {
    let all = match target.strip_prefix('/') {
        Some(target) => target.to_owned(),
        None => format!("{folder}/{target}"),
    };
    let mut path: Vec<&str> = Vec::new();
    for step in all.split('/') {
        match step {
            "" | "." => {}
            ".." => _ = path.pop(),
            step => path.push(step),
        }
    }
    path.join("/")
}

fn shared(xml: &mut Xml) -> Result<Shared, ReadError> {
    let mut shared = Shared::default();
    loop {
        match xml.next()? {
            Piece::Start(e) if e.local_name().as_ref() == "si" => {
                let text = xml.text("si", true)?;
                shared.all.push_str(&text);
                shared.ends.push(shared.all.len());
            }
            Piece::File => return Ok(shared),
            _ => {}
        }
    }
}

fn kinds(xml: &mut Xml) -> Result<Vec<Kind>, ReadError> {
    let (mut custom, mut kinds, mut in_cells) = (HashMap::new(), Vec::new(), false);
    loop {
        match xml.next()? {
            Piece::Start(e) if e.local_name().as_ref() == "numFmt" => {
                let found = attributes(&e, ["numFmtId", "formatCode"]).ok_or_else(|| xml.bad())?;
                let [id, code] = found.map(Option::unwrap_or_default);
                custom.insert(id, Kind::of_code(&code));
            }
            Piece::Start(e) if e.local_name().as_ref() == "cellXfs" => in_cells = true,
            Piece::End(end) if end == "cellXfs" => in_cells = false,
            Piece::Start(e) if in_cells && e.local_name().as_ref() == "xf" => {
                let [id] = attributes(&e, ["numFmtId"]).ok_or_else(|| xml.bad())?.map(Option::unwrap_or_default);
                kinds.push(custom.get(&id).copied().unwrap_or_else(|| Kind::of_id(&id)));
            }
            Piece::File => return Ok(kinds),
            _ => {}
        }
    }
}
