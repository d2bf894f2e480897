//! Runs executions recorded from AWS and writes down what came out here, one JSON object a line, for a comparer.
//!
//! ```text
//! cargo run --release --example conformance -- --cases DIR --out results.jsonl [--only SUBSTRING] [--models]
//! ```
//!
//! With `--models`, only the cases that need no more than services of which the library has models, answered by these
//! instead of by the recording.
//!
//! A case that cannot be run is a line that says why; none stops the others.

#![expect(clippy::disallowed_methods, reason = "a program of its own reads its arguments and files")]

mod calls;
#[cfg(feature = "dynamodb")]
mod models;

use std::collections::HashMap;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::engine::Status;
use rehearsal::history::wire::{LogLevel, cloudwatch_event};
use rehearsal::mock::{self, Reply};
use rehearsal::prelude::*;
use rehearsal::task::{Call, TaskError};
use serde_json::{Map, Value};

fn main() -> std::process::ExitCode {
    match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => match run_all(&arguments) {
            Ok(()) => std::process::ExitCode::SUCCESS,
            Err(e) => complain(&e),
        },
        Err(e) => complain(&e),
    }
}

fn complain(text: &str) -> std::process::ExitCode {
    let _ = writeln!(std::io::stderr(), "conformance: {text}");
    std::process::ExitCode::from(2)
}

struct Arguments {
    cases: PathBuf,
    out: PathBuf,
    only: String,
    models: bool,
}

impl Arguments {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let (mut cases, mut out, mut only, mut models) = (None, None, String::new(), false);
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or(format!("{flag} needs a value"));
            match flag.as_str() {
                "--cases" => cases = Some(PathBuf::from(value()?)),
                "--out" => out = Some(PathBuf::from(value()?)),
                "--only" => only = value()?,
                "--models" => models = true,
                other => return Err(format!("unknown argument {other}; usage: --cases DIR --out FILE [--only TEXT]")),
            }
        }
        let (cases, out) = (cases.ok_or("--cases DIR is missing")?, out.ok_or("--out FILE is missing")?);
        Ok(Arguments { cases, out, only, models })
    }
}

/// Every case in file order, on as many threads as there are cores.
fn run_all(a: &Arguments) -> Result<(), String> {
    let mut files = Vec::new();
    find(&a.cases, &mut files)?;
    files.retain(|f| f.to_string_lossy().contains(&a.only));
    files.sort();
    std::panic::set_hook(Box::new(|_| {}));
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (send, files, next) = (send.clone(), &files, &next);
            // Deep values need room while they are read and compared.
            let worker = move || {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let at = files.iter().position(|f| f == file).unwrap_or(0);
                    if send.send((at, one_file(file, a.models))).is_err() {
                        return;
                    }
                }
            };
            scope.spawn(worker);
        }
    });
    drop(send);
    let mut lines: Vec<(usize, Value)> = receive.into_iter().filter_map(|(i, line)| Some((i, line?))).collect();
    lines.sort_by_key(|(i, _)| *i);
    let text: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
    std::fs::write(&a.out, text).map_err(|e| format!("failed to write {}: {e}", a.out.display()))
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("failed to read {}: {e}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "json") {
            files.push(path);
        }
    }
    Ok(())
}

fn one_file(file: &Path, models: bool) -> Option<Value> {
    let text = std::fs::read_to_string(file).ok()?;
    let case: Value = serde_json::from_str(&text).ok()?;
    let id = case["id"].as_str()?.to_owned();
    let mut line = match case["kind"].as_str() {
        Some("execution") if models => with_models(&case)?,
        _ if models => return None,
        Some("execution") => caught(|| execution(&case)),
        Some("test_state") => caught(|| calls::test_state(&case)),
        Some("validation") => caught(|| calls::validation(&case)),
        _ => return None,
    };
    line.as_object_mut()?.insert("id".into(), id.into());
    Some(line)
}

/// What a case gave with models instead of recorded answers; nothing where it needs more than them.
#[cfg(feature = "dynamodb")]
fn with_models(case: &Value) -> Option<Value> {
    let mut is_for_models = false;
    let line = caught(|| match models::execution(case) {
        Some(ran) => {
            is_for_models = true;
            ran
        }
        None => Err(String::new()),
    });
    (is_for_models || line.get("panic").is_some()).then_some(line)
}

#[cfg(not(feature = "dynamodb"))]
fn with_models(_: &Value) -> Option<Value> {
    Some(json!({ "skipped": "built without the feature `dynamodb`" }))
}

