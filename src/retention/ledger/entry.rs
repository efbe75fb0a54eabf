//! What the ledger says of a run, and the hash over it.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::super::table::is_there;
use crate::db::error::DbError;
use crate::output::count;

/// A run in the ledger. Days and times are the server's, in UTC, as it prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: u64,
    /// The command: `archive appointments`.
    pub command: String,
    /// The policy that it followed, in JSON.
    pub policy: String,
    /// Rows before this day were meant.
    pub cut_off: Option<String>,
    /// The account that the server took the user for.
    pub account: String,
    /// The machine that caredb ran on.
    pub host: String,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// How it ended, a word of [`super::Ending`].
    pub outcome: Option<String>,
    /// What it reported, in JSON.
    pub summary: Option<String>,
    /// Its place in the chain, from 1.
    pub seal: Option<u64>,
    /// The hash of the run before it in the chain.
    pub previous: Option<String>,
    /// The hash of all of this.
    pub hash: Option<String>,
    /// What it did, in order of part and action.
    pub parts: Vec<Part>,
}

/// What a run did with a part.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Part {
    /// A partition, or a table.
    pub part: String,
    /// `archive`, `purge`, …
    pub action: String,
    /// What was done.
    #[serde(flatten)]
    pub total: Total,
    /// How far it is.
    pub state: String,
}

/// Rows, the sum of their CRC32, their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Total {
    /// How many rows.
    pub rows: u64,
    /// The sum of their CRC32; text in JSON, whose numbers do not hold it.
    #[serde(serialize_with = "as_text")]
    pub checksum: u128,
    /// Their bytes.
    pub bytes: u64,
}

fn as_text<S: serde::Serializer>(checksum: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(checksum)
}

impl Entry {
    /// What was done, by action.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<&str, Total> {
        let mut totals: BTreeMap<&str, Total> = BTreeMap::new();
        for part in &self.parts {
            let total = totals.entry(&part.action).or_default();
            total.rows += part.total.rows;
            total.checksum += part.total.checksum;
            total.bytes += part.total.bytes;
        }
        totals
    }

    /// What was done, in words: `archive 7 rows, restore 1 row`.
    #[must_use]
    pub fn did(&self) -> String {
        let totals = self.totals();
        let did = totals.iter().map(|(action, total)| format!("{action} {}", count(total.rows, "row")));
        did.collect::<Vec<_>>().join(", ")
    }

    /// SHA-256, in hexadecimal digits, over the hash of the run before and the JSON of all columns but the hash itself.
    /// What is written here is in every ledger: it never changes.
    #[must_use]
    pub fn seal_hash(&self) -> String {
        let part = |part: &Part| {
            let Total { rows, checksum, bytes } = part.total;
            json!([part.part, part.action, rows, checksum.to_string(), bytes, part.state])
        };
        let parts: Vec<_> = self.parts.iter().map(part).collect();
        let run = json!([
            self.id,
            self.command,
            self.policy,
            self.cut_off,
            self.account,
            self.host,
            self.started_at,
            self.ended_at,
            self.outcome,
            self.summary,
            self.seal,
            self.previous,
            parts
        ]);
        let mut hash = Sha256::new();
        hash.update(self.previous.as_deref().unwrap_or(""));
        hash.update(run.to_string());
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Which runs, and in which order.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// This one.
    Run(u64),
    /// Those of a command without an end, oldest first.
    Unfinished(&'a str),
    /// The chain, in its order.
    Sealed,
    /// All, oldest first.
    All,
    /// The last so many, oldest first.
    Last(u32),
}

const RUNS: &str = "
    SELECT r.id, r.command, r.policy, CAST(r.cut_off AS CHAR), r.account, r.host, CAST(r.started_at AS CHAR), CAST(r.ended_at AS CHAR),
           r.outcome, r.summary, r.seal, r.previous, r.hash,
           p.part, p.action, p.row_count, CAST(p.checksum AS CHAR), p.bytes, p.state
    FROM caredb_runs r LEFT JOIN caredb_run_parts p ON p.run_id = r.id";

/// Reads runs one after the other, whatever their number. A ledger that is not there has none.
pub async fn each(conn: &mut MySqlConnection, which: Which<'_>, mut on_run: impl FnMut(Entry)) -> Result<(), DbError> {
    if !is_there(conn, "caredb_runs").await? {
        return Ok(());
    }
    let (condition, order) = match which {
        Which::Run(_) => ("r.id = ?", "r.id"),
        Which::Unfinished(_) => ("r.command = ? AND r.ended_at IS NULL AND r.seal IS NULL", "r.id"),
        Which::Sealed => ("r.seal IS NOT NULL", "r.seal"),
        Which::All => ("TRUE", "r.id"),
        Which::Last(_) => {
            ("r.id >= (SELECT MIN(id) FROM (SELECT id FROM caredb_runs ORDER BY id DESC LIMIT ?) newest)", "r.id")
        }
    };
    let sql = format!("{RUNS} WHERE {condition} ORDER BY {order}, p.part, p.action");
    let query = sqlx::query(AssertSqlSafe(sql));
    let query = match which {
        Which::Run(id) => query.bind(id),
        Which::Unfinished(command) => query.bind(command.to_owned()),
        Which::Last(number) => query.bind(number),
        Which::Sealed | Which::All => query,
    };
    let failed = |error: sqlx::Error| {
        DbError::new("could not read the ledger, tables `caredb_runs` and `caredb_run_parts`", &error)
    };
    let mut rows = query.fetch(conn);
    let mut under_way: Option<Entry> = None;
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        let id: u64 = row.try_get(0).map_err(failed)?;
        let part = part(&row).map_err(failed)?;
        match &mut under_way {
            Some(entry) if entry.id == id => entry.parts.extend(part),
            _ => {
                let entry = Entry { parts: part.into_iter().collect(), ..run(&row).map_err(failed)? };
                under_way.replace(entry).into_iter().for_each(&mut on_run);
            }
        }
    }
    under_way.into_iter().for_each(on_run);
    Ok(())
}

