use super::*;

/// Attribute by attribute.
fn shown(kind: Kind, text: &str) -> String {
    let program = program(kind, text).unwrap();
    let mut shown = format!("definer {}", program.definer.as_deref().unwrap_or("unsaid"));
    for (name, value) in program.attributes() {
        if let Some(value) = value {
            let _ = write!(shown, "; {name} {value}");
        }
    }
    format!("{shown}; body {}", program.body)
}

#[test]
fn programs_are_read_to_the_last_attribute() {
    for (kind, text, expected) in [
        (
            Kind::View,
            "CREATE ALGORITHM=MERGE DEFINER=`root`@`localhost` SQL SECURITY INVOKER VIEW `v` (`b`) AS select _utf8mb4'x' AS `a` WITH LOCAL CHECK OPTION",
            "definer `root`@`localhost`; algorithm MERGE; security INVOKER; columns `b`; check option LOCAL; body select 'x' AS `a`",
        ),
        (
            Kind::Trigger,
            "SET sql_mode = 'STRICT_TRANS_TABLES,ANSI';\nCREATE DEFINER=`a`@`%` TRIGGER trg  before Insert on `t`\n for each row follows other\nBEGIN SET @x = 1; END\n/* fires as number 2 of its table, time and event */",
            "definer `a`@`%`; timing BEFORE; event INSERT; table t; sql_mode ANSI,STRICT_TRANS_TABLES; body BEGIN SET @x = 1; END",
        ),
        (
            Kind::Procedure,
            "SET sql_mode = '';\nCREATE DEFINER=``@`%` PROCEDURE `p`(IN a INT, OUT b CHAR(3))\n    READS SQL DATA\n    DETERMINISTIC\n    SQL SECURITY INVOKER\n    COMMENT 'it''s'\nSELECT 1",
            "definer ``@`%`; parameters IN a INT, OUT b CHAR(3); language SQL; data access READS SQL DATA; deterministic yes; security INVOKER; comment 'it''s'; sql_mode ; body SELECT 1",
        ),
        (
            Kind::Function,
            "SET sql_mode = '';\nCREATE FUNCTION `f`() RETURNS varchar(9) CHARSET utf8mb4 COLLATE utf8mb4_bin\n    NO SQL\nRETURN 'x'",
            "definer unsaid; parameters ; returns varchar(9) CHARSET utf8mb4 COLLATE utf8mb4_bin; language SQL; data access NO SQL; deterministic no; security DEFINER; sql_mode ; body RETURN 'x'",
        ),
        (
            Kind::Event,
            "SET sql_mode = '', time_zone = 'SYSTEM';\nCREATE DEFINER=`r`@`h` EVENT `e` ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2026-01-01 00:00:00' ENDS '2027-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE ON SLAVE COMMENT 'c' DO BEGIN END",
            "definer `r`@`h`; schedule EVERY '1:30' HOUR_MINUTE; ends '2027-01-01 00:00:00'; on completion PRESERVE; status DISABLE ON REPLICA; comment 'c'; time zone SYSTEM; sql_mode ; body BEGIN END",
        ),
    ] {
        assert_eq!(shown(kind, text), expected);
    }
}

#[test]
fn names_that_repeat_those_of_the_select_say_nothing() {
    for (columns, select, expected) in [
        ("`a`", "select `t`.`a` AS `a` from `t`", true),
        ("`a`,`b`", "select f(1,2) AS `a`,'x' AS `b`", true),
        ("`a`,`b`", "select `t`.`a` AS `a`,`t`.`c` AS `c` from `t`", false),
        ("`b`,`a`", "select `t`.`a` AS `a`,`t`.`b` AS `b` from `t`", false),
        ("`a`", "with `x` as (select 1 AS `a`) select `a` from `x`", false),
    ] {
        assert_eq!(repeats(columns, select), expected, "{columns} {select}");
    }
}

#[test]
fn what_is_written_is_read_back() {
    let name = Ident::new("n`n").unwrap();
    for (kind, mode, text) in [
        (Kind::View, "", "CREATE DEFINER=`a`@`%` VIEW `n``n` AS select 1 AS `1` WITH CASCADED CHECK OPTION"),
        (Kind::Trigger, "SET sql_mode = 'ANSI';", "CREATE TRIGGER x AFTER DELETE ON t FOR EACH ROW DO 0"),
        (
            Kind::Function,
            "SET sql_mode = '';",
            "CREATE FUNCTION x(a INT) RETURNS int\n DETERMINISTIC COMMENT 'a\\\\b'\nRETURN 1",
        ),
        (
            Kind::Event,
            "SET sql_mode = '', time_zone = '+00:00';",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO DO 0",
        ),
    ] {
        let read = program(kind, &format!("{mode}{text}")).unwrap();
        let written = read.create(kind, &name, None);
        assert_eq!(program(kind, &format!("{mode}{written}")).as_ref(), Ok(&read), "{written}");
    }
}

#[test]
fn only_the_last_line_says_a_place() {
    let text = |end: &str| {
        format!(
            "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN\n/* fires as number 2 of its table, time and event */\nEND{end}"
        )
    };
    let place = |end: &str| match program(Kind::Trigger, &text(end)).unwrap() {
        Program { head: Head::Trigger(trigger), body, .. } => (trigger.place, body.ends_with("END")),
        other => panic!("{other:?}"),
    };
    assert_eq!(place(""), (1, true));
    assert_eq!(place("\n/* fires as number 3 of its table, time and event */"), (3, true));
}

#[test]
fn what_lacks_a_word_is_not_read() {
    for (kind, text) in [
        (Kind::Function, "CREATE FUNCTION f() RETURNS \nRETURN 1"),
        (Kind::Function, "CREATE FUNCTION f() RETURNS int"),
        (Kind::Procedure, "CREATE PROCEDURE p() LANGUAGE 'x'"),
        (Kind::View, "CREATE ALGORITHM=`x` VIEW v AS select 1"),
        (Kind::Event, "CREATE EVENT e ON SCHEDULE EVERY 'x' 'y' DO SELECT 1"),
    ] {
        assert!(program(kind, text).is_err(), "{text}");
    }
}
