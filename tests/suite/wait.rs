//! Wait states.

use rehearsal::prelude::*;
use serde_json::Value;

use super::support::{single, single_jsonata, types};

fn run(fields: Value, input: Value) -> rehearsal::Run {
    let mut state = json!({ "Type": "Wait" });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    Harness::new(&single(state)).run(input)
}

#[test]
fn a_year_takes_no_time() {
    let began = std::time::Instant::now();
    run(json!({ "Seconds": 31_536_000 }), json!({})).assert_succeeded().assert_elapsed(365.days());
    assert!(began.elapsed() < 1.secs());
}

#[test]
fn the_clock_stands_at_the_end_of_the_wait() {
    let run = run(json!({ "Seconds": 90 }), json!({}));
    let at: Vec<_> = run.history().iter().map(|(_, e)| e.at.since(run.started_at())).collect();
    assert_eq!(at, [0.secs(), 0.secs(), 90.secs(), 90.secs()]);
    assert_eq!(types(run.history())[1..3], ["WaitStateEntered", "WaitStateExited"]);
}

#[test]
fn a_timestamp_is_waited_for_and_one_that_has_passed_is_not() {
    run(json!({ "Timestamp": "2024-01-02T00:00:00Z" }), json!({})).assert_elapsed(24.hours());
    run(json!({ "Timestamp": "2024-01-01T01:00:00.250+00:30" }), json!({})).assert_elapsed(1_800_250.millis());
    run(json!({ "Timestamp": "1999-12-31T23:59:59Z" }), json!({})).assert_succeeded().assert_elapsed(0.secs());
    run(json!({ "TimestampPath": "$.until" }), json!({ "until": "2024-01-01T00:01:00Z" })).assert_elapsed(1.minutes());
}

#[test]
fn seconds_may_come_from_the_input() {
    run(json!({ "SecondsPath": "$.n" }), json!({ "n": 12 })).assert_elapsed(12.secs());
    let state = json!({ "Type": "Wait", "Seconds": "{% $states.input.n * 2 %}" });
    Harness::new(&single_jsonata(state)).run(json!({ "n": 12 })).assert_elapsed(24.secs());
}

#[test]
fn bad_durations_are_refused_in_the_services_words() {
    for (input, want) in [
        (json!({}), "The SecondsPath parameter does not reference an input value: $.n"),
        (json!({ "n": -1 }), "The SecondsPath parameter references a negative value: $.n == -1"),
        (json!({ "n": null }), "The SecondsPath parameter does not reference an input value: $.n"),
        (json!({ "n": "soon" }), "The SecondsPath parameter cannot be parsed as a long value: $.n == soon"),
        (json!({ "n": 1.5 }), "The SecondsPath parameter cannot be parsed as a long value: $.n == 1.5"),
    ] {
        run(json!({ "SecondsPath": "$.n" }), input).assert_failed("States.Runtime").assert_cause_contains(want);
    }
    let state = json!({ "Type": "Wait", "Timestamp": "{% $states.input.t %}" });
    let run = Harness::new(&single_jsonata(state)).run(json!({ "t": "tomorrow" }));
    run.assert_failed("States.QueryEvaluationError").assert_cause_contains("The Timestamp field cannot be parsed");
    assert_eq!(super::support::events(run.history())[2], "3<-2 EvaluationFailed");
}

#[test]
fn the_longest_wait_is_24855_days() {
    let days = |n: i64| {
        let at = Timestamp::EPOCH_DEFAULT + (u64::try_from(n).unwrap() * 86_400).secs();
        run(json!({ "TimestampPath": "$.t" }), json!({ "t": at.to_string() }))
    };
    // The wait is accepted, although the execution's year is over before it is.
    days(24_855).assert_timed_out().assert_elapsed(365.days());
    days(365).assert_succeeded().assert_elapsed(365.days());
    days(24_856).assert_failed("States.Runtime").assert_cause_contains("Wait state delay is too long.");
}

#[test]
fn a_session_sees_the_state_it_waits_in() {
    let machine = single(json!({ "Type": "Wait", "Seconds": 3600 }));
    let mut session = Harness::new(&machine).start(json!({}));
    session.advance(3_599.secs());
    assert_eq!(session.active_states(), ["S".into()]);
    assert_eq!(session.status(), rehearsal::engine::Status::Running);
    session.advance(1.secs());
    assert!(session.active_states().is_empty());
    session.finish().assert_succeeded().assert_elapsed(1.hours());
}
