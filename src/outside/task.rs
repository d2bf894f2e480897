//! HTTP Tasks: `http:invoke` as a real request to the address that the test maps.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::connection::{Auth, Connection, Pairs};
use super::form::{ArrayFormat, escaped, form, plain, with_query};
use super::http::{Incoming, Outgoing, Unreached, send};
use super::response::{broken, reason, result, takes, unfit};
use super::settings::{Connections, Outside};
use super::thread::on_a_thread;
use super::token::Tokens;
use crate::asl::ResourceKind;
use crate::mock::{Answer, Reply};
use crate::pretend::REGION;
use crate::task::{Call, TaskError};
use crate::value::{Map, Value};

/// How long the service waits for a server.
const LIMIT: Duration = Duration::from_secs(60);
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];
const FIELDS: [&str; 8] = [
    "ApiEndpoint",
    "Authentication",
    "Headers",
    "InvocationConfig",
    "Method",
    "QueryParameters",
    "RequestBody",
    "Transform",
];

/// What a mapped server answers to an HTTP Task.
pub(super) fn answer(outside: &Outside, call: &Call, others: Connections<'_>) -> Option<Result<Answer, String>> {
    let ResourceKind::Service { service, action, .. } = call.resource.kind() else { return None };
    if (&**service, &**action) != ("http", "invoke") {
        return None;
    }
    let endpoint = text(call, "ApiEndpoint")?;
    let address = outside.mapped(endpoint)?;
    if let Some(members) = call.payload.as_object()
        && let Some(name) = members.keys().find(|name| !FIELDS.contains(&&***name))
    {
        return Some(Err(format!("`{}`: the parameter `{name}` of http:invoke is not modelled", call.location())));
    }
    let mut wrong = Vec::new();
    let method = text(call, "Method").unwrap_or_default();
    if !METHODS.contains(&method) {
        wrong.push("The value of the field 'Method' has an invalid format".to_owned());
    }
    let by = call.payload.get("InvocationConfig").or_else(|| call.payload.get("Authentication"));
    let arn = by.and_then(|by| by.get("ConnectionArn")).and_then(Value::as_str);
    let Some(arn) = arn else {
        wrong.push("The field 'ConnectionArn' is required but was missing".to_owned());
        return Some(Ok(Reply::failed(unfit(call, &wrong)).into()));
    };
    if !wrong.is_empty() {
        return Some(Ok(Reply::failed(unfit(call, &wrong)).into()));
    }
    let Some(connection) = outside.connection(arn, others) else {
        return Some(Err(format!(
            "`{}` uses the connection `{arn}`, which the test does not give\n  add:   .connection(\"{}\", \
             Connection::basic(\"user\", \"password\")), or Connection::none() where nobody looks at credentials",
            call.location(),
            arn.split_once(":connection/").map_or(arn, |(_, rest)| rest.split('/').next().unwrap_or(rest))
        )));
    };
    let request = match request(call, method, &address, &connection) {
        Ok(request) => request,
        Err(error) => return Some(Ok(Reply::failed(error).into())),
    };
    let login = match login(outside, connection) {
        Ok(login) => login,
        Err(endpoint) => {
            return Some(Err(format!(
                "`{}` needs a token from `{endpoint}`, and that address leads nowhere\n  add:   \
                 .endpoint({endpoint:?}, \"http://127.0.0.1:9999\")",
                call.location()
            )));
        }
    };
    let by = format!("the endpoint {address}");
    let (tokens, patience) = (outside.tokens.clone(), outside.patience);
    let exchanged = on_a_thread(move || exchange(&request, &login, &tokens, patience));
    let call = call.clone();
    Some(Ok(Answer::Future(Box::pin(async move {
        let outcome = exchanged.await.unwrap_or_else(|| Err(Failed::Socket("no request could be made".into())));
        reply(&call, outcome).by(by.into())
    }))))
}

fn text<'a>(call: &'a Call, member: &str) -> Option<&'a str> {
    call.payload.get(member)?.as_str()
}

/// How a request is let in, and where its token comes from.
struct Login {
    auth: Auth,
    token_address: String,
}

fn login(outside: &Outside, connection: Connection) -> Result<Login, String> {
    let token_address = match &connection.auth {
        Auth::OAuth(oauth) => outside.mapped(&oauth.endpoint).ok_or_else(|| oauth.endpoint.clone())?,
        _ => String::new(),
    };
    Ok(Login { auth: connection.auth, token_address })
}

/// The request without its credentials.
fn request(call: &Call, method: &str, address: &str, connection: &Connection) -> Result<Outgoing, TaskError> {
    let unfit_field = |name: &str| unfit(call, &[format!("The value of the field '{name}' has an invalid format")]);
    let mut headers: Pairs = Pairs::new();
    let given = call.payload.get("Headers").filter(|v| !v.is_null());
    for (name, value) in members(given).ok_or_else(|| unfit_field("Headers"))?.iter() {
        if connection.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
            continue;
        }
        match value {
            Value::Array(items) => headers.extend(items.iter().map(|item| (name.to_string(), plain(item)))),
            other => headers.push((name.to_string(), plain(other))),
        }
    }
    headers.extend(connection.headers.iter().cloned());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".into(), "application/json; charset=UTF-8".into()));
    }
    headers.retain(|(name, _)| !["user-agent", "range"].contains(&&*name.to_ascii_lowercase()));
    headers.push(("User-Agent".into(), format!("Amazon|StepFunctions|HttpInvoke|{REGION}")));
    headers.push(("Range".into(), "bytes=0-262144".into()));

    let query = match call.payload.get("QueryParameters").filter(|v| !v.is_null()) {
        Some(Value::String(text)) if connection.query.is_empty() => text.to_string(),
        given => {
            let mut query = members(given).ok_or_else(|| unfit_field("QueryParameters"))?;
            for (name, value) in &connection.query {
                query.insert(name.as_str(), value.as_str());
            }
            form(&query.into(), ArrayFormat::Repeat)
        }
    };
    let body = body(call, connection)?;
    Ok(Outgoing { method: method.to_owned(), url: with_query(address, &query), headers, body })
}

