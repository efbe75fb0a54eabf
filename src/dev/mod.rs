//! The private server: a real MySQL of this project's own, under `.caredb/`, for development and demos.

mod server;

pub use server::{DATABASE, DevError, PrivateServer, State};
