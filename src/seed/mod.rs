//! Fixtures: rows written by hand, named by labels, the same in every database that they are loaded into.

pub mod fixtures;
pub mod load;
pub mod relative;
