//! `--page FILE.html`: what the command found, as a page to look at.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use super::numbers::Numbers;
use crate::import::finding::Findings;
use crate::import::page::Page;
use crate::output::Outcome;

/// Writes the page of an outcome, where one is wanted; only its owner may read it. `what`: the command, and the system.
pub fn write(
    path: Option<&Path>,
    (command, system): (&str, &str),
    outcome: &Outcome,
    numbers: Numbers<'_>,
    findings: &Findings,
    rejects: &[String],
) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let page = Page {
        title: format!("{command} of {system}"),
        told: outcome.text.rsplit("\n\n").next().unwrap_or_default(),
        head: numbers.head(),
        lines: numbers.lines(),
        findings,
        rejects,
    };
    let html = page.html().context("the page's template is wrong")?;
    let failed = || format!("could not write the page `{}`", path.display());
    // beside it first, so that it is never half a page, nor anybody else's to read
    let beside = path.with_extension("html.new");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).with_context(failed)?;
    file.write_all(html.as_bytes()).with_context(failed)?;
    fs::rename(&beside, path).with_context(failed)
}
