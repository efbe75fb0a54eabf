//! What archiving must not do, whatever others do meanwhile: swap archived rows out, take a row of another month along, move what is
//! held, keep locks for a process that does not work.

use std::process::{Child, Stdio};

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::mysql::MySqlConnection;

use crate::retention_archive::{TODAY, assert_keys, clinic, run, shown, whole};
use crate::retention_fault::WAITING;
use crate::support::{Test, block_on, rows, wait_for};

const EXCHANGE: &str = "archive appointments --method exchange --older-than 13mo";

/// Starts a run that pauses before its first month.
fn paused(test: &Test, arguments: &str) -> Child {
    test.file("pause", "");
    let stderr = std::fs::File::create(test.folder.join("stderr")).unwrap();
    let mut command = test.command(&format!("{arguments} {TODAY} --pause-file pause"));
    let running = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    wait_for("the pause", || told(test).contains("paused"));
    running
}

fn told(test: &Test) -> String {
    std::fs::read_to_string(test.folder.join("stderr")).unwrap()
}

/// Lets it go on, to its end.
fn end(test: &Test, running: Child) -> String {
    std::fs::remove_file(test.folder.join("pause")).unwrap();
    let output = running.wait_with_output().unwrap();
    // for how long it paused is no matter
    let told: Vec<String> = told(test).lines().filter(|line| !line.starts_with("goes on")).map(str::to_owned).collect();
    shown(&format!("{}\n{}", test.show(&output), told.join("\n")))
}

fn hold_open(test: &Test, sql: &str) -> MySqlConnection {
    let mut conn = block_on(test.connect());
    block_on(async { rows(&mut conn, &format!("START TRANSACTION; {sql}")).await.unwrap() });
    conn
}

fn archived(test: &Test) -> String {
    test.rows("SELECT COUNT(*) FROM appointments_archive")[0].clone()
}

