//! Live sources become files before anything is read, and files with a manifest are compared with it.

use std::collections::BTreeSet;

use super::export::{Reported, open};
use crate::commands::Context;
use crate::import::export::{Wish, export};
use crate::import::live::{self, Folder};
use crate::import::manifest;
use crate::import::mapping::Mapping;
use crate::output::Event;

/// Exports the rows of the live sources among `needed`, those of one server in one snapshot.
pub async fn read(context: &Context, mapping: &mut Mapping, needed: &BTreeSet<String>) -> anyhow::Result<()> {
    let servers = live::servers(mapping, needed)?;
    if servers.is_empty() {
        return Ok(());
    }
    let folder = Folder::new()?;
    for server in servers {
        for source in &server.with_password {
            let text = format!(
                "`[source.{source}]` has a password in the mapping file; keep the URL in the environment, and name its variable by `url_env`"
            );
            context.output.event(&Event::Note { text });
        }
        let wishes = server.sources.iter().map(|name| live::wish(name, &mapping.sources[name], &folder));
        let wishes: Vec<Wish> = wishes.collect::<Result<_, _>>()?;
        let mut session = open(context, &server.target).await?;
        export(&mut session, &wishes, &mut Reported::new(context)).await?.keep()?;
        for (name, wish) in server.sources.iter().zip(&wishes) {
            live::read_from(&mut mapping.sources[name], &wish.path);
        }
    }
    mapping.live = Some(folder);
    Ok(())
}

/// Compares the files among `needed` with their manifests, where they have one, and takes from it what stands for NULL.
pub fn check_manifests(mapping: &mut Mapping, needed: &BTreeSet<String>) -> anyhow::Result<()> {
    for name in needed {
        let path = mapping.path(&mapping.sources[name]);
        let source = &mut mapping.sources[name];
        if source.is_live() {
            continue;
        }
        if let Some(said) = manifest::beside(&path)? {
            said.check_bytes(&path)?;
            source.null.extend(said.entry.null.clone());
            mapping.said.insert(name.clone(), said);
        }
    }
    Ok(())
}
