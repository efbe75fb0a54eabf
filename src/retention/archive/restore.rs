//! Brings archived appointments back, with all that belongs to them, in batches. Their keys are made anew by the trigger on
//! `appointments`, as for a new row; what refers to them is not checked between the old key and the new, of the same id and in
//! one transaction.

use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::dependents::{Dependents, Direction};
use super::worker::compare;
use super::{ARCHIVE, ArchiveError, KEYS, LIVE, Tables};
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::retention::batch::BatchSize;
use crate::retention::ledger::Run;
use crate::retention::rows::{Move, Picked, Sum, list, may_try_again};

const TRIES: u32 = 8;

/// Which appointments of a month come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those with these ids.
    Ids(Vec<String>),
}

/// Brings rows of a month back.
pub struct Restore<'a> {
    /// Prepared by [`super::observe::prepare`].
    pub conn: &'a mut MySqlConnection,
    /// The tables.
    pub tables: &'a Tables,
    /// What belongs to them.
    pub dependents: &'a Dependents,
    /// The month's partition.
    pub partition: &'a Ident,
    /// Which.
    pub which: &'a Which,
    /// The run on record.
    pub run: &'a Run,
    /// The last id that came back.
    pub after: Option<String>,
    /// How long a batch takes.
    pub size: BatchSize,
}

impl Restore<'_> {
    /// Brings the next batch back. Returns what came, and how many rows belonged to it; nothing at the end.
    pub async fn batch(&mut self) -> Result<Option<(Sum, u64)>, ArchiveError> {
        let begun = Instant::now();
        let mut attempt = 1;
        let (picked, dependents) = loop {
            match self.transaction().await {
                Err(ArchiveError::Db(error)) if may_try_again(&error) && attempt < TRIES => {
                    self.roll_back().await?;
                    tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
                    attempt += 1;
                }
                Err(error) => {
                    // where the connection is gone, the server has rolled back
                    let _ = self.roll_back().await;
                    return Err(error);
                }
                Ok(done) => break done,
            }
        };
        let Some(last) = picked.ids.last() else { return Ok(None) };
        self.after = Some(last.clone());
        self.size.measured(picked.sum.rows, begun.elapsed());
        Ok(Some((picked.sum, dependents)))
    }

    async fn transaction(&mut self) -> Result<(Picked, u64), ArchiveError> {
        let condition = self.condition();
        let rows = u64::from(self.size.rows());
        let Self { conn, tables, dependents, partition, run, .. } = self;
        let failed = |error: sqlx::Error| {
            let failed = DbError::new(format!("could not bring back rows of partition `{}`", partition.as_str()), &error);
            match failed.number {
                Some(1062) => failed.with_cure(
                    "the slot of one of them was booked again: cancel or move that booking, or bring the others back by `--id`",
                ),
                _ => failed,
            }
        };
        let moving = Move {
            from: format!("{ARCHIVE} PARTITION ({partition})"),
            to: format!("{LIVE} PARTITION ({partition})"),
            columns: tables.columns.clone(),
        };
        sqlx::raw_sql("START TRANSACTION").execute(&mut **conn).await.map_err(failed)?;
        let picked = moving.pick(conn, "a", &condition, Some(rows)).await.map_err(failed)?;
        let mut belonging = 0;
        if !picked.ids.is_empty() {
            let sql = format!("SET SESSION foreign_key_checks = 0; DELETE FROM {KEYS} WHERE id IN ({})", picked.list());
            let keys = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **conn).await.map_err(failed)?.rows_affected();
            let copied = moving.copy(conn, &picked).await.map_err(failed)?;
            sqlx::raw_sql("SET SESSION foreign_key_checks = 1").execute(&mut **conn).await.map_err(failed)?;
            crash_point();
            let deleted = moving.delete(conn, &picked).await.map_err(failed)?;
            let arrived = moving.arrived(conn, &picked).await.map_err(failed)?;
            compare(&picked, [copied, keys, deleted], arrived, partition)?;
            run.record(conn, "restore", partition.as_str(), arrived.rows, arrived.checksum, 0).await?;
            belonging = dependents.go(conn, &picked.ids, Direction::Back, (run, partition)).await?;
        }
        crash_point();
        sqlx::raw_sql("COMMIT").execute(&mut **conn).await.map_err(failed)?;
        crash_point();
        Ok((picked, belonging))
    }

    fn condition(&self) -> String {
        let ids = match self.which {
            Which::All => "TRUE".to_owned(),
            Which::Ids(ids) => format!("a.id IN ({})", list(ids)),
        };
        let after = self.after.as_ref();
        let after = after.map(|id| format!(" AND a.id > {}", list(std::slice::from_ref(id)))).unwrap_or_default();
        format!("{ids}{after}")
    }

    async fn roll_back(&mut self) -> Result<(), DbError> {
        let sql = "ROLLBACK; SET SESSION foreign_key_checks = 1";
        let undone = sqlx::raw_sql(sql).execute(&mut *self.conn).await;
        undone.map(drop).map_err(|error| DbError::new("could not roll back", &error))
    }
}
