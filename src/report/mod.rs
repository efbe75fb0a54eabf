//! The page of `caredb report`: what was seen of a database, as a value, and from that one HTML file. Pure: `commands/report` looks.

use serde::Serialize;

use crate::schema::dictionary::Dictionary;

pub mod health;
pub mod last;
pub mod months;
pub mod page;
pub mod timeline;

use last::Last;
use months::Months;
use timeline::Event;

/// What was seen. Times are UTC, as the server writes them: `2026-11-27 09:30:00`.
#[derive(Debug, Default)]
pub struct Report {
    /// The database.
    pub database: String,
    /// The version of its server.
    pub server: String,
    /// When it was looked at, by the server's clock.
    pub made_at: String,
    /// Its migrations.
    pub migrations: Migrations,
    /// Its tables with monthly partitions.
    pub partitioned: Vec<Months>,
    /// What each job of retention has before it.
    pub backlog: Vec<Backlog>,
    /// Why that is not known.
    pub backlog_unseen: Option<String>,
    /// The last runs of the ledger, newest first.
    pub runs: Vec<Run>,
    /// Whether it has older ones.
    pub more_runs: bool,
    /// Why they are not known.
    pub runs_unseen: Option<String>,
    /// What `drift` found when it was last run here.
    pub drift: Option<Last>,
    /// What `lint` found when it was last run here.
    pub lint: Option<Last>,
    /// All tables with their sizes, caredb's own, too.
    pub sizes: Vec<Size>,
    /// The diagram, as SVG.
    pub diagram: String,
    /// Of each table what there is to know.
    pub dictionary: Dictionary,
    /// Why that, and with it the diagram, is not known.
    pub dictionary_unseen: Option<String>,
}

/// What was applied, and what is to be.
#[derive(Debug, Default, Serialize)]
pub struct Migrations {
    /// Where the database stands, as a clause: `15, nothing pending`.
    pub version: String,
    /// In the order in which they came.
    pub events: Vec<Event>,
    /// Versions and R files that wait: `V16 add clinics`.
    pub pending: Vec<String>,
    /// What is half-way, and where files and history disagree, each with its cure.
    pub findings: Vec<String>,
}

/// What a job of retention has before it.
#[derive(Debug, Serialize)]
pub struct Backlog {
    /// The job, as it is typed.
    pub job: String,
    /// The age from which on rows are due: `1y`.
    pub older_than: String,
    /// Rows from before this day are due.
    pub cut_off: String,
    /// The day of the oldest row that is due; none where nothing is.
    pub oldest: Option<String>,
    /// How many are due: counted where they are few, else as InnoDB estimates it.
    pub rows: u64,
    /// When its last run began.
    pub last_run_at: Option<String>,
    /// How that ended; none while it is under way, or was killed.
    pub last_outcome: Option<String>,
}

/// A run of the ledger.
#[derive(Debug, Serialize)]
pub struct Run {
    /// Its number.
    pub id: u64,
    /// The command.
    pub command: String,
    /// When it began.
    pub started_at: String,
    /// How long it took, in milliseconds; none while it is under way, or was killed.
    pub ms: Option<u64>,
    /// How it ended; see `ms`.
    pub outcome: Option<String>,
    /// Rows from before this day were meant.
    pub cut_off: Option<String>,
    /// The rows that it moved or deleted.
    pub rows: u64,
    /// What it did: `archive 1200 rows`.
    pub did: String,
    /// By whom, and on which machine.
    pub by: String,
}

/// How large a table is, as InnoDB estimates it.
#[derive(Debug, Serialize)]
pub struct Size {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// Bytes of its data.
    pub data: u64,
    /// Bytes of its indexes.
    pub indexes: u64,
}
