//! From a request to its answer: the state runs on the engine that runs everything, and shows what it does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::isolate::{Missing, isolate};
use super::response::{ErrorDetails, InspectionData, Response, Status};
use super::{InspectionLevel, Request, checks};
use crate::asl::machine::{QueryLanguage, State, StateKind};
use crate::asl::{MachineType, StateType};
use crate::engine::reader::Bytes;
use crate::engine::{self, Effect, Execution, Input, Probe, Seen, Settings};
use crate::pretend::ACCOUNT;
use crate::source::{Format, Node, Source, parse};
use crate::task::{Call, Outcome, TaskError};
use crate::time::Timestamp;
use crate::validate::{ApiError, invalid_definition};
use crate::value::{Map, Value};

/// Who answers a task that has no mock.
pub(super) type Answer<'a> = &'a mut dyn FnMut(&Call) -> Option<Outcome>;

pub(super) fn run(request: &Request, answer: Answer<'_>) -> Result<Response, ApiError> {
    let source = Arc::new(Source::new("definition.json", &request.definition));
    run_source(request, &source, Format::Json, answer)
}

/// The same, with the definition in a source of its own.
pub(super) fn run_source(
    request: &Request,
    source: &Arc<Source>,
    format: Format,
    answer: Answer<'_>,
) -> Result<Response, ApiError> {
    if let Some(mock) = &request.mock {
        checks::mock_alone(mock)?;
    }
    run_node(request, source, &parse(source, format).map_err(invalid_definition)?, answer)
}

/// The same, with a definition that has been read.
pub(super) fn run_node(
    request: &Request,
    source: &Arc<Source>,
    root: &Node,
    answer: Answer<'_>,
) -> Result<Response, ApiError> {
    if let Some(mock) = &request.mock {
        checks::mock_alone(mock)?;
    }
    let isolated = isolate(source, root, request.state_name.as_deref()).map_err(|missing| match missing {
        Missing::NotFound => ApiError::validation("State not found in definition"),
        Missing::Refused(found) => invalid_definition(found),
    })?;
    let inner = Arc::clone(&isolated.machine.inner);
    let state = inner.state(inner.root.start);
    let mocked = checks::mocked(request, &isolated, state)?;
    let input = checks::json(request.input.as_deref(), "Input")?.unwrap_or_else(Value::empty_object);
    let variables = checks::object(request.variables.as_deref(), "Variables")?;
    let context = checks::object(request.context.as_deref(), "Context")?;

    let is_block = matches!(state.kind, StateKind::Map(_) | StateKind::Parallel(_));
    let c = &request.state_configuration;
    let probe = Probe {
        stand_in: mocked.clone().filter(|_| is_block),
        failed_iterations: c.map_iteration_failure_count.unwrap_or(0),
        retries: c.retrier_retry_count.unwrap_or(0),
        variables: variables.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        seen: Seen::default(),
    };
    let item = isolated.is_in_map.then(|| input.clone());
    let execution = Execution::probed(&isolated.machine, settings(request, context, item), input.clone(), probe);
    let is_mocked = mocked.is_some();
    let mut asked_for = None;
    let mut reply = |call: &Call| match &mocked {
        Some(outcome) => Some(outcome.clone()),
        None => answer(call).or_else(|| {
            asked_for = Some(call.resource.short());
            None
        }),
    };
    let items = c.map_item_reader_data.as_deref().map(|text| Bytes::Object(text.to_owned().into()));
    let execution = drive(execution, &mut reply, items);
    if let Some(resource) = asked_for {
        let message = format!("nothing answers `{resource}`: give a mock, a result or an error");
        return Err(ApiError::new(ApiError::NO_ANSWER, message));
    }
    Ok(respond(request, state, &execution, input, is_mocked))
}

/// Who the pretend execution is. The service runs a test as an Express execution that somebody waits for.
fn settings(request: &Request, given: Map, item: Option<Value>) -> Arc<Settings> {
    let mut settings = Settings::of("TestState", "TestState", MachineType::Express, 0);
    let account = request.account.as_deref().unwrap_or(ACCOUNT);
    let arn = |kind: &str, rest: &str| format!("arn:aws:states:{}:{account}:{kind}:{rest}", settings.region).into();
    let execution_arn = arn("express", &format!("{}:{}", settings.machine_name, settings.execution_name));
    (settings.machine_arn, settings.execution_arn) = (arn("stateMachine", &settings.machine_name), execution_arn);
    settings.synchronous = true;
    let mut context = Map::new();
    match &request.role_arn {
        Some(role) => settings.role_arn = role.as_str().into(),
        None => {
            context.insert("Execution", Value::object([("RoleArn", Value::Null)]));
        }
    }
    if let Some(value) = item {
        // The first item, unless the context says otherwise.
        let item = Value::object([("Index", 0.into()), ("Value", value)]);
        context.insert("Map", Value::object([("Item", item)]));
    }
    for (name, value) in given.iter() {
        let both = context.get(name).and_then(Value::as_object).zip(value.as_object());
        let value = match both {
            Some((ours, theirs)) => {
                let members = ours.iter().chain(theirs.iter()).map(|(k, v)| (k.clone(), v.clone()));
                members.collect::<Map>().into()
            }
            None => value.clone(),
        };
        context.insert(name.clone(), value);
    }
    settings.context = Some(context).filter(|c| !c.is_empty());
    Arc::new(settings)
}

