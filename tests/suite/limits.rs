//! The service's limits on data.

use rehearsal::error::ErrorKind;
use rehearsal::prelude::*;

use super::support::{WORK, machine, single, single_jsonata, task, types};

/// A JSON text of so many bytes.
fn text_of(bytes: usize) -> serde_json::Value {
    json!("x".repeat(bytes - 2))
}

const MOST: usize = 262_144;

#[test]
fn a_result_of_256_kib_fits_and_one_byte_more_is_a_failed_task() {
    let machine = single(task(json!({})));
    Harness::new(&machine).mock("S", text_of(MOST)).run(json!({})).assert_succeeded();
    let run = Harness::new(&machine).mock("S", text_of(MOST + 1)).run(json!({}));
    run.assert_failed("States.DataLimitExceeded");
    let cause = format!(
        "The state/task '{WORK}' returned a result with a size exceeding the maximum number of bytes service limit."
    );
    assert_eq!(run.cause(), Some(cause.as_str()));
    assert!(types(run.history()).contains(&"LambdaFunctionFailed"));
}

#[test]
fn bytes_are_counted_not_characters() {
    let machine = single(task(json!({})));
    let run = Harness::new(&machine).mock("S", json!("ü".repeat(MOST / 2))).run(json!({}));
    run.assert_failed("States.DataLimitExceeded");
}

#[test]
fn a_result_that_is_too_large_can_be_caught() {
    let machine = machine(json!({
        "StartAt": "S", "States": {
            "S": { "Type": "Task", "Resource": WORK, "Next": "Done", "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Done" }] },
            "Done": { "Type": "Succeed" }
        }
    }));
    let run = Harness::new(&machine).mock("S", text_of(MOST + 1)).run(json!({}));
    run.assert_succeeded().assert_output_contains(json!({ "Error": "States.DataLimitExceeded" }));
}

#[test]
fn what_a_pass_makes_too_large_is_the_end() {
    let machine = single_jsonata(json!({ "Type": "Pass", "Output": "{% [$states.input, $states.input] %}" }));
    let run = Harness::new(&machine).run(text_of(MOST / 2));
    run.assert_failed("States.DataLimitExceeded")
        .assert_cause_contains("The state/task 'S' returned a result with a size");
    assert_eq!(types(run.history())[1..], ["PassStateEntered", "ExecutionFailed"]);
}

#[test]
fn an_input_that_is_too_large_never_starts() {
    let machine = single(json!({ "Type": "Succeed" }));
    Harness::new(&machine).run(text_of(MOST)).assert_succeeded();
    let error = Harness::new(&machine).try_run(text_of(MOST + 1)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("the input has 262145 bytes"), "{error}");
}

#[test]
fn a_large_input_passes_through_many_states_unharmed() {
    let states: serde_json::Map<String, serde_json::Value> = (0..20)
        .map(|i| {
            let next = if i == 19 {
                json!({ "Type": "Succeed" })
            } else {
                json!({ "Type": "Pass", "Next": format!("S{}", i + 1) })
            };
            (format!("S{i}"), next)
        })
        .collect();
    let input = text_of(200_000);
    let run = Harness::new(&machine(json!({ "StartAt": "S0", "States": states }))).run(input.clone());
    run.assert_succeeded();
    assert_eq!(run.output(), Some(input));
}
