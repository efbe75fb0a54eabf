//! `migrate`, `info`, `validate`, `new`: given this database, they print this and leave that behind.

use insta::assert_snapshot;

use crate::support::{Killed, Test, block_on, rows_at, server, show, wait_for};

#[test]
fn an_empty_database_gets_all_versions() {
    let test = Test::new("migrate_all");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    V1  create users table  1 statement <ms> ms
    V2  create profiles tables  2 statements <ms> ms
    V3  add appointments  1 statement <ms> ms
    V4  add consultations  1 statement <ms> ms
    V5  add prescriptions  1 statement <ms> ms
    V6  add medical records  1 statement <ms> ms
    V7  add payments  1 statement <ms> ms
    V8  add doctor schedules  2 statements <ms> ms
    V9  add reviews  1 statement <ms> ms
    V10  add notifications  1 statement <ms> ms
    V11  add audit logs  1 statement <ms> ms
    V12  add time checks and live slot key  3 statements <ms> ms
    V13  partition appointments  17 statements <ms> ms
    V14  add archives  11 statements <ms> ms
    V15  compressed medical records  1 statement <ms> ms
    R  live and archived  5 statements <ms> ms
    R  medical records all  1 statement <ms> ms
    migrated `<db>` from version 0 to 15: 17 migrations, 51 statements in <s> s
    --- stderr
    `appointments` has no months yet, `caredb partition ensure` makes them
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    nothing to do: `<db>` is at version 15
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  create users table  Success  <time> <ms>  yes
      2  create profiles tables  Success  <time> <ms>  yes
      3  add appointments  Success  <time> <ms>  yes
      4  add consultations  Success  <time> <ms>  yes
      5  add prescriptions  Success  <time> <ms>  yes
      6  add medical records  Success  <time> <ms>  yes
      7  add payments  Success  <time> <ms>  yes
      8  add doctor schedules  Success  <time> <ms>  yes
      9  add reviews  Success  <time> <ms>  yes
      10  add notifications  Success  <time> <ms>  yes
      11  add audit logs  Success  <time> <ms>  yes
      12  add time checks and live slot key  Success  <time> <ms>  yes
      13  partition appointments  Success  <time> <ms>  yes
      14  add archives  Success  <time> <ms>  yes
      15  compressed medical records  Success  <time> <ms>  yes
      live and archived  Success  <time> <ms>  yes
      medical records all  Success  <time> <ms>  yes

    `<db>` is at version 15
    ");
    assert_snapshot!(test.run("validate"), @"
    exit 0
    --- stdout
    valid: 15 versions applied to `<db>`, 17 files in all
    ");
}

#[test]
fn to_stops_and_dry_run_changes_nothing() {
    let test = Test::new("migrate_to");
    test.migrations(&[
        ("V1__one.sql", "-- first\nCREATE TABLE a (x INT);\n\nCREATE TABLE b (x INT);\n"),
        ("V2__two.sql", "ALTER TABLE a ADD y INT\n"),
        ("U2__undo_two.sql", "ALTER TABLE a DROP y;"),
    ]);
    assert_snapshot!(test.run("migrate --dry-run"), @"
    exit 0
    --- stdout
    -- V1__one.sql statement 1 of 2
    CREATE TABLE a (x INT);

    -- V1__one.sql statement 2 of 2
    CREATE TABLE b (x INT);

    -- V2__two.sql statement 1 of 1, instant
    ALTER TABLE a ADD y INT;

    -- dry run, nothing was changed: 2 migrations, 3 statements would take version 0 to 2
    ");
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
    assert_snapshot!(test.run("migrate --to 1"), @"
    exit 0
    --- stdout
    V1  one  2 statements <ms> ms
    migrated `<db>` from version 0 to 1: 1 migration, 2 statements in <s> s
    ");
    assert_snapshot!(test.run("migrate --dry-run"), @"
    exit 0
    --- stdout
    -- V2__two.sql statement 1 of 1, instant
    ALTER TABLE a ADD y INT;

    -- dry run, nothing was changed: 1 migration, 1 statement would take version 1 to 2
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  no
      2  two  Pending  yes

    `<db>` is at version 1
    ");
    assert_snapshot!(test.run("migrate --to 7"), @"
    exit 2
    --- stderr
    error: there is no version 7 to go to; `caredb info` lists them
    ");
    test.ok("migrate");
    assert_snapshot!(test.run("migrate --to 1"), @"
    exit 2
    --- stderr
    error: the database is at version 2, above 1; to go back, say `caredb rollback --to 1`
    ");
    assert_snapshot!(test.run("rollback --dry-run"), @"
    exit 0
    --- stdout
    -- U2__undo_two.sql statement 1 of 1, DESTRUCTIVE: it drops a column with its values
    ALTER TABLE a DROP y;

    -- dry run, nothing was changed: 1 migration, 1 statement would take version 2 to 1
    ");
}

#[test]
fn json_is_one_object_a_line() {
    let test = Test::new("migrate_json");
    test.migrations(&[("V1__one.sql", "CREATE TABLE a (x INT)"), ("U1__undo.sql", "DROP TABLE a")]);
    let run = |arguments: &str| {
        let text = test.run(&format!("{arguments} --format json"));
        let digits = regex::Regex::new(r#""duration_ms":\d+|"execution_ms":\d+"#).unwrap();
        digits.replace_all(&text, r#""…_ms":0"#).into_owned()
    };
    assert_snapshot!(run("migrate"), @r#"
    exit 0
    --- stdout
    {"event":"migration","direction":"up","version":1,"description":"one","statements":1,"…_ms":0}
    {"command":"migrate","outcome":"done","database":"<db>","from":0,"to":1,"migrations":1,"statements":1,"…_ms":0}
    "#);
    assert_snapshot!(run("info"), @r#"
    exit 0
    --- stdout
    {"command":"info","outcome":"done","database":"<db>","version":1,"versions":[{"version":"1","description":"one","state":"Success","installed_on":"<time>","…_ms":0,"undo":true}]}
    "#);
    assert_snapshot!(run("rollback --steps 1"), @r#"
    exit 0
    --- stdout
    {"event":"migration","direction":"down","version":1,"description":"undo","statements":1,"…_ms":0}
    {"command":"rollback","outcome":"done","database":"<db>","from":1,"to":0,"migrations":1,"statements":1,"…_ms":0}
    "#);
    assert_snapshot!(run("migrate --to 9"), @r#"
    exit 2
    --- stdout
    {"command":"migrate","outcome":"error","error":"there is no version 9 to go to; `caredb info` lists them"}
    --- stderr
    error: there is no version 9 to go to; `caredb info` lists them
    "#);
}

#[test]
fn the_history_is_flyways() {
    let test = Test::new("migrate_history");
    test.migrations(&[("V1__create_t.sql", "CREATE TABLE t(a INT);\r\nINSERT INTO t VALUES(1);\r\n")]);
    test.ok("migrate");
    // the checksum is Flyway's own vector, see facts.md
    assert_eq!(
        test.rows("SELECT installed_rank, version, description, type, script, checksum, installed_by, success FROM flyway_schema_history"),
        ["1|1|create t|SQL|V1__create_t.sql|214564623|root|1"]
    );
    assert_eq!(
        test.rows("SELECT version, attempt, direction, statement, statements, state, applied_by FROM caredb_journal"),
        ["1|1|up|1|2|done|root@localhost", "1|1|up|2|2|done|root@localhost"]
    );
}

#[test]
fn stored_programs_need_no_delimiter() {
    let test = Test::new("migrate_programs");
    let body = "BEGIN\n  IF NEW.x > 1 THEN SET NEW.x = IF(NEW.x > 5, 5, NEW.x); END IF;\n  SET NEW.y = 'a;b';\nEND";
    let plain = format!(
        "CREATE TABLE t (x INT, y TEXT);\nCREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW {body};\nINSERT INTO t (x) VALUES (9);\n"
    );
    let delimited = format!(
        "DELIMITER $$\nCREATE TRIGGER two BEFORE UPDATE ON t FOR EACH ROW {body}$$\nDELIMITER ;\nUPDATE t SET x = 7;\n"
    );
    test.migrations(&[("V1__plain.sql", &plain), ("V2__delimited.sql", &delimited)]);
    test.ok("migrate");
    assert_eq!(test.rows("SELECT * FROM t"), ["5|a;b"]);
    assert_eq!(
        test.rows("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1"),
        ["one", "two"]
    );
}

#[test]
fn validate_finds_what_differs() {
    let test = Test::new("validate");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT)"),
        ("V2__two.sql", "CREATE TABLE b (x INT)"),
        ("V4__four.sql", "CREATE TABLE c (x INT)"),
    ]);
    test.ok("migrate");
    test.file("migrations/V1__one.sql", "CREATE TABLE a (x BIGINT)");
    std::fs::remove_file(test.folder.join("migrations/V2__two.sql")).unwrap();
    test.file("migrations/V3__late.sql", "CREATE TABLE d (x INT)");
    assert_snapshot!(test.run("validate"), @"
    exit 1
    --- stdout
    `V1__one.sql` was edited after it was applied (checksum 357506204, file has -296138966); put the old text back and make the change a new migration
    version 2 (`V2__two.sql`) is applied, but its file is missing; put it back into the migrations folder, or say `caredb repair` if it is gone for good
    `V3__late.sql` is not applied, but version 4, which is higher, is; give the file a version above 4, or say `caredb migrate --out-of-order`
    invalid: 3 findings in `<db>`
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V1__one.sql` was edited after it was applied (checksum 357506204, file has -296138966); put the old text back and make the change a new migration
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  no
      2  two  Missing  <time> <ms>  no
      3  late  Ignored  no
      4  four  Success  <time> <ms>  no

    `<db>` is at version 4
    ");
}

#[test]
fn new_writes_the_next_pair() {
    let test = Test::new("new");
    test.migrations(&[("V7__seven.sql", "SELECT 1")]);
    assert_snapshot!(test.run("new add_clinics"), @"
    exit 0
    --- stdout
    <folder>/migrations/V8__add_clinics.sql
    <folder>/rollbacks/U8__undo_add_clinics.sql
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V8__add_clinics.sql` holds no statement; write one or remove the file
    ");
    assert_snapshot!(test.run("new 'x;y'"), @r"
    exit 2
    --- stderr
    error: `\'x;y\'` can't name a migration; use letters, digits and `_`: `caredb new add_clinics`
    ");
    let empty = Test::new("new_nowhere");
    assert_snapshot!(empty.run("new add_clinics"), @"
    exit 2
    --- stderr
    error: there is no folder `migrations` here; make it, or name one by `--migrations` or in `caredb.toml`
    ");
}

#[test]
fn one_run_at_a_time() {
    let test = Test::new("migrate_lock");
    test.migrations(&[("V1__one.sql", "CREATE TABLE a (x INT)")]);
    let lock = format!("caredb migrate {}", test.database);
    let mut holder = block_on(test.connect());
    block_on(async { sqlx::query("SELECT GET_LOCK(?, 0)").bind(&lock).execute(&mut holder).await.unwrap() });
    let connection: u64 =
        block_on(async { sqlx::query_scalar("SELECT CONNECTION_ID()").fetch_one(&mut holder).await.unwrap() });
    // information_schema can't tell of any session while one runs such a statement
    let socket = server().socket();
    let busy = std::thread::spawn(move || rows_at(&socket, "SELECT '😀', SLEEP(600)"));
    let mut found = Vec::new();
    wait_for("the statement", || {
        found = test.rows(
            "SELECT ID FROM performance_schema.processlist WHERE INFO LIKE '%SLEEP(600)' AND ID <> CONNECTION_ID()",
        );
        !found.is_empty()
    });
    let text = test.run("migrate --lock-timeout 0").replace(&connection.to_string(), "<id>");
    test.sql(&format!("KILL QUERY {}", found[0]));
    assert_eq!(busy.join().unwrap(), ["😀|1"]);
    let text = regex::Regex::new(r"for \d+ s").unwrap().replace_all(&text, "for <n> s").into_owned();
    assert_snapshot!(text, @"
    exit 4
    --- stderr
    waiting for lock `caredb migrate <db>`, held by connection <id> (root@localhost, Sleep, for <n> s)
    error: another run holds lock `caredb migrate <db>`: connection <id> (root@localhost, Sleep, for <n> s); waited 0 s; run again when it has ended
    ");
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());

    // one that waits goes on when the lock is free
    let mut waiting = test.command("migrate");
    let mut waiting =
        Killed(waiting.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap());
    wait_for("the second run to wait for the lock", || {
        test.rows(&format!(
            "SELECT COUNT(*) FROM performance_schema.processlist WHERE state = 'User lock' AND db = '{}'",
            test.database
        )) == ["1"]
    });
    drop(holder);
    assert!(waiting.0.wait().unwrap().success());
    assert_eq!(test.rows("SELECT version FROM flyway_schema_history"), ["1"]);
}

#[test]
fn of_twenty_at_once_one_works() {
    let test = Test::new("migrate_twenty");
    let runs: Vec<_> = (0..20)
        .map(|_| {
            test.command("migrate")
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let outputs: Vec<_> = runs.into_iter().map(|run| run.wait_with_output().unwrap()).collect();
    assert!(
        outputs.iter().all(|output| output.status.success()),
        "{}",
        outputs.iter().map(show).collect::<Vec<_>>().join("\n")
    );
    let worked = outputs.iter().filter(|output| String::from_utf8_lossy(&output.stdout).contains("migrated `")).count();
    assert_eq!(worked, 1);
    assert_eq!(test.rows("SELECT COUNT(*), COUNT(DISTINCT version) FROM flyway_schema_history"), ["17|15"]);
}

#[test]
fn a_plan_is_applied_only_to_the_state_that_it_was_made_for() {
    let test = Test::new("migrate_plan");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT)"),
        ("V2__two.sql", "CREATE TABLE b (x INT); INSERT INTO b VALUES (1)"),
    ]);
    test.ok("migrate --to 1");
    test.ok("migrate --dry-run --plan plan.json");
    assert_eq!(test.rows("SHOW TABLES LIKE 'b'"), Vec::<String>::new());
    let paper = std::fs::read_to_string(test.folder.join("plan.json")).unwrap();
    assert!(paper.contains("\"CREATE TABLE b (x INT)\""), "{paper}");
    // a file that has changed, another file, another run, another paper
    test.file("migrations/V2__two.sql", "CREATE TABLE b (x BIGINT); INSERT INTO b VALUES (1)");
    assert_snapshot!(test.run("migrate --plan plan.json"), @"
    exit 3
    --- stderr
    error: the plan `plan.json` was made for another state: `V2__two.sql` has changed; look at a new one with `caredb migrate --dry-run --plan plan.json`
    ");
    test.file("migrations/V2__two.sql", "CREATE TABLE b (x INT); INSERT INTO b VALUES (1)");
    test.file("migrations/V3__three.sql", "CREATE TABLE c (x INT)");
    assert_snapshot!(test.run("migrate --plan plan.json"), @"
    exit 3
    --- stderr
    error: the plan `plan.json` was made for another state: the way was `1 to 2` and is `1 to 3`; look at a new one with `caredb migrate --dry-run --plan plan.json`
    ");
    std::fs::remove_file(test.folder.join("migrations/V3__three.sql")).unwrap();
    test.sql("UPDATE caredb_journal SET state = 'undone'");
    assert_snapshot!(test.run("migrate --plan plan.json"), @"
    exit 3
    --- stderr
    error: the plan `plan.json` was made for another state: another run has been at work on the database; look at a new one with `caredb migrate --dry-run --plan plan.json`
    ");
    test.sql("UPDATE caredb_journal SET state = 'done'");
    test.file("other.json", "{}");
    assert_snapshot!(test.run("migrate --plan other.json"), @"
    exit 2
    --- stderr
    error: `other.json` is not a plan of `caredb migrate --dry-run --plan`: missing field `caredb` at line 1 column 2
    ");
    assert_eq!(test.rows("SHOW TABLES LIKE 'b'"), Vec::<String>::new());
    assert_snapshot!(test.run("migrate --plan plan.json"), @"
    exit 0
    --- stdout
    V2  two  2 statements <ms> ms
    migrated `<db>` from version 1 to 2: 1 migration, 2 statements in <s> s
    ");
    assert_snapshot!(test.run("migrate --plan plan.json"), @"
    exit 3
    --- stderr
    error: the plan `plan.json` was made for another state: the way was `1 to 2` and is `2 to 2`; look at a new one with `caredb migrate --dry-run --plan plan.json`
    ");
}
