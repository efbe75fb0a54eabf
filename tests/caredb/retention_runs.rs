//! The run ledger: what a run leaves, and what is found when another hand changed it.

use std::process::{Command, ExitStatus, Stdio};

use caredb::db::connect::connect;
use caredb::db::target::Target;
use caredb::retention::ledger::{self, Ending, Job, Run};
use chrono::NaiveDate;
use insta::assert_snapshot;
use serde_json::json;
use sqlx::Connection as _;
use sqlx::mysql::MySqlConnection;

use crate::support::{Test, block_on};

fn job(command: &'static str) -> Job {
    Job {
        command,
        policy: json!({ "older_than": "1y", "status": ["COMPLETED"] }),
        cut_off: NaiveDate::from_ymd_opt(2025, 1, 1),
    }
}

/// A run that archives two months, the second in two batches.
async fn archive(conn: &mut MySqlConnection) -> Run {
    let run = ledger::begin(conn, &job("archive appointments")).await.unwrap();
    for (part, rows, checksum) in [("p_2024_01", 3, 9_000_000_000), ("p_2024_02", 1, 7), ("p_2024_02", 2, 8)] {
        run.record(conn, "archive", part, rows, checksum, 100).await.unwrap();
        run.set_state(conn, part, "archive", "done").await.unwrap();
    }
    run
}

async fn end(conn: &mut MySqlConnection, run: Run) -> String {
    run.end(conn, Ending::Done, &json!({ "rows": 6 })).await.unwrap()
}

/// `runs` sealed runs on a fresh schema.
fn sealed(name: &str, runs: usize) -> Test {
    let test = Test::new(name);
    test.ok("migrate --to 11");
    block_on(async {
        let mut conn = test.connect().await;
        ledger::create(&mut conn).await.unwrap();
        for _ in 0..runs {
            let run = archive(&mut conn).await;
            end(&mut conn, run).await;
        }
    });
    test
}

/// What the ledger says in the same way every time: hashes are of times.
fn steady(test: &Test) {
    test.sql(
        "UPDATE caredb_runs SET host = 'cron', started_at = '2026-11-24 01:00:00', ended_at = IF(ended_at IS NULL, NULL, '2026-11-24 01:00:09.5')",
    );
    // in its order
    for id in test.rows("SELECT id FROM caredb_runs WHERE seal IS NOT NULL ORDER BY seal") {
        let hash = |id: &str| {
            let id = id.parse().unwrap();
            block_on(async { ledger::find(&mut test.connect().await, id).await.unwrap().unwrap().seal_hash() })
        };
        test.sql(&format!(
            "UPDATE caredb_runs r LEFT JOIN caredb_runs l ON l.seal = r.seal - 1 SET r.previous = l.hash WHERE r.id = {id}"
        ));
        test.sql(&format!("UPDATE caredb_runs SET hash = '{}' WHERE id = {id}", hash(&id)));
        test.sql(&format!(
            "UPDATE audit_logs a JOIN caredb_runs r ON r.id = {id}
             SET a.metadata = JSON_SET(a.metadata, '$.hash', r.hash, '$.host', r.host)
             WHERE a.entity_type = 'caredb_runs' AND a.entity_id = '{id}'"
        ));
    }
}

