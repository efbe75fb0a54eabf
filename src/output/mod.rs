//! The one place that prints. Commands and domain emit events and hand back an outcome; here they become
//! lines for people or one JSON object a line.

use std::borrow::Cow;
use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value, json};

use self::bar::Bar;
use self::finding::Finding;
use self::log::Level;
use self::metrics::Record;
use crate::db::connect::AWAY;
use crate::db::throttle::judge::Cause;
use crate::migrate::files::Version;
use crate::migrate::journal::Direction;
use crate::migrate::verify::RowChange;
use crate::retention::archive::Method;
use crate::retention::archive::stays::{self, Stays};

mod bar;
pub mod drift;
pub mod finding;
pub mod github;
pub mod html;
mod log;
pub mod metrics;
mod outcome;
pub mod plain;
pub mod secret;
pub mod table;
pub mod toml;

pub use bar::duration;
pub use log::LogFormat;
pub use outcome::{Colours, Exit, Outcome};

/// What happens while a command runs.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// No URL was given, so the private server is used.
    PrivateServer {
        /// The database on it.
        database: String,
    },
    /// A check before the run found something that does not stop it.
    Warning(Finding),
    /// Another run holds a lock that this one waits for.
    Waiting {
        /// The lock's name.
        lock: String,
        /// Who holds it.
        holder: String,
    },
    /// DDL did not get its locks, and steps aside before it tries again.
    Blocked {
        /// Who holds them.
        by: String,
        /// The attempt, from 1.
        attempt: u32,
        /// How many there will be.
        of: u32,
    },
    /// A statement takes long. Drawn on a terminal, told to nobody else.
    Progress {
        /// The file and the statement's number in it.
        place: String,
        /// How long it has run, in seconds.
        elapsed_s: u64,
        /// How much of its work is done, where the server says.
        percent: Option<u64>,
        /// How many seconds are left, once that means something.
        left_s: Option<u64>,
    },
    /// The connection was lost, and is made again.
    Reconnecting {
        /// What was lost.
        reason: String,
    },
    /// A migration was applied or rolled back, and is in the history.
    Migration {
        /// Up or down.
        direction: Direction,
        /// Its version; none for a repeatable migration.
        version: Option<Version>,
        /// What its file is called.
        description: String,
        /// How many statements ran.
        statements: usize,
        /// How long they took, in milliseconds.
        duration_ms: u64,
    },
    /// A rollback was tried on empty tables.
    Rollback {
        /// Its version.
        version: Version,
        /// What the V file is called.
        description: String,
        /// Whether it restores the schema before the V.
        proved: bool,
    },
    /// A rollback was tried with rows in place.
    Rows {
        /// Its version.
        version: Version,
        /// What the U file is called.
        description: String,
        /// The tables whose number of rows it changed.
        changes: Vec<RowChange>,
    },
    /// Months got partitions.
    Partitioned {
        /// The table.
        table: String,
        /// What was done: `split p_future for 2026-12 to 2027-02`.
        did: String,
        /// How many are new.
        partitions: usize,
        /// The rows that were copied for it, as InnoDB estimates them.
        #[serde(skip_serializing_if = "Option::is_none")]
        copied_rows: Option<u64>,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// A month's appointments were archived.
    Archived {
        /// The month.
        month: String,
        /// How.
        method: Method,
        /// Rows that went.
        rows: u64,
        /// Rows that stay though they are old enough, by reason.
        stays: Stays,
        /// How long it took, in milliseconds.
        duration_ms: u64,
        /// How long writers were kept out for it, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        locked_ms: Option<u64>,
    },
    /// A job pauses between two batches, or for another cause than before.
    Throttled {
        /// Why.
        #[serde(flatten)]
        cause: Cause,
    },
    /// A job that paused goes on.
    Resumed {
        /// How long it paused, in seconds.
        paused_s: u64,
    },
    /// Something that is good to know.
    Note {
        /// What.
        text: String,
    },
    /// The fixtures of a table were loaded.
    Seeded {
        /// The table.
        table: String,
        /// Rows that are new.
        inserted: usize,
        /// Rows that were there already.
        kept: usize,
    },
    /// Rows of a table were written as fixtures.
    Exported {
        /// The table.
        table: String,
        /// All of them.
        rows: usize,
        /// Those that are there for others which refer to them.
        parents: usize,
    },
    /// The rows of a table were generated.
    Generated {
        /// The table.
        table: String,
        /// Its rows.
        rows: u64,
        /// How long it took, in milliseconds.
        duration_ms: u64,
        /// Rows by that time.
        rows_per_s: u64,
    },
    /// The rows of a table were deleted.
    Deleted {
        /// The table.
        table: String,
        /// How many.
        rows: u64,
    },
    /// The private server is being made ready.
    Server {
        /// What is done with it.
        doing: String,
    },
}

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines and tables for people
    Human,
    /// One JSON object a line, the last with `command` and `outcome`
    Json,
    /// Findings as annotations of GitHub Actions, from commands that look for some
    Github,
}

