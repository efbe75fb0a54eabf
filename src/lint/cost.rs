//! How the server carries out an ALTER, asked of the server: the statement is tried with `ALGORITHM=INSTANT`, then `INPLACE, LOCK=NONE`
//! and so on, on the table as it stands before the statement, until one is accepted; 1845, 1846 and 1847 are refusals that change nothing.
//! That is the order in which the server itself chooses (MySQL manual, "Online DDL Performance and Concurrency"), so what is accepted
//! first does what the statement as written does.

use serde::Serialize;

use super::live::{BIG, Live};
use super::observe::Touched;
use crate::db::split::Token;
use crate::migrate::classify::{Target, words};
use crate::migrate::reader::Reader;
use crate::output::table::bytes;
use crate::schema::introspect::Kind;
use crate::schema::model::Index;

/// What the server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Changes the definition only.
    Instant,
    /// Works on the table where it lies.
    Inplace,
    /// Copies the rows into a new table.
    Copy,
}

/// What it does with the table in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Nothing that takes longer for a larger table.
    Definition,
    /// Reads it, for an index.
    Index,
    /// Makes it anew.
    Rebuild,
    /// The account may not see (PROCESS).
    Unknown,
}

/// Who waits as long as it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blocks {
    /// Nobody.
    Nobody,
    /// Who writes.
    Writes,
    /// Who reads, too.
    All,
}

/// What an ALTER costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// The table.
    #[serde(skip)]
    pub table: String,
    /// What the server does.
    pub algorithm: Way,
    /// What with the table.
    pub work: Work,
    /// Who waits.
    pub blocks: Blocks,
    /// It adds a row version, of which a table takes 64 (255 from MySQL 9.1) before it must be rebuilt.
    pub adds_row_version: bool,
    /// Statements before it, of the same run, that add one to the same table.
    #[serde(skip)]
    pub row_versions_before: u64,
    /// It was tried with a row in the table: some statements are refused only then.
    pub with_row: bool,
}

impl Cost {
    /// Knows an index that is built by the table before and after: that one is read does not show in its ids.
    pub fn adds_index_of(&mut self, table: &Touched) {
        let (Some(before), Some(after)) = (&table.before, &table.after) else { return };
        let had = |index: &Index| before.indexes.iter().any(|old| old.kind == index.kind && old.parts == index.parts);
        if self.algorithm == Way::Inplace && self.work == Work::Definition && !after.indexes.iter().all(had) {
            self.work = Work::Index;
        }
    }

    /// Whether INSTANT is not to be had on the live table, since its row versions are used up. Then it is rebuilt.
    fn is_out_of_versions(&self, live: Option<&Live>) -> bool {
        let used = live.and_then(|live| Some((live.size(&self.table)?.row_versions, live.limit)));
        self.adds_row_version && used.is_some_and(|(used, limit)| used + self.row_versions_before >= limit)
    }

    /// In words, with size and time where there is a live table: `online, rebuilds 38.0 MiB, about 4 s`.
    #[must_use]
    pub fn text(&self, live: Option<&Live>) -> String {
        let size = live.and_then(|live| live.size(&self.table)).map(|size| size.bytes);
        let of = size.map_or_else(|| "the table".to_owned(), bytes);
        let rates = live.and_then(|live| live.rates);
        let time = |rate: Option<u64>| match (size, rate) {
            (Some(size), Some(rate)) if size >= BIG => format!(", about {}", lasts(size, rate)),
            _ => String::new(),
        };
        let (copies, rebuilds) = (time(rates.map(|rates| rates.copy)), time(rates.map(|rates| rates.rebuild)));
        if self.is_out_of_versions(live) {
            let limit = live.map_or(0, |live| live.limit);
            return format!("online, rebuilds {of}{rebuilds}, since its {limit} INSTANT changes are used up");
        }
        let blocks = match self.blocks {
            Blocks::Nobody => "",
            Blocks::Writes => " and blocks writes",
            Blocks::All => " and blocks reads and writes",
        };
        let how = match (self.algorithm, self.work) {
            (Way::Instant, _) => return "instant".to_owned(),
            (Way::Copy, _) => return format!("copies {of}{blocks}{copies}"),
            (Way::Inplace, Work::Definition) => format!("changes the definition only{blocks}"),
            (Way::Inplace, Work::Index) => format!("reads {of} for an index{blocks}{rebuilds}"),
            (Way::Inplace, Work::Rebuild) => format!("rebuilds {of}{blocks}{rebuilds}"),
            (Way::Inplace, Work::Unknown) => format!("works in place{blocks}"),
        };
        if self.blocks == Blocks::Nobody { format!("online, {how}") } else { how }
    }

