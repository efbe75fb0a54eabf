//! After a crash: a statement that was begun and whose end nobody saw is decided by the objects that it touches. Nothing is
//! guessed: what can't be proved is for a person.

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::classify::{Change, Class, Unseen};
use super::files::{Migration, REPEATABLE, Script, Version};
use super::fingerprint::{self, Fingerprint};
use super::journal::{self, Attempt, Direction, State};
use super::plan::Observed;
use super::session::FileSession;
use crate::db::connect::{Session, connect};
use crate::db::error::DbError;
use crate::db::ident::{Ident, InvalidIdent};
use crate::db::split::{Token, tokens};
use crate::schema::introspect::Kind;

/// What a look at the objects says of a statement that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It changed nothing: it runs again.
    Undone,
    /// It took effect: it is not repeated.
    Done,
    /// Neither can be proved.
    Unknown(&'static str),
}

/// A statement that only a person can decide.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{script}` statement {number} (`{beginning}`) was begun, and the run ended before the server answered; {reason}
{objects}look whether it took effect, then say one of
  caredb repair --mark-done {number}      it did, go on behind it
  caredb repair --mark-undone {number}    it did not, run it again"
)]
pub struct Undecided {
    script: String,
    number: usize,
    beginning: String,
    reason: &'static str,
    objects: String,
}

/// Why nothing was settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// For a person.
    #[error(transparent)]
    Undecided(Box<Undecided>),
    /// The server could not be asked.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Decides every statement that was begun and writes what it finds into the journal; the lock must be held, or the
/// server may still be at work on the statement. Returns whether there was anything to decide.
pub async fn settle(session: &mut Session, migrations: &[Migration], observed: &Observed) -> Result<bool, SettleError> {
    let mut settled = false;
    for (&version, attempt) in observed.journal.iter().flatten() {
        // an R file is begun anew, whatever has run of it
        let Some(index) = attempt.begun().filter(|_| version != REPEATABLE) else { continue };
        let migration = migrations.iter().find(|migration| migration.version == version);
        let script = migration.and_then(|migration| match attempt.direction {
            Direction::Up => Some(&migration.up),
            Direction::Down => migration.down.as_ref(),
        });
        let (decision, objects) = decide_one(session, script, attempt, index).await?;
        let state = match decision {
            Decision::Undone => State::Undone,
            Decision::Done => State::Done,
            Decision::Unknown(reason) => {
                let text =
                    script.and_then(|script| script.statements.get(index)).map(|statement| statement.text.as_str());
                return Err(SettleError::Undecided(Box::new(Undecided {
                    script: script.map_or_else(|| format!("version {version}"), |script| script.name.clone()),
                    number: index + 1,
                    beginning: super::explain::beginning(text.unwrap_or("its file is missing")),
                    reason,
                    objects,
                })));
            }
        };
        journal::mark(&mut session.conn, version, attempt.number, index, state).await?;
        settled = true;
    }
    Ok(settled)
}

async fn decide_one(
    session: &mut Session,
    script: Option<&Script>,
    attempt: &Attempt,
    index: usize,
) -> Result<(Decision, String), DbError> {
    let row = &attempt.statements[index];
    let statement =
        script.and_then(|script| script.statements.get(index)).filter(|statement| statement.sha256 == row.sha256);
    if statement.is_some_and(|statement| statement.class == Class::Repeatable) {
        return Ok((Decision::Undone, String::new()));
    }
    let Some(before) = &row.fingerprint else {
        return Ok((
            Decision::Unknown(
                "the statement does not say what it changes (a comment `-- caredb: changes TABLE …` before it would)",
            ),
            String::new(),
        ));
    };
    let now = fingerprint::read_again(&mut session.conn, before).await?;
    let change = match statement.map(|statement| &statement.class) {
        Some(Class::Schema(change)) => Some(change),
        _ => None,
    };
    let mut decision = decide(change, before, &now, None);
    // a table without rows is what TRUNCATE leaves, whoever did it
    let empties = change.is_some_and(|change| change.unseen == Unseen::Empty);
    if empties
        && before.defines_the_same(&now)
        && before.same_table_ids(&now) == Some(false)
        && is_empty(session, &now).await?
    {
        decision = Decision::Done;
    }
    if let (Decision::Unknown(_), Some(change), Some(script)) = (decision, change, script) {
        let expected = expect(session, script, index, change, before).await?;
        // a statement that shows in the definitions, and does not, has not run
        let shows = expected.as_ref().is_some_and(|expected| !expected.is_copied_by(before));
        decision = match before.same_table_ids(&now) {
            None if before.defines_the_same(&now) && shows && !change.declared => Decision::Undone,
            _ => decide(Some(change), before, &now, expected.as_ref()),
        };
    }
    Ok((decision, both(before, &now)))
}

