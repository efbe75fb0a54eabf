//! `diagram` and `report --format markdown` of a real database.

use caredb::schema::diagram::boxes::boxes;
use caredb::schema::diagram::nets::Graph;
use caredb::schema::diagram::place::{Item, place};
use caredb::schema::diagram::{mermaid, svg};
use caredb::schema::dictionary::Dictionary;
use caredb::schema::introspect;
use caredb::schema::model::Model;
use insta::assert_snapshot;

use crate::support::{Test, block_on};

/// The database of all migrations, with months.
fn migrated(name: &str) -> Test {
    let test = Test::new(name);
    test.ok("migrate");
    test.ok("partition ensure --today 2026-11-24");
    test
}

fn dictionary(test: &Test) -> Dictionary {
    block_on(async {
        let mut conn = test.connect().await;
        introspect::prepare(&mut conn).await.unwrap();
        let database = caredb::db::ident::Ident::new(&test.database).unwrap();
        let schema = introspect::schema(&mut conn, &database).await.unwrap();
        Dictionary::of(&Model::of(&schema).unwrap())
    })
}

fn stdout(test: &Test, arguments: &str) -> String {
    let output = test.command(arguments).output().unwrap();
    assert!(output.status.success(), "{}", test.show(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn read(test: &Test, path: &str) -> String {
    std::fs::read_to_string(test.folder.join(path)).unwrap()
}

#[test]
fn thirteen_tables_and_their_archives_stand_without_a_tangle() {
    let test = migrated("diagram_layout");
    let dictionary = dictionary(&test);
    let boxes = boxes(&dictionary);
    let graph = Graph::of(&boxes);
    let placed = place(&boxes, &graph);
    let name = |item: &Item| match *item {
        Item::Group(group) => graph.groups[group]
            .iter()
            .map(|&table| dictionary.tables[table].name.as_str())
            .collect::<Vec<_>>()
            .join(" + "),
        Item::Lane(net) => format!("~ {}", dictionary.tables[graph.nets[net].hub.table].name),
    };
    let column = |column: &Vec<Item>| column.iter().map(|item| format!("{}\n", name(item))).collect::<String>();
    assert_snapshot!(placed.columns.iter().map(column).collect::<Vec<_>>().join("\n"), @"");
    // 22 tables and 32 references, three of them to the same three tables from each of four: some must cross (K3,4 in the plane: two)
    assert_eq!((graph.links.len(), placed.crossings), (33, 13));
}

#[test]
fn a_diagram_is_printed_or_written() {
    let test = migrated("diagram_forms");
    let dictionary = dictionary(&test);
    assert_eq!(stdout(&test, "diagram"), svg(&dictionary, None));
    assert_eq!(stdout(&test, "diagram --format mermaid"), mermaid(&dictionary));
    assert_snapshot!(mermaid(&dictionary));
    assert_snapshot!(test.run("diagram er.svg"), @"");
    assert_eq!(read(&test, "er.svg"), svg(&dictionary, None));
    assert_snapshot!(test.run("diagram --format mermaid --quiet er.md"), @"");
    assert_eq!(read(&test, "er.md"), mermaid(&dictionary));

    // JSON says how to print; the file's ending says what to draw
    assert_snapshot!(test.run("--format json diagram --tables pay*,users er.mmd"), @"");
    assert!(
        read(&test, "er.mmd").starts_with("erDiagram\n    accTitle: 3 tables and 0 references\n    \"payments\" {\n")
    );
    let line: serde_json::Value = serde_json::from_str(&stdout(&test, "diagram --tables USERS --format json")).unwrap();
    assert!(
        line["diagram"].as_str().unwrap().contains("<title id=\"er-title\">1 table and 0 references</title>"),
        "{line}"
    );

    assert_snapshot!(test.run("diagram --tables payment,users"), @"");
    assert_snapshot!(test.run("diagram no/er.svg"), @"");
    assert_snapshot!(test.run("--format github diagram"), @"");
    assert_snapshot!(test.run("diagram --format markdown"), @"");
    let empty = Test::new("diagram_empty");
    assert_snapshot!(empty.run("diagram"), @"");
}

#[test]
fn a_dictionary_is_committed_and_says_when_it_is_old() {
    let test = migrated("dictionary");
    assert_snapshot!(test.run("report --format markdown docs/data --check").lines().last().unwrap(), @"");
    assert!(!test.folder.join("docs").exists());
    assert_snapshot!(test.run("report --format markdown docs/data"), @"");
    assert_snapshot!(read(&test, "docs/data/README.md"));
    assert_snapshot!(read(&test, "docs/data/appointments.md"));
    assert_snapshot!(read(&test, "docs/data/reviews.md"));
    assert_snapshot!(test.run("report --format markdown docs/data --check"), @"");

    // rows, counters and months are no matter of definitions
    test.ok("partition ensure --today 2027-11-24");
    test.sql("INSERT INTO users (email, password_hash, role) VALUES ('a@example.com', 'x', 'ADMIN')");
    assert_snapshot!(test.run("report --format markdown docs/data"), @"");

    test.sql("ALTER TABLE audit_logs ADD COLUMN why VARCHAR(20) COMMENT 'a|b'");
    test.sql("CREATE TABLE `odd/name` (id INT PRIMARY KEY)");
    test.sql("DROP TABLE doctor_unavailability");
    test.file("docs/data/notes.md", "by a person\n");
    std::fs::write(test.folder.join("docs/data/users.md"), "by hand").unwrap();
    let before = read(&test, "docs/data/audit_logs.md");
    assert_snapshot!(test.run("report --format markdown docs/data --check"), @"");
    assert_eq!(read(&test, "docs/data/audit_logs.md"), before);
    assert_snapshot!(test.run("report --format json docs/data --check"), @"");
    assert_snapshot!(test.run("report --format markdown docs/data"), @"");
    assert!(read(&test, "docs/data/audit_logs.md").contains("| `why` | `varchar(20)` | yes |  |  | a\\|b |\n"));
    assert_eq!(read(&test, "docs/data/notes.md"), "by a person\n");
    assert!(read(&test, "docs/data/odd%2Fname.md").contains("# `odd/name`"));
    assert!(!test.folder.join("docs/data/doctor_unavailability.md").exists());
    assert_snapshot!(test.run("report --format markdown docs/data --check"), @"");

    assert_snapshot!(test.run("report x.html --check"), @"");
    assert_snapshot!(test.run("report --format markdown caredb.toml"), @"");
}
