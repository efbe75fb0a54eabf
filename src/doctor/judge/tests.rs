use super::*;
use crate::db::blockers::{Blocker, Held};
use crate::db::error::DbError;
use crate::db::primary::{Group, Member, Standing};
use crate::doctor::grants::Grants;
use crate::doctor::needs::Statement;
use crate::doctor::observe::Source;

/// A server as MySQL 9.7 installs it, seen by an account that may do everything.
fn healthy() -> Observed {
    let settings = Settings {
        sql_mode: "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES".to_owned(),
        log_bin: true,
        binlog_format: "ROW".to_owned(),
        trust_function_creators: false,
        read_only: false,
        super_read_only: false,
        lock_wait_timeout_s: 31_536_000,
        innodb_lock_wait_timeout_s: 50,
        explicit_defaults_for_timestamp: true,
        foreign_key_checks: true,
        unique_checks: true,
        require_primary_key: false,
        lower_case_table_names: 0,
        partial_revokes: false,
        datadir: "/var/lib/mysql/".to_owned(),
        server_uuid: "u".to_owned(),
    };
    Observed {
        database: "clinic_1".to_owned(),
        account: "app@%".to_owned(),
        version: "9.7.4".to_owned(),
        settings: Ok(settings),
        grants: Ok(Grants::read(["GRANT ALL PRIVILEGES ON *.* TO `app`@`%`"])),
        locks: Ok(vec![]),
        copied: Ok(BTreeMap::new()),
    }
}

fn with(change: impl FnOnce(&mut Settings)) -> Observed {
    let mut observed = healthy();
    change(observed.settings.as_mut().unwrap());
    observed
}

fn granted(grant: &str) -> Observed {
    Observed { grants: Ok(Grants::read([grant])), ..healthy() }
}

fn needs(text: &str) -> Needs {
    Needs::read("clinic_1", &[Statement { place: "`V1__x.sql` line 1".to_owned(), text }])
}

fn held(table: &str, seconds: u64) -> Held {
    let by = Blocker {
        connection: 12,
        account: "web@10.0.0.1".to_owned(),
        doing: "Sleep".to_owned(),
        seconds,
        in_transaction: true,
        statement: Some("update".to_owned()),
    };
    Held { table: table.to_owned(), by }
}

fn in_group(state: &str, primary: bool) -> Standing {
    let (uuid, server) = ("u".to_owned(), "a:3306".to_owned());
    let member = Member { uuid: uuid.clone(), server, state: state.to_owned(), primary };
    Standing { uuid, read_only: false, group: Some(Group { single_primary: true, members: vec![member] }) }
}

fn around() -> Around {
    Around {
        sources: Ok(vec![]),
        standing: Ok(Standing { uuid: "u".to_owned(), read_only: false, group: None }),
        replicas: Ok(0),
        free_bytes: Some(100 << 20),
        tables: Ok(vec![("t".to_owned(), 3 << 20)]),
        row_versions: Ok(vec![]),
    }
}

