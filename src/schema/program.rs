//! Views, triggers, routines and events as values: read from the server's text, written as SQL again. Pure.

use std::fmt::Write as _;

use super::cursor::{Cursor, string_literal};
use super::introspect::Kind;
use super::normal;
use super::parse::ParseError;
use crate::db::ident::Ident;

/// A view, trigger, procedure, function or event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Whose rights it has, as SQL writes it (`` `root`@`localhost` ``); none where that is who makes it.
    pub definer: Option<String>,
    /// The `sql_mode` in which it runs; none for a view.
    pub sql_mode: Option<String>,
    /// What its kind has beside.
    pub head: Head,
    /// What it does, as it was written; of a view, its SELECT as the server writes it.
    pub body: String,
}

/// What stands before the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A view.
    View(View),
    /// A trigger.
    Trigger(Trigger),
    /// A procedure or function.
    Routine(Routine),
    /// An event.
    Event(Event),
}

/// What a view says beside its SELECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// `UNDEFINED`, `MERGE` or `TEMPTABLE`.
    pub algorithm: String,
    /// `SQL SECURITY`: `DEFINER` or `INVOKER`.
    pub security: String,
    /// The names of its columns, where it gives them others than the SELECT has.
    pub columns: Option<String>,
    /// `CASCADED` or `LOCAL`.
    pub check_option: Option<String>,
}

/// When a trigger fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// `BEFORE` or `AFTER`.
    pub timing: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub event: String,
    /// On which table.
    pub table: Ident,
    /// From 1, its place among those of the same table, time and event.
    pub place: u32,
}

/// What a procedure or function says before its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routine {
    /// As they were written, without the brackets.
    pub parameters: String,
    /// The type of a function's result.
    pub returns: Option<String>,
    /// `SQL`, or `JAVASCRIPT` (since 9.0).
    pub language: String,
    /// `CONTAINS SQL`, `NO SQL`, `READS SQL DATA` or `MODIFIES SQL DATA`.
    pub data_access: String,
    /// `DETERMINISTIC`
    pub deterministic: bool,
    /// `SQL SECURITY`: `DEFINER` or `INVOKER`.
    pub security: String,
    /// `COMMENT`, unquoted.
    pub comment: String,
}

/// When an event runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `EVERY 1 DAY`, `AT '2027-01-01 00:00:00'`.
    pub schedule: String,
    /// `STARTS`, with its quotes; none where that is when it was made.
    pub starts: Option<String>,
    /// `ENDS`, with its quotes.
    pub ends: Option<String>,
    /// `ON COMPLETION`: `PRESERVE` or `NOT PRESERVE`.
    pub on_completion: String,
    /// `ENABLE`, `DISABLE` or `DISABLE ON REPLICA`.
    pub status: String,
    /// The time zone in which its times are.
    pub time_zone: String,
    /// `COMMENT`, unquoted.
    pub comment: String,
}

/// Reads a definition as `introspect` gives it.
pub fn program(kind: Kind, text: &str) -> Result<Program, ParseError> {
    let mut cursor = Cursor::new(text);
    read(kind, &mut cursor).ok_or_else(|| ParseError::at(cursor))
}

/// Leaves the cursor at what is not understood.
fn read(kind: Kind, cursor: &mut Cursor<'_>) -> Option<Program> {
    let (mut sql_mode, mut time_zone) = (None, String::new());
    if cursor.takes("SET sql_mode") && cursor.symbol('=') {
        sql_mode = Some(sorted(&cursor.string()?));
        if cursor.symbol(',') && cursor.takes("time_zone") && cursor.symbol('=') {
            time_zone = cursor.string()?;
        }
        cursor.symbol(';');
    }
    let mut algorithm = "UNDEFINED".to_owned();
    let mut security = "DEFINER".to_owned();
    let mut definer = None;
    if !cursor.takes("CREATE") {
        return None;
    }
    loop {
        if cursor.takes("OR REPLACE") {
        } else if cursor.takes("ALGORITHM") && cursor.symbol('=') {
            algorithm = cursor.some_word()?.to_uppercase();
        } else if cursor.takes("DEFINER") && cursor.symbol('=') {
            definer = Some(account(cursor)?);
        } else if cursor.takes("SQL SECURITY") {
            security = cursor.some_word()?.to_uppercase();
        } else if cursor.takes(kind.sql()) {
            break;
        } else {
            return None;
        }
    }
    cursor.takes("IF NOT EXISTS");
    cursor.name()?;
    if cursor.symbol('.') {
        cursor.name()?;
    }
    let (head, body) = match kind {
        Kind::View => view(cursor, algorithm, security)?,
        Kind::Trigger => trigger(cursor)?,
        Kind::Procedure | Kind::Function => routine(cursor)?,
        Kind::Event => event(cursor, time_zone)?,
        Kind::Table => return None,
    };
    Some(Program { definer, sql_mode, head, body })
}