/// Where and how to print.
#[derive(Debug, Clone)]
pub struct Output {
    format: Format,
    log: LogFormat,
    quiet: bool,
    bar: Bar,
    record: Record,
}

impl Output {
    /// `log`: what goes to stderr; `quiet`: leave out everything but errors and the outcome.
    #[must_use]
    pub fn new(format: Format, log: LogFormat, quiet: bool) -> Self {
        Self { format, log, quiet, bar: Bar::default(), record: Record::default() }
    }

    /// The jobs that ran, for those who watch over them.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// In which form.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether results are read on a terminal that has colours (no-color.org).
    fn is_coloured(&self) -> bool {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.format == Format::Human && !unwanted && std::io::stdout().is_terminal()
    }

    /// Whether a person sees how far a statement is.
    #[must_use]
    pub fn shows_progress(&self) -> bool {
        self.format == Format::Human && self.log == LogFormat::Human && !self.quiet && std::io::stderr().is_terminal()
    }

    /// Prints an event: results on stdout, what is merely good to know on stderr.
    pub fn event(&self, event: &Event) {
        if let Event::Progress { place, elapsed_s, percent, left_s } = event {
            if self.shows_progress() {
                self.bar.draw(place, *elapsed_s, *percent, *left_s);
            }
            return;
        }
        self.bar.clear();
        self.record.hear(event, Instant::now());
        let is_for_log = log::is_for_log(event);
        if is_for_log && !self.quiet {
            let text = line(event);
            match (self.log, self.format) {
                (LogFormat::Json, _) => {
                    self.log(log::level(event), serde_json::to_value(event).unwrap_or_default(), &text);
                }
                (LogFormat::Human, Format::Json) => {}
                (LogFormat::Human, _) => print_log(&text),
            }
        }
        match self.format {
            Format::Json => print_json(&serde_json::to_value(event).unwrap_or_default()),
            _ if self.quiet || is_for_log => {}
            _ => print_text(&line(event)),
        }
    }

    /// A line of the log in JSON. `fields`: an object with `event`.
    fn log(&self, level: Level, fields: Value, message: &str) {
        self.bar.clear();
        print_log(&log::line(chrono::Utc::now(), level, fields, message));
    }

    /// Prints a screen of a command that is watched, in place of the one before it on a terminal. False: nobody reads any more.
    #[must_use]
    pub fn screen(&self, text: &str, colours: Colours, fields: Value) -> bool {
        let mut out = std::io::stdout();
        let written = if self.format == Format::Json {
            let mut object = Map::from_iter([("event".to_owned(), json!("screen"))]);
            if let Value::Object(fields) = fields {
                object.extend(fields);
            }
            writeln!(out, "{}", json_line(&Value::Object(object)))
        } else if let Some((width, height)) = table::terminal() {
            let page = table::page(&shown(text), width, height);
            write!(out, "{}{}", table::CLEARED, self.in_colours(&page, Some(colours)))
        } else {
            writeln!(out, "{}\n", shown(text))
        };
        written.and_then(|()| out.flush()).is_ok()
    }

