//! What lets a job pause, on a server of its own: how busy it is must not depend on other tests.

use std::io::Read as _;
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use insta::assert_snapshot;

use crate::support::{Server, Test, people, server, wait_for};

const PURGE: &str = "purge notifications --today 2024-07-01";

fn quiet_server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start("throttle", &[]))
}

fn prepared(name: &str) -> Test {
    prepared_on(quiet_server(), name)
}

fn prepared_on(server: &'static Server, name: &str) -> Test {
    let test = Test::on(server, name);
    test.ok("migrate");
    people(&test);
    test.sql("INSERT INTO notifications (user_id, type, title, message, created_at) VALUES ('u1', 'GENERAL', 't', 'm', '2023-01-01')");
    test
}

/// Starts a run whose stderr goes to a file.
fn start(test: &Test, arguments: &str) -> Child {
    let stderr = std::fs::File::create(test.folder.join("stderr")).unwrap();
    test.command(arguments).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap()
}

fn stderr(test: &Test) -> String {
    std::fs::read_to_string(test.folder.join("stderr")).unwrap()
}

/// Waits for its end; exit code, stdout and stderr.
fn ended(test: &Test, mut child: Child) -> String {
    let code = child.wait().unwrap().code();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    let text =
        format!("exit {code:?}\n{stdout}{}", stderr(test)).replace(&test.folder.display().to_string(), "<folder>");
    [
        (r"in \d+\.\d\d s", "in <s> s"),
        (r"\d+ rows/s", "<n> rows/s"),
        (r"after \d+ s", "after <n> s"),
        (r"it is \d\d:\d\d at", "it is <now> at"),
        (r"runs \d+ threads \(limit \d+\)", "runs <n> threads (limit <n>)"),
    ]
    .iter()
    .fold(text, |text, (pattern, by)| regex::Regex::new(pattern).unwrap().replace_all(&text, *by).into_owned())
}

