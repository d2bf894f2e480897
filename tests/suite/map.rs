//! Map states, inline and distributed.

use rehearsal::engine::Status;
use rehearsal::prelude::*;
use serde_json::Value;

use super::support::{WORK, events, single, types};

fn inline(fields: Value) -> Value {
    let work = json!({ "Type": "Task", "Resource": WORK, "End": true });
    let mut state = json!({
        "Type": "Map", "ItemProcessor": { "StartAt": "Work", "States": { "Work": work } }
    });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    state
}

fn distributed(fields: Value) -> Value {
    let mut state = inline(fields);
    state["ItemProcessor"]["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    state
}

#[test]
fn results_come_in_item_order_whoever_is_first() {
    let slow_first = mock::answers(|call| {
        let n = call.payload.as_i64().unwrap_or(0);
        mock::Reply::done(json!(n * 10)).takes((10 - n.unsigned_abs()).secs())
    });
    let run = Harness::new(&single(inline(json!({})))).mock("S/Work", slow_first).run(json!([1, 2, 3]));
    run.assert_succeeded().assert_output(json!([10, 20, 30])).assert_elapsed(9.secs());
}

#[test]
fn a_path_may_name_the_items_of_a_map() {
    let run = Harness::new(&single(inline(json!({})))).mock("Work", json!(1)).run(json!([1, 2]));
    run.assert_path(["S"]).assert_path(["S", "S[0]/Work", "S[1]/Work"]).assert_path(["S", "S[1]/Work"]);
    run.assert_path(["...", "S[1]/Work x1"]).assert_path(["S", "S/Work", "S/Work"]);
    let panic = super::support::panic_of(|| {
        run.assert_path(["S", "S[1]/Work", "S[0]/Work"]);
    });
    assert!(panic.contains("but it was\n  S → S[0]/Work → S[1]/Work"), "{panic}");
}

#[test]
fn without_a_limit_all_iterations_start_at_once() {
    let run =
        Harness::new(&single(inline(json!({})))).mock("Work", mock::returns(1).takes(2.secs())).run(json!([1, 2]));
    assert_eq!(
        events(run.history())[..9],
        [
            "1<-0 ExecutionStarted",
            "2<-0 MapStateEntered",
            "3<-2 MapStateStarted",
            "4<-3 MapIterationStarted",
            "5<-3 MapIterationStarted",
            "6<-4 TaskStateEntered",
            "7<-6 LambdaFunctionScheduled",
            "8<-7 LambdaFunctionStarted",
            "9<-5 TaskStateEntered"
        ]
    );
    run.assert_elapsed(2.secs());
}

#[test]
fn the_next_iteration_starts_from_the_last_events_of_the_one_before() {
    let pass = json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } });
    let run =
        Harness::new(&single(json!({ "Type": "Map", "MaxConcurrency": 1, "ItemProcessor": pass }))).run(json!([1, 2]));
    assert_eq!(
        events(run.history()),
        [
            "1<-0 ExecutionStarted",
            "2<-0 MapStateEntered",
            "3<-2 MapStateStarted",
            "4<-3 MapIterationStarted",
            "5<-4 PassStateEntered",
            "6<-5 PassStateExited",
            "7<-6 MapIterationSucceeded",
            "8<-6 MapIterationStarted",
            "9<-8 PassStateEntered",
            "10<-9 PassStateExited",
            "11<-10 MapIterationSucceeded",
            "12<-11 MapStateSucceeded",
            "13<-11 MapStateExited",
            "14<-13 ExecutionSucceeded"
        ]
    );
}

#[test]
fn a_limit_on_concurrency_is_kept() {
    let harness = |limit| {
        Harness::new(&single(inline(json!({ "MaxConcurrency": limit })))).mock("Work", mock::returns(1).takes(3.secs()))
    };
    let items: Vec<u32> = (0..6).collect();
    for (limit, seconds) in [(1, 18), (2, 9), (4, 6), (6, 3), (0, 3)] {
        harness(limit).run(json!(items)).assert_elapsed(seconds.secs());
    }
    let many: Vec<u32> = (0..80).collect();
    harness(0).run(json!(many)).assert_elapsed(6.secs());
}

