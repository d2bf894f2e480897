//! What of a machine can be covered, in words and with the line where it is written.

use serde::{Deserialize, Serialize};

use crate::asl::Machine;
use crate::asl::machine::{State, StateId, StateKind};
use crate::asl::spots::{self, Spot};
use crate::asl::ways::Way;
use crate::engine::Tally;
use crate::source::{Member, Node, Span};

/// A kind of points, by which shares are counted and asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// States that are entered.
    States,
    /// Ways from a state to another: `Next`, rules, `Default`, catchers.
    Transitions,
    /// Rules of Choice states, and their `Default`.
    Choices,
    /// Retriers that have the work tried again.
    Retriers,
    /// Retriers that are used up.
    Exhausted,
    /// Catchers that take an error.
    Catchers,
    /// Branches and item processors that reach their end.
    Branches,
    /// `TimeoutSeconds` and `HeartbeatSeconds` that run out.
    Timeouts,
}

impl Kind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Kind; 8] = [
        Kind::States,
        Kind::Transitions,
        Kind::Choices,
        Kind::Retriers,
        Kind::Exhausted,
        Kind::Catchers,
        Kind::Branches,
        Kind::Timeouts,
    ];
    /// `states`, `transitions`, …: the word that thresholds use.
    pub fn word(self) -> &'static str {
        match self {
            Kind::States => "states",
            Kind::Transitions => "transitions",
            Kind::Choices => "choices",
            Kind::Retriers => "retriers",
            Kind::Exhausted => "exhausted",
            Kind::Catchers => "catchers",
            Kind::Branches => "branches",
            Kind::Timeouts => "timeouts",
        }
    }
    /// The kind of a word.
    pub fn of_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What can happen at a place of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// The state is entered.
    Entered,
    /// The state is left by its `Next`.
    Next,
    /// The state is left by this rule of `Choices`.
    Rule,
    /// The state is left by its `Default`.
    Default,
    /// The state is left by this catcher.
    Catch,
    /// This retrier has the work tried again.
    Retry,
    /// This retrier is used up when the error comes once more.
    Exhausted,
    /// This branch, or an iteration of the item processor, reaches its end.
    Ended,
    /// `TimeoutSeconds` runs out.
    Timeout,
    /// `HeartbeatSeconds` runs out.
    Heartbeat,
}

/// A point of a machine that tests reach or do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Point {
    /// What happens there.
    pub event: Event,
    /// The state's place, such as `Each/Charge`; empty for the machine as a whole.
    pub state: String,
    /// Which rule, catcher, retrier or branch, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The place of the state it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The errors of a retrier or catcher.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// The line where it is written, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

impl Point {
    /// The kinds that count the point.
    pub fn kinds(&self) -> &'static [Kind] {
        match self.event {
            Event::Entered => &[Kind::States],
            Event::Next => &[Kind::Transitions],
            Event::Rule | Event::Default => &[Kind::Transitions, Kind::Choices],
            Event::Catch => &[Kind::Transitions, Kind::Catchers],
            Event::Retry => &[Kind::Retriers],
            Event::Exhausted => &[Kind::Exhausted],
            Event::Ended => &[Kind::Branches],
            Event::Timeout | Event::Heartbeat => &[Kind::Timeouts],
        }
    }
    /// What no test has shown, where the point is not reached: `rule 2, to Large, never holds`.
    pub fn missing(&self) -> String {
        let nth = self.index.map_or(1, |i| i + 1);
        let to = self.to.as_deref().unwrap_or_default();
        let errors = self.errors.join(", ");
        match self.event {
            Event::Entered => "is never entered".to_owned(),
            Event::Next => format!("never goes on to {to}"),
            Event::Rule => format!("rule {nth}, to {to}, never holds"),
            Event::Default => format!("Default, to {to}, is never taken"),
            Event::Catch => format!("catcher {nth} ({errors}), to {to}, never catches"),
            Event::Retry => format!("retrier {nth} ({errors}) never retries"),
            Event::Exhausted => format!("retrier {nth} ({errors}) is never used up"),
            Event::Ended if self.index.is_none() => "no item is ever processed to the end".to_owned(),
            Event::Ended => format!("branch {nth} never reaches its end"),
            Event::Timeout => "TimeoutSeconds never runs out".to_owned(),
            Event::Heartbeat => "HeartbeatSeconds never runs out".to_owned(),
        }
    }
}

