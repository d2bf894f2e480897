//! Where everything goes: regions from the inside out, each in layers from top to bottom.

mod columns;
mod layered;
mod order;
mod route;

use super::measure::{lines, width};
use super::{Edge, Frame, Graph, Node, Region, Way};
use layered::{Item, Link};

/// The sizes of texts, in pixels.
pub(super) const NAME_SIZE: f64 = 13.0;
pub(super) const DETAIL_SIZE: f64 = 11.0;
pub(super) const LABEL_SIZE: f64 = 11.0;
/// From one line of a name, a label or a detail to the next.
pub(super) const NAME_LINE: f64 = 16.0;
pub(super) const LABEL_LINE: f64 = 14.0;
/// Room to the left of a name, where the sign of the state's type is.
pub(super) const ICON_ROOM: f64 = 40.0;
/// Room above what a frame holds.
pub(super) const FRAME_HEAD: f64 = 46.0;
/// How far the loop of a retry reaches from its state.
pub(super) const LOOP_REACH: f64 = 22.0;
/// From one such loop to the next.
const LOOP_STEP: f64 = 18.0;
/// The radius of the marks of beginning and end.
pub(super) const DOT: f64 = 5.0;

const NAME_WIDEST: f64 = 210.0;
const DETAIL_WIDEST: f64 = 230.0;
const LABEL_WIDEST: f64 = 150.0;
const LABEL_LINES: usize = 3;
const LOOP_LABEL_WIDEST: f64 = 170.0;
const FRAME_PADDING: f64 = 12.0;
const REGION_PADDING: f64 = 12.0;
const BETWEEN_BRANCHES: f64 = 12.0;
const MARGIN: f64 = 16.0;

/// A place in the picture, in pixels from its left upper corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// A picture's places.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// How wide the picture is.
    pub width: f64,
    /// How high the picture is.
    pub height: f64,
    /// The places of [`Graph::nodes`].
    pub nodes: Vec<NodePlace>,
    /// The places of [`Graph::edges`].
    pub edges: Vec<EdgePlace>,
    /// The regions, outer ones first.
    pub flows: Vec<FlowPlace>,
}

/// The box of a state.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct NodePlace {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// The name as it fits.
    pub name: Vec<String>,
    /// What the state does, as it fits.
    pub detail: String,
    /// The mark of the end, where the state is the last one.
    pub end: Option<Point>,
}

/// The course of an edge: where it begins, what follows, and its label.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct EdgePlace {
    pub start: Point,
    pub segments: Vec<Segment>,
    pub label: Option<LabelPlace>,
}

/// A piece of an edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Segment {
    /// Straight to a point.
    Line(Point),
    /// A cubic curve: two points that pull, and the one at which it ends.
    Curve(Point, Point, Point),
}

/// A label's box and lines.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LabelPlace {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub lines: Vec<String>,
}

/// A region: the machine itself, a branch of a Parallel, what a Map repeats.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FlowPlace {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// The Parallel or Map that holds it and which of its branches this is; none for the machine itself.
    pub owner: Option<(usize, usize)>,
    /// The mark of the beginning.
    pub start: Point,
    /// The way from there to the first state.
    pub first: EdgePlace,
    /// The first state: its place in [`Graph::nodes`].
    pub first_state: usize,
}

/// Places everything.
pub(super) fn layout(graph: &Graph) -> Layout {
    let mut layout = Layout {
        nodes: vec![NodePlace::default(); graph.nodes.len()],
        edges: vec![EdgePlace::default(); graph.edges.len()],
        ..Layout::default()
    };
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for (i, edge) in graph.edges.iter().enumerate() {
        outgoing[edge.from].push(i);
    }
    let mut placer = Placer { graph, outgoing, layout: &mut layout };
    let root = placer.region(&graph.root, None);
    let (width, height) = (root.width, root.height);
    placer.put(&root, MARGIN, MARGIN);
    layout.width = (width + 2.0 * MARGIN).ceil();
    layout.height = (height + 2.0 * MARGIN).ceil();
    layout
}

