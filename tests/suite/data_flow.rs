//! Where a state's data comes from and goes to.

use rehearsal::prelude::*;
use serde_json::Value;

use super::support::{single, single_jsonata, task};

fn output_of(state: Value, result: Value, input: Value) -> Value {
    let machine = single(state);
    let run = Harness::new(&machine).mock_everything_else(result).run(input);
    run.assert_succeeded();
    run.output().unwrap()
}

#[track_caller]
fn cause_of(state: Value, input: Value) -> String {
    let run = Harness::new(&single(state)).mock_everything_else(json!({"n": 1})).run(input);
    run.assert_failed("States.Runtime");
    run.cause().unwrap().to_owned()
}

#[test]
fn a_null_input_path_gives_the_state_an_empty_object() {
    let run = Harness::new(&single(task(json!({ "InputPath": null })))).mock("S", json!("done")).run(json!({ "n": 1 }));
    run.calls_to("S").assert_times(1);
    assert_eq!(run.calls_to("S").payloads()[0].to_json(), json!({}));
}

#[test]
fn a_null_output_path_gives_an_empty_object() {
    assert_eq!(output_of(task(json!({ "OutputPath": null })), json!("done"), json!({ "n": 1 })), json!({}));
    assert_eq!(output_of(json!({ "Type": "Pass", "OutputPath": null }), Value::Null, json!([1])), json!({}));
}

#[test]
fn the_paths_select_before_and_after_the_work() {
    let state = task(json!({ "InputPath": "$.order", "ResultPath": "$.receipt", "OutputPath": "$.receipt.id" }));
    let machine = single(state);
    let run = Harness::new(&machine).mock("S", json!({ "id": "r-1" })).run(json!({ "order": { "total": 3 } }));
    run.assert_succeeded().assert_output(json!("r-1"));
    assert_eq!(run.calls_to("S").payloads()[0].to_json(), json!({ "total": 3 }));
}

#[test]
fn a_result_path_puts_the_result_into_the_raw_input() {
    let input = json!({ "a": { "b": 1 }, "list": [10, 20] });
    for (path, want) in [
        (json!("$"), json!("R")),
        (json!(null), json!({ "a": { "b": 1 }, "list": [10, 20] })),
        (json!("$.new"), json!({ "a": { "b": 1 }, "list": [10, 20], "new": "R" })),
        (json!("$.a"), json!({ "a": "R", "list": [10, 20] })),
        (json!("$.a.b"), json!({ "a": { "b": "R" }, "list": [10, 20] })),
        (json!("$.x.y.z"), json!({ "a": { "b": 1 }, "list": [10, 20], "x": { "y": { "z": "R" } } })),
        (json!("$['odd name']"), json!({ "a": { "b": 1 }, "list": [10, 20], "odd name": "R" })),
        (json!("$.list[1]"), json!({ "a": { "b": 1 }, "list": [10, "R"] })),
    ] {
        let got = output_of(task(json!({ "ResultPath": path })), json!("R"), input.clone());
        assert_eq!(got, want, "{path}");
    }
}

#[test]
fn the_input_path_does_not_change_what_the_result_is_put_into() {
    let state = task(json!({ "InputPath": "$.a", "ResultPath": "$.r" }));
    assert_eq!(output_of(state, json!(1), json!({ "a": {}, "b": 2 })), json!({ "a": {}, "b": 2, "r": 1 }));
}

#[test]
fn a_result_selector_shapes_the_result_before_the_result_path() {
    let selector = json!({
        "status.$": "$.StatusCode", "all.$": "$", "constant": "$.StatusCode", "state.$": "$$.State.Name", "n.$": "States.ArrayLength($.list)"
    });
    let state = task(json!({ "ResultSelector": selector, "ResultPath": "$.r" }));
    let result = json!({ "StatusCode": 200, "list": [1, 2, 3] });
    let want = json!({ "status": 200, "all": result, "constant": "$.StatusCode", "state": "S", "n": 3 });
    assert_eq!(output_of(state, result, json!({})), json!({ "r": want }));
}

#[test]
fn a_passs_result_is_a_constant_even_where_it_looks_like_a_path() {
    let result = json!({ "a.$": "$.n", "f": "States.UUID()" });
    assert_eq!(output_of(json!({ "Type": "Pass", "Result": result }), Value::Null, json!({ "n": 1 })), result);
}

#[test]
fn a_path_that_finds_nothing_ends_the_execution_in_the_services_words() {
    let prefix = "An error occurred while executing the state 'S' (entered at the event id #2). ";
    for (fields, want) in [
        (json!({ "InputPath": "$.x" }), "Invalid path '$.x' : No results for path: $['x']"),
        (json!({ "OutputPath": "$.x" }), "Invalid path '$.x' : No results for path: $['x']"),
        (json!({ "InputPath": "$.x.y" }), "Invalid path '$.x.y' : Missing property in path $['x']"),
        (
            json!({ "Parameters": { "v.$": "$.x" } }),
            "The JSONPath '$.x' specified for the field 'v.$' could not be found in the input '{\"a\":1}'",
        ),
        (
            json!({ "Parameters": { "v.$": "$$.Nothing" } }),
            "The JSONPath '$$.Nothing' specified for the field 'v.$' could not be found in the input",
        ),
        (
            json!({ "ResultSelector": { "v.$": "$.x" } }),
            "The JSONPath '$.x' specified for the field 'v.$' could not be found in the input '{\"n\":1}'",
        ),
        (json!({ "TimeoutSecondsPath": "$.x" }), "Invalid path '$.x' : No results for path: $['x']"),
    ] {
        let cause = cause_of(task(fields.clone()), json!({ "a": 1 }));
        assert!(cause.starts_with(&format!("{prefix}{want}")), "{fields}: {cause}");
    }
}

