//! The nights: one job after the other, some of them hit, and what each may say.

use std::collections::BTreeMap;
use std::process::{Command, ExitStatus};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{Datelike as _, Months};
use regex::Regex;

use super::change::{CHANGES, Change};
use super::kill::{Blow, Kills};
use super::reckoning::Reckoning;
use super::{DATABASE, Shared};
use crate::fault::{Moments, Victim};
use crate::support::{command, wait_for};

/// Of caredb's points, those that kills are dealt to.
const POINTS: u64 = 40;
/// Between two deaths of the server, so that there is work to lose; a share of the run.
const SERVER_EVERY: u32 = 20;
/// Exit codes that the README knows, but for 130: nobody interrupts here.
const EXITS: [i32; 5] = [0, 1, 2, 3, 4];

const EXCHANGE: &str = "archive appointments --method exchange --with-dependents";

/// How often each job comes, of all. `<month>`: one of the archive; `<old>`: an old appointment; `<hold>`: one that is in force.
const JOBS: [(u64, &str); 20] = [
    (10, "cron"),
    (2, "archive appointments --method rows --with-dependents"),
    (2, "archive appointments --batch-ms 20"),
    (3, "archive restore --month <month>"),
    (2, EXCHANGE),
    (2, "purge notifications"),
    (2, "purge notifications --batch-ms 20"),
    (2, "compress medical-records"),
    (1, "compress medical-records --decompress"),
    (2, "purge archive"),
    (2, "partition ensure --ahead 6"),
    (2, "hold add --appointment <old> --reason soak"),
    (1, "hold release <hold> --reason over"),
    (2, "partition check"),
    (1, "archive verify"),
    (1, "runs verify"),
    (1, "drift"),
    (1, "status"),
    (1, "validate"),
    (1, "migrate"),
];

/// How often a job of a kind ran, was hit, and was hit so that it did not come to its end.
#[derive(Debug, Default)]
pub struct Times {
    pub ran: u32,
    pub killed: u32,
    pub gave_up: u32,
}

pub struct Night<'a> {
    pub victim: Victim,
    shared: &'a Shared,
    pub reckoning: Reckoning,
    moments: Moments,
    pub kills: Kills,
    pub months: u32,
    pub jobs: BTreeMap<String, Times>,
    /// What was said by jobs that were hit, numbers left out, and how often.
    pub said: BTreeMap<String, u32>,
    pub wrong: Vec<String>,
    /// How long a kind of job takes that nobody hits.
    took: BTreeMap<String, Duration>,
    server_killed: Instant,
    /// A job that comes next, whatever the chance.
    next: Option<String>,
}

impl<'a> Night<'a> {
    pub fn new(victim: Victim, shared: &'a Shared, reckoning: Reckoning, seed: u64) -> Self {
        Self {
            victim,
            shared,
            reckoning,
            moments: Moments(seed),
            kills: Kills::default(),
            months: 0,
            jobs: BTreeMap::new(),
            said: BTreeMap::new(),
            wrong: Vec::new(),
            took: BTreeMap::new(),
            server_killed: Instant::now(),
            next: None,
        }
    }

    /// All of the two years.
    pub fn all(&mut self) {
        let mut changes = CHANGES.to_vec();
        // on a busy machine a change may come late
        while !self.shared.clock.is_over() || !changes.is_empty() {
            let month = self.shared.clock.month();
            if month > self.months {
                eprintln!("{} {:?}", self.shared.clock.today(), self.kills);
            }
            self.months = month;
            if let Some(&(month, change)) = changes.first()
                && self.months >= month
            {
                changes.remove(0);
                self.change(change);
            }
            let chosen = self.next.take().or_else(|| self.choose());
            let Some(job) = chosen else { continue };
            let blow = self.blow(&job);
            let is_hit = self.run(&job, &[0], blow);
            if job.starts_with("archive restore") && !is_hit {
                // the month is whole again, until the next night takes it row by row
                self.next = Some(self.exchange());
            }
        }
        self.months = self.shared.clock.month();
    }

    /// An exchange of all months that are a year old.
    fn exchange(&self) -> String {
        let today = self.shared.clock.today();
        let first = (today - Months::new(12)).with_day(1).unwrap();
        format!("{EXCHANGE} --older-than {}d", (today - first).num_days())
    }