/// What is not ok, a line each.
fn lines(findings: Vec<Finding>) -> String {
    let found = findings.into_iter().filter(|finding| finding.level != Level::Ok);
    found.map(|finding| format!("{} {}: {finding}", finding.level.word(), finding.check)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_healthy_server_is_all_ok() {
    assert_eq!(lines(judge(&healthy(), &needs("ALTER TABLE t ADD x INT"))), "");
    let observed = with(|settings| settings.lock_wait_timeout_s = 50);
    assert_eq!(lines(judge_all(&observed, &around(), &needs("ALTER TABLE t ADD x INT"))), "");
}

#[test]
fn each_thing_that_bites_is_found_alone() {
    let create = "CREATE TABLE t (a INT PRIMARY KEY)";
    let trigger = "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1";
    for (observed, sql, line) in [
        (
            granted("GRANT SELECT ON `clinic\\_1`.* TO `app`@`%`"),
            "CREATE TABLE t (a INT PRIMARY KEY, FOREIGN KEY (a) REFERENCES p (a))",
            "problem privileges: on `clinic_1`, `app@%` lacks CREATE (for `V1__x.sql` line 1), REFERENCES (for `V1__x.sql` \
             line 1); have an administrator run: GRANT CREATE, REFERENCES ON `clinic\\_1`.* TO `app`@`%`",
        ),
        (
            granted("GRANT ALL PRIVILEGES ON `clinic_1`.* TO `app`@`%`"),
            trigger,
            "problem log_bin_trust_function_creators: `V1__x.sql` line 1 creates a trigger or a function; the binary \
             log is on and `app@%` lacks SUPER (error 1419); have an administrator run `SET PERSIST \
             log_bin_trust_function_creators = 1`, or migrate as a user with SUPER",
        ),
        (granted("GRANT ALL PRIVILEGES ON `clinic_1`.* TO `app`@`%`"), "CREATE PROCEDURE p() SELECT 1", ""),
        (
            with(|settings| settings.super_read_only = true),
            create,
            "problem super_read_only: this server takes no writes; connect to the primary",
        ),
        (
            with(|settings| settings.read_only = true),
            create,
            "warning read_only: this server is read-only, though not for this account; it may be a replica; connect \
             to the primary",
        ),
        (
            Observed {
                settings: with(|settings| settings.read_only = true).settings,
                ..granted("GRANT CREATE ON *.* TO `app`@`%`")
            },
            create,
            "problem read_only: this server takes no writes from this account; connect to the primary",
        ),
        (
            with(|settings| settings.sql_mode = "STRICT_ALL_TABLES,ANSI_QUOTES".to_owned()),
            create,
            "problem sql_mode: `ANSI_QUOTES` is on; caredb reads quotes as MySQL does without it and could split a \
             file wrongly; take `ANSI_QUOTES` out of the server's `sql_mode`",
        ),
        (
            with(|settings| settings.sql_mode = String::new()),
            create,
            "warning sql_mode: no strict mode: values that do not fit are cut or changed without an error; add \
             `STRICT_TRANS_TABLES` to the server's `sql_mode`",
        ),
        (
            with(|settings| settings.binlog_format = "MIXED".to_owned()),
            create,
            "warning binlog_format: not `ROW`: what a replica makes of a statement may differ from here; have an \
             administrator run `SET PERSIST binlog_format = 'ROW'`",
        ),
        (
            with(|settings| settings.foreign_key_checks = false),
            create,
            "warning foreign_key_checks: off: rows without their parent are taken without an error; have an \
             administrator run `SET PERSIST foreign_key_checks = ON`",
        ),
        (
            with(|settings| settings.require_primary_key = true),
            "CREATE TABLE t (a INT)",
            "warning sql_require_primary_key: on, and `V1__x.sql` line 1 creates a table without a primary key (error \
             3750); give the table a primary key",
        ),
        (with(|settings| settings.require_primary_key = true), create, ""),
        (
            healthy(),
            "DROP TABLE Users, users",
            "warning lower_case_table_names: the pending files name `Users` and `users`: two tables on this server and \
             one on a server with 1 or 2; write the name in one case",
        ),
        (
            Observed { locks: Ok(vec![held("t", 34), held("t", 7), held("other", 99)]), ..healthy() },
            create,
            "warning locks: table `t` is held by connection 12 (web@10.0.0.1, Sleep, transaction open for 34 s, last \
             statement update), and 1 more such locks; wait until it ends, or end it with `KILL 12`",
        ),
        (Observed { locks: Ok(vec![held("t", 5)]), ..healthy() }, create, ""),
    ] {
        assert_eq!(lines(judge(&observed, &needs(sql))), line, "{sql}");
    }
}

#[test]
fn what_lies_around_is_judged() {
    let source = |running, lag_s| Source { server: "db1:3306".to_owned(), running, lag_s };
    let tables = |name: &str| Ok(vec![(name.to_owned(), 1)]);
    for (around, line) in [
        (
            Around { sources: Ok(vec![source(true, Some(7))]), ..around() },
            "problem replication: this server is a replica of `db1:3306` (7 s behind it); what is changed here is not \
             there; connect to the source",
        ),
        (Around { standing: Ok(in_group("ONLINE", true)), ..around() }, ""),
        (
            Around { standing: Ok(in_group("RECOVERING", false)), ..around() },
            "problem replication_group: caredb would not work here: it is `RECOVERING` in its replication group; connect to \
             the primary of a single-primary group",
        ),
        (
            Around { sources: Ok(vec![source(false, None)]), ..around() },
            "problem replication: this server is a replica of `db1:3306` (replication does not run); what is changed \
             here is not there; connect to the source",
        ),
        (
            Around { free_bytes: Some(2 << 20), ..around() },
            "warning disk: 2 MiB free, and a copy of table `t` takes 3 MiB; free the space, or make sure that its \
             ALTER is INSTANT",
        ),
        (Around { free_bytes: None, ..around() }, "unknown disk: the server's data directory can't be seen from here"),
        (
            Around { row_versions: Ok(vec![("a".to_owned(), 7), ("b".to_owned(), 204)]), ..around() },
            "warning row_versions: table `b` has had 204 of 255 INSTANT changes; then an ALTER rebuilds it; rebuild it \
             at a quiet time: ALTER TABLE `b` ENGINE=InnoDB",
        ),
        (
            Around { tables: tables("DATABASECHANGELOG"), ..around() },
            "warning other_tools: table `DATABASECHANGELOG` is the history of Liquibase; two tools that migrate one \
             database meet; drop the table if that tool is no longer used, else let only one of them migrate",
        ),
        (
            Around { tables: tables("Flyway_schema_history"), ..around() },
            "problem other_tools: table `Flyway_schema_history` is Flyway's under another case, and caredb would not \
             see what is applied; RENAME it to `flyway_schema_history`",
        ),
        (Around { tables: tables("flyway_schema_history"), ..around() }, ""),
    ] {
        let observed = with(|settings| settings.lock_wait_timeout_s = 50);
        assert_eq!(lines(judge_all(&observed, &around, &needs("ALTER TABLE t ADD x INT"))), line);
    }
}

#[test]
fn what_may_not_be_seen_is_unknown() {
    let denied = || DbError::new("could not look", &sqlx::Error::RowNotFound);
    let observed = Observed {
        settings: Err(denied()),
        grants: Err(denied()),
        locks: Err(denied()),
        copied: Err(denied()),
        ..healthy()
    };
    let around = Around {
        sources: Err(denied()),
        standing: Err(denied()),
        replicas: Err(denied()),
        free_bytes: None,
        tables: Err(denied()),
        row_versions: Err(denied()),
    };
    let findings = judge_all(&observed, &around, &needs("CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1"));
    assert!(findings.iter().all(|finding| finding.level == Level::Unknown), "{findings:?}");
}

#[test]
fn what_is_copied_is_told_with_its_size() {
    let sizes = BTreeMap::from([("t".to_owned(), (300_000, 64 << 20)), ("empty".to_owned(), (0, 16384))]);
    let observed = Observed { copied: Ok(sizes), ..healthy() };
    for (sql, line) in [
        (
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (a)",
            "warning copies: the server copies `t` (about 300000 rows, 64.0 MiB, `V1__x.sql` line 1), and writes to a table wait \
             while it is copied; migrate at a quiet time",
        ),
        ("ALTER TABLE empty ADD FOREIGN KEY (a) REFERENCES p (a)", ""),
        ("ALTER TABLE new ADD FOREIGN KEY (a) REFERENCES p (a)", ""),
    ] {
        assert_eq!(lines(judge(&observed, &needs(sql))), line, "{sql}");
    }
}
