use clap::ValueEnum as _;
use insta::assert_snapshot;

use super::*;

fn schemas(database: &str) -> Schemas {
    let ident = |name: &str| Ident::new(name).unwrap();
    Schemas {
        database: ident(database),
        scratch: ident(&format!("{database}_verify")),
        trial: ident("caredb_trial_00000000"),
    }
}

fn of(role: Role) -> String {
    let account = Account::new(&format!("caredb_{}", role.name())).unwrap();
    script(role, &statements(role, &schemas("clinic"), &account, false))
}

#[test]
fn each_role_has_these_statements() {
    assert_snapshot!(of(Role::Migrate), @r#"
    -- where the binary log is on, triggers need this as well, once a server (or SUPER, error 1419):
    -- SET PERSIST log_bin_trust_function_creators = 1;
    -- to keep the history and the journal, and for rows that migrations change
    GRANT SELECT, INSERT, UPDATE, DELETE ON `clinic`.* TO `caredb_migrate`@`%`;
    -- for tables, views and triggers; `caredb doctor` names what pending files need beyond that (EVENT, CREATE ROUTINE)
    GRANT CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW, TRIGGER ON `clinic`.* TO `caredb_migrate`@`%`;
    -- for `verify`, which makes and drops this schema
    GRANT ALL ON `clinic\_verify`.* TO `caredb_migrate`@`%`;
    -- to find out after a crash what an interrupted statement did
    GRANT ALL ON `caredb\_trial\_00000000`.* TO `caredb_migrate`@`%`;
    -- to name who holds a table, and to show how far a long ALTER is
    GRANT SELECT ON `performance_schema`.* TO `caredb_migrate`@`%`;
    -- to see InnoDB's table ids and INSTANT changes, by which a rebuilt table is told from an old one
    GRANT PROCESS ON *.* TO `caredb_migrate`@`%`;
    "#);
    assert_snapshot!(of(Role::Cron), @"
    -- to move and delete rows, and to keep the ledger
    GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `clinic`.* TO `caredb_cron`@`%`;
    -- to make months, to exchange old ones, and to keep writers out meanwhile
    GRANT ALTER, DROP, LOCK TABLES ON `clinic`.* TO `caredb_cron`@`%`;
    -- to see whether the triggers that keep references are as they should be
    GRANT TRIGGER ON `clinic`.* TO `caredb_cron`@`%`;
    -- to see whether the account that triggers run as is still there
    GRANT SELECT (User, Host) ON `mysql`.`user` TO `caredb_cron`@`%`;
    -- to name who holds a table
    GRANT SELECT ON `performance_schema`.* TO `caredb_cron`@`%`;
    -- to see InnoDB's table ids and INSTANT changes, by which a rebuilt table is told from an old one
    GRANT PROCESS ON *.* TO `caredb_cron`@`%`;
    ");
    assert_snapshot!(of(Role::Seed), @"
    -- to load rows, to take them back, and to note what was loaded
    GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `clinic`.* TO `caredb_seed`@`%`;
    -- for `seed generate`, which makes months and drops its checkpoints at the end
    GRANT ALTER, DROP ON `clinic`.* TO `caredb_seed`@`%`;
    -- to tell the primary where the server is in a replication group
    GRANT SELECT ON `performance_schema`.`replication_group_members` TO `caredb_seed`@`%`;
    ");
    assert_snapshot!(of(Role::Import), @"
    -- to load rows, and to note which ones came from where
    GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `clinic`.* TO `caredb_import`@`%`;
    -- to tell the primary where the server is in a replication group
    GRANT SELECT ON `performance_schema`.`replication_group_members` TO `caredb_import`@`%`;
    ");
    assert_snapshot!(of(Role::Ci), @r#"
    -- where the binary log is on, triggers need this as well, once a server (or SUPER, error 1419):
    -- SET PERSIST log_bin_trust_function_creators = 1;
    -- to read the history and the definitions
    GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `clinic`.* TO `caredb_ci`@`%`;
    -- to read the definitions of procedures and functions
    GRANT SHOW_ROUTINE ON *.* TO `caredb_ci`@`%`;
    -- for `verify`, `drift` and `lint`, which make and drop this schema
    GRANT ALL ON `clinic\_verify`.* TO `caredb_ci`@`%`;
    -- to tell the primary where the server is in a replication group
    GRANT SELECT ON `performance_schema`.`replication_group_members` TO `caredb_ci`@`%`;
    -- to see InnoDB's table ids and INSTANT changes, by which a rebuilt table is told from an old one
    GRANT PROCESS ON *.* TO `caredb_ci`@`%`;
    "#);
}

#[test]
fn no_role_may_read_files_or_give_rights_away() {
    for &role in Role::value_variants() {
        let text = of(role);
        for never in ["FILE", "SUPER ON", "GRANT OPTION", "ALL ON *.*", "ALL ON `clinic`", "SYSTEM_VARIABLES_ADMIN"] {
            assert!(!text.contains(never), "{} has {never}", role.name());
        }
        assert_eq!(role.to_possible_value().unwrap().get_name(), role.name());
    }
}

#[test]
fn names_are_quoted_and_wildcards_escaped() {
    let account = Account::new("'it''s `me`'@'10.%'").unwrap();
    let sql = |partial_revokes| {
        let statements = statements(Role::Import, &schemas("a_b%c\\d`; DROP--\n"), &account, partial_revokes);
        statements.into_iter().map(|statement| statement.sql).next()
    };
    assert_eq!(
        sql(false),
        Some(
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `a\\_b\\%c\\\\d``; DROP--\n`.* TO `it's ``me```@`10.%`"
                .to_owned()
        )
    );
    assert_eq!(
        sql(true),
        Some(
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `a_b%c\\d``; DROP--\n`.* TO `it's ``me```@`10.%`"
                .to_owned()
        )
    );
}
