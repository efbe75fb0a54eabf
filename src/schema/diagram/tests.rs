use std::collections::BTreeSet;

use super::nets::{Graph, Tie};
use super::place::{Item, Placed, place};
use super::route::{Drawing, HALF, Point};
use super::*;
use crate::schema::dictionary::tests::{clinic, dictionary as read};
use crate::schema::dictionary::{Column, Dictionary, Mark, Reference, Table};

/// Tables with an id, a column a reference, and so many others.
fn tables(tables: &[(&str, &[&str], usize)]) -> Dictionary {
    let column = |name: String, is_primary: bool| Column {
        name,
        data_type: "int".to_owned(),
        collation: None,
        nullable: false,
        default: None,
        extra: Vec::new(),
        comment: String::new(),
        marks: if is_primary { vec![Mark::Primary] } else { Vec::new() },
    };
    let table = |(name, parents, others): &(&str, &[&str], usize)| {
        let refers = |number: usize| format!("r{number}");
        let references = parents.iter().enumerate().map(|(number, parent)| Reference {
            name: format!("fk_{name}_{number}"),
            from: (*name).to_owned(),
            columns: vec![refers(number)],
            database: None,
            to: (*parent).to_owned(),
            parent_columns: vec!["id".to_owned()],
            on_delete: "RESTRICT",
            on_update: "RESTRICT",
            is_optional: false,
            is_unique: false,
            is_known: true,
        });
        let mut columns = vec![column("id".to_owned(), true)];
        columns.extend((0..parents.len()).map(|number| column(refers(number), false)));
        columns.extend((0..*others).map(|number| column(format!("{name}_{number}"), false)));
        Table {
            name: (*name).to_owned(),
            comment: String::new(),
            options: Vec::new(),
            partitioned_by: None,
            columns,
            keys: Vec::new(),
            references: references.collect(),
            referred_by: Vec::new(),
            checks: Vec::new(),
            triggers: Vec::new(),
            written_by: Vec::new(),
        }
    };
    Dictionary { tables: tables.iter().map(table).collect(), programs: Vec::new() }
}

fn laid_out(dictionary: &Dictionary) -> (Graph, Placed, Drawing) {
    let boxes = boxes(dictionary);
    let graph = Graph::of(&boxes);
    let placed = place(&boxes, &graph);
    let drawing = Drawing::of(&boxes, &graph, &placed);
    (graph, placed, drawing)
}

/// What stands in the columns, from left to right; `~a` is the line of `a` on its way.
fn columns(dictionary: &Dictionary) -> String {
    let (graph, placed, _) = laid_out(dictionary);
    let name = |item: &Item| match *item {
        Item::Group(group) => {
            let names = graph.groups[group].iter().map(|&table| dictionary.tables[table].name.as_str());
            names.collect::<Vec<_>>().join("+")
        }
        Item::Lane(net) => format!("~{}", dictionary.tables[graph.nets[net].hub.table].name),
    };
    let column = |column: &Vec<Item>| column.iter().map(name).collect::<Vec<_>>().join(" ");
    placed.columns.iter().map(column).collect::<Vec<_>>().join(" | ")
}

#[test]
fn what_refers_stands_to_the_right() {
    for (tables_, expected) in [
        (&[][..], ""),
        (&[("a", &[][..], 0)][..], "a"),
        (&[("a", &["b"][..], 0), ("b", &[], 0)], "b | a"),
        (&[("a", &["b"][..], 0), ("b", &["c"], 0), ("c", &[], 0)], "c | b | a"),
        // a reference past a column has a lane in it
        (&[("a", &[][..], 0), ("b", &["a"], 0), ("c", &["a", "b"], 0)], "a | ~a b | c"),
        (&[("a", &["a"][..], 0)], "a"),
        // a circle begins with the first name
        (&[("a", &["b"][..], 0), ("b", &["a"], 0)], "a | b"),
        (&[("a", &["c"][..], 0), ("b", &["a"], 0), ("c", &["b"], 0)], "a | ~c b | c"),
        // what nobody refers to and what refers to nobody fills the shortest column
        (&[("a", &[][..], 0), ("b", &["a"], 9), ("c", &[], 3)], "a c | b"),
        (&[("a", &[][..], 9), ("b", &["a"], 0), ("c", &[], 3)], "a | b c"),
        // a copy stands below its original, and no other table does so for its name alone
        (&[("a", &[][..], 0), ("a_b", &["a"], 0), ("a_old", &[], 0)], "a+a_old | a_b"),
    ] {
        assert_eq!(columns(&tables(tables_)), expected, "{tables_:?}");
    }
}

