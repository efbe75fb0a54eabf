//! A connection, and what the server behind it is.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sqlx::mysql::MySqlConnection;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tokio::task::JoinSet;

use super::error::{DbError, io_reason, server_error};
use super::ident::Ident;
use super::primary::{self, Choice, Standing};
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
        /// What it is: `MariaDB 10.11.6`, `MySQL 5.7.44`, `TiDB`.
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
    /// Several hosts, and none is the primary.
    #[error("no primary among the hosts of the URL ({why}); {}", if *electing { "wait until the group has one, and run again" } else { "name the hosts of one cluster, its primary among them" })]
    NoPrimary {
        /// What each host is.
        why: String,
        /// A group may elect one soon.
        electing: bool,
    },
    /// The server and caredb can't agree on a safe channel.
    #[error("no safe connection to `{server}` ({reason}); {cure}")]
    Tls {
        /// The server.
        server: String,
        /// What is wrong with it.
        reason: String,
        /// What helps there.
        cure: &'static str,
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

/// Connects and makes sure that the server is a MySQL that caredb works with; where the URL names several hosts, to the primary.
pub async fn connect(target: &Target) -> Result<Session, ConnectError> {
    check_ca(target)?;
    let target = &locate(target).await?;
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
    let target = &locate(target).await?;
    let mut conn = open(target, false).await.map_err(|error| refusal(target, &error))?;
    let (version, account, id) = identify(&mut conn, target).await?;
    Ok(Session { conn, version, database: target.database.clone(), account, id, target: target.clone() })
}

/// How long a server may stay away: a restart, or the election of another primary, which took 21 s with MySQL's defaults
/// (facts.md; measured on 9.7.4).
pub const AWAY: Duration = Duration::from_secs(90);

/// Connects to a server that may be away for a while, trying for [`AWAY`]. Errors: those of the last attempt.
pub async fn connect_again(target: &Target) -> Result<Session, ConnectError> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        match connect(target).await {
            Err(error) if begun.elapsed() < AWAY && error.may_pass() => tokio::time::sleep(pause).await,
            result => return result,
        }
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

impl ConnectError {
    /// Whether it may be gone in a while: nobody answers, or a server that starts or ends says no.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::NoPrimary { electing, .. } => *electing,
            Self::Db(error) => error.lost || matches!(error.number, None | Some(1040)),
            _ => false,
        }
    }

    /// As an error of what needed the connection; `lost` where a later one may be had.
    #[must_use]
    pub fn while_doing(self, what: impl Into<String>) -> DbError {
        if let Self::Db(error) = self {
            return error;
        }
        let mut error = DbError::because(what, self.to_string());
        error.lost = self.may_pass();
        error
    }
}

/// Where the URL names several hosts, a target that leads to the primary; one host is taken as it is. Asks all at once, and
/// waits for the slowest only where there is no group that says who the primary is.
async fn locate(target: &Target) -> Result<Target, ConnectError> {
    let each = target.each();
    if each.len() == 1 {
        return Ok(target.clone());
    }
    let mut answers: Vec<_> = each.iter().map(|host| (host.host(), Err("no answer yet".to_owned()))).collect();
    let mut asked = JoinSet::new();
    for (place, host) in each.iter().cloned().enumerate() {
        asked.spawn(async move { (place, ask(&host).await) });
    }
    let mut refused: Option<(usize, ConnectError)> = None;
    // a task that panicked has given no answer
    while let Some(Ok((place, answer))) = asked.join_next().await {
        answers[place].1 = match answer {
            Ok(standing) if standing.group.is_some() && standing.takes_writes().is_ok() => {
                return Ok(each[place].clone());
            }
            Ok(standing) => Ok(standing),
            Err(ConnectError::Unreachable { reason, .. }) => Err(reason),
            Err(error @ ConnectError::NeedsPassword { .. }) => {
                let reason = error.to_string();
                // the first of the URL, whoever answers first
                if refused.as_ref().is_none_or(|(first, _)| place < *first) {
                    refused = Some((place, error));
                }
                Err(reason)
            }
            Err(error) => Err(error.to_string()),
        };
    }
    match (primary::choose(&answers), refused) {
        (Choice::Primary(place), _) => Ok(each[place].clone()),
        (_, Some((_, refused))) => Err(refused),
        (Choice::Electing(why), None) => Err(ConnectError::NoPrimary { why, electing: true }),
        (Choice::None(why), None) => Err(ConnectError::NoPrimary { why, electing: false }),
    }
}