#[test]
fn the_limit_may_come_from_the_input() {
    let state = inline(json!({ "ItemsPath": "$.items", "MaxConcurrencyPath": "$.limit" }));
    let harness = Harness::new(&single(state)).mock("Work", mock::returns(1).takes(1.secs()));
    harness.run(json!({ "items": [1, 2, 3], "limit": 1 })).assert_elapsed(3.secs());
    let run = harness.run(json!({ "items": [1], "limit": "many" }));
    run.assert_failed("States.Runtime");
    run.assert_cause_contains(
        "The MaxConcurrencyPath field refers to value \"many\" which is not a valid integer: $.limit",
    );
    assert_eq!(types(run.history()), ["ExecutionStarted", "MapStateEntered", "ExecutionFailed"]);
}

#[test]
fn an_empty_list_gives_an_empty_list() {
    let run = Harness::new(&single(inline(json!({})))).mock("Work", json!(1)).run(json!([]));
    run.assert_succeeded().assert_output(json!([]));
    assert_eq!(events(run.history())[2..5], ["3<-2 MapStateStarted", "4<-3 MapStateSucceeded", "5<-3 MapStateExited"]);
}

#[test]
fn an_item_selector_sees_the_input_the_item_and_its_index() {
    let selector = json!({ "item.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index", "shared.$": "$.shared" });
    let state = inline(json!({ "ItemsPath": "$.items", "ItemSelector": selector }));
    let run = Harness::new(&single(state)).mock("Work", json!(1)).run(json!({ "items": ["a", "b"], "shared": 7 }));
    let payloads: Vec<Value> = run.calls_to("Work").payloads().iter().map(rehearsal::value::Value::to_json).collect();
    assert_eq!(
        payloads,
        [json!({ "item": "a", "index": 0, "shared": 7 }), json!({ "item": "b", "index": 1, "shared": 7 })]
    );
}

#[test]
fn a_failed_item_aborts_its_siblings_and_fails_the_state_with_its_own_error() {
    let answers = mock::fails("BadItem", "item 1").takes(2.secs()).for_item(1).then(mock::returns(1).takes(9.secs()));
    let run = Harness::new(&single(inline(json!({})))).mock("Work", answers).run(json!([1, 2, 3]));
    run.assert_failed("BadItem").assert_cause_contains("item 1").assert_elapsed(2.secs());
    let kinds = types(run.history());
    assert!(kinds.contains(&"MapIterationFailed"), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|k| **k == "MapIterationAborted").count(), 2, "{kinds:?}");
    assert_eq!(kinds[kinds.len() - 2..], ["MapStateFailed", "ExecutionFailed"]);
    let open = run.calls_to("Work");
    assert!(open.iter().all(|c| c.ended_at.is_some()), "{}", open.describe());
}

#[test]
fn a_failed_iteration_and_the_map_both_follow_what_failed() {
    let fail = json!({ "StartAt": "F", "States": { "F": { "Type": "Fail", "Error": "No" } } });
    let run =
        Harness::new(&single(json!({ "Type": "Map", "MaxConcurrency": 1, "ItemProcessor": fail }))).run(json!([1, 2]));
    assert_eq!(
        events(run.history())[3..],
        [
            "4<-3 MapIterationStarted",
            "5<-4 FailStateEntered",
            "6<-5 MapIterationFailed",
            "7<-5 MapStateFailed",
            "8<-7 ExecutionFailed"
        ]
    );
}

#[test]
fn a_retry_runs_every_item_again() {
    let state = inline(json!({
        "MaxConcurrency": 1, "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 4, "MaxAttempts": 1 }]
    }));
    let answers = mock::returns(1).once().then(mock::throws("Busy").once()).then(json!(2));
    let run = Harness::new(&single(state)).mock("Work", answers).run(json!(["a", "b"]));
    run.assert_succeeded().assert_output(json!([2, 2])).assert_elapsed(4.secs());
    run.calls_to("Work").assert_times(4);
    let kinds = types(run.history());
    assert_eq!(kinds.iter().filter(|k| **k == "MapStateStarted").count(), 2);
    assert!(!kinds.contains(&"MapStateFailed"), "{kinds:?}");
    assert_eq!(run.state("S").gaps(), [4.secs()]);
}

#[test]
fn a_catch_takes_the_items_error() {
    let machine = super::support::machine(json!({
        "StartAt": "S", "States": {
            "S": {
                "Type": "Map", "Next": "Done",
                "ItemProcessor": { "StartAt": "Work", "States": { "Work": { "Type": "Task", "Resource": WORK, "End": true } } },
                "Catch": [{ "ErrorEquals": ["BadItem"], "ResultPath": "$.error", "Next": "Done" }]
            },
            "Done": { "Type": "Succeed" }
        }
    }));
    let run = Harness::new(&machine).mock("Work", mock::fails("BadItem", "b")).run(json!([1]));
    run.assert_failed("States.ResultPathMatchFailure");
    let named = super::support::machine({
        let mut d = machine.definition();
        d["States"]["S"]["ItemsPath"] = "$.items".into();
        d
    });
    let run = Harness::new(&named).mock("Work", mock::fails("BadItem", "b")).run(json!({ "items": [1] }));
    run.assert_succeeded().assert_output(json!({ "items": [1], "error": { "Error": "BadItem", "Cause": "b" } }));
}

