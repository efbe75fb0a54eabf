//! Repeatable migrations: when they are applied, dropped and applied again.

use insta::assert_snapshot;

use crate::flyway::{history, would_apply};
use crate::support::Test;

fn objects(test: &Test) -> Vec<String> {
    test.rows(
        "SELECT CONCAT('view ', table_name) FROM information_schema.views WHERE table_schema = DATABASE()
         UNION ALL SELECT CONCAT(LOWER(routine_type), ' ', routine_name) FROM information_schema.routines WHERE routine_schema = DATABASE()
         UNION ALL SELECT CONCAT('trigger ', trigger_name) FROM information_schema.triggers WHERE trigger_schema = DATABASE()
         UNION ALL SELECT CONCAT('event ', event_name) FROM information_schema.events WHERE event_schema = DATABASE()
         ORDER BY 1",
    )
}

pub const VIEW: &str = "CREATE OR REPLACE VIEW v AS SELECT x FROM a;\n";
const PROGRAMS: &str = "DROP FUNCTION IF EXISTS f; CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
DROP PROCEDURE IF EXISTS p;
CREATE PROCEDURE p() BEGIN SELECT 1; END;
DROP TRIGGER IF EXISTS t;
CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW SET NEW.x = f();
DROP EVENT IF EXISTS e;
CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DISABLE DO DO 0;
DROP VIEW IF EXISTS w;
CREATE VIEW w AS SELECT * FROM v;
";

/// Two versions and two R files.
pub fn with_repeatables(name: &str) -> Test {
    let test = Test::new(name);
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT)"),
        ("U1__drop_a.sql", "DROP TABLE a"),
        ("V2__two.sql", "CREATE TABLE b (x INT)"),
        ("U2__drop_b.sql", "DROP TABLE b"),
        ("R__simple_view.sql", VIEW),
        ("R__the_programs.sql", PROGRAMS),
    ]);
    test
}

