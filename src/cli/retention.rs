//! The command line of retention: `hold` and `runs`.

use clap::{Args, Subcommand};

/// `hold`
#[derive(Debug, Args)]
pub struct HoldArgs {
    /// What to do with legal holds.
    #[command(subcommand)]
    pub action: HoldAction,
}

/// The actions of `hold`.
#[derive(Debug, Subcommand)]
pub enum HoldAction {
    /// Keep all of a patient, or one appointment, from being archived, compressed or deleted
    ///
    /// Waits for the batches that are under way, and counts for all that follow.
    Add(HoldAddArgs),
    /// List the holds that are in force
    List(HoldListArgs),
    /// Release a hold, which stays on record
    Release(HoldReleaseArgs),
}

/// `hold add`
#[derive(Debug, Args)]
pub struct HoldAddArgs {
    /// What it is on.
    #[command(flatten)]
    pub on: HoldSubject,
    /// Why; goes on record, so name the matter and no person
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: String,
    /// The last day on which it is in force; without it, until it is released
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = super::day)]
    pub until: Option<chrono::NaiveDate>,
}

/// What a hold is on: a patient, or an appointment.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct HoldSubject {
    /// The patient, by the id in `patient_profiles`
    #[arg(long, value_name = "ID")]
    pub patient: Option<String>,
    /// The appointment, by its id, archived or not
    #[arg(long, value_name = "ID")]
    pub appointment: Option<String>,
}

/// `hold list`
#[derive(Debug, Args)]
pub struct HoldListArgs {
    /// Also those that are over or released
    #[arg(long)]
    pub all: bool,
}

/// `hold release`
#[derive(Debug, Args)]
pub struct HoldReleaseArgs {
    /// The hold, by its number
    pub id: u64,
    /// Why; goes on record, so name the matter and no person
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: String,
}

/// What the table has room for.
const LONGEST_REASON: usize = 1000;

fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why".to_owned()),
        text if text.chars().count() > LONGEST_REASON => Err(format!("{LONGEST_REASON} characters at the most")),
        text => Ok(text.to_owned()),
    }
}

/// `runs`
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// What to do with the ledger of runs.
    #[command(subcommand)]
    pub action: RunsAction,
}

/// The actions of `runs`.
#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// List all runs, oldest first
    List,
    /// Show a run: its policy, what it did, its hash
    Show(RunArgs),
    /// Find out whether the ledger was changed by another hand; exit 1 where it was
    ///
    /// Computes the hash of every run anew, follows the chain from the first to the last, and compares both with
    /// `audit_logs`.
    Verify,
    /// Print the certificate of destruction, or of transfer, of a run that has ended
    Certificate(RunArgs),
}

/// Which run.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The run, by its number
    pub id: u64,
}
