//! API Gateway: `apigateway:invoke` as a real request to the address that the test maps.

use std::time::Duration;

use super::form::{ArrayFormat, form, with_query};
use super::http::{Incoming, Outgoing, Unreached, send};
use super::response::{reason, result, takes, unfit};
use super::settings::Outside;
use super::thread::on_a_thread;
use crate::asl::ResourceKind;
use crate::mock::{Answer, Reply};
use crate::task::{Call, TaskError};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// How long API Gateway waits for an integration.
const LIMIT: Duration = Duration::from_secs(29);
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
const FIELDS: [&str; 9] = [
    "AllowNullValues",
    "ApiEndpoint",
    "AuthType",
    "Headers",
    "Method",
    "Path",
    "QueryParameters",
    "RequestBody",
    "Stage",
];

/// What a mapped server answers to a call of an API.
pub(super) fn answer(outside: &Outside, call: &Call, _: Timestamp) -> Option<Result<Answer, String>> {
    let ResourceKind::Service { service, action, .. } = call.resource.kind() else { return None };
    if (&**service, &**action) != ("apigateway", "invoke") {
        return None;
    }
    let text = |member: &str| call.payload.get(member).and_then(Value::as_str);
    let host = text("ApiEndpoint")?;
    let place = |part: Option<&str>| match part.map(|part| part.trim_matches('/')).filter(|part| !part.is_empty()) {
        Some(part) => format!("/{part}"),
        None => String::new(),
    };
    let address = outside.mapped(&format!("https://{host}{}{}", place(text("Stage")), place(text("Path"))))?;
    if let Some(members) = call.payload.as_object()
        && let Some(name) = members.keys().find(|name| !FIELDS.contains(&&***name))
    {
        return Some(Err(format!(
            "`{}`: the parameter `{name}` of apigateway:invoke is not modelled",
            call.location()
        )));
    }
    match text("AuthType") {
        None | Some("NO_AUTH") => {}
        // A server of the test's own has nothing to check a signature with.
        Some("IAM_ROLE" | "RESOURCE_POLICY") => {}
        Some(_) => {
            let why = "The value of the field 'AuthType' has an invalid format".to_owned();
            return Some(Ok(Reply::refused(unfit(call, &[why])).into()));
        }
    }
    let method = text("Method").unwrap_or_default();
    if !METHODS.contains(&method) {
        let why = "The value of the field 'Method' has an invalid format".to_owned();
        return Some(Ok(Reply::refused(unfit(call, &[why])).into()));
    }
    let keeps_nulls = call.payload.get("AllowNullValues").and_then(Value::as_bool) == Some(true);
    let request = request(call, method, &address, keeps_nulls);
    let patience = outside.patience;
    let sent = on_a_thread(move || send(request, patience));
    let (call, by) = (call.clone(), format!("the endpoint {address}"));
    Some(Ok(Answer::Future(Box::pin(async move {
        let outcome = sent.await.unwrap_or_else(|| Err(Unreached::Failed("no request could be made".into())));
        reply(&call, outcome).by(by.into())
    }))))
}

fn request(call: &Call, method: &str, address: &str, keeps_nulls: bool) -> Outgoing {
    let empty = Map::new();
    // The engine has refused what is no object of lists.
    let lists = |member: &str| call.payload.get(member).and_then(Value::as_object).unwrap_or(&empty).clone();
    let mut headers = Vec::new();
    for (name, values) in lists("Headers").iter() {
        let values = values.as_array().unwrap_or_default().iter();
        headers.extend(values.map(|value| (name.to_string(), super::form::plain(value))));
    }
    let body = call.payload.get("RequestBody").filter(|body| keeps_nulls || !body.is_null());
    let body = body.map(|body| if keeps_nulls { body.clone() } else { without_nulls(body) });
    if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".into(), "application/json".into()));
    }
    let url = with_query(address, &form(&lists("QueryParameters").into(), ArrayFormat::Repeat));
    let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
    Outgoing { method: method.to_owned(), url, headers, body }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect::<Map>().into()
        }
        other => other.clone(),
    }
}

fn reply(call: &Call, outcome: Result<Incoming, Unreached>) -> Reply {
    let late = || Reply::refused(TaskError::new("ApiGateway.504", r#"{"message": "Endpoint request timed out"}"#));
    let response = match outcome {
        Ok(response) if takes(&response) > LIMIT => return late().takes(LIMIT),
        Ok(response) => response,
        Err(Unreached::TimedOut) => return late().takes(LIMIT),
        // The API is there; what it calls is not.
        Err(Unreached::Failed(_)) => {
            return Reply::refused(TaskError::new("ApiGateway.502", r#"{"message": "Internal server error"}"#));
        }
    };
    let reply = if response.status >= 400 {
        let body = String::from_utf8_lossy(&response.body).into_owned();
        let cause = if body.is_empty() { reason(response.status).to_owned() } else { body };
        Reply::refused(TaskError::new(format!("ApiGateway.{}", response.status), cause))
    } else {
        match result(call, &response, spelt) {
            // The task ends when the token comes back; this is what the API said to the request.
            Ok(result) if call.resource.waits_for_token() => Reply::later().submits(result),
            Ok(result) => Reply::done(result),
            Err(error) => Reply::refused(error),
        }
    };
    reply.takes(takes(&response))
}

/// Header names as API Gateway spells them.
fn spelt(name: &str) -> String {
    match name {
        "x-amzn-requestid" => "x-amzn-RequestId".into(),
        "x-amz-apigw-id" => name.into(),
        other => {
            let word = |word: &str| match word.split_at_checked(1) {
                Some((first, rest)) => format!("{}{rest}", first.to_ascii_uppercase()),
                None => String::new(),
            };
            other.split('-').map(word).collect::<Vec<_>>().join("-")
        }
    }
}
