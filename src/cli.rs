//! The command line: types whose doc comments are the help.

use std::path::PathBuf;

use chrono::{Datelike as _, NaiveDate};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

mod archive;
mod drift;
mod format;
mod grants;
mod import;
mod report;

pub use archive::{ArchiveAction, ArchiveAppointmentsArgs, ArchiveArgs, ArchiveRestoreArgs, ArchiveVerifyArgs};
pub use drift::{Against, DriftArgs, ScratchArgs, SnapshotArgs};
pub use format::FormatArg;
pub use grants::GrantsArgs;
pub use import::{
    FindingArgs, ImportAction, ImportArgs, ImportCheckArgs, ImportExportArgs, ImportFileArgs, ImportInitArgs,
    ImportRunArgs, ImportVerifyArgs, MaxErrors,
};

pub use report::{DiagramArgs, ReportArgs};

use crate::migrate::baseline::DESCRIPTION;
use crate::migrate::files::Version;
use crate::output::LogFormat;
use crate::seed::generate::Ids;

mod jobs;
mod package;
mod retention;

pub use jobs::{
    BatchArgs, CompressAction, CompressArgs, CompressRecordsArgs, CronArgs, MetricsArgs, PurgeAction, PurgeArchiveArgs,
    PurgeArgs, PurgeNotificationsArgs, ThrottleArgs,
};
pub use package::{CompletionsArgs, ManArgs};
pub use retention::{HoldAction, HoldAddArgs, HoldArgs, HoldListArgs, HoldReleaseArgs, RunArgs, RunsAction, RunsArgs};

/// Owns the life of a healthcare appointment database on MySQL 8.0.29 and later
///
/// Without a URL, every command uses the private server that `caredb dev up` runs in this project.
#[derive(Debug, Parser)]
#[command(name = "caredb", version, after_help = EXIT_CODES, propagate_version = true)]
pub struct Cli {
    /// With `--version`: the commit, date, target, compiler and profile of this build
    #[arg(long, requires = "version")]
    pub verbose: bool,
    /// What holds for every command.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, or nothing to do; 1 the check found something; 2 error or wrong usage; 3 refused
(protected database, no confirmation); 4 another run holds the lock; 130 interrupted, state safe";

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The database, `mysql://user:password@host:3306/database[?socket=…&ssl-mode=…&ssl-ca=…]`;
    /// or by `CAREDB_URL` or `DATABASE_URL`, the password also by `CAREDB_PASSWORD_FILE`
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// The configuration; without it, the nearest `caredb.toml` in this folder or above
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How to print
    #[arg(long, global = true, value_parser = format::among(format::PRINTED), default_value = "human")]
    pub format: FormatArg,
    /// How to print notes, waits, warnings and errors, which go to stderr
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "human")]
    pub log_format: LogFormat,
    /// Answer yes to questions, other than those for the name of a protected database
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// The database's name, in place of `--yes`: what destroys wants it where `caredb.toml` protects the database
    #[arg(long, global = true, value_name = "DATABASE")]
    pub confirm: Option<String>,
    /// Print errors and the last line only
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a private MySQL server for this project, under `.caredb/`
    Dev(DevArgs),
    /// Show server, versions, partitions, what retention has before it and the tables on one screen
    ///
    /// Costs the server no more than its dictionary and some look-ups in indexes, so it may run every minute.
    Status(StatusArgs),
    /// Apply the pending V files, then the R files that are new or changed
    Migrate(MigrateArgs),
    /// Drop what R files created, then apply U files, newest version first
    Rollback(RollbackArgs),
    /// List the versions and R files and their states
    Info(FileArgs),
    /// Say what would go wrong, before it does: privileges, settings, locks, disk, replication; exit 1 on a problem
    Doctor(FileArgs),
    /// Compare the applied versions with their files; exit 1 where they differ
    Validate(FileArgs),
    /// Prove on a scratch schema that every U file restores what its V file changed; exit 1 where one does not
    ///
    /// Runs every V file, its U file and the V file again, and compares the schemas to the last index order. Needs a
    /// server; the database itself is not touched.
    Verify(VerifyArgs),
    /// Say what is dangerous or can't be undone in migration files, and what each ALTER costs; exit 1 on errors
    ///
    /// Runs the files on a scratch schema, statement by statement, and looks at what each does. `-- caredb: allow CODE reason` in a
    /// comment before a statement, or before the first one for the whole file, takes a finding away. Needs a server; the
    /// database itself is only asked for its sizes.
    Lint(LintArgs),
    /// Compare the database with the schema of its applied files; exit 1 where it differs
    ///
    /// The applied files run on a scratch schema; what they make is kept in the user's cache. Pending files, the months that
    /// `partition ensure` made, caredb's own tables and what `[drift] ignore` in `caredb.toml` names are no drift.
    Drift(DriftArgs),
    /// Write the schema of the files to a file, for `drift --against` where no scratch schema can be made
    Snapshot(SnapshotArgs),
    /// Mend the history: failures, files that are gone or were edited
    Repair(RepairArgs),
    /// Adopt a database that was made without migrations
    Baseline(BaselineArgs),
    /// Write a new pair of V and U files with the next version
    New(NewArgs),
    /// Keep the monthly partitions: list them, make the coming ones, check them
    Partition(PartitionArgs),
    /// Load fixture sets, the demo data if nothing is said, twice is as good as once; or generate data of any size
    Seed(SeedArgs),
    /// Delete what has been kept for long enough
    Purge(PurgeArgs),
    /// Move what is seldom read into compressed storage, and back
    Compress(CompressArgs),
    /// Legal holds: what is kept from being archived, compressed and deleted
    Hold(HoldArgs),
    /// The ledger of what was archived, compressed and deleted: list it, prove it
    Runs(RunsArgs),
    /// Move old appointments to their archive, bring them back, prove that none is lost
    Archive(ArchiveArgs),
    /// The nightly work: months made ahead, old rows archived, purged and compressed, months checked
    ///
    /// Runs `partition ensure`, `archive appointments`, `purge notifications`, `compress medical-records`, where `caredb.toml` sets a
    /// term `purge archive`, and `partition check`, each by the policy of `caredb.toml`. One that fails does not keep the others
    /// from their work; the exit code is that of the worst. In a protected database `purge archive` wants `--confirm NAME`.
    Cron(CronArgs),
    /// Write what there is to see of the database: a page, or the data dictionary as files to commit
    ///
    /// `--format markdown DIR` writes a file a table and an index, from definitions alone: no number of rows, no time, no month that
    /// `partition ensure` made. With `--check`, nothing is written, and files that are out of date are named: exit 1.
    Report(ReportArgs),
    /// Draw the tables and how they refer to each other
    Diagram(DiagramArgs),
    /// Check files of another system, load them in batches, compare the database with them
    Import(ImportArgs),
    /// Print the GRANT statements that an account needs for a group of commands
    ///
    /// Asks no server. What is printed is for an administrator to run, once the account is there: `CREATE USER`.
    Grants(GrantsArgs),
    /// Print a script by which a shell completes command lines of caredb
    Completions(CompletionsArgs),
    /// Print the manual page of caredb, or write a page a command
    Man(ManArgs),
}

