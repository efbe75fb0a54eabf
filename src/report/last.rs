//! How a check ended when it was last run here: a file of the user's cache, one a check, project and database.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::schema::snapshot::{cached, write_whole};

/// A check that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// `drift`
    Drift,
    /// `lint`
    Lint,
}

/// How it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// When, in UTC by the clock of the machine that it ran on: `2026-11-27 09:30:00`.
    pub at: String,
    /// Whether its exit code was 1.
    pub found: bool,
    /// Its last line.
    pub summary: String,
    /// What it found, the first of it.
    pub findings: Vec<Finding>,
    /// How many more it found.
    pub more: usize,
}

/// A thing that it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `missing`, `extra`, `changed`, `warning`, `error`.
    pub state: String,
    /// Where: an object, or a line of a file.
    pub place: String,
    /// What, line by line; texts between backticks are code.
    pub what: Vec<String>,
}

/// So many findings are kept, and so many lines of each, of so many characters: who wants all runs the check.
const FINDINGS: usize = 200;
const LINES: usize = 20;
const LETTERS: usize = 400;

impl Last {
    /// Of a check that ended now.
    #[must_use]
    pub fn now(found: bool, summary: &str, findings: impl IntoIterator<Item = Finding>) -> Self {
        let mut findings: Vec<Finding> = findings.into_iter().collect();
        let more = findings.len().saturating_sub(FINDINGS);
        findings.truncate(FINDINGS);
        for finding in &mut findings {
            let left = finding.what.len().saturating_sub(LINES);
            finding.what.truncate(LINES);
            finding.what.extend((left > 0).then(|| format!("… {left} more")));
            finding.what.iter_mut().for_each(shorten);
        }
        let at = chrono::Utc::now().format("%Y-%m-%d %H:%M:%S").to_string();
        Self { at, found, summary: summary.to_owned(), findings, more }
    }

    /// What was kept last; none where nothing was, or not in this form.
    #[must_use]
    pub fn read(check: Check, of: &str) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(path(check, of)?).ok()?).ok()
    }

    /// Keeps it. `of`: what tells the project and the database from others. It is only kept for a look: what can't be
    /// written is not, and the check's outcome stands.
    pub fn keep(&self, check: Check, of: &str) {
        let (Some(path), Ok(text)) = (path(check, of), serde_json::to_string(self)) else { return };
        if let Some(folder) = path.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let _ = write_whole(&path, &text);
    }
}

fn shorten(line: &mut String) {
    if let Some((end, _)) = line.char_indices().nth(LETTERS) {
        line.truncate(end);
        // a text that is cut in code ends the code
        let open = line.matches('`').count() % 2 == 1;
        line.push_str(if open { "`…" } else { "…" });
    }
}

fn path(check: Check, of: &str) -> Option<PathBuf> {
    let folder = match check {
        Check::Drift => "last-drift",
        Check::Lint => "last-lint",
    };
    cached(folder, of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_is_cut() {
        let finding = Finding {
            state: "changed".to_owned(),
            place: "table `t`".to_owned(),
            what: vec![format!("column `{}`", "é".repeat(500)); 22],
        };
        let last = Last::now(true, "drift: 201 objects", vec![finding; 201]);
        assert_eq!((last.findings.len(), last.more), (200, 1));
        let what = &last.findings[0].what;
        assert_eq!((what.len(), what[20].as_str()), (21, "… 2 more"));
        assert_eq!(what[0], format!("column `{}`…", "é".repeat(392)));
    }
}
