//! Functions: as state machines invoke them, as callers of the API do, and what becomes of asynchronous events.

use std::time::Duration;

use rehearsal::prelude::*;
use rehearsal::services::{Function, Service, Services, Setup};
use rehearsal::task::TaskError;

/// A machine that invokes `charge` with its input.
const CHARGE: &str = r#"{"StartAt": "Charge", "States": {"Charge": {"Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke", "End": true,
    "Parameters": {"FunctionName": "charge", "Payload.$": "$"}}}}"#;

fn harness(function: Function) -> Harness {
    Harness::new(&Machine::parse(CHARGE).unwrap()).services(Setup::new().function(function))
}

#[test]
fn a_closure_answers_a_task_and_its_error_has_the_name_that_it_gives() {
    let charge = Function::new("charge").answers(|event, context| {
        context.log("charging");
        match event.get("total").and_then(|t| t.as_f64()) {
            Some(total) if total < 100.0 => Ok(json!({ "charged": total, "by": context.function_name })),
            _ => Err(TaskError::new("CardDeclined", "no money")),
        }
    });
    let harness = harness(charge);
    let run = harness.run(json!({ "total": 30.0 }));
    run.assert_succeeded();
    let output = run.output().unwrap();
    assert_eq!(output["Payload"], json!({ "charged": 30.0, "by": "charge" }));
    assert_eq!((&output["StatusCode"], &output["ExecutedVersion"]), (&json!(200), &json!("$LATEST")));
    harness.run(json!({ "total": 300.0 })).assert_failed("CardDeclined");
}

#[test]
fn a_function_that_takes_longer_than_its_timeout_fails_exactly_then() {
    let of = |takes: u64| {
        harness(Function::new("charge").timeout(5.secs()).mock(mock::returns(json!(1)).takes(takes.secs())))
    };
    of(5).run(json!({})).assert_succeeded().assert_elapsed(5.secs());
    of(6).run(json!({})).assert_failed("Sandbox.Timedout").assert_elapsed(5.secs());
}

#[test]
fn a_slip_in_a_functions_name_fails_the_test_and_says_what_may_be_meant() {
    let wrong = harness(Function::new("charges").mock(json!(1))).try_run(json!({})).unwrap_err().to_string();
    assert!(wrong.contains("there is no function `charge`") && wrong.contains("did you mean `charges`?"), "{wrong}");
}

#[cfg(unix)]
#[test]
fn a_program_gets_the_event_and_a_bad_status_is_a_failure_with_what_it_said() {
    harness(Function::new("charge").command("cat")).run(json!({ "a": 1 })).assert_succeeded();
    let run = harness(Function::new("charge").command("sh -c 'echo broken >&2; exit 3'")).run(json!({}));
    run.assert_failed("Runtime.ExitError");
    let cause = run.cause().unwrap_or_default().to_owned();
    assert!(cause.contains("exit status 3") && cause.contains("broken"), "{cause}");
    let slow = Function::new("charge").timeout(Duration::from_millis(50)).command("sleep 60");
    harness(slow).run(json!({})).assert_failed("Sandbox.Timedout");
}

