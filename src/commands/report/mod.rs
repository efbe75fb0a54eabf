//! `caredb report`: a page, or the data dictionary as files.

use anyhow::bail;

use super::Context;
use crate::cli::{FormatArg, ReportArgs};
use crate::output::Outcome;

mod dictionary;
mod observe;
mod page;

pub async fn run(context: &Context, args: &ReportArgs) -> anyhow::Result<Outcome> {
    let is_page = match args.format {
        FormatArg::Html => true,
        FormatArg::Markdown => false,
        // `json` says how to print, not what to write
        _ => args.path.extension().is_some_and(|ending| ending == "html"),
    };
    match (is_page, args.check) {
        (true, true) => bail!("`--check` is for the data dictionary; say `--format markdown` and its folder"),
        (true, false) => page::run(context, args).await,
        (false, _) => dictionary::run(context, args).await,
    }
}
