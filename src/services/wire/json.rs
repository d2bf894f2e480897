//! JSON with the operation in a header: DynamoDB, EventBridge, SQS.

use crc32fast::hash as crc32;

use super::{Handled, Identified, Request, Response, operations, response, route};
use crate::services::answer::Outcome;
use crate::services::error::ServiceError;
use crate::services::{Service, Services};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// What the services say to what is no request of theirs.
const NO_REQUEST: &str = "<UnknownOperationException/>\n";

/// How a response is written: for whom, with which content type and request id.
#[derive(Clone)]
struct Form {
    service: Service,
    content_type: &'static str,
    id: String,
}

/// Answers a request.
pub(super) fn handle(
    services: &mut Services,
    now: Timestamp,
    identified: &Identified,
    version: &'static str,
    request: &Request,
) -> Handled {
    let service = identified.service;
    let id = services.around.uuid();
    let Some(content_type) = content_type(request, version) else {
        return Handled::Now(finished(response(404, "text/plain", NO_REQUEST), service, &id));
    };
    let form = Form { service, content_type, id };
    let operation = identified.operation.as_deref().unwrap_or_default();
    #[cfg(feature = "dynamodb")]
    if service == Service::DynamoDb {
        let outcome = match request.body().is_empty() {
            true => Err(ServiceError::coded("SerializationException", "")),
            // The engine reads and writes texts itself.
            false => services.table_text(operation, request.body()),
        };
        return Handled::Now(match outcome {
            Ok(text) => finished(response(200, form.content_type, text), service, &form.id),
            Err(error) => form.refused(operation, &error),
        });
    }
    let input = match Value::parse_bytes(request.body()) {
        Ok(input) if input.as_object().is_some() => input,
        _ if request.body().is_empty() => Value::empty_object(),
        _ => return Handled::Now(form.refused(operation, &ServiceError::coded("SerializationException", ""))),
    };
    let answer = services.ask(now, service, operation, &input);
    let operation = operation.to_owned();
    Handled::of(answer, move |outcome| form.written(&operation, outcome))
}

/// An error that is said before anybody has looked at the request's body.
pub(super) fn refused(service: Service, version: &str, error: &ServiceError) -> Response {
    let content_type = if version == "1.1" { "application/x-amz-json-1.1" } else { "application/x-amz-json-1.0" };
    Form { service, content_type, id: String::new() }.refused_as(error)
}

/// The content type of the response, which is that of the request; nothing where the request has another one than JSON.
fn content_type(request: &Request, version: &str) -> Option<&'static str> {
    let given = route::header(request, "content-type").unwrap_or_default();
    let of_version = if version == "1.1" { "application/x-amz-json-1.1" } else { "application/x-amz-json-1.0" };
    match given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-amz-json-1.0" => Some("application/x-amz-json-1.0"),
        "application/x-amz-json-1.1" => Some("application/x-amz-json-1.1"),
        "application/json" => Some("application/json"),
        "" if request.body().is_empty() => Some(of_version),
        _ => None,
    }
}

impl Form {
    fn written(&self, operation: &str, outcome: &Outcome) -> Response {
        match outcome {
            Ok(value) => finished(response(200, self.content_type, value.to_string()), self.service, &self.id),
            Err(error) => self.refused(operation, error),
        }
    }

    /// An error as this protocol writes it.
    fn refused(&self, operation: &str, error: &ServiceError) -> Response {
        if error.is_not_modelled() && !operations::is_known(self.service, operation) {
            let unknown = ServiceError::coded("UnknownOperationException", "");
            return self.refused_as(&unknown);
        }
        self.refused_as(error)
    }

    fn refused_as(&self, error: &ServiceError) -> Response {
        let mut body = Map::new();
        body.insert("__type", type_of(self.service, error));
        let members = error.members.as_ref().and_then(Value::as_object);
        // The service spells the sentence's member one way or the other; who knows says it.
        let has_own = members.is_some_and(|m| m.contains_key("Message") || m.contains_key("message"));
        if !error.message.is_empty() && !has_own {
            body.insert("message", error.message.as_str());
        }
        for (name, value) in members.into_iter().flat_map(Map::iter).filter(|(name, _)| &***name != "__type") {
            body.insert(name.clone(), value.clone());
        }
        let mut refused = response(error.status, self.content_type, Value::from(body).to_string());
        if self.service == Service::Sqs && error.code != "UnknownOperationException" {
            let kind = if error.status < 500 { "Sender" } else { "Receiver" };
            let code = format!("{};{kind}", error.query_code.unwrap_or(&error.code));
            if let Ok(code) = http::HeaderValue::from_str(&code) {
                refused.headers_mut().insert("x-amzn-query-error", code);
            }
        }
        finished(refused, self.service, &self.id)
    }
}

/// The error's name with that of the part of the service that says it.
fn type_of(service: Service, error: &ServiceError) -> String {
    let code = error.code.as_str();
    match (service, code) {
        (_, "SerializationException" | "UnknownOperationException") => format!("com.amazon.coral.service#{code}"),
        (Service::DynamoDb, "ValidationException") => format!("com.amazon.coral.validate#{code}"),
        (Service::DynamoDb, _) if error.is_modelled => format!("com.amazonaws.dynamodb.v20120810#{code}"),
        (Service::Sqs, _) if error.is_modelled => format!("com.amazonaws.sqs#{code}"),
        (Service::Sqs, "MissingParameter") => "com.amazon.coral.service#MissingRequiredParameterException".to_owned(),
        (Service::Sqs, _) if !error.is_not_modelled() => format!("com.amazon.coral.service#{code}Exception"),
        _ => code.to_owned(),
    }
}

/// With the request's id, and with the checksum by which clients of DynamoDB know that they have the whole body.
fn finished(mut response: Response, service: Service, id: &str) -> Response {
    let checksum = (service == Service::DynamoDb).then(|| crc32(response.body()));
    let headers = response.headers_mut();
    if let Ok(id) = http::HeaderValue::from_str(id)
        && !id.is_empty()
    {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(checksum) = checksum {
        headers.insert("x-amz-crc32", http::HeaderValue::from(checksum));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b"{}"), 2_745_614_147);
    }
}
