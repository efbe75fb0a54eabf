//! What an account may do, read from `SHOW GRANTS`: the one source that has the active roles in it.

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
