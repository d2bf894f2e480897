//! How a state machine's task calls a function: `lambda:invoke`, a function's own ARN, `aws-sdk:lambda:invoke`.

use super::ended::{Ended, unknown, wrapped};
use super::name::{Target, present};
use super::payload::Payload;
use super::run::{Asked, Ran, Run, log_of, log_result};
use super::{INVOKE, Invoked, Request, kind, wants_log};
use crate::asl::ResourceKind;
use crate::diagnostic::did_you_mean;
use crate::mock::{Answer as Answered, Reply};
use crate::services::integration::task_error;
use crate::services::members::Members;
use crate::services::{Service, ServiceError, Services};
use crate::task::{Call, TaskError};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// How the task spells its request and its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// The payload alone.
    Arn,
    /// `lambda:invoke`: payloads are JSON.
    Optimised,
    /// `aws-sdk:lambda:invoke`: payloads are texts, and a function that fails is a result.
    Sdk,
}

/// What a function says to a call; `None` where the call invokes none, or the test has set up none.
///
/// # Errors
/// There is no such function, or what it is asked is not modelled: for the test to mend, and not for the workflow to
/// catch.
pub(crate) fn answer(services: &mut Services, call: &Call, at: Timestamp) -> Option<Result<Answered, String>> {
    let spelling = match call.resource.kind() {
        ResourceKind::Lambda { .. } => Spelling::Arn,
        ResourceKind::Service { service, action, .. } if &**action == "invoke" => match &**service {
            "lambda" => Spelling::Optimised,
            "aws-sdk:lambda" => Spelling::Sdk,
            _ => return None,
        },
        _ => return None,
    };
    if !services.has(Service::Lambda) {
        return None;
    }
    Some(asked(services, call, at, spelling))
}

fn asked(services: &mut Services, call: &Call, at: Timestamp, spelling: Spelling) -> Result<Answered, String> {
    let is_sdk = spelling == Spelling::Sdk;
    let outcome = request(call, spelling).and_then(|request| {
        if let Some(trouble) = unknown_function(services, &request.asked.target) {
            return Err(ServiceError::coded("NotModelled", trouble).status(501));
        }
        services.around.now = services.around.now.max(at);
        let wants_log = request.wants_log;
        let invoked = services.lambda.invoke(&mut services.around, request);
        services.run_errands();
        Ok((wants_log, invoked?))
    });
    let refused = move |error: &ServiceError, call: &Call| {
        Reply::refused(task_error(Service::Lambda, is_sdk, error, call)).by("the model".into())
    };
    match outcome {
        Err(error) if error.is_not_modelled() => {
            Err(format!("`{}` calls {}: {}", call.location(), call.resource.short(), error.message))
        }
        Err(error) => Ok(Answered::Reply(refused(&error, call))),
        Ok((_, Invoked::Allowed)) => Ok(Answered::Reply(empty(call, at, is_sdk, 204))),
        Ok((_, Invoked::Taken(_))) => Ok(Answered::Reply(empty(call, at, is_sdk, 202))),
        Ok((wants_log, Invoked::Run(mut run))) => {
            let begun = std::mem::replace(&mut run.ran, Ran::Now(Ended::well(Payload::Value(Value::Null))));
            match begun {
                Ran::Now(ended) => Ok(Answered::Reply(reply(&run, ended, wants_log, call, at, spelling))),
                Ran::Later(working) => {
                    let call = call.clone();
                    let trouble = services.around.trouble.clone();
                    Ok(Answered::Future(Box::pin(async move {
                        match working.await {
                            Ok(ended) => reply(&run, ended, wants_log, &call, at, spelling),
                            Err(error) => {
                                // A mock that refuses does so on purpose; a runtime that never comes is no answer.
                                if !error.is_modelled {
                                    let place = call.location();
                                    let what = call.resource.short();
                                    trouble.note(|| format!("`{place}` calls {what}: {}", error.message));
                                }
                                refused(&error, &call)
                            }
                        }
                    })))
                }
            }
        }
    }
}

