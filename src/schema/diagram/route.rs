//! Boxes and lines in pixels. Pure.

use super::boxes::{Line, TableBox};
use super::nets::{Graph, Link, Port};
use super::place::Placed;

/// Half a line of a box.
pub const HALF: i32 = 9;
/// What a letter takes at the most in the fonts that are asked for, in tenths.
const LETTER: i32 = 74;
/// Room around everything.
const MARGIN: i32 = 16;
/// From one track to the next.
const TRACK: i32 = 11;
/// From a box to the first track: room for the bar that says "one", and for the foot that says "many".
const NEAR: i32 = 18;

/// A place.
pub type Point = (i32, i32);

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Its left side.
    pub x: i32,
    /// Its upper side.
    pub y: i32,
    /// How wide.
    pub width: i32,
    /// How high.
    pub height: i32,
}

/// The drawing.
#[derive(Debug)]
pub struct Drawing {
    /// Of each box.
    pub frames: Vec<Frame>,
    /// Of each link, from its hub to its end: a line with right angles.
    pub lines: Vec<Vec<Point>>,
    /// How wide all of it is.
    pub width: i32,
    /// How high.
    pub height: i32,
}

/// How many letters wide a text is, those of two cells (which most that are not ASCII may be) as two.
#[must_use]
pub fn letters(text: &str) -> i32 {
    text.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum()
}

/// How wide a text may be.
#[must_use]
pub fn text_width(text: &str) -> i32 {
    letters(text) * LETTER / 10
}

impl Drawing {
    /// Draws what was placed.
    #[must_use]
    pub fn of(boxes: &[TableBox<'_>], graph: &Graph, placed: &Placed) -> Self {
        let y = |halves: usize| MARGIN + number(halves) * HALF;
        // columns and channels from left to right
        let (mut x, mut columns) = (MARGIN, Vec::new());
        for column in 0..placed.columns.len() {
            let members = boxes.iter().zip(&graph.ranks).filter(|&(_, &rank)| rank == column);
            let width = members.map(|(one, _)| width(one)).max().unwrap_or(0);
            let tracks = number(placed.tracks[column].len());
            columns.push((x, width));
            x += width;
            if tracks > 0 || column + 1 < placed.columns.len() {
                x += 2 * NEAR + TRACK * (tracks - 1).max(0);
            }
        }
        let frames: Vec<Frame> = boxes
            .iter()
            .enumerate()
            .map(|(table, one)| {
                let (x, width) = columns[graph.ranks[table]];
                Frame { x, y: y(placed.tops[table]), width, height: 2 * HALF * number(one.lines.len()) }
            })
            .collect();
        let router = Router { graph, placed, columns: &columns, frames: &frames };
        let lines =
            graph.nets.iter().enumerate().flat_map(|(number, net)| net.links.iter().map(move |&link| (number, link)));
        let mut lines: Vec<(usize, Vec<Point>)> =
            lines.map(|(net, link)| (link, router.line(net, graph.links[link]))).collect();
        lines.sort_by_key(|(link, _)| *link);
        let lines: Vec<Vec<Point>> = lines.into_iter().map(|(_, line)| line).collect();
        Self { frames, lines, width: x + MARGIN, height: y(placed.bottom) + MARGIN }
    }
}

/// A count in pixels; no picture is so large that it would not fit.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / 1024)
}

/// How wide a box must be.
fn width(one: &TableBox<'_>) -> i32 {
    let line = |line: &Line<'_>| match line {
        Line::Name => text_width(&one.table.name) * 9 / 8 + 24,
        Line::Note(note) => text_width(note) + 16,
        Line::Column(column) => {
            super::svg::MARKS + text_width(&column.name) + 16 + text_width(&super::svg::type_of(column)) + 8
        }
    };
    one.lines.iter().map(line).max().unwrap_or(0)
}

struct Router<'a> {
    graph: &'a Graph,
    placed: &'a Placed,
    columns: &'a [(i32, i32)],
    frames: &'a [Frame],
}

impl Router<'_> {
    /// The line of a link, from its hub to its end.
    fn line(&self, net: usize, link: Link) -> Vec<Point> {
        let rank = |port: Port| self.graph.ranks[port.table];
        let y = |port: Port| self.frames[port.table].y + HALF * (2 * number(port.line) + 1);
        let turned = rank(link.hub) > rank(link.end);
        let (first, last) = if turned { (link.end, link.hub) } else { (link.hub, link.end) };
        let (from, to) = (rank(first), rank(last));
        let side = |column: usize| self.columns[column].0 + self.columns[column].1;
        let mut height = y(first);
        let mut points = vec![(side(from), height)];
        for column in from..to.max(from + 1) {
            let x = self.track(net, column);
            points.push((x, height));
            height = if column + 1 < to { self.lane(net, column + 1) } else { y(last) };
            points.push((x, height));
        }
        points.push((if from == to { side(from) } else { self.columns[to].0 }, height));
        if turned {
            points.reverse();
        }
        points
    }

    fn lane(&self, net: usize, column: usize) -> i32 {
        MARGIN + number(self.placed.lanes[net][column]) * HALF
    }

    fn track(&self, net: usize, column: usize) -> i32 {
        let place = self.placed.tracks[column].iter().position(|&other| other == net).unwrap_or_default();
        let (x, width) = self.columns[column];
        x + width + NEAR + TRACK * number(place)
    }
}
