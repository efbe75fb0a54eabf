//! `caredb baseline`: adopts a database that was made without migrations.

use serde_json::json;

use super::migrate::take_lock;
use super::{Context, Otherwise};
use crate::cli::BaselineArgs;
use crate::migrate::{apply, baseline};
use crate::output::Outcome;

pub async fn run(context: &Context, args: &BaselineArgs) -> anyhow::Result<Outcome> {
    let files = context.files(&args.files)?;
    let mut session = context.open().await?;
    let database = session.database.as_str().to_owned();
    let (at, description) = (args.at, args.description.as_str());
    let fields = |written: bool| json!({ "database": database, "version": at, "written": written });
    let there = || Outcome::done(format!("nothing to do: `{database}` is adopted at version {at}"), fields(false));

    let observed = apply::observe(&mut session.conn).await?;
    let tables = baseline::has_tables(&mut session.conn).await?;
    if !baseline::plan(&files, &observed, tables, at, description)? {
        return Ok(there());
    }
    let question = format!("adopt `{database}` at version {at}, so that no file up to it ever runs?");
    context.confirm(Otherwise::Yes, &database, &question, "nothing was adopted")?;
    take_lock(context, &mut session, args.lock.lock_timeout).await?;
    // what was seen before the lock is seen again, since another run may have been at work
    let observed = apply::observe(&mut session.conn).await?;
    if !baseline::plan(&files, &observed, tables, at, description)? {
        return Ok(there());
    }
    baseline::apply(&mut session.conn, &observed, at, description).await?;
    let text = format!("adopted `{database}` at version {at}: `caredb migrate` applies what is above it");
    Ok(Outcome::done(text, fields(true)))
}