#[test]
fn what_is_no_list_is_refused_in_the_services_words() {
    let run = Harness::new(&single(inline(json!({})))).mock("Work", json!(1)).run(json!({ "a": 1 }));
    run.assert_failed("States.Runtime").assert_cause_contains("Reference path \"$\" must point to array.");
    let jsonata = super::support::single_jsonata(inline(json!({})));
    let run = Harness::new(&jsonata).mock("Work", json!(1)).run(json!(1));
    run.assert_failed("States.QueryEvaluationError")
        .assert_cause_contains("Map state input must be an array but was: 1");
}

#[test]
fn maps_nest() {
    let inner = inline(json!({ "End": true }));
    let state = json!({
        "Type": "Map", "ItemProcessor": { "StartAt": "Inner", "States": { "Inner": inner } }
    });
    let run = Harness::new(&single(state))
        .mock("Inner[1]/Work", json!("second"))
        .mock("Work", json!("other"))
        .run(json!([[1, 2], [3]]));
    run.assert_output(json!([["other", "second"], ["other"]]));
    run.calls_to("S[0]/Inner[1]/Work").assert_times(1);
    run.calls_to("S[1]/Inner[1]/Work").assert_times(0);
}

#[test]
fn a_distributed_map_starts_a_child_execution_for_each_item() {
    let run = Harness::new(&single(distributed(json!({ "Label": "each" }))))
        .mock("S/Work", mock::answers(|c| json!(c.payload.as_i64().unwrap_or(0) + 1)))
        .run(json!([1, 2]));
    run.assert_succeeded().assert_output(json!([2, 3]));
    assert_eq!(
        events(run.history())[1..],
        [
            "2<-0 MapStateEntered",
            "3<-2 MapStateStarted",
            "4<-3 MapRunStarted",
            "5<-4 MapRunSucceeded",
            "6<-5 MapStateSucceeded",
            "7<-4 MapStateExited",
            "8<-7 ExecutionSucceeded"
        ]
    );
    assert_eq!(run.children().len(), 2);
    for (child, input) in run.children().iter().zip([1, 2]) {
        assert!(child.arn.contains(":execution:StateMachine/each:"), "{}", child.arn);
        assert_eq!(child.input.to_json(), json!(input));
        assert_eq!(types(&child.history)[1], "TaskStateEntered");
    }
    let arn = run.history_json()["events"][3]["mapRunStartedEventDetails"]["mapRunArn"].as_str().unwrap().to_owned();
    assert!(arn.starts_with("arn:aws:states:us-east-1:123456789012:mapRun:StateMachine/each:"), "{arn}");
}

#[test]
fn batches_hold_so_many_items_and_what_they_share() {
    let state = distributed(json!({
        "ItemsPath": "$.items",
        "ItemBatcher": { "MaxItemsPerBatch": 2, "BatchInput": { "date.$": "$.date" } }
    }));
    let run = Harness::new(&single(state)).mock("Work", json!(1)).run(json!({ "items": [1, 2, 3], "date": "today" }));
    let payloads: Vec<Value> = run.calls_to("Work").payloads().iter().map(rehearsal::value::Value::to_json).collect();
    assert_eq!(
        payloads,
        [
            json!({ "BatchInput": { "date": "today" }, "Items": [1, 2] }),
            json!({ "BatchInput": { "date": "today" }, "Items": [3] })
        ]
    );
}

#[test]
fn a_batch_is_not_larger_than_its_bytes() {
    let state = distributed(json!({ "ItemBatcher": { "MaxInputBytesPerBatch": 100 } }));
    let items: Vec<String> = (0..10).map(|_| "x".repeat(30)).collect();
    let run = Harness::new(&single(state)).mock("Work", json!(1)).run(json!(items));
    run.assert_succeeded();
    let sizes: Vec<usize> = run.calls_to("Work").payloads().iter().map(|p| p.text_len()).collect();
    assert!(sizes.len() > 1 && sizes.iter().all(|n| *n <= 100), "{sizes:?}");
    assert_eq!(run.output().unwrap().as_array().unwrap().len(), sizes.len());
}