    /// Prints how `command` ended.
    pub fn outcome(&self, command: &str, outcome: Outcome) {
        self.bar.clear();
        match self.format {
            Format::Json => {
                let mut object = Map::from_iter([
                    ("command".to_owned(), json!(command)),
                    ("outcome".to_owned(), json!(outcome.exit.word())),
                ]);
                object.extend(outcome.fields);
                print_json(&Value::Object(object));
            }
            _ if outcome.text.is_empty() => {}
            _ if outcome.is_code && !std::io::stdout().is_terminal() => write_text(&outcome.text),
            _ => write_text(&self.in_colours(&shown(&outcome.text), outcome.colours)),
        }
    }

    /// The text with the colours of its lines. They come last, so that no text of strangers brings its own.
    fn in_colours<'a>(&self, text: &'a str, colours: Option<Colours>) -> Cow<'a, str> {
        match colours {
            Some(colours) if self.is_coloured() => Cow::Owned(plain::in_colours(text, colours)),
            _ => Cow::Borrowed(text),
        }
    }

    /// Prints why `command` failed: one line on stderr, and the last object on stdout for JSON readers.
    pub fn error(&self, command: &str, exit: Exit, error: &str) {
        self.complain(command, exit, error);
        if self.format == Format::Json {
            print_json(&json!({ "command": command, "outcome": exit.word(), "error": error }));
        }
        if self.format == Format::Github {
            print_text(&github::annotation("error", None, &format!("caredb {command}"), error));
        }
    }

    /// Notes an error of a part of the run, for those who read the log in JSON; people find it in the outcome.
    pub fn log_error(&self, command: &str, exit: Exit, error: &str) {
        if self.log == LogFormat::Json {
            self.complain(command, exit, error);
        }
    }

    /// Prints an error on stderr alone.
    pub fn complain(&self, command: &str, exit: Exit, error: &str) {
        self.bar.clear();
        match self.log {
            LogFormat::Human => print_log(&format!("error: {error}")),
            LogFormat::Json => {
                let fields = json!({
                    "event": "error", "command": command, "outcome": exit.word(), "exit_code": exit as u8,
                });
                self.log(Level::Error, fields, error);
            }
        }
    }

    /// Asks a yes-or-no question; no terminal to ask on means no answer.
    #[must_use]
    pub fn ask(&self, question: &str) -> Option<bool> {
        let answer = self.ask_for_text(&format!("{question} [y/N]"))?;
        Some(matches!(answer.as_str(), "y" | "Y" | "yes"))
    }

    /// Asks for a text; no terminal to ask on means no answer.
    #[must_use]
    pub fn ask_for_text(&self, question: &str) -> Option<String> {
        if !self.can_ask() {
            return None;
        }
        self.bar.clear();
        // in one piece, so that an answer never stands in the middle of it
        let prompt = format!("{} ", shown(question));
        let _ = std::io::stderr().write_all(prompt.as_bytes());
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    }

    /// Whether a person is there to answer.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.format == Format::Human && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }
}

/// Prints what is wrong with a command line.
pub fn print_usage(text: &str) {
    print_log(text.trim_end());
}

/// Says that caredb has a fault, and where. What the fault says of itself may be a patient's: texts that are cut in a wrong place are
/// repeated there.
pub fn fault(place: Option<&std::panic::Location<'_>>) {
    let place = place.map_or("an unknown place".to_owned(), ToString::to_string);
    print_log(&format!(
        "error: caredb has a fault at `{place}` and stops there; report it (SECURITY.md says how) with the command and `caredb --version --verbose`"
    ));
}

