//! Reads definitions from the server, as `SHOW CREATE` gives them: `information_schema` loses CHECK bodies, expressions and the
//! order of indexes (facts.md).

use sqlx::mysql::MySqlConnection;
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

/// The definition of one object: `SHOW CREATE` without the counter of `AUTO_INCREMENT`, for programs with their
/// `sql_mode`; none where there is no such object.
pub async fn definition(conn: &mut MySqlConnection, object: &Object) -> Result<Option<String>, DbError> {
    // the text is made of keywords and quoted names
    let sql = format!("SHOW CREATE {} {}.{}", object.kind.sql(), object.database, object.name);
    let row = match sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn).await {
        Ok(row) => row,
        // no table, procedure or function, trigger, event, database; 1347: a view where a table is asked for
        Err(error)
            if server_error(&error)
                .is_some_and(|(number, _)| matches!(number, 1146 | 1305 | 1360 | 1539 | 1049 | 1347)) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(DbError::new(format!("could not read the definition of {}", object.name), &error)),
    };
    let text = |index: usize| -> Result<String, DbError> {
        let bytes: Option<Vec<u8>> = row
            .try_get_unchecked(index)
            .map_err(|error| DbError::new(format!("could not read the definition of {}", object.name), &error))?;
        Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
    };
    Ok(Some(match object.kind {
        Kind::Table => without_counter(&text(1)?),
        Kind::View => text(1)?,
        // name, sql_mode, text
        Kind::Trigger | Kind::Procedure | Kind::Function => format!("SET sql_mode = '{}';\n{}", text(1)?, text(2)?),
        // name, sql_mode, time_zone, text
        Kind::Event => format!("SET sql_mode = '{}', time_zone = '{}';\n{}", text(1)?, text(2)?, text(3)?),
    }))
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
