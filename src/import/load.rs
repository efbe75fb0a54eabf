//! Loads the rows that a check has accepted: a thread reads and transforms, two connections insert. A batch is one transaction with
//! its rows of `caredb_import_map`. What the server refuses is found by halves and set aside, the rest of the batch is loaded.

use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Either, Row as _};
use tokio::sync::{Mutex, mpsc};

use super::accepted::{Accepted, Without};
use super::late;
use super::map::{self, Written};
use super::mapping::Mapping;
use super::read::ReadError;
use super::transform::TransformError;
use crate::db::bulk::push_text;
use crate::db::error::DbError;
use crate::db::transaction::in_transaction;

/// How many rows a batch has, which are committed together.
const ROWS_A_BATCH: usize = 8000;
/// How much text a batch has, about, at the most.
const BYTES_A_BATCH: usize = 8 << 20;
/// How many rows a statement has at the most.
const ROWS_A_STATEMENT: usize = 1000;

/// What to do with a row that an earlier import wrote with other values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnConflict {
    /// Leave the database's row as it is, and count it
    Skip,
    /// Write the new values
    Update,
    /// End before anything of the batch is written
    Fail,
}

/// What was done with the rows of a `[[table]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// Rows that were inserted.
    pub inserted: u64,
    /// Rows that an earlier import wrote just so.
    pub equal: u64,
    /// Rows that it wrote, and that somebody has deleted, or archived, since.
    pub gone: u64,
    /// Rows that it wrote with other values.
    pub different: u64,
    /// Rows of those that have the new values now.
    pub updated: u64,
    /// Rows that the server refused.
    pub refused: Vec<Refused>,
}

/// A row that the server refused.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    /// The row of the source.
    pub row: u64,
    /// The line where it begins.
    pub line: u64,
    /// The number of MySQL's error, or warning.
    pub number: u16,
}

/// Why loading ended early. What is committed stays.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The source.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The server.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The rules, where the file has other columns than when it was checked.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// A row that the check found right is not.
    #[error(
        "row {row} (line {line}) of source `{from}` is not what was checked: the file was written to meanwhile; wait for its writer, then run again"
    )]
    Changed {
        /// The source.
        from: String,
        /// The row.
        row: u64,
        /// Its line.
        line: u64,
    },
    /// A mistake in caredb.
    #[error("the reading of source `{0}` stopped; this is a mistake in caredb, please report it")]
    Stopped(String),
    /// A row differs, and may not.
    #[error(
        "row {row} (line {line}) of source `{from}` was imported with other values before; look at both, then say `--on-conflict skip` or `--on-conflict update`"
    )]
    Conflict {
        /// The source.
        from: String,
        /// The row.
        row: u64,
        /// Its line.
        line: u64,
    },
}

impl crate::db::transaction::MayPass for LoadError {
    fn number(&self) -> Option<u16> {
        if let Self::Db(error) = self { error.number } else { None }
    }
}

/// A row that is ready to be sent.
struct Ready {
    row: u64,
    line: u64,
    legacy_id: String,
    id: String,
    hash: u64,
    /// `('id',value,…)`
    sql: String,
    /// `column = value, …`, where rows may be updated.
    sets: String,
}

