//! `caredb seed`: fixtures into a database, and generated data.

use chrono::NaiveDate;

use super::{Context, Otherwise, Refusal};
use crate::cli::{FixtureArgs, SeedAction, SeedArgs};
use crate::db::clock;
use crate::db::connect::Session;
use crate::output::Outcome;
use crate::seed::reset::Keys;
use crate::seed::sets::{self, Set};

mod check;
mod export;
mod generate;
mod load;

pub async fn run(context: &Context, args: &SeedArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        None => load::run(context, &args.load).await,
        Some(SeedAction::Check(args)) => check::run(context, args).await,
        Some(SeedAction::Export(args)) => export::run(context, args).await,
        Some(SeedAction::Generate(args)) => generate::run(context, args).await,
    }
}

/// The sets that are meant, and the day that their relative dates count from.
async fn chosen(context: &Context, session: &mut Session, args: &FixtureArgs) -> anyhow::Result<(Vec<Set>, NaiveDate)> {
    let sets = sets::choose(&context.config.fixtures(args.fixtures.as_ref()), &args.sets)?;
    let today = match args.today {
        Some(today) => today,
        None => clock::today(&mut session.conn).await?,
    };
    Ok((sets, today))
}

/// The tables that triggers keep beside others.
fn keys(context: &Context) -> Keys {
    context.config.partitioned().into_iter().filter_map(|managed| Some((managed.keys?, managed.table))).collect()
}