/// What caredb prints, to the space.
fn exactly(test: &Test, arguments: &str) -> String {
    let output = test.command(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("exit {}\n{}{}", output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Four runs that ended and one that did not.
fn five_runs(name: &str) -> Test {
    let test = sealed(name, 1);
    block_on(async {
        let mut conn = test.connect().await;
        let run = ledger::begin(&mut conn, &job("purge notifications")).await.unwrap();
        run.record(&mut conn, "purge", "notifications", 2000, 1 << 40, 1 << 20).await.unwrap();
        run.end(&mut conn, Ending::Stopped, &json!({})).await.unwrap();
        let run = ledger::begin(&mut conn, &Job { cut_off: None, ..job("archive restore") }).await.unwrap();
        run.record(&mut conn, "restore", "p_2024_01", 1, 7, 70).await.unwrap();
        end(&mut conn, run).await;
        let run = ledger::begin(&mut conn, &job("compress medical-records")).await.unwrap();
        end(&mut conn, run).await;
        archive(&mut conn).await;
    });
    steady(&test);
    test
}

#[test]
fn runs_are_listed_and_shown() {
    let test = five_runs("runs");
    assert_snapshot!(exactly(&test, "runs list"), @"
    exit 0
    run  command                   started at           outcome              cut-off     did              by
      1  archive appointments      2026-11-24 01:00:00  done                 2025-01-01  archive 6 rows   root@localhost on cron
      2  purge notifications       2026-11-24 01:00:00  stopped              2025-01-01  purge 2000 rows  root@localhost on cron
      3  archive restore           2026-11-24 01:00:00  done                             restore 1 row    root@localhost on cron
      4  compress medical-records  2026-11-24 01:00:00  done                 2025-01-01                   root@localhost on cron
      5  archive appointments      2026-11-24 01:00:00  under way or killed  2025-01-01  archive 6 rows   root@localhost on cron

    5 runs in the ledger
    ");
    assert_snapshot!(exactly(&test, "runs list --format json"), @r#"
    exit 0
    {"command":"runs list","outcome":"done","runs":[{"run":1,"command":"archive appointments","policy":{"older_than":"1y","status":["COMPLETED"]},"cut_off":"2025-01-01","account":"root@localhost","host":"cron","started_at":"2026-11-24 01:00:00.000","ended_at":"2026-11-24 01:00:09.500","ended":"done","summary":{"rows":6},"totals":{"archive":{"rows":6,"checksum":"9000000015","bytes":300}},"parts":[{"part":"p_2024_01","action":"archive","rows":3,"checksum":"9000000000","bytes":100,"state":"done"},{"part":"p_2024_02","action":"archive","rows":3,"checksum":"15","bytes":200,"state":"done"}],"seal":1,"previous":null,"hash":"d895e8e310c0e1e8b0353475d54f8ac2ac47a50dcfd80ae226c2d66aa6e6db63"},{"run":2,"command":"purge notifications","policy":{"older_than":"1y","status":["COMPLETED"]},"cut_off":"2025-01-01","account":"root@localhost","host":"cron","started_at":"2026-11-24 01:00:00.000","ended_at":"2026-11-24 01:00:09.500","ended":"stopped","summary":{},"totals":{"purge":{"rows":2000,"checksum":"1099511627776","bytes":1048576}},"parts":[{"part":"notifications","action":"purge","rows":2000,"checksum":"1099511627776","bytes":1048576,"state":"begun"}],"seal":2,"previous":"d895e8e310c0e1e8b0353475d54f8ac2ac47a50dcfd80ae226c2d66aa6e6db63","hash":"ca38eaa9c189c5a816a4816418b4b841e85743018ef3e1f0486908e7b74aab32"},{"run":3,"command":"archive restore","policy":{"older_than":"1y","status":["COMPLETED"]},"cut_off":null,"account":"root@localhost","host":"cron","started_at":"2026-11-24 01:00:00.000","ended_at":"2026-11-24 01:00:09.500","ended":"done","summary":{"rows":6},"totals":{"restore":{"rows":1,"checksum":"7","bytes":70}},"parts":[{"part":"p_2024_01","action":"restore","rows":1,"checksum":"7","bytes":70,"state":"begun"}],"seal":3,"previous":"ca38eaa9c189c5a816a4816418b4b841e85743018ef3e1f0486908e7b74aab32","hash":"7b9acf9aabc225ffdecb8e6a7afb1500a96bc9d967cccc4bad722f28974ba442"},{"run":4,"command":"compress medical-records","policy":{"older_than":"1y","status":["COMPLETED"]},"cut_off":"2025-01-01","account":"root@localhost","host":"cron","started_at":"2026-11-24 01:00:00.000","ended_at":"2026-11-24 01:00:09.500","ended":"done","summary":{"rows":6},"totals":{},"parts":[],"seal":4,"previous":"7b9acf9aabc225ffdecb8e6a7afb1500a96bc9d967cccc4bad722f28974ba442","hash":"dc8db21f9bcb0b67c67960e8121e50e165739d8275835554812f68ec38cf91d4"},{"run":5,"command":"archive appointments","policy":{"older_than":"1y","status":["COMPLETED"]},"cut_off":"2025-01-01","account":"root@localhost","host":"cron","started_at":"2026-11-24 01:00:00.000","ended_at":null,"ended":null,"summary":null,"totals":{"archive":{"rows":6,"checksum":"9000000015","bytes":300}},"parts":[{"part":"p_2024_01","action":"archive","rows":3,"checksum":"9000000000","bytes":100,"state":"done"},{"part":"p_2024_02","action":"archive","rows":3,"checksum":"15","bytes":200,"state":"done"}],"seal":null,"previous":null,"hash":null}]}
    "#);
    assert_snapshot!(exactly(&test, "runs show 1"), @r#"
    exit 0
    run          1, archive appointments
    by           root@localhost on cron
    started at   2026-11-24 01:00:00
    ended at     2026-11-24 01:00:09
    outcome      done
    cut-off      2025-01-01
    policy       {"older_than":"1y","status":["COMPLETED"]}
    summary      {"rows":6}
    hash         d895e8e310c0e1e8b0353475d54f8ac2ac47a50dcfd80ae226c2d66aa6e6db63

    part       action   rows    checksum   size  state
    p_2024_01  archive     3  9000000000  100 B  done
    p_2024_02  archive     3          15  200 B  done
    "#);
    assert_snapshot!(exactly(&test, "runs show 5"), @r#"
    exit 0
    run          5, archive appointments
    by           root@localhost on cron
    started at   2026-11-24 01:00:00
    ended at     under way, or killed
    cut-off      2025-01-01
    policy       {"older_than":"1y","status":["COMPLETED"]}

    part       action   rows    checksum   size  state
    p_2024_01  archive     3  9000000000  100 B  done
    p_2024_02  archive     3          15  200 B  done
    "#);
    assert_snapshot!(exactly(&test, "runs show 1 --format json"), @r#"
    exit 0
    {"command":"archive appointments","outcome":"done","run":1,"policy":{"older_than":"1y","status":["COMPLETED"]},"cut_off":"2025-01-01","account":"root@localhost","host":"cron","started_at":"2026-11-24 01:00:00.000","ended_at":"2026-11-24 01:00:09.500","ended":"done","summary":{"rows":6},"totals":{"archive":{"rows":6,"checksum":"9000000015","bytes":300}},"parts":[{"part":"p_2024_01","action":"archive","rows":3,"checksum":"9000000000","bytes":100,"state":"done"},{"part":"p_2024_02","action":"archive","rows":3,"checksum":"15","bytes":200,"state":"done"}],"seal":1,"previous":null,"hash":"d895e8e310c0e1e8b0353475d54f8ac2ac47a50dcfd80ae226c2d66aa6e6db63"}
    "#);
    assert_snapshot!(exactly(&test, "runs show 9"), @"
    exit 2
    error: there is no run 9 in the ledger; `caredb runs list` shows them
    ");
    assert_snapshot!(exactly(&test, "runs verify"), @"
    exit 0
    the ledger is as it was written
    ");
    assert_snapshot!(exactly(&test, "runs verify --format json"), @r#"
    exit 0
    {"command":"runs verify","outcome":"done","findings":[]}
    "#);
    let audit =
        "SELECT user_id, action, entity_type, entity_id, user_agent, metadata FROM audit_logs ORDER BY entity_id";
    assert_snapshot!(test.rows(audit).join("\n"), @r#"
    NULL|ARCHIVE_APPOINTMENTS|caredb_runs|1|caredb 0.1.0|{"hash": "d895e8e310c0e1e8b0353475d54f8ac2ac47a50dcfd80ae226c2d66aa6e6db63", "host": "cron", "totals": {"archive": {"rows": 6, "bytes": 300, "checksum": "9000000015"}}, "account": "root@localhost", "command": "archive appointments", "cut_off": "2025-01-01", "outcome": "done"}
    NULL|PURGE_NOTIFICATIONS|caredb_runs|2|caredb 0.1.0|{"hash": "ca38eaa9c189c5a816a4816418b4b841e85743018ef3e1f0486908e7b74aab32", "host": "cron", "totals": {"purge": {"rows": 2000, "bytes": 1048576, "checksum": "1099511627776"}}, "account": "root@localhost", "command": "purge notifications", "cut_off": "2025-01-01", "outcome": "stopped"}
    NULL|ARCHIVE_RESTORE|caredb_runs|3|caredb 0.1.0|{"hash": "7b9acf9aabc225ffdecb8e6a7afb1500a96bc9d967cccc4bad722f28974ba442", "host": "cron", "totals": {"restore": {"rows": 1, "bytes": 70, "checksum": "7"}}, "account": "root@localhost", "command": "archive restore", "cut_off": null, "outcome": "done"}
    NULL|COMPRESS_MEDICAL_RECORDS|caredb_runs|4|caredb 0.1.0|{"hash": "dc8db21f9bcb0b67c67960e8121e50e165739d8275835554812f68ec38cf91d4", "host": "cron", "totals": {}, "account": "root@localhost", "command": "compress medical-records", "cut_off": "2025-01-01", "outcome": "done"}
    "#);
    test.sql("UPDATE caredb_run_parts SET row_count = 1999 WHERE run_id = 2");
    assert_snapshot!(test.run("runs verify"), @"
    exit 1
    --- stdout
    problem  run 2 was altered after it was sealed: it does not fit its hash; compare with a backup of table `caredb_runs`, and find out who could write it

    the ledger was changed: 1 finding
    ");
    assert_snapshot!(test.run("runs verify --format json"), @r#"
    exit 1
    --- stdout
    {"command":"runs verify","outcome":"found","findings":[{"check":"ledger","level":"problem","what":"run 2 was altered after it was sealed: it does not fit its hash","cure":"compare with a backup of table `caredb_runs`, and find out who could write it"}]}
    "#);
}

#[test]
fn runs_are_certified() {
    let test = five_runs("certified");
    assert_snapshot!(exactly(&test, "runs certificate 1"), @r#"
    exit 0
    CERTIFICATE OF TRANSFER

    The records described below were moved in the normal course of business,
    under the retention policy stated here, and none of them was under legal
    hold. None was destroyed.

    run              1 of database t_certified
    date             2026-11-24 01:00:00 to 2026-11-24 01:00:09 UTC
    records          appointments: p_2024_01, p_2024_02
    inclusive dates  2024-01 to 2024-02, before 2025-01-01
    policy           {"older_than":"1y","status":["COMPLETED"]}
    method           moved within the database, from the live table to the
                     archive; compared by count and checksum before removal
    by               root@localhost on cron, caredb archive appointments
    outcome          done
    archive          6 rows, 300 bytes, checksum 9000000015 (sum of CRC32)
    previous hash    none, it is the first
    hash (SHA-256)   d895e8e310c0e1e8b0353475d54f8ac2
                     ac47a50dcfd80ae226c2d66aa6e6db63

    witnessed by     ___________________________________  date _____________
    "#);
    assert_snapshot!(exactly(&test, "runs certificate 2"), @r#"
    exit 0
    CERTIFICATE OF DESTRUCTION

    The records described below were destroyed in the normal course of
    business, under the retention policy stated here, and none of them was
    under legal hold.

    run              2 of database t_certified
    date             2026-11-24 01:00:00 to 2026-11-24 01:00:09 UTC
    records          notifications
    inclusive dates  before 2025-01-01
    policy           {"older_than":"1y","status":["COMPLETED"]}
    method           deleted from the database; backups and logs of the
                     server hold copies until their own terms end
    by               root@localhost on cron, caredb purge notifications
    outcome          stopped
    purge            2000 rows, 1048576 bytes, checksum 1099511627776 (sum
                     of CRC32)
    previous hash    d895e8e310c0e1e8b0353475d54f8ac2
                     ac47a50dcfd80ae226c2d66aa6e6db63
    hash (SHA-256)   ca38eaa9c189c5a816a4816418b4b841
                     e85743018ef3e1f0486908e7b74aab32

    witnessed by     ___________________________________  date _____________
    "#);
    assert_snapshot!(exactly(&test, "runs certificate 3"), @r#"
    exit 0
    CERTIFICATE OF TRANSFER

    The records described below were moved back in the normal course of
    business. None was destroyed.

    run              3 of database t_certified
    date             2026-11-24 01:00:00 to 2026-11-24 01:00:09 UTC
    records          appointments: p_2024_01
    inclusive dates  2024-01
    policy           {"older_than":"1y","status":["COMPLETED"]}
    method           moved within the database, from the archive back to the
                     live table; compared by count and checksum before
                     removal
    by               root@localhost on cron, caredb archive restore
    outcome          done
    restore          1 row, 70 bytes, checksum 7 (sum of CRC32)
    previous hash    ca38eaa9c189c5a816a4816418b4b841
                     e85743018ef3e1f0486908e7b74aab32
    hash (SHA-256)   7b9acf9aabc225ffdecb8e6a7afb1500
                     a96bc9d967cccc4bad722f28974ba442

    witnessed by     ___________________________________  date _____________
    "#);
    assert_snapshot!(exactly(&test, "runs certificate 4"), @"
    exit 3
    error: run 4 moved and deleted no rows, so there is nothing to certify
    ");
    assert_snapshot!(exactly(&test, "runs certificate 5"), @"
    exit 3
    error: run 5 has not ended, so there is nothing to certify; the next run of its command ends it
    ");
    assert_snapshot!(exactly(&test, "runs certificate 2 --format json"), @r#"
    exit 0
    {"command":"runs certificate","outcome":"done","certificate":{"title":"Certificate of destruction","statement":"The records described below were destroyed in the normal course of business, under the retention policy stated here, and none of them was under legal hold.","run":2,"database":"t_certified","started_at":"2026-11-24 01:00:00.000","ended_at":"2026-11-24 01:00:09.500","records":"notifications","inclusive_dates":"before 2025-01-01","policy":"{\"older_than\":\"1y\",\"status\":[\"COMPLETED\"]}","method":"deleted from the database; backups and logs of the server hold copies until their own terms end","account":"root@localhost","host":"cron","command":"purge notifications","ended":"stopped","totals":{"purge":{"rows":2000,"checksum":"1099511627776","bytes":1048576}},"previous":"d895e8e310c0e1e8b0353475d54f8ac2ac47a50dcfd80ae226c2d66aa6e6db63","hash":"ca38eaa9c189c5a816a4816418b4b841e85743018ef3e1f0486908e7b74aab32"}}
    "#);
    for run in 1..=3 {
        let certificate = exactly(&test, &format!("runs certificate {run}"));
        assert!(certificate.lines().all(|line| line.chars().count() <= 72), "{certificate}");
    }
    test.sql("UPDATE caredb_run_parts SET row_count = 1999 WHERE run_id = 2");
    assert_snapshot!(test.run("runs certificate 2"), @"
    exit 3
    --- stderr
    error: run 2 does not fit its hash, so nothing is certified; `caredb runs verify` says what was changed
    ");
}

#[test]
fn a_database_without_runs_has_an_empty_ledger() {
    let test = Test::new("runs_none");
    assert_snapshot!(test.run("runs list"), @"
    exit 0
    --- stdout
    0 runs in the ledger
    ");
    assert_snapshot!(test.run("runs verify"), @"
    exit 0
    --- stdout
    the ledger is as it was written
    ");
    assert_snapshot!(test.run("runs certificate 1"), @"
    exit 2
    --- stderr
    error: there is no run 1 in the ledger; `caredb runs list` shows them
    ");
}

fn findings(test: &Test) -> Vec<String> {
    block_on(async {
        let findings = ledger::verify(&mut test.connect().await).await.unwrap();
        findings.into_iter().map(|finding| finding.what).collect()
    })
}

#[test]
fn what_another_hand_changed_is_found() {
    let altered = "run 2 was altered after it was sealed: it does not fit its hash";
    let unseen = "run 5 is not in `audit_logs`: it was put in by hand, or its audit row was deleted";
    let gone = |run: u32| format!("run {run} is in `audit_logs` and not in the chain: it was taken out");
    let left = |run: u32| format!("run {run} is gone; what is left of it is in table `caredb_run_parts`");
    let columns = test_columns();
    let mut cases: Vec<(String, Vec<String>)> = columns
        .iter()
        .map(|(table, column, value)| {
            let id = if *table == "caredb_runs" { "id" } else { "part = 'p_2024_01' AND run_id" };
            (format!("UPDATE {table} SET {column} = {value} WHERE {id} = 2"), vec![altered.to_owned()])
        })
        .collect();
    let follows = "run 2 does not follow run 1: it was sealed behind another hash".to_owned();
    let next = "run 3 does not follow run 2: it was sealed behind another hash".to_owned();
    let other = "run 2 has another hash in `audit_logs`".to_owned();
    let missing = "1 run missing from the chain between run 1 and run 3".to_owned();
    let case = |sql: &str, found: &[String]| (sql.to_owned(), found.to_vec());
    cases.extend([
        case("SELECT 1", &[]),
        case("UPDATE caredb_runs SET previous = REPEAT('0', 64) WHERE id = 2", &[follows, altered.to_owned()]),
        case(
            "UPDATE caredb_runs SET hash = REPEAT('0', 64) WHERE id = 2",
            &[altered.to_owned(), next.clone(), other.clone()],
        ),
        case("UPDATE caredb_runs SET hash = NULL WHERE id = 2", &[altered.to_owned(), next, other.clone()]),
        case(
            "UPDATE caredb_runs SET seal = NULL WHERE id = 2",
            &[missing.clone(), "run 2 has ended and has no place in the chain".to_owned(), gone(2)],
        ),
        // all that tells of its end
        case(
            "UPDATE caredb_runs SET seal = NULL, hash = NULL, previous = NULL, ended_at = NULL, outcome = NULL WHERE id = 2",
            &[missing.clone(), gone(2)],
        ),
        case("DELETE FROM caredb_runs WHERE id = 2", &[missing.clone(), left(2), gone(2)]),
        case(
            "DELETE r, p FROM caredb_runs r JOIN caredb_run_parts p ON p.run_id = r.id WHERE r.id = 2",
            &[missing.clone(), gone(2)],
        ),
        case(
            "DELETE FROM caredb_runs WHERE id = 1; DELETE FROM caredb_run_parts WHERE run_id = 1",
            &["1 run missing from the chain before run 2".to_owned(), gone(1)],
        ),
        case(
            "DELETE FROM caredb_runs WHERE id > 2; DELETE FROM caredb_run_parts WHERE run_id > 2",
            &[gone(3), gone(4)],
        ),
        case("DELETE FROM caredb_runs; DELETE FROM caredb_run_parts", &[gone(1), gone(2), gone(3), gone(4)]),
        case("DROP TABLE caredb_runs", &[gone(1), gone(2), gone(3), gone(4)]),
        case("DROP TABLE caredb_runs, caredb_run_parts", &[gone(1), gone(2), gone(3), gone(4)]),
        case("DROP TABLE caredb_run_parts", &["table `caredb_run_parts` is gone".to_owned()]),
        case("DELETE FROM caredb_run_parts WHERE run_id = 2 AND part = 'p_2024_02'", &[altered.to_owned()]),
        case(
            "INSERT INTO caredb_run_parts SET run_id = 2, part = 'p_2024_03', action = 'archive'",
            &[altered.to_owned()],
        ),
        case(
            "INSERT INTO caredb_runs (id, command, policy, account, host, started_at, ended_at, outcome, seal, previous, hash)
             SELECT 5, command, policy, account, host, started_at, ended_at, outcome, 5, hash, hash FROM caredb_runs WHERE id = 4",
            &["run 5 was altered after it was sealed: it does not fit its hash".to_owned(), unseen.to_owned()],
        ),
        case(
            "INSERT INTO caredb_runs (id, command, policy, account, host, started_at, seal) VALUES (5, 'x', '{}', 'x', 'x', NOW(), 0)",
            &[
                "run 5 has place 0 in the chain, which begins with 1".to_owned(),
                "run 5 was altered after it was sealed: it does not fit its hash".to_owned(),
                unseen.to_owned(),
            ],
        ),
        case(
            "DELETE FROM audit_logs WHERE entity_id = '2'",
            &["run 2 is not in `audit_logs`: it was put in by hand, or its audit row was deleted".to_owned()],
        ),
        case(
            "UPDATE audit_logs SET metadata = JSON_SET(metadata, '$.hash', 'x') WHERE entity_id = '2'",
            std::slice::from_ref(&other),
        ),
        case("UPDATE audit_logs SET metadata = NULL WHERE entity_id = '2'", &[other]),
        // of the application, and no business of the ledger
        case("INSERT INTO audit_logs (action, entity_type, entity_id) VALUES ('LOGIN', 'users', '9')", &[]),
    ]);
    let mut test = sealed("tampering", 4);
    test.sql("CREATE TABLE runs_before AS SELECT * FROM caredb_runs; CREATE TABLE parts_before AS SELECT * FROM caredb_run_parts");
    test.sql("CREATE TABLE audit_before AS SELECT * FROM audit_logs");
    for (tampering, found) in cases {
        test.sql(&tampering);
        let mut got = findings(&test);
        // in the table's order, which is by time; they may share it
        got.sort();
        let mut found = found;
        found.sort();
        assert_eq!(got, found, "{tampering}");
        restore(&mut test);
    }
}

/// Every column that a hash covers and that no case of its own changes, with a value that it does not have.
fn test_columns() -> [(&'static str, &'static str, &'static str); 14] {
    [
        ("caredb_runs", "command", "'purge notifications'"),
        ("caredb_runs", "policy", "'{}'"),
        ("caredb_runs", "cut_off", "cut_off + INTERVAL 1 DAY"),
        ("caredb_runs", "cut_off", "NULL"),
        ("caredb_runs", "account", "UPPER(account)"),
        ("caredb_runs", "host", "'other'"),
        ("caredb_runs", "started_at", "started_at - INTERVAL 1000 MICROSECOND"),
        ("caredb_runs", "ended_at", "ended_at + INTERVAL 1000 MICROSECOND"),
        ("caredb_runs", "outcome", "'failed'"),
        ("caredb_runs", "summary", "NULL"),
        ("caredb_run_parts", "row_count", "row_count - 1"),
        ("caredb_run_parts", "checksum", "-1"),
        ("caredb_run_parts", "bytes", "bytes + 1"),
        ("caredb_run_parts", "state", "'begun'"),
    ]
}

/// The ledger as it was sealed.
fn restore(test: &mut Test) {
    block_on(async { ledger::create(&mut test.connect().await).await.unwrap() });
    for (table, before) in
        [("caredb_runs", "runs_before"), ("caredb_run_parts", "parts_before"), ("audit_logs", "audit_before")]
    {
        test.sql(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {before}"));
    }
    assert_eq!(findings(test), [""; 0]);
}

#[test]
fn a_chain_that_was_computed_anew_shows_in_the_audit_log() {
    let test = sealed("rewritten", 3);
    // without its first run and with all hashes right
    test.sql("DELETE FROM caredb_runs WHERE id = 1; DELETE FROM caredb_run_parts WHERE run_id = 1");
    test.sql("UPDATE caredb_runs SET seal = seal - 1 ORDER BY seal");
    let audited = test.rows("SELECT id, metadata FROM audit_logs ORDER BY id");
    test.sql("CREATE TABLE audit_before AS SELECT * FROM audit_logs");
    steady(&test);
    test.sql("DELETE FROM audit_logs; INSERT INTO audit_logs SELECT * FROM audit_before");
    assert_eq!(test.rows("SELECT id, metadata FROM audit_logs ORDER BY id"), audited);
    assert_eq!(
        findings(&test),
        [
            "run 1 is in `audit_logs` and not in the chain: it was taken out",
            "run 2 has another hash in `audit_logs`",
            "run 3 has another hash in `audit_logs`"
        ]
    );
}

#[test]
fn parts_are_as_exact_as_the_transaction_of_their_rows() {
    let test = sealed("parts", 0);
    block_on(async {
        let mut conn = test.connect().await;
        let run = archive(&mut conn).await;
        let mut transaction = conn.begin().await.unwrap();
        run.record(&mut transaction, "archive", "p_2024_02", 5, 5, 5).await.unwrap();
        transaction.rollback().await.unwrap();
        run.record(&mut conn, "purge", "p_2024_02", 1, u128::from(u64::MAX) * 1000, u64::MAX).await.unwrap();
        let parts: Vec<String> = run.parts(&mut conn).await.unwrap().iter().map(|part| format!("{part:?}")).collect();
        assert_snapshot!(parts.join("\n"), @r#"
        Part { part: "p_2024_01", action: "archive", total: Total { rows: 3, checksum: 9000000000, bytes: 100 }, state: "done" }
        Part { part: "p_2024_02", action: "archive", total: Total { rows: 3, checksum: 15, bytes: 200 }, state: "done" }
        Part { part: "p_2024_02", action: "purge", total: Total { rows: 1, checksum: 18446744073709551615000, bytes: 18446744073709551615 }, state: "begun" }
        "#);
        end(&mut conn, run).await;
    });
    assert_eq!(findings(&test), [""; 0]);
}

#[test]
fn runs_that_end_at_once_are_sealed_one_after_the_other() {
    const RUNS: usize = 12;
    let test = sealed("at_once", 0);
    block_on(async {
        let mut conns = Vec::new();
        for _ in 0..RUNS {
            let mut conn = test.connect().await;
            let run = archive(&mut conn).await;
            conns.push((conn, run));
        }
        let ends = conns.into_iter().map(|(mut conn, run)| async move { end(&mut conn, run).await });
        futures_util::future::join_all(ends).await;
    });
    assert_eq!(findings(&test), [""; 0]);
    assert_eq!(test.rows("SELECT COUNT(DISTINCT seal), MAX(seal) FROM caredb_runs"), [format!("{RUNS}|{RUNS}")]);
}

/// What a command does with the ledger, in a process of its own that can be killed; the database is that of `LEDGER_URL`.
#[test]
#[ignore = "runs in the processes that `a_run_that_is_killed_leaves_a_chain_that_verifies` starts"]
fn one_run() {
    block_on(async {
        let target = Target::parse(&std::env::var("LEDGER_URL").unwrap()).unwrap();
        let mut session = connect(&target).await.unwrap();
        let conn = &mut session.conn;
        ledger::create(conn).await.unwrap();
        ledger::close_interrupted(conn, "archive appointments").await.unwrap();
        let run = archive(conn).await;
        end(conn, run).await;
    });
}

fn one_run_of(test: &Test, crash_at: u32) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "retention_runs::one_run"])
        .env("LEDGER_URL", &test.url)
        .env("CAREDB_CRASH_AT", crash_at.to_string())
        .stdout(Stdio::null())
        .status()
        .unwrap()
}

#[test]
fn a_run_that_is_killed_leaves_a_chain_that_verifies() {
    let test = sealed("killed", 1);
    let mut killed = 0;
    for number in 1.. {
        // one that was killed before, of this command and of another
        block_on(async {
            let mut conn = test.connect().await;
            archive(&mut conn).await;
            ledger::begin(&mut conn, &job("purge notifications")).await.unwrap();
        });
        let status = one_run_of(&test, number);
        assert_eq!(findings(&test), [""; 0], "killed at point {number}");
        if status.success() {
            break;
        }
        assert_eq!(status.code(), None, "at point {number}");
        killed = number;
        assert!(one_run_of(&test, 0).success(), "after point {number}");
        assert_eq!(findings(&test), [""; 0], "after point {number}");
        let left = "SELECT DISTINCT command FROM caredb_runs WHERE seal IS NULL";
        assert_eq!(test.rows(left), ["purge notifications"], "after point {number}");
        // all of what was done before the kill, once
        assert_eq!(
            test.rows(
                "SELECT DISTINCT r.outcome, SUM(p.row_count) FROM caredb_runs r JOIN caredb_run_parts p ON p.run_id = r.id
                 GROUP BY r.id, r.outcome ORDER BY r.outcome"
            ),
            ["done|6", "interrupted|6"],
            "after point {number}"
        );
    }
    // those of the end of the old run, of the begin of the new one, and of its end
    assert_eq!(killed, 4 + 2 + 4);
    let audited = "SELECT COUNT(*) FROM audit_logs WHERE entity_type = 'caredb_runs'";
    assert_eq!(test.rows(audited), test.rows("SELECT COUNT(*) FROM caredb_runs WHERE seal IS NOT NULL"));
}