/// How often each point of a machine was reached, in the order of [`points`].
pub(super) fn counts(machine: &Machine, tally: &Tally) -> Vec<u64> {
    let whole = machine.inner.timeout_seconds.map(|_| tally.timeouts());
    let of_states = machine.inner.states.iter().enumerate().flat_map(|(i, state)| {
        let id = StateId(u32::try_from(i).unwrap_or(u32::MAX));
        spots::spots(state).into_iter().map(move |spot| tally.count(id, state, spot))
    });
    whole.into_iter().chain(of_states).collect()
}

/// All points of a machine.
pub(super) fn points(machine: &Machine) -> Vec<Point> {
    let inner = &machine.inner;
    let line = |span: Span| Some(inner.source.as_ref()?.line_col(span.start as usize).0);
    let key_line = |member: Option<&Member>| member.and_then(|m| line(m.key_span));
    let written = inner.written();
    let mut all = Vec::new();
    if inner.timeout_seconds.is_some() {
        all.push(Point {
            event: Event::Timeout,
            state: String::new(),
            index: None,
            to: None,
            errors: Vec::new(),
            line: key_line(inner.node.member("TimeoutSeconds")),
        });
    }
    for (i, state) in inner.states.iter().enumerate() {
        let member = written.get(i);
        let node = member.map(|m| &m.value);
        let field = |name: &str| key_line(node.and_then(|n| n.member(name)));
        let first_field = |names: [&str; 2]| names.into_iter().find_map(field);
        let item = |list: &str, i: usize| line(node?.get(list).map(Node::items)?.get(i)?.span);
        let to = |id: StateId| place(inner.state(id));
        for spot in spots::spots(state) {
            let event =
                |event, line| Point { event, state: place(state), index: None, to: None, errors: Vec::new(), line };
            let nth = |index, point: Point| Point { index: Some(index), ..point };
            let about = |errors: &[crate::value::Str], point: Point| Point {
                errors: errors.iter().map(ToString::to_string).collect(),
                ..point
            };
            let point = match spot {
                Spot::Entered => event(Event::Entered, key_line(member.copied())),
                Spot::TimedOut => event(Event::Timeout, first_field(["TimeoutSeconds", "TimeoutSecondsPath"])),
                Spot::HeartbeatMissed => {
                    event(Event::Heartbeat, first_field(["HeartbeatSeconds", "HeartbeatSecondsPath"]))
                }
                Spot::Ended(_) if matches!(state.kind, StateKind::Map(_)) => {
                    event(Event::Ended, first_field(["ItemProcessor", "Iterator"]))
                }
                Spot::Ended(i) => nth(i, event(Event::Ended, item("Branches", i))),
                Spot::Retried(i) => about(&state.retry[i].errors, nth(i, event(Event::Retry, item("Retry", i)))),
                Spot::Exhausted(i) => about(&state.retry[i].errors, nth(i, event(Event::Exhausted, item("Retry", i)))),
                Spot::Left(Way::Next) => event(Event::Next, field("Next")),
                Spot::Left(Way::Default) => event(Event::Default, field("Default")),
                Spot::Left(Way::Rule(i)) => nth(i, event(Event::Rule, item("Choices", i))),
                Spot::Left(Way::Catch(i)) => {
                    about(&state.catch[i].errors, nth(i, event(Event::Catch, item("Catch", i))))
                }
            };
            let leads = match spot {
                Spot::Left(way) => state.ways().find(|(w, _)| *w == way).map(|(_, id)| to(id)),
                _ => None,
            };
            all.push(Point { to: leads, ..point });
        }
    }
    all
}

/// `Each/Charge`
fn place(state: &State) -> String {
    state.enclosing.iter().chain([&state.name]).map(|n| &**n).collect::<Vec<_>>().join("/")
}
