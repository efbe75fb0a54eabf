//! Versioned and repeatable migrations: files → history → plan → apply. History is Flyway's own table; what Flyway has no
//! place for is in `caredb_journal`.

pub mod applied;
pub mod apply;
pub mod baseline;
pub mod classify;
pub mod confine;
pub mod expect;
pub mod explain;
pub mod files;
pub mod fingerprint;
pub mod history;
pub mod info;
pub mod intended;
pub mod journal;
pub mod piece;
pub mod placeholder;
pub mod plan;
pub mod planfile;
pub mod reader;
pub mod repair;
pub mod repeatable;
pub mod scratch;
pub mod session;
pub mod settle;
pub mod verify;
