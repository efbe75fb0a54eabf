//! Keys of 128 bits: ids that are hashes anyway, and hashes of a key's values.

use std::hash::Hasher;

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
    }
}
