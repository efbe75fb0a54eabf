//! `--page FILE.html`: what the command found, as a page to look at.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use crate::import::check::Checked;
use crate::import::finding::Findings;
use crate::import::load::Loaded;
use crate::import::page::Page;
use crate::import::verify::Compared;
use crate::output::Outcome;

/// The numbers of each `[[table]]`.
#[derive(Clone, Copy)]
pub enum Numbers<'a> {
    Checked(&'a [Checked]),
    Loaded(&'a [Loaded]),
    Compared(&'a [Compared]),
}

impl Numbers<'_> {
    fn head(self) -> &'static [&'static str] {
        match self {
            Self::Checked(_) => &["table", "rows", "accepted", "passed over", "rejected"],
            Self::Loaded(_) => &["table", "inserted", "equal", "different", "updated", "refused"],
            Self::Compared(_) => &["table", "rows", "missing", "different"],
        }
    }

    fn lines(self) -> Vec<Vec<String>> {
        let line = |name: &str, numbers: &[u64]| {
            [name.to_owned()].into_iter().chain(numbers.iter().map(u64::to_string)).collect()
        };
        match self {
            Self::Checked(tables) => {
                let one = |table: &Checked| {
                    line(&table.name, &[table.rows, table.accepted, table.skipped, table.rejected.len() as u64])
                };
                tables.iter().map(one).collect()
            }
            Self::Loaded(tables) => {
                let one = |table: &Loaded| {
                    let refused = table.refused.len() as u64;
                    line(&table.name, &[table.inserted, table.equal, table.different, table.updated, refused])
                };
                tables.iter().map(one).collect()
            }
            Self::Compared(tables) => {
                let different = |table: &Compared| {
                    let columns = table.different.iter().map(|(column, found)| format!("{column}: {}", found.rows));
                    columns.collect::<Vec<_>>().join("; ")
                };
                let one = |table: &Compared| {
                    let numbers: Vec<String> = line(&table.name, &[table.rows, table.missing.rows]);
                    numbers.into_iter().chain([different(table)]).collect()
                };
                tables.iter().map(one).collect()
            }
        }
    }
}

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
    let failed = || format!("could not write the page `{}`", path.display());
    // beside it first, so that it is never half a page, nor anybody else's to read
    let beside = path.with_extension("html.new");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).with_context(failed)?;
    file.write_all(page.html().as_bytes()).with_context(failed)?;
    fs::rename(&beside, path).with_context(failed)
}
