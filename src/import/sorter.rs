//! Keys with the rows that have them, in the order of the keys: in memory, or in a temporary file where they are many. Sorted rows
//! are compared in one pass, which takes less time than looking each key up in a set, and no more memory however many there are.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::fs::File;
use std::hash::BuildHasherDefault;
use std::io;
use std::iter::Peekable;
use std::os::unix::fs::FileExt as _;
use std::thread;

use super::keys::Same;

/// How many are sorted at once, of 24 bytes each; a check has about six sorters.
const AT_ONCE: usize = if cfg!(test) { 8 } else { 1 << 19 };
/// From so many on two threads are worth it; most files have fewer.
const HALVED: usize = if cfg!(test) { 4 } else { 1 << 14 };
/// How many of each run are read at once.
const READ_AT_ONCE: usize = if cfg!(test) { 3 } else { 512 };
/// A key and a row as they are in the file.
const BYTES: usize = 24;

/// A key of 128 bits, and the row that has it. In halves, since `u128` would take a third more room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keyed {
    high: u64,
    low: u64,
    /// The row of the source; 0 for one that is in the database.
    pub row: u64,
}

impl Keyed {
    /// A row with its key.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the halves of the key")]
    pub fn new(key: u128, row: u64) -> Self {
        Self { high: (key >> 64) as u64, low: key as u64, row }
    }

    /// The key.
    #[must_use]
    pub fn key(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        for (part, value) in bytes.chunks_exact_mut(8).zip([self.high, self.low, self.row]) {
            part.copy_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let part = |number: usize| {
            let mut part = [0; 8];
            part.copy_from_slice(&bytes[number * 8..number * 8 + 8]);
            u64::from_le_bytes(part)
        };
        Self { high: part(0), low: part(1), row: part(2) }
    }
}

/// Takes keys in any order.
#[derive(Debug, Default)]
pub struct Sorter {
    keys: Vec<Keyed>,
    spilled: Option<Spilled>,
}

impl Sorter {
    /// Adds rows. Errors: the temporary file.
    pub fn extend(&mut self, mut keys: &[Keyed]) -> io::Result<()> {
        while !keys.is_empty() {
            if self.keys.len() == AT_ONCE {
                self.spill()?;
            }
            let (now, later) = keys.split_at(keys.len().min(AT_ONCE - self.keys.len()));
            self.keys.extend_from_slice(now);
            keys = later;
        }
        Ok(())
    }

    /// By the keys alone: of a key that many rows have, they stand in any order, which takes half of the time. Of many, each half on a
    /// thread of its own, so that no core is idle while the last of three sorters is at work.
    fn sort(&mut self) {
        let key = |keyed: &Keyed| keyed.key();
        if self.keys.len() < HALVED {
            return self.keys.sort_unstable_by_key(key);
        }
        let middle = self.keys.len() / 2;
        let (low, _, high) = self.keys.select_nth_unstable_by_key(middle, key);
        thread::scope(|scope| {
            scope.spawn(|| high.sort_unstable_by_key(key));
            low.sort_unstable_by_key(key);
        });
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            // it has no name, so that it is gone with the process however that ends
            none => none.insert(Spilled { file: tempfile::tempfile()?, ends: Vec::new() }),
        };
        spilled.write(&self.keys)?;
        self.keys.clear();
        Ok(())
    }

    /// All of them in order.
    pub fn sorted(mut self) -> io::Result<Sorted> {
        if self.spilled.is_some() {
            self.spill()?;
            self.keys = Vec::new();
        } else {
            self.sort();
        }
        Ok(Sorted { keys: self.keys, spilled: self.spilled })
    }
}

/// Sorted runs in a temporary file.
#[derive(Debug)]
struct Spilled {
    file: File,
    /// The end of each run, in bytes.
    ends: Vec<u64>,
}

impl Spilled {
    fn write(&mut self, keys: &[Keyed]) -> io::Result<()> {
        let mut end = self.ends.last().copied().unwrap_or_default();
        let mut bytes = Vec::with_capacity(BYTES * 4096);
        for some in keys.chunks(4096) {
            bytes.clear();
            bytes.extend(some.iter().flat_map(|keyed| keyed.to_bytes()));
            self.file.write_all_at(&bytes, end)?;
            end += bytes.len() as u64;
        }
        self.ends.push(end);
        Ok(())
    }
}

/// Keys in order, to be gone through as often as is needed.
#[derive(Debug, Default)]
pub struct Sorted {
    /// All, where none are spilled.
    keys: Vec<Keyed>,
    spilled: Option<Spilled>,
}

