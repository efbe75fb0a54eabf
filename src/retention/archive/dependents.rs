//! What belongs to appointments: consultations with their prescriptions, payments, reviews. They go to their archives, and come
//! back, together, inside the caller's transaction.

use std::time::Instant;

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::stays;
use super::{ARCHIVE, ArchiveError};
use crate::db::crash::crash_point;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::transaction::in_transaction;
use crate::partition::Table;
use crate::retention::hold;
use crate::retention::ledger::Run;
use crate::retention::rows::{Columns, Keyset, Move, Picked, Sum, list};

/// Tables, with the column that says to which row of which table they belong, and whether that has one of them at the most; parents
/// first.
const DEPENDENTS: [(&str, &str, Option<usize>, bool); 4] = [
    ("consultations", "appointment_id", None, true),
    ("prescriptions", "consultation_id", Some(0), false),
    ("payments", "appointment_id", None, false),
    ("reviews", "appointment_id", None, true),
];

/// The condition that the place of a row is free in the archive: an application that does not see an archived review may write a
/// second one. `d` stands for the live table.
fn has_place(table: &str, of: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM {} t WHERE t.{of} = d.{of})", archive(table))
}

/// The archive's partitions with appointments of which something is still in a live table, and may go.
pub async fn waiting(conn: &mut MySqlConnection, archive: &Table) -> Result<Vec<Ident>, ArchiveError> {
    let mut waiting = Vec::new();
    for partition in &archive.partitions {
        for (table, of, parent, is_one) in DEPENDENTS {
            if parent.is_some() {
                continue;
            }
            let place = if is_one { has_place(table, of) } else { "TRUE".to_owned() };
            let sql = format!(
                "SELECT 1 FROM {ARCHIVE} PARTITION ({}) a STRAIGHT_JOIN {table} d ON d.{of} = a.id
                 WHERE {place} AND {} LIMIT 1",
                partition.name,
                stays::none(&stays::of_others(true))
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

/// How many rows of which table can't go, since the archive has one of the same appointment.
pub async fn without_place(conn: &mut MySqlConnection) -> Result<Vec<(&'static str, u64)>, DbError> {
    let mut all = Vec::new();
    for (table, of) in single() {
        let sql = format!("SELECT COUNT(*) FROM {table} d WHERE NOT ({})", has_place(table, of));
        let rows: Result<i64, _> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *conn).await;
        let rows = rows.map_err(|error| DbError::new(format!("could not read table `{table}`"), &error))?;
        if rows > 0 {
            all.push((table, rows.unsigned_abs()));
        }
    }
    Ok(all)
}

/// The tables of which an appointment has one row at the most, with the column that says which appointment.
pub fn single() -> impl Iterator<Item = (&'static str, &'static str)> {
    DEPENDENTS.into_iter().filter(|(.., is_one)| *is_one).map(|(table, of, ..)| (table, of))
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
    /// Out of the archives, for good.
    Gone,
}

impl Direction {
    /// As the ledger has it.
    fn action(self) -> &'static str {
        match self {
            Self::Away => "archive",
            Self::Back => "restore",
            Self::Gone => "destroy",
        }
    }

    /// Where the rows of a table are, and where they go.
    fn ends(self, table: &str) -> (String, String) {
        match self {
            Self::Away => (table.to_owned(), archive(table)),
            Self::Back => (archive(table), table.to_owned()),
            Self::Gone => (archive(table), archive(table)),
        }
    }
}

/// The rows of a table that belong to some appointments.
struct Part {
    table: &'static str,
    moving: Move,
    picked: Picked,
    /// What has come to where they go.
    arrived: Sum,
}

/// `table` is the live one.
fn failed(direction: Direction, table: &str, error: &sqlx::Error) -> DbError {
    let what = match direction {
        Direction::Away | Direction::Back => format!("could not move rows of table `{table}`"),
        Direction::Gone => format!("could not destroy rows of `{table}_archive`"),
    };
    let failed = DbError::new(what, error);
    match (direction, failed.number) {
        (Direction::Back, Some(1062)) => failed.with_cure(
            "since it was archived, another one of the same appointment was written: see which is right, and delete the other",
        ),
        _ => failed,
    }
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

    /// Moves what belongs to the next appointments of a month of the archive. Nothing at the end.
    pub async fn batch(
        &self,
        conn: &mut MySqlConnection,
        (run, partition): (&Run, &Ident),
        way: &mut Keyset,
    ) -> Result<Option<u64>, ArchiveError> {
        let begun = Instant::now();
        let what = format!("could not move what belongs to partition `{}`", partition.as_str());
        let failed = |error: sqlx::Error| DbError::new(&what, &error);
        let (rest, rows) = (way.rest("id"), way.rows());
        let sql = format!("SELECT id FROM {ARCHIVE} PARTITION ({partition}) WHERE {rest} ORDER BY id LIMIT {rows}");
        let ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *conn).await.map_err(failed)?;
        let dependents = in_transaction(conn, &what, async |conn| {
            hold::gate(conn).await?;
            // under a hold, or with something open since they were archived
            let may = if ids.is_empty() {
                Vec::new()
            } else {
                let sql = format!(
                    "SELECT a.id FROM {ARCHIVE} PARTITION ({partition}) a WHERE a.id IN ({}) AND {}",
                    list(&ids),
                    stays::none(&stays::of_others(true))
                );
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *conn).await.map_err(failed)?
            };
            let dependents = self.go(conn, &may, Direction::Away, (run, partition)).await?;
            crash_point();
            Ok::<_, ArchiveError>(Some(dependents))
        })
        .await?;
        Ok(way.pass(&ids, begun.elapsed()).then_some(dependents))
    }

    /// Moves, or destroys, all that belongs to some appointments. Returns how many rows. The caller commits.
    pub async fn go(
        &self,
        conn: &mut MySqlConnection,
        appointments: &[String],
        direction: Direction,
        (run, partition): (&Run, &Ident),
    ) -> Result<u64, ArchiveError> {
        let mut parts = self.pick(conn, appointments, direction).await?;
        parts.retain(|part| !part.picked.ids.is_empty());
        for part in parts.iter_mut().filter(|_| direction != Direction::Gone) {
            let failed = |error: sqlx::Error| failed(direction, part.table, &error);
            part.moving.copy(conn, &part.picked).await.map_err(failed)?;
            part.arrived = part.moving.arrived(conn, &part.picked).await.map_err(failed)?;
        }
        let mut rows = 0;
        // children first
        for part in parts.iter().rev() {
            let Part { table, moving, picked, arrived } = part;
            let deleted = moving.delete(conn, picked).await.map_err(|error| failed(direction, table, &error))?;
            let is_there = direction == Direction::Gone || *arrived == picked.sum;
            if deleted != picked.sum.rows || !is_there {
                return Err(ArchiveError::Mismatch {
                    what: format!("rows of table `{table}`"),
                    before: picked.sum.to_string(),
                    after: format!("{deleted} deleted, {} found with checksum {}", arrived.rows, arrived.checksum),
                    state: "the batch was rolled back, and all are where they were",
                });
            }
            let name = format!("{table} {}", partition.as_str());
            run.record(conn, direction.action(), &name, picked.sum.rows, picked.sum.checksum, 0).await?;
            rows += picked.sum.rows;
        }
        Ok(rows)
    }

    /// Locks all that belongs to some appointments where it is; parents first.
    async fn pick(
        &self,
        conn: &mut MySqlConnection,
        appointments: &[String],
        direction: Direction,
    ) -> Result<Vec<Part>, ArchiveError> {
        let mut parts: Vec<Part> = Vec::new();
        for ((table, of, parent, is_one), columns) in DEPENDENTS.iter().zip(&self.0) {
            let (from, to) = direction.ends(table);
            let moving = Move { from, to, partition: None, columns: columns.clone() };
            let parents = parent.map_or(appointments, |index: usize| &parts[index].picked.ids);
            let picked = if parents.is_empty() {
                Picked::default()
            } else {
                let mut condition = format!("d.{of} IN ({})", list(parents));
                if *is_one && direction == Direction::Away {
                    condition = format!("{condition} AND {}", has_place(table, of));
                }
                let picked = moving.pick(conn, "d", &condition, None).await;
                picked.map_err(|error| failed(direction, table, &error))?
            };
            parts.push(Part { table, moving, picked, arrived: Sum::default() });
        }
        Ok(parts)
    }
}
