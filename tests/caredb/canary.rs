//! Secrets that sing where they are seen: a password, a patient's value and a sequence for terminals are searched for in all that
//! every command says and leaves behind.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use caredb::cli::Cli;
use caredb::output::plain::is_hidden;
use clap::CommandFactory as _;

use crate::support::{Killed, Test, command, people, server, show};

/// A part of the password that no encoding changes, and the password.
const SECRET: &str = "Secr3tC4nary";
const PASSWORD: &str = "p:/@Secr3tC4nary%?#é";
const ENCODED: &str = "p%3A%2F%40Secr3tC4nary%25%3F%23%C3%A9";
/// A patient's name.
const PATIENT: &str = "Zebr4Canary";
/// Takes over a terminal's title and colours, and turns the direction of what follows.
const CONTROL: &str = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}";

/// Every command in the order in which they can be run, with what they end with. `URL`: a replica's or a source's; a second form is
/// separated by `|`.
const COMMANDS: &[(&str, &[u8], &str)] = &[
    ("new", &[0], "new add_canaries --migrations m --rollbacks r"),
    ("migrate", &[0], "migrate"),
    ("info", &[0], "info"),
    ("validate", &[0], "validate"),
    ("doctor", &[0, 1], "doctor"),
    ("status", &[0], "status"),
    ("verify", &[0], "verify --from 15"),
    ("lint", &[0, 1], "lint --migrations m --rollbacks r"),
    ("drift", &[0, 1], "drift"),
    ("snapshot", &[0], "snapshot schema.json"),
    ("repair", &[0], "repair --dry-run"),
    ("baseline", &[2], "baseline --at 3"),
    ("partition ensure", &[0], "partition ensure --behind 14 --ahead 1 --today 2024-03-15 --allow-copy"),
    ("partition list", &[0], "partition list"),
    ("partition check", &[0, 1], "partition check"),
    ("partition rebuild", &[0], "partition rebuild p_2023_02"),
    ("partition drop", &[0], "partition drop p_2023_01"),
    ("seed", &[2], "seed --fixtures wrong"),
    ("seed check", &[0, 1], "seed check"),
    ("seed export", &[0], "seed export --tables users --to exported"),
    ("seed generate", &[3], "seed generate --patients 1 --doctors 1 --months 1"),
    ("hold add", &[0], "hold add --patient p1 --reason matter"),
    ("hold list", &[0], "hold list"),
    ("hold release", &[0], "hold release 1 --reason over"),
    ("archive appointments", &[0], "archive appointments --today 2024-03-15 --metrics m.prom"),
    ("archive restore", &[0], "archive restore --month 2023-02"),
    ("archive verify", &[0, 1], "archive verify"),
    ("purge notifications", &[0, 2], "purge notifications --today 2024-07-01 --replica URL --metrics m.prom"),
    ("purge archive", &[0, 2], "purge archive --older-than 10y"),
    ("compress medical-records", &[0], "compress medical-records"),
    ("cron", &[0, 1, 2], "cron --today 2024-03-15 --metrics m.prom"),
    ("runs list", &[0], "runs list"),
    ("runs show", &[0], "runs show 1"),
    ("runs verify", &[0, 1], "runs verify"),
    ("runs certificate", &[0, 3], "runs certificate 1"),
    ("report", &[0], "report page.html"),
    ("diagram", &[0], "diagram d.svg"),
    ("import init", &[0], "import init people.csv"),
    ("import check", &[1], "import check old.toml --page check.html"),
    ("import run", &[1], "import run old.toml --max-errors 9 --page run.html"),
    ("import resume", &[0, 1, 2], "import resume old.toml --max-errors 9"),
    ("import verify", &[0, 1], "import verify old.toml --page verify.html"),
    ("import export", &[0], "import export --source URL --table users --to users.csv"),
    ("grants", &[0], "grants cron --database x"),
    ("completions", &[0], "completions bash"),
    ("man", &[0], "man"),
    ("rollback", &[0], "rollback --steps 1 --yes"),
    ("dev status", &[1], "dev status"),
    ("dev url", &[2], "dev url"),
    ("dev down", &[0], "dev down"),
    ("dev reset", &[0], "dev reset --yes"),
    // the next to last would start one, which takes its time
    ("dev up", &[2], "dev up"),
];

