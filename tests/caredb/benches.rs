//! `benches/all`: what it makes of the output of comparisons, by recorded output. Nothing is measured here.

use std::path::Path;
use std::process::Command;

/// `tests/caredb/benches` has the output of five comparisons: one that is good, one that misses its goal, one that fails, one that
/// prints something else, and one that was not run. RESULTS.md there is what becomes of it.
#[test]
fn results_are_what_was_printed_and_no_failure_is_passed_over() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recorded = root.join("tests/caredb/benches");
    let output = Command::new(root.join("benches/all")).arg("--from").arg(&recorded).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = std::fs::read_to_string(recorded.join("RESULTS.md")).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    // it measures only when it is told so by saying nothing
    for wrong in [&["--from"][..], &["--from", "/nowhere"], &["drift"]] {
        let output = Command::new(root.join("benches/all")).args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}
