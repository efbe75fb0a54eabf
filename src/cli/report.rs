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
    /// The form; without it, a page where the file ends in `.html`, and a folder where nothing ends the name. `json` is the outcome as JSON
    #[arg(long, value_name = "FORM", value_parser = among(&[FormatArg::Html, FormatArg::Markdown, FormatArg::Json]))]
    pub format: Option<FormatArg>,
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
    /// The form; without it, Mermaid where the file ends in `.mmd` or `.mermaid`, and else SVG. `json` is the outcome as JSON
    #[arg(long, value_name = "FORM", value_parser = among(&[FormatArg::Svg, FormatArg::Mermaid, FormatArg::Json]))]
    pub format: Option<FormatArg>,
    /// Only these tables: names, with `*` for any letters and `?` for one; a reference to a table that is left out is not drawn
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub tables: Vec<String>,
}
