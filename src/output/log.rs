//! What goes to stderr: lines for people, or one JSON object a line for journald and for those who parse cron's mail.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{Event, plain};

/// A form of what goes to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Human,
    /// One JSON object a line: `time` (UTC), `level`, `event`, what it says of itself, `message`
    Json,
}

/// How much a line of the log is to be minded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Good to know.
    Info,
    /// Goes on, and may want a look.
    Warning,
    /// The run failed.
    Error,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Whether an event is merely good to know, and so for the log; others are results.
#[must_use]
pub fn is_for_log(event: &Event) -> bool {
    matches!(
        event,
        Event::PrivateServer { .. }
            | Event::Warning(_)
            | Event::Waiting { .. }
            | Event::Blocked { .. }
            | Event::Reconnecting { .. }
            | Event::Throttled { .. }
            | Event::Resumed { .. }
            | Event::Note { .. }
            | Event::Server { .. }
    )
}

/// How much an event is to be minded.
#[must_use]
pub fn level(event: &Event) -> Level {
    match event {
        Event::Warning(_)
        | Event::Waiting { .. }
        | Event::Blocked { .. }
        | Event::Reconnecting { .. }
        | Event::Throttled { .. } => Level::Warning,
        _ => Level::Info,
    }
}

/// A line of the log. `fields`: an object with `event`; `message`: the same for people.
#[must_use]
pub fn line(time: DateTime<Utc>, level: Level, fields: Value, message: &str) -> String {
    let time = json!(time.to_rfc3339_opts(SecondsFormat::Millis, true));
    let mut line = Map::from_iter([("time".to_owned(), time), ("level".to_owned(), Value::Null)]);
    if let Value::Object(fields) = fields {
        line.extend(fields.into_iter().filter(|(name, value)| name != "text" || value != message));
    }
    // a finding has a level of its own
    line.insert("level".to_owned(), json!(level.word()));
    line.insert("message".to_owned(), json!(message));
    plain::json(&Value::Object(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::finding::{Finding, Level as Found};

    #[test]
    fn a_line_has_what_the_event_says_of_itself() {
        let time = "2026-11-27T01:02:03.004Z".parse().unwrap();
        let log =
            |event: &Event, message: &str| line(time, level(event), serde_json::to_value(event).unwrap(), message);
        for (event, message, expected) in [
            (
                Event::Note { text: "caredb purge archive".to_owned() },
                "caredb purge archive",
                r#"{"time":"2026-11-27T01:02:03.004Z","level":"info","event":"note","message":"caredb purge archive"}"#,
            ),
            (
                Event::Resumed { paused_s: 5 },
                "goes on after 5 s",
                r#"{"time":"2026-11-27T01:02:03.004Z","level":"info","event":"resumed","paused_s":5,"message":"goes on after 5 s"}"#,
            ),
            (
                Event::Waiting { lock: "caredb migrate x".to_owned(), holder: "connection 7".to_owned() },
                "waiting",
                r#"{"time":"2026-11-27T01:02:03.004Z","level":"warning","event":"waiting","lock":"caredb migrate x","holder":"connection 7","message":"waiting"}"#,
            ),
            (
                Event::Warning(Finding::new("disk", Found::Problem, "full \"up\"\nnow", "buy one")),
                "w",
                r#"{"time":"2026-11-27T01:02:03.004Z","level":"warning","event":"warning","check":"disk","what":"full \"up\"\nnow","cure":"buy one","message":"w"}"#,
            ),
        ] {
            assert_eq!(log(&event, message), expected);
        }
    }
}
