//! The statements of a file as they stand there, with what is around them. What a migration makes of them is `files`' business.

use super::classify::{Class, Refused, classify, declared};
use super::expect;
use super::files::{FileError, Statement, replaced, sha256, utf8};
use super::placeholder::Placeholders;
use crate::db::split::{self, SplitError};

/// A statement as it stands in a file, whether or not a migration can hold it.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The statement; of class [`Class::Opaque`] where it is refused.
    pub statement: Statement,
    /// What stands between the statement before it and this one: comments.
    pub comments: String,
    /// Why a migration can't hold it.
    pub refused: Option<Refused>,
}

/// Splits a text into its statements: [`split`], or one that takes more.
pub type Split = fn(&str) -> Result<Vec<split::Statement<'_>>, SplitError>;

/// The statements of a file, placeholders replaced. Errors: bytes that are no text, a placeholder without a value, a text that can't be split.
pub fn pieces(name: &str, bytes: &[u8], placeholders: &Placeholders, split: Split) -> Result<Vec<Piece>, FileError> {
    // Flyway's checksum takes CRLF and LF for the same, so what is run must be the same, too; the `mysql` client does so
    let text = replaced(name, utf8(name, bytes)?, placeholders)?.replace("\r\n", "\n");
    let found = split(&text).map_err(|error| FileError::Split { name: name.to_owned(), error })?;
    let mut end = 0;
    let mut pieces = Vec::new();
    for statement in found {
        let comments = &text[end..statement.offset];
        end = statement.offset + statement.text.len();
        let (class, refused) = match (classify(statement.text), declared(comments)) {
            // what tells nothing itself may be declared in the comment before it
            (Ok(Class::Opaque), Some(change)) => (Class::Schema(change), None),
            (Ok(class), _) => (class, None),
            (Err(refused), _) => (Class::Opaque, Some(refused)),
        };
        let statement = Statement {
            text: statement.text.to_owned(),
            line: statement.line,
            sha256: sha256(statement.text.as_bytes()),
            class,
            expects: expect::declared(comments).map(str::to_owned),
        };
        pieces.push(Piece { statement, comments: comments.to_owned(), refused });
    }
    Ok(pieces)
}
