//! `import`: where rejected rows go, and what they are when they come back mended.

use std::fs;
use std::os::unix::fs::symlink;

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