/// The modes in one order: 8.0 and 9.x list them alike, hands do not.
fn sorted(sql_mode: &str) -> String {
    let mut modes: Vec<&str> = sql_mode.split(',').filter(|mode| !mode.is_empty()).collect();
    modes.sort_unstable();
    modes.join(",")
}

/// `` `user`@`host` ``, as it stands.
fn account(cursor: &mut Cursor<'_>) -> Option<String> {
    let part = |cursor: &mut Cursor<'_>| -> Option<String> {
        let quoted = ['`', '\'', '"'].into_iter().find_map(|quote| cursor.quoted(quote));
        let name = quoted.map_or_else(|| cursor.word().to_owned(), super::cursor::unquoted);
        Some(format!("`{}`", name.replace('`', "``")))
    };
    let user = part(cursor)?;
    Some(if cursor.symbol('@') { format!("{user}@{}", part(cursor)?) } else { user })
}

fn view(cursor: &mut Cursor<'_>, algorithm: String, security: String) -> Option<(Head, String)> {
    let names_columns = cursor.rest().starts_with('(');
    let columns = if names_columns { Some(cursor.bracketed()?.to_owned()) } else { None };
    if !cursor.takes("AS") {
        return None;
    }
    let text = cursor.rest();
    let with =
        |option: &str| Some((text.strip_suffix(&format!(" WITH {option} CHECK OPTION"))?, Some(option.to_owned())));
    let (select, check_option) = ["CASCADED", "LOCAL"].into_iter().find_map(with).unwrap_or((text, None));
    let columns = columns.filter(|columns| !repeats(columns, select));
    let head = View { algorithm, security, columns, check_option };
    Some((Head::View(head), normal::without_introducers(select)))
}

/// Whether the names before a SELECT, in its brackets, are those that the SELECT gives anyway.
fn repeats(columns: &str, select: &str) -> bool {
    let (mut names, mut items) = (Cursor::new(columns), Cursor::new(select));
    let mut begins = items.takes("select");
    while begins {
        let Some(name) = names.name() else { return false };
        let (item, alias) = (items.piece(), format!(" AS {name}"));
        if names.is_done() {
            return item.ends_with(&alias) || item.contains(&format!("{alias} from "));
        }
        begins = item.ends_with(&alias) && names.symbol(',') && items.symbol(',');
    }
    false
}

fn trigger(cursor: &mut Cursor<'_>) -> Option<(Head, String)> {
    let timing = cursor.some_word()?.to_uppercase();
    let event = cursor.some_word()?.to_uppercase();
    if !cursor.takes("ON") {
        return None;
    }
    let mut table = cursor.name()?;
    if cursor.symbol('.') {
        table = cursor.name()?;
    }
    if !cursor.takes("FOR EACH ROW") {
        return None;
    }
    if cursor.takes("FOLLOWS") || cursor.takes("PRECEDES") {
        cursor.name()?;
    }
    let body = cursor.rest();
    // at the very end, where `introspect` writes it
    let marked = body.strip_suffix(" of its table, time and event */");
    let (body, place) = match marked.and_then(|marked| marked.rsplit_once("\n/* fires as number ")) {
        Some((body, place)) => (body, place.parse().ok()?),
        None => (body, 1),
    };
    Some((Head::Trigger(Trigger { timing, event, table, place }), tidy(body)))
}

