//! One state on its own: what TestState answers.

use rehearsal::prelude::*;
use rehearsal::test_state::{FieldValidationMode, InspectionLevel, Request, Response, Status, TestState};
use rehearsal::validate::ApiError;
use serde_json::Value;

use crate::support::{ASK, PACK, WORK};

/// A state that stands alone.
fn state(definition: Value) -> TestState<'static> {
    TestState::of(definition.to_string())
}

#[track_caller]
fn run(test: TestState<'_>) -> Response {
    test.run().unwrap_or_else(|e| panic!("{e}"))
}

/// What the API answers to this request.
#[track_caller]
fn answer(request: Value) -> Value {
    Request::from_json(&request).and_then(|r| r.run()).unwrap_or_else(|e| panic!("{e}")).to_json()
}

fn refusal(test: TestState<'_>) -> ApiError {
    test.run().expect_err("a refusal")
}

/// The inspection data as the API spells them, with texts read.
#[track_caller]
fn inspected(test: TestState<'_>) -> Value {
    let answer = run(test.inspect(InspectionLevel::Debug)).to_json();
    let mut data = answer["inspectionData"].clone();
    for value in data.as_object_mut().unwrap().values_mut() {
        if let Some(text) = value.as_str() {
            *value = serde_json::from_str(text).unwrap();
        }
    }
    data
}

