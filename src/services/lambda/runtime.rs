//! The Lambda Runtime API, which handlers speak: they ask for an event, and say what came of it.

use std::sync::Arc;
use std::time::Duration;

use super::deployed::{Chosen, Deployed};
use super::function::Answers;
use super::handler::Handler;
use super::mailbox::{Job, Mailbox, Mistake};
use super::name::Target;
use super::run::variables;
use crate::services::Services;
use crate::services::wire::{Handled, Request, Response, response};
use crate::value::Value;

/// Where its paths begin.
const ROOT: &str = "/2018-06-01/runtime/";
/// A handler waits for an event as long as it takes.
const FOR_EVER: Duration = Duration::from_secs(7 * 86_400);

/// A function whose handler asks for its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuntimeFunction {
    /// Its name.
    pub name: String,
    /// Whether the test left it to us to start the handler.
    pub is_ours: bool,
}

/// The function that a path of the Runtime API begins with, where it names one, and the rest of the path.
pub(super) fn split(path: &str) -> Option<(Option<&str>, &str)> {
    let (before, rest) = path.split_once(ROOT)?;
    let name = before.trim_matches('/');
    Some(((!name.is_empty()).then_some(name), rest))
}

/// Answers a handler's request that came where one function's runtime listens.
pub(crate) fn runtime_handle(services: &mut Services, function: &str, request: &Request) -> Handled {
    match split(request.uri().path()) {
        Some((_, rest)) => handle(services, Some(function), rest, request),
        None => {
            wrong(404, "InvalidPath", "this is the Lambda Runtime API, whose paths begin with /2018-06-01/runtime/")
        }
    }
}

/// Answers a handler's request. A function need not be named where there is only one of the kind.
pub(super) fn handle(services: &mut Services, function: Option<&str>, rest: &str, request: &Request) -> Handled {
    let mut all = services.lambda.functions.values().filter(|f| f.mailbox.is_some());
    let found = match function {
        Some(name) => all.find(|f| f.name == name),
        None => all.next().filter(|_| all.next().is_none()),
    };
    let Some(mailbox) = found.and_then(|f| f.mailbox.as_ref()) else {
        let what = match function {
            Some(name) => format!("no function `{name}` is set up with `handler` or `runtime`"),
            None => {
                "which function's handler this is the path has to say: AWS_LAMBDA_RUNTIME_API=host:port/NAME".into()
            }
        };
        return wrong(404, "UnknownFunction", &what);
    };
    let body = || request.body().to_vec();
    let method = request.method().as_str();
    let segments: Vec<&str> = rest.split('/').collect();
    match (method, segments.as_slice()) {
        ("GET", ["invocation", "next"]) => next(mailbox),
        ("POST", ["invocation", id, "response"]) => accepted(mailbox.respond(id, body())),
        ("POST", ["invocation", id, "error"]) => accepted(mailbox.fail(id, body())),
        ("POST", ["init", "error"]) => {
            mailbox.fail_init(body());
            accepted(Ok(()))
        }
        _ => wrong(404, "InvalidPath", "the Runtime API has no such path"),
    }
}

fn next(mailbox: &Arc<Mailbox>) -> Handled {
    match mailbox.next() {
        Ok(job) => Handled::Now(handed(job)),
        Err(pending) => Handled::Later {
            pending: Box::pin(async move {
                match pending.await {
                    Some(job) => handed(job),
                    // The process behind it is dead, or the test is over.
                    None => error(410, "Gone", "no invocation will come"),
                }
            }),
            at_most: FOR_EVER,
            otherwise: error(410, "Gone", "no invocation came"),
        },
    }
}

/// An event with its headers.
fn handed(job: Job) -> Response {
    let digits = job.id.replace('-', "");
    let trace = format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        job.deadline / 1000,
        digits.get(..24).unwrap_or(&digits),
        digits.get(16..).unwrap_or(&digits)
    );
    let headers = [
        ("lambda-runtime-aws-request-id", Some(job.id)),
        ("lambda-runtime-deadline-ms", Some(job.deadline.to_string())),
        ("lambda-runtime-invoked-function-arn", Some(job.arn)),
        ("lambda-runtime-trace-id", Some(trace)),
        ("lambda-runtime-client-context", job.client_context.and_then(decoded)),
    ];
    let mut response = response(200, "application/json", job.payload.into_bytes());
    for (name, value) in headers {
        if let Some(value) = value.and_then(|text| http::HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Handlers get the client's context as the JSON it is.
fn decoded(base64: String) -> Option<String> {
    use base64::Engine as _;
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(base64).ok()?).ok()
}

fn accepted(outcome: Result<(), Mistake>) -> Handled {
    match outcome {
        Ok(()) => Handled::Now(response(202, "application/json", r#"{"status":"OK"}"#)),
        Err(Mistake::UnknownId) => wrong(400, "InvalidRequestID", "Invalid request ID"),
        Err(Mistake::TooLarge) => {
            wrong(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes).")
        }
    }
}

fn wrong(status: u16, kind: &str, what: &str) -> Handled {
    Handled::Now(error(status, kind, what))
}

fn error(status: u16, kind: &str, what: &str) -> Response {
    let body = Value::object([("errorMessage", Value::from(what)), ("errorType", kind.into())]);
    response(status, "application/json", body.to_string())
}

impl Services {
    /// The functions whose handlers ask for their events.
    pub(crate) fn runtime_functions(&self) -> Vec<RuntimeFunction> {
        let all = self.lambda.functions.values().filter_map(|f| match &f.answers {
            Some(Answers::Runtime(program)) => {
                Some(RuntimeFunction { name: f.name.clone(), is_ours: program.is_some() })
            }
            _ => None,
        });
        all.collect()
    }

    /// Starts the handler of a function: `runtime_api` is where its Runtime API listens, as host and port; `endpoint` is
    /// the URL at which the services are reached. Nothing where the test left no program to start. The process ends
    /// when what is given back is dropped.
    pub(crate) fn start_handler(&mut self, function: &str, runtime_api: &str, endpoint: &str) -> Option<Handler> {
        let around = &mut self.around;
        let deployed = self.lambda.functions.get(function)?;
        let (Some(Answers::Runtime(Some(program))), Some(mailbox)) = (&deployed.answers, &deployed.mailbox) else {
            return None;
        };
        let target = Target { name: function.to_owned(), qualifier: None };
        let chosen = deployed.chosen(&target, around).ok()?;
        let mut program = program.clone();
        program.environment = environment(deployed, &chosen, runtime_api, endpoint);
        let root = program.directory.as_deref().map_or(".".into(), |d| d.to_string_lossy().into_owned());
        program.environment.insert("LAMBDA_TASK_ROOT".into(), root);
        program.environment.insert("_HANDLER".into(), program.words.last().cloned().unwrap_or_default());
        Some(Handler::start(program, Arc::clone(mailbox)))
    }
}

fn environment(
    deployed: &Deployed,
    chosen: &Chosen,
    runtime_api: &str,
    endpoint: &str,
) -> std::collections::BTreeMap<String, String> {
    let mut environment = variables(&deployed.name, chosen);
    environment.insert("AWS_LAMBDA_RUNTIME_API".into(), runtime_api.to_owned());
    // A test may send some of its handler's requests elsewhere.
    environment.entry("AWS_ENDPOINT_URL".into()).or_insert_with(|| endpoint.to_owned());
    // What a handler prints comes when it is printed.
    environment.entry("PYTHONUNBUFFERED".into()).or_insert_with(|| "1".to_owned());
    environment
}
