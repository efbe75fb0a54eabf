//! What caredb is made of besides its own code: each library has its reason in ARCHITECTURE.md, a licence that allows what caredb's
//! own does, and one version, but for those that others bring along. No network: `cargo` reads what the build has fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The licences that a library may have; where it has several to choose from, one of them is here.
const ALLOWED: [&str; 10] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "CDLA-Permissive-2.0",
    "BSD-2-Clause",
];

/// Libraries of which there are two, and who is still at the older one.
const TWICE: [(&str, &str); 8] = [
    ("block-buffer", "sha2 0.10"),
    ("cpufeatures", "sha2 0.10"),
    ("crypto-common", "sha2 0.10"),
    ("digest", "sha2 0.10"),
    ("getrandom", "ring"),
    ("hashbrown", "sqlx-core"),
    ("sha2", "proc-macros of sqlx"),
    ("syn", "most derives"),
];

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn each_library_has_its_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let architecture = read("ARCHITECTURE.md");
    let reasons = architecture.split("## Libraries and why").nth(1).unwrap().split("\n## ").next().unwrap();
    let named: BTreeSet<&str> = reasons.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').collect();
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, _) in manifest.get(section).and_then(toml::Value::as_table).into_iter().flatten() {
            assert!(named.contains(name.as_str()), "ARCHITECTURE.md does not say why there is `{name}`");
        }
    }
}

#[test]
fn no_library_is_there_twice_without_a_reason() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        *versions.entry(package["name"].as_str().unwrap()).or_default() += 1;
    }
    // what is compiled for Windows alone is in no program of ours
    let twice: Vec<&str> = versions
        .iter()
        .filter(|(name, count)| **count > 1 && !name.starts_with("windows"))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(twice, TWICE.map(|(name, _)| name));
}

#[test]
fn each_licence_allows_what_ours_does() {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let host = Command::new("rustc").args(["-vV"]).output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 200, "{}", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(allows(licence), "`{}` is under `{licence}`: look whether caredb may use it", package["name"]);
    }
}

/// Whether an SPDX expression, in the older form with `/` too, leaves a choice of which all parts are allowed.
fn allows(licence: &str) -> bool {
    let licence = licence.replace('/', " OR ");
    spdx::Expression::parse_mode(&licence, spdx::ParseMode::LAX)
        .is_ok_and(|expression| expression.evaluate(|requirement| ALLOWED.contains(&requirement.to_string().as_str())))
}

#[test]
fn a_licence_is_read_as_it_is_written() {
    for right in ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
        assert!(allows(right), "{right}");
    }
    for wrong in ["none", "", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT OR Apache-2.0) AND GPL-3.0-only"] {
        assert!(!allows(wrong), "{wrong}");
    }
}