/// A name that the test has set up nothing for is a slip of the test, unless the function was there and was deleted.
fn unknown_function(services: &Services, target: &Target) -> Option<String> {
    let (functions, deleted) = (&services.lambda.functions, &services.lambda.deleted);
    if functions.contains_key(&target.name) || deleted.contains(&target.name) {
        return None;
    }
    let near = did_you_mean(&target.name, functions.keys().map(String::as_str));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if functions.is_empty() => "no function is set up".into(),
        None => {
            let names: Vec<String> = functions.keys().map(|name| format!("`{name}`")).collect();
            format!("there are {}", names.join(", "))
        }
    };
    Some(format!(
        "there is no function `{name}`, and no mock answers the call; {help}\n  add:   .services(Setup::new().function(\
         Function::new({name:?}).answers(|event, _| …)))",
        name = target.name
    ))
}

fn request<'a>(call: &'a Call, spelling: Spelling) -> Result<Request<'a>, ServiceError> {
    if spelling == Spelling::Arn {
        let payload = Payload::Value(call.payload.clone());
        let target = Target::of(call.resource.arn(), None)?;
        let asked = Asked { target, payload, client_context: None, call: Some(call) };
        return Ok(Request { asked, kind: kind(None)?, wants_log: wants_log(None)? });
    }
    let members = Members::of("Invoke", &call.payload, INVOKE)?;
    present(&call.payload, &["FunctionName"])?;
    let target = Target::of(members.needed("FunctionName")?, members.text("Qualifier"))?;
    let mut request = Request::of(&members, target)?;
    if spelling == Spelling::Optimised {
        request.asked.payload = Payload::Value(members.get("Payload").cloned().unwrap_or_else(Value::empty_object));
    }
    request.asked.call = Some(call);
    Ok(request)
}

/// What the task makes of an invocation that is over.
fn reply(run: &Run, ended: Ended, wants_log: bool, call: &Call, at: Timestamp, spelling: Spelling) -> Reply {
    let takes = ended.takes;
    let reply = if ended.is_failed && spelling != Spelling::Sdk {
        let error = match ended.error_type() {
            Some(name) => TaskError::new(name, ended.payload.text()),
            None => unknown(&ended.payload),
        };
        // A task that waits for its token was never submitted.
        if call.resource.waits_for_token() { Reply::refused(error) } else { Reply::failed(error) }
    } else {
        match result(run, &ended, wants_log, call, at, spelling) {
            // The task ends when the token comes back; this is what the service said to the request.
            Ok(result) if call.resource.waits_for_token() => Reply::later().submits(result),
            Ok(result) => Reply::done(result),
            Err(error) => Reply::failed(error),
        }
    };
    reply.takes(takes).by("the model".into())
}

fn result(
    run: &Run,
    ended: &Ended,
    wants_log: bool,
    call: &Call,
    at: Timestamp,
    spelling: Spelling,
) -> Result<Value, TaskError> {
    let value = || {
        ended.payload.value().map_err(|e| {
            let what = format!("The function's result is not JSON ({e}): {}", ended.payload.text());
            TaskError::new("States.Runtime", what)
        })
    };
    if spelling == Spelling::Arn {
        return value();
    }
    let mut members = Map::new();
    members.insert("ExecutedVersion", run.version.as_str());
    if ended.is_failed {
        members.insert("FunctionError", "Unhandled");
    }
    if wants_log {
        members.insert("LogResult", log_result(&log_of(run, ended)));
    }
    if spelling == Spelling::Sdk {
        members.insert("Payload", ended.payload.text());
        members.insert("StatusCode", 200);
        return Ok(members.into());
    }
    members.insert("Payload", value()?);
    members.insert("StatusCode", 200);
    Ok(wrapped(call, members, at))
}

/// What the service says where no function runs for the caller.
fn empty(call: &Call, at: Timestamp, is_sdk: bool, status: i64) -> Reply {
    let mut members = Map::new();
    let nothing = if is_sdk { Value::from("") } else { Value::empty_object() };
    members.insert("Payload", nothing);
    members.insert("StatusCode", status);
    let result = if is_sdk { members.into() } else { wrapped(call, members, at) };
    let reply = if call.resource.waits_for_token() { Reply::later().submits(result) } else { Reply::done(result) };
    reply.by("the model".into())
}
