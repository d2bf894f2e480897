//! Timeouts of tasks, of heartbeats and of whole executions, and the longest history.

use rehearsal::engine::{Limits, Status};
use rehearsal::prelude::*;

use super::support::{ASK, PACK, express, machine, single, task, types};

#[test]
fn work_that_takes_exactly_as_long_as_its_timeout_is_in_time() {
    let machine = single(task(json!({ "TimeoutSeconds": 10 })));
    let run = Harness::new(&machine).mock("S", mock::returns(json!("just")).takes(10.secs())).run(json!({}));
    run.assert_succeeded().assert_output(json!("just")).assert_elapsed(10.secs());
    let late = Harness::new(&machine).mock("S", mock::returns(json!(1)).takes(10_001.millis())).run(json!({}));
    late.assert_failed("States.Timeout").assert_elapsed(10.secs());
    assert_eq!(late.cause(), None);
    assert_eq!(types(late.history())[4..], ["LambdaFunctionTimedOut", "ExecutionFailed"]);
}

#[test]
fn every_attempt_has_the_whole_time() {
    let machine = single(task(json!({
        "TimeoutSeconds": 10, "Retry": [{ "ErrorEquals": ["States.Timeout"], "IntervalSeconds": 5, "MaxAttempts": 2 }]
    })));
    let run =
        Harness::new(&machine).mock("S", mock::never().times(2).then(mock::returns(1).takes(9.secs()))).run(json!({}));
    run.assert_succeeded().assert_elapsed(44.secs());
    assert_eq!(run.state("S").attempt_offsets(), [0.secs(), 15.secs(), 35.secs()]);
}

#[test]
fn a_timeout_may_come_from_the_input() {
    let machine = single(task(json!({ "TimeoutSecondsPath": "$.limit" })));
    let harness = Harness::new(&machine).mock("S", mock::never());
    harness.run(json!({ "limit": 77 })).assert_failed("States.Timeout").assert_elapsed(77.secs());
}

#[test]
fn a_caught_timeout_has_an_empty_cause() {
    let machine = machine(json!({
        "StartAt": "S", "States": {
            "S": {
                "Type": "Task", "Resource": super::support::WORK, "TimeoutSeconds": 3, "End": true,
                "Catch": [{ "ErrorEquals": ["States.Timeout"], "Next": "After" }]
            },
            "After": { "Type": "Succeed" }
        }
    }));
    let run = Harness::new(&machine).mock("S", mock::never()).run(json!({}));
    run.assert_succeeded().assert_output(json!({ "Error": "States.Timeout", "Cause": "" })).assert_elapsed(3.secs());
}

#[test]
fn a_heartbeat_that_stops_ends_the_task_and_each_one_that_comes_puts_it_off() {
    let machine = single(json!({
        "Type": "Task", "Resource": ASK, "TimeoutSeconds": 100, "HeartbeatSeconds": 10,
        "Parameters": { "QueueUrl": "https://q", "MessageBody": { "token.$": "$$.Task.Token" } }
    }));
    let silent = Harness::new(&machine).start(json!({})).finish();
    silent.assert_failed("States.Timeout").assert_elapsed(10.secs());
    let mut session = Harness::new(&machine).start(json!({}));
    for _ in 0..3 {
        session.advance(9.secs());
        session.token("S").heartbeat();
    }
    session.finish().assert_failed("States.Timeout").assert_elapsed(37.secs());
}

#[test]
fn heartbeats_do_not_put_off_the_tasks_own_timeout() {
    let machine = single(json!({
        "Type": "Task", "Resource": ASK, "TimeoutSeconds": 25, "HeartbeatSeconds": 10,
        "Parameters": { "QueueUrl": "https://q", "MessageBody": "m" }
    }));
    let mut session = Harness::new(&machine).start(json!({}));
    for _ in 0..2 {
        session.advance(9.secs());
        session.token("S").heartbeat();
    }
    session.finish().assert_failed("States.Timeout").assert_elapsed(25.secs());
}

#[test]
fn an_activitys_heartbeat_counts_from_when_a_worker_takes_it() {
    let machine = single(json!({ "Type": "Task", "Resource": PACK, "TimeoutSeconds": 100, "HeartbeatSeconds": 10 }));
    let mut session = Harness::new(&machine).start(json!({}));
    session.advance(50.secs());
    let _ = session.poll_activity("packing");
    session.finish().assert_failed("States.Timeout").assert_elapsed(60.secs());
}

