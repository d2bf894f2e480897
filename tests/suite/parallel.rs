//! Parallel states.

use rehearsal::prelude::*;
use serde_json::Value;

use super::support::{WORK, events, single, types};

fn branch(name: &str) -> Value {
    json!({ "StartAt": name, "States": { name: { "Type": "Task", "Resource": WORK, "End": true } } })
}

fn both(fields: Value) -> Value {
    let mut state = json!({ "Type": "Parallel", "Branches": [branch("A"), branch("B")] });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    state
}

#[test]
fn every_branch_gets_the_input_and_results_come_in_branch_order() {
    let run = Harness::new(&single(both(json!({}))))
        .mock("A", mock::returns(json!("a")).takes(5.secs()))
        .mock("B", mock::returns(json!("b")).takes(2.secs()))
        .run(json!({ "n": 1 }));
    run.assert_succeeded().assert_output(json!(["a", "b"])).assert_elapsed(5.secs());
    for name in ["A", "B"] {
        run.calls_to(name).assert_times(1).assert_payload(json!({ "n": 1 }));
    }
    run.calls_to("S[1]/B").assert_times(1);
    run.calls_to("S[0]/B").assert_never();
}

#[test]
fn the_events_of_the_block_stand_as_the_service_writes_them() {
    let pass = |name: &str| json!({ "StartAt": name, "States": { name: { "Type": "Pass", "End": true } } });
    let run = Harness::new(&single(json!({ "Type": "Parallel", "Branches": [pass("A"), pass("B")] }))).run(json!({}));
    assert_eq!(
        events(run.history())[1..],
        [
            "2<-0 ParallelStateEntered",
            "3<-2 ParallelStateStarted",
            "4<-3 PassStateEntered",
            "5<-4 PassStateExited",
            "6<-3 PassStateEntered",
            "7<-6 PassStateExited",
            "8<-7 ParallelStateSucceeded",
            "9<-7 ParallelStateExited",
            "10<-9 ExecutionSucceeded"
        ]
    );
}

#[test]
fn parameters_and_a_result_selector_shape_what_goes_in_and_comes_out() {
    let state = both(json!({
        "Parameters": { "twice.$": "States.MathAdd($.n, $.n)" }, "ResultSelector": { "first.$": "$[0]" }, "ResultPath": "$.r"
    }));
    let run = Harness::new(&single(state)).mock("A", json!(1)).mock("B", json!(2)).run(json!({ "n": 4 }));
    run.assert_output(json!({ "n": 4, "r": { "first": 1 } }));
    run.calls_to("A").assert_payload(json!({ "twice": 8 }));
}

#[test]
fn the_first_branch_to_fail_decides_and_the_others_are_aborted() {
    let run = Harness::new(&single(both(json!({}))))
        .mock("A", mock::returns(1).takes(9.secs()))
        .mock("B", mock::fails("Broken", "b").takes(3.secs()))
        .run(json!({}));
    run.assert_failed("Broken").assert_cause_contains("b").assert_elapsed(3.secs());
    let kinds = types(run.history());
    assert!(kinds.contains(&"TaskStateAborted"), "{kinds:?}");
    assert_eq!(kinds[kinds.len() - 2..], ["ParallelStateFailed", "ExecutionFailed"]);
    let open = run.calls_to("A");
    assert_eq!(open.first().unwrap().ended_at, Some(run.started_at() + 3.secs()));
    assert!(open.first().unwrap().outcome.is_none());
}

#[test]
fn branch_failed_meets_the_error_of_a_branch() {
    for name in ["States.BranchFailed", "Broken", "States.TaskFailed", "States.ALL"] {
        let machine = super::support::machine(json!({
            "StartAt": "S", "States": {
                "S": {
                    "Type": "Parallel", "Branches": [branch("A")], "Next": "Done",
                    "Catch": [{ "ErrorEquals": [name], "ResultPath": "$.e", "Next": "Done" }]
                },
                "Done": { "Type": "Succeed" }
            }
        }));
        let run = Harness::new(&machine).mock("A", mock::fails("Broken", "b")).run(json!({}));
        run.assert_succeeded().assert_output(json!({ "e": { "Error": "Broken", "Cause": "b" } }));
    }
}

#[test]
fn a_retry_runs_every_branch_again() {
    let state = both(json!({ "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 3, "MaxAttempts": 1 }] }));
    let run = Harness::new(&single(state))
        .mock("A", json!("a"))
        .mock("B", mock::throws("Busy").once().then(json!("b")))
        .run(json!({}));
    run.assert_succeeded().assert_output(json!(["a", "b"])).assert_elapsed(3.secs());
    run.calls_to("A").assert_times(2);
    assert!(!types(run.history()).contains(&"ParallelStateFailed"));
}

#[test]
fn a_succeed_state_ends_its_branch_only() {
    let state = json!({
        "Type": "Parallel",
        "Branches": [
            { "StartAt": "Early", "States": { "Early": { "Type": "Succeed" } } },
            { "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 60, "End": true } } }
        ]
    });
    Harness::new(&single(state))
        .run(json!(1))
        .assert_succeeded()
        .assert_output(json!([1, 1]))
        .assert_elapsed(1.minutes());
}
