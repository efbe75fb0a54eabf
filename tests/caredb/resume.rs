//! What is left after a failure, and how the next run goes on.

use std::process::Stdio;

use caredb::db::ident::Ident;
use caredb::migrate::settle::trial_schema;
use insta::assert_snapshot;
use sqlx::AssertSqlSafe;

use crate::support::{Test, block_on, wait_for};

const FIVE: &str = "CREATE TABLE a (x INT);
CREATE TABLE b (x INT);
INSERT INTO a VALUES (1);
ALTER TABLE b
    ADD y INTEGERS;
INSERT INTO a VALUES (2);
";

#[test]
fn a_failed_file_is_corrected_and_goes_on_where_it_stopped() {
    let test = Test::new("resume_five");
    test.migrations(&[
        ("V1__five.sql", FIVE),
        ("U1__undo.sql", "DROP TABLE a, b"),
        ("V2__next.sql", "CREATE TABLE c (x INT)"),
    ]);
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V1__five.sql` line 5, statement 4 of 5 (`ALTER TABLE b ADD y INTEGERS`): MySQL error 1064: syntax error near 'INTEGERS' at line 2; correct the statement and run again; applied so far: the first 3 statements of this file
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  five  Partial 3/5  <time> <ms>  yes
      2  next  Pending  no

    `<db>` is at version 0
    ");
    assert_eq!(test.rows("SELECT version, success FROM flyway_schema_history"), ["1|0"]);
    // nothing but the failing statement has changed
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V1__five.sql` line 5, statement 4 of 5 (`ALTER TABLE b ADD y INTEGERS`): MySQL error 1064: syntax error near 'INTEGERS' at line 2; correct the statement and run again; applied so far: the first 3 statements of this file
    ");
    // what has run may not change
    test.file("migrations/V1__five.sql", FIVE.replace("INTEGERS", "INT").replace("VALUES (1)", "VALUES (7)"));
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V1__five.sql` statement 3 has run already, with another text; put the old text back: only what follows the failed statement may change
    ");
    // what follows may, also in number
    test.file("migrations/V1__five.sql", FIVE.replace("INTEGERS", "INT") + "INSERT INTO a VALUES (3);");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    V1  five  3 statements <ms> ms
    V2  next  1 statement <ms> ms
    migrated `<db>` from version 0 to 2: 2 migrations, 4 statements in <s> s
    ");
    assert_eq!(test.rows("SELECT x FROM a"), ["1", "2", "3"]);
    assert_eq!(test.rows("SELECT version, success FROM flyway_schema_history"), ["1|1", "2|1"]);
    assert_snapshot!(test.run("validate"), @"
    exit 0
    --- stdout
    valid: 2 versions applied to `<db>`, 2 files in all
    ");
}

#[test]
fn a_failed_row_change_leaves_nothing() {
    let test = Test::new("resume_dml");
    test.migrations(&[("V1__one.sql", "CREATE TABLE a (x INT PRIMARY KEY);\nINSERT INTO a VALUES (1), (2), (1);")]);
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V1__one.sql` line 2, statement 2 of 2 (`INSERT INTO a VALUES (1), (2), (1)`): MySQL error 1062: Duplicate entry '…' for key 'a.PRIMARY'; two rows would have the same key: find and settle them, then run again; applied so far: the first statement of this file
    ");
    assert_eq!(test.rows("SELECT * FROM a"), Vec::<String>::new());
    test.file("migrations/V1__one.sql", "CREATE TABLE a (x INT PRIMARY KEY);\nINSERT INTO a VALUES (1), (2);");
    test.ok("migrate");
    assert_eq!(test.rows("SELECT * FROM a"), ["1", "2"]);
}

