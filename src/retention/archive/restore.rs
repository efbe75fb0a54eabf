//! Brings archived appointments back, with all that belongs to them, in batches. Their keys are made anew by the trigger on
//! `appointments`, as for a new row; what refers to them is not checked between the old key and the new, of the same id and in
//! one transaction.

use std::time::Instant;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::dependents::{Dependents, Direction};
use super::worker::compare;
use super::{ARCHIVE, ArchiveError, KEYS, LIVE};
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::transaction::in_transaction;
use crate::partition::month::Month;
use crate::retention::ledger::Run;
use crate::retention::rows::{Columns, Keyset, Move, Picked, Sum, list};

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
    /// The columns of both tables.
    pub columns: &'a Columns,
    /// What belongs to them.
    pub dependents: &'a Dependents,
    /// The month's partition.
    pub partition: &'a Ident,
    /// Which.
    pub which: &'a Which,
    /// The run on record.
    pub run: &'a Run,
    /// The way through the month.
    pub way: Keyset,
}

impl Restore<'_> {
    /// Brings the next batch back. Returns what came, and how many rows belonged to it; nothing at the end.
    pub async fn batch(&mut self) -> Result<Option<(Sum, u64)>, ArchiveError> {
        let begun = Instant::now();
        let condition = match self.which {
            Which::All => self.way.rest("a.id"),
            Which::Ids(ids) => format!("a.id IN ({}) AND {}", list(ids), self.way.rest("a.id")),
        };
        let rows = self.way.rows();
        let (partition, run) = (self.partition, self.run);
        let what = format!("could not bring back rows of partition `{}`", partition.as_str());
        let failed = |error: sqlx::Error| {
            let failed = DbError::new(&what, &error);
            match failed.number {
                Some(1062) => failed.with_cure(
                    "the slot of one of them was booked again: cancel or move that booking, or bring the others back by `--id`",
                ),
                _ => failed,
            }
        };
        let moving = Move {
            from: ARCHIVE.to_owned(),
            to: LIVE.to_owned(),
            partition: Some(partition.clone()),
            columns: self.columns.clone(),
        };
        let (picked, dependents) = in_transaction(self.conn, &what, async |conn| {
            let picked = moving.pick(conn, "a", &condition, Some(rows)).await.map_err(failed)?;
            if picked.ids.is_empty() {
                return Ok(Some((picked, 0)));
            }
            let turned = turn(conn, &moving, &picked).await;
            // whatever came of it
            sqlx::raw_sql("SET SESSION foreign_key_checks = 1").execute(&mut *conn).await.map_err(failed)?;
            let (keys, copied) = turned.map_err(failed)?;
            crash_point();
            let deleted = moving.delete(conn, &picked).await.map_err(failed)?;
            let arrived = moving.arrived(conn, &picked).await.map_err(failed)?;
            compare(&picked, [copied, keys, deleted], arrived, partition)?;
            run.record(conn, "restore", partition.as_str(), arrived.rows, arrived.checksum, 0).await?;
            let dependents = self.dependents.go(conn, &picked.ids, Direction::Back, (run, partition)).await?;
            Ok::<_, ArchiveError>(Some((picked, dependents)))
        })
        .await?;
        Ok(self.way.pass(&picked.ids, begun.elapsed()).then_some((picked.sum, dependents)))
    }
}

/// Takes the keys of archived rows away, and copies the rows to where the trigger makes their keys anew. Returns how many keys
/// and rows. Checks of foreign keys are off afterwards.
async fn turn(conn: &mut MySqlConnection, moving: &Move, picked: &Picked) -> Result<(u64, u64), sqlx::Error> {
    let sql = format!("SET SESSION foreign_key_checks = 0; DELETE FROM {KEYS} WHERE id IN ({})", picked.list());
    let keys = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?.rows_affected();
    Ok((keys, moving.copy(conn, picked).await?))
}

/// Where an appointment is archived, by its `id` or `booking_reference`. Errors: it is not.
pub async fn find(
    conn: &mut MySqlConnection,
    column: &'static str,
    value: &str,
) -> Result<(String, Month), ArchiveError> {
    let sql = format!("SELECT id, CAST(appointment_date AS CHAR), archived FROM {KEYS} WHERE {column} = ?");
    let failed = |error: sqlx::Error| DbError::new(format!("could not read table `{KEYS}`"), &error);
    let row = sqlx::query(AssertSqlSafe(sql)).bind(value).fetch_optional(conn).await.map_err(failed)?;
    let Some(row) = row else {
        return Err(ArchiveError::NotThere(format!(
            "there is no appointment with {column} `{value}`, live or archived"
        )));
    };
    if row.try_get_unchecked::<i64, _>(2).map_err(failed)? == 0 {
        return Err(ArchiveError::NotThere(format!("the appointment with {column} `{value}` is not archived")));
    }
    let date: String = row.try_get_unchecked(1).map_err(failed)?;
    let month = Month::read(&date).ok_or_else(|| DbError::because("could not read its month", format!("`{date}`")))?;
    Ok((row.try_get_unchecked(0).map_err(failed)?, month))
}
