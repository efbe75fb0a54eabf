//! README.md as a newcomer reads it: in what a fresh clone gives, all blocks from the top to the bottom, on the private server that the
//! first of them starts.
//!
//! - `console`: runs, and prints what is shown.
//! - `sh`: runs, line by line; a line ends with the exit code that its comment says (`# …; exit 1 where …`), else with 0.
//! - `sql`: the server takes it.
//! - `toml`: a `caredb.toml`.
//! - `yaml`, `crontab`: caredb's parser knows the command lines in it, or caredb writes the metrics that alerts are about.
//!
//! What neither runs nor is looked at in one of these ways is in [`NOT_RUN`], with the reason; anything else fails.
//!
//! After a change of README, or of what caredb prints, `README_UPDATE=1 cargo test --test caredb readme` writes what is really printed
//! into README.md. Read the diff.

use std::fmt::Write as _;
use std::path::Path;

use caredb::cli::Cli;
use caredb::config::Config;
use clap::Parser as _;
use regex::Regex;
use serde_json::Value;
use similar::TextDiff;

use crate::command_lines;

pub mod checkout;
mod page;
mod varies;

use checkout::Checkout;
use page::Block;
use varies::without_what_varies;

/// Blocks that do not run here: the beginning of the first line, and the reason. What they say to caredb is parsed all the same.
const NOT_RUN: [(&str, &str); 2] = [
    ("dev/demo ", "builds a release and starts the tests; the blocks below are its steps, one by one"),
    ("export CAREDB_SOURCE_URL=", "the other system's server is not there; `import_export.rs` has one"),
];

/// What is done with a block.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Console,
    Shell,
    Query,
    Settings,
    Workflow,
    Alerts,
    Crontab,
    NotRun,
}

impl Kind {
    fn of(block: &Block) -> Result<Self, String> {
        let first = block.lines.first().map_or("", String::as_str);
        if NOT_RUN.iter().any(|(beginning, _)| first.starts_with(beginning)) {
            return Ok(Self::NotRun);
        }
        match block.language.as_str() {
            "console" => Ok(Self::Console),
            "sh" => Ok(Self::Shell),
            "sql" => Ok(Self::Query),
            "toml" => Ok(Self::Settings),
            "yaml" if first.starts_with("- alert: ") => Ok(Self::Alerts),
            "yaml" => Ok(Self::Workflow),
            "crontab" => Ok(Self::Crontab),
            language => Err(format!(
                "README.md line {}: nobody knows how to try a block of `{language}`; tell `tests/caredb/readme.rs`, or say in its \
                 `NOT_RUN` why it is not tried",
                block.line
            )),
        }
    }
}

/// What a tour finds: what is wrong, and the lines of README.md that differ from what is printed.
#[derive(Default)]
struct Found {
    wrong: String,
    places: Vec<(std::ops::Range<usize>, Vec<String>)>,
}

#[test]
fn a_newcomer_s_path_works_to_the_letter() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let today = || chrono::Utc::now().date_naive();
    let begun = today();
    let mut found = tour(&page);
    if !found.wrong.is_empty() && today() != begun {
        found = tour(&page); // a day ended on the way, and the demo data are of the other one
    }
    if std::env::var_os("README_UPDATE").is_some() {
        std::fs::write(&path, page::replaced(&page, &found.places)).unwrap();
    }
    assert!(found.wrong.is_empty(), "{}", found.wrong);
}

fn tour(page: &str) -> Found {
    let checkout = Checkout::new();
    let mut found = Found::default();
    for block in &page::blocks(page) {
        match Kind::of(block) {
            Err(unknown) => found.wrong += &(unknown + "\n"),
            Ok(Kind::Console) => console(&checkout, block, &mut found),
            Ok(kind) => {
                if let Err(wrong) = look(&checkout, block, &kind) {
                    let _ = writeln!(found.wrong, "README.md line {}: {wrong}", block.line);
                }
            }
        }
    }
    found
}

fn console(checkout: &Checkout, block: &Block, found: &mut Found) {
    for step in page::steps(block) {
        let answer = step.shown.iter().find_map(|line| line.split_once("[y/N] ")).map(|(_, answer)| answer);
        let (_, printed) = match answer {
            Some(answer) => checkout.run_and_answer(&step.command, answer),
            None => checkout.run(&step.command),
        };
        let shown = step.shown.iter().fold(String::new(), |text, line| text + line + "\n");
        let (left, right) = (without_what_varies(&shown), without_what_varies(&printed));
        if left != right {
            let difference = TextDiff::from_lines(&left, &right).unified_diff().to_string();
            let _ = writeln!(
                found.wrong,
                "README.md line {}: `{}` does not print what is shown, - shown, + printed:\n{difference}",
                step.line, step.command
            );
            found.places.push((step.shown_at, printed.lines().map(str::to_owned).collect()));
        }
    }
}

/// Tries a block that shows no output. Errors: what is wrong.
fn look(checkout: &Checkout, block: &Block, kind: &Kind) -> Result<(), String> {
    let text = block.lines.join("\n");
    match kind {
        Kind::Console => Ok(()),
        Kind::Shell => shell(checkout, &block.lines),
        Kind::Query => query(checkout, &text),
        Kind::Settings => settings(&checkout.file("caredb.toml", &text)),
        Kind::Workflow => workflow(&text),
        Kind::Alerts => alerts(&text),
        Kind::Crontab => block.lines.iter().try_for_each(|line| crontab(line)),
        Kind::NotRun => {
            let is_said = |line: &&String| line.starts_with("caredb ") || line.starts_with("export ");
            let said: Vec<_> = block.lines.iter().filter(is_said).cloned().collect();
            command_lines::check(&said.join("\n"), &[]).map(|_| ())
        }
    }
}

