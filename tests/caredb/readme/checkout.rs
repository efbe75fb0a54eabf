//! What a fresh clone gives, in a folder of its own, and a newcomer's shell in it.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::{OF_A_DATABASE, program, pty, temporary};

/// Where README's owner lives.
const HOME: &str = "/home/ada/caredb";

/// A copy of the files of the repository, with caredb on the PATH. Its private server and the folder end with this process,
/// however that ends.
pub struct Checkout {
    folder: PathBuf,
    beside: PathBuf,
    supervisor: Child,
}

/// Throws server and folders away when its standard input ends.
const SUPERVISOR: &str = r#"
    trap '' INT TERM
    cat >/dev/null
    "$1" dev reset --yes --quiet >/dev/null 2>&1
    rm -rf "$2" "$3"
"#;

impl Checkout {
    pub fn new() -> Self {
        let (folder, beside) = (temporary("readme"), temporary("readme-beside"));
        for file in files() {
            let to = folder.join(&file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file), to).unwrap();
        }
        std::fs::create_dir(beside.join("bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_caredb"), beside.join("bin/caredb")).unwrap();
        let supervisor = Command::new("bash")
            .args(["-c", SUPERVISOR, "supervisor", env!("CARGO_BIN_EXE_caredb")])
            .args([&folder, &beside])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        Self { folder, beside, supervisor }
    }

    /// Writes a file beside the checkout.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.beside.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A shell in the checkout, where stderr goes where stdout goes.
    fn shell(&self, script: &str) -> Command {
        let mut shell = Command::new("bash");
        for name in OF_A_DATABASE {
            shell.env_remove(name);
        }
        let path = format!("{}:{}", self.beside.join("bin").display(), std::env::var("PATH").unwrap());
        shell
            .args(["-c", &format!("exec 2>&1\n{script}")])
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("CAREDB_MYSQLD", program("server"))
            .env("XDG_CACHE_HOME", self.beside.join("cache"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        shell
    }

    /// Runs a line of the shell; returns its exit code and what it prints, as if it were in [`HOME`].
    pub fn run(&self, script: &str) -> (i32, String) {
        let output = self.shell(script).output().unwrap();
        (output.status.code().unwrap_or(-1), self.at_home(&output.stdout))
    }

    /// The URL of the private server.
    pub fn url(&self) -> String {
        let output = self.shell("caredb dev url").output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// The same at a terminal, where a person answers the one question that it asks.
    pub fn run_and_answer(&self, script: &str, answer: &str) -> (i32, String) {
        let (mut terminal, end) = pty();
        let mut shell = self.shell(script);
        shell.stdin(end.try_clone().unwrap()).stdout(end);
        let mut child = shell.spawn().unwrap();
        drop(shell); // and its end of the terminal
        let (mut printed, mut buffer, mut answered) = (Vec::new(), [0; 4096], false);
        // at the end there is an error (EIO), or nothing more
        while let Ok(length @ 1..) = terminal.read(&mut buffer) {
            printed.extend_from_slice(&buffer[..length]);
            if !answered && printed.ends_with(b"] ") {
                terminal.write_all(format!("{answer}\n").as_bytes()).unwrap();
                answered = true;
            }
        }
        let printed = String::from_utf8_lossy(&printed).replace("\r\n", "\n");
        (child.wait().unwrap().code().unwrap_or(-1), self.at_home(printed.as_bytes()))
    }

    fn at_home(&self, bytes: &[u8]) -> String {
        let folder = self.folder.display().to_string();
        let percent = |path: &str| path.replace('/', "%2F");
        String::from_utf8_lossy(bytes).replace(&folder, HOME).replace(&percent(&folder), &percent(HOME))
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// The files of a fresh clone, by git; of a source archive, all files but those that are made in it.
pub fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if root.join(".git").exists() {
        let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let names = String::from_utf8(output.stdout).unwrap();
        // one that is deleted is none of the next commit
        return names.split_terminator('\0').map(PathBuf::from).filter(|file| root.join(file).exists()).collect();
    }
    let (mut files, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).unwrap().map(Result::unwrap) {
            let path = folder.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true if ["target", ".caredb"].iter().any(|made| path.ends_with(made)) => {}
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files
}
