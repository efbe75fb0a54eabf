//! `archive appointments`, `restore` and `verify`: what goes, what stays and why, and that what comes back is what went.

use std::sync::atomic::{AtomicBool, Ordering};

use insta::assert_snapshot;

use crate::support::{PEOPLE, Test, block_on, rows, stable};

/// The cut-off is 2023-03-15.
pub const TODAY: &str = "--today 2024-03-15";

/// The months of 2023, which are more than the archive will need.
pub const MONTHS: &str = "partition ensure --behind 14 --ahead 1 --today 2024-03-15";

/// `rows` appointments `a0`, … on the days from 2023-01-01 to 2023-03-19, with all that belongs to them. Of those of the first
/// 74 days some stay: every tenth is not completed, every tenth unpaid, every thirtieth is refunded, every twentieth has a
/// prescription still valid, every twentieth a follow-up due. Values that a careless copy would change: NULL beside the empty
/// text, JSON, emoji, times long past.
pub fn appointments(rows: u32) -> String {
    let numbers = format!("WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {rows} - 1)");
    format!(
        "SET SESSION cte_max_recursion_depth = 1000000, time_zone = '+00:00';
         INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type,
             status, symptoms, fee, payment_status, notes, rescheduled_from, created_at, updated_at)
         {numbers}
         SELECT CONCAT('a', n), CONCAT('b', n), 'p1', 'd1', DATE('2023-01-01') + INTERVAL n MOD 78 DAY,
             SEC_TO_TIME(28800 + n DIV 78 * 600), SEC_TO_TIME(29100 + n DIV 78 * 600), IF(n MOD 2, 'VIDEO', 'IN_PERSON'),
             IF(n MOD 10 = 0, 'CONFIRMED', 'COMPLETED'), IF(n MOD 4, NULL, JSON_OBJECT('é', n, 'l', JSON_ARRAY(1.50, NULL, '😀'))),
             n + 0.25, IF(n MOD 10 = 1, 'PENDING', 'PAID'), ELT(1 + n MOD 4, NULL, '', '😀 Größe', 'a#b\\\\\\''), NULL,
             IF(n MOD 5, TIMESTAMP('2022-12-01') + INTERVAL n MINUTE, NULL), IF(n MOD 7, TIMESTAMP('2023-04-01') + INTERVAL n SECOND, NULL)
         FROM n;
         UPDATE appointments SET rescheduled_from = 'a2', updated_at = '2023-05-01 01:02:03' WHERE id = 'a3';
         INSERT INTO consultations (id, appointment_id, session_id, diagnosis, follow_up_required, follow_up_date, doctor_notes, updated_at)
         {numbers}
         SELECT CONCAT('c', n), CONCAT('a', n), IF(n MOD 4, NULL, CONCAT('s', n)), JSON_ARRAY(n, '😀'), n MOD 20 = 2,
             IF(n MOD 20 = 2, '2999-01-01', NULL), IF(n MOD 3, NULL, '😀'), '2023-04-02 00:00:00' FROM n WHERE n MOD 2 = 0;
         INSERT INTO prescriptions (id, prescription_number, consultation_id, patient_id, doctor_id, diagnosis_summary, medications, valid_until, updated_at)
         {numbers}
         SELECT CONCAT('r', n), CONCAT('R', n), CONCAT('c', n), 'p1', 'd1', '', JSON_OBJECT('n', n), IF(n MOD 20 = 4, '2999-01-01', '2023-06-01'),
             '2023-04-02 00:00:00' FROM n WHERE n MOD 4 = 0;
         INSERT INTO payments (id, transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway, status, refund_amount, metadata, updated_at)
         {numbers}
         SELECT CONCAT('m', n), CONCAT('T', n), CONCAT('a', n), 'p1', n + 0.25, 'CARD', 'STRIPE', 'SUCCESS', IF(n MOD 30 = 5, 1, NULL),
             IF(n MOD 2, NULL, JSON_OBJECT('é', n)), '2023-04-02 00:00:00' FROM n;
         INSERT INTO reviews (id, appointment_id, patient_id, doctor_id, rating, review_text, updated_at)
         {numbers}
         SELECT CONCAT('v', n), CONCAT('a', n), 'p1', 'd1', 1 + n MOD 5, '😀', NULL FROM n WHERE n MOD 3 = 0"
    )
}

