//! A schema to try migrations on: made, marked as caredb's own, and dropped again.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::files::Script;
use super::{expect, explain};
use crate::db::connect::{ConnectError, Session, connect};
use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;
use crate::db::lock::{self, Holder, LockError};
use crate::db::target::Target;
use crate::schema::introspect::{Kind, Schema, objects, prepare, schema};

/// Why there is no scratch schema, or why it is of no use any more.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// A schema of that name is there, and caredb did not make it.
    #[error(
        "schema `{0}` exists, and is not a scratch schema of caredb's; name another by `--scratch`, or drop it if nobody needs it"
    )]
    Foreign(String),
    /// A file's statement failed; says file, line and statement.
    #[error("{0}")]
    Statement(DbError),
    /// No connection for the next file.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Anything else the server refuses.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A scratch schema; `remove` drops it.
pub struct Scratch {
    /// Holds the lock, makes, reads and drops the schema; no file runs on it.
    control: MySqlConnection,
    /// The server, with the scratch schema as database.
    target: Target,
    collation: Collation,
    /// The server's time when the scratch schema was first made, in Unix seconds.
    now: i64,
    /// Who makes it: `app@%`.
    account: String,
}

/// The character set and the collation that a database's tables have if they do not say.
struct Collation {
    character_set: Ident,
    collation: Ident,
}

/// Makes this run the only one that uses a scratch schema of that name, for as long as the connection lives.
pub async fn lock(
    session: &mut Session,
    name: &Ident,
    timeout: Duration,
    on_wait: impl FnMut(&str, &Holder),
) -> Result<(), LockError> {
    lock::acquire(&mut session.conn, &[lock::name("verify", name)], timeout, on_wait).await
}

const DATABASES: &str = "
    SELECT CONVERT(SCHEMA_NAME USING utf8mb4) FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME NOT IN (?, 'information_schema')";

/// The databases that files on scratch schema `name` must not name: all that the session sees, and `target`'s own.
pub async fn others(session: &mut Session, target: &Target, name: &Ident) -> Result<Vec<String>, DbError> {
    let found = sqlx::query_scalar(DATABASES).bind(name.as_str()).fetch_all(&mut session.conn).await;
    let mut others: Vec<String> = found.map_err(|error| DbError::new("could not list the databases", &error))?;
    others.push(target.database.as_str().to_owned());
    Ok(others)
}

// What a killed run left may be in use until the server has finished its last statement.
const SESSION: &str = "SET SESSION lock_wait_timeout = 60";
const NOW: &str = "SELECT UNIX_TIMESTAMP()";
const MADE: &str = "SELECT DATE_FORMAT(FROM_UNIXTIME(?), '%Y-%m-%d %H:%i:%s')";

impl Scratch {
    /// Makes the schema `name` on the server of `target`, with the character set of `target`'s database; what a killed
    /// run left of it is dropped first. `session` must hold its lock.
    pub async fn create(session: Session, target: &Target, name: Ident) -> Result<Self, ScratchError> {
        let Session { conn: mut control, account, .. } = session;
        let failed = |error: sqlx::Error| DbError::new("could not prepare the session for a scratch schema", &error);
        prepare(&mut control).await?;
        sqlx::raw_sql(SESSION).execute(&mut control).await.map_err(failed)?;
        let now = sqlx::query_scalar(NOW).fetch_one(&mut control).await.map_err(failed)?;
        let collation = collation(&mut control, &target.database).await?;
        let mut target = target.clone();
        target.database = name;
        let mut scratch = Self { control, target, collation, now, account };
        if scratch.exists().await? {
            scratch.drop_schema().await?;
        }
        scratch.create_schema().await?;
        Ok(scratch)
    }

    /// Drops the schema and makes it anew, empty.
    pub async fn renew(&mut self) -> Result<(), ScratchError> {
        self.drop_schema().await?;
        self.create_schema().await
    }

    /// Drops the schema.
    pub async fn remove(mut self) -> Result<(), DbError> {
        self.drop_schema().await
    }