impl Cli {
    /// Reads the command line. `-1` is a value like others, mostly a wrong one, and no flag.
    pub fn read() -> Result<Self, clap::Error> {
        fn with_negatives(command: clap::Command) -> clap::Command {
            let takes =
                |arg: clap::Arg| if arg.get_action().takes_values() { arg.allow_negative_numbers(true) } else { arg };
            command.mut_args(takes).mut_subcommands(with_negatives)
        }
        Self::from_arg_matches(&with_negatives(Self::command()).try_get_matches()?)
    }
}

impl Command {
    /// Whether it works in batches, and Ctrl-C lets it finish the one under way.
    #[must_use]
    pub fn works_in_batches(&self) -> bool {
        // reads, and so may end anywhere
        let verifies = matches!(self, Self::Archive(args) if matches!(args.action, ArchiveAction::Verify(_)));
        !verifies && matches!(self, Self::Archive(_) | Self::Purge(_) | Self::Compress(_) | Self::Cron(_))
    }

    /// Whether it goes on until somebody has seen enough.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        matches!(self, Self::Status(args) if args.watch.is_some())
    }

    /// Whether it can tell what it found as annotations (`--format github`).
    #[must_use]
    pub fn annotates(&self) -> bool {
        matches!(self, Self::Drift(_) | Self::Lint(_))
    }

    /// The name in JSON output.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dev(args) => match args.action {
                DevAction::Up => "dev up",
                DevAction::Down => "dev down",
                DevAction::Status => "dev status",
                DevAction::Url => "dev url",
                DevAction::Reset => "dev reset",
            },
            Self::Archive(args) => match args.action {
                ArchiveAction::Appointments(_) => "archive appointments",
                ArchiveAction::Restore(_) => "archive restore",
                ArchiveAction::Verify(_) => "archive verify",
            },
            Self::Completions(_) => "completions",
            Self::Cron(_) => "cron",
            Self::Status(_) => "status",
            Self::Migrate(_) => "migrate",
            Self::Rollback(_) => "rollback",
            Self::Grants(_) => "grants",
            Self::Info(_) => "info",
            Self::Man(_) => "man",
            Self::Doctor(_) => "doctor",
            Self::Validate(_) => "validate",
            Self::Verify(_) => "verify",
            Self::Lint(_) => "lint",
            Self::Drift(_) => "drift",
            Self::Snapshot(_) => "snapshot",
            Self::Repair(_) => "repair",
            Self::Baseline(_) => "baseline",
            Self::New(_) => "new",
            Self::Partition(args) => match args.action {
                PartitionAction::List(_) => "partition list",
                PartitionAction::Ensure(_) => "partition ensure",
                PartitionAction::Check(_) => "partition check",
                PartitionAction::Drop(_) => "partition drop",
                PartitionAction::Rebuild(_) => "partition rebuild",
            },
            Self::Seed(args) => match args.action {
                None => "seed",
                Some(SeedAction::Check(_)) => "seed check",
                Some(SeedAction::Export(_)) => "seed export",
                Some(SeedAction::Generate(_)) => "seed generate",
            },
            Self::Purge(args) => match args.action {
                PurgeAction::Notifications(_) => "purge notifications",
                PurgeAction::Archive(_) => "purge archive",
            },
            Self::Compress(args) => match args.action {
                CompressAction::MedicalRecords(_) => "compress medical-records",
            },
            Self::Hold(args) => match args.action {
                HoldAction::Add(_) => "hold add",
                HoldAction::List(_) => "hold list",
                HoldAction::Release(_) => "hold release",
            },
            Self::Report(_) => "report",
            Self::Diagram(_) => "diagram",
            Self::Import(args) => match args.action {
                ImportAction::Init(_) => "import init",
                ImportAction::Check(_) => "import check",
                ImportAction::Run(_) => "import run",
                ImportAction::Resume(_) => "import resume",
                ImportAction::Verify(_) => "import verify",
                ImportAction::Export(_) => "import export",
            },
            Self::Runs(args) => match args.action {
                RunsAction::List => "runs list",
                RunsAction::Show(_) => "runs show",
                RunsAction::Verify => "runs verify",
                RunsAction::Certificate(_) => "runs certificate",
            },
        }
    }
}

