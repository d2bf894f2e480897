//! Mocks, faults and the log of calls, as a test meets them.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use rehearsal::mock::Reply;
use rehearsal::prelude::*;
use rehearsal::task::Call;
use serde_json::Value;

use super::support::{WORK, machine, panic_of, single, task};

fn checkout() -> Machine {
    machine(json!({
        "StartAt": "Charge", "States": {
            "Charge": {
                "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "Save",
                "Parameters": { "FunctionName": "charge-card", "Payload.$": "$" }, "ResultPath": "$.charge"
            },
            "Save": {
                "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "End": true,
                "Parameters": { "TableName": "orders", "Item": { "id": { "S.$": "$.id" } } }
            }
        }
    }))
}

#[track_caller]
fn trouble(harness: &Harness, input: Value) -> String {
    match harness.try_run(input) {
        Ok(run) => panic!("it should have been refused:\n{}", run.compact()),
        Err(e) => e.to_string(),
    }
}

#[test]
fn a_task_that_nothing_answers_fails_the_test_with_the_line_to_add() {
    let text = trouble(&Harness::new(&checkout()), json!({ "id": "o-1" }));
    assert!(text.contains("`Charge` calls lambda:invoke `charge-card`, and no mock answers it"), "{text}");
    assert!(text.contains(".mock(\"Charge\", json!({\"StatusCode\":200,\"Payload\":{}}))"), "{text}");
    assert_eq!(panic_of(|| Harness::new(&checkout()).run(json!({ "id": "o-1" }))), text);
}

#[test]
fn no_catch_can_swallow_an_unanswered_task() {
    let machine = machine(json!({
        "StartAt": "S", "States": {
            "S": {
                "Type": "Task", "Resource": WORK, "End": true, "Retry": [{ "ErrorEquals": ["States.ALL"] }],
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Done" }]
            },
            "Done": { "Type": "Succeed" }
        }
    }));
    assert!(trouble(&Harness::new(&machine), json!({})).contains("no mock answers it"));
}

#[test]
fn a_key_that_names_nothing_is_refused_before_anything_runs() {
    let harness = Harness::new(&checkout()).mock("Chrage", json!(1)).mock("Save", json!({}));
    let text = trouble(&harness, json!({}));
    assert!(
        text.contains("nothing answers to the key `Chrage`: there is no such state; did you mean `Charge`?"),
        "{text}"
    );
}

#[test]
fn a_sequence_that_is_used_up_says_so() {
    let machine = single(task(json!({ "Retry": [{ "ErrorEquals": ["Busy"] }] })));
    let harness = Harness::new(&machine).mock("S", mock::sequence([mock::throws("Busy"), mock::throws("Busy")]));
    let text = trouble(&harness, json!({}));
    assert!(text.contains("but the mock of `S` had 2 replies, and this is call 3"), "{text}");
    assert!(text.contains("T+3s"), "the history so far is shown: {text}");
}

#[test]
fn unused_mocks_are_told_and_strict_makes_them_failures() {
    let harness = Harness::new(&checkout())
        .mock("Charge", mock::fails("Declined", "no money").once().then(json!(1)))
        .mock("Save", json!({}))
        .fault(Fault::on("Save").throttled());
    let run = harness.run(json!({ "id": "o-1" }));
    run.assert_failed("Declined");
    let unused: Vec<String> = run.unused_mocks().iter().map(ToString::to_string).collect();
    assert_eq!(
        unused,
        [
            "reply 2 of 2 in the mock of `Charge` was never used",
            "the mock of `Save` was never used",
            "the fault on `Save` was never used"
        ]
    );
    let text = trouble(&harness.strict(), json!({ "id": "o-1" }));
    assert!(text.contains("which FAILED"), "{text}");
    assert!(text.contains("the mock of `Save` was never used"), "{text}");
    assert!(text.contains("Declined: no money"), "{text}");
}

#[test]
fn a_mock_of_a_function_gives_what_the_function_returned() {
    let by_function = Harness::new(&checkout()).mock("charge-card", json!({ "paid": true })).mock("Save", json!({}));
    let run = by_function.run(json!({ "id": "o-1" }));
    run.assert_succeeded();
    let charged = run.state("Charge").output().unwrap()["charge"].clone();
    assert_eq!((&charged["Payload"], &charged["StatusCode"]), (&json!({ "paid": true }), &json!(200)));
    let by_state = Harness::new(&checkout()).mock("Charge", json!({ "paid": true })).mock("Save", json!({}));
    let charged = by_state.run(json!({ "id": "o-1" })).state("Charge").output().unwrap()["charge"].clone();
    assert_eq!(charged, json!({ "paid": true }));
}