#[test]
fn aliases_versions_and_refusals_are_those_of_the_api() {
    let now = Timestamp::EPOCH_DEFAULT;
    let echo = Function::new("echo")
        .answers(|event, context| json!({ "event": event.to_json(), "version": context.function_version }));
    let mut services = Services::new(&Setup::new().function(echo), now, 0).unwrap();
    let mut ask =
        |operation: &str, input: serde_json::Value| services.call(now, Service::Lambda, operation, &input.into());
    assert_eq!(ask("PublishVersion", json!({ "FunctionName": "echo" })).unwrap().to_json()["Version"], "1");
    ask("CreateAlias", json!({ "FunctionName": "echo", "Name": "live", "FunctionVersion": "1" })).unwrap();
    let got =
        ask("Invoke", json!({ "FunctionName": "echo:live", "Payload": "[1]", "LogType": "Tail" })).unwrap().to_json();
    assert_eq!((&got["Payload"], &got["ExecutedVersion"]), (&json!(r#"{"event":[1],"version":"1"}"#), &json!("1")));
    assert!(got["LogResult"].is_string());
    let mut refused = |operation: &str, input: serde_json::Value| {
        let error = ask(operation, input).unwrap_err();
        (error.code, error.status)
    };
    let of = |code: &str, status: u16| (code.to_owned(), status);
    assert_eq!(refused("Invoke", json!({ "FunctionName": "none" })), of("ResourceNotFoundException", 404));
    assert_eq!(refused("Invoke", json!({ "FunctionName": "echo:2" })), of("ResourceNotFoundException", 404));
    let broken = json!({ "FunctionName": "echo", "Payload": "{" });
    assert_eq!(refused("Invoke", broken), of("InvalidRequestContentException", 400));
    let large = json!({ "FunctionName": "echo", "Payload": format!("\"{}\"", "x".repeat(6 << 20)) });
    assert_eq!(refused("Invoke", large), of("RequestTooLargeException", 413));
    let again = json!({ "FunctionName": "echo", "Name": "live", "FunctionVersion": "1" });
    assert_eq!(refused("CreateAlias", again), of("ResourceConflictException", 409));
    assert_eq!(refused("GetPolicy", json!({ "FunctionName": "echo" })), of("ResourceNotFoundException", 404));
    ask("PutFunctionConcurrency", json!({ "FunctionName": "echo", "ReservedConcurrentExecutions": 0 })).unwrap();
    let throttled = ask("Invoke", json!({ "FunctionName": "echo" })).unwrap_err();
    assert_eq!((throttled.code.as_str(), throttled.status), ("TooManyRequestsException", 429));
}

/// A consumer of `orders` that fails on what its test says, with the bodies it saw.
fn consumer(fails: &'static [&'static str]) -> (Function, std::sync::Arc<std::sync::Mutex<Vec<Vec<String>>>>) {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let into = std::sync::Arc::clone(&seen);
    let function = Function::new("consume").answers(move |event, _| {
        let event = event.to_json();
        let records = event["Records"].as_array().unwrap();
        assert_eq!(records[0]["eventSource"], "aws:sqs");
        let body = |record: &serde_json::Value| record["body"].as_str().unwrap().to_owned();
        into.lock().unwrap().push(records.iter().map(body).collect());
        let bad = records.iter().filter(|r| fails.contains(&body(r).as_str()));
        json!({ "batchItemFailures": bad.map(|r| json!({ "itemIdentifier": r["messageId"] })).collect::<Vec<_>>() })
    });
    (function, seen)
}

#[test]
fn a_queue_feeds_a_function_and_only_what_it_failed_on_comes_back() {
    let now = Timestamp::EPOCH_DEFAULT;
    let (function, seen) = consumer(&["b"]);
    let setup = Setup::new()
        .queue("dead")
        .queue_with(
            "orders",
            json!({ "RedrivePolicy":
            r#"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 2}"# }),
        )
        .function(function);
    let mut services = Services::new(&setup, now, 0).unwrap();
    let entries = json!([{ "Id": "1", "MessageBody": "a" }, { "Id": "2", "MessageBody": "b" }, { "Id": "3", "MessageBody": "c" }]);
    services
        .call(now, Service::Sqs, "SendMessageBatch", &json!({ "QueueUrl": "orders", "Entries": entries }).into())
        .unwrap();
    let source = "arn:aws:sqs:us-east-1:123456789012:orders";
    let mut ask = |operation: &str, input: serde_json::Value| {
        services.call(now, Service::Lambda, operation, &input.into()).map(|v| v.to_json())
    };
    let create = json!({ "EventSourceArn": source, "FunctionName": "consume", "BatchSize": 2,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] });
    let made = ask("CreateEventSourceMapping", create.clone()).unwrap();
    assert_eq!((&made["State"], &made["BatchSize"]), (&json!("Creating"), &json!(2)));
    let uuid = made["UUID"].as_str().unwrap().to_owned();
    assert_eq!(ask("GetEventSourceMapping", json!({ "UUID": uuid })).unwrap()["State"], "Enabled");
    assert_eq!(ask("CreateEventSourceMapping", create).unwrap_err().code, "ResourceConflictException");
    let other = json!({ "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:none", "FunctionName": "consume" });
    assert_eq!(ask("CreateEventSourceMapping", other).unwrap_err().code, "InvalidParameterValueException");
    let stream =
        json!({ "EventSourceArn": "arn:aws:dynamodb:us-east-1:1:table/t/stream/1", "FunctionName": "consume" });
    assert!(ask("CreateEventSourceMapping", stream).unwrap_err().is_not_modelled());
    assert_eq!(ask("ListEventSourceMappings", json!({})).unwrap()["EventSourceMappings"].as_array().unwrap().len(), 1);

    // What was there is consumed at once; the failure stays in flight, comes back once, and is given up.
    assert_eq!(*seen.lock().unwrap(), [vec!["a", "b"], vec!["c"]]);
    assert_eq!(services.messages("orders").unwrap().len(), 1);
    let mut wait_until = |seconds: u64| {
        services.call(now + seconds.secs(), Service::Sqs, "ListQueues", &json!({}).into()).unwrap();
    };
    wait_until(29);
    assert_eq!(seen.lock().unwrap().len(), 2);
    wait_until(30);
    assert_eq!(seen.lock().unwrap().last().unwrap(), &["b"]);
    wait_until(60);
    assert_eq!(services.messages("dead").unwrap()[0].body(), "b");
    assert!(services.messages("orders").unwrap().is_empty());

    // A mapping that is disabled takes nothing; one that is deleted is gone.
    let later = now + 60.secs();
    let mut ask = |service: Service, operation: &str, input: serde_json::Value| {
        services.call(later, service, operation, &input.into()).map(|v| v.to_json())
    };
    let off = ask(Service::Lambda, "UpdateEventSourceMapping", json!({ "UUID": uuid, "Enabled": false })).unwrap();
    assert_eq!(off["State"], "Disabling");
    ask(Service::Sqs, "SendMessage", json!({ "QueueUrl": "orders", "MessageBody": "d" })).unwrap();
    assert_eq!(seen.lock().unwrap().len(), 3);
    ask(Service::Lambda, "UpdateEventSourceMapping", json!({ "UUID": uuid, "Enabled": true })).unwrap();
    assert_eq!(seen.lock().unwrap().len(), 4);
    ask(Service::Lambda, "DeleteEventSourceMapping", json!({ "UUID": uuid })).unwrap();
    assert_eq!(ask(Service::Lambda, "GetEventSourceMapping", json!({ "UUID": uuid })).unwrap_err().status, 404);
}

#[test]
fn a_missing_member_is_named_as_the_api_names_it() {
    let mut services = Services::new(&Setup::new().with(Service::Lambda), Timestamp::EPOCH_DEFAULT, 0).unwrap();
    let mut refused = |operation: &str, input: serde_json::Value| {
        services.call(Timestamp::EPOCH_DEFAULT, Service::Lambda, operation, &input.into()).unwrap_err().to_string()
    };
    let null = |name: &str| format!("Value null at '{name}' failed to satisfy constraint: Member must not be null");
    assert_eq!(
        refused("CreateFunction", json!({ "FunctionName": "f" })),
        format!("ValidationException: 2 validation errors detected: {}; {}", null("role"), null("code"))
    );
    for operation in ["Invoke", "GetFunction", "CreateEventSourceMapping"] {
        let wanted = format!("ValidationException: 1 validation error detected: {}", null("functionName"));
        assert_eq!(refused(operation, json!({})), wanted);
    }
}

#[test]
fn an_event_whose_mock_is_used_up_fails_the_test_though_nobody_waits_for_it() {
    let send = r#"{"StartAt": "Send", "States": {"Send": {"Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Parameters": {"FunctionName": "charge", "InvocationType": "Event", "Payload.$": "$"}}}}"#;
    let of = |mock: Mock| {
        let charge = Function::new("charge").mock(mock);
        Harness::new(&Machine::parse(send).unwrap()).services(Setup::new().function(charge))
    };
    of(mock::returns(json!(1))).run(json!({ "n": 1 })).assert_succeeded();
    let wrong = of(mock::returns(json!(1)).with(json!({ "n": 2 }))).try_run(json!({ "n": 1 })).unwrap_err().to_string();
    assert!(wrong.contains("an event for the function `charge`"), "{wrong}");
}
