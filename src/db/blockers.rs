//! Who blocks: the sessions that hold what another one waits for. Through `performance_schema`, which needs SELECT on
//! it; of another session's statement no more than its kind is ever read, since its text may hold a patient's values.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::error::DbError;

/// A session that holds a lock. Displays as `connection 12 (app@host, Sleep, transaction open for 34 s, last statement
/// update)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// The server's connection id, for KILL.
    pub connection: u64,
    /// User and host.
    pub account: String,
    /// What the server says it does: `Sleep`, `Query`, or the state of its query.
    pub doing: String,
    /// The age of its transaction in seconds; of its statement where no transaction is open.
    pub seconds: u64,
    /// Whether `seconds` counts from the begin of a transaction.
    pub in_transaction: bool,
    /// The kind of its last statement, as the server's instrument is called: `update`, `alter_table`.
    pub statement: Option<String>,
}

impl std::fmt::Display for Blocker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { connection, account, doing, seconds, .. } = self;
        let what = if self.in_transaction { "transaction open for" } else { "for" };
        write!(f, "connection {connection} ({account}, {doing}, {what} {seconds} s")?;
        if let Some(statement) = &self.statement {
            write!(f, ", last statement {statement}")?;
        }
        f.write_str(")")
    }
}

/// A lock that is held: the table and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The table, without its database; empty for a lock on all of the server.
    pub table: String,
    /// By whom.
    pub by: Blocker,
}

// What both queries read of a session `t`; a nested statement is one of a stored program.
macro_rules! session {
    ($object:literal, $from:literal) => {
        concat!(
            "SELECT ",
            $object,
            ", t.PROCESSLIST_ID, CONCAT(t.PROCESSLIST_USER, '@', t.PROCESSLIST_HOST),
             COALESCE(NULLIF(t.PROCESSLIST_STATE, ''), t.PROCESSLIST_COMMAND),
             CAST(COALESCE(x.TIMER_WAIT DIV 1000000000000, t.PROCESSLIST_TIME) AS UNSIGNED), x.TIMER_WAIT IS NOT NULL,
             SUBSTRING_INDEX(s.EVENT_NAME, '/', -1)
             FROM ",
            $from,
            " LEFT JOIN performance_schema.events_transactions_current x
                ON x.THREAD_ID = t.THREAD_ID AND x.STATE = 'ACTIVE'
              LEFT JOIN performance_schema.events_statements_current s
                ON s.THREAD_ID = t.THREAD_ID AND s.NESTING_EVENT_LEVEL = 0"
        )
    };
}

const HOLDING: &str = concat!(
    session!(
        "m.OBJECT_NAME",
        "performance_schema.metadata_locks m
         JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID"
    ),
    " WHERE m.OBJECT_TYPE = 'TABLE' AND m.OBJECT_SCHEMA = DATABASE() AND m.LOCK_STATUS = 'GRANTED'
        AND t.PROCESSLIST_ID <> CONNECTION_ID()"
);

/// Other sessions that hold metadata locks on tables of this session's database; one for each table and session.
/// Errors: no SELECT on `performance_schema`.
pub async fn holding(conn: &mut MySqlConnection) -> Result<Vec<Held>, DbError> {
    held(sqlx::raw_sql(HOLDING).fetch_all(conn).await)
}

const BLOCKING_METADATA: &str = concat!(
    session!(
        "COALESCE(p.OBJECT_NAME, '')",
        "performance_schema.threads w
         JOIN performance_schema.metadata_locks p ON p.OWNER_THREAD_ID = w.THREAD_ID AND p.LOCK_STATUS = 'PENDING'
         JOIN performance_schema.metadata_locks g
           ON g.OBJECT_TYPE = p.OBJECT_TYPE AND g.OBJECT_SCHEMA <=> p.OBJECT_SCHEMA AND g.OBJECT_NAME <=> p.OBJECT_NAME
          AND g.LOCK_STATUS = 'GRANTED' AND g.OWNER_THREAD_ID <> p.OWNER_THREAD_ID
         JOIN performance_schema.threads t ON t.THREAD_ID = g.OWNER_THREAD_ID"
    ),
    " WHERE w.PROCESSLIST_ID = ? AND t.PROCESSLIST_ID IS NOT NULL"
);
const BLOCKING_ROWS: &str = concat!(
    session!(
        "l.OBJECT_NAME",
        "performance_schema.threads w
         JOIN performance_schema.data_lock_waits r ON r.REQUESTING_THREAD_ID = w.THREAD_ID
         JOIN performance_schema.data_locks l ON l.ENGINE_LOCK_ID = r.BLOCKING_ENGINE_LOCK_ID
         JOIN performance_schema.threads t ON t.THREAD_ID = r.BLOCKING_THREAD_ID"
    ),
    " WHERE w.PROCESSLIST_ID = ? AND t.PROCESSLIST_ID IS NOT NULL"
);

/// The sessions that connection `waiting` waits for, on a metadata lock or else on a row; none where it does not wait.
/// `conn` is another connection. Errors: no SELECT on `performance_schema`.
pub async fn blocking(conn: &mut MySqlConnection, waiting: u64) -> Result<Vec<Held>, DbError> {
    let metadata = held(sqlx::query(BLOCKING_METADATA).bind(waiting).fetch_all(&mut *conn).await)?;
    if !metadata.is_empty() {
        return Ok(metadata);
    }
    held(sqlx::query(BLOCKING_ROWS).bind(waiting).fetch_all(conn).await)
}

fn held(rows: Result<Vec<MySqlRow>, sqlx::Error>) -> Result<Vec<Held>, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not ask which sessions hold locks", &error);
    // a session may hold several locks on one table
    let mut found = BTreeMap::new();
    for row in rows.map_err(failed)? {
        let held = read(&row).map_err(failed)?;
        found.insert((held.table.clone(), held.by.connection), held);
    }
    Ok(found.into_values().collect())
}

fn read(row: &MySqlRow) -> Result<Held, sqlx::Error> {
    let by = Blocker {
        connection: row.try_get_unchecked(1)?,
        account: row.try_get_unchecked::<Option<String>, _>(2)?.unwrap_or_default(),
        doing: row.try_get_unchecked::<Option<String>, _>(3)?.unwrap_or_default(),
        seconds: row.try_get_unchecked::<Option<u64>, _>(4)?.unwrap_or_default(),
        in_transaction: row.try_get_unchecked::<i64, _>(5)? != 0,
        statement: row.try_get_unchecked(6)?,
    };
    Ok(Held { table: row.try_get_unchecked(0)?, by })
}
