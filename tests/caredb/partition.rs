//! `partition list`, `ensure`, `check`, `drop`, `rebuild`.

use insta::assert_snapshot;

use crate::support::{Test, block_on, people, stable, wait_for};

/// A migrated database with one patient and one doctor, on 24 November 2026.
fn clinic(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    people(&test);
    test
}

/// Books one appointment a date, each with a reference that is its date.
fn booked(test: &Test, dates: &[&str]) {
    for date in dates {
        test.sql(&format!(
            "INSERT INTO appointments (booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee)
             VALUES ('{date}', 'p1', 'd1', '{date}', '09:00', '09:30', 'VIDEO', 10)"
        ));
    }
}

const TODAY: &str = "--today 2026-11-24";

fn run(test: &Test, arguments: &str) -> String {
    let text = stable(&test.run(&format!("partition {arguments} {TODAY}")));
    // sizes differ from server to server
    regex::Regex::new(r"\d+\.\d \wiB").unwrap().replace_all(&text, "<size>").into_owned()
}

fn partitions(test: &Test, table: &str) -> String {
    test.rows(&format!(
        "SELECT CONCAT(partition_name, ' < ', partition_description) FROM information_schema.partitions
         WHERE table_schema = DATABASE() AND table_name = '{table}' ORDER BY partition_ordinal_position"
    ))
    .join("\n")
}

#[test]
fn months_are_made_once() {
    let test = clinic("partition_ensure");
    assert_snapshot!(run(&test, "ensure --ahead 1 --behind 2 --dry-run"), @"");
    assert_eq!(partitions(&test, "appointments"), "p_future < MAXVALUE");
    assert_snapshot!(run(&test, "ensure --ahead 1 --behind 2"), @"");
    assert_snapshot!(partitions(&test, "appointments"), @"");
    assert_snapshot!(run(&test, "ensure --ahead 1 --behind 2"), @"");
    assert_snapshot!(run(&test, "ensure --format json"), @"");
    assert_snapshot!(run(&test, "ensure --format json"), @"");
}

#[test]
fn rows_are_copied_only_where_that_is_allowed() {
    let test = clinic("partition_copy");
    booked(&test, &["2026-08-31", "2026-11-01", "2026-12-31", "2027-06-15"]);
    assert_snapshot!(run(&test, "ensure --ahead 2"), @"");
    assert_eq!(partitions(&test, "appointments"), "p_future < MAXVALUE");
    assert_snapshot!(run(&test, "ensure --ahead 2 --allow-copy --dry-run"), @"");
    assert_snapshot!(run(&test, "ensure --ahead 2 --allow-copy"), @"");
    assert_snapshot!(run(&test, "list --exact"), @"");
    assert_snapshot!(run(&test, "list --exact --format json"), @"");
    // what is free is done, what costs is named
    assert_snapshot!(run(&test, "ensure --ahead 3 --behind 5"), @"");
    assert_snapshot!(run(&test, "check --ahead 2"), @"");
}

#[test]
fn older_rows_and_gaps_get_their_months() {
    let test = clinic("partition_gaps");
    test.ok(&format!("partition ensure --ahead 3 --behind 0 {TODAY}"));
    booked(&test, &["2026-09-10", "2026-11-10"]);
    test.sql("ALTER TABLE appointments DROP PARTITION p_2026_12; ALTER TABLE appointments DROP PARTITION p_future");
    assert_snapshot!(run(&test, "check"), @"");
    assert_snapshot!(run(&test, "ensure --allow-copy"), @"");
    assert_snapshot!(partitions(&test, "appointments"), @"");
    assert!(run(&test, "check").starts_with("exit 0"));
}

#[test]
fn the_servers_date_counts_where_none_is_given() {
    let test = clinic("partition_clock");
    test.ok("partition ensure --ahead 1");
    let months = test.rows(
        "SELECT DATE_FORMAT(UTC_DATE() + INTERVAL 1 MONTH, 'p_%Y_%m') = partition_name FROM information_schema.partitions
         WHERE table_schema = DATABASE() AND table_name = 'appointments' AND partition_ordinal_position = 2",
    );
    assert_eq!(months, ["1"]);
    test.ok("partition check --ahead 1");
}

