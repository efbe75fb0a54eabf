//! A `[[table]]`: which table a file has rows of, and what their columns are made of.

use std::collections::BTreeSet;

use super::column::{self, Guess};
use super::names::{self, PARTS};
use super::refer::{self, Key};
use super::{Seen, quote};
use crate::import::target::{self, Column, Kind, Table};
use crate::output::count;

/// The tables, each behind those that it refers to.
const ORDER: [&str; 13] = [
    "users",
    "patient_profiles",
    "doctor_profiles",
    "time_slots",
    "doctor_unavailability",
    "appointments",
    "consultations",
    "prescriptions",
    "medical_records",
    "payments",
    "reviews",
    "notifications",
    "audit_logs",
];
/// Profiles, and the role of their users, which are made of the same rows.
const PROFILES: [(&str, &str); 2] = [("patient_profiles", "PATIENT"), ("doctor_profiles", "DOCTOR")];
/// So many signs there must be of a table.
const LEAST_SIGNS: usize = 3;

/// A `[[table]]` to be.
#[derive(Debug)]
pub(super) struct Entity<'a> {
    /// The file.
    pub seen: &'a Seen,
    /// The table, where one is likely.
    pub into: Option<&'static str>,
    /// Its own name, where it needs one.
    pub name: Option<String>,
    /// What its rows are known by.
    pub key: Key,
    /// What is not certain of the table.
    pub doubts: Vec<String>,
    /// The role of its users.
    role: Option<&'static str>,
}

impl Entity<'_> {
    /// The name that references use.
    fn called(&self) -> &str {
        self.name.as_deref().or(self.into).unwrap_or_default()
    }
}

/// The tables of all files, in the order in which they can be imported.
pub(super) fn entities(files: &[Seen]) -> Vec<Entity<'_>> {
    let mut all: Vec<Entity<'_>> = files.iter().flat_map(of_file).collect();
    all.sort_by_key(|entity| {
        entity.into.map_or(ORDER.len(), |into| ORDER.iter().position(|table| *table == into).unwrap_or(0))
    });
    // names are told apart
    for number in 0..all.len() {
        let into = all[number].into;
        if into.is_some() && all.iter().filter(|entity| entity.into == into).count() > 1 {
            all[number].name = into.map(|into| format!("{}_{into}", all[number].seen.name));
        }
    }
    all
}

fn of_file(seen: &Seen) -> Vec<Entity<'_>> {
    let signs = |table: &str| names::signs(&seen.name, &seen.header, table, &target::tables()[table]);
    let mut likely: Vec<(&'static str, usize)> = ORDER.iter().map(|table| (*table, signs(table))).collect();
    likely.sort_by_key(|(_, signs)| std::cmp::Reverse(*signs));
    let entity = |into, doubts| Entity { seen, into, name: None, key: refer::key(seen), doubts, role: None };
    let (into, most) = likely[0];
    if most < LEAST_SIGNS {
        return vec![entity(None, Vec::new())];
    }
    let equal: Vec<String> =
        likely.iter().skip(1).filter(|(_, signs)| *signs == most).map(|(table, _)| format!("`{table}`")).collect();
    let doubts = if equal.is_empty() { Vec::new() } else { vec![format!("as much speaks for {}", equal.join(", "))] };
    let role = PROFILES.iter().find(|(table, _)| *table == into).map(|(_, role)| *role);
    let mut all = vec![entity(Some(into), doubts)];
    // who has a profile logs in
    if role.is_some() && names::find(&seen.header, "user_id").is_none() {
        all.insert(0, Entity { name: Some(format!("{}_users", seen.name)), role, ..entity(Some("users"), Vec::new()) });
    }
    all
}

