//! Files that people name: settings, mappings, migrations, fixtures. Opening a pipe waits for its other end, and a device has no end, so
//! neither is read.

use std::fs;
use std::io;
use std::path::Path;

/// The bytes of a file, or of a pipe that is open already (`<(…)` of a shell).
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    check(path)?;
    fs::read(path)
}

/// The text of a file; see [`bytes`].
pub fn read(path: &Path) -> io::Result<String> {
    check(path)?;
    fs::read_to_string(path)
}

/// Errors: there is nothing, or what is read only to its end.
pub fn check(path: &Path) -> io::Result<()> {
    let kind = fs::metadata(path)?;
    let is_open = ["/dev/fd", "/proc/self/fd", "/dev/stdin", "/dev/null"].iter().any(|open| path.starts_with(open));
    if kind.is_file() || kind.is_dir() || is_open {
        return Ok(());
    }
    Err(io::Error::other("it is no regular file"))
}