#[test]
fn a_file_pauses_until_it_is_removed() {
    let test = prepared("throttle_file");
    test.file("pause", "");
    let child = start(&test, &format!("{PURGE} --pause-file pause"));
    wait_for("the pause", || stderr(&test).contains("paused"));
    assert_eq!(test.rows("SELECT COUNT(*) FROM notifications"), ["1"]);
    std::fs::remove_file(test.folder.join("pause")).unwrap();
    assert_snapshot!(ended(&test, child), @"
    exit Some(0)
    purged 1 notification from before 2024-01-01 in <s> s, <n> rows/s
    paused: `pause` is there; remove it to go on
    goes on after <n> s
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM notifications"), ["0"]);
}

#[test]
fn a_pause_ends_with_the_run() {
    let test = prepared("throttle_runtime");
    test.file("pause", "");
    let child = start(&test, &format!("{PURGE} --pause-file pause --max-runtime 1s"));
    assert_snapshot!(ended(&test, child), @"
    exit Some(0)
    `--max-runtime` is over, and the next run goes on: purged 0 notifications from before 2024-01-01 in <s> s, <n> rows/s
    paused: `pause` is there; remove it to go on
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM notifications"), ["1"]);
    // and by Ctrl-C
    let child = start(&test, &format!("{PURGE} --pause-file pause"));
    wait_for("the pause", || stderr(&test).contains("paused"));
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    assert_snapshot!(ended(&test, child), @"
    exit Some(130)
    interrupted, and the next run goes on: purged 0 notifications from before 2024-01-01 in <s> s, <n> rows/s
    paused: `pause` is there; remove it to go on
    interrupted; the batch under way is finished first
    ");
    assert_eq!(test.rows("SELECT outcome FROM caredb_runs"), ["stopped", "stopped"]);
}

#[test]
fn a_busy_server_pauses() {
    const SLEEPERS: &str = "SELECT id FROM performance_schema.processlist WHERE info LIKE 'SELECT SLEEP%'";
    const TIMEOUT: &str = "
        SELECT variable_value FROM performance_schema.variables_by_thread JOIN performance_schema.threads USING (thread_id)
        WHERE variable_name = 'wait_timeout' AND processlist_user = 'root' AND processlist_db IS NULL";
    // a server of its own, which no other test keeps busy
    let server = Box::leak(Box::new(Server::start("busy", &[])));
    let test = prepared_on(server, "throttle_busy");
    // with the one that asks, and the server's own
    let idle = test
        .rows("SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Threads_running'")
        .remove(0);
    let child = std::thread::scope(|scope| {
        scope.spawn(|| test.rows("SELECT SLEEP(1000)"));
        wait_for("a busy thread", || test.rows(SLEEPERS).len() == 1);
        let child = start(&test, &format!("{PURGE} --max-threads-running {idle}"));
        wait_for("the pause", || stderr(&test).contains("paused"));
        // the session that asks is of no database, and the server does not close it while it has nothing to ask
        assert_eq!(test.rows(TIMEOUT), ["31536000"]);
        test.sql(&format!("KILL QUERY {}", test.rows(SLEEPERS)[0]));
        child
    });
    assert_snapshot!(ended(&test, child), @"
    exit Some(0)
    purged 1 notification from before 2024-01-01 in <s> s, <n> rows/s
    paused: the server runs <n> threads (limit <n>)
    goes on after <n> s
    ");
}

#[test]
fn replicas_and_windows() {
    let test = prepared("throttle_replica");
    // one that nobody answers at
    let nowhere = "--replica mysql://u@localhost/d?socket=/nowhere";
    assert_snapshot!(ended(&test, start(&test, &format!("{PURGE} {nowhere} --max-runtime 1s"))), @"
    exit Some(0)
    `--max-runtime` is over, and the next run goes on: purged 0 notifications from before 2024-01-01 in <s> s, <n> rows/s
    paused: how far replica `/nowhere` is behind can't be asked: no server answers at `/nowhere` (no such file or directory (os error 2)); start it, or correct the URL
    ");
    // one that is none
    let other = format!("--replica mysql://root@localhost/d?socket={}", server().socket().display());
    let text = ended(&test, start(&test, &format!("{PURGE} {other}")));
    assert_snapshot!(text.replace(&server().socket().display().to_string(), "<socket>"), @"
    exit Some(2)
    error: could not ask replica `<socket>` how far it is behind: it replicates from nobody; correct `--replica`, or leave it out
    ");
    // an hour that it is not
    let hour: u32 = test.rows("SELECT HOUR(NOW())")[0].parse().unwrap();
    let window = format!("{:02}:00-{:02}:00", (hour + 2) % 24, (hour + 3) % 24);
    let text = ended(&test, start(&test, &format!("{PURGE} --window {window} --max-runtime 1s")));
    assert_snapshot!(text.replace(&window, "<window>"), @"
    exit Some(0)
    `--max-runtime` is over, and the next run goes on: purged 0 notifications from before 2024-01-01 in <s> s, <n> rows/s
    paused: it is <now> at the server, outside the window `<window>`
    ");
    assert_eq!(test.rows("SELECT COUNT(*) FROM notifications"), ["1"]);
}

#[test]
fn a_replica_that_replicates_nothing_pauses() {
    let test = prepared("throttle_stopped");
    test.sql("CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'nowhere', SOURCE_USER = 'nobody'");
    let replica = format!("--replica mysql://root@localhost/d?socket={}", quiet_server().socket().display());
    let text = ended(&test, start(&test, &format!("{PURGE} {replica} --max-runtime 1s --format json")));
    test.sql("RESET REPLICA ALL");
    let text = text.replace(&quiet_server().socket().display().to_string(), "<socket>");
    let seconds = regex::Regex::new(r#""seconds":[0-9.e-]+"#).unwrap();
    assert_snapshot!(seconds.replace_all(&text, r#""seconds":<s>"#), @r#"
    exit Some(0)
    {"event":"throttled","cause":"replica_stopped","replica":"<socket>"}
    {"command":"purge notifications","outcome":"done","run":1,"cut_off":"2024-01-01","purged":0,"checksum":"0","kept":{"unread":0,"hold":0},"seconds":<s>,"rows_per_s":0,"complete":false}
    "#);
    let denied = test.url_as("reader", &["SELECT"]);
    let text = ended(&test, start(&test, &format!("{PURGE} --replica {denied}")));
    assert_snapshot!(text.replace(&quiet_server().socket().display().to_string(), "<socket>"), @"
    exit Some(2)
    error: could not ask replica `<socket>` how far it is behind: MySQL error 1227: Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT privilege(s) for this operation; ask for the missing privilege (`caredb grants` prints what each account needs) and run again
    ");
    let wrong = denied.replace("pa%3Ass", "wrong");
    let text = ended(&test, start(&test, &format!("{PURGE} --replica {wrong}")));
    assert_snapshot!(text.replace(&quiet_server().socket().display().to_string(), "<socket>"), @"
    exit Some(2)
    error: could not connect to `t_throttle_stopped` at `<socket>`: MySQL error 1045: Access denied for user 'reader_t_throttle_stopped'@'localhost' (using password: YES); check the user and the password in the URL, or give the password by `CAREDB_PASSWORD_FILE`
    ");
}
