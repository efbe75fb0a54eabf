//! Reads definitions from the server, as `SHOW CREATE` gives them: `information_schema` loses CHECK bodies, expressions and the
//! order of indexes (facts.md).

use std::collections::BTreeMap;
use std::fmt;

use futures_util::TryStreamExt as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _};

use crate::db::error::{DbError, server_error};
use crate::db::ident::Ident;

/// A kind of object that `SHOW CREATE` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A base table; its definition holds its partitions.
    Table,
    /// A view.
    View,
    /// A trigger.
    Trigger,
    /// A stored procedure.
    Procedure,
    /// A stored function.
    Function,
    /// An event.
    Event,
}

impl Kind {
    /// As SQL writes it.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Table => "TABLE",
            Self::View => "VIEW",
            Self::Trigger => "TRIGGER",
            Self::Procedure => "PROCEDURE",
            Self::Function => "FUNCTION",
            Self::Event => "EVENT",
        }
    }

    /// A kind by its name, in any case.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        let kinds = [Self::Table, Self::View, Self::Trigger, Self::Procedure, Self::Function, Self::Event];
        kinds.into_iter().find(|kind| kind.sql().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql().to_lowercase())
    }
}

/// An object of a database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// The database that it is in.
    pub database: Ident,
    /// Its name.
    pub name: Ident,
}

/// The definitions of all objects of a database, caredb's own tables left out. Two are equal where the schemas are, to
/// the last index order, CHECK, trigger, partition and comment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// By kind and name.
    pub definitions: BTreeMap<(Kind, Ident), String>,
}

// What SHOW CREATE writes must not depend on the server's settings (MySQL manual, "SHOW CREATE TABLE Statement").
const SESSION: &str = "
    SET SESSION sql_mode = '', sql_quote_show_create = 1, show_create_table_verbosity = 0";

/// Prepares a session for reading definitions, and for nothing else.
pub async fn prepare(conn: &mut MySqlConnection) -> Result<(), DbError> {
    let set = sqlx::raw_sql(SESSION).execute(conn).await;
    set.map(drop).map_err(|error| DbError::new("could not prepare the session for reading definitions", &error))
}

/// Reads the schema of a database.
pub async fn schema(conn: &mut MySqlConnection, database: &Ident) -> Result<Schema, DbError> {
    let objects = objects(conn, database).await?;
    let has_triggers = objects.iter().any(|object| object.kind == Kind::Trigger);
    let orders = if has_triggers { firing_orders(conn, database).await? } else { BTreeMap::new() };
    let definitions = definitions(conn, &objects).await?;
    let mut schema = Schema::default();
    for (object, definition) in objects.into_iter().zip(definitions) {
        // none: it went between the two queries
        let Some(mut definition) = definition else { continue };
        // SHOW CREATE TRIGGER does not say it
        if let Some(order) =
            orders.get(object.name.as_str()).filter(|&&order| order > 1 && object.kind == Kind::Trigger)
        {
            definition = format!("{definition}\n/* fires as number {order} of its table, time and event */");
        }
        schema.definitions.insert((object.kind, object.name), definition);
    }
    Ok(schema)
}

const OBJECTS: &str = "
    SELECT CONVERT(TABLE_TYPE USING utf8mb4), CONVERT(TABLE_NAME USING utf8mb4)
        FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?
    UNION ALL SELECT 'TRIGGER', CONVERT(TRIGGER_NAME USING utf8mb4)
        FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
    UNION ALL SELECT CONVERT(ROUTINE_TYPE USING utf8mb4), CONVERT(ROUTINE_NAME USING utf8mb4)
        FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?
    UNION ALL SELECT 'EVENT', CONVERT(EVENT_NAME USING utf8mb4)
        FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?";

/// All objects of a database that `SHOW CREATE` knows and this session may see, in no order; caredb's own tables are
/// left out.
pub async fn objects(conn: &mut MySqlConnection, database: &Ident) -> Result<Vec<Object>, DbError> {
    let what = format!("could not read what is in database {database}");
    let mut query = sqlx::query_as::<_, (String, String)>(OBJECTS);
    for _ in 0..4 {
        query = query.bind(database.as_str());
    }
    let mut objects = Vec::new();
    for (kind, name) in query.fetch_all(conn).await.map_err(|error| DbError::new(&what, &error))? {
        let kind = match kind.as_str() {
            "BASE TABLE" if is_own(&name) => continue,
            "BASE TABLE" => Kind::Table,
            "VIEW" => Kind::View,
            "TRIGGER" => Kind::Trigger,
            "PROCEDURE" => Kind::Procedure,
            "FUNCTION" => Kind::Function,
            "EVENT" => Kind::Event,
            // a kind that SHOW CREATE can't show may not pass unseen
            _ => return Err(DbError::because(what, format!("`{name}` is a {kind}, which caredb does not know"))),
        };
        let name = Ident::new(&name).map_err(|error| DbError::because(&what, error.to_string()))?;
        objects.push(Object { kind, database: database.clone(), name });
    }
    Ok(objects)
}