#[test]
fn a_runtime_error_is_neither_retried_nor_caught() {
    let state = json!({
        "Type": "Task", "Resource": super::support::WORK, "InputPath": "$.x",
        "Retry": [{ "ErrorEquals": ["States.ALL"] }],
        "Catch": [{ "ErrorEquals": ["States.Runtime"], "Next": "After" }, { "ErrorEquals": ["States.ALL"], "Next": "After" }],
        "End": true
    });
    let machine = super::support::machine(json!({
        "StartAt": "S", "States": { "S": state, "After": { "Type": "Succeed" } }
    }));
    let run = Harness::new(&machine).run(json!({}));
    run.assert_failed("States.Runtime").assert_path(["S"]).assert_elapsed(0.secs());
    assert_eq!(
        super::support::events(run.history()),
        ["1<-0 ExecutionStarted", "2<-0 TaskStateEntered", "3<-2 ExecutionFailed"]
    );
}

#[test]
fn a_result_cannot_be_put_into_what_is_no_object() {
    let machine = single(task(json!({ "ResultPath": "$.a.b" })));
    let run = Harness::new(&machine).mock("S", json!(1)).run(json!({ "a": 1 }));
    run.assert_failed("States.ResultPathMatchFailure");
    assert_eq!(run.cause(), Some("Unable to apply ReferencePath $.a.b to input {\"a\":1}"));
}

#[test]
fn a_jsonata_task_reads_its_input_and_gives_its_result() {
    let state = json!({
        "Type": "Task", "Resource": super::support::WORK,
        "Arguments": { "twice": "{% $states.input.n * 2 %}", "who": "{% $states.context.State.Name %}" },
        "Output": { "got": "{% $states.result.id %}", "from": "{% $states.input.n %}" }
    });
    let run = Harness::new(&single_jsonata(state)).mock("S", json!({ "id": 7 })).run(json!({ "n": 21 }));
    run.assert_succeeded().assert_output(json!({ "got": 7, "from": 21 }));
    assert_eq!(run.calls_to("S").payloads()[0].to_json(), json!({ "twice": 42, "who": "S" }));
}

#[test]
fn an_undefined_jsonata_result_fails_the_state_and_is_written_down() {
    let run = Harness::new(&single_jsonata(json!({ "Type": "Pass", "Output": { "a": ["{% $states.input.x %}"] } })))
        .run(json!({}));
    let cause = "An error occurred while executing the state 'S' (entered at the event id #2). The JSONata expression \
                 '$states.input.x' specified for the field 'Output/a[0]' returned nothing (undefined).";
    run.assert_failed("States.QueryEvaluationError");
    assert_eq!(run.cause(), Some(cause));
    assert_eq!(
        super::support::events(run.history()),
        ["1<-0 ExecutionStarted", "2<-0 PassStateEntered", "3<-0 EvaluationFailed", "4<-3 ExecutionFailed"]
    );
}

#[test]
fn a_jsonata_failure_can_be_caught_by_a_task() {
    let machine = super::support::machine(json!({
        "QueryLanguage": "JSONata", "StartAt": "S", "States": {
            "S": {
                "Type": "Task", "Resource": super::support::WORK, "Arguments": "{% $states.input.x %}",
                "Catch": [{ "ErrorEquals": ["States.QueryEvaluationError"], "Output": "{% $states.errorOutput.Error %}", "Next": "After" }],
                "End": true
            },
            "After": { "Type": "Succeed" }
        }
    }));
    let run = Harness::new(&machine).run(json!({}));
    run.assert_succeeded().assert_output(json!("States.QueryEvaluationError"));
}

#[test]
fn a_state_in_jsonata_may_stand_in_a_jsonpath_machine() {
    let machine = super::support::machine(json!({
        "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Parameters": { "n.$": "$.list[0]" }, "Next": "B" },
            "B": { "Type": "Pass", "QueryLanguage": "JSONata", "Output": { "m": "{% $states.input.n + 1 %}" }, "End": true }
        }
    }));
    Harness::new(&machine).run(json!({ "list": [4] })).assert_output(json!({ "m": 5 }));
}

#[test]
fn the_context_object_knows_the_execution_and_the_state() {
    let parameters = json!({
        "execution.$": "$$.Execution.Name", "input.$": "$$.Execution.Input", "start.$": "$$.Execution.StartTime",
        "state.$": "$$.State.Name", "entered.$": "$$.State.EnteredTime", "machine.$": "$$.StateMachine.Name", "own.$": "$$.tenant"
    });
    let run = Harness::new(&single(json!({ "Type": "Pass", "Parameters": parameters })))
        .execution_name("e-1")
        .context(json!({ "tenant": "t-9" }))
        .start_time(Timestamp::parse("2026-01-05T09:00:00Z").unwrap())
        .run(json!({ "n": 1 }));
    run.assert_output(json!({
        "execution": "e-1", "input": { "n": 1 }, "start": "2026-01-05T09:00:00.000Z", "state": "S",
        "entered": "2026-01-05T09:00:00.000Z", "machine": "StateMachine", "own": "t-9"
    }));
}