/// All commands that there are, by clap; one that does something without an action of its own stands by itself, too.
fn leaves(command: &clap::Command, above: &str, all: &mut BTreeSet<String>) {
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        let name = format!("{above} {}", one.get_name()).trim().to_owned();
        if one.get_subcommands().next().is_none() || !one.is_subcommand_required_set() {
            all.insert(name.clone());
        }
        leaves(one, &name, all);
    }
}

/// A clinic whose texts are canaries, and a user whose password is one.
struct Clinic {
    test: Test,
    /// With the password in it.
    url: String,
    /// Without.
    bare: String,
}

impl Clinic {
    fn new(name: &str) -> Self {
        let test = Test::new(name);
        let user = test.user("canary");
        test.sql(&format!("DROP USER IF EXISTS '{user}'; CREATE USER '{user}' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO '{user}'"));
        let url = test.url.replace("root@", &format!("{user}:{ENCODED}@"));
        let bare = test.url.replace("root@", &format!("{user}@"));
        test.file("password", format!("{PASSWORD}\n"));
        let mapping = MAPPING.replace("URL", &url);
        test.file("old.toml", mapping).file("people.csv", PEOPLE);
        test.file("m/V1__a.sql", "CREATE TABLE a (id INT PRIMARY KEY);").file("r/U1__a.sql", "DROP TABLE a;");
        test.file("wrong/users.toml", format!("[[users]]\nid = \"x\"\nrole = \"{PATIENT}\"\n"));
        Self { test, url, bare }
    }

    /// Runs a command with this URL, the password beside it where it has none.
    fn run(&self, arguments: &str, url: &str) -> Output {
        let mut command = command(&self.test.folder);
        command.env("XDG_CACHE_HOME", self.test.folder.join("cache")).env("CAREDB_MYSQLD", "/nowhere/mysqld");
        command
            .env("CAREDB_PASSWORD_FILE", "password")
            .args(arguments.split_whitespace().map(|one| one.replace("URL", &self.url)));
        command.arg("--url").arg(url).output().unwrap()
    }

    /// All that commands wrote, but rows for people to mend or for programs, which are meant to be there.
    fn written(&self) -> Vec<(PathBuf, String)> {
        let given = ["password", "old.toml", "people.csv", "wrong", "rejects", "exported", "users.csv"];
        let mut all = Vec::new();
        walk(&self.test.folder, &mut all);
        all.retain(|path| !given.iter().any(|given| path.starts_with(self.test.folder.join(given))));
        all.into_iter()
            .map(|path| (path.clone(), String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()))
            .collect()
    }

    /// What caredb keeps in the database: its tables, and those of others that it writes about itself.
    fn ledgers(&self) -> String {
        let tables = self.test.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()
             AND (table_name LIKE 'caredb\\_%' OR table_name IN ('audit_logs', 'flyway_schema_history'))",
        );
        tables
            .iter()
            .flat_map(|table| self.test.rows(&format!("SELECT * FROM `{table}`")))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn walk(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() { walk(&path, all) } else { all.push(path) }
    }
}

const MAPPING: &str = r#"
system = "old"
[source.people]
file = "people.csv"
[source.live]
url = "URL"
table = "users"
[[table]]
into = "users"
from = "people"
legacy_id = ["nr"]
[table.columns]
email = { from = "mail", pattern = "email" }
password_hash = { value = "!" }
role = { value = "PATIENT" }
"#;
const PEOPLE: &str =
    "nr,mail\n1,Zebr4Canary@mail.example\n2,Zebr4Canary\n3,Zebr4Canary@mail.example\n\u{1b}[31m4,\u{9b}x\n";

