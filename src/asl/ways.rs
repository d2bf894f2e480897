//! Where each state leads, and by which of its fields.

use super::machine::{State, StateId, StateKind, Transition};

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
