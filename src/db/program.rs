//! Follows the blocks of a stored program, so that the semicolons inside it do not end the statement.
//!
//! The grammar is that of the MySQL manual, "Compound Statement Syntax". `IF`, `REPEAT` and `CASE` are both
//! statements and expressions: which one is decided by whether a statement can begin there.

use super::split::Token;

/// What has been seen of one statement so far.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the last tokens")]
pub struct Program {
    stage: Stage,
    blocks: Vec<Block>,
    /// A statement of the body can begin with the next token.
    starts: bool,
    /// In `DECLARE … HANDLER FOR condition`, before the statement that handles it.
    handler: bool,
    /// The last word, upper case; empty where a symbol came since.
    last: String,
    parens: usize,
    /// The parameter list of a routine has been seen.
    parameters: bool,
    /// The last symbol was `.`, so the next word is a name.
    qualifies: bool,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Stage {
    /// Nothing but `CREATE`, `DEFINER = …` and the like.
    #[default]
    Head,
    /// `CREATE … TRIGGER|EVENT|PROCEDURE|FUNCTION …` before the body.
    Header(Kind),
    /// In a compound body.
    Body,
    /// Not a stored program, or one whose body is a simple statement.
    Simple,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    /// The body follows `FOR EACH ROW`.
    Trigger,
    /// The body follows `DO`.
    Event,
    /// The body follows the characteristics, which no word ends.
    Routine,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Block {
    Begin,
    If,
    CaseStatement,
    /// With the number of parentheses open where it begins.
    CaseExpression(usize),
    Loop,
    While,
    /// `REPEAT … UNTIL`: true once `UNTIL` was seen.
    Repeat(bool),
}

/// Words with which the body of a routine can begin; anything else before is a characteristic.
const BODY_STARTS: [&str; 17] = [
    "BEGIN", "IF", "CASE", "LOOP", "WHILE", "REPEAT", "RETURN", "SET", "SELECT", "INSERT", "UPDATE", "DELETE",
    "REPLACE", "CALL", "DO", "WITH", "SIGNAL",
];

impl Program {
    /// Whether a `;` here belongs to the body and does not end the statement. Call it before the `;`
    /// itself is seen.
    #[must_use]
    pub fn holds_semicolon(&self) -> bool {
        self.stage == Stage::Body && !self.blocks.is_empty()
    }

    /// Takes the next token.
    pub fn see(&mut self, token: Token<'_>) {
        match token {
            Token::Word(_) if std::mem::take(&mut self.qualifies) => self.other(false),
            Token::Word(word) => {
                let word = word.to_ascii_uppercase();
                match self.stage {
                    Stage::Head => self.head(&word),
                    Stage::Header(kind) => self.header(kind, &word),
                    Stage::Body => self.body(&word),
                    Stage::Simple => {}
                }
                // the version of `/*!50003 CREATE` is no word of the statement
                if self.stage != Stage::Head || !word.starts_with(|c: char| c.is_ascii_digit()) {
                    self.last = word;
                }
            }
            Token::Quoted(_) => {
                self.qualifies = false;
                // the name behind FOLLOWS or PRECEDES, see `body`
                self.other(is_order(&self.last));
            }
            Token::Symbol(symbol) => {
                match symbol {
                    '(' => self.parens += 1,
                    ')' => {
                        self.parens = self.parens.saturating_sub(1);
                        self.parameters |= matches!(self.stage, Stage::Header(_));
                    }
                    _ => {}
                }
                // `label:` and the end of a statement; `:=` takes the start back with its `=`
                self.other(matches!(symbol, ';' | ':'));
                self.qualifies = symbol == '.';
            }
        }
    }

    fn other(&mut self, starts: bool) {
        self.starts = starts;
        self.handler &= !starts;
        // `DEFINER = 'user'@'host'` does not take the statement back to its first word
        if self.stage != Stage::Head {
            self.last.clear();
        }
    }

    fn head(&mut self, word: &str) {
        self.stage = match word {
            "TRIGGER" => Stage::Header(Kind::Trigger),
            "EVENT" => Stage::Header(Kind::Event),
            "PROCEDURE" | "FUNCTION" => Stage::Header(Kind::Routine),
            // CREATE [OR REPLACE] [AGGREGATE] [DEFINER = user | CURRENT_USER()], also in /*!50003 CREATE */
            _ if self.last.is_empty() => match word {
                "CREATE" | "ALTER" => Stage::Head,
                version if version.starts_with(|c: char| c.is_ascii_digit()) => Stage::Head,
                _ => Stage::Simple,
            },
            "TABLE" | "VIEW" | "INDEX" | "DATABASE" | "SCHEMA" | "USER" | "ROLE" | "UNIQUE" | "FULLTEXT"
            | "SPATIAL" | "TEMPORARY" | "TABLESPACE" | "SERVER" | "LOGFILE" | "UNDO" | "RESOURCE" | "SQL" => {
                Stage::Simple
            }
            _ => Stage::Head,
        };
    }

    fn header(&mut self, kind: Kind, word: &str) {
        let begins = match kind {
            Kind::Trigger => {
                if word == "ROW" && self.last == "EACH" {
                    self.enter();
                    return;
                }
                false
            }
            Kind::Event => {
                if word == "DO" {
                    self.enter();
                    return;
                }
                false
            }
            // its name and IF NOT EXISTS stand before the parameters; SET may be a type or `CHARACTER SET`
            Kind::Routine => {
                self.parameters
                    && self.parens == 0
                    && BODY_STARTS.contains(&word)
                    && !(word == "SET" && matches!(self.last.as_str(), "RETURNS" | "CHARACTER" | "CHAR"))
            }
        };
        if begins {
            self.enter();
            self.body(word);
        }
    }

    fn enter(&mut self) {
        self.stage = Stage::Body;
        self.starts = true;
    }

    fn body(&mut self, word: &str) {
        // no word of a handler's condition is one that begins a statement
        let handles = self.handler && BODY_STARTS.contains(&word);
        let declares = word == "HANDLER" && matches!(self.last.as_str(), "CONTINUE" | "EXIT" | "UNDO");
        self.handler = declares || self.handler && !handles;
        let can_start = std::mem::take(&mut self.starts) || handles;
        // FOLLOWS and PRECEDES stand between FOR EACH ROW and the body of a trigger, with a name
        if self.blocks.is_empty() && can_start && (is_order(word) || is_order(&self.last)) {
            self.starts = true;
            return;
        }
        // behind END: the kind of the block, already closed
        if self.last == "END" && matches!(word, "IF" | "CASE" | "LOOP" | "WHILE" | "REPEAT") {
            return;
        }
        let block = self.blocks.last().copied();
        // in parentheses that the block's end does not stand in, `end` is a name: `(SELECT 1 AS end)`
        let ends = match block {
            Some(Block::CaseExpression(parens)) => self.parens == parens,
            Some(Block::Repeat(true)) => self.parens == 0,
            _ => can_start,
        };
        match word {
            "BEGIN" if can_start => self.open(Block::Begin, true),
            "IF" if can_start => self.open(Block::If, false),
            "CASE" if can_start => self.open(Block::CaseStatement, false),
            "CASE" => self.open(Block::CaseExpression(self.parens), false),
            "LOOP" if can_start => self.open(Block::Loop, true),
            "WHILE" if can_start => self.open(Block::While, false),
            "REPEAT" if can_start => self.open(Block::Repeat(false), true),
            "UNTIL" if matches!(block, Some(Block::Repeat(_))) && can_start => {
                self.blocks.pop();
                self.blocks.push(Block::Repeat(true));
            }
            "THEN" | "ELSE" => self.starts = matches!(block, Some(Block::If | Block::CaseStatement)),
            // `DO expression` is a statement; the DO of WHILE stands where none can begin
            "DO" if !can_start => self.starts = block == Some(Block::While),
            "END" if ends => {
                self.blocks.pop();
            }
            _ => {}
        }
    }

    fn open(&mut self, block: Block, starts: bool) {
        self.blocks.push(block);
        self.starts = starts;
    }
}

fn is_order(word: &str) -> bool {
    matches!(word, "FOLLOWS" | "PRECEDES")
}

#[cfg(test)]
mod tests {
    use crate::db::split::split;

    /// Each of these is one statement, whatever follows it.
    const PROGRAMS: [&str; 30] = [
        "CREATE PROCEDURE p() BEGIN SET @x = CASE (SELECT 1 AS end) WHEN 1 THEN (2) END; REPEAT BEGIN END; UNTIL (SELECT 1 AS end) END REPEAT; END",
        "CREATE PROCEDURE p() BEGIN SET @x = CASE WHEN 1 THEN t.`case` END; IF t.`x` THEN BEGIN END; END IF; END",
        "create procedure p() begin select handler, if(x>1,1,2) from a; end",
        "CREATE PROCEDURE p() BEGIN DECLARE handler INT; SET handler = CASE WHEN 1 THEN 2 END; END",
        "CREATE PROCEDURE p() BEGIN l: LOOP DO IF(a, 1, 2); LEAVE l; END LOOP; WHILE a DO DO CASE WHEN 1 THEN 2 END; END WHILE; END",
        "create procedure begin() select 1",
        "CREATE PROCEDURE p() BEGIN SELECT CASE WHEN t.case THEN t.end ELSE t.begin END FROM t; END",
        "ALTER EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN SET @a = 1; SET @b = 2; END",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.x = 1; END",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW FOLLOWS u BEGIN SET NEW.x = 1; END",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW FOLLOWS `u` BEGIN SET NEW.x = 1; END",
        "CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW IF NEW.x <> OLD.x THEN INSERT INTO b VALUES (1); ELSEIF NEW.y THEN SET @a = 1; ELSE SET @a = 2; END IF",
        "CREATE DEFINER=`root`@`localhost` TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN IF (NEW.x > 1) THEN SET @y = IF(NEW.x > 2, 1, 2); END IF; END",
        "CREATE DEFINER = CURRENT_USER() PROCEDURE p() BEGIN END",
        "CREATE PROCEDURE IF NOT EXISTS p(IN a INT, OUT b SET('x','y')) COMMENT 'does; it' SQL SECURITY INVOKER BEGIN SELECT 1; SELECT 2; END",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE PROCEDURE p() IF EXISTS (SELECT 1) THEN SELECT 1; END IF",
        "CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN IF(a > 1, 1, 2)",
        "CREATE FUNCTION f(a INT) RETURNS VARCHAR(9) CHARACTER SET utf8mb4 READS SQL DATA BEGIN RETURN CASE WHEN a > 1 THEN IF(a > 2, 'x', 'y') ELSE 'z' END; END",
        "CREATE FUNCTION f() RETURNS SET('a','b') NO SQL BEGIN RETURN 'a'; END",
        "CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN IF b THEN SELECT 1; END IF; WHEN 2 THEN BEGIN END; ELSE SELECT 3; END CASE; SELECT 4; END",
        "CREATE PROCEDURE p() BEGIN l: LOOP IF x THEN LEAVE l; END IF; END LOOP l; END",
        "CREATE PROCEDURE p() outer_block: BEGIN REPEAT SET @x = @x + 1; UNTIL @x > CASE WHEN 1 THEN 5 END END REPEAT; END outer_block",
        "CREATE PROCEDURE p() BEGIN WHILE CASE WHEN a THEN 1 END DO SET a = REPEAT('x', 3); DO SLEEP(0); END WHILE; END",
        "CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION, NOT FOUND BEGIN SET @e = 1; END; SELECT 1; END",
        "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR 1062 BEGIN END; DECLARE EXIT HANDLER FOR SQLSTATE '23000' SET @x := IF(1, 2, 3); DECLARE EXIT HANDLER FOR NOT FOUND IF a THEN SELECT 1; END IF; SELECT 1; END",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DO BEGIN DELETE FROM a; DELETE FROM b; END",
        "CREATE EVENT IF NOT EXISTS e ON SCHEDULE AT NOW() DO UPDATE a SET x = CASE WHEN y THEN 1 ELSE 2 END",
        "/*!50003 CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.x = 1; END */",
    ];

    #[test]
    fn a_program_is_one_statement_without_delimiter() {
        for program in PROGRAMS {
            for program in [program.to_owned(), program.to_lowercase(), program.replace(' ', "\n -- no; end\n")] {
                let sql = format!("SELECT 0;{program};SELECT 9; SELECT 'begin' AS begin;");
                let found: Vec<_> = split(&sql).unwrap().into_iter().map(|statement| statement.text).collect();
                assert_eq!(found, ["SELECT 0", program.as_str(), "SELECT 9", "SELECT 'begin' AS begin"], "{program}");
            }
        }
    }

    #[test]
    fn what_is_no_program_ends_at_its_semicolon() {
        for sql in [
            "CREATE TABLE t (begin INT, `end` INT)",
            "CREATE OR REPLACE VIEW v AS SELECT CASE WHEN 1 THEN 2 END",
            "CREATE USER event IDENTIFIED BY 'x'",
            "DROP TRIGGER IF EXISTS t",
            "CREATE DATABASE function_of_begin",
            "ALTER EVENT e DISABLE",
            "BEGIN",
        ] {
            let text = format!("{sql}; SELECT 2");
            let found: Vec<_> = split(&text).unwrap().into_iter().map(|statement| statement.text).collect();
            assert_eq!(found, [sql, "SELECT 2"]);
        }
    }
}
