//! Lambda.

#[cfg(feature = "wire")]
pub(super) mod wire;

use std::task::{Context, Poll};

use super::Surroundings;
use super::answer::Answer;
use super::error::ServiceError;
use crate::time::Timestamp;
use crate::value::Value;

/// The model of Lambda.
#[derive(Debug, Default)]
pub(super) struct Lambda {}

impl Lambda {
    pub(super) fn ask(&mut self, _: &mut Surroundings, operation: &str, _: &Value) -> Answer {
        Answer::Now(Err(ServiceError::not_modelled(format!("the operation {operation} of Lambda"))))
    }

    /// When something next happens by itself.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        None
    }
    /// Lets happen what is due by now.
    pub(super) fn pass(&mut self, _: &mut Surroundings) {}
    /// Whether functions work for nobody who waits.
    pub(super) fn is_busy(&self) -> bool {
        false
    }
    /// Takes in what came of them; ready when none is left.
    pub(super) fn poll_work(&mut self, _: &mut Surroundings, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}
