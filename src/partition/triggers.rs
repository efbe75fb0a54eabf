//! The triggers on a partitioned table: those that the applied migrations made against those that are there.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;
use crate::db::split::{Token, tokens};

/// What a trigger does and when. The body is compared word by word, so that white space and comments do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// `AFTER INSERT`
    pub when: String,
    /// Its body's words, strings and signs.
    pub body: Vec<String>,
}

/// A trigger as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// What it does.
    pub trigger: Trigger,
    /// The account under which it runs.
    pub definer: String,
    /// Whether that account is there; none where this account may not look.
    pub definer_lives: Option<bool>,
}

/// The triggers on `table` that these statements, in the order in which they ran, leave behind; by name.
pub fn expected<'a>(statements: impl IntoIterator<Item = &'a str>, table: &Ident) -> BTreeMap<String, Trigger> {
    let mut expected = BTreeMap::new();
    for statement in statements {
        match read(statement, table) {
            Some(Effect::Creates(name, trigger)) => drop(expected.insert(name, trigger)),
            Some(Effect::Drops(name)) => drop(expected.remove(&name)),
            None => {}
        }
    }
    expected
}

enum Effect {
    Creates(String, Trigger),
    Drops(String),
}

/// Reads `CREATE [DEFINER = …] TRIGGER [IF NOT EXISTS] name time event ON table FOR EACH ROW [FOLLOWS other] body`.
fn read(statement: &str, table: &Ident) -> Option<Effect> {
    let tokens = tokens(statement).ok()?;
    let is =
        |at: usize, word: &str| matches!(tokens.get(at), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
    let drops = is(0, "DROP");
    if !drops && !is(0, "CREATE") {
        return None;
    }
    // behind CREATE stand only the definer's words
    let mut at = (1..tokens.len().min(12)).find(|&at| is(at, "TRIGGER"))? + 1;
    while ["IF", "NOT", "EXISTS"].iter().any(|word| is(at, word)) {
        at += 1;
    }
    let (name, mut at) = last_part(&tokens, at)?;
    if drops {
        return Some(Effect::Drops(name));
    }
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => Some(word.to_ascii_uppercase()),
        _ => None,
    };
    let when = format!("{} {}", word(at)?, word(at + 1)?);
    let (of, after) = last_part(&tokens, at + 3)?;
    if !of.eq_ignore_ascii_case(table.as_str()) {
        return None;
    }
    at = after + 3; // FOR EACH ROW
    if is(at, "FOLLOWS") || is(at, "PRECEDES") {
        (_, at) = last_part(&tokens, at + 1)?;
    }
    Some(Effect::Creates(name, Trigger { when, body: words(tokens.get(at..)?) }))
}

/// A name, which may have its database before it, and where it ends.
fn last_part(tokens: &[Token<'_>], at: usize) -> Option<(String, usize)> {
    let part = |at: usize| match tokens.get(at)? {
        Token::Word(word) => Some((*word).to_owned()),
        Token::Quoted(quoted) => Some(quoted[1..quoted.len() - 1].replace("``", "`")),
        Token::Symbol(_) => None,
    };
    match tokens.get(at + 1) {
        Some(Token::Symbol('.')) => Some((part(at + 2)?, at + 3)),
        _ => Some((part(at)?, at + 1)),
    }
}

fn words(tokens: &[Token<'_>]) -> Vec<String> {
    let word = |token: &Token<'_>| match token {
        Token::Word(word) | Token::Quoted(word) => (*word).to_owned(),
        Token::Symbol(symbol) => symbol.to_string(),
    };
    tokens.iter().map(word).collect()
}

const TRIGGERS: &str = "
    SELECT CONVERT(TRIGGER_NAME USING utf8mb4), CONVERT(ACTION_TIMING USING utf8mb4),
           CONVERT(EVENT_MANIPULATION USING utf8mb4), CONVERT(ACTION_STATEMENT USING utf8mb4),
           CONVERT(DEFINER USING utf8mb4), DEFINER = CURRENT_USER()
    FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = ?";
const ACCOUNT: &str = "SELECT CAST(COUNT(*) AS UNSIGNED) FROM mysql.user WHERE User = ? AND Host = ?";

/// The triggers on a table, by name, as far as the account may see them (TRIGGER).
pub async fn live(conn: &mut MySqlConnection, table: &Ident) -> Result<BTreeMap<String, Live>, DbError> {
    let failed = |error: sqlx::Error| DbError::new(format!("could not read the triggers of table {table}"), &error);
    let rows = sqlx::query(TRIGGERS).bind(table.as_str()).fetch_all(&mut *conn).await.map_err(failed)?;
    let mut live = BTreeMap::new();
    for row in &rows {
        let text = |index: usize| row.try_get_unchecked::<String, _>(index).map_err(failed);
        let body = text(3)?;
        let trigger =
            Trigger { when: format!("{} {}", text(1)?, text(2)?), body: words(&tokens(&body).unwrap_or_default()) };
        let definer = text(4)?;
        let own = is_own(row).map_err(failed)?;
        let definer_lives = if own { Some(true) } else { lives(conn, &definer).await.map_err(failed)? };
        live.insert(text(0)?, Live { trigger, definer, definer_lives });
    }
    Ok(live)
}

fn is_own(row: &MySqlRow) -> Result<bool, sqlx::Error> {
    row.try_get_unchecked::<i64, _>(5).map(|own| own != 0)
}

/// Whether an account `user@host` is there; none where `mysql.user` may not be read.
async fn lives(conn: &mut MySqlConnection, definer: &str) -> Result<Option<bool>, sqlx::Error> {
    let (user, host) = definer.rsplit_once('@').unwrap_or((definer, "%"));
    match sqlx::query_scalar::<_, u64>(ACCOUNT).bind(user).bind(host).fetch_one(conn).await {
        Ok(accounts) => Ok(Some(accounts > 0)),
        Err(error) if server_error(&error).is_some_and(|(number, _)| matches!(number, 1142 | 1044 | 1143)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(statements: &[&str]) -> Vec<String> {
        let table = Ident::new("t").unwrap();
        let expected = expected(statements.iter().copied(), &table);
        expected.iter().map(|(name, Trigger { when, body })| format!("{name} {when}: {}", body.join(" "))).collect()
    }

    #[test]
    fn what_applied_statements_leave_behind() {
        let create = "CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW SET @x = 1 -- why\n";
        for (statements, left) in [
            (vec![create], vec!["a AFTER INSERT: SET @x = 1"]),
            (vec![create, "DROP TRIGGER IF EXISTS `a`"], vec![]),
            (vec![create, "drop trigger d.a", create], vec!["a AFTER INSERT: SET @x = 1"]),
            (
                vec![
                    "create definer = `x`@`%` trigger if not exists d.`b` before update on `d`.`T` for each row follows a BEGIN END",
                ],
                vec!["b BEFORE UPDATE: BEGIN END"],
            ),
            (vec!["CREATE TRIGGER a AFTER INSERT ON other FOR EACH ROW SET @x = 1"], vec![]),
            (vec!["CREATE TABLE trigger_a (a INT)", "INSERT INTO t VALUES ('TRIGGER')"], vec![]),
        ] {
            assert_eq!(names(&statements), left, "{statements:?}");
        }
    }
}
