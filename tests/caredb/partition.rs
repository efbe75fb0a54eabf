//! `partition list` and `ensure`, and V13 before them.

use insta::assert_snapshot;

use crate::support::{Test, block_on, people, pty, read_some, stable, wait_for};

/// A migrated database with one patient and one doctor, on 24 November 2026.
pub fn clinic(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    people(&test);
    test
}

/// Books one appointment a date, each with a reference that is its date.
pub fn booked(test: &Test, dates: &[&str]) {
    for date in dates {
        test.sql(&format!(
            "INSERT INTO appointments (booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee)
             VALUES ('{date}', 'p1', 'd1', '{date}', '09:00', '09:30', 'VIDEO', 10)"
        ));
    }
}

pub const TODAY: &str = "--today 2026-11-24";

/// What `check` says beside its findings, and says the same of every table with keys.
const DIFFERENCES: &str = "\
what no partitioned table with keys can do as a plain one, and the cure:
  INSERT, UPDATE, DELETE IGNORE: one row that breaks a rule fails the statement; send such rows one by one
  REPLACE, ON DUPLICATE KEY UPDATE: an id or booking reference of another date is refused (1062); UPDATE the row by its id
  TRUNCATE, DROP TABLE: they are not refused, and leave keys behind; give the application no DROP privilege";

pub fn run(test: &Test, arguments: &str) -> String {
    shown(&test.run(&format!("partition {arguments} {TODAY}")))
}

