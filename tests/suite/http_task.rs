//! HTTP Tasks and API Gateway against a real server on this machine.

use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rehearsal::outside::Connection;
use rehearsal::prelude::*;

use crate::support::http_message;

/// A server that keeps what it is asked and answers in order; the last answer is for all that come later.
struct Tiny {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

/// What comes of an answer: the bytes, or silence.
#[derive(Clone)]
enum Says {
    Bytes(String),
    Nothing,
}

fn says(status: &str, headers: &str, body: &str) -> Says {
    let length = body.len();
    Says::Bytes(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"))
}

fn json_ok(body: &str) -> Says {
    says("200 OK", "Content-Type: application/json\r\n", body)
}

impl Tiny {
    fn new(answers: Vec<Says>) -> Tiny {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for (i, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let text = http_message(&mut stream);
                kept.lock().unwrap().push(text);
                match &answers[i.min(answers.len() - 1)] {
                    Says::Bytes(bytes) => drop(stream.write_all(bytes.as_bytes())),
                    Says::Nothing => held.push(stream),
                }
            }
        });
        Tiny { url, seen }
    }
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn machine(resource: &str, parameters: &serde_json::Value, more: &serde_json::Value) -> Machine {
    let mut state = json!({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": true});
    for (name, value) in more.as_object().unwrap() {
        state[name] = value.clone();
    }
    Machine::parse(&json!({"StartAt": "Call", "States": {"Call": state}}).to_string()).unwrap()
}

const ARN: &str = "arn:aws:events:us-east-1:123456789012:connection/Stripe/81210c42-8af1-456b-9c4a-6ff02fc664ac";

fn http_with(parameters: serde_json::Value) -> Machine {
    let mut all = json!({"ApiEndpoint": "https://api.stripe.com/v1/invoices", "Method": "POST",
        "Authentication": {"ConnectionArn": ARN}});
    for (name, value) in parameters.as_object().unwrap() {
        all[name] = value.clone();
    }
    machine("arn:aws:states:::http:invoke", &all, &json!({}))
}

fn harness(machine: &Machine, server: &Tiny) -> Harness {
    Harness::new(machine).endpoint("https://api.stripe.com", &server.url).connection("Stripe", Connection::none())
}

#[test]
fn a_form_goes_out_as_the_service_sends_it_and_comes_back_parsed() {
    let server = Tiny::new(vec![json_ok(r#"{"id": "in_1"}"#)]);
    let machine = http_with(json!({
        "Headers": {"Content-Type": "application/x-www-form-urlencoded", "X-Both": "task"},
        "QueryParameters": {"expand": ["a", "b"], "both": "task"},
        "RequestBody": {"customer.$": "$.id", "items": ["x", "y"], "meta": {"k": "v w"}, "both": "task"},
        "Transform": {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": "BRACKETS"}}}));
    let connection = Connection::basic("sk", "").header("X-Both", "own").query("both", "own").body("both", "own");
    let run = harness(&machine, &server).connection("Stripe", connection).run(json!({"id": "c-1"}));
    run.assert_succeeded().assert_output(json!({
        "Headers": {"content-length": ["14"], "connection": ["close"], "content-type": ["application/json"]},
        "ResponseBody": {"id": "in_1"}, "StatusCode": 200, "StatusText": "OK"}));
    let seen = &server.seen()[0];
    assert!(seen.starts_with("POST /v1/invoices?expand=a&expand=b&both=own HTTP/1.1\r\n"), "{seen}");
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    for line in [
        "authorization: basic c2s6",
        "user-agent: amazon|stepfunctions|httpinvoke|us-east-1",
        "range: bytes=0-262144",
        "content-type: application/x-www-form-urlencoded",
        "x-both: own",
    ] {
        assert!(head.lines().any(|l| l == line), "{line}\n{head}");
    }
    assert!(!head.contains("x-both: task"), "{head}");
    assert_eq!(body, "customer=c-1&items%5B%5D=x&items%5B%5D=y&meta%5Bk%5D=v%20w&both=own");
}

#[test]
fn a_status_is_an_error_with_the_words_of_the_status_and_is_retried() {
    let server = Tiny::new(vec![says("503 Busy", "", "why"), says("302 Found", "Location: /x\r\n", "")]);
    let retry = json!({"Retry": [{"ErrorEquals": ["States.Http.StatusCode.503"], "IntervalSeconds": 7}]});
    let parameters = json!({"ApiEndpoint": "https://api.stripe.com/", "Method": "GET", "RequestBody": {"a": 1},
        "InvocationConfig": {"ConnectionArn": ARN}});
    let machine = machine("arn:aws:states:::http:invoke", &parameters, &retry);
    let run = harness(&machine, &server).run(json!({}));
    run.assert_failed("States.Http.StatusCode.302");
    assert_eq!(run.status().error().and_then(|e| e.cause.as_deref()), Some("Found"));
    assert_eq!(run.elapsed(), 7.secs());
    assert!(server.seen()[1].ends_with("\r\n\r\n{\"a\":1}"), "{:?}", server.seen());
}

#[test]
fn a_silent_server_costs_the_limit_on_the_clock_and_a_closed_port_none() {
    let machine = http_with(json!({}));
    let silent = Tiny::new(vec![Says::Nothing]);
    let run = harness(&machine, &silent).outside_patience(Duration::from_millis(50)).run(json!({}));
    run.assert_failed("States.Http.Socket");
    assert_eq!(run.elapsed(), 60.secs());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = Tiny { url: format!("http://{port}"), seen: Arc::default() };
    let run = harness(&machine, &gone).run(json!({}));
    run.assert_failed("States.Http.Socket");
    assert_eq!(run.elapsed(), 0.secs());
}

#[test]
fn a_server_says_how_long_it_takes_on_the_clock() {
    let server = Tiny::new(vec![says("200 OK", "X-Rehearsal-Takes: 5s\r\n", "hello")]);
    let run = harness(&http_with(json!({})), &server).run(json!({}));
    run.assert_succeeded().assert_output(json!({"Headers": {"content-length": ["5"], "connection": ["close"]},
        "ResponseBody": "hello", "StatusCode": 200, "StatusText": "OK"}));
    assert_eq!(run.elapsed(), 5.secs());
    let server = Tiny::new(vec![says("200 OK", "X-Rehearsal-Takes: 2m\r\n", "hello")]);
    let run = harness(&http_with(json!({})), &server).run(json!({}));
    run.assert_failed("States.Http.Socket");
    assert_eq!(run.elapsed(), 60.secs());
}

#[test]
fn a_token_is_fetched_once_and_again_when_it_is_refused() {
    let login = Tiny::new(vec![json_ok(r#"{"access_token": "one"}"#), json_ok(r#"{"access_token": "two"}"#)]);
    let server = Tiny::new(vec![says("401 Unauthorized", "", ""), json_ok("{}")]);
    let twice = r#"{"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Next": "B", "ResultPath": null,
            "Parameters": {"ApiEndpoint": "https://api.stripe.com/a", "Method": "GET", "Authentication": {"ConnectionArn": "C"}}},
        "B": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": true,
            "Parameters": {"ApiEndpoint": "https://api.stripe.com/b", "Method": "GET", "Authentication": {"ConnectionArn": "C"}}}}}"#;
    let twice = Machine::parse(twice).unwrap();
    let connection = Connection::oauth("me", "hush", "https://login.example.com/token").token_body("scope", "all");
    let harness =
        harness(&twice, &server).endpoint("https://login.example.com", &login.url).connection("C", connection);
    harness.run(json!({})).assert_succeeded();
    let bearer: Vec<String> = server
        .seen()
        .iter()
        .map(|text| {
            let line = text.lines().find(|l| l.to_ascii_lowercase().starts_with("authorization"));
            line.unwrap().to_owned()
        })
        .collect();
    let ends: Vec<&str> = bearer.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(ends, ["one", "two", "two"]);
    assert_eq!(login.seen().len(), 2);
    assert!(login.seen()[0].ends_with("grant_type=client_credentials&client_id=me&client_secret=hush&scope=all"));
    // Another run knows no token yet.
    harness.run(json!({})).assert_succeeded();
    assert_eq!(login.seen().len(), 3);
}

#[test]
fn what_the_service_refuses_ends_the_execution_before_anything_is_sent() {
    let server = Tiny::new(vec![says("200 OK", "Content-Type: image/png\r\n", "x")]);
    let run = harness(&http_with(json!({"Headers": {"Authorization": "x"}})), &server).run(json!({}));
    run.assert_failed("States.Runtime");
    let cause = run.status().error().and_then(|e| e.cause.clone()).unwrap();
    assert!(cause.contains("The 'Headers' field contains unsupported values: [authorization]"), "{cause}");
    let text = http_with(json!({"RequestBody": "text"}));
    let merged = harness(&text, &server).connection("Stripe", Connection::none().body("a", "b"));
    merged.run(json!({})).assert_failed("States.Runtime");
    assert!(server.seen().is_empty());
    harness(&text, &server).run(json!({})).assert_failed("States.Runtime");
}

#[test]
fn nothing_is_asked_that_the_test_does_not_name() {
    let server = Tiny::new(vec![json_ok("{}")]);
    let machine = http_with(json!({}));
    let error =
        Harness::new(&machine).endpoint("https://other.example.com", &server.url).try_run(json!({})).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(r#".endpoint("https://api.stripe.com", "http://127.0.0.1:9999")"#), "{text}");
    let text = Harness::new(&machine).endpoint("https://api.stripe.com", &server.url).try_run(json!({})).unwrap_err();
    assert!(text.to_string().contains(".connection(\"Stripe\","), "{text}");
    // A mock comes first, and a fault before both.
    harness(&machine, &server).mock("Call", json!(1)).run(json!({})).assert_output(json!(1));
    harness(&machine, &server).fault(Fault::on("Call").throws("Lost")).run(json!({})).assert_failed("Lost");
    assert!(server.seen().is_empty());
}

fn api(more: serde_json::Value, resource: &str) -> Machine {
    let mut all = json!({"ApiEndpoint": "abc.execute-api.us-east-1.amazonaws.com", "Method": "POST", "Stage": "prod",
        "Path": "/orders/1"});
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    machine(resource, &all, &json!({}))
}

const API: &str = "https://abc.execute-api.us-east-1.amazonaws.com";

#[test]
fn an_api_is_called_as_api_gateway_has_it() {
    let server = Tiny::new(vec![json_ok(r#"{"ok": true}"#), says("403 Forbidden", "", r#"{"message": "no"}"#)]);
    let machine = api(
        json!({"QueryParameters": {"p": ["1", "2"]}, "Headers": {"X-A": ["u", "v"]},
            "RequestBody": {"a": null, "b": 1}}),
        "arn:aws:states:::apigateway:invoke",
    );
    let harness = Harness::new(&machine).endpoint(API, &server.url);
    harness.run(json!({})).assert_output(json!({
        "Headers": {"Content-Length": ["12"], "Connection": ["close"], "Content-Type": ["application/json"]},
        "ResponseBody": {"ok": true}, "StatusCode": 200, "StatusText": "OK"}));
    let run = harness.run(json!({}));
    run.assert_failed("ApiGateway.403");
    assert_eq!(run.status().error().and_then(|e| e.cause.as_deref()), Some(r#"{"message": "no"}"#));
    let seen = &server.seen()[0];
    assert!(seen.starts_with("POST /prod/orders/1?p=1&p=2 HTTP/1.1\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\n{\"b\":1}"), "{seen}");
    assert_eq!(seen.to_ascii_lowercase().matches("x-a: ").count(), 2, "{seen}");
}

#[test]
fn a_task_token_comes_back_after_an_api_took_the_request() {
    let server = Tiny::new(vec![json_ok("{}")]);
    let machine = api(
        json!({"Headers": {"TaskToken.$": "States.Array($$.Task.Token)"}}),
        "arn:aws:states:::apigateway:invoke.waitForTaskToken",
    );
    let mut session = Harness::new(&machine).endpoint(API, &server.url).start(json!({}));
    session.token("Call").succeed(json!("done"));
    session.finish().assert_succeeded().assert_output(json!("done"));
    assert!(server.seen()[0].to_ascii_lowercase().contains("tasktoken: aqc"), "{:?}", server.seen());
}
