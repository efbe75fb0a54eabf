//! What a statement does, as far as its words tell: how it is journalled, and how it is decided after a crash.

use super::reader::Reader;
use crate::db::ident::Ident;
use crate::db::split::{Token, tokens};
use crate::schema::introspect::Kind;

/// A class of statement, by what a crash inside it can leave behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Changes rows, or only reads: runs in one transaction with its journal row (MySQL manual, "Statements That Cause an Implicit
    /// Commit", is the list of what can't).
    Rows,
    /// Changes the definition of objects, commits by itself, and is atomic (MySQL manual, "Atomic Data Definition Statement
    /// Support"): decided by the objects' fingerprints.
    Schema(Change),
    /// Changes nothing but the session: repeated when a file goes on after a crash, undone at the file's end.
    Session(Session),
    /// May run twice without harm: `GRANT`, `SET GLOBAL`, `ANALYZE TABLE`.
    Repeatable,
    /// Everything else: `CALL`, `EXECUTE`, what MySQL may add. Whether it took effect is for a person to say, unless the file
    /// declares what it changes.
    Opaque,
}

/// What a schema statement changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the statement")]
pub struct Change {
    /// The objects, in the order of the statement.
    pub targets: Vec<Target>,
    /// All of them are gone afterwards.
    pub drops: bool,
    /// The definitions may be the same before and after (a rebuild, `TRUNCATE`, `EXCHANGE`, a swap): only InnoDB's table ids tell.
    pub rebuilds: bool,
    /// `CREATE OR REPLACE`: it may run twice without harm.
    pub replaces: bool,
    /// What such a statement does, which is what a change of the table ids can prove.
    pub unseen: Unseen,
    /// Declared in the file, not read from the statement.
    pub declared: bool,
}

/// What a statement does that leaves the definitions as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unseen {
    /// Makes the table anew with its rows; whoever did it, it is done.
    #[default]
    Rebuild,
    /// Tables or partitions change places: the ids are the same, in another order.
    Swap,
    /// The table is made anew without its rows.
    Empty,
    /// Anything else, such as two columns that change names: another client's rebuild looks the same.
    Other,
}

/// An object as a statement names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What it is.
    pub kind: Kind,
    /// Where it is said to be; none for the current database.
    pub database: Option<Ident>,
    /// Its name.
    pub name: Ident,
}

/// What a session statement sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// `USE database`
    Use(Ident),
    /// Variables: system ones by their names in lower case, a user's with `@`; `names` for the character sets.
    Set(Vec<String>),
    /// `PREPARE`, `DEALLOCATE PREPARE`: gone with the connection, harmless when left.
    Prepare,
}

/// A statement that a migration can't hold, since its journal could not be kept true.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("`{statement}` can't stand in a migration: {reason}")]
pub struct Refused {
    /// The statement's first words.
    pub statement: String,
    /// Why.
    pub reason: &'static str,
}

impl Refused {
    /// Whether only the journal is against it, so that a trial may run it.
    #[must_use]
    pub fn may_be_tried(&self) -> bool {
        [TEMPORARY, DERIVED, MIXED, CHARSET].contains(&self.reason)
    }
}

const TRANSACTION: &str = "caredb commits each statement together with its journal; leave it out";
const LOCKS: &str = "it would take or free locks that caredb relies on; leave it out";
const TEMPORARY: &str =
    "a temporary table is gone when the file goes on after a crash; use a table and drop it at the end";
const LOCAL: &str = "the file is not part of the migration; use INSERT";
const DERIVED: &str =
    "the variable's value could be another one when the file goes on after a crash; write the value itself";
const MIXED: &str = "it sets the server and the session at once, which last differently; write two statements";
const CHARSET: &str = "only `SET NAMES` is known to be the same again when the file goes on after a crash; write that";
const QUOTING: &str =
    "it changes what quotes and backslashes mean, which caredb reads before the server does; leave it out";

