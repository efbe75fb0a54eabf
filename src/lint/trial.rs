//! Tries an ALTER in each way, with a row in its table.

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::cost::{ATTEMPTS, Alter, Blocks, Cost, Way, Work, is_refusal};
use super::observe::lost;
use crate::db::ddl::execute;
use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;
use crate::db::innodb::table_ids;
use crate::migrate::expect;
use crate::migrate::files::Statement;
use crate::migrate::scratch::{Scratch, ScratchError};
use crate::schema::model::{Column, Table};

/// What came of a statement.
pub struct Tried {
    /// Why it failed; none where it is done.
    pub error: Option<sqlx::Error>,
    /// Why it failed where the table holds a row, though it runs on an empty one.
    pub with_row: Option<sqlx::Error>,
    /// What it costs.
    pub cost: Option<Cost>,
}

/// Runs a statement, in the least costly way that the server takes. `before`: its table; `names`: the tables that it names.
pub async fn run(
    scratch: &mut Scratch,
    conn: &mut MySqlConnection,
    statement: &Statement,
    alter: &Alter<'_>,
    before: &Table,
    names: &[Ident],
) -> Result<Tried, ScratchError> {
    let table = &alter.table.name;
    let ids = ids(scratch, table).await?;
    let with_row = add_row(scratch, table, before).await?;
    let mut tried = attempts(conn, statement, alter).await;
    let mut refused_with_row = None;
    if with_row {
        if let Err(error) = tried {
            lost(&error)?;
            // the row is made up: only what holds for any row counts against the statement
            remove_row(scratch, names).await?;
            tried = attempts(conn, statement, alter).await;
            refused_with_row = Some(error).filter(is_of_any_row);
        } else {
            remove_row(scratch, names).await?;
        }
    }
    let (way, blocks) = match tried {
        Err(error) => return Ok(Tried { error: Some(error), with_row: None, cost: None }),
        Ok(None) => return Ok(Tried { error: None, with_row: refused_with_row, cost: None }),
        Ok(Some(found)) => found,
    };
    let now = names.last().unwrap_or(table);
    let (work, adds_row_version) = work(way, ids, self::ids(scratch, now).await?);
    let cost = Cost {
        table: table.as_str().to_owned(),
        algorithm: way,
        work,
        blocks,
        adds_row_version,
        row_versions_before: 0,
        with_row: with_row && refused_with_row.is_none(),
    };
    Ok(Tried { error: None, with_row: refused_with_row, cost: Some(cost) })
}

/// 1292: a date without a default becomes 0000-00-00 in each row that is there, which strict mode refuses.
fn is_of_any_row(error: &sqlx::Error) -> bool {
    server_error(error).is_some_and(|(number, _)| number == 1292)
}

/// Runs the statement in the least costly way that the server takes; which one that was, if any, since the statement as written may
/// be taken where none of them is.
async fn attempts(
    conn: &mut MySqlConnection,
    statement: &Statement,
    alter: &Alter<'_>,
) -> Result<Option<(Way, Blocks)>, sqlx::Error> {
    for attempt in &ATTEMPTS {
        let Some(text) = alter.with(attempt) else { continue };
        match execute(conn, &text).await {
            Ok(()) => {
                if alter.runs_another() {
                    expect::run(conn, statement).await?;
                }
                return Ok(Some((attempt.way, attempt.blocks)));
            }
            Err(error) if server_error(&error).is_some_and(|(number, _)| is_refusal(number)) => {}
            // what is wrong with the statement, it says as written
            Err(_) => break,
        }
    }
    expect::run(conn, statement).await.map(|()| None)
}

/// What was done to the table, by the ids of InnoDB, each of which is an id and a number of row versions; and whether it has one
/// version more.
fn work(way: Way, before: Option<Vec<u64>>, after: Option<Vec<u64>>) -> (Work, bool) {
    let (Some(before), Some(after)) = (before, after) else { return (Work::Unknown, false) };
    let id = |known: &[u64]| known.iter().map(|known| known / 1024).collect::<BTreeSet<_>>();
    let (ids_before, ids_after) = (id(&before), id(&after));
    // a partition that comes or goes leaves the others as they are
    let keeps = ids_before.is_subset(&ids_after) || ids_after.is_subset(&ids_before);
    match way {
        Way::Instant => (Work::Definition, ids_before == ids_after && before != after),
        Way::Inplace if keeps => (Work::Definition, false),
        Way::Inplace | Way::Copy => (Work::Rebuild, false),
    }
}

async fn ids(scratch: &mut Scratch, table: &Ident) -> Result<Option<Vec<u64>>, DbError> {
    let database = scratch.database().clone();
    // none: another engine's
    Ok(table_ids(scratch.control(), &database, table).await?.filter(|ids| !ids.is_empty()))
}

