//! What each job of retention has before it, and when it last ran: as much as the dictionary, a look-up in an index and the ledger
//! tell. Reads only, and never a table from end to end, so that a status page can ask every minute.
//!
//! What is old enough counts as due. Rows that must stay though they are old (unpaid, under a hold, unread ones where those are
//! kept) count, too: telling them apart takes reading them, which is what a job does.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::archive::{ARCHIVE, LIVE, archive};
use super::policy::{Age, Retention, Status};
use super::walk::Path;
use super::{compress, pieces, table};
use crate::db::error::DbError;
use crate::partition::observe;
use crate::partition::scheme::Bound;
use crate::partition::{Managed, Partition, Table};

/// What a job has before it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Backlog {
    /// The job, as it is typed and as the ledger has it: `archive appointments`.
    pub job: &'static str,
    /// The table that it takes rows from.
    pub table: &'static str,
    /// The age from which on rows are due, by the policy.
    pub older_than: Age,
    /// Rows from before this day are due.
    pub cut_off: NaiveDate,
    /// The day of the oldest of them, as the server writes it, `0000-00-00`, too; none where nothing is due. Of appointments, that
    /// of the oldest row in the first of `months`, whatever its status.
    pub oldest: Option<String>,
    /// How many are due: counted where they are few, else as InnoDB estimates it; of partitioned tables all rows of `months`.
    pub rows: u64,
    /// Of partitioned tables, the partitions with rows that are due, oldest first.
    pub months: Vec<Due>,
    /// The last of its runs that is on record.
    pub last_run: Option<LastRun>,
}

/// A partition with rows that are due.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Due {
    /// Its name: `p_2024_01`.
    pub partition: String,
    /// All its rows, as InnoDB estimates them.
    pub rows: u64,
    /// Bytes of its data and indexes.
    pub bytes: u64,
}

/// A run in the ledger. Times are the server's, in UTC, as it prints them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LastRun {
    /// Its number.
    pub run: u64,
    /// When it began.
    pub started_at: String,
    /// When it ended; none where it is under way, or was killed.
    pub ended_at: Option<String>,
    /// How it ended, a word of [`super::ledger::Ending`].
    pub outcome: Option<String>,
    /// The rows that it moved or deleted, with those that belong to them.
    pub rows: u64,
}

/// Where a job finds its rows.
#[derive(Debug, Clone)]
enum Way {
    /// In the months of a partitioned table; of these status, where it matters.
    Months(Managed, Vec<Status>),
    /// By an index.
    Index(Path),
}

/// The jobs that the policy has work for, as `cron` runs them.
fn jobs(policy: &Retention) -> Vec<(&'static str, Age, Way)> {
    let Retention { appointments, appointments_archive, notifications, medical_records } = policy;
    let live = Way::Months(Managed::appointments(), appointments.status.clone());
    let mut jobs = vec![
        ("archive appointments", appointments.older_than, live),
        ("purge notifications", notifications.older_than, Way::Index(pieces::Way::Time.path())),
        ("compress medical-records", medical_records.older_than, Way::Index(compress::PLAIN)),
    ];
    if let Some(term) = appointments_archive.delete_after {
        jobs.push(("purge archive", term, Way::Months(archive(), Vec::new())));
    }
    jobs
}

// sizes as they are now, days in UTC; and who looks does not queue behind DDL for a year
const SESSION: &str = "SET SESSION information_schema_stats_expiry = 0, time_zone = '+00:00', lock_wait_timeout = 1";

/// Prepares a session for looking: UTC, fresh sizes in the dictionary, and waits of a second at the most. Belongs before all that is
/// looked at, since any table may be locked.
pub async fn prepare(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let set = sqlx::raw_sql(SESSION).execute(conn).await;
    set.map(drop).map_err(|error| DbError::new("could not prepare the session", &error))
}

/// Looks at each job whose table is there, in a session that [`prepare`] has prepared. `today`: the day that ages count from. Errors:
/// among others, a table that somebody has locked.
pub async fn backlog(
    conn: &mut MySqlConnection,
    policy: &Retention,
    today: NaiveDate,
) -> Result<Vec<Backlog>, DbError> {
    let mut last_runs = last_runs(conn).await?;
    let mut backlogs = Vec::new();
    for (job, older_than, way) in jobs(policy) {
        let cut_off = older_than.before(today);
        let (table, found) = match &way {
            Way::Index(path) => (path.table, by_index(conn, *path, cut_off).await),
            Way::Months(managed, status) => {
                let table = if status.is_empty() { ARCHIVE } else { LIVE };
                (table, by_month(conn, managed, status, cut_off).await)
            }
        };
        let (oldest, rows, months) = match found {
            // not migrated that far
            Err(error) if error.number == Some(1146) => continue,
            found => match found? {
                Some(found) => found,
                None => continue,
            },
        };
        let last_run = last_runs.remove(job);
        backlogs.push(Backlog { job, table, older_than, cut_off, oldest, rows, months, last_run });
    }
    Ok(backlogs)
}

/// The oldest row's day, about how many rows are due, and in which months. None: the table is not as caredb has it.
type Found = Option<(Option<String>, u64, Vec<Due>)>;

