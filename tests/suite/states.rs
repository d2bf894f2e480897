//! Step Functions at the endpoint, spoken to over real sockets. What SDKs make of it is in `tests/clients`.

use std::io::{Read, Write};

use rehearsal::prelude::*;
use rehearsal::server::{ClockMode, Server, ServerBuilder};
use rehearsal::services::Setup;
use serde_json::Value as Json;

use crate::server::{connect, target};

const ROLE: &str = "arn:aws:iam::123456789012:role/runs";

fn states(server: &Server, operation: &str, body: Json) -> (u16, Json) {
    target(server, &format!("AWSStepFunctions.{operation}"), body)
}

fn told(server: &Server, operation: &str, body: Json) -> Json {
    let (status, told) = states(server, operation, body);
    assert_eq!(status, 200, "{operation}: {told}");
    told
}

/// Asks for something under `/_rehearsal`.
fn control(server: &Server, method: &str, place: &str, body: &str) -> Json {
    let mut stream = connect(server);
    let length = body.len();
    let head = format!("{method} /_rehearsal{place} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    write!(stream, "{head}Content-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn made(server: &Server, name: &str, definition: &Json) -> String {
    let wanted = json!({ "name": name, "definition": definition.to_string(), "roleArn": ROLE });
    told(server, "CreateStateMachine", wanted)["stateMachineArn"].as_str().unwrap().to_owned()
}

fn started(server: &Server, machine: &str, name: &str) -> String {
    let wanted = json!({ "stateMachineArn": machine, "name": name });
    told(server, "StartExecution", wanted)["executionArn"].as_str().unwrap().to_owned()
}

/// What has become of an execution, which others than the test let go on.
fn ended(server: &Server, execution: &str) -> Json {
    loop {
        let told = told(server, "DescribeExecution", json!({ "executionArn": execution }));
        if told["status"] != "RUNNING" {
            return told;
        }
        std::thread::yield_now();
    }
}

fn waiting(seconds: u32) -> Json {
    json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": seconds, "End": true } } })
}

#[test]
fn an_execution_that_is_started_over_http_runs_on_the_virtual_clock() {
    let server = ServerBuilder::of_services(Setup::new()).start().unwrap();
    let execution = started(&server, &made(&server, "w", &waiting(86_400 * 300)), "e");
    let told = ended(&server, &execution);
    let day = |member: &str| told[member].as_f64().unwrap() / 86_400.0;
    assert_eq!((told["status"].as_str(), day("stopDate") - day("startDate")), (Some("SUCCEEDED"), 300.0));
    let (status, refused) = states(&server, "StartExecution", json!({ "stateMachineArn": "x" }));
    assert_eq!((status, refused["__type"].as_str()), (400, Some("InvalidArn")), "{refused}");
}

#[test]
fn the_harness_own_machine_can_be_started_over_http_with_its_mocks() {
    let task = r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "End": true,
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge"}}}"#;
    let machine = Machine::parse(task).unwrap();
    let server = Harness::new(&machine).mock("charge", json!({ "paid": true })).serve();
    let arn = told(&server, "ListStateMachines", json!({}))["stateMachines"][0]["stateMachineArn"].clone();
    let execution = started(&server, arn.as_str().unwrap(), "e");
    assert_eq!(ended(&server, &execution)["output"], r#"{"paid":true}"#);
}

#[test]
fn a_task_that_nothing_answers_ends_its_own_execution_and_no_other() {
    let server = ServerBuilder::of_services(Setup::new()).start().unwrap();
    let task = json!({ "StartAt": "T", "States": {
        "T": { "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge", "End": true,
               "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "P" }] },
        "P": { "Type": "Pass", "End": true } } });
    let execution = started(&server, &made(&server, "t", &task), "e");
    let told = ended(&server, &execution);
    assert_eq!((told["status"].as_str(), told["error"].as_str()), (Some("ABORTED"), Some("Rehearsal.Unanswered")));
    assert!(told["cause"].as_str().unwrap().contains("charge"), "{told}");
    let other = started(&server, &made(&server, "w", &waiting(5)), "e");
    assert_eq!(ended(&server, &other)["status"], "SUCCEEDED");
}

#[test]
fn a_clock_that_is_told_what_to_do_says_what_fell_due() {
    let server = ServerBuilder::of_services(Setup::new()).clock(ClockMode::Manual).start().unwrap();
    let execution = started(&server, &made(&server, "w", &waiting(60)), "e");
    let moved = control(&server, "POST", "/clock/advance", r#"{"by": "2m"}"#);
    assert_eq!(moved["now"], "2024-01-01T00:02:00.000Z");
    assert_eq!(moved["fired"], json!([{ "at": "2024-01-01T00:01:00.000Z", "execution": execution, "what": "timer" }]));
    assert_eq!(ended(&server, &execution)["stopDate"], 1_704_067_260.0);
    let back = control(&server, "POST", "/clock/advance-to", r#"{"to": "2023-01-01T00:00:00Z"}"#);
    assert!(back["message"].as_str().unwrap().starts_with("the clock never goes back"), "{back}");
    assert_eq!(control(&server, "POST", "/clock/resume", "")["mode"], "manual");
    control(&server, "POST", "/reset", "");
    assert_eq!(told(&server, "ListStateMachines", json!({}))["stateMachines"], json!([]));
    assert_eq!(control(&server, "GET", "/clock", "")["now"], "2024-01-01T00:00:00.000Z");
}

#[test]
fn a_schedule_does_not_move_the_clock_and_fires_on_the_way_to_what_is_waited_for() {
    let rule = rehearsal::services::Rule::new("tick").schedule("rate(1 minute)").to_queue("ticks");
    let server = ServerBuilder::of_services(Setup::new().queue("ticks").rule(rule)).start().unwrap();
    let before = server.now();
    control(&server, "GET", "/health", "");
    assert_eq!(server.now(), before);
    let execution = started(&server, &made(&server, "w", &waiting(150)), "e");
    assert_eq!(ended(&server, &execution)["status"], "SUCCEEDED");
    assert_eq!(server.services().messages("ticks").unwrap().len(), 2);
    assert_eq!(server.now(), before + 150.secs());
}

#[test]
fn a_clock_that_goes_a_million_times_as_fast_lets_an_execution_wait_for_an_hour() {
    let server = ServerBuilder::of_services(Setup::new()).clock(ClockMode::Scaled(1e6)).start().unwrap();
    let execution = started(&server, &made(&server, "w", &waiting(3600)), "e");
    let told = ended(&server, &execution);
    assert_eq!(told["stopDate"].as_f64().unwrap() - told["startDate"].as_f64().unwrap(), 3600.0);
}
