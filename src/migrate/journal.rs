//! The statement journal: what Flyway's table has no place for. A row a statement, per attempt to apply or
//! to roll back a migration: intent before, done after. It is the record of rollbacks, too.

use std::collections::BTreeMap;
use std::fmt;

use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use super::files::{Script, Version};
use super::fingerprint::{Fingerprint, Seen};
use crate::db::error::{DbError, server_error};

/// The table's name.
pub const TABLE: &str = "caredb_journal";

/// Which of a migration's files ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
    /// It was begun, and proved to have changed nothing.
    Undone,
}

impl State {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Begun, "begun"), (Self::Done, "done"), (Self::Failed, "failed"), (Self::Undone, "undone")];

    fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undone => "undone",
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
    /// The statements that were begun, in order.
    pub statements: Vec<Entry>,
}

/// One statement of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How far it came.
    pub state: State,
    /// SHA-256 of its text.
    pub sha256: String,
    /// What the objects that it touches looked like before it; none where it names none.
    pub fingerprint: Option<Fingerprint>,
}

impl Attempt {
    /// How many statements took effect, counted from the first.
    #[must_use]
    pub fn done(&self) -> usize {
        self.statements.iter().take_while(|entry| entry.state == State::Done).count()
    }

    /// The index of the statement whose end is not known, if there is one.
    #[must_use]
    pub fn begun(&self) -> Option<usize> {
        self.statements.iter().position(|entry| entry.state == State::Begun)
    }
}

/// The latest attempt of every version that caredb touched.
pub type Journal = BTreeMap<Version, Attempt>;

const READ: &str = "
    SELECT version, attempt, direction, statements, state, statement_sha256, IF(state = 'begun', fingerprint, NULL)
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
        let fingerprint: Option<String> = row.try_get(6)?;
        let fingerprint = fingerprint.and_then(|text| serde_json::from_str(&text).ok());
        attempt.statements.push(Entry { state, sha256: row.try_get(5)?, fingerprint });
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
        fingerprint MEDIUMTEXT COMMENT 'the objects that it touches, as they were before it',
        state ENUM('begun', 'done', 'failed', 'undone') NOT NULL,
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
    /// How many there are; one more than the file has where the attempt ends with a proof.
    pub statements: usize,
    /// What the objects that it touches look like before it.
    pub fingerprint: Option<&'a Fingerprint>,
}

const WRITE: &str = "
    INSERT INTO caredb_journal
        (version, attempt, statement, direction, script, script_sha256, statements, statement_sha256, fingerprint, state, duration_ms, applied_by)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, USER()) AS new
    ON DUPLICATE KEY UPDATE script = new.script, script_sha256 = new.script_sha256, statements = new.statements,
        statement_sha256 = new.statement_sha256, state = new.state,
        fingerprint = COALESCE(new.fingerprint, caredb_journal.fingerprint), duration_ms = new.duration_ms,
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
        .bind(i32::try_from(row.statements).unwrap_or(i32::MAX))
        .bind(&row.script.statements[row.statement].sha256)
        .bind(row.fingerprint.and_then(|fingerprint| serde_json::to_string(fingerprint).ok()))
        .bind(state.name())
        .bind(duration_ms.map(|ms| i32::try_from(ms).unwrap_or(i32::MAX)))
        .execute(conn)
        .await?;
    Ok(())
}

const FINGERPRINTS: &str = "SELECT fingerprint FROM caredb_journal WHERE version = ? AND attempt = ? AND fingerprint IS NOT NULL ORDER BY statement";

/// The objects that an attempt touched, each as it was before the attempt.
pub async fn first_seen(conn: &mut MySqlConnection, version: Version, attempt: i32) -> Result<Vec<Seen>, DbError> {
    let texts: Result<Vec<String>, _> =
        sqlx::query_scalar(FINGERPRINTS).bind(version).bind(attempt).fetch_all(conn).await;
    let texts =
        texts.map_err(|error| DbError::new(format!("could not read the statement journal `{TABLE}`"), &error))?;
    let mut first: Vec<Seen> = Vec::new();
    for fingerprint in texts.iter().filter_map(|text| serde_json::from_str::<Fingerprint>(text).ok()) {
        for seen in fingerprint.0 {
            if !first
                .iter()
                .any(|first| (first.kind, &first.database, &first.name) == (seen.kind, &seen.database, &seen.name))
            {
                first.push(seen);
            }
        }
    }
    Ok(first)
}

const TRIM: [&str; 2] = [
    "DELETE FROM caredb_journal WHERE version = ? AND attempt = ? AND statement > ?",
    "UPDATE caredb_journal SET statements = ? WHERE version = ? AND attempt = ?",
];

/// Brings an attempt to the number of statements that its file has in the end.
pub async fn trim(
    conn: &mut MySqlConnection,
    version: Version,
    attempt: i32,
    statements: usize,
) -> Result<(), sqlx::Error> {
    let statements = i32::try_from(statements).unwrap_or(i32::MAX);
    sqlx::query(TRIM[0]).bind(version).bind(attempt).bind(statements).execute(&mut *conn).await?;
    sqlx::query(TRIM[1]).bind(statements).bind(version).bind(attempt).execute(conn).await?;
    Ok(())
}

const MARK: &str =
    "UPDATE caredb_journal SET state = ? WHERE version = ? AND attempt = ? AND statement = ? AND state = 'begun'";

/// Settles a statement that was begun; `statement` is its index in the file, from 0.
pub async fn mark(
    conn: &mut MySqlConnection,
    version: Version,
    attempt: i32,
    statement: usize,
    state: State,
) -> Result<(), DbError> {
    let marked = sqlx::query(MARK)
        .bind(state.name())
        .bind(version)
        .bind(attempt)
        .bind(i32::try_from(statement + 1).unwrap_or(i32::MAX))
        .execute(conn)
        .await;
    marked.map(|_| ()).map_err(|error| DbError::new("could not write the statement journal", &error))
}
