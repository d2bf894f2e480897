//! The ways a state can go wrong, and what may handle them.

use crate::expr::error::ExprError;
use crate::expr::jsonata_template::QueryError;
use crate::expr::jsonpath::PathError;
use crate::task::TaskError;

/// Why a state did not finish.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// `States.Runtime`: ends the execution whatever Retry and Catch say. The text comes after "An error occurred
    /// while executing the state …".
    Runtime(String),
    /// `States.Runtime` or `States.DataLimitExceeded` with a whole cause, as final as the former.
    Fatal(TaskError),
    /// `States.QueryEvaluationError`; may be retried and caught, and writes `EvaluationFailed`.
    Query(Query),
    /// An error with a name; may be retried and caught.
    Error(TaskError),
    /// A task ran out of time. A missed heartbeat is recorded as `States.Timeout`, too, yet
    /// `States.HeartbeatTimeout` matches it.
    Timeout { heartbeat: bool },
    /// A branch or an iteration failed.
    Member(Failed),
}

/// How a thread of control failed, once nothing in it handled the failure.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub error: TaskError,
    /// Nothing further out may handle it either.
    pub fatal: bool,
    pub heartbeat: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Query {
    pub location: Option<String>,
    pub message: String,
    /// `EvaluationFailed` points at the state's Entered event instead of the event before it.
    pub after_entered: bool,
}

impl Fault {
    /// A JSONata failure that no single field is to blame for.
    pub(super) fn query(message: impl Into<String>) -> Fault {
        Fault::Query(Query { location: None, message: message.into(), after_entered: false })
    }
}

impl From<QueryError> for Fault {
    fn from(e: QueryError) -> Self {
        Fault::Query(Query { location: Some(e.location), message: e.message, after_entered: false })
    }
}

impl From<ExprError> for Fault {
    fn from(e: ExprError) -> Self {
        Fault::Runtime(e.message)
    }
}

/// `Invalid path '$.x' : No results for path: $['x']`
pub(super) fn invalid_path(path: &str, e: &PathError) -> Fault {
    Fault::Runtime(format!("Invalid path '{path}' : {}", e.message))
}

/// What comes before a runtime failure's own text.
pub(super) fn prefixed(state: &str, entered: u32, message: &str) -> String {
    format!("An error occurred while executing the state '{state}' (entered at the event id #{entered}). {message}")
}
