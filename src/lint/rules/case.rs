//! Cases for the rules: statements with the tables as a server would show them.

use crate::lint::Rule;
use crate::lint::cost::{Blocks, Cost, Way, Work};
use crate::lint::file::{File, Kind};
use crate::lint::live::Live;
use crate::lint::observe::{Observed, Ran, Seen, Touched, Undo};
use crate::lint::scene::Scene;
use crate::migrate::placeholder::Placeholders;
use crate::schema::model::Table;
use crate::schema::parse;

/// A file with what its statements did, to be filled in.
pub struct Case {
    pub observed: Observed,
    pub live: Option<Live>,
}

/// A V file of these statements, of which none touches a table yet.
pub fn file(sql: &str) -> Case {
    let file = File::read(Kind::Up(7), "V7__x.sql".to_owned(), String::new(), sql.as_bytes(), &Placeholders::default());
    assert_eq!(file.unreadable, None);
    let seen = || Seen { ran: Ran::Done, tables: Vec::new(), cost: None };
    let seen = file.script.statements.iter().map(|_| seen()).collect();
    Case { observed: Observed { file, seen, undo: Undo::Restores(Vec::new()) }, live: None }
}

/// A statement that changes table `t`; `before` and `after` are the lines of its definition, empty where there is none.
pub fn alter(sql: &str, before: &str, after: &str) -> Case {
    file(sql).touches(0, "t", before, after)
}

/// The table that these lines define. What they say behind a `)` of their own are options.
fn table(lines: &str) -> Option<Table> {
    if lines.is_empty() {
        return None;
    }
    let options = ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci";
    let end = if lines.contains("\n)") { "" } else { options };
    Some(parse::table(&format!("CREATE TABLE `t` (\n{lines}\n{end}")).unwrap())
}

impl Case {
    pub fn touches(mut self, at: usize, name: &str, before: &str, after: &str) -> Self {
        let made = |seen: &Seen| {
            seen.tables.iter().any(|table| table.name == name && table.before.is_none() && table.after.is_some())
        };
        let is_new = self.observed.seen[..at].iter().any(made);
        let touched = Touched { name: name.to_owned(), before: table(before), after: table(after), is_new };
        self.observed.seen[at].tables.push(touched);
        self
    }

    pub fn costs(mut self, algorithm: Way, work: Work, blocks: Blocks) -> Self {
        let seen = self.observed.seen.last_mut().unwrap();
        let table = seen.tables[0].name.clone();
        let adds_row_version = algorithm == Way::Instant;
        seen.cost =
            Some(Cost { table, algorithm, work, blocks, adds_row_version, row_versions_before: 0, with_row: true });
        self
    }

    pub fn copies(self) -> Self {
        self.costs(Way::Copy, Work::Rebuild, Blocks::Writes)
    }

    pub fn ran(mut self, ran: Ran) -> Self {
        self.observed.seen.last_mut().unwrap().ran = ran;
        self
    }

    pub fn undo(mut self, undo: Undo) -> Self {
        self.observed.undo = undo;
        self
    }

    pub fn kind(mut self, kind: Kind) -> Self {
        self.observed.file.kind = kind;
        self
    }

    /// On a database where table `t` has so many bytes.
    pub fn live(mut self, bytes: u64) -> Self {
        self.live = Some(Live::of(&[("t", bytes, 0)], None));
        self
    }

    /// What a rule finds in all statements, `object: what`.
    pub fn finds(&self, rule: &Rule) -> Vec<String> {
        let find = |at| (rule.find)(&Scene::new(&self.observed, at, self.live.as_ref()));
        let hits = (0..self.observed.seen.len()).flat_map(find);
        hits.map(|hit| format!("{}: {}", hit.object, hit.what)).collect()
    }
}
