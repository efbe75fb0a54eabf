//! `verify`: a rollback that restores the schema is proved, every other is found, and nothing else is touched.

use std::process::Stdio;

use insta::assert_snapshot;

use crate::support::{Killed, Test, block_on, rows_at, server, wait_for};

fn databases(like: &str) -> Vec<String> {
    rows_at(&server().socket(), &format!("SHOW DATABASES LIKE '{}'", like.replace('_', "\\_")))
}

/// Whether the scratch schema is there.
fn has_scratch(test: &Test) -> bool {
    !databases(&format!("{}_verify", test.database)).is_empty()
}

#[test]
fn the_shipped_files_are_proved() {
    let test = Test::without_database("verify_shipped");
    assert_snapshot!(test.run("verify --with-rows"), @"
    exit 0
    --- stdout
    V1  create users table  proved: U1 restores the schema before it
    V2  create profiles tables  proved: U2 restores the schema before it
    V3  add appointments  proved: U3 restores the schema before it
    V4  add consultations  proved: U4 restores the schema before it
    V5  add prescriptions  proved: U5 restores the schema before it
    V6  add medical records  proved: U6 restores the schema before it
    V7  add payments  proved: U7 restores the schema before it
    V8  add doctor schedules  proved: U8 restores the schema before it
    V9  add reviews  proved: U9 restores the schema before it
    V10  add notifications  proved: U10 restores the schema before it
    V11  add audit logs  proved: U11 restores the schema before it
    V12  add time checks and live slot key  proved: U12 restores the schema before it
    V13  partition appointments  proved: U13 restores the schema before it
    V14  add archives  proved: U14 restores the schema before it
    V15  compressed medical records  proved: U15 restores the schema before it
    U15  drop compressed medical records  changes no rows
    U14  drop archives  changes no rows
    U13  unpartition appointments  drops 132 rows of appointment_keys
    U12  drop time checks and live slot key  changes no rows
    U11  drop audit logs  drops 53 rows of audit_logs
    U10  drop notifications  drops 63 rows of notifications
    U9  drop reviews  drops 36 rows of reviews
    U8  drop doctor schedules  drops 5 rows of doctor_unavailability, drops 31 rows of time_slots
    U7  drop payments  drops 116 rows of payments
    U6  drop medical records  drops 27 rows of medical_records
    U5  drop prescriptions  drops 44 rows of prescriptions
    U4  drop consultations  drops 94 rows of consultations
    U3  drop appointments  drops 132 rows of appointments
    U2  drop profiles tables  drops 6 rows of doctor_profiles, drops 24 rows of patient_profiles
    U1  drop users table  drops 33 rows of users
    proved: 15 rollbacks in <s> s; with the fixtures in place, they drop or delete 796 rows
    ");
    assert_eq!(databases(&format!("{}%", test.database)), Vec::<String>::new());
}

/// V1 makes this; each fault is a V2 and a U2 on top of it.
const BASE: &str = "
    CREATE TABLE a (x INT, y INT, KEY one (x), KEY two (y), CONSTRAINT positive CHECK (x > 0)) COMMENT 'first'
        PARTITION BY RANGE COLUMNS (x) (PARTITION p1 VALUES LESS THAN (10), PARTITION p2 VALUES LESS THAN (20));
    CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.y = 1;
    CREATE TRIGGER u BEFORE INSERT ON a FOR EACH ROW SET NEW.y = 2;
    CREATE VIEW v AS SELECT x FROM a;
    CREATE PROCEDURE p() SELECT 1;
    CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
    CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1;";

/// What verify says of a U2 that does not undo its V2; the first line, which proves U1, and the last are left out.
fn fault(test: &Test, up: &str, down: &str) -> String {
    test.migrations(&[
        ("V1__base.sql", BASE),
        ("U1__base.sql", "DROP EVENT e; DROP FUNCTION f; DROP PROCEDURE p; DROP VIEW v; DROP TABLE a"),
        ("V2__up.sql", up),
        ("U2__down.sql", down),
    ]);
    let text = test.run("verify");
    assert!(text.starts_with("exit 1\n"), "{text}");
    assert!(text.contains("not proved: 1 finding; 1 rollback proved in <s> s"), "{text}");
    assert!(!has_scratch(test));
    let from = text.find("U2 does not restore").unwrap();
    text[from..text.find("\nnot proved: ").unwrap()].to_owned()
}

#[test]
fn a_rollback_of_tables_that_forgets_something_is_found() {
    let test = Test::new("verify_tables");
    // the scratch schema has the character set of the database
    test.sql("ALTER DATABASE CHARACTER SET latin1");
    let faults = [
        // forgets an index
        ("ALTER TABLE a DROP KEY two", "DO 0"),
        // brings the indexes back in another order
        ("ALTER TABLE a DROP KEY one", "ALTER TABLE a ADD KEY one (x)"),
        // another comment
        ("ALTER TABLE a COMMENT 'second'", "ALTER TABLE a COMMENT 'firts'"),
        // forgets the CHECK
        ("ALTER TABLE a DROP CHECK positive", "DO 0"),
        // leaves the CHECK unenforced
        ("ALTER TABLE a ALTER CHECK positive NOT ENFORCED", "DO 0"),
        // leaves a partition
        ("ALTER TABLE a ADD PARTITION (PARTITION p3 VALUES LESS THAN (30))", "DO 0"),
        // leaves a table
        ("CREATE TABLE b (z INT)", "DO 0"),
        // drops too much
        ("CREATE TABLE b (z INT)", "DROP TABLE b; DROP VIEW v"),
        // the columns in another order
        ("ALTER TABLE a DROP KEY two, DROP COLUMN y", "ALTER TABLE a ADD COLUMN y INT FIRST, ADD KEY two (y)"),
    ];
    let texts: Vec<String> = faults.iter().map(|(up, down)| fault(&test, up, down)).collect();
    assert_snapshot!(texts.join("\n\n"), @"
    U2 does not restore the schema before V2
    table `a`
    -  KEY `two` (`y`)

    U2 does not restore the schema before V2
    table `a`
    +  KEY `two` (`y`)
    -  KEY `two` (`y`)

    U2 does not restore the schema before V2
    table `a`
    -) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='first'
    +) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='firts'

    U2 does not restore the schema before V2
    table `a`
    -  CONSTRAINT `positive` CHECK ((`x` > 0))

    U2 does not restore the schema before V2
    table `a`
    -  CONSTRAINT `positive` CHECK ((`x` > 0))
    +  CONSTRAINT `positive` CHECK ((`x` > 0)) /*!80016 NOT ENFORCED */

    U2 does not restore the schema before V2
    table `a`
    - PARTITION p2 VALUES LESS THAN (20) ENGINE = InnoDB) */
    + PARTITION p2 VALUES LESS THAN (20) ENGINE = InnoDB
    + PARTITION p3 VALUES LESS THAN (30) ENGINE = InnoDB) */

    U2 does not restore the schema before V2
    table `b`
    +CREATE TABLE `b` (
    +  `z` int DEFAULT NULL
    +) ENGINE=InnoDB DEFAULT CHARSET=latin1

    U2 does not restore the schema before V2
    view `v`
    -CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select `a`.`x` AS `x` from `a`

    U2 does not restore the schema before V2
    table `a`
    +  `y` int DEFAULT NULL
    -  `y` int DEFAULT NULL
    ");
}