/// Loads the rows of the `[[table]]` of this number. `on_rows` hears how many rows are done.
pub async fn load(
    conns: &mut [MySqlConnection],
    mapping: &Arc<Mapping>,
    number: usize,
    without: Without,
    on_conflict: OnConflict,
    on_rows: &mut impl FnMut(u64),
) -> Result<Loaded, LoadError> {
    let entity = &mapping.tables[number];
    let origin = map::origin(&mapping.system, entity.name());
    let Some(first) = conns.first_mut() else { return Ok(Loaded::default()) };
    let known = map::any(first, &origin).await?;
    let is_there = if known { map::is_there(first, &entity.into).await? } else { String::new() };
    let columns: Vec<String> = entity.columns.keys().map(|column| format!("`{column}`")).collect();
    let table = Table {
        head: format!("INSERT INTO {} (`id`, {}) VALUES ", entity.into, columns.join(", ")),
        into: &entity.into,
        origin: &origin,
        from: &entity.from,
        known,
        is_there: &is_there,
        on_conflict,
    };
    let (sender, receiver) = mpsc::channel(1);
    let source = Arc::clone(mapping);
    let updates = known && on_conflict == OnConflict::Update;
    let reading = std::thread::spawn(move || send(&source, number, &without, updates, &sender));
    let receiver = Mutex::new(receiver);
    let done = Mutex::new((Loaded { name: entity.name().to_owned(), ..Loaded::default() }, 0, on_rows));
    let work = conns.iter_mut().map(async |conn| {
        loop {
            // the lock must not live as long as the batch
            let batch = receiver.lock().await.recv().await;
            let Some(batch) = batch else { return Ok(()) };
            let what = format!("could not import rows into table `{}`", entity.into);
            let loaded = in_transaction(conn, &what, async |conn| table.load(conn, &batch).await.map(Some)).await;
            if loaded.is_err() {
                // the others end at their next batch
                receiver.lock().await.close();
            }
            let mut done = done.lock().await;
            done.0.add(loaded?);
            done.1 += batch.len() as u64;
            let rows = done.1;
            (done.2)(rows);
        }
    });
    // to the end whatever one meets: a connection that is left in the middle of a statement is of no use any more
    let worked: Vec<Result<(), LoadError>> = join_all(work).await;
    drop(receiver);
    let read = reading.join().unwrap_or_else(|_| Err(LoadError::Stopped(entity.from.clone())));
    for result in worked {
        result?;
    }
    read?;
    let (mut loaded, ..) = done.into_inner();
    loaded.refused.sort_unstable_by_key(|refused| refused.row);
    Ok(loaded)
}

/// Reads and transforms, and sends batches for as long as somebody takes them.
fn send(
    mapping: &Mapping,
    number: usize,
    without: &Without,
    updates: bool,
    batches: &mpsc::Sender<Vec<Ready>>,
) -> Result<(), LoadError> {
    let mut accepted = Accepted::open(mapping, number, without)?;
    let late = late::places(accepted.entity);
    let (mut batch, mut bytes) = (Vec::with_capacity(ROWS_A_BATCH), 0);
    while accepted.advance()? {
        let Accepted { record, row, transform, .. } = &accepted;
        let mut sql = String::with_capacity(256);
        row.write(&mut sql, &late);
        bytes += sql.len();
        batch.push(Ready {
            row: record.row(),
            line: record.line(),
            legacy_id: row.legacy_id.clone(),
            id: row.id.hyphenated().to_string(),
            hash: row.hash(),
            sql,
            sets: if updates { row.sets(&transform.columns, &late) } else { String::new() },
        });
        if batch.len() == ROWS_A_BATCH || bytes >= BYTES_A_BATCH {
            bytes = 0;
            let full = std::mem::replace(&mut batch, Vec::with_capacity(ROWS_A_BATCH));
            if batches.blocking_send(full).is_err() {
                return Ok(());
            }
        }
    }
    if !batch.is_empty() {
        let _ = batches.blocking_send(batch);
    }
    Ok(())
}

impl Loaded {
    fn add(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.equal += other.equal;
        self.gone += other.gone;
        self.different += other.different;
        self.updated += other.updated;
        self.refused.extend(other.refused);
    }
}

/// Where rows go.
struct Table<'a> {
    head: String,
    into: &'a str,
    origin: &'a str,
    from: &'a str,
    /// Some rows are there already.
    known: bool,
    /// The condition that one of those is.
    is_there: &'a str,
    on_conflict: OnConflict,
}

