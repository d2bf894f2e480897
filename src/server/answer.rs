//! One request: who may ask, what goes wrong with it, who answers, and what is remembered of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::body::{Body, BrokenOff};
use super::fault::{self, WireFaultKind};
use super::requests::LoggedRequest;
use super::socket::Connection;
use super::{Site, control, signature, states, upstream};
use crate::services::wire::{self, Handled, Identified};
use crate::services::{Service, ServiceError};

/// How long a client may take for the next part of a body.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a client may wait for nothing.
const FOR_EVER: Duration = Duration::from_secs(3600);
/// The most bytes of a body: of objects, and of everything else.
const MOST_OBJECT: u64 = 1024 * 1024 * 1024;
const MOST_BODY: u64 = 16 * 1024 * 1024;

type Answered = Result<Response<Body>, BrokenOff>;

/// Answers a request.
pub(super) async fn answer(
    site: &Arc<Site>,
    connection: &Connection,
    request: Request<Incoming>,
    secure: bool,
) -> Answered {
    let origin = request.headers().get(header::ORIGIN).cloned();
    if let Some(refusal) = unwelcome(site, &request, origin.as_ref()) {
        return Ok(refusal);
    }
    if request.method() == Method::OPTIONS && origin.is_some() {
        return Ok(shared_with(origin, Response::new(Body::from(Bytes::new()))));
    }
    if request.method() == Method::CONNECT {
        let text =
            "this endpoint is no tunnel: give SDKs its address (AWS_ENDPOINT_URL), or use it as HTTP_PROXY only\n";
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, text));
    }
    let request = match whole(request, secure).await {
        Ok(request) => request,
        Err(refusal) => return Ok(refusal),
    };
    // A client that has asked to be told to go on, and has nothing to send, would take this answer for that one and mistake
    // the next: it is given another connection.
    let is_spent = request.headers().contains_key(header::EXPECT) && request.body().is_empty();
    let answered = match request.uri().path().strip_prefix("/_rehearsal") {
        Some(place) => Ok(control::answer(site, place, &request).await),
        None => serviced(site, connection, request).await,
    };
    answered.map(|mut response| {
        if is_spent {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        shared_with(origin, response)
    })
}

/// Answers a request of a function's handler.
pub(super) async fn runtime(site: &Site, function: &str, request: Request<Incoming>) -> Answered {
    let request = match whole(request, false).await {
        Ok(request) => request,
        Err(refusal) => return Ok(refusal),
    };
    let handled = site.shared.work(|stage| {
        let (_, services) = stage.services_mut();
        services.runtime_handle(function, &request)
    });
    let response = match handled {
        Handled::Now(response) => response,
        Handled::Later { pending, at_most, otherwise } => {
            tokio::time::timeout(at_most, pending).await.unwrap_or(otherwise)
        }
    };
    Ok(response.map(Body::from))
}

/// What is said to a request that does not mean us.
fn unwelcome(site: &Site, request: &Request<Incoming>, origin: Option<&HeaderValue>) -> Option<Response<Body>> {
    let named = request.uri().authority().map(|a| a.as_str());
    let named = named.or_else(|| request.headers().get(header::HOST)?.to_str().ok()).unwrap_or_default();
    if !site.guard.admits(named) {
        let text = format!(
            "this endpoint is not called {named:?}: use 127.0.0.1 or localhost, or start it with that name (--host)\n"
        );
        return Some(plain(StatusCode::FORBIDDEN, text));
    }
    let foreign = origin.is_some_and(|origin| !origin.to_str().is_ok_and(|text| site.guard.admits_origin(text)));
    foreign.then(|| plain(StatusCode::FORBIDDEN, "pages of other origins may not ask this endpoint\n"))
}

/// Lets a page that may ask see the answer.
fn shared_with(origin: Option<HeaderValue>, mut response: Response<Body>) -> Response<Body> {
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, PUT, POST, DELETE, HEAD, PATCH"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "*, authorization"),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, "*"),
            (header::VARY, "Origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::from(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The request with all of its body, in the form in which services read it.
async fn whole(request: Request<Incoming>, secure: bool) -> Result<wire::Request, Response<Body>> {
    let (mut head, mut incoming) = request.into_parts();
    if let Some(authority) = head.uri.authority() {
        // A proxy's client names the host there.
        if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
            head.headers.insert(header::HOST, host);
        }
    }
    head.extensions.insert(wire::Scheme(if secure { "https" } else { "http" }));
    let mut request = wire::Request::from_parts(head, Bytes::new());
    let identified = wire::identify(&request);
    let is_object = identified.as_ref().is_some_and(|i| i.service == Service::S3);
    let most = if is_object { MOST_OBJECT } else { MOST_BODY };
    let too_large = || {
        let error = ServiceError::coded("RequestEntityTooLarge", format!("a request has at most {most} bytes"));
        let mut refusal = refused(identified.as_ref(), &error.status(413));
        // What is left of the body is not worth waiting for.
        refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        refusal
    };
    let told = request.headers().get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|n| n > most) {
        return Err(too_large());
    }
    let mut parts = BytesMut::new();
    let mut only = Bytes::new();
    loop {
        let frame = match tokio::time::timeout(PATIENCE, incoming.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(plain(StatusCode::BAD_REQUEST, "the request's body broke off\n")),
            Err(_) => return Err(plain(StatusCode::REQUEST_TIMEOUT, "the request's body did not come\n")),
        };
        let Ok(data) = frame.into_data() else { continue };
        if (only.len() + parts.len() + data.len()) as u64 > most {
            return Err(too_large());
        }
        // Most bodies come in one piece, which is not copied.
        match (only.is_empty(), parts.is_empty()) {
            (true, true) => only = data,
            (false, _) => {
                parts.extend_from_slice(&std::mem::take(&mut only));
                parts.extend_from_slice(&data);
            }
            (true, false) => parts.extend_from_slice(&data),
        }
    }
    *request.body_mut() = if parts.is_empty() { only } else { parts.freeze() };
    Ok(request)
}

