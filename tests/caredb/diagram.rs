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
    assert_snapshot!(placed.columns.iter().map(column).collect::<Vec<_>>().join("\n"), @r"
    appointments + appointments_archive + appointments_moving
    users

    ~ appointments
    patient_profiles
    ~ users
    audit_logs
    notifications
    doctor_profiles

    appointment_keys
    ~ patient_profiles
    medical_records + medical_records_compressed
    doctor_unavailability
    time_slots
    ~ doctor_profiles

    consultations + consultations_archive
    ~ patient_profiles
    payments + payments_archive
    reviews + reviews_archive
    ~ doctor_profiles

    appointments_staying
    prescriptions + prescriptions_archive
    ");
    // reviews and prescriptions, and the archives of both, lead to the same three tables: no drawing of that is without crossings
    assert_eq!((graph.links.len(), placed.crossings), (33, 13));
}

#[test]
fn a_diagram_is_printed_or_written() {
    let test = migrated("diagram_forms");
    let dictionary = dictionary(&test);
    assert_eq!(stdout(&test, "diagram"), svg(&dictionary, None));
    assert_eq!(stdout(&test, "diagram --format mermaid"), mermaid(&dictionary));
    assert_snapshot!("mermaid", mermaid(&dictionary));
    assert_snapshot!(test.run("diagram er.svg"), @r"
    exit 0
    --- stdout
    wrote `er.svg`: 22 tables of `<db>`
    ");
    assert_eq!(read(&test, "er.svg"), svg(&dictionary, None));
    assert_snapshot!(test.run("diagram --format mermaid --quiet er.md"), @r"
    exit 0
    --- stdout
    wrote `er.md`: 22 tables of `<db>`
    ");
    assert_eq!(read(&test, "er.md"), mermaid(&dictionary));

    test.ok("diagram --tables users er.mermaid");
    assert!(read(&test, "er.mermaid").starts_with("erDiagram\n"));

    // JSON says how to print; the file's ending says what to draw
    assert_snapshot!(test.run("--format json diagram --tables pay*,users er.mmd"), @r#"
    exit 0
    --- stdout
    {"command":"diagram","outcome":"done","form":"mermaid","tables":["payments","payments_archive","users"],"file":"er.mmd"}
    "#);
    assert!(
        read(&test, "er.mmd").starts_with("erDiagram\n    accTitle: 3 tables and 0 references\n    \"payments\" {\n")
    );
    let line: serde_json::Value = serde_json::from_str(&stdout(&test, "diagram --tables USERS --format json")).unwrap();
    assert!(
        line["diagram"].as_str().unwrap().contains("<title id=\"er-title\">1 table and 0 references</title>"),
        "{line}"
    );

    assert_snapshot!(test.run("diagram --tables payment,users"), @r"
    exit 2
    --- stderr
    error: `--tables payment` names no table of `<db>`, did you mean `payments`?
    ");
    assert_snapshot!(test.run("diagram no/er.svg"), @r"
    exit 2
    --- stderr
    error: could not write `no/er.svg`: no such file or directory (os error 2)
    ");
    assert_snapshot!(test.run("--format github diagram"), @r"
    exit 2
    --- stdout
    ::error title=caredb diagram::`diagram` has no annotations for `--format github`; say `--format json`, or nothing
    --- stderr
    error: `diagram` has no annotations for `--format github`; say `--format json`, or nothing
    ");
    assert_snapshot!(test.run("diagram --format markdown"), @r"
    exit 2
    --- stderr
    error: invalid value 'markdown' for '--format <FORM>'
      [possible values: svg, mermaid, json]

    For more information, try '--help'.
    ");
    let empty = Test::new("diagram_empty");
    assert_snapshot!(empty.run("diagram"), @r"
    exit 2
    --- stderr
    error: `<db>` has no tables; `caredb migrate` makes them
    ");
}

#[test]
fn a_dictionary_is_committed_and_says_when_it_is_old() {
    let test = migrated("dictionary");
    assert_snapshot!(test.run("report --format markdown docs/data --check").lines().last().unwrap(), @"the data dictionary of `<db>` is out of date in 23 files; `caredb report --format markdown docs/data` writes it anew");
    assert!(!test.folder.join("docs").exists());
    assert_snapshot!(test.run("report --format markdown docs/data"), @r"
    exit 0
    --- stdout
    wrote the data dictionary of `<db>` to `docs/data`: 23 files of 23 new or changed
    ");
    assert_snapshot!("readme", read(&test, "docs/data/README.md"));
    assert_snapshot!("appointments", read(&test, "docs/data/appointments.md"));
    assert_snapshot!("reviews", read(&test, "docs/data/reviews.md"));
    assert_snapshot!(test.run("report --format markdown docs/data --check"), @r"
    exit 0
    --- stdout
    the data dictionary in `docs/data` is up to date: 23 files of `<db>`
    ");

    // rows, counters and months are no matter of definitions
    test.ok("partition ensure --today 2027-11-24");
    test.sql("INSERT INTO users (email, password_hash, role) VALUES ('a@example.com', 'x', 'ADMIN')");
    assert_snapshot!(test.run("report --format markdown docs/data"), @r"
    exit 0
    --- stdout
    the data dictionary in `docs/data` is up to date: 23 files of `<db>`
    ");

    test.sql("ALTER TABLE audit_logs ADD COLUMN why VARCHAR(20) COMMENT 'a|b'");
    test.sql("CREATE TABLE `odd/name` (id INT PRIMARY KEY)");
    test.sql("DROP TABLE doctor_unavailability");
    test.file("docs/data/notes.md", "by a person\n");
    test.file("docs/data/users.md", read(&test, "docs/data/users.md") + "by hand\n");
    let before = read(&test, "docs/data/audit_logs.md");
    assert_snapshot!(test.run("report --format markdown docs/data --check"), @r"
    exit 1
    --- stdout
    docs/data/README.md: differs
    docs/data/audit_logs.md: differs
    docs/data/doctor_profiles.md: differs
    docs/data/odd%2Fname.md: missing
    docs/data/users.md: differs
    docs/data/doctor_unavailability.md: of a table that is gone
    the data dictionary of `<db>` is out of date in 6 files; `caredb report --format markdown docs/data` writes it anew
    ");
    assert_eq!(read(&test, "docs/data/audit_logs.md"), before);
    assert_snapshot!(test.run("report --format json docs/data --check"), @r#"
    exit 1
    --- stdout
    {"command":"report","outcome":"found","form":"markdown","folder":"docs/data","files":23,"changed":["README.md","audit_logs.md","doctor_profiles.md","odd%2Fname.md","users.md"],"removed":["doctor_unavailability.md"]}
    "#);
    assert_snapshot!(test.run("report --format markdown docs/data"), @r"
    exit 0
    --- stdout
    wrote the data dictionary of `<db>` to `docs/data`: 5 files of 23 new or changed, 1 removed
    ");
    assert!(read(&test, "docs/data/audit_logs.md").contains("| `why` | `varchar(20)` | yes |  |  | a\\|b |\n"));
    assert_eq!(read(&test, "docs/data/notes.md"), "by a person\n");
    assert!(read(&test, "docs/data/odd%2Fname.md").contains("# `odd/name`"));
    assert!(!test.folder.join("docs/data/doctor_unavailability.md").exists());
    assert_snapshot!(test.run("report --format markdown docs/data --check"), @r"
    exit 0
    --- stdout
    the data dictionary in `docs/data` is up to date: 23 files of `<db>`
    ");

    // what caredb did not write is never written over: a README.md least of all
    std::fs::write(test.folder.join("docs/data/README.md"), "by a person").unwrap();
    assert_snapshot!(test.run("report --format markdown docs/data --check"), @r"
    exit 1
    --- stdout
    docs/data/README.md: caredb did not write it
    the data dictionary of `<db>` is out of date in 1 file; `caredb report --format markdown docs/data` writes it anew
    ");
    assert_snapshot!(test.run("report --format markdown docs/data"), @r"
    exit 3
    --- stderr
    error: caredb did not write `docs/data/README.md`, and would write over it; give the data dictionary a folder of its own, or delete the file
    ");
    assert_eq!(read(&test, "docs/data/README.md"), "by a person");
    assert_snapshot!(test.run("report docs.d"), @r"
    exit 2
    --- stderr
    error: `docs.d` is neither a page nor a folder by its name; say `--format html` or `--format markdown`
    ");
    assert_snapshot!(test.run("report x.html --check"), @r"
    exit 2
    --- stderr
    error: `--check` is for the data dictionary; say `--format markdown` and its folder
    ");
    assert_snapshot!(test.run("report --format markdown caredb.toml"), @r"
    exit 2
    --- stderr
    error: could not read `caredb.toml/README.md`: not a directory (os error 20)
    ");
}