async fn ask(host: &Target) -> Result<Standing, ConnectError> {
    let mut conn = open(host, false).await.map_err(|error| refusal(host, &error))?;
    identify(&mut conn, host).await?;
    let standing = primary::standing(&mut conn).await?;
    // without this the server notes an aborted connection in its log
    let _ = conn.close().await;
    Ok(standing)
}

/// The driver names no file when it can't read one, and takes one without a certificate for none.
fn check_ca(target: &Target) -> Result<(), ConnectError> {
    let Some(file) = target.ca() else { return Ok(()) };
    let unusable = |reason: String| ConnectError::Ca { file: file.to_owned(), reason };
    let text = crate::text::bytes(file).map_err(|error| unusable(error.to_string().to_lowercase()))?;
    let has_one = String::from_utf8_lossy(&text).contains("-----BEGIN CERTIFICATE-----");
    if has_one { Ok(()) } else { Err(unusable("it holds no certificate in PEM".to_owned())) }
}

/// How long a server may take to answer a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

// sqlx asks for IGNORE_SPACE (CLIENT_IGNORE_SPACE), under which `CREATE TABLE count (…)` is an error and programs are stored with
// another sql_mode than the `mysql` client stores
const IDENTIFY: &str = "SET SESSION sql_mode = DEFAULT; SELECT VERSION(), CURRENT_USER(), CONNECTION_ID()";

/// The server's version, the account and the connection's id, where the server is one that caredb works with.
async fn identify(conn: &mut MySqlConnection, target: &Target) -> Result<(String, String, u64), ConnectError> {
    let server = target.host();
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
    let target = &locate(target).await?;
    let mut conn = open(target, false).await.map_err(|error| refusal(target, &error))?;
    // a server that has left its group would have what no member knows, and could not come back
    primary::require(&mut conn, format!("could not create database {target}")).await?;
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
    let server = target.host();
    match (server_error(error), error) {
        (Some((1049, _)), _) => ConnectError::MissingDatabase(target.to_string()),
        (Some((1045, _)), _) if !target.has_password() => {
            ConnectError::NeedsPassword { user: target.user().to_owned(), server }
        }
        // what rustls does not like about a certificate comes as invalid data
        (None, sqlx::Error::Io(io)) if io.kind() == std::io::ErrorKind::InvalidData => {
            unsafe_channel(server, &io.to_string())
        }
        (None, sqlx::Error::Io(io)) => ConnectError::Unreachable { server, reason: io_reason(io) },
        (None, sqlx::Error::Tls(tls)) => unsafe_channel(server, &tls.to_string()),
        _ => DbError::new(format!("could not connect to {target}"), error).into(),
    }
}

/// What keeps a channel from being safe, and what helps; `reason`: in the words of rustls or the driver, which have no type here.
fn unsafe_channel(server: String, reason: &str) -> ConnectError {
    let has = |words: &str| reason.contains(words);
    let (reason, cure) = match reason.strip_prefix("invalid peer certificate: ").unwrap_or(reason) {
        "server does not support TLS" => (
            "it has no TLS",
            "have it switched on there (`tls_version`, `ssl_cert`), or say `?ssl-mode=preferred` where nobody can listen in between",
        ),
        "UnknownIssuer" => (
            "its certificate is from a CA that is not known here",
            "name the CA's file with `?ssl-ca=FILE`, or do without proof of its identity by `?ssl-mode=required`",
        ),
        _ if has("certificate expired") => {
            ("its certificate has expired", "have it renewed there, or see whether this machine's clock is right")
        }
        reason if has("not valid for name") || has("NotValidForName") => (
            reason,
            "connect by a name that it is for, or, where the CA signs for nobody else, say `?ssl-mode=verify-ca`",
        ),
        reason => (reason, "see which certificate and which `tls_version` the server has"),
    };
    ConnectError::Tls { server, reason: reason.to_owned(), cure }
}

/// Names the server where it is not MySQL 8.0.29 or later; `version` is what `VERSION()` says.
fn unsuitable(version: &str) -> Option<String> {
    if let Some((number, _)) = version.split_once("-MariaDB") {
        return Some(format!("MariaDB {}", number.trim_start_matches("5.5.5-")));
    }
    // both have no triggers, by which the keys of partitioned appointments are kept (their documentation; not run)
    for other in ["TiDB", "Vitess"] {
        if version.contains(other) {
            return Some(format!("{other} (`{version}`)"));
        }
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
            ("8.0.11-TiDB-v8.5.1", Some("TiDB (`8.0.11-TiDB-v8.5.1`)")),
            ("8.0.40-Vitess", Some("Vitess (`8.0.40-Vitess`)")),
        ] {
            assert_eq!(unsuitable(version).as_deref(), what, "{version}");
        }
    }
}
