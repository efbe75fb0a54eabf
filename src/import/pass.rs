//! Reads all rows of a `[[table]]` once, on both cores: what is wrong with each by itself, and the keys by which it will be compared
//! with others.

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};
use std::{io, mem};

use super::check::CheckError;
use super::keys::{Same, key};
use super::late;
use super::mapping::{Entity, Mapping, Rule};
use super::read::{Reader, Record};
use super::row::{Problem, Row};
use super::sorter::{Ids, Keyed, Sorted, Sorter};
use super::transform::Transform;

/// How many threads transform rows.
const THREADS: usize = 2;
/// How many rows go to a thread at once.
const ROWS: usize = 1024;
/// And how many bytes of them, about, at the most: a hostile row has 16 MiB.
const BYTES: usize = 4 << 20;
/// So many rows are done between two reports of it.
const TOLD: u64 = 16_384;

/// What is wrong with a row by itself.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The row and its line.
    pub row: (u64, u64),
    /// The code.
    pub code: &'static str,
    /// Of what.
    pub place: Place,
    /// The source's value.
    pub value: Option<String>,
}

/// What a code is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// The source's row could not be read; its column.
    Source(Option<usize>),
    /// A column of the table, as its place among the mapped ones; none for the whole row.
    Table(Option<usize>),
}

/// A row that refers to one of its own table, which may come later in the file.
#[derive(Debug)]
pub(super) struct Late {
    pub row: u64,
    pub id: u128,
    pub column: usize,
    pub target: u128,
}

/// All rows of a `[[table]]`.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How many.
    pub rows: u64,
    /// Those that the mapping passes over.
    pub skipped: u64,
    /// Those that are passed over since another one has the legacy id, in order.
    pub repeated: Vec<u64>,
    /// Those with something wrong, in order.
    pub rejected: Vec<u64>,
    /// The id of each that has one.
    pub ids: Sorted,
    /// The keys of those with nothing wrong, for each unique key of the table.
    pub unique: Vec<Sorted>,
    /// Of the ids, then of each of these keys: what several rows have.
    pub shared: Vec<Vec<Keyed>>,
    /// What each refers to in other tables, by the place of the column.
    pub refers: Vec<Sorted>,
    /// References of those with nothing wrong to rows of the table itself.
    pub late: Vec<Late>,
}

/// What a thread has found in some rows.
#[derive(Default)]
struct Facts {
    rows: u64,
    skipped: u64,
    repeated: Vec<u64>,
    rejected: Vec<u64>,
    wrong: Vec<Wrong>,
    ids: Vec<Keyed>,
    unique: Vec<Vec<Keyed>>,
    refers: Vec<Vec<Keyed>>,
    late: Vec<Late>,
}

/// The source, and how many batches it has given. None behind its end, or an error.
type Shared = Mutex<(Option<Reader>, u64)>;

/// Reads all rows. `others` has the ids of the `[[table]]`s before. `on_wrong` hears what is wrong with each, in the order of the file; `on_rows`, how many are done.
pub(super) fn read(
    mapping: &Mapping,
    entity: &Entity,
    others: &BTreeMap<&str, Ids>,
    mut on_wrong: impl FnMut(&Transform, &[String], Wrong),
    mut on_rows: impl FnMut(u64),
) -> Result<(Seen, Transform), CheckError> {
    let source = &mapping.sources[&entity.from];
    let reader = Reader::open(&mapping.path(source), source)?;
    let transform = Transform::new(mapping, entity, reader.header())?;
    let header = reader.header().to_vec();
    // which row is the first of an id can't be said by two
    let threads = if entity.first_of { 1 } else { THREADS };
    let parents = parents(entity, others)?;
    let shared: Shared = Mutex::new((Some(reader), 0));
    let mut sorters = Sorters::new(&transform);
    let mut seen = Seen::default();
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(threads);
        for _ in 0..threads {
            let (worker, sender) = (Worker::new(entity, &transform, &parents), sender.clone());
            let shared = &shared;
            scope.spawn(move || worker.run(shared, &sender));
        }
        drop(sender);
        let (mut early, mut next) = (BTreeMap::new(), 0);
        for (number, facts) in receiver {
            early.insert(number, facts);
            while let Some(facts) = early.remove(&next) {
                let mut facts: Facts = facts?;
                for wrong in mem::take(&mut facts.wrong) {
                    on_wrong(&transform, &header, wrong);
                }
                sorters.extend(&facts)?;
                let told = seen.rows / TOLD;
                seen.add(facts);
                if seen.rows / TOLD > told {
                    on_rows(seen.rows);
                }
                next += 1;
            }
        }
        Ok::<(), CheckError>(())
    })?;
    sorters.sorted(&mut seen).map_err(CheckError::Spill)?;
    Ok((seen, transform))
}

