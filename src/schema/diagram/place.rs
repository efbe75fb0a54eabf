//! Which box stands above which, and which line takes which track, so that few lines cross. Pure, and the same for the same
//! tables: no chance is in it.
//!
//! Between two columns of boxes lies a channel. A net has one track in it, a vertical line, from which it goes to its ports on both
//! sides; through a column it goes in a lane between two boxes. What can cross is therefore known exactly, and is counted.

use super::boxes::TableBox;
use super::nets::{Graph, Port};

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A group of boxes.
    Group(usize),
    /// A net on its way to a column farther on, by its place among the nets.
    Lane(usize),
}

/// Where everything stands, in half lines from the top: the columns are shifted against each other by half a line, so that no
/// line meets one of the other side at the same height.
#[derive(Debug)]
pub struct Placed {
    /// From left to right, from top to bottom.
    pub columns: Vec<Vec<Item>>,
    /// The top of each box.
    pub tops: Vec<usize>,
    /// The height of each net's lane in each column; 0 where it has none.
    pub lanes: Vec<Vec<usize>>,
    /// The nets of each channel, from left to right.
    pub tracks: Vec<Vec<usize>>,
    /// How often lines of different nets cross.
    pub crossings: usize,
    /// Where the lowest ends.
    pub bottom: usize,
}

/// A net in a channel: at which heights it comes in from the left, and goes out to the right.
#[derive(Debug, Default)]
struct Branch {
    net: usize,
    left: Vec<usize>,
    right: Vec<usize>,
}

/// How good an order is: crossings, then the length of the vertical lines.
type Cost = (usize, usize);

/// How many pairs of lines may be looked at in all, which bounds the time that a large schema takes.
const BUDGET: usize = 8_000_000;

/// Places what is in the graph.
#[must_use]
pub fn place(boxes: &[TableBox<'_>], graph: &Graph) -> Placed {
    let scene = Scene { boxes, graph };
    let mut best: Option<(Cost, Vec<Vec<Item>>)> = None;
    for sweeps in [0, 1, 2, 3] {
        let mut columns = scene.columns();
        for sweep in 0..sweeps {
            scene.barycentre(&mut columns, sweep % 2 == 0);
        }
        let cost = scene.improve(&mut columns);
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, columns));
        }
    }
    scene.placed(best.map(|(_, columns)| columns).unwrap_or_default())
}

struct Scene<'a> {
    boxes: &'a [TableBox<'a>],
    graph: &'a Graph,
}

