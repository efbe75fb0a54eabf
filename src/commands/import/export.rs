//! `caredb import export`: rows of a live MySQL become files.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::cli::ImportExportArgs;
use crate::commands::{Context, Refusal};
use crate::config::ConfigError;
use crate::db::connect::{ConnectError, Session};
use crate::db::ident::Ident;
use crate::db::target::Target;
use crate::import::export::{self, Kind, Watch, What, Wish};
use crate::import::manifest::{self, Entry};
use crate::output::table::{Align, render};
use crate::output::{Event, Outcome, count};

pub async fn run(context: &Context, args: &ImportExportArgs) -> anyhow::Result<Outcome> {
    let target = Target::parse(&args.source).map_err(|error| ConfigError::Url { origin: "--source", error })?;
    let (wishes, manifest) = plan(args)?;
    let is_folder = wishes.len() > 1;
    let paths = || wishes.iter().map(|wish| &wish.path).chain([&manifest]);
    let refuse = || if args.force { Ok(()) } else { paths().try_for_each(|path| refuse_existing(path)) };
    refuse()?;
    if is_folder {
        let made = DirBuilder::new().mode(0o700).recursive(true).create(&args.to);
        made.with_context(|| format!("could not make folder `{}`; correct `--to`", args.to.display()))?;
    }
    let mut session = open(context, &target).await?;
    let exported = export::export(&mut session, &wishes, &mut Reported::new(context)).await?;
    let said = exported.manifest.clone();
    // it took its time
    refuse()?;
    export::publish(exported, &manifest)?;
    let line = |file: &Entry| vec![file.file.clone(), file.rows.to_string(), file.bytes.to_string()];
    let table = render(
        &[("file", Align::Left), ("rows", Align::Right), ("bytes", Align::Right)],
        &said.files.iter().map(line).collect::<Vec<_>>(),
    );
    let rows: u64 = said.files.iter().map(|file| file.rows).sum();
    let at = said.snapshot_at.replace('T', " ").replace('Z', " UTC");
    let text = format!(
        "{table}\n\nexported {} of {target} as of {at}; `{}` says what they are",
        count(rows, "row"),
        manifest.display()
    );
    let fields = json!({
        "rows": rows, "manifest": manifest, "database": said.database, "snapshot_at": said.snapshot_at, "files": said.files,
    });
    Ok(Outcome::done(text, fields))
}

/// Connects to an old system, whose password is in its URL or comes from a person.
pub(super) async fn open(context: &Context, target: &Target) -> anyhow::Result<Session> {
    Ok(match context.connect(target).await {
        Err(ConnectError::NeedsPassword { user, server }) => {
            bail!("user `{user}` needs a password at `{server}`; give it in the URL")
        }
        Err(ConnectError::MissingDatabase(name)) => {
            bail!("database {name} does not exist; correct its name in the URL")
        }
        Err(ConnectError::Db(error)) if error.number == Some(1045) => {
            return Err(error.with_cure("check the user and the password in the URL").into());
        }
        session => session?,
    })
}

/// What goes into which file, and where the manifest goes.
fn plan(args: &ImportExportArgs) -> anyhow::Result<(Vec<Wish>, PathBuf)> {
    let kind = |name: &Path| {
        let kind = Kind::of(name);
        kind.with_context(|| {
            format!(
                "`{}` does not say how to write it; its end is `.csv` or `.ndjson`, or one of them and `.gz` or `.zst`",
                name.display()
            )
        })
    };
    let one = |what: What| {
        if args.extension.is_some() {
            bail!("`--as` is for several tables; of one file, its own name says how to write it");
        }
        let wish = Wish { what, path: args.to.clone(), kind: kind(&args.to)? };
        Ok((vec![wish], manifest::path_of_file(&args.to)))
    };
    let query = |sql: String| one(What::Query("the query".to_owned(), sql));
    let rows = &args.rows;
    if let Some(sql) = &rows.query {
        return query(sql.clone());
    }
    if let Some(file) = &rows.query_file {
        let sql = crate::text::read(file);
        return query(sql.with_context(|| format!("could not read `{}`; correct `--query-file`", file.display()))?);
    }
    if let [table] = rows.tables.as_slice() {
        return one(What::Table(Ident::new(table)?));
    }
    let extension = args.extension.as_deref().unwrap_or("csv");
    let mut wishes: Vec<Wish> = Vec::new();
    for table in &rows.tables {
        let path = args.to.join(format!("{table}.{extension}"));
        if table.contains('/') {
            bail!("table `{table}` can't be a file's name; export it alone, into a file that you name");
        }
        if wishes.iter().any(|wish| wish.path == path) {
            bail!("table `{table}` is named twice; name it once");
        }
        wishes.push(Wish { what: What::Table(Ident::new(table)?), kind: kind(&path)?, path });
    }
    Ok((wishes, manifest::path_of_folder(&args.to)))
}

fn refuse_existing(path: &Path) -> Result<(), Refusal> {
    if path.symlink_metadata().is_ok() {
        let text = format!("`{}` is there already; name another place by `--to`, or say `--force`", path.display());
        return Err(Refusal(text));
    }
    Ok(())
}

/// Tells how far an export is.
pub(super) struct Reported<'a> {
    context: &'a Context,
    begun: Instant,
}

impl<'a> Reported<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        Self { context, begun: Instant::now() }
    }
}

impl Watch for Reported<'_> {
    fn rows(&mut self, what: &What, rows: u64) {
        self.context.output.event(&Event::Progress {
            place: format!("export of {what}: {}", count(rows, "row")),
            elapsed_s: self.begun.elapsed().as_secs(),
            percent: None,
            left_s: None,
        });
    }

    fn note(&mut self, text: String) {
        self.context.output.event(&Event::Note { text });
    }
}
