//! What workers say to Step Functions: the ends of tasks by their tokens, and activities' tasks.

use std::time::Duration;

use bytes::Bytes;

use super::Site;
use crate::services::ServiceError;
use crate::services::wire::{self, Request, Response};
use crate::task::{Outcome, TaskError};
use crate::value::{Map, Str, Value};

/// How long a worker's poll waits, as the service has it.
const POLL: Duration = Duration::from_secs(60);
/// The most bytes of an output.
const MOST_OUTPUT: usize = 262_144;

/// The operation of Step Functions that a request names.
pub(super) fn operation(request: &Request) -> Option<&str> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    target.strip_prefix("AWSStepFunctions.")
}

/// Answers it.
pub(super) async fn answer(site: &Site, operation: &str, request: &Request) -> Response {
    let answered = match wire::json_body(request) {
        Ok(input) => match operation {
            "SendTaskSuccess" => success(site, &input),
            "SendTaskFailure" => failure(site, &input),
            "SendTaskHeartbeat" => heartbeat(site, &input),
            "GetActivityTask" => poll(site, &input).await,
            _ => Err(ServiceError::not_modelled(format!("the operation {operation} of Step Functions over HTTP"))),
        },
        Err(error) => Err(error),
    };
    match answered {
        Ok(value) => wire::response(200, "application/x-amz-json-1.0", Bytes::from(value.to_string())),
        Err(error) => wire::refusal(None, &error),
    }
}

fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member)?.as_str()
}

fn token(input: &Value) -> Result<&str, ServiceError> {
    let fit = text(input, "taskToken").filter(|token| !token.is_empty() && token.len() <= 2048);
    fit.ok_or_else(|| ServiceError::modelled("InvalidToken", "Invalid Token: 'Invalid token'"))
}

fn finish(site: &Site, input: &Value, outcome: Outcome) -> Result<Value, ServiceError> {
    let token = token(input)?;
    site.shared.touch(|stage| {
        let work = stage.work_of_token(token).ok_or_else(gone)?;
        stage.finish_work(work, outcome);
        Ok(Value::empty_object())
    })
}

fn gone() -> ServiceError {
    ServiceError::modelled("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
}

fn success(site: &Site, input: &Value) -> Result<Value, ServiceError> {
    let invalid = |why: &str| ServiceError::modelled("InvalidOutput", format!("Invalid Output: '{why}'"));
    let output = text(input, "output").unwrap_or_default();
    if output.len() > MOST_OUTPUT {
        return Err(invalid("Size exceeds limit"));
    }
    let output = Value::parse(output).map_err(|e| invalid(&e.to_string()))?;
    finish(site, input, Ok(output))
}

fn failure(site: &Site, input: &Value) -> Result<Value, ServiceError> {
    let part = |member: &str| text(input, member).map(Str::from);
    finish(site, input, Err(TaskError { error: part("error"), cause: part("cause") }))
}

fn heartbeat(site: &Site, input: &Value) -> Result<Value, ServiceError> {
    let token = token(input)?;
    site.shared.touch(|stage| {
        let work = stage.work_of_token(token).ok_or_else(gone)?;
        stage.heartbeat(work);
        Ok(Value::empty_object())
    })
}

async fn poll(site: &Site, input: &Value) -> Result<Value, ServiceError> {
    let arn = text(input, "activityArn").unwrap_or_default();
    let name = arn.split(":activity:").nth(1).filter(|name| !name.is_empty());
    let Some(name) = name else {
        return Err(ServiceError::modelled("InvalidArn", format!("Invalid Arn: 'Invalid ARN prefix: {arn}'")));
    };
    let worker = text(input, "workerName").map(str::to_owned);
    let pending = site.shared.touch(|stage| stage.poll_activity(name, worker));
    let taken = tokio::time::timeout(POLL, pending).await.ok().flatten();
    site.shared.sign_of_life();
    let mut task = Map::new();
    if let Some((token, input)) = taken {
        task.insert("taskToken", token);
        task.insert("input", input.to_string());
    }
    Ok(task.into())
}