#[test]
fn a_failed_rollback_goes_on_where_it_stopped() {
    let test = Test::new("resume_down");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT); CREATE TABLE b (x INT)"),
        ("U1__undo.sql", "DROP TABLE b; DROP TABLE aa"),
    ]);
    test.ok("migrate");
    assert_snapshot!(test.run("rollback"), @"
    exit 2
    --- stderr
    error: `U1__undo.sql` line 1, statement 2 of 2 (`DROP TABLE aa`): MySQL error 1051: Unknown table '<db>.aa'; rolled back so far: the first statement of this file
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Partial 1/2  <time> <ms>  yes

    `<db>` is at version 1
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: the rollback of version 1 is half done; finish it with `caredb rollback --to 0`
    ");
    test.file("rollbacks/U1__undo.sql", "DROP TABLE b; DROP TABLE a");
    assert_snapshot!(test.run("rollback --to 0"), @"
    exit 0
    --- stdout
    U1  undo  1 statement <ms> ms
    rolled back `<db>` from version 1 to 0: 1 migration, 1 statement in <s> s
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM flyway_schema_history"), ["0"]);
    test.ok("migrate");
}

/// A database as a run leaves it that was killed inside the second statement of V1: the first is done, the second begun.
fn killed_inside(name: &str, first: &str, second: &str) -> Test {
    let test = Test::new(name);
    test.migrations(&[("V1__one.sql", &format!("{first};\n{second};\nCREATE TABLE last (x INT);\n"))]);
    let output = test.command("migrate").env("CAREDB_CRASH_AT", "6").output().unwrap();
    assert_eq!(output.status.code(), None, "{}", test.show(&output));
    assert_eq!(test.rows("SELECT statement, state FROM caredb_journal"), ["1|done", "2|begun"]);
    test
}

#[test]
fn a_statement_that_did_not_happen_runs() {
    let test = killed_inside("settle_undone", "CREATE TABLE a (x INT)", "ALTER TABLE a ADD y INT");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Partial 1/3  no

    `<db>` is at version 0
    ");
    assert_snapshot!(test.run("validate"), @"
    exit 1
    --- stdout
    `V1__one.sql` statement 2 was begun, and nobody saw its end; the next `migrate` or `rollback` decides it by its objects
    invalid: 1 finding in `<db>`
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    V1  one  2 statements <ms> ms
    migrated `<db>` from version 0 to 1: 1 migration, 2 statements in <s> s
    ");
    assert_eq!(test.rows("SELECT statement, state FROM caredb_journal"), ["1|done", "2|done", "3|done"]);
}

#[test]
fn a_statement_that_happened_is_not_repeated() {
    // what the server still finished after caredb was gone
    for (number, (first, second)) in [
        ("CREATE TABLE a (x INT)", "ALTER TABLE a ADD y INT, ADD CONSTRAINT c CHECK (y > 0)"),
        ("CREATE TABLE a (x INT)", "CREATE TABLE b (x INT PRIMARY KEY, y INT, FOREIGN KEY (y) REFERENCES b (x))"),
        ("CREATE TABLE a (x INT)", "CREATE INDEX i ON a (x)"),
        ("CREATE TABLE a (x INT)", "DROP TABLE a"),
        ("CREATE TABLE a (x INT)", "RENAME TABLE a TO b"),
        ("CREATE TABLE a (x INT)", "TRUNCATE TABLE a"),
        ("CREATE TABLE a (x INT)", "ALTER TABLE a ENGINE=InnoDB"),
        ("CREATE TABLE a (x INT)", "CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.x = 1; END"),
        ("CREATE TABLE a (x INT)", "create trigger t before insert on a for each row set new.x = 1"),
        ("CREATE TABLE a (x INT)", "CREATE OR REPLACE VIEW v AS SELECT x FROM a"),
        ("CREATE TABLE a (x INT)", "CREATE PROCEDURE p() BEGIN SELECT 1; END"),
        ("SET SESSION sql_mode = ''; CREATE TABLE a (x INT)", "ALTER TABLE a ADD d DATE NOT NULL DEFAULT '0000-00-00'"),
    ]
    .iter()
    .enumerate()
    {
        let second = second.to_owned();
        let test = Test::new(&format!("settle_done_{number}"));
        test.migrations(&[("V1__one.sql", &format!("{first};\n{second};\nCREATE TABLE last (x INT);\n"))]);
        let statement = if first.contains("SET") { 3 } else { 2 };
        let output = test.command("migrate").env("CAREDB_CRASH_AT", (4 + statement).to_string()).output().unwrap();
        assert_eq!(output.status.code(), None, "{}", test.show(&output));
        assert_eq!(
            test.rows("SELECT MAX(statement) FROM caredb_journal WHERE state = 'begun'"),
            [statement.to_string()],
            "{second}"
        );
        test.sql(&format!("SET sql_mode = ''; {second}"));
        let schema = test.schema();
        test.ok("migrate");
        assert!(schema.iter().all(|table| test.schema().contains(table)), "{second}");
        assert_eq!(
            test.rows("SELECT COUNT(*) FROM caredb_journal WHERE state = 'done'"),
            [(statement + 1).to_string()]
        );
    }
}

#[test]
fn a_trial_that_loses_its_connection_is_no_trial() {
    let test = killed_inside("settle_lost", "CREATE TABLE a (x INT)", "ALTER TABLE a ADD y INT");
    test.sql("ALTER TABLE a ADD y INT");
    // somebody is in the schema of the trial, which must wait there
    let trial = trial_schema(&Ident::new(&test.database).unwrap()).unwrap();
    let mut holder = block_on(test.connect());
    let hold = format!(
        "CREATE DATABASE IF NOT EXISTS {trial}; CREATE TABLE IF NOT EXISTS {trial}.x (x INT); LOCK TABLES {trial}.x WRITE"
    );
    block_on(async { sqlx::raw_sql(AssertSqlSafe(hold)).execute(&mut holder).await.unwrap() });
    let run = test.command("migrate").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let waiting = format!(
        "SELECT id FROM performance_schema.processlist WHERE db = '{}' AND info LIKE 'DROP DATABASE%'",
        test.database
    );
    wait_for("the trial to wait", || !test.rows(&waiting).is_empty());
    test.sql(&format!("KILL {}", test.rows(&waiting)[0]));
    drop(holder);
    let output = run.wait_with_output().unwrap();
    let text = test.show(&output);
    assert!(text.starts_with("exit 0\n"), "{text}");
    assert_eq!(text.matches("connecting again").count(), 1, "{text}");
    assert_eq!(test.rows("SELECT statement, state FROM caredb_journal"), ["1|done", "2|done", "3|done"]);
}

#[test]
fn a_swap_is_not_swapped_back() {
    // definitions are the same before and after: InnoDB's table ids tell; without the right to see them, a person does
    for (name, second) in [
        ("rename", "RENAME TABLE a TO c, b TO a, c TO b"),
        ("exchange", "ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b"),
    ] {
        for happened in [false, true] {
            let test = Test::new(&format!("settle_swap_{name}_{happened}"));
            let parts = if name == "exchange" { "PARTITION BY HASH (x) PARTITIONS 1" } else { "" };
            test.sql(&format!("CREATE TABLE a (x INT) {parts}; CREATE TABLE b (x INT); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)"));
            let second = second.replace("PARTITION p ", "PARTITION p0 ");
            test.migrations(&[("V1__one.sql", &format!("{second};"))]);
            let output = test.command("migrate").env("CAREDB_CRASH_AT", "3").output().unwrap();
            assert_eq!(output.status.code(), None, "{}", test.show(&output));
            if happened {
                test.sql(&second);
            }
            let blind = test.url_as("blind", &["ALL"]);
            let answer = test.run_at(&blind, "migrate");
            assert!(answer.contains("InnoDB's table ids may not be seen (PROCESS privilege)"), "{answer}");
            test.ok("migrate");
            assert_eq!(test.rows("SELECT (SELECT x FROM a), (SELECT x FROM b)"), ["2|1"], "{name} {happened}");
        }
    }
}

#[test]
fn what_another_client_did_is_not_taken_for_ours() {
    let test = killed_inside("settle_unknown", "CREATE TABLE a (x INT)", "ALTER TABLE a ADD y INT");
    test.sql("ALTER TABLE a ADD z INT");
    let stopped = test.run("migrate");
    assert_snapshot!(stopped, @"
    exit 2
    --- stderr
    error: `V1__one.sql` statement 2 (`ALTER TABLE a ADD y INT`) was begun, and the run ended before the server answered; the objects have changed, but not to what the statement makes of them: another client was at work
    TABLE `a` before:
    CREATE TABLE `a` (
      `x` int DEFAULT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci
    now:
    CREATE TABLE `a` (
      `x` int DEFAULT NULL,
      `z` int DEFAULT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci
    look whether it took effect, then say one of
      caredb repair --mark-done 2  it did, go on behind it
      caredb repair --mark-undone 2  it did not, run it again
    ");
    assert_eq!(test.rows("SELECT statement, state FROM caredb_journal"), ["1|done", "2|begun"]);
    // a person settles it
    assert_snapshot!(test.run("repair --mark-undone 1"), @"
    exit 2
    --- stderr
    error: no statement 1 of `<db>` waits to be settled; `caredb validate` says which one does
    ");
    assert_snapshot!(test.run("repair --mark-undone 2"), @"
    exit 0
    --- stdout
    statement 2 of version 1 is marked undone; the next run runs it again
    ");
    test.ok("migrate");
    assert_eq!(test.rows("SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'a' ORDER BY 1"), ["x", "y", "z"]);
    // or the other way
    let test = killed_inside("settle_person", "CREATE TABLE a (x INT)", "ALTER TABLE a ADD y INT");
    test.sql("ALTER TABLE a ADD y INT, ADD z INT");
    assert!(test.run("migrate").starts_with("exit 2"));
    assert_snapshot!(test.run("repair --mark-done 2"), @"
    exit 0
    --- stdout
    statement 2 of version 1 is marked done; the next run goes on behind it
    ");
    test.ok("migrate");
}

#[test]
fn a_call_is_for_a_person_unless_all_that_it_declares_has_changed() {
    let create = "CREATE PROCEDURE p() BEGIN ALTER TABLE a ADD y INT; INSERT INTO a (x) VALUES (1); ALTER TABLE b ADD y INT; END; CREATE TABLE a (x INT); CREATE TABLE b (x INT)";
    for (name, call, by_hand, stops) in [
        ("opaque", "CALL p()", "CALL p()", true),
        ("not", "-- caredb: changes TABLE a, TABLE b\nCALL p()", "DO 0", true),
        ("half", "-- caredb: changes TABLE a, TABLE b\nCALL p()", "ALTER TABLE a ADD y INT", true),
        ("whole", "-- caredb: changes TABLE a, TABLE b\nCALL p()", "CALL p()", false),
    ] {
        let test = Test::new(&format!("settle_call_{name}"));
        test.migrations(&[("V1__one.sql", &format!("{create};\n{call};\n"))]);
        let output = test.command("migrate").env("CAREDB_CRASH_AT", "12").output().unwrap();
        assert_eq!(output.status.code(), None, "{}", test.show(&output));
        assert_eq!(test.rows("SELECT statement, state FROM caredb_journal"), ["1|done", "2|done", "3|done", "4|begun"]);
        test.sql(by_hand);
        let rows = test.rows("SELECT COUNT(*) FROM a");
        let answer = test.run("migrate");
        assert_eq!(answer.starts_with("exit 2"), stops, "{name}: {answer}");
        assert_eq!(answer.contains("caredb repair --mark-done 4"), stops, "{name}: {answer}");
        assert_eq!(test.rows("SELECT COUNT(*) FROM a"), rows, "{name}");
    }
}

#[test]
fn a_call_that_fails_half_way_is_not_repeated() {
    let test = Test::new("call_fails");
    test.migrations(&[("V1__one.sql", "CREATE TABLE a (x INT); CREATE PROCEDURE p() BEGIN INSERT INTO a VALUES (1); INSERT INTO nope VALUES (1); END; CALL p();")]);
    assert!(test.run("migrate").contains("MySQL error 1146"));
    test.sql("CREATE TABLE nope (x INT)");
    assert!(test.run("migrate").contains("caredb repair --mark-done 3"));
    assert_eq!(test.rows("SELECT COUNT(*) FROM a"), ["1"]);
    test.ok("repair --mark-done 3");
    test.ok("migrate");
    assert_eq!(test.rows("SELECT COUNT(*) FROM a"), ["1"]);
}

#[test]
fn what_does_not_show_in_the_definition_is_not_repeated() {
    for (name, second, x) in [
        ("change", "ALTER TABLE t CHANGE b a INT AFTER id, CHANGE a b INT", "1|20|10"),
        ("drop_add", "ALTER TABLE t DROP COLUMN a, ADD COLUMN a INT AFTER id", "1|NULL|20"),
    ] {
        for happened in [false, true] {
            let test = Test::new(&format!("settle_hidden_{name}_{happened}"));
            test.sql("CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT); INSERT INTO t VALUES (1, 10, 20)");
            test.migrations(&[("V1__one.sql", second)]);
            assert_eq!(test.command("migrate").env("CAREDB_CRASH_AT", "3").output().unwrap().status.code(), None);
            if happened {
                test.sql(second);
                assert!(test.run("migrate").contains("which another client may have done"));
                test.ok("repair --mark-done 1");
            }
            test.ok("migrate");
            assert_eq!(test.rows("SELECT * FROM t"), [x], "{name} {happened}");
        }
    }
}

#[test]
fn a_rebuild_by_another_client_is_not_taken_for_truncate_or_exchange() {
    for (name, second) in
        [("truncate", "TRUNCATE TABLE t"), ("exchange", "ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE s")]
    {
        let test = Test::new(&format!("settle_foreign_{name}"));
        test.sql("CREATE TABLE t (x INT) PARTITION BY HASH (x) PARTITIONS 1; CREATE TABLE s (x INT); INSERT INTO t VALUES (1); INSERT INTO s VALUES (2)");
        test.migrations(&[("V1__one.sql", second)]);
        assert_eq!(test.command("migrate").env("CAREDB_CRASH_AT", "3").output().unwrap().status.code(), None);
        test.sql("OPTIMIZE TABLE t");
        assert!(test.run("migrate").contains("which another client may have done"), "{name}");
        assert_eq!(test.rows("SELECT * FROM t"), ["1"]);
    }
}

#[test]
fn the_rollback_of_a_part_that_fails_at_once_does_not_forget_the_part() {
    let test = Test::new("rollback_part_at_once");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT); INSERT INTO a VALUES (1)"),
        ("U1__one.sql", "DROP TABLE a"),
        ("V2__two.sql", "UPDATE a SET x = x + 1; CREATE TABLE b (x INT); SELECT nothing"),
        ("U2__two.sql", "DROP TABLEE b"),
    ]);
    assert!(test.run("migrate").starts_with("exit 2"));
    assert!(test.run("rollback").starts_with("exit 2"));
    test.file("migrations/V2__two.sql", "UPDATE a SET x = x + 1; CREATE TABLE b (x INT)");
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: the rollback of version 2 is half done; finish it with `caredb rollback --to 1`
    ");
    assert_eq!(test.rows("SELECT x FROM a"), ["2"]);
    test.file("rollbacks/U2__two.sql", "DROP TABLE b");
    test.ok("rollback");
    assert_eq!(test.rows("SELECT version FROM flyway_schema_history"), ["1"]);
    assert_eq!(test.schema().len(), 1);
}

#[test]
fn a_part_is_not_rolled_back_by_changing_rows() {
    let test = Test::new("rollback_part_rows");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT); SELECT nothing; INSERT INTO a VALUES (1)"),
        ("U1__one.sql", "DELETE FROM a; DROP TABLE a"),
    ]);
    assert!(test.run("migrate").starts_with("exit 2"));
    assert_snapshot!(test.run("rollback"), @"
    exit 2
    --- stderr
    error: version 1 is applied in part, and `U1__one.sql` changes rows: which of them belong to the part can't be known; finish the version with `caredb migrate`, then roll it back
    ");
}

#[test]
fn the_proof_of_a_rolled_back_part_can_be_tried_again() {
    let test = Test::new("rollback_part_again");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE base (x INT)"),
        ("U1__one.sql", "DROP TABLE base"),
        ("V2__two.sql", "CREATE TABLE a (x INT); CREATE TABLE b (x INT); SELECT nothing"),
        ("U2__two.sql", "DROP TABLE b"),
    ]);
    assert!(test.run("migrate").starts_with("exit 2"));
    for _ in 0..2 {
        assert!(test.run("rollback").contains("TABLE `a` is not what it was before"));
    }
    assert_eq!(test.rows("SELECT version, success FROM flyway_schema_history"), ["1|1", "2|0"]);
    test.sql("DROP TABLE a");
    test.ok("rollback");
    assert_eq!(test.rows("SELECT version, success FROM flyway_schema_history"), ["1|1"]);
}

#[test]
fn a_protected_database_wants_its_name_after_a_crash_too() {
    let test = killed_inside("settle_protected", "CREATE TABLE a (x INT)", "CREATE TABLE b (x INT)");
    test.file("caredb.toml", "migrations = \"migrations\"\nrollbacks = \"rollbacks\"\nprotected = true\n");
    test.file("rollbacks/U1__one.sql", "DROP TABLE last; DROP TABLE b; DROP TABLE a");
    assert!(test.run("rollback --to 0").starts_with("exit 3"));
    assert_eq!(test.schema().len(), 1);
}

#[test]
fn a_character_set_of_a_file_is_not_caredbs() {
    let test = Test::new("session_names");
    test.sql("CREATE TABLE a (x INT COMMENT '漢')");
    test.migrations(&[("V1__one.sql", "SET NAMES latin1; ALTER TABLE a ADD y INT; CREATE TABLE b (x INT);")]);
    let output = test.command("migrate").env("CAREDB_CRASH_AT", "4").output().unwrap();
    assert_eq!(output.status.code(), None, "{}", test.show(&output));
    // it had not run, and nothing says otherwise
    test.ok("migrate");
    assert_eq!(
        test.rows(
            "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'a'"
        ),
        ["2"]
    );
}

#[test]
fn a_run_that_ended_before_the_history_said_so_is_only_recorded() {
    let test = Test::new("resume_complete");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT); INSERT INTO a VALUES (1)"),
        ("U1__undo.sql", "DROP TABLE a"),
    ]);
    test.ok("migrate");
    test.sql("DELETE FROM flyway_schema_history");
    test.ok("migrate");
    assert_eq!(test.rows("SELECT * FROM a"), ["1"]);
    assert_eq!(test.rows("SELECT version, success FROM flyway_schema_history"), ["1|1"]);
}

