//! Taking turns with Flyway: its rows are read, and after every command it can go on.

use std::collections::BTreeMap;

use caredb::migrate::files::checksum;
use insta::assert_snapshot;

use crate::history::THREE;
use crate::repeatable::with_repeatables;
use crate::support::Test;

/// As Flyway makes it (flyway-database-mysql, `MySQLDatabase.getRawCreateScript`).
const FLYWAYS: &str = "
    CREATE TABLE `flyway_schema_history` (
        `installed_rank` INT NOT NULL, `version` VARCHAR(50), `description` VARCHAR(200) NOT NULL, `type` VARCHAR(20) NOT NULL,
        `script` VARCHAR(1000) NOT NULL, `checksum` INT, `installed_by` VARCHAR(100) NOT NULL,
        `installed_on` TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, `execution_time` INT NOT NULL, `success` BOOL NOT NULL,
        CONSTRAINT `flyway_schema_history_pk` PRIMARY KEY (`installed_rank`));
    CREATE INDEX `flyway_schema_history_s_idx` ON `flyway_schema_history` (`success`);";

/// A row as Flyway inserts it: rank, version, description, type, script, checksum, success.
pub fn flyway(test: &Test, row: &str) {
    let [rank, version, description, kind, script, checksum, success] = row.split('|').collect::<Vec<_>>()[..] else {
        panic!("{row}");
    };
    let version = if version == "NULL" { version.to_owned() } else { format!("'{version}'") };
    test.sql(&format!(
        "INSERT INTO `flyway_schema_history` (`installed_rank`, `version`, `description`, `type`, `script`, `checksum`,
             `installed_by`, `execution_time`, `success`)
         VALUES ({rank}, {version}, '{description}', '{kind}', '{script}', {checksum}, 'flyway', 12, {success})"
    ));
}

/// The history, without what differs from run to run. Every type must be one that the open-source Flyway reads
/// (flyway-core, `CoreMigrationType`), and no failure may be left for it to stop at.
pub fn history(test: &Test) -> String {
    let foreign =
        test.rows("SELECT * FROM flyway_schema_history WHERE type NOT IN ('SCHEMA', 'BASELINE', 'DELETE', 'SQL')");
    assert_eq!(foreign, Vec::<String>::new());
    test.rows(
        "SELECT installed_rank, version, description, type, script, checksum, success FROM flyway_schema_history
         ORDER BY installed_rank",
    )
    .join("\n")
}

/// A row as Flyway sees it.
struct Row {
    rank: i32,
    version: Option<i64>,
    description: String,
    kind: String,
    checksum: i32,
    success: bool,
    deleted: bool,
}

/// The rows in the order of their ranks, with the marks that rows of type `DELETE` leave.
fn rows(test: &Test) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let columns = "installed_rank, COALESCE(version, ''), type, COALESCE(checksum, 0), success, description";
    for row in test.rows(&format!("SELECT {columns} FROM flyway_schema_history ORDER BY installed_rank")) {
        let column: Vec<&str> = row.splitn(6, '|').collect();
        let row = Row {
            rank: column[0].parse().unwrap(),
            version: column[1].split('.').next().unwrap().parse().ok(),
            description: column[5].to_owned(),
            kind: column[2].to_owned(),
            checksum: column[3].parse().unwrap(),
            success: column[4] == "1",
            deleted: false,
        };
        if row.kind == "DELETE" && row.success {
            let same = |old: &&mut Row| {
                old.kind == "SQL"
                    && old.version == row.version
                    && (row.version.is_some() || old.description == row.description)
            };
            let old = rows.iter_mut().rev().find(same);
            assert!(old.as_ref().is_none_or(|old| !old.deleted), "Flyway: multiple delete entries");
            if let Some(old) = old {
                old.deleted = true;
            }
        }
        rows.push(row);
    }
    rows
}

