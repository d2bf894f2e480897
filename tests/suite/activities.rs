//! Activities: tasks that a worker polls for.

use rehearsal::prelude::*;
use serde_json::Value;

use super::support::{PACK, panic_of, single, types};

fn pack(fields: Value) -> Machine {
    let mut state = json!({ "Type": "Task", "Resource": PACK });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    single(state)
}

#[test]
fn a_worker_takes_the_task_and_answers() {
    let mut session = Harness::new(&pack(json!({}))).start(json!({ "boxes": 2 }));
    session.advance(3.secs());
    let task = session.poll_activity("packing");
    assert_eq!(task.input(), json!({ "boxes": 2 }));
    task.succeed(json!("packed"));
    let run = session.finish();
    run.assert_succeeded().assert_output(json!("packed")).assert_elapsed(3.secs());
    assert_eq!(types(run.history())[2..5], ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]);
    let details = &run.history_json()["events"][3]["activityStartedEventDetails"];
    assert_eq!(details, &json!({}));
}

#[test]
fn a_worker_that_gives_its_name_is_written_down() {
    let mut session = Harness::new(&pack(json!({}))).start(json!({}));
    session.try_poll_activity("packing", Some("worker-7")).unwrap().fail("Damaged", "the box");
    let run = session.finish();
    run.assert_failed("Damaged").assert_cause_contains("the box");
    assert_eq!(run.history_json()["events"][3]["activityStartedEventDetails"], json!({ "workerName": "worker-7" }));
}

#[test]
fn tasks_are_taken_in_the_order_in_which_they_came() {
    let state = json!({
        "Type": "Map",
        "ItemProcessor": { "StartAt": "Pack", "States": { "Pack": { "Type": "Task", "Resource": PACK, "End": true } } }
    });
    let mut session = Harness::new(&single(state)).start(json!(["a", "b"]));
    let mut seen = Vec::new();
    while let Some(task) = session.try_poll_activity(PACK, None) {
        let input = task.input();
        seen.push(input.clone());
        task.succeed(json!(format!("{} packed", input.as_str().unwrap())));
    }
    assert_eq!(seen, ["a", "b"]);
    session.finish().assert_output(json!(["a packed", "b packed"]));
}

#[test]
fn a_task_that_was_taken_is_not_given_out_again() {
    let mut session = Harness::new(&pack(json!({ "TimeoutSeconds": 60 }))).start(json!({}));
    let _ = session.poll_activity("packing").token();
    assert!(session.try_poll_activity("packing", None).is_none());
    let text = panic_of(|| session.poll_activity("packing").input());
    assert!(text.starts_with("no task of the activity `packing` waits for a worker"), "{text}");
    session.finish().assert_failed("States.Timeout").assert_elapsed(60.secs());
}

#[test]
fn a_workers_heartbeats_keep_the_task_alive() {
    let mut session = Harness::new(&pack(json!({ "HeartbeatSeconds": 10 }))).start(json!({}));
    let mut token = session.poll_activity("packing").token();
    token = token.heartbeat();
    assert!(token.text().is_some());
    session.advance(10.secs());
    let text = panic_of(|| session.poll_activity("packing").input());
    assert!(text.contains("nothing waits for the test"), "{text}");
    session.finish().assert_failed("States.Timeout").assert_elapsed(10.secs());
}

#[test]
fn a_wrong_activity_name_says_which_waits() {
    let mut session = Harness::new(&pack(json!({}))).start(json!({}));
    let text = panic_of(|| session.poll_activity("pakcing").input());
    assert!(text.contains("did you mean `packing`?"), "{text}");
    assert!(text.contains("`S` waits since T+0 (activity:packing)"), "{text}");
}

#[test]
fn nobody_polling_is_diagnosed() {
    let text = panic_of(|| Harness::new(&pack(json!({}))).start(json!({})).finish());
    assert!(text.contains("`S` waits for a worker of the activity `packing`"), "{text}");
}

#[test]
fn a_mock_is_a_worker_too() {
    let run = Harness::new(&pack(json!({}))).mock("packing", mock::returns(json!(1)).takes(20.secs())).run(json!({}));
    run.assert_succeeded().assert_output(json!(1)).assert_elapsed(20.secs());
    assert_eq!(run.history_json()["events"][3]["activityStartedEventDetails"], json!({ "workerName": "rehearsal" }));
}

#[test]
fn an_activity_that_does_not_exist_ends_the_execution() {
    let run = Harness::new(&pack(json!({}))).without_activity("packing").run(json!({}));
    run.assert_failed("States.Runtime");
    let want = format!(
        "An error occurred while executing the state 'S' (entered at the event id #2). The activity {PACK} does not exist."
    );
    assert_eq!(run.cause(), Some(want.as_str()));
}

#[test]
fn a_worker_may_take_its_time() {
    let machine = pack(json!({ "TimeoutSeconds": 600, "HeartbeatSeconds": 60 }));
    let mut session = Harness::new(&machine).start(json!({}));
    session.poll_activity("packing");
    session.advance(50.secs());
    session.token("S").heartbeat();
    session.advance(50.secs());
    session.token("S").succeed(json!("packed"));
    session.finish().assert_succeeded().assert_elapsed(100.secs());
}
