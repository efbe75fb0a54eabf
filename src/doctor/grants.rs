//! What an account may do, read from `SHOW GRANTS`: the one source that has the active roles in it. And names as GRANT takes them.

use std::fmt;

/// The privileges of the session, its active roles included.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Grants {
    given: Vec<Grant>,
    /// Partial revokes: what a global grant does not give in one database.
    revoked: Vec<Grant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    privileges: Vec<String>,
    scope: Scope,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    /// `*.*`
    Global,
    /// `` `pattern`.* ``, where `_` and `%` are wildcards
    Database(String),
    /// A table or a routine of this database.
    Object(String),
}

impl Grants {
    /// Reads the lines of `SHOW GRANTS`; grants of roles and of PROXY are passed over.
    #[must_use]
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut grants = Self::default();
        for line in lines {
            if let Some(grant) = line.strip_prefix("GRANT ").and_then(|rest| read(rest, " TO ")) {
                grants.given.push(grant);
            } else if let Some(grant) = line.strip_prefix("REVOKE ").and_then(|rest| read(rest, " FROM ")) {
                grants.revoked.push(grant);
            }
        }
        grants
    }

    /// Whether a privilege that only exists globally is held: `SUPER`, `CONNECTION_ADMIN`.
    #[must_use]
    pub fn has_global(&self, privilege: &str) -> bool {
        self.given.iter().any(|grant| grant.scope == Scope::Global && grant.names(privilege))
    }

    /// Whether a privilege is held in a database. One that is held on any table of it counts, so that what is
    /// called missing is missing for sure.
    #[must_use]
    pub fn has(&self, privilege: &str, database: &str) -> bool {
        let revoked = self
            .revoked
            .iter()
            .any(|grant| grant.scope == Scope::Database(database.to_owned()) && grant.names(privilege));
        self.given.iter().any(|grant| {
            grant.names(privilege)
                && match &grant.scope {
                    Scope::Global => !revoked,
                    Scope::Database(pattern) => pattern == database || like(pattern, database),
                    Scope::Object(name) => name == database,
                }
        })
    }
}

impl Grant {
    fn names(&self, privilege: &str) -> bool {
        self.privileges.iter().any(|held| held == privilege || held == "ALL PRIVILEGES")
    }
}

/// Reads `SELECT, INSERT (`a`) ON `db`.`t` TO …`.
fn read(text: &str, end: &str) -> Option<Grant> {
    let (privileges, rest) = text.split_once(" ON ")?;
    let (object, _) = rest.split_once(end)?;
    // a column's list says no more than that the privilege is held somewhere
    let privileges: Vec<String> = privileges
        .split(',')
        .map(|privilege| privilege.split('(').next().unwrap_or_default().trim().to_owned())
        .filter(|privilege| !privilege.is_empty() && !privilege.contains('`'))
        .collect();
    let object =
        ["FUNCTION ", "PROCEDURE ", "TABLE "].iter().find_map(|kind| object.strip_prefix(kind)).unwrap_or(object);
    let scope = if object == "*.*" {
        Scope::Global
    } else if let Some(database) = object.strip_suffix(".*") {
        Scope::Database(unquoted(database)?)
    } else {
        let (database, _) = object.split_once("`.`")?;
        Scope::Object(unquoted(&format!("{database}`"))?)
    };
    Some(Grant { privileges, scope })
}

fn unquoted(name: &str) -> Option<String> {
    Some(name.strip_prefix('`')?.strip_suffix('`')?.replace("``", "`"))
}

/// Whether `text` matches a pattern of SQL's LIKE, with `\` as its escape.
fn like(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    let Some(first) = rest.next() else { return text.is_empty() };
    let mut after = text.chars();
    match first {
        '%' => like(rest.as_str(), text) || after.next().is_some() && like(pattern, after.as_str()),
        '_' => after.next().is_some() && like(rest.as_str(), after.as_str()),
        first => {
            let literal = if first == '\\' { rest.next().unwrap_or('\\') } else { first };
            after.next() == Some(literal) && like(rest.as_str(), after.as_str())
        }
    }
}

/// A database as GRANT takes it: `_` and `%` are wildcards there, unless the server knows partial revokes.
#[must_use]
pub fn pattern(database: &str, partial_revokes: bool) -> String {
    let name = database.replace('`', "``");
    if partial_revokes {
        return format!("`{name}`.*");
    }
    format!("`{}`.*", name.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%"))
}

/// An account of the server. Displays as GRANT takes it, in backticks, which no `sql_mode` reads otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    user: String,
    host: String,
}

