//! `caredb seed`: loads the fixtures, or generates data.

use serde_json::json;

use super::{Context, Refusal};
use crate::cli::{SeedAction, SeedArgs};
use crate::db::clock;
use crate::output::{Outcome, count};
use crate::seed::{fixtures, load as rows};

mod generate;

pub async fn run(context: &Context, args: &SeedArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        None => load(context, args).await,
        Some(SeedAction::Generate(args)) => generate::run(context, args).await,
    }
}

async fn load(context: &Context, args: &SeedArgs) -> anyhow::Result<Outcome> {
    let target = context.target()?;
    let database = target.database.as_str();
    if context.config.is_protected(database) {
        let refusal =
            format!("`{database}` is protected by `caredb.toml`; demo data have no place there, so nothing was loaded");
        return Err(Refusal(refusal).into());
    }
    let mut session = context.open_target(&target).await?;
    let today = match args.today {
        Some(today) => today,
        None => clock::today(&mut session.conn).await?,
    };
    let tables = fixtures::read(&context.config.fixtures(args.fixtures.as_ref()), today)?;
    let loaded = rows::load(&mut session.conn, &tables, |event| context.output.event(&event)).await?;
    let text = match loaded.inserted {
        0 => format!(
            "nothing to do: all {} of {} are in `{database}`",
            count(loaded.kept, "row"),
            count(tables.len(), "table")
        ),
        inserted => format!(
            "seeded `{database}`: {} into {}, {} there already",
            count(inserted, "row"),
            count(tables.len(), "table"),
            loaded.kept
        ),
    };
    let fields =
        json!({ "database": database, "today": today.to_string(), "inserted": loaded.inserted, "kept": loaded.kept });
    Ok(Outcome::done(text, fields))
}