#[test]
fn only_the_months_that_are_asked_for_are_read() {
    let test = clinic("partition_pruning");
    test.ok(&format!("partition ensure --ahead 2 --behind 2 {TODAY}"));
    booked(&test, &["2026-09-30", "2026-10-01", "2026-11-30", "2026-12-01", "2027-01-31", "2027-02-01"]);
    test.sql("ANALYZE TABLE appointments");
    let read = |condition: &str| {
        let plan = test.rows(&format!("EXPLAIN SELECT * FROM appointments WHERE {condition}"));
        plan[0].split('|').nth(3).unwrap().to_owned()
    };
    for (condition, partitions) in [
        ("appointment_date = '2026-11-30'", "p_2026_11"),
        ("appointment_date BETWEEN '2026-11-01' AND '2026-11-30'", "p_2026_11"),
        ("appointment_date BETWEEN '2026-10-31' AND '2026-11-01'", "p_2026_10,p_2026_11"),
        ("appointment_date < '2026-10-01'", "p_2026_09"),
        ("appointment_date <= '2026-10-01'", "p_2026_09,p_2026_10"),
        ("appointment_date >= '2027-01-01'", "p_2027_01,p_future"),
        ("appointment_date > '2026-12-31'", "p_2027_01,p_future"),
        ("appointment_date >= '2026-12-01' AND appointment_date < '2027-01-01'", "p_2026_12"),
    ] {
        // without statistics the server may still say "no row"; it must never read more
        assert_eq!(read(condition), partitions, "{condition}");
    }
    // a look-up through the keys reads one month
    let plan = test.rows(
        "EXPLAIN SELECT a.* FROM appointment_keys k JOIN appointments a ON a.id = k.id AND a.appointment_date = k.appointment_date
         WHERE k.booking_reference = '2026-11-30'",
    );
    assert_eq!(plan[1].split('|').nth(3), Some("p_2026_11"));
}

/// `appointments` as the owner's notes partition it, without keys.
const OWNERS: &str = "
    CREATE TABLE appointments (id VARCHAR(36) NOT NULL, appointment_date DATE NOT NULL, PRIMARY KEY (id, appointment_date))
    PARTITION BY RANGE (YEAR(appointment_date) * 100 + MONTH(appointment_date)) (
        PARTITION p_2026_09 VALUES LESS THAN (202610),
        PARTITION p_2026_10 VALUES LESS THAN (202611),
        PARTITION p_future VALUES LESS THAN MAXVALUE
    )";

#[test]
fn the_owners_expression_is_found_from_the_server() {
    let test = Test::new("partition_owners");
    test.sql(OWNERS);
    test.sql("INSERT INTO appointments VALUES ('a', '2026-09-01'), ('b', '2026-10-31'), ('c', '2026-11-02')");
    assert_snapshot!(run(&test, "ensure --ahead 1 --allow-copy"), @"");
    assert_snapshot!(partitions(&test, "appointments"), @"");
    assert_snapshot!(run(&test, "list --exact"), @"");
    assert_snapshot!(run(&test, "check --ahead 1"), @"");
    assert_snapshot!(run(&test, "drop p_2026_12"), @"");
    assert_snapshot!(run(&test, "ensure --ahead 1"), @"");
}

#[test]
fn other_tables_are_named_in_the_file() {
    let test = clinic("partition_others");
    test.ok(&format!("partition ensure --behind 0 --ahead 1 {TODAY}"));
    test.file(
        "caredb.toml",
        "[[partitioned]]\ntable = 'audit_copy'\ncolumn = 'created_at'\ninterval = 'month'\nahead = 1\n
         [[partitioned]]\ntable = 'log'\ncolumn = 'at'\n",
    );
    test.sql(
        "CREATE TABLE audit_copy LIKE audit_logs;
         ALTER TABLE audit_copy MODIFY created_at TIMESTAMP NOT NULL, DROP PRIMARY KEY, ADD PRIMARY KEY (id, created_at)
             PARTITION BY RANGE (UNIX_TIMESTAMP(created_at)) (PARTITION p_future VALUES LESS THAN MAXVALUE);
         CREATE TABLE log (at DATETIME(3) NOT NULL, what TEXT) PARTITION BY RANGE COLUMNS (at) (PARTITION p_future VALUES LESS THAN (MAXVALUE));
         SET time_zone = '+00:00';
         INSERT INTO audit_copy (id, action, entity_type, created_at) VALUES ('a', 'x', 'y', '2026-10-31 23:59:59'), ('b', 'x', 'y', '2026-11-01 00:00:00');
         INSERT INTO log VALUES ('2026-10-31 23:59:59.999', ''), ('2026-11-01', '')",
    );
    assert_snapshot!(run(&test, "ensure --allow-copy"), @"");
    assert_snapshot!(partitions(&test, "audit_copy"), @"");
    assert_snapshot!(partitions(&test, "log"), @"");
    for table in ["audit_copy", "log"] {
        let rows = test.rows(&format!("SELECT COUNT(*) FROM {table} PARTITION (p_2026_10)"));
        assert_eq!(rows, ["1"], "{table}");
    }
    assert_snapshot!(run(&test, "check --table log"), @"");
    assert_snapshot!(run(&test, "check --table logs"), @"");
    assert_snapshot!(stable(&test.run("partition drop p_2026_10")), @"");
}

