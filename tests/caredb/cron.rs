//! `cron`: the nightly work, each job with an outcome of its own.

use std::process::Stdio;

use insta::assert_snapshot;
use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{Test, block_on, people, wait_for};

const CRON: &str = "cron --today 2026-07-01 --quiet";

/// A row that is old enough for each job, and one that is not.
pub fn clinic(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    test.ok("partition ensure --today 2026-07-01 --ahead 1 --behind 36");
    people(&test);
    test.sql(
        "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type,
             status, fee, payment_status)
         VALUES ('a1', 'b1', 'p1', 'd1', '2023-08-01', '08:00', '08:30', 'VIDEO', 'COMPLETED', 10, 'PAID'),
                ('a2', 'b2', 'p1', 'd1', '2026-06-01', '08:00', '08:30', 'VIDEO', 'COMPLETED', 10, 'PAID');
         INSERT INTO notifications (id, user_id, type, title, message, is_read, created_at)
         VALUES ('n1', 'u1', 'GENERAL', 't', 'm', TRUE, '2025-10-01'), ('n2', 'u1', 'GENERAL', 't', 'm', TRUE, '2026-06-01');
         INSERT INTO medical_records (id, patient_id, uploaded_by, record_type, title, file_url, file_size, mime_type, record_date)
         VALUES ('r1', 'p1', 'u2', 'XRAY', 't', 'f', 1, 'm', '2023-01-01'), ('r2', 'p1', 'u2', 'XRAY', 't', 'f', 1, 'm', '2026-06-01')",
    );
    test
}

/// Where the rows are.
fn rows(test: &Test) -> Vec<String> {
    test.rows(
        "SELECT 'appointments', id FROM appointments UNION ALL SELECT 'appointments_archive', id FROM appointments_archive
         UNION ALL SELECT 'notifications', id FROM notifications UNION ALL SELECT 'medical_records', id FROM medical_records
         UNION ALL SELECT 'medical_records_compressed', id FROM medical_records_compressed ORDER BY 1, 2",
    )
}

fn run(test: &Test, arguments: &str) -> String {
    let times = [(r"\d+ rows/s", "<n> rows/s"), (r"\d+\.\d+ KiB", "<n> KiB"), (r"in \d+\.\d+ s", "in <s> s")];
    times.iter().fold(test.run(arguments), |text, (pattern, by)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *by).into_owned()
    })
}

