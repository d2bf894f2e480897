//! A first guess at a scenario: an input, an answer for every task, objects for every reader; and what comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::reads::{Step, at, put};
use crate::asl::machine::{InputType, StateKind};
use crate::asl::{Machine, Resource, ResourceKind};
use crate::engine::{Limits, Status};
use crate::harness::{Harness, Run};
use crate::history::StateType;
use crate::history::timeline::{StateVisit, VisitOutcome, timeline};
use crate::mock::{self, Mock};
use crate::test_state;
use crate::value::{Str, Value};

/// A machine that goes round for longer does not come to an end by itself.
const MOST_EVENTS: usize = 3_000;

/// What a machine is given.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    pub(super) input: Value,
    pub(super) tasks: Vec<Task>,
    pub(super) objects: Vec<Object>,
}

/// The answer of one task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) state: Str,
    /// The names of the Maps and Parallels around it.
    pub(super) enclosing: Arc<[Str]>,
    pub(super) resource: Arc<Resource>,
    pub(super) result: Value,
}

/// An object that a Map reads.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) kind: InputType,
    pub(super) rows: Value,
}

/// Something that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Input,
    Task(usize),
    Object(usize),
}

impl Sketch {
    pub(super) fn of(machine: &Machine) -> Sketch {
        let task = |state: &crate::asl::machine::State| match &state.kind {
            StateKind::Task(task) => Some(Task {
                state: state.name.clone(),
                enclosing: state.enclosing.clone(),
                resource: task.resource.clone(),
                result: answer_of(&task.resource),
            }),
            _ => None,
        };
        let tasks = machine.inner.states.iter().filter_map(task).collect();
        Sketch { input: Value::empty_object(), tasks, objects: Vec::new() }
    }

    pub(super) fn root(&self, root: Root) -> Option<&Value> {
        match root {
            Root::Input => Some(&self.input),
            Root::Task(i) => self.tasks.get(i).map(|task| &task.result),
            Root::Object(i) => self.objects.get(i).map(|object| &object.rows),
        }
    }

    /// The same with another value at a place.
    pub(super) fn with(&self, root: Root, path: &[Step], value: &Value) -> Sketch {
        let mut sketch = self.clone();
        let place = match root {
            Root::Input => Some(&mut sketch.input),
            Root::Task(i) => sketch.tasks.get_mut(i).map(|task| &mut task.result),
            Root::Object(i) => sketch.objects.get_mut(i).map(|object| &mut object.rows),
        };
        if let Some(place) = place {
            put(place, path, value.clone());
        }
        sketch
    }

    fn harness(&self, machine: &Machine) -> Harness {
        let limits = Limits { events: MOST_EVENTS, events_at_one_instant: MOST_EVENTS, ..Limits::default() };
        let mut harness = Harness::new(machine).limits(limits);
        for task in &self.tasks {
            harness = harness.mock(&task.state, mock_of(&task.result));
        }
        for object in &self.objects {
            harness = harness.object(&object.bucket, &object.key, object.text());
        }
        harness
    }

    pub(super) fn try_it(&self, machine: &Machine) -> Option<Trial> {
        let run = self.harness(machine).try_run(self.input.clone()).ok()?;
        let mut visits = run.timeline().visits.clone();
        for child in run.children() {
            visits.extend(timeline(&child.history).visits);
        }
        Some(Trial { run, visits })
    }
}

fn mock_of(result: &Value) -> Mock {
    mock::returns(result.clone())
}

/// What a call answers that nobody described: what its API always has, and what people look for first.
fn answer_of(resource: &Resource) -> Value {
    let example = mock::shape::example(resource);
    let least = if resource.waits_for_token() { None } else { test_state::least_answer(resource) };
    let mut answer = least.unwrap_or_else(Value::empty_object);
    if let (Some(members), Some(examples)) = (answer.as_object_mut(), example.as_object()) {
        for (name, value) in examples.iter() {
            if members.get(name).is_none_or(|there| there.as_str().is_none() || name.as_ref() == "Status") {
                members.insert(name.clone(), value.clone());
            }
        }
    }
    answer
}

/// A run of a sketch.
pub(super) struct Trial {
    pub(super) run: Run,
    /// All visits, those of child executions last.
    pub(super) visits: Vec<StateVisit>,
}

impl Trial {
    pub(super) fn succeeded(&self) -> bool {
        matches!(self.run.status(), Status::Succeeded(_))
    }

    /// How many different states were entered that are not there to end badly.
    pub(super) fn reach(&self) -> usize {
        let good = self.visits.iter().filter(|v| v.state_type != StateType::Fail);
        good.map(|v| &*v.name).collect::<BTreeSet<_>>().len()
    }

