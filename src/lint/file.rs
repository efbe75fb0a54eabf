//! The files that are linted. A statement that a migration can't hold, and a file that can't be read, are findings here, not the end.

use std::path::Path;

use super::allow::{Allowance, allowances};
use crate::db::split::{split, split_several};
use crate::migrate::classify::Refused;
use crate::migrate::files::{self, FileError, Location, Script, Version};
use crate::migrate::piece::{Piece, Split, pieces};
use crate::migrate::placeholder::Placeholders;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A V file.
    Up(Version),
    /// A U file.
    Down(Version),
    /// An R file.
    Repeatable,
    /// Any other file with SQL.
    Plain,
}

/// A file as it is linted.
#[derive(Debug, Clone)]
pub struct File {
    /// What it is.
    pub kind: Kind,
    /// Its path, as findings show it.
    pub path: String,
    /// Its name and statements; none where it can't be read.
    pub script: Script,
    /// What stands around its statements, one for each.
    pub notes: Vec<Note>,
    /// Why it can't be read.
    pub unreadable: Option<String>,
}

/// What stands around a statement.
#[derive(Debug, Clone, Default)]
pub struct Note {
    /// Why a migration can't hold it.
    pub refused: Option<Refused>,
    /// What the comments before it allow. Those before the first statement are the whole file's.
    pub allowances: Vec<Allowance>,
}

impl File {
    /// Reads a file's bytes. `path`: as findings show it; `name`: without folders.
    #[must_use]
    pub fn read(kind: Kind, path: String, name: String, bytes: &[u8], placeholders: &Placeholders) -> Self {
        let split: Split = if kind == Kind::Plain { split_several } else { split };
        let mut script =
            Script { name, description: String::new(), checksum: 0, sha256: String::new(), statements: Vec::new() };
        let mut notes = Vec::new();
        let unreadable = match pieces(&script.name, bytes, placeholders, split) {
            Err(error) => Some(error.to_string()),
            Ok(pieces) => {
                for Piece { statement, comments, refused } in pieces {
                    notes.push(Note { refused, allowances: allowances(&comments, statement.line) });
                    script.statements.push(statement);
                }
                None
            }
        };
        Self { kind, path, script, notes, unreadable }
    }
}

/// A V file with its U file.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The version of both.
    pub version: Version,
    /// The V file.
    pub up: File,
    /// The U file.
    pub down: Option<File>,
}

impl Pair {
    /// Both, as far as they are there.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        [Some(&self.up), self.down.as_ref()].into_iter().flatten()
    }
}

/// The V, U and R files of a project.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// Lowest version first.
    pub pairs: Vec<Pair>,
    /// By name.
    pub repeatables: Vec<File>,
}

impl Project {
    /// Reads all files. Errors: a folder that can't be read, a file whose name says no version.
    pub fn read(migrations: &Location, rollbacks: &Location, placeholders: &Placeholders) -> Result<Self, FileError> {
        let mut project = Self::default();
        for (name, bytes) in files::files('V', migrations)? {
            if name.starts_with("R__") {
                project.repeatables.push(File::read(
                    Kind::Repeatable,
                    shown(migrations, &name),
                    name,
                    &bytes,
                    placeholders,
                ));
                continue;
            }
            let (version, _) = files::parse_name('V', &name)?;
            let up = File::read(Kind::Up(version), shown(migrations, &name), name, &bytes, placeholders);
            project.pairs.push(Pair { version, up, down: None });
        }
        project.pairs.sort_by_key(|pair| pair.version);
        for (name, bytes) in files::files('U', rollbacks)? {
            let (version, _) = files::parse_name('U', &name)?;
            if let Some(pair) = project.pairs.iter_mut().find(|pair| pair.version == version) {
                pair.down = Some(File::read(Kind::Down(version), shown(rollbacks, &name), name, &bytes, placeholders));
            }
        }
        Ok(project)
    }

    /// All of them.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.pairs.iter().flat_map(Pair::files).chain(&self.repeatables)
    }
}

/// Reads a file that is none of the project's. Errors: what the system says.
pub fn plain(path: &Path, placeholders: &Placeholders) -> std::io::Result<File> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(File::read(Kind::Plain, path.display().to_string(), name, &crate::text::bytes(path)?, placeholders))
}

/// The path of a project's file, from the current folder on where it lies below; of one in the binary, its name.
fn shown(location: &Location, name: &str) -> String {
    let Location::Folder(folder) = location else { return name.to_owned() };
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    folder.strip_prefix(here).unwrap_or(folder).join(name).display().to_string()
}

/// What to sort names by, so that `V2` comes before `V10`: numbers count as such.
#[must_use]
pub fn natural(name: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = rest[text..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |end| text + end);
        // what has more digits than a number can have is larger than all
        parts.push((0, rest[..text].to_lowercase()));
        parts.push((rest[text..digits].parse().unwrap_or(u64::MAX), rest[text..digits].to_owned()));
        rest = &rest[digits..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_numbers() {
        let mut names = ["step_100_a.sql", "step_9_b.sql", "step_a1.sql", "step_10_a.sql", "Step_2.sql", "a.sql"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["a.sql", "Step_2.sql", "step_9_b.sql", "step_10_a.sql", "step_100_a.sql", "step_a1.sql"]);
    }
}
