//! Parts of a table as SQL, complete: what is not said is not left to the table or the server. Pure.

use std::fmt::Write as _;

use super::cursor::string_literal;
use super::model::{Action, Check, Column, ForeignKey, Index, IndexKind, Over, Part, Table};
use crate::db::ident::Ident;

/// `` `name` type … ``, as CREATE TABLE and ALTER TABLE take it.
#[must_use]
pub fn column(column: &Column) -> String {
    format!("{} {}", column.name, column_definition(column))
}

/// What stands behind the column's name.
#[must_use]
pub fn column_definition(column: &Column) -> String {
    let mut sql = column.data_type.clone();
    let mut add = |text: &str| {
        sql.push(' ');
        sql.push_str(text);
    };
    if let Some(character_set) = &column.character_set {
        add(&format!("CHARACTER SET {character_set}"));
    }
    if let Some(collation) = &column.collation {
        add(&format!("COLLATE {collation}"));
    }
    if let Some(generated) = &column.generated {
        let stored = if generated.stored { "STORED" } else { "VIRTUAL" };
        add(&format!("GENERATED ALWAYS AS ({}) {stored}", generated.expression));
    }
    add(if column.nullable { "NULL" } else { "NOT NULL" });
    if let Some(default) = &column.default {
        add(&format!("DEFAULT {default}"));
    }
    if let Some(on_update) = &column.on_update {
        add(&format!("ON UPDATE {on_update}"));
    }
    if column.auto_increment {
        add("AUTO_INCREMENT");
    }
    if let Some(srid) = column.srid {
        add(&format!("SRID {srid}"));
    }
    if column.invisible {
        add("INVISIBLE");
    }
    for (name, value) in &column.attributes {
        add(format!("{name} {value}").trim_end());
    }
    if !column.comment.is_empty() {
        add(&format!("COMMENT {}", string_literal(&column.comment)));
    }
    sql
}

/// `` UNIQUE KEY `name` (…) … ``
#[must_use]
pub fn index(index: &Index) -> String {
    let mut sql = match index.kind {
        IndexKind::Primary => "PRIMARY KEY".to_owned(),
        kind => format!("{} {}", index_kind(kind), index.name),
    };
    // writing into a String can't fail
    let _ = write!(sql, " ({})", parts(&index.parts));
    if let Some(using) = &index.using {
        let _ = write!(sql, " USING {using}");
    }
    if let Some(size) = index.block_size {
        let _ = write!(sql, " KEY_BLOCK_SIZE={size}");
    }
    if let Some(parser) = &index.parser {
        let _ = write!(sql, " WITH PARSER `{parser}`");
    }
    for (name, value) in &index.attributes {
        let _ = write!(sql, " {name} {value}");
    }
    if !index.comment.is_empty() {
        let _ = write!(sql, " COMMENT {}", string_literal(&index.comment));
    }
    if index.invisible {
        sql.push_str(" INVISIBLE");
    }
    sql
}

/// `UNIQUE KEY`
#[must_use]
pub fn index_kind(kind: IndexKind) -> &'static str {
    match kind {
        IndexKind::Primary => "PRIMARY KEY",
        IndexKind::Unique => "UNIQUE KEY",
        IndexKind::Plain => "KEY",
        IndexKind::Fulltext => "FULLTEXT KEY",
        IndexKind::Spatial => "SPATIAL KEY",
    }
}

/// `` `a`(3) DESC,`b` ``
#[must_use]
pub fn parts(parts: &[Part]) -> String {
    let part = |part: &Part| {
        let over = match &part.over {
            Over::Column(name, None) => name.to_string(),
            Over::Column(name, Some(prefix)) => format!("{name}({prefix})"),
            Over::Expression(expression) => format!("({expression})"),
        };
        if part.descending { format!("{over} DESC") } else { over }
    };
    parts.iter().map(part).collect::<Vec<_>>().join(",")
}

/// `` CONSTRAINT `name` FOREIGN KEY … ``
#[must_use]
pub fn foreign_key(key: &ForeignKey) -> String {
    let mut sql = format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({})",
        key.name,
        names(&key.columns),
        parent(key),
        names(&key.parent_columns)
    );
    for (when, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if action != Action::Restrict {
            let _ = write!(sql, " ON {when} {}", self::action(action));
        }
    }
    sql
}

/// The table that a foreign key refers to.
#[must_use]
pub fn parent(key: &ForeignKey) -> String {
    let database = key.database.as_ref().map(|database| format!("{database}.")).unwrap_or_default();
    format!("{database}{}", key.table)
}

/// `CASCADE`
#[must_use]
pub fn action(action: Action) -> &'static str {
    match action {
        Action::Restrict => "RESTRICT",
        Action::Cascade => "CASCADE",
        Action::SetNull => "SET NULL",
        Action::SetDefault => "SET DEFAULT",
    }
}

/// `` CONSTRAINT `name` CHECK (…) ``
#[must_use]
pub fn check(check: &Check) -> String {
    let enforced = if check.enforced { "" } else { " NOT ENFORCED" };
    format!("CONSTRAINT {} CHECK ({}){enforced}", check.name, check.expression)
}

/// `` `a`,`b` ``
#[must_use]
pub fn names(names: &[Ident]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// An option of a table. The server writes `DEFAULT CHARSET`, which ALTER TABLE takes, too.
#[must_use]
pub fn option(name: &str, value: &str) -> String {
    match name {
        "TABLESPACE" => format!("{name} {value}"),
        _ => format!("{name}={value}"),
    }
}

/// `CREATE TABLE`, without foreign keys: those are added once all tables are there.
#[must_use]
pub fn table(name: &Ident, table: &Table) -> String {
    let elements = table
        .columns
        .iter()
        .map(column)
        .chain(table.indexes.iter().map(index))
        .chain(table.checks.iter().map(check))
        .collect::<Vec<_>>()
        .join(",\n  ");
    let mut sql = format!("CREATE TABLE {name} (\n  {elements}\n)");
    for (name, value) in &table.options {
        let _ = write!(sql, " {}", option(name, value));
    }
    if let Some(partitions) = &table.partitions {
        let _ = write!(sql, "\n{partitions}");
    }
    sql
}
