//! A machine as a picture: its states and the ways between them, laid out and drawn.
//!
//! A [`Graph`] is what is drawn: a [`Node`] for every state, an [`Edge`] for every field that leads somewhere. Parallel
//! and Map states are frames around what they hold. [`layout`](Graph::layout) gives everything its place;
//! [`svg`](Graph::svg), [`mermaid`](Graph::mermaid) and [`dot`](Graph::dot) write it down. Nothing depends on anything but
//! the machine, so that the same definition gives the same text.
//!
//! ```
//! use rehearsal::Machine;
//! use rehearsal::graph::Graph;
//!
//! let machine = Machine::load("tests/machines/order.asl.json").unwrap();
//! let graph = Graph::of(&machine);
//! assert_eq!(graph.nodes().len(), 3);
//! assert!(graph.svg(&Default::default()).starts_with("<svg"));
//! ```

mod dot;
mod layout;
mod marks;
mod measure;
mod mermaid;
mod svg;
mod words;

use std::collections::HashSet;
use std::fmt;

use crate::asl::StateType;
use crate::asl::machine::{Flow, Inner, Machine, StateId, StateKind, Transition};

pub use layout::{EdgePlace, FlowPlace, LabelPlace, Layout, NodePlace, Point, Segment};
pub use marks::{Cover, Mark, Marks};
pub use svg::SvgOptions;
pub(crate) use svg::{DARK, STYLE, escaped};

/// A machine's states and the ways between them.
#[derive(Clone, Debug)]
pub struct Graph {
    name: String,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    root: Region,
}

/// A state.
#[derive(Clone, Debug)]
pub struct Node {
    /// The state's name.
    pub name: String,
    /// Where it is: `Each/Charge` for a state inside another, as [`Machine::state_places`] has it.
    pub place: String,
    /// The state's type.
    pub state_type: StateType,
    /// The line on which it is written, counted from 1.
    pub line: Option<usize>,
    /// What it does, in a few words: `lambda:invoke charge`, `30s`.
    pub detail: String,
    /// The state's `Comment`.
    pub comment: Option<String>,
    /// What a Parallel or Map holds.
    pub frame: Option<Frame>,
}

/// What is inside a Parallel or a Map.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Which of them it is.
    pub kind: FrameKind,
    /// The branches of a Parallel in order; the one list of states of a Map.
    pub regions: Vec<Region>,
}

/// What repeats or splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Branches side by side.
    Parallel,
    /// A Map whose iterations are part of the execution.
    Map,
    /// A Map whose items are executions of their own.
    DistributedMap,
}

/// A list of states with a beginning: the machine itself, a branch, what a Map does with an item.
#[derive(Clone, Debug)]
pub struct Region {
    /// The first state: its place in [`Graph::nodes`].
    pub start: usize,
    /// All its states in the order of the definition, those inside Parallels and Maps left out.
    pub nodes: Vec<usize>,
}

/// A field that leads somewhere.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The state that has the field: its place in [`Graph::nodes`].
    pub from: usize,
    /// The state it leads to; the state itself for a retry, none for the end.
    pub to: Option<usize>,
    /// Which field it is.
    pub way: Way,
    /// What stands beside it: the rule in words, the caught errors, the schedule of a retry.
    pub label: String,
    /// The same and more, for those who ask.
    pub title: String,
}

/// The fields that lead from a state to another, to the end, or back to itself. Entries are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// `Next`, or `End`.
    Next,
    /// An entry of `Choices`.
    Rule(usize),
    /// `Default`
    Default,
    /// An entry of `Catch`.
    Catch(usize),
    /// An entry of `Retry`.
    Retry(usize),
}

/// `next`, `rule-0`, `default`, `catch-0`, `retry-0`
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Next => write!(f, "next"),
            Way::Rule(i) => write!(f, "rule-{i}"),
            Way::Default => write!(f, "default"),
            Way::Catch(i) => write!(f, "catch-{i}"),
            Way::Retry(i) => write!(f, "retry-{i}"),
        }
    }
}

impl Way {
    fn class(self) -> &'static str {
        match self {
            Way::Next => "next",
            Way::Rule(_) => "rule",
            Way::Default => "default",
            Way::Catch(_) => "catch",
            Way::Retry(_) => "retry",
        }
    }
}

