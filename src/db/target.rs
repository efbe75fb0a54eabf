//! Where to connect: the `mysql://` URL, read strictly. What it says is never guessed and never printed whole.

use std::fmt;
use std::path::{Path, PathBuf};

use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use super::ident::{Ident, InvalidIdent, nearest};

/// The parameters that a URL may carry after `?`.
pub const PARAMETERS: [&str; 3] = ["socket", "ssl-mode", "ssl-ca"];

const SSL_MODES: [(&str, MySqlSslMode); 5] = [
    ("disabled", MySqlSslMode::Disabled),
    ("preferred", MySqlSslMode::Preferred),
    ("required", MySqlSslMode::Required),
    ("verify-ca", MySqlSslMode::VerifyCa),
    ("verify-identity", MySqlSslMode::VerifyIdentity),
];

/// A server, or several of one cluster, and a database on it. Displays without the password.
#[derive(Clone)]
pub struct Target {
    hosts: Vec<Host>,
    /// Which of the hosts a connection leads to.
    at: usize,
    socket: Option<PathBuf>,
    user: String,
    password: Option<String>,
    ssl_mode: Option<MySqlSslMode>,
    ssl_ca: Option<PathBuf>,
    /// The database to work in.
    pub database: Ident,
}

#[derive(Clone, PartialEq, Eq)]
struct Host {
    name: String,
    port: u16,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.port)
    }
}

/// What is wrong with a URL. Never repeats the URL, which may hold a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TargetError {
    /// It can't be read as a URL at all.
    #[error("not a MySQL URL ({0}); write it as `mysql://user:password@host:3306/database`")]
    Malformed(String),
    /// It names no database.
    #[error("it names no database; write it as `mysql://user:password@host:3306/database`")]
    NoDatabase,
    /// The name of the database is none.
    #[error(transparent)]
    Database(#[from] InvalidIdent),
    /// Several hosts, of which one is none, or is there twice.
    #[error("the list of hosts {0}; write it as `mysql://user:password@host1:3306,host2:3306/database`")]
    Hosts(&'static str),
    /// A parameter that is not known, or twice.
    #[error("parameter `{name}` {problem}; known are `socket`, `ssl-mode`, `ssl-ca`")]
    Parameter {
        /// The parameter's name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An unknown value of `ssl-mode`.
    #[error(
        "`ssl-mode={0}` is not known; it is one of `disabled`, `preferred`, `required`, `verify-ca`, `verify-identity`"
    )]
    SslMode(String),
}