fn shell(checkout: &Checkout, lines: &[String]) -> Result<(), String> {
    let production = checkout.url();
    let exit = Regex::new(r" # .*\bexit (\d+)").unwrap();
    lines.iter().try_for_each(|line| {
        let expected = exit.captures(line).map_or("0".to_owned(), |said| said[1].to_owned());
        let (code, printed) = checkout.run(&format!("PRODUCTION='{production}'\n{line}"));
        if code.to_string() != expected {
            return Err(format!("`{line}` ends with {code}, and not with {expected}:\n{printed}"));
        }
        Ok(())
    })
}

/// What the server's own client says to a query.
fn query(checkout: &Checkout, query: &str) -> Result<(), String> {
    let file = checkout.file("query.sql", query);
    let client = "\"$(dev/mysql client)\" --host=127.0.0.1 --port=\"$(cat .caredb/port)\" --user=root caredb";
    match checkout.run(&format!("{client} <'{}'", file.display())) {
        (0, _) => Ok(()),
        (_, printed) => Err(printed),
    }
}

fn settings(file: &Path) -> Result<(), String> {
    let cli = Cli::try_parse_from(["caredb".as_ref(), "--config".as_ref(), file.as_os_str(), "info".as_ref()]).unwrap();
    Config::read(&cli.globals).map(|_| ()).map_err(|error| error.to_string())
}

/// A workflow of CI: each command line in it, wherever it stands.
fn workflow(text: &str) -> Result<(), String> {
    let workflow: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let mut said = 0;
    for script in texts(&workflow).iter().filter(|text| text.contains("caredb ")) {
        said += command_lines::check(script, &["cargo"])?;
    }
    match said {
        0 => Err("a workflow that says nothing to caredb".to_owned()),
        _ => Ok(()),
    }
}

/// Alerts of Prometheus: all that they look at is written by caredb.
fn alerts(text: &str) -> Result<(), String> {
    let alerts: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let written = include_str!("../../src/output/metrics/series.rs");
    let metric = Regex::new(r"caredb_\w+").unwrap();
    for alert in alerts.as_array().ok_or("no list of alerts")? {
        let looks_at =
            alert["expr"].as_str().and_then(|expression| metric.find(expression)).ok_or("no metric")?.as_str();
        if !written.contains(&format!("\"{looks_at}\"")) {
            return Err(format!("caredb writes no metric `{looks_at}`"));
        }
    }
    Ok(())
}

/// All texts of a document.
fn texts(document: &Value) -> Vec<&str> {
    match document {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// A line of a crontab: when, and what.
fn crontab(line: &str) -> Result<(), String> {
    let form = Regex::new(r"^(?:(?:\*|\d+)(?:[-/,]\d+)* ){5} *(\S.*)$").unwrap();
    let command = &form.captures(line).ok_or_else(|| format!("`{line}` is no line of a crontab"))?[1];
    if command.split('#').next().unwrap_or_default().contains('%') {
        return Err(format!("`{line}`: cron makes a line end of `%`"));
    }
    match command_lines::check(command, &[])? {
        0 => Err(format!("`{line}` says nothing to caredb")),
        _ => Ok(()),
    }
}

#[test]
fn a_block_that_nobody_tries_is_said() {
    let block =
        |language: &str, first: &str| Block { line: 7, language: language.to_owned(), lines: vec![first.to_owned()] };
    assert_eq!(Kind::of(&block("sh", "dev/demo    # all")), Ok(Kind::NotRun));
    assert_eq!(Kind::of(&block("sh", "caredb status")), Ok(Kind::Shell));
    assert_eq!(
        Kind::of(&block("ini", "[Timer]")).unwrap_err(),
        "README.md line 7: nobody knows how to try a block of `ini`; tell `tests/caredb/readme.rs`, or say in its `NOT_RUN` why it is \
         not tried"
    );
    // nor is anything excused that is no longer there
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = page::blocks(&page);
    for (beginning, _) in NOT_RUN {
        assert!(blocks.iter().any(|block| block.lines[0].starts_with(beginning)), "{beginning}");
    }
}

#[test]
fn a_crontab_and_a_workflow_are_looked_at() {
    assert_eq!(crontab("15 2 * * *  caredb partition ensure --ahead 3 --quiet    # 100%"), Ok(()));
    assert_eq!(crontab("*/5 1-4 * * 0,6 caredb status"), Ok(()));
    assert!(crontab("15 2 * *  caredb status").unwrap_err().contains("is no line of a crontab"));
    assert!(crontab("15 2 * * * caredb purge notifications --older-than 9%").unwrap_err().contains("line end"));
    assert!(crontab("15 2 * * * caredb partition ensure --forward 3").unwrap_err().contains("'--forward'"));
    assert!(workflow("jobs: [{ run: caredb lint --sinse main }]").unwrap_err().contains("'--since'"));
    assert!(workflow("jobs: [{ run: cargo test }]").is_err());
    assert!(workflow("jobs: [").is_err());
    assert_eq!(alerts("- alert: A\n  expr: caredb_partition_headroom_months < 2"), Ok(()));
    assert!(alerts("- alert: A\n  expr: caredb_partition_headrom_months < 2").is_err());
    assert!(alerts("- alert: A").is_err());
}
