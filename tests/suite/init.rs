//! First scenario files: they pass, whatever the machine.

use std::path::Path;

use rehearsal::iac;
use rehearsal::import::init::{First, first};
use rehearsal::scenario::ScenarioFile;
use serde_json::{Value, json};

use crate::support::{Folder, files_below, shared};

/// Writes a first scenario file for the only machine of a definition.
fn written(folder: &Folder, definition: &Value) -> Result<First, rehearsal::Error> {
    let file = folder.write("machine.asl.json", &definition.to_string());
    let found = iac::find(&file).unwrap().remove(0);
    let to = folder.path("machine.rehearsal.yaml");
    let first = first(&found, &to)?;
    for (name, bytes) in &first.files {
        folder.write_bytes(&name.to_string_lossy(), bytes);
    }
    folder.write("machine.rehearsal.yaml", &first.text);
    Ok(first)
}

#[track_caller]
fn assert_passes(path: &Path) {
    let file = ScenarioFile::load(path).unwrap_or_else(|e| panic!("{e}"));
    for scenario in file.scenarios() {
        let outcome = file.run(scenario, None);
        assert!(outcome.passed(), "{}\n{}", file.failed(scenario, &outcome), std::fs::read_to_string(path).unwrap());
    }
}

#[track_caller]
fn succeeds(name: &str, definition: &Value) -> String {
    let folder = Folder::new(name);
    let first = written(&folder, definition).unwrap();
    assert_eq!((first.status.as_str(), first.tells.len()), ("SUCCEEDED", 0), "{:?}\n{}", first.tells, first.text);
    assert_passes(&folder.path("machine.rehearsal.yaml"));
    first.text
}

const WORK: &str = "arn:aws:lambda:us-east-1:123456789012:function:work";
const ASK: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
const PACK: &str = "arn:aws:states:us-east-1:123456789012:activity:packing";

#[test]
fn the_input_has_what_the_definition_reads() {
    let text = succeeds(
        "init-input",
        &json!({
            "StartAt": "Work",
            "States": {
                "Work": {
                    "Type": "Task",
                    "Resource": WORK,
                    "Parameters": { "id.$": "$.order.id", "sum.$": "States.MathAdd($.order.total, 1)" },
                    "ResultPath": "$.work",
                    "Next": "Big?",
                },
                "Big?": {
                    "Type": "Choice",
                    "Choices": [{ "Variable": "$.work.size", "NumericGreaterThan": 10, "Next": "Each" }],
                    "Default": "Small",
                },
                "Small": { "Type": "Fail", "Error": "TooSmall" },
                "Each": {
                    "Type": "Map",
                    "ItemsPath": "$.lines",
                    "ItemProcessor": { "StartAt": "Line", "States": {
                        "Line": { "Type": "Pass", "Parameters": { "sku.$": "$.sku" }, "End": true },
                    } },
                    "End": true,
                },
            },
        }),
    );
    assert!(text.contains("Work: { payload: { size: 11 } }"), "{text}");
    assert!(text.contains("input: { order: { id: id, total: 1 }, lines: [{ sku: sku }] }"), "{text}");
    assert!(text.contains("path: [Work, \"Big?\", Each]"), "{text}");
}

#[test]
fn tokens_are_answered_by_the_timeline_and_activities_by_workers() {
    let text = succeeds(
        "init-outside",
        &json!({
            "QueryLanguage": "JSONata",
            "StartAt": "Ask",
            "States": {
                "Ask": {
                    "Type": "Task",
                    "Resource": ASK,
                    "Arguments": { "QueueUrl": "https://q", "MessageBody": "{% $states.context.Task.Token %}" },
                    "Output": "{% $states.result.decision %}",
                    "Next": "Pause",
                },
                "Pause": { "Type": "Wait", "Seconds": 60, "Next": "Pack" },
                "Pack": { "Type": "Task", "Resource": PACK, "End": true },
            },
        }),
    );
    assert!(text.contains("timeline: [{ at: 1s, succeed: Ask, output: { decision: decision } }]"), "{text}");
    assert!(text.contains("workers: { packing: { return: {} } }"), "{text}");
}

