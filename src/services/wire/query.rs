//! Forms with the operation in `Action`, answered in XML: SNS, and SQS for older SDKs.

use crate::services::Services;
use crate::services::error::ServiceError;
use crate::services::wire::{Handled, Identified, Request, response};
use crate::time::Timestamp;

/// Answers a request.
pub(super) fn handle(_: &mut Services, _: Timestamp, _: &Identified, request: &Request) -> Handled {
    let error = ServiceError::not_modelled(format!("{} {} of a form", request.method(), request.uri().path()));
    Handled::Now(response(error.status, "text/plain", error.message))
}
