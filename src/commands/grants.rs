//! `caredb grants`: what an account needs for a group of commands, as GRANT statements. Nothing is asked of a server.

use anyhow::Context as _;
use serde_json::json;

use super::{Context, scratch};
use crate::cli::GrantsArgs;
use crate::db::ident::Ident;
use crate::doctor::grants::Account;
use crate::doctor::roles::{Schemas, script, statements};
use crate::migrate::settle::trial_schema;
use crate::output::Outcome;

pub fn run(context: &Context, args: &GrantsArgs) -> anyhow::Result<Outcome> {
    let database = match &args.database {
        Some(name) => Ident::new(name)?,
        None => context.target().context("name the database by `--database`, or by `--url`")?.database,
    };
    let account = match &args.account {
        Some(account) => account.clone(),
        None => Account::current(&format!("caredb_{}@%", args.role.name())),
    };
    // the scratch schema's name may be too long, which is nothing to who needs none
    let scratch =
        if args.role.runs_files() { scratch::name(&args.scratch, database.as_str())? } else { database.clone() };
    let trial = trial_schema(&database)?;
    let statements = statements(args.role, &Schemas { database, scratch, trial }, &account, args.partial_revokes);
    let text = script(args.role, &statements);
    let list: Vec<_> =
        statements.iter().map(|statement| json!({ "why": statement.why, "sql": statement.sql })).collect();
    let fields = json!({ "role": args.role.name(), "account": account.to_string(), "statements": list });
    Ok(Outcome::done(text, fields).code())
}
