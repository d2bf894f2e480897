//! Layers: things that lead to one another are put into ranks from top to bottom, ways between them into columns of their
//! own, so that no way runs through a thing.
//!
//! This is the usual method in four steps: ways that lead back are found, every thing gets the first rank below all that
//! lead to it, the order within ranks is chosen for few crossings, and columns are chosen for straight ways. Ways of the
//! same kind to the same thing share their column, as a person would draw thirty `Catch`es with one handler.

use std::collections::HashMap;

use super::columns::columns;
use super::order::order;

/// More columns than this are no picture any more: then all long ways of a kind share one.
const MOST_COLUMNS: usize = 60_000;
/// What counts as long there, in ranks.
const LONG: usize = 30;

/// Something to be placed: a state, a frame, a mark. It reaches from its anchor so far to the left and right.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) height: f64,
}

/// A way from an item to another or to itself.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Width and height of what stands beside it.
    pub(super) label: Option<(f64, f64)>,
    /// Ways of one kind may share a column.
    pub(super) kind: u8,
    /// It is the usual way on, which should be straight.
    pub(super) is_main: bool,
}

/// What stands in a rank: an item, or the column that a way needs there.
#[derive(Clone, Debug)]
pub(super) struct Vertex {
    pub(super) rank: usize,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) height: f64,
    /// Room to the next one, half of it on each side.
    pub(super) apart: f64,
    pub(super) is_item: bool,
    /// The vertices above that it is connected with, and those below.
    pub(super) above: Vec<usize>,
    pub(super) below: Vec<usize>,
    /// Those of them that should be straight above and below it.
    pub(super) main_above: Option<usize>,
    pub(super) main_below: Option<usize>,
    /// The item in the same rank beside which it would like to be: a way that leads back turns there.
    pub(super) beside: Option<usize>,
}

/// Items and columns in their ranks, each in order from left to right.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    pub(super) vertices: Vec<Vertex>,
    pub(super) ranks: Vec<Vec<usize>>,
    /// The vertices of each item.
    pub(super) items: Vec<usize>,
    /// What each link runs through, its ends included.
    pub(super) chains: Vec<Chain>,
}

/// What a link runs through.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    pub(super) vertices: Vec<usize>,
    /// The one that holds the label.
    pub(super) label: Option<usize>,
    /// It leads back, from the bottom of its first item up to the top of its last.
    pub(super) is_up: bool,
}

/// Layers with the column of every vertex.
pub(super) fn layers(items: &[Item], links: &[Link]) -> (Layers, Vec<f64>) {
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for (i, link) in links.iter().enumerate() {
        if let Some(list) = outgoing.get_mut(link.from) {
            list.push(i);
        }
    }
    let (is_up, visited) = walk(items.len(), links, &outgoing);
    let ranks = ranks(items.len(), links, &outgoing, &is_up, &visited);
    let is_crowded = spans(links, &ranks) > MOST_COLUMNS;
    let builder =
        Builder { items, links, ranks: &ranks, layers: Layers::default(), shared: HashMap::new(), is_crowded };
    let mut layers = builder.build(&visited, &is_up);
    order(&mut layers);
    let x = columns(&layers);
    (layers, x)
}

/// What a walk meets.
#[derive(Clone, Copy)]
enum Met {
    Item(usize),
    Link(usize),
}

/// Which links lead back to an item that is on the way to them, and everything in the order in which it is met.
fn walk(items: usize, links: &[Link], outgoing: &[Vec<usize>]) -> (Vec<bool>, Vec<Met>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        OnTheWay,
        Done,
    }
    let mut seen = vec![Seen::Not; items];
    let mut is_up = vec![false; links.len()];
    let mut visited = Vec::new();
    for first in 0..items {
        if seen[first] != Seen::Not {
            continue;
        }
        seen[first] = Seen::OnTheWay;
        visited.push(Met::Item(first));
        let mut stack = vec![(first, 0)];
        while let Some((item, next)) = stack.last_mut() {
            let Some(link) = outgoing[*item].get(*next).copied() else {
                seen[*item] = Seen::Done;
                stack.pop();
                continue;
            };
            *next += 1;
            let to = links[link].to;
            match seen[to] {
                Seen::Not => {
                    seen[to] = Seen::OnTheWay;
                    visited.push(Met::Item(to));
                    stack.push((to, 0));
                }
                Seen::OnTheWay => is_up[link] = true,
                Seen::Done => {}
            }
            visited.push(Met::Link(link));
        }
    }
    (is_up, visited)
}

/// The first rank below all that lead to an item; a label takes a rank of its own.
fn ranks(items: usize, links: &[Link], outgoing: &[Vec<usize>], is_up: &[bool], visited: &[Met]) -> Vec<usize> {
    let mut missing = vec![0_usize; items];
    for (link, _) in links.iter().zip(is_up).filter(|(_, up)| !**up) {
        missing[link.to] += 1;
    }
    let mut ranks = vec![0; items];
    let met = visited.iter().filter_map(|met| if let Met::Item(item) = met { Some(*item) } else { None });
    let mut ready: Vec<usize> = met.filter(|item| missing[*item] == 0).collect();
    while let Some(item) = ready.pop() {
        for link in outgoing[item].iter().filter(|link| !is_up[**link]).map(|link| &links[*link]) {
            let length = if link.label.is_some() { 2 } else { 1 };
            ranks[link.to] = ranks[link.to].max(ranks[item] + length);
            missing[link.to] -= 1;
            if missing[link.to] == 0 {
                ready.push(link.to);
            }
        }
    }
    ranks
}