/// A region with the places of what is in it, seen from its own left upper corner.
struct Block {
    width: f64,
    height: f64,
    owner: Option<(usize, usize)>,
    start: Point,
    first: EdgePlace,
    first_state: usize,
    nodes: Vec<(usize, NodePlace, Vec<Inner>)>,
    edges: Vec<(usize, EdgePlace)>,
}

/// A region within a state's box, seen from that.
struct Inner {
    x: f64,
    y: f64,
    block: Block,
}

/// The box of a state before it has a place.
struct Measured {
    place: NodePlace,
    inner: Vec<Inner>,
    /// What its loops need on the right.
    beside: f64,
}

struct Placer<'a> {
    graph: &'a Graph,
    outgoing: Vec<Vec<usize>>,
    layout: &'a mut Layout,
}

impl Placer<'_> {
    fn region(&self, region: &Region, owner: Option<(usize, usize)>) -> Block {
        let measured: Vec<Measured> = region.nodes.iter().map(|id| self.measure(*id)).collect();
        let index = |id: usize| region.nodes.binary_search(&id).ok();
        // The mark of the beginning, the states, the marks of the end.
        let dot = Item { left: DOT, right: DOT, height: 2.0 * DOT };
        let mut items = vec![dot.clone()];
        items.extend(measured.iter().map(|m| Item {
            left: m.place.width / 2.0,
            right: m.place.width / 2.0 + m.beside,
            height: m.place.height,
        }));
        let mut links =
            vec![Link { from: 0, to: 1 + index(region.start).unwrap_or(0), label: None, kind: 0, is_main: true }];
        let mut ways: Vec<(usize, Option<usize>)> = Vec::new();
        for (i, id) in region.nodes.iter().enumerate() {
            for (number, edge) in self.outgoing[*id].iter().map(|number| (*number, &self.graph.edges[*number])) {
                if matches!(edge.way, Way::Retry(_)) {
                    continue;
                }
                let (to, end) = match edge.to {
                    Some(to) => (1 + index(to).unwrap_or(i), None),
                    None => {
                        items.push(Item { left: DOT + 1.0, right: DOT + 1.0, height: 2.0 * DOT + 2.0 });
                        (items.len() - 1, Some(items.len() - 1))
                    }
                };
                let label = label_lines(edge);
                let label = (!label.is_empty()).then(|| size_of_label(&label));
                let kind = u8::from(matches!(edge.way, Way::Catch(_)));
                links.push(Link { from: 1 + i, to, label, kind, is_main: edge.way == Way::Next });
                ways.push((number, end));
            }
        }
        let placed = route::place(&items, &links);
        let mut block = Block {
            width: placed.width,
            height: placed.height,
            owner,
            start: Point { x: placed.items[0].x, y: placed.items[0].y + DOT },
            first: edge_place(&placed.links[0], Vec::new()),
            first_state: region.start,
            nodes: Vec::new(),
            edges: Vec::new(),
        };
        let mut ends: Vec<Option<Point>> = vec![None; region.nodes.len()];
        for ((number, end), route) in ways.into_iter().zip(&placed.links[1..]) {
            let edge = &self.graph.edges[number];
            block.edges.push((number, edge_place(route, label_lines(edge))));
            if let (Some(end), Some(i)) = (end, index(edge.from)) {
                let Point { x, y } = placed.items[end];
                ends[i] = Some(Point { x, y: y + DOT + 1.0 });
            }
        }
        for (i, (id, measured)) in region.nodes.iter().zip(measured).enumerate() {
            let Measured { mut place, inner, .. } = measured;
            let anchor = placed.items[1 + i];
            (place.x, place.y, place.end) = (anchor.x - place.width / 2.0, anchor.y, ends[i]);
            block.edges.extend(self.loops(*id, &place));
            block.nodes.push((*id, place, inner));
        }
        block
    }

    /// How large the box of a state is.
    fn measure(&self, id: usize) -> Measured {
        let node = &self.graph.nodes[id];
        let name = lines(&node.name, NAME_SIZE, NAME_WIDEST, 2);
        let detail = super::measure::cut(&subtitle(node), DETAIL_SIZE, DETAIL_WIDEST);
        let widest = name.iter().map(|line| width(line, NAME_SIZE) * 1.06).fold(width(&detail, DETAIL_SIZE), f64::max);
        let head = (ICON_ROOM + widest + 14.0).max(116.0).ceil();
        let mut place = NodePlace { name, detail, width: head, ..NodePlace::default() };
        place.height = 28.0 + NAME_LINE * place.name.len() as f64;
        let retries: Vec<&Edge> = self.retries(id).map(|number| &self.graph.edges[number]).collect();
        let beside = retries
            .iter()
            .map(|edge| LOOP_REACH + 6.0 + width(&loop_label(edge), LABEL_SIZE))
            .fold(0.0, f64::max)
            .ceil();
        let inner = node.frame.as_ref().map(|frame| self.frame(id, frame, &mut place)).unwrap_or_default();
        place.height = place.height.max(LOOP_STEP * retries.len() as f64 + 10.0);
        Measured { place, inner, beside }
    }

    /// Lays out what a frame holds and makes its box large enough.
    fn frame(&self, id: usize, frame: &Frame, place: &mut NodePlace) -> Vec<Inner> {
        let head = FRAME_HEAD + NAME_LINE * (place.name.len().max(1) - 1) as f64;
        let mut inner = Vec::new();
        let mut x = FRAME_PADDING;
        for (i, region) in frame.regions.iter().enumerate() {
            let mut block = self.region(region, Some((id, i)));
            block.shift(REGION_PADDING, REGION_PADDING);
            block.width += 2.0 * REGION_PADDING;
            block.height += 2.0 * REGION_PADDING;
            let wide = block.width;
            inner.push(Inner { x, y: head, block });
            x += wide + BETWEEN_BRANCHES;
        }
        let needed = x - BETWEEN_BRANCHES + FRAME_PADDING;
        let height = inner.iter().map(|i| i.block.height).fold(0.0, f64::max);
        let spare = (place.width - needed).max(0.0) / 2.0;
        for inner in &mut inner {
            inner.x += spare;
            // Branches are as high as the highest.
            inner.block.height = height;
        }
        place.width = place.width.max(needed).ceil();
        place.height = (head + height + FRAME_PADDING).ceil();
        inner
    }

    fn retries(&self, id: usize) -> impl Iterator<Item = usize> {
        let is_retry = |number: &usize| matches!(self.graph.edges[*number].way, Way::Retry(_));
        self.outgoing[id].iter().copied().filter(is_retry)
    }

    /// The loops of a state's retries, on its right, one below the other.
    fn loops(&self, id: usize, place: &NodePlace) -> Vec<(usize, EdgePlace)> {
        let numbers: Vec<usize> = self.retries(id).collect();
        let middle = place.y + place.height.min(64.0) / 2.0;
        let first = middle - LOOP_STEP * (numbers.len() as f64 - 1.0) / 2.0;
        let right = place.x + place.width;
        let one = |(i, number): (usize, usize)| {
            let y = (first + LOOP_STEP * i as f64).max(place.y + 9.0 + LOOP_STEP * i as f64);
            let far = right + LOOP_REACH;
            let point = |x, y| Point { x, y };
            let label = loop_label(&self.graph.edges[number]);
            let (wide, high) = (width(&label, LABEL_SIZE).ceil(), LABEL_LINE);
            let label = LabelPlace { x: far, y: y - high / 2.0, width: wide, height: high, lines: vec![label] };
            let course = Segment::Curve(point(far, y - 9.0), point(far, y + 9.0), point(right, y + 4.0));
            (number, EdgePlace { start: point(right, y - 4.0), segments: vec![course], label: Some(label) })
        };
        numbers.into_iter().enumerate().map(one).collect()
    }

    /// Writes down where a region and all in it are once it has its own place.
    fn put(&mut self, block: &Block, x: f64, y: f64) {
        let by = |p: Point| Point { x: p.x + x, y: p.y + y };
        self.layout.flows.push(FlowPlace {
            x,
            y,
            width: block.width,
            height: block.height,
            owner: block.owner,
            start: by(block.start),
            first: moved(&block.first, x, y),
            first_state: block.first_state,
        });
        for (number, place) in &block.edges {
            self.layout.edges[*number] = moved(place, x, y);
        }
        for (id, place, inner) in &block.nodes {
            let place = NodePlace { x: place.x + x, y: place.y + y, end: place.end.map(by), ..place.clone() };
            let corner = Point { x: place.x, y: place.y };
            self.layout.nodes[*id] = place;
            for inner in inner {
                self.put(&inner.block, corner.x + inner.x, corner.y + inner.y);
            }
        }
    }
}

