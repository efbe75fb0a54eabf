//! `--metrics FILE`: what a job leaves for monitors, however it ended.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::json;

use super::{Context, exit_of, partition};
use crate::db::clock;
use crate::db::connect::connect;
use crate::db::target::Target;
use crate::db::throttle::judge::Cause;
use crate::dev::PrivateServer;
use crate::output::finding::{Finding, Level};
use crate::output::metrics::{Family, Labels, Ran, Series, labels, update};
use crate::output::{Event, Exit, Outcome};
use crate::partition::Standing;
use crate::retention::backlog::{Backlog, backlog, prepare};
use crate::retention::ledger;

/// How long the questions to the server may take, all together.
const PATIENCE: Duration = Duration::from_secs(30);

/// Writes the metrics of the jobs that ran. Where they can't be written, what a job did is done, so it has not failed; but somebody is to
/// look, since monitors go by what an earlier run left.
pub async fn leave(
    context: &Context,
    file: &Path,
    command: &str,
    mut ended: anyhow::Result<Outcome>,
) -> anyhow::Result<Outcome> {
    if let Err(error) = write(context, file).await {
        let error = format!("{error:#}");
        if let Ok(outcome) = &mut ended {
            outcome.fields.insert("metrics".to_owned(), json!(error));
            if outcome.exit == Exit::Done {
                outcome.exit = Exit::Found;
            }
        }
        let exit = ended.as_ref().map_or_else(exit_of, |outcome| outcome.exit);
        context.output.complain(command, exit, &error);
    }
    ended
}

async fn write(context: &Context, file: &Path) -> anyhow::Result<()> {
    let ran = context.output.record().close();
    let target = match &context.config.target {
        Some(target) => target.clone(),
        None => PrivateServer::of(&context.config.root).target()?,
    };
    let mut observed = Observed::default();
    let asked = match tokio::time::timeout(PATIENCE, observe(context, &target, &ran, &mut observed)).await {
        Ok(asked) => asked,
        Err(_) => Err(anyhow::anyhow!("the server did not answer within {} s", PATIENCE.as_secs())),
    };
    if let Err(error) = asked {
        let missing = if observed.standing.is_some() { "the backlog is" } else { "headroom and backlog are" };
        let what = format!("{missing} not among the metrics: {error:#}");
        let finding = Finding::new("metrics", Level::Unknown, what, "the next run writes what is missing");
        context.output.event(&Event::Warning(finding));
    }
    let of = labels(&[("server", &target.server()), ("database", target.database.as_str())]);
    Ok(update(file, |series| change(series, &of, &ran, &observed))?)
}

/// What the database says after the run, as far as it could be asked.
#[derive(Default)]
struct Observed {
    standing: Option<Vec<Standing>>,
    backlog: Vec<Backlog>,
    /// Rows by the number of the run in the ledger.
    rows: BTreeMap<u64, u64>,
}

/// Puts what it learns into `observed`. The backlog comes last: a table that somebody has locked, or that the account may not read,
/// must not hide that months are missing.
async fn observe(context: &Context, target: &Target, ran: &[Ran], observed: &mut Observed) -> anyhow::Result<()> {
    let mut session = connect(target).await?;
    prepare(&mut session.conn).await?;
    observed.standing = Some(partition::standing(context, &mut session).await?);
    for run in ran.iter().filter_map(|ran| ran.run) {
        if let Some(entry) = ledger::find(&mut session.conn, run).await? {
            observed.rows.insert(run, entry.totals().values().map(|total| total.rows).sum());
        }
    }
    let today = clock::today(&mut session.conn).await?;
    observed.backlog = backlog(&mut session.conn, context.config.retention(), today).await?;
    Ok(())
}

/// The commands whose runs are in the ledger, where there was something to do.
fn is_in_ledger(command: &str) -> bool {
    command != "archive verify" && ["archive", "purge", "compress"].iter().any(|verb| command.starts_with(verb))
}

