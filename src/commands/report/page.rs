//! `caredb report FILE.html`: one page.

use anyhow::bail;

use crate::cli::ReportArgs;
use crate::commands::Context;
use crate::output::Outcome;

#[expect(clippy::unused_async, reason = "reads the database, once there is a page")]
pub async fn run(_context: &Context, args: &ReportArgs) -> anyhow::Result<Outcome> {
    bail!("there is no page yet for `{}`; say `--format markdown` and a folder", args.path.display())
}
