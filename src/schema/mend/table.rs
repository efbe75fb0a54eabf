//! What makes a live table the expected one.

use std::collections::BTreeSet;

use super::Statement;
use super::widen::keeps_values;
use crate::db::ident::Ident;
use crate::schema::compare::moved;
use crate::schema::model::{Column, ForeignKey, Index, IndexKind, Model, Over, Table};
use crate::schema::write;

/// Foreign keys that go before tables change, and those that come after.
#[derive(Debug, Default)]
pub struct Keys {
    pub drops: Vec<Statement>,
    pub adds: Vec<Statement>,
}

/// A foreign key stays where it is and what it is over does not change.
pub fn keys(expected: &Model, live: &Model) -> Keys {
    let mut touched = Touched::default();
    for (name, table) in &expected.tables {
        if let Some(live) = live.tables.get(name) {
            touched.add(name, table, live);
        }
    }
    let mut keys = Keys::default();
    let none = Table::default();
    for (name, table) in &expected.tables {
        let before = live.tables.get(name).unwrap_or(&none);
        let stays = |key: &ForeignKey, others: &[ForeignKey]| others.contains(key) && !touched.by(name, key, false);
        let drops = before.foreign_keys.iter().filter(|key| !stays(key, &table.foreign_keys));
        let adds = table.foreign_keys.iter().filter(|key| !stays(key, &before.foreign_keys));
        // what only goes and comes again for the sake of a statement that is left out is left out with it
        let waits = |key: &&ForeignKey| {
            touched.by(name, key, true) && table.foreign_keys.contains(key) && before.foreign_keys.contains(key)
        };
        let (late_drops, drops): (Vec<_>, Vec<_>) = drops.partition(waits);
        let (late_adds, adds): (Vec<_>, Vec<_>) = adds.partition(|key| touched.by(name, key, true));
        let dropped = |key: &&ForeignKey| format!("DROP FOREIGN KEY {}", key.name);
        let added = |key: &&ForeignKey| format!("ADD {}", write::foreign_key(key));
        const GOES_WITH: &str = "goes with one that is";
        keys.drops.extend(altering(name, drops.iter().map(dropped).collect(), None));
        keys.drops.extend(altering(name, late_drops.iter().map(dropped).collect(), Some(GOES_WITH)));
        keys.adds.extend(altering(name, adds.iter().map(added).collect(), None));
        keys.adds.extend(altering(name, late_adds.iter().map(added).collect(), Some(GOES_WITH)));
    }
    keys
}

fn altering(table: &Ident, clauses: Vec<String>, destroys: Option<&'static str>) -> Option<Statement> {
    let sql = format!("ALTER TABLE {table} {}", clauses.join(",\n  "));
    (!clauses.is_empty()).then(|| Statement { destroys, ..Statement::new(sql) })
}

/// Columns that change in a way that a foreign key over them does not stand, by table and name.
#[derive(Default)]
struct Touched {
    columns: BTreeSet<(Ident, Ident)>,
    /// Those of them whose change destroys.
    destroyed: BTreeSet<(Ident, Ident)>,
}

impl Touched {
    fn add(&mut self, name: &Ident, expected: &Table, live: &Table) {
        let rebuilt = expected.option("ENGINE") != live.option("ENGINE") || expected.partitions != live.partitions;
        for column in &expected.columns {
            let Some(before) = live.column(column.name.as_str()) else { continue };
            let key = (name.clone(), column.name.clone());
            if rebuilt || !same_values(before, column) {
                self.columns.insert(key.clone());
            }
            if destroys(before, column).is_some() {
                self.destroyed.insert(key);
            }
        }
        for index in live.indexes.iter().filter(|index| !expected.indexes.contains(index)) {
            self.columns.extend(columns_of(index).map(|column| (name.clone(), column.clone())));
        }
    }

    fn by(&self, table: &Ident, key: &ForeignKey, destroyed: bool) -> bool {
        let columns = if destroyed { &self.destroyed } else { &self.columns };
        let has = |table: &Ident, column: &Ident| columns.contains(&(table.clone(), column.clone()));
        key.columns.iter().any(|column| has(table, column))
            || key.database.is_none() && key.parent_columns.iter().any(|column| has(&key.table, column))
    }
}

/// Whether a column changes in nothing that a key over it knows of.
fn same_values(one: &Column, other: &Column) -> bool {
    one.name == other.name
        && one.data_type == other.data_type
        && one.character_set == other.character_set
        && one.collation == other.collation
        && one.nullable == other.nullable
        && one.generated == other.generated
}

