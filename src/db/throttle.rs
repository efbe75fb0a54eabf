//! Keeps a job that works in batches out of the way of others: between two batches it asks here, and waits while a replica
//! is behind, the server is busy, it is not the time, or somebody said so.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::NaiveTime;
use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use super::connect::{ConnectError, connect_server};
use super::error::DbError;
use super::primary;
use super::stop::Stop;
use super::target::Target;
use crate::output::Event;

pub mod judge;

use judge::{Cause, Window};

/// How often to look while paused.
const PAUSE: Duration = Duration::from_secs(1);
/// How long what was observed is good while work goes on: batches are shorter than what they could do to a replica.
const GOOD_FOR: Duration = Duration::from_millis(500);
/// How many transactions may wait at a member of a replication group. By default, the group itself slows all writers down
/// from 25,000 on (`group_replication_flow_control_applier_threshold`); a job goes first.
const GROUP_QUEUE: u64 = 5000;

// a year, since nothing is asked while the file that pauses is there
const SESSION: &str = "SET SESSION wait_timeout = 31536000";

/// What a job waits for, and how long it may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Replicas that must keep up.
    pub replicas: Vec<Target>,
    /// How far behind they may be, in seconds.
    pub max_lag_s: u64,
    /// How many threads the server may run.
    pub max_threads_running: u64,
    /// While this file exists, nothing is done.
    pub pause_file: Option<PathBuf>,
    /// The hours in which work is done, by the server's clock.
    pub window: Option<Window>,
    /// How long the run may take in all.
    pub max_runtime: Option<Duration>,
}

/// Asked between batches.
pub struct Throttle {
    settings: Settings,
    primary: MySqlConnection,
    in_group: bool,
    replicas: Vec<Replica>,
    stop: Stop,
    begun: Instant,
    observed: Option<Instant>,
}

struct Replica {
    target: Target,
    conn: Option<MySqlConnection>,
}

impl Throttle {
    /// Opens a connection of its own to the server of `target`; those to replicas follow when they are first asked.
    /// `stop`: what ends a pause early, see [`Throttle::is_over`].
    pub async fn open(target: &Target, settings: Settings, stop: Stop) -> Result<Self, ConnectError> {
        let mut primary = connect_server(target).await?.conn;
        let failed = |error| DbError::new("could not prepare the session that asks whether to pause", &error);
        sqlx::raw_sql(SESSION).execute(&mut primary).await.map_err(failed)?;
        let in_group = primary::standing(&mut primary).await?.group.is_some();
        let replica = |target: &Target| Replica { target: target.clone(), conn: None };
        let replicas = settings.replicas.iter().map(replica).collect();
        Ok(Self { settings, primary, in_group, replicas, stop, begun: Instant::now(), observed: None })
    }

    /// Whether the job is to end after its batch: its time is over, or somebody interrupted it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_interrupted() || self.settings.max_runtime.is_some_and(|most| self.begun.elapsed() >= most)
    }

    /// Whether somebody interrupted it.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.stop.is_set()
    }

    /// Waits as long as there is a cause to, or until the job [is over](Throttle::is_over); `on_event` hears of each cause
    /// once, and of its end. Call it with no transaction open. Errors: what can't be observed, for which no waiting helps.
    pub async fn wait(&mut self, on_event: &mut impl FnMut(Event)) -> Result<(), DbError> {
        if self.observed.is_some_and(|observed| observed.elapsed() < GOOD_FOR) {
            return Ok(());
        }
        let begun = Instant::now();
        let mut told: Option<Cause> = None;
        while !self.is_over() {
            let cause = self.observe().await?;
            self.observed = Some(Instant::now());
            match (cause, &told) {
                (None, None) => break,
                (None, Some(_)) => {
                    on_event(Event::Resumed { paused_s: begun.elapsed().as_secs() });
                    break;
                }
                (Some(cause), Some(told)) if cause.is_still(told) => {}
                (Some(cause), _) => {
                    on_event(Event::Throttled { cause: cause.clone() });
                    told = Some(cause);
                }
            }
            self.pause().await;
        }
        Ok(())
    }

    /// A second, or less where the job is over before.
    async fn pause(&self) {
        let left = self.settings.max_runtime.map(|most| most.saturating_sub(self.begun.elapsed()));
        let pause = left.map_or(PAUSE, |left| left.min(PAUSE));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.stop.wait() => {}
        }
    }

    /// The first cause that there is.
    async fn observe(&mut self) -> Result<Option<Cause>, DbError> {
        if let Some(file) = &self.settings.pause_file
            && let Some(cause) = judge::pause_file(file, file.exists())
        {
            return Ok(Some(cause));
        }
        let (running, now) = load(&mut self.primary).await?;
        let outside = self.settings.window.and_then(|window| judge::window(now, window));
        if let Some(cause) = outside.or_else(|| judge::threads_running(running, self.settings.max_threads_running)) {
            return Ok(Some(cause));
        }
        if self.in_group
            && let Some(cause) = judge::group_queue(&group_queues(&mut self.primary).await?, GROUP_QUEUE)
        {
            return Ok(Some(cause));
        }
        for replica in &mut self.replicas {
            if let Some(cause) = replica.judge(self.settings.max_lag_s).await? {
                return Ok(Some(cause));
            }
        }
        Ok(None)
    }
}