#[test]
fn an_object_is_written_for_a_map_that_reads_one() {
    let folder = Folder::new("init-object");
    let definition: Value = serde_json::from_str(include_str!("../machines/import.asl.json")).unwrap();
    let first = written(&folder, &definition).unwrap();
    assert_eq!(first.status, "SUCCEEDED");
    assert_eq!(first.files.len(), 1);
    assert!(first.text.contains("objects: { inbox/orders.csv: objects/machine.csv }"), "{}", first.text);
    assert_passes(&folder.path("machine.rehearsal.yaml"));
}

#[test]
fn a_loop_that_polls_is_led_to_its_end() {
    let definition = json!({
        "StartAt": "Start",
        "States": {
            "Start": { "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:glue:startJobRun", "Parameters": { "JobName": "j" }, "Next": "Wait" },
            "Wait": { "Type": "Wait", "Seconds": 30, "Next": "Get" },
            "Get": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:glue:getJobRun",
                "Parameters": { "JobName": "j", "RunId": "r" },
                "Next": "Done?",
            },
            "Done?": {
                "Type": "Choice",
                "Choices": [
                    { "Variable": "$.JobRun.JobRunState", "StringEquals": "FAILED", "Next": "No" },
                    { "Variable": "$.JobRun.JobRunState", "StringEquals": "SUCCEEDED", "Next": "Yes" },
                ],
                "Default": "Wait",
            },
            "No": { "Type": "Fail" },
            "Yes": { "Type": "Succeed" },
        },
    });
    assert!(succeeds("init-loop", &definition).contains("Get: { return: { JobRun: { JobRunState: SUCCEEDED } } }"));
}

#[test]
fn what_cannot_succeed_is_written_as_it_is_and_said_to_be_so() {
    let folder = Folder::new("init-fails");
    let definition =
        json!({ "StartAt": "No", "States": { "No": { "Type": "Fail", "Error": "Never", "Cause": "on principle" } } });
    let first = written(&folder, &definition).unwrap();
    assert_eq!(first.status, "FAILED");
    assert_eq!(first.tells, ["No input was found with which it succeeds. It fails in `No`: Never: on principle"]);
    assert!(first.text.contains("- name: it does not go through yet"), "{}", first.text);
    assert_passes(&folder.path("machine.rehearsal.yaml"));
}

#[test]
fn first_scenarios_of_published_definitions_pass() {
    let Some(cases) = shared("definitions/cases") else { return };
    let folder = Folder::new("init-published");
    let (mut all, mut good, mut passed) = (0, 0, 0);
    let mut failing = Vec::new();
    // Every third one: all of them take long without optimisation.
    for path in files_below(&cases, "json").iter().step_by(3) {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        if !matches!(case["verdict"].as_str(), Some("valid" | "presumed-valid")) || case["definition"].is_null() {
            continue;
        }
        let file = folder.write("machine.asl.json", &case["definition"].to_string());
        let Ok(found) = iac::find(&file) else { continue };
        // Definitions whose placeholders have no value, and those that AWS refuses, are no machines to rehearse.
        if found.first().is_none_or(|found| found.load().is_err()) {
            continue;
        }
        all += 1;
        let Ok(first) = written(&folder, &case["definition"]) else {
            failing.push(path.display().to_string());
            continue;
        };
        good += usize::from(first.status == "SUCCEEDED");
        let file = ScenarioFile::load(folder.path("machine.rehearsal.yaml"));
        let passes = file.as_ref().is_ok_and(|f| f.scenarios().iter().all(|s| f.run(s, None).passed()));
        passed += usize::from(passes);
        if !passes {
            failing.push(path.display().to_string());
        }
    }
    println!("{passed} of {all} first scenarios pass, {good} of them by succeeding");
    assert!(all > 100 && passed * 100 >= all * 95 && good * 100 >= all * 75, "{passed}, {good} of {all}: {failing:#?}");
}
