//! How a command ends.

use serde_json::{Map, Value};

/// What caredb's exit codes mean, the same for every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// The check found something.
    Found = 1,
    /// An error, or wrong usage.
    Error = 2,
    /// Refused: a protected database, no confirmation.
    Refused = 3,
    /// Another run holds the lock.
    Locked = 4,
    /// Interrupted; the state is safe.
    Interrupted = 130,
}

impl Exit {
    /// As JSON readers get it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Found => "found",
            Self::Error => "error",
            Self::Refused => "refused",
            Self::Locked => "locked",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The colour of a line (its number in SGR), where a terminal has colours; `before`: the colour of the line before it.
pub type Colours = fn(line: &str, before: Option<u8>) -> Option<u8>;

/// How a command ended, for the last line.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code.
    pub exit: Exit,
    /// What people read, without the last line end; may be empty.
    pub text: String,
    /// Whether programs read the text, so that each letter counts where it is not read on a terminal.
    pub is_code: bool,
    /// How the text is coloured.
    pub colours: Option<Colours>,
    /// What JSON readers get beside `command` and `outcome`.
    pub fields: Map<String, Value>,
}

impl Outcome {
    /// `fields`: an object.
    #[must_use]
    pub fn new(exit: Exit, text: impl Into<String>, fields: Value) -> Self {
        let fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
        Self { exit, text: text.into(), is_code: false, colours: None, fields }
    }

    /// Done, or nothing to do.
    #[must_use]
    pub fn done(text: impl Into<String>, fields: Value) -> Self {
        Self::new(Exit::Done, text, fields)
    }

    /// Its text is SQL, a page, a script.
    #[must_use]
    pub fn code(self) -> Self {
        Self { is_code: true, ..self }
    }

    /// Its text has colours.
    #[must_use]
    pub fn coloured(self, colours: Colours) -> Self {
        Self { colours: Some(colours), ..self }
    }
}