const REPLICA_STATUS: &str = "SHOW REPLICA STATUS";

impl Replica {
    /// Connects where that is not done, and judges the lag of each channel.
    async fn judge(&mut self, limit_s: u64) -> Result<Option<Cause>, DbError> {
        let name = self.target.server();
        let unreachable = |reason| Ok(Some(Cause::ReplicaUnreachable { replica: name.clone(), reason }));
        let what = format!("could not ask replica `{name}` how far it is behind");
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => match connect_server(&self.target).await {
                Ok(session) => session.conn,
                Err(error) if error.may_pass() => return unreachable(error.to_string()),
                // nobody would come to see for what a job waits at night
                Err(error) => return Err(error.while_doing(what)),
            },
        };
        let rows = match sqlx::raw_sql(REPLICA_STATUS).fetch_all(&mut conn).await {
            Ok(rows) => rows,
            Err(error) => {
                let error = DbError::new(&what, &error);
                // a server that says no will say so again
                return if error.lost || error.number.is_none() { unreachable(error.reason()) } else { Err(error) };
            }
        };
        if rows.is_empty() {
            let error = DbError::because(what, "it replicates from nobody");
            return Err(error.with_cure("correct `--replica`, or leave it out"));
        }
        let lag = |row| sqlx::mysql::MySqlRow::try_get_unchecked::<Option<u64>, _>(row, "Seconds_Behind_Source");
        let channels: Result<Vec<_>, _> = rows.iter().map(lag).collect();
        let channels = channels.map_err(|error| DbError::new(what, &error))?;
        self.conn = Some(conn);
        Ok(judge::replica(&name, &channels, limit_s))
    }
}

// the session's time zone is the server's; `global_status` asks for no privilege
const LOAD: &str = "
    SELECT CAST(VARIABLE_VALUE AS UNSIGNED), DATE_FORMAT(NOW(), '%H:%i:%s')
    FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Threads_running'";

/// The threads that the server runs, with that of this question, and its time of day.
async fn load(primary: &mut MySqlConnection) -> Result<(u64, NaiveTime), DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not ask the server how busy it is", &error);
    let row = sqlx::raw_sql(LOAD).fetch_one(primary).await.map_err(failed)?;
    let running: u64 = row.try_get_unchecked(0).map_err(failed)?;
    let time: String = row.try_get_unchecked(1).map_err(failed)?;
    let time = time.parse().map_err(|_| failed(sqlx::Error::Protocol(format!("`{time}` is no time"))))?;
    Ok((running, time))
}

const GROUP_QUEUES: &str = "
    SELECT COUNT_TRANSACTIONS_IN_QUEUE, COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE
    FROM performance_schema.replication_group_member_stats";

/// The transactions that wait at each member, for certification and to be applied.
async fn group_queues(primary: &mut MySqlConnection) -> Result<Vec<(u64, u64)>, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not ask how the replication group keeps up", &error);
    let rows = sqlx::raw_sql(GROUP_QUEUES).fetch_all(primary).await.map_err(failed)?;
    let queues: Result<_, sqlx::Error> =
        rows.iter().map(|row| Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?))).collect();
    queues.map_err(failed)
}
