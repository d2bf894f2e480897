//! The same again is the same, and another seed is another.

use rehearsal::prelude::*;
use serde_json::Value;

use super::support::{ASK, WORK, machine};

/// A machine in which everything that could be left to chance occurs.
fn chancy() -> Machine {
    machine(json!({
        "StartAt": "Dice", "States": {
            "Dice": { "Type": "Pass", "Next": "Throw", "Parameters": {
                "id.$": "States.UUID()", "n.$": "States.MathRandom(1, 1000000)", "items": [1, 2, 3]
            } },
            "Throw": { "Type": "Pass", "QueryLanguage": "JSONata", "Next": "Ask",
                "Output": "{% $merge([$states.input, {'r': $random(), 'u': $uuid(), 'at': $now()}]) %}" },
            "Ask": { "Type": "Task", "Resource": ASK, "ResultPath": "$.asked", "Next": "Each",
                "Parameters": { "QueueUrl": "https://q", "MessageBody.$": "$$.Task.Token" } },
            "Each": { "Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.each", "End": true,
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                    "StartAt": "Work", "States": { "Work": { "Type": "Task", "Resource": WORK, "End": true,
                        "Retry": [{ "ErrorEquals": ["Busy"], "JitterStrategy": "FULL", "IntervalSeconds": 100 }] } }
                } }
        }
    }))
}

fn harness(seed: u64) -> Harness {
    Harness::new(&chancy())
        .seed(seed)
        .mock("Ask", json!("yes"))
        .mock("Work", mock::throws("Busy").for_attempt(0).then(json!(1)))
}

fn text(run: &Run) -> String {
    let children: Vec<Value> =
        run.children().iter().map(|c| rehearsal::history::wire::history_json(&c.history)).collect();
    format!("{}\n{}\n{}", run.history_json(), Value::from(children), run.compact())
}

#[test]
fn the_same_seed_gives_the_same_history_byte_for_byte() {
    assert_eq!(text(&harness(7).run(json!({}))), text(&harness(7).run(json!({}))));
}

#[test]
fn another_seed_gives_another() {
    let (a, b) = (harness(7).run(json!({})), harness(8).run(json!({})));
    let (one, other) = (a.output().unwrap(), b.output().unwrap());
    for member in ["id", "n", "r", "u"] {
        assert_ne!(one[member], other[member], "{member}");
    }
    assert_eq!(one["at"], other["at"], "the clock is the same");
    assert_ne!(a.elapsed(), b.elapsed(), "jitter follows the seed");
}

#[test]
fn runs_on_many_threads_do_not_disturb_each_other() {
    let expected = text(&harness(3).run(json!({})));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| text(&harness(3).run(json!({}))))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn a_session_moved_step_by_step_writes_what_a_run_writes() {
    let whole = text(&harness(5).run(json!({})));
    let mut session = harness(5).start(json!({}));
    for _ in 0..2_000 {
        session.advance(250.millis());
    }
    assert_eq!(text(&session.finish()), whole);
}

#[test]
fn the_clock_begins_where_the_test_says() {
    let start = Timestamp::parse("2026-01-05T09:00:00Z").unwrap();
    let run = harness(1).start_time(start).run(json!({}));
    assert_eq!(run.started_at(), start);
    assert_eq!(run.history_json()["events"][0]["timestamp"], json!("2026-01-05T09:00:00.000Z"));
}
