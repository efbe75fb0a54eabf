//! `doctor`, and the same checks before `migrate`.

use insta::assert_snapshot;

use crate::support::{Test, block_on};

/// Free space and connection ids differ from run to run.
fn stable(text: &str) -> String {
    [
        (r"\d+ MiB free", "<n> MiB free"),
        (r"connection \d+", "connection <id>"),
        (r"KILL \d+", "KILL <id>"),
        (r"\d+ connected", "<n> connected"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (pattern, by)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *by).into_owned()
    })
}

#[test]
fn a_healthy_server_passes() {
    let test = Test::new("doctor_healthy");
    assert_snapshot!(stable(&test.run("doctor")), @"
    exit 0
    --- stdout
    level  check  finding
    ok  privileges  `root@localhost`: enough for the 51 pending statements
    ok  sql_mode  strict
    ok  locks  no old transaction holds a table that the pending statements name
    warning  lock_timeouts  `lock_wait_timeout` is 31536000 s: a statement that waits for a lock may wait that long; have an administrator run `SET PERSIST lock_wait_timeout = 60`
    ok  replication  this server is no replica
    ok  replicas  none is connected
    ok  disk  <n> MiB free; no table is to be copied
    ok  row_versions  no INSTANT change of 255 used
    ok  other_tools  none has a history here

    `<db>`: 0 problems, 1 warning
    ");
    test.migrations(&[("V1__one.sql", "CREATE TABLE t (a INT)")]);
    test.ok("migrate");
    test.file("migrations/V2__two.sql", "ALTER TABLE t ADD b INT");
    assert_snapshot!(stable(&test.run("doctor --format json")), @r#"
    exit 0
    --- stdout
    {"command":"doctor","outcome":"done","database":"<db>","problems":0,"warnings":1,"findings":[{"check":"privileges","level":"ok","what":"`root@localhost`: enough for the pending statement"},{"check":"sql_mode","level":"ok","what":"strict"},{"check":"locks","level":"ok","what":"no old transaction holds a table that the pending statements name"},{"check":"lock_timeouts","level":"warning","what":"`lock_wait_timeout` is 31536000 s: a statement that waits for a lock may wait that long","cure":"have an administrator run `SET PERSIST lock_wait_timeout = 60`"},{"check":"replication","level":"ok","what":"this server is no replica"},{"check":"replicas","level":"ok","what":"none is connected"},{"check":"disk","level":"ok","what":"<n> MiB free; a copy of the largest table concerned, `t`, takes 0 MiB"},{"check":"row_versions","level":"ok","what":"no INSTANT change of 255 used"},{"check":"other_tools","level":"ok","what":"none has a history here"}]}
    "#);
}

#[test]
fn doctor_reads_only() {
    let test = Test::new("doctor_reads");
    test.run("doctor");
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
}

#[test]
fn what_an_account_may_not_see_is_unknown_and_what_it_lacks_a_problem() {
    let test = Test::new("doctor_grants");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE t (a INT PRIMARY KEY);\nINSERT INTO t VALUES (1);\n"),
        ("V2__two.sql", "CREATE TRIGGER x BEFORE INSERT ON t\nFOR EACH ROW SET NEW.a = 1;\n"),
    ]);
    let url = test.url_as("app", &["SELECT, INSERT, UPDATE, DELETE, CREATE"]);
    assert_snapshot!(stable(&test.run_at(&url, "doctor")), @r"
    exit 1
    --- stdout
    level  check  finding
    problem  privileges  on `<db>`, `app_<db>@%` lacks TRIGGER (for `V2__two.sql` line 1); have an administrator run: GRANT TRIGGER ON `t\_doctor\_grants`.* TO `app_<db>`@`%`
    problem  log_bin_trust_function_creators  `V2__two.sql` line 1 creates a trigger or a function; the binary log is on and `app_<db>@%` lacks SUPER (error 1419); have an administrator run `SET PERSIST log_bin_trust_function_creators = 1`, or migrate as a user with SUPER
    ok  sql_mode  strict
    unknown  locks  could not ask which sessions hold locks: MySQL error 1142: SELECT command denied to user 'app_<db>'@'localhost' for table 'metadata_locks'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    warning  lock_timeouts  `lock_wait_timeout` is 31536000 s: a statement that waits for a lock may wait that long; have an administrator run `SET PERSIST lock_wait_timeout = 60`
    unknown  replication  could not ask whether this server is a replica: MySQL error 1227: Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT privilege(s) for this operation; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    unknown  replicas  could not ask for this server's replicas: MySQL error 1227: Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s) for this operation; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ok  disk  <n> MiB free; no table is to be copied
    unknown  row_versions  could not read the tables' row versions: MySQL error 1227: Access denied; you need (at least one of) the PROCESS privilege(s) for this operation; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ok  other_tools  none has a history here

    `<db>`: 2 problems, 1 warning
    ");
    assert_snapshot!(stable(&test.run_at(&url, "migrate")), @r"
    exit 2
    --- stderr
    error: 2 problems in the way, nothing was changed; cure them, or pass over the checks with `--skip-doctor`
    privileges: on `<db>`, `app_<db>@%` lacks TRIGGER (for `V2__two.sql` line 1); have an administrator run: GRANT TRIGGER ON `t\_doctor\_grants`.* TO `app_<db>`@`%`
    log_bin_trust_function_creators: `V2__two.sql` line 1 creates a trigger or a function; the binary log is on and `app_<db>@%` lacks SUPER (error 1419); have an administrator run `SET PERSIST log_bin_trust_function_creators = 1`, or migrate as a user with SUPER
    ");
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
    // the server agrees with the check
    assert_snapshot!(stable(&test.run_at(&url, "migrate --skip-doctor")), @"
    exit 2
    --- stdout
    V1  one  2 statements <ms> ms
    --- stderr
    error: `V2__two.sql` line 1, statement 1 of 1 (`CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a…`): MySQL error 1419: You do not have the SUPER privilege and binary logging is enabled (you *might* want to use the less safe log_bin_trust_function_creators variable); the binary log is on, so CREATE TRIGGER and CREATE FUNCTION need SUPER: have an administrator run `SET PERSIST log_bin_trust_function_creators = 1`, or migrate as a user with SUPER; applied so far: all up to version 1, and nothing of this file
    ");
    // nothing to do needs no privilege
    let reader = test.url_as("reader", &["SELECT"]);
    assert_snapshot!(test.run_at(&reader, "migrate --to 1"), @"
    exit 0
    --- stdout
    nothing to do: `<db>` is at version 1
    ");
}

#[test]
fn a_privilege_by_an_active_role_counts() {
    let test = Test::new("doctor_role");
    test.migrations(&[("V1__one.sql", "CREATE TABLE t (a INT PRIMARY KEY)")]);
    let url = test.url_as("app", &["SELECT, INSERT, UPDATE, DELETE"]);
    assert!(test.run_at(&url, "migrate").contains("lacks CREATE (for"));
    let user = test.user("app");
    test.sql(&format!(
        "DROP ROLE IF EXISTS t_doctor_role; CREATE ROLE t_doctor_role; GRANT CREATE ON `{}`.* TO t_doctor_role;
         GRANT t_doctor_role TO '{user}'; SET DEFAULT ROLE ALL TO '{user}'",
        test.database
    ));
    assert!(test.run_at(&url, "migrate").starts_with("exit 0"));
    test.sql("DROP ROLE t_doctor_role");
}

#[test]
fn an_old_transaction_on_a_table_concerned_is_named() {
    let test = Test::new("doctor_locks");
    test.sql("CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1, 2), (2, 3)");
    test.migrations(&[("V1__one.sql", "ALTER TABLE t ADD c INT")]);
    let mut holder = block_on(test.connect());
    block_on(async {
        sqlx::raw_sql("BEGIN; UPDATE t SET b = 4 WHERE a = 1").execute(&mut holder).await.unwrap();
    });
    crate::support::wait_for("the transaction to be old", || test.run("doctor").contains("warning  locks"));
    let text = regex::Regex::new(r"for \d+ s").unwrap().replace_all(&test.run("doctor"), "for <n> s").into_owned();
    let line = text.lines().find(|line| line.contains(" locks ")).unwrap();
    assert_snapshot!(stable(line), @"warning  locks  table `t` is held by connection <id> (root@localhost, Sleep, transaction open for <n> s, last statement update); wait until it ends, or end it with `KILL <id>`");
    drop(holder);
    crate::support::wait_for("the transaction to end", || !test.run("doctor").contains("warning  locks"));
}

#[test]
fn other_tools_and_row_versions_are_seen() {
    let test = Test::new("doctor_others");
    test.sql("CREATE TABLE _sqlx_migrations (a INT); CREATE TABLE `odd/name` (a INT)");
    for n in 0..3 {
        test.sql(&format!("ALTER TABLE _sqlx_migrations ADD c{n} INT, ALGORITHM=INSTANT"));
    }
    let text = test.run("doctor");
    let lines: Vec<&str> =
        text.lines().filter(|line| line.contains("row_versions") || line.contains("tools")).collect();
    assert_snapshot!(lines.join("\n"), @"
    ok  row_versions  at most 3 of 255 INSTANT changes, by table `_sqlx_migrations`
    warning  other_tools  table `_sqlx_migrations` is the history of sqlx; two tools that migrate one database meet; drop the table if that tool is no longer used, else let only one of them migrate
    ");
}

#[test]
fn files_that_do_not_fit_the_database_are_a_problem() {
    let test = Test::new("doctor_edited");
    test.migrations(&[("V1__one.sql", "CREATE TABLE t (a INT)")]);
    test.ok("migrate");
    test.file("migrations/V1__one.sql", "CREATE TABLE t (a BIGINT)");
    let text = test.run("doctor");
    assert_snapshot!(text.lines().take(4).collect::<Vec<_>>().join("\n"), @"
    exit 1
    --- stdout
    level  check  finding
    problem  migrations  `V1__one.sql` was edited after it was applied (checksum -675198735, file has 2055285228); put the old text back and make the change a new migration
    ");
}