impl Sorted {
    /// Goes through all of them, in the order of keys.
    pub fn keys(&self) -> io::Result<Keys<'_>> {
        let Some(Spilled { file, ends }) = &self.spilled else { return Ok(Keys::Memory(self.keys.iter())) };
        let begins = [0].into_iter().chain(ends.iter().copied());
        let mut runs: Vec<Run<'_>> =
            begins.zip(ends).map(|(at, end)| Run { file, at, end: *end, bytes: Vec::new(), next: 0 }).collect();
        let mut first = BinaryHeap::with_capacity(runs.len());
        for (number, run) in runs.iter_mut().enumerate() {
            first.extend(run.next()?.map(|keyed| Reverse((keyed, number))));
        }
        Ok(Keys::File { runs, first })
    }

    /// Rows whose key others have too: all of them, in the order of keys.
    pub fn shared(&self) -> io::Result<Vec<Keyed>> {
        let mut shared = Vec::new();
        let mut before: Option<Keyed> = None;
        let mut is_shared = false;
        for keyed in self.keys()? {
            let keyed = keyed?;
            match before {
                Some(other) if other.key() == keyed.key() => {
                    if !is_shared {
                        shared.push(other);
                    }
                    shared.push(keyed);
                    is_shared = true;
                }
                _ => is_shared = false,
            }
            before = Some(keyed);
        }
        Ok(shared)
    }
}

/// Which of some keys, in their order, are among others.
pub fn among<'a>(
    keys: impl Iterator<Item = io::Result<Keyed>> + 'a,
    others: &'a Sorted,
) -> io::Result<impl Iterator<Item = io::Result<Keyed>> + 'a> {
    let mut others = others.keys()?.peekable();
    Ok(keys.filter_map(move |keyed| match keyed.and_then(|keyed| Ok((keyed, has(&mut others, keyed.key(), &[])?))) {
        Ok((keyed, true)) => Some(Ok(keyed)),
        Ok((_, false)) => None,
        Err(error) => Some(Err(error)),
    }))
}

/// A way through sorted keys.
pub enum Keys<'a> {
    /// That are in memory.
    Memory(std::slice::Iter<'a, Keyed>),
    /// That are in a file: its runs, and the first key of each.
    #[expect(missing_docs, reason = "said above")]
    File { runs: Vec<Run<'a>>, first: BinaryHeap<Reverse<(Keyed, usize)>> },
}

impl Iterator for Keys<'_> {
    type Item = io::Result<Keyed>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Memory(keys) => keys.next().copied().map(Ok),
            Self::File { runs, first } => {
                let Reverse((keyed, number)) = first.pop()?;
                match runs[number].next() {
                    Ok(next) => first.extend(next.map(|next| Reverse((next, number)))),
                    Err(error) => return Some(Err(error)),
                }
                Some(Ok(keyed))
            }
        }
    }
}

/// What is left of a run.
pub struct Run<'a> {
    file: &'a File,
    at: u64,
    end: u64,
    bytes: Vec<u8>,
    next: usize,
}

impl Run<'_> {
    fn next(&mut self) -> io::Result<Option<Keyed>> {
        if self.next == self.bytes.len() {
            let left = self.end - self.at;
            let most = (READ_AT_ONCE * BYTES) as u64;
            self.bytes.resize(usize::try_from(left.min(most)).unwrap_or_default(), 0);
            self.file.read_exact_at(&mut self.bytes, self.at)?;
            self.at += self.bytes.len() as u64;
            self.next = 0;
        }
        let keyed = self.bytes.get(self.next..self.next + BYTES).map(Keyed::from_bytes);
        self.next += if keyed.is_some() { BYTES } else { 0 };
        Ok(keyed)
    }
}

/// The ids of a `[[table]]`: of the rows of its source but for those that are rejected, and of rows that were imported before.
#[derive(Debug, Default)]
pub struct Ids {
    /// Of the source.
    pub own: Sorted,
    /// The source's rows that are rejected, in order.
    pub rejected: Vec<u64>,
    /// Those that are in the database.
    pub imported: Sorted,
}

impl Ids {
    /// All of them, where they are at most so many.
    pub fn few(&self, most: usize) -> io::Result<Option<HashSet<u128, BuildHasherDefault<Same>>>> {
        let is_few = |sorted: &Sorted| sorted.spilled.is_none() && sorted.keys.len() <= most;
        if !is_few(&self.own) || !is_few(&self.imported) {
            return Ok(None);
        }
        let mut few = HashSet::default();
        for keyed in self.own.keys()?.chain(self.imported.keys()?) {
            let keyed = keyed?;
            if keyed.row == 0 || self.rejected.binary_search(&keyed.row).is_err() {
                few.insert(keyed.key());
            }
        }
        Ok(Some(few))
    }

