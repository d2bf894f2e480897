//! What a machine calls, for checking that every mock's key names something.

use std::sync::Arc;

use crate::asl::Machine;
use crate::asl::machine::{Payload, StateKind};
use crate::mock::{Target, Targets};
use crate::value::{Str, Value};

/// The states, resources and functions of machines.
pub(crate) fn of_all(machines: &[Machine]) -> Targets {
    let mut targets = Targets::default();
    for machine in machines {
        add(&mut targets, machine);
    }
    targets
}

/// Adds those of another machine.
fn add(targets: &mut Targets, machine: &Machine) {
    for state in machine.inner.states.iter() {
        let task = match &state.kind {
            StateKind::Task(task) => Some(task),
            _ => None,
        };
        targets.states.push(Target {
            path: state.enclosing.to_vec(),
            name: state.name.clone(),
            is_task: task.is_some(),
        });
        let Some(task) = task else { continue };
        targets.resources.push(Arc::clone(&task.resource));
        if task.resource.service() == "lambda" && task.resource.api().starts_with("invoke") {
            match function_name(task.parameters.as_ref()) {
                Some(name) => targets.functions.push(name),
                None => targets.has_computed_functions = true,
            }
        }
    }
}

/// The function a `lambda:invoke` task names, if it is written out.
fn function_name(parameters: Option<&Payload>) -> Option<String> {
    match parameters? {
        Payload::JsonPath(t) => t.constant_member("FunctionName").and_then(Value::as_str).map(str::to_owned),
        Payload::Jsonata(t) => t.constant_member("FunctionName").and_then(Value::as_str).map(str::to_owned),
    }
}

/// ARNs of the machine's activities that are named here by name or ARN.
pub(super) fn activities(machine: &Machine, named: &[String]) -> Vec<Str> {
    if named.is_empty() {
        return Vec::new();
    }
    let tasks = machine.inner.states.iter().filter_map(|s| match &s.kind {
        StateKind::Task(task) if task.resource.is_activity() => Some(&task.resource),
        _ => None,
    });
    tasks.filter(|r| named.iter().any(|n| n == r.api() || **n == **r.arn())).map(|r| r.arn().clone()).collect()
}