impl Account {
    /// Reads `'name'@'host'`, also in other quotes or without; no host is `%`. Errors: what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let (user, rest) = part(text)?;
        let host = match rest.strip_prefix('@') {
            None if rest.is_empty() => "%".to_owned(),
            None => return Err("write it as `'name'@'host'`".to_owned()),
            Some(host) => match part(host)? {
                (host, "") => host,
                _ => return Err("write it as `'name'@'host'`".to_owned()),
            },
        };
        let too_long = |text: &str, limit: usize| text.chars().count() > limit;
        if user.is_empty() || host.is_empty() {
            return Err("neither the name nor the host may be empty".to_owned());
        }
        if too_long(&user, 32) || too_long(&host, 255) {
            return Err("a name has 32 characters at the most, a host 255".to_owned());
        }
        if user.chars().chain(host.chars()).any(char::is_control) {
            return Err("it holds control characters".to_owned());
        }
        Ok(Self { user, host })
    }

    /// Reads what `CURRENT_USER()` says: `app@%`, where the name may hold an `@` as well.
    #[must_use]
    pub fn current(text: &str) -> Self {
        let (user, host) = text.rsplit_once('@').unwrap_or((text, "%"));
        Self { user: user.to_owned(), host: host.to_owned() }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`@`{}`", self.user.replace('`', "``"), self.host.replace('`', "``"))
    }
}

/// The name at the beginning of a text, in quotes (doubled where they are a part of it) or up to the last `@`, and what follows.
fn part(text: &str) -> Result<(String, &str), String> {
    let Some(quote @ ('\'' | '"' | '`')) = text.chars().next() else {
        let end = text.rfind('@').unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut name = String::new();
    let mut rest = &text[1..];
    while let Some((before, after)) = rest.split_once(quote) {
        name.push_str(before);
        match after.strip_prefix(quote) {
            Some(after) => {
                name.push(quote);
                rest = after;
            }
            None => return Ok((name, after)),
        }
    }
    Err(format!("its {quote} is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_show_grants_prints() {
        // lines of a MySQL 9.7 server
        let grants = Grants::read([
            "GRANT USAGE ON *.* TO `app`@`%`",
            "GRANT CREATE, ALTER ON `clinic`.* TO `app`@`%`",
            r"GRANT SELECT ON `t\_%`.* TO `app`@`%`",
            "GRANT UPDATE, INSERT (`a`,`b`) ON `dd`.`t` TO `app`@`%`",
            "GRANT EXECUTE ON PROCEDURE `other`.`p` TO `app`@`%`",
            "GRANT ALL PRIVILEGES ON `we``ird`.* TO `app`@`%` WITH GRANT OPTION",
            "GRANT `r1`@`%` TO `app`@`%`",
            "GRANT PROXY ON ``@`` TO `app`@`%` WITH GRANT OPTION",
        ]);
        for (privilege, database, has) in [
            ("CREATE", "clinic", true),
            ("CREATE VIEW", "clinic", false),
            ("CREATE", "clinic2", false),
            ("SELECT", "t_one", true),
            ("SELECT", "tone", false),
            ("INSERT", "dd", true),
            ("DELETE", "dd", false),
            ("EXECUTE", "other", true),
            ("DROP", "we`ird", true),
            ("PROXY", "clinic", false),
        ] {
            assert_eq!(grants.has(privilege, database), has, "{privilege} on {database}");
        }
        assert!(!grants.has_global("SUPER"));
    }

    #[test]
    fn a_partial_revoke_takes_from_a_global_grant() {
        let grants =
            Grants::read(["GRANT SELECT, DROP, SUPER ON *.* TO `dba`@`%`", "REVOKE DROP ON `clinic`.* FROM `dba`@`%`"]);
        assert!(grants.has_global("SUPER"));
        assert!(grants.has("DROP", "other") && grants.has("SELECT", "clinic"));
        assert!(!grants.has("DROP", "clinic"));
    }

    #[test]
    fn reads_accounts_and_quotes_them() {
        for (text, account) in [
            ("app", Ok("`app`@`%`")),
            ("app@10.0.0.%", Ok("`app`@`10.0.0.%`")),
            ("a@b@c", Ok("`a@b`@`c`")),
            ("'app'@'%'", Ok("`app`@`%`")),
            ("'app'@localhost", Ok("`app`@`localhost`")),
            ("`a``b`@\"h\"", Ok("`a``b`@`h`")),
            ("'it''s'", Ok("`it's`@`%`")),
            ("'app'x", Err("write it as `'name'@'host'`")),
            ("'app'@'h'x", Err("write it as `'name'@'host'`")),
            ("'app", Err("its ' is not closed")),
            ("''@'%'", Err("neither the name nor the host may be empty")),
            ("app@", Err("neither the name nor the host may be empty")),
            ("a\nb", Err("it holds control characters")),
            ("abcdefghijklmnopqrstuvwxyz1234567", Err("a name has 32 characters at the most, a host 255")),
        ] {
            let read = Account::new(text).map(|account| account.to_string());
            assert_eq!(read, account.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
        assert_eq!(Account::current("a@b@%").to_string(), "`a@b`@`%`");
    }

    #[test]
    fn like_is_sqls() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("%", "", true),
            ("a%c", "abbc", true),
            ("a%c", "abb", false),
            ("a_c", "abc", true),
            (r"a\_c", "abc", false),
            (r"a\_c", "a_c", true),
        ] {
            assert_eq!(like(pattern, text), matches, "{pattern} {text}");
        }
    }
}