/// The run of a number, if there is one.
pub async fn find(conn: &mut MySqlConnection, id: u64) -> Result<Option<Entry>, DbError> {
    let mut found = None;
    each(conn, Which::Run(id), |entry| found = Some(entry)).await?;
    Ok(found)
}

fn run(row: &MySqlRow) -> Result<Entry, sqlx::Error> {
    Ok(Entry {
        id: row.try_get(0)?,
        command: row.try_get(1)?,
        policy: row.try_get(2)?,
        cut_off: row.try_get(3)?,
        account: row.try_get(4)?,
        host: row.try_get(5)?,
        started_at: row.try_get(6)?,
        ended_at: row.try_get(7)?,
        outcome: row.try_get(8)?,
        summary: row.try_get(9)?,
        seal: row.try_get(10)?,
        previous: row.try_get(11)?,
        hash: row.try_get(12)?,
        parts: Vec::new(),
    })
}

fn part(row: &MySqlRow) -> Result<Option<Part>, sqlx::Error> {
    let Some(part) = row.try_get(13)? else { return Ok(None) };
    let checksum: String = row.try_get(16)?;
    // a negative one was written by hand, and fits no hash
    let checksum = checksum.parse().unwrap_or(u128::MAX);
    let total = Total { rows: row.try_get(15)?, checksum, bytes: row.try_get(17)? };
    Ok(Some(Part { part, action: row.try_get(14)?, total, state: row.try_get(18)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_run_never_changes() {
        let total = Total { rows: 2, checksum: 5_000_000_000, bytes: 300 };
        let part = Part { part: "p_2024_01".to_owned(), action: "archive".to_owned(), total, state: "done".to_owned() };
        let entry = Entry {
            id: 7,
            command: "archive appointments".to_owned(),
            policy: r#"{"older_than":"1y"}"#.to_owned(),
            cut_off: Some("2025-01-01".to_owned()),
            account: "root@localhost".to_owned(),
            host: "cron".to_owned(),
            started_at: "2026-01-01 00:00:00.000".to_owned(),
            ended_at: Some("2026-01-01 00:00:01.000".to_owned()),
            outcome: Some("done".to_owned()),
            summary: Some("{}".to_owned()),
            seal: Some(1),
            previous: None,
            hash: None,
            parts: vec![part.clone(), Part { action: "restore".to_owned(), ..part.clone() }, part],
        };
        assert_eq!(entry.seal_hash(), "10eed9516f95911dfcb5aab1463a17153b3741f5d728612aa346a09e328d769a");
        let twice = Total { rows: 4, checksum: 10_000_000_000, bytes: 600 };
        assert_eq!(entry.totals(), BTreeMap::from([("archive", twice), ("restore", total)]));
    }
}
