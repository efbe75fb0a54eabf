//! Reads what the months before the cut-off hold. Reads only.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::stays::{self, Rules};
use super::{ARCHIVE, ArchiveError, Content, KEYS, LIVE, MOVING, STAYING, Tables, archive};
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::partition::month::Month;
use crate::partition::scheme::Bound;
use crate::partition::{Managed, Partition, Range, Table, observe};
use crate::retention::policy::Status;
use crate::retention::rows::Columns;
use crate::retention::table;

/// A session that moves rows: what it reads is locked only where it is picked, dates that a lax session wrote go along as they
/// are, and a row that the application holds is waited for a second.
const SESSION: &str = "SET SESSION transaction_isolation = 'READ-COMMITTED', time_zone = '+00:00',
    sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES', innodb_lock_wait_timeout = 1, lock_wait_timeout = 1";

/// Prepares a session for moving rows.
pub async fn prepare(conn: &mut MySqlConnection) -> Result<(), DbError> {
    observe::prepare(conn).await?;
    let set = sqlx::raw_sql(SESSION).execute(conn).await;
    set.map(drop).map_err(|error| DbError::new("could not prepare the session", &error))
}

/// The columns that rows move with. Errors: a table that V14 makes is not there.
pub async fn tables(
    conn: &mut MySqlConnection,
    cut_off: NaiveDate,
    status: Vec<Status>,
) -> Result<Tables, ArchiveError> {
    for table in [ARCHIVE, MOVING, STAYING, KEYS] {
        if Columns::read(conn, &Ident::known(table)).await?.is_none() {
            return Err(ArchiveError::NoArchive(table));
        }
    }
    let columns = Columns::read(conn, &Ident::known(LIVE)).await?.ok_or(ArchiveError::NoArchive(LIVE))?;
    Ok(Tables { columns, cut_off, status })
}

/// The live table's and the archive's partitions.
pub async fn partitions(conn: &mut MySqlConnection) -> Result<(Table, Table), ArchiveError> {
    let live = observe::table(conn, &Managed::appointments()).await?;
    Ok((live, observe::table(conn, &archive()).await?))
}

/// What the months that begin before the cut-off hold. Errors: rows before it in a partition of several months.
pub async fn contents(
    conn: &mut MySqlConnection,
    tables: &Tables,
    (live, archive): (&Table, &Table),
) -> Result<Vec<Content>, ArchiveError> {
    let holds = table::is_there(conn, "caredb_holds").await?;
    let mut contents = Vec::new();
    for (partition, range) in live.ranges() {
        let Some(month) = month(conn, tables, partition, range).await? else { continue };
        let archived = match archive.partitions.iter().find(|other| other.name == partition.name) {
            Some(other) => !observe::is_empty(conn, archive, &other.name).await?,
            None => false,
        };
        let mut content = Content {
            month,
            partition: partition.name.clone(),
            rows: 0,
            goes: 0,
            young: 0,
            stays: BTreeMap::new(),
            bytes: partition.bytes,
            archived,
        };
        count(conn, tables, holds, &mut content).await?;
        contents.push(content);
    }
    Ok(contents)
}

/// The month of a partition that has rows before the cut-off; none where it has none.
async fn month(
    conn: &mut MySqlConnection,
    tables: &Tables,
    partition: &Partition,
    range: Range,
) -> Result<Option<Month>, ArchiveError> {
    let last = Month::of(tables.cut_off);
    let (own, from) = match range {
        Range::Month(month) if month > last => return Ok(None),
        Range::Month(month) => (Some(month), None),
        Range::First(month) => (Some(month), Some(month)),
        Range::Months(..) | Range::Rest(_) | Range::Crooked => (None, None),
    };
    if own.is_some() && from.is_none() {
        return Ok(own);
    }
    // the first takes all that is older, and the last all that is younger
    let before = match from {
        Some(month) => format!("'{}'", month.first_day()),
        None => format!("'{}'", tables.cut_off),
    };
    let sql = format!("SELECT 1 FROM {LIVE} PARTITION ({}) WHERE appointment_date < {before} LIMIT 1", partition.name);
    let found = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(conn).await;
    let found = found.map_err(|error| DbError::new(format!("could not look into table `{LIVE}`"), &error))?;
    match (own, found) {
        (_, Some(_)) => {
            Err(ArchiveError::NotAMonth { partition: partition.name.as_str().to_owned(), cut_off: tables.cut_off })
        }
        (Some(month), None) => Ok((month <= last).then_some(month)),
        (None, None) => Ok(None),
    }
}

/// Counts a month's rows by what becomes of them: one pass.
async fn count(conn: &mut MySqlConnection, tables: &Tables, holds: bool, content: &mut Content) -> Result<(), DbError> {
    let reasons = stays::all(&rules(tables, holds, content));
    let sql = format!(
        "SELECT reason, COUNT(*) FROM (
             SELECT CASE WHEN a.appointment_date >= '{}' THEN 'young' ELSE COALESCE({}, 'goes') END AS reason
             FROM {LIVE} PARTITION ({}) a) r GROUP BY reason",
        tables.cut_off,
        stays::case(&reasons),
        content.partition
    );
    let failed = |error: sqlx::Error| DbError::new(format!("could not count partition {}", content.partition), &error);
    for row in sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await.map_err(failed)? {
        let reason: String = row.try_get_unchecked(0).map_err(failed)?;
        let rows = row.try_get_unchecked::<i64, _>(1).map_err(failed)?.unsigned_abs();
        content.rows += rows;
        match reason.as_str() {
            "goes" => content.goes = rows,
            "young" => content.young = rows,
            _ => drop(content.stays.insert(reason, rows)),
        }
    }
    Ok(())
}

/// The rules for a month.
#[must_use]
pub fn rules<'a>(tables: &'a Tables, holds: bool, content: &Content) -> Rules<'a> {
    let archive = content.archived.then(|| format!("{ARCHIVE} PARTITION ({})", content.partition));
    Rules { status: &tables.status, holds, archive }
}

/// Whether both tables have a partition of the name with the same end.
#[must_use]
pub fn same_bounds(live: &Table, archive: &Table, partition: &Ident) -> bool {
    let bound = |table: &Table| {
        let found = table.partitions.iter().find(|other| &other.name == partition);
        found.map(|partition| partition.bound.clone()).filter(|bound| *bound != Bound::Max)
    };
    bound(live).is_some() && bound(live) == bound(archive)
}