impl Scene<'_> {
    /// The columns that a net reaches from and to.
    fn reach(&self, net: usize) -> (usize, usize) {
        let Graph { links, nets, ranks, .. } = self.graph;
        let tables = nets[net].links.iter().flat_map(|&link| [links[link].hub.table, links[link].end.table]);
        let columns = tables.map(|table| ranks[table]);
        columns.fold((usize::MAX, 0), |(low, high), column| (low.min(column), high.max(column)))
    }

    /// What stands in each column, in no particular order.
    fn columns(&self) -> Vec<Vec<Item>> {
        let last = self.graph.ranks.iter().copied().max().unwrap_or(0);
        let mut columns = vec![Vec::new(); last + 1];
        for (at, group) in self.graph.groups.iter().enumerate() {
            columns[self.graph.ranks[group[0]]].push(Item::Group(at));
        }
        for net in 0..self.graph.nets.len() {
            let (low, high) = self.reach(net);
            columns.iter_mut().take(high).skip(low + 1).for_each(|column| column.push(Item::Lane(net)));
        }
        columns
    }

    /// The tops of all boxes and the heights of all lanes.
    fn heights(&self, columns: &[Vec<Item>]) -> (Vec<usize>, Vec<Vec<usize>>, usize) {
        let mut tops = vec![0; self.boxes.len()];
        let mut lanes = vec![vec![0; columns.len()]; self.graph.nets.len()];
        let mut bottom = 0;
        for (number, column) in columns.iter().enumerate() {
            let mut y = number % 2;
            let mut above: Option<Item> = None;
            for item in column {
                // in half lines: room between two tables, and a line's room around lanes
                y += match (above, item) {
                    (None, _) | (Some(Item::Lane(_)), Item::Lane(_)) => 0,
                    (Some(Item::Group(_)), Item::Group(_)) => 4,
                    _ => 2,
                };
                match *item {
                    Item::Group(group) => {
                        for (place, &table) in self.graph.groups[group].iter().enumerate() {
                            y += if place == 0 { 0 } else { 2 };
                            tops[table] = y;
                            y += 2 * self.boxes[table].lines.len();
                        }
                    }
                    Item::Lane(net) => {
                        lanes[net][number] = y + 1;
                        y += 2;
                    }
                }
                above = Some(*item);
            }
            bottom = bottom.max(y);
        }
        (tops, lanes, bottom)
    }

    /// The nets of each channel; channel `n` lies to the right of column `n`.
    fn channels(&self, columns: usize, tops: &[usize], lanes: &[Vec<usize>]) -> Vec<Vec<Branch>> {
        let Graph { links, nets, ranks, .. } = self.graph;
        let y = |port: Port| tops[port.table] + 2 * port.line + 1;
        let mut channels: Vec<Vec<Branch>> = (0..columns).map(|_| Vec::new()).collect();
        for (number, net) in nets.iter().enumerate() {
            let (low, high) = self.reach(number);
            let hub = ranks[net.hub.table];
            for column in low..high.max(low + 1) {
                let mut branch = Branch { net: number, ..Branch::default() };
                let ends = |of: usize| {
                    net.links.iter().map(|&link| links[link].end).filter(move |end| ranks[end.table] == of).map(y)
                };
                // to the left of the channel: the hub, what stands in its own column, or whence the net comes
                if hub == column || net.is_left {
                    branch.left.extend(ends(column));
                }
                if hub == column && !net.is_left {
                    branch.left.push(y(net.hub));
                }
                if column > low {
                    branch.left.push(lanes[number][column]);
                }
                // to the right: what stands in the next column, or whither the net goes on
                if net.is_left && hub == column + 1 {
                    branch.right.push(y(net.hub));
                } else if !net.is_left && high > column {
                    branch.right.extend(ends(column + 1));
                }
                if high > column + 1 {
                    branch.right.push(lanes[number][column + 1]);
                }
                for ys in [&mut branch.left, &mut branch.right] {
                    ys.sort_unstable();
                    ys.dedup();
                }
                channels[column].push(branch);
            }
        }
        channels
    }

    fn cost(&self, columns: &[Vec<Item>]) -> Cost {
        let (tops, lanes, _) = self.heights(columns);
        let mut cost = (0, 0);
        for channel in &mut self.channels(columns.len(), &tops, &lanes) {
            cost.0 += order(channel);
            cost.1 += channel.iter().map(|branch| branch.span().1 - branch.span().0).sum::<usize>();
        }
        cost
    }

    /// One sweep of Sugiyama's: every item goes to the mean height of what it is linked to on one side.
    fn barycentre(&self, columns: &mut [Vec<Item>], to_right: bool) {
        let numbers: Vec<usize> =
            if to_right { (0..columns.len()).collect() } else { (0..columns.len()).rev().collect() };
        for number in numbers {
            let (tops, lanes, _) = self.heights(columns);
            let channels = self.channels(columns.len(), &tops, &lanes);
            let channel =
                if to_right { number.checked_sub(1).map(|left| &channels[left]) } else { channels.get(number) };
            let Some(channel) = channel else { continue };
            let mean = |item: &Item| {
                let ys: Vec<usize> = channel
                    .iter()
                    .filter(|branch| self.meets(item, branch))
                    .flat_map(|branch| if to_right { &branch.left } else { &branch.right })
                    .copied()
                    .collect();
                if ys.is_empty() { usize::MAX } else { ys.iter().sum::<usize>() / ys.len() }
            };
            columns[number].sort_by_cached_key(|item| (mean(item), *item));
        }
    }

    /// Whether an item has a part in a branch beside it.
    fn meets(&self, item: &Item, branch: &Branch) -> bool {
        match item {
            Item::Lane(net) => *net == branch.net,
            Item::Group(group) => self.graph.nets[branch.net].links.iter().any(|&link| {
                let link = self.graph.links[link];
                [link.hub.table, link.end.table].iter().any(|table| self.graph.groups[*group].contains(table))
            }),
        }
    }

    /// Moves items within their columns as long as that makes it better.
    fn improve(&self, columns: &mut [Vec<Item>]) -> Cost {
        let mut cost = self.cost(columns);
        let nets = self.graph.nets.len();
        let mut trials = BUDGET / (nets * nets * columns.len() + self.boxes.len() + 1);
        loop {
            let before = cost;
            for column in 0..columns.len() {
                for item in columns[column].clone() {
                    for to in 0..columns[column].len() {
                        if trials == 0 {
                            return cost;
                        }
                        trials -= 1;
                        let from = columns[column].iter().position(|other| *other == item).unwrap_or(to);
                        let moved = columns[column].remove(from);
                        columns[column].insert(to, moved);
                        let then = self.cost(columns);
                        if then < cost {
                            cost = then;
                        } else {
                            let moved = columns[column].remove(to);
                            columns[column].insert(from, moved);
                        }
                    }
                }
            }
            if cost == before {
                return cost;
            }
        }
    }

    fn placed(&self, columns: Vec<Vec<Item>>) -> Placed {
        let (tops, lanes, bottom) = self.heights(&columns);
        let mut channels = self.channels(columns.len(), &tops, &lanes);
        let crossings = channels.iter_mut().map(order).sum();
        let tracks = channels.iter().map(|channel| channel.iter().map(|branch| branch.net).collect()).collect();
        Placed { columns, tops, lanes, tracks, crossings, bottom }
    }
}