impl Table<'_> {
    /// Loads a batch inside the caller's transaction.
    async fn load(&self, conn: &mut MySqlConnection, batch: &[Ready]) -> Result<Loaded, LoadError> {
        let mut loaded = Loaded::default();
        let mut new: Vec<&Ready> = Vec::with_capacity(batch.len());
        let mut different = Vec::new();
        if self.known {
            let failed = |error: sqlx::Error| DbError::new("could not read table `caredb_import_map`", &error);
            let ids = batch.iter().map(|ready| ready.legacy_id.as_str());
            let written = map::written(conn, self.origin, self.is_there, ids).await.map_err(failed)?;
            for ready in batch {
                match written.get(ready.legacy_id.as_bytes()) {
                    None => new.push(ready),
                    Some(Written { is_there: false, .. }) => loaded.gone += 1,
                    Some(Written { hash, .. }) if *hash == ready.hash => loaded.equal += 1,
                    Some(_) => different.push(ready),
                }
            }
        } else {
            new.extend(batch);
        }
        self.insert(conn, new, &mut loaded).await?;
        loaded.different = different.len() as u64;
        match (self.on_conflict, different.first()) {
            (OnConflict::Fail, Some(Ready { row, line, .. })) => {
                return Err(LoadError::Conflict { from: self.from.to_owned(), row: *row, line: *line });
            }
            (OnConflict::Update, _) => self.update(conn, &different, &mut loaded).await?,
            _ => {}
        }
        Ok(loaded)
    }

    /// Inserts rows, in halves where the server refuses one.
    async fn insert(&self, conn: &mut MySqlConnection, new: Vec<&Ready>, loaded: &mut Loaded) -> Result<(), LoadError> {
        let mut open: Vec<Vec<&Ready>> = new.chunks(ROWS_A_STATEMENT).rev().map(<[&Ready]>::to_vec).collect();
        let mut accepted: Vec<&Ready> = Vec::new();
        while let Some(mut rows) = open.pop() {
            match self.statement(conn, &rows).await? {
                Ok(_) => accepted.append(&mut rows),
                Err(number) if rows.len() == 1 => {
                    loaded.refused.extend(rows.iter().map(|ready| Refused {
                        row: ready.row,
                        line: ready.line,
                        number,
                    }));
                }
                Err(_) => {
                    let second = rows.split_off(rows.len() / 2);
                    open.push(second);
                    open.push(rows);
                }
            }
        }
        loaded.inserted += accepted.len() as u64;
        for rows in accepted.chunks(ROWS_A_STATEMENT) {
            let sql = self.notes(rows);
            let noted = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await;
            noted.map_err(|error| DbError::new("could not write to table `caredb_import_map`", &error))?;
        }
        Ok(())
    }

    /// The rows of the map, as a statement.
    fn notes(&self, rows: &[&Ready]) -> String {
        let mut sql = "INSERT INTO caredb_import_map (origin, legacy_id, id, hash) VALUES ".to_owned();
        for (number, ready) in rows.iter().enumerate() {
            sql.push_str(if number == 0 { "(" } else { ",(" });
            push_text(&mut sql, self.origin);
            sql.push(',');
            push_text(&mut sql, &ready.legacy_id);
            let _ = write!(sql, ",'{}',{})", ready.id, ready.hash); // writing into a String can't fail
        }
        sql
    }

    /// Sends rows as one statement, see [`Self::refusable`].
    async fn statement(&self, conn: &mut MySqlConnection, rows: &[&Ready]) -> Result<Result<u64, u16>, LoadError> {
        let mut sql = self.head.clone();
        for (number, ready) in rows.iter().enumerate() {
            sql.push_str(if number == 0 { "" } else { "," });
            sql.push_str(&ready.sql);
        }
        self.refusable(conn, sql).await
    }

    /// Runs a statement that the server may refuse for what the rows are. Returns how many rows it wrote or matched, or the number
    /// of what the server has against it; then it did nothing.
    async fn refusable(&self, conn: &mut MySqlConnection, sql: String) -> Result<Result<u64, u16>, LoadError> {
        let what = || format!("could not import rows into table `{}`", self.into);
        let failed = |error: &sqlx::Error| LoadError::Db(DbError::new(what(), error));
        // in one packet, since any other statement would clear the warnings
        let sql = format!("SAVEPOINT rows_begin; {sql}; SHOW WARNINGS LIMIT 1");
        let mut done = Ok(0);
        let mut results = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_many(&mut *conn);
        while let Some(result) = results.next().await {
            match result {
                // the driver asks for matched rows; a savepoint and warnings are none
                Ok(Either::Left(result)) => done = done.map(|rows| rows + result.rows_affected()),
                // its code, behind its level
                Ok(Either::Right(warning)) => {
                    done = Err(warning.try_get_unchecked(1).map_err(|error| failed(&error))?);
                }
                Err(error) => match DbError::new(what(), &error).number.filter(|number| is_of_rows(*number)) {
                    Some(number) => done = Err(number),
                    None => return Err(failed(&error)),
                },
            }
        }
        drop(results);
        if done.is_err() {
            let back = sqlx::raw_sql("ROLLBACK TO SAVEPOINT rows_begin").execute(conn).await;
            back.map_err(|error| failed(&error))?;
        }
        Ok(done)
    }

    /// Gives rows their new values, one by one. One that has gone meanwhile has none, and counts as gone.
    async fn update(&self, conn: &mut MySqlConnection, rows: &[&Ready], loaded: &mut Loaded) -> Result<(), LoadError> {
        for ready in rows {
            let sql = format!("UPDATE {} SET {} WHERE id = '{}'", self.into, ready.sets, ready.id);
            match self.refusable(conn, sql).await? {
                Ok(0) => {
                    loaded.gone += 1;
                    loaded.different -= 1;
                    continue;
                }
                Ok(_) => loaded.updated += 1,
                Err(number) => {
                    loaded.refused.push(Refused { row: ready.row, line: ready.line, number });
                    continue;
                }
            }
            let mut note = format!("UPDATE caredb_import_map SET hash = {} WHERE origin = ", ready.hash);
            push_text(&mut note, self.origin);
            note.push_str(" AND legacy_id = ");
            push_text(&mut note, &ready.legacy_id);
            let noted = sqlx::raw_sql(AssertSqlSafe(note)).execute(&mut *conn).await;
            noted.map_err(|error| DbError::new("could not write to table `caredb_import_map`", &error))?;
        }
        Ok(())
    }
}

