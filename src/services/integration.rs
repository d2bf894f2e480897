//! How a state machine's task calls a model: what the integration makes of its parameters, of the result, and of errors.

use super::answer::Outcome;
use super::{Answer, Service, ServiceError, Services, jobs, lambda};
use crate::asl::ResourceKind;
use crate::mock::{Answer as Answered, Reply, shape};
use crate::task::{Call, TaskError};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// How errors of a service are called: by the optimised integration, with its name in causes and its general exception,
/// and by that of the SDK.
struct Names {
    service: Service,
    optimised: (&'static str, &'static str, &'static str),
    sdk: (&'static str, &'static str),
}

const NAMES: [Names; 7] = [
    Names {
        service: Service::DynamoDb,
        optimised: ("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
        sdk: ("DynamoDb", "DynamoDbException"),
    },
    // There is no optimised integration of S3.
    Names { service: Service::S3, optimised: ("S3", "AmazonS3", "AmazonS3Exception"), sdk: ("S3", "S3Exception") },
    Names {
        service: Service::Lambda,
        optimised: ("Lambda", "AWSLambda", "AWSLambdaException"),
        sdk: ("Lambda", "LambdaException"),
    },
    Names {
        service: Service::Events,
        optimised: ("EventBridge", "AmazonEventBridge", "AmazonEventBridgeException"),
        sdk: ("EventBridge", "EventBridgeException"),
    },
    Names {
        service: Service::Scheduler,
        optimised: ("Scheduler", "AmazonScheduler", "AmazonSchedulerException"),
        sdk: ("Scheduler", "SchedulerException"),
    },
    Names {
        service: Service::Sns,
        optimised: ("SNS", "AmazonSNS", "AmazonSNSException"),
        sdk: ("Sns", "SnsException"),
    },
    Names {
        service: Service::Sqs,
        optimised: ("SQS", "AmazonSQS", "AmazonSQSException"),
        sdk: ("Sqs", "SqsException"),
    },
];

/// Which execution calls, of which machine: ARNs.
pub(crate) struct Caller<'a> {
    pub(crate) execution: &'a str,
    pub(crate) machine: &'a str,
}

/// What a model says to a call; `None` where no model is there for it.
///
/// # Errors
/// What the model does not model, which is for the test to mend and not for the workflow to catch.
pub(crate) fn answer(
    services: &mut Services,
    call: &Call,
    caller: &Caller<'_>,
    at: Timestamp,
) -> Option<Result<Answered, String>> {
    if let Some(answered) = lambda::task::answer(services, call, at) {
        return Some(answered);
    }
    if let Some(answered) = jobs::task::answer(services, call, caller, at) {
        return Some(answered);
    }
    let ResourceKind::Service { service, action, .. } = call.resource.kind() else { return None };
    let (name, is_sdk) = service.strip_prefix("aws-sdk:").map_or((&**service, false), |name| (name, true));
    let service = Service::of_name(name)?;
    if !services.has(service) {
        return None;
    }
    let operation: String = action.chars().take(1).flat_map(char::to_uppercase).chain(action.chars().skip(1)).collect();
    if let Some(error) = unreachable(service, is_sdk, &call.payload) {
        return Some(Ok(Answered::Reply(Reply::refused(error).by("the model".into()))));
    }
    let input = match (service, is_sdk) {
        (_, true) => call.payload.clone(),
        (Service::Events, _) => as_entries(&call.payload, caller),
        _ => as_texts(&call.payload),
    };
    match services.ask(at, service, &operation, &input) {
        Answer::Now(outcome) => Some(reply(outcome, service, is_sdk, call, at).map(Answered::Reply)),
        Answer::Later { pending, .. } => {
            let call = call.clone();
            Some(Ok(Answered::Future(Box::pin(async move {
                let gone = || Err(ServiceError::coded("ServiceUnavailable", "nothing answers any more").status(503));
                let outcome = pending.await.unwrap_or_else(gone);
                let wrong = |why: String| Reply::failed(TaskError::new("States.TaskFailed", why));
                reply(outcome, service, is_sdk, &call, at).unwrap_or_else(wrong)
            }))))
        }
    }
}

/// A queue's URL is where the request is sent, so that a mere name is taken for a host, which nobody knows.
fn unreachable(service: Service, is_sdk: bool, payload: &Value) -> Option<TaskError> {
    let url = payload.get("QueueUrl").and_then(Value::as_str).filter(|_| service == Service::Sqs)?;
    let address = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    let host = address.unwrap_or(url).split(['/', ':']).next().unwrap_or_default();
    let is_known = address.is_some() && (host.contains('.') || host == "localhost");
    if is_known || host.is_empty() {
        return None;
    }
    let prefix = if is_sdk { "Sqs" } else { "SQS" };
    let cause = format!("Unable to execute HTTP request: {host}: Name or service not known");
    Some(TaskError::new(format!("{prefix}.SdkClientException"), cause))
}

/// What the task makes of an operation's outcome.
pub(crate) fn reply(
    outcome: Outcome,
    service: Service,
    is_sdk: bool,
    call: &Call,
    at: Timestamp,
) -> Result<Reply, String> {
    let reply = match outcome {
        // One entry that is refused fails the task.
        Ok(result) if !is_sdk && result.get("FailedEntryCount").and_then(Value::as_i64).is_some_and(|n| n > 0) => {
            Reply::refused(TaskError::new("EventBridge.FailedEntry", result.to_string()))
        }
        Ok(result) => {
            let members = result.as_object().cloned().unwrap_or_default();
            let result = match (service, is_sdk) {
                (_, true) => members.into(),
                // Its answers carry no metadata.
                (Service::Events, _) => shape::sorted(&members),
                _ => shape::with_metadata(call, members, at),
            };
            match call.resource.waits_for_token() {
                // The task ends when the token comes back; this is what the service said to the request.
                true => Reply::later().submits(result),
                false => Reply::done(result),
            }
        }
        Err(error) if error.is_not_modelled() => {
            return Err(format!("`{}` calls {}: {}", call.location(), call.resource.short(), error.message));
        }
        Err(error) => Reply::refused(task_error(service, is_sdk, &error, call)),
    };
    Ok(reply.by("the model".into()))
}

/// Optimised integrations take JSON where the API wants a text, and write it out.
pub(crate) fn as_texts(payload: &Value) -> Value {
    let Some(members) = payload.as_object() else { return payload.clone() };
    let text = |(name, value): (&crate::value::Str, &Value)| {
        let is_text = matches!(&**name, "MessageBody" | "Message") && value.as_str().is_none() && !value.is_null();
        (name.clone(), if is_text { value.to_string().into() } else { value.clone() })
    };
    members.iter().map(text).collect::<Map>().into()
}

/// Events whose details are written out as texts. What calls is among what each is about: the execution and its machine.
fn as_entries(payload: &Value, caller: &Caller<'_>) -> Value {
    let entry = |entry: &Value| {
        let mut members = entry.as_object().cloned().unwrap_or_default();
        if let Some(detail) = members.get("Detail").filter(|detail| detail.as_str().is_none() && !detail.is_null()) {
            let text = detail.to_string();
            members.insert("Detail", text);
        }
        let mut about = members.get("Resources").and_then(Value::as_array).unwrap_or_default().to_vec();
        about.extend([caller.execution.into(), caller.machine.into()]);
        members.insert("Resources", about);
        Value::from(members)
    };
    let mut members = payload.as_object().cloned().unwrap_or_default();
    if let Some(entries) = members.get("Entries").and_then(Value::as_array) {
        let entries: Vec<Value> = entries.iter().map(entry).collect();
        members.insert("Entries", entries);
    }
    members.into()
}

/// `SQS.AmazonSQSException`, `DynamoDb.ConditionalCheckFailedException`, with the cause that goes with it.
pub(super) fn task_error(service: Service, is_sdk: bool, error: &ServiceError, call: &Call) -> TaskError {
    let Some(names) = NAMES.iter().find(|n| n.service == service) else { return TaskError::named(&*error.code) };
    let class = if error.code.ends_with("Exception") { error.code.clone() } else { format!("{}Exception", error.code) };
    let (prefix, general) = if is_sdk { names.sdk } else { (names.optimised.0, names.optimised.2) };
    let class = if error.is_modelled { &class } else { general };
    let code = error.query_code.unwrap_or(&error.code);
    let (in_cause, code) = if is_sdk { (names.sdk.0, "") } else { (names.optimised.1, code) };
    let cause = shape::service_error_cause(call, in_cause, error.status, code, &error.message);
    TaskError::new(format!("{prefix}.{class}"), cause)
}
