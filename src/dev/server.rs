//! Starts, finds and stops the private server. All it knows is in the folder, so that any later run of
//! caredb, also after a crash of this one, finds the truth there.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::ConnectOptions as _;
use url::Url;

use crate::db::connect::{ConnectError, create_database};
use crate::db::ident::Ident;
use crate::db::target::Target;
use crate::output::Event;

/// The script that finds or fetches a server program, the same that stands in the checkout.
const PROVIDE: &str = include_str!("../../dev/mysql");

/// The database on the private server.
pub const DATABASE: &str = "caredb";

/// How long a start may take until the server answers; recovery after a crash included.
const START_TIMEOUT: Duration = Duration::from_mins(2);

/// How long a stop may take before the server is killed.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);

/// How often to look while waiting.
const POLL: Duration = Duration::from_millis(20);

/// The longest path of a Unix socket that every system takes, in bytes (`sun_path` less its NUL).
const SOCKET_PATH_MAX: usize = 103;

/// A private server, running or not.
pub struct PrivateServer {
    folder: PathBuf,
}

/// What is found of a private server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Never started here, or reset.
    Absent,
    /// Has data, does not run.
    Stopped,
    /// Runs.
    Running {
        /// Its process.
        pid: i32,
        /// Its port on 127.0.0.1.
        port: u16,
    },
}

/// Why the private server is not there.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// No URL, no server.
    #[error(
        "no database is named, and this project has no private server; give `--url`, or start one with `caredb dev up`"
    )]
    Absent,
    /// Not started.
    #[error(
        "no database is named, and the private server is not running; give `--url`, or start it with `caredb dev up`"
    )]
    Stopped,
    /// No server program.
    #[error("no MySQL server program: {0}")]
    Program(String),
    /// The server ended before it answered.
    #[error("the private server could not start; the last lines of `{}`:\n{lines}", log.display())]
    Start {
        /// Its log.
        log: PathBuf,
        /// The log's end.
        lines: String,
    },
    /// Another `dev` command is at work.
    #[error("another `caredb dev` is at work in `{}`; run again when it has ended", .0.display())]
    Busy(PathBuf),
    /// The folder can't be used.
    #[error("could not {what} `{}`: {error}; correct its rights", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It runs and does not answer.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

fn io<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> DevError + 'a {
    move |error| DevError::Io { what, path: path.to_owned(), error }
}