#[test]
fn a_state_shows_what_each_of_its_fields_made_of_the_data() {
    let pass = json!({
        "Type": "Pass", "InputPath": "$.order", "Parameters": { "id.$": "$.id" }, "ResultPath": "$.found",
        "OutputPath": "$.found", "Next": "Ship",
    });
    let input = json!({ "order": { "id": 7 } });
    let data = inspected(state(pass.clone()).input(input.clone()));
    let want = json!({
        "input": input, "afterInputPath": { "id": 7 }, "afterParameters": { "id": 7 },
        "afterResultSelector": { "id": 7 }, "afterResultPath": { "order": { "id": 7 }, "found": { "id": 7 } },
    });
    assert_eq!(data, want);
    let tested = run(state(pass).input(input));
    assert_eq!(tested.to_json(), json!({ "output": r#"{"id":7}"#, "nextState": "Ship", "status": "SUCCEEDED" }));
}

#[test]
fn a_constant_result_hides_what_comes_before_it() {
    let pass = json!({ "Type": "Pass", "InputPath": "$.a", "Result": [1], "ResultPath": "$.b", "End": true });
    let data = inspected(state(pass).input(json!({ "a": 1 })));
    let after = json!({ "a": 1, "b": [1] });
    assert_eq!(
        data,
        json!({ "input": { "a": 1 }, "result": [1], "afterResultSelector": [1], "afterResultPath": after })
    );
}

#[test]
fn a_jsonata_task_shows_its_arguments_and_a_real_answer() {
    let task = json!({
        "Type": "Task", "QueryLanguage": "JSONata", "Resource": WORK, "Arguments": { "n": "{% $states.input + 1 %}" },
        "Output": "{% $states.result.n * 10 %}", "End": true,
    });
    let live = state(task.clone()).input(1).answer(|call| Ok(json!({ "n": call.payload.to_json()["n"] }).into()));
    assert_eq!(inspected(live), json!({ "input": 1, "afterArguments": { "n": 2 }, "result": { "n": 2 } }));
    let mocked = state(task).input(1).mock_result(json!({ "n": 5 }));
    assert_eq!(inspected(mocked), json!({ "input": 1, "afterArguments": { "n": 2 } }));
}

#[test]
fn states_without_a_result_show_their_input_alone() {
    let rule = json!({ "Variable": "$.n", "NumericGreaterThan": 3, "Next": "Big" });
    for definition in [
        json!({ "Type": "Choice", "Choices": [rule], "Default": "Small" }),
        json!({ "Type": "Wait", "Seconds": 60, "End": true }),
        json!({ "Type": "Succeed" }),
        json!({ "Type": "Fail", "Error": "Wrong" }),
    ] {
        let data = inspected(state(definition.clone()).input(json!({ "n": 5 })));
        assert_eq!(data, json!({ "input": { "n": 5 }, "afterInputPath": { "n": 5 } }), "{definition}");
    }
}

#[test]
fn a_wait_takes_no_time_and_more_than_five_minutes_are_too_long() {
    let wait = |seconds: u64| state(json!({ "Type": "Wait", "Seconds": seconds, "End": true }));
    assert_eq!(run(wait(300 - 1)).status, Status::Succeeded);
    let late = run(wait(301));
    assert_eq!((late.status, late.error.unwrap().name()), (Status::Failed, "States.Timeout"));
}

#[test]
fn an_error_is_retried_caught_or_final() {
    let task = json!({
        "Type": "Task", "Resource": WORK,
        "Retry": [
            { "ErrorEquals": ["Busy"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 2 },
            { "ErrorEquals": ["Slow"], "MaxAttempts": 5, "IntervalSeconds": 10, "MaxDelaySeconds": 30 },
        ],
        "Catch": [
            { "ErrorEquals": ["Gone"], "Next": "Refund", "ResultPath": "$.error" },
            { "ErrorEquals": ["States.ALL"], "Next": "Apologise" },
        ],
        "Next": "Ship",
    });
    let with = |error: &str, used: u64| {
        let test = state(task.clone()).input(json!({ "id": 7 })).mock_error(error, "why");
        run(test.retry_count(used).inspect(InspectionLevel::Debug)).to_json()
    };
    let details = |answer: &Value| answer["inspectionData"]["errorDetails"].clone();

    let answer = with("Busy", 1);
    assert_eq!(answer["status"], "RETRIABLE");
    assert_eq!(details(&answer), json!({ "retryIndex": 0, "retryBackoffIntervalSeconds": 6 }));
    assert_eq!((&answer["output"], &answer["nextState"]), (&Value::Null, &Value::Null));

    let answer = with("Slow", 4);
    assert_eq!(details(&answer), json!({ "retryIndex": 1, "retryBackoffIntervalSeconds": 30 }));

    let answer = with("Busy", 2);
    assert_eq!((&answer["status"], &answer["nextState"]), (&json!("CAUGHT_ERROR"), &json!("Apologise")));
    assert_eq!(details(&answer), json!({ "retryIndex": 0, "catchIndex": 1 }));

    let answer = with("Gone", 0);
    assert_eq!(details(&answer), json!({ "catchIndex": 0 }));
    assert_eq!(answer["nextState"], "Refund");
    assert_eq!((&answer["error"], &answer["cause"]), (&json!("Gone"), &json!("why")));
    let output: Value = serde_json::from_str(answer["output"].as_str().unwrap()).unwrap();
    assert_eq!(output, json!({ "id": 7, "error": { "Error": "Gone", "Cause": "why" } }));

    let bare = json!({ "Type": "Task", "Resource": WORK, "End": true });
    let answer = run(state(bare).mock_error("Gone", None)).to_json();
    assert_eq!(answer, json!({ "error": "Gone", "status": "FAILED" }));
}

#[test]
fn the_context_has_the_retries_the_role_and_what_is_given() {
    let task = json!({
        "Type": "Task", "QueryLanguage": "JSONata", "Resource": WORK, "Output": "{% $states.context %}", "End": true,
    });
    let test = state(task.clone()).input(1).mock_result(1).retry_count(3);
    let context = run(test.context(json!({ "Map": { "Item": { "Index": 2 } } }))).output.unwrap().to_json();
    assert_eq!(context["State"]["Name"], "StateName");
    assert_eq!(context["State"]["RetryCount"], 3);
    assert_eq!(context["Map"]["Item"]["Index"], 2);
    assert_eq!((&context["Execution"]["RoleArn"], &context["Execution"]["Input"]), (&Value::Null, &json!(1)));
    assert_eq!(context["Execution"].get("RedriveCount"), None);

    let role = "arn:aws:iam::123456789012:role/tester";
    let context = run(state(task).mock_result(1).role_arn(role)).output.unwrap().to_json();
    assert_eq!(context["Execution"]["RoleArn"], role);
    assert_eq!(context["StateMachine"]["Id"], "arn:aws:states:us-east-1:123456789012:stateMachine:TestState");
}

#[test]
fn variables_are_there_and_those_assigned_are_added() {
    let pass = json!({ "Type": "Pass", "Assign": { "sum.$": "States.MathAdd($a, 1)" }, "End": true });
    let data = inspected(state(pass.clone()).variable("a", 1).variable("b", json!([2])));
    assert_eq!(data["variables"], json!({ "a": 1, "b": [2], "sum": 2 }));
    let none = inspected(state(json!({ "Type": "Pass", "End": true })));
    assert_eq!(none.get("variables"), None);
}

/// A distributed Map over `$.items`.
fn import(fields: Value) -> Value {
    let each = json!({ "Type": "Task", "Resource": WORK, "End": true });
    let mut map = json!({
        "Type": "Map", "ItemsPath": "$.items", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Save", "States": { "Save": each },
        },
    });
    for (name, value) in fields.as_object().unwrap() {
        map[name] = value.clone();
    }
    map
}

#[test]
fn a_map_shows_its_items_selections_and_batches() {
    let map = import(json!({
        "ItemSelector": { "n.$": "$$.Map.Item.Value", "all.$": "$.all" },
        "ItemBatcher": { "MaxItemsPerBatch": 2, "BatchInput": { "x": 1 } },
        "MaxConcurrency": 4, "ToleratedFailurePercentage": 10,
    }));
    let data = inspected(state(map).input(json!({ "items": [1, 2, 3], "all": 0 })).mock_result(json!(["a", "b"])));
    let selected = |n: u8| json!({ "n": n, "all": 0 });
    assert_eq!(data["afterItemsPath"], json!([1, 2, 3]));
    assert_eq!(data["afterItemSelector"], json!([selected(1), selected(2), selected(3)]));
    let batches = json!([
        { "BatchInput": { "x": 1 }, "Items": [selected(1), selected(2)] },
        { "BatchInput": { "x": 1 }, "Items": [selected(3)] },
    ]);
    assert_eq!(data["afterItemBatcher"], batches);
    assert_eq!((&data["maxConcurrency"], &data["toleratedFailurePercentage"]), (&json!(4), &json!(10.0)));
    assert_eq!(data["afterResultPath"], json!(["a", "b"]));
}

#[test]
fn an_inline_map_selects_its_items_too() {
    let map = json!({
        "Type": "Map", "QueryLanguage": "JSONata", "Items": "{% $states.input %}", "End": true,
        "ItemSelector": { "at": "{% $states.context.Map.Item.Index %}" },
        "ItemProcessor": { "StartAt": "One", "States": { "One": { "Type": "Pass", "End": true } } },
    });
    let data = inspected(state(map).input(json!(["a", "b"])).mock_result(json!([0])));
    assert_eq!(
        data,
        json!({ "input": ["a", "b"], "afterItemSelector": [{ "at": 0 }, { "at": 1 }], "maxConcurrency": 0 })
    );
}

#[test]
fn more_failed_iterations_than_tolerated_fail_the_map() {
    let with = |fields: Value, failed: u64| {
        let test = state(import(fields)).input(json!({ "items": [1, 2, 3, 4] })).mock_result(json!([1]));
        run(test.failed_iterations(failed))
    };
    for (fields, failed, want) in [
        (json!({}), 4, Status::Succeeded),
        (json!({ "ToleratedFailureCount": 2 }), 2, Status::Succeeded),
        (json!({ "ToleratedFailureCount": 2 }), 3, Status::Failed),
        (json!({ "ToleratedFailurePercentage": 50 }), 2, Status::Succeeded),
        (json!({ "ToleratedFailurePercentage": 50 }), 3, Status::Failed),
        (json!({ "ToleratedFailurePercentage": 50, "ToleratedFailureCount": 1 }), 2, Status::Failed),
    ] {
        let tested = with(fields.clone(), failed);
        assert_eq!(tested.status, want, "{fields} {failed}");
        if want == Status::Failed {
            assert_eq!(tested.error.unwrap().name(), "States.ExceedToleratedFailureThreshold");
        }
    }
}

#[test]
fn what_an_item_reader_reads_can_be_given_as_it_stands_in_the_object() {
    let reader = |config: Value| {
        let mut map = import(json!({
            "ItemSelector": { "row.$": "$$.Map.Item.Value" },
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
                "Parameters": { "Bucket": "inbox", "Key": "orders" },
            },
        }));
        map.as_object_mut().unwrap().remove("ItemsPath");
        state(map).mock_result(json!([]))
    };
    let csv =
        reader(json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" })).item_reader_data("id\no-1\no-2\n");
    assert_eq!(inspected(csv)["afterItemSelector"], json!([{ "row": { "id": "o-1" } }, { "row": { "id": "o-2" } }]));
    let broken = run(reader(json!({ "InputType": "JSON" })).item_reader_data("{}"));
    assert_eq!((broken.status, broken.error.unwrap().name()), (Status::Failed, "States.ItemReaderFailed"));
    let unknown = run(reader(json!({ "InputType": "JSON" })));
    assert_eq!(unknown.status, Status::Succeeded);
}

#[test]
fn an_error_inside_a_block_meets_the_blocks_own_catchers() {
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: { "Type": "Pass", "End": true } } });
    let parallel = json!({
        "Type": "Parallel", "Branches": [branch("Left"), branch("Right")], "End": true,
        "Catch": [{ "ErrorEquals": ["Boom"], "Next": "Mend" }],
    });
    let tested = run(state(parallel.clone()).mock_error("Boom", "why").error_caused_by("Right"));
    assert_eq!((tested.status, tested.next_state.as_deref()), (Status::CaughtError, Some("Mend")));
    let e = refusal(state(parallel).mock_error("Boom", "why").error_caused_by("Middle"));
    assert_eq!(e.message, "State not found in definition");
}

