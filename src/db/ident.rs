//! Names in SQL text: the one way by which a table, column or database name enters a statement.

use std::fmt;

/// A valid name of a MySQL object, 1 to 64 characters of the Basic Multilingual Plane without NUL and
/// without trailing space (MySQL manual, "Schema Object Names" and "Identifier Length Limits").
/// Displays quoted: in backticks, with backticks inside doubled.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ident(String);

/// Why a text can't be a name of a MySQL object.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{name}` can't be a MySQL name: {reason}")]
pub struct InvalidIdent {
    name: String,
    reason: &'static str,
}

impl Ident {
    /// Takes the bare name, without backticks.
    pub fn new(name: &str) -> Result<Self, InvalidIdent> {
        let reason = if name.is_empty() {
            "it is empty"
        } else if name.chars().count() > 64 {
            "it is longer than 64 characters"
        } else if name.chars().any(|c| c == '\0' || c > '\u{ffff}') {
            "it holds NUL or a character beyond U+FFFF"
        } else if name.ends_with(' ') {
            "it ends with a space"
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(InvalidIdent { name: name.escape_debug().to_string(), reason })
    }

    /// Takes a name that stands in caredb's own text, and so is one.
    #[must_use]
    pub fn known(name: &'static str) -> Self {
        debug_assert!(Self::new(name).is_ok());
        Self(name.to_owned())
    }

    /// The bare name, for messages and bound parameters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0.replace('`', "``"))
    }
}

/// A name that has `room`, in characters: of a longer one the head, `mark`, and a number that differs where the rest does.
#[must_use]
pub fn shortened(name: &str, room: usize, mark: char) -> String {
    if name.chars().count() <= room {
        return name.to_owned();
    }
    let head: String = name.chars().take(room - "-01234567".len()).collect();
    format!("{head}{mark}{:08x}", crc32fast::hash(name.as_bytes()))
}

/// The known name that a mistyped one probably means; none where nothing is near.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &&str| strsim::damerau_levenshtein(&typed.to_lowercase(), &name.to_lowercase());
    known.into_iter().min_by_key(distance).filter(|name| distance(name) <= 1 + typed.chars().count() / 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_is_near() {
        let known = ["socket", "ssl-mode", "ssl-ca"];
        for (typed, name) in [("sslmode", Some("ssl-mode")), ("SOCKET", Some("socket")), ("charset", None), ("x", None)]
        {
            assert_eq!(nearest(typed, known), name, "{typed}");
        }
    }

    #[test]
    fn quotes_and_refuses() {
        for (name, quoted) in
            [("users", "`users`"), ("a`b", "`a``b`"), ("order", "`order`"), ("naïve 名", "`naïve 名`")]
        {
            assert_eq!(Ident::new(name).map(|ident| ident.to_string()), Ok(quoted.to_owned()));
        }
        let long = "x".repeat(65);
        for name in ["", "ends ", "nul\0", "🦀", long.as_str()] {
            assert!(Ident::new(name).is_err(), "{name:?}");
        }
    }
}
