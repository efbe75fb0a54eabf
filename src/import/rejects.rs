//! Writes rejected rows so that a person can mend them and import just those: a CSV a source with its columns, and behind them
//! what is wrong.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::export::NULL_WORD;
use super::guard;
use super::mapping::Mapping;
use super::read::{ReadError, Reader, Record};
use super::source::{Format, Source};

/// The columns behind those of the source.
pub const ADDED: [&str; 3] = ["caredb_row", "caredb_line", "caredb_codes"];

/// Why rejects could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RejectsError {
    /// The source, again.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file, or its folder.
    #[error("could not write rejected rows to `{0}`: {1}")]
    Write(String, String),
    /// A source's own file is in their place.
    #[error("rejected rows would go to `{0}`, the file of `[source.{1}]`; name another folder by `--rejects`")]
    IsSource(String, String),
}

/// The codes of rejected rows. A wrong format may reject all rows of a file: each costs 16 bytes.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    /// The codes that any row has: a bit of each row is for the code of its place here.
    known: Vec<&'static str>,
    rows: BTreeMap<u64, u64>,
}

impl Codes {
    /// Adds a code of a row. False: the row has it.
    pub fn add(&mut self, row: u64, code: &'static str) -> bool {
        let place = self.known.iter().position(|known| *known == code).unwrap_or_else(|| {
            self.known.push(code);
            self.known.len() - 1
        });
        // there are fewer codes of rows than bits; the last bit would stand for all that are too many
        let bit = 1 << place.min(63);
        let bits = self.rows.entry(row).or_default();
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = u64> + '_ {
        self.rows.keys().copied()
    }

    /// The codes of a row, in order; none where it is not rejected.
    #[must_use]
    pub fn of(&self, row: u64) -> Option<Vec<&'static str>> {
        let bits = self.rows.get(&row)?;
        let codes = self.known.iter().enumerate().filter(|(place, _)| bits & (1 << (*place).min(63)) != 0);
        let mut codes: Vec<&str> = codes.map(|(_, code)| *code).collect();
        codes.sort_unstable();
        Some(codes)
    }
}

/// Where the rejected rows of a source go, and where they are while they are being written.
fn places(folder: &Path, name: &str) -> [PathBuf; 2] {
    [format!("{name}.csv"), format!(".{name}.csv.new")].map(|file| folder.join(file))
}

/// Whether no file of rejected rows in `folder` would take the place of a source's own file, which may be the only copy of what it
/// holds. Files of rejected rows that are being mended are no such, so `mapping` is as it was read. Errors: one would.
pub fn check_folder(mapping: &Mapping, folder: &Path) -> Result<(), RejectsError> {
    let files = mapping.sources.iter().filter(|(_, source)| !source.is_live());
    let files: BTreeMap<PathBuf, &String> =
        files.filter_map(|(name, source)| Some((mapping.path(source).canonicalize().ok()?, name))).collect();
    for path in mapping.sources.keys().flat_map(|name| places(folder, name)) {
        if let Some(source) = path.canonicalize().ok().and_then(|real| files.get(&real)) {
            return Err(RejectsError::IsSource(path.display().to_string(), (*source).clone()));
        }
    }
    Ok(())
}

/// Writes the rejected rows of all sources into `folder`, a file `SOURCE.csv` each, that only its owner may read, in UTF-8 with
/// commas. A file of an earlier import, in which somebody may have mended rows, stays as `SOURCE.csv~`, or where that is taken
/// as `SOURCE.csv~2` and so on. Returns the files written.
pub fn write(
    mapping: &Mapping,
    rejects: &BTreeMap<String, Codes>,
    folder: &Path,
) -> Result<Vec<PathBuf>, RejectsError> {
    let mut written = Vec::new();
    let none = Codes::default();
    for (name, source) in &mapping.sources {
        let codes = rejects.get(name).unwrap_or(&none);
        let [path, beside] = places(folder, name);
        let failed = |error: &dyn std::fmt::Display| RejectsError::Write(path.display().to_string(), error.to_string());
        if codes.is_empty() {
            keep(&path).map_err(|error| failed(&error))?;
            continue;
        }
        fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        // beside it first, since it may be the very file of mended rows that is being imported
        let file = private(&beside).map_err(|error| failed(&error))?;
        copy(&mapping.path(source), source, codes, file).map_err(|error| match error {
            Copy::Read(error) => RejectsError::Read(error),
            Copy::Write(error) => failed(&error),
        })?;
        keep(&path).map_err(|error| failed(&error))?;
        fs::rename(&beside, &path).map_err(|error| failed(&error))?;
        written.push(path);
    }
    Ok(written)
}

