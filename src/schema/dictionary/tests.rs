use std::collections::BTreeMap;

use super::markdown::files;
use super::*;
use crate::db::ident::Ident;
use crate::schema::introspect::Schema;
use crate::schema::model::Model;

/// Of definitions as the server writes them.
pub(in crate::schema) fn dictionary(definitions: &[(Kind, &str, &str)]) -> Dictionary {
    let definitions =
        definitions.iter().map(|(kind, name, text)| ((*kind, Ident::new(name).unwrap()), (*text).to_owned()));
    let schema = Schema { definitions: definitions.collect::<BTreeMap<_, _>>() };
    Dictionary::of(&Model::of(&schema).unwrap())
}

const OWNERS: &str = r#"CREATE TABLE `owners` (
  `id` int NOT NULL AUTO_INCREMENT,
  `e mail` varchar(50) COLLATE utf8mb4_bin NOT NULL COMMENT 'not <b>bold</b> | *nor* `code` %%{init}%%\n#2 ~5 to ~9 \\ "said"',
  `kind|` enum('a|b','c''d','\\|') NOT NULL DEFAULT 'a|b',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_mail` (`e mail`),
  KEY `first` (`e mail`(3) DESC,((`id` + 1))) COMMENT 'a_b'
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='# who has "pets" & <i>more</i>'"#;

const PETS: &str = "CREATE TABLE `pets` (
  `id` int NOT NULL,
  `owner_id` int NOT NULL,
  `mother` int DEFAULT NULL,
  `pk` decimal(10,2) DEFAULT '0.50',
  `at` timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  `twice` bigint unsigned GENERATED ALWAYS AS ((`id` * 2)) STORED,
  PRIMARY KEY (`id`),
  UNIQUE KEY `one` (`owner_id`),
  KEY `mother` (`mother`) /*!80000 INVISIBLE */,
  CONSTRAINT `fk_far` FOREIGN KEY (`id`) REFERENCES `other`.`x``y` (`i`),
  CONSTRAINT `fk_mother` FOREIGN KEY (`mother`) REFERENCES `pets` (`id`) ON DELETE SET NULL,
  CONSTRAINT `fk_owner` FOREIGN KEY (`owner_id`) REFERENCES `owners` (`id`) ON DELETE CASCADE,
  CONSTRAINT `sane` CHECK ((`id` <> `mother`)) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci";

const VISITS: &str = "CREATE TABLE `visits` (
  `id` int NOT NULL,
  `on` date NOT NULL,
  PRIMARY KEY (`id`,`on`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
/*!50500 PARTITION BY RANGE  COLUMNS(`on`)
(PARTITION p_2026_11 VALUES LESS THAN ('2026-12-01') ENGINE = InnoDB,
 PARTITION p_future VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB) */";

const TRIGGER: &str = "SET sql_mode = '';
CREATE DEFINER=`root`@`localhost` TRIGGER `tr` AFTER INSERT ON `visits` FOR EACH ROW BEGIN
  -- INSERT INTO owners
  INSERT INTO `pets` (id) VALUES ('DELETE FROM owners');
  UPDATE pets SET id = 1; DELETE FROM visits; INSERT INTO elsewhere VALUES (1);
END";

const VIEW: &str =
    "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select 1 AS `1`";

/// Two tables that refer, a partitioned one whose trigger writes another one, a copy, a view.
pub(in crate::schema) fn clinic() -> Dictionary {
    let archive = VISITS.replace("`visits`", "`visits_archive`");
    dictionary(&[
        (Kind::Table, "owners", OWNERS),
        (Kind::Table, "pets", PETS),
        (Kind::Table, "visits", VISITS),
        (Kind::Table, "visits_archive", &archive),
        (Kind::Trigger, "tr", TRIGGER),
        (Kind::View, "v", VIEW),
    ])
}

#[test]
fn what_others_say_of_a_table_stands_with_it() {
    let clinic = clinic();
    let names = |references: &[Reference]| {
        references.iter().map(|one| format!("{} {}→{}", one.name, one.from, one.to)).collect::<Vec<_>>()
    };
    let table = |name: &str| clinic.table(name).unwrap();
    assert_eq!(names(&table("owners").referred_by), ["fk_owner pets→owners"]);
    assert_eq!(names(&table("pets").referred_by), ["fk_mother pets→pets"]);
    assert_eq!(names(&table("pets").references), ["fk_far pets→x`y", "fk_mother pets→pets", "fk_owner pets→owners"]);
    let unique =
        |place: usize| (table("pets").references[place].is_optional, table("pets").references[place].is_unique);
    assert_eq!([unique(0), unique(1), unique(2)], [(false, true), (true, false), (false, true)]);
    assert_eq!(
        table("visits").triggers,
        [Trigger { name: "tr".to_owned(), fires: "AFTER INSERT".to_owned(), writes: vec!["pets".to_owned()] }]
    );
    let writer = Writer { table: "visits".to_owned(), trigger: "tr".to_owned(), fires: "AFTER INSERT".to_owned() };
    assert_eq!(table("pets").written_by, [writer]);
    assert_eq!(table("visits").partitioned_by.as_deref(), Some("RANGE COLUMNS(`on`)"));
    assert_eq!(table("pets").partitioned_by, None);
    assert_eq!(clinic.programs, [Program { kind: Kind::View, name: "v".to_owned(), comment: String::new() }]);
}

