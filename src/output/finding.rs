//! What a check found: of `doctor`, of `partition check`.

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing to do.
    Ok,
    /// This account may not look, or the server can't say.
    Unknown,
    /// Goes well today and may bite.
    Warning,
    /// The run would fail, or do harm.
    Problem,
}

impl Level {
    /// As it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What one check found. Displays as one line, `what; cure`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The check's name: `privileges`, `sql_mode`, `locks`, …
    pub check: &'static str,
    /// How it ended.
    pub level: Level,
    /// What is the case, on which object.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

impl Finding {
    /// Nothing to do.
    #[must_use]
    pub fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, what: what.into(), cure: None }
    }

    /// Something is the case that has a cure.
    #[must_use]
    pub fn new(check: &'static str, level: Level, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, level, what: what.into(), cure: Some(cure.into()) }
    }

    /// It could not be looked at.
    #[must_use]
    pub fn unknown(check: &'static str, why: &impl ToString) -> Self {
        Self { check, level: Level::Unknown, what: why.to_string(), cure: None }
    }

    /// The pending statements can't be told, since the files and the database disagree; `why` has its cure.
    #[must_use]
    pub fn unplannable(why: &impl ToString) -> Self {
        Self { check: "migrations", level: Level::Problem, what: why.to_string(), cure: None }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        self.cure.as_ref().map_or(Ok(()), |cure| write!(f, "; {cure}"))
    }
}
