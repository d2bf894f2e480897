//! Distributed Maps over many rows: read when they are wanted, written when they are done, and little of them kept.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rehearsal::engine::Limits;
use rehearsal::mock::Reply;
use rehearsal::prelude::*;
use rehearsal::scenario::ScenarioFile;
use rehearsal::task::TaskError;
use serde_json::Value;

use super::support::{Folder, WORK, single, types};

const ROWS: usize = 2_000;

fn map(fields: &Value) -> Machine {
    let mut state = json!({
        "Type": "Map",
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Work",
            "States": { "Work": { "Type": "Task", "Resource": WORK, "End": true } }
        }
    });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    single(state)
}

fn from_object(config: Value, key: &str, fields: &Value) -> Value {
    let mut fields = fields.clone();
    fields["ItemReader"] = json!({
        "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": { "Bucket": "data", "Key": key }
    });
    fields
}

fn writer(config: Value) -> Value {
    json!({
        "Resource": "arn:aws:states:::s3:putObject", "WriterConfig": config,
        "Parameters": { "Bucket": "out", "Prefix": "runs" }
    })
}

fn row(i: usize) -> Value {
    json!({ "id": format!("o-{i}"), "name": format!("with, \"quotes\" {i}\nand lines"), "n": (i % 7).to_string() })
}

fn csv(rows: std::ops::Range<usize>) -> String {
    let mut text = String::from("id,name,n\n");
    for i in rows {
        writeln!(text, "o-{i},\"with, \"\"quotes\"\" {i}\nand lines\",{}", i % 7).unwrap();
    }
    text
}

fn lines(rows: std::ops::Range<usize>) -> String {
    rows.map(|i| format!("{}\n", row(i))).collect()
}

fn array(rows: std::ops::Range<usize>) -> String {
    serde_json::to_string_pretty(&rows.map(row).collect::<Vec<_>>()).unwrap()
}

/// Everything that can be seen of a run, but for where the items come from.
fn seen(harness: Harness, input: Value) -> Value {
    let answer = |call: &rehearsal::task::Call| match call.payload.get("id").and_then(|id| id.as_str()) {
        Some(id) if id.ends_with("99") => Reply::failed(TaskError::new("BadRow", id)),
        _ => Reply::done(call.payload.clone()),
    };
    let limits = Limits { payload_bytes: 1 << 24, ..Limits::default() };
    let run = harness.limits(limits).mock("Work", mock::answers(answer)).run(input);
    let children =
        run.children().iter().map(|c| json!([c.index, c.input.to_json(), c.status.name(), c.name.to_string()]));
    let objects = run.objects();
    let written =
        objects.keys("out", "").map(|key| json!([key, String::from_utf8_lossy(objects.get("out", key).unwrap())]));
    json!({
        "output": run.output(), "error": run.error(), "types": types(run.history()),
        "children": children.collect::<Vec<_>>(), "written": written.collect::<Vec<_>>(),
    })
}

#[test]
fn rows_that_are_read_one_by_one_give_what_a_list_gives() {
    let variants = [
        json!({ "ToleratedFailureCount": 30 }),
        json!({ "ToleratedFailurePercentage": 0.5 }),
        json!({ "ToleratedFailureCount": 30, "ResultWriter": writer(json!({})) }),
        json!({
            "ToleratedFailureCount": 30, "MaxConcurrency": 7,
            "ResultWriter": writer(json!({ "Transformation": "COMPACT", "OutputType": "JSONL" }))
        }),
        json!({
            "ItemBatcher": { "MaxItemsPerBatch": 70, "MaxInputBytesPerBatch": 3_000, "BatchInput": { "of": "rows" } },
            "ResultWriter": writer(json!({ "Transformation": "FLATTEN" }))
        }),
        json!({ "ItemSelector": { "id.$": "$$.Map.Item.Value.id", "i.$": "$$.Map.Item.Index" }, "ToleratedFailureCount": 30 }),
    ];
    let manifest = "s3://data/1.jsonl\ns3://data/2.jsonl\ns3://data/3.jsonl\n";
    let header = json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" });
    let athena = json!({ "InputType": "JSONL", "ManifestType": "ATHENA_DATA" });
    for fields in &variants {
        let list: Vec<Value> = (0..ROWS).map(row).collect();
        let listed = seen(Harness::new(&map(fields)), json!(list));
        assert!(listed["types"].as_array().unwrap().len() > 5, "{listed}");
        let sources = [
            (header.clone(), "rows.csv"),
            (json!({ "InputType": "JSONL" }), "rows.jsonl"),
            (json!({ "InputType": "JSON" }), "rows.json"),
            (athena.clone(), "manifest.csv"),
        ];
        for (config, key) in sources {
            let mut streamed = seen(
                Harness::new(&map(&from_object(config, key, fields)))
                    .object("data", "rows.csv", csv(0..ROWS))
                    .object("data", "rows.jsonl", lines(0..ROWS))
                    .object("data", "rows.json", array(0..ROWS))
                    .object("data", "manifest.csv", manifest)
                    .object("data", "1.jsonl", lines(0..900))
                    .object("data", "2.jsonl", lines(0..0))
                    .object("data", "3.jsonl", lines(900..ROWS)),
                json!({}),
            );
            // Row by row, so that a difference can be read.
            for part in ["children", "written"] {
                let [a, b] = [&listed, &streamed].map(|seen| seen[part].as_array().unwrap());
                assert_eq!(a.len(), b.len(), "{key} {fields}");
                for (a, b) in a.iter().zip(b) {
                    assert_eq!(a, b, "{key} {fields}");
                }
            }
            streamed["children"] = listed["children"].clone();
            streamed["written"] = listed["written"].clone();
            assert_eq!(listed, streamed, "{key} {fields}");
        }
    }
}

