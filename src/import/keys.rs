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
/// `text` is used again and again.
#[must_use]
pub fn key<'a>(values: impl Iterator<Item = &'a str>, text: &mut String) -> u128 {
    text.clear();
    for value in values {
        let value = value.trim_end_matches(' ');
        if value.bytes().any(|byte| byte.is_ascii_uppercase() || byte > 127) {
            text.push_str(&value.to_lowercase());
        } else {
            text.push_str(value);
        }
        text.push('\u{1f}');
    }
    xxhash_rust::xxh3::xxh3_128(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_takes_for_one_is_one() {
        let of = |values: &[&str]| key(values.iter().copied(), &mut String::new());
        assert_eq!(of(&["Ab", "c "]), of(&["aB", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }
}
