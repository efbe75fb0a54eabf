use super::{fails, file, plain, reads};
use crate::import::read::{Reader, Record};
use crate::import::source::Source;

#[test]
fn keys_become_columns() {
    for (text, expected) in [
        ("{\"a\":1,\"b\":\"x\"}\n{\"b\":null}\r\n\n{\"a\":true}", &["a|b", "1:1 1|x", "2:2 -|-", "3:4 true|-"][..]),
        // numbers keep their text
        (
            "{\"a\":1.50}\n{\"a\":12345678901234567890123}\n{\"a\":1E+5}\n{\"a\":-0.0}",
            &["a", "1:1 1.50", "2:2 12345678901234567890123", "3:3 1E+5", "4:4 -0.0"],
        ),
        (
            "{\"a\":{\"b\":{\"c\":2}, \"d\":[1, {\"e\":3}]}}",
            &["a|a.b|a.b.c|a.d", "1:1 {\"b\":{\"c\":2}, \"d\":[1, {\"e\":3}]}|{\"c\":2}|2|[1, {\"e\":3}]"],
        ),
        ("{\"a\":\"\\u00e9\\n\\\"\"}\n{\"a\":\"\"}\n{\"a\":\"null\"}", &["a", "1:1 é\n\"", "2:2 -", "3:3 null"]),
        (
            "{\"a\":1}\n{\"a\":1,\"a\":2}\n{\"a\":{\"b\":1,\"b\":2}}",
            &["a", "1:1 1", "2:2 {\"a\":1,\"a\":2} !duplicate-key", "3:3 {\"a\":{\"b\":1,\"b\":2}} !duplicate-key"],
        ),
        (
            "{\"a\":1}\n{\"a\":}\n[1]\n{\"a\":1}{}\n7",
            &[
                "a",
                "1:1 1",
                "2:2 {\"a\":} !bad-json",
                "3:3 [1] !bad-json",
                "4:4 {\"a\":1}{} !bad-json",
                "5:5 7 !bad-json",
            ],
        ),
        ("{\"a.b\":1,\"a\":{\"b\":2}}", &["a.b|a", "1:1 2|{\"b\":2} !duplicate-key@0"]),
        ("{\"a\":\"x\\u0000\"}\n{\"a\":\"x\0\"}", &["a", "1:1 x\0 !nul-byte@0", "2:2 {\"a\":\"x\0\"} !nul-byte"]),
        ("{\"a\":\"\\ud800\"}\n{\"a\":1}", &["a", "1:1 {\"a\":\"\\ud800\"} !bad-json", "2:2 1"]),
        ("{\"a\":1e999}\n{\"a\":1}", &["a", "1:1 {\"a\":1e999} !bad-json", "2:2 1"]),
        ("\u{feff}{\"a\":1}", &["a", "1:1 1"]),
    ] {
        reads("a.ndjson", text, &plain(), expected);
    }
}

#[test]
fn a_late_key_is_no_silent_loss() {
    let text = "{\"a\":1,\"m\":{}}\n".repeat(1000) + "{\"a\":1,\"late\":2}\n{\"m\":{\"late\":3}}\n";
    let (_folder, path) = file("a.jsonl", &text);
    let mut reader = Reader::open(&path, &plain()).unwrap();
    let mut record = Record::new();
    for _ in 0..1001 {
        assert!(reader.read(&mut record).unwrap());
    }
    let fault = &record.faults()[0];
    let detail = "the row has a key that the first 1,000 lines do not have; add it to `columns` of the source";
    assert_eq!((fault.code, fault.detail.as_str()), ("unknown-key", detail));
    assert!(reader.read(&mut record).unwrap());
    assert_eq!((record.faults(), record.field(1)), (&[][..], Some("{\"late\":3}")));
    let named = Source { columns: vec!["late".into(), "m.late".into()], ..plain() };
    let mut reader = Reader::open(&path, &named).unwrap();
    assert_eq!(reader.header(), ["late", "m.late", "a", "m"]);
    while reader.read(&mut record).unwrap() {
        assert_eq!(record.faults(), []);
    }
}

#[test]
fn deep_and_long_lines() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let objects = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat((1 << 20) + 1));
    let longer = format!("{{\"a\":\"{}\"}}", "x".repeat(17 << 20));
    let text = format!("{{\"a\":1}}\n{}\n{}\n{objects}\n{long}\n{longer}\n{{\"a\":2}}", deep(63), deep(100_000));
    let (_folder, path) = file("a.ndjson", text);
    let mut reader = Reader::open(&path, &plain()).unwrap();
    let mut record = Record::new();
    let mut codes = Vec::new();
    while reader.read(&mut record).unwrap() {
        codes.push(record.faults().first().map_or("", |fault| fault.code));
    }
    assert_eq!(codes, ["", "", "nested-too-deep", "nested-too-deep", "field-too-long", "field-too-long", ""]);
    assert_eq!((record.row(), record.line(), record.field(0)), (7, 7, Some("2")));
}

#[test]
fn what_is_no_ndjson_has_no_header() {
    let message = "`a.ndjson`: no line of the first 1,000 is a JSON object with keys; write one object a line, without brackets \
                   around them";
    for text in ["[\n  1\n]\n", "{}\n", "\n", "{\n\"a\": 1\n}"] {
        fails("a.ndjson", text, &plain(), "no-header", message);
    }
    let twice = Source { columns: vec!["a".into(), "a".into()], ..plain() };
    fails(
        "a.ndjson",
        "{\"a\":1}",
        &twice,
        "duplicate-header",
        "`a.ndjson`: columns 1 and 2 have one name; rename one of them",
    );
}
