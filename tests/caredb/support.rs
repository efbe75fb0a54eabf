//! The server of the run, a database a test, and caredb as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use regex::Regex;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

/// The server of this run. It ends with the test process, however that ends: a shell that holds the other
/// end of a pipe stops it.
pub struct Server {
    pub folder: PathBuf,
    _alive: ChildStdin,
}

/// Stops the server when its standard input ends; removes the files unless a test said `keep`.
const SUPERVISOR: &str = r#"
    folder=$1; shift
    "$@" >"$folder/log" 2>&1 </dev/null &
    server=$!
    trap '' INT TERM
    cat >/dev/null
    kill "$server"; wait "$server"
    [ -e "$folder/keep" ] || rm -rf "$folder"
"#;

pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start("server", &[]))
}

/// Makes a data directory.
pub fn initialize(program: &Path, data: &Path) {
    let output = Command::new(program)
        .args(["--no-defaults", "--initialize-insecure", "--user=root"])
        .arg(format!("--datadir={}", data.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// As `caredb dev up` starts it, but without the waits for the disk: no test cuts the power, and what a killed server has written
/// is in the system's hands.
pub fn server_options(folder: &Path) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    vec![
        "--no-defaults".to_owned(),
        "--user=root".to_owned(),
        format!("--datadir={}", path("data")),
        format!("--socket={}", path("sock")),
        format!("--pid-file={}", path("pid")),
        "--skip-networking".to_owned(),
        "--mysqlx=OFF".to_owned(),
        "--log-bin=binlog".to_owned(),
        "--server-id=1".to_owned(),
        "--character-set-server=utf8mb4".to_owned(),
        "--innodb-flush-log-at-trx-commit=0".to_owned(),
        "--innodb-flush-method=nosync".to_owned(),
        "--sync-binlog=0".to_owned(),
        "--innodb-doublewrite=OFF".to_owned(),
        "--max-connections=500".to_owned(),
    ]
}

impl Server {
    /// Another server, with more options; it ends when it is dropped.
    #[expect(clippy::zombie_processes, reason = "the supervisor outlives this process, to stop the server")]
    pub fn start(name: &str, options: &[&str]) -> Self {
        let program = program("server");
        let folder = temporary(name);
        let data = folder.join("data");
        initialize(&program, &data);
        let mut command = Command::new("bash");
        command.args(["-c", SUPERVISOR, "supervisor"]).arg(&folder).arg(&program);
        command.args(server_options(&folder)).args(options);
        let mut supervisor = command.stdin(Stdio::piped()).process_group_of_its_own().spawn().unwrap();
        let server = Self { _alive: supervisor.stdin.take().unwrap(), folder };
        wait_for("a server to answer", || server.try_connect());
        server
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.join("sock")
    }

    fn options(&self) -> MySqlConnectOptions {
        MySqlConnectOptions::new()
            .socket(self.socket())
            .username("root")
            .pipes_as_concat(false)
            .no_engine_substitution(false)
    }

    pub async fn connect(&self, database: &str) -> MySqlConnection {
        self.options().database(database).connect().await.unwrap()
    }

    fn try_connect(&self) -> bool {
        block_on(async { self.options().connect().await.is_ok() })
    }
}

/// A program that `dev/mysql` provides. None is a loud failure.
pub fn program(name: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("dev/mysql");
    let output = Command::new(&script).arg(name).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "`dev/mysql {name}` provides no program: these tests need a real server");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// A new folder of this process under `target/tmp`, short enough for a socket's path.
pub fn temporary(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Waits for a condition; says which one when it does not come.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_mins(2), "waited for {what} in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs a future on this thread's runtime; a connection stays good from one call to the next.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// A fresh database, a folder to run caredb in, and what has been set for the next run.
pub struct Test {
    server: &'static Server,
    pub database: String,
    pub folder: PathBuf,
    pub url: String,
}

impl Test {
    /// `name`: that of the test, a part of the database's name.
    pub fn new(name: &str) -> Self {
        let test = Self::without_database(name);
        test.server_sql(&format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4", test.database));
        test
    }

    /// On another server than that of the run.
    pub fn on(server: &'static Server, name: &str) -> Self {
        let test = Self::without_database_on(server, name);
        test.server_sql(&format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4", test.database));
        test
    }

    pub fn without_database(name: &str) -> Self {
        Self::without_database_on(server(), name)
    }

    fn without_database_on(server: &'static Server, name: &str) -> Self {
        let database = format!("t_{name}");
        let url = format!("mysql://root@localhost/{database}?socket={}", server.socket().display());
        let test = Self { server, folder: temporary(&database), database, url };
        // the test's folder is a project of its own, whatever lies above it
        test.file("caredb.toml", "");
        test
    }

    /// Another user of the same database, with these privileges.
    pub fn url_as(&self, user: &str, grants: &[&str]) -> String {
        let user = self.user(user);
        self.server_sql(&format!("DROP USER IF EXISTS '{user}'"));
        self.server_sql(&format!("CREATE USER '{user}' IDENTIFIED BY 'pa:ss'"));
        for grant in grants {
            self.server_sql(&format!("GRANT {grant} ON `{}`.* TO '{user}'", self.database));
        }
        self.url.replace("root@", &format!("{user}:pa%3Ass@"))
    }

    /// The name of a user that `url_as` makes, at 32 characters the most.
    pub fn user(&self, user: &str) -> String {
        format!("{user}_{}", &self.database.chars().take(24).collect::<String>())
    }

    /// Runs statements in the test's database.
    pub fn sql(&self, sql: &str) {
        self.rows(sql);
    }

    /// Runs statements in no database.
    pub fn server_sql(&self, sql: &str) {
        block_on(async {
            let mut conn = self.server.options().connect().await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        });
    }

    /// The rows of a query, columns joined by `|`, NULL as `NULL`.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        block_on(async { rows(&mut self.connect().await, sql).await.unwrap() })
    }

    /// MySQL's number for the error that a statement must give.
    pub fn error(&self, sql: &str) -> u16 {
        let error = block_on(async { rows(&mut self.connect().await, sql).await.unwrap_err() });
        error.as_database_error().unwrap().downcast_ref::<sqlx::mysql::MySqlDatabaseError>().number()
    }

    pub async fn connect(&self) -> MySqlConnection {
        self.server.connect(&self.database).await
    }

    /// `SHOW CREATE` of every table, by name; caredb's own left out.
    pub fn schema(&self) -> Vec<String> {
        let tables = self.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
             AND table_name NOT IN ('flyway_schema_history', 'caredb_journal', 'caredb_seed') ORDER BY table_name",
        );
        tables.iter().flat_map(|table| self.rows(&format!("SHOW CREATE TABLE `{table}`"))).collect()
    }

    /// Writes a file into the test's folder.
    pub fn file(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Writes pairs of V and U files and a `caredb.toml` that names their folders.
    pub fn migrations(&self, files: &[(&str, &str)]) -> &Self {
        for folder in ["migrations", "rollbacks"] {
            std::fs::create_dir_all(self.folder.join(folder)).unwrap();
        }
        self.file("caredb.toml", "migrations = \"migrations\"\nrollbacks = \"rollbacks\"\n");
        for (name, text) in files {
            let folder = if name.starts_with('U') { "rollbacks" } else { "migrations" };
            self.file(&format!("{folder}/{name}"), text);
        }
        self
    }

    /// caredb on this test's database, in its folder, with an environment of its own.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = command(&self.folder);
        // what checks leave behind goes with the test
        command.env("XDG_CACHE_HOME", self.folder.join("cache"));
        command.args(arguments.split_whitespace()).arg("--url").arg(&self.url);
        command
    }

    /// Runs caredb and shows how it ended.
    pub fn run(&self, arguments: &str) -> String {
        self.show(&self.command(arguments).output().unwrap())
    }

    /// Runs caredb on another URL.
    pub fn run_at(&self, url: &str, arguments: &str) -> String {
        let mut command = command(&self.folder);
        command.env("XDG_CACHE_HOME", self.folder.join("cache"));
        self.show(&command.args(arguments.split_whitespace()).arg("--url").arg(url).output().unwrap())
    }

    /// Runs caredb, which must succeed.
    pub fn ok(&self, arguments: &str) {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", self.show(&output));
    }

    /// Exit code, stdout and stderr, with what differs from run to run replaced.
    pub fn show(&self, output: &Output) -> String {
        self.named(&show(output))
    }

    /// A text with names in place of what differs from test to test.
    pub fn named(&self, text: &str) -> String {
        text.replace(&self.folder.display().to_string(), "<folder>")
            .replace(&self.database, "<db>")
            .replace(&self.server.socket().display().to_string(), "<socket>")
    }
}

impl Drop for Test {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let folder = &self.server.folder;
            let _ = std::fs::write(folder.join("keep"), "");
            let options = server_options(folder).join(" ");
            eprintln!("database `{}` is kept; start its server with:\n$(dev/mysql) {options}", self.database);
            return;
        }
        self.server_sql(&format!("DROP DATABASE IF EXISTS `{}`", self.database));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The rows of a query to another server than that of the run.
pub fn rows_at(socket: &Path, sql: &str) -> Vec<String> {
    block_on(async {
        let mut conn = MySqlConnectOptions::new().socket(socket).username("root").connect().await.unwrap();
        rows(&mut conn, sql).await.unwrap()
    })
}

/// The rows of a query, columns joined by `|`, NULL as `NULL`.
pub async fn rows(conn: &mut MySqlConnection, sql: &str) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await?;
    Ok(rows.iter().map(text).collect())
}

/// A row's columns joined by `|`, NULL as `NULL`.
pub fn text(row: &MySqlRow) -> String {
    let column = |index| match row.try_get_unchecked::<Option<Vec<u8>>, _>(index) {
        Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => "NULL".to_owned(),
    };
    (0..row.len()).map(column).collect::<Vec<_>>().join("|")
}

/// What the environment of the tests may say of a database.
pub const OF_A_DATABASE: [&str; 3] = ["CAREDB_URL", "DATABASE_URL", "CAREDB_PASSWORD_FILE"];

/// caredb in `folder`, without what the environment of the tests may say of a database.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caredb"));
    for name in OF_A_DATABASE {
        command.env_remove(name);
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Exit code, stdout and stderr, with times replaced.
pub fn show(output: &Output) -> String {
    static TIMES: OnceLock<[(Regex, &str); 5]> = OnceLock::new();
    let times = TIMES.get_or_init(|| {
        [
            (Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+").unwrap(), "<time> <ms>"),
            (Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").unwrap(), "<time>"),
            (Regex::new(r" +\d+ ms").unwrap(), " <ms> ms"),
            (Regex::new(r"in \d+\.\d\d s").unwrap(), "in <s> s"),
            // a column is as wide as its widest number; that tables stand straight is `output::table`'s test
            (Regex::new(r" {3,}").unwrap(), "  "),
        ]
    });
    let mut text = format!("exit {}", output.status.code().map_or("by signal".to_owned(), |code| code.to_string()));
    for (name, stream) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let stream = String::from_utf8_lossy(stream);
        if !stream.is_empty() {
            text.push_str(&format!("\n--- {name}\n{}", stream.trim_end_matches('\n')));
        }
    }
    times.iter().fold(text, |text, (times, name)| times.replace_all(&text, *name).into_owned())
}

/// With what differs from run to run of sessions and their ages replaced.
pub fn stable(text: &str) -> String {
    [(r"connection \d+", "connection <id>"), (r"KILL \d+", "KILL <id>"), (r"for \d+ s", "for <n> s")]
        .iter()
        .fold(text.to_owned(), |text, (pattern, by)| {
            regex::Regex::new(pattern).unwrap().replace_all(&text, *by).into_owned()
        })
}

/// One patient and one doctor: enough for a row of appointments on a fresh schema.
pub const PEOPLE: &str =
    "INSERT INTO users (id, email, password_hash, role) VALUES ('u1', 'p@example.com', 'x', 'PATIENT'), ('u2', 'd@example.com', 'x', 'DOCTOR');
         INSERT INTO patient_profiles (id, user_id, first_name, last_name, date_of_birth, gender, phone_number, emergency_contact, address)
             VALUES ('p1', 'u1', 'P', 'One', '1990-01-01', 'OTHER', '1', '{}', '{}');
         INSERT INTO doctor_profiles (id, user_id, first_name, last_name, specialization, qualification, experience_years, license_number,
             license_expiry, consultation_fee, languages, education)
             VALUES ('d1', 'u2', 'D', 'One', 'x', 'x', 1, 'L1', '2030-01-01', 10, '[]', '[]')";

pub fn people(test: &Test) {
    test.sql(PEOPLE);
}

/// A terminal: the end to read, and the end for a child.
pub fn pty() -> (std::fs::File, std::fs::File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let child = std::fs::OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (terminal.into(), child)
}

/// What a terminal has to read; blocks until there is something.
pub fn read_some(mut terminal: &std::fs::File) -> String {
    use std::io::Read as _;
    let mut buffer = [0; 4096];
    let length = terminal.read(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

/// A process group of its own keeps the terminal's Ctrl-C from the server before its databases are dropped.
trait OwnGroup {
    fn process_group_of_its_own(&mut self) -> &mut Self;
}

impl OwnGroup for Command {
    fn process_group_of_its_own(&mut self) -> &mut Self {
        use std::os::unix::process::CommandExt as _;
        self.process_group(0)
    }
}

/// A child that is killed when the test is over, whatever its end.
pub struct Killed(pub Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
