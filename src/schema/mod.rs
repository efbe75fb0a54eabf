//! What is in a database: its objects and their definitions; what differs between two.

pub mod cursor;
pub mod diff;
pub mod introspect;
pub mod model;
pub mod normal;
pub mod parse;