#[test]
fn a_file_that_is_shortened_to_what_has_run_is_done() {
    let test = Test::new("resume_shortened");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT); SELECT nothing"),
        ("U1__undo.sql", "DROP TABLE a; SELECT nothing"),
    ]);
    assert!(test.run("migrate").starts_with("exit 2"));
    test.file("migrations/V1__one.sql", "CREATE TABLE a (x INT)");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    V1  one  0 statements <ms> ms
    migrated `<db>` from version 0 to 1: 1 migration, 0 statements in <s> s
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    nothing to do: `<db>` is at version 1
    ");
    assert_eq!(test.rows("SELECT version, success FROM flyway_schema_history"), ["1|1"]);
    assert!(test.run("rollback").starts_with("exit 2"));
    test.file("rollbacks/U1__undo.sql", "DROP TABLE a");
    test.ok("rollback --to 0");
    assert_eq!(test.rows("SELECT COUNT(*) FROM flyway_schema_history"), ["0"]);
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Undone  yes

    `<db>` is at version 0
    ");
}

#[test]
fn a_part_whose_file_is_gone_is_not_forgotten() {
    let test = Test::new("resume_renamed");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT)"),
        ("V2__two.sql", "INSERT INTO a VALUES (1); SELECT nothing"),
    ]);
    assert!(test.run("migrate").starts_with("exit 2"));
    std::fs::rename(test.folder.join("migrations/V2__two.sql"), test.folder.join("migrations/V3__two.sql")).unwrap();
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: version 2 (`V2__two.sql`) is applied, but its file is missing; put it back into the migrations folder, or say `caredb repair` if it is gone for good
    ");
    assert_eq!(test.rows("SELECT * FROM a"), ["1"]);
}

