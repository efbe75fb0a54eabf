//! `caredb partition ensure`: makes the months that are missing.

use std::fmt::Write as _;

use chrono::NaiveDate;
use serde_json::json;

use super::{Context, Refusal, ddl, lock, open, today};
use crate::cli::{PartitionEnsureArgs, TodayArgs, WaitArgs};
use crate::db::connect::Session;
use crate::db::target::Target;
use crate::output::{Outcome, count};
use crate::partition::month::Month;
use crate::partition::observe::Unmanaged;
use crate::partition::plan::{Step, Wish, plan};
use crate::partition::{Managed, Table, observe};

pub async fn run(context: &Context, args: &PartitionEnsureArgs) -> anyhow::Result<Outcome> {
    let (mut session, mut tables) = open(context, &args.table).await?;
    let today = today(&mut session, &args.today).await?;
    let wish = |managed: &Managed| Wish { today, ahead: args.ahead.unwrap_or(managed.ahead), behind: args.behind };
    let mut planned = Vec::new();
    for (managed, table) in &tables {
        let contents = observe::contents(&mut session.conn, table).await?;
        planned.push(plan(table, &contents, &wish(managed))?);
    }
    if args.dry_run {
        return Ok(dry_run(&tables, &planned, args.allow_copy));
    }
    let mut made = 0;
    if planned.iter().any(|steps| !steps.is_empty()) {
        made = make(context, &mut session, &mut tables, wish, args.allow_copy, &args.waits).await?;
    }
    Ok(report(&tables, today, made))
}

/// Makes the months that are missing, under the lock. Returns how many. Errors: steps that copy rows and may not; the others
/// are done.
async fn make(
    context: &Context,
    session: &mut Session,
    tables: &mut [(Managed, Table)],
    wish: impl Fn(&Managed) -> Wish,
    allow_copy: bool,
    waits: &WaitArgs,
) -> anyhow::Result<usize> {
    lock(context, session, waits).await?;
    let mut made = 0;
    let mut refusals = Vec::new();
    for (managed, table) in tables {
        // again, since another run may have been at work
        *table = observe::table(&mut session.conn, managed).await?;
        let contents = observe::contents(&mut session.conn, table).await?;
        let steps = plan(table, &contents, &wish(managed))?;
        let (steps, copying): (Vec<Step>, Vec<Step>) =
            steps.into_iter().partition(|step| allow_copy || step.copies.is_none());
        for step in &steps {
            ddl(context, session, waits).await?.make(table, step).await?;
            made += step.count;
        }
        refusals.extend(copying.iter().filter_map(|step| refusal(table, step)));
        *table = observe::table(&mut session.conn, managed).await?;
    }
    if !refusals.is_empty() {
        let made = if made > 0 { format!("{} made; ", count(made, "partition")) } else { String::new() };
        return Err(Refusal(format!("{made}{}", refusals.join("; "))).into());
    }
    Ok(made)
}

/// Makes the months from one date to another where appointments are partitioned, and those that are kept ready anyway, for a
/// command that is about to fill them. Errors: a split that would copy rows.
pub async fn make_months(
    context: &Context,
    target: &Target,
    (first, last): (NaiveDate, NaiveDate),
) -> anyhow::Result<()> {
    let appointments = Managed::appointments().table;
    let Some(managed) = context.config.partitioned().into_iter().find(|managed| managed.table == appointments) else {
        return Ok(());
    };
    let mut session = context.open_target(target).await?;
    observe::prepare(&mut session.conn).await?;
    let table = match observe::table(&mut session.conn, &managed).await {
        // not migrated that far
        Err(Unmanaged::NotPartitioned(_)) => return Ok(()),
        table => table?,
    };
    let today = today(&mut session, &TodayArgs { today: None }).await?;
    let months = |months: i64| u32::try_from(months).unwrap_or(0);
    let ahead = months(today.until(Month::of(last))).max(managed.ahead);
    let behind = months(Month::of(first).until(today));
    let wish = |_: &Managed| Wish { today, ahead, behind: Some(behind) };
    let contents = observe::contents(&mut session.conn, &table).await?;
    if !plan(&table, &contents, &wish(&managed))?.is_empty() {
        let made = make(context, &mut session, &mut [(managed, table)], wish, false, &WaitArgs::default()).await;
        made.map_err(|error| match error.downcast::<Refusal>() {
            // this command has no `--allow-copy`
            Ok(Refusal(text)) => {
                let cure = format!("run `caredb partition ensure --ahead {ahead} --behind {behind} --allow-copy`");
                Refusal(text.replace("say `--allow-copy`", &cure)).into()
            }
            Err(error) => error,
        })?;
    }
    Ok(())
}

/// What to say of a step that copies rows and may not.
fn refusal(table: &Table, step: &Step) -> Option<String> {
    let copies = step.copies?;
    let table = table.name.as_str();
    Some(format!("to {step} of table `{table}`, the server {copies}; say `--allow-copy` at a quiet time"))
}

fn report(tables: &[(Managed, Table)], today: Month, made: usize) -> Outcome {
    let standing: Vec<_> = tables.iter().map(|(_, table)| table.standing(today)).collect();
    let states = standing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let text = match made {
        0 => format!("nothing to do: {states}"),
        made => format!("{} made: {states}", count(made, "partition")),
    };
    Outcome::done(text, json!({ "today": today, "made": made, "tables": standing }))
}

fn dry_run(tables: &[(Managed, Table)], planned: &[Vec<Step>], allow_copy: bool) -> Outcome {
    let mut text = String::new();
    let mut statements = Vec::new();
    let (mut months, mut refused) = (0, 0);
    for ((_, table), step) in
        tables.iter().zip(planned).flat_map(|(table, steps)| steps.iter().map(move |step| (table, step)))
    {
        let cost = match step.copies {
            None => "copies nothing".to_owned(),
            Some(copies) if allow_copy => copies.to_string(),
            Some(copies) => format!("{copies}; REFUSED without `--allow-copy`"),
        };
        refused += usize::from(step.copies.is_some() && !allow_copy);
        months += step.count;
        // writing into a String can't fail
        let _ = writeln!(text, "-- `{}`: {step}: {cost}\n{};\n", table.name.as_str(), step.sql);
        statements.push(
            json!({ "table": table.name.as_str(), "sql": step.sql, "partitions": step.count, "copies": step.copies }),
        );
    }
    let of = format!("{}, {}", count(months, "partition"), count(statements.len(), "statement"));
    let _ = match refused {
        0 => write!(text, "-- dry run, nothing was changed: {of}"),
        number => {
            write!(text, "-- dry run, nothing was changed: {of}, {number} of them refused without `--allow-copy`")
        }
    };
    Outcome::done(text, json!({ "dry_run": true, "partitions": months, "refused": refused, "statements": statements }))
}
