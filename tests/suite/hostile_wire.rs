//! Whatever is sent to the endpoint, by mistake or on purpose, is answered as the service would or with a status of 400 and
//! more, never with a failure of ours, and the endpoint goes on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use proptest::prelude::*;
use rehearsal::prelude::*;
use rehearsal::server::{Server, ServerBuilder};
use rehearsal::services::{Endpoint, Function, Rule, Setup};

fn setup() -> Setup {
    let setup = Setup::new().queue("q").topic("t").bus("b").object("bucket", "key", "content");
    let setup = setup.rule(Rule::new("r").pattern(json!({ "source": ["s"] })).to_queue("q"));
    let setup = setup.function(Function::new("f").answers(|event, _| event.clone()));
    #[cfg(feature = "dynamodb")]
    let setup = setup.table(rehearsal::services::Table::new("items", "id").item(json!({ "id": "1" })));
    setup
}

fn serve() -> Server {
    ServerBuilder::of_services(setup()).start().unwrap()
}

/// A connection with a deadline, so that a server that hangs fails the test.
fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(15))).unwrap();
    stream
}

/// All that the server says; the request asks for the connection to be closed.
fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
            panic!("the server hangs after {:?}", String::from_utf8_lossy(&answer))
        }
        // Who has not read everything that was sent closes with a reset.
        _ => String::from_utf8_lossy(&answer).into_owned(),
    }
}

fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = connect(server);
    // The server may refuse, and close, before all is written.
    let _broken = stream.write_all(bytes);
    rest(&mut stream)
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// The first lines of a request: a method and a path, with headers below them where there are any, and further headers.
fn head_of(line: &str, headers: &str) -> String {
    match line.split_once("\r\n") {
        Some((line, own)) => format!("{line} HTTP/1.1\r\n{own}\r\n{headers}"),
        None => format!("{line} HTTP/1.1\r\n{headers}"),
    }
}

