//! What a distributed Map over a million rows needs: time, and memory at most. Each case is a process of its own, because
//! the peak is one of a process.
//!
//! `cargo bench --bench rows`, or with a number of rows: `cargo bench --bench rows -- 100000`.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark measures real time and tells it")]

/// The binary's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;

use rehearsal::mock::Reply;
use rehearsal::prelude::*;

struct Case {
    name: &'static str,
    input_type: &'static str,
    processor: fn() -> serde_json::Value,
    writer: fn() -> serde_json::Value,
    batch: Option<usize>,
}

const CASES: &[Case] = &[
    Case { name: "CSV, Pass, outputs", input_type: "CSV", processor: pass, writer: compact, batch: None },
    Case { name: "CSV, mocked Task, outputs", input_type: "CSV", processor: task, writer: compact, batch: None },
    Case { name: "CSV, batches of 100", input_type: "CSV", processor: pass, writer: compact, batch: Some(100) },
    Case { name: "JSON Lines, Pass, outputs", input_type: "JSONL", processor: pass, writer: compact, batch: None },
    Case { name: "JSON, Pass, outputs", input_type: "JSON", processor: pass, writer: compact, batch: None },
    Case { name: "CSV, Pass, descriptions", input_type: "CSV", processor: pass, writer: whole, batch: None },
];

fn pass() -> serde_json::Value {
    json!({ "Type": "Pass", "End": true })
}

fn task() -> serde_json::Value {
    json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:save", "End": true })
}

fn compact() -> serde_json::Value {
    json!({ "OutputType": "JSONL", "Transformation": "COMPACT" })
}

fn whole() -> serde_json::Value {
    json!({ "OutputType": "JSON", "Transformation": "NONE" })
}

fn machine(case: &Case) -> Machine {
    let mut config = json!({ "InputType": case.input_type });
    if case.input_type == "CSV" {
        config["CSVHeaderLocation"] = json!("FIRST_ROW");
    }
    let mut map = json!({
        "Type": "Map",
        "End": true,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": config,
            "Parameters": { "Bucket": "data", "Key": "rows" }
        },
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Row",
            "States": { "Row": (case.processor)() }
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "WriterConfig": (case.writer)(),
            "Parameters": { "Bucket": "out", "Prefix": "results" }
        }
    });
    if let Some(n) = case.batch {
        map["MaxConcurrency"] = json!(500);
        map["ItemBatcher"] = json!({ "MaxItemsPerBatch": n });
    }
    Machine::from_json(&json!({ "StartAt": "Rows", "States": { "Rows": map } })).expect("the machine is valid")
}

fn object(input_type: &str, rows: usize) -> String {
    let mut text = String::with_capacity(rows * 80);
    text.push_str(match input_type {
        "CSV" => "id,name,total,country\n",
        "JSON" => "[",
        _ => "",
    });
    for i in 0..rows {
        let (total, end) = (i * 7 % 10_000, if i + 1 == rows { "]" } else { ",\n" });
        // Writing to a String cannot fail.
        let _ = match input_type {
            "CSV" => writeln!(text, "o-{i},Customer number {i},{total},NL"),
            "JSON" => write!(text, r#"{{"id":"o-{i}","name":"Customer number {i}","total":{total}}}{end}"#),
            _ => writeln!(text, r#"{{"id":"o-{i}","name":"Customer number {i}","total":{total}}}"#),
        };
    }
    text.shrink_to_fit();
    text
}

fn run(case: &Case, rows: usize) {
    let machine = machine(case);
    let body = object(case.input_type, rows);
    let size = body.len();
    let harness = Harness::new(&machine).object("data", "rows", &body);
    drop(body);
    let harness = match (case.processor)()["Type"] == "Task" {
        true => harness.mock("Row", mock::answers(|call| Reply::done(call.payload.clone()))),
        false => harness,
    };
    let began = Instant::now();
    let run = harness.run(json!({}));
    let took = began.elapsed();
    run.assert_succeeded();
    let calls = run.calls().len();
    assert_eq!(calls, if calls == 0 { 0 } else { rows });
    let children = run.children().len() + run.children_left_out().iter().map(|l| l.count).sum::<usize>();
    assert_eq!(children, rows.div_ceil(case.batch.unwrap_or(1)));
    let objects = run.objects();
    let written: usize = objects.keys("out", "").filter_map(|key| objects.get("out", key)).map(<[u8]>::len).sum();
    println!(
        "{:<28} {rows:>9} rows {:>7.1} MiB {:>7.1} MiB written {:>7.2} s {:>7.1} MiB at most",
        case.name,
        mib(size),
        mib(written),
        took.as_secs_f64(),
        peak().map_or(f64::NAN, mib)
    );
}

fn mib(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The most memory this process has had, where the system says.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok()? << 10)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let rows = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(1_000_000);
    if let Some(case) = arguments.get(1).and_then(|a| CASES.iter().find(|c| c.name == a)) {
        return run(case, rows);
    }
    let program = std::env::current_exe().expect("a program knows where it is");
    for case in CASES {
        let status = Command::new(&program).args([&rows.to_string(), case.name]).status();
        assert!(status.expect("the program starts").success(), "{}", case.name);
    }
}
