//! Lambda over HTTP: its API.

use std::borrow::Cow;
use std::time::Duration;

use http::HeaderValue;

use super::name::Target;
use super::payload::Payload;
use super::run::{Asked, Ran, Run, log_of, log_result};
use super::{Ended, Invoked, LONGEST, kind, runtime, wants_log};
use crate::services::error::ServiceError;
use crate::services::wire::{Handled, Identified, Request, Response, response, unescaped, with_request_id};
use crate::services::{Service, Services};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// Method, path, operation, status of success. Segments in braces are members of the input.
type Route = (&'static str, &'static str, &'static str, u16);

const ROUTES: &[Route] = &[
    ("POST", "/2015-03-31/functions/{FunctionName}/invocations", "Invoke", 200),
    ("POST", "/2014-11-13/functions/{FunctionName}/invoke-async", "InvokeAsync", 202),
    ("POST", "/2015-03-31/functions", "CreateFunction", 201),
    ("GET", "/2015-03-31/functions", "ListFunctions", 200),
    ("GET", "/2015-03-31/functions/{FunctionName}", "GetFunction", 200),
    ("DELETE", "/2015-03-31/functions/{FunctionName}", "DeleteFunction", 204),
    ("GET", "/2015-03-31/functions/{FunctionName}/configuration", "GetFunctionConfiguration", 200),
    ("PUT", "/2015-03-31/functions/{FunctionName}/configuration", "UpdateFunctionConfiguration", 200),
    ("PUT", "/2015-03-31/functions/{FunctionName}/code", "UpdateFunctionCode", 200),
    ("POST", "/2015-03-31/functions/{FunctionName}/versions", "PublishVersion", 201),
    ("GET", "/2015-03-31/functions/{FunctionName}/versions", "ListVersionsByFunction", 200),
    ("POST", "/2015-03-31/functions/{FunctionName}/aliases", "CreateAlias", 201),
    ("GET", "/2015-03-31/functions/{FunctionName}/aliases", "ListAliases", 200),
    ("GET", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", "GetAlias", 200),
    ("PUT", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", "UpdateAlias", 200),
    ("DELETE", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", "DeleteAlias", 204),
    ("POST", "/2015-03-31/functions/{FunctionName}/policy", "AddPermission", 201),
    ("GET", "/2015-03-31/functions/{FunctionName}/policy", "GetPolicy", 200),
    ("DELETE", "/2015-03-31/functions/{FunctionName}/policy/{StatementId}", "RemovePermission", 204),
    ("PUT", "/2017-10-31/functions/{FunctionName}/concurrency", "PutFunctionConcurrency", 200),
    ("DELETE", "/2017-10-31/functions/{FunctionName}/concurrency", "DeleteFunctionConcurrency", 204),
    ("GET", "/2019-09-30/functions/{FunctionName}/concurrency", "GetFunctionConcurrency", 200),
    ("PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "PutFunctionEventInvokeConfig", 200),
    ("POST", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "UpdateFunctionEventInvokeConfig", 200),
    ("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "GetFunctionEventInvokeConfig", 200),
    ("DELETE", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "DeleteFunctionEventInvokeConfig", 204),
    ("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config/list", "ListFunctionEventInvokeConfigs", 200),
    ("POST", "/2017-03-31/tags/{Resource}", "TagResource", 204),
    ("DELETE", "/2017-03-31/tags/{Resource}", "UntagResource", 204),
    ("GET", "/2017-03-31/tags/{Resource}", "ListTags", 200),
    ("GET", "/2016-08-19/account-settings", "GetAccountSettings", 200),
    ("POST", "/2015-03-31/event-source-mappings", "CreateEventSourceMapping", 202),
    ("GET", "/2015-03-31/event-source-mappings", "ListEventSourceMappings", 200),
    ("GET", "/2015-03-31/event-source-mappings/{UUID}", "GetEventSourceMapping", 200),
    ("PUT", "/2015-03-31/event-source-mappings/{UUID}", "UpdateEventSourceMapping", 202),
    ("DELETE", "/2015-03-31/event-source-mappings/{UUID}", "DeleteEventSourceMapping", 202),
];

/// The route of a request, with the members that stand in its path.
fn route(request: &Request) -> Option<(&'static Route, Vec<(&'static str, String)>)> {
    let path = request.uri().path().trim_end_matches('/');
    ROUTES.iter().find_map(|route| {
        let (method, pattern, ..) = route;
        if *method != request.method().as_str() {
            return None;
        }
        let mut members = Vec::new();
        let (mut given, mut wanted) = (path.split('/'), pattern.split('/'));
        loop {
            match (given.next(), wanted.next()) {
                (None, None) => return Some((route, members)),
                (Some(segment), Some(word)) => match word.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
                    Some(_) if segment.is_empty() => return None,
                    Some(member) => members.push((member, unescaped(segment).into_owned())),
                    None if segment == word => {}
                    None => return None,
                },
                _ => return None,
            }
        }
    })
}

/// The operation of a request, for logs and faults.
pub(crate) fn operation_of(request: &Request) -> Option<&'static str> {
    route(request).map(|((_, _, operation, _), _)| *operation)
}

/// Answers a request.
pub(in crate::services) fn handle(
    services: &mut Services,
    now: Timestamp,
    _: &Identified,
    request: &Request,
) -> Handled {
    if let Some((function, rest)) = runtime::split(request.uri().path()) {
        return runtime::handle(services, function, rest, request);
    }
    let Some(((_, _, operation, status), members)) = route(request) else {
        let what = format!("{} {} of Lambda", request.method(), request.uri().path());
        return Handled::Now(refused(&ServiceError::not_modelled(what)));
    };
    match *operation {
        "Invoke" => invoke(services, &members, request).unwrap_or_else(|e| refusal(services, &e)),
        "InvokeAsync" => invoke_async(services, &members, request).unwrap_or_else(|e| refusal(services, &e)),
        operation => match input(members, request) {
            Err(error) => refusal(services, &error),
            Ok(input) => {
                let answer = services.ask(now, Service::Lambda, operation, &input);
                let status = *status;
                match Handled::of(answer, move |outcome| match outcome {
                    Ok(_) if status == 204 => response(204, "application/json", ""),
                    Ok(value) => response(status, "application/json", value.to_string()),
                    Err(error) => refused(error),
                }) {
                    Handled::Now(response) => Handled::Now(with_request_id(services, response)),
                    later => later,
                }
            }
        },
    }
}

fn refusal(services: &mut Services, error: &ServiceError) -> Handled {
    Handled::Now(with_request_id(services, refused(error)))
}

/// The value of a query's parameter.
fn query<'a>(request: &'a Request, name: &str) -> Option<Cow<'a, str>> {
    let found = |part: &'a str| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (unescaped(key) == name).then(|| unescaped(value))
    };
    request.uri().query()?.split('&').find_map(found)
}

