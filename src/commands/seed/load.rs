//! `caredb seed`: loads fixture sets.

use std::collections::BTreeSet;

use anyhow::bail;
use chrono::NaiveDate;
use serde_json::json;

use super::{Context, Otherwise, Refusal, chosen, keys};
use crate::cli::SeedLoadArgs;
use crate::db::connect::Session;
use crate::db::ident::nearest;
use crate::output::{Event, Outcome, count};
use crate::seed::finding::hint;
use crate::seed::fixtures::{self, Table};
use crate::seed::live;
use crate::seed::load::{self, Loaded, Options, SeedError};
use crate::seed::record::{self, Record};
use crate::seed::reset::{self, Plan};
use crate::seed::sets::Set;

/// Words that are no sets. Behind an option, the command line takes them for one.
const ACTIONS: [&str; 3] = ["check", "export", "generate"];

pub async fn run(context: &Context, args: &SeedLoadArgs) -> anyhow::Result<Outcome> {
    if let Some(action) = args.fixtures.sets.iter().find(|set| ACTIONS.contains(&set.as_str())) {
        bail!("`{action}` is no fixture set; as an action it stands before all options: `caredb seed {action} …`");
    }
    let target = context.target()?;
    let database = target.database.as_str();
    if context.config.is_protected(database) {
        let refusal =
            format!("`{database}` is protected by `caredb.toml`; demo data have no place there, so nothing was loaded");
        return Err(Refusal(refusal).into());
    }
    let mut session = context.open_target(&target).await?;
    let (sets, today) = chosen(context, &mut session, &args.fixtures).await?;
    let mut read = Vec::new();
    for set in sets {
        let tables = fixtures::read(&set, today)?;
        read.push((set, tables));
    }
    check_only(&args.only, read.iter().flat_map(|(_, tables)| tables))?;
    let mut sum = Loaded::default();
    let mut names = BTreeSet::new();
    for (set, mut tables) in read {
        tables.retain(|table| args.only.is_empty() || args.only.iter().any(|only| only == table.name.as_str()));
        names.extend(tables.iter().map(|table| table.name.as_str().to_owned()));
        let loaded = load_set(context, &mut session, args, &set, &tables, today).await?;
        sum.deleted += loaded.deleted;
        sum.inserted += loaded.inserted;
        sum.kept += loaded.kept;
    }
    let tables = count(names.len(), "table");
    let text = match (args.reset, sum.inserted) {
        (true, inserted) => format!(
            "reset `{database}`: {} deleted, {} of {tables} loaded anew",
            count(sum.deleted, "row"),
            count(inserted, "row")
        ),
        (false, 0) => format!("nothing to do: all {} of {tables} are in `{database}`", count(sum.kept, "row")),
        (false, inserted) => {
            format!("seeded `{database}`: {} into {tables}, {} there already", count(inserted, "row"), sum.kept)
        }
    };
    let fields = json!({
        "database": database,
        "today": today.to_string(),
        "deleted": sum.deleted,
        "inserted": sum.inserted,
        "kept": sum.kept,
    });
    Ok(Outcome::done(text, fields))
}

/// Every table of `--only` has fixtures.
fn check_only<'a>(only: &[String], tables: impl Iterator<Item = &'a Table>) -> anyhow::Result<()> {
    let known: BTreeSet<&str> = tables.map(|table| table.name.as_str()).collect();
    match only.iter().find(|only| !known.contains(only.as_str())) {
        Some(only) => {
            let hint = hint(nearest(only, known.iter().copied()));
            bail!("the fixtures have no table `{only}`{hint}; correct `--only`")
        }
        None => Ok(()),
    }
}

async fn load_set(
    context: &Context,
    session: &mut Session,
    args: &SeedLoadArgs,
    set: &Set,
    tables: &[Table],
    today: NaiveDate,
) -> anyhow::Result<Loaded> {
    let rows = tables.iter().map(|table| table.rows.len()).sum();
    let is_whole = args.only.is_empty();
    // a part of a set is not the set: nothing is known of it, and nothing is written down
    let known = if is_whole { record::read(&mut session.conn, &set.name).await? } else { None };
    let record = Record { set: set.name.clone(), sha256: set.sha256(), today, rows };
    let is_known = known.as_ref().is_some_and(|known| known.sha256 == record.sha256);
    if let Some(known) = known.as_ref().filter(|_| !args.reset) {
        if is_known && record::all_present(&mut session.conn, tables).await? {
            note_age(context, set, tables, known, today)?;
            return Ok(Loaded { kept: rows, ..Loaded::default() });
        }
        if !is_known {
            note(
                context,
                format!(
                    "`{}` has changed since it was loaded: rows that are there stay as they are, `--reset` loads them anew",
                    set.name
                ),
            );
        }
    }
    let keys = keys(context);
    let reset = if args.reset {
        let references = live::references(&mut session.conn).await?;
        let plan = reset::plan(&mut session.conn, tables, &references, &keys, false).await.map_err(SeedError::Db)?;
        agree(context, session.database.as_str(), set, &plan)?;
        Some(&keys)
    } else {
        None
    };
    let options = Options { reset, record: is_whole.then_some(&record) };
    match load::load(&mut session.conn, tables, &options, |event| context.output.event(&event)).await {
        Err(error @ SeedError::Foreign(_)) => Err(Refusal(error.to_string()).into()),
        loaded => Ok(loaded?),
    }
}

/// Says what a reset deletes, and asks.
fn agree(context: &Context, database: &str, set: &Set, plan: &Plan) -> Result<(), Refusal> {
    if let Some(foreign) = plan.foreign.first() {
        return Err(Refusal(SeedError::Foreign(foreign.clone()).to_string()));
    }
    if plan.rows() == 0 {
        return Ok(());
    }
    let tables = plan.deletions.iter().filter(|(_, rows)| *rows > 0);
    let tables: Vec<String> = tables.map(|(table, rows)| format!("{rows} of `{table}`")).collect();
    let what = format!("the reset of `{}` deletes {}: {}", set.name, count(plan.rows(), "row"), tables.join(", "));
    note(context, what);
    let question = format!("delete them from `{database}` and load them anew?");
    context.confirm(Otherwise::Yes, database, &question, "nothing was deleted")
}

/// Says so where the relative dates of a set that is passed over are not those of today.
fn note_age(context: &Context, set: &Set, tables: &[Table], known: &Record, today: NaiveDate) -> anyhow::Result<()> {
    if known.today != today && fixtures::read(set, known.today)? != tables {
        note(
            context,
            format!("the dates of `{}` count from {}; `--reset` loads it anew, from {today}", set.name, known.today),
        );
    }
    Ok(())
}

fn note(context: &Context, text: String) {
    context.output.event(&Event::Note { text });
}
