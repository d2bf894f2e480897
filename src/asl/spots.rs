//! The spots of a machine that a test can reach: what coverage counts. Each has a number, so that counting is an
//! addition.

use super::machine::{Inner, State, StateId, StateKind};
use super::ways::Way;

/// Something that can happen in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Spot {
    Entered,
    /// The state was left this way.
    Left(Way),
    /// A retrier had the work tried again.
    Retried(usize),
    /// An error met a retrier that was used up.
    Exhausted(usize),
    /// A branch, or an iteration of the item processor (0), reached its end.
    Ended(usize),
    TimedOut,
    HeartbeatMissed,
}

/// More attempts than this do not fit into an execution's 25,000 events, so nothing can use the retrier up.
const MOST_ATTEMPTS: u64 = 5_000;

/// The spots of a machine, numbered. The numbers 0 and up of each state are: entered, timed out, heartbeat missed,
/// next, default, then the lists one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Spots {
    /// The first number of each state. Number 0 is that the machine as a whole timed out.
    first: Box<[u32]>,
    count: usize,
}

/// The numbers of a state that are no list's.
const SINGLE: usize = 5;

impl Spots {
    pub(crate) fn of(machine: &Inner) -> Spots {
        let mut count = 1;
        let first = machine.states.iter().map(|state| {
            let own = count;
            count += SINGLE + lists(state).iter().sum::<usize>();
            u32::try_from(own).unwrap_or(u32::MAX)
        });
        Spots { first: first.collect(), count }
    }

    /// How many numbers there are; some belong to nothing that the machine has.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The number of a spot.
    pub(crate) fn number(&self, id: StateId, state: &State, spot: Spot) -> usize {
        let in_list = |list: usize, i: usize| SINGLE + lists(state)[..list].iter().sum::<usize>() + i;
        let own = match spot {
            Spot::Entered => 0,
            Spot::TimedOut => 1,
            Spot::HeartbeatMissed => 2,
            Spot::Left(Way::Next) => 3,
            Spot::Left(Way::Default) => 4,
            Spot::Left(Way::Rule(i)) => in_list(0, i),
            Spot::Left(Way::Catch(i)) => in_list(1, i),
            Spot::Retried(i) => in_list(2, i),
            Spot::Exhausted(i) => in_list(3, i),
            Spot::Ended(i) => in_list(4, i),
        };
        self.first[id.0 as usize] as usize + own
    }
}

/// How long the lists of a state are: rules, catchers, retriers twice, branches.
fn lists(state: &State) -> [usize; 5] {
    let (rules, branches) = match &state.kind {
        StateKind::Choice(choice) => (choice.rules.len(), 0),
        StateKind::Parallel(parallel) => (0, parallel.branches.len()),
        StateKind::Map(_) => (0, 1),
        _ => (0, 0),
    };
    [rules, state.catch.len(), state.retry.len(), state.retry.len(), branches]
}

/// The spots that a state has, in the order in which people look at a state.
pub(crate) fn spots(state: &State) -> Vec<Spot> {
    let mut all = vec![Spot::Entered];
    if let StateKind::Task(task) = &state.kind {
        all.extend(task.timeout.as_ref().map(|_| Spot::TimedOut));
        all.extend(task.heartbeat.as_ref().map(|_| Spot::HeartbeatMissed));
    }
    for (i, retrier) in state.retry.iter().enumerate() {
        all.extend((retrier.max_attempts > 0).then_some(Spot::Retried(i)));
        all.extend((retrier.max_attempts <= MOST_ATTEMPTS).then_some(Spot::Exhausted(i)));
    }
    all.extend((0..lists(state)[4]).map(Spot::Ended));
    all.extend(state.ways().map(|(way, _)| Spot::Left(way)));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::asl::Machine;

    #[test]
    fn every_spot_of_a_machine_has_a_number_of_its_own() {
        let machine = Machine::parse(
            r#"{"StartAt": "A", "TimeoutSeconds": 9, "States": {
            "A": {"Type": "Choice", "Default": "P", "Choices": [
                {"Variable": "$.x", "IsPresent": true, "Next": "P"}, {"Variable": "$.y", "IsPresent": true, "Next": "P"}]},
            "P": {"Type": "Parallel", "Next": "M", "Branches": [
                {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": true}}},
                {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": {"FunctionName": "f"}, "TimeoutSeconds": 60, "HeartbeatSeconds": 5, "End": true,
                    "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}]}}}],
                "Catch": [{"ErrorEquals": ["E"], "Next": "F"}, {"ErrorEquals": ["States.ALL"], "Next": "F"}]},
            "M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}},
            "F": {"Type": "Fail"}}}"#,
        )
        .unwrap();
        let numbers = Spots::of(&machine.inner);
        let mut seen = BTreeSet::from([0]);
        let mut count = 1;
        for (i, state) in machine.inner.states.iter().enumerate() {
            for spot in spots(state) {
                count += 1;
                let number = numbers.number(StateId(u32::try_from(i).unwrap()), state, spot);
                assert!(number < numbers.count());
                assert!(seen.insert(number), "{spot:?} of {}", state.name);
            }
        }
        // Seven states entered, three ways out of the Choice, three of the Parallel, the Map's one and two branches;
        // two times out, one retrier that retries and two that are used up; and the machine's own time.
        assert_eq!(count, 1 + 7 + 3 + 3 + 3 + 2 + 3);
    }
}