/// Gives a file, where there is one, the first of the names `FILE~`, `FILE~2`, `FILE~3`, … that is free.
fn keep(path: &Path) -> io::Result<()> {
    let name = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(if number == 1 { "~".to_owned() } else { format!("~{number}") });
        name
    };
    let free = (1..u32::MAX).map(name).find(|name| fs::symlink_metadata(name).is_err());
    let none = || Err(io::ErrorKind::AlreadyExists.into());
    match free.map_or_else(none, |name| fs::rename(path, name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn private(path: &Path) -> io::Result<File> {
    let _ = fs::remove_file(path);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// What stands for NULL among the rejected rows of a source, so that the mapping alone says how they are read: its own first word
/// for it, or `\N` where it has none. `\N` of live sources and of manifests is not the mapping's.
fn null_word(source: &Source) -> &str {
    source.null.iter().map(String::as_str).find(|word| *word != NULL_WORD).unwrap_or(NULL_WORD)
}

enum Copy {
    Read(ReadError),
    Write(csv::Error),
}

fn copy(path: &Path, source: &Source, codes: &Codes, file: File) -> Result<(), Copy> {
    let mut reader = Reader::open(path, source).map_err(Copy::Read)?;
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
    let columns = reader.header().len();
    for name in reader.header().iter().filter(|name| !ADDED.contains(&name.as_str())) {
        write_guarded(&mut writer, name.as_bytes())?;
    }
    writer.write_record(ADDED).map_err(Copy::Write)?;
    let own: Vec<bool> = reader.header().iter().map(|name| !ADDED.contains(&name.as_str())).collect();
    let null = null_word(source);
    let has_null_word = source.null.iter().any(|word| word == NULL_WORD);
    let mut record = Record::new();
    while reader.read(&mut record).map_err(Copy::Read)? {
        let Some(codes) = codes.of(record.row()) else { continue };
        let fields = record.len().max(columns);
        for column in (0..fields).filter(|column| own.get(*column).copied().unwrap_or(true)) {
            let raw = record.raw(column);
            let is_null = record.is_absent(column) || has_null_word && raw == NULL_WORD.as_bytes();
            write_guarded(&mut writer, if is_null { null.as_bytes() } else { raw })?;
        }
        let added = [record.row().to_string(), record.line().to_string(), codes.join(" ")];
        writer.write_record(added).map_err(Copy::Write)?;
    }
    writer.flush().map_err(|error| Copy::Write(error.into()))
}

/// Writes a field with a `'` before what a spreadsheet, in which a person mends the rows, would take for a formula.
fn write_guarded(writer: &mut csv::Writer<File>, field: &[u8]) -> Result<(), Copy> {
    let guard: &[u8] = if guard::is_formula(field) { b"'" } else { b"" };
    writer.write_field([guard, field].concat()).map_err(Copy::Write)
}

/// Lets the mapping read the mended rows in `folder` instead of the sources. Sources without a file there are left out: their rows
/// are imported already.
pub fn read_from(mapping: &mut Mapping, folder: &Path) {
    mapping.originals = mapping.sources.clone();
    for (name, source) in &mut mapping.sources {
        // of the working directory, not of the mapping's folder
        let file = std::path::absolute(folder.join(format!("{name}.csv"))).unwrap_or_default();
        let mut null = source.null.clone();
        if null.is_empty() {
            null.push(NULL_WORD.to_owned());
        }
        *source = Source { format: Some(Format::Csv), null, trim: source.trim, guarded: true, ..Source::new(file) };
    }
    let there: Vec<String> =
        mapping.sources.iter().filter(|(_, source)| source.file.exists()).map(|(name, _)| name.clone()).collect();
    mapping.left_out = mapping.sources.keys().filter(|name| !there.contains(name)).cloned().collect();
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn rejected_rows_come_out_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("s.csv"), "nr;name\n1;\"a;b\"\n2;M\u{fc}ller,\n3;c\n").unwrap();
        let text = "system = 'o'\n[source.s]\nfile = 's.csv'\ndelimiter = ';'\n[source.t]\nfile = 't.csv'\n[[table]]\ninto='users'\nfrom='s'\nlegacy_id=['nr']\n[table.columns]\nemail={from='name'}\npassword_hash={value='!'}\nrole={value='STAFF'}";
        let mut mapping = Mapping::parse(text, "m").unwrap();
        mapping.folder = folder.path().to_owned();
        let mut codes = Codes::default();
        assert!(codes.add(2, "too-long") && codes.add(2, "bad-email") && !codes.add(2, "too-long"));
        let rejects = BTreeMap::from([("s".to_owned(), codes)]);
        let out = folder.path().join("rejects");
        fs::create_dir(&out).unwrap();
        fs::write(out.join("t.csv"), "of an earlier import").unwrap();
        let written = write(&mapping, &rejects, &out).unwrap();
        assert_eq!(written, [out.join("s.csv")]);
        assert!(!out.join("t.csv").exists() && out.join("t.csv~").exists());
        let text = fs::read_to_string(&written[0]).unwrap();
        assert_eq!(text, "nr,name,caredb_row,caredb_line,caredb_codes\n2,\"M\u{fc}ller,\",2,3,bad-email too-long\n");
        assert_eq!(fs::metadata(&written[0]).unwrap().permissions().mode() & 0o777, 0o600);
        // and mended, they are read, and what is still wrong comes out the same
        read_from(&mut mapping, &out);
        assert_eq!(mapping.left_out, ["t"]);
        mapping.sources.shift_remove("t");
        let mut codes = Codes::default();
        codes.add(1, "bad-email");
        let rejects = BTreeMap::from([("s".to_owned(), codes)]);
        write(&mapping, &rejects, &out).unwrap();
        let text = fs::read_to_string(&written[0]).unwrap();
        assert_eq!(text, "nr,name,caredb_row,caredb_line,caredb_codes\n2,\"M\u{fc}ller,\",1,2,bad-email\n");
    }

    #[test]
    fn formulas_are_guarded_and_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let row = "-5,=1+1,\"'@x, y\",+49 30,\"\t=z\",'t Hooft";
        fs::write(folder.path().join("s.csv"), format!("a,=b,c,d,e,f\n{row}\n")).unwrap();
        let toml = "system = 'o'\ntable = []\n[source.s]\nfile = 's.csv'";
        let mut mapping = Mapping::parse(toml, "m").unwrap();
        mapping.folder = folder.path().to_owned();
        let mut codes = Codes::default();
        codes.add(1, "required");
        let rejects = BTreeMap::from([("s".to_owned(), codes)]);
        let out = folder.path().join("rejects");
        // what is wrong still comes out the same, however often
        for _ in 0..3 {
            let written = write(&mapping, &rejects, &out).unwrap();
            let expected = "a,'=b,c,d,e,f,caredb_row,caredb_line,caredb_codes\n-5,'=1+1,\"''@x, y\",+49 30,'\t=z,'t Hooft,1,2,required\n";
            assert_eq!(fs::read_to_string(&written[0]).unwrap(), expected);
            read_from(&mut mapping, &out);
            let source = &mapping.sources["s"];
            let (mut reader, mut record) = (Reader::open(&mapping.path(source), source).unwrap(), Record::new());
            assert!(reader.read(&mut record).unwrap() && reader.header()[1] == "=b");
            let fields: Vec<&str> = (0..6).filter_map(|column| record.field(column)).collect();
            assert_eq!(fields, ["-5", "=1+1", "'@x, y", "+49 30", "\t=z", "'t Hooft"]);
        }
    }

    #[test]
    fn null_comes_back_as_null_and_an_empty_text_as_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (json, exported) = ("{\"a\": 1, \"b\": null, \"c\": \"\"}\n", "a,b,c\n1,\\N,\n");
        // the words of the mapping; those of a manifest or a live source; the file; the rejects; b and c, read from them
        for (file, text, said, more, expected, b, c) in [
            ("s.ndjson", json, "null = []", None, "1,\\N,", None, Some("")),
            ("s.ndjson", json, "", None, "1,,", None, None),
            ("s.ndjson", json, "null = ['-']", None, "1,-,", None, Some("")),
            ("s.csv", exported, "null = []", Some(NULL_WORD), "1,\\N,", None, Some("")),
            ("s.csv", exported, "", Some(NULL_WORD), "1,,", None, None),
            ("s.csv", exported, "null = ['-']", Some(NULL_WORD), "1,-,", None, Some("")),
            ("s.csv", exported, "", None, "1,\\N,", Some("\\N"), None),
        ] {
            fs::write(folder.path().join(file), text).unwrap();
            let toml = format!("system = 'o'\ntable = []\n[source.s]\nfile = '{file}'\n{said}");
            let case = format!("{file} {said} {more:?}");
            let mapping = || {
                let mut mapping = Mapping::parse(&toml, "m").unwrap();
                mapping.folder = folder.path().to_owned();
                mapping
            };
            let mut codes = Codes::default();
            codes.add(1, "required");
            let rejects = BTreeMap::from([("s".to_owned(), codes)]);
            let out = folder.path().join("rejects");
            let rejected = |mapping: &Mapping| {
                let written = write(mapping, &rejects, &out).unwrap();
                let text = fs::read_to_string(&written[0]).unwrap();
                let row = text.lines().nth(1).unwrap().to_owned();
                row.split_once(",1,").map(|(row, _)| row.to_owned()).unwrap()
            };
            let mut first = mapping();
            first.sources["s"].null.extend(more.map(str::to_owned));
            assert_eq!(rejected(&first), expected, "{case}");
            // what is wrong still once it is mended comes out the same, and is read the same
            for _ in 0..2 {
                let mut mended = mapping();
                read_from(&mut mended, &out);
                let source = &mended.sources["s"];
                let (mut reader, mut record) = (Reader::open(&mended.path(source), source).unwrap(), Record::new());
                assert!(reader.read(&mut record).unwrap());
                assert_eq!((record.field(0), record.field(1), record.field(2)), (Some("1"), b, c), "{case}");
                assert_eq!(rejected(&mended), expected, "{case}");
            }
        }
    }
}
