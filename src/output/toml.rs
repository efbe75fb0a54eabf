//! What the parser of TOML says, in one line: the same for `caredb.toml` and for mapping files.

use crate::db::ident::nearest;

/// The line of an error, from 1, and what is wrong there; of a key that is not known, with the one that is probably meant.
#[must_use]
pub fn wrong(text: &str, error: &toml::de::Error) -> (usize, String) {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let message =
        WORDS.iter().fold(error.message().replace('\n', " "), |text, (theirs, ours)| text.replace(theirs, ours));
    (before.matches('\n').count() + 1, with_nearest(&message))
}

/// What serde says of types, and what TOML calls them.
const WORDS: [(&str, &str); 8] = [
    ("expected path string", "expected a string"),
    ("expected a map", "expected a table"),
    ("expected a sequence", "expected an array"),
    ("invalid type: map", "invalid type: table"),
    ("invalid type: sequence", "invalid type: array"),
    ("expected u32", "expected a whole number, not below 0"),
    ("expected u64", "expected a whole number, not below 0"),
    ("expected usize", "expected a whole number, not below 0"),
];

fn with_nearest(message: &str) -> String {
    // "unknown field `a`, expected one of `b`, `c`"; a value is an "unknown variant"
    let mut names = message.split('`').skip(1).step_by(2);
    let typed = names.next().filter(|_| message.starts_with("unknown "));
    match typed.and_then(|typed| nearest(typed, names)) {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None => message.to_owned(),
    }
}
