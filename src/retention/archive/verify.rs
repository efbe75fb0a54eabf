//! Whether every archived row is in exactly one place, has its key, and is what the ledger says. Reads all of the archives.

use std::collections::BTreeMap;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::{ARCHIVE, ArchiveError, KEYS, LIVE, MOVING, STAYING, definition, dependents};
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::output::count;
use crate::output::finding::{Finding, Level};
use crate::partition::Table;
use crate::partition::keys::{self, Ids, Side};
use crate::retention::rows::{Columns, Sum, sum};
use crate::retention::table;

/// All checks.
pub async fn verify(
    conn: &mut MySqlConnection,
    columns: &Columns,
    archive: &Table,
) -> Result<Vec<Finding>, ArchiveError> {
    let mut findings = vec![between(conn).await?];
    findings.extend(definitions(conn).await?);
    findings.extend(keys_match(conn, archive).await?);
    findings.push(twice(conn, LIVE, ARCHIVE, &["l.id = r.id AND l.appointment_date = r.appointment_date"]).await?);
    for (table, archive) in dependents::tables() {
        let another = dependents::single().find(|(single, _)| *single == table);
        let another = another.map(|(_, of)| format!("l.{of} = r.{of} AND l.id <> r.id"));
        let same: Vec<&str> = ["l.id = r.id"].into_iter().chain(another.as_deref()).collect();
        findings.push(twice(conn, table, &archive, &same).await?);
    }
    findings.push(ledger(conn, columns, archive).await?);
    Ok(findings)
}

fn problem(check: &'static str, what: String, cure: &str) -> Finding {
    Finding::new(check, Level::Problem, what, cure)
}

/// A month between two exchanges.
async fn between(conn: &mut MySqlConnection) -> Result<Finding, DbError> {
    let sql = format!("SELECT COUNT(*) FROM {MOVING} m WHERE NOT EXISTS (SELECT 1 FROM {STAYING} s WHERE s.id = m.id)");
    let rows: i64 = one(conn, &sql, MOVING).await?;
    if rows > 0 {
        let what = format!("{} in `{MOVING}`, between two exchanges", count(rows, "row"));
        return Ok(problem("moving", what, "`caredb archive appointments` goes on with that month"));
    }
    Ok(Finding::ok("moving", "no month is between two exchanges"))
}

async fn definitions(conn: &mut MySqlConnection) -> Result<Vec<Finding>, ArchiveError> {
    let mut findings = Vec::new();
    for other in [ARCHIVE, MOVING] {
        findings.push(match definition::same(conn, other).await {
            Ok(()) => Finding::ok("definition", format!("`{other}` is defined as `{LIVE}`")),
            Err(ArchiveError::Differs { what, .. }) => problem(
                "definition",
                format!("`{LIVE}` and `{other}` differ: {what}"),
                "make them the same by a migration",
            ),
            Err(error) => return Err(error),
        });
    }
    Ok(findings)
}

async fn keys_match(conn: &mut MySqlConnection, archive: &Table) -> Result<Vec<Finding>, ArchiveError> {
    const CHECK: &str = "keys";
    let Some(found) = keys::keys(conn, &Ident::known(KEYS)).await? else { return Err(ArchiveError::NoArchive(KEYS)) };
    let mismatch = keys::compare(conn, archive, &found, Side::Archive, |_| {}).await?;
    let mut findings = Vec::new();
    for (ids, what, cure) in [
        (&mismatch.no_key, "without a key", "insert their keys from the rows, with `archived` set"),
        (&mismatch.differs, "whose key says something else", "make keys and rows agree"),
        (&mismatch.no_row, "archived by their key alone", "look for their rows in a backup"),
    ] {
        if ids.count > 0 {
            findings.push(problem(CHECK, format!("{} {what}: {}", count(ids.count, "row"), named(ids)), cure));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "every archived row has its key, and every archived key its row"));
    }
    Ok(findings)
}

