//! `caredb` owns the life of a healthcare appointment database on MySQL 8.0.29 and later: its versioned
//! schema, its fixtures, its private servers. ARCHITECTURE.md is the map of the folders.

pub mod about;
pub mod cli;
pub mod commands;
pub mod config;
pub mod db;
pub mod dev;
pub mod doctor;
pub mod import;
pub mod lint;
pub mod migrate;
pub mod output;
pub mod partition;
pub mod report;
pub mod retention;
pub mod schema;
pub mod seed;
pub mod text;