/// So many rows are counted rather than estimated: of a small table the optimizer guesses a third.
const COUNTED: u64 = 100;

async fn by_index(conn: &mut MySqlConnection, path: Path, cut_off: NaiveDate) -> Result<Found, DbError> {
    let Path { table, column, index } = path;
    let failed =
        |error: sqlx::Error| DbError::new(format!("could not look up the oldest row of table `{table}`"), &error);
    let sql = format!(
        "SELECT LEFT(CAST({column} AS CHAR), 10) FROM {table} FORCE INDEX ({index}) WHERE {column} < '{cut_off}' ORDER BY {column} LIMIT {COUNTED}"
    );
    let due: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *conn).await.map_err(failed)?;
    let (number, oldest) = (due.len() as u64, due.into_iter().next());
    if number < COUNTED {
        return Ok(Some((oldest, number, Vec::new())));
    }
    // the optimizer's estimate is two more look-ups, whichever way it would go; where it is told the way, it does not look (9.7)
    let sql = format!("EXPLAIN FORMAT=TRADITIONAL SELECT {column} FROM {table} WHERE {column} < '{cut_off}'");
    let plan: MySqlRow = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn).await.map_err(failed)?;
    let read: Option<u64> = plan.try_get_unchecked("rows").map_err(failed)?;
    let percent: Option<f64> = plan.try_get_unchecked("filtered").map_err(failed)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an estimate"
    )]
    let rows = (read.unwrap_or(0) as f64 * percent.unwrap_or(100.0) / 100.0).ceil() as u64;
    let rows = rows.max(COUNTED);
    Ok(Some((oldest, rows, Vec::new())))
}

async fn by_month(
    conn: &mut MySqlConnection,
    managed: &Managed,
    status: &[Status],
    cut_off: NaiveDate,
) -> Result<Found, DbError> {
    let Some(table) = observe::managed(conn, managed).await? else { return Ok(None) };
    let failed = |error: sqlx::Error| {
        DbError::new(format!("could not look up the oldest rows of table `{}`", table.name.as_str()), &error)
    };
    let mut months = Vec::new();
    for (partition, is_old) in reached(&table, cut_off) {
        let sql = look_up(&table, partition, is_old, status, cut_off);
        if sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(&mut *conn).await.map_err(failed)?.is_some() {
            let Partition { name, rows, bytes, .. } = partition;
            months.push((name, Due { partition: name.as_str().to_owned(), rows: *rows, bytes: *bytes }));
        }
    }
    let Some((first, _)) = months.first() else { return Ok(Some((None, 0, Vec::new()))) };
    let sql = format!(
        "SELECT CAST({DATE} AS CHAR) FROM {} PARTITION ({first}) FORCE INDEX ({DATES}) ORDER BY {DATE} LIMIT 1",
        table.name
    );
    let oldest = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_optional(conn).await.map_err(failed)?;
    let rows = months.iter().map(|(_, due)| due.rows).sum();
    Ok(Some((oldest, rows, months.into_iter().map(|(_, due)| due).collect())))
}

/// The partitions that may hold rows from before the cut-off, and whether all of their rows are.
fn reached(table: &Table, cut_off: NaiveDate) -> Vec<(&Partition, bool)> {
    let day = cut_off.to_string();
    let mut reached = Vec::new();
    for partition in &table.partitions {
        let end = match partition.bound {
            Bound::Before(month) => Some(month.first_day()),
            Bound::Max | Bound::Other(_) => None,
        };
        reached.push((partition, end.as_ref().is_some_and(|end| *end <= day)));
        // where this one ends, the next begins
        if end.is_some_and(|end| end >= day) {
            break;
        }
    }
    reached
}

/// The indexes of both tables, and their column.
const DATES: &str = "idx_appointment_date";
const STATUS: &str = "idx_appointment_status";
const DATE: &str = "appointment_date";
/// How many of the oldest rows of a month that is old in part are looked at for one in the right status.
const LOOKED_AT: u32 = 100;

/// The query that finds a row where a partition has one that is due.
fn look_up(table: &Table, partition: &Partition, is_old: bool, status: &[Status], cut_off: NaiveDate) -> String {
    let from = format!("FROM {} PARTITION ({})", table.name, partition.name);
    let by_date = format!("{from} FORCE INDEX ({DATES}) WHERE {DATE} < '{cut_off}' ORDER BY {DATE}");
    let words: Vec<String> = status.iter().map(|status| format!("'{}'", status.as_str())).collect();
    let is_meant = format!("status IN ({})", words.join(", "));
    match (status, is_old) {
        ([], _) => format!("SELECT 1 {by_date} LIMIT 1"),
        (_, true) => format!("SELECT 1 {from} FORCE INDEX ({STATUS}) WHERE {is_meant} LIMIT 1"),
        // no index has both
        (_, false) => {
            format!("SELECT 1 FROM (SELECT status {by_date} LIMIT {LOOKED_AT}) oldest WHERE {is_meant} LIMIT 1")
        }
    }
}