fn named(ids: &Ids) -> String {
    let more = if ids.count > ids.first.len() as u64 { ", …" } else { "" };
    format!("{}{more}", ids.first.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "))
}

/// Rows that are both live and archived; `same` has the conditions by which two are the same, each with an index of its own.
async fn twice(conn: &mut MySqlConnection, live: &str, archive: &str, same: &[&str]) -> Result<Finding, DbError> {
    let mut rows = 0;
    for same in same {
        let sql = format!("SELECT COUNT(*) FROM {archive} r JOIN {live} l ON {same}");
        rows += one(conn, &sql, archive).await?;
    }
    if rows > 0 {
        let what = format!("{} in both `{live}` and `{archive}`", count(rows, "row"));
        return Ok(problem("twice", what, "compare them and delete one of each"));
    }
    Ok(Finding::ok("twice", format!("no row is in both `{live}` and `{archive}`")))
}

async fn one(conn: &mut MySqlConnection, sql: &str, table: &str) -> Result<i64, DbError> {
    let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(conn).await;
    found.map_err(|error| DbError::new(format!("could not read table `{table}`"), &error))
}

// what came back or was destroyed is no longer there; what belongs to a month is on record as `payments p_2024_01`, and counted
// by its table
const RECORDED: &str = "
    SELECT SUBSTRING_INDEX(part, ' ', 1) AS place,
           CAST(SUM(IF(action = 'archive', 1, -1) * CAST(row_count AS SIGNED)) AS CHAR),
           CAST(SUM(IF(action = 'archive', 1, -1) * checksum) AS CHAR)
    FROM caredb_run_parts WHERE action IN ('archive', 'restore', 'destroy') GROUP BY place";

/// Count and checksum of each month, and of what belongs to all of them by table, against what the ledger says went there.
async fn ledger(conn: &mut MySqlConnection, columns: &Columns, archive: &Table) -> Result<Finding, DbError> {
    const CHECK: &str = "ledger";
    if !table::is_there(conn, "caredb_run_parts").await? {
        return Ok(Finding::ok(CHECK, "no run is on record"));
    }
    let failed = |error: sqlx::Error| DbError::new("could not read table `caredb_run_parts`", &error);
    let mut recorded = BTreeMap::new();
    for row in sqlx::raw_sql(RECORDED).fetch_all(&mut *conn).await.map_err(failed)? {
        let text = |index: usize| row.try_get_unchecked::<String, _>(index).map_err(failed);
        recorded.insert(text(0)?, (text(1)?, text(2)?));
    }
    let mut said = |place: &str| recorded.remove(place).unwrap_or_else(|| ("0".to_owned(), "0".to_owned()));
    let mut wrong = Vec::new();
    for partition in &archive.partitions {
        let name = partition.name.as_str();
        let there = there(conn, &format!("{ARCHIVE} PARTITION ({})", partition.name), columns).await?;
        let said = said(name);
        if there.0 != said.0 {
            wrong.push(format!("`{name}` has {} rows, and the ledger says {}", there.0, said.0));
        } else if there.1 != said.1 {
            wrong.push(format!("`{name}` has other values than when its rows were archived"));
        }
    }
    for (table, archive) in dependents::tables() {
        let name = Ident::new(&archive).map_err(|error| DbError::because("no name", error.to_string()))?;
        let Some(columns) = Columns::read(conn, &name).await? else { continue };
        let there = there(conn, &archive, &columns).await?;
        let said = said(table);
        if there != said {
            let (rows, ledger) = (there.0, said.0);
            wrong.push(format!("`{archive}` has {rows} rows, of which the ledger says {ledger}, or other values"));
        }
    }
    // what is left is of no partition that is there
    for (name, (rows, _)) in recorded.iter().filter(|(_, (rows, _))| rows != "0") {
        wrong.push(format!("`{name}` is gone, and the ledger says that it has {rows} rows"));
    }
    if wrong.is_empty() {
        return Ok(Finding::ok(CHECK, "rows and checksums of every month are as the ledger says"));
    }
    Ok(problem(
        CHECK,
        wrong.join("; "),
        "somebody changed the archive by hand, or its columns: compare it with a backup",
    ))
}

/// Rows and checksum of a table or partition, as text.
async fn there(conn: &mut MySqlConnection, from: &str, columns: &Columns) -> Result<(String, String), DbError> {
    let Sum { rows, checksum } = sum(conn, from, columns, "TRUE")
        .await
        .map_err(|error| DbError::new(format!("could not count {from}"), &error))?;
    Ok((rows.to_string(), checksum.to_string()))
}
