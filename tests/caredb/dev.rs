//! `dev`: a private server, as a newcomer meets it. Each test has a project of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::support::{command, program, rows_at, show, temporary, wait_for};

/// A project whose server ends with the test.
pub struct Project {
    pub folder: PathBuf,
}

impl Project {
    pub fn new(name: &str) -> Self {
        let folder = temporary(name);
        std::fs::write(folder.join("caredb.toml"), "").unwrap();
        Self { folder }
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = command(&self.folder);
        command.env("CAREDB_MYSQLD", program("server")).args(arguments.split_whitespace());
        command
    }

    pub fn run(&self, arguments: &str) -> String {
        let text = show(&self.command(arguments).output().unwrap());
        let text =
            text.replace(&self.folder.display().to_string(), "<folder>").replace(&percent(&self.folder), "<folder>");
        let text = regex::Regex::new(r"process \d+").unwrap().replace_all(&text, "process <pid>").into_owned();
        let text = regex::Regex::new(r"port \d+").unwrap().replace_all(&text, "port <port>").into_owned();
        regex::Regex::new(r"127.0.0.1:\d+").unwrap().replace_all(&text, "127.0.0.1:<port>").into_owned()
    }

    fn pid(&self) -> String {
        std::fs::read_to_string(self.folder.join(".caredb/pid")).unwrap().trim().to_owned()
    }

