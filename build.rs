//! Tells the crate what `caredb --version --verbose` says. What is not known here is `unknown`, and nothing fails: a source archive
//! has no git, and a build in a container has another folder.

use std::path::Path;
use std::process::Command;

fn main() {
    let variable = |name: &str| {
        println!("cargo:rerun-if-env-changed={name}");
        std::env::var(name).ok().filter(|value| !value.is_empty())
    };
    let profile = variable("PROFILE");
    // a debug build would be made anew after every commit
    let git = if profile.as_deref() == Some("release") { Git::here() } else { None };
    let git = git.unwrap_or_default();
    let rustc = variable("RUSTC").and_then(|rustc| printed(&rustc, &["--version"]));
    let facts = [
        ("COMMIT", variable("CAREDB_COMMIT").or(git.commit)),
        // the clock of the machine would make every build another one
        ("DATE", variable("SOURCE_DATE_EPOCH").or(git.date)),
        ("TARGET", variable("TARGET")),
        ("RUSTC", rustc.map(|line| line.trim_start_matches("rustc ").to_owned())),
        ("PROFILE", profile),
    ];
    for (name, value) in facts {
        println!("cargo:rustc-env=CAREDB_{name}={}", value.as_deref().unwrap_or("unknown"));
    }
    println!("cargo:rerun-if-changed=build.rs");
}

/// What git knows of the commit that is checked out.
#[derive(Default)]
struct Git {
    commit: Option<String>,
    /// Seconds since 1970.
    date: Option<String>,
}

impl Git {
    /// `None` where this folder is no checkout of its own, but a part of another one, or none.
    fn here() -> Option<Self> {
        let top = git(&["rev-parse", "--show-toplevel"])?;
        if Path::new(&top).canonicalize().ok()? != Path::new(".").canonicalize().ok()? {
            return None;
        }
        // what the answers below follow from
        for part in ["HEAD", "logs/HEAD"] {
            let file = git(&["rev-parse", "--git-path", part])?;
            if Path::new(&file).exists() {
                println!("cargo:rerun-if-changed={file}");
            }
        }
        for part in ["src", "migrations", "rollbacks", "fixtures", "dev/mysql", "Cargo.toml", "Cargo.lock"] {
            println!("cargo:rerun-if-changed={part}");
        }
        let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
        let changed = if changed.is_empty() { "" } else { ", with changes" };
        Some(Self {
            commit: git(&["log", "-1", "--format=%H"]).map(|commit| commit + changed),
            date: git(&["log", "-1", "--format=%ct"]),
        })
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    printed("git", arguments)
}

/// What a program prints, where it is there and succeeds.
fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}