async fn is_empty(session: &mut Session, now: &Fingerprint) -> Result<bool, DbError> {
    for seen in &now.0 {
        let (Ok(database), Ok(name)) = (Ident::new(&seen.database), Ident::new(&seen.name)) else { return Ok(false) };
        let rows = sqlx::raw_sql(AssertSqlSafe(format!("SELECT 1 FROM {database}.{name} LIMIT 1")))
            .fetch_all(&mut session.conn)
            .await;
        if !rows.map_err(|error| DbError::new(format!("could not read table {name}"), &error))?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Decides by what the objects were `before`, what they are `now`, and what the statement makes of them where that could be
/// tried. `change`: none where the file's statement is no longer the one that ran.
#[must_use]
pub fn decide(
    change: Option<&Change>,
    before: &Fingerprint,
    now: &Fingerprint,
    expected: Option<&Fingerprint>,
) -> Decision {
    let rebuilds = change.is_none_or(|change| change.rebuilds);
    if change.is_some_and(|change| change.declared) {
        // what it declares may be half done, and rows that it changed do not show
        let changed = before.0.iter().zip(&now.0).all(|(before, now)| before.definition != now.definition);
        let reason =
            "not everything that it declares to change has changed, and rows that it may have changed do not show";
        return if changed { Decision::Done } else { Decision::Unknown(reason) };
    }
    if before.defines_the_same(now) {
        return match before.same_table_ids(now) {
            _ if !rebuilds => Decision::Undone,
            Some(true) => Decision::Undone,
            Some(false) => match change.map(|change| change.unseen) {
                Some(Unseen::Rebuild) => Decision::Done,
                Some(Unseen::Swap) if before.permutes(now) => Decision::Done,
                Some(_) => Decision::Unknown("the tables were made anew, which another client may have done"),
                None => Decision::Unknown("the tables were made anew, and the file has changed since"),
            },
            None => Decision::Unknown(
                "what it changes does not show in the definitions, and InnoDB's table ids may not be seen (PROCESS privilege)",
            ),
        };
    }
    let Some(change) = change else {
        return Decision::Unknown("the objects have changed, and so has the statement in the file");
    };
    if change.drops && now.0.iter().all(|seen| seen.definition.is_none()) {
        return Decision::Done;
    }
    match expected {
        Some(expected) if expected.is_copied_by(now) => Decision::Done,
        Some(_) => Decision::Unknown(
            "the objects have changed, but not to what the statement makes of them: another client was at work",
        ),
        // whatever the object is now, the statement makes of it what it is to be
        None if change.replaces => Decision::Undone,
        None => Decision::Unknown(
            "the objects have changed, and it could not be tried whether the statement does that (CREATE, ALTER, INDEX and DROP on `caredb\\_trial\\_%`.* allow a trial)",
        ),
    }
}

/// What the statement makes of the objects, tried out on copies of them as they were before: tables in a scratch database,
/// programs by their own text. None where it can't be tried. Errors: the connection is lost, and so whether it can be.
async fn expect(
    session: &mut Session,
    script: &Script,
    index: usize,
    change: &Change,
    before: &Fingerprint,
) -> Result<Option<Fingerprint>, DbError> {
    // a statement that names a database would run there and not on the copies
    if change.targets.iter().any(|target| target.database.is_some()) {
        return Ok(None);
    }
    if change.targets.iter().all(|target| target.kind == Kind::Table) {
        return match on_copies(session, script, index, before).await {
            Err(error) if !error.lost => Ok(None),
            tried => tried,
        };
    }
    let now = fingerprint::read_again(&mut session.conn, before).await?;
    Ok(is_program_of(&now, before, change, &script.statements[index].text).unwrap_or(false).then_some(now))
}

/// Whether a program has the text of the statement that makes it: the server keeps what follows its name as it was written.
fn is_program_of(now: &Fingerprint, before: &Fingerprint, change: &Change, text: &str) -> Option<bool> {
    let [target] = change.targets.as_slice() else { return None };
    let object = before.0.first()?;
    let definition = now.0.first()?.definition.as_deref()?;
    Some(target.kind != Kind::View && tail(text, &object.name)? == tail(definition, &object.name)?)
}

async fn on_copies(
    session: &Session,
    script: &Script,
    index: usize,
    before: &Fingerprint,
) -> Result<Option<Fingerprint>, DbError> {
    let Ok(scratch) = trial_schema(&session.database) else { return Ok(None) };
    // a connection of its own: whatever a trial leaves in its session, the run does not get it
    let mut trial = connect(&session.target).await.map_err(|error| error.while_doing(TRYING))?;
    let expected = try_out(&mut trial.conn, &session.database, &scratch, script, index, before).await;
    let _ = execute(&mut trial.conn, &format!("DROP DATABASE IF EXISTS {scratch}")).await;
    expected
}

const TRYING: &str = "could not try a statement that was begun";

/// The schema in which statements of `database` are tried after a crash.
pub fn trial_schema(database: &Ident) -> Result<Ident, InvalidIdent> {
    Ident::new(&format!("caredb_trial_{:08x}", crc32fast::hash(database.as_str().as_bytes())))
}

const DATABASE_CHARSET: &str = "
    SELECT CONVERT(DEFAULT_CHARACTER_SET_NAME USING utf8mb4), CONVERT(DEFAULT_COLLATION_NAME USING utf8mb4)
    FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?";

/// Runs the statement on copies in `scratch`, under the session that the file had made.
async fn try_out(
    conn: &mut MySqlConnection,
    home: &Ident,
    scratch: &Ident,
    script: &Script,
    index: usize,
    before: &Fingerprint,
) -> Result<Option<Fingerprint>, DbError> {
    let Some(first) = before.0.first() else { return Ok(None) };
    let charset = sqlx::query_as(DATABASE_CHARSET).bind(&first.database).fetch_one(&mut *conn).await;
    let (charset, collation): (String, String) = charset.map_err(|error| DbError::new(TRYING, &error))?;
    execute(conn, &format!("DROP DATABASE IF EXISTS {scratch}")).await?;
    execute(conn, &format!("CREATE DATABASE {scratch} CHARACTER SET {charset} COLLATE {collation}")).await?;
    execute(conn, &format!("USE {scratch}")).await?;
    execute(conn, "SET SESSION foreign_key_checks = 0").await?;
    for seen in &before.0 {
        if let Some(definition) = &seen.definition {
            execute(conn, definition).await?;
        }
    }
    execute(conn, "SET SESSION foreign_key_checks = @@GLOBAL.foreign_key_checks").await?;
    let session = FileSession::replay(conn, home, &script.statements[..index]).await?;
    if session.has_names() {
        return Ok(None); // the statement would have to run under another character set than its copies
    }
    execute(conn, &format!("USE {scratch}")).await?;
    // the tables that foreign keys lead to are not copied
    execute(conn, "SET SESSION foreign_key_checks = 0").await?;
    execute(conn, &script.statements[index].text).await?;
    let Class::Schema(change) = &script.statements[index].class else { return Ok(None) };
    fingerprint::read(conn, scratch, change).await.map(Some)
}

async fn execute(conn: &mut MySqlConnection, sql: &str) -> Result<(), DbError> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.map(|_| ()).map_err(|error| DbError::new(TRYING, &error))
}

/// The words and symbols that follow an object's name in a definition, without backticks, words in upper case: the server writes
/// the head of a program anew.
fn tail(text: &str, name: &str) -> Option<Vec<String>> {
    let plain = |token: &Token<'_>| match token {
        Token::Quoted(text) if !text.starts_with('`') => (*text).to_owned(),
        Token::Word(word) | Token::Quoted(word) => word.trim_matches('`').to_ascii_uppercase(),
        Token::Symbol(symbol) => symbol.to_string(),
    };
    let words: Vec<String> = tokens(text).ok()?.iter().map(plain).collect();
    let at = words.iter().position(|word| *word == name.to_ascii_uppercase())?;
    Some(words[at + 1..].to_vec())
}

