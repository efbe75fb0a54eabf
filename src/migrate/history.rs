//! Flyway's history table, read and written so that Flyway and caredb can take turns on one database.

use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use super::files::{REPEATABLE, Script, Version};
use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;

/// The table's name, Flyway's default.
pub const TABLE: &str = "flyway_schema_history";

/// The type of the rows that a V or an R file makes.
pub const SQL: &str = "SQL";

/// The type of Flyway's note that it created the database.
pub const SCHEMA: &str = "SCHEMA";

/// The type of the row that adopts a database.
const BASELINE: &str = "BASELINE";

/// The type of the row that says that an earlier one no longer counts, since its file is gone.
pub const DELETE: &str = "DELETE";

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The order of installation, from 1.
    pub rank: i32,
    /// As Flyway writes it; none for repeatable migrations.
    pub version: Option<String>,
    /// What the file's name says.
    pub description: String,
    /// `SQL`, `BASELINE`, `SCHEMA`, `DELETE`, …
    pub kind: String,
    /// The file's name.
    pub script: String,
    /// Flyway's checksum.
    pub checksum: Option<i32>,
    /// The server's user.
    pub installed_by: String,
    /// In the session's time zone, `2026-11-23 14:05:11`.
    pub installed_on: String,
    /// In milliseconds.
    pub execution_ms: i32,
    /// False for a migration that failed half-way.
    pub success: bool,
}

impl Entry {
    /// The version as a number; none where it has none that caredb's files could have (`1.2`).
    /// Flyway reads `001`, `1` and `1.0` as one version.
    #[must_use]
    pub fn number(&self) -> Option<Version> {
        let version = self.version.as_deref()?;
        let mut parts = version.split(['.', '_']);
        let first = parts.next()?.parse().ok()?;
        parts.all(|part| part.parse() == Ok(0)).then_some(first)
    }
}

const READ: &str = "
    SELECT installed_rank, version, description, type, script, checksum, installed_by,
           DATE_FORMAT(installed_on, '%Y-%m-%d %H:%i:%s'), execution_time, success
    FROM flyway_schema_history ORDER BY installed_rank";

/// Reads the table; none where it does not exist. Writes nothing.
pub async fn read(conn: &mut MySqlConnection) -> Result<Option<Vec<Entry>>, DbError> {
    let rows = match sqlx::raw_sql(READ).fetch_all(conn).await {
        Ok(rows) => rows,
        Err(error) if server_error(&error).is_some_and(|(number, _)| number == 1146) => return Ok(None),
        Err(error) if server_error(&error).is_some_and(|(number, _)| number == 1054) => {
            return Err(not_flyways(&error));
        }
        Err(error) => return Err(DbError::new(format!("could not read the migration history `{TABLE}`"), &error)),
    };
    let entry = |row: sqlx::mysql::MySqlRow| -> Result<Entry, sqlx::Error> {
        Ok(Entry {
            rank: row.try_get(0)?,
            version: row.try_get(1)?,
            description: row.try_get(2)?,
            kind: row.try_get(3)?,
            script: row.try_get(4)?,
            checksum: row.try_get(5)?,
            installed_by: row.try_get(6)?,
            installed_on: row.try_get(7)?,
            execution_ms: row.try_get(8)?,
            success: row.try_get(9)?,
        })
    };
    let entries: Result<Vec<_>, _> = rows.into_iter().map(entry).collect();
    entries.map(Some).map_err(|error| not_flyways(&error))
}

fn not_flyways(error: &sqlx::Error) -> DbError {
    DbError::new(format!("table `{TABLE}` is not Flyway's"), error)
        .with_cure("caredb needs the name for the migration history: rename the table")
}

// As Flyway makes it (flyway-database-mysql, `MySQLDatabase.getRawCreateScript`), the index inline.
const CREATE: &str = "
    CREATE TABLE flyway_schema_history (
        installed_rank INT NOT NULL,
        version VARCHAR(50),
        description VARCHAR(200) NOT NULL,
        type VARCHAR(20) NOT NULL,
        script VARCHAR(1000) NOT NULL,
        checksum INT,
        installed_by VARCHAR(100) NOT NULL,
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        execution_time INT NOT NULL,
        success BOOL NOT NULL,
        CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank),
        INDEX flyway_schema_history_s_idx (success)
    ) ENGINE=InnoDB";

/// Makes the table.
pub async fn create(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let result = sqlx::raw_sql(CREATE).execute(conn).await;
    result
        .map(|_| ())
        .map_err(|error| DbError::new(format!("could not create the migration history `{TABLE}`"), &error))
}

/// A row to add, which gets the next rank.
struct New<'a> {
    version: Option<String>,
    description: &'a str,
    kind: &'a str,
    script: &'a str,
    checksum: Option<i32>,
    execution_ms: u64,
    success: bool,
}

