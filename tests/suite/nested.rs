//! Executions that start executions of other loaded machines.

use rehearsal::engine::Status;
use rehearsal::prelude::*;
use serde_json::Value;

use super::support::{machine, single, types};

const CHILD: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:Child";

fn parent(pattern: &str) -> Machine {
    single(json!({
        "Type": "Task", "Resource": format!("arn:aws:states:::states:startExecution{pattern}"),
        "Parameters": { "StateMachineArn": CHILD, "Input": { "n.$": "$.n" }, "Name": "child-1" }
    }))
}

fn child() -> Machine {
    machine(json!({
        "StartAt": "W", "States": {
            "W": { "Type": "Wait", "Seconds": 20, "Next": "Test" },
            "Test": { "Type": "Choice", "Choices": [{ "Variable": "$.n", "NumericLessThan": 0, "Next": "No" }], "Default": "Yes" },
            "Yes": { "Type": "Pass", "Parameters": { "twice.$": "States.MathAdd($.n, $.n)" }, "End": true },
            "No": { "Type": "Fail", "Error": "Negative", "Cause": "less than nothing" }
        }
    }))
    .named("Child")
}

#[test]
fn request_and_response_gives_the_arn_and_does_not_wait() {
    let run = Harness::new(&parent("")).machine(&child()).run(json!({ "n": 2 }));
    run.assert_succeeded().assert_elapsed(0.secs());
    let arn = CHILD.replace(":stateMachine:", ":execution:") + ":child-1";
    assert_eq!(run.output().unwrap()["ExecutionArn"], arn);
}

#[test]
fn sync_waits_and_gives_the_output_as_text_or_as_a_value() {
    for (pattern, output, input) in
        [(".sync", json!("{\"twice\":4}"), json!("{\"n\":2}")), (".sync:2", json!({ "twice": 4 }), json!({ "n": 2 }))]
    {
        let run = Harness::new(&parent(pattern)).machine(&child()).run(json!({ "n": 2 }));
        run.assert_succeeded().assert_elapsed(20.secs());
        let described = run.output().unwrap();
        assert_eq!(described["Output"], output, "{pattern}");
        assert_eq!(described["Input"], input, "{pattern}");
        assert_eq!((&described["Status"], &described["Name"]), (&json!("SUCCEEDED"), &json!("child-1")));
        assert_eq!(described["StateMachineArn"], CHILD);
        assert!(types(run.history()).contains(&"TaskSubmitted"));
    }
}

#[test]
fn a_failing_child_is_a_failed_task_whose_cause_describes_it() {
    for pattern in [".sync", ".sync:2"] {
        let run = Harness::new(&parent(pattern)).machine(&child()).run(json!({ "n": -1 }));
        run.assert_failed("States.TaskFailed").assert_elapsed(20.secs());
        let cause: Value = serde_json::from_str(run.cause().unwrap()).unwrap();
        assert_eq!(
            (&cause["Error"], &cause["Cause"], &cause["Status"], &cause["Input"]),
            (&json!("Negative"), &json!("less than nothing"), &json!("FAILED"), &json!("{\"n\":-1}")),
            "{pattern}"
        );
    }
}

#[test]
fn the_childs_own_history_is_kept() {
    let run = Harness::new(&parent(".sync:2")).machine(&child()).run(json!({ "n": 1 }));
    let [child] = run.children() else { panic!("one child, not {}", run.children().len()) };
    assert_eq!((&*child.name, child.input.to_json()), ("child-1", json!({ "n": 1 })));
    assert!(matches!(child.status, Status::Succeeded(_)));
    assert_eq!(types(&child.history)[1], "WaitStateEntered");
}

#[test]
fn the_childs_tasks_are_mocked_like_the_parents() {
    let inner = machine(json!({
        "StartAt": "Work", "States": { "Work": { "Type": "Task", "Resource": super::support::WORK, "End": true } }
    }))
    .named("Child");
    let harness = Harness::new(&parent(".sync:2")).machine(&inner);
    let run = harness.clone().mock("Work", mock::returns(json!(5)).takes(3.secs())).run(json!({ "n": 1 }));
    assert_eq!(run.output().unwrap()["Output"], 5);
    run.assert_elapsed(3.secs());
    let text = harness.try_run(json!({ "n": 1 })).err().unwrap().to_string();
    assert!(text.contains("`Work` calls"), "{text}");
}

#[test]
fn a_mock_takes_the_place_of_the_machine() {
    let run =
        Harness::new(&parent(".sync:2")).machine(&child()).mock("S", json!({ "Output": 1 })).run(json!({ "n": 1 }));
    run.assert_output(json!({ "Output": 1 }));
    assert!(run.children().is_empty());
}

#[test]
fn a_machine_that_was_not_loaded_is_an_unanswered_task() {
    let text = Harness::new(&parent(".sync")).try_run(json!({ "n": 1 })).err().unwrap().to_string();
    assert!(text.contains("`S` calls states:startExecution.sync"), "{text}");
}

#[test]
fn a_machine_may_start_itself_until_it_has_had_enough() {
    let machine = machine(json!({
        "StartAt": "More", "States": {
            "More": { "Type": "Choice", "Choices": [{ "Variable": "$.n", "NumericGreaterThan": 0, "Next": "Again" }], "Default": "Done" },
            "Again": {
                "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true,
                "Parameters": { "StateMachineArn": CHILD, "Input": { "n.$": "States.MathAdd($.n, -1)" } }
            },
            "Done": { "Type": "Succeed" }
        }
    }))
    .named("Child");
    let run = Harness::new(&machine).machine(&machine).run(json!({ "n": 5 }));
    run.assert_succeeded();
    assert_eq!(run.children().len(), 5);
}

#[test]
fn a_machine_that_starts_itself_for_ever_is_reported() {
    let again = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": { "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:kid" }
    });
    let kid = single(again).named("kid");
    let text = Harness::new(&kid).machine(&kid).try_run(json!({})).expect_err("an endless chain").to_string();
    assert!(text.contains("starts `kid` without end"), "{text}");
}

#[test]
fn a_sync_task_that_times_out_stops_what_it_started() {
    let definition = json!({
        "StartAt": "Start",
        "States": {
            "Start": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "TimeoutSeconds": 5,
                "Parameters": { "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:kid" },
                "Catch": [{ "ErrorEquals": ["States.Timeout"], "Next": "Later" }],
                "Next": "Later"
            },
            "Later": { "Type": "Wait", "Seconds": 60, "End": true }
        }
    });
    let kid = single(json!({ "Type": "Wait", "Seconds": 30 })).named("kid");
    let run = Harness::new(&Machine::from_json(&definition).unwrap()).machine(&kid).run(json!({}));
    run.assert_succeeded().assert_elapsed(65.secs());
    assert_eq!(run.children()[0].status.name(), "ABORTED");
}

#[test]
fn what_is_started_and_not_waited_for_goes_on_to_its_end() {
    let parent = single(json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": { "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:kid" }
    }));
    let kid = single(json!({ "Type": "Wait", "Seconds": 30 })).named("kid");
    let run = Harness::new(&parent).machine(&kid).run(json!({}));
    run.assert_succeeded().assert_elapsed(0.secs());
    assert_eq!(run.children()[0].status.name(), "SUCCEEDED");
}
