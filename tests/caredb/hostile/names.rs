//! Names that are hostile and right: what caredb does works on databases and tables that are called so.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::support::Test;

/// Quotes, letters that are patterns or begin comments, and no room for more.
fn longest() -> String {
    let name = "names: or`d'e\"r 100%_\\ #/*x*/;-- naïve 名前";
    name.to_owned() + &"x".repeat(64 - name.chars().count())
}

struct Named<'a> {
    test: &'a Test,
    name: &'a str,
    url: String,
}

impl<'a> Named<'a> {
    fn new(test: &'a Test, name: &'a str) -> Self {
        let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
        Self { test, name, url: test.url.replace(&test.database, &encoded) }
    }

    /// Runs caredb, which must succeed.
    fn ok(&self, arguments: &str) -> String {
        let mut command = crate::support::command(&self.test.folder);
        command.env("XDG_CACHE_HOME", self.test.folder.join("cache")).args(arguments.split_whitespace());
        let output = command.args(["--url", &self.url]).output().unwrap();
        let said = self.test.show(&output);
        assert!(output.status.success(), "{} {arguments}: {said}", self.name);
        said
    }
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        let quoted = self.name.replace('`', "``");
        self.test.server_sql(&format!("DROP DATABASE IF EXISTS `{quoted}`"));
    }
}

#[test]
fn a_database_may_be_called_as_it_likes() {
    let test = Test::without_database("names");
    let name = longest();
    let named = Named::new(&test, &name);
    named.ok("migrate --create-database");
    assert!(named.ok("status").contains(&name));
    for command in ["seed", "partition ensure --allow-copy", "archive appointments --dry-run", "info", "verify"] {
        named.ok(command);
    }
    if std::env::var_os("CAREDB_TEST_FULL").is_some() {
        let checks =
            ["validate", "partition check", "seed check", "runs verify", "archive verify", "drift", "grants cron"];
        let jobs = ["cron", "archive restore --all", "compress medical-records --decompress"];
        let documents =
            ["report page.html", "report dictionary", "diagram er.svg", "snapshot s.json", "drift --against s.json"];
        for command in checks.iter().chain(&jobs).chain(&documents) {
            named.ok(command);
        }
    }
    named.ok("rollback --to 0");
}

const TABLES: &str = "
CREATE TABLE `select` (`order` INT PRIMARY KEY, `from` VARCHAR(9) DEFAULT 'it''s `x`' COMMENT 'a \\\\ and ''');
CREATE TABLE `a``b'c\"d` (`k``'\"` INT PRIMARY KEY, `%_\\` INT, KEY `key` (`%_\\`),
  CONSTRAINT `foreign` FOREIGN KEY (`%_\\`) REFERENCES `select` (`order`), CONSTRAINT `check` CHECK (`k``'\"` > 0));
CREATE TABLE `naïve 名 #/*x*/;--` (`when` DATE NOT NULL, `id` INT, PRIMARY KEY (`when`, `id`))
  PARTITION BY RANGE COLUMNS (`when`) (PARTITION `p_future` VALUES LESS THAN (MAXVALUE));
CREATE TRIGGER `trigger` BEFORE INSERT ON `a``b'c\"d` FOR EACH ROW SET NEW.`%_\\` = NULL;
";

#[test]
fn tables_may_be_called_as_they_like() {
    let test = Test::without_database("names_tables");
    let longest = "w".repeat(64);
    let up = format!("{TABLES}CREATE TABLE `{longest}` (`{longest}` INT, KEY `{longest}` (`{longest}`));");
    let down = format!(
        "DROP TABLE `{longest}`;\nDROP TABLE `naïve 名 #/*x*/;--`;\nDROP TABLE `a``b'c\"d`;\nDROP TABLE `select`;"
    );
    test.migrations(&[
        ("V1__tables.sql", &up),
        ("U1__tables.sql", &down),
        ("R__view.sql", "CREATE OR REPLACE VIEW `view``'\"` AS SELECT `order` AS `%_\\`, `from` FROM `select`;"),
    ]);
    let settings = "migrations = \"migrations\"\nrollbacks = \"rollbacks\"\n\
                    [[partitioned]]\ntable = \"naïve 名 #/*x*/;--\"\ncolumn = \"when\"\n";
    test.file("caredb.toml", settings);
    let named = Named::new(&test, "order");
    named.ok("migrate --create-database");
    for command in ["migrate", "info", "validate", "verify", "drift"] {
        named.ok(command);
    }
    let table = ["--table", "naïve 名 #/*x*/;--", "--url", &named.url];
    for words in ["partition ensure --today 2026-11-27", "partition list", "partition check --today 2026-11-27"] {
        let output = crate::support::command(&test.folder).args(words.split(' ')).args(table).output().unwrap();
        assert!(output.status.success(), "{words}: {}", test.show(&output));
    }
    for command in
        ["drift", "report page.html", "report dictionary", "diagram er.svg", "diagram er.mmd", "snapshot schema.json"]
    {
        named.ok(command);
    }
    named.ok("drift --against schema.json");
    named.ok("rollback --to 0");
}
