//! Step Functions over HTTP: state machines, executions, and what workers say to them.

mod describe;
mod history;
mod list;
mod map_runs;
mod start;
mod workers;

use bytes::Bytes;
use serde_json::Value as Json;

use super::Site;
use crate::harness::shared::{ExecId, Stage};
use crate::registry::arn::kind_and_rest;
use crate::registry::page::Page;
use crate::registry::setting::text;
use crate::registry::{Registry, constraint, refusal};
use crate::services::ServiceError;
use crate::services::wire::{self, Request, Response};
use crate::value::{Str, Value};

/// What an operation answers, as JSON.
type Answer = Result<Json, ServiceError>;
/// An operation on executions that is done at once.
type Operation = fn(&mut Stage, &Value) -> Answer;

/// The operations on executions that wait for nobody. Those on what is configured are the registry's, and those that wait
/// are in [`answer`].
const OPERATIONS: &[(&str, Operation)] = &[
    ("DescribeExecution", describe::execution),
    ("DescribeMapRun", map_runs::describe),
    ("DescribeStateMachineForExecution", describe::machine_of),
    ("GetExecutionHistory", history::history),
    ("ListExecutions", list::executions),
    ("ListMapRuns", map_runs::list),
    ("RedriveExecution", start::redrive),
    ("StartExecution", start::start),
    ("StopExecution", start::stop),
    ("UpdateMapRun", map_runs::update),
];

/// The operation of Step Functions that a request names.
pub(super) fn operation(request: &Request) -> Option<&str> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    target.strip_prefix("AWSStepFunctions.")
}

/// Answers a request.
pub(super) async fn answer(site: &Site, operation: &str, request: &Request) -> Response {
    let answered = match wire::json_body(request) {
        Ok(input) => said(site, operation, input).await,
        Err(_) => Err(ServiceError::coded("SerializationException", "")),
    };
    match answered {
        Ok(json) => wire::response(200, "application/x-amz-json-1.0", Bytes::from(json.to_string())),
        Err(error) => wire::refusal(None, &error),
    }
}

async fn said(site: &Site, operation: &str, input: Value) -> Answer {
    if !Registry::answers(operation) {
        constraint::check(operation, &input)?;
    }
    if let Some((_, work)) = OPERATIONS.iter().find(|(name, _)| *name == operation) {
        return in_turn(site, move |stage| work(stage, &input)).await;
    }
    if Registry::answers(operation) {
        let operation = operation.to_owned();
        return in_turn(site, move |stage| stage.configure(&operation, &input).map(|value| value.to_json())).await;
    }
    match operation {
        "SendTaskSuccess" => workers::success(site, &input),
        "SendTaskFailure" => workers::failure(site, &input),
        "SendTaskHeartbeat" => workers::heartbeat(site, &input),
        "GetActivityTask" => workers::poll(site, &input).await,
        "StartSyncExecution" => start::synchronous(site, input).await,
        _ => Err(ServiceError::coded("UnknownOperationException", "")),
    }
}

/// Lets the world do something that says nothing of somebody who could act later.
async fn in_turn<F>(site: &Site, work: F) -> Answer
where
    F: FnOnce(&mut Stage) -> Answer + Send + 'static,
{
    let ends = || Err(ServiceError::coded("ServiceUnavailable", "this endpoint ends").status(503));
    site.shared.ask_quietly(work).await.unwrap_or_else(ends)
}

/// What a listing answers.
fn listed(name: &str, page: Page<Json>) -> Json {
    let mut told = serde_json::Map::new();
    told.insert(name.to_owned(), Json::Array(page.items));
    if let Some(token) = page.next {
        told.insert("nextToken".into(), token.into());
    }
    Json::Object(told)
}

fn owned(input: &Value, member: &str) -> Option<Str> {
    text(input, member).map(Str::from)
}

/// That an ARN names a thing of this kind: `execution`, `stateMachine`.
fn is_of_kind(arn: &str, wanted: &str) -> Result<(), ServiceError> {
    match kind_and_rest(arn) {
        Some((kind, _)) if kind == wanted => Ok(()),
        Some((kind, _)) => Err(refusal::wrong_kind(kind)),
        None => Err(refusal::invalid_arn(&format!("Invalid ARN prefix: {arn}"))),
    }
}

/// The execution that a request names.
fn found(stage: &Stage, arn: &str) -> Result<ExecId, ServiceError> {
    is_of_kind(arn, "execution")?;
    let missing = || ServiceError::modelled("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"));
    stage.find(arn).ok_or_else(missing)
}
