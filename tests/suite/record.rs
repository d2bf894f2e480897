//! Scenarios made of histories: replaying them gives the history again.

use std::path::{Path, PathBuf};

use rehearsal::import::record::{Options, Record, record};
use rehearsal::prelude::*;
use rehearsal::scenario::ScenarioFile;
use serde_json::{Map, Value};

use crate::support::{Folder, shared};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn machine_file(name: &str) -> String {
    root().join("tests/machines").join(name).display().to_string()
}

/// Records a history with a definition of the repository.
fn recorded(folder: &Folder, history: &Value, definition: &str) -> Result<Record, rehearsal::Error> {
    let page = folder.write("history.json", &history.to_string());
    let options = Options { definition: Some(definition.to_owned()), ..Options::default() };
    record(&[page], &folder.path("history.rehearsal.yaml"), &options)
}

/// Writes what was recorded, and runs it as `rehearsal test` does.
#[track_caller]
fn assert_passes(folder: &Folder, record: &Record) {
    let path = folder.write("history.rehearsal.yaml", &record.text);
    let file = ScenarioFile::load(&path).unwrap_or_else(|e| panic!("{e}\n{}", record.text));
    for scenario in file.scenarios() {
        let outcome = file.run(scenario, None);
        assert!(outcome.passed(), "{}\n{}", file.failed(scenario, &outcome), record.text);
    }
}

#[track_caller]
fn assert_reproduces(name: &str, run: &Run, definition: &str) -> String {
    let folder = Folder::new(name);
    let record = recorded(&folder, &run.history_json(), definition).unwrap();
    assert!(record.reproduces, "{}\n{:#?}\n{}", record.verdict(), record.differences, record.text);
    assert_passes(&folder, &record);
    record.text
}

