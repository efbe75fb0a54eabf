//! Fuzzes the reading of `caredb.toml`. From the project's folder, for ten minutes:
//!
//! ```text
//! dev/fuzz 600 config
//! ```
//!
//! What is read twice is the same; what can't be read has an error in one line that names a line of the file. Input that breaks
//! this is left under `fuzz/artifacts/config/`; it becomes a test in `src/config.rs`.
#![no_main]

use std::collections::BTreeSet;
use std::path::Path;

use caredb::config::{Config, ConfigError};
use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = || Config::parse(text, Path::new("/clinic"));
    match (read(), read()) {
        (Ok(config), Ok(again)) => {
            assert_eq!(format!("{config:?}"), format!("{again:?}"));
            look_at(&config);
        }
        (Err(error), Err(again)) => {
            let said = error.to_string();
            assert_eq!(said, again.to_string());
            assert!(!said.contains('\n'), "{said:?}");
            if let ConfigError::Wrong { line, .. } = error {
                assert!((1..=1 + text.matches('\n').count()).contains(&line), "{said}");
            }
        }
        _ => panic!("it is read once, and once it is not"),
    }
});

/// What commands ask it.
fn look_at(config: &Config) {
    let _ = (config.is_protected("clinic"), config.ignored_drift());
    let managed = config.partitioned();
    let tables: BTreeSet<_> = managed.iter().map(|managed| &managed.table).collect();
    assert_eq!(tables.len(), managed.len(), "each table once");
    let retention = config.retention();
    let ages = [retention.appointments.older_than, retention.notifications.older_than, retention.medical_records.older_than];
    let today = NaiveDate::from_ymd_opt(2026, 11, 27).expect("a day");
    for age in ages.into_iter().chain(retention.appointments_archive.delete_after) {
        assert!(age.before(today) < today, "what is made today is not old");
    }
    assert!(!retention.appointments.status.is_empty());
}
