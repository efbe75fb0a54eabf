//! `import`: where rejected rows go, and what they are when they come back mended.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use crate::import_export::{LOADED, imported, legacy, read};
use crate::import_run::files;
use crate::support::{Test, command};

/// `import` without a database.
fn import(test: &Test, arguments: &str) -> String {
    let mut command = command(&test.folder);
    test.show(&command.arg("import").args(arguments.split_whitespace()).output().unwrap())
}

/// All files of the test's folder, with what is in them.
fn content(test: &Test) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(&test.folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut all: Vec<_> = entries.map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect();
    all.sort();
    all
}

#[test]
fn rejected_rows_never_take_the_place_of_a_source() {
    let test = Test::without_database("import_reject_place");
    files(&test);
    symlink(".", test.folder.join("here")).unwrap();
    // a source that others are looked up in, or of another name than its file, is somebody's data as well
    test.file(
        "crossed.toml",
        "system = 'old'\ntable = []\n[source.patients]\nfile = 'x.csv'\n[source.a]\nfile = 'patients.csv'",
    );
    let before = content(&test);
    for (arguments, expected) in [
        (
            "check old.toml --rejects .",
            "error: rejected rows would go to `./patients.csv`, the file of `[source.patients]`; name another folder by `--rejects`",
        ),
        (
            "check old.toml --rejects here",
            "error: rejected rows would go to `here/patients.csv`, the file of `[source.patients]`; name another folder by `--rejects`",
        ),
        (
            "check old.toml --rejects . --mended .",
            "error: rejected rows would go to `./patients.csv`, the file of `[source.patients]`; name another folder by `--rejects`",
        ),
        (
            "check crossed.toml --rejects .",
            "error: rejected rows would go to `./patients.csv`, the file of `[source.a]`; name another folder by `--rejects`",
        ),
        // before there is a connection
        (
            "run old.toml --rejects . --max-errors 7",
            "error: rejected rows would go to `./patients.csv`, the file of `[source.patients]`; name another folder by `--rejects`",
        ),
        (
            "resume old.toml --rejects .",
            "error: rejected rows would go to `./patients.csv`, the file of `[source.patients]`; name another folder by `--rejects`",
        ),
    ] {
        assert_eq!(import(&test, arguments), format!("exit 2\n--- stderr\n{expected}"), "{arguments}");
        assert_eq!(content(&test), before, "{arguments}");
    }
}

#[test]
fn what_somebody_has_mended_is_never_written_over() {
    let test = Test::without_database("import_reject_kept");
    files(&test);
    let read = |file: &str| fs::read_to_string(test.folder.join("rejects").join(file)).unwrap();
    import(&test, "check old.toml");
    let rejected = read("patients.csv");
    for mended in ["mended once", "mended twice", "mended thrice"] {
        test.file("rejects/patients.csv", mended);
        import(&test, "check old.toml");
        assert_eq!(read("patients.csv"), rejected);
    }
    assert_eq!(
        ["patients.csv~", "patients.csv~2", "patients.csv~3"].map(read),
        ["mended once", "mended twice", "mended thrice"]
    );
    // mended rows that are wrong still are rejected to the same folder, and stay as they were, too
    test.file("rejects/patients.csv", rejected.replace("31.02.1980", "30.02.1980"));
    import(&test, "check old.toml --mended rejects");
    assert!(read("patients.csv~4").contains("30.02.1980"));
}

#[test]
fn mended_rows_of_a_live_source_have_their_nulls() {
    let (old, new) = legacy("import_reject_null");
    // one source says `null = []`, the other nothing
    old.sql(
        "INSERT INTO letters VALUES (4, 11, NULL), (5, 11, '');
         INSERT INTO people VALUES (12, 'kim@mail.example', 'X', NULL)",
    );
    let text = imported(&old, &new, "import run old.toml --max-errors 3");
    assert!(text.contains("3 rejected, in `rejects/people.csv`, `rejects/letters.csv`"), "{text}");
    let added = "caredb_row,caredb_line,caredb_codes";
    assert_eq!(
        [read(&new, "rejects/people.csv"), read(&new, "rejects/letters.csv")],
        [
            format!("nr,mail,kind,joined,{added}\n12,kim@mail.example,X,,3,4,unknown-word\n"),
            format!("nr,person,body,{added}\n4,11,\\N,4,6,unknown-reference\n5,11,,5,7,unknown-reference\n"),
        ]
    );
    for (file, wrong, right) in [("rejects/people.csv", ",X,", ",P,"), ("rejects/letters.csv", ",11,", ",12,")] {
        new.file(file, read(&new, file).replace(wrong, right));
    }
    assert_snapshot!(imported(&old, &new, "import run old.toml --mended rejects"), @"
    exit 0
    --- stdout
    table  inserted  equal  different  updated  refused
    users  1  0  0  0  0
    notifications  2  0  0  0  0

    imported 3 rows from 3 rows of `old` in <s> s; none is rejected; run 2
    ");
    let kim: Vec<String> = new.rows(LOADED).into_iter().filter(|row| row.starts_with("kim")).collect();
    assert_eq!(
        kim,
        ["kim@mail.example|PATIENT|2000-01-01 00:00:00|", "kim@mail.example|PATIENT|2000-01-01 00:00:00|none"]
    );
}