impl Target {
    /// Reads a URL `mysql://user:password@host:port/database?socket=…&ssl-mode=…&ssl-ca=…`; user, password
    /// and database are percent-decoded; no port is 3306, no host `localhost`. Several hosts are separated by commas.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let malformed = |reason: &str| TargetError::Malformed(reason.to_owned());
        let rest = url.strip_prefix("mysql://").ok_or_else(|| malformed("it does not begin with `mysql://`"))?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // what seems to be a parameter may be a part of a password
        if path.contains('@') {
            return Err(malformed("a `/`, `?`, `#` or `@` is percent-encoded, `%2F`, `%3F`, `%23` or `%40`"));
        }
        let (user, list) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let mut hosts = Vec::new();
        let mut urls = Vec::new();
        for host in list.split(',') {
            if host.is_empty() && list.contains(',') {
                return Err(TargetError::Hosts("has an empty place"));
            }
            let url = read(&format!("mysql://{user}{host}{path}"))?;
            let host = Host::of(&url)?;
            if hosts.contains(&host) {
                return Err(TargetError::Hosts("names one twice"));
            }
            hosts.push(host);
            urls.push(url);
        }
        // what is not the host's is the same in each of them, and a split has at least one part
        let url = urls.swap_remove(0);
        let database = decode(url.path().trim_start_matches('/'))?;
        if database.is_empty() {
            return Err(TargetError::NoDatabase);
        }
        let mut target = Self {
            hosts,
            at: 0,
            socket: None,
            user: match url.username() {
                "" => "root".to_owned(),
                user => decode(user)?,
            },
            password: url.password().map(decode).transpose()?,
            ssl_mode: None,
            ssl_ca: None,
            database: Ident::new(&database)?,
        };
        let mut seen = Vec::new();
        for (name, value) in url.query_pairs() {
            let problem = |problem: String| TargetError::Parameter { name: name.escape_debug().to_string(), problem };
            if seen.contains(&name) {
                return Err(problem("is given twice".to_owned()));
            }
            if value.is_empty() {
                return Err(problem("has no value".to_owned()));
            }
            match name.as_ref() {
                "socket" => target.socket = Some(PathBuf::from(value.as_ref())),
                "ssl-ca" => target.ssl_ca = Some(PathBuf::from(value.as_ref())),
                "ssl-mode" => {
                    let wanted = value.to_lowercase().replace('_', "-");
                    let mode = SSL_MODES.iter().find(|(name, _)| *name == wanted);
                    target.ssl_mode =
                        Some(mode.ok_or_else(|| TargetError::SslMode(value.escape_debug().to_string()))?.1);
                }
                unknown => {
                    let nearest = nearest(unknown, PARAMETERS);
                    return Err(problem(match nearest {
                        Some(nearest) => format!("is not known, did you mean `{nearest}`?"),
                        None => "is not known".to_owned(),
                    }));
                }
            }
            seen.push(name);
        }
        if target.socket.is_some() && target.hosts.len() > 1 {
            return Err(TargetError::Hosts("has several, and a `socket` leads to one server"));
        }
        Ok(target)
    }

    /// A server behind a Unix socket, as `caredb dev up` starts it: user root, no password.
    #[must_use]
    pub fn private(socket: PathBuf, database: Ident) -> Self {
        let hosts = vec![Host { name: "localhost".to_owned(), port: 3306 }];
        let user = "root".to_owned();
        Self { hosts, at: 0, socket: Some(socket), user, password: None, ssl_mode: None, ssl_ca: None, database }
    }

    /// One target for each host, which leads to it: where this one leads to comes first.
    #[must_use]
    pub fn each(&self) -> Vec<Self> {
        let others = (0..self.hosts.len()).filter(|at| *at != self.at);
        std::iter::once(self.at).chain(others).map(|at| Self { at, ..self.clone() }).collect()
    }

    /// Whether a password is known.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Sets the password, from a file or a prompt.
    #[must_use]
    pub fn with_password(mut self, password: String) -> Self {
        self.password = Some(password);
        self
    }

    /// Takes the password of another server's URL, where this one has none and the user is the same.
    #[must_use]
    pub fn or_password_of(mut self, other: &Self) -> Self {
        if self.password.is_none() && self.user == other.user {
            self.password.clone_from(&other.password);
        }
        self
    }

    /// The user's name at the server.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The file of the CA that the server's certificate must come from.
    #[must_use]
    pub fn ca(&self) -> Option<&Path> {
        self.ssl_ca.as_deref()
    }

    /// The server alone, for messages: `localhost:3306`, or the socket's path; all hosts where there are several.
    #[must_use]
    pub fn server(&self) -> String {
        match &self.socket {
            Some(socket) => socket.display().to_string(),
            None => self.hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(","),
        }
    }

    /// The one server that a connection leads to, for messages.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.socket {
            Some(_) => self.server(),
            None => self.hosts[self.at].to_string(),
        }
    }

    /// The driver's options. Without `ssl-mode`, loopback and a socket that a password passes over are encrypted
    /// where the server can, and every other host must show a certificate that a known CA signed for its name.
    /// `with_database`: false to connect to the server alone.
    #[must_use]
    pub fn options(&self, with_database: bool) -> MySqlConnectOptions {
        let host = &self.hosts[self.at];
        let default_mode = match (&self.socket, &self.password) {
            (Some(_), None) => MySqlSslMode::Disabled,
            // sqlx 0.9 sends no password over an unencrypted socket: it asks for the server's RSA key, while
            // caching_sha2_password takes a socket for safe and expects the password itself
            (Some(_), Some(_)) => MySqlSslMode::Preferred,
            (None, _) if host.is_local() && self.ssl_ca.is_none() => MySqlSslMode::Preferred,
            (None, _) => MySqlSslMode::VerifyIdentity,
        };
        let mut options = MySqlConnectOptions::new()
            .host(&host.name)
            .port(host.port)
            .username(&self.user)
            .ssl_mode(self.ssl_mode.unwrap_or(default_mode))
            // statements must run under the server's own settings, as in the `mysql` client
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None);
        if let Some(socket) = &self.socket {
            options = options.socket(socket);
        }
        if let Some(password) = &self.password {
            options = options.password(password);
        }
        if let Some(ca) = &self.ssl_ca {
            options = options.ssl_ca(ca);
        }
        if with_database {
            options = options.database(self.database.as_str());
        }
        options
    }
}

