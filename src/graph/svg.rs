//! The picture as SVG: boxes, frames, edges and labels, each with a title for tooltips and screen readers.
//!
//! Nothing is said by colour alone, and colours are variables: `--graph-…` on the picture or around it. Every state and
//! edge has a `data-point`, `Each/Charge` or `Each/Charge#catch-0`, by which a page finds it.

use std::fmt::Write as _;

use super::layout::{
    DETAIL_SIZE, DOT, EdgePlace, FlowPlace, ICON_ROOM, LABEL_LINE, LABEL_SIZE, Layout, NAME_LINE, NAME_SIZE, NodePlace,
    Point, Segment,
};
use super::{Cover, Edge, FrameKind, Graph, Mark, Marks, Node, Way};
use crate::asl::StateType;

/// The rules that every picture has, for light surroundings.
pub(crate) const STYLE: &str = include_str!("assets/graph.css");
/// The variables' values in dark surroundings.
pub(crate) const DARK: &str = include_str!("assets/graph-dark.css");

/// How long a dash of a caught error and the gap behind it are together; `graph.css` has both.
const DASHES: f64 = 9.0;

/// How a picture is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct SvgOptions<'a> {
    /// What is coloured.
    pub marks: Option<&'a Marks>,
    /// Leave out style and background, which the page around it has.
    pub bare: bool,
}

/// Signs of the state types, in a square of 16 pixels.
fn sign(state_type: StateType) -> &'static str {
    match state_type {
        StateType::Pass => "M2 8h11M9 4l4 4-4 4",
        StateType::Task => {
            "M8 5a3 3 0 1 0 0 6 3 3 0 1 0 0-6M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6\
             l1.4-1.4M11.2 4.8l1.4-1.4"
        }
        StateType::Choice => "M8 1.5L14.5 8 8 14.5 1.5 8z",
        StateType::Wait => "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13M8 4.5V8l2.5 1.5",
        StateType::Succeed => "M3 8.5l3.5 3.5L13 4.5",
        StateType::Fail => "M4 4l8 8M12 4l-8 8",
        StateType::Parallel => "M8 1v4M3 15V9a4 4 0 0 1 4-4h2a4 4 0 0 1 4 4v6",
        StateType::Map => "M2 4.5l6-3 6 3-6 3zM2 8l6 3 6-3M2 11.5l6 3 6-3",
    }
}

pub(super) fn render(graph: &Graph, options: &SvgOptions<'_>) -> String {
    let layout = graph.layout();
    let none = Marks::default();
    let marks = options.marks.unwrap_or(&none);
    let mut out = Svg { graph, layout: &layout, marks, text: String::new() };
    out.head(options.bare);
    out.frames();
    out.edges();
    out.boxes();
    out.text.push_str("</svg>\n");
    out.text
}

struct Svg<'a> {
    graph: &'a Graph,
    layout: &'a Layout,
    marks: &'a Marks,
    text: String,
}

