//! Hostile input: command lines, environments, settings and files that are wrong. Each gives one clear message and exit 2, and changes
//! neither the database nor a file. The cases stand in `hostile/*.txt`:
//!
//! ```text
//! file caredb.toml protectd = true\n
//! $ status
//! error: `<folder>/caredb.toml` line 1: unknown field `protectd`, …
//! ```
//!
//! Before the `$` stands what is there: `file PATH TEXT`, `dir PATH`, `fifo PATH`, `link PATH TARGET`, `env NAME VALUE` and
//! `change PATH FROM => TO`, which changes a text that the file's first block gives to all of its cases. `\n`, `\xff` and the like are
//! escapes; of a command line, words with spaces stand in `'`. `HOSTILE_UPDATE=1` writes what is said into the files; the diff is
//! to be read.

mod case;
mod names;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::Test;
use case::{Case, Cases};

/// All rows and definitions, and the databases beside the test's own.
fn state(test: &Test) -> Vec<String> {
    let tables = test.rows("SELECT CONCAT('`', table_name, '`') FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY 1");
    let mut state = test.schema();
    state.extend(test.rows(&format!("CHECKSUM TABLE {}", tables.join(", "))));
    state.extend(test.rows(&format!("SHOW DATABASES LIKE '{}%'", test.database)));
    // some commands make caredb's own tables before they look for what is wrong; no row comes into them
    state.retain(|line| !line.starts_with("caredb_") && !line.ends_with("|0") && !line.contains(".caredb_hold_gate|"));
    state
}

#[test]
fn each_has_one_message_and_changes_nothing() {
    let test = Test::new("hostile");
    test.ok("migrate");
    test.ok("seed");
    let before = state(&test);
    let mut count = 0;
    let mut faults = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caredb/hostile");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let cases = Cases::read(&text);
        count += cases.all.len();
        let answers = answers(&test, &cases);
        let mut written = cases.head.clone();
        for (case, (said, fault)) in cases.all.iter().zip(answers) {
            written.push_str(&format!("\n{}{said}\n", case.lines));
            let differs = (said != case.expected).then(|| format!("it says\n{said}\nand not\n{}", case.expected));
            faults.extend(fault.or(differs).map(|fault| format!("{}\n{}{fault}", path.display(), case.lines)));
        }
        if std::env::var_os("HOSTILE_UPDATE").is_some() {
            std::fs::write(&path, written).unwrap();
        }
    }
    assert!(faults.is_empty(), "{} of {count}:\n{}", faults.len(), faults.join("\n\n"));
    assert!(count >= 200, "there are {count} cases");
    let changed: Vec<_> = state(&test).into_iter().filter(|line| !before.contains(line)).collect();
    assert_eq!(changed, Vec::<String>::new());
}

/// What each case says, and what else is wrong with it, in their order.
fn answers(test: &Test, cases: &Cases) -> Vec<(String, Option<String>)> {
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(vec![(String::new(), None); cases.all.len()]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.all.get(number) else { break };
                    let answer = answer(test, cases, case, number);
                    answers.lock().unwrap()[number] = answer;
                }
            });
        }
    });
    answers.into_inner().unwrap()
}

fn answer(test: &Test, cases: &Cases, case: &Case, number: usize) -> (String, Option<String>) {
    let folder = test.folder.join(format!("case-{number}"));
    std::fs::create_dir(&folder).unwrap();
    let filled = |text: &str| text.replace("<url>", &test.url).replace("<db>", &test.database);
    let mut command = cases.set_up(case, &folder, &filled);
    command.env("XDG_CACHE_HOME", test.folder.join("cache"));
    let before = case::tree(&folder);
    let Some(output) = case::ended(command) else { return (String::new(), Some("it does not end".to_owned())) };
    let after = case::tree(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let fault = if output.status.code() != Some(2) {
        Some(format!("it ends with {}: {stdout}", output.status))
    } else if !stdout.is_empty() {
        Some(format!("it prints {stdout}"))
    } else if before != after {
        Some(format!("it changes files: {after:?}"))
    } else if stderr.chars().any(|letter| letter.is_control() && letter != '\n') {
        Some(format!("it prints control characters: {stderr:?}"))
    } else {
        None
    };
    let said = test.named(&stderr.replace(&folder.display().to_string(), "<folder>"));
    // cases run side by side
    let said: String = said.split_inclusive('\n').filter(|line| !line.starts_with("waiting for lock ")).collect();
    // the parser of command lines has a usage line and a hint below, which say nothing of the case
    if let Some(message) = said.strip_suffix("\n\nFor more information, try '--help'.\n") {
        let lines = message.lines().filter(|line| !line.is_empty() && !line.starts_with("Usage: "));
        return (lines.map(str::trim).collect::<Vec<_>>().join("\n"), fault);
    }
    let many = said.trim_end().contains('\n').then(|| format!("it says more than a line:\n{said}"));
    (said.trim_end().to_owned(), fault.or(many))
}
