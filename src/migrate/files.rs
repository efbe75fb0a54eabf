//! The migration files: found, named, read, split. Nothing here knows a database.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use sha2::{Digest as _, Sha256};

use super::classify::{Class, Refused};
use super::history::abbreviate;
use super::piece::{Piece, pieces};
use super::placeholder::{PlaceholderError, Placeholders};
use super::repeatable::{NotRepeatable, Repeatable};
use crate::db::split::{SplitError, split};

/// A version of the schema; 0 is the empty database.
pub type Version = i64;

/// What stands for a version where an R file has none: no V file has it, see `parse_name`.
pub const REPEATABLE: Version = 0;

static MIGRATIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/migrations");
static ROLLBACKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rollbacks");

/// Where the files come from.
#[derive(Debug, Clone)]
pub enum Location {
    /// Carried by the binary.
    Embedded,
    /// Read from a folder.
    Folder(PathBuf),
}

/// All files.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// V files with their U files, lowest version first.
    pub migrations: Vec<Migration>,
    /// R files, by description.
    pub repeatables: Vec<Repeatable>,
}

impl Files {
    /// The highest version that has a V file; 0 for none.
    #[must_use]
    pub fn newest(&self) -> Version {
        self.migrations.last().map_or(0, |migration| migration.version)
    }

    /// The R file that a row with this description belongs to.
    #[must_use]
    pub fn repeatable(&self, description: &str) -> Option<&Repeatable> {
        self.repeatables.iter().find(|file| abbreviate(&file.up.description) == description)
    }

    /// The files of a version.
    #[must_use]
    pub fn migration(&self, version: Version) -> Option<&Migration> {
        self.migrations.iter().find(|migration| migration.version == version)
    }
}

/// One V file with its U file.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The version in the names of both.
    pub version: Version,
    /// The V file.
    pub up: Script,
    /// The U file; a migration without one can't be rolled back.
    pub down: Option<Script>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// `V1__create_users_table.sql`
    pub name: String,
    /// `create users table`
    pub description: String,
    /// Flyway's checksum, as it goes into the history: of the text before placeholders are replaced, of an R file after.
    pub checksum: i32,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
    /// Its statements; none in a file that is still to be written.
    pub statements: Vec<Statement>,
}

/// One statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its text, without the delimiter.
    pub text: String,
    /// The line of the file on which it begins, from 1.
    pub line: usize,
    /// SHA-256 of the text, in hex.
    pub sha256: String,
    /// What it does, which decides how it is journalled.
    pub class: Class,
    /// What its rows would be, where the file declares that it expects none.
    pub expects: Option<String>,
}

/// What is wrong with a file; the message names it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The folder can't be read.
    #[error("could not read folder `{}`: {reason}; correct `--{option}` or `caredb.toml`", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// `migrations` or `rollbacks`.
        option: &'static str,
        /// What the system said.
        reason: String,
    },
    /// The file can't be read.
    #[error("could not read `{name}`: {reason}; mend the file, or its rights")]
    Unreadable {
        /// The file.
        name: String,
        /// What the system said.
        reason: String,
    },
    /// A name that says no version.
    #[error(
        "`{name}` is not named like a migration; name it `{prefix}__<description>.sql`, the description in letters, digits and `_`"
    )]
    Name {
        /// The file.
        name: String,
        /// `V<version>`, `U<version>` or `R`.
        prefix: &'static str,
    },
    /// An R file with a statement that can't be repeated, or whose effect can't be dropped.
    #[error("`{name}` {error}")]
    NotRepeatable {
        /// The file.
        name: String,
        /// Line, statement and reason.
        error: NotRepeatable,
    },
    /// A placeholder without a value.
    #[error("`{name}` {error}")]
    Placeholder {
        /// The file.
        name: String,
        /// Line, placeholder and cure.
        error: PlaceholderError,
    },
    /// Two files with one version.
    #[error("`{first}` and `{second}` both have version {version}; give one of them the next free version")]
    Duplicate {
        /// The version.
        version: Version,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// A U file to which no V file belongs.
    #[error("`{name}` undoes version {version}, but there is no `V{version}__….sql`; correct its version or remove it")]
    Orphan {
        /// The file.
        name: String,
        /// Its version.
        version: Version,
    },
    /// Bytes that are no text.
    #[error("`{name}` line {line}: not UTF-8 text; save the file as UTF-8")]
    NotUtf8 {
        /// The file.
        name: String,
        /// The line with the first wrong byte.
        line: usize,
    },
    /// A text that can't be split.
    #[error("`{name}` {error}")]
    Split {
        /// The file.
        name: String,
        /// Line and reason.
        error: SplitError,
    },
    /// Something else than a query that is declared to find no rows.
    #[error(
        "`{name}` line {line}: `caredb: expects no rows` stands before a statement that is no query; put it before a SELECT"
    )]
    NoQuery {
        /// The file.
        name: String,
        /// The line of the statement.
        line: usize,
    },
    /// A statement that can't stand in a migration.
    #[error("`{name}` line {line}: {refused}")]
    Refused {
        /// The file.
        name: String,
        /// Where the statement begins.
        line: usize,
        /// Statement and reason.
        refused: Refused,
    },
}