/// Both definitions of every object.
#[must_use]
pub fn both(before: &Fingerprint, now: &Fingerprint) -> String {
    let text = |definition: &Option<String>| definition.clone().unwrap_or_else(|| "(does not exist)".to_owned());
    before
        .0
        .iter()
        .zip(&now.0)
        .map(|(before, now)| {
            format!(
                "{} `{}` before:\n{}\nnow:\n{}\n",
                before.kind.sql(),
                before.name,
                text(&before.definition),
                text(&now.definition)
            )
        })
        .collect()
}

/// Settles a statement by a person's word: the `number`th (from 1) of the version that has a statement begun.
/// Returns the version; none where no statement of that number is open.
pub async fn mark(
    session: &mut Session,
    observed: &Observed,
    number: usize,
    state: State,
) -> Result<Option<Version>, DbError> {
    for (&version, attempt) in observed.journal.iter().flatten() {
        if version != REPEATABLE && attempt.begun().map(|index| index + 1) == Some(number) {
            journal::mark(&mut session.conn, version, attempt.number, number - 1, state).await?;
            return Ok(Some(version));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::fingerprint::Seen;
    use super::*;

    fn table(definition: Option<&str>, ids: Option<&[u64]>) -> Fingerprint {
        Fingerprint(vec![Seen {
            kind: Kind::Table,
            database: "d".to_owned(),
            name: "t".to_owned(),
            definition: definition.map(str::to_owned),
            table_ids: ids.map(<[u64]>::to_vec),
        }])
    }

    #[test]
    fn decides_only_what_is_proved() {
        let plain = Change::default();
        let drops = Change { drops: true, ..Change::default() };
        let rebuilds = Change { rebuilds: true, ..Change::default() };
        let swaps = Change { rebuilds: true, unseen: Unseen::Swap, ..Change::default() };
        let other = Change { rebuilds: true, unseen: Unseen::Other, ..Change::default() };
        let replaces = Change { replaces: true, ..Change::default() };
        let declared = Change { declared: true, rebuilds: true, ..Change::default() };
        let word = |decision| match decision {
            Decision::Undone => "undone",
            Decision::Done => "done",
            Decision::Unknown(_) => "unknown",
        };
        let (none, a, b) = (table(None, None), table(Some("a"), None), table(Some("b"), None));
        let (a1, a2) = (table(Some("a"), Some(&[1])), table(Some("a"), Some(&[2])));
        for (change, before, now, expected, decision) in [
            (Some(&plain), &a, &a, None, "undone"),
            (Some(&plain), &a, &b, Some(&b), "done"),
            (Some(&plain), &a, &b, Some(&a), "unknown"),
            (Some(&plain), &a, &b, None, "unknown"),
            (Some(&plain), &none, &a, Some(&a), "done"),
            (Some(&drops), &a, &none, None, "done"),
            (Some(&drops), &a, &b, None, "unknown"),
            (Some(&rebuilds), &a1, &a1, None, "undone"),
            (Some(&rebuilds), &a1, &a2, None, "done"),
            (Some(&rebuilds), &a, &a, None, "unknown"),
            (Some(&swaps), &a1, &a2, None, "unknown"),
            (Some(&swaps), &table(Some("a"), Some(&[1, 2])), &table(Some("a"), Some(&[2, 1])), None, "done"),
            (Some(&other), &a1, &a2, None, "unknown"),
            (Some(&other), &a1, &a1, None, "undone"),
            (Some(&declared), &a, &b, None, "done"),
            (Some(&replaces), &a, &b, None, "undone"),
            (Some(&declared), &a1, &a1, None, "unknown"),
            (None, &a1, &a1, None, "undone"),
            (None, &a1, &a2, None, "unknown"),
            (None, &a, &b, None, "unknown"),
        ] {
            assert_eq!(
                word(decide(change, before, now, expected)),
                decision,
                "{change:?} {before:?} {now:?} {expected:?}"
            );
        }
    }

    #[test]
    fn a_tail_is_what_follows_the_name() {
        assert_eq!(
            tail("CREATE DEFINER=`root`@`%` TRIGGER `g` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.x = 1", "g"),
            tail("CREATE TRIGGER g\n BEFORE INSERT ON t FOR EACH ROW  SET NEW.x = 1", "g")
        );
        assert_eq!(tail("create trigger t before insert", "t"), Some(vec!["BEFORE".to_owned(), "INSERT".to_owned()]));
    }
}
