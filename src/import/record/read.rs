//! GetExecutionHistory's answer, read back into a history.

use std::path::Path;
use std::sync::Arc;

use crate::asl::{Resource, StateType};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::error::Error;
use crate::history::{Detail, Evaluation, History, Phase, Scheduled, Started};
use crate::source::{self, Format, Source};
use crate::task::TaskError;
use crate::time::Timestamp;
use crate::value::{Str, Value};

/// 25,000 events with their payloads; a larger file is another file.
const MOST_BYTES: usize = 512 << 20;

/// A history that was read.
pub(super) struct Recorded {
    pub(super) history: History,
    /// What could not be read as it was meant, a sentence each.
    pub(super) notes: Vec<String>,
}

/// A file of JSON.
pub(super) fn json(path: &Path) -> Result<Value, Error> {
    let bytes = crate::import::bytes(path, MOST_BYTES)?;
    let source = Arc::new(Source::from_bytes(path.to_string_lossy(), &bytes, MOST_BYTES)?);
    let root = source::parse(&source, Format::of_name(source.name()).unwrap_or(Format::Json));
    // What the service says of a broken definition has no place here.
    let plain = |found: Diagnostics| {
        let plain: Vec<Diagnostic> = found.into_iter().map(|d| Diagnostic { aws: None, ..d }).collect();
        Error::from(Diagnostics::from(plain))
    };
    Ok(root.map_err(plain)?.to_value())
}

/// What is wrong with a history; whoever asked knows the file.
type Read<T> = Result<T, String>;

fn refuse<T>(what: impl Into<String>) -> Read<T> {
    Err(what.into())
}

/// The events of answers in any order: one answer, several, a list of events, a list of answers.
pub(super) fn events(answers: &[Value]) -> Read<Vec<Value>> {
    let mut events = Vec::new();
    for answer in answers {
        gather(answer, &mut events);
    }
    if events.is_empty() {
        return refuse(
            "there are no events; it takes the answer of `aws stepfunctions get-execution-history --output json`",
        );
    }
    let id = |event: &Value| event.get("id").and_then(Value::as_i64).unwrap_or(0);
    events.sort_by_key(id);
    events.dedup_by_key(|event| id(event));
    for (i, event) in events.iter().enumerate() {
        let wanted = i as i64 + 1;
        if id(event) != wanted {
            return refuse(match id(event) {
                0 => "an event has no `id`".to_owned(),
                _ => format!("event {wanted} is missing; give all pages, one file each, or leave out `--max-items`"),
            });
        }
    }
    Ok(events)
}

fn gather(answer: &Value, events: &mut Vec<Value>) {
    match answer {
        Value::Array(items) => items.iter().for_each(|item| gather(item, events)),
        Value::Object(o) => match o.get("events") {
            Some(page) => gather(page, events),
            None if o.contains_key("id") && o.contains_key("type") => events.push(answer.clone()),
            None => {}
        },
        _ => {}
    }
}

/// A history of these events.
pub(super) fn history(events: &[Value]) -> Read<Recorded> {
    let mut history = History::with_room(events.len());
    let mut notes = Vec::new();
    // What was scheduled by each event, for those that follow and do not repeat it.
    let mut resources: Vec<Option<Arc<Resource>>> = vec![None; events.len() + 1];
    for (i, event) in events.iter().enumerate() {
        let id = i + 1;
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        let previous = event.get("previousEventId").and_then(Value::as_i64).unwrap_or(0);
        let previous = u32::try_from(previous).unwrap_or(0).min(i as u32);
        let Some(at) = instant(event.get("timestamp")) else {
            return refuse(format!("event {id} has no timestamp"));
        };
        let inherited = resources.get(previous as usize).cloned().flatten();
        let reading = Reading { id, kind, details: details(event), inherited };
        let detail = reading.detail(&mut notes)?;
        if let Some(slot) = resources.get_mut(id) {
            *slot = resource_of(&detail).or(reading.inherited);
        }
        history.push(previous, at, detail);
    }
    let is_over = history.iter().next_back().is_some_and(|(_, e)| e.detail.is_terminal());
    if !is_over {
        return refuse(format!(
            "it does not end: its last event is {}; wait for the execution to end, or give the pages that are missing",
            events
                .last()
                .and_then(|e| e.get("type"))
                .and_then(Value::as_str)
                .map(|t| t.to_string())
                .unwrap_or_default()
        ));
    }
    Ok(Recorded { history, notes })
}

/// RFC 3339, or seconds since 1970 as older versions of the CLI write them.
fn instant(written: Option<&Value>) -> Option<Timestamp> {
    match written? {
        Value::String(text) => Timestamp::parse(text),
        number => Some(Timestamp::from_millis((number.as_f64()? * 1000.0).round() as i64)),
    }
}