    /// A job, with its arguments; none where there is nothing for it.
    fn choose(&mut self) -> Option<String> {
        let mut which = self.moments.next(JOBS.iter().map(|(often, _)| often).sum());
        let (_, job) = JOBS.iter().find(|(often, _)| {
            let is_it = which < *often;
            which = which.saturating_sub(*often);
            is_it
        })?;
        let random = self.moments.next(1000);
        let today = self.shared.clock.today();
        let old = today - Months::new(11);
        let one = |sql: String| self.rows(&sql).pop();
        let fill = [
            (
                "<month>",
                format!(
                    "SELECT DISTINCT DATE_FORMAT(appointment_date, '%Y-%m') FROM appointments_archive ORDER BY RAND({random}) LIMIT 1"
                ),
            ),
            (
                "<old>",
                format!(
                    "SELECT id FROM appointment_keys WHERE appointment_date < '{old}' ORDER BY RAND({random}) LIMIT 1"
                ),
            ),
            (
                "<hold>",
                format!("SELECT id FROM caredb_holds WHERE released_at IS NULL ORDER BY RAND({random}) LIMIT 1"),
            ),
        ];
        let mut job = if *job == EXCHANGE { self.exchange() } else { (*job).to_owned() };
        for (word, sql) in fill {
            if job.contains(word) {
                job = job.replace(word, &one(sql)?);
            }
        }
        Some(job)
    }

    fn blow(&mut self, job: &str) -> Option<Blow> {
        let took = self.took.get(&kind(job)).copied().unwrap_or(Duration::from_millis(400));
        let moment = Duration::from_millis(self.moments.next(u64::try_from(took.as_millis()).unwrap().max(1)));
        let (of_ten, point) = (self.moments.next(10), 1 + self.moments.next(POINTS));
        if self.server_killed.elapsed() > self.shared.clock.length / SERVER_EVERY && of_ten < 5 {
            return Some(Blow::Server(moment));
        }
        match of_ten {
            0..3 => Some(Blow::Caredb(moment)),
            3..5 => Some(Blow::AtPoint(point)),
            _ => None,
        }
    }

    /// A migration, or the import, killed some times, until it is done.
    fn change(&mut self, change: Change) {
        change.arrive(&self.victim.folder);
        let mut is_hit = true;
        for round in 0..8 {
            let (job, exits): (_, &[i32]) = match change {
                Change::Import => {
                    let open = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'caredb_import_runs'";
                    let is_open = self.rows(open) == ["1"]
                        && self.rows("SELECT COUNT(*) FROM caredb_import_runs WHERE ended_at IS NULL") != ["0"];
                    // some rows of the sample are wrong
                    (
                        if is_open {
                            "import resume mapping.toml --max-errors 5%"
                        } else {
                            "import run mapping.toml --max-errors 5%"
                        },
                        &[1],
                    )
                }
                _ => ("migrate", &[0]),
            };
            let blow = match round {
                0..2 => Some(Blow::Caredb(Duration::from_millis(200 + self.moments.next(1200)))),
                2 => Some(Blow::Server(Duration::from_millis(100 + self.moments.next(800)))),
                3 => Some(Blow::AtPoint(1 + self.moments.next(8))),
                _ => None,
            };
            is_hit = self.run(job, exits, blow);
            if !is_hit && round > 3 {
                break;
            }
        }
        if is_hit {
            self.wrong.push(format!("{change:?} did not come to its end in eight runs"));
        }
        if change == Change::Import {
            self.reckoning.add(&self.victim);
        }
    }

    pub fn rows(&self, sql: &str) -> Vec<String> {
        self.victim.rows(&format!("USE {DATABASE}; {sql}"))
    }

    fn caredb(&self, job: &str) -> Command {
        let mut caredb = command(&self.victim.folder);
        let url = format!("mysql://caredb@localhost/{DATABASE}?socket={}", self.shared.socket.display());
        // so that what is kept of drift goes with the test
        caredb.env("XDG_CACHE_HOME", self.victim.folder.join("cache"));
        caredb.args(job.split_whitespace()).args(["--quiet", "--url", &url]);
        caredb
    }

    /// All who connect get the clinic's time, also after the server's death.
    fn set_clock(&mut self) {
        let set = self.shared.clock.set();
        self.victim.rows(&format!("SET GLOBAL init_connect = '{set}'"));
        *self.victim.options.last_mut().unwrap() = format!("--init-connect={set}");
    }

    /// Runs a job, and kills it, or the server, where that is said. True: it was hit. What it says is judged.
    fn run(&mut self, job: &str, exits: &[i32], blow: Option<Blow>) -> bool {
        self.set_clock();
        let log = self.victim.folder.join("said");
        let file = std::fs::File::create(&log).unwrap();
        let mut caredb = self.caredb(job);
        if let Some(Blow::AtPoint(number)) = blow {
            caredb.env("CAREDB_CRASH_AT", number.to_string());
        }
        let (begun, cut) = (Instant::now(), self.shared.cut.load(Ordering::SeqCst));
        let mut run = caredb.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        if let Some(Blow::Caredb(moment) | Blow::Server(moment)) = blow {
            std::thread::sleep(moment); // the moment is the case, not a wait for something
        }
        let is_running = run.try_wait().unwrap().is_none();
        let mut is_server = false;
        match blow {
            Some(Blow::Caredb(_)) if is_running => run.kill().unwrap(), // SIGKILL
            Some(Blow::Server(_)) => {
                self.shared.server.fetch_add(1, Ordering::SeqCst);
                self.victim.kill();
                self.victim.restart();
                self.shared.server.fetch_add(1, Ordering::SeqCst);
                self.kills.server += 1;
                self.server_killed = Instant::now();
                is_server = is_running;
            }
            _ => {}
        }
        let mut status = None;
        wait_for(&format!("`{job}` to end"), || {
            status = run.try_wait().unwrap();
            status.is_some()
        });
        let took = begun.elapsed();
        // what a killed caredb has sent may still be at work
        let sessions = "SELECT COUNT(*) FROM performance_schema.processlist WHERE user = 'caredb'";
        wait_for("the sessions of caredb to end", || self.rows(sessions) == ["0"]);
        let is_cut = self.shared.cut.load(Ordering::SeqCst) != cut;
        self.judge(job, exits, blow, status.unwrap(), is_server || is_cut, took)
    }

