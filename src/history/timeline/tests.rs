use super::sample::{self, APPROVE, CHARGE, Sample, value};
use super::*;
use crate::history::Phase;

/// One line a visit: where, how it ended, and how its attempts did.
fn told(history: &History) -> Vec<String> {
    let start = history.started_at().unwrap();
    let seconds = |at: Timestamp| at.since(start).as_secs();
    let line = |v: &StateVisit| {
        let mut text = format!("{} #{} {}s", v.location(), v.entered.event, seconds(v.entered.at));
        match v.ended {
            Some(ended) => text += &format!(" … #{} {}s {:?}", ended.event, seconds(ended.at), v.outcome),
            None => text += &format!(" {:?}", v.outcome),
        }
        for a in &v.attempts {
            text += &format!(" | #{} {}s", a.scheduled.event, seconds(a.scheduled.at));
            if let Some(ended) = a.ended {
                text += &format!(" … #{} {}s", ended.event, seconds(ended.at));
            }
            text += &format!(" {:?}", a.outcome);
        }
        text.replace("TaskError { error: None, cause: None }", "unknown")
            .replace("TaskError { error: Some(\"", "")
            .replace("\"), cause: None }", "")
    };
    timeline(history).visits.iter().map(line).collect()
}

#[test]
fn a_retried_task_is_one_visit_with_two_attempts() {
    let timeline = timeline(&sample::checkout());
    let charge = timeline.visits_of("Charge").next().unwrap();
    assert_eq!((charge.entered.event, charge.exited().map(|m| m.event)), (4, Some(11)));
    assert_eq!(charge.function_name(), Some("charge"));
    assert_eq!(charge.took(), Some(Duration::from_secs(3)));
    assert_eq!(charge.output, Some(value("7")));
    let [first, second] = &charge.attempts[..] else { panic!("{:?}", charge.attempts) };
    assert_eq!(first.error(), Some(&TaskError::new("Lambda.TooManyRequestsException", "Rate exceeded")));
    assert_eq!((first.scheduled.event, first.ended.map(|m| m.event)), (5, Some(7)));
    assert_eq!((&second.outcome, second.took()), (&AttemptOutcome::Succeeded, Some(Duration::from_secs(1))));
    assert_eq!(timeline.next_of(charge).map(|v| &*v.name), Some("Notify"));
}

#[test]
fn interleaved_branches_are_told_apart() {
    assert_eq!(
        told(&sample::checkout())[2..],
        [
            "Notify #12 3s … #24 4s Succeeded | #13 3s … #23 4s Succeeded",
            "Notify[0]/Email #14 3s … #22 4s Succeeded | #16 3s … #21 4s Succeeded",
            "Notify[1]/Audit #15 3s … #18 3s Succeeded",
            "Notify[1]/Archive #19 3s … #20 3s Succeeded",
            "Done #25 4s … #26 4s Succeeded",
        ]
    );
    let threads = timeline(&sample::checkout()).threads;
    let ends: Vec<_> = threads.iter().map(|t| (t.visits.len(), t.ended.map(|m| m.event), t.outcome)).collect();
    assert_eq!(
        ends,
        [
            (4, Some(27), ThreadOutcome::Succeeded),
            (1, Some(22), ThreadOutcome::Succeeded),
            (2, Some(20), ThreadOutcome::Succeeded)
        ]
    );
}

#[test]
fn an_iteration_that_follows_the_one_before_belongs_to_the_map_all_the_same() {
    assert_eq!(
        told(&sample::one_by_one(2)),
        [
            "Each #2 0s … #13 2s Succeeded | #3 0s … #12 2s Succeeded",
            "Each[0]/Work #5 1s … #6 1s Succeeded",
            "Each[1]/Work #9 2s … #10 2s Succeeded",
        ]
    );
}

#[test]
fn what_runs_beside_a_failing_item_is_aborted_and_the_retry_starts_afresh() {
    assert_eq!(
        told(&sample::nested_failure()),
        [
            "Outer #2 0s … #26 5s Succeeded | #3 0s … #20 1s Failed(unknown) | #24 5s … #25 5s Succeeded",
            "Outer[0]/Skip #7 1s … #8 1s Succeeded",
            "Outer[2]/Hold #10 1s … #22 1s Aborted",
            "Outer[1]/Inner #11 1s … #20 1s Failed(unknown) | #12 1s … #20 1s Failed(unknown)",
            "Outer[1]/Inner[0]/Skip too #15 1s … #16 1s Succeeded",
            "Outer[1]/Inner[1]/Bad #18 1s … #18 1s Failed(unknown)",
        ]
    );
}

