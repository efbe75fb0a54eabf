//! All tests that need a server: one binary, one private MySQL a run, a fresh database a test.
//!
//! A database is dropped when its test passes. When one fails, the server's files are kept and the message
//! says how to look at them.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::similar_names, clippy::format_push_string, missing_docs)]

mod browser;
mod cron;
mod ddl;
mod dev;
mod diagram;
mod doctor;
mod drift;
mod drift_mutations;
mod fault;
mod flyway;
mod history;
mod import;
mod import_archived;
mod import_dates;
mod import_export;
mod import_hostile;
mod import_init;
mod import_mended;
mod import_page;
mod import_rejects;
mod import_run;
mod import_session;
mod import_synthea;
mod import_tables;
mod lint;
mod migrate;
mod monitor;
mod partition;
mod partition_cases;
mod partition_check;
mod partition_fault;
mod programs;
mod repeatable;
mod report;
mod resume;
mod retention_archive;
mod retention_archive_cases;
mod retention_archive_guards;
mod retention_archive_hands;
mod retention_at_work;
mod retention_compress;
mod retention_destroy;
mod retention_dump;
mod retention_fault;
mod retention_hold;
mod retention_purge;
mod retention_runs;
mod retention_soak;
mod rollback;
mod schema;
mod seed;
mod seed_check;
mod seed_export;
mod seed_generate;
mod seed_sets;
mod splitter;
mod status;
mod support;
mod throttle;
mod verify;
mod wrong;
