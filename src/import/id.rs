//! Ids of rows that another system knows.

use std::borrow::Cow;

use sha1::{Digest as _, Sha1};
use uuid::Uuid;

use super::read::Record;

/// The namespace of all imported ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c1f_5d6e_64a0_4a0b_9d1b_0c2f_1b5f_7a11);
/// Stands between the columns of a legacy id; no text has it.
pub const SEPARATOR: char = '\u{1f}';

/// Makes the ids of an entity: UUIDv5 of the system, the entity and the legacy id (RFC 9562, 5.5).
#[derive(Debug, Clone)]
pub(super) struct Hasher(Sha1);

impl Hasher {
    pub fn new(system: &str, entity: &str) -> Self {
        let mut hash = Sha1::new();
        hash.update(NAMESPACE.as_bytes());
        hash.update(format!("{system}{SEPARATOR}{entity}{SEPARATOR}"));
        Self(hash)
    }

    pub fn id(&self, legacy_id: &str) -> Uuid {
        let mut hash = self.0.clone();
        hash.update(legacy_id);
        let hash = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        uuid::Builder::from_sha1_bytes(bytes).into_uuid()
    }
}

/// The id of a row that another system knows.
#[must_use]
pub fn id(system: &str, entity: &str, legacy_id: &str) -> Uuid {
    Hasher::new(system, entity).id(legacy_id)
}

/// The fields with the separator between them; most legacy ids are one. None: one of them is NULL.
pub(super) fn legacy_id<'a>(record: &'a Record, columns: &[usize]) -> Option<Cow<'a, str>> {
    if let [column] = columns {
        return record.field(*column).map(Cow::Borrowed);
    }
    let mut joined = String::new();
    for (number, column) in columns.iter().enumerate() {
        if number > 0 {
            joined.push(SEPARATOR);
        }
        joined.push_str(record.field(*column)?);
    }
    Some(Cow::Owned(joined))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_change() {
        // an import that is repeated must find its rows again
        assert_eq!(id("old", "users", "1").to_string(), "fb8db8e9-af7e-5ff5-b16c-b3f1931bb3bf");
        assert_ne!(id("old", "users", "1"), id("old", "patients", "1"));
        assert_ne!(id("old", "users", "1"), id("older", "users", "1"));
        assert_eq!(id("old", "users", "1").get_version_num(), 5);
    }
}
