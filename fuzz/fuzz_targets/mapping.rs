//! Fuzzes mapping files and what their rules make of a row. From the project's folder, for ten minutes:
//!
//! ```text
//! dev/fuzz 600 mapping
//! ```
//!
//! The input is a mapping file, and behind a NUL a file that each of its `[[table]]` is read from, where it says nothing of its form.
//! What can't be read has an error in one line, without a password; what is read makes the same of a row each time, and no value
//! that its column has no room for. Input that breaks this is left under `fuzz/artifacts/mapping/`; it becomes a test in
//! `src/import/mapping.rs`.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use caredb::import::mapping::{Mapping, MappingError};
use caredb::import::read::{Reader, Record};
use caredb::import::row::Row;
use caredb::import::source::Source;
use caredb::import::transform::Transform;
use libfuzzer_sys::fuzz_target;

/// In memory, where there is such a folder.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let shared = PathBuf::from("/dev/shm");
    let folder = if shared.is_dir() { shared } else { std::env::temp_dir() };
    folder.join(format!("caredb-fuzz-mapping-{}.csv", std::process::id()))
});

fuzz_target!(|text: &str| {
    let (text, rows) = text.split_once('\0').unwrap_or((text, "nr,a,b\n1,2026-02-30,x\n2,12:00,0.5\n"));
    let mapping = match Mapping::parse(text, "m.toml") {
        Ok(mapping) => mapping,
        Err(error) => {
            if let MappingError::Syntax(_, line, what) = &error {
                assert!((1..=1 + text.matches('\n').count()).contains(line) && !what.contains('\n'), "{error}");
                assert!(!what.contains("mysql://") || what.ends_with("mysql://…"), "{error}");
            }
            return;
        }
    };
    std::fs::write(&*FILE, rows).expect("a file");
    for entity in &mapping.tables {
        let Ok(mut reader) = Reader::open(&FILE, &Source::new("a.csv")) else { return };
        let transform = match Transform::new(&mapping, entity, reader.header()) {
            Ok(transform) => transform,
            Err(error) => {
                let _ = error.to_string();
                continue;
            }
        };
        let (mut record, mut row, mut again) = (Record::new(), Row::default(), Row::default());
        while let Ok(true) = reader.read(&mut record) {
            if !transform.apply(&record, &mut row) {
                continue;
            }
            assert!(transform.apply(&record, &mut again));
            assert_eq!((row.id, &row.legacy_id), (again.id, &again.legacy_id));
            for column in 0..transform.columns.len() {
                assert_eq!(row.value(column), again.value(column));
            }
        }
    }
});
