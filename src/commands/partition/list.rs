//! `caredb partition list`: what partitions there are.

use std::io::IsTerminal as _;

use serde_json::json;

use super::{Context, open, today};
use crate::cli::PartitionListArgs;
use crate::output::table::{Align, bytes, render, terminal};
use crate::output::{Outcome, count};
use crate::partition::month::Month;
use crate::partition::{Partition, Range, Table, observe};

/// One partition as it is shown.
#[derive(Debug, serde::Serialize)]
struct Line {
    partition: String,
    /// The first month; none where it is open to the past.
    from: Option<Month>,
    /// The month in which it no longer takes rows; none where it is open to the future.
    before: Option<Month>,
    rows: u64,
    bytes: u64,
    /// How many months ago it ended; negative for a coming one, none where that means nothing.
    age_months: Option<i64>,
    /// Whether rows of its month are in the archive table; none where there is no such table.
    archived: Option<bool>,
}

pub async fn run(context: &Context, args: &PartitionListArgs) -> anyhow::Result<Outcome> {
    let (mut session, tables) = open(context, &args.table).await?;
    let today = today(&mut session, &args.today).await?;
    let (mut texts, mut shown) = (Vec::new(), Vec::new());
    for (managed, mut table) in tables {
        if args.exact {
            for index in 0..table.partitions.len() {
                let name = table.partitions[index].name.clone();
                table.partitions[index].rows = observe::count(&mut session.conn, &table, &name).await?;
            }
        }
        let archived = observe::archived(&mut session.conn, &managed).await?;
        let lines: Vec<Line> = table
            .ranges()
            .map(|(partition, range)| {
                let archived = archived.as_ref().map(|months| months.contains(&partition.name));
                line(partition, range, today, archived)
            })
            .collect();
        texts.push(text(&table, &lines, args.exact));
        shown.push(json!({ "table": table.name.as_str(), "exact": args.exact, "partitions": lines }));
    }
    Ok(Outcome::done(texts.join("\n\n"), json!({ "today": today, "tables": shown })))
}

fn line(partition: &Partition, range: Range, today: Month, archived: Option<bool>) -> Line {
    let (from, last) = match range {
        Range::Month(month) => (Some(month), Some(month)),
        Range::First(last) => (None, Some(last)),
        Range::Months(first, last) => (Some(first), Some(last)),
        Range::Rest(first) => (first, None),
        Range::Crooked => (None, None),
    };
    Line {
        partition: partition.name.as_str().to_owned(),
        from,
        before: last.and_then(Month::next),
        rows: partition.rows,
        bytes: partition.bytes,
        age_months: last.map(|last| last.until(today)),
        archived,
    }
}

fn text(table: &Table, lines: &[Line], exact: bool) -> String {
    let month = |month: Option<Month>| month.map_or(String::new(), |month| month.to_string());
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let mut row = vec![
                line.partition.clone(),
                month(line.from),
                month(line.before),
                line.rows.to_string(),
                bytes(line.bytes),
                line.age_months.map(age).unwrap_or_default(),
            ];
            row.extend(line.archived.map(|archived| if archived { "yes" } else { "no" }.to_owned()));
            row
        })
        .collect();
    let mut columns = vec![
        ("partition", Align::Left),
        ("from", Align::Left),
        ("before", Align::Left),
        (if exact { "rows" } else { "rows ~" }, Align::Right),
        ("size", Align::Right),
        ("age", Align::Right),
    ];
    columns.extend(lines.iter().any(|line| line.archived.is_some()).then_some(("archived", Align::Left)));
    let sum: u64 = lines.iter().map(|line| line.rows).sum();
    let about = if exact { "" } else { "about " };
    let rows_word = if sum == 1 { "row" } else { "rows" };
    let mut shown = render(&columns, &rows);
    if std::io::stdout().is_terminal() {
        let bars: Vec<u64> = lines.iter().map(|line| line.rows).collect();
        shown = with_bars(&shown, &bars, terminal().map(|(width, _)| width));
    }
    format!("{shown}\n\n`{}`: {}, {about}{sum} {rows_word}", table.name.as_str(), count(lines.len(), "partition"))
}

/// `now`, `7 mo`, `in 2 mo`, `2 y 1 mo`.
fn age(months: i64) -> String {
    let length = match (months.unsigned_abs() / 12, months.unsigned_abs() % 12) {
        (0, 0) => return "now".to_owned(),
        (0, months) => format!("{months} mo"),
        (years, 0) => format!("{years} y"),
        (years, months) => format!("{years} y {months} mo"),
    };
    if months < 0 { format!("in {length}") } else { length }
}

/// How many characters the longest bar has.
const BAR: usize = 20;

/// Less is no bar.
const SHORTEST: usize = 5;

/// Puts a bar behind each row of a table with a header, as far as the terminal is wide.
fn with_bars(table: &str, rows: &[u64], width: Option<usize>) -> String {
    let lines: Vec<&str> = table.lines().collect();
    let taken = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0) + 2;
    let room = width.map_or(BAR, |width| BAR.min(width.saturating_sub(taken)));
    // where rows go on below, nothing stands beside them
    if room < SHORTEST || lines.len() != rows.len() + 1 {
        return table.to_owned();
    }
    let most = rows.iter().copied().max().unwrap_or(0);
    let mut text = lines.first().map_or(String::new(), |header| (*header).to_owned());
    for (line, rows) in lines.iter().skip(1).zip(rows) {
        let line = format!("\n{line:taken$}{}", bar(*rows, most, room));
        text.push_str(line.trim_end_matches(' '));
    }
    text
}

/// A bar in eighths of a character, `longest` at the most; some rows are never no bar.
fn bar(rows: u64, most: u64, longest: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if rows == 0 || most == 0 {
        return String::new();
    }
    let eighths = (u128::from(rows) * longest as u128 * 8 / u128::from(most)).max(1);
    // at the most 160, so it fits
    let (whole, rest) = (usize::try_from(eighths / 8).unwrap_or(0), usize::try_from(eighths % 8).unwrap_or(0));
    format!("{}{}", "█".repeat(whole), EIGHTHS[rest])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_bars_are_for_people() {
        for (months, text) in
            [(0, "now"), (1, "1 mo"), (-2, "in 2 mo"), (12, "1 y"), (25, "2 y 1 mo"), (-13, "in 1 y 1 mo")]
        {
            assert_eq!(age(months), text);
        }
        for (rows, most, text) in
            [(0, 0, ""), (0, 9, ""), (1, 1_000_000, "▏"), (5, 10, "██████████"), (1, 3, "██████▋")]
        {
            assert_eq!(bar(rows, most, BAR), text, "{rows} of {most}");
        }
        assert_eq!(bar(u64::MAX, u64::MAX, BAR).chars().count(), 20);
    }
    #[test]
    fn bars_take_the_room_that_is_left() {
        let table = "partition  rows\np_2026_01     8\np_2026_02     0\np_future      4";
        for (width, expected) in [
            (Some(25), "partition  rows\np_2026_01     8  ████████\np_2026_02     0\np_future      4  ████"),
            (Some(21), table),
        ] {
            assert_eq!(with_bars(table, &[8, 0, 4], width), expected, "{width:?}");
        }
        assert_eq!(with_bars(table, &[8, 0, 4], None).matches('█').count(), 30);
        assert_eq!(with_bars(&format!("{table}\n  below"), &[8, 0, 4], None).matches('█').count(), 0);
    }
}