/// A clinic with so many old appointments, and with the months for them.
pub fn clinic(name: &str, rows: u32) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    test.ok(MONTHS);
    test.sql(PEOPLE);
    test.sql(&appointments(rows));
    test
}

/// What may not get lost: appointments and what belongs to them.
pub const TABLES: [&str; 5] = ["appointments", "consultations", "prescriptions", "payments", "reviews"];

const COLUMNS: &str = "
    SET SESSION group_concat_max_len = 100000;
    SELECT GROUP_CONCAT('`', column_name, '`' ORDER BY ordinal_position) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND generation_expression = '' AND column_name <> 'archived' AND table_name = ";

/// All columns of all rows of some tables, or of their views with the suffix `_all`; and all keys, but for where their row is.
pub fn everything(rows: impl Fn(&str) -> Vec<String>, suffix: &str) -> Vec<String> {
    let mut all = Vec::new();
    for table in TABLES {
        let columns = &rows(&format!("{COLUMNS}'{table}{suffix}'"))[0];
        let found =
            rows(&format!("SET SESSION time_zone = '+00:00'; SELECT {columns} FROM {table}{suffix} ORDER BY id"));
        all.extend(found.into_iter().map(|row| format!("{table}: {row}")));
    }
    let keys = "id, booking_reference, appointment_date, patient_id, doctor_id, cancelled_by, rescheduled_from";
    all.extend(rows(&format!("SELECT {keys} FROM appointment_keys ORDER BY id")));
    all
}

/// What is there, live or archived.
pub fn whole(test: &Test) -> Vec<String> {
    everything(|sql| test.rows(sql), "_all")
}

/// Whether keys say where their rows are, and no row is in two places.
pub fn assert_keys(test: &Test) {
    let astray = "SELECT id FROM appointment_keys k WHERE (SELECT COUNT(*) FROM appointments_all a WHERE a.id = k.id AND a.archived = k.archived) <> 1";
    assert_eq!(test.rows(astray), [] as [&str; 0]);
}

pub fn run(test: &Test, arguments: &str) -> String {
    shown(&test.run(arguments))
}