fn routine(cursor: &mut Cursor<'_>) -> Option<(Head, String)> {
    let parameters = cursor.bracketed()?.trim().to_owned();
    let mut returns = None;
    if cursor.takes("RETURNS") {
        let (line, rest) = cursor.rest().split_once('\n').filter(|(line, _)| !line.trim().is_empty())?;
        let (data_type, character_set) = line.split_at(line.find(" CHARSET ").unwrap_or(line.len()));
        returns = Some(format!("{}{character_set}", normal::data_type(data_type)));
        *cursor = Cursor::new(rest);
    }
    let mut routine = Routine {
        parameters,
        returns,
        language: "SQL".to_owned(),
        data_access: "CONTAINS SQL".to_owned(),
        deterministic: false,
        security: "DEFINER".to_owned(),
        comment: String::new(),
    };
    let accesses = ["CONTAINS SQL", "NO SQL", "READS SQL DATA", "MODIFIES SQL DATA"];
    loop {
        if cursor.takes("LANGUAGE") {
            routine.language = cursor.some_word()?.to_uppercase();
        } else if cursor.takes("NOT DETERMINISTIC") {
            routine.deterministic = false;
        } else if cursor.takes("DETERMINISTIC") {
            routine.deterministic = true;
        } else if cursor.takes("SQL SECURITY") {
            routine.security = cursor.some_word()?.to_uppercase();
        } else if cursor.takes("COMMENT") {
            routine.comment = cursor.string()?;
        } else if let Some(access) = accesses.into_iter().find(|words| cursor.takes(words)) {
            access.clone_into(&mut routine.data_access);
        } else {
            return Some((Head::Routine(routine), tidy(cursor.rest())));
        }
    }
}

fn event(cursor: &mut Cursor<'_>, time_zone: String) -> Option<(Head, String)> {
    if !cursor.takes("ON SCHEDULE") {
        return None;
    }
    let schedule = if cursor.takes("AT") {
        format!("AT {}", cursor.quoted('\'')?)
    } else if cursor.takes("EVERY") {
        let number = cursor.quoted('\'').or_else(|| cursor.some_word())?;
        format!("EVERY {number} {}", cursor.some_word()?.to_uppercase())
    } else {
        return None;
    };
    let mut event = Event {
        schedule,
        starts: None,
        ends: None,
        on_completion: "NOT PRESERVE".to_owned(),
        status: "ENABLE".to_owned(),
        time_zone,
        comment: String::new(),
    };
    loop {
        if cursor.takes("STARTS") {
            event.starts = Some(cursor.quoted('\'')?.to_owned());
        } else if cursor.takes("ENDS") {
            event.ends = Some(cursor.quoted('\'')?.to_owned());
        } else if cursor.takes("ON COMPLETION NOT PRESERVE") {
        } else if cursor.takes("ON COMPLETION PRESERVE") {
            "PRESERVE".clone_into(&mut event.on_completion);
        } else if cursor.takes("ENABLE") {
        } else if cursor.takes("DISABLE ON SLAVE") || cursor.takes("DISABLE ON REPLICA") {
            "DISABLE ON REPLICA".clone_into(&mut event.status); // SLAVE until 8.0.22
        } else if cursor.takes("DISABLE") {
            "DISABLE".clone_into(&mut event.status);
        } else if cursor.takes("COMMENT") {
            event.comment = cursor.string()?;
        } else if cursor.takes("DO") {
            return Some((Head::Event(event), tidy(cursor.rest())));
        } else {
            return None;
        }
    }
}

/// Line ends as Unix has them, no white space at the end.
fn tidy(body: &str) -> String {
    body.replace("\r\n", "\n").trim_end().to_owned()
}

