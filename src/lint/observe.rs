//! Runs files on a scratch schema, statement by statement, and notes what each does to the tables that it names.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqlSafeStr as _};

use super::cost::{Alter, Cost};
use super::file::{File, Kind, Pair, Project};
use super::trial::{self, Tried};
use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;
use crate::migrate::classify::{Change, Class, words};
use crate::migrate::files::Statement;
use crate::migrate::scratch::{Scratch, ScratchError};
use crate::migrate::{confine, expect};
use crate::schema::diff::{Difference, diff};
use crate::schema::introspect::{self, Object};
use crate::schema::model::Table;
use crate::schema::parse;

/// A file, and what its statements did.
#[derive(Debug)]
pub struct Observed {
    /// The file.
    pub file: File,
    /// One for each statement.
    pub seen: Vec<Seen>,
    /// What came of its U file; for V files.
    pub undo: Undo,
}

/// What a statement did.
#[derive(Debug)]
pub struct Seen {
    /// How it ended.
    pub ran: Ran,
    /// The tables that it names.
    pub tables: Vec<Touched>,
    /// What it costs; none for a statement without such a cost, or where nothing could be learnt.
    pub cost: Option<Cost>,
}

/// How a statement ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ran {
    /// Done.
    Done,
    /// The server refused it, and says why.
    Failed(String),
    /// The server refuses it where the table holds a row, and says why.
    FailedWithRow(String),
    /// It was not run, and why.
    Not(String),
}

/// A table before and after a statement.
#[derive(Debug)]
pub struct Touched {
    /// Its name, as the statement writes it.
    pub name: String,
    /// What it was; none where there was none.
    pub before: Option<Table>,
    /// What it is; none where there is none.
    pub after: Option<Table>,
    /// The same file made it, so that it is as good as empty.
    pub is_new: bool,
}

/// What a U file did.
#[derive(Debug, PartialEq, Eq)]
pub enum Undo {
    /// It is not a V file.
    NotMeant,
    /// There is none.
    Missing,
    /// The V file fails, so that there is nothing to compare.
    NotTried,
    /// It fails; says where and why.
    Fails(String),
    /// It restores the schema but for this; nothing where it restores it.
    Restores(Vec<Difference>),
}

/// Runs files on a scratch schema.
pub struct Observer<'a> {
    /// The databases that no statement may name.
    others: &'a [String],
    /// Whether U files are tried, too.
    with_undo: bool,
    /// How many row versions the files so far add to each table, by its name in lower case.
    row_versions: BTreeMap<String, u64>,
}

impl<'a> Observer<'a> {
    /// `others`: the databases that no statement may name; `with_undo`: whether each V file is followed by its U file, and comes again.
    #[must_use]
    pub fn new(others: &'a [String], with_undo: bool) -> Self {
        Self { others, with_undo, row_versions: BTreeMap::new() }
    }

    /// Runs the versions up to the last that is wanted, on the empty scratch schema, then the R files if one is wanted; observes those that
    /// are. Errors: the connection, the scratch schema itself; what the server says of a statement is no error.
    pub async fn project(
        &mut self,
        scratch: &mut Scratch,
        project: &Project,
        wanted: impl Fn(&File) -> bool,
    ) -> Result<Vec<Observed>, ScratchError> {
        let is_wanted = |pair: &Pair| wanted(&pair.up) || pair.down.as_ref().is_some_and(&wanted);
        let repeatables: Vec<&File> = project.repeatables.iter().filter(|file| wanted(file)).collect();
        let last = if repeatables.is_empty() {
            project.pairs.iter().rposition(is_wanted).map_or(0, |last| last + 1)
        } else {
            project.pairs.len()
        };
        let pairs = &project.pairs[..last];
        let mut observed = Vec::new();
        for (index, pair) in pairs.iter().enumerate() {
            if is_wanted(pair) {
                observed.extend(self.pair(scratch, pairs, index).await?);
            } else {
                self.replay(scratch, &pair.up).await?;
            }
        }
        for file in repeatables {
            let seen = self.file(scratch, file).await?;
            observed.push(Observed { file: file.clone(), seen, undo: Undo::NotMeant });
        }
        observed.retain(|observed| wanted(&observed.file));
        Ok(observed)
    }

