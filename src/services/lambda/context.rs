//! What a function knows of its invocation.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::time::Timestamp;
use crate::value::Value;

/// What a function knows of its invocation, besides the event.
#[derive(Debug)]
#[non_exhaustive]
pub struct FunctionContext {
    /// The id of the request.
    pub request_id: String,
    /// The function's name.
    pub function_name: String,
    /// The version that runs: `$LATEST` or a number.
    pub function_version: String,
    /// The ARN that was invoked, with its qualifier where there is one.
    pub invoked_function_arn: String,
    /// The memory of the function in MB.
    pub memory_mb: u64,
    /// How long it may take.
    pub timeout: Duration,
    /// The instant on the virtual clock.
    pub now: Timestamp,
    /// What the caller of the API said about itself.
    pub client_context: Option<Value>,
    pub(super) lines: Mutex<String>,
}

impl FunctionContext {
    /// Writes a line to the function's log.
    pub fn log(&self, line: impl AsRef<str>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_str(line.as_ref());
        lines.push('\n');
    }
    pub(super) fn into_log(self) -> String {
        self.lines.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
