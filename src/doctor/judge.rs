//! What the observations mean for the pending statements: pure.

use std::collections::BTreeMap;

use super::grants::{Account, pattern};
use super::needs::Needs;
use super::observe::{Around, Observed, Settings};
use crate::db::primary::CURE;
use crate::db::size::row_version_limit;
use crate::output::count;
use crate::output::finding::{Finding, Level};
use crate::output::table::bytes;

/// A transaction that is older than this, in seconds, is one that DDL will hardly outwait.
const OLD_TRANSACTION_S: u64 = 5;

/// A lock wait that is longer than this, in seconds, is one that nobody meant.
const LONG_WAIT_S: u64 = 3600;

/// The checks before a run: what would stop the statements, or change what they mean.
#[must_use]
pub fn judge(observed: &Observed, needs: &Needs) -> Vec<Finding> {
    let mut findings = vec![privileges(observed, needs)];
    match &observed.settings {
        Ok(settings) => {
            findings.extend(stored_programs(observed, settings, needs));
            findings.extend(writable(observed, settings));
            findings.push(sql_mode(settings));
            findings.extend(switches(settings));
            findings.extend(primary_keys(settings, needs));
            findings.extend(names(settings, needs));
        }
        Err(error) => findings.push(Finding::unknown("settings", error)),
    }
    findings.push(locks(observed, needs));
    findings.extend(copies(observed, needs));
    findings
}

/// All checks of `doctor`.
#[must_use]
pub fn judge_all(observed: &Observed, around: &Around, needs: &Needs) -> Vec<Finding> {
    let mut findings = judge(observed, needs);
    if let Ok(settings) = &observed.settings {
        findings.push(waits(settings));
    }
    findings.push(sources(around));
    findings.extend(group(around));
    findings.push(replicas(around));
    findings.push(disk(around, needs));
    findings.push(row_versions(&observed.version, around));
    findings.push(histories(around));
    findings
}

/// What of a pending statement needs which privilege that is not held.
fn privileges(observed: &Observed, needs: &Needs) -> Finding {
    const CHECK: &str = "privileges";
    let grants = match &observed.grants {
        Ok(grants) => grants,
        Err(error) => return Finding::unknown(CHECK, error),
    };
    let database = &observed.database;
    let missing: Vec<_> = needs.privileges.iter().filter(|(privilege, _)| !grants.has(privilege, database)).collect();
    if missing.is_empty() {
        let statements = match needs.statements {
            0 => "nothing is pending".to_owned(),
            1 => "enough for the pending statement".to_owned(),
            number => format!("enough for the {number} pending statements"),
        };
        return Finding::ok(CHECK, format!("`{}`: {statements}", observed.account));
    }
    let join = |text: &dyn Fn(&str, &str) -> String| {
        missing.iter().map(|(privilege, place)| text(privilege, place)).collect::<Vec<_>>().join(", ")
    };
    let lacks = join(&|privilege, place| format!("{privilege} (for {place})"));
    let names = join(&|privilege, _| privilege.to_owned());
    let lacking = format!("on `{database}`, `{}` lacks {lacks}", observed.account);
    let database = pattern(database, observed.settings.as_ref().is_ok_and(|settings| settings.partial_revokes));
    Finding::new(
        CHECK,
        Level::Problem,
        lacking,
        format!("have an administrator run: GRANT {names} ON {database} TO {}", Account::current(&observed.account)),
    )
}

/// Error 1419: with the binary log on, triggers and stored functions need SUPER, which no other privilege replaces
/// (checked on MySQL 9.7; procedures and events do not).
fn stored_programs(observed: &Observed, settings: &Settings, needs: &Needs) -> Option<Finding> {
    let place = needs.program.as_ref()?;
    let free = !settings.log_bin || settings.trust_function_creators;
    let grants = observed.grants.as_ref().ok()?;
    (!free && !grants.has_global("SUPER")).then(|| {
        Finding::new(
            "log_bin_trust_function_creators",
            Level::Problem,
            format!(
                "{place} creates a trigger or a function; the binary log is on and `{}` lacks SUPER (error 1419)",
                observed.account
            ),
            "have an administrator run `SET PERSIST log_bin_trust_function_creators = 1`, or migrate as a user with \
             SUPER",
        )
    })
}

