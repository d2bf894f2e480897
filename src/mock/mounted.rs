//! A mock in use: the mock and how often each of its steps was used.

use super::key::Key;
use super::mock::{Mock, Run};
use super::step::Step;
use crate::task::Call;

/// A mock under its key, with its counters.
#[derive(Clone, Debug)]
pub(super) struct MountedMock {
    pub(super) key: Key,
    mock: Mock,
    calls: u64,
    counters: Vec<Counters>,
}

/// What was used of one run of steps.
#[derive(Clone, Debug)]
struct Counters {
    /// Uses of each step in the present round.
    used: Vec<u64>,
    /// Whether each step was ever used.
    ever: Vec<bool>,
    round: u64,
}

impl Counters {
    fn new(run: &Run) -> Counters {
        Counters { used: vec![0; run.steps.len()], ever: vec![false; run.steps.len()], round: 0 }
    }
    /// Takes the first step that has room and fits the call.
    fn take<'a>(&mut self, run: &'a Run, call: &Call) -> Option<&'a Step> {
        for (step, (used, ever)) in run.steps.iter().zip(self.used.iter_mut().zip(&mut self.ever)) {
            if self.round < run.rounds && step.has_room(*used) && step.narrow.fits(call) {
                *used += 1;
                *ever = true;
                return Some(step);
            }
        }
        None
    }
    /// Begins the next round if this one is used up and another is left.
    fn next_round(&mut self, run: &Run) -> bool {
        let is_used_up = run.steps.iter().zip(&self.used).all(|(step, used)| !step.has_room(*used));
        let begins = is_used_up && self.round.saturating_add(1) < run.rounds;
        if begins {
            self.round += 1;
            self.used.fill(0);
        }
        begins
    }
}

/// Why a mock has no answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Steps are for this call, but all were used as often as they may be.
    UsedUp {
        /// How many replies the mock has, all in all.
        replies: u64,
        /// Which call of the mock this is, from 1.
        call: u64,
    },
    /// No step is for this call.
    NothingFits {
        /// Why not, a line per step.
        objections: Vec<String>,
    },
}

impl MountedMock {
    pub(super) fn new(key: Key, mock: Mock) -> MountedMock {
        let counters = mock.runs.iter().map(Counters::new).collect();
        MountedMock { key, mock, calls: 0, counters }
    }
    /// Forgets all uses.
    pub(super) fn rewind(&mut self) {
        self.calls = 0;
        self.counters = self.mock.runs.iter().map(Counters::new).collect();
    }
    /// The step that answers this call, counted as used.
    pub(super) fn take(&mut self, call: &Call) -> Result<&Step, Refusal> {
        self.calls += 1;
        for (run, counters) in self.mock.runs.iter().zip(&mut self.counters) {
            if let Some(step) = counters.take(run, call) {
                return Ok(step);
            }
            if counters.next_round(run)
                && let Some(step) = counters.take(run, call)
            {
                return Ok(step);
            }
        }
        let objections: Option<Vec<String>> = self.steps().map(|step| step.narrow.objection(call)).collect();
        match objections {
            Some(objections) if !objections.is_empty() => {
                // A call that the mock is not for does not count as one of its calls.
                self.calls -= 1;
                Err(Refusal::NothingFits { objections })
            }
            _ => Err(Refusal::UsedUp { replies: self.replies(), call: self.calls }),
        }
    }
    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.mock.runs.iter().flat_map(|run| &run.steps)
    }
    fn replies(&self) -> u64 {
        let of_run = |run: &Run| run.steps.iter().fold(0u64, |n, step| n.saturating_add(step.limit.unwrap_or(0)));
        self.mock.runs.iter().fold(0, |n, run| n.saturating_add(of_run(run).saturating_mul(run.rounds)))
    }
    /// Which steps were used, in order.
    pub(super) fn used(&self) -> impl Iterator<Item = bool> {
        self.counters.iter().flat_map(|c| c.ever.iter().copied())
    }
}