#[test]
fn a_file_keeps_its_session_to_itself() {
    let test = Test::new("session");
    let other = format!("{}_other", test.database);
    test.sql(&format!("CREATE DATABASE {other}"));
    let first = format!(
        "SET SESSION sql_mode = '', foreign_key_checks = 0, timestamp = 5, @x = 5; SET NAMES latin1; CREATE TABLE a (x INT);
         USE {other}; CREATE TABLE b (x INT); INSERT INTO b VALUES (@x); INSERT INTO b VALUES (1 / 0);"
    );
    test.migrations(&[
        ("V1__one.sql", &first),
        ("V2__two.sql", "CREATE TABLE c AS SELECT @@sql_mode AS m, @@foreign_key_checks AS f, @x AS x, @@character_set_client AS s, DATABASE() AS d"),
    ]);
    // stopped behind the SETs and the USE, then gone on with
    let output = test.command("migrate").env("CAREDB_CRASH_AT", "9").output().unwrap();
    assert_eq!(output.status.code(), None, "{}", test.show(&output));
    test.ok("migrate");
    assert_eq!(test.rows(&format!("SELECT * FROM {other}.b")), ["5", "NULL"]);
    assert_eq!(
        test.rows(&format!("SELECT m = @@GLOBAL.sql_mode, f, x, s, d = '{}' FROM c", test.database)),
        ["1|1|NULL|utf8mb4|1"]
    );
    assert_eq!(
        test.rows(&format!("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{other}'")),
        ["1"]
    );
    test.sql(&format!("DROP DATABASE {other}"));
}

