//! `SHOW CREATE TABLE` → [`Table`]. Pure. What the server writes is in `store_create_info` of its `sql_show.cc`; a word that is
//! not known here is an error, so that nothing passes unseen.

use super::cursor::Cursor;
use super::model::{Action, Check, Column, ForeignKey, Generated, Index, IndexKind, Over, Part, Table};
use super::normal;
use crate::db::ident::Ident;

/// A definition that is not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("caredb can't read this definition at `{at}`; report it with the whole definition")]
pub struct ParseError {
    /// What begins where reading ended.
    at: String,
}

impl ParseError {
    /// At what is next.
    pub(super) fn at(mut cursor: Cursor<'_>) -> Self {
        let rest = cursor.rest();
        Self { at: rest.lines().next().unwrap_or_default().chars().take(60).collect() }
    }
}

/// Reads a definition as `SHOW CREATE TABLE` gives it, in a session without `ANSI_QUOTES` and with `sql_quote_show_create`.
pub fn table(text: &str) -> Result<Table, ParseError> {
    let mut cursor = Cursor::new(text);
    read(&mut cursor).ok_or_else(|| ParseError::at(cursor))
}

/// Leaves the cursor at what is not understood.
fn read(cursor: &mut Cursor<'_>) -> Option<Table> {
    if !cursor.takes("CREATE TABLE") {
        return None;
    }
    cursor.name()?;
    let mut table = Table::default();
    if !cursor.symbol('(') {
        return None;
    }
    loop {
        element(cursor, &mut table)?;
        if !cursor.symbol(',') {
            break;
        }
    }
    if !cursor.symbol(')') {
        return None;
    }
    options(cursor, &mut table)?;
    settle(&mut table);
    Some(table)
}

fn element(cursor: &mut Cursor<'_>, table: &mut Table) -> Option<()> {
    let kinds = [
        ("PRIMARY KEY", IndexKind::Primary),
        ("UNIQUE KEY", IndexKind::Unique),
        ("FULLTEXT KEY", IndexKind::Fulltext),
        ("SPATIAL KEY", IndexKind::Spatial),
        ("KEY", IndexKind::Plain),
    ];
    if cursor.rest().starts_with('`') {
        table.columns.push(column(cursor)?);
    } else if cursor.takes("CONSTRAINT") {
        let name = cursor.name()?;
        if cursor.takes("FOREIGN KEY") {
            table.foreign_keys.push(foreign_key(cursor, name)?);
        } else if cursor.takes("CHECK") {
            let expression = normal::expression(cursor.bracketed()?);
            let enforced = !cursor.takes("NOT ENFORCED");
            table.checks.push(Check { name, expression, enforced });
        } else {
            return None;
        }
    } else {
        let (_, kind) = kinds.into_iter().find(|(words, _)| cursor.takes(words))?;
        table.indexes.push(index(cursor, kind)?);
    }
    Some(())
}

fn column(cursor: &mut Cursor<'_>) -> Option<Column> {
    let name = cursor.name()?;
    let mut data_type = cursor.some_word()?.to_owned();
    if let Some(length) = cursor.rest().starts_with('(').then(|| cursor.bracketed()) {
        data_type = format!("{data_type}({})", length?);
    }
    for word in ["unsigned", "zerofill"] {
        if cursor.takes(word) {
            data_type = format!("{data_type} {word}");
        }
    }
    let mut column = Column::new(name, normal::data_type(&data_type));
    loop {
        let next = cursor.rest();
        if next.is_empty() || next.starts_with([',', ')']) {
            return Some(column);
        }
        attribute(cursor, &mut column)?;
    }
}