/// Draws from a fixed sequence (Knuth's MMIX generator).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

fn drawn(draw: &mut Draw, number: usize) -> Dictionary {
    let names: Vec<String> = (0..number).map(|table| format!("t{table:02}")).collect();
    let parents: Vec<Vec<&str>> =
        (0..number).map(|_| (0..draw.below(4)).map(|_| names[draw.below(number)].as_str()).collect()).collect();
    let all: Vec<(&str, &[&str], usize)> =
        names.iter().zip(&parents).map(|(name, parents)| (name.as_str(), parents.as_slice(), draw.below(12))).collect();
    tables(&all)
}

/// The horizontal and the vertical pieces of a net's lines, each as (where, from, to).
type Pieces = (BTreeSet<(i32, i32, i32)>, BTreeSet<(i32, i32, i32)>);

fn pieces(lines: &[&Vec<Point>]) -> Pieces {
    let mut pieces = Pieces::default();
    for ends in lines.iter().flat_map(|line| line.windows(2)) {
        let ((x1, y1), (x2, y2)) = (ends[0], ends[1]);
        assert!(x1 == x2 || y1 == y2, "no right angle");
        if x1 == x2 {
            pieces.1.insert((x1, y1.min(y2), y1.max(y2)));
        } else {
            pieces.0.insert((y1, x1.min(x2), x1.max(x2)));
        }
    }
    pieces
}

/// Looks at a drawing as an eye does, knowing nothing of how it came to be. Hands back how often lines of different nets cross.
fn looked_at(dictionary: &Dictionary) -> usize {
    let (graph, placed, drawing) = laid_out(dictionary);
    // no boxes overlap, nor leave the picture
    for (number, one) in drawing.frames.iter().enumerate() {
        assert!(one.x >= 0 && one.y >= 0 && one.x + one.width <= drawing.width && one.y + one.height <= drawing.height);
        for other in &drawing.frames[..number] {
            let apart = one.x + one.width < other.x
                || other.x + other.width < one.x
                || one.y + one.height < other.y
                || other.y + other.height < one.y;
            assert!(apart, "{one:?} {other:?}");
        }
    }
    // lines begin and end at the lines of their columns, and go through no box
    for (link, line) in graph.links.iter().zip(&drawing.lines) {
        for (port, point) in [(link.hub, line.first()), (link.end, line.last())] {
            let (frame, &(x, y)) = (drawing.frames[port.table], point.unwrap());
            assert!(x == frame.x || x == frame.x + frame.width, "{link:?}");
            assert_eq!(y, frame.y + HALF * (2 * i32::try_from(port.line).unwrap() + 1), "{link:?}");
        }
        for ends in line.windows(2) {
            let ((x1, y1), (x2, y2)) = (ends[0], ends[1]);
            for frame in &drawing.frames {
                let misses = x1.max(x2) <= frame.x
                    || x1.min(x2) >= frame.x + frame.width
                    || y1.max(y2) < frame.y
                    || y1.min(y2) > frame.y + frame.height;
                assert!(misses, "{link:?} goes through {frame:?}");
            }
        }
    }
    let nets: Vec<Pieces> = graph
        .nets
        .iter()
        .map(|net| pieces(&net.links.iter().map(|&link| &drawing.lines[link]).collect::<Vec<_>>()))
        .collect();
    let mut crossings = BTreeSet::new();
    for (number, one) in nets.iter().enumerate() {
        for (other_number, other) in nets.iter().enumerate().filter(|(other, _)| *other != number) {
            for &(y, from, to) in &one.0 {
                for &(x, low, high) in &other.1 {
                    if from < x && x < to && low < y && y < high {
                        crossings.insert((number, other_number, x, y));
                    }
                }
            }
            // where two run in one line, nobody can tell them apart
            for (mine, others) in [(&one.0, &other.0), (&one.1, &other.1)] {
                for &(place, from, to) in mine {
                    let meets = |&&(other, low, high): &&(i32, i32, i32)| other == place && from < high && low < to;
                    assert_eq!(others.iter().find(meets), None, "nets {number} and {other_number}");
                }
            }
        }
    }
    assert_eq!(crossings.len(), placed.crossings, "what was counted is not what is drawn");
    placed.crossings
}