#[test]
fn the_error_of_a_fail_state_is_learned_from_how_it_ends() {
    let boom = TaskError::named("Boom");
    let failing = |s: &mut Sample| {
        let map = s.enter(0, StateType::Map, "Each");
        let started = s.push(map, Detail::MapStateStarted { length: 1 });
        let item = s.iteration(started, Phase::Started, "Each", 0);
        let bad = s.enter(item, StateType::Fail, "Bad");
        s.iteration(bad, Phase::Failed, "Each", 0);
        s.push(bad, Detail::MapStateFailed)
    };
    let mut s = Sample::new();
    let failed = failing(&mut s);
    let uncaught = told(&s.fail(failed, &boom));
    assert_eq!(
        uncaught,
        ["Each #2 0s … #7 0s Failed(Boom) | #3 0s … #7 0s Failed(Boom)", "Each[0]/Bad #5 0s … #5 0s Failed(Boom)"]
    );
    let mut s = Sample::new();
    let failed = failing(&mut s);
    let left = s.exit(failed, StateType::Map, "Each", r#"{"why":{"Error":"Boom","Cause":null}}"#);
    let caught = told(&s.succeed(left, "1"));
    assert_eq!(
        caught,
        ["Each #2 0s … #8 0s Caught(Boom) | #3 0s … #7 0s Failed(Boom)", "Each[0]/Bad #5 0s … #5 0s Failed(Boom)"]
    );
}

#[test]
fn a_visit_left_through_a_catch_tells_the_error() {
    let mut s = Sample::new();
    let entered = s.enter(0, StateType::Task, "Approve");
    let started = s.call(entered, APPROVE);
    let submitted = s.submitted(started, APPROVE);
    s.seconds = 60;
    let timed_out = s.times_out(submitted, APPROVE);
    let left = s.exit(timed_out, StateType::Task, "Approve", "{}");
    let end = s.pass(left, "Reject");
    let timeline = timeline(&s.succeed(end, "{}"));
    let approve = &timeline.visits[0];
    assert_eq!(approve.caught(), Some(&TaskError::named("States.Timeout")));
    assert_eq!(approve.attempts[0].outcome, AttemptOutcome::TimedOut(TaskError::named("States.Timeout")));
    assert_eq!(approve.attempts[0].submitted.map(|m| m.event), Some(5));
    assert_eq!(timeline.next_of(approve).map(|v| &*v.name), Some("Reject"));
}

#[test]
fn a_failed_evaluation_belongs_to_the_state_it_names_and_not_to_the_one_before() {
    let mut s = Sample::new();
    let before = s.pass(0, "Before");
    let parallel = s.enter(before, StateType::Parallel, "Both");
    let started = s.push(parallel, Detail::ParallelStateStarted);
    s.enter(started, StateType::Pass, "Left");
    s.enter(started, StateType::Pass, "Right");
    let evaluation = s.evaluation_fails(started, "Left");
    let failed = s.push(evaluation, Detail::ParallelStateFailed);
    let error = TaskError::new("States.QueryEvaluationError", "…");
    let timeline = timeline(&s.fail(failed, &error));
    let left = timeline.visits_of("Left").next().unwrap();
    assert_eq!(left.evaluations.len(), 1);
    assert!(matches!(left.outcome, VisitOutcome::Failed(_)));
    assert_eq!(timeline.visits_of("Right").next().unwrap().outcome, VisitOutcome::Aborted);
    assert!(timeline.visits_of("Before").all(|v| v.outcome == VisitOutcome::Succeeded));
}

#[test]
fn the_end_of_the_execution_ends_everything_that_runs() {
    let mut s = Sample::new();
    let parallel = s.enter(0, StateType::Parallel, "Both");
    let started = s.push(parallel, Detail::ParallelStateStarted);
    s.enter(started, StateType::Wait, "Hold");
    let task = s.enter(started, StateType::Task, "Charge");
    s.call(task, CHARGE);
    let open = timeline(&s.history);
    assert!(open.visits.iter().all(|v| v.outcome == VisitOutcome::Running && v.ended.is_none()));
    s.seconds = 9;
    s.push(0, Detail::ExecutionAborted(Box::default()));
    assert_eq!(
        told(&s.history),
        [
            "Both #2 0s … #8 9s Aborted | #3 0s … #8 9s Aborted",
            "Both[0]/Hold #4 0s … #8 9s Aborted",
            "Both[1]/Charge #5 0s … #8 9s Aborted | #6 0s … #8 9s Aborted",
        ]
    );
}

#[test]
fn a_fault_of_the_run_time_fails_the_state_and_all_around_it() {
    let mut s = Sample::new();
    let map = s.enter(0, StateType::Map, "Each");
    let started = s.push(map, Detail::MapStateStarted { length: 1 });
    let item = s.iteration(started, Phase::Started, "Each", 0);
    let wait = s.enter(item, StateType::Wait, "Hold");
    let runtime = TaskError::named("States.Runtime");
    assert_eq!(
        told(&s.fail(wait, &runtime)),
        [
            "Each #2 0s … #6 0s Failed(States.Runtime) | #3 0s … #6 0s Failed(States.Runtime)",
            "Each[0]/Hold #5 0s … #5 0s Failed(States.Runtime)",
        ]
    );
}

#[test]
fn a_history_that_makes_no_sense_is_read_without_complaint() {
    let mut s = Sample::new();
    for previous in [0, 1, 99, u32::MAX] {
        s.exit(previous, StateType::Map, "Nobody", "1");
        s.answer(previous, CHARGE);
        s.iteration(previous, Phase::Started, "Nobody", usize::MAX);
        s.iteration(previous, Phase::Aborted, "Nobody", 0);
        s.push(previous, Detail::MapStateFailed);
        s.push(previous, Detail::ParallelStateStarted);
        s.evaluation_fails(previous, "Nobody");
        s.enter(previous, StateType::Pass, "Somebody");
        s.push(previous, Detail::StateAborted(StateType::Parallel));
    }
    assert_eq!(timeline(&s.history).visits.len(), 4);
    assert!(timeline(&History::default()).visits.is_empty());
}
