//! A connection, and what the server behind it is.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::mysql::MySqlConnection;
use sqlx::{ConnectOptions as _, Row as _};

use super::error::{DbError, io_reason, server_error};
use super::ident::Ident;
use super::target::Target;

/// The oldest server that caredb works with (design: the floor is MySQL 8.0.29).
const FLOOR: (u32, u32, u32) = (8, 0, 29);

/// One connection to a database, and what was learnt when it was made.
pub struct Session {
    /// The driver's connection.
    pub conn: MySqlConnection,
    /// The server's version, as it names it: `9.7.4`.
    pub version: String,
    /// The database that the session works in.
    pub database: Ident,
    /// The account that the server took the user for: `app@%`.
    pub account: String,
    /// The server's id of the connection.
    pub id: u64,
    /// Where it leads, to make it again or a second one.
    pub target: Target,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server has no such database; it could be created.
    #[error("database {0} does not exist")]
    MissingDatabase(String),
    /// The server wants a password, and none was given.
    #[error("user `{user}` needs a password at `{server}`; give it in the URL or by `CAREDB_PASSWORD_FILE`")]
    NeedsPassword {
        /// The user.
        user: String,
        /// The server.
        server: String,
    },
    /// The server is not one that caredb works with.
    #[error("the server at `{server}` is {what}; caredb needs MySQL 8.0.29 or later")]
    Unsuitable {
        /// The server.
        server: String,
        /// What it is: `MariaDB 10.11.6`, `MySQL 5.7.44`.
        what: String,
    },
    /// Nobody answers there.
    #[error("no server answers at `{server}` ({reason}); start it, or correct the URL")]
    Unreachable {
        /// The server.
        server: String,
        /// What the system said.
        reason: String,
    },
    /// The server and caredb can't agree on a safe channel.
    #[error(
        "no safe connection to `{server}` ({reason}); name the server's CA with `?ssl-ca=FILE`, or do without proof of its identity by `?ssl-mode=required`"
    )]
    Tls {
        /// The server.
        server: String,
        /// What the TLS library said.
        reason: String,
    },
    /// The file of `ssl-ca` can't be read.
    #[error("could not read `{}`, the CA of `ssl-ca`: {reason}; correct the path in the URL", file.display())]
    Ca {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Everything else the server said no for.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Connects and makes sure that the server is a MySQL that caredb works with.
pub async fn connect(target: &Target) -> Result<Session, ConnectError> {
    check_ca(target)?;
    let mut conn = match open(target, true).await {
        Ok(conn) => conn,
        Err(error) => {
            let refusal = refusal(target, &error);
            if let ConnectError::MissingDatabase(_) = refusal {
                // first things first: on the wrong kind of server there is no use in creating it
                let mut conn = open(target, false).await.map_err(|error| self::refusal(target, &error))?;
                identify(&mut conn, target).await?;
            }
            return Err(refusal);
        }
    };
    let (version, account, id) = identify(&mut conn, target).await?;
    Ok(Session { conn, version, database: target.database.clone(), account, id, target: target.clone() })
}

/// Connects to the server alone, whether or not it has the target's database.
pub async fn connect_server(target: &Target) -> Result<Session, ConnectError> {
    check_ca(target)?;
    let mut conn = open(target, false).await.map_err(|error| refusal(target, &error))?;
    let (version, account, id) = identify(&mut conn, target).await?;
    Ok(Session { conn, version, database: target.database.clone(), account, id, target: target.clone() })
}

/// The driver names no file when it can't read one.
fn check_ca(target: &Target) -> Result<(), ConnectError> {
    let Some(file) = target.ca() else { return Ok(()) };
    let unreadable =
        |error: std::io::Error| ConnectError::Ca { file: file.to_owned(), reason: error.to_string().to_lowercase() };
    std::fs::File::open(file).map(|_| ()).map_err(unreadable)
}

/// How long a server may take to answer a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

// sqlx asks for IGNORE_SPACE (CLIENT_IGNORE_SPACE), under which `CREATE TABLE count (…)` is an error and programs are stored with
// another sql_mode than the `mysql` client stores
const IDENTIFY: &str = "SET SESSION sql_mode = DEFAULT; SELECT VERSION(), CURRENT_USER(), CONNECTION_ID()";

/// The server's version, the account and the connection's id, where the server is one that caredb works with.
async fn identify(conn: &mut MySqlConnection, target: &Target) -> Result<(String, String, u64), ConnectError> {
    let server = target.server();
    let row = sqlx::raw_sql(IDENTIFY).fetch_one(conn).await;
    let row = row.map_err(|error| DbError::new(format!("could not ask `{server}` what it is"), &error))?;
    let version: String = row.get(0);
    match unsuitable(&version) {
        Some(what) => Err(ConnectError::Unsuitable { server, what }),
        None => Ok((version, row.get(1), row.get(2))),
    }
}

/// Creates the database that `target` names, with the character set of the schema.
/// Errors: no privilege, no connection.
pub async fn create_database(target: &Target) -> Result<(), ConnectError> {
    let mut conn = open(target, false).await.map_err(|error| refusal(target, &error))?;
    let sql = format!("CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", target.database);
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut conn)
        .await
        .map_err(|error| DbError::new(format!("could not create database {target}"), &error))?;
    Ok(())
}

async fn open(target: &Target, with_database: bool) -> Result<MySqlConnection, sqlx::Error> {
    let options = target.options(with_database);
    tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await.unwrap_or_else(|_| {
        let reason = format!("no answer within {} s", CONNECT_TIMEOUT.as_secs());
        Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, reason)))
    })
}

fn refusal(target: &Target, error: &sqlx::Error) -> ConnectError {
    let server = target.server();
    match (server_error(error), error) {
        (Some((1049, _)), _) => ConnectError::MissingDatabase(target.to_string()),
        (Some((1045, _)), _) if !target.has_password() => {
            ConnectError::NeedsPassword { user: target.user().to_owned(), server }
        }
        // what rustls does not like about a certificate comes as invalid data
        (None, sqlx::Error::Io(io)) if io.kind() == std::io::ErrorKind::InvalidData => {
            ConnectError::Tls { server, reason: io.to_string() }
        }
        (None, sqlx::Error::Io(io)) => ConnectError::Unreachable { server, reason: io_reason(io) },
        (None, sqlx::Error::Tls(tls)) => ConnectError::Tls { server, reason: tls.to_string() },
        _ => DbError::new(format!("could not connect to {target}"), error).into(),
    }
}

/// Names the server where it is not MySQL 8.0.29 or later; `version` is what `VERSION()` says.
fn unsuitable(version: &str) -> Option<String> {
    if let Some((number, _)) = version.split_once("-MariaDB") {
        return Some(format!("MariaDB {}", number.trim_start_matches("5.5.5-")));
    }
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    let found = (next(), next(), next());
    (found < FLOOR).then(|| format!("MySQL {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_servers_apart() {
        for (version, what) in [
            ("9.7.4", None),
            ("8.4.3-log", None),
            ("8.0.29-0ubuntu0.20.04.3", None),
            ("8.0.28", Some("MySQL 8.0.28")),
            ("5.7.44-log", Some("MySQL 5.7.44-log")),
            ("10.11.6-MariaDB-0+deb12u1", Some("MariaDB 10.11.6")),
            ("5.5.5-10.6.18-MariaDB", Some("MariaDB 10.6.18")),
        ] {
            assert_eq!(unsuitable(version).as_deref(), what, "{version}");
        }
    }
}