/// What a case gave, or why it gave nothing.
fn caught(run: impl FnOnce() -> Result<Value, String>) -> Value {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(result)) => result,
        Ok(Err(why)) => json!({ "skipped": why }),
        Err(panic) => json!({ "panic": panic_text(&*panic) }),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("(no text)").to_owned()
}

const ACCOUNT: &str = "111111111111";

fn execution(case: &Value) -> Result<Value, String> {
    let machine_type = match case["machine_type"].as_str() {
        Some("EXPRESS") => MachineType::Express,
        _ => MachineType::Standard,
    };
    let given = &case["placeholders"]["given"];
    let token = |name: &str| given.get(name).and_then(Value::as_str);
    let name = token("<ArnPart_0idx>").unwrap_or("machine").to_owned();
    let options = CompileOptions::default().machine_type(machine_type).name(name.as_str());
    let machine = Machine::parse_with(&case["definition"].to_string(), &options).map_err(|e| e.to_string())?;
    let execution = match (machine_type, case["start_api"].as_str()) {
        (MachineType::Standard, _) => token("<ExecArnPart_0idx>"),
        (_, Some("StartSyncExecution")) => token("<SyncExecArn_Part1_0idx>"),
        _ => token("<ExpressExecArn_Part1_0idx>"),
    }
    .unwrap_or("execution")
    .to_owned();
    let arn = |kind: &str, rest: &str| format!("arn:aws:states:us-east-1:{ACCOUNT}:{kind}:{rest}");
    let execution_arn = match machine_type {
        MachineType::Standard => arn("execution", &format!("{name}:{execution}")),
        MachineType::Express => arn("express", &format!("{name}:{execution}:00000000-0000-4000-8000-000000000000")),
    };
    let role = format!("arn:aws:iam::{ACCOUNT}:role/role");
    let start = case["clock_start"].as_str().and_then(Timestamp::parse).ok_or("no clock_start")?;
    let book = Answers::of(case, given);
    let mut harness = Harness::new(&machine)
        .arns(&arn("stateMachine", &name), &execution_arn, &role)
        .start_time(start)
        .mock_everything_else(mock::answers(move |call| book.answer(call)));
    if case["start_api"] == "StartSyncExecution" {
        harness = harness.synchronous();
    }
    for object in case["s3_objects"].as_array().into_iter().flatten() {
        let part = |name: &str| object[name].as_str().unwrap_or_default();
        harness = harness.object(part("bucket"), part("key"), part("body"));
    }
    for activity in missing_activities(case) {
        harness = harness.without_activity(&activity);
    }
    let run = if case.get("stop_execution").is_some() {
        let mut session = harness.try_start(case["input"].clone()).map_err(|e| e.to_string())?;
        session.stop();
        session.try_finish()
    } else {
        harness.try_run(case["input"].clone())
    };
    let run = match run {
        Ok(run) => run,
        // Recorded while still running, or a call that had no answer then either.
        Err(e) if case["expect"]["status"].is_null() => return still_running(&harness, case, &e.to_string()),
        Err(e) => return Err(e.to_string()),
    };
    Ok(result(case, &run, machine_type))
}

fn still_running(harness: &Harness, case: &Value, why: &str) -> Result<Value, String> {
    let mut session = harness.try_start(case["input"].clone()).map_err(|_| why.to_owned())?;
    session.until_parked();
    let events = rehearsal::history::wire::history_json(session.history());
    Ok(json!({ "status": session.status().name(), "events": events["events"] }))
}

/// A recorded execution without any call of an activity that its path must have met: the activity was not there.
fn missing_activities(case: &Value) -> Vec<String> {
    let mut arns = Vec::new();
    let cause = case["expect"]["cause"].as_str().unwrap_or_default();
    if case["mocks"].as_array().is_some_and(Vec::is_empty) && cause.contains("does not exist") {
        collect_activities(&case["definition"], &mut arns);
    }
    arns
}

fn collect_activities(node: &Value, arns: &mut Vec<String>) {
    match node {
        Value::Object(o) => o.values().for_each(|v| collect_activities(v, arns)),
        Value::Array(a) => a.iter().for_each(|v| collect_activities(v, arns)),
        Value::String(s) if s.contains(":activity:") => arns.push(s.clone()),
        _ => {}
    }
}

