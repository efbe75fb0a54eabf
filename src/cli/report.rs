//! `report` and `diagram`.

use std::path::PathBuf;

use clap::Args;

use super::FileArgs;
use super::format::{FormatArg, among};

/// `report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The file to write; of a data dictionary in Markdown, the folder, which is made
    #[arg(value_name = "FILE|DIR")]
    pub path: PathBuf,
    /// The form; `json` prints the outcome as JSON, and leaves the form to the file's ending, `.html` or none
    #[arg(long, value_name = "FORM", value_parser = among(&[FormatArg::Html, FormatArg::Markdown, FormatArg::Json]), default_value = "html")]
    pub format: FormatArg,
    /// Write nothing; exit 1 and name the files of the data dictionary that are out of date
    #[arg(long)]
    pub check: bool,
    /// Where the files are.
    #[command(flatten)]
    pub files: FileArgs,
}

/// `diagram`
#[derive(Debug, Args)]
pub struct DiagramArgs {
    /// The file to write; without it, the diagram is printed
    pub file: Option<PathBuf>,
    /// The form; `json` prints the outcome as JSON, and leaves the form to the file's ending, `.mmd` or another
    #[arg(long, value_name = "FORM", value_parser = among(&[FormatArg::Svg, FormatArg::Mermaid, FormatArg::Json]), default_value = "svg")]
    pub format: FormatArg,
    /// Only these tables: names, with `*` for any letters and `?` for one; a reference to a table that is left out is not drawn
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub tables: Vec<String>,
}
