//! The virtual clock: a queue of what is due, ordered by instant, then class, then the order it was put in.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};

use crate::engine::{Class, Input, TimerId};
use crate::task::CallId;
use crate::time::Timestamp;

/// An execution's place in its world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ExecId(pub u32);

/// Something that happens to an execution at an instant.
pub(super) struct Due {
    pub at: Timestamp,
    class: Class,
    sequence: u64,
    pub exec: ExecId,
    pub input: Input,
}

impl Due {
    fn key(&self) -> (Timestamp, Class, u64) {
        (self.at, self.class, self.sequence)
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    /// Reversed, because the standard heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

/// So many that nobody waits for are not worth looking for.
const FEW_DEAD: usize = 1024;

/// What is due, and when. At one instant a completion comes before a timeout, and among equals the first put in.
pub(super) struct Clock {
    now: Timestamp,
    heap: BinaryHeap<Due>,
    sequence: u64,
    /// Timers and calls that nobody waits for any more. They are dropped when they come up, without moving the
    /// clock.
    dead_timers: HashSet<(ExecId, TimerId)>,
    dead_calls: HashSet<(ExecId, CallId)>,
}

impl Clock {
    pub(super) fn at(now: Timestamp) -> Self {
        Clock { now, heap: BinaryHeap::new(), sequence: 0, dead_timers: HashSet::new(), dead_calls: HashSet::new() }
    }
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }
    pub(super) fn schedule(&mut self, at: Timestamp, class: Class, exec: ExecId, input: Input) {
        self.sequence += 1;
        self.heap.push(Due { at: at.max(self.now), class, sequence: self.sequence, exec, input });
    }
    pub(super) fn cancel_timer(&mut self, exec: ExecId, timer: TimerId) {
        self.dead_timers.insert((exec, timer));
        self.tidy();
    }
    pub(super) fn cancel_call(&mut self, exec: ExecId, call: CallId) {
        self.dead_calls.insert((exec, call));
        self.tidy();
    }
    /// Drops what nobody waits for, where that is most of what there is.
    fn tidy(&mut self) {
        let dead = self.dead_timers.len() + self.dead_calls.len();
        if dead <= FEW_DEAD || dead <= self.heap.len() / 2 {
            return;
        }
        let (timers, calls) = (std::mem::take(&mut self.dead_timers), std::mem::take(&mut self.dead_calls));
        self.heap.retain(|due| match &due.input {
            Input::TimerFired(id) => !timers.contains(&(due.exec, *id)),
            Input::Done(call, _) | Input::TimedOut { call, .. } | Input::WorkerStarted(call, _) => {
                !calls.contains(&(due.exec, *call))
            }
            _ => true,
        });
    }
    /// When the next thing is due.
    pub(super) fn next_at(&mut self) -> Option<Timestamp> {
        while let Some(due) = self.heap.peek() {
            let dead = match &due.input {
                Input::TimerFired(id) => self.dead_timers.remove(&(due.exec, *id)),
                Input::Done(call, _) | Input::TimedOut { call, .. } | Input::WorkerStarted(call, _) => {
                    self.dead_calls.contains(&(due.exec, *call))
                }
                _ => false,
            };
            if !dead {
                return Some(due.at);
            }
            self.heap.pop();
        }
        None
    }
    /// Takes the next thing that is due no later than `until`, and moves the clock to it.
    pub(super) fn pop(&mut self, until: Option<Timestamp>) -> Option<Due> {
        let at = self.next_at()?;
        if until.is_some_and(|limit| at > limit) {
            return None;
        }
        let due = self.heap.pop()?;
        self.now = self.now.max(at);
        Some(due)
    }
    /// Moves the clock on where nothing is due before.
    pub(super) fn move_to(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::TaskError;
    use crate::time::DurationExt;

    fn stop(name: &str) -> Input {
        Input::Stop(TaskError::named(name))
    }
    fn name(due: Option<Due>) -> String {
        match due.map(|d| d.input) {
            Some(Input::Stop(e)) => e.name().to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn at_one_instant_a_completion_comes_before_a_timeout() {
        let start = Timestamp::EPOCH_DEFAULT;
        let mut clock = Clock::at(start);
        let e = ExecId(0);
        clock.schedule(start + 2.secs(), Class::Timeout, e, stop("timeout"));
        clock.schedule(start + 2.secs(), Class::Completion, e, stop("first"));
        clock.schedule(start + 2.secs(), Class::Completion, e, stop("second"));
        clock.schedule(start + 1.secs(), Class::Timeout, e, stop("early"));
        let order: Vec<String> = (0..4).map(|_| name(clock.pop(None))).collect();
        assert_eq!(order, ["early", "first", "second", "timeout"]);
        assert_eq!(clock.now(), start + 2.secs());
    }

    #[test]
    fn the_clock_stops_at_the_limit_it_was_given() {
        let start = Timestamp::EPOCH_DEFAULT;
        let mut clock = Clock::at(start);
        clock.schedule(start + 5.secs(), Class::Completion, ExecId(0), stop("later"));
        assert!(clock.pop(Some(start + 4.secs())).is_none());
        assert_eq!(clock.now(), start);
        assert!(clock.pop(Some(start + 5.secs())).is_some());
    }
}