fn result(case: &Value, run: &Run, machine_type: MachineType) -> Value {
    let mut line = Map::new();
    line.insert("status".into(), run.status().name().into());
    if let Some(output) = run.output() {
        line.insert("output".into(), output);
    }
    line.insert("error".into(), run.error().into());
    line.insert("cause".into(), run.cause().into());
    line.insert("events".into(), run.history_json()["events"].take());
    if case["expect"].get("describe_execution").is_some() {
        line.insert("describe_execution".into(), description(case, run, machine_type, "describe"));
    }
    if case["expect"].get("response").is_some() {
        line.insert("start_sync_response".into(), description(case, run, machine_type, "sync"));
    }
    if case.get("logged_events").is_some() || case["expect"].get("log_end_event").is_some() {
        let level = match case["logging"]["level"].as_str() {
            Some("ERROR") => LogLevel::Error,
            Some("FATAL") => LogLevel::Fatal,
            Some("OFF") => LogLevel::Off,
            _ => LogLevel::All,
        };
        let data = case["logging"]["includeExecutionData"].as_bool().unwrap_or(true);
        let logged = run.history().iter().filter(|(_, e)| level.includes(&e.detail));
        let events: Vec<Value> = logged.map(|(id, e)| cloudwatch_event(id, e, run.arn(), data)).collect();
        line.insert("log_events".into(), events.into());
    }
    line.into()
}

