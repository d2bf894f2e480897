//! Fuzzing through the interface that tests in Rust use.

use serde_json::json;

use super::*;
use crate::mock;
use crate::mock::Fault;

fn machine(definition: &serde_json::Value) -> Machine {
    Machine::from_json(definition).unwrap_or_else(|e| panic!("{e}"))
}

const WORK: &str = "arn:aws:lambda:us-east-1:123456789012:function:work";

/// A machine of one task, with further fields.
fn task(fields: serde_json::Value) -> Machine {
    let mut state = json!({"Type": "Task", "Resource": WORK, "End": true});
    fields.as_object().unwrap().iter().for_each(|(name, value)| state[name] = value.clone());
    machine(&json!({"StartAt": "Work", "States": {"Work": state}}))
}

fn inputs(machine: &Machine, cases: usize) -> Vec<serde_json::Value> {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let strategy = Input::inferred().strategy(machine);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..cases).map(|_| strategy.new_tree(&mut runner).unwrap().current().to_json()).collect()
}

#[test]
fn the_smallest_case_is_shown() {
    let retry = json!([{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 3}]);
    let machine = task(json!({"Retry": retry}));
    let report = fuzz(&machine).mock("Work", json!({})).always("it succeeds", |run| run.output().is_some()).run();
    let failure = report.failure().unwrap();
    let faults: Vec<String> = failure.faults().iter().map(ToString::to_string).collect();
    // `States.TaskFailed` is retried three times; an error of the service that is no such thing would be, too.
    assert_eq!(faults, ["{ on: Work, fail: States.TaskFailed, times: 4 }"]);
    assert_eq!((failure.input(), failure.seed()), (&json!({}), 0));
    assert_eq!(failure.run().unwrap().history().len(), 15);
    let text = report.to_string();
    assert!(text.starts_with("it succeeds: it does not hold\n\n  input     {}\n  faults    { on: Work, "), "{text}");
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let catch = json!([{"ErrorEquals": ["Busy"], "Next": "Sorry"}]);
    let machine = machine(&json!({"StartAt": "Work", "States": {
        "Work": {"Type": "Task", "Resource": WORK, "End": true, "Catch": catch},
        "Sorry": {"Type": "Fail", "Error": "Sorry"}}}));
    let said = |seed| {
        let fuzz = fuzz(&machine).mock("Work", json!({})).seed(seed).never(["Sorry"]);
        fuzz.run().to_string()
    };
    assert_eq!(said(7), said(7));
    assert!(said(7).contains("{ on: Work, fail: Busy }"), "{}", said(7));
    assert!(said(7).contains("seed 7 of the cases, seed 0 of the execution"), "{}", said(7));
}