/// Where the migration files are.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// Folder of the V and R files; without it, those of `caredb.toml`, or those in the binary
    #[arg(long, value_name = "DIR")]
    pub migrations: Option<PathBuf>,
    /// Folder of the U files; without it, those of `caredb.toml`, or those in the binary
    #[arg(long, value_name = "DIR")]
    pub rollbacks: Option<PathBuf>,
    /// The value of a placeholder `${NAME}`, also by `[placeholders]` in `caredb.toml`; may be given often
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = placeholder)]
    pub placeholders: Vec<(String, String)>,
}

/// A day that MySQL has, too.
fn day(text: &str) -> Result<NaiveDate, String> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| day.to_string() == text);
    day.filter(|day| (1000..=9999).contains(&day.year()))
        .ok_or_else(|| "write a day of the calendar, such as `2026-11-24`, of the years 1000 to 9999".to_owned())
}

fn placeholder(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !name.contains('}') => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as `name=value`".to_owned()),
    }
}

/// How to wait for others.
#[derive(Debug, Args)]
pub struct LockArgs {
    /// How long to wait for another run to end, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u32,
    /// How often to try a DDL statement again when other sessions hold its tables; each try waits 5 s
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub ddl_retries: u32,
}

/// Whether to look before a run.
#[derive(Debug, Args)]
pub struct PreflightArgs {
    /// Run without the checks of `doctor`
    #[arg(long)]
    pub skip_doctor: bool,
}

/// `migrate`
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Stop after this version
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(i64).range(0..))]
    pub to: Option<Version>,
    /// Also apply pending versions below the highest that is applied
    #[arg(long)]
    pub out_of_order: bool,
    /// With `--dry-run`, write the plan to this file; without, apply it only if the state is still the one it was made for
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Print the SQL and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Create the database if the server does not have it
    #[arg(long)]
    pub create_database: bool,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to wait.
    #[command(flatten)]
    pub lock: LockArgs,
    /// Whether to look first.
    #[command(flatten)]
    pub preflight: PreflightArgs,
}

