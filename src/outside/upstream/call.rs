//! A state machine's call as a request to an upstream.

use super::body::{capital, read, written};
use super::table::{self, Operation, Service};
use super::{Target, Which};
use crate::asl::ResourceKind;
use crate::mock::{Answer, Reply, shape};
use crate::outside::form::{escaped, plain};
use crate::outside::http::{Incoming, Outgoing, Unreached, send};
use crate::outside::response::takes;
use crate::outside::settings::Outside;
use crate::outside::sign::{self, Credentials, Scope};
use crate::outside::thread::on_a_thread;
use crate::services::{Service as ModelOf, ServiceError, integration};
use crate::task::{Call, TaskError};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// What an upstream answers to a call.
pub(in crate::outside) fn answer(
    outside: &Outside,
    call: &Call,
    at: Timestamp,
    which: Which,
) -> Option<Result<Answer, String>> {
    let ResourceKind::Service { service: name, action, .. } = call.resource.kind() else { return None };
    let optimised = OPTIMISED.iter().find(|(own, _)| **own == **name).map(|(_, service)| *service);
    let Some(name) = name.strip_prefix("aws-sdk:").or(optimised.map(ModelOf::name)) else {
        // Only who asks for this very service means it to be answered there.
        outside.upstreams.of(name, Which::Named).filter(|_| which == Which::Named)?;
        return Some(Err(format!(
            "`{}` calls {}, an optimised integration that no upstream is asked for\n  help: use the `aws-sdk:` \
             resource, or answer it with a mock",
            call.location(),
            call.resource.short()
        )));
    };
    let target = outside.upstreams.of(name, which)?;
    let operation = capital(action);
    let unknown = |what: &str| {
        Some(Err(format!(
            "`{}` calls {}, and how requests of {what} are written is not known here, so that no upstream can be asked\n  \
             help: answer it with a mock",
            call.location(),
            call.resource.short()
        )))
    };
    let Some(service) = table::service(name) else { return unknown(name) };
    let Some(known) = service.operation(&operation) else { return unknown(&operation) };
    let payload = if optimised.is_some() { integration::as_texts(&call.payload) } else { call.payload.clone() };
    let mut request = match request(service, &operation, known, &payload, &target) {
        Ok(request) => request,
        Err(why) => return Some(Err(format!("`{}` calls {}: {why}", call.location(), call.resource.short()))),
    };
    // Emulators tell services by the scope of signatures.
    let credentials = target.credentials.unwrap_or_else(|| Credentials::new("rehearsal", "rehearsal"));
    let by = format!("the upstream {}", target.url);
    let patience = outside.patience;
    let sent = on_a_thread(move || {
        let scope = Scope { service: service.signing, region: &target.region, date: &sign::date() };
        sign::sign(&mut request, &credentials, &scope);
        send(request, patience)
    });
    let call = call.clone();
    Some(Ok(Answer::Future(Box::pin(async move {
        let outcome = sent.await.unwrap_or_else(|| Err(Unreached::Failed("no request could be made".into())));
        let reply = match (optimised, &outcome) {
            (Some(model), Ok(response)) => of_optimised(&call, service, known, response, model, at),
            _ => reply(&call, service, known, outcome),
        };
        reply.by(by.into())
    }))))
}

/// Optimised integrations that pass parameters on as they are.
const OPTIMISED: [(&str, ModelOf); 2] = [("dynamodb", ModelOf::DynamoDb), ("sqs", ModelOf::Sqs)];

/// What the task of an optimised integration makes of the response: the same as of a model's.
fn of_optimised(
    call: &Call,
    service: &Service,
    known: Operation,
    response: &Incoming,
    model: ModelOf,
    at: Timestamp,
) -> Reply {
    let outcome = if (200..300).contains(&response.status) {
        result(service, known, response).map_err(|why| ServiceError::coded("SdkClientException", why))
    } else {
        let (code, message) = error(response);
        let error = match service.has_class_for(&code) {
            true => ServiceError::modelled(code, message),
            false => ServiceError::coded(code, message),
        };
        Err(error.status(response.status))
    };
    let wrong = |why: String| Reply::failed(TaskError::new("States.TaskFailed", why));
    integration::reply(outcome, model, false, call, at).unwrap_or_else(wrong).takes(takes(response))
}

