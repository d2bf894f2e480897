//! The services on bytes: one HTTP request in, one HTTP response out.
//!
//! Whose request it is and which operation, its host, its credential's scope, its target, its path and its form say;
//! see [`identify`](route::identify). Each protocol reads and writes its own bodies.

mod dialect;
mod endpoint;
mod form;
mod json;
mod operations;
mod query;
mod route;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::answer::{Answer, Outcome};
use super::error::ServiceError;
use super::{Service, Services, events, lambda, s3};
use crate::time::Timestamp;
use crate::value::Value;

pub use endpoint::Endpoint;
pub(crate) use route::{Identified, Protocol, identify};
#[cfg(feature = "server")]
pub(crate) use route::{access_key, action, operation, signed_service};

/// How a caller reached us, `http` or `https`: an extension of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme(pub(crate) &'static str);

/// A request with its whole body.
pub(crate) type Request = http::Request<Bytes>;
/// A response with its whole body.
pub(crate) type Response = http::Response<Bytes>;

/// What comes of a request, at once or later.
pub(crate) enum Handled {
    /// The response.
    Now(Response),
    /// It comes when something else happens.
    Later {
        /// What is waited for.
        pending: Pin<Box<dyn Future<Output = Response> + Send>>,
        /// How much real time it may take.
        at_most: Duration,
        /// What is said when that is over.
        otherwise: Response,
    },
}

impl Handled {
    /// An answer of a model, written by a protocol.
    pub(super) fn of(answer: Answer, write: impl Fn(&Outcome) -> Response + Send + 'static) -> Handled {
        match answer {
            Answer::Now(outcome) => Handled::Now(write(&outcome)),
            Answer::Later { pending, at_most, otherwise } => Handled::Later {
                otherwise: write(&otherwise),
                at_most,
                pending: Box::pin(async move {
                    let gone =
                        || Err(ServiceError::coded("ServiceUnavailable", "nothing answers any more").status(503));
                    let outcome = pending.await.unwrap_or_else(gone);
                    write(&outcome)
                }),
            },
        }
    }
}

impl Services {
    /// One operation of DynamoDB from text to text.
    #[cfg(feature = "dynamodb")]
    fn table_text(&mut self, operation: &str, input: &[u8]) -> Result<Vec<u8>, ServiceError> {
        self.dynamodb.call_text(&mut self.around, operation, input)
    }

    /// Answers a request of an AWS SDK at an instant of the virtual clock.
    pub(crate) fn handle(&mut self, now: Timestamp, identified: &Identified, request: &Request) -> Handled {
        self.around.now = self.around.now.max(now);
        self.around.reached_at(identified.base.as_deref().map(Arc::from));
        let handled = match identified.protocol {
            Protocol::Json(version) => json::handle(self, now, identified, version, request),
            Protocol::Query => query::handle(self, now, identified, request),
            Protocol::RestXml => s3::wire::handle(self, now, identified, request),
            Protocol::RestJson if identified.service == Service::Lambda => {
                lambda::wire::handle(self, now, identified, request)
            }
            Protocol::RestJson => events::wire::handle(self, now, identified, request),
        };
        self.around.reached_at(None);
        self.run_errands();
        handled
    }
}

/// The id of a request, which every service sends back, made from the body's and the target's own bytes.
pub(super) fn with_request_id(services: &mut Services, mut response: Response) -> Response {
    let id = services.around.uuid();
    if let Ok(id) = http::HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// A body as a JSON value; an empty one is an empty object.
pub(crate) fn json_body(request: &Request) -> Result<Value, ServiceError> {
    let body = request.body();
    if body.is_empty() {
        return Ok(Value::empty_object());
    }
    Value::parse_bytes(body).map_err(|e| ServiceError::coded("SerializationException", e.to_string()))
}

/// A part of a path or a query as it was before it was escaped.
pub(crate) fn unescaped(text: &str) -> std::borrow::Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

/// A service's response with a body of its own kind.
pub(crate) fn response(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

/// An error as the protocol of a request writes it.
pub(crate) fn refusal(identified: Option<&Identified>, error: &ServiceError) -> Response {
    match identified {
        Some(Identified { service, protocol: Protocol::Json(version), .. }) => json::refused(*service, version, error),
        Some(Identified { service, protocol: Protocol::Query, .. }) => query::refused(*service, error, ""),
        Some(Identified { service: Service::S3, .. }) => s3::wire::refusal(error),
        Some(Identified { service: Service::Lambda, .. }) => lambda::wire::refused(error),
        Some(Identified { service: Service::Scheduler, .. }) => events::wire::refused(error),
        Some(Identified { service, .. }) => json::refused(*service, "1.0", error),
        None => json::refused(Service::S3, "1.0", error),
    }
}

/// What is said to a request that is for no service here, in a form in which SDKs find the error.
pub(crate) fn refused_stranger(request: &Request) -> Response {
    let error = match route::stranger(request) {
        Some(service) => ServiceError::not_modelled(format!("the service `{service}`")),
        None => ServiceError::coded("UnknownOperationException", "no service here has the target of this request"),
    };
    let is_form = route::header(request, "content-type").is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
    match is_form {
        true => query::refused(Service::Sns, &error, ""),
        false => {
            let mut refused = json::refused(Service::S3, "1.0", &error);
            if let Ok(code) = http::HeaderValue::from_str(&error.code) {
                refused.headers_mut().insert("x-amzn-errortype", code);
            }
            refused
        }
    }
}

/// Which of a service's protocols a request speaks is not told by the service alone.
pub(super) const fn usual(service: Service) -> Protocol {
    match service {
        Service::DynamoDb | Service::Sqs => Protocol::Json("1.0"),
        Service::Events => Protocol::Json("1.1"),
        Service::Lambda | Service::Scheduler => Protocol::RestJson,
        Service::S3 => Protocol::RestXml,
        Service::Sns => Protocol::Query,
    }
}
