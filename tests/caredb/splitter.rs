//! The splitter beside the `mysql` client: both take the same file, and the server's general log tells what the client sent.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use caredb::db::split::split;

use crate::fault::Victim;
use crate::support::program;

/// Where the two part, and why.
const APART: [(&str, &str); 12] = [
    ("backslash_at_the_end_of_a_line", "the client drops it; the string is the same"),
    ("control_after_dashes", "`--` and a control character begin a comment for the server, not for the client"),
    ("delimiter_before_tab", "the client makes the tab a part of the delimiter"),
    (
        "delimiter_line_in_statement",
        "the client joins the line to the next one; to the server it is nonsense either way",
    ),
    (
        "delimiter_on_the_line_of_a_statement",
        "the client takes no `DELIMITER` behind a statement and loses what follows",
    ),
    ("delimiter_without_argument", "the client says so and goes on; caredb refuses the file"),
    ("long_delimiter", "the client cuts a delimiter after 15 characters"),
    (
        "no_backslash_escapes",
        "the client follows the session's sql_mode; caredb refuses, as it reads files as by default",
    ),
    ("program_without_delimiter", "the client cuts a stored program at its first `;`; caredb keeps it whole"),
    ("semicolon_before_delimiter", "the client sends a `;` before the delimiter, which is no part of the statement"),
    (
        "several_before_delimiter",
        "the client sends several statements as one; caredb refuses, since each must be journalled",
    ),
    ("space_after_comment", "the client adds a space behind a comment"),
];

/// A server of the test's own, since its general log is one for all connections.
fn server_with_log() -> Victim {
    let server = Victim::new("splitter");
    server.rows("CREATE USER client");
    // its events would run in the name of who made them
    server.rows("SET GLOBAL event_scheduler = OFF");
    server.rows("GRANT ALL ON *.* TO client");
    // raw: as the client sent it, not as the server understood it
    server.rows("SET GLOBAL log_output = 'TABLE'");
    server.rows("SET GLOBAL log_raw = ON");
    server.rows("SET GLOBAL general_log = ON");
    server
}

/// What the client sends of a file, as the server logs it.
fn logged(server: &Victim, file: &Path) -> Vec<String> {
    server.fresh("t");
    server.rows("TRUNCATE mysql.general_log");
    // with --force it goes on after a statement that the server refuses
    Command::new(program("client"))
        .args(["--no-defaults", "--force", "--default-character-set=utf8mb4", "--user=client", "--database=t"])
        .arg(format!("--socket={}", server.folder.join("sock").display()))
        .stdin(File::open(file).unwrap())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let mut sent = server
        .rows("SELECT argument FROM mysql.general_log WHERE user_host LIKE 'client[%' AND command_type = 'Query'");
    // what the client asks for itself
    sent.retain(|statement| {
        !["select @@version_comment limit 1", "select $$", "SELECT DATABASE()"].contains(&statement.as_str())
    });
    sent
}

/// Compares a file's statements with those logged. The client sends comments with the statement that follows or
/// precedes them on its line, and alone; caredb leaves them out. The client writes CRLF as LF.
fn disagreement(server: &Victim, file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let statements = match split(&text) {
        Ok(statements) => statements.iter().map(|statement| statement.text.replace("\r\n", "\n")).collect(),
        Err(error) => vec![error.to_string()],
    };
    let logged: Vec<String> = logged(server, file)
        .iter()
        .map(|statement| without_comments_before(statement).to_owned())
        .filter(|statement| !statement.is_empty())
        .collect();
    let same = |statement: &String, logged: &String| {
        logged.strip_prefix(statement.as_str()).is_some_and(|rest| without_comments_before(rest).is_empty())
    };
    let agree = statements.len() == logged.len() && statements.iter().zip(&logged).all(|(a, b)| same(a, b));
    (!agree).then(|| format!("{}\ncaredb: {statements:#?}\nclient: {logged:#?}", file.display()))
}

/// Written apart from the splitter, which it judges.
fn without_comments_before(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let dashes = ["-- ", "--\t", "--\n"].iter().any(|start| text.starts_with(start)) || text == "--";
    if text.starts_with('#') || dashes {
        return text.split_once('\n').map_or("", |(_, after)| without_comments_before(after));
    }
    if text.starts_with("/*") && !text.starts_with("/*!") {
        return text[2..].split_once("*/").map_or("", |(_, after)| without_comments_before(after));
    }
    text
}

fn files_in(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caredb").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files
}

#[test]
fn splits_as_the_mysql_client_does() {
    let server = server_with_log();
    let mut files = files_in("splitter");
    // the client takes these since the server does
    if server.rows("SELECT VERSION()")[0].starts_with("8.") {
        files.retain(|file| !file.ends_with("dollar_quotes.sql"));
    }
    let disagreements: Vec<_> = files.iter().filter_map(|file| disagreement(&server, file)).collect();
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));

    let apart = files_in("splitter/apart");
    let names: Vec<_> = apart.iter().map(|file| file.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, APART.map(|(name, _)| name));
    for (file, (_, reason)) in apart.iter().zip(APART) {
        let parts = disagreement(&server, file).is_some();
        assert!(parts, "{}: they agree; it was to part, since {reason}", file.display());
    }
}