/// Puts what is known now in the place of what was known of the same database: of the jobs that ran, and of the database
/// itself. Pure.
fn change(series: &mut Series, of: &Labels, ran: &[Ran], observed: &Observed) {
    let with = |more: &[(&str, &str)]| of.clone().into_iter().chain(labels(more)).collect::<Labels>();
    let mut new = Series::default();
    for job in ran {
        let own = with(&[("command", job.command)]);
        #[expect(clippy::cast_precision_loss, reason = "a time of this age is exact to the millisecond")]
        let ended = job.ended.timestamp_millis() as f64 / 1000.0;
        new.set(Family::LastRun, own.clone(), ended);
        let succeeded = if job.exit == Exit::Done { Some(ended) } else { series.get(Family::LastSuccess, &own) };
        if let Some(time) = succeeded {
            new.set(Family::LastSuccess, own.clone(), time);
        }
        new.set(Family::ExitCode, own.clone(), f64::from(job.exit as u8));
        new.set(Family::Duration, own.clone(), job.took.as_secs_f64());
        if !is_in_ledger(job.command) {
            continue;
        }
        let rows = job.run.map_or(Some(0), |run| observed.rows.get(&run).copied());
        if let Some(rows) = rows {
            new.set(Family::Rows, own.clone(), number(rows));
        }
        for cause in Cause::NAMES {
            let paused = job.paused.get(cause).copied().unwrap_or_default();
            new.set(Family::Throttled, with(&[("command", job.command), ("cause", cause)]), paused.as_secs_f64());
        }
    }
    for Standing { table, ahead, .. } in observed.standing.iter().flatten() {
        new.set(Family::Headroom, with(&[("table", table)]), f64::from(*ahead));
    }
    for backlog in &observed.backlog {
        let own = with(&[("command", backlog.job)]);
        new.set(Family::DueRows, own.clone(), number(backlog.rows));
        new.set(Family::Overdue, own, overdue_s(backlog));
    }
    series.retain(|family, labels| {
        let is_other = of.iter().any(|(name, value)| labels.get(name) != Some(value));
        let is_of_another_job = family.is_of_a_run()
            && !ran.iter().any(|job| labels.get("command").is_some_and(|command| command == job.command));
        is_other || is_of_another_job
    });
    series.extend(new);
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn number(number: u64) -> f64 {
    number as f64
}

/// How long the oldest row has been due, in seconds.
fn overdue_s(backlog: &Backlog) -> f64 {
    let Some(oldest) = &backlog.oldest else { return 0.0 };
    // what has no real date is as old as can be
    let oldest = oldest.parse().unwrap_or(NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default());
    let days = backlog.cut_off.signed_duration_since(oldest).num_days();
    number(u64::try_from(days).unwrap_or(0) * 24 * 60 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::month::Month;

    fn ran(command: &'static str, exit: Exit, ended: i64) -> Ran {
        let ended = chrono::DateTime::from_timestamp(ended, 0).unwrap();
        let paused = BTreeMap::from([("replica_lag", Duration::from_millis(1500))]);
        Ran { command, exit, ended, took: Duration::from_millis(2500), run: Some(7), paused }
    }

    /// Without HELP and TYPE, and without what is 0.
    fn text(series: &Series) -> String {
        let text = series.to_string().replace("caredb_", "").replace("database=\"d\",server=\"s\"", "…");
        text.lines().filter(|line| !line.starts_with('#') && !line.ends_with(" 0")).collect::<Vec<_>>().join("\n")
    }

    fn observed() -> Observed {
        let backlog = Backlog {
            job: "purge notifications",
            table: "notifications",
            older_than: "6mo".parse().unwrap(),
            cut_off: "2026-05-27".parse().unwrap(),
            oldest: Some("2026-05-25".to_owned()),
            rows: 12,
            months: Vec::new(),
            last_run: None,
        };
        let month = Month::new(2026, 11).unwrap();
        let standing = Standing { table: "appointments".to_owned(), months: 5, ahead: 3, ready_to: month };
        Observed { standing: Some(vec![standing]), backlog: vec![backlog], rows: BTreeMap::from([(7, 42)]) }
    }

    #[test]
    fn what_was_known_of_others_stays() {
        let of = labels(&[("server", "s"), ("database", "d")]);
        let mut series = Series::default();
        change(&mut series, &of, &[ran("purge notifications", Exit::Done, 100)], &observed());
        let first = text(&series);
        assert_eq!(
            first,
            "job_last_run_timestamp_seconds{command=\"purge notifications\",…} 100\n\
             job_last_success_timestamp_seconds{command=\"purge notifications\",…} 100\n\
             job_last_run_duration_seconds{command=\"purge notifications\",…} 2.5\n\
             job_last_run_rows{command=\"purge notifications\",…} 42\n\
             job_last_run_throttled_seconds{cause=\"replica_lag\",command=\"purge notifications\",…} 1.5\n\
             partition_headroom_months{…,table=\"appointments\"} 3\n\
             retention_due_rows{command=\"purge notifications\",…} 12\n\
             retention_overdue_seconds{command=\"purge notifications\",…} 172800"
        );
        // another database has series of its own
        let elsewhere = labels(&[("server", "s"), ("database", "e")]);
        change(&mut series, &elsewhere, &[ran("partition check", Exit::Found, 150)], &Observed::default());
        // a failure keeps the time of the last success, and what could not be asked is not told
        change(&mut series, &of, &[ran("purge notifications", Exit::Locked, 200)], &Observed::default());
        assert_eq!(
            text(&series),
            "job_last_run_timestamp_seconds{command=\"partition check\",database=\"e\",server=\"s\"} 150\n\
             job_last_run_timestamp_seconds{command=\"purge notifications\",…} 200\n\
             job_last_success_timestamp_seconds{command=\"purge notifications\",…} 100\n\
             job_last_run_exit_code{command=\"partition check\",database=\"e\",server=\"s\"} 1\n\
             job_last_run_exit_code{command=\"purge notifications\",…} 4\n\
             job_last_run_duration_seconds{command=\"partition check\",database=\"e\",server=\"s\"} 2.5\n\
             job_last_run_duration_seconds{command=\"purge notifications\",…} 2.5\n\
             job_last_run_throttled_seconds{cause=\"replica_lag\",command=\"purge notifications\",…} 1.5"
        );
    }

    #[test]
    fn a_row_without_a_date_is_long_overdue() {
        let mut backlog = observed().backlog.remove(0);
        backlog.oldest = Some("0000-00-00".to_owned());
        assert!(overdue_s(&backlog) > 6e10);
        backlog.oldest = None;
        assert!(overdue_s(&backlog) < 1.0);
    }
}
