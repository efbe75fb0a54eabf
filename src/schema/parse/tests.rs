use super::*;

const EVERYTHING: &str = "CREATE TABLE `t``1` (
  `id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `a` varchar(10) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'it''s (x), \\\\' COMMENT 'a ''comment'', with )',
  `b` varchar(10) DEFAULT NULL,
  `c` char(36) COLLATE utf8mb4_bin DEFAULT (uuid()),
  `d` enum('x','y)') NOT NULL DEFAULT 'x' /*!80023 INVISIBLE */,
  `e` timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  `f` bit(2) DEFAULT b'10',
  `g` int GENERATED ALWAYS AS ((`id` + 1)) VIRTUAL COMMENT 'g',
  `h` varchar(5) GENERATED ALWAYS AS (concat(_utf8mb4'x',`b`)) STORED NOT NULL,
  `p` point NOT NULL /*!80003 SRID 4326 */,
  `q` tinyint(1) DEFAULT '1' /*!50606 STORAGE DISK */ /*!50606 COLUMN_FORMAT FIXED */,
  `r` json DEFAULT (json_array()) /*!80021 ENGINE_ATTRIBUTE '{\"a\": 1}' */,
  PRIMARY KEY (`id`),
  UNIQUE KEY `u` (`a`(3) DESC,`b`) USING BTREE COMMENT 'first',
  KEY `func` ((lower(`b`)),`a`) /*!80000 INVISIBLE */,
  KEY `plus` (((`id` + 1)) DESC) KEY_BLOCK_SIZE=8,
  SPATIAL KEY `sp` (`p`),
  FULLTEXT KEY `ft` (`a`,`b`) /*!50100 WITH PARSER `ngram` */ ,
  CONSTRAINT `z` FOREIGN KEY (`a`, `b`) REFERENCES `other`.`p` (`x`, `y`) ON DELETE SET NULL ON UPDATE NO ACTION,
  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `p` (`id`) ON DELETE CASCADE,
  CONSTRAINT `positive` CHECK ((`id` > 0)),
  CONSTRAINT `loose` CHECK ((`b` in (_utf8mb4'(',_utf8mb4'y'))) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci STATS_PERSISTENT=1 ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8 COMMENT='a = ''b''' /*!80016 ENCRYPTION='Y' */
/*!50500 PARTITION BY RANGE  COLUMNS(`id`)
(PARTITION p1 VALUES LESS THAN (10) ENGINE = InnoDB,
 PARTITION p2 VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB) */";

fn everything() -> Table {
    table(EVERYTHING).unwrap()
}

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

#[test]
#[expect(clippy::many_single_char_names, reason = "the columns' names")]
fn columns_are_read_to_the_last_attribute() {
    let table = everything();
    let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "a", "b", "c", "d", "e", "f", "g", "h", "p", "q", "r"]);
    let column = |name: &str| table.column(name).unwrap().clone();
    let new = |name: &str, data_type: &str| Column::new(ident(name), data_type.to_owned());
    let text = |name: &str, data_type: &str, character_set: &str, collation: &str| Column {
        character_set: Some(character_set.to_owned()),
        collation: Some(collation.to_owned()),
        ..new(name, data_type)
    };
    let default = |value: &str| Some(value.to_owned());
    let id = Column { nullable: false, auto_increment: true, ..new("id", "bigint unsigned") };
    assert_eq!(column("ID"), id);
    let a = Column {
        nullable: false,
        default: default("'it''s (x), \\\\'"),
        comment: "a 'comment', with )".to_owned(),
        ..text("a", "varchar(10)", "latin1", "latin1_bin")
    };
    assert_eq!(column("a"), a);
    assert_eq!(
        column("b"),
        Column { default: default("NULL"), ..text("b", "varchar(10)", "utf8mb4", "utf8mb4_unicode_ci") }
    );
    assert_eq!(column("c"), Column { default: default("(uuid())"), ..text("c", "char(36)", "utf8mb4", "utf8mb4_bin") });
    let d = Column {
        nullable: false,
        default: default("'x'"),
        invisible: true,
        ..text("d", "enum('x','y)')", "utf8mb4", "utf8mb4_unicode_ci")
    };
    assert_eq!(column("d"), d);
    let e = Column {
        default: default("CURRENT_TIMESTAMP(6)"),
        on_update: default("CURRENT_TIMESTAMP(6)"),
        ..new("e", "timestamp(6)")
    };
    assert_eq!(column("e"), e);
    assert_eq!(column("f"), Column { default: default("b'10'"), ..new("f", "bit(2)") });
    let generated = |expression: &str, stored| Some(Generated { expression: expression.to_owned(), stored });
    assert_eq!(
        column("g"),
        Column { generated: generated("`id` + 1", false), comment: "g".to_owned(), ..new("g", "int") }
    );
    let h = Column {
        generated: generated("concat('x',`b`)", true),
        nullable: false,
        ..text("h", "varchar(5)", "utf8mb4", "utf8mb4_unicode_ci")
    };
    assert_eq!(column("h"), h);
    assert_eq!(column("p"), Column { nullable: false, srid: Some(4326), ..new("p", "point") });
    let said = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let q = Column {
        default: default("'1'"),
        attributes: said(&[("STORAGE", "DISK"), ("COLUMN_FORMAT", "FIXED")]),
        ..new("q", "tinyint(1)")
    };
    assert_eq!(column("q"), q);
    let r = Column {
        default: default("(json_array())"),
        attributes: said(&[("ENGINE_ATTRIBUTE", "'{\"a\": 1}'")]),
        ..new("r", "json")
    };
    assert_eq!(column("r"), r);
}

#[test]
fn indexes_are_read_to_the_last_attribute() {
    let table = everything();
    let over = |name: &str, prefix| Over::Column(ident(name), prefix);
    let part = |over: Over, descending| Part { over, descending };
    let expression = |text: &str| Over::Expression(text.to_owned());
    assert_eq!(
        table.indexes,
        [
            Index::new(ident("PRIMARY"), IndexKind::Primary, vec![part(over("id", None), false)]),
            Index {
                comment: "first".to_owned(),
                ..Index::new(
                    ident("u"),
                    IndexKind::Unique,
                    vec![part(over("a", Some(3)), true), part(over("b", None), false)]
                )
            },
            Index {
                invisible: true,
                ..Index::new(
                    ident("func"),
                    IndexKind::Plain,
                    vec![part(expression("lower(`b`)"), false), part(over("a", None), false)]
                )
            },
            Index {
                block_size: Some(8),
                ..Index::new(ident("plus"), IndexKind::Plain, vec![part(expression("`id` + 1"), true)])
            },
            Index::new(ident("sp"), IndexKind::Spatial, vec![part(over("p", None), false)]),
            Index {
                parser: Some("ngram".to_owned()),
                ..Index::new(
                    ident("ft"),
                    IndexKind::Fulltext,
                    vec![part(over("a", None), false), part(over("b", None), false)]
                )
            },
        ]
    );
    assert_eq!(table.primary_key(), table.indexes.first());
}

#[test]
fn constraints_options_and_partitions_are_read() {
    let table = everything();
    let fk = ForeignKey {
        name: ident("fk"),
        columns: vec![ident("id")],
        database: None,
        table: ident("p"),
        parent_columns: vec![ident("id")],
        on_delete: Action::Cascade,
        on_update: Action::Restrict,
    };
    let z = ForeignKey {
        name: ident("z"),
        columns: vec![ident("a"), ident("b")],
        database: Some(ident("other")),
        table: ident("p"),
        parent_columns: vec![ident("x"), ident("y")],
        on_delete: Action::SetNull,
        on_update: Action::Restrict,
    };
    assert_eq!(table.foreign_keys, [fk, z]);
    let check = |name: &str, expression: &str, enforced| Check {
        name: ident(name),
        expression: expression.to_owned(),
        enforced,
    };
    assert_eq!(table.checks, [check("loose", "`b` in ('(','y')", false), check("positive", "`id` > 0", true)]);
    let options: Vec<_> = table.options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        options,
        [
            ("ENGINE", "InnoDB"),
            ("DEFAULT CHARSET", "utf8mb4"),
            ("COLLATE", "utf8mb4_unicode_ci"),
            ("STATS_PERSISTENT", "1"),
            ("ROW_FORMAT", "COMPRESSED"),
            ("KEY_BLOCK_SIZE", "8"),
            ("COMMENT", "'a = ''b'''"),
            ("ENCRYPTION", "'Y'"),
        ]
    );
    assert_eq!(
        table.partitions.as_deref(),
        Some(
            "PARTITION BY RANGE COLUMNS(`id`)\n(PARTITION p1 VALUES LESS THAN (10) ENGINE = InnoDB,\n PARTITION p2 VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB)"
        )
    );
}

#[test]
fn what_servers_write_differently_is_the_same() {
    let pair = |one: &str, other: &str| {
        let full = |text: &str| format!("CREATE TABLE `t` (\n  {text}");
        (table(&full(one)).unwrap(), table(&full(other)).unwrap())
    };
    for (one, other) in [
        ("`a` int(11) NOT NULL\n) ENGINE=InnoDB", "`a` int NOT NULL\n) ENGINE=InnoDB"),
        (
            "`a` text CHARACTER SET utf8 COLLATE utf8_general_ci\n) ENGINE=InnoDB DEFAULT CHARSET=utf8",
            "`a` text\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci",
        ),
        (
            "`a` varchar(1) COLLATE utf8mb4_bin DEFAULT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
            "`a` varchar(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL\n) ENGINE=InnoDB AUTO_INCREMENT=9 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
        ),
        (
            "`a` int,\n  KEY `k` (`a`),\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`a`) ON DELETE RESTRICT ON UPDATE NO ACTION\n) ENGINE=InnoDB",
            "`a` int,\n  KEY `k` (`a`) USING BTREE,\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`a`)\n) ENGINE=InnoDB",
        ),
        (
            "`a` int,\n  CONSTRAINT `c` CHECK ((`a` <> _utf8mb4'x'))\n) ENGINE=InnoDB",
            "`a` int,\n  CONSTRAINT `c` CHECK ((`a` <> _latin1'x'))\n) ENGINE=InnoDB",
        ),
    ] {
        let (one, other) = pair(one, other);
        assert_eq!(one, other);
    }
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    for (text, at) in [
        ("CREATE TABLE `t` (\n  `a` int FANCY 7\n)", "FANCY 7"),
        ("CREATE TABLE `t` (\n  `a` int,\n  HASH KEY `x` (`a`)\n)", "HASH KEY `x` (`a`)"),
        ("CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB ODD", ""),
        ("CREATE TABLE `t` (\n  `a` int,\n  KEY `k` (`a`) GLOBAL\n)", "GLOBAL"),
        ("CREATE VIEW `t` AS", "CREATE VIEW `t` AS"),
        ("CREATE TABLE `t` (\n  `a` varchar(", "("),
    ] {
        assert_eq!(table(text).unwrap_err(), ParseError { at: at.to_owned() }, "{text}");
    }
}

#[test]
fn what_has_no_type_or_value_is_not_read() {
    for (text, at) in [
        ("CREATE TABLE `t` (\n  `a` )", ")"),
        ("CREATE TABLE `t` (\n  `a` int COLLATE )", ")"),
        ("CREATE TABLE `t` (\n  `a` int,\n  KEY `k` (`a`) USING )", ")"),
        ("CREATE TABLE `t` (\n  `a` int\n) ENGINE=", ""),
    ] {
        assert_eq!(table(text), Err(ParseError { at: at.to_owned() }), "{text}");
    }
}

#[test]
fn a_collation_says_its_character_set() {
    let sets = |collation: &str, options: &str| {
        let table = table(&format!("CREATE TABLE `t` (\n  `a` text{collation}\n){options}")).unwrap();
        (table.columns[0].character_set.clone(), table.columns[0].collation.clone())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(sets(" COLLATE utf8mb4_bin", ""), (some("utf8mb4"), some("utf8mb4_bin")));
    assert_eq!(sets("", " COLLATE=utf8mb4_bin"), (some("utf8mb4"), some("utf8mb4_bin")));
    assert_eq!(sets(" COLLATE utf8", ""), (some("utf8mb3"), some("utf8")));
    assert_eq!(sets(" COLLATE _bin", ""), (None, some("_bin")));
}