fn writable(observed: &Observed, settings: &Settings) -> Option<Finding> {
    if settings.super_read_only {
        return Some(Finding::new(
            "super_read_only",
            Level::Problem,
            "this server takes no writes",
            "connect to the primary",
        ));
    }
    if !settings.read_only {
        return None;
    }
    let may_write = observed
        .grants
        .as_ref()
        .is_ok_and(|grants| grants.has_global("SUPER") || grants.has_global("CONNECTION_ADMIN"));
    let (level, what) = if may_write {
        (Level::Warning, "this server is read-only, though not for this account; it may be a replica")
    } else {
        (Level::Problem, "this server takes no writes from this account")
    };
    Some(Finding::new("read_only", level, what, "connect to the primary"))
}

fn sql_mode(settings: &Settings) -> Finding {
    const CHECK: &str = "sql_mode";
    let has = |mode: &str| settings.sql_mode.split(',').any(|found| found == mode);
    // ANSI is shown with the modes that it stands for
    if let Some(mode) = ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"].into_iter().find(|mode| has(mode)) {
        return Finding::new(
            CHECK,
            Level::Problem,
            format!("`{mode}` is on; caredb reads quotes as MySQL does without it and could split a file wrongly"),
            format!("take `{mode}` out of the server's `sql_mode`"),
        );
    }
    if !has("STRICT_TRANS_TABLES") && !has("STRICT_ALL_TABLES") {
        return Finding::new(
            CHECK,
            Level::Warning,
            "no strict mode: values that do not fit are cut or changed without an error",
            "add `STRICT_TRANS_TABLES` to the server's `sql_mode`",
        );
    }
    Finding::ok(CHECK, "strict")
}

/// Switches that are not as MySQL sets them by default.
fn switches(settings: &Settings) -> Vec<Finding> {
    let warnings = [
        (
            settings.log_bin && settings.binlog_format != "ROW",
            "binlog_format",
            "not `ROW`: what a replica makes of a statement may differ from here",
            "SET PERSIST binlog_format = 'ROW'",
        ),
        (
            !settings.explicit_defaults_for_timestamp,
            "explicit_defaults_for_timestamp",
            "off: a TIMESTAMP column becomes NOT NULL with a default and ON UPDATE of its own accord",
            "SET PERSIST explicit_defaults_for_timestamp = ON",
        ),
        (
            !settings.foreign_key_checks,
            "foreign_key_checks",
            "off: rows without their parent are taken without an error",
            "SET PERSIST foreign_key_checks = ON",
        ),
        (
            !settings.unique_checks,
            "unique_checks",
            "off: InnoDB may take duplicates in unique indexes",
            "SET PERSIST unique_checks = ON",
        ),
    ];
    let found = warnings.into_iter().filter(|(bites, ..)| *bites);
    found
        .map(|(_, check, what, cure)| {
            Finding::new(check, Level::Warning, what, format!("have an administrator run `{cure}`"))
        })
        .collect()
}

fn primary_keys(settings: &Settings, needs: &Needs) -> Option<Finding> {
    let place = needs.keyless.as_ref().filter(|_| settings.require_primary_key)?;
    Some(Finding::new(
        "sql_require_primary_key",
        // the file may turn it off, and the server may add a key of its own (sql_generate_invisible_primary_key)
        Level::Warning,
        format!("on, and {place} creates a table without a primary key (error 3750)"),
        "give the table a primary key",
    ))
}

/// Names that differ in case alone are two tables, or one, as the server is set.
fn names(settings: &Settings, needs: &Needs) -> Option<Finding> {
    let mut lower = BTreeMap::new();
    let twins = needs.tables.iter().find_map(|table| Some((lower.insert(table.to_lowercase(), table)?, table)));
    let (one, other) = twins?;
    let what = match settings.lower_case_table_names {
        0 => "two tables on this server and one on a server with 1 or 2",
        _ => "one table on this server and two on a server with 0",
    };
    Some(Finding::new(
        "lower_case_table_names",
        Level::Warning,
        format!("the pending files name `{one}` and `{other}`: {what}"),
        "write the name in one case",
    ))
}

