//! `grants`.

use clap::Args;

use super::ScratchArgs;
use crate::doctor::grants::Account;
use crate::doctor::roles::Role;

/// `grants`
#[derive(Debug, Args)]
pub struct GrantsArgs {
    /// What the account is for
    #[arg(value_enum)]
    pub role: Role,
    /// The account, `'name'@'host'`; without it, `'caredb_ROLE'@'%'`
    #[arg(long, value_name = "ACCOUNT", value_parser = Account::new)]
    pub account: Option<Account>,
    /// The database; without it, that of the URL, or the private server's
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    /// For a server with `partial_revokes`, where `_` and `%` in the name of a database are no wildcards, and not escaped
    #[arg(long)]
    pub partial_revokes: bool,
    /// Where files are tried.
    #[command(flatten)]
    pub scratch: ScratchArgs,
}