#[test]
fn what_the_journal_can_not_hold_is_refused() {
    let test = Test::new("refused");
    test.migrations(&[("V1__one.sql", "CREATE TABLE m (x INT) ENGINE=MyISAM; INSERT INTO m VALUES (1);")]);
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V1__one.sql` line 1, statement 2 of 2 (`INSERT INTO m VALUES (1)`): table `m` has an engine without transactions, so its rows can't change together with the journal; make it InnoDB first; applied so far: the first statement of this file
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM m"), ["0"]);
    test.migrations(&[(
        "V1__one.sql",
        "CREATE TABLE m (x INT) ENGINE=MyISAM; ALTER TABLE m ENGINE=InnoDB; INSERT INTO m VALUES (1);",
    )]);
    test.ok("migrate");
    test.migrations(&[("V2__two.sql", "DELIMITER //\nINSERT INTO m VALUES (2); COMMIT; INSERT INTO m VALUES (3)//")]);
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V2__two.sql` line 2: several statements up to one `//`; end each with its own, so that each can be journalled
    ");
    assert_eq!(test.rows("SELECT * FROM m"), ["1"]);
}

#[test]
fn line_ends_make_no_difference() {
    let test = Test::new("resume_crlf");
    test.migrations(&[(
        "V1__one.sql",
        "CREATE TABLE a (\r\n x TEXT);\r\nINSERT INTO a VALUES ('l\r\nm');\r\nSELECT nothing;\r\n",
    )]);
    assert!(test.run("migrate").starts_with("exit 2"));
    test.file("migrations/V1__one.sql", "CREATE TABLE a (\n x TEXT);\nINSERT INTO a VALUES ('l\nm');\nSELECT 1;\n");
    test.ok("migrate");
    assert_eq!(test.rows("SELECT HEX(x) FROM a"), ["6C0A6D"]);
}