#[test]
fn retries_branches_and_durations_are_as_they_were() {
    let definition = machine_file("checkout.asl.json");
    let machine = Machine::load(&definition).unwrap();
    let harness = Harness::new(&machine)
        .mock(
            "Charge",
            mock::throws("Lambda.TooManyRequestsException")
                .times(2)
                .then(mock::payload(json!({ "chargeId": "c-1" })).takes(750.millis())),
        )
        .mock("Email", mock::returns(json!({ "MessageId": "m-1" })).takes(2.secs()))
        .mock("Audit", mock::fails("DynamoDB.Busy", "later").takes(3.secs()))
        .mock("Refund", json!({ "StatusCode": 200, "Payload": {} }))
        .start_time(Timestamp::parse("2025-03-04T05:06:07.089Z").unwrap());
    let text = assert_reproduces("record-retries", &harness.run(json!({ "orderId": 7 })), &definition);
    for line in [
        "start: 2025-03-04T05:06:07.089Z",
        "        - { fail: Lambda.TooManyRequestsException, times: 2 }",
        "      Audit: { fail: DynamoDB.Busy, cause: later, takes: 3s }",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
}

#[test]
fn people_and_stops_are_on_the_timeline() {
    let definition = machine_file("approval.asl.json");
    let machine = Machine::load(&definition).unwrap();
    let harness = Harness::new(&machine).mock("Ask", mock::later());
    let mut session = harness.start(json!({ "orderId": 7 }));
    session.advance(50.minutes());
    session.token("Ask").succeed(json!({ "approved": true }));
    let text = assert_reproduces("record-token", &session.finish(), &definition);
    assert!(text.contains("timeline: [{ at: 50m, succeed: Ask, output: { approved: true } }]"), "{text}");

    let mut session = harness.start(json!({ "orderId": 7 }));
    session.advance(5.minutes());
    session.stop_with(rehearsal::task::TaskError::new("Operator", "wrong order"));
    let text = assert_reproduces("record-stop", &session.finish(), &definition);
    assert!(text.contains("timeline: [{ at: 5m, stop: true, error: Operator, cause: wrong order }]"), "{text}");
    assert!(text.contains("status: ABORTED"), "{text}");

    let mut session = harness.start(json!({ "orderId": 7 }));
    session.advance(12.hours());
    assert_reproduces("record-timeout", &session.finish(), &definition);
}

/// A machine in a file of its own.
fn own(folder: &Folder, definition: &Value) -> (Machine, String) {
    let path = folder.write("machine.asl.json", &definition.to_string());
    (Machine::load(&path).unwrap(), path.display().to_string())
}

const WORK: &str = "arn:aws:lambda:us-east-1:123456789012:function:work";
const PACK: &str = "arn:aws:states:us-east-1:123456789012:activity:packing";

#[test]
fn items_of_maps_get_their_own_answers_and_activities_their_workers() {
    let folder = Folder::new("record-items");
    let (machine, file) = own(
        &folder,
        &json!({
            "StartAt": "Outer",
            "States": {
                "Outer": { "Type": "Map", "Next": "Pack", "ItemProcessor": { "StartAt": "Inner", "States": {
                    "Inner": { "Type": "Map", "End": true, "ItemProcessor": { "StartAt": "Work", "States": {
                        "Work": {
                            "Type": "Task", "Resource": WORK, "End": true,
                            "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 1 }],
                            "Catch": [{ "ErrorEquals": ["Bad"], "Next": "Bad" }],
                        },
                        "Bad": { "Type": "Pass", "End": true },
                    } } },
                } } },
                "Pack": { "Type": "Task", "Resource": PACK, "End": true },
            },
        }),
    );
    let answer = |call: &rehearsal::task::Call| match (call.location().as_str(), call.attempt) {
        ("Outer[0]/Inner[1]/Work", 0 | 1) => mock::Reply::failed(rehearsal::task::TaskError::named("Busy")),
        ("Outer[1]/Inner[0]/Work", _) => {
            mock::Reply::failed(rehearsal::task::TaskError::new("Bad", "no")).takes(4.secs())
        }
        (place, _) => mock::Reply::done(json!({ "place": place })).takes(1.secs()),
    };
    let harness = Harness::new(&machine).mock("Work", mock::answers(answer));
    let mut session = harness.start(json!([[1, 2], [3]]));
    session.advance(20.secs());
    let task = session.try_poll_activity("packing", Some("w-1")).unwrap();
    task.succeed(json!({ "boxes": 2 }));
    let run = session.finish();
    let record = recorded(&folder, &run.history_json(), &file).unwrap();
    assert!(record.reproduces, "{:#?}\n{}", record.differences, record.text);
    assert_passes(&folder, &record);
    assert!(
        record.text.contains("\"Outer[1]/Inner/Work\": { fail: Bad, cause: \"no\", takes: 4s }"),
        "{}",
        record.text
    );
    assert!(record.drift.is_zero(), "{:?}", record.drift);
    assert!(
        record.text.contains("workers: { packing: { polls: 20s, name: w-1, return: { boxes: 2 } } }"),
        "{}",
        record.text
    );
}

#[test]
fn names_of_the_account_that_payloads_show_are_put_into_the_context() {
    let folder = Folder::new("record-context");
    let (machine, file) = own(
        &folder,
        &json!({
            "StartAt": "Work",
            "States": { "Work": {
                "Type": "Task", "Resource": WORK, "End": true,
                "Parameters": { "id.$": "$$.Execution.Id", "name.$": "$$.Execution.Name", "machine.$": "$$.StateMachine.Id" },
            } },
        }),
    );
    let arn = "arn:aws:states:eu-west-1:999999999999:execution:orders:o-77";
    let run = Harness::new(&machine)
        .arns("arn:aws:states:eu-west-1:999999999999:stateMachine:orders", arn, "arn:aws:iam::999999999999:role/r")
        .mock("Work", json!(1))
        .run(json!({}));
    let record = recorded(&folder, &run.history_json(), &file).unwrap();
    assert!(record.reproduces, "{:#?}\n{}", record.differences, record.text);
    assert!(
        record.text.contains(&format!("Id: \"{arn}\"")) || record.text.contains(&format!("Id: {arn}")),
        "{}",
        record.text
    );
    assert_passes(&folder, &record);
}

#[test]
fn a_difference_is_told_with_its_event() {
    let folder = Folder::new("record-differs");
    let (machine, file) = own(
        &folder,
        &json!({ "StartAt": "Work", "States": { "Work": { "Type": "Task", "Resource": WORK, "End": true } } }),
    );
    let mut history = Harness::new(&machine).mock("Work", json!({ "n": 1 })).run(json!({})).history_json();
    let events = history["events"].as_array_mut().unwrap();
    events.last_mut().unwrap()["executionSucceededEventDetails"]["output"] = "{\"n\":2}".into();
    let record = recorded(&folder, &history, &file).unwrap();
    assert!(!record.reproduces);
    assert_eq!(record.differences, ["event 7 (ExecutionSucceeded): output.n was 2, and is 1 when replayed"]);
    assert_eq!(record.verdict(), "replaying it differs from the history in 1 of 7 events");
}

#[test]
fn a_history_that_cannot_be_replayed_is_refused_with_the_reason() {
    let definition = machine_file("checkout.asl.json");
    let machine = Machine::load(&definition).unwrap();
    let run = Harness::new(&machine)
        .mock("Charge", mock::payload(json!({ "chargeId": "c-1" })))
        .mock("Email", json!({}))
        .mock("Audit", json!({}))
        .run(json!({ "orderId": 7 }));
    let whole = run.history_json();
    let changed = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut history = whole.clone();
        change(history["events"].as_array_mut().unwrap());
        history
    };
    let renamed = |from: &str, to: &str| serde_json::from_str::<Value>(&whole.to_string().replace(from, to)).unwrap();
    for (history, want) in [
        (
            changed(&|events| events.truncate(7)),
            "it does not end: its last event is TaskSucceeded; wait for the execution",
        ),
        (changed(&|events| drop(events.remove(4))), "event 5 is missing; give all pages"),
        (
            changed(&|events| drop(events[0]["executionStartedEventDetails"].as_object_mut().unwrap().remove("input"))),
            "event 1 (ExecutionStarted) has no input: the history was asked for with `includeExecutionData` off",
        ),
        (
            changed(&|events| events[0]["executionStartedEventDetails"]["inputDetails"]["truncated"] = true.into()),
            "the input of event 1 (ExecutionStarted) is cut off",
        ),
        (
            renamed("\"Charge\"", "\"Chrage\""),
            "enters `Chrage`, and the definition has no such state (there is `Charge`); it is another one, or another version",
        ),
        (
            renamed("TaskStateEntered", "PassStateEntered"),
            "`Charge` is a Task state, and was a Pass state when the history was written",
        ),
        (
            renamed("\"resourceType\":\"sns\"", "\"resourceType\":\"sqs\""),
            "`Email` calls sns:publish, and called sqs:publish",
        ),
        (renamed("ExecutionSucceeded", "ExecutionRedriven"), "the execution was redriven"),
        (renamed("\"type\":\"ParallelStateStarted\"", "\"type\":\"Unheard\""), "is `Unheard`, which no history has"),
        (json!({}), "there are no events; it takes the answer of `aws stepfunctions get-execution-history"),
    ] {
        let folder = Folder::new("record-refused");
        let error = recorded(&folder, &history, &definition).unwrap_err().to_string();
        assert!(error.contains(want), "{want}\n{error}");
        assert!(error.contains("history.json") || error.contains("checkout.asl.json"), "{error}");
    }
}

