//! S3.

#[cfg(feature = "wire")]
pub(super) mod wire;

use super::Surroundings;
use super::answer::Answer;
use super::error::ServiceError;
use crate::value::Value;

/// The model of S3.
#[derive(Debug, Default)]
pub(super) struct S3 {}

impl S3 {
    pub(super) fn ask(&mut self, _: &mut Surroundings, operation: &str, _: &Value) -> Answer {
        Answer::Now(Err(ServiceError::not_modelled(format!("the operation {operation} of S3"))))
    }
}
