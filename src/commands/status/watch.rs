//! `caredb status --watch`: the screen again and again, until somebody has seen enough.

use std::time::Duration;

use serde_json::{Value, json};

use super::{colours, screen};
use crate::cli::StatusArgs;
use crate::commands::Context;
use crate::db::connect::{ConnectError, Session, connect};
use crate::db::error::DbError;
use crate::db::target::Target;
use crate::output::finding::{Finding, Level};
use crate::output::{Event, Outcome, count};

/// How long a server may take to answer before it counts as lost: one that a firewall has cut off never does.
const PATIENCE: Duration = Duration::from_secs(10);

/// Shows it every so many seconds. Ends when nobody reads it any more; by Ctrl-C, the whole command ends with 0, since that is how
/// one leaves it. Errors: those of the first screen, and later ones that no new connection mends.
pub async fn run(context: &Context, args: &StatusArgs, seconds: u64) -> anyhow::Result<Outcome> {
    let mut watch = Watch { context, args, seconds, target: None, session: None, is_lost: false, screens: 0 };
    while watch.show().await? {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
    Ok(Outcome::done("", json!({ "screens": watch.screens })))
}

struct Watch<'a> {
    context: &'a Context,
    args: &'a StatusArgs,
    seconds: u64,
    /// With the password that a person gave, once it has one.
    target: Option<Target>,
    session: Option<Session>,
    /// Whether it was said that the connection is lost.
    is_lost: bool,
    screens: u64,
}

impl Watch<'_> {
    /// One screen, or what became of the connection. False: nobody reads it any more.
    async fn show(&mut self) -> anyhow::Result<bool> {
        match self.read().await {
            Ok((text, fields)) => {
                self.is_lost = false;
                self.screens += 1;
                let now = chrono::Utc::now().format("%Y-%m-%d %H:%M:%S");
                let text = format!("{now} UTC, every {}; Ctrl-C ends it\n\n{text}", count(self.seconds, "second"));
                Ok(self.context.output.screen(&text, colours, fields))
            }
            // the first has to come: the URL may be wrong
            Err(error) if self.screens > 0 && is_passing(&error) => {
                self.session = None;
                if !self.is_lost {
                    self.is_lost = true;
                    let cure = format!("trying again every {}", count(self.seconds, "second"));
                    let finding = Finding::new("connection", Level::Warning, format!("{error:#}"), cure);
                    self.context.output.event(&Event::Warning(finding));
                }
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    async fn read(&mut self) -> anyhow::Result<(String, Value)> {
        let session = match (&mut self.session, &self.target) {
            (Some(session), _) => session,
            (none, Some(target)) => none.insert(connect(target).await?),
            (none, None) => {
                let session = none.insert(self.context.open().await?);
                self.target = Some(session.target.clone());
                session
            }
        };
        match tokio::time::timeout(PATIENCE, screen(self.context, self.args, session)).await {
            Ok(read) => read,
            Err(_) => Err(Silent.into()),
        }
    }
}

/// The server says nothing.
#[derive(Debug, thiserror::Error)]
#[error("the server did not answer within {} s", PATIENCE.as_secs())]
struct Silent;

/// What ends without help: the server has as many connections as it takes (1040, of a user 1203 and 1226), or
/// somebody else has a lock (1205).
const BUSY: [u16; 4] = [1040, 1203, 1205, 1226];

/// Whether a new connection may mend it.
fn is_passing(error: &anyhow::Error) -> bool {
    let passes = |error: &DbError| error.lost || error.number.is_some_and(|number| BUSY.contains(&number));
    match error.downcast_ref() {
        Some(ConnectError::Db(error)) => passes(error),
        Some(error) => error.may_pass(),
        None => error.is::<Silent>() || error.downcast_ref().is_some_and(passes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_server_is_tried_again_and_a_wrong_password_is_not() {
        for (number, passes) in
            [(Some(1040), true), (Some(1226), true), (Some(1205), true), (Some(1045), false), (None, false)]
        {
            let error = || {
                let mut error = DbError::because("could not look", "no");
                error.number = number;
                error
            };
            assert_eq!(is_passing(&ConnectError::from(error()).into()), passes, "{number:?}");
            assert_eq!(is_passing(&error().into()), passes, "{number:?}");
        }
    }
}