#[test]
fn a_missed_heartbeat_is_met_by_either_name() {
    for name in ["States.HeartbeatTimeout", "States.Timeout"] {
        let machine = machine(json!({
            "StartAt": "S", "States": {
                "S": {
                    "Type": "Task", "Resource": ASK, "HeartbeatSeconds": 4, "End": true,
                    "Parameters": { "QueueUrl": "https://q", "MessageBody": "m" },
                    "Catch": [{ "ErrorEquals": [name], "Next": "After" }]
                },
                "After": { "Type": "Succeed" }
            }
        }));
        let run = Harness::new(&machine).mock("S", mock::never()).run(json!({}));
        run.assert_succeeded().assert_path(["S", "After"]).assert_elapsed(4.secs());
    }
}

#[test]
fn the_machines_own_timeout_covers_waits_and_backoff() {
    let machine = machine(json!({
        "TimeoutSeconds": 30, "StartAt": "W", "States": {
            "W": { "Type": "Wait", "Seconds": 20, "Next": "S" },
            "S": task(json!({ "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 60 }] }))
        }
    }));
    let run = Harness::new(&machine).mock("S", mock::throws("Busy")).run(json!({}));
    run.assert_timed_out().assert_elapsed(30.secs());
    assert_eq!((run.error(), run.cause()), (Some("States.Timeout"), None));
    assert_eq!(types(run.history()).last(), Some(&"ExecutionTimedOut"));
}

#[test]
fn what_ends_at_the_instant_of_the_machines_timeout_is_in_time() {
    let machine = machine(json!({
        "TimeoutSeconds": 30, "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 30, "End": true } }
    }));
    Harness::new(&machine).run(json!({})).assert_succeeded().assert_elapsed(30.secs());
}

#[test]
fn an_express_execution_has_five_minutes() {
    let wait = |seconds| {
        express(json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": seconds, "End": true } } }))
    };
    Harness::new(&wait(300)).run(json!({})).assert_succeeded();
    let run = Harness::new(&wait(301)).run(json!({}));
    run.assert_timed_out().assert_elapsed(5.minutes());
}

fn endless(machine_type: fn(serde_json::Value) -> Machine) -> Machine {
    machine_type(json!({
        "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Next": "B" },
            "B": { "Type": "Choice", "Choices": [{ "Variable": "$", "IsPresent": true, "Next": "A" }], "Default": "End" },
            "End": { "Type": "Succeed" }
        }
    }))
}

#[test]
fn the_last_of_25000_events_is_the_end() {
    let run = Harness::new(&endless(machine)).run(json!({}));
    run.assert_failed("States.Runtime");
    assert_eq!(run.cause(), Some("The execution reached the maximum number of history events (25000)."));
    assert_eq!(run.history().len(), 25_000);
    let kinds = types(run.history());
    assert_eq!(kinds[24_998..], ["PassStateExited", "ExecutionFailed"]);
    assert_eq!(run.history().iter().filter(|(_, e)| e.detail.is_terminal()).count(), 1);
}

#[test]
fn a_history_of_24999_events_and_its_end_fits() {
    // Start, 2 × 3 and the end: 8 events.
    let three = machine(json!({
        "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Next": "B" }, "B": { "Type": "Pass", "Next": "C" }, "C": { "Type": "Succeed" }
        }
    }));
    let with = |events| Harness::new(&three).limits(Limits { events, ..Limits::default() }).run(json!({}));
    with(8).assert_succeeded();
    assert_eq!(with(8).history().len(), 8);
    let full = with(7);
    full.assert_failed("States.Runtime");
    assert_eq!(full.history().len(), 7);
}

#[test]
fn an_endless_express_loop_ends_although_no_time_passes() {
    let limits = Limits { events_at_one_instant: 50_000, ..Limits::default() };
    let run = Harness::new(&endless(express)).limits(limits).run(json!({}));
    assert!(matches!(run.status(), Status::TimedOut(_) | Status::Failed(_)), "{:?}", run.status());
    assert!(run.history().len() > 40_000 && run.history().len() < 60_000, "{}", run.history().len());
}

#[test]
fn an_express_history_has_no_most_events() {
    let machine = express(json!({
        "StartAt": "Zero", "States": {
            "Zero": { "Type": "Pass", "Assign": { "n": 0 }, "Next": "Add" },
            "Add": { "Type": "Pass", "Assign": { "n.$": "States.MathAdd($n, 1)" }, "Next": "More" },
            "More": { "Type": "Choice", "Choices": [{ "Variable": "$n", "NumericLessThan": 7000, "Next": "Add" }], "Default": "Done" },
            "Done": { "Type": "Succeed" }
        }
    }));
    let run = Harness::new(&machine).run(json!({}));
    run.assert_succeeded();
    assert!(run.history().len() > 25_000, "{}", run.history().len());
}
