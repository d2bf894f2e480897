//! Requests that go on to an upstream.

use std::time::Duration;

use bytes::Bytes;

use super::Site;
use crate::outside::http::{Outgoing, Unreached, send};
use crate::outside::thread::on_a_thread;
use crate::outside::upstream::Target;
use crate::outside::upstream::pass::{is_of_the_connection, service_of_target};
use crate::services::ServiceError;
use crate::services::wire::{self, Identified, Request, Response};

/// A request for an upstream.
pub(super) struct Passed {
    /// The service as the request names it.
    pub(super) service: String,
    pub(super) operation: String,
    target: Target,
}

/// Whether a request goes on to an upstream, and to which.
pub(super) fn of(site: &Site, identified: Option<&Identified>, request: &Request) -> Option<Passed> {
    if site.upstreams.is_empty() {
        return None;
    }
    let target = request.headers().get("x-amz-target").and_then(|t| t.to_str().ok()).and_then(|t| t.rsplit_once('.'));
    // A signature's scope says it best; what names neither is taken for a request of S3.
    let of_target = || target.and_then(|(prefix, _)| service_of_target(prefix)).map(str::to_owned);
    let of_model = || identified.map(|i| i.service.name().to_owned());
    let service = wire::signed_service(request).or_else(of_target).or_else(of_model)?;
    let is_here =
        identified.is_some_and(|i| i.service.name() == service && site.shared.lock().services().has(i.service));
    let target_place = site.upstreams.for_request(&service, is_here)?;
    let operation = match (identified, target) {
        (Some(identified), _) if identified.service.name() == service => wire::operation(identified, request),
        (_, Some((_, operation))) => operation.to_owned(),
        _ => wire::action(request).unwrap_or_default(),
    };
    Some(Passed { service, operation, target: target_place })
}

impl Passed {
    /// Sends a request on and waits for what comes back. The clock stands still meanwhile.
    pub(super) async fn on(&self, site: &Site, request: &Request) -> Response {
        let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
        let headers = request.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let outgoing = Outgoing {
            method: request.method().to_string(),
            url: format!("{}{path}", self.target.url),
            headers,
            body: request.body().to_vec(),
        };
        let outgoing = match self.target.takes(outgoing, &self.service) {
            Ok(outgoing) => outgoing,
            Err(why) => return wire::refusal(None, &ServiceError::not_modelled(why)),
        };
        let patience = site.upstream_patience;
        let mut sent = on_a_thread(move || send(outgoing, patience));
        let outcome = loop {
            match tokio::time::timeout(SIGN_OF_LIFE, &mut sent).await {
                Ok(outcome) => break outcome,
                Err(_) => site.shared.sign_of_life(),
            }
        };
        site.shared.sign_of_life();
        let url = &self.target.url;
        let answered = match outcome {
            Some(Ok(answered)) => answered,
            Some(Err(Unreached::TimedOut)) => return unreached(504, format!("the upstream {url} has not answered")),
            Some(Err(Unreached::Failed(why))) => {
                return unreached(502, format!("the upstream {url} can't be asked: {why}"));
            }
            None => return unreached(502, format!("the upstream {url} can't be asked")),
        };
        let mut response = Response::new(Bytes::from(answered.body));
        *response.status_mut() = http::StatusCode::from_u16(answered.status).unwrap_or(http::StatusCode::BAD_GATEWAY);
        for (name, value) in answered.headers {
            // An answer to HEAD tells the length of what it does not hold.
            let is_length = request.method() == http::Method::HEAD && name.eq_ignore_ascii_case("content-length");
            if is_of_the_connection(&name) && !is_length {
                continue;
            }
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::from_str(&value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// How often the clock is told that somebody is at work: more often than it takes it to go on.
const SIGN_OF_LIFE: Duration = Duration::from_millis(50);

fn unreached(status: u16, why: String) -> Response {
    wire::refusal(None, &ServiceError::coded("ServiceUnavailable", why).status(status))
}