#[test]
fn failures_are_tolerated_up_to_the_count_or_the_percentage() {
    let failing = |n: usize| mock::fails("BadItem", "b").times(n as u64).then(json!("fine"));
    let with = |fields: Value| Harness::new(&single(distributed(fields)));
    let items = json!([1, 2, 3, 4]);
    let fine = with(json!({ "ToleratedFailureCount": 2 })).mock("Work", failing(2)).run(items.clone());
    fine.assert_succeeded().assert_output(json!(["fine", "fine"]));
    assert_eq!(fine.children().iter().filter(|c| matches!(c.status, Status::Failed(_))).count(), 2);
    with(json!({ "ToleratedFailurePercentage": 50 })).mock("Work", failing(2)).run(items.clone()).assert_succeeded();
    for fields in [json!({ "ToleratedFailureCount": 1 }), json!({ "ToleratedFailurePercentage": 49.9 }), json!({})] {
        let run = with(fields.clone()).mock("Work", failing(2)).run(items.clone());
        run.assert_failed("States.ExceedToleratedFailureThreshold");
        run.assert_cause_contains("The specified tolerated failure threshold was exceeded");
        let kinds = types(run.history());
        assert_eq!(kinds[4..], ["MapRunFailed", "MapStateFailed", "ExecutionFailed"], "{fields}");
    }
}

#[test]
fn the_rest_of_a_failed_map_run_is_stopped() {
    let answers = mock::throws("BadItem").for_item(0).then(mock::returns(1).takes(1.hours()));
    let run = Harness::new(&single(distributed(json!({})))).mock("Work", answers).run(json!([1, 2, 3]));
    run.assert_failed("States.ExceedToleratedFailureThreshold").assert_elapsed(0.secs());
    let stopped = run.children().iter().filter(|c| matches!(c.status, Status::Aborted(_))).count();
    assert_eq!(stopped, 2, "{:?}", run.children().iter().map(|c| c.status.name()).collect::<Vec<_>>());
}

fn read(config: Value, key: &str) -> Value {
    distributed(json!({
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": { "Bucket": "data", "Key": key }
        }
    }))
}

/// What the items of an object come to, read in this way.
#[track_caller]
fn items(config: Value, body: &str) -> Value {
    let echo = mock::answers(|c| rehearsal::mock::Reply::done(c.payload.clone()));
    let run = Harness::new(&single(read(config, "k"))).object("data", "k", body).mock("Work", echo).run(json!({}));
    run.assert_succeeded();
    run.output().unwrap()
}

#[test]
fn items_are_read_from_json_jsonl_and_csv() {
    assert_eq!(items(json!({ "InputType": "JSON" }), "[1, {\"a\": 2}]"), json!([1, { "a": 2 }]));
    assert_eq!(items(json!({ "InputType": "JSON", "MaxItems": 1 }), "[1, 2]"), json!([1]));
    assert_eq!(items(json!({ "InputType": "JSONL" }), "{\"a\": 1}\n\n[2]\n"), json!([{ "a": 1 }, [2]]));
    assert_eq!(
        items(json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" }), "id,name\n1,\"Ann, B.\"\n2\n"),
        json!([{ "id": "1", "name": "Ann, B." }, { "id": "2", "name": "" }])
    );
    assert_eq!(
        items(
            json!({ "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"], "CSVDelimiter": "SEMICOLON" }),
            "1;2\n3;4"
        ),
        json!([{ "a": "1", "b": "2" }, { "a": "3", "b": "4" }])
    );
}

#[test]
fn items_are_read_from_a_listing() {
    let state = distributed(json!({
        "ItemReader": { "Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": { "Bucket": "data", "Prefix": "in/" } }
    }));
    let run = Harness::new(&single(state))
        .object("data", "in/b", "22")
        .object("data", "in/a", "1")
        .object("data", "out/c", "")
        .mock(
            "Work",
            mock::answers(|c| {
                json!([c.payload.get("Key").and_then(|k| k.as_str()), c.payload.get("Size").and_then(|k| k.as_i64())])
            }),
        )
        .run(json!({}));
    run.assert_output(json!([["in/a", 1], ["in/b", 2]]));
}

