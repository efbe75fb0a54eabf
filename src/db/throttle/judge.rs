//! What lets a job pause: pure functions over what was observed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveTime;
use serde::Serialize;

/// Why a job pauses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// It is not the time for it.
    Window {
        /// What time it is at the server.
        now: NaiveTime,
        /// When it may work.
        window: Window,
    },
    /// Somebody made the file that stops it.
    PauseFile {
        /// The file.
        file: PathBuf,
    },
    /// The server has much to do.
    ThreadsRunning {
        /// The threads that run.
        running: u64,
        /// How many may.
        limit: u64,
    },
    /// A member of the replication group does not keep up.
    GroupQueue {
        /// The transactions that wait at it.
        queued: u64,
        /// How many may.
        limit: u64,
    },
    /// A replica does not keep up.
    ReplicaLag {
        /// The replica's host and port.
        replica: String,
        /// How far it is behind, in seconds.
        lag_s: u64,
        /// How far it may be.
        limit_s: u64,
    },
    /// A replica replicates nothing.
    ReplicaStopped {
        /// The replica's host and port.
        replica: String,
    },
    /// Nobody knows how far a replica is.
    ReplicaUnreachable {
        /// The replica's host and port.
        replica: String,
        /// Why.
        reason: String,
    },
}

impl Cause {
    /// The names of all causes.
    pub const NAMES: [&str; 7] = [
        "window",
        "pause_file",
        "threads_running",
        "group_queue",
        "replica_lag",
        "replica_stopped",
        "replica_unreachable",
    ];

    /// Its name, as JSON has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let [window, pause_file, threads_running, group_queue, lag, stopped, unreachable] = Self::NAMES;
        match self {
            Self::Window { .. } => window,
            Self::PauseFile { .. } => pause_file,
            Self::ThreadsRunning { .. } => threads_running,
            Self::GroupQueue { .. } => group_queue,
            Self::ReplicaLag { .. } => lag,
            Self::ReplicaStopped { .. } => stopped,
            Self::ReplicaUnreachable { .. } => unreachable,
        }
    }

    /// Whether it is the same cause, though its numbers may have changed.
    #[must_use]
    pub fn is_still(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.replica() == other.replica()
    }

    fn replica(&self) -> Option<&str> {
        match self {
            Self::ReplicaLag { replica, .. }
            | Self::ReplicaStopped { replica }
            | Self::ReplicaUnreachable { replica, .. } => Some(replica),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window { now, window } => {
                write!(f, "it is {} at the server, outside the window `{window}`", now.format("%H:%M"))
            }
            Self::PauseFile { file } => write!(f, "`{}` is there; remove it to go on", file.display()),
            Self::ThreadsRunning { running, limit } => write!(f, "the server runs {running} threads (limit {limit})"),
            Self::GroupQueue { queued, limit } => {
                write!(f, "a member of the replication group has {queued} transactions waiting (limit {limit})")
            }
            Self::ReplicaLag { replica, lag_s, limit_s } => {
                write!(f, "replica `{replica}` is {lag_s} s behind (limit {limit_s} s)")
            }
            Self::ReplicaStopped { replica } => {
                write!(f, "replication is stopped at replica `{replica}`; start it there by `START REPLICA`")
            }
            Self::ReplicaUnreachable { replica, reason } => {
                write!(f, "how far replica `{replica}` is behind can't be asked: {reason}")
            }
        }
    }
}

/// The hours in which a job may work, by the server's clock; it may pass midnight. Written, and displayed, as `01:00-05:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Window {
    from: NaiveTime,
    to: NaiveTime,
}