fn line(event: &Event) -> String {
    match event {
        Event::PrivateServer { database } => {
            format!("using the private server of `caredb dev up`, database `{database}`")
        }
        Event::Warning(finding) => format!("warning: {}: {finding}", finding.check),
        Event::Waiting { lock, holder } => format!("waiting for lock `{lock}`, held by {holder}"),
        // the bar says the rest
        Event::Progress { place, .. } => place.clone(),
        Event::Blocked { by, attempt, of } => format!("no lock at attempt {attempt} of {of}: {by}"),
        Event::Reconnecting { reason } => format!("{reason}; connecting again, for {} s at the most", AWAY.as_secs()),
        Event::Migration { direction, version, description, statements, duration_ms } => {
            let script = match (direction, version) {
                (Direction::Up, Some(version)) => format!("V{version}"),
                (Direction::Down, Some(version)) => format!("U{version}"),
                (_, None) => "R".to_owned(),
            };
            format!("{script:<4} {description:<40} {:>13} {duration_ms:>6} ms", count(*statements, "statement"))
        }
        Event::Rollback { version, description, proved } => {
            let script = format!("V{version}");
            let proof = match proved {
                true => format!("proved: U{version} restores the schema before it"),
                false => "not proved".to_owned(),
            };
            format!("{script:<4} {description:<40} {proof}")
        }
        Event::Rows { version, description, changes } => {
            let script = format!("U{version}");
            let changes = match changes.as_slice() {
                [] => "changes no rows".to_owned(),
                changes => changes.iter().map(row_change).collect::<Vec<_>>().join(", "),
            };
            format!("{script:<4} {description:<40} {changes}")
        }
        Event::Partitioned { table, did, partitions: _, copied_rows, duration_ms } => {
            let copied = copied_rows.map(|rows| format!(", about {} copied", count(rows, "row"))).unwrap_or_default();
            format!("{table:<22} {did}{copied} {duration_ms:>6} ms")
        }
        Event::Archived { month, method, rows, stays, duration_ms, locked_ms } => {
            let locked = locked_ms.map(|ms| format!(", writers waited {ms} ms")).unwrap_or_default();
            let stays = if stays.is_empty() { String::new() } else { format!("; stay: {}", stays::text(stays)) };
            format!("{month}  {method:<8} {:>16} {duration_ms:>7} ms{locked}{stays}", count(*rows, "row"))
        }
        Event::Throttled { cause } => format!("paused: {cause}"),
        Event::Resumed { paused_s } => format!("goes on after {paused_s} s"),
        Event::Note { text } => text.clone(),
        Event::Seeded { table, inserted, kept } => {
            format!("{table:<22} {:>12} {kept:>6} there already", format!("{inserted} new"))
        }
        Event::Exported { table, rows, parents: 0 } => format!("{table:<22} {rows:>7} exported"),
        Event::Exported { table, rows, parents } => {
            format!("{table:<22} {rows:>7} exported, {parents} of them for others that refer to them")
        }
        Event::Generated { table, rows, duration_ms, rows_per_s } => {
            format!("{table:<22} {:>16} {duration_ms:>8} ms {rows_per_s:>8} rows/s", count(*rows, "row"))
        }
        Event::Deleted { table, rows } => format!("{table:<22} {:>16} deleted", count(*rows, "row")),
        Event::Server { doing } => doing.clone(),
    }
}

fn row_change(change: &RowChange) -> String {
    let RowChange { table, before, after } = change;
    match (before.unwrap_or(0), *after) {
        (before, None) => format!("drops {} of {table}", count(before, "row")),
        (before, Some(after)) if after < before => format!("deletes {} of {table}", count(before - after, "row")),
        (before, Some(after)) => format!("adds {} to {table}", count(after - before, "row")),
    }
}

/// `1 statement`, `2 statements`.
#[must_use]
pub fn count<N: Copy + fmt::Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let s = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// A time as events have it, in milliseconds.
#[must_use]
pub fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A text for people: as a terminal may have it, and without passwords.
#[must_use]
pub fn shown(text: &str) -> String {
    secret::masked(&plain::plain(text)).into_owned()
}

fn print_text(text: &str) {
    write_text(&shown(text));
}

/// A reader that went away (`caredb info | head -1`) is no error.
fn write_text(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A reader of the log that went away (`2>&1 | head -1`) keeps no job from its work. A line is written in one piece: others may write
/// into the same file.
fn print_log(text: &str) {
    let _ = std::io::stderr().write_all(format!("{}\n", shown(text)).as_bytes());
}

fn print_json(value: &Value) {
    write_text(&json_line(value));
}

/// JSON on one line, as a terminal may have it, and without passwords.
fn json_line(value: &Value) -> String {
    secret::masked(&plain::json(value)).into_owned()
}