    /// Runs files one behind the other, and observes each.
    pub async fn files(&mut self, scratch: &mut Scratch, files: &[File]) -> Result<Vec<Observed>, ScratchError> {
        let mut observed = Vec::new();
        for file in files {
            let seen = self.file(scratch, file).await?;
            observed.push(Observed { file: file.clone(), seen, undo: Undo::NotMeant });
        }
        Ok(observed)
    }

    /// Observes a V file and its U file; leaves the V file applied.
    async fn pair(
        &mut self,
        scratch: &mut Scratch,
        pairs: &[Pair],
        index: usize,
    ) -> Result<Vec<Observed>, ScratchError> {
        let Pair { up, down, .. } = &pairs[index];
        let before = scratch.schema().await?;
        let seen = self.file(scratch, up).await?;
        let fails = up.unreadable.is_some() || seen.iter().any(|seen| matches!(seen.ran, Ran::Failed(_) | Ran::Not(_)));
        let undo = if down.is_none() { Undo::Missing } else { Undo::NotTried };
        let mut up = Observed { file: up.clone(), seen, undo };
        let Some(down) = down.as_ref().filter(|_| self.with_undo && !fails) else { return Ok(vec![up]) };
        let seen = self.file(scratch, down).await?;
        let failed = seen.iter().zip(&down.script.statements).find_map(|(seen, statement)| match &seen.ran {
            Ran::Done | Ran::FailedWithRow(_) => None,
            Ran::Failed(reason) | Ran::Not(reason) => Some(format!("line {}: {reason}", statement.line)),
        });
        up.undo = match failed.or_else(|| down.unreadable.clone()) {
            Some(reason) => Undo::Fails(reason),
            None => Undo::Restores(diff(&before, &scratch.schema().await?)),
        };
        if up.undo == Undo::Restores(Vec::new()) {
            self.replay(scratch, &up.file).await?;
        } else {
            // the U left the schema in an unknown state, and the next versions deserve a known one
            scratch.renew().await?;
            for pair in &pairs[..=index] {
                self.replay(scratch, &pair.up).await?;
            }
        }
        Ok(vec![up, Observed { file: down.clone(), seen, undo: Undo::NotMeant }])
    }

    /// Why each statement of a file may not run; none where it may.
    fn barred(&self, file: &File) -> Vec<Option<String>> {
        let mut barred: Vec<Option<String>> = vec![None; file.script.statements.len()];
        for outside in confine::outside(&file.script, self.others) {
            barred[outside.index] = Some(outside.reason());
        }
        for (barred, note) in barred.iter_mut().zip(&file.notes) {
            let refused = note.refused.as_ref().filter(|refused| file.kind != Kind::Plain || !refused.may_be_tried());
            if let Some(refused) = refused {
                *barred = Some(refused.reason.to_owned());
            }
        }
        for (barred, statement) in barred.iter_mut().zip(&file.script.statements) {
            if file.kind == Kind::Plain && is_of_client(&statement.text) {
                *barred = Some(CLIENT.to_owned());
            }
        }
        barred
    }

    /// Runs what runs of a file, and looks at nothing.
    async fn replay(&self, scratch: &Scratch, file: &File) -> Result<(), ScratchError> {
        let mut conn = scratch.begin().await?;
        for (statement, barred) in file.script.statements.iter().zip(self.barred(file)) {
            if barred.is_none()
                && let Err(error) = expect::run(&mut conn, statement).await
            {
                lost(&error)?;
            }
        }
        let _ = conn.close().await;
        Ok(())
    }

    /// Runs a file and looks at everything.
    async fn file(&mut self, scratch: &mut Scratch, file: &File) -> Result<Vec<Seen>, ScratchError> {
        let mut conn = scratch.begin().await?;
        let mut made = BTreeSet::new();
        let mut all = Vec::new();
        for (statement, barred) in file.script.statements.iter().zip(self.barred(file)) {
            let seen = match barred {
                Some(reason) if reason == CLIENT => Seen { ran: Ran::Not(reason), tables: Vec::new(), cost: None },
                Some(reason) => {
                    let ran = syntax_error(&mut conn, &statement.text).await?.map_or(Ran::Not(reason), Ran::Failed);
                    Seen { ran, tables: Vec::new(), cost: None }
                }
                None => self.statement(scratch, &mut conn, statement, &made).await?,
            };
            // what takes the place of an old table is as large as that one
            let moved =
                seen.tables.iter().any(|table| !table.is_new && table.before.is_some() && table.after.is_none());
            let appeared = seen.tables.iter().filter(|table| table.before.is_none() && table.after.is_some() && !moved);
            made.extend(appeared.map(|table| table.name.to_lowercase()));
            all.push(seen);
        }
        // all that matters is done; a connection that can't say goodbye is closed all the same
        let _ = conn.close().await;
        Ok(all)
    }