impl Window {
    fn contains(self, time: NaiveTime) -> bool {
        if self.from < self.to { (self.from..self.to).contains(&time) } else { !(self.to..self.from).contains(&time) }
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
        let window = text.split_once('-').and_then(|(from, to)| Some(Self { from: time(from)?, to: time(to)? }));
        match window {
            Some(window) if window.from == window.to => Err("it ends when it begins".to_owned()),
            Some(window) => Ok(window),
            None => Err("write it as `HH:MM-HH:MM`, such as `01:00-05:00`".to_owned()),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.format("%H:%M"), self.to.format("%H:%M"))
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

/// Reads how long a run may take: `90s`, `30m`, `2h`.
pub fn runtime(text: &str) -> Result<Duration, String> {
    let wrong = || "write it as `90s`, `30m` or `2h`".to_owned();
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let unit_s: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    match number.checked_mul(unit_s) {
        Some(0) => Err("a run needs more time than that; the least is `1s`".to_owned()),
        // an instant beyond it may not be told
        Some(s) if s <= 366 * 24 * 3600 => Ok(Duration::from_secs(s)),
        _ => Err("that is longer than a year; leave it out for no limit".to_owned()),
    }
}

/// Whether it is outside the hours.
#[must_use]
pub fn window(now: NaiveTime, window: Window) -> Option<Cause> {
    (!window.contains(now)).then_some(Cause::Window { now, window })
}

/// Whether the file that pauses is there.
#[must_use]
pub fn pause_file(file: &Path, exists: bool) -> Option<Cause> {
    exists.then(|| Cause::PauseFile { file: file.to_owned() })
}

/// Whether the server runs more threads than it may.
#[must_use]
pub fn threads_running(running: u64, limit: u64) -> Option<Cause> {
    (running > limit).then_some(Cause::ThreadsRunning { running, limit })
}

/// Whether more transactions wait at a member of the group than may. `queues`: of each member, for certification and to be
/// applied.
#[must_use]
pub fn group_queue(queues: &[(u64, u64)], limit: u64) -> Option<Cause> {
    let longest = queues.iter().map(|(certify, apply)| *certify.max(apply)).max()?;
    (longest > limit).then_some(Cause::GroupQueue { queued: longest, limit })
}

/// Whether a replica is further behind than it may be. `channels`: the lag of each in seconds, none where it is stopped.
#[must_use]
pub fn replica(replica: &str, channels: &[Option<u64>], limit_s: u64) -> Option<Cause> {
    let replica = || replica.to_owned();
    if channels.contains(&None) {
        return Some(Cause::ReplicaStopped { replica: replica() });
    }
    let lag_s = channels.iter().flatten().copied().max()?;
    (lag_s > limit_s).then(|| Cause::ReplicaLag { replica: replica(), lag_s, limit_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cause: Option<Cause>) -> Option<String> {
        cause.map(|cause| cause.to_string())
    }

    #[test]
    fn windows_may_pass_midnight() {
        for (hours, inside, outside) in [
            ("01:00-05:00", ["01:00", "04:59"], ["00:59", "05:00"]),
            ("22:30-04:00", ["22:30", "03:59"], ["04:00", "22:29"]),
            ("22:00-00:00", ["22:00", "23:59"], ["00:00", "21:59"]),
        ] {
            let hours: Window = hours.parse().unwrap();
            let judged = |time: &str| window(NaiveTime::parse_from_str(time, "%H:%M").unwrap(), hours);
            assert!(inside.iter().all(|time| judged(time).is_none()), "{hours}");
            assert!(outside.iter().all(|time| judged(time).is_some()), "{hours}");
        }
        let cause = window(NaiveTime::MIN, "01:00-05:00".parse().unwrap());
        assert_eq!(shown(cause).unwrap(), "it is 00:00 at the server, outside the window `01:00-05:00`");
        assert_eq!("05:00-05:00".parse::<Window>().unwrap_err(), "it ends when it begins");
        for text in ["", "1-5", "01:00", "01:00-25:00", "01:00-05:00-06:00"] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_run_has_a_length() {
        for (text, s) in [("90s", 90), ("30m", 1800), ("2h", 7200)] {
            assert_eq!(runtime(text), Ok(Duration::from_secs(s)), "{text}");
        }
        for text in ["", "30", "m", "30 m", "-1h", "2d", "0s", "99999999999999999999s", "9999999999h"] {
            assert!(runtime(text).is_err(), "{text}");
        }
    }

    #[test]
    fn more_than_the_limit_pauses() {
        assert_eq!(shown(threads_running(50, 50)), None);
        assert_eq!(shown(threads_running(51, 50)).unwrap(), "the server runs 51 threads (limit 50)");
        assert_eq!(shown(group_queue(&[], 10)), None);
        assert_eq!(shown(group_queue(&[(10, 10)], 10)), None);
        for queues in [[(0, 0), (11, 3)], [(0, 11), (1, 1)]] {
            let cause = "a member of the replication group has 11 transactions waiting (limit 10)";
            assert_eq!(shown(group_queue(&queues, 10)).unwrap(), cause);
        }
        assert_eq!(shown(pause_file(Path::new("/p"), true)).unwrap(), "`/p` is there; remove it to go on");
        assert_eq!(shown(pause_file(Path::new("/p"), false)), None);
    }

    #[test]
    fn a_replica_holds_by_its_worst_channel() {
        for (channels, cause) in [
            (&[Some(5)][..], None),
            (&[Some(0), Some(12)], Some("replica `host:3307` is 12 s behind (limit 5 s)")),
            (
                &[Some(99), None],
                Some("replication is stopped at replica `host:3307`; start it there by `START REPLICA`"),
            ),
        ] {
            assert_eq!(shown(replica("host:3307", channels, 5)).as_deref(), cause, "{channels:?}");
        }
    }

    #[test]
    fn a_cause_is_the_same_with_other_numbers() {
        let lag = |name: &str, lag_s| replica(name, &[Some(lag_s)], 5).unwrap();
        assert!(lag("a", 12).is_still(&lag("a", 13)));
        assert!(!lag("a", 12).is_still(&lag("b", 12)));
        assert!(!lag("a", 12).is_still(&threads_running(2, 1).unwrap()));
    }
}
