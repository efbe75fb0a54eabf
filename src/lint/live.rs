//! The database that the files are meant for: how large its tables are, and how fast its server copies.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use crate::db::connect::Session;
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::innodb;
use crate::db::size::{self, TableSize};

/// From this size on, in bytes, a table is one whose copy is felt: some second and more.
pub const BIG: u64 = 8 << 20;

/// What is known of a live database.
#[derive(Debug, Clone, Default)]
pub struct Live {
    tables: BTreeMap<String, Size>,
    /// How many INSTANT column changes a table takes.
    pub limit: u64,
    /// How fast the server copies; none where no table is large enough to ask.
    pub rates: Option<Rates>,
}

/// A table's size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Data and indexes, as InnoDB estimates them.
    pub bytes: u64,
    /// INSTANT column changes since its last rebuild; 0 where the account may not see them.
    pub row_versions: u64,
}

/// What the server copies in a second, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// By ALGORITHM=COPY.
    pub copy: u64,
    /// By a rebuild in place.
    pub rebuild: u64,
}

impl Live {
    /// Looks at the session's database.
    pub async fn observe(session: &mut Session) -> Result<Self, DbError> {
        let sizes = size::sizes(&mut session.conn).await?;
        // without PROCESS they may not be seen
        let versions: BTreeMap<_, _> =
            innodb::row_versions(&mut session.conn).await.unwrap_or_default().into_iter().collect();
        let read = |size: TableSize| {
            let name = size.table.to_lowercase();
            let row_versions = versions.get(&name).copied().unwrap_or(0);
            (name, Size { bytes: size.bytes(), row_versions })
        };
        let tables = sizes.into_iter().map(read).collect();
        Ok(Self { tables, limit: size::row_version_limit(&session.version), rates: None })
    }

    /// Of these tables, each with its bytes and row versions.
    #[cfg(test)]
    #[must_use]
    pub fn of(tables: &[(&str, u64, u64)], rates: Option<Rates>) -> Self {
        let read = |&(name, bytes, row_versions): &(&str, u64, u64)| (name.to_owned(), Size { bytes, row_versions });
        Self { tables: tables.iter().map(read).collect(), limit: 64, rates }
    }

    /// A table's size; none where the database has no such table.
    #[must_use]
    pub fn size(&self, table: &str) -> Option<Size> {
        self.tables.get(&table.to_lowercase()).copied()
    }
}

/// Rows of the sample: a power of two, so that it is made by doubling. About 9 MiB with its index.
const ROWS: u32 = 1 << 14;

const BYTES: &str = "
    SELECT CAST(DATA_LENGTH + INDEX_LENGTH AS UNSIGNED) FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 'caredb_rate'";

/// Measures how fast the server copies, in scratch schema `scratch`, by copying a small table of its own: ids without order, as
/// this project has them, 300 bytes a row, one index. A table that does not fit into memory copies slower.
pub async fn measure(conn: &mut MySqlConnection, scratch: &Ident) -> Result<Rates, DbError> {
    // the texts are made of quoted names
    let table = format!("{scratch}.caredb_rate");
    run(
        conn,
        format!("CREATE TABLE {table} (id VARCHAR(36) PRIMARY KEY, x VARCHAR(300), y INT, INDEX (y)) ENGINE=InnoDB"),
    )
    .await?;
    run(conn, format!("INSERT INTO {table} VALUES (LEFT(SHA2(UUID(), 256), 36), REPEAT('x', 300), 0)")).await?;
    for _ in 0..ROWS.ilog2() {
        run(conn, format!("INSERT INTO {table} SELECT LEFT(SHA2(UUID(), 256), 36), x, 0 FROM {table}")).await?;
    }
    run(conn, format!("SET SESSION information_schema_stats_expiry = 0; ANALYZE TABLE {table}")).await?;
    let bytes: Result<u64, _> = sqlx::query_scalar(BYTES).bind(scratch.as_str()).fetch_one(&mut *conn).await;
    let bytes = bytes.map_err(|error| failed(&error))?;
    let copy = run(conn, format!("ALTER TABLE {table} FORCE, ALGORITHM=COPY")).await?;
    let rebuild = run(conn, format!("ALTER TABLE {table} FORCE, ALGORITHM=INPLACE")).await?;
    run(conn, format!("DROP TABLE {table}")).await?;
    let rate =
        |time: Duration| u64::try_from(u128::from(bytes) * 1_000_000 / time.as_micros().max(1)).unwrap_or(u64::MAX);
    Ok(Rates { copy: rate(copy), rebuild: rate(rebuild) })
}

fn failed(error: &sqlx::Error) -> DbError {
    DbError::new("could not measure how fast the server copies", error)
}

/// Runs statements of caredb's own, and takes their time.
async fn run(conn: &mut MySqlConnection, sql: String) -> Result<Duration, DbError> {
    let begun = Instant::now();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.map_err(|error| failed(&error))?;
    Ok(begun.elapsed())
}
