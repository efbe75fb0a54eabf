//! `caredb archive verify`

use serde_json::json;

use crate::commands::Context;
use crate::commands::doctor::findings_table;
use crate::output::finding::Level;
use crate::output::{Exit, Outcome, count};
use crate::retention::archive::{observe, verify};

pub async fn run(context: &Context) -> anyhow::Result<Outcome> {
    let mut session = context.open().await?;
    observe::prepare(&mut session.conn).await?;
    let columns = observe::columns(&mut session.conn).await?;
    let (_, archive) = observe::partitions(&mut session.conn).await?;
    let findings = verify::verify(&mut session.conn, &columns, &archive).await?;
    let problems = findings.iter().filter(|finding| finding.level == Level::Problem).count();
    let exit = if problems == 0 { Exit::Done } else { Exit::Found };
    let text = format!(
        "{}\n\narchives of `{}`: {}",
        findings_table(&findings),
        session.database.as_str(),
        count(problems, "problem")
    );
    Ok(Outcome::new(exit, text, json!({ "problems": problems, "findings": findings })))
}
