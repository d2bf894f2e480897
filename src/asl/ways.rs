//! Where each state leads, and by which of its fields.

use super::machine::{Inner, State, StateId, StateKind, Transition};
use crate::source::{Member, Node};

/// A field that leads from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Way {
    Next,
    /// A rule of a Choice, counted from 0.
    Rule(usize),
    Default,
    /// A catcher, counted from 0.
    Catch(usize),
}

impl State {
    /// All ways out of the state, in the order in which they are tried.
    pub(crate) fn ways(&self) -> impl Iterator<Item = (Way, StateId)> {
        let choice = match &self.kind {
            StateKind::Choice(choice) => Some(choice),
            _ => None,
        };
        let rules = choice.into_iter().flat_map(|c| c.rules.iter().enumerate().map(|(i, r)| (Way::Rule(i), r.next)));
        let default = choice.and_then(|c| c.default).map(|to| (Way::Default, to));
        let next = match self.transition {
            Transition::Next(to) if choice.is_none() => Some((Way::Next, to)),
            _ => None,
        };
        let catch = self.catch.iter().enumerate().map(|(i, c)| (Way::Catch(i), c.next));
        rules.chain(default).chain(next).chain(catch)
    }
}

impl Inner {
    /// The members of `States` objects that the states were written as, in the order of the table of states.
    pub(crate) fn written(&self) -> Vec<&Member> {
        let mut all = Vec::with_capacity(self.states.len());
        collect(&self.node, &mut all);
        all
    }
}

/// All states of a list of states and of those within it, in the order of the text.
fn collect<'a>(flow: &'a Node, all: &mut Vec<&'a Member>) {
    for member in flow.get("States").map(Node::members).unwrap_or_default() {
        all.push(member);
        inner_flows(&member.value).for_each(|flow| collect(flow, all));
    }
}

/// The lists of states within a state: the branches of a Parallel, the item processor of a Map.
pub(crate) fn inner_flows(state: &Node) -> impl Iterator<Item = &Node> {
    let branches = state.get("Branches").map(Node::items).unwrap_or_default().iter();
    branches.chain(["ItemProcessor", "Iterator"].into_iter().filter_map(|name| state.get(name)))
}
