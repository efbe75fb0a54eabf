//! `caredb snapshot`: a schema as a file, for `drift --against` where no scratch schema can be made.

use serde_json::json;

use super::{Context, scratch};
use crate::cli::SnapshotArgs;
use crate::migrate::{apply, intended};
use crate::output::{Outcome, count};
use crate::schema::introspect;
use crate::schema::snapshot::Snapshot;

pub async fn run(context: &Context, args: &SnapshotArgs) -> anyhow::Result<Outcome> {
    let (snapshot, whose) = if args.live {
        let mut session = context.open().await?;
        let observed = apply::observe(&mut session.conn).await?;
        introspect::prepare(&mut session.conn).await?;
        let schema = introspect::schema(&mut session.conn, &session.database).await?;
        let version = observed.history.is_some().then(|| observed.version());
        let whose = format!("`{}`", session.database.as_str());
        (Snapshot::of(&schema, &session.version, version), whose)
    } else {
        let files = context.files(&args.files)?;
        let scripts = intended::all(&files);
        let session = context.open_server().await?;
        let server = session.version.clone();
        let mut scratch = scratch::open(context, session, &args.scratch, &args.lock, &scripts).await?;
        let schema = intended::build(&mut scratch, &scripts).await;
        // dropped whatever came of the files; of two errors, the files' is the cause
        let removed = scratch.remove().await;
        let schema = schema?;
        removed?;
        let version = files.newest();
        (Snapshot::of(&schema, &server, Some(version)), format!("the files up to version {version}"))
    };
    snapshot.write(&args.file)?;
    let file = args.file.display().to_string();
    let objects = snapshot.len();
    Ok(Outcome::done(
        format!("wrote `{file}`: {} of {whose}", count(objects, "object")),
        json!({ "file": file, "version": snapshot.version, "objects": objects }),
    ))
}
