//! Compares the rows of a `[[table]]` with each other, and with those that they refer to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use super::mapping::Entity;
use super::pass::{Late, Seen};
use super::sorter::{Ids, Keyed, among};
use super::taken::Taken;
use super::transform::Transform;

/// What speaks against a row that is right by itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Against {
    pub row: u64,
    pub code: &'static str,
    /// The place among the mapped columns.
    pub column: Option<usize>,
}

/// Finds what speaks against rows. `others` has the ids of the `[[table]]`s before, `own` those of this one; its rejected rows
/// grow. `taken`: keys of rows that this import has not made. Errors: the temporary file.
pub(super) fn compare(
    seen: &Seen,
    transform: &Transform,
    entity: &Entity,
    others: &BTreeMap<&str, Ids>,
    own: &mut Ids,
    taken: &Taken,
) -> io::Result<Vec<Against>> {
    let mut against = refer(seen, entity, others)?;
    for (known, keys) in transform.unique.iter().zip(&seen.unique) {
        let Some(taken) = taken.get(known.name) else { continue };
        for keyed in among(keys.keys()?, taken)? {
            against.push(Against { row: keyed?.row, code: "taken", column: known.columns.first().copied() });
        }
    }
    reject(own, &against);
    let shared = share(seen, transform, own);
    reject(own, &shared);
    against.extend(shared);
    let lost = settle(&seen.late, own)?;
    reject(own, &lost);
    against.extend(lost);
    Ok(against)
}

fn reject(own: &mut Ids, against: &[Against]) {
    own.rejected.extend(against.iter().map(|against| against.row));
    own.rejected.sort_unstable();
    own.rejected.dedup();
}

/// Rows that refer to a row of another table that is not there.
fn refer(seen: &Seen, entity: &Entity, others: &BTreeMap<&str, Ids>) -> io::Result<Vec<Against>> {
    let mut against = Vec::new();
    for (place, (refers, rule)) in seen.refers.iter().zip(entity.columns.values()).enumerate() {
        // a mapping refers to what comes before it
        let Some(ids) = rule.reference.as_deref().and_then(|name| others.get(name)) else { continue };
        for keyed in ids.without(refers.keys()?)? {
            against.push(Against { row: keyed?.row, code: "unknown-reference", column: Some(place) });
        }
    }
    Ok(against)
}

/// Rows with a key that a row before them has taken. A row that is rejected takes none.
fn share(seen: &Seen, transform: &Transform, own: &Ids) -> Vec<Against> {
    // by row: the number of the key, 0 for the id, and the key
    let mut shared: Vec<(u64, usize, u128)> = Vec::new();
    for (number, keys) in seen.shared.iter().enumerate() {
        shared.extend(keys.iter().map(|keyed| (keyed.row, number, keyed.key())));
    }
    shared.sort_unstable();
    let mut taken: HashSet<(usize, u128)> = HashSet::new();
    let mut against = Vec::new();
    for keys in shared.chunk_by(|one, other| one.0 == other.0) {
        let row = keys[0].0;
        let is_taken = |number| keys.iter().any(|(_, of, key)| *of == number && taken.contains(&(number, *key)));
        if is_taken(0) {
            against.push(Against { row, code: "duplicate-id", column: None });
            continue;
        }
        if own.rejected.binary_search(&row).is_ok() {
            continue;
        }
        let before = against.len();
        for (_, known) in transform.unique.iter().enumerate().filter(|(number, _)| is_taken(number + 1)) {
            against.push(Against { row, code: known.code, column: known.columns.first().copied() });
        }
        if against.len() == before {
            taken.extend(keys.iter().map(|(_, number, key)| (*number, *key)));
        }
    }
    against
}

/// Rows that refer to a row of their own table that is not there, and those that refer to them.
fn settle(late: &[Late], own: &Ids) -> io::Result<Vec<Against>> {
    let late: Vec<&Late> = late.iter().filter(|late| own.rejected.binary_search(&late.row).is_err()).collect();
    let mut targets: Vec<Keyed> =
        late.iter().enumerate().map(|(number, late)| Keyed::new(late.target, number as u64)).collect();
    targets.sort_unstable();
    let lost: io::Result<Vec<Keyed>> = own.without(targets.iter().copied().map(Ok))?.collect();
    let mut open: Vec<&Late> =
        lost?.iter().filter_map(|keyed| late.get(usize::try_from(keyed.row).ok()?)).copied().collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let imported = among(targets.iter().copied().map(Ok), &own.imported)?;
    let imported: HashSet<u128> = imported.map(|keyed| Ok(keyed?.key())).collect::<io::Result<_>>()?;
    let mut to: HashMap<u128, Vec<&Late>> = HashMap::new();
    for late in &late {
        to.entry(late.target).or_default().push(late);
    }
    let mut lost = HashSet::new();
    let mut against = Vec::new();
    while let Some(Late { row, id, column, .. }) = open.pop() {
        if lost.insert((*row, *column)) {
            against.push(Against { row: *row, code: "unknown-reference", column: Some(*column) });
            // one that is in the database is still there
            let fallen = to.get(id).filter(|_| !imported.contains(id));
            open.extend(fallen.into_iter().flatten());
        }
    }
    Ok(against)
}
