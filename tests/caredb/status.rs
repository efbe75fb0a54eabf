//! `status`: what it says, what it costs the server, how it looks on a terminal, and `--watch`.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Stdio;

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::{Value, json};

use crate::support::{Killed, Test, block_on, people, pty, read_some, wait_for};

/// Sizes and the server's version differ from server to server.
fn status(test: &Test) -> String {
    let text = test.run("status");
    let text = regex::Regex::new(r"MySQL [\w.-]+").unwrap().replace_all(&text, "MySQL <version>").into_owned();
    regex::Regex::new(r" +\d+ +\d+\.\d \wiB +\d+(\.\d \wiB| B)").unwrap().replace_all(&text, " <size>").into_owned()
}

#[test]
fn says_how_the_database_is() {
    let test = Test::new("status");
    assert_snapshot!(status(&test), @"
    exit 0
    --- stdout
    server  MySQL <version> at <socket>
    database  <db> as root@localhost
    version  none of 15: nothing is applied yet, `caredb migrate` does it
    ");
    test.ok("migrate --to 3");
    assert_snapshot!(status(&test), @"
    exit 0
    --- stdout
    server  MySQL <version> at <socket>
    database  <db> as root@localhost
    version  3 of 15, 12 versions and 2 R files pending, `caredb migrate` applies them
    last change  V3 add appointments, <time> by root

    table  rows ~  data  indexes
    appointments <size>
    caredb_journal <size>
    doctor_profiles <size>
    flyway_schema_history <size>
    patient_profiles <size>
    users <size>
    ");
    test.ok("migrate");
    test.sql("UPDATE flyway_schema_history SET checksum = 1 WHERE version = 3");
    assert_snapshot!(status(&test), @"
    exit 0
    --- stdout
    server  MySQL <version> at <socket>
    database  <db> as root@localhost
    version  15, nothing pending
    last change  R medical records all, <time> by root
    partitions  `appointments` has no months yet, `caredb partition ensure` makes them
    attention  `V3__add_appointments.sql` was edited after it was applied (checksum 1, file has 1534417636); put the old text back and make the change a new migration

    job  due since  rows ~  last run  outcome  rows
    archive appointments  nothing  none
    purge notifications  nothing  none
    compress medical-records  nothing  none

    table  rows ~  data  indexes
    appointment_keys <size>
    appointments <size>
    appointments_archive <size>
    appointments_moving <size>
    appointments_staying <size>
    audit_logs <size>
    caredb_journal <size>
    consultations <size>
    consultations_archive <size>
    doctor_profiles <size>
    doctor_unavailability <size>
    flyway_schema_history <size>
    medical_records <size>
    medical_records_compressed <size>
    notifications <size>
    patient_profiles <size>
    payments <size>
    payments_archive <size>
    prescriptions <size>
    prescriptions_archive <size>
    reviews <size>
    reviews_archive <size>
    time_slots <size>
    users <size>
    ");
}

#[test]
fn a_locked_table_keeps_nobody_waiting() {
    let test = Test::new("status_locked");
    test.ok("migrate");
    let _holder = block_on(async {
        let mut conn = test.connect().await;
        sqlx::raw_sql("LOCK TABLES notifications WRITE").execute(&mut conn).await.unwrap();
        conn
    });
    let text = status(&test);
    assert!(text.starts_with("exit 0\n") && text.contains("\nappointments_archive <size>\n"), "{text}");
    assert!(
        text.contains("\nattention  could not look up the oldest row of table `notifications`: MySQL <version> 1205: "),
        "{text}"
    );
    let _other = block_on(async {
        let mut conn = test.connect().await;
        sqlx::raw_sql("LOCK TABLES flyway_schema_history WRITE").execute(&mut conn).await.unwrap();
        conn
    });
    let text = status(&test);
    assert!(
        text.contains("error: could not read the migration history `flyway_schema_history`: MySQL <version> 1205: "),
        "{text}"
    );
}

#[test]
fn writes_nothing() {
    let test = Test::new("status_reads");
    let url = test.url_as("reader", &["SELECT"]);
    assert!(test.run_at(&url, "status").starts_with("exit 0"));
    assert!(test.run_at(&url, "info").starts_with("exit 0"));
    assert!(test.run_at(&url, "validate").starts_with("exit 0"));
    assert!(test.run_at(&url, "migrate --dry-run").starts_with("exit 0"));
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
}

fn in_json(test: &Test) -> Value {
    let output = test.command("status --format json").output().unwrap();
    assert!(output.status.success(), "{}", test.show(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Appointments of a number of days ago, with a status each.
fn appointments(test: &Test, rows: &[(&str, &str, &str)]) {
    for (id, day, status) in rows {
        test.sql(&format!(
            "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type,
                 status, fee) VALUES ('{id}', '{id}', 'p1', 'd1', {day}, '08:00', '08:30', 'VIDEO', '{status}', 10)"
        ));
    }
}

#[test]
fn says_what_is_due_and_what_ran() {
    let test = Test::new("status_due");
    test.ok("migrate");
    test.ok("partition ensure --behind 36");
    people(&test);
    let before = in_json(&test);
    let jobs = |status: &Value| -> Vec<String> {
        status["retention"].as_array().unwrap().iter().map(|job| job["job"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(jobs(&before), ["archive appointments", "purge notifications", "compress medical-records"]);
    for job in before["retention"].as_array().unwrap() {
        assert_eq!((&job["oldest"], &job["rows"], &job["last_run"]), (&Value::Null, &json!(0), &Value::Null), "{job}");
    }
    appointments(
        &test,
        &[
            ("stays", "UTC_DATE() - INTERVAL 800 DAY", "SCHEDULED"),
            ("goes", "UTC_DATE() - INTERVAL 500 DAY", "COMPLETED"),
            // in a month of which most is too young
            ("edge", "UTC_DATE() - INTERVAL 1 YEAR - INTERVAL 1 DAY", "COMPLETED"),
            ("young", "UTC_DATE() - INTERVAL 1 YEAR", "COMPLETED"),
            ("new", "UTC_DATE()", "COMPLETED"),
        ],
    );
    test.sql(
        "SET SESSION time_zone = '+00:00';
         INSERT INTO notifications (id, user_id, type, title, message, created_at) VALUES
             ('n1', 'u1', 'GENERAL', 't', 'm', UTC_TIMESTAMP() - INTERVAL 300 DAY),
             ('n2', 'u1', 'GENERAL', 't', 'm', UTC_TIMESTAMP() - INTERVAL 200 DAY),
             ('n3', 'u1', 'GENERAL', 't', 'm', UTC_TIMESTAMP()), ('n4', 'u1', 'GENERAL', 't', 'm', NULL);
         INSERT INTO medical_records (id, patient_id, uploaded_by, record_type, title, file_url, file_size, mime_type, record_date)
         VALUES ('r1', 'p1', 'u2', 'XRAY', 't', 'f', 1, 'm', UTC_DATE())",
    );
    let day = |sql: &str| test.rows(&format!("SET SESSION time_zone = '+00:00'; SELECT CAST({sql} AS CHAR)")).remove(0);
    let due = in_json(&test);
    let [archive, purge, compress] = due["retention"].as_array().unwrap().as_slice() else { panic!("{due}") };
    assert_eq!(archive["oldest"], json!(day("(SELECT appointment_date FROM appointments WHERE id = 'goes')")));
    let partitions: Vec<&Value> =
        archive["months"].as_array().unwrap().iter().map(|month| &month["partition"]).collect();
    let month = |id: &str| {
        json!(day(&format!("(SELECT DATE_FORMAT(appointment_date, 'p_%Y_%m') FROM appointments WHERE id = '{id}')")))
    };
    assert_eq!(partitions, [&month("goes"), &month("edge")]);
    assert_eq!(purge["oldest"], json!(day("(SELECT DATE(created_at) FROM notifications WHERE id = 'n1')")));
    // an estimate, which is exact where rows are few
    assert_eq!(purge["rows"], json!(2));
    assert_eq!(compress["oldest"], Value::Null);

    test.ok("purge notifications");
    test.file("caredb.toml", "[retention.appointments_archive]\ndelete_after = \"10y\"\n");
    let after = in_json(&test);
    assert_eq!(jobs(&after).last().unwrap(), "purge archive");
    let purge = &after["retention"][1];
    assert_eq!((&purge["oldest"], &purge["rows"]), (&Value::Null, &json!(0)));
    let last = &purge["last_run"];
    assert_eq!((&last["run"], &last["outcome"], &last["rows"]), (&json!(1), &json!("done"), &json!(2)));
    // as people see it
    test.sql("UPDATE caredb_runs SET outcome = 'failed'");
    let text = test.run("status");
    for line in [
        r"(?m)^attention +the last run of `purge notifications` failed; `caredb runs show 1` says why$",
        r"(?m)^job +due since +rows ~ +last run +outcome +rows$",
        r"(?m)^archive appointments +\d{4}-\d\d-\d\d +\d+ +none$",
        r"(?m)^purge notifications +nothing +\d{4}-\d\d-\d\d \d\d:\d\d  failed +2$",
    ] {
        assert!(regex::Regex::new(line).unwrap().is_match(&text), "{line}: {text}");
    }
}

/// What sessions have read of each table of the database since the server started, in rows.
fn reads(test: &Test) -> u64 {
    let sql = "SELECT CAST(SUM(COUNT_READ) AS UNSIGNED) FROM performance_schema.table_io_waits_summary_by_table
               WHERE OBJECT_SCHEMA = DATABASE()";
    test.rows(sql)[0].parse().unwrap()
}

#[test]
fn costs_the_server_a_handful_of_look_ups() {
    const ROWS: u32 = 5000;
    let test = Test::new("status_cost");
    test.ok("migrate");
    test.ok("partition ensure --behind 36");
    test.file("caredb.toml", "[retention.appointments_archive]\ndelete_after = \"2y\"\n");
    people(&test);
    // a run of each job, so that the ledger is there
    test.ok("purge notifications");
    let numbers = format!("WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {ROWS} - 1)");
    let appointments = |table: &str, status: &str| {
        format!(
            "INSERT INTO {table} (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, fee)
             {numbers} SELECT CONCAT('{table}', n), CONCAT('b', n), 'p1', 'd1', UTC_DATE() - INTERVAL (n MOD 1000) DAY,
                 SEC_TO_TIME(n DIV 1000 * 1800), SEC_TO_TIME(n DIV 1000 * 1800 + 900), 'VIDEO', '{status}', 10 FROM n;"
        )
    };
    // none of a status that goes, all old: the worst for who looks for one that does
    test.sql(&format!(
        "SET SESSION cte_max_recursion_depth = 1000000;
         {} {}
         INSERT INTO notifications (id, user_id, type, title, message, created_at)
         {numbers} SELECT CONCAT('n', n), 'u1', 'GENERAL', 't', 'm', UTC_TIMESTAMP() - INTERVAL 1 YEAR FROM n;
         INSERT INTO medical_records (id, patient_id, uploaded_by, record_type, title, file_url, file_size, mime_type, record_date)
         {numbers} SELECT CONCAT('r', n), 'p1', 'u2', 'XRAY', 't', 'f', 1, 'm', UTC_DATE() - INTERVAL 3 YEAR FROM n;
         INSERT INTO caredb_runs (command, policy, account, host, started_at)
         {numbers} SELECT 'archive restore', '{{}}', 'x', 'x', UTC_TIMESTAMP(3) FROM n",
        appointments("appointments", "SCHEDULED"),
        appointments("appointments_archive", "COMPLETED"),
    ));
    let before = reads(&test);
    let status = in_json(&test);
    let read = reads(&test) - before;
    let [archive, purge, compress, destroy] = status["retention"].as_array().unwrap().as_slice() else {
        panic!("{status}")
    };
    assert!(
        archive["oldest"].is_null() && [purge, compress, destroy].iter().all(|job| job["oldest"].is_string()),
        "{status}"
    );
    // the history and the journal are read whole: a row a version and a statement; the ledger's last 500 runs; of a
    // month that is old in part, 100 rows; a few of each other month
    let migrations = 2 * test.rows("SELECT 1 FROM caredb_journal").len() as u64;
    assert!(read < migrations + 500 + 100 + 4 * 40 + 50, "{read} rows were read");
    // a scan shows
    for table in ["appointments", "appointments_archive", "notifications", "medical_records", "caredb_runs"] {
        let before = reads(&test);
        test.rows(&format!("SELECT MAX(CONCAT(COALESCE(id, ''), '')) FROM {table}"));
        assert!(reads(&test) - before >= u64::from(ROWS), "{table}");
    }
}

/// Starts caredb on a terminal of this size.
fn on_terminal(test: &Test, arguments: &str, (columns, lines): (u16, u16), no_color: bool) -> (std::fs::File, Killed) {
    let (terminal, child) = pty();
    let size = Winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&child, size).unwrap();
    let mut command = test.command(arguments);
    command.env_remove("NO_COLOR");
    if no_color {
        command.env("NO_COLOR", "1");
    }
    let started = command.stdout(child).stderr(Stdio::null()).spawn().unwrap();
    drop(command);
    (terminal, Killed(started))
}

/// What comes on a terminal up to this text.
fn read_to(terminal: &std::fs::File, end: &str) -> String {
    let mut text = String::new();
    wait_for(end, || {
        text.push_str(&read_some(terminal));
        text.contains(end)
    });
    text.replace('\r', "")
}

#[test]
fn fits_a_narrow_terminal_and_has_colours_there_alone() {
    let test = Test::new("status_narrow");
    test.ok("migrate");
    test.sql("UPDATE flyway_schema_history SET checksum = 1 WHERE version = 3");
    let read = |size, no_color| {
        let (terminal, mut child) = on_terminal(&test, "status", size, no_color);
        let text = read_to(&terminal, "users ");
        assert!(child.0.wait().unwrap().success());
        text
    };
    let coloured = read((60, 24), false);
    assert!(coloured.contains("\u{1b}[33mattention    `V3__add_appointments.sql` was edited after it"), "{coloured}");
    let plain = read((60, 24), true);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    for line in plain.lines() {
        let is_one_word = line.split_whitespace().any(|word| word.len() > 40);
        assert!(line.chars().count() <= 60 || is_one_word, "{line}");
    }
    // a pipe has lines as long as they are
    let piped = test.command("status").output().unwrap();
    let piped = String::from_utf8(piped.stdout).unwrap();
    let attention = piped.lines().find(|line| line.starts_with("attention")).unwrap();
    assert!(attention.ends_with("make the change a new migration") && !piped.contains('\u{1b}'), "{piped}");
}

#[test]
fn a_watched_terminal_is_drawn_anew_and_ctrl_c_is_its_end() {
    let test = Test::new("status_watch");
    test.ok("migrate");
    let (terminal, mut child) = on_terminal(&test, "status --watch 1", (80, 12), true);
    let first = read_to(&terminal, "more lines");
    let (_, screen) = first.split_once("\u{1b}[H\u{1b}[2J").unwrap();
    assert!(
        screen.contains(" UTC, every 1 second; Ctrl-C ends it\n\nserver ") && screen.lines().count() <= 12,
        "{screen}"
    );
    let second = read_to(&terminal, "more lines");
    assert!(second.contains("\u{1b}[H\u{1b}[2J"), "{second}");
    kill_process(Pid::from_child(&child.0), Signal::INT).unwrap();
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_watch_outlives_its_connection_and_ends_with_its_reader() {
    let test = Test::new("status_lost");
    test.ok("migrate");
    let url = test.url_as("watcher", &["SELECT"]);
    let file = |name: &str| std::fs::File::create(test.folder.join(name)).unwrap();
    let read = |name: &str| std::fs::read_to_string(test.folder.join(name)).unwrap();
    let mut command = crate::support::command(&test.folder);
    command.args(["status", "--watch", "1", "--url", &url]).stdout(file("out")).stderr(file("err"));
    let mut child = Killed(command.spawn().unwrap());
    let screens = || read("out").matches(" UTC, every 1 second; Ctrl-C ends it\n\nserver ").count();
    wait_for("two screens", || screens() == 2);
    let user = test.user("watcher");
    let connection =
        test.rows(&format!("SELECT id FROM performance_schema.processlist WHERE user = '{user}'")).remove(0);
    test.sql(&format!("KILL {connection}"));
    wait_for("the loss to be told", || read("err").contains("warning: connection: "));
    assert!(read("err").trim_end().ends_with("; trying again every 1 second"), "{}", read("err"));
    let before = screens();
    wait_for("more screens", || screens() > before);
    kill_process(Pid::from_child(&child.0), Signal::INT).unwrap();
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
    assert_eq!(read("err").lines().count(), 1, "{}", read("err"));

    // a reader that has seen enough, as `head` does
    let mut command = test.command("status --watch 1 --format json");
    let mut child = Killed(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.0.stdout.take().unwrap()), &mut line).unwrap();
    let screen: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&screen["event"], &screen["version"]), (&json!("screen"), &json!(15)));
    wait_for("the end", || child.0.try_wait().unwrap().is_some());
    assert_eq!(child.0.wait().unwrap().code(), Some(0));

    // what is wrong from the start is no loss
    let text = test.run_at("mysql://root@localhost/x?socket=/none", "status --watch 1");
    assert!(text.starts_with("exit 2\n") && text.contains("no server answers"), "{text}");
}

#[test]
fn a_watch_waits_for_a_server_that_is_down() {
    let test = Test::new("status_down");
    let url = test.url_as("watcher", &["SELECT"]);
    // what may be taken away is a name of the server's socket
    let (_, real) = test.url.split_once("?socket=").unwrap();
    let socket = test.folder.join("s");
    symlink(real, &socket).unwrap();
    let file = |name: &str| std::fs::File::create(test.folder.join(name)).unwrap();
    let read = |name: &str| std::fs::read_to_string(test.folder.join(name)).unwrap();
    let mut command = crate::support::command(&test.folder);
    command.args(["status", "--watch", "1", "--url", &url.replace(real, socket.to_str().unwrap())]);
    let mut child = Killed(command.stdout(file("out")).stderr(file("err")).spawn().unwrap());
    let screens = || read("out").matches("\nserver ").count();
    wait_for("a screen", || screens() == 1);

    std::fs::remove_file(&socket).unwrap();
    let user = test.user("watcher");
    let connection = format!("SELECT id FROM performance_schema.processlist WHERE user = '{user}'");
    test.sql(&format!("KILL {}", test.rows(&connection)[0]));
    wait_for("the loss to be told", || read("err").contains("warning: connection: "));
    // it asks again, whatever it meets: no socket, or one behind which somebody hangs up
    let listener = UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    wait_for("another try", || listener.accept().is_ok());
    drop(listener);
    std::fs::remove_file(&socket).unwrap();
    let before = screens();
    symlink(real, &socket).unwrap();
    wait_for("a screen again", || screens() > before);
    kill_process(Pid::from_child(&child.0), Signal::INT).unwrap();
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
    assert_eq!(read("err").lines().count(), 1, "{}", read("err"));
}
