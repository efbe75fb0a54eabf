//! `caredb archive appointments`

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{ARCHIVE, begin, exchange, is_under_way, make_months, second};
use crate::cli::ArchiveAppointmentsArgs;
use crate::commands::Context;
use crate::commands::retention::{self, Open};
use crate::db::connect::Session;
use crate::db::throttle::Throttle;
use crate::output::table::{Align, bytes, render};
use crate::output::{Event, Outcome, count, ms};
use crate::partition::month::Month;
use crate::retention::archive::dependents::{self, Dependents};
use crate::retention::archive::plan::{Left, Step, plan};
use crate::retention::archive::stays::{self, Stays};
use crate::retention::archive::worker::{self, Worker};
use crate::retention::archive::{ARCHIVE as TABLE, ArchiveError, Content, Method, Selection, definition, observe};
use crate::retention::job::Pace;
use crate::retention::ledger::{Job, Run};
use crate::retention::rows::{Columns, Keyset, Sum};

pub async fn run(context: &Context, args: &ArchiveAppointmentsArgs) -> anyhow::Result<Outcome> {
    let policy = &context.config.retention().appointments;
    let status = if args.status.is_empty() { policy.status.clone() } else { args.status.clone() };
    let age = args.older_than.unwrap_or(policy.older_than);
    let Open { mut session, cut_off, .. } = retention::open(context, age, &args.today).await?;
    observe::prepare(&mut session.conn).await?;
    let columns = observe::columns(&mut session.conn).await?;
    let selection = Selection { cut_off, status };
    if !args.dry_run {
        begin(context, &mut session, &columns, &args.waits).await?;
    }
    let (live, archive) = observe::partitions(&mut session.conn).await?;
    let contents = observe::contents(&mut session.conn, &selection, (&live, &archive)).await?;
    let (steps, left) = plan(&contents, args.method);
    if args.dry_run {
        let rows = steps.iter().map(|step| step.content.goes).sum();
        let shown = dry_run(&contents, &steps, &left, cut_off);
        return retention::with_expected(&mut session.conn, ARCHIVE, rows, shown).await;
    }
    let say_left = |left: &[Left<'_>]| {
        for (content, why) in left {
            let text = format!("{} can't be exchanged: {why}; say `--method rows`", content.month);
            context.output.event(&Event::Note { text });
        }
    };
    let dependents = if args.with_dependents { Some(Dependents::read(&mut session.conn).await?) } else { None };
    let is_idle = steps.is_empty()
        && (dependents.is_none() || dependents::waiting(&mut session.conn, &archive).await?.is_empty());
    if is_idle {
        say_left(&left);
        if dependents.is_some() {
            say_without_place(context, &mut session).await?;
        }
        let text = format!("nothing to do: no appointment older than {cut_off} can go{}", staying(&contents));
        return Ok(Outcome::done(text, json!({ "cut_off": cut_off, "rows": 0, "months": contents })));
    }
    let mut made = false;
    if let (Some(first), Some(last)) = (steps.first(), steps.last()) {
        definition::same(&mut session.conn, TABLE).await?;
        let months = (first.content.month, last.content.month);
        made = make_months(context, &mut session, archive, months, &args.waits).await?;
    }
    let (_, archive) = observe::partitions(&mut session.conn).await?;
    // a month that was made may have got rows from the partition that it was a part of
    let contents =
        if made { observe::contents(&mut session.conn, &selection, (&live, &archive)).await? } else { contents };
    let (steps, left) = plan(&contents, args.method);
    say_left(&left);
    let same = |step: &&Step<'_>| observe::same_bounds(&live, &archive, &step.content.partition);
    if let Some(other) = steps.iter().find(|step| !same(step)) {
        return Err(ArchiveError::Bounds(other.content.partition.as_str().to_owned()).into());
    }
    let policy = json!({
        "older_than": age,
        "status": selection.status,
        "with_dependents": args.with_dependents,
        "method": format!("{:?}", args.method).to_lowercase(),
    });
    let run =
        retention::begin_run(context, &mut session.conn, &Job { command: ARCHIVE, policy, cut_off: Some(cut_off) })
            .await?;
    let throttle = Mutex::new(context.throttle(&session.target, &args.throttle).await?);
    let mut archiving = Archiving {
        context,
        args,
        columns: &columns,
        selection: &selection,
        run: &run,
        throttle: &throttle,
        done: Done::default(),
    };
    let result = archiving.apply(&mut session, &steps, dependents.as_ref()).await;
    let done = archiving.done;
    let result = match result {
        Err(error) if is_under_way(&mut session, &run).await => return Err(error),
        result => result,
    };
    let state = (matches!(result, Ok(true)), done.summary());
    let ended = retention::end(&mut session.conn, run, &throttle.into_inner(), result, state).await?;
    let mut text =
        format!("archived {} of {} older than {cut_off}", count(done.rows, "row"), count(done.months, "month"));
    if args.with_dependents {
        let _ = write!(text, ", and {} that belong to archived ones", count(done.dependents, "row"));
    }
    text.push_str(&staying(&contents));
    let _ = write!(text, "; run {}", ended.run);
    let mut fields = done.summary();
    fields["run"] = json!(ended.run);
    fields["cut_off"] = json!(cut_off);
    Ok(ended.outcome(text, fields))
}

