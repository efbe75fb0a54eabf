//! How fast reading is, beside the `csv` crate alone: `cargo test --release --lib import::read::tests::speed -- --ignored
//! --nocapture`.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::{file, plain};
use crate::import::read::{Reader, Record};

const ROWS: usize = 500_000;

#[test]
#[ignore = "for a release build on a quiet machine"]
#[expect(clippy::print_stderr, reason = "it is there to be read")]
fn reading_costs_little_more_than_the_csv_crate_alone() {
    for quoted in [false, true] {
        let (_folder, path) = file("a.csv", patients(quoted));
        // in turn, so that a busy machine is so for both
        let (mut alone, mut together) = (Duration::MAX, Duration::MAX);
        for _ in 0..9 {
            alone = alone.min(cost(crate_alone, &path));
            together = together.min(cost(ours, &path));
        }
        let ratio = together.as_secs_f64() / alone.as_secs_f64();
        eprintln!("quoted {quoted}: csv crate {alone:?}, caredb {together:?}, ratio {ratio:.2}");
        assert!(ratio < 1.3);
    }
}

/// The processor's time that reading takes, and not the time it waits for others.
fn cost(run: fn(&Path) -> usize, path: &Path) -> Duration {
    let used = || {
        let state = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
        Duration::from_nanos(state.split(' ').next().and_then(|used| used.parse().ok()).expect("nanoseconds"))
    };
    let before = used();
    assert_eq!(run(path), ROWS);
    used().saturating_sub(before)
}

fn crate_alone(path: &Path) -> usize {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).unwrap() {
        rows += usize::from(record.len() == 12);
    }
    rows
}

fn ours(path: &Path) -> usize {
    let mut reader = Reader::open(path, &plain()).unwrap();
    let mut record = Record::new();
    let mut rows = 0;
    while reader.read(&mut record).unwrap() {
        let fields = (0..12).filter(|&column| record.field(column).is_some()).count();
        rows += usize::from(record.faults().is_empty() && fields == 12);
    }
    rows
}

fn patients(quoted: bool) -> String {
    let q = if quoted { "\"" } else { "" };
    let mut text = "id,family,given,born,email,phone,street,city,zip,country,insurance,note\n".to_owned();
    for row in 0..ROWS {
        let (day, house) = (row % 28 + 1, row % 97);
        writeln!(
            text,
            "{row},{q}Müller-{row}{q},{q}Marta{q},1980-02-{day:02},{q}m{row}@example.com{q},+49 30 {row:07},\
             {q}Lange Straße {house}{q},{q}Berlin{q},{day:05},DE,{q}K-{row:08}{q},{q}comes in the morning{q}"
        )
        .unwrap();
    }
    text
}
