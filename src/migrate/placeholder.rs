//! Placeholders, `${name}`: replaced in the text of a file before it is split, as Flyway does.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::db::ident::nearest;

const PREFIX: &str = "${";
const SUFFIX: char = '}';

/// Names, which are compared without case as Flyway compares them, and their values. A value may be a secret, so
/// only the names are ever shown.
#[derive(Clone, Default)]
pub struct Placeholders(BTreeMap<String, String>);

impl fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(String, String)> for Placeholders {
    /// Of two values of one name, the later counts.
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect())
    }
}

/// A placeholder that can't be replaced. Lines count from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlaceholderError {
    /// A name that has no value.
    #[error("line {line}: placeholder `${{{name}}}` has no value{}; set it under `[placeholders]` in `caredb.toml`, or by `--set {name}=…`", near.as_ref().map(|near| format!(", did you mean `${{{near}}}`?")).unwrap_or_default())]
    Unknown {
        /// Where it stands.
        line: usize,
        /// The name.
        name: String,
        /// The known name that is probably meant.
        near: Option<String>,
    },
    /// `${` without `}` on its line.
    #[error("line {line}: the placeholder that begins with `${{` is not closed; add `}}` on the same line")]
    Unclosed {
        /// Where it begins.
        line: usize,
    },
}

impl Placeholders {
    /// The text with every placeholder replaced, in comments and strings, too. Without any placeholder set, the text
    /// as it is: `${` is nothing special then.
    pub fn replace<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, PlaceholderError> {
        if self.0.is_empty() || !text.contains(PREFIX) {
            return Ok(Cow::Borrowed(text));
        }
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(PREFIX) {
            let line = text[..text.len() - rest.len() + start].matches('\n').count() + 1;
            let name = &rest[start + PREFIX.len()..];
            let name = name.lines().next().and_then(|name| name.split_once(SUFFIX));
            let (name, _) = name.ok_or(PlaceholderError::Unclosed { line })?;
            replaced.push_str(&rest[..start]);
            replaced.push_str(self.value(name, line)?);
            rest = &rest[start + PREFIX.len() + name.len() + SUFFIX.len_utf8()..];
        }
        replaced.push_str(rest);
        Ok(Cow::Owned(replaced))
    }

    fn value(&self, name: &str, line: usize) -> Result<&str, PlaceholderError> {
        self.0.get(&name.to_lowercase()).map(String::as_str).ok_or_else(|| PlaceholderError::Unknown {
            line,
            name: name.to_owned(),
            near: nearest(name, self.0.keys().map(String::as_str)).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders() -> Placeholders {
        [("Reader", "clerk"), ("table", "users"), ("empty", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect()
    }

    #[test]
    fn names_are_replaced() {
        for (text, replaced) in [
            ("SELECT 1", "SELECT 1"),
            ("GRANT SELECT ON ${table} TO ${reader}", "GRANT SELECT ON users TO clerk"),
            ("-- ${READER}\n'${empty}'${Table}", "-- clerk\n''users"),
            ("$ { } $x {table}", "$ { } $x {table}"),
        ] {
            assert_eq!(placeholders().replace(text).as_deref(), Ok(replaced), "{text}");
        }
        // without any, nothing is special
        assert_eq!(Placeholders::default().replace("${table} ${").as_deref(), Ok("${table} ${"));
    }

    #[test]
    fn what_has_no_value_is_named() {
        let error = |text| placeholders().replace(text).unwrap_err().to_string();
        assert_eq!(
            error("SELECT 1;\nSELECT ${tabel};"),
            "line 2: placeholder `${tabel}` has no value, did you mean `${table}`?; set it under `[placeholders]` in `caredb.toml`, or by `--set tabel=…`"
        );
        assert_eq!(
            error("${something_else}"),
            "line 1: placeholder `${something_else}` has no value; set it under `[placeholders]` in `caredb.toml`, or by `--set something_else=…`"
        );
        assert_eq!(
            error("\n\n'${table'\n}"),
            "line 3: the placeholder that begins with `${` is not closed; add `}` on the same line"
        );
    }

    #[test]
    fn values_are_not_shown() {
        assert_eq!(format!("{:?}", placeholders()), r#"{"empty", "reader", "table"}"#);
    }
}
