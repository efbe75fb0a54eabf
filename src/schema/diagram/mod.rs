//! The tables of a database and their references as a picture: SVG or Mermaid. Pure.
//!
//! The crates that lay out graphs (dagre, rust-sugiyama) know neither ports on the lines of a box nor lines that many references
//! share, which are what keeps this picture readable; so the layout is own code, small because its graphs are small.

use std::fmt::Write as _;

use self::boxes::boxes;
use self::nets::Graph;
use self::route::Drawing;
use super::dictionary::Dictionary;

pub mod boxes;
pub mod mermaid;
pub mod nets;
pub mod place;
pub mod route;
pub mod svg;

/// The diagram as SVG. `href`: where a table's name leads, by its name; without it, nowhere.
#[must_use]
pub fn svg(dictionary: &Dictionary, href: Option<&dyn Fn(&str) -> String>) -> String {
    let boxes = boxes(dictionary);
    let graph = Graph::of(&boxes);
    let placed = place::place(&boxes, &graph);
    svg::write(&boxes, &graph, &Drawing::of(&boxes, &graph, &placed), href)
}

/// The diagram as Mermaid's `erDiagram`.
#[must_use]
pub fn mermaid(dictionary: &Dictionary) -> String {
    mermaid::write(dictionary)
}

/// An id as XML takes it: `table-users`; what is no letter of ASCII, digit, `_` or `-` is its number.
#[must_use]
pub fn id(kind: &str, name: &str) -> String {
    let mut id = format!("{kind}-");
    for letter in name.chars() {
        let _ = match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => write!(id, "{letter}"),
            letter => write!(id, ".{:x}.", u32::from(letter)), // writing into a String can't fail
        };
    }
    id
}

#[cfg(test)]
mod tests;