#[test]
fn a_row_that_cannot_be_read_fails_the_map_before_any_child_starts() {
    let mut text = lines(0..ROWS);
    text.push_str("{\"id\": \n");
    let fails = |config: Value, key: &str| {
        let machine = map(&from_object(config, key, &json!({})));
        let harness = Harness::new(&machine).object("data", "rows.jsonl", &text).object("data", "rows.csv", {
            let mut bytes = csv(0..ROWS).into_bytes();
            bytes.extend(b"o-x,\xFF,1\n");
            bytes
        });
        let run = harness.mock("Work", json!(1)).run(json!({}));
        assert!(run.children().is_empty());
        run.assert_failed("States.ItemReaderFailed");
        run.cause().unwrap().to_owned()
    };
    assert!(fails(json!({ "InputType": "JSONL" }), "rows.jsonl").contains("Line 2001 is not valid JSON"));
    let header = json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" });
    assert!(fails(header, "rows.csv").contains("UTF-8"));
    // What lies behind the items that are wanted is not looked at.
    let some = json!({ "InputType": "JSONL", "MaxItems": ROWS });
    let machine = map(&from_object(some, "rows.jsonl", &json!({})));
    let run = Harness::new(&machine).object("data", "rows.jsonl", &text).mock("Work", json!(1)).run(json!({}));
    run.assert_succeeded();
    assert_eq!(run.children().len(), ROWS);
}

