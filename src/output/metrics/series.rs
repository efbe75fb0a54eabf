//! Series in the text format of Prometheus ("Exposition formats" in its documentation), as far as caredb writes it. Pure.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// The labels of a series, by name.
pub type Labels = BTreeMap<String, String>;

/// Labels from pairs.
#[must_use]
pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What is measured; all of it may go up and down, a gauge. The label of a job is `command`: Prometheus itself has one that is called
/// `job`, and would rename ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "`help` says it")]
pub enum Family {
    LastRun,
    LastSuccess,
    ExitCode,
    Duration,
    Rows,
    Throttled,
    Headroom,
    DueRows,
    Overdue,
}

const FAMILIES: [Family; 9] = [
    Family::LastRun,
    Family::LastSuccess,
    Family::ExitCode,
    Family::Duration,
    Family::Rows,
    Family::Throttled,
    Family::Headroom,
    Family::DueRows,
    Family::Overdue,
];

impl Family {
    fn name(self) -> &'static str {
        match self {
            Self::LastRun => "caredb_job_last_run_timestamp_seconds",
            Self::LastSuccess => "caredb_job_last_success_timestamp_seconds",
            Self::ExitCode => "caredb_job_last_run_exit_code",
            Self::Duration => "caredb_job_last_run_duration_seconds",
            Self::Rows => "caredb_job_last_run_rows",
            Self::Throttled => "caredb_job_last_run_throttled_seconds",
            Self::Headroom => "caredb_partition_headroom_months",
            Self::DueRows => "caredb_retention_due_rows",
            Self::Overdue => "caredb_retention_overdue_seconds",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::LastRun => "When the last run ended, whatever came of it, in Unix time.",
            Self::LastSuccess => "When the last run with exit code 0 ended, in Unix time.",
            Self::ExitCode => {
                "How the last run ended: 0 done, 1 the check found something, 2 error, 3 refused, 4 another run has the lock, 130 interrupted."
            }
            Self::Duration => "How long the last run took.",
            Self::Rows => "How many rows the last run moved or deleted, by the ledger.",
            Self::Throttled => "How long the last run paused between batches, by cause.",
            Self::Headroom => "How many months after this one have a partition, without a gap.",
            Self::DueRows => "About how many rows are old enough for the job, those that must stay included.",
            Self::Overdue => "How long the oldest row that is old enough for the job has been so; 0 without one.",
        }
    }

    /// Whether it tells of a run, rather than of the database at its end.
    #[must_use]
    pub fn is_of_a_run(self) -> bool {
        self < Self::Headroom
    }
}

/// Series and their values. Displays in the text format.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series(BTreeMap<(Family, Labels), f64>);

impl Series {
    /// Sets a value; one of the same labels is replaced.
    pub fn set(&mut self, family: Family, labels: Labels, value: f64) {
        self.0.insert((family, labels), value);
    }

    /// A value.
    #[must_use]
    pub fn get(&self, family: Family, labels: &Labels) -> Option<f64> {
        self.0.get(&(family, labels.clone())).copied()
    }

    /// Keeps only those for which `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(Family, &Labels) -> bool) {
        self.0.retain(|(family, labels), _| keep(*family, labels));
    }

    /// Takes over the values of others.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Reads what `Display` wrote. Errors: the line, from 1, that it did not write.
    pub fn read(text: &str) -> Result<Self, usize> {
        let mut series = Self::default();
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("# HELP caredb_") || line.starts_with("# TYPE caredb_") {
                continue;
            }
            let (family, labels, value) = sample(line).ok_or(number + 1)?;
            series.set(family, labels, value);
        }
        Ok(series)
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for ((family, labels), value) in &self.0 {
            let name = family.name();
            if last != Some(*family) {
                writeln!(f, "# HELP {name} {}\n# TYPE {name} gauge", family.help())?;
                last = Some(*family);
            }
            let mut pairs = String::new();
            for (label, value) in labels {
                let comma = if pairs.is_empty() { "" } else { "," };
                // writing into a String can't fail
                let _ = write!(pairs, "{comma}{label}=\"{}\"", escape(value));
            }
            writeln!(f, "{name}{{{pairs}}} {value}")?;
        }
        Ok(())
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// `name{label="value",…} 1.5`
fn sample(line: &str) -> Option<(Family, Labels, f64)> {
    let (name, rest) = line.split_once('{')?;
    let family = FAMILIES.into_iter().find(|family| family.name() == name)?;
    let mut labels = Labels::new();
    let mut rest = rest;
    loop {
        let (label, behind) = rest.split_once("=\"")?;
        let (value, behind) = unescape(behind)?;
        labels.insert(label.to_owned(), value);
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Some((family, labels, behind.strip_prefix("} ")?.parse().ok()?)),
        }
    }
}

/// A value up to its closing quote, and what follows that.
fn unescape(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match letters.next()?.1 {
                'n' => '\n',
                letter => letter,
            }),
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn series_are_written_by_family() {
        let mut series = Series::default();
        let of = |command| labels(&[("database", "clinic"), ("command", command)]);
        series.set(Family::Headroom, labels(&[("table", "a\"b\\c\nd")]), 3.0);
        series.set(Family::LastRun, of("cron"), 1_764_236_141.25);
        series.set(Family::LastRun, of("purge archive"), 7.0);
        assert_eq!(
            series.to_string(),
            "# HELP caredb_job_last_run_timestamp_seconds When the last run ended, whatever came of it, in Unix time.\n\
             # TYPE caredb_job_last_run_timestamp_seconds gauge\n\
             caredb_job_last_run_timestamp_seconds{command=\"cron\",database=\"clinic\"} 1764236141.25\n\
             caredb_job_last_run_timestamp_seconds{command=\"purge archive\",database=\"clinic\"} 7\n\
             # HELP caredb_partition_headroom_months How many months after this one have a partition, without a gap.\n\
             # TYPE caredb_partition_headroom_months gauge\n\
             caredb_partition_headroom_months{table=\"a\\\"b\\\\c\\nd\"} 3\n"
        );
        assert_eq!(Series::read(&series.to_string()), Ok(series));
    }

    #[test]
    fn what_others_wrote_is_not_taken_for_ours() {
        for (text, line) in [
            ("node_load1 3\n", 1),
            ("# HELP node_load1 x\n", 1),
            ("# HELP caredb_x y\ncaredb_x{a=\"b\"} 1\n", 2),
            ("caredb_job_last_run_rows{a=\"b\"} x\n", 1),
            ("caredb_job_last_run_rows{a=\"b} 1\n", 1),
            ("caredb_job_last_run_rows{a=\"b\"}\n", 1),
        ] {
            assert_eq!(Series::read(text), Err(line), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in ".*", number in -1e12f64..1e12) {
            let mut series = Series::default();
            series.set(Family::Rows, labels(&[("a", &value), ("b", "x")]), number);
            prop_assert_eq!(Series::read(&series.to_string()), Ok(series));
        }
    }
}
