//! In which order a purge comes to its rows, and which of its connections takes which.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDate};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::purge::TABLE;
use super::walk::{Path, Walk};
use crate::db::error::DbError;

/// The index that rows are found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Oldest first. Young rows are not touched, but neighbours in time lie anywhere in the table: each row is on a page of its
    /// own.
    Time,
    /// As the table lies. Each page is read once, those of young rows too, which are locked for as long as they are looked at.
    Id,
}

impl Way {
    /// The table by this index.
    #[must_use]
    pub fn path(self) -> Path {
        match self {
            Self::Time => Path { table: TABLE, column: "created_at", index: "idx_notification_created" },
            Self::Id => Path { table: TABLE, column: "id", index: "PRIMARY" },
        }
    }

    /// Measured on 300,000 rows: a row by its time costs the server 4 us more than one in the order of ids, each time that it
    /// is read, and a young one that is passed over 0.5 us.
    fn of(old: u64, all: u64) -> Self {
        // few rows are in memory, and then the oldest go first
        if all > 10_000 && old > all / 5 { Self::Id } else { Self::Time }
    }
}

/// The way to `old` rows.
pub async fn way(conn: &mut MySqlConnection, old: u64) -> Result<Way, DbError> {
    // what the optimizer thinks: information_schema has what it thought a day ago
    let sql = format!("EXPLAIN FORMAT=TRADITIONAL SELECT 1 FROM {TABLE} FORCE INDEX (PRIMARY) WHERE id IS NOT NULL");
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn).await;
    let rows = row.and_then(|row| row.try_get_unchecked::<Option<i64>, _>("rows"));
    let rows = rows.map_err(|error| DbError::new(format!("could not estimate the rows of table `{TABLE}`"), &error))?;
    Ok(Way::of(old, rows.unwrap_or_default().unsigned_abs()))
}

/// How many pieces the time of all rows is cut into, so that both lanes have work to the end.
const PIECES: i64 = 16;

/// Ids are UUIDs: a piece for each first digit. Others make pieces that are less even.
const FIRST_DIGITS: [&str; 15] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// Cuts the rows into pieces.
pub async fn cut(conn: &mut MySqlConnection, way: Way, cut_off: NaiveDate) -> Result<VecDeque<Walk>, DbError> {
    let path = way.path();
    if way == Way::Id {
        let bounds = bounds(FIRST_DIGITS.map(str::to_owned), None);
        let old = format!("created_at < '{cut_off}'");
        return Ok(bounds.map(|(from, to)| Walk::between(path, from, to).only(old.clone())).collect());
    }
    let Some((oldest_s, youngest_s)) = ends(conn, cut_off).await? else { return Ok(VecDeque::new()) };
    let bounds = bounds(cuts(oldest_s, youngest_s), Some(cut_off.to_string()));
    Ok(bounds.map(|(from, to)| Walk::between(path, from, to)).collect())
}

/// From each cut to the next one, the last one to `end`.
fn bounds(
    cuts: impl IntoIterator<Item = String>,
    end: Option<String>,
) -> impl Iterator<Item = (Option<String>, Option<String>)> {
    let mut from = None;
    cuts.into_iter().map(Some).chain([end]).map(move |to| (std::mem::replace(&mut from, to.clone()), to))
}

/// The times of the oldest and the youngest row to purge, in seconds since 1970.
async fn ends(conn: &mut MySqlConnection, cut_off: NaiveDate) -> Result<Option<(i64, i64)>, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not read the oldest and the youngest notification", &error);
    // MIN and MAX in one query read all rows
    let end = |order| {
        format!(
            "(SELECT CAST(UNIX_TIMESTAMP(created_at) AS SIGNED) FROM {TABLE} WHERE created_at < '{cut_off}' \
             ORDER BY created_at {order} LIMIT 1)"
        )
    };
    let sql = format!("SELECT {}, {}", end("ASC"), end("DESC"));
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn).await.map_err(failed)?;
    let time = |index| row.try_get_unchecked::<Option<i64>, _>(index).map_err(failed);
    Ok(time(0)?.zip(time(1)?))
}

/// The times between the pieces.
fn cuts(oldest_s: i64, youngest_s: i64) -> impl Iterator<Item = String> {
    let step_s = (youngest_s - oldest_s) / PIECES;
    let times_s = (1..PIECES).filter(move |_| step_s > 0).map(move |number| oldest_s + step_s * number);
    times_s.filter_map(|time_s| DateTime::from_timestamp(time_s, 0)).map(|time| time.naive_utc().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_cut_into_pieces() {
        let times: Vec<String> = cuts(0, 3600 * 16).collect();
        assert_eq!(times.len(), 15);
        assert_eq!((times[0].as_str(), times[14].as_str()), ("1970-01-01 01:00:00", "1970-01-01 15:00:00"));
        // less than a second each: one piece
        assert_eq!(cuts(100, 115).count(), 0);
        assert_eq!(cuts(100, 116).collect::<Vec<_>>()[14], "1970-01-01 00:01:55");
    }

    #[test]
    fn pieces_meet() {
        let some = |text: &str| Some(text.to_owned());
        let all = |cuts: &[&str], end| bounds(cuts.iter().map(|&cut| cut.to_owned()), end).collect::<Vec<_>>();
        assert_eq!(all(&["2", "4"], some("9")), [(None, some("2")), (some("2"), some("4")), (some("4"), some("9"))]);
        assert_eq!(all(&["a"], None), [(None, some("a")), (some("a"), None)]);
        assert_eq!(all(&[], some("9")), [(None, some("9"))]);
    }

    #[test]
    fn where_most_rows_go_they_are_taken_as_they_lie() {
        for (old, all, way) in [
            (0, 0, Way::Time),
            (10_000, 10_000, Way::Time),
            (10_001, 10_001, Way::Id),
            (20_000, 100_000, Way::Time),
            (20_001, 100_000, Way::Id),
        ] {
            assert_eq!(Way::of(old, all), way, "{old} of {all}");
        }
    }
}
