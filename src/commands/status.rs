//! `caredb status`: one screen that says how the database is.

use std::fmt::Write as _;

use serde_json::json;
use sqlx::Row as _;
use sqlx::mysql::MySqlConnection;

use super::{Context, partition};
use crate::cli::StatusArgs;
use crate::db::error::DbError;
use crate::migrate::files::{Files, Migration};
use crate::migrate::plan::{self, Observed};
use crate::migrate::{apply, info, repeatable};
use crate::output::table::{Align, bytes, render};
use crate::output::{Outcome, count};

/// What the dictionary says of a table: rows as InnoDB estimates them, sizes in bytes.
#[derive(Debug, serde::Serialize)]
pub(super) struct TableSize {
    pub table: String,
    pub rows: u64,
    pub data_bytes: u64,
    pub index_bytes: u64,
}

pub async fn run(context: &Context, args: &StatusArgs) -> anyhow::Result<Outcome> {
    let files = context.files(&args.files)?;
    let mut session = context.open().await?;
    let observed = apply::observe(&mut session.conn).await?;
    let tables = table_sizes(&mut session.conn).await?;
    let standing = partition::standing(context, &mut session).await?;
    let findings = plan::check(&files, &observed);
    let pending: Vec<_> = pending(&files, &observed).map(|migration| migration.version).collect();
    let repeatables: Vec<_> =
        repeatable::steps_up(&files, &observed).iter().map(|step| step.script.name.clone()).collect();

    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<12} {value}"); // writing into a String can't fail
    };
    line("server", format!("MySQL {} at {}", session.version, session.target.server()));
    line("database", format!("{} as {}", session.database.as_str(), session.account));
    line("version", version(&files, &observed, pending.len(), repeatables.len()));
    if let Some(last) = observed.history.iter().flatten().last() {
        line(
            "last change",
            format!(
                "{} {}, {} by {}",
                last.version.as_ref().map_or("R".to_owned(), |version| format!("V{version}")),
                last.description,
                last.installed_on,
                last.installed_by
            ),
        );
    }
    for standing in &standing {
        line("partitions", standing.to_string());
    }
    for finding in &findings {
        line("attention", finding.to_string());
    }
    if !tables.is_empty() {
        let rows: Vec<Vec<String>> = tables
            .iter()
            .map(|size| {
                vec![size.table.clone(), size.rows.to_string(), bytes(size.data_bytes), bytes(size.index_bytes)]
            })
            .collect();
        let columns =
            [("table", Align::Left), ("rows ~", Align::Right), ("data", Align::Right), ("indexes", Align::Right)];
        text.push('\n');
        text.push_str(&render(&columns, &rows));
    }
    Ok(Outcome::done(
        text.trim_end(),
        json!({
            "server": session.version,
            "database": session.database.as_str(),
            "account": session.account,
            "version": observed.version(),
            "pending": pending,
            "pending_repeatables": repeatables,
            "findings": findings,
            "versions": info::lines(&files, &observed),
            "partitions": standing,
            "tables": tables,
        }),
    ))
}

pub(super) fn pending<'a>(files: &'a Files, observed: &Observed) -> impl Iterator<Item = &'a Migration> {
    let version = observed.version();
    files.migrations.iter().filter(move |migration| migration.version > version)
}

pub(super) fn version(files: &Files, observed: &Observed, pending: usize, repeatables: usize) -> String {
    let newest = files.newest();
    let at = observed.version();
    if observed.history.is_none() {
        return format!("none of {newest}: nothing is applied yet, `caredb migrate` does it");
    }
    let pending = match (pending, repeatables) {
        (0, 0) => return format!("{at}, nothing pending"),
        (0, files) => count(files, "R file"),
        (versions, 0) => count(versions, "version"),
        (versions, files) => format!("{} and {}", count(versions, "version"), count(files, "R file")),
    };
    format!("{at} of {newest}, {pending} pending, `caredb migrate` applies them")
}

// Without this the sizes are up to a day old (MySQL manual, "Optimizing INFORMATION_SCHEMA Queries").
const FRESH: &str = "SET SESSION information_schema_stats_expiry = 0";
const TABLE_SIZES: &str = "
    SELECT CONVERT(TABLE_NAME USING utf8mb4),
           CAST(COALESCE(TABLE_ROWS, 0) AS UNSIGNED), CAST(COALESCE(DATA_LENGTH, 0) AS UNSIGNED), CAST(COALESCE(INDEX_LENGTH, 0) AS UNSIGNED)
    FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'
    ORDER BY TABLE_NAME";

pub(super) async fn table_sizes(conn: &mut MySqlConnection) -> Result<Vec<TableSize>, DbError> {
    let failed = |error: sqlx::Error| DbError::new("could not read the sizes of the tables", &error);
    sqlx::raw_sql(FRESH).execute(&mut *conn).await.map_err(failed)?;
    let rows = sqlx::raw_sql(TABLE_SIZES).fetch_all(conn).await.map_err(failed)?;
    let size = |row: sqlx::mysql::MySqlRow| -> Result<TableSize, sqlx::Error> {
        Ok(TableSize {
            table: row.try_get(0)?,
            rows: row.try_get(1)?,
            data_bytes: row.try_get(2)?,
            index_bytes: row.try_get(3)?,
        })
    };
    rows.into_iter().map(size).collect::<Result<_, _>>().map_err(failed)
}
