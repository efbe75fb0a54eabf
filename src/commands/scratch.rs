//! A scratch schema as the commands that try files on one open it.

use std::time::Duration;

use anyhow::Context as _;

use super::{Context, Refusal};
use crate::cli::{LockArgs, ScratchArgs};
use crate::db::connect::Session;
use crate::db::ident::{Ident, shortened};
use crate::migrate::confine::{self, Outside};
use crate::migrate::files::Script;
use crate::migrate::scratch::{self, Scratch, ScratchError};

/// Makes an empty scratch schema on which `scripts` may run, and holds its lock. `session`: on the server, by way of the database.
/// Errors: a script that reaches beyond its database; a schema of that name which is not caredb's.
pub async fn open(
    context: &Context,
    session: Session,
    args: &ScratchArgs,
    lock: &LockArgs,
    scripts: &[&Script],
) -> anyhow::Result<Scratch> {
    let check = |others: &[String]| confine::check(scripts.iter().copied(), others);
    Ok(open_checked(context, session, args, lock, check).await?.0)
}

/// Like [`open`], with the databases that no statement may name, for who looks at each statement himself.
pub async fn open_unchecked(
    context: &Context,
    session: Session,
    args: &ScratchArgs,
    lock: &LockArgs,
) -> anyhow::Result<(Scratch, Vec<String>)> {
    open_checked(context, session, args, lock, |_| Ok(())).await
}

/// `check` looks at the files before anything is made.
async fn open_checked(
    context: &Context,
    mut session: Session,
    args: &ScratchArgs,
    lock: &LockArgs,
    check: impl FnOnce(&[String]) -> Result<(), Outside>,
) -> anyhow::Result<(Scratch, Vec<String>)> {
    let target = session.target.clone();
    let name = name(args, target.database.as_str())?;
    let timeout = Duration::from_secs(lock.lock_timeout.into());
    scratch::lock(&mut session, &name, timeout, context.on_wait()).await?;
    let others = scratch::others(&mut session, &target, &name).await?;
    check(&others).map_err(|outside| Refusal(outside.to_string()))?;
    let scratch = Scratch::create(session, &target, name).await.map_err(|error| match error {
        ScratchError::Foreign(_) => Refusal(error.to_string()).into(),
        error => anyhow::Error::from(error),
    })?;
    Ok((scratch, others))
}

/// The scratch schema's name, which must be another than the database's.
pub fn name(args: &ScratchArgs, database: &str) -> anyhow::Result<Ident> {
    let name = args.name.clone().unwrap_or_else(|| beside(database));
    if name.eq_ignore_ascii_case(database) {
        return Err(Refusal(format!("`{name}` is the database itself; name another schema by `--scratch`")).into());
    }
    Ident::new(&name).context("name the scratch schema by `--scratch`")
}

/// The database's name with `_verify`; of one that has no room for it, the head, and a number that differs where the rest does.
fn beside(database: &str) -> String {
    format!("{}_verify", shortened(database, 64 - "_verify".len(), '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_every_name() {
        assert_eq!(beside("clinic"), "clinic_verify");
        let name = |database: &str| {
            let name = beside(database);
            assert!(Ident::new(&name).is_ok(), "{name}");
            name
        };
        let (long, longer) = ("é".repeat(57), "é".repeat(63));
        assert_eq!(name(&long), format!("{long}_verify"));
        assert_ne!(name(&format!("{longer}a")), name(&format!("{longer}b")));
    }
}
