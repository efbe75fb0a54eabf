//! What differs between the schema that should be and the one that is, attribute by attribute. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::cursor::string_literal;
use super::introspect::Kind;
use super::model::{Check, Column, ForeignKey, Index, Model, Table};
use super::program::Program;
use super::write;
use crate::db::ident::Ident;

/// An object that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// In which way.
    pub state: State,
    /// What of it differs; empty where it is missing or extra.
    pub changes: Vec<Change>,
}

/// In which way an object or a part of one differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The live schema lacks it.
    Missing,
    /// Only the live schema has it.
    Extra,
    /// It is another one.
    Changed,
}

impl State {
    /// As it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
        }
    }
}

/// One thing of an object that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The part of a table that it is about; none: the object itself.
    #[serde(flatten)]
    pub part: Option<Part>,
    /// What of it; none: the part is missing or extra.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// What it should be, as SQL; none for what should not be there.
    pub expected: Option<String>,
    /// What it is.
    pub live: Option<String>,
}

/// A part of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `column`, `index`, `foreign key` or `check`.
    pub part: &'static str,
    /// Its name.
    pub name: String,
}

impl Drift {
    /// `` table `t` ``
    #[must_use]
    pub fn object(&self) -> String {
        format!("{} `{}`", self.kind, self.name)
    }
}

impl Change {
    /// Whether what it is about is missing, extra or changed.
    #[must_use]
    pub fn state(&self) -> State {
        match (&self.attribute, &self.expected) {
            (None, Some(_)) => State::Missing,
            (None, None) => State::Extra,
            (Some(_), _) => State::Changed,
        }
    }

    /// The lines of a long text that differ, with `-` for what should be and `+` for what is; empty where it fits in a line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        // of many modes, those that differ
        let modes = self.attribute.as_deref() == Some("sql_mode");
        let text = |text: &Option<String>| {
            let text = text.clone().unwrap_or_default();
            if modes { text.replace(',', "\n") } else { text }
        };
        let (expected, live) = (text(&self.expected), text(&self.live));
        if !(expected.contains('\n') || live.contains('\n') || expected.len() + live.len() > 120) {
            return Vec::new();
        }
        TextDiff::from_lines(expected.as_str(), live.as_str())
            .iter_all_changes()
            .filter(|change| change.tag() != ChangeTag::Equal)
            .map(|change| format!("{} {}", change.tag(), change.value().trim_end_matches('\n')))
            .collect()
    }
}

/// `` column `x`: type `int` → `bigint` ``
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<String>| match value {
            None => "none".to_owned(),
            Some(value) if value.contains('`') => value.clone(),
            Some(value) => format!("`{value}`"),
        };
        if let Some(Part { part, name }) = &self.part {
            write!(f, "{part} `{name}`: ")?;
        }
        match (&self.attribute, &self.expected) {
            (None, Some(expected)) => write!(f, "missing, {expected}"),
            (None, None) => write!(f, "extra, {}", self.live.as_deref().unwrap_or_default()),
            (Some(attribute), _) if !self.lines().is_empty() => f.write_str(attribute),
            (Some(attribute), expected) => write!(f, "{attribute} {} → {}", value(expected), value(&self.live)),
        }
    }
}

/// The objects that differ, by kind and name; empty where nothing does.
#[must_use]
pub fn compare(expected: &Model, live: &Model) -> Vec<Drift> {
    let drift =
        |kind: Kind, name: &Ident, state, changes| Drift { kind, name: name.as_str().to_owned(), state, changes };
    let mut drifts = Vec::new();
    let names: BTreeSet<&Ident> = expected.tables.keys().chain(live.tables.keys()).collect();
    for name in names {
        match (expected.tables.get(name), live.tables.get(name)) {
            (Some(expected), Some(live)) => {
                let changes = table(expected, live);
                if !changes.is_empty() {
                    drifts.push(drift(Kind::Table, name, State::Changed, changes));
                }
            }
            (expected, _) => drifts.push(drift(Kind::Table, name, one_sided(expected.is_some()), Vec::new())),
        }
    }
    let places = places(expected, live);
    let keys: BTreeSet<&(Kind, Ident)> = expected.programs.keys().chain(live.programs.keys()).collect();
    for key in keys {
        let (kind, name) = key;
        match (expected.programs.get(key), live.programs.get(key)) {
            (Some(expected), Some(live)) => {
                let mut changes = program(expected, live);
                changes.extend(places.get(name).filter(|_| *kind == Kind::Trigger).cloned());
                if !changes.is_empty() {
                    drifts.push(drift(*kind, name, State::Changed, changes));
                }
            }
            (expected, _) => drifts.push(drift(*kind, name, one_sided(expected.is_some()), Vec::new())),
        }
    }
    drifts
}

fn one_sided(expected: bool) -> State {
    if expected { State::Missing } else { State::Extra }
}

/// An attribute by its name, none where the part does not have it.
type Attribute = (String, Option<String>);

fn said<T: Into<Option<String>>>(name: &str, value: T) -> Attribute {
    (name.to_owned(), value.into())
}