const INSERT: &str = "
    INSERT INTO flyway_schema_history
        (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
    SELECT COALESCE(MAX(installed_rank), 0) + 1, ?, ?, ?, ?, ?, SUBSTRING_INDEX(USER(), '@', 1), ?, ?
    FROM flyway_schema_history";

async fn add(conn: &mut MySqlConnection, new: New<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(INSERT)
        .bind(new.version)
        .bind(abbreviate(new.description))
        .bind(new.kind)
        .bind(new.script)
        .bind(new.checksum)
        .bind(i32::try_from(new.execution_ms).unwrap_or(i32::MAX))
        .bind(new.success)
        .execute(conn)
        .await?;
    Ok(())
}

/// A description as it stands in the table: Flyway's own cut (flyway-core, `AbbreviationUtils`).
#[must_use]
pub fn abbreviate(description: &str) -> String {
    const LENGTH: usize = 200;
    if description.chars().count() <= LENGTH {
        return description.to_owned();
    }
    format!("{}...", description.chars().take(LENGTH - 3).collect::<String>())
}

/// Adds the row of a V or an R file that was applied, or failed; `execution_ms` in milliseconds.
pub async fn insert(
    conn: &mut MySqlConnection,
    version: Version,
    script: &Script,
    execution_ms: u64,
    success: bool,
) -> Result<(), sqlx::Error> {
    let version = (version != REPEATABLE).then(|| version.to_string());
    let (description, script, checksum) = (&script.description, &script.name, Some(script.checksum));
    add(conn, New { version, description, kind: SQL, script, checksum, execution_ms, success }).await
}

/// Adds the row that adopts a database at `version` (flyway-core, `Database.getBaselineStatement`).
pub async fn insert_baseline(
    conn: &mut MySqlConnection,
    version: Version,
    description: &str,
) -> Result<(), sqlx::Error> {
    let version = Some(version.to_string());
    let new = New {
        version,
        description,
        kind: BASELINE,
        script: description,
        checksum: None,
        execution_ms: 0,
        success: true,
    };
    add(conn, new).await
}

/// Adds the row after which `entry` no longer counts (flyway-core, `JdbcTableSchemaHistory.delete`).
pub async fn insert_delete(conn: &mut MySqlConnection, entry: &Entry) -> Result<(), sqlx::Error> {
    let new = New {
        version: entry.version.clone(),
        description: &entry.description,
        kind: DELETE,
        script: &entry.script,
        checksum: entry.checksum,
        execution_ms: 0,
        success: entry.success,
    };
    add(conn, new).await
}

const UPDATE: &str =
    "UPDATE flyway_schema_history SET description = ?, type = ?, checksum = ? WHERE installed_rank = ?";

/// Makes a row say what the file says (flyway-core, `JdbcTableSchemaHistory.update`).
pub async fn align(conn: &mut MySqlConnection, rank: i32, script: &Script) -> Result<(), sqlx::Error> {
    sqlx::query(UPDATE)
        .bind(abbreviate(&script.description))
        .bind(SQL)
        .bind(script.checksum)
        .bind(rank)
        .execute(conn)
        .await?;
    Ok(())
}

const FAIL: &str = "UPDATE flyway_schema_history SET success = FALSE WHERE installed_rank = ?";

/// Says of a row that what it tells of is no longer whole.
pub async fn fail(conn: &mut MySqlConnection, rank: i32) -> Result<(), sqlx::Error> {
    sqlx::query(FAIL).bind(rank).execute(conn).await?;
    Ok(())
}

const REMOVE: &str = "DELETE FROM flyway_schema_history WHERE installed_rank = ?";

/// Removes a row: of what was rolled back (Flyway's open-source edition reads no undo rows; the
/// record of the undo is in the journal), or of a failure that is being resumed.
pub async fn delete(conn: &mut MySqlConnection, rank: i32) -> Result<(), sqlx::Error> {
    sqlx::query(REMOVE).bind(rank).execute(conn).await?;
    Ok(())
}

/// The name of Flyway's lock on its table: `Flyway-` and Java's `String.hashCode` of the quoted name.
#[must_use]
pub fn flyway_lock(database: &Ident) -> String {
    let table = format!("`{}`.`{TABLE}`", database.as_str());
    let hash = table.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    format!("Flyway-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flyway_lock_is_javas_hash() {
        // what OpenJDK 17 prints for "`caredb`.`flyway_schema_history`".hashCode()
        assert_eq!(flyway_lock(&Ident::new("caredb").unwrap()), "Flyway-933268106");
    }

    #[test]
    fn descriptions_are_cut_as_flyway_cuts_them() {
        assert_eq!(abbreviate(&"é".repeat(200)), "é".repeat(200));
        assert_eq!(abbreviate(&"é".repeat(201)), format!("{}...", "é".repeat(197)));
    }

    #[test]
    fn versions_are_flyways() {
        let entry = |version: Option<&str>| Entry {
            rank: 1,
            version: version.map(str::to_owned),
            description: String::new(),
            kind: SQL.to_owned(),
            script: String::new(),
            checksum: None,
            installed_by: String::new(),
            installed_on: String::new(),
            execution_ms: 0,
            success: true,
        };
        for (version, number) in
            [(Some("12"), Some(12)), (Some("001"), Some(1)), (Some("1.0"), Some(1)), (Some("1.2"), None), (None, None)]
        {
            assert_eq!(entry(version).number(), number, "{version:?}");
        }
    }
}