#[test]
fn results_are_written_in_item_order_with_the_times_of_each_child() {
    let fields = json!({ "MaxConcurrency": 2, "ToleratedFailureCount": 1, "ResultWriter": writer(json!({})) });
    let machine = map(&from_object(json!({ "InputType": "JSONL" }), "rows", &fields));
    let answer = |call: &rehearsal::task::Call| match call.payload.get("id").and_then(|id| id.as_str()) {
        Some("o-0") => Reply::done(0).takes(1.hours()),
        Some("o-2") => Reply::failed(TaskError::new("BadRow", "two")).takes(1.minutes()),
        _ => Reply::done(1).takes(1.minutes()),
    };
    let run =
        Harness::new(&machine).object("data", "rows", lines(0..5)).mock("Work", mock::answers(answer)).run(json!({}));
    run.assert_succeeded().assert_elapsed(1.hours());
    let objects = run.objects();
    let of = |kind: &str| {
        let key = objects.keys("out", "").find(|key| key.contains(kind)).unwrap();
        let entries = objects.json("out", key).unwrap();
        let one =
            |e: &Value| (e["Input"].as_str().unwrap()[..11].to_owned(), e["StartDate"].clone(), e["StopDate"].clone());
        entries.as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    let at = |minutes: u64| json!(format!("2024-01-01T0{}:{:02}:00.000Z", minutes / 60, minutes % 60));
    let entry = |i: usize, from: u64, to: u64| (format!("{{\"id\":\"o-{i}\""), at(from), at(to));
    assert_eq!(of("SUCCEEDED"), [entry(0, 0, 60), entry(1, 0, 1), entry(3, 2, 3), entry(4, 3, 4)]);
    assert_eq!(of("FAILED"), [entry(2, 1, 2)]);
}

#[test]
fn of_very_many_children_the_first_and_the_failed_are_kept() {
    let fields = json!({ "ToleratedFailureCount": 5 });
    let machine = map(&from_object(json!({ "InputType": "JSONL" }), "rows", &fields));
    let answer = |call: &rehearsal::task::Call| match call.payload.get("id").and_then(|id| id.as_str()) {
        Some("o-700" | "o-800" | "o-3") => Reply::failed(TaskError::new("BadRow", "why")),
        _ => Reply::done(1),
    };
    let harness = Harness::new(&machine).object("data", "rows", lines(0..1_000)).mock("Work", mock::answers(answer));
    let run = harness.clone().keep_children(100).run(json!({}));
    run.assert_succeeded();
    let kept: Vec<usize> = run.children().iter().map(|c| c.index.unwrap()).collect();
    assert_eq!(kept, (0..100).chain([700, 800]).collect::<Vec<_>>());
    assert_eq!(run.children()[101].status.error().unwrap().cause.as_deref(), Some("why"));
    let [left_out] = run.children_left_out() else { panic!("{:?}", run.children_left_out()) };
    assert_eq!((left_out.status, left_out.count), ("SUCCEEDED", 898));
    assert!(run.children()[0].arn.contains(&*left_out.machine_name));

    let calls = run.calls_to("Work");
    calls.assert_times(1_000).assert_payload(row(50)).assert_payload(row(700));
    assert_eq!((calls.left_out(), calls.iter().len(), run.calls().len()), (898, 102, 1_000));
    run.calls_to("work").assert_times(1_000);
    run.calls_to("S/Work").assert_times(1_000);
    let told = |question: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(question)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    for question in ["S[500]/Work", "S[50]/Work"] {
        let text = told(&|| _ = run.calls_to(question).assert_times(0));
        assert!(text.contains(&format!("nobody knows how often `{question}` was called")), "{text}");
        assert!(text.contains("of 898 calls") && text.contains("`Harness::keep_children` keeps more"), "{text}");
    }
    let text = told(&|| _ = run.calls_to("Work").assert_payload(row(500)));
    assert!(text.starts_with("none of the 102 calls of `Work`") && text.contains("of 898 calls"), "{text}");

    let all = harness.keep_children(1_000).run(json!({}));
    assert_eq!((all.children().len(), all.children_left_out().len()), (1_000, 0));
    all.calls_to("S[500]/Work").assert_times(1).assert_payload(row(500));
    assert_eq!(all.output(), run.output());
    assert_eq!(all.history_json(), run.history_json());
}

#[test]
fn large_children_are_kept_up_to_a_size() {
    let rows: String = (0..400).map(|i| format!("[{i}, \"{}\"]\n", "x".repeat(100_000))).collect();
    let fields = json!({ "ResultWriter": writer(json!({ "Transformation": "COMPACT" })) });
    let machine = map(&from_object(json!({ "InputType": "JSONL" }), "rows", &fields));
    let run = Harness::new(&machine).object("data", "rows", &rows).mock("Work", json!(1)).run(json!({}));
    run.assert_succeeded();
    let kept = run.children().len();
    assert!((160..180).contains(&kept), "{kept}");
    assert_eq!(run.children_left_out()[0].count, 400 - kept);
    let few = rows.lines().take(90).map(|line| format!("{line}\n")).collect::<String>().replace("xx", "xxxxx");
    let run = Harness::new(&machine).object("data", "rows", few).mock("Work", json!(1)).run(json!({}));
    assert_eq!(run.children().len(), 90);
}

#[test]
fn a_tolerated_percentage_is_one_of_all_rows() {
    let fields = json!({ "ToleratedFailurePercentage": 10, "MaxConcurrency": 1 });
    let machine = map(&from_object(json!({ "InputType": "JSONL", "MaxItems": 1_000 }), "rows", &fields));
    let harness = Harness::new(&machine).object("data", "rows", lines(0..ROWS)).keep_children(10);
    let done = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&done);
    let run = harness
        .mock(
            "Work",
            mock::answers(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                Reply::failed(TaskError::new("BadRow", "why"))
            }),
        )
        .run(json!({}));
    run.assert_failed("States.ExceedToleratedFailureThreshold");
    assert_eq!(done.load(Ordering::Relaxed), 101);
    let left_out: Vec<_> = run.children_left_out().iter().map(|l| (l.status, l.count)).collect();
    assert_eq!((run.children().len(), left_out), (20, vec![("FAILED", 81)]));
    run.calls_to("Work").assert_times(101);
}

#[test]
fn a_scenario_counts_children_that_are_not_kept() {
    let folder = Folder::new("rows");
    let machine = json!({ "StartAt": "Each", "States": { "Each": {
        "Type": "Map", "End": true,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": { "InputType": "JSONL" },
            "Parameters": { "Bucket": "data", "Key": "rows" }
        },
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Work", "States": { "Work": { "Type": "Task", "Resource": WORK, "End": true } }
        },
        "ResultWriter": writer(json!({ "Transformation": "COMPACT" }))
    } } });
    folder.write("m.asl.json", &machine.to_string());
    folder.write("rows", &"1\n".repeat(10_050));
    let run = |expect: &str| {
        folder.write(
            "m.rehearsal.yaml",
            &format!(
                "machine: m.asl.json\nservices: {{ s3: {{ buckets: {{ data: {{ rows: rows }} }} }} }}\nmocks: {{ Work: {{ return: 1 }} }}\n\
                 scenarios:\n  - {{ name: a, expect: {expect} }}\n"
            ),
        );
        let file = ScenarioFile::load(folder.path("m.rehearsal.yaml")).unwrap();
        let outcome = file.run(&file.scenarios()[0], None);
        let failures: Vec<String> = outcome.failures().map(|f| format!("{}: {}", f.about(), f.message())).collect();
        (failures, outcome.run().unwrap().children().len())
    };
    let counts = "{ map: { Each: { items: 10050, succeeded: 10050, failed: 0 } }, calls: { Work: { times: 10050 } } }";
    assert_eq!(run(counts), (vec![], 10_000));
    // Where it matters which call it was, all are there.
    assert_eq!(run("{ calls: { 'Each[10049]/Work': { with: 1, times: 1 } } }"), (vec![], 10_050));
    assert_eq!(run("{ visits: [Each/Work] }"), (vec![], 10_050));
}
