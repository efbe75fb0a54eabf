//! `caredb man`: the help as pages for `man`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_mangen::Man;
use serde_json::json;

use crate::cli::{Cli, ManArgs};
use crate::output::{Outcome, count};

pub fn run(args: &ManArgs) -> anyhow::Result<Outcome> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page).context("could not make the page")?;
        let page = String::from_utf8_lossy(&page).trim_end().to_owned();
        return Ok(Outcome::done(page.clone(), json!({ "page": page })).code());
    };
    let mut pages = Vec::new();
    std::fs::create_dir_all(folder)
        .and_then(|()| write(&command, folder, &mut pages))
        .with_context(|| format!("could not write the pages to `{}`", folder.display()))?;
    pages.sort();
    let text = format!("{} written to `{}`", count(pages.len(), "page"), folder.display());
    Ok(Outcome::done(text, json!({ "pages": pages })))
}

/// Writes the pages of a command and of all below it.
fn write(command: &clap::Command, folder: &Path, pages: &mut Vec<PathBuf>) -> std::io::Result<()> {
    pages.push(Man::new(command.clone()).generate_to(folder)?);
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| write(command, folder, pages))
}
