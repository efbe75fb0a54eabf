//! The primary of a replication group is killed in the middle of each command: after the election the command goes on, or the next
//! run completes what it left. What comes of it must be what came of the same commands in a database beside it, undisturbed.
//!
//! `dev/test` kills it once, `dev/test --full` under every command.

use std::process::{Child, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::fault::is_full;
use crate::group::{GENERATE, Group};
use crate::import;
use crate::retention_soak::whole::{self, BY_MONTH, Digest, Look, Sums, WHOLE, differences};
use crate::support::{show, wait_for};

/// A command, and at which of caredb's points the primary is killed.
struct Case {
    arguments: &'static str,
    point: u32,
    /// Whether it goes on by itself.
    goes_on: bool,
}

const fn goes_on(arguments: &'static str, point: u32) -> Case {
    Case { arguments, point, goes_on: true }
}

const fn stops(arguments: &'static str, point: u32) -> Case {
    Case { arguments, point, goes_on: false }
}

const CASES: [Case; 12] = [
    // within V13, between two of its triggers
    goes_on("migrate", 60),
    goes_on("rollback --to 12 --yes", 6),
    goes_on("migrate", 8),
    stops(GENERATE, 4),
    stops("partition ensure --ahead 8", 1),
    stops("archive appointments --method rows --with-dependents --older-than 1d --today 2024-04-02", 4),
    stops("archive appointments --method exchange --with-dependents --older-than 1d --today 2024-05-02", 6),
    stops("archive restore --month 2024-03", 2),
    stops("purge notifications --older-than 1d --today 2024-05-01", 2),
    stops("compress medical-records --older-than 1d --today 2024-05-01", 2),
    stops("purge archive --older-than 1d --today 2024-04-20", 3),
    stops("import run mapping.toml --max-errors 100%", 3),
];

const CLINIC: &str = "clinic";
const CALM: &str = "calm";

/// Runs a command up to a point, where the primary is killed, and to its end. The dead one is started again, but not yet in the
/// group.
fn kill_primary(group: &mut Group, case: &Case) -> Output {
    let primary = group.primary(0).unwrap();
    let mut command = group.caredb(CLINIC, case.arguments);
    command.env("CAREDB_STOP_AT", case.point.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = command.spawn().unwrap();
    wait_for("caredb to come to its point", || is_stopped(&run));
    let Case { arguments, point, .. } = case;
    assert!(run.try_wait().unwrap().is_none(), "`{arguments}` ended before its point {point}");
    group.members[primary].kill();
    kill_process(Pid::from_child(&run), Signal::CONT).unwrap();
    let output = run.wait_with_output().unwrap();
    // the others have elected one: the dead one comes back into their group
    let other = (primary + 1) % 3;
    wait_for("another primary", || group.primary(other).is_some_and(|elected| elected != primary));
    group.members[primary].restart();
    output
}

/// Whether a process waits for SIGCONT, or has ended and waits for its parent.
fn is_stopped(run: &Child) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", run.id())).unwrap();
    // pid (name) state …
    state.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with(['T', 'Z']))
}

fn check(group: &mut Group, case: &Case) {
    let name = format!("`{}`, the primary killed at point {}", case.arguments, case.point);
    group.ok(CALM, case.arguments, "undisturbed");
    let output = kill_primary(group, case);
    let told = show(&output);
    eprintln!("{name}: {told}");
    let expected = if case.goes_on { 0 } else { 2 };
    assert_eq!(output.status.code(), Some(expected), "{name}: {told}");
    if !case.goes_on {
        // one clear line, behind what it had done
        let errors = String::from_utf8_lossy(&output.stderr).lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors, 1, "{name}: {told}");
        // while the dead one is not back yet
        let again = case.arguments.replace("import run", "import resume");
        group.ok(CLINIC, &again, &name);
    }
    group.rejoin();
    let all = [BY_MONTH.as_slice(), &WHOLE].concat();
    let sums = |database: &str| {
        let rows = |sql: &str| group.rows_at(group.primary(0).unwrap(), database, sql);
        // before V13 there are no rows yet
        let is_there = "SELECT 1 FROM information_schema.views WHERE table_schema = DATABASE() AND table_name = 'appointments_all'";
        if rows(is_there).is_empty() {
            return Sums::new();
        }
        let mut sums: Sums = all.iter().flat_map(|table| whole::of(&rows, table, Look::Views, Digest::Crc)).collect();
        if case.arguments.starts_with("import") {
            // what says nothing of when it was made is made now
            for (_, checksum) in sums.values_mut() {
                *checksum = 0;
            }
        }
        sums
    };
    let differ = differences(&sums(CALM), &sums(CLINIC), &all);
    assert!(differ.is_empty(), "{name}: not as undisturbed: {differ:#?}");
    for arguments in ["validate", "drift"] {
        group.ok(CLINIC, arguments, &name);
    }
    group.assert_alike(CLINIC, &name);
}

#[test]
fn the_primary_is_killed_under_every_command() {
    let mut group = Group::new("group_fault");
    import::sample(&group.members[0].folder);
    for database in [CALM, CLINIC] {
        group.members[0].rows(&format!("CREATE DATABASE {database} CHARACTER SET utf8mb4"));
    }
    let cases = if is_full() { &CASES[..] } else { &CASES[..1] };
    for case in cases {
        check(&mut group, case);
    }
}
