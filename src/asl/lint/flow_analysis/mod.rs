//! What is known about data and variables at each state, before anything runs.
//!
//! Every state is followed with what is known at its entry, over all edges: `Next`, rules of a Choice, catchers, into
//! branches and iterations and out of them again, until nothing new is learned. Where two ways meet, what both have in
//! common is kept. The start's input is unknown, and so is every result that no table describes. A last pass over the
//! states writes down what cannot be right.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::subject::Subject;
use crate::asl::machine::{StateId, StateKind};
use crate::source::{Node, Span};
use crate::value::Str;

mod condition;
mod expressions;
mod results;
mod shape;
mod steps;
mod transfer;

pub(super) use shape::{Missing, Shape};
pub(super) use steps::Step;
use transfer::Transfer;

/// How often a state is looked at before what still changes is given up as unknown.
const PATIENCE: u32 = 8;

/// How many variables times states are followed. A machine with more of both was written by a program, and following it
/// would take longer than anybody waits.
const MOST_VARIABLES: usize = 300_000;

/// What is known where a state begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts {
    /// The state's raw input.
    pub(super) data: Shape,
    pub(super) variables: BTreeMap<Str, Variable>,
}

/// A variable that some way to a place assigns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Variable {
    shape: Shape,
    /// Whether every way assigns it.
    pub(super) is_certain: bool,
    /// The list of states in which it is assigned: an index into the subject's flows.
    pub(super) flow: usize,
}

/// Something that cannot be right.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) state: StateId,
    /// The way from the state: `Parameters › total.$`.
    pub(super) way: String,
    pub(super) span: Span,
    pub(super) what: What,
}

/// The sorts of problems.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A variable is read that no way has assigned, or not every way.
    Unassigned { name: Str, is_sometimes: bool },
    /// A function is called that does not exist.
    NoFunction { name: Str },
    /// A variable of an outer scope is assigned.
    Shadows { name: Str, flow: usize },
    /// A path leads nowhere.
    Nowhere { path: String, steps: Vec<Step>, missing: Missing },
    /// A result is put below something that can hold no member.
    NoPlace { path: String, steps: Vec<Step>, missing: Missing },
    /// A Choice looks at something that is not always there.
    Sometimes { path: String },
    /// A Choice compares with another type of value.
    NeverHolds { path: String, operator: String, got: Shape },
    /// A path or an expression reads a member of the context object.
    Context { path: String, names: Vec<Str> },
    /// An inline Map over a known number of items, which is no problem by itself.
    Items(usize),
    /// `$states.result` where there is none.
    NoResult,
}

/// What was found out.
pub(super) struct FlowAnalysis {
    pub(super) problems: Vec<Problem>,
    pub(super) layout: Layout,
}

impl Facts {
    fn start() -> Facts {
        Facts { data: Shape::Unknown, variables: BTreeMap::new() }
    }

    fn join(&self, other: &Facts) -> Facts {
        let mut variables = BTreeMap::new();
        for (name, mine) in &self.variables {
            let joined = match other.variables.get(name) {
                Some(theirs) => Variable {
                    shape: mine.shape.join(&theirs.shape),
                    is_certain: mine.is_certain && theirs.is_certain,
                    flow: mine.flow.min(theirs.flow),
                },
                None => Variable { is_certain: false, ..mine.clone() },
            };
            variables.insert(name.clone(), joined);
        }
        for (name, theirs) in &other.variables {
            variables.entry(name.clone()).or_insert_with(|| Variable { is_certain: false, ..theirs.clone() });
        }
        Facts { data: self.data.join(&other.data), variables }
    }

    /// The same without what may go on changing for ever.
    fn given_up(mut self) -> Facts {
        self.data = Shape::Unknown;
        self.variables.values_mut().for_each(|v| v.shape = Shape::Unknown);
        self
    }
}

impl Subject<'_> {
    /// The lists of states around a state, its own first; with each, whether the child executions of a distributed Map
    /// lie between, which see nothing of it.
    pub(super) fn flows_around(&self, state: StateId) -> Vec<(usize, bool)> {
        let layout = &self.analysis().layout;
        let mut found = Vec::new();
        let (mut at, mut is_cut) = (Some(state), false);
        while let Some(id) = at {
            let flow = layout.flow_of[id.0 as usize];
            found.push((flow, is_cut));
            at = self.flows[flow].owner;
            if let Some(StateKind::Map(map)) = at.map(|owner| &self.place(owner).state.kind) {
                is_cut |= map.distributed.is_some();
            }
        }
        found
    }

    /// The state a list begins with.
    pub(super) fn start_of(&self, flow: usize) -> Option<StateId> {
        self.flows.get(flow)?.start
    }
}

/// Where states stand in the lists of states.
pub(super) struct Layout {
    /// The list each state stands in.
    flow_of: Vec<usize>,
    /// The lists each state holds, in order.
    inside: Vec<Vec<usize>>,
}

