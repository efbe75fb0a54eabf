//! What cron and monitors live by: metrics, the log, exit code 4, the files in `dist/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use clap::Parser as _;
use insta::assert_snapshot;
use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::cron::clinic;
use crate::support::{Test, command, people, stable, temporary, wait_for};

/// The series of a file in Prometheus' text format, by name and labels; strict, written from its documentation ("Text-based
/// format") and not from the code.
fn series(text: &str) -> BTreeMap<String, f64> {
    let help = Regex::new(r"^# HELP ([a-z_][a-z0-9_]*) \S[^\\\n]*$").unwrap();
    let sample = Regex::new(
        r#"^([a-z_][a-z0-9_]*)\{[a-z_]+="(?:[^"\\\n]|\\[\\n"])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\n"])*")*\} (-?\d+(?:\.\d+)?)$"#,
    )
    .unwrap();
    assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text}");
    let (mut found, mut families) = (BTreeMap::new(), BTreeSet::new());
    let mut family = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = help.captures(line) {
            name[1].clone_into(&mut family);
            assert!(families.insert(family.clone()), "a family twice: {line}");
            assert_eq!(lines.next(), Some(format!("# TYPE {family} gauge").as_str()));
            continue;
        }
        let parts = sample.captures(line).unwrap_or_else(|| panic!("no sample: {line}"));
        assert_eq!(&parts[1], family, "{line}");
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert_eq!(found.insert(name.to_owned(), value.parse().unwrap()), None, "a series twice: {line}");
    }
    found
}

struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    fn read(test: &Test) -> Self {
        let text = std::fs::read_to_string(test.folder.join("m.prom")).unwrap();
        let of = format!("database=\"{}\",server=", test.database);
        assert!(text.lines().all(|line| line.starts_with('#') || line.contains(&of)), "{text}");
        Self(series(&text))
    }

    /// The value of `name` of a command.
    fn of(&self, name: &str, command: &str) -> Option<f64> {
        let command = format!("command=\"{command}\"");
        let mut found = self
            .0
            .iter()
            .filter(|(series, _)| series.starts_with(&format!("caredb_{name}{{")) && series.contains(&command));
        let value = found.next().map(|(_, value)| *value);
        assert!(found.next().is_none(), "{name} of {command} is not one series");
        value
    }

    /// How long a command paused, in all.
    fn paused(&self, command: &str, cause: &str) -> Option<f64> {
        let labels = format!("throttled_seconds{{cause=\"{cause}\",command=\"{command}\"");
        self.0.iter().find(|(series, _)| series.contains(&labels)).map(|(_, value)| *value)
    }

    fn all_of(&self, command: &str) -> Vec<(&String, &f64)> {
        self.0.iter().filter(|(series, _)| series.contains(&format!("command=\"{command}\""))).collect()
    }
}

