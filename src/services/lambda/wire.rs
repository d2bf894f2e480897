//! Lambda over HTTP: its API, and the Runtime API that handlers speak.

use crate::services::Services;
use crate::services::error::ServiceError;
use crate::services::wire::{Handled, Identified, Request, response};
use crate::time::Timestamp;

/// Answers a request.
pub(in crate::services) fn handle(_: &mut Services, _: Timestamp, _: &Identified, request: &Request) -> Handled {
    let error = ServiceError::not_modelled(format!("{} {} of Lambda", request.method(), request.uri().path()));
    Handled::Now(response(error.status, "text/plain", error.message))
}
