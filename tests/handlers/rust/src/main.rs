//! A handler as a user would write one, for Rust's runtime.

use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn handler(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let (event, context) = event.into_parts();
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    match event["do"].as_str().unwrap_or_default() {
        "fail" => Err(Diagnostic { error_type: "CardDeclined".into(), error_message: "no money".into() }),
        "hang" => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(Value::Null)
        }
        "crash" => {
            println!("about to crash");
            std::process::exit(3)
        }
        "log" => {
            println!("charging {}", event["id"].as_str().unwrap_or_default());
            let now = std::time::SystemTime::now();
            Ok(json!({ "request": context.request_id, "left": context.deadline() > now }))
        }
        "environment" => Ok(json!(["GREETING", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION"].map(variable))),
        "send" => {
            let endpoint = variable("AWS_ENDPOINT_URL");
            let address = endpoint.trim_start_matches("http://");
            let body = json!({ "QueueUrl": format!("{endpoint}/123456789012/orders"), "MessageBody": event["id"] });
            let answer = post(address, &body.to_string())
                .await
                .map_err(|e| Diagnostic { error_type: "Unreachable".into(), error_message: e.to_string() })?;
            Ok(json!({ "sent": answer.contains("MessageId") }))
        }
        _ => Ok(event),
    }
}

async fn post(address: &str, body: &str) -> std::io::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n\
         Content-Type: application/x-amz-json-1.0\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    run(service_fn(handler)).await
}
