//! How fast reading is, beside the `csv` crate alone: `cargo test --release --lib import::read::tests::speed -- --ignored
//! --nocapture`.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{file, plain};
use crate::import::read::{Reader, Record};

const ROWS: usize = 500_000;

#[test]
#[ignore = "for a release build on a quiet machine"]
#[expect(clippy::print_stderr, reason = "it is there to be read")]
fn reading_costs_little_more_than_the_csv_crate_alone() {
    for quoted in [false, true] {
        let (_folder, path) = file("a.csv", patients(quoted));
        let best = |run: fn(&Path) -> usize| {
            let once = |_| {
                let start = Instant::now();
                assert_eq!(run(&path), ROWS);
                start.elapsed()
            };
            (0..7).map(once).min().unwrap_or(Duration::MAX)
        };
        let (alone, ours) = (best(crate_alone), best(ours));
        let ratio = ours.as_secs_f64() / alone.as_secs_f64();
        eprintln!("quoted {quoted}: csv crate {alone:?}, caredb {ours:?}, ratio {ratio:.2}");
        assert!(ratio < 1.3);
    }
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
