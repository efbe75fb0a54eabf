//! `caredb import init`: a first mapping of files.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::cli::ImportInitArgs;
use crate::import::init::look::look;
use crate::import::init::{Seen, draft};
use crate::output::{Outcome, count};

pub fn run(args: &ImportInitArgs) -> anyhow::Result<Outcome> {
    if let Some(to) = args.to.as_deref().filter(|to| !args.force && to.exists()) {
        bail!("`{}` is there already; name another file, or say `--force` to write over it", to.display());
    }
    let folder = std::path::absolute(args.to.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).join("."))?;
    let mut files: Vec<Seen> = Vec::new();
    for path in &args.files {
        let name = name(path, &files);
        files.push(look(path, name, beside(path, &folder)?)?);
    }
    let text = draft(&files);
    let marks = |mark: &str| text.lines().filter(|line| line.starts_with(mark)).count();
    let (doubts, open) = (marks("# doubt:"), marks("# fill in:"));
    let fields = json!({ "files": files.len(), "doubts": doubts, "fill_in": open, "to": args.to, "mapping": text });
    let Some(to) = &args.to else { return Ok(Outcome::done(text.trim_end(), fields).code()) };
    std::fs::write(to, &text).with_context(|| format!("could not write `{}`", to.display()))?;
    let told = format!(
        "wrote `{}` for {}: {} and {} to see to, each marked in it; then `caredb import check {}`",
        to.display(),
        count(files.len(), "file"),
        count(doubts, "doubt"),
        count(open, "line to fill in").replace("line to fill ins", "lines to fill in"),
        to.display()
    );
    Ok(Outcome::done(told, fields))
}

/// A name for a file's source that no other has.
fn name(path: &Path, others: &[Seen]) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or("file");
    let plain: String = stem.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' }).collect();
    let mut name = plain.clone();
    let mut number = 1;
    while others.iter().any(|other| other.name == name) {
        number += 1;
        name = format!("{plain}_{number}");
    }
    name
}

/// The path from the mapping's folder on, where the file lies in it.
fn beside(path: &Path, folder: &Path) -> anyhow::Result<String> {
    let path: PathBuf = std::path::absolute(path)?;
    let path = path.strip_prefix(folder).unwrap_or(&path);
    let text = path.to_str().with_context(|| format!("the path `{}` is no UTF-8; rename it", path.display()))?;
    Ok(text.to_owned())
}