#[test]
fn jobs_leave_metrics_and_keep_those_of_others() {
    let test = clinic("metrics");
    test.ok("cron --today 2026-07-01 --quiet --metrics m.prom");
    let cron = Metrics::read(&test);
    for command in [
        "cron",
        "partition ensure",
        "archive appointments",
        "purge notifications",
        "compress medical-records",
        "partition check",
    ] {
        assert_eq!(cron.of("job_last_run_exit_code", command), Some(0.0), "{command}");
        let ended = cron.of("job_last_run_timestamp_seconds", command).unwrap();
        assert!(ended > 1.7e9 && cron.of("job_last_success_timestamp_seconds", command) == Some(ended), "{command}");
        assert!(cron.of("job_last_run_duration_seconds", command).unwrap() > 0.0, "{command}");
    }
    for (command, rows) in [
        ("archive appointments", Some(1.0)),
        ("purge notifications", Some(1.0)),
        ("compress medical-records", Some(1.0)),
        ("partition check", None),
    ] {
        assert_eq!(cron.of("job_last_run_rows", command), rows, "{command}");
    }
    assert!(
        cron.0.keys().any(
            |name| name.starts_with("caredb_partition_headroom_months{") && name.contains("table=\"appointments\"")
        )
    );
    assert!(cron.of("retention_due_rows", "purge notifications").is_some());
    assert!(cron.of("retention_overdue_seconds", "archive appointments").is_some());

    // a job alone: what the others left stays
    test.ok("purge notifications --today 2026-07-01 --metrics m.prom");
    let alone = Metrics::read(&test);
    assert_eq!(alone.all_of("archive appointments"), cron.all_of("archive appointments"));
    assert_eq!(alone.of("job_last_run_rows", "purge notifications"), Some(0.0));
    assert!(
        alone.of("job_last_run_timestamp_seconds", "purge notifications")
            > cron.of("job_last_run_timestamp_seconds", "purge notifications")
    );

    // one that moves nothing has neither rows nor pauses
    test.ok("archive verify --metrics m.prom");
    let verified = Metrics::read(&test);
    assert_eq!(verified.of("job_last_run_exit_code", "archive verify"), Some(0.0));
    assert_eq!(verified.of("job_last_run_rows", "archive verify"), None);
    assert_eq!(verified.paused("archive verify", "replica_lag"), None);

    // an error
    test.sql("ALTER TABLE appointments_archive ADD COLUMN by_hand INT");
    let text = test.run("archive appointments --today 2027-07-01 --metrics m.prom");
    assert!(text.starts_with("exit 2\n"), "{text}");
    let failed = Metrics::read(&test);
    let time = |metrics: &Metrics, name: &str| metrics.of(name, "archive appointments");
    assert_eq!(time(&failed, "job_last_run_exit_code"), Some(2.0));
    assert_eq!(time(&failed, "job_last_success_timestamp_seconds"), time(&cron, "job_last_success_timestamp_seconds"));
    assert!(time(&failed, "job_last_run_timestamp_seconds") > time(&cron, "job_last_run_timestamp_seconds"));

    // nobody answers: the run is told, and nothing that nobody knows
    let url = test.url.replace("/sock", "/none");
    let text = test.run_at(&url, "partition check --metrics n.prom");
    assert!(
        text.starts_with("exit 2\n")
            && text.contains("warning: metrics: headroom and backlog are not among the metrics: no server answers"),
        "{text}"
    );
    let text = std::fs::read_to_string(test.folder.join("n.prom")).unwrap();
    assert_eq!(series(&text).len(), 3, "{text}");
    assert!(text.contains("exit_code{command=\"partition check\",") && text.contains("} 2\n"), "{text}");
}

