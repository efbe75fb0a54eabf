//! Wrong inputs: each gives one clear line, the cure, the documented exit code, and no change.

use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::support::{Killed, Test, command, program, server, show, temporary, wait_for};

#[test]
fn nobody_answers() {
    let test = Test::without_database("wrong_down");
    assert_snapshot!(test.run_at("mysql://root@127.0.0.1:1/clinic", "migrate"), @"
    exit 2
    --- stderr
    error: no server answers at `127.0.0.1:1` (connection refused (os error 111)); start it, or correct the URL
    ");
    assert_snapshot!(test.run_at("mysql://root@localhost/clinic?socket=/nowhere/mysqld.sock", "status"), @"
    exit 2
    --- stderr
    error: no server answers at `/nowhere/mysqld.sock` (no such file or directory (os error 2)); start it, or correct the URL
    ");
    assert_snapshot!(test.run_at("mysql://root@no-such-host.invalid/clinic", "status"), @"
    exit 2
    --- stderr
    error: no server answers at `no-such-host.invalid:3306` (failed to lookup address information: name or service not known); start it, or correct the URL
    ");
}

#[test]
fn the_wrong_password() {
    let test = Test::new("wrong_password");
    let url = test.url_as("clerk", &["SELECT"]);
    let wrong = url.replace("pa%3Ass", "secret");
    assert_snapshot!(test.run_at(&wrong, "info"), @"
    exit 2
    --- stderr
    error: could not connect to `<db>` at `<socket>`: MySQL error 1045: Access denied for user 'clerk_<db>'@'localhost' (using password: YES); check the user and the password in the URL, or give the password by `CAREDB_PASSWORD_FILE`
    ");
    assert_snapshot!(test.run_at(&url.replace(":pa%3Ass", ""), "info"), @"
    exit 2
    --- stderr
    error: user `clerk_<db>` needs a password at `<socket>`; give it in the URL or by `CAREDB_PASSWORD_FILE`
    ");
    // from a file, as a job would give it
    test.file("password", "pa:ss\n");
    let mut caredb = command(&test.folder);
    caredb.args(["info", "--quiet", "--url", &url.replace(":pa%3Ass", "")]).env("CAREDB_PASSWORD_FILE", "password");
    assert!(caredb.output().unwrap().status.success());
    caredb.env("CAREDB_PASSWORD_FILE", "nowhere");
    assert_snapshot!(test.show(&caredb.output().unwrap()), @"
    exit 2
    --- stderr
    error: could not read the password from `CAREDB_PASSWORD_FILE`: no such file or directory (os error 2)
    ");
}

#[test]
fn a_missing_database_is_created_on_request() {
    let test = Test::without_database("wrong_missing");
    assert_snapshot!(test.run("info"), @"
    exit 2
    --- stderr
    error: database `<db>` at `<socket>` does not exist; create it with `caredb migrate --create-database`, or correct the URL
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: database `<db>` at `<socket>` does not exist; create it with `caredb migrate --create-database`, or correct the URL
    ");
    assert_snapshot!(test.run("migrate --create-database --to 1"), @"
    exit 0
    --- stdout
    V1  create users table  1 statement <ms> ms
    migrated `<db>` from version 0 to 1: 1 migration, 1 statement in <s> s
    ");
    assert_eq!(test.rows("SELECT @@character_set_database, @@collation_database"), ["utf8mb4|utf8mb4_unicode_ci"]);
}

#[test]
fn a_bad_url() {
    let test = Test::without_database("wrong_url");
    assert_snapshot!(test.run_at("mysql://root:hunter2@localhost/clinic?sslmode=required", "info"), @"
    exit 2
    --- stderr
    error: --url: parameter `sslmode` is not known, did you mean `ssl-mode`?; known are `socket`, `ssl-mode`, `ssl-ca`
    ");
    assert_snapshot!(test.run_at("mysql://root:hunter2@localhost", "info"), @"
    exit 2
    --- stderr
    error: --url: it names no database; write it as `mysql://user:password@host:3306/database`
    ");
    assert_snapshot!(test.run_at("root:hunter2@localhost/clinic", "info"), @"
    exit 2
    --- stderr
    error: --url: not a MySQL URL (it does not begin with `mysql://`); write it as `mysql://user:password@host:3306/database`
    ");
    let mut caredb = command(&test.folder);
    assert_snapshot!(show(&caredb.arg("info").env("DATABASE_URL", "postgres://a:hunter2@b/c").output().unwrap()), @"
    exit 2
    --- stderr
    error: DATABASE_URL: not a MySQL URL (it does not begin with `mysql://`); write it as `mysql://user:password@host:3306/database`
    ");
    let mut caredb = command(&test.folder);
    assert_snapshot!(show(&caredb.arg("info").output().unwrap()), @"
    exit 2
    --- stderr
    error: no database is named, and this project has no private server; give `--url`, or start one with `caredb dev up`
    ");
}

#[test]
fn mariadb_is_told_apart() {
    let test = Test::without_database("wrong_mariadb");
    let folder = temporary("mariadb");
    let data = folder.join("data");
    std::fs::create_dir(&data).unwrap();
    let socket = folder.join("sock");
    // without its system tables it still answers, which is all that is needed
    let child = Command::new(program("mariadb"))
        .args(["--no-defaults", "--user=root", "--skip-grant-tables", "--skip-networking"])
        .args([format!("--datadir={}", data.display()), format!("--socket={}", socket.display())])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.join("log")).unwrap())
        .spawn();
    let server = Killed(child.unwrap());
    let url = format!("mysql://root@localhost/clinic?socket={}", socket.display());
    wait_for("MariaDB to answer", || !test.run_at(&url, "info").contains("no server answers"));
    let answer = test.run_at(&url, "migrate --create-database").replace(&socket.display().to_string(), "<mariadb>");
    let answer = regex::Regex::new(r"MariaDB [\d.]+").unwrap().replace_all(&answer, "MariaDB <version>").into_owned();
    assert_snapshot!(answer, @"
    exit 2
    --- stderr
    error: the server at `<mariadb>` is MariaDB <version>; caredb needs MySQL 8.0.29 or later
    ");
    drop(server);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_missing_privilege() {
    let test = Test::new("wrong_privilege");
    let reader = test.url_as("reader", &["SELECT"]);
    assert_snapshot!(test.run_at(&reader, "migrate"), @r"
    exit 2
    --- stderr
    error: 2 problems in the way, nothing was changed; cure them, or pass over the checks with `--skip-doctor`
    privileges: on `<db>`, `reader_<db>@%` lacks ALTER (for `V12__add_time_checks_and_live_slot_key.sql` line 10), CREATE (for `V1__create_users_table.sql` line 2), CREATE VIEW (for `R__live_and_archived.sql` line 4), DELETE (for caredb's own tables), DROP (for `R__live_and_archived.sql` line 4), INSERT (for `V13__partition_appointments.sql` line 85), REFERENCES (for `V2__create_profiles_tables.sql` line 2), TRIGGER (for `V13__partition_appointments.sql` line 57), UPDATE (for caredb's own tables); have an administrator run: GRANT ALTER, CREATE, CREATE VIEW, DELETE, DROP, INSERT, REFERENCES, TRIGGER, UPDATE ON `t\_wrong\_privilege`.* TO `reader_<db>`@`%`
    log_bin_trust_function_creators: `V13__partition_appointments.sql` line 57 creates a trigger or a function; the binary log is on and `reader_<db>@%` lacks SUPER (error 1419); have an administrator run `SET PERSIST log_bin_trust_function_creators = 1`, or migrate as a user with SUPER
    ");
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
    let stranger = test.url_as("stranger", &[]);
    assert_snapshot!(test.run_at(&stranger, "migrate"), @"
    exit 2
    --- stderr
    error: could not connect to `<db>` at `<socket>`: MySQL error 1044: Access denied for user 'stranger_<db>'@'%' to database '<db>'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ");
    // all of the database's own privileges do not make a trigger where the binary log is on
    let owner = test.url_as("owner", &["ALL"]);
    test.migrations(&[(
        "V1__one.sql",
        "CREATE TABLE t (x INT);\nCREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.x = 1;",
    )]);
    assert_snapshot!(test.run_at(&owner, "migrate --skip-doctor"), @"
    exit 2
    --- stderr
    error: `V1__one.sql` line 2, statement 2 of 2 (`CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.x…`): MySQL error 1419: You do not have the SUPER privilege and binary logging is enabled (you *might* want to use the less safe log_bin_trust_function_creators variable); the binary log is on, so CREATE TRIGGER and CREATE FUNCTION need SUPER: have an administrator run `SET PERSIST log_bin_trust_function_creators = 1`, or migrate as a user with SUPER; applied so far: the first statement of this file
    ");
    // an administrator goes on where it stopped
    test.ok("migrate");
}

#[test]
fn files_that_are_wrong() {
    let test = Test::new("wrong_files");
    let mut answers = String::new();
    let whole = ("V1__one.sql", "CREATE TABLE a (x INT)");
    for files in [
        &[whole, ("V2_two.sql", "SELECT 1")][..],
        &[whole, ("V2__two-b.sql", "SELECT 1")],
        &[whole, ("V1.1__two.sql", "SELECT 1")],
        &[whole, ("notes.sql", "SELECT 1")],
        &[whole, ("U1_drop.sql", "DROP TABLE a")],
        &[whole, ("R__views.sql", "CREATE VIEW v AS SELECT 1")],
        &[whole, ("V01__again.sql", "SELECT 1")],
        &[whole, ("U1__a.sql", "DROP TABLE a"), ("U1__b.sql", "DROP TABLE a")],
        &[whole, ("U2__two.sql", "SELECT 1")],
        &[whole, ("V2__two.sql", "")],
        &[whole, ("V2__two.sql", "-- later\n;\n")],
        &[whole, ("V2__two.sql", "SELECT 1;\nSELECT 'x;\n")],
        &[whole, ("V2__two.sql", "SELECT 1;\nCOMMIT;\n")],
        &[whole, ("V2__two.sql", "SELECT 1;\0")],
    ] {
        let _ = std::fs::remove_dir_all(test.folder.join("migrations"));
        let _ = std::fs::remove_dir_all(test.folder.join("rollbacks"));
        test.migrations(files);
        answers.push_str(&test.run("migrate"));
        answers.push('\n');
    }
    test.migrations(&[whole]).file("migrations/V2__two.sql", b"SELECT 1;\nSELECT '\xff';\n");
    answers.push_str(&test.run("migrate"));
    assert_snapshot!(answers, @"
    exit 2
    --- stderr
    error: `V2_two.sql` is not named like a migration; name it `V<version>__<description>.sql`, the description in letters, digits and `_`
    exit 2
    --- stderr
    error: `V2__two-b.sql` is not named like a migration; name it `V<version>__<description>.sql`, the description in letters, digits and `_`
    exit 2
    --- stderr
    error: `V1.1__two.sql` is not named like a migration; name it `V<version>__<description>.sql`, the description in letters, digits and `_`
    exit 2
    --- stderr
    error: `notes.sql` is not named like a migration; name it `V<version>__<description>.sql`, the description in letters, digits and `_`
    exit 2
    --- stderr
    error: `U1_drop.sql` is not named like a migration; name it `U<version>__<description>.sql`, the description in letters, digits and `_`
    exit 2
    --- stderr
    error: `R__views.sql` line 1: VIEW `v` is created, but not replaced when the file is applied again; write CREATE OR REPLACE VIEW, or put DROP VIEW IF EXISTS `v` before it
    exit 2
    --- stderr
    error: `V01__again.sql` and `V1__one.sql` both have version 1; give one of them the next free version
    exit 2
    --- stderr
    error: `U1__a.sql` and `U1__b.sql` both have version 1; give one of them the next free version
    exit 2
    --- stderr
    error: `U2__two.sql` undoes version 2, but there is no `V2__….sql`; correct its version or remove it
    exit 2
    --- stderr
    error: `V2__two.sql` holds no statement; write one or remove the file
    exit 2
    --- stderr
    error: `V2__two.sql` holds no statement; write one or remove the file
    exit 2
    --- stderr
    error: `V2__two.sql` line 2: the string is not closed; add its end
    exit 2
    --- stderr
    error: `V2__two.sql` line 2: `COMMIT` can't stand in a migration: caredb commits each statement together with its journal; leave it out
    exit 2
    --- stderr
    error: `V2__two.sql` line 1: the file holds a NUL byte; it is not SQL text
    exit 2
    --- stderr
    error: `V2__two.sql` line 2: not UTF-8 text; save the file as UTF-8
    ");
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
    // what is no migration is passed over
    test.migrations(&[
        whole,
        ("V2__two.sql", "SELECT 1"),
        ("V1__one.sql~", "x"),
        (".V3__x.sql", "x"),
        ("README.md", "x"),
    ]);
    test.ok("migrate");
    assert_snapshot!(test.run("migrate --migrations nowhere"), @"
    exit 2
    --- stderr
    error: could not read folder `nowhere`: no such file or directory (os error 2); correct `--migrations` or `caredb.toml`
    ");
}

#[test]
fn a_configuration_that_is_wrong() {
    let test = Test::new("wrong_config");
    let mut answers = String::new();
    for text in ["protectd = true", "protected = 5", "migrations = [1]", "x ="] {
        test.file("caredb.toml", format!("# caredb\n{text}\n"));
        answers.push_str(&test.run("migrate"));
        answers.push('\n');
    }
    answers.push_str(&test.run("migrate --config nowhere.toml"));
    assert_snapshot!(answers, @r#"
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 2: unknown field `protectd`, expected one of `protected`, `migrations`, `rollbacks`, `fixtures`, `partitioned`, `placeholders`, `retention`, `drift`; did you mean `protected`?
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 2: `protected` is true, false, or a list of names such as ["clinic_prod", "prod_*"]
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 2: invalid type: array, expected a string
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 2: string values must be quoted, expected literal string
    exit 2
    --- stderr
    error: could not read `nowhere.toml`: no such file or directory (os error 2)
    "#);
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
}

#[test]
fn a_table_that_is_not_flyways() {
    let test = Test::new("wrong_history");
    test.sql("CREATE TABLE flyway_schema_history (x INT)");
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: table `flyway_schema_history` is not Flyway's: MySQL error 1054: Unknown column 'installed_rank' in 'field list'; caredb needs the name for the migration history: rename the table
    ");
}

#[test]
fn a_secret_is_never_printed() {
    let test = Test::new("wrong_secret");
    let url = test.url_as("clerk", &["SELECT"]).replace("pa%3Ass", "c4n4ry");
    for arguments in ["info", "status", "migrate", "seed", "rollback", "validate", "info --format json"] {
        for url in
            [&url, &url.replace("?socket", "?sockt"), &url.replace("/t_", "/nowhere_"), &url.replace("mysql:", "mysq:")]
        {
            let output = test.run_at(url, arguments);
            assert!(output.starts_with("exit 2"), "{output}");
            assert!(!output.contains("c4n4ry"), "{output}");
        }
    }
    assert!(server().socket().exists());
}