fn word(yes: bool, (this, that): (&str, &str)) -> String {
    if yes { this.to_owned() } else { that.to_owned() }
}

fn comment(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| string_literal(text))
}

fn visibility(invisible: bool) -> Attribute {
    said("visibility", word(invisible, ("INVISIBLE", "VISIBLE")))
}

/// The attributes that differ, in the order of the expected ones, then those that only the live part has.
fn attributes(part: Option<&Part>, expected: Vec<Attribute>, mut live: Vec<Attribute>) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut change = |attribute: String, expected: Option<String>, live: Option<String>| {
        if expected != live {
            changes.push(Change { part: part.cloned(), attribute: Some(attribute), expected, live });
        }
    };
    for (name, expected) in expected {
        let at = live.iter().position(|(other, _)| *other == name);
        change(name, expected, at.and_then(|at| live.remove(at).1));
    }
    for (name, live) in live {
        change(name, None, live);
    }
    changes
}

fn table(expected: &Table, live: &Table) -> Vec<Change> {
    let mut changes = columns(expected, live);
    changes.extend(parts("index", (&expected.indexes, &live.indexes), |index| &index.name, index, write::index));
    changes.extend(parts(
        "foreign key",
        (&expected.foreign_keys, &live.foreign_keys),
        |key| &key.name,
        foreign_key,
        write::foreign_key,
    ));
    changes.extend(parts("check", (&expected.checks, &live.checks), |check| &check.name, check, write::check));
    let options = |table: &Table| -> Vec<Attribute> {
        let option = |(name, value): &(String, String)| (name.to_lowercase(), Some(value.clone()));
        let partitions = ("partitions".to_owned(), table.partitions.clone());
        table.options.iter().map(option).chain([partitions]).collect()
    };
    changes.extend(attributes(None, options(expected), options(live)));
    changes
}

/// Parts whose order does not matter, paired by their names, whose case does not.
fn parts<T>(
    what: &'static str,
    (expected, live): (&[T], &[T]),
    name: impl Fn(&T) -> &Ident,
    list: impl Fn(&T) -> Vec<Attribute>,
    sql: impl Fn(&T) -> String,
) -> Vec<Change> {
    let key = |part: &T| name(part).as_str().to_lowercase();
    let by_name = |parts: &[T]| -> BTreeMap<String, usize> {
        parts.iter().enumerate().map(|(at, part)| (key(part), at)).collect()
    };
    let in_live = by_name(live);
    let in_expected = by_name(expected);
    let about = |part: &T| Some(Part { part: what, name: name(part).as_str().to_owned() });
    let mut changes = Vec::new();
    for part in expected {
        match in_live.get(&key(part)) {
            Some(&at) => {
                let named = |part: &T| {
                    let mut attributes = list(part);
                    attributes.insert(0, said("name", name(part).as_str().to_owned()));
                    attributes
                };
                changes.extend(attributes(about(part).as_ref(), named(part), named(&live[at])));
            }
            None => changes.push(Change { part: about(part), attribute: None, expected: Some(sql(part)), live: None }),
        }
    }
    for part in live.iter().filter(|part| !in_expected.contains_key(&key(part))) {
        changes.push(Change { part: about(part), attribute: None, expected: None, live: Some(sql(part)) });
    }
    changes
}

/// Columns, whose order matters.
fn columns(expected: &Table, live: &Table) -> Vec<Change> {
    let mut changes =
        parts("column", (&expected.columns, &live.columns), |column| &column.name, column, write::column_definition);
    // a number has no character set, and another type says enough
    let retyped: BTreeSet<String> = expected
        .columns
        .iter()
        .filter(|column| live.column(column.name.as_str()).is_some_and(|live| live.is_text() != column.is_text()))
        .map(|column| column.name.as_str().to_owned())
        .collect();
    changes.retain(|change| {
        let of_text = matches!(change.attribute.as_deref(), Some("character set" | "collation"));
        !(of_text && change.part.as_ref().is_some_and(|part| retyped.contains(&part.name)))
    });
    for (name, expected, live) in moved(&order(expected), &order(live)) {
        changes.push(Change {
            part: Some(Part { part: "column", name }),
            attribute: Some("place".to_owned()),
            expected: Some(place(expected.as_deref())),
            live: Some(place(live.as_deref())),
        });
    }
    changes
}

fn order(table: &Table) -> Vec<&str> {
    table.columns.iter().map(|column| column.name.as_str()).collect()
}

fn place(before: Option<&str>) -> String {
    before.map_or_else(|| "first".to_owned(), |before| format!("after `{before}`"))
}