#[test]
fn what_can_not_be_written_or_read_is_told() {
    let test = Test::new("metrics_unwritable");
    test.ok("migrate");
    test.file("other.prom", "node_load1 3\n");
    assert_snapshot!(test.run("partition ensure --ahead 0 --behind 0 --today 2026-07-01 --metrics none/m.prom"), @"
    exit 1
    --- stdout
    appointments  split `p_future` for 2026-07 <ms> ms
    1 partition made: `appointments` is ready to 2026-07, 0 months ahead
    --- stderr
    error: could not write the metrics to `none/m.prom`: no such file or directory (os error 2); its folder must be there, and be this user's to write
    ");
    assert_snapshot!(test.run("partition ensure --ahead 0 --behind 0 --today 2026-07-01 --metrics other.prom --format json"), @r#"
    exit 1
    --- stdout
    {"command":"partition ensure","outcome":"found","today":"2026-07","made":0,"tables":[{"table":"appointments","months":1,"ahead":0,"ready_to":"2026-07"}],"metrics":"line 1 of `other.prom` is none of caredb's metrics, so the file was left as it is; name another one, or remove it"}
    --- stderr
    error: line 1 of `other.prom` is none of caredb's metrics, so the file was left as it is; name another one, or remove it
    "#);
    assert_eq!(std::fs::read_to_string(test.folder.join("other.prom")).unwrap(), "node_load1 3\n");
    // a table that somebody has locked hides no other number
    let locked = crate::support::block_on(async {
        let mut conn = test.connect().await;
        sqlx::raw_sql("LOCK TABLES notifications WRITE").execute(&mut conn).await.unwrap();
        conn
    });
    let text = test.run("partition ensure --ahead 0 --behind 0 --today 2026-07-01 --metrics m.prom");
    let warning = "warning: metrics: the backlog is not among the metrics: could not look up the oldest row of table `notifications`";
    assert!(text.starts_with("exit 0\n") && text.contains(warning), "{text}");
    let names: BTreeSet<_> =
        Metrics::read(&test).0.keys().map(|name| name[..name.find('{').unwrap()].to_owned()).collect();
    assert!(names.contains("caredb_partition_headroom_months"), "{names:?}");
    assert!(!names.contains("caredb_retention_due_rows"), "{names:?}");
    drop(locked);
    // what changes nothing is no run
    let text = test.run("cron --dry-run --metrics m.prom");
    assert!(text.starts_with("exit 2\n") && text.contains("cannot be used with"), "{text}");
}

#[test]
fn an_interrupted_job_leaves_metrics_and_a_log() {
    let test = clinic("metrics_interrupted");
    test.file("pause", "");
    let log = || std::fs::read_to_string(test.folder.join("stderr")).unwrap();
    // by a person, and by the system
    for signal in [Signal::INT, Signal::TERM] {
        let stderr = std::fs::File::create(test.folder.join("stderr")).unwrap();
        let mut child = test
            .command("purge notifications --today 2026-07-01 --pause-file pause --metrics m.prom --log-format json")
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        wait_for("the pause", || log().contains("paused"));
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
    }
    let metrics = Metrics::read(&test);
    assert_eq!(metrics.of("job_last_run_exit_code", "purge notifications"), Some(130.0));
    assert_eq!(metrics.of("job_last_success_timestamp_seconds", "purge notifications"), None);
    assert!(metrics.paused("purge notifications", "pause_file") > Some(0.0));
    assert_eq!(metrics.paused("purge notifications", "replica_lag"), Some(0.0));
    assert_snapshot!(without_times(&log()), @r#"
    {"time":"<time>","level":"warning","event":"throttled","cause":"pause_file","file":"pause","message":"paused: `pause` is there; remove it to go on"}
    {"time":"<time>","level":"info","event":"note","message":"interrupted; the batch under way is finished first"}
    "#);
}

/// Each line is an object with a time in UTC.
fn without_times(log: &str) -> String {
    let time =
        Regex::new(r#"^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"(info|warning|error)","event":"#)
            .unwrap();
    for line in log.lines() {
        assert!(time.is_match(line) && serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    Regex::new(r#""time":"[^"]*""#).unwrap().replace_all(log, r#""time":"<time>""#).trim_end().to_owned()
}

/// A session that has a named lock, until it is dropped.
fn hold(test: &Test, lock: &str) -> sqlx::mysql::MySqlConnection {
    crate::support::block_on(async {
        let mut conn = test.connect().await;
        sqlx::query("DO GET_LOCK(?, 0)").bind(lock).execute(&mut conn).await.unwrap();
        conn
    })
}

#[test]
fn a_job_that_finds_the_lock_taken_says_by_whom() {
    let test = Test::new("lock_taken");
    test.ok("migrate");
    people(&test);
    let migrate = format!("caredb migrate {}", test.database);
    let purge = format!("caredb purge notifications {}", test.database);
    let compress = format!("caredb compress medical-records {}", test.database);
    for (job, lock) in [
        ("partition ensure", &migrate),
        ("archive appointments", &migrate),
        ("archive restore --all", &migrate),
        ("purge archive --older-than 1y", &migrate),
        ("compress medical-records", &migrate),
        ("compress medical-records", &compress),
        ("purge notifications", &purge),
    ] {
        let holder = hold(&test, lock);
        let text = stable(&test.run(&format!("{job} --lock-timeout 0 --metrics m.prom")));
        let lock = lock.replace(&test.database, "<db>");
        let error = format!(
            "error: another run holds lock `{lock}`: connection <id> (root@localhost, Sleep, for <n> s); waited 0 s; run again when it has ended"
        );
        assert!(text.starts_with("exit 4\n") && text.ends_with(&error), "{job}: {text}");
        let command = job.split(" --").next().unwrap();
        assert_eq!(Metrics::read(&test).of("job_last_run_exit_code", command), Some(4.0), "{job}");
        drop(holder);
    }
    let holders = [hold(&test, &migrate), hold(&test, &purge)];
    let text = stable(&test.run("cron --lock-timeout 0 --quiet"));
    assert!(text.starts_with("exit 4\n"), "{text}");
    let said = text.matches("connection <id> (root@localhost, Sleep, for <n> s); waited 0 s; ").count();
    assert_eq!(said, 4, "ensure, archive, purge, compress: {text}");
    drop(holders);
}

#[test]
fn the_log_is_json_whatever_the_output() {
    let test = Test::new("log");
    test.ok("migrate");
    let lock = format!("caredb purge notifications {}", test.database);
    let holder = hold(&test, &lock);
    let run = |arguments: &str| {
        let output = test.command(&format!("purge notifications --lock-timeout 0 {arguments}")).output().unwrap();
        assert_eq!(output.status.code(), Some(4));
        let text = |bytes: &[u8]| stable(&String::from_utf8_lossy(bytes)).replace(&test.database, "<db>");
        (text(&output.stdout), without_times(&text(&output.stderr)))
    };
    let (stdout, human) = run("--log-format json");
    assert_eq!(stdout, "");
    assert_snapshot!(human, @r#"
    {"time":"<time>","level":"warning","event":"waiting","lock":"caredb purge notifications <db>","holder":"connection <id> (root@localhost, Sleep, for <n> s)","message":"waiting for lock `caredb purge notifications <db>`, held by connection <id> (root@localhost, Sleep, for <n> s)"}
    {"time":"<time>","level":"error","event":"error","command":"purge notifications","outcome":"locked","exit_code":4,"message":"another run holds lock `caredb purge notifications <db>`: connection <id> (root@localhost, Sleep, for <n> s); waited 0 s; run again when it has ended"}
    "#);
    // events are on stdout as ever, too
    let (stdout, json) = run("--log-format json --format json");
    assert_eq!(json, human);
    assert_snapshot!(stdout, @r#"
    {"event":"waiting","lock":"caredb purge notifications <db>","holder":"connection <id> (root@localhost, Sleep, for <n> s)"}
    {"command":"purge notifications","outcome":"locked","error":"another run holds lock `caredb purge notifications <db>`: connection <id> (root@localhost, Sleep, for <n> s); waited 0 s; run again when it has ended"}
    "#);
    let (_, quiet) = run("--log-format json --quiet");
    assert_eq!(quiet, human.lines().last().unwrap());
    drop(holder);
}

#[test]
fn a_log_that_nobody_reads_stops_nobody() {
    let folder = temporary("log_unread");
    for format in ["human", "json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = command(&folder);
        command.args(["status", "--log-format", format, "--url", "mysql://root@localhost/x?socket=/none"]);
        assert_eq!(command.stdout(Stdio::null()).stderr(writer).status().unwrap().code(), Some(2), "{format}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// The command lines in the files of `dist/`.
fn shipped() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
    let at = Regex::new(r"^#?(\S+ ){4}\S+  caredb  $").unwrap();
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for line in text.lines() {
            if let Some((before, command)) = line.split_once("/usr/bin/caredb ") {
                let is_there = before == "ExecStart=" || (name == "crontab" && at.is_match(before));
                assert!(is_there, "{name}: {line}");
                lines.push((name.clone(), command.to_owned()));
            }
        }
    }
    lines
}

#[test]
fn a_command_without_batches_ends_at_once() {
    let in_batches =
        |words: &str| caredb::cli::Cli::try_parse_from(words.split_whitespace()).unwrap().command.works_in_batches();
    assert!(in_batches("caredb archive restore --all") && in_batches("caredb cron"));
    assert!(!in_batches("caredb archive verify") && !in_batches("caredb partition check"));
}

#[test]
fn what_is_shipped_for_cron_and_systemd_is_valid() {
    let lines = shipped();
    let number = |name: &str| lines.iter().filter(|(file, _)| file == name).count();
    assert_eq!((number("caredb-cron.service"), number("caredb-check.service"), number("crontab")), (1, 1, 6));
    for (name, line) in &lines {
        let words = ["caredb"].into_iter().chain(line.split_whitespace());
        let cli = caredb::cli::Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{name}: {line}\n{error}"));
        // one file for all jobs of a database: node_exporter refuses series that two files have
        assert_eq!(cli.command.metrics(), Some(Path::new("/var/lib/caredb/metrics/caredb.prom")), "{name}: {line}");
        assert_eq!(cli.globals.config, None, "{name}: {line}");
    }
    // all of them find the same caredb.toml: by another policy, rows would go too early
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
    for (name, setting) in [
        ("crontab", "HOME=/etc/caredb"),
        ("caredb-cron.service", "WorkingDirectory=/etc/caredb"),
        ("caredb-check.service", "WorkingDirectory=/etc/caredb"),
    ] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.lines().any(|line| line == setting), "{name}: {setting}");
    }
}

#[test]
fn systemd_takes_the_units() {
    let verify = Command::new("systemd-analyze").arg("--version").output();
    if !verify.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: there is no systemd-analyze on this machine, so the units in dist/ were not verified");
        return;
    }
    let folder = temporary("units");
    let mut units = Vec::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("dist")).unwrap() {
        let path = entry.unwrap().path();
        if !path.extension().is_some_and(|end| end == "service" || end == "timer") {
            continue;
        }
        // the program must be there
        let text = std::fs::read_to_string(&path).unwrap().replace("/usr/bin/caredb", env!("CARGO_BIN_EXE_caredb"));
        let unit = folder.join(path.file_name().unwrap());
        std::fs::write(&unit, text).unwrap();
        units.push(unit);
    }
    assert_eq!(units.len(), 4);
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&units).output().unwrap();
    // a word that it does not know is a warning, and no failure
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.is_empty(), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}