#[test]
fn a_name_that_is_a_function_may_stand_before_its_parenthesis() {
    let test = Test::new("ignore_space");
    test.migrations(&[("V1__one.sql", "CREATE TABLE count (i INT); CREATE PROCEDURE p() SELECT 1;")]);
    test.ok("migrate");
    assert_eq!(
        test.rows(
            "SELECT sql_mode = @@GLOBAL.sql_mode FROM information_schema.routines WHERE routine_schema = DATABASE()"
        ),
        ["1"]
    );
}

#[test]
fn a_file_that_ends_in_a_row_change_is_recorded_with_it() {
    let test = Test::new("resume_last_dml");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT); INSERT INTO a VALUES (1)"),
        ("U1__undo.sql", "INSERT INTO a VALUES (2); DROP TABLE a"),
    ]);
    for _ in 0..2 {
        test.ok("migrate");
        assert_eq!(test.rows("SELECT * FROM a"), ["1"]);
        test.ok("rollback");
    }
    assert_eq!(
        test.rows("SELECT attempt, direction, COUNT(*) FROM caredb_journal GROUP BY 1, 2"),
        ["1|up|2", "2|down|2", "3|up|2", "4|down|2"]
    );
}

#[test]
fn a_lost_connection_is_made_again() {
    let test = Test::new("resume_lost");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT);\nDO SLEEP(600);\nINSERT INTO a VALUES (1);"),
        ("V2__two.sql", "CREATE TABLE b (x INT)"),
    ]);
    let run = test.command("migrate").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let sleeping = format!(
        "SELECT id FROM performance_schema.processlist WHERE db = '{}' AND info LIKE 'DO SLEEP%'",
        test.database
    );
    for _ in 0..2 {
        wait_for("the run to sleep", || !test.rows(&sleeping).is_empty());
        let id = test.rows(&sleeping).remove(0);
        test.sql(&format!("KILL {id}"));
        wait_for("the connection to be gone", || !test.rows(&sleeping).contains(&id));
    }
    // let it through
    wait_for("the run to sleep again", || !test.rows(&sleeping).is_empty());
    test.sql(&format!("KILL QUERY {}", test.rows(&sleeping)[0]));
    let output = run.wait_with_output().unwrap();
    let text = test.show(&output);
    assert_eq!(text.matches("connecting again").count(), 2, "{text}");
    assert_eq!(test.rows("SELECT * FROM a"), ["1"], "{text}");
    assert_eq!(test.rows("SELECT version, success FROM flyway_schema_history"), ["1|1", "2|1"], "{text}");
}