/// Classifies `text`, one statement as `split` gives it. Errors: what a migration can't hold.
pub fn classify(text: &str) -> Result<Class, Refused> {
    let all = words(text);
    let mut reader = Reader { tokens: &all };
    let refused = |statement: &str, reason| Err(Refused { statement: statement.to_owned(), reason });
    if all.iter().any(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("RELEASE_ALL_LOCKS"))) {
        return refused("RELEASE_ALL_LOCKS()", LOCKS);
    }
    // values that another connection does not have
    if all.iter().any(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("LAST_INSERT_ID")))
        && !defines_program(&all)
    {
        return refused("LAST_INSERT_ID()", DERIVED);
    }
    let first = reader.word();
    if first == "SELECT" && all.windows(2).any(|pair| pair == [Token::Symbol(':'), Token::Symbol('=')]) {
        return refused("SELECT @variable :=", DERIVED);
    }
    match first.as_str() {
        "START" if reader.at("TRANSACTION") => refused("START TRANSACTION", TRANSACTION),
        "RELEASE" if reader.at("SAVEPOINT") => refused("RELEASE SAVEPOINT", TRANSACTION),
        "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "XA" => refused(&first, TRANSACTION),
        "FLUSH" if reader.anywhere("LOCK") || reader.anywhere("EXPORT") => {
            refused("FLUSH TABLES WITH READ LOCK", LOCKS)
        }
        "LOCK" | "UNLOCK" => refused(&format!("{first} {}", reader.word()), LOCKS),
        "LOAD" if reader.anywhere("LOCAL") => refused("LOAD DATA LOCAL", LOCAL),
        "SELECT" | "WITH" | "TABLE" | "VALUES" if reader.anywhere("INTO") => match reader.after("INTO") {
            Some(Token::Word(word)) if word.starts_with('@') => refused("SELECT … INTO @variable", DERIVED),
            _ => Ok(Class::Opaque), // OUTFILE, DUMPFILE
        },
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "LOAD" | "SELECT" | "WITH" | "TABLE" | "VALUES" | "DO"
        | "SHOW" | "EXPLAIN" | "DESCRIBE" | "DESC" => Ok(Class::Rows),
        "SET" => reader.set(),
        "USE" => Ok(reader.name().map_or(Class::Opaque, |name| Class::Session(Session::Use(name)))),
        "PREPARE" if reader.anywhere("FROM") => Ok(Class::Session(Session::Prepare)),
        "DEALLOCATE" => Ok(Class::Session(Session::Prepare)),
        "DROP" if reader.at("PREPARE") => Ok(Class::Session(Session::Prepare)),
        "CREATE" | "DROP" if reader.at("TEMPORARY") => refused(&format!("{first} TEMPORARY TABLE"), TEMPORARY),
        "CREATE" => {
            let replaces = reader.at("OR");
            Ok(match reader.create() {
                Class::Schema(change) => Class::Schema(Change { replaces, ..change }),
                class => class,
            })
        }
        "DROP" => Ok(reader.drop()),
        "ALTER" => Ok(reader.alter()),
        "RENAME" if reader.takes("TABLE") || reader.takes("TABLES") => {
            Ok(unseen(reader.names(Kind::Table, &["TO", ","]), Unseen::Swap))
        }
        "TRUNCATE" => {
            reader.takes("TABLE");
            Ok(unseen(reader.names(Kind::Table, &[]), Unseen::Empty))
        }
        "OPTIMIZE" => {
            reader.takes("NO_WRITE_TO_BINLOG");
            reader.takes("LOCAL");
            reader.takes("TABLE");
            Ok(unseen(reader.names(Kind::Table, &[","]), Unseen::Rebuild))
        }
        "GRANT" | "ANALYZE" | "FLUSH" | "CHECK" | "CHECKSUM" => Ok(Class::Repeatable),
        _ => Ok(Class::Opaque),
    }
}

