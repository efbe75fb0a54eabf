//! `caredb drift`: the live schema against the one that the applied files make, or against a snapshot.

use std::path::Path;
use std::time::Instant;

use anyhow::bail;
use serde_json::json;

use super::{Context, scratch};
use crate::cli::{Against, DriftArgs};
use crate::db::connect::{Session, connect_server};
use crate::db::error::DbError;
use crate::migrate::intended::{self, Cache};
use crate::migrate::plan::Observed;
use crate::migrate::scratch::ScratchError;
use crate::migrate::{apply, files::Script};
use crate::output::drift::{annotations, colours, show};
use crate::output::{Event, Exit, Format, Outcome, count, ms};
use crate::report::last::{self, Check, Last};
use crate::retention::archive::ARCHIVE;
use crate::schema::allow::Allowed;
use crate::schema::compare::{Change, Drift, State, compare};
use crate::schema::introspect::{self, Kind, Schema};
use crate::schema::mend::{mend, script};
use crate::schema::model::Model;
use crate::schema::snapshot::Snapshot;

/// What the schema should be.
struct Expected {
    schema: Schema,
    /// `the files up to version 15`
    whose: String,
    cached: bool,
}

pub async fn run(context: &Context, args: &DriftArgs) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let mut session = context.open().await?;
    let observed = apply::observe(&mut session.conn).await?;
    let mut allowed = Allowed {
        ignore: context.config.ignored_drift(),
        by_month: context.config.partitioned().into_iter().map(|managed| managed.table).collect(),
        migrators: intended::migrators(&observed),
        ..Allowed::default()
    };
    allowed.by_month.insert(crate::db::ident::Ident::known(ARCHIVE));
    let expected = match &args.against {
        Against::Snapshot(path) => snapshot(path, &session, &observed)?,
        Against::Files => files(context, args, &mut session, &observed, &mut allowed).await?,
    };
    introspect::prepare(&mut session.conn).await?;
    let live = introspect::schema(&mut session.conn, &session.database).await?;
    let (mut expected_model, mut live_model) = (Model::of(&expected.schema)?, Model::of(&live)?);
    allowed.settle(&mut expected_model, &mut live_model);
    say_what_is_not_seen(context, &expected_model, &live_model);
    let drifts = compare(&expected_model, &live_model);
    let statements = if args.sql { mend(&expected_model, &live_model) } else { Vec::new() };

    let database = session.database.as_str();
    let mut fields = json!({
        "database": database,
        "against": expected.whose,
        "cached": expected.cached,
        "objects": live_model.tables.len() + live_model.programs.len(),
        "drift": drifts,
        "duration_ms": ms(begun.elapsed()),
    });
    if args.sql {
        fields["sql"] = json!(statements);
    }
    let summary = summary(&drifts, database, &expected.whose, live_model.tables.len() + live_model.programs.len());
    let exit = if drifts.is_empty() { Exit::Done } else { Exit::Found };
    let last = Last::now(exit == Exit::Found, &summary, drifts.iter().map(finding));
    last.keep(Check::Drift, &context.project(&session.target));
    Ok(match context.output.format() {
        _ if args.sql => {
            let text = format!("-- {summary}\n{}", script(&statements));
            Outcome::new(exit, text.trim_end(), fields).code()
        }
        Format::Github => Outcome::new(exit, annotations(&drifts, &summary), fields),
        _ => Outcome::new(exit, show(&drifts, &summary), fields).coloured(colours),
    })
}

/// As the page of `report` shows it.
fn finding(drift: &Drift) -> last::Finding {
    let told = |change: &Change| std::iter::once(change.to_string()).chain(change.lines()).collect::<Vec<_>>();
    let what = drift.changes.iter().flat_map(told).collect();
    last::Finding { state: drift.state.word().to_owned(), place: drift.object(), what }
}

/// To an account without the privilege, the server shows a database without triggers, and says nothing.
fn say_what_is_not_seen(context: &Context, expected: &Model, live: &Model) {
    let privileges = [
        (Kind::Trigger, "TRIGGER"),
        (Kind::Event, "EVENT"),
        (Kind::Procedure, "SHOW_ROUTINE"),
        (Kind::Function, "SHOW_ROUTINE"),
    ];
    for (kind, privilege) in privileges {
        let has = |model: &Model| model.programs.keys().any(|(of, _)| *of == kind);
        if has(expected) && !has(live) {
            let text = format!("no {kind} is seen; where there is one, this account lacks the privilege {privilege}");
            context.output.event(&Event::Note { text });
        }
    }
}

