use std::sync::Arc;

use super::*;
use crate::history::timeline::sample::{self, APPROVE, CHARGE, Sample, value};
use crate::history::{Phase, StateType};

#[track_caller]
fn assert_text(compact: &Compact<'_>, lines: &[&str]) {
    let text = compact.to_string();
    let got: Vec<&str> = text.lines().collect();
    assert_eq!(got, lines, "\n{text}");
}

#[test]
fn a_run_reads_from_top_to_bottom() {
    assert_text(
        &Compact::new(&sample::checkout()),
        &[
            "T+0       Validate         Pass",
            "T+0       Charge           lambda:invoke charge",
            "            ✗ T+0          Lambda.TooManyRequestsException: Rate exceeded    retry after 2s",
            "            ✓ T+2s … T+3s",
            "T+3s      Notify           Parallel, 2 branches ✓ 1s",
            "T+3s      ├ Email          sns:publish ✓ 1s",
            "T+3s      └ Audit          Pass",
            "T+3s        Archive        Pass",
            "T+4s      Done             Succeed",
            r#"output    {"orderId":"o-1","paid":true}"#,
        ],
    );
}

#[test]
fn colours_and_indent_change_nothing_else() {
    let history = sample::checkout();
    let plain = Compact::new(&history).indent(2).to_string();
    let colored = Compact::new(&history).indent(2).color(true).to_string();
    assert!(plain.lines().all(|l| l.starts_with("  ")));
    assert!(!plain.contains('\u{1b}'));
    assert!(colored.contains("\u{1b}[31m✗ \u{1b}[0m") && colored.contains("\u{1b}[1mCharge\u{1b}[0m"));
    let mut stripped = colored;
    for ink in [BOLD, DIM, RED, GREEN, RESET] {
        stripped = stripped.replace(ink, "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn nested_work_is_a_tree_and_attempts_of_a_map_hold_their_items() {
    assert_text(
        &Compact::new(&sample::nested_failure()),
        &[
            "T+0       Outer                 Map, 0 items",
            "            ✗ T+0 … T+1s        failed    retry after 4s",
            "T+1s      ├ [0] Skip            Pass",
            "T+1s      ├ [1] Inner           Map, 2 items",
            "          │       ✗ T+1s        failed",
            "T+1s      │     ├ [0] Skip too  Pass",
            "T+1s      │     └ [1] Bad       Fail",
            "T+1s      └ [2] Hold            Wait    aborted",
            "            ✓ T+5s",
            "output    []",
        ],
    );
}

#[test]
fn of_many_items_that_did_the_same_the_first_stand_for_all() {
    assert_text(
        &Compact::new(&sample::one_by_one(1000)),
        &[
            "T+0       Each                   Map, 1000 items ✓ 16m40s",
            "T+1s      ├ [0] Work             Pass",
            "T+2s      ├ [1] Work             Pass",
            "T+3s      ├ [2] Work             Pass",
            "          └ … 997 more like [0]  T+3s … T+16m40s",
            "output    []",
        ],
    );
    let history = sample::one_by_one(11);
    assert_eq!(Compact::new(&history).to_string().lines().count(), 1 + 3 + 1 + 1);
    assert_eq!(Compact::new(&history).whole().to_string().lines().count(), 1 + 11 + 1);
    assert_eq!(Compact::new(&sample::one_by_one(10)).to_string().lines().count(), 1 + 10 + 1);
}

#[test]
fn an_item_that_failed_is_shown_among_any_number() {
    let mut s = Sample::new();
    let map = s.enter(0, StateType::Map, "Each");
    let started = s.push(map, Detail::MapStateStarted { length: 30 });
    let items: Vec<u32> = (0..30).map(|i| s.iteration(started, Phase::Started, "Each", i)).collect();
    let mut failing = 0;
    for (i, item) in items.iter().enumerate() {
        if i == 20 {
            failing = s.enter(*item, StateType::Fail, "Bad");
        } else if i < 15 {
            let done = s.pass(*item, "Work");
            s.iteration(done, Phase::Succeeded, "Each", i);
        } else if i < 29 {
            s.enter(*item, StateType::Wait, "Hold");
        }
    }
    s.iteration(failing, Phase::Failed, "Each", 20);
    let failed = s.push(failing, Detail::MapStateFailed);
    assert_text(
        &Compact::new(&s.fail(failed, &TaskError::new("Boom", "It broke."))),
        &[
            "T+0       Each                   Map, 30 items",
            "            ✗ T+0                Boom: It broke.",
            "T+0       ├ [0] Work             Pass",
            "T+0       ├ [1] Work             Pass",
            "T+0       ├ [2] Work             Pass",
            "T+0       ├ [15] Hold            Wait    aborted",
            "T+0       ├ [16] Hold            Wait    aborted",
            "T+0       ├ [17] Hold            Wait    aborted",
            "T+0       ├ [20] Bad             Fail with Boom: It broke.",
            "T+0       ├ [29]                 aborted",
            "          ├ … 12 more like [0]",
            "          └ … 10 more like [15]",
            "error     Boom",
            "cause     It broke.",
        ],
    );
}

#[test]
fn waits_tokens_and_catches_are_told_with_their_times() {
    let mut s = Sample::new();
    let wait = s.enter(0, StateType::Wait, "Cool down");
    s.seconds = 26 * 3600;
    let waited = s.exit(wait, StateType::Wait, "Cool down", "{}");
    let entered = s.enter(waited, StateType::Task, "Approve");
    let started = s.call(entered, APPROVE);
    s.seconds += 1;
    let submitted = s.submitted(started, APPROVE);
    s.seconds += 59;
    let timed_out = s.times_out(submitted, APPROVE);
    let left = s.exit(timed_out, StateType::Task, "Approve", "{}");
    let choice = s.enter(left, StateType::Choice, "Again?");
    let chosen = s.exit(choice, StateType::Choice, "Again?", "{}");
    let again = s.enter(chosen, StateType::Task, "Approve");
    let started = s.call(again, APPROVE);
    s.submitted(started, APPROVE);
    assert_text(
        &Compact::new(&s.history),
        &[
            "T+0       Cool down              Wait 1d2h",
            "T+1d2h    Approve                sqs:sendMessage.waitForTaskToken",
            "            ✗ T+1d2h … T+1d2h1m  States.Timeout    submitted T+1d2h1s    caught → Again?",
            "T+1d2h1m  Again?                 Choice → Approve",
            "T+1d2h1m  Approve                sqs:sendMessage.waitForTaskToken    waiting for its task token",
            "running   T+1d2h1m",
        ],
    );
}

#[test]
fn long_texts_are_cut_to_the_width_and_whole_on_demand() {
    let mut s = Sample::new();
    let entered = s.enter(0, StateType::Task, "Charge");
    let started = s.call(entered, CHARGE);
    let cause = format!(r#"{{"errorMessage":"{}","errorType":"Boom"}}"#, "no ".repeat(80).trim_end());
    let error = TaskError::new("Boom", cause.as_str());
    let failed = s.task_fails(started, CHARGE, &error);
    let history = s.fail(failed, &error);
    assert_text(
        &Compact::new(&history).width(60),
        &[
            "T+0       Charge   lambda:invoke charge",
            "            ✗ T+0  Boom: no no no no no no no no no no no n…",
            "error     Boom",
            r#"cause     {"errorMessage":"no no no no no no no no no no no"#,
            "          no no no no no no no no no no no no no no no no",
            "          no no no no no no no no no no no no no no no no",
            "          no no no no no no no no no no no no n… (277 bytes)",
        ],
    );
    let whole = Compact::new(&history).whole().to_string();
    assert_eq!(whole.matches(cause.as_str()).count(), 2);

    let mut s = Sample::new();
    let end = s.pass(0, "P");
    let output = Value::array(vec![Value::from("x".repeat(300_000))]).to_string();
    let history = s.succeed(end, &output);
    let text = Compact::new(&history).width(60).to_string();
    assert_eq!(text.lines().last(), Some(&*format!("output    [\"{}… (300004 bytes)", "x".repeat(32))));
    assert!(Compact::new(&history).whole().to_string().ends_with("x\"]\n"));
}

#[test]
fn the_most_absurd_sizes_are_served() {
    let history = sample::checkout();
    let whole = Compact::new(&history).to_string();
    assert_eq!(Compact::new(&history).width(usize::MAX).to_string(), whole);
    assert!(Compact::new(&history).width(0).to_string().contains("Rate exceeded"));
    assert!(Compact::new(&history).indent(usize::MAX).to_string().starts_with(&" ".repeat(1000)));
}

#[test]
fn a_failed_evaluation_tells_which_field_is_to_blame() {
    let mut s = Sample::new();
    let before = s.pass(0, "Before");
    s.enter(before, StateType::Pass, "Total");
    let evaluation = s.evaluation_fails(before, "Total");
    let error = TaskError::new("States.QueryEvaluationError", "Undefined.");
    assert_text(
        &Compact::new(&s.fail(evaluation, &error)),
        &[
            "T+0       Before   Pass",
            "T+0       Total    Pass",
            "            ✗ T+0  States.QueryEvaluationError in Output/total: Undefined.",
            "error     States.QueryEvaluationError",
            "cause     Undefined.",
        ],
    );
}

#[test]
fn a_run_time_fault_is_told_where_it_happened() {
    let mut s = Sample::new();
    let wait = s.enter(0, StateType::Wait, "Hold");
    let cause = "An error occurred while executing the state 'Hold' (entered at the event id #2). \
        The SecondsPath parameter does not reference an input value: $.wait";
    assert_text(
        &Compact::new(&s.fail(wait, &TaskError::new("States.Runtime", cause))),
        &[
            "T+0       Hold     Wait",
            "            ✗ T+0  States.Runtime: The SecondsPath parameter does not reference an input value: $.w…",
            "error     States.Runtime",
            "cause     An error occurred while executing the state 'Hold' (entered at the event id #2). The",
            "          SecondsPath parameter does not reference an input value: $.wait",
        ],
    );
}

#[test]
fn a_map_run_is_told_as_far_as_its_parent_knows() {
    let run = |s: &mut Sample, items| {
        let map = s.enter(0, StateType::Map, "Import");
        let started = s.push(map, Detail::MapStateStarted { length: items });
        s.push(started, Detail::MapRunStarted { arn: "arn:run".into() })
    };
    let mut s = Sample::new();
    let started = run(&mut s, 10_000);
    s.seconds = 90;
    let succeeded = s.push(started, Detail::MapRunSucceeded);
    s.push(succeeded, Detail::MapStateSucceeded);
    let left = s.exit(started, StateType::Map, "Import", "[]");
    assert_text(
        &Compact::new(&s.succeed(left, "[]")),
        &["T+0       Import  Map Run, 10000 items ✓ 1m30s", "output    []"],
    );
    let mut s = Sample::new();
    let started = run(&mut s, 0);
    let error = TaskError::new("States.ItemReaderFailed", "No such file.");
    let failed = s.push(started, Detail::MapRunFailed(Box::new(error.clone())));
    let failed = s.push(failed, Detail::MapStateFailed);
    assert_text(
        &Compact::new(&s.fail(failed, &error)),
        &[
            "T+0       Import   Map Run",
            "            ✗ T+0  States.ItemReaderFailed: No such file.",
            "error     States.ItemReaderFailed",
            "cause     No such file.",
        ],
    );
}

#[test]
fn assigned_variables_are_named() {
    let mut s = Sample::new();
    let entered = s.enter(0, StateType::Pass, "Set");
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let assigned = Some(Arc::new(names.map(|n| (n.into(), value("1"))).to_vec()));
    let exited = Detail::StateExited { state_type: StateType::Pass, name: "Set".into(), output: value("1"), assigned };
    let left = s.push(entered, exited);
    assert_text(
        &Compact::new(&s.succeed(left, "1")),
        &["T+0       Set  Pass    assigned a, b, c, d, e, 2 more", "output    1"],
    );
}

#[test]
fn every_way_to_end_is_told() {
    let ended = |detail| {
        let mut s = Sample::new();
        s.enter(0, StateType::Wait, "Hold");
        s.seconds = 60;
        s.push(0, detail);
        Compact::new(&s.history).to_string()
    };
    let hold = "T+0       Hold  Wait    aborted T+1m\n";
    assert_eq!(ended(Detail::ExecutionAborted(Box::default())), format!("{hold}aborted   T+1m\n"));
    let timeout = Box::new(TaskError::named("States.Timeout"));
    assert_eq!(ended(Detail::ExecutionTimedOut(timeout)), format!("{hold}timed out T+1m\nerror     States.Timeout\n"));
    let fails = |error: &TaskError| {
        let mut s = Sample::new();
        let entered = s.enter(0, StateType::Fail, "Bad");
        Compact::new(&s.fail(entered, error)).to_string()
    };
    assert_eq!(fails(&TaskError::default()), "T+0       Bad  Fail\nfailed    no error name, no cause\n");
    let cause = TaskError { error: None, cause: Some("Out of stock".into()) };
    assert_eq!(fails(&cause), "T+0       Bad  Fail: Out of stock\nfailed    no error name\ncause     Out of stock\n");
    assert_eq!(Compact::new(&History::default()).to_string(), "");
}

#[test]
fn names_and_causes_cannot_break_out_of_their_lines() {
    let mut s = Sample::new();
    let entered = s.enter(0, StateType::Fail, "Bad\n\u{1b}[2J");
    let text = Compact::new(&s.fail(entered, &TaskError::new("E\r", "a\nb"))).to_string();
    assert_eq!(text, "T+0       Bad\\n\\u{1b}[2J  Fail with E\\r: a\\nb\nerror     E\\r\ncause     a\\nb\n");
}

#[test]
fn a_map_in_a_map_a_hundred_levels_deep_is_drawn() {
    let mut s = Sample::new();
    let mut last = 0;
    for level in 0..100 {
        let name = format!("L{level}");
        let map = s.enter(last, StateType::Map, &name);
        let started = s.push(map, Detail::MapStateStarted { length: 1 });
        last = s.iteration(started, Phase::Started, &name, 0);
    }
    let text = Compact::new(&s.history).to_string();
    // The innermost item has begun and not entered a state.
    assert_eq!(text.lines().count(), 102);
    assert!(text.lines().nth(99).is_some_and(|l| l.ends_with("└ [0] L99  Map, 1 item    running")), "{text}");
}

#[test]
fn the_work_grows_with_the_history_and_no_faster() {
    // Were it quadratic, this would take minutes.
    let history = sample::one_by_one(25_000);
    assert!(history.len() > 100_000);
    assert_eq!(Compact::new(&history).to_string().lines().count(), 6);
    assert_eq!(Compact::new(&history).whole().to_string().lines().count(), 25_002);
}