impl Svg<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn head(&mut self, bare: bool) {
        let Layout { width, height, .. } = *self.layout;
        let marked = if self.marks.is_empty() { "" } else { " marked" };
        let name = escaped(&self.graph.name);
        self.line(&format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="rehearsal-graph{marked}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="group" aria-label="State machine {name}">"#
        ));
        if !bare {
            self.line(&format!("<title>{name}</title>"));
            let dark = DARK.trim();
            self.line(&format!(
                "<style>\n{}\n@media (prefers-color-scheme: dark) {{\n.rehearsal-graph {{\n{dark}\n}}\n}}\n</style>",
                STYLE.trim()
            ));
            self.line(&format!(r#"<rect class="paper" width="{width}" height="{height}"/>"#));
        }
    }

    /// Frames with their branches, the outer ones first, and the marks of beginnings.
    fn frames(&mut self) {
        let layout = self.layout;
        for flow in layout.flows.iter().filter(|flow| flow.owner.is_none()) {
            self.flow(flow);
        }
        for (id, (node, place)) in self.graph.nodes.iter().zip(&layout.nodes).enumerate() {
            let Some(frame) = &node.frame else { continue };
            let more = match frame.kind {
                FrameKind::Parallel | FrameKind::Map => "",
                FrameKind::DistributedMap => " distributed",
            };
            self.node(node, place, &format!("frame{more}"));
            for flow in layout.flows.iter().filter(|flow| flow.owner.is_some_and(|(owner, _)| owner == id)) {
                self.flow(flow);
            }
        }
    }

    fn flow(&mut self, flow: &FlowPlace) {
        let Point { x, y } = flow.start;
        let owner = flow.owner.and_then(|(id, branch)| Some((self.graph.nodes.get(id)?, branch)));
        let mut classes = String::new();
        if let Some((node, branch)) = owner {
            let mark = self.marks.of_branch(&node.place, branch).unwrap_or_default();
            classes = mark.classes();
            let title = match node.state_type {
                StateType::Parallel => format!("branch {} of {}{}", branch + 1, node.name, mark.words()),
                _ => format!("each item of {}{}", node.name, mark.words()),
            };
            let (place, title) = (escaped(&node.place), escaped(&title));
            let [x, y, width, height] = [flow.x, flow.y, flow.width, flow.height].map(number);
            self.line(&format!(
                r#"<g class="branch{classes}" data-point="{place}#branch-{branch}"><title>{title}</title><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/></g>"#
            ));
        }
        let path = course(&flow.first);
        let follows = escaped(self.graph.nodes.get(flow.first_state).map_or("", |node| &node.place));
        let (x, y, head) = (number(x), number(y), arrow(&flow.first));
        self.line(&format!(
            r#"<g class="start{classes}" data-follows="{follows}"><circle cx="{x}" cy="{y}" r="{DOT}"/><path class="line" d="{path}"/><path class="head" d="{head}"/></g>"#
        ));
    }

    /// Edges; those that were never taken last, so that no other lies over them.
    fn edges(&mut self) {
        let mark = |edge: &Edge| self.marks.of_edge(&self.graph.nodes[edge.from].place, edge.way).unwrap_or_default();
        let all: Vec<(&Edge, &EdgePlace, Mark)> =
            self.graph.edges.iter().zip(&self.layout.edges).map(|(edge, place)| (edge, place, mark(edge))).collect();
        let is_last = |mark: Mark| matches!(mark.cover, Some(Cover::Uncovered | Cover::Partly));
        for (edge, place, mark) in all.iter().filter(|(_, _, mark)| !is_last(*mark)) {
            self.edge(edge, place, *mark);
        }
        for (edge, place, mark) in all.iter().filter(|(_, _, mark)| is_last(*mark)) {
            self.edge(edge, place, *mark);
        }
    }

    fn edge(&mut self, edge: &Edge, place: &EdgePlace, mark: Mark) {
        let from = &self.graph.nodes[edge.from];
        let to = match edge.to.and_then(|to| self.graph.nodes.get(to)) {
            Some(to) if matches!(edge.way, Way::Retry(_)) => to.name.clone(),
            Some(to) => format!("{} → {}", from.name, to.name),
            None => from.name.clone(),
        };
        let title = escaped(&format!("{to} · {}{}", edge.title, mark.words()));
        let (class, classes) = (edge.way.class(), mark.classes());
        let point = format!("{}#{}", escaped(&from.place), edge.way);
        let path = course(place);
        // Dashes are counted from the end, so that those of ways which share their last piece lie on each other.
        let offset = match edge.way {
            Way::Catch(_) => {
                format!(r#" stroke-dashoffset="{}""#, number(DASHES - place.length().rem_euclid(DASHES)))
            }
            Way::Next | Way::Rule(_) | Way::Default | Way::Retry(_) => String::new(),
        };
        let mut body = format!(r#"<path class="hit" d="{path}"/><path class="line" d="{path}"{offset}/>"#);
        match (edge.to, edge.way) {
            (None, _) => {}
            (Some(_), Way::Retry(_)) => {
                let end = end_of(place);
                let (x, y) = (end.x, end.y);
                let head = format!(
                    "M{} {}L{} {}L{} {}z",
                    number(x),
                    number(y),
                    number(x + 7.0),
                    number(y - 3.0),
                    number(x + 6.0),
                    number(y + 4.0)
                );
                let _ = write!(body, r#"<path class="head" d="{head}"/>"#);
            }
            (Some(_), _) => {
                let _ = write!(body, r#"<path class="head" d="{}"/>"#, arrow(place));
            }
        }
        if let (None, Some(end)) = (edge.to, self.layout.nodes[edge.from].end) {
            let (x, y) = (number(end.x), number(end.y));
            let _ = write!(
                body,
                r#"<circle class="end" cx="{x}" cy="{y}" r="{}"/><circle class="end-core" cx="{x}" cy="{y}" r="{}"/>"#,
                DOT + 1.0,
                DOT - 2.0
            );
        }
        if let Some(label) = &place.label {
            let is_loop = matches!(edge.way, Way::Retry(_));
            if !is_loop {
                let (x, y) = (number(label.x), number(label.y));
                let (width, height) = (number(label.width), number(label.height));
                let _ =
                    write!(body, r#"<rect class="plate" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>"#);
            }
            let x = if is_loop { label.x } else { label.x + label.width / 2.0 };
            let first = label.y + if is_loop { 11.0 } else { 14.0 };
            let anchor = if is_loop { "start" } else { "middle" };
            for (i, line) in label.lines.iter().enumerate() {
                let y = number(first + LABEL_LINE * i as f64);
                let (x, line) = (number(x), escaped(line));
                let _ = write!(
                    body,
                    r#"<text class="label" x="{x}" y="{y}" font-size="{LABEL_SIZE}" text-anchor="{anchor}">{line}</text>"#
                );
            }
        }
        let follows = match edge.to {
            Some(_) => String::new(),
            None => format!(r#" data-follows="{}""#, escaped(&from.place)),
        };
        self.line(&format!(
            r#"<g class="edge {class}{classes}" data-point="{point}"{follows}><title>{title}</title>{body}</g>"#
        ));
    }

    fn boxes(&mut self) {
        for (node, place) in self.graph.nodes.iter().zip(&self.layout.nodes) {
            if node.frame.is_none() {
                self.node(node, place, "state");
            }
        }
    }

    fn node(&mut self, node: &Node, place: &NodePlace, kind: &str) {
        let mark = self.marks.of_node(&node.place).unwrap_or_default();
        let type_class = node.state_type.name().to_lowercase();
        let classes = mark.classes();
        let mut title = format!("{} {}", node.state_type.name(), node.name);
        if !node.detail.is_empty() {
            let _ = write!(title, " · {}", node.detail);
        }
        if let Some(line) = node.line {
            let _ = write!(title, " · line {line}");
        }
        title.push_str(&mark.words());
        if let Some(comment) = &node.comment {
            let _ = write!(title, "\n{comment}");
        }
        let (title, point) = (escaped(&title), escaped(&node.place));
        let (x, y) = (number(place.x), number(place.y));
        let (width, height) = (number(place.width), number(place.height));
        self.line(&format!(
            r#"<g class="node {kind} {type_class}{classes}" data-point="{point}"><title>{title}</title><rect class="box" x="{x}" y="{y}" width="{width}" height="{height}" rx="9"/>"#
        ));
        let head = 28.0 + NAME_LINE * place.name.len().max(1) as f64;
        // A box that many retries made higher has its text in the middle.
        let top = if node.frame.is_some() { place.y } else { place.y + (place.height - head) / 2.0 };
        let (tile_x, tile_y) = (place.x + 9.0, top + head / 2.0 - 12.0);
        self.line(&format!(
            r#"<rect class="tile" x="{}" y="{}" width="24" height="24" rx="6"/><path class="sign" transform="translate({} {})" d="{}"/>"#,
            number(tile_x),
            number(tile_y),
            number(tile_x + 4.0),
            number(tile_y + 4.0),
            sign(node.state_type)
        ));
        let x = number(place.x + ICON_ROOM);
        for (i, line) in place.name.iter().enumerate() {
            let y = number(top + 19.0 + NAME_LINE * i as f64);
            self.line(&format!(
                r#"<text class="name" x="{x}" y="{y}" font-size="{NAME_SIZE}">{}</text>"#,
                escaped(line)
            ));
        }
        let y = number(top + 19.0 + NAME_LINE * place.name.len() as f64 - 1.0);
        self.line(&format!(
            r#"<text class="detail" x="{x}" y="{y}" font-size="{DETAIL_SIZE}">{}</text></g>"#,
            escaped(&place.detail)
        ));
    }
}

/// The path of an edge.
fn course(place: &EdgePlace) -> String {
    let mut path = format!("M{} {}", number(place.start.x), number(place.start.y));
    for segment in &place.segments {
        let _ = match segment {
            Segment::Line(to) => write!(path, "L{} {}", number(to.x), number(to.y)),
            Segment::Curve(a, b, to) => {
                let [ax, ay, bx, by, x, y] = [a.x, a.y, b.x, b.y, to.x, to.y].map(number);
                write!(path, "C{ax} {ay} {bx} {by} {x} {y}")
            }
        };
    }
    path
}

/// The head of an edge, which arrives from above.
fn arrow(place: &EdgePlace) -> String {
    let Point { x, y } = end_of(place);
    let [left, right, tip, top, x] = [x - 4.0, x + 4.0, y, y - 7.0, x].map(number);
    format!("M{x} {tip}L{left} {top}L{right} {top}z")
}

fn end_of(place: &EdgePlace) -> Point {
    match place.segments.last() {
        Some(Segment::Line(to) | Segment::Curve(_, _, to)) => *to,
        None => place.start,
    }
}

/// A number with one digit after the point, where there is one.
fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // There is no minus zero in a picture.
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

/// A text as content or attribute; what XML cannot say is left out.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
