//! DDL that meets the locks of others: who blocks, trying again, giving up.

use caredb::db::blockers::{blocking, holding};
use caredb::db::ident::Ident;
use caredb::db::{innodb, progress};
use insta::assert_snapshot;
use sqlx::mysql::MySqlConnection;

use crate::support::{Test, block_on, pty, read_some, stable, wait_for};

/// A session with an open transaction that has touched table `t`, and its id.
fn holder(test: &Test) -> (MySqlConnection, u64) {
    test.sql("CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(20)); INSERT INTO t VALUES (1, 'x'), (2, 'y')");
    block_on(async {
        let mut holder = test.connect().await;
        let id = sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(&mut holder).await.unwrap();
        sqlx::raw_sql("BEGIN; UPDATE t SET b = 'secret' WHERE a = 1").execute(&mut holder).await.unwrap();
        (holder, id)
    })
}

/// caredb in the background, with its output kept.
fn start(test: &Test, arguments: &str) -> std::process::Child {
    let mut command = test.command(arguments);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
}

/// Connections to the test's database in a state.
fn in_state(test: &Test, state: &str) -> Vec<String> {
    test.rows(&format!(
        "SELECT id FROM performance_schema.processlist WHERE state LIKE '{state}' AND db = '{}'",
        test.database
    ))
}

#[test]
fn who_blocks_is_named_without_values() {
    let test = Test::new("ddl_blockers");
    let (_holder, holder_id) = holder(&test);
    let mut looker = block_on(test.connect());
    let seen = block_on(holding(&mut looker)).unwrap();
    let seen: Vec<_> = seen.iter().map(|held| stable(&format!("{} {}", held.table, held.by))).collect();
    assert_eq!(seen, ["t connection <id> (root@localhost, Sleep, transaction open for <n> s, last statement update)"]);

    for (statement, state) in [
        ("ALTER TABLE t ADD c INT", "Waiting for table metadata lock"),
        ("UPDATE t SET b = 'z' WHERE a = 1", "updating"),
    ] {
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| test.error(statement));
            wait_for("the statement to wait", || in_state(&test, state).len() == 1);
            let waiting: u64 = in_state(&test, state)[0].parse().unwrap();
            wait_for("the wait to be seen", || !block_on(blocking(&mut looker, waiting)).unwrap().is_empty());
            let seen = block_on(blocking(&mut looker, waiting)).unwrap();
            let by: Vec<_> = seen.iter().map(|held| (held.table.as_str(), held.by.connection)).collect();
            assert_eq!(by, [("t", holder_id)]);
            assert!(!format!("{seen:?}").contains("secret"));
            test.sql(&format!("KILL QUERY {waiting}"));
            assert_eq!(waiter.join().unwrap(), 1317);
        });
    }
    // who waits for nobody is blocked by nobody
    assert_eq!(block_on(blocking(&mut looker, holder_id)).unwrap(), []);
}

#[test]
fn ddl_gives_up_and_names_the_session_that_blocks() {
    let test = Test::new("ddl_gives_up");
    let _holder = holder(&test);
    // the file's own time-out wins over caredb's 5 s
    test.migrations(&[("V1__one.sql", "SET SESSION lock_wait_timeout = 1;\nALTER TABLE t ADD c INT;\n")]);
    let begun = std::time::Instant::now();
    assert_snapshot!(stable(&test.run("migrate --ddl-retries 1")), @"
    exit 2
    --- stderr
    no lock at attempt 1 of 2: table `t` is held by connection <id> (root@localhost, Sleep, transaction open for <n> s, last statement update); wait until it ends, or end it with `KILL <id>`
    error: `V1__one.sql` line 2, statement 2 of 2 (`ALTER TABLE t ADD c INT`): MySQL error 1205: Lock wait timeout exceeded; try restarting transaction; gave up after 2 attempts: table `t` is held by connection <id> (root@localhost, Sleep, transaction open for <n> s, last statement update); wait until it ends, or end it with `KILL <id>`; applied so far: the first statement of this file
    ");
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(test.rows("SELECT statement, state FROM caredb_journal"), ["1|done", "2|failed"]);
}

#[test]
fn ddl_waits_five_seconds_and_tries_again_until_the_lock_is_free() {
    let test = Test::new("ddl_retries");
    let (holder, _) = holder(&test);
    test.migrations(&[("V1__one.sql", "ALTER TABLE t ADD c INT")]);
    let run = start(&test, "migrate");
    wait_for("the ALTER to wait", || in_state(&test, "Waiting for table metadata lock").len() == 1);
    wait_for("the ALTER to step aside", || in_state(&test, "Waiting for table metadata lock").is_empty());
    drop(holder);
    assert_snapshot!(stable(&test.show(&run.wait_with_output().unwrap())), @"
    exit 0
    --- stdout
    V1  one  1 statement <ms> ms
    migrated `<db>` from version 0 to 1: 1 migration, 1 statement in <s> s
    --- stderr
    no lock at attempt 1 of 4: table `t` is held by connection <id> (root@localhost, Sleep, transaction open for <n> s, last statement update); wait until it ends, or end it with `KILL <id>`
    ");
}

#[test]
fn without_the_privilege_to_look_who_blocks_is_unknown() {
    let test = Test::new("ddl_unknown");
    let _holder = holder(&test);
    test.migrations(&[("V1__one.sql", "SET SESSION lock_wait_timeout = 1;\nALTER TABLE t ADD c INT;\n")]);
    let url = test.url_as("app", &["SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER"]);
    assert_snapshot!(stable(&test.run_at(&url, "migrate --ddl-retries 0")), @"
    exit 2
    --- stderr
    error: `V1__one.sql` line 2, statement 2 of 2 (`ALTER TABLE t ADD c INT`): MySQL error 1205: Lock wait timeout exceeded; try restarting transaction; gave up after 1 attempt: who is in the way is unknown (could not ask which sessions hold locks: MySQL error 1142: SELECT command denied to user 'app_<db>'@'localhost' for table 'threads'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again); applied so far: the first statement of this file
    ");
}

#[test]
fn a_running_alter_tells_its_progress_where_the_server_keeps_it() {
    let test = Test::new("ddl_progress");
    test.sql(
        "CREATE TABLE t (a INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(100)); INSERT INTO t (b) VALUES (REPEAT('x', 90))",
    );
    for _ in 0..15 {
        test.sql("INSERT INTO t (b) SELECT b FROM t");
    }
    let mut looker = block_on(test.connect());
    let idle: u64 =
        block_on(async { sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(&mut looker).await.unwrap() });
    let consumer = |on: &str| {
        test.sql(&format!(
            "UPDATE performance_schema.setup_consumers SET enabled = '{on}' WHERE name = 'events_stages_current'"
        ));
    };
    consumer("YES");
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                test.sql("ALTER TABLE t ENGINE = InnoDB");
            }
        });
        wait_for("a rebuild that is half-way", || {
            in_state(&test, "alter%").iter().any(|id| {
                let percent = block_on(progress::read(&mut looker, id.parse().unwrap())).unwrap();
                percent.is_some_and(|percent| (1..100).contains(&percent))
            })
        });
        assert_eq!(block_on(progress::read(&mut looker, idle)).unwrap(), None);
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    consumer("NO");
}