#[test]
fn a_reader_that_finds_nothing_to_iterate_fails_the_map_run() {
    for (config, body, cause) in [
        (json!({ "InputType": "JSON" }), "{}", "Attempting to map over non-iterable node."),
        (
            json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" }),
            "a,a\n1,2",
            "CSV headers cannot contain duplicates.",
        ),
    ] {
        let run =
            Harness::new(&single(read(config, "k"))).object("data", "k", body).mock("Work", json!(1)).run(json!({}));
        run.assert_failed("States.ItemReaderFailed").assert_cause_contains(cause);
        assert_eq!(
            types(run.history())[2..],
            ["MapStateStarted", "MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed"]
        );
    }
    let run = Harness::new(&single(read(json!({ "InputType": "JSON" }), "other")))
        .object("data", "k", "[]")
        .mock("Work", json!(1))
        .run(json!({}));
    run.assert_failed("States.ItemReaderFailed");
}

#[test]
fn a_bucket_that_the_test_never_filled_is_the_tests_mistake() {
    let state = read(json!({ "InputType": "JSON" }), "k");
    let error = Harness::new(&single(state)).mock("Work", json!(1)).try_run(json!({})).err().unwrap().to_string();
    assert!(error.contains("the ItemReader of `S` reads from the bucket `data`"), "{error}");
    assert!(error.contains(".object(\"data\", \"k\", …)"), "{error}");
}

#[test]
fn a_result_writer_leaves_a_manifest_and_files_by_outcome() {
    let state = distributed(json!({
        "ToleratedFailureCount": 1,
        "ResultWriter": { "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "out", "Prefix": "runs" } }
    }));
    let answers = mock::fails("BadItem", "why").for_item(1).then(json!({ "ok": true }));
    let run = Harness::new(&single(state)).mock("Work", answers).run(json!(["a", "b"]));
    run.assert_succeeded();
    let output = run.output().unwrap();
    let key = output["ResultWriterDetails"]["Key"].as_str().unwrap().to_owned();
    assert_eq!(output["ResultWriterDetails"]["Bucket"], "out");
    assert!(key.starts_with("runs/") && key.ends_with("/manifest.json"), "{key}");
    let manifest = run.objects().json("out", &key).unwrap();
    assert_eq!(manifest["MapRunArn"], output["MapRunArn"]);
    let one = |kind: &str| {
        let key = manifest["ResultFiles"][kind][0]["Key"].as_str().unwrap();
        run.objects().json("out", key).unwrap()
    };
    assert_eq!(one("SUCCEEDED")[0]["Output"], "{\"ok\":true}");
    assert_eq!(one("SUCCEEDED")[0]["Input"], "\"a\"");
    assert_eq!((&one("FAILED")[0]["Error"], &one("FAILED")[0]["Cause"]), (&json!("BadItem"), &json!("why")));
    assert_eq!(manifest["ResultFiles"]["PENDING"], json!([]));
}

#[test]
fn the_children_of_a_distributed_map_see_no_variable_from_outside() {
    let machine = super::support::machine(json!({
        "StartAt": "V", "States": {
            "V": { "Type": "Pass", "Assign": { "x": 1 }, "Next": "S" },
            "S": {
                "Type": "Map", "End": true,
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                    "StartAt": "P", "States": { "P": { "Type": "Pass", "Parameters": { "x.$": "$x" }, "End": true } }
                }
            }
        }
    }).clone());
    let run = Harness::new(&machine).run(json!([1]));
    run.assert_failed("States.ExceedToleratedFailureThreshold");
}

#[test]
fn an_item_selector_that_fails_stops_the_children_that_run() {
    let definition = json!({
        "QueryLanguage": "JSONata",
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "Items": "{% $states.input %}",
                "ItemSelector": { "v": "{% $states.context.Map.Item.Value.x %}" },
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                    "StartAt": "Nap",
                    "States": { "Nap": { "Type": "Wait", "Seconds": 5, "End": true } }
                },
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Later" }],
                "End": true
            },
            "Later": { "Type": "Wait", "Seconds": 60, "End": true }
        }
    });
    let run = Harness::new(&Machine::from_json(&definition).expect("valid")).run(json!([{ "x": 1 }, {}]));
    run.assert_succeeded().assert_elapsed(60.secs());
    assert_eq!(run.children()[0].status.name(), "ABORTED");
    assert!(super::support::types(run.history()).contains(&"MapRunAborted"));
}

#[test]
fn a_place_names_a_state_with_or_without_its_items() {
    let machine = single(inline(json!({})));
    let run = Harness::new(&machine).mock("Work", json!(1)).run(json!([1, 2, 3]));
    assert_eq!([run.state("S/Work").count(), run.state("S[2]/Work").count(), run.state("Work").count()], [3, 1, 3]);
    let empty = Harness::new(&machine).mock("Work", json!(1)).run(json!([]));
    empty.assert_not_visited("S/Work").assert_not_visited("S[0]/Work");
}