#[test]
fn what_is_not_managed_is_said_clearly() {
    let test = Test::new("partition_unmanaged");
    assert_snapshot!(run(&test, "list"), @"");
    test.ok("migrate --to 12");
    assert_snapshot!(run(&test, "ensure"), @"");
    test.file("caredb.toml", "[[partitioned]]\ntable = 'appointments'\ncolumn = 'd'\n");
    for (table, expected) in [
        (
            "PARTITION BY RANGE (TO_DAYS(d)) (PARTITION a VALUES LESS THAN (739282))",
            "is partitioned by RANGE (to_days(`d`)), which",
        ),
        (
            "PARTITION BY RANGE (YEAR(d)) (PARTITION a VALUES LESS THAN (2024))",
            "is partitioned by RANGE (year(`d`)), which",
        ),
        ("PARTITION BY HASH (MONTH(d)) PARTITIONS 12", "is partitioned by HASH (month(`d`)), which"),
        (
            "PARTITION BY RANGE COLUMNS (d) SUBPARTITION BY HASH (MONTH(d)) SUBPARTITIONS 2 (PARTITION a VALUES LESS THAN ('2024-02-01'))",
            "is subpartitioned, which caredb does not manage",
        ),
    ] {
        test.sql(&format!("SET foreign_key_checks = 0; DROP TABLE IF EXISTS appointments; CREATE TABLE appointments (d DATE NOT NULL) {table}"));
        let text = run(&test, "ensure");
        assert!(text.starts_with("exit 2\n") && text.contains(expected), "{text}");
    }
    test.sql("DROP TABLE appointments; CREATE TABLE appointments (d DATE NOT NULL) PARTITION BY RANGE COLUMNS (d) (PARTITION a VALUES LESS THAN ('2024-02-15'))");
    assert_snapshot!(run(&test, "ensure"), @"");
    assert_snapshot!(run(&test, "check"), @"");
    test.file("caredb.toml", "[[partitioned]]\ntable = 'log'\ncolumn = 'at'\ninterval = 'week'\n");
    assert_snapshot!(run(&test, "list"), @"");
    test.file(
        "caredb.toml",
        "[[partitioned]]\ntable = 'log'\ncolumn = 'at'\n[[partitioned]]\ntable = 'log'\ncolumn = 'b'\n",
    );
    assert_snapshot!(run(&test, "list"), @"");
}

#[test]
fn keys_and_triggers_that_are_not_right_are_found() {
    let test = clinic("partition_check");
    test.ok(&format!("partition ensure --behind 1 {TODAY}"));
    booked(&test, &["2026-10-05", "2026-10-06", "2026-11-05", "2026-12-05"]);
    assert_snapshot!(run(&test, "check"), @"");
    // rows that came, changed and went behind the triggers' backs
    test.sql(
        "UPDATE appointments SET id = booking_reference;
         DELETE FROM appointment_keys WHERE id = '2026-10-05';
         UPDATE appointment_keys SET booking_reference = '2026-10-06 ' WHERE id = '2026-10-06';
         UPDATE appointment_keys SET appointment_date = '2026-11-06' WHERE id = '2026-11-05';
         ALTER TABLE appointments TRUNCATE PARTITION p_2026_12",
    );
    assert_snapshot!(run(&test, "check"), @"");
    assert!(run(&test, "check --skip-keys").starts_with("exit 0"));
    test.sql(
        "DROP TRIGGER trg_appointments_after_insert; DROP TRIGGER trg_appointments_after_update;
         CREATE DEFINER = 'gone'@'nowhere' TRIGGER trg_appointments_after_update AFTER UPDATE ON appointments FOR EACH ROW SET @x = 1",
    );
    assert_snapshot!(run(&test, "check --skip-keys"), @"");
    let blind = test.url_as("blind", &["SELECT"]);
    assert_snapshot!(stable(&test.run_at(&blind, &format!("partition check --skip-keys {TODAY}"))), @"");
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
    assert!(text.contains("11 rows of `appointments` without a key"), "{text}");
    test.sql("ALTER TABLE appointments TRUNCATE PARTITION p_2026_10");
    let text = run(&test, "check");
    assert!(text.contains("2 rows of `appointments` without a key: i21000, i24999"), "{text}");
    assert!(text.contains("20991 keys of `appointment_keys` without a row: i1, i10, i100, i1000, i10000, …"), "{text}");
}