impl Graph {
    /// The graph of a machine.
    pub fn of(machine: &Machine) -> Graph {
        let inner = &*machine.inner;
        let places = machine.state_places();
        let comments = words::comments(inner);
        let nodes = inner.states.iter().zip(places).map(|(state, place)| Node {
            name: state.name.to_string(),
            place,
            state_type: state.state_type(),
            line: line_of(inner, state.span),
            detail: words::detail(state),
            comment: comments.get(&*state.name).map(|comment| (*comment).to_owned()),
            frame: frame_of(inner, &state.kind),
        });
        let nodes: Vec<Node> = nodes.collect();
        let edges = (0..nodes.len()).flat_map(|from| edges_of(inner, from)).collect();
        Graph { name: machine.name().to_owned(), nodes, edges, root: region(inner, inner.root) }
    }
    /// The machine's name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// All states, nested ones included, in the order of the definition.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }
    /// All ways out of all states, in the order of the states; of a state in the order rules, `Default`, `Next`, `Catch`,
    /// `Retry`.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }
    /// The outermost list of states.
    pub fn root(&self) -> &Region {
        &self.root
    }
    /// The schedules of all retries of a state.
    fn retries(&self, from: usize) -> Vec<&str> {
        let first = self.edges.partition_point(|edge| edge.from < from);
        let own = self.edges.iter().skip(first).take_while(|edge| edge.from == from);
        own.filter(|edge| matches!(edge.way, Way::Retry(_))).map(|edge| &*edge.label).collect()
    }
    /// Gives every node and every edge its place.
    pub fn layout(&self) -> Layout {
        layout::layout(self)
    }
    /// A picture that needs nothing else.
    pub fn svg(&self, options: &SvgOptions<'_>) -> String {
        svg::render(self, options)
    }
    /// A state diagram for Mermaid, which Markdown pages show.
    pub fn mermaid(&self) -> String {
        mermaid::render(self)
    }
    /// A digraph for Graphviz.
    pub fn dot(&self) -> String {
        dot::render(self)
    }
}

fn line_of(machine: &Inner, span: Option<crate::source::Span>) -> Option<usize> {
    Some(machine.source.as_ref()?.line_col(span?.start as usize).0)
}

fn frame_of(machine: &Inner, kind: &StateKind) -> Option<Frame> {
    match kind {
        StateKind::Parallel(parallel) => {
            let regions = parallel.branches.iter().map(|branch| region(machine, *branch)).collect();
            Some(Frame { kind: FrameKind::Parallel, regions })
        }
        StateKind::Map(map) => {
            let kind = if map.distributed.is_some() { FrameKind::DistributedMap } else { FrameKind::Map };
            Some(Frame { kind, regions: vec![region(machine, map.processor)] })
        }
        StateKind::Pass(_)
        | StateKind::Task(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_) => None,
    }
}

/// The states that the beginning leads to, which are all there are: no other is accepted.
fn region(machine: &Inner, flow: Flow) -> Region {
    let mut nodes = vec![flow.start];
    let mut is_known = HashSet::from([flow.start]);
    let mut next = 0;
    while let Some(from) = nodes.get(next).copied() {
        next += 1;
        for to in targets(machine, from) {
            if is_known.insert(to) {
                nodes.push(to);
            }
        }
    }
    nodes.sort_unstable();
    Region { start: flow.start.0 as usize, nodes: nodes.into_iter().map(|id| id.0 as usize).collect() }
}

fn targets(machine: &Inner, from: StateId) -> Vec<StateId> {
    let state = machine.state(from);
    let mut found = Vec::new();
    if let StateKind::Choice(choice) = &state.kind {
        found.extend(choice.rules.iter().map(|rule| rule.next).chain(choice.default));
    }
    if let Transition::Next(next) = state.transition {
        found.push(next);
    }
    found.extend(state.catch.iter().map(|catcher| catcher.next));
    found
}

fn edges_of(machine: &Inner, from: usize) -> Vec<Edge> {
    let Some(state) = machine.states.get(from) else { return Vec::new() };
    let edge = |to: Option<StateId>, way: Way, label: String, title: String| Edge {
        from,
        to: to.map(|id| id.0 as usize),
        way,
        label,
        title,
    };
    let mut edges = Vec::new();
    match &state.kind {
        StateKind::Choice(choice) => {
            for (i, rule) in choice.rules.iter().enumerate() {
                let label = words::condition(&rule.condition);
                edges.push(edge(Some(rule.next), Way::Rule(i), label.clone(), format!("rule {}: {label}", i + 1)));
            }
            if choice.default.is_some() {
                let title = "Default: where no rule holds".to_owned();
                edges.push(edge(choice.default, Way::Default, "Default".into(), title));
            }
        }
        StateKind::Succeed | StateKind::Fail(_) => {}
        StateKind::Pass(_) | StateKind::Task(_) | StateKind::Wait(_) | StateKind::Parallel(_) | StateKind::Map(_) => {
            let (to, title) = match state.transition {
                Transition::Next(id) => (Some(id), "Next"),
                Transition::End => (None, "End"),
            };
            edges.push(edge(to, Way::Next, String::new(), title.into()));
        }
    }
    for (i, catcher) in state.catch.iter().enumerate() {
        let errors = words::errors(&catcher.errors);
        let title = format!("Catch {}: {errors}", i + 1);
        edges.push(edge(Some(catcher.next), Way::Catch(i), errors, title));
    }
    let itself = StateId(u32::try_from(from).unwrap_or(u32::MAX));
    for (i, retrier) in state.retry.iter().enumerate() {
        let label = words::schedule(retrier);
        let title = format!("Retry {}: {} {label}", i + 1, words::errors(&retrier.errors));
        edges.push(edge(Some(itself), Way::Retry(i), label, title));
    }
    edges
}
