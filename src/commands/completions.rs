//! `caredb completions`: a script by which a shell completes command lines.

use clap::CommandFactory as _;
use serde_json::json;

use crate::cli::{Cli, CompletionsArgs};
use crate::output::Outcome;

pub fn run(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "caredb", &mut script);
    let script = String::from_utf8_lossy(&script).trim_end().to_owned();
    let fields = json!({ "shell": args.shell.to_string(), "script": script });
    Outcome::done(script, fields).code()
}
