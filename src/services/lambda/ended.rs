//! How an invocation ended.

use std::time::Duration;

use super::payload::Payload;
use crate::mock::ReplyOutcome;
use crate::mock::{Reply, shape};
use crate::services::ServiceError;
use crate::task::TaskError;
use crate::value::{Map, Value};

/// The most bytes that a function may return, and that a synchronous invocation may send.
pub(super) const MOST_BYTES: usize = 6 * 1024 * 1024;

/// The most of a log that goes into the message of a failure.
const MOST_TAIL: usize = 2048;

/// The last bytes of a text, at most so many.
pub(super) fn tail(text: &str, most: usize) -> &str {
    let mut start = text.len().saturating_sub(most);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// How an invocation ended: with a result, or with what the service says about its failure.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// The result, or the failure as a document with its type and message.
    pub payload: Payload,
    /// Whether it failed.
    pub is_failed: bool,
    /// What the function logged, without the lines that the service adds.
    pub log: String,
    /// How long it took on the virtual clock.
    pub takes: Duration,
}

/// What invocations are about, for the words of their failures.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub id: &'a str,
    pub timeout: Duration,
}

impl Ended {
    pub(super) fn well(payload: Payload) -> Ended {
        Ended { payload, is_failed: false, log: String::new(), takes: Duration::ZERO }
    }
    /// A failure in the function's own words.
    pub(super) fn badly(payload: Payload) -> Ended {
        Ended { is_failed: true, ..Ended::well(payload) }
    }
    /// A failure that the function's runtime reports.
    pub(super) fn threw(error_type: &str, message: impl Into<String>) -> Ended {
        let payload = Value::object([("errorType", Value::from(error_type)), ("errorMessage", message.into().into())]);
        Ended::badly(Payload::Value(payload))
    }
    pub(super) fn timed_out(about: About<'_>) -> Ended {
        let seconds = about.timeout.as_secs_f64();
        let message = format!("RequestId: {} Error: Task timed out after {seconds:.2} seconds", about.id);
        Ended { takes: about.timeout, ..Ended::threw("Sandbox.Timedout", message) }
    }
    /// A program that ended before it answered; the end of what it said helps people.
    pub(super) fn exited(about: About<'_>, how: Option<&str>, log: &str) -> Ended {
        let how = match how {
            Some(how) => format!("Runtime exited with error: {how}"),
            None => "Runtime exited without providing a reason".into(),
        };
        let tail = tail(log.trim_end(), MOST_TAIL);
        let said = if tail.is_empty() { String::new() } else { format!("\n{tail}") };
        Ended::threw("Runtime.ExitError", format!("RequestId: {} Error: {how}{said}", about.id))
    }
    pub(super) fn too_large() -> Ended {
        let what = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
        Ended::threw("Function.ResponseSizeTooLarge", what)
    }
    /// The text of a program or a server that has to be JSON; none at all is `null`.
    pub(super) fn wrote(bytes: Vec<u8>) -> Ended {
        if bytes.trim_ascii().is_empty() {
            return Ended::well(Payload::Value(Value::Null));
        }
        match serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
            Ok(_) => Ended::well(Payload::Bytes(bytes)),
            Err(e) => {
                let start: String = String::from_utf8_lossy(&bytes).chars().take(200).collect();
                Ended::threw("Runtime.MarshalError", format!("the function's output is not JSON ({e}): {start}"))
            }
        }
    }
    /// The same with what was logged.
    pub(super) fn logged(self, log: String) -> Ended {
        Ended { log, ..self }
    }

    /// What a mock or a closure says.
    pub(super) fn of_reply(reply: Reply, about: About<'_>) -> Result<Ended, ServiceError> {
        let takes = reply.duration();
        let ended = match reply.into_outcome() {
            ReplyOutcome::Done(Ok(value)) => Ended::well(Payload::Value(value)),
            ReplyOutcome::Done(Err(error)) => Ended::badly(Payload::Value(thrown(error))),
            ReplyOutcome::Refused(error) => return Err(refusal(&error)),
            ReplyOutcome::TimedOut { .. } | ReplyOutcome::Never => return Ok(Ended::timed_out(about)),
            ReplyOutcome::Later => {
                return Err(ServiceError::not_modelled("a function that the test answers later"));
            }
        };
        Ok(if takes > about.timeout { Ended::timed_out(about) } else { Ended { takes, ..ended } })
    }

    /// The same, held against the most that a function may return.
    pub(super) fn bounded(self) -> Ended {
        if self.payload.len() > MOST_BYTES + 100 {
            return Ended { log: self.log, takes: self.takes, ..Ended::too_large() };
        }
        self
    }

    /// The type of the failure, as Step Functions names the error.
    pub(super) fn error_type(&self) -> Option<String> {
        self.payload.value().ok()?.get("errorType")?.as_str().filter(|t| !t.is_empty()).map(str::to_owned)
    }
}

/// An exception as Lambda reports it. One that is spelt so already is taken as it is.
fn thrown(error: TaskError) -> Value {
    if let Some(cause) = &error.cause
        && let Ok(document) = Value::parse(cause)
        && document.get("errorType").is_some()
    {
        return document;
    }
    let mut document = Map::new();
    document.insert("errorMessage", error.cause.as_deref().unwrap_or_default());
    if let Some(name) = &error.error {
        document.insert("errorType", name);
    }
    document.into()
}

/// What a mock that refuses says, as the service's error: `Lambda.TooManyRequestsException`, with its status.
fn refusal(error: &TaskError) -> ServiceError {
    let code = error.name().trim_start_matches("Lambda.");
    let message = error.cause.as_deref().unwrap_or_default();
    let status = match code {
        "ResourceNotFoundException" => 404,
        "ResourceConflictException" => 409,
        "RequestTooLargeException" => 413,
        "TooManyRequestsException" => 429,
        "ServiceException" => 500,
        _ if code.starts_with("EC2") || code.starts_with("KMS") || code.starts_with("ENI") => 502,
        "ServiceUnavailableException" => 503,
        _ => 400,
    };
    ServiceError::modelled(code, message).status(status)
}

/// The result of `lambda:invoke` for a function that fails without naming a type.
pub(super) fn unknown(payload: &Payload) -> TaskError {
    const WHY: &str = "The cause could not be determined because Lambda did not return an error type.";
    TaskError::new("Lambda.Unknown", format!("{WHY} Returned payload: {}", payload.text()))
}

/// What `lambda:invoke` gives, with its metadata.
pub(super) fn wrapped(call: &crate::task::Call, members: Map, at: crate::time::Timestamp) -> Value {
    shape::with_metadata(call, members, at)
}
