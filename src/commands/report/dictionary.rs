//! `caredb report --format markdown DIR`: the data dictionary as files, made to be committed.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use crate::cli::ReportArgs;
use crate::commands::{Context, Refusal, diagram};
use crate::output::{Exit, Outcome, count};
use crate::schema::dictionary::markdown::{MARKER, files};
use crate::schema::snapshot::write_whole;

/// What a folder lacks to hold the dictionary.
#[derive(Debug, Default)]
struct Plan {
    /// Files to be written, with their text.
    write: Vec<(String, String)>,
    /// Those of them that are there, and that caredb did not write.
    strange: Vec<String>,
    /// Files that caredb wrote of tables that are gone.
    remove: Vec<String>,
}

pub async fn run(context: &Context, args: &ReportArgs) -> anyhow::Result<Outcome> {
    let mut session = context.open().await?;
    let dictionary = diagram::observe(&mut session).await?;
    let database = session.database.as_str();
    diagram::some_tables(&dictionary, database)?;
    let files = files(&dictionary);
    let (number, folder) = (files.len(), args.path.as_path());
    let plan = plan(folder, files)?;
    let shown = folder.display();
    let names: Vec<&String> = plan.write.iter().map(|(name, _)| name).collect();
    let fields = json!({ "form": "markdown", "folder": shown.to_string(), "files": number, "changed": names, "removed": plan.remove });
    let current = format!("the data dictionary in `{shown}` is up to date: {} of `{database}`", count(number, "file"));
    if plan.write.is_empty() && plan.remove.is_empty() {
        return Ok(Outcome::done(current, fields));
    }
    if args.check {
        let gone = plan.remove.iter().map(|name| format!("{}: of a table that is gone", folder.join(name).display()));
        let differ = names.iter().map(|name| {
            let path = folder.join(name);
            let how = match (path.exists(), plan.strange.contains(name)) {
                (false, _) => "missing",
                (true, false) => "differs",
                (true, true) => "caredb did not write it",
            };
            format!("{}: {how}", path.display())
        });
        let lines: String = differ.chain(gone).map(|line| format!("{line}\n")).collect();
        let number = count(plan.write.len() + plan.remove.len(), "file");
        let text = format!(
            "{lines}the data dictionary of `{database}` is out of date in {number}; `caredb report --format markdown {shown}` writes it anew"
        );
        return Ok(Outcome::new(Exit::Found, text, fields));
    }
    if let Some(name) = plan.strange.first() {
        let path = folder.join(name);
        let text = format!(
            "caredb did not write `{}`, and would write over it; give the data dictionary a folder of its own, or delete the file",
            path.display()
        );
        return Err(Refusal(text).into());
    }
    apply(folder, &plan)?;
    let changed = count(plan.write.len(), "file");
    let removed = if plan.remove.is_empty() { String::new() } else { format!(", {} removed", plan.remove.len()) };
    Ok(Outcome::done(
        format!(
            "wrote the data dictionary of `{database}` to `{shown}`: {changed} of {number} new or changed{removed}"
        ),
        fields,
    ))
}

/// Compares a folder with what should be in it.
fn plan(folder: &Path, files: Vec<(String, String)>) -> anyhow::Result<Plan> {
    let known: BTreeSet<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let mut plan = Plan::default();
    for (name, text) in files {
        let there = read(&folder.join(&name))?;
        if there.as_ref().is_none_or(|there| there != text.as_bytes()) {
            plan.strange.extend(there.filter(|there| !is_own(there)).map(|_| name.clone()));
            plan.write.push((name, text));
        }
    }
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(plan),
        entries => entries.with_context(|| format!("could not read the folder `{}`", folder.display()))?,
    };
    for entry in entries {
        let name = entry.with_context(|| format!("could not read the folder `{}`", folder.display()))?.file_name();
        let may_be =
            |name: &&str| Path::new(name).extension().is_some_and(|ending| ending == "md") && !known.contains(*name);
        let Some(name) = name.to_str().filter(may_be) else { continue };
        if read(&folder.join(name))?.is_some_and(|there| is_own(&there)) {
            plan.remove.push(name.to_owned());
        }
    }
    plan.remove.sort();
    Ok(plan)
}

/// Whether caredb wrote it.
fn is_own(text: &[u8]) -> bool {
    text.strip_prefix(MARKER.as_bytes()).is_some_and(|rest| rest.starts_with(b"\n"))
}

/// The bytes of a file; none where there is none, or a folder.
fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match crate::text::bytes(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => Ok(None),
        bytes => bytes.map(Some).with_context(|| format!("could not read `{}`", path.display())),
    }
}

fn apply(folder: &Path, plan: &Plan) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not make the folder `{}`", folder.display()))?;
    for (name, text) in &plan.write {
        let path = folder.join(name);
        write_whole(&path, text).with_context(|| format!("could not write `{}`", path.display()))?;
    }
    for name in &plan.remove {
        let path = folder.join(name);
        fs::remove_file(&path).with_context(|| format!("could not remove `{}`", path.display()))?;
    }
    Ok(())
}