#[test]
fn a_row_that_is_locked_is_tried_again() {
    let test = Test::new("resume_locked");
    test.sql("CREATE TABLE a (x INT PRIMARY KEY, y INT); INSERT INTO a VALUES (1, 1)");
    test.migrations(&[("V1__one.sql", "SET SESSION innodb_lock_wait_timeout = 1;\nUPDATE a SET y = y + 1;")]);
    let mut holder = block_on(test.connect());
    block_on(async { sqlx::raw_sql("BEGIN; UPDATE a SET y = 5").execute(&mut holder).await.unwrap() });
    let run = test.command("migrate").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let tries = format!(
        "SELECT COUNT(*) FROM performance_schema.data_locks WHERE lock_status = 'WAITING' AND object_schema = '{}'",
        test.database
    );
    wait_for("the run to wait for the row", || test.rows(&tries) == ["1"]);
    wait_for("the run to be refused", || test.rows(&tries) != ["1"]);
    block_on(async { sqlx::raw_sql("COMMIT").execute(&mut holder).await.unwrap() });
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", test.show(&output));
    assert_eq!(test.rows("SELECT y FROM a"), ["6"]);
}

#[test]
fn a_rollback_of_one_version_stays_that_version() {
    let test = Test::new("rollback_race");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT)"),
        ("V2__two.sql", "CREATE TABLE b (x INT)"),
        ("U1__one.sql", "DROP TABLE a"),
        ("U2__two.sql", "DROP TABLE b"),
    ]);
    test.ok("migrate");
    // both look before the first has taken the lock
    let mut holder = block_on(test.connect());
    let lock = format!("caredb migrate {}", test.database);
    block_on(async { sqlx::query("SELECT GET_LOCK(?, 0)").bind(&lock).execute(&mut holder).await.unwrap() });
    let spawn = || test.command("rollback").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let runs = [spawn(), spawn()];
    let waiting = format!(
        "SELECT COUNT(*) FROM performance_schema.processlist WHERE state = 'User lock' AND db = '{}'",
        test.database
    );
    wait_for("both to wait", || test.rows(&waiting) == ["2"]);
    drop(holder);
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", test.show(&output));
    }
    assert_eq!(test.rows("SELECT version FROM flyway_schema_history"), ["1"]);
}

