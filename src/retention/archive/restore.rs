//! Brings archived appointments back, with all that belongs to them, in batches. Their keys are made anew by the trigger on
//! `appointments`, as for a new row; what refers to them is not checked between the old key and the new, of the same id and in
//! one transaction.

use std::time::Instant;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::dependents::{Dependents, Direction};
use super::worker::compare;
use super::{ARCHIVE, ArchiveError, KEYS, LIVE, Tables, in_transaction};
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::partition::month::Month;
use crate::retention::batch::BatchSize;
use crate::retention::ledger::Run;
use crate::retention::rows::{Move, Sum, list};

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
        let condition = self.condition();
        let rows = u64::from(self.size.rows());
        let (partition, run) = (self.partition, self.run);
        let what = format!("rows of partition `{}`", partition.as_str());
        let failed = |error: sqlx::Error| {
            let failed = DbError::new(format!("could not bring back {what}"), &error);
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
            columns: self.tables.columns.clone(),
        };
        let (picked, dependents) = in_transaction(self.conn, &what, async |conn| {
            let picked = moving.pick(conn, "a", &condition, Some(rows)).await.map_err(failed)?;
            if picked.ids.is_empty() {
                return Ok((picked, 0));
            }
            let sql = format!("SET SESSION foreign_key_checks = 0; DELETE FROM {KEYS} WHERE id IN ({})", picked.list());
            let keys = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await.map_err(failed)?.rows_affected();
            let copied = moving.copy(conn, &picked).await.map_err(failed)?;
            sqlx::raw_sql("SET SESSION foreign_key_checks = 1").execute(&mut *conn).await.map_err(failed)?;
            crash_point();
            let deleted = moving.delete(conn, &picked).await.map_err(failed)?;
            let arrived = moving.arrived(conn, &picked).await.map_err(failed)?;
            compare(&picked, [copied, keys, deleted], arrived, partition)?;
            run.record(conn, "restore", partition.as_str(), arrived.rows, arrived.checksum, 0).await?;
            let dependents = self.dependents.go(conn, &picked.ids, Direction::Back, (run, partition)).await?;
            Ok((picked, dependents))
        })
        .await?;
        let Some(last) = picked.ids.last() else { return Ok(None) };
        self.after = Some(last.clone());
        self.size.measured(picked.sum.rows, begun.elapsed());
        Ok(Some((picked.sum, dependents)))
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
