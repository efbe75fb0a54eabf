//! `archive` under fire: caredb killed at each of its points, the server at random moments, Ctrl-C. No row is lost or doubled at any
//! moment, and the same command run again comes to where an undisturbed run comes. `dev/test` runs a share of it,
//! `dev/test --full` all.

use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};

use crate::fault::{Moments, Victim, is_full};
use crate::retention_archive::{MONTHS, TODAY, appointments, assert_keys, clinic, everything, shown, whole};
use crate::support::{PEOPLE, block_on, rows, show, wait_for};

const RESTORE: &str = "archive restore --all";

fn archive(method: &str) -> String {
    format!("archive appointments --method {method} --with-dependents {TODAY}")
}

/// A database on a server that can be killed.
struct Case {
    victim: Victim,
    /// What was in the live tables before anything was archived.
    before: Vec<String>,
}

const DATABASE: &str = "clinic";

impl Case {
    fn new(name: &str, rows: u32) -> Self {
        let victim = Victim::new(name);
        victim.fresh(DATABASE);
        victim.ok(DATABASE, "migrate", "prepare");
        victim.ok(DATABASE, MONTHS, "prepare");
        victim.rows(&format!("USE {DATABASE}; {PEOPLE}"));
        victim.rows(&format!("USE {DATABASE}; {}", appointments(rows)));
        let mut case = Self { victim, before: Vec::new() };
        case.before = case.of("");
        case
    }

    fn of(&self, suffix: &str) -> Vec<String> {
        everything(|sql| self.victim.rows(&format!("USE {DATABASE}; {sql}")), suffix)
    }

    /// Which rows are where.
    fn state(&self) -> (Vec<String>, Vec<String>) {
        (self.of(""), self.of("_archive"))
    }

    /// Where an undisturbed run comes to.
    fn undisturbed(&self, arguments: &str) -> (Vec<String>, Vec<String>) {
        self.ok(arguments, "undisturbed");
        self.state()
    }

    fn ok(&self, arguments: &str, case: &str) {
        self.victim.ok(DATABASE, arguments, case);
    }

    /// What must hold right after a kill.
    fn assert_whole(&self, case: &str) {
        let there = self.of("_all");
        let lost: Vec<_> = self.before.iter().filter(|row| !there.contains(row)).collect();
        assert!(there == self.before, "{case}: {} rows of {}, lost {lost:?}", there.len(), self.before.len());
    }

    /// Runs the same again, and asserts that nothing tells of the kill.
    fn assert_goes_on(&self, arguments: &str, end: &(Vec<String>, Vec<String>), case: &str) {
        self.ok(arguments, case);
        self.assert_whole(case);
        assert!(self.state() == *end, "{case}: not where an undisturbed run comes to");
        for check in ["archive verify", "runs verify", "partition check --ahead 1 --today 2024-03-15"] {
            self.ok(check, case);
        }
        let unfinished = format!("SELECT COUNT(*) FROM {DATABASE}.caredb_runs WHERE outcome IS NULL");
        assert_eq!(self.victim.rows(&unfinished), ["0"], "{case}");
        let astray = format!(
            "USE {DATABASE}; SELECT id FROM appointment_keys k
             WHERE (SELECT COUNT(*) FROM appointments_all a WHERE a.id = k.id AND a.archived = k.archived) <> 1"
        );
        assert_eq!(self.victim.rows(&astray), [] as [&str; 0], "{case}");
    }

    /// Kills caredb at each point of `arguments`, from the first on; `back` undoes them.
    fn kill_at_every_point(&self, arguments: &str, back: &str, stride: usize) {
        let begin = self.state();
        let end = self.undisturbed(arguments);
        self.ok(back, "back");
        for number in (1..).step_by(stride) {
            let case = format!("`{arguments}` killed at point {number}");
            let mut command = self.victim.caredb(DATABASE, arguments);
            let output = command.env("CAREDB_CRASH_AT", number.to_string()).output().unwrap();
            self.assert_whole(&case);
            if output.status.success() {
                assert!(number > 20, "{case}: there are next to no points");
                return;
            }
            assert_eq!(output.status.code(), None, "{case}: {}", show(&output));
            self.assert_goes_on(arguments, &end, &case);
            self.ok(back, &case);
            assert!(self.state() == begin, "{case}: not back");
        }
    }
}

fn stride(short: usize) -> usize {
    if is_full() { 1 } else { short }
}

#[test]
fn caredb_is_killed_at_every_point_of_rows() {
    let case = Case::new("fault_rows", 250);
    case.kill_at_every_point(&archive("rows"), RESTORE, stride(5));
}

