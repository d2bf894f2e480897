//! What a finished execution keeps: `alloc` + `grow` − `dealloc` − `shrink` of one line is what its history holds.

use std::sync::Arc;

use divan::{AllocProfiler, Bencher};
use rehearsal::engine::{Execution, Input, Settings};
use rehearsal::history::History;
use rehearsal::prelude::*;
use rehearsal::value::Value;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Seven states, 16 events, nothing shared with another execution but the machine.
#[divan::bench]
fn kept_by_seven_states(bencher: Bencher<'_, '_>) {
    let definition = json!({
        "StartAt": "P1",
        "States": {
            "P1": { "Type": "Pass", "Result": { "tag": "x" }, "ResultPath": "$.p1", "Next": "P2" },
            "P2": { "Type": "Pass", "Next": "P3" },
            "P3": { "Type": "Pass", "Parameters": { "n.$": "$.n", "p1.$": "$.p1" }, "Next": "P4" },
            "P4": { "Type": "Pass", "Result": [1, 2, 3], "ResultPath": "$.p4", "Next": "P5" },
            "P5": { "Type": "Pass", "OutputPath": "$", "Next": "C" },
            "C": {
                "Type": "Choice",
                "Choices": [{ "Variable": "$.n", "NumericGreaterThan": 0, "Next": "Done" }],
                "Default": "Done"
            },
            "Done": { "Type": "Succeed" }
        }
    });
    let machine = Machine::from_json(&definition).expect("the machine is valid");
    let settings = Arc::new(Settings::of("bench", "bench", machine.machine_type(), 0));
    bencher.bench_local(|| -> History {
        let input = Value::parse(r#"{"n":7}"#).expect("JSON");
        let mut execution = Execution::new(&machine, Arc::clone(&settings), input);
        execution.handle(Timestamp::EPOCH_DEFAULT, Input::Start);
        execution.into_history()
    });
}
