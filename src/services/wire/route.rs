//! Whose request it is.

use super::{Request, Scheme, usual};
use crate::services::{Service, events, lambda, s3};

/// How requests and responses of a service are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// JSON with the operation in `X-Amz-Target`; with its version.
    Json(&'static str),
    /// A form with the operation in `Action`, answered in XML.
    Query,
    /// Methods and paths, with bodies of JSON.
    RestJson,
    /// Methods and paths, with bodies of XML or of anything.
    RestXml,
}

/// A request with what it says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Identified {
    /// Whose it is.
    pub service: Service,
    /// How it is written.
    pub protocol: Protocol,
    /// The operation, where it is named as such: in a target or a form.
    pub operation: Option<String>,
    /// The access key that signed it.
    pub access_key: Option<String>,
    /// Where the caller reached us: `http://127.0.0.1:4566`.
    pub base: Option<String>,
}

/// The prefixes of targets.
const TARGETS: [(&str, Service); 5] = [
    ("DynamoDB_20120810", Service::DynamoDb),
    ("DynamoDBStreams_20120810", Service::DynamoDb),
    ("AmazonSQS", Service::Sqs),
    ("AWSEvents", Service::Events),
    ("AmazonSNS", Service::Sns),
];

/// The header's text.
pub(crate) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The access key of a signature.
pub(crate) fn access_key(request: &Request) -> Option<String> {
    Some(scope(request)?.0)
}

/// The service of a signature, as the request has it.
pub(crate) fn signed_service(request: &Request) -> Option<String> {
    scope(request)?.1
}

/// The access key and the service of a signature: `Credential=KEY/20240101/us-east-1/sqs/aws4_request`, in a header or in a
/// presigned URL.
fn scope(request: &Request) -> Option<(String, Option<String>)> {
    let in_header = header(request, "authorization").and_then(|text| text.split("Credential=").nth(1));
    let in_query = || request.uri().query()?.split('&').find_map(|part| part.strip_prefix("X-Amz-Credential="));
    let credential = in_header.or_else(in_query)?.replace("%2F", "/");
    let mut parts = credential.split([',', ' ']).next()?.split('/');
    let key = parts.next()?.to_owned();
    Some((key, parts.nth(2).map(str::to_owned)))
}

/// The service of a form: its API's version tells, and the actions of links in notifications.
fn of_form(request: &Request) -> Option<Service> {
    let is_form = header(request, "content-type").is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
    let body = if is_form { std::str::from_utf8(request.body()).unwrap_or_default() } else { "" };
    let parts = request.uri().query().unwrap_or_default().split('&').chain(body.split('&'));
    parts.into_iter().find_map(|part| match part {
        "Version=2010-03-31" | "Action=ConfirmSubscription" | "Action=Unsubscribe" => Some(Service::Sns),
        "Version=2012-11-05" => Some(Service::Sqs),
        _ => None,
    })
}

/// Whose request it is; nothing where nothing tells.
pub(crate) fn identify(request: &Request) -> Option<Identified> {
    let scope = scope(request);
    let (access_key, of_scope) =
        scope.map_or((None, None), |(key, service)| (Some(key), service.as_deref().and_then(Service::of_name)));
    let scheme = request.extensions().get::<Scheme>().map_or("http", |scheme| scheme.0);
    let base = header(request, "host").map(|host| format!("{scheme}://{host}"));
    let found = |service, protocol, operation| {
        Some(Identified { service, protocol, operation, access_key: access_key.clone(), base: base.clone() })
    };
    if let Some(target) = header(request, "x-amz-target") {
        let (prefix, operation) = target.rsplit_once('.')?;
        let (_, service) = TARGETS.iter().find(|(own, _)| *own == prefix)?;
        let is_1_1 = header(request, "content-type").is_some_and(|kind| kind.contains("json-1.1"));
        return found(*service, Protocol::Json(if is_1_1 { "1.1" } else { "1.0" }), Some(operation.to_owned()));
    }
    let path = request.uri().path();
    if path.starts_with("/2015-03-31/") || path.contains("/2018-06-01/runtime/") {
        return found(Service::Lambda, Protocol::RestJson, None);
    }
    // Links in notifications are followed by people and scripts who sign nothing.
    match of_scope.or_else(|| of_form(request)) {
        Some(service @ (Service::Sqs | Service::Sns)) => found(service, Protocol::Query, None),
        Some(service) => found(service, usual(service), None),
        // What is signed for somebody else must never act on objects.
        None if stranger(request).is_some() => None,
        None => found(Service::S3, Protocol::RestXml, None),
    }
}

/// The service that a request is signed for, where it has no model.
pub(crate) fn stranger(request: &Request) -> Option<String> {
    let service = signed_service(request)?;
    (Service::of_name(&service).is_none() && service != "s3express").then_some(service)
}

/// The name of the operation, as far as a request tells it.
pub(crate) fn operation(identified: &Identified, request: &Request) -> String {
    if let Some(operation) = &identified.operation {
        return operation.clone();
    }
    let named = match identified.service {
        Service::S3 => s3::wire::operation_of(request),
        Service::Lambda => lambda::wire::operation_of(request),
        Service::Scheduler => events::wire::operation_of(request),
        _ => return action(request).unwrap_or_default(),
    };
    named.unwrap_or_default().to_owned()
}

/// The `Action` of a form or of a query.
pub(crate) fn action(request: &Request) -> Option<String> {
    let body = std::str::from_utf8(request.body()).unwrap_or_default();
    let query = request.uri().query().unwrap_or_default();
    body.split('&').chain(query.split('&')).find_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned)
}
