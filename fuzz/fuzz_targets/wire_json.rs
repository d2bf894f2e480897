//! JSON with targets: a line such as `AmazonSQS.SendMessage` and a body, several of them with NULs between.

#![no_main]

mod asked;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    asked::ask(asked::parts(data).filter_map(|part| {
        let (target, body) = asked::line(part)?;
        let version = if target.starts_with("AWSEvents") { "1.1" } else { "1.0" };
        let kind = format!("application/x-amz-json-{version}");
        asked::request("POST", "/", &[("x-amz-target", target), ("content-type", &kind)], body)
    }));
});