/// Whether a statement makes a program, whose text runs later.
fn defines_program(tokens: &[Token<'_>]) -> bool {
    let is = |token: &Token<'_>, words: &[&str]| matches!(token, Token::Word(word) if words.iter().any(|name| word.eq_ignore_ascii_case(name)));
    tokens.first().is_some_and(|token| is(token, &["CREATE"]))
        && tokens.iter().any(|token| is(token, &["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"]))
}

/// What the file declares of a statement that tells nothing itself, in a comment before it:
/// `-- caredb: changes TABLE a, VIEW b`. None where it declares nothing; `comments` is the text before the statement.
#[must_use]
pub fn declared(comments: &str) -> Option<Change> {
    let line = comments.lines().rev().find_map(|line| line.trim().strip_prefix("-- caredb: changes "))?;
    let tokens = tokens(line).ok()?;
    let mut reader = Reader { tokens: &tokens };
    let mut targets = Vec::new();
    while !reader.tokens.is_empty() {
        let kind = kind(&reader.word())?;
        targets.extend(reader.qualified(kind));
        reader.symbol(',');
    }
    (!targets.is_empty()).then_some(Change { targets, declared: true, rebuilds: true, ..Change::default() })
}

/// What a statement takes away for good, in a word or two; none where it takes away nothing that a rollback could miss.
/// Dropped keys and programs do not count: their text is in the files.
#[must_use]
pub fn destroys(text: &str) -> Option<&'static str> {
    let tokens = words(text);
    let mut reader = Reader { tokens: &tokens };
    match reader.word().as_str() {
        "DROP" if reader.at("TABLE") || reader.at("TABLES") => Some("drops a table with its rows"),
        "DROP" if reader.at("DATABASE") || reader.at("SCHEMA") => Some("drops a database"),
        "TRUNCATE" => Some("empties a table"),
        "DELETE" => Some("deletes rows"),
        "REPLACE" => Some("replaces rows"),
        "ALTER" if reader.anywhere("PARTITION") && (reader.anywhere("DROP") || reader.anywhere("TRUNCATE")) => {
            Some("drops a partition's rows")
        }
        "ALTER" if reader.at("TABLE") => {
            while reader.skip_to("DROP") {
                const KEPT: [&str; 8] =
                    ["INDEX", "KEY", "CHECK", "CONSTRAINT", "FOREIGN", "PRIMARY", "DEFAULT", "PARTITIONING"];
                if !KEPT.iter().any(|word| reader.at(word)) {
                    return Some("drops a column with its values");
                }
            }
            None
        }
        _ => None,
    }
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "TABLE" => Kind::Table,
        "VIEW" => Kind::View,
        "TRIGGER" => Kind::Trigger,
        "PROCEDURE" => Kind::Procedure,
        "FUNCTION" => Kind::Function,
        "EVENT" => Kind::Event,
        _ => return None,
    })
}

fn schema(targets: Vec<Target>, drops: bool, rebuilds: bool) -> Class {
    if targets.is_empty() {
        Class::Opaque
    } else {
        Class::Schema(Change { targets, drops, rebuilds, ..Change::default() })
    }
}

/// A statement that may leave the definitions as they are.
fn unseen(targets: Vec<Target>, unseen: Unseen) -> Class {
    match schema(targets, false, true) {
        Class::Schema(change) => Class::Schema(Change { unseen, ..change }),
        class => class,
    }
}

/// The tokens of one statement, as `split` gives it. `/*!50003 CREATE … */` is read as what is in it; the version may stand right
/// before the first word.
#[must_use]
pub fn words(text: &str) -> Vec<Token<'_>> {
    // a statement that `split` gave has been read to its end already
    let mut tokens = tokens(text).unwrap_or_default();
    if tokens.starts_with(&[Token::Symbol('/'), Token::Symbol('*'), Token::Symbol('!')]) {
        tokens.drain(..3);
        if let Some(Token::Word(first)) = tokens.first_mut() {
            *first = first.trim_start_matches(|c: char| c.is_ascii_digit());
            if first.is_empty() {
                tokens.remove(0);
            }
        }
    }
    tokens
}

