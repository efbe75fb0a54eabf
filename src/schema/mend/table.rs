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

/// Of a foreign key that only goes and comes again for a statement that is left out.
const GOES_WITH: &str = "goes with one that is";

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
        keys.drops.extend(altering(name, &drops.iter().map(dropped).collect::<Vec<_>>(), None));
        keys.drops.extend(altering(name, &late_drops.iter().map(dropped).collect::<Vec<_>>(), Some(GOES_WITH)));
        keys.adds.extend(altering(name, &adds.iter().map(added).collect::<Vec<_>>(), None));
        keys.adds.extend(altering(name, &late_adds.iter().map(added).collect::<Vec<_>>(), Some(GOES_WITH)));
    }
    keys
}

fn altering(table: &Ident, clauses: &[String], destroys: Option<&'static str>) -> Option<Statement> {
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
    let mut statements: Vec<Statement> = altering(name, &plan.first, None).into_iter().collect();
    match (clauses.is_empty(), partitions) {
        (_, None) => statements.extend(altering(name, &clauses, None)),
        (true, Some(partitions)) => statements.push(Statement::new(format!("ALTER TABLE {name} {partitions}"))),
        (false, Some(partitions)) => {
            let clauses = clauses.join(",\n  ");
            statements.push(Statement::new(format!("ALTER TABLE {name} {clauses}\n{partitions}")));
        }
    }
    for late in plan.late {
        statements.extend(altering(name, &late.clauses, Some(late.destroys)));
    }
    statements
}

/// The clauses of one table.
#[derive(Default)]
struct Plan<'a> {
    /// In a statement of their own, before all others.
    first: Vec<String>,
    index_drops: Vec<String>,
    columns: Vec<String>,
    index_adds: Vec<String>,
    late: Vec<Late<'a>>,
    /// Columns that change only where no index is over them (3644).
    bare: BTreeSet<&'a Ident>,
}

/// What is done to a column, and loses its values.
struct Late<'a> {
    column: &'a Ident,
    clauses: Vec<String>,
    destroys: &'static str,
    /// The indexes over it change in the same statement.
    with_indexes: bool,
}

impl<'a> Plan<'a> {
    fn of(expected: &'a Table, live: &'a Table) -> Self {
        let mut plan = Self::default();
        let names = |table: &'a Table| table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>();
        let displaced = moved(&names(expected), &names(live));
        let displaced: BTreeSet<String> = displaced.into_iter().map(|(name, ..)| name).collect();
        // columns that are dropped and added
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
            let moves = displaced.contains(column.name.as_str());
            if before == column && !moves {
                continue;
            }
            if before.srid != column.srid {
                plan.bare.insert(&column.name);
            }
            let clauses = if is_made_anew(before, column) {
                anew.insert(&column.name);
                vec![format!("DROP COLUMN {}", before.name), format!("ADD COLUMN {definition}{place}")]
            } else {
                let place = if moves { place } else { String::new() };
                vec![format!("CHANGE COLUMN {} {definition}{place}", before.name)]
            };
            match destroys(before, column) {
                Some(destroys) => {
                    plan.late.push(Late { column: &column.name, clauses, destroys, with_indexes: true });
                }
                None => plan.columns.extend(clauses),
            }
        }
        for column in live.columns.iter().filter(|column| expected.column(column.name.as_str()).is_none()) {
            let clause = format!("DROP COLUMN {}", column.name);
            match column.generated {
                Some(_) => plan.columns.push(clause),
                None => plan.late.push(Late {
                    column: &column.name,
                    clauses: vec![clause],
                    destroys: "drops a column with its values",
                    // it needs a key as long as it is there (1075)
                    with_indexes: column.auto_increment,
                }),
            }
        }
        plan.indexes(expected, live, &anew);
        plan
    }

    fn indexes(&mut self, expected: &Table, live: &Table, anew: &BTreeSet<&Ident>) {
        let same = |one: &Index, other: &Index| one.name.as_str().eq_ignore_ascii_case(other.name.as_str());
        for index in &live.indexes {
            if !expected.indexes.iter().any(|other| same(index, other)) {
                self.change_index(Some(index), None);
            }
        }
        for index in &expected.indexes {
            let before = live.indexes.iter().find(|other| same(index, other));
            let remade = columns_of(index).any(|column| anew.contains(column) || self.bare.contains(column));
            match before {
                Some(before) if before == index && !remade => {}
                Some(before) if !remade && (Index { invisible: index.invisible, ..before.clone() }) == *index => {
                    let visibility = if index.invisible { "INVISIBLE" } else { "VISIBLE" };
                    self.index_adds.push(format!("ALTER INDEX {} {visibility}", index.name));
                }
                before => self.change_index(before, Some(index)),
            }
        }
    }

    /// Drops the one and adds the other, with the statement that changes its column, where that is a late one.
    fn change_index(&mut self, before: Option<&Index>, after: Option<&Index>) {
        let drop = before.map(|before| match before.kind {
            IndexKind::Primary => "DROP PRIMARY KEY".to_owned(),
            _ => format!("DROP INDEX {}", before.name),
        });
        let add = after.map(|after| format!("ADD {}", write::index(after)));
        let over = |column: &Ident| before.into_iter().chain(after).flat_map(columns_of).any(|other| other == column);
        if let Some(late) = self.late.iter_mut().find(|late| late.with_indexes && over(late.column)) {
            late.clauses.extend(drop);
            late.clauses.extend(add);
            return;
        }
        // in one statement the server takes two indexes for the same that differ in these alone, and does nothing
        // (measured on 9.7.4)
        let alike = before.zip(after).is_some_and(|(before, after)| {
            before.parts == after.parts && before.kind == after.kind && before.kind != IndexKind::Primary
        });
        if alike {
            self.first.extend(drop);
        } else {
            self.index_drops.extend(drop);
        }
        self.index_adds.extend(add);
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
        "COMMENT" | "COMPRESSION" | "CONNECTION" | "ENGINE_ATTRIBUTE" | "SECONDARY_ENGINE_ATTRIBUTE" => "''",
        "ENCRYPTION" => "'N'",
        "SECONDARY_ENGINE" => "NULL",
        "TABLESPACE" => "innodb_file_per_table",
        "ROW_FORMAT" | "PACK_KEYS" | "STATS_PERSISTENT" | "STATS_AUTO_RECALC" | "STATS_SAMPLE_PAGES" => "DEFAULT",
        _ => "0",
    }
}
