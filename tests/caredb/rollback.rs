//! `rollback`

use insta::assert_snapshot;

use crate::support::Test;

#[test]
fn everything_goes_and_comes_back() {
    let test = Test::new("rollback_all");
    test.ok("migrate");
    assert_snapshot!(test.run("rollback --to 0"), @"
    exit 0
    --- stdout
    R  drop medical records all  1 statement <ms> ms
    R  drop live and archived  5 statements <ms> ms
    U15  drop compressed medical records  2 statements <ms> ms
    U14  drop archives  12 statements <ms> ms
    U13  unpartition appointments  14 statements <ms> ms
    U12  drop time checks and live slot key  3 statements <ms> ms
    U11  drop audit logs  1 statement <ms> ms
    U10  drop notifications  1 statement <ms> ms
    U9  drop reviews  1 statement <ms> ms
    U8  drop doctor schedules  2 statements <ms> ms
    U7  drop payments  1 statement <ms> ms
    U6  drop medical records  1 statement <ms> ms
    U5  drop prescriptions  1 statement <ms> ms
    U4  drop consultations  1 statement <ms> ms
    U3  drop appointments  1 statement <ms> ms
    U2  drop profiles tables  2 statements <ms> ms
    U1  drop users table  1 statement <ms> ms
    rolled back `<db>` from version 15 to 0: 17 migrations, 50 statements in <s> s
    ");
    assert_eq!(test.rows("SHOW TABLES"), ["caredb_journal", "flyway_schema_history"]);
    assert_snapshot!(test.run("rollback --to 0"), @"
    exit 0
    --- stdout
    nothing to do: `<db>` is at version 0
    ");
    test.ok("migrate");
    assert_eq!(test.schema().len(), 28);
    assert_eq!(
        test.rows("SELECT MIN(installed_rank), MAX(installed_rank), COUNT(*) FROM flyway_schema_history WHERE success"),
        ["1|17|17"]
    );
}

#[test]
fn steps_and_targets() {
    let test = Test::new("rollback_steps");
    test.ok("migrate");
    assert_snapshot!(test.run("rollback"), @"
    exit 0
    --- stdout
    R  drop medical records all  1 statement <ms> ms
    R  drop live and archived  5 statements <ms> ms
    U15  drop compressed medical records  2 statements <ms> ms
    rolled back `<db>` from version 15 to 14: 3 migrations, 8 statements in <s> s
    ");
    assert_snapshot!(test.run("rollback --steps 3"), @"
    exit 0
    --- stdout
    U14  drop archives  12 statements <ms> ms
    U13  unpartition appointments  14 statements <ms> ms
    U12  drop time checks and live slot key  3 statements <ms> ms
    rolled back `<db>` from version 14 to 11: 3 migrations, 29 statements in <s> s
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  create users table  Success  <time> <ms>  yes
      2  create profiles tables  Success  <time> <ms>  yes
      3  add appointments  Success  <time> <ms>  yes
      4  add consultations  Success  <time> <ms>  yes
      5  add prescriptions  Success  <time> <ms>  yes
      6  add medical records  Success  <time> <ms>  yes
      7  add payments  Success  <time> <ms>  yes
      8  add doctor schedules  Success  <time> <ms>  yes
      9  add reviews  Success  <time> <ms>  yes
      10  add notifications  Success  <time> <ms>  yes
      11  add audit logs  Success  <time> <ms>  yes
      12  add time checks and live slot key  Undone  yes
      13  partition appointments  Undone  yes
      14  add archives  Undone  yes
      15  compressed medical records  Undone  yes
      live and archived  Pending  yes
      medical records all  Pending  yes

    `<db>` is at version 11
    ");
    assert_snapshot!(test.run("rollback --to 12"), @"
    exit 2
    --- stderr
    error: the database is at version 11, not above 12; to go forward, say `caredb migrate --to 12`
    ");
    assert_snapshot!(test.run("rollback --to 8 --steps 1"), @"
    exit 2
    --- stderr
    error: the argument '--to <VERSION>' cannot be used with '--steps <N>'

    Usage: caredb rollback --to <VERSION> --url <URL>

    For more information, try '--help'.
    ");
    assert_snapshot!(test.run("rollback --to 99"), @"
    exit 2
    --- stderr
    error: the database is at version 11, not above 99; to go forward, say `caredb migrate --to 99`
    ");
}

#[test]
fn a_version_without_its_u_file_stays() {
    let test = Test::new("rollback_without_u");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT)"),
        ("V2__two.sql", "CREATE TABLE b (x INT)"),
        ("U2__undo.sql", "DROP TABLE b"),
    ]);
    test.ok("migrate");
    assert_snapshot!(test.run("rollback --to 0"), @"
    exit 2
    --- stderr
    error: `V1__one.sql` can't be rolled back: there is no `U1__….sql`; write it, or roll back to 1 at the lowest
    ");
    assert_eq!(test.rows("SHOW TABLES LIKE '_'"), ["a", "b"]);
    test.ok("rollback --to 1");
    assert_eq!(test.rows("SHOW TABLES LIKE '_'"), ["a"]);
}

#[test]
fn a_protected_database_wants_its_name() {
    let test = Test::new("rollback_protected");
    test.ok("migrate --to 1");
    test.file("caredb.toml", "protected = [\"t_rollback*\"]\n");
    assert_snapshot!(test.run("rollback"), @"
    exit 3
    --- stderr
    error: `<db>` is protected by `caredb.toml`; if you mean it, say `--confirm <db>`
    ");
    assert_snapshot!(test.run("rollback --yes"), @"
    exit 3
    --- stderr
    error: `<db>` is protected by `caredb.toml`; if you mean it, say `--confirm <db>`
    ");
    assert_snapshot!(test.run("rollback --confirm other"), @"
    exit 3
    --- stderr
    error: `--confirm other` names another database than `<db>`
    ");
    assert_eq!(test.schema().len(), 1);
    test.ok(&format!("rollback --confirm {}", test.database));
    assert_eq!(test.schema().len(), 0);
}