const TRIGGERS: &str = "
    SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ?";

/// Puts a row into a table that holds none; false where there is one, or none can be made. Triggers would carry it on, so a table with
/// triggers gets none.
async fn add_row(scratch: &mut Scratch, table: &Ident, before: &Table) -> Result<bool, ScratchError> {
    let database = scratch.database().clone();
    let failed = |error: sqlx::Error| DbError::new(format!("could not put a row into {table} for a trial"), &error);
    let conn = scratch.control();
    let triggers: i64 = sqlx::query_scalar(TRIGGERS)
        .bind(database.as_str())
        .bind(table.as_str())
        .fetch_one(&mut *conn)
        .await
        .map_err(failed)?;
    let rows = format!("SELECT 1 FROM {database}.{table} LIMIT 1");
    // the texts are made of quoted names and of caredb's own values
    let rows = sqlx::raw_sql(AssertSqlSafe(rows)).fetch_optional(&mut *conn).await.map_err(failed)?;
    if triggers > 0 || rows.is_some() {
        return Ok(false);
    }
    for values in [Values::Same, Values::Rising] {
        let Some((columns, values)) = row(before, values) else { return Ok(false) };
        let insert =
            format!("SET SESSION foreign_key_checks = 0; INSERT INTO {database}.{table} ({columns}) VALUES ({values})");
        match sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut *conn).await {
            Ok(_) => return Ok(true),
            // a CHECK, a value out of range
            Err(error) => lost(&error)?,
        }
    }
    Ok(false)
}

/// Takes the row away, whatever the table is called now.
async fn remove_row(scratch: &mut Scratch, names: &[Ident]) -> Result<(), ScratchError> {
    let database = scratch.database().clone();
    for table in names {
        let delete = format!("SET SESSION foreign_key_checks = 0; DELETE FROM {database}.{table}");
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(delete)).execute(scratch.control()).await {
            lost(&error)?;
        }
    }
    Ok(())
}

/// Which values the row gets: CHECKs such as `end > start` ask for rising ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    Same,
    Rising,
}

/// The columns that must have a value, and their values, as SQL; none where a type has no value that is known here.
fn row(table: &Table, values: Values) -> Option<(String, String)> {
    let must = |column: &&Column| {
        !column.nullable && column.default.is_none() && column.generated.is_none() && !column.auto_increment
    };
    let mut names = Vec::new();
    let mut texts = Vec::new();
    for (at, column) in table.columns.iter().filter(must).enumerate() {
        names.push(column.name.to_string());
        texts.push(value(&column.data_type, if values == Values::Same { 1 } else { at % 9 + 1 })?);
    }
    Some((names.join(", "), texts.join(", ")))
}

/// A value that a type takes; `n` from 1 to 9.
fn value(data_type: &str, n: usize) -> Option<String> {
    let name = data_type.split(['(', ' ']).next().unwrap_or_default();
    Some(match name {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "float" | "double" | "bit" | "enum"
        | "set" => n.min(if name == "bit" || name == "enum" || name == "set" { 1 } else { 9 }).to_string(),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "binary" | "varbinary" | "tinyblob"
        | "blob" | "mediumblob" | "longblob" => format!("'{n}'"),
        "date" => format!("'2026-01-0{n}'"),
        "datetime" | "timestamp" => format!("'2026-01-0{n} 00:00:00'"),
        "time" => format!("'0{n}:00:00'"),
        "year" => "2026".to_owned(),
        "json" => "'{}'".to_owned(),
        "vector" => "STRING_TO_VECTOR('[1]')".to_owned(),
        "geometry" | "point" => "ST_GeomFromText('POINT(0 0)')".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::parse;

    #[test]
    fn a_row_has_what_must_be_there() {
        let table = parse::table(
            "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `a` varchar(9) NOT NULL,\n  `b` int DEFAULT NULL,\n  \
             `c` int NOT NULL DEFAULT '7',\n  `d` date NOT NULL,\n  `e``f` enum('x','y') NOT NULL,\n  \
             `g` int GENERATED ALWAYS AS (`b` + 1) VIRTUAL NOT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB",
        )
        .unwrap();
        let columns = "`a`, `d`, `e``f`".to_owned();
        assert_eq!(row(&table, Values::Same), Some((columns.clone(), "'1', '2026-01-01', 1".to_owned())));
        assert_eq!(row(&table, Values::Rising), Some((columns, "'1', '2026-01-02', 1".to_owned())));
        assert_eq!(value("multipolygon", 1), None);
    }
}
