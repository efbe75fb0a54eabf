//! What would go wrong, before it does: observe → judge. Needs are what the pending statements ask of the server.

pub mod grants;
pub mod judge;
pub mod needs;
pub mod observe;
pub mod roles;
