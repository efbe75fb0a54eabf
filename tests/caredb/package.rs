//! What packages are made of: completions, manual pages, the version.

use std::path::Path;
use std::process::Command;

use crate::support::{command, show, temporary};

fn run(arguments: &str) -> String {
    let output = command(Path::new(env!("CARGO_TARGET_TMPDIR"))).args(arguments.split_whitespace()).output().unwrap();
    show(&output)
}

#[test]
fn shells_complete_command_lines() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&format!("completions {shell}"));
        assert!(script.starts_with("exit 0\n--- stdout\n"), "{shell}: {script}");
        assert!(script.contains("create-database"), "{shell}");
    }
    // bash itself completes by it
    let folder = temporary("completions");
    let script = command(&folder).args(["completions", "bash"]).output().unwrap().stdout;
    std::fs::write(folder.join("caredb.bash"), script).unwrap();
    let asked = "source ./caredb.bash; COMP_WORDS=(caredb partition en) COMP_CWORD=2; _caredb caredb en partition; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["-c", asked]).current_dir(&folder).output().unwrap();
    assert_eq!(show(&output), "exit 0\n--- stdout\nensure");
    assert!(run("completions tcsh").contains("invalid value 'tcsh' for '<SHELL>'"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = temporary("man");
    let output = command(&folder).args(["man", "pages/man1"]).output().unwrap();
    let mut pages: Vec<_> = std::fs::read_dir(folder.join("pages/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    assert_eq!(show(&output), format!("exit 0\n--- stdout\n{} pages written to `pages/man1`", pages.len()));
    for page in ["caredb.1", "caredb-migrate.1", "caredb-archive-restore.1", "caredb-man.1"] {
        assert!(pages.iter().any(|name| name == page), "{page} is not among {pages:?}");
    }
    assert!(!pages.iter().any(|page| page.contains("help")), "{pages:?}");
    // the same text again, wherever and whenever: no date is in it
    let one = run("man");
    assert!(one.contains(".TH caredb 1  \"caredb ") && one.contains("caredb\\-migrate(1)"), "{one}");
    let page = std::fs::read_to_string(folder.join("pages/man1/caredb.1")).unwrap();
    assert!(one.ends_with(page.trim_end().lines().last().unwrap()), "{one}");
    assert_eq!(
        run("man /dev/null/pages"),
        "exit 2\n--- stderr\nerror: could not write the pages to `/dev/null/pages`: not a directory (os error 20)"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_version_says_how_it_was_built() {
    assert_eq!(run("--version"), concat!("exit 0\n--- stdout\ncaredb ", env!("CARGO_PKG_VERSION")));
    let facts = run("--version --verbose");
    let names: Vec<_> = facts.lines().skip(2).filter_map(|line| line.split_once(' ')).collect();
    let value = |name: &str| names.iter().find(|(fact, _)| *fact == name).map(|(_, value)| value.trim());
    assert_eq!(
        names.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["caredb", "commit", "date", "target", "rustc", "profile"]
    );
    assert_eq!(value("caredb"), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(value("profile"), Some(if cfg!(debug_assertions) { "debug" } else { "release" }));
    assert!(value("target").unwrap().starts_with(std::env::consts::ARCH), "{facts}");
    assert!(regex::Regex::new(r"^1\.\d+\.\d+").unwrap().is_match(value("rustc").unwrap()), "{facts}");
    assert_eq!(run("--verbose --version"), facts);
    // alone it says nothing, and is no option of commands
    assert!(run("--verbose status").starts_with("exit 2"), "{}", run("--verbose status"));
    assert!(run("status --verbose").starts_with("exit 2"));
}