    /// Which of these keys are no ids, in the order of keys.
    pub fn without<'a>(
        &'a self,
        keys: impl Iterator<Item = io::Result<Keyed>> + 'a,
    ) -> io::Result<impl Iterator<Item = io::Result<Keyed>> + 'a> {
        let (mut own, mut imported) = (self.own.keys()?.peekable(), self.imported.keys()?.peekable());
        Ok(keys.filter_map(move |keyed| {
            let mut has = |keyed: Keyed| {
                io::Result::Ok(has(&mut own, keyed.key(), &self.rejected)? || has(&mut imported, keyed.key(), &[])?)
            };
            match keyed.and_then(|keyed| Ok((keyed, has(keyed)?))) {
                Ok((_, true)) => None,
                Ok((keyed, false)) => Some(Ok(keyed)),
                Err(error) => Some(Err(error)),
            }
        }))
    }
}

/// Whether a key is among those that come, of a row that is not rejected; goes no further than needed.
fn has(keys: &mut Peekable<Keys<'_>>, key: u128, rejected: &[u64]) -> io::Result<bool> {
    while let Some(next) = keys.next_if(|next| next.as_ref().map_or(true, |next| next.key() < key)) {
        next?;
    }
    while let Some(Ok(next)) = keys.peek()
        && next.key() == key
    {
        if rejected.binary_search(&next.row).is_err() {
            return Ok(true);
        }
        keys.next();
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(keys: &[(u128, u64)]) -> Sorted {
        let mut sorter = Sorter::default();
        let keys: Vec<Keyed> = keys.iter().map(|(key, row)| Keyed::new(*key, *row)).collect();
        // by and by, and more than are sorted at once
        for some in keys.chunks(5) {
            sorter.extend(some).unwrap();
        }
        sorter.sorted().unwrap()
    }

    fn pairs(keys: impl Iterator<Item = io::Result<Keyed>>) -> Vec<(u128, u64)> {
        let mut pairs: Vec<_> = keys.map(|keyed| keyed.unwrap()).map(|keyed| (keyed.key(), keyed.row)).collect();
        assert!(pairs.is_sorted_by_key(|(key, _)| *key));
        // rows of one key come in any order
        pairs.sort_unstable();
        pairs
    }

    #[test]
    fn keys_come_in_order_from_memory_and_from_disk() {
        for rows in [0, 1, 3, 4, 7, 8, 9, 16, 17, 1000_u64] {
            let keys: Vec<(u128, u64)> =
                (0..rows).map(|row| (u128::from(row * 7919 % 101) << 64 | u128::from(row % 3), row)).collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            let sorted = sorted(&keys);
            assert_eq!(sorted.spilled.is_some(), rows > 8, "{rows}");
            assert_eq!(pairs(sorted.keys().unwrap()), expected, "{rows}");
            // and once more
            assert_eq!(pairs(sorted.keys().unwrap()), expected, "{rows}");
        }
    }

    #[test]
    fn shared_keys_are_found() {
        let shared = |keys: &[(u128, u64)]| pairs(sorted(keys).shared().unwrap().into_iter().map(Ok));
        assert_eq!(shared(&[(1, 1), (2, 2), (1, 3), (3, 4), (1, 5)]), [(1, 1), (1, 3), (1, 5)]);
        assert_eq!(shared(&[(1, 1), (2, 2)]), []);
        let many: Vec<(u128, u64)> = (0..40).map(|row| (u128::from(row % 20), row)).collect();
        assert_eq!(shared(&many).len(), 40);
    }

    #[test]
    fn ids_of_rejected_rows_are_none() {
        let ids = Ids {
            own: sorted(&[(1, 1), (2, 2), (2, 3), (3, 4)]),
            rejected: vec![2, 4],
            imported: sorted(&[(3, 0), (9, 0)]),
        };
        let few = ids.few(4).unwrap().unwrap();
        assert_eq!([0, 1, 2, 3, 4, 9].map(|key| few.contains(&key)), [false, true, true, true, false, true]);
        assert!(ids.few(3).unwrap().is_none());
        let asked = sorted(&[(0, 1), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (9, 7), (10, 8)]);
        assert_eq!(pairs(ids.without(asked.keys().unwrap()).unwrap()), [(0, 1), (4, 6), (10, 8)]);
        assert_eq!(pairs(among(asked.keys().unwrap(), &ids.imported).unwrap()), [(3, 5), (9, 7)]);
        let ids = Ids { own: sorted(&[(2, 2), (2, 3)]), rejected: vec![2, 3], imported: Sorted::default() };
        assert_eq!(pairs(ids.without(asked.keys().unwrap()).unwrap()).len(), 8);
    }
}