    fn signal(&self, signal: &str) {
        assert!(
            Command::new("bash").args(["-c", &format!("kill -{signal} {}", self.pid())]).status().unwrap().success()
        );
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = self.command("dev reset --yes").output();
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn percent(path: &Path) -> String {
    path.display().to_string().replace('/', "%2F")
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told from its beginning to its end")]
fn up_status_down_and_up_again() {
    let project = Project::new("dev");
    assert_snapshot!(project.run("dev status"), @"
    exit 1
    --- stdout
    there is none; make one with `caredb dev up`
    ");
    assert_snapshot!(project.run("migrate"), @"
    exit 2
    --- stderr
    error: no database is named, and this project has no private server; give `--url`, or start one with `caredb dev up`
    ");
    assert_snapshot!(project.run("dev up"), @"
    exit 0
    --- stdout
    the private server started: process <pid>, port <port>
    mysql://root@127.0.0.1:<port>/caredb?socket=<folder>%2F.caredb%2Fmysqld.sock
    --- stderr
    making a new data directory
    starting the private server
    ");
    assert_snapshot!(project.run("dev up"), @"
    exit 0
    --- stdout
    the private server runs already: process <pid>, port <port>
    mysql://root@127.0.0.1:<port>/caredb?socket=<folder>%2F.caredb%2Fmysqld.sock
    ");
    assert_snapshot!(project.run("dev status"), @"
    exit 0
    --- stdout
    running: process <pid>, port <port>
    ");
    assert_snapshot!(project.run("migrate --to 1 --quiet"), @"
    exit 0
    --- stdout
    migrated `caredb` from version 0 to 1: 1 migration, 1 statement in <s> s
    ");
    assert_snapshot!(project.run("migrate --to 2"), @"
    exit 0
    --- stdout
    V2  create profiles tables  2 statements <ms> ms
    migrated `caredb` from version 1 to 2: 1 migration, 2 statements in <s> s
    --- stderr
    using the private server of `caredb dev up`, database `caredb`
    ");
    // the URL works for others, too
    let url = String::from_utf8(project.command("dev url").output().unwrap().stdout).unwrap();
    assert_snapshot!(project.run(&format!("info --quiet --url {url}")), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  create users table  Success  <time> <ms>  yes
      2  create profiles tables  Success  <time> <ms>  yes
      3  add appointments  Pending  yes
      4  add consultations  Pending  yes
      5  add prescriptions  Pending  yes
      6  add medical records  Pending  yes
      7  add payments  Pending  yes
      8  add doctor schedules  Pending  yes
      9  add reviews  Pending  yes
      10  add notifications  Pending  yes
      11  add audit logs  Pending  yes
      12  add time checks and live slot key  Pending  yes
      13  partition appointments  Pending  yes
      14  add archives  Pending  yes
      15  compressed medical records  Pending  yes
      live and archived  Pending  yes
      medical records all  Pending  yes

    `caredb` is at version 2
    ");
    assert_snapshot!(project.run("dev down"), @"
    exit 0
    --- stdout
    the private server is stopped; its data stay
    ");
    assert_snapshot!(project.run("dev down"), @"
    exit 0
    --- stdout
    the private server was not running
    ");
    assert_snapshot!(project.run("dev url"), @"
    exit 2
    --- stderr
    error: the private server is not running; start it with `caredb dev up`
    ");
    assert_snapshot!(project.run("info"), @"
    exit 2
    --- stderr
    error: no database is named, and the private server is not running; give `--url`, or start it with `caredb dev up`
    ");
    assert!(project.run("dev up").starts_with("exit 0"));
    assert!(project.run("info").contains("`caredb` is at version 2"));
    assert_snapshot!(project.run("dev reset"), @"
    exit 3
    --- stderr
    error: throw away the private server with all its data? say `--yes`; nothing was thrown away
    ");
    assert_snapshot!(project.run("dev reset --yes"), @"
    exit 0
    --- stdout
    the private server is gone, with its data
    ");
    assert!(!project.folder.join(".caredb").exists());
}

#[test]
fn the_server_takes_utf8_and_writes_a_binary_log() {
    let project = Project::new("dev_settings");
    assert!(project.run("dev up").starts_with("exit 0"));
    let socket = project.folder.join(".caredb/mysqld.sock");
    let settings = "SELECT @@log_bin, @@character_set_server, @@bind_address, @@default_storage_engine";
    assert_eq!(rows_at(&socket, settings), ["1|utf8mb4|127.0.0.1|InnoDB"]);
    let logs = std::fs::read_dir(project.folder.join(".caredb/data")).unwrap();
    assert!(logs.filter_map(Result::ok).any(|file| file.file_name().to_string_lossy().starts_with("binlog.")));
}

#[test]
fn after_a_crash_it_comes_back() {
    let project = Project::new("dev_crash");
    assert!(project.run("dev up").starts_with("exit 0"));
    assert!(project.run("migrate --quiet").starts_with("exit 0"));
    let pid = project.pid();
    project.signal("KILL");
    wait_for("the server to be gone", || {
        !Path::new(&format!("/proc/{pid}/cmdline")).exists() || project.run("dev status").starts_with("exit 1")
    });
    assert_snapshot!(project.run("info"), @"
    exit 2
    --- stderr
    error: no database is named, and the private server is not running; give `--url`, or start it with `caredb dev up`
    ");
    // the pid may belong to somebody else by now
    std::fs::write(project.folder.join(".caredb/pid"), std::process::id().to_string()).unwrap();
    assert!(project.run("dev status").starts_with("exit 1"));
    assert!(project.run("dev up").starts_with("exit 0"));
    assert!(project.run("info").contains("`caredb` is at version 15"));
}

#[test]
fn a_first_start_that_was_killed_leaves_nothing_half() {
    let project = Project::new("dev_half");
    std::fs::create_dir_all(project.folder.join(".caredb/data.new/mysql")).unwrap();
    assert!(project.run("dev up").starts_with("exit 0"));
    assert!(!project.folder.join(".caredb/data.new").exists());
}

#[test]
fn a_start_that_fails_shows_the_log() {
    let project = Project::new("dev_fails");
    assert!(project.run("dev up").starts_with("exit 0"));
    assert!(project.run("dev down").starts_with("exit 0"));
    // the system tablespace is gone
    std::fs::write(project.folder.join(".caredb/data/ibdata1"), "").unwrap();
    let answer = project.run("dev up");
    assert!(answer.starts_with("exit 2"), "{answer}");
    assert!(
        answer.contains("the private server could not start; the last lines of `<folder>/.caredb/mysqld.log`:"),
        "{answer}"
    );
    assert!(answer.contains("ibdata1"), "{answer}");
}

#[test]
fn a_start_that_was_interrupted_leaves_no_second_server() {
    let project = Project::new("dev_interrupted");
    assert!(project.run("dev up").starts_with("exit 0"));
    assert!(project.run("dev down").starts_with("exit 0"));
    for signal in ["INT", "KILL"] {
        let child = project.command("dev up").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let _ = std::fs::remove_file(project.folder.join(".caredb/pid"));
        wait_for("the server to be begun", || project.folder.join(".caredb/pid").exists());
        assert!(
            Command::new("bash").args(["-c", &format!("kill -{signal} {}", child.id())]).status().unwrap().success()
        );
        assert!(child.wait_with_output().is_ok());
        assert!(project.run("dev up").starts_with("exit 0"));
        assert_eq!(servers_in(&project.folder), 1);
        assert!(project.run("dev down").starts_with("exit 0"));
        assert_eq!(servers_in(&project.folder), 0);
    }
}

/// How many processes work in a project's data directory.
fn servers_in(folder: &Path) -> usize {
    let data = folder.join(".caredb/data").canonicalize().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes.filter(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == data)).count()
}

#[test]
fn a_project_that_moved_keeps_its_server() {
    let project = Project::new("dev_moves");
    let (old, new) = (project.folder.join("old"), project.folder.join("new"));
    std::fs::create_dir(&old).unwrap();
    std::fs::write(old.join("caredb.toml"), "").unwrap();
    let at = |folder: &Path| Project { folder: folder.to_owned() };
    let before = std::mem::ManuallyDrop::new(at(&old));
    assert!(before.run("dev up").starts_with("exit 0"));
    assert!(before.run("dev status --config ./caredb.toml").starts_with("exit 0"));
    std::fs::rename(&old, &new).unwrap();
    let after = at(&new);
    assert!(after.run("dev status").starts_with("exit 0"));
    assert!(after.run("info").starts_with("exit 0"));
    assert!(after.run("dev down").starts_with("exit 0"));
    assert_eq!(servers_in(&new), 0);
}

#[test]
fn a_program_that_is_no_mysql_is_named() {
    let project = Project::new("dev_program");
    let output = project.command("dev up").env("CAREDB_MYSQLD", "/bin/true").output().unwrap();
    assert_snapshot!(show(&output), @"
    exit 2
    --- stderr
    dev/mysql: error: CAREDB_MYSQLD=`/bin/true` is not a MySQL 8.0 or later that runs here: correct it, or unset it to have one found
    error: no MySQL server program: none was found and none could be fetched, as said above
    ");
    let output = project.command("dev up").env("CAREDB_MYSQLD", program("mariadb")).output().unwrap();
    assert!(show(&output).starts_with("exit 2"));
}

#[test]
fn a_long_path_still_gets_a_socket() {
    let project = Project::new("dev_long");
    let deep = project.folder.join("a-folder-with-a-long-name/".repeat(5));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("caredb.toml"), "").unwrap();
    let deep = Project { folder: deep };
    let up = deep.run("dev up");
    assert!(up.starts_with("exit 0"), "{up}");
    assert!(deep.run("info").starts_with("exit 0"));
}

#[test]
fn two_at_once_start_one_server() {
    let project = Project::new("dev_two");
    let spawn = || project.command("dev up").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let outputs: Vec<_> = [spawn(), spawn()].into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let texts: Vec<_> = outputs.iter().map(show).collect();
    assert!(texts.iter().all(|text| text.starts_with("exit 0")), "{texts:?}");
    assert_eq!(texts.iter().filter(|text| text.contains("the private server started")).count(), 1, "{texts:?}");
    assert!(project.run("dev status").starts_with("exit 0"));
}
