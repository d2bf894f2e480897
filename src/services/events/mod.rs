//! EventBridge.

#[cfg(feature = "wire")]
pub(super) mod wire;

use super::answer::Answer;
use super::error::ServiceError;
use super::{Service, Surroundings};
use crate::time::Timestamp;
use crate::value::Value;

/// The model of EventBridge.
#[derive(Debug, Default)]
pub(super) struct Events {}

impl Events {
    pub(super) fn ask(&mut self, _: &mut Surroundings, _: Service, operation: &str, _: &Value) -> Answer {
        Answer::Now(Err(ServiceError::not_modelled(format!("the operation {operation} of EventBridge"))))
    }

    /// When something next happens by itself.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        None
    }
    /// Lets happen what is due by now.
    pub(super) fn pass(&mut self, _: &mut Surroundings) {}
}
