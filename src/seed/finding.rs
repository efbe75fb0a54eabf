//! What is wrong with a fixture, and where it stands.

use std::fmt;

/// Where in the fixtures something stands. Displays as "`users.toml` row `marta` column `role`".
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, where no row can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The row's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// The columns; several where a key has several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

impl Place {
    /// A whole file.
    #[must_use]
    pub fn file(file: &str) -> Self {
        Self { file: file.to_owned(), ..Self::default() }
    }

    /// A row of a file.
    #[must_use]
    pub fn row(file: &str, row: &str) -> Self {
        Self { row: Some(row.to_owned()), ..Self::file(file) }
    }

    /// A column of this row.
    #[must_use]
    pub fn column(&self, column: &str) -> Self {
        Self { columns: vec![column.to_owned()], ..self.clone() }
    }

    /// Says what is wrong here.
    #[must_use]
    pub fn finding(self, what: impl Into<String>) -> Finding {
        Finding { place: self, what: what.into() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        if let Some(row) = &self.row {
            write!(f, " row `{row}`")?;
        }
        match self.columns.as_slice() {
            [] => Ok(()),
            [column] => write!(f, " column `{column}`"),
            columns => write!(f, " columns `{}`", columns.join("`, `")),
        }
    }
}

/// Something that is wrong with a fixture; the message has the cure where there is one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Finding {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What.
    pub what: String,
}

/// `, did you mean `users`?`, or nothing where nothing is near.
#[must_use]
pub fn hint(near: Option<&str>) -> String {
    near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default()
}
