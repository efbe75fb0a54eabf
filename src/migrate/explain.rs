//! What to say of a statement that the server refused.

use super::apply::ApplyError;
use super::expect::Unexpected;
use super::files::{Script, Statement};
use super::journal::Direction;
use super::plan::Plan;
use crate::db::error::{DbError, server_error};
use crate::db::split::quoted_length;

/// Why a run stopped at a statement: what the server said, and what is in the database now. `number` is the statement's index in
/// the file of the plan's step `index`.
#[must_use]
pub fn stopped(
    plan: &Plan<'_>,
    index: usize,
    number: usize,
    error: &sqlx::Error,
    in_the_way: Option<String>,
) -> ApplyError {
    let file = match number {
        0 => "nothing of this file".to_owned(),
        1 => "the first statement of this file".to_owned(),
        _ => format!("the first {number} statements of this file"),
    };
    let applied = match (plan.direction, plan.steps[..index].iter().rfind(|step| step.label().is_some())) {
        (Direction::Up, None) if plan.from == 0 => format!("applied so far: {file}"),
        (Direction::Up, before) => {
            format!("applied so far: all up to version {}, and {file}", before.map_or(plan.from, |step| step.version))
        }
        (Direction::Down, None) => format!("rolled back so far: {file}"),
        (Direction::Down, Some(before)) => {
            format!("rolled back so far: version {} down to {}, and {file}", plan.from, before.version)
        }
    };
    let refused = Unexpected::of(error).is_some();
    let error = statement_error(plan.steps[index].script, number, error);
    let error = match in_the_way {
        Some(cure) => error.with_cure(cure),
        None => error,
    };
    if refused { ApplyError::Refused { error, applied } } else { ApplyError::Statement { error, applied } }
}

/// What the server said of a statement, with file and line; `number` counts the statements from 0.
#[must_use]
pub fn statement_error(script: &Script, number: usize, error: &sqlx::Error) -> DbError {
    let statement = &script.statements[number];
    let place = format!(
        "`{}` line {}, statement {} of {} (`{}`)",
        script.name,
        error_line(statement, error),
        number + 1,
        script.statements.len(),
        beginning(&statement.text)
    );
    DbError::new(place, error)
}

/// The file's line of an error: the server counts lines from the statement's first (1064: "… at line 3").
fn error_line(statement: &Statement, error: &sqlx::Error) -> usize {
    let within = server_error(error)
        .filter(|&(number, _)| number == 1064)
        .and_then(|(_, message)| message.rsplit_once(" at line ")?.1.trim().parse::<usize>().ok());
    statement.line + within.map_or(0, |line| line.saturating_sub(1))
}

/// How a statement begins: on one line, 60 characters at the most, without the content of its strings, which may be a secret.
#[must_use]
pub fn beginning(text: &str) -> String {
    const LENGTH: usize = 60;
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => quoted_length(rest, first).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        plain.push_str(if length > 1 && matches!(first, '\'' | '"') { "'…'" } else { &rest[..length] });
        rest = &rest[length..];
    }
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LENGTH {
        return line;
    }
    format!("{}…", line.chars().take(LENGTH - 1).collect::<String>().trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_short_and_tells_no_secret() {
        assert_eq!(beginning("CREATE USER a\n  IDENTIFIED BY 'hunter2' \"x\""), "CREATE USER a IDENTIFIED BY '…' '…'");
        assert_eq!(beginning(&format!("SELECT {}", "x, ".repeat(40))).chars().count(), 60);
    }
}
