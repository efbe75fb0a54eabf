//! The statements that make the live schema what it should be, in an order that works. Pure.
//!
//! Foreign keys go first and come last, so that columns and indexes can change between; programs come when all tables are there,
//! views behind those that they read.

use std::fmt::Write as _;

use super::model::Model;
use crate::db::ident::Ident;

mod program;
mod table;
mod widen;

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Statement {
    /// Its text, without `;`.
    pub sql: String,
    /// What is lost by it, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destroys: Option<&'static str>,
    /// The `sql_mode` that it needs, where it makes a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql_mode: Option<String>,
    /// The time zone that it needs, where it makes an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

impl Statement {
    fn new(sql: String) -> Self {
        Self { sql, destroys: None, sql_mode: None, time_zone: None }
    }

    fn destroying(sql: String, what: &'static str) -> Self {
        Self { destroys: Some(what), ..Self::new(sql) }
    }
}

/// The statements, none where nothing differs. What is no drift must have been made equal before.
#[must_use]
pub fn mend(expected: &Model, live: &Model) -> Vec<Statement> {
    let keys = table::keys(expected, live);
    let mut statements = program::drops(expected, live);
    statements.extend(keys.drops);
    let extra: Vec<&Ident> = live.tables.keys().filter(|name| !expected.tables.contains_key(*name)).collect();
    if !extra.is_empty() {
        // together, since they may refer to each other
        let names = extra.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        statements.push(Statement::destroying(format!("DROP TABLE {names}"), "drops a table with its rows"));
    }
    for (name, table) in expected.tables.iter().filter(|(name, _)| !live.tables.contains_key(*name)) {
        statements.push(Statement::new(super::write::table(name, table)));
    }
    for (name, expected) in &expected.tables {
        if let Some(live) = live.tables.get(name) {
            statements.extend(table::alter(name, expected, live));
        }
    }
    statements.extend(keys.adds);
    statements.extend(program::creates(expected, live));
    statements
}

/// The mode in which tables are changed: nothing is cut off, and a default such as `0000-00-00` may stay.
const SQL_MODE: &str = "STRICT_ALL_TABLES";

/// The statements as a script for the `mysql` client. Those that destroy are commented out, with the reason.
#[must_use]
pub fn script(statements: &[Statement]) -> String {
    let (mut mode, mut zone) = (String::new(), None);
    let mut script = String::new();
    // writing into a String can't fail
    for statement in statements {
        let wanted = statement.sql_mode.as_deref().unwrap_or(SQL_MODE);
        if wanted != mode {
            let _ = writeln!(script, "SET SESSION sql_mode = '{wanted}';");
            wanted.clone_into(&mut mode);
        }
        if statement.time_zone.is_some() && statement.time_zone != zone {
            let _ =
                writeln!(script, "SET SESSION time_zone = '{}';", statement.time_zone.as_deref().unwrap_or_default());
            zone.clone_from(&statement.time_zone);
        }
        if let Some(what) = statement.destroys {
            let _ = writeln!(script, "-- DESTRUCTIVE, {what}; if you mean it, take the dashes away:");
            let _ = writeln!(script, "-- {};", statement.sql.replace('\n', "\n-- "));
        } else if statement.sql_mode.is_some() && statement.sql.contains(';') {
            let end = ["$$", "//", "|||"].into_iter().find(|end| !statement.sql.contains(end)).unwrap_or("<<end>>");
            let _ = writeln!(script, "DELIMITER {end}\n{}{end}\nDELIMITER ;", statement.sql);
        } else {
            let _ = writeln!(script, "{};", statement.sql);
        }
    }
    script
}

#[cfg(test)]
mod tests;
