//! An error as the service answers it.

use std::fmt;

use serde_json::{Value, json};

use crate::diagnostic::Diagnostic;

/// What the service answers to a request it refuses.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiError {
    /// The service's name for the error: `ValidationException`, `InvalidDefinition`, …
    pub code: String,
    /// The service's sentence.
    pub message: String,
    /// What is wrong with a definition, with places and help. The service does not send these.
    pub findings: Vec<Diagnostic>,
}

impl ApiError {
    /// The code of the one error the service does not have: a task that it would really have called, and that nothing
    /// answers here.
    pub const NO_ANSWER: &'static str = "NoAnswer";

    /// An error of this code and message.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> ApiError {
        ApiError { code: code.into(), message: message.into(), findings: Vec::new() }
    }
    /// `ValidationException`, by far the most frequent code.
    pub(crate) fn validation(message: impl Into<String>) -> ApiError {
        ApiError::new("ValidationException", message)
    }
    /// The error as the service writes it into the body of its answer: `{"code": …, "message": …}`.
    pub fn to_json(&self) -> Value {
        json!({ "code": self.code, "message": self.message })
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}
