use super::*;
use crate::schema::introspect::{Kind, Schema};

fn model(objects: &[(Kind, &str, &str)]) -> Model {
    let definition = |&(kind, name, text): &(Kind, &str, &str)| ((kind, Ident::new(name).unwrap()), text.to_owned());
    Model::of(&Schema { definitions: objects.iter().map(definition).collect() }).unwrap()
}

/// The script that makes the second of the first.
fn mended(live: &[(Kind, &str, &str)], expected: &[(Kind, &str, &str)]) -> String {
    script(&mend(&model(expected), &model(live)))
}

const T: &str = "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  `b` varchar(9) DEFAULT NULL,\n  PRIMARY KEY (`a`),\n  KEY `k` (`b`)\n) ENGINE=InnoDB DEFAULT CHARSET=latin1";

#[test]
fn nothing_to_mend_is_no_statement() {
    let both = [(Kind::Table, "t", T)];
    assert_eq!(mended(&both, &both), "");
}

#[test]
fn what_loses_values_is_commented_out() {
    let wide = T.replace("varchar(9)", "varchar(20)").replace("  PRIMARY", "  `c` int DEFAULT NULL,\n  PRIMARY");
    assert_eq!(
        mended(&[(Kind::Table, "t", &wide), (Kind::Table, "u", T)], &[(Kind::Table, "t", T)]),
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES';\n\
         -- DESTRUCTIVE, drops a table with its rows; if you mean it, take the dashes away:\n\
         -- DROP TABLE `u`;\n\
         -- DESTRUCTIVE, gives a column a type that may not take all of its values; if you mean it, take the dashes away:\n\
         -- ALTER TABLE `t` CHANGE COLUMN `b` `b` varchar(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci NULL DEFAULT NULL;\n\
         -- DESTRUCTIVE, drops a column with its values; if you mean it, take the dashes away:\n\
         -- ALTER TABLE `t` DROP COLUMN `c`;\n"
    );
}

#[test]
fn one_statement_a_table_changes_all_that_loses_nothing() {
    let live = T
        .replace("varchar(9) DEFAULT NULL", "varchar(5) NOT NULL")
        .replace("KEY `k` (`b`)", "KEY `k` (`b`(3)),\n  KEY `l` (`a`),\n  CONSTRAINT `c` CHECK ((`a` > 0))")
        .replace("ENGINE=InnoDB", "ENGINE=InnoDB ROW_FORMAT=COMPACT");
    assert_eq!(
        mended(&[(Kind::Table, "t", &live)], &[(Kind::Table, "t", T)]),
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES';\nALTER TABLE `t` DROP INDEX `l`,\n  DROP INDEX `k`,\n  \
         CHANGE COLUMN `b` `b` varchar(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci NULL DEFAULT NULL,\n  \
         ADD KEY `k` (`b`),\n  DROP CHECK `c`,\n  ROW_FORMAT=DEFAULT;\n"
    );
}

#[test]
fn views_come_behind_those_that_they_read() {
    let view = |text: &'static str| text;
    let views = [
        (Kind::View, "a", view("CREATE VIEW `a` AS select `b`.`x` AS `x` from `b`")),
        (Kind::View, "b", view("CREATE VIEW `b` AS select `c`.`x` AS `x` from `c`")),
        (Kind::View, "c", view("CREATE VIEW `c` AS select 1 AS `x`")),
    ];
    let script = mended(&[], &views);
    let order: Vec<_> = ["VIEW `c`", "VIEW `b`", "VIEW `a`"].iter().map(|name| script.find(name).unwrap()).collect();
    assert!(order.is_sorted(), "{script}");
}

#[test]
fn triggers_come_in_their_order_and_mode() {
    let trigger = |name: &'static str, body: &str, place: u32| {
        let place = if place > 1 {
            format!("\n/* fires as number {place} of its table, time and event */")
        } else {
            String::new()
        };
        format!("SET sql_mode = 'ANSI';\nCREATE TRIGGER {name} BEFORE INSERT ON t FOR EACH ROW {body}{place}")
    };
    let (one, two, other) =
        (trigger("one", "DO 1", 1), trigger("two", "BEGIN DO 2; END", 2), trigger("one", "DO 3", 1));
    let live = [(Kind::Trigger, "one", other.as_str())];
    let expected = [(Kind::Trigger, "one", one.as_str()), (Kind::Trigger, "two", two.as_str())];
    assert_eq!(
        mended(&live, &expected),
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES';\nDROP TRIGGER `one`;\nSET SESSION sql_mode = 'ANSI';\n\
         CREATE TRIGGER `one` BEFORE INSERT ON `t` FOR EACH ROW\nDO 1;\n\
         DELIMITER $$\nCREATE TRIGGER `two` BEFORE INSERT ON `t` FOR EACH ROW FOLLOWS `one`\nBEGIN DO 2; END$$\nDELIMITER ;\n"
    );
}