/// The lines of `[table.columns]`, and the places of the file's columns that they use.
pub(super) fn columns(entity: &Entity<'_>, all: &[Entity<'_>]) -> (Vec<String>, BTreeSet<usize>) {
    let (mut lines, mut used) = (Vec::new(), BTreeSet::new());
    let Some(into) = entity.into else { return (lines, used) };
    let table = &target::tables()[into];
    for column in table.columns.iter().filter(|column| column.name != "id") {
        let mut rule = rule(entity, table, column, all);
        match &rule {
            Some(rule) => used.extend(&rule.uses),
            None if column.null || column.default => continue,
            None => {}
        }
        let shape = if table.references.contains_key(&column.name) {
            "{ reference = \"…\", by = [\"…\"] }"
        } else {
            "{ from = \"…\" }"
        };
        let Some(Rule { text, guess, .. }) = rule.take() else {
            lines.push(format!("# fill in: {} = {shape}", column.name));
            continue;
        };
        lines.extend(guess.doubts.iter().map(|doubt| format!("# doubt: {doubt}")));
        lines.extend(guess.open.iter().map(|open| format!("# fill in: {open}")));
        let parts = [text].into_iter().chain(guess.parts).collect::<Vec<_>>().join(", ");
        lines.push(format!("{} = {{ {parts} }}", column.name));
    }
    (lines, used)
}

/// What a column is made of.
struct Rule {
    /// Its first part in TOML.
    text: String,
    guess: Guess,
    uses: Vec<usize>,
}

impl Rule {
    fn new(text: String, guess: Guess, uses: Vec<usize>) -> Self {
        Self { text, guess, uses }
    }
}

fn rule(entity: &Entity<'_>, table: &Table, column: &Column, all: &[Entity<'_>]) -> Option<Rule> {
    let (seen, name) = (entity.seen, column.name.as_str());
    let fixed = |value: &str| Some(Rule::new(format!("value = {}", quote(value)), Guess::default(), Vec::new()));
    match (name, entity.role) {
        // no password has this hash
        ("password_hash", _) => return fixed("!"),
        ("role", Some(role)) => return fixed(role),
        _ => {}
    }
    let called = names::find(&seen.header, name);
    if let Some(other) = table.references.get(name) {
        return reference(entity, other, called, !column.null, all);
    }
    if column.kind == Kind::Json && !called.is_some_and(|at| column::is_json(seen.values(at), column)) {
        return object(seen, name, called);
    }
    let at = called?;
    let mut guess = column::guess(seen.values(at), column);
    if guess.wrong {
        return None;
    }
    let missing = seen.rows.len() - seen.values(at).count();
    if missing > 0 && !column.null && !column.default {
        guess.doubts.push(format!("{} without a value, and there must be one", count(missing, "row")));
    }
    Some(Rule::new(format!("from = {}", quote(&seen.header[at])), guess, vec![at]))
}

/// `required`: it must have a value, so that another name, or the values alone, may speak for a column.
fn reference(
    entity: &Entity<'_>,
    table: &str,
    called: Option<usize>,
    required: bool,
    all: &[Entity<'_>],
) -> Option<Rule> {
    let others = all.iter().filter(|other| other.into == Some(table));
    for other in others {
        let Some(key) = other.key.column else { continue };
        if called.is_none() && !required {
            continue;
        }
        let itself = other.into == entity.into;
        // a profile and its user are made of one row
        let found = if std::ptr::eq(other.seen, entity.seen) && !itself {
            Some(refer::Reference { column: key, doubts: Vec::new() })
        } else {
            refer::find(entity.seen, called, other.seen, key, itself)
        };
        if let Some(refer::Reference { column, doubts }) = found {
            let text = format!("reference = {}, by = [{}]", quote(other.called()), quote(&entity.seen.header[column]));
            return Some(Rule::new(text, Guess { doubts, ..Guess::default() }, vec![column]));
        }
    }
    None
}

/// An object of several columns, or of the one that has the column's name.
fn object(seen: &Seen, name: &str, called: Option<usize>) -> Option<Rule> {
    let (_, array, parts) = PARTS.iter().find(|(of, ..)| *of == name).unwrap_or(&("", false, &[]));
    let mut found: Vec<(&str, usize)> =
        parts.iter().filter_map(|(key, names)| Some((*key, names::any(&seen.header, names)?))).collect();
    let doubt = if found.is_empty() {
        "the text is no JSON, so an object is made of it"
    } else {
        "the keys of the object are guessed"
    };
    if found.is_empty() {
        found.push(("text", called?));
    }
    let keys: Vec<String> = found.iter().map(|(key, at)| format!("{key} = {}", quote(&seen.header[*at]))).collect();
    let array = if *array { ", array = true" } else { "" };
    let guess = Guess { doubts: vec![doubt.to_owned()], ..Guess::default() };
    Some(Rule::new(
        format!("json = {{ {} }}{array}", keys.join(", ")),
        guess,
        found.iter().map(|(_, at)| *at).collect(),
    ))
}