#[test]
fn caredb_is_killed_at_every_point_of_an_exchange() {
    let case = Case::new("fault_exchange", 250);
    case.kill_at_every_point(&archive("exchange"), RESTORE, stride(4));
}

#[test]
fn caredb_is_killed_at_every_point_of_a_restore() {
    let case = Case::new("fault_restore", 250);
    case.ok(&archive("rows"), "prepare");
    case.kill_at_every_point(RESTORE, &archive("rows"), stride(4));
}

#[test]
fn the_server_is_killed_while_rows_move() {
    const SEED: u64 = 20_261_125;
    let mut case = Case::new("fault_move", 400);
    let jobs = [archive("exchange"), RESTORE.to_owned(), archive("rows"), RESTORE.to_owned()];
    // where each comes to, and how long it takes
    let ends = jobs.each_ref().map(|job| {
        let begun = Instant::now();
        (case.undisturbed(job), begun.elapsed())
    });
    let mut moments = Moments(SEED);
    for round in 0..if is_full() { 24 } else { 3 } {
        let (job, (end, took)) = (&jobs[round % 4], &ends[round % 4]);
        let mut command = case.victim.caredb(DATABASE, job);
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moment = Duration::from_millis(moments.next(u64::try_from(took.as_millis()).unwrap()));
        std::thread::sleep(moment); // the moment is the case, not a wait for something
        case.victim.kill();
        case.victim.restart();
        let status = run.wait().unwrap();
        let name = format!("seed {SEED}, round {round}: server killed after {moment:?} of `{job}`, {status}");
        assert!(matches!(status.code(), Some(0 | 2)), "{name}");
        case.assert_whole(&name);
        case.assert_goes_on(job, end, &name);
    }
}

#[test]
fn ctrl_c_finishes_the_batch_and_the_next_run_goes_on() {
    let test = clinic("archive_ctrl_c", 200);
    let before = whole(&test);
    // the first run makes caredb's own tables, and finds nothing that old
    test.ok("archive appointments --older-than 5y --today 2024-03-15");
    // a row that another session has locked keeps the first batch under way
    let mut other = block_on(test.connect());
    let mut lock = |sql: &str| block_on(async { rows(&mut other, sql).await.unwrap() });
    lock("START TRANSACTION; SELECT 1 FROM appointments WHERE id = 'a6' FOR UPDATE");
    let told = || std::fs::read_to_string(test.folder.join("stderr")).unwrap();
    let stderr = std::fs::File::create(test.folder.join("stderr")).unwrap();
    let mut command = test.command(&archive("rows"));
    let running = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    wait_for("the batch to wait", || test.rows(WAITING) == ["1"]);
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    wait_for("the signal to be heard", || told().contains("interrupted"));
    lock("ROLLBACK");
    let output = running.wait_with_output().unwrap();
    assert_snapshot!(shown(&format!("{}\n{}", test.show(&output), told())), @"
    exit 130
    --- stdout
    appointments_archive  split `p_future` for 2023-01 to 2023-03 <ms> ms
    2023-01  rows  59 rows <ms> ms; stay: 6 follow-up, 6 prescription, 3 refund, 10 status, 9 unpaid
    interrupted, and the next run goes on: archived 59 rows of 1 month older than 2023-03-15, and 0 rows that belong to archived ones; 65 stay (10 follow-up, 10 prescription, 6 refund, 20 status, 19 unpaid); run 1
    interrupted; the batch under way is finished first
    ");
    assert_eq!(whole(&test), before);
    assert_eq!(test.rows("SELECT outcome FROM caredb_runs"), ["stopped"]);
    assert_snapshot!(shown(&test.run(&archive("rows"))), @"
    exit 0
    --- stdout
    2023-02  rows  50 rows <ms> ms; stay: 2 follow-up, 2 prescription, 2 refund, 6 status, 7 unpaid
    2023-03  rows  16 rows <ms> ms; stay: 2 follow-up, 2 prescription, 1 refund, 4 status, 3 unpaid
    archived 66 rows of 2 months older than 2023-03-15, and 255 rows that belong to archived ones; 65 stay (10 follow-up, 10 prescription, 6 refund, 20 status, 19 unpaid); run 2
    ");
    assert_eq!(test.rows("SELECT outcome FROM caredb_runs"), ["stopped", "done"]);
    assert_eq!(whole(&test), before);
    assert_keys(&test);
    test.ok("archive verify");
    test.ok("runs verify");
}

pub const WAITING: &str = "
    SELECT COUNT(*) FROM performance_schema.data_lock_waits w
    JOIN performance_schema.data_locks l ON l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID WHERE l.OBJECT_SCHEMA = DATABASE()";