#[test]
fn a_part_is_rolled_back_and_the_end_is_proved() {
    let test = Test::new("rollback_part");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT)"),
        ("U1__one.sql", "DROP TABLE a"),
        ("V2__two.sql", "CREATE TABLE b (x INT); ALTER TABLE a ADD y INT; SELECT nothing; CREATE TABLE c (x INT); ALTER TABLE a ADD z INT"),
        ("U2__two.sql", "ALTER TABLE a DROP z; DROP TABLE c; ALTER TABLE a DROP y; DROP TABLE b"),
    ]);
    assert!(test.run("migrate").starts_with("exit 2"));
    assert_snapshot!(test.run("rollback"), @"
    exit 0
    --- stdout
    U2  two  4 statements <ms> ms
    rolled back `<db>` from version 1 to 1: 1 migration, 4 statements in <s> s
    ");
    assert_eq!(
        test.schema(),
        [
            "a|CREATE TABLE `a` (\n  `x` int DEFAULT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"
        ]
    );
    assert_eq!(test.rows("SELECT version, success FROM flyway_schema_history"), ["1|1"]);
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  yes
      2  two  Undone  yes

    `<db>` is at version 1
    ");
    // the next try begins at the first statement
    test.file("migrations/V2__two.sql", "CREATE TABLE b (x INT)");
    test.file("rollbacks/U2__two.sql", "DROP TABLE b");
    test.ok("migrate");
    test.ok("rollback --to 0");
}

#[test]
fn a_part_that_its_u_file_can_not_undo_is_explained() {
    let test = Test::new("rollback_part_not");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT); CREATE TABLE b (x INT); SELECT nothing; CREATE TABLE c (x INT)"),
        ("U1__one.sql", "DROP TABLE b, c; DROP TABLE a"),
    ]);
    assert!(test.run("migrate").starts_with("exit 2"));
    // atomic: `b` stays, too
    assert_snapshot!(test.run("rollback --to 0"), @"
    exit 2
    --- stderr
    error: `U1__one.sql` line 1, statement 1 of 2 (`DROP TABLE b, c`): MySQL error 1051: Unknown table '<db>.c'; rolled back so far: nothing of this file
    ");
    test.file("rollbacks/U1__one.sql", "DROP TABLE c; DROP TABLE a");
    assert_snapshot!(test.run("rollback --to 0"), @"
    exit 2
    --- stderr
    error: `U1__one.sql` ran, but version 1 was applied in part: TABLE `b` is not what it was before; undo the rest by hand and say `caredb rollback --to 0` again
    TABLE `b` before:
    (does not exist)
    now:
    CREATE TABLE `b` (
      `x` int DEFAULT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci
    ");
    test.sql("DROP TABLE b");
    assert_snapshot!(test.run("rollback --to 0"), @"
    exit 0
    --- stdout
    U1  one  0 statements <ms> ms
    rolled back `<db>` from version 0 to 0: 1 migration, 0 statements in <s> s
    ");
    assert_eq!(test.schema().len(), 0);
    assert_eq!(test.rows("SELECT COUNT(*) FROM flyway_schema_history"), ["0"]);
}
