//! Databases that `caredb.toml` protects: what destroys wants their name, and without it nothing is changed.

use std::process::Stdio;

use insta::assert_snapshot;

use crate::cron::clinic;
use crate::support::{Test, pty, read_some, show};

const MAPPING: &str = "system = \"old\"\n[source.people]\nfile = \"people.csv\"\n[[table]]\ninto = \"users\"\nfrom = \"people\"
legacy_id = [\"id\"]\n[table.columns]\nemail = { from = \"mail\" }\npassword_hash = { value = \"!\" }\nrole = { value = \"PATIENT\" }\n";

/// All tables with their definitions, partitions included, and as many rows as they have.
fn all(test: &Test) -> Vec<String> {
    let tables =
        test.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1");
    let look = |table: &String| test.rows(&format!("SHOW CREATE TABLE `{table}`; CHECKSUM TABLE `{table}`"));
    tables.iter().flat_map(look).collect()
}

#[test]
fn what_destroys_wants_the_name() {
    let test = clinic("protected");
    test.file("mapping.toml", MAPPING).file("people.csv", "id,mail\n1,a@example.com\n");
    test.ok("import run mapping.toml");
    test.ok("seed --only users");
    test.file("people.csv", "id,mail\n1,b@example.com\n");
    // upper and lower case are one, as they are for some servers
    test.file("caredb.toml", "protected = [\"prod_*\", \"T_PROTECTED*\"]\n");
    let before = all(&test);
    let wants_name = [
        "partition drop p_2024_01",
        "purge notifications --older-than 1d",
        "import run mapping.toml --on-conflict update",
        "rollback",
    ];
    for command in wants_name {
        for answer in ["", "--yes", "--confirm other", "--confirm other --yes"] {
            let shown = test.run(&format!("{command} {answer}"));
            let reason = if answer.contains("other") {
                "error: `--confirm other` names another database than `<db>`"
            } else {
                "error: `<db>` is protected by `caredb.toml`; if you mean it, say `--confirm <db>`"
            };
            assert_eq!(shown, format!("exit 3\n--- stderr\n{reason}"), "{command} {answer}");
        }
    }
    // a name does not make it a place for such data
    for command in ["seed --reset", "seed generate --patients 1 --doctors 1 --months 1 --reset"] {
        for answer in ["--yes".to_owned(), format!("--confirm {}", test.database)] {
            assert!(test.run(&format!("{command} {answer}")).starts_with("exit 3"), "{command} {answer}");
        }
    }
    assert_eq!(all(&test), before);
    for command in wants_name {
        test.ok(&format!("{command} --confirm {}", test.database));
    }
    assert_eq!(test.rows("SELECT COUNT(*) FROM notifications"), ["0"]);
    assert_eq!(test.rows("SELECT COUNT(*) FROM users WHERE email = 'b@example.com'"), ["1"]);
}

#[test]
fn the_night_does_what_the_policy_says() {
    let test = clinic("protected_cron");
    test.file("caredb.toml", "protected = true\n[retention.appointments_archive]\ndelete_after = \"2y\"\n");
    let jobs = |arguments: &str| {
        let output = test.command(&format!("cron --today 2026-07-01 --format json {arguments}")).output().unwrap();
        let last = String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned();
        let last: serde_json::Value = serde_json::from_str(&last).unwrap();
        let job =
            |job: &serde_json::Value| format!("{}: {}", job["job"].as_str().unwrap(), job["outcome"].as_str().unwrap());
        (output.status.code().unwrap(), last["jobs"].as_array().unwrap().iter().map(job).collect::<Vec<_>>().join(", "))
    };
    let (exit, outcomes) = jobs("--confirm other");
    assert_snapshot!(format!("exit {exit}, {outcomes}"), @"exit 3, partition ensure: done, archive appointments: refused, purge notifications: refused, compress medical-records: refused, purge archive: refused, partition check: done");
    assert_eq!(test.rows("SELECT id FROM notifications ORDER BY id"), ["n1", "n2"]);
    let (exit, outcomes) = jobs("");
    assert_snapshot!(format!("exit {exit}, {outcomes}"), @"exit 3, partition ensure: done, archive appointments: done, purge notifications: done, compress medical-records: done, purge archive: refused, partition check: done");
    // moved, but not destroyed
    assert_eq!(test.rows("SELECT id FROM appointments_archive ORDER BY id"), ["a1"]);
    assert_eq!(test.rows("SELECT id FROM notifications WHERE id = 'n1'"), Vec::<String>::new());
    let (exit, outcomes) = jobs(&format!("--confirm {}", test.database));
    assert_eq!(exit, 0, "{outcomes}");
    assert_eq!(test.rows("SELECT id FROM appointments_archive"), Vec::<String>::new());
}

#[test]
fn a_person_is_asked_for_the_name() {
    let test = Test::new("protected_terminal");
    test.ok("migrate --to 1");
    test.file("caredb.toml", "protected = true\n");
    let answer = |answer: &str| {
        let (mut terminal, end) = pty();
        let mut command = test.command("rollback");
        let error = end.try_clone().unwrap();
        let child = command.stdin(end).stderr(error).stdout(Stdio::piped()).spawn().unwrap();
        drop(command);
        let mut asked = String::new();
        while !asked.contains("if you mean it: ") {
            asked.push_str(&read_some(&terminal));
        }
        std::io::Write::write_all(&mut terminal, format!("{answer}\n").as_bytes()).unwrap();
        let mut said = String::new();
        let output = child.wait_with_output().unwrap();
        if !output.status.success() {
            while !said.contains("error:") || !said.trim_end_matches('\r').ends_with('\n') {
                said.push_str(&read_some(&terminal));
            }
        }
        let said = said.lines().find(|line| line.starts_with("error:")).unwrap_or_default().to_owned();
        let asked = asked.replace('\r', "").replace(&test.database, "<db>");
        (asked, show(&output), said.replace(&test.database, "<db>"))
    };
    let (asked, shown, said) = answer("y");
    assert_snapshot!(asked, @"
    roll `<db>` back from version 1 to 0 by U1__drop_users_table.sql?
    `<db>` is protected by `caredb.toml`; its name, if you mean it: 
    ");
    assert_eq!(shown, "exit 3");
    assert_snapshot!(said, @"error: that is not the name of `<db>`, which is protected by `caredb.toml`; nothing was rolled back");
    assert_eq!(test.schema().len(), 1);
    let (_, shown, _) = answer(&test.database);
    assert!(shown.starts_with("exit 0"), "{shown}");
    assert_eq!(test.schema().len(), 0);
}

#[test]
fn a_private_server_can_be_protected() {
    let test = Test::new("protected_dev");
    test.file("caredb.toml", "protected = true\n").file(".caredb/data/ibdata1", "");
    assert_snapshot!(test.run("dev reset --yes"), @"
    exit 3
    --- stderr
    error: `caredb` is protected by `caredb.toml`; if you mean it, say `--confirm caredb`
    ");
    assert!(test.folder.join(".caredb/data/ibdata1").exists());
    test.ok("dev reset --confirm caredb");
    assert!(!test.folder.join(".caredb").exists());
}
