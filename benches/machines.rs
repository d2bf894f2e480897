//! What a run costs: the machines that emulators of Step Functions are compared with, in process, with the whole
//! history kept. `cargo bench` prints the table.

/// The binary's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::fmt::Write as _;
use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rehearsal::engine::{Effect, Execution, Input, Settings};
use rehearsal::history::wire;
use rehearsal::prelude::*;
use rehearsal::value::Value;

fn main() {
    divan::main();
}

/// A machine of states in a row.
fn chain(names: &[String], make: impl Fn(usize) -> serde_json::Value) -> serde_json::Value {
    let mut states = serde_json::Map::new();
    for (i, name) in names.iter().enumerate() {
        let mut state = make(i);
        match names.get(i + 1) {
            Some(next) => state["Next"] = json!(next),
            None => state["End"] = json!(true),
        }
        states.insert(name.clone(), state);
    }
    json!({ "StartAt": names[0], "States": states })
}

fn machine(definition: serde_json::Value) -> Machine {
    Machine::from_json(&definition).expect("the machines here are valid")
}

fn w1() -> Machine {
    machine(json!({
        "StartAt": "P1",
        "States": {
            "P1": { "Type": "Pass", "Result": { "tag": "x" }, "ResultPath": "$.p1", "Next": "P2" },
            "P2": { "Type": "Pass", "Next": "P3" },
            "P3": { "Type": "Pass", "Parameters": { "n.$": "$.n", "p1.$": "$.p1" }, "Next": "P4" },
            "P4": { "Type": "Pass", "Result": [1, 2, 3], "ResultPath": "$.p4", "Next": "P5" },
            "P5": { "Type": "Pass", "OutputPath": "$", "Next": "C" },
            "C": {
                "Type": "Choice",
                "Choices": [{
                    "And": [
                        { "Variable": "$.n", "NumericGreaterThan": 0 },
                        { "Variable": "$.p1.tag", "StringEquals": "x" }
                    ],
                    "Next": "Done"
                }],
                "Default": "Bad"
            },
            "Done": { "Type": "Succeed" },
            "Bad": { "Type": "Fail", "Error": "Bad" }
        }
    }))
}

fn item_processor(mode: &str) -> serde_json::Value {
    let mut config = json!({ "Mode": mode });
    if mode == "DISTRIBUTED" {
        config["ExecutionType"] = json!("STANDARD");
    }
    json!({
        "ProcessorConfig": config,
        "StartAt": "Tag",
        "States": {
            "Tag": { "Type": "Pass", "Parameters": { "n.$": "$", "k": "v" }, "Next": "Pick" },
            "Pick": {
                "Type": "Choice",
                "Choices": [{ "Variable": "$.n", "NumericGreaterThan": 500, "Next": "Big" }],
                "Default": "Small"
            },
            "Big": { "Type": "Succeed" },
            "Small": { "Type": "Succeed" }
        }
    })
}

fn map(mode: &str) -> Machine {
    let map = json!({
        "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 0, "End": true, "ItemProcessor": item_processor(mode)
    });
    machine(json!({ "StartAt": "M", "States": { "M": map } }))
}

fn items(n: usize) -> Value {
    Value::object([("items", Value::array((1..=n).map(Value::from).collect()))])
}

/// Runs one execution of a machine that calls nothing, and gives its number of events.
fn execute(machine: &Machine, settings: &Arc<Settings>, input: Value) -> usize {
    let mut execution = Execution::new(machine, Arc::clone(settings), input);
    execution.handle(Timestamp::EPOCH_DEFAULT, Input::Start);
    while let Some(effect) = execution.next_effect() {
        let asks = matches!(effect, Effect::Call(_) | Effect::StartChild(_) | Effect::ReadItems(_));
        assert!(!asks, "this machine calls nothing");
    }
    black_box(execution.into_history()).len()
}

/// The usual settings, but for the limit on payloads: 100,000 results are more than the service passes on.
fn settings(machine: &Machine) -> Arc<Settings> {
    let mut settings = Settings::of(machine.name(), "bench", machine.machine_type(), 0);
    settings.limits.payload_bytes = 1 << 30;
    Arc::new(settings)
}

fn run(bencher: Bencher<'_, '_>, machine: Machine, input: Value, events: usize) {
    let settings = settings(&machine);
    assert_eq!(execute(&machine, &settings, input.clone()), events);
    bencher.counter(ItemsCount::new(events)).bench_local(|| execute(&machine, &settings, input.clone()));
}

/// 5 Pass, Choice, Succeed: the cost of one small execution; items are events.
#[divan::bench]
fn w1_seven_states(bencher: Bencher<'_, '_>) {
    run(bencher, w1(), Value::object([("n", 7.into())]), 16);
}