/// Ids in memory.
type Few = HashSet<u128, BuildHasherDefault<Same>>;

/// So many are looked up as they come, which takes less time than to sort what refers to them.
const FEW: usize = 1 << 16;

/// The ids that each column refers to, where they are few. Which row of an id is the first must not depend on it.
fn parents(entity: &Entity, others: &BTreeMap<&str, Ids>) -> Result<Vec<Option<Few>>, CheckError> {
    let few = |rule: &Rule| {
        let ids = rule.reference.as_deref().and_then(|name| others.get(name));
        ids.filter(|_| !entity.first_of).map_or(Ok(None), |ids| ids.few(FEW)).map_err(CheckError::Spill)
    };
    entity.columns.values().map(few).collect()
}

impl Seen {
    fn add(&mut self, facts: Facts) {
        self.rows += facts.rows;
        self.skipped += facts.skipped;
        self.repeated.extend(facts.repeated);
        self.rejected.extend(facts.rejected);
        self.late.extend(facts.late);
    }
}

/// Where the keys of all rows come together.
struct Sorters {
    ids: Sorter,
    unique: Vec<Sorter>,
    refers: Vec<Sorter>,
}

impl Sorters {
    fn new(transform: &Transform) -> Self {
        let some = |number| (0..number).map(|_| Sorter::default()).collect();
        Self { ids: Sorter::default(), unique: some(transform.unique.len()), refers: some(transform.columns.len()) }
    }

    fn extend(&mut self, facts: &Facts) -> Result<(), CheckError> {
        self.ids.extend(&facts.ids).map_err(CheckError::Spill)?;
        let unique = self.unique.iter_mut().zip(&facts.unique);
        for (sorter, keys) in unique.chain(self.refers.iter_mut().zip(&facts.refers)) {
            sorter.extend(keys).map_err(CheckError::Spill)?;
        }
        Ok(())
    }

    /// Sorts each on a thread of its own, since which of them have many keys is not known before.
    fn sorted(self, seen: &mut Seen) -> io::Result<()> {
        thread::scope(|scope| {
            let refers = self.refers.into_iter().map(|sorter| scope.spawn(|| sorter.sorted())).collect::<Vec<_>>();
            let unique = [self.ids].into_iter().chain(self.unique).map(|sorter| {
                scope.spawn(|| {
                    let sorted = sorter.sorted()?;
                    let shared = sorted.shared()?;
                    Ok((sorted, shared))
                })
            });
            for thread in unique.collect::<Vec<_>>() {
                let (sorted, shared) = end(thread)?;
                seen.unique.push(sorted);
                seen.shared.push(shared);
            }
            seen.ids = seen.unique.remove(0);
            seen.refers = refers.into_iter().map(end).collect::<io::Result<_>>()?;
            Ok(())
        })
    }
}

fn end<T>(thread: ScopedJoinHandle<'_, io::Result<T>>) -> io::Result<T> {
    thread.join().map_err(|_| io::Error::other("the thread that sorts has stopped"))?
}

/// What a thread needs.
struct Worker<'a> {
    entity: &'a Entity,
    transform: &'a Transform,
    /// What each column refers to.
    refers: Vec<Option<&'a str>>,
    /// The columns whose targets may come later.
    late: Vec<usize>,
    /// The ids so far, where the first row of each counts.
    firsts: Few,
    /// The ids that each column refers to, where they are few.
    parents: &'a [Option<Few>],
    /// A key's text.
    text: String,
}

impl<'a> Worker<'a> {
    fn new(entity: &'a Entity, transform: &'a Transform, parents: &'a [Option<Few>]) -> Self {
        let refers = entity.columns.values().map(|rule| rule.reference.as_deref()).collect();
        let (late, firsts, text) = (late::places(entity), Few::default(), String::new());
        Self { entity, transform, refers, late, firsts, parents, text }
    }

