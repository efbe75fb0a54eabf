//! Flags, environment and `caredb.toml`, read once into one typed value. Secrets in it never print.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use wildmatch::WildMatch;

use crate::cli::{FileArgs, Globals};
use crate::db::ident::{Ident, InvalidIdent};
use crate::db::target::{Target, TargetError};
use crate::migrate::files::Location;
use crate::migrate::placeholder::Placeholders;
use crate::output::toml::wrong;
use crate::partition::Managed;
use crate::retention::policy::Retention;
use crate::schema::allow::Pattern;
use crate::text;

const FILE: &str = "caredb.toml";

/// What the server takes for a password at the most (`MAX_PLAINTEXT_LENGTH` of its `sha2_password`).
const MOST_PASSWORD_BYTES: usize = 256;

/// All settings of a run.
#[derive(Debug)]
pub struct Config {
    /// The project: the folder of `caredb.toml`, or the one that holds `.caredb`, or the current one.
    pub root: PathBuf,
    /// The database, where one was named; else the private server's.
    pub target: Option<Target>,
    file: File,
}

/// `caredb.toml`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Databases that commands which destroy want the name of, and that demo data have no place in.
    #[serde(default)]
    protected: Protected,
    /// Folders, relative to the file.
    migrations: Option<PathBuf>,
    rollbacks: Option<PathBuf>,
    fixtures: Option<PathBuf>,
    /// Tables with monthly partitions, beside `appointments`.
    #[serde(default)]
    partitioned: Vec<Partitioned>,
    /// Values of `${name}` in V, U and R files.
    #[serde(default)]
    placeholders: BTreeMap<String, String>,
    /// What is kept how long.
    #[serde(default)]
    retention: Retention,
    /// What `drift` does not look at.
    #[serde(default)]
    drift: Drift,
}

/// `[drift]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Drift {
    #[serde(default)]
    ignore: Vec<Pattern>,
}

/// `[[partitioned]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Partitioned {
    table: Name,
    column: Name,
    #[serde(default, rename = "interval")]
    _interval: Interval,
    #[serde(default = "default_ahead")]
    ahead: u32,
    keys: Option<Name>,
}

fn default_ahead() -> u32 {
    Managed::appointments().ahead
}

/// How long a partition is.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Interval {
    #[default]
    Month,
}

/// A name of the database, as the file says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Name(Ident);

impl TryFrom<String> for Name {
    type Error = InvalidIdent;

    fn try_from(name: String) -> Result<Self, InvalidIdent> {
        Ident::new(&name).map(Self)
    }
}

/// Which databases are protected.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "`protected` is true, false, or a list of names such as [\"clinic_prod\", \"prod_*\"]")]
enum Protected {
    All(bool),
    /// Patterns of database names, with `*` and `?`.
    Matching(Vec<String>),
}

impl Protected {
    /// Upper and lower case are one: some servers do not tell them apart.
    fn covers(&self, database: &str) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Matching(patterns) => {
                patterns.iter().any(|pattern| WildMatch::new_case_insensitive(pattern).matches(database))
            }
        }
    }
}

impl Default for Protected {
    fn default() -> Self {
        Self::All(false)
    }
}

/// A setting that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// `--config` names a file that can't be read.
    #[error("could not read `{}`: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file says something that is not known.
    #[error("`{}` line {line}: {reason}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// Where.
        line: usize,
        /// What.
        reason: String,
    },
    /// Two `[[partitioned]]` of one table.
    #[error("`{}`: two `[[partitioned]]` name table `{table}`; leave one of them", file.display())]
    TwicePartitioned {
        /// The file.
        file: PathBuf,
        /// The table.
        table: String,
    },
    /// A URL that can't be used; `origin` names where it was given.
    #[error("{origin}: {error}")]
    Url {
        /// `--url`, `CAREDB_URL`, `DATABASE_URL` or `--replica`.
        origin: &'static str,
        /// What is wrong.
        error: TargetError,
    },
    /// The password file can't be read.
    #[error("could not read the password from `CAREDB_PASSWORD_FILE`: {0}")]
    Password(String),
}

