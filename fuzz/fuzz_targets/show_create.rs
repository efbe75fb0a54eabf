//! Fuzzes the reading of definitions. From the project's folder, for ten minutes:
//!
//! ```text
//! dev/fuzz 600 show_create
//! ```
//!
//! The first byte of the input chooses the kind of object, the rest is what `SHOW CREATE` might say of it. What is read, written as
//! SQL and read again is the same, but for bodies, which are anybody's text. Input that breaks this is left under `fuzz/artifacts/show_create/`; it becomes a test in
//! `src/schema/parse/` or `src/schema/program/`.
#![no_main]

use caredb::db::ident::Ident;
use caredb::db::split::tokens;
use caredb::schema::introspect::Kind;
use caredb::schema::model::Table;
use caredb::schema::program::Program;
use caredb::schema::{parse, program, write};
use libfuzzer_sys::fuzz_target;

const KINDS: [Kind; 6] = [Kind::Table, Kind::View, Kind::Trigger, Kind::Procedure, Kind::Function, Kind::Event];

fuzz_target!(|text: &str| {
    let Some((&kind, text)) = text.as_bytes().first().and_then(|kind| Some((kind, text.get(1..)?))) else { return };
    let read = match KINDS[usize::from(kind) % KINDS.len()] {
        // the server writes no comments, and closes its quotes
        Kind::Table => parse::table(text).map(|read| {
            if tokens(text).is_ok() && !["--", "#", "/*", "*/"].iter().any(|comment| text.contains(comment)) {
                table_again(read);
            }
        }),
        kind => program::program(kind, text).map(|read| program_again(kind, &read)),
    };
    if let Err(error) = read {
        assert!(!error.to_string().contains('\n'), "{error}");
    }
});

/// What [`write`] makes of a table is the same table.
fn table_again(mut table: Table) {
    // these are added once all tables are there
    let keys = std::mem::take(&mut table.foreign_keys);
    table.partitions = None;
    let read = |sql: &str| parse::table(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let sql = write::table(&Ident::known("x"), &table);
    assert_eq!(read(&sql), table, "{sql}");
    if !keys.is_empty() {
        let sql = format!("CREATE TABLE `x` ({})", keys.iter().map(write::foreign_key).collect::<Vec<_>>().join(","));
        assert_eq!(read(&sql).foreign_keys, keys, "{sql}");
    }
}

/// What stands before the body is the same where it is written anew.
fn program_again(kind: Kind, program: &Program) {
    let sql = program.create(kind, &Ident::known("x"), None);
    let head = |program: &Program| {
        let mut attributes = program.attributes();
        // set beside the statement, or anybody's text
        attributes.retain(|(name, _)| !matches!(*name, "sql_mode" | "time zone" | "parameters" | "returns"));
        (program.definer.clone(), attributes)
    };
    let again = program::program(kind, &sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(head(&again), head(program), "{sql}");
}