/// Lets the state run to its end, or to the point where it asks for something that nobody gives.
fn drive(
    mut execution: Execution,
    reply: &mut dyn FnMut(&Call) -> Option<Outcome>,
    mut items: Option<Bytes>,
) -> Execution {
    let mut now = Timestamp::EPOCH_DEFAULT;
    let mut timers = BTreeMap::new();
    let mut next = VecDeque::from([Input::Start]);
    while execution.status() == &engine::Status::Running {
        let input = match next.pop_front() {
            Some(input) => input,
            None => match timers.pop_first() {
                Some(((at, _, id), ())) => {
                    now = at;
                    Input::TimerFired(id)
                }
                None => break,
            },
        };
        execution.handle(now, input);
        while let Some(effect) = execution.next_effect() {
            match effect {
                Effect::Call(call) => match reply(&call) {
                    Some(outcome) => next.push_back(Input::Done(call.id, outcome)),
                    // A timeout would be somebody else's answer.
                    None => return execution,
                },
                Effect::ReadItems(read) => {
                    // Without data the iterations' inputs are unknown; their results are mocked all the same.
                    let read_items = items.take().unwrap_or(Bytes::Listing(Vec::new()));
                    next.push_back(Input::ItemsRead(read.run, Ok(read_items)));
                }
                Effect::SetTimer { id, at, class } => {
                    timers.insert((at, class, id), ());
                }
                Effect::CancelTimer(id) => timers.retain(|(_, _, other), ()| *other != id),
                _ => {}
            }
        }
    }
    execution
}

fn respond(request: &Request, state: &State, execution: &Execution, input: Value, is_mocked: bool) -> Response {
    let nothing = Seen::default();
    let seen = execution.seen().unwrap_or(&nothing);
    let is_caught = seen.output.is_some() && seen.catcher.is_some();
    let (status, output, error) = match execution.status() {
        engine::Status::Succeeded(output) if is_caught => {
            (Status::CaughtError, Some(output.clone()), seen.error.clone())
        }
        engine::Status::Succeeded(output) => (Status::Succeeded, Some(output.clone()), None),
        other => {
            let status = if seen.backoff.is_some() { Status::Retriable } else { Status::Failed };
            (status, None, Some(other.error().cloned().unwrap_or_else(TaskError::default)))
        }
    };
    let inspection = (request.inspection_level > InspectionLevel::Info)
        .then(|| inspection(state, seen, execution, input, is_mocked));
    Response { status, output, error, next_state: seen.next.as_deref().map(str::to_owned), inspection }
}

/// Picks what the service shows of each type of state.
fn inspection(state: &State, seen: &Seen, execution: &Execution, input: Value, is_mocked: bool) -> InspectionData {
    let state_type = state.state_type();
    let is_jsonpath = state.query_language == QueryLanguage::JsonPath;
    // A Parallel that is stood in for shows nothing of its input, and states without a result nothing after it.
    let shows_input = is_jsonpath && state_type != StateType::Parallel;
    let has_result = matches!(state_type, StateType::Pass | StateType::Task | StateType::Map | StateType::Parallel);
    let shows_result = is_jsonpath && has_result;
    let only = |value: &Option<Value>, shown: bool| value.clone().filter(|_| shown);
    let variables = execution.last_variables();
    let details = ErrorDetails {
        retry_index: seen.retrier,
        retry_backoff_seconds: seen.backoff.map(|d| d.as_secs_f64().round() as u64),
        catch_index: seen.catcher,
    };
    InspectionData {
        input: Some(input),
        after_arguments: only(&seen.after_parameters, !is_jsonpath && state_type == StateType::Task),
        after_input_path: only(&seen.after_input_path, shows_input),
        after_parameters: only(&seen.after_parameters, shows_input),
        result: only(&seen.result, state_type == StateType::Pass || !is_mocked),
        after_result_selector: only(&seen.after_result_selector, shows_result),
        after_result_path: only(&seen.after_result_path, shows_result),
        after_items_path: only(&seen.after_items_path, is_jsonpath),
        after_items_pointer: seen.after_items_pointer.clone(),
        after_item_selector: seen.after_item_selector.clone(),
        after_item_batcher: seen.after_item_batcher.clone(),
        max_concurrency: seen.max_concurrency.map(|n| n as u64),
        tolerated_failure_count: seen.tolerated_count.map(|n| n as u64),
        tolerated_failure_percentage: seen.tolerated_percentage,
        variables: (!variables.is_empty()).then(|| Value::object(variables)),
        error_details: (details != ErrorDetails::default()).then_some(details),
    }
}