/// The same from JSON text through the harness, as a test does it.
#[divan::bench]
fn w1_through_the_harness(bencher: Bencher<'_, '_>) {
    let harness = Harness::new(&w1());
    bencher.bench_local(|| harness.run(Value::parse(r#"{"n":7}"#).expect("JSON")));
}

/// A million executions with their whole histories.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn w1_a_million_times(bencher: Bencher<'_, '_>) {
    let machine = w1();
    let settings = settings(&machine);
    let input = Value::object([("n", 7.into())]);
    bencher
        .counter(ItemsCount::new(1_000_000usize))
        .bench_local(|| (0..1_000_000).map(|_| execute(&machine, &settings, input.clone())).sum::<usize>());
}

/// An inline Map; 1,000 items write 8,006 events. An Express machine, because a Standard history ends at 25,000.
#[divan::bench(args = [1_000, 10_000, 100_000])]
fn w2_inline_map(bencher: Bencher<'_, '_>, n: usize) {
    run(bencher, map("INLINE").with_type(rehearsal::asl::MachineType::Express), items(n), n * 8 + 6);
}

/// A Parallel of 10 branches with 5 Pass states each.
#[divan::bench]
fn w3_parallel(bencher: Bencher<'_, '_>) {
    let branch = |b: usize| {
        let names: Vec<String> = (0..5).map(|i| format!("B{b}S{i}")).collect();
        chain(&names, |i| json!({ "Type": "Pass", "Result": { "b": b, "i": i }, "ResultPath": "$.r" }))
    };
    let branches: Vec<_> = (0..10).map(branch).collect();
    let definition = json!({
        "StartAt": "P", "States": { "P": { "Type": "Parallel", "Branches": branches, "End": true } }
    });
    run(bencher, machine(definition), Value::object([("n", 1.into())]), 106);
}

/// A Task that fails four times, waits 1 s, 2 s and 4 s in between, and is caught.
#[divan::bench]
fn w4_retries_then_caught(bencher: Bencher<'_, '_>) {
    let machine = machine(json!({
        "StartAt": "T",
        "States": {
            "T": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": { "QueueUrl": "https://sqs/q", "MessageBody": "x" },
                "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 3 }],
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }],
                "End": true
            },
            "Caught": { "Type": "Succeed" }
        }
    }));
    let harness = Harness::new(&machine).mock("T", mock::fails("SQS.AmazonSQSException", "no such queue"));
    assert_eq!(harness.run(json!({})).elapsed(), 7.secs());
    bencher.bench_local(|| harness.run(Value::empty_object()));
}

/// JSONata over 1,000 objects.
#[divan::bench]
fn w6_jsonata(bencher: Bencher<'_, '_>) {
    let machine = machine(json!({
        "QueryLanguage": "JSONata",
        "StartAt": "J",
        "States": { "J": { "Type": "Pass", "End": true, "Output": {
            "total": "{% $sum($map($states.input.items, function($i) { $i.price * $i.qty })) %}",
            "names": "{% $states.input.items[price > 50].name %}"
        } } }
    }));
    let item = |i: usize| json!({ "name": format!("item-{i}"), "price": i % 100, "qty": 1 + i % 5 });
    let input = Value::from(json!({ "items": (0..1_000).map(item).collect::<Vec<_>>() }));
    run(bencher, machine, input, 4);
}

/// A distributed Map: every item is an execution of its own, whose history is kept.
#[divan::bench(args = [10_000, 100_000], max_time = 5)]
fn w7_distributed_map(bencher: Bencher<'_, '_>, n: usize) {
    let machine = map("DISTRIBUTED");
    let limits = rehearsal::engine::Limits { payload_bytes: 1 << 30, ..Default::default() };
    let harness = Harness::new(&machine).limits(limits).keep_children(n);
    let input = items(n);
    assert_eq!(harness.run(input.clone()).assert_succeeded().children().len(), n);
    bencher.counter(ItemsCount::new(n)).bench_local(|| harness.run(input.clone()));
}

/// A loop that fills the history of a Standard execution.
#[divan::bench(args = [1_000, 24_990])]
fn a_loop_of_events(bencher: Bencher<'_, '_>, events: usize) {
    let turns = (events - 4) / 4;
    let machine = machine(json!({
        "StartAt": "Next",
        "States": {
            "Next": { "Type": "Pass", "Parameters": { "i.$": "States.MathAdd($.i, 1)" }, "Next": "Enough" },
            "Enough": {
                "Type": "Choice",
                "Choices": [{ "Variable": "$.i", "NumericLessThan": turns, "Next": "Next" }],
                "Default": "Done"
            },
            "Done": { "Type": "Succeed" }
        }
    }));
    run(bencher, machine, Value::object([("i", 0.into())]), turns * 4 + 4);
}

/// A payload of 200 KB through 20 states.
#[divan::bench]
fn a_large_payload_through_twenty_states(bencher: Bencher<'_, '_>) {
    let names: Vec<String> = (0..20).map(|i| format!("S{i}")).collect();
    let definition = chain(&names, |i| json!({ "Type": "Pass", "Result": i, "ResultPath": "$.step" }));
    let mut text = String::new();
    for i in 0..4_000 {
        let _ = write!(text, "{i:045} ");
    }
    let rows: Vec<Value> = text.split(' ').map(Value::from).collect();
    run(bencher, machine(definition), Value::object([("rows", Value::array(rows))]), 42);
}

/// The history of 1,000 items as GetExecutionHistory writes it.
#[divan::bench]
fn wire_text_of_8006_events(bencher: Bencher<'_, '_>) {
    let machine = map("INLINE");
    let run = Harness::new(&machine).run(items(1_000));
    bencher.bench_local(|| {
        let mut text = Vec::new();
        wire::write_history(run.history(), &mut text).expect("memory does not fail");
        text
    });
}
