//! Retry and Catch.

use rehearsal::prelude::*;
use serde_json::Value;

use super::support::{WORK, events, machine, single, task, types};

fn caught_after(retry: Value) -> Machine {
    machine(json!({
        "StartAt": "S", "States": {
            "S": {
                "Type": "Task", "Resource": WORK, "Retry": retry,
                "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught" }], "End": true
            },
            "Caught": { "Type": "Succeed" }
        }
    }))
}

fn errors<'a>(names: impl IntoIterator<Item = &'a str>) -> Mock {
    mock::sequence(names.into_iter().map(|n| mock::fails(n, "as told")))
}

#[test]
fn each_retrier_counts_for_itself() {
    let machine = caught_after(json!([
        { "ErrorEquals": ["A", "B"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 2 },
        { "ErrorEquals": ["C"], "IntervalSeconds": 5 }
    ]));
    let run = Harness::new(&machine).mock("S", errors(["A", "B", "C", "B"])).run(json!({}));
    run.assert_succeeded().assert_path(["S x4", "Caught"]).assert_elapsed(8.secs());
    assert_eq!(run.state("S").gaps(), [1.secs(), 2.secs(), 5.secs()]);
    assert_eq!(run.state("S").attempt_offsets(), [0.secs(), 1.secs(), 3.secs(), 8.secs()]);
    assert_eq!(run.state("S").caught(), Some("B"));
    run.assert_output(json!({ "error": { "Error": "B", "Cause": "as told" } }));
}

#[test]
fn the_wait_counts_from_the_end_of_the_attempt() {
    let machine = single(task(json!({
        "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 2, "BackoffRate": 1.5, "MaxAttempts": 3 }]
    })));
    let busy = mock::throws("Busy").takes(10.secs()).times(3).then(mock::returns(json!(1)).takes(1.secs()));
    let run = Harness::new(&machine).mock("S", busy).run(json!({}));
    run.assert_succeeded().assert_elapsed(40_500.millis());
    assert_eq!(run.state("S").gaps(), [2.secs(), 3.secs(), 4_500.millis()]);
    assert_eq!(run.state("S").attempt_offsets(), [0.secs(), 12.secs(), 25.secs(), 39_500.millis()]);
}

#[test]
fn a_retry_reschedules_without_entering_the_state_again() {
    let machine = single(task(json!({ "Retry": [{ "ErrorEquals": ["Busy"], "MaxAttempts": 1 }] })));
    let run = Harness::new(&machine).mock("S", mock::throws("Busy").once().then(json!(1))).run(json!({}));
    assert_eq!(
        events(run.history()),
        [
            "1<-0 ExecutionStarted",
            "2<-0 TaskStateEntered",
            "3<-2 LambdaFunctionScheduled",
            "4<-3 LambdaFunctionStarted",
            "5<-4 LambdaFunctionFailed",
            "6<-5 LambdaFunctionScheduled",
            "7<-6 LambdaFunctionStarted",
            "8<-7 LambdaFunctionSucceeded",
            "9<-8 TaskStateExited",
            "10<-9 ExecutionSucceeded"
        ]
    );
}

#[test]
fn the_defaults_are_three_retries_after_one_two_and_four_seconds() {
    let machine = single(task(json!({ "Retry": [{ "ErrorEquals": ["States.ALL"] }] })));
    let run = Harness::new(&machine).mock("S", mock::throws("Busy")).run(json!({}));
    run.assert_failed("Busy");
    assert_eq!(run.state("S").gaps(), [1.secs(), 2.secs(), 4.secs()]);
}

#[test]
fn no_attempts_means_no_retry() {
    let machine = single(task(json!({ "Retry": [{ "ErrorEquals": ["States.ALL"], "MaxAttempts": 0 }] })));
    let run = Harness::new(&machine).mock("S", mock::throws("Busy")).run(json!({}));
    run.assert_failed("Busy").assert_path(["S x1"]).assert_elapsed(0.secs());
}

#[test]
fn the_delay_stops_growing_at_its_maximum() {
    let retrier = json!({
        "ErrorEquals": ["Busy"], "IntervalSeconds": 3, "BackoffRate": 4, "MaxAttempts": 4, "MaxDelaySeconds": 20
    });
    let machine = single(task(json!({ "Retry": [retrier] })));
    let run = Harness::new(&machine).mock("S", mock::throws("Busy")).run(json!({}));
    assert_eq!(run.state("S").gaps(), [3.secs(), 12.secs(), 20.secs(), 20.secs()]);
}

#[test]
fn jitter_stays_below_the_delay_and_follows_the_seed() {
    let retrier = json!({
        "ErrorEquals": ["Busy"], "IntervalSeconds": 8, "BackoffRate": 1, "MaxAttempts": 20, "JitterStrategy": "FULL"
    });
    let harness = Harness::new(&single(task(json!({ "Retry": [retrier] })))).mock("S", mock::throws("Busy"));
    let gaps = |seed| harness.clone().seed(seed).run(json!({})).state("S").gaps();
    let first = gaps(1);
    assert_eq!(first.len(), 20);
    assert!(first.iter().all(|g| *g <= 8.secs()), "{first:?}");
    assert!(first.iter().any(|g| *g < 4.secs()) && first.iter().any(|g| *g > 4.secs()), "{first:?}");
    assert_eq!(first, gaps(1));
    assert_ne!(first, gaps(2));
}

#[test]
fn task_failed_covers_every_error_but_a_timeout() {
    let both = json!([
        { "ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 3, "MaxAttempts": 1 },
        { "ErrorEquals": ["States.Timeout"], "IntervalSeconds": 7, "MaxAttempts": 1 }
    ]);
    let machine = single(task(json!({ "TimeoutSeconds": 10, "Retry": both })));
    let answers = mock::throws("Busy").once().then(mock::never().once()).then(json!(1));
    let run = Harness::new(&machine).mock("S", answers).run(json!({}));
    run.assert_succeeded();
    assert_eq!(run.state("S").gaps(), [3.secs(), 7.secs()]);
    run.assert_elapsed(20.secs());
}

#[test]
fn a_retrier_that_is_used_up_does_not_fall_through() {
    let machine = caught_after(json!([
        { "ErrorEquals": ["A", "B"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 1 },
        { "ErrorEquals": ["States.ALL"], "IntervalSeconds": 50 }
    ]));
    let run = Harness::new(&machine).mock("S", errors(["A", "B"])).run(json!({}));
    run.assert_succeeded().assert_path(["S x2", "Caught"]).assert_elapsed(1.secs());
    let other = Harness::new(&machine).mock("S", errors(["A", "C"]).then(json!(1))).run(json!({}));
    other.assert_path(["S x3"]).assert_elapsed(51.secs());
}

#[test]
fn an_unknown_name_never_matches() {
    let machine = single(task(json!({ "Retry": [{ "ErrorEquals": ["busy", "State.ALL"] }] })));
    Harness::new(&machine).mock("S", mock::throws("Busy")).run(json!({})).assert_path(["S x1"]);
}

#[test]
fn the_context_object_counts_the_retries_of_all_retriers() {
    let machine = single(task(json!({
        "Parameters": { "retry.$": "$$.State.RetryCount" },
        "Retry": [{ "ErrorEquals": ["A"], "MaxAttempts": 1 }, { "ErrorEquals": ["B"], "MaxAttempts": 2 }]
    })));
    let run = Harness::new(&machine).mock("S", errors(["A", "B", "B"]).then(json!(1))).run(json!({}));
    let seen: Vec<Value> = run.calls_to("S").payloads().iter().map(|p| p.to_json()["retry"].clone()).collect();
    assert_eq!(seen, [0, 1, 2, 3]);
    assert_eq!(run.calls_to("S").iter().map(|c| c.call.attempt).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn counts_start_afresh_when_the_state_is_entered_again() {
    let machine = machine(json!({
        "StartAt": "S", "States": {
            "S": {
                "Type": "Task", "Resource": WORK, "ResultPath": "$.n",
                "Retry": [{ "ErrorEquals": ["Busy"], "MaxAttempts": 1, "IntervalSeconds": 2 }], "Next": "Again"
            },
            "Again": { "Type": "Choice", "Choices": [{ "Variable": "$.n", "NumericLessThan": 2, "Next": "S" }], "Default": "Done" },
            "Done": { "Type": "Succeed" }
        }
    }));
    let answers =
        mock::throws("Busy").once().then(mock::returns(1).once()).then(mock::throws("Busy").once()).then(json!(2));
    let run = Harness::new(&machine).mock("S", answers).run(json!({}));
    run.assert_succeeded().assert_path(["S x2", "Again", "S x2", "Again", "Done"]).assert_elapsed(4.secs());
}

#[test]
fn the_first_catcher_that_fits_takes_the_error() {
    let machine = machine(json!({
        "StartAt": "S", "States": {
            "S": {
                "Type": "Task", "Resource": WORK, "End": true,
                "Catch": [
                    { "ErrorEquals": ["Other"], "Next": "Never" },
                    { "ErrorEquals": ["States.TaskFailed"], "ResultPath": null, "Next": "Kept" },
                    { "ErrorEquals": ["States.ALL"], "Next": "Never" }
                ]
            },
            "Never": { "Type": "Fail" },
            "Kept": { "Type": "Succeed" }
        }
    }));
    let run = Harness::new(&machine).mock("S", mock::fails("Broken", "why")).run(json!({ "kept": true }));
    run.assert_succeeded()
        .assert_path(["S", "Kept"])
        .assert_not_visited("Never")
        .assert_output(json!({ "kept": true }));
    assert_eq!(types(run.history())[4..7], ["LambdaFunctionFailed", "TaskStateExited", "SucceedStateEntered"]);
}

#[test]
fn a_caught_error_without_name_and_cause_is_null_twice() {
    let machine = caught_after(json!([]));
    let nothing = rehearsal::task::TaskError::default();
    let run = Harness::new(&machine).mock("S", nothing).run(json!({}));
    run.assert_output(json!({ "error": { "Error": null, "Cause": null } }));
}

#[test]
fn a_fail_state_cannot_be_retried_but_its_block_can() {
    let machine = single(json!({
        "Type": "Parallel", "Retry": [{ "ErrorEquals": ["Broken"], "IntervalSeconds": 6, "MaxAttempts": 1 }],
        "Branches": [{ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "Broken", "Cause": "c" } } }]
    }));
    let run = Harness::new(&machine).run(json!({}));
    run.assert_failed("Broken").assert_cause_contains("c").assert_elapsed(6.secs());
    assert_eq!(
        events(run.history()),
        [
            "1<-0 ExecutionStarted",
            "2<-0 ParallelStateEntered",
            "3<-2 ParallelStateStarted",
            "4<-3 FailStateEntered",
            "5<-4 ParallelStateStarted",
            "6<-5 FailStateEntered",
            "7<-6 ParallelStateFailed",
            "8<-7 ExecutionFailed"
        ]
    );
}

#[test]
fn nothing_catches_states_runtime_wherever_it_comes_from() {
    let definition = json!({
        "StartAt": "S",
        "States": {
            "S": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Retry": [{ "ErrorEquals": ["States.ALL"] }],
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }],
                "End": true
            },
            "Caught": { "Type": "Succeed" }
        }
    });
    let machine = Machine::from_json(&definition).expect("a valid machine");
    let run = Harness::new(&machine).mock("S", mock::fails("States.Runtime", "out of the blue")).run(json!({}));
    run.assert_failed("States.Runtime").assert_not_visited("Caught");
    assert_eq!(run.state("S").attempts().count(), 1);
}