impl EdgePlace {
    /// How long the course is, nearly.
    pub(super) fn length(&self) -> f64 {
        const STEPS: usize = 24;
        let mut at = self.start;
        let mut length = 0.0;
        for segment in &self.segments {
            match *segment {
                Segment::Line(to) => {
                    length += (to.x - at.x).hypot(to.y - at.y);
                    at = to;
                }
                Segment::Curve(a, b, to) => {
                    let from = at;
                    for step in 1..=STEPS {
                        let t = step as f64 / STEPS as f64;
                        let u = 1.0 - t;
                        let mix = |p: f64, q: f64, r: f64, s: f64| {
                            u * u * u * p + 3.0 * u * u * t * q + 3.0 * u * t * t * r + t * t * t * s
                        };
                        let next = Point { x: mix(from.x, a.x, b.x, to.x), y: mix(from.y, a.y, b.y, to.y) };
                        length += (next.x - at.x).hypot(next.y - at.y);
                        at = next;
                    }
                }
            }
        }
        length
    }
}

impl Block {
    fn shift(&mut self, x: f64, y: f64) {
        let by = |p: Point| Point { x: p.x + x, y: p.y + y };
        let start = self.start;
        self.start = by(start);
        self.first = moved(&self.first, x, y);
        for (_, place) in &mut self.edges {
            *place = moved(place, x, y);
        }
        for (_, place, _) in &mut self.nodes {
            (place.x, place.y, place.end) = (place.x + x, place.y + y, place.end.map(by));
        }
    }
}

