//! Parses the command line, runs the command, prints its outcome or its error, exits.

use std::process::ExitCode;

use caredb::about;
use caredb::cli::Cli;
use caredb::commands;
use caredb::output::{self, Format, LogFormat, Outcome, Output};
use clap::error::ErrorKind;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|fault| output::fault(fault.location())));
    let cli = match Cli::read() {
        Ok(cli) => cli,
        // clap ends at `--version`, before it comes to what stands behind
        Err(error)
            if error.kind() == ErrorKind::DisplayVersion && std::env::args_os().any(|said| said == "--verbose") =>
        {
            return version(&error.to_string());
        }
        Err(error) => return usage(&error),
    };
    let output = Output::new(cli.globals.format.output(), cli.globals.log_format, cli.globals.quiet);
    let command = cli.command.name();
    let exit = match commands::run(cli, output.clone()) {
        Ok(outcome) => {
            let exit = outcome.exit;
            output.outcome(command, outcome);
            exit
        }
        Err(error) => {
            let exit = commands::exit_of(&error);
            output.error(command, exit, &commands::message_of(&error));
            exit
        }
    };
    ExitCode::from(exit as u8)
}

/// What clap says: help, or what is wrong with the command line.
fn usage(error: &clap::Error) -> ExitCode {
    // a URL in the wrong place may be repeated, and has no place in colours
    if error.use_stderr() && error.to_string().contains("://") {
        output::print_usage(&error.to_string());
    } else {
        drop(error.print());
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// The version and how this binary was built.
fn version(line: &str) -> ExitCode {
    let facts = about::facts()
        .iter()
        .fold(line.trim_end().to_owned(), |text, (name, value)| format!("{text}\n{name:<8} {value}"));
    Output::new(Format::Human, LogFormat::Human, false)
        .outcome("version", Outcome::done(facts, serde_json::Value::Null));
    ExitCode::SUCCESS
}
