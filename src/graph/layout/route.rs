//! From layers to a picture: heights of ranks, places of items, and the curves of ways.
//!
//! A way leaves at the bottom and arrives at the top. Between ranks it is a curve that begins and ends upright, within a
//! rank it is straight, so that it stays in its column where things stand.

use super::layered::{Item, Layers, Link, layers};
use super::{LabelPlace, Point, Segment};

/// The least and the largest room between two ranks.
const ROOM: (f64, f64) = (34.0, 66.0);
/// How far two ways that leave one item are apart.
const PORTS_APART: f64 = 14.0;
/// How deep the first turn of a rank goes, and each further one more than that before.
const TURN: (f64, f64) = (10.0, 7.0);
/// What stands in a tall rank stands this near to its top.
const TALL: f64 = 64.0;

/// Items and links with their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Placed {
    /// The anchors of the items, at their tops.
    pub(super) items: Vec<Point>,
    pub(super) links: Vec<Route>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The course of a link.
#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    pub(super) start: Point,
    pub(super) segments: Vec<Segment>,
    /// Where its label is, without its lines.
    pub(super) label: Option<LabelPlace>,
}

/// Where a link leaves its first item and arrives at its last, and how deep it turns there if it leads back.
#[derive(Clone, Copy, Default)]
struct Ports {
    out: f64,
    into: f64,
    turn_out: f64,
    turn_into: f64,
}

/// Where a way would like to leave or arrive.
#[derive(Clone, Copy)]
struct Wish {
    /// The order among the ways of an item.
    key: f64,
    x: f64,
    /// The vertex that the way goes on through.
    through: usize,
    link: usize,
}

pub(super) fn place(items: &[Item], links: &[Link]) -> Placed {
    let (layers, x) = layers(items, links);
    let canvas = Canvas::new(items, links, &layers, &x);
    let ports = canvas.ports();
    let routes = links.iter().enumerate().map(|(i, link)| canvas.route(i, link, ports[i])).collect();
    let places = layers.items.iter().map(|v| Point { x: x[*v], y: canvas.top_of(*v) }).collect();
    let right = layers.vertices.iter().zip(&x).map(|(v, x)| x + v.right).fold(0.0, f64::max);
    Placed { items: places, links: routes, width: right, height: canvas.height }
}

struct Canvas<'a> {
    items: &'a [Item],
    links: &'a [Link],
    layers: &'a Layers,
    x: &'a [f64],
    /// Top and bottom of every rank.
    bands: Vec<(f64, f64)>,
    height: f64,
}

