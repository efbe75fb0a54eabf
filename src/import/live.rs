//! Sources that are a live MySQL. Their rows are exported once, at one moment, into files of our own, so that every pass over them
//! sees the same ones.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::export::{Kind, NULL_WORD, What, Wish};
use super::mapping::Mapping;
use super::source::{Format, Source};
use crate::db::ident::{Ident, InvalidIdent};
use crate::db::target::{Target, TargetError};

/// What the folders' names begin with.
const NAME: &str = "caredb-import-";

/// Why a live source can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The environment lacks the URL.
    #[error(
        "`[source.{0}]`: the environment has no `{1}`; set it to the server's URL, `mysql://user:password@host:3306/database`"
    )]
    NoVariable(String, String),
    /// The URL is not right.
    #[error("`[source.{0}]`: {1}")]
    Url(String, TargetError),
    /// The table's name is none.
    #[error("`[source.{0}]`: {1}")]
    Table(String, InvalidIdent),
    /// There is no place for the files.
    #[error("could not make folder `{0}` for the rows of live sources: {1}; name another place by `TMPDIR`")]
    Folder(String, String),
}

/// The sources of one server, by name.
#[derive(Debug)]
pub struct Server {
    /// Where it is.
    pub target: Target,
    /// Its sources.
    pub sources: Vec<String>,
    /// Sources whose URL stands in the mapping file with a password.
    pub with_password: Vec<String>,
}

/// The servers of the live sources among `needed`. The environment is asked for their URLs.
pub fn servers(mapping: &Mapping, needed: &BTreeSet<String>) -> Result<Vec<Server>, LiveError> {
    let mut servers: IndexMap<String, Server> = IndexMap::new();
    for (name, source) in mapping.sources.iter().filter(|(name, source)| source.is_live() && needed.contains(*name)) {
        let url = match (&source.url, &source.url_env) {
            (Some(url), _) => url.0.clone(),
            (None, variable) => {
                let variable = variable.as_deref().unwrap_or_default();
                std::env::var(variable).map_err(|_| LiveError::NoVariable(name.clone(), variable.to_owned()))?
            }
        };
        let target = Target::parse(&url).map_err(|error| LiveError::Url(name.clone(), error))?;
        let shown = source.url.is_some() && target.has_password();
        let new = || Server { target, sources: Vec::new(), with_password: Vec::new() };
        let server = servers.entry(url).or_insert_with(new);
        server.sources.push(name.clone());
        server.with_password.extend(shown.then(|| name.clone()));
    }
    Ok(servers.into_values().collect())
}

/// What a live source's rows become.
pub fn wish(name: &str, source: &Source, folder: &Folder) -> Result<Wish, LiveError> {
    let what = match (&source.table, &source.query) {
        (Some(table), _) => What::Table(Ident::new(table).map_err(|error| LiveError::Table(name.to_owned(), error))?),
        (None, query) => What::Query(format!("the query of `[source.{name}]`"), query.clone().unwrap_or_default()),
    };
    Ok(Wish { what, path: folder.path.join(format!("{}.csv", name.replace('/', "_"))), kind: Kind::CSV })
}

/// From now on the source is this file, as [`wish`] lets it be written.
pub fn read_from(source: &mut Source, file: &Path) {
    file.clone_into(&mut source.file);
    source.format = Some(Format::Csv);
    source.null.push(NULL_WORD.to_owned());
}

/// A folder that nobody else may look into. It goes with this value.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Locked as long as it is in use.
    _lock: File,
}

impl Folder {
    /// Makes one where temporary files are, and takes away those of runs that were killed.
    pub fn new() -> Result<Self, LiveError> {
        let root = std::env::temp_dir();
        sweep(&root);
        let path = root.join(format!("{NAME}{}", uuid::Uuid::new_v4()));
        let failed = |error: io::Error| LiveError::Folder(path.display().to_string(), error.to_string().to_lowercase());
        DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
        let lock = File::open(&path).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes folders that no process has locked. What can't be removed is somebody else's.
fn sweep(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(NAME)
            && File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_run() {
        let root = tempfile::tempdir().unwrap();
        let (left, used, other) =
            (root.path().join(format!("{NAME}a")), root.path().join(format!("{NAME}b")), root.path().join("c"));
        for folder in [&left, &used, &other] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("people.csv"), "").unwrap();
        }
        let lock = File::open(&used).unwrap();
        lock.lock().unwrap();
        sweep(root.path());
        assert_eq!([left.exists(), used.exists(), other.exists()], [false, true, true]);
        drop(Folder { path: used.clone(), _lock: lock });
        assert!(!used.exists());
    }
}
