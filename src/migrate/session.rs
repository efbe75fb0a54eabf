//! What a file changes of its session: undone at its end, so that it does not reach the next file; repeated when the file
//! goes on after a crash.

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::classify::{Class, Session};
use super::files::Statement;
use crate::db::ddl::LIMIT;
use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;

/// What one file has changed so far.
#[derive(Debug, Default)]
pub struct FileSession {
    /// Where `USE` leads; caredb itself stays in its own database and goes there for each statement.
    database: Option<Ident>,
    /// The `SET NAMES` in force; caredb itself stays with utf8mb4, or it would read and write what it does not mean.
    names: Option<String>,
    variables: BTreeSet<String>,
}

impl FileSession {
    /// Repeats what the statements of a file that have run already did to the session.
    pub async fn replay(conn: &mut MySqlConnection, home: &Ident, done: &[Statement]) -> Result<Self, DbError> {
        let mut session = Self::default();
        for statement in done {
            if let Class::Session(change) = &statement.class {
                let what = format!("could not repeat line {}", statement.line);
                session.run(conn, home, change, &statement.text).await.map_err(|error| DbError::new(what, &error))?;
            }
        }
        Ok(session)
    }

    /// Runs a statement that changes the session.
    pub async fn run(
        &mut self,
        conn: &mut MySqlConnection,
        home: &Ident,
        change: &Session,
        text: &str,
    ) -> Result<(), sqlx::Error> {
        match change {
            Session::Use(database) => {
                go(conn, database).await?;
                go(conn, home).await?;
                self.database = Some(database.clone());
            }
            Session::Set(variables) if variables.iter().any(|variable| variable == NAMES) => {
                execute(conn, text).await?;
                execute(conn, OWN_NAMES).await?;
                self.names = Some(text.to_owned());
            }
            Session::Set(variables) => {
                sqlx::raw_sql(AssertSqlSafe(text)).execute(conn).await?;
                self.variables.extend(variables.iter().cloned());
            }
            Session::Prepare => {
                sqlx::raw_sql(AssertSqlSafe(text)).execute(conn).await?;
            }
        }
        Ok(())
    }

    /// Whether a `SET NAMES` is in force.
    #[must_use]
    pub fn has_names(&self) -> bool {
        self.names.is_some()
    }

    /// The database that the file's statements run in.
    #[must_use]
    pub fn database<'a>(&'a self, home: &'a Ident) -> &'a Ident {
        self.database.as_ref().unwrap_or(home)
    }

    /// Goes to where the file's statements run.
    pub async fn enter(&self, conn: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        if let Some(database) = &self.database {
            go(conn, database).await?;
        }
        match &self.names {
            Some(names) => execute(conn, names).await,
            None => Ok(()),
        }
    }

    /// Comes back to caredb's database, where the journal is.
    pub async fn leave(&self, conn: &mut MySqlConnection, home: &Ident) -> Result<(), sqlx::Error> {
        if self.names.is_some() {
            execute(conn, OWN_NAMES).await?;
        }
        match &self.database {
            Some(_) => go(conn, home).await,
            None => Ok(()),
        }
    }

    /// Gives the session back as the file found it.
    pub async fn restore(self, conn: &mut MySqlConnection) -> Result<(), DbError> {
        for variable in self.variables {
            // the names are words of the file's own SET, as the splitter read them
            let sql = match variable.as_str() {
                user if user.starts_with('@') => format!("SET {user} = NULL"),
                "lock_wait_timeout" => LIMIT.to_owned(),
                // it has neither a server-wide value nor a default to go back to
                "sql_log_bin" => "SET SESSION sql_log_bin = 1".to_owned(),
                // not `= DEFAULT`, which leaves foreign_key_checks and unique_checks at 0 (measured on 9.7)
                system => format!("SET SESSION {system} = @@GLOBAL.{system}"),
            };
            let mut restored = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await;
            // 1238: a variable that only sessions have, such as `timestamp`
            if restored.as_ref().err().and_then(server_error).is_some_and(|(number, _)| number == 1238) {
                let sql = format!("SET SESSION {variable} = DEFAULT");
                restored = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await;
            }
            // 1230: one that has no default either, such as `rand_seed1`; the next statement uses it up
            if restored.as_ref().err().and_then(server_error).is_some_and(|(number, _)| number == 1230) {
                continue;
            }
            restored.map_err(|error| {
                DbError::new(format!("could not restore `{variable}` after the file that set it"), &error)
            })?;
        }
        Ok(())
    }
}

/// How `classify` calls what `SET NAMES` and `SET CHARACTER SET` set.
const NAMES: &str = "names";

/// The character set of caredb's own connection.
const OWN_NAMES: &str = "SET NAMES utf8mb4";

async fn execute(conn: &mut MySqlConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.map(drop)
}

async fn go(conn: &mut MySqlConnection, database: &Ident) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(format!("USE {database}"))).execute(conn).await.map(|_| ())
}