#[test]
fn the_most_specific_key_answers() {
    let harness = Harness::new(&checkout())
        .mock("lambda:invoke", json!("by action"))
        .mock("charge-card", json!("by function"))
        .mock("dynamodb:putItem", json!("by action"))
        .mock_everything_else(json!("fallback"));
    let run = harness.clone().mock("Charge", json!("by state")).run(json!({ "id": "o-1" }));
    assert_eq!(run.state("Charge").output().unwrap()["charge"], "by state");
    run.assert_output(json!("by action"));
    let run = harness.run(json!({ "id": "o-1" }));
    assert_eq!(run.state("Charge").output().unwrap()["charge"]["Payload"], "by function");
}

#[test]
fn replies_can_be_narrowed_by_payload_attempt_and_condition() {
    let state = task(json!({ "Retry": [{ "ErrorEquals": ["Busy"], "MaxAttempts": 5 }] }));
    let answers = mock::throws("Busy")
        .for_attempt(0)
        .then(mock::returns(json!("large")).with(json!({ "total": { "$gt": 100 } })))
        .then(
            mock::returns(json!("odd"))
                .when(|c: &Call| c.payload.get("total").and_then(|t| t.as_i64()).is_some_and(|t| t % 2 == 1)),
        )
        .then(json!("even"));
    let harness = Harness::new(&single(state)).mock("S", answers);
    for (total, want) in [(500, "large"), (7, "odd"), (8, "even")] {
        harness.run(json!({ "total": total })).assert_output(json!(want)).assert_path(["S x2"]);
    }
}

#[test]
fn the_log_of_calls_answers_questions() {
    let run = Harness::new(&checkout())
        .mock("Charge", mock::returns(json!({})).takes(800.millis()))
        .mock("Save", json!({}))
        .run(json!({ "id": "o-1" }));
    run.calls_to("dynamodb:putItem").assert_times(1).assert_payload(json!({ "Item": { "id": { "S": "o-1" } } }));
    assert_eq!(run.calls_to("Save").offsets(), [800.millis()]);
    assert_eq!(run.calls().all().len(), 2);
    let text = panic_of(|| run.calls_to("Refund").len());
    assert!(text.contains("there is no such state"), "an assertion about nothing proves nothing: {text}");
    let text = panic_of(|| run.calls_to("Save").assert_times(2).len());
    assert!(text.starts_with("`Save` was called 1 time, expected 2"), "{text}");
    assert_eq!(run.calls_to("Charge").first().unwrap().answered_by, "Charge");
}

#[test]
fn a_fault_lies_over_whatever_answers() {
    let retried = task(json!({ "Retry": [{ "ErrorEquals": ["States.ALL"], "MaxAttempts": 9, "BackoffRate": 1 }] }));
    let harness = Harness::new(&single(retried)).mock("S", json!("fine"));
    let run = harness.clone().fault(Fault::on("S").fails("Busy", "503").nth(1).times(2)).run(json!({}));
    run.assert_succeeded().assert_path(["S x3"]).assert_elapsed(2.secs());
    let run = harness.clone().fault(Fault::on("S").throws("Busy").every()).run(json!({}));
    run.assert_failed("Busy").assert_path(["S x10"]);
    let run = harness.clone().fault(Fault::on("S").throttled()).run(json!({}));
    assert_eq!(run.calls_to("S").first().unwrap().answered_by, "a fault on S");
    let run = harness.fault(Fault::on("S").delayed(40.secs())).run(json!({}));
    run.assert_succeeded().assert_path(["S"]).assert_elapsed(40.secs());
}

#[test]
fn the_errors_that_the_service_raises_are_raised_in_its_way() {
    for (fault, error, seconds) in [
        (Fault::on("S").times_out(), "States.Timeout", 30),
        (Fault::on("S").throws("States.TaskFailed"), "States.TaskFailed", 0),
        (Fault::on("S").denied(), "States.Permissions", 0),
        (Fault::on("S").oversized(), "States.DataLimitExceeded", 0),
    ] {
        let run = Harness::new(&single(task(json!({ "TimeoutSeconds": 30 }))))
            .mock("S", json!(1))
            .fault(fault)
            .run(json!({}));
        run.assert_failed(error).assert_elapsed(seconds.secs());
    }
}