#[test]
fn an_instant_column_is_found_and_rebuilt_away() {
    let test = clinic("partition_instant");
    test.ok(&format!("partition ensure --behind 0 --ahead 1 {TODAY}"));
    assert_snapshot!(stable(&test.run("partition rebuild p_2026_11")), @"");
    test.sql("ALTER TABLE appointments ADD COLUMN room VARCHAR(20), ALGORITHM=INSTANT");
    booked(&test, &["2026-11-05"]);
    let exchange = "ALTER TABLE appointments EXCHANGE PARTITION p_2026_11 WITH TABLE plain";
    let plain =
        "DROP TABLE IF EXISTS plain; CREATE TABLE plain LIKE appointments; ALTER TABLE plain REMOVE PARTITIONING";
    test.sql(plain);
    assert_eq!(test.error(exchange), 1731);
    let text = run(&test, "check");
    assert!(
        text.starts_with("exit 1\n") && text.contains("`appointments` has had 1 INSTANT changes since it was rebuilt"),
        "{text}"
    );
    // the server's own way for one partition does not help
    test.sql("ALTER TABLE appointments REBUILD PARTITION p_2026_11");
    assert_eq!(test.error(exchange), 1731);
    let rebuild = |arguments: &str| {
        let text = stable(&test.run(&format!("partition rebuild p_2026_11 {arguments}")));
        regex::Regex::new(r"\d+\.\d \wiB").unwrap().replace_all(&text, "<size>").into_owned()
    };
    assert_snapshot!(rebuild(""), @"");
    assert_snapshot!(rebuild("--allow-copy"), @"");
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
    assert_snapshot!(stable(&test.run("partition drop p_2026_10")), @"");
    assert_snapshot!(stable(&test.run("partition drop p_future")), @"");
    assert_snapshot!(stable(&test.run("partition drop p_2026_1O")), @"");
    assert_snapshot!(partitions(&test, "appointments"), @"");
    // without its rows, as archiving leaves it: the key stays, and with it the reference
    test.sql("ALTER TABLE appointments TRUNCATE PARTITION p_2026_10");
    assert_snapshot!(stable(&test.run("partition drop p_2026_10")), @"");
    assert_eq!(test.rows("SELECT booking_reference FROM appointment_keys"), ["2026-10-05"]);
    test.ok("partition drop p_2026_11");
    assert_eq!(partitions(&test, "appointments"), "p_future < MAXVALUE");
    // the tables are free again
    booked(&test, &["2026-10-06"]);
}

#[test]
fn who_blocks_is_named_and_nothing_is_changed() {
    let test = clinic("partition_blocked");
    test.ok(&format!("partition ensure --behind 0 --ahead 0 {TODAY}"));
    booked(&test, &["2026-11-05"]);
    for statement in ["SELECT COUNT(*) FROM appointments", "UPDATE appointments SET fee = 11"] {
        let mut holder = block_on(test.connect());
        block_on(async {
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("BEGIN; {statement}"))).execute(&mut holder).await.unwrap()
        });
        let text = run(&test, "ensure --ahead 1 --ddl-retries 1");
        let kind = if statement.starts_with("SELECT") { "select" } else { "update" };
        let by = format!(
            "table `appointments` is held by connection <id> (root@localhost, Sleep, transaction open for <n> s, last statement {kind}); wait until it ends, or end it with `KILL <id>`"
        );
        assert_eq!(
            text,
            format!(
                "exit 4\n--- stderr\nno lock at attempt 1 of 2: {by}\nerror: could not split `p_future` for 2026-12 of table `appointments`: \
                 MySQL error 1205: Lock wait timeout exceeded; try restarting transaction; gave up after 2 attempts: {by}"
            )
        );
        for command in ["drop p_2026_11", "ensure --ahead 1"] {
            let text = stable(&test.run(&format!("partition {command} --ddl-retries 0 ")));
            assert!(text.starts_with("exit 4\n") && text.contains(&by), "{text}");
        }
        assert_eq!(partitions(&test, "appointments"), "p_2026_11 < '2026-12-01'\np_future < MAXVALUE");
    }
    assert!(run(&test, "ensure --ahead 1").starts_with("exit 0"));
}