fn locks(observed: &Observed, needs: &Needs) -> Finding {
    const CHECK: &str = "locks";
    let held = match &observed.locks {
        Ok(held) => held,
        Err(error) => return Finding::unknown(CHECK, error),
    };
    let concerned = |table: &str| needs.tables.iter().any(|name| name.eq_ignore_ascii_case(table));
    let old: Vec<_> =
        held.iter().filter(|held| concerned(&held.table) && held.by.seconds > OLD_TRANSACTION_S).collect();
    let Some(oldest) = old.iter().max_by_key(|held| held.by.seconds) else {
        return Finding::ok(CHECK, "no old transaction holds a table that the pending statements name");
    };
    let more = if old.len() > 1 { format!(", and {} more such locks", old.len() - 1) } else { String::new() };
    Finding::new(
        CHECK,
        Level::Warning,
        format!("table `{}` is held by {}{more}", oldest.table, oldest.by),
        format!("wait until it ends, or end it with `KILL {}`", oldest.by.connection),
    )
}

/// What the statements copy while writes wait: nothing is said of tables without rows.
fn copies(observed: &Observed, needs: &Needs) -> Option<Finding> {
    const CHECK: &str = "copies";
    let sizes = match &observed.copied {
        Ok(sizes) => sizes,
        Err(error) => return Some(Finding::unknown(CHECK, error)),
    };
    let size = |(table, place)| {
        let &(rows, size) = sizes.get(table)?;
        (rows > 0).then(|| format!("`{table}` (about {}, {}, {place})", count(rows, "row"), bytes(size)))
    };
    let copied: Vec<String> = needs.copied.iter().filter_map(size).collect();
    (!copied.is_empty()).then(|| {
        Finding::new(
            CHECK,
            Level::Warning,
            format!("the server copies {}, and writes to a table wait while it is copied", copied.join(", ")),
            "migrate at a quiet time",
        )
    })
}

/// Nothing that stops caredb, which sets its own time-out for DDL; others wait as long as they are told.
fn waits(settings: &Settings) -> Finding {
    const CHECK: &str = "lock_timeouts";
    for (name, seconds, cure) in [
        ("lock_wait_timeout", settings.lock_wait_timeout_s, 60),
        ("innodb_lock_wait_timeout", settings.innodb_lock_wait_timeout_s, 50),
    ] {
        if seconds > LONG_WAIT_S {
            return Finding::new(
                CHECK,
                Level::Warning,
                format!("`{name}` is {seconds} s: a statement that waits for a lock may wait that long"),
                format!("have an administrator run `SET PERSIST {name} = {cure}`"),
            );
        }
    }
    Finding::ok(CHECK, "short")
}

fn sources(around: &Around) -> Finding {
    const CHECK: &str = "replication";
    let sources = match &around.sources {
        Ok(sources) => sources,
        Err(error) => return Finding::unknown(CHECK, error),
    };
    let Some(source) = sources.first() else { return Finding::ok(CHECK, "this server is no replica") };
    let state = match source.lag_s {
        Some(lag_s) if source.running => format!("{lag_s} s behind it"),
        _ => "replication does not run".to_owned(),
    };
    Finding::new(
        CHECK,
        Level::Problem,
        format!("this server is a replica of `{}` ({state}); what is changed here is not there", source.server),
        "connect to the source",
    )
}

/// Whether this is the one member of its replication group that takes writes.
fn group(around: &Around) -> Option<Finding> {
    const CHECK: &str = "replication_group";
    let standing = match &around.standing {
        Ok(standing) => standing,
        Err(error) => return Some(Finding::unknown(CHECK, error)),
    };
    let group = standing.group.as_ref()?;
    Some(match standing.keeps_others_out() {
        Ok(()) => Finding::ok(CHECK, format!("this is the primary of {}", count(group.members.len(), "member"))),
        Err(reason) => Finding::new(CHECK, Level::Problem, format!("caredb would not work here: {reason}"), CURE),
    })
}

