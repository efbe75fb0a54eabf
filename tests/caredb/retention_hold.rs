//! Legal holds: placed, listed, released, and the gate between them and the batches.

use std::process::Stdio;

use caredb::retention::hold;
use insta::assert_snapshot;
use sqlx::AssertSqlSafe;

use crate::support::{Killed, Test, block_on, people, rows, wait_for};

/// A fresh schema with two people and an appointment `a1`.
fn clinic(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    people(&test);
    test.sql(
        "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee)
         VALUES ('a1', 'b1', 'p1', 'd1', '2024-01-02', '09:00', '09:30', 'VIDEO', 10)",
    );
    test
}

/// caredb with arguments that hold spaces.
fn run(test: &Test, arguments: &str, reason: &str) -> String {
    test.show(&test.command(arguments).args(["--reason", reason]).output().unwrap())
}

#[test]
fn holds_are_placed_listed_and_released() {
    let test = clinic("hold");
    assert_snapshot!(test.run("hold list"), @"
    exit 0
    --- stdout
    0 holds in force, 0 on record
    ");
    assert_snapshot!(run(&test, "hold add --patient p1 --until 2999-12-31", "case 2026-14"), @"
    exit 0
    --- stdout
    placed hold 1 on patient `p1`, in force through 2999-12-31
    ");
    // as the database writes the id
    assert_snapshot!(run(&test, "hold add --appointment A1", "  board\ncomplaint "), @"
    exit 0
    --- stdout
    placed hold 2 on appointment `a1`, in force until it is released
    ");
    assert_snapshot!(run(&test, "hold add --patient p1 --format json", "audit"), @r#"
    exit 0
    --- stdout
    {"command":"hold add","outcome":"done","hold":3,"patient":"p1","appointment":null,"until":null}
    "#);
    assert_snapshot!(test.run("hold list"), @"
    exit 0
    --- stdout
    hold  on  state  until  placed at  by  reason
      1  patient p1  in force  2999-12-31  <time>  root@localhost  case 2026-14
      2  appointment a1  in force  <time>  root@localhost  board complaint
      3  patient p1  in force  <time>  root@localhost  audit

    3 holds in force, 3 on record
    ");
    assert_snapshot!(run(&test, "hold release 1", "case closed"), @"
    exit 0
    --- stdout
    released hold 1 on patient `p1`; it stays on record
    ");
    assert_snapshot!(run(&test, "hold release 1", "again"), @"
    exit 2
    --- stderr
    error: hold 1 is released already; `caredb hold list --all` says by whom
    ");
    assert_snapshot!(run(&test, "hold release 9", "typo"), @"
    exit 2
    --- stderr
    error: there is no hold 9; `caredb hold list --all` shows them
    ");
    test.sql("UPDATE caredb_holds SET until = '2026-01-01' WHERE id = 3");
    assert_snapshot!(test.run("hold list"), @"
    exit 0
    --- stdout
    hold  on  state  until  placed at  by  reason
      2  appointment a1  in force  <time>  root@localhost  board complaint

    1 hold in force, 3 on record
    ");
    assert_snapshot!(test.run("hold list --all"), @"
    exit 0
    --- stdout
    hold  on  state  until  placed at  by  reason
      1  patient p1  released <time> by root@localhost  2999-12-31  <time>  root@localhost  case 2026-14; released: case closed
      2  appointment a1  in force  <time>  root@localhost  board complaint
      3  patient p1  over  2026-01-01  <time>  root@localhost  audit

    1 hold in force, 3 on record
    ");
    assert_snapshot!(test.run("hold list --all --format json"), @r#"
    exit 0
    --- stdout
    {"command":"hold list","outcome":"done","in_force":1,"on_record":3,"holds":[{"id":1,"patient":"p1","reason":"case 2026-14","placed_by":"root@localhost","placed_at":"<time>","until":"2999-12-31","in_force":false,"released_by":"root@localhost","released_at":"<time>","release_reason":"case closed"},{"id":2,"appointment":"a1","reason":"board\ncomplaint","placed_by":"root@localhost","placed_at":"<time>","until":null,"in_force":true,"released_by":null,"released_at":null,"release_reason":null},{"id":3,"patient":"p1","reason":"audit","placed_by":"root@localhost","placed_at":"<time>","until":"2026-01-01","in_force":false,"released_by":null,"released_at":null,"release_reason":null}]}
    "#);
    assert_snapshot!(run(&test, "hold release 2 --format json", "settled"), @r#"
    exit 0
    --- stdout
    {"command":"hold release","outcome":"done","hold":2,"released":true}
    "#);
    assert_eq!(test.rows("SELECT id, release_reason FROM caredb_holds"), ["1|case closed", "2|settled", "3|NULL"]);
}

#[test]
fn what_is_not_there_can_not_be_held() {
    let test = clinic("hold_wrong");
    assert_snapshot!(run(&test, "hold add --patient P2", "x"), @"
    exit 2
    --- stderr
    error: table `patient_profiles` has no row with the id of `--patient`; look the id up in the database; no hold was placed
    ");
    assert_snapshot!(run(&test, "hold add --patient p@example.com", "x"), @"
    exit 2
    --- stderr
    error: table `patient_profiles` has no row with the id of `--patient`; look the id up in the database; no hold was placed
    ");
    assert_snapshot!(run(&test, "hold add --appointment b1", "x"), @"
    exit 2
    --- stderr
    error: no appointment has the id of `--appointment`; look the id up in the database; no hold was placed
    ");
    let past = run(&test, "hold add --patient p1 --until 2020-01-01", "x");
    let today = test.rows("SELECT UTC_DATE()").remove(0);
    assert_snapshot!(past.replace(&today, "<today>"), @"
    exit 2
    --- stderr
    error: `--until 2020-01-01` has passed, it is <today> on the server; no hold was placed
    ");
    assert_snapshot!(run(&test, "hold add --patient p1", "  "), @"
    exit 2
    --- stderr
    error: invalid value '  ' for '--reason <TEXT>': say why

    For more information, try '--help'.
    ");
    let long = run(&test, "hold add --patient p1", &"x".repeat(1001));
    assert!(long.starts_with("exit 2") && long.contains("1000 characters at the most"), "{long}");
    assert_snapshot!(run(&test, "hold add --patient p1 --appointment a1", "x"), @"
    exit 2
    --- stderr
    error: the argument '--patient <ID>' cannot be used with '--appointment <ID>'

    Usage: caredb hold add --reason <TEXT> --url <URL> <--patient <ID>|--appointment <ID>>

    For more information, try '--help'.
    ");
    assert_snapshot!(run(&test, "hold add", "x"), @"
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      <--patient <ID>|--appointment <ID>>

    Usage: caredb hold add --reason <TEXT> --url <URL> <--patient <ID>|--appointment <ID>>

    For more information, try '--help'.
    ");
    assert_snapshot!(test.run("hold add --patient p1"), @"
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      --reason <TEXT>

    Usage: caredb hold add --reason <TEXT> --url <URL> <--patient <ID>|--appointment <ID>>

    For more information, try '--help'.
    ");
    assert_eq!(test.rows("SHOW TABLES LIKE 'caredb_hold%'"), [""; 0], "nothing was placed, so no table was made");
}

#[test]
fn an_archived_appointment_can_be_held() {
    let test = clinic("hold_archived");
    // its key stays when the row goes
    test.sql("UPDATE appointment_keys SET archived = TRUE; DELETE FROM appointments");
    assert_snapshot!(run(&test, "hold add --appointment a1", "x"), @"
    exit 0
    --- stdout
    placed hold 1 on appointment `a1`, in force until it is released
    ");
}

#[test]
fn before_there_are_keys_an_appointment_can_be_held() {
    let test = Test::new("hold_old");
    test.ok("migrate --to 12");
    people(&test);
    test.sql(
        "INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee)
         VALUES ('a1', 'b1', 'p1', 'd1', '2024-01-02', '09:00', '09:30', 'VIDEO', 10)",
    );
    assert_snapshot!(run(&test, "hold add --appointment a1", "x"), @"
    exit 0
    --- stdout
    placed hold 1 on appointment `a1`, in force until it is released
    ");
    assert_snapshot!(run(&test, "hold add --appointment a2", "x"), @"
    exit 2
    --- stderr
    error: no appointment has the id of `--appointment`; look the id up in the database; no hold was placed
    ");
}

#[test]
fn a_hold_covers_what_it_says_as_long_as_it_is_in_force() {
    let test = clinic("hold_covers");
    block_on(async { hold::create(&mut test.connect().await).await.unwrap() });
    let covered = || {
        let appointment = hold::covers("a.patient_id", "a.id");
        let patient = hold::covers_patient("p.id");
        let user = hold::covers_user("u.id");
        [
            format!("SELECT a.id FROM appointments a WHERE {appointment}"),
            format!("SELECT p.id FROM patient_profiles p WHERE {patient}"),
            format!("SELECT u.id FROM users u WHERE {user}"),
        ]
        .iter()
        .flat_map(|sql| test.rows(sql))
        .collect::<Vec<_>>()
    };
    let all = ["a1", "p1", "u1"].as_slice();
    for (hold, expected) in [
        ("patient_id = 'p1'", all),
        // an id has one meaning, however it is written
        ("patient_id = 'P1'", all),
        ("patient_id = 'p2'", &[]),
        ("appointment_id = 'a1'", &["a1"]),
        ("appointment_id = 'a2'", &[]),
        ("patient_id = 'p1', until = UTC_DATE()", all),
        ("patient_id = 'p1', until = UTC_DATE() - INTERVAL 1 DAY", &[]),
        ("patient_id = 'p1', released_at = UTC_TIMESTAMP()", &[]),
    ] {
        test.sql("DELETE FROM caredb_holds");
        test.sql(&format!(
            "INSERT INTO caredb_holds SET reason = 'x', placed_by = 'x', placed_at = UTC_TIMESTAMP(), {hold}"
        ));
        assert_eq!(covered(), expected, "{hold}");
    }
    // by its index, and not by reading all holds
    let plan = test.rows(&format!(
        "EXPLAIN FORMAT=TREE SELECT a.id FROM appointments a WHERE {}",
        hold::covers("a.patient_id", "a.id")
    ));
    for index in
        ["idx_caredb_holds_patient (patient_id = a.patient_id)", "idx_caredb_holds_appointment (appointment_id = a.id)"]
    {
        // 8.0 writes it without spaces
        assert!(plan[0].replace(" = ", "=").contains(&index.replace(" = ", "=")), "{plan:?}");
    }
}

#[test]
fn two_holds_can_be_placed_at_once() {
    let test = clinic("hold_two");
    // neither finds the tables
    let children: Vec<Killed> = (0..8)
        .map(|_| {
            let mut command = test.command("hold add --patient p1 --reason x");
            Killed(command.stdout(Stdio::null()).spawn().unwrap())
        })
        .collect();
    for mut child in children {
        assert!(child.0.wait().unwrap().success());
    }
    assert_eq!(test.rows("SELECT COUNT(*), COUNT(DISTINCT id) FROM caredb_holds"), ["8|8"]);
    assert_eq!(test.rows("SELECT * FROM caredb_hold_gate"), ["1"]);
}

#[test]
fn a_hold_waits_for_the_batch_under_way_and_the_next_batch_honours_it() {
    let test = clinic("hold_gate");
    block_on(async { hold::create(&mut test.connect().await).await.unwrap() });
    let covered = format!("SELECT COUNT(*) FROM appointments a WHERE {}", hold::covers("a.patient_id", "a.id"));
    let mut batch = block_on(async {
        let mut batch = test.connect().await;
        let begin = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION";
        rows(&mut batch, begin).await.unwrap();
        hold::gate(&mut batch).await.unwrap();
        batch
    });
    let mut add = test.command("hold add --patient p1 --reason x").stdout(Stdio::null()).spawn().map(Killed).unwrap();
    wait_for("`hold add` to wait for the gate", || {
        let waits = format!(
            "SELECT COUNT(*) FROM performance_schema.data_locks WHERE object_schema = '{}' AND object_name = 'caredb_hold_gate'
             AND lock_status = 'WAITING'",
            test.database
        );
        test.rows(&waits) == ["1"]
    });
    assert!(add.0.try_wait().unwrap().is_none(), "the hold was placed while a batch was under way");
    block_on(async {
        assert_eq!(rows(&mut batch, &covered).await.unwrap(), ["0"]);
        rows(&mut batch, "COMMIT").await.unwrap();
    });
    assert!(add.0.wait().unwrap().success());
    block_on(async {
        // another batch of the same session, which has read before
        rows(&mut batch, "START TRANSACTION; SELECT COUNT(*) FROM appointments").await.unwrap();
        hold::gate(&mut batch).await.unwrap();
        assert_eq!(rows(&mut batch, &covered).await.unwrap(), ["1"]);
        rows(&mut batch, "COMMIT").await.unwrap();
    });
}

#[test]
fn a_gate_that_lost_its_row_is_shut_until_it_is_made_anew() {
    let test = clinic("hold_gate_gone");
    block_on(async {
        let mut conn = test.connect().await;
        hold::create(&mut conn).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe("DELETE FROM caredb_hold_gate")).execute(&mut conn).await.unwrap();
        assert_snapshot!(hold::gate(&mut conn).await.unwrap_err(), @"could not take the gate of the legal holds, the row of table `caredb_hold_gate`: the row is gone; run again: it is made anew");
        hold::create(&mut conn).await.unwrap();
        hold::gate(&mut conn).await.unwrap();
    });
}

#[test]
fn an_account_without_create_can_place_holds_once_the_tables_are_there() {
    let test = clinic("hold_grants");
    let url = test.url_as("app", &["SELECT, INSERT, UPDATE"]);
    assert_snapshot!(test.run_at(&url, "hold add --patient p1 --reason x").replace(&test.user("app"), "<user>"), @"
    exit 2
    --- stderr
    error: could not create table `caredb_holds`: MySQL error 1142: CREATE command denied to user 'app_<db>'@'localhost' for table 'caredb_holds'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ");
    block_on(async { hold::create(&mut test.connect().await).await.unwrap() });
    assert_snapshot!(test.run_at(&url, "hold add --patient p1 --reason x"), @"
    exit 0
    --- stdout
    placed hold 1 on patient `p1`, in force until it is released
    ");
}
