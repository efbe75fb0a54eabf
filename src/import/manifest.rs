//! What an export says of its files, and whether they still are as it says: `FILE.manifest.json`, or `manifest.json` of a folder.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::export::{What, Wish};
use super::read::ReadError;

/// The form of manifests.
const FORM: u32 = 1;
/// The manifest of a folder.
const OF_FOLDER: &str = "manifest.json";

/// All files of an export, which are of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    #[serde(rename = "caredb_manifest")]
    form: u32,
    /// The server's version.
    pub server: String,
    /// The database.
    pub database: String,
    /// The moment, in UTC.
    pub snapshot_at: String,
    /// The files.
    pub files: Vec<Entry>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name, without folder.
    pub file: String,
    /// The table that it has the rows of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Or the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// How many rows.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// The text that stands for NULL, where the format has no sign for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<Column>,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How its values are written.
    #[serde(rename = "as")]
    pub form: Form,
}

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As the server shows them.
    Text,
    /// Bits: the number that they are, in decimal digits.
    Bits,
    /// Bytes: `0x` and hexadecimal digits.
    Hex,
}

impl Entry {
    /// What is known of a file once it is written.
    #[must_use]
    pub fn new(wish: &Wish, rows: u64, bytes: u64, sha256: String, columns: Vec<Column>) -> Self {
        let (table, query) = match &wish.what {
            What::Table(table) => (Some(table.as_str().to_owned()), None),
            What::Query(_, sql) => (None, Some(sql.clone())),
        };
        let null = wish.kind.null_word().map(str::to_owned);
        Self { file: name(&wish.path), table, query, rows, bytes, sha256, null, columns }
    }
}

impl Manifest {
    /// One without files yet.
    #[must_use]
    pub fn new(server: &str, database: &str, snapshot_at: &str) -> Self {
        Self {
            form: FORM,
            server: server.to_owned(),
            database: database.to_owned(),
            snapshot_at: snapshot_at.to_owned(),
            files: Vec::new(),
        }
    }

    /// The text of its file.
    #[must_use]
    pub fn to_json(&self) -> String {
        // of texts and numbers alone, so nothing can be wrong with it
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// Where the manifest of a file is.
#[must_use]
pub fn path_of_file(file: &Path) -> PathBuf {
    file.with_file_name(format!("{}.{OF_FOLDER}", name(file)))
}

/// Where the manifest of a folder is.
#[must_use]
pub fn path_of_folder(folder: &Path) -> PathBuf {
    folder.join(OF_FOLDER)
}

/// What a manifest beside a file says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Of the file.
    pub entry: Entry,
    manifest: String,
}

/// Looks for a manifest beside `file`. None where there is none, or one that does not name the file. Errors: one that can't be read.
pub fn beside(file: &Path) -> Result<Option<Said>, ReadError> {
    let (own, of_folder) = (path_of_file(file), path_of_folder(file.parent().unwrap_or(Path::new(""))));
    for (path, is_own) in [(own, true), (of_folder, false)] {
        let manifest = path.display().to_string();
        let text = match crate::text::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error)
                if !is_own && matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::IsADirectory) =>
            {
                continue;
            }
            Err(error) => return Err(ReadError::io(&manifest, &error)),
        };
        // other programs have files of this name, too
        if !is_own && !text.contains("caredb_manifest") {
            continue;
        }
        let read: Option<Manifest> = serde_json::from_str(&text).ok().filter(|read: &Manifest| read.form == FORM);
        let Some(read) = read else {
            let detail =
                "this is no manifest that this version can read; export again, or take it away if the file is right";
            return Err(ReadError::new("bad-manifest", &manifest, detail));
        };
        let named = read.files.into_iter().find(|entry| entry.file == name(file));
        match named {
            Some(entry) => return Ok(Some(Said { entry, manifest })),
            None if is_own => {
                let detail = format!(
                    "the manifest does not name `{}`; give the file its name back, or export again",
                    name(file)
                );
                return Err(ReadError::new("bad-manifest", &manifest, detail));
            }
            None => {}
        }
    }
    Ok(None)
}

impl Said {
    /// Whether the file has the bytes that were exported; reads all of it.
    pub fn check_bytes(&self, path: &Path) -> Result<(), ReadError> {
        let file = path.display().to_string();
        let failed = |error: io::Error| ReadError::io(&file, &error);
        let mut open = File::open(path).map_err(failed)?;
        let bytes = open.metadata().map_err(failed)?.len();
        let Entry { bytes: said, sha256, .. } = &self.entry;
        let what = if bytes == *said {
            let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
            loop {
                match open.read(&mut buffer).map_err(failed)? {
                    0 => break,
                    read => hash.update(&buffer[..read]),
                }
            }
            if hex(&hash.finalize()) == *sha256 {
                return Ok(());
            }
            "its SHA-256 is another one".to_owned()
        } else {
            format!("it has {bytes} bytes, not {said}")
        };
        let detail = format!(
            "the file is not what was exported, as `{}` says: {what}; copy it again, or take the manifest away if the change is meant",
            self.manifest
        );
        Err(ReadError::new("manifest-differs", &file, detail))
    }

    /// Whether so many rows were exported as were read.
    pub fn check_rows(&self, path: &Path, rows: u64) -> Result<(), ReadError> {
        if rows == self.entry.rows {
            return Ok(());
        }
        let detail = format!(
            "{rows} rows were read, and {} were exported, as `{}` says; correct how the source is read (`header`, `skip_lines`, `quote`)",
            self.entry.rows, self.manifest
        );
        Err(ReadError::new("manifest-rows", &path.display().to_string(), detail))
    }
}

/// Bytes in hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}"); // writing into a String can't fail
    }
    text
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
