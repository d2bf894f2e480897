//! What is asked of the endpoint itself, under `/_rehearsal`.

use bytes::Bytes;
use hyper::Response;
use serde_json::{Value as Json, json};

use super::Site;
use super::body::Body;
use crate::services::wire::Request;

/// Answers what is asked below `/_rehearsal`.
pub(super) fn answer(site: &Site, place: &str, request: &Request) -> Response<Body> {
    let (status, told) = match (request.method().as_str(), place) {
        ("GET", "/health") => (200, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })),
        ("GET", "/clock") => (200, json!({ "now": site.shared.now().to_string() })),
        ("GET", "/calls") => {
            let all = site.requests.all();
            let calls: Vec<Json> = all
                .iter()
                .map(|r| {
                    json!({
                        "at": r.at.to_string(), "service": r.service, "operation": r.operation, "method": r.method,
                        "path": r.path, "status": r.status, "parameters": r.parameters(), "fault": r.fault,
                    })
                })
                .collect();
            (200, json!({ "calls": calls, "dropped": all.dropped() }))
        }
        ("DELETE", "/calls") => {
            site.requests.clear();
            (200, json!({}))
        }
        ("GET" | "POST" | "DELETE" | "PUT", _) => {
            let known = [
                "GET /_rehearsal/health",
                "GET /_rehearsal/clock",
                "GET /_rehearsal/calls",
                "DELETE /_rehearsal/calls",
            ];
            (
                404,
                json!({ "message": format!("there is no {} {}", request.method(), request.uri().path()), "known": known }),
            )
        }
        _ => (405, json!({ "message": "methods here are GET, POST, PUT and DELETE" })),
    };
    let mut response = Response::new(Body::from(Bytes::from(told.to_string())));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}
