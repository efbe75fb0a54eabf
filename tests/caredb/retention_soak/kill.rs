//! A running job, and its end or the server's.

use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::jobs::Job;
use super::{Clinic, DATABASE};
use crate::support::wait_for;

/// What is killed, and when.
#[derive(Debug, Clone, Copy)]
pub enum Blow {
    Caredb(Duration),
    /// caredb, at one of its points: some steps are so short that no moment meets them.
    AtPoint(u64),
    Server(Duration),
}

impl Clinic {
    /// Runs caredb, and kills it or the server. True: it was running.
    pub fn kill(&mut self, job: &Job, blow: Blow, case: &str) -> bool {
        let log = self.victim.folder.join("stderr");
        let mut command = self.victim.caredb(DATABASE, &job.arguments);
        if let Blow::AtPoint(number) = blow {
            command.env("CAREDB_CRASH_AT", number.to_string());
        }
        let mut run = command.stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
        if let Blow::Caredb(moment) | Blow::Server(moment) = blow {
            std::thread::sleep(moment); // the moment is the case, not a wait for something
        }
        let is_running = matches!(blow, Blow::AtPoint(_)) || run.try_wait().unwrap().is_none();
        match blow {
            Blow::Caredb(_) if is_running => run.kill().unwrap(), // SIGKILL
            Blow::Server(_) if is_running => {
                self.shared.kills.fetch_add(1, Ordering::SeqCst);
                self.victim.kill();
                self.victim.restart();
                self.shared.kills.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
        let status = end(&mut run);
        let told = || std::fs::read_to_string(&log).unwrap();
        let is_hit = is_running && !status.success();
        let code = matches!(blow, Blow::Server(_)).then_some(2);
        assert!(status.success() || is_hit && status.code() == code, "{case}: {status}, {}", told());
        // what the killed caredb has sent may still be at work
        let sessions =
            "SELECT COUNT(*) FROM performance_schema.processlist WHERE user = 'root' AND id <> CONNECTION_ID()";
        wait_for("the sessions of the killed caredb to end", || self.rows(sessions) == ["0"]);
        is_hit
    }
}

fn end(run: &mut Child) -> ExitStatus {
    let mut status = None;
    wait_for("caredb to end", || {
        status = run.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap()
}