/// `rollback`
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// Go back to this version, which stays applied; 0 takes all away
    #[arg(long, value_name = "VERSION", conflicts_with = "steps", value_parser = clap::value_parser!(i64).range(0..))]
    pub to: Option<Version>,
    /// Go back by so many versions
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: u32,
    /// Print the SQL and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to wait.
    #[command(flatten)]
    pub lock: LockArgs,
    /// Whether to look first.
    #[command(flatten)]
    pub preflight: PreflightArgs,
}

/// `repair`
#[derive(Debug, Args)]
pub struct RepairArgs {
    /// Settle the statement with this number that was begun and whose end nobody saw: it took effect
    #[arg(long, value_name = "N", conflicts_with_all = ["mark_undone", "dry_run"])]
    pub mark_done: Option<usize>,
    /// Settle it the other way: it did not take effect, and runs again
    #[arg(long, value_name = "N", conflicts_with = "dry_run")]
    pub mark_undone: Option<usize>,
    /// Print what would be mended and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to wait.
    #[command(flatten)]
    pub lock: LockArgs,
}

/// `baseline`
#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// The version that the schema is at; no file up to it ever runs
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(i64).range(1..))]
    pub at: Version,
    /// What the history says of it
    #[arg(long, value_name = "TEXT", default_value = DESCRIPTION)]
    pub description: String,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to wait.
    #[command(flatten)]
    pub lock: LockArgs,
}

/// `status`
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Show it again every so many seconds, 5 if nothing is said, until Ctrl-C; a lost connection is made again
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "5", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub watch: Option<u64>,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
}

/// `verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Prove this version and those above; those below are applied without proof
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(i64).range(1..))]
    pub from: Option<Version>,
    /// The scratch schema.
    #[command(flatten)]
    pub scratch: ScratchArgs,
    /// Then load the fixtures and roll back again, and count the rows that each rollback loses
    #[arg(long)]
    pub with_rows: bool,
    /// Folder of the fixtures, as for `seed`
    #[arg(long, value_name = "DIR", requires = "with_rows")]
    pub fixtures: Option<PathBuf>,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to wait.
    #[command(flatten)]
    pub lock: LockArgs,
}

/// `lint`
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Files, or folders of them. Those of the project are looked at on top of the versions below; all others in the order given, those of a
    /// folder by name, on one empty schema. Without any: the pending V files with their U files, and the R files
    #[arg(value_name = "FILES")]
    pub paths: Vec<PathBuf>,
    /// Only the project's files that are new or changed since the branch parted from this one (branch, tag or commit); says, too, when
    /// a new version collides with one of that branch, or is below it
    #[arg(long, value_name = "GITREF", conflicts_with = "paths")]
    pub since: Option<String>,
    /// Exit 1 on warnings, too
    #[arg(long)]
    pub strict: bool,
    /// Where to try the files.
    #[command(flatten)]
    pub scratch: ScratchArgs,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to wait.
    #[command(flatten)]
    pub lock: LockArgs,
}

/// `new`
#[derive(Debug, Args)]
pub struct NewArgs {
    /// What the migration does, in letters, digits and `_`: `add_clinics`
    pub name: String,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
}

/// `partition`
#[derive(Debug, Args)]
pub struct PartitionArgs {
    /// What to do with the partitions.
    #[command(subcommand)]
    pub action: PartitionAction,
}

/// The actions of `partition`.
#[derive(Debug, Subcommand)]
pub enum PartitionAction {
    /// List a table's partitions: range, rows, size, age
    List(PartitionListArgs),
    /// Make the months that are missing, from the oldest row to some months ahead; for cron
    ///
    /// Splits `p_future`, or the first partition for older rows, and fills gaps. A partition without rows is split in
    /// milliseconds; one with rows is copied while writes wait, which needs `--allow-copy`.
    Ensure(PartitionEnsureArgs),
    /// Say what is wrong with partitions, keys and triggers; exit 1 on a problem; for monitors
    Check(PartitionCheckArgs),
    /// Drop a partition that is empty
    Drop(PartitionDropArgs),
    /// Rebuild the table of a partition that an INSTANT change keeps from being archived
    Rebuild(PartitionRebuildArgs),
}

/// Which table's partitions.
#[derive(Debug, Args)]
pub struct TableArgs {
    /// A table of `[[partitioned]]` in `caredb.toml`; without it, all of them, which is `appointments` without a file
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,
}

