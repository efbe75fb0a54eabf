//! Runs one DDL statement: it waits a few seconds for its locks, not a year, steps aside so that those who queue
//! behind it get through, tries again, and on giving up names the session that blocks.

use std::convert::Infallible;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

use super::blockers::{Held, blocking};
use super::connect::Session;
use super::error::{DbError, server_error};
use super::progress;
use super::split::{Token, tokens};
use super::target::Target;
use crate::output::{Event, count};

/// How often to look what a statement is at, and when first.
const LOOK: Duration = Duration::from_millis(500);

/// After which time a statement is long enough for a bar.
const LONG: Duration = Duration::from_secs(1);

/// How long to step aside before the second try; doubled with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// How to run DDL on a connection.
#[derive(Debug)]
pub struct Patience {
    /// How often to try again when the locks were not to be had.
    pub retries: u32,
    /// Whether a person sees the progress.
    pub progress: bool,
    /// Where a second connection can look on.
    pub target: Target,
    /// The server's id of the connection that works.
    pub connection: u64,
    /// How long a statement may wait for metadata locks in all; none for as long as each wait may take. An ALTER waits twice,
    /// for a lock that keeps writers out and for one that keeps all out, and the server's timeout is for each.
    pub all_waits: Option<Duration>,
    /// After giving up: who is in the way, and what to do about it.
    pub in_the_way: Option<String>,
}

impl Patience {
    /// For the connection of a session.
    #[must_use]
    pub fn new(session: &Session, retries: u32, progress: bool) -> Self {
        let (target, connection) = (session.target.clone(), session.id);
        Self { retries, progress, target, connection, all_waits: None, in_the_way: None }
    }
}

/// Shortens this session's waits for metadata locks: to 5 s, unless the server is set to less. A file's own SET comes later,
/// and so wins.
pub const LIMIT: &str = "SET SESSION lock_wait_timeout = CAST(LEAST(@@GLOBAL.lock_wait_timeout, 5) AS UNSIGNED)";

/// Before the first file's statements: a waiting ALTER queues every new query behind it, so it must not wait long.
pub async fn limit_waits(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let limited = sqlx::raw_sql(LIMIT).execute(conn).await;
    limited.map(drop).map_err(|error| DbError::new("could not set `lock_wait_timeout`", &error))
}

/// Runs a statement, which `place` names for people; rows that it returns are read and dropped. Where its locks were not to be had (error 1205), it
/// changed nothing and is tried again; `on_event` hears of it. Errors: what the server says at last, with
/// `patience.in_the_way` where others were.
pub async fn run_ddl(
    conn: &mut MySqlConnection,
    place: &str,
    text: &str,
    patience: &mut Patience,
    mut on_event: impl FnMut(Event),
) -> Result<(), sqlx::Error> {
    let last = 1 + if is_atomic(text) { patience.retries } else { 0 };
    let mut attempt = 0;
    loop {
        let mut seen = Ok(Vec::new());
        let mut ended = false;
        let result = {
            let mut statement = pin!(execute(conn, text));
            tokio::select! {
                biased;
                result = &mut statement => result,
                never = look_on(patience, place, &mut seen, &mut ended, &mut on_event) => match never {},
            }
        };
        attempt += 1;
        let Err(error) = result else { return Ok(()) };
        // 1317: ended from the second connection
        if server_error(&error).is_none_or(|(number, _)| number != 1205 && !(ended && number == 1317)) {
            return Err(error);
        }
        let by = describe(&seen);
        if attempt == last {
            patience.in_the_way = Some(format!("gave up after {}: {by}", count(last as usize, "attempt")));
            return Err(error);
        }
        on_event(Event::Blocked { by, attempt, of: last });
        tokio::time::sleep(pause(attempt)).await;
    }
}

/// Runs one statement; rows that it returns are read and dropped. The driver lets a text hold several statements; should one
/// slip through the splitter, the run stops, and nobody calls it done.
pub async fn execute(conn: &mut MySqlConnection, text: &str) -> Result<(), sqlx::Error> {
    // the caller's own text, or made of quoted names
    let mut results = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(conn);
    let mut statements = 0;
    while let Some(result) = results.try_next().await? {
        statements += usize::from(result.is_left());
    }
    // CALL ends with a result of its own behind those of its SELECTs
    let calls = text.trim_start().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("call"));
    if statements > 1 && !calls {
        let reason = format!(
            "the server read {statements} statements where caredb read one; end each with its delimiter, and look at what has run"
        );
        return Err(sqlx::Error::Configuration(reason.into()));
    }
    Ok(())
}