impl Reader<'_, '_> {
    fn create(&mut self) -> Class {
        // [OR REPLACE] [ALGORITHM = …] [DEFINER = …] [SQL SECURITY …] [UNIQUE | FULLTEXT | SPATIAL | AGGREGATE]
        while !self.tokens.is_empty() {
            let word = self.word();
            match word.as_str() {
                "INDEX" => {
                    self.skip_to("ON");
                    return schema(self.qualified(Kind::Table).into_iter().collect(), false, false);
                }
                "DATABASE" | "SCHEMA" | "USER" | "ROLE" | "SERVER" | "TABLESPACE" | "LOGFILE" | "UNDO" | "RESOURCE"
                | "SPATIAL_REFERENCE" => {
                    return Class::Opaque;
                }
                "" => self.tokens = &self.tokens[1..],
                _ => {
                    if let Some(kind) = kind(&word) {
                        self.if_exists();
                        return schema(self.qualified(kind).into_iter().collect(), false, false);
                    }
                }
            }
        }
        Class::Opaque
    }

    fn drop(&mut self) -> Class {
        let word = self.word();
        if word == "INDEX" {
            self.skip_to("ON");
            return schema(self.qualified(Kind::Table).into_iter().collect(), false, false);
        }
        let Some(kind) = kind(if word == "TABLES" { "TABLE" } else { &word }) else { return Class::Opaque };
        self.if_exists();
        schema(self.names(kind, &[","]), true, false)
    }

    fn alter(&mut self) -> Class {
        const REBUILDING: [&str; 10] = [
            "ENGINE", "FORCE", "EXCHANGE", "TRUNCATE", "REBUILD", "OPTIMIZE", "DISCARD", "IMPORT", "CONVERT", "RENAME",
        ];
        while !self.tokens.is_empty() {
            let word = self.word();
            let Some(kind) = kind(&word) else {
                if matches!(word.as_str(), "DATABASE" | "SCHEMA" | "USER" | "INSTANCE" | "SERVER" | "TABLESPACE") {
                    return Class::Opaque;
                }
                if word.is_empty() {
                    self.tokens = &self.tokens[1..];
                }
                continue;
            };
            let mut targets: Vec<Target> = self.qualified(kind).into_iter().collect();
            let has = |words: &[&str]| words.iter().any(|word| self.anywhere(word));
            let other = has(&["CHANGE", "MODIFY", "ORDER"]) || has(&["DROP"]) && has(&["ADD"]);
            let how = match () {
                () if has(&["EXCHANGE", "RENAME"]) && !other => Unseen::Swap,
                () if has(&["TRUNCATE"]) => Unseen::Empty,
                () if other || has(&["DISCARD", "IMPORT"]) => Unseen::Other,
                () => Unseen::Rebuild,
            };
            let rebuilds = other || has(&REBUILDING);
            targets.extend(self.renamed(kind));
            if self.anywhere("EXCHANGE") && self.skip_to("WITH") && self.takes("TABLE") {
                targets.extend(self.qualified(Kind::Table));
            }
            return if rebuilds { unseen(targets, how) } else { schema(targets, false, false) };
        }
        Class::Opaque
    }

    /// The new name of `ALTER TABLE … RENAME [TO | AS] name`; `RENAME COLUMN`, `INDEX` and `KEY` rename no table.
    fn renamed(&self, kind: Kind) -> Option<Target> {
        let mut rest = Reader { tokens: self.tokens };
        while rest.skip_to("RENAME") {
            if !(rest.at("COLUMN") || rest.at("INDEX") || rest.at("KEY")) {
                let _ = rest.takes("TO") || rest.takes("AS") || rest.symbol('=');
                return rest.qualified(kind);
            }
        }
        None
    }

    /// The name of a variable, in lower case, bare or in backticks; empty where there is none.
    fn variable(&mut self) -> String {
        let quoted = matches!(self.tokens, [Token::Quoted(_), ..]);
        let name = if quoted { self.name().map(|name| name.as_str().to_owned()) } else { Some(self.word()) };
        name.unwrap_or_default().to_ascii_lowercase()
    }

