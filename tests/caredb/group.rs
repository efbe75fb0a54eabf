//! A replication group of three members on loopback: all commands on its primary, which is found by asking, and what is said where
//! there is none. `group_fault.rs` kills it.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use insta::assert_snapshot;
use sqlx::ConnectOptions as _;
use sqlx::mysql::MySqlConnectOptions;

use crate::fault::{Victim, is_full};
use crate::import;
use crate::support::{PEOPLE, block_on, command, rows, show, wait_for};

const DATABASE: &str = "clinic";

/// With the account by which a member fetches what it has missed.
const JOIN: &str = "START GROUP_REPLICATION USER = 'root', PASSWORD = ''";

/// Members that are killed and come back.
pub struct Group {
    pub members: Vec<Victim>,
    /// Where each of them listens.
    ports: Vec<u16>,
}

/// Ports that nobody listens on.
fn free_ports(number: usize) -> Vec<u16> {
    let bind = |_| TcpListener::bind(("127.0.0.1", 0)).unwrap();
    // all are taken before one is given back, so that none comes twice
    let bound: Vec<TcpListener> = (0..number).map(bind).collect();
    bound.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

impl Group {
    pub fn new(name: &str) -> Self {
        let (ports, talk) = (free_ports(3), free_ports(3));
        let seeds = talk.iter().map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",");
        let options = |at: usize| -> Vec<String> {
            [
                "--skip-networking=OFF",
                "--bind-address=127.0.0.1",
                &format!("--port={}", ports[at]),
                &format!("--server-id={}", at + 1),
                "--gtid-mode=ON",
                "--enforce-gtid-consistency=ON",
                "--report-host=127.0.0.1",
                "--plugin-load-add=group_replication.so",
                "--group-replication-group-name=5ca1ab1e-0000-4000-8000-000000000001",
                &format!("--group-replication-local-address=127.0.0.1:{}", talk[at]),
                &format!("--group-replication-group-seeds={seeds}"),
                "--group-replication-start-on-boot=OFF",
                "--group-replication-recovery-get-public-key=ON",
                // of the 21 s that an election took by default, 5 s less
                "--group-replication-member-expel-timeout=0",
                "--group-replication-message-cache-size=134217728",
            ]
            .map(str::to_owned)
            .to_vec()
        };
        let members = std::thread::scope(|scope| {
            let start = |at| {
                let (name, options) = (format!("{name}{at}"), options(at));
                scope.spawn(move || Victim::with(&name, options))
            };
            let starting: Vec<_> = (0..3).map(start).collect();
            starting.into_iter().map(|member| member.join().unwrap()).collect()
        });
        let group = Self { members, ports };
        group.members[0].rows(
            "SET GLOBAL group_replication_bootstrap_group = ON; START GROUP_REPLICATION;
             SET GLOBAL group_replication_bootstrap_group = OFF",
        );
        for member in &group.members[1..] {
            member.rows(JOIN);
        }
        group.wait_whole();
        group
    }

    /// A URL that names these members.
    fn url(&self, members: &[usize]) -> String {
        self.url_of(DATABASE, members)
    }

    fn url_of(&self, database: &str, members: &[usize]) -> String {
        let hosts = members.iter().map(|at| format!("127.0.0.1:{}", self.ports[*at])).collect::<Vec<_>>().join(",");
        format!("mysql://root@{hosts}/{database}")
    }

    /// caredb, with all members in its URL, in the folder of the first.
    pub fn caredb(&self, database: &str, arguments: &str) -> Command {
        self.caredb_at(&self.url_of(database, &[0, 1, 2]), arguments)
    }

    fn caredb_at(&self, url: &str, arguments: &str) -> Command {
        let folder = &self.members[0].folder;
        let mut command = command(folder);
        command.env("XDG_CACHE_HOME", folder.join("cache"));
        command.args(arguments.split_whitespace()).args(["--url", url]);
        command
    }

    /// Runs caredb, which must come to its end.
    pub fn ok(&self, database: &str, arguments: &str, case: &str) {
        assert_end(&self.caredb(database, arguments).output().unwrap(), arguments, case);
    }

    /// The rows of a query in a database at a member.
    pub fn rows_at(&self, at: usize, database: &str, sql: &str) -> Vec<String> {
        self.members[at].rows(&format!("USE {database}; SET SESSION time_zone = '+00:00'; {sql}"))
    }

    /// Which member is the primary, as `at` sees it; none while there is no other than one that can't be reached.
    pub fn primary(&self, at: usize) -> Option<usize> {
        let sql = "SELECT MEMBER_PORT FROM performance_schema.replication_group_members \
                   WHERE MEMBER_ROLE = 'PRIMARY' AND MEMBER_STATE = 'ONLINE'";
        let ports = self.members[at].rows(sql);
        let port: u16 = ports.first()?.parse().unwrap();
        self.ports.iter().position(|known| *known == port)
    }

    /// Takes those who are outside of the group into it.
    pub fn rejoin(&self) {
        let sql =
            "SELECT MEMBER_STATE FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid";
        for member in &self.members {
            if member.rows(sql) == ["OFFLINE"] {
                member.rows(JOIN);
            }
        }
        self.wait_whole();
    }

    /// Waits until all members are in the group.
    pub fn wait_whole(&self) {
        let sql = "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE MEMBER_STATE = 'ONLINE'";
        wait_for("all members to be in the group", || self.members.iter().all(|member| member.rows(sql) == ["3"]));
    }

    /// All tables with their checksums must be the same at all members.
    pub fn assert_alike(&self, database: &str, case: &str) {
        let primary = self.primary(0).unwrap();
        let gtids = self.members[primary].rows("SELECT @@GLOBAL.gtid_executed").remove(0).replace('\n', "");
        let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
                      AND table_type = 'BASE TABLE' ORDER BY table_name";
        let of = |at: usize| -> Vec<String> {
            let waited = self.members[at].rows(&format!("SELECT WAIT_FOR_EXECUTED_GTID_SET('{gtids}', 120)"));
            assert_eq!(waited, ["0"], "{case}: member {at} has not all transactions of the primary");
            let tables = self.rows_at(at, database, tables);
            self.rows_at(at, database, &format!("CHECKSUM TABLE `{}`", tables.join("`, `")))
        };
        let first = of(0);
        assert!(first.len() >= 15, "{case}: {first:?}");
        for at in 1..3 {
            assert_eq!(of(at), first, "{case}: member {at} differs");
        }
    }

    fn say(&self, url: &str, arguments: &str) -> String {
        let mut text = show(&self.caredb_at(url, arguments).output().unwrap());
        for (at, port) in self.ports.iter().enumerate() {
            text = text.replace(&port.to_string(), &format!("<port {at}>"));
        }
        text + "\n"
    }
}