/// Of two orders, the least things that have to move to make one of the other, each with what stands before it here and
/// there. What only one of them has does not count; the case of names does not.
#[must_use]
pub fn moved(expected: &[&str], live: &[&str]) -> Vec<(String, Option<String>, Option<String>)> {
    let common = |one: &[&str], other: &[&str]| -> Vec<String> {
        let known: BTreeSet<String> = other.iter().map(|name| name.to_lowercase()).collect();
        one.iter().filter(|name| known.contains(&name.to_lowercase())).map(|name| (*name).to_owned()).collect()
    };
    let (expected, live) = (common(expected, live), common(live, expected));
    let position: BTreeMap<String, usize> =
        live.iter().enumerate().map(|(at, name)| (name.to_lowercase(), at)).collect();
    let places: Vec<usize> = expected.iter().filter_map(|name| position.get(&name.to_lowercase()).copied()).collect();
    let stays = longest_rising(&places);
    let before = |names: &[String], at: usize| at.checked_sub(1).map(|at| names[at].clone());
    places
        .iter()
        .enumerate()
        .filter(|(at, _)| !stays.contains(at))
        .map(|(at, &place)| (expected[at].clone(), before(&expected, at), before(&live, place)))
        .collect()
}

/// The places of a longest rising subsequence.
fn longest_rising(numbers: &[usize]) -> BTreeSet<usize> {
    let mut length = vec![1_usize; numbers.len()];
    let mut previous: Vec<Option<usize>> = vec![None; numbers.len()];
    for at in 0..numbers.len() {
        for before in 0..at {
            if numbers[before] < numbers[at] && length[before] + 1 > length[at] {
                (length[at], previous[at]) = (length[before] + 1, Some(before));
            }
        }
    }
    // of several, the one that ends first
    let mut next = (0..numbers.len()).rev().max_by_key(|&at| length[at]);
    let mut rising = BTreeSet::new();
    while let Some(at) = next {
        rising.insert(at);
        next = previous[at];
    }
    rising
}

fn column(column: &Column) -> Vec<Attribute> {
    let generated = column.generated.as_ref();
    let mut attributes = vec![
        said("type", column.data_type.clone()),
        said("character set", column.character_set.clone()),
        said("collation", column.collation.clone()),
        said("null", word(column.nullable, ("NULL", "NOT NULL"))),
        said("default", column.default.clone()),
        said("on update", column.on_update.clone()),
        said("generated as", generated.map(|generated| generated.expression.clone())),
        said("generated", generated.map(|generated| word(generated.stored, ("STORED", "VIRTUAL")))),
        said("auto_increment", word(column.auto_increment, ("yes", "no"))),
        visibility(column.invisible),
        said("srid", column.srid.map(|srid| srid.to_string())),
        said("comment", comment(&column.comment)),
    ];
    attributes.extend(column.attributes.iter().map(seldom));
    attributes
}

fn seldom((name, value): &(String, String)) -> Attribute {
    said(&name.to_lowercase(), value.clone())
}

fn index(index: &Index) -> Vec<Attribute> {
    let mut attributes = vec![
        said("kind", write::index_kind(index.kind).to_owned()),
        said("columns", write::parts(&index.parts)),
        visibility(index.invisible),
        said("parser", index.parser.clone()),
        said("using", index.using.clone()),
        said("key_block_size", index.block_size.map(|size| size.to_string())),
        said("comment", comment(&index.comment)),
    ];
    attributes.extend(index.attributes.iter().map(seldom));
    attributes
}

fn foreign_key(key: &ForeignKey) -> Vec<Attribute> {
    vec![
        said("columns", write::names(&key.columns)),
        said("references", format!("{} ({})", write::parent(key), write::names(&key.parent_columns))),
        said("on delete", write::action(key.on_delete).to_owned()),
        said("on update", write::action(key.on_update).to_owned()),
    ]
}

fn check(check: &Check) -> Vec<Attribute> {
    vec![
        said("expression", check.expression.clone()),
        said("enforced", word(check.enforced, ("ENFORCED", "NOT ENFORCED"))),
    ]
}

fn program(expected: &Program, live: &Program) -> Vec<Change> {
    let said = |program: &Program| -> Vec<Attribute> {
        let definer = program.definer.clone().unwrap_or_else(|| "who migrates".to_owned());
        let starts = match &program.head {
            super::program::Head::Event(event) => event.starts.clone(),
            _ => None,
        };
        let mut attributes = vec![("definer".to_owned(), Some(definer))];
        attributes.extend(program.attributes().into_iter().map(|(name, value)| (name.to_owned(), value)));
        attributes.push(("starts".to_owned(), starts));
        attributes.push(("body".to_owned(), Some(program.body.clone())));
        attributes
    };
    attributes(None, said(expected), said(live))
}

/// By name, the triggers that fire in another order than they should.
fn places(expected: &Model, live: &Model) -> BTreeMap<Ident, Change> {
    let live = live.triggers();
    let mut places = BTreeMap::new();
    for (group, names) in expected.triggers() {
        let Some(others) = live.get(&group) else { continue };
        let one: Vec<&str> = names.iter().map(Ident::as_str).collect();
        let other: Vec<&str> = others.iter().map(Ident::as_str).collect();
        for (name, expected, live) in moved(&one, &other) {
            let change = Change {
                part: None,
                attribute: Some("order".to_owned()),
                expected: Some(place(expected.as_deref())),
                live: Some(place(live.as_deref())),
            };
            places.extend(names.iter().find(|other| other.as_str() == name).map(|name| (name.clone(), change)));
        }
    }
    places
}
