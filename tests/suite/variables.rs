//! Variables and their scopes.

use rehearsal::prelude::*;
use serde_json::Value;

use super::support::{WORK, machine};

fn jsonata(definition: Value) -> Machine {
    let mut definition = definition;
    definition["QueryLanguage"] = "JSONata".into();
    machine(definition)
}

#[test]
fn all_expressions_of_a_state_see_the_values_from_before_it() {
    let machine = jsonata(json!({
        "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Assign": { "x": 1, "y": 2 }, "Next": "Swap" },
            "Swap": { "Type": "Pass", "Assign": { "x": "{% $y %}", "y": "{% $x %}" }, "Output": "{% [$x, $y] %}", "Next": "B" },
            "B": { "Type": "Pass", "Output": { "before": "{% $states.input %}", "after": "{% [$x, $y] %}" }, "End": true }
        }
    }));
    let run = Harness::new(&machine).run(json!({}));
    run.assert_output(json!({ "before": [1, 2], "after": [2, 1] }));
    assert_eq!((run.variable("x"), run.variable("y"), run.variable("z")), (Some(json!(2)), Some(json!(1)), None));
}

#[test]
fn what_was_assigned_is_written_as_text_with_the_exit() {
    let machine = machine(json!({
        "StartAt": "A", "States": { "A": { "Type": "Pass", "Assign": { "n": 42, "s": "abc", "l.$": "$.l" }, "End": true } }
    }));
    let run = Harness::new(&machine).run(json!({ "l": [1, 2] }));
    let exited = &run.history_json()["events"][2]["stateExitedEventDetails"];
    assert_eq!(exited["assignedVariables"], json!({ "n": "42", "s": "\"abc\"", "l": "[1,2]" }));
    assert_eq!(exited["assignedVariablesDetails"], json!({ "truncated": false }));
}

#[test]
fn a_tasks_assign_reads_its_result_and_the_context() {
    let machine = machine(json!({
        "StartAt": "S", "States": {
            "S": {
                "Type": "Task", "Resource": WORK, "ResultPath": null,
                "Assign": { "id.$": "$.id", "who.$": "$$.State.Name" }, "Next": "B"
            },
            "B": { "Type": "Pass", "Parameters": { "id.$": "$id", "who.$": "$who" }, "End": true }
        }
    }));
    let run = Harness::new(&machine).mock("S", json!({ "id": "r-1" })).run(json!({}));
    run.assert_output(json!({ "id": "r-1", "who": "S" }));
}

#[test]
fn the_rule_that_matches_assigns_in_place_of_the_choice() {
    let machine = jsonata(json!({
        "StartAt": "C", "States": {
            "C": {
                "Type": "Choice",
                "Choices": [{ "Condition": "{% $states.input.n > 10 %}", "Assign": { "size": "large" }, "Output": "rule", "Next": "D" }],
                "Assign": { "size": "small", "by": "default" }, "Default": "D"
            },
            "D": { "Type": "Succeed" }
        }
    }));
    let large = Harness::new(&machine).run(json!({ "n": 11 }));
    assert_eq!((large.variable("size"), large.variable("by")), (Some(json!("large")), None));
    large.assert_output(json!("rule"));
    let small = Harness::new(&machine).run(json!({ "n": 1 }));
    assert_eq!((small.variable("size"), small.variable("by")), (Some(json!("small")), Some(json!("default"))));
    small.assert_output(json!({ "n": 1 }));
}

#[test]
fn the_catcher_assigns_in_place_of_the_state() {
    let machine = jsonata(json!({
        "StartAt": "S", "States": {
            "S": {
                "Type": "Task", "Resource": WORK, "Assign": { "went": "well" }, "Next": "D",
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Assign": { "error": "{% $states.errorOutput.Error %}" }, "Next": "D" }]
            },
            "D": { "Type": "Succeed" }
        }
    }));
    let run = Harness::new(&machine).mock("S", mock::fails("Broken", "b")).run(json!({}));
    assert_eq!((run.variable("went"), run.variable("error")), (None, Some(json!("Broken"))));
    let run = Harness::new(&machine).mock("S", json!(1)).run(json!({}));
    assert_eq!((run.variable("went"), run.variable("error")), (Some(json!("well")), None));
}

#[test]
fn an_iteration_reads_outer_variables_and_keeps_its_own() {
    let machine = jsonata(json!({
        "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Assign": { "factor": 10 }, "Next": "Each" },
            "Each": {
                "Type": "Map", "Items": [1, 2, 3], "Next": "End",
                "ItemProcessor": { "StartAt": "P", "States": {
                    "P": { "Type": "Pass", "Assign": { "own": "{% $states.input * $factor %}" }, "Next": "Q" },
                    "Q": { "Type": "Pass", "Output": "{% $own %}", "End": true }
                } }
            },
            "End": { "Type": "Succeed" }
        }
    }));
    let run = Harness::new(&machine).run(json!({}));
    run.assert_output(json!([10, 20, 30]));
    assert_eq!((run.variable("factor"), run.variable("own")), (Some(json!(10)), None));
}

#[test]
fn sibling_branches_do_not_see_each_others_variables() {
    let branch = |own: &str, name: &str| {
        json!({ "StartAt": name, "States": {
            name: { "Type": "Pass", "Assign": { "mine": own }, "Next": format!("{name}2") },
            format!("{name}2"): { "Type": "Pass", "Output": "{% $mine %}", "End": true }
        } })
    };
    let machine = jsonata(json!({
        "StartAt": "P", "States": { "P": { "Type": "Parallel", "Branches": [branch("a", "A"), branch("b", "B")], "End": true } }
    }));
    Harness::new(&machine).run(json!({})).assert_output(json!(["a", "b"]));
}

#[test]
fn a_variable_that_is_not_there_fails_in_the_languages_own_way() {
    let path = machine(json!({
        "StartAt": "A", "States": {
            "C": { "Type": "Pass", "Assign": { "x": 1 }, "End": true },
            "A": { "Type": "Choice", "Choices": [{ "Variable": "$.go", "BooleanEquals": true, "Next": "C" }], "Default": "B" },
            "B": { "Type": "Pass", "Parameters": { "x.$": "$x" }, "End": true }
        }
    }));
    Harness::new(&path).run(json!({ "go": false })).assert_failed("States.Runtime");
    let jsonata =
        jsonata(json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "Output": "{% $x %}", "End": true } } }));
    let run = Harness::new(&jsonata).run(json!({}));
    run.assert_failed("States.QueryEvaluationError").assert_cause_contains("returned nothing (undefined)");
}

#[test]
fn a_variable_larger_than_the_limit_is_refused() {
    let machine = jsonata(json!({
        "StartAt": "A", "States": { "A": { "Type": "Pass", "Assign": { "x": "{% $states.input & $states.input %}" }, "End": true } }
    }));
    let run = Harness::new(&machine).run(json!("x".repeat(200_000)));
    assert!(run.error().is_some(), "400,000 bytes fit into no variable");
    Harness::new(&machine).run(json!("x".repeat(100_000))).assert_succeeded();
}