/// Whether a table keeps the record of migrations, and is no part of the schema: Flyway's history and `caredb_…`.
fn is_own(table: &str) -> bool {
    table == "flyway_schema_history" || table.starts_with("caredb_")
}

const FIRING_ORDERS: &str = "
    SELECT CONVERT(TRIGGER_NAME USING utf8mb4),
           ROW_NUMBER() OVER (PARTITION BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION ORDER BY ACTION_ORDER)
    FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?";

/// For each trigger, from 1, its place among those of the same table, time and event.
async fn firing_orders(conn: &mut MySqlConnection, database: &Ident) -> Result<BTreeMap<String, u64>, DbError> {
    let rows = sqlx::query_as(FIRING_ORDERS).bind(database.as_str()).fetch_all(conn).await;
    let failed = |error| DbError::new(format!("could not read the triggers of database {database}"), &error);
    Ok(rows.map_err(failed)?.into_iter().collect())
}

/// The definition of one object: `SHOW CREATE` without the counter of `AUTO_INCREMENT`, for programs with their
/// `sql_mode`; none where there is no such object.
pub async fn definition(conn: &mut MySqlConnection, object: &Object) -> Result<Option<String>, DbError> {
    Ok(definitions(conn, std::slice::from_ref(object)).await?.pop().flatten())
}

/// How many objects are asked for at once: a trip to the server costs as much as the server's work on one.
const AT_ONCE: usize = 100;

/// The definitions of objects, in their order; see [`definition`].
async fn definitions(conn: &mut MySqlConnection, objects: &[Object]) -> Result<Vec<Option<String>>, DbError> {
    let mut definitions = Vec::with_capacity(objects.len());
    while definitions.len() < objects.len() {
        let rest = &objects[definitions.len()..];
        let rest = &rest[..rest.len().min(AT_ONCE)];
        // the text is made of keywords and quoted names
        let show = |object: &Object| format!("SHOW CREATE {} {}.{}", object.kind.sql(), object.database, object.name);
        let sql = rest.iter().map(show).collect::<Vec<_>>().join(";");
        let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(&mut *conn);
        for object in rest {
            let failed =
                |error: &sqlx::Error| DbError::new(format!("could not read the definition of {}", object.name), error);
            match rows.try_next().await {
                Ok(Some(row)) => definitions.push(Some(shown(object, &row)?)),
                // no table, procedure or function, trigger, event, database; 1347: a view where a table is asked for. The server
                // goes no further in the text
                Err(error)
                    if server_error(&error)
                        .is_some_and(|(number, _)| matches!(number, 1146 | 1305 | 1360 | 1539 | 1049 | 1347)) =>
                {
                    definitions.push(None);
                    break;
                }
                Err(error) => return Err(failed(&error)),
                Ok(None) => return Err(failed(&sqlx::Error::RowNotFound)),
            }
        }
    }
    Ok(definitions)
}

/// The definition that a row of `SHOW CREATE` holds.
fn shown(object: &Object, row: &MySqlRow) -> Result<String, DbError> {
    let text = |index: usize| -> Result<String, DbError> {
        let bytes: Option<Vec<u8>> = row
            .try_get_unchecked(index)
            .map_err(|error| DbError::new(format!("could not read the definition of {}", object.name), &error))?;
        let Some(bytes) = bytes else {
            // the server shows NULL to who may not see it: two definitions that are not seen are not equal
            let what = format!("could not read the definition of {}", object.name);
            return Err(DbError::because(what, "the account may not see it").with_cure("grant it SHOW_ROUTINE"));
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(match object.kind {
        Kind::Table => without_counter(&text(1)?),
        Kind::View => text(1)?,
        // name, sql_mode, text
        Kind::Trigger | Kind::Procedure | Kind::Function => format!("SET sql_mode = '{}';\n{}", text(1)?, text(2)?),
        // name, sql_mode, time_zone, text
        Kind::Event => format!("SET sql_mode = '{}', time_zone = '{}';\n{}", text(1)?, text(2)?, text(3)?),
    })
}

/// Leaves out `AUTO_INCREMENT=7` of the table's options, which moves with the rows.
fn without_counter(create: &str) -> String {
    let Some(options) = create.rfind("\n) ") else { return create.to_owned() };
    let Some(start) = create[options..].find(" AUTO_INCREMENT=").map(|start| options + start) else {
        return create.to_owned();
    };
    let digits = start + " AUTO_INCREMENT=".len();
    let end = create[digits..].find(|c: char| !c.is_ascii_digit()).map_or(create.len(), |end| digits + end);
    format!("{}{}", &create[..start], &create[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_is_left_out_and_nothing_else() {
        let create = "CREATE TABLE `t` (\n  `x` int COMMENT 'AUTO_INCREMENT=1'\n) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4";
        assert_eq!(
            without_counter(create),
            "CREATE TABLE `t` (\n  `x` int COMMENT 'AUTO_INCREMENT=1'\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
        );
        assert_eq!(
            without_counter("CREATE TABLE `t` (\n  `x` int\n) ENGINE=InnoDB"),
            "CREATE TABLE `t` (\n  `x` int\n) ENGINE=InnoDB"
        );
    }
}