#[test]
fn what_is_not_there_has_no_link() {
    // loaded without `foreign_key_checks`, or by an account that may not see all tables
    let alone = dictionary(&[(Kind::Table, "pets", PETS)]);
    let known = alone.tables[0].references.iter().map(|one| (one.to.as_str(), one.is_known));
    assert_eq!(known.collect::<Vec<_>>(), [("x`y", false), ("pets", true), ("owners", false)]);
    let written = files(&alone);
    let (index, pets) = (&written[0].1, &written[1].1);
    assert!(index.contains("| `owners`, [`pets`](pets.md), `other`.``x`y`` |"), "{index}");
    assert!(pets.contains("→ `owners` |") && pets.contains("| `owners` (`id`) |"), "{pets}");
}

#[test]
fn patterns_keep_tables_and_what_is_among_them() {
    let names = |patterns: &[&str]| {
        let mut clinic = clinic();
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let strangers: Vec<String> = clinic.keep(&patterns).into_iter().map(str::to_owned).collect();
        let tables = clinic.tables.iter().map(|table| {
            let count = |references: &[Reference]| references.len();
            let writes = table.triggers.iter().map(|trigger| trigger.writes.len()).sum::<usize>();
            let written = table.written_by.len();
            format!("{} {}/{}/{writes}/{written}", table.name, count(&table.references), count(&table.referred_by))
        });
        (tables.collect::<Vec<_>>().join(", "), strangers.join(","))
    };
    for (patterns, tables, strangers) in [
        (&[][..], "owners 0/1/0/0, pets 3/1/0/1, visits 0/0/1/0, visits_archive 0/0/0/0", ""),
        // a reference to another database stays, since it never was among the tables
        (&["PETS"][..], "pets 2/1/0/0", ""),
        (&["visits*", "owners"][..], "owners 0/0/0/0, visits 0/0/0/0, visits_archive 0/0/0/0", ""),
        (&["?ets", "v?s"][..], "pets 2/1/0/0", "v?s"),
        (&["pet"][..], "", "pet"),
    ] {
        assert_eq!(names(patterns), (tables.to_owned(), strangers.to_owned()), "{patterns:?}");
    }
}

#[test]
fn files_are_exact_whatever_names_and_comments_hold() {
    let files = files(&clinic());
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["README.md", "owners.md", "pets.md", "visits.md", "visits_archive.md"]);
    for (name, text) in &files[..4] {
        insta::assert_snapshot!(name.as_str(), text);
    }
}

#[test]
fn months_and_counters_leave_the_files_as_they_are() {
    let visits = VISITS.replace(
        "(PARTITION p_2026_11",
        "(PARTITION p_2026_10 VALUES LESS THAN ('2026-11-01') ENGINE = InnoDB,\n PARTITION p_2026_11",
    );
    let owners = OWNERS.replace("AUTO_INCREMENT=7", "AUTO_INCREMENT=8");
    let of = |owners: &str, visits: &str| {
        files(&dictionary(&[(Kind::Table, "owners", owners), (Kind::Table, "visits", visits)]))
    };
    assert_eq!(of(&owners, &visits), of(OWNERS, VISITS));
    assert_ne!(of(OWNERS, &VISITS.replace("`on` date NOT", "`on` datetime NOT")), of(OWNERS, VISITS));
}
