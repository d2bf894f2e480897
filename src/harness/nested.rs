//! `states:startExecution`: one machine starts another that the test has loaded.

use crate::asl::{Machine, Pattern, Resource, ResourceKind};
use crate::engine::{Settings, Status};
use crate::harness::slots::Slot;
use crate::mock::shape;
use crate::task::{Call, Outcome, TaskError};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// The machine a call starts; `None` where it starts none.
pub(super) fn target(call: &Call) -> Option<&str> {
    let ResourceKind::Service { service, action, .. } = call.resource.kind() else { return None };
    let starts = matches!((&**service, &**action), ("states" | "aws-sdk:sfn", "startExecution"));
    starts.then(|| call.payload.get("StateMachineArn")?.as_str()).flatten()
}

/// Whether an ARN names this machine: by its last part, without version or alias.
pub(super) fn is_named(machine: &Machine, arn: &str) -> bool {
    let name = arn.rsplit_once(":stateMachine:").map_or(arn, |(_, n)| n);
    name.split(':').next() == Some(machine.name())
}

/// The settings of an execution that is started by the ARN of its machine.
pub(super) fn settings(machine: &Machine, arn: &str, name: &str, seed: u64) -> Settings {
    let mut settings = Settings::of(machine.name(), name, machine.machine_type(), seed);
    settings.machine_arn = arn.into();
    settings.execution_arn = format!("{}:{name}", arn.replacen(":stateMachine:", ":execution:", 1)).into();
    settings
}

/// What StartExecution answers.
pub(super) fn started(settings: &Settings, now: Timestamp, call: &Call) -> Value {
    let mut answer = Map::new();
    answer.insert("ExecutionArn", &settings.execution_arn);
    answer.insert("StartDate", now.as_millis());
    match call.resource.service() {
        "states" => shape::with_metadata(call, answer, now),
        _ => answer.into(),
    }
}

/// What a `.sync` task hears when the other execution has ended: its description.
pub(super) fn outcome(slot: &Slot, status: &Status, resource: &Resource) -> Outcome {
    let parsed = resource.pattern() == Pattern::Sync2;
    let shown = |v: &Value| if parsed { v.clone() } else { v.to_string().into() };
    let mut d = Map::new();
    if let Some(error) = status.error() {
        if let Some(cause) = &error.cause {
            d.insert("Cause", cause);
        }
        if let Some(name) = &error.error {
            d.insert("Error", name);
        }
    }
    d.insert("ExecutionArn", &slot.arn);
    d.insert("Input", shown(&slot.input));
    d.insert("InputDetails", Value::object([("Included", true.into())]));
    d.insert("Name", &slot.name);
    if let Status::Succeeded(output) = status {
        d.insert("Output", shown(output));
        d.insert("OutputDetails", Value::object([("Included", true.into())]));
    }
    d.insert("StartDate", slot.started_at.as_millis());
    d.insert("StateMachineArn", &slot.machine_arn);
    d.insert("Status", status.name());
    if let Some(end) = slot.ended_at {
        d.insert("StopDate", end.as_millis());
    }
    let description = Value::from(d);
    match status {
        Status::Succeeded(_) => Ok(description),
        // The cause is a text whose Input is a text, whichever form the task asked for.
        _ => {
            let mut told = description;
            if let Some(members) = told.as_object_mut() {
                members.insert("Input", slot.input.to_string());
            }
            Err(TaskError::new("States.TaskFailed", told.to_string()))
        }
    }
}