/// # Errors
/// What is missing in the parameters.
fn request(
    service: &Service,
    operation: &str,
    known: Operation,
    payload: &Value,
    target: &Target,
) -> Result<Outgoing, String> {
    if let Some((version, prefix)) = service.target {
        let headers = vec![
            ("content-type".into(), format!("application/x-amz-json-{version}")),
            ("x-amz-target".into(), format!("{prefix}.{operation}")),
        ];
        let body = written(service, known.input, payload).to_string().into_bytes();
        return Ok(Outgoing { method: "POST".into(), url: format!("{}/", target.url), headers, body });
    }
    let (mut path, mut query) = (known.path.to_owned(), Vec::new());
    let (mut headers, mut rest, mut body) = (Vec::new(), Map::new(), None);
    let rows = service.members(known.input);
    for (name, value) in payload.as_object().unwrap_or(&Map::new()).iter().filter(|(_, value)| !value.is_null()) {
        let row = rows.iter().find(|row| row.own == &**name);
        match row.map_or("", |row| row.place) {
            "" => drop(rest.insert(name.clone(), value.clone())),
            place => {
                let Some(row) = row else { continue };
                match (place, value) {
                    ("u", _) => {
                        let text = plain(value);
                        let whole: Vec<String> = text.split('/').map(escaped).collect();
                        path = path.replace(&format!("{{{}+}}", row.wire), &whole.join("/"));
                        path = path.replace(&format!("{{{}}}", row.wire), &escaped(&text));
                    }
                    ("q", Value::Array(items)) => query.extend(items.iter().map(|item| (row.wire, plain(item)))),
                    ("q", _) => query.push((row.wire, plain(&written(service, row.kind, value)))),
                    ("h", _) => headers.push((row.wire.to_owned(), plain(value))),
                    ("p", Value::String(text)) => body = Some(text.as_bytes().to_vec()),
                    ("p", _) => body = Some(written(service, row.kind, value).to_string().into_bytes()),
                    _ => return Err(format!("`{name}` is written in a way that is not known here; use a mock")),
                }
            }
        }
    }
    if let Some((_, missing)) = path.split_once('{') {
        let name = missing.split(['}', '+']).next().unwrap_or_default();
        return Err(format!("the parameter `{name}` is part of the address, and is not given"));
    }
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let mark = if query.is_empty() {
        ""
    } else if path.contains('?') {
        "&"
    } else {
        "?"
    };
    headers.push(("content-type".into(), "application/json".into()));
    let has_body = !matches!(known.method, "GET" | "DELETE" | "HEAD") || !rest.is_empty();
    let body = body.unwrap_or_else(|| match has_body {
        true => written(service, known.input, &rest.into()).to_string().into_bytes(),
        false => Vec::new(),
    });
    let url = format!("{}{path}{mark}{}", target.url, query.join("&"));
    Ok(Outgoing { method: known.method.into(), url, headers, body })
}

/// What the task makes of the response.
fn reply(call: &Call, service: &Service, known: Operation, outcome: Result<Incoming, Unreached>) -> Reply {
    let class = |name: &str| format!("{}.{name}", service.errors);
    let response = match outcome {
        Ok(response) => response,
        Err(unreached) => {
            let why = match unreached {
                Unreached::TimedOut => "Read timed out".to_owned(),
                Unreached::Failed(why) => why,
            };
            let cause = format!("Unable to execute HTTP request: {why}");
            return Reply::refused(TaskError::new(class("SdkClientException"), cause));
        }
    };
    let reply = if (200..300).contains(&response.status) {
        match result(service, known, &response) {
            // The task ends when the token comes back; this is what the service said to the request.
            Ok(result) if call.resource.waits_for_token() => Reply::later().submits(result),
            Ok(result) => Reply::done(result),
            Err(why) => Reply::refused(TaskError::new(class("SdkClientException"), why)),
        }
    } else {
        let (code, message) = error(&response);
        let name = match service.has_class_for(&code) {
            true => exception(&code),
            false => format!("{}Exception", service.errors),
        };
        let cause = shape::service_error_cause(call, service.errors, response.status, &code, &message);
        Reply::refused(TaskError::new(class(&name), cause))
    };
    reply.takes(takes(&response))
}

