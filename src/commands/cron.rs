//! `caredb cron`: the nightly work in one command.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::bail;
use clap::Parser as _;
use serde_json::{Map, Value, json};

use super::{Context, Interrupted, exit_of, job};
use crate::cli::{
    ArchiveAction, ArchiveArgs, Cli, Command, CompressAction, CompressArgs, CronArgs, PartitionAction, PartitionArgs,
    PurgeAction, PurgeArgs,
};
use crate::output::{Event, Exit, Outcome, count};

/// The jobs in their order, as they are typed: months first, since what is moved needs one; the check sees what all have left.
const JOBS: [&[&str]; 6] = [
    &["partition", "ensure"],
    &["archive", "appointments"],
    &["purge", "notifications"],
    &["compress", "medical-records"],
    &["purge", "archive"],
    &["partition", "check"],
];

/// What came of a job.
struct Job {
    name: String,
    exit: Exit,
    text: String,
    fields: Map<String, Value>,
    seconds: f64,
}

pub async fn run(context: &Context, args: &CronArgs) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let mut jobs: Vec<Job> = Vec::new();
    for words in JOBS {
        let has_term = context.config.retention().appointments_archive.delete_after.is_some();
        // what would be made would be found missing
        let is_meant = match words {
            ["purge", "archive"] => has_term,
            ["partition", "check"] => !args.dry_run,
            _ => true,
        };
        if !is_meant {
            continue;
        }
        let job_begun = Instant::now();
        let name = words.join(" ");
        context.output.event(&Event::Note { text: format!("caredb {name}") });
        let outcome = match command(words, args, begun)? {
            Some(command) => ended(context, command).await,
            None => Ok(Outcome::new(Exit::Found, "not begun: `--max-runtime` is over", json!({}))),
        };
        let outcome = match outcome {
            Err(error) => {
                let (exit, text) = (exit_of(&error), format!("{error:#}"));
                context.output.log_error(&name, exit, &text);
                Outcome::new(exit, text, json!({}))
            }
            Ok(outcome) => outcome,
        };
        let Outcome { exit, text, fields, .. } = outcome;
        jobs.push(Job { name, exit, text, fields, seconds: job_begun.elapsed().as_secs_f64() });
        if exit == Exit::Interrupted {
            break;
        }
    }
    Ok(report(&jobs, begun.elapsed().as_secs_f64()))
}

/// Runs a job. One that has no batches to end after ends when a person says so, as it does alone.
async fn ended(context: &Context, command: Command) -> anyhow::Result<Outcome> {
    let in_batches = command.works_in_batches();
    tokio::select! {
        ended = Box::pin(job(context, command)) => ended,
        () = context.stop.wait(), if !in_batches => Err(Interrupted.into()),
    }
}

/// A job as if it had been typed, with what is left of the time; none where none is left.
fn command(words: &[&str], args: &CronArgs, begun: Instant) -> anyhow::Result<Option<Command>> {
    let mut throttle = args.throttle.clone();
    if let Some(all) = throttle.max_runtime {
        let left = all.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        throttle.max_runtime = Some(left);
    }
    let mut command = Cli::try_parse_from(["caredb"].iter().chain(words))?.command;
    let given = match &mut command {
        Command::Partition(PartitionArgs { action: PartitionAction::Ensure(ensure) }) => {
            ensure.waits.lock_timeout = args.lock_timeout;
            (&mut ensure.today, Some(&mut ensure.dry_run), None)
        }
        Command::Partition(PartitionArgs { action: PartitionAction::Check(check) }) => (&mut check.today, None, None),
        Command::Archive(ArchiveArgs { action: ArchiveAction::Appointments(archive) }) => {
            archive.waits.lock_timeout = args.lock_timeout;
            (&mut archive.today, Some(&mut archive.dry_run), Some(&mut archive.throttle))
        }
        Command::Purge(PurgeArgs { action: PurgeAction::Notifications(purge) }) => {
            purge.lock_timeout = args.lock_timeout;
            (&mut purge.today, Some(&mut purge.dry_run), Some(&mut purge.throttle))
        }
        Command::Purge(PurgeArgs { action: PurgeAction::Archive(purge) }) => {
            purge.waits.lock_timeout = args.lock_timeout;
            (&mut purge.today, Some(&mut purge.dry_run), Some(&mut purge.throttle))
        }
        Command::Compress(CompressArgs { action: CompressAction::MedicalRecords(compress) }) => {
            compress.lock_timeout = args.lock_timeout;
            (&mut compress.today, Some(&mut compress.dry_run), Some(&mut compress.throttle))
        }
        _ => bail!("`{}` is no nightly job", words.join(" ")),
    };
    given.0.today = args.today.today;
    given.1.into_iter().for_each(|dry_run| *dry_run = args.dry_run);
    given.2.into_iter().for_each(|own| own.clone_from(&throttle));
    Ok(Some(command))
}

