//! How many rows of each `[[table]]` became what, in the answer and on the page.

use crate::import::check::Checked;
use crate::import::load::Loaded;
use crate::import::verify::Compared;
use crate::output::table::{Align, render};

/// The numbers of each `[[table]]`.
#[derive(Clone, Copy)]
pub enum Numbers<'a> {
    Checked(&'a [Checked]),
    Loaded(&'a [Loaded]),
    Compared(&'a [Compared]),
}

impl Numbers<'_> {
    /// As a table.
    pub fn table(self) -> String {
        let align = |number| if number == 0 { Align::Left } else { Align::Right };
        let columns: Vec<_> = self.head().iter().enumerate().map(|(number, name)| (*name, align(number))).collect();
        render(&columns, &self.lines())
    }

    /// What they are.
    pub fn head(self) -> &'static [&'static str] {
        match self {
            Self::Checked(_) => &["table", "rows", "accepted", "passed over", "rejected"],
            Self::Loaded(_) => &["table", "inserted", "equal", "different", "updated", "refused"],
            Self::Compared(_) => &["table", "rows", "missing", "different"],
        }
    }

    /// A line a `[[table]]`.
    pub fn lines(self) -> Vec<Vec<String>> {
        let line = |name: &str, numbers: &[u64]| {
            [name.to_owned()].into_iter().chain(numbers.iter().map(u64::to_string)).collect()
        };
        match self {
            Self::Checked(tables) => {
                let one = |table: &Checked| {
                    line(&table.name, &[table.rows, table.accepted, table.skipped, table.rejected.len() as u64])
                };
                tables.iter().map(one).collect()
            }
            Self::Loaded(tables) => {
                let one = |table: &Loaded| {
                    let refused = table.refused.len() as u64;
                    line(&table.name, &[table.inserted, table.equal, table.different, table.updated, refused])
                };
                tables.iter().map(one).collect()
            }
            Self::Compared(tables) => {
                let different = |table: &Compared| {
                    let columns = table.different.iter().map(|(column, found)| format!("{column}: {}", found.rows));
                    columns.collect::<Vec<_>>().join("; ")
                };
                let one = |table: &Compared| {
                    let numbers: Vec<String> = line(&table.name, &[table.rows, table.missing.rows]);
                    numbers.into_iter().chain([different(table)]).collect()
                };
                tables.iter().map(one).collect()
            }
        }
    }
}