#[test]
fn what_the_machine_should_never_run_into_is_found_without_a_law() {
    let path = machine(&json!({"StartAt": "A", "States": {"A": {"Type": "Choice", "Default": "B", "Choices": [
        {"Variable": "$.gift", "IsPresent": true, "Next": "B"}]},
        "B": {"Type": "Pass", "InputPath": "$.gift.paper", "End": true}}}));
    let report = fuzz(&path).run();
    let failure = report.failure().unwrap();
    assert_eq!(failure.law(), "never States.Runtime, States.QueryEvaluationError or States.DataLimitExceeded");
    assert_eq!(failure.input(), &json!({}));
    fuzz(&path).allow("States.Runtime").run().assert_holds();

    let endless = machine(
        &json!({"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "A"}, {"Variable": "$.x", "IsPresent": false, "Next": "A"}], "Default": "B"}, "B": {"Type": "Succeed"}}}),
    );
    let report = fuzz(&endless).cases(3).run();
    let limit = "States.Runtime at 0: The execution reached the maximum number of history events (25000).";
    assert_eq!(report.failure().unwrap().message(), limit);
    let late = task(json!({}));
    let report = fuzz(&late).mock("Work", json!({})).terminates_within(std::time::Duration::from_secs(30)).run();
    assert_eq!(report.failure().unwrap().faults()[0].to_string(), "{ on: Work, delay: \"1m\" }");
}

#[test]
fn faults_are_those_that_are_chosen() {
    let machine = task(json!({"TimeoutSeconds": 5}));
    let errors = |faults: Faults| {
        let fuzz = fuzz(&machine).mock("Work", json!({})).faults(faults).cases(300);
        let seen = std::sync::Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
        let own = seen.clone();
        let fuzz = fuzz.always("seen", move |run| {
            own.lock().unwrap().extend(run.error().map(str::to_owned));
            true
        });
        fuzz.run().assert_holds();
        let seen: Vec<String> = seen.lock().unwrap().iter().cloned().collect();
        seen
    };
    assert!(errors(Faults::none()).is_empty());
    assert_eq!(errors(Faults::of(["A", "B"])), ["A", "B"]);
    assert_eq!(errors(Faults::of(["A"]).or(Fault::on("work").throws("C").every())), ["A", "C"]);
    let any = errors(Faults::any());
    assert_eq!(any, ["Lambda.TooManyRequestsException", "Lambda.Unknown", "States.TaskFailed", "States.Timeout"]);
}

#[test]
fn a_smaller_case_has_no_faults_that_were_not_chosen() {
    let machine = task(json!({"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]}));
    let smallest = |faults: Faults| {
        let report = fuzz(&machine).mock("Work", json!({})).faults(faults).always("it", |r| r.output().is_some()).run();
        report.failure().unwrap().faults().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let given = Fault::on("work").throws("C").times(3).nth(1);
    assert_eq!(smallest(Faults::of(["A"; 0]).or(given)), ["{ on: work, fail: C, times: 3 }"]);
    assert_eq!(smallest(Faults::of(["A"])), ["{ on: Work, fail: A, times: 2 }"]);
}

#[test]
fn a_case_that_cannot_be_rehearsed_fails_and_is_told() {
    let machine = task(json!({}));
    let report = fuzz(&machine).faults(Faults::none()).run();
    assert!(report.failure().unwrap().run().is_none());
    assert!(report.to_string().contains("no mock answers it"), "{report}");
}

#[test]
fn laws_in_jsonata_look_at_everything() {
    let machine =
        machine(&json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.ids", "End": true,
        "ItemProcessor": {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": WORK, "End": true}}}}}}));
    let fuzz = fuzz(&machine)
        .mock("Work", mock::returns(json!({"ok": 1})).takes(std::time::Duration::from_millis(1500)))
        .input(Input::examples([json!({"ids": ["a", "b"]})]))
        .faults(Faults::none())
        .cases(1);
    for law in [
        "$count($calls) = 2 and $calls[item=1].payload = 'b' and $calls[0].function = 'work' and $calls[0].attempt = 0",
        "$calls.state = ['Work', 'Work'] and $calls[0].result.ok = 1 and $calls[0].at = 0 and $calls[0].ok",
        "$status = 'SUCCEEDED'",
        "$output[1].ok = 1",
        "$not($exists($failure))",
        "$elapsed = 1.5",
        "$count($history[type='MapIterationStarted']) = 2 and $input.ids[1] = 'b' and $variables = {}",
    ] {
        fuzz.clone().always_jsonata(law).run().assert_holds();
    }
    let failing = fuzz.clone().input(Input::examples([json!({"ids": [1]})])).mock("Work", mock::fails("E", "c"));
    failing
        .always_jsonata("$failure.error = 'E' and $failure.cause = 'c' and $calls[0].cause = 'c'")
        .run()
        .assert_holds();
    let failure = |law: &str| fuzz.clone().always_jsonata(law).run().failure().unwrap().message().to_owned();
    assert_eq!(failure("$count($calls) <= 1 + 0"), "it is false: 2 on the left, 1 on the right");
    assert_eq!(failure("$output.nothing"), "it gives nothing, and not `true`");
    assert_eq!(failure("$count($calls)"), "it gives 2, and not `true`");
    assert!(failure("$sum($calls.state) = 1").starts_with("it gives an error ("));
}

#[test]
fn inputs_are_what_the_definition_reads() {
    let all = inputs(
        &machine(&json!({"StartAt": "Large?", "States": {
            "Large?": {"Type": "Choice", "Default": "Wait", "Choices": [
                {"And": [{"Variable": "$.order.total", "NumericGreaterThan": 5000},
                         {"Variable": "$.order.kind", "StringEquals": "gift"}], "Next": "Wait"},
                {"Variable": "$.note", "IsPresent": true, "Next": "Wait"}]},
            "Wait": {"Type": "Wait", "SecondsPath": "$.delay", "Next": "Each"},
            "Each": {"Type": "Map", "ItemsPath": "$.order.lines", "ResultPath": "$.done", "Next": "End",
                "ItemProcessor": {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": WORK,
                    "Parameters": {"sku.$": "$.sku", "n.$": "States.MathAdd($.n, 1)"}, "End": true}}}},
            "End": {"Type": "Pass", "Parameters": {"x.$": "$.done[0].x", "id.$": "$.id"}, "End": true}}})),
        300,
    );
    let total = |v: &serde_json::Value| v["order"]["total"].as_i64().unwrap();
    assert!(all.iter().any(|v| total(v) == 5000) && all.iter().any(|v| total(v) == 5001));
    assert!(all.iter().any(|v| v["order"]["kind"] == "gift") && all.iter().any(|v| v["order"]["kind"] != "gift"));
    assert!(all.iter().any(|v| v.get("note").is_some()) && all.iter().any(|v| v.get("note").is_none()));
    assert!(all.iter().all(|v| v["delay"].as_u64().is_some_and(|n| n < 100)));
    assert!(all.iter().all(|v| v["id"].is_string() && v.get("done").is_none()), "{}", all[0]);
    let line = all.iter().find_map(|v| v["order"]["lines"].get(0)).unwrap();
    assert!(line["sku"].is_string() && line["n"].is_i64(), "{line}");

    let all = inputs(
        &machine(&json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
            "A": {"Type": "Pass", "Assign": {"order": "{% $states.input.order %}"}, "Next": "B"},
            "B": {"Type": "Choice", "Default": "C", "Choices": [
                {"Condition": "{% $order.total >= 100 and $order.kind in ['a', 'b'] and $exists($order.note) %}", "Next": "C"}]},
            "C": {"Type": "Map", "Items": "{% $order.lines %}", "ItemSelector": {"s": "{% $states.context.Map.Item.Value.sku %}"},
                "ItemProcessor": {"StartAt": "D", "States": {"D": {"Type": "Pass", "End": true}}}, "End": true}}})),
        300,
    );
    assert!(all.iter().any(|v| total(v) == 99) && all.iter().any(|v| total(v) == 100));
    assert!(all.iter().any(|v| v["order"]["kind"] == "b") && all.iter().any(|v| v["order"].get("note").is_none()));
    assert!(all.iter().all(|v| v["order"]["lines"].is_array()));
    assert!(all.iter().find_map(|v| v["order"]["lines"].get(0)).unwrap()["sku"].is_string());
}
