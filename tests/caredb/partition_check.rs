//! `partition check`, `drop`, `rebuild`.

use insta::assert_snapshot;

use crate::partition::{TODAY, booked, clinic, partitions, run, shown};
use crate::support::block_on;

#[test]
fn keys_and_triggers_that_are_not_right_are_found() {
    let test = clinic("partition_check");
    test.ok(&format!("partition ensure --behind 1 {TODAY}"));
    booked(&test, &["2026-10-05", "2026-10-06", "2026-11-05", "2026-12-05"]);
    assert_snapshot!(run(&test, "check"), @"
    exit 0
    --- stdout
    `appointments`
    level  check  finding
    ok  headroom  3 of 3 months after 2026-11 have a partition
    ok  catch_all  `p_future` is empty
    ok  ranges  each of the 5 partitions is a month
    ok  keys  every row of `appointments` has its key in `appointment_keys`, and every key its row
    ok  triggers  3 on `appointments`, as the migrations made them
    ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

    `appointments`: 0 problems
    --- stderr
    <differences>
    ");
    // rows that came, changed and went behind the triggers' backs
    test.sql(
        "UPDATE appointments SET id = booking_reference;
         DELETE FROM appointment_keys WHERE id = '2026-10-05';
         UPDATE appointment_keys SET booking_reference = '2026-10-06 ' WHERE id = '2026-10-06';
         UPDATE appointment_keys SET appointment_date = '2026-11-06' WHERE id = '2026-11-05';
         ALTER TABLE appointments TRUNCATE PARTITION p_2026_12",
    );
    assert_snapshot!(run(&test, "check"), @"
    exit 1
    --- stdout
    `appointments`
    level  check  finding
    ok  headroom  3 of 3 months after 2026-11 have a partition
    ok  catch_all  `p_future` is empty
    ok  ranges  each of the 5 partitions is a month
    problem  keys  1 row of `appointments` without a key: 2026-10-05; a trigger was missing when they were written; insert the keys by hand
    problem  keys  2 rows of `appointments` unlike the key: 2026-10-06, 2026-11-05; a trigger was missing when they were changed; update the keys by hand
    problem  keys  1 key of `appointment_keys` without a row: 2026-12-05; TRUNCATE, DROP PARTITION or EXCHANGE removed the rows, and no trigger fires for those; bring the rows back, or delete the keys
    ok  triggers  3 on `appointments`, as the migrations made them
    ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

    `appointments`: 3 problems
    --- stderr
    <differences>
    ");
    assert!(run(&test, "check --skip-keys").starts_with("exit 0"));
    test.sql(
        "DROP TRIGGER trg_appointments_after_insert; DROP TRIGGER trg_appointments_after_update;
         CREATE DEFINER = 'gone'@'nowhere' TRIGGER trg_appointments_after_update AFTER UPDATE ON appointments FOR EACH ROW SET @x = 1",
    );
    assert_snapshot!(run(&test, "check --skip-keys"), @"
    exit 1
    --- stdout
    `appointments`
    level  check  finding
    ok  headroom  3 of 3 months after 2026-11 have a partition
    ok  catch_all  `p_future` is empty
    ok  ranges  each of the 5 partitions is a month
    problem  triggers  trigger `trg_appointments_after_insert` is missing: rows are written without their keys; create it again as its migration has it, then check again
    problem  triggers  trigger `trg_appointments_after_update` is not what its migration made; drop it and create it again as its migration has it, then check again
    problem  triggers  trigger `trg_appointments_after_update` runs as gone@nowhere, an account that is gone: every write fails with error 1449; create the account again, or the trigger under another one
    ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

    `appointments`: 3 problems
    --- stderr
    <differences>
    ");
    let blind = test.url_as("blind", &["SELECT"]);
    assert_snapshot!(shown(&test.run_at(&blind, &format!("partition check --skip-keys {TODAY}"))), @"
    exit 0
    --- stdout
    `appointments`
    level  check  finding
    ok  headroom  3 of 3 months after 2026-11 have a partition
    ok  catch_all  `p_future` is empty
    ok  ranges  each of the 5 partitions is a month
    unknown  triggers  could not see the triggers of table `appointments`: `blind_<db>@%` lacks TRIGGER; grant it TRIGGER
    unknown  row_versions  could not read the row versions of table `appointments`: MySQL error 1227: Access denied; you need (at least one of) the PROCESS privilege(s) for this operation; ask for the missing privilege (`caredb grants` prints what each account needs) and run again

    `appointments`: 0 problems, 2 could not be looked at
    --- stderr
    <differences>
    ");
}

#[test]
fn a_table_that_is_locked_is_not_waited_for_all_night() {
    let test = clinic("partition_locked");
    let _holder = block_on(async {
        let mut conn = test.connect().await;
        sqlx::raw_sql("LOCK TABLES appointments WRITE").execute(&mut conn).await.unwrap();
        conn
    });
    assert_snapshot!(run(&test, "check"), @"
    exit 2
    --- stderr
    error: could not look into partition `p_future` of table `appointments`: MySQL error 1205: Lock wait timeout exceeded; try restarting transaction; another session holds the rows or the table: find it with `SHOW PROCESSLIST`, and run again
    ");
}

#[test]
fn chunks_miss_no_row_and_no_key() {
    let test = clinic("partition_chunks");
    test.ok(&format!("partition ensure --behind 1 {TODAY}"));
    test.sql(
        "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, fee)
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 999), m (m) AS (SELECT 0 UNION ALL SELECT m + 1 FROM m WHERE m < 24)
         SELECT CONCAT('i', m * 1000 + n), CONCAT('r', m * 1000 + n), 'p1', 'd1', IF(m < 21, '2026-10-05', '2026-11-05'), '09:00', '09:30', 'VIDEO', 'CANCELLED', 1
         FROM n, m",
    );
    assert!(run(&test, "check").starts_with("exit 0"));
    // on both sides of where a chunk ends (10,000 rows, in the order of ids), and at the ends
    let edges = ["i0", "i18999", "i19", "i190", "i2", "i20999", "i9999", "i21000", "i24999"];
    let ids = edges.map(|id| format!("'{id}'")).join(", ");
    let of_order = test.rows("SELECT id FROM appointments PARTITION (p_2026_10) ORDER BY id LIMIT 2 OFFSET 9999");
    test.sql(&format!("DELETE FROM appointment_keys WHERE id IN ({ids}, '{}', '{}')", of_order[0], of_order[1]));
    let text = run(&test, "check");
    assert!(text.contains("10 rows of `appointments` without a key"), "{text}");
    test.sql("ALTER TABLE appointments TRUNCATE PARTITION p_2026_10");
    let text = run(&test, "check");
    assert!(text.contains("2 rows of `appointments` without a key: i21000, i24999"), "{text}");
    assert!(text.contains("20992 keys of `appointment_keys` without a row: i1, i10, i100, i1000, i10000, …"), "{text}");
}

#[test]
fn an_instant_column_is_found_and_rebuilt_away() {
    let test = clinic("partition_instant");
    test.ok(&format!("partition ensure --behind 0 --ahead 1 {TODAY}"));
    assert_snapshot!(shown(&test.run("partition rebuild p_2026_11")), @"
    exit 0
    --- stdout
    nothing to do: no INSTANT change stands in the way of partition `p_2026_11` of table `appointments`
    ");
    test.sql("ALTER TABLE appointments ADD COLUMN room VARCHAR(20), ALGORITHM=INSTANT");
    booked(&test, &["2026-11-05"]);
    let exchange = "ALTER TABLE appointments EXCHANGE PARTITION p_2026_11 WITH TABLE plain";
    let plain =
        "DROP TABLE IF EXISTS plain; CREATE TABLE plain LIKE appointments; ALTER TABLE plain REMOVE PARTITIONING";
    test.sql(plain);
    assert_eq!(test.error(exchange), 1731);
    let text = run(&test, "check");
    assert!(
        text.starts_with("exit 1\n") && text.contains("`appointments` has had 1 INSTANT change since it was rebuilt"),
        "{text}"
    );
    // the server's own way for one partition does not help
    test.sql("ALTER TABLE appointments REBUILD PARTITION p_2026_11");
    assert_eq!(test.error(exchange), 1731);
    let rebuild = |arguments: &str| shown(&test.run(&format!("partition rebuild p_2026_11 {arguments}")));
    assert_snapshot!(rebuild(""), @"
    exit 3
    --- stderr
    error: `p_2026_11` has the 1 INSTANT change of its table, which the server takes away only with all partitions of `appointments` together: `ALTER TABLE `appointments` FORCE, ALGORITHM=INPLACE, LOCK=NONE` writes <size> anew while the table is read and written, and replicas lag for that long; say `--allow-copy` at a quiet time
    ");
    assert_snapshot!(rebuild("--allow-copy"), @"
    exit 0
    --- stdout
    rebuilt table `appointments` with partition `p_2026_11`: 1 INSTANT change gone
    ");
    assert!(run(&test, "check --ahead 1").starts_with("exit 0"));
    test.sql(plain);
    test.sql(exchange);
    assert_eq!(test.rows("SELECT booking_reference FROM plain"), ["2026-11-05"]);
}

#[test]
fn only_an_empty_partition_is_dropped() {
    let test = clinic("partition_drop");
    test.ok(&format!("partition ensure --behind 1 --ahead 0 {TODAY}"));
    booked(&test, &["2026-10-05"]);
    assert_snapshot!(shown(&test.run("partition drop p_2026_10")), @"
    exit 3
    --- stderr
    error: partition `p_2026_10` of table `appointments` is not empty; only an empty partition is dropped, and nothing was changed
    ");
    assert_snapshot!(shown(&test.run("partition drop p_future")), @"
    exit 3
    --- stderr
    error: `p_future` of table `appointments` takes the rows that no month takes, which would be lost or refused without it; nothing was changed
    ");
    assert_snapshot!(shown(&test.run("partition drop p_2026_1O")), @"
    exit 2
    --- stderr
    error: table `appointments` has no partition `p_2026_1O`, did you mean `p_2026_10`?; `caredb partition list` shows them
    ");
    assert_snapshot!(partitions(&test, "appointments"), @"
    p_2026_10 < '2026-11-01'
    p_2026_11 < '2026-12-01'
    p_future < MAXVALUE
    ");
    // without its rows, as archiving leaves it: the key stays, and with it the reference
    test.sql("ALTER TABLE appointments TRUNCATE PARTITION p_2026_10");
    assert_snapshot!(shown(&test.run("partition drop p_2026_10")), @"
    exit 0
    --- stdout
    dropped partition `p_2026_10` of table `appointments`, which was empty; keys of its month stay as they are
    ");
    assert_eq!(test.rows("SELECT booking_reference FROM appointment_keys"), ["2026-10-05"]);
    test.ok("partition drop p_2026_11");
    assert_eq!(partitions(&test, "appointments"), "p_future < MAXVALUE");
    // the tables are free again
    booked(&test, &["2026-10-06"]);
}
