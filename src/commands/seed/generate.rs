//! `caredb seed generate`: synthetic data of any size.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use chrono::Datelike as _;
use serde_json::json;

use super::super::{Context, Otherwise, Refusal, partition};
use crate::cli::SeedGenerateArgs;
use crate::db::clock;
use crate::db::connect::Session;
use crate::db::lock;
use crate::output::{Event, Outcome, count, ms};
use crate::seed::generate::checkpoint::{self, Run};
use crate::seed::generate::load::{LoadError, Loaded, load};
use crate::seed::generate::{Clinic, Ids, Parameters, VERSION, date, reset};

pub async fn run(context: &Context, args: &SeedGenerateArgs) -> anyhow::Result<Outcome> {
    let target = context.target()?;
    let database = target.database.as_str();
    if context.config.is_protected(database) {
        let refusal = format!(
            "`{database}` is protected by `caredb.toml`; synthetic data have no place there, so nothing was generated"
        );
        return Err(Refusal(refusal).into());
    }
    let mut session = context.open_target(&target).await?;
    let begun = Instant::now();
    let missing = reset::missing(&mut session.conn).await?;
    if let Some(table) = missing.first() {
        bail!("there is no table `{table}` in `{database}`; run `caredb migrate` first");
    }
    let timeout = Duration::from_secs(args.lock_timeout.into());
    let locks = [lock::name("seed", &session.database)];
    lock::acquire(&mut session.conn, &locks, timeout, context.on_wait()).await?;
    let runs = checkpoint::runs(&mut session.conn).await?;
    let (clinic, run) = if args.resume {
        let Some(run) = runs.last() else {
            bail!(
                "there is no run in `{database}` to go on with; begin one by `caredb seed generate --patients N --doctors N --months N`"
            );
        };
        if let Some(checksum) = &run.checksum {
            let text = format!(
                "nothing to do: the last run in `{database}` is over; {}",
                described(&run.parameters, checksum)
            );
            return Ok(Outcome::done(
                text,
                json!({ "database": database, "parameters": run.parameters, "checksum": checksum, "rows": 0 }),
            ));
        }
        let clinic = recorded(run, args)?;
        (clinic, Some(run.clone()))
    } else {
        let clinic = asked_for(&mut session, args).await?;
        make_room(context, &mut session, &runs, &clinic.parameters, args).await?;
        (clinic, None)
    };
    let parameters = clinic.parameters.clone();
    context.output.event(&Event::Note { text: announcement(&clinic, run.is_some()) });
    if let (Some(first), Some(last)) = (clinic.spans.first(), clinic.spans.last()) {
        partition::make_months(context, &target, (date(first.from), date(last.from))).await?;
    }
    let run = match run {
        Some(run) => run,
        None => checkpoint::begin(&mut session.conn, &parameters).await?,
    };
    let on_event = |event: Event| context.output.event(&event);
    let (loaded, checksum) = match load(&mut session, Arc::new(clinic), &run, timeout, on_event).await {
        // has an exit code of its own
        Err(LoadError::Lock(error)) => return Err(error.into()),
        loaded => loaded?,
    };
    Ok(report(database, &parameters, &loaded, &checksum, begun.elapsed()))
}

/// The plan of a run that was interrupted. What is given beside `--resume` must be what was recorded.
fn recorded(run: &Run, args: &SeedGenerateArgs) -> anyhow::Result<Clinic> {
    if run.version != VERSION {
        let refusal = format!(
            "the run was begun by another version of the generator ({}, this is {VERSION}), which would give other rows; finish it with that caredb, or begin anew by `--reset`",
            run.version
        );
        return Err(Refusal(refusal).into());
    }
    let recorded = &run.parameters;
    let differs = [
        ("--patients", args.patients.map(|given| given.to_string()), recorded.patients.to_string()),
        ("--doctors", args.doctors.map(|given| given.to_string()), recorded.doctors.to_string()),
        ("--months", args.months.map(|given| given.to_string()), recorded.months.to_string()),
        ("--appointments", args.appointments.map(|given| given.to_string()), recorded.appointments.to_string()),
        ("--seed", args.seed.map(|given| given.to_string()), recorded.seed.to_string()),
        ("--until", args.until.map(|given| given.to_string()), recorded.until.to_string()),
        ("--ids", args.ids.map(word), word(recorded.ids)),
    ];
    if let Some((flag, Some(given), recorded)) =
        differs.iter().find(|(_, given, recorded)| given.as_ref().is_some_and(|given| given != recorded))
    {
        let refusal = format!(
            "the run was begun with `{flag} {recorded}`, not {given}; say `--resume` alone, or begin anew by `--reset`"
        );
        return Err(Refusal(refusal).into());
    }
    Ok(Clinic::again(recorded)?)
}

fn word(ids: Ids) -> String {
    match ids {
        Ids::V7 => "v7".to_owned(),
        Ids::V4 => "v4".to_owned(),
    }
}