#[test]
fn a_run_waits_for_another_and_for_no_half_migration() {
    let test = clinic("partition_lock");
    let mut other = block_on(test.connect());
    let lock = format!("DO GET_LOCK('caredb migrate {}', 0)", test.database);
    block_on(async { sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut other).await.unwrap() });
    let text = run(&test, "ensure --lock-timeout 0");
    assert!(text.starts_with("exit 4\n") && text.contains("another run holds lock `caredb migrate <db>`"), "{text}");
    drop(other);
    wait_for("the lock to be free", || {
        test.rows(&format!("SELECT IS_FREE_LOCK('caredb migrate {}')", test.database)) == ["1"]
    });
    test.sql("UPDATE caredb_journal SET state = 'begun' WHERE version = 13 ORDER BY statement DESC LIMIT 1");
    assert_snapshot!(run(&test, "ensure"), @"");
    assert_eq!(partitions(&test, "appointments"), "p_future < MAXVALUE");
}

#[test]
fn rows_that_would_break_a_rule_are_named_before_anything_is_changed() {
    let test = Test::new("partition_refused");
    test.ok("migrate --to 12");
    people(&test);
    booked(&test, &["2026-10-05"]);
    test.sql(
        "UPDATE appointments SET id = 'a1';
         SET foreign_key_checks = 0;
         UPDATE appointments SET patient_id = 'nobody', rescheduled_from = 'nothing';
         INSERT INTO reviews (id, appointment_id, patient_id, doctor_id, rating) VALUES ('r1', 'gone', 'p1', 'd1', 5)",
    );
    let before = test.schema();
    assert_snapshot!(stable(&test.run("migrate --quiet")), @"");
    assert_eq!(test.schema(), before);
    test.sql("SET foreign_key_checks = 0; UPDATE appointments SET patient_id = 'p1', rescheduled_from = NULL; DELETE FROM reviews");
    test.ok("migrate");
    test.ok(&format!("partition ensure --allow-copy {TODAY}"));
    test.ok("partition check");
    // the way back asks as well
    test.sql("INSERT INTO reviews (id, appointment_id, patient_id, doctor_id, rating) VALUES ('r1', 'a1', 'p1', 'd1', 5); ALTER TABLE appointments TRUNCATE PARTITION p_2026_10");
    assert_snapshot!(stable(&test.run("rollback --quiet")), @"");
    test.sql("DELETE FROM reviews");
    test.ok("rollback");
    assert_eq!(test.schema(), before);
}

#[test]
fn what_v13_copies_is_said_before() {
    let test = Test::new("partition_cost");
    test.ok("migrate --to 12");
    people(&test);
    booked(&test, &["2026-10-05"]);
    test.sql("ANALYZE TABLE appointments");
    let text = run_migrate(&test, "doctor");
    assert!(
        text.contains("the server copies `appointments` (about 1 rows, <size>, `V13__partition_appointments.sql` line 124), and writes to a table wait"),
        "{text}"
    );
    assert_snapshot!(run_migrate(&test, "migrate"), @"");
    assert!(test.run("status").contains("`appointments` has no months yet, `caredb partition ensure` makes them"));
    test.ok(&format!("partition ensure --allow-copy {TODAY}"));
    assert!(
        regex::Regex::new(r"partitions +`appointments` is ready to \d{4}-\d\d, \d+ months? ahead")
            .unwrap()
            .is_match(&test.run("status"))
    );
}

fn run_migrate(test: &Test, arguments: &str) -> String {
    let text = test.run(arguments);
    regex::Regex::new(r"\d+\.\d \wiB").unwrap().replace_all(&text, "<size>").into_owned()
}

#[test]
fn the_archive_is_seen_in_the_list() {
    let test = clinic("partition_archive");
    test.ok(&format!("partition ensure --behind 1 --ahead 0 {TODAY}"));
    test.sql("CREATE TABLE appointments_archive LIKE appointments; INSERT INTO appointments_archive (booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee) VALUES ('x', 'p1', 'd1', '2026-10-01', '09:00', '09:30', 'VIDEO', 1)");
    assert_snapshot!(run(&test, "list --exact"), @"");
}
