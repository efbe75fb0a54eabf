//! Which columns have the legacy ids of other rows.

use std::collections::HashSet;

use super::{Seen, names, quote};
use crate::output::count;

/// The columns that rows of a file may be known by.
#[derive(Debug, Default)]
pub(super) struct Key {
    /// The likeliest.
    pub column: Option<usize>,
    /// What is not certain of it.
    pub doubts: Vec<String>,
}

/// Looks for the column that tells rows apart: by its values, and by its name.
pub(super) fn key(seen: &Seen) -> Key {
    let rows = seen.rows.len();
    let distinct = |column: usize| seen.values(column).collect::<HashSet<_>>().len();
    // in thousandths: the share of rows that have a value of their own, a name that says so, the first place
    let score = |column: usize| {
        let share = distinct(column) * 1000 / rows.max(1);
        share + if names::is_key(&seen.header[column]) { 300 } else { 0 } + if column == 0 { 100 } else { 0 }
    };
    let likely = (0..seen.header.len()).filter(|column| distinct(*column) * 5 > rows * 4);
    // the first of equals
    let Some(column) = likely.rev().max_by_key(|column| score(*column)) else { return Key::default() };
    let mut doubts = Vec::new();
    let values = seen.values(column).count();
    if values < rows {
        doubts.push(format!("{} of {rows} without a value here", count(rows - values, "row")));
    }
    let repeated = values - distinct(column);
    if repeated > 0 {
        doubts.push(format!(
            "{} of {rows} with a value that was there before; where they are the same, say `first_of = true`",
            count(repeated, "row")
        ));
    }
    let others = (0..seen.header.len()).filter(|other| *other != column && distinct(*other) == rows && rows > 0);
    let others: Vec<String> = others.map(|other| quote(&seen.header[other])).collect();
    if !others.is_empty() {
        doubts.push(format!("each row has its own value also in {}", others.join(", ")));
    }
    Key { column: Some(column), doubts }
}

/// A reference that was found.
#[derive(Debug)]
pub(super) struct Reference {
    /// The column with the other row's legacy id.
    pub column: usize,
    /// What is not certain of it.
    pub doubts: Vec<String>,
}

/// Looks for the column that has legacy ids of `other`, whose key is `key`. `called`: the column that its name speaks for.
/// `own`: it is the same file, so its key refers to nothing.
pub(super) fn find(seen: &Seen, called: Option<usize>, other: &Seen, key: usize, own: bool) -> Option<Reference> {
    let ids: HashSet<&str> = other.values(key).collect();
    let same_name = seen.header.iter().position(|name| names::plain(name) == names::plain(&other.header[key]));
    let mut found: Vec<(bool, usize, usize, usize)> = Vec::new();
    for column in (0..seen.header.len()).filter(|column| !own || *column != key) {
        let values: HashSet<&str> = seen.values(column).collect();
        let there = values.intersection(&ids).count();
        let named = called == Some(column) || (!own && same_name == Some(column));
        let enough = if named { there * 2 >= values.len() } else { there * 10 >= values.len() * 9 && there > 2 };
        if there > 0 && enough {
            found.push((named, there, column, values.len()));
        }
    }
    let &(named, there, column, all) = found.iter().max_by_key(|(named, there, ..)| (*named, *there))?;
    let mut doubts = Vec::new();
    if there < all {
        let more = if other.more { ", of which not all were looked at" } else { "" };
        doubts.push(format!("of {all} different values, {} not in {}{more}", all - there, quote(&other.header[key])));
    }
    if !named {
        doubts.push(format!(
            "the values alone speak for it: they are in {} of source `{}`",
            quote(&other.header[key]),
            other.name
        ));
    }
    Some(Reference { column, doubts })
}
