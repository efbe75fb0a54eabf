//! Kills: caredb at every point where it can be killed, the server at random moments. After each, one `migrate` (or `rollback`)
//! reaches the state of an undisturbed run, and the binary log shows that each statement took effect once, in order.
//!
//! `dev/test` runs a share of it, `dev/test --full` all. Random moments come from a fixed seed, which a failure prints.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{block_on, command, initialize, program, rows_at, server_options, show, temporary, wait_for};

/// A server that is killed and started again; it ends with the test.
pub struct Victim {
    pub folder: PathBuf,
    /// What it is started with beyond the tests' own, also after a kill.
    pub options: Vec<String>,
    process: Child,
}

impl Victim {
    pub fn new(name: &str) -> Self {
        Self::with(name, Vec::new())
    }

    /// With more options than the tests' server has.
    pub fn with(name: &str, options: Vec<String>) -> Self {
        let folder = temporary(name);
        std::fs::write(folder.join("caredb.toml"), "").unwrap();
        initialize(&program("server"), &folder.join("data"));
        let victim = Self { process: Self::start(&folder, &options), folder, options };
        victim.wait();
        victim
    }

    fn start(folder: &Path, more: &[String]) -> Child {
        // durable, as a real server is: what it has answered must survive its death
        let relaxed = ["--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0", "--innodb-doublewrite=OFF"];
        let options = server_options(folder).into_iter().filter(|option| !relaxed.contains(&option.as_str()));
        let log = std::fs::File::create(folder.join("log")).unwrap();
        Command::new(program("server"))
            .args(options)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn wait(&self) {
        let socket = self.folder.join("sock");
        wait_for("the victim to answer", || {
            let options = sqlx::mysql::MySqlConnectOptions::new().socket(&socket).username("root");
            block_on(async { sqlx::ConnectOptions::connect(&options).await.is_ok() })
        });
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap(); // SIGKILL
        self.process.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.process = Self::start(&self.folder, &self.options);
        self.wait();
    }

    pub fn rows(&self, sql: &str) -> Vec<String> {
        rows_at(&self.folder.join("sock"), sql)
    }

    pub fn fresh(&self, database: &str) {
        self.rows(&format!("DROP DATABASE IF EXISTS {database}"));
        self.rows(&format!("CREATE DATABASE {database} CHARACTER SET utf8mb4"));
    }

    pub fn caredb(&self, database: &str, arguments: &str) -> Command {
        let mut command = command(&self.folder);
        let url = format!("mysql://root@localhost/{database}?socket={}", self.folder.join("sock").display());
        command.args(arguments.split_whitespace()).arg("--url").arg(url);
        command
    }

    /// Runs caredb, which must succeed.
    pub fn ok(&self, database: &str, arguments: &str, case: &str) {
        let output = self.caredb(database, arguments).output().unwrap();
        assert!(output.status.success(), "{case}: {}", show(&output));
    }

    /// All definitions of a database, caredb's own tables left out, and its rows where it has few.
    fn schema(&self, database: &str) -> Vec<String> {
        let tables = self.rows(&format!(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = '{database}'
             AND table_name NOT IN ('flyway_schema_history', 'caredb_journal') ORDER BY table_name"
        ));
        let mut schema = Vec::new();
        for table in tables {
            // a view names its database
            for show in ["SHOW CREATE TABLE", "CHECKSUM TABLE"] {
                let rows = self.rows(&format!("{show} {database}.{table}"));
                schema.extend(rows.iter().map(|row| row.replace(database, "db")));
            }
        }
        schema
    }

    /// What the binary logs hold of a database: DDL as text, in order. caredb's own tables are left out, and so is what an R file
    /// may repeat.
    fn binlog(&self, database: &str) -> Vec<String> {
        let here = format!("use `{database}`; ");
        let mut statements = Vec::new();
        for log in self.rows("SHOW BINARY LOGS") {
            let log = log.split('|').next().unwrap().to_owned();
            for event in self.rows(&format!("SHOW BINLOG EVENTS IN '{log}'")) {
                // Log_name|Pos|Event_type|Server_id|End_log_pos|Info
                let columns: Vec<&str> = event.splitn(6, '|').collect();
                if columns[2] == "Query"
                    && let Some(statement) = columns[5].strip_prefix(&here)
                {
                    let statement = statement.rsplit_once(" /* xid=").map_or(statement, |(statement, _)| statement);
                    let may_repeat = ["CREATE OR REPLACE ", "DROP VIEW IF EXISTS "];
                    if !statement.contains("caredb_journal")
                        && !statement.contains("flyway_schema_history")
                        && !may_repeat.iter().any(|head| statement.starts_with(head))
                    {
                        statements.push(statement.to_owned());
                    }
                }
            }
        }
        statements
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

pub fn is_full() -> bool {
    std::env::var_os("CAREDB_TEST_FULL").is_some()
}

/// Rows and definitions in turn, so that both ways of journalling meet.
const MIXED: [(&str, &str); 6] = [
    (
        "migrations/V1__one.sql",
        "SET SESSION foreign_key_checks = 0; CREATE TABLE a (x INT PRIMARY KEY, y INT); INSERT INTO a VALUES (1, 1); INSERT INTO a VALUES (2, 2); ALTER TABLE a ADD z INT",
    ),
    (
        "migrations/V2__two.sql",
        "UPDATE a SET y = y + 1; CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET NEW.z = 7; INSERT INTO a (x, y) VALUES (3, 3); ALTER TABLE a ENGINE=InnoDB; TRUNCATE TABLE a; INSERT INTO a (x, y) SELECT 4, 4",
    ),
    ("migrations/V3__three.sql", "UPDATE a SET y = y * 2"),
    ("rollbacks/U1__one.sql", "DELETE FROM a; DROP TABLE a"),
    ("rollbacks/U2__two.sql", "DROP TRIGGER g; UPDATE a SET y = y - 1"),
    ("rollbacks/U3__three.sql", "UPDATE a SET y = y DIV 2"),
];

/// Kills caredb at each of its points during `arguments`, lets it go on, and compares with an undisturbed run.
fn kill_at_every_point(victim: &Victim, prepare: Option<&str>, arguments: &str, stride: usize) {
    let whole = |database: &str| {
        victim.fresh(database);
        if let Some(prepare) = prepare {
            victim.ok(database, prepare, "prepare");
        }
    };
    whole("undisturbed");
    victim.ok("undisturbed", arguments, "undisturbed");
    let (schema, binlog) = (victim.schema("undisturbed"), victim.binlog("undisturbed"));
    for number in (1..).step_by(stride) {
        let database = format!("killed_{number}");
        whole(&database);
        let output = victim.caredb(&database, arguments).env("CAREDB_CRASH_AT", number.to_string()).output().unwrap();
        let case = format!("`{arguments}` killed at point {number}");
        if output.status.success() {
            assert!(number > 10, "{case}: there are next to no points");
            victim.rows(&format!("DROP DATABASE {database}"));
            break;
        }
        assert_eq!(output.status.code(), None, "{case}: {}", show(&output));
        victim.ok(&database, arguments, &case);
        assert_eq!(victim.schema(&database), schema, "{case}");
        assert_eq!(victim.binlog(&database), binlog, "{case}");
        assert_eq!(
            victim.rows(&format!(
                "SELECT COUNT(*) FROM {database}.caredb_journal WHERE state <> 'done' AND version <> 0"
            )),
            ["0"],
            "{case}"
        );
        victim.rows(&format!("DROP DATABASE {database}"));
    }
}

#[test]
fn caredb_is_killed_at_every_point() {
    let victim = Victim::new("fault_kill");
    let stride = if is_full() { 1 } else { 9 };
    kill_at_every_point(&victim, None, "migrate", stride);
    kill_at_every_point(&victim, Some("migrate"), "rollback --to 0", stride);
}

#[test]
fn caredb_is_killed_between_rows_and_definitions() {
    let victim = Victim::new("fault_mixed");
    std::fs::create_dir(victim.folder.join("migrations")).unwrap();
    std::fs::create_dir(victim.folder.join("rollbacks")).unwrap();
    for (file, text) in MIXED {
        std::fs::write(victim.folder.join(file), text).unwrap();
    }
    std::fs::write(victim.folder.join("caredb.toml"), "migrations = 'migrations'\nrollbacks = 'rollbacks'\n").unwrap();
    let stride = if is_full() { 1 } else { 3 };
    kill_at_every_point(&victim, None, "migrate", stride);
    kill_at_every_point(&victim, Some("migrate"), "rollback --to 0", stride);
}

/// A small generator of fixed sequence (MMIX); `below` in the half-open range.
pub struct Moments(pub u64);

impl Moments {
    pub fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn the_server_is_killed_at_random_moments() {
    const SEED: u64 = 20_261_123;
    let mut victim = Victim::new("fault_server");
    victim.fresh("undisturbed");
    victim.ok("undisturbed", "migrate", "undisturbed");
    let (schema, binlog) = (victim.schema("undisturbed"), victim.binlog("undisturbed"));
    let mut moments = Moments(SEED);
    let rounds = if is_full() { 50 } else { 3 };
    for round in 0..rounds {
        victim.fresh("killed");
        let mut run = victim.caredb("killed", "migrate").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moment = Duration::from_millis(moments.next(350));
        std::thread::sleep(moment); // the moment is the case, not a wait for something
        victim.kill();
        victim.restart();
        // it has lost its connection, and goes on by itself
        run.wait().unwrap();
        let case = format!("seed {SEED}, round {round}: server killed after {moment:?}");
        victim.ok("killed", "migrate", &case);
        assert_eq!(victim.schema("killed"), schema, "{case}");
        // each round's statements follow those of the rounds before
        let all = victim.binlog("killed");
        assert_eq!(all[all.len().saturating_sub(binlog.len())..], binlog, "{case}");
        assert_eq!(all.len(), binlog.len() * (round + 1), "{case}");
    }
}
