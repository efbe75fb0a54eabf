//! The run ledger: a row a run in `caredb_runs`, and what it did, a row a part and action, in `caredb_run_parts`.
//!
//! A run that has ended is sealed: its hash is over all of it and over the hash of the run that was sealed before it, so
//! what is changed, taken out or put in afterwards shows (`verify`). A copy of the hash goes into `audit_logs`, so that a
//! chain that lost its end shows, too.

use chrono::NaiveDate;
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Row as _};

use super::table;
use crate::db::crash::crash_point;
use crate::db::error::DbError;

mod entry;
mod verify;

pub use entry::{Entry, Part, Total, Which, each, find};
pub use verify::verify;

/// What a run is about to do.
#[derive(Debug, Clone)]
pub struct Job {
    /// The command: `archive appointments`.
    pub command: &'static str,
    /// The policy that it follows, with every value that decides which rows it takes.
    pub policy: Value,
    /// Rows before this day are meant, where age decides.
    pub cut_off: Option<NaiveDate>,
}

/// A run that has not ended.
#[derive(Debug)]
pub struct Run {
    /// Its number in the ledger.
    pub id: u64,
    command: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All was done, or there was nothing to do.
    Done,
    /// It was killed, or lost its connection; the next run found it so.
    Interrupted,
    /// By an error.
    Failed,
    /// A person or a limit stopped it.
    Stopped,
}

