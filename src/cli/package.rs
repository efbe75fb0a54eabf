//! `completions` and `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `man`
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page a command to this folder, which is made where it is not there; without it, the page of `caredb` is printed
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}
