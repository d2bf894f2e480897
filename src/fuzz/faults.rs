//! What may go wrong with the calls of a case: faults on tasks, each with which call it strikes and how often.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy as _};
use proptest::sample::select;
use proptest::strategy::Union;

use crate::asl::Machine;
use crate::asl::machine::{Operand, State, StateKind, Task};
use crate::mock::{Fault, FaultKind};
use crate::task::TaskError;
use crate::time::DurationExt as _;
use crate::value::Str;

/// How many faults a case has at most.
const MOST_FAULTS: usize = 4;
/// How many calls in a row a fault strikes at most, however often a task is tried again.
pub(super) const MOST_STRIKES: u64 = 20;
/// How many items of a Map can be struck on their own.
const MOST_ITEMS: usize = 4;

/// What may go wrong while a machine is fuzzed.
#[derive(Clone, Debug)]
pub struct Faults(Choice);

#[derive(Clone, Debug)]
enum Choice {
    Any,
    None,
    /// Errors that any task may fail with, and faults as they are written.
    Of(Vec<TaskError>, Vec<Fault>),
}

impl Faults {
    /// Every call may fail with what its integration raises and with what its `Retry` and `Catch` name, be throttled, run
    /// out of the time its state gives it, or be answered late.
    pub fn any() -> Faults {
        Faults(Choice::Any)
    }
    /// Nothing goes wrong.
    pub fn none() -> Faults {
        Faults(Choice::None)
    }
    /// Any task may fail with these errors, and nothing else goes wrong. `States.Timeout`, `States.HeartbeatTimeout`,
    /// `States.TaskFailed` and `States.Permissions` are raised as the service itself raises them.
    pub fn of<E: Into<Str>>(errors: impl IntoIterator<Item = E>) -> Faults {
        Faults(Choice::Of(errors.into_iter().map(TaskError::named).collect(), Vec::new()))
    }
    /// This may go wrong as well, as it is written.
    #[must_use]
    pub fn or(self, fault: Fault) -> Faults {
        let (errors, mut faults) = match self.0 {
            Choice::Of(errors, faults) => (errors, faults),
            Choice::Any | Choice::None => (Vec::new(), Vec::new()),
        };
        faults.push(fault);
        Faults(Choice::Of(errors, faults))
    }

    /// Whether a fault is one of those that are chosen from, however often it strikes.
    pub(super) fn allow(&self, fault: &Fault) -> bool {
        match &self.0 {
            Choice::Any => true,
            Choice::None => false,
            Choice::Of(errors, faults) => {
                let is_named = errors.iter().any(|error| FaultKind::of_error(error.clone()) == *fault.kind());
                is_named || faults.iter().any(|given| given.to_value() == fault.to_value())
            }
        }
    }

    /// How faults for these machines are drawn.
    pub(super) fn strategy(&self, machines: &[Machine]) -> BoxedStrategy<Vec<Fault>> {
        let states = || machines.iter().flat_map(|m| m.inner.states.iter());
        let each: Vec<BoxedStrategy<Fault>> = match &self.0 {
            Choice::None => Vec::new(),
            Choice::Any => states().filter_map(|s| on_task(machines, s, |task| kinds(machines, s, task))).collect(),
            Choice::Of(errors, faults) => {
                let kinds: Vec<FaultKind> = errors.iter().cloned().map(FaultKind::of_error).collect();
                let anywhere =
                    states().filter(|_| !kinds.is_empty()).filter_map(|s| on_task(machines, s, |_| kinds.clone()));
                anywhere.chain(faults.iter().map(|fault| Just(fault.clone()).boxed())).collect()
            }
        };
        if each.is_empty() {
            return Just(Vec::new()).boxed();
        }
        vec(Union::new(each), 0..=MOST_FAULTS).boxed()
    }
}

/// Faults on a state, if it is a task and can have any.
fn on_task(
    machines: &[Machine],
    state: &State,
    kinds: impl FnOnce(&Task) -> Vec<FaultKind>,
) -> Option<BoxedStrategy<Fault>> {
    let StateKind::Task(task) = &state.kind else { return None };
    let kinds = kinds(task);
    if kinds.is_empty() {
        return None;
    }
    let name = state.name.clone();
    // One more than the retries there are uses them up.
    let retries = state.retry.iter().map(|r| r.max_attempts).fold(0_u64, u64::saturating_add);
    let used_up = retries.saturating_add(1).min(MOST_STRIKES);
    let times =
        Union::new_weighted(vec![(3, (1..=(used_up + 1).min(MOST_STRIKES)).boxed()), (2, Just(used_up).boxed())]);
    let nth = Union::new_weighted(vec![(4, Just(1).boxed()), (1, (1..=4_u64).boxed())]);
    let item = match around(machines, state).any(|s| matches!(s.kind, StateKind::Map(_))) {
        false => Just(None).boxed(),
        true => proptest::option::weighted(0.3, 0..MOST_ITEMS).boxed(),
    };
    let made = (select(kinds), times, nth, item, proptest::bool::weighted(0.2)).prop_map(
        move |(kind, times, nth, item, after)| {
            let is_lost = after && !matches!(kind, FaultKind::Delay(_));
            let mut fault = Fault::on(name.clone()).of_kind(kind).times(times).nth(nth);
            if let Some(index) = item {
                fault = fault.for_item(index);
            }
            if is_lost { fault.after_answer() } else { fault }
        },
    );
    Some(made.boxed())
}

/// The Maps and Parallels that enclose a state.
fn around<'a>(machines: &'a [Machine], state: &'a State) -> impl Iterator<Item = &'a State> {
    machines.iter().flat_map(|m| m.inner.states.iter()).filter(|s| state.enclosing.contains(&s.name))
}

/// What can go wrong with a task, the simplest first.
fn kinds(machines: &[Machine], state: &State, task: &Task) -> Vec<FaultKind> {
    let mut kinds = vec![FaultKind::TaskFailed];
    // What it or what encloses it is prepared for is what it may meet.
    let handlers = std::iter::once(state).chain(around(machines, state));
    let names = handlers.flat_map(|s| {
        s.retry.iter().flat_map(|r| &r.errors).chain(s.catch.iter().flat_map(|c| &c.errors)).collect::<Vec<_>>()
    });
    for name in names.filter(|name| !name.starts_with("States.")) {
        let kind = FaultKind::of_error(TaskError::named(name.clone()));
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if task.resource.is_activity() {
        // Nobody throttles a worker, and nothing is in between that could fail by itself.
    } else {
        kinds.push(FaultKind::Throttle);
        if task.resource.service() == "lambda" || task.resource.short().starts_with("lambda") {
            kinds.push(FaultKind::of_error(TaskError::named("Lambda.Unknown")));
        }
    }
    let time = match &task.timeout {
        Some(Operand::Constant(seconds)) => Some(*seconds),
        _ => None,
    };
    if task.timeout.is_some() {
        kinds.push(FaultKind::Timeout);
    }
    if task.heartbeat.is_some() {
        kinds.push(FaultKind::HeartbeatTimeout);
    }
    kinds.push(FaultKind::Delay(1.secs()));
    kinds.push(FaultKind::Delay(1.minutes()));
    if let Some(seconds) = time.filter(|seconds| *seconds < 31_536_000) {
        for beside in [seconds.saturating_sub(1), seconds, seconds.saturating_add(1)] {
            kinds.push(FaultKind::Delay(Duration::from_secs(beside.max(1))));
        }
    }
    kinds
}