pub fn shown(text: &str) -> String {
    let text = regex::Regex::new(r"\d+(\.\d)? (\wi)?B\b").unwrap().replace_all(text, "<size>").into_owned();
    let text = regex::Regex::new(r"waited \d+ ms").unwrap().replace_all(&text, "waited <ms> ms").into_owned();
    let text = regex::Regex::new(r#"_ms":\d+"#).unwrap().replace_all(&text, r#"_ms":<n>"#).into_owned();
    stable(&text)
}

#[test]
fn what_is_old_goes_by_rows_and_what_must_stay_stays() {
    let test = clinic("archive_rows", 120);
    let before = whole(&test);
    test.ok("hold add --appointment a3 --reason lawsuit");
    assert_snapshot!(run(&test, &format!("archive appointments --dry-run {TODAY}")), @"
    exit 0
    --- stdout
    month  goes  how  size  too young  stays
    2023-01  38  rows  <size>  0  24 (4 follow-up, 1 hold, 4 prescription, 2 refund, 7 status, 6 unpaid)
    2023-02  29  rows  <size>  0  10 (1 follow-up, 1 prescription, 1 refund, 3 status, 4 unpaid)
    2023-03  7  rows  <size>  5  7 (1 follow-up, 1 prescription, 1 refund, 2 status, 2 unpaid)

    dry run, nothing was changed: 74 rows of 3 months older than 2023-03-15 would go, about <size>; no run of 1000 rows yet that tells how long it takes
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM appointments_archive"), ["0"]);
    assert_snapshot!(run(&test, &format!("archive appointments {TODAY}")), @"
    exit 0
    --- stdout
    appointments_archive  split `p_future` for 2023-01 to 2023-03 <ms> ms
    2023-01  rows  38 rows <ms> ms; stay: 4 follow-up, 1 hold, 4 prescription, 2 refund, 7 status, 6 unpaid
    2023-02  rows  29 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 3 status, 4 unpaid
    2023-03  rows  7 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 2 status, 2 unpaid
    archived 74 rows of 3 months older than 2023-03-15; 41 stay (6 follow-up, 1 hold, 6 prescription, 4 refund, 12 status, 12 unpaid); run 1
    ");
    assert_eq!(whole(&test), before);
    assert_keys(&test);
    assert_snapshot!(run(&test, &format!("archive appointments {TODAY}")), @"
    exit 0
    --- stdout
    nothing to do: no appointment older than 2023-03-15 can go; 41 stay (6 follow-up, 1 hold, 6 prescription, 4 refund, 12 status, 12 unpaid)
    ");
    assert_snapshot!(run(&test, "archive verify"), @"
    exit 0
    --- stdout
    level  check  finding
    ok  moving  no month is between two exchanges
    ok  definition  `appointments_archive` is defined as `appointments`
    ok  definition  `appointments_moving` is defined as `appointments`
    ok  keys  every archived row has its key, and every archived key its row
    ok  twice  no row is in both `appointments` and `appointments_archive`
    ok  twice  no row is in both `consultations` and `consultations_archive`
    ok  twice  no row is in both `prescriptions` and `prescriptions_archive`
    ok  twice  no row is in both `payments` and `payments_archive`
    ok  twice  no row is in both `reviews` and `reviews_archive`
    ok  ledger  rows and checksums of every month are as the ledger says

    archives of `<db>`: 0 problems
    ");
    // what belongs to them follows, also to those of an earlier run
    assert_snapshot!(run(&test, &format!("archive appointments --with-dependents {TODAY}")), @"
    exit 0
    --- stdout
    archived 0 rows of 0 months older than 2023-03-15, and 151 rows that belong to archived ones; 41 stay (6 follow-up, 1 hold, 6 prescription, 4 refund, 12 status, 12 unpaid); run 2
    ");
    assert_eq!(whole(&test), before);
    assert_snapshot!(run(&test, "archive verify"), @"
    exit 0
    --- stdout
    level  check  finding
    ok  moving  no month is between two exchanges
    ok  definition  `appointments_archive` is defined as `appointments`
    ok  definition  `appointments_moving` is defined as `appointments`
    ok  keys  every archived row has its key, and every archived key its row
    ok  twice  no row is in both `appointments` and `appointments_archive`
    ok  twice  no row is in both `consultations` and `consultations_archive`
    ok  twice  no row is in both `prescriptions` and `prescriptions_archive`
    ok  twice  no row is in both `payments` and `payments_archive`
    ok  twice  no row is in both `reviews` and `reviews_archive`
    ok  ledger  rows and checksums of every month are as the ledger says

    archives of `<db>`: 0 problems
    ");
    test.ok("runs verify");
    test.ok("partition check --today 2024-03-15 --ahead 1");
    // no longer on hold
    test.ok("hold release 1 --reason closed");
    assert_snapshot!(run(&test, &format!("archive appointments --with-dependents {TODAY} --format json")), @r#"
    exit 0
    --- stdout
    {"event":"archived","month":"2023-01","method":"rows","rows":1,"stays":{"follow-up":4,"prescription":4,"refund":2,"status":7,"unpaid":6},"duration_ms":<n>}
    {"command":"archive appointments","outcome":"done","months":1,"rows":1,"dependents":2,"stays":{"follow-up":4,"prescription":4,"refund":2,"status":7,"unpaid":6},"run":3,"cut_off":"2023-03-15"}
    "#);
    assert_eq!(test.rows("SELECT archived FROM appointments_all WHERE id = 'a3'"), ["1"]);
}

#[test]
fn a_month_goes_as_a_whole() {
    let test = clinic("archive_exchange", 120);
    let before = whole(&test);
    test.ok("hold add --appointment a3 --reason lawsuit");
    assert_snapshot!(run(&test, &format!("archive appointments --method exchange --dry-run {TODAY}")), @"
    exit 0
    --- stdout
    month  goes  how  size  too young  stays
    2023-01  38  exchange  <size>  0  24 (4 follow-up, 1 hold, 4 prescription, 2 refund, 7 status, 6 unpaid)
    2023-02  29  exchange  <size>  0  10 (1 follow-up, 1 prescription, 1 refund, 3 status, 4 unpaid)
    2023-03  7  not: a part of it is too young  <size>  5  7 (1 follow-up, 1 prescription, 1 refund, 2 status, 2 unpaid)

    dry run, nothing was changed: 67 rows of 2 months older than 2023-03-15 would go, about <size>; no run of 1000 rows yet that tells how long it takes
    ");
    assert_snapshot!(run(&test, &format!("archive appointments --method exchange {TODAY}")), @"
    exit 0
    --- stdout
    appointments_archive  split `p_future` for 2023-01 to 2023-02 <ms> ms
    2023-01  exchange  38 rows <ms> ms, writers waited <ms> ms; stay: 4 follow-up, 1 hold, 4 prescription, 2 refund, 7 status, 6 unpaid
    2023-02  exchange  29 rows <ms> ms, writers waited <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 3 status, 4 unpaid
    archived 67 rows of 2 months older than 2023-03-15; 41 stay (6 follow-up, 1 hold, 6 prescription, 4 refund, 12 status, 12 unpaid); run 1
    --- stderr
    2023-03 can't be exchanged: a part of it is too young; say `--method rows`
    ");
    assert_eq!(whole(&test), before);
    assert_keys(&test);
    assert_eq!(
        test.rows("SELECT COUNT(*) FROM appointments_moving UNION ALL SELECT COUNT(*) FROM appointments_staying"),
        ["0", "0"]
    );
    assert_snapshot!(run(&test, "archive verify"), @"
    exit 0
    --- stdout
    level  check  finding
    ok  moving  no month is between two exchanges
    ok  definition  `appointments_archive` is defined as `appointments`
    ok  definition  `appointments_moving` is defined as `appointments`
    ok  keys  every archived row has its key, and every archived key its row
    ok  twice  no row is in both `appointments` and `appointments_archive`
    ok  twice  no row is in both `consultations` and `consultations_archive`
    ok  twice  no row is in both `prescriptions` and `prescriptions_archive`
    ok  twice  no row is in both `payments` and `payments_archive`
    ok  twice  no row is in both `reviews` and `reviews_archive`
    ok  ledger  rows and checksums of every month are as the ledger says

    archives of `<db>`: 0 problems
    ");
    // the archive has rows of them now
    test.ok("hold release 1 --reason closed");
    assert_snapshot!(run(&test, &format!("archive appointments --method exchange {TODAY}")), @"
    exit 0
    --- stdout
    nothing to do: no appointment older than 2023-03-15 can go; 40 stay (6 follow-up, 6 prescription, 4 refund, 12 status, 12 unpaid)
    --- stderr
    2023-01 can't be exchanged: the archive has rows of it already; say `--method rows`
    2023-03 can't be exchanged: a part of it is too young; say `--method rows`
    ");
    assert_snapshot!(run(&test, &format!("archive appointments {TODAY} --with-dependents")), @"
    exit 0
    --- stdout
    appointments_archive  split `p_future` for 2023-03 <ms> ms
    2023-01  rows  1 row <ms> ms; stay: 4 follow-up, 4 prescription, 2 refund, 7 status, 6 unpaid
    2023-03  rows  7 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 2 status, 2 unpaid
    archived 8 rows of 2 months older than 2023-03-15, and 153 rows that belong to archived ones; 40 stay (6 follow-up, 6 prescription, 4 refund, 12 status, 12 unpaid); run 2
    ");
    assert_eq!(whole(&test), before);
    test.ok("archive verify");
    test.ok("runs verify");
    test.ok("partition check --today 2024-03-15 --ahead 1");
}

#[test]
fn what_comes_back_is_what_went() {
    let test = clinic("archive_restore", 200);
    let all = |suffix| everything(|sql| test.rows(sql), suffix);
    let before = all("");
    test.ok(&format!("archive appointments --with-dependents {TODAY}"));
    assert_ne!(all(""), before);
    assert_snapshot!(run(&test, "archive restore --id a8 --id A6 --booking b7"), @"
    exit 0
    --- stdout
    brought back 3 appointments, and 7 rows that belong to them; run 2
    --- stderr
    p_2023_01  3 rows back <ms> ms
    ");
    assert_eq!(
        test.rows("SELECT id FROM appointments WHERE id IN ('a2', 'a6', 'a7', 'a8', 'a9')"),
        ["a2", "a6", "a7", "a8"]
    );
    assert_snapshot!(run(&test, "archive verify"), @"
    exit 0
    --- stdout
    level  check  finding
    ok  moving  no month is between two exchanges
    ok  definition  `appointments_archive` is defined as `appointments`
    ok  definition  `appointments_moving` is defined as `appointments`
    ok  keys  every archived row has its key, and every archived key its row
    ok  twice  no row is in both `appointments` and `appointments_archive`
    ok  twice  no row is in both `consultations` and `consultations_archive`
    ok  twice  no row is in both `prescriptions` and `prescriptions_archive`
    ok  twice  no row is in both `payments` and `payments_archive`
    ok  twice  no row is in both `reviews` and `reviews_archive`
    ok  ledger  rows and checksums of every month are as the ledger says

    archives of `<db>`: 0 problems
    ");
    assert_snapshot!(run(&test, "archive restore --month 2023-02 --format json"), @r#"
    exit 0
    --- stdout
    {"event":"note","text":"p_2023_02  50 rows back <ms> ms"}
    {"command":"archive restore","outcome":"done","rows":50,"dependents":105,"run":3}
    "#);
    assert_eq!(test.rows("SELECT COUNT(*) FROM appointments_archive PARTITION (p_2023_02)"), ["0"]);
    assert_eq!(whole(&test), before);
    assert_snapshot!(shown(&test.run("rollback --to 13")), @"
    exit 3
    --- stderr
    error: `U14__drop_archives.sql` line 3, statement 1 of 12 (`SELECT CONCAT('…', id) FROM appointments_archive UNION ALL…`): expects no archived rows; bring them back by `caredb archive restore --all`, and found appointments_archive a103, appointments_archive a105, appointments_archive a106, appointments_archive a107, appointments_archive a108 and 210 more; settle them and run again; nothing was rolled back
    ");
    // which has dropped the views before
    test.ok("migrate");
    assert_snapshot!(run(&test, "archive restore --all"), @"
    exit 0
    --- stdout
    brought back 72 appointments, and 143 rows that belong to them; run 4
    --- stderr
    p_2023_01  56 rows back <ms> ms
    p_2023_03  16 rows back <ms> ms
    ");
    assert_eq!(all(""), before);
    assert_eq!(whole(&test), before);
    assert_keys(&test);
    assert_snapshot!(run(&test, "archive restore --all"), @"
    exit 0
    --- stdout
    nothing to do: nothing of it is archived
    ");
    test.ok("archive verify");
    test.ok("runs verify");
    // there and back once more, as wholes
    test.ok(&format!("archive appointments --method exchange --with-dependents {TODAY}"));
    test.ok("archive restore --all");
    assert_eq!(all(""), before);
    test.ok("archive verify");
    test.ok("rollback --to 13");
}

#[test]
fn what_is_not_archived_can_not_come_back() {
    let test = clinic("archive_not_there", 20);
    test.ok(&format!("archive appointments {TODAY}"));
    let mut answers = String::new();
    for arguments in [
        "",
        "--id a0",
        "--id nothing",
        "--booking b0",
        "--booking b\\1",
        "--month 2023-03",
        "--month 2023-3",
        "--all --id a6",
    ] {
        answers.push_str(&run(&test, &format!("archive restore {arguments}")));
        answers.push('\n');
    }
    assert_snapshot!(answers, @r"
    exit 2
    --- stderr
    error: say what to bring back: `--id`, `--booking`, `--month` or `--all`
    exit 2
    --- stderr
    error: the appointment with id `a0` is not archived
    exit 2
    --- stderr
    error: there is no appointment with id `nothing`, live or archived
    exit 2
    --- stderr
    error: the appointment with booking_reference `b0` is not archived
    exit 2
    --- stderr
    error: there is no appointment with booking_reference `b\1`, live or archived
    exit 0
    --- stdout
    nothing to do: nothing of it is archived
    exit 2
    --- stderr
    error: invalid value '2023-3' for '--month <YYYY-MM>': a month is written `2024-01`

    For more information, try '--help'.
    exit 2
    --- stderr
    error: the argument '--all' cannot be used with '--id <ID>'

    Usage: caredb archive restore --all --url <URL>

    For more information, try '--help'.
    ");
}

#[test]
fn every_status_that_is_asked_for_goes() {
    let test = clinic("archive_status", 40);
    test.sql("UPDATE appointments SET status = 'CANCELLED' WHERE id IN ('a10', 'a11'); UPDATE appointments SET status = 'NO_SHOW' WHERE id = 'a20'");
    assert_snapshot!(run(&test, &format!("archive appointments --status CANCELLED --status NO_SHOW {TODAY}")), @"
    exit 0
    --- stdout
    appointments_archive  split `p_future` for 2023-01 <ms> ms
    2023-01  rows  3 rows <ms> ms; stay: 28 status
    archived 3 rows of 1 month older than 2023-03-15; 37 stay (37 status); run 1
    ");
    assert_eq!(test.rows("SELECT id FROM appointments_archive ORDER BY id"), ["a10", "a11", "a20"]);
    // a slot that was free again and that somebody else had: both have it in their tables
    test.sql(
        "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, fee, payment_status)
         SELECT 'x', 'x', patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, 'COMPLETED', 1, 'PAID' FROM appointments_archive WHERE id = 'a10'",
    );
    test.ok(&format!("archive appointments --older-than 12mo {TODAY}"));
    assert_eq!(test.rows("SELECT COUNT(*) FROM appointments_archive WHERE id IN ('a10', 'x')"), ["2"]);
    // a slot that is taken there
    test.sql(
        "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, fee, payment_status)
         SELECT 'y', 'y', patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, 'COMPLETED', 1, 'PAID' FROM appointments_archive WHERE id = 'x'",
    );
    assert_snapshot!(run(&test, &format!("archive appointments {TODAY}")), @"
    exit 0
    --- stdout
    nothing to do: no appointment older than 2023-03-15 can go; 12 stay (2 follow-up, 2 prescription, 2 refund, 1 slot taken, 2 status, 3 unpaid)
    ");
    assert_snapshot!(run(&test, "archive restore --id x"), @"
    exit 2
    --- stderr
    error: could not bring back rows of partition `p_2023_01`: MySQL error 1062: Duplicate entry '…' for key 'appointments.uk_doctor_live_slot'; the slot of one of them was booked again: cancel or move that booking, or bring the others back by `--id`
    ");
    test.ok("archive verify");
}

/// Reads all through the views until `done`; every time it must be the same. Answers how often.
fn watch(test: &Test, done: &AtomicBool) -> u32 {
    const SUMS: &str = "
        SELECT COUNT(*), SUM(CRC32(CONCAT_WS('#', id, booking_reference, notes, symptoms, fee, updated_at))) FROM appointments_all
        UNION ALL SELECT COUNT(*), SUM(CRC32(CONCAT_WS('#', id, appointment_id, diagnosis, updated_at))) FROM consultations_all
        UNION ALL SELECT COUNT(*), SUM(CRC32(CONCAT_WS('#', id, appointment_id, metadata, updated_at))) FROM payments_all";
    let mut conn = block_on(test.connect());
    let mut read = || block_on(rows(&mut conn, SUMS)).unwrap();
    let first = read();
    let mut times = 0;
    while !done.load(Ordering::Relaxed) {
        assert_eq!(read(), first);
        times += 1;
    }
    times
}

#[test]
fn the_views_show_every_row_at_every_moment() {
    let test = clinic("archive_views", 300);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&test, &done));
        for method in ["exchange", "rows", "exchange"] {
            for arguments in [
                format!("archive appointments --method {method} --with-dependents {TODAY}"),
                "archive restore --all".to_owned(),
            ] {
                let output = test.command(&arguments).output().unwrap();
                if !output.status.success() {
                    done.store(true, Ordering::Relaxed);
                    panic!("{}", test.show(&output));
                }
            }
        }
        done.store(true, Ordering::Relaxed);
        let times = watcher.join().unwrap();
        assert!(times > 20, "{times}");
    });
}

#[test]
fn what_another_hand_changed_in_the_archives_is_found_by_the_ledger() {
    let test = clinic("archive_hand", 60);
    test.ok(&format!("archive appointments --with-dependents {TODAY}"));
    for (change, back) in [
        ("UPDATE appointments_archive SET notes = 'x', updated_at = updated_at WHERE id = 'a8'", "a8"),
        ("DELETE FROM reviews_archive WHERE id = 'v9'", "v9"),
        ("UPDATE payments_archive SET amount = 1, updated_at = updated_at WHERE id = 'm9'", "m9"),
    ] {
        test.ok("archive verify");
        let table = change.split(' ').find(|word| word.ends_with("_archive")).unwrap();
        test.sql(&format!("CREATE TABLE aside SELECT * FROM {table} WHERE id = '{back}'; {change}"));
        let text = run(&test, "archive verify");
        assert!(text.starts_with("exit 1\n") && text.contains("problem  ledger"), "{change}: {text}");
        test.sql(&format!("REPLACE INTO {table} SELECT * FROM aside; DROP TABLE aside"));
    }
    test.ok("archive verify");
}
