//! Sums of money by month, in the files and in the database, as accountants compare them.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::transform::Transform;

/// Columns with money, and the one that says of which month it is.
const COLUMNS: [(&str, &str, &str); 3] = [
    ("appointments", "fee", "appointment_date"),
    ("payments", "amount", "created_at"),
    ("payments", "refund_amount", "refunded_at"),
];

/// A sum in hundredths; it is written with its point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount(i128);

impl Amount {
    /// Adds what MySQL shows of a DECIMAL(10,2).
    fn add(&mut self, text: &str) {
        let digits: String = text.chars().filter(|letter| *letter != '.').collect();
        self.0 += digits.parse::<i128>().unwrap_or_default();
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.abs() / 100, self.0.abs() % 100)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // a float would not hold it
        serializer.collect_str(self)
    }
}

/// A month's sum on both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Of the rows of the files that should be in the database.
    pub files: Amount,
    /// Of those rows in the database.
    pub database: Amount,
}

/// The sums of a column, by month: `2026-01`, or `-` for rows without one.
pub type Months = BTreeMap<String, Sums>;

/// A column with money among the mapped ones.
#[derive(Debug, Clone, Copy)]
pub struct Money {
    /// Its name.
    pub name: &'static str,
    /// Its place.
    pub column: usize,
    /// The place of the column that says the month, where it is mapped.
    pub day: Option<usize>,
}

/// The columns with money of a transformed table.
#[must_use]
pub fn columns(transform: &Transform) -> Vec<Money> {
    let place = |name: &str| transform.columns.iter().position(|column| column.name == name);
    let of = COLUMNS.iter().filter(|(table, ..)| *table == transform.into);
    of.filter_map(|(_, name, day)| Some(Money { name, column: place(name)?, day: place(day) })).collect()
}

/// Adds an amount to its month, on the side that `side` picks.
pub fn add(months: &mut Months, day: Option<&str>, amount: &str, side: impl FnOnce(&mut Sums) -> &mut Amount) {
    let month = day.and_then(|day| day.get(..7)).unwrap_or("-");
    if !months.contains_key(month) {
        months.insert(month.to_owned(), Sums::default());
    }
    if let Some(sums) = months.get_mut(month) {
        side(sums).add(amount);
    }
}

/// The sums of all months.
#[must_use]
pub fn total(months: &Months) -> Sums {
    let mut total = Sums::default();
    for Sums { files, database } in months.values() {
        total.files.0 += files.0;
        total.database.0 += database.0;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_summed_exactly() {
        let mut months = Months::new();
        for (day, amount) in [
            (Some("2026-01-05"), "0.10"),
            (Some("2026-01-31 23:59:59"), "0.20"),
            (None, "-0.05"),
            (Some("2026-02-01"), "99999999.99"),
        ] {
            add(&mut months, day, amount, |sums| &mut sums.files);
        }
        add(&mut months, Some("2026-01-05"), "0.30", |sums| &mut sums.database);
        let shown: Vec<String> =
            months.iter().map(|(month, sums)| format!("{month} {} {}", sums.files, sums.database)).collect();
        assert_eq!(shown, ["- -0.05 0.00", "2026-01 0.30 0.30", "2026-02 99999999.99 0.00"]);
        assert_eq!(total(&months).files.to_string(), "100000000.24");
    }
}
