//! What an account needs for a group of commands, as data, and the GRANT statements of it: pure.

use std::fmt::Write as _;

use super::grants::{Account, pattern};
use crate::db::ident::Ident;

/// A group of commands that one account runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// `migrate`, `rollback`, `baseline`, `repair`, `verify`, `doctor`, `status`
    Migrate,
    /// `cron` and its jobs: `partition`, `archive`, `purge`, `compress`, `hold`, `runs`
    Cron,
    /// `seed`, `seed check`, `seed export`, `seed generate`
    Seed,
    /// `import run`, `import resume`, `import verify`
    Import,
    /// `validate`, `verify`, `drift`, `lint`
    Ci,
}

/// What a grant is given on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    /// The database.
    Database,
    /// The schema on which `verify`, `drift` and `lint` try files.
    Scratch,
    /// The schema on which `migrate` tries a statement that a crash interrupted.
    Trial,
    /// What the server keeps of other sessions.
    Sessions,
    /// Who is in the server's replication group.
    Members,
    /// The accounts of the server, in these two columns without a secret.
    Accounts,
    /// `*.*`
    Server,
}

/// One GRANT: what, on what, what for.
struct Need(&'static str, On, &'static str);

const ROWS: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE";

impl Role {
    /// All that the role needs. `tests/caredb/grants.rs` runs the commands with exactly these.
    fn needs(self) -> &'static [Need] {
        const PROCESS: Need = Need(
            "PROCESS",
            On::Server,
            "to see InnoDB's table ids and INSTANT changes, by which a rebuilt table is told from an old one",
        );
        const MEMBERS: Need =
            Need("SELECT", On::Members, "to tell the primary where the server is in a replication group");
        match self {
            Self::Migrate => &[
                Need(
                    "SELECT, INSERT, UPDATE, DELETE",
                    On::Database,
                    "to keep the history and the journal, and for rows that migrations change",
                ),
                Need(
                    "CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW, TRIGGER",
                    On::Database,
                    "for tables, views and triggers; `caredb doctor` names what pending files need beyond that (EVENT, CREATE ROUTINE)",
                ),
                Need("ALL", On::Scratch, "for `verify`, which makes and drops this schema"),
                Need("ALL", On::Trial, "to find out after a crash what an interrupted statement did"),
                Need("SELECT", On::Sessions, "to name who holds a table, and to show how far a long ALTER is"),
                PROCESS,
            ],
            Self::Cron => &[
                Need(ROWS, On::Database, "to move and delete rows, and to keep the ledger"),
                Need(
                    "ALTER, DROP, LOCK TABLES",
                    On::Database,
                    "to make months, to exchange old ones, and to keep writers out meanwhile",
                ),
                Need("TRIGGER", On::Database, "to see whether the triggers that keep references are as they should be"),
                Need(
                    "SELECT (User, Host)",
                    On::Accounts,
                    "to see whether the account that triggers run as is still there",
                ),
                Need("SELECT", On::Sessions, "to name who holds a table"),
                PROCESS,
            ],
            Self::Seed => &[
                Need(ROWS, On::Database, "to load rows, to take them back, and to note what was loaded"),
                Need(
                    "ALTER, DROP",
                    On::Database,
                    "for `seed generate`, which makes months and drops its checkpoints at the end",
                ),
                MEMBERS,
            ],
            Self::Import => {
                &[Need(ROWS, On::Database, "to load rows, and to note which ones came from where"), MEMBERS]
            }
            Self::Ci => &[
                Need("SELECT, SHOW VIEW, TRIGGER, EVENT", On::Database, "to read the history and the definitions"),
                Need("SHOW_ROUTINE", On::Server, "to read the definitions of procedures and functions"),
                Need("ALL", On::Scratch, "for `verify`, `drift` and `lint`, which make and drop this schema"),
                MEMBERS,
                PROCESS,
            ],
        }
    }

    /// Whether its commands run migration files, also on a scratch schema.
    #[must_use]
    pub fn runs_files(self) -> bool {
        matches!(self, Self::Migrate | Self::Ci)
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Migrate => "migrate",
            Self::Cron => "cron",
            Self::Seed => "seed",
            Self::Import => "import",
            Self::Ci => "ci",
        }
    }
}

/// The schemas that a role has to do with.
pub struct Schemas {
    /// The database.
    pub database: Ident,
    /// Where files are tried.
    pub scratch: Ident,
    /// Where a statement is tried after a crash.
    pub trial: Ident,
}

/// A comment and a statement without its `;`.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is for; never holds a name that somebody chose, which could end the comment.
    pub why: &'static str,
    /// The GRANT.
    pub sql: String,
}

/// The statements that give `account` what `role` needs. `partial_revokes`: the server knows these, and no wildcards.
#[must_use]
pub fn statements(role: Role, schemas: &Schemas, account: &Account, partial_revokes: bool) -> Vec<Statement> {
    let on = |on: On| match on {
        On::Database => pattern(schemas.database.as_str(), partial_revokes),
        On::Scratch => pattern(schemas.scratch.as_str(), partial_revokes),
        On::Trial => pattern(schemas.trial.as_str(), partial_revokes),
        On::Sessions => pattern("performance_schema", true),
        On::Members => "`performance_schema`.`replication_group_members`".to_owned(),
        On::Accounts => "`mysql`.`user`".to_owned(),
        On::Server => "*.*".to_owned(),
    };
    let statement =
        |Need(what, at, why): &Need| Statement { why, sql: format!("GRANT {what} ON {} TO {account}", on(*at)) };
    role.needs().iter().map(statement).collect()
}

/// The statements as a script for the mysql client.
#[must_use]
pub fn script(role: Role, statements: &[Statement]) -> String {
    let mut script = String::new();
    if role.runs_files() {
        script.push_str(
            "-- where the binary log is on, triggers need this as well, once a server (or SUPER, error 1419):\n\
             -- SET PERSIST log_bin_trust_function_creators = 1;\n",
        );
    }
    for Statement { why, sql } in statements {
        let _ = writeln!(script, "-- {why}\n{sql};"); // writing into a String can't fail
    }
    script.trim_end().to_owned()
}

#[cfg(test)]
mod tests;
