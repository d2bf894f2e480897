//! Requests a second through the endpoint, over real sockets.
//!
//! ```text
//! cargo bench --features dynamodb,server --bench endpoint [-- SECONDS [CONNECTIONS [NAME]]]
//! ```
//!
//! The clients are threads of this process that send the same bytes again and again, so that what they cost is small; the
//! server has the same two cores. Behind each rate stands what the process held before and after, in MiB.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark measures real time and tells it")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rehearsal::server::ServerBuilder;
use rehearsal::services::{Function, Setup, Table};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse::<u64>().ok());
    let seconds = numbers.next().unwrap_or(3);
    let connections = numbers.next().unwrap_or(16) as usize;
    let only = std::env::args().skip(1).find(|a| a.parse::<u64>().is_err() && !a.starts_with("--")).unwrap_or_default();
    let setup = Setup::new()
        .queue("orders")
        .bucket("files")
        .table(Table::new("orders", "id"))
        .function(Function::new("charge").mock(rehearsal::mock::returns(json!({ "paid": true }))));
    let server = ServerBuilder::of_services(setup).start().expect("a port is free");
    println!("{connections} connections, {seconds} s each");
    for (name, request) in [
        (
            "DynamoDB PutItem",
            target("DynamoDB_20120810.PutItem", r#"{"TableName":"orders","Item":{"id":{"S":"o-1"},"n":{"N":"1"}}}"#),
        ),
        ("DynamoDB GetItem", target("DynamoDB_20120810.GetItem", r#"{"TableName":"orders","Key":{"id":{"S":"o-1"}}}"#)),
        ("Lambda Invoke", plain("POST", "/2015-03-31/functions/charge/invocations", r#"{"id":"o-1"}"#)),
        ("S3 PutObject", plain("PUT", "/files/k", "hello")),
        ("S3 GetObject", plain("GET", "/files/k", "")),
        ("SQS GetQueueUrl", target("AmazonSQS.GetQueueUrl", r#"{"QueueName":"orders"}"#)),
    ] {
        if !name.contains(&only) {
            continue;
        }
        let before = resident();
        let rate = measured(server.address(), &request, connections, Duration::from_secs(seconds));
        println!("{name:18} {rate:>9.0}/s   {before:.0} → {:.0} MiB", resident());
    }
    if "idle".contains(&only) {
        idle(server.address(), Duration::from_secs(seconds));
    }
}

/// What nearly 10,000 connections cost that have asked once and then say nothing, and how fast others are meanwhile. Both
/// ends are in this process, which needs 20,000 descriptors.
fn idle(address: SocketAddr, time: Duration) {
    const MANY: usize = 9_900;
    let before = resident();
    let request = target("AmazonSQS.GetQueueUrl", r#"{"QueueName":"orders"}"#);
    let mut held = Vec::new();
    for _ in 0..MANY {
        let mut stream = match TcpStream::connect(address) {
            Ok(stream) => stream,
            Err(e) => {
                println!("idle: {e} after {} connections; try `ulimit -n 32768`", held.len());
                return;
            }
        };
        ask(&mut stream, &request, &mut [0; 4096]);
        held.push(stream);
    }
    let rate = measured(address, &request, 16, time);
    println!("{MANY} idle, 16 busy  {rate:>7.0}/s   {before:.0} → {:.0} MiB", resident());
    held.iter_mut().for_each(|stream| ask(stream, &request, &mut [0; 4096]));
}

fn target(target: &str, body: &str) -> Vec<u8> {
    let service = if target.starts_with("Dynamo") { "dynamodb" } else { "sqs" };
    request(
        "POST",
        "/",
        service,
        &format!("X-Amz-Target: {target}\r\nContent-Type: application/x-amz-json-1.0\r\n"),
        body,
    )
}

fn plain(method: &str, path: &str, body: &str) -> Vec<u8> {
    let service = if path.starts_with("/2015") { "lambda" } else { "s3" };
    request(method, path, service, "", body)
}

fn request(method: &str, path: &str, service: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Authorization: AWS4-HMAC-SHA256 \
         Credential=AKID/20240101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Requests a second.
fn measured(address: SocketAddr, request: &[u8], connections: usize, time: Duration) -> f64 {
    let (done, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| client(address, request, &done, &is_over));
        }
        std::thread::sleep(time);
        is_over.store(true, Ordering::Relaxed);
    });
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

fn client(address: SocketAddr, request: &[u8], done: &AtomicU64, is_over: &AtomicBool) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket has options");
    let mut buffer = vec![0; 64 * 1024];
    while !is_over.load(Ordering::Relaxed) {
        ask(&mut stream, request, &mut buffer);
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// One request, and all of its answer.
fn ask(stream: &mut TcpStream, request: &[u8], buffer: &mut [u8]) {
    stream.write_all(request).expect("the server reads");
    let mut got = 0;
    loop {
        match stream.read(&mut buffer[got..]).expect("the server answers") {
            0 => panic!("the server has closed the connection"),
            n => got += n,
        }
        if let Some(length) = whole(&buffer[..got]) {
            assert!(buffer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&buffer[..length]));
            return;
        }
    }
}

/// How long a whole response is; nothing while some is missing.
fn whole(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let all = end + length.unwrap_or(0);
    (bytes.len() >= all).then_some(all)
}

/// What this process holds, in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
