//! What is in a database: its objects and their definitions.

pub mod introspect;
