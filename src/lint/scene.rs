//! A statement as a rule looks at it: its words, its tables before and after, and what else is in its file.

use super::cost::{Cost, Way};
use super::file::Kind;
use super::live::{BIG, Live};
use super::observe::{Observed, Seen, Touched};
use crate::db::ident::Ident;
use crate::db::split::Token;
use crate::migrate::classify::{Change, Class, Target, words};
use crate::migrate::files::Statement;
use crate::migrate::reader::Reader;
use crate::schema::introspect;
use crate::schema::model::{Column, Table};

/// What a rule looks at.
pub struct Scene<'a> {
    /// The whole file.
    pub observed: &'a Observed,
    /// Which statement of it, from 0.
    pub at: usize,
    /// The statement's words.
    pub words: Vec<Token<'a>>,
    /// The database that the file is meant for, where there is one.
    pub live: Option<&'a Live>,
}

/// A table that a statement has changed, which was there before.
pub struct Changed<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it was.
    pub before: &'a Table,
    /// What it is.
    pub after: &'a Table,
}

impl<'a> Scene<'a> {
    /// Statement `at` of a file.
    #[must_use]
    pub fn new(observed: &'a Observed, at: usize, live: Option<&'a Live>) -> Self {
        Self { observed, at, words: words(&observed.file.script.statements[at].text), live }
    }

    /// Whether it stands in a U file.
    #[must_use]
    pub fn in_undo(&self) -> bool {
        matches!(self.observed.file.kind, Kind::Down(_))
    }

    /// What the statement did.
    #[must_use]
    pub fn seen(&self) -> &'a Seen {
        &self.observed.seen[self.at]
    }

    /// The statement.
    #[must_use]
    pub fn statement(&self) -> &'a Statement {
        &self.observed.file.script.statements[self.at]
    }

    /// What it does by its words, where it changes definitions.
    #[must_use]
    pub fn change(&self) -> Option<&'a Change> {
        if let Class::Schema(change) = &self.statement().class { Some(change) } else { None }
    }

    /// Reads the words from the first on.
    #[must_use]
    pub fn reader(&self) -> Reader<'_, 'a> {
        Reader { tokens: &self.words }
    }

    /// What it costs.
    #[must_use]
    pub fn cost(&self) -> Option<&'a Cost> {
        self.seen().cost.as_ref()
    }

    /// Whether the server works on all rows for it.
    #[must_use]
    pub fn is_instant(&self) -> bool {
        self.cost().is_some_and(|cost| cost.algorithm == Way::Instant)
    }

    /// The tables that were there before this file, and are there after the statement.
    pub fn changed(&self) -> impl Iterator<Item = Changed<'a>> {
        self.touched().filter(|table| !table.is_new).filter_map(|table| {
            let (before, after) = (table.before.as_ref()?, table.after.as_ref()?);
            Some(Changed { name: &table.name, before, after })
        })
    }

    /// Of those, the ones that may hold more rows than are done in a moment: all but those that are known to be small.
    pub fn changed_big(&self) -> impl Iterator<Item = Changed<'a>> {
        self.changed().filter(|table| self.may_be_big(table.name))
    }

    /// The tables that the statement made.
    pub fn created(&self) -> impl Iterator<Item = (&'a str, &'a Table)> {
        self.touched()
            .filter(|table| table.before.is_none())
            .filter_map(|table| Some((table.name.as_str(), table.after.as_ref()?)))
    }

    /// All tables that it names.
    pub fn touched(&self) -> impl Iterator<Item = &'a Touched> {
        self.seen().tables.iter()
    }

    /// Whether a table may hold more rows than are done in a moment.
    #[must_use]
    pub fn may_be_big(&self, table: &str) -> bool {
        match self.live {
            Some(live) => live.size(table).is_some_and(|size| size.bytes >= BIG),
            None => true,
        }
    }

    /// What becomes of a table in the rest of the file.
    #[must_use]
    pub fn in_the_end(&self, table: &str) -> Option<&'a Table> {
        let of = |touched: &&Touched| touched.name.eq_ignore_ascii_case(table);
        self.observed.seen[self.at..].iter().flat_map(|seen| &seen.tables).rfind(of)?.after.as_ref()
    }

    /// The statements of the file before this one.
    pub fn earlier(&self) -> impl Iterator<Item = (&'a Statement, &'a Seen)> {
        self.observed.file.script.statements.iter().zip(&self.observed.seen).take(self.at)
    }

    /// The columns that get another name: `RENAME COLUMN a TO b`, `CHANGE [COLUMN] a b …`.
    #[must_use]
    pub fn renamed_columns(&self) -> Vec<(Ident, Ident)> {
        let mut pairs = Vec::new();
        for (at, token) in self.words.iter().enumerate() {
            let mut reader = Reader { tokens: &self.words[at + 1..] };
            let is = |word: &str| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word));
            let pair = if is("RENAME") && reader.takes("COLUMN") {
                reader.name().and_then(|from| reader.takes("TO").then(|| reader.name()).flatten().map(|to| (from, to)))
            } else if is("CHANGE") {
                reader.takes("COLUMN");
                reader.name().and_then(|from| reader.name().map(|to| (from, to)))
            } else {
                None
            };
            pairs.extend(pair.filter(|(from, to)| !from.as_str().eq_ignore_ascii_case(to.as_str())));
        }
        pairs
    }
}

impl<'a> Changed<'a> {
    /// The columns that are new, those with a new name left out.
    pub fn new_columns(&self, scene: &Scene<'_>) -> impl Iterator<Item = &'a Column> {
        let renamed = scene.renamed_columns();
        let (before, after) = (self.before, self.after);
        after.columns.iter().filter(move |column| {
            let name = column.name.as_str();
            before.column(name).is_none() && !renamed.iter().any(|(_, to)| to.as_str().eq_ignore_ascii_case(name))
        })
    }

    /// The columns that were there already, as they were and as they are, those with a new name as well.
    pub fn kept_columns(&self, scene: &Scene<'_>) -> impl Iterator<Item = (&'a Column, &'a Column)> {
        let renamed = scene.renamed_columns();
        let (before, after) = (self.before, self.after);
        after.columns.iter().filter_map(move |column| {
            let name = column.name.as_str();
            let old = renamed.iter().find(|(_, to)| to.as_str().eq_ignore_ascii_case(name));
            let old = before.column(old.map_or(name, |(from, _)| from.as_str()))?;
            Some((old, column))
        })
    }
}

/// The table of which an UPDATE or DELETE without WHERE and LIMIT changes every row; none for any other statement.
#[must_use]
pub fn rows_of(words: &[Token<'_>]) -> Option<Target> {
    let mut reader = Reader { tokens: words };
    let deletes = match reader.word().as_str() {
        "UPDATE" => false,
        "DELETE" => true,
        _ => return None,
    };
    for word in ["LOW_PRIORITY", "QUICK", "IGNORE"] {
        reader.takes(word);
    }
    if deletes && !reader.takes("FROM") || reader.anywhere("WHERE") || reader.anywhere("LIMIT") {
        return None;
    }
    let target = reader.qualified(introspect::Kind::Table)?;
    // several tables, a join
    let alone = if deletes { reader.tokens.is_empty() } else { reader.at("SET") };
    alone.then_some(target)
}
