//! What is drawn of each table: a box of lines. Pure.

use crate::schema::dictionary::{Column, Dictionary, Mark, Table};

/// A table as it is drawn.
#[derive(Debug)]
pub struct TableBox<'a> {
    /// What is drawn.
    pub table: &'a Table,
    /// The table whose very columns it has, by its place; then only those that are keys are drawn.
    pub copy_of: Option<usize>,
    /// From top to bottom.
    pub lines: Vec<Line<'a>>,
}

/// A line of a box. All are of one height, so that whatever stands in a column of boxes lies on one grid.
#[derive(Debug)]
pub enum Line<'a> {
    /// The table's name.
    Name,
    /// Something said of the table.
    Note(String),
    /// A column.
    Column(&'a Column),
}

/// The boxes of all tables, in the dictionary's order.
#[must_use]
pub fn boxes(dictionary: &Dictionary) -> Vec<TableBox<'_>> {
    dictionary.tables.iter().map(|table| TableBox::of(dictionary, table)).collect()
}

impl<'a> TableBox<'a> {
    fn of(dictionary: &'a Dictionary, table: &'a Table) -> Self {
        let copy_of = dictionary.tables.iter().position(|original| is_copy(original, table));
        let mut lines = vec![Line::Name];
        lines.extend(table.partitioned_by.as_ref().map(|by| Line::Note(format!("by {by}"))));
        let is_drawn = |column: &&Column| copy_of.is_none() || column.is(Mark::Primary) || column.is(Mark::Foreign);
        lines.extend(table.columns.iter().filter(is_drawn).map(Line::Column));
        lines.extend(copy_of.map(|at| Line::Note(format!("… the columns of {}", dictionary.tables[at].name))));
        Self { table, copy_of, lines }
    }

    /// The line of a column.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<usize> {
        self.lines.iter().position(|line| matches!(line, Line::Column(column) if column.name == name))
    }
}

/// Whether a table has the very columns of another one, and its name with something behind it: an archive.
fn is_copy(original: &Table, table: &Table) -> bool {
    let behind = table.name.strip_prefix(original.name.as_str()).is_some_and(|rest| !rest.is_empty());
    let alike = |(one, other): (&Column, &Column)| one.name == other.name && one.data_type == other.data_type;
    let (one, other) = (&original.columns, &table.columns);
    behind && one.len() == other.len() && one.iter().zip(other).all(alike)
}