impl Program {
    /// Its attributes by the name that people know them by, in the order of SQL; the body, the definer and a trigger's place
    /// are not among them.
    #[must_use]
    pub fn attributes(&self) -> Vec<(&'static str, Option<String>)> {
        let some = |text: &str| Some(text.to_owned());
        let comment = |text: &str| (!text.is_empty()).then(|| string_literal(text));
        let mut attributes = match &self.head {
            Head::View(view) => vec![
                ("algorithm", some(&view.algorithm)),
                ("security", some(&view.security)),
                ("columns", view.columns.clone()),
                ("check option", view.check_option.clone()),
            ],
            Head::Trigger(trigger) => vec![
                ("timing", some(&trigger.timing)),
                ("event", some(&trigger.event)),
                ("table", some(trigger.table.as_str())),
            ],
            Head::Routine(routine) => vec![
                ("parameters", some(&routine.parameters)),
                ("returns", routine.returns.clone()),
                ("language", some(&routine.language)),
                ("data access", some(&routine.data_access)),
                ("deterministic", some(if routine.deterministic { "yes" } else { "no" })),
                ("security", some(&routine.security)),
                ("comment", comment(&routine.comment)),
            ],
            Head::Event(event) => vec![
                ("schedule", some(&event.schedule)),
                ("ends", event.ends.clone()),
                ("on completion", some(&event.on_completion)),
                ("status", some(&event.status)),
                ("comment", comment(&event.comment)),
                ("time zone", some(&event.time_zone)),
            ],
        };
        attributes.extend(self.sql_mode.as_ref().map(|mode| ("sql_mode", some(mode))));
        attributes
    }

    /// The statement that makes it; of a trigger, without its place among others, for which `order` stands
    /// (`` FOLLOWS `x` ``). It is to run in the program's `sql_mode` and, for an event, in its time zone.
    #[must_use]
    pub fn create(&self, kind: Kind, name: &Ident, order: Option<&str>) -> String {
        let definer = self.definer.as_ref().map(|definer| format!(" DEFINER={definer}")).unwrap_or_default();
        let comment = |text: &str| match text {
            "" => String::new(),
            text => format!(" COMMENT {}", string_literal(text)),
        };
        let mut sql = "CREATE".to_owned();
        // writing into a String can't fail
        let _ = match &self.head {
            Head::View(View { algorithm, security, columns, check_option }) => {
                let columns = columns.as_ref().map(|columns| format!(" ({columns})")).unwrap_or_default();
                let option =
                    check_option.as_ref().map(|option| format!(" WITH {option} CHECK OPTION")).unwrap_or_default();
                write!(
                    sql,
                    " OR REPLACE ALGORITHM={algorithm}{definer} SQL SECURITY {security} VIEW {name}{columns} AS {}{option}",
                    self.body
                )
            }
            Head::Trigger(Trigger { timing, event, table, place: _ }) => {
                let order = order.map(|order| format!(" {order}")).unwrap_or_default();
                write!(sql, "{definer} TRIGGER {name} {timing} {event} ON {table} FOR EACH ROW{order}\n{}", self.body)
            }
            Head::Routine(routine) => {
                let returns = routine.returns.as_ref().map(|returns| format!(" RETURNS {returns}")).unwrap_or_default();
                let deterministic = if routine.deterministic { " DETERMINISTIC" } else { "" };
                write!(
                    sql,
                    "{definer} {} {name}({}){returns}\n    LANGUAGE {} {}{deterministic} SQL SECURITY {}{}\n{}",
                    kind.sql(),
                    routine.parameters,
                    routine.language,
                    routine.data_access,
                    routine.security,
                    comment(&routine.comment),
                    self.body
                )
            }
            Head::Event(event) => {
                let time = |word: &str, time: &Option<String>| {
                    time.as_ref().map(|time| format!(" {word} {time}")).unwrap_or_default()
                };
                write!(
                    sql,
                    "{definer} EVENT {name} ON SCHEDULE {}{}{} ON COMPLETION {} {}{} DO\n{}",
                    event.schedule,
                    time("STARTS", &event.starts),
                    time("ENDS", &event.ends),
                    event.on_completion,
                    // takes both words since 8.0.22; SLAVE is gone in 9
                    event.status,
                    comment(&event.comment),
                    self.body
                )
            }
        };
        sql
    }
}

#[cfg(test)]
mod tests;
