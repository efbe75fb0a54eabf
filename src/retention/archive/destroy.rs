//! Deletes archived appointments at the end of their own term, with what belongs to them and their keys. What would leave a
//! reference without its end stays, and so does what is under a legal hold.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::NaiveDate;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::dependents::Dependents;
use super::stays::{self, Reason};
use super::{ARCHIVE, ArchiveError, KEYS};
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::partition::{Table, observe};
use crate::retention::batch::BatchSize;
use crate::retention::hold;
use crate::retention::job::in_transaction;
use crate::retention::ledger::Run;
use crate::retention::rows::{Columns, Move, Sum, list};

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
    pub stays: BTreeMap<String, u64>,
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
        let mut month = Month { partition: partition.name.as_str().to_owned(), goes: 0, stays: BTreeMap::new() };
        for row in sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *conn).await.map_err(failed)? {
            let rows = row.try_get_unchecked::<i64, _>(1).map_err(failed)?.unsigned_abs();
            match row.try_get_unchecked::<String, _>(0).map_err(failed)?.as_str() {
                "goes" => month.goes = rows,
                reason => drop(month.stays.insert(reason.to_owned(), rows)),
            }
        }
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
    /// The last id that went.
    pub after: Option<String>,
    /// How long a batch takes.
    pub size: BatchSize,
}

impl Destroy<'_> {
    /// Destroys the next batch. Returns what went, and how many rows belonged to it; nothing at the end.
    pub async fn batch(&mut self) -> Result<Option<(Sum, u64)>, ArchiveError> {
        let begun = Instant::now();
        let (partition, run, cut_off) = (self.partition, self.run, self.cut_off);
        let after = self.after.as_ref();
        let after = after.map(|id| format!(" AND a.id > {}", list(std::slice::from_ref(id)))).unwrap_or_default();
        let condition = format!("a.appointment_date < '{cut_off}'{after} AND {}", stays::none(&reasons(true)));
        let rows = u64::from(self.size.rows());
        let what = format!("could not destroy rows of partition `{}` of table `{ARCHIVE}`", partition.as_str());
        let failed = |error: sqlx::Error| DbError::new(&what, &error);
        let from = format!("{ARCHIVE} PARTITION ({partition})");
        let leaving = Move { to: from.clone(), from, columns: self.columns.clone() };
        let (picked, dependents) = in_transaction(self.conn, &what, async |conn| {
            hold::gate(conn).await?;
            let picked = leaving.pick(conn, "a", &condition, Some(rows)).await.map_err(failed)?;
            if picked.ids.is_empty() {
                return Ok(Some((picked, 0)));
            }
            let dependents = self.dependents.destroy(conn, &picked.ids, (run, partition)).await?;
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
        let Some(last) = picked.ids.last() else { return Ok(None) };
        self.after = Some(last.clone());
        self.size.measured(picked.sum.rows, begun.elapsed());
        Ok(Some((picked.sum, dependents)))
    }
}
