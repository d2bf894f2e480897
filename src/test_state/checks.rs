//! What the service refuses about a TestState request before it runs the state.

use super::responses::Models;
use super::{FieldValidationMode, Isolated, Mock, Request};
use crate::asl::machine::{Distributed, ResultWriter, State, StateKind, Task};
use crate::asl::{Pattern, StateType};
use crate::task::{Outcome, TaskError};
use crate::validate::ApiError;
use crate::value::{Map, Value};

/// The sorts of tasks that the service cannot run alone, and what it calls them.
fn needs_mock(state: &State) -> Result<(), ApiError> {
    let refused = |what: String| Err(ApiError::new("InvalidDefinition", what));
    match &state.kind {
        StateKind::Map(_) | StateKind::Parallel(_) => refused(
            "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, \
             Succeed, Fail, Choice]"
                .into(),
        ),
        StateKind::Task(task) if task.resource.is_activity() => {
            refused("TestState API does not support Activity tasks when a mock is not specified.".into())
        }
        StateKind::Task(task) => match task.resource.pattern() {
            Pattern::RequestResponse => Ok(()),
            pattern => {
                let name = if pattern == Pattern::WaitForTaskToken { ".waitForTaskToken" } else { ".sync" };
                refused(format!(
                    "TestState API does not support the {name} service integration pattern when a mock is not specified."
                ))
            }
        },
        _ => Ok(()),
    }
}

/// Members that say something about a mock, and so need one.
fn needed_by_others(request: &Request) -> Option<&'static str> {
    let c = &request.state_configuration;
    let all = [
        (c.map_iteration_failure_count.is_some(), "MapIterationFailureCount"),
        (c.retrier_retry_count.is_some(), "RetrierRetryCount"),
        (c.error_caused_by_state.is_some(), "ErrorCausedByState"),
        (c.map_item_reader_data.is_some(), "MapItemReaderData"),
        (request.context.is_some(), "Context"),
    ];
    all.into_iter().find_map(|(given, name)| given.then_some(name))
}

/// A mock has a result or an error, and not both.
pub(super) fn mock_alone(mock: &Mock) -> Result<(), ApiError> {
    if mock.result.is_some() == mock.error.is_some() {
        let message = "A test mock should have only one of the following fields: [result, errorOutput].";
        return Err(ApiError::validation(message));
    }
    Ok(())
}

/// What the mock says, if there is one, once it is known to fit the state.
pub(super) fn mocked(request: &Request, isolated: &Isolated, state: &State) -> Result<Option<Outcome>, ApiError> {
    let Some(mock) = &request.mock else {
        if let Some(name) = needed_by_others(request) {
            let message = format!("TestState does not support {name} when a mock is not specified.");
            return Err(ApiError::validation(message));
        }
        return needs_mock(state).map(|()| None);
    };
    let state_type = state.state_type();
    if !matches!(state_type, StateType::Task | StateType::Map | StateType::Parallel) {
        let message = format!("State type '{}' is not supported when a mock is specified", state_type.name());
        return Err(ApiError::validation(message));
    }
    if let Some(name) = &request.state_configuration.error_caused_by_state
        && !isolated.inner.contains(name)
    {
        return Err(ApiError::validation("State not found in definition"));
    }
    if let Some(e) = &mock.error {
        let text = |t: &Option<String>| t.as_deref().map(Into::into);
        return Ok(Some(Err(TaskError { error: text(&e.error), cause: text(&e.cause) })));
    }
    let text = mock.result.as_deref().unwrap_or_default();
    let result = Value::parse(text).map_err(|_| ApiError::validation("Mocked result must be valid JSON"))?;
    fits(state, &result, mock.validation)?;
    Ok(Some(Ok(as_result(state, result))))
}

/// What a polling call's answer is as the task's result: `.sync:2` reads the texts of the execution that it waited for.
fn as_result(state: &State, mut answer: Value) -> Value {
    let reads = matches!(&state.kind, StateKind::Task(task) if task.resource.pattern() == Pattern::Sync2);
    for name in ["Input", "Output"].into_iter().filter(|_| reads) {
        if let Some(member) = answer.as_object_mut().and_then(|o| o.get_mut(name))
            && let Some(read) = member.as_str().and_then(|text| Value::parse(text).ok())
        {
            *member = read;
        }
    }
    answer
}

/// Whether a mocked result is of the form that the state's work gives.
fn fits(state: &State, result: &Value, mode: FieldValidationMode) -> Result<(), ApiError> {
    let array = || result.as_array().ok_or_else(|| ApiError::validation("Mocked result must be an array."));
    match &state.kind {
        StateKind::Parallel(parallel) if array()?.len() != parallel.branches.len() => Err(ApiError::validation(
            "Mocked result must contain the same number of items as number of Parallel branches.",
        )),
        StateKind::Map(map) if map.distributed.as_deref().is_some_and(writes_results) => match result.as_object() {
            Some(_) => Ok(()),
            None => Err(ApiError::validation("Mocked result must be a JSON object.")),
        },
        StateKind::Map(_) => array().map(|_| ()),
        StateKind::Task(task) => schema(task, result, mode),
        _ => Ok(()),
    }
}

fn writes_results(d: &Distributed) -> bool {
    d.writer.as_ref().is_some_and(|w: &ResultWriter| w.resource.is_some())
}

fn schema(task: &Task, result: &Value, mode: FieldValidationMode) -> Result<(), ApiError> {
    if mode == FieldValidationMode::None {
        return Ok(());
    }
    let strict = mode == FieldValidationMode::Strict;
    match Models::built_in().objection(&task.resource, result, strict) {
        Some(what) => Err(ApiError::validation(format!("Mock result schema validation error: {what}"))),
        None => Ok(()),
    }
}

/// A member of the request that is a JSON text; `what` names it in the refusal.
pub(super) fn json(text: Option<&str>, what: &str) -> Result<Option<Value>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    match Value::parse(text) {
        Ok(value) => Ok(Some(value)),
        Err(_) => {
            let why = crate::validate::broken_json(text).unwrap_or_else(|| "it is not JSON".into());
            Err(ApiError::new("InvalidExecutionInput", format!("Invalid State Machine Execution {what}: '{why}'")))
        }
    }
}

/// The same for a JSON object.
pub(super) fn object(text: Option<&str>, what: &str) -> Result<Map, ApiError> {
    match json(text, what)? {
        None => Ok(Map::new()),
        Some(value) => value.as_object().cloned().ok_or_else(|| {
            let message = format!("Invalid State Machine Execution {what}: 'Value must be a JSON object'");
            ApiError::new("InvalidExecutionInput", message)
        }),
    }
}
