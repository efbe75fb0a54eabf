//! A schema as a value that can be compared attribute by attribute. What two servers of different version write
//! differently for the same thing is the same here (`normal`). Pure: it is read from the texts that `introspect` brings.

use std::collections::BTreeMap;

use super::introspect::{Kind, Schema};
use super::parse::{self, ParseError};
use super::program::{self, Head, Program};
use crate::db::ident::Ident;

/// A base table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// In their order.
    pub columns: Vec<Column>,
    /// In the server's order; the primary key first.
    pub indexes: Vec<Index>,
    /// By name.
    pub foreign_keys: Vec<ForeignKey>,
    /// By name.
    pub checks: Vec<Check>,
    /// What stands behind the closing bracket, by upper-case name as SQL writes it (`ENGINE`, `DEFAULT CHARSET`, `COLLATE`,
    /// `ROW_FORMAT`, `COMMENT`, …), in the server's order; without `AUTO_INCREMENT`.
    pub options: Vec<(String, String)>,
    /// `PARTITION BY …` to its end, as the server writes it, without the version comment around it.
    pub partitions: Option<String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// The type with its length, in lower case: `varchar(255)`, `bigint unsigned`, `enum('a','b')`.
    pub data_type: String,
    /// The character set and collation of a text, said or the table's.
    pub character_set: Option<String>,
    /// See `character_set`.
    pub collation: Option<String>,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// As SQL writes it: `'x'`, `NULL`, `CURRENT_TIMESTAMP(6)`, `(uuid())`; none where it has none.
    pub default: Option<String>,
    /// `ON UPDATE …`
    pub on_update: Option<String>,
    /// The expression it is made of.
    pub generated: Option<Generated>,
    /// `AUTO_INCREMENT`
    pub auto_increment: bool,
    /// `INVISIBLE` (since 8.0.23).
    pub invisible: bool,
    /// `SRID n` of a geometry.
    pub srid: Option<u32>,
    /// `COMMENT`, unquoted; empty where it has none.
    pub comment: String,
    /// What is seldom said (`COLUMN_FORMAT`, `STORAGE`, `ENGINE_ATTRIBUTE`, …), with its value as SQL writes it.
    pub attributes: Vec<(String, String)>,
}

/// A column that is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Without the brackets around it.
    pub expression: String,
    /// `STORED`, not `VIRTUAL`.
    pub stored: bool,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name; `PRIMARY` for the primary key.
    pub name: Ident,
    /// What sort of key.
    pub kind: IndexKind,
    /// What it is over, in its order.
    pub parts: Vec<Part>,
    /// `INVISIBLE` (since 8.0).
    pub invisible: bool,
    /// `WITH PARSER` of a FULLTEXT key.
    pub parser: Option<String>,
    /// `USING …` where it is said, and is not the engine's own choice.
    pub using: Option<String>,
    /// `KEY_BLOCK_SIZE`
    pub block_size: Option<u32>,
    /// `COMMENT`, unquoted; empty where it has none.
    pub comment: String,
    /// What is seldom said (`ENGINE_ATTRIBUTE`, …), with its value as SQL writes it.
    pub attributes: Vec<(String, String)>,
}

/// A sort of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    /// `PRIMARY KEY`
    Primary,
    /// `UNIQUE KEY`
    Unique,
    /// `KEY`
    Plain,
    /// `FULLTEXT KEY`
    Fulltext,
    /// `SPATIAL KEY`
    Spatial,
}

/// One part of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is over.
    pub over: Over,
    /// `DESC`
    pub descending: bool,
}

/// What a part of a key is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// A column, or so many of its first characters or bytes.
    Column(Ident, Option<u32>),
    /// An expression, without the brackets around it (since 8.0.13).
    Expression(String),
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its name.
    pub name: Ident,
    /// The columns of this table.
    pub columns: Vec<Ident>,
    /// The other table's database, where it is another one.
    pub database: Option<Ident>,
    /// The other table.
    pub table: Ident,
    /// Its columns, in the order of `columns`.
    pub parent_columns: Vec<Ident>,
    /// `ON DELETE`
    pub on_delete: Action,
    /// `ON UPDATE`
    pub on_update: Action,
}