/// What Flyway's `validate` and `migrate` would do here with the files of the test: the scripts that they would apply,
/// or why they would stop. Written down from flyway-core (`MigrationInfoServiceImpl.refresh`, `BaseAppliedMigration` and
/// `ResolvedMigration.getState`, `MigrationInfoImpl.validate`, with the settings that Flyway comes with), since Flyway
/// itself can't be had where these tests run.
pub fn would_apply(test: &Test) -> Vec<String> {
    let mut versions: BTreeMap<i64, (String, String, i32)> = BTreeMap::new();
    let mut repeatables: BTreeMap<String, (String, i32)> = BTreeMap::new();
    for file in std::fs::read_dir(test.folder.join("migrations")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let checksum = checksum(&std::fs::read_to_string(test.folder.join("migrations").join(&name)).unwrap());
        let (prefix, description) = name.trim_end_matches(".sql").split_once("__").unwrap();
        let description = description.replace('_', " ");
        match prefix[1..].parse() {
            Ok(version) => drop(versions.insert(version, (name, description, checksum))),
            Err(_) => drop(repeatables.insert(description, (name, checksum))),
        }
    }
    let rows = rows(test);
    let latest: BTreeMap<&str, i32> =
        rows.iter().filter(|row| row.version.is_none()).map(|row| (row.description.as_str(), row.rank)).collect();
    let baseline = rows.iter().filter(|row| row.kind == "BASELINE").filter_map(|row| row.version).max().unwrap_or(0);
    let counts = |row: &&Row| !row.deleted && row.kind != "DELETE";
    let at = rows.iter().filter(counts).filter_map(|row| row.version).max().unwrap_or(0);
    let newest = versions.last_key_value().map_or(0, |(&version, _)| version);
    for row in rows.iter().filter(|row| row.kind == "SQL" && !row.deleted) {
        let missing = match row.version {
            Some(version) => !versions.contains_key(&version) && version < newest,
            None => !repeatables.contains_key(&row.description) && latest[row.description.as_str()] == row.rank,
        };
        let file = row.version.and_then(|version| versions.get(&version)).filter(|_| row.version > Some(baseline));
        if missing {
            return vec![format!("missing {}", row.description)];
        } else if !row.success {
            return vec![format!("failed {}", row.description)];
        } else if file
            .is_some_and(|(_, description, checksum)| (description, checksum) != (&row.description, &row.checksum))
        {
            return vec![format!("mismatch {}", row.description)];
        }
    }
    let mut scripts = Vec::new();
    for (version, (name, _, _)) in versions {
        let applied = rows.iter().filter(counts).any(|row| row.kind == "SQL" && row.version == Some(version));
        if !applied && version > baseline {
            scripts.push(if version < at { format!("ignored {name}") } else { name });
        }
    }
    for (description, (name, checksum)) in repeatables {
        let applied = rows.iter().filter(counts).any(|row| {
            row.version.is_none()
                && row.description == description
                && row.rank == latest[description.as_str()]
                && row.checksum == checksum
        });
        if !applied {
            scripts.push(name);
        }
    }
    scripts
}

/// A database as Flyway leaves it that was asked to create it, with its files in folders of its own.
fn flyways(test: &Test, rows: &[&str]) {
    test.sql(FLYWAYS);
    for row in rows {
        flyway(test, row);
    }
}

