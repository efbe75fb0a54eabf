//! Merely reads a CSV file with the csv crate, as `import check` does without its rules. Prints the rows and the seconds.

use std::time::Instant;

#[expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
fn main() -> Result<(), csv::Error> {
    let path = std::env::args().find(|argument| argument.contains(".csv")).unwrap_or_default();
    let begun = Instant::now();
    let mut reader = csv::Reader::from_path(path)?;
    let (mut record, mut rows, mut bytes) = (csv::ByteRecord::new(), 0_u64, 0);
    while reader.read_byte_record(&mut record)? {
        rows += 1;
        bytes += record.as_slice().len();
    }
    println!("{rows} rows, {bytes} bytes, {:.6} s", begun.elapsed().as_secs_f64());
    Ok(())
}
