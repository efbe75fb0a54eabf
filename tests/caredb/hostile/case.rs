//! The files of cases: what they say, made true.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::command;

/// A file of cases.
pub struct Cases {
    /// All before the first case, as it stands.
    pub head: String,
    /// What is there in each of them.
    given: Vec<String>,
    pub all: Vec<Case>,
}

/// A command line on what is there.
pub struct Case {
    /// The lines with comments, up to the command line, as they stand.
    pub lines: String,
    pub expected: String,
}

impl Cases {
    pub fn read(text: &str) -> Self {
        let is_case = |block: &str| block.lines().any(|line| line.starts_with('$'));
        let (cases, head): (Vec<_>, Vec<_>) = text.split("\n\n").map(str::trim_end).partition(|block| is_case(block));
        let given = head.iter().flat_map(|block| block.lines()).filter(|line| !line.starts_with("//"));
        Self {
            head: head.join("\n\n") + "\n",
            given: given.map(str::to_owned).collect(),
            all: cases.into_iter().map(Case::read).collect(),
        }
    }

    /// Makes what is there for a case, and gives its command. `filled` puts names of the test into a text.
    pub fn set_up(&self, case: &Case, folder: &Path, filled: &dyn Fn(&str) -> String) -> Command {
        // settings of its own, not those of a folder above
        std::fs::write(folder.join("caredb.toml"), "").unwrap();
        let mut command = command(folder);
        command.env("CAREDB_URL", filled("<url>"));
        for line in self.given.iter().map(String::as_str).chain(case.lines.lines()) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
            let path = folder.join(PathBuf::from(unescaped(name)));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match word {
                "file" => std::fs::write(path, unescaped(&filled(value)).into_vec()).unwrap(),
                "dir" => std::fs::create_dir_all(path).unwrap(),
                "fifo" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
                "link" => std::os::unix::fs::symlink(value, path).unwrap(),
                "env" if value == "-" => drop(command.env_remove(name)),
                "env" => drop(command.env(name, unescaped(&filled(value)))),
                "change" => change(&path, value),
                "$" => drop(command.args(words(&filled(rest)))),
                "//" | "" => {}
                _ => panic!("what is `{line}`?"),
            }
        }
        command
    }
}

impl Case {
    fn read(block: &str) -> Self {
        let at = if block.starts_with('$') { 0 } else { block.find("\n$").unwrap() + 1 };
        let end = block[at..].find('\n').map_or(block.len(), |end| at + end + 1);
        let lines = block[..end].trim_end().to_owned() + "\n";
        Self { lines, expected: block[end..].to_owned() }
    }
}

/// Puts one text in another's place.
fn change(path: &Path, change: &str) {
    let (from, to) = change.split_once("=>").unwrap();
    let text = |part: &str| unescaped(part.trim()).into_string().unwrap();
    let old = std::fs::read_to_string(path).unwrap();
    assert!(old.contains(&text(from)), "`{}` has no {from}", path.display());
    std::fs::write(path, old.replacen(&text(from), &text(to), 1)).unwrap();
}

/// The words of a command line; those with spaces stand in `'`.
fn words(line: &str) -> Vec<OsString> {
    let mut words = vec![String::new()];
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.last_mut().unwrap().push_str(&format!("{part}\u{0}"));
            continue;
        }
        let mut parts = part.split(' ');
        words.last_mut().unwrap().push_str(parts.next().unwrap());
        words.extend(parts.map(str::to_owned));
    }
    // what was quoted may be empty
    words.retain(|word| !word.is_empty());
    words.iter().map(|word| unescaped(&word.replace('\u{0}', ""))).collect()
}

/// `\n`, `\t`, `\r`, `\\` and `\xff` as what they stand for; of `\*`, so many letters `x` as the number behind it says.
fn unescaped(text: &str) -> OsString {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        bytes.extend(before.bytes());
        let length = match behind.as_bytes()[0] {
            b'n' => {
                bytes.push(b'\n');
                1
            }
            b't' => {
                bytes.push(b'\t');
                1
            }
            b'r' => {
                bytes.push(b'\r');
                1
            }
            b'x' => {
                bytes.push(u8::from_str_radix(&behind[1..3], 16).unwrap());
                3
            }
            b'*' => {
                let digits = behind[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len() - 1);
                bytes.extend(std::iter::repeat_n(b'x', behind[1..=digits].parse().unwrap()));
                1 + digits
            }
            other => {
                bytes.push(other);
                1
            }
        };
        rest = &behind[length..];
    }
    bytes.extend(rest.bytes());
    OsString::from_vec(bytes)
}

/// All below a folder: of a file, what is in it.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = std::fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            found.extend(tree(&path));
        }
        let text = (kind.is_file() && !kind.is_fifo()).then(|| std::fs::read(&path).unwrap());
        found.insert(path, text);
    }
    found
}

/// How the command ended; none where it does not.
pub fn ended(mut command: Command) -> Option<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_mins(1) {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(child.wait_with_output().unwrap())
}