    /// Whether somebody waits for as long as the table is large.
    #[must_use]
    pub fn blocks_for_long(&self) -> bool {
        self.blocks != Blocks::Nobody && self.work != Work::Definition
    }
}

/// A time for people, no more exact than it can be: `4 s`, `2 min`, `3 h`.
fn lasts(bytes: u64, rate: u64) -> String {
    match bytes.div_ceil(rate.max(1)).max(1) {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s.div_ceil(60)),
        s => format!("{} h", s.div_ceil(3600)),
    }
}

/// What may be tried, the least costly first.
pub const ATTEMPTS: [Attempt; 6] = [
    Attempt { algorithm: "INSTANT", lock: "DEFAULT", way: Way::Instant, blocks: Blocks::Nobody },
    Attempt { algorithm: "INPLACE", lock: "NONE", way: Way::Inplace, blocks: Blocks::Nobody },
    Attempt { algorithm: "INPLACE", lock: "SHARED", way: Way::Inplace, blocks: Blocks::Writes },
    Attempt { algorithm: "INPLACE", lock: "EXCLUSIVE", way: Way::Inplace, blocks: Blocks::All },
    Attempt { algorithm: "COPY", lock: "SHARED", way: Way::Copy, blocks: Blocks::Writes },
    Attempt { algorithm: "COPY", lock: "EXCLUSIVE", way: Way::Copy, blocks: Blocks::All },
];

/// A way to try a statement.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// `ALGORITHM=…`
    pub algorithm: &'static str,
    /// `LOCK=…`
    pub lock: &'static str,
    /// What it says of the statement when it is accepted.
    pub way: Way,
    /// See `way`.
    pub blocks: Blocks,
}

/// Whether an error only says that the algorithm or the lock will not do.
#[must_use]
pub fn is_refusal(number: u16) -> bool {
    // 1221: INSTANT with another LOCK than DEFAULT, which the statement says itself
    matches!(number, 1845..=1847 | 1221)
}

/// A statement that has a cost: ALTER TABLE, CREATE INDEX, DROP INDEX, OPTIMIZE TABLE of one table.
#[derive(Debug)]
pub struct Alter<'a> {
    text: &'a str,
    /// The table.
    pub table: Target,
    form: Form,
    /// `ALGORITHM=…` and `LOCK=…` that it says itself.
    algorithm: Option<String>,
    lock: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Form {
    /// The clause comes first, behind the table's name at this offset: behind PARTITION BY or before ADD PARTITION it is a syntax error.
    Alter { at: usize, comma: bool },
    /// The clause comes last.
    Index,
    /// Does what ALTER TABLE … FORCE does (MySQL manual, "OPTIMIZE TABLE Statement").
    Optimize,
}

impl<'a> Alter<'a> {
    /// Reads a statement; none where it has no such cost: `EXCHANGE`, `TRUNCATE`, `DISCARD` and `IMPORT` take no algorithm.
    #[must_use]
    pub fn of(text: &'a str) -> Option<Self> {
        let all = words(text);
        let mut reader = Reader { tokens: &all };
        let (table, form) = match reader.word().as_str() {
            "ALTER" if reader.takes("TABLE") => {
                let table = reader.qualified(Kind::Table)?;
                let rest = reader.tokens;
                let starts = |first: &str, second: &str| matches!(rest, [Token::Word(one), Token::Word(two), ..] if one.eq_ignore_ascii_case(first) && two.eq_ignore_ascii_case(second));
                let partition = |word| starts(word, "PARTITION");
                if partition("EXCHANGE") || partition("TRUNCATE") || partition("DISCARD") || partition("IMPORT") {
                    return None;
                }
                if starts("DISCARD", "TABLESPACE") || starts("IMPORT", "TABLESPACE") {
                    return None;
                }
                let comma = !(rest.is_empty() || starts("PARTITION", "BY") || starts("REMOVE", "PARTITIONING"));
                (table, Form::Alter { at: end_of(text, &all[all.len() - rest.len() - 1])?, comma })
            }
            "CREATE" | "DROP" if has_index(&mut reader) => {
                reader.skip_to("ON");
                (reader.qualified(Kind::Table)?, Form::Index)
            }
            "OPTIMIZE" => {
                reader.takes("NO_WRITE_TO_BINLOG");
                reader.takes("LOCAL");
                reader.takes("TABLE");
                let table = reader.qualified(Kind::Table)?;
                if !reader.tokens.is_empty() {
                    return None;
                }
                (table, Form::Optimize)
            }
            _ => return None,
        };
        let said = |word, values| says(&all, word, values);
        let algorithm = said("ALGORITHM", &["INSTANT", "INPLACE", "COPY", "DEFAULT"]);
        let lock = said("LOCK", &["NONE", "SHARED", "EXCLUSIVE", "DEFAULT"]);
        Some(Self { text, table, form, algorithm, lock })
    }