/// Reads all V, U and R files. Errors: the first file that is wrong, in the order of names.
pub fn read(migrations: &Location, rollbacks: &Location, placeholders: &Placeholders) -> Result<Files, FileError> {
    let (repeatables, ups): (BTreeMap<_, _>, BTreeMap<_, _>) =
        files('V', migrations)?.into_iter().partition(|(name, _)| name.starts_with("R__"));
    let ups = scripts('V', ups, placeholders)?;
    let mut downs = scripts('U', files('U', rollbacks)?, placeholders)?;
    let migrations =
        ups.into_iter().map(|(version, up)| Migration { version, up, down: downs.remove(&version) }).collect();
    if let Some((version, script)) = downs.pop_first() {
        return Err(FileError::Orphan { name: script.name, version });
    }
    let repeatables = repeatables.into_iter().map(|(name, bytes)| repeatable(name, &bytes, placeholders));
    let mut repeatables: Vec<Repeatable> = repeatables.collect::<Result<_, _>>()?;
    repeatables.sort_by(|one, other| one.up.description.cmp(&other.up.description));
    Ok(Files { migrations, repeatables })
}

/// The files of a location as they are, by name; of a folder, those that end in `.sql`. `prefix`: `V` for the V and R files, `U`.
pub fn files(prefix: char, location: &Location) -> Result<BTreeMap<String, Vec<u8>>, FileError> {
    let mut found = BTreeMap::new();
    match location {
        Location::Embedded => {
            let folder = if prefix == 'V' { &MIGRATIONS } else { &ROLLBACKS };
            for file in folder.files() {
                let name = file.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
                found.insert(name, file.contents().to_vec());
            }
        }
        Location::Folder(folder) => {
            let option = if prefix == 'V' { "migrations" } else { "rollbacks" };
            let failed = |error: std::io::Error| FileError::Folder {
                folder: folder.clone(),
                option,
                reason: error.to_string().to_lowercase(),
            };
            for entry in std::fs::read_dir(folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if !path.is_dir() && is_meant(&name) {
                    let bytes = crate::text::bytes(&path);
                    let bytes = bytes.map_err(|error| FileError::Unreadable {
                        name: name.clone(),
                        reason: error.to_string().to_lowercase(),
                    })?;
                    found.insert(name, bytes);
                }
            }
        }
    }
    Ok(found)
}

/// Whether a file is meant as a migration, so that a wrong name is an error and not passed over. Hidden files,
/// editors' copies and other kinds of file are not.
fn is_meant(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    !name.starts_with('.') && extension.eq_ignore_ascii_case("sql")
}

fn scripts(
    prefix: char,
    files: BTreeMap<String, Vec<u8>>,
    placeholders: &Placeholders,
) -> Result<BTreeMap<Version, Script>, FileError> {
    let mut scripts: BTreeMap<Version, Script> = BTreeMap::new();
    for (name, bytes) in files {
        let (version, description) = parse_name(prefix, &name)?;
        let script = script(name, description, &bytes, placeholders)?;
        if let Some(first) = scripts.get(&version) {
            return Err(FileError::Duplicate { version, first: first.name.clone(), second: script.name });
        }
        scripts.insert(version, script);
    }
    Ok(scripts)
}

/// Version and description of a file's name; `prefix` is `V` or `U`. refinery reads the name; where it would read less than the
/// whole name or pass over the file, caredb refuses it.
pub fn parse_name(prefix: char, name: &str) -> Result<(Version, String), FileError> {
    let pattern = if prefix == 'V' { "V<version>" } else { "U<version>" };
    let wrong = || FileError::Name { name: name.escape_debug().to_string(), prefix: pattern };
    // refinery-core 0.10 takes `|` for a prefix, and panics at it
    let stem = name.strip_suffix(".sql").filter(|stem| stem.starts_with(prefix)).ok_or_else(wrong)?;
    let (_, version, description) = refinery_core::parse_migration_name(stem).map_err(|_| wrong())?;
    let rest = stem.strip_prefix(prefix).ok_or_else(wrong)?;
    let digits = rest.strip_suffix(&format!("__{description}")).ok_or_else(wrong)?;
    if version == 0 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    Ok((version, description.replace('_', " ")))
}