/// The seed where none is given.
const SEED: u64 = 1;

async fn asked_for(session: &mut Session, args: &SeedGenerateArgs) -> anyhow::Result<Clinic> {
    let (Some(patients), Some(doctors), Some(months)) = (args.patients, args.doctors, args.months) else {
        bail!("say how much to generate: `--patients N --doctors N --months N`");
    };
    let until = if let Some(until) = args.until {
        until
    } else {
        // the first of the month, so that all runs of a month give the same rows
        let today = clock::today(&mut session.conn).await?;
        today.with_day(1).unwrap_or(today)
    };
    let rest = (args.seed.unwrap_or(SEED), until, args.ids.unwrap_or(Ids::V7));
    Ok(Clinic::plan((patients, doctors, months), args.appointments, rest)?)
}

/// Sees that the rows have a place: an empty database, or one that they may be added to, or one that may be emptied.
async fn make_room(
    context: &Context,
    session: &mut Session,
    runs: &[Run],
    parameters: &Parameters,
    args: &SeedGenerateArgs,
) -> anyhow::Result<()> {
    let database = session.database.as_str().to_owned();
    if args.reset {
        if let Some((table, back)) = reset::elsewhere(&mut session.conn).await? {
            let refusal = format!(
                "`{table}` has rows that came from what a reset would delete; bring them back by `{back}` first"
            );
            return Err(Refusal(refusal).into());
        }
        let counts = reset::count(&mut session.conn).await?;
        if !counts.is_empty() {
            let named: Vec<String> =
                counts.iter().map(|&(table, rows)| format!("{} of {table}", count(rows, "row"))).collect();
            context
                .output
                .event(&Event::Note { text: format!("`--reset` deletes from `{database}`: {}", named.join(", ")) });
            let sum: u64 = counts.iter().map(|&(_, rows)| rows).sum();
            let question = format!("delete these {} from `{database}`?", count(sum, "row"));
            context.confirm(Otherwise::Yes, &database, &question, "nothing was deleted, and nothing generated")?;
            let on_table = |table: &'static str, rows| {
                context.output.event(&Event::Deleted { table: table.to_owned(), rows });
            };
            reset::delete(&mut session.conn, &counts, on_table).await?;
        }
        checkpoint::forget(&mut session.conn).await?;
        return Ok(());
    }
    let open = runs.last().filter(|run| run.checksum.is_none());
    let runs = if open.is_some() { &runs[..runs.len() - 1] } else { runs };
    if let Some(run) = open
        && !checkpoint::forget_empty(&mut session.conn, run.id).await?
    {
        let refusal =
            format!("a run in `{database}` was interrupted; go on with it by `--resume`, or begin anew by `--reset`");
        return Err(Refusal(refusal).into());
    }
    if args.append {
        if runs.iter().any(|run| run.parameters.seed == parameters.seed) {
            let seed = parameters.seed;
            let refusal =
                format!("rows of seed {seed} are in `{database}`, and would have the same keys; name another `--seed`");
            return Err(Refusal(refusal).into());
        }
        return Ok(());
    }
    let occupied = reset::occupied(&mut session.conn).await?;
    if !occupied.is_empty() {
        let tables: Vec<String> = occupied.iter().map(|table| format!("`{table}`")).collect();
        let refusal = format!(
            "`{database}` has rows in {}; say `--append` to add to them, or `--reset` to delete them first",
            tables.join(", ")
        );
        return Err(Refusal(refusal).into());
    }
    Ok(())
}

fn announcement(clinic: &Clinic, goes_on: bool) -> String {
    let Parameters { patients, doctors, appointments, seed, until, .. } = clinic.parameters;
    let begin = if goes_on { "going on with" } else { "generating" };
    format!(
        "{begin} {}, {}, {} from {} on; seed {seed}, until {until}",
        count(patients, "patient"),
        count(doctors, "doctor"),
        count(appointments, "appointment"),
        date(clinic.first_day)
    )
}

fn described(parameters: &Parameters, checksum: &str) -> String {
    format!("seed {}, until {}, checksum {checksum}", parameters.seed, parameters.until)
}

fn report(database: &str, parameters: &Parameters, loaded: &[Loaded], checksum: &str, elapsed: Duration) -> Outcome {
    let rows: u64 = loaded.iter().map(|loaded| loaded.rows).sum();
    let text = format!(
        "generated `{database}`: {} in {} in {:.2} s; {}",
        count(rows, "row"),
        count(loaded.len(), "table"),
        elapsed.as_secs_f64(),
        described(parameters, checksum)
    );
    let fields = json!({
        "database": database,
        "parameters": parameters,
        "generator": VERSION,
        "rows": rows,
        "duration_ms": ms(elapsed),
        "checksum": checksum,
        "tables": loaded,
    });
    Outcome::done(text, fields)
}
