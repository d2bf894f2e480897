//! What goes into an execution and what comes out: inputs, effects, status.

use crate::engine::{ChildResult, ChildSpec, ReadItems, RunId, WriteResults, reader};
use crate::task::{Call, CallId, Outcome, TaskError};
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// Names a timer of one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId {
    pub(super) thread: u32,
    pub(super) serial: u32,
}

/// What comes first when two things are due at one instant. A completion beats a timeout: work that takes exactly
/// as long as its timeout allows is in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A wait or a backoff ends, or an answer arrives.
    Completion,
    /// A task's or an execution's time is up.
    Timeout,
}

/// What happens to an execution.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// Begin.
    Start,
    /// A timer set by [`Effect::SetTimer`] is due.
    TimerFired(TimerId),
    /// The initial call of a `.sync` or `.waitForTaskToken` task was answered.
    Submitted(CallId, Value),
    /// A worker took an activity task; its name, if it gave one.
    WorkerStarted(CallId, Option<Str>),
    /// The holder of a task token or an activity task is alive.
    Heartbeat(CallId),
    /// A call ended.
    Done(CallId, Outcome),
    /// A call ended by running out of time, whatever the clock says: an injected timeout.
    TimedOut {
        /// The call.
        call: CallId,
        /// A missed heartbeat rather than the task's timeout.
        heartbeat: bool,
    },
    /// The items of a distributed Map were read: the raw bytes of an object, or a listing as a JSON array.
    ItemsRead(RunId, Result<reader::Bytes, TaskError>),
    /// A child execution of a distributed Map ended.
    ChildDone(RunId, usize, Outcome),
    /// The results of a distributed Map were written; the value is `ResultWriterDetails`.
    ResultsWritten(RunId, Outcome),
    /// The clock stands at this instant and nothing happens. An execution whose year is over notices.
    Tick,
    /// StopExecution.
    Stop(TaskError),
}

/// What an execution asks of the world.
#[derive(Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Call a service; answer with [`Input::Done`].
    Call(Box<Call>),
    /// Nobody waits for this call any more.
    CancelCall(CallId),
    /// Send [`Input::TimerFired`] at this instant.
    SetTimer {
        /// The timer.
        id: TimerId,
        /// When it is due.
        at: Timestamp,
        /// Which comes first at one instant.
        class: Class,
    },
    /// Forget this timer.
    CancelTimer(TimerId),
    /// Fetch a distributed Map's items; answer with [`Input::ItemsRead`].
    ReadItems(Box<ReadItems>),
    /// Start a child execution of a distributed Map; answer with [`Input::ChildDone`].
    StartChild(Box<ChildSpec>),
    /// Stop what still runs of a distributed Map.
    StopChildren(RunId),
    /// Keep what came of a child until the results are written.
    KeepResult(Box<ChildResult>),
    /// Write a distributed Map's results; answer with [`Input::ResultsWritten`].
    WriteResults(Box<WriteResults>),
    /// The execution is over.
    Finished,
}

/// Whether an execution runs, and how it ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Not ended yet.
    Running,
    /// Ended with an output.
    Succeeded(Value),
    /// Ended with an error.
    Failed(TaskError),
    /// Ran out of time.
    TimedOut(TaskError),
    /// Was stopped.
    Aborted(TaskError),
}

impl Status {
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub fn name(&self) -> &'static str {
        match self {
            Status::Running => "RUNNING",
            Status::Succeeded(_) => "SUCCEEDED",
            Status::Failed(_) => "FAILED",
            Status::TimedOut(_) => "TIMED_OUT",
            Status::Aborted(_) => "ABORTED",
        }
    }
    /// The error and cause of an execution that did not succeed.
    pub fn error(&self) -> Option<&TaskError> {
        match self {
            Status::Failed(e) | Status::TimedOut(e) | Status::Aborted(e) => Some(e),
            Status::Running | Status::Succeeded(_) => None,
        }
    }
    /// The outcome as the caller of a child execution sees it; `None` while it runs.
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Status::Running => None,
            Status::Succeeded(v) => Some(Ok(v.clone())),
            Status::Failed(e) | Status::TimedOut(e) | Status::Aborted(e) => Some(Err(e.clone())),
        }
    }
}
