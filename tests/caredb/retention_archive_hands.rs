//! What other hands did to the archive, its months or its columns is found; and two hands at once.

use std::process::Stdio;

use insta::assert_snapshot;

use crate::partition::clinic as empty_clinic;
use crate::retention_archive::{TODAY, appointments, assert_keys, clinic, run, whole};
use crate::retention_fault::WAITING;
use crate::support::{Test, block_on, rows, wait_for};

fn archive(method: &str) -> String {
    format!("archive appointments --method {method} --with-dependents {TODAY}")
}

#[test]
fn a_partition_must_be_of_one_month() {
    let test = empty_clinic("archive_no_months");
    test.sql(&appointments(40));
    let before = whole(&test);
    assert_snapshot!(run(&test, &archive("rows")), @"
    exit 2
    --- stderr
    error: partition `p_future` of table `appointments` has rows older than 2023-03-15 and is not of one month; run `caredb partition ensure` first
    ");
    // the first partition takes all that is older
    test.ok("partition ensure --behind 13 --ahead 0 --today 2024-03-15 --allow-copy");
    assert_snapshot!(run(&test, &archive("rows")), @"
    exit 2
    --- stderr
    error: partition `p_2023_02` of table `appointments` has rows older than 2023-03-15 and is not of one month; run `caredb partition ensure` first
    ");
    // the archive's is another
    test.sql(
        "ALTER TABLE appointments REORGANIZE PARTITION p_2023_02 INTO (PARTITION p_2023_01 VALUES LESS THAN ('2023-02-01'), PARTITION p_2023_02 VALUES LESS THAN ('2023-03-01'));
         ALTER TABLE appointments_archive REORGANIZE PARTITION p_future INTO (PARTITION p_2023_01 VALUES LESS THAN ('2023-01-16'), PARTITION p_future VALUES LESS THAN (MAXVALUE))",
    );
    assert_snapshot!(run(&test, &archive("rows")), @"
    exit 2
    --- stderr
    error: partition `p_2023_01` of table `appointments_archive` ends at '2023-01-16', which is not the first of a month; reorganize it by hand first
    ");
    assert_snapshot!(run(&test, &archive("exchange")), @"
    exit 2
    --- stderr
    error: partition `p_2023_01` of table `appointments_archive` ends at '2023-01-16', which is not the first of a month; reorganize it by hand first
    ");
    test.sql("ALTER TABLE appointments_archive REORGANIZE PARTITION p_2023_01, p_future INTO (PARTITION p_2023_01 VALUES LESS THAN ('2023-03-01'), PARTITION p_future VALUES LESS THAN (MAXVALUE))");
    assert_snapshot!(run(&test, &archive("rows")), @"
    exit 2
    --- stderr
    error: table `appointments_archive` needs a partition `p_2023_01` for 2023-01, and has one of that name for other months; reorganize it under another name first
    ");
    assert_snapshot!(run(&test, &archive("exchange")), @"
    exit 2
    --- stderr
    error: table `appointments_archive` needs a partition `p_2023_01` for 2023-01, and has one of that name for other months; reorganize it under another name first
    ");
    assert_eq!(whole(&test), before);
    assert_eq!(test.rows("SELECT COUNT(*) FROM appointments_archive"), ["0"]);
}

#[test]
fn instant_columns_are_in_the_way_of_an_exchange_alone() {
    let test = clinic("archive_instant", 60);
    let before = whole(&test);
    for table in ["appointments", "appointments_archive", "appointments_moving"] {
        test.sql(&format!("ALTER TABLE {table} ADD extra INT, ALGORITHM=INSTANT"));
    }
    test.sql("UPDATE appointments SET extra = 1, updated_at = updated_at WHERE id = 'a6'");
    assert_snapshot!(run(&test, &archive("exchange")), @"
    exit 2
    --- stdout
    appointments_archive  split `p_future` for 2023-01 to 2023-03 <ms> ms
    --- stderr
    error: columns of `appointments`, `appointments_archive` or `appointments_moving` were changed INSTANT, so their months can't be exchanged; run `ALTER TABLE … FORCE, ALGORITHM=INPLACE, LOCK=NONE` for each, or say `--method rows`
    ");
    // seen before the month, and with it the writers, is touched
    assert_eq!(test.rows("SELECT outcome FROM caredb_runs"), ["failed"]);
    for table in ["appointments_archive", "appointments_moving"] {
        test.sql(&format!("ALTER TABLE {table} FORCE, ALGORITHM=INPLACE, LOCK=NONE"));
    }
    // one of them is left
    assert_snapshot!(run(&test, &archive("exchange")), @"
    exit 2
    --- stderr
    error: columns of `appointments`, `appointments_archive` or `appointments_moving` were changed INSTANT, so their months can't be exchanged; run `ALTER TABLE … FORCE, ALGORITHM=INPLACE, LOCK=NONE` for each, or say `--method rows`
    ");
    assert_eq!(whole(&test), before);
    test.ok("archive verify");
    assert_snapshot!(run(&test, &format!("archive appointments --older-than 13mo --method rows {TODAY}")), @"
    exit 0
    --- stdout
    2023-01  rows  19 rows <ms> ms; stay: 2 follow-up, 2 prescription, 1 refund, 4 status, 3 unpaid
    2023-02  rows  8 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 1 status, 2 unpaid
    archived 27 rows of 2 months older than 2023-02-15; 18 stay (3 follow-up, 3 prescription, 2 refund, 5 status, 5 unpaid); run 3
    --- stderr
    run 2 ended before it moved partition `p_2023_01`
    ");
    assert_eq!(test.rows("SELECT extra FROM appointments_archive WHERE id = 'a6'"), ["1"]);
    test.ok("archive restore --all");
    test.sql("ALTER TABLE appointments FORCE, ALGORITHM=INPLACE, LOCK=NONE");
    test.ok(&archive("exchange"));
    assert_eq!(whole(&test), before);
    assert_keys(&test);
    test.ok("archive verify");
}

#[test]
fn keys_that_a_killed_exchange_has_not_turned_are_not_without_a_row() {
    let test = clinic("archive_unturned", 60);
    test.ok(&archive("exchange"));
    // as it is between the last EXCHANGE and what follows
    test.sql("UPDATE appointment_keys SET archived = FALSE WHERE appointment_date < '2023-02-01'");
    test.ok("partition check --ahead 1 --today 2024-03-15");
    let found = problems(&test);
    assert!(found.contains("whose key says something else"), "{found}");
}

#[test]
fn a_column_that_is_added_makes_no_other_rows_of_those_on_record() {
    let test = clinic("archive_column", 60);
    let before = whole(&test);
    test.ok(&archive("rows"));
    for table in ["appointments", "appointments_archive", "appointments_moving"] {
        test.sql(&format!("ALTER TABLE {table} ADD extra INT AFTER notes, ALGORITHM=INPLACE"));
    }
    for table in ["payments", "payments_archive"] {
        test.sql(&format!("ALTER TABLE {table} ADD extra INT"));
    }
    test.ok("archive verify");
    // what comes back was written down without the column
    test.ok("archive restore --month 2023-01");
    test.ok("archive verify");
    test.sql("UPDATE appointments_archive SET extra = 1, updated_at = updated_at");
    assert_snapshot!(problems(&test), @"problem  ledger  `p_2023_02` has other values than when its rows were archived; `p_2023_03` has other values than when its rows were archived; somebody changed the archive by hand, or its columns: compare it with a backup");
    test.sql("UPDATE appointments_archive SET extra = NULL, updated_at = updated_at");
    test.ok(&archive("rows"));
    test.ok("archive restore --all");
    test.ok("archive verify");
    assert_eq!(whole(&test), before);
}

/// What `archive verify` finds wrong.
fn problems(test: &Test) -> String {
    let text = run(test, "archive verify");
    assert!(text.starts_with("exit 1\n"), "{text}");
    text.lines().filter(|line| line.starts_with("problem")).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_another_hand_did_to_the_archive_is_found() {
    let test = clinic("archive_hand", 120);
    test.ok(&archive("rows"));
    test.ok("archive verify");
    let mut found = String::new();
    for (change, back) in [
        (
            "UPDATE appointments_archive SET notes = 'x', updated_at = updated_at WHERE id = 'a8'",
            "UPDATE appointments_archive SET notes = NULL, updated_at = updated_at WHERE id = 'a8'",
        ),
        (
            "UPDATE appointments_archive SET fee = 1, patient_id = 'P1', updated_at = updated_at WHERE id = 'a8'",
            "UPDATE appointments_archive SET fee = 8.25, patient_id = 'p1', updated_at = updated_at WHERE id = 'a8'",
        ),
        (
            "CREATE TABLE aside SELECT * FROM appointments_archive WHERE id = 'a9'; DELETE FROM appointments_archive WHERE id = 'a9'",
            "INSERT INTO appointments_archive SELECT * FROM aside; DROP TABLE aside",
        ),
        (
            "SET foreign_key_checks = 0; DELETE FROM appointment_keys WHERE id = 'a9'",
            "INSERT INTO appointment_keys SELECT id, booking_reference, appointment_date, patient_id, doctor_id, cancelled_by, rescheduled_from, TRUE FROM appointments_archive WHERE id = 'a9'",
        ),
        (
            "UPDATE appointment_keys SET archived = FALSE WHERE id = 'a9'",
            "UPDATE appointment_keys SET archived = TRUE WHERE id = 'a9'",
        ),
        (
            "UPDATE appointment_keys SET archived = TRUE WHERE id = 'a0'",
            "UPDATE appointment_keys SET archived = FALSE WHERE id = 'a0'",
        ),
        (
            "DROP TRIGGER trg_appointments_after_insert; INSERT INTO appointments SELECT * FROM appointments_archive WHERE id = 'a9'",
            "DROP TRIGGER trg_appointments_after_delete_live; DELETE FROM appointments WHERE id = 'a9'",
        ),
        (
            "INSERT INTO appointments_moving SELECT * FROM appointments_archive WHERE id = 'a9'",
            "DELETE FROM appointments_moving",
        ),
        (
            "UPDATE consultations_archive SET doctor_notes = 'x', updated_at = updated_at WHERE id = 'c6'",
            "UPDATE consultations_archive SET doctor_notes = '😀', updated_at = updated_at WHERE id = 'c6'",
        ),
        (
            "CREATE TABLE aside SELECT * FROM payments_archive WHERE id = 'm9'; DELETE FROM payments_archive WHERE id = 'm9'",
            "INSERT INTO payments_archive SELECT * FROM aside; DROP TABLE aside",
        ),
        ("INSERT INTO reviews SELECT * FROM reviews_archive WHERE id = 'v9'", "DELETE FROM reviews WHERE id = 'v9'"),
        (
            "INSERT INTO reviews_archive SELECT * FROM reviews WHERE id = 'v0'",
            "DELETE FROM reviews_archive WHERE id = 'v0'",
        ),
        (
            "ALTER TABLE appointments_archive ALTER fee SET DEFAULT 1",
            "ALTER TABLE appointments_archive ALTER fee DROP DEFAULT",
        ),
    ] {
        test.sql(change);
        found.push_str(&format!("{change}\n  {}\n", problems(&test).replace('\n', "\n  ")));
        test.sql(back);
        let text = run(&test, "archive verify");
        assert!(text.starts_with("exit 0\n"), "{change}: {text}");
    }
    test.sql("ALTER TABLE appointments_archive DROP PARTITION p_2023_03");
    found.push_str(&format!("DROP PARTITION\n  {}\n", problems(&test).replace('\n', "\n  ")));
    assert_snapshot!(found, @"
    UPDATE appointments_archive SET notes = 'x', updated_at = updated_at WHERE id = 'a8'
      problem  ledger  `p_2023_01` has other values than when its rows were archived; somebody changed the archive by hand, or its columns: compare it with a backup
    UPDATE appointments_archive SET fee = 1, patient_id = 'P1', updated_at = updated_at WHERE id = 'a8'
      problem  keys  1 row whose key says something else: `a8`; make keys and rows agree
      problem  ledger  `p_2023_01` has other values than when its rows were archived; somebody changed the archive by hand, or its columns: compare it with a backup
    CREATE TABLE aside SELECT * FROM appointments_archive WHERE id = 'a9'; DELETE FROM appointments_archive WHERE id = 'a9'
      problem  keys  1 row archived by their key alone: `a9`; look for their rows in a backup
      problem  ledger  `p_2023_01` has 38 rows, and the ledger says 39; somebody changed the archive by hand, or its columns: compare it with a backup
    SET foreign_key_checks = 0; DELETE FROM appointment_keys WHERE id = 'a9'
      problem  keys  1 row without a key: `a9`; insert their keys from the rows, with `archived` set
    UPDATE appointment_keys SET archived = FALSE WHERE id = 'a9'
      problem  keys  1 row whose key says something else: `a9`; make keys and rows agree
    UPDATE appointment_keys SET archived = TRUE WHERE id = 'a0'
      problem  keys  1 row archived by their key alone: `a0`; look for their rows in a backup
    DROP TRIGGER trg_appointments_after_insert; INSERT INTO appointments SELECT * FROM appointments_archive WHERE id = 'a9'
      problem  twice  1 row in both `appointments` and `appointments_archive`; compare them and delete one of each
    INSERT INTO appointments_moving SELECT * FROM appointments_archive WHERE id = 'a9'
      problem  moving  1 row in `appointments_moving`, between two exchanges; `caredb archive appointments` goes on with that month
    UPDATE consultations_archive SET doctor_notes = 'x', updated_at = updated_at WHERE id = 'c6'
      problem  ledger  `consultations_archive` has 34 rows, of which the ledger says 34, or other values; somebody changed the archive by hand, or its columns: compare it with a backup
    CREATE TABLE aside SELECT * FROM payments_archive WHERE id = 'm9'; DELETE FROM payments_archive WHERE id = 'm9'
      problem  ledger  `payments_archive` has 74 rows, of which the ledger says 75, or other values; somebody changed the archive by hand, or its columns: compare it with a backup
    INSERT INTO reviews SELECT * FROM reviews_archive WHERE id = 'v9'
      problem  twice  1 row in both `reviews` and `reviews_archive`; compare them and delete one of each
    INSERT INTO reviews_archive SELECT * FROM reviews WHERE id = 'v0'
      problem  twice  1 row in both `reviews` and `reviews_archive`; compare them and delete one of each
      problem  ledger  `reviews_archive` has 28 rows, of which the ledger says 27, or other values; somebody changed the archive by hand, or its columns: compare it with a backup
    ALTER TABLE appointments_archive ALTER fee SET DEFAULT 1
      problem  definition  `appointments` and `appointments_archive` differ: `fee decimal(10,2) NOT NULL` here, `fee decimal(10,2) NOT NULL DEFAULT '1.00'` there; make them the same by a migration
    DROP PARTITION
      problem  keys  7 rows archived by their key alone: `a59`, `a63`, `a66`, `a67`, `a68`, …; look for their rows in a backup
      problem  ledger  `p_2023_03` is gone, and the ledger says that it has 7 rows; somebody changed the archive by hand, or its columns: compare it with a backup
    ");
}

/// Some of the rows' times are those of the test.
fn checksums_away(text: &str) -> String {
    regex::Regex::new(r"checksum \d+").unwrap().replace_all(text, "checksum <n>").into_owned()
}

#[test]
fn a_trigger_that_changes_rows_is_seen() {
    let test = clinic("archive_trigger", 60);
    let before = whole(&test);
    let mut text = String::new();
    for table in ["appointments_archive", "payments_archive"] {
        let set = if table.starts_with('a') { "notes" } else { "currency" };
        test.sql(&format!("CREATE TRIGGER changes BEFORE INSERT ON {table} FOR EACH ROW SET NEW.{set} = 'x'"));
        text.push_str(&format!("{table}\n{}\n", checksums_away(&run(&test, &archive("rows")))));
        assert_eq!(whole(&test), before, "{table}");
        test.sql("DROP TRIGGER changes");
    }
    assert_snapshot!(text, @"
    appointments_archive
    exit 2
    --- stdout
    appointments_archive  split `p_future` for 2023-01 to 2023-03 <ms> ms
    --- stderr
    error: rows of partition `p_2023_01` are not the same on both sides: 19 rows with checksum <n> before, 19 copied, 19 keys, 19 deleted, 19 found with checksum <n> after; the batch was rolled back, and all are where they were; look for triggers or constraints on the archive
    payments_archive
    exit 2
    --- stdout
    2023-01  rows  19 rows <ms> ms; stay: 2 follow-up, 2 prescription, 1 refund, 4 status, 3 unpaid
    2023-02  rows  20 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 2 status, 3 unpaid
    2023-03  rows  1 row <ms> ms
    --- stderr
    error: rows of table `payments` are not the same on both sides: 19 rows with checksum <n> before, 19 deleted, 19 found with checksum <n> after; the batch was rolled back, and all are where they were
    ");
    test.ok(&archive("rows"));
    test.sql("CREATE TRIGGER changes BEFORE INSERT ON appointments FOR EACH ROW SET NEW.notes = 'x'");
    assert_snapshot!(checksums_away(&run(&test, "archive restore --all")), @"
    exit 2
    --- stderr
    error: rows of partition `p_2023_01` are not the same on both sides: 19 rows with checksum <n> before, 19 copied, 19 keys, 19 deleted, 19 found with checksum <n> after; the batch was rolled back, and all are where they were; look for triggers or constraints on the archive
    ");
    assert_eq!(whole(&test), before);
    test.ok("archive verify");
}

#[test]
fn one_run_at_a_time() {
    let test = clinic("archive_two", 60);
    let before = whole(&test);
    // a row that another session has locked keeps the first under way
    test.ok("archive appointments --older-than 5y --today 2024-03-15");
    let mut other = block_on(test.connect());
    let mut lock = |sql: &str| block_on(async { rows(&mut other, sql).await.unwrap() });
    lock("START TRANSACTION; SELECT 1 FROM appointments WHERE id = 'a6' FOR UPDATE");
    let first = test.command(&archive("rows")).stdout(Stdio::piped()).spawn().unwrap();
    wait_for("the batch to wait", || test.rows(WAITING) == ["1"]);
    let second = run(&test, &format!("{} --lock-timeout 0", archive("rows")));
    // a hold waits for the batch, and so is not late
    let hold = test.command("hold add --appointment a6 --reason x").stdout(Stdio::piped()).spawn().unwrap();
    wait_for("the hold to wait", || test.rows(WAITING) == ["2"]);
    lock("ROLLBACK");
    assert!(first.wait_with_output().unwrap().status.success());
    assert!(hold.wait_with_output().unwrap().status.success());
    assert_snapshot!(second, @"
    exit 4
    --- stderr
    waiting for lock `caredb migrate <db>`, held by connection <id> (root@localhost, executing, for <n> s)
    error: another run holds lock `caredb migrate <db>`: connection <id> (root@localhost, executing, for <n> s); waited 0 s; run again when it has ended
    ");
    assert_eq!(whole(&test), before);
    test.ok("archive verify");
}

/// Between the look at a month and the lock that keeps writers out: the rows themselves and the holds are looked at again.
#[test]
fn what_changes_before_the_lock_counts() {
    for (name, hold, stays) in [
        ("archive_late_appointment", "--appointment a7", vec!["a7", "a8"]),
        ("archive_late_patient", "--patient p1", vec!["a6", "a7", "a8", "a9"]),
    ] {
        let test = clinic(name, 60);
        test.ok("archive appointments --older-than 5y --today 2024-03-15");
        let mut other = block_on(test.connect());
        let mut writer = |sql: &str| block_on(async { rows(&mut other, sql).await.unwrap() });
        // it keeps the exchange from its lock, and what it changes is not to be seen yet
        writer("START TRANSACTION; UPDATE appointments SET status = 'CONFIRMED' WHERE id = 'a8'");
        let exchange = format!("archive appointments --method exchange --ddl-retries 100 {TODAY}");
        let running = test.command(&exchange).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = "SELECT COUNT(*) FROM caredb_run_parts WHERE state = 'moving'";
        wait_for("the month to be chosen", || test.rows(begun) == ["1"]);
        assert_eq!(
            test.rows("SELECT id FROM appointments_staying WHERE id IN ('a6', 'a7', 'a8', 'a9')"),
            [] as [&str; 0]
        );
        test.ok(&format!("hold add {hold} --reason lawsuit"));
        writer("COMMIT");
        assert!(running.wait_with_output().unwrap().status.success());
        let live = "SELECT id FROM appointments WHERE id IN ('a6', 'a7', 'a8', 'a9') ORDER BY id";
        assert_eq!(test.rows(live), stays, "{hold}");
        assert_eq!(test.rows("SELECT status FROM appointments_all WHERE id = 'a8'"), ["CONFIRMED"]);
        assert_keys(&test);
        test.ok("archive verify");
    }
}
