//! What is kept how long, and the jobs that see to it: rows move to archives, into compressed storage, or are deleted, in
//! batches that a writer does not notice; with proof of what was done.

pub mod archive;
pub mod backlog;
pub mod batch;
pub mod certificate;
pub mod compress;
pub mod hold;
pub mod job;
pub mod ledger;
pub mod pieces;
pub mod policy;
pub mod purge;
pub mod rows;
mod table;
pub mod walk;
