//! Command lines that stand in files for others (README, compose, crontabs): a shell takes them apart, caredb's own parser says
//! whether it knows them. Nothing of them runs.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use caredb::cli::Cli;
use clap::Parser as _;

/// Writes down what it is called with, and does nothing. A required option that the environment gives is made one of the line.
const STAND_IN: &str = r#"#!/bin/bash
if [[ "$1 $2" == "import export" && -n ${CAREDB_SOURCE_URL-} ]]; then set -- "$@" --source "$CAREDB_SOURCE_URL"; fi
printf '%s\0' "${0##*/}" "$@" >>"$SAID"
printf '\n\0' >>"$SAID"
"#;

/// Takes a script apart by a shell that has nothing but stand-ins for caredb and the programs in `others`, and parses all that
/// it says to caredb. Returns how many command lines of caredb there are. Errors: what the shell or caredb's parser says.
pub fn check(script: &str, others: &[&str]) -> Result<usize, String> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (said, programs) = (folder.path().join("said"), folder.path().join("bin"));
    std::fs::create_dir(&programs).unwrap();
    std::fs::write(&said, "").unwrap();
    stand_in(&programs.join("caredb"));
    for other in others {
        symlink("caredb", programs.join(other)).unwrap();
    }
    let output = Command::new("/bin/bash")
        .args(["-ec", script])
        .env_clear()
        .env("PATH", &programs)
        .env("SAID", &said)
        .env("PRODUCTION", "mysql://root@db.example/clinic")
        .env("CI_DEFAULT_BRANCH", "main")
        .current_dir(folder.path())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(format!("{script}\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    let said = std::fs::read_to_string(said).unwrap();
    let lines: Vec<Vec<&str>> = said
        .split("\n\0")
        .map(|line| line.split_terminator('\0').collect())
        .filter(|line: &Vec<_>| !line.is_empty())
        .collect();
    let of_caredb = lines.iter().filter(|line| line[0] == "caredb");
    of_caredb.clone().try_for_each(|line| {
        match Cli::try_parse_from(line) {
            Err(error) if error.use_stderr() => Err(format!("`{}`: {error}", line.join(" "))),
            _ => Ok(()), // `--help` and `--version` come as errors, too
        }
    })?;
    Ok(of_caredb.count())
}

fn stand_in(path: &Path) {
    std::fs::write(path, STAND_IN).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_caredb_does_not_know_is_found() {
    let ci = "if [ -n \"$PRODUCTION\" ]; then caredb drift --url \"$PRODUCTION\" --against schema.json; fi\ncargo install caredb";
    assert_eq!(check(ci, &["cargo"]), Ok(1));
    assert_eq!(check("caredb dev up\ncaredb migrate --dry-run  # a comment", &[]), Ok(2));
    let export = "caredb import export --table patients --to old";
    assert_eq!(check(&format!("export CAREDB_SOURCE_URL=mysql://old.example/clinic\n{export}"), &[]), Ok(1));
    assert!(check(export, &[]).unwrap_err().contains("--source"));
    assert!(check("caredb migrate --dry", &[]).unwrap_err().contains("'--dry-run'"));
    assert!(check("caredb migrate 'a", &[]).unwrap_err().contains("unexpected EOF"));
    assert!(check("cargo install caredb", &[]).unwrap_err().contains("cargo: command not found"));
}
