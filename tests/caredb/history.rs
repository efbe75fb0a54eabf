//! Files and history at odds: `baseline`, `repair`, files out of order, placeholders.

use insta::assert_snapshot;

use crate::flyway::{flyway, history, would_apply};
use crate::support::Test;

pub const THREE: [(&str, &str); 3] = [
    ("V1__one.sql", "CREATE TABLE a (x INT)"),
    ("V2__two.sql", "CREATE TABLE b (x INT)"),
    ("V3__three.sql", "CREATE TABLE c (x INT)"),
];

#[test]
fn a_database_is_adopted() {
    let test = Test::new("history_baseline");
    test.migrations(&THREE);
    assert_snapshot!(test.run("baseline --at 2"), @"
    exit 2
    --- stderr
    error: the database holds no table, so there is nothing to adopt; build it with `caredb migrate`
    ");
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
    test.sql("CREATE TABLE a (x INT); CREATE TABLE b (x INT)");
    assert_snapshot!(test.run("baseline --at 7"), @"
    exit 2
    --- stderr
    error: version 7 is above the newest file, 3; give the version that the schema is at
    ");
    assert_snapshot!(test.run("baseline --at 0"), @"
    exit 2
    --- stderr
    error: invalid value '0' for '--at <VERSION>': 0 is not in 1..9223372036854775807

    For more information, try '--help'.
    ");
    test.file("caredb.toml", "migrations = \"migrations\"\nrollbacks = \"rollbacks\"\nprotected = true\n");
    assert_snapshot!(test.run("baseline --at 2"), @"
    exit 3
    --- stderr
    error: `<db>` is protected by `caredb.toml`; if you mean it, say `--confirm <db>`
    ");
    assert_eq!(test.rows("SHOW TABLES"), ["a", "b"]);
    assert_snapshot!(test.run(&format!("baseline --at 2 --confirm {}", test.database)), @"
    exit 0
    --- stdout
    adopted `<db>` at version 2: `caredb migrate` applies what is above it
    ");
    assert_snapshot!(history(&test), @"1|2|<< Flyway Baseline >>|BASELINE|<< Flyway Baseline >>|NULL|1");
    assert_eq!(would_apply(&test), ["V3__three.sql"]);
    assert_snapshot!(test.run("baseline --at 2"), @"
    exit 0
    --- stdout
    nothing to do: `<db>` is adopted at version 2
    ");
    assert_snapshot!(test.run("baseline --at 1"), @"
    exit 2
    --- stderr
    error: the database is adopted already, at version 2 as `<< Flyway Baseline >>`; keep that, or remove the row from `flyway_schema_history` if it is wrong
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Below Baseline  no
      2  two  Baseline  <time> <ms>  no
      3  three  Pending  no

    `<db>` is at version 2
    ");
    test.ok("migrate");
    assert_snapshot!(history(&test), @"
    1|2|<< Flyway Baseline >>|BASELINE|<< Flyway Baseline >>|NULL|1
    2|3|three|SQL|V3__three.sql|1001993242|1
    ");
    assert_snapshot!(test.run("baseline --at 3"), @"
    exit 2
    --- stderr
    error: the database is adopted already, at version 2 as `<< Flyway Baseline >>`; keep that, or remove the row from `flyway_schema_history` if it is wrong
    ");

    let migrated = Test::new("history_baseline_late");
    migrated.migrations(&THREE);
    migrated.ok("migrate --to 1");
    assert_snapshot!(migrated.run("baseline --at 3 --description legacy"), @"
    exit 2
    --- stderr
    error: migrations were applied already, up to version 1; there is nothing to adopt, `caredb info` lists them
    ");
}

#[test]
fn a_file_that_comes_too_late_is_applied_on_request() {
    let test = Test::new("history_order");
    test.migrations(&[THREE[0], THREE[2]]);
    test.ok("migrate");
    test.migrations(&THREE);
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `V2__two.sql` is not applied, but version 3, which is higher, is; give the file a version above 3, or say `caredb migrate --out-of-order`
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  no
      2  two  Ignored  no
      3  three  Success  <time> <ms>  no

    `<db>` is at version 3
    ");
    assert_eq!(would_apply(&test), ["ignored V2__two.sql"]);
    assert_snapshot!(test.run("migrate --out-of-order"), @"
    exit 0
    --- stdout
    V2  two  1 statement <ms> ms
    migrated `<db>` from version 3 to 3: 1 migration, 1 statement in <s> s
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  no
      2  two  Out of Order  <time> <ms>  no
      3  three  Success  <time> <ms>  no

    `<db>` is at version 3
    ");
    assert_snapshot!(history(&test), @"
    1|1|one|SQL|V1__one.sql|357506204|1
    2|3|three|SQL|V3__three.sql|1001993242|1
    3|2|two|SQL|V2__two.sql|750919769|1
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    nothing to do: `<db>` is at version 3
    ");
    assert_snapshot!(test.run("validate"), @"
    exit 0
    --- stdout
    valid: 3 versions applied to `<db>`, 3 files in all
    ");
}

#[test]
fn repair_does_what_it_says() {
    let test = Test::new("history_repair");
    test.migrations(&THREE).file("migrations/R__gone.sql", "CREATE OR REPLACE VIEW gone AS SELECT 1");
    test.ok("migrate");
    assert_snapshot!(test.run("repair"), @"
    exit 0
    --- stdout
    nothing to repair in `<db>`
    ");
    // edited, renamed, removed; and a failure of Flyway's
    test.file("migrations/V1__one.sql", "CREATE TABLE a (x INT) -- edited");
    for file in ["V2__two.sql", "V3__three.sql", "R__gone.sql"] {
        std::fs::remove_file(test.folder.join("migrations").join(file)).unwrap();
    }
    test.file("migrations/V3__drei.sql", THREE[2].1).file("migrations/V4__four.sql", "CREATE TABLE d (x INT)");
    flyway(&test, "5|4|four|SQL|db/migration/V4__four.sql|1|0");
    assert_snapshot!(test.run("validate"), @"
    exit 1
    --- stdout
    `V1__one.sql` was edited after it was applied (checksum 357506204, file has 1436022689); put the old text back and make the change a new migration
    version 2 (`V2__two.sql`) is applied, but its file is missing; put it back into the migrations folder, or say `caredb repair` if it is gone for good
    `V3__drei.sql` was applied with the description `three`; give the file its old name, or say `caredb repair` to take the new one over
    version 4 (`V4__four.sql`) failed half-way and there is no journal of it; bring the schema to the state before it, then say `caredb repair`
    `R__gone.sql` is applied, but the file is missing; put it back into the migrations folder, or drop what it created and say `caredb repair`
    invalid: 5 findings in `<db>`
    ");
    assert_eq!(would_apply(&test), ["mismatch one"]);
    let before = history(&test);
    assert_snapshot!(test.run("repair --dry-run"), @"
    exit 0
    --- stdout
    remove the row of `db/migration/V4__four.sql`, which failed; there is no journal of it, so look what it left in the schema
    align `V1__one.sql`: checksum 357506204 becomes 1436022689
    mark `V2__two.sql` as deleted: the file is gone, what it did stays in the schema
    align `V3__drei.sql`: description `three` becomes `drei`
    mark `R__gone.sql` as deleted: the file is gone, what it did stays in the schema
    dry run, nothing was changed: 5 rows of `<db>` would be mended
    ");
    assert_eq!(history(&test), before);
    test.file("caredb.toml", "migrations = \"migrations\"\nrollbacks = \"rollbacks\"\nprotected = true\n");
    assert!(test.run("repair").starts_with("exit 3"));
    assert_eq!(history(&test), before);
    assert_snapshot!(test.run(&format!("repair --confirm {}", test.database)), @"
    exit 0
    --- stdout
    remove the row of `db/migration/V4__four.sql`, which failed; there is no journal of it, so look what it left in the schema
    align `V1__one.sql`: checksum 357506204 becomes 1436022689
    mark `V2__two.sql` as deleted: the file is gone, what it did stays in the schema
    align `V3__drei.sql`: description `three` becomes `drei`
    mark `R__gone.sql` as deleted: the file is gone, what it did stays in the schema
    repaired `<db>`: 5 rows
    ");
    assert_snapshot!(history(&test), @"
    1|1|one|SQL|V1__one.sql|1436022689|1
    2|2|two|SQL|V2__two.sql|750919769|1
    3|3|drei|SQL|V3__three.sql|1001993242|1
    4|NULL|gone|SQL|R__gone.sql|-1960810696|1
    5|2|two|DELETE|V2__two.sql|750919769|1
    6|NULL|gone|DELETE|R__gone.sql|-1960810696|1
    ");
    assert_snapshot!(test.run("validate"), @"
    exit 0
    --- stdout
    valid: 2 versions applied to `<db>`, 3 files in all
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  no
      2  two  Deleted  <time> <ms>  no
      3  drei  Success  <time> <ms>  no
      4  four  Pending  no
      gone  Deleted  <time> <ms>  no

    `<db>` is at version 3
    ");
    assert_eq!(would_apply(&test), ["V4__four.sql"]);
    test.ok("migrate");
    assert_snapshot!(test.run("repair --format json").replace(&test.database, "<db>"), @r#"
    exit 0
    --- stdout
    {"command":"repair","outcome":"done","database":"<db>","dry_run":false,"rows":0,"mends":[]}
    "#);
}

#[test]
fn repair_keeps_what_migrate_continues() {
    let test = Test::new("history_repair_keeps");
    test.migrations(&[
        ("V1__one.sql", "CREATE TABLE a (x INT); CREATE TABLE a (x INT)"),
        ("R__r.sql", "CREATE OR REPLACE VIEW v AS SELECT 1"),
    ]);
    assert!(test.run("migrate").starts_with("exit 2"));
    assert_snapshot!(test.run("repair"), @"
    exit 0
    --- stdout
    keep the row of `V1__one.sql`: 1 of its statements took effect or may have; `caredb migrate` continues it
    nothing to repair in `<db>`
    ");
    assert_eq!(test.rows("SELECT version, success FROM flyway_schema_history"), ["1|0"]);
    test.file("migrations/V1__one.sql", "CREATE TABLE a (x INT); CREATE TABLE b (x INT)");
    test.ok("migrate");
    // nothing of the next has run
    test.file("migrations/V2__two.sql", "CREATE TABLE a (x INT)");
    assert!(test.run("migrate").starts_with("exit 2"));
    assert_snapshot!(test.run("repair"), @"
    exit 0
    --- stdout
    remove the row of `V2__two.sql`, which failed; nothing of it has run
    repaired `<db>`: 1 row
    ");
    assert_snapshot!(history(&test), @"
    1|1|one|SQL|V1__one.sql|1983685073|1
    2|NULL|r|SQL|R__r.sql|1885877096|1
    ");
}

#[test]
fn placeholders_are_replaced_where_any_is_set() {
    let test = Test::new("history_placeholders");
    let view = "CREATE OR REPLACE VIEW v AS SELECT '${Greeting}' AS x FROM ${table}; -- ${table}\n";
    let files = [
        ("V1__one.sql", "CREATE TABLE a (x INT COMMENT '${table}')"),
        ("U1__drop_a.sql", "DROP TABLE ${table}"),
        ("V2__two.sql", "CREATE TABLE b (x INT)"),
        ("U2__drop_b.sql", "DROP TABLE b"),
    ];
    test.migrations(&files);
    let comment = || {
        test.rows("SELECT column_comment FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'a'")
    };
    // without any, nothing is special
    test.ok("migrate --to 1");
    assert_eq!(comment(), ["${table}"]);
    test.sql("DROP TABLE a, caredb_journal, flyway_schema_history");
    let configured = "migrations = \"migrations\"\nrollbacks = \"rollbacks\"\n[placeholders]\nTable = \"a\"\n";
    test.file("caredb.toml", configured).file("migrations/R__view.sql", view);
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: `R__view.sql` line 1: placeholder `${Greeting}` has no value; set it under `[placeholders]` in `caredb.toml`, or by `--set Greeting=…`
    ");
    assert_snapshot!(test.run("migrate --set greting=hello"), @"
    exit 2
    --- stderr
    error: `R__view.sql` line 1: placeholder `${Greeting}` has no value, did you mean `${greting}`?; set it under `[placeholders]` in `caredb.toml`, or by `--set Greeting=…`
    ");
    assert_snapshot!(test.run("migrate --set greeting"), @"
    exit 2
    --- stderr
    error: invalid value 'greeting' for '--set <NAME=VALUE>': write it as `name=value`

    For more information, try '--help'.
    ");
    assert_eq!(test.rows("SHOW TABLES"), Vec::<String>::new());
    test.ok("migrate --set greeting=hello");
    assert_eq!(comment(), ["a"]);
    // the checksum of a V file is that of the text before, of an R file that of the text after
    let checksums = || test.rows("SELECT script, checksum FROM flyway_schema_history ORDER BY installed_rank");
    let plain = caredb::migrate::files::checksum;
    let replaced = plain("CREATE OR REPLACE VIEW v AS SELECT 'hello' AS x FROM a; -- a");
    assert_eq!(
        checksums(),
        [
            format!("V1__one.sql|{}", plain(files[0].1)),
            format!("V2__two.sql|{}", plain(files[2].1)),
            format!("R__view.sql|{replaced}")
        ]
    );
    // so a new value applies an R file again
    assert!(test.run("migrate --set greeting=hello").contains("nothing to do"));
    assert_snapshot!(test.run("migrate --set greeting=hullo"), @"
    exit 0
    --- stdout
    R  view  1 statement <ms> ms
    migrated `<db>` from version 2 to 2: 1 migration, 1 statement in <s> s
    ");
    // as Flyway wrote it with replacement off: the same file, and repair takes the new checksum
    test.sql(&format!("UPDATE flyway_schema_history SET checksum = {} WHERE installed_rank = 4", plain(view)));
    assert!(test.run("migrate --set greeting=hullo").contains("nothing to do"));
    let repaired = test.run("repair --set greeting=hullo");
    assert!(repaired.contains("align `R__view.sql`: checksum"), "{repaired}");
    test.ok("rollback --to 1 --set greeting=hullo");
    test.file("rollbacks/U1__drop_a.sql", "DROP TABLE ${tabel}");
    assert_snapshot!(test.run("rollback --set greeting=hullo"), @"
    exit 2
    --- stderr
    error: `U1__drop_a.sql` line 1: placeholder `${tabel}` has no value, did you mean `${table}`?; set it under `[placeholders]` in `caredb.toml`, or by `--set tabel=…`
    ");
}

#[test]
fn what_was_marked_as_deleted_can_come_back() {
    let test = Test::new("history_deleted");
    let gone = "CREATE OR REPLACE VIEW gone AS SELECT 1";
    test.migrations(&THREE).file("migrations/R__gone.sql", gone);
    test.ok("migrate");
    for file in ["V2__two.sql", "R__gone.sql"] {
        std::fs::remove_file(test.folder.join("migrations").join(file)).unwrap();
    }
    test.ok("repair");
    assert_eq!(would_apply(&test), Vec::<String>::new());
    test.file("migrations/V2__two.sql", "CREATE TABLE IF NOT EXISTS b (x INT)").file("migrations/R__gone.sql", gone);
    assert_eq!(would_apply(&test), ["ignored V2__two.sql", "R__gone.sql"]);
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  no
      2  two  Ignored  no
      3  three  Success  <time> <ms>  no
      gone  Deleted  <time> <ms>  yes
      gone  Pending  yes

    `<db>` is at version 3
    ");
    assert_snapshot!(test.run("migrate --out-of-order"), @"
    exit 0
    --- stdout
    V2  two  1 statement <ms> ms
    R  gone  1 statement <ms> ms
    migrated `<db>` from version 3 to 3: 2 migrations, 2 statements in <s> s
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  no
      2  two  Out of Order  <time> <ms>  no
      3  three  Success  <time> <ms>  no
      gone  Deleted  <time> <ms>  yes
      gone  Success  <time> <ms>  yes

    `<db>` is at version 3
    ");
    assert_eq!(would_apply(&test), Vec::<String>::new());
    assert_snapshot!(history(&test), @"
    1|1|one|SQL|V1__one.sql|357506204|1
    2|2|two|SQL|V2__two.sql|750919769|1
    3|3|three|SQL|V3__three.sql|1001993242|1
    4|NULL|gone|SQL|R__gone.sql|-1960810696|1
    5|2|two|DELETE|V2__two.sql|750919769|1
    6|NULL|gone|DELETE|R__gone.sql|-1960810696|1
    7|2|two|SQL|V2__two.sql|1869484230|1
    8|NULL|gone|SQL|R__gone.sql|-1960810696|1
    ");
}
