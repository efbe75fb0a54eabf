//! Fixture sets: folders of fixture files, carried by the binary or lying on the disk.
//!
//! A folder with `.toml` files is one set, called as the folder is. A folder without any holds sets, a folder each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use sha2::{Digest as _, Sha256};

use super::finding::hint;
use crate::db::ident::nearest;
use crate::migrate::files::Location;

static SETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");

/// The set that is meant where none is named.
const DEFAULT: &str = "demo";

/// The files of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// What its folder is called.
    pub name: String,
    /// Their texts, by the name that messages give them: `users.toml`, or `edge/users.toml` where there are several sets.
    pub texts: BTreeMap<String, String>,
}

/// Why there are no files of a set.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// The folder or a file can't be read.
    #[error("could not read `{path}`: {reason}; correct `--fixtures` or `caredb.toml`")]
    Unreadable {
        /// Folder or file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// Not one TOML file there.
    #[error("`{0}` holds no fixtures; put one `.toml` file a table there")]
    NoFiles(String),
    /// A set that there is not.
    #[error("there is no fixture set `{name}` in {place}{}; there is {known}", hint(near.as_deref()))]
    Unknown {
        /// As it was named.
        name: String,
        /// Where it was looked for.
        place: String,
        /// The nearest there is.
        near: Option<String>,
        /// What there is: "`demo`, `edge`".
        known: String,
    },
    /// Several sets, none of them the default, and none was named.
    #[error("`{place}` holds the fixture sets {known}; name those to load")]
    Which {
        /// Where.
        place: String,
        /// What there is.
        known: String,
    },
}

impl Set {
    /// The SHA-256 of all names and texts, in hexadecimal. Where the folder lies makes no difference.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for (file, text) in &self.texts {
            let name = file.rsplit('/').next().unwrap_or(file);
            // with their lengths, so that no text can pass for a name and a text
            for part in [name, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The sets of a location that are named, in that order and each once; without names, the default one.
pub fn choose(location: &Location, names: &[String]) -> Result<Vec<Set>, SetError> {
    let mut sets = match location {
        Location::Embedded => embedded()?,
        Location::Folder(folder) => in_folder(folder)?,
    };
    let place = match location {
        Location::Embedded => "the binary".to_owned(),
        Location::Folder(folder) => format!("`{}`", folder.display()),
    };
    let known = || sets.iter().map(|set| format!("`{}`", set.name)).collect::<Vec<_>>().join(", ");
    let default = match sets.as_slice() {
        [only] => only.name.clone(),
        sets if sets.iter().any(|set| set.name == DEFAULT) => DEFAULT.to_owned(),
        _ if names.is_empty() => return Err(SetError::Which { place: place.replace('`', ""), known: known() }),
        _ => String::new(),
    };
    if let Some(name) = names.iter().find(|name| !sets.iter().any(|set| set.name == **name)) {
        let near = nearest(name, sets.iter().map(|set| set.name.as_str())).map(str::to_owned);
        return Err(SetError::Unknown { name: name.clone(), place, near, known: known() });
    }
    let default = [default];
    let names = if names.is_empty() { default.as_slice() } else { names };
    let mut chosen = Vec::new();
    for name in names {
        if let Some(index) = sets.iter().position(|set| set.name == *name) {
            chosen.push(sets.remove(index));
        }
    }
    Ok(chosen)
}

fn embedded() -> Result<Vec<Set>, SetError> {
    let mut sets = Vec::new();
    for folder in SETS.dirs() {
        let name = folder.path().to_string_lossy().into_owned();
        let mut texts = BTreeMap::new();
        for file in folder.files() {
            let path = file.path().to_string_lossy().into_owned();
            let text = file.contents_utf8().ok_or_else(|| not_text(&path))?;
            texts.insert(path, text.to_owned());
        }
        sets.push(Set { name, texts });
    }
    Ok(sets)
}

fn in_folder(folder: &Path) -> Result<Vec<Set>, SetError> {
    let (files, folders) = entries(folder)?;
    if !files.is_empty() {
        // the folder may be given as `.`
        let name = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        return Ok(vec![Set { name: file_name(&name), texts: texts("", &files)? }]);
    }
    let mut sets = Vec::new();
    for folder in folders {
        let (files, _) = entries(&folder)?;
        if !files.is_empty() {
            let name = file_name(&folder);
            sets.push(Set { texts: texts(&format!("{name}/"), &files)?, name });
        }
    }
    if sets.is_empty() { Err(SetError::NoFiles(folder.display().to_string())) } else { Ok(sets) }
}

/// The TOML files and the folders in a folder, by name; hidden ones left out.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), SetError> {
    let failed = |error: std::io::Error| unreadable(&folder.display().to_string(), &error);
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if file_name(&path).starts_with('.') {
            continue;
        }
        if path.is_dir() {
            folders.push(path);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

fn texts(prefix: &str, files: &[PathBuf]) -> Result<BTreeMap<String, String>, SetError> {
    let text = |path: &PathBuf| {
        let name = format!("{prefix}{}", file_name(path));
        let bytes = crate::text::bytes(path).map_err(|error| unreadable(&name, &error))?;
        let text = String::from_utf8(bytes).map_err(|_| not_text(&name))?;
        Ok((name, text))
    };
    files.iter().map(text).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn unreadable(path: &str, error: &std::io::Error) -> SetError {
    SetError::Unreadable { path: path.to_owned(), reason: error.to_string().to_lowercase() }
}

fn not_text(path: &str) -> SetError {
    SetError::Unreadable { path: path.to_owned(), reason: "it is not UTF-8".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_carries_demo_and_edge() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let chosen = |wanted: &[&str]| -> Vec<String> {
            choose(&Location::Embedded, &names(wanted)).unwrap().into_iter().map(|set| set.name).collect()
        };
        assert_eq!(chosen(&[]), ["demo"]);
        assert_eq!(chosen(&["edge", "demo", "edge"]), ["edge", "demo"]);
        let unknown = choose(&Location::Embedded, &names(&["edg"])).unwrap_err().to_string();
        assert_eq!(
            unknown,
            "there is no fixture set `edg` in the binary, did you mean `edge`?; there is `demo`, `edge`"
        );
    }

    #[test]
    fn the_checksum_follows_names_and_texts_and_no_folder() {
        let set = |files: &[(&str, &str)]| {
            let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            Set { name: "x".to_owned(), texts }.sha256()
        };
        assert_eq!(set(&[("a.toml", "1")]), set(&[("edge/a.toml", "1")]));
        assert_ne!(set(&[("a.toml", "1")]), set(&[("b.toml", "1")]));
        assert_ne!(set(&[("a.toml", "1")]), set(&[("a.toml", "2")]));
    }
}
