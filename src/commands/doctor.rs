//! `caredb doctor`: what would go wrong, before it does; and the same checks, short, before a run.

use anyhow::bail;
use serde_json::json;

use super::Context;
use crate::cli::FileArgs;
use crate::db::connect::Session;
use crate::doctor::judge::{judge, judge_all};
use crate::doctor::needs::{Needs, Statement};
use crate::doctor::observe::{observe, observe_around};
use crate::migrate::apply;
use crate::migrate::plan::{Forward, Observed, Plan, plan_up};
use crate::output::finding::{Finding, Level};
use crate::output::table::{Align, render};
use crate::output::{Event, Exit, Outcome, count};

pub async fn run(context: &Context, args: &FileArgs) -> anyhow::Result<Outcome> {
    let files = context.files(args)?;
    let mut session = context.open().await?;
    let migrated = apply::observe(&mut session.conn).await?;
    let plan = plan_up(&files, &migrated, Forward { to: None, out_of_order: false });
    let needs = match &plan {
        Ok(plan) if !plan.steps.is_empty() => needs(&session, &migrated, plan),
        _ => Needs::default(),
    };
    let observed = observe(&mut session, &needs).await;
    let around = observe_around(&mut session.conn, &observed.settings).await;
    let mut findings: Vec<Finding> = plan.err().iter().map(Finding::unplannable).collect();
    findings.extend(judge_all(&observed, &around, &needs));
    Ok(report(session.database.as_str(), &findings))
}

/// Findings as a table.
pub fn findings_table(findings: &[Finding]) -> String {
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|finding| vec![finding.level.word().to_owned(), finding.check.to_owned(), finding.to_string()])
        .collect();
    render(&[("level", Align::Left), ("check", Align::Left), ("finding", Align::Left)], &rows)
}

fn report(database: &str, findings: &[Finding]) -> Outcome {
    let table = findings_table(findings);
    let of = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (problems, warnings) = (of(Level::Problem), of(Level::Warning));
    let sum = format!("`{database}`: {}, {}", count(problems, "problem"), count(warnings, "warning"));
    Outcome::new(
        if problems == 0 { Exit::Done } else { Exit::Found },
        format!("{table}\n\n{sum}"),
        json!({ "database": database, "problems": problems, "warnings": warnings, "findings": findings }),
    )
}

/// The short checks before a run: three queries. Warnings are told, a problem ends the run. Without the privilege to
/// look, nothing is said: the server will say it itself.
pub async fn preflight(
    context: &Context,
    session: &mut Session,
    migrated: &Observed,
    plan: &Plan<'_>,
) -> anyhow::Result<()> {
    let needs = needs(session, migrated, plan);
    let findings = judge(&observe(session, &needs).await, &needs);
    let mut problems = Vec::new();
    for finding in findings {
        match finding.level {
            Level::Ok | Level::Unknown => {}
            Level::Warning => context.output.event(&Event::Warning(finding)),
            Level::Problem => problems.push(format!("{}: {finding}", finding.check)),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    let cure = if problems.len() == 1 { "cure it" } else { "cure them" };
    bail!(
        "{} in the way, nothing was changed; {cure}, or pass over the checks with `--skip-doctor`\n{}",
        count(problems.len(), "problem"),
        problems.join("\n")
    )
}

fn needs(session: &Session, migrated: &Observed, plan: &Plan<'_>) -> Needs {
    let statements: Vec<Statement<'_>> = plan
        .steps
        .iter()
        .flat_map(|step| {
            step.script.statements.iter().skip(step.done).map(|statement| Statement {
                place: format!("`{}` line {}", step.script.name, statement.line),
                text: &statement.text,
            })
        })
        .collect();
    let own_tables_exist = migrated.history.is_some() && migrated.journal.is_some();
    Needs::read(session.database.as_str(), &statements).with_own_tables(own_tables_exist)
}