#[test]
fn r_files_come_after_the_last_v_and_again_when_they_change() {
    let test = with_repeatables("history_repeatable");
    assert_snapshot!(test.run("migrate --to 1"), @"
    exit 0
    --- stdout
    V1  one  1 statement <ms> ms
    migrated `<db>` from version 0 to 1: 1 migration, 1 statement in <s> s
    ");
    assert_eq!(objects(&test), Vec::<String>::new());
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    V2  two  1 statement <ms> ms
    R  simple view  1 statement <ms> ms
    R  the programs  10 statements <ms> ms
    migrated `<db>` from version 1 to 2: 3 migrations, 12 statements in <s> s
    ");
    assert_eq!(objects(&test), ["event e", "function f", "procedure p", "trigger t", "view v", "view w"]);
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    nothing to do: `<db>` is at version 2
    ");
    assert_snapshot!(history(&test), @"
    1|1|one|SQL|V1__one.sql|357506204|1
    2|2|two|SQL|V2__two.sql|750919769|1
    3|NULL|simple view|SQL|R__simple_view.sql|1232417471|1
    4|NULL|the programs|SQL|R__the_programs.sql|-1528645918|1
    ");
    assert_eq!(would_apply(&test), Vec::<String>::new());
    // an edited one is applied again, and only that one
    test.file("migrations/R__simple_view.sql", VIEW.replace("SELECT x", "SELECT x, x + 1 AS y"));
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  yes
      2  two  Success  <time> <ms>  yes
      simple view  Outdated  <time> <ms>  yes
      the programs  Success  <time> <ms>  yes

    `<db>` is at version 2
    ");
    assert_snapshot!(test.run("validate"), @"
    exit 0
    --- stdout
    valid: 2 versions applied to `<db>`, 4 files in all
    ");
    assert_snapshot!(test.run("migrate --dry-run"), @"
    exit 0
    --- stdout
    -- R__simple_view.sql statement 1 of 1
    CREATE OR REPLACE VIEW v AS SELECT x, x + 1 AS y FROM a;

    -- dry run, nothing was changed: 1 migration, 1 statement would take version 2 to 2
    ");
    let json = test.run("migrate --format json");
    assert!(json.contains(r#""direction":"up","version":null,"description":"simple view","statements":1"#), "{json}");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  yes
      2  two  Success  <time> <ms>  yes
      simple view  Superseded  <time> <ms>  yes
      simple view  Success  <time> <ms>  yes
      the programs  Success  <time> <ms>  yes

    `<db>` is at version 2
    ");
    assert_eq!(
        test.rows("SELECT version, attempt, direction, script, COUNT(*) FROM caredb_journal WHERE version = 0 GROUP BY 1, 2, 3, 4"),
        ["0|1|up|R__simple_view.sql|1", "0|2|up|R__the_programs.sql|10", "0|3|up|R__simple_view.sql|1"]
    );
}

#[test]
fn a_rollback_drops_what_r_files_created_and_migrate_brings_it_back() {
    let test = with_repeatables("history_rollback");
    test.ok("migrate");
    // more than one row of a file: none may be left, or Flyway would take the file for applied
    test.file("migrations/R__simple_view.sql", VIEW.replace("SELECT x", "SELECT x, x + 1 AS y"));
    test.ok("migrate");
    assert_snapshot!(test.run("rollback --dry-run"), @"
    exit 0
    --- stdout
    -- R__the_programs.sql statement 1 of 5
    DROP VIEW IF EXISTS `w`;

    -- R__the_programs.sql statement 2 of 5
    DROP EVENT IF EXISTS `e`;

    -- R__the_programs.sql statement 3 of 5
    DROP TRIGGER IF EXISTS `t`;

    -- R__the_programs.sql statement 4 of 5
    DROP PROCEDURE IF EXISTS `p`;

    -- R__the_programs.sql statement 5 of 5
    DROP FUNCTION IF EXISTS `f`;

    -- R__simple_view.sql statement 1 of 1
    DROP VIEW IF EXISTS `v`;

    -- U2__drop_b.sql statement 1 of 1, DESTRUCTIVE: it drops a table with its rows
    DROP TABLE b;

    -- dry run, nothing was changed: 3 migrations, 7 statements would take version 2 to 1
    ");
    assert_snapshot!(test.run("rollback"), @"
    exit 0
    --- stdout
    R  drop the programs  5 statements <ms> ms
    R  drop simple view  1 statement <ms> ms
    U2  drop b  1 statement <ms> ms
    rolled back `<db>` from version 2 to 1: 3 migrations, 7 statements in <s> s
    ");
    assert_eq!(objects(&test), Vec::<String>::new());
    assert_snapshot!(history(&test), @"1|1|one|SQL|V1__one.sql|357506204|1");
    assert_eq!(would_apply(&test), ["V2__two.sql", "R__simple_view.sql", "R__the_programs.sql"]);
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  yes
      2  two  Undone  yes
      simple view  Pending  yes
      the programs  Pending  yes

    `<db>` is at version 1
    ");
    assert_snapshot!(test.run("status").lines().filter(|line| line.starts_with("version")).collect::<String>(), @"version  1 of 2, 1 version and 2 R files pending, `caredb migrate` applies them");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    V2  two  1 statement <ms> ms
    R  simple view  1 statement <ms> ms
    R  the programs  10 statements <ms> ms
    migrated `<db>` from version 1 to 2: 3 migrations, 12 statements in <s> s
    ");
    assert_eq!(objects(&test).len(), 6);
    // what was created by a text that is gone can't be known
    test.file("migrations/R__simple_view.sql", VIEW.replace("VIEW v", "VIEW v2"));
    assert_snapshot!(test.run("rollback"), @"
    exit 2
    --- stderr
    error: `R__simple_view.sql` was edited after it was applied, so what it created is not known and can't be dropped before the rollback; say `caredb migrate` first, or put the old text back
    ");
    assert_eq!(objects(&test).len(), 6);
    test.ok("migrate");
    test.sql("DROP VIEW v");
    test.ok("rollback --to 0");
    assert_eq!(objects(&test), Vec::<String>::new());
    assert_eq!(history(&test), "");
}

#[test]
fn a_failed_r_file_is_begun_anew() {
    let test = with_repeatables("history_failed_r");
    test.file("migrations/R__the_programs.sql", PROGRAMS.replace("FROM v", "FROM nowhere"));
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stdout
    V1  one  1 statement <ms> ms
    V2  two  1 statement <ms> ms
    R  simple view  1 statement <ms> ms
    --- stderr
    error: `R__the_programs.sql` line 9, statement 10 of 10 (`CREATE VIEW w AS SELECT * FROM nowhere`): MySQL error 1146: Table '<db>.nowhere' doesn't exist; applied so far: all up to version 2, and the first 9 statements of this file
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  yes
      2  two  Success  <time> <ms>  yes
      simple view  Success  <time> <ms>  yes
      the programs  Failed  <time> <ms>  yes

    `<db>` is at version 2
    ");
    assert_eq!(would_apply(&test), ["failed the programs"]);
    // a rollback drops the part that there is
    let dry = test.run("rollback --dry-run");
    assert!(dry.contains("DROP TRIGGER IF EXISTS `t`"), "{dry}");
    test.file("migrations/R__the_programs.sql", PROGRAMS);
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    R  the programs  10 statements <ms> ms
    migrated `<db>` from version 2 to 2: 1 migration, 10 statements in <s> s
    ");
    assert_snapshot!(history(&test), @"
    1|1|one|SQL|V1__one.sql|357506204|1
    2|2|two|SQL|V2__two.sql|750919769|1
    3|NULL|simple view|SQL|R__simple_view.sql|1232417471|1
    4|NULL|the programs|SQL|R__the_programs.sql|-1528645918|1
    ");
}

#[test]
fn a_drop_that_stopped_half_way_is_no_longer_applied() {
    let test = with_repeatables("history_half_dropped");
    test.ok("migrate");
    let rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES";
    let operator = test.url_as("operator", &[rights]);
    assert_snapshot!(test.run_at(&operator, "rollback --skip-doctor"), @"
    exit 2
    --- stderr
    error: `R__the_programs.sql` line 9, statement 1 of 5 (`DROP VIEW IF EXISTS `w``): could not read the definition of `w`: MySQL error 1142: SHOW VIEW command denied to user 'operator_<db>'@'localhost' for table 'w'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again; rolled back so far: nothing of this file
    ");
    assert_eq!(would_apply(&test), ["failed the programs"]);
    // as if it had come further
    test.sql("DROP VIEW w");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  yes
      2  two  Success  <time> <ms>  yes
      simple view  Success  <time> <ms>  yes
      the programs  Failed  <time> <ms>  yes

    `<db>` is at version 2
    ");
    test.ok("migrate");
    assert_eq!(objects(&test).len(), 6);
    assert!(test.run_at(&operator, "rollback --skip-doctor").starts_with("exit 2"));
    test.ok("rollback");
    assert_eq!(objects(&test), Vec::<String>::new());
    assert_snapshot!(history(&test), @"1|1|one|SQL|V1__one.sql|357506204|1");
}

#[test]
fn r_files_that_change_rows_only_are_pending_after_a_rollback() {
    let test = Test::new("history_rows");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT)"),
        ("U1__drop_a.sql", "DROP TABLE a"),
        ("R__rows.sql", "DELETE FROM a; INSERT INTO a VALUES (1), (2)"),
    ]);
    for _ in 0..2 {
        test.ok("migrate");
        assert_eq!(test.rows("SELECT * FROM a"), ["1", "2"]);
        test.ok("rollback");
    }
}

#[test]
fn r_files_that_are_wrong() {
    let test = Test::new("history_wrong_r");
    let mut answers = String::new();
    for (name, text) in [
        ("R__tables.sql", "SELECT 1;\nCREATE TABLE a (x INT)"),
        ("R__tables.sql", "ALTER TABLE a ADD y INT"),
        ("R__once.sql", "CREATE PROCEDURE p() SELECT 1"),
        ("R__once.sql", "CREATE VIEW v AS SELECT 1"),
        ("R__with-dash.sql", VIEW),
        ("R__.sql", VIEW),
        ("R1__one.sql", VIEW),
    ] {
        let _ = std::fs::remove_dir_all(test.folder.join("migrations"));
        test.migrations(&[(name, text)]);
        answers.push_str(&test.run("migrate"));
        answers.push('\n');
    }
    assert_snapshot!(answers, @"
    exit 2
    --- stderr
    error: `R__tables.sql` line 2: `CREATE TABLE a` can't stand in a repeatable migration, which creates only views, procedures, functions, triggers and events; make it a `V` file
    exit 2
    --- stderr
    error: `R__tables.sql` line 1: `ALTER TABLE a` can't stand in a repeatable migration, which creates only views, procedures, functions, triggers and events; make it a `V` file
    exit 2
    --- stderr
    error: `R__once.sql` line 1: PROCEDURE `p` is created, but not replaced when the file is applied again; put DROP PROCEDURE IF EXISTS `p` before it
    exit 2
    --- stderr
    error: `R__once.sql` line 1: VIEW `v` is created, but not replaced when the file is applied again; write CREATE OR REPLACE VIEW, or put DROP VIEW IF EXISTS `v` before it
    exit 2
    --- stderr
    error: `R__with-dash.sql` is not named like a migration; name it `R__<description>.sql`, the description in letters, digits and `_`
    exit 2
    --- stderr
    error: `R__.sql` is not named like a migration; name it `R__<description>.sql`, the description in letters, digits and `_`
    exit 2
    --- stderr
    error: `R1__one.sql` is not named like a migration; name it `V<version>__<description>.sql`, the description in letters, digits and `_`
    ");
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
}

#[test]
fn a_kill_at_any_point_is_made_good_by_the_next_run() {
    let test = with_repeatables("history_killed");
    let killed = |arguments: &str, point: usize| {
        let mut command = test.command(arguments);
        !command.env("CAREDB_CRASH_AT", point.to_string()).output().unwrap().status.success()
    };
    let (mut passed, mut half_dropped) = (0, 0);
    // the long suite takes every point
    let every = if std::env::var_os("CAREDB_TEST_FULL").is_some() { 1 } else { 3 };
    for point in (1..).step_by(every) {
        if !killed("migrate", point) {
            break;
        }
        test.ok("migrate");
        assert_eq!(objects(&test).len(), 6, "migrate, point {point}");
        assert_eq!(would_apply(&test), Vec::<String>::new(), "migrate, point {point}");
        // a drop that did not reach its end is no application; it can go either way
        if killed("rollback --to 0", point) && point % 2 == 0 && test.run("info").contains("Failed") {
            test.ok("migrate");
            assert_eq!(objects(&test).len(), 6, "rollback, point {point}");
            half_dropped += 1;
        }
        test.ok("rollback --to 0");
        assert_eq!((objects(&test), history(&test)), (vec![], String::new()), "rollback, point {point}");
        passed += 1;
    }
    assert!(passed * every > 20 && half_dropped > 0, "{passed} {half_dropped}");
}
