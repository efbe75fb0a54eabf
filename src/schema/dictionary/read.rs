//! The dictionary of a model. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Column, Dictionary, Key, Mark, Program, Reference, Table, Trigger, Writer};
use crate::db::ident::Ident;
use crate::schema::cursor::{Cursor, unquoted};
use crate::schema::introspect::Kind;
use crate::schema::model::{self, IndexKind, Model, Over};
use crate::schema::program::Head;
use crate::schema::write;

impl Dictionary {
    /// Of a database.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let mut referred: BTreeMap<&Ident, Vec<Reference>> = BTreeMap::new();
        for (name, table) in &model.tables {
            // by table and name, since that is the order of both maps
            for key in table.foreign_keys.iter().filter(|key| key.database.is_none()) {
                referred.entry(&key.table).or_default().push(reference(model, name, table, key));
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
            ..Table::of(model, name, table)
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
}

impl Table {
    /// What stands with the table itself.
    fn of(model: &Model, name: &Ident, table: &model::Table) -> Self {
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
            references: table.foreign_keys.iter().map(|key| reference(model, name, table, key)).collect(),
            referred_by: Vec::new(),
            checks: table.checks.iter().map(check).collect(),
            triggers: Vec::new(),
            written_by: Vec::new(),
        }
    }
}

impl Column {
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

fn reference(model: &Model, from: &Ident, table: &model::Table, key: &model::ForeignKey) -> Reference {
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
        is_known: key.database.is_none() && model.tables.contains_key(&key.table),
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
    let program = |((kind, name), program): (&(Kind, Ident), &crate::schema::program::Program)| {
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