    /// Whether a visit came to something that its state did not expect.
    pub(super) fn is_troubled(visit: &StateVisit) -> bool {
        matches!(visit.outcome, VisitOutcome::Failed(_) | VisitOutcome::Caught(_))
            || visit.attempts.iter().any(|a| a.error().is_some())
    }
}

impl Object {
    /// The object that an `ItemReader` reads, as far as its place can be known from the state's input.
    pub(super) fn of(reader: &Json, input: &Value) -> Option<Object> {
        let parameters = reader.get("Parameters").or(reader.get("Arguments"))?;
        let text = |name: &str| -> Option<String> {
            if let Some(text) = parameters.get(name).and_then(Json::as_str) {
                let inside = text.strip_prefix("{%").and_then(|t| t.strip_suffix("%}")).map(str::trim);
                return match inside {
                    None => Some(text.to_owned()),
                    Some(path) => value_at(path.strip_prefix("$states.input")?, input),
                };
            }
            let path = parameters.get(format!("{name}.$")).and_then(Json::as_str)?;
            value_at(path.strip_prefix('$')?, input)
        };
        let lists = reader.get("Resource").and_then(Json::as_str).is_some_and(|r| r.ends_with("listObjectsV2"));
        let bucket = text("Bucket")?;
        let says = |name: &str| reader.get("ReaderConfig").and_then(|c| c.get(name)).and_then(Json::as_str);
        if says("ManifestType").is_some() {
            return None;
        }
        let kind = match says("InputType") {
            _ if lists && says("Transformation") != Some("LOAD_AND_FLATTEN") => InputType::Listing,
            Some("JSON") => InputType::Json,
            Some("JSONL") => InputType::Jsonl,
            Some("CSV") => InputType::Csv,
            _ => return None,
        };
        let mut object = Object { bucket, key: String::new(), kind, rows: Value::array(vec![Value::empty_object()]) };
        object.key = match lists {
            true => format!("{}example.{}", text("Prefix").unwrap_or_default(), object.ending()),
            false => text("Key")?,
        };
        Some(object)
    }

    /// The object's content.
    pub(super) fn text(&self) -> String {
        let rows = self.rows.as_array().unwrap_or_default();
        match self.kind {
            InputType::Csv => {
                let names: Vec<&Str> = match rows.first().and_then(Value::as_object) {
                    Some(members) => members.keys().collect(),
                    None => Vec::new(),
                };
                if names.is_empty() {
                    return "id\n1\n".to_owned();
                }
                let cell = |value: Option<&Value>| match value {
                    Some(Value::String(text)) => text.to_string(),
                    Some(other) => other.to_string(),
                    None => String::new(),
                };
                let quoted = |text: String| match text.contains([',', '"', '\n']) {
                    true => format!("\"{}\"", text.replace('"', "\"\"")),
                    false => text,
                };
                let head = names.iter().map(|n| quoted(n.to_string())).collect::<Vec<_>>().join(",");
                let line = |row: &Value| names.iter().map(|n| quoted(cell(row.get(n)))).collect::<Vec<_>>().join(",");
                std::iter::once(head).chain(rows.iter().map(line)).map(|line| line + "\n").collect()
            }
            InputType::Jsonl => rows.iter().map(|row| format!("{row}\n")).collect(),
            _ => format!("{}\n", self.rows),
        }
    }

    /// The ending of a file of this kind.
    pub(super) fn ending(&self) -> &'static str {
        match self.kind {
            InputType::Csv => "csv",
            InputType::Jsonl => "jsonl",
            InputType::Listing => "txt",
            _ => "json",
        }
    }
}

fn value_at(path: &str, input: &Value) -> Option<String> {
    at(input, &super::reads::steps(path)).and_then(Value::as_str).map(|text| text.to_string())
}

impl Task {
    /// What to write for its answer: the payload alone for a function.
    pub(super) fn words(&self) -> Value {
        let is_function = match self.resource.kind() {
            ResourceKind::Lambda { .. } => return Value::object([("payload", self.result.clone())]),
            ResourceKind::Service { service, action, .. } => (&**service, &**action) == ("lambda", "invoke"),
            ResourceKind::Activity { .. } => false,
        };
        let names: Vec<&str> =
            self.result.as_object().map_or_else(Vec::new, |o| o.keys().map(|name| &**name).collect());
        if is_function && !self.resource.waits_for_token() && names == ["StatusCode", "Payload"] {
            return Value::object([("payload", self.result.get("Payload").cloned().unwrap_or_default())]);
        }
        Value::object([("return", self.result.clone())])
    }
}
