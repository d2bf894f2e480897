//! What a model says to an operation, at once or later.

use std::time::Duration;

use super::error::ServiceError;
use super::promise::Pending;
use crate::value::Value;

/// How an operation came out.
pub(crate) type Outcome = Result<Value, ServiceError>;

/// What a model says to an operation.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Its outcome.
    Now(Outcome),
    /// It comes when something else happens: a message for a long poll, the end of a function.
    Later {
        /// What is waited for.
        pending: Pending<Outcome>,
        /// How much real time a caller outside waits at most.
        at_most: Duration,
        /// What is said then, and at once to a caller in process who can't wait.
        otherwise: Outcome,
    },
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Answer {
        Answer::Now(outcome)
    }
}
