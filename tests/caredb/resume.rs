//! What is left after a failure, and how the next run goes on.

use insta::assert_snapshot;

use crate::support::Test;

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
    assert_snapshot!(test.run("rollback --to 0"), @"
    exit 2
    --- stderr
    error: version 1 is applied in part (3 of 5 statements); finish it with `caredb migrate` before you roll back
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
    error: `V1__one.sql` line 2, statement 2 of 2 (`INSERT INTO a VALUES (1), (2), (1)`): MySQL error 1062: Duplicate entry '…' for key 'a.PRIMARY'; applied so far: the first statement of this file
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

#[test]
fn a_statement_whose_end_is_unknown_stops_the_run() {
    let test = Test::new("resume_unknown");
    test.migrations(&[("V1__one.sql", "CREATE TABLE a (x INT); CREATE TABLE b (x INT)")]);
    test.ok("migrate");
    // as a run leaves it that was killed inside the second statement
    test.sql("DELETE FROM flyway_schema_history; UPDATE caredb_journal SET state = 'begun' WHERE statement = 2; DROP TABLE b");
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V1__one.sql` statement 2 was begun, and the run ended before the server answered; look whether it took effect, then set its `state` in `caredb_journal` to `done` or `failed` and run again
    ");
    test.sql("UPDATE caredb_journal SET state = 'failed' WHERE statement = 2");
    test.ok("migrate");
    assert_eq!(test.rows("SHOW TABLES LIKE 'b'"), ["b"]);
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