    /// The schema's bare name, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        self.target.database.as_str()
    }

    /// Whose rights a program has that names no definer, as SQL writes it: `` `app`@`%` ``.
    #[must_use]
    pub fn account(&self) -> String {
        let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
        let (user, host) = self.account.rsplit_once('@').unwrap_or((&self.account, ""));
        format!("{}@{}", quoted(user), quoted(host))
    }

    /// The time that all files run at, as the server writes it in a definition.
    pub async fn made(&mut self) -> Result<String, DbError> {
        let made = sqlx::query_scalar(MADE).bind(self.now).fetch_one(&mut self.control).await;
        made.map_err(|error| DbError::new("could not ask the server for the time", &error))
    }

    /// A connection that works in the schema.
    pub async fn connect(&self) -> Result<Session, ConnectError> {
        connect(&self.target).await
    }

    /// A connection for the statements of one file, so that its session settings do not reach the next file. For all files the
    /// time is the same: an event that does not say when it starts has the time in its definition.
    pub async fn begin(&self) -> Result<MySqlConnection, ScratchError> {
        let mut conn = self.connect().await?.conn;
        let clock = format!("SET SESSION timestamp = {}", self.now);
        let set = sqlx::raw_sql(AssertSqlSafe(clock)).execute(&mut conn).await;
        set.map_err(|error| DbError::new("could not set the session's time", &error))?;
        Ok(conn)
    }

    /// Runs a file on a connection of its own.
    pub async fn run(&self, script: &Script) -> Result<(), ScratchError> {
        let mut conn = self.begin().await?;
        for (number, statement) in script.statements.iter().enumerate() {
            if let Err(error) = expect::run(&mut conn, statement).await {
                let refused = server_error(&error).is_some();
                let error = explain::statement_error(script, number, &error);
                return Err(if refused { ScratchError::Statement(error) } else { error.into() });
            }
        }
        // all that matters is done; a connection that can't say goodbye is closed all the same
        let _ = conn.close().await;
        Ok(())
    }

    /// The connection that makes, reads and drops the schema, and works in it; no file's statement runs on it.
    pub fn control(&mut self) -> &mut MySqlConnection {
        &mut self.control
    }

    /// The schema's name.
    #[must_use]
    pub fn database(&self) -> &Ident {
        &self.target.database
    }

    /// What is in the schema now.
    pub async fn schema(&mut self) -> Result<Schema, DbError> {
        schema(&mut self.control, &self.target.database).await
    }

    /// How many rows each table holds, counted.
    pub async fn rows(&mut self) -> Result<BTreeMap<String, usize>, DbError> {
        let mut rows = BTreeMap::new();
        for object in objects(&mut self.control, &self.target.database).await? {
            if object.kind == Kind::Table {
                // the text is made of quoted names
                let sql = format!("SELECT COUNT(*) FROM {}.{}", object.database, object.name);
                let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
                    .fetch_one(&mut self.control)
                    .await
                    .map_err(|error| DbError::new(format!("could not count the rows of {}", object.name), &error))?;
                rows.insert(object.name.as_str().to_owned(), usize::try_from(count).unwrap_or_default());
            }
        }
        Ok(rows)
    }

    /// Whether there is a schema of the name that caredb made. Errors: there is one that it did not make.
    async fn exists(&mut self) -> Result<bool, ScratchError> {
        match marked(&mut self.control, &self.target.database).await? {
            Some(false) => Err(ScratchError::Foreign(self.name().to_owned())),
            marked => Ok(marked.is_some()),
        }
    }

    async fn create_schema(&mut self) -> Result<(), ScratchError> {
        let name = &self.target.database;
        let Collation { character_set, collation } = &self.collation;
        // the text is made of quoted names; USE leaves the schema's name out of the definitions of its views
        let create = format!("CREATE DATABASE {name} CHARACTER SET {character_set} COLLATE {collation}");
        let mark = format!(
            "CREATE TABLE {name}.caredb_scratch (made TIMESTAMP DEFAULT CURRENT_TIMESTAMP)
                COMMENT 'this schema is caredb''s, which drops it without asking';
            USE {name}"
        );
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut self.control).await {
            return Err(self.not_created(&error));
        }
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut self.control).await {
            let error = self.not_created(&error);
            self.drop_schema().await?;
            return Err(error);
        }
        Ok(())
    }

    fn not_created(&self, error: &sqlx::Error) -> ScratchError {
        let name = self.name();
        let failed = DbError::new(format!("could not create scratch schema `{name}`"), error);
        match failed.number {
            // it is there, though this account does not see it
            Some(1007) => ScratchError::Foreign(name.to_owned()),
            Some(1044 | 1142) => failed
                .with_cure(format!(
                    "have an administrator grant this account ALL on `{name}`.*, or name a schema that it may create by `--scratch`"
                ))
                .into(),
            _ => failed.into(),
        }
    }

    async fn drop_schema(&mut self) -> Result<(), DbError> {
        let sql = format!("DROP DATABASE {}", self.target.database);
        let dropped = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.control).await;
        let failed = |error| DbError::new(format!("could not drop scratch schema `{}`", self.name()), &error);
        dropped.map(|_| ()).map_err(failed)
    }
}

const MARKED: &str = "
    SELECT EXISTS (SELECT 1 FROM information_schema.TABLES
                   WHERE TABLE_SCHEMA = SCHEMA_NAME AND TABLE_NAME = 'caredb_scratch')
    FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?";

/// Whether the schema bears caredb's mark; none where there is no such schema.
async fn marked(conn: &mut MySqlConnection, name: &Ident) -> Result<Option<bool>, DbError> {
    let marked: Result<Option<i64>, _> = sqlx::query_scalar(MARKED).bind(name.as_str()).fetch_optional(conn).await;
    let failed = |error| DbError::new(format!("could not ask for scratch schema {name}"), &error);
    Ok(marked.map_err(failed)?.map(|marked| marked == 1))
}

const COLLATION: &str = "
    SELECT CONVERT(DEFAULT_CHARACTER_SET_NAME USING utf8mb4), CONVERT(DEFAULT_COLLATION_NAME USING utf8mb4)
    FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?";

/// Those of a database; where there is none yet, those that `migrate --create-database` would give it.
async fn collation(conn: &mut MySqlConnection, database: &Ident) -> Result<Collation, DbError> {
    let what = format!("could not read the character set of database {database}");
    let found = sqlx::query_as(COLLATION).bind(database.as_str()).fetch_optional(conn).await;
    let found: Option<(String, String)> = found.map_err(|error| DbError::new(&what, &error))?;
    let (character_set, collation) = found.unwrap_or_else(|| ("utf8mb4".to_owned(), "utf8mb4_unicode_ci".to_owned()));
    let name = |name: &str| Ident::new(name).map_err(|error| DbError::because(&what, error.to_string()));
    Ok(Collation { character_set: name(&character_set)?, collation: name(&collation)? })
}
