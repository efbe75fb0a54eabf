//! What pending statements ask of the server, read from their text alone. A statement that this reader does not
//! know asks for nothing: what it says is needed is needed for sure.

use std::collections::{BTreeMap, BTreeSet};

use crate::db::split::{Token, tokens};

/// One pending statement.
#[derive(Debug, Clone)]
pub struct Statement<'a> {
    /// Where it stands, for messages: `` `V3__x.sql` line 7 ``.
    pub place: String,
    /// Its text, as `split` gives it.
    pub text: &'a str,
}

/// What the statements need, all in the database of the session; what names another database is left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// How many statements there are.
    pub statements: usize,
    /// Privileges as GRANT writes them, each with the first place that needs it.
    pub privileges: BTreeMap<&'static str, String>,
    /// Tables that the statements name.
    pub tables: BTreeSet<String>,
    /// Those of them that ALTER TABLE or an index changes, so that the server may copy them.
    pub altered: BTreeSet<String>,
    /// Those of them that the server copies while writes wait, each with the first place that makes it so.
    pub copied: BTreeMap<String, String>,
    /// Where the first trigger or stored function is created, which error 1419 may refuse.
    pub program: Option<String>,
    /// Where the first table without a primary key is created.
    pub keyless: Option<String>,
}

impl Needs {
    /// Reads the statements of a plan.
    #[must_use]
    pub fn read(database: &str, statements: &[Statement<'_>]) -> Self {
        let mut needs = Self { statements: statements.len(), ..Self::default() };
        // whether new foreign keys are checked against the rows; each file begins with a session as the server has it
        let (mut file, mut checks) = ("", true);
        for statement in statements {
            let text = Text::new(statement.text);
            let of = statement.place.split(" line ").next().unwrap_or_default();
            if of != file {
                (file, checks) = (of, true);
            }
            checks = text.sets_foreign_key_checks().unwrap_or(checks);
            let tables = text.tables();
            if tables.iter().any(|table| table.database.as_ref().is_some_and(|other| other != database)) {
                continue;
            }
            for privilege in text.privileges() {
                needs.privileges.entry(privilege).or_insert_with(|| statement.place.clone());
            }
            if matches!(text.kind(), ("ALTER", "TABLE") | ("CREATE" | "DROP", "INDEX")) {
                needs.altered.extend(tables.first().map(|table| table.name.clone()));
            }
            if text.copies(checks)
                && let Some(table) = tables.first()
            {
                needs.copied.entry(table.name.clone()).or_insert_with(|| statement.place.clone());
            }
            needs.tables.extend(tables.into_iter().map(|table| table.name));
            if matches!(text.kind(), ("CREATE", "TRIGGER" | "FUNCTION")) {
                needs.program.get_or_insert_with(|| statement.place.clone());
            }
            if text.is_table_without_key() {
                needs.keyless.get_or_insert_with(|| statement.place.clone());
            }
        }
        needs
    }

    /// Adds what caredb's own tables ask for: rows always, CREATE where a table is not there yet.
    #[must_use]
    pub fn with_own_tables(mut self, exist: bool) -> Self {
        let create = if exist { None } else { Some("CREATE") };
        for privilege in ["SELECT", "INSERT", "UPDATE", "DELETE"].into_iter().chain(create) {
            self.privileges.entry(privilege).or_insert_with(|| "caredb's own tables".to_owned());
        }
        self
    }
}

/// The name of a table, as the statement writes it.
struct Name {
    database: Option<String>,
    name: String,
}

/// A statement as its tokens; words upper case beside.
struct Text<'a> {
    tokens: Vec<Token<'a>>,
    words: Vec<String>,
}

/// What CREATE, ALTER and DROP are done to.
const OBJECTS: [&str; 12] = [
    "TABLE",
    "INDEX",
    "VIEW",
    "TRIGGER",
    "PROCEDURE",
    "FUNCTION",
    "EVENT",
    "DATABASE",
    "SCHEMA",
    "USER",
    "ROLE",
    "TABLESPACE",
];