fn edge_place(route: &route::Route, lines: Vec<String>) -> EdgePlace {
    let label = route.label.clone().map(|label| LabelPlace { lines, ..label });
    EdgePlace { start: route.start, segments: route.segments.clone(), label }
}

fn moved(place: &EdgePlace, x: f64, y: f64) -> EdgePlace {
    let by = |p: Point| Point { x: p.x + x, y: p.y + y };
    let segment = |segment: &Segment| match *segment {
        Segment::Line(to) => Segment::Line(by(to)),
        Segment::Curve(a, b, to) => Segment::Curve(by(a), by(b), by(to)),
    };
    EdgePlace {
        start: by(place.start),
        segments: place.segments.iter().map(segment).collect(),
        label: place.label.clone().map(|label| LabelPlace { x: label.x + x, y: label.y + y, ..label }),
    }
}

/// The type, and what the state does.
fn subtitle(node: &Node) -> String {
    match (node.state_type, node.detail.is_empty()) {
        (crate::asl::StateType::Task, false) => node.detail.clone(),
        (_, true) => node.state_type.name().to_owned(),
        (_, false) => format!("{} · {}", node.state_type.name(), node.detail),
    }
}

fn label_lines(edge: &Edge) -> Vec<String> {
    lines(&edge.label, LABEL_SIZE, LABEL_WIDEST, LABEL_LINES)
}

fn loop_label(edge: &Edge) -> String {
    super::measure::cut(&edge.label, LABEL_SIZE, LOOP_LABEL_WIDEST)
}

fn size_of_label(lines: &[String]) -> (f64, f64) {
    let widest = lines.iter().map(|line| width(line, LABEL_SIZE)).fold(0.0, f64::max);
    ((widest + 12.0).ceil(), LABEL_LINE * lines.len() as f64 + 6.0)
}