impl Layout {
    pub(super) fn of(subject: &Subject<'_>) -> Layout {
        let count = subject.places().count();
        let mut layout = Layout { flow_of: vec![0; count], inside: vec![Vec::new(); count] };
        for (i, flow) in subject.flows.iter().enumerate() {
            for state in &flow.states {
                if let Some(slot) = layout.flow_of.get_mut(state.0 as usize) {
                    *slot = i;
                }
            }
            if let Some(owner) = flow.owner {
                layout.inside[owner.0 as usize].push(i);
            }
        }
        layout
    }
}

impl FlowAnalysis {
    /// Follows a machine until nothing new is learned.
    pub(super) fn of(subject: &Subject<'_>) -> FlowAnalysis {
        let layout = Layout::of(subject);
        let count = layout.flow_of.len();
        if names_assigned(subject).saturating_mul(count) > MOST_VARIABLES {
            return FlowAnalysis { problems: Vec::new(), layout };
        }
        let mut walk = Walk {
            entry: vec![None; count],
            ends: vec![None; subject.flows.len()],
            changes: vec![0; count],
            end_changes: vec![0; subject.flows.len()],
            queue: VecDeque::new(),
            is_queued: vec![false; count],
        };
        walk.enter(subject.machine.root.start, Facts::start());
        // Every fact changes a bounded number of times; this is only a guard against a mistake in that reasoning.
        let mut fuel = 1_000 + count.saturating_mul(1_000);
        while let Some(id) = walk.queue.pop_front() {
            walk.is_queued[id.0 as usize] = false;
            fuel = match fuel.checked_sub(1) {
                Some(left) => left,
                None => return FlowAnalysis { problems: Vec::new(), layout },
            };
            let Some(facts) = walk.entry[id.0 as usize].clone() else { continue };
            let leaving = Transfer::new(subject, &layout, subject.place(id), &facts, None).leave(&walk.ends);
            for (flow, facts) in leaving.inside {
                if let Some(start) = subject.flows[flow].start {
                    walk.enter(start, facts);
                }
            }
            for (to, facts) in leaving.edges {
                walk.enter(to, facts);
            }
            if let Some(data) = leaving.end {
                let flow = layout.flow_of[id.0 as usize];
                walk.end(flow, &data, subject.flows[flow].owner);
            }
        }
        let mut problems = Vec::new();
        for (place, facts) in subject.places().zip(&walk.entry) {
            if let Some(facts) = facts {
                Transfer::new(subject, &layout, place, facts, Some(&mut problems)).leave(&walk.ends);
            }
        }
        problems
            .dedup_by(|a, b| a.span == b.span && std::mem::discriminant(&a.what) == std::mem::discriminant(&b.what));
        FlowAnalysis { problems, layout }
    }
}

/// How many names of variables a machine assigns.
fn names_assigned(subject: &Subject<'_>) -> usize {
    let mut names = BTreeSet::new();
    for place in subject.places() {
        let items = |field: &str| place.node.get(field).map(Node::items).unwrap_or_default();
        for holder in std::iter::once(place.node).chain(items("Choices")).chain(items("Catch")) {
            names.extend(holder.get("Assign").map(Node::members).unwrap_or_default().iter().map(|m| &m.key));
        }
    }
    names.len()
}

struct Walk {
    entry: Vec<Option<Facts>>,
    /// What each list of states ends with.
    ends: Vec<Option<Shape>>,
    changes: Vec<u32>,
    end_changes: Vec<u32>,
    queue: VecDeque<StateId>,
    is_queued: Vec<bool>,
}

impl Walk {
    fn enter(&mut self, id: StateId, facts: Facts) {
        let at = id.0 as usize;
        let new = match &self.entry[at] {
            None => facts,
            Some(known) => {
                let joined = known.join(&facts);
                if joined == *known {
                    return;
                }
                self.changes[at] += 1;
                if self.changes[at] > PATIENCE { joined.given_up() } else { joined }
            }
        };
        self.entry[at] = Some(new);
        self.queue(id);
    }

    fn end(&mut self, flow: usize, data: &Shape, owner: Option<StateId>) {
        let new = match &self.ends[flow] {
            None => data.clone(),
            Some(known) => {
                let joined = known.join(data);
                if joined == *known {
                    return;
                }
                self.end_changes[flow] += 1;
                if self.end_changes[flow] > PATIENCE { Shape::Unknown } else { joined }
            }
        };
        self.ends[flow] = Some(new);
        if let Some(owner) = owner {
            self.queue(owner);
        }
    }

    fn queue(&mut self, id: StateId) {
        if !std::mem::replace(&mut self.is_queued[id.0 as usize], true) {
            self.queue.push_back(id);
        }
    }
}
