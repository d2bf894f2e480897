//! What comes back from one call.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::shape;
use crate::task::{Call, Outcome, TaskError};
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// A reply that is still being computed.
pub type ReplyFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// What comes back from one call, and after how long on the virtual clock.
#[derive(Clone, Debug)]
pub struct Reply {
    outcome: ReplyOutcome,
    takes: Duration,
    submitted: Option<Value>,
    answered_by: Option<Str>,
    worker: Option<Str>,
    /// Whether a good result is what a function returned, still to be wrapped as its integration does.
    is_payload: bool,
}

/// How a call goes on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ReplyOutcome {
    /// The task ends so, after the reply's duration; with `.sync` and `.waitForTaskToken` it is submitted first.
    Done(Outcome),
    /// The service refuses the call: the task fails after the reply's duration and was never submitted.
    Refused(TaskError),
    /// After the reply's duration the task counts as timed out, whatever its own timeouts say. The duration is that of
    /// the task's own timeout where it has one.
    TimedOut {
        /// Whether a heartbeat is missed rather than the task's time used up.
        heartbeat: bool,
    },
    /// The task is submitted, or waits for a worker, and somebody else ends it.
    Later,
    /// Nothing ever comes back; only the task's own timeouts end it.
    Never,
}

impl Reply {
    fn new(outcome: ReplyOutcome) -> Reply {
        Reply { outcome, takes: Duration::ZERO, submitted: None, answered_by: None, worker: None, is_payload: false }
    }
    /// The task ends well with this result.
    pub fn done(result: impl Into<Value>) -> Reply {
        Reply::new(ReplyOutcome::Done(Ok(result.into())))
    }
    /// The task fails with this error; the names of the two timeouts without a cause are the timeouts themselves.
    pub fn failed(error: TaskError) -> Reply {
        Reply::new(match (error.name(), &error.cause) {
            ("States.Timeout", None) => ReplyOutcome::TimedOut { heartbeat: false },
            ("States.HeartbeatTimeout", None) => ReplyOutcome::TimedOut { heartbeat: true },
            _ => ReplyOutcome::Done(Err(error)),
        })
    }
    /// The service refuses the call with this error.
    pub fn refused(error: TaskError) -> Reply {
        Reply::new(ReplyOutcome::Refused(error))
    }
    /// The task runs out of time, or misses a heartbeat.
    pub fn timed_out(heartbeat: bool) -> Reply {
        Reply::new(ReplyOutcome::TimedOut { heartbeat })
    }
    /// Somebody else ends the task.
    pub fn later() -> Reply {
        Reply::new(ReplyOutcome::Later)
    }
    /// Nothing ever comes back.
    pub fn never() -> Reply {
        Reply::new(ReplyOutcome::Never)
    }
    /// What a Lambda function returned; see [`payload`](super::payload).
    pub fn payload(returned: impl Into<Value>) -> Reply {
        Reply { is_payload: true, ..Reply::done(returned) }
    }
    /// An exception that a Lambda function threw; see [`lambda_error`](super::lambda_error).
    pub fn lambda_error(error_type: impl Into<Str>, message: impl Into<Str>) -> Reply {
        let error_type = error_type.into();
        let cause = Value::object([
            ("errorMessage", Value::from(message.into())),
            ("errorType", Value::from(&error_type)),
            ("trace", Value::array(Vec::new())),
        ]);
        Reply::new(ReplyOutcome::Done(Err(TaskError::new(error_type, cause.to_string()))))
    }
    /// The same, after so long on the virtual clock.
    #[must_use]
    pub fn takes(mut self, duration: Duration) -> Reply {
        self.takes = duration;
        self
    }
    /// The same, where this is what the service said when the job or the request was submitted.
    #[must_use]
    pub fn submits(mut self, output: impl Into<Value>) -> Reply {
        self.submitted = Some(output.into());
        self
    }
    /// How the call goes on.
    pub fn outcome(&self) -> &ReplyOutcome {
        &self.outcome
    }
    /// How the call goes on, to keep.
    pub fn into_outcome(self) -> ReplyOutcome {
        self.outcome
    }
    /// How long the reply takes on the virtual clock.
    pub fn duration(&self) -> Duration {
        self.takes
    }
    /// Who gave the reply, for people: a mock's key, `the fallback`, `a fault on Charge`. Empty for a reply that no set
    /// has passed on yet.
    pub fn answered_by(&self) -> &str {
        self.answered_by.as_deref().unwrap_or("")
    }
    /// For an activity: the worker that takes the task, even one that then never answers. Without it, a task that
    /// is answered is taken by a worker called `rehearsal`, and any other waits.
    #[must_use]
    pub fn worker(mut self, name: impl Into<Str>) -> Reply {
        self.worker = Some(name.into());
        self
    }
    /// The worker named by [`worker`](Self::worker), or the one that an answer implies.
    pub fn taken_by(&self) -> Option<Str> {
        let answers = !matches!(self.outcome, ReplyOutcome::Later | ReplyOutcome::Never);
        self.worker.clone().or_else(|| answers.then(|| "rehearsal".into()))
    }
    /// What the service says when the request is accepted, which `TaskSubmitted` shows: what the mock gave, or else the
    /// shape the service answers with. `None` where this call writes no such event.
    pub fn submission(&self, call: &Call, at: Timestamp) -> Option<Value> {
        let submits = call.resource.waits_for_token() || call.resource.runs_a_job();
        if !submits || matches!(self.outcome, ReplyOutcome::Refused(_)) {
            return None;
        }
        Some(self.submitted.clone().unwrap_or_else(|| shape::submitted(call, at)))
    }
    /// The same reply, given by somebody.
    pub(crate) fn by(mut self, who: Str) -> Reply {
        self.answered_by = Some(who);
        self
    }
    /// The same, made ready for its call: a function's return value is wrapped, a timeout comes when it is due.
    pub(super) fn ready_for(mut self, call: &Call, at: Timestamp, from_function: bool) -> Reply {
        let wraps = std::mem::take(&mut self.is_payload) || from_function;
        match &mut self.outcome {
            ReplyOutcome::Done(Ok(result)) if wraps => {
                *result = shape::function_result(call, std::mem::take(result), at);
            }
            ReplyOutcome::TimedOut { heartbeat } if self.takes.is_zero() => {
                let own = if *heartbeat { call.heartbeat_seconds } else { call.timeout_seconds };
                self.takes = Duration::from_secs(own.unwrap_or(0));
            }
            _ => {}
        }
        self
    }
    /// The same, this much later.
    pub(super) fn delayed(mut self, by: Duration) -> Reply {
        self.takes = self.takes.saturating_add(by);
        self
    }
}

impl From<ReplyOutcome> for Reply {
    fn from(outcome: ReplyOutcome) -> Reply {
        Reply::new(outcome)
    }
}

impl From<Value> for Reply {
    fn from(result: Value) -> Reply {
        Reply::done(result)
    }
}

impl From<serde_json::Value> for Reply {
    fn from(result: serde_json::Value) -> Reply {
        Reply::done(result)
    }
}

impl From<TaskError> for Reply {
    fn from(error: TaskError) -> Reply {
        Reply::failed(error)
    }
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Reply {
        outcome.map_or_else(Reply::failed, Reply::done)
    }
}

impl From<Result<serde_json::Value, TaskError>> for Reply {
    fn from(outcome: Result<serde_json::Value, TaskError>) -> Reply {
        outcome.map_or_else(Reply::failed, Reply::done)
    }
}