/// Reads a URL of one host. Errors name the part that is wrong ("invalid port number"), not its text.
fn read(url: &str) -> Result<url::Url, TargetError> {
    let url = url::Url::parse(url).map_err(|error| TargetError::Malformed(error.to_string()))?;
    if url.fragment().is_some() {
        let reason = "a `#` in a user, password or name is written `%23`";
        return Err(TargetError::Malformed(reason.to_owned()));
    }
    Ok(url)
}

fn decode(part: &str) -> Result<String, TargetError> {
    let text = percent_encoding::percent_decode_str(part).decode_utf8();
    let malformed = |_| TargetError::Malformed("it is not UTF-8 once percent-decoded".to_owned());
    text.map(std::borrow::Cow::into_owned).map_err(malformed)
}

impl Host {
    fn of(url: &url::Url) -> Result<Self, TargetError> {
        let name = match url.host_str() {
            Some(host) if !host.is_empty() => decode(host.trim_matches(['[', ']']))?,
            _ => "localhost".to_owned(),
        };
        if name.contains(char::is_control) {
            return Err(TargetError::Malformed("invalid domain character".to_owned()));
        }
        if url.port() == Some(0) {
            return Err(TargetError::Malformed("there is no port 0".to_owned()));
        }
        Ok(Self { name, port: url.port().unwrap_or(3306) })
    }

