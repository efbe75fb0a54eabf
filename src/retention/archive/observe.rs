//! Reads what the months before the cut-off hold. Reads only.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::stays::{self, Rules, Stays};
use super::{ARCHIVE, ArchiveError, Content, KEYS, LIVE, MOVING, STAYING, Selection, archive};
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::partition::month::Month;
use crate::partition::scheme::Bound;
use crate::partition::{Managed, Partition, Range, Table, observe};
use crate::retention::rows::Columns;
use crate::retention::{job, table};

// a second, since others wait behind a job that waits
const SESSION: &str = "SET SESSION lock_wait_timeout = 1";

/// Prepares a session for moving appointments.
pub async fn prepare(conn: &mut MySqlConnection) -> Result<(), DbError> {
    observe::prepare(conn).await?;
    job::prepare(conn).await?;
    let set = sqlx::raw_sql(SESSION).execute(conn).await;
    set.map(drop).map_err(|error| DbError::new("could not prepare the session", &error))
}

/// The columns that rows move with. Errors: a table that V14 makes is not there.
pub async fn columns(conn: &mut MySqlConnection) -> Result<Columns, ArchiveError> {
    for table in [ARCHIVE, MOVING, STAYING, KEYS] {
        if Columns::read(conn, &Ident::known(table)).await?.is_none() {
            return Err(ArchiveError::NoArchive(table));
        }
    }
    Columns::read(conn, &Ident::known(LIVE)).await?.ok_or(ArchiveError::NoArchive(LIVE))
}

/// The live table's and the archive's partitions.
pub async fn partitions(conn: &mut MySqlConnection) -> Result<(Table, Table), ArchiveError> {
    let live = observe::table(conn, &Managed::appointments()).await?;
    Ok((live, observe::table(conn, &archive()).await?))
}

/// Whether there can be legal holds.
pub async fn has_holds(conn: &mut MySqlConnection) -> Result<bool, DbError> {
    table::is_there(conn, "caredb_holds").await
}

/// What the months that begin before the cut-off hold. Errors: rows before it in a partition of several months.
pub async fn contents(
    conn: &mut MySqlConnection,
    selection: &Selection,
    (live, archive): (&Table, &Table),
) -> Result<Vec<Content>, ArchiveError> {
    let holds = has_holds(conn).await?;
    let mut contents = Vec::new();
    for (partition, range) in live.ranges() {
        let Some(month) = month(conn, selection, partition, range).await? else { continue };
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
            stays: Stays::new(),
            bytes: partition.bytes,
            archived,
        };
        count(conn, selection, holds, &mut content).await?;
        contents.push(content);
    }
    Ok(contents)
}

/// The month of a partition that has rows before the cut-off; none where it has none.
async fn month(
    conn: &mut MySqlConnection,
    selection: &Selection,
    partition: &Partition,
    range: Range,
) -> Result<Option<Month>, ArchiveError> {
    let last = Month::of(selection.cut_off);
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
        None => format!("'{}'", selection.cut_off),
    };
    let sql = format!("SELECT 1 FROM {LIVE} PARTITION ({}) WHERE appointment_date < {before} LIMIT 1", partition.name);
    let found = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(conn).await;
    let found = found.map_err(|error| DbError::new(format!("could not look into table `{LIVE}`"), &error))?;
    match (own, found) {
        (_, Some(_)) => {
            Err(ArchiveError::NotAMonth { partition: partition.name.as_str().to_owned(), cut_off: selection.cut_off })
        }
        (Some(month), None) => Ok((month <= last).then_some(month)),
        (None, None) => Ok(None),
    }
}

/// Counts a month's rows by what becomes of them: one pass.
async fn count(
    conn: &mut MySqlConnection,
    selection: &Selection,
    holds: bool,
    content: &mut Content,
) -> Result<(), DbError> {
    let reasons = stays::all(&rules(selection, holds, content));
    let sql = format!(
        "SELECT reason, COUNT(*) FROM (
             SELECT CASE WHEN a.appointment_date >= '{}' THEN 'young' ELSE COALESCE({}, 'goes') END AS reason
             FROM {LIVE} PARTITION ({}) a) r GROUP BY reason",
        selection.cut_off,
        stays::case(&reasons),
        content.partition
    );
    let failed = |error: sqlx::Error| DbError::new(format!("could not count partition {}", content.partition), &error);
    content.stays = by_reason(conn, sql).await.map_err(failed)?;
    content.rows = content.stays.values().sum();
    content.goes = content.stays.remove("goes").unwrap_or(0);
    content.young = content.stays.remove("young").unwrap_or(0);
    Ok(())
}

/// Runs a query for reasons and how many rows each has.
pub async fn by_reason(conn: &mut MySqlConnection, sql: String) -> Result<Stays, sqlx::Error> {
    let mut stays = Stays::new();
    for row in sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await? {
        stays.insert(row.try_get_unchecked(0)?, row.try_get_unchecked::<i64, _>(1)?.unsigned_abs());
    }
    Ok(stays)
}

/// The rules for a month.
#[must_use]
pub fn rules<'a>(selection: &'a Selection, holds: bool, content: &Content) -> Rules<'a> {
    let archive = content.archived.then(|| format!("{ARCHIVE} PARTITION ({})", content.partition));
    Rules { status: &selection.status, holds, archive }
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
