//! `caredb dev`: the private server of this project.

use serde_json::json;

use super::{Context, Otherwise};
use crate::cli::{DevAction, DevArgs};
use crate::dev::{DATABASE, DevError, PrivateServer, State};
use crate::output::{Exit, Outcome};

pub async fn run(context: &Context, args: &DevArgs) -> anyhow::Result<Outcome> {
    let server = PrivateServer::of(&context.config.root);
    match args.action {
        DevAction::Up => {
            let started = server.up(|event| context.output.event(&event)).await?;
            let State::Running { pid, port } = server.observe() else { return Err(DevError::Stopped.into()) };
            let url = server.url(port);
            let what = if started { "started" } else { "runs already" };
            let text = format!("the private server {what}: process {pid}, port {port}\n{url}");
            Ok(Outcome::done(text, json!({ "started": started, "pid": pid, "port": port, "url": url })))
        }
        DevAction::Down => {
            let stopped = server.down().await?;
            let text = if stopped {
                "the private server is stopped; its data stay"
            } else {
                "the private server was not running"
            };
            Ok(Outcome::done(text, json!({ "stopped": stopped })))
        }
        DevAction::Status => Ok(match server.observe() {
            State::Running { pid, port } => {
                let text = format!("running: process {pid}, port {port}");
                Outcome::done(text, json!({ "state": "running", "pid": pid, "port": port }))
            }
            State::Stopped => {
                Outcome::new(Exit::Found, "stopped; start it with `caredb dev up`", json!({ "state": "stopped" }))
            }
            State::Absent => {
                Outcome::new(Exit::Found, "there is none; make one with `caredb dev up`", json!({ "state": "absent" }))
            }
        }),
        DevAction::Url => match server.observe() {
            State::Running { port, .. } => {
                let url = server.url(port);
                Ok(Outcome::done(url.clone(), json!({ "url": url })))
            }
            State::Stopped | State::Absent => {
                anyhow::bail!("the private server is not running; start it with `caredb dev up`")
            }
        },
        DevAction::Reset => {
            if server.exists() {
                let question = "throw away the private server with all its data?";
                context.confirm(Otherwise::SpokenYes, DATABASE, question, "nothing was thrown away")?;
            }
            server.reset().await?;
            Ok(Outcome::done("the private server is gone, with its data", json!({})))
        }
    }
}