fn columns_of(index: &Index) -> impl Iterator<Item = &Ident> {
    index.parts.iter().filter_map(|part| match &part.over {
        Over::Column(name, _) => Some(name),
        Over::Expression(_) => None,
    })
}

/// What a change of a column loses.
fn destroys(live: &Column, expected: &Column) -> Option<&'static str> {
    match (&live.generated, &expected.generated) {
        // what is computed is computed again
        (Some(_), _) => None,
        (None, Some(_)) => Some("replaces a column's values by computed ones"),
        (None, None) if keeps_values(live, expected) => None,
        (None, None) => Some("gives a column a type that may not take all of its values"),
    }
}

/// Whether MODIFY can't do it (3106: the status of a generated column can't be changed).
fn is_made_anew(live: &Column, expected: &Column) -> bool {
    let stored = |column: &Column| column.generated.as_ref().map(|generated| generated.stored);
    match (stored(live), stored(expected)) {
        (Some(one), Some(other)) => one != other,
        (None, Some(stored)) | (Some(stored), None) => !stored,
        (None, None) => false,
    }
}

/// The statements for a table that both have: first what loses nothing, then what does.
pub fn alter(name: &Ident, expected: &Table, live: &Table) -> Vec<Statement> {
    let plan = Plan::of(expected, live);
    let mut clauses = plan.index_drops;
    clauses.extend(plan.columns);
    clauses.extend(plan.index_adds);
    clauses.extend(checks(expected, live));
    clauses.extend(options(expected, live));
    let partitions = match (&expected.partitions, &live.partitions) {
        (expected, live) if expected == live => None,
        (Some(partitions), _) => Some(partitions.clone()),
        (None, _) => Some("REMOVE PARTITIONING".to_owned()),
    };
    let mut statements: Vec<Statement> = match (clauses.is_empty(), partitions) {
        (_, None) => altering(name, clauses, None).into_iter().collect(),
        (true, Some(partitions)) => vec![Statement::new(format!("ALTER TABLE {name} {partitions}"))],
        (false, Some(partitions)) => {
            vec![Statement::new(format!("ALTER TABLE {name} {}\n{partitions}", clauses.join(",\n  ")))]
        }
    };
    for (clauses, what) in plan.destructive {
        statements.extend(altering(name, clauses, Some(what)));
    }
    statements
}

/// The clauses of one table.
#[derive(Default)]
struct Plan {
    index_drops: Vec<String>,
    columns: Vec<String>,
    index_adds: Vec<String>,
    destructive: Vec<(Vec<String>, &'static str)>,
}

impl Plan {
    fn of(expected: &Table, live: &Table) -> Self {
        let mut plan = Self::default();
        let names =
            |table: &Table| table.columns.iter().map(|column| column.name.as_str().to_owned()).collect::<Vec<_>>();
        let (order, live_order) = (names(expected), names(live));
        let order: Vec<&str> = order.iter().map(String::as_str).collect();
        let live_order: Vec<&str> = live_order.iter().map(String::as_str).collect();
        let moved: BTreeSet<String> = moved(&order, &live_order).into_iter().map(|(name, ..)| name).collect();
        // columns whose change has to wait for a person, and those that are dropped and added
        let mut waiting: BTreeSet<&Ident> = BTreeSet::new();
        let mut anew: BTreeSet<&Ident> = BTreeSet::new();
        for (at, column) in expected.columns.iter().enumerate() {
            let place = match at.checked_sub(1) {
                None => " FIRST".to_owned(),
                Some(before) => format!(" AFTER {}", expected.columns[before].name),
            };
            let definition = write::column(column);
            let Some(before) = live.column(column.name.as_str()) else {
                plan.columns.push(format!("ADD COLUMN {definition}{place}"));
                continue;
            };
            let moves = moved.contains(column.name.as_str());
            if before == column && !moves {
                continue;
            }
            let clauses = if is_made_anew(before, column) {
                anew.insert(&column.name);
                vec![format!("DROP COLUMN {}", before.name), format!("ADD COLUMN {definition}{place}")]
            } else {
                let place = if moves { place } else { String::new() };
                vec![format!("CHANGE COLUMN {} {definition}{place}", before.name)]
            };
            match destroys(before, column) {
                Some(what) => {
                    waiting.insert(&column.name);
                    plan.destructive.push((clauses, what));
                }
                None => plan.columns.extend(clauses),
            }
        }
        plan.indexes(expected, live, &waiting, &anew);
        for column in live.columns.iter().filter(|column| expected.column(column.name.as_str()).is_none()) {
            let clause = format!("DROP COLUMN {}", column.name);
            match column.generated {
                Some(_) => plan.columns.push(clause),
                None => plan.destructive.push((vec![clause], "drops a column with its values")),
            }
        }
        plan
    }

