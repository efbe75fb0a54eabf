//! The command line of `import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::LockArgs;
use crate::import::load::OnConflict;

/// `import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ImportAction,
}

/// The actions of `import`.
#[derive(Debug, Subcommand)]
pub enum ImportAction {
    /// Look at files, and write a first mapping of them, with guesses and doubts marked
    Init(ImportInitArgs),
    /// Check all rows of all files, without a database unless one is named; exit 1 where a row is rejected
    Check(ImportCheckArgs),
    /// Check all rows, then load those that are right; exit 1 where a row is rejected
    ///
    /// Each batch is one transaction with its rows of `caredb_import_map`, so that a run that was killed loses nothing and
    /// doubles nothing, and `import resume` loads the rest.
    Run(ImportRunArgs),
    /// Go on with a run that did not reach its end, with the same files
    Resume(ImportRunArgs),
    /// Compare what is in the database with the files: counts, and a checksum of each column; exit 1 where they differ
    Verify(ImportVerifyArgs),
    /// Write rows of a live MySQL into files, all as of one moment, with a manifest by which the other actions know them
    ///
    /// Values are written as MySQL shows them, moments in UTC, bits as a number, bytes as `0x` and hexadecimal digits. NULL is
    /// `\N` in CSV and `null` in NDJSON. Only the owner of the files may read them.
    Export(ImportExportArgs),
}

/// Which files.
#[derive(Debug, Args)]
pub struct ImportFileArgs {
    /// The mapping file
    #[arg(value_name = "MAPPING.toml")]
    pub mapping: PathBuf,
    /// Read the rows that were mended in this folder of rejected ones, and nothing else
    #[arg(long, value_name = "DIR")]
    pub mended: Option<PathBuf>,
}

/// `import init`
#[derive(Debug, Args)]
pub struct ImportInitArgs {
    /// The files: CSV, TSV, NDJSON or XLSX, also packed by gzip or zstd
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write the mapping there, rather than print it
    #[arg(long, value_name = "MAPPING.toml")]
    pub to: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "to")]
    pub force: bool,
}

/// `import check`
#[derive(Debug, Args)]
pub struct ImportCheckArgs {
    /// Which files.
    #[command(flatten)]
    pub files: ImportFileArgs,
    /// What is shown of findings, and what becomes of them.
    #[command(flatten)]
    pub findings: FindingArgs,
}

/// What is shown of findings, and what becomes of them.
#[derive(Debug, Args)]
pub struct FindingArgs {
    /// Where rejected rows go, a file a source; only their owner may read them
    #[arg(long, value_name = "DIR", default_value = "rejects")]
    pub rejects: PathBuf,
    /// How many rows are shown of each finding
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub examples: usize,
    /// Show values as they are; without it, letters are `x` and digits are `9`
    #[arg(long)]
    pub show_values: bool,
    /// Write a page to look at, too, of the same findings; only its owner may read it
    #[arg(long, value_name = "FILE.html", value_parser = html)]
    pub page: Option<PathBuf>,
}

/// `import verify`
#[derive(Debug, Args)]
pub struct ImportVerifyArgs {
    /// Which files.
    #[command(flatten)]
    pub files: ImportFileArgs,
    /// Write a page to look at, too; only its owner may read it
    #[arg(long, value_name = "FILE.html", value_parser = html)]
    pub page: Option<PathBuf>,
}

/// The name of a page, so that no other file is written over.
fn html(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_page = path.extension().is_some_and(|extension| extension == "html");
    if is_page { Ok(path) } else { Err("a page is HTML; end its name with `.html`".to_owned()) }
}

/// `import run`, `import resume`
#[derive(Debug, Args)]
pub struct ImportRunArgs {
    /// Which files.
    #[command(flatten)]
    pub files: ImportFileArgs,
    /// What is shown of findings, and what becomes of them.
    #[command(flatten)]
    pub findings: FindingArgs,
    /// Load although so many rows, or so many percent of them, are rejected
    #[arg(long, value_name = "N|P%", default_value = "0")]
    pub max_errors: MaxErrors,
    /// What to do with a row that an earlier import wrote with other values
    #[arg(long, value_enum, default_value_t = OnConflict::Skip)]
    pub on_conflict: OnConflict,
    /// How to wait for others.
    #[command(flatten)]
    pub lock: LockArgs,
}

/// `import export`
#[derive(Debug, Args)]
pub struct ImportExportArgs {
    /// The server and database; better by the environment, since others see a command line
    #[arg(long, value_name = "URL", env = "CAREDB_SOURCE_URL", hide_env_values = true)]
    pub source: String,
    /// Which rows.
    #[command(flatten)]
    pub rows: ExportRowsArgs,
    /// The file, whose extension says how it is written: .csv or .ndjson, .gz or .zst behind it; of several tables, the folder
    #[arg(long, value_name = "FILE|DIR")]
    pub to: PathBuf,
    /// The extension of the files of a folder, csv by default
    #[arg(long = "as", value_name = "EXTENSION")]
    pub extension: Option<String>,
    /// Write over the files of an earlier export
    #[arg(long)]
    pub force: bool,
}

/// Which rows to export.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct ExportRowsArgs {
    /// The rows of a query; with ORDER BY, the same rows make the same file
    #[arg(long, value_name = "SQL")]
    pub query: Option<String>,
    /// The same, with the query in a file
    #[arg(long, value_name = "FILE")]
    pub query_file: Option<PathBuf>,
    /// All rows of a table, in the order of its primary key; may be given several times
    #[arg(long = "table", value_name = "NAME")]
    pub tables: Vec<String>,
}

/// How many rows may be rejected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxErrors {
    /// So many.
    Rows(u64),
    /// So many of a hundred.
    Percent(f64),
}

impl std::str::FromStr for MaxErrors {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write a number of rows, or a percentage such as `0.5%`".to_owned();
        match text.strip_suffix('%') {
            Some(percent) => match percent.parse() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Self::Percent(percent)),
                _ => Err(wrong()),
            },
            None => text.parse().map(Self::Rows).map_err(|_| wrong()),
        }
    }
}

impl MaxErrors {
    /// Whether so many rejected rows of so many are too many.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share of rows")]
    pub fn is_passed(self, rejected: u64, rows: u64) -> bool {
        match self {
            Self::Rows(most) => rejected > most,
            Self::Percent(most) => rejected as f64 * 100.0 > most * rows as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_errors() {
        for (text, rejected, rows, passed) in [
            ("0", 0, 10, false),
            ("0", 1, 10, true),
            ("5", 5, 10, false),
            ("10%", 1, 10, false),
            ("10%", 2, 10, true),
            ("0%", 0, 0, false),
        ] {
            assert_eq!(text.parse::<MaxErrors>().unwrap().is_passed(rejected, rows), passed, "{text} {rejected}");
        }
        for text in ["", "-1", "101%", "x%", "NaN%", "5 %"] {
            assert!(text.parse::<MaxErrors>().is_err(), "{text}");
        }
    }
}
