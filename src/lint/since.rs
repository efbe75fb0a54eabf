//! Which files are new or changed since a commit, and whether a new file's version has room on the branch that it is meant for. The
//! program `git` is asked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Finding, Level, Rule};
use crate::migrate::files::{Version, parse_name};

/// A version that the other branch has as well.
pub const COLLIDES: Rule = Rule::of_files(
    "version-collides",
    Level::Error,
    "once both branches are merged, two files have the version, and `migrate` refuses them both",
    "give the new file, and its U file, the next free version of the other branch",
);

/// A version below one that the other branch has.
pub const BELOW: Rule = Rule::of_files(
    "version-below",
    Level::Warning,
    "a database that has the higher version applied refuses the lower one without `--out-of-order`, and it is tried in another order than here",
    "give the new file, and its U file, the next free version of the other branch",
);

/// Why git did not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no such program, or it can't be run.
    #[error("could not run `git` ({0}), which `--since` needs; install it, or name the files instead")]
    Missing(String),
    /// It said no.
    #[error(
        "`git {command}` failed: {said}; `--since` takes a branch, tag or commit that this clone has (`git fetch` brings it)"
    )]
    Failed {
        /// What it was asked.
        command: String,
        /// What it said.
        said: String,
    },
}

/// What a repository says.
#[derive(Debug, Default)]
pub struct Since {
    /// Files that are new, changed or renamed since the branches parted, uncommitted ones included.
    pub changed: BTreeSet<PathBuf>,
    /// V files on the other branch, by path below the repository's top.
    theirs: BTreeSet<String>,
    /// V files where the branches parted.
    base: BTreeSet<String>,
    /// The repository's top.
    top: PathBuf,
}

/// Asks git about the repository of `folder`: what has changed since `reference`.
pub fn look(folder: &Path, reference: &str) -> Result<Since, GitError> {
    let top = PathBuf::from(git(folder, &["rev-parse", "--show-toplevel"])?.trim_end_matches('\n'));
    let commit = format!("{reference}^{{commit}}");
    let theirs = git(&top, &["rev-parse", "--verify", "--end-of-options", &commit])?.trim().to_owned();
    let base = git(&top, &["merge-base", &theirs, "HEAD"])?.trim().to_owned();
    let changed = git(&top, &["diff", "--name-only", "-z", "--diff-filter=AMR", &base])?;
    let untracked = git(&top, &["ls-files", "-z", "--others", "--exclude-standard"])?;
    let paths =
        |text: &str| text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>();
    Ok(Since {
        changed: paths(&changed).into_iter().chain(paths(&untracked)).map(|path| top.join(path)).collect(),
        theirs: paths(&git(&top, &["ls-tree", "-r", "-z", "--name-only", &theirs])?),
        base: paths(&git(&top, &["ls-tree", "-r", "-z", "--name-only", &base])?),
        top,
    })
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, GitError> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = output.map_err(|error| GitError::Missing(error.to_string().to_lowercase()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().lines().last().unwrap_or_default().to_owned();
        return Err(GitError::Failed { command: arguments.join(" "), said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Since {
    /// What is wrong with the versions of the V files in `folder` that are new here. `files`: all V files there, by name, each with
    /// the path that a finding shows.
    #[must_use]
    pub fn versions<'a>(&self, folder: &Path, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Finding> {
        let Ok(below_top) = folder.strip_prefix(&self.top) else { return Vec::new() };
        let path = |name: &str| below_top.join(name).display().to_string();
        let of = |paths: &BTreeSet<String>| -> Vec<(Version, String)> {
            let here = paths.iter().filter_map(|path| Path::new(path).strip_prefix(below_top).ok());
            let names = here.filter_map(|path| path.to_str().filter(|name| !name.contains('/')));
            names.filter_map(|name| Some((parse_name('V', name).ok()?.0, name.to_owned()))).collect()
        };
        let theirs = of(&self.theirs);
        let highest = theirs.iter().max();
        let mut findings = Vec::new();
        let is_new = |name: &str| !self.base.contains(&path(name)) && !self.theirs.contains(&path(name));
        for (name, shown) in files.into_iter().filter(|(name, _)| is_new(name)) {
            let Ok((version, _)) = parse_name('V', name) else { continue };
            // one that was there before the branches parted has been renamed here
            let rival = |(of, other): &&(Version, String)| *of == version && !self.base.contains(&path(other));
            let (rule, what) = match (theirs.iter().find(rival), highest) {
                (Some((_, other)), _) => {
                    (&COLLIDES, format!("has version {version}, and so has `{other}` of the other branch"))
                }
                (None, Some((above, other))) if version < *above => {
                    (&BELOW, format!("has version {version}, below `{other}` of the other branch"))
                }
                _ => continue,
            };
            findings.push(rule.finding(shown, 1, String::new(), what));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_version_must_be_free_and_the_highest() {
        let set = |names: &[&str]| names.iter().map(|name| format!("db/{name}")).collect::<BTreeSet<_>>();
        let since = Since {
            changed: BTreeSet::new(),
            theirs: set(&["V1__a.sql", "V2__b.sql", "V4__theirs.sql", "old/V9__x.sql", "notes.sql"]),
            base: set(&["V1__a.sql", "V2__b.sql"]),
            top: PathBuf::from("/r"),
        };
        let shown = |names: &[&str]| -> Vec<String> {
            let findings = since.versions(Path::new("/r/db"), names.iter().map(|name| (*name, *name)));
            findings.iter().map(|finding| format!("{} {}: {}", finding.code, finding.file, finding.what)).collect()
        };
        assert_eq!(
            shown(&["V1__a.sql", "V2__b.sql", "V3__low.sql", "V4__mine.sql", "V5__fine.sql"]),
            [
                "version-below V3__low.sql: has version 3, below `V4__theirs.sql` of the other branch",
                "version-collides V4__mine.sql: has version 4, and so has `V4__theirs.sql` of the other branch",
            ]
        );
        // renamed here
        assert_eq!(shown(&["V1__a.sql", "V2__b_and_more.sql"]).len(), 1);
        assert!(shown(&["V1__a.sql", "V2__b.sql"]).is_empty());
    }
}