#[test]
fn pages_come_in_any_order_and_times_in_either_form() {
    let folder = Folder::new("record-pages");
    let definition = machine_file("order.asl.json");
    let machine = Machine::load(&definition).unwrap();
    let run = Harness::new(&machine)
        .mock("Charge", mock::returns(json!({ "id": "c-1" })).takes(2.secs()))
        .mock("Ship", json!({}))
        .run(json!({ "orderId": 7 }));
    let mut events = run.history_json()["events"].as_array().unwrap().clone();
    for event in &mut events {
        let at = Timestamp::parse(event["timestamp"].as_str().unwrap()).unwrap();
        event["timestamp"] = json!(at.as_millis() as f64 / 1000.0);
    }
    events.reverse();
    let (late, early) = events.split_at(5);
    let pages = [json!({ "events": late }), json!([{ "events": early }])];
    let pages: Vec<PathBuf> =
        pages.iter().enumerate().map(|(i, page)| folder.write(&format!("{i}.json"), &page.to_string())).collect();
    let options = Options { definition: Some(definition), ..Options::default() };
    let record = record(&pages, &folder.path("x.rehearsal.yaml"), &options).unwrap();
    assert!(record.reproduces && record.drift.is_zero(), "{:#?}", record.differences);
}

/// The recorder put names in place of ids, and parsed texts that hold JSON: both are undone.
fn as_recorded(case: &Value) -> Value {
    let given = &case["placeholders"]["given"];
    let mut events = filled(&case["expect"]["events"], given);
    for event in events.as_array_mut().unwrap() {
        event["timestamp"] = case["clock_start"].clone();
        for (name, details) in event.as_object_mut().unwrap() {
            let Some(details) = details.as_object_mut().filter(|_| name.ends_with("Details")) else { continue };
            for text in ["input", "output", "parameters", "cause"] {
                details.get_mut(text).into_iter().for_each(as_text);
            }
            let assigned = details.get_mut("assignedVariables").and_then(Value::as_object_mut);
            assigned.into_iter().flatten().for_each(|(_, value)| as_text(value));
        }
    }
    events[0]["executionStartedEventDetails"]["input"] = case["input"].to_string().into();
    events
}

