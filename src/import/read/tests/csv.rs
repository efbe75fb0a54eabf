use super::{fails, file, plain, reads};
use crate::import::read::{Reader, Record};
use crate::import::source::Source;

#[test]
fn fields_are_told_apart() {
    for (text, expected) in [
        ("a,b\n1,2\n", &["a|b", "1:2 1|2"][..]),
        ("a,b\r\n1,2\r\n3,4", &["a|b", "1:2 1|2", "2:3 3|4"]),
        ("a,b\r1,2\r", &["a|b", "1:2 1|2"]),
        ("a,b\n\n\n1,2\n\n", &["a|b", "1:4 1|2"]),
        ("a,b\n,\n", &["a|b", "1:2 -|-"]),
        ("a,b\n\"\",x\n", &["a|b", "1:2 -|x"]),
        ("a,b\n\"x,\"\"y\"\"\",2\n", &["a|b", "1:2 x,\"y\"|2"]),
        ("\"a\",b\n\"1\n2\r\n3\",2\n4,5\n", &["a|b", "1:2 1\n2\r\n3|2", "2:5 4|5"]),
        ("a,b\n1,\"2\"", &["a|b", "1:2 1|2"]),
        ("a\nx", &["a", "1:2 x"]),
        ("a,b\n1", &["a|b", "1:2 1 !ragged-row"]),
        ("a,b\n1,2,3\n4,5\n", &["a|b", "1:2 1|2|3 !ragged-row", "2:3 4|5"]),
        ("a,b\nx\"y,2\n3,4\n", &["a|b", "1:2 x\"y|2 !stray-quote@0", "2:3 3|4"]),
        ("a,b\n1, \"2\"\n", &["a|b", "1:2 1| \"2\" !stray-quote@1"]),
        ("a,b\n\"x\"y,2\n", &["a|b", "1:2 xy|2 !stray-quote@0"]),
        ("a,b\n\"x\"y\"z,2\n", &["a|b", "1:2 xy\"z|2 !stray-quote@0"]),
        ("a,b\nx\0,2\n", &["a|b", "1:2 x\0|2 !nul-byte@0"]),
        ("a,b\n\"x\0\",2\n", &["a|b", "1:2 x\0|2 !nul-byte@0"]),
        ("a,b\n1,2\r3,4\n5,6\n", &["a|b", "1:2 1|2 !stray-return", "2:3 3|4 !stray-return", "3:4 5|6"]),
        ("a,b\r1,2\n3,4\r5,6\r", &["a|b", "1:2 1|2 !stray-return", "2:3 3|4 !stray-return", "3:4 5|6"]),
        ("\u{feff}a,b\n1,2\n", &["a|b", "1:2 1|2"]),
        ("a,b\n", &["a|b"]),
        ("a,b", &["a|b"]),
        // an id is a text, whatever it looks like
        ("id,n\n1.23457E+11,0012\n-0,1e5\n", &["id|n", "1:2 1.23457E+11|0012", "2:3 -0|1e5"]),
    ] {
        reads("a.csv", text, &plain(), expected);
    }
}

#[test]
fn options_change_what_is_read() {
    let columns = vec!["a".to_owned(), "b".to_owned()];
    let headless = Source { header: false, columns, ..plain() };
    reads("a.csv", "1,2\n3\n", &headless, &["a|b", "1:1 1|2", "2:2 3 !ragged-row"]);
    reads("a.csv", "x\n\"\n1,2\n", &Source { skip_lines: 2, ..headless.clone() }, &["a|b", "1:3 1|2"]);
    let preamble = Source { skip_lines: 3, ..plain() };
    reads("a.csv", "Export \"of\r\n\rx\na,b\n1,2\n", &preamble, &["a|b", "1:5 1|2"]);
    let semicolon = Source { delimiter: Some(';'), quote: Some('\''), ..plain() };
    reads("a.csv", "a;b\n'1;''';\"2\"\n", &semicolon, &["a|b", "1:2 1;'|\"2\""]);
    reads("a.tsv", "a\tb\n1,2\t\"3\t4\"\n", &plain(), &["a|b", "1:2 1,2|3\t4"]);
    let unquoted = Source { quote: None, ..plain() };
    reads("a.tsv", "a\tb\n\"1\t2\"x\n", &unquoted, &["a|b", "1:2 \"1|2\"x"]);
    let words = Source { null: vec!["NULL".into(), "n/a".into()], ..plain() };
    reads("a.csv", "a,b,c\nNULL,,null\nn/a,\"NULL\", NULL\n", &words, &["a|b|c", "1:2 -||null", "2:3 -|-| NULL"]);
    let trim = Source { trim: true, ..words };
    reads("a.csv", " a ,b\n NULL ,\u{a0} x\t\n", &trim, &["a|b", "1:2 -|x"]);
    let escape = Source { escape: Some('\\'), null: vec!["\\N".into()], ..plain() };
    for (row, expected) in [
        ("\"x\\\"y\",\"\\\\\"", "1:2 x\"y|\\"),
        ("\\N,\"\\N\"", "1:2 -|- !bad-escape@1"),
        ("x\\,\"a\\nb\"", "1:2 x\\|a\\nb !bad-escape@0 !bad-escape@1"),
        ("\"a\"\"b\",1", "1:2 a\"b\"|1 !stray-quote@0"),
    ] {
        let expected = if row.starts_with("\\N") { "1:2 -|-" } else { expected };
        reads("a.csv", format!("a,b\n{row}\n"), &escape, &["a|b", expected]);
    }
}

