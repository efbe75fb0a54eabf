//! What makes live programs the expected ones.

use std::collections::{BTreeMap, BTreeSet};

use super::Statement;
use crate::db::ident::Ident;
use crate::schema::compare::moved;
use crate::schema::cursor::{outside_quotes, unquoted};
use crate::schema::introspect::Kind;
use crate::schema::model::Model;
use crate::schema::program::{Head, Program};

type Key = (Kind, Ident);

/// The programs that should not be there.
pub fn drops(expected: &Model, live: &Model) -> Vec<Statement> {
    let extra = live.programs.keys().filter(|key| !expected.programs.contains_key(*key));
    extra.map(|(kind, name)| Statement::new(format!("DROP {} {name}", kind.sql()))).collect()
}

/// What is missing or another, made anew: routines first, since views may call them, then views, triggers, events.
pub fn creates(expected: &Model, live: &Model) -> Vec<Statement> {
    let differ = |key: &Key, program: &Program| live.programs.get(key).is_none_or(|other| !alike(program, other));
    let of_kind = |kind: Kind| -> Vec<(&Key, &Program)> {
        expected.programs.iter().filter(|(key, program)| key.0 == kind && differ(key, program)).collect()
    };
    let mut statements = Vec::new();
    for kind in [Kind::Function, Kind::Procedure] {
        for (key, program) in of_kind(kind) {
            replace(&mut statements, key, program, live, None);
        }
    }
    for (key, program) in in_order(of_kind(Kind::View)) {
        statements.push(create(key, program, None));
    }
    triggers(&mut statements, expected, live);
    for (key, program) in of_kind(Kind::Event) {
        replace(&mut statements, key, program, live, None);
    }
    statements
}

/// Whether two are the same but for a trigger's place, which depends on others.
fn alike(one: &Program, other: &Program) -> bool {
    let placeless = |program: &Program| {
        let mut program = program.clone();
        if let Head::Trigger(trigger) = &mut program.head {
            trigger.place = 0;
        }
        program
    };
    placeless(one) == placeless(other)
}

fn replace(statements: &mut Vec<Statement>, key: &Key, program: &Program, live: &Model, order: Option<&str>) {
    if live.programs.contains_key(key) {
        statements.push(Statement::new(format!("DROP {} {}", key.0.sql(), key.1)));
    }
    statements.push(create(key, program, order));
}

fn create((kind, name): &Key, program: &Program, order: Option<&str>) -> Statement {
    let time_zone = match &program.head {
        Head::Event(event) => Some(event.time_zone.clone()),
        _ => None,
    };
    let sql_mode = program.sql_mode.clone();
    Statement { sql_mode, time_zone, ..Statement::new(program.create(*kind, name, order)) }
}

/// Views behind those that they read, as far as their texts tell.
fn in_order<'a>(views: Vec<(&'a Key, &'a Program)>) -> Vec<(&'a Key, &'a Program)> {
    let names: BTreeSet<&str> = views.iter().map(|(key, _)| key.1.as_str()).collect();
    let reads: BTreeMap<&str, Vec<String>> = views
        .iter()
        .map(|(key, program)| {
            let quoted = quoted_names(&program.body);
            let reads = quoted.into_iter().filter(|name| names.contains(name.as_str()) && name != key.1.as_str());
            (key.1.as_str(), reads.collect())
        })
        .collect();
    let mut placed: Vec<&str> = Vec::new();
    for name in &names {
        place(name, &reads, &mut BTreeSet::new(), &mut placed);
    }
    let position = |name: &str| placed.iter().position(|other| *other == name);
    let mut views = views;
    views.sort_by_key(|(key, _)| position(key.1.as_str()));
    views
}

fn place<'a>(
    name: &'a str,
    reads: &'a BTreeMap<&'a str, Vec<String>>,
    above: &mut BTreeSet<&'a str>,
    placed: &mut Vec<&'a str>,
) {
    // a name may be that of an alias, so a circle is none
    if placed.contains(&name) || !above.insert(name) {
        return;
    }
    for read in reads.get(name).into_iter().flatten() {
        place(read, reads, above, placed);
    }
    placed.push(name);
}

fn quoted_names(text: &str) -> Vec<String> {
    let quotes = outside_quotes(text).filter(|&(_, c)| c == '`');
    quotes
        .filter_map(|(at, _)| {
            let length = crate::db::split::quoted_length(&text[at..], '`')?;
            Some(unquoted(&text[at..at + length]))
        })
        .collect()
}

/// Triggers of one table, time and event, each behind the one before it.
fn triggers(statements: &mut Vec<Statement>, expected: &Model, live: &Model) {
    let live_triggers = live.triggers();
    for (group, names) in expected.triggers() {
        let others = live_triggers.get(&group).map_or(&[][..], Vec::as_slice);
        let of = |names: &[Ident]| names.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
        let (order, live_order) = (of(&names), of(others));
        let order: Vec<&str> = order.iter().map(String::as_str).collect();
        let live_order: Vec<&str> = live_order.iter().map(String::as_str).collect();
        let moved: BTreeSet<String> = moved(&order, &live_order).into_iter().map(|(name, ..)| name).collect();
        let stays = |name: &Ident| {
            let key = (Kind::Trigger, name.clone());
            let both = expected.programs.get(&key).zip(live.programs.get(&key));
            !moved.contains(name.as_str()) && both.is_some_and(|(one, other)| alike(one, other))
        };
        for (at, name) in names.iter().enumerate().filter(|(_, name)| !stays(name)) {
            let key = (Kind::Trigger, name.clone());
            let order = match at.checked_sub(1) {
                Some(before) => Some(format!("FOLLOWS {}", names[before])),
                None => names.iter().find(|name| stays(name)).map(|after| format!("PRECEDES {after}")),
            };
            if let Some(program) = expected.programs.get(&key) {
                replace(statements, &key, program, live, order.as_deref());
            }
        }
    }
}
