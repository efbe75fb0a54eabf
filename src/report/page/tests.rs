use base64::Engine as _;
use sha2::Digest as _;

use super::*;
use crate::report::last::Finding;
use crate::report::months::{Partition, When};
use crate::report::timeline::{Event, What};
use crate::schema::dictionary::{Check, Column, Key, Mark, Program, Reference, Table, Trigger, Writer};
use crate::schema::introspect::Kind;

fn text(text: &str) -> String {
    text.to_owned()
}

fn column(name: &str, comment: &str, is_primary: bool) -> Column {
    Column {
        name: text(name),
        data_type: text("enum('a','<b>')"),
        collation: None,
        nullable: !is_primary,
        default: (!is_primary).then(|| text("'a'")),
        extra: vec![text("INVISIBLE")],
        comment: text(comment),
        marks: vec![if is_primary { Mark::Primary } else { Mark::Foreign }],
    }
}

fn dictionary() -> Dictionary {
    let reference = Reference {
        name: text("fk"),
        from: text("a b"),
        columns: vec![text("of")],
        database: None,
        to: text("a b"),
        parent_columns: vec![text("id")],
        on_delete: "CASCADE",
        on_update: "RESTRICT",
        is_optional: true,
        is_unique: false,
        is_known: true,
    };
    let table = Table {
        name: text("a b"),
        comment: text("<what> it is"),
        options: vec![(text("ENGINE"), text("InnoDB"))],
        partitioned_by: Some(text("RANGE COLUMNS(`id`)")),
        columns: vec![column("id", "", true), column("of", "whose & \"why\"", false)],
        keys: vec![
            Key {
                name: text("PRIMARY"),
                kind: "PRIMARY KEY",
                parts: vec![text("`id`")],
                invisible: false,
                comment: text(""),
            },
            Key {
                name: text("k"),
                kind: "KEY",
                parts: vec![text("`of`"), text("`id` DESC")],
                invisible: true,
                comment: text("c"),
            },
        ],
        references: vec![
            reference.clone(),
            Reference { database: Some(text("<o>")), is_known: false, on_delete: "RESTRICT", ..reference.clone() },
            Reference { to: text("unseen"), is_known: false, ..reference.clone() },
        ],
        referred_by: vec![reference],
        checks: vec![Check { name: text("c"), expression: text("`id` < 3"), enforced: false }],
        triggers: vec![Trigger { name: text("t"), fires: text("AFTER INSERT"), writes: vec![text("u")] }],
        written_by: vec![Writer { table: text("a b"), trigger: text("<w>"), fires: text("BEFORE UPDATE") }],
    };
    let program = Program { kind: Kind::Procedure, name: text("p"), comment: text("does <it>") };
    Dictionary { tables: vec![table], programs: vec![program] }
}

fn report() -> Report {
    let event = Event {
        at: text("2026-11-20 10:00:00"),
        what: What::Applied,
        name: text("V1"),
        description: text("<first>"),
        by: text("root"),
        ms: 7,
    };
    let partition = |name: &str, month: Option<&str>, when, rows| Partition {
        name: text(name),
        month: month.map(text),
        when,
        rows,
        bytes: 16384,
    };
    let run = |id, outcome: Option<&str>| Run {
        id,
        command: text("archive appointments"),
        started_at: text("2026-11-26 01:00:00"),
        ms: outcome.map(|_| 2500),
        outcome: outcome.map(text),
        cut_off: Some(text("2025-11-26")),
        rows: 1200,
        did: text("archive 1200 rows"),
        by: text("cron@localhost on cron"),
    };
    Report {
        database: text("clinic"),
        server: text("9.7.4"),
        made_at: text("2026-11-27 09:30:00"),
        migrations: Migrations {
            version: text("1 of 2, 1 version pending, `caredb migrate` applies them"),
            events: vec![event],
            pending: vec![text("V2 second")],
            findings: vec![text("`V1__first.sql` was edited")],
        },
        partitioned: vec![Months {
            table: text("a b"),
            standing: text("`a b` is ready to 2026-12, 1 month ahead"),
            ahead: 1,
            wanted: 1,
            partitions: vec![
                partition("p_2026_11", Some("2026-11"), When::Now, 1200),
                partition("p_2026_12", Some("2026-12"), When::Ahead, 0),
                partition("p_future", None, When::Rest, 0),
            ],
            archived: Some([(text("2025-11"), 600)].into()),
        }],
        backlog: vec![Backlog {
            job: text("archive appointments"),
            older_than: text("1y"),
            cut_off: text("2025-11-27"),
            oldest: Some(text("2025-11-01")),
            rows: 1200,
            last_run_at: Some(text("2026-11-26 01:00:00")),
            last_outcome: Some(text("done")),
        }],
        backlog_unseen: None,
        runs: (0..21).map(|id| run(30 - id, (id > 0).then_some("done"))).collect(),
        more_runs: true,
        runs_unseen: None,
        drift: Some(Last {
            at: text("2026-11-26 10:00:00"),
            found: true,
            summary: text("drift: 2 objects differ"),
            findings: vec![Finding {
                state: text("changed"),
                place: text("table `t`"),
                what: vec![text("comment none → `<c>`")],
            }],
            more: 1,
        }),
        lint: None,
        sizes: vec![
            Size { table: text("a b"), rows: 1200, data: 16384, indexes: 0 },
            Size { table: text("caredb_runs"), rows: 21, data: 16384, indexes: 16384 },
        ],
        diagram: text("<svg></svg>"),
        dictionary: dictionary(),
        dictionary_unseen: None,
    }
}

fn body(report: &Report) -> String {
    let html = html(report).unwrap();
    let (_, body) = html.split_once("<main id=\"main\">").unwrap();
    let (body, script) = body.split_once("</main>").unwrap();
    assert_eq!((script.matches("<script>").count(), html.matches("<script>").count()), (1, 1));
    let row = "<tr><td class=\"number\">"; // 19 runs are enough
    let runs = body.lines().filter(|line| {
        !line.starts_with(row)
            || !line.contains("archive appointments")
            || line.contains(">30<")
            || line.contains(">10<")
    });
    runs.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_page_of_all_there_can_be() {
    insta::assert_snapshot!(body(&report()));
}

#[test]
fn a_page_of_nothing() {
    let report = Report { database: text("<db>"), made_at: text("2026-11-27 09:30:00"), ..Report::default() };
    insta::assert_snapshot!(body(&report));
}

#[test]
fn only_its_own_script_runs() {
    let html = html(&report()).unwrap();
    let (_, policy) = html.split_once("script-src '").unwrap();
    let hash = policy.split('\'').next().unwrap();
    let (_, script) = html.split_once("<script>").unwrap();
    let script = script.split("</script>").next().unwrap();
    assert_eq!(hash, format!("sha256-{}", base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(script))));
}
