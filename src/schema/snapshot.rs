//! A schema as a file: JSON with its objects in order and their definitions line by line, so that two versions of it can be
//! read side by side. Nothing in it says when or by whom it was made.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::introspect::{Kind, Schema};
use crate::db::ident::Ident;

/// The form of the file; another number is another form.
const FORMAT: u32 = 1;

/// A schema, and of what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// See `FORMAT`.
    #[serde(rename = "caredb_snapshot")]
    format: u32,
    /// The version of the server that wrote the definitions.
    pub server: String,
    /// The version that the schema is at; none for a database without a history.
    pub version: Option<i64>,
    /// Lines by name by kind.
    objects: BTreeMap<Kind, BTreeMap<String, Vec<String>>>,
}

/// A file that holds no schema.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It can't be read or written.
    #[error("could not {verb} snapshot `{path}`: {reason}")]
    Io {
        /// `read` or `write`.
        verb: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// It is something else.
    #[error("`{path}` is no snapshot ({reason}); make one with `caredb snapshot FILE`")]
    Not {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl Snapshot {
    /// Of a schema. `server`: its version; `version`: that of the migrations.
    #[must_use]
    pub fn of(schema: &Schema, server: &str, version: Option<i64>) -> Self {
        let mut objects: BTreeMap<Kind, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for ((kind, name), text) in &schema.definitions {
            let lines = text.split('\n').map(str::to_owned).collect();
            objects.entry(*kind).or_default().insert(name.as_str().to_owned(), lines);
        }
        Self { format: FORMAT, server: server.to_owned(), version, objects }
    }

    /// The schema. Errors: a name that can't be one.
    pub fn schema(&self) -> Result<Schema, crate::db::ident::InvalidIdent> {
        let mut schema = Schema::default();
        for (kind, objects) in &self.objects {
            for (name, lines) in objects {
                schema.definitions.insert((*kind, Ident::new(name)?), lines.join("\n"));
            }
        }
        Ok(schema)
    }

    /// How many objects it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.values().map(BTreeMap::len).sum()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, SnapshotError> {
        let text = crate::text::read(path).map_err(|error| io("read", path, &error))?;
        let not = |reason: String| SnapshotError::Not { path: path.display().to_string(), reason };
        let snapshot: Self = serde_json::from_str(&text).map_err(|error| not(error.to_string()))?;
        match snapshot.format {
            FORMAT => Ok(snapshot),
            other => Err(not(format!("it has form {other}, and this caredb knows form {FORMAT}"))),
        }
    }

    /// Writes a file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), SnapshotError> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n"; // maps of texts always are JSON
        write_whole(path, &text).map_err(|error| io("write", path, &error))
    }
}

/// A file in the user's cache, of one project and database. `of`: what tells these from others. None where the system has no
/// place for caches.
#[must_use]
pub fn cached(folder: &str, of: &str) -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let root = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))?;
    let hash: String = Sha256::digest(of).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Some(root.join("caredb").join(folder).join(format!("{hash}.json")))
}

/// Writes a file aside and puts it in its place. What was there keeps its mode and, where that can be, its owner, and a link leads where
/// it led; what is no file, such as `/dev/stdout` or a pipe, is written to.
pub fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let there = std::fs::metadata(path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file() && !there.is_dir()) {
        return std::fs::write(path, text);
    }
    let mut place = path.to_owned();
    if there.is_some() && path.is_symlink() {
        // the system says whether it may be followed: in a folder that is everybody's, not where it is somebody else's
        std::fs::OpenOptions::new().write(true).open(path)?;
        match path.canonicalize() {
            Ok(real) => place = real,
            // standard output into a file that has no name any more
            Err(_) => return std::fs::write(path, text),
        }
    }
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error: std::io::Error| {
        // behind that, the name of the file aside
        let reason = error.to_string();
        std::io::Error::new(error.kind(), reason.split(" at path ").next().unwrap_or_default().to_owned())
    };
    // a new one is as open as the user's umask lets it be
    let mode = std::fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(mode).tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes())?;
    if let Some(there) = there {
        let _ = fchown(file.as_file(), Some(there.uid()), Some(there.gid())); // only root can give files away
        file.as_file().set_permissions(there.permissions())?;
    }
    file.persist(place)?;
    Ok(())
}

fn io(verb: &'static str, path: &Path, error: &std::io::Error) -> SnapshotError {
    SnapshotError::Io { verb, path: path.display().to_string(), reason: error.to_string().to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_mode_and_what_is_no_file_stays() {
        use std::fs::{self, Permissions};
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("page"), "old").unwrap();
        fs::set_permissions(at("page"), Permissions::from_mode(0o640)).unwrap();
        symlink("page", at("link")).unwrap();
        write_whole(&at("link"), "new").unwrap();
        let mode = fs::metadata(at("page")).unwrap().permissions().mode() & 0o777;
        assert_eq!((fs::read_to_string(at("page")).unwrap().as_str(), mode), ("new", 0o640));
        // by a link, so that the machine's own is not lost where this fails
        symlink("/dev/null", at("null")).unwrap();
        write_whole(&at("null"), "new").unwrap();
        assert!(["link", "null"].iter().all(|name| fs::symlink_metadata(at(name)).unwrap().is_symlink()));
        // nothing is left aside
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        fs::create_dir(at("folder")).unwrap();
        assert!(write_whole(&at("folder"), "new").is_err());
    }

    #[test]
    fn a_snapshot_is_sorted_lines_and_read_back() {
        let name = |name| Ident::new(name).unwrap();
        let schema = Schema {
            definitions: [
                ((Kind::View, name("v")), "CREATE VIEW `v` AS select 1".to_owned()),
                ((Kind::Table, name("b")), "CREATE TABLE `b` (\n  `x` int\n)".to_owned()),
                ((Kind::Table, name("a")), "CREATE TABLE `a`".to_owned()),
            ]
            .into(),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.json");
        let snapshot = Snapshot::of(&schema, "9.7.4", Some(15));
        snapshot.write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "{\n  \"caredb_snapshot\": 1,\n  \"server\": \"9.7.4\",\n  \"version\": 15,\n  \"objects\": {\n    \"table\": {\n      \"a\": [\n        \"CREATE TABLE `a`\"\n      ],\n      \"b\": [\n        \"CREATE TABLE `b` (\",\n        \"  `x` int\",\n        \")\"\n      ]\n    },\n    \"view\": {\n      \"v\": [\n        \"CREATE VIEW `v` AS select 1\"\n      ]\n    }\n  }\n}\n"
        );
        let read = Snapshot::read(&path).unwrap();
        assert_eq!((read.schema().unwrap(), read.len()), (schema, 3));
        std::fs::write(&path, text.replace("_snapshot\": 1", "_snapshot\": 2")).unwrap();
        let error = Snapshot::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("is no snapshot (it has form 2, and this caredb knows form 1); make one with"),
            "{error}"
        );
    }
}