#[test]
fn a_month_that_is_made_of_archived_rows_is_not_exchanged() {
    let test = clinic("guard_merged", 120);
    test.ok(&format!("archive appointments --method rows {TODAY}"));
    // one month instead of three, and one more row that may go
    test.sql(
        "ALTER TABLE appointments_archive REORGANIZE PARTITION p_2023_01, p_2023_02, p_2023_03, p_future
             INTO (PARTITION p_future VALUES LESS THAN (MAXVALUE));
         UPDATE appointments SET payment_status = 'PAID', updated_at = updated_at WHERE id = 'a1'",
    );
    let before = whole(&test);
    assert_snapshot!(run(&test, &format!("{EXCHANGE} {TODAY}")), @"
    exit 0
    --- stdout
    appointments_archive  split `p_future` for 2023-01, about 1 row copied <ms> ms
    archived 0 rows of 0 months older than 2023-02-15; 30 stay (5 follow-up, 5 prescription, 3 refund, 9 status, 8 unpaid); run 2
    --- stderr
    2023-01 can't be exchanged: the archive has rows of it already; say `--method rows`
    ");
    assert_eq!(whole(&test), before);
    assert_snapshot!(run(&test, &format!("archive appointments --method auto --older-than 13mo {TODAY}")), @"
    exit 0
    --- stdout
    2023-01  rows  1 row <ms> ms; stay: 4 follow-up, 4 prescription, 2 refund, 7 status, 5 unpaid
    archived 1 row of 1 month older than 2023-02-15; 30 stay (5 follow-up, 5 prescription, 3 refund, 9 status, 8 unpaid); run 3
    ");
    assert_eq!(whole(&test), before);
    assert_keys(&test);
}

#[test]
fn rows_that_come_into_the_archive_meanwhile_are_not_swapped_out() {
    let test = clinic("guard_meanwhile", 120);
    let before = whole(&test);
    let running = paused(&test, EXCHANGE);
    test.sql(
        "INSERT INTO appointments_archive SELECT * FROM appointments WHERE id = 'a2';
         UPDATE appointments_archive SET id = 'by hand', updated_at = updated_at",
    );
    assert_snapshot!(end(&test, running), @"
    exit 2
    --- stdout
    appointments_archive  split `p_future` for 2023-01 <ms> ms
    2023-02 can't be exchanged: a part of it is too young; say `--method rows`
    paused: `pause` is there; remove it to go on
    error: partition `p_2023_01` of table `appointments_archive` has got rows since this run looked, which an exchange would swap out; run again: its rows then go in batches
    ");
    assert_eq!(test.rows("SELECT id FROM appointments_archive"), ["by hand"]);
    test.sql("DELETE FROM appointments_archive");
    assert_eq!(whole(&test), before);
    // nor is what stands in between emptied
    test.sql("INSERT INTO appointments_moving SELECT * FROM appointments WHERE id = 'a2'");
    assert_snapshot!(run(&test, &format!("{EXCHANGE} {TODAY}")), @"
    exit 2
    --- stderr
    2023-02 can't be exchanged: a part of it is too young; say `--method rows`
    error: table `appointments_moving` has rows that belong to no run, and would be emptied; see where they come from, then move them to `appointments` or `appointments_archive`
    ");
    assert_eq!(test.rows("SELECT id FROM appointments_moving"), ["a2"]);
    test.sql("DELETE FROM appointments_moving");
    test.ok(&format!("{EXCHANGE} {TODAY}"));
    assert_eq!(whole(&test), before);
    assert_keys(&test);
}

#[test]
fn rows_of_other_days_that_come_meanwhile_stay() {
    let test = clinic("guard_days", 120);
    let running = paused(&test, EXCHANGE);
    // the first partition takes all that is older
    test.sql(
        "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type,
             status, fee, payment_status)
         VALUES ('old', 'old', 'p1', 'd1', '2022-05-05', '08:00', '08:30', 'VIDEO', 'COMPLETED', 1, 'PAID')",
    );
    assert_snapshot!(end(&test, running), @"
    exit 0
    --- stdout
    appointments_archive  split `p_future` for 2023-01 <ms> ms
    2023-01  exchange  39 rows <ms> ms, writers waited <ms> ms; stay: 1 date, 4 follow-up, 4 prescription, 2 refund, 7 status, 6 unpaid
    archived 39 rows of 1 month older than 2023-02-15; 31 stay (5 follow-up, 5 prescription, 3 refund, 9 status, 9 unpaid); run 1
    2023-02 can't be exchanged: a part of it is too young; say `--method rows`
    paused: `pause` is there; remove it to go on
    ");
    assert_eq!(test.rows("SELECT id FROM appointments WHERE id = 'old'"), ["old"]);
    assert_eq!(
        test.rows("SELECT id FROM appointments_archive WHERE appointment_date NOT LIKE '2023-01%'"),
        [] as [&str; 0]
    );
    assert_keys(&test);
}

#[test]
fn what_belongs_to_an_archived_row_stays_with_a_hold_or_something_open() {
    let test = clinic("guard_dependents", 120);
    test.ok(&format!("archive appointments --method rows {TODAY}"));
    let count = archived(&test);
    test.ok("hold add --appointment a9 --reason lawsuit");
    test.sql("UPDATE payments SET status = 'PROCESSING', updated_at = updated_at WHERE appointment_id = 'a7'");
    // the application does not see that it has one
    test.sql(
        "INSERT INTO reviews_archive SELECT * FROM reviews WHERE id = 'v12'; UPDATE reviews_archive SET id = 'first'",
    );
    let before = whole(&test);
    let dependents = format!("archive appointments --method rows --with-dependents {TODAY}");
    assert_snapshot!(run(&test, &dependents), @"
    exit 0
    --- stdout
    archived 0 rows of 0 months older than 2023-03-15, and 149 rows that belong to archived ones; 40 stay (6 follow-up, 6 prescription, 4 refund, 12 status, 12 unpaid); run 2
    --- stderr
    1 row of `reviews` can't go: `reviews_archive` has one of the same appointment; see which is right, and delete the other
    ");
    let left = "SELECT id FROM payments WHERE appointment_id IN (SELECT id FROM appointments_archive)
                UNION ALL SELECT id FROM reviews WHERE appointment_id IN (SELECT id FROM appointments_archive)";
    assert_eq!(test.rows(left), ["m7", "m9", "v12", "v9"]);
    assert_snapshot!(run(&test, &dependents), @"
    exit 0
    --- stdout
    nothing to do: no appointment older than 2023-03-15 can go; 40 stay (6 follow-up, 6 prescription, 4 refund, 12 status, 12 unpaid)
    --- stderr
    1 row of `reviews` can't go: `reviews_archive` has one of the same appointment; see which is right, and delete the other
    ");
    test.ok("hold release 1 --reason over");
    test.sql("UPDATE payments SET status = 'SUCCESS', updated_at = updated_at WHERE appointment_id = 'a7'");
    test.ok(&dependents);
    assert_eq!(test.rows(left), ["v12"]);
    assert_eq!(whole(&test).len(), before.len());
    let found = run(&test, "archive verify");
    let problems: Vec<&str> = found.lines().filter(|line| line.starts_with("problem")).collect();
    assert_snapshot!(problems.join("\n"), @"
    problem  twice  1 row in both `reviews` and `reviews_archive`; compare them and delete one of each
    problem  ledger  `reviews_archive` has 27 rows, of which the ledger says 26, or other values; somebody changed the archive by hand, or its columns: compare it with a backup
    ");
    assert_snapshot!(run(&test, "archive restore --id a12"), @"
    exit 2
    --- stderr
    error: could not move rows of table `reviews`: MySQL error 1062: Duplicate entry '…' for key 'reviews.uk_reviews_appointment_id'; since it was archived, another one of the same appointment was written: see which is right, and delete the other
    ");
    assert_eq!(archived(&test), count);
    test.sql("DELETE FROM reviews_archive WHERE id = 'first'");
    test.ok("archive restore --id a12");
    assert_keys(&test);
}

/// The sessions of the database that the server ends soon where they say nothing.
const SOON: &str = "
    SELECT COUNT(*) FROM performance_schema.variables_by_thread v JOIN performance_schema.threads t ON t.THREAD_ID = v.THREAD_ID
    WHERE t.PROCESSLIST_DB = DATABASE() AND v.VARIABLE_NAME = 'wait_timeout' AND v.VARIABLE_VALUE = '10'";

#[test]
fn the_locks_of_a_stopped_process_do_not_last() {
    let test = clinic("guard_stopped", 120);
    let before = whole(&test);
    let running = paused(&test, "archive appointments --method rows");
    assert_eq!(test.rows(SOON), ["0"]);
    let mut other = hold_open(&test, "SELECT 1 FROM appointments WHERE id = 'a2' FOR UPDATE");
    std::fs::remove_file(test.folder.join("pause")).unwrap();
    wait_for("the batch to wait", || test.rows(WAITING) == ["1"]);
    assert_eq!(test.rows(SOON), ["1"]);
    let pid = Pid::from_child(&running);
    kill_process(pid, Signal::STOP).unwrap();
    // its statement comes to its end, and it does not hear of it
    block_on(async { rows(&mut other, "ROLLBACK").await.unwrap() });
    let free = "SET SESSION innodb_lock_wait_timeout = 60; SELECT 1 FROM appointments WHERE id = 'a2' FOR UPDATE";
    block_on(async { rows(&mut other, free).await.unwrap() });
    kill_process(pid, Signal::CONT).unwrap();
    assert_eq!(running.wait_with_output().unwrap().status.code(), Some(2));
    assert_eq!(whole(&test), before);
    test.ok(&format!("archive appointments --method rows {TODAY}"));
    assert_eq!(whole(&test), before);
    assert_keys(&test);
}

#[test]
fn the_second_connection_of_a_killed_run_is_waited_for() {
    let test = clinic("guard_second", 40);
    for (job, arguments) in [
        ("archive appointments", format!("archive appointments --method rows {TODAY} --lock-timeout 1")),
        ("purge notifications", format!("purge notifications {TODAY} --lock-timeout 1")),
    ] {
        let lock = format!("caredb {job} second {}", test.database);
        let lock = if lock.len() > 64 { panic!("{lock} is too long for this test") } else { lock };
        let held = hold_open(&test, &format!("SELECT GET_LOCK('{lock}', 0)"));
        let said = run(&test, &arguments).replace(&test.database, "<db>");
        assert!(said.contains(&format!("another run holds lock `caredb {job} second <db>`")), "{said}");
        assert!(said.starts_with("exit 4"), "{said}");
        drop(held);
        wait_for("the lock to be free", || test.rows(&format!("SELECT IS_FREE_LOCK('{lock}')")) == ["1"]);
        test.ok(&arguments);
    }
}

#[test]
fn a_month_on_its_way_comes_to_its_end_whatever_is_in_the_way() {
    let test = clinic("guard_landing", 120);
    let before = whole(&test);
    let archive = format!("{EXCHANGE} {TODAY}");
    let is_landing = || {
        test.rows("SELECT COUNT(*) FROM caredb_run_parts WHERE state = 'landing'") == ["1"]
            && test.rows("SELECT COUNT(*) > 0 FROM appointments_moving") == ["1"]
    };
    test.ok(&archive);
    test.ok("archive restore --all");
    // killed between its two exchanges, with the month counted
    for number in (10..).take_while(|_| !is_landing()) {
        let killed = test.command(&archive).env("CAREDB_CRASH_AT", number.to_string()).output().unwrap();
        assert!(!killed.status.success(), "no kill at point {number} leaves a month like that");
        if !is_landing() {
            test.ok(&archive);
            test.ok("archive restore --all");
        }
    }
    test.sql("INSERT INTO appointments_archive SELECT * FROM appointments_moving WHERE id = 'a7'");
    assert_snapshot!(run(&test, &archive), @"
    exit 2
    --- stderr
    error: partition `p_2023_01` of table `appointments_archive` has got rows since this run looked, which an exchange would swap out; the month is whole in `appointments_moving`, and `appointments_all` shows it: take the others out of the partition, then run again
    ");
    test.sql("DELETE FROM appointments_archive");
    assert_eq!(whole(&test), before);
    // a payment of an old appointment that is not committed yet
    let other = hold_open(&test, "SELECT 1 FROM appointment_keys WHERE id = 'a7' FOR SHARE");
    let running = test.command(&archive).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("a lock that is not to be had", || {
        test.rows(
            "SELECT SUM(e.SUM_ERROR_RAISED) > 0 FROM performance_schema.events_errors_summary_by_thread_by_error e
             JOIN performance_schema.threads t ON t.THREAD_ID = e.THREAD_ID
             WHERE t.PROCESSLIST_DB = DATABASE() AND e.ERROR_NUMBER = 1205",
        ) == ["1"]
    });
    drop(other);
    assert!(running.wait_with_output().unwrap().status.success());
    assert_eq!(whole(&test), before);
    assert_keys(&test);
    test.ok("archive verify");
    test.ok("runs verify");
}