#[test]
fn a_fault_strikes_one_item_only() {
    let state = json!({
        "Type": "Map",
        "ItemProcessor": { "StartAt": "Work", "States": { "Work": {
            "Type": "Task", "Resource": WORK, "End": true, "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 5 }]
        } } }
    });
    let run = Harness::new(&single(state))
        .mock("Work", json!(1))
        .fault(Fault::on("S/Work").throws("Busy").for_item(1))
        .run(json!(["a", "b", "c"]));
    run.assert_succeeded().assert_elapsed(5.secs());
    assert_eq!(run.state("S[1]/Work").attempts().count(), 2);
    assert_eq!(run.state("S[0]/Work").attempts().count(), 1);
}

/// Is ready when it has been polled so many times.
struct After(usize);

impl Future for After {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The smallest runtime: polls until it is done.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..10_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
    panic!("the future is never ready");
}

fn two_async_branches(polls: [usize; 2], order: &Arc<AtomicUsize>) -> Harness {
    let branch =
        |name: &str| json!({ "StartAt": name, "States": { name: { "Type": "Task", "Resource": WORK, "End": true } } });
    let machine = single(json!({ "Type": "Parallel", "Branches": [branch("A"), branch("B")] }));
    let of = |polls: usize| {
        let order = Arc::clone(order);
        mock::answers_async(move |_| {
            let order = Arc::clone(&order);
            async move {
                After(polls).await;
                Reply::done(json!(order.fetch_add(1, Ordering::SeqCst))).takes(3.secs())
            }
        })
    };
    Harness::new(&machine).mock("A", of(polls[0])).mock("B", of(polls[1]))
}

#[test]
fn async_mocks_answer_in_a_run_without_a_runtime() {
    let run = two_async_branches([0, 2], &Arc::default()).run(json!({}));
    run.assert_succeeded().assert_output(json!([0, 1])).assert_elapsed(3.secs());
}

#[test]
fn real_latency_decides_no_order() {
    // The second branch's answer is ready long before the first's; the history is as if it were not.
    let quick = block_on(two_async_branches([0, 0], &Arc::default()).run_async(json!({}))).unwrap();
    let slow = block_on(two_async_branches([50, 0], &Arc::default()).run_async(json!({}))).unwrap();
    slow.assert_output(json!([1, 0])).assert_elapsed(3.secs());
    let shape = |run: &Run| super::support::events(run.history());
    assert_eq!(shape(&quick), shape(&slow));
}

#[test]
fn an_async_run_reports_an_unanswered_task_like_any_other() {
    let machine = machine(json!({
        "StartAt": "A", "States": { "A": task(json!({ "Next": "B" })), "B": task(json!({})) }
    }));
    let harness = Harness::new(&machine).mock(
        "A",
        mock::answers_async(|_| async {
            After(1).await;
            json!(1)
        }),
    );
    let error = block_on(harness.run_async(json!({}))).err().unwrap();
    assert!(error.to_string().contains("`B` calls"), "{error}");
}

#[test]
fn a_lambdas_exception_is_its_type_with_the_report_as_cause() {
    let run =
        Harness::new(&single(task(json!({})))).mock("S", mock::lambda_error("CardDeclined", "no money")).run(json!({}));
    run.assert_failed("CardDeclined");
    let cause: Value = serde_json::from_str(run.cause().unwrap()).unwrap();
    assert_eq!((&cause["errorType"], &cause["errorMessage"]), (&json!("CardDeclined"), &json!("no money")));
}

#[test]
fn every_run_of_a_harness_starts_afresh() {
    let harness = Harness::new(&single(task(json!({ "Retry": [{ "ErrorEquals": ["Busy"] }] }))))
        .mock("S", mock::throws("Busy").once().then(mock::returns(json!("ok")).once()));
    for _ in 0..3 {
        harness.run(json!({})).assert_succeeded().assert_path(["S x2"]);
    }
}

#[test]
fn an_assertion_about_a_state_that_is_nowhere_is_refused() {
    let run = Harness::new(&checkout()).mock("Charge", json!({})).mock("Save", json!({})).run(json!({ "id": "o-1" }));
    let text = panic_of(|| run.assert_not_visited("Chrage").seed());
    assert!(text.contains("the machine has no state `Chrage`; did you mean `Charge`?"), "{text}");
}
