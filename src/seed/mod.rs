//! Fixtures: rows written by hand, named by labels, the same in every database that they are loaded into. And synthetic data of
//! any size (`generate`).

pub mod blame;
pub mod check;
pub mod export;
pub mod finding;
pub mod fixtures;
pub mod generate;
pub mod live;
pub mod load;
pub mod reader;
pub mod record;
pub mod relative;
pub mod reset;
pub mod sets;
pub mod trial;
