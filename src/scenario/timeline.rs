//! The outside world of a scenario: people who answer, workers who poll, checks while the execution runs.

use std::time::Duration;

use super::expect::{self, Expect};
use super::format::{EVENT, WORKER, names};
use super::states::States;
use crate::asl::Machine;
use crate::asl::machine::StateKind;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::words::Reader;
use crate::source::{Member, Span};
use crate::task::{Outcome, TaskError};
use crate::value::{Str, Value};

/// Something that happens outside, or is looked at, at an instant.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) at: Duration,
    pub(super) action: Option<Action>,
    pub(super) expect: Option<Expect>,
    /// Where the file says what happens.
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Heartbeat(Str),
    /// SendTaskSuccess or SendTaskFailure.
    Answer(Str, Outcome),
    Stop(TaskError),
}

/// A worker of an activity.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    pub(super) activity: String,
    /// Zero: whenever there is work.
    pub(super) polls: Duration,
    pub(super) takes: Duration,
    pub(super) outcome: Outcome,
    pub(super) name: Option<String>,
}

impl Event {
    /// Whether it checks something.
    pub(super) fn checks(&self) -> bool {
        self.expect.as_ref().is_some_and(|e| !e.is_empty())
    }
}

/// The words that say what happens; an event has one at most.
const ACTIONS: [&str; 4] = ["heartbeat", "succeed", "fail", "stop"];

/// Reads a `timeline:`, in the order of time; events of one instant stay in the order of the file.
pub(super) fn events(reader: &mut Reader<'_>, states: &States, member: &Member) -> Vec<Event> {
    let mut events = Vec::new();
    for node in reader.items(member) {
        let mut event = Event { at: Duration::ZERO, action: None, expect: None, span: node.span };
        let found_before = reader.found.len();
        let (mut at, mut said): (Option<Duration>, Option<&Member>) = (None, None);
        for word in node.members() {
            if !reader.knows(word, &names(EVENT), "an event of the timeline") {
                continue;
            }
            match &*word.key {
                "at" => at = reader.duration(word),
                "expect" => event.expect = Some(expect::read(reader, states, word, true)),
                key if ACTIONS.contains(&key) => match said {
                    None => said = Some(word),
                    Some(first) => {
                        let message = format!("an event says two things: `{}` and `{key}`", first.key);
                        let finding =
                            Diagnostic::error("wrong-value", message).at(reader.source, word.key_span, "and this");
                        reader.push(finding.also(first.key_span, "this").help("write two events"));
                    }
                },
                _ => {}
            }
        }
        match at {
            Some(at) => event.at = at,
            None if node.member("at").is_none() => {
                let finding = reader.error("missing-field", "an event does not say when it happens", node, "no `at`");
                reader.push(finding.help("add `at: 30s`, counted from the start of the execution"));
            }
            None => {}
        }
        // A word that is not known may have been meant to say it.
        if said.is_none() && event.expect.is_none() && reader.found.len() == found_before {
            let message = "an event says neither what happens nor what to expect";
            let finding = reader.error("missing-field", message, node, "nothing happens");
            reader.push(finding.help("it needs one of `heartbeat`, `succeed`, `fail`, `stop` and `expect`"));
        }
        if let Some(word) = said {
            event.span = word.value.span;
        }
        event.action = said.and_then(|word| action(reader, states, node.members(), word));
        events.push(event);
    }
    events.sort_by_key(|event| event.at);
    events
}

fn action(reader: &mut Reader<'_>, states: &States, members: &[Member], word: &Member) -> Option<Action> {
    let text_of = |reader: &mut Reader<'_>, name: &str| {
        let member = members.iter().find(|m| &*m.key == name)?;
        reader.text_or_null(member).flatten()
    };
    let error = TaskError { error: text_of(reader, "error"), cause: text_of(reader, "cause") };
    if &*word.key == "stop" {
        return reader.flag(word).then_some(Action::Stop(error));
    }
    let state = reader.text(word)?;
    states.check_name(reader, &state, word.value.span);
    Some(match &*word.key {
        "heartbeat" => Action::Heartbeat(state),
        "fail" => Action::Answer(state, Err(error)),
        _ => {
            let output = members.iter().find(|m| &*m.key == "output");
            Action::Answer(state, Ok(output.map_or_else(Value::empty_object, |m| m.value.to_value())))
        }
    })
}

/// Reads `workers:`.
pub(super) fn workers(reader: &mut Reader<'_>, machine: &Machine, member: &Member) -> Vec<Worker> {
    let activities: Vec<&str> = machine
        .inner
        .states
        .iter()
        .filter_map(|s| match &s.kind {
            StateKind::Task(task) if task.resource.is_activity() => Some(task.resource.api()),
            _ => None,
        })
        .collect();
    let mut workers = Vec::new();
    for of in reader.members(member) {
        if !activities.contains(&&*of.key) {
            let message = format!("no task waits for workers of the activity `{}`", of.key);
            let finding =
                Diagnostic::error("unknown-activity", message).at(reader.source, of.key_span, "no such activity");
            reader.push(match did_you_mean(&of.key, activities.iter().copied()) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None if activities.is_empty() => finding.help("the machine has no activity tasks"),
                None => finding.help(format!("the activities are {}", activities.join(", "))),
            });
        }
        let mut worker = Worker {
            activity: of.key.to_string(),
            polls: Duration::ZERO,
            takes: Duration::ZERO,
            outcome: Ok(Value::empty_object()),
            name: None,
        };
        let mut cause = None;
        if let (Some(gives), Some(fails)) = (of.value.member("return"), of.value.member("fail")) {
            let message = format!("the worker of `{}` says two things: `return` and `fail`", of.key);
            let finding = Diagnostic::error("wrong-value", message).at(reader.source, fails.key_span, "and this");
            reader.push(finding.also(gives.key_span, "this").help("keep one of the two"));
        }
        for word in reader.members(of) {
            if !reader.knows(word, &names(WORKER), "a worker") {
                continue;
            }
            match &*word.key {
                "polls" => worker.polls = reader.duration(word).unwrap_or_default(),
                "takes" => worker.takes = reader.duration(word).unwrap_or_default(),
                "return" => worker.outcome = Ok(word.value.to_value()),
                "name" => worker.name = reader.text(word).map(|n| n.to_string()),
                "fail" => {
                    let error = reader.text_or_null(word).flatten();
                    worker.outcome = Err(TaskError { error, cause: None });
                }
                _ => cause = reader.text(word),
            }
        }
        if let Err(error) = &mut worker.outcome {
            error.cause = cause;
        }
        workers.push(worker);
    }
    workers
}