// There is no index on the command. Jobs take turns, so the last run of each is among the last few hundred; of one that has not run
// for 500 runs it need not be known.
const LAST_RUNS: &str = "
    SELECT r.command, r.id, CAST(r.started_at AS CHAR), CAST(r.ended_at AS CHAR), r.outcome,
           (SELECT CAST(COALESCE(SUM(p.row_count), 0) AS UNSIGNED) FROM caredb_run_parts p WHERE p.run_id = r.id)
    FROM (
        SELECT MAX(id) AS id FROM (SELECT id, command FROM caredb_runs ORDER BY id DESC LIMIT 500) recent GROUP BY command
    ) newest
    JOIN caredb_runs r ON r.id = newest.id";

/// The last run of each command.
async fn last_runs(conn: &mut MySqlConnection) -> Result<BTreeMap<String, LastRun>, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not read the last runs from table `caredb_runs`", &error);
    if !table::is_there(conn, "caredb_runs").await? {
        return Ok(BTreeMap::new());
    }
    let read = |row: &MySqlRow| {
        let run = LastRun {
            run: row.try_get_unchecked(1)?,
            started_at: row.try_get_unchecked(2)?,
            ended_at: row.try_get_unchecked(3)?,
            outcome: row.try_get_unchecked(4)?,
            rows: row.try_get_unchecked(5)?,
        };
        Ok((row.try_get_unchecked(0)?, run))
    };
    let rows = sqlx::raw_sql(LAST_RUNS).fetch_all(conn).await.map_err(failed)?;
    rows.iter().map(read).collect::<Result<_, _>>().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ident::Ident;
    use crate::partition::month::Month;
    use crate::partition::scheme::Scheme;

    fn table(bounds: &[Bound]) -> Table {
        let partition = |(number, bound): (usize, &Bound)| Partition {
            name: Ident::new(&format!("p{number}")).unwrap(),
            bound: bound.clone(),
            rows: 0,
            bytes: 0,
        };
        Table {
            name: Ident::known("t"),
            column: Ident::known("appointment_date"),
            scheme: Scheme::Columns,
            partitions: bounds.iter().enumerate().map(partition).collect(),
        }
    }

    fn before(year: u32, month: u32) -> Bound {
        Bound::Before(Month::new(year, month).unwrap())
    }

    #[test]
    fn partitions_are_reached_up_to_the_cut_off() {
        let months = [before(2024, 2), before(2024, 3), before(2024, 4), before(2024, 5), Bound::Max];
        for (bounds, cut_off, reaches) in [
            (&months[..], "2024-03-15", "p0 old, p1 old, p2"),
            (&months, "2024-03-01", "p0 old, p1 old"),
            (&months, "2024-02-29", "p0 old, p1"),
            (&months, "2020-01-01", "p0"),
            (&months, "2025-01-01", "p0 old, p1 old, p2 old, p3 old, p4"),
            (&[Bound::Max], "2024-03-15", "p0"),
            // where one ends that no month does, nobody knows
            (&[Bound::Other("'2024-01-15'".to_owned()), before(2024, 9)], "2024-03-15", "p0, p1"),
        ] {
            let table = table(bounds);
            let reached = reached(&table, cut_off.parse().unwrap());
            let text = |(partition, is_old): &(&Partition, bool)| {
                format!("{}{}", partition.name.as_str(), if *is_old { " old" } else { "" })
            };
            assert_eq!(reached.iter().map(text).collect::<Vec<_>>().join(", "), reaches, "{cut_off}");
        }
    }

    #[test]
    fn each_question_is_a_look_up_in_an_index() {
        let table = table(&[Bound::Max]);
        let ask = |is_old, status: &[Status]| {
            look_up(&table, &table.partitions[0], is_old, status, "2024-03-15".parse().unwrap())
        };
        assert_eq!(
            ask(true, &[]),
            "SELECT 1 FROM `t` PARTITION (`p0`) FORCE INDEX (idx_appointment_date) \
             WHERE appointment_date < '2024-03-15' ORDER BY appointment_date LIMIT 1"
        );
        assert_eq!(
            ask(true, &[Status::Completed, Status::NoShow]),
            "SELECT 1 FROM `t` PARTITION (`p0`) FORCE INDEX (idx_appointment_status) \
             WHERE status IN ('COMPLETED', 'NO_SHOW') LIMIT 1"
        );
        assert_eq!(
            ask(false, &[Status::Completed]),
            "SELECT 1 FROM (SELECT status FROM `t` PARTITION (`p0`) FORCE INDEX (idx_appointment_date) \
             WHERE appointment_date < '2024-03-15' ORDER BY appointment_date LIMIT 100) oldest \
             WHERE status IN ('COMPLETED') LIMIT 1"
        );
    }

    #[test]
    fn the_archive_has_a_job_where_it_has_a_term() {
        let names = |policy: &Retention| jobs(policy).into_iter().map(|(job, ..)| job).collect::<Vec<_>>().join(", ");
        let mut policy = Retention::default();
        assert_eq!(names(&policy), "archive appointments, purge notifications, compress medical-records");
        policy.appointments_archive.delete_after = "10y".parse().ok();
        assert!(names(&policy).ends_with(", purge archive"));
    }
}
