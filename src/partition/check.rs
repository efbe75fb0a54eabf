//! What is wrong with a table's partitions, keys and triggers. Pure.

use std::collections::BTreeMap;

use super::keys::{Ids, Mismatch};
use super::month::Month;
use super::plan::{CATCH_ALL, Content};
use super::scheme::Bound;
use super::triggers::{Live, Trigger};
use super::{Range, Table};
use crate::db::error::DbError;
use crate::db::ident::Ident;
use crate::output::count;
use crate::output::finding::{Finding, Level};

/// What the checks look at.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The table.
    pub table: &'a Table,
    /// What is in the partitions that take more than one month.
    pub contents: &'a BTreeMap<Ident, Content>,
    /// Its keys and what does not match; none where it has no keys, or they were passed over.
    pub keys: Option<(&'a Ident, Mismatch)>,
    /// The triggers that the applied migrations made.
    pub expected: BTreeMap<String, Trigger>,
    /// Those that are there; an error where this account may not see them.
    pub live: Result<BTreeMap<String, Live>, DbError>,
    /// The table's INSTANT row versions; an error where this account may not see them.
    pub row_versions: Result<u64, DbError>,
}

/// All checks. `ahead`: how many months after `today` must have a partition.
#[must_use]
pub fn judge(seen: &Seen<'_>, today: Month, ahead: u32) -> Vec<Finding> {
    let mut findings = vec![headroom(seen.table, today, ahead)];
    findings.extend(catch_all(seen));
    findings.extend(ranges(seen));
    findings.extend(names(seen.table));
    if let Some((keys, mismatch)) = &seen.keys {
        findings.extend(mismatches(seen.table, keys, mismatch));
    }
    findings.extend(triggers(seen));
    findings.push(row_versions(seen));
    findings
}

fn problem(check: &'static str, what: impl Into<String>, cure: impl Into<String>) -> Finding {
    Finding::new(check, Level::Problem, what, cure)
}

fn headroom(table: &Table, today: Month, ahead: u32) -> Finding {
    const CHECK: &str = "headroom";
    let months = table.headroom(today);
    let what = format!("{months} of {ahead} months after {today} have a partition");
    if months < ahead {
        return problem(CHECK, what, format!("run `caredb partition ensure --ahead {ahead}`"));
    }
    Finding::ok(CHECK, what)
}

fn catch_all(seen: &Seen<'_>) -> Vec<Finding> {
    const CHECK: &str = "catch_all";
    let Some(catch_all) = seen.table.catch_all() else {
        return vec![problem(
            CHECK,
            "no partition takes rows behind the last month: INSERT fails with error 1526, and INSERT IGNORE loses the row without a word",
            format!("run `caredb partition ensure`, which adds `{CATCH_ALL}`"),
        )];
    };
    let name = catch_all.name.as_str();
    let content = seen.contents.get(&catch_all.name);
    let finding = match content {
        Some(Content { empty: true, .. }) => Finding::ok(CHECK, format!("`{name}` is empty")),
        Some(Content { months: Some((oldest, newest)), .. }) => problem(
            CHECK,
            format!("`{name}` holds rows of {oldest} to {newest}"),
            format!(
                "run `caredb partition ensure --ahead N --allow-copy` with an N that reaches {newest}, at a quiet time, or mend the dates"
            ),
        ),
        _ => problem(CHECK, format!("`{name}` holds rows without a real date"), "mend their dates"),
    };
    vec![finding]
}

/// Each partition is a month, and only the first may hold what is older.
fn ranges(seen: &Seen<'_>) -> Vec<Finding> {
    const CHECK: &str = "ranges";
    let mut findings = Vec::new();
    for (partition, range) in seen.table.ranges() {
        let name = partition.name.as_str();
        match range {
            Range::Month(_) | Range::Rest(_) => {}
            Range::Months(first, last) => findings.push(problem(
                CHECK,
                format!("`{name}` takes {first} to {last}: a gap before its month"),
                "run `caredb partition ensure`, with `--allow-copy` where it has rows",
            )),
            Range::Crooked => {
                if let Bound::Other(bound) = &partition.bound {
                    findings.push(problem(
                        CHECK,
                        format!("`{name}` ends at {bound}, within a month, which so has two partitions"),
                        "reorganize it by hand to end on the first of a month",
                    ));
                }
            }
            Range::First(own) => {
                let older = seen.contents.get(&partition.name).and_then(|content| content.months);
                if let Some((oldest, _)) = older.filter(|(oldest, _)| *oldest < own) {
                    findings.push(problem(
                        CHECK,
                        format!("`{name}`, the first partition, also holds rows since {oldest}"),
                        "run `caredb partition ensure --allow-copy`, or mend the dates",
                    ));
                }
            }
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, format!("each of the {} partitions is a month", seen.table.months())));
    }
    findings
}