/// A request that would be a good one but for its body.
fn request(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/";

fn json(target: &str, body: &[u8]) -> Vec<u8> {
    let version = if target.starts_with("AWSEvents") { "1.1" } else { "1.0" };
    request(
        &format!("POST / HTTP/1.1\r\nX-Amz-Target: {target}\r\nContent-Type: application/x-amz-json-{version}"),
        body,
    )
}

fn form(body: &[u8]) -> Vec<u8> {
    let kind = "Content-Type: application/x-www-form-urlencoded";
    request(&format!("POST / HTTP/1.1\r\n{SIGNED}sns/aws4_request\r\n{kind}"), body)
}

fn s3(line: &str, body: &[u8]) -> Vec<u8> {
    request(&head_of(line, &format!("{SIGNED}s3/aws4_request")), body)
}

fn rest_json(service: &str, line: &str, body: &[u8]) -> Vec<u8> {
    request(&head_of(line, &format!("{SIGNED}{service}/aws4_request\r\nContent-Type: application/json")), body)
}

/// The server still does its work.
#[track_caller]
fn assert_alive(server: &Server) {
    let answer = exchange(server, &json("AmazonSQS.ListQueues", b"{}"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
}

#[test]
fn bodies_that_are_broken_or_of_another_kind_get_the_errors_of_their_services() {
    let server = serve();
    const LONG: usize = 300 * 1024;
    let long_item =
        format!(r#"{{"TableName":"items","Item":{{"id":{{"S":"2"}},"x":{{"S":"{}"}}}}}}"#, "x".repeat(410 * 1024));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_xml = format!("{}{}", "<Delete>".repeat(20_000), "</Delete>".repeat(20_000));
    let cases: Vec<(Vec<u8>, u16, &str)> = vec![
        (json("AmazonSQS.SendMessage", br#"{"QueueUrl":"q","MessageBo"#), 400, "SerializationException"),
        (json("AmazonSQS.SendMessage", b"[1]"), 400, "SerializationException"),
        (json("AmazonSQS.SendMessage", b"\xff\xfe{}"), 400, "SerializationException"),
        (json("AmazonSQS.SendMessage", deep.as_bytes()), 400, "SerializationException"),
        (json("AmazonSQS.SendMessage", br#"{"QueueUrl":7,"MessageBody":["x"]}"#), 400, "__type"),
        (json("AmazonSQS.NoSuchThing", b"{}"), 400, "UnknownOperationException"),
        (json("Nobody.Knows", b"{}"), 400, "UnknownOperationException"),
        (json("AWSEvents.PutEvents", br#"{"Entries":[{"#), 400, "SerializationException"),
        (json("AWSEvents.PutEvents", br#"{"Entries":"x"}"#), 400, "__type"),
        (json("AWSEvents.PutRule", br#"{"Name":"r","EventPattern":"{\"a\":"}"#), 400, "InvalidEventPatternException"),
        (
            request("POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Type: text/xml", b"<a/>"),
            404,
            "UnknownOperationException",
        ),
        (form(b"Action=Publish&Version=2010-03-31&TopicArn=%ff%fe"), 400, "<Code>MalformedQueryString</Code>"),
        (form(b"Action=Nothing&Version=2010-03-31"), 400, "<Code>InvalidAction</Code>"),
        (form(b"&&&===%%%"), 400, "<ErrorResponse"),
        (form(b"\xff\xff"), 400, "<ErrorResponse"),
        (
            form(format!("Action=Publish&Version=2010-03-31&{}=1", "a.".repeat(50_000)).as_bytes()),
            400,
            "<ErrorResponse",
        ),
        (s3("POST /bucket?delete", b"<Delete><Object><Ke"), 400, "<Code>MalformedXML</Code>"),
        (s3("POST /bucket?delete", b"\xff\xfe"), 400, "<Code>MalformedXML</Code>"),
        (s3("POST /bucket?delete", deep_xml.as_bytes()), 400, "<Code>MalformedXML</Code>"),
        (
            s3(
                "POST /bucket?delete",
                b"<!DOCTYPE a [<!ENTITY x \"y\">]><Delete><Object><Key>&x;</Key></Object></Delete>",
            ),
            400,
            "<Code>MalformedXML</Code>",
        ),
        (s3("GET /bucket/%ff%fe", b""), 400, "<Code>InvalidURI</Code>"),
        (s3("GET /nothing/here", b""), 404, "<Code>NoSuchBucket</Code>"),
        (s3("PUT /bucket/k\r\nContent-Encoding: aws-chunked", b"zz\r\nhello\r\n0\r\n\r\n"), 400, "Code>"),
        (
            rest_json("lambda", "POST /2015-03-31/functions/f/invocations", b"{\"a\":"),
            400,
            "InvalidRequestContentException",
        ),
        (
            rest_json("lambda", "POST /2015-03-31/functions/f/invocations", b"\xff"),
            400,
            "InvalidRequestContentException",
        ),
        (rest_json("lambda", "POST /2015-03-31/functions/%ff/invocations", b"{}"), 400, ""),
        (rest_json("lambda", "POST /2015-03-31/functions", b"{\"FunctionName\":"), 400, ""),
        (rest_json("scheduler", "POST /schedules/x", b"{\"Schedule"), 400, ""),
        (rest_json("scheduler", "POST /schedules/%ff", b"{}"), 400, ""),
        (rest_json("lambda", "GET /2018-06-01/runtime/invocation/next", b""), 404, ""),
        #[cfg(feature = "dynamodb")]
        (
            json("DynamoDB_20120810.PutItem", long_item.as_bytes()),
            400,
            "Item size has exceeded the maximum allowed size",
        ),
        #[cfg(feature = "dynamodb")]
        (json("DynamoDB_20120810.PutItem", br#"{"TableName":"items","Item"#), 400, "SerializationException"),
        #[cfg(feature = "dynamodb")]
        (json("DynamoDB_20120810.PutItem", b"\xff\xfe"), 400, "SerializationException"),
        #[cfg(feature = "dynamodb")]
        (json("DynamoDB_20120810.PutItem", deep.as_bytes()), 400, "SerializationException"),
        #[cfg(feature = "dynamodb")]
        (json("DynamoDB_20120810.Nothing", b"{}"), 400, "UnknownOperationException"),
    ];
    let _unused_without_tables = &long_item;
    let mut wrong = Vec::new();
    for (bytes, want, word) in &cases {
        let answer = exchange(&server, bytes);
        if status(&answer) != *want || !answer.contains(word) {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(240)]).into_owned();
            wrong.push(format!("{shown:?}\n  wants {want} {word:?}, gets {:?}", answer.get(..400).unwrap_or(&answer)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // 300 KB are too much for a message of EventBridge and fit an item.
    let detail =
        format!(r#"{{"Entries":[{{"Source":"s","DetailType":"t","Detail":"{{\"x\":\"{}\"}}"}}]}}"#, "x".repeat(LONG));
    assert_eq!(status(&exchange(&server, &json("AWSEvents.PutEvents", detail.as_bytes()))), 400);
    assert_alive(&server);
}

#[test]
fn heads_that_are_no_heads_are_refused() {
    let server = serve();
    let flood: String = (0..5000).map(|i| format!("X-{i}: y\r\n")).collect();
    let long = "x".repeat(1024 * 1024);
    for bytes in [
        format!("POST / HTTP/1.1\r\nHost: localhost\r\n{flood}\r\n").into_bytes(),
        format!("POST / HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n").into_bytes(),
        format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes(),
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x04\x04\x00\x00\x00\x00\x01abcd".to_vec(),
        b"\x00\x01\x02\x03\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n".to_vec(),
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: loc\xffalhost\r\nConnection: close\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX Y: z\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_vec(),
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n".to_vec(),
    ] {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        let answer = exchange(&server, &bytes);
        // HTTP/2 says with a frame that it goes away, and some of these deserve nothing at all.
        let is_frame = bytes.starts_with(b"PRI");
        assert!(is_frame || answer.is_empty() || (400..500).contains(&status(&answer)), "{shown:?} → {answer:?}");
    }
    // Values of headers may hold any bytes; what they are for decides.
    for header in
        ["X-Amz-Target: AmazonSQS.\u{e9}", "X-Amz-Meta-A: \u{e9}", "Authorization: \u{e9}", "Range: bytes=\u{e9}"]
    {
        let answer = exchange(&server, &request(&format!("GET /bucket/key HTTP/1.1\r\n{header}"), b""));
        assert!((200..500).contains(&status(&answer)) || status(&answer) == 501, "{header:?} → {answer:?}");
    }
    assert_alive(&server);
}

#[test]
fn bodies_that_are_too_long_are_not_waited_for() {
    let server = serve();
    const MANY: usize = 100 * 1024 * 1024;
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n\
                Content-Type: application/x-amz-json-1.0\r\n";
    let declared = exchange(&server, format!("{head}Content-Length: {MANY}\r\n\r\n{{").as_bytes());
    assert_eq!(status(&declared), 413, "{declared:?}");
    assert!(declared.contains("__type"), "{declared:?}");

    // Streamed, without a length: as much as is taken is taken, and then it is over.
    let mut stream = connect(&server);
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
    stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let sent = (0..100).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok()).count();
    assert!(sent < 100, "all of it was read");
    assert_alive(&server);
}

#[test]
fn sockets_that_are_half_open_or_idle_hold_nobody_up() {
    let server = serve();
    let idle: Vec<TcpStream> = (0..1000).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    let send = json("AmazonSQS.SendMessage", br#"{"QueueUrl":"q","MessageBody":"one"}"#);
    // A part of a head, and a part of a body, from clients that then say no more.
    let mut halves = Vec::new();
    for cut in [1, 20, send.len() / 2, send.len() - 1] {
        let mut half = connect(&server);
        half.write_all(&send[..cut]).unwrap();
        halves.push(half);
    }
    assert_alive(&server);
    // One that says no more and waits for the answer gets none but the end, or a refusal.
    for mut half in halves {
        half.shutdown(Shutdown::Write).unwrap();
        let answer = rest(&mut half);
        assert!(answer.is_empty() || (400..500).contains(&status(&answer)), "{answer:?}");
    }
    assert!(server.services().messages("q").unwrap().is_empty(), "what was not sent whole is not there");
    // One that has said everything and closes its own half is answered.
    let mut said = connect(&server);
    said.write_all(&send).unwrap();
    said.shutdown(Shutdown::Write).unwrap();
    let answer = rest(&mut said);
    assert!(answer.is_empty() || status(&answer) == 200, "{answer:?}");
    drop(idle);
    assert_alive(&server);
}

#[test]
fn a_message_for_a_consumer_whose_connection_broke_comes_to_another() {
    let server = ServerBuilder::of_services(setup()).clock(rehearsal::server::ClockMode::Manual).start().unwrap();
    let wait = br#"{"QueueUrl":"q","WaitTimeSeconds":20}"#;
    for round in 0..10 {
        let mut gone = connect(&server);
        gone.write_all(&json("AmazonSQS.ReceiveMessage", wait)).unwrap();
        if round % 2 == 0 {
            gone.shutdown(Shutdown::Write).unwrap();
        }
        drop(gone);
        let body = format!("m{round}");
        let send = json!({ "QueueUrl": "q", "MessageBody": body }).to_string();
        assert_eq!(status(&exchange(&server, &json("AmazonSQS.SendMessage", send.as_bytes()))), 200);
        // The server may have written it to the dead connection, as the service may: then it comes back with its time.
        let receive = json("AmazonSQS.ReceiveMessage", br#"{"QueueUrl":"q"}"#);
        let mut got = exchange(&server, &receive);
        if !got.contains(&body) {
            server.advance(Duration::from_secs(30));
            got = exchange(&server, &receive);
        }
        assert!(got.contains(&body), "{body} is lost: {got:?}");
        let got: serde_json::Value = serde_json::from_str(got.split_once("\r\n\r\n").unwrap().1).unwrap();
        let delete = json!({ "QueueUrl": "q", "ReceiptHandle": got["Messages"][0]["ReceiptHandle"] }).to_string();
        assert_eq!(status(&exchange(&server, &json("AmazonSQS.DeleteMessage", delete.as_bytes()))), 200);
    }
    assert!(server.services().messages("q").unwrap().is_empty());
}

/// Good requests of every protocol, as they are on the wire.
fn good() -> Vec<Vec<u8>> {
    let mut all = vec![
        json("AmazonSQS.SendMessage", br#"{"QueueUrl":"q","MessageBody":"one","DelaySeconds":3,"MessageAttributes":{"a":{"DataType":"String","StringValue":"x"}}}"#),
        json("AmazonSQS.SendMessageBatch", br#"{"QueueUrl":"q","Entries":[{"Id":"1","MessageBody":"one"}]}"#),
        json("AWSEvents.PutEvents", br#"{"Entries":[{"Source":"s","DetailType":"t","Detail":"{\"a\":1}"}]}"#),
        json("AWSEvents.PutRule", br#"{"Name":"x","EventPattern":"{\"detail\":{\"a\":[{\"numeric\":[\">\",1]}]}}"}"#),
        form(b"Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3At&Message=m&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue=x"),
        form(b"Action=CreateTopic&Version=2010-03-31&Name=t2&Tags.member.1.Key=a&Tags.member.1.Value=b"),
        s3("PUT /bucket/k?x-id=PutObject\r\nX-Amz-Meta-A: b\r\nContent-Encoding: aws-chunked\r\nX-Amz-Decoded-Content-Length: 5", b"5\r\nhello\r\n0\r\n\r\n"),
        s3("POST /bucket?delete", b"<Delete><Object><Key>k</Key></Object><Quiet>true</Quiet></Delete>"),
        s3("GET /bucket?list-type=2&prefix=k&max-keys=2&delimiter=%2F", b""),
        s3("GET /bucket/key\r\nRange: bytes=1-3", b""),
        s3("PUT /bucket?notification", b"<NotificationConfiguration><QueueConfiguration><Queue>arn:aws:sqs:us-east-1:123456789012:q</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>"),
        rest_json("lambda", "POST /2015-03-31/functions/f/invocations?Qualifier=%24LATEST\r\nX-Amz-Log-Type: Tail", b"{\"a\":1}"),
        rest_json("lambda", "GET /2015-03-31/functions?MaxItems=3", b""),
        rest_json("lambda", "GET /2018-06-01/runtime/invocation/next", b""),
        rest_json("scheduler", "POST /schedules/s", br#"{"ScheduleExpression":"rate(5 minutes)","FlexibleTimeWindow":{"Mode":"OFF"},"Target":{"Arn":"arn:aws:sqs:us-east-1:123456789012:q","RoleArn":"arn:aws:iam::123456789012:role/r"}}"#),
    ];
    if cfg!(feature = "dynamodb") {
        all.push(json("DynamoDB_20120810.PutItem", br##"{"TableName":"items","Item":{"id":{"S":"1"},"n":{"N":"1.5"}},"ConditionExpression":"attribute_exists(#a)","ExpressionAttributeNames":{"#a":"id"}}"##));
        all.push(json("DynamoDB_20120810.Query", br#"{"TableName":"items","KeyConditionExpression":"id = :i","ExpressionAttributeValues":{":i":{"S":"1"}},"Limit":1}"#));
    }
    all
}

/// A request as the endpoint takes it; nothing where HTTP itself would refuse it.
fn parsed(bytes: &[u8]) -> Option<http::Request<bytes::Bytes>> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut lines = bytes[..end].split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut line = lines.next()?.split(|b| *b == b' ');
    let request = http::Request::builder().method(line.next()?).uri(line.next()?);
    let request = lines.try_fold(request, |request, line| {
        let at = line.iter().position(|b| *b == b':')?;
        let value = http::HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?;
        Some(request.header(http::HeaderName::from_bytes(&line[..at]).ok()?, value))
    })?;
    request.body(bytes[end + 4..].to_vec().into()).ok()
}

/// A change that goes wrong: at a place, so many bytes make room for others.
fn changes() -> impl Strategy<Value = Vec<(usize, usize, Vec<u8>)>> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(vec![
            "\"",
            "{",
            "[",
            "<",
            "&",
            "%",
            "\0",
            "9999999999999999999",
            "-1",
            "null",
            "\u{fffd}",
            "1e400",
            "."
        ])
        .prop_map(|text: &str| text.as_bytes().to_vec()),
    ];
    prop::collection::vec((0..1000_usize, 0..6_usize, bytes), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_with_a_few_wrong_bytes_never_make_a_failure_of_ours(which in any::<prop::sample::Index>(), changes in changes()) {
        let all = good();
        let mut bytes = which.get(&all).clone();
        for (at, gone, new) in changes {
            let at = at % bytes.len();
            bytes.splice(at..(at + gone).min(bytes.len()), new);
        }
        if let Some(request) = parsed(&bytes) {
            let answer = Endpoint::new(&setup()).unwrap().handle(&request);
            let status = answer.status().as_u16();
            prop_assert!(status < 500 || status == 501, "{:?} → {:?}", String::from_utf8_lossy(&bytes), answer);
        }
    }
}

#[test]
fn the_requests_that_are_made_wrong_are_right_before() {
    let endpoint = Endpoint::new(&setup()).unwrap();
    for bytes in good() {
        let request = parsed(&bytes).unwrap();
        let answer = endpoint.handle(&request);
        let is_for_a_runtime = request.uri().path().contains("/runtime/");
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        assert!(answer.status().is_success() || is_for_a_runtime, "{shown:?} → {answer:?}");
    }
}