    /// Works off batches for as long as there are any, and somebody listens.
    fn run(mut self, shared: &Shared, facts: &SyncSender<(u64, Result<Facts, CheckError>)>) {
        let (mut records, mut row): (Vec<Record>, Row) = (Vec::new(), Row::default());
        loop {
            let mut source = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(reader) = &mut source.0 else { return };
            let (mut count, mut bytes, mut failed) = (0, 0, None);
            while count < ROWS && bytes < BYTES {
                if count == records.len() {
                    records.push(Record::new());
                }
                match reader.read(&mut records[count]) {
                    Ok(true) => {
                        bytes += records[count].bytes();
                        count += 1;
                    }
                    Ok(false) => break,
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            let number = source.1;
            source.1 += if failed.is_some() { 2 } else { 1 };
            if count < ROWS && bytes < BYTES {
                source.0 = None;
            }
            drop(source);
            let found = self.look(&records[..count], &mut row);
            if facts.send((number, Ok(found))).is_err() {
                return;
            }
            if let Some(error) = failed {
                let _ = facts.send((number + 1, Err(error.into())));
                return;
            }
            // records keep their room, which hostile ones have made large
            if bytes >= BYTES {
                records.clear();
            }
        }
    }

    fn look(&mut self, records: &[Record], row: &mut Row) -> Facts {
        let mut facts = Facts {
            unique: self.transform.unique.iter().map(|_| Vec::new()).collect(),
            refers: self.refers.iter().map(|_| Vec::new()).collect(),
            ids: Vec::with_capacity(records.len()),
            ..Facts::default()
        };
        for record in records {
            self.look_at(record, row, &mut facts);
        }
        facts
    }

    fn look_at(&mut self, record: &Record, row: &mut Row, facts: &mut Facts) {
        let at = (record.row(), record.line());
        facts.rows += 1;
        if !record.faults().is_empty() {
            facts.rejected.push(at.0);
            facts.wrong.extend(record.faults().iter().map(|fault| Wrong {
                row: at,
                code: fault.code,
                place: Place::Source(fault.column),
                value: None,
            }));
            return;
        }
        if !self.transform.apply(record, row) {
            facts.skipped += 1;
            return;
        }
        let id = row.id.as_u128();
        if self.entity.first_of && self.firsts.contains(&id) {
            facts.skipped += 1;
            facts.repeated.push(at.0);
            return;
        }
        if !row.id.is_nil() {
            facts.ids.push(Keyed::new(id, at.0));
        }
        for (place, target) in &row.references {
            if self.parents[*place].as_ref().is_some_and(|ids| !ids.contains(&target.as_u128())) {
                row.problems.push(Problem { code: "unknown-reference", column: Some(*place) });
            }
        }
        let is_right = row.problems.is_empty();
        for (place, target) in row.references.iter().filter(|(place, _)| self.parents[*place].is_none()) {
            if self.refers[*place] != Some(self.entity.name()) {
                facts.refers[*place].push(Keyed::new(target.as_u128(), at.0));
            } else if is_right && self.late.contains(place) {
                facts.late.push(Late { row: at.0, id, column: *place, target: target.as_u128() });
            }
        }
        if is_right {
            self.keys(row, at.0, &mut facts.unique);
            if self.entity.first_of {
                self.firsts.insert(id);
            }
            return;
        }
        facts.rejected.push(at.0);
        facts.wrong.extend(row.problems.iter().map(|problem| {
            let value = problem.column.and_then(|column| self.transform.source_of(column));
            let value = value.and_then(|column| record.field(column)).map(str::to_owned);
            Wrong { row: at, code: problem.code, place: Place::Table(problem.column), value }
        }));
    }

    /// The keys of a row in the table's unique keys.
    fn keys(&mut self, row: &Row, number: u64, unique: &mut [Vec<Keyed>]) {
        for (known, keys) in self.transform.unique.iter().zip(unique) {
            let spared = known.unless.is_some_and(|(column, words)| {
                row.value(column).is_some_and(|value| words.iter().any(|word| word == value))
            });
            // NULLs are all different
            if spared || known.columns.iter().any(|column| row.value(*column).is_none()) {
                continue;
            }
            let values = known.columns.iter().filter_map(|column| row.value(*column));
            keys.push(Keyed::new(key(values, &mut self.text), number));
        }
    }
}