/// A partition that is called like a month is that month.
fn names(table: &Table) -> Vec<Finding> {
    const CHECK: &str = "names";
    let mut findings = Vec::new();
    for (partition, range) in table.ranges() {
        if let Range::Month(month) | Range::First(month) | Range::Months(_, month) = range
            && partition.name.as_str() != month.partition()
        {
            findings.push(problem(
                CHECK,
                format!("the partition of {month} is called `{}`", partition.name.as_str()),
                format!("reorganize it under the name `{}`, by which it is archived", month.partition()),
            ));
        }
    }
    findings
}

fn mismatches(table: &Table, keys: &Ident, mismatch: &Mismatch) -> Vec<Finding> {
    const CHECK: &str = "keys";
    let (rows, keys) = (table.name.as_str(), keys.as_str());
    let named = |ids: &Ids| {
        let more = if ids.count > ids.first.len() as u64 { ", …" } else { "" };
        format!("{}{more}", ids.first.join(", "))
    };
    let mut findings = Vec::new();
    for (ids, noun, what, cure) in [
        (
            &mismatch.no_key,
            "row",
            format!("of `{rows}` without a key"),
            "a trigger was missing when they were written; insert the keys by hand",
        ),
        (
            &mismatch.differs,
            "row",
            format!("of `{rows}` unlike the key"),
            "a trigger was missing when they were changed; update the keys by hand",
        ),
        (
            &mismatch.no_row,
            "key",
            format!("of `{keys}` without a row"),
            "TRUNCATE, DROP PARTITION or EXCHANGE removed the rows, and no trigger fires for those; bring the rows back, or delete the keys",
        ),
    ] {
        if ids.count > 0 {
            let number = count(ids.count, noun);
            findings.push(problem(CHECK, format!("{number} {what}: {}", named(ids)), cure));
        }
    }
    if findings.is_empty() {
        findings
            .push(Finding::ok(CHECK, format!("every row of `{rows}` has its key in `{keys}`, and every key its row")));
    }
    findings
}

fn triggers(seen: &Seen<'_>) -> Vec<Finding> {
    const CHECK: &str = "triggers";
    let live = match &seen.live {
        Ok(live) => live,
        Err(error) => return vec![Finding::unknown(CHECK, error)],
    };
    let mut findings = Vec::new();
    for (name, expected) in &seen.expected {
        match live.get(name) {
            None => findings.push(problem(
                CHECK,
                format!("trigger `{name}` is missing: rows are written without their keys"),
                "create it again as its migration has it, then check again",
            )),
            Some(live) if live.trigger != *expected => findings.push(problem(
                CHECK,
                format!("trigger `{name}` is not what its migration made"),
                "drop it and create it again as its migration has it, then check again",
            )),
            Some(_) => {}
        }
    }
    for (name, live) in live {
        match live.definer_lives {
            Some(true) => {}
            Some(false) => findings.push(problem(
                CHECK,
                format!(
                    "trigger `{name}` runs as {}, an account that is gone: every write fails with error 1449",
                    live.definer
                ),
                "create the account again, or the trigger under another one",
            )),
            None => findings.push(Finding::unknown(
                CHECK,
                &format!(
                    "trigger `{name}` runs as {}; to know whether that account is there takes SELECT on `mysql`.`user`",
                    live.definer
                ),
            )),
        }
    }
    if findings.is_empty() && !live.is_empty() {
        findings.push(Finding::ok(
            CHECK,
            format!("{} on `{}`, as the migrations made them", live.len(), seen.table.name.as_str()),
        ));
    }
    findings
}

fn row_versions(seen: &Seen<'_>) -> Finding {
    const CHECK: &str = "row_versions";
    let table = seen.table.name.as_str();
    match &seen.row_versions {
        Ok(0) => Finding::ok(CHECK, "no INSTANT change stands in the way of an EXCHANGE"),
        Ok(number) => problem(
            CHECK,
            format!(
                "`{table}` has had {} since it was rebuilt, and so refuses EXCHANGE PARTITION (error 1731)",
                count(*number, "INSTANT change")
            ),
            "run `caredb partition rebuild NAME --allow-copy` with any of its partitions",
        ),
        Err(error) => Finding::unknown(CHECK, error),
    }
}

#[cfg(test)]
mod tests;
