//! The endpoint, spoken to over real sockets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rehearsal::prelude::*;
use rehearsal::server::{ClockMode, Server, WireFault};
use rehearsal::services::{Service, Setup};

const NOTHING: &str = r#"{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}"#;

/// A machine that puts its token into a queue and waits for it.
const ASK: &str = r#"{"StartAt": "Ask", "States": {"Ask": {"Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "TimeoutSeconds": 3600, "End": true,
    "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/approvals",
                   "MessageBody": {"token.$": "$$.Task.Token"}}}}}"#;

fn harness(definition: &str) -> Harness {
    Harness::new(&Machine::parse(definition).unwrap()).services(Setup::new().queue("approvals"))
}

/// A connection with a deadline, so that a server that hangs fails the test.
pub(crate) fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends bytes and reads until the server closes; gives what came and whether the close was orderly.
fn exchange(server: &Server, bytes: &[u8]) -> (String, bool) {
    let mut stream = connect(server);
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let orderly = stream.read_to_end(&mut answer).is_ok();
    (String::from_utf8_lossy(&answer).into_owned(), orderly)
}

fn sqs(operation: &str, body: &str) -> Vec<u8> {
    request("127.0.0.1", &format!("AmazonSQS.{operation}"), body)
}

fn request(host: &str, target: &str, body: &str) -> Vec<u8> {
    format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: {target}\r\nContent-Type: application/x-amz-json-1.0\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An operation of SQS: the status and the body.
fn call(server: &Server, operation: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
    target(server, &format!("AmazonSQS.{operation}"), body)
}

pub(crate) fn target(server: &Server, name: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
    let (answer, _) = exchange(server, &request("127.0.0.1", name, &body.to_string()));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

#[test]
fn a_consumer_over_http_answers_the_token_that_a_machine_put_into_a_queue() {
    let server = harness(ASK).serve();
    let live = server.start(json!({}));
    live.until_parked();
    let (_, received) = call(&server, "ReceiveMessage", json!({ "QueueUrl": format!("{}/1/approvals", server.url()) }));
    let body: serde_json::Value = serde_json::from_str(received["Messages"][0]["Body"].as_str().unwrap()).unwrap();
    let answer = json!({ "taskToken": body["token"], "output": r#"{"approved":true}"# });
    assert_eq!(target(&server, "AWSStepFunctions.SendTaskSuccess", answer.clone()).0, 200);
    live.finish().assert_succeeded().assert_output(json!({ "approved": true })).assert_elapsed(0.secs());

    let (status, late) = target(&server, "AWSStepFunctions.SendTaskSuccess", answer);
    assert_eq!((status, late["__type"].as_str()), (400, Some("TaskTimedOut")));
}

#[test]
fn where_nobody_answers_the_clock_goes_on_to_the_timeout() {
    let server = harness(ASK).server().quiet(Duration::from_millis(20)).start().unwrap();
    let run = server.run(json!({}));
    assert_eq!(run.error(), Some("States.Timeout"));
    run.assert_elapsed(1.hours());
}

#[test]
fn a_manual_clock_moves_only_when_it_is_told_to() {
    let wait = r#"{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": true}}}"#;
    let server = harness(wait).server().clock(ClockMode::Manual).start().unwrap();
    let live = server.start(json!({}));
    server.advance(59.secs());
    assert!(live.status().outcome().is_none());
    server.advance(1.secs());
    live.finish().assert_succeeded().assert_elapsed(60.secs());
    server.advance(10.minutes());
    assert_eq!(server.now(), Timestamp::EPOCH_DEFAULT + 11.minutes());
}

#[test]
fn requests_are_remembered_with_their_parameters() {
    let server = harness(NOTHING).serve();
    call(&server, "SendMessage", json!({ "QueueUrl": "approvals", "MessageBody": "one" }));
    call(&server, "SendMessage", json!({ "QueueUrl": "elsewhere", "MessageBody": "two" }));
    let requests = server.requests();
    let sent = requests.to("sqs:SendMessage");
    assert_eq!(sent.iter().map(|r| r.status).collect::<Vec<_>>(), [200, 400]);
    assert_eq!(sent[0].parameters()["MessageBody"], "one");
    assert_eq!(server.services().messages("approvals").unwrap().len(), 1);
    assert!(server.call(Service::Sqs, "PurgeQueue", json!({ "QueueUrl": "approvals" })).is_ok());
    assert!(server.services().messages("approvals").unwrap().is_empty());
}

#[test]
fn faults_on_the_wire_look_as_they_do_in_life() {
    let server = harness(NOTHING).serve();
    let send = json!({ "QueueUrl": "approvals", "MessageBody": "one" });
    let bytes = sqs("SendMessage", &send.to_string());
    let held = || server.services().messages("approvals").unwrap().len();

    server.fault(WireFault::reset("sqs:SendMessage"));
    assert_eq!(exchange(&server, &bytes), (String::new(), false), "a reset is no orderly close");
    assert_eq!(held(), 0);
    server.clear_faults().fault(WireFault::reset_after("sqs"));
    assert_eq!(exchange(&server, &bytes), (String::new(), false));
    assert_eq!(held(), 1, "the message is there, and its sender does not know");
    server.clear_faults().fault(WireFault::closed("*"));
    assert_eq!(exchange(&server, &bytes), (String::new(), true));
    server.clear_faults().fault(WireFault::truncated("sqs"));
    let (half, _) = exchange(&server, &bytes);
    let (head, body) = half.split_once("\r\n\r\n").unwrap();
    let told: usize =
        head.to_lowercase().split("content-length: ").nth(1).unwrap().split('\r').next().unwrap().parse().unwrap();
    assert_eq!(body.len(), told / 2);
    server.clear_faults().fault(WireFault::drip("sqs", Duration::from_millis(1)));
    assert!(exchange(&server, &bytes).0.contains("MessageId"));
    server.clear_faults().fault(WireFault::status("sqs", 503)).fault(WireFault::throttled("sqs:ListQueues"));
    assert_eq!(call(&server, "SendMessage", send.clone()).0, 503);
    server.clear_faults().fault(WireFault::throttled("sqs:ListQueues").nth(2));
    assert_eq!(call(&server, "ListQueues", json!({})).0, 200);
    let (status, throttled) = call(&server, "ListQueues", json!({}));
    assert_eq!((status, throttled["__type"].as_str()), (403, Some("com.amazonaws.sqs#RequestThrottled")));
    assert_eq!(call(&server, "ListQueues", json!({})).0, 200);
    let seen = server.requests();
    assert_eq!(seen[0].fault.as_deref(), Some("Reset"));
}

#[test]
fn latency_passes_on_the_virtual_clock() {
    let server = harness(NOTHING).server().quiet(Duration::from_millis(10)).start().unwrap();
    server.fault(WireFault::latency("sqs:ListQueues", 2.hours()));
    assert_eq!(call(&server, "ListQueues", json!({})).0, 200);
    assert_eq!(server.now(), Timestamp::EPOCH_DEFAULT + 2.hours());
}

#[test]
fn requests_by_foreign_names_and_from_foreign_pages_are_refused() {
    let server = harness(NOTHING).server().host("mocks.test").start().unwrap();
    let asked = |host: &str| exchange(&server, &request(host, "AmazonSQS.ListQueues", "{}")).0;
    assert!(asked("evil.example").starts_with("HTTP/1.1 403"));
    assert!(asked("evil.example").contains("use 127.0.0.1 or localhost"));
    for host in ["localhost:1234", "mocks.test", "sqs.us-east-1.amazonaws.com"] {
        assert!(asked(host).starts_with("HTTP/1.1 200"), "{host}");
    }
    let page = "POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nX-Amz-Target: AmazonSQS.ListQueues\r\n\
                Connection: close\r\nContent-Length: 2\r\n\r\n{}";
    assert!(exchange(&server, page.as_bytes()).0.starts_with("HTTP/1.1 403"));
    let absolute = "POST http://sqs.us-east-1.amazonaws.com/ HTTP/1.1\r\nHost: whatever\r\n\
                    X-Amz-Target: AmazonSQS.ListQueues\r\nContent-Type: application/x-amz-json-1.0\r\n\
                    Connection: close\r\nContent-Length: 2\r\n\r\n{}";
    assert!(exchange(&server, absolute.as_bytes()).0.starts_with("HTTP/1.1 200"), "as a proxy's client asks");
}

#[test]
fn bad_requests_are_answered_and_the_server_lives_on() {
    let server = harness(NOTHING).serve();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let flood: String = (0..500).map(|i| format!("X-{i}: y\r\n")).collect();
    for (bytes, status) in [
        (sqs("SendMessage", r#"{"QueueUrl": "appr"#), "400"),
        (sqs("SendMessage", "\u{1}"), "400"),
        (sqs("NoSuchThing", "{}"), "400"),
        (request("localhost", "Nobody.Knows", "{}"), "400"),
        (format!("{head}{flood}Content-Length: 0\r\n\r\n").into_bytes(), "431"),
        (
            format!("{head}X-Amz-Target: AmazonSQS.ListQueues\r\nContent-Length: 99999999999\r\n\r\n").into_bytes(),
            "413",
        ),
        (b"\x16\x03\x01 nonsense\r\n\r\n".to_vec(), "400"),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec(), "403"),
        (
            b"CONNECT sqs.us-east-1.amazonaws.com:443 HTTP/1.1\r\nHost: sqs.us-east-1.amazonaws.com\r\nConnection: close\r\n\r\n".to_vec(),
            "405",
        ),
    ] {
        let (answer, _) = exchange(&server, &bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{shown:?} → {answer:?}");
    }
    // Half a request, from somebody who then goes away.
    drop({
        let mut half = connect(&server);
        half.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc").unwrap();
        half
    });
    assert_eq!(call(&server, "ListQueues", json!({})).0, 200);
}

#[test]
fn a_server_may_be_started_and_dropped_inside_an_async_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let server = harness(NOTHING).serve();
        assert!(server.url().starts_with("http://127.0.0.1:"));
    });
}
