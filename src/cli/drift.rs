//! `drift` and `snapshot`.

use std::path::PathBuf;

use clap::Args;

use super::{FileArgs, LockArgs};

/// `drift`
#[derive(Debug, Args)]
pub struct DriftArgs {
    /// What the schema should be: that of the applied `files`, or that of a FILE which `snapshot` wrote
    #[arg(long, value_name = "files|FILE", default_value = "files", value_parser = against)]
    pub against: Against,
    /// Print the statements that bring the live schema back; those that lose data are commented out
    #[arg(long)]
    pub sql: bool,
    /// Build the schema of the files anew, though neither they nor the server have changed since the last run
    #[arg(long)]
    pub no_cache: bool,
    /// The scratch schema.
    #[command(flatten)]
    pub scratch: ScratchArgs,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to wait.
    #[command(flatten)]
    pub lock: LockArgs,
}

/// What the live schema is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// The applied files.
    Files,
    /// A snapshot.
    Snapshot(PathBuf),
}

#[expect(clippy::unnecessary_wraps, reason = "clap's form of a parser")]
fn against(text: &str) -> Result<Against, String> {
    Ok(if text == "files" { Against::Files } else { Against::Snapshot(text.into()) })
}

/// `snapshot`
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// The file to write, JSON, sorted, made to be committed beside the migrations
    pub file: PathBuf,
    /// The schema of the database, not that of the files
    #[arg(long)]
    pub live: bool,
    /// The scratch schema.
    #[command(flatten)]
    pub scratch: ScratchArgs,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to wait.
    #[command(flatten)]
    pub lock: LockArgs,
}

/// Where files are tried.
#[derive(Debug, Args)]
pub struct ScratchArgs {
    /// The schema to work in, made and dropped by the command; without it, the database's name with `_verify`
    #[arg(long = "scratch", value_name = "SCHEMA")]
    pub name: Option<String>,
}