impl Ending {
    /// As the ledger has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

// times are the server's, in UTC
const RUNS: &str = "
    CREATE TABLE IF NOT EXISTS caredb_runs (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
        command VARCHAR(64) NOT NULL,
        policy MEDIUMTEXT NOT NULL,
        cut_off DATE NULL,
        account VARCHAR(288) NOT NULL,
        host VARCHAR(255) NOT NULL,
        started_at DATETIME(3) NOT NULL,
        ended_at DATETIME(3) NULL,
        outcome VARCHAR(20) NULL,
        summary MEDIUMTEXT NULL,
        seal BIGINT UNSIGNED NULL,
        previous CHAR(64) NULL,
        hash CHAR(64) NULL,
        PRIMARY KEY (id),
        UNIQUE KEY uk_caredb_runs_seal (seal)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
const PARTS: &str = "
    CREATE TABLE IF NOT EXISTS caredb_run_parts (
        run_id BIGINT UNSIGNED NOT NULL,
        part VARCHAR(64) NOT NULL,
        action VARCHAR(20) NOT NULL,
        row_count BIGINT UNSIGNED NOT NULL DEFAULT 0,
        checksum DECIMAL(40,0) NOT NULL DEFAULT 0,
        bytes BIGINT UNSIGNED NOT NULL DEFAULT 0,
        state VARCHAR(20) NOT NULL DEFAULT 'begun',
        PRIMARY KEY (run_id, part, action)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

/// Makes the ledger's tables where they are missing; belongs before a transaction, which it would commit.
pub async fn create(conn: &mut MySqlConnection) -> Result<(), DbError> {
    // in this order: where there are runs, there are parts
    table::make(conn, "caredb_run_parts", PARTS).await?;
    table::make(conn, "caredb_runs", RUNS).await
}

// runs that did little tell little
const RATE: &str = "
    SELECT r.id, CAST(SUM(p.row_count) AS DOUBLE) / (TIMESTAMPDIFF(MICROSECOND, r.started_at, r.ended_at) / 1e6) AS rows_per_s
    FROM caredb_runs r JOIN caredb_run_parts p ON p.run_id = r.id
    WHERE r.command = ? AND r.outcome = 'done' AND r.ended_at > r.started_at
    GROUP BY r.id HAVING SUM(p.row_count) >= 1000 ORDER BY r.id DESC LIMIT 1";

/// How long so many rows would take this command, by the last of its runs that did enough to tell: that run, and the time in
/// seconds. None where no run tells.
pub async fn expected(conn: &mut MySqlConnection, command: &str, rows: u64) -> Result<Option<Expected>, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not read the last run from table `caredb_runs`", &error);
    let row = match sqlx::query(RATE).bind(command).fetch_optional(conn).await {
        Err(error) if table::is_missing(&error) => return Ok(None),
        row => row.map_err(failed)?,
    };
    let Some(row) = row else { return Ok(None) };
    let rows_per_s: f64 = row.try_get_unchecked(1).map_err(failed)?;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    Ok(Some(Expected { run: row.try_get_unchecked(0).map_err(failed)?, seconds: rows as f64 / rows_per_s }))
}

/// How long a run would take.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Expected {
    /// The run that tells.
    pub run: u64,
    /// The time.
    pub seconds: f64,
}

const BEGIN: &str = "
    INSERT INTO caredb_runs (command, policy, cut_off, account, host, started_at)
    VALUES (?, ?, ?, CURRENT_USER(), ?, UTC_TIMESTAMP(3))";

/// Writes that a run begins. Belongs outside of a transaction: it must be known before anything is done.
pub async fn begin(conn: &mut MySqlConnection, job: &Job) -> Result<Run, DbError> {
    crash_point();
    let begun = sqlx::query(BEGIN)
        .bind(job.command)
        .bind(job.policy.to_string())
        .bind(job.cut_off.map(|day| day.to_string()))
        .bind(rustix::system::uname().nodename().to_string_lossy())
        .execute(conn)
        .await
        .map_err(|error| DbError::new(format!("could not begin a run of `{}` in the ledger", job.command), &error))?;
    crash_point();
    Ok(Run { id: begun.last_insert_id(), command: job.command.to_owned() })
}

/// The runs of a command without an end, oldest first. The caller holds the command's lock, so none of them is alive.
pub async fn unfinished(conn: &mut MySqlConnection, command: &str) -> Result<Vec<Run>, DbError> {
    let mut runs = Vec::new();
    each(conn, Which::Unfinished(command), |entry| runs.push(Run { id: entry.id, command: entry.command })).await?;
    Ok(runs)
}

/// Ends the runs of a command that were killed, with what their parts say. The caller holds the command's lock.
pub async fn close_interrupted(conn: &mut MySqlConnection, command: &str) -> Result<Vec<u64>, DbError> {
    let mut closed = Vec::new();
    for run in unfinished(conn, command).await? {
        closed.push(run.id);
        run.end(conn, Ending::Interrupted, &json!({ "note": "found without an end by the next run" })).await?;
    }
    Ok(closed)
}

const RECORD: &str = "
    INSERT INTO caredb_run_parts (run_id, part, action, row_count, checksum, bytes)
    VALUES (?, ?, ?, ?, CAST(? AS DECIMAL(40,0)), ?) AS new
    ON DUPLICATE KEY UPDATE
        row_count = caredb_run_parts.row_count + new.row_count,
        checksum = caredb_run_parts.checksum + new.checksum,
        bytes = caredb_run_parts.bytes + new.bytes";
const SET_STATE: &str = "
    INSERT INTO caredb_run_parts (run_id, part, action, state) VALUES (?, ?, ?, ?) AS new
    ON DUPLICATE KEY UPDATE state = new.state";

impl Run {
    /// Adds rows to what was done with a part, `p_2024_01` or a table. Belongs into the transaction that does it, so that
    /// the ledger is never ahead of the rows, nor behind. `checksum`: the sum of the rows' CRC32.
    pub async fn record(
        &self,
        conn: &mut MySqlConnection,
        action: &str,
        part: &str,
        rows: u64,
        checksum: u128,
        bytes: u64,
    ) -> Result<(), DbError> {
        let record = sqlx::query(RECORD)
            .bind(self.id)
            .bind(part)
            .bind(action)
            .bind(rows)
            .bind(checksum.to_string())
            .bind(bytes)
            .execute(conn)
            .await;
        record.map_err(|error| self.failed("record what was done in", &error))?;
        Ok(())
    }

    /// Writes how far an action on a part is: a word of the action's own, 20 characters at the most.
    pub async fn set_state(
        &self,
        conn: &mut MySqlConnection,
        part: &str,
        action: &str,
        state: &str,
    ) -> Result<(), DbError> {
        let set = sqlx::query(SET_STATE).bind(self.id).bind(part).bind(action).bind(state).execute(conn).await;
        set.map_err(|error| self.failed("record the state of", &error))?;
        Ok(())
    }

    /// What is recorded of the run so far, in order of part and action.
    pub async fn parts(&self, conn: &mut MySqlConnection) -> Result<Vec<Part>, DbError> {
        Ok(find(conn, self.id).await?.map(|entry| entry.parts).unwrap_or_default())
    }

