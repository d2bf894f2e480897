//! What a task makes of the response of a server outside.

use std::time::Duration;

use super::http::Incoming;
use crate::task::{Call, TaskError};
use crate::value::{Map, Str, Value};

/// The header with which a server says how long it takes on the virtual clock.
const TAKES: &str = "x-rehearsal-takes";

/// How long the response takes on the virtual clock.
pub(super) fn takes(response: &Incoming) -> Duration {
    let told = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(TAKES));
    told.and_then(|(_, value)| crate::time::parse_duration(value).ok()).unwrap_or_default()
}

/// The words that go with a status. HTTP Tasks have none for 418.
pub(super) fn reason(status: u16) -> &'static str {
    if status == 418 {
        return "";
    }
    ureq::http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or_default()
}

/// `{Headers, ResponseBody, StatusCode, StatusText}`, header names as `spelt`.
///
/// # Errors
/// A body that can't be a text.
pub(super) fn result(call: &Call, response: &Incoming, spelt: fn(&str) -> String) -> Result<Value, TaskError> {
    let mut headers: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in response.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(TAKES)) {
        let name = spelt(name);
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value.as_str().into()),
            None => headers.push((name, vec![value.as_str().into()])),
        }
    }
    let headers: Map = headers.into_iter().map(|(name, values)| (Str::from(name), Value::array(values))).collect();
    let mut members = Map::new();
    members.insert("Headers", headers);
    if let Some(body) = body(call, response)? {
        members.insert("ResponseBody", body);
    }
    members.insert("StatusCode", i64::from(response.status));
    members.insert("StatusText", reason(response.status));
    Ok(members.into())
}

/// The body as JSON where it says that it is, or else as a text.
fn body(call: &Call, response: &Incoming) -> Result<Option<Value>, TaskError> {
    let kind = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = kind.map_or("", |(_, kind)| kind.split(';').next().unwrap_or_default()).trim().to_ascii_lowercase();
    if response.body.is_empty() {
        return Ok(None);
    }
    let is_media = ["image/", "video/", "audio/"].iter().any(|media| kind.starts_with(media));
    if is_media || kind == "application/octet-stream" {
        let why = format!("Unsupported response content-type '{kind}'.");
        return Err(broken(call, &why));
    }
    let Ok(text) = std::str::from_utf8(&response.body) else {
        return Err(broken(call, "The response body is not a valid UTF-8 string."));
    };
    let is_json = kind == "application/json" || kind.ends_with("+json");
    let read = if is_json { Value::parse(text).ok() } else { None };
    Ok(Some(read.unwrap_or_else(|| text.into())))
}

/// What ends the execution.
pub(super) fn broken(call: &Call, why: &str) -> TaskError {
    let cause = format!(
        "An error occurred while executing the state '{}' (entered at the event id #{}). {why}",
        call.state, call.entered_event
    );
    TaskError::new("States.Runtime", cause)
}

/// What the service says about parameters with which it can't start a task.
pub(super) fn unfit(call: &Call, why: &[String]) -> TaskError {
    let parameters = &call.payload;
    let why = why.join(", ");
    broken(call, &format!("The Parameters '{parameters}' could not be used to start the Task: [{why}]"))
}
