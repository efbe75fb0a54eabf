//! `drift` and `snapshot` as people and CI run them.

use std::process::{Command, Output};

use caredb::db::split::split;
use insta::assert_snapshot;
use sqlx::AssertSqlSafe;

use crate::drift_mutations::with_destructive;
use crate::support::{Test, block_on, pty, read_some, rows_at, server};

/// caredb with a cache of the test's own.
fn command(test: &Test, arguments: &str) -> Command {
    let mut command = test.command(arguments);
    command.env("XDG_CACHE_HOME", test.folder.join("cache")).env_remove("NO_COLOR");
    command
}

fn output(test: &Test, arguments: &str) -> Output {
    command(test, arguments).output().unwrap()
}

fn run(test: &Test, arguments: &str) -> String {
    test.show(&output(test, arguments))
}

/// The last object of `--format json`.
fn json(test: &Test, arguments: &str) -> serde_json::Value {
    let output = output(test, &format!("{arguments} --format json"));
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// Runs what `drift --sql` prints, with what it comments out.
fn mend(test: &Test, arguments: &str) {
    let text = String::from_utf8(output(test, &format!("{arguments} --sql")).stdout).unwrap();
    let script = with_destructive(&text);
    block_on(async {
        let mut conn = test.connect().await;
        for statement in split(&script).unwrap() {
            let done = sqlx::raw_sql(AssertSqlSafe(statement.text.to_owned())).execute(&mut conn).await;
            done.unwrap_or_else(|error| panic!("{error} in\n{}\nof\n{script}", statement.text));
        }
    });
}

const V1: &str = "
    CREATE TABLE owners (id INT NOT NULL PRIMARY KEY, name VARCHAR(50) NOT NULL);
    CREATE TABLE pets (
        id INT NOT NULL PRIMARY KEY, owner_id INT NOT NULL, name VARCHAR(50) NOT NULL COMMENT 'as it is called', born DATE,
        KEY idx_name (name), CONSTRAINT fk_owner FOREIGN KEY (owner_id) REFERENCES owners (id)
    );
    CREATE TRIGGER pets_before BEFORE INSERT ON pets FOR EACH ROW SET NEW.name = TRIM(NEW.name);
    CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM pets WHERE born < '1900-01-01';";
const U1: &str = "DROP EVENT nightly; DROP TRIGGER pets_before; DROP TABLE pets; DROP TABLE owners";
const R: &str = "CREATE OR REPLACE VIEW pets_all AS SELECT id, name FROM pets;";

fn clinic(name: &str) -> Test {
    let test = Test::new(name);
    test.migrations(&[("V1__base.sql", V1), ("U1__base.sql", U1), ("R__pets_all.sql", R)]);
    test.ok("migrate");
    test
}

const CHANGES: &str = "
    ALTER TABLE pets MODIFY name VARCHAR(80), ADD colour VARCHAR(20), DROP INDEX idx_name, COMMENT 'all';
    DROP TRIGGER pets_before;
    CREATE TABLE tmp_import (x INT);
    ALTER VIEW pets_all AS SELECT id FROM pets;
    ALTER EVENT nightly DO DELETE FROM pets WHERE born < '1950-01-01'";

#[test]
fn what_the_files_make_is_no_drift() {
    let test = Test::new("drift_shipped");
    test.ok("migrate");
    assert_snapshot!(run(&test, "drift"), @"
    exit 0
    --- stdout
    no drift: 31 objects of `<db>` as in the files up to version 15
    ");
    // months, rows, and caredb's own tables
    test.ok("partition ensure --ahead 2");
    test.ok("seed");
    assert_eq!(json(&test, "drift")["cached"], true);
    assert_snapshot!(run(&test, "drift"), @"
    exit 0
    --- stdout
    no drift: 31 objects of `<db>` as in the files up to version 15
    ");
    assert_eq!(
        rows_at(&server().socket(), &format!("SHOW DATABASES LIKE '{}_verify'", test.database)),
        Vec::<String>::new()
    );
    // built anew, it is the same
    let anew = json(&test, "drift --no-cache");
    assert_eq!(
        (&anew["cached"], &anew["outcome"], &anew["drift"]),
        (&false.into(), &"done".into(), &serde_json::json!([]))
    );
}

#[test]
fn drift_is_shown_object_by_object_and_mended() {
    let test = clinic("drift_shown");
    test.sql(CHANGES);
    assert_snapshot!(run(&test, "drift"), @"
    exit 1
    --- stdout
    ~ table `pets`
      ~ column `name`: type `varchar(50)` → `varchar(80)`
      ~ column `name`: null `NOT NULL` → `NULL`
      ~ column `name`: default none → `NULL`
      ~ column `name`: comment `'as it is called'` → none
      + column `colour`: extra, varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NULL DEFAULT NULL
      - index `idx_name`: missing, KEY `idx_name` (`name`)
      ~ comment none → `'all'`
    + table `tmp_import`
    ~ view `pets_all`
      ~ body select `pets`.`id` AS `id`,`pets`.`name` AS `name` from `pets` → select `pets`.`id` AS `id` from `pets`
    - trigger `pets_before`
    ~ event `nightly`
      ~ sql_mode
      + IGNORE_SPACE
      ~ body `DELETE FROM pets WHERE born < '1900-01-01'` → `DELETE FROM pets WHERE born < '1950-01-01'`
    drift: 5 objects of `<db>` differ from the files up to version 1: 1 missing (-), 1 extra (+), 3 changed (~)
    --- stderr
    no trigger is seen; where there is one, this account lacks the privilege TRIGGER
    ");
    assert_snapshot!(run(&test, "drift --format github"), @"
    exit 1
    --- stdout
    ::error title=drift%3A table `pets`::column `name`: type `varchar(50)` → `varchar(80)`
    ::error title=drift%3A table `pets`::column `name`: null `NOT NULL` → `NULL`
    ::error title=drift%3A table `pets`::column `name`: default none → `NULL`
    ::error title=drift%3A table `pets`::column `name`: comment `'as it is called'` → none
    ::error title=drift%3A table `pets`::column `colour`: extra, varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NULL DEFAULT NULL
    ::error title=drift%3A table `pets`::index `idx_name`: missing, KEY `idx_name` (`name`)
    ::error title=drift%3A table `pets`::comment none → `'all'`
    ::error title=drift%3A table `tmp_import`::in the live schema alone
    ::error title=drift%3A view `pets_all`::body select `pets`.`id` AS `id`,`pets`.`name` AS `name` from `pets` → select `pets`.`id` AS `id` from `pets`
    ::error title=drift%3A trigger `pets_before`::missing from the live schema
    ::error title=drift%3A event `nightly`::sql_mode%0A+ IGNORE_SPACE
    ::error title=drift%3A event `nightly`::body `DELETE FROM pets WHERE born < '1900-01-01'` → `DELETE FROM pets WHERE born < '1950-01-01'`
    drift: 5 objects of `<db>` differ from the files up to version 1: 1 missing (-), 1 extra (+), 3 changed (~)
    --- stderr
    no trigger is seen; where there is one, this account lacks the privilege TRIGGER
    ");
    assert_snapshot!(run(&test, "drift --sql"), @"
    exit 1
    --- stdout
    -- drift: 5 objects of `<db>` differ from the files up to version 1: 1 missing (-), 1 extra (+), 3 changed (~)
    SET SESSION sql_mode = 'STRICT_ALL_TABLES';
    -- DESTRUCTIVE, drops a table with its rows; if you mean it, take the dashes away:
    -- DROP TABLE `tmp_import`;
    ALTER TABLE `pets` COMMENT='';
    -- DESTRUCTIVE, gives a column a type that may not take all of its values; if you mean it, take the dashes away:
    -- ALTER TABLE `pets` CHANGE COLUMN `name` `name` varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL COMMENT 'as it is called',
    --  ADD KEY `idx_name` (`name`);
    -- DESTRUCTIVE, drops a column with its values; if you mean it, take the dashes away:
    -- ALTER TABLE `pets` DROP COLUMN `colour`;
    CREATE OR REPLACE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `pets_all` AS select `pets`.`id` AS `id`,`pets`.`name` AS `name` from `pets`;
    SET SESSION sql_mode = 'ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,NO_ZERO_IN_DATE,ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES';
    CREATE TRIGGER `pets_before` BEFORE INSERT ON `pets` FOR EACH ROW
    SET NEW.name = TRIM(NEW.name);
    SET SESSION sql_mode = 'STRICT_ALL_TABLES';
    DROP EVENT `nightly`;
    SET SESSION sql_mode = 'ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,NO_ZERO_IN_DATE,ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES';
    SET SESSION time_zone = 'SYSTEM';
    CREATE EVENT `nightly` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE DISABLE DO
    DELETE FROM pets WHERE born < '1900-01-01';
    --- stderr
    no trigger is seen; where there is one, this account lacks the privilege TRIGGER
    ");
    let found = json(&test, "drift");
    assert_eq!(found["outcome"], "found");
    assert_snapshot!(serde_json::to_string_pretty(&found["drift"][1]).unwrap(), @r#"
    {
      "kind": "table",
      "name": "tmp_import",
      "state": "extra",
      "changes": []
    }
    "#);
    mend(&test, "drift");
    assert_snapshot!(run(&test, "drift"), @"
    exit 0
    --- stdout
    no drift: 5 objects of `<db>` as in the files up to version 1
    ");
}

#[test]
fn only_a_terminal_gets_colours() {
    let test = clinic("drift_colours");
    test.sql("CREATE TABLE n (x INT)");
    assert!(!run(&test, "drift").contains('\u{1b}'));
    let (terminal, end) = pty();
    let mut child = command(&test, "drift").stdout(end).spawn().unwrap();
    let mut text = String::new();
    while !text.contains("drift: 1 object") {
        text.push_str(&read_some(&terminal));
    }
    child.wait().unwrap();
    assert!(text.contains("\u{1b}[32m+ table `n`\u{1b}[0m"), "{text:?}");
}

#[test]
fn what_is_named_in_the_configuration_is_ignored() {
    let test = clinic("drift_ignored");
    test.sql(CHANGES);
    let config = |ignore: &str| {
        let folders = "migrations = \"migrations\"\nrollbacks = \"rollbacks\"\n";
        test.file("caredb.toml", format!("{folders}[drift]\nignore = [{ignore}]\n"));
    };
    config("\"tmp_*\", \"view:pets_*\", \"trigger:*\", \"event:nightly\"");
    assert_snapshot!(run(&test, "drift"), @"
    exit 1
    --- stdout
    ~ table `pets`
      ~ column `name`: type `varchar(50)` → `varchar(80)`
      ~ column `name`: null `NOT NULL` → `NULL`
      ~ column `name`: default none → `NULL`
      ~ column `name`: comment `'as it is called'` → none
      + column `colour`: extra, varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NULL DEFAULT NULL
      - index `idx_name`: missing, KEY `idx_name` (`name`)
      ~ comment none → `'all'`
    drift: 1 object of `<db>` differs from the files up to version 1: 0 missing (-), 0 extra (+), 1 changed (~)
    ");
    config("\"table:pets\", \"tmp_*\", \"pets_all\", \"nightly\"");
    assert_snapshot!(run(&test, "drift"), @"
    exit 0
    --- stdout
    no drift: 1 object of `<db>` as in the files up to version 1
    ");
    config("\"index:x\"");
    assert_snapshot!(run(&test, "drift"), @"
    exit 2
    --- stderr
    error: `<folder>/caredb.toml` line 4: `index` is no kind of object; before the colon stands table, view, trigger, procedure, function or event
    ");
}

#[test]
fn pending_files_are_no_drift_and_half_applied_ones_are_an_error() {
    let test = clinic("drift_pending");
    let v2 = "CREATE TABLE visits (id INT NOT NULL PRIMARY KEY);\nALTER TABLE nowhere ADD x INT;";
    let files = [("V1__base.sql", V1), ("U1__base.sql", U1), ("R__pets_all.sql", R), ("V2__visits.sql", v2)];
    test.migrations(&files);
    assert_snapshot!(run(&test, "drift"), @"
    exit 0
    --- stdout
    no drift: 5 objects of `<db>` as in the files up to version 1
    ");
    test.run("migrate");
    assert_snapshot!(run(&test, "drift"), @"
    exit 2
    --- stderr
    error: version 2 is applied in part (1 of 2 statements); `caredb migrate` goes on with it
    ");
}

#[test]
fn files_of_an_older_release_are_an_error() {
    let test = clinic("drift_older");
    test.migrations(&[("V2__visits.sql", "CREATE TABLE visits (id INT NOT NULL PRIMARY KEY);")]);
    test.ok("migrate");
    std::fs::remove_file(test.folder.join("migrations/V2__visits.sql")).unwrap();
    assert_snapshot!(run(&test, "drift"), @"
    exit 2
    --- stderr
    error: `<db>` is at version 2, and the newest file is version 1; compare it with the files of the release that it was migrated by
    ");
}

#[test]
fn an_edited_r_file_is_not_compared() {
    let test = clinic("drift_edited");
    let other = "CREATE OR REPLACE VIEW pets_all AS SELECT id, name, born FROM pets;";
    test.migrations(&[("V1__base.sql", V1), ("U1__base.sql", U1), ("R__pets_all.sql", other)]);
    assert_snapshot!(run(&test, "drift"), @"
    exit 0
    --- stdout
    no drift: 4 objects of `<db>` as in the files up to version 1
    --- stderr
    `R__pets_all.sql` was edited since it was applied; what it creates is not compared until `caredb migrate` has applied it again
    ");
    test.migrations(&[
        ("V1__base.sql", &V1.replace("as it is called", "x")),
        ("U1__base.sql", U1),
        ("R__pets_all.sql", R),
    ]);
    assert_snapshot!(run(&test, "drift"), @"
    exit 2
    --- stderr
    error: `V1__base.sql` was edited after it was applied (checksum -1637367563, file has 628007229); put the old text back and make the change a new migration
    ");
}

#[test]
fn who_made_it_is_who_migrates() {
    let test = clinic("drift_definer");
    // another account runs drift, and is the definer on the scratch schema
    let url = test.url_as("ci", &["ALL"]);
    let user = test.user("ci");
    test.sql(&format!("GRANT ALL ON `{}_verify`.* TO '{user}'; GRANT SHOW_ROUTINE ON *.* TO '{user}'", test.database));
    test.sql(&format!("GRANT SET_ANY_DEFINER, SYSTEM_VARIABLES_ADMIN, SUPER ON *.* TO '{user}'"));
    let mut ci = command(&test, "drift --no-cache");
    let as_ci = |command: &mut Command| {
        let output = command.env("CAREDB_URL", &url).output().unwrap();
        test.show(&output)
    };
    // the flag is before the environment
    let mut plain = Command::new(ci.get_program());
    plain.args(["drift", "--no-cache"]).current_dir(&test.folder).env("XDG_CACHE_HOME", test.folder.join("cache"));
    assert_snapshot!(as_ci(&mut plain), @"
    exit 0
    --- stdout
    no drift: 5 objects of `<db>` as in the files up to version 1
    ");
    test.sql("ALTER DEFINER='ghost'@'%' VIEW pets_all AS SELECT id, name FROM pets");
    let _ = ci.output().unwrap();
    assert_snapshot!(run(&test, "drift"), @"
    exit 1
    --- stdout
    ~ view `pets_all`
      ~ definer `who migrates` → `ghost`@`%`
    drift: 1 object of `<db>` differs from the files up to version 1: 0 missing (-), 0 extra (+), 1 changed (~)
    ");
    mend(&test, "drift");
    assert_snapshot!(run(&test, "drift"), @"
    exit 0
    --- stdout
    no drift: 5 objects of `<db>` as in the files up to version 1
    ");
}

#[test]
fn a_snapshot_serves_who_may_not_make_a_schema() {
    let test = clinic("drift_snapshot");
    assert_snapshot!(run(&test, "snapshot schema.json"), @"
    exit 0
    --- stdout
    wrote `schema.json`: 5 objects of the files up to version 1
    ");
    let first = std::fs::read_to_string(test.folder.join("schema.json")).unwrap();
    test.ok("snapshot schema.json");
    assert_eq!(std::fs::read_to_string(test.folder.join("schema.json")).unwrap(), first);
    assert!(!first.contains("DEFINER=") && !first.contains("STARTS"), "{first}");

    let url = test.url_as("reader", &["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"]);
    let reader = |arguments: &str| {
        let mut command = Command::new(command(&test, "").get_program());
        command.args(arguments.split_whitespace()).current_dir(&test.folder).env("CAREDB_URL", &url);
        let output = command.env("XDG_CACHE_HOME", test.folder.join("none")).output().unwrap();
        test.show(&output).replace(&test.user("reader"), "<user>")
    };
    assert_snapshot!(reader("drift"), @"
    exit 2
    --- stderr
    error: could not create scratch schema `<db>_verify`: MySQL error 1044: Access denied for user 'reader_<db>'@'%' to database '<db>_verify'; this account may not create it: compare with a snapshot by `caredb drift --against snapshot.json`, which `caredb snapshot snapshot.json` makes where that is allowed
    ");
    assert_snapshot!(reader("drift --against schema.json"), @"
    exit 0
    --- stdout
    no drift: 5 objects of `<db>` as in snapshot `schema.json`
    ");
    test.sql("CREATE TABLE n (x INT)");
    assert_snapshot!(reader("drift --against schema.json"), @"
    exit 1
    --- stdout
    + table `n`
    drift: 1 object of `<db>` differs from snapshot `schema.json`: 0 missing (-), 1 extra (+), 0 changed (~)
    ");

    // of another version
    test.migrations(&[
        ("V1__base.sql", V1),
        ("U1__base.sql", U1),
        ("R__pets_all.sql", R),
        ("V2__n.sql", "CREATE TABLE n (x INT)"),
    ]);
    test.ok("snapshot schema.json");
    assert_snapshot!(reader("drift --against schema.json"), @"
    exit 2
    --- stderr
    error: snapshot `schema.json` is of version 2, and `<db>` is at version 1; migrate it first, or take the snapshot that belongs to version 1
    ");
    assert_snapshot!(reader("drift --against caredb.toml"), @"
    exit 2
    --- stderr
    error: `caredb.toml` is no snapshot (expected value at line 1 column 1); make one with `caredb snapshot FILE`
    ");
    assert_snapshot!(reader("drift --against nothing.json"), @"
    exit 2
    --- stderr
    error: could not read snapshot `nothing.json`: no such file or directory (os error 2)
    ");
    assert_snapshot!(run(&test, "snapshot nowhere/schema.json"), @"
    exit 2
    --- stderr
    error: could not write snapshot `nowhere/schema.json`: no such file or directory (os error 2)
    ");

    // the database as it is, for another one
    assert_snapshot!(run(&test, "snapshot live.json --live"), @"
    exit 0
    --- stdout
    wrote `live.json`: 6 objects of `<db>`
    ");
    assert_snapshot!(run(&test, "drift --against live.json"), @"
    exit 0
    --- stdout
    no drift: 6 objects of `<db>` as in snapshot `live.json`
    ");
}

#[test]
fn a_cache_is_believed_only_where_it_is_of_these_files() {
    let test = clinic("drift_cache");
    let cached = || json(&test, "drift")["cached"].clone();
    assert_eq!(cached(), false);
    assert_eq!(cached(), true);
    let folder = test.folder.join("cache/caredb/drift");
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&file).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"", b"{}"] {
        std::fs::write(&file, damaged).unwrap();
        assert_eq!(cached(), false);
        assert_eq!(std::fs::read(&file).unwrap(), whole);
    }
    // another character set of the database makes other tables of the same files
    test.sql("ALTER DATABASE CHARACTER SET latin1");
    assert_eq!(cached(), false);
    // nothing else lies there
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn annotations_are_for_who_looks_for_something() {
    let test = Test::new("drift_format");
    assert_snapshot!(run(&test, "info --format github"), @"
    exit 2
    --- stdout
    ::error title=caredb info::`info` has no annotations for `--format github`; say `--format json`, or nothing
    --- stderr
    error: `info` has no annotations for `--format github`; say `--format json`, or nothing
    ");
}