#[test]
fn a_terminal_sees_how_long_a_statement_takes() {
    let test = Test::new("ddl_bar");
    let (holder, _) = holder(&test);
    test.migrations(&[("V1__one.sql", "ALTER TABLE t ADD c INT")]);
    let (terminal, stderr) = pty();
    let mut command = test.command("migrate");
    let mut run = command.stdout(std::process::Stdio::null()).stderr(stderr).spawn().unwrap();
    drop(command);
    let mut text = String::new();
    wait_for("the bar", || {
        text.push_str(&read_some(&terminal));
        text.contains("V1__one.sql, statement 1 of 1: 1 s")
    });
    drop(holder);
    assert!(run.wait().unwrap().success());
}

/// Waits until a session of the test has waited for a lock in vain.
fn wait_for_a_time_out(test: &Test) {
    let timed_out = format!(
        "SELECT COUNT(*) FROM performance_schema.events_errors_summary_by_thread_by_error JOIN performance_schema.threads USING (THREAD_ID)
         WHERE ERROR_NUMBER = 1205 AND SUM_ERROR_RAISED > 0 AND PROCESSLIST_DB = '{}'",
        test.database
    );
    wait_for("a session to have waited in vain once", || test.rows(&timed_out) == ["1"]);
}

#[test]
fn ddl_of_another_database_that_waits_hides_no_row_versions() {
    let (test, other) = (Test::new("ddl_list"), Test::new("ddl_list_other"));
    let (holder, _) = holder(&other);
    test.sql(
        "CREATE TABLE a (id INT PRIMARY KEY); ALTER TABLE a ADD c INT, ALGORITHM=INSTANT; CREATE TABLE b (id INT)",
    );
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| other.sql("ALTER TABLE t ADD c INT"));
        let waits = "Waiting for table metadata lock";
        wait_for("the ALTER to wait", || in_state(&other, waits).len() == 1);
        let reader = scope.spawn(|| {
            block_on(async {
                let mut conn = test.connect().await;
                sqlx::raw_sql("SET SESSION lock_wait_timeout = 1").execute(&mut conn).await.unwrap();
                let all = innodb::row_versions(&mut conn).await.unwrap();
                let of_a = innodb::row_versions_of(&mut conn, &Ident::new("A").unwrap()).await.unwrap();
                (all, of_a, innodb::row_versions_of(&mut conn, &Ident::new("b").unwrap()).await.unwrap())
            })
        });
        wait_for_a_time_out(&test);
        drop(holder);
        assert_eq!(reader.join().unwrap(), (vec![("a".to_owned(), 1)], 1, 0));
        waiter.join().unwrap();
    });
}

#[test]
fn ddl_of_another_database_that_waits_stops_no_migration() {
    let (test, other) = (Test::new("ddl_ids"), Test::new("ddl_ids_other"));
    let (holder, _) = holder(&other);
    test.migrations(&[("V1__a.sql", "CREATE TABLE a (id INT PRIMARY KEY);\nALTER TABLE a ENGINE=InnoDB;")]);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| other.sql("ALTER TABLE t ADD c INT"));
        let waits = "Waiting for table metadata lock";
        wait_for("the ALTER to wait", || in_state(&other, waits).len() == 1);
        let migration = start(&test, "migrate");
        wait_for_a_time_out(&test);
        drop(holder);
        let output = migration.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", test.show(&output));
        waiter.join().unwrap();
    });
}