#[test]
fn drawings_hold_to_the_eye() {
    let mut draw = Draw(9);
    let crossings: Vec<usize> = (1..30).map(|number| looked_at(&drawn(&mut draw, 1 + number % 13))).collect();
    // some must cross, or nothing was looked at
    assert!(crossings.iter().sum::<usize>() > 50, "{crossings:?}");
    looked_at(&clinic());
}

#[test]
fn lines_cross_only_where_they_must() {
    for (tables_, expected) in [
        // in the order of their names, each of these would cross
        (&[("a", &[][..], 0), ("b", &[], 0), ("c", &["b"], 0), ("d", &["a"], 0)][..], 0),
        (&[("a", &[][..], 0), ("b", &[], 0), ("c", &[], 0), ("x", &["c"], 0), ("y", &["b"], 0), ("z", &["a"], 0)], 0),
        (&[("a", &[][..], 0), ("b", &["a"], 0), ("c", &["a", "b"], 0), ("d", &["a", "b", "c"], 0)], 1),
        // two tables that two others refer to can't be drawn without
        (&[("a", &[][..], 0), ("b", &[], 0), ("x", &["a", "b"], 0), ("y", &["a", "b"], 0)], 1),
    ] {
        assert_eq!(looked_at(&tables(tables_)), expected, "{tables_:?}");
    }
}

#[test]
fn the_same_tables_are_drawn_the_same_way() {
    let one = svg(&drawn(&mut Draw(3), 12), None);
    assert_eq!(one, svg(&drawn(&mut Draw(3), 12), None));
    assert_ne!(one, svg(&drawn(&mut Draw(4), 12), None));
}

#[test]
fn a_picture_is_exact_whatever_names_and_comments_hold() {
    let svg = svg(&clinic(), Some(&|name| format!("#\"{name}\"")));
    let (head, style) = svg.split_once("<style>").unwrap();
    let body = style.split_once("</style>").unwrap().1;
    insta::assert_snapshot!("clinic.svg", format!("{head}<style>…</style>{body}"));
}

#[test]
fn a_picture_is_xml() {
    let name = "<a>\"&'\u{1}`|名\u{ffff}";
    let create = format!(
        "CREATE TABLE `x` (\n  `{}` int NOT NULL COMMENT ']]>',\n  PRIMARY KEY (`{0}`)\n)",
        name.replace('`', "``")
    );
    let svg = svg(&read(&[(crate::schema::introspect::Kind::Table, name, &create)]), None);
    let mut reader = quick_xml::Reader::from_str(&svg);
    let mut texts = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Text(text) => texts += usize::from(!text.trim_ascii().is_empty()),
            _ => {}
        }
    }
    assert!(texts > 5);
    assert!(svg.contains("id=\"table-.3c.a.3e..22..26..27..1..60..7c..540d..ffff.\""), "{svg}");
    assert!(svg.contains(">&lt;a&gt;&quot;&amp;'?`|名?</text>"), "{svg}");
    // quick-xml takes what XML has no room for
    assert!(!svg.contains('\u{ffff}'), "{svg}");
}

#[test]
fn mermaid_is_exact_whatever_names_and_comments_hold() {
    insta::assert_snapshot!("clinic.mmd", mermaid(&clinic()));
    let hostile =
        tables(&[("a b", &[][..], 0), ("a_b", &["a b"], 0), ("direction TB", &["a_b"], 0), ("\"%\\`", &[], 0)]);
    insta::assert_snapshot!("hostile.mmd", mermaid(&hostile));
    let mut commented = tables(&[("a", &[][..], 0)]);
    commented.tables[0].columns[0].comment = "%%%{init: {}}%%%%".to_owned();
    assert!(mermaid(&commented).contains(" \"% % %{init: {}}% % % %\"\n"), "{}", mermaid(&commented));
}

#[test]
fn triggers_are_a_tie() {
    let clinic = clinic();
    let ties: Vec<Tie> = Graph::of(&boxes(&clinic)).links.iter().map(|link| link.tie).collect();
    // the reference to another database is none
    assert_eq!(ties, [Tie::Reference(1), Tie::Reference(2), Tie::Triggers]);
}