    async fn statement(
        &mut self,
        scratch: &mut Scratch,
        conn: &mut MySqlConnection,
        statement: &Statement,
        made: &BTreeSet<String>,
    ) -> Result<Seen, ScratchError> {
        let names = tables(statement);
        let mut tables = Vec::new();
        for name in &names {
            let is_new = made.contains(&name.as_str().to_lowercase());
            let before = model(scratch, name).await?;
            tables.push(Touched { name: name.as_str().to_owned(), before, after: None, is_new });
        }
        let before = tables.first().and_then(|table| table.before.as_ref());
        let tried = if let (Some(alter), Some(before)) = (Alter::of(&statement.text), before) {
            trial::run(scratch, conn, statement, &alter, before, &names).await?
        } else {
            Tried { error: expect::run(conn, statement).await.err(), with_row: None, cost: None }
        };
        let Tried { error, with_row, mut cost } = tried;
        for (table, name) in tables.iter_mut().zip(&names) {
            table.after = model(scratch, name).await?;
        }
        if let (Some(cost), [table, ..]) = (&mut cost, tables.as_slice()) {
            cost.adds_index_of(table);
            let versions = self.row_versions.entry(table.name.to_lowercase()).or_default();
            cost.row_versions_before = *versions;
            *versions += u64::from(cost.adds_row_version);
        }
        let ran = match (error, with_row) {
            (Some(error), _) => {
                lost(&error)?;
                Ran::Failed(reason(&error))
            }
            (None, Some(error)) => Ran::FailedWithRow(reason(&error)),
            (None, None) => Ran::Done,
        };
        Ok(Seen { ran, tables, cost })
    }
}

const CLIENT: &str = "is a command of the `mysql` client, which the server does not know";

/// Whether a statement is one that the `mysql` client takes for itself: `source other.sql`, `\\. other.sql`.
fn is_of_client(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    first.eq_ignore_ascii_case("source") || first == "\\."
}

/// What is wrong with the words of a statement that must not run: the server reads it without running it.
async fn syntax_error(conn: &mut MySqlConnection, text: &str) -> Result<Option<String>, ScratchError> {
    match conn.prepare(AssertSqlSafe(text).into_sql_str()).await {
        Ok(_) => Ok(None),
        Err(error) => {
            lost(&error)?;
            let is_syntax = server_error(&error).is_some_and(|(number, _)| number == 1064);
            Ok(is_syntax.then(|| reason(&error)))
        }
    }
}

/// What the server said of a statement.
fn reason(error: &sqlx::Error) -> String {
    DbError::new(String::new(), error).reason()
}

/// Errors: what is no answer of the server.
pub(super) fn lost(error: &sqlx::Error) -> Result<(), ScratchError> {
    let answered = server_error(error).is_some() || expect::Unexpected::of(error).is_some();
    if answered { Ok(()) } else { Err(DbError::new("could not run a statement on the scratch schema", error).into()) }
}

/// The tables of a statement whose definition it may change; and the one of which it changes rows, if all may be meant.
fn tables(statement: &Statement) -> Vec<Ident> {
    let mut names: Vec<Ident> = match &statement.class {
        Class::Schema(Change { targets, .. }) => {
            let tables = targets.iter().filter(|target| target.kind == introspect::Kind::Table);
            tables.map(|target| target.name.clone()).collect()
        }
        Class::Rows => super::scene::rows_of(&words(&statement.text)).into_iter().map(|target| target.name).collect(),
        _ => Vec::new(),
    };
    // a swap names each twice
    let mut known = BTreeSet::new();
    names.retain(|name| known.insert(name.clone()));
    names
}

/// What a table is now; none where there is none, or its definition is not understood.
async fn model(scratch: &mut Scratch, name: &Ident) -> Result<Option<Table>, DbError> {
    let object = Object { kind: introspect::Kind::Table, database: scratch.database().clone(), name: name.clone() };
    let Some(definition) = introspect::definition(scratch.control(), &object).await? else { return Ok(None) };
    let parsed = parse::table(&definition);
    parsed.map(Some).map_err(|error| DbError::because(format!("could not read table {name}"), error.to_string()))
}
