//! Fixtures: rows written by hand, named by labels, the same in every database that they are loaded into. And synthetic data of
//! any size (`generate`).

pub mod fixtures;
pub mod generate;
pub mod load;
pub mod relative;