/// Nothing of what a command said is a secret, and nothing is a command to a terminal.
fn silent(arguments: &str, text: &str) {
    assert!(!text.contains(SECRET), "`{arguments}` tells the password: {text}");
    assert!(!text.contains(PATIENT), "`{arguments}` tells a patient's name: {text}");
    let hidden = text.chars().find(|letter| is_hidden(*letter) && !matches!(letter, '\n' | '\t'));
    assert_eq!(hidden, None, "`{arguments}` writes to a terminal what is no text: {text:?}");
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const FORMATS: [&str; 4] = ["", " --format json", " --log-format json", " --quiet"];

#[test]
fn what_goes_wrong_tells_no_secret() {
    let mut all = BTreeSet::new();
    leaves(&Cli::command(), "", &mut all);
    let listed: BTreeSet<String> = COMMANDS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(listed, all, "each command of caredb stands in COMMANDS, so that it is searched");

    let clinic = Clinic::new("canary_wrong");
    // each command in one way
    let wrong = [
        clinic.url.replace(SECRET, &format!("{SECRET}x")),
        format!("mysql://u:{ENCODED}@localhost/d?socket=/nowhere"),
        clinic.url.replace("?socket", "?sockt"),
        format!("mysql://u:{PASSWORD}@h/d"),
    ];
    for (number, (_, _, arguments)) in COMMANDS.iter().enumerate() {
        let arguments = format!("{arguments}{}", FORMATS[number % 3]);
        let output = clinic.run(&arguments, &wrong[number % wrong.len()]);
        silent(&arguments, &said(&output));
    }
    // and one command in every way
    let twice = format!("mysql://u:{SECRET}@a,b/d");
    let urls = [
        "mysql://u:Secr3tC4nary",
        "mysql://Secr3tC4nary:x@h:9x/d",
        "mysql://u:Secr3tC4nary%FF@h/d",
        "mysq://u:Secr3tC4nary@h/d",
        &twice,
    ];
    for url in urls.into_iter().chain(wrong.iter().map(String::as_str)) {
        for format in FORMATS {
            let output = clinic.run(&format!("info{format}"), url);
            assert_eq!(output.status.code(), Some(2), "{url}: {}", show(&output));
            silent(url, &said(&output));
        }
    }
    // a URL in a wrong place
    for arguments in [
        "status URL",
        "URL",
        "drift --against URL",
        "info --config URL",
        "status --watch URL",
        "lint URL",
        "import check URL",
        "seed URL",
        "partition list --table URL",
        "rollback --confirm URL --to x",
        "new URL",
        "grants cron --account URL",
        "grants cron --database URL",
        "diagram --tables URL",
        "import init URL",
        "info --format URL",
        "snapshot URL",
        "report URL.html",
    ] {
        let output = clinic.run(arguments, &clinic.bare);
        assert_ne!(output.status.code(), Some(0), "{arguments}: {}", show(&output));
        silent(arguments, &said(&output));
    }

    clinic.test.sql(&format!("DROP USER '{}'", clinic.test.user("canary")));
}

#[test]
fn what_works_tells_no_secret() {
    let clinic = Clinic::new("canary");
    let mut unexpected = Vec::new();
    // the password comes from a file
    for (number, (name, exits, arguments)) in COMMANDS.iter().enumerate() {
        let output = clinic.run(&format!("{arguments}{}", FORMATS[number % 4]), &clinic.bare);
        let code = u8::try_from(output.status.code().unwrap()).unwrap();
        if !exits.contains(&code) {
            unexpected.push(format!("{arguments}: {}", show(&output)));
        }
        silent(arguments, &said(&output));
        match *name {
            "migrate" => with_canaries(&clinic.test),
            "hold add" => {
                clinic.test.sql(&format!("UPDATE caredb_holds SET reason = 'x{CONTROL}', placed_by = 'y{CONTROL}'"));
            }
            _ => {}
        }
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    let replica = clinic.url.replace(&server().socket().display().to_string(), "/nowhere");
    let output = clinic.run(&format!("purge notifications --max-runtime 1s --replica {replica}"), &clinic.bare);
    assert!(said(&output).contains("paused: "), "{}", show(&output));
    silent("purge", &said(&output));
    for arguments in [
        "hold list --all",
        "runs list",
        "runs show 1",
        "status",
        "info",
        "doctor",
        "partition list --exact",
        "repair --dry-run",
    ] {
        for format in ["", " --format json"] {
            silent(arguments, &said(&clinic.run(&format!("{arguments}{format}"), &clinic.bare)));
        }
    }
    let written = clinic.written();
    for name in ["page.html", "check.html", "run.html", "m.prom", "schema.json", "d.svg"] {
        assert!(written.iter().any(|(path, _)| path.ends_with(name)), "{name} was not written");
    }
    for (path, text) in written {
        let text = text.replace(CONTROL, ""); // in what programs read
        assert!(!text.contains(SECRET) && !text.contains(PATIENT), "`{}` tells a secret: {text}", path.display());
    }
    let ledgers = clinic.ledgers();
    assert!(ledgers.contains("purge notifications") && ledgers.contains("add_appointments"), "{ledgers}");
    assert!(!ledgers.contains(SECRET) && !ledgers.contains(PATIENT), "{ledgers}");
    for name in ["rejects/people.csv", "users.csv", "check.html"] {
        let mode = fs::metadata(clinic.test.folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    clinic.test.sql(&format!("DROP USER '{}'", clinic.test.user("canary")));
}

/// Patients whose names are canaries, and texts in caredb's own tables that are commands to a terminal.
fn with_canaries(test: &Test) {
    people(test);
    test.sql(&format!(
        "UPDATE patient_profiles SET first_name = '{PATIENT}', last_name = '{CONTROL}';
         UPDATE users SET email = '{PATIENT}@example.com' WHERE id = 'u1';
         INSERT INTO notifications (user_id, type, title, message, created_at)
             VALUES ('u1', 'GENERAL', '{PATIENT}', '{CONTROL}', '2023-01-01'), ('u2', 'GENERAL', '{PATIENT}', 'm', '2023-02-01');
         INSERT INTO appointments (id, booking_reference, patient_id, doctor_id, appointment_date, start_time, end_time, consultation_type, status, symptoms, fee)
             VALUES ('a1', 'B1', 'p1', 'd1', '2023-02-03', '09:00', '09:30', 'VIDEO', 'COMPLETED', '[\"{PATIENT}\"]', 10);
         UPDATE flyway_schema_history SET installed_by = 'z{CONTROL}';
         CREATE TABLE `odd{CONTROL}` (id INT) COMMENT 'c{CONTROL}'"
    ));
}

#[test]
fn a_password_is_not_in_the_process_list() {
    let clinic = Clinic::new("canary_ps");
    clinic.test.ok("migrate");
    let mut command = command(&clinic.test.folder);
    command.args(["status", "--watch", "1", "--url", &clinic.bare]).env("CAREDB_PASSWORD_FILE", "password");
    let mut child = Killed(command.stdout(std::process::Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.0.stdout.take().unwrap()), &mut line).unwrap();
    for file in ["cmdline", "environ"] {
        let text = fs::read(format!("/proc/{}/{file}", child.0.id())).unwrap();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains(if file == "cmdline" { "--watch" } else { "CAREDB_PASSWORD_FILE" }));
        assert!(!text.contains(SECRET), "{file}: {text}");
    }
    clinic.test.sql(&format!("DROP USER '{}'", clinic.test.user("canary")));
}

#[test]
fn a_fault_says_where_it_is_and_nothing_else() {
    let clinic = Clinic::new("canary_fault");
    let output = clinic.test.command("migrate").env("CAREDB_CRASH_AT", format!("a {SECRET}")).output().unwrap();
    let text = regex::Regex::new(r"rs:\d+:\d+").unwrap().replace_all(&show(&output), "rs:<place>").into_owned();
    assert_eq!(
        text,
        "exit 101\n--- stderr\nerror: caredb has a fault at `src/db/crash.rs:<place>` and stops there; report it (SECURITY.md says how) with the command and `caredb --version --verbose`"
    );
    clinic.test.sql(&format!("DROP USER '{}'", clinic.test.user("canary")));
}