#[test]
fn a_rollback_of_programs_that_forgets_something_is_found() {
    let test = Test::new("verify_programs");
    let faults = [
        // leaves a trigger
        ("CREATE TRIGGER w AFTER INSERT ON a FOR EACH ROW SET @x = 1", "DO 0"),
        // the triggers fire in another order
        ("DROP TRIGGER t", "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.y = 1"),
        // the same text under another sql_mode
        ("DROP PROCEDURE p", "SET sql_mode = 'STRICT_ALL_TABLES'; CREATE PROCEDURE p() SELECT 1"),
        ("DROP FUNCTION f", "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 2"),
        ("ALTER EVENT e ON SCHEDULE EVERY 2 DAY", "DO 0"),
        ("CREATE OR REPLACE VIEW v AS SELECT y FROM a", "CREATE OR REPLACE VIEW v AS SELECT x + 0 AS x FROM a"),
    ];
    let texts: Vec<String> = faults.iter().map(|(up, down)| fault(&test, up, down)).collect();
    let text =
        regex::Regex::new("STARTS '[^']*'").unwrap().replace_all(&texts.join("\n\n"), "STARTS <time>").into_owned();
    assert_snapshot!(text, @"
    U2 does not restore the schema before V2
    trigger `w`
    +SET sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
    +CREATE DEFINER=`root`@`localhost` TRIGGER `w` AFTER INSERT ON `a` FOR EACH ROW SET @x = 1

    U2 does not restore the schema before V2
    trigger `t`
    -CREATE DEFINER=`root`@`localhost` TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET NEW.y = 1
    +CREATE DEFINER=`root`@`localhost` TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET NEW.y = 1
    +/* fires as number 2 of its table, time and event */
    trigger `u`
    -CREATE DEFINER=`root`@`localhost` TRIGGER `u` BEFORE INSERT ON `a` FOR EACH ROW SET NEW.y = 2
    -/* fires as number 2 of its table, time and event */
    +CREATE DEFINER=`root`@`localhost` TRIGGER `u` BEFORE INSERT ON `a` FOR EACH ROW SET NEW.y = 2

    U2 does not restore the schema before V2
    procedure `p`
    -SET sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
    +SET sql_mode = 'STRICT_ALL_TABLES';

    U2 does not restore the schema before V2
    function `f`
    -RETURN 1
    +RETURN 2

    U2 does not restore the schema before V2
    event `e`
    -CREATE DEFINER=`root`@`localhost` EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS <time> ON COMPLETION NOT PRESERVE DISABLE DO SET @x = 1
    +CREATE DEFINER=`root`@`localhost` EVENT `e` ON SCHEDULE EVERY 2 DAY STARTS <time> ON COMPLETION NOT PRESERVE DISABLE DO SET @x = 1

    U2 does not restore the schema before V2
    view `v`
    -CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select `a`.`x` AS `x` from `a`
    +CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select (`a`.`x` + 0) AS `x` from `a`
    ");
}

#[test]
fn an_event_that_comes_back_later_is_the_same() {
    let test = Test::new("verify_event");
    test.migrations(&[
        ("V1__event.sql", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @x = 1"),
        // a second passes, which would show in the definition
        ("U1__event.sql", "DROP EVENT e; DO SLEEP(1.1)"),
    ]);
    assert_snapshot!(test.run("verify"), @"
    exit 0
    --- stdout
    V1  event  proved: U1 restores the schema before it
    proved: 1 rollback in <s> s
    ");
}

#[test]
fn all_faults_are_found_in_one_run() {
    let test = Test::new("verify_all");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (x INT PRIMARY KEY)"),
        ("V2__b.sql", "CREATE TABLE b (x INT)"),
        // the next version needs the table that this drops
        ("U2__b.sql", "DROP TABLE a"),
        ("V3__fill.sql", "INSERT INTO a VALUES (1)"),
        ("U3__fill.sql", "DO 0"),
        (
            "V4__once.sql",
            "CREATE PROCEDURE p() IF (SELECT COUNT(*) FROM a) = 1 THEN CREATE TABLE c (x INT); ELSE CREATE TABLE c (y INT); END IF;
             CALL p(); DROP PROCEDURE p; INSERT INTO a VALUES (2) ON DUPLICATE KEY UPDATE x = 2",
        ),
        ("U4__once.sql", "DROP TABLE c"),
        ("V5__d.sql", "CREATE TABLE d (x INT)"),
        ("U5__d.sql", "DROP TABLE d"),
    ]);
    assert_snapshot!(test.run("verify --with-rows"), @"
    exit 1
    --- stdout
    V1  a  not proved
    V2  b  not proved
    V3  fill  not proved
    V4  once  not proved
    V5  d  proved: U5 restores the schema before it
    V1 has no rollback
    U2 does not restore the schema before V2
    table `a`
    -CREATE TABLE `a` (
    -  `x` int NOT NULL
    -  PRIMARY KEY (`x`)
    -) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci
    table `b`
    +CREATE TABLE `b` (
    +  `x` int DEFAULT NULL
    +) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci
    V3 does not run again after U3: `V3__fill.sql` line 1, statement 1 of 1 (`INSERT INTO a VALUES (1)`): MySQL error 1062: Duplicate entry '…' for key 'a.PRIMARY'; two rows would have the same key: find and settle them, then run again
    V4 makes another schema after U4 than the first time
    table `c`
    -  `x` int DEFAULT NULL
    +  `y` int DEFAULT NULL
    not proved: 4 findings; 1 rollback proved in <s> s; not tried with rows
    ");
    assert!(!has_scratch(&test));
}

#[test]
fn from_leaves_the_versions_below_unproved() {
    let test = Test::new("verify_from");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (id CHAR(36) PRIMARY KEY)"),
        ("V3__b.sql", "CREATE TABLE b (x INT)"),
        ("U3__b.sql", "DROP TABLE b"),
    ]);
    test.file("fixtures/a.toml", "");
    assert_snapshot!(test.run("verify --from 2 --with-rows --fixtures fixtures"), @"
    exit 0
    --- stdout
    V3  b  proved: U3 restores the schema before it
    U3  b  changes no rows
    proved: 1 rollback in <s> s; with the fixtures in place, they drop or delete 0 rows
    ");
    // without a rollback, rows are tried down to there
    assert_snapshot!(test.run("verify --with-rows --fixtures fixtures"), @"
    exit 1
    --- stdout
    V1  a  not proved
    V3  b  proved: U3 restores the schema before it
    U3  b  changes no rows
    V1 has no rollback
    not proved: 1 finding; 1 rollback proved in <s> s; with the fixtures in place, they drop or delete 0 rows
    ");
    assert_snapshot!(test.run("verify --from 4"), @"
    exit 2
    --- stderr
    error: there is no version 4 to begin with; the newest is 3
    ");
}

#[test]
fn rows_that_a_rollback_loses_are_counted() {
    let test = Test::new("verify_rows");
    let id = "id CHAR(36) PRIMARY KEY";
    test.migrations(&[
        ("V1__a.sql", &format!("CREATE TABLE a ({id}, x INT); CREATE TABLE z ({id})")),
        ("U1__a.sql", "DROP TABLE a, z"),
        ("V2__b.sql", &format!("CREATE TABLE b ({id}, x INT)")),
        ("U2__b.sql", "INSERT INTO z SELECT id FROM b; DROP TABLE b"),
        ("V3__null.sql", "ALTER TABLE a MODIFY x BIGINT"),
        ("U3__null.sql", "DELETE FROM a WHERE x > 10; ALTER TABLE a MODIFY x INT"),
        ("V4__key.sql", "CREATE INDEX i ON b (x)"),
        ("U4__key.sql", "DROP INDEX i ON b"),
    ]);
    test.file("fixtures/a.toml", "[one]\nx = 1\n[two]\nx = 11\n[three]\nx = 12\n")
        .file("fixtures/b.toml", "[one]\nx = 1\n");
    assert_snapshot!(test.run("verify --with-rows --fixtures fixtures"), @"
    exit 0
    --- stdout
    V1  a  proved: U1 restores the schema before it
    V2  b  proved: U2 restores the schema before it
    V3  null  proved: U3 restores the schema before it
    V4  key  proved: U4 restores the schema before it
    U4  key  changes no rows
    U3  null  deletes 2 rows of a
    U2  b  drops 1 row of b, adds 1 row to z
    U1  a  drops 1 row of a, drops 1 row of z
    proved: 4 rollbacks in <s> s; with the fixtures in place, they drop or delete 5 rows
    ");
    // a rollback that rows stop
    test.migrations(&[(
        "U3__null.sql",
        "ALTER TABLE a MODIFY x INT, ADD CONSTRAINT c CHECK (x < 10); ALTER TABLE a DROP CHECK c",
    )]);
    assert_snapshot!(test.run("verify --with-rows --fixtures fixtures"), @"
    exit 1
    --- stdout
    V1  a  proved: U1 restores the schema before it
    V2  b  proved: U2 restores the schema before it
    V3  null  proved: U3 restores the schema before it
    V4  key  proved: U4 restores the schema before it
    U4  key  changes no rows
    with rows in place, U3 fails: `U3__null.sql` line 1, statement 1 of 2 (`ALTER TABLE a MODIFY x INT, ADD CONSTRAINT c CHECK (x < 10)`): MySQL error 3819: Check constraint 'c' is violated.
    not proved: 1 finding; 3 rollbacks proved in <s> s; with the fixtures in place, they drop or delete 0 rows
    ");
    // a rollback that does its work on empty tables only
    test.migrations(&[(
        "U3__null.sql",
        "CREATE PROCEDURE p() IF (SELECT COUNT(*) FROM a) = 0 THEN ALTER TABLE a MODIFY x INT; END IF; CALL p(); DROP PROCEDURE p",
    )]);
    assert_snapshot!(test.run("verify --with-rows --fixtures fixtures"), @"
    exit 1
    --- stdout
    V1  a  proved: U1 restores the schema before it
    V2  b  proved: U2 restores the schema before it
    V3  null  proved: U3 restores the schema before it
    V4  key  proved: U4 restores the schema before it
    U4  key  changes no rows
    U3  null  changes no rows
    with rows in place, U3 does not restore the schema before V3
    table `a`
    -  `x` int DEFAULT NULL
    +  `x` bigint DEFAULT NULL
    not proved: 1 finding; 3 rollbacks proved in <s> s; with the fixtures in place, they drop or delete 0 rows
    ");
    assert!(!has_scratch(&test));
}

#[test]
fn a_statement_that_fails_is_named() {
    let test = Test::new("verify_fails");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (x INT);\nALTER TABLE a\n  ADD y INTEGERS"),
        ("U1__a.sql", "DROP TABLE aa"),
    ]);
    assert_snapshot!(test.run("verify"), @"
    exit 2
    --- stderr
    error: `V1__a.sql` line 3, statement 2 of 2 (`ALTER TABLE a ADD y INTEGERS`): MySQL error 1064: syntax error near 'INTEGERS' at line 2; correct the statement and run again
    ");
    assert!(!has_scratch(&test));
    test.migrations(&[("V1__a.sql", "CREATE TABLE a (x INT)"), ("V2__b.sql", "-- to be written")]);
    assert_snapshot!(test.run("verify"), @"
    exit 2
    --- stderr
    error: `V2__b.sql` holds no statement; write one or remove the file
    ");
    std::fs::remove_file(test.folder.join("migrations/V2__b.sql")).unwrap();
    assert_snapshot!(test.run("verify"), @"
    exit 2
    --- stderr
    error: `U1__a.sql` line 1, statement 1 of 1 (`DROP TABLE aa`): MySQL error 1051: Unknown table '<db>_verify.aa'
    ");
    assert!(!has_scratch(&test));
}

#[test]
fn a_files_session_settings_end_with_it() {
    let test = Test::new("verify_session");
    test.migrations(&[
        ("V1__lax.sql", "SET SESSION sql_mode = ''; CREATE TABLE a (d DATE DEFAULT '0000-00-00')"),
        ("U1__lax.sql", "DROP TABLE a"),
        ("V2__strict.sql", "CREATE TABLE b (d DATE DEFAULT '0000-00-00')"),
    ]);
    assert_snapshot!(test.run("verify"), @"
    exit 2
    --- stdout
    V1  lax  proved: U1 restores the schema before it
    --- stderr
    error: `V2__strict.sql` line 1, statement 1 of 1 (`CREATE TABLE b (d DATE DEFAULT '…')`): MySQL error 1067: Invalid default value for 'd'
    ");
}

#[test]
fn the_database_itself_is_not_touched() {
    let test = Test::new("verify_untouched");
    test.sql("CREATE TABLE users (id INT); INSERT INTO users VALUES (7)");
    test.ok("verify");
    assert_eq!(test.rows("SHOW TABLES"), ["users"]);
    assert_eq!(test.rows("SELECT id FROM users"), ["7"]);
    for statement in [
        &format!("DROP TABLE {}.users", test.database),
        "DROP DATABASE IF EXISTS clinic",
        "GRANT SELECT ON users TO nobody",
        "SET GLOBAL max_connections = 7",
    ] {
        test.migrations(&[
            ("V1__a.sql", "CREATE TABLE a (x INT)"),
            ("U1__a.sql", &format!("DROP TABLE a;\n{statement}")),
        ]);
        let text = test.run("verify");
        assert!(text.starts_with("exit 3\n"), "{text}");
    }
    test.migrations(&[("U1__a.sql", &format!("DROP TABLE {}.users", test.database))]);
    assert_snapshot!(test.run("verify"), @"
    exit 3
    --- stderr
    error: `U1__a.sql` line 1 (`DROP TABLE <db>.users`) names database `<db>`, so it can't be tried on a scratch schema; leave the database's name out
    ");
    test.migrations(&[("U1__a.sql", "DROP TABLE a;\nDROP USER IF EXISTS nobody")]);
    assert_snapshot!(test.run("verify"), @"
    exit 3
    --- stderr
    error: `U1__a.sql` line 2 (`DROP USER IF EXISTS nobody`) changes more than its database, so it can't be tried on a scratch schema; do such things apart from the migrations
    ");
    assert_eq!(test.rows("SELECT id FROM users"), ["7"]);
    assert!(!has_scratch(&test));
}

#[test]
fn a_schema_of_another_is_refused() {
    let test = Test::new("verify_foreign");
    let other = Test::new("verify_foreign_verify");
    other.sql("CREATE TABLE precious (x INT)");
    assert_snapshot!(test.run("verify"), @"
    exit 3
    --- stderr
    error: schema `<db>_verify` exists, and is not a scratch schema of caredb's; name another by `--scratch`, or drop it if nobody needs it
    ");
    assert_eq!(other.rows("SHOW TABLES"), ["precious"]);
    assert_snapshot!(test.run(&format!("verify --scratch {}", test.database)), @"
    exit 3
    --- stderr
    error: `<db>` is the database itself; name another schema by `--scratch`
    ");
    assert_snapshot!(test.run(&format!("verify --scratch {}", "x".repeat(65))), @"
    exit 2
    --- stderr
    error: name the scratch schema by `--scratch`: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` can't be a MySQL name: it is longer than 64 characters
    ");
    // another name is free
    test.migrations(&[("V1__a.sql", "CREATE TABLE a (x INT)"), ("U1__a.sql", "DROP TABLE a")]);
    test.ok("verify --scratch t_verify_foreign_other");
    assert_eq!(databases("t_verify_foreign_other"), Vec::<String>::new());
}

#[test]
fn one_at_a_time_and_a_killed_run_leaves_nothing_for_long() {
    let test = Test::new("verify_killed");
    // the file waits for a lock that the test holds
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (x INT); DO GET_LOCK('t_verify_killed', 600)"),
        ("U1__a.sql", "DROP TABLE a"),
    ]);
    let mut holder = block_on(test.connect());
    block_on(async { sqlx::query("SELECT GET_LOCK('t_verify_killed', 0)").execute(&mut holder).await.unwrap() });
    let mut running = Killed(test.command("verify").stdout(Stdio::null()).spawn().unwrap());
    let waits = "SELECT COUNT(*) FROM performance_schema.processlist WHERE state = 'User lock' AND db = 't_verify_killed_verify'";
    wait_for("the file to wait", || test.rows(waits) == ["1"]);
    let text = test.run("verify --lock-timeout 0");
    assert!(text.starts_with("exit 4\n"), "{text}");
    assert!(text.contains("another run holds lock `caredb verify <db>_verify`: connection "), "{text}");
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    assert!(has_scratch(&test));
    test.migrations(&[("V1__a.sql", "CREATE TABLE a (x INT)")]);
    assert_snapshot!(test.run("verify"), @"
    exit 0
    --- stdout
    V1  a  proved: U1 restores the schema before it
    proved: 1 rollback in <s> s
    ");
    assert!(!has_scratch(&test));
}

#[test]
fn a_missing_privilege_is_named_with_its_cure() {
    let test = Test::new("verify_grant");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (x INT); CREATE VIEW v AS SELECT x FROM a"),
        ("U1__a.sql", "DROP VIEW v; DROP TABLE a"),
    ]);
    let url = test.url_as("clerk", &["ALL"]);
    assert_snapshot!(test.run_at(&url, "verify"), @"
    exit 2
    --- stderr
    error: could not create scratch schema `<db>_verify`: MySQL error 1044: Access denied for user 'clerk_<db>'@'%' to database '<db>_verify'; have an administrator grant this account ALL on `<db>_verify`.*, or name a schema that it may create by `--scratch`
    ");
    // what the message asks for is enough
    test.sql("GRANT ALL ON `t_verify_grant_verify`.* TO clerk_t_verify_grant");
    assert_snapshot!(test.run_at(&url, "verify"), @"
    exit 0
    --- stdout
    V1  a  proved: U1 restores the schema before it
    proved: 1 rollback in <s> s
    ");
    test.sql("DROP USER clerk_t_verify_grant");
}

#[test]
fn what_the_account_may_not_see_is_not_proved() {
    let test = Test::new("verify_hidden");
    let url = test.url_as("clerk", &["ALL"]);
    test.url_as("other", &[]);
    // SET_USER_ID until 8.2
    let old = test.rows("SELECT VERSION() REGEXP '^8[.][01][.]'") == ["1"];
    let privilege = if old { "SET_USER_ID" } else { "SET_ANY_DEFINER" };
    test.sql(&format!("GRANT {privilege} ON *.* TO clerk_t_verify_hidden"));
    test.sql("GRANT ALL ON `t_verify_hidden_verify`.* TO clerk_t_verify_hidden");
    test.migrations(&[
        ("V1__p.sql", "CREATE DEFINER = other_t_verify_hidden PROCEDURE p() SELECT 1"),
        ("U1__p.sql", "DROP PROCEDURE p"),
    ]);
    assert_snapshot!(test.run_at(&url, "verify"), @"
    exit 2
    --- stderr
    error: could not read the definition of `p`: the account may not see it; grant it SHOW_ROUTINE
    ");
    test.sql("DROP USER clerk_t_verify_hidden, other_t_verify_hidden");
}

#[test]
fn json_is_one_object_a_line() {
    let test = Test::new("verify_json");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (id CHAR(36) PRIMARY KEY)"),
        ("U1__a.sql", "DROP TABLE a"),
        ("V2__b.sql", "ALTER TABLE a COMMENT 'b'"),
        ("U2__b.sql", "ALTER TABLE a COMMENT ''"),
    ]);
    test.file("fixtures/a.toml", "[one]\n");
    let json = |arguments: &str| {
        let text = test.run(&format!("verify --format json {arguments}"));
        regex::Regex::new(r#""duration_ms":\d+"#).unwrap().replace_all(&text, r#""duration_ms":<ms>"#).into_owned()
    };
    assert_snapshot!(json("--with-rows --fixtures fixtures"), @r#"
    exit 0
    --- stdout
    {"event":"rollback","version":1,"description":"a","proved":true}
    {"event":"rollback","version":2,"description":"b","proved":true}
    {"event":"rows","version":2,"description":"b","changes":[]}
    {"event":"rows","version":1,"description":"a","changes":[{"table":"a","before":1,"after":null}]}
    {"command":"verify","outcome":"done","scratch":"<db>_verify","from":0,"proved":2,"rows_removed":1,"findings":[],"duration_ms":<ms>}
    "#);
    test.migrations(&[("U2__b.sql", "ALTER TABLE a COMMENT 'c'")]);
    assert_snapshot!(json(""), @r#"
    exit 1
    --- stdout
    {"event":"rollback","version":1,"description":"a","proved":true}
    {"event":"rollback","version":2,"description":"b","proved":false}
    {"command":"verify","outcome":"found","scratch":"<db>_verify","from":0,"proved":1,"rows_removed":null,"findings":[{"finding":"not_restored","version":2,"differences":[{"kind":"table","name":"a","lines":["-) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci","+) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='c'"]}]}],"duration_ms":<ms>}
    "#);
}
