//! The drawing as SVG: text that can be selected and found, light and dark by the reader's system. Nothing is loaded from
//! anywhere, and nothing runs. Pure.

use std::fmt::Write as _;

use super::boxes::{Line, TableBox};
use super::id;
use super::nets::{Graph, Tie};
use super::route::{Drawing, Frame, HALF, Point, text_width};
use crate::output::count;
use crate::output::plain::plain;
use crate::schema::dictionary::{Column, Reference, Table};

/// Room for what kind of key a column is, before its name.
pub const MARKS: i32 = 46;
/// How many letters of a type are shown; all of it is in the line's title.
const TYPE: usize = 20;
/// How many colours the lines have.
const COLOURS: usize = 6;
/// The radius of corners.
const ROUND: i32 = 5;
/// Room for the key to the signs.
const LEGEND: i32 = 34;

const STYLE: &str = "
.er { color-scheme: light dark; --paper: #fff; --ink: #1f2933; --faint: #5a6876; --edge: #b8c2cc; --head: #e8eef4; --mark: #8a5300;
--c0: #1d63c9; --c1: #b4540a; --c2: #1a7f37; --c3: #8250df; --c4: #bf2f7d; --c5: #0b7285; background: var(--paper) }
@media (prefers-color-scheme: dark) { .er { --paper: #12171d; --ink: #e4e9ee; --faint: #9aa7b4; --edge: #47525e; --head: #212a34; --mark: #e3b341;
--c0: #6cb0ff; --c1: #f0994f; --c2: #56c271; --c3: #bf9cff; --c4: #ff86bd; --c5: #3fc1cf } }
.er text { font: 12px ui-monospace, Menlo, 'DejaVu Sans Mono', 'Liberation Mono', Consolas, monospace; fill: var(--ink); white-space: pre }
.er .box { fill: var(--paper); stroke: var(--edge) } .er .copy .box { stroke-dasharray: 5 3 } .er .head { fill: var(--head) }
.er .name { font-weight: 700; font-size: 13px } .er a .name { text-decoration: underline }
.er .note, .er .type { fill: var(--faint) } .er .note { font-style: italic } .er .marks { fill: var(--mark); font-size: 10px; font-weight: 700 }
.er .ref path { fill: none; stroke: var(--line); stroke-width: 1.5 } .er .triggers .line { stroke-dasharray: 2 4 } .er .triggers { --line: var(--faint) }
.er .ref:hover path { stroke-width: 3 }
.er .c0 { --line: var(--c0) } .er .c1 { --line: var(--c1) } .er .c2 { --line: var(--c2) } .er .c3 { --line: var(--c3) } .er .c4 { --line: var(--c4) } .er .c5 { --line: var(--c5) }
";

/// The picture.
#[must_use]
pub fn write(
    boxes: &[TableBox<'_>],
    graph: &Graph,
    drawing: &Drawing,
    href: Option<&dyn Fn(&str) -> String>,
) -> String {
    let (width, height) = (drawing.width.max(420), drawing.height + LEGEND);
    let tables = boxes.iter().map(|one| one.table.name.as_str()).collect::<Vec<_>>().join(", ");
    let references = graph.links.iter().filter(|link| link.tie != Tie::Triggers).count();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"er\" role=\"graphics-document document\" aria-labelledby=\"er-title er-desc\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title id=\"er-title\">{} and {}</title>\n<desc id=\"er-desc\">{}</desc>\n<style>{STYLE}</style>\n",
        count(boxes.len(), "table"),
        count(references, "reference"),
        escape(&tables),
    );
    svg.push_str("<g class=\"refs\">\n");
    links(&mut svg, boxes, graph, drawing);
    svg.push_str("</g>\n<g class=\"tables\">\n");
    for (one, frame) in boxes.iter().zip(&drawing.frames) {
        table(&mut svg, one, *frame, href);
    }
    svg.push_str("</g>\n");
    legend(&mut svg, drawing.height);
    svg.push_str("</svg>\n");
    svg
}

/// A column's type, short: without the words of an ENUM, and with `null` where it takes it.
#[must_use]
pub fn type_of(column: &Column) -> String {
    let name = match column.data_type.split_once('(') {
        Some((name @ ("enum" | "set"), _)) => name.to_owned(),
        _ if column.data_type.chars().count() > TYPE => column.data_type.chars().take(TYPE - 1).chain(['…']).collect(),
        _ => column.data_type.clone(),
    };
    if column.nullable { name + " null" } else { name }
}

fn table(svg: &mut String, one: &TableBox<'_>, frame: Frame, href: Option<&dyn Fn(&str) -> String>) {
    let Frame { x, y, width, height } = frame;
    let name = escape(&one.table.name);
    let class = if one.copy_of.is_some() { "table copy" } else { "table" };
    let told = escape(&told(one.table));
    line(
        svg,
        &format!(
            "<g id=\"{}\" class=\"{class}\" role=\"graphics-object group\" aria-label=\"{told}\">\n<title>{told}</title>",
            id("table", &one.table.name)
        ),
    );
    line(
        svg,
        &format!("<rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{ROUND}\"/>"),
    );
    let (inner, line_height) = (width - 2 * ROUND, 2 * HALF);
    let down = line_height - ROUND;
    // over the frame's inside, so that its line stays whole
    line(
        svg,
        &format!(
            "<path class=\"head\" d=\"M{},{}v-{down}q0,-{ROUND} {ROUND},-{ROUND}h{}q{ROUND},0 {ROUND},{ROUND}v{down}z\"/>",
            f(x, 5),
            f(y + line_height, 5),
            inner - 1
        ),
    );
    for (place, item) in one.lines.iter().enumerate() {
        let at = y + line_height * i32::try_from(place).unwrap_or_default() + 13;
        match item {
            Line::Name => {
                let text = format!("<text class=\"name\" x=\"{}\" y=\"{at}\">{name}</text>", x + 8);
                match href {
                    Some(href) => line(svg, &format!("<a href=\"{}\">{text}</a>", escape(&href(&one.table.name)))),
                    None => line(svg, &text),
                }
            }
            Line::Note(note) => {
                line(svg, &format!("<text class=\"note\" x=\"{}\" y=\"{at}\">{}</text>", x + 8, escape(note)));
            }
            Line::Column(column) => column_line(svg, column, (x, at), width),
        }
    }
    svg.push_str("</g>\n");
}

fn column_line(svg: &mut String, column: &Column, (x, y): Point, width: i32) {
    line(svg, &format!("<g class=\"column\"><title>{}</title>", escape(&definition(column))));
    let marks: Vec<&str> = column.marks.iter().map(|mark| mark.sign()).collect();
    if !marks.is_empty() {
        line(svg, &format!("<text class=\"marks\" x=\"{}\" y=\"{y}\">{}</text>", x + 8, marks.join(" ")));
    }
    let (name, kind) = (escape(&column.name), escape(&type_of(column)));
    line(svg, &format!("<text x=\"{}\" y=\"{y}\">{name}</text>", x + MARKS));
    line(svg, &format!("<text class=\"type\" x=\"{}\" y=\"{y}\" text-anchor=\"end\">{kind}</text></g>", x + width - 8));
}

/// What a table is, in a sentence.
fn told(table: &Table) -> String {
    let mut told = format!("{}: {}", table.name, count(table.columns.len(), "column"));
    let others = |references: &[Reference], other: fn(&Reference) -> &String| {
        let mut names: Vec<&str> = references.iter().map(|reference| other(reference).as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    };
    for (words, names) in [
        ("refers to", others(&table.references, |reference| &reference.to)),
        ("is referred to by", others(&table.referred_by, |reference| &reference.from)),
    ] {
        if !names.is_empty() {
            let _ = write!(told, "; {words} {names}"); // writing into a String can't fail
        }
    }
    if !table.comment.is_empty() {
        let _ = write!(told, ". {}", table.comment);
    }
    told
}

/// All that is said of a column.
fn definition(column: &Column) -> String {
    let mut text = format!("{} {}", column.name, column.full_type());
    text.push_str(if column.nullable { " NULL" } else { " NOT NULL" });
    if let Some(default) = &column.default {
        let _ = write!(text, " DEFAULT {default}");
    }
    column.extra.iter().for_each(|extra| text.extend([" ", extra]));
    if !column.comment.is_empty() {
        let _ = write!(text, ": {}", column.comment);
    }
    text
}

fn links(svg: &mut String, boxes: &[TableBox<'_>], graph: &Graph, drawing: &Drawing) {
    // a colour a table that is referred to
    let mut hubs: Vec<usize> =
        graph.links.iter().filter(|link| link.tie != Tie::Triggers).map(|link| link.hub.table).collect();
    hubs.sort_unstable();
    hubs.dedup();
    for (link, points) in graph.links.iter().zip(&drawing.lines) {
        let colour = hubs.iter().position(|&table| table == link.hub.table).unwrap_or(0) % COLOURS;
        let (hub, end) = (boxes[link.hub.table].table, boxes[link.end.table].table);
        line(svg, &self::link(link.tie, (hub, end), points, colour));
    }
}

/// A line with its signs.
fn link(tie: Tie, (hub, end): (&Table, &Table), points: &[Point], colour: usize) -> String {
    let [first, second, .., before, last] = *points else { return String::new() };
    let side = |at: Point, next: Point| if at.0 < next.0 { 1 } else { -1 };
    let (at_hub, at_end) = ((first, side(first, second)), (last, side(last, before)));
    let (class, identity, (from, to), title, signs) = match tie {
        Tie::Reference(number) => {
            let reference = &end.references[number];
            let many = if reference.is_unique { bar(at_end) } else { foot(at_end) };
            let identity = id("ref", &format!("{}.{}", end.name, reference.name));
            (format!("ref c{colour}"), identity, (end, hub), refers(reference), bar(at_hub) + &many)
        }
        Tie::Triggers => {
            let identity = id("triggers", &format!("{}.{}", hub.name, end.name));
            let title = format!("triggers of {} write {}", hub.name, end.name);
            ("ref triggers".to_owned(), identity, (hub, end), title, arrow(at_end))
        }
    };
    format!(
        "<g id=\"{identity}\" class=\"{class}\" data-from=\"{}\" data-to=\"{}\"><title>{}</title><path class=\"line\" d=\"{}\"/><path d=\"{signs}\"/></g>",
        escape(&from.name),
        escape(&to.name),
        escape(&title),
        path(points)
    )
}

/// `payments (appointment_id) refers to appointment_keys (id)`
fn refers(reference: &Reference) -> String {
    let Reference { from, to, columns, parent_columns, .. } = reference;
    format!("{from} ({}) refers to {to} ({})", columns.join(", "), parent_columns.join(", "))
}

/// One. `side`: 1 where the line goes to the right from its box.
fn bar(((x, y), side): (Point, i32)) -> String {
    format!("M{},{}v10", x + 6 * side, y - 5)
}

/// Many.
fn foot(((x, y), side): (Point, i32)) -> String {
    let tip = x + 10 * side;
    format!("M{x},{}L{tip},{y}L{x},{}", y - 5, y + 5)
}

fn arrow(((x, y), side): (Point, i32)) -> String {
    let back = x + 7 * side;
    format!("M{back},{}L{x},{y}L{back},{}", y - 4, y + 4)
}

/// A line through points, with round corners.
fn path(points: &[Point]) -> String {
    let mut path = String::new();
    for (place, &(x, y)) in points.iter().enumerate() {
        let (before, after) = (place.checked_sub(1).map(|before| points[before]), points.get(place + 1));
        let _ = match (before, after) {
            (None, _) => write!(path, "M{x},{y}"),
            (_, None) => write!(path, "L{x},{y}"),
            (Some(before), Some(&after)) => {
                let toward = |(to_x, to_y): Point| {
                    let length = (to_x - x).abs() + (to_y - y).abs();
                    let round = ROUND.min(length / 2);
                    (x + (to_x - x).signum() * round, y + (to_y - y).signum() * round)
                };
                let (from, to) = (toward(before), toward(after));
                write!(path, "L{},{}Q{x},{y} {},{}", from.0, from.1, to.0, to.1)
            }
        };
    }
    path
}

/// What the signs mean.
fn legend(svg: &mut String, y: i32) {
    let y = y + 8;
    line(svg, "<g class=\"legend\" aria-hidden=\"true\">");
    let mut x = 16;
    let start = |x: i32| ((x, y), 1);
    let end = |x: i32| ((x + 30, y), -1);
    for (class, sign, text) in [
        ("c0", bar as fn((Point, i32)) -> String, "one"),
        ("c0", foot, "many"),
        ("triggers", arrow, "written by triggers"),
    ] {
        let place = if text == "one" { start(x) } else { end(x) };
        line(
            svg,
            &format!(
                "<g class=\"ref {class}\"><path class=\"line\" d=\"M{x},{y}h30\"/><path d=\"{}\"/></g><text class=\"note\" x=\"{}\" y=\"{}\">{text}</text>",
                sign(place),
                x + 38,
                y + 4
            ),
        );
        x += 58 + text_width(text);
    }
    line(svg, "</g>");
}

/// A number with its tenths.
fn f(whole: i32, tenths: i32) -> String {
    format!("{whole}.{tenths}")
}

fn line(svg: &mut String, text: &str) {
    svg.push_str(text);
    svg.push('\n');
}

/// A text that is no markup.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in plain(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
