//! `import check` on files as nobody should write them: each gives a coded finding or one clear error, and is read as it stands or
//! not at all.

use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Killed, command, wait_for};

/// A file, and what its mapping says of it.
struct Case {
    /// What is hostile in it.
    name: &'static str,
    /// Its name.
    file: &'static str,
    /// Makes it at this path.
    make: Box<dyn Fn(&Path)>,
    /// More of its `[source]`.
    source: &'static str,
    /// What is made of its column `v`: a name, by default.
    rule: String,
}

fn case(name: &'static str, file: &'static str, make: Box<dyn Fn(&Path)>) -> Case {
    Case { name, file, make, source: "", rule: "first_name = { from = 'v' }".to_owned() }
}

impl Case {
    fn source(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    fn rule(self, rule: impl Into<String>) -> Self {
        Self { rule: rule.into(), ..self }
    }
}

/// A file of these bytes.
fn of(bytes: impl AsRef<[u8]> + 'static) -> Box<dyn Fn(&Path)> {
    Box::new(move |path| std::fs::write(path, bytes.as_ref()).unwrap())
}

/// A file with one row, with these bytes in the column `v`.
fn one(value: impl AsRef<[u8]>) -> Box<dyn Fn(&Path)> {
    of([b"nr,v\n1,", value.as_ref(), b"\n"].concat())
}

const DAY: &str = "license_expiry = { from = 'v' }";
const YEARS: &str = "experience_years = { from = 'v' }";
const FEE: &str = "consultation_fee = { from = 'v' }";
const JSON: &str = "languages = { from = 'v' }";

/// Accepts this text alone: the row is accepted where it is read as exactly that.
fn exactly(text: &str) -> String {
    format!("first_name = {{ from = 'v', words = {{ {} = 'yes' }} }}", serde_json::Value::from(text))
}

/// A date by these formats.
fn day(formats: &str) -> String {
    format!("license_expiry = {{ from = 'v', format = [{formats}] }}")
}

/// All that a doctor must have; a case's rule takes the place of one.
const RULES: [(&str, &str); 11] = [
    ("user_id", "{ from = 'nr' }"),
    ("license_number", "{ from = 'nr' }"),
    ("first_name", "{ value = 'x' }"),
    ("last_name", "{ value = 'x' }"),
    ("specialization", "{ value = 'x' }"),
    ("qualification", "{ value = 'x' }"),
    ("experience_years", "{ value = '1' }"),
    ("license_expiry", "{ value = '2030-01-01' }"),
    ("consultation_fee", "{ value = '1' }"),
    ("languages", "{ value = '[]' }"),
    ("education", "{ value = '[]' }"),
];

fn mapping(case: &Case) -> String {
    let (column, _) = case.rule.split_once(' ').unwrap();
    let rules = RULES.iter().filter(|(name, _)| *name != column).map(|(name, rule)| format!("{name} = {rule}\n"));
    format!(
        "system = 'old'\n[source.s]\nfile = '{}'\n{}\n[[table]]\ninto = 'doctor_profiles'\nname = 't'\nfrom = 's'\nlegacy_id = ['nr']\n\
         [table.columns]\n{}{}\n",
        case.file,
        case.source,
        rules.collect::<String>(),
        case.rule
    )
}

/// Runs the check in a folder with a mapping file. It must end by itself and write nothing that a terminal takes for more than text.
fn check(folder: &Path) -> String {
    let name = |stream: &str| folder.join(stream);
    let mut command = command(folder);
    command.args(["import", "check", "mapping.toml", "--show-values"]);
    command.stdout(std::fs::File::create(name("stdout")).unwrap());
    command.stderr(std::fs::File::create(name("stderr")).unwrap());
    let mut child = Killed(command.spawn().unwrap());
    let mut status = None;
    wait_for("the check to end", || {
        status = child.0.try_wait().unwrap();
        status.is_some()
    });
    let [stdout, stderr] = ["stdout", "stderr"].map(|stream| std::fs::read_to_string(name(stream)).unwrap());
    let hidden =
        |letter: char| letter != '\n' && (letter.is_control() || "\u{202e}\u{2066}\u{200b}\u{feff}".contains(letter));
    assert!(!stdout.contains(hidden) && !stderr.contains(hidden), "{stdout:?} {stderr:?}");
    // the findings, or else the numbers of rows; blanks between columns depend on the longest
    let parts: Vec<&str> = stdout.trim_end().split("\n\n").collect();
    let lines = match parts[..] {
        [_, findings, _] => findings.lines().skip(1).collect(),
        [numbers, _] => vec![numbers.lines().nth(1).unwrap()],
        _ => stderr.lines().collect::<Vec<_>>(),
    };
    let blanks = regex::Regex::new(" {2,}").unwrap();
    let told = lines.iter().map(|line| blanks.replace_all(line, " ").into_owned()).collect::<Vec<_>>().join("; ");
    format!("{} {told}", status.unwrap().code().unwrap())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn hostile_files_are_refused_or_read_as_they_stand() {
    let told = cases().into_iter().map(|case| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("caredb.toml"), "").unwrap();
        std::fs::write(folder.path().join("mapping.toml"), mapping(&case)).unwrap();
        (case.make)(&folder.path().join(case.file));
        format!("{}: {}", case.name, check(folder.path()))
    });
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    nothing in it: 2 error: `a.csv`: the file is empty; export it again
    a byte order mark alone: 2 error: `a.csv`: the file is empty; export it again
    blank lines alone: 2 error: `a.csv`: there is no header row; add one, or say `header = false` and `columns`
    a header alone: 0 t 0 0 0 0
    zeros, as after a crash: 2 error: `a.csv` line 1: the header has `nul-byte` in column 1: the field has a NUL character; take it out
    a field of 10 MB: 1 field-too-long s v 1 line 2
    a row of 20 MB: 1 field-too-long s 1 line 2
    a value too long for its column: 1 too-long t.first_name 1 line 2 `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`
    a header of 2 MB: 2 error: `a.csv` line 1: the header has `field-too-long` in column 2: the field is longer than 1 MiB; shorten it
    5,000 columns: 2 error: `a.csv`: the file has 5001 columns, and 4096 are the most; check the delimiter
    no header: 2 error: `[[table]]` `t`: source `s` has no column `nr`; it has 2 columns that this mapping does not name; look at its header and its delimiter
    a header twice: 2 error: `a.csv`: columns 2 and 3 have one name; rename one of them
    a column without a name: 2 error: `a.csv`: column 2 has no name; give it one
    a comma behind each row: 2 error: `a.csv`: column 3 has no name; give it one
    a comma behind the rows but not the header: 1 ragged-row s 1 line 2
    a NUL in the header: 2 error: `a.csv` line 1: the header has `nul-byte` in column 2: the field has a NUL character; take it out
    an escape sequence in the header: 2 error: `[[table]]` `t`: source `s` has no column `v`; it has `nr`, `?[31mv`
    a quote without its end: 2 error: `a.csv` line 3: a quote of the row that begins here is never closed; close it, or say `quote = ""` where quotes mean nothing
    a quote in a field: 1 stray-quote s v 1 line 2
    text behind a closing quote: 1 stray-quote s v 1 line 2
    quotes that are no CSV's: 1 ragged-row s 1 line 2
    a field too few: 1 ragged-row s 1 line 2
    a delimiter in a field: 1 ragged-row s 1 line 2
    another delimiter: 2 error: `[[table]]` `t`: source `s` has no column `nr`; it has 1 column that this mapping does not name; look at its header and its delimiter
    a delimiter that is a quote: 2 error: `a.csv`: `delimiter`, `quote` and `escape` are three different characters; quotes are doubled where `escape` is left out
    a line end in quotes: 0 t 1 1 0 0
    lines that end by CR: 0 t 1 1 0 0
    lines that end this way and that: 1 stray-return s 2 line 2, line 3
    an escape of nothing: 1 bad-escape s v 1 line 2
    line separators of Unicode: 0 t 1 1 0 0
    a byte order mark: 0 t 1 1 0 0
    two byte order marks: 2 error: `[[table]]` `t`: source `s` has no column `nr`; it has `?nr`, `v`
    UTF-16 with its mark: 2 error: `a.csv`: the file is UTF-8 where no `encoding` is declared, but it is UTF-16LE by its byte order mark; write `encoding = "utf-16le"`
    UTF-16 without a mark: 2 error: `a.csv`: the file is UTF-8 where no `encoding` is declared, but it looks like UTF-16; write `encoding = "utf-16le"`
    UTF-16 declared: 0 t 1 1 0 0
    UTF-16 of the other order: 2 error: `a.csv`: the file is declared as `utf-16be`, but its bytes are in the other order; swap `utf-16le` and `utf-16be`
    half a character of UTF-16: 1 bad-encoding s v 1 line 2
    UTF-32: 2 error: `a.csv`: the file is UTF-8 where no `encoding` is declared, but it is UTF-32 by its byte order mark; convert it to UTF-8
    Latin-1 that is not declared: 1 bad-encoding s v 1 line 2
    UTF-8 declared as Latin-1: 2 error: `a.csv`: the file is declared as `latin1`, but its text is UTF-8; write `encoding = "utf-8"`
    one character of it: 2 error: `a.csv`: the file is declared as `latin1`, but its text is UTF-8; write `encoding = "utf-8"`
    one, far behind: 2 error: `a.csv`: the file is declared as `windows-1252`, but its text is UTF-8; write `encoding = "utf-8"`
    an encoding that nobody knows: 2 error: `a.csv`: there is no encoding `klingon`; write `utf-8`, `windows-1252`, `utf-16le` or another of the WHATWG's
    bytes that are no UTF-8: 1 bad-encoding s v 1 line 2
    a slash in two bytes: 1 bad-encoding s v 1 line 2
    a surrogate in UTF-8: 1 bad-encoding s v 1 line 2
    beyond Unicode: 1 bad-encoding s v 1 line 2
    a character cut short by the file's end: 1 bad-encoding s v 1 line 2
    a NUL: 1 nul-byte s v 1 line 2
    a formula as text: 0 t 1 1 0 0
    a formula as a number: 1 bad-number t.experience_years 1 line 2 `=1+1`
    a day of zeros: 1 no-such-date t.license_expiry 1 line 2 `0000-00-00`
    30 February: 1 no-such-date t.license_expiry 1 line 2 `2026-02-30`
    a year of 5 digits: 1 bad-date t.license_expiry 1 line 2 `12026-01-01`
    a year of 5 digits by a format: 1 out-of-range t.license_expiry 1 line 2 `01.01.+12026`
    a year of 2 digits: 1 out-of-range t.license_expiry 1 line 2 `24.11.26`
    a day that two formats read: 1 ambiguous-date t.license_expiry 1 line 2 `05/06/2026`
    −1 years: 1 out-of-range t.experience_years 1 line 2 `-1`
    a minus of typesetters: 1 bad-number t.experience_years 1 line 2 `−1`
    a number with an exponent: 1 bad-number t.experience_years 1 line 2 `1E+3`
    digits of other scripts: 1 bad-number t.experience_years 1 line 2 `١２`
    a space that does not break: 1 bad-number t.experience_years 1 line 2 ` 5`
    a huge number: 1 out-of-range t.consultation_fee 1 line 2 `9999999999999999999999999999999999999999…`
    no number: 1 bad-number t.consultation_fee 1 line 2 `NaN`
    an infinite number: 1 bad-number t.consultation_fee 1 line 2 `-Infinity`
    more decimals than there is room: 1 too-precise t.consultation_fee 1 line 2 `12.505`
    points between thousands: 1 bad-number t.consultation_fee 1 line 2 `1,234.50`
    ids that Excel has rounded: 1 duplicate-id t 1 line 3
    an id of nothing: 1 no-legacy-id t 1 line 2; required t.license_number 1 line 2; required t.user_id 1 line 2
    sequences for a terminal: 1 bad-number t.experience_years 1 line 2 `?[2J?]0;x??1m`
    text that runs backwards: 1 bad-number t.experience_years 1 line 2 `1?2?3?`
    a key twice in a value: 1 duplicate-key t.languages 1 line 2 `{"a":1,"a":2}`
    a number that JSON does not keep: 1 too-precise t.languages 1 line 2 `[0.12345678901234567890]`
    a whole number that JSON does not keep: 1 too-precise t.languages 1 line 2 `[12345678901234567890123]`
    an infinite number in a value: 1 bad-json-value t.languages 1 line 2 `[1e999]`
    a value of 10,000 levels: 1 bad-json-value t.languages 1 line 2 `[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…`
    an array around all: 2 error: `a.ndjson`: no line of the first 1,000 is a JSON object with keys; write one object a line, without brackets around them
    an object on several lines: 2 error: `a.ndjson`: no line of the first 1,000 is a JSON object with keys; write one object a line, without brackets around them
    10,000 levels: 1 nested-too-deep s 1 line 2
    a key twice: 1 duplicate-key s 1 line 1
    a key twice, once escaped: 1 duplicate-key s 1 line 1
    a key that comes late: 1 unknown-key s 1 line 1001
    half a pair of surrogates: 1 bad-json s 1 line 1
    a pair of surrogates: 0 t 1 1 0 0
    NaN: 1 bad-json s 1 line 1
    1e999: 1 bad-json s 1 line 1
    a number of 30 digits: 0 t 1 1 0 0
    a comma behind the last value: 1 bad-json s 1 line 1
    a NUL in JSON: 1 nul-byte s v 1 line 1
    a sequence for a terminal in a key: 1 nul-byte s ?[31mv 1 line 1
    no workbook: 2 error: `a.xlsx`: the file is no XLSX workbook, is damaged or encrypted; save it as XLSX without a password
    a zip file of something else: 2 error: `a.xlsx`: its part `xl/workbook.xml` is missing, so it is no XLSX workbook; save it as XLSX
    half a workbook: 2 error: `a.xlsx`: the file is no XLSX workbook, is damaged or encrypted; save it as XLSX without a password
    merged cells: 2 error: `a.xlsx`: the sheet has merged cells at `A2:B2`, so it is not known which rows their value is of; unmerge them
    a formula with its value: 0 t 1 1 0 0
    a formula without: 1 bad-cell s v 1 line 2
    a number that Excel has rounded: 1 bad-cell s v 1 line 2
    a cell that shows an error: 1 bad-cell s v 1 line 2
    entities of entities: 2 error: `a.xlsx`: its part `xl/a.xml` is malformed; save the workbook again
    a workbook called CSV: 2 error: `a.csv`: the file is no text but ZIP or XLSX; unpack it, or say `format = "xlsx"`
    gzip cut short: 2 error: `a.csv.gz`: the gzip file ends too early; copy it again
    zstd cut short: 2 error: `a.csv.zst`: the Zstandard file ends too early; copy it again
    no gzip: 2 error: `a.csv.gz`: this is no gzip file, is damaged, or has something behind its end; copy it again, or take `.gz` off its name
    no zstd: 2 error: `a.csv.zst`: this is no Zstandard file, is damaged, or has something behind its end; copy it again, or take `.zst` off its name
    gzip in gzip: 2 error: `a.csv.gz`: the file is no text but packed twice; unpack it once
    gzip that does not say so: 2 error: `a.csv`: the file is no text but gzip; end its name with `.gz`
    40 MB in 40 KB: 1 field-too-long s 1 line 2
    a file that is not there: 2 error: `a.csv`: there is no such file; correct `file` of the source
    a folder: 2 error: `a.csv`: the path is no regular file; name a file
    a link to itself: 2 error: `a.csv`: too many levels of symbolic links (os error 40); look at the file, then run again
    a pipe that nobody writes to: 2 error: `a.csv`: the path is no regular file; name a file
    a device without end: 2 error: `/dev/zero`: the path is no regular file; name a file
    a file of no kind: 2 error: `a.dat`: the name does not say what kind of file it is; add `format`: `csv`, `tsv`, `ndjson` or `xlsx`
    "#);
}

/// Somebody appends rows for as long as the check runs.
#[test]
fn a_file_that_grows_while_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let case = case("a file that grows", "a.csv", one("x"));
    std::fs::write(folder.path().join("caredb.toml"), "").unwrap();
    std::fs::write(folder.path().join("mapping.toml"), mapping(&case)).unwrap();
    let path = folder.path().join("a.csv");
    let rows: String = (0..20_000).map(|row| format!("{row},{}\n", "x".repeat(100))).collect();
    std::fs::write(&path, format!("nr,v\n{rows}")).unwrap();
    let ended = AtomicBool::new(false);
    let told = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            // no more than that, should the check fail
            for _ in (0..1_000_000).take_while(|_| !ended.load(Ordering::Relaxed)) {
                file.write_all(b"x,y\n").unwrap();
            }
        });
        let told = check(folder.path());
        ended.store(true, Ordering::Relaxed);
        told
    });
    assert_eq!(
        told,
        "2 error: `a.csv`: the file was written to while it was read; wait for its writer, then run again"
    );
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// All but the end of a file.
fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() - 9].to_vec()
}

