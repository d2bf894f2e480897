//! What workers say to Step Functions: the ends of tasks by their tokens, and activities' tasks.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Answer, Site, text};
use crate::services::ServiceError;
use crate::task::{Outcome, TaskError};
use crate::value::{Str, Value};

/// How long a worker's poll waits, as the service has it.
const POLL: Duration = Duration::from_secs(60);
/// The most bytes of an output.
const MOST_OUTPUT: usize = 262_144;

fn token(input: &Value) -> Result<&str, ServiceError> {
    let fit = text(input, "taskToken").filter(|token| !token.is_empty() && token.len() <= 2048);
    fit.ok_or_else(|| ServiceError::modelled("InvalidToken", "Invalid Token: 'Invalid token'"))
}

fn finish(site: &Site, input: &Value, outcome: Outcome) -> Answer {
    let token = token(input)?;
    site.shared.touch(|stage| {
        let work = stage.work_of_token(token).ok_or_else(gone)?;
        stage.finish_work(work, outcome);
        Ok(json!({}))
    })
}

fn gone() -> ServiceError {
    ServiceError::modelled("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
}

pub(super) fn success(site: &Site, input: &Value) -> Answer {
    let invalid = |why: &str| ServiceError::modelled("InvalidOutput", format!("Invalid Output: '{why}'"));
    let output = text(input, "output").unwrap_or_default();
    if output.len() > MOST_OUTPUT {
        return Err(invalid("Size exceeds limit"));
    }
    let output = Value::parse(output).map_err(|e| invalid(&e.to_string()))?;
    finish(site, input, Ok(output))
}

pub(super) fn failure(site: &Site, input: &Value) -> Answer {
    let part = |member: &str| text(input, member).map(Str::from);
    finish(site, input, Err(TaskError { error: part("error"), cause: part("cause") }))
}

pub(super) fn heartbeat(site: &Site, input: &Value) -> Answer {
    let token = token(input)?;
    site.shared.touch(|stage| {
        let work = stage.work_of_token(token).ok_or_else(gone)?;
        stage.heartbeat(work);
        Ok(json!({}))
    })
}

pub(super) async fn poll(site: &Site, input: &Value) -> Answer {
    let arn = text(input, "activityArn").unwrap_or_default();
    let name = arn.split(":activity:").nth(1).filter(|name| !name.is_empty());
    let Some(name) = name else {
        return Err(ServiceError::modelled("InvalidArn", format!("Invalid Arn: 'Invalid ARN prefix: {arn}'")));
    };
    let worker = text(input, "workerName").map(str::to_owned);
    let pending = site.shared.touch(|stage| stage.poll_activity(name, worker));
    let taken = tokio::time::timeout(POLL, pending).await.ok().flatten();
    site.shared.sign_of_life();
    Ok(match taken {
        Some((token, input)) => json!({ "taskToken": &*token, "input": input.to_string() }),
        None => Json::Object(serde_json::Map::new()),
    })
}