impl Config {
    /// Reads flags, environment and the configuration file. Connects to nothing.
    pub fn read(globals: &Globals) -> Result<Self, ConfigError> {
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let (root, file) = match &globals.config {
            Some(path) => (
                path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(&here).to_owned(),
                read_file(path)?,
            ),
            None => {
                match here.ancestors().find(|folder| folder.join(FILE).is_file() || folder.join(".caredb").is_dir()) {
                    Some(root) if root.join(FILE).is_file() => (root.to_owned(), read_file(&root.join(FILE))?),
                    Some(root) => (root.to_owned(), File::default()),
                    None => (here, File::default()),
                }
            }
        };
        // one spelling of the path, however it was reached
        let root = root.canonicalize().unwrap_or(root);
        Ok(Self { root, target: target(globals)?, file })
    }

    /// What a `caredb.toml` with this text says, in the folder `root`; without flags and environment.
    pub fn parse(text: &str, root: &Path) -> Result<Self, ConfigError> {
        Ok(Self { root: root.to_owned(), target: None, file: parse(text, &root.join(FILE))? })
    }

    /// Whether `caredb.toml` protects the database from commands that destroy.
    #[must_use]
    pub fn is_protected(&self, database: &str) -> bool {
        self.file.protected.covers(database)
    }

    /// The tables with monthly partitions: those of the file, and `appointments` where the file does not name it.
    #[must_use]
    pub fn partitioned(&self) -> Vec<Managed> {
        let built_in = Managed::appointments();
        let is_built_in = |entry: &&Partitioned| entry.table.0 == built_in.table;
        let named = self.file.partitioned.iter().map(|entry| Managed {
            table: entry.table.0.clone(),
            column: entry.column.0.clone(),
            ahead: entry.ahead,
            keys: match &entry.keys {
                None if is_built_in(&entry) => built_in.keys.clone(),
                keys => keys.as_ref().map(|keys| keys.0.clone()),
            },
        });
        let unnamed = !self.file.partitioned.iter().any(|entry| is_built_in(&entry));
        unnamed.then(|| built_in.clone()).into_iter().chain(named).collect()
    }

    /// What is kept how long: what the file says, and the values built in where it says nothing.
    #[must_use]
    pub fn retention(&self) -> &Retention {
        &self.file.retention
    }

    /// The objects that `drift` does not look at.
    #[must_use]
    pub fn ignored_drift(&self) -> Vec<Pattern> {
        self.file.drift.ignore.clone()
    }

    /// Where the V files are.
    #[must_use]
    pub fn migrations(&self, args: &FileArgs) -> Location {
        self.location(args.migrations.as_ref(), self.file.migrations.as_ref())
    }

    /// Where the U files are.
    #[must_use]
    pub fn rollbacks(&self, args: &FileArgs) -> Location {
        self.location(args.rollbacks.as_ref(), self.file.rollbacks.as_ref())
    }

    /// The values of placeholders: those of the command line before those of the file.
    #[must_use]
    pub fn placeholders(&self, args: &FileArgs) -> Placeholders {
        self.file.placeholders.clone().into_iter().chain(args.placeholders.iter().cloned()).collect()
    }

    /// Where the fixtures are.
    #[must_use]
    pub fn fixtures(&self, argument: Option<&PathBuf>) -> Location {
        self.location(argument, self.file.fixtures.as_ref())
    }

    fn location(&self, argument: Option<&PathBuf>, configured: Option<&PathBuf>) -> Location {
        match (argument, configured) {
            (Some(folder), _) => Location::Folder(folder.clone()),
            (None, Some(folder)) => Location::Folder(self.root.join(folder)),
            (None, None) => Location::Embedded,
        }
    }
}