fn attribute(cursor: &mut Cursor<'_>, column: &mut Column) -> Option<()> {
    if cursor.takes("NOT NULL") {
        column.nullable = false;
    } else if cursor.takes("NULL") {
        column.nullable = true;
    } else if cursor.takes("DEFAULT") {
        column.default = Some(value(cursor)?);
    } else if cursor.takes("ON UPDATE") {
        column.on_update = Some(value(cursor)?);
    } else if cursor.takes("COMMENT") {
        column.comment = cursor.string()?;
    } else if cursor.takes("CHARACTER SET") {
        column.character_set = Some(normal::character_set(cursor.some_word()?));
    } else if cursor.takes("COLLATE") {
        column.collation = Some(normal::collation(cursor.some_word()?));
    } else if cursor.takes("GENERATED ALWAYS AS") {
        let expression = normal::expression(cursor.bracketed()?);
        column.generated = Some(Generated { expression, stored: false });
    } else if cursor.takes("VIRTUAL") {
    } else if cursor.takes("STORED") {
        column.generated.as_mut()?.stored = true;
    } else if cursor.takes("AUTO_INCREMENT") {
        column.auto_increment = true;
    } else if cursor.takes("INVISIBLE") {
        column.invisible = true;
    } else if cursor.takes("SRID") {
        column.srid = Some(cursor.number()?);
    } else if cursor.takes("NOT SECONDARY") {
        column.attributes.push(("NOT SECONDARY".to_owned(), String::new()));
    } else {
        let words = ["COLUMN_FORMAT", "STORAGE", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"];
        let word = words.into_iter().find(|word| cursor.takes(word))?;
        cursor.symbol('=');
        column.attributes.push((word.to_owned(), value(cursor)?));
    }
    Some(())
}

/// A value as SQL writes it: a string, `b'0'`, an expression in brackets, a word with brackets behind it or without.
fn value(cursor: &mut Cursor<'_>) -> Option<String> {
    if cursor.rest().starts_with('(') {
        return cursor.bracketed().map(|inner| format!("({})", normal::expression(inner)));
    }
    if let Some(text) = cursor.quoted('\'') {
        return Some(text.to_owned());
    }
    let sign = if cursor.symbol('-') { "-" } else { "" };
    let word = cursor.word();
    let next = cursor.rest();
    if next.starts_with('\'') {
        return cursor.quoted('\'').map(|text| normal::without_introducers(&format!("{word}{text}")));
    }
    if word.is_empty() {
        return None;
    }
    let fraction = if next.starts_with('(') { format!("({})", cursor.bracketed()?) } else { String::new() };
    let word = if word.starts_with("0x") { word.to_owned() } else { word.to_uppercase() };
    Some(format!("{sign}{word}{fraction}"))
}

fn index(cursor: &mut Cursor<'_>, kind: IndexKind) -> Option<Index> {
    let name = if kind == IndexKind::Primary { Ident::known("PRIMARY") } else { cursor.name()? };
    let mut index = Index::new(name, kind, parts(cursor)?);
    loop {
        let next = cursor.rest();
        if next.is_empty() || next.starts_with([',', ')']) {
            return Some(index);
        }
        if cursor.takes("USING") {
            index.using = Some(cursor.some_word()?.to_uppercase());
        } else if cursor.takes("KEY_BLOCK_SIZE") && cursor.symbol('=') {
            index.block_size = Some(cursor.number()?);
        } else if cursor.takes("WITH PARSER") {
            index.parser = Some(cursor.name()?.as_str().to_owned());
        } else if cursor.takes("COMMENT") {
            index.comment = cursor.string()?;
        } else if cursor.takes("INVISIBLE") {
            index.invisible = true;
        } else {
            let words = ["ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"];
            let word = words.into_iter().find(|word| cursor.takes(word))?;
            cursor.symbol('=');
            index.attributes.push((word.to_owned(), value(cursor)?));
        }
    }
}

fn parts(cursor: &mut Cursor<'_>) -> Option<Vec<Part>> {
    let mut inner = Cursor::new(cursor.bracketed()?);
    let mut parts = Vec::new();
    loop {
        let over = if inner.rest().starts_with('(') {
            Over::Expression(normal::expression(inner.bracketed()?))
        } else {
            let name = inner.name()?;
            let has_prefix = inner.rest().starts_with('(');
            let prefix = if has_prefix { Some(inner.bracketed()?.parse().ok()?) } else { None };
            Over::Column(name, prefix)
        };
        let descending = inner.takes("DESC");
        inner.takes("ASC");
        parts.push(Part { over, descending });
        if !inner.symbol(',') {
            return inner.is_done().then_some(parts);
        }
    }
}

fn foreign_key(cursor: &mut Cursor<'_>, name: Ident) -> Option<ForeignKey> {
    let columns = cursor.names()?;
    if !cursor.takes("REFERENCES") {
        return None;
    }
    let first = cursor.name()?;
    let (database, table) = if cursor.symbol('.') { (Some(first), cursor.name()?) } else { (None, first) };
    let parent_columns = cursor.names()?;
    if cursor.takes("MATCH") {
        cursor.word(); // InnoDB takes it and does nothing with it
    }
    let mut key = ForeignKey {
        name,
        columns,
        database,
        table,
        parent_columns,
        on_delete: Action::Restrict,
        on_update: Action::Restrict,
    };
    while cursor.takes("ON") {
        if cursor.takes("DELETE") {
            key.on_delete = action(cursor)?;
        } else if cursor.takes("UPDATE") {
            key.on_update = action(cursor)?;
        } else {
            return None;
        }
    }
    Some(key)
}

fn action(cursor: &mut Cursor<'_>) -> Option<Action> {
    let actions = [
        ("RESTRICT", Action::Restrict),
        ("NO ACTION", Action::Restrict),
        ("CASCADE", Action::Cascade),
        ("SET NULL", Action::SetNull),
        ("SET DEFAULT", Action::SetDefault),
    ];
    actions.into_iter().find(|(words, _)| cursor.takes(words)).map(|(_, action)| action)
}

/// What stands behind the closing bracket.
fn options(cursor: &mut Cursor<'_>, table: &mut Table) -> Option<()> {
    while !cursor.is_done() {
        let mut ahead = *cursor;
        if ahead.takes("PARTITION BY") {
            table.partitions = Some(partitions(cursor.rest()));
            return Some(());
        }
        let mut words = Vec::new();
        loop {
            match cursor.word() {
                "" => break,
                word => words.push(word.to_uppercase()),
            }
        }
        let name = words.join(" ");
        if name.is_empty() {
            return None;
        }
        // TABLESPACE `x` has no sign of equality
        let value = if cursor.rest().starts_with('`') {
            cursor.name()?.to_string()
        } else if cursor.symbol('=') {
            match cursor.rest().chars().next()? {
                '\'' => cursor.quoted('\'')?.to_owned(),
                '`' => cursor.name()?.to_string(),
                '(' => format!("({})", cursor.bracketed()?),
                _ => cursor.some_word()?.to_owned(),
            }
        } else {
            return None;
        };
        if name != "AUTO_INCREMENT" {
            table.options.push((name, value));
        }
    }
    Some(())
}

/// `PARTITION BY …` without the end of its comment, and with one space where the server writes two (`RANGE  COLUMNS(`).
fn partitions(text: &str) -> String {
    let text = text.trim_end();
    let text = text.strip_suffix("*/").unwrap_or(text).trim_end();
    normal::without_introducers(text).replace("  COLUMNS", " COLUMNS")
}

/// Fills in what a definition leaves to the table: character sets and collations.
fn settle(table: &mut Table) {
    for (name, value) in &mut table.options {
        match name.as_str() {
            "DEFAULT CHARSET" => *value = normal::character_set(value),
            "COLLATE" => *value = normal::collation(value),
            _ => {}
        }
    }
    if let Some(character_set) = table.option("DEFAULT CHARSET").map(str::to_owned)
        && table.option("COLLATE").is_none()
    {
        let at = table.options.iter().position(|(name, _)| name == "DEFAULT CHARSET").map_or(0, |at| at + 1);
        table.options.insert(at, ("COLLATE".to_owned(), normal::default_collation(&character_set)));
    }
    let of_table = |name| table.option(name).map(str::to_owned);
    let set_of =
        |collation: &String| collation.split('_').next().filter(|set| !set.is_empty()).map(normal::character_set);
    let collation = of_table("COLLATE");
    let character_set = of_table("DEFAULT CHARSET").or_else(|| collation.as_ref().and_then(set_of));
    for column in table.columns.iter_mut().filter(|column| column.is_text()) {
        match (&column.character_set, &column.collation) {
            (None, None) => (column.character_set, column.collation) = (character_set.clone(), collation.clone()),
            (Some(said), None) => column.collation = Some(normal::default_collation(said)),
            (None, Some(said)) => column.character_set = set_of(said),
            (Some(_), Some(_)) => {}
        }
    }
    // both are trees for every engine but these
    if !matches!(table.option("ENGINE"), Some("MEMORY" | "HEAP" | "ndbcluster")) {
        for index in table.indexes.iter_mut().filter(|index| index.using.as_deref() == Some("BTREE")) {
            index.using = None;
        }
    }
    table.foreign_keys.sort_by(|one, other| one.name.cmp(&other.name));
    table.checks.sort_by(|one, other| one.name.cmp(&other.name));
}

#[cfg(test)]
mod tests;
