//! Whether two tables are alike to the last column, index and check. EXCHANGE PARTITION itself passes over differing defaults,
//! CHECKs and comments (facts: measured), and a copy of rows over all that it can convert.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::{ArchiveError, LIVE};
use crate::db::error::DbError;
use crate::db::ident::Ident;

/// Compares the live table with another. Errors: where they differ.
pub async fn same(conn: &mut MySqlConnection, other: &'static str) -> Result<(), ArchiveError> {
    let (live, there) = (lines(&show(conn, LIVE).await?), lines(&show(conn, other).await?));
    match difference(&live, &there) {
        Some(what) => Err(ArchiveError::Differs { other: other.to_owned(), what }),
        None => Ok(()),
    }
}

async fn show(conn: &mut MySqlConnection, table: &'static str) -> Result<String, DbError> {
    let sql = format!("SHOW CREATE TABLE {}", Ident::known(table));
    let failed = |error: sqlx::Error| DbError::new(format!("could not read the definition of table `{table}`"), &error);
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(conn).await.map_err(failed)?;
    row.try_get_unchecked(1).map_err(failed)
}

/// The lines of a definition that count: without the name, partitions and AUTO_INCREMENT, foreign keys and the names of
/// constraints, which are unique in a schema. In order, since EXCHANGE asks for that.
fn lines(definition: &str) -> Vec<String> {
    let line = |line: &str| {
        let line = line.trim().trim_end_matches(',');
        let constraint = line.strip_prefix("CONSTRAINT `").and_then(|rest| rest.split_once("` "));
        match constraint {
            Some((_, rest)) if rest.starts_with("FOREIGN KEY") => None,
            Some((_, rest)) => Some(rest.to_owned()),
            None => Some(line.to_owned()),
        }
    };
    let partitions = definition.find("\n/*!50").unwrap_or(definition.len());
    let mut lines: Vec<String> = definition[..partitions].lines().skip(1).filter_map(line).collect();
    if let Some(options) = lines.last_mut() {
        *options = options.split(' ').filter(|word| !word.starts_with("AUTO_INCREMENT=")).collect::<Vec<_>>().join(" ");
    }
    lines
}

/// The first line that differs, as the live table has it, or as only the other has it.
fn difference(live: &[String], other: &[String]) -> Option<String> {
    for (index, line) in live.iter().enumerate() {
        match other.get(index) {
            Some(there) if there == line => {}
            Some(there) => return Some(format!("`{}` here, `{}` there", bare(line), bare(there))),
            None => return Some(format!("`{}` is missing there", bare(line))),
        }
    }
    other.get(live.len()).map(|line| format!("`{}` is missing here", bare(line)))
}

/// Without quotes, since it is quoted.
fn bare(line: &str) -> String {
    line.replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: &str = "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`),\n  CONSTRAINT `chk_t` CHECK ((`id` > 0))\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4\n/*!50500 PARTITION BY RANGE  COLUMNS(id)\n(PARTITION p VALUES LESS THAN (MAXVALUE)) */";

    #[test]
    fn names_and_partitions_do_not_count_and_all_else_does() {
        for (other, found) in [
            (
                "CREATE TABLE `u` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`),\n  CONSTRAINT `chk_u` CHECK ((`id` > 0))\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                None,
            ),
            (
                "CREATE TABLE `u` (\n  `id` int NOT NULL DEFAULT '1',\n  PRIMARY KEY (`id`),\n  CONSTRAINT `chk_u` CHECK ((`id` > 0))\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                Some("`id int NOT NULL` here, `id int NOT NULL DEFAULT '1'` there"),
            ),
            (
                "CREATE TABLE `u` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                Some("`CHECK ((id > 0))` here, `) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4` there"),
            ),
        ] {
            assert_eq!(difference(&lines(LIVE), &lines(other)).as_deref(), found);
        }
    }
}
