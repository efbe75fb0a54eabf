//! Command lines that stand in files for others (README, compose, crontabs): a shell takes them apart, caredb's own parser says
//! whether it knows them. Nothing of them runs.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use caredb::cli::Cli;
use clap::Parser as _;

use crate::support::temporary;

/// Writes down what it is called with, and does nothing.
const STAND_IN: &str = "#!/bin/bash\nprintf '%s\\0' \"${0##*/}\" \"$@\" >>\"$SAID\"\nprintf '\\n\\0' >>\"$SAID\"\n";

/// Takes a script apart by a shell that has nothing but stand-ins for caredb and the programs in `others`, and parses all that
/// it says to caredb. Returns how many command lines of caredb there are. Errors: what the shell or caredb's parser says.
pub fn check(script: &str, others: &[&str]) -> Result<usize, String> {
    static CHECKS: AtomicUsize = AtomicUsize::new(0);
    let folder = temporary(&format!("said{}", CHECKS.fetch_add(1, Ordering::Relaxed)));
    let (said, programs) = (folder.join("said"), folder.join("bin"));
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
        .current_dir(&folder)
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
    std::fs::remove_dir_all(folder).unwrap();
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
    assert!(check("caredb migrate --dry", &[]).unwrap_err().contains("'--dry-run'"));
    assert!(check("caredb migrate 'a", &[]).unwrap_err().contains("unexpected EOF"));
    assert!(check("cargo install caredb", &[]).unwrap_err().contains("cargo: command not found"));
}
