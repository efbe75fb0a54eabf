//! The import of another system's files: [`source`] says how a file is written, [`read`] turns it into rows.

pub mod accepted;
pub mod check;
pub mod document;
pub mod finding;
pub mod init;
pub mod keys;
pub mod late;
pub mod load;
pub mod lookup;
pub mod map;
pub mod mapping;
pub mod page;
pub mod read;
pub mod rejects;
pub mod row;
pub mod runs;
pub mod source;
pub mod target;
pub mod transform;
pub mod value;
pub mod verify;
