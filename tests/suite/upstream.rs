//! Upstreams: servers of AWS services that a test runs, for what has no model here.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rehearsal::outside::Upstream;
use rehearsal::prelude::*;

use crate::support::http_message;

/// A server that keeps what it is asked and gives one answer.
struct Tiny {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Tiny {
    fn new(status: &'static str, headers: &'static str, body: &'static str) -> Tiny {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                kept.lock().unwrap().push(http_message(&mut stream));
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
                );
                drop(stream.write_all(text.as_bytes()));
            }
        });
        Tiny { url, seen }
    }
    fn json(body: &'static str) -> Tiny {
        Tiny::new("200 OK", "Content-Type: application/x-amz-json-1.1\r\n", body)
    }
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn machine(resource: &str, parameters: serde_json::Value) -> Machine {
    let resource = format!("arn:aws:states:::{resource}");
    let state = json!({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": true});
    Machine::parse(&json!({"StartAt": "Call", "States": {"Call": state}}).to_string()).unwrap()
}

#[test]
fn an_sdk_call_without_a_mock_goes_to_the_upstream_and_its_members_come_back_in_capitals() {
    let server = Tiny::json(r#"{"logGroups": [{"logGroupName": "g", "storedBytes": 1}], "nextToken": null}"#);
    let machine = machine("aws-sdk:cloudwatchlogs:describeLogGroups", json!({"LogGroupNamePrefix": "g"}));
    let run = Harness::new(&machine).upstream(Upstream::all(&server.url)).run(json!({}));
    run.assert_succeeded().assert_output(json!({"LogGroups": [{"LogGroupName": "g", "StoredBytes": 1}]}));
    let [request] = &server.seen()[..] else { panic!("{:?}", server.seen()) };
    let low = request.to_ascii_lowercase();
    assert!(request.starts_with("POST / HTTP/1.1"), "{request}");
    assert!(low.contains("x-amz-target: logs_20140328.describeloggroups"), "{request}");
    assert!(low.contains("/us-east-1/logs/aws4_request, signedheaders=content-type;host;x-amz-date;"), "{request}");
    assert!(request.ends_with(r#"{"logGroupNamePrefix":"g"}"#), "{request}");
}

#[test]
fn errors_of_an_upstream_are_called_as_step_functions_calls_them() {
    for (body, want) in [
        (r#"{"__type": "com.amazonaws.kms#NotFoundException", "message": "no such key"}"#, "Kms.NotFoundException"),
        (r#"{"__type": "ValidationException", "message": "no such key"}"#, "Kms.KmsException"),
    ] {
        let server = Tiny::new("400 Bad Request", "", body);
        let machine = machine("aws-sdk:kms:describeKey", json!({"KeyId": "k-1"}));
        let run = Harness::new(&machine).upstream(Upstream::of("kms", &server.url)).run(json!({}));
        run.assert_failed(want);
        let cause = run.status().error().unwrap().cause.clone().unwrap();
        assert!(cause.starts_with("no such key (Service: Kms, Status Code: 400, Request ID: "), "{cause}");
    }
}

#[test]
fn a_mock_comes_first_and_a_named_upstream_before_a_model() {
    let server = Tiny::json(r#"{"QueueUrls": ["https://upstream/queue"]}"#);
    let machine = machine("aws-sdk:sqs:listQueues", json!({}));
    let setup = rehearsal::services::Setup::new().queue("orders");
    let all = Harness::new(&machine).services(setup).upstream(Upstream::all(&server.url));
    let named = all.clone().upstream(Upstream::of("sqs", &server.url));
    let mocked = named.clone().mock("Call", json!({"QueueUrls": ["mock"]}));
    for (harness, want) in [(all, "orders"), (named, "upstream"), (mocked, "mock")] {
        let output = harness.run(json!({})).output().unwrap().to_string();
        assert!(output.contains(want), "{output}");
    }
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_call_that_can_not_be_written_for_the_upstream_says_so() {
    let server = Tiny::json("{}");
    let machine = machine("aws-sdk:ec2:describeInstances", json!({}));
    let error = Harness::new(&machine).upstream(Upstream::all(&server.url)).try_run(json!({})).unwrap_err().to_string();
    assert!(error.contains("how requests of ec2 are written is not known here"), "{error}");
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn an_upstream_that_is_not_there_is_an_error_of_the_sdk() {
    let machine = machine("aws-sdk:ssm:getParameter", json!({"Name": "n"}));
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = Harness::new(&machine).upstream(Upstream::all(format!("http://{gone}"))).run(json!({}));
    run.assert_failed("Ssm.SdkClientException");
}

#[cfg(feature = "server")]
mod at_the_endpoint {
    use rehearsal::server::WireFault;

    use super::*;

    fn ask(server: &rehearsal::server::Server, text: &str) -> String {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        http_message(&mut stream)
    }

    const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20240101/us-east-1/kms/aws4_request, \
                          SignedHeaders=host, Signature=abc";

    fn list_keys() -> String {
        format!(
            "POST /?a=%2F HTTP/1.1\r\nHost: localhost\r\n{SIGNED}\r\nX-Amz-Target: TrentService.ListKeys\r\nContent-Type: \
             application/x-amz-json-1.1\r\nContent-Length: 13\r\n\r\n{{\"Limit\":  2}}"
        )
    }

    #[test]
    fn a_request_for_a_service_without_a_model_goes_on_as_it_is() {
        let upstream = Tiny::new(
            "418 I'm a teapot",
            "Content-Type: application/x-amz-json-1.1\r\nX-Own: yes\r\n",
            r#"{"Keys": []}"#,
        );
        let machine = machine("aws-sdk:kms:listKeys", json!({}));
        let server = Harness::new(&machine).upstream(Upstream::all(&upstream.url)).serve();
        let answer = ask(&server, &list_keys());
        assert!(answer.starts_with("HTTP/1.1 418"), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nx-own: yes\r\n"), "{answer}");
        assert!(answer.ends_with(r#"{"Keys": []}"#), "{answer}");
        let [request] = &upstream.seen()[..] else { panic!("{:?}", upstream.seen()) };
        assert!(request.starts_with("POST /?a=%2F HTTP/1.1"), "{request}");
        assert!(request.to_ascii_lowercase().contains("\r\nhost: localhost\r\n"), "{request}");
        assert!(request.to_ascii_lowercase().contains(&SIGNED.to_ascii_lowercase()), "{request}");
        assert!(request.ends_with("{\"Limit\":  2}"), "{request}");
        let requests = server.requests();
        let logged = requests.to("kms:ListKeys");
        assert_eq!((logged.len(), logged[0].status), (1, 418));
    }

    #[test]
    fn faults_lie_before_the_upstream() {
        let upstream = Tiny::json("{}");
        let machine = machine("aws-sdk:kms:listKeys", json!({}));
        let server = Harness::new(&machine).upstream(Upstream::of("kms", &upstream.url)).serve();
        server.fault(WireFault::throttled("kms:ListKeys").nth(1));
        let answer = ask(&server, &list_keys());
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("ThrottlingException"), "{answer}");
        assert_eq!(upstream.seen().len(), 0);
        assert!(ask(&server, &list_keys()).starts_with("HTTP/1.1 200"));
        assert_eq!(upstream.seen().len(), 1);
    }

    #[test]
    fn services_that_are_set_up_stay_here() {
        let upstream = Tiny::json("{}");
        let machine = machine("aws-sdk:kms:listKeys", json!({}));
        let setup = rehearsal::services::Setup::new().queue("orders");
        let server = Harness::new(&machine).services(setup).upstream(Upstream::all(&upstream.url)).serve();
        let request = |body: &str| {
            format!(
                "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Type: \
                 application/x-amz-json-1.0\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let answer = ask(&server, &request("{}"));
        assert!(answer.contains("orders"), "{answer}");
        assert_eq!(upstream.seen().len(), 0);
    }
}