fn read_file(path: &Path) -> Result<File, ConfigError> {
    let text = text::read(path)
        .map_err(|error| ConfigError::Unreadable { file: path.to_owned(), reason: error.to_string().to_lowercase() })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<File, ConfigError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let (line, reason) = wrong(text, &error);
        ConfigError::Wrong { file: path.to_owned(), line, reason }
    })?;
    let mut tables = BTreeSet::new();
    match file.partitioned.iter().find(|entry| !tables.insert(entry.table.0.as_str())) {
        Some(Partitioned { table, .. }) => {
            Err(ConfigError::TwicePartitioned { file: path.to_owned(), table: table.0.as_str().to_owned() })
        }
        None => Ok(file),
    }
}

fn target(globals: &Globals) -> Result<Option<Target>, ConfigError> {
    let environment = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let named = globals.url.clone().map(|url| ("--url", url.into()));
    let named = named.or_else(|| environment("CAREDB_URL").map(|url| ("CAREDB_URL", url)));
    let named = named.or_else(|| environment("DATABASE_URL").map(|url| ("DATABASE_URL", url)));
    let Some((origin, url)) = named else { return Ok(None) };
    let not_text = TargetError::Malformed("it is not UTF-8".to_owned());
    let target =
        url.to_str().map_or(Err(not_text), Target::parse).map_err(|error| ConfigError::Url { origin, error })?;
    match environment("CAREDB_PASSWORD_FILE") {
        Some(file) if !target.has_password() => {
            let text = text::read(Path::new(&file));
            let text = text.map_err(|error| ConfigError::Password(error.to_string().to_lowercase()))?;
            let password = text.strip_suffix('\n').map_or(text.as_str(), |line| line.trim_end_matches('\r'));
            let wrong = |what: &str| Err(ConfigError::Password(what.to_owned()));
            match password {
                "" => wrong("the file is empty; write the password into it"),
                _ if password.contains('\n') => wrong("the file has several lines; write the password alone into it"),
                _ if password.len() > MOST_PASSWORD_BYTES => {
                    wrong("the file has more than a password; write it alone into it")
                }
                _ => Ok(Some(target.with_password(password.to_owned()))),
            }
        }
        _ => Ok(Some(target)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<File, String> {
        toml::from_str(text).map_err(|error| wrong(text, &error).1)
    }

    #[test]
    fn names_and_patterns_protect() {
        for (text, database, protects) in [
            ("", "prod", false),
            ("protected = false", "prod", false),
            ("protected = true", "anything", true),
            ("protected = []", "prod", false),
            ("protected = [\"\"]", "prod", false),
            ("protected = [\"clinic\"]", "clinic", true),
            ("protected = [\"clinic\"]", "CLINIC", true),
            ("protected = [\"clinic\"]", "clinic_test", false),
            ("protected = [\"clinic\"]", "my_clinic", false),
            ("protected = [\"prod*\", \"clinic\"]", "prod", true),
            ("protected = [\"prod*\", \"clinic\"]", "Production", true),
            ("protected = [\"prod*\", \"clinic\"]", "preprod", false),
            ("protected = [\"prod_?\"]", "prod_1", true),
            ("protected = [\"prod_?\"]", "prod_12", false),
            // nothing else is special
            ("protected = [\"a.b\"]", "axb", false),
            ("protected = [\"klinik_ä*\"]", "klinik_ä_1", true),
        ] {
            assert_eq!(read(text).unwrap().protected.covers(database), protects, "{text} {database}");
        }
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        for (text, near) in [
            ("protectd = true", Some("protected")),
            ("Protected = true", Some("protected")),
            ("[drfit]", Some("drift")),
            ("[drift]\nignored = []", Some("ignore")),
            ("[retention.notification]\nolder_than = \"1y\"", Some("notifications")),
            ("colour = 1", None),
        ] {
            let error = read(text).map(|_| ()).unwrap_err();
            assert!(error.starts_with("unknown field `"), "{text}: {error}");
            let ending = near.map(|near| format!("; did you mean `{near}`?"));
            assert_eq!(error.contains("did you mean"), near.is_some(), "{text}: {error}");
            assert!(error.ends_with(&ending.unwrap_or_default()), "{text}: {error}");
        }
    }
}
