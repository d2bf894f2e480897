//! What is asked of the endpoint itself, under `/_rehearsal`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use serde_json::{Value as Json, json};

use super::body::Body;
use super::{ClockMode, Site};
use crate::services::wire::Request;
use crate::time::{Timestamp, parse_duration};

/// What was told, and with which status.
type Told = (u16, Json);

/// What can be asked: the method, the place, and what it is for.
const PLACES: &[(&str, &str, &str)] = &[
    ("GET", "/health", "whether it serves, and its version"),
    ("GET", "/clock", "the instant on the virtual clock, and who moves it"),
    ("POST", "/clock/advance", r#"moves the clock on: {"by": "5m"}; tells what fell due"#),
    (
        "POST",
        "/clock/advance-to",
        r#"moves the clock on to an instant: {"to": "2024-01-02T00:00:00Z"}; tells what fell due"#,
    ),
    ("POST", "/clock/pin", "lets the clock stand still until it is told to move"),
    ("POST", "/clock/resume", "lets the clock move on by itself again"),
    ("GET", "/calls", "the requests that came"),
    ("DELETE", "/calls", "forgets the requests that came"),
    ("POST", "/reset", "forgets everything since the start"),
];

/// Answers what is asked below `/_rehearsal`.
pub(super) async fn answer(site: &Arc<Site>, place: &str, request: &Request) -> Response<Body> {
    let method = request.method().as_str();
    let body: Json = match serde_json::from_slice(request.body()) {
        Ok(body) => body,
        Err(_) if request.body().is_empty() => json!({}),
        Err(e) => return told((400, json!({ "message": format!("the body is no JSON: {e}") }))),
    };
    told(match (method, place) {
        ("GET", "/health") => (200, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })),
        ("GET", "/clock") => (200, clock(site)),
        ("POST", "/clock/advance") => match span(&body["by"]) {
            Some(by) => advanced(site, site.shared.now() + by).await,
            None => (400, json!({ "message": r#"say by how much: {"by": "5m"}, or a number of seconds"# })),
        },
        ("POST", "/clock/advance-to") => match body["to"].as_str().and_then(Timestamp::parse) {
            Some(to) if to >= site.shared.now() => advanced(site, to).await,
            Some(_) => {
                (400, json!({ "message": format!("the clock never goes back, and it is {}", site.shared.now()) }))
            }
            None => (400, json!({ "message": r#"say to which instant: {"to": "2024-01-02T00:00:00Z"}"# })),
        },
        ("POST", "/clock/pin") => {
            site.shared.set_mode(ClockMode::Manual);
            (200, clock(site))
        }
        ("POST", "/clock/resume") => {
            site.shared.set_mode(site.mode);
            (200, clock(site))
        }
        ("GET", "/calls") => (200, calls(site)),
        ("DELETE", "/calls") => {
            site.requests.clear();
            (200, json!({}))
        }
        ("POST", "/reset") => match site.shared.reset() {
            Ok(()) => {
                site.requests.clear();
                (200, clock(site))
            }
            Err(e) => (500, json!({ "message": e.to_string() })),
        },
        _ => {
            let known: Vec<String> =
                PLACES.iter().map(|(method, place, what)| format!("{method} /_rehearsal{place}: {what}")).collect();
            (404, json!({ "message": format!("there is no {method} {}", request.uri().path()), "known": known }))
        }
    })
}

fn told((status, told): Told) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(told.to_string())));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}

/// A time as `"5m"`, or as a number of seconds.
fn span(said: &Json) -> Option<Duration> {
    match said {
        Json::String(text) => parse_duration(text).ok(),
        Json::Number(seconds) => Duration::try_from_secs_f64(seconds.as_f64()?).ok(),
        _ => None,
    }
}

fn clock(site: &Site) -> Json {
    let mode = match site.shared.mode() {
        ClockMode::Virtual => "virtual".to_owned(),
        ClockMode::Manual => "manual".to_owned(),
        ClockMode::Scaled(1.0) => "real".to_owned(),
        ClockMode::Scaled(speed) => format!("scaled:{speed}"),
    };
    json!({ "now": site.shared.now().to_string(), "mode": mode })
}

/// Moves the clock on, and answers when everything is quiet again.
async fn advanced(site: &Arc<Site>, to: Timestamp) -> Told {
    let shared = Arc::clone(&site.shared);
    let done = tokio::task::spawn_blocking(move || shared.advance_to(to)).await;
    match done {
        Ok(Ok(fired)) => {
            let fired =
                fired.iter().map(|f| json!({ "at": f.at.to_string(), "execution": &*f.execution, "what": f.what }));
            (200, json!({ "now": site.shared.now().to_string(), "fired": fired.collect::<Vec<_>>() }))
        }
        Ok(Err(e)) => (409, json!({ "message": e.to_string() })),
        Err(e) => (500, json!({ "message": e.to_string() })),
    }
}

fn calls(site: &Site) -> Json {
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
    json!({ "calls": calls, "dropped": all.dropped() })
}