/// Errors that are about what rows hold: too long, out of range, NULL, a doubled key, a missing parent, a CHECK, a trigger's
/// SIGNAL, JSON, and a row that no partition takes.
pub(super) fn is_of_rows(number: u16) -> bool {
    matches!(
        number,
        1048 | 1062
            | 1216
            | 1264
            | 1265
            | 1292
            | 1364
            | 1366
            | 1406
            | 1411
            | 1452
            | 1526
            | 1644
            | 1690
            | 3140
            | 3141
            | 3156
            | 3819
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of sending a file of people.
    fn sent(people: &str) -> (Result<(), LoadError>, usize) {
        let text = "system = 'o'\n[source.s]\nfile = 's.csv'\n[[table]]\ninto = 'users'\nfrom = 's'\nlegacy_id = ['nr']
            columns = { email = { from = 'mail', pattern = 'email' }, password_hash = { value = '!' }, role = { value = 'STAFF' } }";
        let mut mapping = Mapping::parse(text, "m").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("s.csv"), people).unwrap();
        mapping.folder = folder.path().to_owned();
        let (sender, mut receiver) = mpsc::channel(1);
        let sent = send(&mapping, 0, &Without::default(), false, &sender);
        (sent, receiver.try_recv().map_or(0, |batch| batch.len()))
    }

    #[test]
    fn a_file_that_was_written_to_since_its_check_is_not_loaded() {
        let (right, rows) = sent("nr,mail\n1,a@b.example\n2,c@d.example\n");
        assert!(right.is_ok());
        assert_eq!(rows, 2);
        for (people, line) in [("nr,mail\n1,a@b.example\n2,c\n", 3), ("nr,mail\n1,a@b.example,x\n", 2)] {
            let (wrong, rows) = sent(people);
            let text = format!(
                "row {} (line {line}) of source `s` is not what was checked: the file was written to meanwhile; wait for its writer, then run again",
                line - 1
            );
            assert_eq!((wrong.unwrap_err().to_string(), rows), (text, 0));
        }
    }
}
