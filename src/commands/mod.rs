//! One file a command: observe → plan → confirm → apply → report.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::{Cli, Command, FileArgs, Globals, ThrottleArgs};
use crate::config::{Config, ConfigError};
use crate::db::connect::{ConnectError, Session, connect, connect_again, connect_server, create_database};
use crate::db::lock::{Holder, LockError};
use crate::db::stop::Stop;
use crate::db::target::Target;
use crate::db::throttle::{Settings, Throttle};
use crate::dev::PrivateServer;
use crate::migrate::apply::ApplyError;
use crate::migrate::files::{self, Files};
use crate::output::{Event, Exit, Format, Outcome, Output};

mod archive;
mod baseline;
mod completions;
mod compress;
mod confirm;
mod cron;
mod dev;
mod diagram;
mod doctor;
mod drift;
mod grants;
mod hold;
mod import;
mod info;
mod lint;
mod man;
mod metrics;
mod migrate;
mod new;
mod partition;
mod purge;
mod repair;
mod report;
mod retention;
mod rollback;
mod runs;
mod scratch;
mod seed;
mod snapshot;
mod status;
mod validate;
mod verify;

pub use confirm::Otherwise;

/// What every command is given.
pub struct Context {
    config: Config,
    output: Output,
    yes: bool,
    /// The database that a person has named (`--confirm`).
    confirm: Option<String>,
    stop: Stop,
}

/// Something that caredb could do and does not, for safety.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

/// A run that a person stopped.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; what is done stays done, and the next run finds out what the server still finished")]
pub struct Interrupted;

/// Runs a command to its outcome. Errors carry their exit code, see [`exit_of`].
pub fn run(cli: Cli, output: Output) -> anyhow::Result<Outcome> {
    if output.format() == Format::Github && !cli.command.annotates() {
        bail!("`{}` has no annotations for `--format github`; say `--format json`, or nothing", cli.command.name());
    }
    let config = Config::read(&cli.globals)?;
    let Globals { yes, confirm, .. } = cli.globals;
    let context = Context { config, output, yes, confirm, stop: Stop::default() };
    let in_batches = cli.command.works_in_batches();
    let is_watched = cli.command.is_watched();
    let (name, metrics) = (cli.command.name(), cli.command.metrics().map(Path::to_owned));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("could not start the runtime")?;
    runtime.block_on(async {
        let ended = tokio::select! {
            ended = job(&context, cli.command) => ended,
            error = interrupted(&context, in_batches) => match error {
                // there is no other end to it
                error if is_watched && error.is::<Interrupted>() => Ok(Outcome::done("", json!({}))),
                error => Err(error),
            },
        };
        match metrics {
            Some(file) => metrics::leave(&context, &file, name, ended).await,
            None => ended,
        }
    })
}

/// Runs a command, and notes how it ended.
async fn job(context: &Context, command: Command) -> anyhow::Result<Outcome> {
    let record = context.output.record();
    record.begin(command.name());
    let ended = dispatch(context, command).await;
    record.end(ended.as_ref().map_or_else(exit_of, |outcome| outcome.exit));
    ended
}

/// Returns once a person stops the run, or the system does. A command that works in batches is asked to end after its batch first;
/// it is the second signal that does not wait for it.
async fn interrupted(context: &Context, in_batches: bool) -> anyhow::Error {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return error.into(),
    };
    signals.next().await;
    if in_batches {
        context.output.event(&Event::Note { text: "interrupted; the batch under way is finished first".to_owned() });
        context.stop.set();
        signals.next().await;
    }
    Interrupted.into()
}

/// Ctrl-C, and what `kill`, `timeout`, `docker stop` and a machine that goes down send. The first process of a container has no
/// other end than that which it makes itself.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Returns at the next of them.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

async fn dispatch(context: &Context, command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Dev(args) => dev::run(context, &args).await,
        Command::Status(args) => status::run(context, &args).await,
        Command::Migrate(args) => migrate::run(context, &args).await,
        Command::Rollback(args) => rollback::run(context, &args).await,
        Command::Info(args) => info::run(context, &args).await,
        Command::Doctor(args) => doctor::run(context, &args).await,
        Command::Validate(args) => validate::run(context, &args).await,
        Command::Verify(args) => verify::run(context, &args).await,
        Command::Lint(args) => lint::run(context, &args).await,
        Command::Drift(args) => drift::run(context, &args).await,
        Command::Snapshot(args) => snapshot::run(context, &args).await,
        Command::Repair(args) => repair::run(context, &args).await,
        Command::Baseline(args) => baseline::run(context, &args).await,
        Command::New(args) => new::run(context, &args),
        Command::Partition(args) => partition::run(context, &args).await,
        Command::Seed(args) => seed::run(context, &args).await,
        Command::Purge(args) => purge::run(context, &args).await,
        Command::Compress(args) => compress::run(context, &args).await,
        Command::Hold(args) => hold::run(context, &args).await,
        Command::Runs(args) => runs::run(context, &args).await,
        Command::Archive(args) => archive::run(context, &args).await,
        Command::Cron(args) => cron::run(context, &args).await,
        Command::Report(args) => report::run(context, &args).await,
        Command::Diagram(args) => diagram::run(context, &args).await,
        Command::Import(args) => import::run(context, &args).await,
        Command::Grants(args) => grants::run(context, &args),
        Command::Completions(args) => Ok(completions::run(&args)),
        Command::Man(args) => man::run(&args),
    }
}

