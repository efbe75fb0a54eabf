//! How far a running ALTER is, as InnoDB tells in `performance_schema.events_stages_current`. The server keeps that table
//! only where its consumer is on, which it is not by default; then nothing but the time is known.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use crate::db::error::DbError;

// "Monitoring ALTER TABLE Progress for InnoDB Tables Using Performance Schema", MySQL manual
const READ: &str = "
    SELECT CAST(s.WORK_COMPLETED AS UNSIGNED), CAST(s.WORK_ESTIMATED AS UNSIGNED)
    FROM performance_schema.events_stages_current s JOIN performance_schema.threads t ON t.THREAD_ID = s.THREAD_ID
    WHERE t.PROCESSLIST_ID = ? AND s.EVENT_NAME LIKE 'stage/innodb/alter table%' AND s.WORK_ESTIMATED > 0";

/// How much of its work the statement of a connection has done, in percent; none where the server does not say.
/// `conn` is another connection. Errors: no SELECT on `performance_schema`.
pub async fn read(conn: &mut MySqlConnection, connection: u64) -> Result<Option<u64>, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not ask how far the statement is", &error);
    let row = sqlx::query(READ).bind(connection).fetch_optional(conn).await.map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let (completed, estimated): (u64, u64) =
        (row.try_get_unchecked(0).map_err(failed)?, row.try_get_unchecked(1).map_err(failed)?);
    // the estimate is corrected as it goes, and may be below what is done
    Ok(Some((completed.saturating_mul(100) / estimated.max(1)).min(100)))
}

/// The seconds that are left if it goes on as it went; none below 5 %, where that means nothing.
#[must_use]
pub fn left_s(elapsed: Duration, percent: u64) -> Option<u64> {
    (5..=100).contains(&percent).then(|| elapsed.as_secs() * (100 - percent) / percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_once_it_means_something() {
        for (elapsed_s, percent, left) in [
            (10, 0, None),
            (10, 4, None),
            (10, 5, Some(190)),
            (60, 50, Some(60)),
            (90, 90, Some(10)),
            (9, 100, Some(0)),
        ] {
            assert_eq!(left_s(Duration::from_secs(elapsed_s), percent), left, "{percent} %");
        }
    }
}