impl Branch {
    /// From where to where its vertical line goes.
    fn span(&self) -> (usize, usize) {
        let ys = || self.left.iter().chain(&self.right).copied();
        (ys().min().unwrap_or(0), ys().max().unwrap_or(0))
    }

    /// How often it crosses one whose track is to the right of its own.
    fn crossings(&self, right: &Self) -> usize {
        let within = |ys: &[usize], (low, high): (usize, usize)| ys.iter().filter(|&&y| low < y && y < high).count();
        within(&self.right, right.span()) + within(&right.left, self.span())
    }
}

/// Orders the tracks of a channel from left to right: each goes where it crosses least, until none has a better place. Hands back
/// how many crossings are left.
fn order(channel: &mut Vec<Branch>) -> usize {
    let costs: Vec<Vec<usize>> =
        channel.iter().map(|one| channel.iter().map(|other| one.crossings(other)).collect()).collect();
    let mut tracks: Vec<usize> = (0..channel.len()).collect();
    // each pass makes it better; a few are enough, and a bound is a proof that it ends
    for _ in 0..=channel.len() {
        let mut moved = false;
        for item in tracks.clone() {
            let from = tracks.iter().position(|&other| other == item).unwrap_or_default();
            tracks.remove(from);
            // what it costs to stand at each place, against standing first
            let mut cost = vec![0];
            for (place, &other) in tracks.iter().enumerate() {
                cost.push(cost[place] + costs[other][item].cast_signed() - costs[item][other].cast_signed());
            }
            let best = (0..cost.len()).min_by_key(|&place| (cost[place], place)).unwrap_or(from);
            let to = if cost[best] < cost[from] { best } else { from };
            moved |= to != from;
            tracks.insert(to, item);
        }
        if !moved {
            break;
        }
    }
    let mut crossings = 0;
    for (place, &one) in tracks.iter().enumerate() {
        crossings += tracks[place + 1..].iter().map(|&other| costs[one][other]).sum::<usize>();
    }
    let mut branches: Vec<Branch> = channel.iter_mut().map(std::mem::take).collect();
    *channel = tracks.into_iter().map(|branch| std::mem::take(&mut branches[branch])).collect();
    crossings
}
