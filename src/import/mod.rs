//! The import of another system's files: [`source`] says how a file is written, [`read`] turns it into rows.

pub mod read;
pub mod source;
