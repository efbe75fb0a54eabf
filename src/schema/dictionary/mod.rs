//! The data dictionary: of each table what there is to know of it, also what stands with others (who refers to it, its
//! triggers). What the diagram, the Markdown files and the page are written from. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use wildmatch::WildMatch;

use super::cursor::{Cursor, unquoted};
use super::introspect::Kind;
use super::model::{self, IndexKind, Model, Over};
use super::program::Head;
use super::write;
use crate::db::ident::Ident;

pub mod markdown;

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
    /// In the order in which they fire.
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
    /// Of a database.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let mut referred: BTreeMap<&Ident, Vec<Reference>> = BTreeMap::new();
        for (name, table) in &model.tables {
            // by table and name, since that is the order of both maps
            for key in table.foreign_keys.iter().filter(|key| key.database.is_none()) {
                referred.entry(&key.table).or_default().push(reference(name, table, key));
            }
        }
        let mut triggers: BTreeMap<Ident, Vec<Trigger>> = BTreeMap::new();
        for ((table, timing, event), names) in model.triggers() {
            let fires = format!("{timing} {event}");
            let trigger = |name: Ident| {
                let writes = writes(model, &table, &name);
                Trigger { name: text(&name), fires: fires.clone(), writes }
            };
            let of_event: Vec<Trigger> = names.into_iter().map(trigger).collect();
            triggers.entry(table).or_default().extend(of_event);
        }
        let table = |(name, table)| Table {
            referred_by: referred.remove(name).unwrap_or_default(),
            triggers: triggers.remove(name).unwrap_or_default(),
            ..Table::of(name, table)
        };
        let mut tables: Vec<Table> = model.tables.iter().map(table).collect();
        let mut writers: BTreeMap<String, Vec<Writer>> = BTreeMap::new();
        for table in &tables {
            for Trigger { name, fires, writes } in &table.triggers {
                let writer = Writer { table: table.name.clone(), trigger: name.clone(), fires: fires.clone() };
                for other in writes {
                    writers.entry(other.clone()).or_default().push(writer.clone());
                }
            }
        }
        for table in &mut tables {
            table.written_by = writers.remove(&table.name).unwrap_or_default();
        }
        Self { tables, programs: programs(model) }
    }

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