impl<'a> Canvas<'a> {
    fn new(items: &'a [Item], links: &'a [Link], layers: &'a Layers, x: &'a [f64]) -> Canvas<'a> {
        let mut bands = Vec::new();
        let mut top = 0.0;
        // How many ways turn below and above each rank.
        let mut turns = vec![(0_usize, 0_usize); layers.ranks.len() + 1];
        for chain in layers.chains.iter().filter(|chain| chain.is_up) {
            if let (Some(first), Some(last)) = (chain.vertices.first(), chain.vertices.last()) {
                turns[layers.vertices[*first].rank].0 += 1;
                turns[layers.vertices[*last].rank].1 += 1;
            }
        }
        for (rank, list) in layers.ranks.iter().enumerate() {
            let height = list.iter().map(|v| layers.vertices[*v].height).fold(0.0, f64::max);
            bands.push((top, top + height));
            let ways = list.iter().flat_map(|v| layers.vertices[*v].below.iter().map(|b| (x[*v] - x[*b]).abs()));
            let widest = ways.fold(0.0, f64::max);
            let turning = turns[rank].0.max(turns[rank + 1].1).min(6) as f64 * TURN.1;
            // A curve that goes far to the side needs room to look like one.
            let room = (ROOM.0 + widest * 0.08 - 8.0).clamp(ROOM.0, ROOM.1) + turning;
            let is_last = rank + 1 == layers.ranks.len();
            top += height + if is_last && turns[rank].0 == 0 { 0.0 } else { room };
        }
        Canvas { items, links, layers, x, bands, height: top }
    }

    fn band(&self, vertex: usize) -> (f64, f64) {
        self.bands[self.layers.vertices[vertex].rank]
    }

    /// The top of what a vertex holds.
    fn top_of(&self, vertex: usize) -> f64 {
        let (top, bottom) = self.band(vertex);
        let height = self.layers.vertices[vertex].height;
        top + (((bottom - top).min(TALL.max(height)) - height) / 2.0).max(0.0)
    }

    /// Ways leave and arrive as straight as they can, in the order of where they go, and not on top of each other.
    fn ports(&self) -> Vec<Ports> {
        let mut ports = vec![Ports::default(); self.links.len()];
        let mut out: Vec<Vec<Wish>> = vec![Vec::new(); self.items.len()];
        let mut into = out.clone();
        for (i, link) in self.links.iter().enumerate() {
            let chain = &self.layers.chains[i].vertices;
            let (Some(next), Some(last)) = (chain.get(1), chain.len().checked_sub(2).and_then(|n| chain.get(n))) else {
                continue;
            };
            let (mut leave, mut arrive) = (self.x[*next], self.x[*last]);
            if chain.len() == 2 {
                // The middle of what both have under and over each other; a frame and a state need not share their middle.
                let (from, to) = (self.sides(link.from), self.sides(link.to));
                let both = (from.0.max(to.0), from.1.min(to.1));
                if both.0 <= both.1 {
                    let middle = (self.x[chain[0]] + self.x[chain[1]]) / 2.0;
                    (leave, arrive) = (middle.clamp(both.0, both.1), middle.clamp(both.0, both.1));
                }
            }
            let is_up = self.layers.chains[i].is_up;
            out[link.from].push(self.wish(link.from, leave, is_up, *next, i));
            into[link.to].push(self.wish(link.to, arrive, is_up, *last, i));
        }
        for (item, (out, into)) in out.into_iter().zip(into).enumerate() {
            let sides = self.sides(item);
            for (x, links) in spread(out, sides) {
                links.iter().for_each(|i| ports[*i].out = x);
            }
            for (x, links) in spread(into, sides) {
                links.iter().for_each(|i| ports[*i].into = x);
            }
        }
        self.turns(&mut ports);
        ports
    }

    /// A way that leads back leaves at the side where its column is; of two such, the outer one is nearer to the middle,
    /// so that their turns lie in each other.
    fn wish(&self, item: usize, x: f64, is_up: bool, through: usize, link: usize) -> Wish {
        const FAR: f64 = 1e7;
        let is_right = x > self.x[self.layers.items[item]];
        let (low, high) = self.sides(item);
        match (is_up, is_right) {
            (false, _) => Wish { key: x, x, through, link },
            (true, true) => Wish { key: 2.0 * FAR - x, x: high, through, link },
            (true, false) => Wish { key: -2.0 * FAR - x, x: low, through, link },
        }
    }

    /// Wide turns go deeper than narrow ones in the same rank.
    fn turns(&self, ports: &mut [Ports]) {
        let mut below: Vec<(usize, f64, usize)> = Vec::new();
        let mut above = below.clone();
        for (i, chain) in self.layers.chains.iter().enumerate().filter(|(_, chain)| chain.is_up) {
            let &[first, next, .., before, last] = chain.vertices.as_slice() else {
                if let [first, lane, last] = chain.vertices.as_slice() {
                    below.push((self.layers.vertices[*first].rank, (self.x[*lane] - ports[i].out).abs(), i));
                    above.push((self.layers.vertices[*last].rank, (self.x[*lane] - ports[i].into).abs(), i));
                }
                continue;
            };
            below.push((self.layers.vertices[first].rank, (self.x[next] - ports[i].out).abs(), i));
            above.push((self.layers.vertices[last].rank, (self.x[before] - ports[i].into).abs(), i));
        }
        let depths = |mut turns: Vec<(usize, f64, usize)>| {
            turns.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
            let mut found = Vec::new();
            let (mut rank, mut wide, mut count) = (usize::MAX, 0.0, 0.0);
            for (at, span, link) in turns {
                if at != rank {
                    (rank, wide, count) = (at, span, 0.0);
                } else if (span - wide).abs() > 1.0 {
                    (wide, count) = (span, count + 1.0);
                }
                found.push((link, TURN.0 + TURN.1 * f64::min(count, 5.0)));
            }
            found
        };
        for (link, deep) in depths(below) {
            ports[link].turn_out = deep;
        }
        for (link, deep) in depths(above) {
            ports[link].turn_into = deep;
        }
    }

    /// Between which columns ways may leave an item.
    fn sides(&self, item: usize) -> (f64, f64) {
        let Item { left, right, .. } = self.items[item];
        let x = self.x[self.layers.items[item]];
        // What an item has on its right beyond its box is no place to leave from.
        let half = left.min(right);
        let half = (half - 12.0).max(0.0);
        (x - half, x + half)
    }

    fn route(&self, index: usize, link: &Link, ports: Ports) -> Route {
        let chain = &self.layers.chains[index];
        let (Some(first), Some(last)) = (chain.vertices.first(), chain.vertices.last()) else {
            return Route::default();
        };
        let bottom_of_first = self.top_of(*first) + self.layers.vertices[*first].height;
        let mut pen = Pen { at: Point { x: ports.out, y: bottom_of_first }, segments: Vec::new() };
        let start = pen.at;
        let between = chain.vertices.get(1..chain.vertices.len() - 1).unwrap_or_default();
        pen.down_to(self.band(*first).1);
        if chain.is_up {
            if let Some(lane) = between.first() {
                pen.turn(self.x[*lane], ports.turn_out);
            }
            for v in between {
                let (top, bottom) = self.band(*v);
                pen.curve_to(self.x[*v], bottom);
                pen.down_to(top);
            }
            pen.turn(ports.into, -ports.turn_into - 4.0);
        } else {
            for v in between {
                let (top, bottom) = self.band(*v);
                pen.curve_to(self.x[*v], top);
                pen.down_to(bottom);
            }
            pen.curve_to(ports.into, self.band(*last).0);
        }
        pen.down_to(self.top_of(*last));
        let label = chain.label.zip(link.label).map(|(v, (width, height))| LabelPlace {
            x: self.x[v] - width / 2.0,
            y: self.top_of(v),
            width,
            height,
            lines: Vec::new(),
        });
        Route { start, segments: pen.segments, label }
    }
}