/// An operation's input: what stands in the path, in the query and in the body.
fn input(members: Vec<(&'static str, String)>, request: &Request) -> Result<Value, ServiceError> {
    let mut input = match request.body().is_empty() {
        true => Map::new(),
        false => {
            let body = Value::parse_bytes(request.body()).map_err(|e| {
                let what = format!("Could not parse request body into json: {e}");
                ServiceError::modelled("InvalidRequestContentException", what)
            })?;
            body.as_object().cloned().ok_or_else(|| {
                ServiceError::modelled(
                    "InvalidRequestContentException",
                    format!("Could not parse request body into json: an object is needed, not {}", body.type_name()),
                )
            })?
        }
    };
    let mut tag_keys = Vec::new();
    for part in request.uri().query().unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match &*unescaped(key) {
            "tagKeys" => tag_keys.push(Value::from(&*unescaped(value))),
            name => drop(input.insert(name, &*unescaped(value))),
        }
    }
    if !tag_keys.is_empty() {
        input.insert("TagKeys", tag_keys);
    }
    for (name, value) in members {
        input.insert(name, value);
    }
    Ok(input.into())
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

fn member<'a>(members: &'a [(&'static str, String)], name: &str) -> &'a str {
    members.iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value)
}

fn event(request: &Request) -> Payload {
    match request.body().is_empty() {
        true => Payload::Value(Value::empty_object()),
        false => Payload::Bytes(request.body().to_vec()),
    }
}

fn invoke(
    services: &mut Services,
    members: &[(&'static str, String)],
    request: &Request,
) -> Result<Handled, ServiceError> {
    for name in ["x-amz-durable-execution-name", "x-amz-tenant-id"] {
        if request.headers().contains_key(name) {
            return Err(ServiceError::not_modelled(format!("the header `{name}` of Invoke")));
        }
    }
    let qualifier = query(request, "Qualifier");
    let target = Target::of(member(members, "FunctionName"), qualifier.as_deref())?;
    let wants_log = wants_log(header(request, "x-amz-log-type"))?;
    let asked = Asked {
        target,
        payload: event(request),
        client_context: header(request, "x-amz-client-context").map(str::to_owned),
        call: None,
    };
    let kind = kind(header(request, "x-amz-invocation-type"))?;
    let invoked = services.lambda.invoke(&mut services.around, super::Request { asked, kind, wants_log })?;
    let mut run = match invoked {
        Invoked::Run(run) => run,
        Invoked::Taken(id) => return Ok(Handled::Now(with_header(empty(202), "x-amzn-requestid", &id))),
        Invoked::Allowed => return Ok(Handled::Now(with_request_id(services, empty(204)))),
    };
    let begun = std::mem::replace(&mut run.ran, Ran::Now(Ended::well(Payload::Value(Value::Null))));
    Ok(match begun {
        Ran::Now(ended) if ended.takes.is_zero() => Handled::Now(written(&run, ended, wants_log)),
        Ran::Now(ended) => {
            let takes = ended.takes;
            let waking = services.lambda.wake_at(services.around.now + takes);
            let otherwise = written(&run, ended, wants_log);
            let response = otherwise.clone();
            let pending = Box::pin(async move {
                waking.await;
                response
            });
            Handled::Later { pending, at_most: takes, otherwise }
        }
        Ran::Later(working) => Handled::Later {
            pending: Box::pin(async move {
                match working.await {
                    Ok(ended) => written(&run, ended, wants_log),
                    Err(error) => with_header(refused(&error), "x-amzn-requestid", &run.id),
                }
            }),
            at_most: LONGEST + Duration::from_secs(1),
            otherwise: refused(&ServiceError::coded("ServiceException", "the function still works").status(500)),
        },
    })
}

/// The older way to send an event.
fn invoke_async(
    services: &mut Services,
    members: &[(&'static str, String)],
    request: &Request,
) -> Result<Handled, ServiceError> {
    let target = Target::of(member(members, "FunctionName"), None)?;
    let asked = Asked { target, payload: event(request), client_context: None, call: None };
    let request = super::Request { asked, kind: super::Kind::Event, wants_log: false };
    services.lambda.invoke(&mut services.around, request)?;
    Ok(Handled::Now(with_request_id(services, response(202, "application/json", r#"{"Status":202}"#))))
}

fn empty(status: u16) -> Response {
    response(status, "application/json", "")
}

fn with_header(mut response: Response, name: &'static str, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The response to an invocation that is over.
fn written(run: &Run, ended: Ended, wants_log: bool) -> Response {
    let log = wants_log.then(|| log_result(&log_of(run, &ended)));
    let is_failed = ended.is_failed;
    let mut written = response(200, "application/json", ended.payload.into_bytes());
    written = with_header(written, "x-amzn-requestid", &run.id);
    written = with_header(written, "x-amz-executed-version", &run.version);
    if is_failed {
        written = with_header(written, "x-amz-function-error", "Unhandled");
    }
    match log {
        Some(log) => with_header(written, "x-amz-log-result", &log),
        None => written,
    }
}

/// Exceptions whose sentence is called `message`; that of the others is called `Message`.
const SMALL: &[&str] = &[
    "InvalidParameterValueException",
    "InvalidRequestContentException",
    "NotModelled",
    "PreconditionFailedException",
    "RequestTooLargeException",
    "ResourceConflictException",
    "TooManyRequestsException",
    "ValidationException",
];

/// An error as the API writes it.
pub(in crate::services) fn refused(error: &ServiceError) -> Response {
    let mut body = Map::new();
    for (name, value) in error.members.as_ref().and_then(Value::as_object).into_iter().flat_map(|o| o.iter()) {
        body.insert(name.clone(), value.clone());
    }
    if error.code != "ValidationException" {
        body.insert("Type", if error.status < 500 { "User" } else { "Service" });
    }
    body.insert(if SMALL.contains(&&*error.code) { "message" } else { "Message" }, error.message.as_str());
    let refused = response(error.status, "application/json", Value::from(body).to_string());
    with_header(refused, "x-amzn-errortype", &error.code)
}
