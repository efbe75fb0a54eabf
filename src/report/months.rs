//! Partitions as bars by month, and what they tell of growth: the server keeps no old sizes, but a row's month is in its place.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::Run;

/// The partitions of a table.
#[derive(Debug, Default, Clone)]
pub struct Months {
    /// The table.
    pub table: String,
    /// How it stands, as a clause.
    pub standing: String,
    /// How many months after this one have a partition.
    pub ahead: u32,
    /// How many should.
    pub wanted: u32,
    /// In the order of their ranges.
    pub partitions: Vec<Partition>,
    /// Rows in the archive, by month, `2024-01`, or by partition where it is of none; none where there is no archive table.
    pub archived: Option<BTreeMap<String, u64>>,
}

/// A partition.
#[derive(Debug, Clone, Serialize)]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// The month that it takes, the last one where it takes several: `2026-01`; none for what lies behind the last month.
    pub month: Option<String>,
    /// When that is.
    pub when: When,
    /// Rows, as InnoDB estimates them.
    pub rows: u64,
    /// Bytes of data and indexes.
    pub bytes: u64,
}

impl Partition {
    /// Its month; its name where it is of none.
    #[must_use]
    pub fn label(&self) -> String {
        self.month.clone().unwrap_or_else(|| self.name.clone())
    }
}

/// When a month is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// It is over.
    Past,
    /// It is this one.
    Now,
    /// It is to come.
    Ahead,
    /// All that come behind the last partition of a month.
    Rest,
}

/// A bar.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// The month, or the partition's name where it is of none.
    pub label: String,
    /// The year, where it stands under the bar: at the first bar, and in each January.
    pub year: Option<String>,
    /// When that is.
    pub when: When,
    /// The partition; none where all of the month is archived.
    pub partition: Option<String>,
    /// Rows in the table.
    pub rows: u64,
    /// Bytes in the table.
    pub bytes: u64,
    /// Rows in the archive; none where there is no archive table.
    pub archived: Option<u64>,
    /// The height of the rows in the table, in thousandths of the chart's.
    pub height: u64,
    /// The height of those in the archive, above.
    pub archived_height: u64,
}

/// A bar a month, archived months that have no partition any more included, oldest first.
#[must_use]
pub fn bars(months: &Months) -> Vec<Bar> {
    let mut archived = months.archived.clone().unwrap_or_default();
    archived.retain(|_, rows| *rows > 0);
    let of_archive = |rows: u64| months.archived.as_ref().map(|_| rows);
    let mut bars: Vec<Bar> = Vec::new();
    for partition in &months.partitions {
        let label = partition.label();
        bars.push(Bar {
            year: None,
            when: partition.when,
            partition: Some(partition.name.clone()),
            rows: partition.rows,
            bytes: partition.bytes,
            archived: of_archive(archived.remove(&label).unwrap_or(0)),
            label,
            height: 0,
            archived_height: 0,
        });
    }
    let is_month = |label: &str| format!("{label}-01").parse::<NaiveDate>().is_ok();
    let gone = archived.into_iter().map(|(label, rows)| Bar {
        year: None,
        when: if is_month(&label) { When::Past } else { When::Rest },
        label,
        partition: None,
        rows: 0,
        bytes: 0,
        archived: Some(rows),
        height: 0,
        archived_height: 0,
    });
    bars.extend(gone);
    // what has no month comes last as it did
    bars.sort_by_key(|bar| {
        (bar.when == When::Rest, if bar.when == When::Rest { String::new() } else { bar.label.clone() })
    });
    let most = bars.iter().map(|bar| bar.rows + bar.archived.unwrap_or(0)).max().unwrap_or(0);
    for (index, bar) in bars.iter_mut().enumerate() {
        (bar.height, bar.archived_height) = (height(bar.rows, most), height(bar.archived.unwrap_or(0), most));
        if bar.when != When::Rest && (index == 0 || bar.label.ends_with("-01")) {
            bar.year = bar.label.split('-').next().map(str::to_owned);
        }
    }
    bars
}

/// Some rows are never no bar.
fn height(rows: u64, most: u64) -> u64 {
    if rows == 0 { 0 } else { (rows.saturating_mul(1000) / most.max(1)).max(10) }
}

/// The rows whose month is in a year.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Year {
    /// The year.
    pub year: String,
    /// How many of its months have begun, and have a partition or archived rows.
    pub months: u64,
    /// Rows of these, in the table and in its archive.
    pub rows: u64,
    /// Of a month, on average.
    pub a_month: u64,
    /// How much more than in a month of the year before, in percent.
    pub growth: Option<i64>,
}