impl PrivateServer {
    /// The private server of the project in `root`.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        Self { folder: root.join(".caredb") }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("mysqld.log")
    }

    /// Written by the start itself, before the server runs, so that a start that was interrupted is found.
    fn pid_file(&self) -> PathBuf {
        self.folder.join("pid")
    }

    fn port_file(&self) -> PathBuf {
        self.folder.join("port")
    }

    /// In the folder, or where its path is too long for a socket, in the temporary folder under a name of its own.
    fn socket(&self) -> PathBuf {
        let socket = self.folder.join("mysqld.sock");
        if socket.as_os_str().len() <= SOCKET_PATH_MAX {
            return socket;
        }
        let hash = crc32fast::hash(socket.as_os_str().as_encoded_bytes());
        // not TMPDIR, which may be another one next time
        PathBuf::from(format!("/tmp/caredb-{hash:08x}.sock"))
    }

    /// Looks whether it is there and runs.
    #[must_use]
    pub fn observe(&self) -> State {
        if !self.data().is_dir() {
            return State::Absent;
        }
        let number = |path: PathBuf| fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<i32>().ok());
        match (number(self.pid_file()), number(self.port_file())) {
            (Some(pid), Some(port)) if self.is_ours(pid) => {
                State::Running { pid, port: u16::try_from(port).unwrap_or_default() }
            }
            _ => State::Stopped,
        }
    }

    /// Whether a process is this server: pids are used again after a crash, and a project may have been moved. A server
    /// works in its data directory.
    fn is_ours(&self, pid: i32) -> bool {
        let data = self.data();
        if let (Ok(here), Ok(there)) = (data.canonicalize(), fs::read_link(format!("/proc/{pid}/cwd")))
            && here == there
        {
            return true;
        }
        let data = data.as_os_str().as_encoded_bytes();
        let holds = |text: &[u8]| text.windows(data.len()).any(|window| window == data);
        match fs::read(format!("/proc/{pid}/cmdline")) {
            Ok(command) => holds(&command),
            Err(_) if Path::new("/proc/self").exists() => false,
            // without /proc (macOS)
            Err(_) => Command::new("ps")
                .args(["-o", "command=", "-p", &pid.to_string()])
                .output()
                .is_ok_and(|output| holds(&output.stdout)),
        }
    }

    /// Whether there is anything of a server, also of one that is being made.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.folder.exists()
    }

    /// Where to connect. Errors: it is not running.
    pub fn target(&self) -> Result<Target, DevError> {
        match self.observe() {
            State::Running { .. } => Ok(self.private_target()),
            State::Stopped => Err(DevError::Stopped),
            State::Absent => Err(DevError::Absent),
        }
    }

    #[expect(clippy::expect_used, reason = "a constant that is a name")]
    fn private_target(&self) -> Target {
        Target::private(self.socket(), Ident::new(DATABASE).expect("`caredb` is a valid name"))
    }

    /// The URL of a running server, for any client: over its port, and by its socket for caredb.
    #[must_use]
    pub fn url(&self, port: u16) -> String {
        let mut url = format!("mysql://root@127.0.0.1:{port}/{DATABASE}");
        if let Ok(mut parsed) = Url::parse(&url) {
            parsed.query_pairs_mut().append_pair("socket", &self.socket().to_string_lossy());
            url = parsed.to_string();
        }
        url
    }

    /// Starts the server unless it runs, waits until it answers, and sees to its database. Returns whether
    /// it was started. Errors: no program, no answer (with the last lines of the log).
    pub async fn up(&self, mut on_event: impl FnMut(Event)) -> Result<bool, DevError> {
        let mut say = |doing: &str| on_event(Event::Server { doing: doing.to_owned() });
        fs::create_dir_all(&self.folder).map_err(io("create", &self.folder))?;
        let _lock = self.lock().await?;
        let ignore = self.folder.join(".gitignore");
        fs::write(&ignore, "*\n").map_err(io("write", &ignore))?;
        let running = matches!(self.observe(), State::Running { .. });
        if !running {
            let program = Self::program()?;
            if !self.data().is_dir() {
                say("making a new data directory");
                self.initialize(&program)?;
            }
            say("starting the private server");
            let mut child = Starting(Some(self.spawn(&program)?));
            self.wait_until_it_answers(child.0.as_mut()).await?;
            child.0 = None;
        }
        self.wait_until_it_answers(None).await?;
        let target = self.private_target();
        if target.options(true).connect().await.is_err() {
            create_database(&target).await?;
        }
        Ok(!running)
    }

    /// Stops the server: asks, waits, and kills what does not listen. Returns whether it ran.
    pub async fn down(&self) -> Result<bool, DevError> {
        if self.observe() == State::Absent {
            return Ok(false);
        }
        let _lock = self.lock().await?;
        self.stop().await
    }

    async fn stop(&self) -> Result<bool, DevError> {
        let State::Running { pid, .. } = self.observe() else { return Ok(false) };
        for (signal, timeout) in [(Signal::TERM, STOP_TIMEOUT), (Signal::KILL, Duration::from_secs(10))] {
            if let Some(pid) = Pid::from_raw(pid) {
                let _ = kill_process(pid, signal); // gone already is as good
            }
            let begun = Instant::now();
            while self.is_ours(pid) && begun.elapsed() < timeout {
                tokio::time::sleep(POLL).await;
            }
            if !self.is_ours(pid) {
                break;
            }
        }
        self.clear_traces()?;
        Ok(true)
    }

    /// Stops the server and removes all that it has.
    pub async fn reset(&self) -> Result<(), DevError> {
        if self.folder.exists() {
            let _lock = self.lock().await?;
            self.stop().await?;
            fs::remove_dir_all(&self.folder).map_err(io("remove", &self.folder))?;
        }
        Ok(())
    }

    /// One `dev` command at a time; the lock is the operating system's, so a crash frees it.
    async fn lock(&self) -> Result<fs::File, DevError> {
        let path = self.folder.join("lock");
        let file = fs::File::create(&path).map_err(io("create", &path))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(fs::TryLockError::WouldBlock) if begun.elapsed() < START_TIMEOUT => tokio::time::sleep(POLL).await,
                Err(fs::TryLockError::WouldBlock) => return Err(DevError::Busy(self.folder.clone())),
                Err(fs::TryLockError::Error(error)) => return Err(io("lock", &path)(error)),
            }
        }
    }

    /// The path of a server program, found or fetched by the script; its progress goes to the terminal.
    fn program() -> Result<PathBuf, DevError> {
        let failed = |error: std::io::Error| {
            DevError::Program(format!("could not run `bash`: {error}; say CAREDB_MYSQLD=/path/to/mysqld"))
        };
        let output = Command::new("bash")
            .args(["-c", PROVIDE, "dev/mysql", "server"])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output();
        let output = output.map_err(failed)?;
        let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        if !output.status.success() || !path.is_file() {
            return Err(DevError::Program("none was found and none could be fetched, as said above".to_owned()));
        }
        Ok(path)
    }

    fn mysqld(&self, program: &Path, data: &Path) -> Result<Command, DevError> {
        // the shell becomes the server, so the pid that it writes is the server's
        let mut command = Command::new("sh");
        command.args(["-c", r#"echo $$ >"$0" && exec "$@""#]).arg(self.pid_file()).arg(program);
        command.arg("--no-defaults").arg(option("--datadir", data)).stdin(Stdio::null());
        // mysqld refuses to run as root unless told to
        if fs::metadata(&self.folder).map_err(io("read", &self.folder))?.uid() == 0
            && rustix::process::getuid().is_root()
        {
            command.arg("--user=root");
        }
        Ok(command)
    }

    /// Makes the data directory under another name and renames it when it is whole.
    fn initialize(&self, program: &Path) -> Result<(), DevError> {
        let new = self.folder.join("data.new");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(io("remove", &new))?; // left by a run that was killed
        }
        let log = self.log();
        let output = fs::File::create(&log).map_err(io("create", &log))?;
        let status =
            self.mysqld(program, &new)?.arg("--initialize-insecure").stdout(Stdio::null()).stderr(output).status();
        if !status.map_err(io("run", program))?.success() {
            return Err(self.start_error());
        }
        fs::rename(&new, self.data()).map_err(io("rename", &new))
    }

    /// Starts the server in the background: a process group of its own, so that the terminal's signals pass it by.
    fn spawn(&self, program: &Path) -> Result<Child, DevError> {
        self.clear_traces()?;
        let port = self.free_port()?;
        let port_file = self.port_file();
        fs::write(&port_file, port.to_string()).map_err(io("write", &port_file))?;
        let log = self.log();
        let output = fs::File::create(&log).map_err(io("create", &log))?;
        let errors = output.try_clone().map_err(io("open", &log))?;
        self.mysqld(program, &self.data())?
            .arg(option("--socket", &self.socket()))
            .arg(option("--pid-file", &self.folder.join("mysqld.pid")))
            .args([&format!("--port={port}"), "--bind-address=127.0.0.1", "--mysqlx=OFF"])
            .args(["--server-id=1", "--log-bin=binlog", "--character-set-server=utf8mb4"])
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(io("run", program))
    }

    /// Removes what a server that crashed has left; none runs here.
    fn clear_traces(&self) -> Result<(), DevError> {
        let socket = self.socket();
        let mut lock = socket.clone().into_os_string();
        lock.push(".lock");
        for trace in [self.pid_file(), self.folder.join("mysqld.pid"), socket, PathBuf::from(lock)] {
            match fs::remove_file(&trace) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io("remove", &trace)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The port of last time where it is still free, so that URLs stay good; else any.
    fn free_port(&self) -> Result<u16, DevError> {
        let last = fs::read_to_string(self.port_file()).ok().and_then(|text| text.trim().parse().ok());
        for port in [last, Some(0)].into_iter().flatten() {
            if let Ok(listener) = std::net::TcpListener::bind(("127.0.0.1", port))
                && let Ok(address) = listener.local_addr()
            {
                return Ok(address.port());
            }
        }
        Err(io("find a free port for", &self.folder)(std::io::Error::from(std::io::ErrorKind::AddrInUse)))
    }

    async fn wait_until_it_answers(&self, mut child: Option<&mut Child>) -> Result<(), DevError> {
        let target = self.private_target();
        let begun = Instant::now();
        while target.options(false).connect().await.is_err() {
            let ended = child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_)) | Err(_)));
            if ended || begun.elapsed() > START_TIMEOUT {
                return Err(self.start_error());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    fn start_error(&self) -> DevError {
        let log = self.log();
        let lines = last_lines(&log, 10).unwrap_or_else(|error| format!("(unreadable: {error})"));
        DevError::Start { log, lines }
    }
}

/// A server that does not answer yet: killed when the start is given up or interrupted.
struct Starting(Option<Child>);

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill(); // gone already is as good
            let _ = child.wait();
        }
    }
}

fn option(name: &str, value: &Path) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from(name);
    option.push("=");
    option.push(value);
    option
}

/// The last lines of a file, of which no more than 16 KiB are read.
fn last_lines(path: &Path, lines: usize) -> std::io::Result<String> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(16 * 1024)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    Ok(all[all.len().saturating_sub(lines)..].join("\n"))
}