/// Whether error 1205 means that nothing was changed: atomic DDL is done or is not (MySQL manual, "Atomic Data
/// Definition Statement Support"); CALL may have done a part.
fn is_atomic(text: &str) -> bool {
    let first = tokens(text).unwrap_or_default().into_iter().find_map(|token| match token {
        // the version of `/*!50003 CREATE`
        Token::Word(word) if !word.starts_with(|c: char| c.is_ascii_digit()) => Some(word.to_ascii_uppercase()),
        _ => None,
    });
    // LOCK TABLES takes all its locks or none
    matches!(first.as_deref(), Some("CREATE" | "ALTER" | "DROP" | "RENAME" | "TRUNCATE" | "LOCK"))
}

/// While the statement runs, asks on a second connection whom it waits for and how far it is; `seen` keeps what it
/// waited for last. Ends it where its waits add up to more than they may, and says so in `ended`. Never ends itself;
/// without a second connection it only tells the time.
async fn look_on(
    patience: &Patience,
    place: &str,
    seen: &mut Result<Vec<Held>, DbError>,
    ended: &mut bool,
    on_event: &mut impl FnMut(Event),
) -> Infallible {
    let begun = Instant::now();
    let pause = if patience.all_waits.is_some() { LOOK / 4 } else { LOOK };
    tokio::time::sleep(pause).await;
    let mut other = patience.target.options(true).connect().await;
    let (mut looked, mut waited) = (begun, Duration::ZERO);
    loop {
        let mut percent = None;
        if let (Ok(other), Some(limit)) = (&mut other, patience.all_waits)
            && waits_for_metadata(other, patience.connection).await
        {
            waited += looked.elapsed();
            if waited >= limit {
                *ended |= end(other, patience.connection).await;
            }
        }
        looked = Instant::now();
        match &mut other {
            Ok(other) => {
                match blocking(other, patience.connection).await {
                    Ok(none) if none.is_empty() => {}
                    found => *seen = found,
                }
                if patience.progress {
                    percent = progress::read(other, patience.connection).await.ok().flatten();
                }
            }
            Err(error) => *seen = Err(DbError::new("no second connection", error)),
        }
        let elapsed = begun.elapsed();
        if patience.progress && elapsed >= LONG {
            let left_s = percent.and_then(|percent| progress::left_s(elapsed, percent));
            on_event(Event::Progress { place: place.to_owned(), elapsed_s: elapsed.as_secs(), percent, left_s });
        }
        tokio::time::sleep(pause).await;
    }
}

// see `lock.rs` for why it is not that of information_schema
const STATE: &str = "SELECT STATE FROM performance_schema.processlist WHERE ID = ?";

/// Whether a connection of this account waits for a metadata lock; false where that can't be asked.
async fn waits_for_metadata(conn: &mut MySqlConnection, connection: u64) -> bool {
    let state = sqlx::query(STATE).bind(connection).fetch_optional(conn).await.ok().flatten();
    let state: Option<String> = state.and_then(|row| row.try_get_unchecked(0).ok().flatten());
    state.is_some_and(|state| state.starts_with("Waiting for") && state.ends_with("metadata lock"))
}

/// Ends the statement of a connection of this account; true where the server took the order.
async fn end(conn: &mut MySqlConnection, connection: u64) -> bool {
    sqlx::raw_sql(AssertSqlSafe(format!("KILL QUERY {connection}"))).execute(conn).await.is_ok()
}

fn describe(seen: &Result<Vec<Held>, DbError>) -> String {
    let held = match seen {
        Ok(held) => held.iter().max_by_key(|held| held.by.seconds),
        Err(error) => return format!("who is in the way is unknown ({error})"),
    };
    match held {
        Some(Held { table, by }) => {
            format!("table `{table}` is held by {by}; wait until it ends, or end it with `KILL {}`", by.connection)
        }
        None => "who was in the way is unknown".to_owned(),
    }
}

/// How long to step aside: doubled with each try up to 8 s, and never the same for two runs, lest they meet again.
fn pause(tried: u32) -> Duration {
    let least = FIRST_PAUSE * 2u32.saturating_pow(tried - 1).min(16);
    let thousandths = RandomState::new().hash_one(tried) % 1000;
    least + least * u32::try_from(thousandths).unwrap_or(0) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_atomic_is_tried_again() {
        for (sql, atomic) in [
            ("ALTER TABLE t ADD a INT", true),
            ("/* x */ drop table t", true),
            ("/*!50003 CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1 */", true),
            ("LOCK TABLES t WRITE", true),
            ("CALL p()", false),
            ("OPTIMIZE TABLE t", false),
            ("SET @a = 'ALTER'", false),
        ] {
            assert_eq!(is_atomic(sql), atomic, "{sql}");
        }
    }

    #[test]
    fn pauses_double_and_stay_short() {
        for (tried, least_ms) in [(1, 500), (2, 1000), (3, 2000), (40, 8000)] {
            let pause = pause(tried).as_millis();
            assert!((least_ms..2 * least_ms).contains(&pause), "{tried}: {pause}");
        }
    }
}
