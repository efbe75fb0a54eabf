//! The dictionary as Markdown: a file a table and an index. Pure.

use super::Dictionary;

/// The files by name.
#[must_use]
pub fn files(_dictionary: &Dictionary) -> Vec<(String, String)> {
    Vec::new()
}
