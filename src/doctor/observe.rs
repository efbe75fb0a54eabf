//! What the server says of itself. Reads only; what this account may not see is an `Err` with the server's reason.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Error, Row as _};

use super::grants::Grants;
use super::needs::Needs;
use crate::db::blockers::{self, Held};
use crate::db::connect::Session;
use crate::db::error::DbError;
use crate::db::innodb;
use crate::db::primary::{self, Standing};
use crate::db::size::{self, TableSize};

/// What was seen, or why it could not be.
pub type Seen<T> = Result<T, DbError>;

/// What the checks before a run look at: three queries, and two more where a table is copied.
#[derive(Debug)]
pub struct Observed {
    /// The database of the session.
    pub database: String,
    /// The account: `app@%`.
    pub account: String,
    /// The server's version, as it names it.
    pub version: String,
    /// Its settings.
    pub settings: Seen<Settings>,
    /// The session's privileges.
    pub grants: Seen<Grants>,
    /// Metadata locks of other sessions on tables of the database.
    pub locks: Seen<Vec<Held>>,
    /// Rows and bytes of the tables that the statements copy, as InnoDB estimates them; asked for only where there are any.
    pub copied: Seen<BTreeMap<String, (u64, u64)>>,
}

/// What only `doctor` looks at.
#[derive(Debug)]
pub struct Around {
    /// The servers that this one replicates from.
    pub sources: Seen<Vec<Source>>,
    /// What it is in its replication group, if it is in one.
    pub standing: Seen<Standing>,
    /// How many servers replicate from this one.
    pub replicas: Seen<usize>,
    /// Bytes free where the server keeps its data; none where that can't be known from here.
    pub free_bytes: Option<u64>,
    /// The tables of the database with their sizes in bytes, as InnoDB estimates them.
    pub tables: Seen<Vec<(String, u64)>>,
    /// The tables of the database with their INSTANT row versions; partitions count as the table's highest.
    pub row_versions: Seen<Vec<(String, u64)>>,
}

/// Server settings, as this session has them where it has its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the server's switches")]
pub struct Settings {
    /// `sql_mode`, as the server writes it.
    pub sql_mode: String,
    /// `log_bin`
    pub log_bin: bool,
    /// `binlog_format`
    pub binlog_format: String,
    /// `log_bin_trust_function_creators`
    pub trust_function_creators: bool,
    /// `read_only`
    pub read_only: bool,
    /// `super_read_only`
    pub super_read_only: bool,
    /// `lock_wait_timeout`, in seconds
    pub lock_wait_timeout_s: u64,
    /// `innodb_lock_wait_timeout`, in seconds
    pub innodb_lock_wait_timeout_s: u64,
    /// `explicit_defaults_for_timestamp`
    pub explicit_defaults_for_timestamp: bool,
    /// `foreign_key_checks`
    pub foreign_key_checks: bool,
    /// `unique_checks`
    pub unique_checks: bool,
    /// `sql_require_primary_key`
    pub require_primary_key: bool,
    /// `lower_case_table_names`
    pub lower_case_table_names: u64,
    /// `partial_revokes`, with which `_` and `%` in a grant are no wildcards
    pub partial_revokes: bool,
    /// `datadir`
    pub datadir: String,
    /// `server_uuid`
    pub server_uuid: String,
}

/// A server that this one replicates from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Host and port.
    pub server: String,
    /// Whether both replication threads run.
    pub running: bool,
    /// How far this server is behind; none where it does not know.
    pub lag_s: Option<u64>,
}

/// Asks for what the checks before a run look at.
pub async fn observe(session: &mut Session, needs: &Needs) -> Observed {
    let copied = if needs.copied.is_empty() { Ok(BTreeMap::new()) } else { copied(&mut session.conn).await };
    Observed {
        copied,
        database: session.database.as_str().to_owned(),
        account: session.account.clone(),
        version: session.version.clone(),
        settings: settings(&mut session.conn).await,
        grants: grants(&mut session.conn).await,
        locks: blockers::holding(&mut session.conn).await,
    }
}

/// The bytes of each table.
async fn tables(conn: &mut MySqlConnection) -> Seen<Vec<(String, u64)>> {
    let bytes = |size: TableSize| (size.table.clone(), size.bytes());
    Ok(size::sizes(conn).await?.into_iter().map(bytes).collect())
}

/// Rows and bytes of each table.
async fn copied(conn: &mut MySqlConnection) -> Seen<BTreeMap<String, (u64, u64)>> {
    let sizes = size::sizes(conn).await?;
    Ok(sizes.into_iter().map(|size| (size.table.clone(), (size.rows, size.bytes()))).collect())
}