/// What day it is.
#[derive(Debug, Args)]
pub struct TodayArgs {
    /// The day that months and ages count from; without it, the server's date in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub today: Option<NaiveDate>,
}

/// How a statement on a table in use waits.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// How long a statement waits for the table, in seconds, and with it everybody who uses the table
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub lock_wait_timeout: u32,
    /// How often to try again; each time, others go first
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub ddl_retries: u32,
    /// How long to wait for another run to end, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u32,
}

impl Default for WaitArgs {
    /// As they are where nothing is said.
    fn default() -> Self {
        Self { lock_wait_timeout: 1, ddl_retries: 5, lock_timeout: 60 }
    }
}

/// `partition list`
#[derive(Debug, Args)]
pub struct PartitionListArgs {
    /// Count the rows, which reads them all; without it they are InnoDB's estimate
    #[arg(long)]
    pub exact: bool,
    /// Which table.
    #[command(flatten)]
    pub table: TableArgs,
    /// What day it is.
    #[command(flatten)]
    pub today: TodayArgs,
}

/// `partition ensure`
#[derive(Debug, Args)]
pub struct PartitionEnsureArgs {
    /// How many months after this one; without it, the `ahead` of `caredb.toml`, or 3
    #[arg(long, value_name = "MONTHS", value_parser = clap::value_parser!(u32).range(0..=1200))]
    pub ahead: Option<u32>,
    /// How many months before this one, and no more; without it, those since the oldest row
    #[arg(long, value_name = "MONTHS", value_parser = clap::value_parser!(u32).range(0..=12000))]
    pub behind: Option<u32>,
    /// Also split partitions that have rows, which copies them while writes wait
    #[arg(long)]
    pub allow_copy: bool,
    /// Print the SQL and change nothing
    #[arg(long, conflicts_with = "metrics")]
    pub dry_run: bool,
    /// Which table.
    #[command(flatten)]
    pub table: TableArgs,
    /// What day it is.
    #[command(flatten)]
    pub today: TodayArgs,
    /// How to wait.
    #[command(flatten)]
    pub waits: WaitArgs,
    /// What to leave for monitors.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

/// `partition check`
#[derive(Debug, Args)]
pub struct PartitionCheckArgs {
    /// How many months after this one must have a partition; without it, the `ahead` of `caredb.toml`, or 3
    #[arg(long, value_name = "MONTHS", value_parser = clap::value_parser!(u32).range(0..=1200))]
    pub ahead: Option<u32>,
    /// Do not compare rows and keys, which reads both tables
    #[arg(long)]
    pub skip_keys: bool,
    /// Which table.
    #[command(flatten)]
    pub table: TableArgs,
    /// What day it is.
    #[command(flatten)]
    pub today: TodayArgs,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
    /// What to leave for monitors.
    #[command(flatten)]
    pub metrics: MetricsArgs,
}

/// `partition drop`
#[derive(Debug, Args)]
pub struct PartitionDropArgs {
    /// The partition: `p_2024_01`
    pub name: String,
    /// Which table.
    #[command(flatten)]
    pub table: TableArgs,
    /// How to wait.
    #[command(flatten)]
    pub waits: WaitArgs,
}

/// `partition rebuild`
#[derive(Debug, Args)]
pub struct PartitionRebuildArgs {
    /// The partition: `p_2024_01`
    pub name: String,
    /// Rebuild, which copies the whole table while it is read and written
    #[arg(long)]
    pub allow_copy: bool,
    /// Which table.
    #[command(flatten)]
    pub table: TableArgs,
    /// How to wait.
    #[command(flatten)]
    pub waits: WaitArgs,
}

/// `seed`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SeedArgs {
    /// What to do other than to load; without it, sets are loaded.
    #[command(subcommand)]
    pub action: Option<SeedAction>,
    /// What to load.
    #[command(flatten)]
    pub load: SeedLoadArgs,
}