#[test]
fn a_state_of_a_machine_is_found_wherever_it_is_and_keeps_the_machines_language() {
    let machine = Machine::load("tests/machines/import.asl.json").unwrap();
    let test =
        machine.test_state("Save").input(json!({ "id": "o-1" })).mock_result(json!({ "Payload": { "saved": true } }));
    assert_eq!(run(test).output.unwrap().to_json(), json!({ "saved": true }));
    let machine = Machine::from_json(&json!({
        "StartAt": "Each", "States": { "Each": {
            "Type": "Map", "End": true, "ItemProcessor": { "StartAt": "One", "States": { "One": {
                "Type": "Task", "Resource": WORK, "Parameters": { "item.$": "$$.Map.Item" }, "End": true,
            } } },
        } },
    }))
    .unwrap();
    let sent = |context: Option<Value>| {
        let test = machine.test_state("One").input("a").mock_result(1).inspect(InspectionLevel::Debug);
        let test = context.into_iter().fold(test, |test, context| test.context(context));
        run(test).inspection.unwrap().after_parameters.unwrap().to_json()
    };
    assert_eq!(sent(None), json!({ "item": { "Index": 0, "Value": "a" } }));
    assert_eq!(
        sent(Some(json!({ "Map": { "Item": { "Index": 4, "Value": "e" } } }))),
        json!({ "item": { "Index": 4, "Value": "e" } })
    );
    assert_eq!(refusal(machine.test_state("Sabe")).message, "State not found in definition");
}

