//! Stored programs made at random: the splitter keeps each whole, with `DELIMITER` and without, and the server takes them, so what
//! is tried is what MySQL means by a stored program.

use caredb::db::split::split;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::support::Test;

/// What may stand between two tokens.
const BETWEEN: [&str; 9] =
    [" ", " ", " ", " ", "\n", "\r\n\t", " -- it's; end // \"begin\n", " # ; `then\n", " /* end; ' // if */ "];

/// Tokens are parted by one space, and by nothing else is there a space in them.
fn expression() -> impl Strategy<Value = String> + Clone {
    let leaf = select(vec!["1", "@x", "'it''s;'", "\"end;\\\"//\"", "'\\';begin'", "t.end", "t.`case;`"]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(3, 12, 3, |e| {
            prop_oneof![
                (e.clone(), e.clone(), e.clone()).prop_map(|(a, b, c)| format!("IF( {a} , {b} , {c} )")),
                e.clone().prop_map(|e| format!("REPEAT('a;', {e} )")),
                (e.clone(), e.clone()).prop_map(|(a, b)| format!("( {a} + {b} )")),
                (e.clone(), e.clone()).prop_map(|(a, b)| format!("CASE WHEN {a} THEN {b} END")),
                (e.clone(), e.clone(), e.clone())
                    .prop_map(|(a, b, c)| format!("CASE {a} WHEN {b} THEN 1 ELSE {c} END")),
                e.clone().prop_map(|e| format!("( SELECT {e} AS begin )")),
                e.prop_map(|e| format!("( SELECT {e} AS end )")),
            ]
        })
        .boxed()
}

fn simple() -> impl Strategy<Value = String> + Clone {
    let forms = select(vec![
        "SET @x = {}",
        "SET @x := {}",
        "DO {}",
        "SELECT {} AS begin INTO @x",
        "SELECT t.end , {} INTO @x , @y FROM ( SELECT 1 AS end ) AS t",
        "INSERT INTO t VALUES ( {} , 2 )",
        "INSERT INTO t ( end ) SELECT {} ON DUPLICATE KEY UPDATE end = IF( 1 , 2 , 3 )",
        "REPLACE INTO t VALUES ( 1 , {} )",
        "UPDATE t SET t.end = {} WHERE `case;` = 1",
        "DELETE FROM t WHERE t.end = {}",
        "WITH q AS ( SELECT {} AS a ) SELECT a INTO @x FROM q",
    ]);
    (forms, expression()).prop_map(|(form, e)| form.replace("{}", &e)).boxed()
}

fn statement() -> impl Strategy<Value = String> + Clone {
    simple()
        .prop_recursive(4, 24, 3, |s| {
            let some = vec(s.clone(), 1..4).prop_map(|all| all.join(" ; ") + " ;").boxed();
            let e = expression().boxed();
            let branches = (e.clone(), some.clone(), option::of((e.clone(), some.clone())), option::of(some.clone()));
            let arms = (option::of(e.clone()), vec((e.clone(), some.clone()), 1..3), option::of(some.clone()));
            prop_oneof![
                block(s, some.clone()),
                branches.prop_map(|(e, then, elseif, otherwise)| {
                    let elseif = elseif.map_or(String::new(), |(e, then)| format!(" ELSEIF {e} THEN {then}"));
                    format!("IF {e} THEN {then}{elseif}{} END IF", or_else(otherwise))
                }),
                arms.prop_map(|(subject, arms, otherwise)| {
                    let subject = subject.map_or(String::new(), |e| format!(" {e}"));
                    let arms: String = arms.iter().map(|(e, then)| format!(" WHEN {e} THEN {then}")).collect();
                    format!("CASE{subject}{arms}{} END CASE", or_else(otherwise))
                }),
                (any::<u32>(), some.clone()).prop_map(|(n, some)| {
                    format!("l{n}: LOOP {some} IF 1 THEN LEAVE l{n} ; ELSE ITERATE l{n} ; END IF ; END LOOP l{n}")
                }),
                some.clone().prop_map(|some| format!("LOOP {some} END LOOP")),
                (any::<u32>(), e.clone(), some.clone())
                    .prop_map(|(n, e, some)| format!("`l;{n}`: WHILE {e} DO {some} END WHILE `l;{n}`")),
                (e.clone(), some.clone()).prop_map(|(e, some)| format!("WHILE {e} DO {some} END WHILE")),
                (e, some).prop_map(|(e, some)| format!("REPEAT {some} UNTIL {e} END REPEAT")),
            ]
        })
        .boxed()
}

fn or_else(statements: Option<String>) -> String {
    statements.map_or(String::new(), |statements| format!(" ELSE {statements}"))
}

/// `BEGIN … END` with declarations, a cursor and handlers, in the order that MySQL asks for; with a label or without.
fn block(
    s: impl Strategy<Value = String> + Clone,
    some: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let conditions = ["NOT FOUND", "SQLEXCEPTION , SQLWARNING", "SQLSTATE '23000'", "1062"];
    let handlers = conditions.map(|condition| {
        let actions = select(vec!["CONTINUE", "EXIT"]);
        option::of(
            (actions, s.clone()).prop_map(move |(action, s)| format!("DECLARE {action} HANDLER FOR {condition} {s} ;")),
        )
    });
    (any::<u32>(), any::<bool>(), expression(), any::<bool>(), handlers, option::of(some)).prop_map(
        |(n, labelled, e, cursor, handlers, some)| {
            let mut parts = vec![if labelled { format!("l{n}: BEGIN") } else { "BEGIN".to_owned() }];
            if cursor {
                parts.push("DECLARE v , handler INT DEFAULT CASE 1 WHEN 1 THEN 2 END ;".to_owned());
                parts.push(format!("DECLARE c CURSOR FOR SELECT {e} ;"));
            }
            parts.extend(handlers.into_iter().flatten());
            if cursor {
                parts.push("OPEN c ; FETCH c INTO v ; CLOSE c ;".to_owned());
            }
            parts.extend(some);
            parts.push(if labelled { format!("END l{n}") } else { "END".to_owned() });
            parts.join(" ")
        },
    )
}

/// A whole statement that makes a stored program, with comments and line ends between its tokens.
fn program() -> impl Strategy<Value = String> {
    let heads = select(vec![
        "CREATE PROCEDURE p ( INOUT y INT , IN z SET('a;','b') ) {}",
        "CREATE PROCEDURE IF NOT EXISTS p() COMMENT 'does;begin' SQL SECURITY INVOKER {}",
        "CREATE DEFINER = CURRENT_USER() PROCEDURE `p`() MODIFIES SQL DATA {}",
        "CREATE FUNCTION f ( a INT ) RETURNS VARCHAR(9) CHARACTER SET utf8mb4 DETERMINISTIC BEGIN {} ; RETURN IF( a , 1 , 2 ) ; END",
        "CREATE FUNCTION f() RETURNS SET('a') NOT DETERMINISTIC NO SQL BEGIN {} ; RETURN CASE WHEN 1 THEN 2 END ; END",
        "CREATE DEFINER = `root`@`localhost` TRIGGER g AFTER INSERT ON t FOR EACH ROW {}",
        "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW FOLLOWS `first` {}",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE COMMENT 'do' DO {}",
    ]);
    let between = vec(select(BETWEEN.to_vec()), 40);
    (heads, statement(), between).prop_map(|(head, body, between)| {
        let tokens = head.replace("{}", &body);
        let mut tokens = tokens.split(' ');
        let first = tokens.next().unwrap_or_default().to_owned();
        let rest = between.into_iter().cycle().zip(tokens);
        rest.fold(first, |text, (between, token)| text + between + token)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_program_is_one_statement(programs in vec(program(), 1..4)) {
        let texts = |sql: &str| split(sql).map(|all| all.iter().map(|one| one.text.to_owned()).collect::<Vec<_>>());
        let plain = programs.iter().map(|program| format!("{program};\n")).collect::<String>();
        prop_assert_eq!(texts(&plain).unwrap(), programs.clone());
        let delimited = programs.iter().map(|program| format!("{program}//\n")).collect::<String>();
        prop_assert_eq!(texts(&format!("DELIMITER //\n{delimited}DELIMITER ;\n")).unwrap(), programs);
    }
}

#[test]
fn the_server_takes_what_is_made_here() {
    let test = Test::new("programs");
    test.sql("CREATE TABLE t (end INT, `case;` INT)");
    test.sql("CREATE TRIGGER first BEFORE UPDATE ON t FOR EACH ROW SET @x = 1");
    let (strategy, mut runner) = (program(), TestRunner::deterministic());
    for _ in 0..100 {
        let program = strategy.new_tree(&mut runner).unwrap().current();
        test.sql(&program);
        for kind in ["PROCEDURE IF EXISTS p", "FUNCTION IF EXISTS f", "TRIGGER IF EXISTS g", "EVENT IF EXISTS e"] {
            test.sql(&format!("DROP {kind}"));
        }
    }
}