fn assert_end(output: &Output, arguments: &str, case: &str) {
    // the sample has rows that are rejected
    let expected = i32::from(arguments.starts_with("import r"));
    assert_eq!(output.status.code(), Some(expected), "{case}, `{arguments}`: {}", show(output));
}

/// A clinic of four months up to a day.
pub const GENERATE: &str =
    "seed generate --patients 60 --doctors 6 --months 4 --appointments 1200 --until 2024-07-01 --seed 1";

#[test]
fn every_command_works_on_the_primary() {
    let group = Group::new("group");
    // in the URL the primary comes last
    let url = group.url(&[2, 1, 0]);
    let run = |arguments: &str| {
        assert_end(&group.caredb_at(&url, arguments).output().unwrap(), arguments, "the primary comes last");
    };
    import::sample(&group.members[0].folder);
    for arguments in [
        "migrate --create-database",
        "rollback --steps 2 --yes",
        "migrate",
        GENERATE,
        "partition ensure",
        "archive appointments --method rows --older-than 1d --today 2024-04-02",
        "archive appointments --method exchange --with-dependents --older-than 1d --today 2024-05-02",
        "archive verify",
        "archive restore --month 2024-03",
        "purge notifications --older-than 1d --today 2024-05-01",
        "purge archive --older-than 1d --today 2024-04-20",
        "compress medical-records --older-than 1d --today 2024-05-01",
        "runs verify",
        "partition check --today 2024-07-01",
        "seed",
        "import run mapping.toml --max-errors 100%",
        "import verify mapping.toml",
        "verify --from 15",
        "drift",
        "validate",
        "doctor",
        "status",
    ] {
        run(arguments);
    }
    group.assert_alike(DATABASE, "all commands");

    with_grants_alone(&group);
    a_transaction_that_is_too_large(&group);
    if is_full() {
        jobs_wait_for_the_slowest(&group);
    }
    where_there_is_no_primary(&group);
}

