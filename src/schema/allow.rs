//! What differs and is no drift: it is made equal before the schemas are compared, so that neither the comparison nor the
//! statements that mend see it. Pure.

use std::collections::BTreeSet;

use wildmatch::WildMatch;

use super::introspect::Kind;
use super::model::{Check, ForeignKey, Index, IndexKind, Model, Over, Table};
use super::program::{Head, Program};
use crate::db::ident::Ident;

/// What is no drift.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    /// Objects that are not looked at.
    pub ignore: Vec<Pattern>,
    /// Objects of which it is not known what they should be.
    pub unknown: BTreeSet<(Kind, Ident)>,
    /// Tables of which `partition ensure` decides which months exist.
    pub by_month: BTreeSet<Ident>,
    /// The users who ran the migrations, and so are the definers of what names none; none: it may be anybody.
    pub migrators: Option<BTreeSet<String>>,
}

/// `tmp_*` or `view:report_*`: objects by name, with `*` and `?`, and by kind where it is said.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern {
    kind: Option<Kind>,
    name: WildMatch,
}

/// A pattern of a kind that there is not.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no kind of object; before the colon stands table, view, trigger, procedure, function or event")]
pub struct NoKind(String);

impl TryFrom<String> for Pattern {
    type Error = NoKind;

    fn try_from(text: String) -> Result<Self, NoKind> {
        let (kind, name) = match text.split_once(':') {
            Some((kind, name)) => (Some(Kind::read(kind.trim()).ok_or_else(|| NoKind(kind.to_owned()))?), name.trim()),
            None => (None, text.as_str()),
        };
        Ok(Self { kind, name: WildMatch::new_case_insensitive(name) })
    }
}

impl Pattern {
    fn matches(&self, kind: Kind, name: &Ident) -> bool {
        self.kind.is_none_or(|of| of == kind) && self.name.matches(name.as_str())
    }
}

impl Allowed {
    /// Makes equal what may differ.
    pub fn settle(&self, expected: &mut Model, live: &mut Model) {
        self.leave_out(expected);
        self.leave_out(live);
        for (name, live) in &mut live.tables {
            if let Some(expected) = expected.tables.get_mut(name) {
                if self.by_month.contains(name) {
                    months(expected, live);
                }
                names(name, expected, live);
                indexes(expected, live);
            }
        }
        for (key, live) in &mut live.programs {
            if let Some(expected) = expected.programs.get_mut(key) {
                self.program(expected, live);
            }
        }
    }

    fn leave_out(&self, model: &mut Model) {
        let ignored = |kind, name: &Ident| {
            self.ignore.iter().any(|pattern| pattern.matches(kind, name))
                || self.unknown.contains(&(kind, name.clone()))
        };
        model.tables.retain(|name, _| !ignored(Kind::Table, name));
        model.programs.retain(|(kind, name), program| {
            let of_ignored = matches!(&program.head, Head::Trigger(trigger) if ignored(Kind::Table, &trigger.table));
            !ignored(*kind, name) && !of_ignored
        });
    }

    fn program(&self, expected: &Program, live: &mut Program) {
        let is_migrator = |definer: &str| {
            let mut cursor = super::cursor::Cursor::new(definer);
            let user = cursor.quoted('`').map(super::cursor::unquoted).unwrap_or_default();
            self.migrators.as_ref().is_none_or(|users| users.contains(&user))
        };
        if expected.definer.is_none() && live.definer.as_deref().is_some_and(is_migrator) {
            live.definer = None;
        }
        if let (Head::Event(expected), Head::Event(live)) = (&expected.head, &mut live.head)
            && expected.starts.is_none()
        {
            live.starts = None;
        }
    }
}

/// Tables that are partitioned by the same have the same partitions.
fn months(expected: &Table, live: &mut Table) {
    let scheme = |table: &Table| {
        table.partitions.as_ref().map(|text| text.split_once("\n(").map_or(text.clone(), |(head, _)| head.to_owned()))
    };
    if scheme(expected) == scheme(live) {
        live.partitions.clone_from(&expected.partitions);
    }
}

/// A constraint that nobody named has the next free number, which says when it was made and nothing more.
fn names(table: &Ident, expected: &mut Table, live: &Table) {
    let numbered = |name: &Ident, infix: &str| {
        let rest = name.as_str().strip_prefix(table.as_str()).and_then(|rest| rest.strip_prefix(infix));
        rest.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    rename(
        &mut expected.foreign_keys,
        &live.foreign_keys,
        |key| &mut key.name,
        |key: &ForeignKey| numbered(&key.name, "_ibfk_"),
    );
    rename(&mut expected.checks, &live.checks, |check| &mut check.name, |check: &Check| numbered(&check.name, "_chk_"));
}

/// Gives the expected parts the names of the live ones that are alike; nothing, where two would have one name then.
fn rename<T: Clone + PartialEq>(
    expected: &mut Vec<T>,
    live: &[T],
    name: impl Fn(&mut T) -> &mut Ident,
    is_numbered: impl Fn(&T) -> bool,
) {
    let mut renamed = expected.clone();
    let mut free: Vec<&T> = live.iter().filter(|part| is_numbered(part)).collect();
    for part in renamed.iter_mut().filter(|part| is_numbered(part)) {
        let alike = |other: &T| {
            let (mut one, mut other) = (part.clone(), other.clone());
            *name(&mut one) = Ident::known("x");
            *name(&mut other) = Ident::known("x");
            one == other
        };
        if let Some(at) = free.iter().position(|other| alike(other)) {
            *part = free.remove(at).clone();
        }
    }
    let names: BTreeSet<Ident> = renamed.iter_mut().map(|part| name(part).clone()).collect();
    if names.len() == expected.len() {
        *expected = renamed;
    }
}

/// An index that the server made for a foreign key goes when another one serves it, and does not come where one does.
fn indexes(expected: &mut Table, live: &mut Table) {
    let has = |table: &Table, index: &Index| table.indexes.iter().any(|other| other.name == index.name);
    let (before, other) = (expected.clone(), live.clone());
    expected.indexes.retain(|index| has(&other, index) || !(is_automatic(&before, index) && serves(&other, index)));
    live.indexes.retain(|index| has(&before, index) || !(is_automatic(&other, index) && serves(&before, index)));
}

/// Whether the index is what the server makes for a foreign key: of its name, or of its first column's (MySQL manual, "FOREIGN
/// KEY Constraints"), and over its columns.
fn is_automatic(table: &Table, index: &Index) -> bool {
    let plain = Index::new(index.name.clone(), IndexKind::Plain, index.parts.clone());
    *index == plain
        && table.foreign_keys.iter().any(|key| {
            (key.name == index.name || key.columns.first() == Some(&index.name))
                && begins_with(index, &key.columns)
                && index.parts.len() == key.columns.len()
        })
}

/// Whether the table has a foreign key over the index's columns, and another index for it.
fn serves(table: &Table, index: &Index) -> bool {
    let columns: Vec<Ident> = index
        .parts
        .iter()
        .filter_map(|part| match &part.over {
            Over::Column(name, None) => Some(name.clone()),
            _ => None,
        })
        .collect();
    table.foreign_keys.iter().any(|key| key.columns == columns)
        && table.indexes.iter().any(|other| other.name != index.name && begins_with(other, &columns))
}

/// Whether an index begins with these columns, whole.
pub(super) fn begins_with(index: &Index, columns: &[Ident]) -> bool {
    let mut parts = index.parts.iter().map(|part| &part.over);
    columns.iter().all(|column| matches!(parts.next(), Some(Over::Column(name, None)) if name == column))
}
