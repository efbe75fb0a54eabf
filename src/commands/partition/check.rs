//! `caredb partition check`: what is wrong with partitions, keys and triggers.

use serde_json::json;

use super::{Context, open, today};
use crate::cli::PartitionCheckArgs;
use crate::commands::doctor::findings_table;
use crate::db::connect::Session;
use crate::db::error::DbError;
use crate::db::innodb;
use crate::doctor::observe::grants;
use crate::migrate::apply as migrations;
use crate::migrate::files::Files;
use crate::output::finding::Level;
use crate::output::{Event, Exit, Outcome, count};
use crate::partition::check::{Seen, judge};
use crate::partition::keys::{self, Mismatch, Side};
use crate::partition::triggers;
use crate::partition::{Managed, Table, observe};

/// What a partitioned `appointments` does otherwise than a plain table, and what to do about it (ARCHITECTURE.md has the
/// cases).
const DIFFERENCES: &str = "\
what no partitioned table with keys can do as a plain one, and the cure:
  INSERT, UPDATE, DELETE IGNORE: one row that breaks a rule fails the statement; send such rows one by one
  REPLACE, ON DUPLICATE KEY UPDATE: an id or booking reference of another date is refused (1062); UPDATE the row by its id
  TRUNCATE, DROP TABLE: they are not refused, and leave keys behind; give the application no DROP privilege";

pub async fn run(context: &Context, args: &PartitionCheckArgs) -> anyhow::Result<Outcome> {
    let files = context.files(&args.files)?;
    let (mut session, tables) = open(context, &args.table).await?;
    let today = today(&mut session, &args.today).await?;
    let applied = applied_statements(&mut session, &files).await?;
    let (mut texts, mut shown) = (Vec::new(), Vec::new());
    let (mut problems, mut unknowns) = (0, 0);
    for (managed, table) in &tables {
        let contents = observe::contents(&mut session.conn, table).await?;
        let keys = match &managed.keys {
            Some(keys) => {
                compare(context, &mut session, table, managed, args.skip_keys).await?.map(|found| (keys, found))
            }
            None => None,
        };
        let seen = Seen {
            table,
            contents: &contents,
            keys,
            expected: triggers::expected(applied.iter().map(String::as_str), &table.name),
            live: live(&mut session, table).await,
            row_versions: innodb::row_versions_of(&mut session.conn, &table.name).await,
        };
        let findings = judge(&seen, today, args.ahead.unwrap_or(managed.ahead));
        problems += findings.iter().filter(|finding| finding.level == Level::Problem).count();
        unknowns += findings.iter().filter(|finding| finding.level == Level::Unknown).count();
        if !seen.expected.is_empty() {
            context.output.event(&Event::Note { text: DIFFERENCES.to_owned() });
        }
        let name = table.name.as_str();
        texts.push(format!("`{name}`\n{}", findings_table(&findings)));
        shown.push(json!({ "table": name, "findings": findings }));
    }
    let unseen = if unknowns > 0 { format!(", {unknowns} could not be looked at") } else { String::new() };
    let names: Vec<String> = tables.iter().map(|(_, table)| format!("`{}`", table.name.as_str())).collect();
    texts.push(format!("{}: {}{unseen}", names.join(", "), count(problems, "problem")));
    Ok(Outcome::new(
        if problems == 0 { Exit::Done } else { Exit::Found },
        texts.join("\n\n"),
        json!({ "today": today, "problems": problems, "unknown": unknowns, "tables": shown }),
    ))
}

/// The statements of all applied V and R files, in the order in which they run on an empty database.
async fn applied_statements(session: &mut Session, files: &Files) -> Result<Vec<String>, DbError> {
    let observed = migrations::observe(&mut session.conn).await?;
    let version = observed.version();
    let versions =
        files.migrations.iter().filter(|migration| migration.version <= version).map(|migration| &migration.up);
    let repeatables = files.repeatables.iter().map(|file| &file.up).filter(|_| version >= files.newest());
    let scripts = versions.chain(repeatables);
    Ok(scripts.flat_map(|script| &script.statements).map(|statement| statement.text.clone()).collect())
}

/// Compares rows and keys; none where there is no keys table, or the comparison is to be left out.
async fn compare(
    context: &Context,
    session: &mut Session,
    table: &Table,
    managed: &Managed,
    skip: bool,
) -> anyhow::Result<Option<Mismatch>> {
    let Some(name) = managed.keys.as_ref().filter(|_| !skip) else { return Ok(None) };
    let Some(found) = keys::keys(&mut session.conn, name).await? else {
        let text = format!("there is no table `{}`, so no keys were compared", name.as_str());
        context.output.event(&Event::Note { text });
        return Ok(None);
    };
    let begun = std::time::Instant::now();
    let place = format!("comparing `{}` with `{}`", table.name.as_str(), name.as_str());
    let on_chunk = |_| {
        context.output.event(&Event::Progress {
            place: place.clone(),
            elapsed_s: begun.elapsed().as_secs(),
            percent: None,
            left_s: None,
        });
    };
    Ok(Some(keys::compare(&mut session.conn, table, &found, Side::Live, on_chunk).await?))
}

/// The triggers that are there. Without TRIGGER the server shows none, which is not the same as none.
async fn live(
    session: &mut Session,
    table: &Table,
) -> Result<std::collections::BTreeMap<String, triggers::Live>, DbError> {
    if !grants(&mut session.conn).await?.has("TRIGGER", session.database.as_str()) {
        let what = format!("could not see the triggers of table `{}`", table.name.as_str());
        return Err(
            DbError::because(what, format!("`{}` lacks TRIGGER", session.account)).with_cure("grant it TRIGGER")
        );
    }
    triggers::live(&mut session.conn, &table.name).await
}