#[test]
fn a_database_of_flyways_is_taken_over_and_given_back() {
    let test = with_repeatables("history_takeover");
    test.file("migrations/V3__three.sql", "CREATE TABLE c (x INT)").file("rollbacks/U3__drop_c.sql", "DROP TABLE c");
    test.sql("CREATE TABLE a (x INT); CREATE TABLE b (x INT); CREATE VIEW v AS SELECT x FROM a");
    flyways(
        &test,
        &[
            "0|NULL|<< Flyway Schema Creation >>|SCHEMA|`clinic`|NULL|1",
            "1|1.0|one|SQL|db/${module}/V1.0__one.sql|357506204|1",
            "2|NULL|simple view|SQL|db/R__simple_view.sql|1|1",
            "3|002|two|SQL|db/V002__two.sql|750919769|1",
            "4|NULL|simple view|SQL|db/R__simple_view.sql|1232417471|1",
        ],
    );
    assert_snapshot!(test.run("validate"), @"
    exit 0
    --- stdout
    valid: 2 versions applied to `<db>`, 5 files in all
    ");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  yes
      2  two  Success  <time> <ms>  yes
      3  three  Pending  yes
      simple view  Superseded  <time> <ms>  yes
      simple view  Success  <time> <ms>  yes
      the programs  Pending  yes

    `<db>` is at version 2
    ");
    assert_snapshot!(test.run("repair"), @"
    exit 0
    --- stdout
    nothing to repair in `<db>`
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    V3  three  1 statement <ms> ms
    R  the programs  10 statements <ms> ms
    migrated `<db>` from version 2 to 3: 2 migrations, 11 statements in <s> s
    ");
    assert_snapshot!(history(&test), @"
    0|NULL|<< Flyway Schema Creation >>|SCHEMA|`clinic`|NULL|1
    1|1.0|one|SQL|db/${module}/V1.0__one.sql|357506204|1
    2|NULL|simple view|SQL|db/R__simple_view.sql|1|1
    3|002|two|SQL|db/V002__two.sql|750919769|1
    4|NULL|simple view|SQL|db/R__simple_view.sql|1232417471|1
    5|3|three|SQL|V3__three.sql|1001993242|1
    6|NULL|the programs|SQL|R__the_programs.sql|-1528645918|1
    ");
    assert_eq!(would_apply(&test), Vec::<String>::new());
    // what Flyway does next continues the ranks, and caredb goes on from there
    flyway(&test, "7|NULL|simple view|SQL|db/R__simple_view.sql|77|1");
    flyway(&test, "8|4|four|SQL|db/V4__four.sql|4|1");
    test.file("migrations/R__simple_view.sql", "CREATE OR REPLACE VIEW v AS SELECT x, 1 AS y FROM a");
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  yes
      2  two  Success  <time> <ms>  yes
      3  three  Success  <time> <ms>  yes
      4  four  Future  <time> <ms>  no
      simple view  Superseded  <time> <ms>  yes
      simple view  Superseded  <time> <ms>  yes
      simple view  Outdated  <time> <ms>  yes
      the programs  Success  <time> <ms>  yes

    `<db>` is at version 4
    ");
    // the database is ahead of these files: their R files are not put back over newer ones
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    nothing to do: `<db>` is at version 4
    ");
    test.sql("DELETE FROM flyway_schema_history WHERE installed_rank = 8");
    test.ok("migrate");
    assert_snapshot!(test.run("rollback --to 1"), @"
    exit 0
    --- stdout
    R  drop the programs  5 statements <ms> ms
    R  drop simple view  1 statement <ms> ms
    U3  drop c  1 statement <ms> ms
    U2  drop b  1 statement <ms> ms
    rolled back `<db>` from version 3 to 1: 4 migrations, 8 statements in <s> s
    ");
    assert_snapshot!(history(&test), @"
    0|NULL|<< Flyway Schema Creation >>|SCHEMA|`clinic`|NULL|1
    1|1.0|one|SQL|db/${module}/V1.0__one.sql|357506204|1
    ");
    assert_eq!(would_apply(&test), ["V2__two.sql", "V3__three.sql", "R__simple_view.sql", "R__the_programs.sql"]);
    test.ok("migrate");
    assert_eq!(would_apply(&test), Vec::<String>::new());
}

#[test]
fn a_failure_of_flyways_waits_for_a_person() {
    let test = with_repeatables("history_flyway_failed");
    test.sql("CREATE TABLE a (x INT)");
    flyways(
        &test,
        &[
            "1|1|one|SQL|V1__one.sql|357506204|1",
            "2|2|two|SQL|V2__two.sql|750919769|0",
            "3|NULL|simple view|SQL|R__simple_view.sql|1|0",
        ],
    );
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Success  <time> <ms>  yes
      2  two  Failed  <time> <ms>  yes
      simple view  Failed  <time> <ms>  yes
      the programs  Pending  yes

    `<db>` is at version 1
    ");
    assert_eq!(would_apply(&test), ["failed two"]);
    assert_snapshot!(test.run("migrate"), @"
    exit 2
    --- stderr
    error: version 2 (`V2__two.sql`) failed half-way and there is no journal of it; bring the schema to the state before it, then say `caredb repair`
    ");
    assert_eq!(test.rows("SHOW TABLES LIKE '_'"), ["a"]);
    assert_snapshot!(test.run("repair"), @"
    exit 0
    --- stdout
    remove the row of `V2__two.sql`, which failed; there is no journal of it, so look what it left in the schema
    remove the row of `R__simple_view.sql`, which failed; there is no journal of it, so look what it left in the schema
    repaired `<db>`: 2 rows
    ");
    test.ok("migrate");
    assert_snapshot!(history(&test), @"
    1|1|one|SQL|V1__one.sql|357506204|1
    2|2|two|SQL|V2__two.sql|750919769|1
    3|NULL|simple view|SQL|R__simple_view.sql|1232417471|1
    4|NULL|the programs|SQL|R__the_programs.sql|-1528645918|1
    ");
}

#[test]
fn what_flyways_paid_editions_write_is_read() {
    let test = Test::new("history_paid");
    test.migrations(&THREE);
    test.sql("CREATE TABLE a (x INT); CREATE TABLE b (x INT)");
    flyways(
        &test,
        &[
            "1|1|everything before|SQL_BASELINE|B1__everything_before.sql|5|1",
            "2|2|two|SQL|V2__two.sql|750919769|1",
            "3|3|three|SQL|V3__three.sql|1001993242|1",
            "4|3|three|UNDO_SQL|U3__three.sql|9|1",
        ],
    );
    assert_snapshot!(test.run("info"), @"
    exit 0
    --- stdout
    version  description  state  installed on  ms  undo
      1  one  Baseline  <time> <ms>  no
      2  two  Success  <time> <ms>  no
      3  three  Pending  no

    `<db>` is at version 2
    ");
    assert_snapshot!(test.run("migrate"), @"
    exit 0
    --- stdout
    V3  three  1 statement <ms> ms
    migrated `<db>` from version 2 to 3: 1 migration, 1 statement in <s> s
    ");
}