/// An R file. Its checksum is that of the text with its placeholders replaced, so that a new value applies it again;
/// the one before stays good for comparison (flyway-core, `SqlMigrationResolver` and `ResolvedMigrationImpl`).
fn repeatable(name: String, bytes: &[u8], placeholders: &Placeholders) -> Result<Repeatable, FileError> {
    let description = name.strip_prefix("R__").and_then(|rest| rest.strip_suffix(".sql")).unwrap_or_default();
    if description.is_empty() || !description.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err(FileError::Name { name, prefix: "R" });
    }
    let description = description.replace('_', " ");
    let mut up = script(name.clone(), description, bytes, placeholders)?;
    let plain_checksum = up.checksum;
    up.checksum = checksum(&replaced(&name, utf8(&name, bytes)?, placeholders)?);
    Repeatable::new(up, plain_checksum).map_err(|error| FileError::NotRepeatable { name, error })
}

pub(super) fn utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, FileError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
        FileError::NotUtf8 { name: name.to_owned(), line }
    })
}

pub(super) fn replaced<'a>(name: &str, text: &'a str, placeholders: &Placeholders) -> Result<Cow<'a, str>, FileError> {
    placeholders.replace(text).map_err(|error| FileError::Placeholder { name: name.to_owned(), error })
}

fn script(name: String, description: String, bytes: &[u8], placeholders: &Placeholders) -> Result<Script, FileError> {
    let plain = utf8(&name, bytes)?;
    let mut statements = Vec::new();
    for Piece { statement, refused, .. } in pieces(&name, bytes, placeholders, split)? {
        if let Some(refused) = refused {
            return Err(FileError::Refused { name, line: statement.line, refused });
        }
        if statement.expects.is_some() && !is_query(&statement.text) {
            return Err(FileError::NoQuery { name, line: statement.line });
        }
        statements.push(statement);
    }
    Ok(Script { name, description, checksum: checksum(plain), sha256: sha256(bytes), statements })
}

/// Whether a statement only reads.
fn is_query(text: &str) -> bool {
    let first = text.split(|c: char| !c.is_ascii_alphabetic()).find(|word| !word.is_empty()).unwrap_or_default();
    ["SELECT", "WITH", "TABLE", "VALUES"].iter().any(|query| first.eq_ignore_ascii_case(query))
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing into a String can't fail
        hex
    })
}

/// Flyway's checksum of a text: CRC-32 over the lines without their ends (LF, CRLF or CR) and without a
/// byte order mark, as a signed number (flyway-core, `ChecksumCalculator`; vector in facts.md).
#[must_use]
pub fn checksum(text: &str) -> i32 {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut crc = crc32fast::Hasher::new();
    for line in text.split(['\n', '\r']) {
        crc.update(line.as_bytes());
    }
    crc.finalize().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_flyways() {
        let text = "CREATE TABLE t(a INT);\nINSERT INTO t VALUES(1);\n";
        for same in [
            text.to_owned(),
            text.replace('\n', "\r\n"),
            text.replace('\n', "\r"),
            text.trim_end().to_owned(),
            format!("\u{feff}{text}"),
        ] {
            assert_eq!(checksum(&same), 214_564_623, "{same:?}");
        }
        assert_ne!(checksum("CREATE TABLE t(a INT); \n"), checksum("CREATE TABLE t(a INT);\n"));
    }

    #[test]
    fn names_are_read_whole_or_refused() {
        assert_eq!(parse_name('V', "V1__create_users_table.sql").unwrap(), (1, "create users table".to_owned()));
        assert_eq!(parse_name('V', "V20261123120000__a__b.sql").unwrap(), (20_261_123_120_000, "a  b".to_owned()));
        assert_eq!(parse_name('U', "U007__x.sql").unwrap(), (7, "x".to_owned()));
        for name in [
            "V1_one.sql",
            "V1__with-dash.sql",
            "V1__with space.sql",
            "V1.2__dotted.sql",
            "V__x.sql",
            "v1__x.sql",
            "V1__.sql",
            "|1__x.sql",
            "U1__x.sql",
            "V1__x.SQL",
            "V0__x.sql",
            "V-1__x.sql",
            "V99999999999999999999__x.sql",
            "notes.sql",
        ] {
            assert!(matches!(parse_name('V', name), Err(FileError::Name { .. })), "{name}");
        }
    }

    #[test]
    fn the_embedded_files_are_whole() {
        let Files { migrations, .. } =
            read(&Location::Embedded, &Location::Embedded, &Placeholders::default()).unwrap();
        assert!(migrations.iter().map(|migration| migration.version).eq(1..=15));
        assert!(migrations.iter().all(|migration| migration.down.is_some()));
    }
}
