//! Callbacks: tasks that wait for their token.

use rehearsal::engine::Status;
use rehearsal::prelude::*;
use rehearsal::task::TaskError;
use serde_json::Value;

use super::support::{ASK, events, panic_of, single, types};

fn ask(fields: Value) -> Value {
    let mut state = json!({
        "Type": "Task", "Resource": ASK,
        "Parameters": { "QueueUrl": "https://q/approvals", "MessageBody": { "token.$": "$$.Task.Token" } }
    });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    state
}

#[test]
fn what_the_callback_sends_is_the_result() {
    let mut session = Harness::new(&single(ask(json!({})))).start(json!({}));
    session.advance(23.hours());
    assert_eq!(session.waiting(), ["`S` waits since T+0 (sqs:sendMessage.waitForTaskToken)"]);
    session.token("S").succeed(json!({ "approved": true }));
    let run = session.finish();
    run.assert_succeeded().assert_output(json!({ "approved": true })).assert_elapsed(23.hours());
    assert_eq!(
        events(run.history())[1..],
        [
            "2<-0 TaskStateEntered",
            "3<-2 TaskScheduled",
            "4<-3 TaskStarted",
            "5<-4 TaskSubmitted",
            "6<-5 TaskSucceeded",
            "7<-6 TaskStateExited",
            "8<-7 ExecutionSucceeded"
        ]
    );
}

#[test]
fn the_token_of_the_payload_is_the_one_that_waits_and_each_attempt_has_its_own() {
    let state = ask(json!({ "Retry": [{ "ErrorEquals": ["No"], "MaxAttempts": 1 }] }));
    let mut session = Harness::new(&single(state)).start(json!({}));
    let first = session.token("S").text().unwrap();
    session.token("S").fail("No", "not today");
    session.advance(1.secs());
    let second = session.token("S").text().unwrap();
    assert_ne!(first, second);
    session.token("S").succeed(json!(1));
    let run = session.finish();
    let sent: Vec<Value> =
        run.calls_to("S").payloads().iter().map(|p| p.to_json()["MessageBody"]["token"].clone()).collect();
    assert_eq!(sent, [json!(*first), json!(*second)]);
}

#[test]
fn a_refusal_has_the_senders_error_and_cause_or_neither() {
    let mut session = Harness::new(&single(ask(json!({})))).start(json!({}));
    session.token("S").fail("Rejected", "too expensive");
    session.finish().assert_failed("Rejected").assert_cause_contains("too expensive");
    let mut session = Harness::new(&single(ask(json!({})))).start(json!({}));
    session.token("S").fail_with(TaskError::default());
    let run = session.finish();
    assert_eq!((run.error(), run.cause()), (None, None));
    assert!(matches!(run.status(), Status::Failed(_)));
    assert_eq!(run.history_json()["events"][5]["taskFailedEventDetails"].as_object().unwrap().len(), 2);
}

#[test]
fn a_token_can_be_answered_once() {
    let mut session = Harness::new(&single(ask(json!({})))).start(json!({}));
    session.token("S").succeed(json!(1));
    let text = panic_of(|| session.token("S"));
    assert!(text.starts_with("no task token of `S` waits"), "{text}");
    assert!(text.contains("nothing waits for the test"), "{text}");
}

#[test]
fn a_name_that_is_nearly_right_is_pointed_out() {
    let mut session = Harness::new(&single(ask(json!({})))).start(json!({}));
    let text = panic_of(|| session.token("s"));
    assert!(text.contains("no task token of `s` waits"), "{text}");
    assert!(text.contains("`S` waits since T+0"), "{text}");
}

#[test]
fn items_wait_each_for_itself() {
    let state = json!({
        "Type": "Map",
        "ItemProcessor": { "StartAt": "Ask", "States": { "Ask": { "Type": "Task", "Resource": ASK, "End": true,
            "Parameters": { "QueueUrl": "https://q", "MessageBody.$": "$" } } } }
    });
    let mut session = Harness::new(&single(state)).start(json!(["a", "b", "c"]));
    session.token("S[1]/Ask").succeed(json!("second"));
    session.token("Ask").succeed(json!("first"));
    session.advance(5.secs());
    session.token("S[2]/Ask").succeed(json!("third"));
    session.finish().assert_output(json!(["first", "second", "third"])).assert_elapsed(5.secs());
}

#[test]
fn stopping_ends_a_task_that_waits() {
    let mut session = Harness::new(&single(ask(json!({})))).start(json!({}));
    session.advance(10.secs());
    session.stop_with(TaskError::new("Cancelled", "by the customer"));
    assert!(session.waiting().is_empty());
    let run = session.finish();
    assert_eq!(run.status(), &Status::Aborted(TaskError::new("Cancelled", "by the customer")));
    run.assert_elapsed(10.secs());
    assert_eq!(events(run.history()).last().unwrap(), "6<-0 ExecutionAborted");
}

#[test]
fn an_execution_that_only_the_test_could_go_on_with_is_diagnosed() {
    let error = Harness::new(&single(ask(json!({})))).mock("S", mock::later()).try_run(json!({})).err().unwrap();
    let text = error.to_string();
    assert!(text.contains("nothing is scheduled, and the execution is still running"), "{text}");
    assert!(text.contains("`S` waits for its task token (sqs:sendMessage.waitForTaskToken)"), "{text}");
    let session = Harness::new(&single(ask(json!({})))).start(json!({}));
    let text = panic_of(|| session.finish());
    assert!(text.contains("`S` waits for its task token"), "{text}");
}

#[test]
fn a_mock_may_call_back_later_by_itself() {
    let run = Harness::new(&single(ask(json!({}))))
        .mock("S", mock::returns(json!("late")).takes(2.days()).submits(json!({ "MessageId": "m-1" })))
        .run(json!({}));
    run.assert_succeeded().assert_output(json!("late")).assert_elapsed(48.hours());
    let submitted = &run.history_json()["events"][4]["taskSubmittedEventDetails"];
    assert_eq!(submitted["output"], "{\"MessageId\":\"m-1\"}");
}

#[test]
fn a_message_that_cannot_be_sent_is_never_submitted() {
    let run = Harness::new(&single(ask(json!({}))))
        .mock("S", mock::refuses("SQS.QueueDoesNotExistException", "no such queue"))
        .run(json!({}));
    run.assert_failed("SQS.QueueDoesNotExistException");
    assert!(!types(run.history()).contains(&"TaskSubmitted"));
}

#[test]
fn a_year_ends_a_session_that_only_waits() {
    let ask = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": { "QueueUrl": "https://q", "MessageBody": { "token.$": "$$.Task.Token" } }
    });
    let mut session = Harness::new(&super::support::single(ask)).start(json!({}));
    session.advance(365.days());
    assert_eq!(session.status().name(), "RUNNING");
    session.advance(1.days());
    assert_eq!(session.status().name(), "TIMED_OUT");
    assert!(session.waiting().is_empty());
    session.finish().assert_timed_out().assert_elapsed(365.days());
}
