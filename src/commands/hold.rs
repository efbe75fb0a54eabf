//! `caredb hold`: legal holds, placed, listed, released.

use anyhow::bail;
use serde_json::json;

use super::Context;
use crate::cli::{HoldAction, HoldAddArgs, HoldArgs, HoldListArgs, HoldReleaseArgs};
use crate::db::clock;
use crate::output::table::{Align, render};
use crate::output::{Outcome, count};
use crate::retention::hold::{self, Hold, Subject};

pub async fn run(context: &Context, args: &HoldArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        HoldAction::Add(args) => add(context, args).await,
        HoldAction::List(args) => list(context, args).await,
        HoldAction::Release(args) => release(context, args).await,
    }
}

async fn add(context: &Context, args: &HoldAddArgs) -> anyhow::Result<Outcome> {
    // an id that is none may be a name or an address, so it is not repeated
    let (subject, missing) = match (&args.on.patient, &args.on.appointment) {
        (Some(id), _) => {
            (Subject::Patient(id.clone()), "table `patient_profiles` has no row with the id of `--patient`")
        }
        (None, Some(id)) => (Subject::Appointment(id.clone()), "no appointment has the id of `--appointment`"),
        (None, None) => bail!("name a patient by `--patient` or an appointment by `--appointment`"),
    };
    let mut session = context.open().await?;
    let today = clock::today(&mut session.conn).await?;
    if let Some(until) = args.until.filter(|&until| until < today) {
        bail!("`--until {until}` has passed, it is {today} on the server; no hold was placed");
    }
    let Some(subject) = hold::find_subject(&mut session.conn, &subject).await? else {
        bail!("{missing}; look the id up in the database; no hold was placed");
    };
    hold::create(&mut session.conn).await?;
    let id = hold::add(&mut session.conn, &subject, &args.reason, args.until).await?;
    let (on, patient, appointment) = match &subject {
        Subject::Patient(id) => (format!("patient `{id}`"), Some(id), None),
        Subject::Appointment(id) => (format!("appointment `{id}`"), None, Some(id)),
    };
    let term = args.until.map_or_else(|| "until it is released".to_owned(), |until| format!("through {until}"));
    Ok(Outcome::done(
        format!("placed hold {id} on {on}, in force {term}"),
        json!({ "hold": id, "patient": patient, "appointment": appointment, "until": args.until }),
    ))
}

async fn list(context: &Context, args: &HoldListArgs) -> anyhow::Result<Outcome> {
    let mut session = context.open().await?;
    let mut holds = hold::list(&mut session.conn).await?;
    let on_record = holds.len();
    holds.retain(|hold| args.all || hold.in_force);
    let in_force = holds.iter().filter(|hold| hold.in_force).count();
    let summary = format!("{} in force, {on_record} on record", count(in_force as u64, "hold"));
    let text = if holds.is_empty() { summary } else { format!("{}\n\n{summary}", holds_table(&holds)) };
    Ok(Outcome::done(text, json!({ "in_force": in_force, "on_record": on_record, "holds": holds })))
}

fn holds_table(holds: &[Hold]) -> String {
    let rows: Vec<Vec<String>> = holds
        .iter()
        .map(|hold| {
            let patient = hold.patient.as_ref().map(|id| format!("patient {id}"));
            let appointment = hold.appointment.as_ref().map(|id| format!("appointment {id}"));
            let state = match (&hold.released_at, hold.in_force) {
                (Some(at), _) => format!("released {at} by {}", hold.released_by.as_deref().unwrap_or_default()),
                (None, true) => "in force".to_owned(),
                (None, false) => "over".to_owned(),
            };
            let reasons = [Some(&hold.reason), hold.release_reason.as_ref()].into_iter().flatten();
            vec![
                hold.id.to_string(),
                patient.or(appointment).unwrap_or_default(),
                state,
                hold.until.clone().unwrap_or_default(),
                hold.placed_at.clone(),
                hold.placed_by.clone(),
                reasons.map(|reason| one_line(reason)).collect::<Vec<_>>().join("; released: "),
            ]
        })
        .collect();
    let columns = [
        ("hold", Align::Right),
        ("on", Align::Left),
        ("state", Align::Left),
        ("until", Align::Left),
        ("placed at", Align::Left),
        ("by", Align::Left),
        ("reason", Align::Left),
    ];
    render(&columns, &rows)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn release(context: &Context, args: &HoldReleaseArgs) -> anyhow::Result<Outcome> {
    let id = args.id;
    let mut session = context.open().await?;
    let Some(hold) = hold::list(&mut session.conn).await?.into_iter().find(|hold| hold.id == id) else {
        bail!("there is no hold {id}; `caredb hold list --all` shows them");
    };
    // between the look and the release another may have been there
    if hold.released_at.is_some() || !hold::release(&mut session.conn, id, &args.reason).await? {
        bail!("hold {id} is released already; `caredb hold list --all` says by whom");
    }
    let on = match (&hold.patient, &hold.appointment) {
        (Some(patient), _) => format!("patient `{patient}`"),
        (None, appointment) => format!("appointment `{}`", appointment.as_deref().unwrap_or_default()),
    };
    Ok(Outcome::done(
        format!("released hold {id} on {on}; it stays on record"),
        json!({ "hold": id, "released": true }),
    ))
}