/// The one member with what the type says.
fn details(event: &Value) -> Value {
    let members = event.as_object().into_iter().flat_map(|o| o.iter());
    let mut found = members.filter(|(name, v)| name.ends_with("EventDetails") && v.as_object().is_some());
    found.next().map_or_else(Value::empty_object, |(_, details)| details.clone())
}

fn resource_of(detail: &Detail) -> Option<Arc<Resource>> {
    match detail {
        Detail::TaskScheduled(scheduled) => Some(scheduled.resource.clone()),
        _ => None,
    }
}

struct Reading<'a> {
    id: usize,
    kind: &'a str,
    details: Value,
    inherited: Option<Arc<Resource>>,
}

impl Reading<'_> {
    fn text(&self, name: &str) -> Option<Str> {
        self.details.get(name)?.as_str().map(Str::from)
    }

    fn name(&self) -> Read<Str> {
        match self.text("name").or_else(|| self.text("state")) {
            Some(name) => Ok(name),
            None => refuse(format!("event {} ({}) has no name", self.id, self.kind)),
        }
    }

    /// A member that is JSON in a text.
    fn payload(&self, name: &str) -> Read<Value> {
        let about = self.details.get(&format!("{name}Details"));
        if about.and_then(|d| d.get("truncated")).and_then(Value::as_bool) == Some(true) {
            return refuse(format!(
                "the {name} of event {} ({}) is cut off, so it cannot be replayed",
                self.id, self.kind
            ));
        }
        match self.details.get(name) {
            Some(Value::String(text)) => Ok(Value::parse(text).unwrap_or_else(|_| Value::String(text.clone()))),
            Some(other) => Ok(other.clone()),
            None => refuse(format!(
                "event {} ({}) has no {name}: the history was asked for with `includeExecutionData` off; ask again with \
                 `--include-execution-data`",
                self.id, self.kind
            )),
        }
    }

    fn error(&self) -> TaskError {
        TaskError { error: self.text("error"), cause: self.text("cause") }
    }

    fn seconds(&self, name: &str) -> Option<u64> {
        u64::try_from(self.details.get(name)?.as_i64()?).ok()
    }

    fn resource(&self) -> Read<Arc<Resource>> {
        let written = self.text("resource");
        let arn = match (self.text("resourceType"), written) {
            (Some(service), Some(api)) => Some(format!("arn:aws:states:::{service}:{api}")),
            (None, Some(arn)) => Some(arn.to_string()),
            _ => None,
        };
        let read = arn.as_deref().and_then(Resource::parse).map(Arc::new);
        match read.or_else(|| self.inherited.clone()) {
            Some(resource) => Ok(resource),
            None => refuse(format!("event {} ({}) does not say what was called", self.id, self.kind)),
        }
    }

    fn scheduled(&self, payload: &str) -> Read<Detail> {
        let credentials = self.details.get("taskCredentials").and_then(|c| c.get("roleArn")).and_then(Value::as_str);
        Ok(Detail::TaskScheduled(Box::new(Scheduled {
            resource: self.resource()?,
            parameters: self.payload(payload)?,
            region: self.text("region").unwrap_or_else(|| "us-east-1".into()),
            timeout_seconds: self.seconds("timeoutInSeconds"),
            heartbeat_seconds: self.seconds("heartbeatInSeconds"),
            role_arn: credentials.map(Str::from),
        })))
    }

    fn assigned(&self) -> Option<Arc<Vec<(Str, Value)>>> {
        let assigned = self.details.get("assignedVariables")?.as_object()?;
        let read = |value: &Value| match value {
            Value::String(text) => Value::parse(text).unwrap_or_else(|_| value.clone()),
            other => other.clone(),
        };
        Some(Arc::new(assigned.iter().map(|(name, value)| (name.clone(), read(value))).collect()))
    }

    fn iteration(&self, phase: Phase) -> Read<Detail> {
        let index = self.details.get("index").and_then(Value::as_i64).and_then(|i| usize::try_from(i).ok());
        match index {
            Some(index) => Ok(Detail::MapIteration { phase, name: self.name()?, index }),
            None => refuse(format!("event {} ({}) has no index", self.id, self.kind)),
        }
    }

    fn detail(&self, notes: &mut Vec<String>) -> Read<Detail> {
        if let Some(state_type) = self.kind.strip_suffix("StateEntered").and_then(state_type) {
            return Ok(Detail::StateEntered { state_type, name: self.name()?, input: self.payload("input")? });
        }
        if let Some(state_type) = self.kind.strip_suffix("StateExited").and_then(state_type) {
            let output = self.payload("output")?;
            return Ok(Detail::StateExited { state_type, name: self.name()?, output, assigned: self.assigned() });
        }
        if let Some(state_type) = self.kind.strip_suffix("StateAborted").and_then(state_type) {
            return Ok(Detail::StateAborted(state_type));
        }
        Ok(match self.kind {
            "ExecutionStarted" => Detail::ExecutionStarted(Box::new(Started {
                input: self.payload("input")?,
                role_arn: self.text("roleArn").unwrap_or_else(|| "".into()),
            })),
            "ExecutionSucceeded" => Detail::ExecutionSucceeded { output: self.payload("output")? },
            "ExecutionFailed" => Detail::ExecutionFailed(Box::new(self.error())),
            "ExecutionAborted" => Detail::ExecutionAborted(Box::new(self.error())),
            "ExecutionTimedOut" => Detail::ExecutionTimedOut(Box::new(self.error())),
            "TaskScheduled" => self.scheduled("parameters")?,
            "LambdaFunctionScheduled" | "ActivityScheduled" => self.scheduled("input")?,
            "TaskStarted" | "LambdaFunctionStarted" => Detail::TaskStarted(self.resource()?),
            "ActivityStarted" => Detail::ActivityStarted { worker: self.text("workerName") },
            "TaskSubmitted" => Detail::TaskSubmitted { resource: self.resource()?, output: self.payload("output")? },
            "TaskSucceeded" | "LambdaFunctionSucceeded" | "ActivitySucceeded" => {
                Detail::TaskSucceeded { resource: self.resource()?, output: self.payload("output")? }
            }
            "TaskFailed" | "LambdaFunctionFailed" | "ActivityFailed" => {
                Detail::TaskFailed(Box::new((self.resource()?, self.error())))
            }
            "TaskTimedOut" | "LambdaFunctionTimedOut" | "ActivityTimedOut" => {
                Detail::TaskTimedOut(Box::new((self.resource()?, self.error())))
            }
            "TaskSubmitFailed"
            | "TaskStartFailed"
            | "LambdaFunctionScheduleFailed"
            | "LambdaFunctionStartFailed"
            | "ActivityScheduleFailed" => {
                notes.push(format!("event {} is {}, which is replayed as a task that fails", self.id, self.kind));
                Detail::TaskFailed(Box::new((self.resource()?, self.error())))
            }
            "ParallelStateStarted" => Detail::ParallelStateStarted,
            "ParallelStateSucceeded" => Detail::ParallelStateSucceeded,
            "ParallelStateFailed" => Detail::ParallelStateFailed,
            "MapStateStarted" => {
                let length = self.details.get("length").and_then(Value::as_i64).unwrap_or(0);
                Detail::MapStateStarted { length: usize::try_from(length).unwrap_or(0) }
            }
            "MapStateSucceeded" => Detail::MapStateSucceeded,
            "MapStateFailed" => Detail::MapStateFailed,
            "MapIterationStarted" => self.iteration(Phase::Started)?,
            "MapIterationSucceeded" => self.iteration(Phase::Succeeded)?,
            "MapIterationFailed" => self.iteration(Phase::Failed)?,
            "MapIterationAborted" => self.iteration(Phase::Aborted)?,
            "MapRunStarted" => Detail::MapRunStarted { arn: self.text("mapRunArn").unwrap_or_else(|| "".into()) },
            "MapRunSucceeded" => Detail::MapRunSucceeded,
            "MapRunFailed" => Detail::MapRunFailed(Box::new(self.error())),
            "MapRunAborted" => Detail::MapRunAborted,
            "EvaluationFailed" => Detail::EvaluationFailed(Box::new(Evaluation {
                error: self.text("error").unwrap_or_else(|| "".into()),
                cause: self.text("cause").unwrap_or_else(|| "".into()),
                location: self.text("location"),
                state: self.text("state").unwrap_or_else(|| "".into()),
            })),
            "ExecutionRedriven" | "MapRunRedriven" => {
                return refuse(format!(
                    "the execution was redriven (event {}), which is not replayed; record one that was not",
                    self.id
                ));
            }
            other => return refuse(format!("event {} is `{other}`, which no history has", self.id)),
        })
    }
}

fn state_type(name: &str) -> Option<StateType> {
    const TYPES: [StateType; 8] = [
        StateType::Pass,
        StateType::Task,
        StateType::Choice,
        StateType::Wait,
        StateType::Succeed,
        StateType::Fail,
        StateType::Parallel,
        StateType::Map,
    ];
    TYPES.into_iter().find(|t| t.name() == name)
}
