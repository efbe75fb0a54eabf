//! The rule of one column: where its text comes from, and what is done with it.

use std::borrow::Cow;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::id::{Hasher, legacy_id};
use super::lookup::Lookup;
use super::mapping::{Case, Pattern, Rule};
use super::read::Record;
use super::row::Row;
use super::target::Column;
use super::value::{self, Form};

/// A rule for files with a known header.
#[derive(Debug)]
pub(super) struct Compiled {
    pub from: From,
    pub rule: Rule,
    pub form: Form,
    pub column: &'static Column,
}

#[derive(Debug)]
pub(super) enum From {
    Column(usize),
    Value(String),
    Template(Vec<Piece>),
    Join(Vec<usize>),
    Json(Vec<(String, Piece)>),
    OwnId,
    Reference(Hasher, Vec<usize>, Option<Lookup>),
}

#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Column(usize),
}

impl Compiled {
    /// What a word becomes.
    fn word(&self, text: &str) -> Option<&String> {
        let words = &self.rule.words;
        let found = match words.len() {
            // they are compared before they would be hashed
            ..=8 => words.iter().find(|(word, _)| *word == text).map(|(_, becomes)| becomes),
            _ => words.get(text),
        };
        found.or(self.rule.otherwise.as_ref())
    }

    /// Makes the value of the column at `place`.
    pub fn apply(&self, place: usize, record: &Record, row: &mut Row) {
        if let From::Reference(ids, by, lookup) = &self.from {
            if let Some(legacy) = legacy_id(record, by) {
                let found = lookup.as_ref().map_or(Some(&*legacy), |lookup| lookup.get(&*legacy).map(String::as_str));
                let Some(found) = found else {
                    row.problem("unknown-reference");
                    return row.push_null();
                };
                let id = row.recent.id(place, found, |legacy| ids.id(legacy));
                row.references.push((place, id));
                row.push(|out| {
                    out.push_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
                    Ok(())
                });
            } else {
                self.missing(row);
            }
            return;
        }
        let text = self.text(record, row.id).and_then(|text| match &self.rule.split {
            Some(split) => self.part(text, split),
            None => Some(text),
        });
        let Some(mut text) = text.or_else(|| self.rule.default.as_deref().map(Cow::Borrowed)) else {
            return self.missing(row);
        };
        if self.rule.trim && text.trim().len() < text.len() {
            text = Cow::Owned(text.trim().to_owned());
        }
        match self.rule.case {
            Some(Case::Lower) => text = Cow::Owned(text.to_lowercase()),
            Some(Case::Upper) => text = Cow::Owned(text.to_uppercase()),
            None => {}
        }
        if let Some((at, _)) = self.rule.cut.and_then(|most| text.char_indices().nth(most)) {
            text = Cow::Owned(text[..at].to_owned());
        }
        if !self.rule.words.is_empty() {
            let Some(word) = self.word(&text) else {
                row.problem("unknown-word");
                return row.push_null();
            };
            text = Cow::Borrowed(word.as_str());
        }
        if let Some(code) = self.rule.pattern.and_then(|pattern| breaks(pattern, &text)) {
            row.problem(code);
            return row.push_null();
        }
        row.push(|out| value::write(out, &text, self.column, &self.form));
    }

    /// There is no value.
    fn missing(&self, row: &mut Row) {
        match (self.column.default, self.column.null) {
            (true, _) => row.push_default(),
            (false, true) => row.push_null(),
            (false, false) => {
                row.problem("required");
                row.push_null();
            }
        }
    }

    fn text<'a>(&'a self, record: &'a Record, id: Uuid) -> Option<Cow<'a, str>> {
        match &self.from {
            From::Column(column) => record.field(*column).map(Cow::Borrowed),
            From::Value(text) => Some(Cow::Borrowed(text)),
            From::Template(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    text.push_str(piece.text(record)?);
                }
                Some(Cow::Owned(text))
            }
            From::Join(columns) => {
                let texts: Vec<&str> = columns.iter().filter_map(|column| record.field(*column)).collect();
                let with = self.rule.with.as_deref().unwrap_or(" ");
                (!texts.is_empty()).then(|| Cow::Owned(texts.join(with)))
            }
            From::Json(pieces) => {
                let fields = pieces.iter().filter_map(|(key, piece)| Some((key.clone(), piece.text(record)?.into())));
                let object = Value::Object(fields.collect::<Map<String, Value>>());
                let mut columns = pieces.iter().filter(|(_, piece)| matches!(piece, Piece::Column(_))).peekable();
                if columns.peek().is_some() && columns.all(|(_, piece)| piece.text(record).is_none()) {
                    return None;
                }
                let value = if self.rule.array { Value::Array(vec![object]) } else { object };
                Some(Cow::Owned(value.to_string()))
            }
            From::OwnId => Some(Cow::Owned(id.simple().to_string())),
            From::Reference(..) => None,
        }
    }

    fn part<'a>(&self, text: Cow<'a, str>, split: &str) -> Option<Cow<'a, str>> {
        let part = self.rule.part.unwrap_or(1) - 1;
        match text {
            Cow::Borrowed(text) => text.split(split).nth(part).map(Cow::Borrowed),
            Cow::Owned(text) => text.split(split).nth(part).map(|part| Cow::Owned(part.to_owned())),
        }
    }
}

impl Piece {
    fn text<'a>(&'a self, record: &'a Record) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Column(column) => record.field(*column),
        }
    }
}

/// The code of a text that is not of a form.
fn breaks(pattern: Pattern, text: &str) -> Option<&'static str> {
    match pattern {
        Pattern::Email => {
            let is_right = text.split_once('@').is_some_and(|(name, domain)| {
                !name.is_empty()
                    && !domain.contains('@')
                    && domain.split('.').count() > 1
                    && domain.split('.').all(|label| !label.is_empty())
                    && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
            });
            (!is_right).then_some("bad-email")
        }
        Pattern::Phone => {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let is_right = (5..=15).contains(&digits)
                && text.chars().all(|letter| letter.is_ascii_digit() || " +-/().".contains(letter));
            (!is_right).then_some("bad-phone")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_text() {
        for (text, right) in [
            ("a@b.c", true),
            ("a@b", false),
            ("@b.c", false),
            ("a b@c.d", false),
            ("a@b@c.d", false),
            ("a@b..c", false),
        ] {
            assert_eq!(breaks(Pattern::Email, text).is_none(), right, "{text}");
        }
        for (text, right) in
            [("+49 (30) 12345-67", true), ("1234", false), ("12345a", false), ("1234567890123456", false)]
        {
            assert_eq!(breaks(Pattern::Phone, text).is_none(), right, "{text}");
        }
    }
}
