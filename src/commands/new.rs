//! `caredb new`: a pair of V and U files with the next version.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::Context;
use crate::cli::NewArgs;
use crate::config::Config;
use crate::migrate::files::{self, Location};
use crate::output::Outcome;

pub fn run(context: &Context, args: &NewArgs) -> anyhow::Result<Outcome> {
    let name = args.name.to_lowercase().replace([' ', '-'], "_");
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        bail!(
            "`{}` can't name a migration; use letters, digits and `_`: `caredb new add_clinics`",
            args.name.escape_debug()
        );
    }
    let migrations = folder(&context.config, context.config.migrations(&args.files), "migrations")?;
    let rollbacks = folder(&context.config, context.config.rollbacks(&args.files), "rollbacks")?;
    let existing = files::read(
        &Location::Folder(migrations.clone()),
        &Location::Folder(rollbacks.clone()),
        &context.config.placeholders(&args.files),
    )?;
    let newest = existing.newest();
    let version = newest.checked_add(1).with_context(|| format!("there is no version above {newest}"))?;
    let up = migrations.join(format!("V{version}__{name}.sql"));
    let down = rollbacks.join(format!("U{version}__undo_{name}.sql"));
    write(&up, &format!("-- What changes, and why. `{}` undoes it.\n", file_name(&down)))?;
    write(
        &down,
        &format!("-- Undoes `{}`: the schema afterwards is the one before it, to the last index.\n", file_name(&up)),
    )?;
    let text = format!("{}\n{}", up.display(), down.display());
    Ok(Outcome::done(text, json!({ "version": version, "migration": up, "rollback": down })))
}

/// The folder that a location names; without one, the project's own, which must be there.
fn folder(config: &Config, location: Location, name: &str) -> anyhow::Result<PathBuf> {
    match location {
        Location::Folder(folder) => Ok(folder),
        Location::Embedded => {
            let folder = config.root.join(name);
            if !folder.is_dir() {
                bail!("there is no folder `{name}` here; make it, or name one by `--{name}` or in `caredb.toml`");
            }
            Ok(folder)
        }
    }
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Never writes over a file.
fn write(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .with_context(|| format!("could not create `{}`", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("could not write `{}`", path.display()))
}
