//! Dockerfile, .dockerignore and compose.yaml, as far as they can be looked at where Docker is not there: nothing is built or started.

use std::path::Path;
use std::process::Command;

use caredb::cli::Cli;
use caredb::db::target::Target;
use clap::Parser as _;
use serde_json::Value;
use wildmatch::WildMatch;

use crate::readme::checkout::files;
use crate::support::temporary;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn knows(arguments: &[&str]) {
    if let Err(error) = Cli::try_parse_from([&["caredb"], arguments].concat())
        && error.use_stderr()
    {
        panic!("{arguments:?}: {error}");
    }
}

/// The texts of a list.
fn list(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn the_services_fit_together() {
    let compose: Value = serde_saphyr::from_str(&read("compose.yaml")).unwrap();
    let services = compose["services"].as_object().unwrap();
    assert_eq!(services.keys().collect::<Vec<_>>(), ["mysql", "migrate", "months", "caredb"]);
    let secrets = compose["secrets"].as_object().unwrap();
    let ignored = read(".gitignore");
    for secret in secrets.values() {
        assert!(secret["file"].as_str().unwrap().starts_with("secrets/") && ignored.contains("/secrets\n"));
    }
    for (name, service) in services {
        let given = list(&service["secrets"]);
        assert!(!given.is_empty() && given.iter().all(|secret| secrets.contains_key(*secret)), "{name}");
        for (variable, value) in service["environment"].as_object().unwrap() {
            match (variable.strip_suffix("_FILE"), value.as_str()) {
                (Some(_), Some(file)) => {
                    assert!(given.contains(&file.strip_prefix("/run/secrets/").unwrap()), "{name} {variable}");
                }
                _ => assert!(!variable.contains("PASSWORD"), "{name} {variable} is a password in the open"),
            }
        }
        for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
            let fits = match how["condition"].as_str() {
                Some("service_healthy") => services[other]["healthcheck"]["test"].is_array(),
                Some("service_completed_successfully") => services[other]["image"] == "caredb",
                _ => false,
            };
            assert!(fits, "{name} on {other}");
        }
        if service["image"] == "caredb" {
            if service["profiles"].is_null() {
                knows(&list(&service["command"]));
            }
            let target = Target::parse(service["environment"]["CAREDB_URL"].as_str().unwrap()).unwrap();
            assert!(!target.has_password());
            assert_eq!(target.database.as_str(), services["mysql"]["environment"]["MYSQL_DATABASE"]);
        }
    }
    assert_eq!(list(&services["migrate"]["command"]), ["migrate"]);
}

#[test]
fn the_image_runs_caredb_as_nobody_in_particular() {
    let text = read("Dockerfile").replace("\\\n", " ");
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(' ').unwrap())
        .collect();
    let all = |wanted: &str| {
        lines.iter().filter(|(instruction, _)| *instruction == wanted).map(|(_, rest)| *rest).collect::<Vec<_>>()
    };
    for (instruction, _) in &lines {
        let known = ["FROM", "WORKDIR", "COPY", "ARG", "RUN", "ENV", "USER", "ENTRYPOINT", "CMD"];
        assert!(known.contains(instruction), "{instruction}");
    }
    assert_eq!(all("FROM"), ["rust:1-trixie AS build", "debian:trixie-slim"]);
    assert_eq!(all("USER"), ["10001:10001"]);
    assert!(all("RUN").iter().all(|run| !run.contains("sudo") && !run.contains("curl")), "{:?}", all("RUN"));
    let arguments = |of: &str| serde_json::from_str::<Vec<String>>(all(of)[0]).unwrap();
    assert_eq!(arguments("ENTRYPOINT"), ["caredb"]);
    knows(&arguments("CMD").iter().map(String::as_str).collect::<Vec<_>>());
    // what `build.rs` reads
    for argument in all("ARG") {
        assert!(read("build.rs").contains(&format!("variable(\"{argument}\")")), "{argument}");
    }
}

#[test]
fn the_build_sees_what_it_needs_and_nothing_more() {
    let ignore = read(".dockerignore");
    let context: Vec<_> = files().into_iter().filter(|file| is_seen(&ignore, file)).collect();
    let folder = temporary("docker");
    for file in &context {
        std::fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), folder.join(file)).unwrap();
    }
    // all targets that Cargo.toml names are there
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    for target in metadata["packages"][0]["targets"].as_array().unwrap() {
        assert!(Path::new(target["src_path"].as_str().unwrap()).exists(), "{target}");
    }
    // and all that is built in: every file of the folders that `include_dir!` names, and the script
    let seen = |file: &Path| context.iter().any(|other| other == file);
    for file in files() {
        let built_in = ["src", "migrations", "rollbacks", "fixtures"].iter().any(|part| file.starts_with(part));
        let wanted = built_in
            || ["Cargo.toml", "Cargo.lock", "build.rs", "dev/mysql"].iter().any(|part| file == Path::new(part));
        let named = ["benches/read.rs", "tests/caredb/main.rs"].iter().any(|part| file == Path::new(part));
        assert_eq!(seen(&file), wanted || named, "{}", file.display());
    }
    for hidden in ["secrets/root", ".caredb/data/ibdata1", ".git/HEAD", "target/debug/caredb", "dev/secret"] {
        assert!(!is_seen(&ignore, Path::new(hidden)), "{hidden}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Whether a path is sent to the builder: the last line of `.dockerignore` that matches it, or a folder that it is in, decides.
fn is_seen(ignore: &str, path: &Path) -> bool {
    let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
    ignore.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).fold(true, |seen, line| {
        let pattern: Vec<_> = line.trim_start_matches('!').split('/').collect();
        let matches = pattern.len() <= parts.len()
            && pattern.iter().zip(&parts).all(|(pattern, part)| WildMatch::new(pattern).matches(part));
        if matches { line.starts_with('!') } else { seen }
    })
}