#[test]
fn a_state_that_leads_to_itself_is_left_once() {
    let definition = json!({
        "StartAt": "Again",
        "States": {
            "Again": { "Type": "Choice", "Choices": [{ "Variable": "$.go", "IsPresent": true, "Next": "Again" }], "Default": "Out" },
            "Out": { "Type": "Succeed" },
        },
    });
    let answer = answer(json!({ "definition": definition.to_string(), "stateName": "Again", "input": r#"{"go":1}"# }));
    assert_eq!(answer, json!({ "output": r#"{"go":1}"#, "nextState": "Again", "status": "SUCCEEDED" }));
}

#[test]
fn mocks_are_for_states_that_do_something_and_have_to_fit_them() {
    let branch = json!({ "StartAt": "B", "States": { "B": { "Type": "Pass", "End": true } } });
    let parallel = || state(json!({ "Type": "Parallel", "Branches": [branch], "End": true }));
    let task = |resource: &str| state(json!({ "Type": "Task", "Resource": resource, "End": true }));
    let writer =
        json!({ "ResultWriter": { "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "b" } } });
    let items = || json!({ "items": [] });
    for (test, code, part) in [
        (parallel(), "InvalidDefinition", "TestState API does not support Map or Parallel states."),
        (task(ASK), "InvalidDefinition", ".waitForTaskToken"),
        (task(PACK), "InvalidDefinition", "Activity"),
        (task(WORK), "NoAnswer", "nothing answers `lambda:invoke`"),
        (task(WORK).retry_count(1), "ValidationException", "TestState does not support RetrierRetryCount when a mock"),
        (
            parallel().failed_iterations(1),
            "ValidationException",
            "does not support MapIterationFailureCount when a mock",
        ),
        (parallel().mock_result(json!({})), "ValidationException", "Mocked result must be an array."),
        (
            parallel().mock_result(json!([1, 2])),
            "ValidationException",
            "the same number of items as number of Parallel branches.",
        ),
        (
            state(import(writer)).input(items()).mock_result(json!([])),
            "ValidationException",
            "Mocked result must be a JSON object.",
        ),
        (
            task(WORK).mock_result(1).mock_error("A", None),
            "ValidationException",
            "only one of the following fields: [result, errorOutput].",
        ),
        (
            state(json!({ "Type": "Succeed" })).mock_result(1),
            "ValidationException",
            "State type 'Succeed' is not supported when a mock is specified",
        ),
    ] {
        let e = refusal(test);
        assert!(e.code == code && e.message.contains(part), "{e}");
    }
    assert_eq!(run(task(ASK).mock_result(json!({ "approved": true }))).status, Status::Succeeded);
    assert_eq!(run(task(PACK).mock_error("Torn", None)).status, Status::Failed);
}

#[test]
fn a_mocked_result_is_held_against_the_api_as_strictly_as_asked() {
    let job = || {
        let resource = "arn:aws:states:::states:startExecution";
        state(json!({ "Type": "Task", "Resource": resource, "Parameters": { "StateMachineArn": "m" }, "End": true }))
    };
    let partial = json!({ "ExecutionArn": "e" });
    let e = refusal(job().mock_result(partial.clone()));
    assert_eq!(e.message, "Mock result schema validation error: Required field 'StartDate' is missing");
    assert_eq!(
        run(job().mock_result(partial).field_validation(FieldValidationMode::Present)).status,
        Status::Succeeded
    );
    let wrong = json!({ "ExecutionArn": 7 });
    let e = refusal(job().mock_result(wrong.clone()).field_validation(FieldValidationMode::Present));
    assert_eq!(e.message, "Mock result schema validation error: Field 'ExecutionArn' must be a string");
    assert_eq!(run(job().mock_result(wrong).field_validation(FieldValidationMode::None)).status, Status::Succeeded);
}

#[test]
fn the_mock_of_a_task_that_waits_is_what_the_polling_call_answers() {
    let wait = |resource: &str| {
        let resource = format!("arn:aws:states:::states:startExecution.{resource}");
        let task =
            json!({ "Type": "Task", "Resource": resource, "Parameters": { "StateMachineArn": "m" }, "End": true });
        state(task).field_validation(FieldValidationMode::Present)
    };
    let ended = json!({ "Status": "SUCCEEDED", "Output": "[1]" });
    assert_eq!(run(wait("sync").mock_result(ended.clone())).output.unwrap().to_json(), ended);
    let read = run(wait("sync:2").mock_result(ended.clone())).output.unwrap().to_json();
    assert_eq!(read, json!({ "Status": "SUCCEEDED", "Output": [1] }));
    let e = refusal(wait("sync").field_validation(FieldValidationMode::Strict).mock_result(ended));
    assert!(e.message.ends_with("Required field 'ExecutionArn' is missing"), "{e}");
}

#[test]
fn requests_outside_their_bounds_and_texts_that_are_not_json_are_refused() {
    let pass = json!({ "Type": "Pass", "End": true }).to_string();
    let refused = |request: Value| Request::from_json(&request).and_then(|r| r.run()).unwrap_err();
    let e = refused(json!({ "definition": pass, "inspectionLevel": "LOUD" }));
    assert!(e.message.contains("Value 'LOUD' at 'inspectionLevel' failed to satisfy constraint"), "{e}");
    let e = refused(json!({ "definition": pass, "input": "nonsense" }));
    assert_eq!(e.code, "InvalidExecutionInput");
    assert!(e.message.contains("Unrecognized token 'nonsense'"), "{e}");
    assert_eq!(refused(json!({ "definition": pass, "variables": "[1]" })).code, "InvalidExecutionInput");
    let e = refused(json!({ "definition": json!({ "Type": "Pass", "Next": "B", "Paramters": {} }).to_string() }));
    assert_eq!(e.code, "InvalidDefinition");
    assert!(e.message.starts_with("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: "), "{e}");
    assert!(e.message.ends_with("at /States/StateName'"), "{e}");
    let task = json!({ "Type": "Task", "Resource": WORK, "End": true }).to_string();
    let e = refused(json!({ "definition": task, "mock": { "result": "nonsense", "fieldValidationMode": "NONE" } }));
    assert_eq!(e.message, "Mocked result must be valid JSON");
    assert_eq!(refused(json!({})).code, "ValidationException");
    assert_eq!(refused(json!({ "definition": 7 })).code, "SerializationException");
}

#[test]
fn a_wrong_state_is_not_blamed_for_where_it_leads() {
    let e = refusal(state(json!({ "Type": "Pas", "Next": "B" })));
    assert_eq!(e.findings.iter().map(|d| d.code).collect::<Vec<_>>(), ["wrong-value"]);
}