/// Asks for the rest.
pub async fn observe_around(conn: &mut MySqlConnection, settings: &Seen<Settings>) -> Around {
    Around {
        sources: sources(conn).await,
        standing: primary::standing(conn).await,
        replicas: replicas(conn).await,
        free_bytes: settings.as_ref().ok().and_then(free_bytes),
        tables: tables(conn).await,
        row_versions: innodb::row_versions(conn).await,
    }
}

// Fifty times cheaper than SHOW VARIABLES.
const SETTINGS: &str = "
    SELECT @@SESSION.sql_mode, @@GLOBAL.log_bin, @@SESSION.binlog_format, @@GLOBAL.log_bin_trust_function_creators,
           @@GLOBAL.read_only, @@GLOBAL.super_read_only,
           @@SESSION.lock_wait_timeout, @@SESSION.innodb_lock_wait_timeout, @@SESSION.explicit_defaults_for_timestamp,
           @@SESSION.foreign_key_checks, @@SESSION.unique_checks, @@SESSION.sql_require_primary_key,
           @@GLOBAL.lower_case_table_names, @@GLOBAL.partial_revokes, @@GLOBAL.datadir, @@GLOBAL.server_uuid";

async fn settings(conn: &mut MySqlConnection) -> Seen<Settings> {
    let read = |row: MySqlRow| -> Result<Settings, Error> {
        let on = |index: usize| row.try_get_unchecked::<i64, _>(index).map(|value| value != 0);
        Ok(Settings {
            sql_mode: row.try_get_unchecked(0)?,
            log_bin: on(1)?,
            binlog_format: row.try_get_unchecked(2)?,
            trust_function_creators: on(3)?,
            read_only: on(4)?,
            super_read_only: on(5)?,
            lock_wait_timeout_s: row.try_get_unchecked(6)?,
            innodb_lock_wait_timeout_s: row.try_get_unchecked(7)?,
            explicit_defaults_for_timestamp: on(8)?,
            foreign_key_checks: on(9)?,
            unique_checks: on(10)?,
            require_primary_key: on(11)?,
            lower_case_table_names: row.try_get_unchecked(12)?,
            partial_revokes: on(13)?,
            datadir: row.try_get_unchecked(14)?,
            server_uuid: row.try_get_unchecked(15)?,
        })
    };
    let row = sqlx::raw_sql(SETTINGS).fetch_one(conn).await;
    row.and_then(read).map_err(|error| DbError::new("could not read the server's settings", &error))
}

// Without FOR it shows what the active roles give, too.
const GRANTS: &str = "SHOW GRANTS";

/// The session's privileges.
pub async fn grants(conn: &mut MySqlConnection) -> Seen<Grants> {
    let failed = |error: Error| DbError::new("could not read the privileges", &error);
    let rows = sqlx::raw_sql(GRANTS).fetch_all(conn).await.map_err(failed)?;
    let lines = rows.iter().map(|row| row.try_get_unchecked(0)).collect::<Result<Vec<&str>, _>>().map_err(failed)?;
    Ok(Grants::read(lines))
}

const SOURCES: &str = "SHOW REPLICA STATUS";

async fn sources(conn: &mut MySqlConnection) -> Seen<Vec<Source>> {
    let failed = |error: Error| DbError::new("could not ask whether this server is a replica", &error);
    let read = |row: &MySqlRow| -> Result<Source, Error> {
        let text = |column: &str| row.try_get_unchecked::<Option<String>, _>(column).map(Option::unwrap_or_default);
        Ok(Source {
            server: format!("{}:{}", text("Source_Host")?, text("Source_Port")?),
            running: text("Replica_IO_Running")? == "Yes" && text("Replica_SQL_Running")? == "Yes",
            lag_s: text("Seconds_Behind_Source")?.parse().ok(),
        })
    };
    let rows = sqlx::raw_sql(SOURCES).fetch_all(conn).await.map_err(failed)?;
    rows.iter().map(read).collect::<Result<_, _>>().map_err(failed)
}

const REPLICAS: &str = "SHOW REPLICAS";

async fn replicas(conn: &mut MySqlConnection) -> Seen<usize> {
    let rows = sqlx::raw_sql(REPLICAS).fetch_all(conn).await;
    rows.map(|rows| rows.len()).map_err(|error| DbError::new("could not ask for this server's replicas", &error))
}

/// The free bytes of the data directory, where it is on this machine: a folder of that path that holds this very
/// server's UUID.
fn free_bytes(settings: &Settings) -> Option<u64> {
    let datadir = Path::new(&settings.datadir);
    let identity = std::fs::read_to_string(datadir.join("auto.cnf")).ok()?;
    if !identity.contains(&settings.server_uuid) {
        return None;
    }
    let disk = rustix::fs::statvfs(datadir).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
