//! The statement journal: what Flyway's table has no place for. A row a statement, per attempt to apply or
//! to roll back a migration: intent before, done after. It is the record of rollbacks, too.

use std::collections::BTreeMap;
use std::fmt;

use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use super::files::{Script, Version};
use crate::db::error::{DbError, server_error};

/// The table's name.
pub const TABLE: &str = "caredb_journal";

/// Which of a migration's files ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The V file.
    Up,
    /// The U file.
    Down,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
        })
    }
}

/// How far a statement came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its intent is written; whether it took effect is not known.
    Begun,
    /// It took effect.
    Done,
    /// The server refused it; it changed nothing.
    Failed,
}

impl State {
    const ALL: [(Self, &'static str); 3] = [(Self::Begun, "begun"), (Self::Done, "done"), (Self::Failed, "failed")];

    fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// The statements of the latest attempt at a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// From 1; each `migrate` or `rollback` of a version that is not resumed is a new one.
    pub number: i32,
    /// Which file.
    pub direction: Direction,
    /// How many statements the file had.
    pub total: usize,
    /// State and SHA-256 of the statements that were begun, in order.
    pub statements: Vec<(State, String)>,
}

impl Attempt {
    /// How many statements took effect, counted from the first.
    #[must_use]
    pub fn done(&self) -> usize {
        self.statements.iter().take_while(|(state, _)| *state == State::Done).count()
    }

    /// Whether the whole file took effect.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.done() == self.total
    }
}

/// The latest attempt of every version that caredb touched.
pub type Journal = BTreeMap<Version, Attempt>;

const READ: &str = "
    SELECT version, attempt, direction, statements, state, statement_sha256
    FROM caredb_journal ORDER BY version, attempt, statement";

/// Reads the journal; none where the table does not exist. Writes nothing.
pub async fn read(conn: &mut MySqlConnection) -> Result<Option<Journal>, DbError> {
    let rows = match sqlx::raw_sql(READ).fetch_all(conn).await {
        Ok(rows) => rows,
        Err(error) if server_error(&error).is_some_and(|(number, _)| number == 1146) => return Ok(None),
        Err(error) => return Err(DbError::new(format!("could not read the statement journal `{TABLE}`"), &error)),
    };
    collect(rows)
        .map(Some)
        .map_err(|error| DbError::new(format!("table `{TABLE}` is not one that this version of caredb made"), &error))
}

fn collect(rows: Vec<sqlx::mysql::MySqlRow>) -> Result<Journal, sqlx::Error> {
    let mut journal = Journal::new();
    for row in rows {
        let (version, number) = (row.try_get(0)?, row.try_get(1)?);
        let direction = if row.try_get::<String, _>(2)? == "up" { Direction::Up } else { Direction::Down };
        let total = usize::try_from(row.try_get::<i32, _>(3)?).unwrap_or_default();
        let state: String = row.try_get(4)?;
        let state = State::ALL.iter().find(|(_, name)| *name == state).map_or(State::Begun, |(state, _)| *state);
        let attempt =
            journal.entry(version).or_insert_with(|| Attempt { number, direction, total, statements: Vec::new() });
        if attempt.number != number {
            *attempt = Attempt { number, direction, total, statements: Vec::new() };
        }
        attempt.total = total;
        attempt.statements.push((state, row.try_get(5)?));
    }
    Ok(journal)
}

const CREATE: &str = "
    CREATE TABLE caredb_journal (
        version BIGINT NOT NULL,
        attempt INT NOT NULL,
        statement INT NOT NULL COMMENT 'number in the file, from 1',
        direction ENUM('up', 'down') NOT NULL,
        script VARCHAR(1000) NOT NULL,
        script_sha256 CHAR(64) CHARACTER SET ascii NOT NULL,
        statements INT NOT NULL COMMENT 'how many the file has',
        statement_sha256 CHAR(64) CHARACTER SET ascii NOT NULL,
        state ENUM('begun', 'done', 'failed') NOT NULL,
        begun_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        duration_ms INT NULL,
        applied_by VARCHAR(300) NOT NULL,
        PRIMARY KEY (version, attempt, statement)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";

/// Makes the table.
pub async fn create(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let result = sqlx::raw_sql(CREATE).execute(conn).await;
    result
        .map(|_| ())
        .map_err(|error| DbError::new(format!("could not create the statement journal `{TABLE}`"), &error))
}

/// One statement of one attempt: the row's key and what it holds besides its state.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The migration's version.
    pub version: Version,
    /// The attempt's number.
    pub attempt: i32,
    /// V or U file.
    pub direction: Direction,
    /// The file.
    pub script: &'a Script,
    /// Index of the statement in the file, from 0.
    pub statement: usize,
}

const WRITE: &str = "
    INSERT INTO caredb_journal
        (version, attempt, statement, direction, script, script_sha256, statements, statement_sha256, state, duration_ms, applied_by)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, USER()) AS new
    ON DUPLICATE KEY UPDATE script = new.script, script_sha256 = new.script_sha256, statements = new.statements,
        statement_sha256 = new.statement_sha256, state = new.state, duration_ms = new.duration_ms,
        begun_at = IF(new.state = 'begun', CURRENT_TIMESTAMP(3), caredb_journal.begun_at)";

/// Writes the state of a statement; `duration_ms` once it has ended.
pub async fn write(
    conn: &mut MySqlConnection,
    row: Row<'_>,
    state: State,
    duration_ms: Option<u64>,
) -> Result<(), sqlx::Error> {
    sqlx::query(WRITE)
        .bind(row.version)
        .bind(row.attempt)
        .bind(i32::try_from(row.statement + 1).unwrap_or(i32::MAX))
        .bind(row.direction.to_string())
        .bind(&row.script.name)
        .bind(&row.script.sha256)
        .bind(i32::try_from(row.script.statements.len()).unwrap_or(i32::MAX))
        .bind(&row.script.statements[row.statement].sha256)
        .bind(state.name())
        .bind(duration_ms.map(|ms| i32::try_from(ms).unwrap_or(i32::MAX)))
        .execute(conn)
        .await?;
    Ok(())
}