/// How many columns there are where each item has its own, in all ranks together.
fn spans(links: &[Link], ranks: &[usize]) -> usize {
    let mut longest: HashMap<(usize, u8), usize> = HashMap::new();
    for link in links {
        let span = ranks[link.from].abs_diff(ranks[link.to]);
        let known = longest.entry((link.to, link.kind)).or_default();
        *known = span.max(*known);
    }
    longest.values().sum()
}

struct Builder<'a> {
    items: &'a [Item],
    links: &'a [Link],
    ranks: &'a [usize],
    layers: Layers,
    /// Columns by the item they lead to, their kind, whether they lead back, and their rank.
    shared: HashMap<(usize, u8, bool, usize), usize>,
    is_crowded: bool,
}

impl Builder<'_> {
    fn build(mut self, visited: &[Met], is_up: &[bool]) -> Layers {
        self.layers.ranks = vec![Vec::new(); self.ranks.iter().max().map_or(0, |last| last + 1)];
        self.layers.items = vec![usize::MAX; self.items.len()];
        self.layers.chains = vec![Chain::default(); self.links.len()];
        // The first order is that of a walk: what is written first stands on the left.
        for met in visited {
            match met {
                Met::Item(item) => {
                    let Item { left, right, height } = self.items[*item];
                    self.layers.items[*item] = self.vertex(self.ranks[*item], left, right, height, 26.0, true);
                }
                Met::Link(link) => self.reserve(*link, is_up[*link]),
            }
        }
        for (link, is_up) in is_up.iter().enumerate() {
            self.connect(link, *is_up);
        }
        for vertex in &mut self.layers.vertices {
            vertex.above.sort_unstable();
            vertex.above.dedup();
            vertex.below.sort_unstable();
            vertex.below.dedup();
        }
        self.layers
    }

    fn vertex(&mut self, rank: usize, left: f64, right: f64, height: f64, apart: f64, is_item: bool) -> usize {
        let id = self.layers.vertices.len();
        let (above, below) = (Vec::new(), Vec::new());
        let (main_above, main_below, beside) = (None, None, None);
        self.layers.vertices.push(Vertex {
            rank,
            left,
            right,
            height,
            apart,
            is_item,
            above,
            below,
            main_above,
            main_below,
            beside,
        });
        self.layers.ranks[rank].push(id);
        id
    }

    fn column(&mut self, rank: usize) -> usize {
        self.vertex(rank, 1.0, 1.0, 0.0, 16.0, false)
    }

    /// The columns of a link: its own for its label, then those it shares.
    fn reserve(&mut self, index: usize, is_up: bool) {
        let link = &self.links[index];
        let (from, to) = (self.ranks[link.from], self.ranks[link.to]);
        let mut between = Vec::new();
        let mut label = None;
        // Downwards it runs through the ranks between its items; upwards past them as well.
        let mut ranks: Vec<usize> = if is_up { (to..=from).rev().collect() } else { (from + 1..to).collect() };
        if let Some((width, height)) = link.label
            && !ranks.is_empty()
        {
            let rank = ranks.remove(0);
            let id = self.vertex(rank, width / 2.0, width / 2.0, height, 14.0, false);
            between.push(id);
            label = Some(id);
        }
        let whose = if self.is_crowded && ranks.len() > LONG { usize::MAX } else { link.to };
        for rank in ranks {
            let key = (whose, link.kind, is_up, rank);
            let id = match self.shared.get(&key) {
                Some(id) => *id,
                None => {
                    let id = self.column(rank);
                    self.shared.insert(key, id);
                    id
                }
            };
            between.push(id);
        }
        self.layers.chains[index] = Chain { vertices: between, label, is_up };
    }

    /// Puts the items at the ends of a link's chain and connects what follows on each other.
    fn connect(&mut self, index: usize, is_up: bool) {
        let link = &self.links[index];
        let (from, to) = (self.layers.items[link.from], self.layers.items[link.to]);
        let chain = &mut self.layers.chains[index].vertices;
        let vertices = &mut self.layers.vertices;
        if is_up {
            if let (Some(first), Some(last)) = (chain.first(), chain.last()) {
                vertices[*first].beside = Some(from);
                if last != first {
                    vertices[*last].beside = Some(to);
                }
            }
            for pair in chain.windows(2) {
                vertices[pair[0]].above.push(pair[1]);
                vertices[pair[1]].below.push(pair[0]);
            }
            chain.insert(0, from);
            chain.push(to);
            return;
        }
        chain.insert(0, from);
        chain.push(to);
        for pair in chain.windows(2) {
            vertices[pair[0]].below.push(pair[1]);
            vertices[pair[1]].above.push(pair[0]);
            if link.is_main {
                vertices[pair[0]].main_below.get_or_insert(pair[1]);
                vertices[pair[1]].main_above.get_or_insert(pair[0]);
            }
        }
    }
}