impl<'a> Text<'a> {
    fn new(text: &'a str) -> Self {
        // a statement that `split` gave has been read to its end already
        let mut tokens = tokens(text).unwrap_or_default();
        // the head of `/*!50003 CREATE`
        let starts =
            |token: &Token<'_>| matches!(token, Token::Word(word) if !word.starts_with(|c: char| c.is_ascii_digit()));
        tokens.drain(..tokens.iter().position(starts).unwrap_or(tokens.len()));
        let upper = |token: &Token<'_>| match token {
            Token::Word(word) => word.to_ascii_uppercase(),
            _ => String::new(),
        };
        let words = tokens.iter().map(upper).collect();
        Self { tokens, words }
    }

    fn first(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|found| found == word)
    }

    /// Whether one of `first` stands directly before one of `second`.
    fn has_pair(&self, first: &[&str], second: &[&str]) -> bool {
        self.words.windows(2).any(|pair| first.contains(&pair[0].as_str()) && second.contains(&pair[1].as_str()))
    }

    /// Where the word for the object stands in CREATE, ALTER, DROP; behind options such as DEFINER.
    fn object(&self) -> Option<usize> {
        self.words.iter().position(|word| OBJECTS.contains(&word.as_str()))
    }

    /// The verb and, for CREATE, ALTER and DROP, its object.
    fn kind(&self) -> (&str, &str) {
        match self.first() {
            verb @ ("CREATE" | "ALTER" | "DROP") if !self.has("TEMPORARY") => {
                (verb, self.object().map_or("", |at| self.words[at].as_str()))
            }
            verb => (verb, ""),
        }
    }

    /// Checked on MySQL 9.7, and as the manual has it under "Privileges Provided by MySQL". ALTER TABLE is written
    /// there to need CREATE and INSERT, too, but the server asks for neither.
    fn privileges(&self) -> Vec<&'static str> {
        let mut needed = match self.kind() {
            ("CREATE", "TABLE") if self.has("SELECT") => vec!["CREATE", "INSERT"],
            ("CREATE", "TABLE") if self.has("LIKE") && !self.has("CHECK") && !self.has("AS") => {
                vec!["CREATE", "SELECT"]
            }
            ("CREATE", "TABLE") => vec!["CREATE"],
            ("CREATE" | "DROP", "INDEX") => vec!["INDEX"],
            ("CREATE", "VIEW") if self.has_pair(&["OR"], &["REPLACE"]) => vec!["CREATE VIEW", "DROP"],
            ("CREATE", "VIEW") => vec!["CREATE VIEW"],
            ("ALTER", "VIEW") => vec!["CREATE VIEW", "DROP"],
            ("CREATE" | "DROP", "TRIGGER") => vec!["TRIGGER"],
            ("CREATE", "PROCEDURE" | "FUNCTION") => vec!["CREATE ROUTINE"],
            ("CREATE" | "ALTER" | "DROP", "EVENT") => vec!["EVENT"],
            ("ALTER", "TABLE") if self.has_pair(&["DROP", "TRUNCATE", "EXCHANGE"], &["PARTITION"]) => {
                vec!["ALTER", "DROP"]
            }
            ("ALTER", "TABLE") => vec!["ALTER"],
            ("DROP", "TABLE" | "VIEW") | ("TRUNCATE", _) => vec!["DROP"],
            ("RENAME", _) if self.words.get(1).is_some_and(|word| word == "TABLE") => {
                vec!["ALTER", "DROP", "CREATE", "INSERT"]
            }
            ("INSERT", _) => vec!["INSERT"],
            ("UPDATE", _) => vec!["UPDATE"],
            ("DELETE", _) => vec!["DELETE"],
            ("REPLACE", _) => vec!["INSERT", "DELETE"],
            ("CALL", _) => vec!["EXECUTE"],
            _ => vec![],
        };
        if matches!(self.kind(), ("CREATE" | "ALTER", "TABLE")) && self.has("REFERENCES") {
            needed.push("REFERENCES");
        }
        needed
    }

    /// What `SET foreign_key_checks` sets it to; none for any other statement.
    fn sets_foreign_key_checks(&self) -> Option<bool> {
        let at = self.words.iter().position(|word| word.ends_with("FOREIGN_KEY_CHECKS"))?;
        (self.first() == "SET")
            .then(|| !matches!(self.words.get(at + 2).map(String::as_str), Some("0" | "OFF" | "FALSE")))
    }

    /// Whether ALTER TABLE copies the table for sure while writes wait: a foreign key that is checked (error 1846 for anything
    /// less), partitions made or taken away (MySQL manual, "Online DDL Operations"). `checks`: whether foreign keys are checked.
    fn copies(&self, checks: bool) -> bool {
        let keys = self.words.windows(2).enumerate().filter(|(_, pair)| pair[0] == "FOREIGN" && pair[1] == "KEY");
        let adds_key = keys.into_iter().any(|(at, _)| at > 0 && self.words[at - 1] != "DROP");
        let partitions = self.has_pair(&["PARTITION"], &["BY"]) || self.has_pair(&["REMOVE"], &["PARTITIONING"]);
        self.kind() == ("ALTER", "TABLE") && (adds_key && checks || partitions)
    }

    /// Sure only where neither `PRIMARY KEY`, nor `KEY` behind a column, nor another table can give it one.
    fn is_table_without_key(&self) -> bool {
        self.kind() == ("CREATE", "TABLE") && !["PRIMARY", "KEY", "LIKE", "SELECT"].iter().any(|word| self.has(word))
    }

    /// The tables that the statement names: what it changes first, then what foreign keys refer to.
    fn tables(&self) -> Vec<Name> {
        let behind = |words: &[&str]| self.words.iter().position(|word| words.contains(&word.as_str()));
        let first = match self.kind() {
            ("CREATE" | "ALTER" | "DROP", "TABLE") => self.object(),
            ("CREATE" | "DROP", "INDEX") | ("CREATE", "TRIGGER") => behind(&["ON"]),
            ("TRUNCATE" | "UPDATE", _) => Some(0),
            ("RENAME", _) => behind(&["TABLE"]),
            ("INSERT" | "REPLACE", _) => behind(&["INTO"]).or(Some(0)),
            ("DELETE", _) => behind(&["FROM"]),
            _ => None,
        };
        let list = matches!(self.kind(), ("DROP", "TABLE"));
        let mut names = Vec::new();
        let mut at = first.map(|at| at + 1);
        while let Some((name, next)) = at.and_then(|at| self.name(at)) {
            names.push(name);
            at = (list && self.tokens.get(next) == Some(&Token::Symbol(','))).then_some(next + 1);
        }
        if matches!(self.kind(), ("CREATE" | "ALTER", "TABLE")) {
            let references = self.words.iter().enumerate().filter(|(_, word)| *word == "REFERENCES");
            names.extend(references.filter_map(|(at, _)| self.name(at + 1)).map(|(name, _)| name));
        }
        names
    }

    /// The name at a token, behind words that may stand before it, and where it ends.
    fn name(&self, mut at: usize) -> Option<(Name, usize)> {
        const BEFORE: [&str; 8] =
            ["IF", "NOT", "EXISTS", "TABLE", "IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED"];
        while self.words.get(at).is_some_and(|word| BEFORE.contains(&word.as_str())) {
            at += 1;
        }
        let part = |at: usize| match self.tokens.get(at)? {
            Token::Word(word) => Some((*word).to_owned()),
            Token::Quoted(quoted) if quoted.starts_with('`') => Some(quoted[1..quoted.len() - 1].replace("``", "`")),
            _ => None,
        };
        let name = part(at)?;
        if self.tokens.get(at + 1) == Some(&Token::Symbol('.'))
            && let Some(second) = part(at + 2)
        {
            return Some((Name { database: Some(name), name: second }, at + 3));
        }
        Some((Name { database: None, name }, at + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(text: &str) -> Needs {
        Needs::read("clinic", &[Statement { place: "here".to_owned(), text }])
    }

    #[test]
    fn knows_what_each_statement_needs() {
        for (sql, privileges, tables) in [
            ("CREATE TABLE t (a INT)", "CREATE", "t"),
            ("create table if not exists `t` (a INT, FOREIGN KEY (a) REFERENCES p (a))", "CREATE REFERENCES", "p t"),
            ("CREATE TABLE t LIKE u", "CREATE SELECT", "t"),
            ("CREATE TABLE t (a TEXT CHECK (a LIKE 'x'))", "CREATE", "t"),
            ("CREATE TABLE t AS SELECT 1 x", "CREATE INSERT", "t"),
            ("CREATE TEMPORARY TABLE t (a INT)", "", ""),
            ("CREATE TABLE clinic.t (a INT)", "CREATE", "t"),
            ("CREATE TABLE other.t (a INT)", "", ""),
            ("CREATE UNIQUE INDEX i ON t (a)", "INDEX", "t"),
            ("DROP INDEX i ON t", "INDEX", "t"),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE VIEW DROP", ""),
            ("CREATE DEFINER = `a`@`b` TRIGGER x BEFORE INSERT ON t FOR EACH ROW DROP TABLE y", "TRIGGER", "t"),
            ("CREATE FUNCTION f() RETURNS INT RETURN 1", "CREATE ROUTINE", ""),
            ("/*!50003 CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t */", "EVENT", ""),
            ("ALTER TABLE t ADD COLUMN b INT, DROP COLUMN c", "ALTER", "t"),
            ("ALTER TABLE t DROP PARTITION p_2020_01", "ALTER DROP", "t"),
            ("DROP TABLE IF EXISTS a, `b`, clinic.c", "DROP", "a b c"),
            ("RENAME TABLE a TO b", "ALTER CREATE DROP INSERT", "a"),
            ("TRUNCATE TABLE t", "DROP", "t"),
            ("INSERT IGNORE INTO t VALUES ('DROP')", "INSERT", "t"),
            ("UPDATE LOW_PRIORITY t SET a = 1", "UPDATE", "t"),
            ("DELETE FROM t", "DELETE", "t"),
            ("REPLACE INTO t VALUES (1)", "DELETE INSERT", "t"),
            ("SET @a = 1", "", ""),
        ] {
            let needs = needs(sql);
            assert_eq!(needs.privileges.into_keys().collect::<Vec<_>>().join(" "), privileges, "{sql}");
            assert_eq!(needs.tables.into_iter().collect::<Vec<_>>().join(" "), tables, "{sql}");
        }
    }

    #[test]
    fn knows_what_may_be_copied_and_what_1419_may_refuse() {
        assert_eq!(needs("ALTER TABLE t ADD b INT").altered.into_iter().collect::<Vec<_>>(), ["t"]);
        assert_eq!(needs("CREATE INDEX i ON t (a)").altered.into_iter().collect::<Vec<_>>(), ["t"]);
        assert!(needs("DROP TABLE t").altered.is_empty());
        assert!(needs("CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1").program.is_some());
        assert!(needs("CREATE PROCEDURE p() SELECT 1").program.is_none());
    }

    #[test]
    fn knows_what_is_copied_while_writes_wait() {
        for (sql, copied) in [
            ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (a)", true),
            ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (a), DROP FOREIGN KEY g", true),
            ("ALTER TABLE t DROP FOREIGN KEY g, DROP COLUMN a", false),
            ("alter table t add a int, partition by hash (a)", true),
            ("ALTER TABLE t REMOVE PARTITIONING", true),
            ("ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (1))", false),
            ("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (a))", false),
        ] {
            assert_eq!(needs(sql).copied.contains_key("t"), copied, "{sql}");
        }
        let add = "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (a)";
        for (before, copied) in [
            ("SET SESSION foreign_key_checks = 0", false),
            ("set @@session.foreign_key_checks = off", false),
            ("SET SESSION foreign_key_checks = 1", true),
            ("SET SESSION unique_checks = 0", true),
        ] {
            let statement = |text, line: u32, file: &str| Statement { place: format!("`{file}` line {line}"), text };
            let here = Needs::read("clinic", &[statement(before, 1, "V1"), statement(add, 2, "V1")]);
            assert_eq!(here.copied.contains_key("t"), copied, "{before}");
            let next = Needs::read("clinic", &[statement(before, 1, "V1"), statement(add, 1, "V2")]);
            assert!(next.copied.contains_key("t"), "{before}");
        }
    }

    #[test]
    fn a_table_is_called_keyless_only_where_that_is_sure() {
        for (sql, keyless) in [
            ("CREATE TABLE t (a INT)", true),
            ("CREATE TABLE t (a INT NOT NULL UNIQUE)", true),
            ("CREATE TABLE t (a INT PRIMARY KEY)", false),
            ("CREATE TABLE t (a INT KEY)", false),
            ("CREATE TABLE t LIKE u", false),
            ("CREATE TABLE t SELECT * FROM u", false),
            ("ALTER TABLE t ADD a INT", false),
        ] {
            assert_eq!(needs(sql).keyless.is_some(), keyless, "{sql}");
        }
    }
}
