//! `caredb partition drop` and `rebuild`: what is done to the partition of a name.

use serde_json::json;

use super::super::Otherwise;
use super::{Context, Refusal, ddl, lock, open_partition};
use crate::cli::{PartitionDropArgs, PartitionRebuildArgs};
use crate::db::innodb;
use crate::output::table::bytes;
use crate::output::{Outcome, count};
use crate::partition::apply::rebuild_sql;
use crate::partition::scheme::Bound;

pub async fn drop(context: &Context, args: &PartitionDropArgs) -> anyhow::Result<Outcome> {
    let (mut session, table, partition) = open_partition(context, &args.table, &args.name).await?;
    let (name, of) = (partition.name.as_str(), table.name.as_str());
    if partition.bound == Bound::Max {
        let refusal = format!(
            "`{name}` of table `{of}` takes the rows that no month takes, which would be lost or refused without it; nothing was changed"
        );
        return Err(Refusal(refusal).into());
    }
    if table.partitions.len() == 1 {
        return Err(Refusal(format!("`{name}` is the only partition of table `{of}`; nothing was changed")).into());
    }
    let database = session.database.as_str();
    let question = format!("drop partition `{name}` of table `{of}` in `{database}`?");
    context.confirm(Otherwise::Nothing, database, &question, "nothing was changed")?;
    lock(context, &mut session, &args.waits).await?;
    ddl(context, &mut session, &args.waits).await?.drop_empty(&table, &partition).await?;
    let text =
        format!("dropped partition `{name}` of table `{of}`, which was empty; keys of its month stay as they are");
    Ok(Outcome::done(text, json!({ "table": of, "partition": name, "dropped": true })))
}

pub async fn rebuild(context: &Context, args: &PartitionRebuildArgs) -> anyhow::Result<Outcome> {
    let (mut session, table, partition) = open_partition(context, &args.table, &args.name).await?;
    let (name, of) = (partition.name.as_str(), table.name.as_str());
    let versions = innodb::row_versions_of(&mut session.conn, &table.name).await?;
    if versions == 0 {
        let text = format!("nothing to do: no INSTANT change stands in the way of partition `{name}` of table `{of}`");
        return Ok(Outcome::done(text, json!({ "table": of, "partition": name, "row_versions": 0, "rebuilt": false })));
    }
    let changes = count(versions, "INSTANT change");
    let size: u64 = table.partitions.iter().map(|partition| partition.bytes).sum();
    if !args.allow_copy {
        let refusal = format!(
            "`{name}` has the {changes} of its table, which the server takes away only with all partitions of `{of}` together: `{}` writes {} anew while the table is read and written, \
             and replicas lag for that long; say `--allow-copy` at a quiet time",
            rebuild_sql(&table),
            bytes(size)
        );
        return Err(Refusal(refusal).into());
    }
    lock(context, &mut session, &args.waits).await?;
    ddl(context, &mut session, &args.waits).await?.rebuild(&table).await?;
    let text = format!("rebuilt table `{of}` with partition `{name}`: {changes} gone");
    Ok(Outcome::done(text, json!({ "table": of, "partition": name, "row_versions": versions, "rebuilt": true })))
}
