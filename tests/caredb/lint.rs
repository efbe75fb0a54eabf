//! `lint`: every rule fires on a real server, allowances and `--since` do what they say, and what an ALTER is said to cost is what it costs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::process::Command;

use caredb::db::size::row_version_limit;
use caredb::lint::rules::codes;
use insta::assert_snapshot;
use serde_json::Value;
use sqlx::mysql::MySqlConnection;

use crate::support::{Test, block_on, rows, rows_at, server};

/// The final object of `lint --format json`.
fn json(test: &Test, arguments: &str) -> Value {
    let output = test.command(&format!("lint --format json {arguments}")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(last).unwrap()
}

/// How often each rule fired.
fn by_code(report: &Value) -> BTreeMap<String, u64> {
    let codes = report["by_code"].as_object().unwrap_or_else(|| panic!("{report}"));
    codes.iter().map(|(code, count)| (code.clone(), count.as_u64().unwrap())).collect()
}

/// `V1__base.sql` of the tests that change something.
const BASE: &str = "
    CREATE TABLE parent (id INT PRIMARY KEY);
    CREATE TABLE gone (id INT PRIMARY KEY);
    CREATE TABLE old_name (id INT PRIMARY KEY);
    CREATE TABLE big (id INT PRIMARY KEY, a VARCHAR(60), b INT, c INT, d INT, e INT);
    CREATE TABLE isam (id INT PRIMARY KEY) ENGINE=MyISAM;
    CREATE TABLE texts (id INT PRIMARY KEY, x VARCHAR(9)) DEFAULT CHARSET=latin1;
    CREATE TABLE days (id INT, day DATE NOT NULL, z INT, PRIMARY KEY (id));
    CREATE TABLE log (id INT, day DATE, z INT, PRIMARY KEY (id))";

const ALL: &str = "
-- caredb: allow drop-tabel nobody reads it
-- caredb: allow definer
-- caredb: allow charset-change the texts are ASCII
DROP TABLE gone;
RENAME TABLE old_name TO new_name;
ALTER TABLE big DROP COLUMN b, RENAME COLUMN c TO cc;
ALTER TABLE big ADD COLUMN n INT NOT NULL;
ALTER TABLE big MODIFY d BIGINT;
ALTER TABLE big MODIFY a VARCHAR(64);
CREATE UNIQUE INDEX ue ON big (e);
ALTER TABLE big ADD CONSTRAINT f FOREIGN KEY (e) REFERENCES parent (id);
ALTER TABLE big ADD CONSTRAINT ck CHECK (d > 0);
ALTER TABLE isam ENGINE=InnoDB;
ALTER TABLE days DROP PRIMARY KEY, ADD PRIMARY KEY (id, day) PARTITION BY HASH (id);
ALTER TABLE log MODIFY z INT FIRST;
-- caredb: allow redundant-index it was measured
ALTER TABLE log ADD s INT AS (id + 1) STORED;
CREATE TABLE child (x INT REFERENCES parent (id));
CREATE TABLE bills (id INT PRIMARY KEY, price FLOAT, p INT, KEY i (price), KEY j (price, p),
    CONSTRAINT f2 FOREIGN KEY (p) REFERENCES parent (id));
INSERT INTO parent VALUES (1);
INSERT INTO days VALUES (1, '0000-00-00', 1);
CREATE DEFINER = 'nobody'@'nowhere' VIEW v AS SELECT 1 AS x;
SET GLOBAL max_connections = 500;
COMMIT;
";

#[test]
fn every_rule_fires() {
    let test = Test::without_database("lint_all");
    test.migrations(&[
        ("V1__base.sql", BASE),
        ("V2__all.sql", ALL),
        ("U2__all.sql", "DO 0"),
        ("V3__half.sql", "ALTER TABLE parent ADD y INT, ADD z INT"),
        ("U3__half.sql", "ALTER TABLE parent DROP z"),
        ("V4__texts.sql", "ALTER TABLE texts CONVERT TO CHARACTER SET utf8mb4"),
        ("V5__open.sql", "DO 'open"),
    ]);
    let report =
        json(&test, "migrations/V2__all.sql migrations/V3__half.sql migrations/V4__texts.sql migrations/V5__open.sql");
    let found = by_code(&report);
    let missing: Vec<&str> = codes().filter(|code| !found.contains_key(*code)).collect();
    // those are for `--since`
    assert_eq!(missing, ["version-collides", "version-below"], "{report:#}");
    let once = |code: &&str| {
        !["foreign-key-index", "long-lock", "missing-undo", "several-alters", "unused-allowance"].contains(code)
    };
    for code in codes().filter(|code| !missing.contains(code)).filter(once) {
        assert_eq!(found[code], 1, "{code}: {report:#}");
    }
    // neither the database nor the scratch schema is there
    assert!(rows_at(&server().socket(), "SHOW DATABASES LIKE 't\\_lint\\_all%'").is_empty());
}

#[test]
fn what_is_found_is_told_with_reason_and_cure() {
    let test = Test::new("lint_told");
    test.migrations(&[
        ("V1__base.sql", "CREATE TABLE a (id INT PRIMARY KEY, x INT, y INT)"),
        ("U1__base.sql", "DROP TABLE a"),
        ("V2__drop.sql", "ALTER TABLE a DROP x;\n\nCREATE INDEX i ON a (y);"),
        ("U2__drop.sql", "ALTER TABLE a ADD x INT AFTER id, DROP INDEX i"),
        ("V3__drop.sql", "ALTER TABLE a DROP y"),
        ("U3__drop.sql", "ALTER TABLE a ADD y INT, ADD INDEX i (y)"),
    ]);
    assert_snapshot!(test.run("lint"), @"
    exit 1
    --- stdout
    migrations/V2__drop.sql:1: error drop-column: `a` drops column `x` with its values
      why: its values are gone, and every program that still names the column fails
      better: stop using it in a release of its own, then drop it by a later migration; INVISIBLE hides it from `SELECT *` meanwhile
    migrations/V2__drop.sql:3: warning several-alters: `a` alters the table once more
      why: each waits for the table's lock with every new query behind it, and each that makes the table anew makes all of it anew
      better: write one ALTER TABLE with all changes
    migrations/V3__drop.sql:1: error drop-column: `a` drops column `y` with its values

    file  line  table  cost
    migrations/V2__drop.sql  1  a  instant
    migrations/V2__drop.sql  3  a  online, reads the table for an index
    rollbacks/U2__drop.sql  1  a  online, rebuilds the table
    migrations/V3__drop.sql  1  a  online, rebuilds the table
    rollbacks/U3__drop.sql  1  a  online, rebuilds the table

    2 errors, 1 warning in 6 files, 7 statements
    ");
    assert_snapshot!(test.run("lint --format github migrations/V3__drop.sql"), @"
    exit 1
    --- stdout
    ::error file=migrations/V3__drop.sql,line=1,title=drop-column::`a` drops column `y` with its values%0Awhy: its values are gone, and every program that still names the column fails%0Abetter: stop using it in a release of its own, then drop it by a later migration; INVISIBLE hides it from `SELECT *` meanwhile

    file  line  table  cost
    migrations/V3__drop.sql  1  a  online, rebuilds the table

    1 error, 0 warnings in 1 file, 1 statement
    ");
    // on a database with the first version applied, whose table is known to be small
    test.ok("migrate --to 1");
    assert_snapshot!(test.run("lint --strict migrations/V2__drop.sql"), @"
    exit 1
    --- stdout
    migrations/V2__drop.sql:1: error drop-column: `a` drops column `x` with its values
      why: its values are gone, and every program that still names the column fails
      better: stop using it in a release of its own, then drop it by a later migration; INVISIBLE hides it from `SELECT *` meanwhile
    migrations/V2__drop.sql:3: warning several-alters: `a` alters the table once more
      why: each waits for the table's lock with every new query behind it, and each that makes the table anew makes all of it anew
      better: write one ALTER TABLE with all changes

    file  line  table  cost
    migrations/V2__drop.sql  1  a  instant
    migrations/V2__drop.sql  3  a  online, reads 16.0 KiB for an index

    1 error, 1 warning in 1 file, 2 statements
    ");
    test.ok("migrate");
    assert_snapshot!(test.run("lint"), @"
    exit 0
    --- stdout
    nothing to lint: no version is pending
    ");
    assert_snapshot!(test.run("lint migrations/V9__no.sql"), @"
    exit 2
    --- stderr
    error: could not read `migrations/V9__no.sql`: no such file or directory (os error 2)
    ");
}

#[test]
fn an_allowance_needs_a_reason_and_a_use() {
    let test = Test::new("lint_allow");
    let file = |text: &str| {
        test.migrations(&[
            ("V1__base.sql", "CREATE TABLE a (id INT PRIMARY KEY, x INT, y INT)"),
            ("U1__base.sql", "DROP TABLE a"),
            ("V2__drop.sql", text),
            ("U2__drop.sql", "ALTER TABLE a ADD x INT AFTER id"),
        ]);
        let report = json(&test, "migrations/V2__drop.sql");
        let found = report["findings"].as_array().unwrap().iter();
        let short = |finding: &Value| format!("{} {}", finding["line"], finding["code"].as_str().unwrap());
        (report["outcome"].as_str().unwrap().to_owned(), found.map(short).collect::<Vec<_>>().join(", "))
    };
    let (done, found) = ("done".to_owned(), "found".to_owned());
    let drop = "ALTER TABLE a DROP x";
    assert_eq!(file(drop), (found.clone(), "1 drop-column".to_owned()));
    assert_eq!(file(&format!("-- caredb: allow drop-column empty since 2019\n{drop}")), (done.clone(), String::new()));
    assert_eq!(
        file(&format!("-- caredb: allow drop-column\n{drop}")),
        (found.clone(), "1 allowance-without-reason, 2 drop-column".to_owned())
    );
    // the one that allows nothing is a warning
    let other = format!("DO 0;\n-- caredb: allow drop-column it is so\nDO 1;\n{drop}");
    assert_eq!(file(&other), (found, "2 unused-allowance, 4 drop-column".to_owned()));
    let unused = format!("-- caredb: allow drop-column so\n-- caredb: allow drop-table so\n{drop}");
    assert_eq!(file(&unused), (done, "2 unused-allowance".to_owned()));
    assert!(test.run("lint --strict migrations/V2__drop.sql").starts_with("exit 1\n"));
    assert!(test.run("lint migrations/V2__drop.sql").starts_with("exit 0\n"));
}

#[test]
fn the_shipped_files_have_no_errors() {
    let test = Test::without_database("lint_shipped");
    let report = json(&test, "");
    assert_eq!((report["files"].as_u64(), report["errors"].as_u64()), (Some(32), Some(0)), "{report:#}");
    let found = by_code(&report);
    let shown: Vec<String> = found.iter().map(|(code, count)| format!("{code} {count}")).collect();
    assert_snapshot!(shown.join("\n"), @"
    add-check 3
    add-unique 2
    long-lock 6
    mixed-ddl-dml 1
    partitioning 1
    primary-key-change 1
    redundant-index 9
    several-alters 1
    ");
}

#[test]
fn other_files_run_in_the_order_of_their_numbers() {
    let test = Test::new("lint_plain");
    test.sql("CREATE TABLE kept (x INT)");
    test.file("sql/step_10_drop.sql", "DROP TABLE b;\nUSE mysql;\nDROP TABLE t_lint_plain.kept;\n")
        .file(
            "sql/step_2_rename.sql",
            "SET @old = @@foreign_key_checks, FOREIGN_KEY_CHECKS = 0;\nALTER TABLE a RENAME TO b;\n",
        )
        .file(
            "sql/step_1_make.sql",
            "CREATE TABLE a (id INT PRIMARY KEY);\nCREATE TABEL c (x INT);\nsource other.sql;\n",
        )
        .file(
            "sql/step_3_several.sql",
            "DELIMITER //\nINSERT INTO b VALUES (1);\nCREATE PROCEDURE p() BEGIN SELECT 1; END; //\n",
        )
        .file("sql/notes.txt", "no SQL");
    assert_snapshot!(test.run("lint sql"), @"
    exit 1
    --- stdout
    sql/step_1_make.sql:2: error statement-fails: MySQL error 1064: syntax error near 'TABEL c (x INT)' at line 1; correct the statement and run again
      why: `migrate` would stop at it, with the statements before it done
      better: correct it; it was tried on a schema with nothing in it but what the files before it made
    sql/step_1_make.sql:3: warning not-tried: `source other.sql` is a command of the `mysql` client, which the server does not know
      why: it would reach beyond the scratch schema, so nothing is known of it, and what follows may fail for want of it
      better: do such things apart from the migrations, and leave the database's name out
    sql/step_2_rename.sql:2: error rename-table: `a` gives the table another name
      why: a release that knows the old name and one that knows the new can't run beside each other; views and programs keep the old one
      better: leave a view of the old name in the same RENAME's file, and drop it once nobody asks for it
    sql/step_10_drop.sql:1: error drop-table: `b` drops the table with its rows
      why: its rows are gone: a U file makes the table again, but empty
      better: rename it first, and drop it by a later migration, once nobody has missed it and it is in a backup
    sql/step_10_drop.sql:2: warning not-tried: `USE mysql` may change more than its database
    sql/step_10_drop.sql:3: warning not-tried: `DROP TABLE <db>.kept` names database `<db>`

    file  line  table  cost
    sql/step_2_rename.sql  2  a  instant

    3 errors, 3 warnings in 4 files, 10 statements, 3 of them not tried
    ");
    assert_eq!(test.rows("SHOW TABLES"), ["kept"]);
}

#[test]
fn a_statement_that_a_row_stops_is_found() {
    let test = Test::without_database("lint_row");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (id INT PRIMARY KEY, x INT NOT NULL, y INT NOT NULL, CHECK (y > x))"),
        ("V2__b.sql", "ALTER TABLE a ADD d DATE NOT NULL"),
        ("V3__c.sql", "ALTER TABLE a ADD e DATE NOT NULL DEFAULT (CURRENT_DATE), ALGORITHM=INPLACE"),
    ]);
    let report = json(&test, "migrations/V2__b.sql migrations/V3__c.sql");
    let told = report["findings"].as_array().unwrap().iter().filter(|finding| finding["code"] == "statement-fails");
    let told: Vec<String> = told
        .map(|finding| format!("{} {}", finding["file"].as_str().unwrap(), finding["what"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            "migrations/V2__b.sql where the table holds a row: MySQL error 1292: Incorrect date value: '…' for column 'd' at row 1",
            "migrations/V3__c.sql MySQL error 1845: ALGORITHM=INPLACE is not supported for this operation. Try ALGORITHM=COPY.",
        ],
        "{report:#}"
    );
}

#[test]
fn a_table_that_has_used_up_its_instant_changes_is_rebuilt() {
    let test = Test::new("lint_versions");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (id INT PRIMARY KEY, x INT)"),
        ("V2__b.sql", "ALTER TABLE a ADD y INT"),
    ]);
    test.ok("migrate --to 1");
    let limit = row_version_limit(&test.rows("SELECT VERSION()")[0]);
    block_on(async {
        let mut conn = test.connect().await;
        for number in 0..limit {
            let alter = if number % 2 == 0 {
                "ALTER TABLE a ADD z INT, ALGORITHM=INSTANT"
            } else {
                "ALTER TABLE a DROP z, ALGORITHM=INSTANT"
            };
            rows(&mut conn, alter).await.unwrap();
        }
    });
    let report = json(&test, "");
    let said = format!("online, rebuilds 16.0 KiB, since its {limit} INSTANT changes are used up");
    assert_eq!(report["costs"][0]["cost"], said, "{report:#}");
    let id = "SELECT TABLE_ID FROM information_schema.INNODB_TABLES WHERE NAME = 't_lint_versions/a'";
    let before = test.rows(id);
    test.ok("migrate");
    assert_ne!(test.rows(id), before);
}

fn git(test: &Test, arguments: &str) {
    let output = Command::new("git")
        .arg("-C")
        .arg(&test.folder)
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn since_looks_at_what_is_new() {
    let test = Test::new("lint_since");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (id INT PRIMARY KEY, x INT)"),
        ("U1__a.sql", "DROP TABLE a"),
        ("V2__b.sql", "CREATE TABLE b (id INT PRIMARY KEY)"),
        ("U2__b.sql", "DROP TABLE b"),
    ]);
    for arguments in
        ["init --quiet --initial-branch=main .", "add .", "commit --quiet --message base", "checkout --quiet -b mine"]
    {
        git(&test, arguments);
    }
    assert_snapshot!(test.run("lint --since main"), @"
    exit 0
    --- stdout
    nothing to lint: no file is new or changed since `main`
    ");
    // committed here, changed, untracked
    test.migrations(&[("V4__d.sql", "CREATE TABLE d (x INT)"), ("U4__d.sql", "DROP TABLE d")]);
    git(&test, "add .");
    git(&test, "commit --quiet --message mine");
    test.migrations(&[
        ("V3__c.sql", "ALTER TABLE a DROP x"),
        ("U3__c.sql", "ALTER TABLE a ADD x INT"),
        ("U2__b.sql", "DROP TABLE b -- changed"),
    ]);
    let report = json(&test, "--since main");
    assert_eq!(report["files"], 5, "{report:#}");
    assert_eq!(by_code(&report).into_keys().collect::<Vec<_>>(), ["drop-column", "missing-primary-key"]);
    // the other branch goes on
    for arguments in ["stash --quiet --include-untracked", "checkout --quiet main"] {
        git(&test, arguments);
    }
    test.migrations(&[("V4__other.sql", "CREATE TABLE o (id INT PRIMARY KEY)"), ("U4__other.sql", "DROP TABLE o")]);
    for arguments in ["add .", "commit --quiet --message other", "checkout --quiet mine", "stash pop --quiet"] {
        git(&test, arguments);
    }
    let report = json(&test, "--since main");
    let told: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .take(2)
        .map(|finding| {
            format!(
                "{} {}: {}",
                finding["code"].as_str().unwrap(),
                finding["file"].as_str().unwrap(),
                finding["what"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "version-below migrations/V3__c.sql: has version 3, below `V4__other.sql` of the other branch",
            "version-collides migrations/V4__d.sql: has version 4, and so has `V4__other.sql` of the other branch",
        ]
    );
    assert_snapshot!(test.run("lint --since nowhere"), @"
    exit 2
    --- stderr
    error: `git rev-parse --verify --end-of-options nowhere^{commit}` failed: fatal: Needed a single revision; `--since` takes a branch, tag or commit that this clone has (`git fetch` brings it)
    ");
    assert_snapshot!(test.run("lint --since=--all"), @"
    exit 2
    --- stderr
    error: `git rev-parse --verify --end-of-options --all^{commit}` failed: fatal: Needed a single revision; `--since` takes a branch, tag or commit that this clone has (`git fetch` brings it)
    ");
}

#[test]
fn a_dry_run_tells_what_alters_cost() {
    let test = Test::new("lint_dry");
    test.migrations(&[
        ("V1__a.sql", "CREATE TABLE a (id INT PRIMARY KEY, x INT)"),
        ("V2__b.sql", "ALTER TABLE a ADD y INT;\nALTER TABLE a MODIFY x BIGINT;\nCREATE TABLE b (id INT PRIMARY KEY);"),
    ]);
    test.ok("migrate --to 1");
    assert_snapshot!(test.run("migrate --dry-run"), @"
    exit 0
    --- stdout
    -- V2__b.sql statement 1 of 3, instant
    ALTER TABLE a ADD y INT;

    -- V2__b.sql statement 2 of 3, copies 16.0 KiB and blocks writes
    ALTER TABLE a MODIFY x BIGINT;

    -- V2__b.sql statement 3 of 3
    CREATE TABLE b (id INT PRIMARY KEY);

    -- dry run, nothing was changed: 1 migration, 3 statements would take version 1 to 2
    ");
    // who may make no scratch schema is told so, and the dry run goes on
    let url = test.url_as("clerk", &["ALL"]);
    assert_snapshot!(test.run_at(&url, "migrate --dry-run"), @"
    exit 0
    --- stdout
    -- V2__b.sql statement 1 of 3
    ALTER TABLE a ADD y INT;

    -- V2__b.sql statement 2 of 3
    ALTER TABLE a MODIFY x BIGINT;

    -- V2__b.sql statement 3 of 3
    CREATE TABLE b (id INT PRIMARY KEY);

    -- what the ALTERs cost is not known: could not create scratch schema `<db>_verify`: MySQL error 1044: Access denied for user 'clerk_<db>'@'%' to database '<db>_verify'; have an administrator grant this account ALL on `<db>_verify`.*, or name a schema that it may create by `--scratch`

    -- dry run, nothing was changed: 1 migration, 3 statements would take version 1 to 2
    ");
    test.sql("DROP USER clerk_t_lint_dry");
    assert_eq!(test.rows("SHOW TABLES"), ["a", "caredb_journal", "flyway_schema_history"]);
}

/// Statements with what they are to cost: algorithm, work, who waits.
const REAL: [(&str, &str, &str, &str, &str); 6] = [
    ("migrations/V2__instant.sql", "ALTER TABLE t ADD n INT", "instant", "definition", "nobody"),
    ("migrations/V3__index.sql", "CREATE INDEX i ON t (x, w)", "inplace", "index", "nobody"),
    ("migrations/V4__rebuild.sql", "ALTER TABLE t MODIFY w INT NOT NULL FIRST", "inplace", "rebuild", "nobody"),
    ("migrations/V5__fulltext.sql", "ALTER TABLE t ADD FULLTEXT INDEX f (x)", "inplace", "rebuild", "writes"),
    ("migrations/V6__type.sql", "ALTER TABLE t MODIFY z BIGINT", "copy", "rebuild", "writes"),
    ("migrations/V7__own.sql", "ALTER TABLE t DROP INDEX i, ALGORITHM=COPY", "copy", "rebuild", "writes"),
];

#[test]
fn the_costs_are_what_the_server_does() {
    let test = Test::new("lint_real");
    let make =
        "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, x VARCHAR(200) NOT NULL, z INT, w INT NOT NULL DEFAULT 0)";
    let files: Vec<(&str, &str)> = std::iter::once(("V1__t.sql", make))
        .chain(REAL.map(|(path, sql, ..)| (path.strip_prefix("migrations/").unwrap(), sql)))
        .collect();
    test.migrations(&files);
    test.ok("migrate --to 1");
    test.sql(
        "INSERT INTO t (x, z) WITH digit (n) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
             UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)
         SELECT CONCAT(SHA2(CONCAT(a.n, b.n, c.n, d.n, e.n, f.n), 256), ' ', REPEAT(CONCAT(a.n, b.n, ' '), 30)), a.n
         FROM digit a, digit b, digit c, digit d, digit e, digit f WHERE f.n < 2",
    );
    test.sql("ANALYZE TABLE t");
    let report = json(&test, "");
    let costs = report["costs"].as_array().unwrap();
    assert_eq!(costs.len(), REAL.len(), "{report:#}");
    let with_size = regex::Regex::new(r" \d+\.\d MiB.*, about \d+ (s|min)$").unwrap();
    let rate = report["bytes_per_s"]["copy"].as_u64().unwrap();
    assert!((1 << 20..10 << 30).contains(&rate), "{rate} bytes/s");
    for ((file, sql, algorithm, work, blocks), cost) in REAL.iter().zip(costs) {
        assert_eq!(cost["file"], *file);
        let said = [&cost["algorithm"], &cost["work"], &cost["blocks"]];
        assert_eq!(said, [*algorithm, *work, *blocks], "{sql}: {cost}");
        let text = cost["cost"].as_str().unwrap();
        assert_eq!(with_size.is_match(text), *algorithm != "instant", "{text}");
        let real = run(&test, sql, *algorithm != "instant");
        assert_eq!(real.copied == 200_000, cost["algorithm"] == "copy", "{sql}: {} rows copied", real.copied);
        assert_eq!(real.made_anew, cost["work"] == "rebuild", "{sql}");
        assert_eq!(real.blocked, cost["blocks"] == "writes", "{sql}");
    }
}

/// What a statement really did.
struct Real {
    copied: u64,
    made_anew: bool,
    blocked: bool,
}

/// Runs an ALTER, and writes to its table while it is at work, where it lasts.
fn run(test: &Test, sql: &'static str, lasts: bool) -> Real {
    let id = "SELECT TABLE_ID FROM information_schema.INNODB_TABLES WHERE NAME = 't_lint_real/t'";
    let before = test.rows(id);
    let (copied, blocked) = block_on(async {
        // all are connected before, so that what is left to do takes less time than the ALTER
        let mut conns = [test.connect().await, test.connect().await, test.connect().await];
        let mut states = Vec::new();
        for conn in &mut conns {
            let id = rows(conn, "SELECT CONNECTION_ID()").await.unwrap().concat();
            states.push(format!("SELECT COALESCE(STATE, '') FROM performance_schema.processlist WHERE ID = {id}"));
        }
        let [altering, writing, watching] = &mut conns;
        let has_ended = Cell::new(false);
        let alter = async {
            let done = sqlx::raw_sql(sql).execute(altering).await.unwrap();
            has_ended.set(true);
            done.rows_affected()
        };
        let watch = async {
            if !lasts {
                return false;
            }
            // InnoDB names its own stages: `alter table (read PK and internal sort)`
            let works = |state: &str| {
                ["altering table", "copy to tmp table"].contains(&state) || state.starts_with("alter table (")
            };
            while !works(&state(watching, &states[0]).await) {
                assert!(!has_ended.get(), "{sql} has ended before it was seen at work");
            }
            let mut write = pin!(sqlx::raw_sql("UPDATE t SET w = w + 1 WHERE id = 7").execute(writing));
            loop {
                let of_writer = tokio::select! {
                    biased;
                    done = &mut write => {
                        done.unwrap();
                        assert!(works(&state(watching, &states[0]).await), "{sql} has ended before the write");
                        return false;
                    }
                    of_writer = state(watching, &states[1]) => of_writer,
                };
                if of_writer == "Waiting for table metadata lock" {
                    write.await.unwrap();
                    return true;
                }
            }
        };
        tokio::join!(alter, watch)
    });
    Real { copied, made_anew: test.rows(id) != before, blocked }
}

/// What a connection is at.
async fn state(conn: &mut MySqlConnection, query: &str) -> String {
    rows(conn, query).await.unwrap().concat()
}