/// What a run has done so far.
#[derive(Debug, Default)]
struct Done {
    months: usize,
    rows: u64,
    dependents: u64,
    stays: Stays,
}

impl Done {
    fn summary(&self) -> Value {
        json!({ "months": self.months, "rows": self.rows, "dependents": self.dependents, "stays": self.stays })
    }
}

/// A run under way.
struct Archiving<'a> {
    context: &'a Context,
    args: &'a ArchiveAppointmentsArgs,
    columns: &'a Columns,
    selection: &'a Selection,
    run: &'a Run,
    throttle: &'a Mutex<Throttle>,
    done: Done,
}

impl Archiving<'_> {
    /// Moves the months one after the other. False: the run was to end before.
    async fn apply(
        &mut self,
        session: &mut Session,
        steps: &[Step<'_>],
        dependents: Option<&Dependents>,
    ) -> anyhow::Result<bool> {
        let mut second = second(session).await?;
        for step in steps {
            if !self.may_go_on().await? {
                return Ok(false);
            }
            let begun = Instant::now();
            let (sum, stays, locked) = match step.method {
                Method::Exchange => self.exchange(session, &mut second, step.content).await?,
                Method::Rows => {
                    let sum = self.rows(session, &mut second, step.content).await?;
                    (sum, step.content.stays.clone(), None)
                }
            };
            self.done.months += 1;
            self.done.rows += sum.rows;
            self.done.stays = stays::total([&self.done.stays, &stays]);
            self.context.output.event(&Event::Archived {
                month: step.content.month.to_string(),
                method: step.method,
                rows: sum.rows,
                stays,
                duration_ms: ms(begun.elapsed()),
                locked_ms: locked.map(ms),
            });
            if self.throttle.lock().await.is_over() && sum.rows < step.content.goes {
                return Ok(false);
            }
        }
        match dependents {
            Some(dependents) => self.dependents(session, dependents).await,
            None => Ok(true),
        }
    }

    /// Waits as long as there is a cause to. False: the run is to end.
    async fn may_go_on(&self) -> anyhow::Result<bool> {
        let mut throttle = self.throttle.lock().await;
        throttle.wait(&mut |event| self.context.output.event(&event)).await?;
        Ok(!throttle.is_over())
    }

    async fn exchange(
        &self,
        session: &mut Session,
        second: &mut Session,
        content: &Content,
    ) -> anyhow::Result<(Sum, Stays, Option<Duration>)> {
        let mut exchange = exchange(self.context, session, second, self.columns, &self.args.waits);
        let gone = exchange.month(self.selection, content, self.run).await?;
        Ok((gone.sum, gone.stays, Some(gone.locked)))
    }

    /// Moves a month's rows by two connections, each a half of the ids.
    async fn rows(&self, session: &mut Session, second: &mut Session, content: &Content) -> anyhow::Result<Sum> {
        let middle = worker::middle(&mut session.conn, content).await?;
        let (columns, selection, run) = (self.columns, self.selection, self.run);
        let batch = Duration::from_millis(self.args.batch.batch_ms);
        let low = Keyset::new(None, middle.clone(), batch);
        let low = Worker { conn: &mut session.conn, columns, selection, content, run, way: low };
        let pace = Mutex::new(Pace::new(content.month.to_string(), Some(content.goes)));
        if middle.is_none() {
            return self.stretch(low, &pace).await;
        }
        let high = Keyset::new(middle, None, batch);
        let high = Worker { conn: &mut second.conn, columns, selection, content, run, way: high };
        // both to their end, whatever becomes of the other: a batch is not cut off
        let (low, high) = tokio::join!(self.stretch(low, &pace), self.stretch(high, &pace));
        let (mut sum, high) = (low?, high?);
        sum += high;
        Ok(sum)
    }

    async fn stretch(&self, mut worker: Worker<'_>, pace: &Mutex<Pace>) -> anyhow::Result<Sum> {
        let mut sum = Sum::default();
        while self.may_go_on().await? {
            let Some(batch) = worker.batch().await? else { break };
            sum += batch;
            self.context.output.event(&pace.lock().await.add(batch.rows));
        }
        Ok(sum)
    }

    /// Moves what belongs to archived appointments, also to those of earlier runs.
    async fn dependents(&mut self, session: &mut Session, dependents: &Dependents) -> anyhow::Result<bool> {
        let (_, archive) = observe::partitions(&mut session.conn).await?;
        for partition in dependents::waiting(&mut session.conn, &archive).await? {
            let mut way = Keyset::new(None, None, Duration::from_millis(self.args.batch.batch_ms));
            loop {
                if !self.may_go_on().await? {
                    return Ok(false);
                }
                let batch = dependents.batch(&mut session.conn, (self.run, &partition), &mut way);
                let Some(rows) = batch.await? else { break };
                self.done.dependents += rows;
            }
        }
        say_without_place(self.context, session).await?;
        Ok(true)
    }
}