fn as_text(value: &mut Value) {
    if !value.is_string() {
        *value = value.to_string().into();
    }
}

fn filled(node: &Value, given: &Value) -> Value {
    let text = |text: &str| {
        let mut tokens: Vec<(&String, &str)> =
            given.as_object().into_iter().flatten().filter_map(|(k, v)| Some((k, v.as_str()?))).collect();
        tokens.sort_by_key(|(k, _)| std::cmp::Reverse(k.len()));
        tokens.iter().fold(text.to_owned(), |text, (token, value)| text.replace(*token, value))
    };
    match node {
        Value::Object(o) => o.iter().map(|(k, v)| (text(k), filled(v, given))).collect::<Map<_, _>>().into(),
        Value::Array(a) => a.iter().map(|v| filled(v, given)).collect(),
        Value::String(s) => text(s).into(),
        other => other.clone(),
    }
}

#[test]
fn executions_recorded_on_aws_are_reproduced() {
    let Some(cases) = shared("conformance/cases/execution") else { return };
    let folder = Folder::new("record-conformance");
    let (mut all, mut good) = (0, 0);
    let mut differing = Vec::new();
    for path in crate::support::files_below(&cases, "json") {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let has = |flag: &str| case["flags"].as_array().is_some_and(|flags| flags.iter().any(|f| f == flag));
        let is_history = case["expect"]["events"].as_array().is_some_and(|events| !events.is_empty());
        // What the recorder left out or blanked is no history as AWS gave it.
        let lost = ["no_events", "parallel_ids_normalised", "history_not_complete"];
        if !is_history || lost.into_iter().any(has) || case["expect"]["status"].is_null() {
            continue;
        }
        all += 1;
        let definition = filled(&case["definition"], &case["placeholders"]["given"]);
        let machine = folder.write("machine.asl.json", &definition.to_string()).display().to_string();
        let page = folder.write("history.json", &as_recorded(&case).to_string());
        let mut options = Options { definition: Some(machine), ..Options::default() };
        for (i, object) in case["s3_objects"].as_array().into_iter().flatten().enumerate() {
            let object = filled(object, &case["placeholders"]["given"]);
            let body = object["body"].as_str().map_or_else(|| object["body"].to_string(), str::to_owned);
            let file = folder.write(&format!("object-{i}"), &body).display().to_string();
            let key = format!("{}/{}", object["bucket"].as_str().unwrap(), object["key"].as_str().unwrap());
            options.objects.insert(key, file);
        }
        match record(&[page], &folder.path("x.rehearsal.yaml"), &options) {
            Ok(record) if record.reproduces => good += 1,
            Ok(record) => differing.push(format!("{}: {}", case["id"], record.differences.join("; "))),
            Err(e) => differing.push(format!("{}: {e}", case["id"])),
        }
    }
    println!("{good} of {all} recorded executions are reproduced");
    // The others: values that the recorder blanked, random numbers, children of Map Runs, a deleted activity.
    assert!(all > 400 && good * 100 >= all * 92, "{good} of {all}\n{}", differing.join("\n"));
}

