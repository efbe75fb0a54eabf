//! What belongs to appointments: consultations with their prescriptions, payments, reviews. They go to their archives, and come
//! back, together, inside the caller's transaction.

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::{ARCHIVE, ArchiveError, in_transaction};
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::partition::Table;
use crate::retention::ledger::Run;
use crate::retention::rows::{Columns, Move, Picked, Sum, list};

/// Tables, with the column that says to which row of which table they belong; parents first.
const DEPENDENTS: [(&str, &str, Option<usize>); 4] = [
    ("consultations", "appointment_id", None),
    ("prescriptions", "consultation_id", Some(0)),
    ("payments", "appointment_id", None),
    ("reviews", "appointment_id", None),
];

/// What a batch moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Archived appointments that were looked at.
    pub appointments: u64,
    /// Rows that belong to them.
    pub dependents: u64,
}

/// The archive's partitions with appointments of which something is still in a live table.
pub async fn waiting(conn: &mut MySqlConnection, archive: &Table) -> Result<Vec<Ident>, ArchiveError> {
    let mut waiting = Vec::new();
    for partition in &archive.partitions {
        for (table, of, parent) in DEPENDENTS {
            if parent.is_some() {
                continue;
            }
            let sql = format!(
                "SELECT 1 FROM {ARCHIVE} PARTITION ({}) a STRAIGHT_JOIN {table} d ON d.{of} = a.id LIMIT 1",
                partition.name
            );
            let found = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(&mut *conn).await;
            if found.map_err(|error| DbError::new(format!("could not read table `{table}`"), &error))?.is_some() {
                waiting.push(partition.name.clone());
                break;
            }
        }
    }
    Ok(waiting)
}

/// Their tables and archives.
#[derive(Debug, Clone)]
pub struct Dependents(Vec<Columns>);

/// Which way they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the archives.
    Away,
    /// Back to the live tables.
    Back,
}

/// The name of a table's archive.
fn archive(table: &str) -> String {
    format!("{table}_archive")
}

/// Table and archive of each kind.
#[must_use]
pub fn tables() -> Vec<(&'static str, String)> {
    DEPENDENTS.iter().map(|(table, ..)| (*table, archive(table))).collect()
}

impl Dependents {
    /// Reads their columns. Errors: a table and its archive have not the same columns.
    pub async fn read(conn: &mut MySqlConnection) -> Result<Self, ArchiveError> {
        let mut all = Vec::new();
        for (table, archive) in tables() {
            let name = |name: &str| Ident::new(name).map_err(|error| DbError::because("no name", error.to_string()));
            let live = Columns::read(conn, &name(table)?).await?;
            let there = Columns::read(conn, &name(&archive)?).await?;
            match live {
                Some(columns) if there.as_ref() == Some(&columns) => all.push(columns),
                _ => {
                    let why = "they must have the same columns; make them so by a migration";
                    return Err(DbError::because(format!("could not use tables `{table}` and `{archive}`"), why).into());
                }
            }
        }
        Ok(Self(all))
    }

    /// Moves what belongs to the next `limit` appointments of a month of the archive. Nothing at the end.
    pub async fn batch(
        &self,
        conn: &mut MySqlConnection,
        (run, partition): (&Run, &Ident),
        after: &mut Option<String>,
        limit: u64,
    ) -> Result<Option<Moved>, ArchiveError> {
        let failed = |error: sqlx::Error| {
            DbError::new(format!("could not move what belongs to partition `{}`", partition.as_str()), &error)
        };
        let range = after.as_ref().map_or("TRUE".to_owned(), |id| format!("id > {}", list(std::slice::from_ref(id))));
        let sql = format!("SELECT id FROM {ARCHIVE} PARTITION ({partition}) WHERE {range} ORDER BY id LIMIT {limit}");
        let ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *conn).await.map_err(failed)?;
        let Some(last) = ids.last() else { return Ok(None) };
        let dependents = in_transaction(conn, "what belongs to appointments", async |conn| {
            let dependents = self.go(conn, &ids, Direction::Away, (run, partition)).await?;
            crash_point();
            Ok(dependents)
        })
        .await?;
        *after = Some(last.clone());
        Ok(Some(Moved { appointments: ids.len() as u64, dependents }))
    }

    /// Moves all that belongs to some appointments. Returns how many rows. The caller commits.
    pub async fn go(
        &self,
        conn: &mut MySqlConnection,
        appointments: &[String],
        direction: Direction,
        (run, partition): (&Run, &Ident),
    ) -> Result<u64, ArchiveError> {
        let mut moved: Vec<(Move, Picked, Sum, &str)> = Vec::new();
        for ((table, of, parent), columns) in DEPENDENTS.iter().zip(&self.0) {
            let (from, to) = match direction {
                Direction::Away => ((*table).to_owned(), archive(table)),
                Direction::Back => (archive(table), (*table).to_owned()),
            };
            let parents = parent.map_or(appointments, |index: usize| &moved[index].1.ids);
            let moving = Move { from, to, columns: columns.clone() };
            let mut step = (moving, Picked::default(), Sum::default(), *table);
            if !parents.is_empty() {
                let failed =
                    |error: sqlx::Error| DbError::new(format!("could not move rows of table `{table}`"), &error);
                let condition = format!("a.{of} IN ({})", list(parents));
                step.1 = step.0.pick(conn, "a", &condition, None).await.map_err(failed)?;
            }
            if !step.1.ids.is_empty() {
                let failed =
                    |error: sqlx::Error| DbError::new(format!("could not move rows of table `{table}`"), &error);
                step.0.copy(conn, &step.1).await.map_err(failed)?;
                step.2 = step.0.arrived(conn, &step.1).await.map_err(failed)?;
            }
            moved.push(step);
        }
        // children first
        let mut rows = 0;
        for (moving, picked, arrived, table) in moved.iter().rev().filter(|(_, picked, ..)| !picked.ids.is_empty()) {
            let failed = |error: sqlx::Error| DbError::new(format!("could not move rows of table `{table}`"), &error);
            let deleted = moving.delete(conn, picked).await.map_err(failed)?;
            if deleted != picked.sum.rows || *arrived != picked.sum {
                return Err(ArchiveError::Mismatch {
                    what: format!("rows of table `{table}`"),
                    before: format!("{} rows with checksum {}", picked.sum.rows, picked.sum.checksum),
                    after: format!("{deleted} deleted, {} found with checksum {}", arrived.rows, arrived.checksum),
                    state: "the batch was rolled back, and all are where they were",
                });
            }
            let action = if direction == Direction::Away { "archive" } else { "restore" };
            let part = format!("{table} {}", partition.as_str());
            run.record(conn, action, &part, picked.sum.rows, picked.sum.checksum, 0).await?;
            rows += picked.sum.rows;
        }
        Ok(rows)
    }
}
