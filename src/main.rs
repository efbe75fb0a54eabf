//! Parses the command line, runs the command, prints its outcome or its error, exits.

use std::process::ExitCode;

use caredb::cli::Cli;
use caredb::commands;
use caredb::output::Output;
use clap::Parser as _;

fn main() -> ExitCode {
    let cli = Cli::parse();
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
            output.error(command, exit, &format!("{error:#}"));
            exit
        }
    };
    ExitCode::from(exit as u8)
}
