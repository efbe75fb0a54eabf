//! Tries fixtures on the server, in a transaction that is rolled back: keys, CHECKs, references and triggers are asked
//! themselves.

use std::collections::BTreeSet;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::blame;
use super::finding::Finding;
use super::fixtures::{Row, Table};
use super::live::Columns;
use super::load::{insert, set_session};
use super::record::ids;
use crate::db::error::DbError;

/// What a trial showed.
#[derive(Debug, Default)]
pub struct Trial {
    /// What the server said no to.
    pub findings: Vec<Finding>,
    /// Tables that were not tried, since their engine takes nothing back.
    pub untried: Vec<String>,
}

/// Inserts all rows that can be inserted and takes them back. Rows of the set that are in the database are deleted
/// before, and are there again after. A row that refers to one that the server refused is tried without its references,
/// so that it does not answer for the other. Of each row the server names one fault, the first that it meets.
/// Errors: what is no fault of a row, such as a lost connection, a lock or a missing privilege.
pub async fn run(conn: &mut MySqlConnection, live: &Columns, tables: &[Table]) -> Result<Trial, DbError> {
    let failed = |error: &sqlx::Error| DbError::new("could not try the fixtures", error);
    set_session(conn).await?;
    let lasting = lasting_tables(conn).await?;
    let mut transaction = conn.begin().await.map_err(|error| failed(&error))?;
    let (untried, tables): (Vec<&Table>, Vec<&Table>) =
        tables.iter().filter(|table| has_id(live, table)).partition(|table| lasting.contains(table.name.as_str()));
    // references and cascades would reach rows that are not the set's; all of these rows come back
    check_references(&mut transaction, false).await?;
    for table in &tables {
        let sql = format!("DELETE FROM {} WHERE id IN ({})", table.name, ids(table));
        let deleted = sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await;
        deleted.map_err(|error| DbError::new(format!("could not try table {}", table.name), &error))?;
    }
    check_references(&mut transaction, true).await?;
    let mut findings = Vec::new();
    let mut there: BTreeSet<(&str, &str)> = BTreeSet::new();
    for table in tables {
        for row in table.rows.iter().filter(|row| is_tryable(live, table, row)) {
            let is_whole = row.needs.iter().all(|(table, label)| there.contains(&(table.as_str(), label.as_str())));
            if !is_whole {
                check_references(&mut transaction, false).await?;
            }
            let inserted = insert(table, row).execute(&mut *transaction).await;
            if let Err(error) = inserted {
                let what = DbError::new(format!("could not try {}", table.place(row)), &error);
                if !is_of_the_row(&what) {
                    return Err(what);
                }
                findings.push(blame::refused(&mut transaction, table, row, &error).await);
            } else {
                there.insert((table.name.as_str(), &row.label));
            }
            if !is_whole {
                check_references(&mut transaction, true).await?;
            }
        }
    }
    transaction.rollback().await.map_err(|error| failed(&error))?;
    let untried = untried.into_iter().map(|table| table.name.as_str().to_owned()).collect();
    Ok(Trial { findings, untried })
}

const LASTING: &str = "
    SELECT CONVERT(TABLE_NAME USING utf8mb4) FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND ENGINE NOT IN ('InnoDB', 'ndbcluster')";

/// The tables whose rows no rollback takes back.
async fn lasting_tables(conn: &mut MySqlConnection) -> Result<BTreeSet<String>, DbError> {
    let tables = sqlx::query_scalar(LASTING).fetch_all(conn).await;
    Ok(tables.map_err(|error| DbError::new("could not read the engines of the tables", &error))?.into_iter().collect())
}

/// The table is there, its rows have ids, and there are fixtures for it.
fn has_id(live: &Columns, table: &Table) -> bool {
    let columns = live.get(table.name.as_str());
    !table.rows.is_empty() && columns.is_some_and(|columns| columns.iter().any(|column| column.name == "id"))
}

async fn check_references(conn: &mut MySqlConnection, on: bool) -> Result<(), DbError> {
    let sql = if on { "SET SESSION foreign_key_checks = 1" } else { "SET SESSION foreign_key_checks = 0" };
    let set = sqlx::raw_sql(sql).execute(conn).await;
    set.map_err(|error| DbError::new("could not set the session up for a trial", &error))?;
    Ok(())
}

/// All its columns are read, and the table has them.
fn is_tryable(live: &Columns, table: &Table, row: &Row) -> bool {
    let Some(columns) = live.get(table.name.as_str()) else { return false };
    let is_known = |name: &str| columns.iter().any(|column| column.name == name);
    !row.broken && row.columns.iter().all(|(name, _)| is_known(name.as_str()))
}

/// The server says no to the row, not to the session.
fn is_of_the_row(error: &DbError) -> bool {
    // locks, deadlock, privileges, a server without writes, a trigger without its definer
    const OF_THE_SESSION: [u16; 11] = [1044, 1142, 1143, 1205, 1213, 1227, 1290, 1370, 1449, 1792, 1836];
    !error.lost && error.number.is_some_and(|number| !OF_THE_SESSION.contains(&number))
}
