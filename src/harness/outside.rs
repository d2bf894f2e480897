//! What happens outside an execution, told by a program instead of a test's author: nothing here panics.

use crate::engine::Input;
use crate::error::{Error, ErrorKind};
use crate::harness::clock::ExecId;
use crate::harness::session::Session;
use crate::harness::world::World;
use crate::task::{CallId, Outcome, TaskError};
use crate::time::Timestamp;
use crate::value::Str;

/// An activity task that a worker has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    exec: ExecId,
    call: CallId,
}

impl Session {
    /// Whether the execution has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.world.is_over()
    }
    /// When the next thing happens by itself.
    pub(crate) fn next_at(&mut self) -> Option<Timestamp> {
        self.world.clock.next_at()
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
        self.world.parked.iter().any(|p| p.unpolled && is_of(&p.call, activity))
    }
    /// Takes the oldest task of this activity that waits for a worker.
    pub(crate) fn take_work(&mut self, activity: &str, worker: Option<&str>) -> Result<Option<Work>, Error> {
        let Some(parked) = self.world.parked.iter_mut().find(|p| p.unpolled && is_of(&p.call, activity)) else {
            return Ok(None);
        };
        parked.unpolled = false;
        let work = Work { exec: parked.exec, call: parked.call.id };
        self.world.send(work.exec, Input::WorkerStarted(work.call, worker.map(Str::from)));
        self.settle(None)?;
        Ok(Some(work))
    }
    /// Sends the outcome of work; nothing happens where nobody waits for it any more.
    pub(crate) fn finish_work(&mut self, work: Work, outcome: Outcome) -> Result<(), Error> {
        let before = self.world.parked.len();
        self.world.parked.retain(|p| (p.exec, p.call.id) != (work.exec, work.call));
        if self.world.parked.len() < before {
            self.world.send(work.exec, Input::Done(work.call, outcome));
        }
        self.settle(None).map(drop)
    }
    /// SendTaskHeartbeat for the task token of a state.
    pub(crate) fn try_heartbeat(&mut self, state: &str) -> Result<(), Error> {
        let work = self.token_of(state)?;
        self.world.send(work.exec, Input::Heartbeat(work.call));
        self.settle(None).map(drop)
    }
    /// SendTaskSuccess or SendTaskFailure for the task token of a state.
    pub(crate) fn try_answer(&mut self, state: &str, outcome: Outcome) -> Result<(), Error> {
        let work = self.token_of(state)?;
        self.finish_work(work, outcome)
    }
    /// StopExecution.
    pub(crate) fn try_stop(&mut self, error: TaskError) -> Result<(), Error> {
        self.world.send(World::root_id(), Input::Stop(error));
        self.settle(None).map(drop)
    }

    fn token_of(&self, state: &str) -> Result<Work, Error> {
        let mut waiting = self.world.parked.iter().filter(|p| !p.unpolled);
        match waiting.find(|p| &*p.call.state == state || p.call.location() == state) {
            Some(p) => Ok(Work { exec: p.exec, call: p.call.id }),
            None => {
                let list = match self.waiting() {
                    none if none.is_empty() => "nothing waits for an answer".to_owned(),
                    some => some.join("\n  "),
                };
                Err(Error::new(ErrorKind::Mocks, format!("answer `{state}`, which does not wait\n  {list}")))
            }
        }
    }
}

fn is_of(call: &crate::task::Call, activity: &str) -> bool {
    call.resource.api() == activity || **call.resource.arn() == *activity
}
