//! The fingerprint of the objects that a statement touches: taken before it runs, and looked at again after a crash.

use serde::{Deserialize, Serialize};
use sqlx::mysql::MySqlConnection;

use super::classify::{Change, Target};
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::db::innodb::table_ids;
use crate::schema::introspect::{Kind, Object, definition};

/// What a set of objects looked like at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub Vec<Seen>);

/// What one object looked like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What it is.
    pub kind: Kind,
    /// The database that it is in.
    pub database: String,
    /// Its name.
    pub name: String,
    /// `SHOW CREATE`; none where it does not exist.
    pub definition: Option<String>,
    /// InnoDB's ids of the table and its partitions, each with its row versions, in order; none where they were not asked for, or may not be seen (PROCESS
    /// privilege). A rebuild, `TRUNCATE` and `EXCHANGE` change them and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_ids: Option<Vec<u64>>,
}

impl Fingerprint {
    /// Whether all definitions are the same in both.
    #[must_use]
    pub fn defines_the_same(&self, other: &Self) -> bool {
        self.0.iter().map(|seen| &seen.definition).eq(other.0.iter().map(|seen| &seen.definition))
    }

    /// Whether all definitions say the same, one of them being a copy's: a table that is made from its `SHOW CREATE` shows
    /// `CHARACTER SET` beside each `COLLATE`, which implies it (measured on 9.7).
    #[must_use]
    pub fn is_copied_by(&self, copy: &Self) -> bool {
        let plain = |fingerprint: &Self| -> Vec<Option<String>> {
            fingerprint.0.iter().map(|seen| seen.definition.as_deref().map(without_implied_charset)).collect()
        };
        plain(self) == plain(copy)
    }

    /// Whether the table ids of both are known and the same, in whatever order.
    #[must_use]
    pub fn permutes(&self, other: &Self) -> bool {
        let ids = |fingerprint: &Self| -> Vec<u64> {
            let mut ids: Vec<u64> =
                fingerprint.0.iter().flat_map(|seen| seen.table_ids.iter().flatten().copied()).collect();
            ids.sort_unstable();
            ids
        };
        ids(self) == ids(other)
    }

    /// Whether the table ids of both are known; then, whether they are the same.
    #[must_use]
    pub fn same_table_ids(&self, other: &Self) -> Option<bool> {
        let ids = |fingerprint: &Self| -> Option<Vec<Vec<u64>>> {
            fingerprint.0.iter().map(|seen| seen.table_ids.clone()).collect()
        };
        Some(ids(self)? == ids(other)?)
    }
}

/// Looks at the objects that `change` names; those without a database are in `database`. Reads only.
pub async fn read(conn: &mut MySqlConnection, database: &Ident, change: &Change) -> Result<Fingerprint, DbError> {
    let mut seen = Vec::new();
    for Target { kind, database: named, name } in &change.targets {
        let database = named.as_ref().unwrap_or(database).clone();
        seen.push(look(conn, Object { kind: *kind, database, name: name.clone() }, change.rebuilds).await?);
    }
    Ok(Fingerprint(seen))
}

/// Looks at the objects of an older fingerprint again.
pub async fn read_again(conn: &mut MySqlConnection, before: &Fingerprint) -> Result<Fingerprint, DbError> {
    let mut now = Vec::new();
    for seen in &before.0 {
        // names that came out of a fingerprint went in as names
        let (Ok(database), Ok(name)) = (Ident::new(&seen.database), Ident::new(&seen.name)) else { continue };
        now.push(look(conn, Object { kind: seen.kind, database, name }, seen.table_ids.is_some()).await?);
    }
    Ok(Fingerprint(now))
}

/// Leaves out `CHARACTER SET x` before `COLLATE`.
fn without_implied_charset(definition: &str) -> String {
    const MARK: &str = " CHARACTER SET ";
    let mut plain = String::new();
    let mut rest = definition;
    while let Some((before, after)) = rest.split_once(MARK) {
        plain.push_str(before);
        let charset = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
        if !after[charset..].starts_with(" COLLATE ") {
            plain.push_str(MARK);
            plain.push_str(&after[..charset]);
        }
        rest = &after[charset..];
    }
    plain.push_str(rest);
    plain
}

async fn look(conn: &mut MySqlConnection, object: Object, with_ids: bool) -> Result<Seen, DbError> {
    let definition = definition(conn, &object).await?;
    let Object { kind, database, name } = object;
    let is_wanted = with_ids && kind == Kind::Table;
    let table_ids = if is_wanted { table_ids(conn, &database, &name).await? } else { None };
    Ok(Seen { kind, database: database.as_str().to_owned(), name: name.as_str().to_owned(), definition, table_ids })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charset_that_its_collation_implies_is_left_out() {
        assert_eq!(
            without_implied_charset(
                "`a` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `b` text CHARACTER SET latin1, `c` int"
            ),
            "`a` text COLLATE utf8mb4_bin, `b` text CHARACTER SET latin1, `c` int"
        );
    }
}