#[test]
fn each_job_does_its_work() {
    let test = clinic("cron");
    let before = rows(&test);
    assert_snapshot!(run(&test, &format!("{CRON} --dry-run")), @"
    exit 0
    --- stdout
    partition ensure: done in <s> s
      -- `appointments`: split `p_future` for 2026-09 to 2026-10: copies nothing
      ALTER TABLE `appointments` REORGANIZE PARTITION `p_future` INTO (
      PARTITION `p_2026_09` VALUES LESS THAN ('2026-10-01'),
      PARTITION `p_2026_10` VALUES LESS THAN ('2026-11-01'),
      PARTITION `p_future` VALUES LESS THAN (MAXVALUE)
      );

      -- dry run, nothing was changed: 2 partitions, 1 statement
    archive appointments: done in <s> s
      month  goes  how  size  too young  stays
      2023-08  1  rows  <n> KiB  0  0

      dry run, nothing was changed: 1 row of 1 month older than 2025-07-01 would go, about <n> KiB; no run of 1000 rows yet that tells how long it takes
    purge notifications: done in <s> s
      month  go  bytes  stay: unread  on hold
      2025-10  1  39 B  0  0
      dry run, nothing was changed: 1 notification from before 2026-01-01 would go; no run of 1000 rows yet that tells how long it takes
    compress medical-records: done in <s> s
      month  move
      2023-01  1
      dry run, nothing was changed: 1 medical record from before 2024-07-01 would move; no run of 1000 rows yet that tells how long it takes
    all 4 jobs done in <s> s
    ");
    assert_eq!(rows(&test), before);
    assert_snapshot!(run(&test, CRON), @"
    exit 0
    --- stdout
    partition ensure: done in <s> s
      2 partitions made: `appointments` is ready to 2026-10, 3 months ahead
    archive appointments: done in <s> s
      archived 1 row of 1 month older than 2025-07-01; run 1
    purge notifications: done in <s> s
      purged 1 notification from before 2026-01-01 in <s> s, <n> rows/s
    compress medical-records: done in <s> s
      compressed 1 medical record from before 2024-07-01 in <s> s, <n> rows/s
      medical_records <n> KiB -> <n> KiB, medical_records_compressed <n> KiB -> <n> KiB
    partition check: done in <s> s
      `appointments`
      level  check  finding
      ok  headroom  3 of 3 months after 2026-07 have a partition
      ok  catch_all  `p_future` is empty
      ok  ranges  each of the 40 partitions is a month
      ok  keys  every row of `appointments` has its key in `appointment_keys`, and every key its row
      ok  triggers  3 on `appointments`, as the migrations made them
      ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

      `appointments`: 0 problems
    all 5 jobs done in <s> s
    ");
    assert_eq!(
        rows(&test),
        [
            "appointments|a2",
            "appointments_archive|a1",
            "medical_records|r2",
            "medical_records_compressed|r1",
            "notifications|n2"
        ]
    );
    // the second night has nothing to do, but for the archive's own term
    test.file("caredb.toml", "[retention.appointments_archive]\ndelete_after = \"2y\"\n");
    assert_snapshot!(run(&test, CRON), @"
    exit 0
    --- stdout
    partition ensure: done in <s> s
      nothing to do: `appointments` is ready to 2026-10, 3 months ahead
    archive appointments: done in <s> s
      nothing to do: no appointment older than 2025-07-01 can go
    purge notifications: done in <s> s
      no notifications from before 2026-01-01 to purge
    compress medical-records: done in <s> s
      no medical records from before 2024-07-01 to compress
    purge archive: done in <s> s
      destroyed 1 archived appointment from before 2024-07-01, and 0 rows that belonged to them; `caredb runs certificate 6` proves it
    partition check: done in <s> s
      `appointments`
      level  check  finding
      ok  headroom  3 of 3 months after 2026-07 have a partition
      ok  catch_all  `p_future` is empty
      ok  ranges  each of the 40 partitions is a month
      ok  keys  every row of `appointments` has its key in `appointment_keys`, and every key its row
      ok  triggers  3 on `appointments`, as the migrations made them
      ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

      `appointments`: 0 problems
    all 6 jobs done in <s> s
    ");
    assert_eq!(rows(&test).len(), 4);
}

#[test]
fn a_job_that_fails_keeps_no_other_from_its_work() {
    let test = clinic("cron_fails");
    test.sql("ALTER TABLE appointments_archive ADD COLUMN by_hand INT");
    assert_snapshot!(run(&test, CRON), @"
    exit 2
    --- stdout
    partition ensure: done in <s> s
      2 partitions made: `appointments` is ready to 2026-10, 3 months ahead
    archive appointments: error in <s> s
      tables `appointments` and `appointments_archive` differ: `PRIMARY KEY (id,appointment_date)` here, `by_hand int DEFAULT NULL` there; make them the same by a migration, nothing of the month was moved
    purge notifications: done in <s> s
      purged 1 notification from before 2026-01-01 in <s> s, <n> rows/s
    compress medical-records: done in <s> s
      compressed 1 medical record from before 2024-07-01 in <s> s, <n> rows/s
      medical_records <n> KiB -> <n> KiB, medical_records_compressed <n> KiB -> <n> KiB
    partition check: done in <s> s
      `appointments`
      level  check  finding
      ok  headroom  3 of 3 months after 2026-07 have a partition
      ok  catch_all  `p_future` is empty
      ok  ranges  each of the 40 partitions is a month
      ok  keys  every row of `appointments` has its key in `appointment_keys`, and every key its row
      ok  triggers  3 on `appointments`, as the migrations made them
      ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

      `appointments`: 0 problems
    1 of 5 jobs not done, in <s> s: archive appointments
    ");
    assert_eq!(test.rows("SELECT id FROM notifications"), ["n2"]);
    assert_eq!(test.rows("SELECT id FROM medical_records_compressed"), ["r1"]);
    assert_eq!(test.rows("SELECT id FROM appointments ORDER BY id"), ["a1", "a2"]);
    // who reads the log in JSON reads of the error there
    let output = test.command(&format!("{CRON} --log-format json")).output().unwrap();
    let log: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(
        (&log["level"], &log["command"], &log["exit_code"]),
        (&json!("error"), &json!("archive appointments"), &json!(2)),
        "{log}"
    );
}

#[test]
fn a_person_who_stops_it_waits_for_no_lock_and_hears_what_was_done() {
    let test = Test::new("cron_stopped");
    test.ok("migrate");
    let _holder = block_on(async {
        let mut conn = test.connect().await;
        sqlx::raw_sql("LOCK TABLES appointments WRITE").execute(&mut conn).await.unwrap();
        conn
    });
    let mut command = test.command(&format!("{CRON} --metrics m.prom"));
    let cron = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let waiting = format!(
        "SELECT 1 FROM performance_schema.processlist WHERE db = '{}' AND state LIKE 'Waiting for table%'",
        test.database
    );
    wait_for("the first job to stand still", || !test.rows(&waiting).is_empty());
    kill_process(Pid::from_child(&cron), Signal::INT).unwrap();
    let output = cron.wait_with_output().unwrap();
    let text = test.show(&output);
    assert!(text.starts_with("exit 130\n--- stdout\npartition ensure: interrupted in "), "{text}");
    assert!(text.contains("\n1 of 1 job not done, in "), "{text}");
    let metrics = std::fs::read_to_string(test.folder.join("m.prom")).unwrap();
    for command in ["cron", "partition ensure"] {
        let line =
            Regex::new(&format!(r#"(?m)^caredb_job_last_run_exit_code\{{command="{command}",.*\}} 130$"#)).unwrap();
        assert!(line.is_match(&metrics), "{command}: {metrics}");
    }
}
