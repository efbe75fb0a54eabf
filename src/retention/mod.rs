//! How long rows stay, and what becomes of them then; with proof of what was done.

pub mod certificate;
pub mod hold;
pub mod ledger;
mod table;
