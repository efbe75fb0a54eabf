//! What jobs leave for Prometheus, by way of `node_exporter`'s textfile collector.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::{Event, Exit};

mod file;
mod series;

pub use file::{MetricsError, update};
pub use series::{Family, Labels, Series, labels};

/// A job that ran in this process.
#[derive(Debug, Clone)]
pub struct Ran {
    /// As it is typed: `archive appointments`.
    pub command: &'static str,
    /// How it ended.
    pub exit: Exit,
    /// When it ended, by this machine's clock.
    pub ended: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
    /// Its number in the ledger, where it has one.
    pub run: Option<u64>,
    /// How long it paused, by cause.
    pub paused: BTreeMap<&'static str, Duration>,
}

/// A job that runs.
#[derive(Debug)]
struct Running {
    command: &'static str,
    begun: Instant,
    run: Option<u64>,
    paused: BTreeMap<&'static str, Duration>,
    /// The cause for which it pauses, and since when.
    pausing: Option<(&'static str, Instant)>,
}

impl Running {
    fn go_on(&mut self, now: Instant) {
        if let Some((cause, since)) = self.pausing.take() {
            *self.paused.entry(cause).or_default() += now.duration_since(since);
        }
    }
}

/// The jobs of this process. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Record(Rc<RefCell<Jobs>>);

#[derive(Debug, Default)]
struct Jobs {
    /// The innermost last: those of `cron` run within it.
    running: Vec<Running>,
    ran: Vec<Ran>,
}

impl Record {
    /// A job begins.
    pub fn begin(&self, command: &'static str) {
        let begun = Instant::now();
        let running = Running { command, begun, run: None, paused: BTreeMap::new(), pausing: None };
        self.0.borrow_mut().running.push(running);
    }

    /// It is in the ledger.
    pub fn in_ledger(&self, run: u64) {
        if let Some(running) = self.0.borrow_mut().running.last_mut() {
            running.run = Some(run);
        }
    }

    /// Something happens while it runs.
    pub fn hear(&self, event: &Event, now: Instant) {
        let mut jobs = self.0.borrow_mut();
        let Some(running) = jobs.running.last_mut() else { return };
        match event {
            Event::Throttled { cause } => {
                running.go_on(now);
                running.pausing = Some((cause.name(), now));
            }
            Event::Resumed { .. } => running.go_on(now),
            _ => {}
        }
    }

    /// It ends.
    pub fn end(&self, exit: Exit) {
        let mut jobs = self.0.borrow_mut();
        if let Some(mut running) = jobs.running.pop() {
            running.go_on(Instant::now());
            let Running { command, begun, run, paused, .. } = running;
            jobs.ran.push(Ran { command, exit, ended: Utc::now(), took: begun.elapsed(), run, paused });
        }
    }

    /// All jobs; what still runs was interrupted.
    #[must_use]
    pub fn close(&self) -> Vec<Ran> {
        while !self.0.borrow().running.is_empty() {
            self.end(Exit::Interrupted);
        }
        std::mem::take(&mut self.0.borrow_mut().ran)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::throttle::judge::Cause;

    #[test]
    fn pauses_belong_to_the_job_that_runs_and_to_their_cause() {
        let record = Record::default();
        let begun = Instant::now();
        let hear = |event, after_s| record.hear(&event, begun + Duration::from_secs(after_s));
        let busy = |running| Event::Throttled { cause: Cause::ThreadsRunning { running, limit: 1 } };
        let lag = || Event::Throttled { cause: Cause::ReplicaLag { replica: "r".to_owned(), lag_s: 9, limit_s: 5 } };
        record.begin("cron");
        record.begin("archive appointments");
        record.in_ledger(7);
        hear(busy(3), 1);
        hear(lag(), 4);
        hear(Event::Resumed { paused_s: 5 }, 6);
        hear(busy(9), 10);
        hear(Event::Resumed { paused_s: 1 }, 11);
        record.end(Exit::Done);
        hear(Event::Resumed { paused_s: 1 }, 100);
        record.begin("purge notifications");
        let ran = record.close();
        let told: Vec<_> = ran.iter().map(|ran| (ran.command, ran.exit, ran.run)).collect();
        assert_eq!(
            told,
            [
                ("archive appointments", Exit::Done, Some(7)),
                ("purge notifications", Exit::Interrupted, None),
                ("cron", Exit::Interrupted, None)
            ]
        );
        let seconds = |seconds| Duration::from_secs(seconds);
        assert_eq!(ran[0].paused, BTreeMap::from([("replica_lag", seconds(2)), ("threads_running", seconds(4))]));
        assert!(ran[1].paused.is_empty() && ran[2].paused.is_empty() && record.close().is_empty());
    }
}