/// The class of an error as the SDK calls it: `ParameterNotFound` is `ParameterNotFoundException`.
fn exception(code: &str) -> String {
    let plain = code.strip_suffix("Fault").unwrap_or(code);
    if plain.ends_with("Exception") { plain.to_owned() } else { format!("{plain}Exception") }
}

/// # Errors
/// The response is none that this operation has.
fn result(service: &Service, known: Operation, response: &Incoming) -> Result<Value, String> {
    let rows = service.members(known.output);
    let payload = rows.iter().find(|row| row.place == "p");
    let text = || String::from_utf8_lossy(&response.body).into_owned();
    let parsed = || match response.body.is_empty() {
        true => Ok(Value::empty_object()),
        false => Value::parse_bytes(&response.body).map_err(|e| format!("Unable to parse the response: {e}")),
    };
    let mut members = match payload {
        Some(row) if row.kind == "x" => Map::from_iter([(Str::from(row.own), Value::from(text()))]),
        Some(row) => Map::from_iter([(Str::from(row.own), read(service, row.kind, &parsed()?))]),
        None => match read(service, known.output, &parsed()?) {
            Value::Object(members) => members.as_ref().clone(),
            _ => return Err("Unable to parse the response: no object".into()),
        },
    };
    for row in rows {
        match row.place {
            "s" => drop(members.insert(row.own, u64::from(response.status) as i64)),
            "h" => {
                let told = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(row.wire));
                if let Some((_, value)) = told {
                    members.insert(row.own, value.as_str());
                }
            }
            _ => {}
        }
    }
    Ok(members.into())
}

/// The code and the message of an error.
fn error(response: &Incoming) -> (String, String) {
    let body = Value::parse_bytes(&response.body).unwrap_or_default();
    let text = |names: &[&str]| names.iter().find_map(|name| Some(body.get(name)?.as_str()?.to_owned()));
    let header = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-amzn-errortype"));
    let code = header.map(|(_, value)| value.clone()).or_else(|| text(&["__type", "code", "Code"]));
    let code = code.unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    let message = text(&["message", "Message", "errorMessage"]);
    let message = message.unwrap_or_else(|| super::super::response::reason(response.status).to_owned());
    (code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_with_methods_and_paths_have_their_parts_in_place() {
        let lambda = table::service("lambda").unwrap();
        let target = Target { url: "http://h".into(), region: "us-east-1".into(), credentials: None };
        let written = |operation: &str, payload: &str| {
            let known = lambda.operation(operation).unwrap();
            request(lambda, operation, known, &Value::parse(payload).unwrap(), &target)
        };
        let invoke = r#"{"FunctionName":"a/b","InvocationType":"Event","Qualifier":"1","Payload":{"a":1}}"#;
        let sent = written("Invoke", invoke).unwrap();
        assert_eq!(sent.url, "http://h/2015-03-31/functions/a%2Fb/invocations?Qualifier=1");
        assert!(sent.headers.contains(&("X-Amz-Invocation-Type".into(), "Event".into())), "{sent:?}");
        assert_eq!(sent.body, br#"{"a":1}"#);
        assert_eq!(written("GetFunction", r#"{"FunctionName":"f"}"#).unwrap().body, b"");
        let why = written("GetFunction", "{}").unwrap_err();
        assert!(why.contains("`FunctionName` is part of the address"), "{why}");
    }

    #[test]
    fn errors_are_called_as_the_sdk_calls_their_classes() {
        for (code, want) in [
            ("NotFoundException", "NotFoundException"),
            ("ParameterNotFound", "ParameterNotFoundException"),
            ("SomethingFault", "SomethingException"),
        ] {
            assert_eq!(exception(code), want);
        }
        let headers = vec![("X-Amzn-ErrorType".to_owned(), "com.amazonaws.kms#Disabled:http://x".to_owned())];
        let response = Incoming { status: 400, headers, body: br#"{"Message":"m"}"#.to_vec() };
        assert_eq!(error(&response), ("Disabled".into(), "m".into()));
    }
}
