//! What happens outside an execution, told by a program instead of a test's author: nothing here panics.

use crate::engine::Input;
use crate::error::{Error, ErrorKind};
use crate::harness::clock::ExecId;
use crate::harness::session::Session;
use crate::harness::world::{Parked, World};
use crate::task::{CallId, Outcome, TaskError};
use crate::time::Timestamp;
use crate::value::Str;

/// A task that waits for its end: one with a token, or an activity task that a worker has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    exec: ExecId,
    call: CallId,
}

impl Work {
    /// The task as it waits, unless its time has run out.
    pub(super) fn parked(self, world: &World) -> Option<&Parked> {
        world.parked.iter().find(|p| Work::of(p) == self)
    }
    pub(super) fn of(parked: &Parked) -> Work {
        Work { exec: parked.exec, call: parked.call.id }
    }
}

impl World {
    /// Takes the outcome of work; nothing happens where nobody waits for it any more.
    pub(super) fn end_work(&mut self, work: Work, outcome: Outcome) {
        let before = self.parked.len();
        self.parked.retain(|p| Work::of(p) != work);
        if self.parked.len() < before {
            self.send(work.exec, Input::Done(work.call, outcome));
        }
    }
    /// SendTaskHeartbeat for a task.
    pub(super) fn beat_of(&mut self, work: Work) {
        self.send(work.exec, Input::Heartbeat(work.call));
    }
}

impl Session {
    /// Whether the execution has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.world.is_over()
    }
    /// When the next thing happens by itself.
    pub(crate) fn next_at(&mut self) -> Option<Timestamp> {
        self.world.next_at()
    }
    /// Moves the clock to an instant, letting everything that falls due happen at its own.
    pub(crate) fn try_advance_to(&mut self, instant: Timestamp) -> Result<(), Error> {
        let until = instant.max(self.world.clock.now());
        self.settle(Some(until))?;
        self.world.clock.move_to(until);
        self.world.send(World::root_id(), Input::Tick);
        self.settle(None).map(drop)
    }
    /// Whether a task of this activity waits for a worker.
    pub(crate) fn has_work(&self, activity: &str) -> bool {
        self.world.parked.iter().any(|p| p.is_work_for(activity))
    }
    /// Takes the oldest task of this activity that waits for a worker.
    pub(crate) fn take_work(&mut self, activity: &str, worker: Option<&str>) -> Result<Option<Work>, Error> {
        let Some(parked) = self.world.parked.iter_mut().find(|p| p.is_work_for(activity)) else { return Ok(None) };
        parked.unpolled = false;
        let work = Work::of(parked);
        self.world.send(work.exec, Input::WorkerStarted(work.call, worker.map(Str::from)));
        self.settle(None)?;
        Ok(Some(work))
    }
    /// Sends the outcome of work; nothing happens where nobody waits for it any more.
    pub(crate) fn finish_work(&mut self, work: Work, outcome: Outcome) -> Result<(), Error> {
        self.world.end_work(work, outcome);
        self.settle(None).map(drop)
    }
    /// SendTaskHeartbeat for the task token of a state.
    pub(crate) fn try_heartbeat(&mut self, state: &str) -> Result<(), Error> {
        let work = self.answered(state)?;
        self.beat(work)
    }
    /// SendTaskHeartbeat for a task.
    pub(super) fn beat(&mut self, work: Work) -> Result<(), Error> {
        self.world.beat_of(work);
        self.settle(None).map(drop)
    }
    /// SendTaskSuccess or SendTaskFailure for the task token of a state.
    pub(crate) fn try_answer(&mut self, state: &str, outcome: Outcome) -> Result<(), Error> {
        let work = self.answered(state)?;
        self.finish_work(work, outcome)
    }
    /// StopExecution.
    pub(crate) fn try_stop(&mut self, error: TaskError) -> Result<(), Error> {
        self.world.send(World::root_id(), Input::Stop(error));
        self.settle(None).map(drop)
    }

    /// The task that holds the token of a state, the first where several do.
    pub(super) fn token_of(&self, state: &str) -> Option<Work> {
        self.world.parked.iter().find(|p| p.holds_token_of(state)).map(Work::of)
    }
    /// Whether a task of this state waits for an answer.
    pub(crate) fn awaits(&self, state: &str) -> bool {
        self.token_of(state).is_some()
    }
    fn answered(&self, state: &str) -> Result<Work, Error> {
        self.token_of(state).ok_or_else(|| {
            let list = match self.waiting() {
                none if none.is_empty() => "nothing waits for an answer".to_owned(),
                some => some.join("\n  "),
            };
            Error::new(ErrorKind::Mocks, format!("answer `{state}`, which does not wait\n  {list}"))
        })
    }
}
