//! What the tests by feature share: a way to a machine, and histories in a line an event.

use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::history::History;
use rehearsal::prelude::*;
use serde_json::Value;

/// A function that tasks call.
pub(crate) const WORK: &str = "arn:aws:lambda:us-east-1:123456789012:function:work";
/// An integration that hands out a task token.
pub(crate) const ASK: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
/// An activity.
pub(crate) const PACK: &str = "arn:aws:states:us-east-1:123456789012:activity:packing";

/// The machine of a definition.
#[track_caller]
pub(crate) fn machine(definition: Value) -> Machine {
    match Machine::from_json(&definition) {
        Ok(machine) => machine,
        Err(e) => panic!("{e}"),
    }
}

/// The Express machine of a definition.
#[track_caller]
pub(crate) fn express(definition: Value) -> Machine {
    let options = CompileOptions::default().machine_type(MachineType::Express);
    match Machine::parse_with(&definition.to_string(), &options) {
        Ok(machine) => machine,
        Err(e) => panic!("{e}"),
    }
}

/// A machine of one state, `S`, which is the last unless it says otherwise.
#[track_caller]
pub(crate) fn single(state: Value) -> Machine {
    machine(json!({ "StartAt": "S", "States": { "S": ended(state) } }))
}

/// The same in JSONata.
#[track_caller]
pub(crate) fn single_jsonata(state: Value) -> Machine {
    machine(json!({ "QueryLanguage": "JSONata", "StartAt": "S", "States": { "S": ended(state) } }))
}

/// A task that calls a function, with further fields; the last state.
pub(crate) fn task(fields: Value) -> Value {
    let mut state = json!({ "Type": "Task", "Resource": WORK });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    ended(state)
}

fn ended(mut state: Value) -> Value {
    let knows_an_end = !matches!(state["Type"].as_str(), Some("Succeed" | "Fail" | "Choice"));
    if knows_an_end && state.get("Next").is_none() {
        state["End"] = true.into();
    }
    state
}

/// `4<-3 MapIterationStarted`: the events with their ids and those they follow.
pub(crate) fn events(history: &History) -> Vec<String> {
    history.iter().map(|(id, e)| format!("{id}<-{} {}", e.previous, e.detail.type_name())).collect()
}

/// The types of the events in order.
pub(crate) fn types(history: &History) -> Vec<&'static str> {
    history.iter().map(|(_, e)| e.detail.type_name()).collect()
}

/// What a test panics with.
#[track_caller]
pub(crate) fn panic_of<R>(work: impl FnOnce() -> R) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    let panic = caught.err().expect("it should have panicked");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).expect("a panic with a text")
}
