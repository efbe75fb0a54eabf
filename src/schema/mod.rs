//! What is in a database: its objects and their definitions; what differs between two.

pub mod allow;
pub mod compare;
pub mod cursor;
pub mod diagram;
pub mod dictionary;
pub mod diff;
pub mod introspect;
pub mod mend;
pub mod model;
pub mod normal;
pub mod parse;
pub mod program;
pub mod snapshot;
pub mod write;
