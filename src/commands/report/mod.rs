//! `caredb report`: a page, or the data dictionary as files.

use anyhow::bail;

use super::Context;
use crate::cli::{FormatArg, ReportArgs};
use crate::output::Outcome;

mod dictionary;
mod observe;
mod page;

pub async fn run(context: &Context, args: &ReportArgs) -> anyhow::Result<Outcome> {
    let ending = args.path.extension().map(|ending| ending.to_string_lossy());
    let is_page = match (args.format, ending.as_deref()) {
        // where nothing was said, or how to print and not what to write, the name tells
        (Some(FormatArg::Html), _) | (Some(FormatArg::Json | FormatArg::Human) | None, Some("html")) => true,
        (Some(FormatArg::Markdown), _) | (_, None) => false,
        _ => bail!(
            "`{}` is neither a page nor a folder by its name; say `--format html` or `--format markdown`",
            args.path.display()
        ),
    };
    match (is_page, args.check) {
        (true, true) => bail!("`--check` is for the data dictionary; say `--format markdown` and its folder"),
        (true, false) => page::run(context, args).await,
        (false, _) => dictionary::run(context, args).await,
    }
}
