//! Deletes archived appointments at the end of their own term, with what belongs to them and their keys. What would leave a
//! reference without its end stays, and so does what is under a legal hold.

use std::time::Instant;

use chrono::NaiveDate;
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::dependents::{Dependents, Direction};
use super::observe::by_reason;
use super::stays::{self, Reason, Stays};
use super::{ARCHIVE, ArchiveError, KEYS};
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::transaction::in_transaction;
use crate::partition::{Table, observe};
use crate::retention::hold;
use crate::retention::ledger::Run;
use crate::retention::rows::{Columns, Keyset, Move, Sum};

/// Why an archived appointment stays though its term is over.
fn reasons(holds: bool) -> Vec<Reason> {
    let mut reasons = vec![
        (
            "live dependents",
            "EXISTS (SELECT 1 FROM consultations d WHERE d.appointment_id = a.id)
             OR EXISTS (SELECT 1 FROM payments d WHERE d.appointment_id = a.id)
             OR EXISTS (SELECT 1 FROM reviews d WHERE d.appointment_id = a.id)"
                .to_owned(),
        ),
        ("rescheduled", format!("EXISTS (SELECT 1 FROM {KEYS} k WHERE k.rescheduled_from = a.id)")),
    ];
    if holds {
        reasons.push(("hold", hold::covers("a.patient_id", "a.id")));
    }
    reasons
}

/// A month of the archive before the cut-off.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Month {
    /// Its partition.
    pub partition: String,
    /// Rows that go.
    pub goes: u64,
    /// Rows that stay though their term is over, by reason.
    pub stays: Stays,
}

/// Counts what would go and what would stay, by partition.
pub async fn contents(
    conn: &mut MySqlConnection,
    archive: &Table,
    cut_off: NaiveDate,
    holds: bool,
) -> Result<Vec<Month>, DbError> {
    let case = stays::case(&reasons(holds));
    let mut months = Vec::new();
    for partition in &archive.partitions {
        if observe::is_empty(conn, archive, &partition.name).await? {
            continue;
        }
        let failed = |error: sqlx::Error| {
            DbError::new(format!("could not count partition {} of table `{ARCHIVE}`", partition.name), &error)
        };
        let sql = format!(
            "SELECT reason, COUNT(*) FROM (
                 SELECT COALESCE({case}, 'goes') AS reason FROM {ARCHIVE} PARTITION ({}) a WHERE a.appointment_date < '{cut_off}'
             ) r GROUP BY reason",
            partition.name
        );
        let mut stays = by_reason(conn, sql).await.map_err(failed)?;
        let goes = stays.remove("goes").unwrap_or(0);
        let month = Month { partition: partition.name.as_str().to_owned(), goes, stays };
        if month.goes > 0 || !month.stays.is_empty() {
            months.push(month);
        }
    }
    Ok(months)
}

/// Destroys rows of a month of the archive.
pub struct Destroy<'a> {
    /// Prepared by [`super::observe::prepare`].
    pub conn: &'a mut MySqlConnection,
    /// The archive's columns.
    pub columns: &'a Columns,
    /// What belongs to them.
    pub dependents: &'a Dependents,
    /// The month's partition.
    pub partition: &'a Ident,
    /// Rows of this day and later stay.
    pub cut_off: NaiveDate,
    /// The run on record.
    pub run: &'a Run,
    /// The way through the month.
    pub way: Keyset,
}

impl Destroy<'_> {
    /// Destroys the next batch. Returns what went, and how many rows belonged to it; nothing at the end.
    pub async fn batch(&mut self) -> Result<Option<(Sum, u64)>, ArchiveError> {
        let begun = Instant::now();
        let (partition, run, cut_off) = (self.partition, self.run, self.cut_off);
        let rest = self.way.rest("a.id");
        let condition = format!("a.appointment_date < '{cut_off}' AND {rest} AND {}", stays::none(&reasons(true)));
        let rows = self.way.rows();
        let what = format!("could not destroy rows of partition `{}` of table `{ARCHIVE}`", partition.as_str());
        let failed = |error: sqlx::Error| DbError::new(&what, &error);
        let leaving = Move {
            from: ARCHIVE.to_owned(),
            to: ARCHIVE.to_owned(),
            partition: Some(partition.clone()),
            columns: self.columns.clone(),
        };
        let (picked, dependents) = in_transaction(self.conn, &what, async |conn| {
            hold::gate(conn).await?;
            let picked = leaving.pick(conn, "a", &condition, Some(rows)).await.map_err(failed)?;
            if picked.ids.is_empty() {
                return Ok(Some((picked, 0)));
            }
            let dependents = self.dependents.go(conn, &picked.ids, Direction::Gone, (run, partition)).await?;
            crash_point();
            let deleted = leaving.delete(conn, &picked).await.map_err(failed)?;
            let sql = format!("DELETE FROM {KEYS} WHERE archived AND id IN ({})", picked.list());
            let keys = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await.map_err(failed)?.rows_affected();
            if deleted != picked.sum.rows || keys != deleted {
                return Err(ArchiveError::Mismatch {
                    what: format!("rows and keys of partition `{}`", partition.as_str()),
                    before: format!("{} rows", picked.sum.rows),
                    after: format!("{deleted} deleted, {keys} keys"),
                    state: "the batch was rolled back, and all are where they were; see `caredb archive verify`",
                });
            }
            run.record(conn, "destroy", partition.as_str(), picked.sum.rows, picked.sum.checksum, 0).await?;
            Ok::<_, ArchiveError>(Some((picked, dependents)))
        })
        .await?;
        Ok(self.way.pass(&picked.ids, begun.elapsed()).then_some((picked.sum, dependents)))
    }
}
