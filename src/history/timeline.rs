//! What each state did and when: a history's events sorted by the visit they belong to.
//!
//! The events of all iterations and branches are interleaved in a history. A [`Timeline`] undoes that: one
//! [`StateVisit`] for every time a state was entered, with its attempts and how it was left; one [`Thread`] for the
//! execution itself and for every Map item and Parallel branch. Pictures and assertions are made from it.

mod build;
#[cfg(test)]
pub(in crate::history) mod sample;

use std::sync::Arc;
use std::time::Duration;

use super::{Detail, Evaluation, History, StateType};
use crate::asl::{Resource, ResourceKind};
use crate::task::{PathStep, TaskError};
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// The visits and threads of one execution.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Every visit of a state, in the order in which they were entered.
    pub visits: Vec<StateVisit>,
    /// The execution itself, which is always the first, then Map items and Parallel branches as they started.
    pub threads: Vec<Thread>,
}

/// An event's id and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The event's id.
    pub event: u32,
    /// Its time on the virtual clock.
    pub at: Timestamp,
}

/// One visit of a state, from being entered to being left.
#[derive(Clone, Debug)]
pub struct StateVisit {
    /// The state's name.
    pub name: Str,
    /// The state's type.
    pub state_type: StateType,
    /// The enclosing Map items and Parallel branches, outermost first.
    pub path: Arc<[PathStep]>,
    /// The thread, by its place in [`Timeline::threads`].
    pub thread: usize,
    /// The visit that followed on the same thread, by its place in [`Timeline::visits`].
    pub next: Option<usize>,
    /// `…StateEntered`
    pub entered: Moment,
    /// What ended the visit: `…StateExited`, or the event with which it failed or was aborted.
    pub ended: Option<Moment>,
    /// How the visit ended.
    pub outcome: VisitOutcome,
    /// The raw input.
    pub input: Value,
    /// The output, if the state was exited.
    pub output: Option<Value>,
    /// The variables assigned on the way out.
    pub assigned: Option<Arc<Vec<(Str, Value)>>>,
    /// What a Task calls, once it was scheduled.
    pub resource: Option<Arc<Resource>>,
    /// The tries of a Task, a Map or a Parallel: one, and one more with every retry.
    pub attempts: Vec<Attempt>,
    /// Evaluations of JSONata expressions that failed, with their events.
    pub evaluations: Vec<(Moment, Evaluation)>,
}

/// How a visit of a state ended.
///
/// An error that the history does not tell, such as a retried Fail state's, has neither name nor cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitOutcome {
    /// It has not ended.
    Running,
    /// The state was exited.
    Succeeded,
    /// The state was exited through a Catch that took this error.
    Caught(TaskError),
    /// The state failed with this error.
    Failed(TaskError),
    /// Something else ended first: a sibling failed, the execution was stopped or timed out.
    Aborted,
}

/// One try of a Task, a Map or a Parallel.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// `TaskScheduled`, `LambdaFunctionScheduled`, `ActivityScheduled`, `MapStateStarted` or `ParallelStateStarted`
    pub scheduled: Moment,
    /// `TaskSubmitted`: the job was started or the message with the token was sent.
    pub submitted: Option<Moment>,
    /// The event with which the attempt succeeded or failed.
    pub ended: Option<Moment>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The parameters of a Task's call.
    pub payload: Option<Value>,
    /// The result of a Task's call.
    pub output: Option<Value>,
    /// How many items a Map has; 0 where an ItemReader brings them.
    pub items: Option<usize>,
    /// The ARN of the Map Run that a distributed Map started.
    pub map_run: Option<Str>,
    /// The items or branches, by their places in [`Timeline::threads`].
    pub threads: Vec<usize>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// It has not ended.
    Running,
    /// It succeeded.
    Succeeded,
    /// It failed with this error.
    Failed(TaskError),
    /// The task took too long, or its heartbeats stopped.
    TimedOut(TaskError),
    /// Something else ended first.
    Aborted,
}

/// A thread of control: the execution itself, an item of a Map or a branch of a Parallel.
#[derive(Clone, Debug)]
pub struct Thread {
    /// The Map or Parallel that started it: its place in [`Timeline::visits`] and which attempt; nothing for the
    /// execution itself.
    pub owner: Option<(usize, usize)>,
    /// Which items and branches this is, outermost first; empty for the execution itself.
    pub path: Arc<[PathStep]>,
    /// The event that started it.
    pub started: Moment,
    /// The event that ended it.
    pub ended: Option<Moment>,
    /// How it ended.
    pub outcome: ThreadOutcome,
    /// The states it visited, by their places in [`Timeline::visits`].
    pub visits: Vec<usize>,
}

/// How a thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ThreadOutcome {
    Running,
    Succeeded,
    Failed,
    Aborted,
}

/// Sorts a history's events by visit and thread, in time that grows with their number only.
pub fn timeline(history: &History) -> Timeline {
    build::Builder::new(history).build()
}

impl Timeline {
    /// The visits of all states with this name, wherever they are nested.
    pub fn visits_of(&self, name: &str) -> impl Iterator<Item = &StateVisit> {
        self.visits.iter().filter(move |v| &*v.name == name)
    }
    /// The visit that followed on the same thread.
    pub fn next_of(&self, visit: &StateVisit) -> Option<&StateVisit> {
        self.visits.get(visit.next?)
    }
}

impl StateVisit {
    /// `Outer[2]/Inner`: where in the machine the state is and for which item or branch.
    pub fn location(&self) -> String {
        let mut text: String = self.path.iter().map(|s| format!("{s}/")).collect();
        text.push_str(&self.name);
        text
    }
    /// `…StateExited`, if the state was exited.
    pub fn exited(&self) -> Option<Moment> {
        self.ended.filter(|_| matches!(self.outcome, VisitOutcome::Succeeded | VisitOutcome::Caught(_)))
    }
    /// The error that a Catch of this state took.
    pub fn caught(&self) -> Option<&TaskError> {
        match &self.outcome {
            VisitOutcome::Caught(error) => Some(error),
            _ => None,
        }
    }
    /// How long the visit lasted; nothing while it goes on.
    pub fn took(&self) -> Option<Duration> {
        Some(self.ended?.at.since(self.entered.at))
    }
    /// The name of the Lambda function that a Task calls, by its ARN or through `lambda:invoke`.
    pub fn function_name(&self) -> Option<&str> {
        match self.resource.as_ref()?.kind() {
            ResourceKind::Lambda { function } => Some(function),
            ResourceKind::Service { service, action, .. } if &**service == "lambda" && &**action == "invoke" => {
                let name = self.attempts.first()?.payload.as_ref()?.get("FunctionName")?.as_str()?;
                let name = name.rsplit_once(":function:").map_or(name, |(_, name)| name);
                Some(name.split(':').next().unwrap_or(name))
            }
            _ => None,
        }
    }
}

impl Attempt {
    /// The error with which the attempt failed or timed out.
    pub fn error(&self) -> Option<&TaskError> {
        match &self.outcome {
            AttemptOutcome::Failed(error) | AttemptOutcome::TimedOut(error) => Some(error),
            _ => None,
        }
    }
    /// How long it lasted; nothing while it goes on.
    pub fn took(&self) -> Option<Duration> {
        Some(self.ended?.at.since(self.scheduled.at))
    }
}

impl Thread {
    /// The item or branch, within its Map or Parallel.
    pub fn step(&self) -> Option<&PathStep> {
        self.path.last()
    }
}

#[cfg(test)]
mod tests;
