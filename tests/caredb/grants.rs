//! `grants`: an account with exactly what is printed runs its commands; one that lacks a part of it is told which.

use std::sync::OnceLock;

use insta::assert_snapshot;

use crate::support::{Server, Test, command, show};
use crate::{import_run, retention_archive};

/// A server whose administrator did what is printed for triggers; that of the run is not changed under other tests.
fn trusting() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start("grants", &["--log-bin-trust-function-creators=1"]))
}

/// Makes an account, gives it what `caredb grants` prints, as it is printed, and returns its URL.
fn account(test: &Test, role: &str) -> String {
    let url = test.url_as(role, &[]);
    let account = format!("'{}'@'%'", test.user(role));
    let output = command(&test.folder)
        .args(["grants", role, "--account", &account, "--database", &test.database])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", show(&output));
    test.sql(&String::from_utf8(output.stdout).unwrap());
    url
}

/// Runs a command as an account; how it ends must be as it says. Returns what it says.
fn run(test: &Test, url: &str, exit: u8, arguments: &str) -> String {
    let text = test.run_at(url, arguments);
    assert!(text.starts_with(&format!("exit {exit}\n")), "{arguments}: {text}");
    text
}

/// Runs commands that change nothing as an account and as root: both must be told the same.
fn same(test: &Test, url: &str, commands: &[&str]) {
    let varying = regex::Regex::new(r"\d+\.\d+ s|connection \d+|server +.*|as \S+@\S+").unwrap();
    for arguments in commands {
        let [account, root] = [test.run_at(url, arguments), test.run(arguments)]
            .map(|text| varying.replace_all(&text, "<varies>").into_owned());
        assert_eq!(account, root, "{arguments}");
    }
}

fn drop_user(test: &Test, role: &str) {
    test.sql(&format!("DROP USER '{}'", test.user(role)));
}

