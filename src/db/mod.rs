//! Everything that talks to a MySQL server or reads SQL text; knows nothing of what the SQL is for.

pub mod blockers;
pub mod bulk;
pub mod clock;
pub mod connect;
pub mod crash;
pub mod ddl;
pub mod error;
pub mod ident;
pub mod innodb;
pub mod lock;
pub mod primary;
mod program;
pub mod progress;
pub mod size;
pub mod split;
pub mod stop;
pub mod target;
pub mod throttle;
pub mod transaction;
