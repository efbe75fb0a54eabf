//! `caredb archive`.

use clap::{Args, Subcommand};

use super::{BatchArgs, MetricsArgs, ThrottleArgs, TodayArgs, WaitArgs};
use crate::partition::month::Month;
use crate::retention::archive::plan::Wanted;
use crate::retention::policy::{Age, Status};

/// `archive`
#[derive(Debug, Args)]
pub struct ArchiveArgs {
    /// What to do with the archives.
    #[command(subcommand)]
    pub action: ArchiveAction,
}

/// What to do with the archives.
#[derive(Debug, Subcommand)]
pub enum ArchiveAction {
    /// Move old appointments to `appointments_archive`; what must stay stays, and is counted
    ///
    /// Old is what is older than a year and completed, or what `[retention.appointments]` of `caredb.toml` says. What is
    /// unpaid or refunded just now, what has a prescription still valid or a follow-up due, and what is under a legal hold
    /// stays. A killed run loses nothing, and the next goes on where it was.
    Appointments(ArchiveAppointmentsArgs),
    /// Bring archived appointments back, with all that belongs to them
    Restore(ArchiveRestoreArgs),
    /// Prove that every archived row is in one place, has its key, and is what the ledger says; exit 1 where not
    Verify(ArchiveVerifyArgs),
}

/// `archive appointments`
#[derive(Debug, Args)]
pub struct ArchiveAppointmentsArgs {
    /// From which age on, by `appointment_date`: `1y`, `18mo`; without it, that of `caredb.toml`, or a year
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<Age>,
    /// In which status; may be given often; without it, those of `caredb.toml`, or COMPLETED
    #[arg(long, value_enum, value_name = "STATUS")]
    pub status: Vec<Status>,
    /// Move what belongs to archived appointments as well, also to those of earlier runs
    #[arg(long)]
    pub with_dependents: bool,
    /// How the months go
    #[arg(long, value_enum, default_value = "auto")]
    pub method: Wanted,
    /// What day it is.
    #[command(flatten)]
    pub today: TodayArgs,
    /// Count what would go and what would stay, and change nothing
    #[arg(long, conflicts_with = "metrics")]
    pub dry_run: bool,
    /// How long a batch takes.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// When to pause.
    #[command(flatten)]
    pub throttle: ThrottleArgs,
    /// How statements wait.
    #[command(flatten)]
    pub waits: WaitArgs,
    /// What to leave for monitors.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

/// `archive restore`
#[derive(Debug, Args)]
pub struct ArchiveRestoreArgs {
    /// The appointment with this id; may be given often
    #[arg(long = "id", value_name = "ID")]
    pub ids: Vec<String>,
    /// The appointment with this booking reference; may be given often
    #[arg(long = "booking", value_name = "REFERENCE")]
    pub bookings: Vec<String>,
    /// All of a month, `2024-01`; may be given often
    #[arg(long = "month", value_name = "YYYY-MM", value_parser = month)]
    pub months: Vec<Month>,
    /// All there is, before V14 is rolled back
    #[arg(long, conflicts_with_all = ["ids", "bookings", "months"])]
    pub all: bool,
    /// How long a batch takes.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// When to pause.
    #[command(flatten)]
    pub throttle: ThrottleArgs,
    /// How statements wait.
    #[command(flatten)]
    pub waits: WaitArgs,
    /// What to leave for monitors.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

/// `archive verify`
#[derive(Debug, Args)]
pub struct ArchiveVerifyArgs {
    /// What to leave for monitors.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

fn month(text: &str) -> Result<Month, String> {
    // a day behind it is too much
    let found = Month::read(&format!("{text}-01")).filter(|month| month.to_string() == text);
    found.ok_or_else(|| "a month is written `2024-01`".to_owned())
}