    /// `SET …`: which variables, and whether they can be set again to the same.
    fn set(&mut self) -> Result<Class, Refused> {
        let refused = |statement: &str, reason| Err(Refused { statement: statement.to_owned(), reason });
        if self.at("NAMES") || self.at("CHARSET") || self.at("CHARACTER") {
            return Ok(Class::Session(Session::Set(vec!["names".to_owned()])));
        }
        if self.at("PASSWORD") || self.at("ROLE") || self.at("DEFAULT") || self.at("RESOURCE") {
            return Ok(Class::Opaque);
        }
        let mut variables = Vec::new();
        let mut server_wide = false;
        for assignment in self.assignments() {
            let mut reader = Reader { tokens: assignment };
            let mut name = reader.variable();
            if matches!(
                name.as_str(),
                "global" | "persist" | "persist_only" | "@@global" | "@@persist" | "@@persist_only"
            ) {
                server_wide = true;
                continue;
            }
            let scoped = matches!(name.as_str(), "session" | "local");
            if scoped || matches!(name.as_str(), "@@session" | "@@local") && reader.symbol('.') {
                name = reader.variable();
            } else if name == "@" {
                return refused("SET @`variable`", DERIVED); // a quoted user variable
            }
            let name = name.trim_start_matches("@@").to_owned();
            match name.as_str() {
                "names"
                | "character_set_client"
                | "character_set_results"
                | "character_set_connection"
                | "collation_connection" => {
                    return refused(&format!("SET {name}"), CHARSET);
                }
                "autocommit" => return refused("SET autocommit", TRANSACTION),
                "transaction" | "transaction_read_only" | "completion_type" => {
                    return refused("SET TRANSACTION", TRANSACTION);
                }
                "sql_mode" if reader.quoting() => return refused("SET sql_mode", QUOTING),
                user if user.starts_with('@') && reader.is_derived() => {
                    return refused(&format!("SET {user}"), DERIVED);
                }
                _ if reader.anywhere("SELECT") => return refused(&format!("SET {name}"), DERIVED),
                _ => variables.push(name),
            }
        }
        match (server_wide, variables.is_empty()) {
            (true, true) => Ok(Class::Repeatable),
            (true, false) => refused("SET", MIXED),
            (false, _) => Ok(Class::Session(Session::Set(variables))),
        }
    }