    fn judge(
        &mut self,
        job: &str,
        exits: &[i32],
        blow: Option<Blow>,
        status: ExitStatus,
        may_fail: bool,
        took: Duration,
    ) -> bool {
        let text = std::fs::read_to_string(self.victim.folder.join("said")).unwrap();
        let times = self.jobs.entry(kind(job)).or_default();
        times.ran += 1;
        let mut wrong = |what: &str| {
            self.wrong.push(format!("`{job}` at {}, {blow:?}, {status}: {what}\n{text}", self.shared.clock.now()));
        };
        let Some(code) = status.code() else {
            match blow {
                Some(Blow::Caredb(_)) => self.kills.caredb += 1,
                Some(Blow::AtPoint(_)) => self.kills.caredb_at_points += 1,
                _ => wrong("killed by nobody"),
            }
            times.killed += 1;
            return true;
        };
        if text.contains("panicked") {
            wrong("a panic");
        }
        if ["expected to read", "broken pipe", "reset by peer", "communicating"]
            .iter()
            .any(|words| text.contains(words))
        {
            wrong("words of the driver");
        }
        // a killed exchange waits for the next `archive appointments`
        let is_on_its_way = text.matches("problem  ").count() == 1 && text.contains("between two exchanges");
        if exits.contains(&code) || job == "archive verify" && is_on_its_way {
            if blow.is_none() && !may_fail {
                self.took.insert(kind(job), took);
            }
            return false;
        }
        if !may_fail {
            wrong("fails, though nothing was killed");
        } else if !EXITS.contains(&code) {
            wrong("an exit code that nobody knows");
        } else if !job.starts_with("cron") && text.matches("error: ").count() != 1 {
            wrong("not one line of what went wrong");
        }
        times.gave_up += 1;
        let numbers = Regex::new(r"\d+|`p_\d+_\d+`|v\d-\d+").unwrap();
        for line in text.lines().filter(|line| line.contains("error")) {
            *self.said.entry(numbers.replace_all(line, "…").into_owned()).or_default() += 1;
        }
        true
    }

    /// What must be in the end, with nobody about.
    pub fn last(&mut self) {
        for job in [
            "migrate",
            "cron",
            "partition check",
            "archive verify",
            "runs verify",
            "validate",
            "drift",
            "status",
            "info",
            "archive appointments --method rows --with-dependents",
            "archive verify",
            "runs verify",
            "import verify mapping.toml",
        ] {
            let exits: &[i32] = if job.starts_with("import") { &[0, 1] } else { &[0] };
            self.run(job, exits, None);
        }
    }

    /// How many EXCHANGE statements the server has done; a month takes three.
    pub fn exchanges(&self) -> usize {
        let logs = self.rows("SHOW BINARY LOGS");
        let count = |log: &String| {
            let log = self.victim.folder.join("data").join(log.split('|').next().unwrap());
            memchr::memmem::find_iter(&std::fs::read(log).unwrap(), "EXCHANGE PARTITION").count()
        };
        logs.iter().map(count).sum()
    }

    /// What the ledger tells of the two years.
    pub fn ledger(&self) -> String {
        let parts = self.rows(
            "SELECT CONCAT(action, ' ', SUM(row_count), ' rows in ', COUNT(DISTINCT run_id), ' runs') FROM caredb_run_parts GROUP BY action ORDER BY action",
        );
        let runs = self
            .rows("SELECT CONCAT(COUNT(*), ' runs, ', SUM(outcome = 'interrupted'), ' interrupted') FROM caredb_runs");
        [runs, parts].concat().join("\n")
    }
}

/// A job without what is particular to one of its runs.
fn kind(job: &str) -> String {
    let is_general = |word: &&str| {
        !["--month", "--appointment", "--older-than"].contains(word)
            && !word.starts_with(|first: char| first.is_ascii_digit())
    };
    job.split(' ').take_while(is_general).collect::<Vec<_>>().join(" ")
}
