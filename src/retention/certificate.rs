//! Certificates of destruction and of transfer, with what records practice (AHIMA) asks of one: the date, the records, the
//! inclusive dates, the method, who, and that it was done in the normal course of business.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::ledger::{Entry, Total};

/// What became of records, for an auditor.
#[derive(Debug, serde::Serialize)]
pub struct Certificate<'a> {
    title: &'static str,
    statement: &'static str,
    run: u64,
    database: &'a str,
    started_at: &'a str,
    ended_at: &'a str,
    records: String,
    inclusive_dates: String,
    policy: &'a str,
    method: &'static str,
    account: &'a str,
    host: &'a str,
    command: &'a str,
    ended: &'a str,
    totals: BTreeMap<&'a str, Total>,
    previous: Option<&'a str>,
    hash: &'a str,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Uncertifiable {
    /// Nobody knows yet what the run did.
    #[error("run {0} has not ended, so there is nothing to certify; the next run of its command ends it")]
    UnderWay(u64),
    /// It is not what was sealed.
    #[error("run {0} does not fit its hash, so nothing is certified; `caredb runs verify` says what was changed")]
    Altered(u64),
    /// Nothing was done.
    #[error("run {0} moved and deleted no rows, so there is nothing to certify")]
    Empty(u64),
}

/// The certificate of a run that has ended. Pure.
pub fn certify<'a>(entry: &'a Entry, database: &'a str) -> Result<Certificate<'a>, Uncertifiable> {
    let (Some(ended_at), Some(ended), Some(hash)) = (&entry.ended_at, &entry.outcome, &entry.hash) else {
        return Err(Uncertifiable::UnderWay(entry.id));
    };
    if *hash != entry.seal_hash() {
        return Err(Uncertifiable::Altered(entry.id));
    }
    let totals = entry.totals();
    if totals.values().all(|total| total.rows == 0) {
        return Err(Uncertifiable::Empty(entry.id));
    }
    let (title, statement, method) = wording(&entry.command);
    Ok(Certificate {
        title,
        statement,
        run: entry.id,
        database,
        started_at: &entry.started_at,
        ended_at,
        records: records(entry),
        inclusive_dates: inclusive_dates(entry),
        policy: &entry.policy,
        method,
        account: &entry.account,
        host: &entry.host,
        command: &entry.command,
        ended,
        totals,
        previous: entry.previous.as_deref(),
        hash,
    })
}

const DESTROYED: &str = "The records described below were destroyed in the normal course of business, under the retention \
                         policy stated here, and none of them was under legal hold.";
const MOVED: &str = "The records described below were moved in the normal course of business, under the retention policy \
                     stated here, and none of them was under legal hold. None was destroyed.";
const RESTORED: &str =
    "The records described below were moved back in the normal course of business. None was destroyed.";

/// Title, statement and method of a command.
fn wording(command: &str) -> (&'static str, &'static str, &'static str) {
    const TRANSFER: &str = "Certificate of transfer";
    match command.split(' ').collect::<Vec<_>>().as_slice() {
        ["purge", ..] => (
            "Certificate of destruction",
            DESTROYED,
            "deleted from the database; backups and logs of the server hold copies until their own terms end",
        ),
        ["archive", "restore"] => (
            TRANSFER,
            RESTORED,
            "moved within the database, from the archive back to the live table; compared by count and checksum before removal",
        ),
        ["compress", ..] => (
            TRANSFER,
            MOVED,
            "moved within the database, into compressed storage; compared by count and checksum before removal",
        ),
        _ => (
            TRANSFER,
            MOVED,
            "moved within the database, from the live table to the archive; compared by count and checksum before removal",
        ),
    }
}

/// `appointments: p_2024_01, p_2024_02`
fn records(entry: &Entry) -> String {
    let series = match entry.command.as_str() {
        "archive restore" => "appointments".to_owned(),
        "purge archive" => "archived appointments".to_owned(),
        command => command.split_once(' ').map_or(command, |(_, series)| series).replace('-', " "),
    };
    let mut parts: Vec<&str> =
        entry.parts.iter().filter(|part| part.total.rows > 0).map(|part| part.part.as_str()).collect();
    parts.dedup();
    match parts.as_slice() {
        [] => series,
        [part] if *part == series => series,
        parts => format!("{series}: {}", parts.join(", ")),
    }
}

/// The months that the parts name, and the cut-off.
fn inclusive_dates(entry: &Entry) -> String {
    let month = |part: &str| {
        Some(part.strip_prefix("p_")?.replace('_', "-")).filter(|month| month.starts_with(|c: char| c.is_ascii_digit()))
    };
    let with_rows = entry.parts.iter().filter(|part| part.total.rows > 0);
    let months: Vec<String> = with_rows.filter_map(|part| month(&part.part)).collect();
    // they are in order
    let months = match (months.first(), months.last()) {
        (Some(first), Some(last)) if first == last => Some(first.clone()),
        (Some(first), Some(last)) => Some(format!("{first} to {last}")),
        _ => None,
    };
    let before = entry.cut_off.as_ref().map(|cut_off| format!("before {cut_off}"));
    let dates: Vec<String> = months.into_iter().chain(before).collect();
    if dates.is_empty() { "not by date".to_owned() } else { dates.join(", ") }
}

const WIDTH: usize = 72;
const LABEL: usize = 17;

impl Certificate<'_> {
    /// For people and for paper: 72 columns.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n{}\n\n", self.title.to_uppercase(), wrap(self.statement, WIDTH).join("\n"));
        let mut field = |label: &str, value: &str| {
            for (index, line) in wrap(value, WIDTH - LABEL).iter().enumerate() {
                let label = if index == 0 { label } else { "" };
                let _ = writeln!(text, "{label:<LABEL$}{line}"); // writing into a String can't fail
            }
        };
        field("run", &format!("{} of database {}", self.run, self.database));
        field("date", &format!("{} to {} UTC", second(self.started_at), second(self.ended_at)));
        field("records", &self.records);
        field("inclusive dates", &self.inclusive_dates);
        field("policy", self.policy);
        field("method", self.method);
        field("by", &format!("{} on {}, caredb {}", self.account, self.host, self.command));
        field("outcome", self.ended);
        for (action, total) in &self.totals {
            let rows = crate::output::count(total.rows, "row");
            field(action, &format!("{rows}, {} bytes, checksum {} (sum of CRC32)", total.bytes, total.checksum));
        }
        field("previous hash", &halves(self.previous.unwrap_or("none, it is the first")));
        field("hash (SHA-256)", &halves(self.hash));
        let _ = write!(text, "\n{:<LABEL$}{:_<35}  date {:_<13}", "witnessed by", "", "");
        text
    }
}

/// A time without what is below a second.
fn second(time: &str) -> &str {
    time.split_once('.').map_or(time, |(second, _)| second)
}

/// A hash on two lines.
fn halves(hash: &str) -> String {
    match hash.split_at_checked(32) {
        Some((first, second)) if hash.len() == 64 => format!("{first} {second}"),
        _ => hash.to_owned(),
    }
}

/// Breaks a text between words, and a word that is longer than a line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for piece in letters.chunks(width).map(|piece| piece.iter().collect::<String>()) {
            match lines.last_mut() {
                Some(line) if line.is_empty() => line.push_str(&piece),
                Some(line) if line.chars().count() + 1 + piece.chars().count() <= width => {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_between_words_and_a_long_word_within() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 3), [""]);
    }
}