fn replicas(around: &Around) -> Finding {
    const CHECK: &str = "replicas";
    match &around.replicas {
        Ok(0) => Finding::ok(CHECK, "none is connected"),
        Ok(number) => Finding::ok(
            CHECK,
            format!(
                "{number} connected; each runs an ALTER only after this server has, and lags for as long as it takes"
            ),
        ),
        Err(error) => Finding::unknown(CHECK, error),
    }
}

/// Whether the largest table that may be copied fits beside itself.
fn disk(around: &Around, needs: &Needs) -> Finding {
    const CHECK: &str = "disk";
    let Some(free) = around.free_bytes else {
        return Finding {
            check: CHECK,
            level: Level::Unknown,
            what: "the server's data directory can't be seen from here".to_owned(),
            cure: None,
        };
    };
    let tables = match &around.tables {
        Ok(tables) => tables,
        Err(error) => return Finding::unknown(CHECK, error),
    };
    let copied = tables.iter().filter(|(table, _)| needs.altered.contains(table)).max_by_key(|(_, bytes)| *bytes);
    match copied {
        Some((table, bytes)) if *bytes > free => Finding::new(
            CHECK,
            Level::Warning,
            format!("{} MiB free, and a copy of table `{table}` takes {} MiB", free >> 20, bytes >> 20),
            "free the space, or make sure that its ALTER is INSTANT",
        ),
        Some((table, bytes)) => Finding::ok(
            CHECK,
            format!(
                "{} MiB free; a copy of the largest table concerned, `{table}`, takes {} MiB",
                free >> 20,
                bytes >> 20
            ),
        ),
        None => Finding::ok(CHECK, format!("{} MiB free; no table is to be copied", free >> 20)),
    }
}

fn row_versions(version: &str, around: &Around) -> Finding {
    const CHECK: &str = "row_versions";
    let limit = row_version_limit(version);
    let versions = match &around.row_versions {
        Ok(versions) => versions,
        Err(error) => return Finding::unknown(CHECK, error),
    };
    match versions.iter().max_by_key(|(_, versions)| *versions) {
        // four fifths
        Some((table, versions)) if versions * 5 >= limit * 4 => Finding::new(
            CHECK,
            Level::Warning,
            format!("table `{table}` has had {versions} of {limit} INSTANT changes; then an ALTER rebuilds it"),
            format!("rebuild it at a quiet time: ALTER TABLE `{table}` ENGINE=InnoDB"),
        ),
        Some((table, versions)) => {
            Finding::ok(CHECK, format!("at most {versions} of {limit} INSTANT changes, by table `{table}`"))
        }
        None => Finding::ok(CHECK, format!("no INSTANT change of {limit} used")),
    }
}

/// Tables in which other tools keep what they have applied, lower case.
const HISTORIES: [(&str, &str); 9] = [
    ("__efmigrationshistory", "Entity Framework"),
    ("_prisma_migrations", "Prisma"),
    ("_sqlx_migrations", "sqlx"),
    ("alembic_version", "Alembic"),
    ("databasechangelog", "Liquibase"),
    ("goose_db_version", "goose"),
    ("knex_migrations", "Knex"),
    ("refinery_schema_history", "refinery"),
    ("schema_migrations", "Rails, dbmate or golang-migrate"),
];

fn histories(around: &Around) -> Finding {
    const CHECK: &str = "other_tools";
    let tables = match &around.tables {
        Ok(tables) => tables,
        Err(error) => return Finding::unknown(CHECK, error),
    };
    for (table, _) in tables {
        let lower = table.to_lowercase();
        if lower == "flyway_schema_history" && *table != lower {
            return Finding::new(
                CHECK,
                Level::Problem,
                format!("table `{table}` is Flyway's under another case, and caredb would not see what is applied"),
                "RENAME it to `flyway_schema_history`",
            );
        }
        if let Some((_, tool)) = HISTORIES.iter().find(|(name, _)| *name == lower) {
            return Finding::new(
                CHECK,
                Level::Warning,
                format!("table `{table}` is the history of {tool}; two tools that migrate one database meet"),
                "drop the table if that tool is no longer used, else let only one of them migrate",
            );
        }
    }
    Finding::ok(CHECK, "none has a history here")
}

#[cfg(test)]
mod tests;
