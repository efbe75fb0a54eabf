//! Runs the statements of a plan, each with a short wait for its locks, and the drop of an empty partition.

use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::plan::Step;
use super::{Partition, Table, observe};
use crate::db::connect::Session;
use crate::db::crash::crash_point;
use crate::db::ddl::{Patience, run_ddl};
use crate::db::error::DbError;
use crate::output::{Event, ms};

/// Why partitions were not changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Other sessions hold the table; nothing of the statement has happened.
    #[error("{0}")]
    Blocked(DbError),
    /// The partition to drop has rows.
    #[error(
        "partition `{partition}` of table `{table}` is not empty; only an empty partition is dropped, and nothing was changed"
    )]
    NotEmpty {
        /// The table.
        table: String,
        /// The partition.
        partition: String,
    },
    /// Anything else the server refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// How long a statement waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// For all its locks together, in seconds; meanwhile the table's users wait, too.
    pub lock_wait_timeout_s: u32,
    /// How often it is tried again.
    pub retries: u32,
}

/// Statements on the connection of a session, with their waits.
pub struct Ddl<'a, F> {
    conn: &'a mut MySqlConnection,
    patience: Patience,
    on_event: F,
}

impl<'a, F: FnMut(Event)> Ddl<'a, F> {
    /// Sets the session's timeout. `progress`: whether a person sees how far a statement is.
    pub async fn new(session: &'a mut Session, waits: Waits, progress: bool, on_event: F) -> Result<Self, DbError> {
        let mut patience = Patience::new(session, waits.retries, progress);
        patience.all_waits = Some(Duration::from_secs(waits.lock_wait_timeout_s.into()));
        let sql = format!("SET SESSION lock_wait_timeout = {}", waits.lock_wait_timeout_s);
        let set = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut session.conn).await;
        set.map_err(|error| DbError::new("could not set `lock_wait_timeout`", &error))?;
        Ok(Self { conn: &mut session.conn, patience, on_event })
    }

    /// Runs a statement; `doing` says what it is for: "split …".
    async fn run(&mut self, doing: &str, sql: &str) -> Result<(), ApplyError> {
        crash_point();
        let done = run_ddl(self.conn, doing, sql, &mut self.patience, &mut self.on_event).await;
        crash_point();
        done.map_err(|error| {
            let failed = DbError::new(format!("could not {doing}"), &error).naming_privilege(sql);
            match self.patience.in_the_way.take() {
                Some(cure) => ApplyError::Blocked(failed.with_cure(cure)),
                None => failed.into(),
            }
        })
    }

    /// Makes the months of a step. Errors: nothing of the step has happened.
    pub async fn make(&mut self, table: &Table, step: &Step) -> Result<(), ApplyError> {
        let begun = Instant::now();
        self.run(&format!("{step} of table `{}`", table.name.as_str()), &step.sql).await?;
        (self.on_event)(Event::Partitioned {
            table: table.name.as_str().to_owned(),
            did: step.to_string(),
            partitions: step.count,
            copied_rows: step.copies.map(|copies| copies.rows),
            duration_ms: ms(begun.elapsed()),
        });
        Ok(())
    }

    /// Drops a partition without rows: looks under a lock that keeps writers out until it is gone, since DROP PARTITION asks
    /// for nothing and fires no trigger.
    pub async fn drop_empty(&mut self, table: &Table, partition: &Partition) -> Result<(), ApplyError> {
        let doing = format!("drop partition `{}` of table `{}`", partition.name.as_str(), table.name.as_str());
        self.run(&doing, &format!("LOCK TABLES {} WRITE", table.name)).await?;
        let dropped = self.drop_locked(table, partition, &doing).await;
        let unlocked = sqlx::raw_sql(UNLOCK).execute(&mut *self.conn).await;
        dropped?;
        unlocked.map_err(|error| DbError::new("could not unlock the tables", &error))?;
        Ok(())
    }

    async fn drop_locked(&mut self, table: &Table, partition: &Partition, doing: &str) -> Result<(), ApplyError> {
        if !observe::is_empty(self.conn, table, &partition.name).await? {
            let (table, partition) = (table.name.as_str().to_owned(), partition.name.as_str().to_owned());
            return Err(ApplyError::NotEmpty { table, partition });
        }
        self.run(doing, &format!("ALTER TABLE {} DROP PARTITION {}", table.name, partition.name)).await
    }

    /// Makes the whole table anew while it is read and written, which takes the traces of INSTANT columns away. The server
    /// knows no way to do that for one partition (see [`crate::db::innodb::row_versions_of`]).
    pub async fn rebuild(&mut self, table: &Table) -> Result<(), ApplyError> {
        self.run(&format!("rebuild table `{}`", table.name.as_str()), &rebuild_sql(table)).await
    }
}

const UNLOCK: &str = "UNLOCK TABLES";

/// The statement of [`Ddl::rebuild`].
#[must_use]
pub fn rebuild_sql(table: &Table) -> String {
    format!("ALTER TABLE {} FORCE, ALGORITHM=INPLACE, LOCK=NONE", table.name)
}