/// An object, or none for nothing; anything else is wrong.
fn members(value: Option<&Value>) -> Option<Map> {
    match value {
        None => Some(Map::new()),
        Some(value) => value.as_object().cloned(),
    }
}

fn body(call: &Call, connection: &Connection) -> Result<Vec<u8>, TaskError> {
    let mut body = call.payload.get("RequestBody").cloned();
    if !connection.body.is_empty() {
        let Some(mut merged) = members(body.as_ref().filter(|v| !v.is_null())) else {
            return Err(broken(call, "The request body can't be merged with the body parameters of the connection."));
        };
        for (name, value) in &connection.body {
            merged.insert(name.as_str(), value.as_str());
        }
        body = Some(merged.into());
    }
    let transform = call.payload.get("Transform");
    let part = |value: Option<&Value>, name: &str| value.and_then(|v| v.get(name)).cloned();
    let encoding = part(transform, "RequestBodyEncoding");
    let format = part(part(transform, "RequestEncodingOptions").as_ref(), "ArrayFormat");
    let unknown = |name: &str| unfit(call, &[format!("The value of the field '{name}' has an invalid format")]);
    let format = match format.as_ref() {
        None => ArrayFormat::Indices,
        Some(format) => {
            let found = ArrayFormat::NAMES.iter().find(|(name, _)| format.as_str() == Some(name));
            found.map(|(_, format)| *format).ok_or_else(|| unknown("ArrayFormat"))?
        }
    };
    let is_form = match encoding.as_ref().map(|e| e.as_str()) {
        None | Some(Some("NONE")) => false,
        Some(Some("URL_ENCODED")) => true,
        Some(_) => return Err(unknown("RequestBodyEncoding")),
    };
    Ok(match body {
        None => Vec::new(),
        Some(Value::String(text)) if is_form => escaped(&text).into_bytes(),
        Some(Value::String(text)) => text.as_bytes().to_vec(),
        Some(other) if is_form => form(&other, format).into_bytes(),
        Some(other) => other.to_string().into_bytes(),
    })
}

/// Why there is no response.
enum Failed {
    /// The connection, or the server's silence.
    Socket(String),
    TimedOut,
    /// No token.
    Token(String),
}

/// The request and its response. A token that is refused is fetched again, once.
fn exchange(request: &Outgoing, login: &Login, tokens: &Tokens, patience: Duration) -> Result<Incoming, Failed> {
    let mut is_second = false;
    loop {
        let mut request = request.clone();
        let mut token = None;
        match &login.auth {
            Auth::Nothing => {}
            Auth::Basic { user, password } => {
                let pair = STANDARD.encode(format!("{user}:{password}"));
                request.headers.push(("Authorization".into(), format!("Basic {pair}")));
            }
            Auth::ApiKey { header, value } => {
                request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
                request.headers.push((header.clone(), value.clone()));
            }
            Auth::OAuth(oauth) => {
                let fetched = tokens.of(oauth, &login.token_address, patience).map_err(Failed::Token)?;
                request.headers.push(("Authorization".into(), format!("Bearer {fetched}")));
                token = Some(fetched);
            }
        }
        let response = send(request, patience).map_err(|e| match e {
            Unreached::TimedOut => Failed::TimedOut,
            Unreached::Failed(why) => Failed::Socket(why),
        })?;
        match token {
            Some(token) if matches!(response.status, 401 | 407) && !is_second => {
                tokens.forget(&token);
                is_second = true;
            }
            _ => return Ok(response),
        }
    }
}

fn reply(call: &Call, outcome: Result<Incoming, Failed>) -> Reply {
    let late = || Reply::failed(TaskError::new("States.Http.Socket", "The HTTP request timed out.")).takes(LIMIT);
    let response = match outcome {
        Ok(response) if takes(&response) >= LIMIT => return late(),
        Ok(response) => response,
        Err(Failed::TimedOut) => return late(),
        Err(Failed::Socket(why)) => return Reply::failed(TaskError::new("States.Http.Socket", why)),
        Err(Failed::Token(why)) => {
            return Reply::failed(TaskError::new("Events.ConnectionResource.InvalidConnectionState", why));
        }
    };
    let reply = if (200..300).contains(&response.status) {
        match result(call, &response, str::to_owned) {
            Ok(result) => Reply::done(result),
            Err(error) => Reply::failed(error),
        }
    } else {
        // The body of such a response is lost: the service tells the words of the status alone.
        let name = format!("States.Http.StatusCode.{}", response.status);
        Reply::failed(TaskError::new(name, reason(response.status)))
    };
    reply.takes(takes(&response))
}