    fn is_local(&self) -> bool {
        let loopback = self.name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        loopback || self.name.eq_ignore_ascii_case("localhost")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` at `{}`", self.database.as_str(), self.server())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_part() {
        let target =
            Target::parse("mysql://al%40ice:p%2Fw%23@db.example.org:3307/clinic?ssl-mode=VERIFY_CA&ssl-ca=/etc/ca.pem")
                .unwrap();
        assert_eq!(target.to_string(), "`clinic` at `db.example.org:3307`");
        assert_eq!((target.user(), target.password.as_deref()), ("al@ice", Some("p/w#")));
        assert!(matches!(target.ssl_mode, Some(MySqlSslMode::VerifyCa)));
        let target = Target::parse("mysql:///clinic?socket=/run/a%20b.sock").unwrap();
        assert_eq!(target.to_string(), "`clinic` at `/run/a b.sock`");
        let target = Target::parse("mysql://u@[::1]/clinic").unwrap();
        assert_eq!(target.server(), "::1:3306");
        assert!(target.hosts[0].is_local());
        let target = Target::parse("mysql://u:p@a:3307,b,[::1]:3308/clinic?ssl-mode=required").unwrap();
        assert_eq!(target.to_string(), "`clinic` at `a:3307,b:3306,::1:3308`");
        assert_eq!(target.each().iter().map(Target::host).collect::<Vec<_>>(), ["a:3307", "b:3306", "::1:3308"]);
        let found = target.each().swap_remove(1);
        assert_eq!(found.server(), target.server());
        assert_eq!(found.each().iter().map(Target::host).collect::<Vec<_>>(), ["b:3306", "a:3307", "::1:3308"]);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for (url, message) in [
            (
                "postgres://a/b",
                "not a MySQL URL (it does not begin with `mysql://`); write it as `mysql://user:password@host:3306/database`",
            ),
            (
                "mysql://h:99999/d",
                "not a MySQL URL (invalid port number); write it as `mysql://user:password@host:3306/database`",
            ),
            (
                "mysql://u:12/34@h/d",
                "not a MySQL URL (a `/`, `?`, `#` or `@` is percent-encoded, `%2F`, `%3F`, `%23` or `%40`); write it as `mysql://user:password@host:3306/database`",
            ),
            (
                "mysql://u:1/a?secret=@h/d",
                "not a MySQL URL (a `/`, `?`, `#` or `@` is percent-encoded, `%2F`, `%3F`, `%23` or `%40`); write it as `mysql://user:password@host:3306/database`",
            ),
            ("mysql://h/d?%1b%0a=1", "parameter `\\u{1b}\\n` is not known; known are `socket`, `ssl-mode`, `ssl-ca`"),
            (
                "mysql://h/d?ssl-mode=%07",
                "`ssl-mode=\\u{7}` is not known; it is one of `disabled`, `preferred`, `required`, `verify-ca`, `verify-identity`",
            ),
            ("mysql://h", "it names no database; write it as `mysql://user:password@host:3306/database`"),
            (
                "mysql://a:3306,,b:3306/d",
                "the list of hosts has an empty place; write it as `mysql://user:password@host1:3306,host2:3306/database`",
            ),
            (
                "mysql://a,b,a:3306/d",
                "the list of hosts names one twice; write it as `mysql://user:password@host1:3306,host2:3306/database`",
            ),
            (
                "mysql://a,b/d?socket=/s",
                "the list of hosts has several, and a `socket` leads to one server; write it as `mysql://user:password@host1:3306,host2:3306/database`",
            ),
            (
                "mysql://h/d?ssl_mode=required",
                "parameter `ssl_mode` is not known, did you mean `ssl-mode`?; known are `socket`, `ssl-mode`, `ssl-ca`",
            ),
            ("mysql://h/d?socket=", "parameter `socket` has no value; known are `socket`, `ssl-mode`, `ssl-ca`"),
            (
                "mysql://h/d?socket=/a&socket=/b",
                "parameter `socket` is given twice; known are `socket`, `ssl-mode`, `ssl-ca`",
            ),
            (
                "mysql://h/d?ssl-mode=maybe",
                "`ssl-mode=maybe` is not known; it is one of `disabled`, `preferred`, `required`, `verify-ca`, `verify-identity`",
            ),
        ] {
            assert_eq!(Target::parse(url).map(|_| ()).unwrap_err().to_string(), message, "{url}");
        }
    }

    #[test]
    fn a_password_is_taken_over_for_the_same_user_alone() {
        let primary = Target::parse("mysql://cron:secret@a/d").unwrap();
        for (url, password) in
            [("mysql://cron@b/d", Some("secret")), ("mysql://cron:own@b/d", Some("own")), ("mysql://monitor@b/d", None)]
        {
            assert_eq!(Target::parse(url).unwrap().or_password_of(&primary).password.as_deref(), password, "{url}");
        }
    }

    #[test]
    fn an_unknown_host_must_prove_who_it_is() {
        let mode = |url: &str| Target::parse(url).unwrap().options(true).get_ssl_mode();
        assert!(matches!(mode("mysql://db.example.org/d"), MySqlSslMode::VerifyIdentity));
        assert!(matches!(mode("mysql://127.0.0.1/d"), MySqlSslMode::Preferred));
        assert!(matches!(mode("mysql://localhost/d?ssl-ca=/ca.pem"), MySqlSslMode::VerifyIdentity));
        assert!(matches!(mode("mysql:///d?socket=/s"), MySqlSslMode::Disabled));
        assert!(matches!(mode("mysql://u:p@h/d?socket=/s"), MySqlSslMode::Preferred));
    }
}