fn summary(drifts: &[Drift], database: &str, whose: &str, objects: usize) -> String {
    if drifts.is_empty() {
        return format!("no drift: {} of `{database}` as in {whose}", count(objects, "object"));
    }
    let number = |state: State| drifts.iter().filter(|drift| drift.state == state).count();
    let differ = if drifts.len() == 1 { "differs" } else { "differ" };
    format!(
        "drift: {} of `{database}` {differ} from {whose}: {} missing (-), {} extra (+), {} changed (~)",
        count(drifts.len(), "object"),
        number(State::Missing),
        number(State::Extra),
        number(State::Changed)
    )
}

/// The schema of a file. Errors: it is of another version than the database is at.
fn snapshot(path: &Path, session: &Session, observed: &Observed) -> anyhow::Result<Expected> {
    let snapshot = Snapshot::read(path)?;
    let path = path.display();
    if let (Some(version), Some(_)) = (snapshot.version, &observed.history)
        && version != observed.version()
    {
        let (database, at) = (session.database.as_str(), observed.version());
        bail!(
            "snapshot `{path}` is of version {version}, and `{database}` is at version {at}; migrate it first, or take the snapshot that belongs to version {at}"
        );
    }
    Ok(Expected { schema: snapshot.schema()?, whose: format!("snapshot `{path}`"), cached: false })
}

/// The schema that the applied files make.
async fn files(
    context: &Context,
    args: &DriftArgs,
    session: &mut Session,
    observed: &Observed,
    allowed: &mut Allowed,
) -> anyhow::Result<Expected> {
    let files = context.files(&args.files)?;
    let (version, newest) = (observed.version(), files.newest());
    if version > newest {
        let database = session.database.as_str();
        bail!(
            "`{database}` is at version {version}, and the newest file is version {newest}; compare it with the files of the release that it was migrated by"
        );
    }
    let applied = intended::applied(&files, observed)?;
    for script in &applied.outdated {
        let text = format!(
            "`{}` was edited since it was applied; what it creates is not compared until `caredb migrate` has applied it again",
            script.name
        );
        context.output.event(&Event::Note { text });
    }
    allowed.unknown.extend(applied.unknown.into_iter().map(|target| (target.kind, target.name)));
    let whose = format!("the files up to version {}", observed.version());
    let key = intended::key(&mut session.conn, &applied.scripts).await?;
    let cache = if args.no_cache { None } else { Cache::of(&context.project(&session.target)) };
    if let Some(schema) = cache.as_ref().and_then(|cache| cache.get(&key)) {
        return Ok(Expected { schema, whose, cached: true });
    }
    let schema = build(context, args, session, &applied.scripts).await?;
    if let Some(cache) = cache {
        cache.put(&key, &schema, &session.version);
    }
    Ok(Expected { schema, whose, cached: false })
}

async fn build(context: &Context, args: &DriftArgs, session: &Session, scripts: &[&Script]) -> anyhow::Result<Schema> {
    let server = connect_server(&session.target).await?;
    let opened = scratch::open(context, server, &args.scratch, &args.lock, scripts).await;
    let mut scratch = opened.map_err(without_right)?;
    let schema = intended::build(&mut scratch, scripts).await;
    // dropped whatever came of the files; of two errors, the files' is the cause
    let removed = scratch.remove().await;
    let schema = schema?;
    removed?;
    Ok(schema)
}

/// Where no scratch schema can be made, there is another way.
fn without_right(error: anyhow::Error) -> anyhow::Error {
    let refused = |error: &DbError| matches!(error.number, Some(1044 | 1142));
    match error.downcast::<ScratchError>() {
        Ok(ScratchError::Db(error)) if refused(&error) => error
            .with_cure(
                "this account may not create it: compare with a snapshot by `caredb drift --against snapshot.json`, which `caredb snapshot snapshot.json` makes where that is allowed",
            )
            .into(),
        Ok(error) => error.into(),
        Err(error) => error,
    }
}
