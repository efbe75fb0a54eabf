use std::io::Write as _;

use encoding_rs::{UTF_16BE, UTF_16LE};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{fails, file, plain, reads, rows};
use crate::import::read::{Reader, Record};
use crate::import::source::Source;

fn encoding(label: &str) -> Source {
    Source { encoding: Some(label.to_owned()), ..plain() }
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let bytes = if little { u16::to_le_bytes } else { u16::to_be_bytes };
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn encodings_are_decoded() {
    let expected = ["a|b", "1:2 Müller|€"];
    for label in ["windows-1252", "latin-1", "Latin1", "cp1252"] {
        reads("a.csv", b"a,b\nM\xfcller,\x80\n", &encoding(label), &expected);
    }
    reads("a.csv", "a,b\nMüller,€\n", &encoding("utf8"), &expected);
    reads("a.csv", b"a,b\n\"\x82\xa0\",\x8e\x5c\n", &encoding("shift_jis"), &["a|b", "1:2 あ|蚕"]);
    let text = "a,b\r\nMüller,€\r\n";
    for (little, label, mark) in [(true, "utf-16le", b"\xff\xfe"), (false, "utf-16be", b"\xfe\xff")] {
        assert!([UTF_16LE, UTF_16BE].iter().any(|encoding| encoding.name().eq_ignore_ascii_case(label)));
        reads("a.csv", utf16(text, little), &encoding(label), &expected);
        reads("a.csv", [&mark[..], &utf16(text, little)].concat(), &encoding(label), &expected);
        reads("a.csv", [&mark[..], &utf16(text, little)].concat(), &encoding("utf-16"), &expected);
    }
}

#[test]
fn a_wrong_encoding_is_refused() {
    let text = "name,city,year\nMarta,Berlin,1980\n";
    let le = [&b"\xff\xfe"[..], &utf16(text, true)].concat();
    for (bytes, label, message) in [
        (
            le.clone(),
            None,
            "UTF-8 where no `encoding` is declared, but it is UTF-16LE by its byte order mark; write `encoding = \"utf-16le\"`",
        ),
        (
            utf16(text, true),
            None,
            "UTF-8 where no `encoding` is declared, but it looks like UTF-16; write `encoding = \"utf-16le\"`",
        ),
        (
            utf16(text, false),
            Some("latin1"),
            "declared as `latin1`, but it looks like UTF-16; write `encoding = \"utf-16be\"`",
        ),
        (
            utf16(text, false),
            Some("utf-16le"),
            "declared as `utf-16le`, but its bytes are in the other order; swap `utf-16le` and `utf-16be`",
        ),
        (
            le,
            Some("utf-16be"),
            "declared as `utf-16be`, but it is UTF-16LE by its byte order mark; write `encoding = \"utf-16le\"`",
        ),
        (text.into(), Some("utf-16le"), "declared as `utf-16le`, but it is no UTF-16; write `encoding = \"utf-8\"`"),
        (
            format!("\u{feff}{text}").into(),
            Some("windows-1252"),
            "declared as `windows-1252`, but it is UTF-8 by its byte order mark; write `encoding = \"utf-8\"`",
        ),
        (
            "name\nMüller\nJörg\nRené\n".into(),
            Some("latin-1"),
            "declared as `latin-1`, but its text is UTF-8; write `encoding = \"utf-8\"`",
        ),
        (
            b"\xff\xfe\0\0a\0\0\0".into(),
            None,
            "UTF-8 where no `encoding` is declared, but it is UTF-32 by its byte order mark; convert it to UTF-8",
        ),
    ] {
        let source = Source { encoding: label.map(str::to_owned), ..plain() };
        fails("a.csv", bytes, &source, "wrong-encoding", &format!("`a.csv`: the file is {message}"));
    }
    for label in ["utf-7", "replacement", "x-user-defined", "hz-gb-2312"] {
        let message = format!(
            "`a.csv`: there is no encoding `{label}`; write `utf-8`, `windows-1252`, `utf-16le` or another of the WHATWG's"
        );
        fails("a.csv", "a\n", &encoding(label), "unknown-encoding", &message);
    }
}

/// Wherever the first letter stands, also between two pieces of the file.
#[test]
fn utf_8_that_is_declared_as_another_encoding_is_refused_at_its_end() {
    let message = "`a.csv`: the file is declared as `latin1`, but its text is UTF-8; write `encoding = \"utf-8\"`";
    for length in (1 << 16) - 3..(1 << 16) + 3 {
        let text = format!("a\n{}é\n", "x".repeat(length));
        fails("a.csv", &text, &encoding("latin1"), "wrong-encoding", message);
        // one letter that is none in UTF-8, and the file may be what it is declared as
        let mixed = [text.as_bytes(), b"M\xfcller\n"].concat();
        assert_eq!(rows("a.csv", mixed, &encoding("latin1")).unwrap()[2], "2:3 Müller");
        assert!(rows("a.csv", [text.as_bytes(), b"\xc3"].concat(), &encoding("latin1")).is_ok());
    }
}

#[test]
fn what_is_no_text_rejects_its_row_alone() {
    reads("a.csv", b"a,b\nM\xfcller,1\nx,2\n", &plain(), &["a|b", "1:2 -|1 !bad-encoding@0", "2:3 x|2"]);
    // `windows-1252` has no 0x81, though the standard makes a control character of it
    reads("a.csv", b"a,b\nx\x81,1\ny,2\n", &encoding("latin1"), &["a|b", "1:2 -|1 !bad-encoding@0", "2:3 y|2"]);
    reads("a.csv", b"a,b\n\x82,1\ny,2\n", &encoding("shift_jis"), &["a|b", "1:2 -|1 !bad-encoding@0", "2:3 y|2"]);
    let torn = [utf16("a,b\nx", true), vec![0, 0xd8], utf16(",1\ny,2\n", true)].concat();
    reads("a.csv", torn, &encoding("utf-16le"), &["a|b", "1:2 -|1 !bad-encoding@0", "2:3 y|2"]);
    let odd = [utf16("a,b\nx,1", true), vec![0x41]].concat();
    reads("a.csv", odd, &encoding("utf-16le"), &["a|b", "1:2 x|- !bad-encoding@1"]);
    let line = [&b"{\"a\":1}\n{\"a\":\"\xff\"}\n"[..]].concat();
    reads("a.ndjson", line, &plain(), &["a", "1:1 1", "2:2 - !bad-encoding"]);
    let (_folder, path) = file("a.csv", b"a\nx\x81\n");
    let mut reader = Reader::open(&path, &encoding("latin1")).unwrap();
    let mut record = Record::new();
    reader.read(&mut record).unwrap();
    assert_eq!(record.raw(0), b"x\xff\x81");
}

/// Decoded text meets the reader's buffers at every place in turn.
#[test]
fn long_files_are_decoded_as_short_ones() {
    let rows: String = (0..30_000).map(|row| format!("{row},é€漢{}\n", "x".repeat(row % 7))).collect();
    for (label, bytes) in [("utf-16le", utf16(&format!("a,b\n{rows}"), true)), ("utf-8", format!("a,b\n{rows}").into())]
    {
        let (_folder, path) = file("a.csv", bytes);
        let mut reader = Reader::open(&path, &encoding(label)).unwrap();
        let mut record = Record::new();
        for row in 0..30_000 {
            assert!(reader.read(&mut record).unwrap());
            let name = format!("é€漢{}", "x".repeat(row % 7));
            assert_eq!((record.field(0), record.field(1)), (Some(row.to_string().as_str()), Some(name.as_str())));
            assert_eq!(record.faults(), []);
        }
        assert!(!reader.read(&mut record).unwrap());
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_files() {
    let rows: String = (0..20_000).map(|row| format!("{row},{}\n", row * row)).collect();
    let text = format!("a,b\n{rows}");
    let cases = [
        ("a.csv.gz", gzip(text.as_bytes()), "truncated-gzip", "the gzip file ends too early; copy it again"),
        (
            "a.csv.zst",
            zstd::encode_all(text.as_bytes(), 1).unwrap(),
            "truncated-zstd",
            "the Zstandard file ends too early; copy it again",
        ),
    ];
    for (name, packed, code, cut) in cases {
        let read = super::rows(name, &packed, &plain()).unwrap();
        assert_eq!((read.len(), read[20_000].as_str()), (20_001, "20000:20001 19999|399960001"));
        let message = format!("`{name}`: {cut}");
        for end in [1, packed.len() / 2, packed.len() - 5, packed.len() - 1] {
            fails(name, &packed[..end], &plain(), code, &message);
        }
        // two files one behind the other are one
        assert_eq!(super::rows(name, [&packed[..], &packed].concat(), &plain()).unwrap().len(), 40_002);
        let (end, kind) = if name.ends_with("gz") { (".gz", "gzip") } else { (".zst", "Zstandard") };
        let message = format!(
            "`{name}`: this is no {kind} file, is damaged, or has something behind its end; copy it again, or take `{end}` off its name"
        );
        fails(
            name,
            [&packed[..], b"something else entirely, long enough"].concat(),
            &plain(),
            "bad-compression",
            &message,
        );
        fails(name, text.as_bytes(), &plain(), "bad-compression", &message);
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8].fill(0);
        let error = super::rows(name, damaged, &plain());
        assert!(error.as_ref().is_err_and(|error| error.code() == "bad-compression") || error.unwrap() != read);
    }
    let unnamed = "`a.csv`: the file is no text but gzip; end its name with `.gz`";
    fails("a.csv", gzip(b"a\n"), &plain(), "bad-compression", unnamed);
    let workbook = "`a.csv`: the file is no text but ZIP or XLSX; unpack it, or say `format = \"xlsx\"`";
    fails("a.csv", b"PK\x03\x04....", &plain(), "bad-compression", workbook);
    fails("a.csv.gz", gzip(b""), &plain(), "empty-file", "`a.csv.gz`: the file is empty; export it again");
}

#[test]
fn a_file_that_changes_is_refused() {
    let rows = "1,2\n".repeat(500_000);
    for change in ["grows", "shrinks", "is touched"] {
        for name in ["a.csv", "a.ndjson"] {
            let text = if name == "a.csv" { format!("a,b\n{rows}") } else { "{\"a\":1}\n".repeat(300_000) };
            let (_folder, path) = file(name, text);
            let mut reader = Reader::open(&path, &plain()).unwrap();
            let mut record = Record::new();
            assert!(reader.read(&mut record).unwrap());
            let file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            match change {
                "grows" => (&file).write_all(b"3,4\n").unwrap(),
                "shrinks" => file.set_len(1_000_000).unwrap(),
                _ => file.set_modified(std::time::UNIX_EPOCH).unwrap(),
            }
            let error = loop {
                match reader.read(&mut record) {
                    Ok(true) => {}
                    Ok(false) => panic!("{change}: nobody noticed"),
                    Err(error) => break error,
                }
            };
            let detail = "the file was written to while it was read; wait for its writer, then run again";
            assert_eq!((error.code(), error.detail.as_str()), ("file-changed", detail));
        }
    }
}

#[test]
fn files_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let error = Reader::open(&path, &plain()).err().unwrap();
    let detail = "there is no such file; correct `file` of the source";
    assert_eq!((error.code(), error.detail.as_str()), ("not-found", detail));
    std::fs::create_dir(&path).unwrap();
    let error = Reader::open(&path, &plain()).err().unwrap();
    assert_eq!((error.code(), error.detail.as_str()), ("not-a-file", "the path is no regular file; name a file"));
}

#[test]
fn rows_of_all_sizes_around_the_buffers() {
    // the buffer is 64 KiB at first, and rows end at each place around that
    for length in (1 << 16) - 12..(1 << 16) + 4 {
        let (first, second) = ("x".repeat(length), "y".repeat(1 << 16));
        for text in [format!("a\n{first}\r\n{second}\r\nz"), format!("a\n\"{first}\"\r\n\"{second}\"\"\"\r\nz")] {
            let (_folder, path) = file("a.csv", text);
            let mut reader = Reader::open(&path, &plain()).unwrap();
            let mut record = Record::new();
            let mut lengths = Vec::new();
            while reader.read(&mut record).unwrap() {
                assert_eq!(record.faults(), []);
                lengths.push((record.line(), record.field(0).map_or(0, |field| field.trim_end_matches('"').len())));
            }
            assert_eq!(lengths, [(2, length), (3, 1 << 16), (4, 1)]);
        }
    }
}