/// The actions of `seed`.
#[derive(Debug, Subcommand)]
pub enum SeedAction {
    /// Say what is wrong with fixtures before they are loaded; exit 1 where something is
    ///
    /// Compares them with the tables, then really inserts them, in a transaction that is rolled back: triggers fire and are
    /// rolled back as well, and nothing stays but gaps in `AUTO_INCREMENT`. A protected database is only compared with.
    Check(SeedCheckArgs),
    /// Write fixtures from a database, with everything that could be a person's replaced
    ///
    /// Names, texts, numbers of documents, addresses and what JSON holds become stand-ins, the same for the same value; days
    /// of birth move within their year; ids become labels. Rows that the exported ones refer to are exported as well.
    Export(SeedExportArgs),
    /// Generate synthetic data of any size: the same seed, `--until` and version give the same rows
    ///
    /// All thirteen tables, consistent with each other: bookings follow time slots and absences, visits leave consultations,
    /// prescriptions, files, payments, refunds, reviews, notifications and a trail. What lies before `--until` is over, what
    /// lies behind is booked. An interrupted run goes on by `--resume`.
    Generate(SeedGenerateArgs),
}

/// Which fixtures.
#[derive(Debug, Args)]
pub struct FixtureArgs {
    /// The fixture sets: `demo`, `edge`, or a folder's own; without any, `demo`, or the only one that there is
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
    /// A folder with one TOML file a table, or with such a folder a set; without it, that of `caredb.toml`, or the sets in
    /// the binary
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
    /// The day that relative dates count from; without it, the server's date in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub today: Option<NaiveDate>,
}

/// `seed` without an action
#[derive(Debug, Args)]
pub struct SeedLoadArgs {
    /// Which fixtures.
    #[command(flatten)]
    pub fixtures: FixtureArgs,
    /// Load this table alone; can be said several times. What its rows refer to must be in the database or among them
    #[arg(long, value_name = "TABLE")]
    pub only: Vec<String>,
    /// Delete the rows of the set first and load them anew, so that what was changed is as in the files and relative dates
    /// count from today
    #[arg(long)]
    pub reset: bool,
}

/// `seed check`
#[derive(Debug, Args)]
pub struct SeedCheckArgs {
    /// Which fixtures.
    #[command(flatten)]
    pub fixtures: FixtureArgs,
}

/// `seed export`
#[derive(Debug, Args)]
pub struct SeedExportArgs {
    /// The tables
    #[arg(long, value_name = "TABLE", value_delimiter = ',', required = true)]
    pub tables: Vec<String>,
    /// Only the rows for which this holds, in SQL; every one of the tables must have its columns
    #[arg(long = "where", value_name = "CONDITION")]
    pub condition: Option<String>,
    /// So many rows a table at the most, lowest ids first
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// The folder to write to, which holds no fixtures yet
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Leave out the rows that the exported ones refer to
    #[arg(long)]
    pub no_parents: bool,
    /// What stand-ins are made with: the same key, the same stand-ins. Without it, a random one, so that exports can't be
    /// joined. Who knows it can test guesses: keep it like a password
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub key: Option<String>,
}

/// `seed generate`
#[derive(Debug, Args)]
pub struct SeedGenerateArgs {
    /// How many patients
    #[arg(long, value_name = "N", required_unless_present = "resume", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub patients: Option<u64>,
    /// How many doctors
    #[arg(long, value_name = "N", required_unless_present = "resume", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub doctors: Option<u64>,
    /// How many months of history before `--until`; behind it, bookings go on for two
    #[arg(long, value_name = "N", required_unless_present = "resume", value_parser = clap::value_parser!(u32).range(1..=600))]
    pub months: Option<u32>,
    /// How many appointments; without it, five a patient and year, as far as the doctors have time
    #[arg(long, value_name = "N")]
    pub appointments: Option<u64>,
    /// What the rows are drawn by; 1 without it
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The day that it is in the data; without it, the first of the server's month
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub until: Option<NaiveDate>,
    /// How ids are made; v7 without it
    #[arg(long, value_enum)]
    pub ids: Option<Ids>,
    /// Add to rows that are there; needs a seed that was not used in this database
    #[arg(long, conflicts_with_all = ["reset", "resume"])]
    pub append: bool,
    /// Delete all rows of the thirteen tables first
    #[arg(long, conflicts_with = "resume")]
    pub reset: bool,
    /// Go on with the run that was interrupted
    #[arg(long)]
    pub resume: bool,
    /// How long to wait for another run to end, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u32,
}

/// `dev`
#[derive(Debug, Args)]
pub struct DevArgs {
    /// What to do with the server.
    #[command(subcommand)]
    pub action: DevAction,
}

/// The actions of `dev`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum DevAction {
    /// Start the server, unless it runs, and wait until it answers
    Up,
    /// Stop the server; its data stay
    Down,
    /// Say whether it runs, and where; exit 1 where it does not
    Status,
    /// Print the URL for `--url` and other clients
    Url,
    /// Stop the server and throw its data away
    Reset,
}