    /// The statement with what an attempt asks for, as far as it does not say it itself; none where it says otherwise.
    #[must_use]
    pub fn with(&self, attempt: &Attempt) -> Option<String> {
        let differs = |own: &Option<String>, value| own.as_ref().is_some_and(|own| own != value);
        if differs(&self.algorithm, attempt.algorithm) || differs(&self.lock, attempt.lock) {
            // INSTANT with a lock of its own: the server judges
            let judged = attempt.algorithm == "INSTANT" && self.algorithm.as_deref() == Some("INSTANT");
            return judged.then(|| self.text.to_owned());
        }
        let mut clauses = Vec::new();
        if self.algorithm.is_none() {
            clauses.push(format!("ALGORITHM={}", attempt.algorithm));
        }
        if self.lock.is_none() && attempt.lock != "DEFAULT" {
            clauses.push(format!("LOCK={}", attempt.lock));
        }
        if clauses.is_empty() {
            return Some(self.text.to_owned());
        }
        Some(match self.form {
            Form::Alter { at, comma } => {
                let (head, tail) = self.text.split_at(at);
                format!("{head} {}{}{tail}", clauses.join(", "), if comma { "," } else { "" })
            }
            Form::Index => format!("{} {}", self.text, clauses.join(" ")),
            Form::Optimize => {
                let database = self.table.database.as_ref().map(|name| format!("{name}.")).unwrap_or_default();
                format!("ALTER TABLE {database}{} FORCE, {}", self.table.name, clauses.join(", "))
            }
        })
    }

    /// Whether what an attempt runs is another statement, so that the one as written must still run.
    #[must_use]
    pub fn runs_another(&self) -> bool {
        self.form == Form::Optimize
    }
}

/// Passes over `[UNIQUE | FULLTEXT | SPATIAL] INDEX`; false for another object.
fn has_index(reader: &mut Reader<'_, '_>) -> bool {
    for kind in ["UNIQUE", "FULLTEXT", "SPATIAL"] {
        reader.takes(kind);
    }
    reader.takes("INDEX")
}