/// What `caredb grants` prints is enough on a member of a group.
fn with_grants_alone(group: &Group) {
    for (role, arguments) in [
        ("migrate", "repair --yes"),
        ("cron", "purge notifications"),
        ("seed", "seed"),
        ("import", "import run mapping.toml --max-errors 100%"),
        ("ci", "verify --from 15"),
    ] {
        let output = group.caredb(DATABASE, &format!("grants {role}")).output().unwrap();
        let grants = String::from_utf8(output.stdout).unwrap();
        group.members[0].rows(&format!(
            "SET GLOBAL log_bin_trust_function_creators = 1; CREATE USER IF NOT EXISTS caredb_{role} IDENTIFIED BY 'x'; {grants}"
        ));
        let url = group.url(&[2, 1, 0]).replace("root@", &format!("caredb_{role}:x@"));
        assert_end(&group.caredb_at(&url, arguments).output().unwrap(), arguments, role);
    }
}

/// V13 copies all keys by one statement, more than this group takes.
fn a_transaction_that_is_too_large(group: &Group) {
    const LIMIT: &str = "SET GLOBAL group_replication_transaction_size_limit = ";
    group.members[0].rows("CREATE DATABASE large CHARACTER SET utf8mb4");
    let url = group.url_of("large", &[0, 1, 2]);
    group.ok("large", "migrate --to 12", "before the months");
    group.rows_at(0, "large", PEOPLE);
    group.rows_at(0, "large", "
        INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, fee)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
        SELECT CONCAT('a', i), CONCAT('BK-', i), 'p1', 'd1', DATE_ADD('2024-01-01', INTERVAL i DAY), '10:00', '10:30', 'VIDEO', 5 FROM n");
    group.members[0].rows(&format!("{LIMIT} 20000"));
    let told = group.say(&url, "migrate");
    group.members[0].rows(&format!("{LIMIT} 150000000"));
    assert_snapshot!(told, @r#"
    exit 2
    --- stderr
    warning: copies: the server copies `appointments` (about 500 rows, 160.0 KiB, `V13__partition_appointments.sql` line 137), and writes to a table wait while it is copied; migrate at a quiet time
    error: `V13__partition_appointments.sql` line 85, statement 8 of 17 (`INSERT INTO appointment_keys (id, booking_reference, appoin…`): MySQL error 3231: The size of writeset data for the current transaction exceeds a limit imposed by an external component. If using Group Replication check 'group_replication_transaction_size_limit'.; raise `group_replication_transaction_size_limit` for as long as this runs, and run again; applied so far: all up to version 12, and the first 7 statements of this file
    "#);
    group.ok("large", "migrate", "with the limit raised");
    assert_eq!(group.rows_at(0, "large", "SELECT COUNT(*) FROM appointment_keys"), ["500"]);
    group.assert_alike("large", "a large transaction");
}

/// A member that does not keep up: nothing is committed there for a while.
fn jobs_wait_for_the_slowest(group: &Group) {
    // as many transactions as a job lets wait, and some more
    const MANY: &str = "
        CREATE TABLE many (i INT PRIMARY KEY);
        CREATE PROCEDURE many() BEGIN
            DECLARE i INT DEFAULT 0;
            WHILE i < 5200 DO INSERT INTO many VALUES (i); SET i = i + 1; END WHILE;
        END;
        CALL many(); DROP PROCEDURE many; DROP TABLE many";
    let slow = MySqlConnectOptions::new().socket(group.members[2].folder.join("sock")).username("root");
    let mut slow = block_on(slow.connect()).unwrap();
    block_on(rows(&mut slow, "FLUSH TABLES WITH READ LOCK")).unwrap();
    group.rows_at(0, DATABASE, MANY);
    // members tell each other once a second
    let queued = "SELECT 1 FROM performance_schema.replication_group_member_stats WHERE COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE > 5000";
    wait_for("the primary to hear of it", || !group.members[0].rows(queued).is_empty());
    let log = group.members[0].folder.join("stderr");
    let mut job = group.caredb(DATABASE, "purge notifications");
    let mut job = job.stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let told = || std::fs::read_to_string(&log).unwrap();
    wait_for("a pause", || told().contains("paused: a member of the replication group has "));
    assert!(job.try_wait().unwrap().is_none(), "{}", told());
    block_on(rows(&mut slow, "UNLOCK TABLES")).unwrap();
    assert!(job.wait().unwrap().success(), "{}", told());
    assert!(told().contains(" transactions waiting (limit 5000)\ngoes on after "), "{}", told());
}

fn where_there_is_no_primary(group: &Group) {
    // one member alone is taken at its word: what reads may go to a secondary
    let secondary = group.url(&[1]);
    let mut answers = group.say(&secondary, "validate");
    for (url, arguments) in [
        (&secondary, "migrate"),
        (&secondary, "purge notifications"),
        (&group.url(&[1, 2]), "validate"),
        (&group.url(&[1, 2]).replace("root@", "nobody@"), "validate"),
    ] {
        answers.push_str(&group.say(url, arguments));
    }
    // who left the group takes writes, which nobody else would ever see
    group.members[2].rows("STOP GROUP_REPLICATION; SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF");
    answers.push_str(&group.say(&group.url(&[2]), "purge notifications"));
    answers.push_str(&group.say(&group.url_of("new", &[2]), "migrate --create-database"));
    assert_eq!(group.members[2].rows("SHOW DATABASES LIKE 'new'"), [""; 0]);
    answers.push_str(&group.say(&group.url(&[2, 1]), "validate"));
    answers.push_str(&group.say(&group.url(&[2, 1, 0]), "validate"));
    // two primaries: a lock of one says nothing to the other
    group.rejoin();
    group.members[0].rows("SELECT group_replication_switch_to_multi_primary_mode()");
    answers.push_str(&group.say(&group.url(&[1, 2]), "purge notifications"));
    assert_snapshot!(answers, @r#"
    exit 0
    --- stdout
    valid: 15 versions applied to `clinic`, 17 files in all
    exit 0
    --- stdout
    nothing to do: `clinic` is at version 15
    exit 2
    --- stderr
    error: could not take lock `caredb purge notifications clinic`: on this server it keeps nobody out: it is a secondary; the primary is `127.0.0.1:<port 0>`; connect to the primary of a single-primary group
    exit 2
    --- stderr
    error: no primary among the hosts of the URL (`127.0.0.1:<port 1>`: it is a secondary; the primary is `127.0.0.1:<port 0>`; `127.0.0.1:<port 2>`: it is a secondary; the primary is `127.0.0.1:<port 0>`); name the hosts of one cluster, its primary among them
    exit 2
    --- stderr
    error: user `nobody` needs a password at `127.0.0.1:<port 1>`; give it in the URL or by `CAREDB_PASSWORD_FILE`
    exit 2
    --- stderr
    error: could not take lock `caredb purge notifications clinic`: on this server it keeps nobody out: it is `OFFLINE` in its replication group; connect to the primary of a single-primary group
    exit 2
    --- stderr
    error: could not create database `new` at `127.0.0.1:<port 2>`: it is `OFFLINE` in its replication group; connect to the primary of a single-primary group
    exit 2
    --- stderr
    error: no primary among the hosts of the URL (`127.0.0.1:<port 2>`: it is `OFFLINE` in its replication group; `127.0.0.1:<port 1>`: it is a secondary; the primary is `127.0.0.1:<port 0>`); name the hosts of one cluster, its primary among them
    exit 0
    --- stdout
    valid: 15 versions applied to `clinic`, 17 files in all
    exit 2
    --- stderr
    error: no primary among the hosts of the URL (`127.0.0.1:<port 1>`: its replication group has several primaries, and a lock is known to one alone; `127.0.0.1:<port 2>`: its replication group has several primaries, and a lock is known to one alone); name the hosts of one cluster, its primary among them
    "#);
}