/// What a foreign key does when its parent goes or changes. RESTRICT and NO ACTION are one for InnoDB (MySQL manual, "FOREIGN KEY Constraints").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Refuses.
    Restrict,
    /// Goes or changes along.
    Cascade,
    /// Becomes NULL.
    SetNull,
    /// Becomes its default; InnoDB refuses it.
    SetDefault,
}

/// A CHECK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: Ident,
    /// Without the brackets around it.
    pub expression: String,
    /// Whether it is enforced.
    pub enforced: bool,
}

impl Table {
    /// A column by its name, whose case does not matter.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.as_str().eq_ignore_ascii_case(name))
    }

    /// The value of an option.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(option, _)| option == name).map(|(_, value)| value.as_str())
    }

    /// The primary key.
    #[must_use]
    pub fn primary_key(&self) -> Option<&Index> {
        self.indexes.iter().find(|index| index.kind == IndexKind::Primary)
    }
}

impl Column {
    /// A column that says no more than its type.
    #[must_use]
    pub fn new(name: Ident, data_type: String) -> Self {
        Self {
            name,
            data_type,
            character_set: None,
            collation: None,
            nullable: true,
            default: None,
            on_update: None,
            generated: None,
            auto_increment: false,
            invisible: false,
            srid: None,
            comment: String::new(),
            attributes: Vec::new(),
        }
    }

    /// Whether its type has a character set.
    #[must_use]
    pub fn is_text(&self) -> bool {
        let name = self.data_type.split('(').next().unwrap_or_default();
        matches!(name, "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set")
    }
}

impl Index {
    /// An index that says no more than its parts.
    #[must_use]
    pub fn new(name: Ident, kind: IndexKind, parts: Vec<Part>) -> Self {
        Self {
            name,
            kind,
            parts,
            invisible: false,
            parser: None,
            using: None,
            block_size: None,
            comment: String::new(),
            attributes: Vec::new(),
        }
    }
}

/// All objects of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// Base tables.
    pub tables: BTreeMap<Ident, Table>,
    /// Views, triggers, routines and events.
    pub programs: BTreeMap<(Kind, Ident), Program>,
}

/// A definition that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("could not read {kind} {name}: {error}")]
pub struct Unreadable {
    kind: Kind,
    name: Ident,
    error: ParseError,
}

impl Model {
    /// Reads all definitions. Errors: the first that is not understood.
    pub fn of(schema: &Schema) -> Result<Self, Unreadable> {
        let mut model = Self::default();
        for ((kind, name), text) in &schema.definitions {
            let failed = |error| Unreadable { kind: *kind, name: name.clone(), error };
            match kind {
                Kind::Table => {
                    model.tables.insert(name.clone(), parse::table(text).map_err(failed)?);
                }
                kind => {
                    model.programs.insert((*kind, name.clone()), program::program(*kind, text).map_err(failed)?);
                }
            }
        }
        Ok(model)
    }

    /// The triggers of each table, time and event, in the order in which they fire.
    #[must_use]
    pub fn triggers(&self) -> BTreeMap<(Ident, String, String), Vec<Ident>> {
        let mut groups: BTreeMap<_, Vec<(u32, Ident)>> = BTreeMap::new();
        for ((_, name), program) in &self.programs {
            if let Head::Trigger(trigger) = &program.head {
                let group = (trigger.table.clone(), trigger.timing.clone(), trigger.event.clone());
                groups.entry(group).or_default().push((trigger.place, name.clone()));
            }
        }
        let ordered = |mut group: Vec<(u32, Ident)>| {
            group.sort();
            group.into_iter().map(|(_, name)| name).collect()
        };
        groups.into_iter().map(|(key, group)| (key, ordered(group))).collect()
    }
}
