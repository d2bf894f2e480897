//! Scripted answers for the calls a machine makes: mocks, faults over them, and the log of what was called.
//!
//! A [`Mock`] is an ordered list of replies, each with what narrows it and how often it is used; a [`MockSet`] finds
//! the mock of a call by its key; a [`FaultSet`] lies over whatever answers; a [`CallLog`] keeps what happened for
//! the test to ask about. Nothing here has a clock of its own: a reply says how long it takes on the virtual one.
//!
//! ```
//! use rehearsal::mock::{self, Mock, MockSet};
//! use rehearsal::time::DurationExt;
//! use serde_json::json;
//!
//! let mut mocks = MockSet::new();
//! mocks.insert("Charge", mock::fails("PaymentGateway.Busy", "503").takes(2.secs()).times(3).then(json!({"id": "c-1"})));
//! mocks.insert("Ship", json!({"ok": true}));
//! mocks.insert("Map/Work", mock::throws("BadItem").for_item(1).then(json!({"ok": true})));
//! ```
//!
//! # How a mock is played
//!
//! Steps are tried in order. A narrowed step is only for the calls it fits; a step with `times(n)` is used n times,
//! counting its own uses, and then passes on to the next; the last step, where nothing limits it, repeats for ever.
//! When a call fits steps that are all used up, it is [`Unanswered`], which fails the test: it never becomes an error
//! that a Catch could swallow. When it fits no step at all, the next less specific mock is asked.
//!
//! # Keys
//!
//! From the most specific: `Outer[2]/Inner`, `Outer/Inner`, a state's name, a resource's ARN, a Lambda function's or
//! an activity's name, `service:action` with its pattern (`sqs:sendMessage.waitForTaskToken`) and without. A mock
//! keyed by a function gives what the function returned, and `lambda:invoke` wraps it; all others give the task's raw
//! result.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::task::{Call, TaskError};
use crate::value::{Str, Value};

mod fault;
mod fault_set;
mod file;
mod key;
mod log;
mod matcher;
#[expect(clippy::module_inception, reason = "the file is named for its noun, as all others are")]
mod mock;
mod mounted;
mod narrow;
mod problem;
mod reply;
mod set;
pub mod shape;
mod step;
mod text;
mod throttle;
mod unanswered;

pub use fault::{Fault, FaultKind};
pub use fault_set::FaultSet;
pub(crate) use file::mock_of;
#[cfg(test)]
pub(crate) use file::{FAULT as FAULT_WORDS, STEP as REPLY_WORDS};
pub use file::{MockEntry, MockFile, load, read_faults, read_mocks};
pub use key::Key;
pub(crate) use key::split_index;
pub use log::{CallLog, Calls, LogEntry, LoggedCall};
#[cfg(test)]
pub(crate) use matcher::words as matcher_words;
pub use matcher::{Matcher, MatcherError, Mismatch};
pub use mock::Mock;
pub use problem::{Problem, Target, Targets, Unused};
pub use reply::{Reply, ReplyFuture, ReplyOutcome};
pub use set::{Answer, MockSet};
#[cfg(feature = "fuzz")]
pub(crate) use text::yaml_flow;
pub use unanswered::{Reason, Unanswered};

use step::Supply;

/// A task that ends well with this result.
pub fn returns(result: impl Into<Value>) -> Mock {
    Reply::done(result).into()
}

/// A task that fails with this error and cause.
///
/// `States.Timeout` and `States.HeartbeatTimeout` fail as tasks do that run out of time, if the cause is left out as
/// in [`throws`]; with a cause they are errors that the task itself reports.
pub fn fails(error: impl Into<Str>, cause: impl Into<Str>) -> Mock {
    Reply::failed(TaskError::new(error, cause)).into()
}

/// A task that fails with this error and without a cause.
pub fn throws(error: impl Into<Str>) -> Mock {
    Reply::failed(TaskError::named(error)).into()
}

/// A task whose call is refused by the service: no job begins and nothing is submitted, which differs from [`fails`]
/// for `.sync` and `.waitForTaskToken`.
pub fn refuses(error: impl Into<Str>, cause: impl Into<Str>) -> Mock {
    Reply::refused(TaskError::new(error, cause)).into()
}

/// A task that nothing ever comes back from: only its own timeouts end it.
pub fn never() -> Mock {
    Reply::never().into()
}

/// A task that the test or a worker answers, through its token or its activity.
pub fn later() -> Mock {
    Reply::later().into()
}

/// What a Lambda function returned: the task's result for a function's ARN; for `lambda:invoke` the full result of the
/// invocation with it as `Payload`.
pub fn payload(returned: impl Into<Value>) -> Mock {
    Reply::payload(returned).into()
}

/// An exception that a Lambda function threw: the error is its type, the cause is the JSON text that Lambda reports.
pub fn lambda_error(error_type: impl Into<Str>, message: impl Into<Str>) -> Mock {
    Reply::lambda_error(error_type, message).into()
}

/// A job that runs for so long and then ends with this result, for `.sync`.
pub fn job(duration: Duration, result: impl Into<Value>) -> Mock {
    returns(result).takes(duration)
}

/// These answers one after the other, each once unless it says how often; `times(n)` plays the whole sequence n times
/// (a sequence within another is played at most 1,000 times).
///
/// ```
/// use rehearsal::mock;
/// use serde_json::json;
///
/// let flaky = mock::sequence([mock::throws("Busy"), mock::returns(json!(1)), mock::throws("Busy")]);
/// ```
pub fn sequence<M: Into<Mock>>(answers: impl IntoIterator<Item = M>) -> Mock {
    Mock::sequence(answers.into_iter().map(Into::into))
}

/// Answers computed from the call.
///
/// ```
/// use rehearsal::mock;
/// use serde_json::json;
///
/// let double = mock::answers(|call| json!({"n": call.payload.get("n").and_then(|n| n.as_i64()).unwrap_or(0) * 2}));
/// ```
pub fn answers<R: Into<Reply>>(answer: impl Fn(&Call) -> R + Send + Sync + 'static) -> Mock {
    Mock::from(Supply::Function(Arc::new(move |call| answer(call).into())))
}

/// Answers computed from the call by a future, such as a request to something real.
pub fn answers_async<F, R>(answer: impl Fn(Call) -> F + Send + Sync + 'static) -> Mock
where
    F: Future<Output = R> + Send + 'static,
    R: Into<Reply>,
{
    Mock::from(Supply::Async(Arc::new(move |call| {
        let reply = answer(call);
        Box::pin(async move { reply.await.into() })
    })))
}