/// What DescribeExecution and StartSyncExecution say of the run.
fn description(case: &Value, run: &Run, machine_type: MachineType, api: &str) -> Value {
    let mut d = Map::new();
    let arn = run.arn();
    let parts: Vec<&str> = arn.split(':').collect();
    let mut put = |name: &str, value: Value| d.insert(name.into(), value);
    put("executionArn", arn.into());
    put("name", parts.get(7).copied().unwrap_or_default().into());
    put("status", run.status().name().into());
    put("stateMachineArn", format!("arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{}", parts[6]).into());
    put("startDate", run.started_at().to_string().into());
    put("stopDate", (run.started_at() + run.elapsed()).to_string().into());
    put("input", case["input"].to_string().into());
    put("inputDetails", json!({ "included": true }));
    if let Status::Succeeded(output) = run.status() {
        put("output", output.to_string().into());
        put("outputDetails", json!({ "included": true }));
    }
    if let Some(error) = run.error() {
        put("error", error.into());
    }
    if let Some(cause) = run.cause() {
        put("cause", cause.into());
    }
    if api == "sync" {
        let billed = json!({ "billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100 });
        put("billingDetails", billed);
    } else if machine_type == MachineType::Standard {
        put("redriveCount", 0.into());
        let can = !matches!(run.status(), Status::Succeeded(_));
        put("redriveStatus", if can { "REDRIVABLE" } else { "NOT_REDRIVABLE" }.into());
        if !can {
            let why = "Execution is SUCCEEDED and cannot be redriven";
            put("redriveStatusReason", why.into());
        }
    }
    d.into()
}

/// The recorded answers, by state, path and visit.
struct Answers {
    calls: Vec<Recorded>,
    /// Which visit an Entered event is, by location.
    visits: std::sync::Mutex<HashMap<String, Vec<u32>>>,
    used: Vec<AtomicUsize>,
    unrecorded: Option<Reply>,
    echoes: bool,
    worker: Option<String>,
}

struct Recorded {
    state: String,
    path: Option<Vec<(String, usize)>>,
    visit: usize,
    calls: Vec<Value>,
}

impl Answers {
    fn of(case: &Value, given: &Value) -> Answers {
        let fill = |v: &Value| fill(v, given);
        let calls: Vec<Recorded> = case["mocks"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|m| Recorded {
                state: m["state"].as_str().unwrap_or_default().to_owned(),
                path: m["path"].as_array().map(|steps| steps.iter().filter_map(step).collect()),
                visit: m["visit"].as_u64().unwrap_or(0) as usize,
                calls: m["calls"].as_array().into_iter().flatten().map(fill).collect(),
            })
            .collect();
        let used = calls.iter().map(|_| AtomicUsize::new(0)).collect();
        let echoes = has_flag(case, "mocks_unrecorded") || has_flag(case, "distributed_map_child_tasks_unrecorded");
        let worker = case["expect"]["events"]
            .as_array()
            .into_iter()
            .flatten()
            .find_map(|e| e["activityStartedEventDetails"]["workerName"].as_str())
            .map(str::to_owned);
        Answers { calls, visits: Default::default(), used, unrecorded: unrecorded(case), echoes, worker }
    }

    fn answer(&self, call: &Call) -> Reply {
        let path: Vec<(String, usize)> = call.path.iter().map(|s| (s.state.to_string(), s.index)).collect();
        let visit = match self.visits.lock() {
            Ok(mut visits) => {
                let seen = visits.entry(call.location()).or_default();
                seen.iter().position(|e| *e == call.entered_event).unwrap_or_else(|| {
                    seen.push(call.entered_event);
                    seen.len() - 1
                })
            }
            Err(_) => 0,
        };
        let exact = self
            .calls
            .iter()
            .find(|r| r.state == *call.state && r.visit == visit && r.path.as_ref().is_none_or(|p| *p == path))
            .and_then(|r| r.calls.get(call.attempt as usize));
        let of_worker = |reply: Reply| match &self.worker {
            Some(name) => reply.worker(name.as_str()),
            None => reply,
        };
        if let Some(recorded) = exact {
            return of_worker(reply(recorded));
        }
        // Where the recording could not tell which call belongs to which state: the next that is left.
        for (r, used) in self.calls.iter().zip(&self.used) {
            let belongs = r.state == *call.state || r.state.is_empty();
            let n = used.load(Ordering::Relaxed);
            if belongs && let Some(recorded) = r.calls.get(n) {
                used.store(n + 1, Ordering::Relaxed);
                return of_worker(reply(recorded));
            }
        }
        match &self.unrecorded {
            Some(reply) => reply.clone(),
            None if self.echoes => Reply::payload(echoed(call)),
            None => Reply::never(),
        }
    }
}

/// Where a recording has no answers, the recorded functions either failed with the error that was caught in the end,
/// or gave back what they were given.
fn unrecorded(case: &Value) -> Option<Reply> {
    let output = &case["expect"]["output"];
    let (error, cause) = (output["Error"].as_str()?, output["Cause"].as_str()?);
    has_flag(case, "mocks_unrecorded").then(|| Reply::failed(TaskError::new(error, cause)))
}

fn has_flag(case: &Value, flag: &str) -> bool {
    case["flags"].as_array().is_some_and(|flags| flags.iter().any(|f| f == flag))
}

fn echoed(call: &Call) -> rehearsal::value::Value {
    call.payload.get("Payload").cloned().unwrap_or_else(|| call.payload.clone())
}

fn step(v: &Value) -> Option<(String, usize)> {
    let name = v.get("map").or(v.get("parallel"))?.as_str()?;
    let index = v.get("index").or(v.get("branch"))?.as_u64()?;
    Some((name.to_owned(), index as usize))
}

fn reply(recorded: &Value) -> Reply {
    if recorded["heartbeat_timeout"] == true {
        return Reply::never_with(recorded);
    }
    if recorded["timeout"] == true || recorded["pending"] == true {
        return Reply::never_with(recorded);
    }
    let text = |v: &Value| match v {
        Value::Null => None,
        Value::String(s) => Some(Arc::from(s.as_str())),
        other => Some(Arc::from(other.to_string())),
    };
    let error = || TaskError { error: text(&recorded["error"]), cause: text(&recorded["cause"]) };
    if recorded["engine_generated"] == true {
        // The engine refuses what is too large by itself.
        return Reply::done(Value::String("x".repeat(262_145)));
    }
    let reply = match recorded.get("result") {
        Some(result) => Reply::done(result.clone()),
        None if recorded.get("submitted").is_none() => Reply::refused(error()),
        None => Reply::done_with(Err(error())),
    };
    match recorded.get("submitted") {
        Some(submitted) => reply.submits(submitted.clone()),
        None => reply,
    }
}

/// Replaces placeholders whose value is given, longest first.
fn fill(node: &Value, given: &Value) -> Value {
    match node {
        Value::Object(o) => o.iter().map(|(k, v)| (fill_text(k, given), fill(v, given))).collect::<Map<_, _>>().into(),
        Value::Array(a) => a.iter().map(|v| fill(v, given)).collect(),
        Value::String(s) => fill_text(s, given).into(),
        other => other.clone(),
    }
}

fn fill_text(text: &str, given: &Value) -> String {
    let mut tokens: Vec<(&String, &str)> =
        given.as_object().into_iter().flatten().filter_map(|(k, v)| Some((k, v.as_str()?))).collect();
    tokens.sort_by_key(|(k, _)| std::cmp::Reverse(k.len()));
    tokens.iter().fold(text.to_owned(), |text, (token, value)| text.replace(*token, value))
}

/// Answers that a recording has and users seldom need.
trait Unusual {
    fn never_with(recorded: &Value) -> Reply;
    fn done_with(outcome: rehearsal::task::Outcome) -> Reply;
}

impl Unusual for Reply {
    fn never_with(recorded: &Value) -> Reply {
        match recorded.get("submitted") {
            Some(submitted) => Reply::never().submits(submitted.clone()),
            None => Reply::never(),
        }
    }
    fn done_with(outcome: rehearsal::task::Outcome) -> Reply {
        Reply::from(mock::ReplyOutcome::Done(outcome))
    }
}