#[test]
fn what_stood_there_is_kept() {
    let (_folder, path) = file("a.csv", b"a,b,c\n x ,\"\xc3\",\"\xa9\"\nNA,y,z\n");
    let source = Source { trim: true, null: vec!["NA".into()], ..plain() };
    let mut reader = Reader::open(&path, &source).unwrap();
    let mut record = Record::new();
    assert!(reader.read(&mut record).unwrap());
    assert_eq!((record.field(0), record.field(1), record.field(2), record.field(3)), (Some("x"), None, None, None));
    assert_eq!(
        (record.raw(0), record.raw(1), record.raw(2), record.raw(3)),
        (&b" x "[..], &b"\xc3"[..], &b"\xa9"[..], &[][..])
    );
    let faults: Vec<_> = record.faults().iter().map(|fault| (fault.code, fault.column)).collect();
    assert_eq!(faults, [("bad-encoding", Some(1)), ("bad-encoding", Some(2))]);
    assert_eq!(
        record.faults()[0].detail,
        "the field is no text in UTF-8; correct it, or declare the file's `encoding`"
    );
    assert!(reader.read(&mut record).unwrap());
    assert_eq!((record.field(0), record.raw(0), record.faults()), (None, &b"NA"[..], &[][..]));
    assert!(!reader.read(&mut record).unwrap());
    assert!(!reader.read(&mut record).unwrap());
}

#[test]
fn faults_say_what_is_wrong_and_the_cure() {
    let (_folder, path) = file("a.csv", "a,b\n1\nx\"y,\0\n\"x\"y,1\r2,3\n");
    let mut reader = Reader::open(&path, &plain()).unwrap();
    let mut record = Record::new();
    let mut details = Vec::new();
    while reader.read(&mut record).unwrap() {
        details.extend(record.faults().iter().map(|fault| fault.detail.clone()));
    }
    let stray = "a quote stands inside an unquoted field, or text behind a closing one; quote the whole field, and double the \
                 quotes inside, or say `quote = \"\"`";
    let torn = "the row, or the one before it, ends by another kind of line end than the first; quote fields with a line end \
                in them";
    let ragged = "the row has 1 field, the header 2; quote fields with a delimiter or a line end in them";
    let nul = "the field has a NUL character; take it out";
    assert_eq!(details, [ragged, stray, nul, stray, torn, torn]);
}

#[test]
fn headers_are_looked_at() {
    for (text, code, message) in [
        ("", "empty-file", "`a.csv`: the file is empty; export it again"),
        ("\u{feff}", "empty-file", "`a.csv`: the file is empty; export it again"),
        ("\n\r\n", "no-header", "`a.csv`: there is no header row; add one, or say `header = false` and `columns`"),
        ("a,b,a\n", "duplicate-header", "`a.csv`: columns 1 and 3 have one name; rename one of them"),
        ("a,,b\n", "blank-header", "`a.csv`: column 2 has no name; give it one"),
        ("a, \n", "blank-header", "`a.csv`: column 2 has no name; give it one"),
        (
            "a\0,b\n",
            "bad-header",
            "`a.csv` line 1: the header has `nul-byte` in column 1: the field has a NUL character; take it out",
        ),
        (
            "a,b\n1,\"2\n3,4\n",
            "unclosed-quote",
            "`a.csv` line 2: a quote of the row that begins here is never closed; close it, or say `quote = \"\"` where quotes \
             mean nothing",
        ),
    ] {
        fails("a.csv", text, &plain(), code, message);
    }
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let source = |text: &str| toml::from_str::<Source>(&format!("file = 'a'\n{text}")).unwrap();
    let three = "`a.csv`: `delimiter`, `quote` and `escape` are three different characters; quotes are doubled where `escape` \
                 is left out";
    for (text, message) in [
        (
            "delimiter = 'é'",
            "`a.csv`: `delimiter` is one ASCII character that is no line end; correct it in the source",
        ),
        (
            "delimiter = \"\\n\"",
            "`a.csv`: `delimiter` is one ASCII character that is no line end; correct it in the source",
        ),
        ("delimiter = '\"'", three),
        ("escape = '\"'", three),
        ("quote = ''\nescape = 'x'", "`a.csv`: `escape` means nothing without `quote`; give both or neither"),
        ("sheet = 'x'", "`a.csv`: `sheet` is for XLSX; leave it out"),
        (
            "columns = ['x']",
            "`a.csv`: `columns` are the names where there is no header; say `header = false`, or leave them out",
        ),
    ] {
        fails("a.csv", "a\n", &source(text), "bad-option", message);
    }
    let named = "`a.csv`: there is no header; give the columns' names in `columns`";
    fails("a.csv", "a\n", &source("header = false"), "no-header", named);
    let unknown =
        "`a.txt`: the name does not say what kind of file it is; add `format`: `csv`, `tsv`, `ndjson` or `xlsx`";
    fails("a.txt", "a\n", &plain(), "unknown-format", unknown);
    let csv = "`a.ndjson`: `delimiter`, `quote` and `escape` are for CSV and TSV; leave them out";
    fails("a.ndjson", "{}", &source("delimiter = ';'"), "bad-option", csv);
}