/// What a command says, with what differs from server to server replaced.
pub fn shown(text: &str) -> String {
    let text = stable(text).replace(DIFFERENCES, "<differences>");
    let text = regex::Regex::new(r"\d+\.\d \wiB").unwrap().replace_all(&text, "<size>").into_owned();
    // what InnoDB estimates differs from run to run
    let text = regex::Regex::new(r"about \d+ rows?").unwrap().replace_all(&text, "about <n> rows").into_owned();
    regex::Regex::new(r#""(duration_ms|bytes)":\d+"#).unwrap().replace_all(&text, r#""$1":<n>"#).into_owned()
}

pub fn partitions(test: &Test, table: &str) -> String {
    test.rows(&format!(
        "SELECT CONCAT(partition_name, ' < ', partition_description) FROM information_schema.partitions
         WHERE table_schema = DATABASE() AND table_name = '{table}' ORDER BY partition_ordinal_position"
    ))
    .join("\n")
}

#[test]
fn months_are_made_once() {
    let test = clinic("partition_ensure");
    assert_snapshot!(run(&test, "ensure --ahead 1 --behind 2 --dry-run"), @"
    exit 0
    --- stdout
    -- `appointments`: split `p_future` for 2026-09 to 2026-11: copies nothing
    ALTER TABLE `appointments` REORGANIZE PARTITION `p_future` INTO (
      PARTITION `p_2026_09` VALUES LESS THAN ('2026-10-01'),
      PARTITION `p_2026_10` VALUES LESS THAN ('2026-11-01'),
      PARTITION `p_2026_11` VALUES LESS THAN ('2026-12-01'),
      PARTITION `p_future` VALUES LESS THAN (MAXVALUE)
    );

    -- `appointments`: split `p_future` for 2026-12: copies nothing
    ALTER TABLE `appointments` REORGANIZE PARTITION `p_future` INTO (
      PARTITION `p_2026_12` VALUES LESS THAN ('2027-01-01'),
      PARTITION `p_future` VALUES LESS THAN (MAXVALUE)
    );

    -- dry run, nothing was changed: 4 partitions, 2 statements
    ");
    assert_eq!(partitions(&test, "appointments"), "p_future < MAXVALUE");
    assert_snapshot!(run(&test, "ensure --ahead 1 --behind 2"), @"
    exit 0
    --- stdout
    appointments  split `p_future` for 2026-09 to 2026-11 <ms> ms
    appointments  split `p_future` for 2026-12 <ms> ms
    4 partitions made: `appointments` is ready to 2026-12, 1 month ahead
    ");
    assert_snapshot!(partitions(&test, "appointments"), @"
    p_2026_09 < '2026-10-01'
    p_2026_10 < '2026-11-01'
    p_2026_11 < '2026-12-01'
    p_2026_12 < '2027-01-01'
    p_future < MAXVALUE
    ");
    assert_snapshot!(run(&test, "ensure --ahead 1 --behind 2"), @"
    exit 0
    --- stdout
    nothing to do: `appointments` is ready to 2026-12, 1 month ahead
    ");
    assert_snapshot!(run(&test, "ensure --format json"), @r#"
    exit 0
    --- stdout
    {"event":"partitioned","table":"appointments","did":"split `p_future` for 2027-01 to 2027-02","partitions":2,"duration_ms":<n>}
    {"command":"partition ensure","outcome":"done","today":"2026-11","made":2,"tables":[{"table":"appointments","months":6,"ahead":3,"ready_to":"2027-02"}]}
    "#);
    assert_snapshot!(run(&test, "ensure --format json"), @r#"
    exit 0
    --- stdout
    {"command":"partition ensure","outcome":"done","today":"2026-11","made":0,"tables":[{"table":"appointments","months":6,"ahead":3,"ready_to":"2027-02"}]}
    "#);
}

#[test]
fn rows_are_copied_only_where_that_is_allowed() {
    let test = clinic("partition_copy");
    booked(&test, &["2026-08-31", "2026-11-01", "2026-12-31", "2027-06-15"]);
    assert_snapshot!(run(&test, "ensure --ahead 2"), @"
    exit 3
    --- stderr
    error: to split `p_future` for 2026-08 to 2027-01 of table `appointments`, the server copies about <n> rows (<size>), and writes wait for that long; say `--allow-copy` at a quiet time
    ");
    assert_eq!(partitions(&test, "appointments"), "p_future < MAXVALUE");
    assert_snapshot!(run(&test, "ensure --ahead 2 --allow-copy --dry-run"), @"
    exit 0
    --- stdout
    -- `appointments`: split `p_future` for 2026-08 to 2027-01: copies about <n> rows (<size>), and writes wait for that long
    ALTER TABLE `appointments` REORGANIZE PARTITION `p_future` INTO (
      PARTITION `p_2026_08` VALUES LESS THAN ('2026-09-01'),
      PARTITION `p_2026_09` VALUES LESS THAN ('2026-10-01'),
      PARTITION `p_2026_10` VALUES LESS THAN ('2026-11-01'),
      PARTITION `p_2026_11` VALUES LESS THAN ('2026-12-01'),
      PARTITION `p_2026_12` VALUES LESS THAN ('2027-01-01'),
      PARTITION `p_2027_01` VALUES LESS THAN ('2027-02-01'),
      PARTITION `p_future` VALUES LESS THAN (MAXVALUE)
    );

    -- dry run, nothing was changed: 6 partitions, 1 statement
    ");
    assert_snapshot!(run(&test, "ensure --ahead 2 --allow-copy"), @"
    exit 0
    --- stdout
    appointments  split `p_future` for 2026-08 to 2027-01, about <n> rows copied <ms> ms
    6 partitions made: `appointments` is ready to 2027-01, 2 months ahead
    ");
    assert_snapshot!(run(&test, "list --exact"), @"
    exit 0
    --- stdout
    partition  from  before  rows  size  age  archived
    p_2026_08  2026-09  1  <size>  3 mo  no
    p_2026_09  2026-09  2026-10  0  <size>  2 mo  no
    p_2026_10  2026-10  2026-11  0  <size>  1 mo  no
    p_2026_11  2026-11  2026-12  1  <size>  now  no
    p_2026_12  2026-12  2027-01  1  <size>  in 1 mo  no
    p_2027_01  2027-01  2027-02  0  <size>  in 2 mo  no
    p_future  2027-02  1  <size>  no

    `appointments`: 7 partitions, 4 rows
    ");
    assert_snapshot!(run(&test, "list --exact --format json"), @r#"
    exit 0
    --- stdout
    {"command":"partition list","outcome":"done","today":"2026-11","tables":[{"table":"appointments","exact":true,"partitions":[{"partition":"p_2026_08","from":null,"before":"2026-09","rows":1,"bytes":<n>,"age_months":3,"archived":false},{"partition":"p_2026_09","from":"2026-09","before":"2026-10","rows":0,"bytes":<n>,"age_months":2,"archived":false},{"partition":"p_2026_10","from":"2026-10","before":"2026-11","rows":0,"bytes":<n>,"age_months":1,"archived":false},{"partition":"p_2026_11","from":"2026-11","before":"2026-12","rows":1,"bytes":<n>,"age_months":0,"archived":false},{"partition":"p_2026_12","from":"2026-12","before":"2027-01","rows":1,"bytes":<n>,"age_months":-1,"archived":false},{"partition":"p_2027_01","from":"2027-01","before":"2027-02","rows":0,"bytes":<n>,"age_months":-2,"archived":false},{"partition":"p_future","from":"2027-02","before":null,"rows":1,"bytes":<n>,"age_months":null,"archived":false}]}]}
    "#);
    // what is free is done, what costs is named
    assert_snapshot!(run(&test, "ensure --ahead 3 --behind 5"), @"
    exit 3
    --- stderr
    error: to split `p_2026_08` for 2026-06 to 2026-07 of table `appointments`, the server copies about <n> rows (<size>), and writes wait for that long; say `--allow-copy` at a quiet time; to split `p_future` for 2027-02 of table `appointments`, the server copies about <n> rows (<size>), and writes wait for that long; say `--allow-copy` at a quiet time
    ");
    assert_snapshot!(run(&test, "check --ahead 2"), @"
    exit 1
    --- stdout
    `appointments`
    level  check  finding
    ok  headroom  2 of 2 months after 2026-11 have a partition
    problem  catch_all  `p_future` holds rows of 2027-06 to 2027-06; run `caredb partition ensure --ahead N --allow-copy` with an N that reaches 2027-06, at a quiet time, or mend the dates
    ok  ranges  each of the 6 partitions is a month
    ok  keys  every row of `appointments` has its key in `appointment_keys`, and every key its row
    ok  triggers  3 on `appointments`, as the migrations made them
    ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

    `appointments`: 1 problem
    --- stderr
    <differences>
    ");
}

#[test]
fn older_rows_and_gaps_get_their_months() {
    let test = clinic("partition_gaps");
    test.ok(&format!("partition ensure --ahead 3 --behind 0 {TODAY}"));
    booked(&test, &["2026-09-10", "2026-11-10"]);
    test.sql("ALTER TABLE appointments DROP PARTITION p_2026_12; ALTER TABLE appointments DROP PARTITION p_future");
    assert_snapshot!(run(&test, "check"), @"
    exit 1
    --- stdout
    `appointments`
    level  check  finding
    problem  headroom  0 of 3 months after 2026-11 have a partition; run `caredb partition ensure --ahead 3`
    problem  catch_all  no partition takes rows behind the last month: INSERT fails with error 1526, and INSERT IGNORE loses the row without a word; run `caredb partition ensure`, which adds `p_future`
    problem  ranges  `p_2026_11`, the first partition, also holds rows since 2026-09; run `caredb partition ensure --allow-copy`, or mend the dates
    problem  ranges  `p_2027_01` takes 2026-12 to 2027-01: a gap before its month; run `caredb partition ensure`, with `--allow-copy` where it has rows
    ok  keys  every row of `appointments` has its key in `appointment_keys`, and every key its row
    ok  triggers  3 on `appointments`, as the migrations made them
    ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

    `appointments`: 4 problems
    --- stderr
    <differences>
    ");
    assert_snapshot!(run(&test, "ensure --allow-copy"), @"
    exit 0
    --- stdout
    appointments  split `p_2026_11` for 2026-09 to 2026-10, about <n> rows copied <ms> ms
    appointments  split `p_2027_01` for 2026-12 <ms> ms
    appointments  add `p_future` <ms> ms
    4 partitions made: `appointments` is ready to 2027-02, 3 months ahead
    ");
    assert_snapshot!(partitions(&test, "appointments"), @"
    p_2026_09 < '2026-10-01'
    p_2026_10 < '2026-11-01'
    p_2026_11 < '2026-12-01'
    p_2026_12 < '2027-01-01'
    p_2027_01 < '2027-02-01'
    p_2027_02 < '2027-03-01'
    p_future < MAXVALUE
    ");
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
        let plan = test.rows(&format!("EXPLAIN FORMAT=TRADITIONAL SELECT * FROM appointments WHERE {condition}"));
        plan[0].split('|').nth(3).unwrap().to_owned()
    };
    for (condition, partitions) in [
        ("appointment_date = '2026-11-30'", "p_2026_11"),
        ("appointment_date BETWEEN '2026-11-01' AND '2026-11-30'", "p_2026_11"),
        ("appointment_date BETWEEN '2026-10-31' AND '2026-11-01'", "p_2026_10,p_2026_11"),
        ("appointment_date < '2026-10-01'", "p_2026_09"),
        ("appointment_date <= '2026-10-01'", "p_2026_09,p_2026_10"),
        ("appointment_date >= '2027-01-01'", "p_2027_01,p_future"),
        // the server does not know that no day lies between: say `>=` the first
        ("appointment_date > '2026-12-31'", "p_2026_12,p_2027_01,p_future"),
        ("appointment_date >= '2026-12-01' AND appointment_date < '2027-01-01'", "p_2026_12"),
    ] {
        assert_eq!(read(condition), partitions, "{condition}");
    }
    // a look-up reads one month through its key, and all of them without
    let reads = |query: &str| test.rows(&format!("FLUSH STATUS; {query}; SHOW SESSION STATUS LIKE 'Handler_read_key'"));
    let by_key = reads(
        "SELECT a.booking_reference FROM appointment_keys k JOIN appointments a ON a.id = k.id AND a.appointment_date = k.appointment_date
         WHERE k.booking_reference = '2026-11-30'",
    );
    assert_eq!(by_key, ["2026-11-30", "Handler_read_key|2"]);
    let plain = reads("SELECT booking_reference FROM appointments WHERE booking_reference = '2026-11-30'");
    assert_eq!(plain, ["2026-11-30", "Handler_read_key|6"]);
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
    assert_snapshot!(run(&test, "ensure --ahead 1 --allow-copy"), @"
    exit 0
    --- stdout
    appointments  split `p_future` for 2026-11 to 2026-12, about <n> rows copied <ms> ms
    2 partitions made: `appointments` is ready to 2026-12, 1 month ahead
    ");
    assert_snapshot!(partitions(&test, "appointments"), @"
    p_2026_09 < 202610
    p_2026_10 < 202611
    p_2026_11 < 202612
    p_2026_12 < 202701
    p_future < MAXVALUE
    ");
    assert_snapshot!(run(&test, "list --exact"), @"
    exit 0
    --- stdout
    partition  from  before  rows  size  age
    p_2026_09  2026-10  1  <size>  2 mo
    p_2026_10  2026-10  2026-11  1  <size>  1 mo
    p_2026_11  2026-11  2026-12  1  <size>  now
    p_2026_12  2026-12  2027-01  0  <size>  in 1 mo
    p_future  2027-01  0  <size>

    `appointments`: 5 partitions, 3 rows
    ");
    assert_snapshot!(run(&test, "check --ahead 1"), @"
    exit 0
    --- stdout
    `appointments`
    level  check  finding
    ok  headroom  1 of 1 months after 2026-11 have a partition
    ok  catch_all  `p_future` is empty
    ok  ranges  each of the 4 partitions is a month
    ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

    `appointments`: 0 problems
    --- stderr
    there is no table `appointment_keys`, so no keys were compared
    ");
    assert_snapshot!(shown(&test.run("partition drop p_2026_12")), @"
    exit 0
    --- stdout
    dropped partition `p_2026_12` of table `appointments`, which was empty; keys of its month stay as they are
    ");
    assert_snapshot!(run(&test, "ensure --ahead 1"), @"
    exit 0
    --- stdout
    appointments  split `p_future` for 2026-12 <ms> ms
    1 partition made: `appointments` is ready to 2026-12, 1 month ahead
    ");
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
    assert_snapshot!(run(&test, "ensure --allow-copy"), @"
    exit 0
    --- stdout
    appointments  split `p_future` for 2027-01 to 2027-02 <ms> ms
    audit_copy  split `p_future` for 2026-10 to 2026-12, about <n> rows copied <ms> ms
    log  split `p_future` for 2026-10 to 2027-02, about <n> rows copied <ms> ms
    10 partitions made: `appointments` is ready to 2027-02, 3 months ahead; `audit_copy` is ready to 2026-12, 1 month ahead; `log` is ready to 2027-02, 3 months ahead
    ");
    assert_snapshot!(partitions(&test, "audit_copy"), @"
    p_2026_10 < 1793491200
    p_2026_11 < 1796083200
    p_2026_12 < 1798761600
    p_future < MAXVALUE
    ");
    assert_snapshot!(partitions(&test, "log"), @"
    p_2026_10 < '2026-11-01'
    p_2026_11 < '2026-12-01'
    p_2026_12 < '2027-01-01'
    p_2027_01 < '2027-02-01'
    p_2027_02 < '2027-03-01'
    p_future < MAXVALUE
    ");
    for table in ["audit_copy", "log"] {
        let rows = test.rows(&format!("SELECT COUNT(*) FROM {table} PARTITION (p_2026_10)"));
        assert_eq!(rows, ["1"], "{table}");
    }
    assert_snapshot!(run(&test, "check --table log"), @"
    exit 0
    --- stdout
    `log`
    level  check  finding
    ok  headroom  3 of 3 months after 2026-11 have a partition
    ok  catch_all  `p_future` is empty
    ok  ranges  each of the 5 partitions is a month
    ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

    `log`: 0 problems
    ");
    assert_snapshot!(run(&test, "check --table logs"), @"
    exit 2
    --- stderr
    error: `caredb.toml` names no table `logs` under `[[partitioned]]`, did you mean `log`?; add it there, or name one of: appointments, audit_copy, log
    ");
    assert_snapshot!(shown(&test.run("partition drop p_2026_10")), @"
    exit 2
    --- stderr
    error: several tables have partitions (appointments, audit_copy, log); name one by `--table`
    ");
}

#[test]
fn what_is_not_managed_is_said_clearly() {
    let test = Test::new("partition_unmanaged");
    assert_snapshot!(run(&test, "list"), @"
    exit 2
    --- stderr
    error: there is no table `appointments`; run `caredb migrate`, or correct `[[partitioned]]` in `caredb.toml`
    ");
    test.ok("migrate --to 12");
    assert_snapshot!(run(&test, "ensure"), @"
    exit 2
    --- stderr
    error: table `appointments` is not partitioned; a migration does that, for `appointments` it is V13 (`caredb migrate`)
    ");
    test.file("caredb.toml", "[[partitioned]]\ntable = 'days'\ncolumn = 'd'\n");
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
        test.sql(&format!("DROP TABLE IF EXISTS days; CREATE TABLE days (d DATE NOT NULL) {table}"));
        let text = run(&test, "ensure --table days");
        assert!(text.starts_with("exit 2\n") && text.contains(expected), "{text}");
    }
    test.sql("DROP TABLE days; CREATE TABLE days (d DATE NOT NULL) PARTITION BY RANGE COLUMNS (d) (PARTITION a VALUES LESS THAN ('2024-02-15'))");
    assert_snapshot!(run(&test, "ensure --table days"), @"
    exit 2
    --- stderr
    error: partition `a` of table `days` ends at '2024-02-15', which is not the first of a month; reorganize it by hand first
    ");
    assert_snapshot!(run(&test, "check --table days"), @"
    exit 1
    --- stdout
    `days`
    level  check  finding
    problem  headroom  0 of 3 months after 2026-11 have a partition; run `caredb partition ensure --ahead 3`
    problem  catch_all  no partition takes rows behind the last month: INSERT fails with error 1526, and INSERT IGNORE loses the row without a word; run `caredb partition ensure`, which adds `p_future`
    problem  ranges  `a` ends at '2024-02-15', within a month, which so has two partitions; reorganize it by hand to end on the first of a month
    ok  row_versions  no INSTANT change stands in the way of an EXCHANGE

    `days`: 3 problems
    ");
    test.file("caredb.toml", "[[partitioned]]\ntable = 'log'\ncolumn = 'at'\ninterval = 'week'\n");
    assert_snapshot!(run(&test, "list"), @"
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 4: unknown variant `week`, expected `month`
    ");
    test.file(
        "caredb.toml",
        "[[partitioned]]\ntable = 'log'\ncolumn = 'at'\n[[partitioned]]\ntable = 'log'\ncolumn = 'b'\n",
    );
    assert_snapshot!(run(&test, "list"), @"
    exit 2
    --- stderr
    error: `<folder>/caredb.toml`: two `[[partitioned]]` name table `log`; leave one of them
    ");
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
        // on a busy machine caredb's own clock is the first to end a wait
        let text = run(&test, "ensure --ahead 1 --ddl-retries 1").replace(
            "MySQL error 1317: Query execution was interrupted",
            "MySQL error 1205: Lock wait timeout exceeded; try restarting transaction",
        );
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
            let text = shown(&test.run(&format!("partition {command} --ddl-retries 0 ")));
            assert!(text.starts_with("exit 4\n") && text.contains(&by), "{text}");
        }
        assert_eq!(partitions(&test, "appointments"), "p_2026_11 < '2026-12-01'\np_future < MAXVALUE");
    }
    assert!(run(&test, "ensure --ahead 1").starts_with("exit 0"));
}

#[test]
fn a_run_waits_for_another() {
    let test = clinic("partition_lock");
    let mut other = block_on(test.connect());
    let lock = format!("DO GET_LOCK('caredb migrate {}', 0)", test.database);
    block_on(async { sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut other).await.unwrap() });
    let text = run(&test, "ensure --lock-timeout 0");
    assert!(text.starts_with("exit 4\n") && text.contains("another run holds lock `caredb migrate <db>`"), "{text}");
    assert_eq!(partitions(&test, "appointments"), "p_future < MAXVALUE");
}

#[test]
fn what_is_half_migrated_is_left_alone() {
    let test = Test::new("partition_half");
    let table = "CREATE TABLE appointments (appointment_date DATE NOT NULL) PARTITION BY RANGE COLUMNS (appointment_date) (PARTITION p_future VALUES LESS THAN (MAXVALUE));";
    test.migrations(&[
        ("V1__one.sql", table),
        ("V2__two.sql", "ALTER TABLE appointments ADD a INT; ALTER TABLE appointments ADD b INTEGERS"),
        ("U2__two.sql", "ALTER TABLE appointments DROP a"),
    ]);
    // killed in the first statement, then failed in the second
    let killed = test.command("migrate").env("CAREDB_CRASH_AT", "8").output().unwrap();
    assert_eq!(killed.status.code(), None);
    assert_eq!(
        test.rows("SELECT version, state FROM caredb_journal ORDER BY version, statement"),
        ["1|done", "2|begun"]
    );
    assert_snapshot!(run(&test, "ensure"), @"
    exit 3
    --- stderr
    error: version 2 is half-way, and its table may be one of these; settle it first by `caredb migrate` or `caredb rollback`
    ");
    assert!(test.run("migrate").starts_with("exit 2"));
    assert_eq!(
        test.rows("SELECT version, state FROM caredb_journal ORDER BY version, statement"),
        ["1|done", "2|done", "2|failed"]
    );
    let half = run(&test, "ensure");
    assert!(half.starts_with("exit 3\n"), "{half}");
    test.ok("rollback");
    assert!(run(&test, "ensure").starts_with("exit 0"));
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
    assert_snapshot!(shown(&test.run("migrate --quiet")), @"
    exit 3
    --- stderr
    error: `V13__partition_appointments.sql` line 17, statement 1 of 17 (`SELECT CONCAT('…', a.id, '…') FROM appointments a WHERE NOT…`): expects no rows that refer to something that is not there, and found appointments a1 (patient_id), appointments a1 (rescheduled_from), reviews r1 (appointment_id); settle them and run again; applied so far: all up to version 12, and nothing of this file
    ");
    assert_eq!(test.schema(), before);
    test.sql("SET foreign_key_checks = 0; UPDATE appointments SET patient_id = 'p1', rescheduled_from = NULL; DELETE FROM reviews");
    test.ok("migrate --to 13");
    test.ok(&format!("partition ensure --allow-copy {TODAY}"));
    test.ok("partition check");
    // the way back asks as well
    test.sql("INSERT INTO reviews (id, appointment_id, patient_id, doctor_id, rating) VALUES ('r1', 'a1', 'p1', 'd1', 5); ALTER TABLE appointments TRUNCATE PARTITION p_2026_10");
    assert_snapshot!(shown(&test.run("rollback --quiet")), @"
    exit 3
    --- stderr
    error: `U13__unpartition_appointments.sql` line 6, statement 1 of 14 (`SELECT CONCAT('…', c.id, '…') FROM consultations c WHERE NO…`): expects no rows whose appointment is not in appointments, and found reviews r1 (appointment_id); settle them and run again; nothing was rolled back
    ");
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
    let text = shown(&test.run("doctor"));
    assert!(
        text.contains("the server copies `appointments` (about <n> rows, <size>, `V13__partition_appointments.sql` line 137), and writes to a table wait"),
        "{text}"
    );
    assert_snapshot!(shown(&test.run("migrate")), @"
    exit 0
    --- stdout
    V13  partition appointments  17 statements <ms> ms
    V14  add archives  11 statements <ms> ms
    V15  compressed medical records  1 statement <ms> ms
    R  live and archived  5 statements <ms> ms
    R  medical records all  1 statement <ms> ms
    migrated `<db>` from version 12 to 15: 5 migrations, 35 statements in <s> s
    --- stderr
    warning: copies: the server copies `appointments` (about <n> rows, <size>, `V13__partition_appointments.sql` line 137), and writes to a table wait while it is copied; migrate at a quiet time
    `appointments` has no months yet, `caredb partition ensure` makes them
    ");
    assert!(test.run("status").contains("`appointments` has no months yet, `caredb partition ensure` makes them"));
    test.ok(&format!("partition ensure --allow-copy {TODAY}"));
    assert!(
        regex::Regex::new(r"partitions +`appointments` is ready to \d{4}-\d\d, \d+ months? ahead")
            .unwrap()
            .is_match(&test.run("status"))
    );
}

#[test]
fn the_archive_is_seen_in_the_list() {
    let test = clinic("partition_archive");
    test.ok(&format!("partition ensure --behind 1 --ahead 0 {TODAY}"));
    test.sql("ALTER TABLE appointments_archive REORGANIZE PARTITION p_future INTO (PARTITION p_2026_10 VALUES LESS THAN ('2026-11-01'), PARTITION p_future VALUES LESS THAN (MAXVALUE)); INSERT INTO appointments_archive (booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee) VALUES ('x', 'p1', 'd1', '2026-10-01', '09:00', '09:30', 'VIDEO', 1)");
    assert_snapshot!(run(&test, "list --exact"), @"
    exit 0
    --- stdout
    partition  from  before  rows  size  age  archived
    p_2026_10  2026-11  0  <size>  1 mo  yes
    p_2026_11  2026-11  2026-12  0  <size>  now  no
    p_future  2026-12  0  <size>  no

    `appointments`: 3 partitions, 0 rows
    ");
}

#[test]
fn a_terminal_gets_bars() {
    let test = clinic("partition_bars");
    test.ok(&format!("partition ensure --behind 1 --ahead 0 {TODAY}"));
    booked(&test, &["2026-10-05", "2026-11-05", "2026-11-06"]);
    let (terminal, stdout) = pty();
    let mut command = test.command(&format!("partition list --exact {TODAY}"));
    let mut run = command.stdout(stdout).spawn().unwrap();
    drop(command);
    let mut text = String::new();
    wait_for("the list", || {
        text.push_str(&read_some(&terminal));
        text.contains("3 partitions, 3 rows")
    });
    assert!(run.wait().unwrap().success());
    let bars: Vec<&str> =
        text.lines().filter_map(|line| line.trim_end().split("  ").find(|part| part.starts_with('█'))).collect();
    assert_eq!(bars, ["█".repeat(10), "█".repeat(20)], "{text}");
}
