//! The jobs that work in batches: how they keep out of the way, and what `purge` and `compress` take.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{ArchiveAction, Command, PartitionAction, TodayArgs, WaitArgs};
use crate::db::throttle::judge::{self, Window};
use crate::retention::policy::Age;

/// How a job that works in batches keeps out of the way of others.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Throttling, between two batches")]
pub struct ThrottleArgs {
    /// Pause while this replica is behind, `mysql://user:password@host:3306/database`, by a user with REPLICATION CLIENT; without a
    /// password, that of the database where the user is the same; may be given often
    #[arg(long = "replica", value_name = "URL")]
    pub replicas: Vec<String>,
    /// How far behind a replica may be, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub max_lag: u64,
    /// Pause while the server runs more threads than this (`Threads_running`)
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub max_threads_running: u64,
    /// Pause while this file exists
    #[arg(long, value_name = "FILE")]
    pub pause_file: Option<PathBuf>,
    /// Work in these hours alone, by the server's clock: `01:00-05:00`
    #[arg(long, value_name = "HH:MM-HH:MM")]
    pub window: Option<Window>,
    /// End after this time, in good order: `90s`, `30m`, `2h`; the next run goes on
    #[arg(long, value_name = "TIME", value_parser = judge::runtime)]
    pub max_runtime: Option<Duration>,
}

/// What a job leaves for monitors.
#[derive(Debug, Args)]
pub struct MetricsArgs {
    /// At the end, whatever it is, write what monitors want to know into this file, `*.prom` in the folder that `node_exporter`'s
    /// textfile collector reads; what other jobs wrote into it stays
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
}

/// How long a batch takes.
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// How long a batch should take, in milliseconds, which its rows are chosen by; others wait no longer for them
    #[arg(long, value_name = "MS", default_value_t = 250, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub batch_ms: u64,
}

/// `purge`
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// What to delete.
    #[command(subcommand)]
    pub action: PurgeAction,
}

/// The actions of `purge`.
#[derive(Debug, Subcommand)]
pub enum PurgeAction {
    /// Delete notifications that are old enough, oldest first, in batches that nobody waits for
    ///
    /// What is deleted is counted and summed in the same transaction, and stands in the ledger. Notifications of patients under
    /// legal hold stay.
    Notifications(PurgeNotificationsArgs),
    /// Delete archived appointments whose own term is over, with what belongs to them and their keys
    ///
    /// The term is `[retention.appointments_archive] delete_after` of `caredb.toml`; without it, nothing is ever deleted. What is
    /// under a legal hold stays, and what a live row still refers to.
    Archive(PurgeArchiveArgs),
}

/// `purge archive`
#[derive(Debug, Args)]
pub struct PurgeArchiveArgs {
    /// How old, by `appointment_date`: `10y`; without it, that of `caredb.toml`
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<Age>,
    /// Say by month what would go and what would stay, and change nothing
    #[arg(long, conflicts_with = "metrics")]
    pub dry_run: bool,
    /// What day it is.
    #[command(flatten)]
    pub today: TodayArgs,
    /// How long a batch takes.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// How to keep out of the way.
    #[command(flatten)]
    pub throttle: ThrottleArgs,
    /// How statements wait.
    #[command(flatten)]
    pub waits: WaitArgs,
    /// What to leave for monitors.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

/// `purge notifications`
#[derive(Debug, Args)]
pub struct PurgeNotificationsArgs {
    /// How old: `90d`, `2w`, `6mo`, `1y`; without it, that of `caredb.toml`, or 6mo. Younger than that, a protected database wants
    /// `--confirm`
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<Age>,
    /// Keep those that nobody has read
    #[arg(long)]
    pub keep_unread: bool,
    /// Say by month what would go and what would stay, and change nothing
    #[arg(long, conflicts_with = "metrics")]
    pub dry_run: bool,
    /// How long to wait for another run to end, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u32,
    /// What day it is.
    #[command(flatten)]
    pub today: TodayArgs,
    /// How long a batch takes.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// How to keep out of the way.
    #[command(flatten)]
    pub throttle: ThrottleArgs,
    /// What to leave for monitors.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

/// `compress`
#[derive(Debug, Args)]
pub struct CompressArgs {
    /// What to compress.
    #[command(subcommand)]
    pub action: CompressAction,
}

/// The actions of `compress`.
#[derive(Debug, Subcommand)]
pub enum CompressAction {
    /// Move medical records that are old enough to `medical_records_compressed`; `medical_records_all` shows them all
    MedicalRecords(CompressRecordsArgs),
}

/// `compress medical-records`
#[derive(Debug, Args)]
pub struct CompressRecordsArgs {
    /// How old: `90d`, `2w`, `6mo`, `1y`; without it, that of `caredb.toml`, or 2y
    #[arg(long, value_name = "AGE", conflicts_with = "decompress")]
    pub older_than: Option<Age>,
    /// Move all of them back
    #[arg(long)]
    pub decompress: bool,
    /// Say by month what would move, and change nothing
    #[arg(long, conflicts_with = "metrics")]
    pub dry_run: bool,
    /// How long to wait for another run to end, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u32,
    /// What day it is.
    #[command(flatten)]
    pub today: TodayArgs,
    /// How long a batch takes.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// How to keep out of the way.
    #[command(flatten)]
    pub throttle: ThrottleArgs,
    /// What to leave for monitors.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

/// `cron`
#[derive(Debug, Args)]
pub struct CronArgs {
    /// Say what each job would do, and change nothing
    #[arg(long, conflicts_with = "metrics")]
    pub dry_run: bool,
    /// How long each job waits for another run to end, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u32,
    /// What day it is.
    #[command(flatten)]
    pub today: TodayArgs,
    /// How to keep out of the way; `--max-runtime` is for all jobs together.
    #[command(flatten)]
    pub throttle: ThrottleArgs,
    /// What to leave for monitors.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

impl Command {
    /// The file for monitors (`--metrics`).
    #[must_use]
    pub fn metrics(&self) -> Option<&Path> {
        let args = match self {
            Self::Archive(args) => match &args.action {
                ArchiveAction::Appointments(args) => &args.metrics,
                ArchiveAction::Restore(args) => &args.metrics,
                ArchiveAction::Verify(args) => &args.metrics,
            },
            Self::Purge(args) => match &args.action {
                PurgeAction::Notifications(args) => &args.metrics,
                PurgeAction::Archive(args) => &args.metrics,
            },
            Self::Compress(args) => match &args.action {
                CompressAction::MedicalRecords(args) => &args.metrics,
            },
            Self::Partition(args) => match &args.action {
                PartitionAction::Ensure(args) => &args.metrics,
                PartitionAction::Check(args) => &args.metrics,
                _ => return None,
            },
            Self::Cron(args) => &args.metrics,
            _ => return None,
        };
        args.metrics.as_deref()
    }
}
