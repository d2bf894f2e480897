//! JSON with the operation in a header: DynamoDB, EventBridge, SQS.

use super::{Handled, Identified, Request, Response, json_body, response};
use crate::services::error::ServiceError;
use crate::services::{Services, answer::Outcome};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// Answers a request.
pub(super) fn handle(
    services: &mut Services,
    now: Timestamp,
    identified: &Identified,
    version: &'static str,
    request: &Request,
) -> Handled {
    let input = match json_body(request) {
        Ok(input) => input,
        Err(error) => return Handled::Now(refused(&error, version)),
    };
    let operation = identified.operation.as_deref().unwrap_or_default();
    let answer = services.ask(now, identified.service, operation, &input);
    Handled::of(answer, move |outcome| written(outcome, version))
}

fn content_type(version: &str) -> &'static str {
    if version == "1.1" { "application/x-amz-json-1.1" } else { "application/x-amz-json-1.0" }
}

fn written(outcome: &Outcome, version: &'static str) -> Response {
    match outcome {
        Ok(value) => response(200, content_type(version), value.to_string()),
        Err(error) => refused(error, version),
    }
}

/// An error as this protocol writes it.
pub(super) fn refused(error: &ServiceError, version: &'static str) -> Response {
    let mut body = Map::new();
    body.insert("__type", error.code.as_str());
    body.insert("message", error.message.as_str());
    let mut refused = response(error.status, content_type(version), Value::from(body).to_string());
    if let Some(code) = error.query_code {
        let kind = if error.status < 500 { "Sender" } else { "Receiver" };
        if let Ok(code) = http::HeaderValue::from_str(&format!("{code};{kind}")) {
            refused.headers_mut().insert("x-amzn-query-error", code);
        }
    }
    refused
}