/// The value that a clause outside of brackets gives.
fn says(all: &[Token<'_>], word: &str, values: &[&str]) -> Option<String> {
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate() {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') => depth = depth.saturating_sub(1),
            Token::Word(found) if depth == 0 && found.eq_ignore_ascii_case(word) => {
                let mut reader = Reader { tokens: &all[at + 1..] };
                reader.symbol('=');
                let value = reader.word();
                if values.contains(&value.as_str()) {
                    return Some(value);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where a token of `text` ends, in bytes.
fn end_of(text: &str, token: &Token<'_>) -> Option<usize> {
    let (Token::Word(piece) | Token::Quoted(piece)) = token else { return None };
    (piece.as_ptr().addr() + piece.len()).checked_sub(text.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::live::Rates;

    #[test]
    fn the_clause_stands_where_the_server_takes_it() {
        let inplace = &ATTEMPTS[1];
        for (sql, with) in [
            ("ALTER TABLE t ADD x INT", "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, ADD x INT"),
            ("alter table `a b`.`t` ADD x INT", "alter table `a b`.`t` ALGORITHM=INPLACE, LOCK=NONE, ADD x INT"),
            ("ALTER TABLE t", "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE"),
            (
                "ALTER TABLE t\n PARTITION BY HASH (x)",
                "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE\n PARTITION BY HASH (x)",
            ),
            ("ALTER TABLE t DROP PARTITION p", "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, DROP PARTITION p"),
            ("CREATE UNIQUE INDEX i ON t (x)", "CREATE UNIQUE INDEX i ON t (x) ALGORITHM=INPLACE LOCK=NONE"),
            ("DROP INDEX i ON t", "DROP INDEX i ON t ALGORITHM=INPLACE LOCK=NONE"),
            ("OPTIMIZE TABLE t", "ALTER TABLE `t` FORCE, ALGORITHM=INPLACE, LOCK=NONE"),
            ("ALTER TABLE t ADD x INT, LOCK=NONE", "ALTER TABLE t ALGORITHM=INPLACE, ADD x INT, LOCK=NONE"),
            ("ALTER TABLE t ADD x INT, ALGORITHM = INPLACE", "ALTER TABLE t LOCK=NONE, ADD x INT, ALGORITHM = INPLACE"),
            (
                "ALTER TABLE t ADD x INT, ALGORITHM INPLACE, LOCK NONE",
                "ALTER TABLE t ADD x INT, ALGORITHM INPLACE, LOCK NONE",
            ),
            ("ALTER TABLE t ADD algorithm INT", "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, ADD algorithm INT"),
        ] {
            assert_eq!(Alter::of(sql).unwrap().with(inplace).as_deref(), Some(with), "{sql}");
        }
        for sql in ["ALTER TABLE t ADD x INT, ALGORITHM=COPY", "ALTER TABLE t ADD x INT, LOCK=SHARED"] {
            assert_eq!(Alter::of(sql).unwrap().with(inplace), None, "{sql}");
        }
        for sql in [
            "CREATE TABLE t (x INT)",
            "ALTER VIEW v AS SELECT 1",
            "RENAME TABLE a TO b",
            "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
            "CREATE TRIGGER index_on BEFORE INSERT ON t FOR EACH ROW DO 0",
            "OPTIMIZE TABLE a, b",
        ] {
            assert!(Alter::of(sql).is_none(), "{sql}");
        }
    }

    #[test]
    fn costs_are_told_with_size_and_time() {
        use Blocks::{All, Nobody, Writes};
        let rates = Some(Rates { copy: 1 << 20, rebuild: 10 << 20 });
        let live = Live::of(&[("big", 300 << 20, 63), ("small", 100 << 10, 64)], rates);
        let cost = |table: &str, algorithm, work, blocks, versions| Cost {
            table: table.to_owned(),
            algorithm,
            work,
            blocks,
            adds_row_version: algorithm == Way::Instant,
            row_versions_before: versions,
            with_row: true,
        };
        for (cost, alone, with_live) in [
            (cost("big", Way::Instant, Work::Definition, Nobody, 0), "instant", "instant"),
            (
                cost("big", Way::Instant, Work::Definition, Nobody, 1),
                "instant",
                "online, rebuilds 300.0 MiB, about 30 s, since its 64 INSTANT changes are used up",
            ),
            (
                cost("small", Way::Instant, Work::Definition, Nobody, 0),
                "instant",
                "online, rebuilds 100.0 KiB, since its 64 INSTANT changes are used up",
            ),
            (
                cost("big", Way::Inplace, Work::Rebuild, Nobody, 0),
                "online, rebuilds the table",
                "online, rebuilds 300.0 MiB, about 30 s",
            ),
            (
                cost("big", Way::Inplace, Work::Index, Writes, 0),
                "reads the table for an index and blocks writes",
                "reads 300.0 MiB for an index and blocks writes, about 30 s",
            ),
            (
                cost("big", Way::Copy, Work::Rebuild, Writes, 0),
                "copies the table and blocks writes",
                "copies 300.0 MiB and blocks writes, about 5 min",
            ),
            (
                cost("new", Way::Copy, Work::Rebuild, All, 0),
                "copies the table and blocks reads and writes",
                "copies the table and blocks reads and writes",
            ),
            (
                cost("big", Way::Inplace, Work::Definition, Nobody, 0),
                "online, changes the definition only",
                "online, changes the definition only",
            ),
        ] {
            assert_eq!(cost.text(None), alone);
            assert_eq!(cost.text(Some(&live)), with_live);
        }
    }
}
