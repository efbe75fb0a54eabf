//! `archive` where something is wrong: one clear line, and nothing lost. What other hands did to the archive is found.

use insta::assert_snapshot;

use crate::retention_archive::{TODAY, assert_keys, clinic, run, shown, whole};
use crate::support::Test;

fn archive(method: &str) -> String {
    format!("archive appointments --method {method} --with-dependents {TODAY}")
}

/// What several commands answer, one after the other.
fn answers(test: &Test, commands: &[&str]) -> String {
    commands.iter().map(|arguments| run(test, arguments) + "\n").collect()
}

#[test]
fn what_can_t_be_is_refused() {
    let test = Test::new("archive_wrong");
    let mut text = answers(&test, &[&archive("rows"), "archive verify", "archive restore --all"]);
    test.ok("migrate");
    let wrong = [
        "archive appointments --older-than 0y",
        "archive appointments --older-than=-1y",
        "archive appointments --status DONE",
        "archive appointments --status SCHEDULED",
        "archive appointments --method fast",
        "archive appointments --today 2999-01-01",
    ];
    text.push_str(&answers(&test, &wrong));
    for policy in
        ["older_than = '0d'", "older_than = '1y'\nstatus = ['COMPLETED', 'DONE']", "status = []", "age = '1y'"]
    {
        test.file("caredb.toml", format!("[retention.appointments]\n{policy}\n"));
        text.push_str(&answers(&test, &[&archive("rows")]));
    }
    let day = regex::Regex::new(r"it is \d{4}-\d\d-\d\d at").unwrap();
    assert_snapshot!(day.replace_all(&text, "it is <today> at"), @"
    exit 2
    --- stderr
    error: there is no table `appointments_archive`; a migration makes it, V14 (`caredb migrate`)
    exit 2
    --- stderr
    error: there is no table `appointments_archive`; a migration makes it, V14 (`caredb migrate`)
    exit 2
    --- stderr
    error: there is no table `appointments_archive`; a migration makes it, V14 (`caredb migrate`)
    exit 2
    --- stderr
    error: invalid value '0y' for '--older-than <AGE>': an age of `0y` would take rows that were made today; the least is `1d`

    For more information, try '--help'.
    exit 2
    --- stderr
    error: invalid value '-1y' for '--older-than <AGE>': `-1y` is no age; write it as `90d`, `2w`, `6mo` or `1y`

    For more information, try '--help'.
    exit 2
    --- stderr
    error: invalid value 'DONE' for '--status <STATUS>'
      [possible values: COMPLETED, CANCELLED, NO_SHOW]

    For more information, try '--help'.
    exit 2
    --- stderr
    error: invalid value 'SCHEDULED' for '--status <STATUS>'
      [possible values: COMPLETED, CANCELLED, NO_SHOW]

      tip: a similar value exists: 'CANCELLED'

    For more information, try '--help'.
    exit 2
    --- stderr
    error: invalid value 'fast' for '--method <METHOD>'
      [possible values: auto, exchange, rows]

    For more information, try '--help'.
    exit 2
    --- stderr
    error: the cut-off 2998-01-01 is in the future: it is <today> at the server; correct `--today`
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 2: an age of `0d` would take rows that were made today; the least is `1d`
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 3: unknown variant `DONE`, expected one of `COMPLETED`, `CANCELLED`, `NO_SHOW`
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 2: no status: name one at least, such as `COMPLETED`
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 2: unknown field `age`, expected `older_than` or `status`
    ");
}

#[test]
fn an_archive_that_was_altered_takes_nothing() {
    let test = clinic("archive_altered", 60);
    let before = whole(&test);
    let mut text = String::new();
    for (wrong, back) in [
        ("appointments_archive ALTER fee SET DEFAULT 1", "appointments_archive ALTER fee DROP DEFAULT"),
        (
            "appointments_archive DROP CHECK chk_appointments_archive_times",
            "appointments_archive ADD CONSTRAINT chk_appointments_archive_times CHECK (end_time > start_time)",
        ),
        ("appointments_archive ADD INDEX fees (fee)", "appointments_archive DROP INDEX fees"),
        ("appointments_archive MODIFY notes VARCHAR(10)", "appointments_archive MODIFY notes TEXT"),
        ("appointments_archive ADD extra INT", "appointments_archive DROP extra"),
        ("appointments_moving ADD INDEX fees (fee)", "appointments_moving DROP INDEX fees"),
        ("appointments_moving COMMENT 'x'", "appointments_moving COMMENT ''"),
        ("consultations_archive ADD extra INT", "consultations_archive DROP extra"),
    ] {
        test.sql(&format!("ALTER TABLE {wrong}"));
        text.push_str(&format!("{wrong}\n{}\n", run(&test, &archive("exchange"))));
        if !wrong.starts_with("appointments_moving") {
            text.push_str(&format!("{}\n", run(&test, &archive("rows"))));
        }
        test.sql(&format!("ALTER TABLE {back}"));
        assert_eq!(whole(&test), before, "{wrong}");
        assert_eq!(test.rows("SELECT COUNT(*) FROM appointments_archive"), ["0"], "{wrong}");
    }
    assert_snapshot!(text, @"
    appointments_archive ALTER fee SET DEFAULT 1
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `fee decimal(10,2) NOT NULL` here, `fee decimal(10,2) NOT NULL DEFAULT '1.00'` there; make them the same by a migration, nothing of the month was moved
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `fee decimal(10,2) NOT NULL` here, `fee decimal(10,2) NOT NULL DEFAULT '1.00'` there; make them the same by a migration, nothing of the month was moved
    appointments_archive DROP CHECK chk_appointments_archive_times
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `CHECK ((end_time > start_time))` here, `) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci` there; make them the same by a migration, nothing of the month was moved
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `CHECK ((end_time > start_time))` here, `) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci` there; make them the same by a migration, nothing of the month was moved
    appointments_archive ADD INDEX fees (fee)
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `CHECK ((end_time > start_time))` here, `KEY fees (fee)` there; make them the same by a migration, nothing of the month was moved
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `CHECK ((end_time > start_time))` here, `KEY fees (fee)` there; make them the same by a migration, nothing of the month was moved
    appointments_archive MODIFY notes VARCHAR(10)
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `notes text COLLATE utf8mb4_unicode_ci` here, `notes varchar(10) COLLATE utf8mb4_unicode_ci DEFAULT NULL` there; make them the same by a migration, nothing of the month was moved
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `notes text COLLATE utf8mb4_unicode_ci` here, `notes varchar(10) COLLATE utf8mb4_unicode_ci DEFAULT NULL` there; make them the same by a migration, nothing of the month was moved
    appointments_archive ADD extra INT
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `PRIMARY KEY (id,appointment_date)` here, `extra int DEFAULT NULL` there; make them the same by a migration, nothing of the month was moved
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_archive` differ: `PRIMARY KEY (id,appointment_date)` here, `extra int DEFAULT NULL` there; make them the same by a migration, nothing of the month was moved
    appointments_moving ADD INDEX fees (fee)
    exit 2
    --- stdout
    appointments_archive  split `p_future` for 2023-01 to 2023-03 <ms> ms
    --- stderr
    error: tables `appointments` and `appointments_moving` differ: `CHECK ((end_time > start_time))` here, `KEY fees (fee)` there; make them the same by a migration, nothing of the month was moved
    appointments_moving COMMENT 'x'
    exit 2
    --- stderr
    error: tables `appointments` and `appointments_moving` differ: `) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci` here, `) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='x'` there; make them the same by a migration, nothing of the month was moved
    consultations_archive ADD extra INT
    exit 2
    --- stderr
    error: could not use tables `consultations` and `consultations_archive`: they must have the same columns; make them so by a migration
    exit 2
    --- stderr
    error: could not use tables `consultations` and `consultations_archive`: they must have the same columns; make them so by a migration
    ");
    // nothing of it is left behind; columns that came and went were INSTANT
    test.sql("ALTER TABLE appointments_archive FORCE, ALGORITHM=INPLACE, LOCK=NONE");
    test.ok(&archive("exchange"));
    test.ok(&archive("rows"));
    assert_eq!(whole(&test), before);
}

#[test]
fn an_archive_that_is_full_half_way_loses_nothing() {
    let test = clinic("archive_full", 120);
    let before = whole(&test);
    let full = |table: &str, condition: &str| {
        test.sql(&format!(
            "CREATE TRIGGER full BEFORE INSERT ON {table} FOR EACH ROW
             IF {condition} THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'; END IF"
        ));
    };
    let mut text = String::new();
    // before the first batch of that table but one, or under the lock
    for (method, table, condition) in [
        ("rows", "appointments_archive", "NEW.appointment_date > '2023-02-10'"),
        ("exchange", "appointments_moving", "NEW.appointment_date > '2023-02-10'"),
        ("exchange", "appointments_staying", "NEW.id = 'a40'"),
        ("rows", "prescriptions_archive", "NEW.id = 'r36'"),
        ("rows", "caredb_run_parts", "NEW.part = 'p_2023_02'"),
        ("exchange", "caredb_run_parts", "NEW.part = 'p_2023_02'"),
    ] {
        full(table, condition);
        text.push_str(&format!("{method} {table}\n{}\n", run(&test, &archive(method))));
        assert_eq!(whole(&test), before, "{method} {table}");
        test.sql("DROP TRIGGER full");
        let restored = test.command("archive restore --all").output().unwrap();
        assert!(restored.status.success(), "{method} {table}: {}", test.show(&restored));
        assert_eq!(whole(&test), before, "{method} {table}");
        assert_keys(&test);
        test.ok("archive verify");
    }
    test.ok(&archive("rows"));
    for (table, condition) in [("appointments", "NEW.appointment_date > '2023-02-10'"), ("reviews", "NEW.id = 'v48'")] {
        full(table, condition);
        text.push_str(&format!("restore {table}\n{}\n", run(&test, "archive restore --all")));
        assert_eq!(whole(&test), before, "{table}");
        assert_keys(&test);
        test.ok("archive verify");
        test.sql("DROP TRIGGER full");
    }
    assert_snapshot!(text, @"
    rows appointments_archive
    exit 2
    --- stdout
    appointments_archive  split `p_future` for 2023-01 to 2023-03 <ms> ms
    2023-01  rows  39 rows <ms> ms; stay: 4 follow-up, 4 prescription, 2 refund, 7 status, 6 unpaid
    --- stderr
    error: could not archive rows of partition `p_2023_02`: MySQL error 1114: The table is full
    exchange appointments_moving
    exit 2
    --- stdout
    2023-01  exchange  39 rows <ms> ms, writers waited <ms> ms; stay: 4 follow-up, 4 prescription, 2 refund, 7 status, 6 unpaid
    --- stderr
    2023-03 can't be exchanged: a part of it is too young; say `--method rows`
    error: could not move a month: MySQL error 1114: The table is full
    exchange appointments_staying
    exit 2
    --- stdout
    2023-01  exchange  39 rows <ms> ms, writers waited <ms> ms; stay: 4 follow-up, 4 prescription, 2 refund, 7 status, 6 unpaid
    --- stderr
    2023-03 can't be exchanged: a part of it is too young; say `--method rows`
    error: could not move a month: MySQL error 1114: The table is full
    rows prescriptions_archive
    exit 2
    --- stdout
    2023-01  rows  39 rows <ms> ms; stay: 4 follow-up, 4 prescription, 2 refund, 7 status, 6 unpaid
    2023-02  rows  29 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 3 status, 4 unpaid
    2023-03  rows  7 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 2 status, 2 unpaid
    --- stderr
    error: could not move rows of table `prescriptions`: MySQL error 1114: The table is full
    rows caredb_run_parts
    exit 2
    --- stdout
    2023-01  rows  39 rows <ms> ms; stay: 4 follow-up, 4 prescription, 2 refund, 7 status, 6 unpaid
    --- stderr
    error: could not record what was done in run 9 of `archive appointments` in the ledger: MySQL error 1114: The table is full
    exchange caredb_run_parts
    exit 2
    --- stdout
    2023-01  exchange  39 rows <ms> ms, writers waited <ms> ms; stay: 4 follow-up, 4 prescription, 2 refund, 7 status, 6 unpaid
    --- stderr
    2023-03 can't be exchanged: a part of it is too young; say `--method rows`
    error: could not record the state of run 11 of `archive appointments` in the ledger: MySQL error 1114: The table is full
    restore appointments
    exit 2
    --- stderr
    p_2023_01  39 rows back <ms> ms
    error: could not bring back rows of partition `p_2023_02`: MySQL error 1114: The table is full
    restore reviews
    exit 2
    --- stderr
    error: could not move rows of table `reviews`: MySQL error 1114: The table is full
    ");
    test.ok("archive restore --all");
    assert_eq!(whole(&test), before);
    assert_eq!(test.rows("SELECT COUNT(*) FROM caredb_runs WHERE outcome IS NULL"), ["0"]);
    test.ok("runs verify");
}

#[test]
fn a_privilege_that_is_missing_loses_nothing() {
    const PRIVILEGES: [&str; 8] = ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "LOCK TABLES"];
    let test = clinic("archive_privileges", 60);
    let before = whole(&test);
    test.ok(&archive("rows"));
    test.ok("archive restore --all");
    let mut text = String::new();
    for method in ["rows", "exchange"] {
        for missing in PRIVILEGES {
            let given: Vec<&str> = PRIVILEGES.into_iter().filter(|privilege| *privilege != missing).collect();
            let url = test.url_as("u", &[&given.join(", ")]);
            let answer = shown(&test.run_at(&url, &archive(method)));
            text.push_str(&format!("{method} without {missing}: {answer}\n"));
            assert_eq!(whole(&test), before, "{method} {missing}");
            test.ok("archive restore --all");
            assert_eq!(test.rows("SELECT COUNT(*) FROM appointments_archive"), ["0"]);
            assert_keys(&test);
        }
    }
    assert_snapshot!(text, @"
    rows without SELECT: exit 2
    --- stderr
    error: could not read the migration history `flyway_schema_history`: MySQL error 1142: SELECT command denied to user 'u_<db>'@'localhost' for table 'flyway_schema_history'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    rows without INSERT: exit 2
    --- stderr
    error: could not begin a run of `archive appointments` in the ledger: MySQL error 1142: INSERT command denied to user 'u_<db>'@'localhost' for table 'caredb_runs'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    rows without UPDATE: exit 2
    --- stderr
    error: could not archive rows of partition `p_2023_01`: MySQL error 1142: UPDATE command denied to user 'u_<db>'@'localhost' for table 'appointment_keys'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    rows without DELETE: exit 2
    --- stderr
    error: could not archive rows of partition `p_2023_01`: MySQL error 1142: DELETE command denied to user 'u_<db>'@'localhost' for table 'appointments'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    rows without CREATE: exit 0
    --- stdout
    2023-01  rows  19 rows <ms> ms; stay: 2 follow-up, 2 prescription, 1 refund, 4 status, 3 unpaid
    2023-02  rows  20 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 2 status, 3 unpaid
    2023-03  rows  1 row <ms> ms
    archived 40 rows of 3 months older than 2023-03-15, and 81 rows that belong to archived ones; 20 stay (3 follow-up, 3 prescription, 2 refund, 6 status, 6 unpaid); run 5
    rows without ALTER: exit 0
    --- stdout
    2023-01  rows  19 rows <ms> ms; stay: 2 follow-up, 2 prescription, 1 refund, 4 status, 3 unpaid
    2023-02  rows  20 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 2 status, 3 unpaid
    2023-03  rows  1 row <ms> ms
    archived 40 rows of 3 months older than 2023-03-15, and 81 rows that belong to archived ones; 20 stay (3 follow-up, 3 prescription, 2 refund, 6 status, 6 unpaid); run 7
    rows without DROP: exit 0
    --- stdout
    2023-01  rows  19 rows <ms> ms; stay: 2 follow-up, 2 prescription, 1 refund, 4 status, 3 unpaid
    2023-02  rows  20 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 2 status, 3 unpaid
    2023-03  rows  1 row <ms> ms
    archived 40 rows of 3 months older than 2023-03-15, and 81 rows that belong to archived ones; 20 stay (3 follow-up, 3 prescription, 2 refund, 6 status, 6 unpaid); run 9
    rows without LOCK TABLES: exit 0
    --- stdout
    2023-01  rows  19 rows <ms> ms; stay: 2 follow-up, 2 prescription, 1 refund, 4 status, 3 unpaid
    2023-02  rows  20 rows <ms> ms; stay: 1 follow-up, 1 prescription, 1 refund, 2 status, 3 unpaid
    2023-03  rows  1 row <ms> ms
    archived 40 rows of 3 months older than 2023-03-15, and 81 rows that belong to archived ones; 20 stay (3 follow-up, 3 prescription, 2 refund, 6 status, 6 unpaid); run 11
    exchange without SELECT: exit 2
    --- stderr
    error: could not read the migration history `flyway_schema_history`: MySQL error 1142: SELECT command denied to user 'u_<db>'@'localhost' for table 'flyway_schema_history'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    exchange without INSERT: exit 2
    --- stderr
    error: could not begin a run of `archive appointments` in the ledger: MySQL error 1142: INSERT command denied to user 'u_<db>'@'localhost' for table 'caredb_runs'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    exchange without UPDATE: exit 2
    --- stderr
    error: could not record the state of run 13 of `archive appointments` in the ledger: MySQL error 1142: UPDATE command denied to user 'u_<db>'@'localhost' for table 'caredb_run_parts'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    exchange without DELETE: exit 2
    --- stderr
    error: could not move a month: MySQL error 1142: DELETE command denied to user 'u_<db>'@'localhost' for table 'appointments_staying'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    exchange without CREATE: exit 2
    --- stderr
    error: could not move a month: MySQL error 1142: CREATE command denied to user 'u_<db>'@'localhost' for table 'appointments_archive'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    exchange without ALTER: exit 2
    --- stderr
    error: could not move a month: MySQL error 1142: ALTER command denied to user 'u_<db>'@'localhost' for table 'appointments_archive'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    exchange without DROP: exit 2
    --- stderr
    error: could not move a month: MySQL error 1142: DROP command denied to user 'u_<db>'@'localhost' for table 'appointments_moving'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    exchange without LOCK TABLES: exit 2
    --- stderr
    error: could not move a month: MySQL error 1044: Access denied for user 'u_<db>'@'%' to database '<db>'; ask for the missing privilege LOCK TABLES (`caredb grants cron` prints what is needed) and run again
    ");
    // of the archive alone
    let url = test.url_as("u", &["SELECT, UPDATE, DELETE, CREATE, ALTER, DROP, LOCK TABLES"]);
    let tables = [
        "caredb_runs",
        "caredb_run_parts",
        "audit_logs",
        "appointments",
        "appointments_moving",
        "appointments_staying",
    ];
    for table in tables {
        test.sql(&format!("GRANT INSERT ON {table} TO '{}'", test.user("u")));
    }
    assert_snapshot!(shown(&test.run_at(&url, &archive("rows"))), @"
    exit 2
    --- stderr
    error: could not archive rows of partition `p_2023_01`: MySQL error 1142: INSERT command denied to user 'u_<db>'@'localhost' for table 'appointments_archive'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ");
    assert_eq!(whole(&test), before);
    test.ok("archive verify");
    test.ok("runs verify");
}

#[test]
fn the_application_meets_the_archive() {
    let test = clinic("archive_application", 60);
    test.ok(&archive("rows"));
    let book = |id: &str, reference: &str, of: &str| {
        format!(
            "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee)
             SELECT '{id}', '{reference}', patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee FROM appointments_archive WHERE id = '{of}'"
        )
    };
    // neither an id nor a reference is given again
    assert_eq!(test.error(&book("a6", "new", "a6")), 1062);
    assert_eq!(test.error(&book("new", "b6", "a6")), 1062);
    // what is archived is not there to be deleted, and what refers to it stays
    let delete = "DELETE FROM appointments WHERE id = 'a6'";
    test.sql(delete);
    assert_eq!(test.rows("SELECT archived FROM appointment_keys WHERE id = 'a6'"), ["1"]);
    test.sql("INSERT INTO payments (id, transaction_id, appointment_id, patient_id, amount, payment_method, payment_gateway, status) VALUES ('late', 'late', 'a6', 'p1', 1, 'CARD', 'STRIPE', 'SUCCESS')");
    // an archived slot can be booked, and stands in the way of that row alone
    test.sql(&book("new", "new", "a6"));
    let restored = run(&test, "archive restore --all");
    assert!(
        restored.starts_with("exit 2\n") && restored.contains("the slot of one of them was booked again"),
        "{restored}"
    );
    test.ok("archive restore --id a7");
    test.sql("DELETE FROM appointments WHERE id = 'new'");
    test.ok("archive restore --all");
    assert_keys(&test);
    assert_eq!(test.error(delete), 1451);
    // the late payment belongs to it as all others do
    test.ok(&archive("rows"));
    assert_eq!(test.rows("SELECT id FROM payments_archive WHERE id = 'late'"), ["late"]);
    test.ok("archive verify");
}
