//! `import export`: what a live MySQL has, in files; what stays out of them, and what is beside them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use caredb::import::read::{Reader, Record};
use caredb::import::source::Source;
use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Test, block_on, command, rows, wait_for};

// not that of information_schema: it is in utf8mb3, and a statement of another test with an emoji makes a query of it fail (3854)
const WAITING: &str = "
    SELECT 1 FROM performance_schema.threads WHERE processlist_state = 'User lock' AND processlist_db = DATABASE()";

/// An old system, with every value that is easily changed on its way.
fn old(name: &str) -> Test {
    let test = Test::new(name);
    test.sql(
        r#"SET SESSION sql_mode = '', time_zone = '+02:00';
        CREATE TABLE people (nr INT PRIMARY KEY, name VARCHAR(50) COLLATE utf8mb4_bin, note TEXT);
        INSERT INTO people VALUES (3, 'O''Neil, "Jim"', 'two\nlines'), (1, 'Zoë 🩺', NULL), (2, '', ''), (4, ' a\tb\\ ', 'c\r\nd');
        CREATE TABLE odd (
            id INT UNSIGNED ZEROFILL PRIMARY KEY, price DECIMAL(20,10), born DATE, seen TIMESTAMP NULL, at TIME(3), kind ENUM('a','b'),
            marks SET('x','y'), doc JSON, flag BIT(1), many BIT(12), code BINARY(3), photo BLOB, latin VARCHAR(9) CHARACTER SET latin1,
            hidden INT INVISIBLE DEFAULT 7
        );
        INSERT INTO odd (id, price, born, seen, at, kind, marks, doc, flag, many, code, photo, latin) VALUES
            (1, 1.50, '0000-00-00', '2026-07-01 12:00:00', '-838:59:59', 'b', 'x,y', '{"b": 1.0, "a": [null, "é"]}', b'1', 258, 'ab', 0x00FF, 'é'),
            (2, NULL, '2026-02-00', NULL, NULL, NULL, '', 'null', b'0', NULL, NULL, '', NULL);
        CREATE TABLE nobody (id INT PRIMARY KEY, `a,b` INT)"#,
    );
    test
}

/// `import export` of the test's database.
fn export(test: &Test, arguments: &[&str]) -> Command {
    let mut command = command(&test.folder);
    command.args(["import", "export"]).args(arguments).env("CAREDB_SOURCE_URL", &test.url);
    command
}

fn shown(test: &Test, arguments: &[&str]) -> String {
    test.show(&export(test, arguments).output().unwrap())
}

pub fn read(test: &Test, file: &str) -> String {
    fs::read_to_string(test.folder.join(file)).unwrap()
}

/// Everything in a folder, hidden files too.
fn listed(test: &Test, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(test.folder.join(folder)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "caredb.toml")
        .collect();
    names.sort();
    names
}

