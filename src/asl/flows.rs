//! Lists of states as they are written, and those within their states.

use std::fmt;

use super::machine::Inner;
use crate::source::{Member, Node};

/// The states of a list: the machine's own, a branch, an item processor.
pub(crate) fn states(flow: &Node) -> &[Member] {
    flow.get("States").map(Node::members).unwrap_or_default()
}

/// All states of a list and of those within it, in the order of the text, in which they are numbered.
pub(crate) fn all_states(flow: &Node) -> Vec<&Member> {
    let mut all = Vec::new();
    collect(flow, &mut all);
    all
}

fn collect<'a>(flow: &'a Node, all: &mut Vec<&'a Member>) {
    for member in states(flow) {
        all.push(member);
        inner(&member.value).for_each(|(_, flow)| collect(flow, all));
    }
}

/// The way from a state to a list of states within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A branch of a Parallel, counted from 0.
    Branch(usize),
    /// The item processor of a Map, by the field it stands in.
    Processor(&'static str),
}

/// `Branches[0]`, `ItemProcessor`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Branch(i) => write!(f, "Branches[{i}]"),
            Step::Processor(field) => f.write_str(field),
        }
    }
}

/// The lists of states within a state, with the ways to them.
pub(crate) fn inner(state: &Node) -> impl Iterator<Item = (Step, &Node)> {
    let branches = state.get("Branches").map(Node::items).unwrap_or_default().iter();
    let branches = branches.enumerate().map(|(i, branch)| (Step::Branch(i), branch));
    let processor = |field| state.get(field).map(|flow| (Step::Processor(field), flow));
    branches.chain(["ItemProcessor", "Iterator"].into_iter().filter_map(processor))
}

impl Inner {
    /// The members of `States` objects that the states were written as, in the order of the table of states.
    pub(crate) fn written(&self) -> Vec<&Member> {
        all_states(&self.node)
    }
}