/// Columns for ways at one side of an item: wishes in order, apart from each other, within the sides. Ways that go on
/// through the same vertex leave together.
fn spread(mut wishes: Vec<Wish>, (low, high): (f64, f64)) -> Vec<(f64, Vec<usize>)> {
    wishes.sort_by(|a, b| a.key.total_cmp(&b.key).then(a.through.cmp(&b.through)).then(a.link.cmp(&b.link)));
    let mut places: Vec<(f64, Vec<usize>)> = Vec::new();
    let mut before = None;
    for Wish { x, through, link, .. } in wishes {
        match places.last_mut().filter(|_| before == Some(through)) {
            Some((_, links)) => links.push(link),
            None => places.push((x.clamp(low, high), vec![link])),
        }
        before = Some(through);
    }
    let count = places.len();
    if count < 2 {
        return places;
    }
    let apart = PORTS_APART.min((high - low) / (count - 1) as f64);
    for i in 1..count {
        places[i].0 = places[i].0.max(places[i - 1].0 + apart);
    }
    places[count - 1].0 = places[count - 1].0.min(high);
    for i in (0..count - 1).rev() {
        places[i].0 = places[i].0.min(places[i + 1].0 - apart);
    }
    places
}

struct Pen {
    at: Point,
    segments: Vec<Segment>,
}

impl Pen {
    fn down_to(&mut self, y: f64) {
        if (y - self.at.y).abs() > 0.01 {
            self.at.y = y;
            self.segments.push(Segment::Line(self.at));
        }
    }
    fn curve_to(&mut self, x: f64, y: f64) {
        let to = Point { x, y };
        if (x - self.at.x).abs() < 0.5 {
            self.at.x = x;
            self.down_to(y);
            return;
        }
        let half = (self.at.y + y) / 2.0;
        self.segments.push(Segment::Curve(Point { x: self.at.x, y: half }, Point { x, y: half }, to));
        self.at = to;
    }
    /// Half a turn at the same height, so deep.
    fn turn(&mut self, x: f64, deep: f64) {
        let to = Point { x, y: self.at.y };
        let y = self.at.y + deep * 4.0 / 3.0;
        self.segments.push(Segment::Curve(Point { x: self.at.x, y }, Point { x, y }, to));
        self.at = to;
    }
}
