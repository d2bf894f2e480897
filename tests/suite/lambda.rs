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