/// The worst first: what needs a person most.
const WORST: [Exit; 5] = [Exit::Interrupted, Exit::Error, Exit::Refused, Exit::Locked, Exit::Found];

fn report(jobs: &[Job], seconds: f64) -> Outcome {
    let exit = WORST.into_iter().find(|exit| jobs.iter().any(|job| job.exit == *exit)).unwrap_or(Exit::Done);
    let mut text = String::new();
    for job in jobs {
        // writing into a String can't fail
        let _ = writeln!(text, "{}: {} in {:.1} s", job.name, job.exit.word(), job.seconds);
        job.text.lines().for_each(|line| text.extend([if line.is_empty() { "" } else { "  " }, line, "\n"]));
    }
    let wrong: Vec<&str> = jobs.iter().filter(|job| job.exit != Exit::Done).map(|job| job.name.as_str()).collect();
    let all = count(jobs.len(), "job");
    let _ = match wrong.as_slice() {
        [] => write!(text, "all {all} done in {seconds:.1} s"),
        wrong => write!(text, "{} of {all} not done, in {seconds:.1} s: {}", wrong.len(), wrong.join(", ")),
    };
    let job = |job: &Job| {
        let mut fields = job.fields.clone();
        fields.insert("job".to_owned(), json!(job.name));
        fields.insert("outcome".to_owned(), json!(job.exit.word()));
        fields.insert("text".to_owned(), json!(job.text));
        fields.insert("job_seconds".to_owned(), json!(job.seconds));
        fields
    };
    let fields = json!({ "jobs": jobs.iter().map(job).collect::<Vec<_>>(), "seconds": seconds });
    Outcome::new(exit, text, fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_gets_what_was_said_to_cron() {
        let line = "caredb cron --lock-timeout 7 --today 2026-07-01 --max-lag 9 --window 01:00-05:00 --max-runtime 1h";
        let Command::Cron(args) = Cli::try_parse_from(line.split(' ')).unwrap().command else { panic!() };
        let window = format!("{:?}", args.throttle.window);
        for words in JOBS {
            let (name, verb) = (words.join(" "), words[0]);
            let command = format!("{:?}", command(words, &args, Instant::now()).unwrap().unwrap());
            let waits = usize::from(name != "partition check");
            assert_eq!(command.matches("lock_timeout: 7").count(), waits, "{name}: {command}");
            assert_eq!(command.matches("lock_timeout: ").count(), waits, "{name}: {command}");
            assert!(command.contains("today: Some(2026-07-01)"), "{name}: {command}");
            let pauses =
                command.contains("max_lag: 9") && command.contains(&window) && command.contains("max_runtime: Some(");
            assert_eq!(pauses, verb != "partition", "{name}: {command}");
        }
        // what is left of the time is none
        let Command::Cron(args) = Cli::try_parse_from(["caredb", "cron", "--max-runtime", "1s"]).unwrap().command
        else {
            panic!()
        };
        let begun = Instant::now().checked_sub(std::time::Duration::from_secs(2)).unwrap();
        assert!(command(JOBS[1], &args, begun).unwrap().is_none());
    }
}
