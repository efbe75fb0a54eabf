//! `purge notifications`: what goes and what stays, its proof in the ledger, and kills at every point.

use std::process::Stdio;

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Test, people, show, wait_for};

/// The cut-off is 2024-01-01.
const PURGE: &str = "purge notifications --today 2024-07-01";

fn migrated(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    people(&test);
    test
}

/// `rows` notifications a minute apart from 2023-10-01 on, every third one read, of users u1 and u2 in turn.
fn notifications(test: &Test, rows: u32) {
    test.sql(&format!(
        "SET SESSION cte_max_recursion_depth = 1000000, time_zone = '+00:00';
         INSERT INTO notifications (id, user_id, type, title, message, is_read, created_at)
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {rows} - 1)
         SELECT CONCAT('n', n), IF(n MOD 2, 'u1', 'u2'), 'GENERAL', 't', 'm', n MOD 3 = 0, TIMESTAMP('2023-10-01') + INTERVAL n MINUTE
         FROM n"
    ));
}

fn count(test: &Test) -> u64 {
    test.rows("SELECT COUNT(*) FROM notifications")[0].parse().unwrap()
}

/// What the ledger says of rows that are gone, in all runs.
fn recorded(test: &Test) -> u64 {
    test.rows("SELECT CAST(COALESCE(SUM(row_count), 0) AS UNSIGNED) FROM caredb_run_parts")[0].parse().unwrap()
}

fn run(test: &Test, arguments: &str) -> String {
    stable(&test.run(arguments))
}