/// Says what can't go for good, until a person has looked at it.
async fn say_without_place(context: &Context, session: &mut Session) -> anyhow::Result<()> {
    for (table, rows) in dependents::without_place(&mut session.conn).await? {
        let text = format!(
            "{} of `{table}` can't go: `{table}_archive` has one of the same appointment; see which is right, and delete the other",
            count(rows, "row")
        );
        context.output.event(&Event::Note { text });
    }
    Ok(())
}

/// `; 12 stay (10 status, 2 unpaid)`, over all months.
fn staying(contents: &[Content]) -> String {
    let stays = stays::total(contents.iter().map(|content| &content.stays));
    match stays.values().sum::<u64>() {
        0 => String::new(),
        rows => format!("; {rows} stay ({})", stays::text(&stays)),
    }
}

const COLUMNS: [(&str, Align); 6] = [
    ("month", Align::Left),
    ("goes", Align::Right),
    ("how", Align::Left),
    ("size", Align::Right),
    ("too young", Align::Right),
    ("stays", Align::Left),
];

/// What would happen, month by month.
fn dry_run(contents: &[Content], steps: &[Step<'_>], left: &[Left<'_>], cut_off: NaiveDate) -> Outcome {
    let method = |month: Month| steps.iter().find(|step| step.content.month == month).map(|step| step.method);
    let why = |month: Month| left.iter().find(|(content, _)| content.month == month).map(|(_, why)| *why);
    let (mut rows, mut months, mut size) = (0, 0, 0);
    let mut lines = Vec::new();
    for content in contents.iter().filter(|content| content.rows > 0) {
        let how = match (method(content.month), why(content.month)) {
            (Some(method), _) => {
                rows += content.goes;
                months += 1;
                size += content.bytes_that_go();
                method.to_string()
            }
            (None, Some(why)) => format!("not: {why}"),
            (None, None) => String::new(),
        };
        let stays = match content.staying() {
            0 => "0".to_owned(),
            staying => format!("{staying} ({})", stays::text(&content.stays)),
        };
        lines.push(vec![
            content.month.to_string(),
            content.goes.to_string(),
            how,
            bytes(content.bytes_that_go()),
            content.young.to_string(),
            stays,
        ]);
    }
    let table = render(&COLUMNS, &lines);
    let text = format!(
        "{table}\n\ndry run, nothing was changed: {} of {} older than {cut_off} would go, about {}",
        count(rows, "row"),
        count(months, "month"),
        bytes(size)
    );
    let fields = json!({ "dry_run": true, "cut_off": cut_off, "rows": rows, "bytes": size, "months": contents });
    Outcome::done(text, fields)
}