/// Rows by year, months that are to come left out, since appointments are booked in advance.
#[must_use]
pub fn years(bars: &[Bar]) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    for bar in bars.iter().filter(|bar| matches!(bar.when, When::Past | When::Now)) {
        let name = bar.label.split('-').next().unwrap_or_default();
        if years.last().is_none_or(|year| year.year != name) {
            years.push(Year { year: name.to_owned(), months: 0, rows: 0, a_month: 0, growth: None });
        }
        if let Some(year) = years.last_mut() {
            year.months += 1;
            year.rows += bar.rows + bar.archived.unwrap_or(0);
            year.a_month = year.rows / year.months;
        }
    }
    for index in 1..years.len() {
        let (before, now) = (years[index - 1].a_month, years[index].a_month);
        let change = i128::from(now) - i128::from(before);
        years[index].growth =
            (before > 0).then(|| i64::try_from(change * 100 / i128::from(before)).unwrap_or(i64::MAX));
    }
    years
}

/// What a command did in a month.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The month: `2026-11`.
    pub month: String,
    /// The command.
    pub command: String,
    /// How many of its runs began in it.
    pub runs: u64,
    /// The rows that these moved or deleted.
    pub rows: u64,
}

/// What was done by month and command, the last month first.
#[must_use]
pub fn done(runs: &[Run]) -> Vec<Done> {
    let mut months: BTreeMap<(Reverse<&str>, &str), (u64, u64)> = BTreeMap::new();
    for run in runs {
        let month = run.started_at.get(..7).unwrap_or_default();
        let (runs, rows) = months.entry((Reverse(month), &run.command)).or_default();
        (*runs, *rows) = (*runs + 1, *rows + run.rows);
    }
    let done = |((Reverse(month), command), (runs, rows)): ((Reverse<&str>, &str), (u64, u64))| Done {
        month: month.to_owned(),
        command: command.to_owned(),
        runs,
        rows,
    };
    months.into_iter().map(done).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_by_month() {
        let run = |at: &str, command: &str, rows| Run {
            id: 1,
            command: command.to_owned(),
            started_at: at.to_owned(),
            ms: None,
            outcome: None,
            cut_off: None,
            rows,
            did: String::new(),
            by: String::new(),
        };
        let runs = [
            run("2026-10-01 01:00:00", "purge", 1),
            run("2026-11-02 01:00:00", "archive", 2),
            run("2026-11-01 01:00:00", "archive", 3),
            run("2026-11-01 02:00:00", "purge", 4),
        ];
        let shown = done(&runs).into_iter().map(|done| (done.month, done.command, done.runs, done.rows));
        let row = |month: &str, command: &str, runs, rows| (month.to_owned(), command.to_owned(), runs, rows);
        let expected = [row("2026-11", "archive", 2, 5), row("2026-11", "purge", 1, 4), row("2026-10", "purge", 1, 1)];
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }

    fn partition(month: Option<&str>, when: When, rows: u64) -> Partition {
        let name = month.map_or("p_future".to_owned(), |month| format!("p_{}", month.replace('-', "_")));
        Partition { name, month: month.map(str::to_owned), when, rows, bytes: 16384 }
    }

    fn months() -> Months {
        Months {
            partitions: vec![
                partition(Some("2025-12"), When::Past, 100),
                partition(Some("2026-01"), When::Past, 0),
                partition(Some("2026-02"), When::Now, 1000),
                partition(Some("2026-03"), When::Ahead, 1),
                partition(None, When::Rest, 0),
            ],
            archived: Some(
                [("2025-11", 300), ("2025-12", 200), ("2020-01", 0), ("p_future", 2), ("p_odd", 1)]
                    .map(|(of, rows)| (of.to_owned(), rows))
                    .into(),
            ),
            ..Months::default()
        }
    }

    #[test]
    fn a_bar_a_month() {
        let shown: Vec<String> = bars(&months())
            .iter()
            .map(|bar| {
                let year = bar.year.as_deref().unwrap_or("-");
                format!("{} {year} {:?} {} {}+{}", bar.label, bar.when, bar.rows, bar.height, bar.archived_height)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "2025-11 2025 Past 0 0+300",
                "2025-12 - Past 100 100+200",
                "2026-01 2026 Past 0 0+0",
                "2026-02 - Now 1000 1000+0",
                "2026-03 - Ahead 1 10+0",
                "p_future - Rest 0 0+10",
                "p_odd - Rest 0 0+10"
            ]
        );
        assert_eq!(bars(&Months::default()), []);
    }

    #[test]
    fn growth_is_by_what_has_been() {
        let shown: Vec<String> = years(&bars(&months()))
            .iter()
            .map(|year| format!("{} {} {} {} {:?}", year.year, year.months, year.rows, year.a_month, year.growth))
            .collect();
        assert_eq!(shown, ["2025 2 600 300 None", "2026 2 1000 500 Some(66)"]);
    }
}