fn stable(text: &str) -> String {
    [(r"\d+ rows/s", "<n> rows/s"), (r#""seconds":[0-9.e-]+,"rows_per_s":\d+"#, r#""seconds":<s>,"rows_per_s":<n>"#)]
        .iter()
        .fold(text.to_owned(), |text, (pattern, by)| {
            regex::Regex::new(pattern).unwrap().replace_all(&text, *by).into_owned()
        })
}

#[test]
fn what_is_old_enough_goes() {
    let test = migrated("purge");
    notifications(&test, 3000);
    test.sql(
        "SET SESSION time_zone = '+00:00'; INSERT INTO notifications (id, user_id, type, title, message, is_read, created_at) VALUES
             ('last', 'u1', 'GENERAL', 't', 'm', TRUE, '2023-12-31 23:59:59'),
             ('first', 'u1', 'GENERAL', 't', 'm', TRUE, '2024-01-01 00:00:00'), ('never', 'u1', 'GENERAL', 't', 'm', TRUE, NULL)",
    );
    assert_snapshot!(run(&test, &format!("{PURGE} --dry-run")), @"
    exit 0
    --- stdout
    month  go  bytes  stay: unread  on hold
    2023-10  3000  121.9 KiB  0  0
    2023-12  1  41 B  0  0
    dry run, nothing was changed: 3001 notifications from before 2024-01-01 would go; no run of 1000 rows yet that tells how long it takes
    ");
    assert_eq!(count(&test), 3003);
    assert_snapshot!(run(&test, PURGE), @"
    exit 0
    --- stdout
    purged 3001 notifications from before 2024-01-01 in <s> s, <n> rows/s
    ");
    assert_eq!(test.rows("SELECT id FROM notifications ORDER BY id"), ["first", "never"]);
    assert_snapshot!(run(&test, PURGE), @"
    exit 0
    --- stdout
    no notifications from before 2024-01-01 to purge
    ");
    assert_snapshot!(run(&test, &format!("{PURGE} --format json")), @r#"
    exit 0
    --- stdout
    {"command":"purge notifications","outcome":"done","run":3,"cut_off":"2024-01-01","purged":0,"checksum":"0","kept":{"unread":0,"hold":0},"seconds":<s>,"rows_per_s":<n>,"complete":true}
    "#);
    assert_snapshot!(
        test.rows("SELECT r.id, r.command, r.policy, r.cut_off, r.outcome, p.part, p.action, p.row_count, p.state
                   FROM caredb_runs r JOIN caredb_run_parts p ON p.run_id = r.id").join("\n"),
        @r#"
    1|purge notifications|{"older_than":"6mo","keep_unread":false}|2024-01-01|done|notifications|purge|3001|done
    2|purge notifications|{"older_than":"6mo","keep_unread":false}|2024-01-01|done|notifications|purge|0|done
    3|purge notifications|{"older_than":"6mo","keep_unread":false}|2024-01-01|done|notifications|purge|0|done
    "#
    );
    test.ok("runs verify");
}

#[test]
fn the_checksum_is_that_of_the_rows() {
    let test = migrated("purge_checksum");
    notifications(&test, 1200);
    let expected = test.rows(
        "SET SESSION time_zone = '+00:00';
         SELECT CAST(SUM(CRC32(CONCAT_WS('#', id, user_id, type, title, message, CONCAT('data=', data), CONCAT('is_read=', is_read),
             CONCAT('read_at=', read_at), CONCAT('priority=', priority), CONCAT('action_url=', action_url), CONCAT('expires_at=', expires_at),
             CONCAT('created_at=', created_at)))) AS CHAR) FROM notifications",
    );
    test.ok(PURGE);
    assert_eq!(test.rows("SELECT checksum FROM caredb_run_parts"), expected);
}

#[test]
fn the_unread_and_the_held_stay() {
    let test = migrated("purge_kept");
    notifications(&test, 3000);
    // the first run makes the tables, and finds nothing from before 2023
    test.ok("purge notifications --today 2023-07-01");
    test.sql(
        "INSERT INTO caredb_holds (patient_id, reason, placed_by, placed_at) VALUES ('p1', 'a lawsuit', 'x', NOW())",
    );
    assert_snapshot!(run(&test, &format!("{PURGE} --keep-unread --dry-run")), @"
    exit 0
    --- stdout
    month  go  bytes  stay: unread  on hold
    2023-10  500  20.3 KiB  1000  1500
    dry run, nothing was changed: 500 notifications from before 2024-01-01 would go; no run of 1000 rows yet that tells how long it takes
    ");
    assert_snapshot!(run(&test, &format!("{PURGE} --keep-unread")), @"
    exit 0
    --- stdout
    purged 500 notifications from before 2024-01-01 in <s> s, <n> rows/s; stay: 1000 unread, 1500 under legal hold
    ");
    assert_eq!(
        test.rows("SELECT COUNT(*), SUM(user_id = 'u1'), SUM(user_id = 'u2' AND is_read) FROM notifications"),
        ["2500|1500|0"]
    );
    test.file("caredb.toml", "[retention.notifications]\nolder_than = \"1y\"\nkeep_unread = true\n");
    assert_snapshot!(run(&test, &format!("{PURGE} --older-than 6mo")), @"
    exit 0
    --- stdout
    no notifications from before 2024-01-01 to purge; stay: 1000 unread, 1500 under legal hold
    ");
    test.file("caredb.toml", "");
    test.sql("UPDATE caredb_holds SET released_at = NOW()");
    assert_snapshot!(run(&test, PURGE), @"
    exit 0
    --- stdout
    purged 2500 notifications from before 2024-01-01 in <s> s, <n> rows/s
    ");
    assert_eq!(count(&test), 0);
}

#[test]
fn many_of_one_second_go_in_batches() {
    let test = migrated("purge_second");
    notifications(&test, 5000);
    test.sql(
        "SET SESSION time_zone = '+00:00'; UPDATE notifications SET created_at = '2023-11-11 11:11:11' WHERE id > 'n1'",
    );
    assert_snapshot!(run(&test, &format!("{PURGE} --batch-ms 1")), @"
    exit 0
    --- stdout
    purged 5000 notifications from before 2024-01-01 in <s> s, <n> rows/s
    ");
    assert_eq!((count(&test), recorded(&test)), (0, 5000));
}

#[test]
fn what_can_t_be_is_refused() {
    let test = migrated("purge_wrong");
    let mut answers = String::new();
    for arguments in [
        "purge notifications --older-than 0d",
        "purge notifications --older-than soon",
        "purge notifications --today 2999-01-01",
        "purge notifications --window 5-6",
        "purge notifications --replica mysql://u:secret@h/d?x=1",
    ] {
        answers.push_str(&test.run(arguments));
        answers.push('\n');
    }
    test.file("caredb.toml", "[retention.notifications]\nolder_than = \"0mo\"\n");
    answers.push_str(&test.run("purge notifications"));
    let day = regex::Regex::new(r"it is \d{4}-\d\d-\d\d at").unwrap();
    assert_snapshot!(day.replace_all(&answers, "it is <today> at"), @"
    exit 2
    --- stderr
    error: invalid value '0d' for '--older-than <AGE>': an age of `0d` would take rows that were made today; the least is `1d`

    For more information, try '--help'.
    exit 2
    --- stderr
    error: invalid value 'soon' for '--older-than <AGE>': `soon` is no age; write it as `90d`, `2w`, `6mo` or `1y`

    For more information, try '--help'.
    exit 2
    --- stderr
    error: the cut-off 2998-07-01 is in the future: it is <today> at the server; correct `--today`
    exit 2
    --- stderr
    error: invalid value '5-6' for '--window <HH:MM-HH:MM>': write it as `HH:MM-HH:MM`, such as `01:00-05:00`

    For more information, try '--help'.
    exit 2
    --- stderr
    error: --replica: parameter `x` is not known; known are `socket`, `ssl-mode`, `ssl-ca`
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 2: an age of `0mo` would take rows that were made today; the least is `1d`
    ");
}

#[test]
fn an_error_half_way_loses_nothing() {
    let test = migrated("purge_half_way");
    notifications(&test, 2000);
    let url = test.url_as("reader", &["SELECT, INSERT, UPDATE, CREATE"]);
    assert_snapshot!(test.run_at(&url, PURGE), @"
    exit 2
    --- stderr
    error: could not purge rows of table `notifications`: MySQL error 1142: DELETE command denied to user 'reader_<db>'@'localhost' for table 'notifications'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ");
    assert_eq!((count(&test), recorded(&test)), (2000, 0));
    test.sql(
        "CREATE TRIGGER full BEFORE DELETE ON notifications FOR EACH ROW
         IF OLD.id = 'n1900' THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1021, MESSAGE_TEXT = 'Disk full'; END IF",
    );
    assert_snapshot!(run(&test, PURGE), @"
    exit 2
    --- stderr
    error: could not purge rows of table `notifications`: MySQL error 1021: Disk full
    ");
    let left = count(&test);
    assert!((100..2000).contains(&left), "{left}");
    assert_eq!(recorded(&test), 2000 - left);
    assert_eq!(test.rows("SELECT outcome FROM caredb_runs"), ["failed", "failed"]);
    test.sql("DROP TRIGGER full");
    test.ok(PURGE);
    assert_eq!((count(&test), recorded(&test)), (0, 2000));
}

/// So many notifications that the order of ids is the quicker way, with one of today that another session has locked.
#[test]
fn where_most_rows_go_the_table_is_read_in_its_order_and_a_locked_young_row_only_delays() {
    let test = migrated("purge_by_id");
    // the server's estimate of them may be off by half
    notifications(&test, 30_000);
    test.sql(
        "UPDATE notifications SET id = LEFT(SHA2(id, 256), 36) WHERE id < 'n9';
         INSERT INTO notifications (id, user_id, type, title, message) VALUES ('a young one', 'u1', 'GENERAL', 't', 'm');
         ANALYZE TABLE notifications",
    );
    let expected = test.rows("SELECT COUNT(*), SUM(is_read) FROM notifications WHERE created_at < '2024-01-01'");
    assert_eq!(expected, ["30000|10000"]);
    let mut other = crate::support::block_on(test.connect());
    let mut lock = |sql: &str| crate::support::block_on(async { crate::support::rows(&mut other, sql).await.unwrap() });
    lock("START TRANSACTION; SELECT 1 FROM notifications WHERE id = 'a young one' FOR UPDATE");
    let running = test.command(&format!("{PURGE} --keep-unread")).stdout(Stdio::piped()).spawn().unwrap();
    wait_for("a lane to wait at the young row", || test.rows(WAITING) != ["0"]);
    let output = running.wait_with_output().unwrap();
    lock("ROLLBACK");
    assert_snapshot!(stable(&test.show(&output)), @"
    exit 0
    --- stdout
    purged 10000 notifications from before 2024-01-01 in <s> s, <n> rows/s; stay: 20000 unread
    ");
    assert_eq!(test.rows("SELECT COUNT(*), SUM(is_read) FROM notifications"), ["20001|0"]);
    // now that nobody is in the way
    assert_snapshot!(run(&test, PURGE), @"
    exit 0
    --- stdout
    purged 20000 notifications from before 2024-01-01 in <s> s, <n> rows/s
    ");
    assert_eq!((count(&test), recorded(&test)), (1, 30_000));
    assert_snapshot!(test.run("runs verify"), @"
    exit 0
    --- stdout
    the ledger is as it was written
    ");
}

/// The other lane has stopped for the one that gave up: what it left is done by time, and the run is complete all the same.
#[test]
fn a_run_that_goes_on_by_time_is_complete() {
    let test = migrated("purge_by_id_complete");
    notifications(&test, 30_000);
    test.sql(
        "UPDATE notifications SET id = LEFT(SHA2(id, 256), 36);
         UPDATE notifications SET id = 'zz' ORDER BY id DESC LIMIT 1;
         INSERT INTO notifications (id, user_id, type, title, message) VALUES ('0', 'u1', 'GENERAL', 't', 'm');
         -- by time, a range waits for no more than the row beyond it, unless the table is so small that it is read whole
         INSERT INTO notifications (id, user_id, type, title, message, created_at)
         SELECT CONCAT('y', LEFT(id, 35)), user_id, type, title, message, created_at + INTERVAL 1 YEAR FROM notifications
         WHERE created_at < '2023-10-11';
         ANALYZE TABLE notifications",
    );
    let [mut young, mut old] = [(); 2].map(|()| crate::support::block_on(test.connect()));
    let lock = |conn: &mut _, sql: &str| {
        crate::support::block_on(async { crate::support::rows(conn, sql).await.unwrap() });
    };
    // the first row of one lane, which is not to go, and the first of the other
    lock(&mut young, "START TRANSACTION; SELECT 1 FROM notifications WHERE id = '0' FOR UPDATE");
    lock(&mut old, "START TRANSACTION; SELECT 1 FROM notifications WHERE id = 'zz' FOR UPDATE");
    let told = || std::fs::read_to_string(test.folder.join("stderr")).unwrap();
    let stderr = std::fs::File::create(test.folder.join("stderr")).unwrap();
    let running =
        test.command(&format!("{PURGE} --pause-file pause")).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    wait_for("both lanes to wait", || test.rows(WAITING) == ["2"]);
    test.file("pause", "");
    lock(&mut old, "ROLLBACK");
    wait_for("the pause of the other lane", || told().contains("paused"));
    wait_for("the first lane to give up", || {
        test.rows(
            "SELECT SUM(e.SUM_ERROR_RAISED) FROM performance_schema.events_errors_summary_by_thread_by_error e
             JOIN performance_schema.threads t ON t.THREAD_ID = e.THREAD_ID
             WHERE t.PROCESSLIST_DB = DATABASE() AND e.ERROR_NUMBER = 1205",
        ) == ["5"]
    });
    std::fs::remove_file(test.folder.join("pause")).unwrap();
    let output = running.wait_with_output().unwrap();
    lock(&mut young, "ROLLBACK");
    assert!(output.status.success(), "{}", told());
    assert_eq!((count(&test), recorded(&test)), (14_401, 30_000));
    assert_eq!(test.rows("SELECT outcome FROM caredb_runs"), ["done"]);
    assert_eq!(
        test.rows("SELECT part, action, row_count, state FROM caredb_run_parts"),
        ["notifications|purge|30000|done"]
    );
}

#[test]
fn killed_at_every_point_it_loses_and_doubles_nothing() {
    let test = migrated("purge_killed");
    let mut gone = 0;
    for number in 1.. {
        notifications(&test, 1600);
        let output = test.command(PURGE).env("CAREDB_CRASH_AT", number.to_string()).output().unwrap();
        let case = format!("killed at point {number}: {}", show(&output));
        let tables = test.rows("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'caredb_run_parts'");
        let told = if tables == ["0"] { 0 } else { recorded(&test) };
        assert_eq!(told - gone, 1600 - count(&test), "{case}");
        if output.status.success() {
            assert!(number > 10, "{case}: there are no points");
            break;
        }
        assert_eq!(output.status.code(), None, "{case}");
        test.ok(PURGE);
        gone += 1600;
        assert_eq!((count(&test), recorded(&test)), (0, gone), "{case}");
    }
    assert_eq!(test.rows("SELECT COUNT(*) FROM caredb_runs WHERE outcome IS NULL"), ["0"]);
    test.ok("runs verify");
}

#[test]
fn a_dry_run_tells_how_long_by_the_last_run_that_can_tell() {
    let test = migrated("purge_expected");
    let expected = || {
        let text = test.run(&format!("{PURGE} --dry-run"));
        text.lines().last().unwrap().split_once(" would go").unwrap().1.to_owned()
    };
    notifications(&test, 999);
    test.ok(PURGE);
    notifications(&test, 3000);
    // too few rows say nothing of a rate
    assert_eq!(expected(), "; no run of 1000 rows yet that tells how long it takes");
    test.sql(
        "UPDATE caredb_run_parts SET row_count = 1000;
         UPDATE caredb_runs SET ended_at = started_at + INTERVAL 50 SECOND",
    );
    assert_eq!(expected(), ", in about 2 min 30 s by the rate of run 1");
    // one that was stopped is none that can tell
    test.sql("UPDATE caredb_runs SET outcome = 'stopped'");
    assert_eq!(expected(), "; no run of 1000 rows yet that tells how long it takes");
}

#[test]
fn ctrl_c_finishes_the_batch() {
    let test = migrated("purge_ctrl_c");
    notifications(&test, 5000);
    // rows that another session has locked keep the first batch of each lane under way, of the oldest rows and of the youngest
    let mut other = crate::support::block_on(test.connect());
    let mut lock = |sql: &str| crate::support::block_on(async { crate::support::rows(&mut other, sql).await.unwrap() });
    lock("START TRANSACTION; SELECT 1 FROM notifications WHERE id IN ('n7', 'n4990') FOR UPDATE");
    let told = || std::fs::read_to_string(test.folder.join("stderr")).unwrap();
    let stderr = std::fs::File::create(test.folder.join("stderr")).unwrap();
    let running = test.command(PURGE).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    wait_for("the batches to wait", || test.rows(WAITING) == ["2"]);
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    wait_for("the signal to be heard", || told().contains("interrupted"));
    lock("ROLLBACK");
    let output = running.wait_with_output().unwrap();
    assert_snapshot!(stable(&format!("{}\n{}", test.show(&output), told())), @"
    exit 130
    --- stdout
    interrupted, and the next run goes on: purged 626 notifications from before 2024-01-01 in <s> s, <n> rows/s
    interrupted; the batch under way is finished first
    ");
    assert_eq!((count(&test), recorded(&test)), (4374, 626));
    assert_eq!(test.rows("SELECT outcome FROM caredb_runs"), ["stopped"]);
}

const WAITING: &str = "
    SELECT COUNT(*) FROM performance_schema.data_lock_waits w
    JOIN performance_schema.data_locks l ON l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID WHERE l.OBJECT_SCHEMA = DATABASE()";