    /// The parts between the commas that no parenthesis encloses.
    fn assignments(&self) -> Vec<&[Token<'_>]> {
        let mut depth = 0_usize;
        self.tokens
            .split(|token| {
                match token {
                    Token::Symbol('(') => depth += 1,
                    Token::Symbol(')') => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0 && *token == Token::Symbol(',')
            })
            .collect()
    }

    /// Whether a value comes from a function, a query or another user variable; a system variable is the same again
    /// on a new connection.
    fn is_derived(&self) -> bool {
        self.tokens.iter().any(|token| match token {
            Token::Symbol('(') => true,
            Token::Word(word) => {
                let word = word.to_ascii_lowercase();
                let of_the_moment = ["current_", "localtime", "utc_"].iter().any(|start| word.starts_with(start))
                    || [
                        "identity",
                        "last_insert_id",
                        "timestamp",
                        "row_count",
                        "found_rows",
                        "connection_id",
                        "pseudo_thread_id",
                    ]
                    .contains(&word.trim_start_matches("@@"));
                of_the_moment || word.starts_with('@') && !word.starts_with("@@")
            }
            _ => false,
        })
    }

    fn quoting(&self) -> bool {
        self.tokens.iter().any(|token| {
            let (Token::Word(text) | Token::Quoted(text)) = token else { return false };
            let text = text.to_ascii_uppercase();
            // also by number
            text.bytes().all(|byte| byte.is_ascii_digit())
                || text.contains("ANSI")
                || text.contains("NO_BACKSLASH_ESCAPES")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A class in short: `schema drops TABLE a, VIEW x.b`.
    fn short(class: &Class) -> String {
        match class {
            Class::Rows => "rows".to_owned(),
            Class::Repeatable => "repeatable".to_owned(),
            Class::Opaque => "opaque".to_owned(),
            Class::Session(Session::Use(name)) => format!("use {}", name.as_str()),
            Class::Session(Session::Set(names)) => format!("set {}", names.join(", ")),
            Class::Session(Session::Prepare) => "prepare".to_owned(),
            Class::Schema(change) => {
                let targets: Vec<String> = change
                    .targets
                    .iter()
                    .map(|target| {
                        let database =
                            target.database.as_ref().map(|name| format!("{}.", name.as_str())).unwrap_or_default();
                        format!("{} {database}{}", target.kind.sql(), target.name.as_str())
                    })
                    .collect();
                let how = if change.drops {
                    " drops"
                } else if change.rebuilds {
                    " rebuilds"
                } else {
                    ""
                };
                format!("schema{how} {}", targets.join(", "))
            }
        }
    }

    #[test]
    fn knows_what_a_statement_does() {
        for (sql, class) in [
            ("insert into t values (1)", "rows"),
            ("/* x */ UPDATE t SET a = 1", "rows"),
            ("/*!80000 DELETE FROM t */", "rows"),
            ("WITH x AS (SELECT 1) DELETE FROM t", "rows"),
            ("SELECT 1", "rows"),
            ("LOAD DATA INFILE 'x' INTO TABLE t", "rows"),
            ("SELECT 1 INTO OUTFILE '/tmp/x'", "opaque"),
            ("CREATE TABLE t (a INT)", "schema TABLE t"),
            ("create table if not exists `a``b`.`t` like x", "schema TABLE a`b.t"),
            ("CREATE UNIQUE INDEX i ON t (a)", "schema TABLE t"),
            ("DROP INDEX i ON x.t", "schema TABLE x.t"),
            ("DROP TABLE IF EXISTS a, x.b CASCADE", "schema drops TABLE a, TABLE x.b"),
            ("ALTER TABLE t ADD a INT", "schema TABLE t"),
            ("ALTER TABLE t ENGINE=InnoDB", "schema rebuilds TABLE t"),
            ("ALTER TABLE t RENAME COLUMN a TO b, RENAME TO u", "schema rebuilds TABLE t, TABLE u"),
            ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u WITHOUT VALIDATION", "schema rebuilds TABLE t, TABLE u"),
            ("RENAME TABLE a TO b, x.c TO d", "schema rebuilds TABLE a, TABLE b, TABLE x.c, TABLE d"),
            ("TRUNCATE t", "schema rebuilds TABLE t"),
            ("OPTIMIZE LOCAL TABLE a, b", "schema rebuilds TABLE a, TABLE b"),
            (
                "CREATE OR REPLACE ALGORITHM = MERGE DEFINER = `a`@`b` SQL SECURITY INVOKER VIEW v AS SELECT 1",
                "schema VIEW v",
            ),
            ("DROP VIEW a, b", "schema drops VIEW a, VIEW b"),
            ("CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = 1; END", "schema TRIGGER x"),
            ("CREATE DEFINER='a'@'%' PROCEDURE IF NOT EXISTS p() BEGIN COMMIT; END", "schema PROCEDURE p"),
            ("/*!50003 CREATE FUNCTION f() RETURNS INT RETURN 1 */", "schema FUNCTION f"),
            ("DROP EVENT IF EXISTS e", "schema drops EVENT e"),
            ("ALTER DEFINER = a EVENT e DISABLE", "schema EVENT e"),
            ("CREATE DATABASE x", "opaque"),
            ("CREATE USER event", "opaque"),
            ("CALL p()", "opaque"),
            ("EXECUTE s", "opaque"),
            ("PREPARE s FROM 'DROP TABLE t'", "prepare"),
            ("DEALLOCATE PREPARE s", "prepare"),
            ("USE `x`", "use x"),
            ("SET NAMES latin1", "set names"),
            (
                "SET SESSION foreign_key_checks = 0, @@session.unique_checks = 0, @@time_zone = '+00:00', @x = -1, @y := 'a'",
                "set foreign_key_checks, unique_checks, time_zone, @x, @y",
            ),
            ("/*!40014 SET @OLD=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */", "set @old, foreign_key_checks"),
            ("SET sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')", "set sql_mode"),
            ("SET GLOBAL max_connections = 5", "repeatable"),
            ("SET @@persist.max_connections = 5", "repeatable"),
            ("GRANT SELECT ON x.* TO y", "repeatable"),
        ] {
            assert_eq!(classify(sql).as_ref().map(short).map_err(ToString::to_string).as_deref(), Ok(class), "{sql}");
        }
    }

    #[test]
    fn refuses_what_would_make_the_journal_lie() {
        for (sql, statement) in [
            ("BEGIN", "BEGIN"),
            ("start transaction read only", "START TRANSACTION"),
            ("commit", "COMMIT"),
            ("ROLLBACK TO x", "ROLLBACK"),
            ("SAVEPOINT x", "SAVEPOINT"),
            ("RELEASE SAVEPOINT x", "RELEASE SAVEPOINT"),
            ("/*!50000COMMIT*/", "COMMIT"),
            ("set @a=1, @b=2, autocommit=0", "SET autocommit"),
            ("SET `autocommit` = 0", "SET autocommit"),
            ("SET completion_type = 'RELEASE'", "SET TRANSACTION"),
            ("FLUSH TABLES WITH READ LOCK", "FLUSH TABLES WITH READ LOCK"),
            ("XA START 'x'", "XA"),
            ("SET autocommit = 0", "SET autocommit"),
            ("SET @@session.autocommit = 0", "SET autocommit"),
            ("SET SESSION TRANSACTION READ ONLY", "SET TRANSACTION"),
            ("LOCK TABLES t WRITE", "LOCK TABLES"),
            ("UNLOCK TABLES", "UNLOCK TABLES"),
            ("LOCK INSTANCE FOR BACKUP", "LOCK INSTANCE"),
            ("SELECT RELEASE_ALL_LOCKS()", "RELEASE_ALL_LOCKS()"),
            ("LOAD DATA LOCAL INFILE 'x' INTO TABLE t", "LOAD DATA LOCAL"),
            ("CREATE TEMPORARY TABLE t (a INT)", "CREATE TEMPORARY TABLE"),
            ("DROP TEMPORARY TABLE t", "DROP TEMPORARY TABLE"),
            ("SET @x = (SELECT MAX(a) FROM t)", "SET @x"),
            ("SET @x = UUID()", "SET @x"),
            ("SET @x = @y + 1", "SET @x"),
            ("SET @x = CURRENT_TIMESTAMP", "SET @x"),
            ("SET @x = @@identity", "SET @x"),
            ("SELECT @n := MAX(id) FROM t", "SELECT @variable :="),
            ("INSERT INTO c VALUES (LAST_INSERT_ID(), 1)", "LAST_INSERT_ID()"),
            ("SET sql_mode = 4", "SET sql_mode"),
            ("SET foreign_key_checks = 0, GLOBAL max_connections = 151", "SET"),
            ("SET character_set_client = latin1", "SET character_set_client"),
            ("SET sql_mode = (SELECT 'x')", "SET sql_mode"),
            ("SET sql_mode = 'ANSI_QUOTES'", "SET sql_mode"),
            ("SELECT a INTO @x FROM t", "SELECT … INTO @variable"),
        ] {
            assert_eq!(classify(sql).unwrap_err().statement, statement, "{sql}");
        }
    }

    #[test]
    fn knows_what_takes_away_for_good() {
        for (sql, what) in [
            ("DROP TABLE a", Some("drops a table with its rows")),
            ("/* x */ truncate a", Some("empties a table")),
            ("DELETE FROM a", Some("deletes rows")),
            ("ALTER TABLE a ADD b INT, DROP COLUMN c", Some("drops a column with its values")),
            ("ALTER TABLE a DROP INDEX i, DROP c", Some("drops a column with its values")),
            ("ALTER TABLE a DROP PARTITION p", Some("drops a partition's rows")),
            ("ALTER TABLE a DROP INDEX i, DROP CHECK c, ALTER x DROP DEFAULT", None),
            ("DROP TRIGGER t", None),
            ("CREATE TABLE a (x INT)", None),
            ("UPDATE a SET x = 1", None),
        ] {
            assert_eq!(destroys(sql), what, "{sql}");
        }
    }

    #[test]
    fn reads_what_a_file_declares() {
        let change = declared("-- about it\n-- caredb: changes TABLE a, VIEW `x`.`b`\n").unwrap();
        assert_eq!(short(&Class::Schema(change)), "schema rebuilds TABLE a, VIEW x.b");
        for nothing in ["", "-- caredb: changes", "-- caredb: changes nothing", "caredb: changes TABLE a"] {
            assert_eq!(declared(nothing), None, "{nothing}");
        }
    }
}