#[test]
fn who_migrates_needs_no_more() {
    let test = Test::on(trusting(), "grants_migrate");
    let url = account(&test, "migrate");
    run(&test, &url, 0, "migrate");
    run(&test, &url, 0, "verify --from 15");
    same(&test, &url, &["status", "info"]);
    run(&test, &url, 0, "doctor");
    run(&test, &url, 0, "repair --yes");
    test.sql(&format!(
        "REVOKE CREATE VIEW ON `{}`.* FROM '{}'",
        test.database.replace('_', "\\_"),
        test.user("migrate")
    ));
    run(&test, &url, 0, "rollback --to 0 --yes");
    assert_snapshot!(run(&test, &url, 2, "migrate"), @r#"
    exit 2
    --- stderr
    error: 1 problem in the way, nothing was changed; cure it, or pass over the checks with `--skip-doctor`
    privileges: on `<db>`, `migrate_<db>@%` lacks CREATE VIEW (for `R__live_and_archived.sql` line 4); have an administrator run: GRANT CREATE VIEW ON `t\_grants\_migrate`.* TO `migrate_<db>`@`%`
    "#);
    drop_user(&test, "migrate");
}

#[test]
fn ci_needs_no_more() {
    let test = Test::on(trusting(), "grants_ci");
    test.migrations(&[
        (
            "V1__a.sql",
            "CREATE TABLE a (id INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES a (id));
             CREATE VIEW v AS SELECT id FROM a;
             CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET NEW.b = NULL;
             CREATE PROCEDURE p() SELECT 1;
             CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM a",
        ),
        ("U1__a.sql", "DROP EVENT e; DROP PROCEDURE p; DROP VIEW v; DROP TABLE a"),
        ("V2__b.sql", "ALTER TABLE a ADD c INT"),
        ("U2__b.sql", "ALTER TABLE a DROP c"),
    ]);
    test.ok("migrate");
    let url = account(&test, "ci");
    same(&test, &url, &["validate", "verify", "drift --no-cache", "lint"]);
    // what is not in the files is seen, too
    test.sql("CREATE TRIGGER h BEFORE UPDATE ON a FOR EACH ROW SET NEW.b = NULL; CREATE PROCEDURE q() SELECT 1");
    test.sql("CREATE EVENT f ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM a; CREATE VIEW w AS SELECT id FROM a");
    assert!(run(&test, &url, 1, "drift").contains("4 extra"));
    // what it may not do is what it does not need
    let refused = run(&test, &url, 2, "rollback --yes");
    assert!(refused.contains("lacks") && !refused.contains("done"), "{refused}");
    test.sql(&format!(
        "REVOKE ALL ON `{}`.* FROM '{}'",
        format!("{}_verify", test.database).replace('_', "\\_"),
        test.user("ci")
    ));
    assert_snapshot!(run(&test, &url, 2, "verify"), @"
    exit 2
    --- stderr
    error: could not create scratch schema `<db>_verify`: MySQL error 1044: Access denied for user 'ci_<db>'@'%' to database '<db>_verify'; have an administrator grant this account ALL on `<db>_verify`.*, or name a schema that it may create by `--scratch`
    ");
    drop_user(&test, "ci");
}

#[test]
fn cron_needs_no_more() {
    const TODAY: &str = "--today 2024-03-15";
    let test = retention_archive::clinic("grants_cron", 60);
    test.sql(
        "INSERT INTO notifications (id, user_id, type, title, message, is_read, created_at)
         VALUES ('n1', 'u1', 'GENERAL', 't', 'm', TRUE, '2023-04-01'), ('n2', 'u1', 'GENERAL', 't', 'm', TRUE, '2023-05-01');
         INSERT INTO medical_records (id, patient_id, uploaded_by, record_type, title, file_url, file_size, mime_type, record_date)
         VALUES ('r1', 'p1', 'u2', 'XRAY', 't', 'f', 1, 'm', '2021-01-01')",
    );
    let url = account(&test, "cron");
    run(&test, &url, 0, "partition list");
    run(&test, &url, 0, &format!("partition ensure --ahead 4 {TODAY}"));
    run(&test, &url, 0, &format!("archive appointments --method exchange {TODAY}"));
    run(&test, &url, 0, "archive verify");
    run(&test, &url, 0, "archive restore --all");
    run(&test, &url, 0, "hold add --patient p1 --reason x");
    run(&test, &url, 0, "hold release 1 --reason y");
    run(&test, &url, 0, &format!("purge notifications --older-than 330d {TODAY}"));
    run(&test, &url, 0, &format!("cron {TODAY}"));
    same(
        &test,
        &url,
        &["partition check --today 2024-03-15", "archive verify", "runs list", "runs verify", "hold list"],
    );
    run(&test, &url, 0, "compress medical-records --decompress");
    run(&test, &url, 0, "archive restore --all");
    let revoke = |what: &str| {
        test.sql(&format!("REVOKE {what} ON `{}`.* FROM '{}'", test.database.replace('_', "\\_"), test.user("cron")));
    };
    revoke("LOCK TABLES");
    assert_snapshot!(run(&test, &url, 2, &format!("archive appointments --method exchange {TODAY}")), @"
    exit 2
    --- stderr
    error: could not move a month: MySQL error 1044: Access denied for user 'cron_<db>'@'%' to database '<db>'; ask for the missing privilege LOCK TABLES (`caredb grants cron` prints what is needed) and run again
    ");
    revoke("ALTER");
    assert_snapshot!(run(&test, &url, 2, &format!("partition ensure --ahead 9 {TODAY}")), @"
    exit 2
    --- stderr
    error: could not split `p_future` for 2024-08 to 2024-10 of table `appointments`: MySQL error 1142: ALTER command denied to user 'cron_<db>'@'localhost' for table 'appointments'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ");
    drop_user(&test, "cron");
}

#[test]
fn who_seeds_needs_no_more() {
    const SIZE: &str = "--patients 5 --doctors 2 --months 1 --until 2026-01-01";
    let test = Test::new("grants_seed");
    test.ok("migrate");
    let url = account(&test, "seed");
    run(&test, &url, 0, &format!("seed generate {SIZE}"));
    run(&test, &url, 0, &format!("seed generate {SIZE} --reset --yes"));
    run(&test, &url, 0, "seed --today 2026-07-01");
    run(&test, &url, 0, "seed --reset --today 2026-07-01 --yes");
    run(&test, &url, 0, "seed check");
    run(&test, &url, 0, "seed export --tables users --to out --key k");
    test.sql(&format!("REVOKE DELETE ON `{}`.* FROM '{}'", test.database.replace('_', "\\_"), test.user("seed")));
    assert_snapshot!(run(&test, &url, 2, "seed --reset --today 2026-07-01 --yes"), @"
    exit 2
    --- stderr
    the reset of `demo` deletes 664 rows: 63 of `notifications`, 53 of `audit_logs`, 44 of `prescriptions`, 36 of `reviews`, 116 of `payments`, 94 of `consultations`, 31 of `time_slots`, 27 of `medical_records`, 5 of `doctor_unavailability`, 132 of `appointments`, 24 of `patient_profiles`, 6 of `doctor_profiles`, 33 of `users`
    error: could not delete `demo/notifications.toml` row `wei_reminder_01`: MySQL error 1142: DELETE command denied to user 'seed_<db>'@'localhost' for table 'notifications'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ");
    drop_user(&test, "seed");
}

#[test]
fn who_imports_needs_no_more() {
    let test = import_run::clinic("grants_import");
    let url = account(&test, "import");
    run(&test, &url, 1, "import check old.toml");
    run(&test, &url, 1, "import run old.toml --max-errors 60%");
    same(&test, &url, &["import verify old.toml"]);
    let patients = std::fs::read(test.folder.join("patients.csv")).unwrap();
    let changed = String::from_utf8_lossy(&patients).replace("Roe, Jane", "Doe, Jane").replace('\u{fffd}', "o");
    test.file("patients.csv", changed);
    let text = run(&test, &url, 1, "import run old.toml --max-errors 60% --on-conflict update");
    assert!(text.contains("patient_profiles  0  1  1  1  0"), "{text}");
    test.sql(&format!("REVOKE INSERT ON `{}`.* FROM '{}'", test.database.replace('_', "\\_"), test.user("import")));
    assert_snapshot!(run(&test, &url, 2, "import run old.toml --max-errors 60%"), @"
    exit 2
    --- stderr
    error: could not write to table `caredb_import_runs`: MySQL error 1142: INSERT command denied to user 'import_<db>'@'localhost' for table 'caredb_import_runs'; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ");
    drop_user(&test, "import");
}

#[test]
fn no_server_is_asked_and_every_name_is_taken() {
    let test = Test::without_database("grants_names");
    let run = |arguments: &[&str]| show(&command(&test.folder).arg("grants").args(arguments).output().unwrap());
    assert_snapshot!(run(&["import", "--database", "a_`%"]), @r#"
    exit 0
    --- stdout
    -- to load rows, and to note which ones came from where
    GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `a\_``\%`.* TO `caredb_import`@`%`;
    -- to tell the primary where the server is in a replication group
    GRANT SELECT ON `performance_schema`.`replication_group_members` TO `caredb_import`@`%`;
    "#);
    assert_snapshot!(run(&["import", "--url", "mysql://nobody@db.invalid/clinic", "--format", "json"]), @r#"
    exit 0
    --- stdout
    {"command":"grants","outcome":"done","role":"import","account":"`caredb_import`@`%`","statements":[{"why":"to load rows, and to note which ones came from where","sql":"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `clinic`.* TO `caredb_import`@`%`"},{"why":"to tell the primary where the server is in a replication group","sql":"GRANT SELECT ON `performance_schema`.`replication_group_members` TO `caredb_import`@`%`"}]}
    "#);
    assert_snapshot!(run(&["import"]), @"
    exit 2
    --- stderr
    error: name the database by `--database`, or by `--url`: no database is named, and this project has no private server; give `--url`, or start one with `caredb dev up`
    ");
    assert_snapshot!(run(&["import", "--database", "x", "--account", "'me"]), @"
    exit 2
    --- stderr
    error: invalid value ''me' for '--account <ACCOUNT>': its ' is not closed

    For more information, try '--help'.
    ");
    let long = "x".repeat(60);
    assert!(run(&["cron", "--database", &long]).starts_with("exit 0"));
    // the scratch schema's name is cut, and has a hash instead
    let of_ci = run(&["ci", "--database", &long]);
    let scratch = format!("`{}\\_84566879\\_verify`", "x".repeat(48));
    assert!(of_ci.contains(&format!("\nGRANT ALL ON {scratch}.* TO `caredb_ci`@`%`;\n")), "{of_ci}");
}