    fn indexes(&mut self, expected: &Table, live: &Table, waiting: &BTreeSet<&Ident>, anew: &BTreeSet<&Ident>) {
        let find = |table: &'_ Table, index: &Index| {
            let same = |other: &&Index| other.name.as_str().eq_ignore_ascii_case(index.name.as_str());
            table.indexes.iter().find(same).cloned()
        };
        let over = |index: &Index, columns: &BTreeSet<&Ident>| columns_of(index).any(|column| columns.contains(column));
        let drop = |index: &Index| match index.kind {
            IndexKind::Primary => "DROP PRIMARY KEY".to_owned(),
            _ => format!("DROP INDEX {}", index.name),
        };
        for index in &live.indexes {
            if find(expected, index).is_none() {
                self.index_drops.push(drop(index));
            }
        }
        for index in &expected.indexes {
            let before = find(live, index);
            if before.as_ref() == Some(index) && !over(index, anew) {
                continue;
            }
            if let Some(before) = &before
                && (Index { invisible: index.invisible, ..before.clone() }) == *index
                && !over(index, anew)
            {
                let visibility = if index.invisible { "INVISIBLE" } else { "VISIBLE" };
                self.index_adds.push(format!("ALTER INDEX {} {visibility}", index.name));
                continue;
            }
            let add = format!("ADD {}", write::index(index));
            let late = over(index, waiting);
            // with the statement that changes its column
            match self.destructive.first_mut().filter(|_| late) {
                Some((clauses, _)) => {
                    clauses.extend(before.as_ref().map(drop));
                    clauses.push(add);
                }
                None => {
                    self.index_drops.extend(before.as_ref().map(drop));
                    self.index_adds.push(add);
                }
            }
        }
    }
}

fn checks(expected: &Table, live: &Table) -> Vec<String> {
    let mut clauses = Vec::new();
    for check in live.checks.iter().filter(|check| !expected.checks.iter().any(|other| other.name == check.name)) {
        clauses.push(format!("DROP CHECK {}", check.name));
    }
    for check in &expected.checks {
        match live.checks.iter().find(|other| other.name == check.name) {
            Some(before) if before == check => {}
            Some(before) if before.expression == check.expression => {
                let enforced = if check.enforced { "ENFORCED" } else { "NOT ENFORCED" };
                clauses.push(format!("ALTER CHECK {} {enforced}", check.name));
            }
            before => {
                clauses.extend(before.map(|before| format!("DROP CHECK {}", before.name)));
                clauses.push(format!("ADD {}", write::check(check)));
            }
        }
    }
    clauses
}

fn options(expected: &Table, live: &Table) -> Vec<String> {
    let mut clauses = Vec::new();
    let is_charset = |name: &str| matches!(name, "DEFAULT CHARSET" | "COLLATE");
    let changed = |name: &str| expected.option(name) != live.option(name);
    if (changed("DEFAULT CHARSET") || changed("COLLATE"))
        && let (Some(character_set), Some(collation)) = (expected.option("DEFAULT CHARSET"), expected.option("COLLATE"))
    {
        clauses.push(format!("DEFAULT CHARSET={character_set} COLLATE={collation}"));
    }
    for (name, value) in expected.options.iter().filter(|(name, _)| !is_charset(name) && changed(name)) {
        clauses.push(write::option(name, value));
    }
    for (name, _) in live.options.iter().filter(|(name, _)| !is_charset(name) && expected.option(name).is_none()) {
        clauses.push(write::option(name, unsaid(name)));
    }
    clauses
}

/// The value of an option that is as if it had never been said (MySQL manual, "CREATE TABLE Statement").
fn unsaid(name: &str) -> &'static str {
    match name {
        "COMMENT" | "CONNECTION" | "PASSWORD" | "ENGINE_ATTRIBUTE" | "SECONDARY_ENGINE_ATTRIBUTE" => "''",
        "COMPRESSION" => "'NONE'",
        "ENCRYPTION" => "'N'",
        "SECONDARY_ENGINE" => "NULL",
        "TABLESPACE" => "innodb_file_per_table",
        "ROW_FORMAT" | "PACK_KEYS" | "STATS_PERSISTENT" | "STATS_AUTO_RECALC" | "STATS_SAMPLE_PAGES" => "DEFAULT",
        _ => "0",
    }
}
