//! Who is linked to whom, and in which column of boxes each stands (the layers of Sugiyama, Tagawa and Toda, 1981): what refers
//! stands to the right of what it refers to. Pure.

use std::collections::BTreeSet;

use super::boxes::TableBox;

/// A line of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// Which box.
    pub table: usize,
    /// Which of its lines.
    pub line: usize,
}

/// What a link stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// A foreign key, by its place among those of the table that refers.
    Reference(usize),
    /// Triggers of one table that write another one.
    Triggers,
}

/// A line from one table to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What is referred to; the table with the triggers.
    pub hub: Port,
    /// What refers; the table that is written.
    pub end: Port,
    /// What it stands for.
    pub tie: Tie,
}

/// All links with the same hub that leave it to the same side: they are drawn as one line that branches, so that a table to which
/// many refer has one line, not many.
#[derive(Debug)]
pub struct Net {
    /// The port that all its links have.
    pub hub: Port,
    /// Whether it leaves its hub to the left, to what stands there because references run in a circle.
    pub is_left: bool,
    /// Which links.
    pub links: Vec<usize>,
}

/// Boxes that stand together: a table, and below it its copies.
pub type Group = Vec<usize>;

/// What is to be placed.
#[derive(Debug)]
pub struct Graph {
    /// All links.
    pub links: Vec<Link>,
    /// All groups.
    pub groups: Vec<Group>,
    /// The column of each box, from the left.
    pub ranks: Vec<usize>,
    /// All nets.
    pub nets: Vec<Net>,
}

impl Graph {
    /// Of boxes.
    #[must_use]
    pub fn of(boxes: &[TableBox<'_>]) -> Self {
        let links = links(boxes);
        let groups = groups(boxes);
        let ranks = ranks(boxes, &groups, &links);
        let nets = nets(&links, &ranks);
        Self { links, groups, ranks, nets }
    }
}

fn links(boxes: &[TableBox<'_>]) -> Vec<Link> {
    let find = |name: &str| boxes.iter().position(|other| other.table.name == name);
    let mut links = Vec::new();
    for (at, one) in boxes.iter().enumerate() {
        for (number, reference) in one.table.references.iter().enumerate() {
            let Some(parent) = find(&reference.to).filter(|_| reference.database.is_none()) else { continue };
            let port = |table: usize, columns: &[String]| {
                let line = columns.first().and_then(|name| boxes[table].line(name));
                Port { table, line: line.unwrap_or(0) }
            };
            let (hub, end) = (port(parent, &reference.parent_columns), port(at, &reference.columns));
            links.push(Link { hub, end, tie: Tie::Reference(number) });
        }
        let written: BTreeSet<_> = one.table.triggers.iter().flat_map(|trigger| &trigger.writes).collect();
        let others = written.into_iter().filter_map(|name| find(name)).filter(|&other| other != at);
        links.extend(others.map(|other| Link {
            hub: Port { table: at, line: 0 },
            end: Port { table: other, line: 0 },
            tie: Tie::Triggers,
        }));
    }
    links
}

fn groups(boxes: &[TableBox<'_>]) -> Vec<Group> {
    let copies = |at: usize| (0..boxes.len()).filter(move |&other| root(boxes, other) == at);
    let roots = (0..boxes.len()).filter(|&at| boxes[at].copy_of.is_none());
    roots.map(|at| copies(at).collect::<Group>()).collect()
}

/// The table that is no copy; a copy of a copy is one of the first.
fn root(boxes: &[TableBox<'_>], at: usize) -> usize {
    // `copy_of` always leads to a shorter name
    boxes[at].copy_of.map_or(at, |original| root(boxes, original))
}

/// A group stands one column to the right of the rightmost that it is linked from. Where links run in a circle, one of its
/// groups is taken first, and some of its links then lead to the left.
fn ranks(boxes: &[TableBox<'_>], groups: &[Group], links: &[Link]) -> Vec<usize> {
    let group_of = |table: usize| groups.iter().position(|group| group.contains(&table)).unwrap_or_default();
    let pairs: BTreeSet<(usize, usize)> = links
        .iter()
        .map(|link| (group_of(link.hub.table), group_of(link.end.table)))
        .filter(|(hub, end)| hub != end)
        .collect();
    let mut ranks: Vec<Option<usize>> = vec![None; groups.len()];
    while ranks.contains(&None) {
        let mut waits = vec![0; groups.len()];
        pairs.iter().filter(|&&(hub, _)| ranks[hub].is_none()).for_each(|&(_, end)| waits[end] += 1);
        let open = (0..groups.len()).filter(|&group| ranks[group].is_none());
        let Some(next) = open.min_by_key(|&group| (waits[group], group)) else { break };
        let hubs = pairs.iter().filter(|&&(_, end)| end == next).filter_map(|&(hub, _)| ranks[hub]);
        ranks[next] = Some(hubs.map(|rank| rank + 1).max().unwrap_or(0));
    }
    let mut ranks: Vec<usize> = ranks.into_iter().map(Option::unwrap_or_default).collect();
    balance(boxes, groups, &pairs, &mut ranks);
    (0..boxes.len()).map(|table| ranks[group_of(table)]).collect()
}

/// What is linked from nobody may stand anywhere to the left of its neighbours, and what has no links anywhere: it goes where the
/// column is shortest.
fn balance(boxes: &[TableBox<'_>], groups: &[Group], pairs: &BTreeSet<(usize, usize)>, ranks: &mut [usize]) {
    let height = |group: usize| groups[group].iter().map(|&table| boxes[table].lines.len() + 1).sum::<usize>();
    let last = ranks.iter().copied().max().unwrap_or(0);
    let bound = |group: usize, ranks: &[usize]| {
        let ends = pairs.iter().filter(|&&(hub, _)| hub == group).map(|&(_, end)| ranks[end]);
        ends.min().map_or(last, |rank| rank.saturating_sub(1))
    };
    let mut free: Vec<usize> = (0..groups.len()).filter(|&group| pairs.iter().all(|&(_, end)| end != group)).collect();
    // the largest first, then the small ones fill up
    free.sort_by_key(|&group| (std::cmp::Reverse(height(group)), group));
    let mut heights = vec![0; last + 1];
    for group in (0..groups.len()).filter(|group| !free.contains(group)) {
        heights[ranks[group]] += height(group);
    }
    // those that have no choice are there already
    free.sort_by_key(|&group| bound(group, ranks) > 0);
    for group in free {
        let bound = bound(group, ranks);
        let rank = (0..=bound).min_by_key(|&rank| (heights[rank], rank)).unwrap_or(0);
        heights[rank] += height(group);
        ranks[group] = rank;
    }
}

fn nets(links: &[Link], ranks: &[usize]) -> Vec<Net> {
    let mut nets: Vec<Net> = Vec::new();
    for (number, link) in links.iter().enumerate() {
        let is_left = ranks[link.end.table] < ranks[link.hub.table];
        match nets.iter_mut().find(|net| net.hub == link.hub && net.is_left == is_left) {
            Some(net) => net.links.push(number),
            None => nets.push(Net { hub: link.hub, is_left, links: vec![number] }),
        }
    }
    nets
}