fn mode(test: &Test, file: &str) -> u32 {
    fs::metadata(test.folder.join(file)).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_table_becomes_a_file_and_its_manifest() {
    let test = old("export_table");
    assert_snapshot!(shown(&test, &["--table", "people", "--to", "people.csv"]), @"
    exit 0
    --- stdout
    file  rows  bytes
    people.csv  4  85

    exported 4 rows of `<db>` at `<socket>` as of <time> UTC; `people.csv.manifest.json` says what they are
    ");
    assert_eq!(
        read(&test, "people.csv"),
        "nr,name,note\r\n1,Zoë 🩺,\\N\r\n2,,\r\n3,\"O'Neil, \"\"Jim\"\"\",\"two\nlines\"\r\n4, a\tb\\ ,\"c\r\nd\"\r\n"
    );
    assert_eq!((mode(&test, "people.csv"), mode(&test, "people.csv.manifest.json")), (0o600, 0o600));
    assert_eq!(listed(&test, ""), ["people.csv", "people.csv.manifest.json"]);
    let manifest: Value = serde_json::from_str(&read(&test, "people.csv.manifest.json")).unwrap();
    let version = test.rows("SELECT VERSION()").remove(0);
    assert_eq!((manifest["server"].as_str(), manifest["database"].as_str()), (Some(&*version), Some(&*test.database)));
    let seconds = chrono::DateTime::parse_from_rfc3339(manifest["snapshot_at"].as_str().unwrap()).unwrap();
    assert!((chrono::Utc::now() - seconds.to_utc()).num_seconds().abs() < 600, "{manifest}");
    assert_snapshot!(serde_json::to_string_pretty(&manifest["files"]).unwrap(), @r#"
    [
      {
        "file": "people.csv",
        "table": "people",
        "rows": 4,
        "bytes": 85,
        "sha256": "d29922fe6d0972528eedcdf5713a53526809febbe08d0bda187704587f07dbef",
        "null": "\\N",
        "columns": [
          {
            "name": "nr",
            "as": "text"
          },
          {
            "name": "name",
            "as": "text"
          },
          {
            "name": "note",
            "as": "text"
          }
        ]
      }
    ]
    "#);
    assert_snapshot!(shown(&test, &["--table", "people", "--to", "people.csv"]), @"
    exit 3
    --- stderr
    error: `people.csv` is there already; name another place by `--to`, or say `--force`
    ");
    test.sql("DELETE FROM people WHERE nr > 1");
    assert_snapshot!(shown(&test, &["--table", "people", "--to", "people.csv", "--force"]), @"
    exit 0
    --- stdout
    file  rows  bytes
    people.csv  1  30

    exported 1 row of `<db>` at `<socket>` as of <time> UTC; `people.csv.manifest.json` says what they are
    ");
    assert_eq!(read(&test, "people.csv"), "nr,name,note\r\n1,Zoë 🩺,\\N\r\n");
}

#[test]
fn every_value_is_as_the_server_shows_it() {
    let test = old("export_values");
    assert_snapshot!(shown(&test, &["--table", "odd", "--to", "odd.csv"]), @"
    exit 0
    --- stdout
    file  rows  bytes
    odd.csv  2  273

    exported 2 rows of `<db>` at `<socket>` as of <time> UTC; `odd.csv.manifest.json` says what they are
    --- stderr
    table `odd`: column `code` holds bytes, written as `0x` and their hexadecimal digits
    table `odd`: column `photo` holds bytes, written as `0x` and their hexadecimal digits
    ");
    assert_snapshot!(read(&test, "odd.csv").replace("\r\n", "\n"), @r#"
    id,price,born,seen,at,kind,marks,doc,flag,many,code,photo,latin,hidden
    0000000001,1.5000000000,0000-00-00,2026-07-01 10:00:00,-838:59:59.000,b,"x,y","{""a"": [null, ""é""], ""b"": 1.0}",1,258,0x616200,0x00FF,é,7
    0000000002,\N,2026-02-00,\N,\N,\N,,null,0,\N,\N,0x,\N,7
    "#);
    let query = "SELECT o.*, p.name FROM people AS p JOIN odd AS o ON o.id = p.nr ORDER BY nr;";
    assert_snapshot!(shown(&test, &["--query", query, "--to", "odd.ndjson"]), @"
    exit 0
    --- stdout
    file  rows  bytes
    odd.ndjson  2  456

    exported 2 rows of `<db>` at `<socket>` as of <time> UTC; `odd.ndjson.manifest.json` says what they are
    --- stderr
    the query: column `code` holds bytes, written as `0x` and their hexadecimal digits
    the query: column `photo` holds bytes, written as `0x` and their hexadecimal digits
    ");
    assert_snapshot!(read(&test, "odd.ndjson"), @r#"
    {"id":"0000000001","price":"1.5000000000","born":"0000-00-00","seen":"2026-07-01 10:00:00","at":"-838:59:59.000","kind":"b","marks":"x,y","doc":"{\"a\": [null, \"é\"], \"b\": 1.0}","flag":"1","many":"258","code":"0x616200","photo":"0x00FF","latin":"é","name":"Zoë 🩺"}
    {"id":"0000000002","price":null,"born":"2026-02-00","seen":null,"at":null,"kind":null,"marks":"","doc":"null","flag":"0","many":null,"code":null,"photo":"0x","latin":null,"name":""}
    "#);
    let manifest: Value = serde_json::from_str(&read(&test, "odd.ndjson.manifest.json")).unwrap();
    assert_eq!((manifest["files"][0]["query"].as_str(), &manifest["files"][0]["null"]), (Some(query), &Value::Null));
    let json = shown(&test, &["--table", "nobody", "--to", "nobody.csv", "--format", "json"]);
    let outcome: Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!((&outcome["command"], &outcome["files"][0]["file"]), (&"import export".into(), &"nobody.csv".into()));
    // one column, so that an empty text is a line of its own
    shown(&test, &["--query", "VALUES ROW(''), ROW(NULL), ROW('x')", "--to", "one.csv"]);
    assert_eq!(read(&test, "one.csv"), "column_0\r\n\"\"\r\n\\N\r\nx\r\n");
}

#[test]
fn several_tables_are_of_one_moment() {
    let test = old("export_moment");
    // the export stands still in the first table until somebody has written to the second one
    test.sql("CREATE VIEW `1st` AS SELECT GET_LOCK('export_moment', 60) AS waited");
    let mut other = block_on(test.connect());
    let mut say = |sql: &str| drop(block_on(rows(&mut other, sql)).unwrap());
    say("SELECT GET_LOCK('export_moment', 0)");
    let mut command = export(&test, &["--table", "1st", "--table", "people", "--table", "nobody", "--to", "all"]);
    let export_under_way = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the export to stand still", || !test.rows(WAITING).is_empty());
    assert_snapshot!(shown(&test, &["--table", "1st", "--table", "people", "--to", "all"]), @"
    exit 2
    --- stderr
    error: another export to `all/1st.csv` is under way; wait for its end, or name another file
    ");
    say("INSERT INTO people VALUES (5, 'late', NULL); INSERT INTO nobody VALUES (1, 1)");
    say("SELECT RELEASE_LOCK('export_moment')");
    assert_snapshot!(test.show(&export_under_way.wait_with_output().unwrap()), @"
    exit 0
    --- stdout
    file  rows  bytes
    1st.csv  1  11
    people.csv  4  85
    nobody.csv  0  10

    exported 5 rows of `<db>` at `<socket>` as of <time> UTC; `all/manifest.json` says what they are
    ");
    assert_eq!(read(&test, "all/1st.csv"), "waited\r\n1\r\n");
    assert_eq!(read(&test, "all/people.csv").matches("\r\n").count(), 6);
    assert!(!read(&test, "all/people.csv").contains("late"));
    assert_eq!(read(&test, "all/nobody.csv"), "id,\"a,b\"\r\n");
    assert_eq!(listed(&test, "all"), ["1st.csv", "manifest.json", "nobody.csv", "people.csv"]);
    assert_eq!((mode(&test, "all"), mode(&test, "all/people.csv")), (0o700, 0o600));
    // packed, beside them
    let packed = ["--table", "people", "--table", "nobody", "--as", "ndjson.gz", "--to", "packed"];
    assert!(export(&test, &packed).output().unwrap().status.success());
    let mut text = String::new();
    let file = fs::File::open(test.folder.join("packed/people.ndjson.gz")).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
    assert!(text.starts_with("{\"nr\":\"1\",\"name\":\"Zoë 🩺\",\"note\":null}\n"), "{text}");
}

#[test]
fn what_can_not_be_exported_leaves_nothing() {
    let test = old("export_wrong");
    test.sql("INSERT INTO people VALUES (9, '\\\\N', NULL); CREATE TABLE heap (a INT) ENGINE=MyISAM");
    let wrong = |arguments: &[&str]| {
        let text = shown(&test, arguments);
        assert_eq!(listed(&test, ""), [] as [&str; 0], "{text}");
        text.strip_prefix("exit 2\n--- stderr\nerror: ").unwrap_or(&text).to_owned()
    };
    let query = |sql: &str| wrong(&["--query", sql, "--to", "x.csv"]);
    let all = [
        wrong(&["--table", "people", "--to", "x.csv"]),
        wrong(&["--table", "peple", "--to", "x.csv"]),
        wrong(&["--table", "people", "--to", "x.xlsx"]),
        wrong(&["--table", "people", "--to", "none/x.csv"]),
        wrong(&["--table", "people", "--table", "people", "--to", "x"]),
        wrong(&["--table", "people", "--to", "x.csv", "--as", "csv"]),
        wrong(&["--table", "people", "--table", "odd", "--to", "x", "--as", "txt"]),
        query("SELECT nr FROM people; DROP TABLE people"),
        query("SELECT nr FORM people"),
        query("SELECT nr, nr FROM people"),
        query("SELECT 1 AS ''"),
        query("DELETE FROM people"),
        query("WITH a AS (SELECT 1) DELETE FROM people"),
        query("SELECT 1 INTO @x"),
        query("SELECT 'a"),
        query("SELECT nr, EXP(nr * 1000) AS big FROM people ORDER BY nr"),
    ];
    assert_snapshot!(all.join("\n"), @r"
    table `people` row 5 column `name`: the text is `\N`, which stands for NULL in CSV; export it as `.ndjson`, or let a query write it in another way
    could not read table `peple`: MySQL error 1146: Table '<db>.peple' doesn't exist
    `x.xlsx` does not say how to write it; its end is `.csv` or `.ndjson`, or one of them and `.gz` or `.zst`
    could not write `none/x.csv`: no such file or directory (os error 2); see to its folder, and run again
    table `people` is named twice; name it once
    `--as` is for several tables; of one file, its own name says how to write it
    `x/people.txt` does not say how to write it; its end is `.csv` or `.ndjson`, or one of them and `.gz` or `.zst`
    could not read the query: MySQL error 1064: syntax error near 'DROP TABLE people' at line 1; correct the statement and run again
    could not read the query: MySQL error 1064: syntax error near 'people' at line 1; correct the statement and run again
    the query has two columns `nr`; give each a name of its own by AS
    the query has a column without a name; give each a name of its own by AS
    the query gives no rows; write one that begins with SELECT, WITH, TABLE or VALUES, and has no INTO
    could not read the query: MySQL error 1792: Cannot execute statement in a READ ONLY transaction.
    the query gives no rows; write one that begins with SELECT, WITH, TABLE or VALUES, and has no INTO
    the query can't be read: line 1: the string is not closed; add its end
    could not read the query: MySQL error 1690: DOUBLE value is out of range in '…'
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM people"), ["5"]);
    // what is exported all the same, and with a word
    let note = |arguments: &[&str]| shown(&test, arguments).lines().last().map(str::to_owned).unwrap_or_default();
    let query = ["--query", "SELECT CAST('1x' AS SIGNED) AS n", "--to", "y.csv"];
    assert_snapshot!([note(&["--table", "heap", "--to", "x.csv"]), note(&query)].join("\n"), @"
    table `heap` is of MyISAM, which knows no snapshot: rows that are written meanwhile may be in the file
    the query: the server gave 1 warning; run it by hand, and look at SHOW WARNINGS
    ");
}

#[test]
fn no_secret_is_shown() {
    let test = old("export_secret");
    let url = test.url_as("reader", &["INSERT"]);
    let with = |arguments: &[&str]| {
        let output =
            command(&test.folder).args(["import", "export", "--to", "x.csv"]).args(arguments).output().unwrap();
        let text = test.show(&output);
        assert!(!text.contains("pa:ss") && !text.contains("pa%3Ass"), "{text}");
        text.replace(&test.user("reader"), "<user>")
    };
    assert_snapshot!(with(&["--source", &url, "--table", "people"]), @"
    exit 2
    --- stderr
    error: could not read table `people`: MySQL error 1142: SELECT command denied to user 'reader_<db>'@'localhost' for table 'people'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ");
    let url = test.url_as("reader", &["SELECT"]);
    assert_snapshot!(with(&["--source", &url, "--table", "people"]), @"
    exit 0
    --- stdout
    file  rows  bytes
    x.csv  4  85

    exported 4 rows of `<db>` at `<socket>` as of <time> UTC; `x.csv.manifest.json` says what they are
    ");
    assert!(!read(&test, "x.csv.manifest.json").contains("ss@"));
    let wrong = url.replace("?socket", "?sockt");
    assert_snapshot!(with(&["--source", &wrong, "--table", "people", "--force"]), @"
    exit 2
    --- stderr
    error: --source: parameter `sockt` is not known, did you mean `socket`?; known are `socket`, `ssl-mode`, `ssl-ca`
    ");
    let wrong = url.replace("pa%3Ass", "pa%3Asss");
    assert_snapshot!(with(&["--source", &wrong, "--table", "people", "--force"]), @"
    exit 2
    --- stderr
    error: could not connect to `<db>` at `<socket>`: MySQL error 1045: Access denied for user 'reader_<db>'@'localhost' (using password: YES); check the user and the password in the URL
    ");
    assert_snapshot!(with(&["--source", &url]), @"
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      <--query <SQL>|--query-file <FILE>|--table <NAME>>

    Usage: caredb import export --source <URL> --to <FILE|DIR> <--query <SQL>|--query-file <FILE>|--table <NAME>>

    For more information, try '--help'.
    ");
}

#[test]
fn a_killed_export_leaves_nothing_that_looks_whole() {
    let test = old("export_killed");
    let arguments = ["--table", "people", "--table", "odd", "--table", "nobody", "--to", "all", "--force"];
    let run =
        |at: u32| -> Output { export(&test, &arguments).env("CAREDB_CRASH_AT", at.to_string()).output().unwrap() };
    let files = ["people.csv", "odd.csv", "nobody.csv"];
    let found = || files.map(|file| fs::read_to_string(test.folder.join("all").join(file)).ok());
    let new = "UPDATE people SET note = 'new'; UPDATE odd SET hidden = 8; INSERT INTO nobody VALUES (1, 1)";
    let old = "UPDATE people SET note = 'old'; UPDATE odd SET hidden = 7; DELETE FROM nobody";
    let whole = [old, new].map(|change| {
        test.sql(change);
        assert!(run(0).status.success());
        found()
    });
    let mut points = 0;
    for at in 1.. {
        // an earlier export is in the way; that which is killed has other rows
        test.sql(old);
        assert!(run(0).status.success());
        assert_eq!((found(), listed(&test, "all").len()), (whole[0].clone(), 4), "point {at}");
        let manifest = read(&test, "all/manifest.json");
        test.sql(new);
        let output = run(at);
        if output.status.success() {
            assert_eq!(found(), whole[1]);
            break;
        }
        points += 1;
        assert_eq!(output.status.code(), None, "{}", test.show(&output));
        // what has its name is whole, and of one moment; and all of it is there where a manifest says so
        let of = |whole: &[Option<String>; 3]| {
            found().iter().zip(whole).all(|(file, whole)| file.is_none() || file == whole)
        };
        assert!(of(&whole[0]) || of(&whole[1]), "point {at}: {:?}", found());
        if test.folder.join("all/manifest.json").exists() {
            assert_eq!((read(&test, "all/manifest.json"), found()), (manifest, whole[0].clone()), "point {at}");
        }
    }
    assert!(points > 12, "there are next to no points");
}

/// What the reader of files finds in an exported one, columns joined by `|`, NULL as `NULL`.
fn read_back(test: &Test, file: &str, null: &[&str]) -> Vec<String> {
    let path = test.folder.join(file);
    let source = Source { null: null.iter().map(|word| (*word).to_owned()).collect(), ..Source::new(&path) };
    let mut reader = Reader::open(&path, &source).unwrap();
    let (mut record, mut rows) = (Record::new(), Vec::new());
    while reader.read(&mut record).unwrap() {
        assert!(record.faults().is_empty(), "{:?}", record.faults());
        let fields = (0..record.len()).map(|column| record.field(column).unwrap_or("NULL"));
        rows.push(fields.collect::<Vec<_>>().join("|"));
    }
    rows
}

#[test]
fn what_is_exported_is_read_back_without_loss() {
    let test = old("export_back");
    // what the reader takes for something else, if it is not written with care
    test.sql(
        r#"CREATE TABLE texts (nr INT PRIMARY KEY, text LONGTEXT);
        INSERT INTO texts VALUES (1, 'NULL'), (2, 'null'), (3, '"'), (4, ',\r\n'), (5, '\r'), (6, '\n'), (7, ' '), (8, '\\\\"N'),
            (9, '{"a": 1}'), (10, '\t\b\Z'), (11, REPEAT('é"', 100000)), (12, _utf8mb4 0xEFBBBF), (13, _utf8mb4 0xE280A8), (14, '#'),
            (15, NULL), (16, '')"#,
    );
    for table in ["people", "texts", "nobody"] {
        let rows = test.rows(&format!("SELECT * FROM {table} ORDER BY 1"));
        for (file, null) in
            [("x.csv", [r"\N"].as_slice()), ("x.csv.zst", &[r"\N"]), ("x.ndjson", &[]), ("x.ndjson.gz", &[])]
        {
            let ok = export(&test, &["--table", table, "--to", file, "--force"]).output().unwrap();
            assert!(ok.status.success(), "{}", test.show(&ok));
            if !rows.is_empty() || file.contains("csv") {
                assert!(read_back(&test, file, null) == rows, "{table} in {file}");
            }
        }
    }
    let query = "SELECT * FROM odd ORDER BY id";
    let plain =
        "SET SESSION time_zone = '+00:00'; SELECT id, price, born, seen, at, kind, marks, doc, flag + 0, many + 0,
        CONCAT('0x', HEX(code)), CONCAT('0x', HEX(photo)), latin FROM odd ORDER BY id";
    test.file("odd.sql", format!("-- all\n{query};\n"));
    export(&test, &["--query-file", "odd.sql", "--to", "odd.csv"]).output().unwrap();
    assert_eq!(read_back(&test, "odd.csv", &[r"\N"]), test.rows(plain));
}

const MAPPING: &str = r#"
system = "old"

[source.people]
url_env = "OLD_URL"
table = "people"

[source.letters]
url_env = "OLD_URL"
query = "SELECT nr, person, body FROM letters ORDER BY nr"
null = []

[[table]]
into = "users"
from = "people"
legacy_id = ["nr"]
[table.columns]
email = { from = "mail" }
password_hash = { value = "!" }
role = { from = "kind", words = { P = "PATIENT", D = "DOCTOR" } }
created_at = { from = "joined", default = "2000-01-01 00:00:00" }

[[table]]
into = "notifications"
from = "letters"
legacy_id = ["nr"]
[table.columns]
user_id = { reference = "users", by = ["person"] }
type = { value = "GENERAL" }
title = { value = "A letter" }
message = { from = "body", default = "none" }
"#;

/// An old system, and a database for its rows, with the mapping between them.
pub fn legacy(name: &str) -> (Test, Test) {
    let (old, new) = (Test::new(&format!("{name}_old")), Test::new(name));
    old.sql(
        "CREATE TABLE people (nr INT PRIMARY KEY, mail VARCHAR(50), kind CHAR(1), joined TIMESTAMP NULL);
         INSERT INTO people VALUES (10, 'zoe@mail.example', 'P', '2020-07-01 12:00:00'), (9, 'jim@mail.example', 'D', NULL);
         CREATE TABLE letters (nr INT PRIMARY KEY, person INT, body TEXT);
         INSERT INTO letters VALUES (1, 10, 'Dear Zoë,\n\"hello\"'), (2, 9, ''), (3, 9, NULL)",
    );
    new.ok("migrate");
    new.file("old.toml", MAPPING);
    fs::create_dir(new.folder.join("tmp")).unwrap();
    (old, new)
}

/// caredb on the new database, which knows where the old one is.
fn import(old: &Test, new: &Test, arguments: &str) -> Command {
    let mut command = new.command(arguments);
    command.env("OLD_URL", &old.url).env("TMPDIR", new.folder.join("tmp"));
    command
}

/// How it ended; nothing is left of the rows.
pub fn imported(old: &Test, new: &Test, arguments: &str) -> String {
    let text = new.show(&import(old, new, arguments).output().unwrap()).replace(&old.database, "<old>");
    assert_eq!(listed(new, "tmp"), [] as [&str; 0], "{text}");
    text
}

pub const LOADED: &str = "SELECT email, role, u.created_at, message FROM users AS u LEFT JOIN notifications AS n ON n.user_id = u.id ORDER BY email, message";

#[test]
fn a_live_source_is_checked_loaded_and_compared() {
    let (old, new) = legacy("export_live");
    assert_snapshot!(imported(&old, &new, "import check old.toml"), @"
    exit 0
    --- stdout
    table  rows  accepted  passed over  rejected
    users  2  2  0  0
    notifications  3  3  0  0

    checked 5 rows of 2 files: none is rejected
    ");
    assert_snapshot!(imported(&old, &new, "import run old.toml"), @"
    exit 0
    --- stdout
    table  inserted  equal  different  updated  refused
    users  2  0  0  0  0
    notifications  3  0  0  0  0

    imported 5 rows from 5 rows of `old` in <s> s; none is rejected; run 1
    ");
    assert_snapshot!(new.rows(LOADED).join("\n"), @r#"
    jim@mail.example|DOCTOR|2000-01-01 00:00:00|
    jim@mail.example|DOCTOR|2000-01-01 00:00:00|none
    zoe@mail.example|PATIENT|2020-07-01 12:00:00|Dear Zoë,
    "hello"
    "#);
    assert_snapshot!(imported(&old, &new, "import verify old.toml"), @"
    exit 0
    --- stdout
    table  rows  missing  different
    users  2  0  -
    notifications  3  0  -

    the database has all 5 rows as the files have them
    ");
    assert!(imported(&old, &new, "import run old.toml").contains("imported 0 rows from 5 rows"));
    // the old system goes on, and a row of it is wrong
    old.sql(
        "INSERT INTO letters VALUES (4, 11, 'to nobody'), (5, 10, 'late');
         UPDATE people SET mail = 'zoe@home.example' WHERE nr = 10",
    );
    assert_snapshot!(imported(&old, &new, "import verify old.toml"), @"
    exit 1
    --- stdout
    table  rows  missing  different
    users  2  0  email: 1 (row 2)
    notifications  4  1 (row 5)  -

    the database differs from the files, rows as the files count them; 1 rows of the files are rejected, and not looked for
    ");
    assert_snapshot!(imported(&old, &new, "import run old.toml"), @"
    exit 1
    --- stdout
    table  rows  accepted  passed over  rejected
    users  2  2  0  0
    notifications  5  4  0  1

    code  where  rows  first
    unknown-reference  notifications.user_id  1  line 6 `99`

    nothing was loaded: of 7 rows, 1 rejected, in `rejects/letters.csv`; mend them, or say by `--max-errors` how many may be left out
    ");
    assert_eq!(
        read(&new, "rejects/letters.csv"),
        "nr,person,body,caredb_row,caredb_line,caredb_codes\n4,11,to nobody,4,6,unknown-reference\n"
    );
    new.file("rejects/letters.csv", read(&new, "rejects/letters.csv").replace(",11,", ",10,"));
    assert_snapshot!(imported(&old, &new, "import run old.toml --mended rejects"), @"
    exit 0
    --- stdout
    table  inserted  equal  different  updated  refused
    notifications  1  0  0  0  0

    imported 1 row from 1 row of `old` in <s> s; none is rejected; run 4
    ");
}

#[test]
fn a_killed_import_of_a_live_source_goes_on_with_the_same_rows_only() {
    let (old, new) = legacy("export_resume");
    let kill =
        |at: u32| import(&old, &new, "import run old.toml").env("CAREDB_CRASH_AT", at.to_string()).output().unwrap();
    // the first points are those of the export
    let point = (1..99)
        .find(|at| kill(*at).status.code().is_some() || new.rows("SELECT COUNT(*) FROM users") == ["2"])
        .unwrap();
    assert_eq!(new.rows("SELECT COUNT(*) FROM notifications"), ["0"], "point {point}");
    let left = listed(&new, "tmp");
    assert_eq!(left.len(), 1, "{left:?}");
    old.sql("UPDATE letters SET body = 'another' WHERE nr = 2");
    assert_snapshot!(imported(&old, &new, "import resume old.toml"), @"
    exit 2
    --- stderr
    error: run 1 had other files, or another mapping, than there are now; put them back, or load what there is by `caredb import run`
    ");
    old.sql("UPDATE letters SET body = '' WHERE nr = 2");
    assert_snapshot!(imported(&old, &new, "import resume old.toml"), @"
    exit 0
    --- stdout
    table  inserted  equal  different  updated  refused
    users  0  2  0  0  0
    notifications  3  0  0  0  0

    imported 3 rows from 5 rows of `old` in <s> s; none is rejected; run 1
    --- stderr
    run 1 did not reach its end; this one loads the rest
    ");
    assert_eq!(new.rows("SELECT COUNT(*) FROM notifications"), ["3"]);
}

#[test]
fn an_interrupted_import_leaves_nothing_of_a_live_source() {
    let (old, new) = legacy("export_stop");
    old.sql("CREATE VIEW held AS SELECT GET_LOCK('export_stop', 60) AS waited");
    new.file("old.toml", MAPPING.replace("table = \"people\"", "table = \"held\""));
    let mut other = block_on(old.connect());
    block_on(rows(&mut other, "SELECT GET_LOCK('export_stop', 0)")).unwrap();
    let mut command = import(&old, &new, "import check old.toml");
    let check = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the check to stand still", || !old.rows(WAITING).is_empty());
    let folder = listed(&new, "tmp").remove(0);
    assert_eq!((mode(&new, &format!("tmp/{folder}")), listed(&new, &format!("tmp/{folder}")).len()), (0o700, 1));
    rustix::process::kill_process(rustix::process::Pid::from_child(&check), rustix::process::Signal::INT).unwrap();
    let output = check.wait_with_output().unwrap();
    assert_eq!((output.status.code(), listed(&new, "tmp")), (Some(130), vec![]), "{}", new.show(&output));
}

#[test]
fn a_live_source_that_can_not_be_read_is_told_without_its_password() {
    let (old, new) = legacy("export_url");
    let url = old.url_as("reader", &["SELECT"]);
    let with = |from: &str, to: &str| {
        new.file("old.toml", MAPPING.replace(from, to));
        let text = imported(&old, &new, "import check old.toml").replace(&old.user("reader"), "<user>");
        assert!(!text.contains("pa:ss") && !text.contains("pa%3Ass"), "{text}");
        let lines = text.lines().filter(|line| line.contains("source.") || line.contains("error"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let all = [
        with("url_env = \"OLD_URL\"", &format!("url = \"{url}\"")),
        with("url_env = \"OLD_URL\"", &format!("url = \"{url}\", quote = 1")),
        with("url_env = \"OLD_URL\"", &format!("url = \"{}\"", url.replace("?socket", "?sockt"))),
        with("OLD_URL", "NO_URL"),
        with("FROM letters", "FROM lettres"),
        with("SELECT nr, person, body FROM letters ORDER BY nr", "DELETE FROM letters"),
        with("body FROM", "body, body FROM"),
        with("table = \"people\"", "table = \"peeple\""),
        with("table = \"people\"", "table = \"people \""),
        with("table = \"people\"", "file = \"people.csv\""),
        with("null = []", "encoding = \"utf-8\""),
    ];
    assert_snapshot!(all.join("\n"), @"
    `[source.people]` has a password in the mapping file; keep the URL in the environment, and name its variable by `url_env`
    `[source.letters]` has a password in the mapping file; keep the URL in the environment, and name its variable by `url_env`
    error: the mapping file `old.toml` is not right: line 5: unexpected key or value, expected newline, `#`
    error: `[source.people]`: parameter `sockt` is not known, did you mean `socket`?; known are `socket`, `ssl-mode`, `ssl-ca`
    error: `[source.people]`: the environment has no `NO_URL`; set it to the server's URL, `mysql://user:password@host:3306/database`
    error: could not read the query of `[source.letters]`: MySQL error 1146: Table '<db>_old.lettres' doesn't exist
    error: the query of `[source.letters]` gives no rows; write one that begins with SELECT, WITH, TABLE or VALUES, and has no INTO
    error: the query of `[source.letters]` has two columns `body`; give each a name of its own by AS
    error: could not read table `peeple`: MySQL error 1146: Table '<db>_old.peeple' doesn't exist
    error: `[source.people]`: `people ` can't be a MySQL name: it ends with a space
    error: `[source.people]`: `url` and `url_env` belong to `query` and `table`
    error: `[source.letters]`: a server says itself how its rows are written; but for `null` and `trim`, say no more
    ");
}

#[test]
fn a_file_that_is_not_what_was_exported_is_refused() {
    let (old, new) = legacy("export_manifest");
    let mut files = command(&new.folder);
    files.args(["import", "export", "--table", "people", "--table", "letters", "--to", "files"]);
    assert!(files.env("CAREDB_SOURCE_URL", &old.url).output().unwrap().status.success());
    let mapping = MAPPING.replace("url_env = \"OLD_URL\"\ntable = \"people\"", "file = \"files/people.csv\"").replace(
        "url_env = \"OLD_URL\"\nquery = \"SELECT nr, person, body FROM letters ORDER BY nr\"",
        "file = \"files/letters.csv\"",
    );
    new.file("old.toml", &mapping);
    // NULL comes back as what it was, since the manifest says how it is written
    assert!(imported(&old, &new, "import run old.toml").contains("imported 5 rows from 5 rows"));
    assert_eq!(
        new.rows(LOADED),
        [
            "jim@mail.example|DOCTOR|2000-01-01 00:00:00|",
            "jim@mail.example|DOCTOR|2000-01-01 00:00:00|none",
            "zoe@mail.example|PATIENT|2020-07-01 12:00:00|Dear Zoë,\n\"hello\""
        ]
    );
    let whole = read(&new, "files/letters.csv");
    let manifest = read(&new, "files/manifest.json");
    let mut all = Vec::new();
    let mut try_out = |arguments: &str| {
        let text = imported(&old, &new, arguments);
        all.push(text.strip_prefix("exit 2\n--- stderr\nerror: ").unwrap_or(&text).to_owned());
    };
    new.file("files/letters.csv", &whole[..whole.len() - 3]);
    try_out("import check old.toml");
    new.file("files/letters.csv", whole.replace("hello", "hallo"));
    try_out("import verify old.toml");
    try_out("import run old.toml");
    try_out("import resume old.toml");
    new.file("files/letters.csv", &whole);
    new.file("old.toml", mapping.replace("null = []", "null = []\nheader = false\ncolumns = ['nr', 'person', 'body']"));
    try_out("import check old.toml");
    new.file("old.toml", &mapping);
    new.file("files/manifest.json", &manifest[..200]);
    try_out("import check old.toml");
    new.file("files/manifest.json", manifest.replace("\"caredb_manifest\": 1", "\"caredb_manifest\": 2"));
    try_out("import check old.toml");
    new.file("files/manifest.json", &manifest)
        .file("files/letters.csv.manifest.json", manifest.replace("letters.csv", "mails.csv"));
    try_out("import check old.toml");
    fs::remove_file(new.folder.join("files/letters.csv.manifest.json")).unwrap();
    // other programs have files of this name
    new.file("files/manifest.json", "{\"name\": \"an app\"}");
    try_out("import check old.toml");
    assert_snapshot!(all.join("\n"), @r"
    `files/letters.csv`: the file is not what was exported, as `files/manifest.json` says: it has 56 bytes, not 59; copy it again, or take the manifest away if the change is meant
    `files/letters.csv`: the file is not what was exported, as `files/manifest.json` says: its SHA-256 is another one; copy it again, or take the manifest away if the change is meant
    `files/letters.csv`: the file is not what was exported, as `files/manifest.json` says: its SHA-256 is another one; copy it again, or take the manifest away if the change is meant
    `files/letters.csv`: the file is not what was exported, as `files/manifest.json` says: its SHA-256 is another one; copy it again, or take the manifest away if the change is meant
    `files/letters.csv`: 4 rows were read, and 3 were exported, as `files/manifest.json` says; correct how the source is read (`header`, `skip_lines`, `quote`)
    `files/manifest.json`: this is no manifest that this version can read; export again, or take it away if the file is right
    `files/manifest.json`: this is no manifest that this version can read; export again, or take it away if the file is right
    `files/letters.csv.manifest.json`: the manifest does not name `letters.csv`; give the file its name back, or export again
    exit 1
    --- stdout
    table  rows  accepted  passed over  rejected
    users  2  1  0  1
    notifications  3  3  0  0

    code  where  rows  first
    bad-moment  users.created_at  1  line 2 `\x`

    checked 5 rows of 2 files: 1 rejected, in `rejects/people.csv`
    ");
}
