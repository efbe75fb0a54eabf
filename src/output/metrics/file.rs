//! The file that `node_exporter` reads: it is there whole, or as it was.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::Series;

/// Why metrics were not written.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The system said no.
    #[error("could not write the metrics to `{}`: {reason}; its folder must be there, and be this user's to write", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Somebody else's file.
    #[error("line {line} of `{}` is none of caredb's metrics, so the file was left as it is; name another one, or remove it", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
    },
}

/// Changes the series of a file, which need not be there yet; another run that changes them at the same time waits. The new file
/// takes the place of the old one at once, and everybody may read it.
pub fn update(file: &Path, change: impl FnOnce(&mut Series)) -> Result<(), MetricsError> {
    let unwritable =
        |error: io::Error| MetricsError::Unwritable { file: file.to_owned(), reason: error.to_string().to_lowercase() };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // the folder, since a lock on the file would be one on what is about to be replaced
    let lock = File::open(folder).map_err(unwritable)?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| unwritable(error.into()))?;
    let old = match crate::text::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        old => old.map_err(unwritable)?,
    };
    let mut series = Series::read(&old).map_err(|line| MetricsError::Foreign { file: file.to_owned(), line })?;
    change(&mut series);
    // node_exporter reads `*.prom`, which this name does not end with
    let mut new = tempfile::Builder::new().prefix(".caredb-").tempfile_in(folder).map_err(unwritable)?;
    new.write_all(series.to_string().as_bytes()).map_err(unwritable)?;
    new.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(unwritable)?;
    new.persist(file).map_err(|error| unwritable(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Family, labels};
    use super::*;

    #[test]
    fn a_file_is_replaced_and_what_is_not_ours_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("caredb.prom");
        let of = |command| labels(&[("command", command)]);
        update(&file, |series| series.set(Family::Rows, of("a"), 1.0)).unwrap();
        update(&file, |series| series.set(Family::Rows, of("b"), 2.0)).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.ends_with("{command=\"a\"} 1\ncaredb_job_last_run_rows{command=\"b\"} 2\n"), "{text}");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["caredb.prom"]);

        std::fs::write(&file, "# HELP caredb_x y\nnode_load1 3\n").unwrap();
        let error = update(&file, |_| ()).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "line 2 of `{}` is none of caredb's metrics, so the file was left as it is; name another one, or remove it",
                file.display()
            )
        );
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "# HELP caredb_x y\nnode_load1 3\n");
        let error = update(&folder.path().join("none/x.prom"), |_| ()).unwrap_err().to_string();
        assert!(error.contains("no such file or directory"), "{error}");
    }

    #[test]
    fn runs_at_the_same_time_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("caredb.prom");
        std::thread::scope(|scope| {
            for command in ["a", "b", "c", "d"] {
                let file = &file;
                scope.spawn(move || {
                    for number in 0..25 {
                        let of = labels(&[("command", command), ("number", &number.to_string())]);
                        update(file, |series| series.set(Family::Rows, of, 1.0)).unwrap();
                    }
                });
            }
        });
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 100);
    }
}