const KINDS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook whose sheet has the header `nr`, `v`, then these cells in a row, and this behind the rows.
fn workbook(cells: &str, behind: &str) -> Vec<u8> {
    let text = |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let parts = [
        (
            "xl/workbook.xml",
            format!("<workbook xmlns:r=\"{KINDS}\"><sheets><sheet name=\"a\" r:id=\"r\"/></sheets></workbook>"),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships><Relationship Id=\"r\" Type=\"{KINDS}/worksheet\" Target=\"a.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/a.xml",
            format!(
                "<worksheet><sheetData><row>{}{}</row><row><c r=\"A2\"><v>1</v></c>{cells}</row></sheetData>{behind}</worksheet>",
                text("A1", "nr"),
                text("B1", "v"),
            ),
        ),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A zip file that is no workbook.
fn archive() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("a.txt", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// A value in so many objects.
fn deep(levels: usize) -> String {
    format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels))
}

fn fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    let wide: String = (0..5000).map(|column| format!("c{column},")).collect();
    vec![
        // ---- nothing, too little, too much --------------------------------------------------------------------------------
        case("nothing in it", "a.csv", of("")),
        case("a byte order mark alone", "a.csv", of("\u{feff}")),
        case("blank lines alone", "a.csv", of("\n\r\n\n")),
        case("a header alone", "a.csv", of("nr,v\n")),
        case("zeros, as after a crash", "a.csv", of([0; 4096])),
        case("a field of 10 MB", "a.csv", one("x".repeat(10_000_000))),
        case("a row of 20 MB", "a.csv", one("x".repeat(20_000_000))),
        case("a value too long for its column", "a.csv", one("x".repeat(101))),
        case("a header of 2 MB", "a.csv", of(format!("nr,{}\n1,x\n", "v".repeat(2_000_000)))),
        case("5,000 columns", "a.csv", of(format!("{wide}v\n1,2\n"))),
        // ---- headers ------------------------------------------------------------------------------------------------------
        case("no header", "a.csv", of("1,x\n2,y\n")),
        case("a header twice", "a.csv", of("nr,v,v\n1,x,y\n")),
        case("a column without a name", "a.csv", of("nr,,v\n1,x,y\n")),
        case("a comma behind each row", "a.csv", of("nr,v,\n1,x,\n")),
        case("a comma behind the rows but not the header", "a.csv", of("nr,v\n1,x,\n")),
        case("a NUL in the header", "a.csv", of("nr,v\0\n1,x\n")),
        case("an escape sequence in the header", "a.csv", of("nr,\x1b[31mv\n1,x\n")),
        // ---- quotes, delimiters, lines -------------------------------------------------------------------------------------
        case("a quote without its end", "a.csv", of("nr,v\n1,x\n2,\"y\n3,z\n")),
        case("a quote in a field", "a.csv", one("6\" tall")),
        case("text behind a closing quote", "a.csv", one("\"x\"y")),
        case("quotes that are no CSV's", "a.csv", one("'x,y'")),
        case("a field too few", "a.csv", of("nr,v\n1\n2,x\n")),
        case("a delimiter in a field", "a.csv", one("Roe, Jane")),
        case("another delimiter", "a.csv", of("nr;v\n1;x\n")),
        case("a delimiter that is a quote", "a.csv", one("x")).source("delimiter = '\"'"),
        case("a line end in quotes", "a.csv", one("\"a\r\nb\"")).rule(exactly("a\r\nb")),
        case("lines that end by CR", "a.csv", of("nr,v\r1,x\r")).rule(exactly("x")),
        case("lines that end this way and that", "a.csv", of("nr,v\n1,x\r2,y\n")),
        case("an escape of nothing", "a.csv", one("\"a\\nb\"")).source("escape = '\\'"),
        case("line separators of Unicode", "a.csv", one("a\u{2028}b\u{85}c")).rule(exactly("a\u{2028}b\u{85}c")),
        // ---- encodings ----------------------------------------------------------------------------------------------------
        case("a byte order mark", "a.csv", of("\u{feff}nr,v\n1,é\n")).rule(exactly("é")),
        case("two byte order marks", "a.csv", of("\u{feff}\u{feff}nr,v\n1,x\n")),
        case("UTF-16 with its mark", "a.csv", of([vec![0xff, 0xfe], utf16("nr,v\n1,x\n")].concat())),
        case("UTF-16 without a mark", "a.csv", of(utf16("nr,v\n1,x\n"))),
        case("UTF-16 declared", "a.csv", of(utf16("nr,v\n1,é\n"))).source("encoding = 'utf-16le'").rule(exactly("é")),
        case("UTF-16 of the other order", "a.csv", of(utf16("nr,v\n1,x\n"))).source("encoding = 'utf-16be'"),
        case("half a character of UTF-16", "a.csv", of([utf16("nr,v\n1,x"), vec![0x41]].concat()))
            .source("encoding = 'utf-16le'"),
        case("UTF-32", "a.csv", of(b"\xff\xfe\0\0n\0\0\0r\0\0\0")),
        case("Latin-1 that is not declared", "a.csv", one(b"M\xfcller")),
        case("UTF-8 declared as Latin-1", "a.csv", one("Zoë Müßig")).source("encoding = 'latin1'"),
        case("one character of it", "a.csv", one("Müller")).source("encoding = 'latin1'"),
        case("one, far behind", "a.csv", of(format!("nr,v\n{}1,Müller\n", "1,x\n".repeat(50_000))))
            .source("encoding = 'windows-1252'"),
        case("an encoding that nobody knows", "a.csv", one("x")).source("encoding = 'klingon'"),
        case("bytes that are no UTF-8", "a.csv", one(b"a\xffb")),
        case("a slash in two bytes", "a.csv", one(b"\xc0\xaf")),
        case("a surrogate in UTF-8", "a.csv", one(b"\xed\xa0\x80")),
        case("beyond Unicode", "a.csv", one(b"\xf4\x90\x80\x80")),
        case("a character cut short by the file's end", "a.csv", of(b"nr,v\n1,\xc3")),
        case("a NUL", "a.csv", one("a\0b")),
        // ---- values -------------------------------------------------------------------------------------------------------
        case("a formula as text", "a.csv", one("=1+1")).rule(exactly("=1+1")),
        case("a formula as a number", "a.csv", one("=1+1")).rule(YEARS),
        case("a day of zeros", "a.csv", one("0000-00-00")).rule(DAY),
        case("30 February", "a.csv", one("2026-02-30")).rule(DAY),
        case("a year of 5 digits", "a.csv", one("12026-01-01")).rule(DAY),
        case("a year of 5 digits by a format", "a.csv", one("01.01.+12026")).rule(day("'%d.%m.%Y'")),
        case("a year of 2 digits", "a.csv", one("24.11.26")).rule(day("'%d.%m.%Y'")),
        case("a day that two formats read", "a.csv", one("05/06/2026")).rule(day("'%d/%m/%Y', '%m/%d/%Y'")),
        case("−1 years", "a.csv", one("-1")).rule(YEARS),
        case("a minus of typesetters", "a.csv", one("\u{2212}1")).rule(YEARS),
        case("a number with an exponent", "a.csv", one("1E+3")).rule(YEARS),
        case("digits of other scripts", "a.csv", one("\u{661}\u{ff12}")).rule(YEARS),
        case("a space that does not break", "a.csv", one("\u{a0}5")).rule(YEARS),
        case("a huge number", "a.csv", one("9".repeat(400))).rule(FEE),
        case("no number", "a.csv", one("NaN")).rule(FEE),
        case("an infinite number", "a.csv", one("-Infinity")).rule(FEE),
        case("more decimals than there is room", "a.csv", one("12.505")).rule(FEE),
        case("points between thousands", "a.csv", one("\"1,234.50\"")).rule(FEE),
        case("ids that Excel has rounded", "a.csv", of("nr,v\n1.23457E+12,x\n1.23457E+12,y\n")),
        case("an id of nothing", "a.csv", of("nr,v\n,x\n")),
        case("sequences for a terminal", "a.csv", one("\x1b[2J\x1b]0;x\x07\u{9b}1m")).rule(YEARS),
        case("text that runs backwards", "a.csv", one("1\u{202e}2\u{2066}3\u{200b}")).rule(YEARS),
        case("a key twice in a value", "a.csv", one("\"{\"\"a\"\":1,\"\"a\"\":2}\"")).rule(JSON),
        case("a number that JSON does not keep", "a.csv", one("[0.12345678901234567890]")).rule(JSON),
        case("a whole number that JSON does not keep", "a.csv", one("[12345678901234567890123]")).rule(JSON),
        case("an infinite number in a value", "a.csv", one("[1e999]")).rule(JSON),
        case("a value of 10,000 levels", "a.csv", one("[".repeat(10_000) + &"]".repeat(10_000))).rule(JSON),
        // ---- JSON ---------------------------------------------------------------------------------------------------------
        case("an array around all", "a.ndjson", of("[{\"nr\":1,\"v\":2},\n{\"nr\":2,\"v\":3}]\n")),
        case("an object on several lines", "a.ndjson", of("{\n\"nr\": 1,\n\"v\": 2\n}\n")),
        case("10,000 levels", "a.ndjson", of(format!("{{\"nr\":1,\"v\":2}}\n{{\"nr\":2,\"v\":{}}}\n", deep(10_000)))),
        case("a key twice", "a.ndjson", of("{\"nr\":1,\"v\":2,\"v\":3}\n{\"nr\":1,\"v\":2}\n")),
        case("a key twice, once escaped", "a.ndjson", of("{\"nr\":1,\"v\":2,\"\\u0076\":3}\n{\"nr\":1,\"v\":2}\n")),
        case(
            "a key that comes late",
            "a.ndjson",
            of((0..1000).map(|nr| format!("{{\"nr\":{nr},\"v\":2}}\n")).collect::<String>()
                + "{\"nr\":1000,\"w\":3}\n"),
        ),
        case("half a pair of surrogates", "a.ndjson", of("{\"nr\":1,\"v\":\"\\ud800\"}\n{\"nr\":1,\"v\":2}\n")),
        case("a pair of surrogates", "a.ndjson", of("{\"nr\":1,\"v\":\"\\ud83d\\ude00\"}\n"))
            .rule(exactly("\u{1f600}")),
        case("NaN", "a.ndjson", of("{\"nr\":1,\"v\":NaN}\n{\"nr\":1,\"v\":2}\n")),
        case("1e999", "a.ndjson", of("{\"nr\":1,\"v\":1e999}\n{\"nr\":2,\"v\":2}\n")).rule(FEE),
        case("a number of 30 digits", "a.ndjson", of("{\"nr\":1,\"v\":123456789012345678901234567890}\n"))
            .rule(exactly("123456789012345678901234567890")),
        case("a comma behind the last value", "a.ndjson", of("{\"nr\":1,\"v\":2,}\n{\"nr\":1,\"v\":2}\n")),
        case("a NUL in JSON", "a.ndjson", of("{\"nr\":1,\"v\":\"a\\u0000b\"}\n")),
        case("a sequence for a terminal in a key", "a.ndjson", of("{\"nr\":1,\"\\u001b[31mv\":\"\\u0000\",\"v\":2}\n")),
        // ---- XLSX ---------------------------------------------------------------------------------------------------------
        case("no workbook", "a.xlsx", of("nr,v\n1,x\n")),
        case("a zip file of something else", "a.xlsx", of(archive())),
        case("half a workbook", "a.xlsx", of(cut(&workbook("", "")))),
        case(
            "merged cells",
            "a.xlsx",
            of(workbook("<c r=\"B2\"><v>1</v></c>", "<mergeCells><mergeCell ref=\"A2:B2\"/></mergeCells>")),
        ),
        case("a formula with its value", "a.xlsx", of(workbook("<c r=\"B2\"><f>1+1</f><v>2</v></c>", "")))
            .rule(exactly("2")),
        case("a formula without", "a.xlsx", of(workbook("<c r=\"B2\"><f>1+1</f></c>", ""))),
        case(
            "a number that Excel has rounded",
            "a.xlsx",
            of(workbook("<c r=\"B2\"><v>1.2345678901234599E+17</v></c>", "")),
        ),
        case("a cell that shows an error", "a.xlsx", of(workbook("<c r=\"B2\" t=\"e\"><v>#REF!</v></c>", ""))),
        case(
            "entities of entities",
            "a.xlsx",
            of(workbook("<c r=\"B2\" t=\"inlineStr\"><is><t>&lol;</t></is></c>", "")),
        ),
        case("a workbook called CSV", "a.csv", of(workbook("", ""))),
        // ---- compressed ---------------------------------------------------------------------------------------------------
        case("gzip cut short", "a.csv.gz", of(cut(&gzip(&"nr,v\n1,x\n".repeat(9000).into_bytes())))),
        case("zstd cut short", "a.csv.zst", of(cut(&zstd::encode_all(&b"nr,v\n1,x\n"[..], 1).unwrap()))),
        case("no gzip", "a.csv.gz", of("nr,v\n1,x\n")),
        case("no zstd", "a.csv.zst", of("nr,v\n1,x\n")),
        case("gzip in gzip", "a.csv.gz", of(gzip(&gzip(b"nr,v\n1,x\n")))),
        case("gzip that does not say so", "a.csv", of(gzip(b"nr,v\n1,x\n"))),
        case("40 MB in 40 KB", "a.csv.gz", of(gzip(&[&b"nr,v\n1,"[..], &vec![b'x'; 40_000_000]].concat()))),
        // ---- no files -----------------------------------------------------------------------------------------------------
        case("a file that is not there", "a.csv", Box::new(|_| ())),
        case("a folder", "a.csv", Box::new(|path| std::fs::create_dir(path).unwrap())),
        case("a link to itself", "a.csv", Box::new(|path| std::os::unix::fs::symlink("a.csv", path).unwrap())),
        case("a pipe that nobody writes to", "a.csv", Box::new(fifo)),
        case("a device without end", "/dev/zero", Box::new(|_| ())).source("format = 'csv'"),
        case("a file of no kind", "a.dat", one("x")),
    ]
}