impl Table {
    /// What stands with the table itself.
    fn of(name: &Ident, table: &model::Table) -> Self {
        let check = |check: &model::Check| Check {
            name: text(&check.name),
            expression: check.expression.clone(),
            enforced: check.enforced,
        };
        Self {
            name: text(name),
            comment: table.option("COMMENT").map(unquoted).unwrap_or_default(),
            options: table.options.iter().filter(|(option, _)| option != "COMMENT").cloned().collect(),
            partitioned_by: table.partitions.as_deref().map(partitioned_by),
            columns: table.columns.iter().map(|column| Column::of(table, column)).collect(),
            keys: table.indexes.iter().map(Key::of).collect(),
            references: table.foreign_keys.iter().map(|key| reference(name, table, key)).collect(),
            referred_by: Vec::new(),
            checks: table.checks.iter().map(check).collect(),
            triggers: Vec::new(),
            written_by: Vec::new(),
        }
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

    fn of(table: &model::Table, column: &model::Column) -> Self {
        let of_keys = |kind: IndexKind, alone: bool| {
            let mut keys = table.indexes.iter().filter(|key| key.kind == kind && (!alone || key.parts.len() == 1));
            keys.any(|key| key.parts.iter().any(|part| is_whole(&part.over, &column.name)))
        };
        let is_primary = of_keys(IndexKind::Primary, false);
        let is_foreign = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
        let is_unique = !is_primary && of_keys(IndexKind::Unique, true);
        let marks = [(is_primary, Mark::Primary), (is_foreign, Mark::Foreign), (is_unique, Mark::Unique)];
        Self {
            name: text(&column.name),
            data_type: column.data_type.clone(),
            collation: column.collation.clone().filter(|name| table.option("COLLATE") != Some(name)),
            nullable: column.nullable,
            default: column.default.clone().filter(|default| default != "NULL"),
            extra: extra(column),
            comment: column.comment.clone(),
            marks: marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect(),
        }
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

impl Key {
    fn of(index: &model::Index) -> Self {
        Self {
            name: text(&index.name),
            kind: write::index_kind(index.kind),
            parts: index.parts.iter().map(part).collect(),
            invisible: index.invisible,
            comment: index.comment.clone(),
        }
    }
}

fn text(name: &Ident) -> String {
    name.as_str().to_owned()
}

fn texts(names: &[Ident]) -> Vec<String> {
    names.iter().map(text).collect()
}

fn part(part: &model::Part) -> String {
    let over = match &part.over {
        Over::Column(name, None) => text(name),
        Over::Column(name, Some(prefix)) => format!("{}({prefix})", name.as_str()),
        Over::Expression(expression) => format!("({expression})"),
    };
    if part.descending { over + " DESC" } else { over }
}

/// Whether a part of a key is this column, and not only its beginning.
fn is_whole(over: &Over, name: &Ident) -> bool {
    matches!(over, Over::Column(column, None) if column == name)
}

fn extra(column: &model::Column) -> Vec<String> {
    let mut extra = Vec::new();
    if let Some(model::Generated { expression, stored }) = &column.generated {
        extra.push(format!("GENERATED ALWAYS AS ({expression}) {}", if *stored { "STORED" } else { "VIRTUAL" }));
    }
    extra.extend(column.on_update.as_ref().map(|value| format!("ON UPDATE {value}")));
    extra.extend(column.auto_increment.then(|| "AUTO_INCREMENT".to_owned()));
    extra.extend(column.invisible.then(|| "INVISIBLE".to_owned()));
    extra.extend(column.srid.map(|srid| format!("SRID {srid}")));
    extra.extend(column.attributes.iter().map(|(name, value)| format!("{name} {value}").trim_end().to_owned()));
    extra
}

fn reference(from: &Ident, table: &model::Table, key: &model::ForeignKey) -> Reference {
    let is_optional = key.columns.iter().any(|name| table.column(name.as_str()).is_some_and(|column| column.nullable));
    // a unique key over some of the columns makes all of them unique
    let is_unique = table.indexes.iter().any(|index| {
        matches!(index.kind, IndexKind::Primary | IndexKind::Unique)
            && index.parts.iter().all(|part| key.columns.iter().any(|name| is_whole(&part.over, name)))
    });
    Reference {
        name: text(&key.name),
        from: text(from),
        columns: texts(&key.columns),
        database: key.database.as_ref().map(text),
        to: text(&key.table),
        parent_columns: texts(&key.parent_columns),
        on_delete: write::action(key.on_delete),
        on_update: write::action(key.on_update),
        is_optional,
        is_unique,
    }
}

/// The tables, other than its own, that a trigger writes.
fn writes(model: &Model, table: &Ident, trigger: &Ident) -> Vec<String> {
    let body = model.programs.get(&(Kind::Trigger, trigger.clone())).map_or("", |program| program.body.as_str());
    let mut cursor = Cursor::new(body);
    let mut written = BTreeSet::new();
    while let Some(next) = cursor.rest().chars().next() {
        if ["INTO", "UPDATE", "DELETE FROM"].iter().any(|words| cursor.takes(words)) {
            written.extend(cursor.name());
            continue;
        }
        let is_quoted = matches!(next, '\'' | '"' | '`') && cursor.quoted(next).is_some();
        if !is_quoted && cursor.word().is_empty() {
            cursor.symbol(next);
        }
    }
    written
        .into_iter()
        .filter(|name| name != table && model.tables.contains_key(name))
        .map(|name| text(&name))
        .collect()
}

fn programs(model: &Model) -> Vec<Program> {
    let program = |((kind, name), program): (&(Kind, Ident), &super::program::Program)| {
        let comment = match &program.head {
            Head::Trigger(_) => return None, // with its table
            Head::View(_) => "",
            Head::Routine(routine) => &routine.comment,
            Head::Event(event) => &event.comment,
        };
        Some(Program { kind: *kind, name: text(name), comment: comment.to_owned() })
    };
    model.programs.iter().filter_map(program).collect()
}

/// `PARTITION BY RANGE  COLUMNS(d)\n(PARTITION …)` without its first words, and without the partitions that there are.
fn partitioned_by(clause: &str) -> String {
    let by = clause.strip_prefix("PARTITION BY ").unwrap_or(clause);
    let by = by.split("\n(PARTITION ").next().unwrap_or(by);
    by.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(super) mod tests;