/// Changes one of the values of a document: the nth that is met.
fn damage(node: &mut Value, nth: &mut usize, with: &Value) {
    if *nth == 0 {
        *node = with.clone();
    }
    *nth = nth.wrapping_sub(1);
    match node {
        Value::Object(o) => o.values_mut().for_each(|v| damage(v, nth, with)),
        Value::Array(a) => a.iter_mut().for_each(|v| damage(v, nth, with)),
        _ => {}
    }
}

#[test]
fn a_damaged_history_is_refused_or_differs_and_is_no_panic() {
    let folder = Folder::new("record-damaged");
    let definition = machine_file("checkout.asl.json");
    let machine = Machine::load(&definition).unwrap();
    let run = Harness::new(&machine)
        .mock(
            "Charge",
            mock::throws("Lambda.TooManyRequestsException").then(mock::payload(json!({ "chargeId": "c-1" }))),
        )
        .mock("Email", json!({}))
        .mock("Audit", json!({}))
        .run(json!({ "orderId": 7 }));
    let whole = run.history_json();
    let mut same = 0;
    for with in [json!(null), json!(0), json!("x"), json!({}), json!([]), json!(1e300), json!("Each"), json!("{}")] {
        for nth in (0..260).step_by(3) {
            let mut history = whole.clone();
            damage(&mut history, &mut nth.clone(), &with);
            same += usize::from(recorded(&folder, &history, &definition).is_ok_and(|record| record.reproduces));
        }
    }
    // Regions, roles and the like make no difference; most things do.
    assert!(same < 250, "{same}");
}

const TEMPLATE: &str = r#"
Transform: AWS::Serverless-2016-10-31
Resources:
  ChargeFunction: { Type: AWS::Serverless::Function, Properties: { Handler: x, Runtime: nodejs22.x, CodeUri: . } }
  Approvals: { Type: AWS::SQS::Queue }
  Orders: { Type: AWS::DynamoDB::Table }
  Order:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionSubstitutions:
        Charge: !GetAtt ChargeFunction.Arn
        Queue: !Ref Approvals
        Table: !Ref Orders
      Definition:
        StartAt: Charge
        States:
          Charge: { Type: Task, Resource: "${Charge}", Next: Tell }
          Tell:
            Type: Task
            Resource: arn:aws:states:::sqs:sendMessage
            Parameters: { QueueUrl: "${Queue}", MessageBody.$: $ }
            Next: Save
          Save:
            Type: Task
            Resource: arn:aws:states:::dynamodb:putItem
            Parameters: { TableName: "${Table}", Item: { id: { S: "1" } } }
            End: true
"#;

#[test]
fn names_that_a_deployment_filled_in_are_found_by_what_the_history_shows() {
    let folder = Folder::new("record-deployed");
    let target = format!("{}#Order", folder.write("template.yaml", TEMPLATE).display());
    let deployed = rehearsal::asl::CompileOptions::default()
        .substitute("ChargeFunction", "arn:aws:lambda:eu-west-1:999999999999:function:shop-prod-charge-1X2Y3Z")
        .substitute("Approvals", "https://sqs.eu-west-1.amazonaws.com/999999999999/shop-prod-approvals")
        .substitute("Orders", "shop-prod-orders");
    let deployed = deployed
        .substitute("ChargeFunction.Arn", "arn:aws:lambda:eu-west-1:999999999999:function:shop-prod-charge-1X2Y3Z");
    let machine = Machine::load_with(&target, &deployed).unwrap();
    let run = Harness::new(&machine)
        .mock("Charge", json!({ "paid": true }))
        .mock("Tell", json!({}))
        .mock("Save", json!({}))
        .run(json!({}));
    assert!(run.history_json().to_string().contains("shop-prod-orders"));
    let record = recorded(&folder, &run.history_json(), &target).unwrap();
    assert!(record.reproduces, "{:#?}\n{}", record.differences, record.text);
    assert!(record.text.contains("substitutions:"), "{}", record.text);
    assert_passes(&folder, &record);
}