    /// Ends the run and seals it, with its row in `audit_logs`; all or nothing. Gives its hash.
    pub async fn end(self, conn: &mut MySqlConnection, ending: Ending, summary: &Value) -> Result<String, DbError> {
        crash_point();
        let failed = |error: sqlx::Error| self.failed("end", &error);
        let mut transaction = conn.begin().await.map_err(failed)?;
        let (seal, previous) = next_seal(&mut transaction).await.map_err(failed)?;
        let ended = sqlx::query(END)
            .bind(ending.word())
            .bind(summary.to_string())
            .bind(seal)
            .bind(previous)
            .bind(self.id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        // as the server stored it: so it is read when it is verified
        let entry = find(&mut transaction, self.id).await?.filter(|_| ended.rows_affected() == 1);
        let Some(entry) = entry else {
            let what = format!("could not end run {} of `{}` in the ledger", self.id, self.command);
            let error = DbError::because(what, "it has ended already, or is gone");
            return Err(error.with_cure("`caredb runs verify` says what was changed"));
        };
        let hash = entry.seal_hash();
        let sealed = sqlx::query(SEAL).bind(&hash).bind(self.id).execute(&mut *transaction).await;
        sealed.map_err(failed)?;
        crash_point();
        audit(&mut transaction, &entry, &hash).await?;
        crash_point();
        transaction.commit().await.map_err(failed)?;
        crash_point();
        Ok(hash)
    }

    fn failed(&self, doing: &str, error: &sqlx::Error) -> DbError {
        DbError::new(format!("could not {doing} run {} of `{}` in the ledger", self.id, self.command), error)
    }
}

// The oldest run stands for the chain: it is always there, and whoever holds it is alone. Both read what was committed
// last, whatever the isolation.
const LOCK_CHAIN: &str = "SELECT id FROM caredb_runs ORDER BY id LIMIT 1 FOR UPDATE";
const HEAD: &str = "SELECT seal, hash FROM caredb_runs WHERE seal IS NOT NULL ORDER BY seal DESC LIMIT 1 FOR UPDATE";
const END: &str = "
    UPDATE caredb_runs SET ended_at = UTC_TIMESTAMP(3), outcome = ?, summary = ?, seal = ?, previous = ?
    WHERE id = ? AND seal IS NULL";
const SEAL: &str = "UPDATE caredb_runs SET hash = ? WHERE id = ?";

/// Locks the chain until the transaction ends; the place of the next run in it, and the hash that it follows.
async fn next_seal(conn: &mut MySqlConnection) -> Result<(u64, Option<String>), sqlx::Error> {
    sqlx::query(LOCK_CHAIN).fetch_optional(&mut *conn).await?;
    let head: Option<(u64, Option<String>)> = sqlx::query_as(HEAD).fetch_optional(conn).await?;
    Ok(head.map_or((1, None), |(seal, hash)| (seal + 1, hash)))
}

/// What `entity_type` says of the audit rows of runs; `entity_id` is the run's.
const ENTITY: &str = "caredb_runs";
const AUDIT: &str =
    "INSERT INTO audit_logs (action, entity_type, entity_id, user_agent, metadata) VALUES (?, ?, ?, ?, ?)";

/// The run's row in `audit_logs`, `ARCHIVE_APPOINTMENTS`; none where there is no such table.
async fn audit(conn: &mut MySqlConnection, entry: &Entry, hash: &str) -> Result<(), DbError> {
    let metadata = json!({
        "command": entry.command, "outcome": entry.outcome, "cut_off": entry.cut_off, "account": entry.account,
        "host": entry.host, "totals": entry.totals(), "hash": hash,
    });
    let audit = sqlx::query(AUDIT)
        .bind(entry.command.to_uppercase().replace([' ', '-'], "_"))
        .bind(ENTITY)
        .bind(entry.id.to_string())
        .bind(concat!("caredb ", env!("CARGO_PKG_VERSION")))
        .bind(metadata.to_string())
        .execute(conn)
        .await;
    match audit {
        Err(error) if !table::is_missing(&error) => {
            Err(DbError::new(format!("could not write the row of run {} into `audit_logs`", entry.id), &error))
        }
        _ => Ok(()),
    }
}