fn refused(identified: Option<&Identified>, error: &ServiceError) -> Response<Body> {
    wire::refusal(identified, error).map(Body::from)
}

/// Lets a service answer.
async fn serviced(site: &Site, connection: &Connection, request: wire::Request) -> Answered {
    if let Some(operation) = states::operation(&request) {
        if let Err(error) = signature::check_for(site.credentials.as_ref(), None, &request) {
            return Ok(refused(None, &error));
        }
        return Ok(states::answer(site, operation, &request).await.map(Body::from));
    }
    let identified = wire::identify(&request);
    let passed = upstream::of(site, identified.as_ref(), &request);
    let identified = identified.map(Arc::new);
    let request = &Arc::new(request);
    let asked = match (identified, passed) {
        (identified, Some(passed)) => Asked { identified, passed: Some(passed) },
        (Some(identified), None) => Asked { identified: Some(identified), passed: None },
        (None, None) => return Ok(wire::refused_stranger(request).map(Body::from)),
    };
    let (service, operation) = asked.names(request);
    let struck = site.faults.strike(&service, &operation);
    let mut entry = LoggedRequest::new(site.shared.now(), request, &service, operation);
    entry.access_key = match &asked.identified {
        Some(model) => model.access_key.clone(),
        None => wire::access_key(request),
    };
    entry.fault = struck.as_ref().map(|kind| format!("{kind:?}"));
    let (response, spoilt) = match struck {
        None => (handled(site, &asked, request).await, None),
        Some(kind) => match spoil(site, connection, &asked, request, &kind).await {
            Ok(response) => (response, Some(kind)),
            Err(broken) => {
                site.requests.add(entry);
                return Err(broken);
            }
        },
    };
    entry.status = response.status().as_u16();
    site.requests.add(entry);
    let (head, body) = response.into_parts();
    let body = match spoilt {
        Some(WireFaultKind::Truncated) => Body::truncated(body),
        Some(WireFaultKind::Drip(every)) => Body::drip(body, every),
        _ => Body::from(body),
    };
    Ok(Response::from_parts(head, body))
}

/// Who is asked: a model, or an upstream.
struct Asked {
    identified: Option<Arc<Identified>>,
    passed: Option<upstream::Passed>,
}

impl Asked {
    /// The service and the operation.
    fn names(&self, request: &wire::Request) -> (String, String) {
        match (&self.passed, &self.identified) {
            (Some(passed), _) => (passed.service.clone(), passed.operation.clone()),
            (None, Some(model)) => (model.service.name().to_owned(), wire::operation(model, request)),
            (None, None) => Default::default(),
        }
    }
    /// Whose protocol errors are written in; where only the upstream knows it, JSON.
    fn model(&self) -> Option<&Identified> {
        let is_same = |model: &&Identified| self.passed.as_ref().is_none_or(|p| p.service == model.service.name());
        self.identified.as_deref().filter(is_same)
    }
}

/// What is left of an answer when a fault has struck.
async fn spoil(
    site: &Site,
    connection: &Connection,
    asked: &Asked,
    request: &Arc<wire::Request>,
    kind: &WireFaultKind,
) -> Result<wire::Response, BrokenOff> {
    match kind {
        WireFaultKind::Reset => {
            connection.reset();
            Err(BrokenOff)
        }
        WireFaultKind::ResetAfter => {
            handled(site, asked, request).await;
            connection.reset();
            Err(BrokenOff)
        }
        WireFaultKind::Closed => Err(BrokenOff),
        WireFaultKind::BlackHole => {
            tokio::time::sleep(FOR_EVER).await;
            Err(BrokenOff)
        }
        WireFaultKind::Status(status) => Ok(wire::refusal(asked.model(), &fault::failed(asked.model(), *status))),
        WireFaultKind::Throttled => Ok(wire::refusal(asked.model(), &fault::throttled(asked.model()))),
        WireFaultKind::Latency(delay) => {
            let due = site.shared.touch(|stage| stage.after(*delay));
            due.await;
            Ok(handled(site, asked, request).await)
        }
        WireFaultKind::Truncated | WireFaultKind::Drip(_) => Ok(handled(site, asked, request).await),
    }
}

/// What the service says, now or when it can.
async fn handled(site: &Site, asked: &Asked, request: &Arc<wire::Request>) -> wire::Response {
    let model = asked.model();
    if let Err(error) = signature::check_for(site.credentials.as_ref(), model.map(|m| m.service), request) {
        return wire::refusal(model, &error);
    }
    let identified = match (&asked.passed, &asked.identified) {
        (Some(passed), _) => return passed.on(site, request).await,
        (None, Some(identified)) => Arc::clone(identified),
        (None, None) => return wire::refusal(None, &ServiceError::not_modelled("this service")),
    };
    let request = Arc::clone(request);
    let handled = site.shared.ask(move |stage| {
        let (now, services) = stage.services_mut();
        services.handle(now, &identified, &request)
    });
    let Some(handled) = handled.await else {
        let error = ServiceError::coded("ServiceUnavailable", "this endpoint ends").status(503);
        return wire::refusal(model, &error);
    };
    match handled {
        Handled::Now(response) => response,
        Handled::Later { pending, at_most, otherwise } => {
            let response = tokio::time::timeout(at_most, pending).await.unwrap_or(otherwise);
            site.shared.sign_of_life();
            response
        }
    }
}
