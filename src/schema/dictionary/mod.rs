//! The data dictionary: of each table what there is to know of it, also what stands with others (who refers to it, its
//! triggers). What the diagram, the Markdown files and the page are written from. Pure.

use std::collections::BTreeSet;

use serde::Serialize;
use wildmatch::WildMatch;

use super::introspect::Kind;

pub mod markdown;
mod read;

/// All tables of a database. Nothing in it moves with rows or months. Names are bare; expressions and defaults as SQL writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Dictionary {
    /// By name.
    pub tables: Vec<Table>,
    /// Views, procedures, functions and events, by kind and name.
    pub programs: Vec<Program>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// `COMMENT`; empty where it has none.
    pub comment: String,
    /// How it is stored: `ENGINE=InnoDB`, `COLLATE=…`, without the comment; by name and value.
    pub options: Vec<(String, String)>,
    /// By what its rows are dealt to partitions: `RANGE COLUMNS(appointment_date)`; none where it has no partitions.
    pub partitioned_by: Option<String>,
    /// In their order.
    pub columns: Vec<Column>,
    /// The primary key first.
    pub keys: Vec<Key>,
    /// What it refers to, by name.
    pub references: Vec<Reference>,
    /// What refers to it, by table and name.
    pub referred_by: Vec<Reference>,
    /// By name.
    pub checks: Vec<Check>,
    /// By time and event; of one of these, in the order in which they fire.
    pub triggers: Vec<Trigger>,
    /// The triggers of other tables that write it, by table.
    pub written_by: Vec<Writer>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// `varchar(255)`
    pub data_type: String,
    /// The collation of a text, where it is not the table's.
    pub collation: Option<String>,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// As SQL writes it; none where it has none. A column that takes NULL and says no more has none.
    pub default: Option<String>,
    /// What is said beside: `AUTO_INCREMENT`, `ON UPDATE …`, `GENERATED ALWAYS AS (…) STORED`, `INVISIBLE`, `SRID 4326`.
    pub extra: Vec<String>,
    /// `COMMENT`; empty where it has none.
    pub comment: String,
    /// What kinds of key it is part of, in their order here.
    pub marks: Vec<Mark>,
}

/// A kind of key that a column is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// The primary key.
    Primary,
    /// A foreign key.
    Foreign,
    /// Unique by itself, and not the primary key.
    Unique,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Its name; `PRIMARY` for the primary key.
    pub name: String,
    /// `PRIMARY KEY`, `UNIQUE KEY`, `KEY`, `FULLTEXT KEY`, `SPATIAL KEY`.
    pub kind: &'static str,
    /// What it is over, in its order: `a`, `a(3)` for its first characters, `(expression)`, with ` DESC` behind it.
    pub parts: Vec<String>,
    /// `INVISIBLE`: the server does not use it.
    pub invisible: bool,
    /// `COMMENT`; empty where it has none.
    pub comment: String,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// Its name.
    pub name: String,
    /// The table that refers.
    pub from: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The other table's database, where it is another one.
    pub database: Option<String>,
    /// The table that is referred to.
    pub to: String,
    /// Its columns, in the order of `columns`.
    pub parent_columns: Vec<String>,
    /// `RESTRICT`, `CASCADE`, `SET NULL` or `SET DEFAULT`.
    pub on_delete: &'static str,
    /// See `on_delete`.
    pub on_update: &'static str,
    /// Whether a row may refer to nothing: one of its columns takes NULL.
    pub is_optional: bool,
    /// Whether at most one row refers to the same: its columns are a unique key.
    pub is_unique: bool,
    /// Whether the other table is one of the database's that this account sees, so that a link to it leads somewhere.
    pub is_known: bool,
}

/// A CHECK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Without the brackets around it.
    pub expression: String,
    /// Whether it is enforced.
    pub enforced: bool,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// `AFTER INSERT`
    pub fires: String,
    /// The other tables of the database that its body names behind INTO, UPDATE or DELETE FROM, by name.
    pub writes: Vec<String>,
}

/// A trigger of another table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Writer {
    /// Whose trigger it is.
    pub table: String,
    /// Its name.
    pub trigger: String,
    /// `AFTER INSERT`
    pub fires: String,
}

/// What is no table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Program {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// `COMMENT` of a routine or event; empty where it has none.
    pub comment: String,
}

impl Dictionary {
    /// Leaves out the tables that none of the patterns names (`*` and `?`, whatever the case), and all references from and to
    /// them; without patterns, all stay. Hands back the patterns that name none.
    pub fn keep<'a>(&mut self, patterns: &'a [String]) -> Vec<&'a str> {
        if patterns.is_empty() {
            return Vec::new();
        }
        let matches = |pattern: &str, name: &str| WildMatch::new_case_insensitive(pattern).matches(name);
        let names = |pattern: &str| self.tables.iter().any(|table| matches(pattern, &table.name));
        let strangers = patterns.iter().map(String::as_str).filter(|pattern| !names(pattern)).collect();
        self.tables.retain(|table| patterns.iter().any(|pattern| matches(pattern, &table.name)));
        let kept: BTreeSet<String> = self.tables.iter().map(|table| table.name.clone()).collect();
        for table in &mut self.tables {
            table.references.retain(|reference| reference.database.is_some() || kept.contains(&reference.to));
            table.referred_by.retain(|reference| kept.contains(&reference.from));
            table.written_by.retain(|writer| kept.contains(&writer.table));
            table.triggers.iter_mut().for_each(|trigger| trigger.writes.retain(|written| kept.contains(written)));
        }
        strangers
    }

    /// A table by its name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl Column {
    /// Its type, and its collation where it is not the table's.
    #[must_use]
    pub fn full_type(&self) -> String {
        let collation = self.collation.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{collation}", self.data_type)
    }

    /// Whether it is part of such a key.
    #[must_use]
    pub fn is(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }
}

impl Mark {
    /// As diagrams have it: `PK`.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Primary => "PK",
            Self::Foreign => "FK",
            Self::Unique => "UK",
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
