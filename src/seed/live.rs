//! What the server says of its tables: columns with their limits, and what refers to what.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::finding::{Finding, Place, hint};
use super::fixtures::Table;
use crate::db::error::DbError;
use crate::db::ident::{Ident, nearest};

/// A column and its limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type without length and options: `varchar`, `enum`.
    pub data_type: String,
    /// Its whole type: `varchar(255)`, `enum('A','B')`, `int unsigned`.
    pub column_type: String,
    /// The most characters of a text.
    pub characters: Option<u64>,
    /// The most bytes of a text.
    pub bytes: Option<u64>,
    /// Digits of a number, and how many of them stand behind the point.
    pub digits: Option<(u64, u64)>,
    /// NULL is allowed.
    pub nullable: bool,
    /// There is a default other than NULL, or the server counts it.
    pub has_default: bool,
    /// The server computes it.
    pub generated: bool,
}

impl Column {
    /// A row may do without it.
    #[must_use]
    pub fn may_be_left_out(&self) -> bool {
        self.nullable || self.has_default || self.generated
    }

    /// The values of an ENUM, as they are written; none of another type.
    #[must_use]
    pub fn enum_values(&self) -> Option<Vec<String>> {
        let list = self.column_type.strip_prefix("enum('")?.strip_suffix("')")?;
        Some(list.split("','").map(|value| value.replace("''", "'")).collect())
    }
}

/// A column that refers to the `id` of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Whose column it is.
    pub table: Ident,
    /// The column.
    pub column: Ident,
    /// The table that it refers to.
    pub parent: Ident,
}

/// The tables of the database, by name, and their columns in order.
pub type Columns = BTreeMap<String, Vec<Column>>;

const COLUMNS: &str = "
    SELECT CONVERT(c.TABLE_NAME USING utf8mb4), CONVERT(c.COLUMN_NAME USING utf8mb4), CONVERT(c.DATA_TYPE USING utf8mb4),
           CONVERT(c.COLUMN_TYPE USING utf8mb4), CAST(c.CHARACTER_MAXIMUM_LENGTH AS UNSIGNED),
           CAST(c.CHARACTER_OCTET_LENGTH AS UNSIGNED), CAST(c.NUMERIC_PRECISION AS UNSIGNED),
           CAST(COALESCE(c.NUMERIC_SCALE, 0) AS UNSIGNED), CAST(c.IS_NULLABLE = 'YES' AS SIGNED),
           CAST(c.COLUMN_DEFAULT IS NOT NULL OR c.EXTRA LIKE '%auto_increment%' AS SIGNED),
           CAST(c.GENERATION_EXPRESSION <> '' AS SIGNED)
    FROM information_schema.COLUMNS c
    JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
    WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE'
    ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION";

/// Reads the columns of all tables; views are none.
pub async fn columns(conn: &mut MySqlConnection) -> Result<Columns, DbError> {
    let failed = |error| DbError::new("could not read the columns of the tables", &error);
    let rows = sqlx::query(COLUMNS).fetch_all(conn).await.map_err(failed)?;
    let column = |row: &MySqlRow| -> Result<Column, sqlx::Error> {
        let precision: Option<u64> = row.try_get(6)?;
        Ok(Column {
            name: row.try_get(1)?,
            data_type: row.try_get(2)?,
            column_type: row.try_get(3)?,
            characters: row.try_get(4)?,
            bytes: row.try_get(5)?,
            digits: precision.zip(Some(row.try_get(7)?)),
            nullable: row.try_get::<i64, _>(8)? == 1,
            has_default: row.try_get::<i64, _>(9)? == 1,
            generated: row.try_get::<i64, _>(10)? == 1,
        })
    };
    let mut columns = Columns::new();
    for row in &rows {
        let table: String = row.try_get(0).map_err(failed)?;
        columns.entry(table).or_default().push(column(row).map_err(failed)?);
    }
    Ok(columns)
}

const REFERENCES: &str = "
    SELECT CONVERT(TABLE_NAME USING utf8mb4), CONVERT(COLUMN_NAME USING utf8mb4),
           CONVERT(REFERENCED_TABLE_NAME USING utf8mb4)
    FROM information_schema.KEY_COLUMN_USAGE
    WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_COLUMN_NAME = 'id'
    ORDER BY 1, 2, 3";

/// Reads which columns refer to the `id` of which tables.
pub async fn references(conn: &mut MySqlConnection) -> Result<Vec<Reference>, DbError> {
    let what = "could not read the foreign keys";
    let rows: Vec<(String, String, String)> =
        sqlx::query_as(REFERENCES).fetch_all(conn).await.map_err(|error| DbError::new(what, &error))?;
    let ident = |name: String| Ident::new(&name).map_err(|error| DbError::because(what, error.to_string()));
    rows.into_iter()
        .map(|(table, column, parent)| {
            Ok(Reference { table: ident(table)?, column: ident(column)?, parent: ident(parent)? })
        })
        .collect()
}

/// Names the files without a table, and the columns that their table lacks.
#[must_use]
pub fn unknown_names(live: &Columns, tables: &[Table]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in tables {
        let name = table.name.as_str();
        let file = Place::file(&table.file);
        let Some(columns) = live.get(name) else {
            let hint = hint(nearest(name, live.keys().map(String::as_str)));
            findings.push(file.finding(format!(
                "there is no table `{name}` in the database{hint}; run `caredb migrate`, or correct the file's name"
            )));
            continue;
        };
        if !columns.iter().any(|column| column.name == "id") {
            findings.push(file.finding(format!(
                "table `{name}` has no column `id`, which the labels become; fixtures can't be loaded into it"
            )));
            continue;
        }
        for row in &table.rows {
            for (column, _) in &row.columns {
                if !columns.iter().any(|known| known.name == column.as_str()) {
                    let hint = hint(nearest(column.as_str(), columns.iter().map(|known| known.name.as_str())));
                    let what = format!("table `{name}` has no column `{}`{hint}", column.as_str());
                    findings.push(table.place(row).finding(what));
                }
            }
        }
    }
    findings
}
