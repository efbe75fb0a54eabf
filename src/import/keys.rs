//! Keys that were seen: 128 bits each, of ids that are hashes anyway, or of a key's values.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// A set of keys.
#[derive(Debug, Default)]
pub struct Keys(HashSet<u128, BuildHasherDefault<Same>>);

impl Keys {
    /// Adds a key. False: it was there.
    pub fn insert(&mut self, key: u128) -> bool {
        self.0.insert(key)
    }

    /// Whether a key is there.
    #[must_use]
    pub fn contains(&self, key: u128) -> bool {
        self.0.contains(&key)
    }

    /// Adds the keys of another set.
    pub fn extend(&mut self, other: Self) {
        if self.0.is_empty() {
            *self = other;
        } else {
            self.0.extend(other.0);
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: u128) {
        self.0.remove(&key);
    }
}

/// A key is a hash already.
#[derive(Debug, Default)]
pub struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is one")]
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

/// The key of a row in a unique key of the server: letters of both cases are one, and spaces at the end do not count. The
/// collation `utf8mb4_unicode_ci` knows more pairs that are the same (accents); those the server finds.
#[must_use]
pub fn key<'a>(values: impl Iterator<Item = &'a str>) -> u128 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for value in values {
        let value = value.trim_end_matches(' ');
        if value.bytes().any(|byte| byte.is_ascii_uppercase() || byte > 127) {
            hash.update(value.to_lowercase().as_bytes());
        } else {
            hash.update(value.as_bytes());
        }
        hash.update(&[0x1f]);
    }
    hash.digest128()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_takes_for_one_is_one() {
        let of = |values: &[&str]| key(values.iter().copied());
        assert_eq!(of(&["Ab", "c "]), of(&["aB", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        let mut keys = Keys::default();
        assert!(keys.insert(1) && !keys.insert(1) && keys.contains(1));
        keys.remove(1);
        assert!(!keys.contains(1));
    }
}
