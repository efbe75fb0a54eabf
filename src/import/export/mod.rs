//! `import export`: rows of a live MySQL become files, all as of one moment, each value in MySQL's own text form.
//!
//! Text is written as it is; numbers, dates and JSON as the server shows them (`0000-00-00` too), moments in UTC; bits as the number
//! that they are; bytes as `0x` and hexadecimal digits. NULL is [`NULL_WORD`] in CSV and `null` in NDJSON.

mod read;
mod write;

use std::path::{Path, PathBuf};

use super::manifest::{Entry, Manifest};
use crate::db::connect::Session;
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::split::SplitError;

pub use read::Snapshot;
pub use write::{Kind, publish};

/// What stands for NULL in CSV, where it is not the empty text.
pub const NULL_WORD: &str = r"\N";

/// What comes into one file.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The rows.
    pub what: What,
    /// The file.
    pub path: PathBuf,
    /// How it is written.
    pub kind: Kind,
}

/// Which rows. Displays as it is named in messages.
#[derive(Debug, Clone)]
pub enum What {
    /// All rows of a table, in the order of its primary key.
    Table(Ident),
    /// The rows of a query; its name for messages, and its text.
    Query(String, String),
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table(table) => write!(f, "table {table}"),
            Self::Query(name, _) => write!(f, "{name}"),
        }
    }
}

/// Where a value stands. Displays as ``table `people` row 7 column `name` ``.
#[derive(Debug)]
pub struct Place {
    what: String,
    row: u64,
    column: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} row {} column `{}`", self.what, self.row, self.column)
    }
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The server.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A text that is no SQL.
    #[error("{0} can't be read: {1}")]
    Split(String, SplitError),
    /// A statement of another kind.
    #[error("{0} gives no rows; write one that begins with SELECT, WITH, TABLE or VALUES, and has no INTO")]
    NoRows(String),
    /// Columns that a file could not tell apart.
    #[error("{what} has {columns}; give each a name of its own by AS")]
    Names {
        /// The table or query.
        what: String,
        /// In words.
        columns: String,
    },
    /// A value that would be read as NULL.
    #[error(
        "{0}: the text is `\\N`, which stands for NULL in CSV; export it as `.ndjson`, or let a query write it in another way"
    )]
    NullWord(Place),
    /// A value that is no text though its column is.
    #[error("{0}: these bytes are no UTF-8; correct them, or let a query write them by HEX()")]
    NoText(Place),
    /// A file.
    #[error("could not write `{0}`: {1}; see to its folder, and run again")]
    Write(String, String),
    /// Another run writes it.
    #[error("another export to `{0}` is under way; wait for its end, or name another file")]
    Busy(String),
}

impl ExportError {
    fn write(path: &Path, error: &impl std::fmt::Display) -> Self {
        Self::Write(path.display().to_string(), error.to_string().to_lowercase())
    }
}

/// What happens meanwhile.
pub trait Watch {
    /// So many rows are written.
    fn rows(&mut self, what: &What, rows: u64);
    /// Something that should be known.
    fn note(&mut self, text: String);
}

/// Files that are whole, and not yet under their names: they vanish where they are not published.
pub struct Exported {
    /// What is known of them.
    pub manifest: Manifest,
    parts: Vec<write::Part>,
}

impl Exported {
    /// Gives the files their names, without a manifest.
    pub fn keep(self) -> Result<Manifest, ExportError> {
        self.parts.into_iter().try_for_each(write::Part::publish)?;
        Ok(self.manifest)
    }
}

/// Exports all that is wished in one snapshot.
pub async fn export(session: &mut Session, wishes: &[Wish], watch: &mut impl Watch) -> Result<Exported, ExportError> {
    let mut snapshot = Snapshot::begin(&mut session.conn).await?;
    let mut manifest = Manifest::new(&session.version, session.database.as_str(), snapshot.at());
    let mut parts = Vec::new();
    for wish in wishes {
        let selection = snapshot.select(&wish.what, watch).await?;
        let mut file = write::Rows::create(&wish.path, wish.kind, &selection.columns)?;
        crash_point();
        let rows = snapshot.copy(&wish.what, &selection, &mut file, watch).await?;
        let (part, bytes, sha256) = file.end()?;
        crash_point();
        manifest.files.push(Entry::new(wish, rows, bytes, sha256, selection.columns));
        parts.push(part);
    }
    snapshot.end().await?;
    Ok(Exported { manifest, parts })
}