/// An error with its causes; what the system says begins with a small letter, like all else.
#[must_use]
pub fn message_of(error: &anyhow::Error) -> String {
    let said = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref::<std::io::Error>() {
        Some(io) => io.to_string().to_lowercase(),
        None => cause.to_string(),
    };
    error.chain().map(said).collect::<Vec<_>>().join(": ")
}

/// The exit code that an error ends the process with.
#[must_use]
pub fn exit_of(error: &anyhow::Error) -> Exit {
    let by_rows = matches!(error.downcast_ref(), Some(ApplyError::Refused { .. }));
    let not_empty = matches!(error.downcast_ref(), Some(partition::ApplyError::NotEmpty { .. }));
    if error.is::<Refusal>() || by_rows || not_empty {
        Exit::Refused
    } else if matches!(error.downcast_ref(), Some(LockError::Taken { .. }))
        || matches!(error.downcast_ref(), Some(partition::ApplyError::Blocked(_)))
        || matches!(error.downcast_ref(), Some(archive::ArchiveError::Blocked(_)))
    {
        Exit::Locked
    } else if error.is::<Interrupted>() {
        Exit::Interrupted
    } else {
        Exit::Error
    }
}

impl Context {
    /// The V, U and R files.
    fn files(&self, args: &FileArgs) -> anyhow::Result<Files> {
        let (migrations, rollbacks) = (self.config.migrations(args), self.config.rollbacks(args));
        Ok(files::read(&migrations, &rollbacks, &self.config.placeholders(args))?)
    }

    /// The database to work on: the one that was named, or the private server's, which is said once.
    fn target(&self) -> anyhow::Result<Target> {
        if let Some(target) = &self.config.target {
            return Ok(target.clone());
        }
        let target = PrivateServer::of(&self.config.root).target()?;
        self.output.event(&Event::PrivateServer { database: target.database.as_str().to_owned() });
        Ok(target)
    }

    /// What tells this project and this database from others, in the user's cache.
    fn project(&self, target: &Target) -> String {
        format!("{} {} {}", self.config.root.display(), target.server(), target.database)
    }

    /// Connects to the database to work on.
    async fn open(&self) -> anyhow::Result<Session> {
        self.open_target(&self.target()?).await
    }

    /// Connects to a target that `target` gave.
    async fn open_target(&self, target: &Target) -> anyhow::Result<Session> {
        self.connect(target).await.map_err(missing_database)
    }

    /// Like `open`, but where the database is missing, it is created if the user says so.
    async fn open_or_create(&self, create: bool) -> anyhow::Result<Session> {
        let target = self.target()?;
        // `--yes` is not enough: a mistyped name would make a database
        let question = format!("database {target} does not exist; create it?");
        match self.connect(&target).await {
            Err(ConnectError::MissingDatabase(_)) if create || self.output.ask(&question) == Some(true) => {
                create_database(&target).await?;
                Ok(self.connect(&target).await?)
            }
            other => other.map_err(missing_database),
        }
    }

    /// Connects, and asks for the password where the server wants one and a person is there. Waits for a primary that is being
    /// elected.
    async fn connect(&self, target: &Target) -> Result<Session, ConnectError> {
        match connect(target).await {
            Err(error @ ConnectError::NoPrimary { electing: true, .. }) => {
                self.output.event(&Event::Reconnecting { reason: error.to_string() });
                connect_again(target).await
            }
            Err(error) => connect(&self.with_password(target, error)?).await,
            session => session,
        }
    }

    /// Connects to the server of a target, whose database need not be there.
    async fn open_server(&self) -> anyhow::Result<Session> {
        let target = self.target()?;
        Ok(match connect_server(&target).await {
            Err(error) => connect_server(&self.with_password(&target, error)?).await?,
            Ok(session) => session,
        })
    }

    /// The target with a password from a person, where that is what `error` asks for and one is there.
    fn with_password(&self, target: &Target, error: ConnectError) -> Result<Target, ConnectError> {
        match &error {
            ConnectError::NeedsPassword { user, server } if self.output.can_ask() => {
                let prompt = format!("password of `{user}` at `{server}`: ");
                let password = rpassword::prompt_password(prompt).map_err(|_| error)?;
                Ok(target.clone().with_password(password))
            }
            _ => Err(error),
        }
    }

    /// Says for whom a command waits, to those who take locks.
    fn on_wait(&self) -> impl FnMut(&str, &Holder) + '_ {
        |lock, holder| self.output.event(&Event::Waiting { lock: lock.to_owned(), holder: holder.to_string() })
    }

    /// What a job asks between its batches.
    async fn throttle(&self, target: &Target, args: &ThrottleArgs) -> anyhow::Result<Throttle> {
        let replica = |url: &String| match Target::parse(url) {
            Ok(replica) => Ok(replica.or_password_of(target)),
            Err(error) => Err(ConfigError::Url { origin: "--replica", error }),
        };
        let settings = Settings {
            replicas: args.replicas.iter().map(replica).collect::<Result<_, _>>()?,
            max_lag_s: args.max_lag,
            max_threads_running: args.max_threads_running,
            pause_file: args.pause_file.clone(),
            window: args.window,
            max_runtime: args.max_runtime,
        };
        Ok(Throttle::open(target, settings, self.stop.clone()).await?)
    }
}

fn missing_database(error: ConnectError) -> anyhow::Error {
    match error {
        ConnectError::MissingDatabase(_) => {
            anyhow::anyhow!("{error}; create it with `caredb migrate --create-database`, or correct the URL")
        }
        other => other.into(),
    }
}
